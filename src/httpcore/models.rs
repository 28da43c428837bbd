//! What goes into the pool and what comes out of it: requests with everything decided, responses as received.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::body::Body;
use super::connection_pool::Place;
use super::http11::{Exchange, HeadLimits, ResponseHead};
use super::RawHeaders;
use crate::error::{Code, Error};
use crate::runtime::Call;

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
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin {
    /// Whether TLS is spoken.
    pub scheme: Scheme,
    /// A name, an IPv4 address, or an IPv6 address without brackets.
    pub host: Box<str>,
    /// 0 to 65535.
    pub port: u16,
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
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// A token, in the case in which it is sent.
    pub method: &'a [u8],
    /// Where to.
    pub origin: &'a Arc<Origin>,
    /// What follows the method on the wire.
    pub target: Cow<'a, [u8]>,
    /// Host, which is written first, and the others in their order.
    pub headers: &'a [(Bytes, Bytes)],
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
}

/// A header line that is added for the body.
#[derive(Clone, Debug)]
pub enum FramingField {
    /// None.
    None,
    /// `Content-Length: 0`, right after Host: a method that usually has a body has none (checklist B14).
    NoBody,
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

    /// All header lines.
    pub(super) fn lines(&self) -> impl Iterator<Item = (&[u8], &[u8])> + Clone {
        let (first, last) = match &self.framing {
            FramingField::None => (None, None),
            FramingField::NoBody => (Some((&b"Content-Length"[..], &b"0"[..])), None),
            FramingField::Length(digits) => (None, Some((&b"Content-Length"[..], &digits[..]))),
            FramingField::Chunked => (None, Some((&b"Transfer-Encoding"[..], &b"chunked"[..]))),
        };
        let own = self.headers.iter().map(|(name, value)| (&name[..], &value[..]));
        first.into_iter().chain(own).chain(last)
    }
}

/// A response's head, and its body still to be read.
pub struct Response {
    /// As received.
    pub head: ResponseHead,
    /// Holds the connection until it is read to its end or dropped.
    pub body: ResponseBody,
}

/// A response's body on its way. Dropped before its end, it closes the connection (checklist H07).
pub struct ResponseBody {
    state: BodyState,
    bytes_received: u64,
    trailers: Option<RawHeaders>,
}

enum BodyState {
    Open(Box<Open>),
    Ended,
    /// An error, or a read that was given up, has closed it.
    Broken,
}

struct Open {
    place: Place,
    exchange: Exchange,
}

impl ResponseBody {
    pub(super) fn new(place: Place, exchange: Exchange) -> ResponseBody {
        ResponseBody { state: BodyState::Open(Box::new(Open { place, exchange })), bytes_received: 0, trailers: None }
    }

    /// The next piece as it arrives, at most `max` bytes, never empty; None at the end.
    ///
    /// # Errors
    /// What the network gave, after which the body is closed; StreamClosed from then on.
    pub async fn next(&mut self, call: &Call, max: usize) -> Result<Option<Bytes>, Error> {
        // Taken, so that a read that is given up closes the connection: what it had read would be lost.
        let mut open = match std::mem::replace(&mut self.state, BodyState::Broken) {
            BodyState::Open(open) => open,
            BodyState::Ended => {
                self.state = BodyState::Ended;
                return Ok(None);
            }
            BodyState::Broken => {
                let message = "Attempted to read or stream content, but the stream has been closed.";
                return Err(Error::new(Code::STREAM_CLOSED, message));
            }
        };
        match open.next(call, max).await? {
            Some(data) => {
                self.bytes_received += data.len() as u64;
                self.state = BodyState::Open(open);
                Ok(Some(data))
            }
            None => {
                let Open { mut place, mut exchange } = *open;
                self.trailers = exchange.trailers();
                place.settle(exchange.may_carry_another());
                self.state = BodyState::Ended;
                Ok(None)
            }
        }
    }

    /// The fields that came after the body, if there were any, once it was read to its end.
    pub fn take_trailers(&mut self) -> Option<RawHeaders> {
        self.trailers.take()
    }

    /// Body bytes received so far, as on the wire but for the framing.
    pub fn bytes_received(&self) -> u64 {
        self.bytes_received
    }
}

impl Open {
    async fn next(&mut self, call: &Call, max: usize) -> Result<Option<Bytes>, Error> {
        let Some(connection) = self.place.connection() else {
            return Err(Error::new(Code::INTERNAL, "a response without a connection"));
        };
        self.exchange.check(connection)?;
        if let Some(data) = self.exchange.buffered(connection, max)? {
            return Ok(data);
        }
        connection.move_to(call).await?;
        self.exchange.read(connection, max).await
    }
}
