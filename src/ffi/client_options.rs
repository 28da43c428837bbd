//! A client's options while it is in use, and what a builder's are.

use std::ffi::c_char;

use super::client::httpx_client;
use super::client_builder::{change, httpx_client_builder};
use super::codes::{httpx_code, HTTPX_DONE, HTTPX_OK};
use super::error::httpx_error;
use super::kit::{borrow, guard, guard_ok, guard_or, set_if_wanted, Out};
use super::request::give_field;
use super::text::Fields;
use crate::error::{Code, Error, Result};
use crate::httpx::{ClientBuilder, ClientOption};

/// The headers of every request.
pub const HTTPX_OPTION_HEADERS: u32 = 1;
/// The parameters of every request, and whether they are merged with its URL's.
pub const HTTPX_OPTION_PARAMS: u32 = 2;
/// The credentials, or that there are none.
pub const HTTPX_OPTION_AUTH: u32 = 4;
/// The base URL, or that there is none.
pub const HTTPX_OPTION_BASE_URL: u32 = 8;
/// The time limits: connect, read, write and pool.
pub const HTTPX_OPTION_TIMEOUTS: u32 = 16;
/// Whether redirects are followed, and how many.
pub const HTTPX_OPTION_REDIRECTS: u32 = 32;
/// The event hooks: httpx_client_builder_on_request and httpx_client_builder_on_response.
pub const HTTPX_OPTION_EVENT_HOOKS: u32 = 64;

const OPTIONS: [(u32, ClientOption); 7] = [
    (HTTPX_OPTION_HEADERS, ClientOption::Headers),
    (HTTPX_OPTION_PARAMS, ClientOption::Params),
    (HTTPX_OPTION_AUTH, ClientOption::Auth),
    (HTTPX_OPTION_BASE_URL, ClientOption::BaseUrl),
    (HTTPX_OPTION_TIMEOUTS, ClientOption::Timeouts),
    (HTTPX_OPTION_REDIRECTS, ClientOption::Redirects),
    (HTTPX_OPTION_EVENT_HOOKS, ClientOption::EventHooks),
];

fn named(what: u32) -> Result<Vec<ClientOption>> {
    let known = OPTIONS.iter().fold(0, |known, (bit, _)| known | bit);
    if what & !known != 0 {
        return Err(Error::new(Code::INVALID_ARGUMENT, format!("options {:#x} are not known", what & !known)));
    }
    Ok(OPTIONS.iter().filter(|(bit, _)| what & bit != 0).map(|(_, option)| *option).collect())
}

/// A builder with the client's options as they are now: to look at, to build another client, or to change some of them
/// and give them back with httpx_client_configure. `*out` is owned by the caller, who frees it with
/// httpx_client_builder_free.
#[no_mangle]
pub unsafe extern "C" fn httpx_client_to_builder(
    c: *const httpx_client,
    out: *mut *mut httpx_client_builder,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for the pointers.
        let (c, out) = unsafe { (borrow(c, "c")?, Out::new(out, "out")?) };
        out.set(httpx_client_builder::give(ClientBuilder::clone(&c.client().options())));
        Ok(())
    })
}

/// Changes options of a client that is in use: `what` is HTTPX_OPTION_… added up, and those become as they are in `b`,
/// all at once. A new builder has HTTPX's defaults, so that headers that are added to it are what assigning
/// `client.headers` gives. Requests that were built keep their headers, URL and time limits; those in flight keep
/// everything. Cookies: httpx_client_set_cookies. The other options of a client stay as it was built.
#[no_mangle]
pub unsafe extern "C" fn httpx_client_configure(
    c: *mut httpx_client,
    b: *const httpx_client_builder,
    what: u32,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for the pointers.
        let (c, b) = unsafe { (borrow(c, "c")?, borrow(b, "b")?) };
        let (what, draft) = (named(what)?, b.lend()?);
        c.client().take_over(&draft.builder, &what);
        Ok(())
    })
}

/// Says that a block of code begins to use the client, for languages with such blocks; nobody has to say so.
/// HTTPX_E_INVALID_STATE if it was said before, or the client has sent something; HTTPX_E_CLIENT_CLOSED.
#[no_mangle]
pub unsafe extern "C" fn httpx_client_open(c: *mut httpx_client, err: *mut *mut httpx_error) -> httpx_code {
    // SAFETY: the caller vouches for it.
    guard_ok(err, || unsafe { borrow(c, "c") }?.client().open())
}

/// Whether the client was closed: 1 or 0; 0 if `c` is NULL.
#[no_mangle]
pub unsafe extern "C" fn httpx_client_is_closed(c: *const httpx_client) -> i32 {
    // SAFETY: the caller vouches for it.
    guard_or(0, || unsafe { c.as_ref() }.map_or(0, |c| i32::from(c.client().is_closed())))
}

/// Has requests go without credentials again, but for those of their own.
#[no_mangle]
pub unsafe extern "C" fn httpx_client_builder_auth_none(
    b: *mut httpx_client_builder,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let set = |builder: &mut ClientBuilder| {
        builder.auth = None;
        Ok(())
    };
    // SAFETY: the caller vouches for `b`.
    unsafe { change(b, err, set) }
}

