//! The request handle.

use std::ffi::{c_char, c_void};
use std::sync::Arc;

use bytes::Bytes;

use super::callbacks::httpx_destroy_fn;
use super::client::httpx_client;
use super::codes::httpx_code;
use super::error::httpx_error;
use super::handle::{give, take_back, Handle, Inherited, Kind, Slot};
use super::kit::{
    borrow, bytes, guard_ok, guard_or, long_text, path, seconds, set_if_wanted, short_bytes, text, Out, UserData,
};
use super::pipe::httpx_pipe;
use super::text::{Fields, Text};
use crate::error::{Code, Error, Result};
use crate::httpx::{Auth, Given, Request, Timeout};
use crate::runtime::{pipe, Foreign, Interrupt};

/// A request: method, URL, headers, body, time limits. One thread at a time. It can be changed and sent as often as its
/// body can be read.
pub struct httpx_request {
    pub(super) slot: Arc<Slot<Draft>>,
    /// The client's, for pipes. Not the client itself: a request must not keep its connections.
    pub(super) interrupt: Option<Arc<Interrupt>>,
}

/// The request as it is now. In flight it is shared, and a change makes a copy.
pub(super) struct Draft {
    pub(super) request: Arc<Request>,
    /// The header lines for C, until they change.
    fields: Option<Fields>,
    /// The method for C, until it changes.
    method: Text,
    /// The URL for C, until it changes.
    url: Text,
}

impl Inherited for Draft {
    fn is_only_memory(&self) -> bool {
        !self.request.is_made_elsewhere()
    }
}

impl Handle for httpx_request {
    const KIND: Kind = Kind::Request;
}

impl httpx_request {
    /// A handle for C.
    pub(super) fn give(request: Arc<Request>) -> *mut httpx_request {
        httpx_request::give_of(request, None)
    }

    /// The same, for calls that ask an interrupt function.
    pub(super) fn give_of(request: Arc<Request>, interrupt: Option<Arc<Interrupt>>) -> *mut httpx_request {
        give(httpx_request {
            slot: Slot::new(Draft { request, fields: None, method: Text::default(), url: Text::default() }),
            interrupt,
        })
    }

    /// Changes it, unless that fails; what is in flight stays as it was.
    pub(super) fn change(&self, change: impl FnOnce(&mut Request) -> Result<()>) -> Result<()> {
        let mut draft = self.slot.lend()?;
        let draft = &mut *draft;
        let request = Arc::make_mut(&mut draft.request);
        let (headers, url, method) = (request.headers.clone(), request.url().clone(), request.method().to_vec());
        change(request)?;
        if url != *request.url() {
            draft.url = Text::default();
        }
        if method != request.method() {
            draft.method = Text::default();
        }
        // What C has of the header lines stays as long as they do.
        if !headers.is_same(&request.headers) {
            request.settle_headers();
            draft.fields = None;
        }
        Ok(())
    }

    /// The request as it is now.
    pub(super) fn request(&self) -> Result<Arc<Request>> {
        Ok(Arc::clone(&self.slot.lend()?.request))
    }
}

/// # Safety
/// `r` is NULL or a live handle.
pub(super) unsafe fn change(
    r: *mut httpx_request,
    err: *mut *mut httpx_error,
    change: impl FnOnce(&mut Request) -> Result<()>,
) -> httpx_code {
    // SAFETY: the caller vouches for it.
    guard_ok(err, || unsafe { borrow(r, "r") }?.change(change))
}

/// Makes a request with the client's default headers. The method is sent in upper case. The URL must be absolute, or go
/// with the client's base URL; for another scheme than http, https, ws and wss there must be a transport mounted that
/// carries it: else sending is HTTPX_E_UNSUPPORTED_PROTOCOL, as it is where there is no host.
///
/// Without a client (NULL) it is what HTTPX's Request(method, url) is: Host is all that it has, and the URL may be
/// relative until it is sent. Who sends it gives it time limits and credentials, but no headers, and no cookies before
/// it is redirected or challenged.
///
/// HTTPX_E_INVALID_URL, or HTTPX_E_LOCAL_PROTOCOL for a method that is not a token. `*out` is owned by the caller, who frees it with
/// httpx_request_free. Any client can send it.
#[no_mangle]
pub unsafe extern "C" fn httpx_request_new(
    c: *mut httpx_client,
    method: *const c_char,
    method_len: usize,
    url: *const c_char,
    url_len: usize,
    out: *mut *mut httpx_request,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for pointers and lengths.
        let (c, method, url, out) = unsafe {
            (c.as_ref(), text(method, method_len, "method")?, text(url, url_len, "url")?, Out::new(out, "out")?)
        };
        let client = c.map(httpx_client::client);
        let request = match client {
            Some(client) => client.build_request(method, url)?,
            None => Request::alone(method, url)?,
        };
        out.set(httpx_request::give_of(Arc::new(request), client.and_then(|client| client.interrupt().cloned())));
        Ok(())
    })
}

