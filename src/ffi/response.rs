//! The response handle.

use std::ffi::{c_char, c_void};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::callbacks::{httpx_destroy_fn, httpx_done_fn};
use super::codes::{httpx_code, HTTPX_DONE, HTTPX_OK};
use super::error::httpx_error;
use super::handle::{give, take_back, Handle, Inherited, Kind, Slot};
use super::kit::{borrow, guard, guard_ok, guard_or, set_if_wanted, short_bytes, text, Out, UserData};
use super::op::{httpx_op, Done, Outcome};
use super::queue::httpx_queue;
use super::request::{give_field, httpx_request};
use super::response_connection::ConnectionTexts;
use super::response_state::More;
use super::stream::httpx_stream;
use super::text::{Fields, Names, Text};
use crate::error::{Code, Error, Result};
use crate::httpx::{Head, Headers, Request, Response, Unit};
use crate::runtime::{block_on, Interrupt};

/// Pieces as they came over the wire, but for the framing.
pub const HTTPX_STREAM_RAW: i32 = 1;
/// Pieces with the content's encodings (gzip and so on) undone.
pub const HTTPX_STREAM_BYTES: i32 = 2;
/// Pieces of the text, in UTF-8, decoded as httpx_response_text does.
pub const HTTPX_STREAM_TEXT: i32 = 3;
/// Lines of the text without their ends, which are those of Python's str.splitlines: \n, \r\n, \r, and rarer ones.
pub const HTTPX_STREAM_LINES: i32 = 4;
/// Lines of the text without their ends, which are \n and \r\n only: for JSON lines, whose strings may have the others.
pub const HTTPX_STREAM_NDJSON: i32 = 5;

/// A response. One thread at a time.
pub struct httpx_response {
    head: Arc<Head>,
    slot: Arc<Slot<Response>>,
    interrupt: Option<Arc<Interrupt>>,
    reason: Text,
    version: Text,
    url: Text,
    names: Names,
    fields: OnceLock<Fields>,
    /// Once they are there.
    trailers: OnceLock<Fields>,
    /// Values that were put together from several lines, with their names.
    joined: Mutex<Vec<Joined>>,
    connection: ConnectionTexts,
    more: OnceLock<Box<More>>,
}

/// The values of a header's lines in one, with a NUL behind it.
struct Joined {
    name: Vec<u8>,
    value: Box<[u8]>,
}

impl Inherited for Response {
    fn is_only_memory(&self) -> bool {
        Response::is_only_memory(self)
    }
}

impl Handle for httpx_response {
    const KIND: Kind = Kind::Response;
}

impl httpx_response {
    /// A handle for C.
    pub(super) fn give(response: Response, interrupt: Option<Arc<Interrupt>>) -> *mut httpx_response {
        give(httpx_response {
            head: Arc::clone(response.head()),
            slot: Slot::new(response),
            interrupt,
            reason: Text::default(),
            version: Text::default(),
            url: Text::default(),
            names: Names::default(),
            fields: OnceLock::new(),
            trailers: OnceLock::new(),
            joined: Mutex::default(),
            connection: ConnectionTexts::default(),
            more: OnceLock::new(),
        })
    }

    pub(super) fn set_headers(&mut self, headers: &Headers) -> Result<()> {
        let mut response = self.slot.lend()?;
        response.set_headers(headers)?;
        self.head = Arc::clone(response.head());
        (self.fields, self.joined, self.more) = (OnceLock::new(), Mutex::default(), OnceLock::new());
        Ok(())
    }

    /// Gives what is to be dropped once the handle can be used again: the request may have foreign values.
    pub(super) fn set_request(&mut self, request: Option<Arc<Request>>) -> Result<Arc<Head>> {
        let mut response = self.slot.lend()?;
        response.set_request(request);
        self.url = Text::default();
        Ok(std::mem::replace(&mut self.head, Arc::clone(response.head())))
    }

    pub(super) fn head(&self) -> &Head {
        &self.head
    }

    pub(super) fn connection_texts(&self) -> &ConnectionTexts {
        &self.connection
    }

    pub(super) fn more(&self) -> &More {
        self.more.get_or_init(Box::default)
    }

    /// For handles that come of it.
    pub(super) fn parts(&self) -> (&Arc<Slot<Response>>, Option<Arc<Interrupt>>) {
        (&self.slot, self.interrupt.clone())
    }

    fn fields(&self) -> &Fields {
        self.fields.get_or_init(|| Fields::new(self.head.headers().iter()))
    }
}

