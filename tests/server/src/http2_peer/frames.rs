//! HTTP/2 frames and header blocks as bytes, without judgement: what a script asks for is written, right or wrong.

use std::fmt::Write;

use bytes::{Buf, BufMut, Bytes, BytesMut};

pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
pub const LARGEST_PAYLOAD: usize = 16_384;
pub const DEFAULT_WINDOW: i64 = 65_535;

pub const DATA: u8 = 0;
pub const HEADERS: u8 = 1;
pub const PRIORITY: u8 = 2;
pub const RST_STREAM: u8 = 3;
pub const SETTINGS: u8 = 4;
pub const PUSH_PROMISE: u8 = 5;
pub const PING: u8 = 6;
pub const GOAWAY: u8 = 7;
pub const WINDOW_UPDATE: u8 = 8;
pub const CONTINUATION: u8 = 9;

pub const ACK: u8 = 0x1;
pub const END_STREAM: u8 = 0x1;
pub const END_HEADERS: u8 = 0x4;
pub const PADDED: u8 = 0x8;
pub const WITH_PRIORITY: u8 = 0x20;

const HEAD: usize = 9;

/// In the order of their numbers, from 1; 7 is not assigned. RFC 9113 §6.5.2, RFC 8441 §3
const SETTINGS_NAMES: [&str; 8] = [
    "header_table_size",
    "enable_push",
    "max_concurrent_streams",
    "initial_window_size",
    "max_frame_size",
    "max_header_list_size",
    "setting_7",
    "enable_connect_protocol",
];

/// In the order of their numbers, from 0. RFC 9113 §7
const ERRORS: [&str; 14] = [
    "NO_ERROR",
    "PROTOCOL_ERROR",
    "INTERNAL_ERROR",
    "FLOW_CONTROL_ERROR",
    "SETTINGS_TIMEOUT",
    "STREAM_CLOSED",
    "FRAME_SIZE_ERROR",
    "REFUSED_STREAM",
    "CANCEL",
    "COMPRESSION_ERROR",
    "CONNECT_ERROR",
    "ENHANCE_YOUR_CALM",
    "INADEQUATE_SECURITY",
    "HTTP_1_1_REQUIRED",
];

/// The number of a setting of this name.
pub fn setting_number(name: &str) -> Option<u16> {
    SETTINGS_NAMES.iter().position(|known| *known == name).map(|at| at as u16 + 1)
}

pub fn setting_name(number: u16) -> String {
    let known = SETTINGS_NAMES.get(usize::from(number).wrapping_sub(1));
    known.map_or_else(|| format!("setting_{number}"), |name| (*name).to_owned())
}

/// The number of an error code of this name.
pub fn error_number(name: &str) -> Option<u32> {
    ERRORS.iter().position(|known| *known == name).map(|at| at as u32)
}

pub fn error_name(number: u32) -> String {
    ERRORS.get(number as usize).map_or_else(|| number.to_string(), |name| (*name).to_owned())
}

pub struct Frame {
    pub kind: u8,
    pub flags: u8,
    pub stream: u32,
    pub payload: Bytes,
}

impl Frame {
    /// Takes the first frame out of what was read; None while it is incomplete. RFC 9113 §4.1
    pub fn take(read: &mut BytesMut) -> Option<Frame> {
        let head: [u8; HEAD] = read.get(..HEAD)?.try_into().ok()?;
        let length = usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2]);
        if read.len() < HEAD + length {
            return None;
        }
        read.advance(HEAD);
        let stream = u32::from_be_bytes([head[5] & 0x7f, head[6], head[7], head[8]]);
        Some(Frame { kind: head[3], flags: head[4], stream, payload: read.split_to(length).freeze() })
    }

    pub fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// The number in the payload at `at`; 0 where the payload is too short.
    pub fn number(&self, at: usize) -> u32 {
        let bytes = self.payload.get(at..at + 4).and_then(|bytes| bytes.try_into().ok());
        u32::from_be_bytes(bytes.unwrap_or_default())
    }

    /// The payload of DATA or HEADERS without padding and priority. RFC 9113 §6.1, §6.2
    pub fn content(&self) -> Bytes {
        let mut content = self.payload.clone();
        if self.has(PADDED) && !content.is_empty() {
            let padding = usize::from(content.get_u8());
            content.truncate(content.len().saturating_sub(padding));
        }
        if self.kind == HEADERS && self.has(WITH_PRIORITY) {
            content.advance(content.len().min(5));
        }
        content
    }

    /// The settings of a SETTINGS frame.
    pub fn settings(&self) -> Vec<(u16, u32)> {
        let entry =
            |six: &[u8]| (u16::from_be_bytes([six[0], six[1]]), u32::from_be_bytes([six[2], six[3], six[4], six[5]]));
        self.payload.chunks_exact(6).map(entry).collect()
    }

    /// One line for the record, such as `DATA 1 16384 END_STREAM`.
    pub fn line(&self) -> String {
        let stream = self.stream;
        let mut line = match self.kind {
            DATA => format!("DATA {stream} {}", self.content().len()),
            HEADERS => format!("HEADERS {stream}"),
            PRIORITY => format!("PRIORITY {stream}"),
            RST_STREAM => format!("RST_STREAM {stream} {}", error_name(self.number(0))),
            SETTINGS => "SETTINGS".to_owned(),
            PUSH_PROMISE => format!("PUSH_PROMISE {stream}"),
            PING => "PING".to_owned(),
            GOAWAY => format!("GOAWAY {} {}", self.number(0), error_name(self.number(4))),
            WINDOW_UPDATE => format!("WINDOW_UPDATE {stream} +{}", self.number(0)),
            CONTINUATION => format!("CONTINUATION {stream}"),
            kind => format!("FRAME_{kind} {stream}"),
        };
        if matches!(self.kind, SETTINGS | PING) && self.has(ACK) {
            line += " ACK";
        }
        if self.kind == PING {
            // Writing to a string cannot fail.
            let _ = write!(line, " {}", String::from_utf8_lossy(&self.payload));
        }
        if matches!(self.kind, DATA | HEADERS) && self.has(END_STREAM) {
            line += " END_STREAM";
        }
        line
    }
}

