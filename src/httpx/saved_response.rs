//! Responses as bytes, to be kept or sent elsewhere (checklist B38). The format, version 1; numbers are little-endian:
//!
//! ```text
//! saved     = "httpx-response" NUL, version: u8, response
//! response  = status: u16, http_version: bytes, reason: bytes, headers: fields, trailers: [fields],
//!             request: [request], next_request: [request], content: [bytes], encoding: [bytes],
//!             bytes_downloaded: u64, elapsed nanoseconds: [u64], count: u32, that many responses, oldest first
//! request   = method: bytes, url: bytes, headers: fields
//! fields    = count: u32, that many times name: bytes, value: bytes
//! bytes     = length: u64, that many bytes
//! [x]       = 0: u8, or 1: u8 and x
//! ```
//!
//! The content is decoded. What only concerns connections is not kept, nor are the requests' bodies, time limits and
//! credentials but for those in their headers.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::response::Parts;
use super::{text, Given, Headers, Request, Response, Url};
use crate::error::{Code, Error};
use crate::httpcore::{RawHeaders, ResponseHead, Timeouts, Version};

const MAGIC: &[u8] = b"httpx-response\0";
const VERSION: u8 = 1;
/// Earlier responses have none before them; this is for those who think of something.
const MAX_DEPTH: usize = 4;

impl Response {
    /// The response as bytes. One that was not read is saved without its content, and stays as it is.
    pub fn serialize(&self) -> Vec<u8> {
        let mut writer = Writer(MAGIC.to_vec());
        writer.0.push(VERSION);
        writer.response(self);
        writer.0
    }

    /// The response that was saved. Without content, it is one that was closed before it was read.
    ///
    /// # Errors
    /// INVALID_ARGUMENT for what `serialize` has not written.
    pub fn deserialize(saved: &[u8]) -> Result<Response, Error> {
        let rest = saved.strip_prefix(MAGIC).ok_or_else(|| refused("it does not begin as one"))?;
        let mut reader = Reader(rest);
        match reader.u8()? {
            VERSION => {}
            version => return Err(refused(&format!("its version is {version}, this library knows {VERSION}"))),
        }
        let response = reader.response(0)?;
        match reader.0.is_empty() {
            true => Ok(response),
            false => Err(refused("something follows it")),
        }
    }
}

fn refused(why: &str) -> Error {
    Error::new(Code::INVALID_ARGUMENT, format!("this is no saved response: {why}"))
}

struct Writer(Vec<u8>);

impl Writer {
    fn response(&mut self, response: &Response) {
        let head = response.head();
        self.0.extend(head.status().to_le_bytes());
        self.bytes(head.version().as_bytes());
        self.bytes(head.received_reason());
        self.fields(head.headers().iter());
        self.option(response.trailers(), |writer, trailers| writer.fields(trailers.iter()));
        self.option(head.request().ok(), |writer, request| writer.request(request));
        self.option(response.next_request(), |writer, request| writer.request(request));
        self.option(response.content().ok(), |writer, content| writer.bytes(content));
        self.option(response.settled_encoding(), |writer, encoding| writer.bytes(encoding.name().as_bytes()));
        self.0.extend(response.bytes_downloaded().to_le_bytes());
        self.option(response.elapsed().ok(), |writer, elapsed| {
            writer.0.extend(u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX).to_le_bytes());
        });
        let history = response.history();
        self.count(history.len());
        for earlier in history {
            self.response(earlier);
        }
    }

    fn request(&mut self, request: &Request) {
        self.bytes(request.method());
        self.bytes(request.url().as_str().as_bytes());
        self.fields(request.headers.iter().map(|(name, value)| (&name[..], &value[..])));
    }

    fn fields<'a>(&mut self, fields: impl ExactSizeIterator<Item = (&'a [u8], &'a [u8])>) {
        self.count(fields.len());
        for (name, value) in fields {
            self.bytes(name);
            self.bytes(value);
        }
    }

    /// Lists are as long as a head or a chain of redirects can be.
    fn count(&mut self, count: usize) {
        self.0.extend((count as u32).to_le_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.0.extend((bytes.len() as u64).to_le_bytes());
        self.0.extend_from_slice(bytes);
    }

    fn option<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Writer, T)) {
        self.0.push(value.is_some().into());
        if let Some(value) = value {
            write(self, value);
        }
    }
}

