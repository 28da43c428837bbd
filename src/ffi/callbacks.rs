//! The types of foreign functions.

use std::ffi::{c_char, c_void};

use super::codes::httpx_code;
use super::error::httpx_error;
use super::request_hooks::httpx_informational;
use super::response::httpx_response;

/// Destroys user data. Runs exactly once for each time that the data was handed in with it, on the thread that waits,
/// dispatches or frees; also if the call that it was handed in to failed. May be NULL where it is a parameter.
pub type httpx_destroy_fn = Option<unsafe extern "C" fn(user_data: *mut c_void)>;

/// Asked on a blocked thread at least every 100 ms; anything but 0 ends the call with HTTPX_E_INTERRUPTED.
pub type httpx_interrupt_fn = Option<unsafe extern "C" fn(user_data: *mut c_void) -> i32>;

/// Says what a body of `len` bytes at `content` is in: writes a label of the web or of Python, such as "shift-jis", to
/// `label`, where there is room for `capacity` bytes (64 or more), and returns the label's length. 0, like a label that
/// is not known, is UTF-8.
pub type httpx_encoding_fn = Option<
    unsafe extern "C" fn(
        user_data: *mut c_void,
        content: *const u8,
        len: usize,
        label: *mut c_char,
        capacity: usize,
    ) -> usize,
>;

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
/// HTTPX_OK: `len` bytes (0 only for an empty line) at `data`, which are there until the callback returns. HTTPX_DONE:
/// the body has ended. Else an error; `error` belongs to the callee, who frees it.
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

/// Hears of one step of a request, by httpcore's name of the event ("http11.send_request_headers.started") and with
/// what the event tells as a JSON object: bytes are text whose characters are the bytes, tuples are lists, and Python
/// objects are their repr. Both are NUL-terminated, and there until the callback returns. 0 goes on, HTTPX_AGAIN answers
/// later (see httpx_upcall_waker), and anything else ends the request with HTTPX_E_CANCELLED.
pub type httpx_trace_fn = Option<
    unsafe extern "C" fn(
        user_data: *mut c_void,
        event: *const c_char,
        event_len: usize,
        info: *const c_char,
        info_len: usize,
    ) -> i32,
>;

/// Hears a line of the log: HTTPX_LOG_DEBUG or HTTPX_LOG_INFO, the logger's name as in Python ("httpx",
/// "httpcore.http11"), and the message. Both are NUL-terminated, and there until the callback returns.
pub type httpx_log_fn = Option<
    unsafe extern "C" fn(
        user_data: *mut c_void,
        level: i32,
        logger: *const c_char,
        logger_len: usize,
        message: *const c_char,
        message_len: usize,
    ),
>;

/// Hears of an interim response, which is there until the callback returns and not to be freed.
pub type httpx_informational_fn =
    Option<unsafe extern "C" fn(user_data: *mut c_void, response: *const httpx_informational)>;

/// Makes the next piece of a body: HTTPX_OK with at most `capacity` bytes in `buffer` and their number in `*len` (with 0
/// it is asked again at once), HTTPX_DONE at the end of the body, HTTPX_AGAIN to give it later (see httpx_upcall_waker;
/// `buffer` stays until then), or an error's code, with which the request ends.
pub type httpx_pull_fn = Option<
    unsafe extern "C" fn(user_data: *mut c_void, buffer: *mut u8, capacity: usize, len: *mut usize) -> httpx_code,
>;

/// Goes back to a body's beginning: HTTPX_OK, HTTPX_AGAIN to do it later (see httpx_upcall_waker), or an error's code,
/// with which the request ends.
pub type httpx_rewind_fn = Option<unsafe extern "C" fn(user_data: *mut c_void) -> httpx_code>;

/// Hears that `sent` bytes of a body are out, of `total` (-1: unknown). Anything but 0 ends the request with
/// HTTPX_E_CANCELLED.
pub type httpx_upload_fn = Option<unsafe extern "C" fn(user_data: *mut c_void, sent: u64, total: i64) -> i32>;
