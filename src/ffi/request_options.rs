//! Options of one request that stand beside the client's.

use std::ffi::c_char;
use std::sync::Arc;

use super::codes::httpx_code;
use super::cookies::httpx_cookies;
use super::error::httpx_error;
use super::kit::short_bytes;
use super::request::{change, httpx_request};
use crate::httpx::Request;

/// Sends cookies (copied) with this request, beside the client's and instead of those with the same name, domain and
/// path; the client does not keep them, and redirects go without them. A Cookie header that the request has is sent
/// instead of all. NULL: none, the default.
#[no_mangle]
pub unsafe extern "C" fn httpx_request_cookies(
    r: *mut httpx_request,
    cookies: *const httpx_cookies,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let set = |request: &mut Request| {
        // SAFETY: a live handle or NULL.
        request.cookies = unsafe { cookies.as_ref() }.map(httpx_cookies::copied).transpose()?.map(Arc::new);
        Ok(())
    };
    // SAFETY: the caller vouches for `r`.
    unsafe { change(r, err, set) }
}

/// Replaces a header as HTTPX's `headers=` does: all lines of that name go, and one is added behind the others, with its
/// case. HTTPX_E_LOCAL_PROTOCOL for what could not be sent, and then nothing is changed.
#[no_mangle]
pub unsafe extern "C" fn httpx_request_header_override(
    r: *mut httpx_request,
    name: *const c_char,
    name_len: usize,
    value: *const u8,
    value_len: usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let set = |request: &mut Request| {
        // SAFETY: the caller vouches for pointers and lengths.
        let (name, value) =
            unsafe { (short_bytes(name.cast(), name_len, "name")?, short_bytes(value, value_len, "value")?) };
        request.headers.override_with(name, value)
    };
    // SAFETY: the caller vouches for `r`.
    unsafe { change(r, err, set) }
}
