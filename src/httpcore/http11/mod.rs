//! One exchange on an HTTP/1.1 connection: two half-machines, one that writes the request and one that reads the
//! response, polled together by one future (RFC 9112, checklist I).
//!
//! A final response that comes while the request is still being written stops the writing and is delivered; the
//! connection is then of no further use.

mod body;
mod encode;
mod exchange;
mod head;
mod steps;

use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::sync::Arc;
use std::task::{ready, Context, Poll};
use std::time::{Duration, Instant};

use bytes::{Buf, Bytes};

use super::body::BodyReader;
use super::connection::{Block, Connection, Limit};
use super::{FramingField, Request, Timings};
use crate::error::{Code, Error};
use crate::runtime::Call;
use body::BodyDecoder;
pub(super) use encode::WrittenLines;
use encode::{encode_head, encode_written, BodyEncoder, BodyFraming, RequestHead, SentHead};
pub(crate) use exchange::body_too_large;
pub(super) use exchange::Exchange;
use head::{parse_head, ScanState};
pub use head::{HeadLimits, ResponseHead, Version};
use steps::Steps;

/// How often the writer may go on before the reader gets a look.
const WRITES_BEFORE_A_LOOK: usize = 16;
/// How often the writer may go on before the lane's other connections get their turn.
const WRITES_BEFORE_A_YIELD: usize = 64;
/// More interim responses than this before the final one are an attack.
pub(super) const MAX_INTERIM: usize = 100;
/// The line that asks whether a body is wanted (RFC 9110 §10.1.1).
const EXPECT: (&[u8], &[u8]) = (b"Expect", b"100-continue");
/// So much of a large piece is worth telling of.
pub(super) const PROGRESS: u64 = 65_536;

/// A failed exchange, and whether the peer can have seen anything of it.
pub(super) struct Failure {
    pub(super) error: Error,
    /// Not a byte of a response has come.
    pub(super) before_response: bool,
    /// Not a byte of the request went out.
    pub(super) nothing_sent: bool,
}

impl Failure {
    fn early(error: Error) -> Failure {
        Failure { error, before_response: true, nothing_sent: true }
    }
}

/// Writes the request and reads the response's head.
pub(super) async fn exchange(
    call: &Call,
    connection: &mut Connection,
    request: &Request<'_>,
    timings: &mut Timings,
) -> Result<(ResponseHead, Exchange), Failure> {
    let mut steps = Steps::of(request);
    // What tells of steps is boxed: rare, and large beside what every request goes through.
    if let Some(steps) = &mut steps {
        Box::pin(steps.begin(call, steps::SEND_HEADERS)).await.map_err(Failure::early)?;
    }
    let (sent, body) = match begin(connection, request) {
        Ok(begun) => begun,
        Err(error) => {
            let failed = Err(Failure::early(error));
            return match steps {
                None => failed,
                Some(steps) => Box::pin(tell_end(call, steps, failed)).await,
            };
        }
    };
    let mut machine = Machine::new(request, sent, body, timings.started);
    let sent_before = connection.bytes_sent;
    let polled = loop {
        match poll_fn(|cx| machine.poll(cx, call, connection, request)).await {
            Ok(Event::Head(head)) => break Ok(head),
            Ok(event) => {
                if let Err(error) = Box::pin(tell(call, request, &mut steps, event)).await {
                    break Err(error);
                }
            }
            Err(error) => break Err(error),
        }
    };
    timings.head = timings.started.elapsed();
    // A pipe may not have said yet that what it has given is all.
    timings.sent = machine.sent.or_else(|| machine.writer.is_complete().then_some(timings.head));
    timings.bytes_sent = connection.bytes_sent - sent_before;
    let done = machine.finish(polled, request, sent);
    match steps {
        None => done,
        Some(steps) => Box::pin(tell_end(call, steps, done)).await,
    }
}

/// Puts the request's head into the connection's buffer, and opens its body.
fn begin(connection: &mut Connection, request: &Request<'_>) -> Result<(SentHead, BodyReader), Error> {
    connection.to_send.clear();
    let sent = match (request.adds_expect(), &request.framing, request.headers.written()) {
        (false, FramingField::None, Some(lines)) => {
            encode_written(&mut connection.to_send, (request.method, &request.target), lines)
        }
        (false, ..) => encode(connection, request, request.lines()),
        (true, ..) => encode(connection, request, request.lines().chain([EXPECT])),
    }?;
    let limit = Limit { code: Code::WRITE_TIMEOUT, timeout: request.timeouts.write, deadline: request.deadline };
    connection.check(&limit)?;
    Ok((sent, request.body.open()?))
}

