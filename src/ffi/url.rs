//! The URL handle.

use std::borrow::Cow;
use std::ffi::c_char;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use super::codes::{httpx_code, HTTPX_DONE, HTTPX_OK};
use super::error::httpx_error;
use super::handle::{another_owner, share, unshare, Handle, Kind};
use super::kit::{borrow, guard, guard_ok, guard_or, set_if_wanted, text, Out};
use super::query_params::httpx_query_params;
use super::text::Text;
use super::url_parts::{
    HTTPX_URL_FRAGMENT, HTTPX_URL_HOST, HTTPX_URL_PATH, HTTPX_URL_QUERY, HTTPX_URL_SCHEME, HTTPX_URL_USERINFO,
};
use crate::error::Result;
use crate::httpx::Url;

/// A URL, absolute or relative, normalised. Immutable; any thread may use it.
pub struct httpx_url {
    url: Url,
    texts: [Text; PARTS],
}

/// What of it is text.
#[derive(Clone, Copy)]
enum Part {
    Whole,
    Masked,
    Scheme,
    Authority,
    Userinfo,
    Username,
    Password,
    Host,
    RawHost,
    Netloc,
    Path,
    Query,
    RawPath,
    Fragment,
    PathComponent,
    FragmentComponent,
}

const PARTS: usize = 16;

impl Part {
    fn of(self, url: &Url) -> Cow<'_, str> {
        match self {
            Part::Whole => url.as_str().into(),
            Part::Masked => url.masked(),
            Part::Scheme => url.scheme().into(),
            Part::Authority => url.authority().into(),
            Part::Userinfo => url.userinfo().into(),
            Part::Username => url.username(),
            Part::Password => url.password(),
            Part::Host => url.host(),
            Part::RawHost => url.raw_host().into(),
            Part::Netloc => url.netloc().into(),
            Part::Path => url.path(),
            Part::Query => url.query().into(),
            Part::RawPath => url.raw_path(),
            Part::Fragment => url.fragment(),
            Part::PathComponent => url.encoded_path().into(),
            Part::FragmentComponent => url.fragment_component().unwrap_or_default().into(),
        }
    }
}

impl Handle for httpx_url {
    const KIND: Kind = Kind::Url;
}

impl httpx_url {
    /// A handle for C.
    pub(super) fn give(url: Url) -> *mut httpx_url {
        share(Arc::new(httpx_url { url, texts: Default::default() }))
    }

    /// What it is the handle of.
    pub(super) fn url(&self) -> &Url {
        &self.url
    }
}

/// Parses a URL of at most 65,536 characters, UTF-8. It may be relative: "/path?query", "". What it may not contain is
/// escaped, escapes that are there stay; scheme and host become lower case, international host names Punycode, and the
/// scheme's default port goes.
///
/// HTTPX_E_INVALID_URL for what is none. `*out` is owned by the caller, who frees it with httpx_url_free.
#[no_mangle]
pub unsafe extern "C" fn httpx_url_parse(
    url: *const c_char,
    len: usize,
    out: *mut *mut httpx_url,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for pointers and length.
        let (url, out) = unsafe { (text(url, len, "url")?, Out::new(out, "out")?) };
        out.set(httpx_url::give(Url::parse(url)?));
        Ok(())
    })
}

/// Adds an owner; returns `u`. NULL for NULL.
#[no_mangle]
pub unsafe extern "C" fn httpx_url_clone(u: *mut httpx_url) -> *mut httpx_url {
    guard_or(std::ptr::null_mut(), || match u.is_null() {
        true => std::ptr::null_mut(),
        // SAFETY: a live handle.
        false => share(unsafe { another_owner(u) }),
    })
}

/// Ends an ownership. NULL is fine.
#[no_mangle]
pub unsafe extern "C" fn httpx_url_free(u: *mut httpx_url) {
    // SAFETY: a live handle or NULL, not used again by this owner.
    guard_or((), || drop(unsafe { unshare(u) }));
}

/// The whole URL as it goes on the wire: ASCII, with its password. `len` may be NULL, here and below. Borrowed from `u`;
/// NULL if `u` is NULL.
#[no_mangle]
pub unsafe extern "C" fn httpx_url_str(u: *const httpx_url, len: *mut usize) -> *const c_char {
    // SAFETY: the caller vouches for both.
    unsafe { give_text(u, len, Part::Whole) }
}

