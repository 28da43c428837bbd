//! A connection that another protocol has taken over: after a 101, or a CONNECT that succeeded (checklist P08). Until it
//! is dropped it counts as one of its pool's connections, and closing the pool cuts it off.

use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use bytes::{Buf, Bytes};

use super::connection::{timed_out, Block, Connection, Cut, Limit};
use super::connection_info::ConnectionInfo;
use super::connection_pool::Place;
use super::http11::TellsClosed;
use super::tls::TlsConfig;
use crate::error::{Code, Error};
use crate::runtime::{Call, Foreign};

/// How often it is read or written in a row before the lane's other connections get their turn.
const TURNS_BEFORE_A_YIELD: usize = 32;

/// See the module. What arrived behind the response's head is read first.
pub struct NetworkStream {
    /// None once it was closed.
    connection: Option<Box<Connection>>,
    cut: Arc<Cut>,
    info: Arc<ConnectionInfo>,
    // After the connection, so that the place is free when that is closed.
    _place: Place,
    _closed: Option<Foreign<TellsClosed>>,
}

impl NetworkStream {
    pub(super) fn new(mut place: Place, closed: Option<Foreign<TellsClosed>>) -> Option<NetworkStream> {
        let connection = place.take_connection()?;
        let (cut, info) = (Arc::clone(connection.cut()), Arc::clone(connection.info()));
        Some(NetworkStream { connection: Some(connection), cut, info, _place: place, _closed: closed })
    }

    /// What is known of the connection.
    pub fn info(&self) -> &ConnectionInfo {
        &self.info
    }

    /// Whether a read would not have to wait: there is data, or the peer's end, or an error.
    pub fn is_readable(&self) -> bool {
        self.connection.as_ref().is_none_or(|connection| connection.is_stale())
    }

    /// Reads what is there, `max` bytes at most, and waits until there is something; None is the peer's end. A read that
    /// is given up loses nothing.
    ///
    /// # Errors
    /// ReadTimeout, ReadError; STREAM_CLOSED after `close`.
    pub async fn read(&mut self, call: &Call, max: usize, timeout: Option<Duration>) -> Result<Option<Bytes>, Error> {
        let connection = open(&mut self.connection)?;
        let limit = Limit { code: Code::READ_TIMEOUT, timeout, deadline: None };
        if connection.received.is_empty() {
            connection.move_to(call).await?;
            connection.begin_to_wait();
            let read = poll_fn(|cx| match connection.poll_receive(cx, Block::Body) {
                Poll::Ready(read) => Poll::Ready(read.map_err(|e| Error::from_io(Code::READ_ERROR, &e, ""))),
                Poll::Pending => connection.poll_limit(cx, &limit).map(Err),
            });
            if read.await? == 0 {
                return Ok(None);
            }
        }
        connection.check(&limit)?;
        let length = connection.received.len().min(max.max(1));
        Ok(Some(connection.received.split_to(length).freeze()))
    }

    /// Writes all of `data`. If it is given up, nobody knows how much went out.
    ///
    /// # Errors
    /// WriteTimeout, for each wait until the peer takes data; WriteError; STREAM_CLOSED after `close`.
    pub async fn write(&mut self, call: &Call, mut data: Bytes, timeout: Option<Duration>) -> Result<(), Error> {
        let connection = open(&mut self.connection)?;
        connection.move_to(call).await?;
        connection.begin_to_wait();
        let limit = Limit { code: Code::WRITE_TIMEOUT, timeout, deadline: None };
        let mut turns = 0;
        poll_fn(|cx| loop {
            connection.check(&limit)?;
            let polled = match data.is_empty() {
                true => connection.poll_flush(cx).map_ok(|()| None),
                false => connection.poll_send(cx, &[IoSlice::new(&data)]).map_ok(Some),
            };
            match polled {
                Poll::Ready(Ok(None)) => return Poll::Ready(Ok(())),
                Poll::Ready(Ok(Some(0))) => return Poll::Ready(Err(write_error(&io::ErrorKind::WriteZero.into()))),
                Poll::Ready(Ok(Some(written))) => data.advance(written),
                Poll::Ready(Err(error)) => return Poll::Ready(Err(write_error(&error))),
                Poll::Pending => return connection.poll_limit(cx, &limit).map(Err),
            }
            turns += 1;
            if turns % TURNS_BEFORE_A_YIELD == 0 {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
        })
        .await
    }

    /// Speaks TLS from now on, in TLS if that is spoken already. If it fails or is given up, the connection is closed.
    ///
    /// # Errors
    /// ConnectTimeout, ConnectError and what lies below them; INVALID_STATE if there is data that was not read: it came
    /// in the clear, and must not be taken for what TLS protects.
    pub async fn start_tls(
        &mut self,
        call: &Call,
        tls: &TlsConfig,
        server_name: &str,
        timeout: Option<Duration>,
    ) -> Result<(), Error> {
        let connection = open(&mut self.connection)?;
        if !connection.received.is_empty() {
            let message = "there is data that was not read yet: TLS cannot begin before it";
            return Err(Error::new(Code::INVALID_STATE, message));
        }
        connection.move_to(call).await?;
        let Some(connection) = self.connection.take() else { return Err(stream_closed()) };
        let handshake = Box::pin(self.cut.unless(connection.start_tls(tls, server_name)));
        let at = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let done = match at {
            _ if timeout == Some(Duration::ZERO) => return Err(timed_out(Code::CONNECT_TIMEOUT)),
            Some(at) => tokio::time::timeout_at(at.into(), handshake).await,
            None => Ok(handshake.await),
        };
        let connection = done.map_err(|_| timed_out(Code::CONNECT_TIMEOUT))??;
        self.info = Arc::clone(connection.info());
        self.connection = Some(Box::new(connection));
        Ok(())
    }

    /// Closes the connection.
    pub fn close(&mut self) {
        self.connection = None;
    }

    /// Whether it was closed on this side.
    pub fn is_closed(&self) -> bool {
        self.connection.is_none()
    }
}

fn open(connection: &mut Option<Box<Connection>>) -> Result<&mut Connection, Error> {
    connection.as_deref_mut().ok_or_else(stream_closed)
}

fn stream_closed() -> Error {
    Error::new(Code::STREAM_CLOSED, "Attempted to read or write a network stream that has been closed.")
}

fn write_error(error: &io::Error) -> Error {
    Error::from_io(Code::WRITE_ERROR, error, "")
}
