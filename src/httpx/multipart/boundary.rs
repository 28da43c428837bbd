//! What separates the parts, and how a Content-Type names it.

use crate::error::{Code, Error};
use crate::httpcore::{is_token, quoted};

/// RFC 2046 §5.1.1.
const MAX_BOUNDARY: usize = 70;

/// 32 hex digits that nobody can foresee.
pub(super) fn random() -> Result<String, Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)
        .map_err(|error| Error::new(Code::RESOURCES, format!("No random bytes for a boundary: {error}")))?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}

/// RFC 2046 §5.1.1: `boundary := 0*69<bchars> bcharsnospace`.
pub(super) fn check(text: &str) -> Result<(), Error> {
    let is_bchar = |byte: u8| byte.is_ascii_alphanumeric() || b" '()+_,-./:=?".contains(&byte);
    if (1..=MAX_BOUNDARY).contains(&text.len()) && text.bytes().all(is_bchar) && !text.ends_with(' ') {
        return Ok(());
    }
    Err(Error::new(Code::LOCAL_PROTOCOL_ERROR, format!("Illegal multipart boundary {}", quoted(text.as_bytes()))))
}

/// The parameter of a Content-Type; no boundary has a quote or a backslash in it.
pub(super) fn parameter(boundary: &str) -> String {
    if is_token(boundary.as_bytes()) {
        format!("boundary={boundary}")
    } else {
        format!("boundary=\"{boundary}\"")
    }
}

/// Whether a Content-Type is `multipart/form-data`, in any case (RFC 9110 §8.3.1).
pub(super) fn is_form_data(value: &[u8]) -> bool {
    sections(value).next().is_some_and(|kind| kind.eq_ignore_ascii_case(b"multipart/form-data"))
}

/// The boundary in a Content-Type of `multipart/form-data`, without its quotes; it may be one that is not allowed. None
/// for other types, and if there is none.
pub fn boundary_from_content_type(value: &[u8]) -> Option<String> {
    if !is_form_data(value) {
        return None;
    }
    sections(value).skip(1).find_map(|section| {
        let (name, text) = section.split_at_checked(b"boundary=".len())?;
        name.eq_ignore_ascii_case(b"boundary=").then(|| String::from_utf8_lossy(text).trim_matches('"').to_owned())
    })
}

/// Without the semicolons and spaces at its end.
pub(super) fn without_open_end(value: &[u8]) -> &[u8] {
    let end = value.iter().rposition(|byte| *byte != b';' && !byte.is_ascii_whitespace()).map_or(0, |last| last + 1);
    &value[..end]
}

/// The media type and its parameters, trimmed. A semicolon in quotes separates nothing (RFC 9110 §5.6.4).
fn sections(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    let is_separator = move |&byte: &u8| {
        let is_literal = std::mem::take(&mut is_escaped);
        is_escaped = is_quoted && !is_literal && byte == b'\\';
        is_quoted ^= byte == b'"' && !is_literal;
        byte == b';' && !is_quoted
    };
    value.split(is_separator).map(<[u8]>::trim_ascii)
}
