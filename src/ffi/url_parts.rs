//! The handle of changes to URLs.

use std::ffi::c_char;
use std::sync::Arc;

use super::codes::httpx_code;
use super::error::httpx_error;
use super::handle::{give, take_back, Handle, Inherited, Kind, Slot};
use super::kit::{borrow, guard_ok, guard_or, text, Out};
use super::query_params::httpx_query_params;
use super::url::{give_changed, httpx_url};
use crate::error::{Code, Error, Result};
use crate::httpx::{Change, QueryParams, Url, UrlParts};

/// Without the colon.
pub const HTTPX_URL_SCHEME: i32 = 1;
/// "userinfo@host:port".
pub const HTTPX_URL_AUTHORITY: i32 = 2;
/// "username:password", escaped where they contain a colon or "@".
pub const HTTPX_URL_USERINFO: i32 = 3;
/// The username alone. A password that the URL has goes, unless it is given, too.
pub const HTTPX_URL_USERNAME: i32 = 4;
/// The password alone. A username that the URL has goes, unless it is given, too.
pub const HTTPX_URL_PASSWORD: i32 = 5;
/// "host:port"; without a port, one that the URL has goes.
pub const HTTPX_URL_NETLOC: i32 = 6;
/// A name or an address, IPv6 addresses with or without brackets.
pub const HTTPX_URL_HOST: i32 = 7;
/// The port; see httpx_url_parts_port.
pub const HTTPX_URL_PORT: i32 = 8;
/// Without a query.
pub const HTTPX_URL_PATH: i32 = 9;
/// Without the "?". An empty one leaves the "?".
pub const HTTPX_URL_QUERY: i32 = 10;
/// Path, "?" and query.
pub const HTTPX_URL_RAW_PATH: i32 = 11;
/// Without the "#". An empty one leaves the "#".
pub const HTTPX_URL_FRAGMENT: i32 = 12;
/// The query, as parameters; see httpx_url_parts_params.
pub const HTTPX_URL_PARAMS: i32 = 13;

/// Parts of a URL that are to be replaced or removed. One thread at a time.
pub struct httpx_url_parts {
    slot: Arc<Slot<Parts>>,
}

/// By the numbers above; those of the port and of the parameters are not in use.
#[derive(Clone, Default)]
struct Parts {
    texts: [Change<String>; 14],
    port: Change<i64>,
    params: Change<QueryParams>,
}

impl Handle for httpx_url_parts {
    const KIND: Kind = Kind::UrlParts;
}

impl Inherited for Parts {
    fn is_only_memory(&self) -> bool {
        true
    }
}

impl Parts {
    fn text(&mut self, part: i32) -> Result<&mut Change<String>> {
        let is_text = (HTTPX_URL_SCHEME..=HTTPX_URL_FRAGMENT).contains(&part) && part != HTTPX_URL_PORT;
        let place = usize::try_from(part).ok().filter(|_| is_text).and_then(|part| self.texts.get_mut(part));
        place.ok_or_else(|| Error::new(Code::INVALID_ARGUMENT, format!("{part} is no part of a URL that is a text")))
    }

    fn remove(&mut self, part: i32) -> Result<()> {
        match part {
            HTTPX_URL_PORT => self.port = Change::Remove,
            HTTPX_URL_PARAMS => self.params = Change::Remove,
            part => *self.text(part)? = Change::Remove,
        }
        Ok(())
    }

    fn as_url_parts(&self) -> UrlParts<'_> {
        let text = |part: i32| self.texts[part as usize].as_ref().map(String::as_str);
        UrlParts {
            scheme: text(HTTPX_URL_SCHEME),
            authority: text(HTTPX_URL_AUTHORITY),
            userinfo: text(HTTPX_URL_USERINFO),
            username: text(HTTPX_URL_USERNAME),
            password: text(HTTPX_URL_PASSWORD),
            netloc: text(HTTPX_URL_NETLOC),
            host: text(HTTPX_URL_HOST),
            port: self.port,
            path: text(HTTPX_URL_PATH),
            query: text(HTTPX_URL_QUERY),
            raw_path: text(HTTPX_URL_RAW_PATH),
            fragment: text(HTTPX_URL_FRAGMENT),
            params: self.params.as_ref(),
        }
    }
}

