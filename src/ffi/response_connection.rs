//! What a response tells of the connection that it came over.

use std::ffi::c_char;
use std::net::SocketAddr;
use std::os::fd::IntoRawFd;

use super::codes::{httpx_code, HTTPX_DONE, HTTPX_OK};
use super::error::httpx_error;
use super::kit::{borrow, guard, guard_ok, guard_or, set_if_wanted, Out};
use super::response::{give_text, httpx_response};
use super::text::Text;
use crate::httpcore::{ConnectionInfo, TlsInfo};

/// The texts that C was given.
#[derive(Default)]
pub(super) struct ConnectionTexts {
    local: Text,
    peer: Text,
    proxy: Text,
    tls_version: Text,
    tls_cipher: Text,
    tls_group: Text,
    tls_alpn: Text,
}

fn connection(r: &httpx_response) -> &ConnectionInfo {
    r.head().connection()
}

/// Something of TLS; empty in the clear.
fn tls(r: &httpx_response, get: impl FnOnce(&TlsInfo) -> &[u8]) -> &[u8] {
    connection(r).tls.as_ref().map_or(&[], get)
}

fn address(address: Option<SocketAddr>) -> String {
    address.map_or_else(String::new, |address| address.to_string())
}

/// This side's address: "127.0.0.1:80" or "[::1]:80"; empty for a unix socket. `len` may be NULL. Borrowed from `r`;
/// NULL if `r` is NULL.
#[no_mangle]
pub unsafe extern "C" fn httpx_response_local_address(r: *const httpx_response, len: *mut usize) -> *const c_char {
    // SAFETY: the caller vouches for both.
    unsafe { give_text(r, len, |r| r.connection_texts().local.get(|| address(connection(r).local))) }
}

/// The address of the peer, which is the proxy if there is one, in the same form.
#[no_mangle]
pub unsafe extern "C" fn httpx_response_peer_address(r: *const httpx_response, len: *mut usize) -> *const c_char {
    // SAFETY: the caller vouches for both.
    unsafe { give_text(r, len, |r| r.connection_texts().peer.get(|| address(connection(r).peer))) }
}

/// The URL of the proxy that the response came through, without credentials; empty if it came through none. `len` may be
/// NULL. Borrowed from `r`; NULL if `r` is NULL.
#[no_mangle]
pub unsafe extern "C" fn httpx_response_proxy(r: *const httpx_response, len: *mut usize) -> *const c_char {
    // SAFETY: the caller vouches for both.
    unsafe {
        give_text(r, len, |r| {
            r.connection_texts().proxy.get(|| connection(r).proxy.clone().unwrap_or_default().as_bytes().to_vec())
        })
    }
}

/// The version of TLS: "TLSv1.2" or "TLSv1.3"; empty if the connection is in the clear. `len` may be NULL. Borrowed
/// from `r`; NULL if `r` is NULL. So for the next three.
#[no_mangle]
pub unsafe extern "C" fn httpx_response_tls_version(r: *const httpx_response, len: *mut usize) -> *const c_char {
    // SAFETY: the caller vouches for both.
    unsafe { give_text(r, len, |r| r.connection_texts().tls_version.get(|| tls(r, |tls| tls.version.as_bytes()))) }
}

/// The cipher suite by its IANA name: "TLS_AES_256_GCM_SHA384".
#[no_mangle]
pub unsafe extern "C" fn httpx_response_tls_cipher(r: *const httpx_response, len: *mut usize) -> *const c_char {
    // SAFETY: the caller vouches for both.
    unsafe { give_text(r, len, |r| r.connection_texts().tls_cipher.get(|| tls(r, |tls| tls.cipher.as_bytes()))) }
}

/// The key exchange group: "X25519MLKEM768"; empty also for a session of TLS 1.2 that was resumed.
#[no_mangle]
pub unsafe extern "C" fn httpx_response_tls_group(r: *const httpx_response, len: *mut usize) -> *const c_char {
    // SAFETY: the caller vouches for both.
    unsafe { give_text(r, len, |r| r.connection_texts().tls_group.get(|| tls(r, |tls| tls.group.as_bytes()))) }
}

/// The protocol that ALPN has chosen: "http/1.1" or "h2"; empty also if the server has chosen none.
#[no_mangle]
pub unsafe extern "C" fn httpx_response_tls_alpn(r: *const httpx_response, len: *mut usize) -> *const c_char {
    fn alpn(tls: &TlsInfo) -> &[u8] {
        tls.alpn.as_deref().unwrap_or_default()
    }
    // SAFETY: the caller vouches for both.
    unsafe { give_text(r, len, |r| r.connection_texts().tls_alpn.get(|| tls(r, alpn))) }
}

/// A descriptor of its own (dup(2)) for the socket that the response came over, to look at it or to set options. It is the
/// caller's, who closes it; what is read or written there is missing in the protocol. HTTPX_E_INVALID_STATE if there is no
/// connection, or it was closed.
#[no_mangle]
pub unsafe extern "C" fn httpx_response_socket(
    r: *const httpx_response,
    fd: *mut isize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for the pointers.
        let (r, out) = unsafe { (borrow(r, "r")?, Out::new(fd, "fd")?) };
        out.set(connection(r).duplicate_socket()?.into_raw_fd() as isize);
        Ok(())
    })
}

/// Whether an earlier TLS session was resumed: 1 or 0; 0 also if `r` is NULL or the connection is in the clear.
#[no_mangle]
pub unsafe extern "C" fn httpx_response_tls_resumed(r: *const httpx_response) -> i32 {
    guard_or(0, || {
        // SAFETY: the caller vouches for it.
        let tls = unsafe { r.as_ref() }.and_then(|r| connection(r).tls.as_ref());
        i32::from(tls.is_some_and(|tls| tls.resumed))
    })
}

/// A certificate that the server has shown, in DER: 0 is its own, those after it are for who issued it. The places may
/// be NULL. Borrowed from `r`. HTTPX_DONE, and `*der` is NULL, if there are no more, or the connection is in the
/// clear.
#[no_mangle]
pub unsafe extern "C" fn httpx_response_tls_certificate(
    r: *const httpx_response,
    index: usize,
    der: *mut *const u8,
    len: *mut usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard(err, || {
        // SAFETY: the caller vouches for it.
        let tls = connection(unsafe { borrow(r, "r") }?).tls.as_ref();
        let certificate = tls.and_then(|tls| tls.certificates.get(index));
        // SAFETY: NULL or writable.
        unsafe {
            set_if_wanted(der, certificate.map_or(std::ptr::null(), |certificate| certificate.as_ptr()));
            set_if_wanted(len, certificate.map_or(0, |certificate| certificate.len()));
        }
        Ok(if certificate.is_some() { HTTPX_OK } else { HTTPX_DONE })
    })
}
