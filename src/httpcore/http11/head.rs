//! Parsing of response heads: status line and fields, up to the blank line. What most servers send is read in one pass;
//! whatever is not like that is read again, line by line, by the rules of checklist I03 and I04, which are
//! h11's. No I/O here: bytes come in a buffer and a complete head is taken off its front.

use std::fmt;
use std::ops::Range;

use bytes::{Buf, Bytes, BytesMut};

use crate::error::{Code, Error};
use crate::httpcore::headers::{
    first_control, is_field_text, is_ows, is_token, quoted, token_end, trim_ows, Field, RawHeaders,
};

/// How large a head may be.
#[derive(Clone, Copy, Debug)]
pub struct HeadLimits {
    /// Bytes of status line, fields and blank line together (I01). Values over 1 GiB mean 1 GiB.
    pub max_bytes: usize,
    /// Number of field lines.
    pub max_headers: usize,
}

impl HeadLimits {
    /// Positions in a head are kept in 32 bits, and joining folded lines may double its size.
    const CEILING: usize = 1 << 30;

    fn bytes(&self) -> usize {
        self.max_bytes.min(HeadLimits::CEILING)
    }
}

impl Default for HeadLimits {
    fn default() -> HeadLimits {
        HeadLimits { max_bytes: 100 * 1024, max_headers: 1000 }
    }
}

/// How far an incomplete head has been searched, so that one that comes byte by byte is not searched anew for every
/// byte. Starts as `default()`, and is that again when a head has been taken.
#[derive(Clone, Copy, Debug, Default)]
pub struct ScanState {
    /// No blank line ends before this position.
    searched: usize,
    status_line_checked: bool,
}

/// The protocol version as the status line names it, for example `HTTP/1.1`. `HTTP/0.9` and `HTTP/2.0` are kept as they
/// came (I03).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Version([u8; 8]);

impl Version {
    /// What HTTPX calls HTTP/2 (checklist J01). No status line says it.
    pub(in crate::httpcore) const HTTP_2: Version = Version(*b"HTTP/2\0\0");

    /// Of responses that were on no wire.
    pub(crate) const HTTP_11: Version = Version(*b"HTTP/1.1");

    /// The text, for example `b"HTTP/1.1"`.
    pub fn as_bytes(&self) -> &[u8] {
        match *self == Version::HTTP_2 {
            true => &self.0[..6],
            false => &self.0,
        }
    }

    /// The text, for example `"HTTP/1.1"`.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    /// The version of that name.
    pub fn named(name: &str) -> Option<Version> {
        match name {
            "HTTP/2" => Some(Version::HTTP_2),
            _ => Version::parse(name.as_bytes()),
        }
    }

    /// The 1 of `HTTP/1.0`.
    pub fn major(&self) -> u8 {
        self.0[5] - b'0'
    }

    /// The 0 of `HTTP/1.0`.
    pub fn minor(&self) -> u8 {
        self.0[7] - b'0'
    }

    /// RFC 9112 §2.3: `HTTP/` digit `.` digit; the name is case-sensitive.
    fn parse(text: &[u8]) -> Option<Version> {
        let text: [u8; 8] = text.try_into().ok()?;
        let [b'H', b'T', b'T', b'P', b'/', major, b'.', minor] = text else {
            return None;
        };
        (major.is_ascii_digit() && minor.is_ascii_digit()).then_some(Version(text))
    }
}

impl fmt::Debug for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a server says before the body.
#[derive(Clone)]
pub struct ResponseHead {
    /// The version in the status line.
    pub version: Version,
    /// 100 to 999.
    pub status: u16,
    /// The fields, as received.
    pub headers: RawHeaders,
    reason: Range<usize>,
}

impl ResponseHead {
    /// A head that was no text: its reason is empty.
    pub(in crate::httpcore) fn new(version: Version, status: u16, headers: RawHeaders) -> ResponseHead {
        ResponseHead { version, status, headers, reason: 0..0 }
    }

