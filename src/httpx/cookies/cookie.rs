//! One cookie with its attributes, as it is kept.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;

use super::{domain, path};
use crate::error::{Code, Error};

/// The end of the year 9999: no date lies behind it, and every system's clock can show it.
const LAST_SECOND: u64 = 253_402_300_799;

/// The SameSite attribute: it is kept, and nothing depends on it (D09).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SameSite {
    /// For requests from the same site only.
    Strict,
    /// For those, and for navigation from elsewhere.
    Lax,
    /// For all requests.
    None,
}

impl SameSite {
    /// Reads the name of a value, in any case.
    pub(super) fn parse(name: &[u8]) -> Option<SameSite> {
        [SameSite::Strict, SameSite::Lax, SameSite::None]
            .into_iter()
            .find(|value| value.as_str().as_bytes().eq_ignore_ascii_case(name))
    }

    /// `Strict`, `Lax` or `None`.
    pub fn as_str(self) -> &'static str {
        match self {
            SameSite::Strict => "Strict",
            SameSite::Lax => "Lax",
            SameSite::None => "None",
        }
    }
}

/// What a cookie has beside its name, value and place.
#[derive(Clone, Copy, Debug, Default)]
pub struct Attributes {
    /// Whether it is sent to https and wss only.
    pub secure: bool,
    /// Whether scripts may not see it; kept, and nothing depends on it.
    pub http_only: bool,
    /// What it says of other sites; kept, and nothing depends on it.
    pub same_site: Option<SameSite>,
    /// When it expires, in seconds since 1970; `None` for one that lives as long as the [`Cookies`](super::Cookies).
    pub expires: Option<i64>,
}

/// A cookie of [`Cookies`](super::Cookies).
#[derive(Clone)]
pub struct Cookie {
    pub(super) name: Bytes,
    pub(super) value: Option<Bytes>,
    /// As HTTPX writes it, but for `localhost`.
    pub(super) domain: String,
    pub(super) path: String,
    pub(super) secure: bool,
    pub(super) http_only: bool,
    pub(super) same_site: Option<SameSite>,
    pub(super) expires: Option<SystemTime>,
    /// Smaller is older.
    pub(super) number: u64,
}

impl Cookie {
    /// A cookie that the user wants; it does not expire.
    pub(super) fn new(name: &[u8], value: Option<&[u8]>, domain: &str, path: &str) -> Result<Cookie, Error> {
        let shown = String::from_utf8_lossy(name);
        if name.is_empty() {
            return Err(invalid("A cookie needs a name".to_owned()));
        }
        if name.iter().any(|byte| is_control(*byte) || matches!(byte, b';' | b'=')) {
            return Err(invalid(format!("Invalid character in the name of cookie {shown:?}")));
        }
        // The value may be a secret: its name has to do.
        if value.unwrap_or_default().iter().any(|byte| is_control(*byte) || *byte == b';') {
            return Err(invalid(format!("Invalid character in the value of cookie {shown:?}")));
        }
        if !path.is_empty() && !path.starts_with('/') {
            return Err(invalid(format!("The path {path:?} of cookie {shown:?} does not start with '/'")));
        }
        Ok(Cookie {
            name: Bytes::copy_from_slice(name),
            value: value.map(Bytes::copy_from_slice),
            domain: domain::canonical(domain)?,
            path: path::canonical(path),
            secure: false,
            http_only: false,
            same_site: None,
            expires: None,
            number: 0,
        })
    }

    /// The same cookie with other attributes.
    pub(super) fn with(self, attributes: Attributes) -> Cookie {
        let Attributes { secure, http_only, same_site, expires } = attributes;
        Cookie { secure, http_only, same_site, expires: expires.map(from_unix), ..self }
    }

    /// Its name. Any bytes but control characters, `;` and `=`; never empty.
    pub fn name(&self) -> &Bytes {
        &self.name
    }

    /// Its value, with quotes if it came with them. `None` for a cookie that was set without `=` (D12).
    pub fn value(&self) -> Option<&Bytes> {
        self.value.as_ref()
    }

    /// `example.com` is that host only, `.example.com` also every host below it, the empty domain every host.
    pub fn domain(&self) -> &str {
        domain::shown(&self.domain)
    }

    /// Starts with `/`. Bytes that a URL's path cannot have are percent-encoded.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether it is sent to https and wss only.
    pub fn secure(&self) -> bool {
        self.secure
    }

    /// Whether it came with HttpOnly. Nothing depends on it here (D09).
    pub fn http_only(&self) -> bool {
        self.http_only
    }

    /// Its SameSite attribute. Nothing depends on it here (D09).
    pub fn same_site(&self) -> Option<SameSite> {
        self.same_site
    }

    /// When it expires; `None` for a session's cookie, which lives as long as the [`Cookies`](super::Cookies).
    pub fn expires(&self) -> Option<SystemTime> {
        self.expires
    }

    /// [`Cookie::expires`] in seconds since 1970.
    pub fn expires_unix(&self) -> Option<u64> {
        Some(self.expires?.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()))
    }

    pub(super) fn is_expired(&self, now: SystemTime) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }

    /// Whether one takes the other's place (RFC 6265bis §5.7).
    pub(super) fn is_same(&self, other: &Cookie) -> bool {
        self.name == other.name && self.path == other.path && self.domain == other.domain
    }

    /// Whether `new`, from an insecure origin, could be mistaken for this Secure cookie (RFC 6265bis §5.7).
    pub(super) fn is_protected_from(&self, new: &Cookie) -> bool {
        self.secure
            && self.name == new.name
            && domain::overlap(&self.domain, &new.domain)
            && path::matches(&new.path, &self.path)
    }

    /// The smallest goes first.
    pub(super) fn eviction_rank(&self) -> (bool, u64) {
        (self.secure, self.number)
    }
}

/// `%x00-08 / %x0A-1F / %x7F`: those that RFC 6265bis §5.6 refuses. A tab is allowed.
pub(super) fn is_control(byte: u8) -> bool {
    byte.is_ascii_control() && byte != b'\t'
}

/// The time of a number of seconds since 1970. What lies before that year has expired in any case.
pub(super) fn from_unix(seconds: i64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(u64::try_from(seconds).unwrap_or(0).min(LAST_SECOND))
}

pub(super) fn invalid(message: String) -> Error {
    Error::new(Code::INVALID_ARGUMENT, message)
}

/// Without the value: it is a secret (D06).
impl fmt::Debug for Cookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<Cookie {}=[secure] for {} />", String::from_utf8_lossy(&self.name).escape_debug(), self.domain())
    }
}
