//! The client builder handle.

use std::ffi::{c_char, c_void};
use std::sync::Arc;

use super::callbacks::{httpx_destroy_fn, httpx_interrupt_fn};
use super::client::httpx_client;
use super::codes::httpx_code;
use super::error::httpx_error;
use super::handle::{give, share, take_back, Handle, Inherited, Kind, Lent, Slot};
use super::kit::{borrow, bytes, guard_ok, guard_or, path, seconds, short_bytes, text, Out, UserData};
use super::proxy::httpx_proxy;
use super::text::{Fields, Text};
use crate::error::{Code, Error, Result};
use crate::httpcore::{HeadLimits, Limits};
use crate::httpx::{Auth, BaseUrl, ClientBuilder, Netrc, UrlPattern};
use crate::runtime::{environment_variable, Foreign, SocketOption};

/// The options of a client to come. One thread at a time.
pub struct httpx_client_builder {
    slot: Arc<Slot<Draft>>,
}

/// The options as they are now, and what C has of them.
pub(super) struct Draft {
    pub(super) builder: ClientBuilder,
    pub(super) texts: Texts,
}

/// For C, until the options change.
#[derive(Default)]
pub(super) struct Texts {
    pub(super) base_url: Text,
    pub(super) params: Text,
    pub(super) fields: Option<Fields>,
}

impl Handle for httpx_client_builder {
    const KIND: Kind = Kind::ClientBuilder;
}

impl Inherited for Draft {
    fn is_only_memory(&self) -> bool {
        true
    }
}

/// # Safety
/// `b` is NULL or a live handle.
pub(super) unsafe fn change(
    b: *mut httpx_client_builder,
    err: *mut *mut httpx_error,
    change: impl FnOnce(&mut ClientBuilder) -> Result<()>,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for it.
        let mut draft = unsafe { borrow(b, "b") }?.slot.lend()?;
        // On a copy: an option that fails leaves the builder as it was.
        let mut changed = draft.builder.clone();
        change(&mut changed)?;
        *draft = Draft { builder: changed, texts: Texts::default() };
        Ok(())
    })
}

impl httpx_client_builder {
    /// A handle for C.
    pub(super) fn give(builder: ClientBuilder) -> *mut httpx_client_builder {
        give(httpx_client_builder { slot: Slot::new(Draft { builder, texts: Texts::default() }) })
    }

    /// To look at.
    pub(super) fn lend(&self) -> Result<Lent<Draft>> {
        self.slot.lend()
    }

    /// The options as they are now, in the environment as it is now.
    pub(super) fn options(&self) -> Result<ClientBuilder> {
        self.slot.lend()?.builder.in_environment(&environment_variable)
    }
}

/// Makes a builder with HTTPX's defaults: timeouts of 5 seconds each, 100 connections, 20 of them idle for 5 seconds at
/// most, the bundled Mozilla root certificates.
///
/// `*out` is owned by the caller, who frees it with httpx_client_builder_free.
#[no_mangle]
pub unsafe extern "C" fn httpx_client_builder_new(
    out: *mut *mut httpx_client_builder,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for it.
        let out = unsafe { Out::new(out, "out") }?;
        out.set(httpx_client_builder::give(ClientBuilder::default()));
        Ok(())
    })
}

/// Frees a builder. Clients built from it live on. NULL is fine.
#[no_mangle]
pub unsafe extern "C" fn httpx_client_builder_free(b: *mut httpx_client_builder) {
    // SAFETY: a live handle or NULL, not used again.
    guard_or((), || unsafe { take_back(b, |b| b.slot.generation()) });
}

