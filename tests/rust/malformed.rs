//! What no server may send in HTTP/1.1: each case ends its own request with an error that names the offence, closes its own
//! connection, leaves no place in the pool taken and does no other request any harm (checklist I, Q04). `http2_frames.rs`
//! has the same for HTTP/2.

use std::io::Write;
use std::net::{Shutdown, SocketAddr};
use std::sync::{mpsc, Arc, Mutex};
use std::thread;

use httpx::error::{Code, Error};
use httpx::httpx::{Client, ClientBuilder, Response};

use crate::http2_peer::{begin, raw, rest};
use crate::support::{ends, read_head, read_to_end, send, server, OK, PATIENCE};

/// An answer, and what the error has to say of it.
struct Case {
    answer: Vec<u8>,
    names: &'static str,
    /// Whether the connection ends behind it.
    ends: bool,
}

fn case(answer: impl Into<Vec<u8>>, names: &'static str) -> Case {
    Case { answer: answer.into(), names, ends: false }
}

/// An answer that the connection's end makes wrong.
fn cut(answer: &str, names: &'static str) -> Case {
    Case { ends: true, ..case(answer, names) }
}

/// A head with these lines behind its first, and what follows it.
fn head(lines: &str, rest: &str) -> String {
    format!("HTTP/1.1 200 OK\r\n{lines}\r\n\r\n{rest}")
}

fn chunked(body: &str) -> String {
    head("Transfer-Encoding: chunked", body)
}

fn heads() -> Vec<Case> {
    const STATUS: &str = "illegal status line: ";
    const FIELD: &str = "illegal header line: ";
    vec![
        cut("", "Server disconnected without sending a response."),
        cut("HTTP/1.1 200 OK\r\nContent-Le", "without sending a complete response head"),
        case("SSH-2.0-OpenSSH_9.7\r\n", "illegal status line: b'SSH-2.0-OpenSSH_9.7'"),
        case(b"\x15\x03\x01\x00\x02\x02\x46", "the response starts with byte 0x15"),
        case("\r\nHTTP/1.1 200 OK\r\n\r\n", "no response line received"),
        case("HTTP/1.1 99 No\r\n\r\n", "illegal status line: b'HTTP/1.1 99 No'"),
        case("HTTP/1.1 1000 No\r\n\r\n", STATUS),
        case("HTTP/1.1 20x No\r\n\r\n", STATUS),
        case("HTTP/1.1 200 O\0K\r\n\r\n", STATUS),
        case(head("A : b", ""), "illegal header line: b'A : b'"),
        case(head("no colon", ""), "illegal header line: b'no colon'"),
        case(head(": no name", ""), FIELD),
        case(head("A: a\0b", ""), FIELD),
        case(head("A: a\rB: c", ""), FIELD),
        case(head(" folded: first", ""), "continuation line at start of headers"),
        case(head(&format!("A: {}", "x".repeat(150_000)), ""), "Receive buffer too long"),
        case(head(&"A: b\r\n".repeat(1001), ""), "too many header fields: more than 1000"),
        case("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", "switched protocols without being asked to"),
        case("HTTP/1.1 102 Processing\r\n\r\n".repeat(101), "more than 100 interim responses"),
    ]
}

