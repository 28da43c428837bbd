//! The cookies handle.

use std::ffi::c_char;
use std::sync::Arc;
use std::time::SystemTime;

use super::client::httpx_client;
use super::codes::{httpx_code, HTTPX_DONE, HTTPX_OK};
use super::error::httpx_error;
use super::handle::{give, take_back, Handle, Inherited, Kind, Slot};
use super::kit::{borrow, bytes, guard, guard_ok, guard_or, optional_text, set_if_wanted, short_bytes, text, Out};
use super::request::httpx_request;
use super::response::httpx_response;
use super::text::Copies;
use crate::error::{Code, Error, Result};
use crate::httpx::{Attributes, Client, Cookie, Cookies, SameSite};

/// A cookie without a SameSite attribute.
pub const HTTPX_SAME_SITE_UNSET: i32 = 0;
/// SameSite=None. What SameSite says is told, and nothing here depends on it.
pub const HTTPX_SAME_SITE_NONE: i32 = 1;
/// SameSite=Lax.
pub const HTTPX_SAME_SITE_LAX: i32 = 2;
/// SameSite=Strict.
pub const HTTPX_SAME_SITE_STRICT: i32 = 3;

/// A set of cookies, with their domains and paths. One thread at a time.
pub struct httpx_cookies {
    slot: Arc<Slot<Jar>>,
}

struct Jar {
    place: Place,
    /// What C looks at, and of which revision of the set it is.
    copies: Copies,
    copied: u64,
}

/// Where a set is kept.
enum Place {
    Here(Cookies),
    Client(Arc<Client>),
}

impl Handle for httpx_cookies {
    const KIND: Kind = Kind::Cookies;
}

impl Inherited for Jar {
    fn is_only_memory(&self) -> bool {
        true
    }
}

impl Jar {
    /// Uses the set, and the copies of what is in it now.
    fn with<T>(&mut self, action: impl FnOnce(&mut Cookies, &mut Copies) -> T) -> T {
        let mut locked;
        let cookies = match &mut self.place {
            Place::Here(cookies) => cookies,
            Place::Client(client) => {
                locked = client.cookies();
                &mut *locked
            }
        };
        if self.copied != cookies.revision() {
            self.copied = cookies.revision();
            self.copies.clear();
        }
        action(cookies, &mut self.copies)
    }
}

impl httpx_cookies {
    pub(super) fn give(cookies: Cookies) -> *mut httpx_cookies {
        httpx_cookies::at(Place::Here(cookies))
    }

    fn at(place: Place) -> *mut httpx_cookies {
        give(httpx_cookies { slot: Slot::new(Jar { place, copies: Copies::default(), copied: 0 }) })
    }

    fn with<T>(&self, action: impl FnOnce(&mut Cookies, &mut Copies) -> T) -> Result<T> {
        Ok(self.slot.lend()?.with(action))
    }

    /// Changes the set; what C was given before is gone at the next call.
    fn change(&self, change: impl FnOnce(&mut Cookies) -> Result<()>) -> Result<()> {
        self.with(|cookies, _| change(cookies))?
    }

    /// A copy of what is in it now.
    pub(super) fn copied(&self) -> Result<Cookies> {
        self.with(|cookies, _| cookies.clone())
    }
}

/// Makes an empty set. `*out` is owned by the caller, who frees it with httpx_cookies_free.
#[no_mangle]
pub unsafe extern "C" fn httpx_cookies_new(out: *mut *mut httpx_cookies, err: *mut *mut httpx_error) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for it.
        unsafe { Out::new(out, "out") }?.set(httpx_cookies::give(Cookies::default()));
        Ok(())
    })
}

/// Copies a set. `*out` is owned by the caller.
#[no_mangle]
pub unsafe extern "C" fn httpx_cookies_copy(
    cookies: *mut httpx_cookies,
    out: *mut *mut httpx_cookies,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for the pointers.
        let (cookies, out) = unsafe { (borrow(cookies, "cookies")?, Out::new(out, "out")?) };
        out.set(httpx_cookies::give(cookies.copied()?));
        Ok(())
    })
}

