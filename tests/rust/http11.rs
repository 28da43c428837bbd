//! HTTP/1.1 as a user meets it beside plain requests and responses: expectations, interim responses, trace events and the
//! log, connections that change their protocol, limits, and what was measured.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{mpsc, Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use httpx::error::{Code, Error};
use httpx::httpcore::{Level, Log, LogFn, NetworkStream, Phase, Timeouts, TraceEvent, TraceFn, Value};
use httpx::httpx::{Client, ClientBuilder, Request, Response, SendOptions, Timeout, Timing, Unit};
use httpx::runtime::pipe;

use crate::support::{answering, ends, read_head, read_to_end, request, send, server, OK, PATIENCE};

const NO: &str = "HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n";

fn client() -> Arc<Client> {
    ClientBuilder::default().build().unwrap()
}

fn stream(client: &Arc<Client>, request: Request) -> Result<Response, Error> {
    let how = SendOptions { stream: true, ..SendOptions::default() };
    let sending = client.send(Arc::new(request), how)?;
    client.block_on(|call| sending.run(call))
}

/// A POST of four bytes that asks before it sends them.
fn asking(client: &Client, address: SocketAddr, patience: Duration) -> Request {
    let mut request = request(client, "POST", address);
    request.set_bytes(Bytes::from_static(b"four"));
    request.set_expect(Some(patience));
    request
}

fn read_four(stream: &mut TcpStream) -> String {
    let mut body = [0; 4];
    stream.read_exact(&mut body).unwrap();
    String::from_utf8(body.to_vec()).unwrap()
}

// Expect: 100-continue

#[test]
fn a_body_is_sent_when_the_server_says_100() {
    let (tell, seen) = mpsc::channel();
    let address = server(move |mut stream, _| {
        while let Some(head) = read_head(&mut stream) {
            stream.set_nonblocking(true).unwrap();
            // Nothing can be here yet, however late this looks.
            let early = stream.peek(&mut [0]).is_ok();
            stream.set_nonblocking(false).unwrap();
            stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").unwrap();
            tell.send((head, early, read_four(&mut stream))).unwrap();
            stream.write_all(OK.as_bytes()).unwrap();
        }
    });
    let client = client();
    for _ in 0..2 {
        let response = send(&client, asking(&client, address, PATIENCE)).unwrap();
        assert_eq!(response.head().status(), 200);
        let (head, early, body) = seen.recv().unwrap();
        assert!(head.contains("\r\nExpect: 100-continue\r\n"), "{head}");
        assert_eq!((early, &body[..]), (false, "four"));
    }
    assert_eq!(client.counts().idle, 1);
}

#[test]
fn a_final_response_instead_of_100_is_delivered_and_the_body_is_not_sent() {
    let (tell, seen) = mpsc::channel();
    let address = server(move |mut stream, _| {
        read_head(&mut stream).unwrap();
        stream.write_all(NO.as_bytes()).unwrap();
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).unwrap();
        tell.send(rest).unwrap();
    });
    let client = client();
    let response = send(&client, asking(&client, address, PATIENCE)).unwrap();
    assert_eq!(response.head().status(), 403);
    assert_eq!(response.head().timing(Timing::Send), None);
    // The server may be waiting for the body, so the connection cannot carry another request.
    assert_eq!(seen.recv_timeout(PATIENCE).unwrap(), b"");
    assert_eq!(client.counts().idle, 0);
}

#[test]
fn a_body_is_sent_when_the_server_says_nothing_for_too_long() {
    let address = server(|mut stream, _| {
        while read_head(&mut stream).is_some() {
            assert_eq!(read_four(&mut stream), "four");
            stream.write_all(OK.as_bytes()).unwrap();
        }
    });
    let client = client();
    for patience in [Duration::ZERO, Duration::from_millis(30)] {
        let response = send(&client, asking(&client, address, patience)).unwrap();
        assert_eq!(response.head().status(), 200);
    }
}

#[test]
fn a_body_that_waits_for_ever_waits_no_longer_than_the_read_timeout() {
    let address = server(|mut stream, _| read_to_end(&mut stream));
    let client = client();
    let mut waiting = asking(&client, address, Duration::MAX);
    let never = Timeout::Set(None);
    waiting.set_timeouts([never, Timeout::Set(Some(Duration::from_millis(30))), never, never]);
    assert_eq!(send(&client, waiting).err().unwrap().code(), Code::READ_TIMEOUT);
    let mut short = asking(&client, address, PATIENCE);
    short.set_total(Some(Duration::from_millis(30)));
    assert_eq!(send(&client, short).err().unwrap().code(), Code::DEADLINE_EXCEEDED);
}

