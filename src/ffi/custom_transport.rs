//! Transports that are foreign code, and the handle by which they reply.

use std::ffi::{c_char, c_void};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use bytes::Bytes;

use super::callbacks::{httpx_chunk_fn, httpx_destroy_fn};
use super::codes::{httpx_code, HTTPX_DONE, HTTPX_OK};
use super::error::httpx_error;
use super::handle::{give, share, take_back, Handle, Inherited, Kind, Slot};
use super::kit::{borrow, bytes, guard, guard_ok, guard_or, long_text, short_bytes, Out, UserData};
use super::lent::{known_flags, required, vtable, LentRequest};
use super::op::{httpx_op, Done, Outcome};
use super::pipe::httpx_pipe;
use super::queue::httpx_queue;
use super::request::{body_length, httpx_request};
use super::response::{httpx_response, httpx_response_free};
use super::transport::httpx_transport;
use crate::error::{Code, Error, Result};
use crate::httpcore::BodyReader;
use crate::httpx::{in_time, CustomTransport, Reply, ReplyBody, ReplyHead, Request, Transport};
use crate::runtime::{block_on, generation, pipe_of, Call, Interrupt};

/// The transport needs requests whose bodies are in memory: one that is written while it is sent is waited for.
pub const HTTPX_TRANSPORT_REQUEST_BODY: u32 = 1;

/// Carries a request. `reply` belongs to the function, which answers by it, now or later, on any thread, and frees it with
/// httpx_reply_free. `request` has all its headers, and is there until `reply` is freed; it is not to be freed.
pub type httpx_transport_handle_fn =
    Option<unsafe extern "C" fn(user_data: *mut c_void, request: *mut httpx_request, reply: *mut httpx_reply)>;

/// The transport takes no more requests.
pub type httpx_transport_close_fn = Option<unsafe extern "C" fn(user_data: *mut c_void)>;

/// A transport in foreign code. `handle` runs on the thread that waits for the request, or that dispatches its queue, and
/// may make blocking calls; on several threads at once if several threads send.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct httpx_transport_vtable {
    /// sizeof(httpx_transport_vtable).
    pub size: usize,
    /// HTTPX_TRANSPORT_REQUEST_BODY, or 0.
    pub flags: u32,
    /// Not NULL.
    pub handle: httpx_transport_handle_fn,
    /// Called by httpx_transport_close, once at most; may be NULL.
    pub close: httpx_transport_close_fn,
    /// Destroys the transport's user data; may be NULL.
    pub destroy: httpx_destroy_fn,
}

struct ForeignTransport {
    table: httpx_transport_vtable,
    handle: unsafe extern "C" fn(*mut c_void, *mut httpx_request, *mut httpx_reply),
    user_data: UserData,
}

impl CustomTransport for ForeignTransport {
    fn requires_request_body(&self) -> bool {
        self.table.flags & HTTPX_TRANSPORT_REQUEST_BODY != 0
    }

    fn handle(&self, request: Arc<Request>, reply: Reply) {
        let (deadline, interrupt) = (reply.deadline(), reply.interrupt().cloned());
        let handle = give(httpx_reply {
            answering: Mutex::new(Answering { reply: Some(reply), head: ReplyHead::default() }),
            reading: Slot::new(Reading {
                request: Arc::clone(&request),
                deadline,
                reader: None,
                current: Bytes::new(),
            }),
            request: LentRequest::new(request, interrupt.clone()),
            interrupt,
            generation: generation(),
        });
        // SAFETY: as the table's author vouches for; the handle is live.
        unsafe { (self.handle)(self.user_data.pointer(), (*handle).request.pointer(), handle) };
    }

    fn close(&self) {
        if let Some(close) = self.table.close {
            // SAFETY: as the table's author vouches for.
            unsafe { close(self.user_data.pointer()) };
        }
    }
}

