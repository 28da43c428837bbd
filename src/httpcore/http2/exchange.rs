//! One request and its response on a stream. Both go on at once: the body is written while the response is awaited and
//! read, so that a server may answer before it has heard everything.

use std::future::{poll_fn, Future};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{ready, Context, Poll};
use std::time::Instant;

use bytes::{Buf, Bytes};
use h2::client::ResponseFuture;
use h2::{Reason, RecvStream, SendStream};

use super::head::{fields, request_head, response_head};
use super::{Failure, Http2Connection, Status};
use crate::error::{Code, Error};
use crate::httpcore::body::BodyReader;
use crate::httpcore::connection::{closed, deadline_exceeded, timed_out, Cut, Limit};
use crate::httpcore::http11::{body_too_large, ResponseHead, MAX_INTERIM};
use crate::httpcore::trace::{Info, Phase, Value};
use crate::httpcore::{RawHeaders, Request, Timings};
use crate::runtime::{Call, CoarseTimer};

/// How much of a body is handed to h2 at once. It is copied: the I/O thread must not hold what is foreign.
const PIECE: usize = 16_384;
/// How often a body is written or read before the lane's other work gets its turn.
const STEPS_BEFORE_A_YIELD: usize = 32;

/// A response whose head is here.
pub(in crate::httpcore) struct Exchange {
    received: RecvStream,
    /// What came and was not asked for yet.
    pending: Bytes,
    upload: Option<Upload>,
    wait: Wait,
    stream: u32,
    status: Arc<Status>,
    body_bytes: u64,
    max_body: Option<u64>,
    trailers: Option<RawHeaders>,
    /// Held, so that the connection stays open.
    _connection: Arc<Http2Connection>,
}

/// The time limits of a stream: each wait has its own, and does not touch the connection (checklist G06).
struct Wait {
    read: Limit,
    write: Limit,
    /// When the waiting that goes on now has to be over.
    until: Option<Instant>,
    cut: Arc<Cut>,
}

impl Wait {
    fn new(request: &Request<'_>, cut: &Arc<Cut>) -> Wait {
        let deadline = request.deadline;
        Wait {
            read: Limit { code: Code::READ_TIMEOUT, timeout: request.timeouts.read, deadline },
            write: Limit { code: Code::WRITE_TIMEOUT, timeout: request.timeouts.write, deadline },
            until: None,
            cut: Arc::clone(cut),
        }
    }

    /// What ends the exchange although it could go on.
    fn check(&self) -> Result<(), Error> {
        if self.cut.is_wanted() {
            return Err(closed());
        }
        match self.read.deadline {
            Some(at) if Instant::now() >= at => Err(deadline_exceeded()),
            _ => Ok(()),
        }
    }

    /// To be polled when nothing else can be done.
    fn poll(&mut self, cx: &mut Context<'_>, call: &Call, timer: &mut CoarseTimer, writing: Writing) -> Poll<Error> {
        self.cut.register(cx.waker());
        if self.cut.is_wanted() {
            return Poll::Ready(closed());
        }
        let limit = match writing {
            Writing::AwaitsPeer => Limit { ..self.write },
            Writing::AwaitsBody => Limit { timeout: None, ..self.write },
            Writing::Done => Limit { ..self.read },
        };
        let own = match (self.until, limit.timeout) {
            (_, None) => None,
            (Some(at), _) => Some(at),
            (None, Some(timeout)) if timeout.is_zero() => return Poll::Ready(timed_out(limit.code)),
            (None, Some(timeout)) => {
                self.until = Instant::now().checked_add(timeout);
                self.until
            }
        };
        let Some(at) = own.into_iter().chain(limit.deadline).min() else { return Poll::Pending };
        call.poll_until(cx, at, timer).map(|()| match limit.deadline {
            Some(deadline) if deadline <= at => deadline_exceeded(),
            _ => timed_out(limit.code),
        })
    }

