//! A first-come, first-served queue of those who wait for something scarce, such as a place in a connection pool.
//!
//! What is granted is a guard (`G`): whoever gives up after the grant drops it, and so passes it on. Nobody is granted
//! anything while nobody drives its lane: an undispatched queue must not keep others waiting.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::task::{Context, Poll, Waker};

use super::call::Call;
use super::lane::Lane;
use super::process::lock;

/// The queue. Its owner keeps it under a lock of its own.
pub struct WaitQueue<K, G> {
    waiting: VecDeque<Arc<Waiter<K, G>>>,
    next_ticket: u64,
    /// How many wait, those included that were taken out because nobody drives their lane.
    live: Arc<AtomicUsize>,
}

struct Waiter<K, G> {
    key: K,
    ticket: u64,
    lane: Option<Arc<Lane>>,
    state: Mutex<State<G>>,
}

enum State<G> {
    Waiting(Option<Waker>),
    Granted(G),
    Gone,
}

/// A place in the queue; a reference to it is a future, ready with what was granted. Dropped, it is given up.
pub struct Waiting<K, G> {
    waiter: Arc<Waiter<K, G>>,
    live: Arc<AtomicUsize>,
}

/// What `grant` did.
pub enum Granted<G> {
    /// Somebody has it. Call the waker outside the owner's lock.
    To(Option<Waker>),
    /// Whoever was next has just given up: ask `next` again.
    Nobody(G),
}

impl<K, G> Default for WaitQueue<K, G> {
    fn default() -> Self {
        WaitQueue { waiting: VecDeque::new(), next_ticket: 0, live: Arc::default() }
    }
}

impl<K: Send + Sync + 'static, G: Send + 'static> WaitQueue<K, G> {
    /// Joins the end of the queue on behalf of `call`.
    pub fn join(&mut self, key: K, call: &Call) -> Waiting<K, G> {
        let waiter = Arc::new(Waiter {
            key,
            ticket: self.next_ticket,
            lane: call.undispatched_lane(),
            state: Mutex::new(State::Waiting(None)),
        });
        self.next_ticket += 1;
        let live = self.live.fetch_add(1, Ordering::Relaxed) + 1;
        if self.waiting.len() > 2 * live + 32 {
            self.waiting.retain(|waiter| !matches!(*lock(&waiter.state), State::Gone));
        }
        self.waiting.push_back(Arc::clone(&waiter));
        Waiting { waiter, live: Arc::clone(&self.live) }
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.live.load(Ordering::Relaxed)
    }

    /// True if nobody waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The key of whoever is next. Those whose lane nobody drives are taken out meanwhile; `back` is run, with a
    /// way to put them in again, once somebody does.
    pub fn next(&mut self, back: impl Fn(PutBack<K, G>) + Clone + Send + 'static) -> Option<&K> {
        while let Some(waiter) = self.waiting.front() {
            if matches!(*lock(&waiter.state), State::Gone) {
                self.waiting.pop_front();
                continue;
            }
            let Some(lane) = waiter.lane.clone() else { break };
            let (weak, back) = (Arc::downgrade(waiter), back.clone());
            if !lane.put_off_while_idle(move || back(PutBack { waiter: weak })) {
                break;
            }
            self.waiting.pop_front();
        }
        self.waiting.front().map(|waiter| &waiter.key)
    }

    /// Grants `value` to the one whose key `next` answered with, and to nobody else: another may want something else.
    /// Who gives up needs no lock of the owner's, so it may be gone by now.
    pub fn grant(&mut self, value: G) -> Granted<G> {
        let Some(waiter) = self.waiting.pop_front() else { return Granted::Nobody(value) };
        let mut state = lock(&waiter.state);
        let State::Waiting(waker) = &mut *state else { return Granted::Nobody(value) };
        let waker = waker.take();
        *state = State::Granted(value);
        self.live.fetch_sub(1, Ordering::Relaxed);
        Granted::To(waker)
    }

    /// Puts a waiter that was taken out back in its place.
    pub fn put_back(&mut self, waiter: PutBack<K, G>) {
        let Some(waiter) = waiter.waiter.upgrade() else { return };
        let place = self.waiting.partition_point(|other| other.ticket < waiter.ticket);
        self.waiting.insert(place, waiter);
    }
}

/// A waiter on its way back into the queue.
pub struct PutBack<K, G> {
    waiter: Weak<Waiter<K, G>>,
}

impl<K, G> Future for &Waiting<K, G> {
    type Output = G;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<G> {
        let mut state = lock(&self.waiter.state);
        match &mut *state {
            State::Waiting(waker) => {
                match waker {
                    Some(known) if known.will_wake(cx.waker()) => {}
                    _ => *waker = Some(cx.waker().clone()),
                }
                Poll::Pending
            }
            _ => match std::mem::replace(&mut *state, State::Gone) {
                State::Granted(value) => Poll::Ready(value),
                _ => Poll::Pending,
            },
        }
    }
}

impl<K, G> Drop for Waiting<K, G> {
    fn drop(&mut self) {
        let before = std::mem::replace(&mut *lock(&self.waiter.state), State::Gone);
        if matches!(before, State::Waiting(_)) {
            self.live.fetch_sub(1, Ordering::Relaxed);
        }
        // What was granted and not fetched is dropped here, and so passed on.
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::block_on;

    #[test]
    fn a_grant_goes_to_the_one_whose_key_was_given_or_to_nobody() {
        let granted = block_on(None, |call| async move {
            let mut queue = WaitQueue::<&str, &str>::default();
            let (a, b) = (queue.join("a", &call), queue.join("b", &call));
            assert_eq!(queue.next(|_| {}), Some(&"a"));
            // Between `next` and `grant`: whoever gives up takes no lock of the owner's.
            drop(a);
            assert!(matches!(queue.grant("a's place"), Granted::Nobody("a's place")));
            assert_eq!(queue.next(|_| {}), Some(&"b"));
            assert!(matches!(queue.grant("b's place"), Granted::To(_)));
            assert!(queue.is_empty());
            Ok((&b).await)
        });
        assert_eq!(granted.unwrap(), "b's place");
    }
}
