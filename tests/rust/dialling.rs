//! How connections are made: from which address, by sockets with which options, and what those hear of it who trace
//! (checklist H12, P03).

use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::unix::net::UnixListener;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{mpsc, Arc, Mutex};
use std::task::Poll;
use std::time::{Duration, Instant};

use httpx::error::Code;
use httpx::httpcore::{Phase, TraceEvent, Value};
use httpx::httpx::{ClientBuilder, Proxy, Request};
use httpx::runtime::SocketOption;
use socket2::SockRef;

use crate::proxies::{secured, tls_config};
use crate::support::{ok_server, read_head, refusing, send, server, OK, PATIENCE};

type Events = Arc<Mutex<Vec<TraceEvent>>>;

/// Notes the steps of a request, but for HTTP's.
fn traced(request: &mut Request) -> Events {
    let events = Events::default();
    let noted = Arc::clone(&events);
    request.observer.trace = Some(Arc::new(move |event: &TraceEvent| {
        if !event.step.starts_with("http11.") {
            noted.lock().unwrap().push(event.clone());
        }
        Poll::Ready(Ok(()))
    }));
    events
}

fn names(events: &Events) -> Vec<String> {
    let events = events.lock().unwrap();
    events.iter().map(|event| format!("{}.{:?}", event.step, event.phase).to_lowercase()).collect()
}

#[test]
fn connections_come_from_the_local_address_also_to_a_proxy() {
    let (tell, told) = mpsc::channel();
    let address = server(move |mut stream, _| {
        tell.send(stream.peer_addr().unwrap().ip()).unwrap();
        read_head(&mut stream).unwrap();
        stream.write_all(OK.as_bytes()).unwrap();
    });
    let proxy = Proxy::parse(&format!("http://{address}")).unwrap();
    for proxy in [None, Some(proxy)] {
        let mut builder = ClientBuilder { proxy, ..ClientBuilder::default() };
        builder.set_local_address("127.0.0.7").unwrap();
        let client = builder.build().unwrap();
        let response = send(&client, client.build_request("GET", &format!("http://{address}/")).unwrap()).unwrap();
        assert_eq!(told.recv_timeout(PATIENCE).unwrap(), IpAddr::from([127, 0, 0, 7]));
        assert_eq!(response.head().connection().local.unwrap().ip(), IpAddr::from([127, 0, 0, 7]));
    }
}

#[test]
fn an_unspecified_local_address_asks_for_its_family() {
    let address = ok_server();
    let url = format!("http://both.invalid:{}/", address.port());
    let mut builder = ClientBuilder::default();
    // Nobody listens there: the first to be tried, if it were asked.
    builder.add_override("both.invalid", address.port().into(), "::1").unwrap();
    builder.add_override("both.invalid", address.port().into(), "127.0.0.1").unwrap();
    builder.set_local_address("0.0.0.0").unwrap();
    let client = builder.build().unwrap();
    let response = send(&client, client.build_request("GET", &url).unwrap()).unwrap();
    assert_eq!(response.head().connection().peer, Some(address));
    builder.set_local_address("::").unwrap();
    let client = builder.build().unwrap();
    let request = client.build_request("GET", &format!("http://{address}/")).unwrap();
    let error = send(&client, request).err().unwrap();
    assert_eq!(error.code(), Code::CONNECT_ERROR);
    assert_eq!(error.message(), "127.0.0.1 has no IPv6 address, which the local address :: asks for");
}

#[test]
fn a_local_address_that_is_not_this_machines_is_a_connect_error() {
    let address = ok_server();
    let mut builder = ClientBuilder::default();
    assert_eq!(builder.set_local_address("localhost").unwrap_err().code(), Code::INVALID_ARGUMENT);
    // For documentation (RFC 5737): nobody's.
    builder.set_local_address("192.0.2.1").unwrap();
    let client = builder.build().unwrap();
    let error = send(&client, client.build_request("GET", &format!("http://{address}/")).unwrap()).err().unwrap();
    assert_eq!(error.code(), Code::CONNECT_ERROR);
    assert_eq!(error.message(), "[Errno 99] Cannot assign requested address: binding to 192.0.2.1");
    assert_eq!(error.os_errno(), Some(99));
}

