//! The handles of URL patterns, and of what the environment says of proxies.

use std::ffi::c_char;
use std::sync::Arc;

use super::codes::httpx_code;
use super::error::httpx_error;
use super::handle::{another_owner, give, share, take_back, unshare, Handle, Kind};
use super::kit::{borrow, guard_ok, guard_or, set_if_wanted, text, Out};
use super::text::{Fields, Text};
use super::url::{hash_of, httpx_url};
use crate::error::{Code, Error};
use crate::httpx::{proxy_environment, UrlPattern};
use crate::runtime::{environment_variable, generation};

/// A pattern of URLs, as mounts and proxies have. Immutable; any thread may use it.
pub struct httpx_url_pattern {
    pattern: UrlPattern,
    text: Text,
}

impl Handle for httpx_url_pattern {
    const KIND: Kind = Kind::UrlPattern;
}

/// Reads a pattern: "all://", "https://example.com:8080", "all://10.0.0.0/8". "*.example.com" as the host stands for all
/// below it, "*example.com" for that host, too.
///
/// HTTPX_E_INVALID_ARGUMENT for a scheme without a colon, else HTTPX_E_INVALID_URL. `*out` is owned by the caller, who
/// frees it with httpx_url_pattern_free.
#[no_mangle]
pub unsafe extern "C" fn httpx_url_pattern_new(
    pattern: *const c_char,
    len: usize,
    out: *mut *mut httpx_url_pattern,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for pointers and length.
        let (pattern, out) = unsafe { (text(pattern, len, "pattern")?, Out::new(out, "out")?) };
        out.set(share(Arc::new(httpx_url_pattern { pattern: UrlPattern::parse(pattern)?, text: Text::default() })));
        Ok(())
    })
}

/// Adds an owner; returns `p`. NULL for NULL.
#[no_mangle]
pub unsafe extern "C" fn httpx_url_pattern_clone(p: *mut httpx_url_pattern) -> *mut httpx_url_pattern {
    guard_or(std::ptr::null_mut(), || match p.is_null() {
        true => std::ptr::null_mut(),
        // SAFETY: a live handle.
        false => share(unsafe { another_owner(p) }),
    })
}

/// Ends an ownership. NULL is fine.
#[no_mangle]
pub unsafe extern "C" fn httpx_url_pattern_free(p: *mut httpx_url_pattern) {
    // SAFETY: a live handle or NULL, not used again by this owner.
    guard_or((), || drop(unsafe { unshare(p) }));
}

/// The pattern as it was given. `len` may be NULL. Borrowed from `p`; NULL if `p` is NULL.
#[no_mangle]
pub unsafe extern "C" fn httpx_url_pattern_str(p: *const httpx_url_pattern, len: *mut usize) -> *const c_char {
    guard_or(std::ptr::null(), || {
        // SAFETY: the caller vouches for both.
        let text = unsafe { p.as_ref() }.map(|p| p.text.get(|| p.pattern.as_str()));
        let (text, length) = text.unwrap_or((std::ptr::null(), 0));
        unsafe { set_if_wanted(len, length) };
        text
    })
}

/// Whether a URL is one of those that the pattern stands for: 1 or 0. 0 if either is NULL.
#[no_mangle]
pub unsafe extern "C" fn httpx_url_pattern_matches(p: *const httpx_url_pattern, u: *const httpx_url) -> i32 {
    // SAFETY: the caller vouches for both.
    let pair = || unsafe { Some((p.as_ref()?, u.as_ref()?)) };
    guard_or(0, || i32::from(pair().is_some_and(|(p, u)| p.pattern.matches(u.url()))))
}

/// The order in which patterns are tried, for sorting: -1 if `p` comes before `other` since it says more, 1 if it comes
/// behind, 0 if their order does not matter. 0 if either is NULL.
#[no_mangle]
pub unsafe extern "C" fn httpx_url_pattern_compare(
    p: *const httpx_url_pattern,
    other: *const httpx_url_pattern,
) -> i32 {
    // SAFETY: the caller vouches for both.
    let pair = || unsafe { Some((p.as_ref()?, other.as_ref()?)) };
    guard_or(0, || pair().map_or(0, |(p, other)| p.pattern.priority().cmp(&other.pattern.priority()) as i32))
}

