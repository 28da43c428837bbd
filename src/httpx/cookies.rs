//! Cookies (checklist D07–D14): a mapping for the user, and for the client a jar that takes Set-Cookie lines in and
//! gives the Cookie header out, by the rules of RFC 6265bis. Nothing here reads a clock or a file: times and texts are
//! given.
//!
//! The rules are written down here and not taken from cookie_store. Its parser knows texts only, so that bytes that are
//! not UTF-8 are lost; it refuses cookies without a value and reads few forms of dates; it accepts control characters,
//! any length, any number, prefixes without what they promise, and Secure from http (D12, D14).
//!
//! What differs from Python's cookie jar, which HTTPX uses: a cookie without a Domain attribute goes back to its host
//! only (D11), public suffixes are known, and no lifetime that a server asks for is longer than 400 days.

mod cookie;
mod date;
mod domain;
mod json;
mod netscape;
mod path;
mod set_cookie;

#[cfg(test)]
mod jar_tests;
#[cfg(test)]
mod mapping_tests;

use std::cmp::Reverse;
use std::collections::HashMap;
use std::fmt;
use std::time::SystemTime;

use bytes::Bytes;

use super::url::Url;
use crate::counters::Counter;
use crate::error::{Code, Error};
pub use cookie::{Attributes, Cookie, SameSite};
use set_cookie::{Origin, SetCookie};

/// How many cookies the hosts of one registrable domain, such as `example.co.uk`, may keep here.
const LIMIT_PER_SITE: usize = 180;
/// How many cookies all hosts together may keep here (RFC 6265bis §6.1 asks for 3000 at least).
const LIMIT: usize = 3000;

/// Cookies of any number of hosts. A cookie is known by its name, domain and path.
///
/// A domain is written as HTTPX writes it: `example.com` is that host only, `.example.com` also every host below it,
/// and the empty one is every host there is (D13). `localhost` reads `localhost.local` and may be given in both ways
/// (D12).
#[derive(Clone, Default)]
pub struct Cookies {
    /// By domain. No list is empty, and no list has two cookies with the same name and path.
    by_domain: HashMap<String, Vec<Cookie>>,
    /// The age of the next new cookie.
    next_number: u64,
    /// Counts what was put in and taken out.
    revision: u64,
}

impl Cookies {
    /// Puts in a cookie that lives as long as these cookies, in place of one with the same name, domain and path.
    /// Public suffixes are allowed here.
    ///
    /// Fails with `INVALID_ARGUMENT` if the cookie could not be sent as it is: a name that is empty or contains `=`,
    /// control characters or `;` anywhere, a domain that is no host, a path that does not start with `/`.
    pub fn set(
        &mut self,
        name: impl AsRef<[u8]>,
        value: impl AsRef<[u8]>,
        domain: &str,
        path: &str,
    ) -> Result<(), Error> {
        self.put(Cookie::new(name.as_ref(), Some(value.as_ref()), domain::meant(domain), path)?);
        Ok(())
    }

    /// The same for a cookie with attributes.
    ///
    /// # Errors
    /// As for `set`.
    pub fn set_with(
        &mut self,
        name: impl AsRef<[u8]>,
        value: impl AsRef<[u8]>,
        domain: &str,
        path: &str,
        attributes: Attributes,
    ) -> Result<(), Error> {
        let cookie = Cookie::new(name.as_ref(), Some(value.as_ref()), domain::meant(domain), path)?;
        self.put(cookie.with(attributes));
        Ok(())
    }

    /// The value of the only cookie with this name and, if they are given, domain and path. A cookie without a value
    /// (`noeq`, D12) is passed over.
    ///
    /// Fails with `COOKIE_CONFLICT` if there are several.
    pub fn get(
        &self,
        name: impl AsRef<[u8]>,
        domain: Option<&str>,
        path: Option<&str>,
    ) -> Result<Option<&Bytes>, Error> {
        let name = name.as_ref();
        let filter = Filter::new(domain, path);
        let mut values =
            self.cookies().filter(|cookie| cookie.name == name && filter.accepts(cookie)).filter_map(Cookie::value);
        match (values.next(), values.next()) {
            (value, None) => Ok(value),
            _ => {
                let name = String::from_utf8_lossy(name);
                Err(Error::new(Code::COOKIE_CONFLICT, format!("Multiple cookies exist with name={name}")))
            }
        }
    }

