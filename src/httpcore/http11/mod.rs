//! One exchange on an HTTP/1.1 connection: two half-machines, one that writes the request and one that reads the
//! response, polled together by one future (RFC 9112, checklist I).
//!
//! A final response that comes while the request is still being written stops the writing and is delivered; the
//! connection is then of no further use.

mod body;
mod encode;
mod head;

use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::task::{ready, Context, Poll};

use bytes::{Buf, Bytes};

use super::body::BodyReader;
use super::connection::{Block, Connection, Limit};
use super::{RawHeaders, Request, Timings};
use crate::error::{Code, Error};
use crate::runtime::Call;
use body::{BodyDecoder, Decoded};
use encode::{encode_head, BodyEncoder, RequestHead, SentHead};
use head::{parse_head, ScanState};
pub use head::{HeadLimits, ResponseHead, Version};

/// How often the writer may go on before the reader gets a look.
const WRITES_BEFORE_A_LOOK: usize = 16;
/// How often the writer may go on before the lane's other connections get their turn.
const WRITES_BEFORE_A_YIELD: usize = 64;
/// How often a body is read before the lane's other connections get their turn.
const READS_BEFORE_A_YIELD: usize = 32;
/// More interim responses than this before the final one are an attack.
pub(super) const MAX_INTERIM: usize = 100;
/// Small pieces of a body are copied out of the read buffer, so that they do not keep all of it alive.
const COPY_UP_TO: usize = 1024;

/// The reading side of an exchange after the head.
pub(super) struct Exchange {
    decoder: BodyDecoder,
    limit: Limit,
    reusable: bool,
    reads: usize,
    /// The peer has closed.
    ended: bool,
}

/// A failed exchange, and whether the peer can have seen anything of it.
pub(super) struct Failure {
    pub(super) error: Error,
    /// Not a byte of a response has come.
    pub(super) before_response: bool,
    /// Not a byte of the request went out.
    pub(super) nothing_sent: bool,
}

/// Writes the request and reads the response's head.
pub(super) async fn exchange(
    _call: &Call,
    connection: &mut Connection,
    request: &Request<'_>,
    timings: &mut Timings,
) -> Result<(ResponseHead, Exchange), Failure> {
    let early = |error| Failure { error, before_response: true, nothing_sent: true };
    connection.to_send.clear();
    let head = RequestHead { method: request.method, target: &request.target, headers: request.lines() };
    let sent = encode_head(&mut connection.to_send, &head).map_err(early)?;
    let limit = Limit { code: Code::WRITE_TIMEOUT, timeout: request.timeouts.write, deadline: request.deadline };
    connection.check(&limit).map_err(early)?;
    let body = request.body.open().map_err(early)?;
    let mut machine = Machine {
        writer: Writer {
            position: 0,
            data: Bytes::new(),
            tail: b"",
            encoder: BodyEncoder::new(sent.framing),
            body: Some(body),
            state: Writing::Data,
            any: false,
        },
        scan: ScanState::default(),
        write_error: None,
        interim: 0,
        any_received: false,
    };
    let sent_before = connection.bytes_sent;
    let polled = poll_fn(|cx| machine.poll(cx, connection, request)).await;
    timings.head = timings.started.elapsed();
    timings.bytes_sent = connection.bytes_sent - sent_before;
    match polled {
        Ok(head) => {
            let exchange = machine.into_exchange(&head, request, sent);
            exchange.map(|exchange| (head, exchange)).map_err(|error| Failure {
                error,
                before_response: false,
                nothing_sent: false,
            })
        }
        Err(error) => Err(Failure { error, before_response: !machine.any_received, nothing_sent: !machine.writer.any }),
    }
}

struct Machine {
    writer: Writer,
    scan: ScanState,
    write_error: Option<Error>,
    interim: usize,
    any_received: bool,
}

