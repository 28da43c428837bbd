//! Request bodies. A source can be read as often as it is needed, but for a pipe, and for foreign code that cannot begin
//! anew; each reading has its own cursor.

use std::fs::File;
use std::future::poll_fn;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{ready, Context, Poll};

use bytes::Bytes;

use super::pull::{PullBody, PullReader};
use crate::error::{Code, Error};
use crate::runtime::{Call, PipeReader};

/// How much of a file is read at once (checklist B16).
const FILE_BLOCK: u64 = 65_536;

/// A body that is put together from pieces, the same ones each time.
pub trait Pieces: std::fmt::Debug + Send + Sync {
    /// Begins at its first piece.
    ///
    /// # Errors
    /// What [`PullBody::open`] says of foreign code in it.
    fn open(&self) -> Result<Box<dyn PieceReader>, Error>;

    /// What is in it of foreign code.
    fn sources(&self) -> Vec<&PullBody>;
}

/// One reading of a body in pieces.
pub trait PieceReader: Send + Sync {
    /// What comes next; None at the end, and after an error.
    fn next_piece(&mut self) -> Option<Result<Piece, Error>>;

    /// Looks at a piece of what the last source gave.
    ///
    /// # Errors
    /// What is wrong with it.
    fn look_at(&mut self, piece: &[u8]) -> Result<(), Error>;
}

/// A part of a body in pieces.
#[derive(Debug)]
pub enum Piece {
    /// These bytes.
    Bytes(Bytes),
    /// All that this gives.
    From(PullReader),
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
    /// Made by foreign code when it is wanted.
    Pull(Arc<PullBody>),
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
        match self {
            Body::Empty | Body::Bytes(_) | Body::File { .. } => true,
            Body::Pieces(pieces) => pieces.sources().into_iter().all(PullBody::is_replayable),
            Body::Pull(body) => body.is_replayable(),
            Body::Pipe(_) => false,
        }
    }

    /// True if it can be read from its beginning: always, but for what was read before and can be read once.
    pub(super) fn is_unread(&self) -> bool {
        match self {
            Body::Pipe(pipe) => pipe.lock().unwrap_or_else(PoisonError::into_inner).is_some(),
            Body::Pull(body) => body.is_unread(),
            Body::Pieces(pieces) => pieces.sources().into_iter().all(PullBody::is_unread),
            Body::Empty | Body::Bytes(_) | Body::File { .. } => true,
        }
    }

    /// All of it in memory; None for what is made while it is read.
    ///
    /// # Errors
    /// What reading gives.
    pub fn collect(&self) -> Result<Option<Bytes>, Error> {
        match self {
            Body::Empty => Ok(Some(Bytes::new())),
            Body::Bytes(bytes) => Ok(Some(bytes.clone())),
            Body::Pull(_) | Body::Pipe(_) => Ok(None),
            Body::Pieces(pieces) => match pieces.sources().is_empty() {
                true => {
                    let mut reader = pieces.open()?;
                    collected(std::iter::from_fn(|| reader.next_piece())).map(Some)
                }
                false => Ok(None),
            },
            Body::File { file, start, length } => {
                let (mut position, mut left) = (*start, *length);
                let blocks = std::iter::from_fn(|| read_block(file, &mut position, &mut left));
                collected(blocks.map(|block| block.map(Piece::Bytes))).map(Some)
            }
        }
    }

    /// All of it in memory, whoever makes it.
    ///
    /// # Errors
    /// What reading gives.
    pub async fn read(&self, call: &Call) -> Result<Bytes, Error> {
        let mut reader = self.open()?;
        let mut all = Vec::new();
        while let Some(piece) = poll_fn(|cx| reader.poll_next(cx, call)).await {
            all.extend_from_slice(&piece?);
        }
        reader.satisfied();
        Ok(Bytes::from(all))
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
    /// StreamConsumed for a pipe that was read before (checklist E11), and what [`PullBody::open`] says.
    pub fn open(&self) -> Result<BodyReader, Error> {
        Ok(match self {
            Body::Empty => BodyReader::Once(Bytes::new()),
            Body::Bytes(bytes) => BodyReader::Once(bytes.clone()),
            Body::File { file, start, length } => {
                BodyReader::File { file: Arc::clone(file), position: *start, left: *length }
            }
            Body::Pieces(pieces) => BodyReader::Pieces { pieces: pieces.open()?, source: None },
            Body::Pull(body) => BodyReader::Pull(body.open()?),
            Body::Pipe(pipe) => match pipe.lock().unwrap_or_else(PoisonError::into_inner).take() {
                Some(reader) => BodyReader::Pipe(reader),
                None => return Err(consumed()),
            },
        })
    }
}

