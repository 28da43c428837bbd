//! One request and its response on a stream. Both go on at once: the body is written while the response is awaited and
//! read, so that a server may answer before it has heard everything.

use std::future::{poll_fn, Future};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{ready, Context, Poll};
use std::time::{Duration, Instant};

use bytes::{Buf, Bytes};
use h2::client::ResponseFuture;
use h2::{Reason, RecvStream, SendStream};

use super::head::{fields, request_head, response_head, RequestHead};
use super::steps::{self, Steps};
use super::{Failure, Http2Connection, Status};
use crate::error::{Code, Error};
use crate::httpcore::body::BodyReader;
use crate::httpcore::connection::{closed, deadline_exceeded, timed_out, Cut, Limit};
use crate::httpcore::http11::{body_too_large, ResponseHead, MAX_INTERIM, PROGRESS};
use crate::httpcore::trace::Value;
use crate::httpcore::{RawHeaders, Request, Timings};
use crate::runtime::{Call, CoarseTimer, SHORTEST};

/// How much of a body is handed to h2 at once. It is copied: the I/O thread must not hold what is foreign.
const PIECE: usize = 16_384;
/// How often a body is written or read before the lane's other work gets its turn.
const STEPS_BEFORE_A_YIELD: usize = 32;

/// A response whose head is here.
pub(in crate::httpcore) struct Exchange {
    received: RecvStream,
    /// What came and was not asked for yet.
    pending: Bytes,
    writer: Writer,
    wait: Wait,
    stream: u32,
    status: Arc<Status>,
    body_bytes: u64,
    /// How many bytes the head says that the body has.
    declared: Option<u64>,
    max_body: Option<u64>,
    trailers: Option<RawHeaders>,
    steps: Option<Box<Steps>>,
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
            Writing::AwaitsContinue | Writing::Stopped | Writing::Done => Limit { ..self.read },
        };
        let own = match (self.until, limit.timeout) {
            (_, None) => None,
            (Some(at), _) => Some(at),
            (None, Some(timeout)) if timeout < SHORTEST => return Poll::Ready(timed_out(limit.code)),
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
    /// The peer's leave to send a body (RFC 9110 §10.1.1).
    AwaitsContinue,
    /// The peer wants no more of it.
    Stopped,
    Done,
}

/// What writes a request's body.
struct Writer {
    /// None after the body's end.
    upload: Option<Upload>,
    writing: Writing,
    bytes_sent: u64,
    /// What Content-Length has promised.
    total: Option<u64>,
    /// How much was sent when that was told last.
    told: u64,
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
    /// Ready after a step forward, with what was sent; None is the body's end.
    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        call: &Call,
        writing: &mut Writing,
    ) -> Poll<Result<Option<usize>, UploadError>> {
        if self.data.is_empty() {
            *writing = Writing::AwaitsBody;
            let piece = ready!(self.body.poll_next(cx, call)).transpose().map_err(UploadError::Own)?;
            let Some(data) = piece else {
                if self.left.is_some_and(|left| left > 0) {
                    return Poll::Ready(Err(UploadError::Own(misdeclared("Too little"))));
                }
                self.body.satisfied();
                let ended = self.stream.send_data(Bytes::new(), true);
                return Poll::Ready(ended.map(|()| None).map_err(|_| UploadError::Peer));
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
                None => return Poll::Ready(Err(UploadError::Peer)),
            };
        }
        let piece = Bytes::copy_from_slice(&self.data[..wanted.min(capacity)]);
        let length = piece.len();
        self.data.advance(length);
        Poll::Ready(self.stream.send_data(piece, false).map(|()| Some(length)).map_err(|_| UploadError::Peer))
    }
}

enum UploadError {
    Own(Error),
    /// The peer wants no more of it, or the connection has ended.
    Peer,
}

impl Writer {
    /// Takes the upload a step further, if there is one. Pending if it cannot go on, or there is none.
    fn poll(&mut self, cx: &mut Context<'_>, call: &Call, wait: &mut Wait) -> Result<Poll<()>, Error> {
        let Some(upload) = self.upload.as_mut().filter(|_| self.writing != Writing::AwaitsContinue) else {
            return Ok(Poll::Pending);
        };
        match upload.poll(cx, call, &mut self.writing) {
            Poll::Pending => return Ok(Poll::Pending),
            Poll::Ready(Ok(Some(length))) => self.bytes_sent += length as u64,
            Poll::Ready(Ok(None)) => {
                self.upload = None;
                self.writing = Writing::Done;
            }
            // The response, or its error, says why.
            Poll::Ready(Err(UploadError::Peer)) => {
                self.upload = None;
                self.writing = Writing::Stopped;
            }
            Poll::Ready(Err(UploadError::Own(error))) => {
                upload.stream.send_reset(Reason::CANCEL);
                return Err(error);
            }
        }
        wait.progressed();
        Ok(Poll::Ready(()))
    }

