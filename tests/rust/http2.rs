//! HTTP/2 with servers made of the h2 crate, and over TLS.

use std::io::Write;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{mpsc, Arc, Barrier, Mutex};
use std::thread;

use bytes::Bytes;
use h2::server::{Connection, SendResponse};
use h2::RecvStream;
use httpx::error::Code;
use httpx::httpx::{Client, Request};
use tokio::net::{TcpListener, TcpStream};

use crate::http2_peer::{by_alpn, prior_knowledge, tls_server, Peer, Tls, HEADERS};
use crate::support::{ends, ok_server, read_head, request, send, OK};

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
fn no_more_streams_are_open_than_a_library_allows() {
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
fn uploads_at_once_share_the_connections_window() {
    let server = Server::start(100, echo);
    let client = prior_knowledge().build().unwrap();
    let address = server.address;
    let for_threads = Arc::clone(&client);
    ends(move || {
        thread::scope(|scope| {
            for number in 0..8u8 {
                let client = &for_threads;
                scope.spawn(move || {
                    let mut post = request(client, "POST", address);
                    let body = Bytes::from(vec![number; 1 << 20]);
                    post.set_bytes(body.clone());
                    assert_eq!(send(client, post).unwrap().content().unwrap(), &body);
                });
            }
        });
    });
    assert_eq!(server.connections.load(Ordering::SeqCst), 1);
    let counts = client.counts();
    assert_eq!((counts.active, counts.idle, counts.waiting, counts.requests), (0, 1, 0, 0));
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
    assert_eq!(error.code(), Code::STREAM_RESET);
    assert_eq!(error.message(), "<StreamReset stream_id:1, error_code:11, remote_reset:True>");
    assert_eq!(error.h2_code(), Some(11));
    assert_eq!(send(&client, request(&client, "GET", server.address)).unwrap().head().stream_id(), Some(3));
    assert_eq!(server.connections.load(Ordering::SeqCst), 1);
}

// ---- J05: what a request becomes ----

#[test]
fn a_requests_head_is_put_in_http2s_words() {
    let (tell, told) = mpsc::channel();
    let server = Server::start(100, move |(request, mut respond): Stream| {
        let (head, _) = request.into_parts();
        tell.send(head).unwrap();
        async move {
            let _ = respond.send_response(http::Response::new(()), true);
        }
    });
    let client = prior_knowledge().build().unwrap();
    let mut put = client.build_request("PUT", &format!("http://{}/a%20b?c=d", server.address)).unwrap();
    for (name, value) in [
        ("X-Upper", "Case"),
        ("X-Space", "in between"),
        ("Cookie", "a=1; b=2"),
        ("Connection", "keep-alive, x"),
        ("Keep-Alive", "timeout=5"),
        ("Proxy-Connection", "close"),
        ("Upgrade", "websocket"),
        ("TE", "gzip"),
        ("te", "Trailers"),
        ("Transfer-Encoding", "chunked"),
        ("X-Upper", "twice"),
    ] {
        put.headers.add(name.as_bytes(), value.as_bytes()).unwrap();
    }
    put.settle_headers();
    ends(move || send(&client, put).unwrap());
    let head = told.recv().unwrap();
    assert_eq!(head.method, "PUT");
    assert_eq!(head.uri.to_string(), format!("http://{}/a%20b?c=d", server.address));
    let sent: Vec<_> = head.headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
    let agent = concat!("libhttpx/", env!("CARGO_PKG_VERSION"));
    let expected = [
        ("accept", "*/*"),
        ("accept-encoding", "gzip, deflate, br, zstd"),
        ("user-agent", agent),
        ("x-upper", "Case"),
        ("x-upper", "twice"),
        ("x-space", "in between"),
        ("cookie", "a=1; b=2"),
        ("te", "trailers"),
    ];
    assert_eq!(sent, expected);
}

#[test]
fn what_http2_cannot_carry_is_not_sent() {
    let server = Server::start(100, echo);
    let client = prior_knowledge().build().unwrap();
    let address = server.address;
    ends(move || {
        let mut without_host = request(&client, "GET", address);
        without_host.headers.remove(b"Host");
        let error = send(&client, without_host).err().unwrap();
        assert_eq!(error.code(), Code::LOCAL_PROTOCOL_ERROR);
        assert_eq!(error.message(), "Missing mandatory 'Host:' header");
        let mut many = request(&client, "GET", address);
        for _ in 0..40_000 {
            many.headers.add(b"a", b"b").unwrap();
        }
        // As many as go into a head, or an error; and the connection serves on.
        let _ = send(&client, many);
        send(&client, request(&client, "GET", address)).unwrap();
    });
}

// ---- J01, J02, J03: who speaks HTTP/2 ----

fn secure(client: &Client, address: SocketAddr) -> Request {
    client.build_request("GET", &format!("https://{address}/")).unwrap()
}

/// Answers requests in HTTP/2 with their connection's number.
fn answer_in_http2(stream: Tls, number: usize) {
    let mut peer = Peer::greeted(stream);
    while let Some(head) = peer.next(HEADERS) {
        peer.answer(head.stream, number.to_string().as_bytes());
    }
}

#[test]
fn http2_is_spoken_to_those_who_choose_it() {
    let address = tls_server(&["h2", "http/1.1"], answer_in_http2);
    ends(move || {
        let client = by_alpn().build().unwrap();
        let response = send(&client, secure(&client, address)).unwrap();
        assert_eq!((response.head().version(), response.head().stream_id()), ("HTTP/2", Some(1)));
        assert!(response.head().connection().http2);
    });
}

#[test]
fn http1_is_spoken_to_those_who_choose_that_or_nothing() {
    for protocols in [&["http/1.1"][..], &[]] {
        let address = tls_server(protocols, |mut stream, _| {
            while read_head(&mut stream).is_some() {
                stream.write_all(OK.as_bytes()).unwrap();
            }
        });
        ends(move || {
            let client = by_alpn().build().unwrap();
            let response = send(&client, secure(&client, address)).unwrap();
            assert_eq!((response.head().version(), response.head().stream_id()), ("HTTP/1.1", None));
        });
    }
}

#[test]
fn http_urls_are_http1_unless_that_is_ruled_out() {
    let http1 = ok_server();
    let http2 = Server::start(100, echo);
    let address = http2.address;
    ends(move || {
        let client = by_alpn().build().unwrap();
        assert_eq!(send(&client, request(&client, "GET", http1)).unwrap().head().version(), "HTTP/1.1");
        let client = prior_knowledge().build().unwrap();
        assert_eq!(send(&client, request(&client, "GET", address)).unwrap().head().version(), "HTTP/2");
    });
}

#[test]
fn an_http_url_is_not_upgraded() {
    let (tell, told) = mpsc::channel();
    let address = crate::support::server(move |mut stream, _| {
        tell.send(read_head(&mut stream).unwrap().to_lowercase()).unwrap();
        stream.write_all(OK.as_bytes()).unwrap();
    });
    let client = by_alpn().build().unwrap();
    assert_eq!(send(&client, request(&client, "GET", address)).unwrap().head().version(), "HTTP/1.1");
    let head = told.recv().unwrap();
    assert!(!head.contains("upgrade") && !head.contains("http2-settings"), "{head}");
}

#[test]
fn h2_is_offered_first_and_only_what_is_spoken() {
    for (http1, http2, offered) in
        [(true, true, &["h2", "http/1.1"][..]), (false, true, &["h2"]), (true, false, &["http/1.1"])]
    {
        let (tell, told) = mpsc::channel();
        let address = crate::support::server(move |mut stream, _| {
            let mut acceptor = rustls::server::Acceptor::default();
            let hello = loop {
                acceptor.read_tls(&mut stream).unwrap();
                if let Some(accepted) = acceptor.accept().map_err(|(error, _)| error).unwrap() {
                    break accepted;
                }
            };
            let offered = hello.client_hello().alpn().into_iter().flatten();
            let offered: Vec<_> = offered.map(|name| String::from_utf8(name.to_vec()).unwrap()).collect();
            tell.send(offered).unwrap();
        });
        ends(move || {
            let mut builder = by_alpn();
            (builder.http1, builder.http2) = (http1, http2);
            let client = builder.build().unwrap();
            assert!(send(&client, secure(&client, address)).is_err());
            assert_eq!(told.recv().unwrap(), offered);
        });
    }
}

// ---- H09: who shares a connection that is not made yet ----

#[test]
fn those_who_come_while_a_connection_is_made_share_it() {
    let all = 8;
    let client = by_alpn().build().unwrap();
    let waiting = Arc::clone(&client);
    // Nobody is let in before all have come.
    let address = tls_server(&["h2"], move |stream, number| {
        while waiting.counts().waiting + 1 < all {
            thread::yield_now();
        }
        answer_in_http2(stream, number);
    });
    ends(move || {
        thread::scope(|scope| {
            for _ in 0..all {
                scope.spawn(|| {
                    let response = send(&client, secure(&client, address)).unwrap();
                    assert_eq!(response.content().unwrap(), "0");
                });
            }
        });
    });
}

#[test]
fn those_who_hoped_to_share_get_their_own_when_it_is_http1() {
    let all = 4;
    let client = by_alpn().build().unwrap();
    let waiting = Arc::clone(&client);
    let together = Arc::new(Barrier::new(all));
    let address = tls_server(&["http/1.1"], move |mut stream, number| {
        while number == 0 && waiting.counts().waiting + 1 < all {
            thread::yield_now();
        }
        read_head(&mut stream).unwrap();
        // Answered only when each has a connection.
        together.wait();
        stream.write_all(OK.as_bytes()).unwrap();
        while read_head(&mut stream).is_some() {}
    });
    ends(move || {
        thread::scope(|scope| {
            for _ in 0..all {
                scope.spawn(|| assert_eq!(send(&client, secure(&client, address)).unwrap().content().unwrap(), "ok"));
            }
        });
    });
}

// ---- J12 ----

#[test]
fn a_server_that_ends_tls_without_saying_so_has_disconnected() {
    let address = tls_server(&["h2"], |stream, number| {
        let mut peer = Peer::greeted(stream);
        let first = peer.request();
        match number {
            0 => {
                peer.headers(first, &[(":status", "200")], 0);
                peer.data(first, b"half", 0);
            }
            _ => peer.answer(first, b"whole"),
        }
        // The socket's end, and not TLS's.
        peer.hang_up();
    });
    ends(move || {
        let client = by_alpn().build().unwrap();
        let error = send(&client, secure(&client, address)).err().unwrap();
        assert_eq!(error.code(), Code::INCOMPLETE_BODY);
        assert_eq!(send(&client, secure(&client, address)).unwrap().content().unwrap(), "whole");
    });
}
