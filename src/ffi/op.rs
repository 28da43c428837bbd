//! The operation handle.

use std::sync::Arc;

use bytes::Bytes;

use super::callbacks::{httpx_chunk_fn, httpx_done_fn, httpx_response_fn};
use super::codes::{httpx_code, HTTPX_AGAIN, HTTPX_DONE, HTTPX_OK};
use super::error::httpx_error;
use super::handle::{another_owner, share, unshare, Handle, Kind};
use super::kit::{borrow, guard, guard_or, Out, UserData};
use super::response::httpx_response;
use crate::error::{Code, Error, Result};
use crate::httpx::Response;
use crate::runtime::{Foreign, Interrupt, Operation};

/// What an operation gives.
pub(super) enum Outcome {
    Response(Response, Option<Arc<Interrupt>>),
    /// None is the end of a body.
    Chunk(Option<Bytes>),
    Nothing,
}

/// Whom an operation's end is told.
pub(super) enum Done {
    Response(httpx_response_fn),
    Chunk(httpx_chunk_fn),
    Nothing(httpx_done_fn),
}

/// What is handed in with an operation.
pub(super) struct Context {
    pub(super) done: Done,
    pub(super) user_data: Foreign<UserData>,
}

/// An operation of this ABI.
pub(super) type Op = Operation<Outcome, Context>;

/// One asynchronous operation. Any thread may use it.
pub struct httpx_op {
    operation: Arc<Op>,
}

impl Handle for httpx_op {
    const KIND: Kind = Kind::Op;
}

impl httpx_op {
    /// A handle for C.
    pub(super) fn give(operation: Arc<Op>) -> *mut httpx_op {
        share(Arc::new(httpx_op { operation }))
    }
}

/// Hands an operation out, if it is wanted.
///
/// # Safety
/// `place` is NULL or writable.
pub(super) unsafe fn give_op(place: *mut *mut httpx_op, operation: Arc<Op>) {
    if !place.is_null() {
        // SAFETY: the caller vouches for it.
        unsafe { place.write(httpx_op::give(operation)) };
    }
}

impl Context {
    /// Tells the end of `operation`, whose result goes to the callee. True if anybody wanted to know.
    pub(super) fn tell(self, operation: &Op) {
        let user_data = self.user_data.get().pointer();
        let wanted = match &self.done {
            Done::Response(done) => done.is_some(),
            Done::Chunk(done) => done.is_some(),
            Done::Nothing(done) => done.is_some(),
        };
        if !wanted {
            return;
        }
        let Some(result) = operation.take() else { return };
        let (outcome, code, error) = match result {
            Ok(outcome) => (Some(outcome), HTTPX_OK, std::ptr::null_mut()),
            Err(error) => (None, error.code().0, httpx_error::give(error)),
        };
        // SAFETY: the callbacks' types say what they get; the program vouches for what they do with it.
        match (&self.done, outcome) {
            (Done::Response(Some(done)), Some(Outcome::Response(response, interrupt))) => unsafe {
                done(user_data, code, httpx_response::give(response, interrupt), error);
            },
            (Done::Response(Some(done)), _) => unsafe { done(user_data, code, std::ptr::null_mut(), error) },
            (Done::Chunk(Some(done)), Some(Outcome::Chunk(Some(chunk)))) => unsafe {
                done(user_data, code, chunk.as_ptr(), chunk.len(), error);
            },
            (Done::Chunk(Some(done)), outcome) => {
                let code = if outcome.is_some() { HTTPX_DONE } else { code };
                unsafe { done(user_data, code, std::ptr::null(), 0, error) };
            }
            (Done::Nothing(Some(done)), _) => unsafe { done(user_data, code, error) },
            _ => {}
        }
    }
}

/// Ends an operation with HTTPX_E_CANCELLED, unless it has ended. Any thread may do that, also in a callback. What it had
/// open is closed at once; its end is still told, once, by the next dispatch or poll. NULL is fine.
#[no_mangle]
pub unsafe extern "C" fn httpx_op_cancel(op: *mut httpx_op) {
    guard_or((), || {
        // SAFETY: the caller vouches for it.
        if let Some(op) = unsafe { op.as_ref() } {
            if op.operation.check_process().is_ok() {
                op.operation.cancel();
            }
        }
    });
}

/// Whether it has ended, told or not: 1 or 0. 0 if `op` is NULL.
#[no_mangle]
pub unsafe extern "C" fn httpx_op_is_done(op: *const httpx_op) -> i32 {
    guard_or(0, || {
        // SAFETY: the caller vouches for it.
        let op = unsafe { op.as_ref() };
        op.map_or(0, |op| i32::from(op.operation.check_process().is_ok() && op.operation.is_done()))
    })
}