    /// How much is out, once after each piece.
    fn news(&mut self) -> Option<Step> {
        let piece_is_out = self.upload.as_ref().is_none_or(|upload| upload.data.is_empty());
        let news = self.bytes_sent - self.told;
        if news == 0 || (!piece_is_out && news < PROGRESS) {
            return None;
        }
        self.told = self.bytes_sent;
        Some(Step::Uploaded { sent: self.bytes_sent, total: self.total })
    }

    /// Holds the body back no longer, if it did.
    fn go_on(&mut self) {
        if self.writing == Writing::AwaitsContinue {
            self.writing = Writing::AwaitsBody;
        }
    }

    /// Gives up what is left of the body: the server has said all that it wanted to (RFC 9113 §8.1).
    fn stop(&mut self) {
        if let Some(mut upload) = self.upload.take() {
            upload.stream.send_reset(Reason::NO_ERROR);
            self.writing = Writing::Stopped;
        }
    }
}

fn misdeclared(how: &str) -> Error {
    Error::new(Code::LOCAL_PROTOCOL_ERROR, format!("{how} data for declared Content-Length"))
}

/// What the exchange's future does between its polls.
enum Step {
    /// A piece of the body is out, if anybody listens to that.
    Uploaded {
        sent: u64,
        total: Option<u64>,
    },
    /// The request is out.
    Sent,
    Interim(ResponseHead),
    Head(http::Response<RecvStream>),
}

struct Machine<'a> {
    response: ResponseFuture,
    writer: Writer,
    wait: Wait,
    timer: CoarseTimer,
    /// Until when the body waits for a `100 Continue`; None is as long as it takes.
    hold_until: Option<Instant>,
    stream: u32,
    interim: usize,
    told_sent: bool,
    status: &'a Status,
}

