//! A queue: where asynchronous operations run and where their ends are told.
//!
//! It has a lane of its own. Without a descriptor or waker, its operations go on while somebody dispatches or polls it,
//! on that thread. With one, a thread of the library drives the lane, and the descriptor is readable exactly while
//! there is something to dispatch. Foreign code runs on the dispatching thread only.

use std::collections::VecDeque;
use std::future::Future;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll};
use std::thread::{JoinHandle, ThreadId};
use std::time::{Duration, Instant};

use atomic_waker::AtomicWaker;
use slab::Slab;

use super::call::{Call, TakeUpcall, Upcall};
use super::foreign::{anything_set_aside, setting_aside, SetAside};
use super::lane::{inside_a_runtime, Lane};
use super::operation::{check_generation, Operation, Wakeup};
use super::process::{lock, process};
use super::sys::{generation, spawn_thread, Signal};
use super::upcall::asking_nobody;
use crate::error::{Code, Error};

/// How many dispatches may go by without a look at the sockets, while there is something to tell.
const TURNS_BEFORE_A_LOOK: u32 = 16;

/// Told, on any thread, that there is something to dispatch. It may only post a wake-up.
pub type WakerFn = dyn Fn() + Send + Sync;

/// See the module. `V` is what operations give, `C` what was handed in with them (callbacks, say).
pub struct Queue<V: Send + 'static, C: Send + 'static> {
    lane: Arc<Lane>,
    /// Operations to be polled.
    runnable: Mutex<Vec<Arc<Wakeup<V, C>>>>,
    /// Wakes the future that polls them.
    driver: AtomicWaker,
    state: Mutex<State<V, C>>,
    /// How often somebody has waited.
    turns: AtomicU32,
    /// Told of every event while a thread of the library drives.
    changed: Condvar,
    /// For operations to hold on to.
    this: Weak<Queue<V, C>>,
    generation: u64,
}

struct State<V: Send + 'static, C: Send + 'static> {
    in_flight: Slab<Arc<Operation<V, C>>>,
    events: VecDeque<Posted<V, C>>,
    signal: Option<Signal>,
    waker: Option<Arc<WakerFn>>,
    consumer: Option<ThreadId>,
    resident: Option<JoinHandle<()>>,
    closed: bool,
}

enum Posted<V: Send + 'static, C: Send + 'static> {
    Ended(Arc<Operation<V, C>>),
    Upcall(Upcall),
    /// Foreign values that were dropped on the library's thread.
    Drop(Vec<SetAside>),
}

impl<V: Send + 'static, C: Send + 'static> Queue<V, C> {
    /// A queue with a lane of its own.
    pub fn new() -> Result<Arc<Queue<V, C>>, Error> {
        let lane = Lane::take(None)?;
        Ok(Arc::new_cyclic(|this| Queue {
            lane,
            runnable: Mutex::default(),
            driver: AtomicWaker::new(),
            state: Mutex::new(State {
                in_flight: Slab::new(),
                events: VecDeque::new(),
                signal: None,
                waker: None,
                consumer: None,
                resident: None,
                closed: false,
            }),
            turns: AtomicU32::new(1),
            changed: Condvar::new(),
            this: this.clone(),
            generation: generation(),
        }))
    }

    /// Starts an operation. Its future is polled first when the queue is driven next, which may be before this
    /// returns; `announce` is called before that.
    pub fn submit<F>(
        &self,
        context: C,
        announce: impl FnOnce(&Arc<Operation<V, C>>),
        make: impl FnOnce(Call) -> F,
    ) -> Result<(), (Error, C)>
    where
        F: Future<Output = Result<V, Error>> + Send + 'static,
    {
        let Some(this) = self.this.upgrade() else { return Err((closed(), context)) };
        let call = Call::of_queue(Arc::clone(&self.lane), this);
        let future = Box::pin(make(call));
        let mut state = lock(&self.state);
        if state.closed {
            return Err((closed(), context));
        }
        let entry = state.in_flight.vacant_entry();
        let operation = Operation::new(self.this.clone(), entry.key(), future, context);
        entry.insert(Arc::clone(&operation));
        drop(state);
        announce(&operation);
        self.schedule(operation.wakeup());
        Ok(())
    }

    /// Fails in a forked child for a queue of its parent, which must be left alone.
    pub fn check_process(&self) -> Result<(), Error> {
        check_generation(self.generation)
    }

    /// The process in which it was made.
    pub fn born(&self) -> u64 {
        self.generation
    }

    /// How many operations have not ended.
    pub fn in_flight(&self) -> usize {
        lock(&self.state).in_flight.len()
    }

    /// A descriptor that is readable exactly while there is something to dispatch. From now on a thread of the
    /// library drives the operations.
    pub fn fd(&self) -> Result<i32, Error> {
        let mut state = lock(&self.state);
        if state.signal.is_none() {
            let signal =
                Signal::new().map_err(|e| Error::from_io(Code::RESOURCES, &e, "cannot create a queue's descriptor"))?;
            if !state.events.is_empty() {
                signal.set();
            }
            state.signal = Some(signal);
        }
        self.ensure_resident(&mut state)?;
        Ok(state.signal.as_ref().map_or(-1, Signal::fd))
    }

