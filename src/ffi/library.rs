//! The library as a whole.

use std::ffi::{c_char, CStr};
use std::time::Duration;

use super::codes::httpx_code;
use super::error::httpx_error;
use super::handle;
use super::kit::{guard_ok, guard_or, seconds, text};

/// A time in seconds that is not given: what it would set stays as it is, or is the client's.
pub const HTTPX_UNSET: f64 = f64::NAN;

/// All kinds of handles together, for httpx_live_handles.
pub const HTTPX_KIND_ALL: i32 = 0;
/// Errors.
pub const HTTPX_KIND_ERROR: i32 = 1;
/// Client builders.
pub const HTTPX_KIND_CLIENT_BUILDER: i32 = 2;
/// Clients.
pub const HTTPX_KIND_CLIENT: i32 = 3;
/// Requests.
pub const HTTPX_KIND_REQUEST: i32 = 4;
/// Pipes.
pub const HTTPX_KIND_PIPE: i32 = 5;
/// Responses.
pub const HTTPX_KIND_RESPONSE: i32 = 6;
/// Streams.
pub const HTTPX_KIND_STREAM: i32 = 7;
/// Queues.
pub const HTTPX_KIND_QUEUE: i32 = 8;
/// Operations.
pub const HTTPX_KIND_OP: i32 = 9;
/// Forms.
pub const HTTPX_KIND_FORM: i32 = 10;
/// Multipart bodies.
pub const HTTPX_KIND_MULTIPART: i32 = 11;
/// Cookies.
pub const HTTPX_KIND_COOKIES: i32 = 12;
/// Transports.
pub const HTTPX_KIND_TRANSPORT: i32 = 13;
/// TLS settings.
pub const HTTPX_KIND_TLS: i32 = 14;
/// Proxies.
pub const HTTPX_KIND_PROXY: i32 = 15;
/// Network streams.
pub const HTTPX_KIND_NETWORK_STREAM: i32 = 16;
/// URLs.
pub const HTTPX_KIND_URL: i32 = 17;
/// Headers.
pub const HTTPX_KIND_HEADERS: i32 = 18;
/// Query parameters.
pub const HTTPX_KIND_QUERY_PARAMS: i32 = 19;
/// Changes to URLs.
pub const HTTPX_KIND_URL_PARTS: i32 = 20;
/// Lists of connections.
pub const HTTPX_KIND_CONNECTIONS: i32 = 21;
/// Response builders.
pub const HTTPX_KIND_RESPONSE_BUILDER: i32 = 22;
/// Credentials.
pub const HTTPX_KIND_AUTH: i32 = 23;
/// Replies.
pub const HTTPX_KIND_REPLY: i32 = 24;
/// Wakers.
pub const HTTPX_KIND_WAKER: i32 = 25;
/// URL patterns.
pub const HTTPX_KIND_URL_PATTERN: i32 = 26;
/// Proxies of the environment.
pub const HTTPX_KIND_PROXY_MAP: i32 = 27;
/// Flows that are run by hand.
pub const HTTPX_KIND_FLOW: i32 = 28;

const VERSION: &CStr = match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
    Ok(version) => version,
    Err(_) => panic!("a version without NUL"),
};

/// Raised when functions are added; the SONAME changes when one is changed or goes.
const ABI_VERSION: u32 = 1;

const FEATURES: [&str; 9] = ["http1", "http2", "tls", "unix", "proxy", "socks", "gzip", "br", "zstd"];

/// The library's version: "0.1.0". Static.
#[no_mangle]
pub extern "C" fn httpx_version() -> *const c_char {
    VERSION.as_ptr()
}

/// The ABI's version: raised by one whenever functions or constants are added. What a program was built with keeps
/// working with every higher version under the same SONAME.
#[no_mangle]
pub extern "C" fn httpx_abi_version() -> u32 {
    ABI_VERSION
}

/// Whether this library has a feature: 1 or 0. Names: "http1", "http2", "tls", "unix", "proxy", "socks", "gzip", "br",
/// "zstd".
#[no_mangle]
pub unsafe extern "C" fn httpx_feature(name: *const c_char, len: usize) -> i32 {
    guard_or(0, || {
        // SAFETY: the caller vouches for pointer and length.
        let name = unsafe { text(name, len, "name") };
        i32::from(name.is_ok_and(|name| FEATURES.contains(&name)))
    })
}

/// Closes idle connections and stops the library's threads, waiting `timeout` seconds at most: for leak checkers, and
/// before the host ends. Everything comes back when it is needed.
///
/// Errors: HTTPX_E_INVALID_STATE while there are queues with a descriptor or a waker, which keep their threads;
/// HTTPX_E_TIMEOUT if a thread did not end in time.
#[no_mangle]
pub unsafe extern "C" fn httpx_quiesce(timeout: f64, err: *mut *mut httpx_error) -> httpx_code {
    guard_ok(err, || crate::runtime::quiesce(seconds(timeout, "timeout")?.unwrap_or(Duration::MAX)))
}

/// How many handles of a kind (HTTPX_KIND_CLIENT and so on) the program owns and has not freed; an owner that a clone
/// added counts. -1 for a number that is no kind.
#[no_mangle]
pub extern "C" fn httpx_live_handles(kind: i32) -> i64 {
    guard_or(-1, || handle::live(kind).unwrap_or(-1))
}
