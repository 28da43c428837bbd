//! A call: one thing that somebody waits for, and who that is. A blocking call is driven by its own thread
//! ([`block_on`]), an asynchronous one by its queue. The futures of the upper layers see only [`Call`]: through it they
//! ask for a lane, leave it while they wait for something that needs none, and have foreign code run outside polls.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::{poll_fn, Future};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::{Duration, Instant};

use super::foreign::setting_aside;
use super::lane::{inside_a_runtime, Lane};
use super::process::lock;
use super::sys::generation;
use super::timer::CoarseTimer;
use super::upcall::{asking_nobody, Attempt, Patient};
use crate::error::{Code, Error};

/// How long a blocked thread waits at most before it asks its interrupt function again.
const TICK: Duration = Duration::from_millis(100);

/// How often a blocking call may ask for something without a look at the sockets.
const TURNS_BEFORE_A_LOOK: u32 = 16;

/// Asked on the blocked thread, outside polls; `true` cancels the call.
pub type Interrupt = dyn Fn() -> bool + Send + Sync;

/// Foreign code that a future wants to have run, outside polls, by whoever waits.
pub(super) type Upcall = Box<dyn FnOnce() + Send>;

/// Takes upcalls for a queue's dispatcher.
pub(super) trait TakeUpcall: Send + Sync {
    fn take_upcall(&self, upcall: Upcall);
}

/// See the module. Clones are the same call.
#[derive(Clone)]
pub struct Call {
    owner: Owner,
    /// When foreign code has to have answered.
    deadline: Option<Instant>,
    /// For what is lent to foreign code.
    interrupt: Option<Arc<Interrupt>>,
}

#[derive(Clone)]
enum Owner {
    Thread(Arc<Mutex<Caller>>),
    Queue { lane: Arc<Lane>, upcalls: Arc<dyn TakeUpcall> },
}

/// What a blocking call's future wants of the thread that drives it.
#[derive(Default)]
struct Caller {
    upcalls: VecDeque<Upcall>,
    lane: Option<Arc<Lane>>,
    /// Nobody has asked for the lane yet: it may be given back for another.
    guessed: bool,
    wants: Wants,
    /// When to look again, while there is no lane whose timers could tell.
    look_again: Option<Instant>,
}

#[derive(Default, PartialEq)]
enum Wants {
    #[default]
    Nothing,
    Lane(Option<u64>),
    NoLane,
}

impl Call {
    pub(super) fn of_queue(lane: Arc<Lane>, upcalls: Arc<dyn TakeUpcall>) -> Call {
        Call { owner: Owner::Queue { lane, upcalls }, deadline: None, interrupt: None }
    }

    /// The same call, with a time by which foreign code has to have answered that it waits for.
    pub fn until(&self, deadline: Option<Instant>) -> Call {
        Call { deadline, ..self.clone() }
    }

    /// See [`Call::until`].
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// The same call, with what interrupts the blocking calls that foreign code makes with what is lent to it.
    pub fn lending(&self, interrupt: Option<Arc<Interrupt>>) -> Call {
        Call { interrupt, ..self.clone() }
    }

    /// See [`Call::lending`].
    pub fn interrupt(&self) -> Option<&Arc<Interrupt>> {
        self.interrupt.as_ref()
    }

    /// The lane on which this call's sockets must be, best the one with the id `hint`.
    pub async fn lane(&self, hint: Option<u64>) -> Arc<Lane> {
        poll_fn(|_| self.lane_at_hand(hint).map_or(Poll::Pending, Poll::Ready)).await
    }

    /// The same, if it is there already. Else the thread that drives this call looks for one once it polls no longer, and
    /// polls again.
    pub fn lane_at_hand(&self, hint: Option<u64>) -> Option<Arc<Lane>> {
        let caller = match &self.owner {
            Owner::Queue { lane, .. } => return Some(Arc::clone(lane)),
            Owner::Thread(caller) => caller,
        };
        let mut caller = lock(caller);
        let is_another = |lane: &Lane| hint.is_some_and(|hint| hint != lane.id());
        match caller.lane.clone() {
            Some(lane) if !(caller.guessed && is_another(&lane)) => {
                caller.guessed = false;
                // It was about to be left.
                caller.wants = Wants::Nothing;
                Some(lane)
            }
            _ => {
                caller.wants = Wants::Lane(hint);
                None
            }
        }
    }

