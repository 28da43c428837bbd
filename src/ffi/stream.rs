//! The stream handle.

use std::ffi::c_void;
use std::sync::Arc;

use bytes::Bytes;

use super::callbacks::{httpx_chunk_fn, httpx_destroy_fn};
use super::codes::{httpx_code, HTTPX_DONE, HTTPX_OK};
use super::error::httpx_error;
use super::handle::{give, take_back, Handle, Inherited, Kind, Slot};
use super::kit::{borrow, guard, guard_ok, guard_or, Out, UserData};
use super::op::{httpx_op, Done, Outcome};
use super::queue::httpx_queue;
use crate::httpx::BodyStream;
use crate::runtime::{block_on, Interrupt};

/// A response's body on its way. One thread at a time.
pub struct httpx_stream {
    slot: Arc<Slot<Streaming>>,
    interrupt: Option<Arc<Interrupt>>,
}

struct Streaming {
    stream: BodyStream,
    /// The piece that C looks at.
    current: Bytes,
}

impl Inherited for Streaming {
    fn is_only_memory(&self) -> bool {
        self.stream.is_only_memory()
    }
}

impl Handle for httpx_stream {
    const KIND: Kind = Kind::Stream;
}

impl httpx_stream {
    pub(super) fn give(stream: BodyStream, interrupt: Option<Arc<Interrupt>>) -> *mut httpx_stream {
        let streaming = Streaming { stream, current: Bytes::new() };
        give(httpx_stream { slot: Slot::new(streaming), interrupt })
    }
}

/// Waits for the next piece: HTTPX_OK with `*len` bytes at `*data`, which are there until the next call on `s`; or
/// HTTPX_DONE at the end, and then `*data` is NULL. Only a line may have 0 bytes. Text and lines are UTF-8, and
/// NUL-terminated.
#[no_mangle]
pub unsafe extern "C" fn httpx_stream_next(
    s: *mut httpx_stream,
    data: *mut *const u8,
    len: *mut usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard(err, || {
        // SAFETY: the caller vouches for the pointers.
        let (s, data, len) = unsafe { (borrow(s, "s")?, Out::new(data, "data")?, Out::new(len, "len")?) };
        let mut streaming = s.slot.lend()?;
        // Gone before the next is read, so that its memory can be used again.
        streaming.current = Bytes::new();
        let piece = block_on(s.interrupt.as_deref(), |call| {
            let stream = &mut streaming.stream;
            async move { stream.next(&call).await }
        })?;
        let Some(piece) = piece else {
            data.set(std::ptr::null());
            len.set(0);
            return Ok(HTTPX_DONE);
        };
        data.set(piece.as_ptr());
        len.set(piece.len());
        streaming.current = piece;
        Ok(HTTPX_OK)
    })
}

/// Waits for the next piece in the background; nothing is read before it is asked for, so a slow reader slows the
/// server down. The stream is in use until the operation has ended. See httpx_client_send_async for the other
/// parameters; without `done`, ask httpx_op_chunk.
#[no_mangle]
pub unsafe extern "C" fn httpx_stream_next_async(
    s: *mut httpx_stream,
    q: *mut httpx_queue,
    done: httpx_chunk_fn,
    user_data: *mut c_void,
    destroy: httpx_destroy_fn,
    op: *mut *mut httpx_op,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let user_data = UserData::new(user_data, destroy);
    guard_ok(err, || {
        // SAFETY: the caller vouches for the pointers.
        let (s, q) = unsafe { (borrow(s, "s")?, borrow(q, "q")?) };
        let mut streaming = s.slot.lend()?;
        // SAFETY: the caller vouches for `op`.
        unsafe {
            q.submit(Done::Chunk(done), user_data, op, |call| async move {
                streaming.current = Bytes::new();
                streaming.stream.next(&call).await.map(Outcome::Chunk)
            })
        }
    })
}

/// How many bytes of body came over the wire, before decoding; 0 if `s` is NULL or in use.
#[no_mangle]
pub unsafe extern "C" fn httpx_stream_num_bytes_downloaded(s: *const httpx_stream) -> u64 {
    guard_or(0, || {
        // SAFETY: the caller vouches for it.
        let streaming = unsafe { s.as_ref() }.and_then(|s| s.slot.lend().ok());
        streaming.map_or(0, |streaming| streaming.stream.bytes_downloaded())
    })
}

/// Closes a stream; before its end, that closes its connection. HTTPX_E_STREAM_CLOSED for whoever reads on.
#[no_mangle]
pub unsafe extern "C" fn httpx_stream_close(s: *mut httpx_stream, err: *mut *mut httpx_error) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for it.
        let mut streaming = unsafe { borrow(s, "s") }?.slot.lend()?;
        streaming.current = Bytes::new();
        streaming.stream.close();
        Ok(())
    })
}

/// Frees a stream; before its end, that closes its connection. NULL is fine.
#[no_mangle]
pub unsafe extern "C" fn httpx_stream_free(s: *mut httpx_stream) {
    // SAFETY: a live handle or NULL, not used again.
    guard_or((), || unsafe { take_back(s, |s| s.slot.generation()) });
}
