//! The library's I/O thread: it drives what goes on while nobody waits for it, such as an HTTP/2 connection, which must
//! answer its peer and serves many. It is started when it is first needed, and ended by `quiesce`.

use std::future::{poll_fn, Future};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::thread::JoinHandle;

use atomic_waker::AtomicWaker;

use super::lane::Lane;
use super::process::{lock, process};
use super::sys::spawn_thread;
use crate::error::{Code, Error};

/// The thread, if there is one.
#[derive(Default)]
pub(super) struct IoThread {
    running: Mutex<Option<Running>>,
}

struct Running {
    thread: JoinHandle<()>,
    shared: Arc<Shared>,
}

struct Shared {
    lane: Arc<Lane>,
    state: Mutex<State>,
    waker: AtomicWaker,
}

#[derive(Default)]
struct State {
    tasks: usize,
    /// To end as soon as there are no tasks.
    leaving: bool,
    /// It takes no more.
    left: bool,
}

/// Runs the future that `make` gives on the library's I/O thread, whose lane its sockets have to be on. It must not hold
/// anything foreign.
///
/// # Errors
/// RESOURCES if the thread cannot be started.
pub fn spawn_io<F>(make: impl FnOnce(Arc<Lane>) -> F) -> Result<(), Error>
where
    F: Future<Output = ()> + Send + 'static,
{
    let shared = process().io_thread().enter()?;
    let task = Task { shared: Arc::clone(&shared) };
    let future = make(Arc::clone(&shared.lane));
    shared.lane.spawn(async move {
        // Moved in, so that it counts until the future is gone, however that ends.
        let _task = task;
        future.await;
    });
    Ok(())
}

impl IoThread {
    /// The thread, with one more task to come.
    fn enter(&self) -> Result<Arc<Shared>, Error> {
        let mut running = lock(&self.running);
        if let Some(running) = &*running {
            let mut state = lock(&running.shared.state);
            if !state.left {
                state.tasks += 1;
                return Ok(Arc::clone(&running.shared));
            }
        }
        let shared = Arc::new(Shared {
            lane: Lane::new()?,
            state: Mutex::new(State { tasks: 1, ..State::default() }),
            waker: AtomicWaker::new(),
        });
        let for_thread = Arc::clone(&shared);
        let thread = spawn_thread("httpx-io", move || for_thread.drive())
            .map_err(|e| Error::from_io(Code::RESOURCES, &e, "cannot start the library's I/O thread"))?;
        // One that has left before needs no more waiting for.
        *running = Some(Running { thread, shared: Arc::clone(&shared) });
        Ok(shared)
    }

    /// Tells the thread to end as soon as it has nothing to do, and gives it to be waited for. `stay` takes that back.
    pub(super) fn leave(&self) -> Option<Leaving> {
        let running = lock(&self.running);
        let running = running.as_ref()?;
        lock(&running.shared.state).leaving = true;
        running.shared.waker.wake();
        Some(Leaving { shared: Arc::clone(&running.shared) })
    }

    /// Waits for a thread that has nothing to do any more.
    pub(super) fn join(&self) {
        let mut running = lock(&self.running);
        if running.as_ref().is_some_and(|running| lock(&running.shared.state).left) {
            if let Some(running) = running.take() {
                // Its tasks' panics were theirs.
                let _ = running.thread.join();
            }
        }
    }
}

/// A thread that was told to end.
pub(super) struct Leaving {
    shared: Arc<Shared>,
}

impl Leaving {
    /// Whether it has no tasks any more.
    pub(super) fn has_left(&self) -> bool {
        lock(&self.shared.state).left
    }

    /// It may go on.
    pub(super) fn stay(&self) {
        lock(&self.shared.state).leaving = false;
    }
}

impl Shared {
    fn drive(&self) {
        let _driving = self.lane.driving();
        self.lane.drive_future(poll_fn(|cx| {
            self.waker.register(cx.waker());
            let mut state = lock(&self.state);
            state.left = state.leaving && state.tasks == 0;
            match state.left {
                true => Poll::Ready(()),
                false => Poll::Pending,
            }
        }));
    }
}

struct Task {
    shared: Arc<Shared>,
}

impl Drop for Task {
    fn drop(&mut self) {
        lock(&self.shared.state).tasks -= 1;
        self.shared.waker.wake();
    }
}
