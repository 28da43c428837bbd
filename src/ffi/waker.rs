//! The waker handle: how a callback that has answered "not yet" is called again.

use super::codes::httpx_code;
use super::error::httpx_error;
use super::handle::{give, take_back, Handle, Kind};
use super::kit::{guard_ok, guard_or, Out};
use crate::runtime::{generation, UpcallWaker};

/// What calls a callback again that has answered HTTPX_AGAIN. Any thread may use it.
pub struct httpx_waker {
    waker: UpcallWaker,
    generation: u64,
}

impl Handle for httpx_waker {
    const KIND: Kind = Kind::Waker;
}

/// Makes a waker for the callback that runs now on this thread, so that it can answer later: it takes a waker and
/// returns HTTPX_AGAIN, and is called again with the same arguments (but for the places of results, which are others and
/// empty), on the thread that waits or dispatches, once somebody has woken it. Then it returns its answer, or HTTPX_AGAIN once more; the waker stays good for that. Callbacks
/// that may do so are request and response hooks, httpx_auth_function's, `new_flow` and `next` of a flow,
/// httpx_pull_fn, httpx_rewind_fn and httpx_trace_fn.
///
/// Meanwhile time limits, cancelling and interrupting work as ever. When the request ends before the callback has
/// answered, it is not called again; the handles and buffers that were lent to it can be freed by nobody and are there
/// until the last of its wakers is freed, and a lent response is closed. What a flow was lent is there until the flow is
/// destroyed, and where `new_flow` has not answered yet, its request as long as that of a hook. HTTPX_AGAIN from a
/// callback that has no waker left, and that nobody has woken, ends the request with HTTPX_E_INVALID_STATE.
///
/// `*out` is owned by the caller, who frees it with httpx_waker_free. HTTPX_E_INVALID_STATE where no such callback runs:
/// in other callbacks, and where nobody waits, as in trace functions when a response is freed early.
#[no_mangle]
pub unsafe extern "C" fn httpx_upcall_waker(out: *mut *mut httpx_waker, err: *mut *mut httpx_error) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for it.
        let out = unsafe { Out::new(out, "out") }?;
        out.set(give(httpx_waker { waker: UpcallWaker::current()?, generation: generation() }));
        Ok(())
    })
}

/// Has the callback called again. Any thread may do that at any time, as often as it likes: also before the callback has
/// returned, and when there is nobody any more who would call it. NULL is fine.
#[no_mangle]
pub unsafe extern "C" fn httpx_waker_wake(w: *mut httpx_waker) {
    guard_or((), || {
        // SAFETY: the caller vouches for it.
        if let Some(w) = unsafe { w.as_ref() }.filter(|w| w.generation == generation()) {
            w.waker.wake();
        }
    });
}

/// Frees a waker. NULL is fine.
#[no_mangle]
pub unsafe extern "C" fn httpx_waker_free(w: *mut httpx_waker) {
    // SAFETY: a live handle or NULL, not used again.
    guard_or((), || unsafe { take_back(w, |w| w.generation) });
}
