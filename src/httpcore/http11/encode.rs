//! Writing requests: heads, checked by h11's rules so that nothing in them can be taken for more than it is (checklist
//! B08, B10, B11, I10), and the framing of bodies (B17, B18). No I/O here, and body data is not copied: a frame says
//! what goes before and after it.

use super::body::parse_length;
use crate::error::{Code, Error};
use crate::httpcore::headers::{is_field_text, is_ows, is_token, list_has_token, quoted, same_name, shown_value};

/// A field's name and value.
type Pair<'a> = (&'a [u8], &'a [u8]);

/// A request's head as it will be written. `headers` is walked over twice: Host is written first, wherever it stands
/// (B08).
#[derive(Clone, Copy, Debug)]
pub struct RequestHead<'a, H> {
    /// A token, written as it is.
    pub method: &'a [u8],
    /// Path and query, or another form of RFC 9112 §3.2 such as `example.org:443` for CONNECT.
    pub target: &'a [u8],
    /// Names and values in the order and case in which they are written.
    pub headers: H,
}

/// How a request's body is framed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyFraming {
    /// No framing field: there is no body.
    None,
    /// Content-Length.
    Length(u64),
    /// Transfer-Encoding: chunked.
    Chunked,
}

/// What the fields of a head that was written mean for the rest of the exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SentHead {
    /// How the body has to be framed.
    pub framing: BodyFraming,
    /// The request asked for `Connection: close`.
    pub wants_close: bool,
    /// The request offered an upgrade, so a 101 is an answer to it.
    pub wants_upgrade: bool,
}

/// Writes `head` behind what `out` holds.
///
/// # Errors
/// LocalProtocolError for anything that must not be sent; `out` is then as it was.
pub fn encode_head<'a, H>(out: &mut Vec<u8>, head: &RequestHead<'a, H>) -> Result<SentHead, Error>
where
    H: Iterator<Item = Pair<'a>> + Clone,
{
    let before = out.len();
    let sent = write_head(out, head);
    if sent.is_err() {
        out.truncate(before);
    }
    sent
}

fn write_head<'a, H>(out: &mut Vec<u8>, head: &RequestHead<'a, H>) -> Result<SentHead, Error>
where
    H: Iterator<Item = Pair<'a>> + Clone,
{
    let (host, size) = find_host(head.headers.clone())?;
    write_request_line(out, head.method, head.target, size)?;
    write_lines(out, host, head.headers.clone())
}

/// `more` is how many bytes will follow.
fn write_request_line(out: &mut Vec<u8>, method: &[u8], target: &[u8], more: usize) -> Result<(), Error> {
    if !is_token(method) {
        return Err(local_error(format!("Illegal method characters in {}", quoted(method))));
    }
    // I10: a space would end the target early, a line end would begin a header.
    if target.is_empty() || !target.iter().all(u8::is_ascii_graphic) {
        return Err(local_error(format!("Illegal target characters in {}", quoted(target))));
    }
    out.reserve(method.len() + target.len() + more + " HTTP/1.1\r\n\r\n ".len());
    out.extend_from_slice(method);
    out.push(b' ');
    out.extend_from_slice(target);
    out.extend_from_slice(b" HTTP/1.1\r\n");
    Ok(())
}

/// All lines, `host` first, and the empty one behind them.
fn write_lines<'a>(
    out: &mut Vec<u8>,
    host: Pair<'a>,
    headers: impl Iterator<Item = Pair<'a>>,
) -> Result<SentHead, Error> {
    write_field(out, host.0, host.1)?;
    let mut framing = FramingFields::default();
    for (name, value) in headers {
        if !is_host(name) && framing.admit(name, value)? {
            write_field(out, name, value)?;
        }
    }
    out.extend_from_slice(b"\r\n");
    framing.finish()
}

/// Header lines that were checked and written before.
pub struct WrittenLines {
    text: Vec<u8>,
    sent: SentHead,
}

