//! How long the parts of a request took, and how much it was.

use super::codes::{httpx_code, HTTPX_DONE, HTTPX_OK};
use super::error::httpx_error;
use super::kit::{borrow, guard, guard_or, Out};
use super::response::httpx_response;
use crate::error::{Code, Error, Result};
use crate::httpx::Timing;

/// The wait for a place in the pool.
pub const HTTPX_TIMING_QUEUE: i32 = 1;
/// The look-up of the name.
pub const HTTPX_TIMING_DNS: i32 = 2;
/// TCP, or the unix socket.
pub const HTTPX_TIMING_CONNECT: i32 = 3;
/// The proxy's part in making the connection.
pub const HTTPX_TIMING_PROXY: i32 = 4;
/// The TLS handshake with the origin.
pub const HTTPX_TIMING_TLS: i32 = 5;
/// Until the request was out, from when there was a connection.
pub const HTTPX_TIMING_SEND: i32 = 6;
/// The wait for the response's head, from when the request was out.
pub const HTTPX_TIMING_FIRST_BYTE: i32 = 7;
/// From the head to the end of the body.
pub const HTTPX_TIMING_BODY: i32 = 8;
/// All of it, as httpx_response_elapsed.
pub const HTTPX_TIMING_TOTAL: i32 = 9;

fn timing(what: i32) -> Result<Timing> {
    Ok(match what {
        HTTPX_TIMING_QUEUE => Timing::Queue,
        HTTPX_TIMING_DNS => Timing::Dns,
        HTTPX_TIMING_CONNECT => Timing::Connect,
        HTTPX_TIMING_PROXY => Timing::Proxy,
        HTTPX_TIMING_TLS => Timing::Tls,
        HTTPX_TIMING_SEND => Timing::Send,
        HTTPX_TIMING_FIRST_BYTE => Timing::FirstByte,
        HTTPX_TIMING_BODY => Timing::Body,
        HTTPX_TIMING_TOTAL => Timing::Total,
        other => return Err(Error::new(Code::INVALID_ARGUMENT, format!("{other} is no part of a request's time"))),
    })
}

/// How many seconds a part of the request took: HTTPX_TIMING_QUEUE and the others, as durations. Each response of a
/// chain of redirects has its own, see httpx_response_history_at.
///
/// HTTPX_DONE, and 0 seconds, for what did not happen (a look-up on a connection that was there) or is not over.
#[no_mangle]
pub unsafe extern "C" fn httpx_response_timing(
    r: *const httpx_response,
    what: i32,
    seconds: *mut f64,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard(err, || {
        // SAFETY: the caller vouches for the pointers.
        let (r, seconds) = unsafe { (borrow(r, "r")?, Out::new(seconds, "seconds")?) };
        let took = r.head().timing(timing(what)?);
        seconds.set(took.unwrap_or_default().as_secs_f64());
        Ok(if took.is_some() { HTTPX_OK } else { HTTPX_DONE })
    })
}

/// How many bytes went out for the request, head and framing included, before TLS; 0 if `r` is NULL.
#[no_mangle]
pub unsafe extern "C" fn httpx_response_bytes_sent(r: *const httpx_response) -> u64 {
    // SAFETY: the caller vouches for it.
    guard_or(0, || unsafe { r.as_ref() }.map_or(0, |r| r.head().timings().bytes_sent))
}

/// Whether the connection had served an earlier request: 1 or 0. 0 if `r` is NULL.
#[no_mangle]
pub unsafe extern "C" fn httpx_response_is_reused(r: *const httpx_response) -> i32 {
    // SAFETY: the caller vouches for it.
    guard_or(0, || unsafe { r.as_ref() }.map_or(0, |r| i32::from(r.head().timings().reused)))
}
