//! Requests through an HTTP proxy (RFC 9110 §7.3.2): those to `http` origins are sent to the proxy itself, with a target
//! that says where to; for `https` the proxy is asked for a tunnel, in which TLS is spoken with the origin.

use std::borrow::Cow;
use std::fmt::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};

use super::body::Body;
use super::connection::{Connection, Cut};
use super::connection_info::ConnectionInfo;
use super::dial::{within_connect_timeout, Dialled};
use super::http11::{self, ResponseHead};
use super::stream::Stream;
use super::trace::Observer;
use super::{same_name, FramingField, HeaderLines, Origin, Proxy, ProxyKind, Request, Scheme, Timeouts, Timings};
use crate::error::{Code, Error};
use crate::runtime::Call;

/// How much of a refusal's body is kept.
const MAX_REFUSAL: usize = 64 * 1024;
/// How long it is waited for.
const REFUSAL_PATIENCE: Duration = Duration::from_secs(1);

/// What is different about a request when a proxy forwards it.
pub(super) struct Forwarded {
    target: Vec<u8>,
    headers: Vec<(Bytes, Bytes)>,
    framing: FramingField,
}

/// The answer of a proxy that did not open a tunnel; attached to the error.
#[derive(Debug)]
pub struct Refusal {
    /// As received.
    pub head: ResponseHead,
    /// The beginning of it, 64 KiB at most.
    pub body: Bytes,
    /// What it came over.
    pub connection: Arc<ConnectionInfo>,
    /// How it came to be.
    pub timings: Timings,
}

impl Proxy {
    /// Whether requests to `origin` are forwarded by it.
    pub(super) fn forwards(&self, origin: &Origin) -> bool {
        matches!(self.kind, ProxyKind::Http { .. }) && origin.scheme == Scheme::Http && !origin.websocket
    }

    /// What a request is like when it is forwarded (checklist K02): the proxy's fields come right behind Host, unless
    /// the request has fields of the same names.
    ///
    /// # Errors
    /// Those of the proxy's credentials.
    pub(super) fn forwarded(&self, request: &Request<'_>) -> Result<Forwarded, Error> {
        let has = |name: &[u8]| request.lines().any(|(other, _)| same_name(other, name));
        let target = absolute(request.origin, &request.target);
        let added = self.told(request, request.method, &target, !matches!(request.body, Body::Empty))?;
        let mut headers: Vec<_> = added.into_iter().filter(|(name, _)| !has(name)).collect();
        headers.extend_from_slice(request.headers.list());
        Ok(Forwarded { target, headers, framing: request.framing.clone() })
    }

    /// What it is told beside a request, or beside the CONNECT for one.
    fn told(
        &self,
        request: &Request<'_>,
        method: &[u8],
        target: &[u8],
        has_body: bool,
    ) -> Result<Vec<(Bytes, Bytes)>, Error> {
        let authorization = match (&request.proxy_authorization, &self.kind) {
            (Some(value), _) => Some(value.clone()),
            (None, ProxyKind::Http { authorize: Some(authorize), .. }) => authorize(method, target, has_body)?,
            _ => None,
        };
        if let Some(value) = &request.proxy_authorization {
            let name = &b"proxy-authorization"[..];
            let others = self.headers().iter().filter(|(other, _)| !same_name(other, name)).cloned();
            return Ok([(Bytes::from_static(b"Proxy-Authorization"), value.clone())]
                .into_iter()
                .chain(others)
                .collect());
        }
        let authorization = authorization.map(|value| (Bytes::from_static(b"Proxy-Authorization"), value));
        Ok(authorization.into_iter().chain(self.headers().iter().cloned()).collect())
    }

    fn headers(&self) -> &[(Bytes, Bytes)] {
        match &self.kind {
            ProxyKind::Http { headers, .. } => headers,
            ProxyKind::Socks5 { .. } => &[],
        }
    }
}

impl Forwarded {
    /// The request as it goes to the proxy.
    pub(super) fn of<'a>(&'a self, request: &'a Request<'_>) -> Request<'a> {
        Request {
            target: Cow::Borrowed(&self.target),
            headers: HeaderLines::Own(&self.headers),
            framing: self.framing.clone(),
            ..request.clone()
        }
    }
}

/// The target in absolute form (RFC 9112 §3.2.2). `*` is said by a URL without a path (§3.2.4); what is neither that nor a
/// path is meant for the proxy as it is (checklist K11).
fn absolute(origin: &Origin, target: &[u8]) -> Vec<u8> {
    let path = match target {
        b"*" => &b""[..],
        [b'/', ..] => target,
        other => return other.to_vec(),
    };
    let mut authority = authority(origin);
    if origin.port == origin.scheme.default_port() {
        authority.truncate(authority.rfind(':').unwrap_or(authority.len()));
    }
    [origin.scheme.as_str().as_bytes(), b"://", authority.as_bytes(), path].concat()
}

