//! HTTP/2, with servers made of the h2 crate where it can do what is wanted, and of bare frames where it cannot.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use bytes::Bytes;
use h2::server::{Connection, SendResponse};
use h2::RecvStream;
use httpx::error::Code;
use httpx::httpx::{Client, ClientBuilder};
use tokio::net::{TcpListener, TcpStream};

use crate::support::{ends, request, send};

/// A client that speaks HTTP/2 to whomever.
fn prior_knowledge() -> ClientBuilder {
    ClientBuilder { http1: false, http2: true, ..ClientBuilder::default() }
}

type Stream = (http::Request<RecvStream>, SendResponse<Bytes>);

/// A server that answers each stream with what `answer` does; connections and streams are counted.
struct Server {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
    most_at_once: Arc<AtomicUsize>,
}

impl Server {
    fn start<F>(max_streams: u32, answer: impl Fn(Stream) -> F + Clone + Send + 'static) -> Server
    where
        F: std::future::Future<Output = ()> + Send + 'static,
    {
        let connections = Arc::new(AtomicUsize::new(0));
        let most_at_once = Arc::new(AtomicUsize::new(0));
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let (counted, most) = (Arc::clone(&connections), Arc::clone(&most_at_once));
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let listener = TcpListener::from_std(listener).unwrap();
                while let Ok((stream, _)) = listener.accept().await {
                    counted.fetch_add(1, Ordering::SeqCst);
                    tokio::spawn(serve(stream, max_streams, answer.clone(), Arc::clone(&most)));
                }
            });
        });
        Server { address, connections, most_at_once }
    }
}

async fn serve<F>(stream: TcpStream, max: u32, answer: impl Fn(Stream) -> F, most: Arc<AtomicUsize>)
where
    F: std::future::Future<Output = ()> + Send + 'static,
{
    let built = h2::server::Builder::new().max_concurrent_streams(max).handshake(stream).await;
    let Ok(mut connection): Result<Connection<_, Bytes>, _> = built else { return };
    let now = Arc::new(AtomicUsize::new(0));
    while let Some(Ok(stream)) = connection.accept().await {
        let now = Arc::clone(&now);
        most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        let answered = answer(stream);
        tokio::spawn(async move {
            answered.await;
            now.fetch_sub(1, Ordering::SeqCst);
        });
    }
}

/// Says 200 and sends the request's body back.
async fn echo((request, mut respond): Stream) {
    let mut body = request.into_body();
    let Ok(mut response) = respond.send_response(http::Response::new(()), false) else { return };
    while let Some(Ok(data)) = body.data().await {
        let _ = body.flow_control().release_capacity(data.len());
        // An empty frame says nothing, and h2 bears few of them.
        if !data.is_empty() && response.send_data(data, false).is_err() {
            return;
        }
    }
    let _ = response.send_data(Bytes::new(), true);
}

#[test]
fn requests_share_one_connection() {
    let server = Server::start(100, echo);
    let client = prior_knowledge().build().unwrap();
    let address = server.address;
    let for_threads = Arc::clone(&client);
    ends(move || {
        thread::scope(|scope| {
            for number in 0..20usize {
                let client = &for_threads;
                scope.spawn(move || {
                    for _ in 0..20 {
                        let mut post = request(client, "POST", address);
                        let body = Bytes::from(vec![number as u8; 1000 * number]);
                        post.set_bytes(body.clone());
                        let response = send(client, post).unwrap();
                        assert_eq!(response.content().unwrap(), &body);
                        assert_eq!(response.head().version(), "HTTP/2");
                    }
                });
            }
        });
    });
    assert_eq!(server.connections.load(Ordering::SeqCst), 1);
    let counts = client.counts();
    assert_eq!((counts.active, counts.idle, counts.waiting, counts.requests), (0, 1, 0, 0));
}

#[test]
fn no_more_streams_are_open_than_the_server_allows() {
    let server = Server::start(3, echo);
    let client = prior_knowledge().build().unwrap();
    let address = server.address;
    let for_threads: Arc<Client> = Arc::clone(&client);
    ends(move || {
        thread::scope(|scope| {
            for _ in 0..10 {
                scope.spawn(|| {
                    for _ in 0..10 {
                        send(&for_threads, request(&for_threads, "GET", address)).unwrap();
                    }
                });
            }
        });
    });
    assert!(server.most_at_once.load(Ordering::SeqCst) <= 3);
    assert_eq!(server.connections.load(Ordering::SeqCst), 1);
}

#[test]
fn a_large_body_goes_both_ways_at_once() {
    let server = Server::start(100, echo);
    let client = prior_knowledge().build().unwrap();
    let body = Bytes::from((0..8 << 20).map(|byte| (byte % 251) as u8).collect::<Vec<_>>());
    let mut post = request(&client, "POST", server.address);
    post.set_bytes(body.clone());
    let response = ends(move || send(&client, post).unwrap());
    assert_eq!(response.content().unwrap(), &body);
}

#[test]
fn a_refused_stream_is_sent_again() {
    let refusals = Arc::new(Mutex::new(2));
    let left = Arc::clone(&refusals);
    let server = Server::start(100, move |(request, mut respond): Stream| {
        let refuse = {
            let mut left = left.lock().unwrap();
            *left -= i32::from(*left > 0);
            *left > 0
        };
        async move {
            match refuse {
                true => respond.send_reset(h2::Reason::REFUSED_STREAM),
                false => echo((request, respond)).await,
            }
        }
    });
    let client = prior_knowledge().build().unwrap();
    let mut post = request(&client, "POST", server.address);
    post.set_bytes(Bytes::from_static(b"once"));
    let response = ends(move || send(&client, post).unwrap());
    assert_eq!(response.content().unwrap(), "once");
}

#[test]
fn a_reset_stream_is_an_error_and_the_connection_goes_on() {
    let server = Server::start(100, |(request, mut respond): Stream| async move {
        match request.uri().path() {
            "/reset" => respond.send_reset(h2::Reason::ENHANCE_YOUR_CALM),
            _ => echo((request, respond)).await,
        }
    });
    let client = prior_knowledge().build().unwrap();
    let url = format!("http://{}/reset", server.address);
    let error = send(&client, client.build_request("GET", &url).unwrap()).err().unwrap();
    assert_eq!(error.code(), Code::REMOTE_PROTOCOL_ERROR);
    assert_eq!(error.message(), "<StreamReset stream_id:1, error_code:11, remote_reset:True>");
    assert_eq!(error.h2_code(), Some(11));
    assert_eq!(send(&client, request(&client, "GET", server.address)).unwrap().head().stream_id(), Some(3));
    assert_eq!(server.connections.load(Ordering::SeqCst), 1);
}
