//! Proxies that ask for Digest credentials: forwarded requests and tunnels are answered for with a second try, and later
//! ones go with an answer at once.

use std::io::Write;
use std::net::SocketAddr;
use std::sync::{mpsc, Arc};
use std::task::Poll;

use httpx::error::{Code, Error};
use httpx::httpx::{Auth, AuthFlow, Beginning, Client, ClientBuilder, CustomAuth, Proxy, Request, Response};
use httpx::runtime::{pipe, Attempt, Foreign, Interrupt};

use crate::support::{read_head, send, server, OK, PATIENCE};

const REFUSED: &str = "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 4\r\n\
                       Proxy-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth\"\r\n\r\nno!!";

/// A proxy that refuses requests without an answer, or with `always` all of them. Passes the number of the connection and
/// the head of each.
fn asking(always: bool) -> (SocketAddr, mpsc::Receiver<(usize, String)>) {
    let (tell, told) = mpsc::channel();
    let address = server(move |mut stream, number| {
        while let Some(head) = read_head(&mut stream) {
            let answered = head.contains("\r\nProxy-Authorization: Digest ") && !always;
            let tunnel = head.starts_with("CONNECT");
            tell.send((number, head)).unwrap();
            stream.write_all(if answered { OK } else { REFUSED }.as_bytes()).unwrap();
            if answered && tunnel {
                return;
            }
        }
    });
    (address, told)
}

fn through(address: SocketAddr) -> Arc<Client> {
    let mut proxy = Proxy::parse(&format!("http://{address}")).unwrap();
    proxy.set_digest(b"me", b"secret").unwrap();
    ClientBuilder { proxy: Some(proxy), ..ClientBuilder::default() }.build().unwrap()
}

fn get(client: &Arc<Client>, url: &str) -> Result<Response, Error> {
    send(client, client.build_request("GET", url).unwrap())
}

#[test]
fn a_forwarded_request_answers_the_proxys_challenge_on_the_same_connection() {
    let (address, told) = asking(false);
    let client = through(address);
    for _ in 0..2 {
        let response = get(&client, "http://example.invalid/path").unwrap();
        assert_eq!(response.head().status(), 200);
        assert!(response.history().is_empty(), "it was the proxy that asked");
    }
    let heads: Vec<_> = (0..3).map(|_| told.recv_timeout(PATIENCE).unwrap()).collect();
    assert!(heads.iter().all(|(number, _)| *number == 0));
    assert!(!heads[0].1.contains("Proxy-Authorization"));
    for (head, count) in [(&heads[1].1, "nc=00000001"), (&heads[2].1, "nc=00000002")] {
        assert!(head.contains("uri=\"http://example.invalid/path\"") && head.contains(count), "{head}");
        assert!(!head.contains("\r\nAuthorization:"), "{head}");
    }
}

#[test]
fn a_tunnel_is_asked_for_with_an_answer() {
    let (address, told) = asking(false);
    // The proxy plays no origin behind it.
    assert!(get(&through(address), "https://example.invalid/").is_err());
    let (_, first) = told.recv_timeout(PATIENCE).unwrap();
    let (_, second) = told.recv_timeout(PATIENCE).unwrap();
    assert!(first.starts_with("CONNECT example.invalid:443") && !first.contains("Proxy-Authorization"), "{first}");
    assert!(second.starts_with("CONNECT example.invalid:443"), "{second}");
    assert!(second.contains("uri=\"example.invalid:443\""), "{second}");
}

#[test]
fn credentials_that_are_refused_are_tried_once() {
    let (address, told) = asking(true);
    let client = through(address);
    let response = get(&client, "http://example.invalid/").unwrap();
    assert_eq!((response.head().status(), &response.content().unwrap()[..]), (407, &b"no!!"[..]));
    assert_eq!(told.try_iter().count(), 2);
    let error = get(&client, "https://example.invalid/").err().expect("an error");
    assert_eq!((error.code(), error.message()), (Code::PROXY_ERROR, "407 Proxy Authentication Required"));
    assert_eq!(told.try_iter().count(), 2);
}

