//! Dialling: from an origin to a stream that speaks to it, through a proxy if there is one. Each step has the connect
//! timeout for itself: the name's look-up and TCP together, what the proxy is asked, and each TLS handshake (checklist
//! G02, G07, G08). Each is told to those who trace.

use std::collections::HashMap;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio_rustls::client::TlsStream;

use super::connection::{deadline_exceeded, timed_out};
use super::connection_info::{ConnectionInfo, DialTimings};
use super::happy_eyeballs::{connect_error, happy_eyeballs};
use super::http_proxy::{open_tunnel, Forwarded};
use super::socks_proxy;
use super::stream::Stream;
use super::tls::{info_of, TlsConfig};
use super::trace::{Info, Value};
use super::{Origin, Proxy, ProxyKind, Request, Scheme};
use crate::counters::Counter;
use crate::error::{Code, Error};
use crate::runtime::{resolve, Call, Lane, Socket, TcpSettings};

/// How connections are made.
#[derive(Debug)]
pub struct Dialer {
    /// For `https`.
    pub tls: TlsConfig,
    /// Where every connection goes instead of its origin's address, or its proxy's (checklist H12).
    pub unix_socket: Option<PathBuf>,
    /// Addresses of names that are not looked up, by name and port.
    pub overrides: HashMap<(Box<str>, u16), Vec<SocketAddr>>,
    /// Of all TCP sockets.
    pub sockets: TcpSettings,
    /// What all connections go through.
    pub proxy: Option<Proxy>,
    /// How often a connection that cannot be made is tried again (checklist H10).
    pub retries: u32,
    /// Whether HTTP/1.1 is spoken. Without it, `http` is HTTP/2 with prior knowledge (checklist J03).
    pub http1: bool,
    /// Whether HTTP/2 is spoken to those who want it (checklist J01).
    pub http2: bool,
}

/// A connection that was made.
pub(super) struct Dialled {
    pub(super) stream: Stream,
    pub(super) info: ConnectionInfo,
}

impl Dialer {
    pub(super) async fn dial(&self, call: &Call, request: &Request<'_>) -> Result<Dialled, Error> {
        let lane = call.lane(None).await;
        let mut steps = Steps { dialer: self, call, request, lane, told: Info::new(), timings: DialTimings::default() };
        let mut retry = 0;
        loop {
            let error = match steps.take().await {
                Err(error) if retry < self.retries && may_retry(&error) => error,
                done => return done,
            };
            // At once, then after 0.5, 1, 2, … seconds.
            let delay = Duration::from_millis(500).saturating_mul((1u32 << retry.min(20)) / 2);
            let at = Instant::now().checked_add(delay);
            if request.deadline.is_some_and(|deadline| at.is_none_or(|at| at >= deadline)) {
                return Err(error);
            }
            let told = std::mem::take(&mut steps.told);
            let wait = async {
                tokio::time::sleep(delay).await;
                Ok(())
            };
            request.observer.around(call, "connection.retry", || told, wait, |()| Value::None).await?;
            retry += 1;
        }
    }

    /// Whether requests to `origin` are sent to a proxy that forwards them.
    pub(super) fn forwards(&self, origin: &Origin) -> bool {
        self.proxy.as_ref().is_some_and(|proxy| proxy.forwards(origin))
    }

    /// Whether a connection for `origin` is as good for every other origin that the proxy forwards to (checklist K04).
    pub(super) fn shares(&self, origin: &Origin) -> bool {
        self.forwards(origin)
            && self
                .proxy
                .as_ref()
                .is_some_and(|proxy| matches!(proxy.kind, ProxyKind::Http { share_forwarding: true, .. }))
    }

    /// What is different about a request that a proxy forwards; None if none does.
    ///
    /// # Errors
    /// Those of the proxy's credentials.
    pub(super) fn forwarded(&self, request: &Request<'_>) -> Result<Option<Forwarded>, Error> {
        let proxy = self.proxy.as_ref().filter(|proxy| proxy.forwards(request.origin));
        proxy.map(|proxy| proxy.forwarded(request)).transpose()
    }

