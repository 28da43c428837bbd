//! Redirects as servers mean them and as they don't (checklist E).

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::sync::{mpsc, Arc};

use httpx::error::{Code, Error};
use httpx::httpx::{Client, ClientBuilder, Response};
use httpx::runtime::pipe;

use crate::proxies::{secured, tls_config};
use crate::support::{answering, ends, read_head, request, send, server, OK, PATIENCE};

fn following() -> ClientBuilder {
    ClientBuilder { follow_redirects: true, ..ClientBuilder::default() }
}

fn get(client: &Arc<Client>, address: SocketAddr) -> Result<Response, Error> {
    send(client, request(client, "GET", address))
}

/// Answers `/` with this status and Location, everything else with 200; tells each request's line and Content-Length.
fn redirecting(status: u16, location: &[u8]) -> (SocketAddr, mpsc::Receiver<String>) {
    let (tell, told) = mpsc::channel();
    let redirect =
        [format!("HTTP/1.1 {status} There\r\nContent-Length: 0\r\nLocation: ").as_bytes(), location, b"\r\n\r\n"]
            .concat();
    let address = server(move |mut stream, _| {
        while let Some(head) = read_head(&mut stream) {
            let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: "));
            let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
            stream.read_exact(&mut body).unwrap();
            let line = head.lines().next().unwrap().trim_end_matches(" HTTP/1.1");
            tell.send(format!("{line} {}", String::from_utf8(body).unwrap())).unwrap();
            let answer = if line.ends_with(" /") { &redirect[..] } else { OK.as_bytes() };
            stream.write_all(answer).unwrap();
        }
    });
    (address, told)
}

#[test]
fn what_is_no_redirect_is_returned_as_it_is() {
    for status in [200, 201, 300, 304, 305, 306, 309, 399, 404] {
        let (address, told) = redirecting(status, b"/next");
        let client = following().build().unwrap();
        let response = get(&client, address).unwrap();
        assert_eq!(response.head().status(), status);
        assert!(response.history().is_empty() && response.next_request().is_none(), "{status}");
        assert!(!response.head().has_redirect_location(), "{status}");
        assert_eq!(told.try_iter().collect::<Vec<_>>(), ["GET / "]);
    }
    for status in [301, 302, 303, 307, 308] {
        let answer = format!("HTTP/1.1 {status} Where\r\nContent-Length: 0\r\n\r\n");
        let client = following().build().unwrap();
        let response = get(&client, answering(answer.leak())).unwrap();
        assert_eq!((response.head().status(), response.history().len()), (status, 0));
        assert!(!response.head().has_redirect_location(), "{status}");
    }
}

#[test]
fn methods_and_bodies_change_as_browsers_change_them() {
    for (method, status, then) in [
        ("POST", 301, "GET /next "),
        ("PUT", 301, "PUT /next body"),
        ("POST", 302, "GET /next "),
        ("DELETE", 302, "GET /next "),
        ("PUT", 303, "GET /next "),
        ("POST", 307, "POST /next body"),
        ("PATCH", 308, "PATCH /next body"),
    ] {
        let (address, told) = redirecting(status, b"/next");
        let client = following().build().unwrap();
        let mut asked = request(&client, method, address);
        asked.set_bytes("body".into());
        assert_eq!(send(&client, asked).unwrap().head().status(), 200);
        assert_eq!(told.try_iter().collect::<Vec<_>>(), [&*format!("{method} / body"), then], "{status}");
    }
    let (address, told) = redirecting(303, b"/next");
    let client = following().build().unwrap();
    send(&client, request(&client, "HEAD", address)).unwrap_or_else(|error| panic!("{error:?}"));
    assert_eq!(told.try_iter().collect::<Vec<_>>(), ["HEAD / ", "HEAD /next "]);
}

#[test]
fn a_body_that_is_gone_cannot_follow_a_redirect() {
    let (address, _told) = redirecting(307, b"/next");
    let client = following().build().unwrap();
    let mut upload = request(&client, "POST", address);
    let (writer, reader) = pipe(100);
    writer.write(b"once").unwrap();
    writer.finish().unwrap();
    upload.set_pipe(reader, Some(4));
    let error = ends(move || send(&client, upload).err().unwrap());
    assert_eq!(error.code(), Code::STREAM_CONSUMED);
}

