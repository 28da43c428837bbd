//! The text of a JSON body, whose encoding its first bytes tell (checklist N14): UTF-8, UTF-16 or UTF-32, of either byte
//! order, with a byte order mark or without.

use std::borrow::Cow;

use crate::error::{Code, Error};

/// What the first bytes tell (RFC 4627 §3, and byte order marks).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Utf8,
    Utf16(Endian),
    Utf32(Endian),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Endian {
    Little,
    Big,
}

/// The body as UTF-8 text, without a byte order mark.
///
/// # Errors
/// INVALID_JSON if it is not JSON.
pub(super) fn json_text(content: &[u8]) -> Result<Cow<'_, str>, Error> {
    let (form, text) = detect(content);
    let text = match form {
        Form::Utf8 => std::str::from_utf8(text).ok().map(Cow::Borrowed),
        Form::Utf16(endian) => utf_16(text, endian).map(Cow::Owned),
        Form::Utf32(endian) => utf_32(text, endian).map(Cow::Owned),
    };
    let text = text.ok_or_else(|| Error::new(Code::INVALID_JSON, format!("the body is not valid {}", form.name())))?;
    serde_json::from_str::<serde::de::IgnoredAny>(&text)
        .map_err(|e| Error::new(Code::INVALID_JSON, format!("the body is not JSON: {e}")))?;
    Ok(text)
}

impl Form {
    fn name(self) -> &'static str {
        match self {
            Form::Utf8 => "UTF-8",
            Form::Utf16(_) => "UTF-16",
            Form::Utf32(_) => "UTF-32",
        }
    }
}

/// The form, and what follows its byte order mark.
fn detect(content: &[u8]) -> (Form, &[u8]) {
    use Endian::{Big, Little};
    use Form::{Utf16, Utf32, Utf8};
    match content {
        // The longer marks first: UTF-32's begins as UTF-16's does.
        [0, 0, 0xfe, 0xff, rest @ ..] => (Utf32(Big), rest),
        [0xff, 0xfe, 0, 0, rest @ ..] => (Utf32(Little), rest),
        [0xfe, 0xff, rest @ ..] => (Utf16(Big), rest),
        [0xff, 0xfe, rest @ ..] => (Utf16(Little), rest),
        [0xef, 0xbb, 0xbf, rest @ ..] => (Utf8, rest),
        // JSON begins with an ASCII character, and the next is not NUL.
        [0, 0, ..] if content.len() >= 4 => (Utf32(Big), content),
        [0, _, ..] => (Utf16(Big), content),
        [_, 0, 0, 0, ..] => (Utf32(Little), content),
        [_, 0, ..] => (Utf16(Little), content),
        _ => (Utf8, content),
    }
}

fn utf_16(text: &[u8], endian: Endian) -> Option<String> {
    let units = text.chunks_exact(2);
    let complete = units.remainder().is_empty();
    let unit = |pair: &[u8]| match (pair, endian) {
        (&[low, high], Endian::Little) => u16::from_le_bytes([low, high]),
        (&[high, low], Endian::Big) => u16::from_be_bytes([high, low]),
        _ => 0,
    };
    let text: Result<String, _> = char::decode_utf16(units.map(unit)).collect();
    text.ok().filter(|_| complete)
}

fn utf_32(text: &[u8], endian: Endian) -> Option<String> {
    let units = text.chunks_exact(4);
    let complete = units.remainder().is_empty();
    let unit = |four: &[u8]| match (four, endian) {
        (&[a, b, c, d], Endian::Little) => u32::from_le_bytes([a, b, c, d]),
        (&[a, b, c, d], Endian::Big) => u32::from_be_bytes([a, b, c, d]),
        _ => u32::MAX,
    };
    let text: Option<String> = units.map(|four| char::from_u32(unit(four))).collect();
    text.filter(|_| complete)
}

#[cfg(test)]
mod tests {
    use super::*;

    const JSON: &str = "{\"greeting\": \"Grüße 🦀\"}";

    fn utf_16_of(text: &str, bytes: impl Fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(bytes).collect()
    }

    fn utf_32_of(text: &str, bytes: impl Fn(u32) -> [u8; 4]) -> Vec<u8> {
        text.chars().flat_map(|c| bytes(c as u32)).collect()
    }

    /// Checklist N14.
    #[test]
    fn the_first_bytes_tell_the_encoding() {
        for text in [JSON, "1", "[]"] {
            for mark in ["", "\u{feff}"] {
                let marked = format!("{mark}{text}");
                for body in [
                    marked.clone().into_bytes(),
                    utf_16_of(&marked, u16::to_le_bytes),
                    utf_16_of(&marked, u16::to_be_bytes),
                    utf_32_of(&marked, u32::to_le_bytes),
                    utf_32_of(&marked, u32::to_be_bytes),
                ] {
                    assert_eq!(json_text(&body).unwrap(), text, "{body:?}");
                }
            }
        }
    }

    #[test]
    fn what_is_not_json_is_an_error() {
        let no_json: [&[u8]; 12] = [
            b"",
            b"\xef\xbb\xbf",
            b"\xff\xfe",
            b"{",
            b"<html>",
            b"1 2",
            b"\"\xff\"",
            b"\0",
            b"\0\0",
            b"[\0]",
            b"\0\0\xd8\0",
            b"\xff\xfe\0\xd8",
        ];
        for body in no_json {
            assert_eq!(json_text(body).unwrap_err().code(), Code::INVALID_JSON, "{body:?}");
        }
    }
}
