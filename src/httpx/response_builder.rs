//! Responses that are made by hand, for tests and for transports of the program's own (checklist N13).

use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use super::decoders::{DecodeLimits, Decoder};
use super::response::Parts;
use super::{Headers, Request, Response};
use crate::error::{Code, Error};
use crate::httpcore::{is_field_text, Made, PullBody, PullReader, RawHeaders, ResponseHead, ToCome, Version};

/// What a content is, if the response's own headers do not say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContentType {
    /// Any bytes: nothing is said.
    Bytes,
    /// `text/plain; charset=utf-8`.
    Text,
    /// `text/html; charset=utf-8`.
    Html,
    /// `application/json`.
    Json,
}

impl ContentType {
    fn header(self) -> Option<&'static str> {
        match self {
            ContentType::Bytes => None,
            ContentType::Text => Some("text/plain; charset=utf-8"),
            ContentType::Html => Some("text/html; charset=utf-8"),
            ContentType::Json => Some("application/json"),
        }
    }
}

/// See the module.
#[derive(Debug)]
pub struct ResponseBuilder {
    status: u16,
    version: Option<Version>,
    reason: Bytes,
    /// The program's, in their order.
    pub headers: Headers,
    content: Option<(Bytes, ContentType)>,
    /// Instead of it, what is made while it is read, and how long that is.
    pulled: Option<(PullReader, Option<u64>)>,
    /// What the response answers.
    pub request: Option<Arc<Request>>,
}

impl ResponseBuilder {
    /// A response without headers and content, to no request.
    ///
    /// # Errors
    /// INVALID_ARGUMENT for a status below 100 or above 999.
    pub fn new(status: i32) -> Result<ResponseBuilder, Error> {
        let code = u16::try_from(status).ok().filter(|status| (100..=999).contains(status));
        let status = code.ok_or_else(|| {
            Error::new(Code::INVALID_ARGUMENT, format!("{status} is no status code: they have three digits"))
        })?;
        Ok(ResponseBuilder {
            status,
            version: None,
            reason: Bytes::new(),
            headers: Headers::default(),
            content: None,
            pulled: None,
            request: None,
        })
    }

    /// Sets the version that the response is said to have come in.
    ///
    /// # Errors
    /// INVALID_ARGUMENT for what is no version.
    pub fn set_version(&mut self, name: &str) -> Result<(), Error> {
        let no_version = || Error::new(Code::INVALID_ARGUMENT, format!("'{name}' is no version such as HTTP/1.1"));
        self.version = Some(Version::named(name).ok_or_else(no_version)?);
        Ok(())
    }

    /// Sets the reason phrase, instead of the status code's own.
    ///
    /// # Errors
    /// INVALID_ARGUMENT for what could not stand in a status line.
    pub fn set_reason(&mut self, reason: &[u8]) -> Result<(), Error> {
        self.reason = reason_phrase(reason)?;
        Ok(())
    }

    /// Sets the body, as it would come over the wire: encoded if a Content-Encoding says so.
    ///
    /// # Errors
    /// INVALID_JSON for JSON that is none.
    pub fn set_content(&mut self, content: Bytes, what: ContentType) -> Result<(), Error> {
        if what == ContentType::Json {
            serde_json::from_slice::<serde::de::IgnoredAny>(&content)
                .map_err(|e| Error::new(Code::INVALID_JSON, format!("the content is not JSON: {e}")))?;
        }
        (self.content, self.pulled) = (Some((content, what)), None);
        Ok(())
    }

    /// Has foreign code make the body while it is read, of known or unknown length.
    ///
    /// # Errors
    /// What [`PullBody::open`] says.
    pub fn set_pulled(&mut self, body: &Arc<PullBody>, length: Option<u64>) -> Result<(), Error> {
        (self.content, self.pulled) = (None, Some((body.open()?, length)));
        Ok(())
    }

    /// Whether its body is made while it is read, by somebody else.
    pub fn is_made_elsewhere(&self) -> bool {
        self.pulled.is_some()
    }

