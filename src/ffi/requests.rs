//! Requests in one call: the usual methods, with a client and without.

use std::ffi::c_char;

use super::client::{httpx_client, send_options};
use super::client_builder::httpx_client_builder;
use super::codes::{httpx_code, HTTPX_DONE, HTTPX_OK};
use super::error::httpx_error;
use super::kit::{borrow, bytes, guard, guard_ok, optional_text, text, Out};
use super::response::httpx_response;
use crate::error::Result;
use crate::httpx::{ClientBuilder, RequestContent, SendOptions};
use crate::runtime::environment_variable;

/// What is to be sent.
struct Asked<'a> {
    method: &'a str,
    url: &'a str,
    content: RequestContent<'a>,
}

impl<'a> Asked<'a> {
    /// # Safety
    /// As for `text`.
    unsafe fn new(method: &'a str, url: *const c_char, len: usize) -> Result<Asked<'a>> {
        // SAFETY: the caller vouches for pointer and length.
        Ok(Asked { method, url: unsafe { text(url, len, "url") }?, content: RequestContent::default() })
    }

    /// # Safety
    /// As for `bytes` and `text`.
    unsafe fn with(
        self,
        body: *const u8,
        body_len: usize,
        content_type: *const c_char,
        content_type_len: usize,
    ) -> Result<Asked<'a>> {
        // SAFETY: the caller vouches for pointers and lengths.
        let content = unsafe {
            let content_type = optional_text(content_type, content_type_len, "content_type")?;
            RequestContent { bytes: bytes(body, body_len, "body")?, content_type }
        };
        Ok(Asked { content, ..self })
    }

    /// # Safety
    /// `c` is NULL or a live handle, `out` NULL or writable.
    unsafe fn send(self, c: *const httpx_client, how: SendOptions, out: *mut *mut httpx_response) -> Result<()> {
        // SAFETY: the caller vouches for the pointers.
        let (client, out) = unsafe { (borrow(c, "c")?.client(), Out::new(out, "out")?) };
        let response = client.request(self.method, self.url, &self.content, how)?;
        out.set(httpx_response::give(response, client.interrupt().cloned()));
        Ok(())
    }

    /// # Safety
    /// `b` is NULL or a live handle, `out` NULL or writable.
    unsafe fn send_once(
        self,
        b: *const httpx_client_builder,
        how: SendOptions,
        out: *mut *mut httpx_response,
    ) -> Result<()> {
        // SAFETY: the caller vouches for the pointers.
        let (builder, out) = unsafe { (b.as_ref(), Out::new(out, "out")?) };
        let options = match builder {
            Some(builder) => builder.options()?,
            None => ClientBuilder::default().in_environment(&environment_variable)?,
        };
        let response = options.request(self.method, self.url, &self.content, how)?;
        out.set(httpx_response::give(response, options.interrupt));
        Ok(())
    }
}

/// Sends a HEAD request, waits, and reads the whole response. `*out` is owned by the caller, who frees it with
/// httpx_response_free.
#[no_mangle]
pub unsafe extern "C" fn httpx_client_head(
    c: *mut httpx_client,
    url: *const c_char,
    len: usize,
    out: *mut *mut httpx_response,
    err: *mut *mut httpx_error,
) -> httpx_code {
    // SAFETY: the caller vouches for pointers and length.
    guard_ok(err, || unsafe { Asked::new("HEAD", url, len)?.send(c, SendOptions::default(), out) })
}

/// Sends an OPTIONS request, waits, and reads the whole response. `*out` is owned by the caller, who frees it with
/// httpx_response_free.
#[no_mangle]
pub unsafe extern "C" fn httpx_client_options(
    c: *mut httpx_client,
    url: *const c_char,
    len: usize,
    out: *mut *mut httpx_response,
    err: *mut *mut httpx_error,
) -> httpx_code {
    // SAFETY: the caller vouches for pointers and length.
    guard_ok(err, || unsafe { Asked::new("OPTIONS", url, len)?.send(c, SendOptions::default(), out) })
}

/// Sends a DELETE request, waits, and reads the whole response. `*out` is owned by the caller, who frees it with
/// httpx_response_free.
#[no_mangle]
pub unsafe extern "C" fn httpx_client_delete(
    c: *mut httpx_client,
    url: *const c_char,
    len: usize,
    out: *mut *mut httpx_response,
    err: *mut *mut httpx_error,
) -> httpx_code {
    // SAFETY: the caller vouches for pointers and length.
    guard_ok(err, || unsafe { Asked::new("DELETE", url, len)?.send(c, SendOptions::default(), out) })
}

