//! The pool: who may open a connection, who gets which idle one, and who waits.
//!
//! There are three cases for a request, tried in this order: an idle connection to its origin; a new connection, if the
//! pool has room; a new connection in the place of the oldest idle one. Else it waits, first come, first served
//! (checklist H03).
//!
//! A place in the pool is a guard. Whatever happens to a request, its place is given back when the guard goes, so no
//! cancellation can leak it (checklist H13).

use std::future::poll_fn;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

use slab::Slab;

use super::connection::{deadline_exceeded, timed_out, Connection, Cut};
use super::http11::{self, Failure, ResponseHead};
use super::idle_connections::IdleConnections;
use super::{Dialer, Origin, Request, Response, ResponseBody, Timings};
use crate::error::{Code, Error};
use crate::runtime::{Call, CoarseTimer, Granted, PutBack, Quiesce, WaitQueue, Waiting};

/// How many connections there may be; None is as many as wanted (checklist H01).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// In all.
    pub max_connections: Option<usize>,
    /// Idle.
    pub max_keepalive: Option<usize>,
    /// How long a connection may be idle.
    pub keepalive_expiry: Option<Duration>,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { max_connections: Some(100), max_keepalive: Some(20), keepalive_expiry: Some(Duration::from_secs(5)) }
    }
}

/// See the module.
pub struct ConnectionPool {
    limits: Limits,
    dialer: Dialer,
    state: Mutex<State>,
    this: Weak<ConnectionPool>,
}

struct State {
    idle: IdleConnections<Box<Connection>>,
    /// Places that are taken, with a way to cut off what happens there.
    active: Slab<Arc<Cut>>,
    waiting: WaitQueue<Arc<Origin>, Place>,
    closed: bool,
    /// Nothing idle is kept any longer.
    retired: bool,
    /// Who waits for the last active request to end.
    drained: Vec<Waker>,
}

/// What a pool has just now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Connections that carry a request, or are being made for one.
    pub active: usize,
    /// Connections that wait for a request.
    pub idle: usize,
    /// Requests that wait for a connection.
    pub waiting: usize,
}

/// The right to one connection.
pub(super) struct Place {
    pool: Arc<ConnectionPool>,
    origin: Arc<Origin>,
    /// None once the pool has taken it back by itself.
    key: Option<usize>,
    cut: Arc<Cut>,
    connection: Option<Box<Connection>>,
    /// The connection may be kept for another request.
    keep: bool,
}

impl Place {
    pub(super) fn connection(&mut self) -> Option<&mut Connection> {
        self.connection.as_deref_mut()
    }

    /// The connection, for another protocol. The place stays taken.
    pub(super) fn take_connection(&mut self) -> Option<Box<Connection>> {
        self.connection.take()
    }

    /// Ends an exchange that was read to its end.
    pub(super) fn settle(&mut self, reusable: bool) {
        if let Some(connection) = &mut self.connection {
            connection.rest();
            self.keep = reusable;
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some(key) = self.key.take() else { return };
        let connection = self.connection.take().filter(|_| self.keep);
        let pool = Arc::clone(&self.pool);
        pool.release(key, &self.origin, connection);
    }
}

/// Connections and wakers to be let go once the pool's lock is free.
#[derive(Default)]
struct Afterwards {
    closing: Vec<Connection>,
    wakers: Vec<Waker>,
}

impl Drop for Afterwards {
    fn drop(&mut self) {
        self.closing.clear();
        for waker in self.wakers.drain(..) {
            waker.wake();
        }
    }
}

impl ConnectionPool {
    /// A pool; it opens nothing by itself.
    pub fn new(limits: Limits, dialer: Dialer) -> Arc<ConnectionPool> {
        let pool = Arc::new_cyclic(|this: &Weak<ConnectionPool>| ConnectionPool {
            limits,
            dialer,
            state: Mutex::new(State {
                idle: IdleConnections::default(),
                active: Slab::new(),
                waiting: WaitQueue::default(),
                closed: false,
                retired: false,
                drained: Vec::new(),
            }),
            this: this.clone(),
        });
        let keeper: Arc<dyn Quiesce> = Arc::clone(&pool) as Arc<dyn Quiesce>;
        <dyn Quiesce>::register(Arc::downgrade(&keeper));
        pool
    }

