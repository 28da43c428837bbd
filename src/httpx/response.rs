//! A response: its head, and its body, which is read whole, or streamed once (checklist N).

use std::borrow::Cow;
use std::ops::DerefMut;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant, SystemTime};

use bytes::{Bytes, BytesMut};
use encoding_rs::Encoding;

use super::content::Content;
use super::text_stream::{Cut, TextStream};
use super::{
    json_text, links, redirects, status, text, Attachment, Cookies, DefaultEncoding, Headers, Link, Reading, Request,
    Url,
};
use crate::error::{Code, Error};
use crate::httpcore::{
    self, body_too_large, ConnectionInfo, Made, NetworkStream, RawHeaders, Refusal, ResponseBody, ResponseHead, Timings,
};
use crate::runtime::Call;

/// The most that one piece of a stream has when no chunk size is asked for.
const PIECE: usize = 65_536;

/// What a server said before the body, and to which request; and what is known of the body, whoever reads it.
#[derive(Clone)]
pub struct Head {
    received: ResponseHead,
    /// None for a response that was made by hand.
    request: Option<Arc<Request>>,
    started: Instant,
    connection: Arc<ConnectionInfo>,
    timings: Timings,
    stream_id: Option<u32>,
    progress: Progress,
}

/// What becomes known of a body while it is read.
#[derive(Default)]
struct Progress {
    bytes: AtomicU64,
    elapsed: Elapsed,
    trailers: OnceLock<Box<RawHeaders>>,
}

impl Clone for Progress {
    /// As far as it has come.
    fn clone(&self) -> Progress {
        let bytes = AtomicU64::new(self.bytes.load(Ordering::Relaxed));
        Progress { bytes, elapsed: Elapsed::from(self.elapsed.get()), trailers: self.trailers.clone() }
    }
}

/// How long something took, once it is over: nanoseconds and one more, 0 before.
#[derive(Default)]
struct Elapsed(AtomicU64);

impl Elapsed {
    fn get(&self) -> Option<Duration> {
        self.0.load(Ordering::Acquire).checked_sub(1).map(Duration::from_nanos)
    }

    /// Only the first time counts.
    fn set(&self, duration: Duration) {
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX).saturating_add(1);
        // Else it was set before.
        let _ = self.0.compare_exchange(0, nanos, Ordering::AcqRel, Ordering::Relaxed);
    }
}

impl From<Option<Duration>> for Elapsed {
    fn from(duration: Option<Duration>) -> Elapsed {
        let elapsed = Elapsed::default();
        if let Some(duration) = duration {
            elapsed.set(duration);
        }
        elapsed
    }
}

/// See the module. It is a pointer, since it is handed on many times.
pub struct Response(Box<Inside>);

struct Inside {
    head: Arc<Head>,
    body: State,
    /// The connection, if it is another protocol's now.
    network_stream: Option<Box<NetworkStream>>,
    /// The responses that came before, oldest first.
    history: Vec<Response>,
    /// What would follow, if this redirect was not followed.
    next_request: Option<Arc<Request>>,
    /// What the client says of the reading.
    reading: Arc<Reading>,
    /// What the program says that the text is in.
    encoding: Option<&'static Encoding>,
    /// What the content was taken for, once it was asked.
    guessed: OnceLock<&'static Encoding>,
    /// The text and a NUL, once it was asked for.
    text: OnceLock<String>,
    /// What the program has given it to carry along.
    attachment: Option<Attachment>,
}

enum State {
    /// Nothing was read.
    Unread(ResponseBody),
    Read(Bytes),
    /// A stream has it, or had it.
    Streamed,
    Closed,
}

/// What a part of a response's time went to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timing {
    /// The wait for a place in the pool.
    Queue,
    /// The look-up of the name.
    Dns,
    /// TCP, or the unix socket.
    Connect,
    /// The proxy's part in making the connection.
    Proxy,
    /// The TLS handshake with the origin.
    Tls,
    /// Until the request was out, from when there was a connection.
    Send,
    /// The wait for the response's head, from when the request was out.
    FirstByte,
    /// From the head to the end of the body.
    Body,
    /// All of it.
    Total,
}