    /// Has `waker` told whenever there is something to dispatch. From now on a thread of the library drives the
    /// operations. Returns the waker that was set before.
    pub fn set_waker(&self, waker: Arc<WakerFn>) -> Result<Option<Arc<WakerFn>>, Error> {
        let mut state = lock(&self.state);
        self.ensure_resident(&mut state)?;
        let pending = !state.events.is_empty();
        let before = state.waker.replace(Arc::clone(&waker));
        drop(state);
        if pending {
            waker();
        }
        Ok(before)
    }

    fn ensure_resident(&self, state: &mut State<V, C>) -> Result<(), Error> {
        if state.resident.is_some() {
            return Ok(());
        }
        let Some(this) = self.this.upgrade() else { return Err(closed()) };
        let thread = spawn_thread("httpx-io", move || this.reside())
            .map_err(|e| Error::from_io(Code::RESOURCES, &e, "cannot start the queue's thread"))?;
        state.resident = Some(thread);
        process().resident_started();
        // A dispatcher that drives now hands over.
        self.driver.wake();
        Ok(())
    }

    /// The life of the library's thread for this queue.
    fn reside(self: Arc<Self>) {
        let _driving = self.lane.driving();
        self.lane.drive(|cx| {
            let ((), aside) = setting_aside(|| self.poll_runnable(cx));
            let mut aside = aside;
            while !aside.is_empty() {
                // The waker may be the last of its kind.
                ((), aside) = setting_aside(|| self.post(Posted::Drop(aside)));
            }
            match lock(&self.state).closed {
                true => Poll::Ready(()),
                false => Poll::Pending,
            }
        });
    }

    /// Ends the queue: what is in flight is cancelled, and nothing more is told. Contexts are dropped here.
    pub fn close(&self) {
        let mut state = lock(&self.state);
        if std::mem::replace(&mut state.closed, true) {
            return;
        }
        let in_flight: Vec<_> = state.in_flight.drain().collect();
        let events = std::mem::take(&mut state.events);
        let waker = state.waker.take();
        let resident = state.resident.take();
        drop(state);
        for operation in &in_flight {
            operation.cancel();
            drop(operation.take_context());
        }
        for event in &events {
            if let Posted::Ended(operation) = event {
                drop(operation.take_context());
            }
        }
        drop(events);
        lock(&self.runnable).clear();
        self.driver.wake();
        self.changed.notify_all();
        if let Some(thread) = resident {
            // Waited for, so that what it had in its hands is dropped here and not there.
            process().resident_stopped(thread);
        }
        drop(waker);
        let late = std::mem::take(&mut lock(&self.state).events);
        drop(late);
        Arc::clone(&self.lane).give_back();
    }

    /// Drives the queue until there is something to tell or `timeout` is over (None: for ever), then runs `tell` for
    /// each event that was there, at most `limit` of them. Returns their number.
    pub fn dispatch(
        &self,
        timeout: Option<Duration>,
        limit: usize,
        mut tell: impl FnMut(Arc<Operation<V, C>>),
    ) -> Result<usize, Error> {
        if inside_a_runtime() {
            let message = "a queue cannot be dispatched inside an asynchronous runtime's thread";
            return Err(Error::new(Code::NESTED_RUNTIME, message));
        }
        let consuming = self.begin_to_consume()?;
        let _nobody = asking_nobody();
        let until = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        loop {
            let (told, ran) = self.run_events(limit, &mut tell);
            if self.generation != generation() {
                // Foreign code has forked, and this is the child: nothing of the queue may be touched.
                std::mem::forget(consuming);
                return check_generation(self.generation).map(|()| 0);
            }
            if told > 0 || ran && until.is_some_and(|at| Instant::now() >= at) {
                return Ok(told);
            }
            let in_time = self.wait(until);
            let state = lock(&self.state);
            if state.closed {
                return Err(closed());
            }
            if !in_time && state.events.is_empty() {
                return Ok(0);
            }
        }
    }

    /// Runs what is there now; what the callbacks post is for the next round. Returns how many events were told, and
    /// whether anything ran.
    fn run_events(&self, limit: usize, tell: &mut impl FnMut(Arc<Operation<V, C>>)) -> (usize, bool) {
        let batch = lock(&self.state).events.len();
        let mut told = 0;
        for _ in 0..batch {
            if told == limit || self.generation != generation() {
                break;
            }
            match self.next_event() {
                Some(Posted::Upcall(upcall)) => upcall(),
                Some(Posted::Drop(values)) => drop(values),
                Some(Posted::Ended(operation)) => {
                    told += 1;
                    tell(operation);
                }
                None => break,
            }
        }
        (told, batch > 0)
    }