/// The response of an operation without a callback, once; owned by the caller, who frees it with httpx_response_free.
///
/// HTTPX_AGAIN while the operation runs; its error if it failed; HTTPX_E_INVALID_STATE if the response was taken, or told
/// to a callback, or the operation gives none.
#[no_mangle]
pub unsafe extern "C" fn httpx_op_take_response(
    op: *mut httpx_op,
    out: *mut *mut httpx_response,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard(err, || {
        // SAFETY: the caller vouches for the pointers.
        let (op, out) = unsafe { (borrow(op, "op")?, Out::new(out, "out")?) };
        out.set(std::ptr::null_mut());
        let code = op.look(|outcome| match outcome {
            Outcome::Response(..) => Ok(HTTPX_OK),
            _ => Err(Error::new(Code::INVALID_STATE, "the operation gives no response")),
        })?;
        if code != HTTPX_OK {
            return Ok(code);
        }
        match op.operation.take() {
            Some(Ok(Outcome::Response(response, interrupt))) => {
                out.set(httpx_response::give(response, interrupt));
                Ok(HTTPX_OK)
            }
            _ => Err(taken()),
        }
    })
}

/// What an operation came to: HTTPX_AGAIN while it runs, HTTPX_OK, HTTPX_DONE for the end of a stream, or its error.
/// HTTPX_E_INVALID_STATE once the result was taken or told to a callback.
#[no_mangle]
pub unsafe extern "C" fn httpx_op_result(op: *mut httpx_op, err: *mut *mut httpx_error) -> httpx_code {
    guard(err, || {
        // SAFETY: the caller vouches for it.
        let op = unsafe { borrow(op, "op") }?;
        op.look(|outcome| Ok(code_of(outcome)))
    })
}

/// The code that tells how an operation came out well.
pub(super) fn code_of(outcome: &Outcome) -> httpx_code {
    match outcome {
        Outcome::Chunk(None) => HTTPX_DONE,
        _ => HTTPX_OK,
    }
}

/// The piece that an httpx_stream_next_async without a callback gave: `*len` bytes at `*data`, borrowed from `op` (with a
/// callback: only until the queue is dispatched).
/// HTTPX_DONE at the end of the body, and then `*data` is NULL; HTTPX_AGAIN while the operation runs; or its error.
#[no_mangle]
pub unsafe extern "C" fn httpx_op_chunk(
    op: *mut httpx_op,
    data: *mut *const u8,
    len: *mut usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard(err, || {
        // SAFETY: the caller vouches for the pointers.
        let (op, data, len) = unsafe { (borrow(op, "op")?, Out::new(data, "data")?, Out::new(len, "len")?) };
        data.set(std::ptr::null());
        len.set(0);
        op.look(|outcome| match outcome {
            Outcome::Chunk(Some(chunk)) => {
                data.set(chunk.as_ptr());
                len.set(chunk.len());
                Ok(HTTPX_OK)
            }
            Outcome::Chunk(None) => Ok(HTTPX_DONE),
            _ => Err(Error::new(Code::INVALID_STATE, "the operation gives no piece of a body")),
        })
    })
}

impl httpx_op {
    fn look(&self, look: impl FnOnce(&Outcome) -> Result<httpx_code>) -> Result<httpx_code> {
        self.operation.check_process()?;
        let looked = self.operation.peek(|result| match result {
            Ok(outcome) => look(outcome),
            Err(error) => Err(error.clone()),
        });
        match looked {
            Some(code) => code,
            None if self.operation.is_done() => Err(taken()),
            None => Ok(HTTPX_AGAIN),
        }
    }
}

fn taken() -> Error {
    Error::new(Code::INVALID_STATE, "the operation's result was taken already")
}

/// Adds an owner; returns `op`. NULL for NULL.
#[no_mangle]
pub unsafe extern "C" fn httpx_op_clone(op: *mut httpx_op) -> *mut httpx_op {
    guard_or(std::ptr::null_mut(), || match op.is_null() {
        true => std::ptr::null_mut(),
        // SAFETY: a live handle.
        false => share(unsafe { another_owner(op) }),
    })
}

/// Ends an ownership. The operation is not cancelled. NULL is fine.
#[no_mangle]
pub unsafe extern "C" fn httpx_op_free(op: *mut httpx_op) {
    guard_or((), || {
        // SAFETY: a live handle or NULL, not used again by this owner.
        let Some(op) = (unsafe { unshare(op) }) else { return };
        if op.operation.check_process().is_err() {
            // The parent's.
            std::mem::forget(op);
        }
    });
}