impl WrittenLines {
    /// Writes lines down.
    ///
    /// # Errors
    /// As for [`encode_head`].
    pub fn of<'a>(headers: impl Iterator<Item = Pair<'a>> + Clone) -> Result<WrittenLines, Error> {
        let (host, size) = find_host(headers.clone())?;
        let mut text = Vec::with_capacity(size + "\r\n".len());
        let sent = write_lines(&mut text, host, headers)?;
        Ok(WrittenLines { text, sent })
    }
}

/// Writes a head with such lines behind what `out` holds.
///
/// # Errors
/// LocalProtocolError for a method or target that must not be sent; `out` is then as it was.
pub fn encode_written(
    out: &mut Vec<u8>,
    (method, target): (&[u8], &[u8]),
    lines: &WrittenLines,
) -> Result<SentHead, Error> {
    write_request_line(out, method, target, lines.text.len())?;
    out.extend_from_slice(&lines.text);
    Ok(lines.sent)
}

fn is_host(name: &[u8]) -> bool {
    name.len() == 4 && same_name(name, b"host")
}

/// The one Host field (RFC 9112 §3.2, B10), and how many bytes all fields will take.
fn find_host<'a>(headers: impl Iterator<Item = Pair<'a>>) -> Result<(Pair<'a>, usize), Error> {
    let mut host = None;
    let mut size = 0;
    for (name, value) in headers {
        size += name.len() + value.len() + ": \r\n".len();
        if is_host(name) && host.replace((name, value)).is_some() {
            return Err(local_error("Found multiple Host: headers"));
        }
    }
    host.map(|host| (host, size)).ok_or_else(|| local_error("Missing mandatory Host: header"))
}

/// B11, RFC 9110 §5.5.
fn write_field(out: &mut Vec<u8>, name: &[u8], value: &[u8]) -> Result<(), Error> {
    if !is_token(name) {
        return Err(local_error(format!("Illegal header name {}", quoted(name))));
    }
    let padded = value.first().is_some_and(|&byte| is_ows(byte)) || value.last().is_some_and(|&byte| is_ows(byte));
    if padded || !is_field_text(value) {
        return Err(illegal_value(name, value));
    }
    out.extend_from_slice(name);
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
    Ok(())
}

/// Messages end up in logs, so credentials are not shown in them.
fn illegal_value(name: &[u8], value: &[u8]) -> Error {
    local_error(format!("Illegal header value {} of {}", shown_value(name, value), String::from_utf8_lossy(name)))
}

/// Collects what the fields say about the body and the connection.
#[derive(Default)]
struct FramingFields<'a> {
    length: Option<(&'a [u8], u64)>,
    chunked: bool,
    wants_close: bool,
    wants_upgrade: bool,
}

impl<'a> FramingFields<'a> {
    /// Whether the field is to be written: a repeated, equal Content-Length is not.
    fn admit(&mut self, name: &[u8], value: &'a [u8]) -> Result<bool, Error> {
        match name.len() {
            7 if same_name(name, b"upgrade") => self.wants_upgrade |= !value.is_empty(),
            10 if same_name(name, b"connection") => self.wants_close |= list_has_token(value, b"close"),
            14 if same_name(name, b"content-length") => return self.admit_length(value),
            17 if same_name(name, b"transfer-encoding") => {
                if std::mem::replace(&mut self.chunked, true) {
                    return Err(local_error("multiple Transfer-Encoding headers"));
                }
                if !value.eq_ignore_ascii_case(b"chunked") {
                    return Err(local_error("Only Transfer-Encoding: chunked is supported"));
                }
            }
            _ => {}
        }
        Ok(true)
    }

    fn admit_length(&mut self, value: &'a [u8]) -> Result<bool, Error> {
        let length =
            parse_length(value).ok_or_else(|| local_error(format!("bad Content-Length: {}", quoted(value))))?;
        match self.length.replace((value, length)) {
            Some((earlier, _)) if earlier != value => Err(local_error("conflicting Content-Length headers")),
            earlier => Ok(earlier.is_none()),
        }
    }