#[test]
fn socket_options_are_set_before_the_connection_is_made() {
    let (tell, told) = mpsc::channel();
    let address = server(move |mut stream, _| {
        tell.send(SockRef::from(&stream).tcp_mss().unwrap()).unwrap();
        read_head(&mut stream).unwrap();
        stream.write_all(OK.as_bytes()).unwrap();
    });
    let mut builder = ClientBuilder::default();
    // Announced in the first segment, or never.
    let value = 700i32.to_ne_bytes().to_vec();
    builder.sockets.options.push(SocketOption { level: libc::IPPROTO_TCP, option: libc::TCP_MAXSEG, value });
    let proxy = Proxy::parse(&format!("http://{address}")).unwrap();
    for proxy in [None, Some(proxy)] {
        let client = ClientBuilder { proxy, ..builder.clone() }.build().unwrap();
        send(&client, client.build_request("GET", &format!("http://{address}/")).unwrap()).unwrap();
        let size = told.recv_timeout(PATIENCE).unwrap();
        assert!(size <= 700, "{size}");
    }
}

#[test]
fn an_option_that_the_system_refuses_is_a_connect_error() {
    let address = ok_server();
    let mut builder = ClientBuilder::default();
    let option = SocketOption { level: libc::IPPROTO_TCP, option: 9999, value: vec![0; 4] };
    builder.sockets.options.push(option);
    let client = builder.build().unwrap();
    let error = send(&client, client.build_request("GET", &format!("http://{address}/")).unwrap()).err().unwrap();
    assert_eq!(error.code(), Code::CONNECT_ERROR);
    assert_eq!(error.message(), "[Errno 92] Protocol not available: setting socket option 9999 of level 6");
    assert_eq!(error.os_errno(), Some(92));
}

#[test]
fn the_steps_of_a_connection_are_told_with_their_arguments() {
    let address = ok_server();
    let mut builder = ClientBuilder::default();
    builder.set_local_address("127.0.0.1").unwrap();
    let value = 1i32.to_ne_bytes().to_vec();
    let option = SocketOption { level: libc::SOL_SOCKET, option: libc::SO_KEEPALIVE, value: value.clone() };
    builder.sockets.options.push(option);
    let client = builder.build().unwrap();
    let mut request = client.build_request("GET", &format!("http://{address}/")).unwrap();
    let events = traced(&mut request);
    send(&client, request).unwrap();
    assert_eq!(names(&events), ["connection.connect_tcp.started", "connection.connect_tcp.complete"]);
    let (level, name) = (Value::Int(libc::SOL_SOCKET.into()), Value::Int(libc::SO_KEEPALIVE.into()));
    let wanted = vec![
        ("host", Value::Text("127.0.0.1".into())),
        ("port", Value::Int(address.port().into())),
        ("local_address", Value::Text("127.0.0.1".into())),
        ("timeout", Value::Float(5.0)),
        ("socket_options", Value::List(vec![Value::List(vec![level, name, Value::Bytes(value)])])),
    ];
    assert_eq!(events.lock().unwrap()[0].info, wanted);
    // The connection is there: nothing is told of making one.
    let mut request = client.build_request("GET", &format!("http://{address}/")).unwrap();
    let events = traced(&mut request);
    send(&client, request).unwrap();
    assert!(names(&events).is_empty());
}

#[test]
fn a_retry_is_told_with_the_arguments_of_what_failed() {
    let (_kept, address) = refusing();
    let client = ClientBuilder { retries: 1, ..ClientBuilder::default() }.build().unwrap();
    let mut request = client.build_request("GET", &format!("http://{address}/")).unwrap();
    let events = traced(&mut request);
    send(&client, request).err().unwrap();
    let wanted = [
        "connection.connect_tcp.started",
        "connection.connect_tcp.failed",
        "connection.retry.started",
        "connection.retry.complete",
        "connection.connect_tcp.started",
        "connection.connect_tcp.failed",
    ];
    assert_eq!(names(&events), wanted);
    let events = events.lock().unwrap();
    assert_eq!(events[2].info, events[0].info);
    assert_eq!(events[3].info, [("return_value", Value::None)]);
    let exception = Value::Opaque("ConnectionRefused(\"[Errno 111] Connection refused\")".into());
    assert_eq!((events[1].phase, &events[1].info[..]), (Phase::Failed, &[("exception", exception)][..]));
}