/// What the pieces of a stream are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// As they came over the wire, but for the framing.
    Raw,
    /// With the content's encodings undone.
    Bytes,
    /// Characters of the text.
    Text,
    /// Lines of the text, without their ends, which are those of Python's `str.splitlines`.
    Lines,
    /// The same with `\n` and `\r\n` as the only ends: for JSON, which may have the others in strings.
    LinesOfJson,
}

/// What a response is made of that comes from no connection: made by hand, or taken from where it was saved.
#[derive(Default)]
pub(super) struct Parts {
    pub(super) request: Option<Arc<Request>>,
    pub(super) next_request: Option<Arc<Request>>,
    /// None for one that was never read.
    pub(super) content: Option<Bytes>,
    /// Instead of it, what is made while it is read.
    pub(super) to_come: Option<Made>,
    pub(super) encoding: Option<&'static Encoding>,
    pub(super) trailers: Option<RawHeaders>,
    pub(super) bytes_downloaded: u64,
    pub(super) elapsed: Option<Duration>,
    pub(super) history: Vec<Response>,
}

impl Head {
    /// 100 to 999.
    pub fn status(&self) -> u16 {
        self.received.status
    }

    /// As received, or the status code's own if the server sent none.
    pub fn reason(&self) -> &[u8] {
        match self.received.reason() {
            [] => status::reason_phrase(self.status()).as_bytes(),
            reason => reason,
        }
    }

    /// As received: empty if there was none.
    pub(super) fn received_reason(&self) -> &[u8] {
        self.received.reason()
    }

    /// As Python shows the response: `<Response [200 OK]>` (checklist N13).
    pub fn repr(&self) -> String {
        format!("<Response [{} {}]>", self.status(), String::from_utf8_lossy(self.reason()))
    }

    /// As in the status line: `HTTP/1.1`.
    pub fn version(&self) -> &str {
        self.received.version.as_str()
    }

    /// As received.
    pub fn headers(&self) -> &RawHeaders {
        &self.received.headers
    }

    /// Where the response came from; None if it answers no request.
    pub fn url(&self) -> Option<&Url> {
        self.request.as_ref().map(|request| request.url())
    }

    /// What it answers.
    ///
    /// # Errors
    /// INVALID_STATE for a response that was made by hand and given none (checklist N05).
    pub fn request(&self) -> Result<&Arc<Request>, Error> {
        self.request
            .as_ref()
            .ok_or_else(|| Error::new(Code::INVALID_STATE, "The request instance has not been set on this response."))
    }

    /// The charset that Content-Type names, in lower case; whether it is known is another question.
    pub fn charset(&self) -> Option<String> {
        self.headers().find_all(b"content-type").next().and_then(text::charset)
    }

    /// What the Link header says (checklist N15).
    pub fn links(&self) -> Vec<Link> {
        links::parse(self.headers().find_all(b"link"))
    }

    /// The connection that it came over.
    pub fn connection(&self) -> &ConnectionInfo {
        &self.connection
    }

    /// What happened when, up to the head.
    pub fn timings(&self) -> &Timings {
        &self.timings
    }

    /// How long a part of it took; None for what did not happen, or is not over.
    pub fn timing(&self, what: Timing) -> Option<Duration> {
        let timings = &self.timings;
        let dialling = (!timings.reused).then_some(&self.connection.dialling);
        match what {
            Timing::Queue => Some(timings.queued),
            Timing::Dns => dialling?.dns,
            Timing::Connect => dialling?.connect,
            Timing::Proxy => dialling?.proxy,
            Timing::Tls => dialling?.tls,
            Timing::Send => Some(timings.sent?.saturating_sub(timings.connected)),
            Timing::FirstByte => Some(timings.head.saturating_sub(timings.sent.unwrap_or(timings.connected))),
            Timing::Body => {
                let head = (timings.started + timings.head).saturating_duration_since(self.started);
                Some(self.progress.elapsed.get()?.saturating_sub(head))
            }
            Timing::Total => self.progress.elapsed.get(),
        }
    }