/// Sets time limits in seconds: for connecting (the look-up of the name and TCP together, then the TLS handshake once
/// more), for each wait for data, for each wait until data is taken, and for a place in the pool.
///
/// INFINITY is no limit, HTTPX_UNSET leaves one as it is, 0 fails at once when there is anything to wait for. Negative
/// values are refused, and then nothing is changed.
#[no_mangle]
pub unsafe extern "C" fn httpx_client_builder_timeout(
    b: *mut httpx_client_builder,
    connect: f64,
    read: f64,
    write: f64,
    pool: f64,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let set = |builder: &mut ClientBuilder| {
        let timeouts = &mut builder.timeouts;
        for (limit, value, what) in [
            (&mut timeouts.connect, connect, "connect"),
            (&mut timeouts.read, read, "read"),
            (&mut timeouts.write, write, "write"),
            (&mut timeouts.pool, pool, "pool"),
        ] {
            if !value.is_nan() {
                *limit = seconds(value, what)?;
            }
        }
        Ok(())
    };
    // SAFETY: the caller vouches for `b`.
    unsafe { change(b, err, set) }
}

/// Sets the pool's limits: connections in all, idle connections, and how many seconds a connection may be idle.
///
/// SIZE_MAX and INFINITY are no limit; HTTPX_UNSET leaves the expiry as it is. At least one connection must be allowed.
#[no_mangle]
pub unsafe extern "C" fn httpx_client_builder_limits(
    b: *mut httpx_client_builder,
    max_connections: usize,
    max_keepalive: usize,
    keepalive_expiry: f64,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let limit = |count: usize| (count != usize::MAX).then_some(count);
    let set = |builder: &mut ClientBuilder| {
        if max_connections == 0 {
            return Err(Error::new(Code::INVALID_CONFIG, "max_connections is 0: no request could ever be sent"));
        }
        let expiry = match keepalive_expiry.is_nan() {
            true => builder.limits.keepalive_expiry,
            false => seconds(keepalive_expiry, "keepalive_expiry")?,
        };
        builder.limits = Limits {
            max_connections: limit(max_connections),
            max_per_host: builder.limits.max_per_host,
            max_keepalive: limit(max_keepalive),
            keepalive_expiry: expiry,
        };
        Ok(())
    };
    // SAFETY: the caller vouches for `b`.
    unsafe { change(b, err, set) }
}

/// Sets a header that every request gets. It takes the place of a default of the same name, and stands behind them.
///
/// A name or value that could not be sent is HTTPX_E_LOCAL_PROTOCOL.
#[no_mangle]
pub unsafe extern "C" fn httpx_client_builder_header(
    b: *mut httpx_client_builder,
    name: *const c_char,
    name_len: usize,
    value: *const u8,
    value_len: usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let set = |builder: &mut ClientBuilder| {
        // SAFETY: the caller vouches for pointers and lengths.
        let (name, value) =
            unsafe { (short_bytes(name.cast(), name_len, "name")?, short_bytes(value, value_len, "value")?) };
        builder.headers.override_with(name, value)
    };
    // SAFETY: the caller vouches for `b`.
    unsafe { change(b, err, set) }
}

/// Says whether TLS peers' certificates and names are checked: 1 (the default), or 0, which gives up all protection
/// against an attacker in the middle.
#[no_mangle]
pub unsafe extern "C" fn httpx_client_builder_verify(
    b: *mut httpx_client_builder,
    verify: i32,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let set = |builder: &mut ClientBuilder| {
        builder.tls.verify = verify != 0;
        Ok(())
    };
    // SAFETY: the caller vouches for `b`.
    unsafe { change(b, err, set) }
}

/// Trusts the certificates in a PEM text, or in DER (copied), instead of the bundled Mozilla roots; those of several
/// calls add up. httpx_client_builder_tls has more settings of TLS.
///
/// HTTPX_E_INVALID_CONFIG if there is none in it that can be used.
#[no_mangle]
pub unsafe extern "C" fn httpx_client_builder_ca_pem(
    b: *mut httpx_client_builder,
    pem: *const u8,
    len: usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    // SAFETY: the caller vouches for pointer and length.
    let set = |builder: &mut ClientBuilder| builder.tls.add_roots(unsafe { bytes(pem, len, "pem") }?);
    // SAFETY: the caller vouches for `b`.
    unsafe { change(b, err, set) }
}