/// Says whether the parameters of httpx_client_builder_param are merged with the query of a request's URL (1), where
/// they replace its keys, or take its place (0, the default, as in HTTPX since 0.28).
#[no_mangle]
pub unsafe extern "C" fn httpx_client_builder_merge_params(
    b: *mut httpx_client_builder,
    merge: i32,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let set = |builder: &mut ClientBuilder| {
        builder.merge_params = merge != 0;
        Ok(())
    };
    // SAFETY: the caller vouches for `b`.
    unsafe { change(b, err, set) }
}

/// The time limits in seconds; INFINITY is none. Each place may be NULL.
#[no_mangle]
pub unsafe extern "C" fn httpx_client_builder_get_timeout(
    b: *const httpx_client_builder,
    connect: *mut f64,
    read: *mut f64,
    write: *mut f64,
    pool: *mut f64,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for it.
        let timeouts = unsafe { borrow(b, "b") }?.lend()?.builder.timeouts;
        let limits = [timeouts.connect, timeouts.read, timeouts.write, timeouts.pool];
        for (place, limit) in [connect, read, write, pool].into_iter().zip(limits) {
            // SAFETY: NULL or writable.
            unsafe { set_if_wanted(place, limit.map_or(f64::INFINITY, |limit| limit.as_secs_f64())) };
        }
        Ok(())
    })
}

/// Whether redirects are followed, and how many at most. Each place may be NULL.
#[no_mangle]
pub unsafe extern "C" fn httpx_client_builder_get_redirects(
    b: *const httpx_client_builder,
    follow: *mut i32,
    max_redirects: *mut usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for it.
        let draft = unsafe { borrow(b, "b") }?.lend()?;
        // SAFETY: NULL or writable.
        unsafe {
            set_if_wanted(follow, i32::from(draft.builder.follow_redirects));
            set_if_wanted(max_redirects, draft.builder.max_redirects);
        }
        Ok(())
    })
}

/// Whether the environment is trusted: 1 or 0; 0 if `b` is NULL or in use. Of a client it cannot be changed.
#[no_mangle]
pub unsafe extern "C" fn httpx_client_builder_get_trust_env(b: *const httpx_client_builder) -> i32 {
    guard_or(0, || {
        // SAFETY: the caller vouches for it.
        let draft = unsafe { b.as_ref() }.and_then(|b| b.lend().ok());
        draft.map_or(0, |draft| i32::from(draft.builder.trust_env))
    })
}

/// The base URL, whose path ends in "/": borrowed from `b` until its options change. HTTPX_DONE, and `*url` is NULL, if
/// there is none. `len` may be NULL.
#[no_mangle]
pub unsafe extern "C" fn httpx_client_builder_get_base_url(
    b: *const httpx_client_builder,
    url: *mut *const c_char,
    len: *mut usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard(err, || {
        // SAFETY: the caller vouches for the pointers.
        let (b, url) = unsafe { (borrow(b, "b")?, Out::new(url, "url")?) };
        let draft = b.lend()?;
        let base = draft.builder.base_url.as_ref();
        let text = base.map(|base| draft.texts.base_url.get(|| base.as_str()));
        let (pointer, length) = text.unwrap_or((std::ptr::null(), 0));
        url.set(pointer);
        // SAFETY: NULL or writable.
        unsafe { set_if_wanted(len, length) };
        Ok(if base.is_some() { HTTPX_OK } else { HTTPX_DONE })
    })
}

/// The parameters of every request as a query, "a=1&b=2", "" if there are none: borrowed from `b` until its options
/// change. `len` may be NULL.
#[no_mangle]
pub unsafe extern "C" fn httpx_client_builder_get_params(
    b: *const httpx_client_builder,
    params: *mut *const c_char,
    len: *mut usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for the pointers.
        let (b, params) = unsafe { (borrow(b, "b")?, Out::new(params, "params")?) };
        let draft = b.lend()?;
        let (pointer, length) = draft.texts.params.get(|| draft.builder.params.to_string());
        params.set(pointer);
        // SAFETY: NULL or writable.
        unsafe { set_if_wanted(len, length) };
        Ok(())
    })
}

/// How many header lines every request has; 0 if `b` is NULL or in use.
#[no_mangle]
pub unsafe extern "C" fn httpx_client_builder_header_count(b: *const httpx_client_builder) -> usize {
    guard_or(0, || {
        // SAFETY: the caller vouches for it.
        let draft = unsafe { b.as_ref() }.and_then(|b| b.lend().ok());
        draft.map_or(0, |draft| draft.builder.headers.len())
    })
}

/// The header line at `index`. Each place may be NULL. The strings are borrowed from `b` until its options change.
/// HTTPX_E_NOT_FOUND for an index that is too high.
#[no_mangle]
pub unsafe extern "C" fn httpx_client_builder_header_at(
    b: *const httpx_client_builder,
    index: usize,
    name: *mut *const u8,
    name_len: *mut usize,
    value: *mut *const u8,
    value_len: *mut usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for it.
        let mut draft = unsafe { borrow(b, "b") }?.lend()?;
        let draft = &mut *draft;
        let lines = draft.builder.headers.iter().map(|(name, value)| (&name[..], &value[..]));
        let fields = draft.texts.fields.get_or_insert_with(|| Fields::new(lines));
        // SAFETY: the caller vouches for the places.
        unsafe { give_field(fields.get(index), index, [name, value], [name_len, value_len]) }
    })
}