    /// What HTTPX logs of it: `HTTP Request: GET http://example.org/ "HTTP/1.1 200 OK"` (checklist P06).
    pub(super) fn log_line(&self) -> String {
        let (method, url) = match &self.request {
            Some(request) => (String::from_utf8_lossy(request.method()), request.url().masked()),
            None => Default::default(),
        };
        let reason = String::from_utf8_lossy(self.reason());
        format!("HTTP Request: {method} {url} \"{} {} {reason}\"", self.version(), self.status())
    }

    /// The number of its HTTP/2 stream.
    pub fn stream_id(&self) -> Option<u32> {
        self.stream_id
    }

    /// Whether it redirects to a place that a client may follow to (checklist N03).
    pub fn has_redirect_location(&self) -> bool {
        redirects::location(self).is_some()
    }

    /// The cookies that it sets.
    pub fn cookies(&self) -> Cookies {
        let mut cookies = Cookies::default();
        self.add_cookies_to(|| &mut cookies);
        cookies
    }

    /// Adds the cookies that it sets, if any, to those that `jar` gives.
    pub fn add_cookies_to<J: DerefMut<Target = Cookies>>(&self, jar: impl FnOnce() -> J) {
        let mut lines = self.headers().find_all(b"set-cookie").peekable();
        if let (Some(url), Some(_)) = (self.url(), lines.peek()) {
            jar().extract(url, lines, SystemTime::now());
        }
    }

    /// Whether a body may follow it (RFC 9112 §6.3).
    fn may_have_body(&self) -> bool {
        let is_head = self.request.as_ref().is_some_and(|request| request.method() == b"HEAD");
        !is_head && !matches!(self.status(), 100..=199 | 204 | 304)
    }

    /// Notes how far a body has come.
    fn progressed(&self, content: &Content) {
        self.progress.bytes.store(content.bytes_received(), Ordering::Relaxed);
    }

    /// Notes that a body was read as far as it goes.
    fn ended(&self, content: &mut Content) {
        self.progressed(content);
        if let Some(trailers) = content.take_trailers() {
            // It can end once.
            let _ = self.progress.trailers.set(trailers);
        }
        self.closed_at(content.ended_at().unwrap_or_else(Instant::now));
    }

    /// Notes when a body came to its end, whichever: only the first time counts.
    fn closed_at(&self, at: Instant) {
        self.progress.elapsed.set(at.saturating_duration_since(self.started));
    }

    fn closed(&self) {
        self.closed_at(Instant::now());
    }

    /// The error with the request that the response answers.
    fn blame(&self, error: Error) -> Error {
        match &self.request {
            Some(request) => error.with_request(request.info()).with_full_request(Arc::clone(request)),
            None => error,
        }
    }
}

impl Inside {
    fn new(head: Arc<Head>, body: State, reading: Arc<Reading>) -> Inside {
        Inside {
            head,
            body,
            network_stream: None,
            history: Vec::new(),
            next_request: None,
            reading,
            encoding: None,
            guessed: OnceLock::new(),
            text: OnceLock::new(),
            attachment: None,
        }
    }
}

impl Response {
    fn of(inside: Inside) -> Response {
        Response(Box::new(inside))
    }

    /// What the program has given it to carry along.
    pub fn attachment(&self) -> Option<&Attachment> {
        self.0.attachment.as_ref()
    }

    /// Gives it something to carry along, or nothing. Returns what it had.
    pub fn attach(&mut self, attachment: Option<Attachment>) -> Option<Attachment> {
        std::mem::replace(&mut self.0.attachment, attachment)
    }

    pub(super) fn new(
        core: httpcore::Response,
        request: Arc<Request>,
        started: Instant,
        reading: &Arc<Reading>,
    ) -> Response {
        let mut body = core.body;
        let network_stream = body.take_network_stream();
        let head = Head {
            received: core.head,
            request: Some(request),
            started,
            connection: core.connection,
            timings: core.timings,
            stream_id: core.stream_id,
            progress: Progress::default(),
        };
        let head = Arc::new(head);
        Response::of(Inside { network_stream, ..Inside::new(head, State::Unread(body), Arc::clone(reading)) })
    }