pub fn put(out: &mut BytesMut, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
    out.put_uint(payload.len() as u64, 3);
    out.put_u8(kind);
    out.put_u8(flags);
    out.put_u32(stream);
    out.put_slice(payload);
}

/// HEADERS and as many CONTINUATIONs as the block needs. RFC 9113 §6.10
pub fn put_headers(out: &mut BytesMut, stream: u32, fields: &[(String, String)], end: bool) {
    let block = header_block(fields);
    let mut pieces = block.chunks(LARGEST_PAYLOAD).peekable();
    let mut kind = HEADERS;
    let mut flags = if end { END_STREAM } else { 0 };
    loop {
        let piece = pieces.next().unwrap_or_default();
        let last = pieces.peek().is_none();
        put(out, kind, flags | if last { END_HEADERS } else { 0 }, stream, piece);
        if last {
            return;
        }
        (kind, flags) = (CONTINUATION, 0);
    }
}

/// Every field as a literal without indexing, names as they are given. RFC 7541 §6.2.2
fn header_block(fields: &[(String, String)]) -> BytesMut {
    let mut block = BytesMut::new();
    for (name, value) in fields {
        block.put_u8(0);
        put_string(&mut block, name.as_bytes());
        put_string(&mut block, value.as_bytes());
    }
    block
}

/// A string without Huffman coding, its length with a prefix of seven bits. RFC 7541 §5.1, §5.2
fn put_string(block: &mut BytesMut, text: &[u8]) {
    const PREFIX: usize = 0x7f;
    if text.len() < PREFIX {
        block.put_u8(text.len() as u8);
    } else {
        block.put_u8(PREFIX as u8);
        let mut left = text.len() - PREFIX;
        while left >= 0x80 {
            block.put_u8((left % 0x80) as u8 | 0x80);
            left /= 0x80;
        }
        block.put_u8(left as u8);
    }
    block.put_slice(text);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn a_header_list_of_any_size_is_read_back() {
        let fields = [
            field(":status", "200"),
            field("X-Upper", ""),
            field("long", &"v".repeat(127)),
            field("big", &"w".repeat(40_000)),
        ];
        let mut bytes = BytesMut::new();
        put_headers(&mut bytes, 3, &fields, true);
        let (mut block, mut lines) = (Vec::new(), Vec::new());
        while let Some(frame) = Frame::take(&mut bytes) {
            lines.push((frame.line(), frame.has(END_HEADERS)));
            block.extend_from_slice(&frame.content());
        }
        assert!(bytes.is_empty());
        let expected = [("HEADERS 3 END_STREAM", false), ("CONTINUATION 3", false), ("CONTINUATION 3", true)];
        assert_eq!(lines, expected.map(|(line, last)| (line.to_owned(), last)));
        let decoded = loona_hpack::Decoder::new().decode(&block).expect("the block is valid");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
        assert_eq!(decoded.into_iter().map(|(name, value)| (text(name), text(value))).collect::<Vec<_>>(), fields);
    }

    #[test]
    fn padding_and_priority_are_not_content_and_half_a_frame_is_none() {
        let mut bytes = BytesMut::new();
        put(&mut bytes, HEADERS, PADDED | WITH_PRIORITY, 1, b"\x02\0\0\0\0\x10block\0\0");
        let mut half = BytesMut::from(&bytes[..bytes.len() - 1]);
        assert!(Frame::take(&mut half).is_none());
        assert_eq!(Frame::take(&mut bytes).expect("a frame").content(), "block");
    }

    #[test]
    fn names_and_numbers_belong_together() {
        assert_eq!((setting_number("max_frame_size"), setting_name(5)), (Some(5), "max_frame_size".to_owned()));
        assert_eq!((setting_name(0), setting_name(99)), ("setting_0".to_owned(), "setting_99".to_owned()));
        assert_eq!((error_number("REFUSED_STREAM"), error_name(7)), (Some(7), "REFUSED_STREAM".to_owned()));
        assert_eq!(error_name(77), "77");
    }
}
