//! What a program learns of a response beside its body: what its status means, and how much came.

use std::io::Write;
use std::sync::Arc;

use flate2::write::GzEncoder;
use flate2::Compression;
use httpx::error::Code;
use httpx::httpx::{ClientBuilder, Response};

use crate::support::{answering, read_head, request, send, server};

#[test]
fn an_error_of_a_status_says_in_httpxs_words_what_it_is() {
    let client = ClientBuilder::default().build().unwrap();
    for (line, location, kind) in [
        ("101 Switching Protocols", "", "Informational response"),
        ("302 Found", "/there", "Redirect response"),
        ("304 Not Modified", "", "Redirect response"),
        ("404 Not Found", "", "Client error"),
        ("503 Try Again", "", "Server error"),
        ("600 What", "", "Invalid status code"),
    ] {
        let field = if location.is_empty() { String::new() } else { format!("Location: {location}\r\n") };
        let address = answering(format!("HTTP/1.1 {line}\r\n{field}Content-Length: 0\r\n\r\n").leak());
        let mut asked = client.build_request("GET", &format!("http://me:secret@{address}/x")).unwrap();
        if line.starts_with("101") {
            asked.headers.set(b"Connection", b"upgrade").unwrap();
            asked.headers.set(b"Upgrade", b"other").unwrap();
        }
        let response = send(&client, asked).unwrap();
        let error = response.raise_for_status().unwrap_err();
        assert_eq!(error.code(), Code::HTTP_STATUS_ERROR);
        let target = if location.is_empty() { String::new() } else { format!("Redirect location: '{location}'\n") };
        let more = "For more information check: https://developer.mozilla.org/en-US/docs/Web/HTTP/Status/";
        let wanted = format!("{kind} '{line}' for url 'http://me:[secure]@{address}/x'\n{target}{more}{}", &line[..3]);
        assert_eq!(error.message(), wanted);
        assert_eq!(error.response::<Response>().unwrap().head().status(), response.head().status());
        assert!(error.request().is_some());
    }
    for line in ["200 OK", "204 No Content", "299 Odd"] {
        let address = answering(format!("HTTP/1.1 {line}\r\nContent-Length: 0\r\n\r\n").leak());
        assert!(send(&client, request(&client, "GET", address)).unwrap().raise_for_status().is_ok(), "{line}");
    }
}

#[test]
fn the_bytes_downloaded_are_those_of_the_body_as_it_was_sent() {
    let text = vec![b'x'; 100_000];
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(&text).unwrap();
    let body = Arc::new(encoder.finish().unwrap());
    let sent = body.len() as u64;
    let address = server(move |mut stream, _| {
        read_head(&mut stream).unwrap();
        let head = format!("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n", body.len());
        stream.write_all(&[head.as_bytes(), &body].concat()).unwrap();
    });
    let client = ClientBuilder::default().build().unwrap();
    let response = send(&client, request(&client, "GET", address)).unwrap();
    assert_eq!((response.content().unwrap().len(), response.bytes_downloaded()), (100_000, sent));
    assert!(sent < 1000);
}
