//! The pool: who may open a connection, who gets which, and who waits. What it has is in `pool_state.rs`.
//!
//! A place in the pool is a guard. Whatever happens to a request, its place is given back when the guard goes, so no
//! cancellation can leak it (checklist H13).

use std::future::{poll_fn, Future};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{ready, Poll};
use std::time::{Duration, Instant};

use super::connection::{deadline_exceeded, timed_out, Connection};
use super::http2::{self, Http2Connection, Http2Settings, Status};
use super::pool_state::{
    Afterwards, Carrier, ConnectionSnapshot, Counts, Destination, Offer, Slot, State, DIAL_PATIENCE,
};
use super::response_body::ResponseBody;
use super::trace::Value;
use super::{http11, Dialer, Origin, Request, Response, Scheme, Timings};
use crate::error::{Code, Error};
use crate::runtime::{Call, CoarseTimer, Granted, PutBack, Quiesce, WaitQueue, Waiting};

/// How many connections there may be; None is as many as wanted (checklist H01).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// In all.
    pub max_connections: Option<usize>,
    /// To one origin.
    pub max_per_host: Option<usize>,
    /// Idle.
    pub max_keepalive: Option<usize>,
    /// How long a connection may be idle.
    pub keepalive_expiry: Option<Duration>,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            max_connections: Some(100),
            max_per_host: None,
            max_keepalive: Some(20),
            keepalive_expiry: Some(Duration::from_secs(5)),
        }
    }
}

/// How often a request is sent anew because the server has said that it did not look at it. A server that ends its
/// connections after a few requests leaves many out, each time fewer.
const MAX_UNPROCESSED: u32 = 50;
/// How often a request is sent anew because the server has refused its stream.
const MAX_REFUSED: u32 = 5;

/// See the module.
pub struct ConnectionPool {
    limits: Limits,
    dialer: Dialer,
    http2: Http2Settings,
    guarded: Mutex<Guarded>,
    this: Weak<ConnectionPool>,
}

struct Guarded {
    state: State,
    /// None is granted by a pool that was closed.
    waiting: WaitQueue<Destination, Option<Place>>,
}

/// The right to one connection, or to one stream of a shared one.
pub(super) struct Place {
    pool: Arc<ConnectionPool>,
    /// None once the pool has taken it back by itself.
    slot: Option<Slot>,
}

impl Place {
    fn slot(&mut self) -> Result<&mut Slot, Error> {
        self.slot.as_mut().ok_or_else(|| Error::new(Code::INTERNAL, "a place that was given back"))
    }

    /// The connection, if the place has one of its own.
    pub(super) fn connection(&mut self) -> Option<&mut Connection> {
        match &mut self.slot.as_mut()?.carrier {
            Carrier::Own(_, connection) => Some(connection),
            _ => None,
        }
    }

    /// The connection, for another protocol. The place stays taken.
    pub(super) fn take_connection(&mut self) -> Option<Box<Connection>> {
        let carrier = &mut self.slot.as_mut()?.carrier;
        match *carrier {
            Carrier::Own(record, _) => match std::mem::replace(carrier, Carrier::Taken(record)) {
                Carrier::Own(_, connection) => Some(connection),
                _ => None,
            },
            _ => None,
        }
    }

    /// Gives it back, at `now`, after an exchange that was read to its end. `keep_alive` is how long the server says that it keeps
    /// the connection.
    pub(super) fn settle(&mut self, reusable: bool, keep_alive: Option<Duration>, now: Instant) {
        let expiry = self.pool.limits.keepalive_expiry;
        let keep_for = expiry.into_iter().chain(keep_alive).min();
        let Some(mut slot) = self.slot.take() else { return };
        if let Carrier::Own(_, connection) = &mut slot.carrier {
            connection.rest();
            let expires = keep_for.and_then(|keep_for| now.checked_add(keep_for));
            slot.keep = (reusable && keep_for != Some(Duration::ZERO)).then_some(expires);
        }
        self.pool.release(slot, now);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(slot) = self.slot.take() {
            self.pool.release(slot, Instant::now());
        }
    }
}