/// Makes a set of changes, at first none. `*out` is owned by the caller, who frees it with httpx_url_parts_free.
#[no_mangle]
pub unsafe extern "C" fn httpx_url_parts_new(out: *mut *mut httpx_url_parts, err: *mut *mut httpx_error) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for it.
        unsafe { Out::new(out, "out") }?.set(give(httpx_url_parts { slot: Slot::new(Parts::default()) }));
        Ok(())
    })
}

/// Frees a set of changes. NULL is fine.
#[no_mangle]
pub unsafe extern "C" fn httpx_url_parts_free(parts: *mut httpx_url_parts) {
    // SAFETY: a live handle or NULL, not used again.
    guard_or((), || unsafe { take_back(parts, |parts| parts.slot.generation()) });
}

/// Has a part, an HTTPX_URL_ constant, replaced by a text (UTF-8, escaped as needed). It is looked at when a URL is made.
/// Where two parts speak about the same, the last of these counts: authority, host and port, netloc; userinfo, username
/// and password; path and query, raw path; query, params.
///
/// HTTPX_E_INVALID_ARGUMENT for a number that is no part, or for the port and the parameters, which are no texts.
#[no_mangle]
pub unsafe extern "C" fn httpx_url_parts_set(
    parts: *mut httpx_url_parts,
    part: i32,
    value: *const c_char,
    len: usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for pointers and length.
        let (parts, value) = unsafe { (borrow(parts, "parts")?, text(value, len, "value")?) };
        *parts.slot.lend()?.text(part)? = Change::Set(value.to_owned());
        Ok(())
    })
}

/// Has the port replaced: 0 to 65535; what is out of that range is found when a URL is made.
#[no_mangle]
pub unsafe extern "C" fn httpx_url_parts_port(
    parts: *mut httpx_url_parts,
    port: i64,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for it.
        unsafe { borrow(parts, "parts") }?.slot.lend()?.port = Change::Set(port);
        Ok(())
    })
}

/// Has the query replaced by parameters; without any, the "?" goes, too.
#[no_mangle]
pub unsafe extern "C" fn httpx_url_parts_params(
    parts: *mut httpx_url_parts,
    params: *const httpx_query_params,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for the pointers.
        let (parts, params) = unsafe { (borrow(parts, "parts")?, borrow(params, "params")?) };
        parts.slot.lend()?.params = Change::Set(params.params().clone());
        Ok(())
    })
}

/// Has a part removed. HTTPX_E_INVALID_ARGUMENT for a number that is no part.
#[no_mangle]
pub unsafe extern "C" fn httpx_url_parts_remove(
    parts: *mut httpx_url_parts,
    part: i32,
    err: *mut *mut httpx_error,
) -> httpx_code {
    // SAFETY: the caller vouches for it.
    guard_ok(err, || unsafe { borrow(parts, "parts") }?.slot.lend()?.remove(part))
}

/// This URL with these changes. HTTPX_E_INVALID_URL if that is none: no part can break out of its place. `*out` is owned
/// by the caller, who frees it with httpx_url_free.
#[no_mangle]
pub unsafe extern "C" fn httpx_url_copy_with(
    u: *const httpx_url,
    parts: *const httpx_url_parts,
    out: *mut *mut httpx_url,
    err: *mut *mut httpx_error,
) -> httpx_code {
    // SAFETY: the caller vouches for the pointers.
    unsafe {
        give_changed(u, out, err, |url| {
            let parts = borrow(parts, "parts")?.slot.lend()?;
            url.copy_with(&parts.as_url_parts())
        })
    }
}

/// Parses a URL with these changes, made before its parts are looked at; otherwise as httpx_url_parse.
#[no_mangle]
pub unsafe extern "C" fn httpx_url_parse_with(
    url: *const c_char,
    len: usize,
    parts: *const httpx_url_parts,
    out: *mut *mut httpx_url,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for pointers and length.
        let (url, parts, out) = unsafe { (text(url, len, "url")?, borrow(parts, "parts")?, Out::new(out, "out")?) };
        let parts = parts.slot.lend()?;
        out.set(httpx_url::give(Url::parse_with(url, &parts.as_url_parts())?));
        Ok(())
    })
}
