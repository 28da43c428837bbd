//! The error handle.

use std::ffi::c_char;
use std::sync::Arc;

use super::codes::{httpx_code, HTTPX_DONE, HTTPX_OK};
use super::handle::{another_owner, share, unshare, Handle, Kind};
use super::kit::{borrow, guard, guard_ok, guard_or, long_text, set_if_wanted, Out};
use super::request::httpx_request;
use super::response::httpx_response;
use super::text::Text;
use crate::error::{Code, Error, RequestInfo, Result};
use crate::httpx::{Request, Response};

/// What went wrong. Immutable; any thread may read it.
pub struct httpx_error {
    error: Error,
    message: Text,
    method: Text,
    url: Text,
    cause: Option<Arc<httpx_error>>,
}

impl Handle for httpx_error {
    const KIND: Kind = Kind::Error;
}

impl httpx_error {
    fn new(error: Error) -> httpx_error {
        let cause = error.cause().map(|cause| Arc::new(httpx_error::new(cause.clone())));
        httpx_error { error, message: Text::default(), method: Text::default(), url: Text::default(), cause }
    }

    /// An error of the program's own.
    ///
    /// # Errors
    /// INVALID_ARGUMENT for a code that is no error.
    pub(super) fn of(code: httpx_code, message: &str) -> Result<Error> {
        match Code(code).is_error() {
            true => Ok(Error::new(Code(code), message.to_owned())),
            false => Err(Error::new(Code::INVALID_ARGUMENT, format!("{code} is no error code"))),
        }
    }

    /// The error of a handle that its owner gives up.
    ///
    /// # Safety
    /// `pointer` is NULL or a live handle, not used again by this owner.
    pub(super) unsafe fn take(pointer: *mut httpx_error) -> Option<Error> {
        // SAFETY: the caller vouches for it.
        unsafe { unshare(pointer) }.map(|handle| handle.error.clone())
    }

    /// A handle for C.
    pub(super) fn give(error: Error) -> *mut httpx_error {
        share(Arc::new(httpx_error::new(error)))
    }
}

/// Makes an error of the program's own, for callbacks to end a request with: a code (HTTPX_E_READ, or any below a known
/// one), a message, and the error that led to it, or NULL, which stays the caller's.
///
/// HTTPX_E_INVALID_ARGUMENT for a code that is no error. `*out` is owned by the caller, who frees it with
/// httpx_error_free or gives it away in a callback.
#[no_mangle]
pub unsafe extern "C" fn httpx_error_new(
    code: httpx_code,
    message: *const c_char,
    len: usize,
    cause: *const httpx_error,
    out: *mut *mut httpx_error,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for pointers and length.
        let (message, cause, out) =
            unsafe { (long_text(message, len, "message")?, cause.as_ref(), Out::new(out, "out")?) };
        let error = httpx_error::of(code, message)?;
        out.set(httpx_error::give(match cause {
            Some(cause) => error.with_cause(cause.error.clone()),
            None => error,
        }));
        Ok(())
    })
}

/// The code. HTTPX_E_NULL_POINTER if `e` is NULL.
#[no_mangle]
pub unsafe extern "C" fn httpx_error_code(e: *const httpx_error) -> httpx_code {
    // SAFETY: a live handle or NULL.
    guard_or(HTTPX_OK, || unsafe { borrow(e, "e") }.map_or_else(|null| null.code().0, |e| e.error.code().0))
}

/// The name of the code: httpx_code_name.
#[no_mangle]
pub unsafe extern "C" fn httpx_error_name(e: *const httpx_error) -> *const c_char {
    // SAFETY: a live handle or NULL.
    let code = unsafe { httpx_error_code(e) };
    super::codes::httpx_code_name(code)
}

/// What happened, in one sentence. `len` may be NULL. Borrowed from `e`; NULL if `e` is NULL.
#[no_mangle]
pub unsafe extern "C" fn httpx_error_message(e: *const httpx_error, len: *mut usize) -> *const c_char {
    // SAFETY: a live handle or NULL; `len` NULL or writable.
    unsafe { give_text(e, len, |e| Some(e.message.get(|| e.error.message()))) }
}

/// The error that led to this one; NULL if there is none. Borrowed from `e`: not to be freed.
#[no_mangle]
pub unsafe extern "C" fn httpx_error_cause(e: *const httpx_error) -> *const httpx_error {
    guard_or(std::ptr::null(), || {
        // SAFETY: a live handle or NULL.
        let cause = unsafe { e.as_ref() }.and_then(|e| e.cause.as_ref());
        cause.map_or(std::ptr::null(), Arc::as_ptr)
    })
}

/// The operating system's error number (errno); 0 if there is none.
#[no_mangle]
pub unsafe extern "C" fn httpx_error_os_errno(e: *const httpx_error) -> i32 {
    // SAFETY: a live handle or NULL.
    guard_or(0, || unsafe { e.as_ref() }.and_then(|e| e.error.os_errno()).unwrap_or(0))
}