/// The whole URL with "[secure]" in the place of its password, if it has one: for logs and messages. Borrowed from `u`;
/// NULL if `u` is NULL.
#[no_mangle]
pub unsafe extern "C" fn httpx_url_masked(u: *const httpx_url, len: *mut usize) -> *const c_char {
    // SAFETY: the caller vouches for both.
    unsafe { give_text(u, len, Part::Masked) }
}

/// The scheme in lower case, without the colon; "" if there is none. Borrowed from `u`; NULL if `u` is NULL.
#[no_mangle]
pub unsafe extern "C" fn httpx_url_scheme(u: *const httpx_url, len: *mut usize) -> *const c_char {
    // SAFETY: the caller vouches for both.
    unsafe { give_text(u, len, Part::Scheme) }
}

/// The authority, "userinfo@host:port", escaped; "" if there is none. Borrowed from `u`; NULL if `u` is NULL.
#[no_mangle]
pub unsafe extern "C" fn httpx_url_authority(u: *const httpx_url, len: *mut usize) -> *const c_char {
    // SAFETY: the caller vouches for both.
    unsafe { give_text(u, len, Part::Authority) }
}

/// Username and password, escaped: "jo%40email.com:a%20secret". "" if there are none. Borrowed from `u`; NULL if `u` is
/// NULL.
#[no_mangle]
pub unsafe extern "C" fn httpx_url_userinfo(u: *const httpx_url, len: *mut usize) -> *const c_char {
    // SAFETY: the caller vouches for both.
    unsafe { give_text(u, len, Part::Userinfo) }
}

/// The username without escapes, UTF-8: "jo@email.com". "" if there is none. Borrowed from `u`; NULL if `u` is NULL.
#[no_mangle]
pub unsafe extern "C" fn httpx_url_username(u: *const httpx_url, len: *mut usize) -> *const c_char {
    // SAFETY: the caller vouches for both.
    unsafe { give_text(u, len, Part::Username) }
}

/// The password without escapes, UTF-8: "a secret". "" if there is none. Borrowed from `u`; NULL if `u` is NULL.
#[no_mangle]
pub unsafe extern "C" fn httpx_url_password(u: *const httpx_url, len: *mut usize) -> *const c_char {
    // SAFETY: the caller vouches for both.
    unsafe { give_text(u, len, Part::Password) }
}

/// The host for people, UTF-8: international names are not in Punycode, IPv6 addresses without brackets. "" if there is
/// none. Borrowed from `u`; NULL if `u` is NULL.
#[no_mangle]
pub unsafe extern "C" fn httpx_url_host(u: *const httpx_url, len: *mut usize) -> *const c_char {
    // SAFETY: the caller vouches for both.
    unsafe { give_text(u, len, Part::Host) }
}

/// The host in ASCII, IPv6 addresses without brackets; "" if there is none. Borrowed from `u`; NULL if `u` is NULL.
#[no_mangle]
pub unsafe extern "C" fn httpx_url_raw_host(u: *const httpx_url, len: *mut usize) -> *const c_char {
    // SAFETY: the caller vouches for both.
    unsafe { give_text(u, len, Part::RawHost) }
}

/// The port; HTTPX_DONE, and 0, if there is none or the scheme's default one. `port` may be NULL.
#[no_mangle]
pub unsafe extern "C" fn httpx_url_port(u: *const httpx_url, port: *mut u16, err: *mut *mut httpx_error) -> httpx_code {
    guard(err, || {
        // SAFETY: the caller vouches for it.
        let given = unsafe { borrow(u, "u") }?.url.port();
        // SAFETY: NULL or writable.
        unsafe { set_if_wanted(port, given.unwrap_or(0)) };
        Ok(if given.is_some() { HTTPX_OK } else { HTTPX_DONE })
    })
}

/// "host" or "host:port" in ASCII, IPv6 addresses in brackets; "" if there is none. Borrowed from `u`; NULL if `u` is
/// NULL.
#[no_mangle]
pub unsafe extern "C" fn httpx_url_netloc(u: *const httpx_url, len: *mut usize) -> *const c_char {
    // SAFETY: the caller vouches for both.
    unsafe { give_text(u, len, Part::Netloc) }
}

/// The path without escapes, UTF-8; "/" if there is none. Borrowed from `u`; NULL if `u` is NULL.
#[no_mangle]
pub unsafe extern "C" fn httpx_url_path(u: *const httpx_url, len: *mut usize) -> *const c_char {
    // SAFETY: the caller vouches for both.
    unsafe { give_text(u, len, Part::Path) }
}

