//! The client builder's options of HTTP versions.

use super::client_builder::{change, httpx_client_builder};
use super::codes::httpx_code;
use super::error::httpx_error;
use super::kit::seconds;
use crate::error::{Code, Error};
use crate::httpx::ClientBuilder;

/// Says whether HTTP/1.1 is spoken: 1 (the default) or 0. Without it, and with HTTP/2, every server is spoken to in
/// HTTP/2, those of http URLs too ("prior knowledge"); without both, no client can be built.
#[no_mangle]
pub unsafe extern "C" fn httpx_client_builder_http1(
    b: *mut httpx_client_builder,
    enabled: i32,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let set = |builder: &mut ClientBuilder| {
        builder.http1 = enabled != 0;
        Ok(())
    };
    // SAFETY: the caller vouches for `b`.
    unsafe { change(b, err, set) }
}

/// Says whether HTTP/2 is spoken to https servers that choose it: 1, or 0 (the default). Requests to such a server share
/// one connection, which a thread of the library keeps up.
#[no_mangle]
pub unsafe extern "C" fn httpx_client_builder_http2(
    b: *mut httpx_client_builder,
    enabled: i32,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let set = |builder: &mut ClientBuilder| {
        builder.http2 = enabled != 0;
        Ok(())
    };
    // SAFETY: the caller vouches for `b`.
    unsafe { change(b, err, set) }
}

/// Sets how many bytes may arrive over HTTP/2 before somebody reads them: of one response (1 MiB unless set), and of all
/// responses of a connection (100 MiB). At most 2147483647 and at least 65535 for each. A connection's window smaller
/// than those of its streams together lets responses that nobody reads hold up the others.
#[no_mangle]
pub unsafe extern "C" fn httpx_client_builder_http2_windows(
    b: *mut httpx_client_builder,
    stream: u32,
    connection: u32,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let set = |builder: &mut ClientBuilder| {
        for (name, window) in [("stream", stream), ("connection", connection)] {
            if !(65_535..=0x7fff_ffff).contains(&window) {
                let message = format!("{name} is {window}: a window has 65535 to 2147483647 bytes");
                return Err(Error::new(Code::INVALID_CONFIG, message));
            }
        }
        builder.http2_settings.stream_window = stream;
        builder.http2_settings.connection_window = connection;
        Ok(())
    };
    // SAFETY: the caller vouches for `b`.
    unsafe { change(b, err, set) }
}

/// Sets how many requests share an HTTP/2 connection at most (100 unless set), if the server allows as many. Others wait
/// for one of them to end.
#[no_mangle]
pub unsafe extern "C" fn httpx_client_builder_http2_max_streams(
    b: *mut httpx_client_builder,
    max: usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let set = |builder: &mut ClientBuilder| {
        if max == 0 {
            return Err(Error::new(Code::INVALID_CONFIG, "max is 0: no request could ever be sent"));
        }
        builder.http2_settings.max_streams = max;
        Ok(())
    };
    // SAFETY: the caller vouches for `b`.
    unsafe { change(b, err, set) }
}

/// Has a peer that was silent on an HTTP/2 connection for `interval` seconds asked by a PING whether it lives, and the
/// connection closed if nothing comes within `timeout` seconds. INFINITY (the default) as `interval` asks never. Requests
/// that run on such a connection end with HTTPX_E_READ, unless they can be sent again without harm.
#[no_mangle]
pub unsafe extern "C" fn httpx_client_builder_http2_ping(
    b: *mut httpx_client_builder,
    interval: f64,
    timeout: f64,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let set = |builder: &mut ClientBuilder| {
        let limits = (seconds(interval, "interval")?, seconds(timeout, "timeout")?);
        match limits {
            (Some(interval), Some(timeout)) if !interval.is_zero() => {
                builder.http2_settings.ping_interval = Some(interval);
                builder.http2_settings.ping_timeout = timeout;
            }
            (None, _) => builder.http2_settings.ping_interval = None,
            _ => return Err(Error::new(Code::INVALID_CONFIG, "interval is 0, or timeout is no limit")),
        }
        Ok(())
    };
    // SAFETY: the caller vouches for `b`.
    unsafe { change(b, err, set) }
}

/// Sets how many connections there may be to one origin; SIZE_MAX (the default) is no limit of its own.
#[no_mangle]
pub unsafe extern "C" fn httpx_client_builder_max_per_host(
    b: *mut httpx_client_builder,
    max: usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let set = |builder: &mut ClientBuilder| {
        if max == 0 {
            return Err(Error::new(Code::INVALID_CONFIG, "max is 0: no request could ever be sent"));
        }
        builder.limits.max_per_host = (max != usize::MAX).then_some(max);
        Ok(())
    };
    // SAFETY: the caller vouches for `b`.
    unsafe { change(b, err, set) }
}