fn encode<'a>(
    connection: &mut Connection,
    request: &'a Request<'_>,
    headers: impl Iterator<Item = (&'a [u8], &'a [u8])> + Clone,
) -> Result<SentHead, Error> {
    let head = RequestHead { method: request.method, target: &request.target, headers };
    encode_head(&mut connection.to_send, &head)
}

/// Tells how the exchange has come out, and leaves the rest to be told of the body.
async fn tell_end(
    call: &Call,
    mut steps: Box<Steps>,
    mut done: Result<(ResponseHead, Exchange), Failure>,
) -> Result<(ResponseHead, Exchange), Failure> {
    if let Ok((head, mut exchange)) = done {
        done = match steps.received(call, &head).await {
            Ok(()) => {
                exchange.tell(steps);
                return Ok((head, exchange));
            }
            Err(error) => Err(Failure { error, before_response: false, nothing_sent: false }),
        };
    }
    if let Err(failure) = &done {
        // What went wrong first is what counts.
        let _ = steps.fail(call, &failure.error).await;
    }
    steps.close(call).await;
    done
}

/// Tells of what happened, outside polls.
async fn tell(call: &Call, request: &Request<'_>, steps: &mut Option<Box<Steps>>, event: Event) -> Result<(), Error> {
    match (event, steps, &request.observer.informational) {
        (Event::Interim(head), _, Some(informational)) => {
            let informational = Arc::clone(informational);
            call.upcall(move || informational(&head)).await;
            Ok(())
        }
        (Event::Uploaded { sent, total }, ..) => request.observer.tell_upload(call, sent, total).await,
        (Event::HeadIsOut, Some(steps), _) => steps.go_on_to(call, steps::SEND_BODY).await,
        (Event::AllIsOut, Some(steps), _) => steps.go_on_to(call, steps::RECEIVE_HEADERS).await,
        (Event::WriteFailed(error), Some(steps), _) => {
            steps.fail(call, &error).await?;
            steps.begin(call, steps::RECEIVE_HEADERS).await
        }
        _ => Ok(()),
    }
}

struct Machine {
    writer: Writer,
    scan: ScanState,
    write_error: Option<Error>,
    interim: usize,
    any_received: bool,
    /// Somebody wants to hear of each step.
    traced: bool,
    /// Somebody wants to hear how much of the body is out.
    progress_wanted: bool,
    started: Instant,
    /// When the request was out, counted from `started`.
    sent: Option<Duration>,
}

/// What the machine stops for.
enum Event {
    /// The final response's head is there.
    Head(ResponseHead),
    /// An interim response, if anybody listens to those.
    Interim(ResponseHead),
    /// The request's head is out, if anybody listens to steps; the others likewise.
    HeadIsOut,
    /// A piece of the body is out, and so much of it in all, if anybody listens to that.
    Uploaded {
        sent: u64,
        total: Option<u64>,
    },
    AllIsOut,
    WriteFailed(Error),
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
    /// How long the body waits for a `100 Continue` once the head is out.
    hold: Option<Duration>,
    head_is_out: bool,
    any: bool,
    /// How much of the body was put into frames, and how much of it was out when that was told last.
    framed: u64,
    told: u64,
    /// The body's declared length.
    total: Option<u64>,
}

#[derive(Clone, Copy, PartialEq)]
enum Writing {
    Data,
    /// Holds the body back until the peer says 100, or until then; None is as long as it takes.
    AwaitsContinue(Option<Instant>),
    /// Waits for the body's next piece, and so not for the peer.
    AwaitsBody,
    Flush,
    Done,
}

/// A step of the writer.
enum Wrote {
    Something,
    /// The head is out, and nothing of the body.
    Head,
    /// So much of the body.
    Piece(u64),
    /// The request is out since then.
    All(Instant),
}