    /// A head that was not received. The fields are taken as they are.
    ///
    /// # Errors
    /// LocalProtocolError if all of it together is 4 GiB or more.
    pub fn made(version: Version, status: u16, reason: &[u8], fields: &RawHeaders) -> Result<ResponseHead, Error> {
        // The reason lies in the block of the fields, as the name of one that is then taken away.
        let lines = std::iter::once((reason, &b""[..])).chain(fields.iter());
        let headers = RawHeaders::from_pairs(lines)?.without_first();
        Ok(ResponseHead { version, status, headers, reason: 0..reason.len() })
    }

    /// The reason phrase as received; empty if there is none. It lies in the block of `headers`.
    pub fn reason(&self) -> &[u8] {
        self.headers.block().get(self.reason.clone()).unwrap_or_default()
    }
}

impl fmt::Debug for ResponseHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseHead")
            .field("version", &self.version)
            .field("status", &self.status)
            .field("reason", &quoted(self.reason()))
            .field("headers", &self.headers)
            .finish()
    }
}

/// Takes a complete response head off the front of `buf`; `None` if more bytes are needed. Leading empty lines are not
/// skipped (I04). How the head was cut into reads makes no difference to what comes out.
///
/// # Errors
/// RemoteProtocolError for a malformed head or one over the limits. The connection is of no more use then.
pub fn parse_head(
    buf: &mut BytesMut,
    limits: &HeadLimits,
    scan: &mut ScanState,
) -> Result<Option<ResponseHead>, Error> {
    let Some(&first) = buf.first() else {
        return Ok(None);
    };
    check_first_byte(first)?;
    if scan.searched == 0 {
        if let Some((head, end)) = parse_usual(buf, limits) {
            buf.advance(end);
            return Ok(Some(head));
        }
    }
    let Some(end) = find_head_end(buf, limits, scan)? else {
        return Ok(None);
    };
    let head = match parse_usual(&buf[..end], limits) {
        Some((head, _)) => head,
        None => parse_unusual(&buf[..end], limits)?,
    };
    buf.advance(end);
    *scan = ScanState::default();
    Ok(Some(head))
}

/// A TLS alert or another binary protocol has no line end that one could wait for, so it is told by its first byte.
fn check_first_byte(first: u8) -> Result<(), Error> {
    match first {
        b'\r' | b'\n' => Err(remote_error("no response line received")),
        0..=b' ' => Err(remote_error(format!("illegal status line: the response starts with byte {first:#04x}"))),
        _ => Ok(()),
    }
}

/// One pass over a head as most servers send it: lines that end with CRLF, without control bytes and folded ones. `None`
/// for anything else, or for what is not complete, never an error: the other may be legal.
fn parse_usual(buf: &[u8], limits: &HeadLimits) -> Option<(ResponseHead, usize)> {
    let status_end = line_end(buf, 0)?;
    let (version, status) = parse_status_line(&buf[..status_end]).ok()?;
    let mut fields = Vec::with_capacity(USUAL_FIELDS);
    let mut start = status_end + 2;
    let end = loop {
        let colon = token_end(buf, start)?;
        if colon == start {
            // The empty line; nothing else begins with what is in no token.
            break line_end(buf, start).filter(|end| *end == start)? + 2;
        }
        if buf[colon] != b':' || fields.len() == limits.max_headers {
            return None;
        }
        let mut value = colon + 1;
        while *buf.get(value)? == b' ' {
            value += 1;
        }
        let line_end = line_end(buf, value)?;
        let mut value_end = line_end;
        while value_end > value && buf[value_end - 1] == b' ' {
            value_end -= 1;
        }
        fields.push(Field::new(start..colon, value..value_end));
        start = line_end + 2;
    };
    if end > limits.bytes() {
        return None;
    }
    // The head is copied so that it does not keep a whole read buffer alive.
    let headers = RawHeaders::new(Bytes::copy_from_slice(&buf[..end]), fields);
    Some((ResponseHead { version, status, headers, reason: reason_range(status_end) }, end))
}

