//! The table of routes, in httpbin's names and shapes, and the way from a request to its handler. `*` stands for one
//! path segment, `**` at the end for any number of them.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use hyper::body::{Body as _, Incoming};
use hyper::header::{HeaderValue, ALLOW, CONTENT_LENGTH, CONTENT_TYPE};
use hyper::{Method, Request, Response, StatusCode};
use serde_json::json;

use crate::body::Body;
use crate::exchange::{self, Exchange, Refusal, Reply};
use crate::origin::Connection;
use crate::{auth, cookies, echo, encodings, http2_peer, pages, recordings, redirects, streams, upgrade, wire};

type Later = Pin<Box<dyn Future<Output = Reply> + Send>>;

enum Handler {
    /// Answers from the head alone.
    Now(fn(&Exchange) -> Reply),
    /// Reads the body or waits.
    Later(fn(Exchange) -> Later),
}

struct Route {
    pattern: &'static str,
    /// The methods that are answered; empty means any. HEAD comes with GET.
    methods: &'static [&'static str],
    handler: Handler,
}

const ANY: &[&str] = &[];
const GET: &[&str] = &["GET"];
const POST: &[&str] = &["POST"];
const UPLOAD: &[&str] = &["POST", "PUT", "PATCH"];
const REDIRECT: &[&str] = &["GET", "POST", "PUT", "PATCH", "DELETE"];
const RECORDING: &[&str] = &["GET", "DELETE"];