/// Whether two patterns have the same text: 1 or 0. NULL equals nothing.
#[no_mangle]
pub unsafe extern "C" fn httpx_url_pattern_equal(p: *const httpx_url_pattern, other: *const httpx_url_pattern) -> i32 {
    // SAFETY: the caller vouches for both.
    let pair = || unsafe { Some((p.as_ref()?, other.as_ref()?)) };
    guard_or(0, || i32::from(pair().is_some_and(|(p, other)| p.pattern == other.pattern)))
}

/// A number that is the same for equal patterns, as long as the process lives. 0 if `p` is NULL.
#[no_mangle]
pub unsafe extern "C" fn httpx_url_pattern_hash(p: *const httpx_url_pattern) -> u64 {
    // SAFETY: the caller vouches for it.
    guard_or(0, || unsafe { p.as_ref() }.map_or(0, |p| hash_of(&p.pattern)))
}

/// Proxies by URL pattern, as the environment said when somebody asked. Nothing of it changes, and any thread may read
/// it.
pub struct httpx_proxy_map {
    /// Of each its pattern and its URL.
    texts: Fields,
    /// Whether there is one.
    proxied: Vec<bool>,
}

impl Handle for httpx_proxy_map {
    const KIND: Kind = Kind::ProxyMap;
}

/// What the environment says of proxies (HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY), as a client that trusts it sees
/// it. HTTPX_E_INVALID_UTF8 for a URL that is not UTF-8.
///
/// `*out` is owned by the caller, who frees it with httpx_proxy_map_free.
#[no_mangle]
pub unsafe extern "C" fn httpx_environment_proxies(
    out: *mut *mut httpx_proxy_map,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for it.
        let out = unsafe { Out::new(out, "out") }?;
        let routes = proxy_environment(&environment_variable)?;
        let pair = |(pattern, url): &'_ (UrlPattern, Option<String>)| {
            (pattern.as_str().to_owned(), url.clone().unwrap_or_default())
        };
        let pairs: Vec<_> = routes.iter().map(pair).collect();
        let texts = Fields::new(pairs.iter().map(|(pattern, url)| (pattern.as_bytes(), url.as_bytes())));
        let proxied = routes.iter().map(|(_, url)| url.is_some()).collect();
        out.set(give(httpx_proxy_map { texts, proxied }));
        Ok(())
    })
}

/// Frees it. NULL is fine.
#[no_mangle]
pub unsafe extern "C" fn httpx_proxy_map_free(m: *mut httpx_proxy_map) {
    // SAFETY: a live handle or NULL, not used again.
    guard_or((), || unsafe { take_back(m, |_| generation()) });
}

/// How many patterns there are; 0 if `m` is NULL.
#[no_mangle]
pub unsafe extern "C" fn httpx_proxy_map_count(m: *const httpx_proxy_map) -> usize {
    // SAFETY: the caller vouches for it.
    guard_or(0, || unsafe { m.as_ref() }.map_or(0, |m| m.texts.len()))
}

/// The pattern at `index`, and the URL of its proxy; (NULL, 0) where what matches goes to no proxy. Each place may be
/// NULL. The strings are borrowed from `m`. HTTPX_E_NOT_FOUND for an index that is too high.
#[no_mangle]
pub unsafe extern "C" fn httpx_proxy_map_at(
    m: *const httpx_proxy_map,
    index: usize,
    pattern: *mut *const c_char,
    pattern_len: *mut usize,
    url: *mut *const c_char,
    url_len: *mut usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for it.
        let m = unsafe { borrow(m, "m") }?;
        let missing = || Error::new(Code::NOT_FOUND, format!("there is no proxy {index}"));
        let (of, proxy) = m.texts.get(index).ok_or_else(missing)?;
        let place = if m.proxied[index] { proxy.as_ptr().cast() } else { std::ptr::null() };
        // SAFETY: the caller vouches for the places.
        unsafe {
            set_if_wanted(pattern, of.as_ptr().cast());
            set_if_wanted(pattern_len, of.len());
            set_if_wanted(url, place);
            set_if_wanted(url_len, proxy.len());
        }
        Ok(())
    })
}
