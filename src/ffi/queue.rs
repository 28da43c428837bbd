//! The queue handle.

use std::ffi::c_void;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use super::callbacks::{httpx_destroy_fn, httpx_waker_fn};
use super::codes::{httpx_code, HTTPX_OK};
use super::error::httpx_error;
use super::handle::{give, Handle, Kind};
use super::kit::{borrow, guard_ok, guard_or, set_if_wanted, Out, UserData};
use super::op::{code_of, give_op, httpx_op, Context, Done, Op, Outcome};
use crate::error::{Code, Error, Result};
use crate::runtime::{Call, Foreign, Queue};

/// Where asynchronous operations go on, and where their ends are told. Many threads may submit, one at a time may
/// dispatch or poll.
pub struct httpx_queue {
    queue: Arc<Queue<Outcome, Context>>,
}

impl Handle for httpx_queue {
    const KIND: Kind = Kind::Queue;
}

impl httpx_queue {
    /// Starts an operation, and hands it out at `op` before its end can be told. On failure the user data is
    /// destroyed.
    ///
    /// # Safety
    /// `op` is NULL or writable.
    pub(super) unsafe fn submit<F>(
        &self,
        done: Done,
        user_data: UserData,
        op: *mut *mut httpx_op,
        make: impl FnOnce(Call) -> F,
    ) -> Result<()>
    where
        F: Future<Output = Result<Outcome>> + Send + 'static,
    {
        self.queue.check_process()?;
        let context = Context { done, user_data: Foreign::new(user_data) };
        // SAFETY: the caller vouches for it.
        let announce = |operation: &Arc<Op>| unsafe { give_op(op, Arc::clone(operation)) };
        self.queue.submit(context, announce, make).map_err(|(error, _context)| error)
    }

    /// The queue itself, which may outlive its handle: a callback may free that.
    fn queue(&self) -> Result<Arc<Queue<Outcome, Context>>> {
        self.queue.check_process()?;
        Ok(Arc::clone(&self.queue))
    }
}

/// An operation gave a response: httpx_op_take_response.
pub const HTTPX_EVENT_RESPONSE: i32 = 1;
/// An operation gave a piece of a body, or its end: httpx_op_chunk.
pub const HTTPX_EVENT_CHUNK: i32 = 2;
/// An operation that gives nothing has ended.
pub const HTTPX_EVENT_DONE: i32 = 3;

/// The end of an operation, as httpx_queue_poll tells it.
#[repr(C)]
pub struct httpx_event {
    /// Set by the caller in the first event of an array: sizeof(httpx_event). It is the distance from one to the next.
    pub size: usize,
    /// HTTPX_EVENT_RESPONSE and so on.
    pub kind: i32,
    /// HTTPX_OK, HTTPX_DONE for the end of a body, or the operation's error.
    pub code: httpx_code,
    /// The operation. Owned by the caller, who frees it with httpx_op_free.
    pub op: *mut httpx_op,
    /// What was handed in with the operation. It is destroyed with the operation's last owner.
    pub user_data: *mut c_void,
}

/// Makes a queue. `*out` is owned by the caller, who frees it with httpx_queue_free.
#[no_mangle]
pub unsafe extern "C" fn httpx_queue_new(out: *mut *mut httpx_queue, err: *mut *mut httpx_error) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for it.
        let out = unsafe { Out::new(out, "out") }?;
        out.set(give(httpx_queue { queue: Queue::new()? }));
        Ok(())
    })
}

/// Frees a queue. Operations that have not ended are cancelled, and nothing is told any more: their callbacks are not
/// called, their user data is destroyed. Waits for the library's thread if there is one. A dispatch that goes on ends
/// with HTTPX_E_INVALID_STATE. NULL is fine.
#[no_mangle]
pub unsafe extern "C" fn httpx_queue_free(q: *mut httpx_queue) {
    guard_or((), || {
        // SAFETY: a live handle or NULL, not used again.
        unsafe {
            if let Some(q) = q.as_ref() {
                if q.queue.check_process().is_ok() {
                    q.queue.close();
                }
            }
            super::handle::take_back(q, |q| q.queue.born());
        }
    });
}

/// A descriptor that is readable exactly while there is something to dispatch, for the program's own event loop (poll,
/// epoll, kqueue, libuv, GLib …). It belongs to the queue. From the first call on, a thread of the library drives the
/// operations, and dispatching only runs callbacks.
#[no_mangle]
pub unsafe extern "C" fn httpx_queue_fd(q: *mut httpx_queue, fd: *mut isize, err: *mut *mut httpx_error) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for the pointers.
        let (q, fd) = unsafe { (borrow(q, "q")?, Out::new(fd, "fd")?) };
        fd.set(q.queue()?.fd()? as isize);
        Ok(())
    })
}

/// Has `fn_` told, on any thread, when there is something to dispatch where before there was nothing: for event loops
/// that cannot wait on a descriptor. From the first call on, a thread of the library drives the operations.
///
/// `destroy` runs when another one is set, when the queue is freed, or when this call fails.
#[no_mangle]
pub unsafe extern "C" fn httpx_queue_waker(
    q: *mut httpx_queue,
    fn_: httpx_waker_fn,
    user_data: *mut c_void,
    destroy: httpx_destroy_fn,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let user_data = Foreign::new(UserData::new(user_data, destroy));
    guard_ok(err, || {
        // SAFETY: the caller vouches for it.
        let q = unsafe { borrow(q, "q") }?;
        let wake = fn_.ok_or_else(|| Error::new(Code::NULL_POINTER, "fn is NULL"))?;
        // SAFETY: the caller has handed both in together.
        let waker = Arc::new(move || unsafe { wake(user_data.get().pointer()) });
        drop(q.queue()?.set_waker(waker)?);
        Ok(())
    })
}

