//! A bounded byte pipe between a writer in foreign code and a future that reads: how a body is uploaded while it is
//! made. It belongs to no lane; either end may be on any thread.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};

use bytes::Bytes;

use super::process::lock;
use crate::error::{Code, Error};

struct State {
    chunks: VecDeque<Bytes>,
    buffered: usize,
    capacity: usize,
    /// How many bytes the writer still has to write, if it has said how many there are.
    missing: Option<u64>,
    /// The writer said that this is all.
    finished: bool,
    writer_gone: bool,
    reader_gone: bool,
    /// The reader has had all that it needs.
    satisfied: bool,
    reader: Option<Waker>,
    writers: Vec<Waker>,
}

/// The writing end.
pub struct PipeWriter {
    state: Arc<Mutex<State>>,
}

/// The reading end.
pub struct PipeReader {
    state: Arc<Mutex<State>>,
}

/// A pipe that holds at most `capacity` bytes.
pub fn pipe(capacity: usize) -> (PipeWriter, PipeReader) {
    pipe_of(capacity, None)
}

/// The same, and the writer has to write just so many bytes as it has said.
pub fn pipe_of(capacity: usize, length: Option<u64>) -> (PipeWriter, PipeReader) {
    let state = Arc::new(Mutex::new(State {
        chunks: VecDeque::new(),
        buffered: 0,
        capacity: capacity.max(1),
        missing: length,
        finished: false,
        writer_gone: false,
        reader_gone: false,
        satisfied: false,
        reader: None,
        writers: Vec::new(),
    }));
    (PipeWriter { state: Arc::clone(&state) }, PipeReader { state })
}

fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}

impl PipeWriter {
    /// Takes as much of `data` as there is room for: 0 if there is none. Fails when nobody reads any more, and for more
    /// than was declared.
    pub fn write(&self, data: &[u8]) -> Result<usize, Error> {
        let mut state = lock(&self.state);
        if state.finished {
            return Err(Error::new(Code::INVALID_STATE, "the body was finished already"));
        }
        if state.reader_gone {
            return Err(no_reader());
        }
        if state.missing.is_some_and(|missing| data.len() as u64 > missing) {
            return Err(misdeclared("much"));
        }
        let room = state.capacity - state.buffered;
        let taken = room.min(data.len());
        if taken == 0 {
            return Ok(0);
        }
        state.chunks.push_back(Bytes::copy_from_slice(&data[..taken]));
        state.buffered += taken;
        state.missing = state.missing.map(|missing| missing - taken as u64);
        let reader = state.reader.take();
        drop(state);
        wake(reader);
        Ok(taken)
    }

    /// Waits until there is room, or nobody reads any more.
    pub async fn writable(self: Arc<Self>) -> Result<(), Error> {
        poll_fn(|cx| {
            let mut state = lock(&self.state);
            if state.reader_gone {
                return Poll::Ready(Err(no_reader()));
            }
            if state.finished || state.buffered < state.capacity {
                return Poll::Ready(Ok(()));
            }
            if !state.writers.iter().any(|known| known.will_wake(cx.waker())) {
                state.writers.push(cx.waker().clone());
            }
            Poll::Pending
        })
        .await
    }

    /// Says that the body is complete. Fails, and it is not, for less than was declared.
    pub fn finish(&self) -> Result<(), Error> {
        let mut state = lock(&self.state);
        if state.finished {
            return Err(Error::new(Code::INVALID_STATE, "the body was finished already"));
        }
        if state.missing.is_some_and(|missing| missing > 0) && !state.reader_gone {
            return Err(misdeclared("little"));
        }
        let reader_gone = state.reader_gone && !state.satisfied;
        state.finished = true;
        let reader = state.reader.take();
        drop(state);
        wake(reader);
        if reader_gone {
            return Err(no_reader());
        }
        Ok(())
    }
}

fn misdeclared(how: &str) -> Error {
    Error::new(Code::LOCAL_PROTOCOL_ERROR, format!("Too {how} data for declared Content-Length"))
}

fn no_reader() -> Error {
    Error::new(Code::STREAM_CLOSED, "nobody reads the body any more: what it belonged to has ended")
}

impl Drop for PipeWriter {
    fn drop(&mut self) {
        let mut state = lock(&self.state);
        state.writer_gone = true;
        let reader = state.reader.take();
        drop(state);
        wake(reader);
    }
}

impl PipeReader {
    /// Says that this is all that the reader needs: that it goes is no failure then.
    pub fn satisfied(&self) {
        lock(&self.state).satisfied = true;
    }

    /// The next piece; None after the last one. Fails if the writer went without finishing.
    pub fn poll_next(&mut self, cx: &mut std::task::Context<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        let mut state = lock(&self.state);
        if let Some(chunk) = state.chunks.pop_front() {
            state.buffered -= chunk.len();
            let writers = std::mem::take(&mut state.writers);
            drop(state);
            writers.into_iter().for_each(Waker::wake);
            return Poll::Ready(Some(Ok(chunk)));
        }
        if state.finished {
            return Poll::Ready(None);
        }
        if state.writer_gone {
            let message = "the body's writer was freed before the body was finished";
            return Poll::Ready(Some(Err(Error::new(Code::WRITE_ERROR, message))));
        }
        state.reader = Some(cx.waker().clone());
        Poll::Pending
    }
}

impl Drop for PipeReader {
    fn drop(&mut self) {
        let mut state = lock(&self.state);
        state.reader_gone = true;
        state.chunks.clear();
        let writers = std::mem::take(&mut state.writers);
        drop(state);
        writers.into_iter().for_each(Waker::wake);
    }
}
