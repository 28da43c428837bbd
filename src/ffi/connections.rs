//! The handle of a list of connections.

use std::ffi::c_char;

use super::client::httpx_client;
use super::codes::httpx_code;
use super::error::httpx_error;
use super::handle::{give, take_back, Handle, Kind};
use super::kit::{borrow, guard_ok, guard_or, set_if_wanted, Out};
use super::text::{Fields, Text};
use super::transport::httpx_transport;
use crate::httpcore::{Activity, ConnectionSnapshot, Counts};
use crate::runtime::generation;

/// It is being made.
pub const HTTPX_CONNECTION_CONNECTING: i32 = 1;
/// It carries a request, or several.
pub const HTTPX_CONNECTION_ACTIVE: i32 = 2;
/// It waits for a request.
pub const HTTPX_CONNECTION_IDLE: i32 = 3;

/// The connections of a pool, as they were when somebody asked. Nothing of it changes, and any thread may read it.
pub struct httpx_connections {
    connections: Vec<ConnectionSnapshot>,
    /// Of each its origin, and httpcore's text.
    texts: Fields,
    /// Of each its proxy, and nothing.
    proxies: Fields,
    counts: Counts,
    pool: Text,
}

impl Handle for httpx_connections {
    const KIND: Kind = Kind::Connections;
}

impl httpx_connections {
    fn give(connections: Vec<ConnectionSnapshot>, counts: Counts) -> *mut httpx_connections {
        let texts: Vec<_> =
            connections.iter().map(|connection| (connection.origin.to_string(), connection.to_string())).collect();
        let texts = Fields::new(texts.iter().map(|(origin, repr)| (origin.as_bytes(), repr.as_bytes())));
        let proxy = |connection: &'_ ConnectionSnapshot| connection.proxy.clone().unwrap_or_default();
        let proxies: Vec<_> = connections.iter().map(proxy).collect();
        let proxies = Fields::new(proxies.iter().map(|proxy| (proxy.as_bytes(), &b""[..])));
        give(httpx_connections { connections, texts, proxies, counts, pool: Text::default() })
    }
}

/// Lists the connections that a client's pools have now, those of each pool oldest first.
///
/// `*out` is owned by the caller, who frees it with httpx_connections_free.
#[no_mangle]
pub unsafe extern "C" fn httpx_client_connection_list(
    c: *mut httpx_client,
    out: *mut *mut httpx_connections,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for the pointers.
        let (c, out) = unsafe { (borrow(c, "c")?.client(), Out::new(out, "out")?) };
        out.set(httpx_connections::give(c.connections(), c.counts()));
        Ok(())
    })
}

/// As httpx_client_connection_list, of a transport's pool.
#[no_mangle]
pub unsafe extern "C" fn httpx_transport_connection_list(
    t: *mut httpx_transport,
    out: *mut *mut httpx_connections,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for the pointers.
        let (t, out) = unsafe { (borrow(t, "t")?.transport(), Out::new(out, "out")?) };
        out.set(httpx_connections::give(t.connections(), t.counts()));
        Ok(())
    })
}

/// Frees a list of connections, and the texts that it gave. NULL is fine.
#[no_mangle]
pub unsafe extern "C" fn httpx_connections_free(list: *mut httpx_connections) {
    // SAFETY: a live handle or NULL, not used again. It is only memory, a forked child's as much as its parent's.
    guard_or((), || unsafe { take_back(list, |_| generation()) });
}

/// What `look` finds at the connection with the number `i`.
///
/// # Safety
/// `list` is a live handle or NULL.
unsafe fn at<T>(list: *const httpx_connections, i: usize, none: T, look: impl Fn(&ConnectionSnapshot) -> T) -> T {
    // SAFETY: the caller vouches for it.
    let connection = unsafe { list.as_ref() }.and_then(|list| list.connections.get(i));
    connection.map_or(none, look)
}

/// One of the two texts of the connection with the number `i`.
///
/// # Safety
/// `list` is a live handle or NULL, `len` NULL or writable.
unsafe fn text_at<'a>(
    list: *const httpx_connections,
    i: usize,
    len: *mut usize,
    choose: impl Fn((&'a [u8], &'a [u8])) -> &'a [u8],
) -> *const c_char {
    guard_or(std::ptr::null(), || {
        // SAFETY: the caller vouches for it; what is given lives as long as the list.
        let text = unsafe { list.as_ref() }.and_then(|list| list.texts.get(i)).map(choose);
        // SAFETY: the caller vouches for it.
        unsafe { set_if_wanted(len, text.map_or(0, <[u8]>::len)) };
        text.map_or(std::ptr::null(), |text| text.as_ptr().cast())
    })
}