fn bodies() -> Vec<Case> {
    const SIZE: &str = "illegal chunk header: ";
    const FOOTER: &str = "malformed chunk footer: ";
    const TRAILER: &str = "illegal header line: ";
    vec![
        case(head("Content-Length: 2\r\nContent-Length: 3", "abc"), "conflicting Content-Length headers"),
        case(head("Content-Length: 2, 3", "abc"), "conflicting Content-Length headers"),
        case(head("Content-Length: -1", ""), "bad Content-Length: b'-1'"),
        case(head("Content-Length: 0x2", "ab"), "bad Content-Length: b'0x2'"),
        case(head("Content-Length: 18446744073709551616", ""), "bad Content-Length: "),
        case(head("Transfer-Encoding: gzip", ""), "Only Transfer-Encoding: chunked is supported, not b'gzip'"),
        case(head("Transfer-Encoding: gzip, chunked", "0\r\n\r\n"), "Only Transfer-Encoding: chunked is supported"),
        case(
            head("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "0\r\n\r\n"),
            "multiple Transfer-Encoding headers",
        ),
        cut(&head("Content-Length: 10", "abc"), "(received 3 bytes, expected 10)"),
        cut(&chunked("5\r\nabc"), "(incomplete chunked read)"),
        cut(&chunked("5\r\nhello\r\n"), "(incomplete chunked read)"),
        case(chunked("2\nab\r\n0\r\n\r\n"), SIZE),
        case(chunked(" 2\r\nab\r\n0\r\n\r\n"), SIZE),
        case(chunked("0x2\r\nab\r\n0\r\n\r\n"), "illegal chunk header: b'0x2"),
        case(chunked("+2\r\nab\r\n0\r\n\r\n"), SIZE),
        case(chunked("10000000000000000\r\nab"), SIZE),
        case(chunked(&format!("1;{}", "e".repeat(20_000))), "no line end within 16384 bytes"),
        case(chunked("2\r\nabXX0\r\n\r\n"), "malformed chunk footer: b'X'"),
        case(chunked("2\r\nabc\r\n0\r\n\r\n"), FOOTER),
        case(chunked("2\r\nab\n0\r\n\r\n"), FOOTER),
        case(chunked("0\r\nA : b\r\n\r\n"), TRAILER),
        case(chunked("0\r\n\n"), "ends with a bare LF"),
        case(chunked(&format!("0\r\nA: {}", "x".repeat(150_000))), "Receive buffer too long"),
    ]
}

/// Answers `/bad` as the case says and waits for the end of that connection, which it tells; `/held` gets its answer when
/// it is let go, and everything else at once.
fn offender(case: &Case) -> (SocketAddr, mpsc::Sender<()>, mpsc::Receiver<()>) {
    let (let_go, held) = mpsc::channel();
    let (tell, ended) = mpsc::channel();
    let held = Mutex::new(held);
    let (answer, ends) = (case.answer.clone(), case.ends);
    let address = server(move |mut stream, _| {
        while let Some(head) = read_head(&mut stream) {
            if head.starts_with("GET /bad ") {
                // Whoever has seen enough does not wait for the rest.
                let _ = stream.write_all(&answer);
                if ends {
                    stream.shutdown(Shutdown::Write).unwrap();
                }
                read_to_end(&mut stream);
                tell.send(()).unwrap();
                return;
            }
            if head.starts_with("GET /held ") {
                held.lock().unwrap().recv().unwrap();
            }
            stream.write_all(OK.as_bytes()).unwrap();
        }
    });
    (address, let_go, ended)
}

fn get(client: &Arc<Client>, address: SocketAddr, path: &str) -> Result<Response, Error> {
    send(client, client.build_request("GET", &format!("http://{address}{path}")).unwrap())
}

/// The same, with the body read piece by piece.
fn get_in_pieces(client: &Arc<Client>, address: SocketAddr, path: &str) -> Result<Vec<u8>, Error> {
    let mut response = begin(client, client.build_request("GET", &format!("http://{address}{path}")).unwrap())?;
    rest(client, &mut raw(&mut response))
}

fn counts(client: &Client) -> (usize, usize, usize) {
    let counts = client.counts();
    (counts.active, counts.idle, counts.waiting)
}

fn check(case: &Case) {
    let what = String::from_utf8_lossy(&case.answer[..case.answer.len().min(120)]).into_owned();
    let (address, let_go, ended) = offender(case);
    let mut builder = ClientBuilder::default();
    builder.limits.max_connections = Some(2);
    builder.timeouts.read = Some(PATIENCE / 2);
    let client = builder.build().unwrap();
    let holder = Arc::clone(&client);
    let held = thread::spawn(move || get(&holder, address, "/held"));
    while client.counts().active == 0 {
        thread::yield_now();
    }
    // On a connection of its own, and on one that has served another request.
    for in_pieces in [false, true] {
        let error = match in_pieces {
            false => get(&client, address, "/bad").err(),
            true => get_in_pieces(&client, address, "/bad").err(),
        };
        let error = error.unwrap_or_else(|| panic!("{what:?} was taken"));
        assert!(error.is_a(Code::REMOTE_PROTOCOL_ERROR), "{what:?}: {error:?}");
        assert!(error.message().contains(case.names), "{what:?}: {error:?}");
        assert_eq!(error.request().unwrap().url, format!("http://{address}/bad"));
        ended.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("{what:?}: the connection stays"));
        assert_eq!(counts(&client), (1, 0, 0), "{what:?}");
        assert_eq!(get(&client, address, "/").unwrap().content().unwrap(), "ok", "{what:?}");
        assert_eq!(counts(&client), (1, 1, 0), "{what:?}");
    }
    let_go.send(()).unwrap();
    assert_eq!(held.join().unwrap().unwrap().content().unwrap(), "ok", "{what:?}");
    assert_eq!(counts(&client), (0, 2, 0), "{what:?}");
}

#[test]
fn a_malformed_head_ends_its_request_and_nothing_else() {
    ends(|| heads().iter().for_each(check));
}

#[test]
fn a_malformed_body_ends_its_request_and_nothing_else() {
    ends(|| bodies().iter().for_each(check));
}

#[test]
fn what_follows_a_complete_response_is_not_taken_for_the_next() {
    // As a response that was smuggled in would be (RFC 9112 §9.2).
    let smuggled = format!("{OK}HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbad");
    let address = server(move |mut stream, _| {
        while read_head(&mut stream).is_some() {
            stream.write_all(smuggled.as_bytes()).unwrap();
        }
    });
    let client = ClientBuilder::default().build().unwrap();
    ends(move || {
        for _ in 0..3 {
            assert_eq!(get(&client, address, "/").unwrap().content().unwrap(), "ok");
            assert_eq!(counts(&client), (0, 0, 0));
        }
    });
}
