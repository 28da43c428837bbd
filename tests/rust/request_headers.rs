//! What the headers of a request are at each moment: HTTPX 0.28's, line by line.

use std::sync::Arc;
use std::task::Poll;

use bytes::Bytes;
use httpx::httpcore::{PullBody, Source};
use httpx::httpx::{ClientBuilder, Form, Headers, Multipart, Request};

struct Nothing;

impl Source for Nothing {
    fn pull(&self) -> Poll<Result<Option<Bytes>, httpx::error::Error>> {
        Poll::Ready(Ok(None))
    }

    fn can_rewind(&self) -> bool {
        false
    }

    fn rewind(&self) -> Poll<Result<(), httpx::error::Error>> {
        Poll::Ready(Ok(()))
    }
}

fn lines(request: &Request) -> String {
    let line = |(name, value): (&Bytes, &Bytes)| {
        format!("{}: {}", String::from_utf8_lossy(name), String::from_utf8_lossy(value))
    };
    request.headers.iter().map(line).collect::<Vec<_>>().join(", ")
}

fn alone(method: &str, url: &str, headers: &[(&str, &str)]) -> Request {
    let mut request = Request::alone(method, url).unwrap();
    let mut given = Headers::default();
    for (name, value) in headers {
        given.add(name.as_bytes(), value.as_bytes()).unwrap();
    }
    request.headers.update(&given);
    request.settle_headers();
    request
}

fn pull(request: &mut Request, length: Option<u64>) {
    request.set_pull(PullBody::new(Nothing), length);
}

#[test]
fn without_a_client_host_is_all_that_a_request_has() {
    assert_eq!(lines(&alone("get", "http://h:81/a", &[])), "Host: h:81");
    assert_eq!(alone("get", "http://h:81/a", &[]).method(), b"GET");
    assert_eq!(lines(&alone("GET", "/a", &[])), "");
    assert_eq!(lines(&alone("GET", "", &[])), "");
    assert_eq!(lines(&alone("POST", "http://h/", &[])), "Host: h, Content-Length: 0");
    assert_eq!(lines(&alone("POST", "/", &[])), "Content-Length: 0");
    let own_host = alone("POST", "http://h/", &[("X", "1"), ("host", "other")]);
    assert_eq!(lines(&own_host), "Content-Length: 0, X: 1, host: other");
    let mut own_host = alone("POST", "http://h/", &[("host", "other")]);
    own_host.set_bytes(Bytes::new());
    assert_eq!(lines(&own_host), "Content-Length: 0, host: other");
}

#[test]
fn b14_a_body_brings_its_length_behind_the_headers_that_were_given() {
    let mut request = alone("POST", "http://h/", &[("X", "1")]);
    request.set_bytes(Bytes::from_static(b"abc"));
    assert_eq!(lines(&request), "Host: h, X: 1, Content-Length: 3");
    request.set_bytes(Bytes::new());
    assert_eq!(lines(&request), "Host: h, Content-Length: 0, X: 1");
    pull(&mut request, None);
    assert_eq!(lines(&request), "Host: h, X: 1, Transfer-Encoding: chunked");
    pull(&mut request, Some(4));
    assert_eq!(lines(&request), "Host: h, X: 1, Content-Length: 4");
}

#[test]
fn b17_what_the_program_says_of_the_body_stays() {
    let mut request = alone("POST", "http://h/", &[("content-length", "5")]);
    request.set_bytes(Bytes::from_static(b"abc"));
    assert_eq!(lines(&request), "Host: h, content-length: 5");
    let mut request = alone("POST", "http://h/", &[("Content-Length", "1")]);
    pull(&mut request, None);
    assert_eq!(lines(&request), "Host: h, Content-Length: 1");
    let mut request = alone("POST", "http://h/", &[("transfer-encoding", "chunked")]);
    request.set_bytes(Bytes::from_static(b"abc"));
    assert_eq!(lines(&request), "Host: h, transfer-encoding: chunked");
}

