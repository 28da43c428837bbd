//! The proxy handle.

use std::ffi::c_char;
use std::sync::Arc;

use super::auth::httpx_auth;
use super::codes::httpx_code;
use super::error::httpx_error;
use super::handle::{give, take_back, Handle, Inherited, Kind, Slot};
use super::kit::{borrow, guard_ok, guard_or, short_bytes, text, Out};
use super::tls::httpx_tls;
use crate::error::Result;
use crate::httpx::Proxy;

/// A proxy to go through. One thread at a time.
pub struct httpx_proxy {
    slot: Arc<Slot<Proxy>>,
}

impl Handle for httpx_proxy {
    const KIND: Kind = Kind::Proxy;
}

impl Inherited for Proxy {
    fn is_only_memory(&self) -> bool {
        true
    }
}

impl httpx_proxy {
    /// What it says now.
    pub(super) fn copied(&self) -> Result<Proxy> {
        Ok(self.slot.lend()?.clone())
    }
}

/// # Safety
/// `p` is NULL or a live handle.
unsafe fn change(
    p: *mut httpx_proxy,
    err: *mut *mut httpx_error,
    change: impl FnOnce(&mut Proxy) -> Result<()>,
) -> httpx_code {
    // SAFETY: the caller vouches for it.
    guard_ok(err, || change(&mut *unsafe { borrow(p, "p") }?.slot.lend()?))
}

/// Makes a proxy from its URL: http, https (TLS is spoken with the proxy too), socks5 or socks5h (the same: names
/// are the proxy's to look up). The port is 80, 443 or 1080 if none is given; a user name and a password in it are
/// taken off and used. For use with httpx_client_builder_proxy.
///
/// Requests to http URLs are forwarded by an HTTP proxy; those to https URLs go through a tunnel (CONNECT), in
/// which TLS is spoken with the origin. A proxy that opens none is HTTPX_E_PROXY with its answer ("407 Proxy
/// Authentication Required"; see httpx_error_response); one that cannot be reached is HTTPX_E_CONNECT or
/// HTTPX_E_CONNECT_TIMEOUT.
///
/// HTTPX_E_INVALID_CONFIG for another scheme, HTTPX_E_INVALID_URL for what is no URL. `*out` is owned by the
/// caller, who frees it with httpx_proxy_free.
#[no_mangle]
pub unsafe extern "C" fn httpx_proxy_new(
    url: *const c_char,
    len: usize,
    out: *mut *mut httpx_proxy,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for pointers and length.
        let (url, out) = unsafe { (text(url, len, "url")?, Out::new(out, "out")?) };
        out.set(give(httpx_proxy { slot: Slot::new(Proxy::parse(url)?) }));
        Ok(())
    })
}

/// Frees a proxy. Clients that go through it are not touched. NULL is fine.
#[no_mangle]
pub unsafe extern "C" fn httpx_proxy_free(p: *mut httpx_proxy) {
    // SAFETY: a live handle or NULL, not used again.
    guard_or((), || unsafe { take_back(p, |p| p.slot.generation()) });
}

/// Sets the user name and the password (any bytes), in the place of those in the URL: sent by Basic (RFC 7617) in
/// Proxy-Authorization, or by RFC 1929 to a SOCKS proxy, which takes 255 bytes of each: HTTPX_E_INVALID_CONFIG for
/// more.
#[no_mangle]
pub unsafe extern "C" fn httpx_proxy_auth(
    p: *mut httpx_proxy,
    username: *const u8,
    username_len: usize,
    password: *const u8,
    password_len: usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let set = |proxy: &mut Proxy| {
        // SAFETY: the caller vouches for pointers and lengths.
        let (username, password) = unsafe {
            (short_bytes(username, username_len, "username")?, short_bytes(password, password_len, "password")?)
        };
        proxy.set_credentials(username, password)
    };
    // SAFETY: the caller vouches for `p`.
    unsafe { change(p, err, set) }
}