    /// RFC 9112 §6.2: never both fields (B17).
    fn finish(self) -> Result<SentHead, Error> {
        let framing = match (self.chunked, self.length) {
            (true, Some(_)) => {
                return Err(local_error("Content-Length and Transfer-Encoding cannot be sent together"));
            }
            (true, None) => BodyFraming::Chunked,
            (false, Some((_, length))) => BodyFraming::Length(length),
            (false, None) => BodyFraming::None,
        };
        Ok(SentHead { framing, wants_close: self.wants_close, wants_upgrade: self.wants_upgrade })
    }
}

/// Frames a request's body, and holds it to what the head declared (B18).
#[derive(Debug)]
pub struct BodyEncoder(EncoderState);

#[derive(Debug)]
enum EncoderState {
    Length { remaining: u64 },
    Chunked,
    Finished,
}

impl BodyEncoder {
    /// An encoder for a body after a head that declared `framing`. Without a framing field not a byte of body is
    /// allowed.
    pub fn new(framing: BodyFraming) -> BodyEncoder {
        BodyEncoder(match framing {
            BodyFraming::None => EncoderState::Length { remaining: 0 },
            BodyFraming::Length(remaining) => EncoderState::Length { remaining },
            BodyFraming::Chunked => EncoderState::Chunked,
        })
    }

    /// What to write around the next `data_len` bytes of body. No data is no chunk: an empty one would end the body
    /// (B15).
    ///
    /// # Errors
    /// LocalProtocolError if that is more than was declared, or the body was finished. The connection must be closed
    /// then.
    pub fn frame(&mut self, data_len: usize) -> Result<Frame, Error> {
        match &mut self.0 {
            EncoderState::Length { remaining } => {
                *remaining = remaining
                    .checked_sub(data_len as u64)
                    .ok_or_else(|| local_error("Too much data for declared Content-Length"))?;
                Ok(Frame::BARE)
            }
            EncoderState::Chunked if data_len == 0 => Ok(Frame::BARE),
            EncoderState::Chunked => Ok(Frame::chunk(data_len)),
            EncoderState::Finished => Err(already_finished()),
        }
    }

    /// Whether exactly what Content-Length declares was framed.
    pub fn has_declared_length(&self) -> bool {
        matches!(self.0, EncoderState::Length { remaining: 0 })
    }

    /// Ends the body; returns what is left to write.
    ///
    /// # Errors
    /// LocalProtocolError if less than the declared length was framed. The connection must be closed then.
    pub fn finish(&mut self) -> Result<&'static [u8], Error> {
        let last = match self.0 {
            EncoderState::Length { remaining: 0 } => &b""[..],
            EncoderState::Length { .. } => return Err(local_error("Too little data for declared Content-Length")),
            EncoderState::Chunked => b"0\r\n\r\n",
            EncoderState::Finished => return Err(already_finished()),
        };
        self.0 = EncoderState::Finished;
        Ok(last)
    }
}

/// What goes around a piece of body on the wire.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    head: [u8; Frame::MAX_HEAD],
    start: usize,
    tail: &'static [u8],
}

impl Frame {
    /// Sixteen hexadecimal digits and CRLF.
    const MAX_HEAD: usize = 18;
    const BARE: Frame = Frame { head: [0; Frame::MAX_HEAD], start: Frame::MAX_HEAD, tail: b"" };

    fn chunk(data_len: usize) -> Frame {
        let mut head = *b"0000000000000000\r\n";
        let mut start = head.len() - 2;
        let mut rest = data_len;
        while rest > 0 {
            start -= 1;
            head[start] = b"0123456789abcdef"[rest & 0xf];
            rest >>= 4;
        }
        Frame { head, start, tail: b"\r\n" }
    }

    /// To be written before the data; may be empty.
    pub fn head(&self) -> &[u8] {
        &self.head[self.start..]
    }

    /// To be written after the data; may be empty.
    pub fn tail(&self) -> &'static [u8] {
        self.tail
    }
}

fn local_error(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(Code::LOCAL_PROTOCOL_ERROR, message)
}

fn already_finished() -> Error {
    local_error("the request body is already complete")
}

#[cfg(test)]
#[path = "tests_encode.rs"]
mod tests;