    /// What a proxy has answered that did not pass the request on.
    pub(super) fn of_refusal(
        refusal: &Refusal,
        request: Arc<Request>,
        started: Instant,
        reading: &Arc<Reading>,
    ) -> Response {
        let head = Head {
            received: refusal.head.clone(),
            request: Some(request),
            started,
            connection: Arc::clone(&refusal.connection),
            timings: refusal.timings,
            stream_id: None,
            progress: Progress {
                bytes: AtomicU64::new(refusal.body.len() as u64),
                elapsed: Elapsed::from(Some(started.elapsed())),
                trailers: OnceLock::new(),
            },
        };
        let body = State::Read(refusal.body.clone());
        Response::of(Inside::new(Arc::new(head), body, Arc::clone(reading)))
    }

    /// One that comes from no connection.
    pub(super) fn of_parts(received: ResponseHead, parts: Parts) -> Response {
        let started = Instant::now();
        let head = Head {
            received,
            request: parts.request,
            started,
            connection: Arc::default(),
            timings: Timings::of_nothing(started),
            stream_id: None,
            progress: Progress {
                bytes: AtomicU64::new(parts.bytes_downloaded),
                elapsed: Elapsed::from(parts.elapsed),
                trailers: parts.trailers.map(Box::new).map(OnceLock::from).unwrap_or_default(),
            },
        };
        let body = match (parts.to_come, parts.content) {
            (Some(to_come), _) => State::Unread(ResponseBody::made(to_come)),
            (None, Some(content)) => State::Read(content),
            (None, None) => State::Closed,
        };
        Response::of(Inside {
            history: parts.history,
            next_request: parts.next_request,
            encoding: parts.encoding,
            ..Inside::new(Arc::new(head), body, Arc::default())
        })
    }

    /// Gives it other header lines, for all that is asked of it from now on.
    ///
    /// # Errors
    /// LocalProtocolError if all of them together are 4 GiB or more.
    pub fn set_headers(&mut self, headers: &Headers) -> Result<(), Error> {
        let lines = RawHeaders::from_pairs(headers.iter())?;
        let head = Arc::make_mut(&mut self.0.head);
        let ResponseHead { version, status, .. } = head.received;
        head.received = ResponseHead::made(version, status, head.received.reason(), &lines)?;
        Ok(())
    }

    /// Makes it the answer to another request, or to none.
    pub fn set_request(&mut self, request: Option<Arc<Request>>) {
        Arc::make_mut(&mut self.0.head).request = request;
    }

    /// Whether it can be the answer that a transport gives.
    ///
    /// # Errors
    /// StreamConsumed and StreamClosed if nobody could read it any more.
    pub fn check_unspent(&self) -> Result<(), Error> {
        match self.0.body {
            State::Unread(_) | State::Read(_) => Ok(()),
            State::Streamed => Err(Error::new(Code::STREAM_CONSUMED, "the response's body was streamed already")),
            State::Closed => Err(Error::new(Code::STREAM_CLOSED, "the response was closed unread")),
        }
    }

    /// The same as the answer to a request that was sent at `started`, as a transport gives it.
    pub(super) fn answering(mut self, request: &Arc<Request>, started: Instant) -> Response {
        let head = Arc::make_mut(&mut self.0.head);
        head.request = Some(Arc::clone(request));
        head.started = started;
        if !matches!(self.0.body, State::Unread(_)) {
            head.closed();
        }
        (self.0.history, self.0.next_request) = (Vec::new(), None);
        self
    }

    /// Has its body end at `deadline`, and fail with more than `most` bytes on the wire.
    ///
    /// # Errors
    /// BODY_TOO_LARGE if it is that, or says so.
    pub(super) fn bind(&mut self, deadline: Option<Instant>, most: Option<u64>) -> Result<(), Error> {
        if let State::Unread(body) = &mut self.0.body {
            body.bind(deadline, most);
        }
        let Some(most) = most else { return Ok(()) };
        let head = &self.0.head;
        let declared = head.headers().find_all(b"content-length").next().filter(|_| head.may_have_body());
        let declared = declared.and_then(|digits| std::str::from_utf8(digits).ok()?.trim().parse().ok());
        match self.bytes_downloaded().max(declared.unwrap_or(0)) > most {
            true => Err(self.0.head.blame(body_too_large(most))),
            false => Ok(()),
        }
    }

