//! A request while it is built: method, URL, headers and body, and how long it may wait.

mod framing;

use std::any::Any;
use std::borrow::Cow;
use std::fmt;
use std::fs::File;
use std::future::{poll_fn, Future};
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant, SystemTime};

use bytes::{Bytes, BytesMut};

use self::framing::{Framing, Length};
use super::{Auth, Change, Cookies, Form, Headers, Multipart, OpenFile, QueryParams, Transport, Url, UrlParts};
use crate::counters::Counter;
use crate::error::{Code, Error, RequestInfo};
use crate::httpcore::{
    self, is_token, quoted, Body, BodyReader, FramingField, HeadLimits, Observer, Origin, PieceReader, Pieces,
    PullBody, Scheme, Timeouts,
};
use crate::runtime::{Call, CoarseTimer};

/// What the requests of a client to one origin begin with. It is made once and not for each of them.
pub(super) struct Letterhead {
    url: Url,
    origin: Option<Arc<Origin>>,
    headers: Headers,
}

impl Letterhead {
    /// What a request to `url` begins with, and others with the same authority.
    pub(super) fn new(url: Url, defaults: &Headers) -> Letterhead {
        let named = !url.raw_host().is_empty() && !defaults.contains(b"host");
        let host = named.then(|| Bytes::copy_from_slice(url.host_header().as_bytes()));
        let headers = defaults.behind(host.map(|host| (Bytes::from_static(b"Host"), host)));
        Letterhead { origin: origin_of(&url), url, headers }
    }

    /// One of the URLs.
    pub(super) fn url(&self) -> &Url {
        &self.url
    }
}

/// A time limit of a request, which may be left to the client.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Timeout {
    /// Not given: the client's.
    #[default]
    Unset,
    /// Given; None is no limit.
    Set(Option<Duration>),
}

impl Timeout {
    fn or(self, default: Option<Duration>) -> Option<Duration> {
        match self {
            Timeout::Unset => default,
            Timeout::Set(limit) => limit,
        }
    }
}

/// An option of a request, which may be left to the client: not given is not the same as none (checklist A09).
#[derive(Clone, Debug, Default)]
pub enum Given<T> {
    /// The client's.
    #[default]
    Unset,
    /// None, whatever the client's is.
    Nothing,
    /// This one.
    Set(T),
}

/// See the module. A request can be sent more than once, if its body can be read more than once.
#[derive(Clone)]
pub struct Request {
    method: Bytes,
    url: Url,
    /// Whom a pool connects to; None for URLs that are none of its business.
    origin: Option<Arc<Origin>>,
    /// All of them, what frames the body included.
    pub headers: Headers,
    body: Body,
    framing: Framing,
    /// connect, read, write, pool.
    timeouts: [Timeout; 4],
    total: Option<Duration>,
    /// How it authenticates.
    pub auth: Given<Auth>,
    /// Sent beside the client's, by this request only.
    pub cookies: Option<Arc<Cookies>>,
    /// Instead of the URL's path and query.
    target: Option<Bytes>,
    /// The client's time limits at the time when the request was built; None for one that was built without a client.
    client_timeouts: Option<Timeouts>,
    /// It was built without a client, and goes without the client's cookies, until a response asks for another one.
    alone: bool,
    /// How long the body waits for a `100 Continue`.
    expect: Option<Duration>,
    /// Who listens.
    pub observer: Observer,
    /// What carries it, whatever the client says.
    pub transport: Option<Arc<Transport>>,
    /// What the program has given it to carry along.
    pub attachment: Option<Attachment>,
}

/// Something of the program's that goes where a request or a response goes.
pub type Attachment = Arc<dyn Any + Send + Sync>;

impl Request {
    /// A request that no client has built, as HTTPX's `Request(method, url)`: Host is all that it has. Its URL may be
    /// relative, if it is made absolute before it is sent.
    ///
    /// # Errors
    /// InvalidURL; LocalProtocolError for a method that is none.
    pub fn alone(method: &str, url: &str) -> Result<Request, Error> {
        let request = Request::new(method, Url::parse(url)?, &Headers::default(), None)?;
        Ok(Request { alone: true, ..request })
    }

