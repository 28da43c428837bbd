//! What a time limit is for (checklist G): each read, each write, and each step to a connection has all of it, and all the
//! waiting for a place has it once.

use std::io::{Read, Write};
use std::sync::{mpsc, Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use httpx::error::Code;
use httpx::httpx::{ClientBuilder, Proxy, Timeout};

use crate::http2_peer::{begin, by_alpn, piece, raw};
use crate::proxies::{secured, tls_config};
use crate::support::{ends, read_head, request, send, server, EchoServer, OK};

/// Long enough that a machine with much to do keeps within it, and short enough to exceed it together.
const LIMIT: Duration = Duration::from_millis(1500);
/// Two of these are more than the limit.
const PART: Duration = Duration::from_millis(800);

fn only(index: usize, limit: Duration) -> [Timeout; 4] {
    let mut limits = [Timeout::Set(None); 4];
    limits[index] = Timeout::Set(Some(limit));
    limits
}

fn pass(time: Duration) {
    let begun = Instant::now();
    while begun.elapsed() < time {
        thread::park_timeout(time.saturating_sub(begun.elapsed()));
    }
}

#[test]
fn each_read_has_the_whole_read_timeout() {
    let address = server(|mut stream, _| {
        read_head(&mut stream).unwrap();
        for part in ["HTTP/1.1 200 OK\r\nContent-Le", "ngth: 2\r\n\r\no", "k"] {
            pass(PART);
            stream.write_all(part.as_bytes()).unwrap();
        }
    });
    let client = ClientBuilder::default().build().unwrap();
    let mut patient = request(&client, "GET", address);
    patient.set_timeouts(only(1, LIMIT));
    assert_eq!(ends(move || send(&client, patient)).unwrap().content().unwrap(), "ok");
}

#[test]
fn a_reader_who_takes_time_does_not_use_up_the_read_timeout() {
    let (ask, asked) = mpsc::channel();
    let asked = Mutex::new(asked);
    let address = server(move |mut stream, _| {
        read_head(&mut stream).unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\no").unwrap();
        for part in [b"n", b"e"] {
            asked.lock().unwrap().recv().unwrap();
            stream.write_all(part).unwrap();
        }
    });
    let client = ClientBuilder::default().build().unwrap();
    let mut patient = request(&client, "GET", address);
    patient.set_timeouts(only(1, PART));
    ends(move || {
        let mut response = begin(&client, patient).unwrap();
        let mut body = raw(&mut response);
        assert_eq!(piece(&client, &mut body).unwrap().unwrap(), b"o");
        for wanted in [b"n", b"e"] {
            pass(PART);
            ask.send(()).unwrap();
            assert_eq!(piece(&client, &mut body).unwrap().unwrap(), wanted);
        }
        assert_eq!(piece(&client, &mut body).unwrap(), None);
    });
}

#[test]
fn each_write_has_the_whole_write_timeout() {
    // More than the buffers on the way hold, so that the client waits for each part to be taken.
    const PARTS: usize = 3;
    const SIZE: usize = 16 << 20;
    let address = server(|mut stream, _| {
        read_head(&mut stream).unwrap();
        let mut part = vec![0; SIZE];
        for _ in 0..PARTS {
            pass(PART);
            stream.read_exact(&mut part).unwrap();
        }
        stream.write_all(OK.as_bytes()).unwrap();
    });
    let client = ClientBuilder::default().build().unwrap();
    let mut large = request(&client, "POST", address);
    large.set_bytes(vec![0; PARTS * SIZE].into());
    large.set_timeouts(only(2, LIMIT));
    assert_eq!(ends(move || send(&client, large)).unwrap().content().unwrap(), "ok");
}

#[test]
fn each_step_to_a_connection_has_the_whole_connect_timeout() {
    let config = tls_config();
    // A proxy that takes its time, and an origin behind it that does, too.
    let address = server(move |mut stream, _| {
        read_head(&mut stream).unwrap();
        pass(PART);
        stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").unwrap();
        pass(PART);
        let mut stream = secured(&config, stream);
        while read_head(&mut stream).is_some() {
            stream.write_all(OK.as_bytes()).unwrap();
        }
    });
    let proxy = Proxy::parse(&format!("http://{address}")).unwrap();
    let mut builder = ClientBuilder { proxy: Some(proxy), ..ClientBuilder::default() };
    builder.tls.verify = false;
    let client = builder.build().unwrap();
    let mut patient = client.build_request("GET", "https://127.0.0.1/").unwrap();
    patient.set_timeouts(only(0, LIMIT));
    assert_eq!(ends(move || send(&client, patient)).unwrap().content().unwrap(), "ok");
}

#[test]
fn all_the_waiting_for_a_place_has_the_pool_timeout_once() {
    // Who waits for a connection that many could share looks again from time to time; that must not begin the time anew.
    let silent = EchoServer::silent();
    let mut builder = by_alpn();
    builder.limits.max_connections = Some(1);
    builder.timeouts.connect = None;
    let client = builder.build().unwrap();
    let url = format!("https://{}/", silent.address);
    let first = client.build_request("GET", &url).unwrap();
    let mut second = client.build_request("GET", &url).unwrap();
    second.set_timeouts(only(3, LIMIT));
    let holder = Arc::clone(&client);
    let holding = thread::spawn(move || send(&holder, first).err().unwrap().code());
    while client.counts().active == 0 {
        thread::yield_now();
    }
    let waiter = Arc::clone(&client);
    assert_eq!(ends(move || send(&waiter, second).err().unwrap().code()), Code::POOL_TIMEOUT);
    assert_eq!(client.counts().waiting, 0);
    client.close(Some(Duration::ZERO)).unwrap();
    assert_eq!(holding.join().unwrap(), Code::CLIENT_CLOSED);
}

#[test]
fn the_words_of_a_timeout_are_pythons() {
    let silent = EchoServer::silent();
    let client = ClientBuilder::default().build().unwrap();
    let mut hasty = request(&client, "GET", silent.address);
    hasty.set_timeouts(only(1, Duration::from_millis(10)));
    let error = send(&client, hasty).err().unwrap();
    assert_eq!((error.code(), error.message()), (Code::READ_TIMEOUT, "timed out"));
}
