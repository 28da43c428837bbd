//! Request bodies. A source can be read as often as it is needed, but for a pipe; each reading has its own cursor.

use std::fs::File;
use std::future::poll_fn;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;

use crate::error::{Code, Error};
use crate::runtime::{Call, PipeReader};

/// How much of a file is read at once (checklist B16).
const FILE_BLOCK: u64 = 65_536;

/// A body that is put together from pieces, the same ones each time.
pub trait Pieces: std::fmt::Debug + Send + Sync {
    /// Begins at its first piece.
    fn open(&self) -> Box<dyn Iterator<Item = Result<Bytes, Error>> + Send + Sync>;
}

/// Where a request's body comes from.
#[derive(Clone, Debug, Default)]
pub enum Body {
    /// There is none.
    #[default]
    Empty,
    /// In memory.
    Bytes(Bytes),
    /// `length` bytes of a file from `start`.
    File {
        /// Read by position: its cursor is left alone.
        file: Arc<File>,
        /// Offset of the first byte.
        start: u64,
        /// How many bytes.
        length: u64,
    },
    /// Put together while it is read, as often as needed.
    Pieces(Arc<dyn Pieces>),
    /// Made while it is sent; can be read once.
    Pipe(Arc<Mutex<Option<PipeReader>>>),
}

impl std::fmt::Debug for PipeReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PipeReader")
    }
}

impl Body {
    /// The body of a pipe's reading end.
    pub fn pipe(reader: PipeReader) -> Body {
        Body::Pipe(Arc::new(Mutex::new(Some(reader))))
    }

    /// True if it can be read a second time.
    pub fn is_replayable(&self) -> bool {
        !matches!(self, Body::Pipe(_))
    }

    /// True if it can be read from its beginning: always, but for a pipe that was read before.
    pub(super) fn is_unread(&self) -> bool {
        match self {
            Body::Pipe(pipe) => pipe.lock().unwrap_or_else(PoisonError::into_inner).is_some(),
            _ => true,
        }
    }

    /// All of it in memory; None for a pipe, which can be read once only.
    ///
    /// # Errors
    /// What reading gives.
    pub fn collect(&self) -> Result<Option<Bytes>, Error> {
        match self {
            Body::Empty => Ok(Some(Bytes::new())),
            Body::Bytes(bytes) => Ok(Some(bytes.clone())),
            Body::Pipe(_) => Ok(None),
            Body::File { .. } | Body::Pieces(_) => {
                let mut reader = self.open()?;
                let mut all = Vec::new();
                let mut cx = Context::from_waker(Waker::noop());
                // Neither of them ever has to wait.
                while let Poll::Ready(Some(piece)) = reader.poll_next(&mut cx) {
                    all.extend_from_slice(&piece?);
                }
                Ok(Some(Bytes::from(all)))
            }
        }
    }

    /// Lets a pipe's writer know that nobody will read any more.
    pub fn abandon(&self) {
        if let Body::Pipe(pipe) = self {
            drop(pipe.lock().unwrap_or_else(PoisonError::into_inner).take());
        }
    }

    /// Begins to read it.
    ///
    /// # Errors
    /// StreamConsumed for a pipe that was read before (checklist E11).
    pub fn open(&self) -> Result<BodyReader, Error> {
        Ok(match self {
            Body::Empty => BodyReader::Once(Bytes::new()),
            Body::Bytes(bytes) => BodyReader::Once(bytes.clone()),
            Body::File { file, start, length } => {
                BodyReader::File { file: Arc::clone(file), position: *start, left: *length }
            }
            Body::Pieces(pieces) => BodyReader::Pieces(pieces.open()),
            Body::Pipe(pipe) => match pipe.lock().unwrap_or_else(PoisonError::into_inner).take() {
                Some(reader) => BodyReader::Pipe(reader),
                None => {
                    let message = "Attempted to read or stream content, but the stream has already been consumed.";
                    return Err(Error::new(Code::STREAM_CONSUMED, message));
                }
            },
        })
    }
}

/// One reading of a body.
pub enum BodyReader {
    /// In memory.
    Once(Bytes),
    /// `left` bytes from `position` on.
    File {
        /// Read by position.
        file: Arc<File>,
        /// Offset of the next byte.
        position: u64,
        /// How many bytes.
        left: u64,
    },
    /// Put together.
    Pieces(Box<dyn Iterator<Item = Result<Bytes, Error>> + Send + Sync>),
    /// As it is made.
    Pipe(PipeReader),
}

impl BodyReader {
    /// The next piece, never empty; None at the end. For those who are no connection.
    ///
    /// # Errors
    /// What reading gives.
    pub async fn next(&mut self, call: &Call) -> Result<Option<Bytes>, Error> {
        // None of them needs a socket.
        call.leave_lane();
        poll_fn(|cx| self.poll_next(cx)).await.transpose()
    }

    /// Says that all that was declared has been read.
    pub fn satisfied(&self) {
        if let BodyReader::Pipe(reader) = self {
            reader.satisfied();
        }
    }

    /// The next piece, never empty; None at the end.
    pub(super) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        match self {
            BodyReader::Once(bytes) if bytes.is_empty() => Poll::Ready(None),
            BodyReader::Once(bytes) => Poll::Ready(Some(Ok(std::mem::take(bytes)))),
            BodyReader::File { left: 0, .. } => Poll::Ready(None),
            BodyReader::File { file, position, left } => {
                let mut block = vec![0; FILE_BLOCK.min(*left) as usize];
                let read = match read_at(file, &mut block, *position) {
                    // The head has promised more: the connection notices (B18).
                    Ok(0) => return Poll::Ready(None),
                    Ok(read) => read,
                    Err(e) => {
                        return Poll::Ready(Some(Err(Error::from_io(Code::IO_ERROR, &e, "reading the request's body"))))
                    }
                };
                block.truncate(read);
                *position += read as u64;
                *left -= read as u64;
                Poll::Ready(Some(Ok(Bytes::from(block))))
            }
            BodyReader::Pieces(pieces) => {
                Poll::Ready(pieces.find(|piece| !matches!(piece, Ok(piece) if piece.is_empty())))
            }
            BodyReader::Pipe(reader) => reader.poll_next(cx),
        }
    }
}

#[cfg(unix)]
fn read_at(file: &File, block: &mut [u8], position: u64) -> io::Result<usize> {
    loop {
        match std::os::unix::fs::FileExt::read_at(file, block, position) {
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

#[cfg(windows)]
fn read_at(file: &File, block: &mut [u8], position: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, block, position)
}
