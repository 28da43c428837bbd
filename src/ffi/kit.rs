//! Crossing the border: what comes in is checked, what goes out is converted, and nothing unwinds into C.

use std::ffi::{c_char, c_void};
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::Arc;

use super::callbacks::httpx_destroy_fn;
use super::codes::{httpx_code, HTTPX_OK};
use super::error::httpx_error;
use crate::error::{Code, Error, Result};
use crate::httpx::Attachment;
use crate::runtime::Foreign;

/// The longest name, URL or path that is taken.
const MAX_TEXT: usize = 1 << 20;

/// Runs the body of an exported function: a panic becomes an error, and an error goes to `*err`.
pub(super) fn guard(err: *mut *mut httpx_error, body: impl FnOnce() -> Result<httpx_code>) -> httpx_code {
    let result = catch_unwind(AssertUnwindSafe(body))
        .unwrap_or_else(|_| Err(Error::new(Code::PANIC, "the library panicked; this is a bug in it")));
    match result {
        Ok(code) => code,
        Err(error) => {
            let code = error.code().0;
            if !err.is_null() {
                let handle = httpx_error::give(error);
                // SAFETY: `err` is not NULL, and the caller vouches for it.
                unsafe { err.write(handle) };
            }
            code
        }
    }
}

/// Like `guard`, for a body that gives nothing back.
pub(super) fn guard_ok(err: *mut *mut httpx_error, body: impl FnOnce() -> Result<()>) -> httpx_code {
    guard(err, || body().map(|()| HTTPX_OK))
}

/// Runs the body of an exported function that cannot tell an error.
pub(super) fn guard_or<T>(fallback: T, body: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or(fallback)
}

fn null(what: &str) -> Error {
    Error::new(Code::NULL_POINTER, format!("{what} is NULL"))
}

/// A place for a result.
pub(super) struct Out<T>(*mut T);

impl<T> Out<T> {
    /// # Safety
    /// `pointer` is NULL or may be written to for the length of the call.
    pub(super) unsafe fn new(pointer: *mut T, what: &str) -> Result<Out<T>> {
        match pointer.is_null() {
            true => Err(null(what)),
            false => Ok(Out(pointer)),
        }
    }

    pub(super) fn set(&self, value: T) {
        // SAFETY: not NULL, and the caller of `new` vouched for the rest.
        unsafe { self.0.write(value) };
    }
}

/// Writes to a place that may be NULL.
///
/// # Safety
/// `pointer` is NULL or may be written to.
pub(super) unsafe fn set_if_wanted<T>(pointer: *mut T, value: T) {
    if !pointer.is_null() {
        // SAFETY: not NULL, and the caller vouches for the rest.
        unsafe { pointer.write(value) };
    }
}

/// A handle that C has.
///
/// # Safety
/// `pointer` is NULL or a live handle.
pub(super) unsafe fn borrow<'a, T>(pointer: *const T, what: &str) -> Result<&'a T> {
    // SAFETY: the caller vouches for it.
    unsafe { pointer.as_ref() }.ok_or_else(|| null(what))
}

/// A handle that C has, and that nobody else uses.
///
/// # Safety
/// `pointer` is NULL or a live handle, in the hands of this call only.
pub(super) unsafe fn borrow_mut<'a, T>(pointer: *mut T, what: &str) -> Result<&'a mut T> {
    // SAFETY: the caller vouches for it.
    unsafe { pointer.as_mut() }.ok_or_else(|| null(what))
}

/// Bytes from C.
///
/// # Safety
/// `pointer` is NULL or has `len` readable bytes.
pub(super) unsafe fn bytes<'a>(pointer: *const u8, len: usize, what: &str) -> Result<&'a [u8]> {
    if len > isize::MAX as usize {
        return Err(Error::new(Code::TOO_LONG, format!("the length of {what} is over PTRDIFF_MAX")));
    }
    match (pointer.is_null(), len) {
        (_, 0) => Ok(&[]),
        (true, _) => Err(null(what)),
        // SAFETY: not NULL, and the caller vouches for the length.
        (false, _) => Ok(unsafe { std::slice::from_raw_parts(pointer, len) }),
    }
}