    /// A request with the client's default headers. The method is sent in upper case (checklist B03).
    pub(super) fn new(
        method: &str,
        url: Url,
        defaults: &Headers,
        timeouts: Option<Timeouts>,
    ) -> Result<Request, Error> {
        let letterhead = Letterhead::new(url.clone(), defaults);
        Request::on(&letterhead, method, url, timeouts)
    }

    /// A request that begins as others do.
    pub(super) fn on(
        letterhead: &Letterhead,
        method: &str,
        url: Url,
        timeouts: Option<Timeouts>,
    ) -> Result<Request, Error> {
        check_method(method)?;
        let method = match method {
            "GET" => Bytes::from_static(b"GET"),
            other => Bytes::from(other.to_ascii_uppercase()),
        };
        let mut headers = letterhead.headers.clone();
        let framing = Framing::new(&method, &mut headers);
        Ok(Request {
            method,
            url,
            origin: letterhead.origin.clone(),
            headers,
            body: Body::Empty,
            framing,
            timeouts: [Timeout::Unset; 4],
            total: None,
            auth: Given::Unset,
            cookies: None,
            target: None,
            client_timeouts: timeouts,
            alone: false,
            expect: None,
            observer: Observer::default(),
            transport: None,
            attachment: None,
        })
    }

    /// In upper case, unless it was set otherwise.
    pub fn method(&self) -> &[u8] {
        &self.method
    }

    /// Gives it another method, as it is. The headers stay as they are.
    ///
    /// # Errors
    /// LocalProtocolError for a method that is none.
    pub fn set_method(&mut self, method: &str) -> Result<(), Error> {
        check_method(method)?;
        self.method = Bytes::copy_from_slice(method.as_bytes());
        Ok(())
    }

    /// Where it goes.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Gives it another URL. The headers stay as they are, Host included.
    ///
    /// # Errors
    /// InvalidURL.
    pub fn change_url(&mut self, url: &str) -> Result<(), Error> {
        self.set_url(Url::parse(url)?, false)
    }

    /// Whether it goes without a client's cookies.
    pub(super) fn is_alone(&self) -> bool {
        self.alone
    }

    /// It follows from a response, so that the client's cookies go with it.
    pub(super) fn join_client(&mut self) {
        self.alone = false;
    }

    /// The same with the client's time limits, if it has none of its client's.
    pub(super) fn with_timeouts(self: Arc<Request>, timeouts: Timeouts) -> Arc<Request> {
        match self.client_timeouts {
            Some(_) => self,
            None => Arc::new(Request { client_timeouts: Some(timeouts), ..Request::clone(&self) }),
        }
    }

    /// Takes note of headers that the program has changed.
    pub fn settle_headers(&mut self) {
        self.framing.settle(&mut self.headers);
    }

    /// Leaves the headers to the program: from now on no body changes them, nor does sending.
    pub fn keep_headers(&mut self) {
        self.framing.keep();
    }

    /// Sends it elsewhere: to another target, and with another Host if that changes.
    pub(super) fn set_url(&mut self, url: Url, new_host: bool) -> Result<(), Error> {
        let before = std::mem::replace(&mut self.origin, origin_of(&url));
        match (&before, &self.origin) {
            (Some(before), Some(origin)) if before.host == origin.host => {
                self.origin =
                    Some(Arc::new(Origin { server_name: before.server_name.clone(), ..Origin::clone(origin) }));
            }
            _ => {}
        }
        if new_host {
            self.headers.set(b"Host", url.host_header().as_bytes())?;
        }
        self.url = url;
        self.target = None;
        Ok(())
    }

    /// Adds a parameter to the URL's query, or sets it in the place of those with its name (checklist C21).
    pub fn set_param(&mut self, key: &str, value: &str, add: bool) -> Result<(), Error> {
        self.url = match add {
            true => self.url.copy_add_param(key, value)?,
            false => self.url.copy_set_param(key, value)?,
        };
        Ok(())
    }