/// Refuses what asks first, and takes the rest.
fn refusing_to_be_asked() -> (SocketAddr, mpsc::Receiver<bool>) {
    let (tell, seen) = mpsc::channel();
    let address = server(move |mut stream, _| {
        while let Some(head) = read_head(&mut stream) {
            let asked = head.contains("Expect");
            tell.send(asked).unwrap();
            if asked {
                stream.write_all(b"HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n").unwrap();
            } else {
                read_four(&mut stream);
                stream.write_all(OK.as_bytes()).unwrap();
            }
        }
    });
    (address, seen)
}

#[test]
fn after_a_417_the_request_is_sent_once_more_without_asking() {
    let (address, asked) = refusing_to_be_asked();
    let client = client();
    let response = send(&client, asking(&client, address, PATIENCE)).unwrap();
    assert_eq!(response.head().status(), 200);
    assert_eq!(asked.try_iter().collect::<Vec<_>>(), [true, false]);
}

#[test]
fn a_417_is_delivered_if_the_request_cannot_be_sent_without_asking() {
    let (address, asked) = refusing_to_be_asked();
    let client = client();
    let mut piped = request(&client, "POST", address);
    let (writer, reader) = pipe(16);
    piped.set_pipe(reader, Some(4));
    piped.set_expect(Some(PATIENCE));
    assert_eq!(send(&client, piped).unwrap().head().status(), 417);
    assert_eq!(writer.write(b"x").unwrap_err().code(), Code::STREAM_CLOSED);
    let mut own = asking(&client, address, PATIENCE);
    own.headers.set(b"Expect", b"100-continue").unwrap();
    assert_eq!(send(&client, own).unwrap().head().status(), 417);
    assert_eq!(asked.try_iter().collect::<Vec<_>>(), [true, true]);
}

#[test]
fn an_expect_header_of_the_users_own_holds_nothing_back() {
    let address = server(|mut stream, _| {
        assert!(read_head(&mut stream).unwrap().contains("expect: 100-continue\r\n"));
        assert_eq!(read_four(&mut stream), "four");
        stream.write_all(OK.as_bytes()).unwrap();
        read_to_end(&mut stream);
    });
    let client = client();
    let mut own = request(&client, "POST", address);
    own.set_bytes(Bytes::from_static(b"four"));
    own.headers.set(b"expect", b"100-continue").unwrap();
    assert_eq!(send(&client, own).unwrap().head().status(), 200);
}

#[test]
fn a_request_without_a_body_does_not_ask() {
    let address = server(|mut stream, _| {
        while let Some(head) = read_head(&mut stream) {
            assert!(!head.contains("Expect"), "{head}");
            stream.write_all(OK.as_bytes()).unwrap();
        }
    });
    let client = client();
    for method in ["GET", "POST"] {
        let mut empty = request(&client, method, address);
        empty.set_expect(Some(PATIENCE));
        assert_eq!(send(&client, empty).unwrap().head().status(), 200);
    }
}

// Interim responses

