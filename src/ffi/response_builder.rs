//! The response builder handle.

use std::ffi::{c_char, c_void};
use std::sync::Arc;

use bytes::Bytes;

use super::callbacks::{httpx_destroy_fn, httpx_pull_fn};
use super::codes::httpx_code;
use super::error::httpx_error;
use super::handle::{give, take_back, Handle, Inherited, Kind, Slot};
use super::headers::httpx_headers;
use super::kit::{borrow, bytes, guard_ok, guard_or, long_text, short_bytes, text, Out, UserData};
use super::request::httpx_request;
use super::request_upload::{length, pulled};
use super::response::httpx_response;
use crate::error::Result;
use crate::httpx::{ContentType, ResponseBuilder};
use crate::runtime::Foreign;

/// A response to come that no server sends: for tests, and for transports of one's own. One thread at a time.
pub struct httpx_response_builder {
    slot: Arc<Slot<ResponseBuilder>>,
}

impl Handle for httpx_response_builder {
    const KIND: Kind = Kind::ResponseBuilder;
}

impl Inherited for ResponseBuilder {
    fn is_only_memory(&self) -> bool {
        !self.is_made_elsewhere() && !self.request.as_ref().is_some_and(|request| request.is_made_elsewhere())
    }
}

/// # Safety
/// `b` is NULL or a live handle.
unsafe fn change(
    b: *mut httpx_response_builder,
    err: *mut *mut httpx_error,
    change: impl FnOnce(&mut ResponseBuilder) -> Result<()>,
) -> httpx_code {
    // SAFETY: the caller vouches for it.
    guard_ok(err, || change(&mut *unsafe { borrow(b, "b") }?.slot.lend()?))
}

/// Begins a response with a status code, 100 to 999, without headers and with an empty body. `*out` is owned by the
/// caller, who frees it with httpx_response_builder_free. HTTPX_E_INVALID_ARGUMENT for another status.
#[no_mangle]
pub unsafe extern "C" fn httpx_response_builder_new(
    status: i32,
    out: *mut *mut httpx_response_builder,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for it.
        let out = unsafe { Out::new(out, "out") }?;
        out.set(give(httpx_response_builder { slot: Slot::new(ResponseBuilder::new(status)?) }));
        Ok(())
    })
}

/// Frees a builder. Responses built from it live on. NULL is fine.
#[no_mangle]
pub unsafe extern "C" fn httpx_response_builder_free(b: *mut httpx_response_builder) {
    // SAFETY: a live handle or NULL, not used again.
    guard_or((), || unsafe { take_back(b, |b| b.slot.generation()) });
}

/// Sets the protocol's version, which is "HTTP/1.1" at first. HTTPX_E_INVALID_ARGUMENT for what is none.
#[no_mangle]
pub unsafe extern "C" fn httpx_response_builder_http_version(
    b: *mut httpx_response_builder,
    version: *const c_char,
    len: usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    // SAFETY: the caller vouches for the pointers.
    unsafe { change(b, err, |builder| builder.set_version(text(version, len, "version")?)) }
}

/// Sets the reason phrase; an empty one, as at first, is the status code's own.
#[no_mangle]
pub unsafe extern "C" fn httpx_response_builder_reason_phrase(
    b: *mut httpx_response_builder,
    reason: *const c_char,
    len: usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    // SAFETY: the caller vouches for the pointers.
    unsafe { change(b, err, |builder| builder.set_reason(short_bytes(reason.cast(), len, "reason")?)) }
}

/// Adds a header line. HTTPX_E_LOCAL_PROTOCOL for one that could not be sent.
#[no_mangle]
pub unsafe extern "C" fn httpx_response_builder_header(
    b: *mut httpx_response_builder,
    name: *const c_char,
    name_len: usize,
    value: *const u8,
    value_len: usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let add = |builder: &mut ResponseBuilder| {
        // SAFETY: the caller vouches for pointers and lengths.
        let (name, value) =
            unsafe { (short_bytes(name.cast(), name_len, "name")?, short_bytes(value, value_len, "value")?) };
        builder.headers.add(name, value)
    };
    // SAFETY: the caller vouches for `b`.
    unsafe { change(b, err, add) }
}

/// Gives the response these headers (copied) instead of those that it has.
#[no_mangle]
pub unsafe extern "C" fn httpx_response_builder_headers(
    b: *mut httpx_response_builder,
    h: *const httpx_headers,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let set = |builder: &mut ResponseBuilder| {
        // SAFETY: the caller vouches for it.
        builder.headers = unsafe { borrow(h, "h") }?.headers()?;
        Ok(())
    };
    // SAFETY: the caller vouches for `b`.
    unsafe { change(b, err, set) }
}

