//! The pool: who gets which connection, who waits, in which order, and what is kept (checklist H).

use std::future::Future;
use std::io::Write;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{mpsc, Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use bytes::Bytes;
use h2::server::SendResponse;
use h2::RecvStream;
use httpx::error::{Code, Error};
use httpx::httpcore::{Activity, ConnectionSnapshot, Limits};
use httpx::httpx::{Client, ClientBuilder, Proxy, Response, SendOptions, Timeout, Unit};
use tokio::sync::Semaphore;

use crate::support::{
    answering, dispatch_all, ends, read_head, read_to_end, request, send, server, submit, TestQueue, OK, PATIENCE,
};
use crate::transport_faults::{stream, tls_server};

fn client(change: impl FnOnce(&mut ClientBuilder)) -> Arc<Client> {
    let mut builder = ClientBuilder::default();
    // What these tests wait for takes as long as it takes.
    builder.timeouts.pool = Some(PATIENCE);
    builder.timeouts.read = Some(PATIENCE);
    change(&mut builder);
    builder.build().unwrap()
}

/// A client with room for so many connections.
fn with_room_for(connections: usize) -> Arc<Client> {
    client(|builder| builder.limits.max_connections = Some(connections))
}

/// A client with prior knowledge of HTTP/2.
fn speaking_http2(change: impl FnOnce(&mut ClientBuilder)) -> Arc<Client> {
    client(|builder| {
        (builder.http1, builder.http2) = (false, true);
        change(builder);
    })
}

fn get(client: &Arc<Client>, address: SocketAddr, path: &str) -> Result<Response, Error> {
    send(client, client.build_request("GET", &format!("http://{address}{path}")).unwrap())
}

fn get_on_a_thread(
    client: &Arc<Client>,
    address: SocketAddr,
    path: &'static str,
) -> JoinHandle<Result<Response, Error>> {
    let client = Arc::clone(client);
    thread::spawn(move || get(&client, address, path))
}

fn until(what: impl Fn() -> bool) {
    let begun = Instant::now();
    while !what() {
        assert!(begun.elapsed() < PATIENCE, "it does not come to pass");
        thread::yield_now();
    }
}

fn counts(client: &Client) -> (usize, usize, usize) {
    let counts = client.counts();
    (counts.active, counts.idle, counts.waiting)
}

fn end<T: Send + 'static>(thread: JoinHandle<T>) -> T {
    ends(move || thread.join().unwrap())
}

/// A server that counts its connections and tells of each that has ended. Every request gets OK; `/hold` has to wait
/// until the gate lets one go.
struct Gated {
    address: SocketAddr,
    accepted: Arc<AtomicUsize>,
    ended: mpsc::Receiver<usize>,
    seen: Arc<Mutex<Vec<String>>>,
    open: mpsc::Sender<()>,
}

fn gated() -> Gated {
    let (open, gate) = mpsc::channel();
    let (tell, ended) = mpsc::channel();
    let gate = Mutex::new(gate);
    let tell = Mutex::new(tell);
    let accepted = Arc::new(AtomicUsize::new(0));
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (counted, noted) = (Arc::clone(&accepted), Arc::clone(&seen));
    let address = server(move |mut stream, number| {
        counted.fetch_add(1, Ordering::SeqCst);
        while let Some(head) = read_head(&mut stream) {
            let path = head.split(' ').nth(1).unwrap().to_owned();
            let hold = path == "/hold";
            noted.lock().unwrap().push(path);
            if hold && gate.lock().unwrap().recv().is_err() {
                return;
            }
            if stream.write_all(OK.as_bytes()).is_err() {
                break;
            }
        }
        let _ = tell.lock().unwrap().send(number);
    });
    Gated { address, accepted, ended, seen, open }
}

impl Gated {
    fn has_seen(&self, requests: usize) -> bool {
        self.seen.lock().unwrap().len() == requests
    }
}

