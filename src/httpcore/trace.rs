//! What happens to a request, told while it happens: httpcore's trace events (checklist P02 to P04) and its log lines
//! (P07). Whoever listens is foreign code, so every event is an upcall: it runs outside polls, on the thread that waits
//! for the request.

use std::future::Future;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::Arc;
use std::task::{ready, Poll};

use super::http11::ResponseHead;
use crate::error::Error;
use crate::runtime::{answered_at_once, Attempt, Call};

/// A value that an event tells.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Nothing.
    None,
    /// A port, a status, a stream's id.
    Int(i64),
    /// Seconds.
    Float(f64),
    /// A name, an address, a path.
    Text(String),
    /// What stood on the wire.
    Bytes(Vec<u8>),
    /// Something that has no value, by its description, such as `<Request [b'GET']>`.
    Opaque(String),
    /// Of a fixed number of values, such as a status line's parts.
    Tuple(Vec<Value>),
    /// Of any number of values.
    List(Vec<Value>),
}

/// Names and values, in httpcore's order.
pub type Info = Vec<(&'static str, Value)>;

/// When in the course of a step an event happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// `started`, with the step's arguments.
    Started,
    /// `complete`, with `return_value`.
    Complete,
    /// `failed`, with `exception`.
    Failed,
}

/// One event.
#[derive(Clone, Debug)]
pub struct TraceEvent {
    /// The step: `connection.connect_tcp`, `http11.send_request_headers`.
    pub step: &'static str,
    /// Before or after it.
    pub phase: Phase,
    /// See [`Phase`].
    pub info: Info,
}

/// Hears of a request's steps. An error ends the request with it; what waits for an answer that is still to come is told
/// the same again.
pub type TraceFn = dyn Fn(&TraceEvent) -> Poll<Result<(), Error>> + Send + Sync;
/// Hears of interim responses (1xx but for 101).
pub type InformationalFn = dyn Fn(&ResponseHead) + Send + Sync;
/// Hears how much of a body is out, and how much there is, if that is known. An error ends the request with it.
pub type UploadFn = dyn Fn(u64, Option<u64>) -> Result<(), Error> + Send + Sync;

/// Who listens to a request.
#[derive(Clone, Default)]
pub struct Observer {
    /// To every step.
    pub trace: Option<Arc<TraceFn>>,
    /// To interim responses.
    pub informational: Option<Arc<InformationalFn>>,
    /// To the body's way out.
    pub upload: Option<Arc<UploadFn>>,
}

/// How much a line of the log matters, as Python counts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// What happens inside.
    Debug = 10,
    /// What a user may want to see.
    Info = 20,
}

/// Hears lines of the log: level, logger (`httpcore.http11`) and message (checklist P06, P07).
pub type LogFn = dyn Fn(Level, &str, &str) + Send + Sync;

/// Who hears lines of the log, and from which level on.
#[derive(Clone)]
pub struct Log {
    tell: Arc<LogFn>,
    from: Arc<AtomicI32>,
}

impl Log {
    /// All lines go to `tell`.
    pub fn new(tell: Arc<LogFn>) -> Log {
        Log { tell, from: Arc::new(AtomicI32::new(0)) }
    }

    /// The same with a level of its own, which is the same at first.
    #[must_use]
    pub fn separate(&self) -> Log {
        let from = self.from.load(Ordering::Relaxed);
        Log { tell: Arc::clone(&self.tell), from: Arc::new(AtomicI32::new(from)) }
    }

    /// From now on there are no lines below that level.
    pub fn set_level(&self, from: i32) {
        self.from.store(from, Ordering::Relaxed);
    }

    /// Whether lines of that level are made.
    pub fn wants(&self, level: Level) -> bool {
        level as i32 >= self.from.load(Ordering::Relaxed)
    }

    /// Tells a line, if it is wanted.
    pub fn line(&self, level: Level, logger: &str, message: &str) {
        if self.wants(level) {
            (self.tell)(level, logger, message);
        }
    }
}

