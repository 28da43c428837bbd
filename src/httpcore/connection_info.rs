//! What a connection is, once it is made: its ends, its way, and what TLS has agreed on.

use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::error::{Code, Error};
use crate::runtime::FileId;

/// What is known of a connection; the same for all requests that it carries.
#[derive(Clone, Debug, Default)]
pub struct ConnectionInfo {
    /// Our end; None for a unix socket.
    pub local: Option<SocketAddr>,
    /// The peer, which is the proxy if there is one.
    pub peer: Option<SocketAddr>,
    /// Its socket.
    pub socket: Option<FileId>,
    /// The proxy's URL, without credentials.
    pub proxy: Option<Arc<str>>,
    /// What TLS with the origin has agreed on; with the proxy, for requests that it forwards.
    pub tls: Option<TlsInfo>,
    /// HTTP/2 is spoken.
    pub http2: bool,
    /// What it took to make.
    pub dialling: DialTimings,
}

impl ConnectionInfo {
    /// A descriptor of its own for the connection's socket.
    ///
    /// # Errors
    /// INVALID_STATE if there is none, or it was closed.
    pub fn duplicate_socket(&self) -> Result<OwnedFd, Error> {
        let copy = self.socket.map(FileId::duplicate).transpose();
        let copy = copy.map_err(|error| Error::from_io(Code::RESOURCES, &error, "cannot duplicate the socket"))?;
        copy.flatten().ok_or_else(|| Error::new(Code::INVALID_STATE, "there is no connection any more"))
    }
}

/// What a TLS handshake has agreed on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsInfo {
    /// `TLSv1.3`, as Python names it.
    pub version: &'static str,
    /// The IANA name: `TLS_AES_256_GCM_SHA384`.
    pub cipher: String,
    /// The key exchange group: `X25519MLKEM768`.
    pub group: String,
    /// The protocol chosen by ALPN, if any.
    pub alpn: Option<Bytes>,
    /// The peer's certificates in DER, its own first.
    pub certificates: Vec<Bytes>,
    /// Whether an earlier session was resumed.
    pub resumed: bool,
}

/// How long the steps of making a connection took; None for those that were not taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DialTimings {
    /// The name's look-up.
    pub dns: Option<Duration>,
    /// TCP, or the unix socket.
    pub connect: Option<Duration>,
    /// CONNECT or SOCKS, and TLS with the proxy.
    pub proxy: Option<Duration>,
    /// TLS with the origin; with the proxy, for requests that it forwards.
    pub tls: Option<Duration>,
}