/// The same for a file, read now, or a directory, see httpx_tls_ca_path. HTTPX_E_IO or a code below it if it cannot be
/// read.
#[no_mangle]
pub unsafe extern "C" fn httpx_client_builder_ca_file(
    b: *mut httpx_client_builder,
    file: *const c_char,
    len: usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    // SAFETY: the caller vouches for pointer and length.
    let set = |builder: &mut ClientBuilder| builder.tls.add_roots_from(unsafe { path(file, len, "file") }?);
    // SAFETY: the caller vouches for `b`.
    unsafe { change(b, err, set) }
}

/// Has every connection go to a unix socket instead of the address of its URL. TLS is still spoken to https URLs.
#[no_mangle]
pub unsafe extern "C" fn httpx_client_builder_unix_socket(
    b: *mut httpx_client_builder,
    socket: *const c_char,
    len: usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let set = |builder: &mut ClientBuilder| {
        // SAFETY: the caller vouches for pointer and length.
        builder.unix_socket = Some(unsafe { path(socket, len, "socket") }?.to_owned());
        Ok(())
    };
    // SAFETY: the caller vouches for `b`.
    unsafe { change(b, err, set) }
}

/// Sets the URL that relative URLs of requests are appended to: with "https://example.org/api", "/users" means
/// "https://example.org/api/users". HTTPX_E_INVALID_URL for one that is not absolute.
#[no_mangle]
pub unsafe extern "C" fn httpx_client_builder_base_url(
    b: *mut httpx_client_builder,
    url: *const c_char,
    len: usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let set = |builder: &mut ClientBuilder| {
        // SAFETY: the caller vouches for pointer and length.
        builder.base_url = Some(BaseUrl::parse(unsafe { text(url, len, "url") }?)?);
        Ok(())
    };
    // SAFETY: the caller vouches for `b`.
    unsafe { change(b, err, set) }
}

/// Adds a parameter to the query of every request (UTF-8, escaped as needed). As in HTTPX, such parameters take the place
/// of a query in the request's URL; httpx_request_param adds to them.
#[no_mangle]
pub unsafe extern "C" fn httpx_client_builder_param(
    b: *mut httpx_client_builder,
    key: *const c_char,
    key_len: usize,
    value: *const c_char,
    value_len: usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let set = |builder: &mut ClientBuilder| {
        // SAFETY: the caller vouches for pointers and lengths.
        let (key, value) = unsafe { (text(key, key_len, "key")?, text(value, value_len, "value")?) };
        builder.params = builder.params.add(key, value);
        Ok(())
    };
    // SAFETY: the caller vouches for `b`.
    unsafe { change(b, err, set) }
}

/// Has requests authenticate by Basic (RFC 7617), without being asked: for requests that have no credentials of their
/// own. They are not sent on to another origin by a redirect.
#[no_mangle]
pub unsafe extern "C" fn httpx_client_builder_auth_basic(
    b: *mut httpx_client_builder,
    username: *const u8,
    username_len: usize,
    password: *const u8,
    password_len: usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let set = |builder: &mut ClientBuilder| {
        // SAFETY: the caller vouches for pointers and lengths.
        let (username, password) = unsafe {
            (short_bytes(username, username_len, "username")?, short_bytes(password, password_len, "password")?)
        };
        builder.auth = Some(Auth::basic(username, password));
        Ok(())
    };
    // SAFETY: the caller vouches for `b`.
    unsafe { change(b, err, set) }
}

