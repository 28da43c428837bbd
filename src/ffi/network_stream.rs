//! The network stream handle: a connection that another protocol has taken over.

use std::ffi::{c_char, c_void};
use std::os::fd::IntoRawFd;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;

use super::callbacks::{httpx_chunk_fn, httpx_destroy_fn, httpx_done_fn};
use super::client::httpx_client;
use super::codes::{httpx_code, HTTPX_DONE, HTTPX_OK};
use super::error::httpx_error;
use super::handle::{give, take_back, Handle, Kind};
use super::kit::{borrow, bytes, guard, guard_ok, guard_or, seconds, set_if_wanted, text, Out, UserData};
use super::op::{httpx_op, Done, Outcome};
use super::queue::httpx_queue;
use super::response::httpx_response;
use super::text::{Copies, Text};
use super::tls::httpx_tls;
use crate::error::Result;
use crate::httpcore::{NetworkStream, TlsConfig, TlsInfo};
use crate::runtime::{block_on, Interrupt};

/// A connection without HTTP on it, after a 101 or a CONNECT that succeeded. Any thread: one at a time reads, and one at
/// a time writes.
pub struct httpx_network_stream {
    stream: Arc<NetworkStream>,
    interrupt: Option<Arc<Interrupt>>,
    /// The piece that C looks at.
    current: Mutex<Bytes>,
    local: Text,
    peer: Text,
    /// What C was told of TLS, which may begin later, and once more.
    tls: Mutex<Copies>,
}

impl httpx_network_stream {
    /// The stream, unless it is the parent process's.
    fn stream(&self) -> Result<Arc<NetworkStream>> {
        self.stream.check_process()?;
        Ok(Arc::clone(&self.stream))
    }
}

impl Handle for httpx_network_stream {
    const KIND: Kind = Kind::NetworkStream;
}

/// Takes the connection of a response that has given it up to another protocol: a 101 to a request with an Upgrade
/// header, or a 2xx to CONNECT. What arrived behind the response is read first. Once for each response.
///
/// HTTPX_E_INVALID_STATE for another response, or if it was taken. Until it is closed or freed it counts as one of the
/// client's connections, and closing the client cuts it off. `*out` is owned by the caller, who frees it with
/// httpx_network_stream_free; `r` may be freed first.
#[no_mangle]
pub unsafe extern "C" fn httpx_response_network_stream(
    r: *mut httpx_response,
    out: *mut *mut httpx_network_stream,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for the pointers.
        let (r, out) = unsafe { (borrow(r, "r")?, Out::new(out, "out")?) };
        let (response, interrupt) = r.parts();
        let stream = Arc::new(response.lend()?.take_network_stream()?);
        let (local, peer) = (Text::default(), Text::default());
        out.set(give(httpx_network_stream {
            stream,
            interrupt,
            current: Mutex::default(),
            local,
            peer,
            tls: Mutex::default(),
        }));
        Ok(())
    })
}

fn limit(timeout: f64) -> Result<Option<Duration>> {
    seconds(timeout, "timeout")
}

/// Reads what there is, at most `max` bytes, and waits `timeout` seconds (INFINITY: for ever) until there is something:
/// HTTPX_OK with `*len` bytes, never 0, at `*data`, which are there until the next read of `s`; or HTTPX_DONE when the
/// peer has ended, and then `*data` is NULL. HTTPX_E_READ_TIMEOUT loses nothing: it can be read on.
#[no_mangle]
pub unsafe extern "C" fn httpx_network_stream_read(
    s: *mut httpx_network_stream,
    max: usize,
    timeout: f64,
    data: *mut *const u8,
    len: *mut usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard(err, || {
        // SAFETY: the caller vouches for the pointers.
        let (s, data, len) = unsafe { (borrow(s, "s")?, Out::new(data, "data")?, Out::new(len, "len")?) };
        let timeout = limit(timeout)?;
        let stream = s.stream()?;
        let piece = block_on(s.interrupt.as_deref(), |call| async move { stream.read(&call, max, timeout).await })?;
        data.set(piece.as_ref().map_or(std::ptr::null(), |piece| piece.as_ptr()));
        len.set(piece.as_ref().map_or(0, Bytes::len));
        let code = if piece.is_some() { HTTPX_OK } else { HTTPX_DONE };
        *s.current.lock().unwrap_or_else(PoisonError::into_inner) = piece.unwrap_or_default();
        Ok(code)
    })
}

