//! A first-come, first-served queue of those who wait for something scarce, such as a place in a connection pool, in
//! lines by what they want. A line whose wish cannot be met for reasons of its own is held, and holds up nobody else.
//!
//! What is granted is a guard (`G`): whoever gives up after the grant drops it, and so passes it on. Nobody is granted
//! anything while nobody drives its lane: an undispatched queue must not keep others waiting.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::future::Future;
use std::hash::Hash;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::task::{Context, Poll, Waker};

use super::call::Call;
use super::lane::Lane;
use super::process::lock;

/// The queue. Its owner keeps it under a lock of its own.
pub struct WaitQueue<K, G> {
    lines: HashMap<K, Line<K, G>>,
    /// The first of each line that is not held, by ticket.
    heads: BTreeMap<u64, K>,
    next_ticket: u64,
    /// How many wait, those included that were taken out because nobody drives their lane.
    live: Arc<AtomicUsize>,
}

struct Line<K, G> {
    waiting: VecDeque<Arc<Waiter<K, G>>>,
    held: bool,
    /// How many of it wait, as `WaitQueue::live`.
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
    counts: [Arc<AtomicUsize>; 2],
}

/// What `grant` did.
pub enum Granted<G> {
    /// Somebody has it. Call the waker outside the owner's lock.
    To(Option<Waker>),
    /// Whoever was next has just given up: ask again.
    Nobody(G),
}

impl<K, G> Default for WaitQueue<K, G> {
    fn default() -> Self {
        WaitQueue { lines: HashMap::new(), heads: BTreeMap::new(), next_ticket: 0, live: Arc::default() }
    }
}

impl<K: Clone + Eq + Hash + Send + Sync + 'static, G: Send + 'static> WaitQueue<K, G> {
    /// Joins the end of the line for `key` on behalf of `call`.
    pub fn join(&mut self, key: K, call: &Call) -> Waiting<K, G> {
        let waiter = Arc::new(Waiter {
            key: key.clone(),
            ticket: self.next_ticket,
            lane: call.undispatched_lane(),
            state: Mutex::new(State::Waiting(None)),
        });
        self.next_ticket += 1;
        if self.lines.len() > 2 * self.len() + 32 {
            self.lines.retain(|_, line| line.live.load(Ordering::Relaxed) > 0);
            let lines = &self.lines;
            self.heads.retain(|_, key| lines.contains_key(key));
        }
        let line = self.lines.entry(key).or_insert_with(|| Line {
            waiting: VecDeque::new(),
            held: false,
            live: Arc::default(),
        });
        self.live.fetch_add(1, Ordering::Relaxed);
        let live = line.live.fetch_add(1, Ordering::Relaxed) + 1;
        if line.waiting.len() > 2 * live + 32 {
            line.unhead(&mut self.heads);
            line.waiting.retain(|waiter| !matches!(*lock(&waiter.state), State::Gone));
            line.head(&mut self.heads);
        }
        let counts = [Arc::clone(&self.live), Arc::clone(&line.live)];
        line.waiting.push_back(Arc::clone(&waiter));
        if line.waiting.len() == 1 {
            line.head(&mut self.heads);
        }
        Waiting { waiter, counts }
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.live.load(Ordering::Relaxed)
    }

    /// True if nobody waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The key of whoever has waited longest in a line that is not held. Those whose lane nobody drives are taken out
    /// meanwhile; `back` is run, with a way to put them in again, once somebody does.
    pub fn next(&mut self, back: impl Fn(PutBack<K, G>) + Clone + Send + 'static) -> Option<K> {
        loop {
            let (_, key) = self.heads.first_key_value()?;
            let key = key.clone();
            if self.tidy(&key, &back) {
                return Some(key);
            }
        }
    }

