//! Framing of response bodies (RFC 9112 §6 and §7.1, checklist I05 to I07): where a body ends, what in the bytes is
//! data, and whether the connection may carry another request afterwards. No I/O here: bytes come in a buffer, data is
//! split off its front, if there is much of it without a copy.

use bytes::{Buf, Bytes, BytesMut};

use super::head::{find_blank_line, parse_fields, remote_error, LineEnd, ResponseHead};
use crate::error::Error;
use crate::httpcore::headers::{is_field_text, is_ows, quoted, trim_ows, RawHeaders};

/// A line with a chunk's size and extensions may have this many bytes; the extensions are skipped, so nobody needs
/// more.
const MAX_CHUNK_LINE: usize = 16 * 1024;
/// A trailer section is limited as a head is (I01).
const MAX_TRAILER_BYTES: usize = 100 * 1024;
const MAX_TRAILER_FIELDS: usize = 1000;

/// What the next bytes of a body are.
#[derive(Debug, PartialEq, Eq)]
pub enum Decoded {
    /// A piece of the body, never empty.
    Data(Bytes),
    /// The buffer is used up and the body goes on: read more, or report the end with [`BodyDecoder::on_eof`].
    NeedMore,
    /// The body is complete. What is left in the buffer does not belong to it.
    Done,
}

/// Reads one response's body.
#[derive(Debug)]
pub enum BodyDecoder {
    /// There is no body, whatever the fields say.
    None,
    /// A body of declared length.
    Length {
        /// Bytes that have not been handed out yet.
        remaining: u64,
        /// The declared length.
        total: u64,
    },
    /// A chunked body.
    Chunked(ChunkedDecoder),
    /// The body ends where the connection ends.
    UntilClose {
        /// Whether the connection has ended.
        closed: bool,
    },
    /// The response has no body, and the bytes that follow belong to another protocol (101, CONNECT).
    Tunnel,
}

impl BodyDecoder {
    /// How the body of the response `head` to a request with `request_method` is framed (RFC 9112 §6.3).
    ///
    /// # Errors
    /// RemoteProtocolError for Content-Length or Transfer-Encoding fields that cannot be trusted, also where there is
    /// no body.
    pub fn for_response(request_method: &[u8], head: &ResponseHead) -> Result<BodyDecoder, Error> {
        // RFC 9110 §9.3.6: a client ignores both fields in a successful response to CONNECT.
        if request_method == b"CONNECT" && (200..300).contains(&head.status) {
            return Ok(BodyDecoder::Tunnel);
        }
        let chunked = is_chunked(&head.headers)?;
        let length = content_length(&head.headers)?;
        Ok(match head.status {
            101 => BodyDecoder::Tunnel,
            100..=199 | 204 | 304 => BodyDecoder::None,
            _ if request_method == b"HEAD" => BodyDecoder::None,
            _ if chunked => BodyDecoder::Chunked(ChunkedDecoder::default()),
            _ => match length {
                Some(total) => BodyDecoder::Length { remaining: total, total },
                None => BodyDecoder::UntilClose { closed: false },
            },
        })
    }

    /// True if `decode` has nothing more to give, and looks at nothing more.
    pub fn is_done(&self) -> bool {
        match self {
            BodyDecoder::None | BodyDecoder::Tunnel | BodyDecoder::Length { remaining: 0, .. } => true,
            BodyDecoder::Chunked(ChunkedDecoder { state, .. }) => *state == ChunkState::Done,
            BodyDecoder::Length { .. } | BodyDecoder::UntilClose { .. } => false,
        }
    }

    /// Takes the next piece, of `max` bytes at most, off the front of `buf`.
    ///
    /// # Errors
    /// RemoteProtocolError for malformed chunks or trailers. The connection is of no more use then.
    pub fn decode(&mut self, buf: &mut BytesMut, max: usize) -> Result<Decoded, Error> {
        match self {
            BodyDecoder::None | BodyDecoder::Tunnel => Ok(Decoded::Done),
            BodyDecoder::Length { remaining: 0, .. } => Ok(Decoded::Done),
            BodyDecoder::Length { remaining, .. } => Ok(take_data(buf, remaining, max)),
            BodyDecoder::Chunked(chunked) => chunked.decode(buf, max),
            BodyDecoder::UntilClose { closed: true } if buf.is_empty() => Ok(Decoded::Done),
            BodyDecoder::UntilClose { .. } => Ok(take_data(buf, &mut { u64::MAX }, max)),
        }
    }

