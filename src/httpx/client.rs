//! The client: what all its requests share, and the way from a request to its response.

use std::collections::HashMap;
use std::ffi::OsString;
use std::future::{poll_fn, Future};
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Poll, Waker};
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;

use super::auth::{authorized, Flow};
use super::decoders::accept_encoding;
use super::request::Letterhead;
use super::{
    proxy_environment, redirects, Auth, BaseUrl, Change, ClientOption, Cookies, EventHooks, Given, Headers, Proxy,
    QueryParams, Reading, Request, Response, Transport, Url, UrlParts, UrlPattern,
};
use crate::counters::Counter;
use crate::error::{Code, Error};
use crate::httpcore::{
    ConnectionSnapshot, Counts, HeadLimits, Http2Settings, Level, Limits, Log, Observer, Timeouts, TlsConfig,
    TlsSettings, TraceFn,
};
use crate::runtime::{block_on, block_on_lane, Call, CoarseTimer, ForkCell, Interrupt, TcpSettings};

/// A client's options, with HTTPX's defaults (checklist A01).
#[derive(Clone)]
pub struct ClientBuilder {
    /// Of requests that set none.
    pub timeouts: Timeouts,
    /// Of the pool.
    pub limits: Limits,
    /// On every request, in this order.
    pub headers: Headers,
    /// Of `https` connections.
    pub tls: TlsSettings,
    /// Where every connection goes instead of its origin's address.
    pub unix_socket: Option<PathBuf>,
    /// Addresses of names that are not looked up, by name and port.
    pub overrides: HashMap<(Box<str>, u16), Vec<SocketAddr>>,
    /// Of all TCP sockets (checklist H12).
    pub sockets: TcpSettings,
    /// What all connections go through.
    pub proxy: Option<Proxy>,
    /// What connections to some URLs go through; None is nothing (checklist K13).
    pub proxies: Vec<(UrlPattern, Option<Proxy>)>,
    /// How often a connection that cannot be made is tried again.
    pub retries: u32,
    /// Whether HTTP/1.1 is spoken. Without it, `http` URLs mean HTTP/2 with prior knowledge (checklist J03).
    pub http1: bool,
    /// Whether HTTP/2 is spoken to servers that choose it (checklist J01).
    pub http2: bool,
    /// What an HTTP/2 connection may do.
    pub http2_settings: Http2Settings,
    /// What a response's head may have.
    pub head_limits: HeadLimits,
    /// How responses' bodies are read.
    pub reading: Arc<Reading>,
    /// The most bytes that a response's body may have on the wire.
    pub max_body: Option<u64>,
    /// What relative URLs are appended to.
    pub base_url: Option<BaseUrl>,
    /// The query of every request, instead of its URL's.
    pub params: QueryParams,
    /// Whether `params` and the URL's query are both sent (checklist B31).
    pub merge_params: bool,
    /// Of requests that have none of their own.
    pub auth: Option<Auth>,
    /// Whether redirects are followed by requests that do not say.
    pub follow_redirects: bool,
    /// How many of them.
    pub max_redirects: usize,
    /// Whether a request that becomes a GET keeps its Content-Type and Content-Encoding, as in HTTPX (checklist E04).
    pub redirects_keep_content_type: bool,
    /// Asked by blocked threads.
    pub interrupt: Option<Arc<Interrupt>>,
    /// What carries requests that no mount takes; None for one of the client's own.
    pub transport: Option<Arc<Transport>>,
    /// What carries the requests to some URLs; None for the client's own default (checklist K17).
    pub mounts: Vec<(UrlPattern, Option<Arc<Transport>>)>,
    /// Whether the environment says what the program has not (checklist L04).
    pub trust_env: bool,
    /// Hears of the steps of requests that have no listener of their own.
    pub trace: Option<Arc<TraceFn>>,
    /// Hears what HTTPX and httpcore would log.
    pub log: Option<Log>,
    /// See every request and every response.
    pub event_hooks: EventHooks,
}