/// A server with HTTP/2, as [`Gated`]. `/end` ends the connection without an answer, once.
struct Gated2 {
    address: SocketAddr,
    accepted: Arc<AtomicUsize>,
    gate: Arc<Semaphore>,
    seen: Arc<AtomicUsize>,
}

fn gated2(max_streams: u32) -> Gated2 {
    let gated = Gated2 {
        address: SocketAddr::from(([127, 0, 0, 1], 0)),
        accepted: Arc::default(),
        gate: Arc::new(Semaphore::new(0)),
        seen: Arc::default(),
    };
    let listener = TcpListener::bind(gated.address).unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    let (accepted, gate, seen) = (Arc::clone(&gated.accepted), Arc::clone(&gated.gate), Arc::clone(&gated.seen));
    let ended = Arc::new(AtomicBool::new(false));
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            while let Ok((stream, _)) = listener.accept().await {
                accepted.fetch_add(1, Ordering::SeqCst);
                let (gate, seen, ended) = (Arc::clone(&gate), Arc::clone(&seen), Arc::clone(&ended));
                tokio::spawn(async move {
                    let built = h2::server::Builder::new().max_concurrent_streams(max_streams).handshake(stream).await;
                    let mut connection: h2::server::Connection<_, Bytes> = built.unwrap();
                    while let Some(Ok((request, respond))) = connection.accept().await {
                        seen.fetch_add(1, Ordering::SeqCst);
                        if request.uri().path() == "/end" && !ended.swap(true, Ordering::SeqCst) {
                            return;
                        }
                        tokio::spawn(answer(request, respond, Arc::clone(&gate)));
                    }
                });
            }
        });
    });
    Gated2 { address, ..gated }
}

async fn answer(request: http::Request<RecvStream>, mut respond: SendResponse<Bytes>, gate: Arc<Semaphore>) {
    if request.uri().path() == "/hold" {
        gate.acquire().await.unwrap().forget();
    }
    if let Ok(mut body) = respond.send_response(http::Response::new(()), false) {
        let _ = body.send_data(Bytes::from_static(b"ok"), true);
    }
}

#[test]
fn the_defaults_are_httpxs() {
    let limits = Limits {
        max_connections: Some(100),
        max_per_host: None,
        max_keepalive: Some(20),
        keepalive_expiry: Some(Duration::from_secs(5)),
    };
    assert_eq!((Limits::default(), ClientBuilder::default().limits), (limits, limits));
}

#[test]
fn no_more_connections_are_idle_than_may_be_kept_or_there_may_be() {
    let addresses: Vec<_> = (0..4).map(|_| answering(OK)).collect();
    for (max_connections, max_keepalive, idle) in
        [(10, Some(2), 2), (3, Some(20), 3), (10, Some(0), 0), (10, None, 4), (10, Some(20), 4)]
    {
        let client = client(|builder| {
            builder.limits.max_connections = Some(max_connections);
            builder.limits.max_keepalive = max_keepalive;
        });
        for address in &addresses {
            get(&client, *address, "/").unwrap();
        }
        assert_eq!(counts(&client), (0, idle, 0));
    }
}

#[test]
fn connections_that_are_in_use_do_not_count_as_kept() {
    let address = answering(OK);
    let client = client(|builder| builder.limits.max_keepalive = Some(1));
    let open: Vec<_> = (0..3).map(|_| stream(&client, request(&client, "GET", address))).collect();
    get(&client, address, "/").unwrap();
    assert_eq!(counts(&client), (3, 1, 0));
    for mut response in open {
        client.block_on(|call| async move { response.read(&call).await }).unwrap();
    }
    assert_eq!(counts(&client), (0, 1, 0));
}

