//! What is told of an exchange while it goes on: httpcore's events in httpcore's order, though the request's body goes
//! out while the response comes in (checklist P04).

use crate::error::Error;
use crate::httpcore::http11::ResponseHead;
use crate::httpcore::trace::{exception_text, Info, Observer, Phase, Telling, TraceEvent, Value};
use crate::httpcore::Request;
use crate::runtime::{Attempt, Call, Foreign};

pub(super) const SEND_HEADERS: &str = "http2.send_request_headers";
pub(super) const SEND_BODY: &str = "http2.send_request_body";
pub(super) const RECEIVE_HEADERS: &str = "http2.receive_response_headers";
pub(super) const RECEIVE_BODY: &str = "http2.receive_response_body";
const RECEIVE_SETTINGS: &str = "http2.receive_remote_settings";
const CLOSED: &str = "http2.response_closed";

/// The steps of one exchange, for one who listens.
pub(super) struct Steps {
    observer: Observer,
    request: Info,
    stream: u32,
    /// The step that goes on.
    current: Option<&'static str>,
    /// Tells, when it goes, that the response was closed, whoever lets it go, and why; None once it is told.
    closed: Option<Foreign<Telling>>,
}

impl Steps {
    /// None if nobody listens.
    pub(super) fn of(request: &Request<'_>, stream: u32) -> Option<Box<Steps>> {
        let trace = request.observer.trace.as_ref()?;
        let info = vec![("stream_id", Value::Int(i64::from(stream)))];
        let started = TraceEvent { step: CLOSED, phase: Phase::Started, info };
        let complete = TraceEvent { step: CLOSED, phase: Phase::Complete, info: returned(Value::None) };
        Some(Box::new(Steps {
            observer: request.observer.clone(),
            request: request_info(request),
            stream,
            current: None,
            closed: Some(Foreign::new(Telling::new(trace, vec![started, complete]))),
        }))
    }

    pub(super) async fn begin(&mut self, call: &Call, step: &'static str) -> Result<(), Error> {
        self.current = Some(step);
        let mut info = self.request.clone();
        info.push(("stream_id", Value::Int(i64::from(self.stream))));
        self.observer.tell(call, step, Phase::Started, || info).await
    }

    pub(super) async fn complete(&mut self, call: &Call, value: Value) -> Result<(), Error> {
        match self.current.take() {
            Some(step) => self.observer.tell(call, step, Phase::Complete, || returned(value)).await,
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

    /// The server's settings have come since anybody looked.
    pub(super) async fn received_settings(&mut self, call: &Call) -> Result<(), Error> {
        self.observer.tell(call, RECEIVE_SETTINGS, Phase::Started, || self.request.clone()).await?;
        let event = Value::Opaque("<RemoteSettingsChanged>".to_owned());
        self.observer.tell(call, RECEIVE_SETTINGS, Phase::Complete, || returned(event)).await
    }

    /// The response's head is there. The request's body may still be on its way.
    pub(super) async fn received(&mut self, call: &Call, head: &ResponseHead) -> Result<(), Error> {
        if self.current != Some(RECEIVE_HEADERS) {
            self.go_on_to(call, RECEIVE_HEADERS).await?;
        }
        self.complete(call, described(head)).await
    }

    pub(super) fn has_begun(&self, step: &'static str) -> bool {
        self.current == Some(step)
    }

    /// The end of it all.
    pub(super) async fn close(&mut self, call: &Call) {
        if let Some(mut closed) = self.closed.take() {
            // What is over needs no answer.
            let _ = call.ask_on_lane(Attempt::new(move || closed.get_mut().tell())).await;
        }
    }
}

/// What a step says of a request.
pub(in crate::httpcore) fn request_info(request: &Request<'_>) -> Info {
    let method = String::from_utf8_lossy(request.method);
    vec![("request", Value::Opaque(format!("<Request [b'{method}']>")))]
}

fn returned(value: Value) -> Info {
    vec![("return_value", value)]
}

/// Status and fields, as httpcore returns them.
fn described(head: &ResponseHead) -> Value {
    let bytes = |bytes: &[u8]| Value::Bytes(bytes.to_vec());
    let fields = head.headers.iter().map(|(name, value)| Value::Tuple(vec![bytes(name), bytes(value)]));
    Value::Tuple(vec![Value::Int(i64::from(head.status)), Value::List(fields.collect())])
}
