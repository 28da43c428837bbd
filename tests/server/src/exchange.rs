//! One request and its reply, as the route handlers see them: decoded path segments and query on the way in, short
//! constructors of responses on the way out.

use std::error::Error;
use std::str::FromStr;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body as HttpBody, Incoming};
use hyper::header::{HeaderName, HeaderValue, CONTENT_TYPE, HOST};
use hyper::http::request::Parts;
use hyper::{Request, Response, StatusCode};
use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::body::Body;
use crate::capture::RawHead;
use crate::origin::Connection;

pub type Reply = Result<Response<Body>, Refusal>;

/// A request that cannot be answered as asked: the status and one sentence for the reader of a failed test.
#[derive(Debug)]
pub struct Refusal {
    pub status: StatusCode,
    pub message: String,
}

impl Refusal {
    pub fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into() }
    }

    pub fn bad(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }
}

pub struct Exchange {
    pub connection: Arc<Connection>,
    pub head: Parts,
    pub body: Incoming,
    /// The head as received; None where the wire has no such form (HTTP/2) or it was pipelined.
    pub raw: Option<RawHead>,
    /// Which request of its connection this is; the first is 1.
    pub number: u64,
    segments: Vec<String>,
}

impl Exchange {
    pub fn new(connection: Arc<Connection>, request: Request<Incoming>, number: u64) -> Self {
        let (head, body) = request.into_parts();
        let raw = connection.capture.head().filter(|raw| {
            raw.method == head.method.as_str()
                && raw.headers.len() == head.headers.len()
                && head.uri.path_and_query().is_some_and(|target| raw.target.ends_with(target.as_str()))
        });
        let segments = head.uri.path().split('/').skip(1).map(decoded).collect();
        Self { connection, head, body, raw, number, segments }
    }

    /// The percent-decoded path segment at `index`; empty when there is none.
    pub fn segment(&self, index: usize) -> &str {
        self.segments.get(index).map_or("", String::as_str)
    }

    pub fn segments(&self) -> &[String] {
        &self.segments
    }

    pub fn segment_as<T: FromStr>(&self, index: usize) -> Result<T, Refusal> {
        let text = self.segment(index);
        text.parse().map_err(|_| Refusal::bad(format!("{text:?} in the path is not a number of the right size")))
    }

    pub fn header(&self, name: impl AsRef<str>) -> Option<&str> {
        self.head.headers.get(name.as_ref())?.to_str().ok()
    }

    /// The query's pairs in their order.
    pub fn arguments(&self) -> Vec<(String, String)> {
        let query = self.head.uri.query().unwrap_or_default();
        form_urlencoded::parse(query.as_bytes()).into_owned().collect()
    }

    pub fn argument(&self, name: &str) -> Option<String> {
        self.arguments().into_iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    pub fn argument_or<T: FromStr>(&self, name: &str, default: T) -> Result<T, Refusal> {
        match self.argument(name) {
            None => Ok(default),
            Some(text) => text.parse().map_err(|_| Refusal::bad(format!("{name}={text:?} is not a number"))),
        }
    }

    /// The host and port that the client asked for.
    pub fn authority(&self) -> &str {
        match self.head.uri.authority() {
            Some(authority) => authority.as_str(),
            None => self.header(HOST).unwrap_or("localhost"),
        }
    }

    /// An absolute URL of this server.
    pub fn absolute(&self, target: &str) -> String {
        format!("{}://{}{target}", self.connection.scheme, self.authority())
    }

    pub fn url(&self) -> String {
        self.absolute(self.head.uri.path_and_query().map_or("/", |target| target.as_str()))
    }

    /// Reads the whole body.
    pub async fn read_body(&mut self) -> Result<Bytes, Refusal> {
        match (&mut self.body).collect().await {
            Ok(body) => Ok(body.to_bytes()),
            Err(error) => Err(Refusal::bad(format!("the request's body broke off: {error}"))),
        }
    }
}

pub fn decoded(segment: &str) -> String {
    percent_decode_str(segment).decode_utf8_lossy().into_owned()
}

/// A response of known content.
pub fn content(content_type: &str, bytes: impl Into<Bytes>) -> Response<Body> {
    let mut response = Response::new(Body::Whole(bytes.into()));
    if let Ok(value) = HeaderValue::from_str(content_type) {
        response.headers_mut().insert(CONTENT_TYPE, value);
    }
    response
}

/// A response whose body is made while it is sent; chunked on HTTP/1.1 unless the body knows its length.
pub fn streamed<B>(content_type: &'static str, body: B) -> Response<Body>
where
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let mut response = Response::new(Body::streamed(body));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

pub fn empty(status: StatusCode) -> Response<Body> {
    with_status(Response::new(Body::Whole(Bytes::new())), status)
}

/// JSON in httpbin's layout: sorted keys, two spaces, a newline at the end.
pub fn json(value: &Value) -> Response<Body> {
    content("application/json", format!("{value:#}\n"))
}

pub fn with_status(mut response: Response<Body>, status: StatusCode) -> Response<Body> {
    *response.status_mut() = status;
    response
}

pub fn with_header(mut response: Response<Body>, name: HeaderName, value: &str) -> Reply {
    let value = HeaderValue::from_str(value)
        .map_err(|_| Refusal::bad(format!("{value:?} cannot be the value of the header {name}")))?;
    response.headers_mut().append(name, value);
    Ok(response)
}

pub fn refused(refusal: Refusal) -> Response<Body> {
    with_status(content("text/plain; charset=utf-8", refusal.message + "\n"), refusal.status)
}