/// Room for so many fields is made at first.
const USUAL_FIELDS: usize = 16;

/// Where the line ends that goes on at `from`, if that is with CRLF and there is no other control byte before.
fn line_end(buf: &[u8], from: usize) -> Option<usize> {
    let end = first_control(buf, from)?;
    matches!(buf[end..], [b'\r', b'\n', ..]).then_some(end)
}

/// Where the status ends in every legal status line, and the space before the phrase follows if there is one.
const STATUS_END: usize = "HTTP/1.1 200".len();

fn reason_range(line_end: usize) -> Range<usize> {
    line_end.min(STATUS_END + 1)..line_end
}

/// The position after the blank line that ends the head. The status line is judged as soon as it is there: what speaks
/// another protocol may never send a blank line.
fn find_head_end(buf: &[u8], limits: &HeadLimits, scan: &mut ScanState) -> Result<Option<usize>, Error> {
    let window = &buf[..buf.len().min(limits.bytes())];
    if !scan.status_line_checked {
        match window[scan.searched..].iter().position(|&byte| byte == b'\n') {
            Some(offset) => {
                let end = scan.searched + offset;
                parse_status_line(strip_cr(&window[..end]))?;
                *scan = ScanState { searched: end, status_line_checked: true };
            }
            None => scan.searched = window.len(),
        }
    }
    if scan.status_line_checked {
        match find_blank_line(window, scan.searched) {
            Ok(end) => return Ok(Some(end)),
            Err(searched) => scan.searched = searched,
        }
    }
    if buf.len() > limits.bytes() {
        return Err(Error::new(Code::HEADERS_TOO_LARGE, "Receive buffer too long"));
    }
    Ok(None)
}

/// The position after the first empty line that follows a line end at or after `from`; else, as `Err`, where to search
/// on.
pub(super) fn find_blank_line(buf: &[u8], from: usize) -> Result<usize, usize> {
    let mut position = from;
    while let Some(offset) = buf[position..].iter().position(|&byte| byte == b'\n') {
        let line_end = position + offset;
        match buf[line_end + 1..] {
            [b'\n', ..] => return Ok(line_end + 2),
            [b'\r', b'\n', ..] => return Ok(line_end + 3),
            [] | [b'\r'] => return Err(line_end),
            _ => position = line_end + 1,
        }
    }
    Err(buf.len())
}

/// A complete head, line by line: other versions than 1.0 and 1.1, folded lines, control bytes, many fields; or an
/// error.
fn parse_unusual(head: &[u8], limits: &HeadLimits) -> Result<ResponseHead, Error> {
    let line_end = head.iter().position(|&byte| byte == b'\n').unwrap_or(head.len());
    let line = strip_cr(&head[..line_end]);
    let (version, status) = parse_status_line(line)?;
    let headers = parse_fields(head, line_end + 1, LineEnd::LfOrCrlf, limits.max_headers)?;
    Ok(ResponseHead { version, status, headers, reason: reason_range(line.len()) })
}

/// RFC 9112 §4, with the phrase and the space before it optional (I03).
fn parse_status_line(line: &[u8]) -> Result<(Version, u16), Error> {
    let malformed = || remote_error(format!("illegal status line: {}", quoted(line)));
    let version = line.get(..8).and_then(Version::parse).ok_or_else(malformed)?;
    let (status, reason) = match line[8..] {
        [b' ', ref digits @ ..] if digits.len() >= 3 => digits.split_at(3),
        _ => return Err(malformed()),
    };
    if !status.iter().all(u8::is_ascii_digit) || status[0] == b'0' {
        return Err(malformed());
    }
    if !matches!(reason, [] | [b' ', ..]) || !is_field_text(reason) {
        return Err(malformed());
    }
    let status = status.iter().fold(0, |number, digit| number * 10 + u16::from(digit - b'0'));
    Ok((version, status))
}

