//! The client: what all its requests share, and the way from a request to its response.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::decoders::accept_encoding;
use super::{redirects, Headers, Request, Response};
use crate::error::{Code, Error};
use crate::httpcore::{ConnectionPool, Counts, Dialer, Limits, Timeouts, TlsConfig, TlsSettings};
use crate::runtime::{block_on, Call, ForkCell, Interrupt};

/// A client's options, with HTTPX's defaults (checklist A01).
#[derive(Clone)]
pub struct ClientBuilder {
    /// Of requests that set none.
    pub timeouts: Timeouts,
    /// Of the pool.
    pub limits: Limits,
    /// On every request, in this order.
    pub headers: Headers,
    /// Of `https` connections.
    pub tls: TlsSettings,
    /// Where every connection goes instead of its origin's address.
    pub unix_socket: Option<PathBuf>,
    /// Whether redirects are followed by requests that do not say.
    pub follow_redirects: bool,
    /// How many of them.
    pub max_redirects: usize,
    /// Asked by blocked threads.
    pub interrupt: Option<Arc<Interrupt>>,
}

impl Default for ClientBuilder {
    fn default() -> ClientBuilder {
        // B04 to B06: the defaults, in HTTPX's order.
        let mut headers = Headers::default();
        for (name, value) in [
            ("Accept", "*/*"),
            ("Accept-Encoding", accept_encoding()),
            ("Connection", "keep-alive"),
            ("User-Agent", concat!("libhttpx/", env!("CARGO_PKG_VERSION"))),
        ] {
            headers.push(Bytes::from_static(name.as_bytes()), Bytes::from_static(value.as_bytes()));
        }
        ClientBuilder {
            timeouts: Timeouts::default(),
            limits: Limits::default(),
            headers,
            tls: TlsSettings::default(),
            unix_socket: None,
            follow_redirects: false,
            max_redirects: 20,
            interrupt: None,
        }
    }
}

impl ClientBuilder {
    /// Trusts the certificates of a PEM file, read now, instead of the bundled roots, beside those added before.
    pub fn add_ca_file(&mut self, path: &Path) -> Result<(), Error> {
        let pem = std::fs::read(path).map_err(|e| {
            let code = match e.kind() {
                std::io::ErrorKind::NotFound => Code::FILE_NOT_FOUND,
                std::io::ErrorKind::PermissionDenied => Code::PERMISSION_DENIED,
                _ => Code::IO_ERROR,
            };
            let why = format!("Could not find a suitable TLS CA certificate bundle, invalid path: {}", path.display());
            Error::from_io(code, &e, &why)
        })?;
        self.tls.add_pem(&pem)
    }

    /// A client with these options. It opens and reads nothing yet.
    pub fn build(&self) -> Arc<Client> {
        Arc::new(Client { options: self.clone(), pool: ForkCell::new(), closed: AtomicBool::new(false) })
    }
}

/// How one request is sent.
#[derive(Clone, Copy, Debug, Default)]
pub struct SendOptions {
    /// Return with the body unread.
    pub stream: bool,
    /// Follow redirects; None leaves that to the client.
    pub follow_redirects: Option<bool>,
}

/// See the module. Any thread may use it.
pub struct Client {
    options: ClientBuilder,
    /// A forked child has a pool of its own (checklist T05).
    pool: ForkCell<Arc<ConnectionPool>>,
    closed: AtomicBool,
}

impl Client {
    fn pool(&self) -> &Arc<ConnectionPool> {
        self.pool.get_or_init(|| {
            let dialer =
                Dialer { tls: TlsConfig::new(self.options.tls.clone()), unix_socket: self.options.unix_socket.clone() };
            ConnectionPool::new(self.options.limits, dialer)
        })
    }

    /// A request with this client's defaults.
    pub fn build_request(&self, method: &str, url: &str) -> Result<Request, Error> {
        Request::new(method, url, &self.options.headers, self.options.timeouts)
    }

    /// Sends a request, follows redirects, and reads the last response's body unless it is to be streamed.
    pub async fn send(
        self: Arc<Client>,
        call: Call,
        request: Arc<Request>,
        how: SendOptions,
    ) -> Result<Response, Error> {
        self.send_and_follow(&call, &request, how).await.map_err(|error| match error.request() {
            Some(_) => error,
            None => error.with_request(request.info()).with_full_request(request),
        })
    }

    async fn send_and_follow(&self, call: &Call, request: &Arc<Request>, how: SendOptions) -> Result<Response, Error> {
        let deadline = request.deadline();
        let follow = how.follow_redirects.unwrap_or(self.options.follow_redirects);
        let mut response = self.send_once(call, request, deadline).await?;
        let mut history = Vec::new();
        while let Some(location) = redirects::location(response.head()) {
            // Not followed, a location that leads nowhere is the program's to look at (checklist E08).
            let next = match redirects::follow(response.head(), location) {
                Ok(next) => Arc::new(next),
                Err(_) if !follow => break,
                Err(error) => return Err(error),
            };
            if !follow {
                response.set_next_request(next);
                break;
            }
            // Read to its end, so that its connection serves again (checklist E10).
            response.read(call).await?;
            history.push(response);
            if history.len() > self.options.max_redirects {
                return Err(Error::new(Code::TOO_MANY_REDIRECTS, "Exceeded maximum allowed redirects.")
                    .with_request(next.info())
                    .with_full_request(next));
            }
            response = self.send_once(call, &next, deadline).await?;
        }
        response.set_history(history);
        if !how.stream {
            response.read(call).await?;
        }
        Ok(response)
    }

    /// One request, one response, with its body unread.
    async fn send_once(
        &self,
        call: &Call,
        request: &Arc<Request>,
        deadline: Option<Instant>,
    ) -> Result<Response, Error> {
        if self.closed.load(Ordering::Acquire) {
            return Err(Error::from(Code::CLIENT_CLOSED));
        }
        #[cfg(feature = "test-hooks")]
        if request.method() == b"PANIC" {
            panic!("the test's panic");
        }
        let started = Instant::now();
        let core = self.pool().handle(call, &request.to_core(deadline)).await?;
        Ok(Response::new(core, Arc::clone(request), started))
    }

    /// What a thread that is blocked in a call of this client asks now and then.
    pub fn interrupt(&self) -> Option<&Arc<Interrupt>> {
        self.options.interrupt.as_ref()
    }

    /// Runs a call of this client on the calling thread.
    pub fn block_on<T, F>(&self, make: impl FnOnce(Call) -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        block_on(self.options.interrupt.as_deref(), make)
    }

    /// What the pool has just now.
    pub fn counts(&self) -> Counts {
        self.pool.get().map_or(Counts { active: 0, idle: 0, waiting: 0 }, |pool| pool.counts())
    }

    /// Takes no more requests, waits at most `drain` for those that run (None: for ever), and cuts the others off.
    /// Closing twice does no harm (checklist A06).
    pub fn close(&self, drain: Option<Duration>) -> Result<(), Error> {
        self.closed.store(true, Ordering::Release);
        let Some(pool) = self.pool.get() else { return Ok(()) };
        pool.begin_to_close();
        if drain != Some(Duration::ZERO) {
            let at = drain.and_then(|drain| Instant::now().checked_add(drain));
            self.block_on(|call| async move { Ok(pool.drained(&call, at).await) })?;
        }
        pool.cut_off();
        Ok(())
    }
}