/// Something has happened at a destination, so that those who wait for it may have a chance.
struct News {
    destination: Destination,
    /// A connection to it could not be made.
    dial_failed: bool,
}

impl News {
    fn of(destination: Destination) -> News {
        News { destination, dial_failed: false }
    }
}

/// What became of the first of a line.
enum Served {
    Somebody,
    /// He has given up, and what he was given is free again.
    GivenUp(News),
    /// There is nothing for his destination now.
    NobodyHere,
    /// There is nothing for anybody who needs another connection.
    NoRoom,
}

/// What somebody gets who asks for a place.
enum Acquired {
    Place(Place),
    Turn(Waiting<Destination, Option<Place>>),
}

/// An exchange that failed, and what may be done about it.
struct Failed {
    error: Error,
    /// The place, for another try on a connection that was not used before.
    once_more: Option<Place>,
    /// How often it may be sent again, on any connection.
    more_tries: u32,
}

impl From<Error> for Failed {
    fn from(error: Error) -> Failed {
        Failed { error, once_more: None, more_tries: 0 }
    }
}

impl ConnectionPool {
    /// A pool; it opens nothing by itself.
    pub fn new(limits: Limits, dialer: Dialer, http2: Http2Settings) -> Arc<ConnectionPool> {
        let pool = Arc::new_cyclic(|this: &Weak<ConnectionPool>| ConnectionPool {
            limits,
            dialer,
            http2,
            guarded: Mutex::new(Guarded { state: State::new(), waiting: WaitQueue::default() }),
            this: this.clone(),
        });
        let keeper: Arc<dyn Quiesce> = Arc::clone(&pool) as Arc<dyn Quiesce>;
        <dyn Quiesce>::register(Arc::downgrade(&keeper));
        pool
    }

    /// Sends `request`, which has arrived at `started`, as the proxy wants it, if there is one, and returns when the
    /// response's head is there.
    pub async fn handle(&self, call: &Call, request: &Request<'_>, started: Instant) -> Result<Response, Error> {
        match self.dialer.forwarded(request)? {
            Some(forwarded) => self.carry(call, &forwarded.of(request), started).await,
            None => self.carry(call, request, started).await,
        }
    }

    /// The same for a request that no proxy forwards.
    pub async fn carry(&self, call: &Call, request: &Request<'_>, started: Instant) -> Result<Response, Error> {
        let mut timings = Timings::new(started);
        // G04: one limit for all the waiting.
        let mut patience = request.timeouts.pool;
        let place = match self.try_acquire(call, request, started)? {
            Acquired::Place(place) => place,
            Acquired::Turn(turn) => {
                let place = Box::pin(self.wait(call, request, turn, &mut patience)).await?;
                timings.queued = started.elapsed();
                place
            }
        };
        let failed = match self.attempt(call, request, place, &mut timings).await {
            Ok(response) => return Ok(response),
            Err(failed) => failed,
        };
        Box::pin(self.carry_on(call, request, failed, &mut timings, &mut patience)).await
    }

    /// What comes after a try that has failed: others, as long as there is hope.
    async fn carry_on(
        &self,
        call: &Call,
        request: &Request<'_>,
        mut failed: Failed,
        timings: &mut Timings,
        patience: &mut Option<Duration>,
    ) -> Result<Response, Error> {
        let mut tries = 0;
        loop {
            let place = match failed.once_more {
                Some(place) => place,
                None if tries < failed.more_tries && request.body.is_unread() => {
                    tries += 1;
                    let place = match self.try_acquire(call, request, Instant::now())? {
                        Acquired::Place(place) => place,
                        Acquired::Turn(turn) => self.wait(call, request, turn, patience).await?,
                    };
                    timings.queued = timings.started.elapsed();
                    place
                }
                None => return Err(failed.error),
            };
            failed = match self.attempt(call, request, place, timings).await {
                Ok(response) => return Ok(response),
                Err(failed) => failed,
            };
        }
    }

