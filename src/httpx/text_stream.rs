//! A body's text piece by piece: bytes are pushed in as they arrive, and text comes out in pieces of so many characters,
//! or line by line (checklist N08, N09). A piece is UTF-8 with a NUL behind it, which does not count.

use bytes::{BufMut, Bytes, BytesMut};
use encoding_rs::{Decoder, Encoding};

use super::text;
use crate::counters::Counter;
use crate::error::{Code, Error};

/// See the module.
pub(super) struct TextStream {
    /// None once the body has ended.
    decoder: Option<Decoder>,
    cut: Cut,
    /// Whole characters.
    text: BytesMut,
    /// How much of `text` was looked through, so that a long piece that arrives bit by bit is looked at once.
    looked_at: usize,
    /// How many characters that was.
    characters: usize,
}

/// Where text is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cut {
    /// As it comes.
    Nowhere,
    /// After so many characters.
    Characters(usize),
    /// Where Python's `str.splitlines` does. A line may have so many bytes of UTF-8.
    Lines(usize),
    /// At `\n` and `\r\n` only: lines of JSON may have the other line ends in their strings.
    LinesOfJson(usize),
}

/// A line's end, and where the next one begins.
struct LineEnd {
    end: usize,
    next: usize,
}

impl TextStream {
    pub(super) fn new(encoding: &'static Encoding, cut: Cut) -> TextStream {
        TextStream { decoder: Some(text::decoder(encoding)), cut, text: BytesMut::new(), looked_at: 0, characters: 0 }
    }

    /// Gives bytes of the body.
    pub(super) fn push(&mut self, data: &[u8]) {
        self.decode(data, false);
    }

    /// Says that there are no more of them.
    pub(super) fn finish(&mut self) {
        self.decode(&[], true);
        self.decoder = None;
    }

    pub(super) fn is_finished(&self) -> bool {
        self.decoder.is_none()
    }

    fn decode(&mut self, data: &[u8], last: bool) {
        let Some(decoder) = &mut self.decoder else { return };
        Counter::TextsDecoded.count();
        let before = self.text.len();
        let room = decoder.max_utf8_buffer_length(data.len()).unwrap_or_default();
        self.text.resize(before + room, 0);
        // There is room for all of it.
        let (_, _, written, _) = decoder.decode_to_utf8(data, &mut self.text[before..], last);
        self.text.truncate(before + written);
    }

    /// The next piece; a line may be empty, other pieces are not. None when more bytes are needed, or there are none.
    ///
    /// # Errors
    /// LineTooLong.
    pub(super) fn pop(&mut self) -> Result<Option<Bytes>, Error> {
        match self.cut {
            Cut::Nowhere => Ok(self.rest()),
            Cut::Characters(count) => Ok(self.pop_characters(count)),
            Cut::Lines(max) => self.pop_line(TextStream::find_line_end, max),
            Cut::LinesOfJson(max) => self.pop_line(TextStream::find_line_feed, max),
        }
    }

    /// All that there is.
    fn rest(&mut self) -> Option<Bytes> {
        self.looked_at = 0;
        (!self.text.is_empty()).then(|| terminated(self.text.split()))
    }

    fn pop_characters(&mut self, count: usize) -> Option<Bytes> {
        let unseen = self.text[self.looked_at..].iter().enumerate();
        let mut starts = unseen.filter(|(_, &byte)| is_start_of_character(byte)).skip(count - self.characters);
        if let Some((at, _)) = starts.next() {
            let piece = self.text.split_to(self.looked_at + at);
            (self.looked_at, self.characters) = (0, 0);
            return Some(terminated(piece));
        }
        let unseen = &self.text[self.looked_at..];
        self.characters += unseen.iter().filter(|&&byte| is_start_of_character(byte)).count();
        self.looked_at = self.text.len();
        match self.characters == count || self.is_finished() {
            true => {
                self.characters = 0;
                self.rest()
            }
            false => None,
        }
    }

    fn pop_line(
        &mut self,
        find: impl FnOnce(&mut TextStream) -> Option<LineEnd>,
        max: usize,
    ) -> Result<Option<Bytes>, Error> {
        let found = find(self);
        // Half a line end, or all of it, is no part of the line.
        let ending = usize::from(!self.is_finished() && self.text.ends_with(b"\r"));
        if found.as_ref().map_or(self.text.len() - ending, |line| line.end) > max {
            let message = format!("a line is longer than the limit of {max} bytes");
            return Err(Error::new(Code::LINE_TOO_LONG, message));
        }
        let Some(LineEnd { end, next }) = found else {
            return Ok(if self.is_finished() { self.rest() } else { None });
        };
        self.looked_at = 0;
        let mut line = self.text.split_to(next);
        // The line end makes way for the NUL.
        line[end] = 0;
        Ok(Some(first(line.freeze(), end)))
    }

