//! HTTP/2 by prior knowledge on the plain port.

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http2;
use hyper::{Request, Response, Version};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::Value;

use crate::server::{shared, socket, PATIENCE};

type Sender = http2::SendRequest<Full<Bytes>>;

async fn connected() -> Sender {
    let socket = socket(shared().port("http"));
    socket.set_nonblocking(true).expect("a socket can be");
    let stream = tokio::net::TcpStream::from_std(socket).expect("a runtime runs");
    let (sender, connection) =
        http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.expect("the server speaks HTTP/2");
    tokio::spawn(connection);
    sender
}

async fn ask(sender: &mut Sender, method: &str, path: &str, body: &'static str) -> Response<hyper::body::Incoming> {
    let request = Request::builder().method(method).uri(format!("http://localhost{path}"));
    let request = request.body(Full::from(body)).expect("a request");
    sender.send_request(request).await.expect("an answer")
}

async fn json(response: Response<hyper::body::Incoming>) -> Value {
    let body = response.into_body().collect().await.expect("a body").to_bytes();
    serde_json::from_slice(&body).expect("JSON")
}

#[tokio::test]
async fn requests_share_a_connection() {
    let mut sender = connected().await;
    let mut other = sender.clone();
    let (first, second) =
        tokio::join!(ask(&mut sender, "GET", "/connection", ""), ask(&mut other, "GET", "/connection", ""));
    assert_eq!(first.version(), Version::HTTP_2);
    let (first, second) = (json(first).await, json(second).await);
    assert_eq!(first["protocol"], "HTTP/2.0");
    assert_eq!(first["connection"], second["connection"]);
    assert_ne!(first["requests_on_connection"], second["requests_on_connection"]);
}

#[tokio::test]
async fn bodies_headers_and_trailers_arrive() {
    let mut sender = connected().await;
    let echo = json(ask(&mut sender, "POST", "/anything?a=1", "data").await).await;
    assert_eq!((&echo["data"], &echo["url"]), (&"data".into(), &"http://localhost/anything?a=1".into()));
    assert_eq!(echo["headers"]["Host"], "localhost");

    let body = ask(&mut sender, "GET", "/trailers", "").await.into_body().collect().await.expect("a body");
    assert_eq!(
        body.trailers().and_then(|fields| fields.get("x-finished")).map(|value| value.as_bytes()),
        Some(&b"yes"[..])
    );

    let head = ask(&mut sender, "HEAD", "/bytes/55", "").await;
    assert_eq!(head.headers()["content-length"], "55");
    assert!(head.into_body().collect().await.expect("an end").to_bytes().is_empty());

    let body = ask(&mut sender, "GET", "/bytes/5000000?seed=3", "").await.into_body().collect().await.expect("a body");
    assert!(body.to_bytes().iter().enumerate().all(|(i, byte)| *byte as usize == (i + 3) % 251));
}

#[tokio::test]
async fn close_says_goaway() {
    let mut sender = connected().await;
    assert_eq!(ask(&mut sender, "GET", "/close", "").await.status(), 200);
    let closed = async {
        while sender.ready().await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, closed).await.expect("no request is taken after GOAWAY");
}