impl Default for ClientBuilder {
    fn default() -> ClientBuilder {
        // B04 to B06: the defaults, in HTTPX's order.
        let mut headers = Headers::default();
        for (name, value) in [
            ("Accept", "*/*"),
            ("Accept-Encoding", accept_encoding()),
            ("Connection", "keep-alive"),
            ("User-Agent", concat!("libhttpx/", env!("CARGO_PKG_VERSION"))),
        ] {
            headers.push(Bytes::from_static(name.as_bytes()), Bytes::from_static(value.as_bytes()));
        }
        ClientBuilder {
            timeouts: Timeouts::default(),
            limits: Limits::default(),
            headers,
            tls: TlsSettings::default(),
            unix_socket: None,
            overrides: HashMap::new(),
            sockets: TcpSettings::default(),
            proxy: None,
            proxies: Vec::new(),
            retries: 0,
            http1: true,
            http2: false,
            http2_settings: Http2Settings::default(),
            head_limits: HeadLimits::default(),
            reading: Arc::default(),
            max_body: None,
            base_url: None,
            params: QueryParams::default(),
            merge_params: false,
            auth: None,
            follow_redirects: false,
            max_redirects: 20,
            redirects_keep_content_type: false,
            interrupt: None,
            transport: None,
            mounts: Vec::new(),
            trust_env: true,
            trace: None,
            log: None,
            event_hooks: EventHooks::default(),
        }
    }
}

impl ClientBuilder {
    /// Gives a name on one port one more address, instead of looking it up.
    ///
    /// # Errors
    /// INVALID_ARGUMENT for an address or port that is none.
    pub fn add_override(&mut self, name: &str, port: u32, address: &str) -> Result<(), Error> {
        let ip = ip_address(address)?;
        let port = u16::try_from(port)
            .map_err(|_| Error::new(Code::INVALID_ARGUMENT, format!("{port} is no port: they end at 65535")))?;
        // As the URL will say it.
        let host = UrlParts { host: Change::Set(name), ..UrlParts::default() };
        let url = Url::parse_with("http://name/", &host)?;
        let key = (Box::from(url.raw_host()), port);
        self.overrides.entry(key).or_default().push(SocketAddr::new(ip, port));
        Ok(())
    }

    /// Sets the address at this end of connections.
    ///
    /// # Errors
    /// INVALID_ARGUMENT for what is no address.
    pub fn set_local_address(&mut self, address: &str) -> Result<(), Error> {
        self.sockets.local_address = Some(ip_address(address)?);
        Ok(())
    }

    /// Has requests to some URLs carried by `transport`; None for the client's default. A pattern that is there already
    /// keeps its place (checklist K16).
    pub fn mount(&mut self, pattern: UrlPattern, transport: Option<Arc<Transport>>) {
        match self.mounts.iter_mut().find(|(known, _)| *known == pattern) {
            Some(mount) => mount.1 = transport,
            None => self.mounts.push((pattern, transport)),
        }
    }

    /// Who listens to a request; None if it is only who the request says.
    pub(super) fn observer_of(&self, request: &Request) -> Option<Observer> {
        let log = self.log.as_ref().filter(|log| log.wants(Level::Debug));
        if self.trace.is_none() && log.is_none() {
            return None;
        }
        let own = &request.observer;
        let trace = own.trace.as_ref().or(self.trace.as_ref()).cloned();
        let observer = Observer { trace, ..own.clone() };
        Some(match log {
            Some(log) => observer.logged(log.clone()),
            None => observer,
        })
    }

    /// `known` is one that may begin as this one does.
    fn merge_url(&self, url: &str, known: Option<&Url>) -> Result<Url, Error> {
        let url = Url::parse_like(known, url)?;
        match &self.base_url {
            Some(base) => base.merge(url),
            None => Ok(url),
        }
    }

    /// A transport with these options.
    ///
    /// # Errors
    /// INVALID_CONFIG if they contradict each other.
    pub fn build_transport(&self) -> Result<Arc<Transport>, Error> {
        if !self.http1 && !self.http2 {
            return Err(Error::new(Code::INVALID_CONFIG, "neither HTTP/1.1 nor HTTP/2 may be spoken"));
        }
        let log = self.log.as_ref().map(Log::separate);
        let options = ClientBuilder { transport: None, mounts: Vec::new(), proxies: Vec::new(), log, ..self.clone() };
        Ok(Transport::new(options))
    }

    /// Has connections to some URLs go through `proxy`; None is no proxy.
    pub fn set_proxy_for(&mut self, pattern: UrlPattern, proxy: Option<Proxy>) {
        match self.proxies.iter_mut().find(|(known, _)| *known == pattern) {
            Some(known) => known.1 = proxy,
            None => self.proxies.push((pattern, proxy)),
        }
    }