    /// Gives the URL these parameters instead of its query, or, with `merge`, in the place of those with the same keys
    /// (checklist B31).
    pub fn set_params(&mut self, params: &QueryParams, merge: bool) -> Result<(), Error> {
        self.url = match merge {
            true => self.url.copy_merge_params(params)?,
            false => {
                let query = UrlParts { params: Change::Set(params), ..UrlParts::default() };
                self.url.copy_with(&query)?
            }
        };
        Ok(())
    }

    /// Adds the Cookie header with what belongs to its URL, unless it has one (checklist B33).
    pub fn add_cookies(&mut self, cookies: &Cookies) -> Result<(), Error> {
        if self.headers.contains(b"cookie") {
            return Ok(());
        }
        match cookies.header(&self.url, SystemTime::now()) {
            Some(value) => self.headers.add(b"Cookie", &value),
            None => Ok(()),
        }
    }

    /// Makes a GET of it, without a body and what describes one, but perhaps for its type (checklist E04).
    pub(super) fn become_get(&mut self, keeps_content_type: bool) {
        self.method = Bytes::from_static(b"GET");
        self.body = Body::Empty;
        self.framing.forget(&mut self.headers);
        if !keeps_content_type {
            self.headers.remove(b"content-type");
            self.headers.remove(b"content-encoding");
        }
    }

    /// The CONNECT that asks a proxy for a tunnel to where it goes, as an authentication flow sees it.
    pub(super) fn as_connect(&self) -> Result<Request, Error> {
        let connect = Request::new("CONNECT", self.url.clone(), &Headers::default(), self.client_timeouts)?;
        Ok(Request { attachment: self.attachment.clone(), ..connect })
    }