    /// One try.
    async fn attempt(
        &self,
        call: &Call,
        request: &Request<'_>,
        mut place: Place,
        timings: &mut Timings,
    ) -> Result<Response, Failed> {
        timings.reused = match self.is_ready(call, &mut place)? {
            true => true,
            // Boxed, as is the wait below: rare, and large beside what every request goes through.
            false => Box::pin(self.connect(call, request, &mut place)).await?,
        };
        // A clock is not free: what was there took no time.
        timings.connected = if timings.reused { timings.queued } else { timings.started.elapsed() };
        // From here on, only an exchange that comes to its end leaves a connection fit for another.
        let slot = place.slot()?;
        slot.keep = None;
        if let Carrier::Stream(_, connection) = &slot.carrier {
            let connection = Arc::clone(connection);
            let cut = Arc::clone(&slot.cut);
            return Box::pin(self.attempt_on_stream(call, request, place, (connection, cut), timings)).await;
        }
        let Carrier::Own(_, connection) = &mut slot.carrier else {
            return Err(Error::new(Code::INTERNAL, "a place without a connection").into());
        };
        match http11::exchange(call, connection, request, timings).await {
            Ok((head, exchange)) => {
                let connection = Arc::clone(connection.info());
                let body = ResponseBody::on_http1(place, exchange, &head);
                Ok(Response { head, body, connection, timings: *timings, stream_id: None })
            }
            Err(failure) if timings.reused && may_try_again(request, &failure) => {
                // The server closed it while it was idle, and we could not see that yet (checklist H16).
                self.dial_again(&mut place)?;
                Err(Failed { error: failure.error, once_more: Some(place), more_tries: 0 })
            }
            Err(failure) => Err(failure.error.into()),
        }
    }

    async fn attempt_on_stream(
        &self,
        call: &Call,
        request: &Request<'_>,
        place: Place,
        (connection, cut): (Arc<Http2Connection>, Arc<super::connection::Cut>),
        timings: &mut Timings,
    ) -> Result<Response, Failed> {
        match http2::exchange(call, &connection, &cut, request, timings).await {
            Ok((head, exchange)) => {
                let (info, stream_id) = (Arc::clone(connection.info()), Some(exchange.stream_id()));
                let body = ResponseBody::on_http2(place, exchange);
                Ok(Response { head, body, connection: info, timings: *timings, stream_id })
            }
            Err(failure) => {
                // H16 holds for a connection that others have used, too.
                let more_tries = match timings.reused {
                    _ if failure.refused => MAX_REFUSED,
                    _ if failure.unprocessed => MAX_UNPROCESSED,
                    true if failure.unopened => MAX_UNPROCESSED,
                    true if failure.disconnected && request.is_idempotent() => 1,
                    _ => 0,
                };
                Err(Failed { more_tries, error: failure.error, once_more: None })
            }
        }
    }

    /// Whether the place has a live connection that can be used at once. One that is dead is given up.
    fn is_ready(&self, call: &Call, place: &mut Place) -> Result<bool, Error> {
        match &mut place.slot()?.carrier {
            Carrier::Stream(..) => Ok(true),
            Carrier::Taken(_) => Err(Error::new(Code::INTERNAL, "a connection that is another protocol's")),
            Carrier::Own(_, connection) if !connection.is_stale() => connection.move_at_once(call),
            Carrier::Own(..) => self.dial_again(place).map(|()| false),
            Carrier::Dial(_) => Ok(false),
        }
    }

    /// Sees to it that the place has a connection. True if it is one that served before.
    async fn connect(&self, call: &Call, request: &Request<'_>, place: &mut Place) -> Result<bool, Error> {
        if let Some(connection) = place.connection() {
            connection.move_to(call).await?;
            return Ok(true);
        }
        self.dial(call, request, place).await.map(|()| false)
    }

