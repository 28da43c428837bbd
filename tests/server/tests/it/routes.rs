//! The origin's routes over HTTP/1.1.

use std::io::Read;

use serde_json::json;

use crate::server::shared;

#[test]
fn a_get_is_described_with_its_headers_as_they_were_sent() {
    let answer =
        shared().ask("GET /get?a=1&b=2&a=%C3%A9 HTTP/1.1\r\nhOST: localhost:1\r\nX-Two: 1\r\nx-two: 2\r\n\r\n");
    let body = answer.json();
    assert_eq!(body["args"], json!({ "a": ["1", "é"], "b": "2" }));
    assert_eq!(body["headers"], json!({ "Host": "localhost:1", "X-Two": "1,2" }));
    assert_eq!(body["raw_headers"], json!([["hOST", "localhost:1"], ["X-Two", "1"], ["x-two", "2"]]));
    assert_eq!(body["url"], "http://localhost:1/get?a=1&b=2&a=%C3%A9");
    assert_eq!(body["origin"], "127.0.0.1");
}

#[test]
fn raw_headers_are_right_for_every_request_of_a_connection() {
    let mut client = shared().connect("http");
    for name in ["X-First", "x-SECOND", "X-THIRD"] {
        client.send(format!("POST /anything HTTP/1.1\r\nHost: h\r\n{name}: v\r\nContent-Length: 4\r\n\r\nbody"));
        let body = client.answer().json();
        assert_eq!(body["raw_headers"], json!([["Host", "h"], [name, "v"], ["Content-Length", "4"]]));
        assert_eq!(body["data"], "body");
    }
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let mut client = shared().connect("http");
    client.send("GET /anything/1 HTTP/1.1\r\nHost: h\r\n\r\nGET /anything/2 HTTP/1.1\r\nHost: h\r\nX-A: 2\r\n\r\n");
    assert_eq!(client.answer().json()["url"], "http://h/anything/1");
    assert_eq!(client.answer().json()["headers"]["X-A"], "2");
}

