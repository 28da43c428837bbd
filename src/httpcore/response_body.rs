//! A response's body on its way from a connection.

use std::future::{poll_fn, Future};
use std::pin::{pin, Pin};
use std::task::Poll;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::connection::deadline_exceeded;
use super::connection_pool::Place;
use super::http11::body_too_large;
use super::pull::PullReader;
use super::{http11, http2, NetworkStream, RawHeaders, ResponseHead};
use crate::error::{Code, Error};
use crate::runtime::{Call, CoarseTimer, PipeReader};

/// A response's body on its way. Dropped before its end, it closes the connection (checklist H07).
pub struct ResponseBody {
    state: BodyState,
    bytes_received: u64,
    trailers: Option<Box<RawHeaders>>,
    ended_at: Option<Instant>,
    /// Of one that comes from user code.
    bounds: Option<Box<Bounds>>,
}

/// What holds for a body, whatever its connection does, if there is one.
#[derive(Default)]
struct Bounds {
    /// When all of it has to be over.
    deadline: Option<Instant>,
    /// The most bytes that it may have.
    most: Option<u64>,
}

enum BodyState {
    Open(Box<Open>),
    /// It comes from no connection.
    Made(Box<Made>),
    Ended,
    /// An error, or a read that was given up, has closed it.
    Broken,
}

/// What user code makes a body from: what is there, and then what it writes or is asked for.
#[derive(Default)]
pub struct Made {
    /// In memory.
    pub here: Bytes,
    /// Still to be made.
    pub to_come: Option<ToCome>,
    /// How many bytes there are, if that was said of what is still to be made.
    pub declared: Option<u64>,
    /// What comes after it.
    pub trailers: Option<RawHeaders>,
}

/// Where the rest of a body comes from.
pub enum ToCome {
    /// It is written into a pipe.
    Written(PipeReader),
    /// Foreign code is asked for it.
    Pulled(PullReader),
}

struct Open {
    place: Place,
    exchange: Exchange,
}

enum Exchange {
    /// With how long the server keeps the connection, if it says so.
    Http1(http11::Exchange, Option<Duration>),
    Http2(Box<http2::Exchange>),
}

impl ResponseBody {
    pub(super) fn on_http1(place: Place, exchange: http11::Exchange, head: &ResponseHead) -> ResponseBody {
        ResponseBody::new(place, Exchange::Http1(exchange, keep_alive_timeout(&head.headers)))
    }

    pub(super) fn on_http2(place: Place, exchange: http2::Exchange) -> ResponseBody {
        ResponseBody::new(place, Exchange::Http2(Box::new(exchange)))
    }

    fn new(place: Place, exchange: Exchange) -> ResponseBody {
        ResponseBody::of(BodyState::Open(Box::new(Open { place, exchange })))
    }

    /// A body that comes from no connection.
    pub fn made(made: Made) -> ResponseBody {
        ResponseBody::of(BodyState::Made(Box::new(made)))
    }

    fn of(state: BodyState) -> ResponseBody {
        ResponseBody { state, bytes_received: 0, trailers: None, ended_at: None, bounds: None }
    }

    /// Has it end at `deadline`, and fail with more than `most` bytes; where there are such bounds already, the closer
    /// ones hold.
    pub fn bind(&mut self, deadline: Option<Instant>, most: Option<u64>) {
        if deadline.is_none() && most.is_none() {
            return;
        }
        let bounds = self.bounds.get_or_insert_default();
        bounds.deadline = bounds.deadline.into_iter().chain(deadline).min();
        bounds.most = bounds.most.into_iter().chain(most).min();
    }

    /// The next piece, at most `max` bytes, never empty, if it is here already. None says nothing of the end.
    ///
    /// # Errors
    /// As for `next`.
    pub fn next_at_hand(&mut self, max: usize) -> Result<Option<Bytes>, Error> {
        let mut open = match std::mem::replace(&mut self.state, BodyState::Broken) {
            BodyState::Open(open) if self.bounds.is_none() => open,
            other => {
                self.state = other;
                return Ok(None);
            }
        };
        let piece = open.next_at_hand(max)?;
        match &piece {
            Some(piece) => self.received(piece.len(), open),
            None => self.state = BodyState::Open(open),
        }
        Ok(piece)
    }

