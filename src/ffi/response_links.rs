//! The links of a response.

use std::ffi::c_char;

use super::codes::{httpx_code, HTTPX_DONE, HTTPX_OK};
use super::error::httpx_error;
use super::kit::{borrow, guard, guard_ok, guard_or, set_if_wanted, text};
use super::response::httpx_response;
use super::text::Fields;
use crate::error::{Code, Error, Result};
use crate::httpx::Link;

/// The links of a response for C.
pub(super) struct Links {
    /// What each is found by, and its URL.
    urls: Fields,
    parameters: Vec<Fields>,
}

impl Links {
    fn new(links: &[Link]) -> Links {
        let fields =
            |link: &Link| Fields::new(link.fields.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())));
        Links {
            urls: Fields::new(links.iter().map(|link| (link.key().as_bytes(), link.url().as_bytes()))),
            parameters: links.iter().map(fields).collect(),
        }
    }

    fn link(&self, index: usize) -> Result<(&[u8], &[u8])> {
        self.urls.get(index).ok_or_else(|| Error::new(Code::NOT_FOUND, format!("there is no link {index}")))
    }

    fn parameters(&self, index: usize) -> Result<&Fields> {
        self.parameters.get(index).ok_or_else(|| Error::new(Code::NOT_FOUND, format!("there is no link {index}")))
    }

    fn find(&self, rel: &str) -> Option<&[u8]> {
        let mut links = (0..self.parameters.len()).filter_map(|index| self.urls.get(index));
        links.find(|(key, _)| *key == rel.as_bytes()).map(|(_, url)| url)
    }
}

impl httpx_response {
    fn links(&self) -> &Links {
        self.more().links.get_or_init(|| Links::new(&self.head().links()))
    }
}

/// Writes a text with a NUL behind it to places that may be NULL.
///
/// # Safety
/// Each place is NULL or writable.
unsafe fn give(text: Option<&[u8]>, place: *mut *const c_char, len: *mut usize) {
    // SAFETY: the caller vouches for it.
    unsafe {
        set_if_wanted(place, text.map_or(std::ptr::null(), |text| text.as_ptr().cast()));
        set_if_wanted(len, text.map_or(0, <[u8]>::len));
    }
}

/// How many links the Link header has, by HTTPX's rules: of those with the same relation the last one counts. 0 if `r`
/// is NULL.
#[no_mangle]
pub unsafe extern "C" fn httpx_response_link_count(r: *const httpx_response) -> usize {
    // SAFETY: the caller vouches for it.
    guard_or(0, || unsafe { r.as_ref() }.map_or(0, |r| r.links().parameters.len()))
}

/// The link at `index`: its relation (`rel`), or its URL if it has none, and its URL as the header says it, perhaps
/// relative. Each place may be NULL. The strings are borrowed from `r`. HTTPX_E_NOT_FOUND for an index that is too
/// high.
#[no_mangle]
pub unsafe extern "C" fn httpx_response_link_at(
    r: *const httpx_response,
    index: usize,
    rel: *mut *const c_char,
    rel_len: *mut usize,
    url: *mut *const c_char,
    url_len: *mut usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for it.
        let (found_rel, found_url) = unsafe { borrow(r, "r") }?.links().link(index)?;
        // SAFETY: the caller vouches for the places.
        unsafe {
            give(Some(found_rel), rel, rel_len);
            give(Some(found_url), url, url_len);
        }
        Ok(())
    })
}

/// The URL of the link with this relation: "next". The places may be NULL. Borrowed from `r`. HTTPX_DONE if there is
/// none, and then `*url` is NULL.
#[no_mangle]
pub unsafe extern "C" fn httpx_response_link(
    r: *const httpx_response,
    rel: *const c_char,
    rel_len: usize,
    url: *mut *const c_char,
    url_len: *mut usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard(err, || {
        // SAFETY: the caller vouches for pointers and length.
        let (r, rel) = unsafe { (borrow(r, "r")?, text(rel, rel_len, "rel")?) };
        let found = r.links().find(rel);
        // SAFETY: the caller vouches for the places.
        unsafe { give(found, url, url_len) };
        Ok(if found.is_some() { HTTPX_OK } else { HTTPX_DONE })
    })
}

/// How many fields the link at `index` has: its URL under the name "url", and its parameters. 0 if there is no such
/// link.
#[no_mangle]
pub unsafe extern "C" fn httpx_response_link_field_count(r: *const httpx_response, index: usize) -> usize {
    guard_or(0, || {
        // SAFETY: the caller vouches for it.
        let fields = unsafe { r.as_ref() }.and_then(|r| r.links().parameters(index).ok());
        fields.map_or(0, Fields::len)
    })
}

/// Name and value of a field of the link at `index`. Each place may be NULL. The strings are borrowed from `r`.
/// HTTPX_E_NOT_FOUND for an index that is too high.
#[no_mangle]
pub unsafe extern "C" fn httpx_response_link_field_at(
    r: *const httpx_response,
    index: usize,
    field: usize,
    name: *mut *const c_char,
    name_len: *mut usize,
    value: *mut *const c_char,
    value_len: *mut usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for it.
        let fields = unsafe { borrow(r, "r") }?.links().parameters(index)?;
        let missing = || Error::new(Code::NOT_FOUND, format!("link {index} has no field {field}"));
        let (found_name, found_value) = fields.get(field).ok_or_else(missing)?;
        // SAFETY: the caller vouches for the places.
        unsafe {
            give(Some(found_name), name, name_len);
            give(Some(found_value), value, value_len);
        }
        Ok(())
    })
}