    /// Has it read as another client says.
    pub(super) fn set_reading(&mut self, reading: &Arc<Reading>) {
        if !Arc::ptr_eq(&self.0.reading, reading) {
            self.0.reading = Arc::clone(reading);
        }
    }

    /// What came before the body.
    pub fn head(&self) -> &Arc<Head> {
        &self.0.head
    }

    /// What came before, oldest first, each read: redirects, and the 401 that Digest has answered (checklist E01, F04).
    pub fn history(&self) -> &[Response] {
        &self.0.history
    }

    /// Says what came before; gives what was said of it until now.
    pub fn set_history(&mut self, history: Vec<Response>) -> Vec<Response> {
        std::mem::replace(&mut self.0.history, history)
    }

    /// The request that would follow this redirect, if it was not followed and leads anywhere.
    pub fn next_request(&self) -> Option<&Arc<Request>> {
        self.0.next_request.as_ref()
    }

    pub(super) fn set_next_request(&mut self, request: Arc<Request>) {
        self.0.next_request = Some(request);
    }

    /// The fields that came after the body, once it was read.
    pub fn trailers(&self) -> Option<&RawHeaders> {
        self.0.head.progress.trailers.get().map(AsRef::as_ref)
    }

    /// From the sending to the end of the body (checklist N05).
    ///
    /// # Errors
    /// INVALID_STATE before the response was read or closed.
    pub fn elapsed(&self) -> Result<Duration, Error> {
        self.0.head.progress.elapsed.get().ok_or_else(|| {
            let message = "'.elapsed' may only be accessed after the response has been read or closed.";
            Error::new(Code::INVALID_STATE, message)
        })
    }

    /// How many bytes of body came over the wire, encoded as they were, also through a stream (checklist N10).
    pub fn bytes_downloaded(&self) -> u64 {
        self.0.head.progress.bytes.load(Ordering::Relaxed)
    }

    /// True once the body was read, or the response closed, or a stream took the body over.
    pub fn is_closed(&self) -> bool {
        !matches!(self.0.body, State::Unread(_))
    }

    /// True once the body was read, or begun to be streamed.
    pub fn is_stream_consumed(&self) -> bool {
        matches!(self.0.body, State::Read(_) | State::Streamed)
    }

    /// Whether nothing of it is still to come over a connection, to it or to a stream of it.
    pub fn is_only_memory(&self) -> bool {
        matches!(self.0.body, State::Read(_) | State::Closed) && self.0.network_stream.is_none()
    }

    /// The connection, once, after a 101 or a CONNECT that succeeded (checklist P08). The response closes it when it is
    /// closed or dropped before.
    ///
    /// # Errors
    /// INVALID_STATE for another response, or if it was taken.
    pub fn take_network_stream(&mut self) -> Result<NetworkStream, Error> {
        self.0.network_stream.take().map(|stream| *stream).ok_or_else(|| {
            let message = "the response has no network stream: it switched no protocol, or the stream was taken";
            Error::new(Code::INVALID_STATE, message)
        })
    }

    /// The body, once it was read.
    ///
    /// # Errors
    /// ResponseNotRead before that (checklist N07).
    pub fn content(&self) -> Result<&Bytes, Error> {
        match &self.0.body {
            State::Read(content) => Ok(content),
            _ => Err(Error::new(
                Code::RESPONSE_NOT_READ,
                "Attempted to access streaming response content, without having called `read()`.",
            )),
        }
    }