    /// Adds the environment's proxies, in front of those that the program has set and that come before them.
    fn add_proxies(&mut self, found: Vec<(UrlPattern, Option<String>)>) -> Result<(), Error> {
        let own = std::mem::take(&mut self.proxies);
        for (pattern, url) in found {
            self.proxies.push((pattern, url.as_deref().map(Proxy::parse).transpose()?));
        }
        for (pattern, proxy) in own {
            self.set_proxy_for(pattern, proxy);
        }
        Ok(())
    }

    /// These options, and what the environment adds to them if it is trusted: for `build`.
    ///
    /// # Errors
    /// What is wrong with what the environment says.
    pub fn in_environment(&self, lookup: &dyn Fn(&str) -> Option<OsString>) -> Result<ClientBuilder, Error> {
        let mut builder = self.clone();
        if self.trust_env {
            builder.tls.apply_environment(lookup)?;
            // A13. A unix socket is a way of its own.
            if self.proxy.is_none() && self.transport.is_none() && self.unix_socket.is_none() {
                builder.add_proxies(proxy_environment(lookup)?)?;
            }
        }
        Ok(builder)
    }

    /// A client with these options. It opens and reads nothing yet.
    ///
    /// # Errors
    /// INVALID_CONFIG if they contradict each other.
    pub fn build(&self) -> Result<Arc<Client>, Error> {
        let routes = Routes::new(self)?;
        Ok(Arc::new(Client {
            built: Arc::new(ClientBuilder { log: self.log.as_ref().map(Log::separate), ..self.clone() }),
            options: ForkCell::new(),
            routes,
            sends: ForkCell::new(),
            cookies: ForkCell::new(),
            last: ForkCell::new(),
            opened: AtomicBool::new(false),
            closed: AtomicBool::new(false),
        }))
    }
}

fn ip_address(text: &str) -> Result<IpAddr, Error> {
    text.parse().map_err(|_| Error::new(Code::INVALID_ARGUMENT, format!("'{text}' is no IP address")))
}

/// Which transport carries which request.
struct Routes {
    default: Arc<Transport>,
    /// By priority; None is the default.
    mounts: Vec<(UrlPattern, Option<Arc<Transport>>)>,
    /// Those that this client has made, and closes.
    own: Vec<Arc<Transport>>,
}

impl Routes {
    fn new(options: &ClientBuilder) -> Result<Routes, Error> {
        let mut own = Vec::new();
        let default = match &options.transport {
            Some(shared) => Arc::clone(shared),
            None => {
                // Its proxy is a mount (checklist K15), so that there is a way around it.
                own.push(ClientBuilder { proxy: None, ..options.clone() }.build_transport()?);
                Arc::clone(&own[0])
            }
        };
        let mut mounts = Vec::new();
        let everywhere = options.proxy.as_ref().filter(|_| options.transport.is_none());
        let everywhere = everywhere.map(|proxy| Ok::<_, Error>((UrlPattern::parse("all://")?, Some(proxy.clone()))));
        for (pattern, proxy) in everywhere.transpose()?.iter().chain(&options.proxies) {
            let transport = match proxy {
                Some(proxy) => {
                    let through = ClientBuilder { proxy: Some(proxy.clone()), ..options.clone() };
                    own.push(through.build_transport()?);
                    own.last().map(Arc::clone)
                }
                None => None,
            };
            mounts.push((pattern.clone(), transport));
        }
        for (pattern, transport) in &options.mounts {
            mounts.retain(|(known, _)| known != pattern);
            mounts.push((pattern.clone(), transport.clone()));
        }
        mounts.sort_by_key(|(pattern, _)| pattern.priority());
        Ok(Routes { default, mounts, own })
    }

    fn transport(&self, url: &Url) -> &Arc<Transport> {
        let mount = self.mounts.iter().find(|(pattern, _)| pattern.matches(url));
        mount.and_then(|(_, transport)| transport.as_ref()).unwrap_or(&self.default)
    }

