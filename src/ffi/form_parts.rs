//! Parts of multipart bodies with headers of their own, and from descriptors and functions.

use std::ffi::{c_char, c_void};

use bytes::Bytes;

use super::callbacks::{httpx_destroy_fn, httpx_pull_fn, httpx_rewind_fn};
use super::codes::httpx_code;
use super::error::httpx_error;
use super::form::{httpx_multipart, FileKind};
use super::kit::{borrow, guard_ok, optional_text, short_bytes, text, UserData};
use super::request_upload::{duplicate, length, pulled};
use crate::httpx::{check_header, OpenFile, PartSource};
use crate::runtime::Foreign;

/// Gives the part that is put next a header, behind its Content-Disposition. A Content-Type takes the place of the
/// part's own. Several calls add up. HTTPX_E_LOCAL_PROTOCOL for what could not be sent.
#[no_mangle]
pub unsafe extern "C" fn httpx_multipart_header(
    m: *mut httpx_multipart,
    name: *const c_char,
    name_len: usize,
    value: *const u8,
    value_len: usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for pointers and lengths.
        let (m, name, value) = unsafe {
            (borrow(m, "m")?, short_bytes(name.cast(), name_len, "name")?, short_bytes(value, value_len, "value")?)
        };
        check_header(name, value)?;
        m.slot.lend()?.headers.push((Bytes::copy_from_slice(name), Bytes::copy_from_slice(value)));
        Ok(())
    })
}

/// Puts what can be read of a descriptor at the end; see httpx_request_body_fd for the descriptor and
/// httpx_multipart_file_bytes for the rest. With one that is no regular file, the body is chunked and can be sent once.
#[no_mangle]
pub unsafe extern "C" fn httpx_multipart_file_fd(
    m: *mut httpx_multipart,
    name: *const c_char,
    name_len: usize,
    filename: *const c_char,
    filename_len: usize,
    content_type: *const c_char,
    content_type_len: usize,
    fd: isize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for pointers, lengths and descriptor.
        let (m, name, filename, content_type, file) = unsafe {
            (
                borrow(m, "m")?,
                text(name, name_len, "name")?,
                optional_text(filename, filename_len, "filename")?,
                optional_text(content_type, content_type_len, "content_type")?,
                duplicate(fd)?,
            )
        };
        let source = match OpenFile::new(file)? {
            OpenFile::Regular { file, start, length } => PartSource::File { file, start, length },
            OpenFile::Stream(body) => PartSource::Foreign { body, length: None },
        };
        m.slot.lend()?.put(name, FileKind { filename, content_type }, source)
    })
}

/// Puts a file that `fn_` makes at the end; see httpx_request_body_pull for `content_length` and the functions, and
/// httpx_multipart_file_bytes for the rest. Without a length the whole body is chunked; without `rewind` it can be sent
/// once.
#[no_mangle]
pub unsafe extern "C" fn httpx_multipart_file_pull(
    m: *mut httpx_multipart,
    name: *const c_char,
    name_len: usize,
    filename: *const c_char,
    filename_len: usize,
    content_type: *const c_char,
    content_type_len: usize,
    content_length: i64,
    fn_: httpx_pull_fn,
    rewind: httpx_rewind_fn,
    user_data: *mut c_void,
    destroy: httpx_destroy_fn,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let user_data = Foreign::new(UserData::new(user_data, destroy));
    guard_ok(err, || {
        // SAFETY: the caller vouches for pointers and lengths.
        let (m, name, filename, content_type) = unsafe {
            (
                borrow(m, "m")?,
                text(name, name_len, "name")?,
                optional_text(filename, filename_len, "filename")?,
                optional_text(content_type, content_type_len, "content_type")?,
            )
        };
        let length = length(content_length, "content_length")?;
        let source = PartSource::Foreign { body: pulled(fn_, rewind, user_data)?, length };
        m.slot.lend()?.put(name, FileKind { filename, content_type }, source)
    })
}
