//! Keeps the bytes of the request head that an HTTP/1.1 connection is reading. hyper lower-cases names and hides the
//! originals, and tests want to see the case, order and duplicates that were on the wire. Can also send bytes right behind
//! a response's head, which hyper cannot.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{ready, Context, Poll};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

const LIMIT: usize = 512 * 1024;
const MAX_HEADERS: usize = 256;
const HTTP2_PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n";

/// A head as it was received: `GET`, `/path`, and the header lines in their order and case.
pub struct RawHead {
    pub method: String,
    pub target: String,
    pub headers: Vec<(String, String)>,
}

#[derive(Default)]
struct Tape {
    bytes: Mutex<Vec<u8>>,
    answered: AtomicBool,
    off: AtomicBool,
    /// What goes out with the next head.
    behind_head: Mutex<Option<Bytes>>,
    has_behind_head: AtomicBool,
}

/// The reading end of a [`Captured`] stream's tape.
#[derive(Clone, Default)]
pub struct Capture(Arc<Tape>);

impl Capture {
    /// The head at the start of what was read since the last answer; None on HTTP/2, and for a pipelined request whose
    /// head was read together with the one before it.
    pub fn head(&self) -> Option<RawHead> {
        let bytes = self.0.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let mut request = httparse::Request::new(&mut headers);
        if !matches!(request.parse(&bytes), Ok(httparse::Status::Complete(_))) {
            return None;
        }
        let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
        Some(RawHead {
            method: request.method?.to_owned(),
            target: request.path?.to_owned(),
            headers: request.headers.iter().map(|field| (field.name.to_owned(), text(field.value))).collect(),
        })
    }

    /// How many bytes have come behind the head.
    pub fn bytes_behind_head(&self) -> usize {
        let bytes = self.0.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n");
        end.map_or(0, |end| bytes.len() - end - 4)
    }

    /// Has these bytes sent in one write with the response head that comes next.
    pub fn send_behind_next_head(&self, bytes: Bytes) {
        *self.0.behind_head.lock().unwrap_or_else(PoisonError::into_inner) = Some(bytes);
        self.0.has_behind_head.store(true, Ordering::Release);
    }

    fn take_behind_head(&self) -> Option<Bytes> {
        if !self.0.has_behind_head.swap(false, Ordering::Acquire) {
            return None;
        }
        self.0.behind_head.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn read(&self, fresh: &[u8]) {
        if fresh.is_empty() {
            return;
        }
        let mut bytes = self.0.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        // The first bytes after an answer are the next request's; a body that follows its head is cut at the limit.
        if self.0.answered.swap(false, Ordering::Relaxed) {
            bytes.clear();
        }
        let room = LIMIT.saturating_sub(bytes.len()).min(fresh.len());
        bytes.extend_from_slice(&fresh[..room]);
        if bytes.starts_with(HTTP2_PREFACE) {
            self.0.off.store(true, Ordering::Relaxed);
            *bytes = Vec::new();
        }
    }
}

/// A stream that copies what it reads onto a tape, up to a limit and until something is written.
pub struct Captured<S> {
    stream: S,
    capture: Capture,
    /// Taken from the writer and not yet written.
    unsent: Bytes,
}

impl<S> Captured<S> {
    pub fn new(stream: S) -> (Self, Capture) {
        let capture = Capture::default();
        (Self { stream, capture: capture.clone(), unsent: Bytes::new() }, capture)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Captured<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
        if !self.capture.0.off.load(Ordering::Relaxed) {
            self.capture.read(&buf.filled()[before..]);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> Captured<S> {
    /// Ready when nothing is unsent; then, if something is to go behind this head, takes both.
    fn poll_take(&mut self, cx: &mut Context<'_>, head: &[IoSlice<'_>]) -> Poll<io::Result<Option<usize>>> {
        self.capture.0.answered.store(true, Ordering::Relaxed);
        ready!(self.poll_unsent(cx))?;
        let Some(behind) = self.capture.take_behind_head() else { return Poll::Ready(Ok(None)) };
        let mut both: Vec<u8> = head.iter().flat_map(|piece| piece.iter().copied()).collect();
        let length = both.len();
        both.extend_from_slice(&behind);
        self.unsent = both.into();
        // What cannot be written now is when the writer flushes.
        match self.poll_unsent(cx) {
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            _ => Poll::Ready(Ok(Some(length))),
        }
    }

    fn poll_unsent(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.unsent.is_empty() {
            let count = ready!(Pin::new(&mut self.stream).poll_write(cx, &self.unsent))?;
            self.unsent.advance(count);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Captured<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match ready!(self.poll_take(cx, &[IoSlice::new(buf)]))? {
            Some(length) => Poll::Ready(Ok(length)),
            None => Pin::new(&mut self.stream).poll_write(cx, buf),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match ready!(self.poll_take(cx, bufs))? {
            Some(length) => Poll::Ready(Ok(length)),
            None => Pin::new(&mut self.stream).poll_write_vectored(cx, bufs),
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_unsent(cx))?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_unsent(cx))?;
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