/// Has requests authenticate by Digest (RFC 7616; MD5, SHA, SHA-256, SHA-512 and SHA-512-256, auth and auth-int): a 401
/// is answered once, and later requests go with an answer to the same challenge.
#[no_mangle]
pub unsafe extern "C" fn httpx_client_builder_auth_digest(
    b: *mut httpx_client_builder,
    username: *const u8,
    username_len: usize,
    password: *const u8,
    password_len: usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let set = |builder: &mut ClientBuilder| {
        // SAFETY: the caller vouches for pointers and lengths.
        let (username, password) = unsafe {
            (short_bytes(username, username_len, "username")?, short_bytes(password, password_len, "password")?)
        };
        builder.auth = Some(Auth::digest(username, password));
        Ok(())
    };
    // SAFETY: the caller vouches for `b`.
    unsafe { change(b, err, set) }
}

/// Has requests authenticate by Basic with what a netrc file, read now, has for their host; (NULL, 0) is ~/.netrc.
/// HTTPX_E_IO or a code below it if it cannot be read, HTTPX_E_INVALID_CONFIG, with the line, if it cannot be understood.
#[no_mangle]
pub unsafe extern "C" fn httpx_client_builder_auth_netrc(
    b: *mut httpx_client_builder,
    file: *const c_char,
    len: usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let set = |builder: &mut ClientBuilder| {
        let file = match file.is_null() && len == 0 {
            true => None,
            // SAFETY: the caller vouches for pointer and length.
            false => Some(unsafe { path(file, len, "file") }?),
        };
        builder.auth = Some(Auth::Netrc(Arc::new(Netrc::load(file)?)));
        Ok(())
    };
    // SAFETY: the caller vouches for `b`.
    unsafe { change(b, err, set) }
}

/// Has a name, on one port, stand for an address instead of being looked up: "93.184.216.34" or "2606:2800:220:1::1".
/// Several calls for the same name and port give it several addresses. TLS and the Host header still use the name.
///
/// HTTPX_E_INVALID_ARGUMENT for what is no address, or a port over 65535.
#[no_mangle]
pub unsafe extern "C" fn httpx_client_builder_resolve(
    b: *mut httpx_client_builder,
    name: *const c_char,
    name_len: usize,
    port: u32,
    address: *const c_char,
    address_len: usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let set = |builder: &mut ClientBuilder| {
        // SAFETY: the caller vouches for pointers and lengths.
        let (name, address) = unsafe { (text(name, name_len, "name")?, text(address, address_len, "address")?) };
        builder.add_override(name, port, address)
    };
    // SAFETY: the caller vouches for `b`.
    unsafe { change(b, err, set) }
}

/// Says how often a connection that cannot be made (HTTPX_E_CONNECT, HTTPX_E_CONNECT_TIMEOUT) is tried again: at once,
/// then after 0.5, 1, 2 and so on seconds. 0 is the default. Nothing of a request was sent then, so any may be retried.
#[no_mangle]
pub unsafe extern "C" fn httpx_client_builder_retries(
    b: *mut httpx_client_builder,
    retries: u32,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let set = |builder: &mut ClientBuilder| {
        builder.retries = retries;
        Ok(())
    };
    // SAFETY: the caller vouches for `b`.
    unsafe { change(b, err, set) }
}

/// Has every connection go through a proxy; NULL: none, the default. What `proxy` says now is copied.
#[no_mangle]
pub unsafe extern "C" fn httpx_client_builder_proxy(
    b: *mut httpx_client_builder,
    proxy: *const httpx_proxy,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let set = |builder: &mut ClientBuilder| {
        // SAFETY: a live handle or NULL.
        builder.proxy = unsafe { proxy.as_ref() }.map(httpx_proxy::copied).transpose()?;
        Ok(())
    };
    // SAFETY: the caller vouches for `b`.
    unsafe { change(b, err, set) }
}