/// Frees a response. If its body was not read to the end, its connection is closed. A stream of it lives on. NULL is
/// fine.
#[no_mangle]
pub unsafe extern "C" fn httpx_response_free(r: *mut httpx_response) {
    // SAFETY: a live handle or NULL, not used again.
    guard_or((), || unsafe { take_back(r, |r| r.slot.generation()) });
}

/// The status code, 100 to 999; 0 if `r` is NULL.
#[no_mangle]
pub unsafe extern "C" fn httpx_response_status_code(r: *const httpx_response) -> i32 {
    // SAFETY: the caller vouches for it.
    guard_or(0, || unsafe { r.as_ref() }.map_or(0, |r| i32::from(r.head.status())))
}

/// The reason phrase as received, or the status code's own if the server sent none; may be empty. `len` may be NULL.
/// Borrowed from `r`; NULL if `r` is NULL.
#[no_mangle]
pub unsafe extern "C" fn httpx_response_reason_phrase(r: *const httpx_response, len: *mut usize) -> *const c_char {
    // SAFETY: the caller vouches for both.
    unsafe { give_text(r, len, |r| r.reason.get(|| r.head.reason())) }
}

/// The protocol's version: "HTTP/1.1". `len` may be NULL. Borrowed from `r`; NULL if `r` is NULL.
#[no_mangle]
pub unsafe extern "C" fn httpx_response_http_version(r: *const httpx_response, len: *mut usize) -> *const c_char {
    // SAFETY: the caller vouches for both.
    unsafe { give_text(r, len, |r| r.version.get(|| r.head.version())) }
}

/// The URL that was requested. `len` may be NULL. Borrowed from `r`; NULL if `r` is NULL, or was made by hand without a
/// request.
#[no_mangle]
pub unsafe extern "C" fn httpx_response_url(r: *const httpx_response, len: *mut usize) -> *const c_char {
    // SAFETY: the caller vouches for both.
    unsafe { give_text(r, len, |r| r.head.url().map_or((std::ptr::null(), 0), |url| r.url.get(|| url.as_str()))) }
}

/// # Safety
/// `r` is NULL or a live handle, `len` NULL or writable.
pub(super) unsafe fn give_text(
    r: *const httpx_response,
    len: *mut usize,
    get: impl FnOnce(&httpx_response) -> (*const c_char, usize),
) -> *const c_char {
    guard_or(std::ptr::null(), || {
        // SAFETY: the caller vouches for both.
        let (text, length) = unsafe { r.as_ref() }.map_or((std::ptr::null(), 0), get);
        unsafe { set_if_wanted(len, length) };
        text
    })
}

/// How many header lines there are; 0 if `r` is NULL.
#[no_mangle]
pub unsafe extern "C" fn httpx_response_header_count(r: *const httpx_response) -> usize {
    // SAFETY: the caller vouches for it.
    guard_or(0, || unsafe { r.as_ref() }.map_or(0, |r| r.head.headers().len()))
}

/// The header line at `index`, as received: order, case and duplicates. Each place may be NULL. The strings are
/// borrowed from `r`. HTTPX_E_NOT_FOUND for an index that is too high.
#[no_mangle]
pub unsafe extern "C" fn httpx_response_header_at(
    r: *const httpx_response,
    index: usize,
    name: *mut *const u8,
    name_len: *mut usize,
    value: *mut *const u8,
    value_len: *mut usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for the pointers.
        unsafe { give_field(borrow(r, "r")?.fields().get(index), index, [name, value], [name_len, value_len]) }
    })
}

/// The value of a header, the values of several lines joined with ", ", whatever the case of the name. The places may
/// be NULL. Borrowed from `r`. HTTPX_DONE if there is none, and then `*value` is NULL.
#[no_mangle]
pub unsafe extern "C" fn httpx_response_header(
    r: *mut httpx_response,
    name: *const c_char,
    name_len: usize,
    value: *mut *const u8,
    value_len: *mut usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard(err, || {
        // SAFETY: the caller vouches for pointers and length.
        let (r, name) = unsafe { (borrow(r, "r")?, short_bytes(name.cast(), name_len, "name")?) };
        let found = r.header(name);
        // SAFETY: NULL or writable.
        unsafe {
            set_if_wanted(value, found.map_or(std::ptr::null(), |(text, _)| text));
            set_if_wanted(value_len, found.map_or(0, |(_, length)| length));
        }
        Ok(if found.is_some() { HTTPX_OK } else { HTTPX_DONE })
    })
}

