//! Bodies that foreign code makes while they are sent, a piece each time that one is wanted. It runs outside polls, on
//! the thread that waits for the request, and may answer later.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{ready, Context, Poll, Waker};

use bytes::Bytes;

use crate::error::{Code, Error};
use crate::runtime::{Bell, Call, Lent};

/// Makes a body. Called outside polls, by one thread at a time.
pub trait Source: Send + Sync {
    /// The next piece: an empty one if there is none yet, None at the end. Not ready, it is asked again once a waker that
    /// it has taken says so.
    ///
    /// # Errors
    /// Whatever ends the request.
    fn pull(&self) -> Poll<Result<Option<Bytes>, Error>>;

    /// Whether `rewind` goes back to the first piece.
    fn can_rewind(&self) -> bool {
        false
    }

    /// Goes back to the first piece.
    ///
    /// # Errors
    /// Whatever ends the request.
    fn rewind(&self) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    /// What foreign code may use as long as it has a waker.
    fn lent(&self) -> Option<Lent> {
        None
    }

    /// Lends something else from now on: what was lent before is theirs who may still have a waker of an earlier reading.
    fn lend_anew(&self) {}
}

/// A source, and who reads it.
pub struct PullBody {
    source: Box<dyn Source>,
    turn: Mutex<Turn>,
    work: Mutex<Work>,
}

/// Whether the source is at it. One who has read it may be gone before it has answered.
#[derive(Default)]
struct Work {
    runs: bool,
    /// Of the next reader, who waits for that.
    waker: Option<Waker>,
}

#[derive(Clone, Copy, PartialEq)]
enum Turn {
    Fresh,
    /// Somebody reads it now.
    Taken,
    /// Somebody has read it, or some of it.
    Used,
}

impl std::fmt::Debug for PullBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PullBody")
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl PullBody {
    /// A body that nobody has read.
    pub fn new(source: impl Source + 'static) -> Arc<PullBody> {
        Arc::new(PullBody { source: Box::new(source), turn: Mutex::new(Turn::Fresh), work: Mutex::default() })
    }

    /// True if it can be read a second time.
    pub fn is_replayable(&self) -> bool {
        self.source.can_rewind()
    }

    /// True if nobody has taken anything from it, or it can be read a second time.
    pub fn is_unread(&self) -> bool {
        self.is_replayable() || *lock(&self.turn) == Turn::Fresh
    }

    /// Begins to read it.
    ///
    /// # Errors
    /// StreamConsumed if it was read before and cannot be rewound (checklist E11); INVALID_STATE while it is read.
    pub fn open(self: &Arc<PullBody>) -> Result<PullReader, Error> {
        let mut turn = lock(&self.turn);
        let used = match *turn {
            Turn::Fresh => false,
            Turn::Used if self.is_replayable() => true,
            Turn::Used => return Err(super::body::consumed()),
            Turn::Taken => {
                return Err(Error::new(
                    Code::INVALID_STATE,
                    "the body is being sent, and can be read only once at a time",
                ))
            }
        };
        *turn = Turn::Taken;
        let progress = Progress { rewind: used, used, ..Progress::default() };
        Ok(PullReader { reading: Arc::new(Reading { body: Arc::clone(self), progress: Mutex::new(progress) }) })
    }
}

/// One reading of it.
pub struct PullReader {
    reading: Arc<Reading>,
}

struct Reading {
    body: Arc<PullBody>,
    progress: Mutex<Progress>,
}

#[derive(Default)]
struct Progress {
    /// The source goes back before it gives the next piece.
    rewind: bool,
    /// The source was asked for anything, ever.
    used: bool,
    asked: bool,
    answer: Option<Result<Option<Bytes>, Error>>,
    /// The source has said "not yet".
    later: Option<Arc<Bell>>,
    ended: bool,
    waker: Option<Waker>,
}

impl std::fmt::Debug for PullReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PullReader")
    }
}

impl PullReader {
    /// The next piece, never empty; None at the end, and after an error. `call` is whoever waits now: it may be another
    /// one each time.
    pub fn poll_next(&mut self, cx: &mut Context<'_>, call: &Call) -> Poll<Option<Result<Bytes, Error>>> {
        let mut progress = lock(&self.reading.progress);
        if progress.ended {
            return Poll::Ready(None);
        }
        match progress.answer.take() {
            Some(Ok(Some(piece))) if piece.is_empty() => {}
            Some(answer) => {
                progress.ended = !matches!(answer, Ok(Some(_)));
                return Poll::Ready(answer.transpose());
            }
            None if progress.asked => {
                progress.waker = Some(cx.waker().clone());
                return Poll::Pending;
            }
            None => {}
        }
        if let Some(bell) = &progress.later {
            if let Err(error) = ready!(bell.poll_woken(cx)) {
                progress.ended = true;
                return Poll::Ready(Some(Err(error)));
            }
        }
        let mut work = lock(&self.reading.body.work);
        if work.runs {
            work.waker = Some(cx.waker().clone());
            return Poll::Pending;
        }
        drop(work);
        (progress.asked, progress.used) = (true, true);
        progress.waker = Some(cx.waker().clone());
        drop(progress);
        let question = Question(Arc::downgrade(&self.reading));
        call.post(move || question.put());
        Poll::Pending
    }
}

/// On its way to the thread that waits. Lost when the call ends first; another call may ask again.
struct Question(Weak<Reading>);

impl Question {
    fn put(self) {
        // Nobody reads any more, and nothing is taken from the source that nobody would send.
        let Some(reading) = self.0.upgrade() else { return };
        let source = &reading.body.source;
        // If it is at it for another reader, this one asks again when that is over.
        let Some(_work) = AtWork::begin(&reading.body) else { return };
        let (rewind, bell) = {
            let mut progress = lock(&reading.progress);
            (progress.rewind, progress.later.take().unwrap_or_default())
        };
        if rewind {
            source.lend_anew();
        }
        let answer = bell.ask(source.lent(), || {
            if rewind {
                let rewound = ready!(source.rewind());
                lock(&reading.progress).rewind = false;
                rewound?;
            }
            source.pull()
        });
        let mut progress = lock(&reading.progress);
        match answer {
            Poll::Ready(answer) => progress.answer = Some(answer),
            Poll::Pending => progress.later = Some(bell),
        }
    }
}

impl Drop for Question {
    fn drop(&mut self) {
        let Some(reading) = self.0.upgrade() else { return };
        let waker = {
            let mut progress = lock(&reading.progress);
            progress.asked = false;
            progress.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// The source is asked.
struct AtWork<'a>(&'a PullBody);

impl AtWork<'_> {
    fn begin(body: &PullBody) -> Option<AtWork<'_>> {
        let mut work = lock(&body.work);
        let begins = !work.runs;
        work.runs = true;
        begins.then_some(AtWork(body))
    }
}

impl Drop for AtWork<'_> {
    fn drop(&mut self) {
        let waker = {
            let mut work = lock(&self.0.work);
            work.runs = false;
            work.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl Drop for PullReader {
    fn drop(&mut self) {
        let used = lock(&self.reading.progress).used;
        *lock(&self.reading.body.turn) = if used { Turn::Used } else { Turn::Fresh };
    }
}
