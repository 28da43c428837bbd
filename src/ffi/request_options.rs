//! Options of one request that stand beside the client's.

use std::ffi::{c_char, c_void};
use std::sync::Arc;

use super::callbacks::httpx_destroy_fn;
use super::codes::httpx_code;
use super::cookies::httpx_cookies;
use super::error::httpx_error;
use super::kit::{attached, attachment, guard_or, short_bytes, UserData};
use super::request::{change, httpx_request};
use super::transport::httpx_transport;
use crate::httpx::Request;
use crate::runtime::Foreign;

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

/// Gives the request something of the program's to carry along: wherever the request goes, in copies that hooks, flows and
/// transports get, in redirects, httpx_response_next_request, httpx_response_request and httpx_error_request.
///
/// What was set before goes. `destroy` runs once, when no request has it any more, or when this call fails.
#[no_mangle]
pub unsafe extern "C" fn httpx_request_set_user_data(
    r: *mut httpx_request,
    user_data: *mut c_void,
    destroy: httpx_destroy_fn,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let user_data = Foreign::new(UserData::new(user_data, destroy));
    let mut before = None;
    let set = |request: &mut Request| {
        before = std::mem::replace(&mut request.attachment, attachment(user_data));
        Ok(())
    };
    // SAFETY: the caller vouches for `r`.
    let code = unsafe { change(r, err, set) };
    // Foreign code, which may come back to `r`.
    drop(before);
    code
}

/// What httpx_request_set_user_data has set; NULL if there is nothing, `r` is NULL, or an operation uses it.
#[no_mangle]
pub unsafe extern "C" fn httpx_request_user_data(r: *const httpx_request) -> *mut c_void {
    guard_or(std::ptr::null_mut(), || {
        // SAFETY: the caller vouches for it.
        let request = unsafe { r.as_ref() }.and_then(|r| r.request().ok());
        request.map_or(std::ptr::null_mut(), |request| attached(request.attachment.as_ref()))
    })
}

/// Has the request go by `t`, redirects and rounds of authentication included, whatever transports and proxies the
/// client has for its URL. A client's closing leaves `t` alone. NULL: as the client says, the default.
#[no_mangle]
pub unsafe extern "C" fn httpx_request_transport(
    r: *mut httpx_request,
    t: *const httpx_transport,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let set = |request: &mut Request| {
        // SAFETY: a live handle or NULL.
        request.transport = unsafe { t.as_ref() }.map(|t| Arc::clone(t.transport()));
        Ok(())
    };
    // SAFETY: the caller vouches for `r`.
    unsafe { change(r, err, set) }
}