    /// The name of the encoding that the text is in: what the program has set, else what Content-Type says if that is
    /// known, else the client's default (checklist O06). That may be what a function says of the body, once it was read:
    /// foreign code, which must not run inside a poll.
    pub fn encoding(&self) -> &'static str {
        self.text_encoding().name()
    }

    fn text_encoding(&self) -> &'static Encoding {
        let declared = || self.0.head.charset().and_then(|label| text::encoding_for(&label));
        self.0.encoding.or_else(declared).unwrap_or_else(|| match &self.0.body {
            State::Read(content) => self.0.guessed.get_or_init(|| self.0.reading.default_encoding.of(content)),
            _ => self.0.reading.default_encoding.of_unseen(),
        })
    }

    /// What the text is in for sure: set, or found out.
    pub(super) fn settled_encoding(&self) -> Option<&'static Encoding> {
        self.0.encoding.or_else(|| self.0.guessed.get().copied())
    }

    /// Says what the text is in.
    ///
    /// # Errors
    /// INVALID_ARGUMENT for a label that is not known, INVALID_STATE once the text was asked for (checklist O07).
    pub fn set_encoding(&mut self, label: &str) -> Result<(), Error> {
        if self.0.text.get().is_some() {
            let message = "Setting encoding after `text` has been accessed is not allowed.";
            return Err(Error::new(Code::INVALID_STATE, message));
        }
        self.0.encoding = Some(text::known_encoding(label)?);
        Ok(())
    }

    /// Says what the text is in if nothing else says it.
    ///
    /// # Errors
    /// INVALID_STATE once the text was asked for.
    pub fn set_default_encoding(&mut self, default: DefaultEncoding) -> Result<(), Error> {
        if self.0.text.get().is_some() {
            let message = "Setting encoding after `text` has been accessed is not allowed.";
            return Err(Error::new(Code::INVALID_STATE, message));
        }
        Arc::make_mut(&mut self.0.reading).default_encoding = default;
        self.0.guessed = OnceLock::new();
        Ok(())
    }

    /// The body's text, once the body was read.
    ///
    /// # Errors
    /// ResponseNotRead before that.
    pub fn text(&self) -> Result<&str, Error> {
        let terminated = self.text_and_nul()?;
        Ok(&terminated[..terminated.len() - 1])
    }

    /// The same with a NUL behind it, for those who count on one.
    ///
    /// # Errors
    /// ResponseNotRead before the body was read.
    pub fn text_and_nul(&self) -> Result<&str, Error> {
        let content = self.content()?;
        Ok(self.0.text.get_or_init(|| text::decode(content, self.text_encoding()) + "\0"))
    }

    /// The body's text, which is JSON, in whichever encoding its first bytes tell (checklist N14).
    ///
    /// # Errors
    /// ResponseNotRead before the body was read, INVALID_JSON if it is not JSON.
    pub fn json_text(&self) -> Result<Cow<'_, str>, Error> {
        json_text::json_text(self.content()?)
    }

    /// Reads the body to its end and keeps it; does nothing if that was done.
    pub async fn read(&mut self, call: &Call) -> Result<(), Error> {
        if matches!(self.0.body, State::Read(_)) {
            return Ok(());
        }
        // Taken, so that a cancelled read leaves a closed response and not half a body.
        let body = self.take_body()?;
        let mut content = self.decoded(body)?;
        let read = match content.next_at_hand(usize::MAX) {
            Ok(Some(all)) if content.has_ended() => Ok(all),
            Ok(first) => read_all(first, &mut content, call).await,
            Err(error) => Err(error),
        };
        self.0.head.ended(&mut content);
        self.0.body = State::Read(read.map_err(|error| self.0.head.blame(error))?);
        Ok(())
    }

    fn decoded(&self, body: ResponseBody) -> Result<Content, Error> {
        Content::decoded(body, self.0.head.headers(), &self.0.reading.limits).map_err(|error| {
            self.0.head.closed();
            self.0.head.blame(error)
        })
    }

    fn take_body(&mut self) -> Result<ResponseBody, Error> {
        match std::mem::replace(&mut self.0.body, State::Closed) {
            State::Unread(body) => Ok(body),
            State::Streamed => {
                self.0.body = State::Streamed;
                Err(Error::new(
                    Code::STREAM_CONSUMED,
                    "Attempted to read or stream some content, but the content has already been streamed.",
                ))
            }
            State::Closed => Err(Error::new(
                Code::STREAM_CLOSED,
                "Attempted to read or stream content, but the stream has been closed.",
            )),
            State::Read(content) => {
                self.0.body = State::Read(content);
                Err(Error::new(Code::STREAM_CONSUMED, "the response was read already"))
            }
        }
    }

    /// Closes the connection, unless the body was read to its end.
    pub fn close(&mut self) {
        self.0.network_stream = None;
        if matches!(self.0.body, State::Unread(_) | State::Closed) {
            self.0.head.closed();
            self.0.body = State::Closed;
        }
    }

    /// Streams the body, in pieces of exactly `chunk_size` bytes or characters but for the last, or as they come if that
    /// is 0, which it is for lines (checklist N08, N09). A body that was read is streamed from memory, as often as
    /// wanted.
    pub fn stream(&mut self, unit: Unit, chunk_size: usize) -> Result<BodyStream, Error> {
        let cut = self.cut(unit, chunk_size)?;
        let source = match &self.0.body {
            State::Read(content) if unit != Unit::Raw => Source::Memory(content.clone()),
            State::Read(_) => {
                let message = "the raw body is gone: the response was read, and its content decoded";
                return Err(Error::new(Code::STREAM_CONSUMED, message));
            }
            _ => {
                let body = self.take_body()?;
                self.0.body = State::Streamed;
                Source::Network(match unit {
                    Unit::Raw => Content::raw(body),
                    _ => self.decoded(body)?,
                })
            }
        };
        let text = cut.map(|cut| Box::new(TextStream::new(self.text_encoding(), cut)));
        Ok(BodyStream { source, chunk_size, pending: BytesMut::new(), text, head: Arc::clone(&self.0.head) })
    }

    /// Where the text is cut; None if it is bytes that are wanted.
    fn cut(&self, unit: Unit, chunk_size: usize) -> Result<Option<Cut>, Error> {
        let max_line = self.0.reading.max_line;
        match (unit, chunk_size) {
            (Unit::Raw | Unit::Bytes, _) => Ok(None),
            (Unit::Text, 0) => Ok(Some(Cut::Nowhere)),
            (Unit::Text, characters) => Ok(Some(Cut::Characters(characters))),
            (Unit::Lines, 0) => Ok(Some(Cut::Lines(max_line))),
            (Unit::LinesOfJson, 0) => Ok(Some(Cut::LinesOfJson(max_line))),
            (Unit::Lines | Unit::LinesOfJson, _) => {
                let message = format!("chunk_size is {chunk_size}: a stream of lines has none, it must be 0");
                Err(Error::new(Code::INVALID_ARGUMENT, message))
            }
        }
    }

    /// Fails unless the status is 2xx, and for a response that answers no request (checklist N04).
    pub fn raise_for_status(&self) -> Result<(), Error> {
        let head = &self.0.head;
        let Some(url) = head.url() else {
            let message = "Cannot call `raise_for_status` as the request instance has not been set on this response.";
            return Err(Error::new(Code::INVALID_STATE, message));
        };
        if (200..300).contains(&head.status()) {
            return Ok(());
        }
        let mut message = format!(
            "{} '{} {}' for url '{}'\n",
            status::kind(head.status()),
            head.status(),
            String::from_utf8_lossy(head.reason()),
            url.masked()
        );
        if let Some(location) = redirects::location(head) {
            message += &format!("Redirect location: '{}'\n", String::from_utf8_lossy(location));
        }
        message += "For more information check: https://developer.mozilla.org/en-US/docs/Web/HTTP/Status/";
        message += &head.status().to_string();
        Err(head.blame(Error::new(Code::HTTP_STATUS_ERROR, message)).with_response(Arc::new(self.snapshot())))
    }

    /// A copy for an error to carry: with the body if it was read, else closed.
    pub fn snapshot(&self) -> Response {
        Response::of(Inside {
            head: Arc::clone(&self.0.head),
            body: match &self.0.body {
                State::Read(content) => State::Read(content.clone()),
                _ => State::Closed,
            },
            network_stream: None,
            history: self.0.history.iter().map(Response::snapshot).collect(),
            next_request: self.0.next_request.clone(),
            reading: Arc::clone(&self.0.reading),
            encoding: self.0.encoding,
            guessed: self.0.guessed.clone(),
            text: self.0.text.clone(),
            attachment: self.0.attachment.clone(),
        })
    }
}