impl Machine<'_> {
    fn poll(&mut self, cx: &mut Context<'_>, call: &Call, request: &Request<'_>) -> Poll<Result<Step, Failure>> {
        let mut steps = 0;
        loop {
            let wrote = self.writer.poll(cx, call, &mut self.wait).map_err(Failure::own)?;
            if let Some(news) = request.observer.upload.as_ref().and_then(|_| self.writer.news()) {
                return Poll::Ready(Ok(news));
            }
            if self.writer.writing == Writing::Done && !std::mem::replace(&mut self.told_sent, true) {
                return Poll::Ready(Ok(Step::Sent));
            }
            let holding = self.writer.writing == Writing::AwaitsContinue;
            if let Poll::Ready(step) = self.poll_response(cx, request) {
                return Poll::Ready(step);
            }
            self.wait.check().map_err(Failure::own)?;
            let goes_on = holding && self.writer.writing != Writing::AwaitsContinue;
            if wrote.is_pending() && !goes_on {
                ready!(self.poll_wait(cx, call)).map_err(Failure::own)?;
            }
            steps += 1;
            if steps == STEPS_BEFORE_A_YIELD {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
        }
    }

    /// Ready with an error when the wait has taken too long, or without one if the body need not wait any longer.
    fn poll_wait(&mut self, cx: &mut Context<'_>, call: &Call) -> Poll<Result<(), Error>> {
        match self.hold_until.filter(|_| self.writer.writing == Writing::AwaitsContinue) {
            None => self.wait.poll(cx, call, &mut self.timer, self.writer.writing).map(Err),
            Some(until) => {
                self.wait.cut.register(cx.waker());
                let at = self.wait.read.deadline.map_or(until, |deadline| deadline.min(until));
                ready!(call.poll_until(cx, at, &mut self.timer));
                self.wait.check()?;
                self.writer.go_on();
                Poll::Ready(Ok(()))
            }
        }
    }

    fn poll_response(&mut self, cx: &mut Context<'_>, request: &Request<'_>) -> Poll<Result<Step, Failure>> {
        let (stream, status) = (self.stream, self.status);
        let failed = |error: h2::Error| {
            if !error.is_reset() {
                // Known here before the driver knows it: another try must not end up on the same connection.
                status.leave();
            }
            Failure::of_stream(&error, stream, status)
        };
        // The response itself is asked for only when nothing can come before it: asking would throw that away.
        while let Some(interim) = ready!(self.response.poll_informational(cx)) {
            let interim = interim.map_err(failed)?;
            self.interim += 1;
            if self.interim > MAX_INTERIM {
                let message = format!("more than {MAX_INTERIM} interim responses without a final one");
                return Poll::Ready(Err(Failure::own(Error::new(Code::REMOTE_PROTOCOL_ERROR, message))));
            }
            if interim.status() == http::StatusCode::CONTINUE {
                self.writer.go_on();
            }
            if request.observer.informational.is_some() {
                let head = response_head(&interim, &request.limits);
                return Poll::Ready(head.map(Step::Interim).map_err(Failure::own));
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
    let wait = Wait::new(request, cut);
    let mut machine = open(connection, request, wait).await?;
    // Nothing here needs a socket of the caller's.
    call.leave_lane();
    let mut steps = Steps::of(request, machine.stream);
    let done = machine.run(call, request, timings, &mut steps).await;
    timings.bytes_sent = machine.writer.bytes_sent;
    let checked = done.and_then(|response| {
        let head = response_head(&response, &request.limits).map_err(Failure::own)?;
        let declared = declared_length(&head, request);
        match request.max_body {
            // A body that says that it is too large fails before it is read.
            Some(max) if declared.is_some_and(|length| length > max) => Err(Failure::own(body_too_large(max))),
            _ => Ok((head, declared, response)),
        }
    });
    let told = match (&checked, &mut steps) {
        (Ok((head, ..)), Some(steps)) => steps.received(call, head).await,
        _ => Ok(()),
    };
    match checked.and_then(|checked| told.map(|()| checked).map_err(Failure::own)) {
        Ok((head, declared, response)) => {
            machine.wait.progressed();
            let exchange = Exchange {
                received: response.into_body(),
                pending: Bytes::new(),
                writer: machine.writer,
                wait: machine.wait,
                stream: machine.stream,
                status: Arc::clone(&connection.status),
                body_bytes: 0,
                declared,
                max_body: request.max_body,
                trailers: None,
                steps,
                _connection: Arc::clone(connection),
            };
            Ok((head, exchange))
        }
        Err(failure) => {
            drop(machine);
            if let Some(mut steps) = steps {
                // What went wrong first is what counts.
                let _ = steps.fail(call, &failure.error).await;
                steps.close(call).await;
            }
            Err(failure)
        }
    }
}

/// Opens a stream: from here on the I/O thread sends the head.
async fn open<'a>(connection: &'a Http2Connection, request: &Request<'_>, wait: Wait) -> Result<Machine<'a>, Failure> {
    let RequestHead { request: head, has_body, length } = request_head(request).map_err(Failure::own)?;
    wait.check().map_err(Failure::own)?;
    let status = &*connection.status;
    let unopened = |error: h2::Error| {
        status.leave();
        Failure::unopened(&error, status)
    };
    let mut sender = connection.sender.clone();
    // Fails if the connection takes no more streams.
    poll_fn(|cx| sender.poll_ready(cx)).await.map_err(unopened)?;
    // A pipe is opened only now, so that another connection can have it.
    let body = if has_body { Some(request.body.open().map_err(Failure::own)?) } else { None };
    let (response, stream) = sender.send_request(head, body.is_none()).map_err(unopened)?;
    let upload = body.map(|body| Upload { stream, body, data: Bytes::new(), left: length });
    let hold = request.expect.filter(|_| request.expects());
    let writing = match (&upload, hold) {
        (None, _) => Writing::Done,
        (Some(_), None) => Writing::AwaitsBody,
        (Some(_), Some(_)) => Writing::AwaitsContinue,
    };
    Ok(Machine {
        stream: response.stream_id().as_u32(),
        response,
        writer: Writer { upload, writing, bytes_sent: 0, total: length, told: 0 },
        wait,
        timer: CoarseTimer::new(),
        hold_until: hold.and_then(|hold: Duration| Instant::now().checked_add(hold)),
        interim: 0,
        told_sent: false,
        status,
    })
}

/// How long the body is, if the head says so.
fn declared_length(head: &ResponseHead, request: &Request<'_>) -> Option<u64> {
    if request.method == b"HEAD" || matches!(head.status, 204 | 304) {
        return Some(0);
    }
    let digits = head.headers.find_all(b"content-length").next()?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}

impl Machine<'_> {
    async fn run(
        &mut self,
        call: &Call,
        request: &Request<'_>,
        timings: &mut Timings,
        steps: &mut Option<Box<Steps>>,
    ) -> Result<http::Response<RecvStream>, Failure> {
        let own = Failure::own;
        if let Some(steps) = steps {
            steps.begin(call, steps::SEND_HEADERS).await.map_err(own)?;
            steps.go_on_to(call, steps::SEND_BODY).await.map_err(own)?;
        }
        loop {
            let step = poll_fn(|cx| self.poll(cx, call, request)).await?;
            if let Some(steps) = steps.as_mut().filter(|_| self.status.take_settings()) {
                steps.received_settings(call).await.map_err(own)?;
            }
            match (step, &mut *steps) {
                (Step::Sent, told) => {
                    timings.sent = Some(timings.started.elapsed());
                    if let Some(steps) = told {
                        steps.go_on_to(call, steps::RECEIVE_HEADERS).await.map_err(own)?;
                    }
                }
                (Step::Uploaded { sent, total }, _) => {
                    request.observer.tell_upload(call, sent, total).await.map_err(own)?;
                }
                (Step::Interim(head), _) => request.observer.tell_interim(call, head).await,
                (Step::Head(response), _) => {
                    timings.head = timings.started.elapsed();
                    return Ok(response);
                }
            }
        }
    }
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

    /// The next piece of the body, at most `max` bytes, never empty; None at the end.
    pub(in crate::httpcore) async fn next(&mut self, call: &Call, max: usize) -> Result<Option<Bytes>, Error> {
        if self.steps.is_none() {
            return self.receive(call, max).await;
        }
        let call = &call.until(self.wait.read.deadline);
        if let Some(steps) = self.steps.as_mut().filter(|steps| !steps.has_begun(steps::RECEIVE_BODY)) {
            steps.begin(call, steps::RECEIVE_BODY).await?;
        }
        let received = self.receive(call, max).await;
        let told = match (&received, &mut self.steps) {
            (Ok(Some(_)), _) | (_, None) => return received,
            (Ok(None), Some(steps)) => steps.complete(call, Value::None).await,
            (Err(error), Some(steps)) => steps.fail(call, error).await,
        };
        if let Some(mut steps) = self.steps.take() {
            steps.close(call).await;
        }
        received.and_then(|end| told.map(|()| end))
    }

    async fn receive(&mut self, call: &Call, max: usize) -> Result<Option<Bytes>, Error> {
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
        for _ in 0..STEPS_BEFORE_A_YIELD {
            let wrote = self.writer.poll(cx, call, &mut self.wait)?;
            match self.received.poll_data(cx) {
                Poll::Ready(Some(Ok(data))) if data.is_empty() => continue,
                Poll::Ready(Some(Ok(data))) => {
                    self.wait.progressed();
                    return Poll::Ready(Ok(Some(data)));
                }
                Poll::Ready(Some(Err(error))) if !self.is_complete(&error) => {
                    return Poll::Ready(Err(self.broken(&error)));
                }
                Poll::Ready(Some(Err(_))) => {
                    self.writer.stop();
                    return Poll::Ready(Ok(None));
                }
                Poll::Ready(None) => {
                    let trailers = match ready!(self.received.poll_trailers(cx)) {
                        Ok(trailers) => trailers,
                        Err(error) => return Poll::Ready(Err(self.broken(&error))),
                    };
                    self.trailers = trailers.as_ref().map(fields).transpose()?;
                    self.writer.stop();
                    return Poll::Ready(Ok(None));
                }
                Poll::Pending if wrote.is_pending() => {
                    // Whoever reads waits for the peer, whatever the request's body waits for.
                    let writing = match self.writer.writing {
                        Writing::AwaitsPeer => Writing::AwaitsPeer,
                        _ => Writing::Done,
                    };
                    return self.wait.poll(cx, call, timer, writing).map(Err);
                }
                Poll::Pending => {}
            }
        }
        cx.waker().wake_by_ref();
        self.wait.check()?;
        Poll::Pending
    }

    /// Whether all of the body was here when the connection ended in the middle of the upload: h2 has forgotten then
    /// whether the response had ended.
    fn is_complete(&self, error: &h2::Error) -> bool {
        let connection_ended = error.is_io() || error.is_go_away();
        self.writer.writing != Writing::Done && connection_ended && self.declared == Some(self.body_bytes)
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