fn timeout(timeout_ms: i64) -> Option<Duration> {
    u64::try_from(timeout_ms).ok().map(Duration::from_millis)
}

/// Waits until something has ended, `timeout_ms` milliseconds at most (negative: for ever; 0: not at all), and runs the
/// callbacks of what there is. `*ran` (may be NULL) is how many operations' ends that were; 0 is no error.
///
/// The operations go on meanwhile, on this thread. To end the waiting from another thread, submit an operation or cancel
/// one: no interrupt function is asked here. HTTPX_E_REENTRANT in a callback of the same queue's dispatch,
/// HTTPX_E_CONCURRENT_USE while another thread dispatches.
#[no_mangle]
pub unsafe extern "C" fn httpx_queue_dispatch(
    q: *mut httpx_queue,
    timeout_ms: i64,
    ran: *mut usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for it.
        let q = unsafe { borrow(q, "q") }?;
        let told = q.queue()?.dispatch(timeout(timeout_ms), usize::MAX, |operation| {
            if let Some(context) = operation.take_context() {
                context.tell(&operation);
            }
        })?;
        // SAFETY: NULL or writable.
        unsafe { set_if_wanted(ran, told) };
        Ok(())
    })
}

/// The same without callbacks of operations: their ends are written to `ev`, an array with room for `cap` events, and
/// `*n` says how many were. `ev[0].size` must be set. What has no room is left for the next call.
///
/// Results are the caller's to fetch with httpx_op_take_response, httpx_op_chunk or httpx_op_result, also of operations
/// that have a callback, which is not called.
#[no_mangle]
pub unsafe extern "C" fn httpx_queue_poll(
    q: *mut httpx_queue,
    ev: *mut httpx_event,
    cap: usize,
    n: *mut usize,
    timeout_ms: i64,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for the pointers.
        let (q, n) = unsafe { (borrow(q, "q")?, Out::new(n, "n")?) };
        // SAFETY: the caller vouches for the array.
        let mut events = unsafe { Events::new(ev, cap) }?;
        n.set(0);
        q.queue()?.dispatch(timeout(timeout_ms), cap, |operation| events.put(operation))?;
        n.set(events.used);
        Ok(())
    })
}

/// An array of events, whose elements may be larger than this library knows.
struct Events {
    start: *mut httpx_event,
    stride: usize,
    used: usize,
}

impl Events {
    /// # Safety
    /// `start` is NULL or has `cap` elements, whose distance is in the first one.
    unsafe fn new(start: *mut httpx_event, cap: usize) -> Result<Events> {
        if start.is_null() {
            return Err(Error::new(Code::NULL_POINTER, "ev is NULL"));
        }
        if cap == 0 {
            return Err(Error::new(Code::INVALID_ARGUMENT, "cap is 0"));
        }
        // SAFETY: not NULL, at least one element.
        let stride = unsafe { (&raw const (*start).size).read() };
        let smallest = std::mem::size_of::<httpx_event>();
        if stride < smallest || stride % std::mem::align_of::<httpx_event>() != 0 || stride > 4096 {
            let message = format!("ev[0].size is {stride}: it must be sizeof(httpx_event), {smallest} or more");
            return Err(Error::new(Code::INVALID_ARGUMENT, message));
        }
        match stride.checked_mul(cap) {
            Some(size) if size <= isize::MAX as usize => Ok(Events { start, stride, used: 0 }),
            _ => Err(Error::new(Code::TOO_LONG, "cap events are over PTRDIFF_MAX bytes")),
        }
    }

    fn put(&mut self, operation: Arc<Op>) {
        let (kind, user_data) = operation
            .peek_context(|context| {
                let kind = match context.done {
                    Done::Response(_) => HTTPX_EVENT_RESPONSE,
                    Done::Chunk(_) => HTTPX_EVENT_CHUNK,
                    Done::Nothing(_) => HTTPX_EVENT_DONE,
                };
                (kind, context.user_data.get().pointer())
            })
            .unwrap_or((0, std::ptr::null_mut()));
        let code = operation.peek(|result| match result {
            Ok(outcome) => code_of(outcome),
            Err(error) => error.code().0,
        });
        let event = httpx_event {
            size: self.stride,
            kind,
            code: code.unwrap_or(HTTPX_OK),
            op: httpx_op::give(operation),
            user_data,
        };
        // SAFETY: dispatch calls this `cap` times at most, and the array has that many elements of this stride.
        unsafe { self.start.byte_add(self.used * self.stride).write(event) };
        self.used += 1;
    }
}

/// How many operations have not ended.
#[no_mangle]
pub unsafe extern "C" fn httpx_queue_pending(
    q: *mut httpx_queue,
    in_flight: *mut usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for the pointers.
        let (q, in_flight) = unsafe { (borrow(q, "q")?, Out::new(in_flight, "in_flight")?) };
        in_flight.set(q.queue()?.in_flight());
        Ok(())
    })
}