    /// Lets the lane go: for those about to wait for something that needs no socket, such as a place in a pool.
    pub fn leave_lane(&self) {
        if let Owner::Thread(caller) = &self.owner {
            let mut caller = lock(caller);
            if caller.lane.is_some() {
                caller.wants = Wants::NoLane;
            }
        }
    }

    /// Runs foreign code outside polls, on the thread that waits for this call.
    pub async fn upcall<R: Send + 'static>(&self, run: impl FnOnce() -> R + Send + 'static) -> R {
        struct Answer<R> {
            value: Option<R>,
            waker: Option<Waker>,
        }
        let answer = Arc::new(Mutex::new(Answer { value: None, waker: None }));
        let given = Arc::clone(&answer);
        let upcall: Upcall = Box::new(move || {
            let value = run();
            let waker = {
                let mut answer = lock(&given);
                answer.value = Some(value);
                answer.waker.take()
            };
            if let Some(waker) = waker {
                waker.wake();
            }
        });
        self.take(upcall);
        poll_fn(|cx| {
            let mut answer = lock(&answer);
            match answer.value.take() {
                Some(value) => Poll::Ready(value),
                None => {
                    answer.waker = Some(cx.waker().clone());
                    Poll::Pending
                }
            }
        })
        .await
    }

    /// Asks foreign code until it has answered. While it has not, no lane is held.
    ///
    /// # Errors
    /// DEADLINE_EXCEEDED, and INVALID_STATE if the foreign code has left nobody who could wake it.
    pub async fn ask<R: Send + 'static>(&self, attempt: Attempt<R>) -> Result<R, Error> {
        self.ask_patiently(attempt, Call::leave_lane).await
    }

    /// The same for those who have to keep their lane: in the middle of an exchange.
    pub async fn ask_on_lane<R: Send + 'static>(&self, attempt: Attempt<R>) -> Result<R, Error> {
        self.ask_patiently(attempt, |_| ()).await
    }

    async fn ask_patiently<R: Send + 'static>(
        &self,
        attempt: Attempt<R>,
        before_waiting: fn(&Call),
    ) -> Result<R, Error> {
        let patient = Patient::new(attempt);
        loop {
            match self.upcall(patient.question()).await {
                Some(Poll::Ready(answer)) => return Ok(answer),
                Some(Poll::Pending) => before_waiting(self),
                None => return Err(Error::new(Code::INTERNAL, "an upcall that was over was asked again")),
            }
            let mut timer = CoarseTimer::new();
            poll_fn(|cx| match (patient.poll_woken(cx), self.deadline) {
                (Poll::Pending, Some(at)) => self.poll_until(cx, at, &mut timer).map(|()| Err(too_late())),
                (woken, _) => woken,
            })
            .await?;
        }
    }

    /// Runs foreign code without waiting for it. It is dropped unrun if the call ends first.
    pub fn post(&self, run: impl FnOnce() + Send + 'static) {
        self.take(Box::new(run));
    }

    fn take(&self, upcall: Upcall) {
        match &self.owner {
            Owner::Queue { upcalls, .. } => upcalls.take_upcall(upcall),
            Owner::Thread(caller) => lock(caller).upcalls.push_back(upcall),
        }
    }

    /// Ready once `at` has come, with or without a lane. `sleep` is the waiter's own, None at first.
    pub fn poll_until(&self, cx: &mut Context<'_>, at: Instant, sleep: &mut CoarseTimer) -> Poll<()> {
        if let Owner::Thread(caller) = &self.owner {
            let mut caller = lock(caller);
            // On a lane that is about to be left, nobody would look at a timer.
            if caller.lane.is_none() || caller.wants != Wants::Nothing {
                if Instant::now() >= at {
                    return Poll::Ready(());
                }
                caller.look_again = Some(caller.look_again.map_or(at, |other| other.min(at)));
                return Poll::Pending;
            }
        }
        sleep.poll_at(cx, at)
    }

    /// The lane that this call depends on others to drive; None for a blocking call, which drives itself.
    pub(super) fn undispatched_lane(&self) -> Option<Arc<Lane>> {
        match &self.owner {
            Owner::Queue { lane, .. } => Some(Arc::clone(lane)),
            Owner::Thread(_) => None,
        }
    }
}

