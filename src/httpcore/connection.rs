//! A connection: a stream to a peer with its buffers, its one timer, and what it has served. It reads and writes with
//! time limits, and tells errors in HTTPX's words; what the bytes mean is HTTP/1.1's business.

use std::future::{poll_fn, Future};
use std::io::{self, IoSlice};
use std::pin::{pin, Pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use atomic_waker::AtomicWaker;
use bytes::BytesMut;
use tokio::io::{AsyncReadExt, AsyncWrite};

use super::connection_info::ConnectionInfo;
use super::dial::Dialled;
use super::read_block;
use super::stream::Stream;
use super::tls::{self, TlsConfig};
use crate::error::{Code, Error};
use crate::runtime::{Call, CoarseTimer, Lane, SHORTEST};

/// How much of a body is read at once (checklist I01).
const READ_BLOCK: usize = 65_536;
/// Room for a request's head that is kept for the next one.
const LARGEST_HEAD_KEPT: usize = 1024;

pub(super) struct Connection {
    stream: Stream,
    pub(super) received: BytesMut,
    pub(super) to_send: Vec<u8>,
    timer: CoarseTimer,
    /// When the waiting that goes on now has begun; None if nothing waits.
    waits_since: Option<Instant>,
    cut: Arc<Cut>,
    info: Arc<ConnectionInfo>,
    /// What it has written in all, before TLS.
    pub(super) bytes_sent: u64,
    /// The peer ended the connection without ending TLS.
    pub(super) torn: bool,
}

/// Cuts a connection off from another thread, in the middle of an exchange.
#[derive(Default)]
pub(super) struct Cut {
    wanted: AtomicBool,
    waker: AtomicWaker,
}

impl Cut {
    /// Runs `work` unless, or until, the connection to be is cut off.
    pub(super) async fn unless<T>(&self, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let mut work = pin!(work);
        poll_fn(|cx| {
            self.waker.register(cx.waker());
            match self.wanted.load(Ordering::Acquire) {
                true => Poll::Ready(Err(closed())),
                false => work.as_mut().poll(cx),
            }
        })
        .await
    }

    pub(super) fn is_wanted(&self) -> bool {
        self.wanted.load(Ordering::Acquire)
    }

    /// Has `waker` woken when the cut is made.
    pub(super) fn register(&self, waker: &Waker) {
        self.waker.register(waker);
    }

    pub(super) fn now(&self) {
        self.wanted.store(true, Ordering::Release);
        self.waker.wake();
    }
}

/// What a connection waits for, and how long it may.
#[derive(Clone, Copy)]
pub(super) struct Limit {
    pub(super) code: Code,
    pub(super) timeout: Option<Duration>,
    pub(super) deadline: Option<Instant>,
}

impl Connection {
    pub(super) fn new(dialled: Dialled, cut: Arc<Cut>) -> Connection {
        Connection {
            stream: dialled.stream,
            received: BytesMut::new(),
            to_send: Vec::new(),
            timer: CoarseTimer::new(),
            waits_since: None,
            cut,
            info: Arc::new(dialled.info),
            bytes_sent: 0,
            torn: false,
        }
    }

    pub(super) fn cut(&self) -> &Arc<Cut> {
        &self.cut
    }

    pub(super) fn info(&self) -> &Arc<ConnectionInfo> {
        &self.info
    }

    /// The lane that it is registered with.
    pub(super) fn lane_id(&self) -> u64 {
        self.stream.socket().lane().id()
    }

    /// True if an idle connection has input: the peer closed it, or spoke out of turn (checklist H06).
    pub(super) fn is_stale(&self) -> bool {
        !self.received.is_empty() || self.stream.holds_input() || self.stream.socket().has_input()
    }

    /// The stream, to be used for something else; None if the peer has sent what nobody asked for.
    pub(super) fn into_tunnel(self) -> Option<Stream> {
        let quiet = self.received.is_empty() && !self.stream.holds_input();
        quiet.then_some(self.stream)
    }

    /// Lets buffers go before it is idle.
    pub(super) fn rest(&mut self) {
        if self.received.is_empty() {
            read_block::give_back(std::mem::take(&mut self.received));
        }
        if self.to_send.capacity() > LARGEST_HEAD_KEPT {
            self.to_send = Vec::new();
        }
    }

    /// Brings it to the lane of `call`.
    pub(super) async fn move_to(&mut self, call: &Call) -> Result<(), Error> {
        let lane = call.lane(Some(self.lane_id())).await;
        self.attach(&lane)
    }

    /// Brings it to the lane of `call`, if that has one already. True if it is there.
    pub(super) fn move_at_once(&mut self, call: &Call) -> Result<bool, Error> {
        match call.lane_at_hand(Some(self.lane_id())) {
            Some(lane) => self.attach(&lane).map(|()| true),
            None => Ok(false),
        }
    }

    /// Registers it with `lane`.
    pub(super) fn attach(&mut self, lane: &Arc<Lane>) -> Result<(), Error> {
        let moved =
            self.stream.attach(lane).map_err(|e| Error::from_io(Code::NETWORK_ERROR, &e, "moving the connection"))?;
        if moved {
            self.timer = CoarseTimer::new();
        }
        Ok(())
    }

    /// Speaks TLS with the peer of that name from now on. Nothing may be left to be read.
    pub(super) async fn start_tls(mut self, config: &TlsConfig, server_name: &str) -> Result<Connection, Error> {
        let stream = config.handshake(self.stream, server_name, &[]).await?;
        let info = ConnectionInfo { tls: Some(tls::info_of(&stream)), ..ConnectionInfo::clone(&self.info) };
        self.info = Arc::new(info);
        self.stream = Stream::Tls(Box::new(stream));
        Ok(self)
    }

    /// Begins to count the time anew, at `now`.
    pub(super) fn begin_to_wait(&mut self, now: Instant) {
        self.waits_since = Some(now);
    }

    /// Reads once. Ok(0) is the peer's end.
    pub(super) fn poll_receive(&mut self, cx: &mut Context<'_>, at_least: Block) -> Poll<io::Result<usize>> {
        let want = match at_least {
            Block::Head => read_block::BLOCK,
            Block::Body => READ_BLOCK,
        };
        if self.received.capacity() == 0 && want == read_block::BLOCK {
            self.received = read_block::take();
        }
        if self.received.capacity() - self.received.len() < want / 2 {
            self.received.reserve(want);
        }
        let polled = pin!(self.stream.read_buf(&mut self.received)).poll(cx);
        self.progressed(polled.is_ready());
        if polled.is_pending() && self.received.is_empty() && self.received.capacity() < READ_BLOCK / 2 {
            // Whoever waits needs none.
            read_block::give_back(std::mem::take(&mut self.received));
        }
        polled.map(|read| match read {
            // A peer that closes TLS without saying so: what was complete stays complete, the framing tells.
            Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => {
                self.torn = true;
                Ok(0)
            }
            other => other,
        })
    }

    /// Writes once.
    pub(super) fn poll_send(&mut self, cx: &mut Context<'_>, slices: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        if let Poll::Ready(Ok(written)) = polled {
            self.bytes_sent += written as u64;
        }
        self.progressed(polled.is_ready());
        polled
    }

    /// Pushes out what TLS still holds. Whether that is progress is the caller's to say: often there is nothing.
    pub(super) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn progressed(&mut self, any: bool) {
        if any {
            self.waits_since = None;
        }
    }

    /// What ends an exchange although it could go on: to be asked now and then by who does not come to wait.
    pub(super) fn check(&self, limit: &Limit) -> Result<(), Error> {
        if self.cut.wanted.load(Ordering::Acquire) {
            return Err(closed());
        }
        match limit.deadline {
            Some(at) if Instant::now() >= at => Err(deadline_exceeded()),
            _ => Ok(()),
        }
    }

    /// Ready once `until` has come, or with an error when the deadline is over or the connection was cut off before.
    pub(super) fn poll_pause(
        &mut self,
        cx: &mut Context<'_>,
        until: Instant,
        deadline: Option<Instant>,
    ) -> Poll<Result<(), Error>> {
        self.cut.waker.register(cx.waker());
        if self.cut.wanted.load(Ordering::Acquire) {
            return Poll::Ready(Err(closed()));
        }
        let at = deadline.map_or(until, |deadline| deadline.min(until));
        self.timer.poll_at(cx, at).map(|()| match deadline {
            Some(deadline) if deadline <= at => Err(deadline_exceeded()),
            _ => Ok(()),
        })
    }

    /// To be polled when nothing else can be done: ready with an error when the wait, which begins with the first call
    /// after progress, has taken too long, or the connection was cut off.
    pub(super) fn poll_limit(&mut self, cx: &mut Context<'_>, limit: &Limit) -> Poll<Error> {
        self.cut.waker.register(cx.waker());
        if self.cut.wanted.load(Ordering::Acquire) {
            return Poll::Ready(closed());
        }
        let own = match limit.timeout {
            None => None,
            Some(timeout) if timeout < SHORTEST => return Poll::Ready(timed_out(limit.code)),
            Some(timeout) => self.waits_since.get_or_insert_with(Instant::now).checked_add(timeout),
        };
        let Some(at) = own.into_iter().chain(limit.deadline).min() else { return Poll::Pending };
        self.timer.poll_at(cx, at).map(|()| match limit.deadline {
            Some(deadline) if deadline <= at => deadline_exceeded(),
            _ => timed_out(limit.code),
        })
    }
}

/// What a read is for, which says how much room it gets.
#[derive(Clone, Copy)]
pub(super) enum Block {
    Head,
    Body,
}

/// The error of a request whose client was closed.
pub(super) fn closed() -> Error {
    Error::new(Code::CLIENT_CLOSED, "the client was closed while the request was running")
}

/// The error of a wait that took too long (checklist G03).
pub(super) fn timed_out(code: Code) -> Error {
    Error::new(code, "timed out")
}

/// The error of a request that took too long in all.
pub(super) fn deadline_exceeded() -> Error {
    Error::new(Code::DEADLINE_EXCEEDED, "the request's total time is over")
}