/// The way back from a transport to whoever waits for its answer. Any thread may use it.
pub struct httpx_reply {
    answering: Mutex<Answering>,
    reading: Arc<Slot<Reading>>,
    request: LentRequest,
    interrupt: Option<Arc<Interrupt>>,
    generation: u64,
}

struct Answering {
    /// Until it was answered.
    reply: Option<Reply>,
    head: ReplyHead,
}

/// The request's body on its way to the transport.
struct Reading {
    request: Arc<Request>,
    /// The request's.
    deadline: Option<Instant>,
    /// Once it was begun.
    reader: Option<BodyReader>,
    /// The piece that C looks at.
    current: Bytes,
}

impl Inherited for Reading {
    fn is_only_memory(&self) -> bool {
        false
    }
}

impl Handle for httpx_reply {
    const KIND: Kind = Kind::Reply;
}

impl httpx_reply {
    fn answering(&self) -> Result<MutexGuard<'_, Answering>> {
        match self.generation == generation() {
            true => Ok(self.answering.lock().unwrap_or_else(PoisonError::into_inner)),
            false => Err(Error::new(Code::FORKED, "it belongs to the parent process")),
        }
    }

    /// The reply, once.
    fn take(&self) -> Result<(Reply, ReplyHead)> {
        let mut answering = self.answering()?;
        let reply = answering.reply.take().ok_or_else(answered)?;
        Ok((reply, std::mem::take(&mut answering.head)))
    }
}

impl Reading {
    async fn next(&mut self, call: &Call) -> Result<Option<Bytes>> {
        self.current = Bytes::new();
        let reader = match &mut self.reader {
            Some(reader) => reader,
            None => self.reader.insert(self.request.open_body()?),
        };
        in_time(call, self.deadline, reader.next(call)).await
    }
}

fn answered() -> Error {
    Error::new(Code::INVALID_STATE, "the reply was sent already")
}

fn status(code: i32) -> Result<u16> {
    match u16::try_from(code) {
        Ok(status @ 200..=999) => Ok(status),
        _ => Err(Error::new(Code::INVALID_ARGUMENT, format!("{code} is no status of a response: they are 200 to 999"))),
    }
}

/// Makes a transport of a table of functions, which is copied: for httpx_client_builder_transport and
/// httpx_client_builder_mount, also to schemes that are not HTTP's ("file://"; no redirect leads there from another). A
/// request's deadline holds for it; other time limits are its own business.
///
/// The table's `destroy` runs when nobody owns the transport any more, or when this call fails, unless that is for the
/// table's size. `*out` is owned by the caller, who frees it with httpx_transport_free.
#[no_mangle]
pub unsafe extern "C" fn httpx_transport_custom(
    table: *const httpx_transport_vtable,
    user_data: *mut c_void,
    out: *mut *mut httpx_transport,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for it.
        let table = unsafe { vtable(table, "table") }?;
        let user_data = UserData::new(user_data, table.destroy);
        // SAFETY: the caller vouches for it.
        let out = unsafe { Out::new(out, "out") }?;
        known_flags(table.flags, HTTPX_TRANSPORT_REQUEST_BODY)?;
        let handle = required(table.handle, "table.handle")?;
        let transport = Transport::custom(Box::new(ForeignTransport { table, handle, user_data }));
        out.set(share(Arc::new(httpx_transport::new(transport))));
        Ok(())
    })
}

/// Waits for the next piece of the request's body: HTTPX_OK with `*len` bytes, never 0, at `*data`, which are there
/// until the next call; or HTTPX_DONE at the end, and then `*data` is NULL. The request's deadline ends the wait with
/// HTTPX_E_DEADLINE_EXCEEDED, and the client's interrupt function is asked meanwhile (HTTPX_E_INTERRUPTED). One thread at
/// a time. Whoever writes the body into a pipe on this very thread needs
/// httpx_reply_read_async.
#[no_mangle]
pub unsafe extern "C" fn httpx_reply_read(
    r: *mut httpx_reply,
    data: *mut *const u8,
    len: *mut usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard(err, || {
        // SAFETY: the caller vouches for the pointers.
        let (r, data, len) = unsafe { (borrow(r, "r")?, Out::new(data, "data")?, Out::new(len, "len")?) };
        let mut reading = r.reading.lend()?;
        let piece = block_on(r.interrupt.as_deref(), |call| {
            let reading = &mut *reading;
            async move { reading.next(&call).await }
        })?;
        reading.current = piece.clone().unwrap_or_default();
        data.set(if piece.is_some() { reading.current.as_ptr() } else { std::ptr::null() });
        len.set(reading.current.len());
        Ok(if piece.is_some() { HTTPX_OK } else { HTTPX_DONE })
    })
}

