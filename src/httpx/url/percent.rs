//! Percent-encoding (RFC 3986 §2.1). Which characters stay as they are depends on the component (C12); existing
//! escapes, and a lone `%`, always do (C13).

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// A set of bytes that stay as they are: a bit in [`SAFE`].
#[derive(Clone, Copy)]
pub(super) struct SafeSet(u16);

pub(super) const FRAGMENT: SafeSet = SafeSet(1);
pub(super) const QUERY: SafeSet = SafeSet(1 << 1);
pub(super) const PATH: SafeSet = SafeSet(1 << 2);
pub(super) const USERINFO: SafeSet = SafeSet(1 << 3);
/// For a username or a password by itself, in which a colon is a colon.
pub(super) const CREDENTIAL: SafeSet = SafeSet(1 << 4);
/// What a host may contain beside letters, digits and `-._`; C28 has taken from C11's set what others refuse.
pub(super) const HOST: SafeSet = SafeSet(1 << 5);
/// The keys and values of a form (C25): the unreserved characters of RFC 3986 §2.3.
pub(super) const FORM: SafeSet = SafeSet(1 << 6);
/// RFC 3986 §3.1.
pub(super) const SCHEME: SafeSet = SafeSet(1 << 7);
/// Hosts of these alone are normalised, and neither escaped nor in Punycode.
pub(super) const PLAIN_NAME: SafeSet = SafeSet(1 << 8);

static SAFE: [u16; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = safe_in(byte as u8);
        byte += 1;
    }
    table
};

const fn safe_in(byte: u8) -> u16 {
    let unreserved = byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    let fragment = byte.is_ascii_graphic() && !matches!(byte, b'"' | b'<' | b'>' | b'`');
    let query = byte.is_ascii_graphic() && !matches!(byte, b'"' | b'#' | b'<' | b'>');
    let path = query && !matches!(byte, b'?' | b'`' | b'{' | b'}');
    let userinfo = path && !matches!(byte, b'/' | b';' | b'=' | b'@' | b'[' | b'\\' | b']' | b'^' | b'|');
    let credential = userinfo && byte != b':';
    let sub_delimiter = matches!(byte, b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=');
    let host = unreserved || sub_delimiter || matches!(byte, b'"' | b'`' | b'{' | b'}' | b'%');
    let scheme = byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    let name = byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'_');
    fragment as u16
        | (query as u16) << 1
        | (path as u16) << 2
        | (userinfo as u16) << 3
        | (credential as u16) << 4
        | (host as u16) << 5
        | (unreserved as u16) << 6
        | (scheme as u16) << 7
        | (name as u16) << 8
}

impl SafeSet {
    pub(super) fn contains(self, byte: u8) -> bool {
        SAFE[usize::from(byte)] & self.0 != 0
    }

    pub(super) fn contains_all(self, text: &str) -> bool {
        self.span(text) == text.len()
    }

    /// How many bytes at the start of `text` are in the set.
    pub(super) fn span(self, text: &str) -> usize {
        text.bytes().position(|byte| !self.contains(byte)).unwrap_or(text.len())
    }
}

/// Appends `text` with everything escaped that is not in `safe`.
pub(super) fn encode_into(out: &mut String, text: &str, safe: SafeSet) {
    let clean = safe.span(text);
    out.push_str(&text[..clean]);
    for &byte in &text.as_bytes()[clean..] {
        if safe.contains(byte) {
            out.push(char::from(byte));
        } else {
            push_escaped(out, byte);
        }
    }
}

/// Appends a key or a value of a form: as in queries, but a space is `+` (C25).
pub(in crate::httpx) fn encode_form(out: &mut String, text: &str) {
    for byte in text.bytes() {
        match byte {
            b' ' => out.push('+'),
            byte if FORM.contains(byte) => out.push(char::from(byte)),
            byte => push_escaped(out, byte),
        }
    }
}

fn push_escaped(out: &mut String, byte: u8) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    out.push('%');
    out.push(char::from(DIGITS[usize::from(byte >> 4)]));
    out.push(char::from(DIGITS[usize::from(byte & 15)]));
}

/// Undoes percent-encoding; what is not UTF-8 then becomes U+FFFD.
pub(in crate::httpx) fn lossy_decode(text: &str) -> Cow<'_, str> {
    percent_decode_str(text).decode_utf8_lossy()
}
