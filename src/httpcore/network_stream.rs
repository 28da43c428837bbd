//! A connection that another protocol has taken over: after a 101, or a CONNECT that succeeded (checklist P08). It is read
//! and written at once, by whoever; so the library's I/O thread, and not one of them, serves its socket. Until it is
//! closed it counts as one of its pool's connections, and closing the pool cuts it off.

use std::future::{poll_fn, Future};
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use atomic_waker::AtomicWaker;
use bytes::{Buf, Bytes};
use tokio::sync::oneshot;

use super::connection::{closed, timed_out, Block, Connection, Cut};
use super::connection_info::ConnectionInfo;
use super::connection_pool::Place;
use super::tls::TlsConfig;
use super::trace::Telling;
use crate::error::{Code, Error};
use crate::runtime::{generation, spawn_io, Call, CoarseTimer, Foreign};

/// How often it is read or written in a row before the lane's other connections get their turn.
const TURNS_BEFORE_A_YIELD: usize = 32;

/// See the module. What arrived behind the response's head is read first. Any thread may use it; one at a time reads,
/// and one at a time writes.
pub struct NetworkStream {
    shared: Arc<Shared>,
    generation: u64,
}

struct Shared {
    tunnel: Mutex<Tunnel>,
    sides: Arc<Sides>,
}

struct Tunnel {
    /// None once it was closed, and while TLS begins.
    connection: Option<Box<Connection>>,
    info: Arc<ConnectionInfo>,
    cut: Arc<Cut>,
    /// The I/O thread serves it, until this goes.
    served: Option<oneshot::Sender<()>>,
    /// It was closed on this side.
    closed: bool,
    // After the connection, so that the place is free when that is closed.
    place: Option<Place>,
    tells_closed: Option<Foreign<Telling>>,
}

/// Who reads and who writes. What wakes one wakes the other: TLS may have to write to read, and to read to write.
#[derive(Default)]
struct Sides {
    read: Side,
    write: Side,
}

#[derive(Default)]
struct Side {
    taken: AtomicBool,
    waker: AtomicWaker,
}

impl Wake for Sides {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.read.waker.wake();
        self.write.waker.wake();
    }
}

/// The use of one side.
struct Using<'a>(&'a Side);

impl Side {
    fn take(&self) -> Result<Using<'_>, Error> {
        match self.taken.swap(true, Ordering::AcqRel) {
            false => Ok(Using(self)),
            true => Err(Error::new(Code::CONCURRENT_USE, "another call is using this side of the network stream")),
        }
    }
}

impl Drop for Using<'_> {
    fn drop(&mut self) {
        self.0.taken.store(false, Ordering::Release);
    }
}

/// The time limit of one wait.
struct Limit {
    code: Code,
    timeout: Option<Duration>,
    until: Option<Instant>,
    timer: CoarseTimer,
}

impl Limit {
    fn new(code: Code, timeout: Option<Duration>) -> Limit {
        Limit { code, timeout, until: None, timer: CoarseTimer::new() }
    }

    fn poll(&mut self, cx: &mut Context<'_>, call: &Call) -> Poll<Error> {
        let Some(timeout) = self.timeout else { return Poll::Pending };
        if timeout.is_zero() {
            return Poll::Ready(timed_out(self.code));
        }
        if self.until.is_none() {
            self.until = Instant::now().checked_add(timeout);
        }
        let Some(at) = self.until else { return Poll::Pending };
        call.poll_until(cx, at, &mut self.timer).map(|()| timed_out(self.code))
    }
}

impl NetworkStream {
    pub(super) fn new(mut place: Place, tells_closed: Option<Foreign<Telling>>) -> Option<NetworkStream> {
        let connection = place.take_connection()?;
        let (cut, info) = (Arc::clone(connection.cut()), Arc::clone(connection.info()));
        let tunnel = Tunnel {
            connection: Some(connection),
            info,
            cut,
            served: None,
            closed: false,
            place: Some(place),
            tells_closed,
        };
        let shared = Arc::new(Shared { tunnel: Mutex::new(tunnel), sides: Arc::default() });
        Some(NetworkStream { shared, generation: generation() })
    }

    /// The process in which it was made.
    pub fn born(&self) -> u64 {
        self.generation
    }

    /// Fails in a forked child for a stream of its parent, which must be left alone.
    ///
    /// # Errors
    /// FORKED.
    pub fn check_process(&self) -> Result<(), Error> {
        match self.generation == generation() {
            true => Ok(()),
            false => Err(Error::new(Code::FORKED, "it belongs to the parent process")),
        }
    }

