//! What frames a request's body, and the header line that says so: HTTPX adds it when a body is given, and shows it
//! (checklist B14, B15, B17). What the program says itself is left as it is.

use bytes::Bytes;

use crate::httpcore::{same_name, FramingField};
use crate::httpx::Headers;

/// How long a body is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Length {
    /// There is none.
    NoBody,
    /// That many bytes.
    Known(u64),
    /// Only its end will tell.
    Unknown,
}

impl Length {
    /// Of a body that there is.
    pub(super) fn of(length: Option<u64>) -> Length {
        length.map_or(Length::Unknown, Length::Known)
    }

    fn line(self) -> Option<(Bytes, Bytes)> {
        match self {
            Length::NoBody => None,
            Length::Known(length) => Some((Bytes::from_static(b"Content-Length"), Bytes::from(length.to_string()))),
            Length::Unknown => Some((Bytes::from_static(b"Transfer-Encoding"), Bytes::from_static(b"chunked"))),
        }
    }
}

/// See the module.
#[derive(Clone, Debug)]
pub(super) struct Framing {
    length: Length,
    /// The line that was added, as long as the program has not touched it.
    line: Option<(Bytes, Bytes)>,
    /// The headers are the program's alone.
    kept: bool,
}

fn is_framing(name: &[u8]) -> bool {
    same_name(name, b"content-length") || same_name(name, b"transfer-encoding")
}

fn is_framed(headers: &Headers) -> bool {
    headers.iter().any(|(name, _)| is_framing(name))
}

impl Framing {
    /// Of a request without a body: a method that usually has one says that there is none (B14).
    pub(super) fn new(method: &[u8], headers: &mut Headers) -> Framing {
        let mut framing = Framing { length: Length::NoBody, line: None, kept: false };
        framing.no_body(method, headers);
        framing
    }

    /// Takes note of a new body, and says so in `headers`, with the type of what it is, unless they say it already.
    pub(super) fn set(&mut self, length: Length, content_type: Option<&[u8]>, method: &[u8], headers: &mut Headers) {
        self.length = length;
        let says_so = matches!((length, &self.line), (Length::NoBody, Some((_, value))) if value == "0");
        if self.kept || says_so {
            return;
        }
        self.drop_line(headers);
        match length.line() {
            None => self.no_body(method, headers),
            Some(_) if is_framed(headers) => {}
            Some(line) => {
                headers.push(line.0.clone(), line.1.clone());
                self.line = Some(line);
            }
        }
        if let Some(content_type) = content_type.filter(|_| !headers.contains(b"content-type")) {
            headers.push(Bytes::from_static(b"Content-Type"), Bytes::copy_from_slice(content_type));
        }
    }

    fn no_body(&mut self, method: &[u8], headers: &mut Headers) {
        if matches!(method, b"POST" | b"PUT" | b"PATCH") && !is_framed(headers) {
            let line = (Bytes::from_static(b"Content-Length"), Bytes::from_static(b"0"));
            let behind_host = headers.get(0).is_some_and(|(name, _)| same_name(name, b"host"));
            headers.insert(usize::from(behind_host), line.clone());
            self.line = Some(line);
        }
    }

    fn drop_line(&mut self, headers: &mut Headers) {
        if let Some(own) = self.line.take() {
            headers.remove_line(&own);
        }
    }

    /// After the program has changed the headers: its own word about the body takes the place of the library's (B17).
    pub(super) fn settle(&mut self, headers: &mut Headers) {
        let Some(own) = &self.line else { return };
        let is_own = |(name, value): &(&Bytes, &Bytes)| (*name, *value) == (&own.0, &own.1);
        let there = headers.iter().any(|line| is_own(&line));
        match headers.iter().filter(|(name, _)| is_framing(name)).count() {
            1 if there => {}
            _ if there => self.drop_line(headers),
            _ => self.line = None,
        }
    }

    /// From now on no body changes the headers.
    pub(super) fn keep(&mut self) {
        self.kept = true;
    }

    /// Whether the headers are the program's alone.
    pub(super) fn is_kept(&self) -> bool {
        self.kept
    }

    /// The body is gone, and what was said of it.
    pub(super) fn forget(&mut self, headers: &mut Headers) {
        (self.length, self.line) = (Length::NoBody, None);
        headers.remove(b"content-length");
        headers.remove(b"transfer-encoding");
    }

    /// What has to be added when it is sent: headers that have lost their word about the body cannot do without.
    pub(super) fn missing(&self, headers: &Headers) -> FramingField {
        match self.length {
            Length::NoBody => FramingField::None,
            _ if self.kept || is_framed(headers) => FramingField::None,
            Length::Known(length) => FramingField::Length(Bytes::from(length.to_string())),
            Length::Unknown => FramingField::Chunked,
        }
    }
}