    /// Each once.
    fn all(&self) -> Vec<&Arc<Transport>> {
        let mut all: Vec<_> = vec![&self.default];
        for transport in self.mounts.iter().filter_map(|(_, transport)| transport.as_ref()) {
            if !all.iter().any(|known| Arc::ptr_eq(known, transport)) {
                all.push(transport);
            }
        }
        all
    }
}

/// How one request is sent.
#[derive(Clone, Copy, Debug, Default)]
pub struct SendOptions {
    /// Return with the body unread.
    pub stream: bool,
    /// Follow redirects; None leaves that to the client.
    pub follow_redirects: Option<bool>,
}

type LastLetterhead = (Arc<Letterhead>, Weak<ClientBuilder>);

/// See the module. Any thread may use it.
pub struct Client {
    /// As it was built.
    built: Arc<ClientBuilder>,
    /// As they are now; replaced, not changed. A forked child has a copy of its own.
    options: ForkCell<Mutex<Arc<ClientBuilder>>>,
    routes: Routes,
    sends: ForkCell<Mutex<Sends>>,
    /// A forked child has a copy of its own.
    cookies: ForkCell<Mutex<Cookies>>,
    /// What the request that was built last began with, and under which options.
    last: ForkCell<Mutex<Option<LastLetterhead>>>,
    /// It has sent something, or was opened.
    opened: AtomicBool,
    closed: AtomicBool,
}

/// What is being sent, from the moment when it was asked for.
#[derive(Default)]
struct Sends {
    running: usize,
    /// Who waits for the last one to end.
    drained: Vec<Waker>,
}

/// A request that a client has agreed to send. Closing the client waits for it.
pub struct Sending {
    client: Arc<Client>,
    /// The client's at the time.
    options: Arc<ClientBuilder>,
    request: Arc<Request>,
    how: SendOptions,
}

/// How a call goes on after its beginning.
struct Course<'a> {
    options: &'a ClientBuilder,
    follow: bool,
    deadline: Option<Instant>,
}

impl Drop for Sending {
    fn drop(&mut self) {
        // Whatever ended it, perhaps before its body was begun.
        self.request.abandon_body();
        let mut sends = self.client.sends();
        sends.running = sends.running.saturating_sub(1);
        let wakers = if sends.running == 0 { std::mem::take(&mut sends.drained) } else { Vec::new() };
        drop(sends);
        for waker in wakers {
            waker.wake();
        }
    }
}

impl Client {
    /// A request with this client's defaults.
    pub fn build_request(&self, method: &str, url: &str) -> Result<Request, Error> {
        let options = self.options();
        let known = self.letterhead(&options);
        let mut url = options.merge_url(url, known.as_deref().map(Letterhead::url))?;
        if !options.params.is_empty() {
            // B31: as in HTTPX 0.28, they take the place of the URL's query, unless they are to be merged with it.
            let query = UrlParts { params: Change::Set(&options.params), ..UrlParts::default() };
            url = if options.merge_params { url.copy_merge_params(&options.params)? } else { url.copy_with(&query)? };
        }
        let letterhead = match known {
            Some(known) if url.begins_like(known.url()) => known,
            _ => self.remember(Letterhead::new(url.clone(), &options.headers), &options),
        };
        Request::on(&letterhead, method, url, Some(options.timeouts))
    }

    /// What the request that was built last began with, if the options were the same.
    fn letterhead(&self, options: &Arc<ClientBuilder>) -> Option<Arc<Letterhead>> {
        let last = self.last.get_or_init(Mutex::default).try_lock().ok()?;
        let (letterhead, of) = last.as_ref()?;
        std::ptr::eq(of.as_ptr(), Arc::as_ptr(options)).then(|| Arc::clone(letterhead))
    }

    fn remember(&self, letterhead: Letterhead, options: &Arc<ClientBuilder>) -> Arc<Letterhead> {
        let letterhead = Arc::new(letterhead);
        if let Ok(mut last) = self.last.get_or_init(Mutex::default).try_lock() {
            *last = Some((Arc::clone(&letterhead), Arc::downgrade(options)));
        }
        letterhead
    }

    /// What a URL means to this client: its base URL's, if it is relative.
    ///
    /// # Errors
    /// InvalidURL.
    pub fn merge_url(&self, url: &str) -> Result<Url, Error> {
        self.options().merge_url(url, None)
    }