fn too_late() -> Error {
    Error::new(Code::DEADLINE_EXCEEDED, "the request's total time is over")
}

/// Why driving a future has stopped.
enum Step {
    /// It is done.
    Done,
    /// The future wants something of this thread.
    Asked,
    Tick,
}

/// Runs a future to its end on this thread, which lends it a lane when it asks for one. Foreign code that the future
/// wants to have run, and foreign values that it drops, are run and dropped here, outside polls.
///
/// Fails with [`Code::NESTED_RUNTIME`] inside a tokio runtime, [`Code::INTERRUPTED`] when `interrupt` says so, and
/// [`Code::FORKED`] when foreign code has forked and this is the child.
pub fn block_on<T, F>(interrupt: Option<&Interrupt>, make: impl FnOnce(Call) -> F) -> Result<T, Error>
where
    F: Future<Output = Result<T, Error>>,
{
    wait_for(interrupt, || None, make)
}

/// The same for a future that asks for a lane before it waits for anything, best for the one that this thread had last:
/// if that is free, it is there from the start.
pub fn block_on_lane<T, F>(interrupt: Option<&Interrupt>, make: impl FnOnce(Call) -> F) -> Result<T, Error>
where
    F: Future<Output = Result<T, Error>>,
{
    let last = || LAST_LANE.try_with(Cell::get).ok().flatten();
    wait_for(interrupt, || Lane::take_free(Some(last()?)), make)
}

thread_local! {
    /// The lane that this thread has asked for last.
    static LAST_LANE: Cell<Option<u64>> = const { Cell::new(None) };
}

fn wait_for<T, F>(
    interrupt: Option<&Interrupt>,
    guess: impl FnOnce() -> Option<Arc<Lane>>,
    make: impl FnOnce(Call) -> F,
) -> Result<T, Error>
where
    F: Future<Output = Result<T, Error>>,
{
    if inside_a_runtime() {
        let message = "a blocking call inside an asynchronous runtime would stall it; use a queue, or another thread";
        return Err(Error::new(Code::NESTED_RUNTIME, message));
    }
    let _nobody = asking_nobody();
    let born = generation();
    let lane = guess();
    let caller = Arc::new(Mutex::new(Caller { guessed: lane.is_some(), lane, ..Caller::default() }));
    let mut driving = Driving { caller: &caller, turns: 0 };
    let call = Call { owner: Owner::Thread(Arc::clone(&caller)), deadline: None, interrupt: None };
    let mut future = Box::pin(make(call));
    let mut next_tick = interrupt.map(|_| Instant::now() + TICK);
    let result = loop {
        let mut done = None;
        let (step, aside) = setting_aside(|| driving.step(future.as_mut(), &mut done, next_tick));
        drop(aside);
        if let Some(result) = done {
            break result;
        }
        match step {
            Step::Asked => {
                if let Err(error) = driving.serve() {
                    break Err(error);
                }
            }
            Step::Done | Step::Tick => {}
        }
        // Whoever is asked for one thing after another never comes to wait.
        if born == generation() && next_tick.is_some_and(|at| Instant::now() >= at) {
            if interrupt.is_some_and(|interrupt| interrupt()) && born == generation() {
                break Err(Error::new(Code::INTERRUPTED, "the call was interrupted"));
            }
            next_tick = Some(Instant::now() + TICK);
        }
        if born != generation() {
            // The child's copy of a call that goes on in the parent: not to be polled, nor dropped.
            std::mem::forget(future);
            std::mem::forget(lock(&caller).lane.take());
            return Err(Error::new(Code::FORKED, "the process was forked while the call was running"));
        }
    };
    // Dropped here, outside polls, before the lane is given back.
    drop(future);
    drop(driving);
    result
}

