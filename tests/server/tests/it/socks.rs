//! The SOCKS5 proxies: methods, passwords, targets, reply codes.

use std::net::TcpStream;

use serde_json::{json, Value};

use crate::server::{shared, Client};

fn greeted(listener: &str, methods: &[u8]) -> (Client<TcpStream>, u8) {
    let mut client = shared().connect(listener);
    client.send([&[5, methods.len() as u8], methods].concat());
    let answer = client.exactly(2);
    assert_eq!(answer[0], 5);
    (client, answer[1])
}

fn connect_to(host: &str, port: u16) -> Vec<u8> {
    [&[5, 1, 0, 3, host.len() as u8], host.as_bytes(), &port.to_be_bytes()].concat()
}

/// The record that has this text in it.
fn record(contains: &str) -> Value {
    shared().get(&format!("/socks?contains={contains}")).json()[0].clone()
}

#[test]
fn a_name_and_addresses_are_reached_and_recorded() {
    let server = shared();
    let port = server.port("http");
    let v4 = [&[5, 1, 0, 1, 127, 0, 0, 1][..], &port.to_be_bytes()].concat();
    for (request, kind, host) in [(connect_to("a.localhost", port), "domain", "a.localhost"), (v4, "ipv4", "127.0.0.1")]
    {
        let (mut client, method) = greeted("socks", &[2, 0]);
        assert_eq!(method, 0);
        client.send(request);
        let reply = client.exactly(10);
        assert_eq!(reply[..4], [5, 0, 0, 1]);
        client.send("GET /plain HTTP/1.1\r\nHost: h\r\n\r\n");
        assert_eq!(client.answer().text(), "Hello, world!");
        let record = record(&format!("%22host%22:%22{host}%22"));
        assert_eq!((&record["host"], &record["port"], &record["reply"]), (&json!(host), &json!(port), &json!(0)));
        assert_eq!((&record["address_type"], &record["methods"]), (&json!(kind), &json!([2, 0])));
        assert_eq!(record["command"], 1);
    }
    let (mut client, _) = greeted("socks", &[0]);
    client.send([&[5, 1, 0, 4][..], &[0; 15], &[1], &1u16.to_be_bytes()].concat());
    // Nobody listens there.
    assert_eq!(client.exactly(2), [5, 5]);
    assert_eq!(record("%22address_type%22:%22ipv6%22")["host"], "::1");
}

#[test]
fn passwords_are_checked_where_they_are_wanted() {
    let (mut client, method) = greeted("socks_auth", &[2]);
    assert_eq!(method, 2);
    client.send(b"\x01\x04user\x04pass");
    assert_eq!(client.exactly(2), [1, 0]);
    client.send(connect_to("bound-domain.localhost", shared().port("http")));
    assert_eq!(client.exactly(5), [5, 0, 0, 3, 22]);
    assert_eq!(client.exactly(22), b"bound-domain.localhost");
    let record = record("bound-domain");
    assert_eq!((&record["username"], &record["password"]), (&json!("user"), &json!("pass")));
    assert_eq!((&record["accepted"], &record["listener"]), (&json!(true), &json!("socks_auth")));

    let (mut client, _) = greeted("socks_auth", &[0, 2]);
    client.send(b"\x01\x04user\x05wrong");
    assert_eq!(client.rest().expect("FIN"), [1, 1]);
    assert_eq!(greeted("socks_auth", &[0]).1, 0xff);
    assert_eq!(greeted("socks", &[2]).1, 0xff);
}

#[test]
fn names_ask_for_reply_codes_and_other_hosts_are_not_allowed() {
    for (host, code) in [("reply-1.test", 1), ("reply-8.test", 8), ("example.org", 2)] {
        let (mut client, _) = greeted("socks", &[0]);
        client.send(connect_to(host, 80));
        assert_eq!(client.rest().expect("FIN"), [5, code, 0, 1, 0, 0, 0, 0, 0, 0], "{host}");
    }
    let (mut client, _) = greeted("socks", &[0]);
    client.send([5, 2, 0, 1, 127, 0, 0, 2, 0, 80]);
    assert_eq!(client.exactly(2), [5, 7]);
}

#[test]
fn a_hanging_target_is_recorded_and_not_answered() {
    let (mut client, _) = greeted("socks", &[0]);
    client.send(connect_to("hang.test", 80));
    let list = shared().get("/socks?contains=hang.test&until=%22port%22:80").json();
    assert_eq!(list[0]["reply"], json!(null));
    client.stream().shutdown(std::net::Shutdown::Write).expect("connected");
    assert_eq!(client.rest().expect("FIN"), b"");
}
