//! Recording HTTP/1.1 proxies, plain and over TLS: absolute-form requests are forwarded, CONNECT opens a tunnel, both to
//! loopback only. What they received can be read at the origin's /proxied.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use bytes::Bytes;
use hyper::body::Incoming;
use hyper::header::{HeaderMap, CONNECTION, HOST, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION};
use hyper::http::uri::Authority;
use hyper::service::service_fn;
use hyper::{client, server, Method, Request, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use serde_json::{json, Value};
use tokio::io::{copy_bidirectional, AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};

use crate::auth::basic_matches;
use crate::body::Body;
use crate::capture::{Capture, Captured};
use crate::exchange::{content, empty, refused, with_header, with_status, Refusal, Reply};
use crate::origin::{accepted, Security};
use crate::state::{Entry, State};

const CHALLENGE: &str = "Basic realm=\"httpx-test-server proxy\"";
const STRAY: &[u8] = b"stray bytes";

/// What a proxy needs to know.
pub struct Proxy {
    pub name: &'static str,
    pub security: Security,
    pub state: Arc<State>,
    /// `user:password` that clients must send.
    pub credentials: Option<String>,
}

/// Accepts forever.
pub async fn listen(listener: TcpListener, proxy: Proxy) {
    let proxy = Arc::new(proxy);
    loop {
        let Some((stream, _)) = accepted(listener.accept().await).await else { continue };
        let _ = stream.set_nodelay(true);
        let proxy = proxy.clone();
        tokio::spawn(async move {
            match proxy.security.clone() {
                Security::Plain => serve(stream, proxy).await,
                Security::Tls(acceptor) => {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        serve(stream, proxy).await;
                    }
                }
            }
        });
    }
}

async fn serve<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(stream: S, proxy: Arc<Proxy>) {
    let (stream, capture) = Captured::new(stream);
    let connection = proxy.state.next_connection();
    let service = service_fn(|request| {
        let entry = proxy.record(&request, &capture, connection);
        let (proxy, capture) = (proxy.clone(), capture.clone());
        async move {
            let response = proxy.answer(request, &capture).await.unwrap_or_else(refused);
            let status = response.status().as_u16();
            proxy.state.proxied.update(entry, |record| record["status"] = status.into());
            Ok::<_, Infallible>(response)
        }
    });
    let mut builder = server::conn::http1::Builder::new();
    builder.preserve_header_case(true);
    // Errors here are the client's; it sees them as well.
    let _ = builder.serve_connection(TokioIo::new(stream), service).with_upgrades().await;
}

impl Proxy {
    fn record(&self, request: &Request<Incoming>, capture: &Capture, connection: u64) -> Entry {
        let (target, headers): (String, Value) = match capture.head() {
            Some(raw) => (raw.target, json!(raw.headers)),
            None => (request.uri().to_string(), pairs(request.headers())),
        };
        self.state.proxied.push(json!({
            "connection": connection,
            "headers": headers,
            "listener": self.name,
            "method": request.method().as_str(),
            "status": null,
            "target": target,
            "version": format!("{:?}", request.version()),
        }))
    }

    async fn answer(&self, request: Request<Incoming>, capture: &Capture) -> Reply {
        if let Some(expected) = &self.credentials {
            let sent = request.headers().get(PROXY_AUTHORIZATION).and_then(|value| value.to_str().ok());
            if !basic_matches(sent, expected) {
                let response = empty(StatusCode::PROXY_AUTHENTICATION_REQUIRED);
                return with_header(response, PROXY_AUTHENTICATE, CHALLENGE);
            }
        }
        let host = request.uri().host().unwrap_or_default();
        if let Some(status) = asked_refusal(host) {
            return refusal(status);
        }
        if host == "hang.test" {
            std::future::pending::<()>().await;
        }
        match *request.method() {
            Method::CONNECT => tunnel(request, capture).await,
            _ => forward(request).await,
        }
    }
}

/// The status of `refuse-N.test`.
fn asked_refusal(host: &str) -> Option<StatusCode> {
    let code: u16 = host.strip_prefix("refuse-")?.strip_suffix(".test")?.parse().ok()?;
    StatusCode::from_u16(code).ok().filter(|status| !status.is_informational() && !status.is_success())
}

