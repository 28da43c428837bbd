//! The scripted byte server: what it sends, when it waits, how it ends, and what it recorded.

use std::io::ErrorKind;
use std::net::Shutdown;
use std::time::Instant;

use base64::prelude::{Engine, BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use serde_json::{json, Value};

use crate::server::{shared, Server, PATIENCE};

fn request(script: &Value, more: &str) -> String {
    let encoded = BASE64_URL_SAFE_NO_PAD.encode(script.to_string());
    format!("GET /b/{encoded} HTTP/1.1\r\nHost: h\r\n{more}\r\n")
}

fn recorded(server: &Server, text: &str) -> Vec<Vec<u8>> {
    let list = server.get(&format!("/recorded?contains={text}")).json();
    let list = list.as_array().expect("a list").iter();
    list.map(|item| BASE64_STANDARD.decode(item.as_str().expect("a string")).expect("base64")).collect()
}

#[test]
fn bytes_are_sent_as_the_script_says() {
    let script = json!([
        { "send": "HTTP/1.1 200 OK\r\n" }, { "send_b64": "/wA=" }, { "repeat": { "text": "ab", "count": 70000 } },
        { "send_bytewise": "end" }
    ]);
    let mut client = shared().connect("bytes");
    client.send(request(&script, ""));
    let expected = [b"HTTP/1.1 200 OK\r\n\xff\0".to_vec(), b"ab".repeat(70000), b"end".to_vec()].concat();
    assert_eq!(client.rest().expect("the script closes at its end"), expected);
}

#[test]
fn a_reset_is_seen_as_one() {
    let mut client = shared().connect("bytes");
    client.send(request(&json!([{ "send": "x" }, { "pause": "until_more" }, { "reset": true }]), ""));
    assert_eq!(client.exactly(1), b"x");
    client.send("more");
    assert_eq!(client.rest().expect_err("RST and not FIN").kind(), ErrorKind::ConnectionReset);
}

#[test]
fn a_pause_lasts_until_the_client_has_closed_its_side() {
    let mut client = shared().connect("bytes");
    client.send(request(&json!([{ "send": "a" }, { "pause": "until_eof" }, { "send": "b" }]), "X-Mark: eof-test\r\n"));
    assert_eq!(client.exactly(1), b"a");
    client.send("tail");
    client.stream().shutdown(Shutdown::Write).expect("connected");
    assert_eq!(client.rest().expect("the script closes"), b"b");
    assert!(recorded(shared(), "eof-test")[0].ends_with(b"\r\n\r\ntail"));
}

#[test]
fn a_loop_answers_head_after_head_and_each_is_recorded_exactly() {
    let answer = json!({ "send": "HTTP/1.1 204 No Content\r\n\r\n" });
    let script = json!([answer, { "loop": [{ "read_head": true }, { "read_body": 3 }, answer] }]);
    let mut client = shared().connect("bytes");
    client.send(request(&script, ""));
    assert_eq!(client.answer().status, 204);
    for number in 1..=3 {
        client.send(format!("POST /x HTTP/1.1\r\nhOsT: loop-test\r\nX: {number}\r\n\r\nabc"));
        assert_eq!(client.answer().status, 204);
    }
    let expected: Vec<_> =
        (1..=3).map(|n| format!("POST /x HTTP/1.1\r\nhOsT: loop-test\r\nX: {n}\r\n\r\nabc").into_bytes()).collect();
    assert_eq!(recorded(shared(), "loop-test"), expected);
}

#[test]
fn a_loop_in_which_nothing_moves_ends() {
    let mut client = shared().connect("bytes");
    client.send(request(&json!([{ "loop": [{ "send": "" }, { "pause": "until_eof" }] }, { "send": "after" }]), ""));
    client.stream().shutdown(Shutdown::Write).expect("connected");
    assert_eq!(client.rest().expect("the script closes"), b"after");
}

#[test]
fn a_body_that_the_script_leaves_unread_causes_no_reset_at_its_end() {
    let mut client = shared().connect("bytes");
    client.send(request(&json!([{ "send": "done" }]), "") + &"x".repeat(100_000));
    assert_eq!(client.rest().expect("FIN and not RST"), b"done");
}

#[test]
fn after_shutdown_write_the_server_still_reads() {
    let mut client = shared().connect("bytes");
    client.send(request(&json!([{ "shutdown_write": true }, { "read_until": "stop" }]), "X-Mark: half-test\r\n"));
    assert_eq!(client.rest().expect("FIN"), b"");
    client.send("go on and stop");
    let start = Instant::now();
    while !recorded(shared(), "half-test").iter().any(|bytes| bytes.ends_with(b"stop")) {
        assert!(start.elapsed() < PATIENCE, "the server did not read on");
    }
}

#[test]
fn scripts_can_have_names_and_a_wrong_one_is_explained() {
    let server = shared();
    let body = json!({ "hello there": [{ "send": "named" }] }).to_string();
    let head = format!("POST /register HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n", body.len());
    assert_eq!(server.ask(&(head + &body)).json(), json!({ "registered": ["hello there"] }));
    let ask = |target: &str| {
        let mut client = server.connect("bytes");
        client.send(format!("GET {target} HTTP/1.1\r\n\r\n"));
        String::from_utf8(client.rest().expect("the script closes")).expect("text")
    };
    assert_eq!(ask("/s/hello%20there?x=1"), "named");
    assert_eq!(ask("http://h:1/s/hello%20there"), "named");
    assert!(ask("/s/nobody").contains("no script is named \"nobody\""));
    assert!(ask("/other").starts_with("HTTP/1.1 400 "));
}

#[test]
fn the_accept_script_runs_before_anything_was_sent() {
    let file = std::env::temp_dir().join(format!("httpx-test-server-scripts-{}.json", std::process::id()));
    std::fs::write(&file, json!({ "one": [{ "send": "from the file" }] }).to_string()).expect("writable");
    let file_name = file.to_str().expect("text");
    let server = Server::start(&["--accept-script", r#"[{"send":"hello"}]"#, "--script-file", file_name]);
    std::fs::remove_file(&file).expect("it was read");
    assert_eq!(server.connect("bytes_accept").rest().expect("the script closes"), b"hello");
    let mut client = server.connect("bytes");
    client.send("GET /s/one HTTP/1.1\r\n\r\n");
    assert_eq!(client.rest().expect("the script closes"), b"from the file");
    let body = r#"[{"send":"bye"}]"#;
    let head = format!("PUT /accept-script HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n", body.len());
    assert_eq!(server.ask(&(head + body)).status, 204);
    assert_eq!(server.connect("bytes_accept").rest().expect("the script closes"), b"bye");
    assert_eq!(server.ask("DELETE /recorded HTTP/1.1\r\nHost: h\r\n\r\n").status, 204);
    assert_eq!(server.get("/recorded").json(), json!([]));
}
