//! Status codes: constants, names, phrases and classes.

use std::ffi::c_char;

use super::kit::{guard_or, text};
use crate::httpx::{c_reason_phrase, status_name, status_named};

/// Continue.
pub const HTTPX_STATUS_CONTINUE: i32 = 100;
/// Switching Protocols.
pub const HTTPX_STATUS_SWITCHING_PROTOCOLS: i32 = 101;
/// Processing.
pub const HTTPX_STATUS_PROCESSING: i32 = 102;
/// Early Hints.
pub const HTTPX_STATUS_EARLY_HINTS: i32 = 103;
/// OK.
pub const HTTPX_STATUS_OK: i32 = 200;
/// Created.
pub const HTTPX_STATUS_CREATED: i32 = 201;
/// Accepted.
pub const HTTPX_STATUS_ACCEPTED: i32 = 202;
/// Non-Authoritative Information.
pub const HTTPX_STATUS_NON_AUTHORITATIVE_INFORMATION: i32 = 203;
/// No Content.
pub const HTTPX_STATUS_NO_CONTENT: i32 = 204;
/// Reset Content.
pub const HTTPX_STATUS_RESET_CONTENT: i32 = 205;
/// Partial Content.
pub const HTTPX_STATUS_PARTIAL_CONTENT: i32 = 206;
/// Multi-Status.
pub const HTTPX_STATUS_MULTI_STATUS: i32 = 207;
/// Already Reported.
pub const HTTPX_STATUS_ALREADY_REPORTED: i32 = 208;
/// IM Used.
pub const HTTPX_STATUS_IM_USED: i32 = 226;
/// Multiple Choices.
pub const HTTPX_STATUS_MULTIPLE_CHOICES: i32 = 300;
/// Moved Permanently.
pub const HTTPX_STATUS_MOVED_PERMANENTLY: i32 = 301;
/// Found.
pub const HTTPX_STATUS_FOUND: i32 = 302;
/// See Other.
pub const HTTPX_STATUS_SEE_OTHER: i32 = 303;
/// Not Modified.
pub const HTTPX_STATUS_NOT_MODIFIED: i32 = 304;
/// Use Proxy.
pub const HTTPX_STATUS_USE_PROXY: i32 = 305;
/// Temporary Redirect.
pub const HTTPX_STATUS_TEMPORARY_REDIRECT: i32 = 307;
/// Permanent Redirect.
pub const HTTPX_STATUS_PERMANENT_REDIRECT: i32 = 308;
/// Bad Request.
pub const HTTPX_STATUS_BAD_REQUEST: i32 = 400;
/// Unauthorized.
pub const HTTPX_STATUS_UNAUTHORIZED: i32 = 401;
/// Payment Required.
pub const HTTPX_STATUS_PAYMENT_REQUIRED: i32 = 402;
/// Forbidden.
pub const HTTPX_STATUS_FORBIDDEN: i32 = 403;
/// Not Found.
pub const HTTPX_STATUS_NOT_FOUND: i32 = 404;
/// Method Not Allowed.
pub const HTTPX_STATUS_METHOD_NOT_ALLOWED: i32 = 405;
/// Not Acceptable.
pub const HTTPX_STATUS_NOT_ACCEPTABLE: i32 = 406;
/// Proxy Authentication Required.
pub const HTTPX_STATUS_PROXY_AUTHENTICATION_REQUIRED: i32 = 407;
/// Request Timeout.
pub const HTTPX_STATUS_REQUEST_TIMEOUT: i32 = 408;
/// Conflict.
pub const HTTPX_STATUS_CONFLICT: i32 = 409;
/// Gone.
pub const HTTPX_STATUS_GONE: i32 = 410;
/// Length Required.
pub const HTTPX_STATUS_LENGTH_REQUIRED: i32 = 411;
/// Precondition Failed.
pub const HTTPX_STATUS_PRECONDITION_FAILED: i32 = 412;
/// Request Entity Too Large.
pub const HTTPX_STATUS_REQUEST_ENTITY_TOO_LARGE: i32 = 413;
/// Request-URI Too Long.
pub const HTTPX_STATUS_REQUEST_URI_TOO_LONG: i32 = 414;
/// Unsupported Media Type.
pub const HTTPX_STATUS_UNSUPPORTED_MEDIA_TYPE: i32 = 415;
/// Requested Range Not Satisfiable.
pub const HTTPX_STATUS_REQUESTED_RANGE_NOT_SATISFIABLE: i32 = 416;
/// Expectation Failed.
pub const HTTPX_STATUS_EXPECTATION_FAILED: i32 = 417;
/// I'm a teapot.
pub const HTTPX_STATUS_IM_A_TEAPOT: i32 = 418;
/// Misdirected Request.
pub const HTTPX_STATUS_MISDIRECTED_REQUEST: i32 = 421;
/// Unprocessable Entity.
pub const HTTPX_STATUS_UNPROCESSABLE_ENTITY: i32 = 422;
/// Locked.
pub const HTTPX_STATUS_LOCKED: i32 = 423;
/// Failed Dependency.
pub const HTTPX_STATUS_FAILED_DEPENDENCY: i32 = 424;
/// Too Early.
pub const HTTPX_STATUS_TOO_EARLY: i32 = 425;
/// Upgrade Required.
pub const HTTPX_STATUS_UPGRADE_REQUIRED: i32 = 426;
/// Precondition Required.
pub const HTTPX_STATUS_PRECONDITION_REQUIRED: i32 = 428;
/// Too Many Requests.
pub const HTTPX_STATUS_TOO_MANY_REQUESTS: i32 = 429;
/// Request Header Fields Too Large.
pub const HTTPX_STATUS_REQUEST_HEADER_FIELDS_TOO_LARGE: i32 = 431;
/// Unavailable For Legal Reasons.
pub const HTTPX_STATUS_UNAVAILABLE_FOR_LEGAL_REASONS: i32 = 451;
/// Internal Server Error.
pub const HTTPX_STATUS_INTERNAL_SERVER_ERROR: i32 = 500;
/// Not Implemented.
pub const HTTPX_STATUS_NOT_IMPLEMENTED: i32 = 501;
/// Bad Gateway.
pub const HTTPX_STATUS_BAD_GATEWAY: i32 = 502;
/// Service Unavailable.
pub const HTTPX_STATUS_SERVICE_UNAVAILABLE: i32 = 503;
/// Gateway Timeout.
pub const HTTPX_STATUS_GATEWAY_TIMEOUT: i32 = 504;
/// HTTP Version Not Supported.
pub const HTTPX_STATUS_HTTP_VERSION_NOT_SUPPORTED: i32 = 505;
/// Variant Also Negotiates.
pub const HTTPX_STATUS_VARIANT_ALSO_NEGOTIATES: i32 = 506;
/// Insufficient Storage.
pub const HTTPX_STATUS_INSUFFICIENT_STORAGE: i32 = 507;
/// Loop Detected.
pub const HTTPX_STATUS_LOOP_DETECTED: i32 = 508;
/// Not Extended.
pub const HTTPX_STATUS_NOT_EXTENDED: i32 = 510;
/// Network Authentication Required.
pub const HTTPX_STATUS_NETWORK_AUTHENTICATION_REQUIRED: i32 = 511;