fn refusal(status: StatusCode) -> Reply {
    let response = with_status(content("text/plain; charset=utf-8", "the proxy was asked to refuse\n"), status);
    match status {
        StatusCode::PROXY_AUTHENTICATION_REQUIRED => with_header(response, PROXY_AUTHENTICATE, CHALLENGE),
        _ => Ok(response),
    }
}

fn pairs(headers: &HeaderMap) -> Value {
    let pair = |(name, value): (&hyper::header::HeaderName, &hyper::header::HeaderValue)| {
        json!([name.as_str(), String::from_utf8_lossy(value.as_bytes())])
    };
    headers.iter().map(pair).collect()
}

/// Answers 200 and then carries bytes both ways. RFC 9110 §9.3.6
async fn tunnel(request: Request<Incoming>, capture: &Capture) -> Reply {
    let authority = request.uri().authority().ok_or_else(|| Refusal::bad("CONNECT wants host:port"))?;
    let port = authority.port_u16().ok_or_else(|| Refusal::bad("CONNECT wants a port"))?;
    let mut origin = dial(authority, port).await?;
    if authority.host() == "stray.localhost" {
        capture.send_behind_next_head(Bytes::from_static(STRAY));
    }
    tokio::spawn(async move {
        // Either side may break off; the other then sees its connection end.
        if let Ok(client) = hyper::upgrade::on(request).await {
            let _ = copy_bidirectional(&mut TokioIo::new(client), &mut origin).await;
        }
    });
    Ok(empty(StatusCode::OK))
}

/// Sends the request on in origin-form, on a connection of its own. RFC 9112 §3.2.1, §3.2.2
async fn forward(mut request: Request<Incoming>) -> Reply {
    let uri = request.uri().clone();
    let Some(authority) = uri.authority().filter(|_| uri.scheme_str() == Some("http")) else {
        return Err(Refusal::bad(format!("a proxy wants an absolute http URL or CONNECT, not {uri}")));
    };
    let stream = dial(authority, authority.port_u16().unwrap_or(80)).await?;
    let target = uri.path_and_query().map_or("/", |target| target.as_str());
    *request.uri_mut() = target.parse::<Uri>().map_err(|error| Refusal::bad(error.to_string()))?;
    remove_hop_by_hop(request.headers_mut());
    if let Ok(host) = authority.as_str().parse() {
        request.headers_mut().insert(HOST, host);
    }

    let mut builder = client::conn::http1::Builder::new();
    builder.preserve_header_case(true);
    let (mut sender, connection) = builder.handshake(TokioIo::new(stream)).await.map_err(gateway)?;
    tokio::spawn(connection);
    let mut response = sender.send_request(request).await.map_err(gateway)?;
    remove_hop_by_hop(response.headers_mut());
    Ok(response.map(Body::streamed))
}

/// RFC 9110 §7.6.1
fn remove_hop_by_hop(headers: &mut HeaderMap) {
    let listed: Vec<String> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(',').map(|name| name.trim().to_ascii_lowercase()))
        .collect();
    for name in
        listed.iter().map(String::as_str).chain(["connection", "keep-alive", "proxy-connection", "proxy-authorization"])
    {
        headers.remove(name);
    }
}

async fn dial(authority: &Authority, port: u16) -> Result<TcpStream, Refusal> {
    let host = authority.host();
    let address = loopback(host).ok_or_else(|| {
        Refusal::new(StatusCode::FORBIDDEN, format!("this proxy goes to loopback only, not to {host}"))
    })?;
    let stream = TcpStream::connect((address, port)).await.map_err(gateway)?;
    let _ = stream.set_nodelay(true);
    Ok(stream)
}

/// RFC 6761 §6.3: localhost and what is under it is loopback, whatever a resolver says.
pub fn loopback(host: &str) -> Option<IpAddr> {
    let host = host.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
    if host == "localhost" || host.ends_with(".localhost") {
        return Some(Ipv4Addr::LOCALHOST.into());
    }
    host.parse::<IpAddr>().ok().filter(IpAddr::is_loopback)
}

fn gateway(error: impl std::fmt::Display) -> Refusal {
    Refusal::new(StatusCode::BAD_GATEWAY, format!("the origin could not be reached: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_is_dialled() {
        for host in ["localhost", "A.Localhost", "127.0.0.1", "127.9.9.9", "[::1]"] {
            assert!(loopback(host).is_some(), "{host}");
        }
        for host in ["example.org", "notlocalhost", "10.0.0.1", "0.0.0.0", ""] {
            assert!(loopback(host).is_none(), "{host}");
        }
    }
}
