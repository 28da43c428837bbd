//! Bodies of requests that are made while they are sent, and the content of those that are in memory.

use std::ffi::c_void;
use std::fs::File;
use std::os::fd::{BorrowedFd, RawFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use bytes::Bytes;

use super::callbacks::{httpx_destroy_fn, httpx_pull_fn, httpx_rewind_fn, httpx_upload_fn};
use super::codes::{httpx_code, HTTPX_AGAIN, HTTPX_DONE, HTTPX_OK};
use super::error::httpx_error;
use super::kit::{borrow, guard_ok, set_if_wanted, Out, UserData};
use super::request::{change, httpx_request};
use crate::error::{Code, Error, Result};
use crate::httpcore::{PullBody, Source, UploadFn};
use crate::httpx::Request;
use crate::runtime::{block_on, Foreign, Lent};

/// How many bytes a piece has at most.
const PIECE: usize = 65_536;

/// A length from C: -1 is unknown.
pub(super) fn length(length: i64, what: &str) -> Result<Option<u64>> {
    match length {
        -1 => Ok(None),
        length => u64::try_from(length)
            .map(Some)
            .map_err(|_| Error::new(Code::INVALID_ARGUMENT, format!("{what} is {length}: it is -1, or not negative"))),
    }
}

/// A file of its own for what a descriptor of the caller's stands for.
///
/// # Safety
/// Nobody closes `fd` during the call.
pub(super) unsafe fn duplicate(fd: isize) -> Result<File> {
    let number = RawFd::try_from(fd).ok().filter(|number| *number >= 0);
    let number = number.ok_or_else(|| Error::new(Code::INVALID_ARGUMENT, format!("{fd} is no descriptor")))?;
    // SAFETY: not -1, and the caller vouches for the rest; one that is not open is the system's to refuse.
    let copied = unsafe { BorrowedFd::borrow_raw(number) }.try_clone_to_owned();
    copied.map(File::from).map_err(|error| Error::from_io(Code::IO_ERROR, &error, "the descriptor of a body"))
}

/// Foreign functions that make a body.
struct Pulled {
    pull: unsafe extern "C" fn(*mut c_void, *mut u8, usize, *mut usize) -> httpx_code,
    rewind: httpx_rewind_fn,
    user_data: Foreign<UserData>,
    /// Lent to a function that is still to answer.
    room: Mutex<Arc<Room>>,
}

/// Memory for a piece; empty while the function runs.
type Room = Mutex<Vec<u8>>;

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Pulled {
    fn room(&self) -> Arc<Room> {
        Arc::clone(&lock(&self.room))
    }
}

impl Source for Pulled {
    fn pull(&self) -> Poll<Result<Option<Bytes>>> {
        let room = self.room();
        let (mut piece, mut len) = (std::mem::take(&mut *lock(&room)), 0);
        piece.resize(PIECE, 0);
        let user_data = self.user_data.get().pointer();
        // SAFETY: the caller has handed both in together; as many writable bytes as it is told.
        Poll::Ready(match unsafe { (self.pull)(user_data, piece.as_mut_ptr(), piece.len(), &raw mut len) } {
            HTTPX_OK if len > PIECE => {
                let message = format!("the function that makes the body says that {len} bytes are in room for {PIECE}");
                Err(Error::new(Code::INVALID_ARGUMENT, message))
            }
            HTTPX_OK => {
                piece.truncate(len);
                Ok(Some(Bytes::from(piece)))
            }
            HTTPX_AGAIN => {
                *lock(&room) = piece;
                return Poll::Pending;
            }
            HTTPX_DONE => Ok(None),
            code => Err(failed(code, "makes")),
        })
    }

    fn lent(&self) -> Option<Lent> {
        Some(self.room())
    }

    fn lend_anew(&self) {
        *lock(&self.room) = Arc::default();
    }

    fn can_rewind(&self) -> bool {
        self.rewind.is_some()
    }

    fn rewind(&self) -> Poll<Result<()>> {
        let Some(rewind) = self.rewind else { return Poll::Ready(Ok(())) };
        // SAFETY: the caller has handed both in together.
        match unsafe { rewind(self.user_data.get().pointer()) } {
            HTTPX_OK => Poll::Ready(Ok(())),
            HTTPX_AGAIN => Poll::Pending,
            code => Poll::Ready(Err(failed(code, "rewinds"))),
        }
    }
}

fn failed(code: httpx_code, what: &str) -> Error {
    match Code(code).is_error() {
        true => Error::new(Code(code), format!("the function that {what} the body says so")),
        false => Error::new(Code::INVALID_ARGUMENT, format!("the function that {what} the body returned {code}")),
    }
}

/// A body that foreign functions make.
///
/// # Errors
/// NULL_POINTER without `pull`.
pub(super) fn pulled(
    pull: httpx_pull_fn,
    rewind: httpx_rewind_fn,
    user_data: Foreign<UserData>,
) -> Result<Arc<PullBody>> {
    let pull = pull.ok_or_else(|| Error::new(Code::NULL_POINTER, "fn is NULL"))?;
    Ok(PullBody::new(Pulled { pull, rewind, user_data, room: Mutex::default() }))
}

/// Gives the request what can be read of a descriptor as its body. The descriptor is duplicated: the caller's own stays
/// the caller's, and can be closed at once.
///
/// Of a regular file that is what lies behind its current offset, with that length; the offset is neither used
/// afterwards nor changed, and the body can be sent more than once. Anything else (a pipe, a socket) is read to its end,
/// once, in chunks of what has come, by the thread that waits or dispatches. HTTPX_E_IO for a descriptor that is not
/// open.
#[no_mangle]
pub unsafe extern "C" fn httpx_request_body_fd(
    r: *mut httpx_request,
    fd: isize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    // SAFETY: the caller vouches for the descriptor.
    let set = |request: &mut Request| request.set_open_file(unsafe { duplicate(fd) }?);
    // SAFETY: the caller vouches for `r`.
    unsafe { change(r, err, set) }
}

/// Gives the request a body that `fn_` makes, piece by piece, each when the last one is out: on the thread that waits or
/// dispatches. `content_length` is its length, or -1 for a chunked body of any length.
///
/// With `rewind` the body can be sent more than once, as redirects, challenges and later calls ask for: it is called
/// before the first piece of every sending but the first. Without it (NULL) another sending is
/// HTTPX_E_STREAM_CONSUMED. Two sendings at the same time are HTTPX_E_INVALID_STATE. `destroy` runs when nothing needs
/// the body any more, or when this call fails.
#[no_mangle]
pub unsafe extern "C" fn httpx_request_body_pull(
    r: *mut httpx_request,
    content_length: i64,
    fn_: httpx_pull_fn,
    rewind: httpx_rewind_fn,
    user_data: *mut c_void,
    destroy: httpx_destroy_fn,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let user_data = Foreign::new(UserData::new(user_data, destroy));
    let set = |request: &mut Request| {
        let length = length(content_length, "content_length")?;
        request.set_pull(pulled(fn_, rewind, user_data)?, length);
        Ok(())
    };
    // SAFETY: the caller vouches for `r`.
    unsafe { change(r, err, set) }
}

/// Has `fn_` told how much of the body is out, after each piece of it, and within large ones at most every 65,536 bytes;
/// on the thread that waits or dispatches, and what follows waits for it. A body that is sent again counts from 0
/// again; what is sent when the response has begun is not told. NULL: no longer.
///
/// `destroy` runs when neither the request nor anything that came of it is left, or when this call fails.
#[no_mangle]
pub unsafe extern "C" fn httpx_request_on_upload(
    r: *mut httpx_request,
    fn_: httpx_upload_fn,
    user_data: *mut c_void,
    destroy: httpx_destroy_fn,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let user_data = Foreign::new(UserData::new(user_data, destroy));
    let set = |request: &mut Request| {
        request.observer.upload = fn_.map(|tell| -> Arc<UploadFn> {
            Arc::new(move |sent, total| {
                let total = total.map_or(-1, |total| i64::try_from(total).unwrap_or(i64::MAX));
                // SAFETY: the caller has handed both in together.
                match unsafe { tell(user_data.get().pointer(), sent, total) } {
                    0 => Ok(()),
                    _ => Err(Error::new(Code::CANCELLED, "the upload function ended the request")),
                }
            })
        });
        Ok(())
    };
    // SAFETY: the caller vouches for `r`.
    unsafe { change(r, err, set) }
}

/// The body, if it is in memory (bytes, JSON, a form, or read with httpx_request_read): `*len` bytes at `*content`,
/// borrowed from `r` until its body changes. HTTPX_E_REQUEST_NOT_READ for another one.
#[no_mangle]
pub unsafe extern "C" fn httpx_request_content(
    r: *const httpx_request,
    content: *mut *const u8,
    len: *mut usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for the pointers.
        let (r, place, len) = unsafe { (borrow(r, "r")?, Out::new(content, "content")?, Out::new(len, "len")?) };
        // It lies where it lies, however often the request is copied.
        let content = r.request()?.content()?;
        place.set(content.as_ptr());
        len.set(content.len());
        Ok(())
    })
}

/// Reads the body into memory, and waits for it if it is made elsewhere: then it is as httpx_request_content says, and
/// can be sent any number of times. A body whose length was not known is still sent in chunks. For a pipe, another
/// thread has to write. The request is in use meanwhile. `content` and `len` may be NULL.
#[no_mangle]
pub unsafe extern "C" fn httpx_request_read(
    r: *mut httpx_request,
    content: *mut *const u8,
    len: *mut usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for it.
        let r = unsafe { borrow(r, "r") }?;
        let mut draft = r.slot.lend()?;
        let request = Arc::make_mut(&mut draft.request);
        let body = block_on(r.interrupt.as_deref(), |call| async move {
            request.read(&call).await?;
            request.content()
        })?;
        // SAFETY: NULL or writable.
        unsafe {
            set_if_wanted(content, body.as_ptr());
            set_if_wanted(len, body.len());
        }
        Ok(())
    })
}