impl httpx_response {
    /// A header's value in memory of the handle.
    fn header(&self, name: &[u8]) -> Option<(*const u8, usize)> {
        let headers = self.head.headers();
        let mut lines = (0..headers.len())
            .filter(|&index| headers.get(index).is_some_and(|(other, _)| other.eq_ignore_ascii_case(name)));
        let first = lines.next()?;
        let Some(_) = lines.next() else {
            let (_, value) = self.fields().get(first)?;
            return Some((value.as_ptr(), value.len()));
        };
        let key = name.to_ascii_lowercase();
        let mut joined = self.joined.lock().unwrap_or_else(PoisonError::into_inner);
        let known = joined.iter().position(|other| other.name == key).unwrap_or_else(|| {
            let mut value = headers.find_all(&key).collect::<Vec<_>>().join(&b", "[..]);
            value.push(0);
            joined.push(Joined { name: key, value: value.into_boxed_slice() });
            joined.len() - 1
        });
        // The boxes stay where they are when the list grows.
        let value = &joined[known].value;
        Some((value.as_ptr(), value.len() - 1))
    }
}

/// The body, once it was read: `len` bytes at `*content`, borrowed from `r`. HTTPX_E_RESPONSE_NOT_READ before.
#[no_mangle]
pub unsafe extern "C" fn httpx_response_content(
    r: *const httpx_response,
    content: *mut *const u8,
    len: *mut usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for the pointers.
        let (r, content, len) = unsafe { (borrow(r, "r")?, Out::new(content, "content")?, Out::new(len, "len")?) };
        give_content(&*r.slot.lend()?, &content, &len)
    })
}

/// The content's memory is not the slot's but its own, and stays until the response is freed.
fn give_content(response: &Response, place: &Out<*const u8>, len: &Out<usize>) -> Result<()> {
    let content = response.content()?;
    place.set(content.as_ptr());
    len.set(content.len());
    Ok(())
}

/// The body's text in UTF-8, once it was read: decoded from what httpx_response_set_encoding says, else what
/// Content-Type says, else the client's default (httpx_client_builder_default_encoding), which is UTF-8 at first; bytes
/// without meaning become U+FFFD. Borrowed from `r`. HTTPX_E_RESPONSE_NOT_READ before the body was read.
#[no_mangle]
pub unsafe extern "C" fn httpx_response_text(
    r: *const httpx_response,
    text: *mut *const c_char,
    len: *mut usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for the pointers.
        let (r, place, len) = unsafe { (borrow(r, "r")?, Out::new(text, "text")?, Out::new(len, "len")?) };
        let response = r.slot.lend()?;
        // The text's memory is its own, and stays until the response is freed.
        let text = response.text_and_nul()?;
        place.set(text.as_ptr().cast());
        len.set(text.len() - 1);
        Ok(())
    })
}

/// The name of the encoding that the text is in, by WHATWG's names: "UTF-8". `len` may be NULL. Borrowed from `r` until
/// another is set; NULL if `r` is NULL or in use.
#[no_mangle]
pub unsafe extern "C" fn httpx_response_encoding(r: *const httpx_response, len: *mut usize) -> *const c_char {
    guard_or(std::ptr::null(), || {
        // SAFETY: the caller vouches for both.
        let r = unsafe { r.as_ref() }.and_then(|r| Some((r, r.slot.lend().ok()?.encoding())));
        let (text, length) = r.map_or((std::ptr::null(), 0), |(r, name)| r.names.get(name));
        unsafe { set_if_wanted(len, length) };
        text
    })
}

/// Says what the text is in, by a label of the web or of Python: "latin-1". HTTPX_E_INVALID_ARGUMENT for a label that
/// is not known, HTTPX_E_INVALID_STATE once the text was asked for.
#[no_mangle]
pub unsafe extern "C" fn httpx_response_set_encoding(
    r: *mut httpx_response,
    label: *const c_char,
    len: usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for the pointers.
        let (r, label) = unsafe { (borrow(r, "r")?, text(label, len, "label")?) };
        r.slot.lend()?.set_encoding(label)
    })
}

/// Reads the body to its end, waiting, and gives it as httpx_response_content does. The places may be NULL. Does
/// nothing more if the body was read before.
#[no_mangle]
pub unsafe extern "C" fn httpx_response_read(
    r: *mut httpx_response,
    content: *mut *const u8,
    len: *mut usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for it.
        let r = unsafe { borrow(r, "r") }?;
        let mut response = r.slot.lend()?;
        block_on(r.interrupt.as_deref(), |call| {
            let response = &mut *response;
            async move { response.read(&call).await }
        })?;
        let read = response.content()?;
        // SAFETY: NULL or writable.
        unsafe {
            set_if_wanted(content, read.as_ptr());
            set_if_wanted(len, read.len());
        }
        Ok(())
    })
}