    /// When all of it has to be over, if it is sent now.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.total.and_then(|total| Instant::now().checked_add(total))
    }

    /// Replaces time limits; those that are Unset stay as they are. The order is connect, read, write, pool.
    pub fn set_timeouts(&mut self, timeouts: [Timeout; 4]) {
        for (own, given) in self.timeouts.iter_mut().zip(timeouts) {
            if given != Timeout::Unset {
                *own = given;
            }
        }
    }

    /// Limits the whole of it, from the sending to the end of the response's body; None is no limit.
    pub fn set_total(&mut self, total: Option<Duration>) {
        self.total = total;
    }

    /// Has the body wait so long for a `100 Continue`, which the head then asks for; None sends it at once.
    pub fn set_expect(&mut self, expect: Option<Duration>) {
        self.expect = expect;
    }

    /// What stands after the method on the wire, instead of the URL's path and query (checklist I10).
    ///
    /// # Errors
    /// LocalProtocolError if it is empty or has anything but visible ASCII in it.
    pub fn set_target(&mut self, target: &[u8]) -> Result<(), Error> {
        if target.is_empty() || !target.iter().all(u8::is_ascii_graphic) {
            let message = format!("Illegal target characters in {}", quoted(target));
            return Err(Error::new(Code::LOCAL_PROTOCOL_ERROR, message));
        }
        self.target = Some(Bytes::copy_from_slice(target));
        Ok(())
    }

    /// The name that TLS asks for and verifies, instead of the URL's host (checklist L07). Requests share a connection
    /// only with those of the same name. An empty one is the host's.
    pub fn set_server_name(&mut self, name: &str) {
        if let Some(origin) = &mut self.origin {
            Arc::make_mut(origin).server_name = (!name.is_empty()).then(|| name.into());
        }
    }

    /// Gives it a body, and says so in its headers.
    fn set_body(&mut self, length: Length, body: Body, content_type: Option<&[u8]>) {
        self.body = body;
        self.framing.set(length, content_type, &self.method, &mut self.headers);
    }

    /// A body in memory.
    pub fn set_bytes(&mut self, bytes: Bytes) {
        // B14: empty content is no content.
        match bytes.is_empty() {
            true => self.set_body(Length::NoBody, Body::Empty, None),
            false => self.set_body(Length::Known(bytes.len() as u64), Body::Bytes(bytes), None),
        }
    }

    /// JSON as the caller wrote it; it is checked, not changed.
    ///
    /// # Errors
    /// INVALID_JSON if it is not JSON. Nothing is changed then.
    pub fn set_json(&mut self, text: &str) -> Result<(), Error> {
        serde_json::from_str::<serde::de::IgnoredAny>(text)
            .map_err(|e| Error::new(Code::INVALID_JSON, format!("the body is not JSON: {e}")))?;
        let body = Body::Bytes(Bytes::copy_from_slice(text.as_bytes()));
        self.set_body(Length::Known(text.len() as u64), body, Some(b"application/json"));
        Ok(())
    }

    /// The whole of a file as it is now, read while it is sent.
    ///
    /// # Errors
    /// IO_ERROR or what lies below it, if it cannot be opened or is not a regular file.
    pub fn set_file(&mut self, path: &Path) -> Result<(), Error> {
        let (file, length) = open_regular(path)?;
        self.set_body(Length::Known(length), Body::File { file, start: 0, length }, None);
        Ok(())
    }

    /// A form without files (checklist B20).
    pub fn set_form(&mut self, form: &Form) {
        let content = form.encode();
        let length = Length::Known(content.len() as u64);
        self.set_body(length, Body::Bytes(content), Some(Form::CONTENT_TYPE.as_bytes()));
    }

    /// A multipart body, as it is now. A Content-Type that the request has is kept, and the body takes its boundary
    /// over (checklist B27).
    ///
    /// # Errors
    /// LocalProtocolError for a boundary in it that cannot be one. Nothing is changed then.
    pub fn set_multipart(&mut self, mut multipart: Multipart) -> Result<(), Error> {
        let given = self.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(b"content-type"));
        let given = given.map(|(name, value)| (name.clone(), value.clone()));
        let content_type = match &given {
            Some((_, value)) => multipart.fit_content_type(value)?,
            None => multipart.content_type(),
        };
        if let Some((name, _)) = given.filter(|(_, value)| *value != content_type && !self.framing.is_kept()) {
            self.headers.set(&name, &content_type)?;
        }
        Counter::Multiparts.count();
        let length = Length::of(multipart.length());
        self.set_body(length, Body::Pieces(Arc::new(multipart)), Some(&content_type));
        Ok(())
    }

    /// A body that is made while it is sent, of known or unknown length.
    pub fn set_pipe(&mut self, reader: crate::runtime::PipeReader, length: Option<u64>) {
        self.set_body(Length::of(length), Body::pipe(reader), None);
    }

    /// What can be read of an open file: the rest of a regular one from where its cursor is, or whatever comes (checklist
    /// B15, B16).
    ///
    /// # Errors
    /// IO_ERROR if the system tells nothing of it.
    pub fn set_open_file(&mut self, file: File) -> Result<(), Error> {
        match OpenFile::new(file)? {
            OpenFile::Regular { file, start, length } => {
                self.set_body(Length::Known(length), Body::File { file, start, length }, None);
            }
            OpenFile::Stream(body) => self.set_body(Length::Unknown, Body::Pull(body), None),
        }
        Ok(())
    }

    /// A body that foreign code makes when it is wanted, of known or unknown length.
    pub fn set_pull(&mut self, body: Arc<PullBody>, length: Option<u64>) {
        self.set_body(Length::of(length), Body::Pull(body), None);
    }

    /// The body, if it is in memory.
    ///
    /// # Errors
    /// RequestNotRead if it is made or read while it is sent (checklist B36).
    pub fn content(&self) -> Result<Bytes, Error> {
        match &self.body {
            Body::Empty => Ok(Bytes::new()),
            Body::Bytes(bytes) => Ok(bytes.clone()),
            _ => {
                let message = "Attempted to access streaming request content, without having called `read()`.";
                Err(Error::new(Code::REQUEST_NOT_READ, message))
            }
        }
    }

    /// Reads the body into memory, so that it can be sent any number of times. Its framing stays as it is (checklist
    /// B36).
    ///
    /// # Errors
    /// What reading gives. A body that can be read once is lost then.
    pub async fn read(&mut self, call: &Call) -> Result<(), Error> {
        if self.content().is_err() {
            self.body = Body::Bytes(self.body.read(call).await?);
        }
        Ok(())
    }

    /// Whether its body is made while it is sent, by somebody else.
    pub fn is_made_elsewhere(&self) -> bool {
        match &self.body {
            Body::Empty | Body::Bytes(_) | Body::File { .. } => false,
            Body::Pieces(pieces) => !pieces.sources().is_empty(),
            Body::Pull(_) | Body::Pipe(_) => true,
        }
    }

    pub(super) fn abandon_body(&self) {
        self.body.abandon();
    }

    /// What stands after the method on the wire.
    pub(super) fn target(&self) -> Cow<'_, [u8]> {
        match (&self.target, self.url.raw_path()) {
            (Some(target), _) => Cow::Borrowed(target),
            (None, Cow::Borrowed(path)) => Cow::Borrowed(path.as_bytes()),
            (None, Cow::Owned(path)) => Cow::Owned(path.into_bytes()),
        }
    }

    /// The whole body; None if it is made while it is sent.
    pub(super) fn collect_body(&self) -> Result<Option<Bytes>, Error> {
        self.body.collect()
    }

    /// The same with all its headers, for those who carry it by other means than a pool.
    pub(super) fn framed(&self) -> Request {
        let mut framed = self.clone();
        let (name, value) = match self.framing.missing(&self.headers) {
            FramingField::None => return framed,
            FramingField::Length(digits) => (&b"Content-Length"[..], digits),
            FramingField::Chunked => (&b"Transfer-Encoding"[..], Bytes::from_static(b"chunked")),
        };
        framed.headers.push(Bytes::from_static(name), value);
        framed
    }

    /// The same with its body in memory, so that it can be looked at, and sent more than once.
    ///
    /// # Errors
    /// What reading the body gives; DEADLINE_EXCEEDED at `deadline`.
    pub(super) async fn loaded(
        self: &Arc<Request>,
        call: &Call,
        deadline: Option<Instant>,
    ) -> Result<Arc<Request>, Error> {
        if matches!(self.body, Body::Empty | Body::Bytes(_)) {
            return Ok(Arc::clone(self));
        }
        let mut reader = self.body.open()?;
        let mut content = BytesMut::new();
        while let Some(piece) = in_time(call, deadline, reader.next(call)).await? {
            content.extend_from_slice(&piece);
        }
        reader.satisfied();
        let mut loaded = Request::clone(self);
        // What the headers say of the body is as true as before.
        loaded.body = Body::Bytes(content.freeze());
        Ok(Arc::new(loaded))
    }

    /// Begins to read the body.
    ///
    /// # Errors
    /// StreamConsumed for one that can be read once and was.
    pub fn open_body(&self) -> Result<BodyReader, Error> {
        self.body.open()
    }

    /// The form in which it goes to the pool. The limits are those of the response's head and body.
    ///
    /// # Errors
    /// UnsupportedProtocol or InvalidURL for a URL that no pool can connect to (checklist H11, Q07).
    #[inline]
    pub(super) fn to_core<'a>(
        &'a self,
        deadline: Option<Instant>,
        observer: &'a Observer,
        (limits, max_body): (HeadLimits, Option<u64>),
    ) -> Result<httpcore::Request<'a>, Error> {
        let Some(origin) = &self.origin else {
            self.url.check_sendable()?;
            return Err(Error::new(Code::INTERNAL, "a request without an origin"));
        };
        let [connect, read, write, pool] = self.timeouts;
        let client = self.client_timeouts.unwrap_or_default();
        Ok(httpcore::Request {
            method: &self.method,
            origin,
            target: self.target(),
            headers: self.headers.to_core(),
            framing: self.framing.missing(&self.headers),
            body: &self.body,
            timeouts: Timeouts {
                connect: connect.or(client.connect),
                read: read.or(client.read),
                write: write.or(client.write),
                pool: pool.or(client.pool),
            },
            deadline,
            limits,
            max_body,
            expect: self.expect,
            proxy_authorization: None,
            observer,
        })
    }

    /// The error with the request that it is about, unless it has one (checklist Q02).
    pub(super) fn blamed(self: &Arc<Request>, error: Error) -> Error {
        match error.request() {
            Some(_) => error,
            None => error.with_request(self.info()).with_full_request(Arc::clone(self)),
        }
    }

    /// What errors say of it.
    pub(super) fn info(&self) -> Arc<RequestInfo> {
        Arc::new(RequestInfo {
            method: String::from_utf8_lossy(&self.method).into_owned(),
            url: self.url.as_str().to_owned(),
        })
    }
}