    /// What is known of the connection.
    pub fn info(&self) -> Arc<ConnectionInfo> {
        Arc::clone(&self.shared.lock().info)
    }

    /// Whether a read would not have to wait: there is data, or the peer's end, or an error.
    pub fn is_readable(&self) -> bool {
        self.shared.lock().connection.as_ref().is_none_or(|connection| connection.is_stale())
    }

    /// Reads what is there, `max` bytes at most, and waits until there is something; None is the peer's end. A read that
    /// is given up loses nothing.
    ///
    /// # Errors
    /// ReadTimeout, ReadError; STREAM_CLOSED after `close`; CONCURRENT_USE beside another read.
    pub async fn read(&self, call: &Call, max: usize, timeout: Option<Duration>) -> Result<Option<Bytes>, Error> {
        let _using = self.shared.sides.read.take()?;
        self.serve()?;
        call.leave_lane();
        let mut limit = Limit::new(Code::READ_TIMEOUT, timeout);
        let waker = Waker::from(Arc::clone(&self.shared.sides));
        poll_fn(|cx| {
            self.shared.sides.read.waker.register(cx.waker());
            let mut tunnel = self.shared.lock();
            let connection = tunnel.open()?;
            if connection.received.is_empty() {
                match connection.poll_receive(&mut Context::from_waker(&waker), Block::Body) {
                    Poll::Ready(Ok(0)) => return Poll::Ready(Ok(None)),
                    Poll::Ready(Ok(_)) => {}
                    Poll::Ready(Err(error)) => return Poll::Ready(Err(Error::from_io(Code::READ_ERROR, &error, ""))),
                    Poll::Pending => {
                        drop(tunnel);
                        return limit.poll(cx, call).map(Err);
                    }
                }
            }
            let length = connection.received.len().min(max.max(1));
            Poll::Ready(Ok(Some(connection.received.split_to(length).freeze())))
        })
        .await
    }

    /// Writes all of `data`. If it is given up, nobody knows how much went out.
    ///
    /// # Errors
    /// WriteTimeout, for each wait until the peer takes data; WriteError; STREAM_CLOSED after `close`; CONCURRENT_USE
    /// beside another write.
    pub async fn write(&self, call: &Call, mut data: Bytes, timeout: Option<Duration>) -> Result<(), Error> {
        let _using = self.shared.sides.write.take()?;
        self.serve()?;
        call.leave_lane();
        let mut limit = Limit::new(Code::WRITE_TIMEOUT, timeout);
        let waker = Waker::from(Arc::clone(&self.shared.sides));
        poll_fn(|cx| {
            self.shared.sides.write.waker.register(cx.waker());
            let mut tunnel = self.shared.lock();
            let mut within = Context::from_waker(&waker);
            for _ in 0..TURNS_BEFORE_A_YIELD {
                let connection = tunnel.open()?;
                let polled = match data.is_empty() {
                    true => connection.poll_flush(&mut within).map_ok(|()| None),
                    false => connection.poll_send(&mut within, &[IoSlice::new(&data)]).map_ok(Some),
                };
                match polled {
                    Poll::Ready(Ok(None)) => return Poll::Ready(Ok(())),
                    Poll::Ready(Ok(Some(0))) => return Poll::Ready(Err(write_error(&io::ErrorKind::WriteZero.into()))),
                    Poll::Ready(Ok(Some(written))) => data.advance(written),
                    Poll::Ready(Err(error)) => return Poll::Ready(Err(write_error(&error))),
                    Poll::Pending => {
                        drop(tunnel);
                        return limit.poll(cx, call).map(Err);
                    }
                }
                limit.until = None;
            }
            cx.waker().wake_by_ref();
            Poll::Pending
        })
        .await
    }