/// Bytes from C that are a name, a value or the like.
///
/// # Safety
/// As for `bytes`.
pub(super) unsafe fn short_bytes<'a>(pointer: *const u8, len: usize, what: &str) -> Result<&'a [u8]> {
    if len > MAX_TEXT {
        return Err(Error::new(Code::TOO_LONG, format!("{what} is over 1 MiB")));
    }
    // SAFETY: the caller vouches for it.
    unsafe { bytes(pointer, len, what) }
}

/// Text from C: a name, a URL, a path.
///
/// # Safety
/// As for `bytes`.
pub(super) unsafe fn text<'a>(pointer: *const c_char, len: usize, what: &str) -> Result<&'a str> {
    // SAFETY: the caller vouches for it.
    utf8(unsafe { short_bytes(pointer.cast(), len, what) }?, what)
}

/// Text from C that may be left out: NULL is not the empty string here.
///
/// # Safety
/// As for `bytes`.
pub(super) unsafe fn optional_text<'a>(pointer: *const c_char, len: usize, what: &str) -> Result<Option<&'a str>> {
    match pointer.is_null() && len == 0 {
        true => Ok(None),
        // SAFETY: the caller vouches for it.
        false => unsafe { text(pointer, len, what) }.map(Some),
    }
}

/// Text from C without a limit of its own.
///
/// # Safety
/// As for `bytes`.
pub(super) unsafe fn long_text<'a>(pointer: *const c_char, len: usize, what: &str) -> Result<&'a str> {
    // SAFETY: the caller vouches for it.
    utf8(unsafe { bytes(pointer.cast(), len, what) }?, what)
}

fn utf8<'a>(bytes: &'a [u8], what: &str) -> Result<&'a str> {
    std::str::from_utf8(bytes)
        .map_err(|e| Error::new(Code::INVALID_UTF8, format!("{what} is not UTF-8 from byte {} on", e.valid_up_to())))
}

/// A path from C, which may not have a NUL in it.
///
/// # Safety
/// As for `bytes`.
pub(super) unsafe fn path<'a>(pointer: *const c_char, len: usize, what: &str) -> Result<&'a std::path::Path> {
    // SAFETY: the caller vouches for it.
    let text = unsafe { text(pointer, len, what) }?;
    match text.is_empty() || text.contains('\0') {
        true => Err(Error::new(Code::INVALID_ARGUMENT, format!("{what} is empty or has a NUL in it"))),
        false => Ok(std::path::Path::new(text)),
    }
}

/// User data, with the function that destroys it.
pub(super) struct UserData {
    pointer: *mut c_void,
    destroy: httpx_destroy_fn,
}

// SAFETY: the ABI's rules say on which threads user data is used, and that its owner has made it fit for that.
unsafe impl Send for UserData {}
// SAFETY: as above.
unsafe impl Sync for UserData {}

impl UserData {
    pub(super) fn new(pointer: *mut c_void, destroy: httpx_destroy_fn) -> UserData {
        UserData { pointer, destroy }
    }

    pub(super) fn pointer(&self) -> *mut c_void {
        self.pointer
    }
}

/// User data that goes where a request or a response goes. It is gone when the last of them is.
pub(super) fn attachment(user_data: Foreign<UserData>) -> Option<Attachment> {
    Some(Arc::new(user_data))
}

/// The pointer in it; NULL for none.
pub(super) fn attached(attachment: Option<&Attachment>) -> *mut c_void {
    let user_data = attachment.and_then(|attachment| attachment.downcast_ref::<Foreign<UserData>>());
    user_data.map_or(std::ptr::null_mut(), |user_data| user_data.get().pointer())
}

impl Drop for UserData {
    fn drop(&mut self) {
        if let Some(destroy) = self.destroy {
            // SAFETY: called once, with what was handed in for it.
            unsafe { destroy(self.pointer) };
        }
    }
}

/// Seconds from C: INFINITY is none.
pub(super) fn seconds(value: f64, what: &str) -> Result<Option<std::time::Duration>> {
    if value == f64::INFINITY {
        return Ok(None);
    }
    if value.is_nan() || value < 0.0 {
        return Err(Error::new(Code::INVALID_ARGUMENT, format!("{what} is {value}: seconds must not be negative")));
    }
    // Longer than the type can hold is as good as none.
    Ok(std::time::Duration::try_from_secs_f64(value).ok())
}
