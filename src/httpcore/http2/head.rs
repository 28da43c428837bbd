//! Heads of requests and responses, between our form and h2's (checklist J05, J09).

use http::header::{HeaderName, HeaderValue, EXPECT};
use http::uri::{Authority, PathAndQuery, Scheme as UriScheme, Uri};
use http::{HeaderMap, Method};

use crate::error::{Code, Error};
use crate::httpcore::headers::{shown_value, trim_ows};
use crate::httpcore::http11::{HeadLimits, ResponseHead, Version};
use crate::httpcore::{quoted, same_name, RawHeaders, Request, Scheme};

/// Fields that belong to a connection, and so not to HTTP/2 (RFC 9113 §8.2.2), and Host, which is `:authority`.
const LEFT_OUT: [&[u8]; 6] =
    [b"host", b"transfer-encoding", b"connection", b"keep-alive", b"proxy-connection", b"upgrade"];

/// What is to be sent, and what it says of the body.
pub(super) struct RequestHead {
    pub(super) request: http::Request<()>,
    /// A body follows, if only an empty one.
    pub(super) has_body: bool,
    /// The length that Content-Length gives it.
    pub(super) length: Option<u64>,
}

fn refused(what: &str, value: &[u8]) -> Error {
    Error::new(Code::LOCAL_PROTOCOL_ERROR, format!("{what} {} cannot be sent over HTTP/2", quoted(value)))
}

fn refused_value(name: &[u8], value: &[u8]) -> Error {
    let message =
        format!("the header value {} of {} cannot be sent over HTTP/2", shown_value(name, value), quoted(name));
    Error::new(Code::LOCAL_PROTOCOL_ERROR, message)
}

pub(super) fn request_head(request: &Request<'_>) -> Result<RequestHead, Error> {
    let too_many = |_| Error::new(Code::LOCAL_PROTOCOL_ERROR, "these are too many headers for HTTP/2");
    let mut headers = HeaderMap::try_with_capacity(request.headers.list().len() + 1).map_err(too_many)?;
    let (mut authority, mut has_body, mut length) = (None, false, None);
    for (name, value) in request.lines() {
        if same_name(name, b"host") {
            let parsed = Authority::try_from(value).map_err(|_| refused("the Host header", value))?;
            authority.get_or_insert(parsed);
        }
        let is_length = same_name(name, b"content-length");
        has_body |= is_length || same_name(name, b"transfer-encoding");
        if is_length {
            length = std::str::from_utf8(value).ok().and_then(|digits| digits.parse().ok());
        }
        let is_te = same_name(name, b"te");
        let other_te = is_te && !value.eq_ignore_ascii_case(b"trailers");
        if other_te || LEFT_OUT.iter().any(|left_out| same_name(name, left_out)) {
            continue;
        }
        let key = HeaderName::from_bytes(name).map_err(|_| refused("the header name", name))?;
        let value = if is_te { b"trailers" } else { value };
        // RFC 9113 §8.2.1: spaces around it would make the request malformed. The h2 package leaves them out, too.
        let value = HeaderValue::from_bytes(trim_ows(value)).map_err(|_| refused_value(name, value))?;
        headers.try_append(key, value).map_err(too_many)?;
    }
    if request.adds_expect() {
        headers.try_append(EXPECT, HeaderValue::from_static("100-continue")).map_err(too_many)?;
    }
    let missing = || Error::new(Code::LOCAL_PROTOCOL_ERROR, "Missing mandatory 'Host:' header");
    let path = PathAndQuery::try_from(&request.target[..]).map_err(|_| refused("the target", &request.target))?;
    let scheme = match request.origin.scheme {
        Scheme::Http => UriScheme::HTTP,
        Scheme::Https => UriScheme::HTTPS,
    };
    let uri = Uri::builder().scheme(scheme).authority(authority.ok_or_else(missing)?).path_and_query(path).build();
    let mut head = http::Request::new(());
    *head.method_mut() = Method::from_bytes(request.method).map_err(|_| refused("the method", request.method))?;
    *head.uri_mut() = uri.map_err(|_| refused("the target", &request.target))?;
    *head.version_mut() = http::Version::HTTP_2;
    *head.headers_mut() = headers;
    Ok(RequestHead { request: head, has_body, length })
}

/// Without the space around it, which HTTP/2 does not allow (RFC 9113 §8.2.1).
fn trimmed(value: &[u8]) -> &[u8] {
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t');
    let from = value.iter().position(|byte| !is_space(byte)).unwrap_or(value.len());
    let to = value.iter().rposition(|byte| !is_space(byte)).map_or(from, |last| last + 1);
    &value[from..to]
}

pub(super) fn response_head<T>(response: &http::Response<T>, limits: &HeadLimits) -> Result<ResponseHead, Error> {
    let headers = response.headers();
    // As HTTP/1.1 counts it, without a status line.
    let bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    if headers.len() > limits.max_headers || bytes > limits.max_bytes {
        return Err(Error::from(Code::HEADERS_TOO_LARGE));
    }
    Ok(ResponseHead::new(Version::HTTP_2, response.status().as_u16(), fields(headers)?))
}

/// In the order of their names' first appearance. Space around values is borne, and taken off (checklist J09).
pub(super) fn fields(headers: &HeaderMap) -> Result<RawHeaders, Error> {
    RawHeaders::from_pairs(headers.iter().map(|(name, value)| (name.as_str(), trimmed(value.as_bytes()))))
}