    /// Removes every cookie with this name and, if they are given, domain and path.
    ///
    /// Fails with `NOT_FOUND` if both are given and there is no such cookie; otherwise it need not exist (D08).
    pub fn delete(&mut self, name: impl AsRef<[u8]>, domain: Option<&str>, path: Option<&str>) -> Result<(), Error> {
        let name = name.as_ref();
        let filter = Filter::new(domain, path);
        let removed = self.remove(|cookie| cookie.name == name && filter.accepts(cookie));
        match (domain, path) {
            (Some(domain), Some(path)) if removed == 0 => {
                let name = String::from_utf8_lossy(name);
                Err(Error::new(Code::NOT_FOUND, format!("No cookie {name:?} for domain {domain:?} and path {path:?}")))
            }
            _ => Ok(()),
        }
    }

    /// Removes all cookies, or those of a domain, or those of a domain and path.
    ///
    /// Fails with `INVALID_ARGUMENT` for a path without a domain, and with `NOT_FOUND` if a domain is given and nothing
    /// is there (D08).
    pub fn clear(&mut self, domain: Option<&str>, path: Option<&str>) -> Result<(), Error> {
        let Some(domain) = domain else {
            if path.is_some() {
                return Err(Error::new(
                    Code::INVALID_ARGUMENT,
                    "Cookies of a path can only be cleared with its domain",
                ));
            }
            self.revision += 1;
            self.by_domain.clear();
            return Ok(());
        };
        let filter = Filter::new(Some(domain), path);
        if self.remove(|cookie| filter.accepts(cookie)) == 0 {
            let path = path.map_or_else(String::new, |path| format!(" and path {path:?}"));
            return Err(Error::new(Code::NOT_FOUND, format!("No cookies for domain {domain:?}{path}")));
        }
        Ok(())
    }

    /// Puts all cookies of `other` in, in place of those with the same name, domain and path (A09).
    pub fn update(&mut self, other: &Cookies) {
        for cookie in other.iter() {
            self.put(cookie.clone());
        }
    }

    /// Becomes what `other` is.
    pub fn replace(&mut self, other: Cookies) {
        *self = Cookies { revision: self.revision + 1, ..other };
    }

    /// Another number after each change.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// How many cookies there are.
    pub fn len(&self) -> usize {
        self.by_domain.values().map(Vec::len).sum()
    }

    /// Whether there are no cookies.
    pub fn is_empty(&self) -> bool {
        self.by_domain.is_empty()
    }