/// Sets the body (copied), as it would come over the wire: if a Content-Encoding says so, it is decoded when the
/// response is built. Content-Length is added unless it is empty, or the response has one.
#[no_mangle]
pub unsafe extern "C" fn httpx_response_builder_content(
    b: *mut httpx_response_builder,
    data: *const u8,
    len: usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let set = |builder: &mut ResponseBuilder| {
        // SAFETY: the caller vouches for pointer and length.
        let content = Bytes::copy_from_slice(unsafe { bytes(data, len, "data") }?);
        builder.set_content(content, ContentType::Bytes)
    };
    // SAFETY: the caller vouches for `b`.
    unsafe { change(b, err, set) }
}

/// Sets the body to a text (copied). Content-Length and "text/plain; charset=utf-8" are added unless the response has
/// them.
#[no_mangle]
pub unsafe extern "C" fn httpx_response_builder_text(
    b: *mut httpx_response_builder,
    data: *const c_char,
    len: usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    // SAFETY: the caller vouches for the pointers.
    unsafe { set_text(b, data, len, ContentType::Text, err) }
}

/// Sets the body to HTML (copied). Content-Length and "text/html; charset=utf-8" are added unless the response has
/// them.
#[no_mangle]
pub unsafe extern "C" fn httpx_response_builder_html(
    b: *mut httpx_response_builder,
    html: *const c_char,
    len: usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    // SAFETY: the caller vouches for the pointers.
    unsafe { set_text(b, html, len, ContentType::Html, err) }
}

/// Sets the body to JSON (copied). Content-Length and "application/json" are added unless the response has them.
/// HTTPX_E_INVALID_JSON for what is not JSON.
#[no_mangle]
pub unsafe extern "C" fn httpx_response_builder_json(
    b: *mut httpx_response_builder,
    json: *const c_char,
    len: usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    // SAFETY: the caller vouches for the pointers.
    unsafe { set_text(b, json, len, ContentType::Json, err) }
}

/// # Safety
/// `b` is NULL or a live handle, `data` NULL or readable for `len` bytes, `err` NULL or writable.
unsafe fn set_text(
    b: *mut httpx_response_builder,
    data: *const c_char,
    len: usize,
    what: ContentType,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let set = |builder: &mut ResponseBuilder| {
        // SAFETY: the caller vouches for pointer and length.
        let text = unsafe { long_text(data, len, "the text") }?;
        builder.set_content(Bytes::copy_from_slice(text.as_bytes()), what)
    };
    // SAFETY: the caller vouches for `b`.
    unsafe { change(b, err, set) }
}

/// Has `fn_` make the body, piece by piece, while the response is read: on the thread that waits or dispatches. The
/// response is then unread. `content_length` is the body's length, which it has to keep (else reading is HTTPX_E_READ); for
/// -1 it may have any. A Content-Length, or for -1 `Transfer-Encoding: chunked`, is added, unless the response has one of
/// them. The body is as it would come over the wire, and decoded as the headers say.
///
/// It goes to the first response that is built; the next has none. `destroy` runs when the body has ended, when its
/// response was closed or freed, when the builder is freed or given another body, or when this call fails.
#[no_mangle]
pub unsafe extern "C" fn httpx_response_builder_body_pull(
    b: *mut httpx_response_builder,
    content_length: i64,
    fn_: httpx_pull_fn,
    user_data: *mut c_void,
    destroy: httpx_destroy_fn,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let user_data = Foreign::new(UserData::new(user_data, destroy));
    let set = |builder: &mut ResponseBuilder| {
        let length = length(content_length, "content_length")?;
        builder.set_pulled(&pulled(fn_, None, user_data)?, length)
    };
    // SAFETY: the caller vouches for `b`.
    unsafe { change(b, err, set) }
}

/// Sets the request that the response answers, as it is now (NULL: none). Without one, the response has no URL, and
/// httpx_response_raise_for_status and httpx_response_request give HTTPX_E_INVALID_STATE.
#[no_mangle]
pub unsafe extern "C" fn httpx_response_builder_request(
    b: *mut httpx_response_builder,
    request: *mut httpx_request,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let set = |builder: &mut ResponseBuilder| {
        // SAFETY: the caller vouches for it.
        builder.request = unsafe { request.as_ref() }.map(httpx_request::request).transpose()?;
        Ok(())
    };
    // SAFETY: the caller vouches for `b`.
    unsafe { change(b, err, set) }
}

/// Builds a response, which is read and closed, but for one whose body a function makes. The builder stays as it is, but
/// for that body. `*out` is owned by the caller, who frees it
/// with httpx_response_free. HTTPX_E_DECODING or a code below it for a body that is not in its Content-Encoding.
#[no_mangle]
pub unsafe extern "C" fn httpx_response_builder_build(
    b: *mut httpx_response_builder,
    out: *mut *mut httpx_response,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for the pointers.
        let (b, out) = unsafe { (borrow(b, "b")?, Out::new(out, "out")?) };
        out.set(httpx_response::give(b.slot.lend()?.build()?, None));
        Ok(())
    })
}
