//! URLs with some components replaced or removed (C19). What is given is checked as strictly as a whole URL: no
//! component can break out of its place.

use std::borrow::Cow;

use super::parse::{build, check_url, is_too_long, non_printable, split, Pieces};
use super::percent::{encode_into, CREDENTIAL, SCHEME};
use super::quoted::Quoted;
use super::{invalid_url, Url};
use crate::error::Error;
use crate::httpx::query_params::QueryParams;

/// What becomes of one component.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Change<T> {
    /// It stays as it is.
    #[default]
    Keep,
    /// It goes.
    Remove,
    /// It is replaced.
    Set(T),
}

/// Changes to a URL. Where two speak about the same component, the narrower or later one counts: `netloc` over
/// `host` and `port` over `authority`, `username` and `password` over `userinfo`, `raw_path` over `path` and `query`, `params` over
/// `query`. Texts may contain characters that have to be escaped, and escapes.
#[derive(Clone, Copy, Debug, Default)]
pub struct UrlParts<'a> {
    /// Without the colon.
    pub scheme: Change<&'a str>,
    /// `userinfo@host:port`.
    pub authority: Change<&'a str>,
    /// `username:password`.
    pub userinfo: Change<&'a str>,
    /// The name alone; a password that was there goes, unless it is given too.
    pub username: Change<&'a str>,
    /// The password alone; a username that was there goes, unless it is given too.
    pub password: Change<&'a str>,
    /// `host:port`; without a port, one that was there goes.
    pub netloc: Change<&'a str>,
    /// A name or an address, IPv6 addresses with or without brackets.
    pub host: Change<&'a str>,
    /// 0 to 65535; wider, so that this module answers for what callers pass on.
    pub port: Change<i64>,
    /// Without a query.
    pub path: Change<&'a str>,
    /// Without the `?`; an empty one leaves the `?`.
    pub query: Change<&'a str>,
    /// Path, `?` and query.
    pub raw_path: Change<&'a str>,
    /// Without the `#`.
    pub fragment: Change<&'a str>,
    /// Becomes the query; an empty one leaves no `?` (C27).
    pub params: Change<&'a QueryParams>,
}

impl<T> Change<T> {
    /// The same change, with the replacement borrowed.
    pub fn as_ref(&self) -> Change<&T> {
        match self {
            Change::Keep => Change::Keep,
            Change::Remove => Change::Remove,
            Change::Set(value) => Change::Set(value),
        }
    }

    /// The same change to another kind of value.
    pub fn map<U>(self, convert: impl FnOnce(T) -> U) -> Change<U> {
        match self {
            Change::Keep => Change::Keep,
            Change::Remove => Change::Remove,
            Change::Set(value) => Change::Set(convert(value)),
        }
    }
}

impl<'a> Change<&'a str> {
    /// `None` if the component stays.
    fn replacement(self) -> Option<&'a str> {
        match self {
            Change::Keep => None,
            Change::Remove => Some(""),
            Change::Set(text) => Some(text),
        }
    }

    /// For components that can be empty and yet be there.
    fn replacement_or_none(self) -> Option<Option<&'a str>> {
        match self {
            Change::Keep => None,
            Change::Remove => Some(None),
            Change::Set(text) => Some(Some(text)),
        }
    }
}

pub(super) fn parse_with(url: &str, parts: &UrlParts<'_>) -> Result<Url, Error> {
    check_url(url)?;
    replace(split(url), parts)
}

pub(super) fn copy_with(url: &Url, parts: &UrlParts<'_>) -> Result<Url, Error> {
    replace(url.pieces(), parts)
}

impl Url {
    /// As they were given, or might have been: building a URL from them gives the same one.
    pub(super) fn pieces(&self) -> Pieces<'_> {
        let mut pieces = Pieces {
            scheme: self.scheme(),
            path: self.encoded_path(),
            query: self.query_component(),
            fragment: self.fragment_component(),
            ..Pieces::default()
        };
        pieces.set_authority(self.authority());
        pieces
    }
}