    /// The next piece as it arrives, at most `max` bytes, never empty; None at the end.
    ///
    /// # Errors
    /// What the network gave, after which the body is closed; StreamClosed from then on.
    pub async fn next(&mut self, call: &Call, max: usize) -> Result<Option<Bytes>, Error> {
        if let Some(bounds) = self.bounds.take() {
            return self.next_within(bounds, call, max).await;
        }
        // Taken, so that a read that is given up closes the connection: what it had read would be lost.
        let mut open = match std::mem::replace(&mut self.state, BodyState::Broken) {
            BodyState::Open(open) => open,
            BodyState::Made(made) => return self.next_made(made, call, max).await,
            BodyState::Ended => {
                self.state = BodyState::Ended;
                return Ok(None);
            }
            BodyState::Broken => {
                let message = "Attempted to read or stream content, but the stream has been closed.";
                return Err(Error::new(Code::STREAM_CLOSED, message));
            }
        };
        let piece = open.next(call, max).await?;
        match &piece {
            Some(piece) => self.received(piece.len(), open),
            None => self.end(&mut open),
        }
        Ok(piece)
    }

    /// Takes note of a piece.
    fn received(&mut self, length: usize, mut open: Box<Open>) {
        self.bytes_received += length as u64;
        match open.is_over() {
            true => self.end(&mut open),
            false => self.state = BodyState::Open(open),
        }
    }

    /// Gives the connection back.
    fn end(&mut self, open: &mut Open) {
        let now = Instant::now();
        self.ended_at = Some(now);
        self.trailers = match &mut open.exchange {
            Exchange::Http1(exchange, keep_alive) => {
                open.place.settle(exchange.may_carry_another(), *keep_alive, now);
                exchange.trailers()
            }
            Exchange::Http2(exchange) => exchange.trailers().map(Box::new),
        };
        self.state = BodyState::Ended;
    }

    fn next_within<'a>(
        &'a mut self,
        bounds: Box<Bounds>,
        call: &'a Call,
        max: usize,
    ) -> Pin<Box<dyn Future<Output = Result<Option<Bytes>, Error>> + Send + 'a>> {
        Box::pin(async move {
            let mut timer = CoarseTimer::new();
            let piece = {
                let mut next = pin!(self.next(call, max));
                poll_fn(|cx| match (next.as_mut().poll(cx), bounds.deadline) {
                    (Poll::Pending, Some(at)) => call.poll_until(cx, at, &mut timer).map(|()| Err(deadline_exceeded())),
                    (polled, _) => polled,
                })
                .await?
            };
            if let Some(most) = bounds.most.filter(|most| self.bytes_received > *most) {
                self.state = BodyState::Broken;
                return Err(body_too_large(most));
            }
            self.bounds = Some(bounds);
            Ok(piece)
        })
    }

    async fn next_made(&mut self, mut made: Box<Made>, call: &Call, max: usize) -> Result<Option<Bytes>, Error> {
        let piece = made.next(call, max).await?;
        self.bytes_received += piece.as_ref().map_or(0, |piece| piece.len() as u64);
        match made.declared {
            Some(declared) if self.bytes_received > declared => return Err(misdeclared("much")),
            Some(declared) if piece.is_none() && self.bytes_received < declared => return Err(misdeclared("little")),
            _ => {}
        }
        self.state = match piece {
            Some(_) => BodyState::Made(made),
            None => {
                self.trailers = made.trailers.map(Box::new);
                BodyState::Ended
            }
        };
        Ok(piece)
    }

    /// The connection, if the response has made it another protocol's: after a 101, or a successful CONNECT.
    pub(crate) fn take_network_stream(&mut self) -> Option<Box<NetworkStream>> {
        match std::mem::replace(&mut self.state, BodyState::Ended) {
            BodyState::Open(open) if open.is_tunnel() => match *open {
                Open { place, exchange: Exchange::Http1(exchange, _) } => {
                    NetworkStream::new(place, exchange.into_closed()).map(Box::new)
                }
                Open { .. } => None,
            },
            other => {
                self.state = other;
                None
            }
        }
    }

    /// The fields that came after the body, if there were any, once it was read to its end.
    pub fn take_trailers(&mut self) -> Option<Box<RawHeaders>> {
        self.trailers.take()
    }

    /// True if the last piece was read.
    pub fn has_ended(&self) -> bool {
        matches!(self.state, BodyState::Ended)
    }

    /// When it has come over a connection to its end.
    pub fn ended_at(&self) -> Option<Instant> {
        self.ended_at
    }

    /// Body bytes received so far, as on the wire but for the framing.
    pub fn bytes_received(&self) -> u64 {
        self.bytes_received
    }
}

