//! Errors of HTTP/2 in HTTPX's words, and what they say of the request: whether the server can have acted on it.

use std::io;
use std::sync::atomic::Ordering;

use h2::Reason;

use super::Status;
use crate::error::{Code, Error};

/// A request that failed.
pub(in crate::httpcore) struct Failure {
    pub(in crate::httpcore) error: Error,
    /// The server has said, or it is clear, that it did not look at the request (RFC 9113 §8.7).
    pub(in crate::httpcore) unprocessed: bool,
    /// The connection is to blame, and nothing of the response had come.
    pub(in crate::httpcore) before_response: bool,
}

impl Failure {
    /// Our own fault, or a limit's.
    pub(super) fn own(error: Error) -> Failure {
        Failure { error, unprocessed: false, before_response: false }
    }

    /// Of a stream; `stream` is 0 if it was never opened.
    pub(super) fn of_stream(error: &h2::Error, stream: u32, status: &Status) -> Failure {
        let refused = error.is_remote() && error.is_reset() && error.reason() == Some(Reason::REFUSED_STREAM);
        let unprocessed = refused || stream == 0 || status.left_out(stream);
        let before_response = error.is_io() || error.is_go_away();
        Failure { error: stream_error(error, stream, status).retryable(unprocessed), unprocessed, before_response }
    }
}

/// Checklist J07, Q04.
pub(super) fn stream_error(error: &h2::Error, stream: u32, status: &Status) -> Error {
    let code = error.reason().map(u32::from);
    let with_code = |error: Error| match code {
        Some(code) => error.with_h2_code(code),
        None => error,
    };
    if error.is_reset() && error.is_remote() {
        let text =
            format!("<StreamReset stream_id:{stream}, error_code:{}, remote_reset:True>", code.unwrap_or_default());
        return with_code(Error::new(Code::REMOTE_PROTOCOL_ERROR, text));
    }
    if error.is_reset() {
        let reason = error.reason().unwrap_or(Reason::PROTOCOL_ERROR);
        let why = reason.description();
        let text = format!("the response on HTTP/2 stream {stream} broke the protocol: {why}");
        return with_code(Error::new(Code::REMOTE_PROTOCOL_ERROR, text));
    }
    connection_error(error, status)
}

/// What ended a whole connection.
pub(super) fn connection_error(error: &h2::Error, status: &Status) -> Error {
    if status.silent.load(Ordering::Acquire) {
        return Error::new(Code::READ_ERROR, "the server did not answer a PING: the HTTP/2 connection is dead");
    }
    if error.is_go_away() && error.is_remote() {
        let code = status.goaway_code.load(Ordering::Acquire);
        let last = status.last_stream.load(Ordering::Acquire);
        let text = format!("<ConnectionTerminated error_code:{code}, last_stream_id:{last}, additional_data:None>");
        return Error::new(Code::REMOTE_PROTOCOL_ERROR, text).with_h2_code(code);
    }
    if let (true, Some(broken)) = (error.is_io(), status.broken.get()) {
        return broken.clone();
    }
    match error.get_io() {
        Some(io) if is_end(io) => Error::new(Code::SERVER_DISCONNECTED, "Server disconnected"),
        Some(io) => Error::from_io(Code::READ_ERROR, io, ""),
        None => {
            let text = format!("the HTTP/2 connection broke: {error}");
            let broken = Error::new(Code::REMOTE_PROTOCOL_ERROR, text);
            match error.reason() {
                Some(reason) => broken.with_h2_code(u32::from(reason)),
                None => broken,
            }
        }
    }
}

/// The peer's end, as h2 tells it.
fn is_end(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::BrokenPipe | io::ErrorKind::UnexpectedEof) && error.raw_os_error().is_none()
}
