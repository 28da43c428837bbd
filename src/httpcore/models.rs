//! What goes into the pool and what comes out of it: requests with everything decided, responses as received.

use std::borrow::Cow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::body::Body;
use super::connection_info::ConnectionInfo;
use super::header_sheet::HeaderLines;
use super::headers::same_name;
use super::http11::{HeadLimits, ResponseHead};
use super::response_body::{Made, ResponseBody};
use super::trace::Observer;

/// `http` or `https`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// In the clear.
    Http,
    /// Over TLS.
    Https,
}

impl Scheme {
    /// The port that is meant when a URL names none.
    pub fn default_port(self) -> u16 {
        match self {
            Scheme::Http => 80,
            Scheme::Https => 443,
        }
    }

    /// As in a URL.
    pub fn as_str(self) -> &'static str {
        match self {
            Scheme::Http => "http",
            Scheme::Https => "https",
        }
    }
}

/// Whom a connection is to: requests share a connection if their origins are equal (checklist H08).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Whether TLS is spoken.
    pub scheme: Scheme,
    /// A name, an IPv4 address, or an IPv6 address without brackets.
    pub host: Box<str>,
    /// 0 to 65535.
    pub port: u16,
    /// The name for TLS, if it is not the host's (checklist L07).
    pub server_name: Option<Box<str>>,
    /// The URL's scheme is ws or wss: the connection is to become another protocol's, so a proxy must not look at it.
    pub websocket: bool,
}

/// By what tells most origins apart, in as few steps as possible: every request looks for its origin's connections.
impl Hash for Origin {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write(self.host.as_bytes());
        state.write_u32(u32::from(self.port) << 1 | u32::from(self.scheme == Scheme::Https));
    }
}

/// As httpcore shows it: `https://example.org:443`.
impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}:{}", self.scheme.as_str(), self.host, self.port)
    }
}

impl Origin {
    /// The name that TLS asks for and verifies.
    pub(super) fn tls_name(&self) -> &str {
        self.server_name.as_deref().unwrap_or(&self.host)
    }
}

/// How long each kind of waiting may last; None is for ever (checklist G01, G02).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Timeouts {
    /// For the look-up of the name and TCP together, and for the TLS handshake once more.
    pub connect: Option<Duration>,
    /// For each wait for the peer's data.
    pub read: Option<Duration>,
    /// For each wait until the peer takes data.
    pub write: Option<Duration>,
    /// For a place in the pool, in all.
    pub pool: Option<Duration>,
}

impl Default for Timeouts {
    /// Five seconds each (checklist A01).
    fn default() -> Timeouts {
        let five = Some(Duration::from_secs(5));
        Timeouts { connect: five, read: five, write: five, pool: five }
    }
}

/// A request that is ready to be written.
#[derive(Clone)]
pub struct Request<'a> {
    /// A token, in the case in which it is sent.
    pub method: &'a [u8],
    /// Where to.
    pub origin: &'a Arc<Origin>,
    /// What follows the method on the wire.
    pub target: Cow<'a, [u8]>,
    /// Host, which is written first, and the others in their order.
    pub headers: HeaderLines<'a>,
    /// What frames the body, unless `headers` say it.
    pub framing: FramingField,
    /// What is sent after the head.
    pub body: &'a Body,
    /// How long it may wait for what.
    pub timeouts: Timeouts,
    /// When all of it, the response's body included, has to be over.
    pub deadline: Option<Instant>,
    /// What a response's head may have.
    pub limits: HeadLimits,
    /// The most bytes that the body may have on the wire.
    pub max_body: Option<u64>,
    /// How long the body is held back for a `100 Continue`, if the head asks for one.
    pub expect: Option<Duration>,
    /// What a proxy is shown of credentials, in the place of its own.
    pub proxy_authorization: Option<Bytes>,
    /// Who listens.
    pub observer: &'a Observer,
}

/// A header line that is added for the body.
#[derive(Clone, Debug)]
pub enum FramingField {
    /// None.
    None,
    /// `Content-Length`, last, with the number's digits.
    Length(Bytes),
    /// `Transfer-Encoding: chunked`, last.
    Chunked,
}

impl Request<'_> {
    /// Sending it twice has the effect of sending it once (RFC 9110 §9.2.2).
    pub fn is_idempotent(&self) -> bool {
        matches!(self.method, b"GET" | b"HEAD" | b"OPTIONS" | b"TRACE" | b"PUT" | b"DELETE")
    }

    /// There is a body, and it may be held back for a `100 Continue` (RFC 9110 §10.1.1).
    pub(super) fn expects(&self) -> bool {
        let says_empty = |(name, value): (&[u8], &[u8])| same_name(name, b"content-length") && value == b"0";
        self.expect.is_some() && !matches!(self.body, Body::Empty) && !self.lines().any(says_empty)
    }

    /// The `Expect` header is the engine's own, so that it can be left out when a server refuses it.
    pub fn adds_expect(&self) -> bool {
        self.expects() && !self.headers.list().iter().any(|(name, _)| same_name(name, b"expect"))
    }

    /// All header lines but the engine's own `Expect`.
    pub(super) fn lines(&self) -> impl Iterator<Item = (&[u8], &[u8])> + Clone {
        let last = match &self.framing {
            FramingField::None => None,
            FramingField::Length(digits) => Some((&b"Content-Length"[..], &digits[..])),
            FramingField::Chunked => Some((&b"Transfer-Encoding"[..], &b"chunked"[..])),
        };
        let own = self.headers.list().iter().map(|(name, value)| (&name[..], &value[..]));
        own.chain(last)
    }
}

/// A response's head, and its body still to be read.
pub struct Response {
    /// As received.
    pub head: ResponseHead,
    /// Holds the connection until it is read to its end or dropped.
    pub body: ResponseBody,
    /// What it came over.
    pub connection: Arc<ConnectionInfo>,
    /// How it came to be.
    pub timings: Timings,
    /// The HTTP/2 stream's number.
    pub stream_id: Option<u32>,
}

impl Response {
    /// A response that comes from no connection, to a request that arrived at `started`.
    pub fn made(head: ResponseHead, body: Made, started: Instant) -> Response {
        Response {
            head,
            body: ResponseBody::made(body),
            connection: Arc::default(),
            timings: Timings { head: started.elapsed(), ..Timings::new(started) },
            stream_id: None,
        }
    }
}

/// When what happened to a request, counted from its arrival at the pool.
#[derive(Clone, Copy, Debug)]
pub struct Timings {
    /// Its arrival.
    pub started: Instant,
    /// The wait for a place in the pool was over.
    pub queued: Duration,
    /// There was a connection.
    pub connected: Duration,
    /// The request was out. None if an early response stopped it.
    pub sent: Option<Duration>,
    /// The response's head was there.
    pub head: Duration,
    /// The connection had served before.
    pub reused: bool,
    /// What went out for it, in bytes before TLS.
    pub bytes_sent: u64,
}

impl Timings {
    /// Of a response that came over no connection.
    pub fn of_nothing(started: Instant) -> Timings {
        Timings::new(started)
    }

    pub(super) fn new(started: Instant) -> Timings {
        let zero = Duration::ZERO;
        Timings { started, queued: zero, connected: zero, sent: None, head: zero, reused: false, bytes_sent: 0 }
    }
}
