//! A line of Set-Cookie: read as RFC 6265bis §5.6 says, then accepted or refused as §5.7 says.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use bytes::Bytes;

use super::cookie::{from_unix, is_control, Cookie, SameSite};
use super::{date, domain, path};
use crate::httpx::url::Url;

/// The longest name and value together.
const MAX_PAIR: usize = 4096;
/// Attributes with longer values are ignored.
const MAX_ATTRIBUTE: usize = 1024;
/// No cookie lives longer: 400 days (RFC 6265bis §5.5).
const MAX_AGE: Duration = Duration::from_secs(400 * 24 * 60 * 60);

/// Who sets cookies, or to whom they are sent. The port does not matter (D12).
pub(super) struct Origin<'a> {
    pub(super) host: Cow<'a, str>,
    /// Without the query.
    pub(super) path: Cow<'a, str>,
    pub(super) is_secure: bool,
}

impl<'a> Origin<'a> {
    pub(super) fn of(url: &'a Url) -> Origin<'a> {
        let path = match url.raw_path() {
            Cow::Borrowed(raw_path) => without_query(raw_path).into(),
            Cow::Owned(raw_path) => without_query(&raw_path).to_owned().into(),
        };
        let host = domain::canonical_host(url.raw_host());
        Origin { host, path, is_secure: url.is_ssl() }
    }
}

fn without_query(raw_path: &str) -> &str {
    raw_path.split_once('?').map_or(raw_path, |(path, _)| path)
}

/// What a line says. An attribute that comes twice has its last value.
#[derive(Default)]
pub(super) struct SetCookie<'a> {
    name: &'a [u8],
    value: Option<&'a [u8]>,
    domain: &'a [u8],
    /// Whether there is one, even if it is of no use.
    has_path: bool,
    path: &'a [u8],
    max_age: Option<SystemTime>,
    expires: Option<SystemTime>,
    secure: bool,
    http_only: bool,
    same_site: Option<SameSite>,
}

impl<'a> SetCookie<'a> {
    /// `None` for a line that sets no cookie.
    pub(super) fn parse(line: &'a [u8], now: SystemTime) -> Option<SetCookie<'a>> {
        if line.iter().any(|byte| is_control(*byte)) {
            return None;
        }
        let mut parts = line.split(|byte| *byte == b';').map(split_pair);
        let (name, value) = parts.next()?;
        // D12: `noeq` is a cookie without a value, and `=v` is none.
        if name.is_empty() || name.len() + value.map_or(0, <[u8]>::len) > MAX_PAIR {
            return None;
        }
        let mut cookie = SetCookie { name, value, ..SetCookie::default() };
        for (attribute, value) in parts {
            let value = value.unwrap_or_default();
            if value.len() <= MAX_ATTRIBUTE {
                cookie.take(&attribute.to_ascii_lowercase(), value, now);
            }
        }
        Some(cookie)
    }

    fn take(&mut self, attribute: &[u8], value: &'a [u8], now: SystemTime) {
        match attribute {
            b"expires" => {
                let latest = now.checked_add(MAX_AGE);
                if let Some(expires) = date::parse(value).map(from_unix) {
                    self.expires = Some(latest.map_or(expires, |latest| expires.min(latest)));
                }
            }
            b"max-age" => self.max_age = expiry(value, now).or(self.max_age),
            b"domain" => self.domain = value,
            b"path" => {
                self.has_path = true;
                self.path = value;
            }
            b"secure" => self.secure = true,
            b"httponly" => self.http_only = true,
            b"samesite" => self.same_site = SameSite::parse(value),
            _ => {}
        }
    }

    /// The cookie, if `origin` may set it.
    pub(super) fn accept(&self, origin: &Origin<'_>) -> Option<Cookie> {
        if origin.host.is_empty() || (self.secure && !origin.is_secure) {
            return None;
        }
        let path = match self.path {
            [b'/', ..] => path::encoded(self.path),
            _ => path::default_for(&origin.path).to_owned(),
        };
        if !self.deserves_its_prefix(&path) {
            return None;
        }
        Some(Cookie {
            name: Bytes::copy_from_slice(self.name),
            value: self.value.map(Bytes::copy_from_slice),
            domain: domain::from_attribute(self.domain, &origin.host)?,
            path,
            secure: self.secure,
            http_only: self.http_only,
            same_site: self.same_site,
            expires: self.max_age.or(self.expires),
            number: 0,
        })
    }

    /// RFC 6265bis §4.1.3 and §5.7: whoever sees the prefix, in any case, can rely on what it says.
    fn deserves_its_prefix(&self, path: &str) -> bool {
        let has_prefix =
            |prefix: &[u8]| self.name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
        match (has_prefix(b"__Secure-"), has_prefix(b"__Host-")) {
            (false, false) => true,
            // A server that reads `__Host-a` as a name must not get it from one who could not set it.
            _ if self.value.is_none() => false,
            (true, _) => self.secure,
            (_, true) => self.secure && self.domain.is_empty() && self.has_path && path == "/",
        }
    }
}

/// At the first `=`, without blanks around what is on its sides.
fn split_pair(pair: &[u8]) -> (&[u8], Option<&[u8]>) {
    match pair.iter().position(|byte| *byte == b'=') {
        Some(index) => (pair[..index].trim_ascii(), Some(pair[index + 1..].trim_ascii())),
        None => (pair.trim_ascii(), None),
    }
}

/// When a Max-Age ends; `None` if it is no number.
fn expiry(max_age: &[u8], now: SystemTime) -> Option<SystemTime> {
    let digits = max_age.strip_prefix(b"-").unwrap_or(max_age);
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    if digits.len() < max_age.len() {
        return Some(from_unix(0));
    }
    let seconds =
        digits.iter().fold(0_u64, |number, digit| number.saturating_mul(10).saturating_add(u64::from(digit - b'0')));
    now.checked_add(Duration::from_secs(seconds).min(MAX_AGE))
}
