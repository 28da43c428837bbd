//! The client handle.

use std::ffi::{c_char, c_void};
use std::sync::Arc;

use super::callbacks::{httpx_destroy_fn, httpx_response_fn};
use super::codes::httpx_code;
use super::error::httpx_error;
use super::handle::{another_owner, share, unshare, Handle, Kind};
use super::kit::{borrow, guard_ok, guard_or, seconds, set_if_wanted, text, Out, UserData};
use super::op::{httpx_op, Done, Outcome};
use super::queue::httpx_queue;
use super::request::httpx_request;
use super::response::httpx_response;
use super::url::httpx_url;
use crate::error::{Code, Error, Result};
use crate::httpx::{Client, SendOptions};

/// Return when the head of the response is there, with the body unread, for httpx_response_stream or
/// httpx_response_read.
pub const HTTPX_SEND_STREAM: u32 = 1;
/// Follow redirects, whatever the client's default is.
pub const HTTPX_SEND_FOLLOW_REDIRECTS: u32 = 2;
/// Follow no redirects, whatever the client's default is.
pub const HTTPX_SEND_NO_REDIRECTS: u32 = 4;

/// A client: connection pool and defaults. Any thread may use it.
pub struct httpx_client {
    client: Arc<Client>,
}

impl Handle for httpx_client {
    const KIND: Kind = Kind::Client;
}

impl httpx_client {
    pub(super) fn new(client: Arc<Client>) -> httpx_client {
        httpx_client { client }
    }

    pub(super) fn client(&self) -> &Arc<Client> {
        &self.client
    }
}

/// Adds an owner; returns `c`. NULL for NULL.
#[no_mangle]
pub unsafe extern "C" fn httpx_client_clone(c: *mut httpx_client) -> *mut httpx_client {
    guard_or(std::ptr::null_mut(), || match c.is_null() {
        true => std::ptr::null_mut(),
        // SAFETY: a live handle.
        false => share(unsafe { another_owner(c) }),
    })
}

/// Ends an ownership. With the last one, idle connections are closed; requests that are in flight, and responses that
/// are open, go on. NULL is fine.
#[no_mangle]
pub unsafe extern "C" fn httpx_client_free(c: *mut httpx_client) {
    // SAFETY: a live handle or NULL, not used again by this owner.
    guard_or((), || drop(unsafe { unshare(c) }));
}

/// Closes a client for all its owners: it takes no more requests (HTTPX_E_CLIENT_CLOSED), waits `drain_seconds` at most
/// for those that it has taken and for responses that are open, ends the others, and closes all connections. Closing
/// again does no harm. A queue that nobody dispatches meanwhile, or a response that nobody reads, makes it wait the whole
/// time; the connection of such a response is closed when that is freed. So does a call inside a callback of one of its
/// requests, which waits for that request: `drain_seconds` has to be 0 there.
#[no_mangle]
pub unsafe extern "C" fn httpx_client_close(
    c: *mut httpx_client,
    drain_seconds: f64,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for it.
        unsafe { borrow(c, "c") }?.client.close(seconds(drain_seconds, "drain_seconds")?)
    })
}

/// What a URL means to this client: one that is relative is appended to the base URL. `*out` is owned by the caller, who
/// frees it with httpx_url_free. HTTPX_E_INVALID_URL.
#[no_mangle]
pub unsafe extern "C" fn httpx_client_merge_url(
    c: *const httpx_client,
    url: *const c_char,
    len: usize,
    out: *mut *mut httpx_url,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for pointers and length.
        let (c, url, out) = unsafe { (borrow(c, "c")?, text(url, len, "url")?, Out::new(out, "out")?) };
        out.set(httpx_url::give(c.client().merge_url(url)?));
        Ok(())
    })
}

/// Sends a GET request, waits, and reads the whole response.
///
/// `*out` is owned by the caller, who frees it with httpx_response_free.
#[no_mangle]
pub unsafe extern "C" fn httpx_client_get(
    c: *mut httpx_client,
    url: *const c_char,
    len: usize,
    out: *mut *mut httpx_response,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for the pointers.
        let (c, url, out) = unsafe { (borrow(c, "c")?, text(url, len, "url")?, Out::new(out, "out")?) };
        let request = Arc::new(c.client.build_request("GET", url)?);
        let sending = c.client.send(request, SendOptions::default())?;
        let response = c.client.block_on(|call| sending.run(call))?;
        out.set(httpx_response::give(response, c.client.interrupt().cloned()));
        Ok(())
    })
}