/// Has connections to URLs that match `pattern` go through a proxy, or, with NULL, through none, whatever
/// httpx_client_builder_proxy says. For patterns see httpx_client_builder_mount, which comes before this for the same
/// pattern. Unless httpx_client_builder_trust_env is 0, or there is a proxy or a transport for all URLs, the environment
/// adds its own: HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, and exceptions in NO_PROXY (host names, addresses, networks as
/// "10.0.0.0/8", all of them separated by commas). What `proxy` says now is copied.
///
/// HTTPX_E_INVALID_ARGUMENT or HTTPX_E_INVALID_URL for what is no pattern.
#[no_mangle]
pub unsafe extern "C" fn httpx_client_builder_proxy_for(
    b: *mut httpx_client_builder,
    pattern: *const c_char,
    len: usize,
    proxy: *const httpx_proxy,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let set = |builder: &mut ClientBuilder| {
        // SAFETY: the caller vouches for pointer and length.
        let pattern = UrlPattern::parse(unsafe { text(pattern, len, "pattern") }?)?;
        // SAFETY: a live handle or NULL.
        builder.set_proxy_for(pattern, unsafe { proxy.as_ref() }.map(httpx_proxy::copied).transpose()?);
        Ok(())
    };
    // SAFETY: the caller vouches for `b`.
    unsafe { change(b, err, set) }
}

/// Sets the IP address at this end of connections, to a proxy too; only addresses of its family are connected to
/// then. "0.0.0.0" and "::" ask for a family and leave the address to the system. Unix sockets have none.
///
/// HTTPX_E_INVALID_ARGUMENT for what is no address. One that this machine does not have is HTTPX_E_CONNECT when a
/// connection is made.
#[no_mangle]
pub unsafe extern "C" fn httpx_client_builder_local_address(
    b: *mut httpx_client_builder,
    address: *const c_char,
    len: usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    // SAFETY: the caller vouches for pointer and length.
    let set = |builder: &mut ClientBuilder| builder.set_local_address(unsafe { text(address, len, "address") }?);
    // SAFETY: the caller vouches for `b`.
    unsafe { change(b, err, set) }
}

/// Has an option set on every TCP socket before it connects, to a proxy too: setsockopt(fd, level, option, value,
/// len). Several calls add up, in their order. TCP_NODELAY is set before them.
///
/// An option that the system refuses is HTTPX_E_CONNECT, with its errno, when a connection is made.
#[no_mangle]
pub unsafe extern "C" fn httpx_client_builder_socket_option(
    b: *mut httpx_client_builder,
    level: i32,
    option: i32,
    value: *const u8,
    len: usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let set = |builder: &mut ClientBuilder| {
        // SAFETY: the caller vouches for pointer and length.
        let value = unsafe { short_bytes(value, len, "value") }?.to_vec();
        builder.sockets.options.push(SocketOption { level, option, value });
        Ok(())
    };
    // SAFETY: the caller vouches for `b`.
    unsafe { change(b, err, set) }
}

/// Says whether redirects are followed (1) or not (0, the default), and how many in a row at most: HTTPX_E_TOO_MANY_REDIRECTS
/// for more. HTTPX's number is 20.
#[no_mangle]
pub unsafe extern "C" fn httpx_client_builder_redirects(
    b: *mut httpx_client_builder,
    follow: i32,
    max_redirects: usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let set = |builder: &mut ClientBuilder| {
        builder.follow_redirects = follow != 0;
        builder.max_redirects = max_redirects;
        Ok(())
    };
    // SAFETY: the caller vouches for `b`.
    unsafe { change(b, err, set) }
}

/// Says whether a request that a redirect makes a GET of keeps its Content-Type and Content-Encoding, as in HTTPX: 1, or
/// 0 (the default), as browsers do: they describe a body that is gone.
#[no_mangle]
pub unsafe extern "C" fn httpx_client_builder_redirects_keep_content_type(
    b: *mut httpx_client_builder,
    keep: i32,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let set = |builder: &mut ClientBuilder| {
        builder.redirects_keep_content_type = keep != 0;
        Ok(())
    };
    // SAFETY: the caller vouches for `b`.
    unsafe { change(b, err, set) }
}

