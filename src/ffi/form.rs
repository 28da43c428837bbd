//! The handles of bodies that are put together: forms and multipart bodies.

use std::ffi::c_char;
use std::sync::Arc;

use bytes::Bytes;

use super::codes::httpx_code;
use super::error::httpx_error;
use super::handle::{give, take_back, Handle, Inherited, Kind, Slot};
use super::kit::{borrow, bytes, guard_ok, guard_or, long_text, optional_text, path, text, Out};
use super::request::httpx_request;
use crate::error::Result;
use crate::httpx::{open_regular, FilePart, Form, Multipart, PartSource};

/// A form without files: names and values in their order. One thread at a time.
pub struct httpx_form {
    slot: Arc<Slot<Form>>,
}

/// A body with files: parts in their order. One thread at a time.
pub struct httpx_multipart {
    pub(super) slot: Arc<Slot<Parts>>,
}

impl Handle for httpx_form {
    const KIND: Kind = Kind::Form;
}

impl Handle for httpx_multipart {
    const KIND: Kind = Kind::Multipart;
}

impl Inherited for Form {
    fn is_only_memory(&self) -> bool {
        true
    }
}

/// The body so far.
pub(super) struct Parts {
    pub(super) multipart: Multipart,
    /// Of the part that is put next.
    pub(super) headers: Vec<(Bytes, Bytes)>,
}

impl Parts {
    /// Puts a part at the end.
    pub(super) fn put(&mut self, name: &str, kind: FileKind<'_>, source: PartSource) -> Result<()> {
        let FileKind { filename, content_type } = kind;
        self.multipart.add_file(name, FilePart { filename, content_type, headers: self.headers.clone(), source })?;
        self.headers.clear();
        Ok(())
    }
}

/// What C says of a file.
pub(super) struct FileKind<'a> {
    pub(super) filename: Option<&'a str>,
    pub(super) content_type: Option<&'a str>,
}

impl Inherited for Parts {
    fn is_only_memory(&self) -> bool {
        self.multipart.sources().next().is_none()
    }
}

impl httpx_form {
    /// The form as it is now.
    pub(super) fn form(&self) -> Result<Form> {
        Ok(self.slot.lend()?.clone())
    }
}

/// Makes an empty form. `*out` is owned by the caller, who frees it with httpx_form_free.
#[no_mangle]
pub unsafe extern "C" fn httpx_form_new(out: *mut *mut httpx_form, err: *mut *mut httpx_error) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for it.
        unsafe { Out::new(out, "out") }?.set(give(httpx_form { slot: Slot::new(Form::default()) }));
        Ok(())
    })
}

/// Puts a field at the end, UTF-8 both. A name may come more than once.
#[no_mangle]
pub unsafe extern "C" fn httpx_form_add(
    form: *mut httpx_form,
    name: *const c_char,
    name_len: usize,
    value: *const c_char,
    value_len: usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for pointers and lengths.
        let (form, name, value) =
            unsafe { (borrow(form, "form")?, text(name, name_len, "name")?, long_text(value, value_len, "value")?) };
        form.slot.lend()?.push(name, value);
        Ok(())
    })
}

/// Frees a form. NULL is fine.
#[no_mangle]
pub unsafe extern "C" fn httpx_form_free(form: *mut httpx_form) {
    // SAFETY: a live handle or NULL, not used again.
    guard_or((), || unsafe { take_back(form, |form| form.slot.generation()) });
}

/// Gives the request a form as its body, as it is now: application/x-www-form-urlencoded, with spaces as "+". The
/// Content-Type is set unless the request has one.
#[no_mangle]
pub unsafe extern "C" fn httpx_request_body_form(
    r: *mut httpx_request,
    form: *mut httpx_form,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for the pointers.
        let (r, form) = unsafe { (borrow(r, "r")?, borrow(form, "form")?) };
        let form = form.slot.lend()?;
        r.change(|request| {
            request.set_form(&form);
            Ok(())
        })
    })
}

/// Makes an empty multipart body with a random boundary. `*out` is owned by the caller, who frees it with
/// httpx_multipart_free.
#[no_mangle]
pub unsafe extern "C" fn httpx_multipart_new(out: *mut *mut httpx_multipart, err: *mut *mut httpx_error) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for it.
        let out = unsafe { Out::new(out, "out") }?;
        out.set(give(httpx_multipart { slot: Slot::new(Parts { multipart: Multipart::new()?, headers: Vec::new() }) }));
        Ok(())
    })
}

