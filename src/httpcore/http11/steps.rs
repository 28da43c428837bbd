//! What is told of an exchange while it goes on: httpcore's events in httpcore's order, though both halves run at once
//! (checklist P04).

use super::head::ResponseHead;
use crate::error::Error;
use crate::httpcore::trace::{exception_text, Observer, Phase, Telling, TraceEvent, Value};
use crate::httpcore::Request;
use crate::runtime::{Attempt, Call, Foreign};

pub(super) const SEND_HEADERS: &str = "http11.send_request_headers";
pub(super) const SEND_BODY: &str = "http11.send_request_body";
pub(super) const RECEIVE_HEADERS: &str = "http11.receive_response_headers";
pub(super) const RECEIVE_BODY: &str = "http11.receive_response_body";
const CLOSED: &str = "http11.response_closed";

/// The steps of one exchange, for one who listens.
pub(super) struct Steps {
    observer: Observer,
    /// As Python shows the request.
    request: String,
    /// The step that goes on.
    current: Option<&'static str>,
    /// Tells, when it goes, that the response was closed; whoever lets it go, and why.
    closed: Foreign<Telling>,
}

impl Steps {
    /// None if nobody listens.
    pub(super) fn of(request: &Request<'_>) -> Option<Box<Steps>> {
        let trace = request.observer.trace.as_ref()?;
        let started = TraceEvent { step: CLOSED, phase: Phase::Started, info: Vec::new() };
        let complete = TraceEvent { step: CLOSED, phase: Phase::Complete, info: vec![("return_value", Value::None)] };
        Some(Box::new(Steps {
            observer: request.observer.clone(),
            request: format!("<Request [b'{}']>", String::from_utf8_lossy(request.method)),
            current: None,
            closed: Foreign::new(Telling::new(trace, vec![started, complete])),
        }))
    }

    pub(super) async fn begin(&mut self, call: &Call, step: &'static str) -> Result<(), Error> {
        self.current = Some(step);
        let info = || vec![("request", Value::Opaque(self.request.clone()))];
        self.observer.tell(call, step, Phase::Started, info).await
    }

    pub(super) async fn complete(&mut self, call: &Call, value: Value) -> Result<(), Error> {
        match self.current.take() {
            Some(step) => self.observer.tell(call, step, Phase::Complete, || vec![("return_value", value)]).await,
            None => Ok(()),
        }
    }

    pub(super) async fn fail(&mut self, call: &Call, error: &Error) -> Result<(), Error> {
        let info = || vec![("exception", Value::Opaque(exception_text(error)))];
        match self.current.take() {
            Some(step) => self.observer.tell(call, step, Phase::Failed, info).await,
            None => Ok(()),
        }
    }

    /// One step is over, the next begins.
    pub(super) async fn go_on_to(&mut self, call: &Call, step: &'static str) -> Result<(), Error> {
        self.complete(call, Value::None).await?;
        self.begin(call, step).await
    }

    /// The response's head is there: whatever else went on is over.
    pub(super) async fn received(&mut self, call: &Call, head: &ResponseHead) -> Result<(), Error> {
        if self.current != Some(RECEIVE_HEADERS) {
            let early =
                Error::new(crate::error::Code::WRITE_ERROR, "the response came before the request was complete");
            self.fail(call, &early).await?;
            self.begin(call, RECEIVE_HEADERS).await?;
        }
        self.complete(call, described(head)).await
    }

    pub(super) fn has_begun(&self, step: &'static str) -> bool {
        self.current == Some(step)
    }

    /// The end of it all.
    pub(super) async fn close(self, call: &Call) {
        let mut closed = self.closed;
        // What is over needs no answer.
        let _ = call.ask_on_lane(Attempt::new(move || closed.get_mut().tell())).await;
    }

    /// Nothing but the end is left to be told.
    pub(super) fn into_closed(self) -> Foreign<Telling> {
        self.closed
    }
}

/// Version, status, reason and fields, as httpcore returns them.
fn described(head: &ResponseHead) -> Value {
    let bytes = |bytes: &[u8]| Value::Bytes(bytes.to_vec());
    let fields = head.headers.iter().map(|(name, value)| Value::Tuple(vec![bytes(name), bytes(value)]));
    Value::Tuple(vec![
        bytes(head.version.as_bytes()),
        Value::Int(i64::from(head.status)),
        bytes(head.reason()),
        Value::List(fields.collect()),
    ])
}