impl Machine {
    // Made where it stays: it is large.
    #[inline]
    fn new(request: &Request<'_>, sent: SentHead, body: BodyReader, started: Instant) -> Machine {
        Machine {
            writer: Writer {
                position: 0,
                data: Bytes::new(),
                tail: b"",
                encoder: BodyEncoder::new(sent.framing),
                body: match (body, sent.framing) {
                    (BodyReader::Once(nothing), BodyFraming::None) if nothing.is_empty() => None,
                    (body, _) => Some(body),
                },
                state: Writing::Data,
                hold: if request.expects() { request.expect } else { None },
                head_is_out: false,
                any: false,
                framed: 0,
                told: 0,
                total: match sent.framing {
                    BodyFraming::Length(length) => Some(length),
                    BodyFraming::None | BodyFraming::Chunked => None,
                },
            },
            scan: ScanState::default(),
            write_error: None,
            interim: 0,
            any_received: false,
            traced: request.observer.trace.is_some(),
            progress_wanted: request.observer.upload.is_some(),
            started,
            sent: None,
        }
    }

    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        call: &Call,
        connection: &mut Connection,
        request: &Request<'_>,
    ) -> Poll<Result<Event, Error>> {
        let mut writes = 0;
        loop {
            let wrote = match self.writer.state {
                Writing::Done => Poll::Pending,
                _ => match self.writer.poll(cx, call, connection) {
                    Poll::Ready(Err(WriteError::Local(error))) => return Poll::Ready(Err(error)),
                    Poll::Ready(Err(WriteError::Peer(error))) => {
                        // The peer may have answered before it stopped listening (I08).
                        let error = Error::from_io(Code::WRITE_ERROR, &error, "");
                        self.write_error = Some(error.clone());
                        self.writer.stop();
                        if self.traced {
                            return Poll::Ready(Ok(Event::WriteFailed(error)));
                        }
                        Poll::Pending
                    }
                    Poll::Ready(Ok(Wrote::Head)) if self.traced => return Poll::Ready(Ok(Event::HeadIsOut)),
                    Poll::Ready(Ok(Wrote::Piece(sent))) if self.progress_wanted => {
                        return Poll::Ready(Ok(Event::Uploaded { sent, total: self.writer.total }));
                    }
                    Poll::Ready(Ok(Wrote::All(since))) => {
                        self.sent = Some(since.saturating_duration_since(self.started));
                        if self.traced {
                            return Poll::Ready(Ok(Event::AllIsOut));
                        }
                        Poll::Pending
                    }
                    Poll::Ready(Ok(_)) => Poll::Ready(()),
                    Poll::Pending => Poll::Pending,
                },
            };
            writes += 1;
            if wrote.is_ready() && writes % WRITES_BEFORE_A_LOOK != 0 {
                continue;
            }
            let holding = self.writer.is_holding();
            if let Poll::Ready(read) = self.poll_read(cx, connection, request) {
                return Poll::Ready(read);
            }
            connection.check(&self.limit(request))?;
            if wrote.is_pending() && holding == self.writer.is_holding() {
                ready!(self.poll_wait(cx, connection, request))?;
            }
            if writes >= WRITES_BEFORE_A_YIELD {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
        }
    }

    /// Waits for the peer, or for the body. Ready with an error when that has taken too long, or without one if the
    /// writer can go on.
    fn poll_wait(
        &mut self,
        cx: &mut Context<'_>,
        connection: &mut Connection,
        request: &Request<'_>,
    ) -> Poll<Result<(), Error>> {
        match self.writer.state {
            Writing::AwaitsContinue(Some(until)) => {
                ready!(connection.poll_pause(cx, until, request.deadline))?;
                self.writer.go_on();
                Poll::Ready(Ok(()))
            }
            _ => connection.poll_limit(cx, &self.limit(request)).map(Err),
        }
    }

    fn limit(&self, request: &Request<'_>) -> Limit {
        let (code, timeout) = match self.writer.state {
            Writing::Data | Writing::Flush => (Code::WRITE_TIMEOUT, request.timeouts.write),
            Writing::AwaitsBody => (Code::WRITE_TIMEOUT, None),
            Writing::AwaitsContinue(_) | Writing::Done => (Code::READ_TIMEOUT, request.timeouts.read),
        };
        Limit { code, timeout, deadline: request.deadline }
    }

    fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        connection: &mut Connection,
        request: &Request<'_>,
    ) -> Poll<Result<Event, Error>> {
        loop {
            while let Some(head) = parse_head(&mut connection.received, &request.limits, &mut self.scan)? {
                if head.status >= 200 || head.status == 101 {
                    return Poll::Ready(Ok(Event::Head(head)));
                }
                self.interim += 1;
                if self.interim > MAX_INTERIM {
                    let message = format!("more than {MAX_INTERIM} interim responses without a final one");
                    return Poll::Ready(Err(Error::new(Code::REMOTE_PROTOCOL_ERROR, message)));
                }
                if head.status == 100 && self.writer.is_holding() {
                    self.writer.go_on();
                }
                if request.observer.informational.is_some() {
                    return Poll::Ready(Ok(Event::Interim(head)));
                }
            }
            match ready!(connection.poll_receive(cx, Block::Head)) {
                Ok(0) => return Poll::Ready(Err(self.ended_without_response(connection))),
                Ok(_) => self.any_received = true,
                Err(error) => {
                    let error = Error::from_io(Code::READ_ERROR, &error, "");
                    if self.sent.is_some() {
                        return Poll::Ready(Err(error));
                    }
                    // While both halves are at work it is chance which of them meets a reset first (Q03).
                    self.write_error.get_or_insert(error);
                    return Poll::Ready(Err(self.ended_without_response(connection)));
                }
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

    fn finish(
        &self,
        polled: Result<ResponseHead, Error>,
        request: &Request<'_>,
        sent: SentHead,
    ) -> Result<(ResponseHead, Exchange), Failure> {
        let (before_response, nothing_sent) = (!self.any_received, !self.writer.any);
        let failed = |error| Failure { error, before_response, nothing_sent };
        let head = polled.map_err(failed)?;
        let exchange = self.exchange(&head, request, sent).map_err(failed)?;
        Ok((head, exchange))
    }

    fn exchange(&self, head: &ResponseHead, request: &Request<'_>, sent: SentHead) -> Result<Exchange, Error> {
        if head.status == 101 && !sent.wants_upgrade {
            let message = "the server switched protocols without being asked to";
            return Err(Error::new(Code::REMOTE_PROTOCOL_ERROR, message));
        }
        let decoder = BodyDecoder::for_response(request.method, head)?;
        let most = request.max_body.unwrap_or(u64::MAX);
        match decoder {
            BodyDecoder::Length { total, .. } if total > most => return Err(body_too_large(most)),
            BodyDecoder::Tunnel if !self.writer.is_complete() => {
                // RFC 9110 §7.8: what is left of the request would be taken for the other protocol.
                let message = "the server switched protocols before the request was complete";
                return Err(Error::new(Code::REMOTE_PROTOCOL_ERROR, message));
            }
            _ => {}
        }
        if let (true, Some(body)) = (self.writer.is_complete(), &self.writer.body) {
            body.satisfied();
        }
        let reusable =
            self.writer.is_complete() && self.write_error.is_none() && decoder.keep_alive(sent.wants_close, head);
        let limit = Limit { code: Code::READ_TIMEOUT, timeout: request.timeouts.read, deadline: request.deadline };
        Ok(Exchange::new(decoder, limit, most, reusable))
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
            Writing::Data | Writing::AwaitsContinue(_) | Writing::Flush => false,
        }
    }

    fn is_holding(&self) -> bool {
        matches!(self.state, Writing::AwaitsContinue(_))
    }

    /// Holds the body back no longer.
    fn go_on(&mut self) {
        self.state = Writing::Data;
    }

    fn stop(&mut self) {
        self.body = None;
        self.state = Writing::Done;
    }

    /// Ready after a step forward; Pending if it has to wait, or has nothing left to do.
    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        call: &Call,
        connection: &mut Connection,
    ) -> Poll<Result<Wrote, WriteError>> {
        let unsent = connection.to_send.len() - self.position + self.data.len() + self.tail.len();
        if unsent > 0 {
            return self.poll_write(cx, connection).map_ok(|()| self.after_writing(connection));
        }
        if self.is_holding() {
            if let Poll::Ready(Err(error)) = connection.poll_flush(cx) {
                return Poll::Ready(Err(WriteError::Peer(error)));
            }
            return Poll::Pending;
        }
        if let Some(body) = &mut self.body {
            self.state = Writing::AwaitsBody;
            let piece = match body.poll_next(cx, call) {
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
                    self.framed += data.len() as u64;
                    self.data = data;
                }
                None => {
                    self.body = None;
                    connection.to_send.extend_from_slice(self.encoder.finish().map_err(WriteError::Local)?);
                }
            }
            return Poll::Ready(Ok(Wrote::Something));
        }
        self.state = Writing::Flush;
        ready!(connection.poll_flush(cx)).map_err(WriteError::Peer)?;
        let now = Instant::now();
        connection.begin_to_wait(now);
        self.state = Writing::Done;
        Poll::Ready(Ok(Wrote::All(now)))
    }

    /// Notes when the head is out, and begins to hold the body back if it has to.
    fn after_writing(&mut self, connection: &Connection) -> Wrote {
        let out = self.framed - self.data.len() as u64;
        let piece_is_out = self.data.is_empty() && self.tail.is_empty();
        if self.head_is_out && out > self.told && (piece_is_out || out - self.told >= PROGRESS) {
            self.told = out;
            return Wrote::Piece(out);
        }
        if self.head_is_out || self.position < connection.to_send.len() {
            return Wrote::Something;
        }
        self.head_is_out = true;
        if let Some(hold) = self.hold {
            self.state = Writing::AwaitsContinue(Instant::now().checked_add(hold));
        }
        Wrote::Head
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