    /// Says that the connection has ended. To be called when `decode` needs more than there is; `decode` goes on
    /// afterwards if this returns Ok.
    ///
    /// # Errors
    /// RemoteProtocolError if the body is not complete (I07).
    pub fn on_eof(&mut self) -> Result<(), Error> {
        match self {
            BodyDecoder::Length { remaining, total } if *remaining > 0 => Err(remote_error(format!(
                "peer closed connection without sending complete message body (received {} bytes, expected {total})",
                *total - *remaining
            ))),
            BodyDecoder::Chunked(ChunkedDecoder { state, .. }) if *state != ChunkState::Done => Err(remote_error(
                "peer closed connection without sending complete message body (incomplete chunked read)",
            )),
            BodyDecoder::UntilClose { closed } => {
                *closed = true;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The fields that followed a chunked body, once; `None` if there were none or the body is not complete.
    pub fn trailers(&mut self) -> Option<Box<RawHeaders>> {
        match self {
            BodyDecoder::Chunked(chunked) => chunked.trailers.take(),
            _ => None,
        }
    }

    /// Whether the connection may carry another request when this body has been read to its end (H07, RFC 9112 §9.3).
    /// `request_wants_close`: the request had `Connection: close`.
    pub fn keep_alive(&self, request_wants_close: bool, head: &ResponseHead) -> bool {
        let headers = &head.headers;
        let ends_by_itself = !matches!(self, BodyDecoder::UntilClose { .. } | BodyDecoder::Tunnel);
        if request_wants_close || !ends_by_itself || headers.contains_token(b"connection", b"close") {
            return false;
        }
        let is_chunked = matches!(self, BodyDecoder::Chunked(_));
        match (head.version.major(), head.version.minor()) {
            // RFC 9112 §6.1: framing in a 1.0 message with Transfer-Encoding is not to be trusted.
            (1, 0) => !is_chunked && headers.contains_token(b"connection", b"keep-alive"),
            // RFC 9112 §6.3: both fields together may be an attempt at response splitting. Chunks win (I05), and
            // nothing follows.
            (1, _) => !is_chunked || headers.find_all(b"content-length").next().is_none(),
            _ => false,
        }
    }
}

/// Small pieces are copied, so that they do not keep all of the buffer alive.
const COPY_UP_TO: usize = 1024;

/// Splits up to `max` bytes of the `remaining` ones off `buf`.
fn take_data(buf: &mut BytesMut, remaining: &mut u64, max: usize) -> Decoded {
    let wanted = usize::try_from(*remaining).unwrap_or(usize::MAX).min(max.max(1));
    let taken = wanted.min(buf.len());
    if taken == 0 {
        return Decoded::NeedMore;
    }
    *remaining -= taken as u64;
    if taken > COPY_UP_TO {
        return Decoded::Data(buf.split_to(taken).freeze());
    }
    let data = Bytes::copy_from_slice(&buf[..taken]);
    buf.advance(taken);
    Decoded::Data(data)
}

/// I05. Only the one coding that can be undone here is accepted, and only once: anything else has been read in
/// different ways by different programs.
fn is_chunked(headers: &RawHeaders) -> Result<bool, Error> {
    let mut codings = headers.find_all(b"transfer-encoding");
    let Some(coding) = codings.next() else {
        return Ok(false);
    };
    if codings.next().is_some() {
        return Err(remote_error("multiple Transfer-Encoding headers"));
    }
    if !coding.eq_ignore_ascii_case(b"chunked") {
        return Err(remote_error(format!("Only Transfer-Encoding: chunked is supported, not {}", quoted(coding))));
    }
    Ok(true)
}

/// I05. The same length may be said several times, in one line or in more (RFC 9110 §8.6).
fn content_length(headers: &RawHeaders) -> Result<Option<u64>, Error> {
    let mut said: Option<(&[u8], u64)> = None;
    for value in headers.find_all(b"content-length") {
        let mut elements = value.split(|&byte| byte == b',').map(trim_ows);
        let first = elements.next().unwrap_or_default();
        if elements.any(|element| element != first) {
            return Err(conflicting_lengths());
        }
        let length =
            parse_length(first).ok_or_else(|| remote_error(format!("bad Content-Length: {}", quoted(value))))?;
        match said {
            Some((text, _)) if text != first => return Err(conflicting_lengths()),
            _ => said = Some((first, length)),
        }
    }
    Ok(said.map(|(_, length)| length))
}

fn conflicting_lengths() -> Error {
    remote_error("conflicting Content-Length headers")
}

/// Digits only, and no more than fit (RFC 9112 §6.3 asks for care with large numbers).
pub(super) fn parse_length(text: &[u8]) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0u64, |number, byte| {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    })
}

/// Takes chunks apart (RFC 9112 §7.1), as strictly as I06 asks for: every line here ends with CRLF.
#[derive(Debug, Default)]
pub struct ChunkedDecoder {
    state: ChunkState,
    trailers: Option<Box<RawHeaders>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ChunkState {
    /// In the line with the size; `searched` bytes of it are known to hold no LF.
    Size {
        searched: usize,
    },
    Data {
        remaining: u64,
    },
    /// In the CRLF after the data.
    DataEnd {
        cr_seen: bool,
    },
    /// After the last chunk; no blank line ends before `searched`.
    Trailer {
        searched: usize,
    },
    Done,
}

impl Default for ChunkState {
    fn default() -> ChunkState {
        ChunkState::Size { searched: 0 }
    }
}

impl ChunkedDecoder {
    fn decode(&mut self, buf: &mut BytesMut, max: usize) -> Result<Decoded, Error> {
        loop {
            let next = match &mut self.state {
                ChunkState::Size { searched } => read_size(buf, searched)?,
                ChunkState::Data { remaining: 0 } => Some(ChunkState::DataEnd { cr_seen: false }),
                ChunkState::Data { remaining } => return Ok(take_data(buf, remaining, max)),
                ChunkState::DataEnd { cr_seen } => read_data_end(buf, *cr_seen)?,
                ChunkState::Trailer { searched } => read_trailer(buf, searched, &mut self.trailers)?,
                ChunkState::Done => return Ok(Decoded::Done),
            };
            match next {
                Some(state) => self.state = state,
                None => return Ok(Decoded::NeedMore),
            }
        }
    }
}

fn read_size(buf: &mut BytesMut, searched: &mut usize) -> Result<Option<ChunkState>, Error> {
    let window = &buf[..buf.len().min(MAX_CHUNK_LINE)];
    let Some(offset) = window[*searched..].iter().position(|&byte| byte == b'\n') else {
        *searched = window.len();
        if window.len() == MAX_CHUNK_LINE {
            return Err(remote_error(format!("illegal chunk header: no line end within {MAX_CHUNK_LINE} bytes")));
        }
        return Ok(None);
    };
    let line_end = *searched + offset;
    let line = &window[..line_end];
    let size = parse_chunk_line(line).ok_or_else(|| remote_error(format!("illegal chunk header: {}", quoted(line))))?;
    buf.advance(line_end + 1);
    Ok(Some(match size {
        0 => ChunkState::Trailer { searched: 0 },
        remaining => ChunkState::Data { remaining },
    }))
}

/// `1a;name=value` and CR: 1 to 20 hexadecimal digits (leading zeros included), whitespace after them, extensions.
/// Extensions are skipped, but a bare CR or another line ending in them is where parsers have disagreed about the end
/// of the line.
fn parse_chunk_line(line: &[u8]) -> Option<u64> {
    let line = line.strip_suffix(b"\r")?;
    let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    if !(1..=20).contains(&digits) {
        return None;
    }
    let (number, rest) = line.split_at(digits);
    let size = number.iter().try_fold(0u64, |size, &digit| {
        let digit = char::from(digit).to_digit(16)?;
        size.checked_mul(16)?.checked_add(u64::from(digit))
    })?;
    let extensions = &rest[rest.iter().take_while(|&&byte| is_ows(byte)).count()..];
    (matches!(extensions, [] | [b';', ..]) && is_field_text(extensions)).then_some(size)
}

/// Byte by byte, so that the message does not depend on how the bytes arrived.
fn read_data_end(buf: &mut BytesMut, cr_seen: bool) -> Result<Option<ChunkState>, Error> {
    let Some(&byte) = buf.first() else {
        return Ok(None);
    };
    let (expected, next) = match cr_seen {
        false => (b'\r', ChunkState::DataEnd { cr_seen: true }),
        true => (b'\n', ChunkState::default()),
    };
    if byte != expected {
        return Err(remote_error(format!(
            "malformed chunk footer: {} (expected {})",
            quoted(&[byte]),
            quoted(&[expected])
        )));
    }
    buf.advance(1);
    Ok(Some(next))
}

fn read_trailer(
    buf: &mut BytesMut,
    searched: &mut usize,
    trailers: &mut Option<Box<RawHeaders>>,
) -> Result<Option<ChunkState>, Error> {
    let end = match &buf[..] {
        [] | [b'\r'] => return Ok(None),
        [b'\r', b'\n', ..] => 2,
        [b'\n', ..] => return Err(remote_error("illegal chunk header: the last chunk ends with a bare LF")),
        _ => {
            let window = &buf[..buf.len().min(MAX_TRAILER_BYTES)];
            match find_blank_line(window, *searched) {
                Ok(end) => {
                    let fields = parse_fields(&window[..end], 0, LineEnd::Crlf, MAX_TRAILER_FIELDS)?;
                    *trailers = Some(Box::new(fields));
                    end
                }
                Err(_) if buf.len() > MAX_TRAILER_BYTES => return Err(remote_error("Receive buffer too long")),
                Err(position) => {
                    *searched = position;
                    return Ok(None);
                }
            }
        }
    };
    buf.advance(end);
    Ok(Some(ChunkState::Done))
}

#[cfg(test)]
#[path = "tests_body.rs"]
mod tests;
