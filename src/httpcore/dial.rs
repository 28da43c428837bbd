//! Dialling: from an origin to a stream that speaks to it. The name's look-up and TCP share the connect timeout; the
//! TLS handshake has it once more (checklist G02, G08).

use std::collections::HashMap;
use std::future::{poll_fn, Future};
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use super::connection::{deadline_exceeded, timed_out};
use super::connection_info::ConnectionInfo;
use super::stream::Stream;
use super::tls::{info_of, TlsConfig};
use super::{Origin, Request, Scheme};
use crate::error::{Code, Error};
use crate::runtime::{resolve, Call, Lane, Socket};

/// How long an attempt has before the next address is tried beside it (RFC 8305 §5).
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// How connections are made.
#[derive(Debug)]
pub struct Dialer {
    /// For `https`.
    pub tls: TlsConfig,
    /// Where every connection goes instead of its origin's address (checklist H12).
    pub unix_socket: Option<PathBuf>,
    /// Addresses of names that are not looked up, by name and port.
    pub overrides: HashMap<(Box<str>, u16), Vec<SocketAddr>>,
    /// How often a connection that cannot be made is tried again (checklist H10).
    pub retries: u32,
    /// Whether HTTP/1.1 is spoken. Without it, `http` is HTTP/2 with prior knowledge (checklist J03).
    pub http1: bool,
    /// Whether HTTP/2 is spoken to those who want it (checklist J01).
    pub http2: bool,
}

/// A connection that was made.
pub(super) struct Dialled {
    pub(super) stream: Stream,
    pub(super) info: ConnectionInfo,
}

impl Dialer {
    pub(super) async fn dial(&self, call: &Call, request: &Request<'_>) -> Result<Dialled, Error> {
        let lane = call.lane(None).await;
        let mut retry = 0;
        loop {
            let error = match self.attempt(&lane, request).await {
                Err(error) if retry < self.retries && may_retry(&error) => error,
                done => return done,
            };
            // At once, then after 0.5, 1, 2, … seconds.
            let delay = Duration::from_millis(500).saturating_mul((1u32 << retry.min(20)) / 2);
            let at = Instant::now().checked_add(delay);
            if request.deadline.is_some_and(|deadline| at.is_none_or(|at| at >= deadline)) {
                return Err(error);
            }
            tokio::time::sleep(delay).await;
            retry += 1;
        }
    }

    async fn attempt(&self, lane: &Arc<Lane>, request: &Request<'_>) -> Result<Dialled, Error> {
        let origin = request.origin;
        let socket = within_connect_timeout(request, self.connect(lane, origin)).await?;
        let mut info = ConnectionInfo::default();
        if let Some((local, peer)) = socket.addresses() {
            (info.local, info.peer) = (Some(local), Some(peer));
        }
        let mut stream = Stream::Plain(socket);
        info.http2 = !self.http1;
        if origin.scheme == Scheme::Https {
            let handshake = self.tls.handshake(stream, origin.tls_name(), self.alpn());
            let tls = within_connect_timeout(request, handshake).await.map_err(handshake_timed_out)?;
            info.tls = Some(info_of(&tls));
            info.http2 = tls.get_ref().1.alpn_protocol() == Some(b"h2");
            stream = Stream::Tls(Box::new(tls));
        }
        Ok(Dialled { stream, info })
    }

    /// Whether requests to an origin are forwarded by the proxy, over one connection for all (checklist K04).
    pub(super) fn forwards(&self, _origin: &Origin) -> bool {
        false
    }

    /// Checklist J02.
    fn alpn(&self) -> &'static [&'static [u8]] {
        match (self.http1, self.http2) {
            (true, true) => &[b"h2", b"http/1.1"],
            (false, true) => &[b"h2"],
            (_, false) => &[b"http/1.1"],
        }
    }

    async fn connect(&self, lane: &Arc<Lane>, origin: &Origin) -> Result<Socket, Error> {
        if let Some(path) = &self.unix_socket {
            return Socket::connect_unix(Arc::clone(lane), path).await.map_err(|e| connect_error(&e));
        }
        let addresses = match self.overrides.get(&(origin.host.clone(), origin.port)) {
            Some(addresses) => addresses.clone(),
            None => addresses_of(origin).await?,
        };
        happy_eyeballs(lane, interleave(addresses)).await
    }
}

fn may_retry(error: &Error) -> bool {
    error.is_a(Code::CONNECT_ERROR) || error.is_a(Code::CONNECT_TIMEOUT)
}

/// The families in turn, beginning with the resolver's first (RFC 8305 §4).
fn interleave(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let first_is_v6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (first, second): (Vec<_>, Vec<_>) = addresses.into_iter().partition(|a| a.is_ipv6() == first_is_v6);
    let (mut first, mut second) = (first.into_iter(), second.into_iter());
    let mut all = Vec::new();
    loop {
        let pair = [first.next(), second.next()];
        if pair == [None, None] {
            return all;
        }
        all.extend(pair.into_iter().flatten());
    }
}

type Attempt = Pin<Box<dyn Future<Output = std::io::Result<Socket>> + Send>>;

