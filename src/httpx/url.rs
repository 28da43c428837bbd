//! URLs by HTTPX's rules (checklist C): parsed once, checked and normalised, then only read. The text is kept as it goes
//! on the wire, with the positions of its components beside it, so reading a component copies nothing.
//!
//! A host must mean here what it means to everybody else, or it is refused (C28, `host.rs`).

mod copy_with;
mod display;
mod host;
mod idna2008;
mod join;
mod parse;
mod percent;
mod quoted;

#[cfg(test)]
mod change_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod whatwg_tests;

use std::borrow::Cow;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use crate::error::{Code, Error};

use super::query_params::QueryParams;
pub use copy_with::{Change, UrlParts};
pub(super) use percent::{encode_form, lossy_decode};
pub(super) use quoted::Quoted;

/// A URL, absolute or relative. Two are equal if their normalised texts are: `http://h` is not `http://h/` (C23).
#[derive(Clone)]
pub struct Url {
    /// `scheme:` `//` `userinfo@` `[host]:port` `path` `?query` `#fragment`, all ASCII, percent-encoded.
    text: String,
    /// The scheme starts the text.
    scheme_end: u32,
    /// Where the userinfo starts; without one, the host with its brackets and port.
    authority_start: u32,
    userinfo_end: u32,
    /// Without the brackets of an IPv6 address.
    host_start: u32,
    host_end: u32,
    path_start: u32,
    path_end: u32,
    /// Equals `path_end` if there is no query; else the `?` lies between.
    query_end: u32,
    port: Option<u16>,
}

impl Url {
    /// Parses a URL of at most 65,536 characters. It may be relative, such as `/path?query`.
    ///
    /// Fails with `INVALID_URL` (checklist Q06).
    pub fn parse(url: &str) -> Result<Url, Error> {
        parse::parse(url)
    }

    /// Parses a URL whose scheme and authority may be, letter by letter, those of one that is known: then they are not
    /// looked at again.
    pub(super) fn parse_like(known: Option<&Url>, url: &str) -> Result<Url, Error> {
        known.and_then(|known| parse::parse_alike(known, url)).map_or_else(|| Url::parse(url), Ok)
    }

    /// Whether scheme and authority, the userinfo included, are the same.
    pub(super) fn begins_like(&self, other: &Url) -> bool {
        self.slice(0, self.path_start) == other.slice(0, other.path_start)
    }

    /// Parses a URL, with some of its components replaced or removed before they are looked at.
    pub fn parse_with(url: &str, parts: &UrlParts<'_>) -> Result<Url, Error> {
        copy_with::parse_with(url, parts)
    }

    /// This URL with some of its components replaced or removed (C19).
    pub fn copy_with(&self, parts: &UrlParts<'_>) -> Result<Url, Error> {
        copy_with::copy_with(self, parts)
    }

    /// Resolves a reference, such as the value of a Location header, against this URL (RFC 3986 §5.2, C22).
    pub fn join(&self, reference: &str) -> Result<Url, Error> {
        join::join(self, &Url::parse(reference)?)
    }