/// The same in the background. Nobody else can read until the operation has ended; cancelling it loses nothing. See
/// httpx_client_send_async for the other parameters; without `done`, ask httpx_op_chunk.
#[no_mangle]
pub unsafe extern "C" fn httpx_network_stream_read_async(
    s: *mut httpx_network_stream,
    max: usize,
    timeout: f64,
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
        let timeout = limit(timeout)?;
        let stream = s.stream()?;
        // SAFETY: the caller vouches for `op`.
        unsafe {
            q.submit(Done::Chunk(done), user_data, op, |call| async move {
                stream.read(&call, max, timeout).await.map(Outcome::Chunk)
            })
        }
    })
}

/// Writes all of it, and waits at most `timeout` seconds (INFINITY: for ever) each time that the peer takes nothing. After
/// an error nobody knows how much went out.
#[no_mangle]
pub unsafe extern "C" fn httpx_network_stream_write(
    s: *mut httpx_network_stream,
    data: *const u8,
    len: usize,
    timeout: f64,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for pointers and length.
        let (s, data) = unsafe { (borrow(s, "s")?, bytes(data, len, "data")?) };
        let timeout = limit(timeout)?;
        let (stream, data) = (s.stream()?, Bytes::copy_from_slice(data));
        block_on(s.interrupt.as_deref(), |call| async move { stream.write(&call, data, timeout).await })
    })
}

/// The same in the background, with a copy of the data. Nobody else can write until the operation has ended. See
/// httpx_client_send_async for the other parameters; without `done`, ask httpx_op_result.
#[no_mangle]
pub unsafe extern "C" fn httpx_network_stream_write_async(
    s: *mut httpx_network_stream,
    data: *const u8,
    len: usize,
    timeout: f64,
    q: *mut httpx_queue,
    done: httpx_done_fn,
    user_data: *mut c_void,
    destroy: httpx_destroy_fn,
    op: *mut *mut httpx_op,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let user_data = UserData::new(user_data, destroy);
    guard_ok(err, || {
        // SAFETY: the caller vouches for pointers and length.
        let (s, data, q) = unsafe { (borrow(s, "s")?, bytes(data, len, "data")?, borrow(q, "q")?) };
        let timeout = limit(timeout)?;
        let (stream, data) = (s.stream()?, Bytes::copy_from_slice(data));
        // SAFETY: the caller vouches for `op`.
        unsafe {
            q.submit(Done::Nothing(done), user_data, op, |call| async move {
                stream.write(&call, data, timeout).await.map(|()| Outcome::Nothing)
            })
        }
    })
}

/// Speaks TLS on it from now on, by the settings of `c`, with the peer whose certificate is for `server_name`. Waits
/// `timeout` seconds at most (INFINITY: for ever). If it fails, the stream is closed.
///
/// HTTPX_E_CONNECT_TIMEOUT, HTTPX_E_CONNECT and codes below it; HTTPX_E_INVALID_STATE while there is data that came in the
/// clear and was not read.
#[no_mangle]
pub unsafe extern "C" fn httpx_network_stream_start_tls(
    s: *mut httpx_network_stream,
    c: *mut httpx_client,
    server_name: *const c_char,
    server_name_len: usize,
    timeout: f64,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for pointers and length.
        let (s, c, name) =
            unsafe { (borrow(s, "s")?, borrow(c, "c")?, text(server_name, server_name_len, "server_name")?) };
        let (timeout, tls) = (limit(timeout)?, c.client().tls());
        let stream = s.stream()?;
        block_on(s.interrupt.as_deref(), |call| async move { stream.start_tls(&call, &tls, name, timeout).await })
    })
}

/// The same in the background. Nobody can read or write until the operation has ended. See httpx_client_send_async for the
/// other parameters; without `done`, ask httpx_op_result.
#[no_mangle]
pub unsafe extern "C" fn httpx_network_stream_start_tls_async(
    s: *mut httpx_network_stream,
    c: *mut httpx_client,
    server_name: *const c_char,
    server_name_len: usize,
    timeout: f64,
    q: *mut httpx_queue,
    done: httpx_done_fn,
    user_data: *mut c_void,
    destroy: httpx_destroy_fn,
    op: *mut *mut httpx_op,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let user_data = UserData::new(user_data, destroy);
    guard_ok(err, || {
        // SAFETY: the caller vouches for pointers and length.
        let (s, c, q) = unsafe { (borrow(s, "s")?, borrow(c, "c")?, borrow(q, "q")?) };
        let name = unsafe { text(server_name, server_name_len, "server_name") }?.to_owned();
        let (timeout, tls) = (limit(timeout)?, c.client().tls());
        let stream = s.stream()?;
        // SAFETY: the caller vouches for `op`.
        unsafe {
            q.submit(Done::Nothing(done), user_data, op, |call| async move {
                stream.start_tls(&call, &tls, &name, timeout).await.map(|()| Outcome::Nothing)
            })
        }
    })
}