    /// What carries a request for that URL: a transport that is mounted, one for a proxy, or the default.
    pub fn transport_for(&self, url: &Url) -> &Arc<Transport> {
        self.routes.transport(url)
    }

    /// The options as they are now.
    pub fn options(&self) -> Arc<ClientBuilder> {
        Arc::clone(&self.lock_options())
    }

    fn lock_options(&self) -> MutexGuard<'_, Arc<ClientBuilder>> {
        let copy =
            |inherited: &Mutex<Arc<ClientBuilder>>| inherited.try_lock().map(|options| Arc::clone(&options)).ok();
        let options = self.options.get_or_inherit(|inherited| {
            Mutex::new(inherited.and_then(copy).unwrap_or_else(|| Arc::clone(&self.built)))
        });
        options.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes options over from `from`. Requests that were built, and those that are in flight, keep what they have.
    pub fn take_over(&self, from: &ClientBuilder, what: &[ClientOption]) {
        let mut options = self.lock_options();
        let mut changed = ClientBuilder::clone(&options);
        for option in what {
            option.copy(from, &mut changed);
        }
        let before = std::mem::replace(&mut *options, Arc::new(changed));
        drop(options);
        // Foreign code may be in it, and may come back here.
        drop(before);
    }

    /// Says that a block of code begins to use it, for languages that have such blocks (checklist A05).
    ///
    /// # Errors
    /// INVALID_STATE if it was opened before, or has sent something; CLIENT_CLOSED.
    pub fn open(&self) -> Result<(), Error> {
        if self.is_closed() {
            let message = "Cannot reopen a client instance, once it has been closed.";
            return Err(Error::new(Code::CLIENT_CLOSED, message));
        }
        match self.opened.swap(true, Ordering::AcqRel) {
            false => Ok(()),
            true => Err(Error::new(Code::INVALID_STATE, "Cannot open a client instance more than once.")),
        }
    }

    /// Has its log, if there is one, tell no lines below that level.
    pub fn set_log_level(&self, from: i32) {
        if let Some(log) = &self.built.log {
            log.set_level(from);
        }
    }

    /// True once it was closed.
    pub fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// Agrees to send a request.
    ///
    /// # Errors
    /// CLIENT_CLOSED.
    pub fn send(self: &Arc<Client>, request: Arc<Request>, how: SendOptions) -> Result<Sending, Error> {
        let mut sends = self.sends();
        if self.closed.load(Ordering::Acquire) {
            drop(sends);
            return Err(request.blamed(Error::from(Code::CLIENT_CLOSED)));
        }
        sends.running += 1;
        drop(sends);
        self.opened.store(true, Ordering::Release);
        let options = self.options();
        let request = request.with_timeouts(options.timeouts);
        Ok(Sending { client: Arc::clone(self), options, request, how })
    }

    fn sends(&self) -> MutexGuard<'_, Sends> {
        self.sends.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The cookies that servers have set, and those that the program has.
    pub fn cookies(&self) -> MutexGuard<'_, Cookies> {
        let copy = |inherited: &Mutex<Cookies>| inherited.try_lock().map(|cookies| cookies.clone()).unwrap_or_default();
        let cookies = self.cookies.get_or_inherit(|inherited| Mutex::new(inherited.map(copy).unwrap_or_default()));
        cookies.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The request with the cookies that belong to it, unless it has a Cookie header of its own (checklist B33).
    fn with_cookies(&self, request: &Arc<Request>) -> Result<Arc<Request>, Error> {
        if request.is_alone() && request.cookies.is_none() {
            // B01: what no client has built is sent as it is.
            return Ok(Arc::clone(request));
        }
        let cookies = self.cookies();
        if (cookies.is_empty() && request.cookies.is_none()) || request.headers.contains(b"cookie") {
            return Ok(Arc::clone(request));
        }
        let value = match &request.cookies {
            None => cookies.header(request.url(), SystemTime::now()),
            Some(own) if request.is_alone() => own.header(request.url(), SystemTime::now()),
            Some(own) => {
                let mut all = cookies.clone();
                all.update(own);
                all.header(request.url(), SystemTime::now())
            }
        };
        drop(cookies);
        let Some(value) = value else { return Ok(Arc::clone(request)) };
        let mut request = Request::clone(request);
        request.headers.add(b"Cookie", &value)?;
        Ok(Arc::new(request))
    }