    /// What httpcore calls a connection for `origin`, or, with None, for all that the proxy forwards to, and whom it says
    /// that it is to (checklist H14).
    pub(super) fn describe(&self, origin: Option<&Arc<Origin>>) -> Option<(&'static str, Arc<Origin>)> {
        let Some(proxy) = &self.proxy else { return Some(("HTTPConnection", Arc::clone(origin?))) };
        match origin {
            Some(origin) if !proxy.forwards(origin) => {
                let class = match proxy.kind {
                    ProxyKind::Http { .. } => "TunnelHTTPConnection",
                    ProxyKind::Socks5 { .. } => "Socks5Connection",
                };
                Some((class, Arc::clone(origin)))
            }
            _ => Some(("ForwardHTTPConnection", Arc::clone(&proxy.origin))),
        }
    }

    /// Checklist J02.
    fn alpn(&self) -> &'static [&'static [u8]] {
        match (self.http1, self.http2) {
            (true, true) => &[b"h2", b"http/1.1"],
            (false, true) => &[b"h2"],
            (_, false) => &[b"http/1.1"],
        }
    }

    /// A socket to `peer`, or to what stands in its place, and how long the look-up of its name took.
    async fn connect(&self, lane: &Arc<Lane>, peer: &Origin) -> Result<(Socket, Option<Duration>), Error> {
        if let Some(path) = &self.unix_socket {
            let socket = Socket::connect_unix(Arc::clone(lane), path).await.map_err(|e| connect_error(&e))?;
            return Ok((socket, None));
        }
        let (mut addresses, looked_up) = self.addresses(peer).await?;
        if let Some(local) = self.sockets.local_address {
            addresses.retain(|address| address.is_ipv4() == local.is_ipv4());
            if addresses.is_empty() {
                let family = if local.is_ipv4() { "IPv4" } else { "IPv6" };
                let message =
                    format!("{} has no {family} address, which the local address {local} asks for", peer.host);
                return Err(Error::new(Code::CONNECT_ERROR, message));
            }
        }
        Ok((happy_eyeballs(lane, addresses, &self.sockets).await?, looked_up))
    }

    /// The addresses of a peer, and how long they took to be looked up, if they were.
    async fn addresses(&self, peer: &Origin) -> Result<(Vec<SocketAddr>, Option<Duration>), Error> {
        if let Some(addresses) = self.overrides.get(&(peer.host.clone(), peer.port)) {
            return Ok((addresses.clone(), None));
        }
        if let Ok(address) = peer.host.parse::<IpAddr>() {
            return Ok((vec![SocketAddr::new(address, peer.port)], None));
        }
        let started = Instant::now();
        let found = look_up(peer).await?;
        Ok((found, Some(started.elapsed())))
    }
}

/// The steps to one connection.
struct Steps<'a> {
    dialer: &'a Dialer,
    call: &'a Call,
    request: &'a Request<'a>,
    lane: Arc<Lane>,
    /// The last step's arguments: what a retry tells.
    told: Info,
    timings: DialTimings,
}