/// Speaks TLS on it by settings of its own; otherwise as httpx_network_stream_start_tls.
#[no_mangle]
pub unsafe extern "C" fn httpx_network_stream_start_tls_with(
    s: *mut httpx_network_stream,
    t: *const httpx_tls,
    server_name: *const c_char,
    server_name_len: usize,
    timeout: f64,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for pointers and length.
        let (s, t, name) =
            unsafe { (borrow(s, "s")?, borrow(t, "t")?, text(server_name, server_name_len, "server_name")?) };
        let (timeout, tls) = (limit(timeout)?, TlsConfig::new(t.copied()?));
        let stream = s.stream()?;
        block_on(s.interrupt.as_deref(), |call| async move { stream.start_tls(&call, &tls, name, timeout).await })
    })
}

/// The same in the background. See httpx_network_stream_start_tls_async.
#[no_mangle]
pub unsafe extern "C" fn httpx_network_stream_start_tls_with_async(
    s: *mut httpx_network_stream,
    t: *const httpx_tls,
    server_name: *const c_char,
    server_name_len: usize,
    timeout: f64,
    q: *mut httpx_queue,
    done: httpx_done_fn,
    user_data: *mut c_void,
    destroy: httpx_destroy_fn,
    op: *mut *mut httpx_op,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let user_data = UserData::new(user_data, destroy);
    guard_ok(err, || {
        // SAFETY: the caller vouches for pointers and length.
        let (s, t, q) = unsafe { (borrow(s, "s")?, borrow(t, "t")?, borrow(q, "q")?) };
        let name = unsafe { text(server_name, server_name_len, "server_name") }?.to_owned();
        let (timeout, tls) = (limit(timeout)?, TlsConfig::new(t.copied()?));
        let stream = s.stream()?;
        // SAFETY: the caller vouches for `op`.
        unsafe {
            q.submit(Done::Nothing(done), user_data, op, |call| async move {
                stream.start_tls(&call, &tls, &name, timeout).await.map(|()| Outcome::Nothing)
            })
        }
    })
}

/// A descriptor of its own for the stream's socket; see httpx_response_socket.
#[no_mangle]
pub unsafe extern "C" fn httpx_network_stream_socket(
    s: *const httpx_network_stream,
    fd: *mut isize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for the pointers.
        let (s, out) = unsafe { (borrow(s, "s")?, Out::new(fd, "fd")?) };
        out.set(s.stream()?.info().duplicate_socket()?.into_raw_fd() as isize);
        Ok(())
    })
}

/// Whether a read would not have to wait, because there is data or the peer has ended: 1 or 0. 0 if `s` is NULL.
#[no_mangle]
pub unsafe extern "C" fn httpx_network_stream_is_readable(s: *const httpx_network_stream) -> i32 {
    guard_or(0, || {
        // SAFETY: the caller vouches for it.
        let stream = unsafe { s.as_ref() }.and_then(|s| s.stream().ok());
        stream.map_or(0, |stream| i32::from(stream.is_readable()))
    })
}

/// Our end's address: "127.0.0.1:4711" or "[::1]:4711"; empty for a unix socket. `len` may be NULL. Borrowed from `s`;
/// NULL if `s` is NULL.
#[no_mangle]
pub unsafe extern "C" fn httpx_network_stream_local_address(
    s: *const httpx_network_stream,
    len: *mut usize,
) -> *const c_char {
    // SAFETY: the caller vouches for both.
    unsafe { give_address(s, len, |s, stream| s.local.get(|| address(stream.info().local))) }
}

/// The peer's address, which is the proxy's if there is one; else as httpx_network_stream_local_address.
#[no_mangle]
pub unsafe extern "C" fn httpx_network_stream_peer_address(
    s: *const httpx_network_stream,
    len: *mut usize,
) -> *const c_char {
    // SAFETY: the caller vouches for both.
    unsafe { give_address(s, len, |s, stream| s.peer.get(|| address(stream.info().peer))) }
}

fn address(address: Option<std::net::SocketAddr>) -> String {
    address.map(|address| address.to_string()).unwrap_or_default()
}