/// Chooses the boundary: 1 to 70 letters, digits, spaces and '()+_,-./:=? that do not end in a space.
/// HTTPX_E_LOCAL_PROTOCOL for another.
#[no_mangle]
pub unsafe extern "C" fn httpx_multipart_boundary(
    m: *mut httpx_multipart,
    boundary: *const c_char,
    len: usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for pointer and length.
        let (m, boundary) = unsafe { (borrow(m, "m")?, text(boundary, len, "boundary")?) };
        m.slot.lend()?.multipart.boundary(boundary)
    })
}

/// Puts a field at the end; the value (copied) may be any bytes. HTTPX_E_LOCAL_PROTOCOL for a name with CR, LF or NUL.
#[no_mangle]
pub unsafe extern "C" fn httpx_multipart_field(
    m: *mut httpx_multipart,
    name: *const c_char,
    name_len: usize,
    value: *const u8,
    value_len: usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for pointers and lengths.
        let (m, name, value) =
            unsafe { (borrow(m, "m")?, text(name, name_len, "name")?, bytes(value, value_len, "value")?) };
        let kind = FileKind { filename: None, content_type: None };
        m.slot.lend()?.put(name, kind, PartSource::Bytes(Bytes::copy_from_slice(value)))
    })
}

/// Puts a file from memory (copied) at the end. Without a `filename` (NULL) the part has none, and no type; without a
/// `content_type` (NULL) the type is guessed from the name, or application/octet-stream.
///
/// HTTPX_E_LOCAL_PROTOCOL for a name or type that could not be sent.
#[no_mangle]
pub unsafe extern "C" fn httpx_multipart_file_bytes(
    m: *mut httpx_multipart,
    name: *const c_char,
    name_len: usize,
    filename: *const c_char,
    filename_len: usize,
    content_type: *const c_char,
    content_type_len: usize,
    data: *const u8,
    len: usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for pointers and lengths.
        let (m, name, filename, content_type, data) = unsafe {
            (
                borrow(m, "m")?,
                text(name, name_len, "name")?,
                optional_text(filename, filename_len, "filename")?,
                optional_text(content_type, content_type_len, "content_type")?,
                bytes(data, len, "data")?,
            )
        };
        let source = PartSource::Bytes(Bytes::copy_from_slice(data));
        m.slot.lend()?.put(name, FileKind { filename, content_type }, source)
    })
}

/// Puts a regular file at the end, opened now and read while it is sent. `filename` is what the server is told; the
/// rest is as for httpx_multipart_file_bytes. HTTPX_E_IO or a code below it if the file cannot be opened.
#[no_mangle]
pub unsafe extern "C" fn httpx_multipart_file_path(
    m: *mut httpx_multipart,
    name: *const c_char,
    name_len: usize,
    filename: *const c_char,
    filename_len: usize,
    content_type: *const c_char,
    content_type_len: usize,
    file: *const c_char,
    file_len: usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for pointers and lengths.
        let (m, name, filename, content_type, file) = unsafe {
            (
                borrow(m, "m")?,
                text(name, name_len, "name")?,
                optional_text(filename, filename_len, "filename")?,
                optional_text(content_type, content_type_len, "content_type")?,
                path(file, file_len, "file")?,
            )
        };
        let (file, length) = open_regular(file)?;
        let source = PartSource::File { file, start: 0, length };
        m.slot.lend()?.put(name, FileKind { filename, content_type }, source)
    })
}

/// Frees a multipart body. Requests that have it keep it. NULL is fine.
#[no_mangle]
pub unsafe extern "C" fn httpx_multipart_free(m: *mut httpx_multipart) {
    // SAFETY: a live handle or NULL, not used again.
    guard_or((), || unsafe { take_back(m, |m| m.slot.generation()) });
}

/// Gives the request a multipart body, as it is now. The Content-Type is set; one that the request has is kept, and its
/// boundary is used.
#[no_mangle]
pub unsafe extern "C" fn httpx_request_body_multipart(
    r: *mut httpx_request,
    m: *mut httpx_multipart,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for the pointers.
        let (r, m) = unsafe { (borrow(r, "r")?, borrow(m, "m")?) };
        let multipart = m.slot.lend()?.multipart.clone();
        r.change(|request| request.set_multipart(multipart))
    })
}