    /// The response, read, its content decoded as its headers say; or unread, with the body that is made while it is
    /// read, which the builder then has no more.
    ///
    /// # Errors
    /// DecodingError and what lies below it.
    pub fn build(&mut self) -> Result<Response, Error> {
        let headers = self.all_headers();
        let lines = RawHeaders::from_pairs(headers.iter().map(|(name, value)| (&name[..], &value[..])))?;
        let to_come = self.pulled.take().map(|(reader, declared)| Made {
            to_come: Some(ToCome::Pulled(reader)),
            declared,
            ..Made::default()
        });
        let content = self.content.as_ref().map(|(content, _)| content.clone()).unwrap_or_default();
        let bytes_downloaded = content.len() as u64;
        let content = decoded(content, &lines)?;
        let head = ResponseHead::made(self.version.unwrap_or(Version::HTTP_11), self.status, &self.reason, &lines)?;
        let parts = Parts {
            request: self.request.clone(),
            content: Some(content),
            to_come,
            bytes_downloaded,
            ..Parts::default()
        };
        Ok(Response::of_parts(head, parts))
    }

    /// The program's, and behind them what the content adds, as in HTTPX.
    fn all_headers(&self) -> Headers {
        let mut headers = self.headers.clone();
        if let Some((_, length)) = &self.pulled {
            frame(&mut headers, *length);
            return headers;
        }
        let Some((content, what)) = &self.content else { return headers };
        let mut default = |name: &'static str, value: Bytes| {
            if !headers.contains(name.as_bytes()) {
                headers.push(Bytes::from_static(name.as_bytes()), value);
            }
        };
        if !content.is_empty() || *what != ContentType::Bytes {
            default("Content-Length", Bytes::from(content.len().to_string()));
        }
        if let Some(content_type) = what.header() {
            default("Content-Type", Bytes::from_static(content_type.as_bytes()));
        }
        headers
    }
}

/// A copy of what may stand in a status line.
pub(super) fn reason_phrase(reason: &[u8]) -> Result<Bytes, Error> {
    match is_field_text(reason) {
        true => Ok(Bytes::copy_from_slice(reason)),
        false => Err(Error::new(Code::INVALID_ARGUMENT, "the reason phrase has a line end or a NUL in it")),
    }
}

/// Adds what frames a body of known or unknown length, unless that is said already.
pub(super) fn frame(headers: &mut Headers, length: Option<u64>) {
    if headers.contains(b"content-length") || headers.contains(b"transfer-encoding") {
        return;
    }
    match length {
        Some(length) => headers.push(Bytes::from_static(b"Content-Length"), Bytes::from(length.to_string())),
        None => headers.push(Bytes::from_static(b"Transfer-Encoding"), Bytes::from_static(b"chunked")),
    }
}

