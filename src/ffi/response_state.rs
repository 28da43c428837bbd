//! What a response is, and what it answers.

use std::ffi::{c_char, c_void};
use std::sync::{Arc, OnceLock};

use super::callbacks::httpx_destroy_fn;
use super::codes::httpx_code;
use super::error::httpx_error;
use super::headers::httpx_headers;
use super::kit::{attached, attachment, borrow, borrow_mut, guard_ok, guard_or, Out, UserData};
use super::request::httpx_request;
use super::response::{give_text, httpx_response};
use super::response_links::Links;
use super::response_saved::Saved;
use super::response_text::BodyTexts;
use super::status::{
    httpx_status_is_client_error, httpx_status_is_error, httpx_status_is_informational, httpx_status_is_redirect,
    httpx_status_is_server_error, httpx_status_is_success,
};
use super::text::Text;
use crate::error::Result;
use crate::runtime::Foreign;

/// What few programs ask a response for, in memory of the handle.
#[derive(Default)]
pub(super) struct More {
    pub(super) body: BodyTexts,
    pub(super) links: OnceLock<Links>,
    pub(super) saved: Saved,
    repr: Text,
}

/// # Safety
/// `r` is NULL or a live handle.
unsafe fn is(r: *const httpx_response, class: extern "C" fn(i32) -> i32) -> i32 {
    // SAFETY: the caller vouches for it.
    guard_or(0, || unsafe { r.as_ref() }.map_or(0, |r| class(r.head().status().into())))
}

/// Whether the status is 1xx: 1 or 0. 0 if `r` is NULL.
#[no_mangle]
pub unsafe extern "C" fn httpx_response_is_informational(r: *const httpx_response) -> i32 {
    // SAFETY: the caller vouches for it.
    unsafe { is(r, httpx_status_is_informational) }
}

/// Whether the status is 2xx: 1 or 0. 0 if `r` is NULL.
#[no_mangle]
pub unsafe extern "C" fn httpx_response_is_success(r: *const httpx_response) -> i32 {
    // SAFETY: the caller vouches for it.
    unsafe { is(r, httpx_status_is_success) }
}

/// Whether the status is 3xx, whether or not it says where to: 1 or 0. 0 if `r` is NULL.
#[no_mangle]
pub unsafe extern "C" fn httpx_response_is_redirect(r: *const httpx_response) -> i32 {
    // SAFETY: the caller vouches for it.
    unsafe { is(r, httpx_status_is_redirect) }
}

/// Whether the status is 4xx: 1 or 0. 0 if `r` is NULL.
#[no_mangle]
pub unsafe extern "C" fn httpx_response_is_client_error(r: *const httpx_response) -> i32 {
    // SAFETY: the caller vouches for it.
    unsafe { is(r, httpx_status_is_client_error) }
}

/// Whether the status is 5xx: 1 or 0. 0 if `r` is NULL.
#[no_mangle]
pub unsafe extern "C" fn httpx_response_is_server_error(r: *const httpx_response) -> i32 {
    // SAFETY: the caller vouches for it.
    unsafe { is(r, httpx_status_is_server_error) }
}

/// Whether the status is 4xx or 5xx: 1 or 0. 0 if `r` is NULL.
#[no_mangle]
pub unsafe extern "C" fn httpx_response_is_error(r: *const httpx_response) -> i32 {
    // SAFETY: the caller vouches for it.
    unsafe { is(r, httpx_status_is_error) }
}

/// Whether the body was read, or begun to be streamed: 1 or 0. 0 also while an operation uses `r`.
#[no_mangle]
pub unsafe extern "C" fn httpx_response_is_stream_consumed(r: *const httpx_response) -> i32 {
    guard_or(0, || {
        // SAFETY: the caller vouches for it.
        let response = unsafe { r.as_ref() }.and_then(|r| r.parts().0.lend().ok());
        response.map_or(0, |response| i32::from(response.is_stream_consumed()))
    })
}

/// A copy of the request that the response answers, as it was sent: with the client's headers, cookies and credentials.
/// `*out` is owned by the caller, who frees it with httpx_request_free. HTTPX_E_INVALID_STATE for a response that was
/// made by hand without one.
#[no_mangle]
pub unsafe extern "C" fn httpx_response_request(
    r: *const httpx_response,
    out: *mut *mut httpx_request,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for the pointers.
        let (r, out) = unsafe { (borrow(r, "r")?, Out::new(out, "out")?) };
        out.set(httpx_request::give_of(Arc::clone(r.head().request()?), r.parts().1));
        Ok(())
    })
}