    fn find_line_feed(&mut self) -> Option<LineEnd> {
        let Some(at) = self.text[self.looked_at..].iter().position(|&byte| byte == b'\n') else {
            self.looked_at = self.text.len();
            return None;
        };
        let at = self.looked_at + at;
        let end = if self.text[..at].ends_with(b"\r") { at - 1 } else { at };
        Some(LineEnd { end, next: at + 1 })
    }

    fn find_line_end(&mut self) -> Option<LineEnd> {
        let mut at = self.looked_at;
        while at < self.text.len() {
            let length = match &self.text[at..] {
                [b'\r', b'\n', ..] => 2,
                // Its other half may be still to come.
                [b'\r'] if !self.is_finished() => break,
                [b'\n' | b'\r' | 0x0b | 0x0c | 0x1c..=0x1e, ..] => 1,
                // U+0085
                [0xc2, 0x85, ..] => 2,
                // U+2028 and U+2029
                [0xe2, 0x80, 0xa8 | 0xa9, ..] => 3,
                _ => {
                    at += 1;
                    continue;
                }
            };
            return Some(LineEnd { end: at, next: at + length });
        }
        self.looked_at = at;
        None
    }
}

fn is_start_of_character(byte: u8) -> bool {
    byte & 0xc0 != 0x80
}

/// With a NUL behind it.
fn terminated(mut piece: BytesMut) -> Bytes {
    let length = piece.len();
    piece.put_u8(0);
    first(piece.freeze(), length)
}

/// The first `length` bytes, with what lies behind them left in memory.
fn first(mut piece: Bytes, length: usize) -> Bytes {
    if length == 0 {
        // An empty slice of memory of its own would keep none of it.
        piece = Bytes::from_static(b"\0");
    }
    piece.truncate(length);
    piece
}

#[cfg(test)]
mod tests {
    use encoding_rs::{EUC_JP, SHIFT_JIS, UTF_16LE, UTF_8};

    use super::*;

    /// What comes out if the body comes in pieces of `size` bytes.
    fn pieces_of(body: &[u8], size: usize, encoding: &'static Encoding, cut: Cut) -> Vec<String> {
        let mut stream = TextStream::new(encoding, cut);
        let mut pieces = Vec::new();
        for chunk in body.chunks(size) {
            stream.push(chunk);
            while let Some(piece) = stream.pop().unwrap() {
                pieces.push(piece);
            }
        }
        stream.finish();
        while let Some(piece) = stream.pop().unwrap() {
            pieces.push(piece);
        }
        pieces.iter().map(|piece| String::from_utf8(piece.to_vec()).unwrap()).collect()
    }

    fn lines(text: &str, size: usize) -> Vec<String> {
        pieces_of(text.as_bytes(), size, UTF_8, Cut::Lines(1000))
    }

    /// Checklist N09: the lines of Python's str.splitlines, however the body was cut.
    #[test]
    fn lines_end_where_python_ends_them() {
        let cases: [(&str, &[&str]); 18] = [
            ("", &[]),
            ("a", &["a"]),
            ("a\n", &["a"]),
            ("a\nb", &["a", "b"]),
            ("a\n\nb\n", &["a", "", "b"]),
            ("\n", &[""]),
            ("\r", &[""]),
            ("\r\r", &["", ""]),
            ("\r\n", &[""]),
            ("\n\r", &["", ""]),
            ("a\r", &["a"]),
            ("a\r\nb\rc\r\n", &["a", "b", "c"]),
            ("a\u{b}b\u{c}c", &["a", "b", "c"]),
            ("a\u{1c}b\u{1d}c\u{1e}d\u{1f}e", &["a", "b", "c", "d\u{1f}e"]),
            ("a\u{85}b\u{2028}c\u{2029}d", &["a", "b", "c", "d"]),
            ("\u{2027}\u{84}\u{202a}", &["\u{2027}\u{84}\u{202a}"]),
            ("äöü\r\n€\r\n\r\n", &["äöü", "€", ""]),
            ("x\0y\nz", &["x\0y", "z"]),
        ];
        for (text, expected) in cases {
            for size in [1, 2, 3, 5, 100] {
                assert_eq!(lines(text, size), expected, "{text:?} in pieces of {size}");
            }
        }
    }

