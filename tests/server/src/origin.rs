//! The origin server's listeners: HTTP/1.1 and HTTP/2 over TCP, TLS and a unix socket. Accepts connections, learns what
//! there is to know of each, and leaves the requests to the routes.

use std::convert::Infallible;
use std::future::Future;
use std::pin::{pin, Pin};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::body::Incoming;
use hyper::service::Service;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio_rustls::TlsAcceptor;

use crate::body::Body;
use crate::capture::{Capture, Captured};
use crate::routes;
use crate::state::State;

const STREAM_WINDOW: u32 = 1 << 20;
const CONNECTION_WINDOW: u32 = 1 << 22;

/// What the routes may want to know of the connection that a request came on.
pub struct Connection {
    pub id: u64,
    pub scheme: &'static str,
    /// The client's address without its port; "unix" on the unix socket.
    pub peer: String,
    pub alpn: Option<String>,
    pub tls_version: Option<&'static str>,
    pub capture: Capture,
    pub state: Arc<State>,
    /// Notified by a route that wants the connection closed after its answer.
    pub closing: Notify,
    requests: AtomicU64,
}

impl Connection {
    fn new(peer: String, state: &Arc<State>) -> Self {
        Self {
            id: state.next_connection(),
            scheme: "http",
            peer,
            alpn: None,
            tls_version: None,
            capture: Capture::default(),
            state: state.clone(),
            closing: Notify::new(),
            requests: AtomicU64::new(0),
        }
    }
}

/// Which connections a listener takes.
#[derive(Clone)]
pub enum Security {
    Plain,
    Tls(TlsAcceptor),
}

/// Accepts forever.
pub async fn listen(listener: TcpListener, security: Security, state: Arc<State>) {
    loop {
        let Some((stream, peer)) = accepted(listener.accept().await).await else { continue };
        // Errors here mean that the peer is gone already, which the next read shows.
        let _ = stream.set_nodelay(true);
        let connection = Connection::new(peer.ip().to_string(), &state);
        match security.clone() {
            Security::Plain => tokio::spawn(serve(stream, connection)),
            Security::Tls(acceptor) => tokio::spawn(serve_tls(acceptor, stream, connection)),
        };
    }
}

/// As [`listen`], on a unix socket.
#[cfg(unix)]
pub async fn listen_unix(listener: tokio::net::UnixListener, state: Arc<State>) {
    loop {
        let Some((stream, _)) = accepted(listener.accept().await).await else { continue };
        let connection = Connection::new("unix".to_owned(), &state);
        tokio::spawn(serve(stream, connection));
    }
}

/// The accepted stream; after an error (out of descriptors, mostly) waits a moment, so that the loop does not spin.
pub async fn accepted<T>(result: std::io::Result<T>) -> Option<T> {
    match result {
        Ok(accepted) => Some(accepted),
        Err(error) => {
            eprintln!("httpx-test-server: accept failed: {error}");
            tokio::time::sleep(Duration::from_millis(20)).await;
            None
        }
    }
}

async fn serve_tls(acceptor: TlsAcceptor, stream: tokio::net::TcpStream, mut connection: Connection) {
    // A failed handshake is the client's story to tell: it gets the alert.
    let Ok(stream) = acceptor.accept(stream).await else { return };
    let session = stream.get_ref().1;
    connection.scheme = "https";
    connection.alpn = session.alpn_protocol().map(|name| String::from_utf8_lossy(name).into_owned());
    connection.tls_version = session.protocol_version().map(|version| match version {
        rustls::ProtocolVersion::TLSv1_2 => "TLSv1.2",
        rustls::ProtocolVersion::TLSv1_3 => "TLSv1.3",
        _ => "other",
    });
    serve(stream, connection).await;
}

async fn serve<S>(stream: S, mut connection: Connection)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (stream, capture) = Captured::new(stream);
    connection.capture = capture;
    // ALPN binds: after it, the other protocol is an error of the peer's. RFC 7301 §3.1
    let mut builder = match connection.alpn.as_deref() {
        Some("h2") => Builder::new(TokioExecutor::new()).http2_only(),
        Some(_) => Builder::new(TokioExecutor::new()).http1_only(),
        None => Builder::new(TokioExecutor::new()),
    };
    builder
        .http2()
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_header_list_size(1 << 20);
    let connection = Arc::new(connection);
    let mut serving = pin!(builder.serve_connection_with_upgrades(TokioIo::new(stream), Origin(connection.clone())));
    // Errors are what misbehaving clients cause, and the tests look at those from the client's side.
    tokio::select! {
        _ = &mut serving => {}
        () = connection.closing.notified() => {
            serving.as_mut().graceful_shutdown();
            let _ = serving.await;
        }
    }
}

/// The service of one connection.
struct Origin(Arc<Connection>);

impl Service<Request<Incoming>> for Origin {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Answer;

    fn call(&self, request: Request<Incoming>) -> Answer {
        let number = self.0.requests.fetch_add(1, Ordering::Relaxed) + 1;
        match routes::fast(&request) {
            Some(response) => Answer::Ready(Some(response)),
            None => Answer::Later(routes::answer(self.0.clone(), request, number)),
        }
    }
}

/// A response that is there at once, without a box, or one that a handler is making.
enum Answer {
    Ready(Option<Response<Body>>),
    Later(Pin<Box<dyn Future<Output = Response<Body>> + Send>>),
}

impl Future for Answer {
    type Output = Result<Response<Body>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut *self {
            Answer::Ready(response) => Poll::Ready(Ok(response.take().expect("an answer is polled to its end once"))),
            Answer::Later(future) => future.as_mut().poll(cx).map(Ok),
        }
    }
}