/// Has an HTTP proxy's challenges answered by Digest (RFC 7616) with a user name and a password (any bytes), instead of
/// credentials by Basic. A request of which nothing can be sent again, because its body can be read once, is not
/// repeated: it gets the proxy's 407. HTTPX_E_INVALID_CONFIG for a SOCKS proxy.
#[no_mangle]
pub unsafe extern "C" fn httpx_proxy_auth_digest(
    p: *mut httpx_proxy,
    username: *const u8,
    username_len: usize,
    password: *const u8,
    password_len: usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let set = |proxy: &mut Proxy| {
        // SAFETY: the caller vouches for pointers and lengths.
        let (username, password) = unsafe {
            (short_bytes(username, username_len, "username")?, short_bytes(password, password_len, "password")?)
        };
        proxy.set_digest(username, password)
    };
    // SAFETY: the caller vouches for `p`.
    unsafe { change(p, err, set) }
}

/// Has credentials that are a function or a flow (httpx_auth_function, httpx_auth_flow) make the Proxy-Authorization header
/// for an HTTP proxy, and answer its challenges: they are shown the request that is forwarded, or a CONNECT to the URL
/// that a tunnel is for, and each 407; of the request that they give back, that header counts. Each try for a tunnel is a
/// connection of its own. The proxy becomes an owner of `auth`.
///
/// HTTPX_E_INVALID_ARGUMENT for other credentials, HTTPX_E_INVALID_CONFIG for a SOCKS proxy.
#[no_mangle]
pub unsafe extern "C" fn httpx_proxy_auth_flow(
    p: *mut httpx_proxy,
    auth: *const httpx_auth,
    err: *mut *mut httpx_error,
) -> httpx_code {
    // SAFETY: the caller vouches for `auth`.
    let set = |proxy: &mut Proxy| proxy.set_flow(unsafe { borrow(auth, "auth") }?.auth().clone());
    // SAFETY: the caller vouches for `p`.
    unsafe { change(p, err, set) }
}

/// Adds a header for an HTTP proxy: it goes with CONNECT, and with requests that are forwarded unless they have one
/// of its name. Origins behind a tunnel do not see it.
///
/// HTTPX_E_LOCAL_PROTOCOL for what could not be sent, HTTPX_E_INVALID_CONFIG for a SOCKS proxy.
#[no_mangle]
pub unsafe extern "C" fn httpx_proxy_header(
    p: *mut httpx_proxy,
    name: *const c_char,
    name_len: usize,
    value: *const u8,
    value_len: usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let set = |proxy: &mut Proxy| {
        // SAFETY: the caller vouches for pointers and lengths.
        let (name, value) =
            unsafe { (short_bytes(name.cast(), name_len, "name")?, short_bytes(value, value_len, "value")?) };
        proxy.add_header(name, value)
    };
    // SAFETY: the caller vouches for `p`.
    unsafe { change(p, err, set) }
}

/// Gives a proxy with an https URL these settings, as they are now, for TLS with it: whom to trust, and whom to be.
/// The client's are for origins only. HTTPX_E_INVALID_CONFIG for a proxy with another scheme.
#[no_mangle]
pub unsafe extern "C" fn httpx_proxy_tls(
    p: *mut httpx_proxy,
    t: *const httpx_tls,
    err: *mut *mut httpx_error,
) -> httpx_code {
    // SAFETY: the caller vouches for the pointers.
    unsafe { change(p, err, |proxy| proxy.set_tls(borrow(t, "t")?.copied()?)) }
}

/// Says whether names are looked up here (1) or by a SOCKS proxy (0, the default). HTTP proxies always get names.
#[no_mangle]
pub unsafe extern "C" fn httpx_proxy_local_dns(
    p: *mut httpx_proxy,
    local: i32,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let set = |proxy: &mut Proxy| {
        proxy.local_dns = local != 0;
        Ok(())
    };
    // SAFETY: the caller vouches for `p`.
    unsafe { change(p, err, set) }
}

/// Says whether requests to different origins that an HTTP proxy forwards share connections to it (1, the default),
/// or each origin has its own (0).
#[no_mangle]
pub unsafe extern "C" fn httpx_proxy_share_forwarding(
    p: *mut httpx_proxy,
    share: i32,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let set = |proxy: &mut Proxy| {
        proxy.share_forwarding = share != 0;
        Ok(())
    };
    // SAFETY: the caller vouches for `p`.
    unsafe { change(p, err, set) }
}
