//! The types of foreign functions.

use std::ffi::c_void;

use super::codes::httpx_code;
use super::error::httpx_error;
use super::response::httpx_response;

/// Destroys user data. Runs exactly once for each time that the data was handed in with it, on the thread that waits,
/// dispatches or frees; also if the call that it was handed in to failed. May be NULL where it is a parameter.
pub type httpx_destroy_fn = Option<unsafe extern "C" fn(user_data: *mut c_void)>;

/// Asked on a blocked thread at least every 100 ms; anything but 0 ends the call with HTTPX_E_INTERRUPTED.
pub type httpx_interrupt_fn = Option<unsafe extern "C" fn(user_data: *mut c_void) -> i32>;

/// Told, on any thread, that a queue has something to dispatch. It may only post a wake-up to the thread that
/// dispatches: write to a pipe, call uv_async_send or the like. It may not call into the library.
pub type httpx_waker_fn = Option<unsafe extern "C" fn(user_data: *mut c_void)>;

/// The end of an operation that gives a response.
///
/// `response` (NULL on error) and `error` (NULL on success) belong to the callee, who frees them.
pub type httpx_response_fn = Option<
    unsafe extern "C" fn(
        user_data: *mut c_void,
        code: httpx_code,
        response: *mut httpx_response,
        error: *mut httpx_error,
    ),
>;

/// The end of an operation that gives a piece of a body.
///
/// HTTPX_OK: `len` bytes (never 0) at `data`, which are there until the callback returns. HTTPX_DONE: the body has
/// ended. Else an error; `error` belongs to the callee, who frees it.
pub type httpx_chunk_fn = Option<
    unsafe extern "C" fn(
        user_data: *mut c_void,
        code: httpx_code,
        data: *const u8,
        len: usize,
        error: *mut httpx_error,
    ),
>;

/// The end of an operation that gives nothing. `error` (NULL on success) belongs to the callee, who frees it.
pub type httpx_done_fn =
    Option<unsafe extern "C" fn(user_data: *mut c_void, code: httpx_code, error: *mut httpx_error)>;