#[test]
fn a_request_takes_an_idle_connection_then_room_then_the_place_of_the_oldest_idle_one() {
    let servers = [gated(), gated(), gated()];
    let client = with_room_for(2);
    for server in [0, 0, 1, 0, 1] {
        get(&client, servers[server].address, "/").unwrap();
    }
    assert_eq!(servers.each_ref().map(|server| server.accepted.load(Ordering::SeqCst)), [1, 1, 0]);
    // The first one's connection has been idle for longer.
    get(&client, servers[2].address, "/").unwrap();
    assert_eq!(servers[0].ended.recv_timeout(PATIENCE).unwrap(), 0);
    assert_eq!(servers.each_ref().map(|server| server.accepted.load(Ordering::SeqCst)), [1, 1, 1]);
    assert_eq!(counts(&client), (0, 2, 0));
}

#[test]
fn those_who_wait_are_served_in_the_order_of_their_arrival() {
    let server = gated();
    let client = with_room_for(1);
    let mut threads = vec![get_on_a_thread(&client, server.address, "/hold")];
    until(|| server.has_seen(1));
    for (number, path) in ["/1", "/2", "/3", "/4", "/5"].into_iter().enumerate() {
        threads.push(get_on_a_thread(&client, server.address, path));
        until(|| client.counts().waiting == number + 1);
    }
    server.open.send(()).unwrap();
    for thread in threads {
        end(thread).unwrap();
    }
    assert_eq!(*server.seen.lock().unwrap(), ["/hold", "/1", "/2", "/3", "/4", "/5"]);
    assert_eq!(server.accepted.load(Ordering::SeqCst), 1);
}

#[test]
fn an_origin_at_its_limit_holds_up_no_other() {
    let (full, other) = (gated(), answering(OK));
    let client = client(|builder| builder.limits.max_per_host = Some(2));
    let threads: Vec<_> = (0..5).map(|_| get_on_a_thread(&client, full.address, "/hold")).collect();
    until(|| full.has_seen(2) && client.counts().waiting == 3);
    get(&client, other, "/").unwrap();
    for _ in 0..5 {
        full.open.send(()).unwrap();
    }
    for thread in threads {
        end(thread).unwrap();
    }
    assert_eq!(full.accepted.load(Ordering::SeqCst), 2);
}

#[test]
fn a_stream_is_taken_though_another_origin_waits_for_room_since_longer() {
    let (server, other) = (gated2(2), gated2(2));
    let client = speaking_http2(|builder| builder.limits.max_connections = Some(1));
    get(&client, server.address, "/").unwrap();
    let mut threads: Vec<_> = (0..2).map(|_| get_on_a_thread(&client, server.address, "/hold")).collect();
    until(|| server.seen.load(Ordering::SeqCst) == 3);
    let outside = get_on_a_thread(&client, other.address, "/");
    until(|| client.counts().waiting == 1);
    threads.push(get_on_a_thread(&client, server.address, "/hold"));
    until(|| client.counts().waiting == 2);
    server.gate.add_permits(1);
    until(|| server.seen.load(Ordering::SeqCst) == 4);
    assert_eq!(counts(&client), (1, 0, 1));
    server.gate.add_permits(2);
    for thread in threads {
        end(thread).unwrap();
    }
    end(outside).unwrap();
}

#[test]
fn each_free_connection_wakes_one_of_those_who_wait() {
    const WAITING: usize = 200;
    let address = answering(OK);
    let client = with_room_for(1);
    let queue = TestQueue::new().unwrap();
    let (told, polls) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    for _ in 0..WAITING {
        let (count, polls) = (Arc::clone(&told), Arc::clone(&polls));
        let done = Box::new(move |answer: Result<Vec<u8>, Error>| {
            assert_eq!(answer.unwrap(), b"ok");
            count.fetch_add(1, Ordering::SeqCst);
        });
        let sending = client.send(Arc::new(request(&client, "GET", address)), SendOptions::default()).unwrap();
        let submitted = submit(&queue, done, |call| async move {
            let mut run = Box::pin(sending.run(call));
            let response = std::future::poll_fn(|cx| {
                polls.fetch_add(1, Ordering::SeqCst);
                run.as_mut().poll(cx)
            })
            .await?;
            Ok(response.content()?.to_vec())
        });
        assert!(submitted.is_some());
    }
    dispatch_all(&queue, || told.load(Ordering::SeqCst) == WAITING);
    queue.close();
    // One to join, one for the place, and a few for the socket.
    let polls = polls.load(Ordering::SeqCst);
    assert!(polls < 10 * WAITING, "{polls} polls of {WAITING} requests");
}