/// Frees a set. NULL is fine.
#[no_mangle]
pub unsafe extern "C" fn httpx_cookies_free(cookies: *mut httpx_cookies) {
    // SAFETY: a live handle or NULL, not used again.
    guard_or((), || unsafe { take_back(cookies, |cookies| cookies.slot.generation()) });
}

/// Puts a cookie in, in the place of one with the same name, domain and path. The domain "" is every host, "h" only that
/// host, ".h" also every host below it; the path "" is "/".
///
/// HTTPX_E_INVALID_ARGUMENT for what could not be a cookie.
#[no_mangle]
pub unsafe extern "C" fn httpx_cookies_set(
    cookies: *mut httpx_cookies,
    name: *const c_char,
    name_len: usize,
    value: *const u8,
    value_len: usize,
    domain: *const c_char,
    domain_len: usize,
    cookie_path: *const c_char,
    path_len: usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for pointers and lengths.
        let (cookies, name, value, domain, path) = unsafe {
            (
                borrow(cookies, "cookies")?,
                text(name, name_len, "name")?,
                short_bytes(value, value_len, "value")?,
                text(domain, domain_len, "domain")?,
                text(cookie_path, path_len, "path")?,
            )
        };
        cookies.change(|cookies| cookies.set(name, value, domain, if path.is_empty() { "/" } else { path }))
    })
}

/// The same for a cookie with attributes, as httpx_cookies_attributes_at tells them: `secure` and `http_only` are 1 or 0,
/// `same_site` is a HTTPX_SAME_SITE_ value, `expires` seconds since 1970, or -1 for a cookie that lives as long as the set.
#[no_mangle]
pub unsafe extern "C" fn httpx_cookies_add(
    cookies: *mut httpx_cookies,
    name: *const c_char,
    name_len: usize,
    value: *const u8,
    value_len: usize,
    domain: *const c_char,
    domain_len: usize,
    cookie_path: *const c_char,
    path_len: usize,
    secure: i32,
    http_only: i32,
    same_site: i32,
    expires: i64,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for pointers and lengths.
        let (cookies, name, value, domain, path) = unsafe {
            (
                borrow(cookies, "cookies")?,
                text(name, name_len, "name")?,
                short_bytes(value, value_len, "value")?,
                text(domain, domain_len, "domain")?,
                text(cookie_path, path_len, "path")?,
            )
        };
        let attributes = attributes(secure, http_only, same_site, expires)?;
        let path = if path.is_empty() { "/" } else { path };
        cookies.change(|cookies| cookies.set_with(name, value, domain, path, attributes))
    })
}

fn attributes(secure: i32, http_only: i32, same_site: i32, expires: i64) -> Result<Attributes> {
    let same_site = match same_site {
        HTTPX_SAME_SITE_UNSET => None,
        HTTPX_SAME_SITE_NONE => Some(SameSite::None),
        HTTPX_SAME_SITE_LAX => Some(SameSite::Lax),
        HTTPX_SAME_SITE_STRICT => Some(SameSite::Strict),
        other => return Err(Error::new(Code::INVALID_ARGUMENT, format!("there is no HTTPX_SAME_SITE_ value {other}"))),
    };
    let expires = (expires >= 0).then_some(expires);
    Ok(Attributes { secure: secure != 0, http_only: http_only != 0, same_site, expires })
}