struct Writer {
    /// How much of the connection's `to_send` is out.
    position: usize,
    data: Bytes,
    tail: &'static [u8],
    encoder: BodyEncoder,
    /// None after its end.
    body: Option<BodyReader>,
    state: Writing,
    any: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Writing {
    Data,
    /// Waits for the body's next piece, and so not for the peer.
    AwaitsBody,
    Flush,
    Done,
}

impl Machine {
    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        connection: &mut Connection,
        request: &Request<'_>,
    ) -> Poll<Result<ResponseHead, Error>> {
        let mut writes = 0;
        loop {
            let wrote = match self.writer.state {
                Writing::Done => Poll::Pending,
                _ => match self.writer.poll(cx, connection) {
                    Poll::Ready(Err(WriteError::Local(error))) => return Poll::Ready(Err(error)),
                    Poll::Ready(Err(WriteError::Peer(error))) => {
                        // The peer may have answered before it stopped listening (I08).
                        self.write_error = Some(Error::from_io(Code::WRITE_ERROR, &error, ""));
                        self.writer.stop();
                        Poll::Pending
                    }
                    other => other.map(|_| ()),
                },
            };
            writes += 1;
            if wrote.is_ready() && writes % WRITES_BEFORE_A_LOOK != 0 {
                continue;
            }
            if let Poll::Ready(read) = self.poll_read(cx, connection, request) {
                return Poll::Ready(read);
            }
            connection.check(&self.limit(request))?;
            if wrote.is_pending() {
                break;
            }
            if writes >= WRITES_BEFORE_A_YIELD {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
        }
        let limit = self.limit(request);
        connection.poll_limit(cx, &limit).map(Err)
    }

    fn limit(&self, request: &Request<'_>) -> Limit {
        let (code, timeout) = match self.writer.state {
            Writing::Data | Writing::Flush => (Code::WRITE_TIMEOUT, request.timeouts.write),
            Writing::AwaitsBody => (Code::WRITE_TIMEOUT, None),
            Writing::Done => (Code::READ_TIMEOUT, request.timeouts.read),
        };
        Limit { code, timeout, deadline: request.deadline }
    }

    fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        connection: &mut Connection,
        request: &Request<'_>,
    ) -> Poll<Result<ResponseHead, Error>> {
        loop {
            while let Some(head) = parse_head(&mut connection.received, &request.limits, &mut self.scan)? {
                if head.status >= 200 || head.status == 101 {
                    return Poll::Ready(Ok(head));
                }
                self.interim += 1;
                if self.interim > MAX_INTERIM {
                    let message = format!("more than {MAX_INTERIM} interim responses without a final one");
                    return Poll::Ready(Err(Error::new(Code::REMOTE_PROTOCOL_ERROR, message)));
                }
            }
            match ready!(connection.poll_receive(cx, Block::Head)) {
                Ok(0) => return Poll::Ready(Err(self.ended_without_response(connection))),
                Ok(_) => self.any_received = true,
                Err(error) => return Poll::Ready(Err(Error::from_io(Code::READ_ERROR, &error, ""))),
            }
        }
    }

    /// Q04, and H16's sign of a connection that went stale.
    fn ended_without_response(&mut self, connection: &Connection) -> Error {
        let error = match connection.received.is_empty() && self.interim == 0 {
            true => Error::new(Code::SERVER_DISCONNECTED, "Server disconnected without sending a response."),
            false => Error::new(
                Code::REMOTE_PROTOCOL_ERROR,
                "peer closed connection without sending a complete response head",
            ),
        };
        match self.write_error.take() {
            Some(cause) => error.with_cause(cause),
            None => error,
        }
    }

    fn into_exchange(self, head: &ResponseHead, request: &Request<'_>, sent: SentHead) -> Result<Exchange, Error> {
        if head.status == 101 && !sent.wants_upgrade {
            let message = "the server switched protocols without being asked to";
            return Err(Error::new(Code::REMOTE_PROTOCOL_ERROR, message));
        }
        let decoder = BodyDecoder::for_response(request.method, head)?;
        if let (true, Some(body)) = (self.writer.is_complete(), &self.writer.body) {
            body.satisfied();
        }
        let reusable =
            self.writer.is_complete() && self.write_error.is_none() && decoder.keep_alive(sent.wants_close, head);
        let limit = Limit { code: Code::READ_TIMEOUT, timeout: request.timeouts.read, deadline: request.deadline };
        Ok(Exchange { decoder, limit, reusable, reads: 0, ended: false })
    }
}

enum WriteError {
    /// Our side's fault: the body, or what was declared of it.
    Local(Error),
    Peer(io::Error),
}

impl Writer {
    /// All that was declared is out. A pipe may not have said yet that this is all.
    fn is_complete(&self) -> bool {
        match self.state {
            Writing::Done => true,
            Writing::AwaitsBody => self.encoder.has_declared_length(),
            Writing::Data | Writing::Flush => false,
        }
    }

    fn stop(&mut self) {
        self.body = None;
        self.state = Writing::Done;
    }