    /// Whether anybody is next in the line for `key`, held or not; otherwise as [`WaitQueue::next`].
    pub fn next_for(&mut self, key: &K, back: impl Fn(PutBack<K, G>) + Clone + Send + 'static) -> bool {
        self.lines.contains_key(key) && self.tidy(key, &back)
    }

    /// Takes off a line's front who has given up, or whose lane nobody drives. True if nothing was to be done.
    fn tidy(&mut self, key: &K, back: &(impl Fn(PutBack<K, G>) + Clone + Send + 'static)) -> bool {
        let Some(line) = self.lines.get_mut(key) else { return false };
        let (first, mut removed) = (line.ticket(), false);
        while let Some(waiter) = line.waiting.front() {
            if !matches!(*lock(&waiter.state), State::Gone) {
                let Some(lane) = waiter.lane.clone() else { break };
                let (weak, back) = (Arc::downgrade(waiter), back.clone());
                if !lane.put_off_while_idle(move || back(PutBack { waiter: weak })) {
                    break;
                }
            }
            line.waiting.pop_front();
            removed = true;
        }
        if !removed {
            return first.is_some();
        }
        if let Some(first) = first {
            self.heads.remove(&first);
        }
        line.head(&mut self.heads);
        self.forget_if_empty(key)
    }

    /// Forgets a line in which nobody waits. True if somebody does.
    fn forget_if_empty(&mut self, key: &K) -> bool {
        match self.lines.get(key) {
            Some(line) if !line.waiting.is_empty() => true,
            Some(line) if line.live.load(Ordering::Relaxed) > 0 => false,
            _ => {
                self.lines.remove(key);
                false
            }
        }
    }

    /// Leaves the line for `key` out of [`WaitQueue::next`] until it is let go.
    pub fn hold(&mut self, key: &K) {
        if let Some(line) = self.lines.get_mut(key) {
            line.unhead(&mut self.heads);
            line.held = true;
        }
    }

    /// Undoes [`WaitQueue::hold`].
    pub fn let_go(&mut self, key: &K) {
        if let Some(line) = self.lines.get_mut(key) {
            line.held = false;
            line.head(&mut self.heads);
        }
    }

    /// Undoes [`WaitQueue::hold`] for all.
    pub fn let_all_go(&mut self) {
        for line in self.lines.values_mut() {
            line.held = false;
            line.head(&mut self.heads);
        }
    }

    /// Grants `value` to the first in the line for `key`, and to nobody else. Who gives up needs no lock of the owner's,
    /// so it may be gone by now.
    pub fn grant(&mut self, key: &K, value: G) -> Granted<G> {
        let Some(line) = self.lines.get_mut(key) else { return Granted::Nobody(value) };
        line.unhead(&mut self.heads);
        let first = line.waiting.pop_front();
        line.head(&mut self.heads);
        let granted = match first {
            None => Granted::Nobody(value),
            Some(waiter) => match &mut *lock(&waiter.state) {
                state @ State::Waiting(_) => match std::mem::replace(state, State::Granted(value)) {
                    State::Waiting(waker) => {
                        self.live.fetch_sub(1, Ordering::Relaxed);
                        line.live.fetch_sub(1, Ordering::Relaxed);
                        Granted::To(waker)
                    }
                    _ => Granted::To(None),
                },
                _ => Granted::Nobody(value),
            },
        };
        self.forget_if_empty(key);
        granted
    }

    /// Puts a waiter that was taken out back in its place.
    pub fn put_back(&mut self, waiter: PutBack<K, G>) {
        let Some(waiter) = waiter.waiter.upgrade() else { return };
        let Some(line) = self.lines.get_mut(&waiter.key) else { return };
        line.unhead(&mut self.heads);
        let place = line.waiting.partition_point(|other| other.ticket < waiter.ticket);
        line.waiting.insert(place, waiter);
        line.head(&mut self.heads);
    }
}

impl<K: Clone, G> Line<K, G> {
    fn ticket(&self) -> Option<u64> {
        self.waiting.front().map(|waiter| waiter.ticket)
    }

