//! The handle of headers by themselves.

use std::ffi::c_char;
use std::sync::Arc;

use super::client_builder::{self, httpx_client_builder};
use super::codes::{httpx_code, HTTPX_DONE, HTTPX_OK};
use super::error::httpx_error;
use super::handle::{give, take_back, Handle, Inherited, Kind, Slot};
use super::kit::{borrow, guard, guard_ok, guard_or, optional_text, set_if_wanted, short_bytes, text, Out};
use super::request::httpx_request;
use super::response::httpx_response;
use super::text::Copies;
use super::url::httpx_url;
use crate::error::{Code, Error, Result};
use crate::httpx::{redirect_headers, Headers};

/// Header lines: an ordered list of names and values, looked up without regard to case. It belongs to nobody else: what
/// is changed here changes no request and no response. One thread at a time.
pub struct httpx_headers {
    slot: Arc<Slot<Lines>>,
}

struct Lines {
    headers: Headers,
    /// What C looks at.
    copies: Copies,
}

impl Handle for httpx_headers {
    const KIND: Kind = Kind::Headers;
}

impl Inherited for Lines {
    fn is_only_memory(&self) -> bool {
        true
    }
}

impl httpx_headers {
    fn give(headers: Headers) -> *mut httpx_headers {
        give(httpx_headers { slot: Slot::new(Lines { headers, copies: Copies::default() }) })
    }

    /// The headers as they are now.
    pub(super) fn headers(&self) -> Result<Headers> {
        Ok(self.slot.lend()?.headers.clone())
    }
}

/// Changes them; what C was given before is gone then.
///
/// # Safety
/// `h` is NULL or a live handle.
unsafe fn change(
    h: *mut httpx_headers,
    err: *mut *mut httpx_error,
    change: impl FnOnce(&mut Headers) -> Result<()>,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for it.
        let mut lines = unsafe { borrow(h, "h") }?.slot.lend()?;
        change(&mut lines.headers)?;
        lines.copies.clear();
        Ok(())
    })
}

/// Makes an empty list. `*out` is owned by the caller, who frees it with httpx_headers_free.
#[no_mangle]
pub unsafe extern "C" fn httpx_headers_new(out: *mut *mut httpx_headers, err: *mut *mut httpx_error) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for it.
        unsafe { Out::new(out, "out") }?.set(httpx_headers::give(Headers::default()));
        Ok(())
    })
}

/// Copies a list, with its encoding. `*out` is owned by the caller.
#[no_mangle]
pub unsafe extern "C" fn httpx_headers_copy(
    h: *const httpx_headers,
    out: *mut *mut httpx_headers,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for the pointers.
        let (h, out) = unsafe { (borrow(h, "h")?, Out::new(out, "out")?) };
        out.set(httpx_headers::give(h.headers()?));
        Ok(())
    })
}

/// Frees a list. NULL is fine.
#[no_mangle]
pub unsafe extern "C" fn httpx_headers_free(h: *mut httpx_headers) {
    // SAFETY: a live handle or NULL, not used again.
    guard_or((), || unsafe { take_back(h, |h| h.slot.generation()) });
}

/// How many lines there are; 0 if `h` is NULL or in use by another thread.
#[no_mangle]
pub unsafe extern "C" fn httpx_headers_count(h: *const httpx_headers) -> usize {
    guard_or(0, || {
        // SAFETY: the caller vouches for it.
        unsafe { h.as_ref() }.and_then(|h| h.slot.lend().ok()).map_or(0, |lines| lines.headers.len())
    })
}

/// The line at `index`: bytes as they are on the wire, with the name's case. Each place may be NULL. Borrowed from `h`
/// until it changes, here and below. HTTPX_E_NOT_FOUND for an index that is too high.
#[no_mangle]
pub unsafe extern "C" fn httpx_headers_at(
    h: *const httpx_headers,
    index: usize,
    name: *mut *const u8,
    name_len: *mut usize,
    value: *mut *const u8,
    value_len: *mut usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for it.
        let mut lines = unsafe { borrow(h, "h") }?.slot.lend()?;
        let Lines { headers, copies } = &mut *lines;
        let (name_bytes, value_bytes) = headers.get(index).ok_or_else(|| no_line(index))?;
        // SAFETY: the caller vouches for the places.
        unsafe {
            lend_out(copies, name_bytes, name, name_len);
            lend_out(copies, value_bytes, value, value_len);
        }
        Ok(())
    })
}