#[test]
fn an_idle_connection_that_has_ended_or_spoken_is_not_used() {
    for unasked in [&b""[..], b"HTTP/1.1 408 Request Timeout\r\n\r\n"] {
        let (tell, told) = mpsc::channel();
        let (ask, asked) = mpsc::channel();
        let asked = Mutex::new(asked);
        let address = server(move |mut stream, number| {
            while read_head(&mut stream).is_some() {
                stream.write_all(OK.as_bytes()).unwrap();
                if number == 0 {
                    asked.lock().unwrap().recv().unwrap();
                    stream.write_all(unasked).unwrap();
                    if unasked.is_empty() {
                        stream.shutdown(Shutdown::Write).unwrap();
                    }
                    tell.send(()).unwrap();
                }
            }
        });
        let client = client(|_| {});
        get(&client, address, "/").unwrap();
        ask.send(()).unwrap();
        told.recv().unwrap();
        // Not one that would be sent again.
        assert_eq!(send(&client, request(&client, "POST", address)).unwrap().content().unwrap(), "ok");
        assert_eq!(counts(&client), (0, 1, 0));
    }
}

#[test]
fn an_idle_connection_is_not_used_after_its_time() {
    let server = gated();
    let brief = Duration::from_millis(2);
    let client = client(|builder| builder.limits.keepalive_expiry = Some(brief));
    get(&client, server.address, "/").unwrap();
    let begun = Instant::now();
    until(|| begun.elapsed() > brief);
    get(&client, server.address, "/").unwrap();
    assert_eq!(server.accepted.load(Ordering::SeqCst), 2);

    let server = gated2(10);
    let client = speaking_http2(|builder| builder.limits.keepalive_expiry = Some(brief));
    get(&client, server.address, "/").unwrap();
    let begun = Instant::now();
    until(|| begun.elapsed() > brief);
    get(&client, server.address, "/").unwrap();
    assert_eq!(server.accepted.load(Ordering::SeqCst), 2);
}

#[test]
fn the_server_says_how_long_it_keeps_an_idle_connection() {
    for (says, idle) in [("timeout=0", 0), ("max=5, Timeout = 0", 0), ("timeout=100", 1), ("timeout=x", 1), ("", 1)] {
        let answer = format!("HTTP/1.1 200 OK\r\nKeep-Alive: {says}\r\nContent-Length: 2\r\n\r\nok");
        let address = answering(answer.leak());
        let client = client(|_| {});
        get(&client, address, "/").unwrap();
        assert_eq!(client.counts().idle, idle, "{says}");
    }
}

#[test]
fn only_a_complete_exchange_leaves_a_connection_for_another() {
    for (answer, idle) in [
        (OK, 1),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", 1),
        ("HTTP/1.1 204 No Content\r\n\r\n", 1),
        ("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", 0),
        ("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", 0),
    ] {
        let client = client(|_| {});
        let address = answering(answer);
        get(&client, address, "/").unwrap();
        assert_eq!(client.counts().idle, idle, "{answer}");
        let unread = stream(&client, request(&client, "GET", address));
        assert_eq!(counts(&client), (1, 0, 0), "{answer}");
        drop(unread);
        // Nothing is left of what was not read to its end.
        assert_eq!(client.counts().active, 0, "{answer}");
        if answer == OK {
            assert_eq!(client.counts().idle, 0);
        }
    }
    // Ended by the connection's end.
    let client = client(|_| {});
    let address = server(|mut stream, _| {
        read_head(&mut stream).unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\nok").unwrap();
    });
    assert_eq!(get(&client, address, "/").unwrap().content().unwrap(), "ok");
    assert_eq!(counts(&client), (0, 0, 0));
}

