//! One asynchronous operation: a future that its queue polls, and what it ended with. It ends exactly once, by itself or
//! by being cancelled; telling so is the queue's business.

use std::panic::AssertUnwindSafe;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, Weak};
use std::task::{Context, Poll, Wake, Waker};

use super::lane::BoxFuture;
use super::process::lock;
use super::queue::Queue;
use super::sys::generation;
use crate::error::{Code, Error};

/// One asynchronous operation. Any thread may cancel it; it ends exactly once.
pub struct Operation<V: Send + 'static, C: Send + 'static> {
    queue: Weak<Queue<V, C>>,
    key: usize,
    generation: u64,
    progress: Mutex<Progress<V>>,
    context: Mutex<Option<C>>,
    wakeup: Arc<Wakeup<V, C>>,
}

/// What wakers of an operation hold. Not the operation itself: its result may hold a connection that holds such a waker.
pub(super) struct Wakeup<V: Send + 'static, C: Send + 'static> {
    pub(super) operation: Weak<Operation<V, C>>,
    queue: Weak<Queue<V, C>>,
    /// It is in the queue's list of operations to be polled.
    pub(super) scheduled: AtomicBool,
}

enum Progress<V> {
    Waiting(BoxFuture<Result<V, Error>>),
    /// A driver has the future in its hands.
    /// `true`: woken once more meanwhile, and taken off the queue's list by another driver.
    Polling(bool),
    Ended(Result<V, Error>),
    Taken,
}

/// Fails in a forked child for what its parent made.
pub(super) fn check_generation(born: u64) -> Result<(), Error> {
    match born == generation() {
        true => Ok(()),
        false => Err(Error::new(Code::FORKED, "it belongs to the parent process")),
    }
}

impl<V: Send + 'static, C: Send + 'static> Operation<V, C> {
    pub(super) fn new(
        queue: Weak<Queue<V, C>>,
        key: usize,
        future: BoxFuture<Result<V, Error>>,
        context: C,
    ) -> Arc<Operation<V, C>> {
        Arc::new_cyclic(|operation| Operation {
            queue: queue.clone(),
            key,
            generation: generation(),
            progress: Mutex::new(Progress::Waiting(future)),
            context: Mutex::new(Some(context)),
            wakeup: Arc::new(Wakeup { operation: operation.clone(), queue, scheduled: AtomicBool::new(false) }),
        })
    }

    /// Its place among its queue's operations.
    pub(super) fn key(&self) -> usize {
        self.key
    }

    pub(super) fn wakeup(&self) -> &Arc<Wakeup<V, C>> {
        &self.wakeup
    }

    /// Ends the operation with [`Code::CANCELLED`], unless it has ended. What it had open is closed at once, or, while
    /// a driver is just polling it, as soon as that returns.
    pub fn cancel(self: &Arc<Self>) {
        let mut progress = lock(&self.progress);
        if matches!(*progress, Progress::Ended(_) | Progress::Taken) {
            return;
        }
        let cancelled = Err(Error::new(Code::CANCELLED, "the operation was cancelled"));
        let before = std::mem::replace(&mut *progress, Progress::Ended(cancelled));
        drop(progress);
        drop(before);
        if let Some(queue) = self.queue.upgrade() {
            queue.ended(self);
        }
    }

    /// True once it has ended.
    pub fn is_done(&self) -> bool {
        matches!(*lock(&self.progress), Progress::Ended(_) | Progress::Taken)
    }

    /// What it ended with: None while it runs, and after it was taken.
    pub fn take(&self) -> Option<Result<V, Error>> {
        let mut progress = lock(&self.progress);
        match *progress {
            Progress::Ended(_) => match std::mem::replace(&mut *progress, Progress::Taken) {
                Progress::Ended(result) => Some(result),
                _ => None,
            },
            _ => None,
        }
    }

    /// Looks at what it ended with: None while it runs, and after it was taken.
    pub fn peek<R>(&self, look: impl FnOnce(&Result<V, Error>) -> R) -> Option<R> {
        match &*lock(&self.progress) {
            Progress::Ended(result) => Some(look(result)),
            _ => None,
        }
    }

    /// Takes what was handed in with it, once.
    pub fn take_context(&self) -> Option<C> {
        lock(&self.context).take()
    }

    /// Looks at what was handed in with it: None once it was taken.
    pub fn peek_context<R>(&self, look: impl FnOnce(&C) -> R) -> Option<R> {
        lock(&self.context).as_ref().map(look)
    }

    /// Fails in a forked child for an operation of its parent, which must be left alone.
    pub fn check_process(&self) -> Result<(), Error> {
        check_generation(self.generation)
    }

    pub(super) fn poll(self: &Arc<Self>) {
        let mut progress = lock(&self.progress);
        match &mut *progress {
            Progress::Waiting(_) => {}
            Progress::Polling(again) => {
                *again = true;
                return;
            }
            _ => return,
        }
        let Progress::Waiting(mut future) = std::mem::replace(&mut *progress, Progress::Polling(false)) else { return };
        drop(progress);
        let waker = Waker::from(Arc::clone(&self.wakeup));
        let mut cx = Context::from_waker(&waker);
        let polled = std::panic::catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(&mut cx)))
            .unwrap_or_else(|_| Poll::Ready(Err(Error::new(Code::PANIC, "the operation panicked inside the library"))));
        let mut progress = lock(&self.progress);
        // Cancelled meanwhile: its end was told, the future and what it gave are dropped.
        let Progress::Polling(again) = *progress else {
            drop(progress);
            return;
        };
        match polled {
            Poll::Pending => {
                *progress = Progress::Waiting(future);
                drop(progress);
                if again {
                    self.wakeup.wake_by_ref();
                }
            }
            Poll::Ready(result) => {
                *progress = Progress::Ended(result);
                drop(progress);
                drop(future);
                if let Some(queue) = self.queue.upgrade() {
                    queue.ended(self);
                }
            }
        }
    }
}

impl<V: Send + 'static, C: Send + 'static> Wake for Wakeup<V, C> {
    fn wake(self: Arc<Self>) {
        Wake::wake_by_ref(&self);
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if let Some(queue) = self.queue.upgrade() {
            queue.schedule(self);
        }
    }
}
