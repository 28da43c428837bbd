//! The transport handle.

use std::ffi::{c_char, c_void};
use std::sync::Arc;

use super::callbacks::{httpx_destroy_fn, httpx_response_fn};
use super::client::httpx_client;
use super::client_builder::{change, httpx_client_builder};
use super::codes::httpx_code;
use super::error::httpx_error;
use super::handle::{another_owner, share, unshare, Handle, Kind};
use super::kit::{borrow, guard_ok, guard_or, seconds, set_if_wanted, text, Out, UserData};
use super::op::{httpx_op, Done, Outcome};
use super::queue::httpx_queue;
use super::request::httpx_request;
use super::response::httpx_response;
use super::text::Text;
use super::url::httpx_url;
use crate::httpx::{Transport, UrlPattern};

/// A transport: a connection pool with its settings, or foreign code (httpx_transport_custom), which carries single
/// requests. It can be used by itself, or be shared by clients. Any thread may use it.
pub struct httpx_transport {
    transport: Arc<Transport>,
    proxy: Text,
}

impl Handle for httpx_transport {
    const KIND: Kind = Kind::Transport;
}

impl httpx_transport {
    pub(super) fn transport(&self) -> &Arc<Transport> {
        &self.transport
    }

    pub(super) fn new(transport: Arc<Transport>) -> httpx_transport {
        httpx_transport { transport, proxy: Text::default() }
    }
}

/// Makes a transport with those of a builder's settings that concern connections: TLS, proxy, limits, HTTP versions,
/// retries, time limits, the interrupt function. Nothing is opened yet but what the environment names, as for
/// httpx_client_builder_build. The builder stays as it is.
///
/// `*out` is owned by the caller, who frees it with httpx_transport_free.
#[no_mangle]
pub unsafe extern "C" fn httpx_transport_new(
    b: *const httpx_client_builder,
    out: *mut *mut httpx_transport,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for the pointers.
        let (b, out) = unsafe { (borrow(b, "b")?, Out::new(out, "out")?) };
        let transport = b.options()?.build_transport()?;
        out.set(share(Arc::new(httpx_transport::new(transport))));
        Ok(())
    })
}

/// Adds an owner; returns `t`. NULL for NULL.
#[no_mangle]
pub unsafe extern "C" fn httpx_transport_clone(t: *mut httpx_transport) -> *mut httpx_transport {
    guard_or(std::ptr::null_mut(), || match t.is_null() {
        true => std::ptr::null_mut(),
        // SAFETY: a live handle.
        false => share(unsafe { another_owner(t) }),
    })
}

/// Ends an ownership; clients that were built with it own it, too. With the last one, idle connections are closed;
/// requests that are in flight, and responses that are open, go on. NULL is fine.
#[no_mangle]
pub unsafe extern "C" fn httpx_transport_free(t: *mut httpx_transport) {
    // SAFETY: a live handle or NULL, not used again by this owner.
    guard_or((), || drop(unsafe { unshare(t) }));
}

/// What carries a client's requests for a URL: a transport that is mounted, one that the client has made for a proxy, or its
/// default. `*out` is one more owner, and the caller's, who frees it with httpx_transport_free.
#[no_mangle]
pub unsafe extern "C" fn httpx_client_transport_for_url(
    c: *const httpx_client,
    u: *const httpx_url,
    out: *mut *mut httpx_transport,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for the pointers.
        let (c, u, out) = unsafe { (borrow(c, "c")?, borrow(u, "u")?, Out::new(out, "out")?) };
        out.set(share(Arc::new(httpx_transport::new(Arc::clone(c.client().transport_for(u.url()))))));
        Ok(())
    })
}

/// Whether two handles are of the same transport: 1 or 0. NULL equals nothing.
#[no_mangle]
pub unsafe extern "C" fn httpx_transport_equal(t: *const httpx_transport, other: *const httpx_transport) -> i32 {
    // SAFETY: the caller vouches for both.
    let pair = || unsafe { Some((t.as_ref()?, other.as_ref()?)) };
    guard_or(0, || i32::from(pair().is_some_and(|(t, other)| Arc::ptr_eq(&t.transport, &other.transport))))
}

/// The URL of the proxy that a transport goes through, without credentials. `len` may be NULL. Borrowed from `t`; NULL if
/// there is none, or `t` is NULL.
#[no_mangle]
pub unsafe extern "C" fn httpx_transport_proxy_url(t: *const httpx_transport, len: *mut usize) -> *const c_char {
    guard_or(std::ptr::null(), || {
        // SAFETY: the caller vouches for both.
        let url = unsafe { t.as_ref() }.and_then(|t| Some((t, t.transport.proxy_url()?)));
        let url = url.map(|(t, url)| t.proxy.get(|| url));
        let (url, length) = url.unwrap_or((std::ptr::null(), 0));
        unsafe { set_if_wanted(len, length) };
        url
    })
}

/// Closes a transport for all its owners, as httpx_client_close does a client. One of foreign code is told once, and not
/// waited for.
#[no_mangle]
pub unsafe extern "C" fn httpx_transport_close(
    t: *mut httpx_transport,
    drain_seconds: f64,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for it.
        unsafe { borrow(t, "t") }?.transport.close(seconds(drain_seconds, "drain_seconds")?)
    })
}