    fn begin_to_consume(&self) -> Result<Consuming<'_, V, C>, Error> {
        let me = std::thread::current().id();
        let mut state = lock(&self.state);
        if state.closed {
            return Err(closed());
        }
        match state.consumer {
            None => state.consumer = Some(me),
            Some(other) if other == me => {
                return Err(Error::new(Code::REENTRANT, "the queue is being dispatched by this very thread"));
            }
            Some(_) => return Err(Error::new(Code::CONCURRENT_USE, "another thread is dispatching the queue")),
        }
        Ok(Consuming { queue: self })
    }

    fn next_event(&self) -> Option<Posted<V, C>> {
        let mut state = lock(&self.state);
        let event = state.events.pop_front();
        if state.events.is_empty() {
            if let Some(signal) = &state.signal {
                signal.clear();
            }
        }
        event
    }

    /// Waits for an event, driving the lane unless a thread of the library does. False if the time was over first.
    fn wait(&self, until: Option<Instant>) -> bool {
        let state = lock(&self.state);
        if state.resident.is_some() {
            return self.wait_for_resident(state, until);
        }
        drop(state);
        let _driving = self.lane.driving();
        let mut turned = false;
        // Operations that are always ready must not keep the sockets from being looked at.
        let mut look = self.turns.fetch_add(1, Ordering::Relaxed) % TURNS_BEFORE_A_LOOK == 0;
        let (in_time, aside) = setting_aside(|| {
            self.lane.drive(|cx| {
                self.poll_runnable(cx);
                if std::mem::take(&mut look) {
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                {
                    let state = lock(&self.state);
                    if !state.events.is_empty() || state.closed || state.resident.is_some() {
                        return Poll::Ready(true);
                    }
                }
                if anything_set_aside() {
                    return Poll::Ready(true);
                }
                match until {
                    None => Poll::Pending,
                    // Whoever may not wait gets one look at the sockets: woken by itself, the lane does not sleep.
                    Some(at) if Instant::now() >= at => {
                        if std::mem::replace(&mut turned, true) {
                            return Poll::Ready(false);
                        }
                        cx.waker().wake_by_ref();
                        Poll::Pending
                    }
                    Some(at) => self.lane.poll_timer(cx, at).map(|()| false),
                }
            })
        });
        drop(aside);
        in_time
    }

    fn wait_for_resident(&self, mut state: MutexGuard<'_, State<V, C>>, until: Option<Instant>) -> bool {
        while state.events.is_empty() && !state.closed {
            state = match until {
                None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(at) => {
                    let left = at.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return false;
                    }
                    self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
        true
    }

    pub(super) fn schedule(&self, wakeup: &Arc<Wakeup<V, C>>) {
        if wakeup.scheduled.swap(true, Ordering::AcqRel) {
            return;
        }
        lock(&self.runnable).push(Arc::clone(wakeup));
        self.driver.wake();
    }

    fn poll_runnable(&self, cx: &mut Context<'_>) {
        self.driver.register(cx.waker());
        let batch = std::mem::take(&mut *lock(&self.runnable));
        for wakeup in &batch {
            wakeup.scheduled.store(false, Ordering::Release);
            if let Some(operation) = wakeup.operation.upgrade() {
                operation.poll();
            }
        }
        let mut runnable = lock(&self.runnable);
        if runnable.is_empty() {
            // Keeps the allocation.
            let mut batch = batch;
            batch.clear();
            *runnable = batch;
        }
    }

    fn post(&self, event: Posted<V, C>) {
        let mut state = lock(&self.state);
        state.events.push_back(event);
        if state.events.len() > 1 || state.closed {
            return;
        }
        if let Some(signal) = &state.signal {
            signal.set();
        }
        let waker = state.waker.clone();
        let resident = state.resident.is_some();
        drop(state);
        if resident {
            self.changed.notify_all();
        } else {
            self.driver.wake();
        }
        if let Some(waker) = waker {
            waker();
        }
    }

    pub(super) fn ended(&self, operation: &Arc<Operation<V, C>>) {
        let mut state = lock(&self.state);
        if state.closed {
            return;
        }
        state.in_flight.try_remove(operation.key());
        drop(state);
        self.post(Posted::Ended(Arc::clone(operation)));
    }
}

fn closed() -> Error {
    Error::new(Code::INVALID_STATE, "the queue was freed")
}

impl<V: Send + 'static, C: Send + 'static> TakeUpcall for Queue<V, C> {
    fn take_upcall(&self, upcall: Upcall) {
        self.post(Posted::Upcall(upcall));
    }
}

struct Consuming<'a, V: Send + 'static, C: Send + 'static> {
    queue: &'a Queue<V, C>,
}

impl<V: Send + 'static, C: Send + 'static> Drop for Consuming<'_, V, C> {
    fn drop(&mut self) {
        let mut state = lock(&self.queue.state);
        state.consumer = None;
        // What is left was perhaps posted while the list was not empty, and so without a word to the waker.
        let waker = if state.events.is_empty() { None } else { state.waker.clone() };
        drop(state);
        if let Some(waker) = waker {
            waker();
        }
    }
}