    #[test]
    fn a_line_comes_as_soon_as_its_end_is_there() {
        let mut stream = TextStream::new(UTF_8, Cut::Lines(1000));
        stream.push(b"one\ntw");
        assert_eq!(stream.pop().unwrap().unwrap(), "one");
        assert!(stream.pop().unwrap().is_none());
        stream.push(b"o\r");
        assert!(stream.pop().unwrap().is_none(), "a line feed may follow");
        stream.push(b"three");
        assert_eq!(stream.pop().unwrap().unwrap(), "two");
    }

    #[test]
    fn lines_of_json_end_at_line_feeds_only() {
        let text = "{\"a\":\"\u{2028}\u{85}\u{c}\"}\r\n\r[]\n\n1";
        for size in [1, 2, 3, 100] {
            let pieces = pieces_of(text.as_bytes(), size, UTF_8, Cut::LinesOfJson(1000));
            assert_eq!(pieces, ["{\"a\":\"\u{2028}\u{85}\u{c}\"}", "\r[]", "", "1"], "in pieces of {size}");
        }
    }

    #[test]
    fn a_line_end_that_comes_in_two_pieces_counts_for_no_limit() {
        for (cut, text) in [(Cut::Lines(5), "12345\r\n12345\rx"), (Cut::LinesOfJson(5), "12345\r\n12345\r\nx")] {
            for size in [1, 2, 3, 6, 100] {
                assert_eq!(pieces_of(text.as_bytes(), size, UTF_8, cut), ["12345", "12345", "x"], "pieces of {size}");
            }
        }
        let mut stream = TextStream::new(UTF_8, Cut::LinesOfJson(5));
        stream.push(b"12345\r");
        assert!(stream.pop().unwrap().is_none());
        stream.push(b"x");
        assert_eq!(stream.pop().unwrap_err().code(), Code::LINE_TOO_LONG);
    }

    #[test]
    fn a_line_over_the_limit_is_an_error() {
        for cut in [Cut::Lines(5), Cut::LinesOfJson(5)] {
            for (text, good) in [("12345\n12345", true), ("12345\n123456", false), ("123456\n", false)] {
                let mut stream = TextStream::new(UTF_8, cut);
                stream.push(text.as_bytes());
                stream.finish();
                let result = std::iter::from_fn(|| stream.pop().transpose()).collect::<Result<Vec<_>, _>>();
                assert_eq!(result.map_err(|error| error.code()).err(), (!good).then_some(Code::LINE_TOO_LONG));
            }
        }
    }

    /// Checklist N08.
    #[test]
    fn chunks_of_text_are_counted_in_characters() {
        let text = "aä€🦀b";
        for size in [1, 2, 3, 7, 100] {
            let chunks = |count| pieces_of(text.as_bytes(), size, UTF_8, Cut::Characters(count));
            assert_eq!(chunks(1), ["a", "ä", "€", "🦀", "b"]);
            assert_eq!(chunks(2), ["aä", "€🦀", "b"]);
            assert_eq!(chunks(5), [text]);
            assert_eq!(chunks(6), [text]);
            assert_eq!(pieces_of(b"", size, UTF_8, Cut::Characters(2)), Vec::<String>::new());
        }
    }

    #[test]
    fn characters_may_be_cut_anywhere_on_the_wire() {
        let text = "日本語のテキスト。\n二行目";
        for encoding in [UTF_8, SHIFT_JIS, EUC_JP] {
            let (body, ..) = encoding.encode(text);
            for size in [1, 2, 3, 4, 100] {
                assert_eq!(pieces_of(&body, size, encoding, Cut::Nowhere).concat(), text, "{}", encoding.name());
                assert_eq!(pieces_of(&body, size, encoding, Cut::Lines(100)), text.split('\n').collect::<Vec<_>>());
            }
        }
        let utf_16: Vec<u8> = "\u{feff}a🦀".encode_utf16().flat_map(u16::to_be_bytes).collect();
        for size in 1..6 {
            // The byte order mark decides, and is no text.
            assert_eq!(pieces_of(&utf_16, size, UTF_16LE, Cut::Nowhere).concat(), "a🦀");
        }
    }

    #[test]
    fn bytes_without_meaning_become_replacement_characters() {
        for size in 1..4 {
            assert_eq!(pieces_of(b"a\xffb", size, UTF_8, Cut::Nowhere).concat(), "a\u{fffd}b");
            // Cut off in the middle of a character; and a byte order mark is kept.
            assert_eq!(pieces_of(b"\xef\xbb\xbfa\xe2\x82", size, UTF_8, Cut::Nowhere).concat(), "\u{feff}a\u{fffd}");
        }
    }
}