/// Copies a request: headers, options, callbacks, and a body, which both have then: one that can be read once is gone
/// for both. A request that was lent to a callback is copied to outlive it.
///
/// `*out` is owned by the caller, who frees it with httpx_request_free.
#[no_mangle]
pub unsafe extern "C" fn httpx_request_clone(
    r: *const httpx_request,
    out: *mut *mut httpx_request,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for the pointers.
        let (r, out) = unsafe { (borrow(r, "r")?, Out::new(out, "out")?) };
        out.set(httpx_request::give_of(r.request()?, r.interrupt.clone()));
        Ok(())
    })
}

/// Frees a request. In flight it goes on. NULL is fine.
#[no_mangle]
pub unsafe extern "C" fn httpx_request_free(r: *mut httpx_request) {
    // SAFETY: a live handle or NULL, not used again.
    guard_or((), || unsafe { take_back(r, |r| r.slot.generation()) });
}

/// The method, in upper case unless httpx_request_set_method says otherwise. `len` may be NULL. Borrowed from `r` until
/// its method changes; NULL if `r` is NULL or in use by another thread.
#[no_mangle]
pub unsafe extern "C" fn httpx_request_method(r: *const httpx_request, len: *mut usize) -> *const c_char {
    guard_or(std::ptr::null(), || {
        // SAFETY: the caller vouches for both.
        let draft = unsafe { r.as_ref() }.and_then(|r| r.slot.lend().ok());
        let text = draft.map(|draft| draft.method.get(|| draft.request.method()));
        let (text, length) = text.unwrap_or((std::ptr::null(), 0));
        unsafe { set_if_wanted(len, length) };
        text
    })
}

/// The URL, normalised. `len` may be NULL. Borrowed from `r` until its URL changes; NULL if `r` is NULL or in use by
/// another thread.
#[no_mangle]
pub unsafe extern "C" fn httpx_request_url(r: *const httpx_request, len: *mut usize) -> *const c_char {
    guard_or(std::ptr::null(), || {
        // SAFETY: the caller vouches for both.
        let draft = unsafe { r.as_ref() }.and_then(|r| r.slot.lend().ok());
        let text = draft.map(|draft| draft.url.get(|| draft.request.url().as_str()));
        let (text, length) = text.unwrap_or((std::ptr::null(), 0));
        unsafe { set_if_wanted(len, length) };
        text
    })
}

/// Gives the request another method, as it is, and nothing else: its headers stay. HTTPX_E_LOCAL_PROTOCOL for what is not
/// a token.
#[no_mangle]
pub unsafe extern "C" fn httpx_request_set_method(
    r: *mut httpx_request,
    method: *const c_char,
    len: usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    // SAFETY: the caller vouches for pointer and length.
    let set = |request: &mut Request| request.set_method(unsafe { text(method, len, "method") }?);
    // SAFETY: the caller vouches for `r`.
    unsafe { change(r, err, set) }
}

/// Gives the request another URL, and nothing else: its headers stay, Host included. No base URL is looked at.
/// HTTPX_E_INVALID_URL.
#[no_mangle]
pub unsafe extern "C" fn httpx_request_set_url(
    r: *mut httpx_request,
    url: *const c_char,
    len: usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    // SAFETY: the caller vouches for pointer and length.
    let set = |request: &mut Request| request.change_url(unsafe { text(url, len, "url") }?);
    // SAFETY: the caller vouches for `r`.
    unsafe { change(r, err, set) }
}

/// Sets a parameter of the URL's query (UTF-8, escaped as needed): in the place of all with that key, or, with `add` not
/// 0, behind them.
#[no_mangle]
pub unsafe extern "C" fn httpx_request_param(
    r: *mut httpx_request,
    key: *const c_char,
    key_len: usize,
    value: *const c_char,
    value_len: usize,
    add: i32,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let set = |request: &mut Request| {
        // SAFETY: the caller vouches for pointers and lengths.
        let (key, value) = unsafe { (text(key, key_len, "key")?, text(value, value_len, "value")?) };
        request.set_param(key, value, add != 0)
    };
    // SAFETY: the caller vouches for `r`.
    unsafe { change(r, err, set) }
}