#[test]
fn b17_what_the_program_says_later_takes_the_place_of_what_was_added() {
    let mut request = alone("PUT", "http://h/", &[]);
    pull(&mut request, None);
    request.headers.add(b"content-length", b"3").unwrap();
    request.settle_headers();
    assert_eq!(lines(&request), "Host: h, content-length: 3");
    let mut request = alone("PUT", "http://h/", &[]);
    request.set_bytes(Bytes::from_static(b"abc"));
    request.headers.add(b"Transfer-Encoding", b"chunked").unwrap();
    request.settle_headers();
    assert_eq!(lines(&request), "Host: h, Transfer-Encoding: chunked");
    request.set_bytes(Bytes::new());
    assert_eq!(lines(&request), "Host: h, Transfer-Encoding: chunked");
}

#[test]
fn forms_and_json_bring_their_type_behind_their_length() {
    let mut form = Form::default();
    form.push("a", "b");
    let mut request = alone("POST", "http://h/", &[]);
    request.set_form(&form);
    let urlencoded = "application/x-www-form-urlencoded";
    assert_eq!(lines(&request), format!("Host: h, Content-Length: 3, Content-Type: {urlencoded}"));
    let mut request = alone("GET", "http://h/", &[]);
    request.set_form(&Form::default());
    assert_eq!(lines(&request), format!("Host: h, Content-Length: 0, Content-Type: {urlencoded}"));
    let mut request = alone("POST", "http://h/", &[("content-type", "x/y")]);
    request.set_json("{\"a\":1}").unwrap();
    assert_eq!(lines(&request), "Host: h, content-type: x/y, Content-Length: 7");
    let mut multipart = Multipart::new().unwrap();
    multipart.add_field("a", b"1").unwrap();
    let mut request = alone("POST", "http://h/", &[("content-type", "multipart/form-data; boundary=b")]);
    request.set_multipart(multipart).unwrap();
    assert_eq!(lines(&request), "Host: h, content-type: multipart/form-data; boundary=b, Content-Length: 59");
}

#[test]
fn kept_headers_stay_as_they_are() {
    let mut request = alone("POST", "http://h/", &[]);
    request.set_bytes(Bytes::from_static(b"abc"));
    request.keep_headers();
    pull(&mut request, None);
    assert_eq!(lines(&request), "Host: h, Content-Length: 3");
    request.set_json("1").unwrap();
    assert_eq!(lines(&request), "Host: h, Content-Length: 3");
}

#[test]
fn another_method_or_url_changes_no_header() {
    let mut request = alone("GET", "http://h/", &[]);
    request.set_method("post").unwrap();
    request.change_url("/elsewhere").unwrap();
    assert_eq!((request.method(), request.url().as_str()), (&b"post"[..], "/elsewhere"));
    assert_eq!(lines(&request), "Host: h");
    assert!(request.set_method("no method").is_err() && request.change_url("http://h:x/").is_err());
}

#[test]
fn a_clients_request_shows_what_httpxs_shows() {
    let client: Arc<_> = ClientBuilder::default().build().unwrap();
    let defaults = "Accept: */*, Accept-Encoding: gzip, deflate, br, zstd, Connection: keep-alive";
    let agent = concat!("User-Agent: libhttpx/", env!("CARGO_PKG_VERSION"));
    let mut request = client.build_request("POST", "http://h/").unwrap();
    assert_eq!(lines(&request), format!("Host: h, Content-Length: 0, {defaults}, {agent}"));
    let mut given = Headers::default();
    given.add(b"User-Agent", b"u").unwrap();
    given.add(b"X", b"1").unwrap();
    request.headers.update(&given);
    request.set_json("{\"a\":1}").unwrap();
    let body = "Content-Length: 7, Content-Type: application/json";
    assert_eq!(lines(&request), format!("Host: h, {defaults}, User-Agent: u, X: 1, {body}"));
}
