//! Errors of HTTP/2 in HTTPX's words, and what they say of the request: whether the server can have acted on it.

use std::io;
use std::sync::atomic::Ordering;

use h2::Reason;

use super::Status;
use crate::error::{Code, Error};

/// A request that failed.
pub(in crate::httpcore) struct Failure {
    pub(in crate::httpcore) error: Error,
    /// The server has said that it did not look at the request (RFC 9113 §8.7), or the connection could take no more.
    pub(in crate::httpcore) unprocessed: bool,
    /// The server has refused this stream, though not the connection.
    pub(in crate::httpcore) refused: bool,
    /// Nothing of it was sent.
    pub(in crate::httpcore) unopened: bool,
    /// The connection ended without a word before the response: nobody knows how far the request came.
    pub(in crate::httpcore) disconnected: bool,
}

impl Failure {
    /// Our own fault, or a limit's.
    pub(super) fn own(error: Error) -> Failure {
        Failure { error, unprocessed: false, refused: false, unopened: false, disconnected: false }
    }

    /// Of a stream, before its response.
    pub(super) fn of_stream(error: &h2::Error, stream: u32, status: &Status) -> Failure {
        let refused = error.is_remote() && error.is_reset() && error.reason() == Some(Reason::REFUSED_STREAM);
        let unprocessed = refused || status.left_out(stream);
        let blamed = status.goaway().is_some_and(|(_, code)| code != u32::from(Reason::NO_ERROR));
        let told = stream_error(error, stream, status);
        Failure {
            error: if unprocessed { told.retryable(true) } else { told },
            unprocessed,
            refused,
            unopened: false,
            disconnected: error.is_io() && !blamed,
        }
    }

    /// Of a connection that takes no request any more, or not this one.
    pub(super) fn unopened(error: &h2::Error, status: &Status) -> Failure {
        let exhausted = !error.is_io() && !error.is_go_away();
        Failure {
            error: connection_error(error, status).retryable(true),
            unprocessed: exhausted || status.goaway().is_some(),
            refused: false,
            unopened: true,
            disconnected: error.is_io(),
        }
    }
}

/// Checklist J07, Q04.
pub(super) fn stream_error(error: &h2::Error, stream: u32, status: &Status) -> Error {
    if !error.is_reset() {
        return connection_error(error, status);
    }
    let reason = error.reason().unwrap_or(Reason::PROTOCOL_ERROR);
    let code = u32::from(reason);
    let told = match error.is_remote() {
        true => {
            let text = format!("<StreamReset stream_id:{stream}, error_code:{code}, remote_reset:True>");
            Error::new(Code::STREAM_RESET, text)
        }
        false => {
            let why = reason.description();
            let text = format!("the response on HTTP/2 stream {stream} broke the protocol: {why}");
            Error::new(Code::REMOTE_PROTOCOL_ERROR, text)
        }
    };
    told.with_h2_code(code)
}

/// What ended a whole connection.
pub(super) fn connection_error(error: &h2::Error, status: &Status) -> Error {
    if status.silent.load(Ordering::Acquire) {
        return Error::new(Code::READ_ERROR, "the server did not answer a PING: the HTTP/2 connection is dead");
    }
    let theirs = error.is_io() || (error.is_go_away() && error.is_remote());
    if let Some((last, code)) = status.goaway().filter(|_| theirs) {
        let text = format!("<ConnectionTerminated error_code:{code}, last_stream_id:{last}, additional_data:None>");
        return Error::new(Code::GOAWAY, text).with_h2_code(code);
    }
    match error.get_io() {
        Some(io) => match status.transport_error() {
            Some(error) => error.clone(),
            None if is_end(io) => Error::new(Code::SERVER_DISCONNECTED, "Server disconnected"),
            None => Error::from_io(Code::READ_ERROR, io, ""),
        },
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
    matches!(error.kind(), io::ErrorKind::BrokenPipe | io::ErrorKind::UnexpectedEof)
}