fn decoded(content: Bytes, headers: &RawHeaders) -> Result<Bytes, Error> {
    let mut decoder = Decoder::for_encodings(headers.find_all(b"content-encoding"), DecodeLimits::default())?;
    if decoder.is_identity() {
        return Ok(content);
    }
    let mut plain = BytesMut::new();
    decoder.push(content);
    while let Some(piece) = decoder.finish()? {
        plain.extend_from_slice(&piece);
    }
    Ok(plain.freeze())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn built(change: impl FnOnce(&mut ResponseBuilder)) -> Response {
        let mut builder = ResponseBuilder::new(200).unwrap();
        change(&mut builder);
        builder.build().unwrap()
    }

    fn lines(response: &Response) -> String {
        let line = |(name, value)| format!("{}: {}", String::from_utf8_lossy(name), String::from_utf8_lossy(value));
        response.head().headers().iter().map(line).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn content_brings_the_headers_that_httpx_gives_it() {
        let content = |text: &'static str, what| {
            built(|builder| builder.set_content(Bytes::from_static(text.as_bytes()), what).unwrap())
        };
        for (text, what, expected) in [
            ("abc", ContentType::Bytes, "Content-Length: 3"),
            ("", ContentType::Bytes, ""),
            ("ä", ContentType::Text, "Content-Length: 2, Content-Type: text/plain; charset=utf-8"),
            ("", ContentType::Html, "Content-Length: 0, Content-Type: text/html; charset=utf-8"),
            ("[1]", ContentType::Json, "Content-Length: 3, Content-Type: application/json"),
        ] {
            let response = content(text, what);
            assert_eq!(lines(&response), expected);
            assert_eq!(response.text().unwrap(), text);
            assert_eq!(response.bytes_downloaded(), text.len() as u64);
        }
        assert_eq!(lines(&built(|_| {})), "");
    }

    #[test]
    fn the_programs_own_headers_come_first_and_stay() {
        let response = built(|builder| {
            builder.headers.add(b"content-type", b"text/x-own").unwrap();
            builder.headers.add(b"X-Two", b"1").unwrap();
            builder.headers.add(b"X-Two", b"2").unwrap();
            builder.set_content(Bytes::from_static(b"{}"), ContentType::Json).unwrap();
        });
        assert_eq!(lines(&response), "content-type: text/x-own, X-Two: 1, X-Two: 2, Content-Length: 2");
    }

    #[test]
    fn it_looks_as_one_that_was_received_and_read() {
        let mut response = built(|builder| {
            builder.set_version("HTTP/2").unwrap();
            builder.set_reason(b"Fine").unwrap();
            builder.set_content(Bytes::from_static(b"ok"), ContentType::Text).unwrap();
        });
        assert_eq!(response.head().repr(), "<Response [200 Fine]>");
        assert_eq!((response.head().version(), response.head().status()), ("HTTP/2", 200));
        assert!(response.is_closed() && response.is_stream_consumed());
        assert_eq!(response.encoding(), "UTF-8");
        let error = response.stream(super::super::Unit::Raw, 0).err().unwrap();
        assert_eq!(error.code(), Code::STREAM_CONSUMED);
        // Checklist N04, N05.
        assert_eq!(response.head().request().err().unwrap().code(), Code::INVALID_STATE);
        assert_eq!(response.raise_for_status().unwrap_err().code(), Code::INVALID_STATE);
        assert_eq!(response.elapsed().unwrap_err().code(), Code::INVALID_STATE);
        assert_eq!(built(|_| {}).head().repr(), "<Response [200 OK]>");
    }

    #[test]
    fn content_is_decoded_as_its_headers_say() {
        use std::io::Write;
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        gzip.write_all(b"plain").unwrap();
        let packed = Bytes::from(gzip.finish().unwrap());
        let length = packed.len() as u64;
        let response = built(|builder| {
            builder.headers.add(b"Content-Encoding", b"gzip").unwrap();
            builder.set_content(packed.clone(), ContentType::Bytes).unwrap();
        });
        assert_eq!(response.text().unwrap(), "plain");
        assert_eq!(response.bytes_downloaded(), length);

        let mut broken = ResponseBuilder::new(200).unwrap();
        broken.headers.add(b"Content-Encoding", b"gzip").unwrap();
        broken.set_content(Bytes::from_static(b"no gzip"), ContentType::Bytes).unwrap();
        assert_eq!(broken.build().err().unwrap().code(), Code::DECODING_ERROR);
    }

    #[test]
    fn what_no_response_could_have_is_refused() {
        for status in [-1, 0, 99, 1000, 65_736] {
            assert_eq!(ResponseBuilder::new(status).unwrap_err().code(), Code::INVALID_ARGUMENT, "{status}");
        }
        let mut builder = ResponseBuilder::new(200).unwrap();
        assert_eq!(builder.set_version("HTTP/x").unwrap_err().code(), Code::INVALID_ARGUMENT);
        assert_eq!(builder.set_reason(b"a\r\nb").unwrap_err().code(), Code::INVALID_ARGUMENT);
        let no_json = builder.set_content(Bytes::from_static(b"{"), ContentType::Json);
        assert_eq!(no_json.unwrap_err().code(), Code::INVALID_JSON);
    }
}