    /// Makes the connection that the place gives the right to.
    async fn dial(&self, call: &Call, request: &Request<'_>, place: &mut Place) -> Result<(), Error> {
        let slot = place.slot()?;
        let cut = Arc::clone(&slot.cut);
        let dial = Box::pin(self.dialer.dial(call, request));
        let dialled = cut.unless(dial).await;
        slot.failed = dialled.is_err();
        let dialled = dialled?;
        if dialled.info.http2 {
            let start = Http2Connection::start(dialled, &self.http2, self.watch());
            let step = "http2.send_connection_init";
            let info = || http2::request_info(request);
            let connection = request.observer.around(call, step, info, start, |_| Value::None).await?;
            return self.guarded(|guarded, afterwards| {
                guarded.state.share(place.slot()?, connection);
                self.serve(guarded, News::of(self.destination(request.origin)), afterwards);
                Ok(())
            });
        }
        let connection = Box::new(Connection::new(dialled, cut));
        self.guarded(|guarded, afterwards| {
            let slot = place.slot()?;
            guarded.state.dialled(slot);
            if let Carrier::Dial(record) = slot.carrier {
                slot.carrier = Carrier::Own(record, connection);
            }
            if self.may_share(request.origin) {
                self.serve(guarded, News::of(self.destination(request.origin)), afterwards);
            }
            Ok(())
        })
    }

    fn dial_again(&self, place: &mut Place) -> Result<(), Error> {
        self.guarded(|guarded, afterwards| {
            guarded.state.dial_again(place.slot()?, afterwards);
            Ok(())
        })
    }

    /// What the I/O thread calls when a shared connection's status has changed.
    fn watch(&self) -> Box<dyn Fn(&Status) + Send + Sync> {
        let pool = self.this.clone();
        Box::new(move |status| {
            let Some(pool) = pool.upgrade() else { return };
            pool.guarded(|guarded, afterwards| {
                if let Some(destination) = guarded.state.look_at(status, afterwards) {
                    pool.serve(guarded, News::of(destination), afterwards);
                }
            });
        })
    }

    fn destination(&self, origin: &Arc<Origin>) -> Destination {
        match self.dialer.shares(origin) {
            true => Destination::ForwardingProxy,
            false => Destination::Origin(Arc::clone(origin)),
        }
    }

    /// Whether a connection to it may turn out to serve many requests at once.
    fn may_share(&self, origin: &Origin) -> bool {
        let may = match origin.scheme {
            Scheme::Https => self.dialer.http2,
            Scheme::Http => self.dialer.http2 && !self.dialer.http1,
        };
        may && !self.dialer.forwards(origin)
    }

    /// A place, or a turn in the line for one.
    fn try_acquire(&self, call: &Call, request: &Request<'_>, now: Instant) -> Result<Acquired, Error> {
        let destination = self.destination(request.origin);
        let mut afterwards = Afterwards::default();
        let mut guarded = self.lock();
        if guarded.state.closed {
            return Err(Error::from(Code::CLIENT_CLOSED));
        }
        self.expire(&mut guarded.state, now, &mut afterwards);
        let may_share = self.may_share(request.origin);
        let offer = guarded.state.offer(&destination, &self.limits, may_share, now, &mut afterwards);
        if let Offer::Slot(slot) = offer {
            drop(guarded);
            return Ok(Acquired::Place(self.place(slot)?));
        }
        let turn = guarded.waiting.join(destination.clone(), call);
        match offer {
            Offer::NotHere => guarded.waiting.hold(&destination),
            // Held for others, perhaps, who have given up since.
            _ => guarded.waiting.let_go(&destination),
        }
        Ok(Acquired::Turn(turn))
    }