struct Driving<'a> {
    caller: &'a Mutex<Caller>,
    /// How often the future was driven.
    turns: u32,
}

impl Driving<'_> {
    /// Polls until the future is done or this thread has to do something outside polls.
    fn step<T>(
        &mut self,
        mut future: Pin<&mut impl Future<Output = T>>,
        done: &mut Option<T>,
        tick: Option<Instant>,
    ) -> Step {
        let lane = lock(self.caller).lane.clone();
        let mut poll = |cx: &mut Context<'_>| {
            if let Poll::Ready(value) = future.as_mut().poll(cx) {
                // Not handed through the runtime, where it would be moved many times.
                *done = Some(value);
                return Poll::Ready(Step::Done);
            }
            let asked = {
                let caller = lock(self.caller);
                caller.wants != Wants::Nothing || !caller.upcalls.is_empty()
            };
            if asked {
                return Poll::Ready(Step::Asked);
            }
            Poll::Pending
        };
        // What is asked for again and again must not keep the sockets and timers from being looked at.
        self.turns = self.turns.wrapping_add(1);
        let mut look = self.turns % TURNS_BEFORE_A_LOOK == 0;
        match lane {
            Some(lane) => lane.drive(|cx| {
                match poll(cx) {
                    Poll::Ready(Step::Asked) if std::mem::take(&mut look) => {
                        // Woken by itself, the lane does not sleep.
                        cx.waker().wake_by_ref();
                        return Poll::Pending;
                    }
                    Poll::Ready(step) => return Poll::Ready(step),
                    Poll::Pending => {}
                }
                match tick {
                    Some(at) => lane.poll_timer(cx, at).map(|()| Step::Tick),
                    None => Poll::Pending,
                }
            }),
            None => with_park_waker(|waker| {
                let mut cx = Context::from_waker(waker);
                loop {
                    if let Poll::Ready(step) = poll(&mut cx) {
                        return step;
                    }
                    let now = Instant::now();
                    if tick.is_some_and(|at| now >= at) {
                        return Step::Tick;
                    }
                    let wake_at = lock(self.caller).look_again.take().into_iter().chain(tick).min();
                    match wake_at {
                        Some(at) => std::thread::park_timeout(at.saturating_duration_since(now)),
                        None => std::thread::park(),
                    }
                }
            }),
        }
    }

    /// Gives the future what it asked for.
    fn serve(&mut self) -> Result<(), Error> {
        let wants = std::mem::take(&mut lock(self.caller).wants);
        match wants {
            Wants::Nothing => {}
            Wants::NoLane => self.give_lane_back(),
            Wants::Lane(hint) => {
                self.give_lane_back();
                let lane = Lane::take(hint)?;
                let _ = LAST_LANE.try_with(|last| last.set(Some(lane.id())));
                let mut caller = lock(self.caller);
                (caller.lane, caller.guessed) = (Some(lane), false);
            }
        }
        loop {
            let Some(upcall) = lock(self.caller).upcalls.pop_front() else { return Ok(()) };
            upcall();
        }
    }

    fn give_lane_back(&mut self) {
        let lane = lock(self.caller).lane.take();
        if let Some(lane) = lane {
            lane.give_back();
        }
    }
}

impl Drop for Driving<'_> {
    // A panic of the future leaves the lane sound.
    fn drop(&mut self) {
        self.give_lane_back();
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.unpark();
    }
}

/// Calls `run` with a waker that unparks this thread.
fn with_park_waker<R>(run: impl FnOnce(&Waker) -> R) -> R {
    thread_local! {
        static WAKER: RefCell<Option<Waker>> = const { RefCell::new(None) };
    }
    let waker = WAKER
        .try_with(|cell| cell.borrow_mut().get_or_insert_with(new_park_waker).clone())
        .unwrap_or_else(|_| new_park_waker());
    run(&waker)
}

fn new_park_waker() -> Waker {
    Waker::from(Arc::new(Unpark(std::thread::current())))
}