/// What comes after the first piece, and that, if it was read.
async fn read_all(first: Option<Bytes>, body: &mut Content, call: &Call) -> Result<Bytes, Error> {
    let first = match first {
        Some(first) => Some(first),
        None => body.next(call, usize::MAX).await?,
    };
    let Some(first) = first else { return Ok(Bytes::new()) };
    let Some(second) = body.next(call, usize::MAX).await? else { return Ok(first) };
    let mut content = BytesMut::with_capacity(2 * (first.len() + second.len()));
    content.extend_from_slice(&first);
    content.extend_from_slice(&second);
    drop((first, second));
    while let Some(piece) = body.next(call, usize::MAX).await? {
        content.extend_from_slice(&piece);
    }
    Ok(content.freeze())
}

/// A body on its way, piece by piece. It may outlive its response.
pub struct BodyStream {
    source: Source,
    chunk_size: usize,
    pending: BytesMut,
    /// For streams of text, which it cuts.
    text: Option<Box<TextStream>>,
    head: Arc<Head>,
}

enum Source {
    Network(Content),
    Memory(Bytes),
    Closed,
}

impl BodyStream {
    /// The next piece, which is not empty unless it is a line; None at the end, and again after it. Text and lines have
    /// a NUL behind them in memory.
    ///
    /// # Errors
    /// StreamClosed after `close`, LineTooLong, and what the network gave.
    pub async fn next(&mut self, call: &Call) -> Result<Option<Bytes>, Error> {
        if self.text.is_some() {
            return self.next_text(call).await;
        }
        if self.chunk_size == 0 {
            return self.piece(call, PIECE).await;
        }
        while self.pending.len() < self.chunk_size {
            let missing = self.chunk_size - self.pending.len();
            match self.piece(call, missing.min(PIECE)).await? {
                // Nothing has to be put together.
                Some(piece) if self.pending.is_empty() && piece.len() == self.chunk_size => return Ok(Some(piece)),
                Some(piece) => self.pending.extend_from_slice(&piece),
                None if self.pending.is_empty() => return Ok(None),
                None => return Ok(Some(self.pending.split().freeze())),
            }
        }
        Ok(Some(self.pending.split_to(self.chunk_size).freeze()))
    }