    /// The whole of it: credentials around redirects around single requests (checklist E12).
    async fn send_all(&self, call: &Call, sending: &Sending) -> Result<Response, Error> {
        let Sending { options, request, how, .. } = sending;
        let follow = how.follow_redirects.unwrap_or(options.follow_redirects);
        let course = Course { options, follow, deadline: call.deadline() };
        let mut history = Vec::new();
        let mut response = match auth_of(request, options) {
            None => self.send_and_follow(call, request, None, &course, &mut history).await?,
            Some(auth) => Box::pin(self.send_authorized(call, request, &auth, &course, &mut history)).await?,
        };
        response.set_history(history);
        if !how.stream {
            response.read(call).await?;
        }
        Ok(response)
    }

    /// Sends what an authentication flow wants to be sent, until it is content with a response; those before it go to
    /// `history` (checklist F11).
    async fn send_authorized(
        &self,
        call: &Call,
        original: &Arc<Request>,
        auth: &Auth,
        course: &Course<'_>,
        history: &mut Vec<Response>,
    ) -> Result<Response, Error> {
        let mut flow = Flow::begin(call, auth, original, course.deadline).await?;
        let mut last = None;
        while let Some(request) = flow.next(call, &mut last).await? {
            if let Some(mut before) = last.take() {
                // Read to its end, so that its connection serves again.
                before.read(call).await?;
                history.push(before);
            }
            let sent = self.send_and_follow(call, &request, Some(auth), course, history).await;
            last = Some(sent.map_err(|error| match request.url() == original.url() {
                true => error,
                // Of another place, such as where tokens come from.
                false => request.blamed(error),
            })?);
        }
        last.ok_or_else(|| Error::new(Code::INVALID_STATE, "the authentication flow has sent no request"))
    }

    /// Sends a request and follows its redirects, which go to `history`. The last response's body is unread.
    async fn send_and_follow(
        &self,
        call: &Call,
        request: &Arc<Request>,
        auth: Option<&Auth>,
        course: &Course<'_>,
        history: &mut Vec<Response>,
    ) -> Result<Response, Error> {
        let response = self.send_once(call, request, course).await?;
        match redirects::location(response.head()) {
            None => Ok(response),
            // Boxed, as all that is rare and large beside what every request goes through.
            Some(_) => Box::pin(self.follow(call, response, auth, course, history)).await,
        }
    }

    /// Follows the redirects that begin with `response`, or says where they would lead.
    async fn follow(
        &self,
        call: &Call,
        mut response: Response,
        auth: Option<&Auth>,
        course: &Course<'_>,
        history: &mut Vec<Response>,
    ) -> Result<Response, Error> {
        let before = history.len();
        while let Some(location) = redirects::location(response.head()) {
            // Not followed, a location that leads nowhere is the program's to look at (checklist E08).
            let keeps_content_type = course.options.redirects_keep_content_type;
            let mut next = match redirects::follow(response.head(), location, keeps_content_type) {
                Ok(next) => Arc::new(next),
                Err(_) if !course.follow => break,
                Err(error) => return Err(response.head().request()?.blamed(error)),
            };
            if !course.follow {
                response.set_next_request(next);
                break;
            }
            // Read to its end, so that its connection serves again (checklist E10).
            response.read(call).await?;
            history.push(response);
            if history.len() - before > course.options.max_redirects {
                let error = Error::new(Code::TOO_MANY_REDIRECTS, "Exceeded maximum allowed redirects.");
                return Err(next.blamed(error));
            }
            if let (Some(auth @ Auth::Digest(_)), true) = (auth, next.headers.contains(b"authorization")) {
                // A Digest answer is for one target (RFC 7616 §3.4).
                next = Box::pin(authorized(call, &next, auth)).await?;
            }
            Counter::Redirects.count();
            response = self.send_once(call, &next, course).await.map_err(|error| next.blamed(error))?;
        }
        Ok(response)
    }

