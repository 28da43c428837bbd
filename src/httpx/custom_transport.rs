//! Transports that are user code (checklist M02, M03, M07): mocks, files, applications in the same process. A request goes
//! to it whole, and it answers by a [`Reply`], at once or later, from any thread.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use tokio::sync::oneshot;

use super::{in_time, Headers, Reading, Request, Response};
use crate::error::{Code, Error, Result};
use crate::httpcore::{self, Made, RawHeaders};
use crate::runtime::{Call, Foreign, PipeReader};

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

struct Answer {
    status: u16,
    headers: Headers,
    body: ReplyBody,
}

/// The way back to whoever waits for an answer. Dropped without one, it is an error for them.
pub struct Reply {
    answer: oneshot::Sender<Result<Answer>>,
    deadline: Option<Instant>,
}

impl Reply {
    /// Answers. What frames the body is added, unless `headers` say it.
    ///
    /// # Errors
    /// StreamClosed if nobody waits any more.
    pub fn send(self, status: u16, headers: Headers, body: ReplyBody) -> Result<()> {
        let headers = framed(headers, &body);
        self.give(Ok(Answer { status, headers, body }))
    }

    /// Answers with an error.
    ///
    /// # Errors
    /// StreamClosed if nobody waits any more.
    pub fn fail(self, error: Error) -> Result<()> {
        self.give(Err(error))
    }

    fn give(self, answer: Result<Answer>) -> Result<()> {
        self.answer.send(answer).map_err(|_| Error::new(Code::STREAM_CLOSED, "nobody waits for the reply any more"))
    }

    /// When all of the request has to be over.
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Whether somebody still waits for the answer.
    pub fn is_wanted(&self) -> bool {
        !self.answer.is_closed()
    }
}

/// As HTTPX does for responses that are made by hand.
fn framed(mut headers: Headers, body: &ReplyBody) -> Headers {
    if headers.contains(b"content-length") || headers.contains(b"transfer-encoding") {
        return headers;
    }
    let length = match body {
        ReplyBody::Bytes(content) => Some(content.len() as u64),
        ReplyBody::Pipe(_, length) => *length,
    };
    match length {
        Some(0) => {}
        Some(length) => headers.push(Bytes::from_static(b"Content-Length"), Bytes::from(length.to_string())),
        None => headers.push(Bytes::from_static(b"Transfer-Encoding"), Bytes::from_static(b"chunked")),
    }
    headers
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
    let sent = Arc::new(sent.framed());
    call.upcall(move || transport.get().handle(sent, Reply { answer, deadline })).await;
    let answer = async { answered.await.unwrap_or_else(|_| Err(unanswered())) };
    let Answer { status, headers, body } = in_time(call, deadline, answer).await?;
    let (here, to_come) = match body {
        ReplyBody::Bytes(content) => (content, None),
        ReplyBody::Pipe(reader, _) => (Bytes::new(), Some(reader)),
    };
    let core = httpcore::Response::made(
        status,
        RawHeaders::from_pairs(headers.iter())?,
        Made { here, to_come, deadline },
        started,
    );
    Ok(Response::new(core, Arc::clone(request), started, reading))
}

fn unanswered() -> Error {
    Error::new(Code::TRANSPORT_ERROR, "the transport has dropped the request without a reply")
}