#[test]
fn origins_that_differ_in_their_port_share_nothing() {
    let servers = [gated(), gated()];
    let client = client(|_| {});
    for server in &servers {
        get(&client, server.address, "/").unwrap();
    }
    assert_eq!(servers.each_ref().map(|server| server.accepted.load(Ordering::SeqCst)), [1, 1]);
}

#[test]
fn origins_that_differ_in_their_name_share_nothing_although_they_are_one_server() {
    let server = gated();
    let client = client(|_| {});
    for host in ["127.0.0.1", "localhost", "LOCALHOST", "127.0.0.1"] {
        let url = format!("http://{host}:{}/", server.address.port());
        send(&client, client.build_request("GET", &url).unwrap()).unwrap();
    }
    assert_eq!(server.accepted.load(Ordering::SeqCst), 2);
}

#[test]
fn web_sockets_schemes_mean_https_and_http() {
    let server = gated();
    let client = client(|_| {});
    get(&client, server.address, "/").unwrap();
    send(&client, client.build_request("GET", &format!("ws://{}/", server.address)).unwrap()).unwrap();
    // Another origin nevertheless, as in httpcore: a proxy would open a tunnel for it.
    assert_eq!(server.accepted.load(Ordering::SeqCst), 2);
    for (url, message) in [
        ("example.org/", "Request URL is missing an 'http://' or 'https://' protocol."),
        ("ftp://example.org/", "Request URL has an unsupported protocol 'ftp://'."),
    ] {
        let error = client.build_request("GET", url).and_then(|request| send(&client, request)).err().unwrap();
        assert_eq!((error.code(), error.message()), (Code::UNSUPPORTED_PROTOCOL, message));
    }
}

#[test]
fn those_who_hoped_for_a_shared_connection_go_on_when_it_is_none() {
    let accepted = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&accepted);
    let address = tls_server(move |mut stream, _| {
        counted.fetch_add(1, Ordering::SeqCst);
        while read_head(&mut stream).is_some() {
            stream.write_all(OK.as_bytes()).unwrap();
        }
    });
    let client = client(|builder| {
        (builder.http2, builder.tls.verify) = (true, false);
    });
    let threads: Vec<_> = (0..6)
        .map(|_| {
            let client = Arc::clone(&client);
            thread::spawn(move || send(&client, client.build_request("GET", &format!("https://{address}/")).unwrap()))
        })
        .collect();
    for thread in threads {
        assert_eq!(end(thread).unwrap().head().version(), "HTTP/1.1");
    }
    assert_eq!((client.counts().active, client.counts().waiting), (0, 0));
}

/// A server that accepts, counts, and does nothing more before it ends them all.
struct Mute {
    address: SocketAddr,
    accepted: Arc<Mutex<Vec<TcpStream>>>,
}

fn mute() -> Mute {
    let accepted = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&accepted);
    let address = server(move |stream, _| kept.lock().unwrap().push(stream));
    Mute { address, accepted }
}

#[test]
fn when_a_shared_connection_cannot_be_made_all_who_waited_for_it_try_at_once() {
    let mute = mute();
    let client = client(|builder| {
        (builder.http2, builder.tls.verify) = (true, false);
        builder.timeouts.connect = Some(PATIENCE);
    });
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let (client, address) = (Arc::clone(&client), mute.address);
            thread::spawn(move || send(&client, client.build_request("GET", &format!("https://{address}/")).unwrap()))
        })
        .collect();
    until(|| mute.accepted.lock().unwrap().len() == 1 && client.counts().waiting == 3);
    mute.accepted.lock().unwrap().clear();
    until(|| mute.accepted.lock().unwrap().len() == 3);
    mute.accepted.lock().unwrap().clear();
    for thread in threads {
        assert!(end(thread).is_err_and(|error| error.is_a(Code::CONNECT_ERROR)));
    }
    assert_eq!(counts(&client), (0, 0, 0));
}