impl std::fmt::Debug for Observer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (trace, informational) = (self.trace.is_some(), self.informational.is_some());
        let upload = self.upload.is_some();
        let mut fields = f.debug_struct("Observer");
        fields.field("trace", &trace).field("informational", &informational).field("upload", &upload).finish()
    }
}

impl Observer {
    /// The same, and every step becomes a line for `log`, too.
    pub fn logged(&self, log: Log) -> Observer {
        let inner = self.trace.clone();
        let trace: Arc<TraceFn> = Arc::new(move |event| {
            if let Some(inner) = &inner {
                ready!(inner(event))?;
            }
            if log.wants(Level::Debug) {
                answered_at_once(|| log.line(Level::Debug, &event.logger(), &event.log_line()));
            }
            Poll::Ready(Ok(()))
        });
        Observer { trace: Some(trace), ..self.clone() }
    }

    /// Tells of one event, if anybody listens.
    pub(super) async fn tell(
        &self,
        call: &Call,
        step: &'static str,
        phase: Phase,
        info: impl FnOnce() -> Info,
    ) -> Result<(), Error> {
        let Some(trace) = self.trace.clone() else { return Ok(()) };
        let event = TraceEvent { step, phase, info: info() };
        call.ask_on_lane(Attempt::new(move || trace(&event))).await?
    }

    /// Tells of an interim response, if anybody listens.
    pub(super) async fn tell_interim(&self, call: &Call, head: ResponseHead) {
        if let Some(informational) = self.informational.clone() {
            call.upcall(move || informational(&head)).await;
        }
    }

    /// Tells how much of a body is out, if anybody listens.
    pub(super) async fn tell_upload(&self, call: &Call, sent: u64, total: Option<u64>) -> Result<(), Error> {
        let Some(upload) = self.upload.clone() else { return Ok(()) };
        call.upcall(move || upload(sent, total)).await
    }

    /// Runs a step and tells of its beginning and its end.
    pub(super) async fn around<T>(
        &self,
        call: &Call,
        step: &'static str,
        arguments: impl FnOnce() -> Info,
        work: impl Future<Output = Result<T, Error>>,
        value: impl FnOnce(&T) -> Value,
    ) -> Result<T, Error> {
        if self.trace.is_none() {
            return work.await;
        }
        self.tell(call, step, Phase::Started, arguments).await?;
        let result = work.await;
        match &result {
            Ok(done) => self.tell(call, step, Phase::Complete, || vec![("return_value", value(done))]).await?,
            Err(error) => {
                let exception = || vec![("exception", Value::Opaque(exception_text(error)))];
                self.tell(call, step, Phase::Failed, exception).await?;
            }
        }
        result
    }
}

/// Tells one listener of some events, one after the other, also where nobody waits any more.
pub(super) struct Telling {
    trace: Arc<TraceFn>,
    events: std::vec::IntoIter<TraceEvent>,
    /// The one that was told, and is still to be answered.
    current: Option<TraceEvent>,
}

impl Telling {
    pub(super) fn new(trace: &Arc<TraceFn>, events: Vec<TraceEvent>) -> Telling {
        Telling { trace: Arc::clone(trace), events: events.into_iter(), current: None }
    }

    /// Tells on. What is over cannot be ended by an error, but that ends the telling.
    pub(super) fn tell(&mut self) -> Poll<()> {
        while let Some(event) = self.current.take().or_else(|| self.events.next()) {
            match (self.trace)(&event) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(_)) => self.events = Vec::new().into_iter(),
                Poll::Pending => {
                    self.current = Some(event);
                    return Poll::Pending;
                }
            }
        }
        Poll::Ready(())
    }
}

impl Drop for Telling {
    fn drop(&mut self) {
        // Here nobody can wait for an answer, nor may it be taken for one of somebody who asks another function now.
        answered_at_once(|| {
            self.current = None;
            while self.tell().is_pending() {
                self.current = None;
            }
        });
    }
}

/// As Python shows an exception: `ConnectError('[Errno 111] Connection refused')`.
pub(super) fn exception_text(error: &Error) -> String {
    format!("{}({:?})", error.code().name(), error.message())
}