    /// Sends `request` and returns when the response's head is there.
    pub async fn handle(&self, call: &Call, request: &Request<'_>) -> Result<Response, Error> {
        let mut timings = Timings::new(Instant::now());
        let mut place = self.acquire(call, request).await?;
        timings.queued = timings.started.elapsed();
        timings.reused = self.connect(call, request, &mut place).await?;
        timings.connected = timings.started.elapsed();
        match self.exchange(call, request, &mut place, &mut timings).await {
            Ok(exchanged) => Ok(self.response(exchanged, place, timings)),
            Err(failure) if timings.reused && may_try_again(request, &failure) => {
                // The server closed it while it was idle, and we could not see that yet (checklist H16).
                place.connection = None;
                timings.reused = self.connect(call, request, &mut place).await?;
                timings.connected = timings.started.elapsed();
                let exchanged = self.exchange(call, request, &mut place, &mut timings).await;
                Ok(self.response(exchanged.map_err(|failure| failure.error)?, place, timings))
            }
            Err(failure) => Err(failure.error),
        }
    }

    fn response(&self, exchanged: (ResponseHead, http11::Exchange), place: Place, timings: Timings) -> Response {
        let (head, exchange) = exchanged;
        let connection = place.connection.as_ref().map(|connection| Arc::clone(connection.info())).unwrap_or_default();
        Response { head, body: ResponseBody::new(place, exchange), connection, timings, stream_id: None }
    }

    async fn exchange(
        &self,
        call: &Call,
        request: &Request<'_>,
        place: &mut Place,
        timings: &mut Timings,
    ) -> Result<(ResponseHead, http11::Exchange), Failure> {
        // From here on, only an exchange that comes to its end leaves a connection fit for another.
        place.keep = false;
        match place.connection() {
            Some(connection) => http11::exchange(call, connection, request, timings).await,
            None => Err(Failure {
                error: Error::new(Code::INTERNAL, "a place without a connection"),
                before_response: true,
                nothing_sent: true,
            }),
        }
    }

    /// Sees to it that the place has a live connection on the call's lane. True if it is one that served before.
    async fn connect(&self, call: &Call, request: &Request<'_>, place: &mut Place) -> Result<bool, Error> {
        if place.connection.as_ref().is_some_and(|connection| connection.is_stale()) {
            place.connection = None;
        }
        match place.connection() {
            Some(connection) => {
                connection.move_to(call).await?;
                Ok(true)
            }
            None => {
                // Boxed, as is the wait below: rare, and large beside what every request goes through.
                let dial = Box::pin(self.dialer.dial(call, request));
                let dialled = place.cut.unless(dial).await?;
                place.connection = Some(Box::new(Connection::new(dialled, Arc::clone(&place.cut))));
                Ok(false)
            }
        }
    }

    async fn acquire(&self, call: &Call, request: &Request<'_>) -> Result<Place, Error> {
        let waiting = {
            let mut afterwards = Afterwards::default();
            let mut state = self.lock();
            if state.closed {
                return Err(Error::from(Code::CLIENT_CLOSED));
            }
            self.expire(&mut state, Instant::now(), &mut afterwards);
            if let Some(place) = self.place_for(&mut state, request.origin, &mut afterwards) {
                drop(state);
                return Ok(place);
            }
            state.waiting.join(Arc::clone(request.origin), call)
        };
        Box::pin(self.wait(call, request, waiting)).await
    }