/// The TLS alert that the peer sent (RFC 8446 section 6); -1 if there is none.
#[no_mangle]
pub unsafe extern "C" fn httpx_error_tls_alert(e: *const httpx_error) -> i32 {
    // SAFETY: a live handle or NULL.
    guard_or(-1, || unsafe { e.as_ref() }.and_then(|e| e.error.tls_alert()).map_or(-1, i32::from))
}

/// The HTTP/2 error code (RFC 9113 section 7); -1 if there is none.
#[no_mangle]
pub unsafe extern "C" fn httpx_error_h2_code(e: *const httpx_error) -> i64 {
    // SAFETY: a live handle or NULL.
    guard_or(-1, || unsafe { e.as_ref() }.and_then(|e| e.error.h2_code()).map_or(-1, i64::from))
}

/// Whether the same request may be sent again without being processed twice, and with some hope: 1 or 0.
#[no_mangle]
pub unsafe extern "C" fn httpx_error_is_retryable(e: *const httpx_error) -> i32 {
    // SAFETY: a live handle or NULL.
    guard_or(0, || i32::from(unsafe { e.as_ref() }.is_some_and(|e| e.error.is_retryable())))
}

/// The method of the request that the error belongs to; NULL if there is none. `len` may be NULL. Borrowed from `e`.
#[no_mangle]
pub unsafe extern "C" fn httpx_error_request_method(e: *const httpx_error, len: *mut usize) -> *const c_char {
    // SAFETY: a live handle or NULL; `len` NULL or writable.
    unsafe { give_text(e, len, |e| request_of(e).map(|request| e.method.get(|| &request.method))) }
}

/// The URL of the request that the error belongs to; NULL if there is none. `len` may be NULL. Borrowed from `e`.
#[no_mangle]
pub unsafe extern "C" fn httpx_error_request_url(e: *const httpx_error, len: *mut usize) -> *const c_char {
    // SAFETY: a live handle or NULL; `len` NULL or writable.
    unsafe { give_text(e, len, |e| request_of(e).map(|request| e.url.get(|| &request.url))) }
}

fn request_of(e: &httpx_error) -> Option<&RequestInfo> {
    e.error.request().map(|request| &**request)
}

/// # Safety
/// `e` is NULL or a live handle, `len` NULL or writable.
unsafe fn give_text(
    e: *const httpx_error,
    len: *mut usize,
    get: impl FnOnce(&httpx_error) -> Option<(*const c_char, usize)>,
) -> *const c_char {
    guard_or(std::ptr::null(), || {
        // SAFETY: the caller vouches for both.
        let (text, length) = unsafe { e.as_ref() }.and_then(get).unwrap_or((std::ptr::null(), 0));
        unsafe { set_if_wanted(len, length) };
        text
    })
}

/// A copy of the request that the error belongs to, owned by the caller; it can be sent again if its body can be read
/// again. HTTPX_DONE, and `*out` is NULL, if there is none.
#[no_mangle]
pub unsafe extern "C" fn httpx_error_request(
    e: *const httpx_error,
    out: *mut *mut httpx_request,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard(err, || {
        // SAFETY: the caller vouches for the pointers.
        let (e, out) = unsafe { (borrow(e, "e")?, Out::new(out, "out")?) };
        let request = e.error.full_request::<Request>();
        out.set(request.clone().map_or(std::ptr::null_mut(), httpx_request::give));
        Ok(if request.is_some() { HTTPX_OK } else { HTTPX_DONE })
    })
}

/// A copy of the response that an HTTPX_E_HTTP_STATUS is about, owned by the caller, with its body if that was
/// read. Or that with which a proxy refused to open a tunnel (HTTPX_E_PROXY), with the first 64 KiB of its body.
/// HTTPX_DONE, and `*out` is NULL, if there is none.
#[no_mangle]
pub unsafe extern "C" fn httpx_error_response(
    e: *const httpx_error,
    out: *mut *mut httpx_response,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard(err, || {
        // SAFETY: the caller vouches for the pointers.
        let (e, out) = unsafe { (borrow(e, "e")?, Out::new(out, "out")?) };
        let response = e.error.response::<Response>();
        let found = response.is_some();
        let handle = |response: Arc<Response>| httpx_response::give(response.snapshot(), None);
        out.set(response.map_or(std::ptr::null_mut(), handle));
        Ok(if found { HTTPX_OK } else { HTTPX_DONE })
    })
}

/// Adds an owner; returns `e`. NULL for NULL.
#[no_mangle]
pub unsafe extern "C" fn httpx_error_clone(e: *const httpx_error) -> *mut httpx_error {
    guard_or(std::ptr::null_mut(), || match e.is_null() {
        true => std::ptr::null_mut(),
        // SAFETY: a live handle; causes are shared, too.
        false => share(unsafe { another_owner(e) }),
    })
}

/// Ends an ownership. NULL is fine.
#[no_mangle]
pub unsafe extern "C" fn httpx_error_free(e: *mut httpx_error) {
    // SAFETY: a live handle or NULL, not used again by this owner.
    guard_or((), || drop(unsafe { unshare(e) }));
}