/// # Safety
/// `s` is NULL or a live handle, `len` NULL or writable.
unsafe fn give_address(
    s: *const httpx_network_stream,
    len: *mut usize,
    get: impl FnOnce(&httpx_network_stream, &NetworkStream) -> (*const c_char, usize),
) -> *const c_char {
    guard_or(std::ptr::null(), || {
        // SAFETY: the caller vouches for both.
        let found = unsafe { s.as_ref() }.and_then(|s| Some(get(s, &*s.stream().ok()?)));
        let (text, length) = found.unwrap_or((std::ptr::null(), 0));
        unsafe { set_if_wanted(len, length) };
        text
    })
}

/// The version of TLS: "TLSv1.3"; empty if the stream is in the clear. `len` may be NULL. Borrowed from `s`; NULL if `s`
/// is NULL. So for the next two.
#[no_mangle]
pub unsafe extern "C" fn httpx_network_stream_tls_version(
    s: *const httpx_network_stream,
    len: *mut usize,
) -> *const c_char {
    // SAFETY: the caller vouches for both.
    unsafe { give_of_tls(s, len, |tls| tls.version.as_bytes()) }
}

/// The cipher suite by its IANA name: "TLS_AES_256_GCM_SHA384".
#[no_mangle]
pub unsafe extern "C" fn httpx_network_stream_tls_cipher(
    s: *const httpx_network_stream,
    len: *mut usize,
) -> *const c_char {
    // SAFETY: the caller vouches for both.
    unsafe { give_of_tls(s, len, |tls| tls.cipher.as_bytes()) }
}

/// The protocol that ALPN has chosen; empty also if none was.
#[no_mangle]
pub unsafe extern "C" fn httpx_network_stream_tls_alpn(
    s: *const httpx_network_stream,
    len: *mut usize,
) -> *const c_char {
    // SAFETY: the caller vouches for both.
    unsafe { give_of_tls(s, len, |tls| tls.alpn.as_deref().unwrap_or_default()) }
}

/// # Safety
/// `s` is NULL or a live handle, `len` NULL or writable.
unsafe fn give_of_tls(
    s: *const httpx_network_stream,
    len: *mut usize,
    get: impl FnOnce(&TlsInfo) -> &[u8],
) -> *const c_char {
    guard_or(std::ptr::null(), || {
        // SAFETY: the caller vouches for both.
        let found = unsafe { s.as_ref() }.and_then(|s| Some((s, s.stream().ok()?.info())));
        let told = found.map(|(s, info)| {
            let mut copies = s.tls.lock().unwrap_or_else(PoisonError::into_inner);
            copies.get(info.tls.as_ref().map_or(&[], get))
        });
        let (text, length) = told.unwrap_or((std::ptr::null(), 0));
        unsafe { set_if_wanted(len, length) };
        text.cast()
    })
}

/// A certificate that the peer has shown, in DER: 0 is its own. The places may be NULL. Borrowed from `s`. HTTPX_DONE,
/// and `*der` is NULL, if there are no more, or the stream is in the clear.
#[no_mangle]
pub unsafe extern "C" fn httpx_network_stream_tls_certificate(
    s: *const httpx_network_stream,
    index: usize,
    der: *mut *const u8,
    len: *mut usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard(err, || {
        // SAFETY: the caller vouches for it.
        let s = unsafe { borrow(s, "s") }?;
        let info = s.stream()?.info();
        let certificate = info.tls.as_ref().and_then(|tls| tls.certificates.get(index));
        let mut copies = s.tls.lock().unwrap_or_else(PoisonError::into_inner);
        let (data, length) = certificate.map_or((std::ptr::null(), 0), |certificate| copies.get(certificate));
        // SAFETY: NULL or writable.
        unsafe {
            set_if_wanted(der, data);
            set_if_wanted(len, length);
        }
        Ok(if certificate.is_some() { HTTPX_OK } else { HTTPX_DONE })
    })
}

/// Closes the connection. HTTPX_E_STREAM_CLOSED for whoever reads or writes it, or goes on to.
#[no_mangle]
pub unsafe extern "C" fn httpx_network_stream_close(
    s: *mut httpx_network_stream,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for it.
        unsafe { borrow(s, "s") }?.stream()?.close();
        Ok(())
    })
}

/// Frees it, and closes the connection, so that whoever reads or writes it in the background fails. NULL is fine.
#[no_mangle]
pub unsafe extern "C" fn httpx_network_stream_free(s: *mut httpx_network_stream) {
    // SAFETY: a live handle or NULL, not used again.
    guard_or((), || unsafe {
        if let Some(stream) = s.as_ref().and_then(|s| s.stream().ok()) {
            stream.close();
        }
        take_back(s, |s| s.stream.born());
    });
}
