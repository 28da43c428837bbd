//! Foreign code that may answer later. Asked outside polls, it answers, or takes a waker and says "not yet"; woken, it is
//! asked again, until it has answered or nobody wants to know any more.

use std::any::Any;
use std::cell::RefCell;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use super::process::lock;
use crate::error::{Code, Error};

thread_local! {
    /// What is being asked on this thread now.
    static ASKED: RefCell<Option<Arc<Bell>>> = const { RefCell::new(None) };
}

/// What foreign code may use as long as it has a waker.
pub type Lent = Arc<dyn Any + Send + Sync>;

type Run<R> = Box<dyn FnMut() -> Poll<R> + Send>;

/// Foreign code that is asked, outside polls, perhaps several times, until it is ready.
pub struct Attempt<R> {
    lent: Option<Lent>,
    run: Run<R>,
}

impl<R> Attempt<R> {
    /// One that is lent nothing that would have to outlive it.
    pub fn new(run: impl FnMut() -> Poll<R> + Send + 'static) -> Attempt<R> {
        Attempt { lent: None, run: Box::new(run) }
    }

    /// The same with something that its wakers keep, should nobody wait for the answer any more.
    pub fn lending(self, lent: Option<Lent>) -> Attempt<R> {
        Attempt { lent, ..self }
    }
}

/// What wakes those who wait until they may ask again.
#[derive(Default)]
pub struct Bell {
    state: Mutex<Ringing>,
}

#[derive(Default)]
struct Ringing {
    rung: bool,
    /// Of foreign code.
    wakers: usize,
    waiter: Option<Waker>,
    /// Until there is an answer.
    lent: Option<Lent>,
}

impl Bell {
    /// Asks foreign code, which may take wakers meanwhile; they keep `lent`.
    pub fn ask<R>(self: &Arc<Bell>, lent: Option<Lent>, run: impl FnOnce() -> Poll<R>) -> Poll<R> {
        let before = {
            let mut state = lock(&self.state);
            state.rung = false;
            std::mem::replace(&mut state.lent, lent)
        };
        drop(before);
        let answer = {
            let _asked = asking(Some(Arc::clone(self)));
            run()
        };
        if answer.is_ready() {
            let lent = lock(&self.state).lent.take();
            drop(lent);
        }
        answer
    }

    /// Ready once it may be asked again.
    ///
    /// # Errors
    /// INVALID_STATE if nobody is left who could say so.
    pub fn poll_woken(&self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let mut state = lock(&self.state);
        if state.rung {
            return Poll::Ready(Ok(()));
        }
        if state.wakers == 0 {
            let message = "a function answered HTTPX_AGAIN, and there is no waker left to wake it";
            return Poll::Ready(Err(Error::new(Code::INVALID_STATE, message)));
        }
        match &state.waiter {
            Some(known) if known.will_wake(cx.waker()) => {}
            _ => state.waiter = Some(cx.waker().clone()),
        }
        Poll::Pending
    }

    fn change(&self, change: impl FnOnce(&mut Ringing)) {
        let mut state = lock(&self.state);
        change(&mut state);
        let waiter = if state.rung || state.wakers == 0 { state.waiter.take() } else { None };
        drop(state);
        if let Some(waiter) = waiter {
            waiter.wake();
        }
    }
}

/// Says for as long as the guard lives what is being asked on this thread.
pub(super) fn asking_nobody() -> impl Drop {
    asking(None)
}

/// Runs foreign code that cannot answer later, in the middle of an upcall that can.
pub fn answered_at_once<R>(run: impl FnOnce() -> R) -> R {
    let _nobody = asking_nobody();
    run()
}

fn asking(asked: Option<Arc<Bell>>) -> Restore {
    Restore(ASKED.with(|cell| cell.replace(asked)))
}

struct Restore(Option<Arc<Bell>>);

impl Drop for Restore {
    fn drop(&mut self) {
        let outer = self.0.take();
        drop(ASKED.with(|cell| cell.replace(outer)));
    }
}

/// In foreign hands: has it asked again. Any thread may use it.
pub struct UpcallWaker(Arc<Bell>);

impl UpcallWaker {
    /// A waker for what is being asked on this thread.
    ///
    /// # Errors
    /// INVALID_STATE where nothing is, or nothing that may answer later.
    pub fn current() -> Result<UpcallWaker, Error> {
        let asked = ASKED.with(|cell| cell.borrow().clone()).ok_or_else(|| {
            let message = "there is nothing to wake: this thread runs no callback that may answer HTTPX_AGAIN";
            Error::new(Code::INVALID_STATE, message)
        })?;
        asked.change(|state| state.wakers += 1);
        Ok(UpcallWaker(asked))
    }

    /// Has it asked again, soon or after the answer that it is about to give. As often as one likes.
    pub fn wake(&self) {
        self.0.change(|state| state.rung = true);
    }
}

impl Drop for UpcallWaker {
    fn drop(&mut self) {
        self.0.change(|state| state.wakers -= 1);
    }
}

/// One attempt after the other.
pub(super) struct Patient<R> {
    bell: Arc<Bell>,
    attempts: Arc<Mutex<Attempts<R>>>,
}

enum Attempts<R> {
    Waiting(Attempt<R>),
    Running,
    /// It has answered, or nobody wants to know any more.
    Over,
}

impl<R: Send + 'static> Patient<R> {
    pub(super) fn new(attempt: Attempt<R>) -> Patient<R> {
        Patient { bell: Arc::default(), attempts: Arc::new(Mutex::new(Attempts::Waiting(attempt))) }
    }

    /// What asks once; the answer is None if it is over.
    pub(super) fn question(&self) -> impl FnOnce() -> Option<Poll<R>> + Send + 'static {
        let (bell, attempts) = (Arc::clone(&self.bell), Arc::clone(&self.attempts));
        move || {
            let mut attempt = {
                let mut state = lock(&attempts);
                match std::mem::replace(&mut *state, Attempts::Running) {
                    Attempts::Waiting(attempt) => attempt,
                    other => {
                        *state = other;
                        return None;
                    }
                }
            };
            let answer = bell.ask(attempt.lent.clone(), || (attempt.run)());
            let mut state = lock(&attempts);
            match (&*state, answer.is_pending()) {
                // The same lock says whether it was given up meanwhile: then it is dropped here.
                (Attempts::Running, true) => *state = Attempts::Waiting(attempt),
                _ => *state = Attempts::Over,
            }
            Some(answer)
        }
    }

    pub(super) fn poll_woken(&self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.bell.poll_woken(cx)
    }
}

impl<R> Drop for Patient<R> {
    fn drop(&mut self) {
        let attempt = std::mem::replace(&mut *lock(&self.attempts), Attempts::Over);
        drop(attempt);
    }
}