/// How many header lines there are; 0 if `r` is NULL or in use by another thread. A body brings the line that frames it
/// (Content-Length or Transfer-Encoding) with it, and POST, PUT and PATCH without a body have Content-Length: 0. One that
/// the program sets takes its place; where there is none in the end, it is added when the request is sent.
#[no_mangle]
pub unsafe extern "C" fn httpx_request_header_count(r: *const httpx_request) -> usize {
    guard_or(0, || {
        // SAFETY: the caller vouches for it.
        unsafe { r.as_ref() }.and_then(|r| r.request().ok()).map_or(0, |request| request.headers.len())
    })
}

/// The header line at `index`, in order, with its case. Each place may be NULL. The strings are borrowed from `r` until
/// its headers change. HTTPX_E_NOT_FOUND for an index that is too high.
#[no_mangle]
pub unsafe extern "C" fn httpx_request_header_at(
    r: *const httpx_request,
    index: usize,
    name: *mut *const u8,
    name_len: *mut usize,
    value: *mut *const u8,
    value_len: *mut usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for it.
        let mut draft = unsafe { borrow(r, "r") }?.slot.lend()?;
        let request = Arc::clone(&draft.request);
        let fields = draft
            .fields
            .get_or_insert_with(|| Fields::new(request.headers.iter().map(|(name, value)| (&name[..], &value[..]))));
        // SAFETY: the caller vouches for the places.
        unsafe { give_field(fields.get(index), index, [name, value], [name_len, value_len]) }
    })
}

/// Hands a header line out.
///
/// # Safety
/// Each place is NULL or writable.
pub(super) unsafe fn give_field(
    field: Option<(&[u8], &[u8])>,
    index: usize,
    texts: [*mut *const u8; 2],
    lengths: [*mut usize; 2],
) -> Result<()> {
    let (name, value) = field.ok_or_else(|| Error::new(Code::NOT_FOUND, format!("there is no header line {index}")))?;
    // SAFETY: the caller vouches for it.
    unsafe {
        set_if_wanted(texts[0], name.as_ptr());
        set_if_wanted(texts[1], value.as_ptr());
        set_if_wanted(lengths[0], name.len());
        set_if_wanted(lengths[1], value.len());
    }
    Ok(())
}

/// Sets a header: the first line of that name gets the value, in its place, other lines of that name go; without one, a
/// line is added. HTTPX_E_LOCAL_PROTOCOL for what could not be sent, and then nothing is changed.
#[no_mangle]
pub unsafe extern "C" fn httpx_request_header_set(
    r: *mut httpx_request,
    name: *const c_char,
    name_len: usize,
    value: *const u8,
    value_len: usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let set = |request: &mut Request| {
        // SAFETY: the caller vouches for pointers and lengths.
        let (name, value) =
            unsafe { (short_bytes(name.cast(), name_len, "name")?, short_bytes(value, value_len, "value")?) };
        request.headers.set(name, value)
    };
    // SAFETY: the caller vouches for `r`.
    unsafe { change(r, err, set) }
}

/// Adds a header line behind the others, whatever there is of that name. HTTPX_E_LOCAL_PROTOCOL for what could not be
/// sent.
#[no_mangle]
pub unsafe extern "C" fn httpx_request_header_add(
    r: *mut httpx_request,
    name: *const c_char,
    name_len: usize,
    value: *const u8,
    value_len: usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let add = |request: &mut Request| {
        // SAFETY: the caller vouches for pointers and lengths.
        let (name, value) =
            unsafe { (short_bytes(name.cast(), name_len, "name")?, short_bytes(value, value_len, "value")?) };
        request.headers.add(name, value)
    };
    // SAFETY: the caller vouches for `r`.
    unsafe { change(r, err, add) }
}

/// Removes every header line of a name. HTTPX_E_NOT_FOUND if there is none.
#[no_mangle]
pub unsafe extern "C" fn httpx_request_header_remove(
    r: *mut httpx_request,
    name: *const c_char,
    name_len: usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let remove = |request: &mut Request| {
        // SAFETY: the caller vouches for pointer and length.
        let name = unsafe { short_bytes(name.cast(), name_len, "name") }?;
        match request.headers.remove(name) {
            0 => Err(Error::new(Code::NOT_FOUND, "there is no header of that name")),
            _ => Ok(()),
        }
    };
    // SAFETY: the caller vouches for `r`.
    unsafe { change(r, err, remove) }
}