    fn progressed(&mut self) {
        self.until = None;
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Writing {
    /// The peer's window, or the connection.
    AwaitsPeer,
    /// The body's next piece, and so not the peer.
    AwaitsBody,
    Done,
}

/// A body on its way out.
struct Upload {
    stream: SendStream<Bytes>,
    body: BodyReader,
    data: Bytes,
    /// What Content-Length has promised and was not sent.
    left: Option<u64>,
}

impl Upload {
    /// Ready after a step forward, with true at the body's end.
    fn poll(&mut self, cx: &mut Context<'_>, writing: &mut Writing) -> Poll<Result<bool, UploadError>> {
        if self.data.is_empty() {
            *writing = Writing::AwaitsBody;
            let piece = ready!(self.body.poll_next(cx)).transpose().map_err(UploadError::Own)?;
            let Some(data) = piece else {
                if self.left.is_some_and(|left| left > 0) {
                    return Poll::Ready(Err(UploadError::Own(misdeclared("Too little"))));
                }
                self.body.satisfied();
                return Poll::Ready(
                    self.stream.send_data(Bytes::new(), true).map(|()| true).map_err(|_| UploadError::Peer),
                );
            };
            if let Some(left) = &mut self.left {
                *left = left.checked_sub(data.len() as u64).ok_or_else(|| UploadError::Own(misdeclared("Too much")))?;
            }
            self.data = data;
        }
        *writing = Writing::AwaitsPeer;
        let wanted = self.data.len().min(PIECE);
        self.stream.reserve_capacity(wanted);
        let mut capacity = self.stream.capacity();
        while capacity == 0 {
            capacity = match ready!(self.stream.poll_capacity(cx)) {
                Some(capacity) => capacity.map_err(|_| UploadError::Peer)?,
                None => return Poll::Ready(Err(UploadError::Stopped)),
            };
        }
        let piece = Bytes::copy_from_slice(&self.data[..wanted.min(capacity)]);
        self.data.advance(piece.len());
        Poll::Ready(self.stream.send_data(piece, false).map(|()| false).map_err(|_| UploadError::Peer))
    }
}

/// Takes an upload a step further, if there is one. Pending if it cannot go on, or there is none.
fn poll_upload(
    cx: &mut Context<'_>,
    upload: &mut Option<Upload>,
    writing: &mut Writing,
    wait: &mut Wait,
) -> Result<Poll<()>, Error> {
    let Some(body) = upload else { return Ok(Poll::Pending) };
    let ended = match body.poll(cx, writing) {
        Poll::Pending => return Ok(Poll::Pending),
        Poll::Ready(Ok(ended)) => ended,
        Poll::Ready(Err(UploadError::Own(error))) => {
            body.stream.send_reset(Reason::CANCEL);
            return Err(error);
        }
        // The response, or its error, says why.
        Poll::Ready(Err(UploadError::Peer | UploadError::Stopped)) => true,
    };
    wait.progressed();
    if ended {
        *upload = None;
        *writing = Writing::Done;
    }
    Ok(Poll::Ready(()))
}

fn misdeclared(how: &str) -> Error {
    Error::new(Code::LOCAL_PROTOCOL_ERROR, format!("{how} data for declared Content-Length"))
}

enum UploadError {
    Own(Error),
    /// The peer, or the connection, has ended it.
    Peer,
    /// The peer wants no more of it.
    Stopped,
}

/// What the exchange's future does between its polls.
enum Step {
    /// The request is out.
    Sent,
    Interim(ResponseHead),
    Head(http::Response<RecvStream>),
}

struct Machine<'a> {
    response: ResponseFuture,
    upload: Option<Upload>,
    writing: Writing,
    wait: Wait,
    timer: CoarseTimer,
    stream: u32,
    interim: usize,
    told_sent: bool,
    status: &'a Status,
}

impl Machine<'_> {
    fn poll(&mut self, cx: &mut Context<'_>, call: &Call, request: &Request<'_>) -> Poll<Result<Step, Failure>> {
        let mut steps = 0;
        loop {
            let wrote = poll_upload(cx, &mut self.upload, &mut self.writing, &mut self.wait).map_err(Failure::own)?;
            if self.writing == Writing::Done && !std::mem::replace(&mut self.told_sent, true) {
                return Poll::Ready(Ok(Step::Sent));
            }
            if let Poll::Ready(step) = self.poll_response(cx, request) {
                return Poll::Ready(step);
            }
            self.wait.check().map_err(Failure::own)?;
            if wrote.is_pending() {
                return self.wait.poll(cx, call, &mut self.timer, self.writing).map(|error| Err(Failure::own(error)));
            }
            steps += 1;
            if steps == STEPS_BEFORE_A_YIELD {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
        }
    }

    fn poll_response(&mut self, cx: &mut Context<'_>, request: &Request<'_>) -> Poll<Result<Step, Failure>> {
        let failed = |error: h2::Error| Failure::of_stream(&error, self.stream, self.status);
        while let Poll::Ready(Some(interim)) = self.response.poll_informational(cx) {
            let interim = interim.map_err(failed)?;
            self.interim += 1;
            if self.interim > MAX_INTERIM {
                let message = format!("more than {MAX_INTERIM} interim responses without a final one");
                return Poll::Ready(Err(Failure::own(Error::new(Code::REMOTE_PROTOCOL_ERROR, message))));
            }
            if request.observer.informational.is_some() {
                return Poll::Ready(response_head(&interim).map(Step::Interim).map_err(Failure::own));
            }
        }
        let response = ready!(Pin::new(&mut self.response).poll(cx)).map_err(failed)?;
        Poll::Ready(Ok(Step::Head(response)))
    }
}

/// Sends a request and waits for its response's head.
pub(in crate::httpcore) async fn exchange(
    call: &Call,
    connection: &Arc<Http2Connection>,
    cut: &Arc<Cut>,
    request: &Request<'_>,
    timings: &mut Timings,
) -> Result<(ResponseHead, Exchange), Failure> {
    let observer = request.observer;
    let own = Failure::own;
    let head = request_head(request).map_err(own)?;
    let body = match head.has_body {
        true => Some(request.body.open().map_err(own)?),
        false => None,
    };
    let wait = Wait::new(request, cut);
    wait.check().map_err(own)?;
    // Nothing here needs a socket of the caller's.
    call.leave_lane();
    let mut sender = connection.sender.clone();
    let unopened = |error: h2::Error| {
        connection.status.leave();
        Failure::of_stream(&error, 0, &connection.status)
    };
    poll_fn(|cx| sender.poll_ready(cx)).await.map_err(unopened)?;
    let (response, stream) = sender.send_request(head.request, body.is_none()).map_err(unopened)?;
    let id = response.stream_id().as_u32();
    let arguments = move || vec![("stream_id", Value::Int(i64::from(id)))];
    for phase in [Phase::Started, Phase::Complete] {
        let info = || if phase == Phase::Started { request_info(request, id) } else { nothing() };
        observer.tell(call, "http2.send_request_headers", phase, info).await.map_err(own)?;
    }
    observer.tell(call, "http2.send_request_body", Phase::Started, arguments).await.map_err(own)?;
    let upload = body.map(|body| Upload { stream, body, data: Bytes::new(), left: head.length });
    let mut machine = Machine {
        response,
        writing: if upload.is_some() { Writing::AwaitsBody } else { Writing::Done },
        upload,
        wait,
        timer: CoarseTimer::new(),
        stream: id,
        interim: 0,
        told_sent: false,
        status: &connection.status,
    };
    loop {
        match poll_fn(|cx| machine.poll(cx, call, request)).await? {
            Step::Sent => {
                timings.sent = Some(timings.started.elapsed());
                observer.tell(call, "http2.send_request_body", Phase::Complete, nothing).await.map_err(own)?;
                let step = "http2.receive_response_headers";
                observer.tell(call, step, Phase::Started, arguments).await.map_err(own)?;
            }
            Step::Interim(head) => observer.tell_interim(call, head).await,
            Step::Head(response) => {
                timings.head = timings.started.elapsed();
                let head = response_head(&response).map_err(own)?;
                let step = "http2.receive_response_headers";
                observer.tell(call, step, Phase::Complete, || head_info(&head)).await.map_err(own)?;
                machine.wait.progressed();
                let exchange = Exchange {
                    received: response.into_body(),
                    pending: Bytes::new(),
                    upload: machine.upload,
                    wait: machine.wait,
                    stream: id,
                    status: Arc::clone(&connection.status),
                    body_bytes: 0,
                    max_body: request.max_body,
                    trailers: None,
                    _connection: Arc::clone(connection),
                };
                exchange.check_declared(&head, request).map_err(own)?;
                return Ok((head, exchange));
            }
        }
    }
}

fn nothing() -> Info {
    vec![("return_value", Value::None)]
}

fn request_info(request: &Request<'_>, stream: u32) -> Info {
    let method = String::from_utf8_lossy(request.method);
    vec![("request", Value::Opaque(format!("<Request [b'{method}']>"))), ("stream_id", Value::Int(i64::from(stream)))]
}

fn head_info(head: &ResponseHead) -> Info {
    let pair =
        |(name, value): (&[u8], &[u8])| Value::List(vec![Value::Bytes(name.to_vec()), Value::Bytes(value.to_vec())]);
    let headers = Value::List(head.headers.iter().map(pair).collect());
    vec![("return_value", Value::List(vec![Value::Int(i64::from(head.status)), headers]))]
}

impl Exchange {
    /// The stream's number.
    pub(in crate::httpcore) fn stream_id(&self) -> u32 {
        self.stream
    }