#[test]
fn a_body_that_can_be_read_once_gets_the_refusal() {
    let (address, _told) = asking(false);
    let client = through(address);
    let mut request = client.build_request("POST", "http://example.invalid/").unwrap();
    let (writer, reader) = pipe(10);
    // Nothing is written: the refusal comes first.
    request.set_pipe(reader, None);
    let response = send(&client, request).unwrap();
    assert_eq!(response.head().status(), 407);
    drop(writer);
}

#[test]
fn an_origin_behind_no_proxy_is_not_answered() {
    let address = server(|mut stream, _| {
        while read_head(&mut stream).is_some() {
            stream.write_all(REFUSED.as_bytes()).unwrap();
        }
    });
    let client = ClientBuilder::default().build().unwrap();
    assert_eq!(get(&client, &format!("http://{address}/")).unwrap().head().status(), 407);
}

#[test]
fn a_socks_proxy_knows_no_digest() {
    let mut proxy = Proxy::parse("socks5://127.0.0.1:1").unwrap();
    assert_eq!(proxy.set_digest(b"me", b"secret").unwrap_err().code(), Code::INVALID_CONFIG);
}

// Flows of the program's own

/// Says a word, then what the challenge has asked for, and gives up at a third refusal.
#[derive(Default)]
struct TwoWords {
    wants_body: bool,
}

struct Words {
    request: Arc<Request>,
    said: usize,
}

impl CustomAuth for TwoWords {
    fn requires_request_body(&self) -> bool {
        self.wants_body
    }

    fn requires_response_body(&self) -> bool {
        true
    }

    fn begin(self: Arc<Self>, request: Arc<Request>, _: Option<Arc<Interrupt>>) -> Beginning {
        Attempt::new(move || {
            let flow = Words { request: Arc::clone(&request), said: 0 };
            Poll::Ready(Ok(Foreign::new(Box::new(flow) as Box<dyn AuthFlow>)))
        })
    }
}

impl AuthFlow for Words {
    fn next(&mut self, response: &mut Option<Response>) -> Poll<Result<Option<Arc<Request>>, Error>> {
        self.said += 1;
        let word = match (self.said, response) {
            (1, None) => "Words one".to_owned(),
            (2, Some(refusal)) => {
                assert_eq!(refusal.head().status(), 407);
                format!("Words {}", refusal.text()?)
            }
            _ => return Poll::Ready(Ok(None)),
        };
        let mut request = Request::clone(&self.request);
        request.headers.set(b"Proxy-Authorization", word.as_bytes())?;
        Poll::Ready(Ok(Some(Arc::new(request))))
    }
}

/// A proxy that lets pass who says this word; passes each connection's number and head. Behind it, it answers itself.
fn wanting(word: &'static str) -> (SocketAddr, mpsc::Receiver<(usize, String)>) {
    let (tell, told) = mpsc::channel();
    let address = server(move |mut stream, number| {
        while let Some(head) = read_head(&mut stream) {
            if head.ends_with("\r\n0\r\n\r\n") {
                // A chunked body.
                continue;
            }
            let passes = head.contains(&format!("\r\nProxy-Authorization: Words {word}\r\n"));
            let tunnel = head.starts_with("CONNECT");
            tell.send((number, head)).unwrap();
            let refused = "HTTP/1.1 407 Who\r\nContent-Length: 3\r\n\r\ntwo";
            let answer = match (passes, tunnel) {
                (false, _) => refused,
                (true, true) => "HTTP/1.1 200 Connection established\r\n\r\n",
                (true, false) => OK,
            };
            stream.write_all(answer.as_bytes()).unwrap();
            if passes && tunnel {
                while let Some(head) = read_head(&mut stream) {
                    tell.send((number, head)).unwrap();
                    stream.write_all(OK.as_bytes()).unwrap();
                }
                return;
            }
        }
    });
    (address, told)
}

fn saying_words(address: SocketAddr) -> Arc<Client> {
    saying(address, TwoWords::default())
}