/// The query, escaped, without the "?"; "" if there is none. Borrowed from `u`; NULL if `u` is NULL.
#[no_mangle]
pub unsafe extern "C" fn httpx_url_query(u: *const httpx_url, len: *mut usize) -> *const c_char {
    // SAFETY: the caller vouches for both.
    unsafe { give_text(u, len, Part::Query) }
}

/// The path and, if there is one, "?" and the query, escaped: what a request is sent for. Borrowed from `u`; NULL if `u`
/// is NULL.
#[no_mangle]
pub unsafe extern "C" fn httpx_url_raw_path(u: *const httpx_url, len: *mut usize) -> *const c_char {
    // SAFETY: the caller vouches for both.
    unsafe { give_text(u, len, Part::RawPath) }
}

/// The fragment without escapes, UTF-8, without the "#"; "" if there is none. Borrowed from `u`; NULL if `u` is NULL.
#[no_mangle]
pub unsafe extern "C" fn httpx_url_fragment(u: *const httpx_url, len: *mut usize) -> *const c_char {
    // SAFETY: the caller vouches for both.
    unsafe { give_text(u, len, Part::Fragment) }
}

/// # Safety
/// `u` is NULL or a live handle, `len` NULL or writable.
unsafe fn give_text(u: *const httpx_url, len: *mut usize, part: Part) -> *const c_char {
    guard_or(std::ptr::null(), || {
        // SAFETY: the caller vouches for both.
        let given = unsafe { u.as_ref() }.map(|u| u.texts[part as usize].get(|| part.of(&u.url).into_owned()));
        let (text, length) = given.unwrap_or((std::ptr::null(), 0));
        unsafe { set_if_wanted(len, length) };
        text
    })
}

/// A component as it stands in the URL, escaped: `component` is HTTPX_URL_SCHEME, HTTPX_URL_USERINFO, HTTPX_URL_HOST (in
/// ASCII, without brackets), HTTPX_URL_PATH (which may be empty), HTTPX_URL_QUERY or HTTPX_URL_FRAGMENT. Borrowed from
/// `u`; NULL for a query or fragment that the URL does not have, for another number, and if `u` is NULL.
#[no_mangle]
pub unsafe extern "C" fn httpx_url_component(u: *const httpx_url, component: i32, len: *mut usize) -> *const c_char {
    // SAFETY: the caller vouches for it.
    let url = unsafe { u.as_ref() }.map(|u| &u.url);
    let part = match component {
        HTTPX_URL_SCHEME => Part::Scheme,
        HTTPX_URL_USERINFO => Part::Userinfo,
        HTTPX_URL_HOST => Part::RawHost,
        HTTPX_URL_PATH => Part::PathComponent,
        HTTPX_URL_QUERY if url.is_some_and(|url| url.query_component().is_some()) => Part::Query,
        HTTPX_URL_FRAGMENT if url.is_some_and(|url| url.fragment_component().is_some()) => Part::FragmentComponent,
        _ => return std::ptr::null(),
    };
    // SAFETY: the caller vouches for both.
    unsafe { give_text(u, len, part) }
}

/// Whether the scheme is https or wss: 1 or 0. 0 if `u` is NULL.
#[no_mangle]
pub unsafe extern "C" fn httpx_url_is_ssl(u: *const httpx_url) -> i32 {
    // SAFETY: the caller vouches for it.
    guard_or(0, || i32::from(unsafe { u.as_ref() }.is_some_and(|u| u.url.is_ssl())))
}

/// Whether there are a scheme and a host: 1 or 0. "mailto:a@b" and "//host/x" are not absolute. 0 if `u` is NULL.
#[no_mangle]
pub unsafe extern "C" fn httpx_url_is_absolute_url(u: *const httpx_url) -> i32 {
    // SAFETY: the caller vouches for it.
    guard_or(0, || i32::from(unsafe { u.as_ref() }.is_some_and(|u| u.url.is_absolute())))
}

/// The opposite of httpx_url_is_absolute_url; 0 if `u` is NULL, too.
#[no_mangle]
pub unsafe extern "C" fn httpx_url_is_relative_url(u: *const httpx_url) -> i32 {
    // SAFETY: the caller vouches for it.
    guard_or(0, || i32::from(unsafe { u.as_ref() }.is_some_and(|u| u.url.is_relative())))
}

/// The parameters of the query. `*out` is owned by the caller, who frees it with httpx_query_params_free.
#[no_mangle]
pub unsafe extern "C" fn httpx_url_params(
    u: *const httpx_url,
    out: *mut *mut httpx_query_params,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for the pointers.
        let (u, out) = unsafe { (borrow(u, "u")?, Out::new(out, "out")?) };
        out.set(httpx_query_params::give(u.url.params()));
        Ok(())
    })
}

