//! The client builder's options of reading bodies.

use std::ffi::{c_char, c_void};
use std::sync::Arc;

use super::callbacks::{httpx_destroy_fn, httpx_encoding_fn};
use super::client_builder::{change, httpx_client_builder};
use super::codes::httpx_code;
use super::error::httpx_error;
use super::kit::{text, UserData};
use crate::error::{Code, Error, Result};
use crate::httpx::{ClientBuilder, DefaultEncoding};
use crate::runtime::Foreign;

/// The room for an encoding's label.
const LABEL: usize = 64;

/// Limits what content encodings may do.
///
/// `max_bytes`: of a decoded body; UINT64_MAX, the default, is no limit. HTTPX_E_DECODED_TOO_LARGE for more.
/// `max_ratio`: how many bytes may come out for each that came in, counted from 16 MiB on; 1032 at first, the most that
/// one gzip can do; UINT32_MAX is no limit. HTTPX_E_RATIO_EXCEEDED for more.
/// `max_chain`: how many encodings may be on top of each other; 5 at first. HTTPX_E_TOO_MANY_ENCODINGS for more.
#[no_mangle]
pub unsafe extern "C" fn httpx_client_builder_decode_limits(
    b: *mut httpx_client_builder,
    max_bytes: u64,
    max_ratio: u32,
    max_chain: usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let set = |builder: &mut ClientBuilder| {
        if max_ratio == 0 {
            return Err(Error::new(Code::INVALID_ARGUMENT, "max_ratio is 0: nothing could be decoded"));
        }
        let limits = &mut Arc::make_mut(&mut builder.reading).limits;
        limits.max_decoded = (max_bytes != u64::MAX).then_some(max_bytes);
        limits.max_ratio = (max_ratio != u32::MAX).then_some(max_ratio);
        limits.max_chain = max_chain;
        Ok(())
    };
    // SAFETY: the caller vouches for `b`.
    unsafe { change(b, err, set) }
}

/// Says whether a body of gzip, deflate or br that ends too early is taken as it is: 1, as HTTPX does, or 0 (the
/// default) for HTTPX_E_DECODING. One of zstd is never.
#[no_mangle]
pub unsafe extern "C" fn httpx_client_builder_allow_truncated(
    b: *mut httpx_client_builder,
    allowed: i32,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let set = |builder: &mut ClientBuilder| {
        Arc::make_mut(&mut builder.reading).limits.allow_truncated = allowed != 0;
        Ok(())
    };
    // SAFETY: the caller vouches for `b`.
    unsafe { change(b, err, set) }
}

/// Says what the text of responses is in whose Content-Type does not say it, by a label of the web or of Python:
/// "utf-8" (the default), "shift-jis". "detect" guesses from the body as browsers do, once it was read; streams of a
/// body on its way are UTF-8 then. HTTPX_E_INVALID_ARGUMENT for a label that is not known.
#[no_mangle]
pub unsafe extern "C" fn httpx_client_builder_default_encoding(
    b: *mut httpx_client_builder,
    label: *const c_char,
    len: usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let set = |builder: &mut ClientBuilder| {
        // SAFETY: the caller vouches for pointer and length.
        let label = unsafe { text(label, len, "label") }?;
        Arc::make_mut(&mut builder.reading).default_encoding = DefaultEncoding::named(label)?;
        Ok(())
    };
    // SAFETY: the caller vouches for `b`.
    unsafe { change(b, err, set) }
}

/// What a function says that text is in; UTF-8 without one.
pub(super) fn asked(fn_: httpx_encoding_fn, user_data: Foreign<UserData>) -> Result<DefaultEncoding> {
    let Some(ask) = fn_ else { return DefaultEncoding::named("utf-8") };
    Ok(DefaultEncoding::Asked(Arc::new(move |content: &[u8]| {
        let mut label = [0_u8; LABEL];
        let place = label.as_mut_ptr().cast();
        // SAFETY: the caller has handed both in together; the function gets memory that is there.
        let len = unsafe { ask(user_data.get().pointer(), content.as_ptr(), content.len(), place, LABEL) };
        label.get(..len).and_then(|label| std::str::from_utf8(label).ok()).map(str::to_owned)
    })))
}

/// Has a function say what the text of a response is in whose Content-Type does not say it, once its body was read.
/// Streams of a body on its way are UTF-8. `fn` is called at most once for a response, inside the call that asks for
/// its text or encoding; it may not use that response. NULL for `fn` is UTF-8 again.
#[no_mangle]
pub unsafe extern "C" fn httpx_client_builder_default_encoding_fn(
    b: *mut httpx_client_builder,
    fn_: httpx_encoding_fn,
    user_data: *mut c_void,
    destroy: httpx_destroy_fn,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let user_data = Foreign::new(UserData::new(user_data, destroy));
    let set = |builder: &mut ClientBuilder| {
        Arc::make_mut(&mut builder.reading).default_encoding = asked(fn_, user_data)?;
        Ok(())
    };
    // SAFETY: the caller vouches for `b`.
    unsafe { change(b, err, set) }
}

/// Limits the lines of HTTPX_STREAM_LINES and HTTPX_STREAM_NDJSON to `max_bytes` of UTF-8 each, 64 MiB at first, so
/// that a server that never ends its line cannot fill the memory. More is HTTPX_E_LINE_TOO_LONG.
#[no_mangle]
pub unsafe extern "C" fn httpx_client_builder_max_line(
    b: *mut httpx_client_builder,
    max_bytes: usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let set = |builder: &mut ClientBuilder| {
        if max_bytes == 0 {
            return Err(Error::new(Code::INVALID_ARGUMENT, "max_bytes is 0: only empty lines could be read"));
        }
        Arc::make_mut(&mut builder.reading).max_line = max_bytes;
        Ok(())
    };
    // SAFETY: the caller vouches for `b`.
    unsafe { change(b, err, set) }
}
