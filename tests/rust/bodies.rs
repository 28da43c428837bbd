//! Bodies that foreign code makes when they are wanted, where it matters who asks for them, and clients whose options
//! change.

use std::future::poll_fn;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::Arc;
use std::task::Poll;

use bytes::Bytes;
use httpx::error::{Code, Error};
use httpx::httpcore::{PullBody, PullReader, Source};
use httpx::httpx::{Auth, ClientBuilder, ClientOption, Cookies, Given, SendOptions};
use httpx::runtime::block_on;
use serde_json::json;

use crate::support::test_server::test_server;
use crate::support::{answering, ends, read_head, request, send, server, OK};

/// Counts: a piece has the number of those before it.
struct Counting {
    pulled: Arc<AtomicUsize>,
    pieces: usize,
    rewinds: bool,
    /// What comes after the first piece has to wait for this.
    gate: Option<Arc<AtomicBool>>,
}

impl Counting {
    fn new(pieces: usize) -> Counting {
        Counting { pulled: Arc::default(), pieces, rewinds: false, gate: None }
    }
}

impl Source for Counting {
    fn pull(&self) -> Poll<Result<Option<Bytes>, Error>> {
        let number = self.pulled.load(Ordering::SeqCst);
        if number > 0 && self.gate.as_ref().is_some_and(|gate| !gate.load(Ordering::SeqCst)) {
            return Poll::Ready(Ok(Some(Bytes::new())));
        }
        self.pulled.fetch_add(1, Ordering::SeqCst);
        Poll::Ready(Ok((number < self.pieces).then(|| Bytes::from(number.to_string()))))
    }

    fn can_rewind(&self) -> bool {
        self.rewinds
    }

    fn rewind(&self) -> Poll<Result<(), Error>> {
        self.pulled.store(0, Ordering::SeqCst);
        Poll::Ready(Ok(()))
    }
}

fn next(reader: &mut PullReader) -> Option<Bytes> {
    block_on(None, |call| async move { poll_fn(|cx| reader.poll_next(cx, &call)).await.transpose() }).unwrap()
}

#[test]
fn a_piece_that_was_asked_for_in_a_call_that_ended_comes_in_the_next_one() {
    let source = Counting::new(2);
    let pulled = Arc::clone(&source.pulled);
    let mut reader = PullBody::new(source).open().unwrap();
    let asked = &mut reader;
    // The call ends before anything foreign could run.
    block_on(None, |call| async move {
        let polled = poll_fn(|cx| Poll::Ready(asked.poll_next(cx, &call))).await;
        assert!(polled.is_pending());
        Ok(())
    })
    .unwrap();
    assert_eq!(pulled.load(Ordering::SeqCst), 0);
    assert_eq!(next(&mut reader).unwrap(), "0");
    assert_eq!(next(&mut reader).unwrap(), "1");
    assert_eq!((next(&mut reader), next(&mut reader)), (None, None));
    assert_eq!(pulled.load(Ordering::SeqCst), 3);
}

#[test]
fn a_body_is_read_once_unless_it_can_be_rewound() {
    let body = PullBody::new(Counting::new(2));
    drop(body.open().unwrap());
    // Nothing was taken from it.
    let mut reader = body.open().unwrap();
    assert_eq!(body.open().unwrap_err().code(), Code::INVALID_STATE);
    assert_eq!(next(&mut reader).unwrap(), "0");
    drop(reader);
    assert_eq!(body.open().unwrap_err().code(), Code::STREAM_CONSUMED);

    let body = PullBody::new(Counting { rewinds: true, ..Counting::new(2) });
    for _ in 0..3 {
        assert_eq!(next(&mut body.open().unwrap()).unwrap(), "0");
    }
}