#[test]
fn a_connection_whose_maker_nobody_drives_does_not_keep_others_from_making_one() {
    // The first one never gets an answer to its handshake.
    let address = tls_server(|mut stream, number| match number {
        0 => thread::park(),
        _ => {
            while read_head(&mut stream).is_some() {
                stream.write_all(OK.as_bytes()).unwrap();
            }
        }
    });
    let client = client(|builder| {
        (builder.http2, builder.tls.verify) = (true, false);
        builder.timeouts.connect = None;
    });
    let url = format!("https://{address}/");
    let queue = TestQueue::new().unwrap();
    let sending = Arc::new(client.build_request("GET", &url).unwrap());
    let sending = client.send(sending, SendOptions::default()).unwrap();
    let submitted = submit(&queue, Box::new(|_| {}), |call| async move {
        sending.run(call).await?;
        Ok(Vec::new())
    });
    assert!(submitted.is_some());
    until(|| {
        queue.dispatch(Some(Duration::ZERO), usize::MAX, crate::support::tell).unwrap();
        client.counts().active == 1
    });
    let blocking = Arc::clone(&client);
    let answered = ends(move || send(&blocking, blocking.build_request("GET", &url).unwrap()));
    assert_eq!(answered.unwrap().content().unwrap(), "ok");
    queue.close();
    assert_eq!(counts(&client), (0, 1, 0));
}

#[test]
fn who_waits_for_room_is_served_though_others_gave_up_where_the_origin_was_full() {
    let (server, other) = (gated(), gated());
    let client = client(|builder| {
        builder.limits.max_connections = Some(1);
        builder.limits.max_per_host = Some(1);
    });
    // Waits for a connection to its own origin, and gives up.
    let holding = get_on_a_thread(&client, server.address, "/hold");
    until(|| server.has_seen(1));
    let mut hasty = request(&client, "GET", server.address);
    hasty.set_timeouts([Timeout::Unset, Timeout::Unset, Timeout::Unset, Timeout::Set(Some(Duration::from_millis(1)))]);
    assert_eq!(send(&client, hasty).err().unwrap().code(), Code::POOL_TIMEOUT);
    server.open.send(()).unwrap();
    end(holding).unwrap();
    // Now the room is another origin's.
    let holding = get_on_a_thread(&client, other.address, "/hold");
    until(|| other.has_seen(1));
    let waiting = get_on_a_thread(&client, server.address, "/");
    until(|| client.counts().waiting == 1);
    other.open.send(()).unwrap();
    end(holding).unwrap();
    end(waiting).unwrap();
}

#[test]
fn a_request_that_waits_dials_or_runs_leaves_nothing_when_it_is_cancelled() {
    let (mute, server) = (mute(), gated());
    let client = client(|builder| {
        builder.tls.verify = false;
        builder.limits.max_connections = Some(2);
        builder.timeouts.connect = None;
    });
    let queue = TestQueue::new().unwrap();
    let submit_get = |url: String| {
        let sending = Arc::new(client.build_request("GET", &url).unwrap());
        let sending = client.send(sending, SendOptions::default()).unwrap();
        submit(&queue, Box::new(|_| {}), |call| async move {
            sending.run(call).await?;
            Ok(Vec::new())
        })
        .unwrap()
    };
    let dispatch = || queue.dispatch(Some(Duration::ZERO), usize::MAX, crate::support::tell).unwrap();
    let dials = submit_get(format!("https://{}/", mute.address));
    let runs = submit_get(format!("http://{}/hold", server.address));
    until(|| {
        dispatch();
        server.has_seen(1)
    });
    let waits = submit_get(format!("http://{}/", server.address));
    until(|| {
        dispatch();
        client.counts().waiting == 1
    });
    assert_eq!(counts(&client), (2, 0, 1));
    waits.cancel();
    assert_eq!(counts(&client), (2, 0, 0));
    dials.cancel();
    assert_eq!(counts(&client), (1, 0, 0));
    runs.cancel();
    assert_eq!(counts(&client), (0, 0, 0));
    queue.close();
    get(&client, server.address, "/").unwrap();
}

