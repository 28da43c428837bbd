//! Dialling: from an origin to a stream that speaks to it. The name's look-up and TCP share the connect timeout; the
//! TLS handshake has it once more (checklist G02, G08).

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::connection::{deadline_exceeded, timed_out};
use super::stream::Stream;
use super::tls::TlsConfig;
use super::{Origin, Request, Scheme};
use crate::error::{Code, Error};
use crate::runtime::{resolve, Call, Lane, Socket};

/// How connections are made.
#[derive(Debug)]
pub struct Dialer {
    /// For `https`.
    pub tls: TlsConfig,
    /// Where every connection goes instead of its origin's address (checklist H12).
    pub unix_socket: Option<PathBuf>,
}

impl Dialer {
    pub(super) async fn dial(&self, call: &Call, request: &Request<'_>) -> Result<Stream, Error> {
        let lane = call.lane(None).await;
        let origin = request.origin;
        let socket = within_connect_timeout(request, self.connect(lane, origin)).await?;
        match origin.scheme {
            Scheme::Http => Ok(Stream::Plain(socket)),
            Scheme::Https => {
                let handshake = self.tls.handshake(socket, &origin.host);
                Ok(Stream::Tls(Box::new(within_connect_timeout(request, handshake).await?)))
            }
        }
    }

    async fn connect(&self, lane: Arc<Lane>, origin: &Origin) -> Result<Socket, Error> {
        if let Some(path) = &self.unix_socket {
            return Socket::connect_unix(lane, path).await.map_err(|e| connect_error(&e));
        }
        let addresses = addresses_of(origin).await?;
        let mut last = None;
        for address in addresses {
            match Socket::connect_tcp(Arc::clone(&lane), address).await {
                Ok(socket) => return Ok(socket),
                Err(error) => {
                    let error = connect_error(&error);
                    last = Some(match last {
                        Some(before) => error.with_cause(before),
                        None => error,
                    });
                }
            }
        }
        Err(last.unwrap_or_else(|| no_address(origin)))
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
        Error::new(Code::DNS_ERROR, format!("{text}: {}", origin.host))
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

/// Holds `work` to the connect timeout and the request's deadline. To be polled on a lane.
async fn within_connect_timeout<T>(
    request: &Request<'_>,
    work: impl std::future::Future<Output = Result<T, Error>>,
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