fn saying(address: SocketAddr, words: TwoWords) -> Arc<Client> {
    let mut proxy = Proxy::parse(&format!("http://{address}")).unwrap();
    proxy.set_flow(Auth::Custom(Arc::new(words))).unwrap();
    ClientBuilder { proxy: Some(proxy), ..ClientBuilder::default() }.build().unwrap()
}

#[test]
fn a_flow_answers_a_forwarding_proxy_on_the_same_connection() {
    let (address, told) = wanting("two");
    let client = saying_words(address);
    let response = get(&client, "http://example.invalid/").unwrap();
    assert_eq!(response.content().unwrap(), "ok");
    let heads: Vec<_> = told.try_iter().collect();
    assert!(
        heads[0].1.contains("Proxy-Authorization: Words one") && heads[1].1.contains("Proxy-Authorization: Words two")
    );
    assert_eq!(heads.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [0, 0]);
}

#[test]
fn a_flow_answers_for_a_tunnel_and_the_origin_sees_nothing_of_it() {
    let (address, told) = wanting("two");
    let client = saying_words(address);
    // A WebSocket's URL: through a tunnel without TLS.
    for _ in 0..2 {
        assert_eq!(get(&client, "ws://example.invalid/chat").unwrap().content().unwrap(), "ok");
    }
    let heads: Vec<_> = told.try_iter().map(|(_, head)| head).collect();
    assert!(heads[0].starts_with("CONNECT example.invalid:80 ") && heads[0].contains("Words one"), "{}", heads[0]);
    assert!(heads[1].starts_with("CONNECT ") && heads[1].contains("Words two"), "{}", heads[1]);
    // Both requests go through the one tunnel.
    assert_eq!(heads.len(), 4);
    assert!(heads[2..].iter().all(|head| head.starts_with("GET /chat ") && !head.contains("Proxy-")));
}

#[test]
fn a_flow_that_gives_up_leaves_the_proxys_refusal() {
    let (address, _told) = wanting("three");
    let client = saying_words(address);
    let forwarded = get(&client, "http://example.invalid/").unwrap();
    assert_eq!((forwarded.head().status(), forwarded.text().unwrap()), (407, "two"));
    let error = get(&client, "ws://example.invalid/").err().unwrap();
    assert_eq!((error.code(), error.message()), (Code::PROXY_ERROR, "407 Who"));
    assert_eq!(error.response::<Response>().unwrap().text().unwrap(), "two");
    assert_eq!(client.counts().active, 0);
}

#[test]
fn a_body_that_a_flow_has_read_is_sent_with_each_try() {
    let (address, told) = wanting("two");
    let client = saying(address, TwoWords { wants_body: true });
    let mut request = client.build_request("POST", "http://example.invalid/").unwrap();
    let (writer, reader) = pipe(10);
    request.set_pipe(reader, None);
    writer.write(b"body").unwrap();
    writer.finish().unwrap();
    let response = send(&client, request).unwrap();
    assert_eq!(response.content().unwrap(), "ok");
    assert_eq!(told.try_iter().filter(|(_, head)| head.contains("\r\nTransfer-Encoding: chunked\r\n")).count(), 2);
}

#[test]
fn of_a_proxys_credentials_the_last_ones_count() {
    let set: [fn(&mut Proxy); 2] =
        [|proxy| proxy.set_credentials(b"user", b"password").unwrap(), |proxy| proxy.set_digest(b"user", b"").unwrap()];
    for (set, expected) in set.into_iter().zip(["Proxy-Authorization: Basic dXNlcjpwYXNzd29yZA==", "Host: "]) {
        let (address, told) = wanting("one");
        let mut proxy = Proxy::parse(&format!("http://{address}")).unwrap();
        proxy.set_flow(Auth::Custom(Arc::new(TwoWords::default()))).unwrap();
        set(&mut proxy);
        let client = ClientBuilder { proxy: Some(proxy), ..ClientBuilder::default() }.build().unwrap();
        assert_eq!(get(&client, "http://example.invalid/").unwrap().head().status(), 407);
        let (_, head) = told.recv().unwrap();
        assert!(head.contains(expected) && !head.contains("Words"), "{head}");
    }
}