pub(super) fn consumed() -> Error {
    let message = "Attempted to read or stream content, but the stream has already been consumed.";
    Error::new(Code::STREAM_CONSUMED, message)
}

fn collected(pieces: impl Iterator<Item = Result<Piece, Error>>) -> Result<Bytes, Error> {
    let mut all = Vec::new();
    for piece in pieces {
        if let Piece::Bytes(bytes) = piece? {
            all.extend_from_slice(&bytes);
        }
    }
    Ok(Bytes::from(all))
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
    Pieces {
        /// What makes them.
        pieces: Box<dyn PieceReader>,
        /// What one of them is read from just now.
        source: Option<PullReader>,
    },
    /// Made by foreign code.
    Pull(PullReader),
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
        poll_fn(|cx| self.poll_next(cx, call)).await.transpose()
    }

    /// Says that all that was declared has been read.
    pub fn satisfied(&self) {
        if let BodyReader::Pipe(reader) = self {
            reader.satisfied();
        }
    }

    /// The next piece, never empty; None at the end. `call` is whoever waits now.
    pub(super) fn poll_next(&mut self, cx: &mut Context<'_>, call: &Call) -> Poll<Option<Result<Bytes, Error>>> {
        match self {
            BodyReader::Once(bytes) if bytes.is_empty() => Poll::Ready(None),
            BodyReader::Once(bytes) => Poll::Ready(Some(Ok(std::mem::take(bytes)))),
            BodyReader::File { file, position, left } => Poll::Ready(read_block(file, position, left)),
            BodyReader::Pieces { pieces, source } => poll_pieces(pieces.as_mut(), source, cx, call),
            BodyReader::Pull(reader) => reader.poll_next(cx, call),
            BodyReader::Pipe(reader) => reader.poll_next(cx),
        }
    }
}

fn poll_pieces(
    pieces: &mut dyn PieceReader,
    source: &mut Option<PullReader>,
    cx: &mut Context<'_>,
    call: &Call,
) -> Poll<Option<Result<Bytes, Error>>> {
    loop {
        if let Some(reader) = source {
            match ready!(reader.poll_next(cx, call)) {
                Some(Ok(piece)) => return Poll::Ready(Some(pieces.look_at(&piece).map(|()| piece))),
                Some(error) => return Poll::Ready(Some(error)),
                None => *source = None,
            }
        }
        match pieces.next_piece() {
            Some(Ok(Piece::Bytes(bytes))) if bytes.is_empty() => {}
            Some(Ok(Piece::Bytes(bytes))) => return Poll::Ready(Some(Ok(bytes))),
            Some(Ok(Piece::From(reader))) => *source = Some(reader),
            Some(Err(error)) => return Poll::Ready(Some(Err(error))),
            None => return Poll::Ready(None),
        }
    }
}

/// None at the end of what is wanted, or of the file: the head has promised more then, and the connection notices (B18).
fn read_block(file: &File, position: &mut u64, left: &mut u64) -> Option<Result<Bytes, Error>> {
    if *left == 0 {
        return None;
    }
    let mut block = vec![0; FILE_BLOCK.min(*left) as usize];
    match read_at(file, &mut block, *position) {
        Ok(0) => None,
        Ok(read) => {
            block.truncate(read);
            *position += read as u64;
            *left -= read as u64;
            Some(Ok(Bytes::from(block)))
        }
        Err(error) => {
            *left = 0;
            Some(Err(Error::from_io(Code::IO_ERROR, &error, "reading the request's body")))
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
