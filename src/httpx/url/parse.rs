//! From text to [`Url`]: split at the delimiters (RFC 3986, appendix B), check, normalise and encode each component.

use std::borrow::Cow;

use super::percent::{encode_into, FRAGMENT, PATH, QUERY, SCHEME, USERINFO};
use super::quoted::Quoted;
use super::{host, invalid_url, Url};
use crate::counters::Counter;
use crate::error::Error;

/// In characters, of the URL and of each component (C01).
pub(super) const MAX_LENGTH: usize = 65_536;

/// A URL in pieces that are neither checked nor encoded yet.
#[derive(Clone, Copy, Default)]
pub(super) struct Pieces<'a> {
    pub(super) scheme: &'a str,
    pub(super) userinfo: &'a str,
    /// With the brackets of an IPv6 address.
    pub(super) host: &'a str,
    /// Empty if there is none.
    pub(super) port: &'a str,
    pub(super) path: &'a str,
    pub(super) query: Option<&'a str>,
    pub(super) fragment: Option<&'a str>,
}

pub(super) fn parse(url: &str) -> Result<Url, Error> {
    check_url(url)?;
    build(&split(url))
}

/// C01, C02.
pub(super) fn check_url(url: &str) -> Result<(), Error> {
    if is_too_long(url) {
        return Err(invalid_url("URL too long"));
    }
    match non_printable(url) {
        None => Ok(()),
        Some((c, position)) => {
            let c = Quoted(c);
            Err(invalid_url(format!("Invalid non-printable ASCII character in URL, {c} at position {position}.")))
        }
    }
}

pub(super) fn is_too_long(text: &str) -> bool {
    text.len() > MAX_LENGTH && text.chars().count() > MAX_LENGTH
}

/// The first ASCII control character and its position in characters.
pub(super) fn non_printable(text: &str) -> Option<(&str, usize)> {
    // Without an early exit this looks at many bytes at once; nearly always there is nothing to find.
    if !text.bytes().fold(false, |found, byte| found | byte.is_ascii_control()) {
        return None;
    }
    let index = text.bytes().position(|byte| byte.is_ascii_control())?;
    Some((&text[index..=index], text[..index].chars().count()))
}

pub(super) fn split(url: &str) -> Pieces<'_> {
    let (scheme, rest) = split_scheme(url);
    let (authority, rest) = match rest.strip_prefix("//") {
        Some(rest) => rest.split_at(position(rest, |byte| matches!(byte, b'/' | b'?' | b'#'))),
        None => ("", rest),
    };
    let mut pieces = Pieces { scheme, ..Pieces::default() };
    pieces.set_authority(authority);
    pieces.set_rest(rest);
    pieces
}

/// A scheme may be empty: HTTPX reads `://example.com` as `//example.com`.
fn split_scheme(url: &str) -> (&str, &str) {
    let starts_well = url.as_bytes().first().is_some_and(u8::is_ascii_alphabetic);
    let length = if starts_well { SCHEME.span(url) } else { 0 };
    match url.as_bytes().get(length) {
        Some(b':') => (&url[..length], &url[length + 1..]),
        _ => ("", url),
    }
}

fn position(text: &str, is_end: impl Fn(u8) -> bool) -> usize {
    text.bytes().position(is_end).unwrap_or(text.len())
}

impl<'a> Pieces<'a> {
    /// Path, query and fragment.
    fn set_rest(&mut self, rest: &'a str) {
        let (path, rest) = rest.split_at(position(rest, |byte| matches!(byte, b'?' | b'#')));
        self.path = path;
        let (query, rest) = match rest.strip_prefix('?') {
            Some(rest) => {
                let (query, rest) = rest.split_at(position(rest, |byte| byte == b'#'));
                (Some(query), rest)
            }
            None => (None, rest),
        };
        (self.query, self.fragment) = (query, rest.strip_prefix('#'));
    }

