//! One timer for a stream of deadlines. Moving a tokio timer for each request costs more than the parsing of the
//! response; this one is moved only when it would fire too late, and looks again when it fires too early.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::time::Sleep;

/// What the clock of a lane tells apart. A shorter wait is over when it begins.
pub const SHORTEST: Duration = Duration::from_millis(1);

/// See the module. It belongs to the lane on which it was first polled: make a new one after a move.
#[derive(Default)]
pub struct CoarseTimer {
    sleep: Option<Pin<Box<Sleep>>>,
}

impl CoarseTimer {
    /// A timer that is not armed.
    pub const fn new() -> CoarseTimer {
        CoarseTimer { sleep: None }
    }

    /// Ready once `at` has come.
    pub fn poll_at(&mut self, cx: &mut Context<'_>, at: Instant) -> Poll<()> {
        let target = tokio::time::Instant::from_std(at);
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(target)));
        if sleep.deadline() > target {
            sleep.as_mut().reset(target);
        }
        while sleep.as_mut().poll(cx).is_ready() {
            if Instant::now() >= at {
                return Poll::Ready(());
            }
            sleep.as_mut().reset(target);
        }
        Poll::Pending
    }
}