/// Tries one address after the other, the next one as soon as one has failed or has taken too long, and takes the first
/// connection that is made (RFC 8305 §5). Fails when all have failed.
async fn happy_eyeballs(lane: &Arc<Lane>, addresses: Vec<SocketAddr>) -> Result<Socket, Error> {
    let mut waiting = addresses.into_iter();
    let mut running: Vec<(SocketAddr, Attempt)> = Vec::new();
    let mut failed: Vec<(SocketAddr, Error)> = Vec::new();
    let mut next_at = Box::pin(tokio::time::sleep(Duration::ZERO));
    let mut start_next = true;
    poll_fn(|cx| loop {
        if start_next {
            start_next = false;
            if let Some(address) = waiting.next() {
                running.push((address, Box::pin(Socket::connect_tcp(Arc::clone(lane), address))));
                if !waiting.as_slice().is_empty() {
                    next_at.as_mut().reset(tokio::time::Instant::now() + ATTEMPT_DELAY);
                }
            }
        }
        let mut index = 0;
        while index < running.len() {
            match running[index].1.as_mut().poll(cx) {
                Poll::Ready(Ok(socket)) => return Poll::Ready(Ok(socket)),
                Poll::Ready(Err(error)) => {
                    failed.push((running.remove(index).0, connect_error(&error)));
                    start_next = true;
                }
                Poll::Pending => index += 1,
            }
        }
        if waiting.as_slice().is_empty() {
            return match running.is_empty() {
                true => Poll::Ready(Err(all_failed(std::mem::take(&mut failed)))),
                false => Poll::Pending,
            };
        }
        start_next |= next_at.as_mut().poll(cx).is_ready();
        if !start_next {
            return Poll::Pending;
        }
    })
    .await
}

/// One error for all addresses: the first one's code, and what each of them said.
fn all_failed(mut failed: Vec<(SocketAddr, Error)>) -> Error {
    if failed.len() == 1 {
        return failed.remove(0).1;
    }
    let each: Vec<_> = failed.iter().map(|(address, error)| format!("{address}: {}", error.message())).collect();
    let same = |code| failed.iter().all(|(_, error)| error.is_a(code));
    let code = [Code::CONNECTION_REFUSED, Code::UNREACHABLE].into_iter().find(|code| same(*code));
    let error = Error::new(code.unwrap_or(Code::CONNECT_ERROR), format!("all addresses failed: {}", each.join(", ")));
    match failed.first().and_then(|(_, first)| first.os_errno()) {
        Some(errno) => error.with_os_errno(errno),
        None => error,
    }
}

async fn addresses_of(origin: &Origin) -> Result<Vec<SocketAddr>, Error> {
    if let Ok(address) = origin.host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, origin.port)]);
    }
    let found = resolve(&origin.host, origin.port)?.await.map_err(|error| {
        // std puts its own words before the resolver's.
        let text = error.to_string();
        let text = text.strip_prefix("failed to lookup address information: ").unwrap_or(&text);
        // The numbers of getaddrinfo(3), which std keeps to itself (checklist Q03).
        let number = match text {
            "Name or service not known" => -2,
            "Temporary failure in name resolution" => -3,
            "No address associated with hostname" => -5,
            _ => return Error::new(Code::DNS_ERROR, format!("{text}: {}", origin.host)),
        };
        Error::new(Code::DNS_ERROR, format!("[Errno {number}] {text}")).with_os_errno(number)
    })?;
    match found.is_empty() {
        true => Err(no_address(origin)),
        false => Ok(found),
    }
}

fn no_address(origin: &Origin) -> Error {
    Error::new(Code::DNS_ERROR, format!("the name {} has no address", origin.host))
}

fn connect_error(error: &std::io::Error) -> Error {
    let code = match error.kind() {
        std::io::ErrorKind::ConnectionRefused => Code::CONNECTION_REFUSED,
        std::io::ErrorKind::HostUnreachable | std::io::ErrorKind::NetworkUnreachable => Code::UNREACHABLE,
        _ => Code::CONNECT_ERROR,
    };
    Error::from_io(code, error, "")
}

/// The words that HTTPX has for a handshake that took too long (checklist G03).
fn handshake_timed_out(error: Error) -> Error {
    match error.code() {
        Code::CONNECT_TIMEOUT => Error::new(Code::CONNECT_TIMEOUT, "The handshake operation timed out"),
        _ => error,
    }
}

/// Holds `work` to the connect timeout and the request's deadline. To be polled on a lane.
async fn within_connect_timeout<T>(
    request: &Request<'_>,
    work: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    let now = Instant::now();
    let timeout = request.timeouts.connect;
    if timeout == Some(Duration::ZERO) {
        return Err(timed_out(Code::CONNECT_TIMEOUT));
    }
    let own = timeout.and_then(|timeout| now.checked_add(timeout));
    let Some(at) = own.into_iter().chain(request.deadline).min() else { return work.await };
    match tokio::time::timeout_at(at.into(), work).await {
        Ok(done) => done,
        Err(_) if request.deadline == Some(at) => Err(deadline_exceeded()),
        Err(_) => Err(timed_out(Code::CONNECT_TIMEOUT)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(texts: &[&str]) -> Vec<SocketAddr> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn families_take_turns_from_the_resolvers_first() {
        let given = addresses(&["[::1]:1", "[::2]:1", "[::3]:1", "127.0.0.1:1", "127.0.0.2:1"]);
        let wanted = addresses(&["[::1]:1", "127.0.0.1:1", "[::2]:1", "127.0.0.2:1", "[::3]:1"]);
        assert_eq!(interleave(given), wanted);
        assert_eq!(interleave(Vec::new()), []);
    }

    #[test]
    fn the_error_of_several_addresses_names_them_all() {
        let refused = || connect_error(&std::io::Error::from_raw_os_error(111));
        let [one, two] = addresses(&["[::1]:9", "127.0.0.1:9"])[..] else { unreachable!() };
        let error = all_failed(vec![(one, refused()), (two, refused())]);
        assert_eq!(error.code(), Code::CONNECTION_REFUSED);
        assert_eq!(
            error.message(),
            "all addresses failed: [::1]:9: [Errno 111] Connection refused, 127.0.0.1:9: [Errno 111] Connection refused"
        );
        assert_eq!(error.os_errno(), Some(111));
    }
}