impl Steps<'_> {
    async fn take(&mut self) -> Result<Dialled, Error> {
        let (dialer, origin) = (self.dialer, self.request.origin);
        self.timings = DialTimings::default();
        let socket = self.reach().await?;
        let mut info = ConnectionInfo { socket: socket.id(), ..ConnectionInfo::default() };
        if let Some((local, peer)) = socket.addresses() {
            (info.local, info.peer) = (Some(local), Some(peer));
        }
        let mut stream = Stream::Plain(socket);
        let mut start_tls = "connection.start_tls";
        if let Some(proxy) = &dialer.proxy {
            info.proxy = Some(Arc::clone(&proxy.url));
            (stream, start_tls) = match &proxy.kind {
                ProxyKind::Http { .. } => (self.through_http(proxy, stream, &mut info).await?, "proxy.start_tls"),
                ProxyKind::Socks5 { .. } => (self.through_socks(proxy, stream).await?, "socks.start_tls"),
            };
        }
        info.http2 = !dialer.http1 && !dialer.forwards(origin);
        if origin.scheme == Scheme::Https {
            let (tls, took) = self.start_tls(start_tls, &dialer.tls, origin, dialer.alpn(), stream).await?;
            self.timings.tls = Some(took);
            info.tls = Some(info_of(&tls));
            // Who may not speak HTTP/1.1 does not, whatever a server without ALPN would like (checklist J03).
            info.http2 = !dialer.http1 || tls.get_ref().1.alpn_protocol() == Some(b"h2");
            stream = Stream::Tls(Box::new(tls));
        }
        info.dialling = self.timings;
        Counter::Connections.count();
        Ok(Dialled { stream, info })
    }

    /// To the origin, or to the proxy.
    async fn reach(&mut self) -> Result<Socket, Error> {
        let (dialer, lane) = (self.dialer, Arc::clone(&self.lane));
        let peer = dialer.proxy.as_ref().map_or(self.request.origin, |proxy| &proxy.origin);
        let timeout = seconds(self.request.timeouts.connect);
        let options = || socket_options(&dialer.sockets);
        let (step, info): (_, Box<dyn FnOnce() -> Info + Send>) = match (&dialer.unix_socket, &dialer.proxy) {
            (Some(path), _) => {
                let path = || Value::Text(path.display().to_string());
                let info = move || vec![("path", path()), ("timeout", timeout), ("socket_options", options())];
                ("connection.connect_unix_socket", Box::new(info))
            }
            (None, Some(Proxy { kind: ProxyKind::Socks5 { .. }, .. })) => {
                let info = move || vec![("host", host(peer)), ("port", port(peer)), ("timeout", timeout)];
                ("socks.connect_tcp", Box::new(info))
            }
            (None, _) => {
                let local = || dialer.sockets.local_address.map_or(Value::None, |local| Value::Text(local.to_string()));
                let info = move || {
                    vec![
                        ("host", host(peer)),
                        ("port", port(peer)),
                        ("local_address", local()),
                        ("timeout", timeout),
                        ("socket_options", options()),
                    ]
                };
                ("connection.connect_tcp", Box::new(info))
            }
        };
        let ((socket, looked_up), took) =
            self.step(step, info, within_connect_timeout(self.request, dialer.connect(&lane, peer))).await?;
        self.timings.dns = looked_up;
        self.timings.connect = Some(took.saturating_sub(looked_up.unwrap_or_default()));
        Ok(socket)
    }

    /// TLS with the proxy, and a tunnel, as far as they are needed.
    async fn through_http(
        &mut self,
        proxy: &Proxy,
        mut stream: Stream,
        info: &mut ConnectionInfo,
    ) -> Result<Stream, Error> {
        let mut secured = None;
        if proxy.origin.scheme == Scheme::Https {
            let step = "connection.start_tls";
            let (tls, took) = self.start_tls(step, &proxy.tls, &proxy.origin, &[b"http/1.1"], stream).await?;
            secured = Some((info_of(&tls), took));
            stream = Stream::Tls(Box::new(tls));
        }
        if proxy.forwards(self.request.origin) {
            (info.tls, self.timings.tls) = secured.unzip();
            return Ok(stream);
        }
        let started = Instant::now();
        let dialled = Dialled { stream, info: info.clone() };
        let stream = open_tunnel(self.call, self.request, proxy, dialled).await?;
        self.timings.proxy = Some(secured.map_or(Duration::ZERO, |(_, took)| took) + started.elapsed());
        Ok(stream)
    }

    /// A connection that a SOCKS proxy has made.
    async fn through_socks(&mut self, proxy: &Proxy, stream: Stream) -> Result<Stream, Error> {
        let ProxyKind::Socks5 { credentials, remote_dns } = &proxy.kind else { return Ok(stream) };
        let (dialer, origin) = (self.dialer, self.request.origin);
        let info = || {
            let auth = credentials.as_ref().map_or(Value::None, |_| Value::Opaque("[secure]".to_owned()));
            vec![("stream", opaque_stream()), ("host", host(origin)), ("port", port(origin)), ("auth", auth)]
        };
        let work = async {
            let mut stream = stream;
            let credentials = credentials.as_ref();
            match remote_dns {
                true => socks_proxy::connect(&mut stream, &origin.host, origin.port, credentials).await?,
                false => {
                    let (addresses, _) = dialer.addresses(origin).await?;
                    let address = addresses.first().ok_or_else(|| no_address(origin))?;
                    socks_proxy::connect(&mut stream, &address.ip().to_string(), origin.port, credentials).await?;
                }
            }
            Ok(stream)
        };
        let (stream, took) =
            self.step("socks.setup_socks5_connection", info, within_connect_timeout(self.request, work)).await?;
        self.timings.proxy = Some(took);
        Ok(stream)
    }

    async fn start_tls(
        &mut self,
        step: &'static str,
        tls: &TlsConfig,
        peer: &Origin,
        alpn: &[&[u8]],
        stream: Stream,
    ) -> Result<(TlsStream<Stream>, Duration), Error> {
        let timeout = seconds(self.request.timeouts.connect);
        let info = || {
            vec![
                ("ssl_context", Value::Opaque("<TlsConfig>".to_owned())),
                ("server_hostname", Value::Text(peer.tls_name().to_owned())),
                ("timeout", timeout),
            ]
        };
        let handshake = within_connect_timeout(self.request, tls.handshake(stream, peer.tls_name(), alpn));
        self.step(step, info, async { handshake.await.map_err(handshake_timed_out) }).await
    }

    /// Takes one step and tells of it; says how long it took.
    async fn step<T>(
        &mut self,
        name: &'static str,
        arguments: impl FnOnce() -> Info,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<(T, Duration), Error> {
        let (call, request, told) = (self.call, self.request, &mut self.told);
        let arguments = || {
            *told = arguments();
            told.clone()
        };
        let timed = async {
            let started = Instant::now();
            let done = work.await?;
            Ok((done, started.elapsed()))
        };
        request.observer.around(call, name, arguments, timed, |_| opaque_stream()).await
    }
}