    async fn wait(
        &self,
        call: &Call,
        request: &Request<'_>,
        waiting: Waiting<Destination, Option<Place>>,
        patience: &mut Option<Duration>,
    ) -> Result<Place, Error> {
        if *patience == Some(Duration::ZERO) {
            return Err(timed_out(Code::POOL_TIMEOUT));
        }
        call.leave_lane();
        let begun = Instant::now();
        let own = patience.and_then(|patience| begun.checked_add(patience));
        let until = own.into_iter().chain(request.deadline).min();
        // Who waits for a connection that is being made does not rely on its being made.
        let mut look_again = self.may_share(request.origin).then(|| begun + DIAL_PATIENCE);
        let mut timer = CoarseTimer::new();
        let place = poll_fn(|cx| loop {
            if let Poll::Ready(place) = Pin::new(&mut &waiting).poll(cx) {
                return Poll::Ready(Ok(place));
            }
            let Some(at) = until.into_iter().chain(look_again).min() else { return Poll::Pending };
            ready!(call.poll_until(cx, at, &mut timer));
            if until == Some(at) {
                return Poll::Ready(Err(match request.deadline == until {
                    true => deadline_exceeded(),
                    false => timed_out(Code::POOL_TIMEOUT),
                }));
            }
            look_again = Some(Instant::now() + DIAL_PATIENCE);
            self.guarded(|guarded, afterwards| {
                self.serve(guarded, News::of(self.destination(request.origin)), afterwards);
            });
        })
        .await?;
        *patience = patience.map(|patience| patience.saturating_sub(begun.elapsed()));
        match place {
            Some(place) if !self.lock().state.closed => Ok(place),
            _ => Err(Error::from(Code::CLIENT_CLOSED)),
        }
    }

    fn place(&self, slot: Slot) -> Result<Place, Error> {
        let pool = self.this.upgrade().ok_or_else(|| Error::from(Code::CLIENT_CLOSED))?;
        Ok(Place { pool, slot: Some(slot) })
    }

    fn release(&self, slot: Slot, now: Instant) {
        self.guarded(|guarded, afterwards| {
            if let Some(news) = self.take_back(guarded, slot, now, afterwards) {
                self.serve(guarded, news, afterwards);
            }
            self.expire(&mut guarded.state, now, afterwards);
        });
    }

    fn take_back(&self, guarded: &mut Guarded, slot: Slot, now: Instant, afterwards: &mut Afterwards) -> Option<News> {
        let news = (!guarded.waiting.is_empty())
            .then(|| News { destination: guarded.state.destination(&slot).clone(), dial_failed: slot.failed });
        guarded.state.release(slot, self.expiry(now), afterwards);
        news
    }

    /// Gives those who wait what there is after the news, in their order, one wake-up for each.
    fn serve(&self, guarded: &mut Guarded, news: News, afterwards: &mut Afterwards) {
        if guarded.waiting.is_empty() {
            return;
        }
        let now = Instant::now();
        guarded.waiting.let_go(&news.destination);
        let mut all_news = vec![news];
        while let Some(destination) = guarded.waiting.next(self.back()) {
            match self.serve_first(guarded, &destination, &all_news, now, afterwards) {
                Served::Somebody | Served::NobodyHere => {}
                Served::GivenUp(news) => all_news.push(news),
                Served::NoRoom => break,
            }
        }
        // Whoever waits for room holds up nobody at a destination that has some (checklist H03).
        for number in 0..all_news.len() {
            let destination = all_news[number].destination.clone();
            while guarded.waiting.next_for(&destination, self.back()) {
                match self.serve_first(guarded, &destination, &all_news, now, afterwards) {
                    Served::Somebody | Served::GivenUp(_) => {}
                    Served::NobodyHere | Served::NoRoom => break,
                }
            }
        }
    }

    /// Serves the first of a line.
    fn serve_first(
        &self,
        guarded: &mut Guarded,
        to: &Destination,
        news: &[News],
        now: Instant,
        afterwards: &mut Afterwards,
    ) -> Served {
        let failed = || news.iter().any(|news| news.dial_failed && news.destination == *to);
        let may_share = matches!(to, Destination::Origin(origin) if self.may_share(origin)) && !failed();
        let slot = match guarded.state.offer(to, &self.limits, may_share, now, afterwards) {
            Offer::Slot(slot) => slot,
            Offer::NotHere => {
                guarded.waiting.hold(to);
                return Served::NobodyHere;
            }
            Offer::NoRoom => return Served::NoRoom,
        };
        let Ok(place) = self.place(slot) else { return Served::NoRoom };
        match guarded.waiting.grant(to, Some(place)) {
            Granted::To(waker) => {
                afterwards.wakers.extend(waker);
                Served::Somebody
            }
            // Given up just now. Taken back by hand, as its guard would want the lock; the next one may have it.
            Granted::Nobody(place) => {
                let slot = place.and_then(|mut place| place.slot.take());
                let news = slot.and_then(|slot| self.take_back(guarded, slot, now, afterwards));
                news.map_or(Served::Somebody, |news| {
                    guarded.waiting.let_go(&news.destination);
                    Served::GivenUp(news)
                })
            }
        }
    }