/// Sends a POST request with `body` (copied), waits, and reads the whole response. `content_type` (NULL: none) says what
/// the body is. Other bodies: httpx_request_new. `*out` is owned by the caller, who frees it with httpx_response_free.
#[no_mangle]
pub unsafe extern "C" fn httpx_client_post(
    c: *mut httpx_client,
    url: *const c_char,
    len: usize,
    body: *const u8,
    body_len: usize,
    content_type: *const c_char,
    content_type_len: usize,
    out: *mut *mut httpx_response,
    err: *mut *mut httpx_error,
) -> httpx_code {
    // SAFETY: the caller vouches for pointers and lengths.
    guard_ok(err, || unsafe {
        let asked = Asked::new("POST", url, len)?.with(body, body_len, content_type, content_type_len)?;
        asked.send(c, SendOptions::default(), out)
    })
}

/// The same with PUT.
#[no_mangle]
pub unsafe extern "C" fn httpx_client_put(
    c: *mut httpx_client,
    url: *const c_char,
    len: usize,
    body: *const u8,
    body_len: usize,
    content_type: *const c_char,
    content_type_len: usize,
    out: *mut *mut httpx_response,
    err: *mut *mut httpx_error,
) -> httpx_code {
    // SAFETY: the caller vouches for pointers and lengths.
    guard_ok(err, || unsafe {
        let asked = Asked::new("PUT", url, len)?.with(body, body_len, content_type, content_type_len)?;
        asked.send(c, SendOptions::default(), out)
    })
}

/// The same with PATCH.
#[no_mangle]
pub unsafe extern "C" fn httpx_client_patch(
    c: *mut httpx_client,
    url: *const c_char,
    len: usize,
    body: *const u8,
    body_len: usize,
    content_type: *const c_char,
    content_type_len: usize,
    out: *mut *mut httpx_response,
    err: *mut *mut httpx_error,
) -> httpx_code {
    // SAFETY: the caller vouches for pointers and lengths.
    guard_ok(err, || unsafe {
        let asked = Asked::new("PATCH", url, len)?.with(body, body_len, content_type, content_type_len)?;
        asked.send(c, SendOptions::default(), out)
    })
}

/// Sends a request of any method, waits, and reads the whole response, unless `flags` (as for httpx_client_send) has
/// HTTPX_SEND_STREAM. The rest is as for httpx_client_post.
#[no_mangle]
pub unsafe extern "C" fn httpx_client_request(
    c: *mut httpx_client,
    method: *const c_char,
    method_len: usize,
    url: *const c_char,
    len: usize,
    body: *const u8,
    body_len: usize,
    content_type: *const c_char,
    content_type_len: usize,
    flags: u32,
    out: *mut *mut httpx_response,
    err: *mut *mut httpx_error,
) -> httpx_code {
    // SAFETY: the caller vouches for pointers and lengths.
    guard_ok(err, || unsafe {
        let asked = Asked::new(text(method, method_len, "method")?, url, len)?;
        asked.with(body, body_len, content_type, content_type_len)?.send(c, send_options(flags)?, out)
    })
}

/// Sends a GET request without a client, waits, and reads the whole response: a client is made and closed for it, with
/// the options of `b` (NULL: the defaults). For more than one request a client is faster. `*out` is owned by the
/// caller, who frees it with httpx_response_free.
#[no_mangle]
pub unsafe extern "C" fn httpx_get(
    url: *const c_char,
    len: usize,
    b: *const httpx_client_builder,
    out: *mut *mut httpx_response,
    err: *mut *mut httpx_error,
) -> httpx_code {
    // SAFETY: the caller vouches for pointers and length.
    guard_ok(err, || unsafe { Asked::new("GET", url, len)?.send_once(b, SendOptions::default(), out) })
}

/// The same with HEAD.
#[no_mangle]
pub unsafe extern "C" fn httpx_head(
    url: *const c_char,
    len: usize,
    b: *const httpx_client_builder,
    out: *mut *mut httpx_response,
    err: *mut *mut httpx_error,
) -> httpx_code {
    // SAFETY: the caller vouches for pointers and length.
    guard_ok(err, || unsafe { Asked::new("HEAD", url, len)?.send_once(b, SendOptions::default(), out) })
}

/// The same with OPTIONS.
#[no_mangle]
pub unsafe extern "C" fn httpx_options(
    url: *const c_char,
    len: usize,
    b: *const httpx_client_builder,
    out: *mut *mut httpx_response,
    err: *mut *mut httpx_error,
) -> httpx_code {
    // SAFETY: the caller vouches for pointers and length.
    guard_ok(err, || unsafe { Asked::new("OPTIONS", url, len)?.send_once(b, SendOptions::default(), out) })
}