/// Reads the body to its end in the background; httpx_response_content has it then. The response is in use until the
/// operation has ended. See httpx_client_send_async for the other parameters; without `done`, ask httpx_op_result.
#[no_mangle]
pub unsafe extern "C" fn httpx_response_read_async(
    r: *mut httpx_response,
    q: *mut httpx_queue,
    done: httpx_done_fn,
    user_data: *mut c_void,
    destroy: httpx_destroy_fn,
    op: *mut *mut httpx_op,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let user_data = UserData::new(user_data, destroy);
    guard_ok(err, || {
        // SAFETY: the caller vouches for the pointers.
        let (r, q) = unsafe { (borrow(r, "r")?, borrow(q, "q")?) };
        let mut response = r.slot.lend()?;
        // SAFETY: the caller vouches for `op`.
        unsafe {
            q.submit(Done::Nothing(done), user_data, op, |call| async move {
                response.read(&call).await.map(|()| Outcome::Nothing)
            })
        }
    })
}

/// HTTPX_E_HTTP_STATUS, with HTTPX's sentence, unless the status is 2xx. httpx_error_response gives a copy of the
/// response.
#[no_mangle]
pub unsafe extern "C" fn httpx_response_raise_for_status(
    r: *mut httpx_response,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for it.
        unsafe { borrow(r, "r") }?.slot.lend()?.raise_for_status()
    })
}

/// The seconds from the sending of the request to the end of the body. HTTPX_E_INVALID_STATE before the response was
/// read or closed.
#[no_mangle]
pub unsafe extern "C" fn httpx_response_elapsed(
    r: *const httpx_response,
    elapsed: *mut f64,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for the pointers.
        let (r, elapsed) = unsafe { (borrow(r, "r")?, Out::new(elapsed, "elapsed")?) };
        elapsed.set(r.slot.lend()?.elapsed()?.as_secs_f64());
        Ok(())
    })
}

/// How many bytes of body came over the wire, before decoding, also through a stream; 0 if `r` is NULL or in use.
#[no_mangle]
pub unsafe extern "C" fn httpx_response_num_bytes_downloaded(r: *const httpx_response) -> u64 {
    guard_or(0, || {
        // SAFETY: the caller vouches for it.
        unsafe { r.as_ref() }.and_then(|r| r.slot.lend().ok()).map_or(0, |response| response.bytes_downloaded())
    })
}

/// Whether the response was read or closed, or a stream has taken its body over: 1 or 0. 0 also while an operation uses
/// it.
#[no_mangle]
pub unsafe extern "C" fn httpx_response_is_closed(r: *const httpx_response) -> i32 {
    guard_or(0, || {
        // SAFETY: the caller vouches for it.
        let response = unsafe { r.as_ref() }.and_then(|r| r.slot.lend().ok());
        response.map_or(0, |response| i32::from(response.is_closed()))
    })
}

/// Whether the response redirects to a place that a client may follow to: 301, 302, 303, 307 or 308 with a Location. 1
/// or 0.
#[no_mangle]
pub unsafe extern "C" fn httpx_response_has_redirect_location(r: *const httpx_response) -> i32 {
    // SAFETY: the caller vouches for it.
    guard_or(0, || unsafe { r.as_ref() }.map_or(0, |r| i32::from(r.head.has_redirect_location())))
}

/// How many responses came before this one: redirects, and the 401 that Digest has answered. 0 if `r` is NULL or in
/// use.
#[no_mangle]
pub unsafe extern "C" fn httpx_response_history_count(r: *const httpx_response) -> usize {
    guard_or(0, || {
        // SAFETY: the caller vouches for it.
        let response = unsafe { r.as_ref() }.and_then(|r| r.slot.lend().ok());
        response.map_or(0, |response| response.history().len())
    })
}

/// A copy of the response at `index` of those that came before, the oldest first, with its body; owned by the caller,
/// who frees it with httpx_response_free. HTTPX_E_NOT_FOUND for an index that is too high.
#[no_mangle]
pub unsafe extern "C" fn httpx_response_history_at(
    r: *const httpx_response,
    index: usize,
    out: *mut *mut httpx_response,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for the pointers.
        let (r, out) = unsafe { (borrow(r, "r")?, Out::new(out, "out")?) };
        let response = r.slot.lend()?;
        let hop = response
            .history()
            .get(index)
            .ok_or_else(|| Error::new(Code::NOT_FOUND, format!("there is no earlier response {index}")))?;
        out.set(httpx_response::give(hop.snapshot(), r.interrupt.clone()));
        Ok(())
    })
}