#[test]
fn an_http2_upload_goes_on_in_the_call_that_reads_the_response() {
    let gate = Arc::new(AtomicBool::new(false));
    let script = json!([{ "headers": [[":status", "200"]] }, { "read_end": true }, { "data_end": "all" }]);
    let url = format!("http://{}/{script}?goes-on", test_server().address("h2_raw"));
    let client = ClientBuilder { http1: false, http2: true, ..ClientBuilder::default() }.build().unwrap();
    let mut request = client.build_request("POST", &url).unwrap();
    let source = Counting { gate: Some(Arc::clone(&gate)), ..Counting::new(100) };
    let pulled = Arc::clone(&source.pulled);
    request.set_pull(PullBody::new(source), None);
    let response = ends(move || {
        let sending = client.send(Arc::new(request), SendOptions { stream: true, ..SendOptions::default() }).unwrap();
        let mut response = client.block_on(|call| sending.run(call)).unwrap();
        gate.store(true, Ordering::SeqCst);
        let rest = &mut response;
        client.block_on(|call| async move { rest.read(&call).await }).unwrap();
        response
    });
    assert_eq!(response.content().unwrap(), "all");
    assert_eq!(pulled.load(Ordering::SeqCst), 101);
}

#[test]
fn a_body_that_never_met_a_server_can_be_sent_later() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let client = ClientBuilder::default().build().unwrap();
    let body = PullBody::new(Counting::new(3));
    let mut post = request(&client, "POST", nobody);
    post.set_pull(Arc::clone(&body), None);
    assert!(send(&client, post).err().unwrap().is_a(Code::CONNECT_ERROR));

    let chunks = "1\r\n0\r\n1\r\n1\r\n1\r\n2\r\n0\r\n\r\n";
    let somebody = server(move |mut stream, _| {
        read_head(&mut stream).unwrap();
        let mut received = vec![0; chunks.len()];
        stream.read_exact(&mut received).unwrap();
        assert_eq!(received, chunks.as_bytes());
        stream.write_all(OK.as_bytes()).unwrap();
    });
    let mut post = request(&client, "POST", somebody);
    post.set_pull(Arc::clone(&body), None);
    assert_eq!(send(&client, post).unwrap().content().unwrap(), "ok");
    assert_eq!(body.open().unwrap_err().code(), Code::STREAM_CONSUMED);
}

#[test]
fn options_of_a_client_change_for_requests_to_come() {
    let client = ClientBuilder::default().build().unwrap();
    let before = request(&client, "GET", answering(OK));
    let mut other = ClientBuilder::default();
    other.headers.add(b"X-New", b"1").unwrap();
    other.max_redirects = 3;
    client.take_over(&other, &[ClientOption::Headers]);
    assert!(!before.headers.contains(b"x-new"));
    assert!(request(&client, "GET", answering(OK)).headers.contains(b"x-new"));
    assert_eq!(client.options().max_redirects, 20);
    client.take_over(&other, &[ClientOption::Redirects]);
    assert_eq!(client.options().max_redirects, 3);
}

#[test]
fn an_option_that_is_not_given_is_not_the_same_as_none() {
    // A09: the client's credentials, unless the request says that there are none.
    let address = server(|mut stream, _| {
        while let Some(head) = read_head(&mut stream) {
            let body = if head.contains("Authorization: Basic") { "yes" } else { "no " };
            write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{body}").unwrap();
        }
    });
    let builder = ClientBuilder { auth: Some(Auth::basic(b"u", b"p")), ..ClientBuilder::default() };
    let client = builder.build().unwrap();
    assert_eq!(send(&client, request(&client, "GET", address)).unwrap().content().unwrap(), "yes");
    let mut without = request(&client, "GET", address);
    without.auth = Given::Nothing;
    assert_eq!(send(&client, without).unwrap().content().unwrap(), "no ");
}

#[test]
fn cookies_of_one_request_take_the_place_of_the_clients() {
    let address = server(|mut stream, _| {
        while let Some(head) = read_head(&mut stream) {
            let cookie = head.lines().find_map(|line| line.strip_prefix("Cookie: ")).unwrap_or("none");
            write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{cookie}", cookie.len()).unwrap();
        }
    });
    let client = ClientBuilder::default().build().unwrap();
    client.cookies().set("a", "client", "", "/").unwrap();
    client.cookies().set("b", "client", "", "/").unwrap();
    let mut own = Cookies::default();
    own.set("b", "request", "", "/").unwrap();
    own.set("c", "request", "", "/").unwrap();
    let mut get = request(&client, "GET", address);
    get.cookies = Some(Arc::new(own));
    assert_eq!(send(&client, get).unwrap().content().unwrap(), "a=client; b=request; c=request");
    let later = send(&client, request(&client, "GET", address)).unwrap();
    assert_eq!(later.content().unwrap(), "a=client; b=client");
}