/// The same with DELETE.
#[no_mangle]
pub unsafe extern "C" fn httpx_delete(
    url: *const c_char,
    len: usize,
    b: *const httpx_client_builder,
    out: *mut *mut httpx_response,
    err: *mut *mut httpx_error,
) -> httpx_code {
    // SAFETY: the caller vouches for pointers and length.
    guard_ok(err, || unsafe { Asked::new("DELETE", url, len)?.send_once(b, SendOptions::default(), out) })
}

/// The same with POST, and a body as for httpx_client_post.
#[no_mangle]
pub unsafe extern "C" fn httpx_post(
    url: *const c_char,
    len: usize,
    body: *const u8,
    body_len: usize,
    content_type: *const c_char,
    content_type_len: usize,
    b: *const httpx_client_builder,
    out: *mut *mut httpx_response,
    err: *mut *mut httpx_error,
) -> httpx_code {
    // SAFETY: the caller vouches for pointers and lengths.
    guard_ok(err, || unsafe {
        let asked = Asked::new("POST", url, len)?.with(body, body_len, content_type, content_type_len)?;
        asked.send_once(b, SendOptions::default(), out)
    })
}

/// The same with PUT.
#[no_mangle]
pub unsafe extern "C" fn httpx_put(
    url: *const c_char,
    len: usize,
    body: *const u8,
    body_len: usize,
    content_type: *const c_char,
    content_type_len: usize,
    b: *const httpx_client_builder,
    out: *mut *mut httpx_response,
    err: *mut *mut httpx_error,
) -> httpx_code {
    // SAFETY: the caller vouches for pointers and lengths.
    guard_ok(err, || unsafe {
        let asked = Asked::new("PUT", url, len)?.with(body, body_len, content_type, content_type_len)?;
        asked.send_once(b, SendOptions::default(), out)
    })
}

/// The same with PATCH.
#[no_mangle]
pub unsafe extern "C" fn httpx_patch(
    url: *const c_char,
    len: usize,
    body: *const u8,
    body_len: usize,
    content_type: *const c_char,
    content_type_len: usize,
    b: *const httpx_client_builder,
    out: *mut *mut httpx_response,
    err: *mut *mut httpx_error,
) -> httpx_code {
    // SAFETY: the caller vouches for pointers and lengths.
    guard_ok(err, || unsafe {
        let asked = Asked::new("PATCH", url, len)?.with(body, body_len, content_type, content_type_len)?;
        asked.send_once(b, SendOptions::default(), out)
    })
}

/// The same with any method, and with `flags` as for httpx_client_send: with HTTPX_SEND_STREAM, the client ends with the
/// response.
#[no_mangle]
pub unsafe extern "C" fn httpx_fetch(
    method: *const c_char,
    method_len: usize,
    url: *const c_char,
    len: usize,
    body: *const u8,
    body_len: usize,
    content_type: *const c_char,
    content_type_len: usize,
    flags: u32,
    b: *const httpx_client_builder,
    out: *mut *mut httpx_response,
    err: *mut *mut httpx_error,
) -> httpx_code {
    // SAFETY: the caller vouches for pointers and lengths.
    guard_ok(err, || unsafe {
        let asked = Asked::new(text(method, method_len, "method")?, url, len)?;
        asked.with(body, body_len, content_type, content_type_len)?.send_once(b, send_options(flags)?, out)
    })
}

/// Follows a redirect that was not followed, by one step: sends the request that httpx_response_next_request gives.
/// `flags` are as for httpx_client_send, but HTTPX_SEND_NO_REDIRECTS is meant without them. HTTPX_DONE, and `*out` is
/// NULL, if `r` is no redirect, or was followed. `*out` is owned by the caller, who frees it with httpx_response_free.
#[no_mangle]
pub unsafe extern "C" fn httpx_response_next(
    r: *const httpx_response,
    c: *mut httpx_client,
    flags: u32,
    out: *mut *mut httpx_response,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard(err, || {
        // SAFETY: the caller vouches for the pointers.
        let (r, c, out) = unsafe { (borrow(r, "r")?, borrow(c, "c")?, Out::new(out, "out")?) };
        let how = send_options(flags)?;
        out.set(std::ptr::null_mut());
        let Some(next) = r.parts().0.lend()?.next_request().cloned() else { return Ok(HTTPX_DONE) };
        let sending =
            c.client().send(next, SendOptions { follow_redirects: how.follow_redirects.or(Some(false)), ..how })?;
        let response = c.client().block_on(|call| sending.run(call))?;
        out.set(httpx_response::give(response, c.client().interrupt().cloned()));
        Ok(HTTPX_OK)
    })
}