/// What flags of sending say.
pub(super) fn send_options(flags: u32) -> Result<SendOptions> {
    let known = HTTPX_SEND_STREAM | HTTPX_SEND_FOLLOW_REDIRECTS | HTTPX_SEND_NO_REDIRECTS;
    let follow_redirects = match (flags & HTTPX_SEND_FOLLOW_REDIRECTS != 0, flags & HTTPX_SEND_NO_REDIRECTS != 0) {
        (true, false) => Some(true),
        (false, true) => Some(false),
        (false, false) => None,
        (true, true) => return Err(Error::new(Code::INVALID_ARGUMENT, "flags say to follow redirects, and not to")),
    };
    match flags & !known {
        0 => Ok(SendOptions { stream: flags & HTTPX_SEND_STREAM != 0, follow_redirects }),
        other => Err(Error::new(Code::INVALID_ARGUMENT, format!("flags {other:#x} are not known"))),
    }
}

/// Sends a request and waits for its response. `flags` is 0, to read the whole body, or HTTPX_SEND_… added up.
///
/// The request stays the caller's, and is unchanged. `*out` is owned by the caller, who frees it with
/// httpx_response_free.
#[no_mangle]
pub unsafe extern "C" fn httpx_client_send(
    c: *mut httpx_client,
    r: *mut httpx_request,
    flags: u32,
    out: *mut *mut httpx_response,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for the pointers.
        let (c, r, out) = unsafe { (borrow(c, "c")?, borrow(r, "r")?, Out::new(out, "out")?) };
        let (request, how) = (r.request()?, send_options(flags)?);
        let sending = c.client.send(request, how)?;
        let response = c.client.block_on(|call| sending.run(call))?;
        out.set(httpx_response::give(response, c.client.interrupt().cloned()));
        Ok(())
    })
}

/// Starts to send a request and returns at once. The operation goes on while `q` is dispatched, polled, or driven by
/// the library (see httpx_queue_fd).
///
/// `done` is called by httpx_queue_dispatch when the response is there, or it has failed, or was cancelled: once. With
/// NULL, fetch the result with httpx_op_take_response. `destroy` runs on `user_data` after `done`, or when this call
/// fails. `*op` (may be NULL) is owned by the caller, who frees it with httpx_op_free. The request can be changed, sent
/// again or freed at once.
#[no_mangle]
pub unsafe extern "C" fn httpx_client_send_async(
    c: *mut httpx_client,
    r: *mut httpx_request,
    flags: u32,
    q: *mut httpx_queue,
    done: httpx_response_fn,
    user_data: *mut c_void,
    destroy: httpx_destroy_fn,
    op: *mut *mut httpx_op,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let user_data = UserData::new(user_data, destroy);
    guard_ok(err, || {
        // SAFETY: the caller vouches for the pointers.
        let (c, r, q) = unsafe { (borrow(c, "c")?, borrow(r, "r")?, borrow(q, "q")?) };
        let (request, how) = (r.request()?, send_options(flags)?);
        let sending = c.client.send(request, how)?;
        let interrupt = c.client.interrupt().cloned();
        // SAFETY: the caller vouches for `op`.
        unsafe {
            q.submit(Done::Response(done), user_data, op, |call| async move {
                sending.run(call).await.map(|response| Outcome::Response(response, interrupt))
            })
        }
    })
}

/// How many connections carry a request or are being made for one, how many are idle, and how many requests wait for a
/// connection. Each place may be NULL.
#[no_mangle]
pub unsafe extern "C" fn httpx_client_connections(
    c: *mut httpx_client,
    active: *mut usize,
    idle: *mut usize,
    waiting: *mut usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for the pointers.
        let counts = unsafe { borrow(c, "c") }?.client.counts();
        for (place, count) in [(active, counts.active), (idle, counts.idle), (waiting, counts.waiting)] {
            // SAFETY: NULL or writable.
            unsafe { set_if_wanted(place, count) };
        }
        Ok(())
    })
}