/// The same as text, UTF-8: the name in lower case, the value decoded (see httpx_headers_encoding).
#[no_mangle]
pub unsafe extern "C" fn httpx_headers_item_at(
    h: *const httpx_headers,
    index: usize,
    name: *mut *const c_char,
    name_len: *mut usize,
    value: *mut *const c_char,
    value_len: *mut usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for it.
        let mut lines = unsafe { borrow(h, "h") }?.slot.lend()?;
        let (name_text, value_text) = lines.headers.item(index).ok_or_else(|| no_line(index))?;
        // SAFETY: the caller vouches for the places.
        unsafe {
            lend_out(&mut lines.copies, name_text.as_bytes(), name.cast(), name_len);
            lend_out(&mut lines.copies, value_text.as_bytes(), value.cast(), value_len);
        }
        Ok(())
    })
}

fn no_line(index: usize) -> Error {
    Error::new(Code::NOT_FOUND, format!("there is no header line {index}"))
}

/// The name at `index` of the different ones, in lower case and in the order in which they first come. HTTPX_DONE, and
/// `*name` is NULL, behind the last one. The places may be NULL.
#[no_mangle]
pub unsafe extern "C" fn httpx_headers_key_at(
    h: *const httpx_headers,
    index: usize,
    name: *mut *const c_char,
    name_len: *mut usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    // SAFETY: the caller vouches for the pointers.
    unsafe { give_text(h, name, name_len, err, |headers| Ok(headers.keys().nth(index))) }
}

/// What the lines of a name say, put together with ", ": text, UTF-8. HTTPX_DONE, and `*value` is NULL, if there are
/// none. The places may be NULL, to ask only whether there are.
#[no_mangle]
pub unsafe extern "C" fn httpx_headers_get(
    h: *const httpx_headers,
    name: *const c_char,
    name_len: usize,
    value: *mut *const c_char,
    value_len: *mut usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    // SAFETY: the caller vouches for pointers and length.
    unsafe {
        give_text(h, value, value_len, err, |headers| Ok(headers.text(short_bytes(name.cast(), name_len, "name")?)))
    }
}

/// What the line at `index` of those with a name says; with `split_commas` not 0, what stands between their commas,
/// without spaces around it. HTTPX_DONE, and `*value` is NULL, behind the last one. The places may be NULL.
#[no_mangle]
pub unsafe extern "C" fn httpx_headers_get_list_at(
    h: *const httpx_headers,
    name: *const c_char,
    name_len: usize,
    split_commas: i32,
    index: usize,
    value: *mut *const c_char,
    value_len: *mut usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    // SAFETY: the caller vouches for pointers and length.
    unsafe {
        give_text(h, value, value_len, err, |headers| {
            let name = short_bytes(name.cast(), name_len, "name")?;
            Ok(headers.text_list(name, split_commas != 0).into_iter().nth(index))
        })
    }
}

/// Hands a text out, or says that there is none.
///
/// # Safety
/// `h` is NULL or a live handle, the places NULL or writable.
unsafe fn give_text(
    h: *const httpx_headers,
    place: *mut *const c_char,
    len: *mut usize,
    err: *mut *mut httpx_error,
    find: impl FnOnce(&Headers) -> Result<Option<String>>,
) -> httpx_code {
    guard(err, || {
        // SAFETY: the caller vouches for it.
        let mut lines = unsafe { borrow(h, "h") }?.slot.lend()?;
        let found = find(&lines.headers)?;
        // SAFETY: the caller vouches for the places.
        unsafe {
            match &found {
                Some(text) => lend_out(&mut lines.copies, text.as_bytes(), place.cast(), len),
                None => {
                    set_if_wanted(place, std::ptr::null());
                    set_if_wanted(len, 0);
                }
            }
        }
        Ok(if found.is_some() { HTTPX_OK } else { HTTPX_DONE })
    })
}

/// # Safety
/// The places are NULL or writable.
unsafe fn lend_out(copies: &mut Copies, text: &[u8], place: *mut *const u8, len: *mut usize) {
    if !place.is_null() {
        // SAFETY: the caller vouches for it.
        unsafe { place.write(copies.get(text).0) };
    }
    // SAFETY: as above.
    unsafe { set_if_wanted(len, text.len()) };
}

/// Sets a header: the first line of that name gets the value (and the name as it is given), in its place, other lines of
/// that name go; without one, a line is added. HTTPX_E_LOCAL_PROTOCOL for what could not be sent, here and below, and then
/// nothing is changed.
#[no_mangle]
pub unsafe extern "C" fn httpx_headers_set(
    h: *mut httpx_headers,
    name: *const c_char,
    name_len: usize,
    value: *const u8,
    value_len: usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    // SAFETY: the caller vouches for pointers and lengths.
    unsafe {
        change(h, err, |headers| {
            headers.set(short_bytes(name.cast(), name_len, "name")?, short_bytes(value, value_len, "value")?)
        })
    }
}