    async fn wait(
        &self,
        call: &Call,
        request: &Request<'_>,
        waiting: Waiting<Arc<Origin>, Place>,
    ) -> Result<Place, Error> {
        let timeout = request.timeouts.pool;
        if timeout == Some(Duration::ZERO) {
            return Err(timed_out(Code::POOL_TIMEOUT));
        }
        call.leave_lane();
        let own = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let until = own.into_iter().chain(request.deadline).min();
        let mut timer = CoarseTimer::new();
        let place = poll_fn(|cx| {
            if let Poll::Ready(place) = Pin::new(&mut &waiting).poll(cx) {
                return Poll::Ready(Ok(place));
            }
            match until {
                Some(at) => call.poll_until(cx, at, &mut timer).map(|()| {
                    Err(match request.deadline == Some(at) {
                        true => deadline_exceeded(),
                        false => timed_out(Code::POOL_TIMEOUT),
                    })
                }),
                None => Poll::Pending,
            }
        })
        .await?;
        if self.lock().closed {
            return Err(Error::from(Code::CLIENT_CLOSED));
        }
        Ok(place)
    }

    /// The three cases of the module's text.
    fn place_for(&self, state: &mut State, origin: &Arc<Origin>, afterwards: &mut Afterwards) -> Option<Place> {
        let connection = match state.idle.take(origin) {
            Some(connection) => Some(connection),
            None => {
                let open = state.active.len() + state.idle.len();
                if self.limits.max_connections.is_some_and(|max| open >= max) {
                    afterwards.closing.push(*state.idle.pop_oldest()?);
                }
                None
            }
        };
        let pool = self.this.upgrade()?;
        let cut = connection.as_ref().map_or_else(Arc::default, |connection| Arc::clone(connection.cut()));
        let key = state.active.insert(Arc::clone(&cut));
        Some(Place { pool, origin: Arc::clone(origin), key: Some(key), cut, keep: connection.is_some(), connection })
    }

    fn release(&self, key: usize, origin: &Arc<Origin>, connection: Option<Box<Connection>>) {
        let mut afterwards = Afterwards::default();
        let now = Instant::now();
        let mut state = self.lock();
        state.active.remove(key);
        if let Some(connection) = connection {
            match state.closed || state.retired {
                true => afterwards.closing.push(*connection),
                false => state.idle.push(Arc::clone(origin), connection, self.expiry(now)),
            }
        }
        self.serve(&mut state, &mut afterwards);
        self.expire(&mut state, now, &mut afterwards);
        if state.active.is_empty() {
            afterwards.wakers.append(&mut state.drained);
        }
        drop(state);
    }

    /// Gives those who wait what there is, in their order, one wake-up for each.
    fn serve(&self, state: &mut State, afterwards: &mut Afterwards) {
        if state.waiting.is_empty() {
            return;
        }
        while let Some(origin) = state.waiting.next(self.back()).cloned() {
            let Some(place) = self.place_for(state, &origin, afterwards) else { return };
            match state.waiting.grant(place) {
                Granted::To(waker) => afterwards.wakers.extend(waker),
                Granted::Nobody(mut place) => {
                    // Given up just now. Taken back by hand, as its guard would want the lock; the next one may have it.
                    if let Some(key) = place.key.take() {
                        state.active.remove(key);
                    }
                    if let Some(connection) = place.connection.take() {
                        state.idle.push(origin, connection, self.expiry(Instant::now()));
                    }
                }
            }
        }
    }

    /// What puts a waiter back in its place once somebody drives its lane.
    fn back(&self) -> impl Fn(PutBack<Arc<Origin>, Place>) + Clone + Send + 'static {
        let pool = self.this.clone();
        move |waiter| {
            let Some(pool) = pool.upgrade() else { return };
            let mut afterwards = Afterwards::default();
            let mut state = pool.lock();
            state.waiting.put_back(waiter);
            pool.serve(&mut state, &mut afterwards);
            drop(state);
        }
    }