/// Leaves the headers to the program, as HTTPX's Request(stream=...) does: from now on no body and no sending adds to them
/// or changes them. Those that the request has stay. For bodies that take the place of one that the headers describe.
#[no_mangle]
pub unsafe extern "C" fn httpx_request_keep_headers(r: *mut httpx_request, err: *mut *mut httpx_error) -> httpx_code {
    let set = |request: &mut Request| {
        request.keep_headers();
        Ok(())
    };
    // SAFETY: the caller vouches for `r`.
    unsafe { change(r, err, set) }
}

/// Sets time limits of this request, in seconds; see httpx_client_builder_timeout. HTTPX_UNSET leaves one as it is: at
/// first, the client's.
#[no_mangle]
pub unsafe extern "C" fn httpx_request_timeout(
    r: *mut httpx_request,
    connect: f64,
    read: f64,
    write: f64,
    pool: f64,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let limit = |value: f64, what| match value.is_nan() {
        true => Ok(Timeout::Unset),
        false => seconds(value, what).map(Timeout::Set),
    };
    let set = |request: &mut Request| {
        let limits = [limit(connect, "connect")?, limit(read, "read")?, limit(write, "write")?, limit(pool, "pool")?];
        request.set_timeouts(limits);
        Ok(())
    };
    // SAFETY: the caller vouches for `r`.
    unsafe { change(r, err, set) }
}

/// Limits the whole of it in seconds, from the sending to the end of the response's body: HTTPX_E_DEADLINE_EXCEEDED when
/// it is over. INFINITY, the default, is no limit.
#[no_mangle]
pub unsafe extern "C" fn httpx_request_deadline(
    r: *mut httpx_request,
    total: f64,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let set = |request: &mut Request| {
        request.set_total(seconds(total, "total")?);
        Ok(())
    };
    // SAFETY: the caller vouches for `r`.
    unsafe { change(r, err, set) }
}

/// Has this request authenticate by Basic, instead of as the client says. For other schemes see httpx_request_auth.
#[no_mangle]
pub unsafe extern "C" fn httpx_request_auth_basic(
    r: *mut httpx_request,
    username: *const u8,
    username_len: usize,
    password: *const u8,
    password_len: usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let set = |request: &mut Request| {
        // SAFETY: the caller vouches for pointers and lengths.
        let (username, password) = unsafe {
            (short_bytes(username, username_len, "username")?, short_bytes(password, password_len, "password")?)
        };
        request.auth = Given::Set(Auth::basic(username, password));
        Ok(())
    };
    // SAFETY: the caller vouches for `r`.
    unsafe { change(r, err, set) }
}

/// Has this request go without the client's credentials. Those in its URL still count.
#[no_mangle]
pub unsafe extern "C" fn httpx_request_auth_none(r: *mut httpx_request, err: *mut *mut httpx_error) -> httpx_code {
    let set = |request: &mut Request| {
        request.auth = Given::Nothing;
        Ok(())
    };
    // SAFETY: the caller vouches for `r`.
    unsafe { change(r, err, set) }
}

/// Has this request authenticate as the client says, which is the default.
#[no_mangle]
pub unsafe extern "C" fn httpx_request_auth_default(r: *mut httpx_request, err: *mut *mut httpx_error) -> httpx_code {
    let set = |request: &mut Request| {
        request.auth = Given::Unset;
        Ok(())
    };
    // SAFETY: the caller vouches for `r`.
    unsafe { change(r, err, set) }
}

/// Sets what stands after the method on the wire, instead of the URL's path and query: "*" for OPTIONS, or a path in a
/// spelling that a URL cannot have. HTTPX_E_LOCAL_PROTOCOL if it is empty or has anything but visible ASCII in it.
#[no_mangle]
pub unsafe extern "C" fn httpx_request_target(
    r: *mut httpx_request,
    target: *const c_char,
    len: usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    // SAFETY: the caller vouches for pointer and length.
    let set = |request: &mut Request| request.set_target(unsafe { short_bytes(target.cast(), len, "target") }?);
    // SAFETY: the caller vouches for `r`.
    unsafe { change(r, err, set) }
}

/// Sets the name that TLS asks for and checks the server's certificate against, instead of the URL's host: for a URL
/// with an address. A redirect to another host drops it; "" does, too.
#[no_mangle]
pub unsafe extern "C" fn httpx_request_server_name(
    r: *mut httpx_request,
    name: *const c_char,
    len: usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let set = |request: &mut Request| {
        // SAFETY: the caller vouches for pointer and length.
        request.set_server_name(unsafe { text(name, len, "name") }?);
        Ok(())
    };
    // SAFETY: the caller vouches for `r`.
    unsafe { change(r, err, set) }
}