fn replace(pieces: Pieces<'_>, parts: &UrlParts<'_>) -> Result<Url, Error> {
    let credentials = credentials(parts);
    let host = parts.host.replacement().map(in_brackets);
    let port = match parts.port {
        Change::Keep => None,
        Change::Remove => Some(String::new()),
        Change::Set(port) => Some(port.to_string()),
    };
    let params = match parts.params {
        Change::Keep => None,
        Change::Set(params) if !params.is_empty() => Some(Some(params.to_string())),
        Change::Set(_) | Change::Remove => Some(None),
    };

    let mut pieces = with_target(pieces, parts);
    if let Some(query) = params.as_ref().filter(|_| parts.raw_path == Change::Keep) {
        pieces.query = query.as_deref();
    }
    check("path", pieces.path)?;
    check("query", pieces.query.unwrap_or_default())?;
    check("fragment", pieces.fragment.unwrap_or_default())?;

    if let Some(scheme) = parts.scheme.replacement() {
        check("scheme", scheme)?;
        pieces.scheme = scheme;
    }
    if let Some(authority) = parts.authority.replacement() {
        check("authority", authority)?;
        pieces.set_authority(authority);
    }
    if let Some(userinfo) = credentials.as_deref().or(parts.userinfo.replacement()) {
        check("userinfo", userinfo)?;
        pieces.userinfo = userinfo;
    }
    if let Some(host) = &host {
        check("host", host)?;
        pieces.host = host;
    }
    if let Some(port) = &port {
        pieces.port = port;
    }
    if let Some(netloc) = parts.netloc.replacement() {
        pieces.set_netloc(netloc);
        check("host", pieces.host)?;
        check("port", pieces.port)?;
    }
    build(&pieces)
}

/// What follows the authority, `params` aside.
fn with_target<'a>(mut pieces: Pieces<'a>, parts: &UrlParts<'a>) -> Pieces<'a> {
    if let Some(path) = parts.path.replacement() {
        pieces.path = path;
    }
    if let Some(query) = parts.query.replacement_or_none() {
        pieces.query = query;
    }
    if let Some(raw_path) = parts.raw_path.replacement() {
        (pieces.path, pieces.query) = split_raw_path(raw_path);
    }
    if let Some(fragment) = parts.fragment.replacement_or_none() {
        pieces.fragment = fragment;
    }
    pieces
}

/// C20: the first `?` counts.
fn split_raw_path(raw_path: &str) -> (&str, Option<&str>) {
    match raw_path.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (raw_path, None),
    }
}

/// Username and password, escaped so that they stay apart.
fn credentials(parts: &UrlParts<'_>) -> Option<String> {
    if parts.username == Change::Keep && parts.password == Change::Keep {
        return None;
    }
    let mut userinfo = String::new();
    encode_into(&mut userinfo, parts.username.replacement().unwrap_or_default(), CREDENTIAL);
    if let Some(password) = parts.password.replacement().filter(|password| !password.is_empty()) {
        userinfo.push(':');
        encode_into(&mut userinfo, password, CREDENTIAL);
    }
    Some(userinfo)
}

fn in_brackets(host: &str) -> Cow<'_, str> {
    if host.contains(':') && !(host.starts_with('[') && host.ends_with(']')) {
        return Cow::Owned(format!("[{host}]"));
    }
    Cow::Borrowed(host)
}

/// C01, C02, and that the component contains no delimiter that would end it.
fn check(name: &'static str, text: &str) -> Result<(), Error> {
    if is_too_long(text) {
        return Err(invalid_url(format!("URL component '{name}' too long")));
    }
    if let Some((c, position)) = non_printable(text) {
        let c = Quoted(c);
        return Err(invalid_url(format!(
            "Invalid non-printable ASCII character in URL {name} component, {c} at position {position}."
        )));
    }
    let is_valid = match name {
        "scheme" => text.is_empty() || text.as_bytes()[0].is_ascii_alphabetic() && SCHEME.contains_all(text),
        "authority" => !text.contains(['/', '?', '#']),
        "userinfo" => !text.contains('@'),
        "path" => !text.contains(['?', '#']),
        "query" => !text.contains('#'),
        _ => true,
    };
    if is_valid {
        return Ok(());
    }
    Err(invalid_url(format!("Invalid URL component '{name}'")))
}
