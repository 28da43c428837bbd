//! HTTP/2: one connection that many requests share, each on a stream of its own (RFC 9113). The protocol is the h2
//! crate's. The library's I/O thread drives the connection ([`driver`]); a request's own future writes its body and reads
//! its response ([`exchange`]), on whatever thread waits for it.

mod driver;
mod exchange;
mod fault;
mod frames;
mod head;
mod steps;

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use h2::client::SendRequest;
use tokio::sync::oneshot;

use super::dial::Dialled;
use super::ConnectionInfo;
use crate::error::{Code, Error};
use crate::runtime::spawn_io;
pub(super) use exchange::{exchange, Exchange};
pub(super) use fault::Failure;
pub(super) use steps::request_info;

/// What an HTTP/2 connection may do (checklist J04).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Http2Settings {
    /// How many bytes of one response may be here unread.
    pub stream_window: u32,
    /// How many bytes of all responses of a connection may be here unread. Less than the streams' windows together, and
    /// responses that nobody reads can hold up others.
    pub connection_window: u32,
    /// The largest frame that the peer may send.
    pub max_frame_size: u32,
    /// The largest header list that the peer may send, counted as in RFC 9113 §6.5.2.
    pub max_header_list_size: u32,
    /// How many streams a connection has at most, if the server allows as many.
    pub max_streams: usize,
    /// How long a connection may be silent before the peer is asked whether it lives; None is for ever.
    pub ping_interval: Option<Duration>,
    /// How long it has to answer.
    pub ping_timeout: Duration,
}

impl Default for Http2Settings {
    fn default() -> Http2Settings {
        Http2Settings {
            stream_window: 1 << 20,
            connection_window: 100 << 20,
            max_frame_size: 16_384,
            max_header_list_size: 65_536,
            max_streams: 100,
            ping_interval: None,
            ping_timeout: Duration::from_secs(20),
        }
    }
}

/// A connection, for those who send requests on it. It closes when the last one lets go.
pub(super) struct Http2Connection {
    sender: SendRequest<Bytes>,
    status: Arc<Status>,
    info: Arc<ConnectionInfo>,
    /// Tells the driver, by going, that nobody is left.
    _held: oneshot::Sender<()>,
}

/// What the driver tells of a connection.
pub(super) struct Status {
    /// How many streams the server allows, and we.
    max_streams: AtomicUsize,
    own_max: usize,
    /// The highest stream that the server has taken or will take; `u32::MAX` before a GOAWAY.
    last_stream: AtomicU32,
    /// GOAWAY's error code.
    goaway_code: AtomicU32,
    /// It takes no more requests.
    leaving: AtomicBool,
    /// Nothing goes over it any more.
    over: AtomicBool,
    /// A PING went unanswered.
    silent: AtomicBool,
    /// The server's settings have come, and no request has told of them yet.
    settings: AtomicBool,
    /// What the transport below has failed with first.
    transport_error: OnceLock<Error>,
    /// Called when something here has changed.
    pub(super) watch: Box<dyn Fn(&Status) + Send + Sync>,
}

impl Status {
    fn new(own_max: usize, watch: Box<dyn Fn(&Status) + Send + Sync>) -> Status {
        Status {
            // J06: one until the server has said how many it wants.
            max_streams: AtomicUsize::new(1),
            own_max,
            last_stream: AtomicU32::new(u32::MAX),
            goaway_code: AtomicU32::new(0),
            leaving: AtomicBool::new(false),
            over: AtomicBool::new(false),
            silent: AtomicBool::new(false),
            settings: AtomicBool::new(false),
            transport_error: OnceLock::new(),
            watch,
        }
    }

    /// How many streams there may be now.
    pub(super) fn max_streams(&self) -> usize {
        self.max_streams.load(Ordering::Acquire)
    }

    /// Whether it takes requests.
    pub(super) fn is_usable(&self) -> bool {
        !self.leaving.load(Ordering::Acquire) && !self.is_over()
    }

    /// Whether nothing goes over it any more.
    pub(super) fn is_over(&self) -> bool {
        self.over.load(Ordering::Acquire)
    }

    /// Takes note of what the server allows. True if that is news.
    fn allow(&self, streams: usize) -> bool {
        let streams = streams.min(self.own_max);
        self.max_streams.swap(streams, Ordering::AcqRel) != streams
    }

    /// Takes note of a GOAWAY. One after another may only take back (RFC 9113 §6.8).
    fn go_away(&self, last_stream: u32, code: u32) {
        self.goaway_code.store(code, Ordering::Release);
        self.last_stream.fetch_min(last_stream, Ordering::AcqRel);
        self.leaving.store(true, Ordering::Release);
    }

    /// The last stream that the server will look at and the error code, if it has sent a GOAWAY.
    fn goaway(&self) -> Option<(u32, u32)> {
        let last_stream = self.last_stream.load(Ordering::Acquire);
        (last_stream != u32::MAX).then(|| (last_stream, self.goaway_code.load(Ordering::Acquire)))
    }

    /// Whether the server has said that it will not look at this stream.
    fn left_out(&self, stream: u32) -> bool {
        stream > self.last_stream.load(Ordering::Acquire)
    }

    /// It takes no more requests, which whoever drives it will tell.
    fn deafened(&self) {
        self.leaving.store(true, Ordering::Release);
    }

    /// Keeps the first error of the stream below, in its own words if it is one of ours: h2 keeps only their text.
    fn transport_failed(&self, code: Code, error: &io::Error) {
        let own = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
        let _ = self.transport_error.set(own.cloned().unwrap_or_else(|| Error::from_io(code, error, "")));
    }

    fn transport_error(&self) -> Option<&Error> {
        self.transport_error.get()
    }

    fn settings_came(&self) {
        self.settings.store(true, Ordering::Release);
    }

    /// True once after the server's settings have come.
    fn take_settings(&self) -> bool {
        self.settings.swap(false, Ordering::AcqRel)
    }

    /// It takes no more requests, for a reason of ours.
    fn leave(&self) {
        self.leaving.store(true, Ordering::Release);
        (self.watch)(self);
    }
}

impl Http2Connection {
    /// Begins to speak HTTP/2. `watch` is called, on the I/O thread, whenever the connection's status has changed.
    pub(super) async fn start(
        dialled: Dialled,
        settings: &Http2Settings,
        watch: Box<dyn Fn(&Status) + Send + Sync>,
    ) -> Result<Http2Connection, Error> {
        let status = Arc::new(Status::new(settings.max_streams, watch));
        let info = Arc::new(dialled.info);
        let (started, start) = oneshot::channel();
        let (held, let_go) = oneshot::channel();
        let (of_driver, settings) = (Arc::clone(&status), *settings);
        let stream = dialled.stream;
        spawn_io(move |lane| {
            let user = driver::User { started, let_go };
            driver::drive(lane, stream, settings, of_driver, user)
        })?;
        let sender =
            start.await.map_err(|_| Error::new(Code::INTERNAL, "the I/O thread has dropped a connection"))??;
        Ok(Http2Connection { sender, status, info, _held: held })
    }

    pub(super) fn status(&self) -> &Arc<Status> {
        &self.status
    }

    pub(super) fn info(&self) -> &Arc<ConnectionInfo> {
        &self.info
    }
}
