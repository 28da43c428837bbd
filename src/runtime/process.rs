//! What belongs to the process and not to a client: the free lanes, the resolver's threads, and the list of those who
//! keep idle connections. A forked child gets its own.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::io_thread::IoThread;
use super::lane::Lane;
use super::resolver::{Resolver, Resolving};
use super::sys::ForkCell;
use crate::error::{Code, Error};

static PROCESS: ForkCell<Process> = ForkCell::new();

/// More lanes than this are not kept for later.
const MAX_FREE_LANES: usize = 256;

/// Somebody who keeps things that `quiesce` should let go.
pub trait Quiesce: Send + Sync {
    /// Closes what is idle.
    fn close_idle(&self);
}

pub(super) struct Process {
    free_lanes: Mutex<Vec<Arc<Lane>>>,
    resolver: Resolver,
    keepers: Mutex<Vec<Weak<dyn Quiesce>>>,
    /// Threads that were told to stop and may still be at it.
    stopping: Mutex<Vec<JoinHandle<()>>>,
    /// Queues that have a thread of their own.
    resident: Mutex<usize>,
    io_thread: IoThread,
}

pub(super) fn process() -> &'static Process {
    PROCESS.get_or_init(|| Process {
        free_lanes: Mutex::new(Vec::new()),
        resolver: Resolver::new(),
        keepers: Mutex::new(Vec::new()),
        stopping: Mutex::new(Vec::new()),
        resident: Mutex::new(0),
        io_thread: IoThread::default(),
    })
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Process {
    pub(super) fn take_lane(&self, hint: Option<u64>) -> Result<Arc<Lane>, Error> {
        self.take_free_lane(hint).map_or_else(Lane::new, Ok)
    }

    pub(super) fn take_free_lane(&self, hint: Option<u64>) -> Option<Arc<Lane>> {
        let mut free = lock(&self.free_lanes);
        let wanted = hint.and_then(|id| free.iter().rposition(|lane| lane.id() == id));
        match wanted {
            Some(index) => Some(free.remove(index)),
            None => free.pop(),
        }
    }

    pub(super) fn give_lane_back(&self, lane: Arc<Lane>) {
        let mut free = lock(&self.free_lanes);
        if free.len() < MAX_FREE_LANES {
            free.push(lane);
        }
    }

    pub(super) fn io_thread(&self) -> &IoThread {
        &self.io_thread
    }

    pub(super) fn resident_started(&self) {
        *lock(&self.resident) += 1;
    }

    /// Waits for a queue's thread that was told to end.
    pub(super) fn resident_stopped(&self, thread: JoinHandle<()>) {
        // Its panic, if any, was its operations' error already.
        let _ = thread.join();
        *lock(&self.resident) -= 1;
    }

    pub(super) fn keep(&self, keeper: Weak<dyn Quiesce>) {
        let mut keepers = lock(&self.keepers);
        if keepers.len() == keepers.capacity() {
            keepers.retain(|keeper| keeper.strong_count() > 0);
        }
        keepers.push(keeper);
    }
}

impl dyn Quiesce {
    /// Has `keeper` asked by `quiesce` for as long as it lives.
    pub fn register(keeper: Weak<dyn Quiesce>) {
        process().keep(keeper);
    }
}

/// Looks a name up on one of the library's resolver threads.
pub fn resolve(host: &str, port: u16) -> Result<Resolving, Error> {
    process().resolver.resolve(host, port)
}

/// Closes idle connections, lets idle lanes go and stops the library's threads; they come back when they are needed.
///
/// Waits at most `timeout`. What still works for a live queue or a call is left alone and makes this fail with
/// [`Code::INVALID_STATE`]; a thread that did not end in time, with [`Code::TIMEOUT`].
pub fn quiesce(timeout: Duration) -> Result<(), Error> {
    let Some(process) = PROCESS.get() else { return Ok(()) };
    let deadline = Instant::now().checked_add(timeout);
    let keepers = std::mem::take(&mut *lock(&process.keepers));
    for keeper in &keepers {
        if let Some(keeper) = keeper.upgrade() {
            keeper.close_idle();
        }
    }
    lock(&process.keepers).extend(keepers.into_iter().filter(|keeper| keeper.strong_count() > 0));
    lock(&process.free_lanes).clear();
    process.resolver.stop(&mut lock(&process.stopping));
    let mut stopping = std::mem::take(&mut *lock(&process.stopping));
    while let Some(thread) = stopping.pop() {
        while !thread.is_finished() {
            if deadline.is_some_and(|at| Instant::now() >= at) {
                stopping.push(thread);
                lock(&process.stopping).append(&mut stopping);
                return Err(Error::new(Code::TIMEOUT, "a library thread did not end in time"));
            }
            std::thread::park_timeout(Duration::from_millis(1));
        }
        // A library thread's panic was its task's error already.
        let _ = thread.join();
    }
    if let Some(leaving) = process.io_thread.leave() {
        while !leaving.has_left() {
            if deadline.is_some_and(|at| Instant::now() >= at) {
                leaving.stay();
                return Err(Error::new(Code::TIMEOUT, "a connection that many requests share is still in use"));
            }
            std::thread::park_timeout(Duration::from_millis(1));
        }
        process.io_thread.join();
    }
    let resident = *lock(&process.resident);
    if resident > 0 {
        return Err(Error::new(
            Code::INVALID_STATE,
            format!("{resident} queue(s) with a descriptor or a waker are still alive and keep their threads"),
        ));
    }
    Ok(())
}