/// Waits for the next piece in the background. See httpx_stream_next_async.
#[no_mangle]
pub unsafe extern "C" fn httpx_reply_read_async(
    r: *mut httpx_reply,
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
        let (r, q) = unsafe { (borrow(r, "r")?, borrow(q, "q")?) };
        let mut reading = r.reading.lend()?;
        // SAFETY: the caller vouches for `op`.
        unsafe {
            q.submit(
                Done::Chunk(done),
                user_data,
                op,
                |call| async move { reading.next(&call).await.map(Outcome::Chunk) },
            )
        }
    })
}

/// Whether somebody still waits for the reply: 1 or 0. 0 if `r` is NULL.
#[no_mangle]
pub unsafe extern "C" fn httpx_reply_is_wanted(r: *const httpx_reply) -> i32 {
    guard_or(0, || {
        // SAFETY: the caller vouches for it.
        let answering = unsafe { r.as_ref() }.and_then(|r| r.answering().ok());
        let wanted = answering.is_some_and(|answering| answering.reply.as_ref().is_some_and(Reply::is_wanted));
        i32::from(wanted)
    })
}

/// Adds a header line to the reply that is to be sent. HTTPX_E_LOCAL_PROTOCOL for what no server could send.
#[no_mangle]
pub unsafe extern "C" fn httpx_reply_header(
    r: *mut httpx_reply,
    name: *const c_char,
    name_len: usize,
    value: *const u8,
    value_len: usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for pointers and lengths.
        let (r, name, value) = unsafe {
            let name = short_bytes(name.cast(), name_len, "name")?;
            (borrow(r, "r")?, name, short_bytes(value, value_len, "value")?)
        };
        r.answering()?.head.headers.add(name, value)
    })
}

/// Sets the reply's reason phrase; an empty one, as at first, is the status code's own. HTTPX_E_INVALID_ARGUMENT for one
/// that no server could send.
#[no_mangle]
pub unsafe extern "C" fn httpx_reply_reason_phrase(
    r: *mut httpx_reply,
    reason: *const c_char,
    len: usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for pointer and length.
        let (r, reason) = unsafe { (borrow(r, "r")?, short_bytes(reason.cast(), len, "reason")?) };
        r.answering()?.head.set_reason(reason)
    })
}

/// Adds a header line that comes after the reply's body: see httpx_response_trailer_at. HTTPX_E_LOCAL_PROTOCOL for what
/// no server could send.
#[no_mangle]
pub unsafe extern "C" fn httpx_reply_trailer(
    r: *mut httpx_reply,
    name: *const c_char,
    name_len: usize,
    value: *const u8,
    value_len: usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for pointers and lengths.
        let (r, name, value) = unsafe {
            let name = short_bytes(name.cast(), name_len, "name")?;
            (borrow(r, "r")?, name, short_bytes(value, value_len, "value")?)
        };
        r.answering()?.head.trailers.add(name, value)
    })
}