#[test]
fn closing_ends_those_who_wait_and_those_who_run() {
    let server = gated();
    let client = with_room_for(1);
    let running = get_on_a_thread(&client, server.address, "/hold");
    until(|| server.has_seen(1));
    let waiting: Vec<_> = (0..3).map(|_| get_on_a_thread(&client, server.address, "/")).collect();
    until(|| client.counts().waiting == 3);
    client.close(Some(Duration::ZERO)).unwrap();
    for thread in waiting.into_iter().chain([running]) {
        assert_eq!(end(thread).err().unwrap().code(), Code::CLIENT_CLOSED);
    }
    assert_eq!(counts(&client), (0, 0, 0));

    let server = gated2(10);
    let client = speaking_http2(|_| {});
    let running: Vec<_> = (0..3).map(|_| get_on_a_thread(&client, server.address, "/hold")).collect();
    until(|| server.seen.load(Ordering::SeqCst) == 3);
    client.close(Some(Duration::ZERO)).unwrap();
    for thread in running {
        assert_eq!(end(thread).err().unwrap().code(), Code::CLIENT_CLOSED);
    }
    assert_eq!(counts(&client), (0, 0, 0));
}

#[test]
fn a_connection_that_ends_under_a_request_is_replaced_once() {
    // Answers once on each connection, and ends it only when the next request is there.
    let accepted = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&accepted);
    let address = server(move |mut stream, _| {
        counted.fetch_add(1, Ordering::SeqCst);
        read_head(&mut stream).unwrap();
        stream.write_all(OK.as_bytes()).unwrap();
        read_head(&mut stream);
    });
    let client = client(|_| {});
    for _ in 0..3 {
        get(&client, address, "/").unwrap();
    }
    assert_eq!(accepted.load(Ordering::SeqCst), 3);
    // What may not be done twice is not sent twice.
    let error = send(&client, request(&client, "POST", address)).err().unwrap();
    assert_eq!(error.message(), "Server disconnected without sending a response.");
    // Nor is anything that fails on a connection of its own.
    let address = server(|mut stream, _| drop(read_head(&mut stream)));
    assert_eq!(get(&client, address, "/").err().unwrap().code(), Code::SERVER_DISCONNECTED);

    let server = gated2(10);
    let client = speaking_http2(|_| {});
    get(&client, server.address, "/").unwrap();
    get(&client, server.address, "/end").unwrap();
    assert_eq!(server.accepted.load(Ordering::SeqCst), 2);
    assert_eq!(counts(&client), (0, 1, 0));
}

#[test]
fn a_response_that_ends_early_leaves_no_place_taken() {
    let address = server(|mut stream, _| {
        read_head(&mut stream).unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf").unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        read_to_end(&mut stream);
    });
    let client = with_room_for(1);
    for _ in 0..3 {
        let mut response = stream(&client, request(&client, "GET", address));
        let mut body = response.stream(Unit::Raw, 0).unwrap();
        let read = client.block_on(|call| async move {
            while body.next(&call).await?.is_some() {}
            Ok(())
        });
        assert_eq!(read.err().unwrap().code(), Code::INCOMPLETE_BODY);
        assert_eq!(counts(&client), (0, 0, 0));
    }
}