    /// The fields that came after the body, once.
    pub(in crate::httpcore) fn trailers(&mut self) -> Option<RawHeaders> {
        self.trailers.take()
    }

    /// A body that says that it is too large fails before it is read.
    fn check_declared(&self, head: &ResponseHead, request: &Request<'_>) -> Result<(), Error> {
        let Some(max) = self.max_body.filter(|_| request.method != b"HEAD") else { return Ok(()) };
        let declared = head.headers.find_all(b"content-length").next();
        let declared = declared.and_then(|digits| std::str::from_utf8(digits).ok()?.parse::<u64>().ok());
        match declared {
            Some(length) if length > max => Err(body_too_large(max)),
            _ => Ok(()),
        }
    }

    /// The next piece of the body, at most `max` bytes, never empty; None at the end.
    pub(in crate::httpcore) async fn next(&mut self, call: &Call, max: usize) -> Result<Option<Bytes>, Error> {
        self.wait.check()?;
        if self.pending.is_empty() {
            call.leave_lane();
            let mut timer = CoarseTimer::new();
            match poll_fn(|cx| self.poll_data(cx, call, &mut timer)).await? {
                Some(data) => self.pending = data,
                None => return Ok(None),
            }
            self.body_bytes += self.pending.len() as u64;
            if let Some(max) = self.max_body.filter(|max| self.body_bytes > *max) {
                return Err(body_too_large(max));
            }
        }
        let piece = self.pending.split_to(max.min(self.pending.len()));
        // Now the peer may send as much again.
        let released = self.received.flow_control().release_capacity(piece.len());
        released.map_err(|error| super::fault::stream_error(&error, self.stream, &self.status))?;
        Ok(Some(piece))
    }