    /// Ready after a step forward; Pending if it has to wait, or has nothing left to do.
    fn poll(&mut self, cx: &mut Context<'_>, connection: &mut Connection) -> Poll<Result<(), WriteError>> {
        let unsent = connection.to_send.len() - self.position + self.data.len() + self.tail.len();
        if unsent > 0 {
            return self.poll_write(cx, connection);
        }
        if let Some(body) = &mut self.body {
            self.state = Writing::AwaitsBody;
            let piece = match body.poll_next(cx) {
                Poll::Ready(piece) => piece.transpose().map_err(WriteError::Local)?,
                Poll::Pending => {
                    // What TLS holds back must not wait for the body.
                    if let Poll::Ready(Err(error)) = connection.poll_flush(cx) {
                        return Poll::Ready(Err(WriteError::Peer(error)));
                    }
                    return Poll::Pending;
                }
            };
            self.state = Writing::Data;
            connection.to_send.clear();
            self.position = 0;
            match piece {
                Some(data) => {
                    let frame = self.encoder.frame(data.len()).map_err(WriteError::Local)?;
                    connection.to_send.extend_from_slice(frame.head());
                    self.tail = frame.tail();
                    self.data = data;
                }
                None => {
                    self.body = None;
                    connection.to_send.extend_from_slice(self.encoder.finish().map_err(WriteError::Local)?);
                }
            }
            return Poll::Ready(Ok(()));
        }
        self.state = Writing::Flush;
        ready!(connection.poll_flush(cx)).map_err(WriteError::Peer)?;
        self.state = Writing::Done;
        Poll::Pending
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, connection: &mut Connection) -> Poll<Result<(), WriteError>> {
        // Lent out, so that the connection is free to write it.
        let to_send = std::mem::take(&mut connection.to_send);
        let slices = [IoSlice::new(&to_send[self.position..]), IoSlice::new(&self.data), IoSlice::new(self.tail)];
        let written = connection.poll_send(cx, &slices);
        let head_left = to_send.len() - self.position;
        connection.to_send = to_send;
        let written = match ready!(written) {
            Ok(0) => return Poll::Ready(Err(WriteError::Peer(io::ErrorKind::WriteZero.into()))),
            Ok(written) => written,
            Err(error) => return Poll::Ready(Err(WriteError::Peer(error))),
        };
        self.any = true;
        let of_head = written.min(head_left);
        self.position += of_head;
        let of_data = (written - of_head).min(self.data.len());
        self.data.advance(of_data);
        self.tail = &self.tail[written - of_head - of_data..];
        Poll::Ready(Ok(()))
    }
}

impl Exchange {
    /// True if the connection may carry another request, the body having been read to its end.
    pub(super) fn may_carry_another(&self) -> bool {
        self.reusable && !self.ended
    }

    pub(super) fn check(&self, connection: &Connection) -> Result<(), Error> {
        connection.check(&self.limit)
    }

    /// The fields that came after a chunked body, once.
    pub(super) fn trailers(&mut self) -> Option<RawHeaders> {
        self.decoder.trailers()
    }

    /// The next piece if it is here already; `Some(None)` is the end.
    #[allow(clippy::option_option)]
    pub(super) fn buffered(&mut self, connection: &mut Connection, max: usize) -> Result<Option<Option<Bytes>>, Error> {
        Ok(match self.decoder.decode(&mut connection.received, max)? {
            Decoded::Data(data) if data.len() <= COPY_UP_TO => Some(Some(Bytes::copy_from_slice(&data))),
            Decoded::Data(data) => Some(Some(data)),
            Decoded::Done => {
                // Bytes that nobody asked for: the next response could not be trusted.
                self.reusable &= connection.received.is_empty();
                Some(None)
            }
            Decoded::NeedMore => None,
        })
    }

    /// The next piece, never empty; None at the end.
    pub(super) async fn read(&mut self, connection: &mut Connection, max: usize) -> Result<Option<Bytes>, Error> {
        poll_fn(|cx| loop {
            if let Some(data) = self.buffered(connection, max)? {
                return Poll::Ready(Ok(data));
            }
            self.reads += 1;
            if self.reads % READS_BEFORE_A_YIELD == 0 {
                cx.waker().wake_by_ref();
                // A body that always flows has its time limit, too.
                connection.check(&self.limit)?;
                return Poll::Pending;
            }
            match connection.poll_receive(cx, Block::Body) {
                Poll::Ready(Ok(0)) => {
                    self.ended = true;
                    if connection.torn && matches!(self.decoder, BodyDecoder::UntilClose { .. }) {
                        // RFC 9112 §9.8: without close_notify nobody knows whether this was all.
                        let message =
                            "peer closed connection without sending complete message body (no TLS close_notify)";
                        return Poll::Ready(Err(Error::new(Code::INCOMPLETE_BODY, message)));
                    }
                    self.decoder.on_eof().map_err(incomplete)?;
                }
                Poll::Ready(Ok(_)) => {}
                Poll::Ready(Err(error)) => return Poll::Ready(Err(Error::from_io(Code::READ_ERROR, &error, ""))),
                Poll::Pending => return connection.poll_limit(cx, &self.limit).map(Err),
            }
        })
        .await
    }
}

/// The codec knows only that a protocol was broken; that it was by ending too soon is known here.
fn incomplete(error: Error) -> Error {
    Error::new(Code::INCOMPLETE_BODY, error.message().to_owned())
}
