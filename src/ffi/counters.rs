//! What the library has done, in numbers.

use super::kit::guard_or;
use crate::counters::counted;

/// URLs and references that were parsed.
pub const HTTPX_COUNTER_URLS: i32 = 1;
/// Header lines that were set or received.
pub const HTTPX_COUNTER_HEADER_FIELDS: i32 = 2;
/// Cookies that were stored.
pub const HTTPX_COUNTER_COOKIES_STORED: i32 = 3;
/// Cookies that were put into requests.
pub const HTTPX_COUNTER_COOKIES_SENT: i32 = 4;
/// Multipart bodies that requests were given.
pub const HTTPX_COUNTER_MULTIPARTS: i32 = 5;
/// Redirects that were followed.
pub const HTTPX_COUNTER_REDIRECTS: i32 = 6;
/// Values of Authorization that were made.
pub const HTTPX_COUNTER_AUTHORIZATIONS: i32 = 7;
/// Bytes that came out of content decoders (gzip and so on).
pub const HTTPX_COUNTER_BYTES_DECODED: i32 = 8;
/// Texts, and pieces of streamed text, that were decoded.
pub const HTTPX_COUNTER_TEXTS_DECODED: i32 = 9;
/// Connections that were opened.
pub const HTTPX_COUNTER_CONNECTIONS: i32 = 10;
/// Requests that transports were given: redirects and answers to challenges count.
pub const HTTPX_COUNTER_REQUESTS: i32 = 11;

/// How often the library has done something (HTTPX_COUNTER_URLS and so on) since the process has loaded it, in all
/// threads together. -1 for a number that is no counter.
#[no_mangle]
pub extern "C" fn httpx_counter(what: i32) -> i64 {
    guard_or(-1, || counted(what).unwrap_or(-1))
}