/// Resolves a reference, such as the value of a Location header, against this URL (RFC 3986 section 5.2).
/// HTTPX_E_INVALID_URL for what is none. `*out` is owned by the caller, here and below, who frees it with
/// httpx_url_free.
#[no_mangle]
pub unsafe extern "C" fn httpx_url_join(
    u: *const httpx_url,
    reference: *const c_char,
    len: usize,
    out: *mut *mut httpx_url,
    err: *mut *mut httpx_error,
) -> httpx_code {
    // SAFETY: the caller vouches for pointers and length.
    unsafe { give_changed(u, out, err, |url| url.join(text(reference, len, "reference")?)) }
}

/// This URL with a parameter (UTF-8, escaped as needed) in the place of all with that key.
#[no_mangle]
pub unsafe extern "C" fn httpx_url_copy_set_param(
    u: *const httpx_url,
    key: *const c_char,
    key_len: usize,
    value: *const c_char,
    value_len: usize,
    out: *mut *mut httpx_url,
    err: *mut *mut httpx_error,
) -> httpx_code {
    // SAFETY: the caller vouches for pointers and lengths.
    let copy = |url: &Url| unsafe { url.copy_set_param(text(key, key_len, "key")?, text(value, value_len, "value")?) };
    // SAFETY: as above.
    unsafe { give_changed(u, out, err, copy) }
}

/// This URL with one more parameter, behind the others with that key.
#[no_mangle]
pub unsafe extern "C" fn httpx_url_copy_add_param(
    u: *const httpx_url,
    key: *const c_char,
    key_len: usize,
    value: *const c_char,
    value_len: usize,
    out: *mut *mut httpx_url,
    err: *mut *mut httpx_error,
) -> httpx_code {
    // SAFETY: the caller vouches for pointers and lengths.
    let copy = |url: &Url| unsafe { url.copy_add_param(text(key, key_len, "key")?, text(value, value_len, "value")?) };
    // SAFETY: as above.
    unsafe { give_changed(u, out, err, copy) }
}

/// This URL without the parameters with that key, of which there may be none. With the last one, the "?" goes, too.
#[no_mangle]
pub unsafe extern "C" fn httpx_url_copy_remove_param(
    u: *const httpx_url,
    key: *const c_char,
    key_len: usize,
    out: *mut *mut httpx_url,
    err: *mut *mut httpx_error,
) -> httpx_code {
    // SAFETY: the caller vouches for pointers and length.
    unsafe { give_changed(u, out, err, |url| url.copy_remove_param(text(key, key_len, "key")?)) }
}

/// This URL with these parameters, in the place of those with the same keys.
#[no_mangle]
pub unsafe extern "C" fn httpx_url_copy_merge_params(
    u: *const httpx_url,
    params: *const httpx_query_params,
    out: *mut *mut httpx_url,
    err: *mut *mut httpx_error,
) -> httpx_code {
    // SAFETY: the caller vouches for the pointers.
    unsafe { give_changed(u, out, err, |url| url.copy_merge_params(borrow(params, "params")?.params())) }
}

/// # Safety
/// `u` is NULL or a live handle, `out` and `err` NULL or writable.
pub(super) unsafe fn give_changed(
    u: *const httpx_url,
    out: *mut *mut httpx_url,
    err: *mut *mut httpx_error,
    copy: impl FnOnce(&Url) -> Result<Url>,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for the pointers.
        let (u, out) = unsafe { (borrow(u, "u")?, Out::new(out, "out")?) };
        out.set(httpx_url::give(copy(&u.url)?));
        Ok(())
    })
}

/// Whether two URLs have the same text, once normalised: 1 or 0. "http://h" is not "http://h/". NULL equals nothing.
#[no_mangle]
pub unsafe extern "C" fn httpx_url_equal(u: *const httpx_url, other: *const httpx_url) -> i32 {
    // SAFETY: the caller vouches for both.
    let pair = || unsafe { Some((u.as_ref()?, other.as_ref()?)) };
    guard_or(0, || i32::from(pair().is_some_and(|(u, other)| u.url == other.url)))
}

/// A number that is the same for equal URLs, as long as the process lives. 0 if `u` is NULL.
#[no_mangle]
pub unsafe extern "C" fn httpx_url_hash(u: *const httpx_url) -> u64 {
    // SAFETY: the caller vouches for it.
    guard_or(0, || unsafe { u.as_ref() }.map_or(0, |u| hash_of(&u.url)))
}

/// For tables in any language.
pub(super) fn hash_of(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
