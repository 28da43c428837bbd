//! Reads WWW-Authenticate (RFC 9110 §11.6.1, checklist F08). Commas separate challenges as well as the parameters of one
//! challenge, so a piece between two commas is either a parameter of the challenge before it, or opens the next one. What
//! the parameters mean is left to the scheme.

use std::borrow::Cow;

/// One challenge of a line: `Digest realm="a", nonce=b`.
pub(super) struct Challenge<'a> {
    scheme: &'a [u8],
    /// A parameter's name as the server wrote it, and its value without quotes.
    params: Vec<(&'a [u8], Cow<'a, [u8]>)>,
    /// Something between its commas is neither parameter nor token68, or a quote is never closed.
    pub(super) malformed: bool,
}

impl Challenge<'_> {
    /// Schemes are case-insensitive (RFC 9110 §11.1).
    pub(super) fn is(&self, scheme: &str) -> bool {
        self.scheme.eq_ignore_ascii_case(scheme.as_bytes())
    }

    /// The parameter's value; its name is case-insensitive (RFC 9110 §11.2). The last of several wins, as in HTTPX.
    pub(super) fn param(&self, name: &str) -> Option<&[u8]> {
        let mut of_that_name = self.params.iter().rev().filter(|(key, _)| key.eq_ignore_ascii_case(name.as_bytes()));
        of_that_name.next().map(|(_, value)| value.as_ref())
    }

    /// Whether it is `true`, as the flags of RFC 7616 §3.3 are written.
    pub(super) fn flag(&self, name: &str) -> bool {
        self.param(name).is_some_and(|value| value.eq_ignore_ascii_case(b"true"))
    }
}

/// The challenges of one line, in the server's order.
pub(super) fn challenges(line: &[u8]) -> Vec<Challenge<'_>> {
    let mut challenges: Vec<Challenge<'_>> = Vec::new();
    for piece in pieces(line) {
        let (word, rest) = token(piece);
        let param = if let (false, Some(value)) = (word.is_empty(), rest.strip_prefix(b"=")) {
            unquote(value).map(|value| (word, value))
        } else if word.len() < piece.len() && !matches!(piece.get(word.len()), Some(b' ' | b'\t')) {
            None
        } else {
            challenges.push(Challenge { scheme: word, params: Vec::new(), malformed: false });
            match first_param(rest) {
                Some(param) => Some(param),
                // A scheme alone, or with a token68, which no scheme here has a use for.
                None if !rest.contains(&b'"') => continue,
                None => None,
            }
        };
        let Some(challenge) = challenges.last_mut() else { continue };
        match param {
            Some(param) => challenge.params.push(param),
            None => challenge.malformed = true,
        }
    }
    challenges
}

/// What stands between the commas that are not in quotes, trimmed; empty pieces don't count (RFC 9110 §5.6.1.2).
fn pieces(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    let (mut quoted, mut escaped) = (false, false);
    let is_separator = move |&byte: &u8| {
        if escaped {
            escaped = false;
        } else if quoted && byte == b'\\' {
            escaped = true;
        } else if byte == b'"' {
            quoted = !quoted;
        }
        byte == b',' && !quoted
    };
    line.split(is_separator).map(<[u8]>::trim_ascii).filter(|piece| !piece.is_empty())
}

/// The token at the start, which may be empty, and what follows it without the whitespace between.
fn token(piece: &[u8]) -> (&[u8], &[u8]) {
    let end = piece.iter().position(|&byte| !is_token(byte)).unwrap_or(piece.len());
    let (word, rest) = piece.split_at(end);
    (word, rest.trim_ascii_start())
}

/// RFC 9110 §5.6.2.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// What follows a scheme, if it is a parameter.
fn first_param(rest: &[u8]) -> Option<(&[u8], Cow<'_, [u8]>)> {
    let (name, rest) = token(rest);
    let value = unquote(rest.strip_prefix(b"=")?)?;
    (!name.is_empty()).then_some((name, value))
}

/// The value of a quoted-string, or of anything else without quotes: servers leave nonces unquoted that are no tokens.
fn unquote(value: &[u8]) -> Option<Cow<'_, [u8]>> {
    let value = value.trim_ascii();
    // RFC 9110 §5.5: no field has control characters. What comes from a transport of the user's own may.
    if value.iter().any(|&byte| byte.is_ascii_control() && byte != b'\t') {
        return None;
    }
    let Some(quoted) = value.strip_prefix(b"\"") else {
        return (!value.contains(&b'"')).then_some(Cow::Borrowed(value));
    };
    let mut text = Vec::with_capacity(quoted.len());
    let mut bytes = quoted.iter();
    loop {
        match bytes.next()? {
            b'"' => return bytes.as_slice().is_empty().then_some(Cow::Owned(text)),
            b'\\' => text.push(*bytes.next()?),
            &byte => text.push(byte),
        }
    }
}