/// Says whether the environment of the process is asked, when a client is built, for what the program has not said: 1
/// (the default) or 0. SSL_CERT_FILE (a file) or else SSL_CERT_DIR (directories) name root certificates in the place of
/// the bundled ones, SSLKEYLOGFILE a file as for httpx_tls_key_log. A program with more rights than whoever has started
/// it (setuid) is told nothing by the environment.
#[no_mangle]
pub unsafe extern "C" fn httpx_client_builder_trust_env(
    b: *mut httpx_client_builder,
    trust: i32,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let set = |builder: &mut ClientBuilder| {
        builder.trust_env = trust != 0;
        Ok(())
    };
    // SAFETY: the caller vouches for `b`.
    unsafe { change(b, err, set) }
}

/// Has `fn_` asked by threads that are blocked in a call of this client, outside of everything, at least every 100 ms;
/// anything but 0 ends the call with HTTPX_E_INTERRUPTED. For Ctrl-C, thread cancellation and the like. NULL: no longer.
///
/// `destroy` runs when neither the builder nor a client nor a response of it is left.
#[no_mangle]
pub unsafe extern "C" fn httpx_client_builder_interrupt(
    b: *mut httpx_client_builder,
    fn_: httpx_interrupt_fn,
    user_data: *mut c_void,
    destroy: httpx_destroy_fn,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let user_data = Foreign::new(UserData::new(user_data, destroy));
    let set = |builder: &mut ClientBuilder| {
        builder.interrupt = fn_.map(|ask| -> Arc<crate::runtime::Interrupt> {
            // SAFETY: the caller has handed both in together.
            Arc::new(move || unsafe { ask(user_data.get().pointer()) } != 0)
        });
        Ok(())
    };
    // SAFETY: the caller vouches for `b`.
    unsafe { change(b, err, set) }
}

/// Limits what a response's head may have: `max_bytes` of status line and header lines together (102,400 at first), and
/// `max_fields` header lines (1,000). More is HTTPX_E_HEADERS_TOO_LARGE. HTTPX_E_INVALID_ARGUMENT for a limit of 0.
#[no_mangle]
pub unsafe extern "C" fn httpx_client_builder_header_limits(
    b: *mut httpx_client_builder,
    max_bytes: usize,
    max_fields: usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let set = |builder: &mut ClientBuilder| {
        if max_bytes == 0 || max_fields == 0 {
            return Err(Error::new(Code::INVALID_ARGUMENT, "a limit of 0 would refuse every response"));
        }
        builder.head_limits = HeadLimits { max_bytes, max_headers: max_fields };
        Ok(())
    };
    // SAFETY: the caller vouches for `b`.
    unsafe { change(b, err, set) }
}

/// Limits a response's body on the wire, before it is decoded, to `max_bytes`; UINT64_MAX, the default, is no limit. More
/// is HTTPX_E_BODY_TOO_LARGE: at once if the server declares it, else when it has come.
#[no_mangle]
pub unsafe extern "C" fn httpx_client_builder_max_response_bytes(
    b: *mut httpx_client_builder,
    max_bytes: u64,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let set = |builder: &mut ClientBuilder| {
        builder.max_body = (max_bytes != u64::MAX).then_some(max_bytes);
        Ok(())
    };
    // SAFETY: the caller vouches for `b`.
    unsafe { change(b, err, set) }
}

/// Makes a client. The builder is unchanged and can build more. Nothing is opened yet but what the environment names,
/// if it is trusted: HTTPX_E_IO or a code below it if that cannot be read. HTTPX_E_INVALID_CONFIG for settings that
/// contradict each other.
///
/// `*out` is owned by the caller, who frees it with httpx_client_free.
#[no_mangle]
pub unsafe extern "C" fn httpx_client_builder_build(
    b: *const httpx_client_builder,
    out: *mut *mut httpx_client,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for the pointers.
        let (b, out) = unsafe { (borrow(b, "b")?, Out::new(out, "out")?) };
        let client = b.options()?.build()?;
        out.set(share(Arc::new(httpx_client::new(client))));
        Ok(())
    })
}