#[test]
fn raw_bytes_in_a_location_are_followed_as_escapes() {
    for (location, line) in [(&b"/caf\xe9"[..], "GET /caf%C3%A9 "), (b"/caf\xc3\xa9", "GET /caf%C3%A9 ")] {
        let (address, told) = redirecting(302, location);
        let client = following().build().unwrap();
        get(&client, address).unwrap();
        assert_eq!(told.try_iter().collect::<Vec<_>>(), ["GET / ", line]);
    }
}

#[test]
fn a_location_that_leads_nowhere_is_an_error_to_those_who_follow_it() {
    let (address, _told) = redirecting(302, b"https://host:port/");
    let error = get(&following().build().unwrap(), address).err().unwrap();
    assert_eq!(error.code(), Code::REMOTE_PROTOCOL_ERROR);
    assert!(error.message().starts_with("Invalid URL in location header: "), "{error:?}");
    let response = get(&ClientBuilder::default().build().unwrap(), address).unwrap();
    assert_eq!(response.head().status(), 302);
    assert!(response.next_request().is_none());
}

#[test]
fn a_redirect_to_what_is_not_spoken_is_an_error() {
    let (address, _told) = redirecting(302, b"ftp://example.invalid/");
    let error = get(&following().build().unwrap(), address).err().unwrap();
    assert_eq!(error.code(), Code::UNSUPPORTED_PROTOCOL);
    assert_eq!(error.message(), "Request URL has an unsupported protocol 'ftp://'.");
    assert_eq!(error.request().unwrap().url, "ftp://example.invalid/");
}

#[test]
fn credentials_go_along_to_the_same_host_by_https_and_nowhere_else() {
    for (target, goes_along) in [("https://same.invalid/", true), ("https://other.invalid/", false)] {
        let (tell, told) = mpsc::channel();
        let config = tls_config();
        let secure = server(move |stream, _| {
            let mut stream = secured(&config, stream);
            tell.send(read_head(&mut stream).unwrap()).unwrap();
            stream.write_all(OK.as_bytes()).unwrap();
        });
        let plain = answering(format!("HTTP/1.1 301 There\r\nContent-Length: 0\r\nLocation: {target}\r\n\r\n").leak());
        let mut builder = following();
        builder.tls.verify = false;
        for (host, port, address) in [("same", 80, plain), ("same", 443, secure), ("other", 443, secure)] {
            builder.overrides.insert((format!("{host}.invalid").into(), port), vec![address]);
        }
        let client = builder.build().unwrap();
        let mut asked = client.build_request("GET", "http://same.invalid/").unwrap();
        asked.headers.add(b"Authorization", b"secret").unwrap();
        send(&client, asked).unwrap();
        let head = told.recv_timeout(PATIENCE).unwrap();
        assert_eq!(head.contains("Authorization: secret\r\n"), goes_along, "{head}");
    }
}

#[test]
fn what_describes_the_body_goes_with_it_unless_it_is_to_be_kept() {
    for keeps in [false, true] {
        let (tell, told) = mpsc::channel();
        let address = server(move |mut stream, _| {
            while let Some(head) = read_head(&mut stream) {
                let first = head.starts_with("POST");
                tell.send(head).unwrap();
                let answer = if first {
                    "HTTP/1.1 303 See\r\nLocation: /next\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                } else {
                    OK
                };
                stream.write_all(answer.as_bytes()).unwrap();
                if first {
                    return;
                }
            }
        });
        let builder = ClientBuilder { redirects_keep_content_type: keeps, ..following() };
        let client = builder.build().unwrap();
        let mut asked = request(&client, "POST", address);
        asked.set_json("{}").unwrap();
        send(&client, asked).unwrap();
        let heads: Vec<_> = told.try_iter().collect();
        assert_eq!(heads[1].contains("Content-Type: application/json"), keeps, "{}", heads[1]);
        assert!(!heads[1].contains("Content-Length"));
    }
}