    /// The last `@` ends the userinfo (C17).
    pub(super) fn set_authority(&mut self, authority: &'a str) {
        match authority.bytes().rposition(|byte| byte == b'@') {
            Some(index) => {
                self.userinfo = &authority[..index];
                self.set_netloc(&authority[index + 1..]);
            }
            None => {
                self.userinfo = "";
                self.set_netloc(authority);
            }
        }
    }

    /// A colon ends the host, unless it is inside of brackets (C20).
    pub(super) fn set_netloc(&mut self, netloc: &'a str) {
        let bracket = if netloc.starts_with('[') { netloc.rfind(']') } else { None };
        let host_end = match bracket {
            Some(index) => index + 1,
            None => position(netloc, |byte| byte == b':'),
        };
        let (host, rest) = netloc.split_at(host_end);
        self.host = host;
        self.port = rest.strip_prefix(':').unwrap_or(rest);
    }
}

/// Checks, normalises and encodes the pieces, and writes them down one after the other.
pub(super) fn build(pieces: &Pieces<'_>) -> Result<Url, Error> {
    Counter::Urls.count();
    let mut text = String::with_capacity(capacity(pieces));
    text.push_str(pieces.scheme);
    text.make_ascii_lowercase();
    let scheme_end = position_of_end(&text);
    if scheme_end > 0 {
        text.push(':');
    }
    let (authority, path) = append_authority(&mut text, scheme_end as usize, pieces)?;
    let path_start = position_of_end(&text);
    let (path_end, query_end) = append_rest(&mut text, &path, pieces);
    let Authority { start: authority_start, userinfo_end, host_start, host_end, port } = authority;
    Ok(Url {
        text,
        scheme_end,
        authority_start,
        userinfo_end,
        host_start,
        host_end,
        path_start,
        path_end,
        query_end,
        port,
    })
}

/// Appends the path, the query and the fragment. Gives back where the first two end.
fn append_rest(text: &mut String, path: &str, pieces: &Pieces<'_>) -> (u32, u32) {
    encode_into(text, path, PATH);
    let path_end = position_of_end(text);
    if let Some(query) = pieces.query {
        text.push('?');
        encode_into(text, query, QUERY);
    }
    let query_end = position_of_end(text);
    if let Some(fragment) = pieces.fragment {
        text.push('#');
        encode_into(text, fragment, FRAGMENT);
    }
    (path_end, query_end)
}

/// What `url` means, if it begins, letter by letter, with the scheme and the authority of one that is known: they need not
/// be looked at again. None leaves it to [`parse`].
pub(super) fn parse_alike(known: &Url, url: &str) -> Option<Url> {
    let beginning = known.slice(0, known.path_start);
    let rest = url.strip_prefix(beginning)?;
    let ends_authority = rest.is_empty() || rest.starts_with(['/', '?', '#']);
    if !known.is_absolute() || !ends_authority || is_too_long(url) || non_printable(rest).is_some() {
        return None;
    }
    Counter::Urls.count();
    let mut pieces = Pieces::default();
    pieces.set_rest(rest);
    let mut text = String::with_capacity(url.len() + 1);
    text.push_str(beginning);
    let (path_end, query_end) = append_rest(&mut text, &without_dot_segments(pieces.path), &pieces);
    Some(Url { text, path_end, query_end, ..*known })
}

/// Where the parts of an authority lie.
struct Authority {
    start: u32,
    userinfo_end: u32,
    host_start: u32,
    host_end: u32,
    port: Option<u16>,
}

