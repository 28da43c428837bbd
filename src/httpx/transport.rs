//! A transport: what carries single requests, with a connection pool of its own. Usable without a client, and by several
//! clients at once (checklist M01).

use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::auth::ThroughProxy;
use super::custom_transport::{self, CustomTransport};
use super::{ClientBuilder, Proxy, Reading, Request, Response, Url};
use crate::counters::Counter;
use crate::error::{Code, Error};
use crate::httpcore::{self, ConnectionPool, ConnectionSnapshot, Counts, Dialer, Observer, Refusal, Scheme, TlsConfig};
use crate::runtime::{block_on, block_on_lane, Call, Foreign, ForkCell, Interrupt};

/// See the module. Any thread may use it.
pub struct Transport {
    /// What concerns connections of it.
    options: ClientBuilder,
    carrier: Carrier,
    closed: AtomicBool,
}

/// What carries requests.
enum Carrier {
    /// A forked child has a pool of its own (checklist T05).
    Pool(ForkCell<Arc<ConnectionPool>>),
    /// User code (checklist M02).
    Custom(Arc<Foreign<Box<dyn CustomTransport>>>),
}

/// Why a request is sent once more.
enum Again {
    /// The server does not know what is expected of it (RFC 9110 §10.1.1).
    WithoutExpect,
    /// A proxy has asked for credentials, and there are some.
    WithCredentials,
}

impl Transport {
    /// Opens and reads nothing yet.
    pub fn new(options: ClientBuilder) -> Arc<Transport> {
        let carrier = Carrier::Pool(ForkCell::new());
        Arc::new(Transport { options, carrier, closed: AtomicBool::new(false) })
    }

    /// User code that carries requests.
    pub fn custom(transport: Box<dyn CustomTransport>) -> Arc<Transport> {
        let carrier = Carrier::Custom(Arc::new(Foreign::new(transport)));
        Arc::new(Transport { options: ClientBuilder::default(), carrier, closed: AtomicBool::new(false) })
    }

    /// Whether it is user code.
    pub(super) fn is_custom(&self) -> bool {
        matches!(self.carrier, Carrier::Custom(_))
    }

    /// The pool, if there is one by now.
    fn known_pool(&self) -> Option<&Arc<ConnectionPool>> {
        match &self.carrier {
            Carrier::Pool(pool) => pool.get(),
            Carrier::Custom(_) => None,
        }
    }

    fn pool<'a>(&'a self, cell: &'a ForkCell<Arc<ConnectionPool>>) -> &'a Arc<ConnectionPool> {
        cell.get_or_init(|| {
            let dialer = Dialer {
                tls: TlsConfig::new(self.options.tls.clone()),
                unix_socket: self.options.unix_socket.clone(),
                overrides: self.options.overrides.clone(),
                sockets: self.options.sockets.clone(),
                proxy: self.options.proxy.as_ref().map(Proxy::to_core),
                retries: self.options.retries,
                http1: self.options.http1,
                http2: self.options.http2,
            };
            let pool = ConnectionPool::new(self.options.limits, dialer, self.options.http2_settings);
            if self.closed.load(Ordering::Acquire) {
                pool.close();
            }
            pool
        })
    }

    /// Has its log, if there is one, tell no lines below that level.
    pub fn set_log_level(&self, from: i32) {
        if let Some(log) = &self.options.log {
            log.set_level(from);
        }
    }

    /// The URL of the proxy that it goes through, without credentials.
    pub fn proxy_url(&self) -> Option<&str> {
        self.options.proxy.as_ref().map(Proxy::as_str)
    }

    /// A request without a client's defaults: Host is all that it has.
    pub fn build_request(&self, method: &str, url: &str) -> Result<Request, Error> {
        Request::new(method, Url::parse(url)?, &super::Headers::default(), Some(self.options.timeouts))
    }

    /// One request, one response, with its body unread: no redirects, no cookies, no credentials.
    pub async fn handle(
        &self,
        call: &Call,
        request: &Arc<Request>,
        observer: &Observer,
        deadline: Option<Instant>,
    ) -> Result<Response, Error> {
        if self.closed.load(Ordering::Acquire) {
            return Err(Error::from(Code::CLIENT_CLOSED));
        }
        Counter::Requests.count();
        let pool = match &self.carrier {
            Carrier::Pool(cell) => self.pool(cell),
            Carrier::Custom(transport) => {
                let reading = &self.options.reading;
                return Box::pin(custom_transport::handle(transport, call, request, deadline, reading)).await;
            }
        };
        let started = Instant::now();
        let flow = self.options.proxy.as_ref().and_then(Proxy::flow);
        let loaded = match flow {
            // What the flow is shown is what the proxy gets: a body that can be read once is read here.
            Some(auth) if auth.requires_request_body() && request.url().scheme() == "http" => {
                Some(Box::pin(request.loaded(call, deadline)).await?)
            }
            _ => None,
        };
        let request = loaded.as_ref().unwrap_or(request);
        let core = request.to_core(deadline, observer, (self.options.head_limits, self.options.max_body))?;
        if let Some(auth) = flow {
            let reading = &self.options.reading;
            let through = ThroughProxy { pool, auth, reading, request };
            return Box::pin(async move { through.handle(call, core, started).await }).await;
        }
        let mut handled = match &self.options.proxy {
            None => pool.carry(call, &core, started).await,
            Some(_) => Box::pin(pool.handle(call, &core, started)).await,
        };
        if let Some(why) = self.why_again(&core, &handled)? {
            // Boxed, as all that is rare and large beside what every request goes through.
            handled = Box::pin(self.handle_again(call, pool, core, (why, handled))).await;
        }
        match handled {
            Ok(response) => Ok(Response::new(response, Arc::clone(request), started, &self.options.reading)),
            Err(error) => Err(with_refusal(error, request, started, &self.options.reading)),
        }
    }