    /// When a connection that is idle from `now` on has been so for too long.
    fn expiry(&self, now: Instant) -> Option<Instant> {
        self.limits.keepalive_expiry.and_then(|expiry| now.checked_add(expiry))
    }

    /// Lets those go that were idle too long, or are too many (checklist H02, H04).
    fn expire(&self, state: &mut State, now: Instant, afterwards: &mut Afterwards) {
        if state.idle.len() == 0 {
            return;
        }
        let most = self.limits.max_keepalive.unwrap_or(usize::MAX);
        while state.idle.len() > most {
            afterwards.closing.extend(state.idle.pop_oldest().map(|connection| *connection));
        }
        while let Some(connection) = state.idle.pop_expired(now) {
            afterwards.closing.push(*connection);
        }
    }

    /// What there is just now.
    pub fn counts(&self) -> Counts {
        let state = self.lock();
        Counts { active: state.active.len(), idle: state.idle.len(), waiting: state.waiting.len() }
    }

    /// Takes no more requests, closes what is idle, and ends those who wait and those that run (checklist H15).
    pub fn close(&self) {
        let mut afterwards = Afterwards::default();
        let mut state = self.lock();
        state.closed = true;
        while let Some(connection) = state.idle.pop_oldest() {
            afterwards.closing.push(*connection);
        }
        // Each gets a place, sees that the pool is closed, and gives it back.
        while let Some(origin) = state.waiting.next(self.back()).cloned() {
            let Some(pool) = self.this.upgrade() else { return };
            let cut = Arc::new(Cut::default());
            let key = state.active.insert(Arc::clone(&cut));
            match state.waiting.grant(Place { pool, origin, key: Some(key), cut, connection: None, keep: false }) {
                Granted::To(waker) => afterwards.wakers.extend(waker),
                Granted::Nobody(mut place) => {
                    if let Some(key) = place.key.take() {
                        state.active.remove(key);
                    }
                }
            }
        }
        let cuts: Vec<_> = state.active.iter().map(|(_, cut)| Arc::clone(cut)).collect();
        drop(state);
        drop(afterwards);
        for cut in cuts {
            cut.now();
        }
    }

    /// Closes what is idle, and keeps nothing from now on. What runs goes on.
    pub fn retire(&self) {
        let mut afterwards = Afterwards::default();
        let mut state = self.lock();
        state.retired = true;
        while let Some(connection) = state.idle.pop_oldest() {
            afterwards.closing.push(*connection);
        }
        drop(state);
    }

    /// Waits until no request runs, or until `at`. True if none runs.
    pub async fn drained(&self, call: &Call, at: Option<Instant>) -> bool {
        let mut timer = CoarseTimer::new();
        poll_fn(|cx| {
            {
                let mut state = self.lock();
                if state.active.is_empty() {
                    return Poll::Ready(true);
                }
                if !state.drained.iter().any(|waker| waker.will_wake(cx.waker())) {
                    state.drained.push(cx.waker().clone());
                }
            }
            match at {
                Some(at) => call.poll_until(cx, at, &mut timer).map(|()| false),
                None => Poll::Pending,
            }
        })
        .await
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Quiesce for ConnectionPool {
    fn close_idle(&self) {
        let mut afterwards = Afterwards::default();
        let mut state = self.lock();
        while let Some(connection) = state.idle.pop_oldest() {
            afterwards.closing.push(*connection);
        }
        drop(state);
    }
}

/// H16: nothing of a response has come, the body can be sent again, and the server cannot have acted on the request, or
/// may safely act on it twice.
fn may_try_again(request: &Request<'_>, failure: &Failure) -> bool {
    let died = failure.error.is_a(Code::SERVER_DISCONNECTED)
        || failure.error.is_a(Code::READ_ERROR)
        || failure.error.is_a(Code::WRITE_ERROR);
    died && failure.before_response && request.body.is_replayable() && (request.is_idempotent() || failure.nothing_sent)
}