/// The request that would follow this redirect, if it was not followed: owned by the caller, who frees it with
/// httpx_request_free. HTTPX_DONE, and `*out` is NULL, if there is none.
#[no_mangle]
pub unsafe extern "C" fn httpx_response_next_request(
    r: *const httpx_response,
    out: *mut *mut httpx_request,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard(err, || {
        // SAFETY: the caller vouches for the pointers.
        let (r, out) = unsafe { (borrow(r, "r")?, Out::new(out, "out")?) };
        let next = r.slot.lend()?.next_request().cloned();
        let code = if next.is_some() { HTTPX_OK } else { HTTPX_DONE };
        let handle = |next| httpx_request::give_of(next, r.interrupt.clone());
        out.set(next.map_or(std::ptr::null_mut(), handle));
        Ok(code)
    })
}

/// How many trailer lines came after the body; 0 before it was read to its end.
#[no_mangle]
pub unsafe extern "C" fn httpx_response_trailer_count(r: *const httpx_response) -> usize {
    guard_or(0, || {
        // SAFETY: the caller vouches for it.
        let response = unsafe { r.as_ref() }.and_then(|r| r.slot.lend().ok());
        response.map_or(0, |response| response.trailers().map_or(0, crate::httpcore::RawHeaders::len))
    })
}

/// The trailer line at `index`. Each place may be NULL. The strings are borrowed from `r`.
/// HTTPX_E_NOT_FOUND for an index that is too high.
#[no_mangle]
pub unsafe extern "C" fn httpx_response_trailer_at(
    r: *const httpx_response,
    index: usize,
    name: *mut *const u8,
    name_len: *mut usize,
    value: *mut *const u8,
    value_len: *mut usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for it.
        let r = unsafe { borrow(r, "r") }?;
        let response = r.slot.lend()?;
        let trailers = response.trailers().map(|lines| r.trailers.get_or_init(|| Fields::new(lines.iter())));
        let field = trailers.and_then(|trailers| trailers.get(index));
        // SAFETY: the caller vouches for the places.
        unsafe { give_field(field, index, [name, value], [name_len, value_len]) }
    })
}

/// Closes a response; if its body was not read to the end, that closes its connection. A stream of it is not touched.
#[no_mangle]
pub unsafe extern "C" fn httpx_response_close(r: *mut httpx_response, err: *mut *mut httpx_error) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for it.
        unsafe { borrow(r, "r") }?.slot.lend()?.close();
        Ok(())
    })
}

/// Streams the body: HTTPX_STREAM_RAW or HTTPX_STREAM_BYTES in pieces of exactly `chunk_size` bytes but for the last,
/// HTTPX_STREAM_TEXT in pieces of so many characters, or all of them as they come if that is 0; HTTPX_STREAM_LINES or
/// HTTPX_STREAM_NDJSON line by line, and then `chunk_size` is 0. HTTPX_E_LINE_TOO_LONG ends a stream of lines, see
/// httpx_client_builder_max_line.
///
/// A body can be streamed once (HTTPX_E_STREAM_CONSUMED); one that was read is streamed from memory as often as wanted,
/// but not raw. `*out` is owned by the caller, who frees it with httpx_stream_free; it holds the body, and `r` may be
/// freed first.
#[no_mangle]
pub unsafe extern "C" fn httpx_response_stream(
    r: *mut httpx_response,
    kind: i32,
    chunk_size: usize,
    out: *mut *mut httpx_stream,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for the pointers.
        let (r, out) = unsafe { (borrow(r, "r")?, Out::new(out, "out")?) };
        let unit = match kind {
            HTTPX_STREAM_RAW => Unit::Raw,
            HTTPX_STREAM_BYTES => Unit::Bytes,
            HTTPX_STREAM_TEXT => Unit::Text,
            HTTPX_STREAM_LINES => Unit::Lines,
            HTTPX_STREAM_NDJSON => Unit::LinesOfJson,
            other => return Err(Error::new(Code::INVALID_ARGUMENT, format!("{other} is no kind of stream"))),
        };
        if chunk_size > isize::MAX as usize {
            return Err(Error::new(Code::TOO_LONG, "chunk_size is over PTRDIFF_MAX"));
        }
        let stream = r.slot.lend()?.stream(unit, chunk_size)?;
        out.set(httpx_stream::give(stream, r.interrupt.clone()));
        Ok(())
    })
}