/// Appends the authority, if there is one, to the scheme. Gives the path back, which depends on it.
fn append_authority<'a>(
    text: &mut String,
    scheme_end: usize,
    pieces: &Pieces<'a>,
) -> Result<(Authority, Cow<'a, str>), Error> {
    let before = position_of_end(text);
    text.push_str("//");
    let start = position_of_end(text);
    if !pieces.userinfo.is_empty() {
        encode_into(text, pieces.userinfo, USERINFO);
        text.push('@');
    }
    let userinfo_end = position_of_end(text) - u32::from(!pieces.userinfo.is_empty());
    let (host_start, host_end) = host::append(text, scheme_end, pieces.host)?;
    let port = parse_port(pieces.port)?.filter(|port| default_port(&text[..scheme_end]) != Some(*port));
    if port.is_some() {
        text.push(':');
        text.push_str(without_leading_zeros(pieces.port));
    }

    let is_empty = position_of_end(text) == start;
    let path = check_path(pieces.path, scheme_end > 0, !is_empty)?;
    // An empty authority is written only where a path would be taken for one: `file:////x`.
    if is_empty && !path.starts_with("//") {
        text.truncate(before as usize);
        let nothing = Authority { start: before, userinfo_end: before, host_start: before, host_end: before, port };
        return Ok((nothing, path));
    }
    Ok((Authority { start, userinfo_end, host_start, host_end, port }, path))
}

/// Enough where nothing has to be escaped: at most all seven delimiters are added, and a slash.
fn capacity(pieces: &Pieces<'_>) -> usize {
    let Pieces { scheme, userinfo, host, port, path, query, fragment } = pieces;
    let optional = query.map_or(0, str::len) + fragment.map_or(0, str::len);
    scheme.len() + userinfo.len() + host.len() + port.len() + path.len() + optional + "://@:?#/".len()
}

/// Seven components of at most 65,536 characters, each of at most 12 bytes, fit into 32 bits.
fn position_of_end(text: &str) -> u32 {
    text.len() as u32
}

/// C03: these are the ports that are not written.
pub(super) fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" | "ws" => Some(80),
        "https" | "wss" => Some(443),
        "ftp" => Some(21),
        _ => None,
    }
}

/// C04: digits only, up to 65535. Leading zeros are as good as none.
fn parse_port(port: &str) -> Result<Option<u16>, Error> {
    if port.is_empty() {
        return Ok(None);
    }
    let mut number = 0_u32;
    for byte in port.bytes() {
        number = number * 10 + u32::from(byte.wrapping_sub(b'0'));
        if !byte.is_ascii_digit() || number > u32::from(u16::MAX) {
            return Err(invalid_url(format!("Invalid port: {}", Quoted(port))));
        }
    }
    Ok(Some(number as u16))
}

/// Of zeros only, one stays.
fn without_leading_zeros(digits: &str) -> &str {
    let zeros = digits.bytes().take(digits.len() - 1).take_while(|byte| *byte == b'0').count();
    &digits[zeros..]
}

/// C15, C18.
fn check_path(path: &str, has_scheme: bool, has_authority: bool) -> Result<Cow<'_, str>, Error> {
    if has_authority && !path.is_empty() && !path.starts_with('/') {
        return Err(invalid_url("For absolute URLs, path must be empty or begin with '/'"));
    }
    if has_scheme || has_authority {
        return Ok(without_dot_segments(path));
    }
    if path.starts_with("//") {
        return Err(invalid_url("Relative URLs cannot have a path starting with '//'"));
    }
    if path.starts_with(':') {
        return Err(invalid_url("Relative URLs cannot have a path starting with ':'"));
    }
    // Written down, the path would start with a scheme (RFC 3986 §4.2): `:javascript:x`.
    if !split_scheme(path).0.is_empty() {
        return Err(invalid_url("Relative URLs cannot have a path starting with a scheme"));
    }
    Ok(Cow::Borrowed(path))
}

/// HTTPX's reading of RFC 3986 §5.2.4: empty segments stay, and a last `..` leaves no slash behind (C15).
fn without_dot_segments(path: &str) -> Cow<'_, str> {
    if !path.bytes().any(|byte| byte == b'.') || !path.split('/').any(|segment| matches!(segment, "." | "..")) {
        return Cow::Borrowed(path);
    }
    let mut kept: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "." => {}
            ".." if kept == [""] => {}
            ".." => drop(kept.pop()),
            segment => kept.push(segment),
        }
    }
    Cow::Owned(kept.join("/"))
}