/// How many connections are listed; 0 for NULL. They are numbered from 0.
#[no_mangle]
pub unsafe extern "C" fn httpx_connections_len(list: *const httpx_connections) -> usize {
    // SAFETY: a live handle or NULL.
    guard_or(0, || unsafe { list.as_ref() }.map_or(0, |list| list.connections.len()))
}

/// To whom a connection is: "https://example.org:443"; the proxy, if that forwards what goes over the connection.
/// Borrowed from `list`, with a NUL behind it; `len` may be NULL. NULL if `list` is NULL or has no such connection.
#[no_mangle]
pub unsafe extern "C" fn httpx_connections_origin(
    list: *const httpx_connections,
    i: usize,
    len: *mut usize,
) -> *const c_char {
    // SAFETY: a live handle or NULL; `len` NULL or writable.
    unsafe { text_at(list, i, len, |(origin, _)| origin) }
}

/// The URL of the proxy that a connection goes through, without credentials; empty if it goes through none. Borrowed and
/// NULL as httpx_connections_origin.
#[no_mangle]
pub unsafe extern "C" fn httpx_connections_proxy(
    list: *const httpx_connections,
    i: usize,
    len: *mut usize,
) -> *const c_char {
    guard_or(std::ptr::null(), || {
        // SAFETY: a live handle or NULL; what is given lives as long as the list.
        let proxy = unsafe { list.as_ref() }.and_then(|list| list.proxies.get(i)).map(|(proxy, _)| proxy);
        // SAFETY: NULL or writable.
        unsafe { set_if_wanted(len, proxy.map_or(0, <[u8]>::len)) };
        proxy.map_or(std::ptr::null(), |proxy| proxy.as_ptr().cast())
    })
}

/// What a connection does: HTTPX_CONNECTION_…; 0 if `list` is NULL or has no such connection.
#[no_mangle]
pub unsafe extern "C" fn httpx_connections_state(list: *const httpx_connections, i: usize) -> i32 {
    let state = |connection: &ConnectionSnapshot| match connection.activity {
        Activity::Connecting => HTTPX_CONNECTION_CONNECTING,
        Activity::Active => HTTPX_CONNECTION_ACTIVE,
        Activity::Idle => HTTPX_CONNECTION_IDLE,
    };
    // SAFETY: a live handle or NULL.
    guard_or(0, || unsafe { at(list, i, 0, state) })
}

/// Whether HTTP/2 is spoken on a connection: 1 or 0. 0 while it is being made, and if there is no such connection.
#[no_mangle]
pub unsafe extern "C" fn httpx_connections_is_http2(list: *const httpx_connections, i: usize) -> i32 {
    // SAFETY: a live handle or NULL.
    guard_or(0, || unsafe { at(list, i, 0, |connection| i32::from(connection.http2)) })
}

/// How many requests a connection has taken; 0 if there is no such connection.
#[no_mangle]
pub unsafe extern "C" fn httpx_connections_requests(list: *const httpx_connections, i: usize) -> u64 {
    // SAFETY: a live handle or NULL.
    guard_or(0, || unsafe { at(list, i, 0, |connection| connection.requests) })
}

/// How many seconds ago a connection was begun to be made; -1 if there is no such connection.
#[no_mangle]
pub unsafe extern "C" fn httpx_connections_age(list: *const httpx_connections, i: usize) -> f64 {
    // SAFETY: a live handle or NULL.
    guard_or(-1.0, || unsafe { at(list, i, -1.0, |connection| connection.age.as_secs_f64()) })
}

/// A connection in httpcore's words, for logs: "<HTTPConnection ['http://h:80', HTTP/1.1, IDLE, Request Count: 1]>".
/// Borrowed from `list`, with a NUL behind it; `len` may be NULL. NULL if `list` is NULL or has no such connection.
#[no_mangle]
pub unsafe extern "C" fn httpx_connections_repr(
    list: *const httpx_connections,
    i: usize,
    len: *mut usize,
) -> *const c_char {
    // SAFETY: a live handle or NULL; `len` NULL or writable.
    unsafe { text_at(list, i, len, |(_, repr)| repr) }
}

/// The pool in httpcore's words, for logs: "<ConnectionPool [Requests: 1 active, 0 queued | Connections: 1 active, 0
/// idle]>". A client's pools are counted together. Borrowed from `list`, with a NUL behind it; `len` may be NULL. NULL if
/// `list` is NULL.
#[no_mangle]
pub unsafe extern "C" fn httpx_connections_pool_repr(list: *const httpx_connections, len: *mut usize) -> *const c_char {
    guard_or(std::ptr::null(), || {
        // SAFETY: a live handle or NULL.
        let list = unsafe { list.as_ref() };
        let (text, length) = list.map_or((std::ptr::null(), 0), |list| list.pool.get(|| list.counts.to_string()));
        // SAFETY: NULL or writable.
        unsafe { set_if_wanted(len, length) };
        text
    })
}