/// Host and port, also the port that goes without saying.
fn authority(origin: &Origin) -> String {
    match origin.host.contains(':') {
        true => format!("[{}]:{}", origin.host, origin.port),
        false => format!("{}:{}", origin.host, origin.port),
    }
}

/// Has the proxy at the other end of `stream` open a tunnel to the request's origin (RFC 9110 §9.3.6, checklist K03).
///
/// # Errors
/// ProxyError with the proxy's answer if it does not, and what the network gave.
pub(super) async fn open_tunnel(
    call: &Call,
    request: &Request<'_>,
    proxy: &Proxy,
    dialled: Dialled,
) -> Result<Stream, Error> {
    let authority = authority(request.origin);
    let own = [(&b"Host"[..], authority.as_bytes()), (b"Accept", b"*/*")];
    let told = proxy.told(request, b"CONNECT", authority.as_bytes(), false)?;
    let own = own.into_iter().filter(|(name, _)| !told.iter().any(|(other, _)| same_name(other, name)));
    let mut headers: Vec<_> =
        own.map(|(name, value)| (Bytes::copy_from_slice(name), Bytes::copy_from_slice(value))).collect();
    headers.extend(told);
    let asking = Request {
        method: b"CONNECT",
        origin: &proxy.origin,
        target: Cow::Borrowed(authority.as_bytes()),
        headers: HeaderLines::Own(&headers),
        framing: FramingField::None,
        body: &Body::Empty,
        // The whole of it has the connect timeout.
        timeouts: Timeouts { connect: None, read: None, write: None, pool: None },
        deadline: request.deadline,
        limits: request.limits,
        max_body: None,
        expect: None,
        proxy_authorization: None,
        observer: &Observer { trace: request.observer.trace.clone(), ..Observer::default() },
    };
    let mut connection = Connection::new(dialled, Arc::<Cut>::default());
    let mut timings = Timings::new(Instant::now());
    let asked = async { http11::exchange(call, &mut connection, &asking, &mut timings).await.map_err(|f| f.error) };
    let (head, mut exchange) = within_connect_timeout(request, asked).await?;
    if (200..300).contains(&head.status) {
        return connection.into_tunnel().ok_or_else(|| {
            let message = "the proxy sent data before anything was sent through its tunnel";
            Error::new(Code::REMOTE_PROTOCOL_ERROR, message)
        });
    }
    let mut body = BytesMut::new();
    let reading = async {
        while let Some(piece) = exchange.next(call, &mut connection, MAX_REFUSAL - body.len()).await? {
            body.extend_from_slice(&piece);
            if body.len() == MAX_REFUSAL {
                break;
            }
        }
        Ok::<_, Error>(())
    };
    // Why the proxy refuses is known already: a body that does not come changes nothing about it.
    let _ = within_connect_timeout(request, async { Ok(tokio::time::timeout(REFUSAL_PATIENCE, reading).await) }).await;
    let connection = Arc::clone(connection.info());
    Err(refused(Refusal { head, body: body.freeze(), connection, timings }))
}

fn refused(refusal: Refusal) -> Error {
    let mut message = refusal.head.status.to_string();
    let reason = String::from_utf8_lossy(refusal.head.reason());
    if !reason.is_empty() {
        // Writing to a String does not fail.
        let _ = write!(message, " {reason}");
    }
    Error::new(Code::PROXY_ERROR, message).with_response(Arc::new(refusal))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(host: &str, port: u16) -> Origin {
        Origin { scheme: Scheme::Http, host: host.into(), port, server_name: None, websocket: false }
    }

    #[test]
    fn a_target_in_absolute_form_has_the_origin_before_the_path() {
        let cases = [
            ("example.org", 80, "/a?b=c", "http://example.org/a?b=c"),
            ("example.org", 8080, "/", "http://example.org:8080/"),
            ("::1", 80, "/", "http://[::1]/"),
            ("::1", 8080, "/", "http://[::1]:8080/"),
            ("example.org", 80, "*", "http://example.org"),
            ("example.org", 80, "http://other.example/", "http://other.example/"),
            ("example.org", 80, "example.org:443", "example.org:443"),
        ];
        for (host, port, target, wanted) in cases {
            let made = absolute(&origin(host, port), target.as_bytes());
            assert_eq!(String::from_utf8(made).unwrap(), wanted);
        }
    }

    #[test]
    fn an_authority_always_has_a_port_and_brackets_around_ipv6() {
        assert_eq!(authority(&origin("example.org", 443)), "example.org:443");
        assert_eq!(authority(&origin("::1", 8443)), "[::1]:8443");
    }
}
