//! What a proxy is: where it stands, and what it is told. How requests go through one is the business of `http_proxy` and
//! `socks_proxy`; dialling takes the steps.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use super::{Origin, TlsConfig};
use crate::error::Error;

/// See the module.
pub struct Proxy {
    /// Its URL, without credentials: for those who ask what a connection goes through.
    pub url: Arc<str>,
    /// Where it stands. TLS is spoken to it if the scheme says so.
    pub origin: Arc<Origin>,
    /// For TLS with it.
    pub tls: TlsConfig,
    /// What it speaks.
    pub kind: ProxyKind,
}

/// Gives the value of Proxy-Authorization for a method and a target, if there is to be one; the last argument says whether
/// there is a body.
pub type AuthorizeFn = dyn Fn(&[u8], &[u8], bool) -> Result<Option<Bytes>, Error> + Send + Sync;

/// What a proxy speaks.
pub enum ProxyKind {
    /// HTTP/1.1 (checklist K06): requests to `http` origins are forwarded, those to `https` go through a tunnel.
    Http {
        /// What it is told beside each request that it forwards or tunnels for: Proxy-Authorization first, if there is one.
        headers: Vec<(Bytes, Bytes)>,
        /// Makes a Proxy-Authorization for each request, if it is not always the same.
        authorize: Option<Arc<AuthorizeFn>>,
        /// Whether requests to different origins that it forwards share connections (checklist K04).
        share_forwarding: bool,
    },
    /// SOCKS5 (RFC 1928).
    Socks5 {
        /// User name and password (RFC 1929), of 255 bytes each at most.
        credentials: Option<(Bytes, Bytes)>,
        /// Whether names are its to look up (checklist K08).
        remote_dns: bool,
    },
}

/// Without what is secret.
impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Proxy").field(&self.url).finish()
    }
}