const fn now(pattern: &'static str, methods: &'static [&'static str], handler: fn(&Exchange) -> Reply) -> Route {
    Route { pattern, methods, handler: Handler::Now(handler) }
}

const fn later(pattern: &'static str, methods: &'static [&'static str], handler: fn(Exchange) -> Later) -> Route {
    Route { pattern, methods, handler: Handler::Later(handler) }
}

static ROUTES: &[Route] = &[
    now("", GET, index),
    now("plain", GET, |_| Ok(plain())),
    now("get", GET, echo::get),
    later("post", POST, |x| Box::pin(echo::with_body(x))),
    later("put", &["PUT"], |x| Box::pin(echo::with_body(x))),
    later("patch", &["PATCH"], |x| Box::pin(echo::with_body(x))),
    later("delete", &["DELETE"], |x| Box::pin(echo::with_body(x))),
    later("anything", ANY, |x| Box::pin(echo::anything(x))),
    later("anything/**", ANY, |x| Box::pin(echo::anything(x))),
    now("headers", GET, echo::headers),
    now("user-agent", GET, echo::user_agent),
    now("ip", GET, echo::ip),
    now("status/*", ANY, pages::status),
    now("redirect/*", GET, redirects::redirect),
    now("relative-redirect/*", GET, redirects::relative),
    now("absolute-redirect/*", GET, redirects::absolute),
    now("redirect-to", REDIRECT, redirects::redirect_to),
    now("cookies", GET, cookies::list),
    now("cookies/set", GET, cookies::set),
    now("cookies/set/*/*", GET, cookies::set_one),
    now("cookies/delete", GET, cookies::delete),
    now("basic-auth/*/*", GET, auth::basic),
    now("hidden-basic-auth/*/*", GET, auth::hidden_basic),
    now("bearer", GET, auth::bearer),
    later("digest-auth/*/*/*", ANY, |x| Box::pin(auth::digest(x))),
    later("digest-auth/*/*/*/*", ANY, |x| Box::pin(auth::digest(x))),
    later("digest-auth/*/*/*/*/*", ANY, |x| Box::pin(auth::digest(x))),
    now("gzip", GET, encodings::gzip),
    now("deflate", GET, encodings::deflate),
    now("deflate-raw", GET, encodings::deflate_raw),
    now("brotli", GET, encodings::brotli),
    now("zstd", GET, encodings::zstd),
    later("encode/*", GET, |x| Box::pin(encodings::chain(x))),
    now("encoding/*", GET, encodings::charset),
    now("stream/*", GET, streams::lines),
    now("ndjson/*", GET, streams::ndjson),
    now("bytes/*", GET, streams::bytes),
    now("stream-bytes/*", GET, streams::stream_bytes),
    now("range/*", GET, streams::range),
    later("drip", GET, |x| Box::pin(streams::drip(x))),
    now("sse", GET, streams::sse),
    later("delay/*", ANY, |x| Box::pin(echo::delayed(x))),
    now("links/*", GET, pages::links_start),
    now("links/*/*", GET, pages::links),
    now("link-header", GET, pages::link_header),
    now("html", GET, pages::html),
    now("json", GET, pages::json_document),
    now("xml", GET, pages::xml),
    now("robots.txt", GET, pages::robots),
    now("image/png", GET, pages::png),
    now("cache", GET, pages::cache),
    now("cache/*", GET, pages::cache_control),
    now("etag/*", GET, pages::etag),
    now("response-headers", &["GET", "POST"], pages::response_headers),
    now("uuid", GET, pages::uuid),
    later("upload", UPLOAD, |x| Box::pin(wire::upload(x))),
    now("early-413", ANY, wire::early_413),
    later("early-200", ANY, |x| Box::pin(wire::early_200(x))),
    now("close", ANY, wire::close),
    now("trailers", GET, wire::trailers),
    later("hang", ANY, |_| Box::pin(std::future::pending())),
    now("connection", ANY, wire::connection),
    later("expect-continue", UPLOAD, |x| Box::pin(wire::expect_continue(x))),
    now("expect-417", ANY, wire::expect_417),
    now("keep-alive-timeout/*", GET, wire::keep_alive_timeout),
    later("upgrade", GET, |x| Box::pin(upgrade::upgrade(x))),
    later("recorded", RECORDING, |x| Box::pin(recordings::recorded(x))),
    later("proxied", RECORDING, |x| Box::pin(recordings::proxied(x))),
    later("socks", RECORDING, |x| Box::pin(recordings::socks(x))),
    later("h2-recorded", RECORDING, |x| Box::pin(recordings::http2(x))),
    later("h2-listen", POST, |x| Box::pin(http2_peer::open(x))),
    later("register", POST, |x| Box::pin(recordings::register(x))),
    later("accept-script", &["PUT"], |x| Box::pin(recordings::accept_script(x))),
];

/// The benches' route, answered without a table and without a box. None for every other request.
pub fn fast(request: &Request<Incoming>) -> Option<Response<Body>> {
    (request.uri().path() == "/plain" && request.method() == Method::GET).then(plain)
}

fn plain() -> Response<Body> {
    let mut response = Response::new(Body::Whole(Bytes::from_static(b"Hello, world!")));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    response
}

pub fn answer(
    connection: Arc<Connection>,
    request: Request<Incoming>,
    number: u64,
) -> Pin<Box<dyn Future<Output = Response<Body>> + Send>> {
    // Before the body is asked for: a `100 Continue` would end the captured head.
    let exchange = Exchange::new(connection, request, number);
    Box::pin(async move {
        let is_head = exchange.head.method == Method::HEAD;
        let response = dispatch(exchange).await.unwrap_or_else(exchange::refused);
        if is_head {
            without_body(response)
        } else {
            response
        }
    })
}

async fn dispatch(exchange: Exchange) -> Reply {
    let path = exchange.segments();
    let Some(route) = ROUTES.iter().find(|route| matches(route.pattern, path)) else {
        return Err(Refusal::new(StatusCode::NOT_FOUND, format!("no route for {}", exchange.head.uri.path())));
    };
    if !route.answers(&exchange.head.method) {
        // As httpbin does: OPTIONS works everywhere and tells the others.
        let status = match exchange.head.method {
            Method::OPTIONS => StatusCode::OK,
            _ => StatusCode::METHOD_NOT_ALLOWED,
        };
        return exchange::with_header(exchange::empty(status), ALLOW, &route.allow());
    }
    match route.handler {
        Handler::Now(handler) => handler(&exchange),
        Handler::Later(handler) => handler(exchange).await,
    }
}

impl Route {
    fn answers(&self, method: &Method) -> bool {
        let asked = if *method == Method::HEAD { "GET" } else { method.as_str() };
        self.methods.is_empty() || self.methods.contains(&asked)
    }

    // RFC 9110 §10.2.1
    fn allow(&self) -> String {
        let head = if self.methods.contains(&"GET") { ", HEAD" } else { "" };
        format!("{}{head}, OPTIONS", self.methods.join(", "))
    }
}

fn matches(pattern: &str, path: &[String]) -> bool {
    let mut path = path.iter();
    for part in pattern.split('/') {
        match (part, path.next()) {
            ("**", Some(_)) => return true,
            ("*", Some(segment)) if !segment.is_empty() => {}
            (literal, Some(segment)) if literal == segment => {}
            _ => return false,
        }
    }
    path.next().is_none()
}

/// The answer to HEAD has GET's fields, its length included, and no body. RFC 9110 §9.3.2
fn without_body(response: Response<Body>) -> Response<Body> {
    let (mut head, body) = response.into_parts();
    if let Some(length) = body.size_hint().exact() {
        head.headers.entry(CONTENT_LENGTH).or_insert_with(|| length.into());
    }
    Response::from_parts(head, Body::Whole(Bytes::new()))
}

fn index(_: &Exchange) -> Reply {
    let routes: Vec<String> = ROUTES.iter().map(|route| format!("/{}", route.pattern)).collect();
    Ok(exchange::json(&json!({ "routes": routes })))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Vec<String> {
        text.split('/').map(str::to_owned).collect()
    }

    #[test]
    fn patterns_match_whole_paths() {
        assert!(matches("bytes/*", &path("bytes/3")));
        assert!(!matches("bytes/*", &path("bytes/")));
        assert!(!matches("bytes/*", &path("bytes/3/4")));
        assert!(!matches("bytes/*", &path("bytes")));
        assert!(matches("anything/**", &path("anything/a/b")));
        assert!(matches("anything/**", &path("anything/")));
        assert!(matches("", &path("")));
    }

    #[test]
    fn every_route_stands_in_the_readme() {
        let readme = include_str!("../README.md");
        for route in ROUTES.iter().filter(|route| !route.pattern.is_empty()) {
            let name = route.pattern.split("/*").next().expect("split gives one part at least");
            assert!(readme.contains(&format!("/{name}")), "README.md does not name /{name}");
        }
    }
}