/// Adds a line behind the others, whatever there is of that name.
#[no_mangle]
pub unsafe extern "C" fn httpx_headers_add(
    h: *mut httpx_headers,
    name: *const c_char,
    name_len: usize,
    value: *const u8,
    value_len: usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    // SAFETY: the caller vouches for pointers and lengths.
    unsafe {
        change(h, err, |headers| {
            headers.add(short_bytes(name.cast(), name_len, "name")?, short_bytes(value, value_len, "value")?)
        })
    }
}

/// Adds a line, unless there is one of that name.
#[no_mangle]
pub unsafe extern "C" fn httpx_headers_set_default(
    h: *mut httpx_headers,
    name: *const c_char,
    name_len: usize,
    value: *const u8,
    value_len: usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    // SAFETY: the caller vouches for pointers and lengths.
    unsafe {
        change(h, err, |headers| {
            headers.set_default(short_bytes(name.cast(), name_len, "name")?, short_bytes(value, value_len, "value")?)
        })
    }
}

/// Removes every line of a name. HTTPX_E_NOT_FOUND if there is none.
#[no_mangle]
pub unsafe extern "C" fn httpx_headers_remove(
    h: *mut httpx_headers,
    name: *const c_char,
    name_len: usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let remove = |headers: &mut Headers| {
        // SAFETY: the caller vouches for pointer and length.
        match headers.remove(unsafe { short_bytes(name.cast(), name_len, "name") }?) {
            0 => Err(Error::new(Code::NOT_FOUND, "there is no header of that name")),
            _ => Ok(()),
        }
    };
    // SAFETY: the caller vouches for `h`.
    unsafe { change(h, err, remove) }
}

/// Removes every line whose name `other` has, and adds all lines of `other` behind the others.
#[no_mangle]
pub unsafe extern "C" fn httpx_headers_update(
    h: *mut httpx_headers,
    other: *const httpx_headers,
    err: *mut *mut httpx_error,
) -> httpx_code {
    // SAFETY: the caller vouches for it. A copy: it may be `h` itself.
    let other = unsafe { borrow(other, "other") }.and_then(httpx_headers::headers);
    // SAFETY: the caller vouches for it.
    unsafe {
        change(h, err, |headers| {
            headers.update(&other?);
            Ok(())
        })
    }
}

/// Whether two have the same lines, in any order and whatever the case of their names: 1 or 0. NULL, and what is in use
/// by another thread, equals nothing.
#[no_mangle]
pub unsafe extern "C" fn httpx_headers_equal(h: *const httpx_headers, other: *const httpx_headers) -> i32 {
    // SAFETY: the caller vouches for it. A copy: it may be `h` itself.
    let copy = |h: *const httpx_headers| unsafe { h.as_ref() }.and_then(|h| h.headers().ok());
    guard_or(0, || i32::from(copy(h).is_some_and(|lines| copy(other).is_some_and(|other| lines == other))))
}

/// The encoding in which values are read: what was set, or the first of "ascii", "utf-8" and "iso-8859-1" that fits all
/// lines as they are now. Borrowed from `h` until it changes. NULL if `h` is NULL or in use by another thread.
#[no_mangle]
pub unsafe extern "C" fn httpx_headers_encoding(h: *const httpx_headers) -> *const c_char {
    guard_or(std::ptr::null(), || {
        // SAFETY: the caller vouches for it.
        let mut lines = unsafe { h.as_ref() }.and_then(|h| h.slot.lend().ok());
        lines.as_mut().map_or(std::ptr::null(), |lines| {
            let name = lines.headers.encoding().name();
            lines.copies.get(name.as_bytes()).0.cast()
        })
    })
}

/// Sets the encoding in which values are read, by its label: "utf-8", "latin-1" and so on. Bytes that mean nothing in it
/// become U+FFFD. (NULL, 0) goes back to whatever fits. HTTPX_E_INVALID_ARGUMENT for a label that is not known.
#[no_mangle]
pub unsafe extern "C" fn httpx_headers_set_encoding(
    h: *mut httpx_headers,
    label: *const c_char,
    len: usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    // SAFETY: the caller vouches for pointers and length.
    unsafe { change(h, err, |headers| headers.set_encoding(optional_text(label, len, "label")?)) }
}