/// What is still to be read.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn response(&mut self, depth: usize) -> Result<Response, Error> {
        if depth > MAX_DEPTH {
            return Err(refused("earlier responses have earlier responses, and so on"));
        }
        let status = self.u16()?;
        if !(100..=999).contains(&status) {
            return Err(refused("its status is none"));
        }
        let version = Version::named(self.text()?).ok_or_else(|| refused("its HTTP version is none"))?;
        let reason = self.bytes()?;
        let headers = self.fields()?;
        let head = ResponseHead::made(version, status, reason, &headers)?;
        let trailers = self.option(Reader::fields)?;
        let request = self.option(Reader::request)?;
        let next_request = self.option(Reader::request)?;
        let content = self.option(Reader::bytes)?.map(Bytes::copy_from_slice);
        let encoding = self.option(Reader::text)?.map(text::known_encoding).transpose()?;
        let bytes_downloaded = self.u64()?;
        let elapsed = self.option(Reader::u64)?.map(Duration::from_nanos);
        // Not reserved: the number may be anything.
        let mut history = Vec::new();
        for _ in 0..self.u32()? {
            history.push(self.response(depth + 1)?);
        }
        let to_come = None;
        let parts =
            Parts { request, next_request, content, to_come, encoding, trailers, bytes_downloaded, elapsed, history };
        Ok(Response::of_parts(head, parts))
    }

    fn request(&mut self) -> Result<Arc<Request>, Error> {
        let (method, url) = (self.text()?, self.text()?);
        let mut request = Request::new(method, Url::parse(url)?, &Headers::default(), Some(Timeouts::default()))?;
        // E05: it may have come to another origin than the credentials were for. Those it had are among its headers.
        request.auth = Given::Nothing;
        request.headers = Headers::default();
        for (name, value) in self.fields()?.iter() {
            request.headers.add(name, value)?;
        }
        Ok(Arc::new(request))
    }

    fn fields(&mut self) -> Result<RawHeaders, Error> {
        let mut fields = Vec::new();
        for _ in 0..self.u32()? {
            fields.push((self.bytes()?, self.bytes()?));
        }
        RawHeaders::from_pairs(fields)
    }

    fn option<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Error>) -> Result<Option<T>, Error> {
        match self.u8()? {
            0 => Ok(None),
            1 => read(self).map(Some),
            _ => Err(refused("a part of it is neither there nor not there")),
        }
    }

    fn text(&mut self) -> Result<&'a str, Error> {
        std::str::from_utf8(self.bytes()?).map_err(|_| refused("a text in it is not UTF-8"))
    }

    fn bytes(&mut self) -> Result<&'a [u8], Error> {
        let length = self.u64()?;
        self.take(usize::try_from(length).unwrap_or(usize::MAX))
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], Error> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or_else(|| refused("it ends too early"))?;
        self.0 = rest;
        Ok(taken)
    }

    fn number<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let bytes = self.take(N)?;
        bytes.try_into().map_err(|_| refused("it ends too early"))
    }

    fn u8(&mut self) -> Result<u8, Error> {
        self.number().map(u8::from_le_bytes)
    }

    fn u16(&mut self) -> Result<u16, Error> {
        self.number().map(u16::from_le_bytes)
    }

    fn u32(&mut self) -> Result<u32, Error> {
        self.number().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Result<u64, Error> {
        self.number().map(u64::from_le_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{redirects, ContentType, ResponseBuilder, Unit};
    use super::*;

    fn request(url: &str) -> Arc<Request> {
        let mut request =
            Request::new("POST", Url::parse(url).unwrap(), &Headers::default(), Some(Timeouts::default())).unwrap();
        request.headers.add(b"X-Own", b"\xe9").unwrap();
        Arc::new(request)
    }

    fn builder(status: i32) -> ResponseBuilder {
        let mut builder = ResponseBuilder::new(status).unwrap();
        builder.headers.add(b"X-Two", b"1").unwrap();
        builder.headers.add(b"x-two", b"2").unwrap();
        builder.request = Some(request("http://example.org/a?b=c"));
        builder.set_content("Grüße".into(), ContentType::Text).unwrap();
        builder
    }

    fn response() -> Response {
        let mut builder = builder(404);
        builder.set_version("HTTP/1.0").unwrap();
        builder.set_reason(b"Gone fishing").unwrap();
        let mut response = builder.build().unwrap();
        response.set_encoding("latin-1").unwrap();
        let mut first = ResponseBuilder::new(302).unwrap().build().unwrap();
        first.set_next_request(request("http://example.org/next"));
        response.set_history(vec![first]);
        response
    }

    #[test]
    fn a_response_comes_back_as_it_was() {
        let response = response();
        let saved = response.serialize();
        let mut back = Response::deserialize(&saved).unwrap();
        assert_eq!(back.serialize(), saved);
        assert_eq!(back.head().repr(), "<Response [404 Gone fishing]>");
        assert_eq!(back.head().version(), "HTTP/1.0");
        assert_eq!(back.content().unwrap(), response.content().unwrap());
        assert_eq!(back.text().unwrap(), response.text().unwrap());
        assert_eq!(back.encoding(), "windows-1252");
        let lines = |response: &Response| format!("{:?}", response.head().headers());
        assert_eq!(lines(&back), lines(&response));
        let request = back.head().request().unwrap();
        assert_eq!((request.method(), request.url().as_str()), (&b"POST"[..], "http://example.org/a?b=c"));
        assert_eq!(request.headers.len(), 3);
        assert_eq!(back.raise_for_status().unwrap_err().message(), response.raise_for_status().unwrap_err().message());
        let first = &back.history()[0];
        assert_eq!(first.next_request().unwrap().url().path(), "/next");
        assert!(first.head().request().is_err());
        assert_eq!(back.stream(Unit::Raw, 0).err().unwrap().code(), Code::STREAM_CONSUMED);
    }

    /// Checklist B38.
    #[test]
    fn without_content_it_is_closed() {
        let mut closed = Response::of_parts(
            ResponseHead::made(Version::named("HTTP/1.1").unwrap(), 200, b"", &RawHeaders::default()).unwrap(),
            Parts::default(),
        );
        closed.close();
        let mut back = Response::deserialize(&closed.serialize()).unwrap();
        assert_eq!(back.content().unwrap_err().code(), Code::RESPONSE_NOT_READ);
        for unit in [Unit::Raw, Unit::Bytes, Unit::Text, Unit::Lines] {
            assert_eq!(back.stream(unit, 0).err().unwrap().code(), Code::STREAM_CLOSED);
        }
        assert!(back.is_closed() && !back.is_stream_consumed());
    }

    /// Checklist E05: one that leads to another origin goes without the client's credentials, and has to go on so.
    #[test]
    fn requests_that_were_saved_take_no_credentials_of_a_client() {
        let mut builder = ResponseBuilder::new(302).unwrap();
        builder.request = Some(request("http://example.org/"));
        builder.headers.add(b"Location", b"http://elsewhere.example/").unwrap();
        let mut response = builder.build().unwrap();
        let next = redirects::follow(response.head(), b"http://elsewhere.example/", false).unwrap();
        assert!(matches!(next.auth, Given::Nothing));
        response.set_next_request(Arc::new(next));
        let back = Response::deserialize(&response.serialize()).unwrap();
        assert!(matches!(back.next_request().unwrap().auth, Given::Nothing));
        assert!(matches!(back.head().request().unwrap().auth, Given::Nothing));
    }

    #[test]
    fn what_is_cut_off_or_too_long_is_refused() {
        let saved = response().serialize();
        for length in 0..saved.len() {
            assert!(Response::deserialize(&saved[..length]).is_err(), "{length} of {}", saved.len());
        }
        assert!(Response::deserialize(&[&saved[..], b"\0"].concat()).is_err());
        let mut later = saved;
        later[MAGIC.len()] = VERSION + 1;
        let error = Response::deserialize(&later).err().unwrap();
        assert_eq!(error.code(), Code::INVALID_ARGUMENT);
        assert!(error.message().contains("version is 2"));
    }

    /// Whatever bytes are changed: an error, or a response that can be saved again.
    #[test]
    fn bytes_that_were_changed_do_no_harm() {
        let saved = response().serialize();
        let mut random = 0x2545_f491_4f6c_dd1d_u64;
        let mut next = |below: usize| {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            (random % below as u64) as usize
        };
        let mut good = 0;
        for _ in 0..20_000 {
            let mut changed = saved.clone();
            for _ in 0..=next(4) {
                let at = MAGIC.len() + next(changed.len() - MAGIC.len());
                changed[at] = match next(4) {
                    0 => 0xff,
                    1 => 0,
                    2 => changed[at].wrapping_add(1),
                    _ => next(256) as u8,
                };
            }
            if let Ok(response) = Response::deserialize(&changed) {
                let _ = (response.text().is_ok(), response.head().repr(), response.head().links().len());
                assert!(Response::deserialize(&response.serialize()).is_ok());
                good += 1;
            }
        }
        assert!(good > 100, "most changes to texts leave a response: {good}");
    }
}
