//! What a response's text is in, and the text of JSON.

use std::ffi::{c_char, c_void};
use std::sync::OnceLock;

use super::callbacks::{httpx_destroy_fn, httpx_encoding_fn};
use super::client_builder_reading::asked;
use super::codes::httpx_code;
use super::error::httpx_error;
use super::kit::{borrow, guard_ok, text, Out, UserData};
use super::response::{give_text, httpx_response};
use super::text::Text;
use crate::error::Result;
use crate::httpx::DefaultEncoding;
use crate::runtime::Foreign;

/// Texts of a response for C.
#[derive(Default)]
pub(super) struct BodyTexts {
    charset: Text,
    json: OnceLock<Text>,
}

/// The charset that Content-Type names, in lower case and without quotes, whether it is known or not. `len` may be
/// NULL. Borrowed from `r`; NULL if there is none, or `r` is NULL.
#[no_mangle]
pub unsafe extern "C" fn httpx_response_charset_encoding(r: *const httpx_response, len: *mut usize) -> *const c_char {
    let charset = |r: &httpx_response| match r.head().charset() {
        Some(charset) => r.more().body.charset.get(|| charset),
        None => (std::ptr::null(), 0),
    };
    // SAFETY: the caller vouches for both.
    unsafe { give_text(r, len, charset) }
}

/// The text of a body that is JSON, once it was read: in UTF-8 without a byte order mark, whether it came in UTF-8,
/// UTF-16 or UTF-32. It is checked to be JSON, and left as it is. Borrowed from `r`.
///
/// HTTPX_E_INVALID_JSON if it is not JSON, an empty body for instance; HTTPX_E_RESPONSE_NOT_READ before it was read.
#[no_mangle]
pub unsafe extern "C" fn httpx_response_json_text(
    r: *const httpx_response,
    json: *mut *const c_char,
    len: *mut usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for the pointers.
        let (r, json, len) = unsafe { (borrow(r, "r")?, Out::new(json, "json")?, Out::new(len, "len")?) };
        let (text, length) = r.json_text()?;
        json.set(text);
        len.set(length);
        Ok(())
    })
}

/// Says what this response's text is in if its Content-Type does not say it, as httpx_client_builder_default_encoding does
/// for all responses of a client. HTTPX_E_INVALID_STATE once its text was asked for.
#[no_mangle]
pub unsafe extern "C" fn httpx_response_set_default_encoding(
    r: *mut httpx_response,
    label: *const c_char,
    len: usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for pointers and length.
        let (r, label) = unsafe { (borrow(r, "r")?, text(label, len, "label")?) };
        r.parts().0.lend()?.set_default_encoding(DefaultEncoding::named(label)?)
    })
}

/// Has a function say it, as httpx_client_builder_default_encoding_fn does for all responses of a client. `destroy` runs
/// when the response is freed, or when this call fails.
#[no_mangle]
pub unsafe extern "C" fn httpx_response_set_default_encoding_fn(
    r: *mut httpx_response,
    fn_: httpx_encoding_fn,
    user_data: *mut c_void,
    destroy: httpx_destroy_fn,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let user_data = Foreign::new(UserData::new(user_data, destroy));
    guard_ok(err, || {
        // SAFETY: the caller vouches for it.
        let r = unsafe { borrow(r, "r") }?;
        r.parts().0.lend()?.set_default_encoding(asked(fn_, user_data)?)
    })
}

impl httpx_response {
    /// In memory of the handle.
    fn json_text(&self) -> Result<(*const c_char, usize)> {
        let kept = &self.more().body.json;
        if kept.get().is_none() {
            let response = self.parts().0.lend()?;
            let text = Text::default();
            let checked = response.json_text()?;
            text.get(|| checked.as_bytes());
            // Only one thread at a time comes here.
            let _ = kept.set(text);
        }
        Ok(kept.get().map_or((std::ptr::null(), 0), |text| text.get(String::new)))
    }
}