fn host(peer: &Origin) -> Value {
    Value::Text(peer.host.to_string())
}

fn port(peer: &Origin) -> Value {
    Value::Int(peer.port.into())
}

fn seconds(timeout: Option<Duration>) -> Value {
    timeout.map_or(Value::None, |timeout| Value::Float(timeout.as_secs_f64()))
}

fn socket_options(settings: &TcpSettings) -> Value {
    if settings.options.is_empty() {
        return Value::None;
    }
    let each = settings.options.iter().map(|option| {
        let (level, name) = (Value::Int(option.level.into()), Value::Int(option.option.into()));
        Value::List(vec![level, name, Value::Bytes(option.value.clone())])
    });
    Value::List(each.collect())
}

fn opaque_stream() -> Value {
    Value::Opaque("<Stream>".to_owned())
}

fn may_retry(error: &Error) -> bool {
    error.is_a(Code::CONNECT_ERROR) || error.is_a(Code::CONNECT_TIMEOUT)
}

async fn look_up(origin: &Origin) -> Result<Vec<SocketAddr>, Error> {
    let found = resolve(&origin.host, origin.port)?.await.map_err(|error| {
        // std puts its own words before the resolver's.
        let text = error.to_string();
        let text = text.strip_prefix("failed to lookup address information: ").unwrap_or(&text);
        // The numbers of getaddrinfo(3), which std keeps to itself (checklist Q03).
        let number = match text {
            "Name or service not known" => -2,
            "Temporary failure in name resolution" => -3,
            "No address associated with hostname" => -5,
            _ => return Error::new(Code::DNS_ERROR, format!("{text}: {}", origin.host)),
        };
        Error::new(Code::DNS_ERROR, format!("[Errno {number}] {text}")).with_os_errno(number)
    })?;
    match found.is_empty() {
        true => Err(no_address(origin)),
        false => Ok(found),
    }
}

fn no_address(origin: &Origin) -> Error {
    Error::new(Code::DNS_ERROR, format!("the name {} has no address", origin.host))
}

/// The words that HTTPX has for a handshake that took too long (checklist G03).
fn handshake_timed_out(error: Error) -> Error {
    match error.code() {
        Code::CONNECT_TIMEOUT => Error::new(Code::CONNECT_TIMEOUT, "The handshake operation timed out"),
        _ => error,
    }
}

/// Holds `work` to the connect timeout and the request's deadline. To be polled on a lane.
pub(super) async fn within_connect_timeout<T>(
    request: &Request<'_>,
    work: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    let now = Instant::now();
    let timeout = request.timeouts.connect;
    if timeout == Some(Duration::ZERO) {
        return Err(timed_out(Code::CONNECT_TIMEOUT));
    }
    let own = timeout.and_then(|timeout| now.checked_add(timeout));
    let Some(at) = own.into_iter().chain(request.deadline).min() else { return work.await };
    match tokio::time::timeout_at(at.into(), work).await {
        Ok(done) => done,
        Err(_) if request.deadline == Some(at) => Err(deadline_exceeded()),
        Err(_) => Err(timed_out(Code::CONNECT_TIMEOUT)),
    }
}
