//! A lane: one tokio current-thread runtime, belonging to the process. A socket works only under the lane that it is
//! registered with, so a connection that is taken over on another lane moves there first (`Socket::attach`).

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Instant;

use tokio::runtime::{Builder, EnterGuard, Runtime};

use super::process;
use super::sys::generation;
use super::timer::CoarseTimer;
use crate::error::{Code, Error};

static NEXT_ID: AtomicU64 = AtomicU64::new(1);

/// See the module.
pub struct Lane {
    id: u64,
    generation: u64,
    runtime: Option<Runtime>,
    /// For the ticks and time limits of whoever drives; connections have timers of their own.
    timer: Mutex<CoarseTimer>,
    /// How many threads drive it now, or stand ready to (a queue's lane).
    drivers: AtomicUsize,
    /// Run when somebody begins to drive: what was put off because nobody did.
    put_off: Mutex<Vec<Box<dyn FnOnce() + Send>>>,
}

impl Lane {
    /// A lane from the process's free ones, best the one with the id `hint`; a new one if none is free.
    pub fn take(hint: Option<u64>) -> Result<Arc<Lane>, Error> {
        process::process().take_lane(hint)
    }

    /// The same, if one is free.
    pub(super) fn take_free(hint: Option<u64>) -> Option<Arc<Lane>> {
        process::process().take_free_lane(hint)
    }

    /// Gives a lane back to the process.
    pub fn give_back(self: Arc<Lane>) {
        process::process().give_lane_back(self);
    }

    pub(super) fn new() -> Result<Arc<Lane>, Error> {
        let runtime = Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()
            .map_err(|e| Error::from_io(Code::RESOURCES, &e, "cannot create an event loop"))?;
        Ok(Arc::new(Lane {
            id: NEXT_ID.fetch_add(1, Ordering::Relaxed),
            generation: generation(),
            runtime: Some(runtime),
            timer: Mutex::new(CoarseTimer::new()),
            drivers: AtomicUsize::new(0),
            put_off: Mutex::new(Vec::new()),
        }))
    }

    /// Unique in the process's family.
    pub fn id(&self) -> u64 {
        self.id
    }

    fn runtime(&self) -> &Runtime {
        self.runtime.as_ref().expect("a lane has its runtime until it is dropped")
    }

    /// Makes sockets and timers that are created on this thread belong to this lane.
    pub fn enter(&self) -> EnterGuard<'_> {
        self.runtime().enter()
    }

    /// Polls `poll`, and serves this lane's sockets and timers, until it is ready.
    ///
    /// tokio's cooperative budget is lifted: what is polled here shares one root future, and bodies yield by themselves.
    pub(super) fn drive<T>(&self, poll: impl FnMut(&mut Context<'_>) -> Poll<T>) -> T {
        self.runtime().block_on(tokio::task::unconstrained(std::future::poll_fn(poll)))
    }

    /// Runs a future to its end, and the tasks that were spawned beside it.
    pub(super) fn drive_future<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime().block_on(future)
    }

    /// Runs a future as a task, while somebody drives the lane.
    pub(super) fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) {
        // A task's panic ends the task; what it had is dropped, and whoever waits for it learns so.
        drop(self.runtime().spawn(future));
    }

    /// Ready once `at` has come. To be polled by the lane's driver only.
    pub(super) fn poll_timer(&self, cx: &mut Context<'_>, at: Instant) -> Poll<()> {
        self.timer.lock().unwrap_or_else(|e| e.into_inner()).poll_at(cx, at)
    }

    /// Says that a thread drives this lane from now on, until the guard is dropped.
    pub(super) fn driving(&self) -> Driving<'_> {
        self.drivers.fetch_add(1, Ordering::SeqCst);
        let put_off = std::mem::take(&mut *self.put_off.lock().unwrap_or_else(|e| e.into_inner()));
        for run in put_off {
            run();
        }
        Driving { lane: self }
    }

    /// Runs `then` when somebody drives this lane: puts it off if nobody does now, and says so with `true`; else
    /// drops it.
    pub(super) fn put_off_while_idle(&self, then: impl FnOnce() + Send + 'static) -> bool {
        if self.drivers.load(Ordering::SeqCst) > 0 {
            return false;
        }
        let mut put_off = self.put_off.lock().unwrap_or_else(|e| e.into_inner());
        // Looked at again under the lock that a driver takes after it has counted itself.
        if self.drivers.load(Ordering::SeqCst) > 0 {
            return false;
        }
        put_off.push(Box::new(then));
        true
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        let runtime = self.runtime.take();
        if self.generation != generation() {
            // A child's copy: its epoll set is the parent's, and its locks may be taken.
            std::mem::forget(runtime);
            std::mem::forget(std::mem::take(self.timer.get_mut().unwrap_or_else(|e| e.into_inner())));
        } else if let Some(runtime) = runtime {
            runtime.shutdown_background();
        }
    }
}

impl std::fmt::Debug for Lane {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lane").field("id", &self.id).finish_non_exhaustive()
    }
}

pub(super) struct Driving<'a> {
    lane: &'a Lane,
}

impl Drop for Driving<'_> {
    fn drop(&mut self) {
        self.lane.drivers.fetch_sub(1, Ordering::SeqCst);
    }
}

/// True inside any tokio runtime: there a blocking call would panic, or stall the host's own tasks.
pub(super) fn inside_a_runtime() -> bool {
    tokio::runtime::Handle::try_current().is_ok()
}

/// Polls a boxed future once more.
pub(super) type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;