fn check_method(method: &str) -> Result<(), Error> {
    match is_token(method.as_bytes()) {
        true => Ok(()),
        false => {
            let message = format!("Illegal method characters in {}", quoted(method.as_bytes()));
            Err(Error::new(Code::LOCAL_PROTOCOL_ERROR, message))
        }
    }
}

/// What `future` gives, which needs no socket of ours, unless the request's total time is over before.
///
/// # Errors
/// DEADLINE_EXCEEDED.
pub(crate) async fn in_time<T>(
    call: &Call,
    deadline: Option<Instant>,
    future: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    call.leave_lane();
    let (mut future, mut timer) = (pin!(future), CoarseTimer::new());
    poll_fn(|cx| match (future.as_mut().poll(cx), deadline) {
        (Poll::Pending, Some(at)) => call.poll_until(cx, at, &mut timer).map(|()| Err(too_late())),
        (polled, _) => polled,
    })
    .await
}

fn too_late() -> Error {
    Error::new(Code::DEADLINE_EXCEEDED, "the request's total time is over")
}

/// As HTTPX shows it: headers and body may be secrets.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<Request('{}', '{}')>", String::from_utf8_lossy(&self.method), self.url.masked())
    }
}

impl Pieces for Multipart {
    fn open(&self) -> Result<Box<dyn PieceReader>, Error> {
        Ok(Box::new(Multipart::open(self)?))
    }