#[test]
fn a_connection_is_tried_again_at_once_and_then_after_half_a_second() {
    let (_kept, address) = refusing();
    let client = ClientBuilder { retries: 2, ..ClientBuilder::default() }.build().unwrap();
    let mut request = client.build_request("GET", &format!("http://{address}/")).unwrap();
    let told = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&told);
    request.observer.trace = Some(Arc::new(move |event: &TraceEvent| {
        if event.name() == "connection.connect_tcp.started" {
            noted.lock().unwrap().push(Instant::now());
        }
        Poll::Ready(Ok(()))
    }));
    let error = send(&client, request).err().unwrap();
    assert_eq!(error.message(), "[Errno 111] Connection refused");
    let told = told.lock().unwrap();
    assert_eq!(told.len(), 3);
    assert!(told[2] - told[1] >= Duration::from_millis(500));
}

#[test]
fn what_fails_on_a_connection_is_not_a_matter_of_retries() {
    let accepted = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&accepted);
    let address = server(move |mut stream, _| {
        counted.fetch_add(1, Ordering::SeqCst);
        read_head(&mut stream).unwrap();
    });
    let client = ClientBuilder { retries: 3, ..ClientBuilder::default() }.build().unwrap();
    let error = send(&client, client.build_request("GET", &format!("http://{address}/")).unwrap()).err().unwrap();
    assert_eq!(error.code(), Code::SERVER_DISCONNECTED);
    assert_eq!(accepted.load(Ordering::SeqCst), 1);
}

#[test]
fn tls_is_spoken_over_a_unix_socket_if_the_scheme_says_so() {
    let path = std::env::temp_dir().join(format!("libhttpx-{}-tls.sock", std::process::id()));
    let listener = UnixListener::bind(&path).unwrap();
    let config = tls_config();
    let serving = std::thread::spawn(move || {
        let mut stream = secured(&config, listener.accept().unwrap().0);
        let head = read_head(&mut stream).unwrap();
        stream.write_all(OK.as_bytes()).unwrap();
        (head, stream.conn.server_name().map(str::to_owned))
    });
    let mut builder = ClientBuilder { unix_socket: Some(path.clone()), ..ClientBuilder::default() };
    builder.tls.verify = false;
    let client = builder.build().unwrap();
    let response = send(&client, client.build_request("GET", "https://example.invalid/").unwrap()).unwrap();
    std::fs::remove_file(&path).unwrap();
    assert_eq!(response.head().connection().tls.as_ref().map(|tls| tls.version), Some("TLSv1.3"));
    let (head, name) = serving.join().unwrap();
    assert!(head.starts_with("GET / HTTP/1.1\r\nHost: example.invalid\r\n"), "{head}");
    assert_eq!(name.as_deref(), Some("example.invalid"));
}

#[test]
fn a_unix_socket_is_a_step_of_its_own() {
    let path = std::env::temp_dir().join(format!("libhttpx-{}-steps.sock", std::process::id()));
    let listener = UnixListener::bind(&path).unwrap();
    let serving = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        read_head(&mut stream).unwrap();
        stream.write_all(OK.as_bytes()).unwrap();
    });
    let client = ClientBuilder { unix_socket: Some(path.clone()), ..ClientBuilder::default() }.build().unwrap();
    let mut request = client.build_request("GET", "http://example.invalid/").unwrap();
    let events = traced(&mut request);
    let response = send(&client, request).unwrap();
    std::fs::remove_file(&path).unwrap();
    serving.join().unwrap();
    assert_eq!(response.head().connection().peer, None);
    assert_eq!(names(&events), ["connection.connect_unix_socket.started", "connection.connect_unix_socket.complete"]);
    let wanted = vec![
        ("path", Value::Text(path.display().to_string())),
        ("timeout", Value::Float(5.0)),
        ("socket_options", Value::None),
    ];
    assert_eq!(events.lock().unwrap()[0].info, wanted);
}

#[test]
fn the_time_of_a_look_up_is_told_apart_from_the_connections() {
    let address: SocketAddr = ok_server();
    assert_eq!(address.ip(), IpAddr::from(Ipv4Addr::LOCALHOST));
    let client = ClientBuilder::default().build().unwrap();
    let timings = |host: &str| {
        let request = client.build_request("GET", &format!("http://{host}:{}/", address.port())).unwrap();
        send(&client, request).unwrap().head().connection().dialling
    };
    let (by_address, by_name) = (timings("127.0.0.1"), timings("localhost"));
    assert!(by_address.connect.is_some() && by_address.dns.is_none());
    assert!(by_name.connect.is_some() && by_name.dns.is_some());
    assert!(by_name.proxy.is_none() && by_name.tls.is_none());
}