    /// Why a request is to be sent once more, if it is.
    fn why_again(
        &self,
        request: &httpcore::Request<'_>,
        handled: &Result<httpcore::Response, Error>,
    ) -> Result<Option<Again>, Error> {
        match handled {
            Ok(response) if response.head.status == 417 && request.adds_expect() && request.body.is_replayable() => {
                Ok(Some(Again::WithoutExpect))
            }
            _ => Ok(self.is_asked_by_proxy(request, handled)?.then_some(Again::WithCredentials)),
        }
    }

    /// Sends a request once more.
    async fn handle_again(
        &self,
        call: &Call,
        pool: &ConnectionPool,
        mut core: httpcore::Request<'_>,
        (why, mut handled): (Again, Result<httpcore::Response, Error>),
    ) -> Result<httpcore::Response, Error> {
        if let Again::WithoutExpect = why {
            drop(handled);
            core.expect = None;
            handled = pool.handle(call, &core, Instant::now()).await;
            if !self.is_asked_by_proxy(&core, &handled)? {
                return handled;
            }
        }
        if let Ok(response) = &mut handled {
            // Read to its end, so that its connection serves again.
            while response.body.next(call, usize::MAX).await?.is_some() {}
        }
        drop(handled);
        pool.handle(call, &core, Instant::now()).await
    }

    /// Whether a proxy has asked for credentials that there are, to a request that can be sent once more.
    fn is_asked_by_proxy(
        &self,
        request: &httpcore::Request<'_>,
        handled: &Result<httpcore::Response, Error>,
    ) -> Result<bool, Error> {
        let Some(proxy) = &self.options.proxy else { return Ok(false) };
        match handled {
            // Through a tunnel it is the origin that speaks.
            Ok(response) if request.origin.scheme == Scheme::Http && request.body.is_replayable() => {
                proxy.challenged(response.head.status, &response.head.headers)
            }
            Ok(_) => Ok(false),
            // Nothing of the request was sent yet.
            Err(error) => error
                .response::<Refusal>()
                .map_or(Ok(false), |refusal| proxy.challenged(refusal.head.status, &refusal.head.headers)),
        }
    }

    /// What [`Transport::handle`] does, for those who have nothing but a transport. A request's errors say which it was.
    pub async fn send(self: Arc<Transport>, call: Call, request: Arc<Request>) -> Result<Response, Error> {
        let request = request.with_timeouts(self.options.timeouts);
        let observer = self.options.observer_of(&request);
        let observer = observer.as_ref().unwrap_or(&request.observer);
        let call = call.until(request.deadline()).lending(self.interrupt().cloned());
        let sent = self.handle(&call, &request, observer, call.deadline()).await;
        request.abandon_body();
        sent.map_err(|error| request.blamed(error))
    }

    /// What a thread that is blocked in a call of this transport asks now and then.
    pub fn interrupt(&self) -> Option<&Arc<Interrupt>> {
        self.options.interrupt.as_ref()
    }

    /// Runs a call of this transport, which sends a request, on the calling thread.
    pub fn block_on<T, F>(&self, make: impl FnOnce(Call) -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        block_on_lane(self.options.interrupt.as_deref(), make)
    }

    /// What the pool has just now.
    pub fn counts(&self) -> Counts {
        self.known_pool().map_or(Counts::default(), |pool| pool.counts())
    }

    /// Its connections just now, oldest first.
    pub fn connections(&self) -> Vec<ConnectionSnapshot> {
        self.known_pool().map_or(Vec::new(), |pool| pool.connections())
    }

    /// Waits until no request runs, or until `at`.
    pub(super) async fn drained(&self, call: &Call, at: Option<Instant>) {
        if let Some(pool) = self.known_pool() {
            pool.drained(call, at).await;
        }
    }

    /// Takes no more requests, and cuts off those that run.
    pub(super) fn close_now(&self) {
        self.closed.store(true, Ordering::Release);
        if let Some(pool) = self.known_pool() {
            pool.close();
        }
    }

    /// Takes no more requests, waits at most `drain` for those that run (None: for ever) and for responses that are
    /// open, and cuts the others off. Closing twice does no harm.
    pub fn close(&self, drain: Option<Duration>) -> Result<(), Error> {
        let closed_before = self.closed.swap(true, Ordering::AcqRel);
        if let (Carrier::Custom(transport), false) = (&self.carrier, closed_before) {
            transport.get().close();
        }
        if drain != Some(Duration::ZERO) {
            let at = drain.and_then(|drain| Instant::now().checked_add(drain));
            block_on(self.interrupt().map(AsRef::as_ref), |call| async move {
                self.drained(&call, at).await;
                Ok(())
            })?;
        }
        self.close_now();
        Ok(())
    }
}

/// The error with the response, if a proxy has given one that is not the request's.
fn with_refusal(error: Error, request: &Arc<Request>, started: Instant, reading: &Arc<Reading>) -> Error {
    match error.response::<Refusal>() {
        Some(refusal) => {
            let response = Response::of_refusal(&refusal, Arc::clone(request), started, reading);
            error.with_response(Arc::new(response))
        }
        None => error,
    }
}

impl Drop for Transport {
    // Open responses keep the pool; what is idle goes now, and they close their connections at their end.
    fn drop(&mut self) {
        if let Some(pool) = self.known_pool() {
            pool.retire();
        }
    }
}