    /// Speaks TLS from now on, in TLS if that is spoken already. If it fails or is given up, the connection is closed.
    ///
    /// # Errors
    /// ConnectTimeout, ConnectError and what lies below them; INVALID_STATE if there is data that was not read: it came
    /// in the clear, and must not be taken for what TLS protects; CONCURRENT_USE beside a read or a write.
    pub async fn start_tls(
        &self,
        call: &Call,
        tls: &TlsConfig,
        server_name: &str,
        timeout: Option<Duration>,
    ) -> Result<(), Error> {
        let _using = (self.shared.sides.read.take()?, self.shared.sides.write.take()?);
        self.serve()?;
        call.leave_lane();
        let connection = {
            let mut tunnel = self.shared.lock();
            if !tunnel.open()?.received.is_empty() {
                let message = "there is data that was not read yet: TLS cannot begin before it";
                return Err(Error::new(Code::INVALID_STATE, message));
            }
            tunnel.connection.take().ok_or_else(stream_closed)?
        };
        let begun = Begun { stream: self, done: false };
        let mut handshake = Box::pin(connection.start_tls(tls, server_name));
        let mut limit = Limit::new(Code::CONNECT_TIMEOUT, timeout);
        let waker = Waker::from(Arc::clone(&self.shared.sides));
        let connection = poll_fn(|cx| {
            self.shared.sides.read.waker.register(cx.waker());
            if let Some(error) = self.shared.lock().ended() {
                return Poll::Ready(Err(error));
            }
            // A handshake that may take no time at all has failed (checklist G05).
            match handshake.as_mut().poll(&mut Context::from_waker(&waker)) {
                Poll::Ready(_) if timeout == Some(Duration::ZERO) => Poll::Ready(Err(timed_out(Code::CONNECT_TIMEOUT))),
                Poll::Ready(done) => Poll::Ready(done),
                Poll::Pending => limit.poll(cx, call).map(Err),
            }
        })
        .await?;
        begun.end(connection)
    }

    /// Closes the connection, and ends whoever reads or writes.
    pub fn close(&self) {
        let mut tunnel = self.shared.lock();
        tunnel.closed = true;
        let (served, tells_closed) = (tunnel.served.take(), tunnel.tells_closed.take());
        drop(tunnel);
        drop((served, tells_closed));
        self.shared.disconnect();
    }

    /// Whether it was closed on this side.
    pub fn is_closed(&self) -> bool {
        self.shared.lock().closed
    }

    /// Has the I/O thread serve the socket from now on.
    fn serve(&self) -> Result<(), Error> {
        let mut tunnel = self.shared.lock();
        tunnel.open()?;
        if tunnel.served.is_some() {
            return Ok(());
        }
        let (served, mut ended) = oneshot::channel::<()>();
        let (cut, shared) = (Arc::clone(&tunnel.cut), Arc::downgrade(&self.shared));
        let mut lane = None;
        spawn_io(|io| {
            lane = Some(io);
            poll_fn(move |cx| {
                cut.register(cx.waker());
                if cut.is_wanted() {
                    if let Some(shared) = shared.upgrade() {
                        shared.disconnect();
                    }
                }
                // Nothing is ever sent: the other end is dropped.
                Pin::new(&mut ended).poll(cx).map(|_| ())
            })
        })?;
        let Some(lane) = lane else { return Err(stream_closed()) };
        let connection = tunnel.open()?;
        connection.attach(&lane)?;
        tunnel.served = Some(served);
        Ok(())
    }
}

impl Drop for NetworkStream {
    fn drop(&mut self) {
        self.close();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Tunnel> {
        self.tunnel.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets the connection go, and then its place in the pool.
    fn disconnect(&self) {
        let mut tunnel = self.lock();
        let (connection, place) = (tunnel.connection.take(), tunnel.place.take());
        drop(tunnel);
        drop(connection);
        drop(place);
        self.sides.read.waker.wake();
        self.sides.write.waker.wake();
    }
}

impl Tunnel {
    fn open(&mut self) -> Result<&mut Connection, Error> {
        if let Some(error) = self.ended() {
            return Err(error);
        }
        self.connection.as_deref_mut().ok_or_else(stream_closed)
    }

    /// Why nothing can be done any more.
    fn ended(&self) -> Option<Error> {
        match self.cut.is_wanted() {
            true => Some(closed()),
            false => self.closed.then(stream_closed),
        }
    }
}

/// TLS that begins: unless it comes to its end, the stream is closed.
struct Begun<'a> {
    stream: &'a NetworkStream,
    done: bool,
}

impl Begun<'_> {
    fn end(mut self, connection: Connection) -> Result<(), Error> {
        let mut tunnel = self.stream.shared.lock();
        if let Some(error) = tunnel.ended() {
            return Err(error);
        }
        tunnel.info = Arc::clone(connection.info());
        tunnel.connection = Some(Box::new(connection));
        drop(tunnel);
        self.done = true;
        Ok(())
    }
}

impl Drop for Begun<'_> {
    fn drop(&mut self) {
        if !self.done {
            self.stream.close();
        }
    }
}

fn stream_closed() -> Error {
    Error::new(Code::STREAM_CLOSED, "Attempted to read or write a network stream that has been closed.")
}

fn write_error(error: &io::Error) -> Error {
    Error::from_io(Code::WRITE_ERROR, error, "")
}