    fn head(&self, heads: &mut BTreeMap<u64, K>) {
        if let (Some(first), false) = (self.waiting.front(), self.held) {
            heads.insert(first.ticket, first.key.clone());
        }
    }

    fn unhead(&self, heads: &mut BTreeMap<u64, K>) {
        if let Some(ticket) = self.ticket() {
            heads.remove(&ticket);
        }
    }
}

/// A waiter on its way back into the queue.
pub struct PutBack<K, G> {
    waiter: Weak<Waiter<K, G>>,
}

impl<K, G> PutBack<K, G> {
    /// What it waits for; None if it has given up.
    pub fn key(&self) -> Option<K>
    where
        K: Clone,
    {
        self.waiter.upgrade().map(|waiter| waiter.key.clone())
    }
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
            for count in &self.counts {
                count.fetch_sub(1, Ordering::Relaxed);
            }
        }
        // What was granted and not fetched is dropped here, and so passed on.
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::block_on;

    type Queue = WaitQueue<&'static str, &'static str>;

    fn with_a_call(test: impl FnOnce(&Call)) {
        block_on(None, |call| async move {
            test(&call);
            Ok(())
        })
        .unwrap();
    }

    #[test]
    fn a_grant_goes_to_the_first_of_its_line_or_to_nobody() {
        let granted = block_on(None, |call| async move {
            let mut queue = Queue::default();
            let (a, b) = (queue.join("a", &call), queue.join("b", &call));
            assert_eq!(queue.next(|_| {}), Some("a"));
            // Between `next` and `grant`: whoever gives up takes no lock of the owner's.
            drop(a);
            assert!(matches!(queue.grant(&"a", "a's place"), Granted::Nobody("a's place")));
            assert_eq!(queue.next(|_| {}), Some("b"));
            assert!(matches!(queue.grant(&"b", "b's place"), Granted::To(_)));
            assert!(queue.is_empty() && queue.lines.is_empty() && queue.heads.is_empty());
            Ok((&b).await)
        });
        assert_eq!(granted.unwrap(), "b's place");
    }

    #[test]
    fn lines_take_turns_in_the_order_of_arrival() {
        with_a_call(|call| {
            let mut queue = Queue::default();
            let waiting: Vec<_> = ["a", "b", "a", "c", "b"].into_iter().map(|key| queue.join(key, call)).collect();
            let mut order = Vec::new();
            while let Some(key) = queue.next(|_| {}) {
                assert!(matches!(queue.grant(&key, "place"), Granted::To(_)));
                order.push(key);
            }
            assert_eq!(order, ["a", "b", "a", "c", "b"]);
            drop(waiting);
        });
    }

    #[test]
    fn a_held_line_holds_up_nobody_and_keeps_its_place() {
        with_a_call(|call| {
            let mut queue = Queue::default();
            let waiting: Vec<_> = ["a", "a", "b"].into_iter().map(|key| queue.join(key, call)).collect();
            queue.hold(&"a");
            assert_eq!(queue.next(|_| {}), Some("b"));
            assert!(queue.next_for(&"a", |_| {}));
            queue.let_go(&"a");
            assert_eq!(queue.next(|_| {}), Some("a"));
            assert_eq!(queue.len(), 3);
            drop(waiting);
            assert_eq!((queue.next(|_| {}), queue.lines.len()), (None, 0));
        });
    }

    #[test]
    fn those_who_gave_up_are_forgotten() {
        with_a_call(|call| {
            let mut queue = Queue::default();
            let stays = queue.join("a", call);
            for _ in 0..10_000 {
                drop(queue.join("a", call));
                drop(queue.join("b", call));
            }
            assert!(queue.lines.values().map(|line| line.waiting.len()).sum::<usize>() < 200);
            assert_eq!((queue.len(), queue.next(|_| {})), (1, Some("a")));
            drop(stays);
        });
    }
}