/// Replies with a status (200 to 999) and a body of `len` bytes, which are copied. Content-Length is added, unless the
/// headers frame the body; a content coding that they name is undone by whoever reads.
///
/// HTTPX_E_INVALID_STATE for a second reply, HTTPX_E_STREAM_CLOSED if nobody waits any more.
#[no_mangle]
pub unsafe extern "C" fn httpx_reply_send(
    r: *mut httpx_reply,
    status_code: i32,
    content: *const u8,
    len: usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for pointer and length.
        let (r, content) = unsafe { (borrow(r, "r")?, bytes(content, len, "content")?) };
        let status = status(status_code)?;
        let (reply, head) = r.take()?;
        reply.send(status, head, ReplyBody::Bytes(Bytes::copy_from_slice(content)))
    })
}

/// Replies with a status and a body that is written while it is read: of `content_length` bytes, or of any length for
/// -1. The pipe holds `capacity` bytes at most; 0 is 65,536. A writer that is freed before it has finished is
/// HTTPX_E_READ for whoever reads. Writing more than `content_length` and finishing with less is HTTPX_E_LOCAL_PROTOCOL
/// for the writer, and counts for nothing.
///
/// `*writer` is owned by the caller, who finishes it with httpx_pipe_finish and frees it with httpx_pipe_free. Errors as
/// for httpx_reply_send.
#[no_mangle]
pub unsafe extern "C" fn httpx_reply_stream(
    r: *mut httpx_reply,
    status_code: i32,
    content_length: i64,
    capacity: usize,
    writer: *mut *mut httpx_pipe,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for the pointers.
        let (r, writer) = unsafe { (borrow(r, "r")?, Out::new(writer, "writer")?) };
        let (status, length) = (status(status_code)?, body_length(content_length)?);
        let (reply, head) = r.take()?;
        let (write, read) = pipe_of(if capacity == 0 { 65_536 } else { capacity }, length);
        reply.send(status, head, ReplyBody::Pipe(read, length))?;
        writer.set(httpx_pipe::give(write, None));
        Ok(())
    })
}

/// Replies with a response: one that was made by hand, or that another client or transport has given and nobody has read
/// yet, or that was read. Its status, version, reason phrase, headers, body, trailers, user data, network stream and
/// timings are the reply's; headers and trailers that were set for the reply are not. A body that is unread is read by
/// whoever gets the reply, and then the request's deadline holds for it, too.
///
/// On success `response` is the library's, and not to be used or freed any more; else it stays the caller's.
/// HTTPX_E_STREAM_CONSUMED or HTTPX_E_STREAM_CLOSED for a response that was streamed or closed unread,
/// HTTPX_E_CONCURRENT_USE for one that an operation uses; else as for httpx_reply_send.
#[no_mangle]
pub unsafe extern "C" fn httpx_reply_response(
    r: *mut httpx_reply,
    response: *mut httpx_response,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for the pointers.
        let (r, handle) = unsafe { (borrow(r, "r")?, borrow(response, "response")?) };
        let lent = handle.parts().0.lend()?;
        lent.check_unspent()?;
        let (reply, _) = r.take()?;
        lent.give_away(|response| reply.pass_on(response))?;
        // SAFETY: a live handle, which is the library's now.
        unsafe { httpx_response_free(response) };
        Ok(())
    })
}

/// Replies with an error, which ends the request: a code (HTTPX_E_CONNECT, HTTPX_E_READ_TIMEOUT …) and a message.
///
/// HTTPX_E_INVALID_ARGUMENT for a code that is no error; else as for httpx_reply_send.
#[no_mangle]
pub unsafe extern "C" fn httpx_reply_fail(
    r: *mut httpx_reply,
    code: httpx_code,
    message: *const c_char,
    len: usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for pointer and length.
        let (r, message) = unsafe { (borrow(r, "r")?, long_text(message, len, "message")?) };
        let error = httpx_error::of(code, message)?;
        r.take()?.0.fail(error)
    })
}

/// Frees a reply. If nothing was replied, the request ends with HTTPX_E_TRANSPORT. NULL is fine.
#[no_mangle]
pub unsafe extern "C" fn httpx_reply_free(r: *mut httpx_reply) {
    // SAFETY: a live handle or NULL, not used again.
    guard_or((), || unsafe { take_back(r, |r| r.generation) });
}