#[test]
fn bodies_are_told_apart_by_their_type() {
    let post = |content_type: &str, body: &str| {
        let length = body.len();
        let head =
            format!("POST /post HTTP/1.1\r\nHost: h\r\nContent-Type: {content_type}\r\nContent-Length: {length}");
        shared().ask(&format!("{head}\r\n\r\n{body}")).json()
    };
    assert_eq!(post("application/json", r#"{"a": [1]}"#)["json"], json!({ "a": [1] }));
    let form = post("application/x-www-form-urlencoded", "a=1&b=+2");
    assert_eq!((&form["form"], &form["data"]), (&json!({ "a": "1", "b": " 2" }), &json!("")));
    let multipart = post(
        "multipart/form-data; boundary=xx",
        "--xx\r\nContent-Disposition: form-data; name=\"f\"; filename=\"n\"\r\n\r\nbytes\r\n--xx--\r\n",
    );
    assert_eq!(multipart["files"], json!({ "f": "bytes" }));
}

#[test]
fn chunked_uploads_are_hashed() {
    let answer = shared()
        .ask("POST /upload HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n");
    let body = answer.json();
    assert_eq!((&body["size"], &body["chunked"], &body["content_length"]), (&json!(3), &json!(true), &json!(null)));
    // FIPS 180-2, appendix B.1
    assert_eq!(body["sha256"], "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

#[test]
fn head_has_the_length_and_no_body_and_a_wrong_method_is_told_the_right_ones() {
    let mut client = shared().connect("http");
    client.send("HEAD /bytes/123 HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_eq!(client.answer_to("HEAD").header("content-length"), Some("123"));
    client.send("HEAD /plain HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_eq!(client.answer_to("HEAD").header("content-length"), Some("13"));
    client.send("DELETE /get HTTP/1.1\r\nHost: h\r\n\r\n");
    let answer = client.answer();
    assert_eq!((answer.status, answer.header("allow")), (405, Some("GET, HEAD, OPTIONS")));
    client.send("GET /nowhere HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_eq!(client.answer().status, 404);
}

#[test]
fn statuses_and_redirects_are_as_asked() {
    let server = shared();
    assert_eq!(server.get("/status/503").status, 503);
    assert!([201, 202].contains(&server.get("/status/201:1,202:2").status));
    assert_eq!(server.get("/status/100").status, 400);
    assert_eq!(server.get("/redirect/3").header("location"), Some("/redirect/2"));
    assert_eq!(server.get("/redirect/1").header("location"), Some("/get"));
    assert_eq!(server.get("/absolute-redirect/2").header("location"), Some("http://localhost/absolute-redirect/1"));
    let answer = server.get("/redirect-to?url=http%3A%2F%2Fother%2F&status_code=308");
    assert_eq!((answer.status, answer.header("location")), (308, Some("http://other/")));
}

#[test]
fn cookies_are_shown_set_and_deleted() {
    let server = shared();
    let shown = server.ask("GET /cookies HTTP/1.1\r\nHost: h\r\nCookie: a=1; b=2=3\r\n\r\n");
    assert_eq!(shown.json(), json!({ "cookies": { "a": "1", "b": "2=3" } }));
    let answer = server.get("/cookies/set?k=v");
    assert_eq!((answer.status, answer.header("set-cookie")), (302, Some("k=v; Path=/")));
    assert!(server.get("/cookies/delete?k").header("set-cookie").is_some_and(|line| line.contains("Max-Age=0")));
}

#[test]
fn basic_and_bearer_are_checked() {
    let server = shared();
    let with = |target: &str, value: &str| {
        server.ask(&format!("GET {target} HTTP/1.1\r\nHost: h\r\nAuthorization: {value}\r\n\r\n"))
    };
    assert_eq!(with("/basic-auth/user/p%3Aw", "Basic dXNlcjpwOnc=").json()["user"], "user");
    assert_eq!(with("/basic-auth/user/other", "Basic dXNlcjpwOnc=").status, 401);
    assert!(server.get("/basic-auth/u/p").header("www-authenticate").is_some_and(|value| value.starts_with("Basic")));
    assert_eq!(server.get("/hidden-basic-auth/u/p").status, 404);
    assert_eq!(with("/bearer", "Bearer abc").json()["token"], "abc");
    assert_eq!(server.get("/bearer").status, 401);
}

#[test]
fn codings_are_named_in_their_order() {
    let server = shared();
    let answer = server.get("/encode/gzip,br?size=100000");
    assert_eq!(answer.header("content-encoding"), Some("gzip, br"));
    let mut plain = Vec::new();
    let gzip = brotli::Decompressor::new(&answer.body[..], 4096);
    flate2::read::GzDecoder::new(gzip).read_to_end(&mut plain).expect("it decodes");
    assert!(plain.len() == 100_000 && plain.iter().enumerate().all(|(i, byte)| *byte as usize == i % 251));
    let answer = server.get("/zstd");
    assert_eq!(answer.header("content-encoding"), Some("zstd"));
    let text = zstd::decode_all(&answer.body[..]).expect("it decodes");
    assert!(String::from_utf8_lossy(&text).contains("\"zstd\": true"));
    let answer = server.get("/encoding/shift_jis?text=%E3%81%93");
    assert_eq!(
        (&answer.body[..], answer.header("content-type")),
        (&[0x82, 0xb1][..], Some("text/plain; charset=shift_jis"))
    );
}

#[test]
fn streams_have_the_asked_framing() {
    let server = shared();
    let answer = server.get("/bytes/300000?seed=7");
    assert_eq!(answer.header("content-length"), Some("300000"));
    assert!(answer.body.iter().enumerate().all(|(i, byte)| *byte as usize == (i + 7) % 251));
    let answer = server.get("/stream-bytes/1000?chunk_size=300");
    assert_eq!((answer.header("transfer-encoding"), answer.body.len()), (Some("chunked"), 1000));
    let answer = server.get("/stream/3");
    let ids: Vec<_> = answer
        .text()
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["id"].clone())
        .collect();
    assert_eq!(ids, [0, 1, 2]);
    assert_eq!(server.get("/drip?numbytes=3&duration=0&code=206").body, b"***");
    assert_eq!(
        server.get("/sse?count=2").text(),
        "id: 0\nevent: ping\ndata: {\"id\":0}\n\nid: 1\nevent: ping\ndata: {\"id\":1}\n\n"
    );
}

#[test]
fn a_range_goes_on_only_while_the_tag_is_the_same() {
    let ask =
        |more: &str| shared().ask(&format!("GET /range/1000 HTTP/1.1\r\nHost: h\r\nRange: bytes=990-\r\n{more}\r\n"));
    let answer = ask("");
    assert_eq!((answer.status, answer.header("content-range")), (206, Some("bytes 990-999/1000")));
    assert_eq!(answer.body, (990..1000).map(|i| (i % 251) as u8).collect::<Vec<_>>());
    let tag = answer.header("etag").expect("a range has a tag");
    assert_eq!(ask(&format!("If-Range: {tag}\r\n")).status, 206);
    assert_eq!(ask("If-Range: \"other\"\r\n").status, 200);
    assert_eq!(shared().ask("GET /range/5 HTTP/1.1\r\nHost: h\r\nRange: bytes=9-\r\n\r\n").status, 416);
}

#[test]
fn a_connection_counts_its_requests_and_closes_when_told() {
    let mut client = shared().connect("http");
    for count in 1..=3 {
        client.send("GET /connection HTTP/1.1\r\nHost: h\r\n\r\n");
        let body = client.answer().json();
        assert_eq!((&body["requests_on_connection"], &body["protocol"]), (&json!(count), &json!("HTTP/1.1")));
    }
    client.send("GET /close HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_eq!(client.answer().header("connection"), Some("close"));
    assert_eq!(client.rest().expect("the server closes").len(), 0);
}

#[test]
fn early_answers_do_not_wait_for_the_body() {
    let mut client = shared().connect("http");
    client.send("POST /early-413 HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n");
    let answer = client.answer();
    assert_eq!((answer.status, answer.header("connection")), (413, Some("close")));

    let mut client = shared().connect("http");
    client.send("POST /early-200 HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\n");
    assert_eq!(client.answer().status, 200);
    client.send("abcGET /plain HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_eq!(client.answer().text(), "Hello, world!");
}

#[test]
fn expect_100_continue_is_granted_when_the_body_is_wanted() {
    let mut client = shared().connect("http");
    client.send("POST /post HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    assert_eq!(client.exactly(25), b"HTTP/1.1 100 Continue\r\n\r\n");
    client.send("ok");
    let body = client.answer().json();
    assert_eq!((&body["data"], &body["raw_headers"][1][0]), (&json!("ok"), &json!("Expect")));
}

#[test]
fn trailers_follow_the_last_chunk() {
    let answer = shared().ask("GET /trailers HTTP/1.1\r\nHost: h\r\nTE: trailers\r\n\r\n");
    assert_eq!(answer.text(), "a body with trailers\n");
    assert_eq!(answer.trailers, "x-checksum: d41d8cd9\nx-finished: yes\n");
}

#[test]
fn response_headers_and_tags_are_as_asked() {
    let server = shared();
    let answer = server.get("/response-headers?X-A=1&X-A=2");
    assert_eq!(answer.json(), json!({ "X-A": ["1", "2"] }));
    assert_eq!(answer.headers.iter().filter(|(name, _)| name == "x-a").count(), 2);
    assert_eq!(server.get("/response-headers?a%0Ab=1").status, 400);
    assert_eq!(server.ask("GET /etag/t HTTP/1.1\r\nHost: h\r\nIf-None-Match: \"t\"\r\n\r\n").status, 304);
    assert_eq!(server.ask("GET /etag/t HTTP/1.1\r\nHost: h\r\nIf-Match: \"u\"\r\n\r\n").status, 412);
    assert!(server.get("/link-header?page=2").header("link").is_some_and(|link| link.contains("rel=\"next\"")));
    assert!(server.get("/image/png").body.starts_with(b"\x89PNG"));
}

#[test]
fn an_upgrade_ends_http_and_begins_an_echo() {
    let mut client = shared().connect("http");
    client.send("GET /upgrade HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n");
    let expected = "HTTP/1.1 101 Switching Protocols\r\n";
    assert_eq!(client.exactly(expected.len()), expected.as_bytes());
    client.stream().shutdown(std::net::Shutdown::Write).expect("connected");
    let rest = String::from_utf8(client.rest().expect("FIN")).expect("text");
    let (head, greeting) = rest.split_once("\r\n\r\n").expect("an end of the head");
    assert!(head.contains("upgrade: echo") && head.contains("connection: upgrade"), "{head}");
    assert_eq!(greeting, "hello from the upgraded side\n");

    let mut client = shared().connect("http");
    client.send("GET /upgrade HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: ECHO\r\n\r\nearly ");
    let mut seen = Vec::new();
    while !seen.ends_with(b"side\nearly ") {
        seen.extend(client.exactly(1));
    }
    client.send("and late");
    assert_eq!(client.exactly(8), b"and late");

    let answer = shared().get("/upgrade");
    assert_eq!((answer.status, answer.header("upgrade")), (426, Some("echo")));
}

#[test]
fn the_upgrades_greeting_comes_in_one_read_with_the_head() {
    let mut stream = crate::server::socket(shared().port("http"));
    let request = "GET /upgrade HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n";
    std::io::Write::write_all(&mut stream, request.as_bytes()).expect("the server reads");
    let mut buffer = [0; 1000];
    let count = stream.read(&mut buffer).expect("an answer");
    assert!(buffer[..count].ends_with(b"\r\n\r\nhello from the upgraded side\n"));
}

#[test]
fn expectations_are_met_or_refused() {
    let mut client = shared().connect("http");
    client.send("POST /expect-continue HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    assert_eq!(client.exactly(25), b"HTTP/1.1 100 Continue\r\n\r\n");
    client.send("ok");
    assert_eq!(client.answer().json(), json!({ "data": "ok", "early_bytes": 0, "expected": true }));
    client.send("POST /expect-continue HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nall");
    assert_eq!(client.answer().json(), json!({ "data": "all", "early_bytes": 3, "expected": false }));

    let mut client = shared().connect("http");
    client.send("POST /expect-417 HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    let answer = client.answer();
    assert_eq!((answer.status, answer.header("connection")), (417, Some("close")));
    assert_eq!(client.rest().expect("FIN"), b"");
}

#[test]
fn a_keep_alive_timeout_is_told() {
    assert_eq!(shared().get("/keep-alive-timeout/7").header("keep-alive"), Some("timeout=7"));
}