    /// What puts a waiter back in its place once somebody drives its lane.
    fn back(&self) -> impl Fn(PutBack<Destination, Option<Place>>) + Clone + Send + 'static {
        let pool = self.this.clone();
        move |waiter| {
            let Some(pool) = pool.upgrade() else { return };
            let Some(destination) = waiter.key() else { return };
            pool.guarded(|guarded, afterwards| {
                guarded.waiting.put_back(waiter);
                pool.serve(guarded, News::of(destination), afterwards);
            });
        }
    }

    /// When a connection that is idle from `now` on has been so for too long.
    fn expiry(&self, now: Instant) -> Option<Instant> {
        self.limits.keepalive_expiry.and_then(|expiry| now.checked_add(expiry))
    }

    fn expire(&self, state: &mut State, now: Instant, afterwards: &mut Afterwards) {
        state.expire(self.limits.max_keepalive.unwrap_or(usize::MAX), now, afterwards);
    }

    /// What there is just now.
    pub fn counts(&self) -> Counts {
        let guarded = self.lock();
        guarded.state.counts(guarded.waiting.len())
    }

    /// All connections, oldest first.
    pub fn connections(&self) -> Vec<ConnectionSnapshot> {
        self.lock().state.connections(&self.dialer)
    }

    /// Takes no more requests, closes what is idle, and ends those who wait and those that run (checklist H15).
    pub fn close(&self) {
        let cuts = self.guarded(|guarded, afterwards| {
            guarded.state.closed = true;
            while guarded.state.close_oldest_idle(afterwards) {}
            guarded.waiting.let_all_go();
            while let Some(destination) = guarded.waiting.next(self.back()) {
                if let Granted::To(waker) = guarded.waiting.grant(&destination, None) {
                    afterwards.wakers.extend(waker);
                }
            }
            guarded.state.cuts()
        });
        for cut in cuts {
            cut.now();
        }
    }

    /// Closes what is idle, and keeps nothing from now on. What runs goes on.
    pub fn retire(&self) {
        self.guarded(|guarded, afterwards| {
            guarded.state.retired = true;
            while guarded.state.close_oldest_idle(afterwards) {}
        });
    }

    /// Waits until no request runs, or until `at`. True if none runs.
    pub async fn drained(&self, call: &Call, at: Option<Instant>) -> bool {
        let mut timer = CoarseTimer::new();
        poll_fn(|cx| {
            {
                let state = &mut self.lock().state;
                if !state.is_in_use() {
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

    fn lock(&self) -> MutexGuard<'_, Guarded> {
        self.guarded.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `work` under the lock, and afterwards, without it, what came of that.
    fn guarded<R>(&self, work: impl FnOnce(&mut Guarded, &mut Afterwards) -> R) -> R {
        let mut afterwards = Afterwards::default();
        let mut guarded = self.lock();
        work(&mut guarded, &mut afterwards)
    }
}

impl Quiesce for ConnectionPool {
    fn close_idle(&self) {
        self.guarded(|guarded, afterwards| while guarded.state.close_oldest_idle(afterwards) {});
    }
}

/// H16: nothing of a response has come, the body can be sent again, and the server cannot have acted on the request, or
/// may safely act on it twice.
fn may_try_again(request: &Request<'_>, failure: &http11::Failure) -> bool {
    let died = failure.error.is_a(Code::SERVER_DISCONNECTED)
        || failure.error.is_a(Code::READ_ERROR)
        || failure.error.is_a(Code::WRITE_ERROR);
    died && failure.before_response && request.body.is_replayable() && (request.is_idempotent() || failure.nothing_sent)
}
