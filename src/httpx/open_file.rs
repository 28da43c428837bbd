//! Open files as bodies: what a descriptor that somebody else has opened can give.

use std::fs::File;
use std::io::{ErrorKind, Read, Seek};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::task::Poll;

use bytes::Bytes;

use crate::error::{Code, Error};
use crate::httpcore::{PullBody, Source};
use crate::runtime::wait_readable;

/// How much is read at once.
const BLOCK: usize = 65_536;
/// How long a wait for data keeps the thread from everything else, in milliseconds.
const PATIENCE: u16 = 20;

/// See the module.
pub enum OpenFile {
    /// The rest of a regular file, which is read by position: its cursor stays where it is (checklist B16).
    Regular {
        /// The file.
        file: Arc<File>,
        /// Where its cursor is.
        start: u64,
        /// How much there is behind that.
        length: u64,
    },
    /// A pipe, a socket, a terminal: read once, as it comes.
    Stream(Arc<PullBody>),
}

impl OpenFile {
    /// # Errors
    /// IO_ERROR if the system tells nothing of it.
    pub fn new(mut file: File) -> Result<OpenFile, Error> {
        let metadata = file.metadata().map_err(|e| io_error(&e))?;
        if !metadata.is_file() {
            return Ok(OpenFile::Stream(PullBody::new(Stream(file))));
        }
        let start = file.stream_position().map_err(|e| io_error(&e))?;
        let length = metadata.len().saturating_sub(start);
        Ok(OpenFile::Regular { file: Arc::new(file), start, length })
    }
}

fn io_error(error: &std::io::Error) -> Error {
    Error::from_io(Code::IO_ERROR, error, "the descriptor of a body")
}

struct Stream(File);

impl Source for Stream {
    fn pull(&self) -> Poll<Result<Option<Bytes>, Error>> {
        Poll::Ready(self.read())
    }
}

impl Stream {
    fn read(&self) -> Result<Option<Bytes>, Error> {
        // Not for long: whoever waits for the request may be interrupted, and has its time limits to look at.
        if !wait_readable(self.0.as_fd(), PATIENCE).map_err(|e| io_error(&e))? {
            return Ok(Some(Bytes::new()));
        }
        let mut block = vec![0; BLOCK];
        match (&self.0).read(&mut block) {
            Ok(0) => Ok(None),
            Ok(read) => {
                block.truncate(read);
                Ok(Some(Bytes::from(block)))
            }
            Err(error) if matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::WouldBlock) => {
                Ok(Some(Bytes::new()))
            }
            Err(error) => Err(io_error(&error)),
        }
    }
}
