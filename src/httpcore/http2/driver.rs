//! What the I/O thread does for a connection: it keeps h2 going, answers PINGs, asks whether a silent peer lives, and
//! tells the pool what has changed.

use std::future::{poll_fn, Future};
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;
use std::task::{ready, Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use h2::client::{Connection, SendRequest};
use h2::{Ping, PingPong};
use tokio::sync::oneshot;
use tokio::time::{sleep, Instant, Sleep};

use super::frames::Watched;
use super::{Http2Settings, Status};
use crate::error::{Code, Error};
use crate::httpcore::stream::Stream;
use crate::runtime::Lane;

/// How much of one request's body may wait to be written.
const SEND_BUFFER: usize = 128 * 1024;
/// What h2 bears of DATA frames with less than 256 bytes that nobody has read yet: it counts what they lack. So much lets
/// the smallest window be filled byte by byte; larger windows have half their size, as h2 would choose itself.
const LEAST_DATA_FRAME_BUDGET: usize = 16 << 20;
/// How long a connection that nobody needs any more has to say goodbye to a peer that does not listen.
const FAREWELL: Duration = Duration::from_secs(1);

/// Whoever a connection is for.
pub(super) struct User {
    /// Takes what requests are sent by.
    pub(super) started: oneshot::Sender<Result<SendRequest<Bytes>, Error>>,
    /// Ready when nobody needs the connection any more.
    pub(super) let_go: oneshot::Receiver<()>,
}

/// The whole life of a connection.
pub(super) async fn drive(lane: Arc<Lane>, stream: Stream, settings: Http2Settings, status: Arc<Status>, user: User) {
    let User { started, let_go } = user;
    let arrivals = Arc::new(AtomicU64::new(0));
    match begin(&lane, stream, &settings, &status, &arrivals).await {
        Err(error) => {
            status.over.store(true, Ordering::Release);
            let _ = started.send(Err(error));
        }
        Ok((sender, mut connection)) => {
            let mut keep_alive = KeepAlive::new(&settings, connection.ping_pong(), arrivals);
            // Nobody may be left to hear it: then the connection closes at once.
            let _ = started.send(Ok(sender));
            let mut farewell = Farewell { let_go, timer: None };
            // The farewell first: a connection on which much comes uses up what tokio lets a task do in one go.
            poll_fn(|cx| match farewell.poll(cx) {
                Poll::Ready(()) => Poll::Ready(()),
                Poll::Pending => poll_connection(cx, &mut connection, &status, keep_alive.as_mut()),
            })
            .await;
            status.over.store(true, Ordering::Release);
            // Requests that are still open hear of it now.
            drop(connection);
            (status.watch)(&status);
        }
    }
}

async fn begin(
    lane: &Arc<Lane>,
    mut stream: Stream,
    settings: &Http2Settings,
    status: &Arc<Status>,
    arrivals: &Arc<AtomicU64>,
) -> Result<(SendRequest<Bytes>, Connection<Watched>), Error> {
    stream.attach(lane).map_err(|e| Error::from_io(Code::NETWORK_ERROR, &e, "moving the connection"))?;
    let stream = Watched::new(stream, Arc::clone(status), Arc::clone(arrivals));
    h2::client::Builder::new()
        .header_table_size(4096)
        .enable_push(false)
        .max_concurrent_streams(100)
        .initial_window_size(settings.stream_window)
        .initial_connection_window_size(settings.connection_window)
        .max_frame_size(settings.max_frame_size)
        .max_header_list_size(settings.max_header_list_size)
        .initial_max_send_streams(1)
        .max_send_buffer_size(SEND_BUFFER)
        .data_frame_budget(LEAST_DATA_FRAME_BUDGET.max(settings.connection_window as usize / 2))
        .handshake(stream)
        .await
        .map_err(|error| super::fault::connection_error(&error, status))
}

fn poll_connection(
    cx: &mut Context<'_>,
    connection: &mut Connection<Watched>,
    status: &Status,
    keep_alive: Option<&mut KeepAlive>,
) -> Poll<()> {
    let was_usable = status.is_usable();
    let ended = Pin::new(&mut *connection).poll(cx).map(|_| ());
    let news = status.allow(connection.max_concurrent_send_streams()) || was_usable != status.is_usable();
    if news && ended.is_pending() {
        (status.watch)(status);
    }
    if ended.is_pending() {
        if let Some(keep_alive) = keep_alive {
            if keep_alive.poll_silence(cx).is_ready() {
                status.silent.store(true, Ordering::Release);
                return Poll::Ready(());
            }
        }
    }
    ended
}

/// Ends a connection that nobody needs any more, and that cannot end by itself.
struct Farewell {
    let_go: oneshot::Receiver<()>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Farewell {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.timer.is_none() {
            let _ = ready!(Pin::new(&mut self.let_go).poll(cx));
        }
        self.timer.get_or_insert_with(|| Box::pin(sleep(FAREWELL))).as_mut().poll(cx)
    }
}

/// Asks a silent peer whether it lives.
struct KeepAlive {
    interval: Duration,
    timeout: Duration,
    pings: PingPong,
    arrivals: Arc<AtomicU64>,
    seen: u64,
    /// A PING is out.
    asked: bool,
    timer: Pin<Box<Sleep>>,
}

impl KeepAlive {
    fn new(settings: &Http2Settings, pings: Option<PingPong>, arrivals: Arc<AtomicU64>) -> Option<KeepAlive> {
        let (interval, pings) = (settings.ping_interval?, pings?);
        let timer = Box::pin(sleep(interval));
        Some(KeepAlive { interval, timeout: settings.ping_timeout, pings, arrivals, seen: 0, asked: false, timer })
    }

    /// Ready when a PING has gone unanswered, and nothing else has come either.
    fn poll_silence(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let arrivals = self.arrivals.load(Ordering::Relaxed);
        if self.asked {
            // Whatever it is, the peer lives.
            self.asked = self.pings.poll_pong(cx).is_pending() && arrivals == self.seen;
            if !self.asked {
                self.rest();
            }
        }
        if arrivals != self.seen {
            self.seen = arrivals;
            self.rest();
        }
        while self.timer.as_mut().poll(cx).is_ready() {
            if self.asked {
                return Poll::Ready(());
            }
            // A PING that is still out, although something came after it, serves as well.
            let _ = self.pings.send_ping(Ping::opaque());
            self.asked = true;
            self.timer.as_mut().reset(Instant::now() + self.timeout);
            if self.pings.poll_pong(cx).is_ready() {
                self.rest();
            }
        }
        Poll::Pending
    }

    fn rest(&mut self) {
        self.asked = false;
        self.timer.as_mut().reset(Instant::now() + self.interval);
    }
}
