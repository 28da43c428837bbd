//! What is lent to foreign functions: requests and responses that are handles for the length of a call, vtables, and
//! what such a function has said in the end.

use std::sync::Arc;

use super::codes::httpx_code;
use super::error::httpx_error;
use super::kit::borrow;
use super::request::{httpx_request, httpx_request_free};
use super::response::{httpx_response, httpx_response_free};
use crate::error::{Code, Error, Result};
use crate::httpx::{Request, Response};
use crate::runtime::Interrupt;

/// A request in foreign hands, which may change it.
pub(super) struct LentRequest(*mut httpx_request);

// SAFETY: the handle is this value's own, and handles may change threads.
unsafe impl Send for LentRequest {}
// SAFETY: its slot answers a concurrent use with an error.
unsafe impl Sync for LentRequest {}

impl LentRequest {
    pub(super) fn new(request: Arc<Request>, interrupt: Option<Arc<Interrupt>>) -> LentRequest {
        LentRequest(httpx_request::give_of(request, interrupt))
    }

    pub(super) fn pointer(&self) -> *mut httpx_request {
        self.0
    }

    /// The request as it is now.
    pub(super) fn request(&self) -> Result<Arc<Request>> {
        // SAFETY: live until this value is dropped.
        unsafe { &*self.0 }.request()
    }

    /// A request that a foreign function gives away: one that it has made, or, for NULL and for this very one, this.
    ///
    /// # Safety
    /// `pointer` is NULL, the lent one, or a live handle that its owner gives up.
    pub(super) unsafe fn or_given(&self, pointer: *mut httpx_request) -> Result<Arc<Request>> {
        match pointer.is_null() || pointer == self.0 {
            true => self.request(),
            false => LentRequest(pointer).request(),
        }
    }
}

impl Drop for LentRequest {
    fn drop(&mut self) {
        // SAFETY: a live handle, not used again.
        unsafe { httpx_request_free(self.0) };
    }
}

/// A response in foreign hands, which may read it.
pub(super) struct LentResponse(*mut httpx_response);

// SAFETY: the handle is this value's own, and handles may change threads.
unsafe impl Send for LentResponse {}
// SAFETY: its slot answers a concurrent use with an error.
unsafe impl Sync for LentResponse {}

impl LentResponse {
    pub(super) fn new(response: Response, interrupt: Option<Arc<Interrupt>>) -> LentResponse {
        LentResponse(httpx_response::give(response, interrupt))
    }

    pub(super) fn pointer(&self) -> *mut httpx_response {
        self.0
    }

    /// The response as it is now; the handle is of no use any more.
    ///
    /// # Errors
    /// CONCURRENT_USE if an operation that was begun meanwhile has it, and what else `Slot::lend` says.
    pub(super) fn take(&self) -> Result<Response> {
        // SAFETY: live until this value is dropped.
        let (slot, _) = unsafe { &*self.0 }.parts();
        Ok(slot.lend()?.into_value())
    }
}

impl Drop for LentResponse {
    fn drop(&mut self) {
        // SAFETY: a live handle, not used again.
        unsafe { httpx_response_free(self.0) };
    }
}

/// What a foreign function has answered with: a code, and perhaps an error that it has made.
///
/// # Safety
/// `error` is NULL or a live handle that its owner gives up.
pub(super) unsafe fn outcome(code: httpx_code, error: *mut httpx_error, what: &str) -> Result<httpx_code> {
    // SAFETY: the caller vouches for it.
    let own = unsafe { httpx_error::take(error) };
    match Code(code).is_error() {
        false => Ok(code),
        true => Err(own.unwrap_or_else(|| Error::new(Code(code), format!("{what} has failed")))),
    }
}

/// A table of functions, as far as this version knows them.
///
/// # Safety
/// `T` begins with its size in bytes; `pointer` is NULL or has as many as it says.
pub(super) unsafe fn vtable<T: Copy>(pointer: *const T, what: &str) -> Result<T> {
    // SAFETY: the caller vouches for it.
    let size = *unsafe { borrow(pointer.cast::<usize>(), what) }?;
    let known = std::mem::size_of::<T>();
    if size < known {
        let message = format!("the size in {what} is {size}: it must be the size of its type, {known} or more");
        return Err(Error::new(Code::INVALID_ARGUMENT, message));
    }
    // SAFETY: not NULL, and large enough.
    Ok(unsafe { pointer.read() })
}

/// A function that a table has to have.
pub(super) fn required<F>(function: Option<F>, what: &str) -> Result<F> {
    function.ok_or_else(|| Error::new(Code::INVALID_ARGUMENT, format!("{what} is NULL")))
}

/// Flags, unless there are any among them that this version does not know.
pub(super) fn known_flags(flags: u32, known: u32) -> Result<u32> {
    match flags & !known {
        0 => Ok(flags),
        other => Err(Error::new(Code::INVALID_ARGUMENT, format!("flags {other:#x} are not known"))),
    }
}