/// Makes a request that has no header but Host, with the transport's time limits. Otherwise as httpx_request_new.
#[no_mangle]
pub unsafe extern "C" fn httpx_transport_request_new(
    t: *mut httpx_transport,
    method: *const c_char,
    method_len: usize,
    url: *const c_char,
    url_len: usize,
    out: *mut *mut httpx_request,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for the pointers.
        let (t, out) = unsafe { (borrow(t, "t")?, Out::new(out, "out")?) };
        // SAFETY: the caller vouches for pointers and lengths.
        let (method, url) = unsafe { (text(method, method_len, "method")?, text(url, url_len, "url")?) };
        let request = t.transport.build_request(method, url)?;
        out.set(httpx_request::give_of(Arc::new(request), t.transport.interrupt().cloned()));
        Ok(())
    })
}

/// Sends a request and waits for its response's head; the body is unread. Nothing is added to the request, and no
/// redirect is followed.
///
/// The request stays the caller's. `*out` is owned by the caller, who frees it with httpx_response_free.
#[no_mangle]
pub unsafe extern "C" fn httpx_transport_send(
    t: *mut httpx_transport,
    r: *mut httpx_request,
    out: *mut *mut httpx_response,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for the pointers.
        let (t, r, out) = unsafe { (borrow(t, "t")?, borrow(r, "r")?, Out::new(out, "out")?) };
        let request = r.request()?;
        let response = t.transport.block_on(|call| Arc::clone(&t.transport).send(call, request))?;
        out.set(httpx_response::give(response, t.transport.interrupt().cloned()));
        Ok(())
    })
}

/// The same in a queue; for the operation see httpx_client_send_async.
#[no_mangle]
pub unsafe extern "C" fn httpx_transport_send_async(
    t: *mut httpx_transport,
    r: *mut httpx_request,
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
        let (t, r, q) = unsafe { (borrow(t, "t")?, borrow(r, "r")?, borrow(q, "q")?) };
        let (request, transport) = (r.request()?, Arc::clone(&t.transport));
        let interrupt = transport.interrupt().cloned();
        // SAFETY: the caller vouches for `op`.
        unsafe {
            q.submit(Done::Response(done), user_data, op, |call| async move {
                transport.send(call, request).await.map(|response| Outcome::Response(response, interrupt))
            })
        }
    })
}

/// As httpx_client_connections.
#[no_mangle]
pub unsafe extern "C" fn httpx_transport_connections(
    t: *mut httpx_transport,
    active: *mut usize,
    idle: *mut usize,
    waiting: *mut usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for the pointers.
        let counts = unsafe { borrow(t, "t") }?.transport.counts();
        for (place, count) in [(active, counts.active), (idle, counts.idle), (waiting, counts.waiting)] {
            // SAFETY: NULL or writable.
            unsafe { set_if_wanted(place, count) };
        }
        Ok(())
    })
}

/// Has clients use this transport instead of one of their own, for what is not mounted elsewhere. It is shared: closing
/// a client does not close it. The builder's own settings for connections, and proxies of the environment, then do not
/// matter. NULL takes it back. The builder becomes an owner.
#[no_mangle]
pub unsafe extern "C" fn httpx_client_builder_transport(
    b: *mut httpx_client_builder,
    t: *mut httpx_transport,
    err: *mut *mut httpx_error,
) -> httpx_code {
    // SAFETY: NULL or a live handle.
    let transport = unsafe { t.as_ref() }.map(|t| Arc::clone(&t.transport));
    // SAFETY: the caller vouches for `b`.
    unsafe {
        change(b, err, |builder| {
            builder.transport = transport;
            Ok(())
        })
    }
}

/// Has requests to URLs that match `pattern` use this transport, or, with NULL, the client's default one without any
/// proxy. A pattern is a scheme or "all", "://", and perhaps a host and a port: "https://", "http://localhost:8080". A
/// host "*.example.org" means the names below example.org, "*example.org" that name too, and "*" any. A pattern with a
/// port goes first, then the one with the longer host, then the one with the longer scheme. The same pattern again
/// replaces what it was mounted to.
///
/// HTTPX_E_INVALID_ARGUMENT or HTTPX_E_INVALID_URL for what is no pattern. The builder becomes an owner.
#[no_mangle]
pub unsafe extern "C" fn httpx_client_builder_mount(
    b: *mut httpx_client_builder,
    pattern: *const c_char,
    len: usize,
    t: *mut httpx_transport,
    err: *mut *mut httpx_error,
) -> httpx_code {
    // SAFETY: NULL or a live handle.
    let transport = unsafe { t.as_ref() }.map(|t| Arc::clone(&t.transport));
    // SAFETY: the caller vouches for `b`, pointer and length.
    unsafe {
        change(b, err, |builder| {
            let pattern = UrlPattern::parse(text(pattern, len, "pattern")?)?;
            builder.mount(pattern, transport);
            Ok(())
        })
    }
}