    fn poll_data(
        &mut self,
        cx: &mut Context<'_>,
        call: &Call,
        timer: &mut CoarseTimer,
    ) -> Poll<Result<Option<Bytes>, Error>> {
        let mut writing = Writing::Done;
        for _ in 0..STEPS_BEFORE_A_YIELD {
            let wrote = poll_upload(cx, &mut self.upload, &mut writing, &mut self.wait)?;
            match self.received.poll_data(cx) {
                Poll::Ready(Some(Ok(data))) if data.is_empty() => continue,
                Poll::Ready(Some(Ok(data))) => {
                    self.wait.progressed();
                    return Poll::Ready(Ok(Some(data)));
                }
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Err(self.broken(&error))),
                Poll::Ready(None) => {
                    let trailers = match ready!(self.received.poll_trailers(cx)) {
                        Ok(trailers) => trailers,
                        Err(error) => return Poll::Ready(Err(self.broken(&error))),
                    };
                    self.trailers = trailers.as_ref().map(fields).transpose()?;
                    if let Some(mut upload) = self.upload.take() {
                        // The server has said all it wanted to (RFC 9113 §8.1).
                        upload.stream.send_reset(Reason::NO_ERROR);
                    }
                    return Poll::Ready(Ok(None));
                }
                Poll::Pending if wrote.is_pending() => {
                    return self.wait.poll(cx, call, timer, writing).map(Err);
                }
                Poll::Pending => {}
            }
        }
        cx.waker().wake_by_ref();
        self.wait.check()?;
        Poll::Pending
    }

    /// A stream that ended in the middle of its body.
    fn broken(&self, error: &h2::Error) -> Error {
        let error = super::fault::stream_error(error, self.stream, &self.status);
        match error.is_a(Code::SERVER_DISCONNECTED) {
            true => {
                let message = "peer closed connection without sending complete message body (HTTP/2)";
                Error::new(Code::INCOMPLETE_BODY, message).with_cause(error)
            }
            false => error,
        }
    }
}