    /// The cookies, oldest first. One that was replaced keeps its place.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Cookie> {
        let mut cookies: Vec<&Cookie> = self.cookies().collect();
        cookies.sort_unstable_by_key(|cookie| cookie.number);
        cookies.into_iter()
    }

    /// The cookie at `index` of those that [`Cookies::iter`] gives.
    pub fn get_at(&self, index: usize) -> Option<&Cookie> {
        let mut cookies: Vec<&Cookie> = self.cookies().collect();
        (index < cookies.len()).then(|| *cookies.select_nth_unstable_by_key(index, |cookie| cookie.number).1)
    }

    /// Takes in the Set-Cookie lines of a response to a request for `url` that arrived at `now`; what RFC 6265bis
    /// refuses is passed over. Cookies that have expired by then are removed.
    ///
    /// Afterwards at most 180 cookies of a registrable domain and 3000 of all remain: those without Secure go first,
    /// and then the oldest (RFC 6265bis §5.7). Cookies for every host stay; no server can have set them.
    pub fn extract<'a>(&mut self, url: &Url, lines: impl IntoIterator<Item = &'a [u8]>, now: SystemTime) {
        let mut lines = lines.into_iter().peekable();
        if lines.peek().is_none() {
            return;
        }
        let origin = Origin::of(url);
        for cookie in lines.filter_map(|line| SetCookie::parse(line, now)?.accept(&origin)) {
            // RFC 6265bis §5.7: an insecure origin neither replaces nor hides nor deletes a Secure cookie.
            if !origin.is_secure && self.cookies().any(|other| other.is_protected_from(&cookie)) {
                continue;
            }
            if cookie.is_expired(now) {
                self.remove(|other| other.is_same(&cookie));
            } else {
                self.put(cookie);
            }
        }
        self.remove_expired(now);
        self.evict();
    }

    /// The value of the Cookie header of a request for `url` at `now`; `None` if no cookie belongs there. Longer paths
    /// come first, then older cookies (D10).
    pub fn header(&self, url: &Url, now: SystemTime) -> Option<Bytes> {
        if self.is_empty() {
            return None;
        }
        let origin = Origin::of(url);
        let mut cookies = Vec::new();
        domain::for_each_key(&origin.host, |key| {
            let of_domain = self.by_domain.get(key).into_iter().flatten();
            cookies.extend(of_domain.filter(|cookie| {
                path::matches(&origin.path, &cookie.path)
                    && (origin.is_secure || !cookie.secure)
                    && !cookie.is_expired(now)
            }));
        });
        cookies.sort_unstable_by_key(|cookie| (Reverse(cookie.path.len()), cookie.number));
        Counter::CookiesSent.add(cookies.len());
        let mut header = Vec::new();
        for cookie in cookies {
            if !header.is_empty() {
                header.extend_from_slice(b"; ");
            }
            header.extend_from_slice(&cookie.name);
            if let Some(value) = &cookie.value {
                header.push(b'=');
                header.extend_from_slice(value);
            }
        }
        // The user's values may have spaces around them; a header's value may not (RFC 9110 §5.5).
        let header = header.trim_ascii();
        (!header.is_empty()).then(|| Bytes::copy_from_slice(header))
    }

    /// Removes the cookies that have expired at `now`. They are not sent anyway.
    pub fn remove_expired(&mut self, now: SystemTime) {
        self.remove(|cookie| cookie.is_expired(now));
    }

    /// In any order.
    fn cookies(&self) -> impl Iterator<Item = &Cookie> {
        self.by_domain.values().flatten()
    }

    fn put(&mut self, mut cookie: Cookie) {
        Counter::CookiesStored.count();
        self.revision += 1;
        let of_domain = self.by_domain.entry(cookie.domain.clone()).or_default();
        match of_domain.iter_mut().find(|other| other.is_same(&cookie)) {
            Some(other) => {
                cookie.number = other.number;
                *other = cookie;
            }
            None => {
                cookie.number = self.next_number;
                self.next_number += 1;
                of_domain.push(cookie);
            }
        }
    }

    /// Removes what is `unwanted` and returns how much that was.
    fn remove(&mut self, unwanted: impl Fn(&Cookie) -> bool) -> usize {
        let mut removed = 0;
        self.by_domain.retain(|_, cookies| {
            let before = cookies.len();
            cookies.retain(|cookie| !unwanted(cookie));
            removed += before - cookies.len();
            !cookies.is_empty()
        });
        self.revision += u64::from(removed > 0);
        removed
    }

    fn evict(&mut self) {
        if self.len() <= LIMIT_PER_SITE {
            return;
        }
        let mut sites: HashMap<&str, usize> = HashMap::new();
        for (domain, cookies) in &self.by_domain {
            *sites.entry(domain::site(domain)).or_default() += cookies.len();
        }
        sites.retain(|_, count| *count > LIMIT_PER_SITE);
        let crowded: Vec<String> = sites.into_keys().map(str::to_owned).collect();
        for site in crowded {
            self.evict_from(|domain| domain::site(domain) == site, LIMIT_PER_SITE);
        }
        self.evict_from(|_| true, LIMIT);
    }

    fn evict_from(&mut self, has_crowd: impl Fn(&str) -> bool, limit: usize) {
        let crowd = self.by_domain.iter().filter(|(domain, _)| !domain.is_empty() && has_crowd(domain));
        let mut ranks: Vec<_> = crowd.flat_map(|(_, cookies)| cookies).map(Cookie::eviction_rank).collect();
        let Some(last) = ranks.len().checked_sub(limit + 1) else {
            return;
        };
        let last = *ranks.select_nth_unstable(last).1;
        self.remove(|cookie| cookie.eviction_rank() <= last && !cookie.domain.is_empty() && has_crowd(&cookie.domain));
    }
}

/// What `get`, `delete` and `clear` are asked for beside a name.
struct Filter {
    /// `Some(None)` is a domain that no cookie can have.
    domain: Option<Option<String>>,
    path: Option<String>,
}

impl Filter {
    fn new(domain: Option<&str>, path: Option<&str>) -> Filter {
        Filter {
            domain: domain.map(|domain| domain::canonical(domain::meant(domain)).ok()),
            path: path.map(path::canonical),
        }
    }

    fn accepts(&self, cookie: &Cookie) -> bool {
        self.domain.as_ref().is_none_or(|domain| domain.as_ref() == Some(&cookie.domain))
            && self.path.as_ref().is_none_or(|path| *path == cookie.path)
    }
}

/// Without values: they are secrets (D06).
impl fmt::Debug for Cookies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cookies")?;
        f.debug_list().entries(self.iter()).finish()
    }
}