impl Made {
    async fn next(&mut self, call: &Call, max: usize) -> Result<Option<Bytes>, Error> {
        if self.here.is_empty() {
            let Some(to_come) = &mut self.to_come else { return Ok(None) };
            // Whoever makes it needs no socket of ours.
            call.leave_lane();
            let made = poll_fn(|cx| match to_come {
                ToCome::Written(writer) => writer.poll_next(cx),
                ToCome::Pulled(reader) => reader.poll_next(cx, call),
            });
            match made.await {
                Some(Ok(piece)) => self.here = piece,
                Some(Err(error)) if error.code() == Code::WRITE_ERROR => return Err(unfinished().with_cause(error)),
                Some(Err(error)) => return Err(error),
                None => return Ok(None),
            }
        }
        Ok(Some(self.here.split_to(max.min(self.here.len()))))
    }
}

impl Open {
    fn is_tunnel(&self) -> bool {
        matches!(&self.exchange, Exchange::Http1(exchange, _) if exchange.is_tunnel())
    }

    fn next_at_hand(&mut self, max: usize) -> Result<Option<Bytes>, Error> {
        match (&mut self.exchange, self.place.connection()) {
            (Exchange::Http1(exchange, _), Some(connection)) => exchange.next_at_hand(connection, max),
            _ => Ok(None),
        }
    }

    /// True if the last piece was read.
    fn is_over(&self) -> bool {
        matches!(&self.exchange, Exchange::Http1(exchange, _) if exchange.is_over())
    }

    async fn next(&mut self, call: &Call, max: usize) -> Result<Option<Bytes>, Error> {
        let exchange = match &mut self.exchange {
            Exchange::Http1(exchange, _) => exchange,
            Exchange::Http2(exchange) => return Box::pin(exchange.next(call, max)).await,
        };
        let Some(connection) = self.place.connection() else {
            return Err(Error::new(Code::INTERNAL, "a response without a connection"));
        };
        exchange.next(call, connection, max).await
    }
}

fn misdeclared(how: &str) -> Error {
    Error::new(Code::READ_ERROR, format!("the response's body is too {how} for what was declared"))
}

fn unfinished() -> Error {
    Error::new(Code::READ_ERROR, "the transport has not finished the response's body")
}

/// `Keep-Alive: timeout=5`: how long the server keeps an idle connection.
fn keep_alive_timeout(headers: &RawHeaders) -> Option<Duration> {
    let parameters = headers.find_all(b"keep-alive").flat_map(|value| value.split(|byte| *byte == b','));
    parameters
        .filter_map(|parameter| {
            let (name, value) = std::str::from_utf8(parameter).ok()?.split_once('=')?;
            let seconds = value.trim().parse().ok()?;
            name.trim().eq_ignore_ascii_case("timeout").then(|| Duration::from_secs(seconds))
        })
        .min()
}
