//! Transports that are user code (checklist M02, M03, M07): mocks, files, applications in the same process. A request goes
//! to it whole, and it answers by a [`Reply`], at once or later, from any thread.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use tokio::sync::oneshot;

use super::response_builder::{frame, reason_phrase};
use super::{in_time, Headers, Reading, Request, Response};
use crate::error::{Code, Error, Result};
use crate::httpcore::{self, Made, RawHeaders, ResponseHead, ToCome, Version};
use crate::runtime::{Call, Foreign, Interrupt, PipeReader};

/// What carries requests in the place of a connection pool.
pub trait CustomTransport: Send + Sync {
    /// Whether requests' bodies have to be in memory.
    fn requires_request_body(&self) -> bool;

    /// Carries a request, which has all its headers. Runs outside polls, on the thread that waits or dispatches.
    fn handle(&self, request: Arc<Request>, reply: Reply);

    /// Takes no more requests. Called once at most, outside polls.
    fn close(&self);
}

/// The body of an answer.
pub enum ReplyBody {
    /// In memory.
    Bytes(Bytes),
    /// Written while it is read, of known or unknown length.
    Pipe(PipeReader, Option<u64>),
}

/// What stands around the body of an answer.
#[derive(Default)]
pub struct ReplyHead {
    /// Instead of the status code's own, unless it is empty.
    pub reason: Bytes,
    /// In their order.
    pub headers: Headers,
    /// What comes after the body.
    pub trailers: Headers,
}

impl ReplyHead {
    /// Sets the reason phrase.
    ///
    /// # Errors
    /// INVALID_ARGUMENT for what could not stand in a status line.
    pub fn set_reason(&mut self, reason: &[u8]) -> Result<()> {
        self.reason = reason_phrase(reason)?;
        Ok(())
    }
}

enum Answer {
    Made(u16, ReplyHead, ReplyBody),
    Whole(Box<Response>),
}

/// The way back to whoever waits for an answer. Dropped without one, it is an error for them.
pub struct Reply {
    answer: oneshot::Sender<Result<Answer>>,
    deadline: Option<Instant>,
    interrupt: Option<Arc<Interrupt>>,
}

impl Reply {
    /// Answers. What frames the body is added, unless `headers` say it.
    ///
    /// # Errors
    /// StreamClosed if nobody waits any more.
    pub fn send(self, status: u16, mut head: ReplyHead, body: ReplyBody) -> Result<()> {
        match &body {
            // As HTTPX does for responses that are made by hand.
            ReplyBody::Bytes(content) if content.is_empty() => {}
            ReplyBody::Pipe(_, Some(0)) => {}
            ReplyBody::Bytes(content) => frame(&mut head.headers, Some(content.len() as u64)),
            ReplyBody::Pipe(_, length) => frame(&mut head.headers, *length),
        }
        self.answer.send(Ok(Answer::Made(status, head, body))).map_err(|_| unwanted())
    }

    /// Answers with a response that came from elsewhere, unread or read.
    ///
    /// # Errors
    /// StreamClosed, with the response, if nobody waits any more.
    pub fn pass_on(self, response: Box<Response>) -> Result<(), (Error, Box<Response>)> {
        match self.answer.send(Ok(Answer::Whole(response))) {
            Err(Ok(Answer::Whole(response))) => Err((unwanted(), response)),
            _ => Ok(()),
        }
    }

    /// Answers with an error.
    ///
    /// # Errors
    /// StreamClosed if nobody waits any more.
    pub fn fail(self, error: Error) -> Result<()> {
        self.answer.send(Err(error)).map_err(|_| unwanted())
    }

    /// When all of the request has to be over.
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// What interrupts blocking calls for the request.
    pub fn interrupt(&self) -> Option<&Arc<Interrupt>> {
        self.interrupt.as_ref()
    }

    /// Whether somebody still waits for the answer.
    pub fn is_wanted(&self) -> bool {
        !self.answer.is_closed()
    }
}

fn unwanted() -> Error {
    Error::new(Code::STREAM_CLOSED, "nobody waits for the reply any more")
}

/// One request, one response, with its body unread.
pub(super) async fn handle(
    transport: &Arc<Foreign<Box<dyn CustomTransport>>>,
    call: &Call,
    request: &Arc<Request>,
    deadline: Option<Instant>,
    reading: &Arc<Reading>,
) -> Result<Response> {
    let started = Instant::now();
    let sent = match transport.get().requires_request_body() {
        true => request.loaded(call, deadline).await?,
        false => Arc::clone(request),
    };
    let (answer, answered) = oneshot::channel();
    let transport = Arc::clone(transport);
    // As it would go out. Sent on by other means, it would come back here by the transport that it names.
    let mut sent = sent.framed();
    sent.transport = None;
    let sent = Arc::new(sent);
    let interrupt = call.interrupt().cloned();
    call.upcall(move || transport.get().handle(sent, Reply { answer, deadline, interrupt })).await;
    let answer = async { answered.await.unwrap_or_else(|_| Err(unanswered())) };
    let (status, head, body) = match in_time(call, deadline, answer).await? {
        Answer::Made(status, head, body) => (status, head, body),
        Answer::Whole(response) => {
            let mut response = response.answering(request, started);
            response.bind(deadline, None)?;
            return Ok(response);
        }
    };
    let mut made = match body {
        ReplyBody::Bytes(here) => Made { here, ..Made::default() },
        ReplyBody::Pipe(reader, _) => Made { to_come: Some(ToCome::Written(reader)), ..Made::default() },
    };
    if !head.trailers.is_empty() {
        made.trailers = Some(RawHeaders::from_pairs(head.trailers.iter())?);
    }
    let lines = RawHeaders::from_pairs(head.headers.iter())?;
    let received = ResponseHead::made(Version::HTTP_11, status, &head.reason, &lines)?;
    let mut response =
        Response::new(httpcore::Response::made(received, made, started), Arc::clone(request), started, reading);
    response.bind(deadline, None)?;
    Ok(response)
}

fn unanswered() -> Error {
    Error::new(Code::TRANSPORT_ERROR, "the transport has dropped the request without a reply")
}