/// The value of a cookie, borrowed from `cookies` until the set changes. A `domain` or `path` that is (NULL, 0) is any.
/// The places may be NULL. HTTPX_DONE, and `*value` is NULL, if there is none; HTTPX_E_COOKIE_CONFLICT if there are
/// several.
#[no_mangle]
pub unsafe extern "C" fn httpx_cookies_get(
    cookies: *mut httpx_cookies,
    name: *const c_char,
    name_len: usize,
    domain: *const c_char,
    domain_len: usize,
    cookie_path: *const c_char,
    path_len: usize,
    value: *mut *const u8,
    value_len: *mut usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard(err, || {
        // SAFETY: the caller vouches for pointers and lengths.
        let (cookies, name, domain, path) = unsafe {
            (
                borrow(cookies, "cookies")?,
                text(name, name_len, "name")?,
                optional_text(domain, domain_len, "domain")?,
                optional_text(cookie_path, path_len, "path")?,
            )
        };
        let found = cookies.with(|cookies, copies| -> Result<_> {
            Ok(cookies.get(name, domain, path)?.map(|value| copies.get(value)))
        })??;
        let (pointer, length) = found.unwrap_or((std::ptr::null(), 0));
        // SAFETY: NULL or writable.
        unsafe {
            set_if_wanted(value, pointer);
            set_if_wanted(value_len, length);
        }
        Ok(if found.is_some() { HTTPX_OK } else { HTTPX_DONE })
    })
}

/// Removes a cookie; with (NULL, 0) as domain and path, all of that name. HTTPX_E_NOT_FOUND if there is none with the
/// domain and path that were given.
#[no_mangle]
pub unsafe extern "C" fn httpx_cookies_delete(
    cookies: *mut httpx_cookies,
    name: *const c_char,
    name_len: usize,
    domain: *const c_char,
    domain_len: usize,
    cookie_path: *const c_char,
    path_len: usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for pointers and lengths.
        let (cookies, name, domain, path) = unsafe {
            (
                borrow(cookies, "cookies")?,
                text(name, name_len, "name")?,
                optional_text(domain, domain_len, "domain")?,
                optional_text(cookie_path, path_len, "path")?,
            )
        };
        cookies.change(|cookies| cookies.delete(name, domain, path))
    })
}

/// Removes all cookies, or those of a domain, or those of a domain and a path.
#[no_mangle]
pub unsafe extern "C" fn httpx_cookies_clear(
    cookies: *mut httpx_cookies,
    domain: *const c_char,
    domain_len: usize,
    cookie_path: *const c_char,
    path_len: usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for pointers and lengths.
        let (cookies, domain, path) = unsafe {
            (
                borrow(cookies, "cookies")?,
                optional_text(domain, domain_len, "domain")?,
                optional_text(cookie_path, path_len, "path")?,
            )
        };
        cookies.change(|cookies| cookies.clear(domain, path))
    })
}

/// How many cookies there are; 0 if `cookies` is NULL or in use.
#[no_mangle]
pub unsafe extern "C" fn httpx_cookies_count(cookies: *const httpx_cookies) -> usize {
    guard_or(0, || {
        // SAFETY: the caller vouches for it.
        let count = unsafe { cookies.as_ref() }.and_then(|cookies| cookies.with(|cookies, _| cookies.len()).ok());
        count.unwrap_or(0)
    })
}

/// The cookie at `index`, oldest first; one that was replaced keeps its place. `*value` is NULL for a cookie that was set
/// without "=". Each place may be NULL. Borrowed from `cookies` until the set changes. HTTPX_E_NOT_FOUND for an index that
/// is too high.
#[no_mangle]
pub unsafe extern "C" fn httpx_cookies_at(
    cookies: *mut httpx_cookies,
    index: usize,
    name: *mut *const u8,
    name_len: *mut usize,
    value: *mut *const u8,
    value_len: *mut usize,
    domain: *mut *const c_char,
    domain_len: *mut usize,
    cookie_path: *mut *const c_char,
    path_len: *mut usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for it.
        let cookies = unsafe { borrow(cookies, "cookies") }?;
        cookies.with(|cookies, copies| {
            let cookie = cookies.get_at(index).ok_or_else(|| no_cookie(index))?;
            for (text, place, len) in [
                (Some(&cookie.name()[..]), name, name_len),
                (cookie.value().map(|value| &value[..]), value, value_len),
                (Some(cookie.domain().as_bytes()), domain.cast(), domain_len),
                (Some(cookie.path().as_bytes()), cookie_path.cast(), path_len),
            ] {
                let (pointer, length) = text.map_or((std::ptr::null(), 0), |text| copies.get(text));
                // SAFETY: NULL or writable.
                unsafe {
                    set_if_wanted(place, pointer);
                    set_if_wanted(len, length);
                }
            }
            Ok(())
        })?
    })
}

