//! The pipe handle: the writing end of a streamed upload.

use std::ffi::c_void;
use std::sync::Arc;

use super::callbacks::{httpx_destroy_fn, httpx_done_fn};
use super::codes::{httpx_code, HTTPX_AGAIN, HTTPX_OK};
use super::error::httpx_error;
use super::handle::{give, take_back, Handle, Kind};
use super::kit::{borrow, bytes, guard, guard_ok, guard_or, Out, UserData};
use super::op::{httpx_op, Done, Outcome};
use super::queue::httpx_queue;
use crate::error::{Code, Error, Result};
use crate::runtime::{block_on, generation, Interrupt, PipeWriter};

/// The writing end of a request's body. Any thread may use it, one at a time.
pub struct httpx_pipe {
    writer: Arc<PipeWriter>,
    interrupt: Option<Arc<Interrupt>>,
    generation: u64,
}

impl Handle for httpx_pipe {
    const KIND: Kind = Kind::Pipe;
}

impl httpx_pipe {
    pub(super) fn give(writer: PipeWriter, interrupt: Option<Arc<Interrupt>>) -> *mut httpx_pipe {
        give(httpx_pipe { writer: Arc::new(writer), interrupt, generation: generation() })
    }

    fn writer(&self) -> Result<&Arc<PipeWriter>> {
        match self.generation == generation() {
            true => Ok(&self.writer),
            false => Err(Error::new(Code::FORKED, "it belongs to the parent process")),
        }
    }
}

/// Writes what there is room for, and says in `*written` how much that was. Never waits: HTTPX_AGAIN, with 0 written, if
/// the pipe is full.
///
/// HTTPX_E_STREAM_CLOSED when the request has ended and takes no more of its body.
#[no_mangle]
pub unsafe extern "C" fn httpx_pipe_write(
    p: *mut httpx_pipe,
    data: *const u8,
    len: usize,
    written: *mut usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard(err, || {
        // SAFETY: the caller vouches for pointers and length.
        let (p, data, written) = unsafe { (borrow(p, "p")?, bytes(data, len, "data")?, Out::new(written, "written")?) };
        written.set(0);
        let taken = p.writer()?.write(data)?;
        written.set(taken);
        Ok(if taken == 0 && !data.is_empty() { HTTPX_AGAIN } else { HTTPX_OK })
    })
}

/// Writes all of it, and waits for room as often as that takes. For a thread other than the one that sends the request.
///
/// HTTPX_E_STREAM_CLOSED when the request has ended and takes no more of its body.
#[no_mangle]
pub unsafe extern "C" fn httpx_pipe_write_all(
    p: *mut httpx_pipe,
    data: *const u8,
    len: usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for pointer and length.
        let (p, mut data) = unsafe { (borrow(p, "p")?, bytes(data, len, "data")?) };
        let writer = p.writer()?;
        loop {
            data = &data[writer.write(data)?..];
            if data.is_empty() {
                return Ok(());
            }
            block_on(p.interrupt.as_deref(), |_call| Arc::clone(writer).writable())?;
        }
    })
}

/// Completes when there is room in the pipe, or with HTTPX_E_STREAM_CLOSED when the request has ended. See
/// httpx_client_send_async for the other parameters; without `done`, ask httpx_op_result.
#[no_mangle]
pub unsafe extern "C" fn httpx_pipe_writable_async(
    p: *mut httpx_pipe,
    q: *mut httpx_queue,
    done: httpx_done_fn,
    user_data: *mut c_void,
    destroy: httpx_destroy_fn,
    op: *mut *mut httpx_op,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let user_data = UserData::new(user_data, destroy);
    guard_ok(err, || {
        // SAFETY: the caller vouches for the pointers.
        let (p, q) = unsafe { (borrow(p, "p")?, borrow(q, "q")?) };
        let writable = Arc::clone(p.writer()?).writable();
        // SAFETY: the caller vouches for `op`.
        unsafe {
            q.submit(
                Done::Nothing(done),
                user_data,
                op,
                |_call| async move { writable.await.map(|()| Outcome::Nothing) },
            )
        }
    })
}

/// Says that the body is complete. HTTPX_E_STREAM_CLOSED when the request has ended before.
#[no_mangle]
pub unsafe extern "C" fn httpx_pipe_finish(p: *mut httpx_pipe, err: *mut *mut httpx_error) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for it.
        unsafe { borrow(p, "p") }?.writer()?.finish()
    })
}

/// Frees a pipe. If the body was not finished, the request fails. NULL is fine.
#[no_mangle]
pub unsafe extern "C" fn httpx_pipe_free(p: *mut httpx_pipe) {
    // SAFETY: a live handle or NULL, not used again.
    guard_or((), || unsafe { take_back(p, |p| p.generation) });
}