/// Gives the request a body of `len` bytes, which are copied.
#[no_mangle]
pub unsafe extern "C" fn httpx_request_body_bytes(
    r: *mut httpx_request,
    data: *const u8,
    len: usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let set = |request: &mut Request| {
        // SAFETY: the caller vouches for pointer and length.
        request.set_bytes(Bytes::copy_from_slice(unsafe { bytes(data, len, "data") }?));
        Ok(())
    };
    // SAFETY: the caller vouches for `r`.
    unsafe { change(r, err, set) }
}

struct OwnedBytes {
    data: *const u8,
    len: usize,
    _user_data: Foreign<UserData>,
}

// SAFETY: the bytes are only read, and their owner has promised to leave them alone.
unsafe impl Send for OwnedBytes {}

impl AsRef<[u8]> for OwnedBytes {
    fn as_ref(&self) -> &[u8] {
        match self.len {
            0 => &[],
            // SAFETY: valid until `_user_data` is destroyed, which this value's drop does.
            len => unsafe { std::slice::from_raw_parts(self.data, len) },
        }
    }
}

/// Gives the request a body of `len` bytes, which are not copied: they must stay as they are until `destroy` is called
/// with `user_data`, which happens once nothing needs them, or when this call fails.
#[no_mangle]
pub unsafe extern "C" fn httpx_request_body_owned(
    r: *mut httpx_request,
    data: *const u8,
    len: usize,
    user_data: *mut c_void,
    destroy: httpx_destroy_fn,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let user_data = Foreign::new(UserData::new(user_data, destroy));
    let set = |request: &mut Request| {
        // SAFETY: the caller vouches for pointer and length.
        unsafe { bytes(data, len, "data") }?;
        request.set_bytes(Bytes::from_owner(OwnedBytes { data, len, _user_data: user_data }));
        Ok(())
    };
    // SAFETY: the caller vouches for `r`.
    unsafe { change(r, err, set) }
}

/// Gives the request a JSON body. The text is checked to be JSON and sent as it is; Content-Type is set unless the
/// request has one. HTTPX_E_INVALID_JSON, with the place of the mistake, and nothing is changed.
#[no_mangle]
pub unsafe extern "C" fn httpx_request_body_json(
    r: *mut httpx_request,
    json: *const c_char,
    len: usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    // SAFETY: the caller vouches for pointer and length.
    let set = |request: &mut Request| request.set_json(unsafe { long_text(json, len, "json") }?);
    // SAFETY: the caller vouches for `r`.
    unsafe { change(r, err, set) }
}

/// Gives the request the content of a regular file as its body. The file is opened now and read while it is sent.
/// HTTPX_E_IO or a code below it if it cannot be opened.
#[no_mangle]
pub unsafe extern "C" fn httpx_request_body_file(
    r: *mut httpx_request,
    file: *const c_char,
    len: usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    // SAFETY: the caller vouches for pointer and length.
    let set = |request: &mut Request| request.set_file(unsafe { path(file, len, "file") }?);
    // SAFETY: the caller vouches for `r`.
    unsafe { change(r, err, set) }
}

/// The length of a body that is written while it is read; -1 is any.
pub(super) fn body_length(content_length: i64) -> Result<Option<u64>> {
    match content_length {
        -1 => Ok(None),
        length => u64::try_from(length).map(Some).map_err(|_| {
            Error::new(Code::INVALID_ARGUMENT, format!("content_length is {length}: it is -1, or not negative"))
        }),
    }
}

/// Gives the request a body that is written into a pipe while it is sent. `content_length` is its length, or -1 for a
/// chunked body of any length. The pipe holds `capacity` bytes at most; 0 is 65,536. Such a request can be sent once.
///
/// `*writer` is owned by the caller, who finishes it with httpx_pipe_finish and frees it with httpx_pipe_free. A
/// blocking httpx_client_send needs another thread to write.
#[no_mangle]
pub unsafe extern "C" fn httpx_request_body_pipe(
    r: *mut httpx_request,
    content_length: i64,
    capacity: usize,
    writer: *mut *mut httpx_pipe,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for the pointers.
        let (r, writer) = unsafe { (borrow(r, "r")?, Out::new(writer, "writer")?) };
        let length = body_length(content_length)?;
        let mut draft = r.slot.lend()?;
        let (write, read) = pipe(if capacity == 0 { 65_536 } else { capacity });
        Arc::make_mut(&mut draft.request).set_pipe(read, length);
        writer.set(httpx_pipe::give(write, r.interrupt.clone()));
        Ok(())
    })
}