/// The attributes of the cookie at `index`: whether it is sent to https and wss only, whether it came with HttpOnly (1 or
/// 0), its HTTPX_SAME_SITE_ value, and when it expires, in seconds since 1970, or -1 if it lives as long as the set. Each
/// place may be NULL. HTTPX_E_NOT_FOUND for an index that is too high.
#[no_mangle]
pub unsafe extern "C" fn httpx_cookies_attributes_at(
    cookies: *mut httpx_cookies,
    index: usize,
    secure: *mut i32,
    http_only: *mut i32,
    same_site: *mut i32,
    expires: *mut i64,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for it.
        let cookies = unsafe { borrow(cookies, "cookies") }?;
        let cookie = cookies.with(|cookies, _| cookies.get_at(index).cloned())?.ok_or_else(|| no_cookie(index))?;
        let end = cookie.expires_unix().map_or(-1, |seconds| i64::try_from(seconds).unwrap_or(i64::MAX));
        // SAFETY: NULL or writable.
        unsafe {
            set_if_wanted(secure, i32::from(cookie.secure()));
            set_if_wanted(http_only, i32::from(cookie.http_only()));
            set_if_wanted(same_site, same_site_of(&cookie));
            set_if_wanted(expires, end);
        }
        Ok(())
    })
}

fn no_cookie(index: usize) -> Error {
    Error::new(Code::NOT_FOUND, format!("there is no cookie {index}"))
}

fn same_site_of(cookie: &Cookie) -> i32 {
    match cookie.same_site() {
        None => HTTPX_SAME_SITE_UNSET,
        Some(SameSite::None) => HTTPX_SAME_SITE_NONE,
        Some(SameSite::Lax) => HTTPX_SAME_SITE_LAX,
        Some(SameSite::Strict) => HTTPX_SAME_SITE_STRICT,
    }
}

/// Puts all cookies of `other` in, in the place of those with the same name, domain and path.
#[no_mangle]
pub unsafe extern "C" fn httpx_cookies_update(
    cookies: *mut httpx_cookies,
    other: *mut httpx_cookies,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for the pointers.
        let (cookies, other) = unsafe { (borrow(cookies, "cookies")?, borrow(other, "other")?) };
        // A copy: it may be the same set.
        let other = other.copied()?;
        cookies.change(|cookies| {
            cookies.update(&other);
            Ok(())
        })
    })
}

/// Takes in what a response set, as a client does: cookies that its host may not set are passed over, and those that it
/// expired are removed.
#[no_mangle]
pub unsafe extern "C" fn httpx_cookies_extract(
    cookies: *mut httpx_cookies,
    r: *const httpx_response,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for the pointers.
        let (cookies, r) = unsafe { (borrow(cookies, "cookies")?, borrow(r, "r")?) };
        cookies.change(|cookies| {
            r.head().add_cookies_to(|| cookies);
            Ok(())
        })
    })
}

/// Gives a request the Cookie header with those cookies that belong to its URL, unless it has one. Nothing is added if
/// there are none.
#[no_mangle]
pub unsafe extern "C" fn httpx_cookies_set_header(
    cookies: *mut httpx_cookies,
    r: *mut httpx_request,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for the pointers.
        let (cookies, r) = unsafe { (borrow(cookies, "cookies")?, borrow(r, "r")?) };
        let cookies = cookies.copied()?;
        r.change(|request| request.add_cookies(&cookies))
    })
}

