//! The recording proxy: forwarding, tunnels, credentials, and where it refuses to go.

use serde_json::json;

use crate::server::{shared, Server};

#[test]
fn absolute_requests_are_forwarded_and_recorded() {
    let server = shared();
    let target = format!("http://localhost:{}/headers?forward-test", server.port("http"));
    let mut client = server.connect("proxy");
    client.send(format!("GET {target} HTTP/1.1\r\nHost: x\r\nX-CaSe: 1\r\nProxy-Connection: keep-alive\r\n\r\n"));
    let body = client.answer().json();
    let host = format!("localhost:{}", server.port("http"));
    assert_eq!(body["headers"], json!({ "Host": host, "X-Case": "1" }));
    assert!(body["raw_headers"].as_array().expect("a list").contains(&json!(["X-CaSe", "1"])));

    let list = server.get("/proxied?contains=forward-test").json();
    let record = &list[0];
    assert_eq!((&record["method"], &record["target"], &record["status"]), (&json!("GET"), &json!(target), &json!(200)));
    assert_eq!(record["headers"], json!([["Host", "x"], ["X-CaSe", "1"], ["Proxy-Connection", "keep-alive"]]));
}

#[test]
fn connect_opens_a_tunnel() {
    let server = shared();
    let mut client = server.connect("proxy");
    let authority = format!("127.0.0.1:{}", server.port("http"));
    client.send(format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n"));
    assert_eq!(client.answer_to("CONNECT").status, 200);
    for _ in 0..2 {
        client.send("GET /plain HTTP/1.1\r\nHost: h\r\n\r\n");
        assert_eq!(client.answer().text(), "Hello, world!");
    }
    assert_eq!(server.get(&format!("/proxied?contains={authority}")).json()[0]["method"], "CONNECT");
}

#[test]
fn credentials_are_asked_for_and_not_passed_on() {
    let server = Server::start(&["--proxy-auth", "user:p:w"]);
    let target = format!("http://127.0.0.1:{}/headers", server.port("http"));
    let mut client = server.connect("proxy");
    client.send(format!("GET {target} HTTP/1.1\r\nHost: x\r\n\r\n"));
    let answer = client.answer();
    assert_eq!(answer.status, 407);
    assert!(answer.header("proxy-authenticate").is_some_and(|value| value.starts_with("Basic realm=")));
    client.send(format!("GET {target} HTTP/1.1\r\nHost: x\r\nProxy-Authorization: Basic dXNlcjpwOnc=\r\n\r\n"));
    let body = client.answer().json();
    assert!(body["headers"].get("Proxy-Authorization").is_none() && body["headers"].get("Host").is_some());
    assert_eq!(server.ask("DELETE /proxied HTTP/1.1\r\nHost: h\r\n\r\n").status, 204);
    assert_eq!(server.get("/proxied").json(), json!([]));
}

#[test]
fn nothing_but_loopback_is_reached() {
    let ask = |line: &str| {
        let mut client = shared().connect("proxy");
        client.send(format!("{line} HTTP/1.1\r\nHost: x\r\n\r\n"));
        client.answer().status
    };
    assert_eq!(ask("GET http://example.org/"), 403);
    assert_eq!(ask("CONNECT example.org:443"), 403);
    assert_eq!(ask("GET /origin-form"), 400);
    // Nobody listens on port 1.
    assert_eq!(ask("GET http://127.0.0.1:1/"), 502);
}

#[test]
fn a_connection_is_shared_by_origins_and_the_record_shows_it() {
    let server = shared();
    let mut client = server.connect("proxy");
    for name in ["a.localhost", "b.localhost"] {
        let target = format!("http://{name}:{}/plain?shared-test", server.port("http"));
        client.send(format!("GET {target} HTTP/1.1\r\nHost: {name}\r\n\r\n"));
        assert_eq!(client.answer().text(), "Hello, world!");
    }
    let list = server.get("/proxied?contains=shared-test").json();
    assert_eq!(list[0]["connection"], list[1]["connection"]);
    assert_eq!(list[0]["listener"], "proxy");
}

#[test]
fn over_tls_it_forwards_and_tunnels_and_asks_for_credentials() {
    let server = shared();
    let authority = format!("127.0.0.1:{}", server.port("http"));
    let mut client = crate::tls::connected("proxy_tls", "localhost", &["http/1.1"]);
    client.send(format!("GET http://{authority}/plain?tls-test HTTP/1.1\r\nHost: x\r\n\r\n"));
    assert_eq!(client.answer().text(), "Hello, world!");
    client.send(format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n"));
    assert_eq!(client.answer_to("CONNECT").status, 200);
    client.send("GET /plain HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_eq!(client.answer().text(), "Hello, world!");
    assert_eq!(server.get("/proxied?contains=tls-test").json()[0]["listener"], "proxy_tls");

    for listener in ["proxy_auth", "proxy_tls_auth"] {
        let ask = |more: &str| {
            let request = format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n{more}\r\n");
            match listener {
                "proxy_auth" => {
                    let mut client = server.connect(listener);
                    client.send(request);
                    client.answer_to("CONNECT").status
                }
                _ => {
                    let mut client = crate::tls::connected(listener, "localhost", &[]);
                    client.send(request);
                    client.answer_to("CONNECT").status
                }
            }
        };
        assert_eq!(ask(""), 407);
        assert_eq!(ask("Proxy-Authorization: Basic dXNlcjpwYXNz\r\n"), 200);
    }
}

#[test]
fn names_ask_for_refusals() {
    let ask = |line: &str| {
        let mut client = shared().connect("proxy");
        client.send(format!("{line} HTTP/1.1\r\nHost: x\r\n\r\n"));
        client.answer()
    };
    let answer = ask("CONNECT refuse-407.test:443");
    assert_eq!((answer.status, answer.text()), (407, "the proxy was asked to refuse\n"));
    assert!(answer.header("proxy-authenticate").is_some());
    assert_eq!(ask("GET http://refuse-502.test/").status, 502);
}

#[test]
fn stray_bytes_come_with_the_answer_to_connect() {
    let mut client = shared().connect("proxy");
    let authority = format!("stray.localhost:{}", shared().port("http"));
    client.send(format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n"));
    assert_eq!(client.answer_to("CONNECT").status, 200);
    assert_eq!(client.exactly(11), b"stray bytes");
}

#[test]
fn the_byte_server_answers_connect_with_the_script_of_the_hosts_name() {
    let server = shared();
    let script = json!({ "thing.test": [{ "send": "HTTP/1.1 407 Proxy Thing\r\nContent-Length: 2\r\n\r\nno" }] });
    let body = script.to_string();
    let head = format!("POST /register HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n", body.len());
    assert_eq!(server.ask(&(head + &body)).status, 200);
    let mut client = server.connect("bytes");
    client.send("CONNECT thing.test:443 HTTP/1.1\r\nHost: thing.test:443\r\n\r\n");
    assert!(client.rest().expect("FIN").starts_with(b"HTTP/1.1 407 Proxy Thing\r\n"));
}
