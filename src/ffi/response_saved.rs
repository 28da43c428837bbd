//! Responses as bytes.

use std::sync::{Mutex, PoisonError};

use super::codes::httpx_code;
use super::error::httpx_error;
use super::kit::{borrow, bytes, guard_ok, Out};
use super::response::httpx_response;
use crate::httpx::Response;

/// The bytes that C looks at.
pub(super) type Saved = Mutex<Vec<u8>>;

/// The response as bytes, to be kept or sent elsewhere: status, headers, content if it was read, text encoding, method,
/// URL and headers of its request, and the responses before it. `*len` bytes at `*data`, borrowed from `r` until the
/// next call of this function on it. The response stays as it is.
///
/// The bytes begin with "httpx-response", a NUL and a byte for the version of the format, which is 1; a later library
/// reads what an earlier one has written. They hold what the headers hold: also credentials and cookies.
#[no_mangle]
pub unsafe extern "C" fn httpx_response_serialize(
    r: *mut httpx_response,
    data: *mut *const u8,
    len: *mut usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for the pointers.
        let (r, data, len) = unsafe { (borrow(r, "r")?, Out::new(data, "data")?, Out::new(len, "len")?) };
        let written = r.parts().0.lend()?.serialize();
        let mut saved = r.more().saved.lock().unwrap_or_else(PoisonError::into_inner);
        *saved = written;
        // The memory is its own, and stays until the next call.
        data.set(saved.as_ptr());
        len.set(saved.len());
        Ok(())
    })
}

/// Makes a response of bytes that httpx_response_serialize has given. It is closed: if it was saved before it was read,
/// reading or streaming it gives HTTPX_E_STREAM_CLOSED. Its requests have no bodies, and go with the credentials in their
/// headers, not with a client's, unless httpx_request_auth gives them some. HTTPX_E_INVALID_ARGUMENT, or a code that
/// says more, for other bytes, whatever they are. `*out` is owned by the caller, who frees it with httpx_response_free.
#[no_mangle]
pub unsafe extern "C" fn httpx_response_deserialize(
    data: *const u8,
    len: usize,
    out: *mut *mut httpx_response,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for pointers and length.
        let (saved, out) = unsafe { (bytes(data, len, "data")?, Out::new(out, "out")?) };
        out.set(httpx_response::give(Response::deserialize(saved)?, None));
        Ok(())
    })
}