    /// One request, one response, with its body unread.
    async fn send_once(&self, call: &Call, request: &Arc<Request>, course: &Course<'_>) -> Result<Response, Error> {
        #[cfg(feature = "test-hooks")]
        if request.method() == b"PANIC" {
            panic!("the test's panic");
        }
        let mut request = self.with_cookies(request)?;
        let hooks = &course.options.event_hooks;
        if !hooks.request.is_empty() {
            request = Box::pin(hooks.on_request(call, request)).await?;
        }
        let observer = course.options.observer_of(&request);
        let observer = observer.as_ref().unwrap_or(&request.observer);
        let transport = request.transport.as_ref().unwrap_or_else(|| self.routes.transport(request.url()));
        let mut response = transport.handle(call, &request, observer, course.deadline).await?;
        response.set_reading(&course.options.reading);
        if transport.is_custom() {
            response.bind(None, course.options.max_body)?;
        }
        response.head().add_cookies_to(|| self.cookies());
        if let Some(log) = course.options.log.as_ref().filter(|log| log.wants(Level::Info)) {
            let (log, line) = (log.clone(), response.head().log_line());
            Box::pin(call.upcall(move || log.line(Level::Info, "httpx", &line))).await;
        }
        if !hooks.response.is_empty() {
            response = Box::pin(hooks.on_response(call, response)).await?;
        }
        Ok(response)
    }

    /// How it speaks TLS.
    pub fn tls(&self) -> TlsConfig {
        TlsConfig::new(self.built.tls.clone())
    }

    /// What a thread that is blocked in a call of this client asks now and then.
    pub fn interrupt(&self) -> Option<&Arc<Interrupt>> {
        self.built.interrupt.as_ref()
    }

    /// Runs a call of this client, which sends a request, on the calling thread.
    pub fn block_on<T, F>(&self, make: impl FnOnce(Call) -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        block_on_lane(self.built.interrupt.as_deref(), make)
    }

    /// What the pool has just now.
    pub fn counts(&self) -> Counts {
        let mut sum = Counts::default();
        for counts in self.routes.all().into_iter().map(|transport| transport.counts()) {
            sum.active += counts.active;
            sum.idle += counts.idle;
            sum.waiting += counts.waiting;
            sum.requests += counts.requests;
        }
        sum
    }

    /// The connections of its transports just now.
    pub fn connections(&self) -> Vec<ConnectionSnapshot> {
        self.routes.all().into_iter().flat_map(|transport| transport.connections()).collect()
    }

    /// Takes no more requests, waits at most `drain` for those that run (None: for ever) and for responses that are
    /// open, and cuts the others off, unless their transport is shared. Closing twice does no harm (checklist A06).
    pub fn close(&self, drain: Option<Duration>) -> Result<(), Error> {
        let sends = self.sends();
        self.closed.store(true, Ordering::Release);
        drop(sends);
        let at = drain.and_then(|drain| Instant::now().checked_add(drain));
        if drain != Some(Duration::ZERO) {
            block_on(self.interrupt().map(AsRef::as_ref), |call| async move {
                self.sent(&call, at).await;
                for transport in &self.routes.own {
                    transport.drained(&call, at).await;
                }
                Ok(())
            })?;
        }
        for transport in &self.routes.own {
            transport.close_now();
        }
        Ok(())
    }

    /// Waits until nothing is being sent, or until `at`.
    async fn sent(&self, call: &Call, at: Option<Instant>) {
        let mut timer = CoarseTimer::new();
        poll_fn(|cx| {
            {
                let mut sends = self.sends();
                if sends.running == 0 {
                    return Poll::Ready(());
                }
                if !sends.drained.iter().any(|waker| waker.will_wake(cx.waker())) {
                    sends.drained.push(cx.waker().clone());
                }
            }
            at.map_or(Poll::Pending, |at| call.poll_until(cx, at, &mut timer))
        })
        .await;
    }
}

/// The request's credentials, else the client's, else the URL's (checklist F03).
fn auth_of(request: &Request, options: &ClientBuilder) -> Option<Auth> {
    let given = match &request.auth {
        Given::Set(auth) => Some(auth.clone()),
        Given::Nothing => None,
        Given::Unset => options.auth.clone(),
    };
    given.or_else(|| Auth::of_url(request.url()))
}

impl Sending {
    /// Sends the request, follows redirects, and reads the last response's body unless it is to be streamed.
    pub async fn run(self, call: Call) -> Result<Response, Error> {
        let call = call.until(self.request.deadline()).lending(self.client.interrupt().cloned());
        self.client.send_all(&call, &self).await.map_err(|error| self.request.blamed(error))
    }
}