/// Gives the response the header lines of `h` (copied) instead of its own: in a hook or a transport, before anybody has
/// read it. Its charset, cookies and links, whether it is a redirect and where to, and the content codings of a body that is
/// still to be read are then what these say. Strings that were lent of it are gone.
#[no_mangle]
pub unsafe extern "C" fn httpx_response_set_headers(
    r: *mut httpx_response,
    h: *const httpx_headers,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: a live handle that is used by this thread only, and another.
        let (r, h) = unsafe { (borrow_mut(r, "r")?, borrow(h, "h")?) };
        r.set_headers(&h.headers()?)
    })
}

/// Makes the response the answer to `request`, as that is now; NULL: to none. Its URL changes with that, and what
/// depends on it. Strings that httpx_response_url gave are gone.
#[no_mangle]
pub unsafe extern "C" fn httpx_response_set_request(
    r: *mut httpx_response,
    request: *mut httpx_request,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: a live handle that is used by this thread only, and another or NULL.
        let (r, request) = unsafe { (borrow_mut(r, "r")?, request.as_ref()) };
        drop(r.set_request(request.map(httpx_request::request).transpose()?)?);
        Ok(())
    })
}

/// Gives the response something of the program's to carry along: to whoever gets it from a call, from a reply, from a
/// history, or from an error.
///
/// What was set before goes. `destroy` runs once, when no copy of the response has it any more, or when this call
/// fails.
#[no_mangle]
pub unsafe extern "C" fn httpx_response_set_user_data(
    r: *mut httpx_response,
    user_data: *mut c_void,
    destroy: httpx_destroy_fn,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let user_data = Foreign::new(UserData::new(user_data, destroy));
    guard_ok(err, || {
        // SAFETY: the caller vouches for it.
        let mut response = unsafe { borrow(r, "r") }?.parts().0.lend()?;
        let before = response.attach(attachment(user_data));
        drop(response);
        drop(before);
        Ok(())
    })
}

/// What httpx_response_set_user_data has set; NULL if there is nothing, `r` is NULL, or an operation uses it.
#[no_mangle]
pub unsafe extern "C" fn httpx_response_user_data(r: *const httpx_response) -> *mut c_void {
    guard_or(std::ptr::null_mut(), || {
        // SAFETY: the caller vouches for it.
        let response = unsafe { r.as_ref() }.and_then(|r| r.parts().0.lend().ok());
        response.map_or(std::ptr::null_mut(), |response| attached(response.attachment()))
    })
}

/// The number of the response's HTTP/2 stream; 0 if it came over HTTP/1.1, or `r` is NULL.
#[no_mangle]
pub unsafe extern "C" fn httpx_response_stream_id(r: *const httpx_response) -> u32 {
    // SAFETY: the caller vouches for it.
    guard_or(0, || unsafe { r.as_ref() }.and_then(|r| r.head().stream_id()).unwrap_or_default())
}

/// As Python shows it: "<Response [200 OK]>". `len` may be NULL. Borrowed from `r`; NULL if `r` is NULL.
#[no_mangle]
pub unsafe extern "C" fn httpx_response_repr(r: *const httpx_response, len: *mut usize) -> *const c_char {
    // SAFETY: the caller vouches for both.
    unsafe { give_text(r, len, |r| r.more().repr.get(|| r.head().repr())) }
}

/// Says which responses came before this one, oldest first: `count` handles at `responses`, which are copied, without their
/// bodies unless those were read. What was said of it before is gone.
#[no_mangle]
pub unsafe extern "C" fn httpx_response_set_history(
    r: *mut httpx_response,
    responses: *const *const httpx_response,
    count: usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for the pointers.
        let r = unsafe { borrow(r, "r") }?;
        // SAFETY: there are `count` of them.
        let responses = match count {
            0 => &[],
            _ => unsafe { std::slice::from_raw_parts(borrow(responses, "responses")?, count) },
        };
        let copy = |earlier: &*const httpx_response| {
            // SAFETY: as above.
            Ok(unsafe { borrow(*earlier, "one of the responses") }?.parts().0.lend()?.snapshot())
        };
        let history = responses.iter().map(copy).collect::<Result<Vec<_>>>()?;
        let before = r.parts().0.lend()?.set_history(history);
        drop(before);
        Ok(())
    })
}