/// Adds the cookies of a cookies.txt (Netscape's format). HTTPX_E_INVALID_ARGUMENT, with the line, for what is none, and
/// then nothing is added.
#[no_mangle]
pub unsafe extern "C" fn httpx_cookies_load(
    cookies: *mut httpx_cookies,
    file: *const u8,
    len: usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for pointer and length.
        let (cookies, file) = unsafe { (borrow(cookies, "cookies")?, bytes(file, len, "file")?) };
        let loaded = Cookies::load(file, SystemTime::now())?;
        cookies.change(|cookies| {
            cookies.update(&loaded);
            Ok(())
        })
    })
}

/// The set as a cookies.txt (Netscape's format), borrowed from `cookies` until it changes.
#[no_mangle]
pub unsafe extern "C" fn httpx_cookies_save(
    cookies: *mut httpx_cookies,
    file: *mut *const u8,
    len: *mut usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    // SAFETY: the caller vouches for the pointers.
    unsafe { give_text(cookies, file, len, err, Cookies::save) }
}

/// The set as JSON, an array of objects, borrowed from `cookies` until it changes.
#[no_mangle]
pub unsafe extern "C" fn httpx_cookies_to_json(
    cookies: *mut httpx_cookies,
    json: *mut *const u8,
    len: *mut usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    // SAFETY: the caller vouches for the pointers.
    unsafe { give_text(cookies, json, len, err, |cookies| cookies.to_json().into_bytes()) }
}

/// # Safety
/// `cookies` is NULL or a live handle, the places NULL or writable.
unsafe fn give_text(
    cookies: *mut httpx_cookies,
    place: *mut *const u8,
    len: *mut usize,
    err: *mut *mut httpx_error,
    write: impl FnOnce(&Cookies) -> Vec<u8>,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for the pointers.
        let (cookies, place, len) =
            unsafe { (borrow(cookies, "cookies")?, Out::new(place, "the place of the text")?, Out::new(len, "len")?) };
        let (pointer, length) = cookies.with(|cookies, copies| copies.get(&write(cookies)))?;
        place.set(pointer);
        len.set(length);
        Ok(())
    })
}

/// A copy of the client's cookies as they are now. `*out` is owned by the caller, who frees it with httpx_cookies_free.
#[no_mangle]
pub unsafe extern "C" fn httpx_client_cookies(
    c: *mut httpx_client,
    out: *mut *mut httpx_cookies,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for the pointers.
        let (c, out) = unsafe { (borrow(c, "c")?, Out::new(out, "out")?) };
        out.set(httpx_cookies::give(c.client().cookies().clone()));
        Ok(())
    })
}

/// The client's cookies themselves: what is done with the set is done with the client's, and what servers set is in it
/// at once. `*out` is owned by the caller, who frees it with httpx_cookies_free; it keeps the client from being freed.
#[no_mangle]
pub unsafe extern "C" fn httpx_client_cookie_jar(
    c: *mut httpx_client,
    out: *mut *mut httpx_cookies,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for the pointers.
        let (c, out) = unsafe { (borrow(c, "c")?, Out::new(out, "out")?) };
        out.set(httpx_cookies::at(Place::Client(Arc::clone(c.client()))));
        Ok(())
    })
}

/// Gives the client these cookies (copied) instead of those that it has.
#[no_mangle]
pub unsafe extern "C" fn httpx_client_set_cookies(
    c: *mut httpx_client,
    cookies: *mut httpx_cookies,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for the pointers.
        let (c, cookies) = unsafe { (borrow(c, "c")?, borrow(cookies, "cookies")?) };
        let copy = cookies.copied()?;
        c.client().cookies().replace(copy);
        Ok(())
    })
}

/// The cookies that this response set, and no others. `*out` is owned by the caller, who frees it with
/// httpx_cookies_free.
#[no_mangle]
pub unsafe extern "C" fn httpx_response_cookies(
    r: *const httpx_response,
    out: *mut *mut httpx_cookies,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for the pointers.
        let (r, out) = unsafe { (borrow(r, "r")?, Out::new(out, "out")?) };
        out.set(httpx_cookies::give(r.head().cookies()));
        Ok(())
    })
}