/// The phrase that goes with a status code, as HTTPX has it: "Not Found"; "" for one that is not registered. Static.
#[no_mangle]
pub extern "C" fn httpx_status_reason_phrase(status: i32) -> *const c_char {
    c_reason_phrase(u16::try_from(status).unwrap_or_default()).as_ptr()
}

/// A status code's name: "NOT_FOUND"; "" for one that is not registered. Static.
#[no_mangle]
pub extern "C" fn httpx_status_name(status: i32) -> *const c_char {
    status_name(u16::try_from(status).unwrap_or_default()).as_ptr()
}

/// The status code of a name in upper or lower case, such as "not_found"; 0 if there is none.
#[no_mangle]
pub unsafe extern "C" fn httpx_status_by_name(name: *const c_char, len: usize) -> i32 {
    guard_or(0, || {
        // SAFETY: the caller vouches for pointer and length.
        let name = unsafe { text(name, len, "name") };
        name.ok().and_then(status_named).map_or(0, i32::from)
    })
}

/// Whether a status code is 1xx: 1 or 0.
#[no_mangle]
pub extern "C" fn httpx_status_is_informational(status: i32) -> i32 {
    i32::from(matches!(status, 100..=199))
}

/// Whether a status code is 2xx: 1 or 0.
#[no_mangle]
pub extern "C" fn httpx_status_is_success(status: i32) -> i32 {
    i32::from(matches!(status, 200..=299))
}

/// Whether a status code is 3xx, whether or not it says where to: 1 or 0.
#[no_mangle]
pub extern "C" fn httpx_status_is_redirect(status: i32) -> i32 {
    i32::from(matches!(status, 300..=399))
}

/// Whether a status code is 4xx: 1 or 0.
#[no_mangle]
pub extern "C" fn httpx_status_is_client_error(status: i32) -> i32 {
    i32::from(matches!(status, 400..=499))
}

/// Whether a status code is 5xx: 1 or 0.
#[no_mangle]
pub extern "C" fn httpx_status_is_server_error(status: i32) -> i32 {
    i32::from(matches!(status, 500..=599))
}

/// Whether a status code is 4xx or 5xx: 1 or 0.
#[no_mangle]
pub extern "C" fn httpx_status_is_error(status: i32) -> i32 {
    i32::from(matches!(status, 400..=599))
}