    async fn next_text(&mut self, call: &Call) -> Result<Option<Bytes>, Error> {
        while let Some(text) = &mut self.text {
            match text.pop() {
                Ok(None) if text.is_finished() => return Ok(None),
                Ok(None) => {}
                Ok(piece) => return Ok(piece),
                Err(error) => {
                    self.close();
                    return Err(self.head.blame(error));
                }
            }
            let data = self.piece(call, PIECE).await?;
            match (&mut self.text, data) {
                (Some(text), Some(data)) => text.push(&data),
                (Some(text), None) => text.finish(),
                (None, _) => break,
            }
        }
        Ok(None)
    }

    async fn piece(&mut self, call: &Call, max: usize) -> Result<Option<Bytes>, Error> {
        match &mut self.source {
            Source::Network(content) => {
                let next = content.next(call, max).await;
                match &next {
                    Ok(Some(_)) => self.head.progressed(content),
                    Ok(None) => self.head.ended(content),
                    // Nothing more can come of it: the connection goes (checklist N16).
                    Err(_) => self.close(),
                }
                next.map_err(|error| self.head.blame(error))
            }
            Source::Memory(rest) if rest.is_empty() => Ok(None),
            Source::Memory(rest) => {
                let length = rest.len().min(max);
                Ok(Some(rest.split_to(length)))
            }
            Source::Closed => Err(Error::new(
                Code::STREAM_CLOSED,
                "Attempted to read or stream content, but the stream has been closed.",
            )),
        }
    }

    /// Whether nothing of it is still to come over a connection.
    pub fn is_only_memory(&self) -> bool {
        !matches!(self.source, Source::Network(_))
    }

    /// How many bytes of body have come over the wire (checklist N10).
    pub fn bytes_downloaded(&self) -> u64 {
        self.head.progress.bytes.load(Ordering::Relaxed)
    }

    /// Closes it; before its end, that closes the connection.
    pub fn close(&mut self) {
        if let Source::Network(content) = &self.source {
            self.head.progressed(content);
            self.head.closed();
        }
        self.source = Source::Closed;
        self.pending = BytesMut::new();
        self.text = None;
    }
}

impl Drop for BodyStream {
    fn drop(&mut self) {
        self.close();
    }
}