    /// The whole URL, percent-encoded, with its password.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The whole URL with its password, if any, replaced by `[secure]`: for logs and messages (C17).
    pub fn masked(&self) -> Cow<'_, str> {
        display::masked(self)
    }

    /// In lower case, without the colon; empty if there is none.
    pub fn scheme(&self) -> &str {
        self.slice(0, self.scheme_end)
    }

    /// `userinfo@host:port`, percent-encoded; empty if there is none.
    pub fn authority(&self) -> &str {
        self.slice(self.authority_start, self.path_start)
    }

    /// Username and password as in the URL: `jo%40email.com:a%20secret`. Empty if there are none.
    pub fn userinfo(&self) -> &str {
        self.slice(self.authority_start, self.userinfo_end)
    }

    /// The decoded username; empty if there is none.
    pub fn username(&self) -> Cow<'_, str> {
        lossy_decode(self.userinfo().split_once(':').map_or(self.userinfo(), |(username, _)| username))
    }

    /// The decoded password; empty if there is none.
    pub fn password(&self) -> Cow<'_, str> {
        lossy_decode(self.userinfo().split_once(':').map_or("", |(_, password)| password))
    }

    /// The host for people: labels of internationalised names are decoded, where IDNA 2008 allows them (C09). IPv6
    /// addresses are without brackets.
    pub fn host(&self) -> Cow<'_, str> {
        idna2008::to_unicode(self.raw_host())
    }

    /// The host in ASCII, lower-cased, IPv6 addresses without brackets; empty if there is none.
    pub fn raw_host(&self) -> &str {
        self.slice(self.host_start, self.host_end)
    }

    /// The port, unless it is the default one of the scheme (C03).
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// The port, or the default one of http, https, ws, wss and ftp.
    pub fn effective_port(&self) -> Option<u16> {
        self.port.or_else(|| parse::default_port(self.scheme()))
    }

    /// `host` or `host:port`, in ASCII, IPv6 addresses in brackets.
    pub fn netloc(&self) -> &str {
        self.slice(self.netloc_start(), self.path_start)
    }

    /// What goes into the Host header: the netloc, but without the zone of a link-local address (RFC 6874 §4).
    pub fn host_header(&self) -> Cow<'_, str> {
        let netloc = self.netloc();
        match (netloc.starts_with('['), self.raw_host().split_once('%')) {
            (true, Some((address, _))) => {
                let after_host = self.slice(self.host_end, self.path_start);
                Cow::Owned(format!("[{address}{after_host}"))
            }
            _ => Cow::Borrowed(netloc),
        }
    }

    /// The decoded path; `/` if there is none.
    pub fn path(&self) -> Cow<'_, str> {
        lossy_decode(match self.encoded_path() {
            "" => "/",
            path => path,
        })
    }

    /// The path and, if there is one, `?` and the query: the target of an HTTP request. The path is `/` if there is
    /// none (C24).
    pub fn raw_path(&self) -> Cow<'_, str> {
        let raw_path = self.slice(self.path_start, self.query_end);
        if !self.encoded_path().is_empty() {
            Cow::Borrowed(raw_path)
        } else if raw_path.is_empty() {
            Cow::Borrowed("/")
        } else {
            Cow::Owned(format!("/{raw_path}"))
        }
    }

    /// The percent-encoded query without its `?`; empty if there is none.
    pub fn query(&self) -> &str {
        self.query_component().unwrap_or_default()
    }

    /// The query, taken apart.
    pub fn params(&self) -> QueryParams {
        QueryParams::parse(self.query())
    }

    /// The decoded fragment without its `#`; empty if there is none.
    pub fn fragment(&self) -> Cow<'_, str> {
        lossy_decode(self.fragment_component().unwrap_or_default())
    }

    /// The escaped query, if there is a `?`.
    pub fn query_component(&self) -> Option<&str> {
        self.slice(self.path_end, self.query_end).strip_prefix('?')
    }

    /// The escaped fragment, if there is a `#`.
    pub fn fragment_component(&self) -> Option<&str> {
        self.text[self.query_end as usize..].strip_prefix('#')
    }

    /// Whether there are a scheme and a host to connect to. `mailto:a@b` and `//host/x` are not absolute (C07).
    pub fn is_absolute(&self) -> bool {
        self.scheme_end > 0 && self.host_end > self.host_start
    }

    /// The opposite of [`Url::is_absolute`].
    pub fn is_relative(&self) -> bool {
        !self.is_absolute()
    }

    /// Whether the scheme is https or wss (C06).
    pub fn is_ssl(&self) -> bool {
        matches!(self.scheme(), "https" | "wss")
    }

    /// Whether scheme, host and port, given or default, are the same.
    pub fn same_origin(&self, other: &Url) -> bool {
        self.scheme() == other.scheme()
            && self.raw_host() == other.raw_host()
            && self.effective_port() == other.effective_port()
    }

    /// What to resolve and connect to: the raw host, but an escaped zone of a link-local address, `fe80::1%25eth0`, is
    /// given as system calls want it, `fe80::1%eth0` (RFC 6874 §2).
    pub fn dial_host(&self) -> Cow<'_, str> {
        match self.raw_host().split_once("%25") {
            Some((address, zone)) if address.contains(':') => Cow::Owned(format!("{address}%{zone}")),
            _ => Cow::Borrowed(self.raw_host()),
        }
    }

    /// Whether a request can be sent there: the scheme is http, https, ws or wss, and there is a host (H11). Without a
    /// host HTTPX takes a URL for a relative one, which has no scheme either.
    ///
    /// Fails with `UNSUPPORTED_PROTOCOL`.
    pub fn check_sendable(&self) -> Result<(), Error> {
        match self.scheme() {
            "http" | "https" | "ws" | "wss" if self.is_absolute() => Ok(()),
            "" | "http" | "https" | "ws" | "wss" => {
                let message = "Request URL is missing an 'http://' or 'https://' protocol.";
                Err(Error::new(Code::UNSUPPORTED_PROTOCOL, message))
            }
            scheme => {
                let message = format!("Request URL has an unsupported protocol '{scheme}://'.");
                Err(Error::new(Code::UNSUPPORTED_PROTOCOL, message))
            }
        }
    }

    /// With `key` set to the one `value`, where it first stood.
    pub fn copy_set_param(&self, key: &str, value: &str) -> Result<Url, Error> {
        self.with_params(&self.params().set(key, value))
    }

    /// With one more `value` for `key`.
    pub fn copy_add_param(&self, key: &str, value: &str) -> Result<Url, Error> {
        self.with_params(&self.params().add(key, value))
    }

    /// Without `key`. Without any parameters left, the `?` goes too.
    pub fn copy_remove_param(&self, key: &str) -> Result<Url, Error> {
        self.with_params(&self.params().remove(key))
    }

    /// With the keys of `params` replaced or added.
    pub fn copy_merge_params(&self, params: &QueryParams) -> Result<Url, Error> {
        self.with_params(&self.params().merge(params))
    }

    fn with_params(&self, params: &QueryParams) -> Result<Url, Error> {
        self.copy_with(&UrlParts { params: Change::Set(params), ..UrlParts::default() })
    }

    fn netloc_start(&self) -> u32 {
        self.userinfo_end + u32::from(self.userinfo_end > self.authority_start)
    }

    /// Percent-encoded, and empty if it is.
    pub fn encoded_path(&self) -> &str {
        self.slice(self.path_start, self.path_end)
    }

    fn slice(&self, start: u32, end: u32) -> &str {
        &self.text[start as usize..end as usize]
    }
}

/// For every error of this module, so that its messages read as HTTPX's.
fn invalid_url(message: impl Into<Cow<'static, str>>) -> Error {
    Error::new(Code::INVALID_URL, message)
}

impl PartialEq for Url {
    fn eq(&self, other: &Url) -> bool {
        self.text == other.text
    }
}

impl Eq for Url {}

/// A text that is not a URL equals none.
impl PartialEq<str> for Url {
    fn eq(&self, other: &str) -> bool {
        self.text == other || Url::parse(other).is_ok_and(|other| *self == other)
    }
}

impl PartialEq<&str> for Url {
    fn eq(&self, other: &&str) -> bool {
        *self == **other
    }
}

impl Hash for Url {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl AsRef<str> for Url {
    fn as_ref(&self) -> &str {
        &self.text
    }
}

impl FromStr for Url {
    type Err = Error;

    fn from_str(url: &str) -> Result<Url, Error> {
        Url::parse(url)
    }
}
