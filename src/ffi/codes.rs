//! Codes.

use std::ffi::c_char;

use super::kit::guard_or;
use crate::error::Code;

/// What a call came to: HTTPX_OK, another status, or an error.
///
/// Errors form HTTPX's tree, one hex digit a level: HTTPX_E_READ_TIMEOUT (0x11112000) lies below HTTPX_E_TIMEOUT
/// (0x11110000), which lies below HTTPX_E_TRANSPORT (0x11100000). Ask with httpx_code_is_a, which also answers
/// for codes that a later version adds. A number is never used again for something else.
pub type httpx_code = i32;

pub(super) const HTTPX_OK: httpx_code = Code::OK.0;
pub(super) const HTTPX_DONE: httpx_code = Code::DONE.0;
pub(super) const HTTPX_AGAIN: httpx_code = Code::AGAIN.0;

/// Whether a code is an error: 1, or 0 for HTTPX_OK, HTTPX_DONE, HTTPX_AGAIN and statuses yet to come.
#[no_mangle]
pub extern "C" fn httpx_code_is_error(code: httpx_code) -> i32 {
    guard_or(1, || i32::from(Code(code).is_error()))
}

/// Whether a code is `ancestor` or lies below it in the tree: 1 or 0.
#[no_mangle]
pub extern "C" fn httpx_code_is_a(code: httpx_code, ancestor: httpx_code) -> i32 {
    guard_or(0, || i32::from(Code(code).is_a(Code(ancestor))))
}

/// The code one level up in the tree; HTTPX_OK for a root and for what is no error.
#[no_mangle]
pub extern "C" fn httpx_code_parent(code: httpx_code) -> httpx_code {
    guard_or(HTTPX_OK, || Code(code).parent().map_or(HTTPX_OK, |parent| parent.0))
}

/// The name of a code, HTTPX's own where it has one: "ReadTimeout".
///
/// Never NULL; a code that this version does not know has the name of its nearest known ancestor. The string is
/// static.
#[no_mangle]
pub extern "C" fn httpx_code_name(code: httpx_code) -> *const c_char {
    guard_or(c"Unknown".as_ptr(), || Code(code).c_name().as_ptr())
}

/// One sentence on what a code means. Never NULL, static.
#[no_mangle]
pub extern "C" fn httpx_code_description(code: httpx_code) -> *const c_char {
    guard_or(c"".as_ptr(), || Code(code).c_description().as_ptr())
}