#[test]
fn interim_responses_are_told_in_their_order_where_blocking_calls_work() {
    let address = answering(concat!(
        "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nLink: </b>\r\n\r\n",
        "HTTP/1.1 102 Processing\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    ));
    let other = answering(OK);
    let client = client();
    let told = Arc::new(Mutex::new(Vec::new()));
    let mut hinted = request(&client, "GET", address);
    let (heard, nested) = (Arc::clone(&told), Arc::clone(&client));
    hinted.observer.informational = Some(Arc::new(move |head| {
        let fields: Vec<_> = head.headers.iter().map(|(_, value)| value.to_vec()).collect();
        heard.lock().unwrap().push((head.status, fields));
        // Not inside a poll, so it can wait for something else.
        assert_eq!(send(&nested, request(&nested, "GET", other)).unwrap().head().status(), 200);
    }));
    assert_eq!(send(&client, hinted).unwrap().head().status(), 200);
    let told = told.lock().unwrap();
    assert_eq!(*told, [(103, vec![b"</a>".to_vec(), b"</b>".to_vec()]), (102, vec![])]);
}

#[test]
fn a_100_that_a_body_waits_for_is_told_too() {
    let address = server(|mut stream, _| {
        read_head(&mut stream).unwrap();
        stream.write_all(b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n").unwrap();
        assert_eq!(read_four(&mut stream), "four");
        stream.write_all(OK.as_bytes()).unwrap();
        read_to_end(&mut stream);
    });
    let client = client();
    let told = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&told);
    let mut waiting = asking(&client, address, PATIENCE);
    waiting.observer.informational = Some(Arc::new(move |head| heard.lock().unwrap().push(head.status)));
    assert_eq!(send(&client, waiting).unwrap().head().status(), 200);
    assert_eq!(*told.lock().unwrap(), [103, 100]);
}

// Trace events

/// What was told, one line for each event.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<TraceEvent>>>);

impl Told {
    fn listener(&self) -> Arc<TraceFn> {
        let told = self.clone();
        Arc::new(move |event| {
            told.0.lock().unwrap().push(event.clone());
            Poll::Ready(Ok(()))
        })
    }

    /// The names of the exchange's events, and what failed.
    fn names(&self) -> Vec<String> {
        let told = self.0.lock().unwrap();
        told.iter().filter(|event| event.step.starts_with("http11.")).map(|e| e.name().replace("http11.", "")).collect()
    }

    fn info(&self, step: &str, phase: Phase) -> Vec<(&'static str, Value)> {
        let told = self.0.lock().unwrap();
        told.iter().find(|event| event.step == step && event.phase == phase).expect("the event").info.clone()
    }
}

const SENT: [&str; 4] = [
    "send_request_headers.started",
    "send_request_headers.complete",
    "send_request_body.started",
    "send_request_body.complete",
];
const CLOSED: [&str; 2] = ["response_closed.started", "response_closed.complete"];

#[test]
fn the_steps_of_an_exchange_are_told_in_httpcores_order() {
    let address = answering("HTTP/1.1 200 Fine\r\nContent-Length: 2\r\nX-A: 1\r\n\r\nok");
    let client = client();
    for method in ["GET", "POST"] {
        let told = Told::default();
        let mut traced = request(&client, method, address);
        traced.observer.trace = Some(told.listener());
        send(&client, traced).unwrap();
        let received = [
            "receive_response_headers.started",
            "receive_response_headers.complete",
            "receive_response_body.started",
            "receive_response_body.complete",
        ];
        assert_eq!(told.names(), [&SENT[..], &received, &CLOSED].concat());
        let shown = Value::Opaque(format!("<Request [b'{method}']>"));
        for step in ["http11.send_request_body", "http11.receive_response_body"] {
            assert_eq!(told.info(step, Phase::Started), [("request", shown.clone())]);
            assert_eq!(told.info(step, Phase::Complete), [("return_value", Value::None)]);
        }
        let bytes = |text: &str| Value::Bytes(text.as_bytes().to_vec());
        let field = |name, value| Value::Tuple(vec![bytes(name), bytes(value)]);
        let head = Value::Tuple(vec![
            bytes("HTTP/1.1"),
            Value::Int(200),
            bytes("Fine"),
            Value::List(vec![field("Content-Length", "2"), field("X-A", "1")]),
        ]);
        assert_eq!(told.info("http11.receive_response_headers", Phase::Complete), [("return_value", head)]);
        assert_eq!(told.info("http11.response_closed", Phase::Started), []);
    }
    assert_eq!(client.counts().idle, 1);
}

#[test]
fn a_response_that_is_closed_unread_is_told_to_be_closed() {
    let address = answering(OK);
    let client = client();
    let told = Told::default();
    let mut traced = request(&client, "GET", address);
    traced.observer.trace = Some(told.listener());
    let mut response = stream(&client, traced).unwrap();
    let received = ["receive_response_headers.started", "receive_response_headers.complete"];
    assert_eq!(told.names(), [&SENT[..], &received].concat());
    response.close();
    assert_eq!(told.names(), [&SENT[..], &received, &CLOSED].concat());
}

#[test]
fn a_failure_is_told_of_the_step_in_which_it_happened() {
    let address = server(|mut stream, _| {
        read_head(&mut stream).unwrap();
    });
    let client = client();
    let told = Told::default();
    let mut traced = request(&client, "GET", address);
    traced.observer.trace = Some(told.listener());
    let error = send(&client, traced).err().unwrap();
    // Q04
    assert_eq!(error.code(), Code::SERVER_DISCONNECTED);
    assert_eq!(error.message(), "Server disconnected without sending a response.");
    let failed = ["receive_response_headers.started", "receive_response_headers.failed"];
    assert_eq!(told.names(), [&SENT[..], &failed, &CLOSED].concat());

    let told = Told::default();
    let mut illegal = request(&client, "GET", address);
    illegal.headers.add(b"Host", b"twice").unwrap();
    illegal.observer.trace = Some(told.listener());
    assert_eq!(send(&client, illegal).err().unwrap().code(), Code::LOCAL_PROTOCOL_ERROR);
    let failed = ["send_request_headers.started", "send_request_headers.failed"];
    assert_eq!(told.names(), [&failed[..], &CLOSED].concat());
}

#[test]
fn an_upload_that_a_response_has_stopped_is_told_to_have_failed() {
    let address = server(|mut stream, _| {
        read_head(&mut stream).unwrap();
        stream.write_all(NO.as_bytes()).unwrap();
        read_to_end(&mut stream);
    });
    let client = client();
    let told = Told::default();
    let mut traced = request(&client, "POST", address);
    let (_writer, reader) = pipe(16);
    traced.set_pipe(reader, None);
    traced.observer.trace = Some(told.listener());
    assert_eq!(send(&client, traced).unwrap().head().status(), 403);
    assert_eq!(told.names()[3], "send_request_body.failed");
    assert_eq!(told.names()[4..6], ["receive_response_headers.started", "receive_response_headers.complete"]);
}

#[test]
fn an_error_of_the_listener_ends_the_request() {
    let address = answering(OK);
    for fatal in [SENT[0], SENT[3], "receive_response_headers.complete", "receive_response_body.started"] {
        let client = client();
        let mut traced = request(&client, "GET", address);
        traced.observer.trace = Some(Arc::new(move |event| match event.name().ends_with(fatal) {
            true => Poll::Ready(Err(Error::new(Code::CANCELLED, "enough"))),
            false => Poll::Ready(Ok(())),
        }));
        let error = send(&client, traced).err().unwrap();
        assert_eq!((error.code(), error.message()), (Code::CANCELLED, "enough"), "{fatal}");
        let counts = client.counts();
        assert_eq!((counts.active, counts.idle), (0, 0), "{fatal}");
    }
}

#[test]
fn a_client_tells_of_the_requests_that_have_no_listener() {
    let address = answering(OK);
    let (of_client, own) = (Told::default(), Told::default());
    let client = ClientBuilder { trace: Some(of_client.listener()), ..ClientBuilder::default() }.build().unwrap();
    send(&client, request(&client, "GET", address)).unwrap();
    let before = of_client.names().len();
    assert_eq!(before, 10);
    let mut traced = request(&client, "GET", address);
    traced.observer.trace = Some(own.listener());
    send(&client, traced).unwrap();
    assert_eq!((of_client.names().len(), own.names().len()), (before, 10));
}

#[test]
fn the_log_has_httpxs_line_and_httpcores() {
    let address = answering(OK);
    let lines = Arc::new(Mutex::new(Vec::new()));
    let written = Arc::clone(&lines);
    let log: Arc<LogFn> = Arc::new(move |level, logger, message| {
        written.lock().unwrap().push((level, logger.to_owned(), message.to_owned()));
    });
    let client = ClientBuilder { log: Some(Log::new(log)), ..ClientBuilder::default() }.build().unwrap();
    let asked = client.build_request("GET", &format!("http://me:secret@{address}/a?b=c")).unwrap();
    send(&client, asked).unwrap();
    let lines = lines.lock().unwrap();
    let of = |logger: &str| lines.iter().filter(|line| line.1 == logger).cloned().collect::<Vec<_>>();
    let line = format!("HTTP Request: GET http://me:[secure]@{address}/a?b=c \"HTTP/1.1 200 OK\"");
    assert_eq!(of("httpx"), [(Level::Info, "httpx".to_owned(), line)]);
    let exchange = of("httpcore.http11");
    assert_eq!(exchange.len(), 10);
    assert!(exchange.iter().all(|line| line.0 == Level::Debug));
    assert_eq!(exchange[0].2, "send_request_headers.started request=<Request [b'GET']>");
    assert_eq!(exchange[1].2, "send_request_headers.complete");
    assert_eq!(
        exchange[5].2,
        "receive_response_headers.complete return_value=(b'HTTP/1.1', 200, b'OK', [(b'Content-Length', b'2')])"
    );
}

// Another protocol on the connection

const SWITCH: &str = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n";

/// Switches to a protocol that begins with `hello` and then sends back what it gets; tells when a connection has ended.
fn switching(hello: &'static str) -> (SocketAddr, mpsc::Receiver<()>) {
    let (tell, ended) = mpsc::channel();
    let address = server(move |mut stream, _| {
        read_head(&mut stream).unwrap();
        stream.write_all(format!("{SWITCH}{hello}").as_bytes()).unwrap();
        let mut buffer = [0; 1024];
        while let Ok(length @ 1..) = stream.read(&mut buffer) {
            if stream.write_all(&buffer[..length]).is_err() {
                break;
            }
        }
        let _ = tell.send(());
    });
    (address, ended)
}

fn upgrade(client: &Client, address: SocketAddr) -> Request {
    let mut request = request(client, "GET", address);
    request.headers.set(b"Connection", b"Upgrade").unwrap();
    request.headers.set(b"Upgrade", b"echo").unwrap();
    request
}

const FOREVER: Option<Duration> = None;

fn read(client: &Client, stream: &NetworkStream, max: usize, timeout: Option<Duration>) -> Result<Vec<u8>, Error> {
    let read = client.block_on(|call| async move { stream.read(&call, max, timeout).await })?;
    Ok(read.map(|data| data.to_vec()).unwrap_or_default())
}

fn write(client: &Client, stream: &NetworkStream, data: Vec<u8>, timeout: Option<Duration>) -> Result<(), Error> {
    client.block_on(|call| async move { stream.write(&call, data.into(), timeout).await })
}

#[test]
fn a_101_gives_the_connection_with_what_has_arrived_on_it() {
    let (address, ended) = switching("hello");
    let client = client();
    // Read to its end or not: there is no body.
    for how in [send, stream] {
        let mut response = how(&client, upgrade(&client, address)).unwrap();
        assert_eq!(response.head().status(), 101);
        let network = response.take_network_stream().unwrap();
        assert_eq!(response.take_network_stream().err().unwrap().code(), Code::INVALID_STATE);
        drop(response);
        assert_eq!(client.counts().active, 1);
        assert_eq!(network.info().peer, Some(address));
        assert_eq!(read(&client, &network, 2, FOREVER).unwrap(), b"he");
        assert!(network.is_readable());
        assert_eq!(read(&client, &network, 100, FOREVER).unwrap(), b"llo");
        assert!(!network.is_readable());
        write(&client, &network, b"ping".to_vec(), FOREVER).unwrap();
        assert_eq!(read(&client, &network, 100, FOREVER).unwrap(), b"ping");
        drop(network);
        ended.recv_timeout(PATIENCE).unwrap();
        let counts = client.counts();
        assert_eq!((counts.active, counts.idle), (0, 0));
    }
}

#[test]
fn a_successful_connect_gives_the_connection() {
    let address = server(|mut stream, _| {
        assert!(read_head(&mut stream).unwrap().starts_with("CONNECT example.org:443 HTTP/1.1\r\n"));
        // Framing fields mean nothing here (RFC 9110 §9.3.6).
        stream.write_all(b"HTTP/1.1 200 Fine\r\nContent-Length: 5\r\n\r\nthrough").unwrap();
        read_to_end(&mut stream);
    });
    let client = client();
    let mut connect = request(&client, "CONNECT", address);
    connect.set_target(b"example.org:443").unwrap();
    let network = send(&client, connect).unwrap().take_network_stream().unwrap();
    assert_eq!(read(&client, &network, 100, FOREVER).unwrap(), b"through");
}

#[test]
fn other_responses_give_no_network_stream() {
    let client = client();
    let mut response = send(&client, request(&client, "GET", answering(OK))).unwrap();
    assert_eq!(response.take_network_stream().err().unwrap().code(), Code::INVALID_STATE);
    let refused = answering("HTTP/1.1 407 No\r\nContent-Length: 2\r\n\r\nno");
    let mut response = send(&client, request(&client, "CONNECT", refused)).unwrap();
    assert_eq!(&response.content().unwrap()[..], b"no");
    assert_eq!(response.take_network_stream().err().unwrap().code(), Code::INVALID_STATE);
    let (address, _) = switching("");
    let error = send(&client, request(&client, "GET", address)).err().unwrap();
    assert_eq!(error.code(), Code::REMOTE_PROTOCOL_ERROR);
}

#[test]
fn a_server_that_switches_before_the_request_is_complete_is_refused() {
    let (address, _) = switching("");
    let client = client();
    let mut early = upgrade(&client, address);
    let (_writer, reader) = pipe(16);
    early.set_pipe(reader, None);
    assert_eq!(send(&client, early).err().unwrap().code(), Code::REMOTE_PROTOCOL_ERROR);
}

#[test]
fn a_network_stream_that_nobody_takes_is_closed_with_its_response() {
    let (address, ended) = switching("");
    let client = client();
    let mut response = send(&client, upgrade(&client, address)).unwrap();
    assert!(!response.is_only_memory());
    assert_eq!(client.counts().active, 1);
    response.close();
    ended.recv_timeout(PATIENCE).unwrap();
    drop(send(&client, upgrade(&client, address)).unwrap());
    ended.recv_timeout(PATIENCE).unwrap();
    assert_eq!(client.counts().active, 0);
}

#[test]
fn a_read_that_took_too_long_can_be_done_again() {
    let (address, _ended) = switching("");
    let client = client();
    let network = send(&client, upgrade(&client, address)).unwrap().take_network_stream().unwrap();
    for timeout in [Duration::ZERO, Duration::from_millis(20)] {
        let error = read(&client, &network, 100, Some(timeout)).unwrap_err();
        assert_eq!(error.code(), Code::READ_TIMEOUT);
    }
    write(&client, &network, b"late".to_vec(), Some(PATIENCE)).unwrap();
    assert_eq!(read(&client, &network, 100, Some(PATIENCE)).unwrap(), b"late");
    network.close();
    assert_eq!(read(&client, &network, 1, FOREVER).unwrap_err().code(), Code::STREAM_CLOSED);
}

#[test]
fn one_thread_reads_a_network_stream_while_another_writes_it() {
    let (address, _ended) = switching("");
    let client = client();
    let network = Arc::new(send(&client, upgrade(&client, address)).unwrap().take_network_stream().unwrap());
    let (reading, reader) = (Arc::clone(&network), Arc::clone(&client));
    // Much more than the buffers between the two take: without somebody reading, the writing would not end.
    let sent: Vec<u8> = (0..8 << 20).map(|byte| (byte % 251) as u8).collect();
    let wanted = sent.len();
    let received = std::thread::spawn(move || {
        let mut received = Vec::new();
        while received.len() < wanted {
            let network = &reading;
            let piece = reader.block_on(|call| async move { network.read(&call, 1 << 16, FOREVER).await }).unwrap();
            received.extend_from_slice(&piece.expect("no end before the last byte"));
        }
        received
    });
    let (network, data) = (&network, sent.clone());
    client.block_on(|call| async move { network.write(&call, data.into(), Some(PATIENCE)).await }).unwrap();
    assert!(received.join().unwrap() == sent);
}

#[test]
fn a_network_stream_that_is_closed_ends_whoever_reads_it() {
    let (address, ended) = switching("");
    let client = client();
    let network = Arc::new(send(&client, upgrade(&client, address)).unwrap().take_network_stream().unwrap());
    let (reading, reader) = (Arc::clone(&network), Arc::clone(&client));
    let reading = std::thread::spawn(move || {
        let network = &reading;
        reader.block_on(|call| async move { network.read(&call, 1, FOREVER).await }).unwrap_err().code()
    });
    network.close();
    ended.recv_timeout(PATIENCE).unwrap();
    assert_eq!(ends(move || reading.join().unwrap()), Code::STREAM_CLOSED);
    assert_eq!(client.counts().active, 0);
}

#[test]
fn a_write_that_the_peer_does_not_take_has_its_timeout() {
    let address = server(|mut stream, _| {
        read_head(&mut stream).unwrap();
        stream.write_all(SWITCH.as_bytes()).unwrap();
        // Looks, and takes nothing.
        while stream.peek(&mut [0; 1]).is_ok_and(|n| n == 0) {}
        std::thread::park();
    });
    let client = client();
    let network = send(&client, upgrade(&client, address)).unwrap().take_network_stream().unwrap();
    let much = vec![0; 64 << 20];
    let error = write(&client, &network, much, Some(Duration::from_millis(30))).unwrap_err();
    assert_eq!(error.code(), Code::WRITE_TIMEOUT);
}

#[test]
fn closing_the_client_cuts_a_network_stream_off() {
    let (address, _ended) = switching("");
    let client = client();
    let network = send(&client, upgrade(&client, address)).unwrap().take_network_stream().unwrap();
    let reader = Arc::clone(&client);
    let reading = std::thread::spawn(move || read(&reader, &network, 1, FOREVER));
    client.close(Some(Duration::ZERO)).unwrap();
    let code = ends(move || reading.join().unwrap().unwrap_err().code());
    assert_eq!(code, Code::CLIENT_CLOSED);
}

#[test]
fn tls_can_begin_on_a_network_stream() {
    let made = rcgen::generate_simple_self_signed(vec!["inside.example".into()]).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let config = Arc::new(config);
    let address = server(move |mut stream, number| {
        read_head(&mut stream).unwrap();
        let early = if number == 0 { "early" } else { "" };
        stream.write_all(format!("{SWITCH}{early}").as_bytes()).unwrap();
        let connection = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
        let mut tls = rustls::StreamOwned::new(connection, stream);
        let mut four = [0; 4];
        while tls.read_exact(&mut four).is_ok() && tls.write_all(&four).is_ok() {}
    });
    let mut builder = ClientBuilder::default();
    builder.tls.add_roots(made.cert.pem().as_bytes()).unwrap();
    let client = builder.build().unwrap();
    let begin = |network: &NetworkStream, name: &str| {
        let tls = client.tls();
        client.block_on(|call| async move { network.start_tls(&call, &tls, name, Some(PATIENCE)).await })
    };
    let tunnel = || send(&client, upgrade(&client, address)).unwrap().take_network_stream().unwrap();

    let network = tunnel();
    // What came in the clear must not pass for what TLS protects.
    assert_eq!(begin(&network, "inside.example").unwrap_err().code(), Code::INVALID_STATE);

    let network = tunnel();
    begin(&network, "inside.example").unwrap();
    assert_eq!(network.info().tls.as_ref().map(|tls| tls.version), Some("TLSv1.3"));
    write(&client, &network, b"safe".to_vec(), FOREVER).unwrap();
    assert_eq!(read(&client, &network, 100, FOREVER).unwrap(), b"safe");

    let network = tunnel();
    assert_eq!(begin(&network, "outside.example").unwrap_err().code(), Code::CERTIFICATE_HOSTNAME_MISMATCH);
    assert!(network.is_closed());
}

// Limits

#[test]
fn a_declared_body_over_the_limit_fails_at_once() {
    let address = server(|mut stream, _| {
        read_head(&mut stream).unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n").unwrap();
        read_to_end(&mut stream);
    });
    let client = ClientBuilder { max_body: Some(10), ..ClientBuilder::default() }.build().unwrap();
    assert_eq!(stream(&client, request(&client, "GET", address)).err().unwrap().code(), Code::BODY_TOO_LARGE);
    // No body is none that is too large.
    assert_eq!(send(&client, request(&client, "HEAD", address)).unwrap().head().status(), 200);
}

#[test]
fn a_body_without_declared_length_fails_when_it_is_over_the_limit() {
    let client = ClientBuilder { max_body: Some(10), ..ClientBuilder::default() }.build().unwrap();
    let exact = answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n5\r\n12345\r\n0\r\n\r\n");
    assert_eq!(send(&client, request(&client, "GET", exact)).unwrap().content().unwrap().len(), 10);
    let over = answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n6\r\n123456\r\n0\r\n\r\n");
    let error = send(&client, request(&client, "GET", over)).err().unwrap();
    assert_eq!(error.code(), Code::BODY_TOO_LARGE);
    assert_eq!(error.message(), "the response's body has more than the 10 bytes that are allowed");
}

#[test]
fn a_head_over_the_limits_is_refused() {
    let address = answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nA: 1\r\nB: 2\r\n\r\n");
    let mut builder = ClientBuilder::default();
    for (max_bytes, max_headers, code) in
        [(49, 3, Some(Code::HEADERS_TOO_LARGE)), (100, 2, Some(Code::HEADERS_TOO_LARGE)), (50, 3, None)]
    {
        builder.head_limits = httpx::httpcore::HeadLimits { max_bytes, max_headers };
        let client = builder.build().unwrap();
        assert_eq!(send(&client, request(&client, "GET", address)).err().map(|e| e.code()), code);
    }
}

// What was measured

#[test]
fn each_hop_knows_its_timings_and_its_bytes() {
    let address = server(|mut stream, _| {
        while let Some(head) = read_head(&mut stream) {
            let answer = match head.starts_with("POST /") {
                true => {
                    read_four(&mut stream);
                    "HTTP/1.1 303 See\r\nLocation: /next\r\nContent-Length: 0\r\n\r\n"
                }
                false => OK,
            };
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    let client = ClientBuilder { follow_redirects: true, ..ClientBuilder::default() }.build().unwrap();
    let (tell, heads) = mpsc::channel();
    let mut upload = request(&client, "POST", address);
    upload.set_bytes(Bytes::from_static(b"four"));
    upload.observer.trace = Some(Arc::new(move |event| {
        tell.send(event.name()).unwrap();
        Poll::Ready(Ok(()))
    }));
    let response = send(&client, upload).unwrap();
    let [first, second] = [response.history()[0].head(), response.head()];
    assert_eq!((first.timings().reused, second.timings().reused), (false, true));
    for head in [first, second] {
        for what in [Timing::Queue, Timing::Send, Timing::FirstByte, Timing::Body, Timing::Total] {
            assert!(head.timing(what).is_some(), "{what:?}");
        }
        let timings = head.timings();
        assert!(timings.queued <= timings.connected && timings.connected <= timings.sent.unwrap());
        assert!(timings.sent.unwrap() <= timings.head && timings.head <= head.timing(Timing::Total).unwrap());
    }
    assert_eq!(second.timing(Timing::Connect), None);
    assert!(heads.try_iter().count() >= 20);
    // The same request, byte for byte, but for where it goes.
    let written = |head: &httpx::httpx::Head| {
        let fields =
            head.request().unwrap().headers.iter().map(|(name, value)| name.len() + value.len() + 4).sum::<usize>();
        let line = format!(
            "{} {} HTTP/1.1\r\n",
            String::from_utf8_lossy(head.request().unwrap().method()),
            head.url().unwrap().path()
        );
        (line.len() + fields + 2) as u64
    };
    assert_eq!(first.timings().bytes_sent, written(first) + 4);
    assert_eq!(second.timings().bytes_sent, written(second));
}

// Time limits of nothing (G05), and what ends a connection (I08, Q03)

#[test]
fn a_client_waits_five_seconds_for_each_unless_it_is_told_otherwise() {
    let five = Some(Duration::from_secs(5));
    let expected = Timeouts { connect: five, read: five, write: five, pool: five };
    assert_eq!(ClientBuilder::default().timeouts, expected);
}

#[test]
fn a_timeout_of_zero_is_an_immediate_error_of_its_class() {
    let silent = server(|mut stream, _| {
        read_head(&mut stream);
        std::thread::park();
    });
    let mut builder = ClientBuilder::default();
    builder.limits.max_connections = Some(1);
    let client = builder.build().unwrap();
    for (index, code) in
        [Code::CONNECT_TIMEOUT, Code::READ_TIMEOUT, Code::WRITE_TIMEOUT, Code::POOL_TIMEOUT].into_iter().enumerate()
    {
        let mut timeouts = [Timeout::Set(None); 4];
        timeouts[index] = Timeout::Set(Some(Duration::ZERO));
        let mut hasty = request(&client, "POST", silent);
        hasty.set_timeouts(timeouts);
        // More than the buffers on the way hold, where there is to be a wait for them.
        hasty.set_bytes(vec![0; if code == Code::WRITE_TIMEOUT { 64 << 20 } else { 1 }].into());
        let _holds_the_place =
            (code == Code::POOL_TIMEOUT).then(|| stream(&client, request(&client, "GET", answering(OK))).unwrap());
        assert_eq!(send(&client, hasty).err().unwrap().code(), code);
    }
}

#[test]
fn a_response_that_came_before_a_failed_write_is_read() {
    let address = server(|mut stream, _| {
        read_head(&mut stream).unwrap();
        stream.write_all(b"HTTP/1.1 413 Too much\r\nContent-Length: 4\r\n\r\nless").unwrap();
        // What was not read makes a reset of the end.
    });
    let client = client();
    let mut much = request(&client, "POST", address);
    much.set_bytes(vec![0; 64 << 20].into());
    let told = Told::default();
    much.observer.trace = Some(told.listener());
    let response = send(&client, much).unwrap();
    assert_eq!(told.names()[3..5], ["send_request_body.failed", "receive_response_headers.started"]);
    assert_eq!((response.head().status(), &response.content().unwrap()[..]), (413, &b"less"[..]));
    assert_eq!(client.counts().idle, 0);
}

#[test]
fn a_reset_while_writing_is_a_disconnect_without_a_response() {
    let address = server(|mut stream, _| {
        read_head(&mut stream).unwrap();
        socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
    });
    let client = client();
    let mut much = request(&client, "POST", address);
    much.set_bytes(vec![0; 64 << 20].into());
    let error = send(&client, much).err().unwrap();
    assert_eq!(error.code(), Code::SERVER_DISCONNECTED);
    assert!(error.cause().unwrap().is_a(Code::NETWORK_ERROR), "{error:?}");
}

#[test]
fn a_reset_while_reading_is_a_read_error() {
    let (tell, told) = mpsc::channel();
    let told = Mutex::new(told);
    let address = server(move |mut stream, _| {
        read_head(&mut stream).unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf").unwrap();
        told.lock().unwrap().recv().unwrap();
        socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
    });
    let client = client();
    let mut body = stream(&client, request(&client, "GET", address)).unwrap().stream(Unit::Raw, 0).unwrap();
    let mut next = || {
        let body = &mut body;
        client.block_on(|call| async move { body.next(&call).await })
    };
    assert_eq!(next().unwrap().unwrap(), b"half"[..]);
    tell.send(()).unwrap();
    let error = next().unwrap_err();
    assert_eq!((error.code(), error.os_errno()), (Code::READ_ERROR, Some(libc::ECONNRESET)));
}
