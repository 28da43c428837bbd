//! The scripted HTTP/2 peer: with a client of raw frames, which can also do wrong, and with the h2 crate's.

use std::io::ErrorKind;
use std::net::TcpStream;

use h2::client::SendRequest;
use h2::Reason;
use hyper::body::Bytes;
use hyper::Request;
use serde_json::{json, Value};

use crate::server::{shared, socket, Client};

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;
const ACK: u8 = 1;
const END_HEADERS: u8 = 4;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

#[derive(Debug, PartialEq)]
struct Frame {
    kind: u8,
    flags: u8,
    stream: u32,
    payload: Vec<u8>,
}

/// A client that sends any frames and reads them one by one.
struct Raw(Client<TcpStream>);

impl Raw {
    fn connect(port: u16) -> Self {
        let mut raw = Self(Client::new(socket(port)));
        raw.0.send(PREFACE);
        raw.send(SETTINGS, 0, 0, b"");
        raw
    }

    fn send(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
        let length = (payload.len() as u32).to_be_bytes();
        self.0.send([&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat());
    }

    /// A GET of this path, or a POST whose body is still to come.
    fn ask(&mut self, stream: u32, path: &str, ends: bool) {
        let method = if ends { 0x82 } else { 0x83 };
        // :scheme http, then :path as a literal without indexing. RFC 7541, appendix A
        let block = [&[method, 0x86, 0x04], &string(path)[..]].concat();
        self.send(HEADERS, END_HEADERS | if ends { END_STREAM } else { 0 }, stream, &block);
    }

    fn frame(&mut self) -> Frame {
        let head = self.0.exactly(9);
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
        let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
        Frame { kind: head[3], flags: head[4], stream, payload: self.0.exactly(length) }
    }

    /// The next frame that is neither SETTINGS nor WINDOW_UPDATE; acknowledges SETTINGS.
    fn answer(&mut self) -> Frame {
        loop {
            let frame = self.frame();
            match frame.kind {
                SETTINGS if frame.flags == 0 => self.send(SETTINGS, ACK, 0, b""),
                SETTINGS | WINDOW_UPDATE => {}
                _ => return frame,
            }
        }
    }

    /// Reads up to SETTINGS that are no ACK, and acknowledges them.
    fn acknowledge(&mut self) {
        while self.frame().flags == ACK {}
        self.send(SETTINGS, ACK, 0, b"");
    }
}

/// Without Huffman coding, shorter than 254 bytes.
fn string(text: &str) -> Vec<u8> {
    let length = match text.len() {
        short @ ..127 => vec![short as u8],
        long => vec![127, u8::try_from(long - 127).expect("a short text")],
    };
    [&length, text.as_bytes()].concat()
}

fn h2_raw() -> Raw {
    Raw::connect(shared().port("h2_raw"))
}

/// A port with a script of its own.
fn opened(script: Value) -> u16 {
    let body = script.to_string();
    let head = format!("POST /h2-listen HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n", body.len());
    let answer = shared().ask(&(head + &body)).json();
    answer["port"].as_u64().and_then(|port| u16::try_from(port).ok()).expect("a port")
}

/// The record with this text in it, once it has the other text too.
fn recorded(contains: &str, until: &str) -> Value {
    let until: String = form_urlencoded::byte_serialize(until.as_bytes()).collect();
    let list = shared().get(&format!("/h2-recorded?contains={contains}&until={until}")).json();
    list.as_array().and_then(|list| list.last()).expect("a record").clone()
}

fn of_port(port: u16, until: &str) -> Value {
    recorded(&format!("%22port%22:{port},"), until)
}

/// What HEADERS of the peer hold: literals without indexing, all of them short.
fn fields(frame: &Frame) -> Vec<(String, String)> {
    let mut block = &frame.payload[..];
    let text = |block: &mut &[u8]| {
        let (length, rest) = block.split_first().expect("a string");
        let (text, rest) = rest.split_at(usize::from(*length));
        *block = rest;
        String::from_utf8(text.to_vec()).expect("text")
    };
    let mut fields = Vec::new();
    while let Some((0, rest)) = block.split_first() {
        block = rest;
        fields.push((text(&mut block), text(&mut block)));
    }
    fields
}

fn field(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

#[test]
fn a_path_is_a_script_and_another_path_is_answered_with_200() {
    let mut raw = h2_raw();
    raw.ask(
        1,
        r#"/[{"headers":[[":status","201"],["X-A","b"]]},{"data":"a"},{"headers_end":[["t","u"]]}]?mark-one"#,
        true,
    );
    let head = raw.answer();
    assert_eq!((head.kind, head.flags, head.stream), (HEADERS, END_HEADERS, 1));
    assert_eq!(fields(&head), [field(":status", "201"), field("X-A", "b")]);
    assert_eq!(raw.answer(), Frame { kind: DATA, flags: 0, stream: 1, payload: b"a".to_vec() });
    let trailers = raw.answer();
    assert_eq!((fields(&trailers), trailers.flags), (vec![field("t", "u")], END_HEADERS | END_STREAM));

    raw.ask(3, "/other", true);
    let head = raw.answer();
    assert_eq!((&fields(&head)[0], head.stream), (&field(":status", "200"), 3));
    assert_eq!(raw.answer(), Frame { kind: DATA, flags: END_STREAM, stream: 3, payload: b"ok".to_vec() });

    raw.ask(5, "/[{}]", true);
    assert_eq!(fields(&raw.answer())[0], field(":status", "400"));
    let record = recorded("mark-one", "/[{}]");
    let paths: Vec<_> =
        record["requests"].as_array().expect("a list").iter().map(|r| r["headers"][2][1].clone()).collect();
    assert_eq!((paths.len(), &paths[1]), (3, &json!("/other")));
    assert_eq!(record["frames"][1], "HEADERS 1 END_STREAM");
    assert_eq!((&record["violations"], &record["ended"]), (&json!([]), &json!(null)));
    drop(raw);
    assert_eq!(recorded("mark-one", "\"ended\":\"eof\"")["ended"], "eof");
}

#[test]
fn a_list_of_scripts_is_one_for_each_time() {
    let path = r#"/[[{"rst":"REFUSED_STREAM"}],[{"rst":99}],[{"respond":{"body":"at last"}}]]?mark-rounds"#;
    for reason in [7u32, 99] {
        let mut raw = h2_raw();
        raw.ask(1, path, true);
        let rst = Frame { kind: RST_STREAM, flags: 0, stream: 1, payload: reason.to_be_bytes().to_vec() };
        assert_eq!(raw.answer(), rst);
    }
    let mut raw = h2_raw();
    for stream in [1, 3] {
        raw.ask(stream, path, true);
        assert_eq!(fields(&raw.answer()), [field(":status", "200")]);
        assert_eq!(raw.answer().payload, b"at last");
    }
}

#[test]
fn settings_of_a_port_come_at_once_and_too_many_streams_are_a_violation() {
    let port = opened(json!([{ "settings": { "max_concurrent_streams": 1 } }, { "await": "settings_ack" },
        { "read_request": true }, { "read_request": true }, { "stream": 1 }, { "respond": { "status": 204 } }]));
    let mut raw = Raw::connect(port);
    let settings = loop {
        let frame = raw.frame();
        if frame.kind == SETTINGS && frame.flags == 0 {
            break frame;
        }
    };
    assert_eq!(settings.payload, [0, 3, 0, 0, 0, 1]);
    raw.send(SETTINGS, ACK, 0, b"");
    raw.ask(1, "/a", true);
    raw.ask(3, "/b", true);
    let answer = raw.answer();
    assert_eq!((answer.stream, answer.flags), (1, END_HEADERS | END_STREAM));
    let record = of_port(port, "violations\":[\"");
    assert_eq!(record["violations"], json!(["stream 3 is the 2th, of 1 at one time"]));
    assert_eq!(record["max_open_streams"], 2);
}

#[test]
fn uploads_are_starved_and_windows_can_be_negative() {
    let port = opened(json!([{ "replenish": false }, { "read_request": true }, { "read_body": 10 },
        { "settings": { "initial_window_size": 0 } }, { "await": "settings_ack" }, { "open_window": 12 },
        { "read_end": true }, { "respond": {} }]));
    let mut raw = Raw::connect(port);
    raw.ask(1, "/up", false);
    raw.send(DATA, 0, 1, b"0123456789");
    raw.acknowledge();
    raw.acknowledge();
    let opened = loop {
        let frame = raw.frame();
        if frame.kind == WINDOW_UPDATE {
            break frame;
        }
    };
    assert_eq!((opened.stream, opened.payload), (1, vec![0, 0, 0, 12]));
    // The window was -10 and is 2.
    raw.send(DATA, 0, 1, b"ab");
    raw.send(DATA, END_STREAM, 1, b"c");
    assert_eq!(raw.answer().flags, END_HEADERS | END_STREAM);
    let record = of_port(port, "overrun");
    assert_eq!(record["violations"], json!(["the window of stream 1 is overrun by 1 bytes"]));
    let request = &record["requests"][0];
    assert_eq!(
        (&request["body"], &request["body_size"], &request["ended"]),
        (&json!("0123456789abc"), &json!(13), &json!(true))
    );
}

#[test]
fn windows_are_given_back_unless_told_not_to() {
    let mut raw = h2_raw();
    raw.ask(1, r#"/[{"read_end":true},{"respond":{}}]"#, false);
    raw.send(DATA, 0, 1, b"abc");
    let mut given = Vec::new();
    while given.len() < 2 {
        let frame = raw.frame();
        if frame.kind == WINDOW_UPDATE {
            given.push((frame.stream, frame.payload));
        }
    }
    assert_eq!(given, [(0, vec![0, 0, 0, 3]), (1, vec![0, 0, 0, 3])]);
}

#[test]
fn pings_are_answered_unless_told_not_to_and_our_own_are_recorded() {
    let mut raw = h2_raw();
    raw.ask(1, r#"/[{"ping":"knock-12"},{"await":"ping_ack"},{"answer_pings":false},{"respond":{}}]?mark-ping"#, true);
    assert_eq!(raw.answer(), Frame { kind: PING, flags: 0, stream: 0, payload: b"knock-12".to_vec() });
    raw.send(PING, 0, 0, b"answered");
    assert_eq!(raw.answer(), Frame { kind: PING, flags: ACK, stream: 0, payload: b"answered".to_vec() });
    raw.send(PING, ACK, 0, b"knock-12");
    assert_eq!(raw.answer().kind, HEADERS);
    raw.send(PING, 0, 0, b"ignored!");
    raw.ask(3, "/", true);
    assert_eq!(raw.answer().stream, 3);
    let frames = recorded("mark-ping", "PING ignored!")["frames"].clone();
    assert!(frames.as_array().expect("a list").contains(&json!("PING ACK knock-12")));
}

#[test]
fn goaway_leaves_later_streams_unserved() {
    let mut raw = h2_raw();
    let script = r#"/[{"read_request":true},{"goaway":{"last":1,"code":"ENHANCE_YOUR_CALM","debug":"d"}},{"stream":1},{"respond":{}}]"#;
    raw.ask(1, script, true);
    raw.ask(3, "/late", true);
    raw.ask(5, "/later", true);
    assert_eq!(raw.answer(), Frame { kind: GOAWAY, flags: 0, stream: 0, payload: b"\0\0\0\x01\0\0\0\x0bd".to_vec() });
    assert_eq!(raw.answer().stream, 1);
    raw.send(PING, 0, 0, b"the-last");
    assert_eq!(raw.answer().kind, PING);
}

#[test]
fn connections_end_in_every_way() {
    let ended = |script: &str| {
        let mut raw = h2_raw();
        raw.ask(1, script, true);
        // The peer's SETTINGS and its ACK of ours.
        raw.0.rest().map_err(|error| error.kind())
    };
    assert!(ended(r#"/[{"close":true}]"#).is_ok());
    assert!(ended(r#"/[{"cut":true}]"#).is_ok());
    assert_eq!(ended(r#"/[{"reset":true}]"#), Err(ErrorKind::ConnectionReset));
    let sent = ended(r#"/[{"headers":[[":status","200"],["content-length","9"]]},{"data":"half"},{"close":true}]"#);
    assert!(sent.expect("FIN").ends_with(b"half"));
}

#[test]
fn a_big_header_list_is_continued() {
    let mut raw = h2_raw();
    raw.ask(1, r#"/[{"big_headers":40000}]"#, true);
    let mut kinds = vec![];
    loop {
        let frame = raw.answer();
        kinds.push(frame.kind);
        if frame.flags & END_HEADERS != 0 {
            break;
        }
    }
    assert_eq!(kinds, [HEADERS, CONTINUATION, CONTINUATION]);
}

#[test]
fn raw_frames_and_bytes_go_out_as_they_are() {
    let mut raw = h2_raw();
    raw.ask(
        1,
        r#"/[{"frame":{"type":99,"flags":3,"stream":7,"payload_b64":"YWI="}},{"send_b64":"AAAAYwAAAAAA"}]"#,
        true,
    );
    assert_eq!(raw.answer(), Frame { kind: 99, flags: 3, stream: 7, payload: b"ab".to_vec() });
    assert_eq!(raw.answer(), Frame { kind: 99, flags: 0, stream: 0, payload: Vec::new() });
}

#[test]
fn responses_stay_within_the_clients_windows_and_stop_at_its_reset() {
    let mut raw = h2_raw();
    raw.ask(1, r#"/[{"respond":{"bytes":70000}}]?mark-windows"#, true);
    assert_eq!(raw.answer().kind, HEADERS);
    let mut size = 0;
    while size < 65_535 {
        size += raw.answer().payload.len();
    }
    assert_eq!(size, 65_535);
    raw.send(WINDOW_UPDATE, 0, 0, &[0, 0, 0, 9]);
    raw.send(WINDOW_UPDATE, 0, 1, &[0, 0, 0, 5]);
    while size < 65_540 {
        size += raw.answer().payload.len();
    }
    assert_eq!(size, 65_540);
    raw.send(RST_STREAM, 0, 1, &[0, 0, 0, 8]);
    raw.ask(3, "/", true);
    assert_eq!(raw.answer().stream, 3);
    let record = recorded("mark-windows", "CANCEL");
    assert_eq!((&record["resets"], &record["window_updates"]), (&json!({ "1": "CANCEL" }), &json!({ "0": 9, "1": 5 })));
}

#[test]
fn over_tls_it_is_h2() {
    let mut client = crate::tls::connected("h2_raw_tls", "localhost", &["h2"]);
    client.send(PREFACE);
    client.send(b"\0\0\0\x04\0\0\0\0\0");
    client.send([&b"\0\0\x04\x01\x05\0\0\0\x01\x82\x86\x84"[..], b"\x87"].concat());
    client.exactly(9);
    assert_eq!(client.stream().conn.alpn_protocol(), Some(&b"h2"[..]));
}

// ---- with the h2 crate's client

struct Peer {
    requests: SendRequest<Bytes>,
    connection: tokio::task::JoinHandle<Result<(), h2::Error>>,
}

async fn peer(port: u16) -> Peer {
    let socket = socket(port);
    socket.set_nonblocking(true).expect("a socket can be");
    let stream = tokio::net::TcpStream::from_std(socket).expect("a runtime runs");
    let mut builder = h2::client::Builder::new();
    // More only once the peer's SETTINGS are known.
    builder.initial_max_send_streams(1);
    let (requests, connection) = builder.handshake(stream).await.expect("a connection");
    Peer { requests, connection: tokio::spawn(connection) }
}

fn get(script: &Value) -> Request<()> {
    let script = base64::Engine::encode(&base64::prelude::BASE64_URL_SAFE_NO_PAD, script.to_string());
    Request::get(format!("http://localhost/b/{script}")).body(()).expect("a request")
}

/// The body, or the error that ended the response.
async fn outcome(script: Value) -> Result<Vec<u8>, h2::Error> {
    let mut peer = peer(shared().port("h2_raw")).await;
    let (response, _) = peer.requests.send_request(get(&script), true)?;
    let mut body = response.await?.into_body();
    let mut whole = Vec::new();
    while let Some(piece) = body.data().await {
        whole.extend_from_slice(&piece?);
    }
    Ok(whole)
}

#[tokio::test]
async fn a_careful_client_accepts_what_is_right_and_refuses_what_is_not() {
    let early = json!([{ "headers": [[":status", "103"], ["link", "</a>"]] }, { "respond": { "body": "b" } }]);
    assert_eq!(outcome(early).await.expect("a response"), b"b");
    let reset = json!([{ "headers": [[":status", "200"]] }, { "data": "half" }, { "rst": "ENHANCE_YOUR_CALM" }]);
    assert_eq!(outcome(reset).await.expect_err("a reset").reason(), Some(Reason::ENHANCE_YOUR_CALM));
    for wrong in [
        json!([{ "headers_end": [[":status", "200"], ["X-Upper", "a"]] }]),
        json!([{ "headers_end": [[":status", "200"], ["connection", "close"]] }]),
        json!([{ "headers": [[":status", "200"], ["content-length", "3"]] }, { "data_end": "four" }]),
        json!([{ "headers": [[":status", "200"], ["content-length", "5"]] }, { "data_end": "four" }]),
        json!([{ "headers": [[":status", "200"]] }, { "goaway": { "last": 0, "code": 1 } }, { "close": true }]),
        json!([{ "headers": [[":status", "200"]] }, { "data": "half" }, { "close": true }]),
        json!([{ "cut": true }]),
    ] {
        assert!(outcome(wrong.clone()).await.is_err(), "{wrong}");
    }
}

#[tokio::test]
async fn a_flood_overruns_the_clients_windows() {
    let mut peer = peer(shared().port("h2_raw")).await;
    let script = json!([{ "headers": [[":status", "200"]] }, { "flood": 70_000 }, { "await": "eof" }]);
    let (response, _) = peer.requests.send_request(get(&script), true).expect("a stream");
    let _body = response.await.map(|response| response.into_body());
    let error = peer.connection.await.expect("no panic").expect_err("the client gives up");
    assert_eq!(error.reason(), Some(Reason::FLOW_CONTROL_ERROR));
}

#[tokio::test]
async fn a_limit_of_streams_that_changes_is_kept_by_a_careful_client() {
    let port = opened(json!([{ "settings": { "max_concurrent_streams": 2 } }, { "await": "settings_ack" },
        { "read_request": true }, { "read_request": true }, { "settings": { "max_concurrent_streams": 1 } },
        { "await": "settings_ack" }, { "stream": 1 }, { "respond": {} }, { "stream": 3 }, { "respond": {} }]));
    let mut peer = peer(port).await;
    let mut responses = Vec::new();
    for _ in 0..5 {
        peer.requests = peer.requests.ready().await.expect("the connection is up");
        let request = Request::get("http://localhost/").body(()).expect("a request");
        responses.push(tokio::spawn(peer.requests.send_request(request, true).expect("a stream").0));
    }
    for response in responses {
        assert_eq!(response.await.expect("no panic").expect("an answer").status(), 200);
    }
    let record = tokio::task::spawn_blocking(move || of_port(port, "HEADERS 9")).await.expect("no panic");
    assert_eq!(record["violations"], json!([]));
    assert_eq!(record["settings"]["enable_push"], json!(null));
    assert!(record["max_open_streams"].as_u64().is_some_and(|streams| streams <= 2));
}