#[test]
fn connections_are_listed_with_what_they_do() {
    let server = gated();
    let client = client(|_| {});
    get(&client, server.address, "/").unwrap();
    get(&client, server.address, "/").unwrap();
    let [idle]: [ConnectionSnapshot; 1] = client.connections().try_into().unwrap();
    assert_eq!((idle.activity, idle.http2, idle.requests), (Activity::Idle, false, 2));
    let origin = format!("http://{}", server.address);
    assert_eq!(idle.origin.to_string(), origin);
    assert_eq!(idle.to_string(), format!("<HTTPConnection ['{origin}', HTTP/1.1, IDLE, Request Count: 2]>"));
    let open = stream(&client, request(&client, "GET", server.address));
    let [active]: [ConnectionSnapshot; 1] = client.connections().try_into().unwrap();
    assert_eq!(active.activity, Activity::Active);
    assert_eq!(active.to_string(), format!("<HTTPConnection ['{origin}', HTTP/1.1, ACTIVE, Request Count: 3]>"));
    let pool = "<ConnectionPool [Requests: 1 active, 0 queued | Connections: 1 active, 0 idle]>";
    assert_eq!(client.counts().to_string(), pool);
    drop(open);
    assert!(client.connections().is_empty());
}

#[test]
fn a_connection_that_is_being_made_and_one_that_many_share_are_listed() {
    let mute = mute();
    let client = client(|builder| builder.timeouts.connect = None);
    let sender = Arc::clone(&client);
    let secure = client.build_request("GET", &format!("https://{}/", mute.address)).unwrap();
    let sending = thread::spawn(move || send(&sender, secure));
    until(|| mute.accepted.lock().unwrap().len() == 1);
    let [made]: [ConnectionSnapshot; 1] = client.connections().try_into().unwrap();
    assert_eq!((made.activity, made.requests), (Activity::Connecting, 0));
    assert_eq!(made.to_string(), "<HTTPConnection [CONNECTING]>");
    client.close(Some(Duration::ZERO)).unwrap();
    assert!(end(sending).is_err());

    let server = gated2(10);
    let client = speaking_http2(|_| {});
    get(&client, server.address, "/").unwrap();
    let threads: Vec<_> = (0..3).map(|_| get_on_a_thread(&client, server.address, "/hold")).collect();
    until(|| server.seen.load(Ordering::SeqCst) == 4);
    let [shared]: [ConnectionSnapshot; 1] = client.connections().try_into().unwrap();
    let origin = format!("http://{}", server.address);
    assert_eq!(shared.to_string(), format!("<HTTPConnection ['{origin}', HTTP/2, ACTIVE, Request Count: 4]>"));
    server.gate.add_permits(3);
    for thread in threads {
        end(thread).unwrap();
    }
}

#[test]
fn connections_through_proxies_are_listed_under_httpcores_names() {
    let address = answering(OK);
    let forwarding = client(|builder| builder.proxy = Some(Proxy::parse(&format!("http://{address}")).unwrap()));
    send(&forwarding, forwarding.build_request("GET", "http://a.example/").unwrap()).unwrap();
    send(&forwarding, forwarding.build_request("GET", "http://b.example/").unwrap()).unwrap();
    let texts: Vec<_> = forwarding.connections().iter().map(ToString::to_string).collect();
    assert_eq!(texts, [format!("<ForwardHTTPConnection ['http://{address}', HTTP/1.1, IDLE, Request Count: 2]>")]);
    for (scheme, class) in [("http", "TunnelHTTPConnection"), ("socks5", "Socks5Connection")] {
        let mute = mute();
        let url = format!("{scheme}://{}", mute.address);
        let client = client(|builder| {
            builder.proxy = Some(Proxy::parse(&url).unwrap());
            builder.timeouts.connect = None;
        });
        let sender = Arc::clone(&client);
        let secure = client.build_request("GET", "https://192.0.2.1/").unwrap();
        let sending = thread::spawn(move || send(&sender, secure));
        until(|| mute.accepted.lock().unwrap().len() == 1);
        let [made]: [ConnectionSnapshot; 1] = client.connections().try_into().unwrap();
        assert_eq!(made.to_string(), format!("<{class} [CONNECTING]>"));
        assert_eq!(made.origin.to_string(), "https://192.0.2.1:443");
        client.close(Some(Duration::ZERO)).unwrap();
        assert!(end(sending).is_err());
    }
}
