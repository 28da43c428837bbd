//! A response's body on its way from a connection.

use std::future::poll_fn;
use std::task::Poll;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::connection::deadline_exceeded;
use super::connection_pool::Place;
use super::{http11, http2, NetworkStream, RawHeaders, ResponseHead};
use crate::error::{Code, Error};
use crate::runtime::{Call, CoarseTimer, PipeReader};

/// A response's body on its way. Dropped before its end, it closes the connection (checklist H07).
pub struct ResponseBody {
    state: BodyState,
    bytes_received: u64,
    trailers: Option<Box<RawHeaders>>,
    ended_at: Option<Instant>,
}

enum BodyState {
    Open(Box<Open>),
    /// It comes from no connection.
    Made(Box<Made>),
    Ended,
    /// An error, or a read that was given up, has closed it.
    Broken,
}

/// What user code makes a body from: what is there, and then what it writes.
pub struct Made {
    /// In memory.
    pub here: Bytes,
    /// Still to be written.
    pub to_come: Option<PipeReader>,
    /// When all of it has to be over.
    pub deadline: Option<Instant>,
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
    pub(super) fn made(made: Made) -> ResponseBody {
        ResponseBody::of(BodyState::Made(Box::new(made)))
    }

    fn of(state: BodyState) -> ResponseBody {
        ResponseBody { state, bytes_received: 0, trailers: None, ended_at: None }
    }

    /// The next piece as it arrives, at most `max` bytes, never empty; None at the end.
    ///
    /// # Errors
    /// What the network gave, after which the body is closed; StreamClosed from then on.
    pub async fn next(&mut self, call: &Call, max: usize) -> Result<Option<Bytes>, Error> {
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
        self.bytes_received += piece.as_ref().map_or(0, |piece| piece.len() as u64);
        match piece {
            Some(_) if !open.is_over() => self.state = BodyState::Open(open),
            _ => self.end(&mut open),
        }
        Ok(piece)
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

    async fn next_made(&mut self, mut made: Box<Made>, call: &Call, max: usize) -> Result<Option<Bytes>, Error> {
        let piece = made.next(call, max).await?;
        self.bytes_received += piece.as_ref().map_or(0, |piece| piece.len() as u64);
        self.state = match piece {
            Some(_) => BodyState::Made(made),
            None => BodyState::Ended,
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
            let Some(writer) = &mut self.to_come else { return Ok(None) };
            // Whoever writes needs no socket of ours.
            call.leave_lane();
            let (deadline, mut timer) = (self.deadline, CoarseTimer::new());
            let written = poll_fn(|cx| match (writer.poll_next(cx), deadline) {
                (Poll::Pending, Some(at)) => {
                    call.poll_until(cx, at, &mut timer).map(|()| Some(Err(deadline_exceeded())))
                }
                (written, _) => written,
            });
            match written.await {
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