    fn sources(&self) -> Vec<&PullBody> {
        Multipart::sources(self).map(AsRef::as_ref).collect()
    }
}

/// Opens a regular file; says how long it is.
///
/// # Errors
/// IO_ERROR or what lies below it.
pub fn open_regular(path: &Path) -> Result<(Arc<File>, u64), Error> {
    // Looked at first: to open a pipe would wait for its other end.
    let metadata = std::fs::metadata(path).map_err(|e| file_error(&e, path))?;
    if !metadata.is_file() {
        return Err(Error::new(Code::IO_ERROR, format!("{} is not a regular file", path.display())));
    }
    let file = File::open(path).map_err(|e| file_error(&e, path))?;
    let length = file.metadata().map_err(|e| file_error(&e, path))?.len();
    Ok((Arc::new(file), length))
}

fn file_error(error: &std::io::Error, path: &Path) -> Error {
    let code = match error.kind() {
        std::io::ErrorKind::NotFound => Code::FILE_NOT_FOUND,
        std::io::ErrorKind::PermissionDenied => Code::PERMISSION_DENIED,
        _ => Code::IO_ERROR,
    };
    Error::from_io(code, error, &path.display().to_string())
}

/// Checklist H08, H11.
fn origin_of(url: &Url) -> Option<Arc<Origin>> {
    url.check_sendable().ok()?;
    let scheme = if url.is_ssl() { Scheme::Https } else { Scheme::Http };
    let port = url.effective_port().unwrap_or_else(|| scheme.default_port());
    let websocket = matches!(url.scheme(), "ws" | "wss");
    Some(Arc::new(Origin { scheme, host: url.dial_host().into(), port, server_name: None, websocket }))
}