/// All lines in one text, UTF-8, for logs: as HTTPX shows them, with "[secure]" for the values of Authorization,
/// Proxy-Authorization, Cookie and Set-Cookie. The places may be NULL.
#[no_mangle]
pub unsafe extern "C" fn httpx_headers_repr(
    h: *const httpx_headers,
    text: *mut *const c_char,
    len: *mut usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    // SAFETY: the caller vouches for the pointers.
    unsafe { give_text(h, text, len, err, |headers| Ok(Some(format!("{headers:?}")))) }
}

/// Has names and values be any bytes from now on, as HTTPX's Headers do, or, with `lenient` 0, as at first, only what can
/// be sent. Copies are as lenient; what cannot be sent is HTTPX_E_LOCAL_PROTOCOL when it is sent.
#[no_mangle]
pub unsafe extern "C" fn httpx_headers_set_lenient(
    h: *mut httpx_headers,
    lenient: i32,
    err: *mut *mut httpx_error,
) -> httpx_code {
    // SAFETY: the caller vouches for it.
    unsafe {
        change(h, err, |headers| {
            headers.set_lenient(lenient != 0);
            Ok(())
        })
    }
}

/// The headers of the request that follows `r` on a redirect to `u`, and has `method` then: without credentials if that
/// leads elsewhere, with its Host, without cookies, and without what frames a body if it becomes a GET. `*out` is owned by
/// the caller, who frees it with httpx_headers_free.
#[no_mangle]
pub unsafe extern "C" fn httpx_request_redirect_headers(
    r: *const httpx_request,
    u: *const httpx_url,
    method: *const c_char,
    len: usize,
    out: *mut *mut httpx_headers,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for pointers and length.
        let (r, u, out) = unsafe { (borrow(r, "r")?, borrow(u, "u")?, Out::new(out, "out")?) };
        // SAFETY: as above.
        let method = unsafe { text(method, len, "method") }?;
        let request = r.request()?;
        out.set(httpx_headers::give(redirect_headers(&request, u.url(), method)?));
        Ok(())
    })
}

/// A copy of a response's headers. `*out` is owned by the caller, who frees it with httpx_headers_free.
#[no_mangle]
pub unsafe extern "C" fn httpx_response_headers(
    r: *const httpx_response,
    out: *mut *mut httpx_headers,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for the pointers.
        let (r, out) = unsafe { (borrow(r, "r")?, Out::new(out, "out")?) };
        out.set(httpx_headers::give(r.head().headers().into()));
        Ok(())
    })
}

/// A copy of a request's headers as they are now. `*out` is owned by the caller, who frees it with httpx_headers_free.
#[no_mangle]
pub unsafe extern "C" fn httpx_request_headers(
    r: *const httpx_request,
    out: *mut *mut httpx_headers,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for the pointers.
        let (r, out) = unsafe { (borrow(r, "r")?, Out::new(out, "out")?) };
        out.set(httpx_headers::give(r.request()?.headers.clone()));
        Ok(())
    })
}

/// Gives the request these headers (copied) instead of those that it has, Host included: without one it is
/// HTTPX_E_LOCAL_PROTOCOL to send it. Where none of them frames the body, that is added when the request is sent.
#[no_mangle]
pub unsafe extern "C" fn httpx_request_set_headers(
    r: *mut httpx_request,
    h: *const httpx_headers,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for the pointers.
        let (r, headers) = unsafe { (borrow(r, "r")?, borrow(h, "h")?.headers()?) };
        r.change(|request| {
            request.headers = headers;
            Ok(())
        })
    })
}

/// Gives every request these headers (copied) and no others: neither the defaults nor what the builder has been given.
#[no_mangle]
pub unsafe extern "C" fn httpx_client_builder_set_headers(
    b: *mut httpx_client_builder,
    h: *const httpx_headers,
    err: *mut *mut httpx_error,
) -> httpx_code {
    // SAFETY: the caller vouches for the pointers.
    unsafe {
        client_builder::change(b, err, |builder| {
            builder.headers = borrow(h, "h")?.headers()?;
            Ok(())
        })
    }
}

/// Gives every request these headers (copied): they take the place of defaults of the same names, and stand behind the
/// others.
#[no_mangle]
pub unsafe extern "C" fn httpx_client_builder_headers(
    b: *mut httpx_client_builder,
    h: *const httpx_headers,
    err: *mut *mut httpx_error,
) -> httpx_code {
    // SAFETY: the caller vouches for the pointers.
    unsafe {
        client_builder::change(b, err, |builder| {
            builder.headers.update(&borrow(h, "h")?.headers()?);
            Ok(())
        })
    }
}