/// What may end a line.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum LineEnd {
    /// In heads: a bare LF counts too (RFC 9112 §2.2, I04).
    LfOrCrlf,
    /// In chunked bodies, trailers included (I06).
    Crlf,
}

/// The field lines of `section` from `from` on, up to its blank line. Folded lines (RFC 9112 §5.2) are joined with one
/// space; the joined value is put behind the section in the list's block.
pub(super) fn parse_fields(
    section: &[u8],
    from: usize,
    line_end: LineEnd,
    max_fields: usize,
) -> Result<RawHeaders, Error> {
    let mut lines = Lines { section, position: from, line_end };
    let mut fields = Vec::new();
    let mut joined = Vec::new();
    while let Some(line) = lines.next()? {
        if fields.len() == max_fields {
            let message = format!("too many header fields: more than {max_fields}");
            return Err(Error::new(Code::HEADERS_TOO_LARGE, message));
        }
        let text = &section[line.clone()];
        if text.first().is_some_and(|&byte| is_ows(byte)) {
            return Err(remote_error("continuation line at start of headers"));
        }
        let malformed = || remote_error(format!("illegal header line: {}", quoted(text)));
        let colon = text.iter().position(|&byte| byte == b':').ok_or_else(malformed)?;
        let name = line.start..line.start + colon;
        let mut value = trim_range(section, name.end + 1..line.end);
        if !is_token(&section[name.clone()]) || !is_field_text(&section[value.clone()]) {
            return Err(malformed());
        }
        if lines.at_continuation() {
            let start = joined.len();
            join_folded(&mut lines, &section[value], &mut joined)?;
            value = section.len() + start..section.len() + joined.len();
        }
        fields.push(Field::new(name, value));
    }
    Ok(RawHeaders::new([section, &joined].concat().into(), fields))
}

/// Adds `first` and the parts on the continuation lines that follow to `joined`, with a space between any two that are
/// not empty.
fn join_folded(lines: &mut Lines, first: &[u8], joined: &mut Vec<u8>) -> Result<(), Error> {
    let start = joined.len();
    joined.extend_from_slice(first);
    while lines.at_continuation() {
        let Some(line) = lines.next()? else {
            break;
        };
        let part = trim_ows(&lines.section[line]);
        if !is_field_text(part) {
            return Err(remote_error(format!("illegal header line: {}", quoted(part))));
        }
        if joined.len() > start && !part.is_empty() {
            joined.push(b' ');
        }
        joined.extend_from_slice(part);
    }
    Ok(())
}

fn trim_range(section: &[u8], range: Range<usize>) -> Range<usize> {
    let text = &section[range.clone()];
    let start = range.start + text.iter().take_while(|&&byte| is_ows(byte)).count();
    start..start + trim_ows(text).len()
}

/// Walks over the lines of a section that is known to end with a blank line.
struct Lines<'a> {
    section: &'a [u8],
    position: usize,
    line_end: LineEnd,
}

impl Lines<'_> {
    /// The next line without its end; `None` for the blank line.
    fn next(&mut self) -> Result<Option<Range<usize>>, Error> {
        let rest = &self.section[self.position..];
        let raw = rest.split(|&byte| byte == b'\n').next().unwrap_or_default();
        let line = strip_cr(raw);
        if self.line_end == LineEnd::Crlf && line.len() == raw.len() {
            return Err(remote_error(format!("illegal header line: {} ends with a bare LF", quoted(line))));
        }
        let start = self.position;
        self.position += (raw.len() + 1).min(rest.len());
        Ok((!line.is_empty()).then(|| start..start + line.len()))
    }

    fn at_continuation(&self) -> bool {
        self.section.get(self.position).is_some_and(|&byte| is_ows(byte))
    }
}

fn strip_cr(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

pub(super) fn remote_error(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(Code::REMOTE_PROTOCOL_ERROR, message)
}

#[cfg(test)]
#[path = "tests_head.rs"]
mod tests;
