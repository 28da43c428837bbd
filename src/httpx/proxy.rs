//! A proxy as the user describes it (checklist K01): its URL, what it is told, and how names are looked up.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use super::auth::{basic, DigestAuth};
use super::proxy_url::{ProxyScheme, ProxyUrl};
use super::{Auth, Headers};
use crate::error::{Code, Error};
use crate::httpcore::{self, AuthorizeFn, Origin, ProxyKind, RawHeaders, Scheme, TlsConfig, TlsSettings};

/// See the module.
#[derive(Clone)]
pub struct Proxy {
    url: ProxyUrl,
    credentials: Option<(Bytes, Bytes)>,
    /// In the place of Basic.
    digest: Option<Arc<DigestAuth>>,
    /// User code, in the place of both.
    flow: Option<Auth>,
    headers: Headers,
    tls: TlsSettings,
    /// Whether names are looked up here although a SOCKS proxy could do it (checklist K08).
    pub local_dns: bool,
    /// Whether requests to different origins that an HTTP proxy forwards share connections (checklist K04).
    pub share_forwarding: bool,
}

impl Proxy {
    /// A proxy with the credentials that stand in its URL, and HTTPX's defaults.
    ///
    /// # Errors
    /// INVALID_CONFIG for a scheme other than http, https, socks5 and socks5h, INVALID_URL for what is no URL.
    pub fn parse(url: &str) -> Result<Proxy, Error> {
        let url = ProxyUrl::parse(url)?;
        let bytes = |text: &str| Bytes::copy_from_slice(text.as_bytes());
        let credentials = url.credentials().map(|(username, password)| (bytes(username), bytes(password)));
        Ok(Proxy {
            url,
            credentials,
            digest: None,
            flow: None,
            headers: Headers::default(),
            tls: TlsSettings::default(),
            local_dns: false,
            share_forwarding: true,
        })
    }

    /// Sets user name and password, in the place of those in the URL.
    ///
    /// # Errors
    /// INVALID_CONFIG for more than 255 bytes of either if it is a SOCKS proxy (RFC 1929).
    pub fn set_credentials(&mut self, username: &[u8], password: &[u8]) -> Result<(), Error> {
        if !self.speaks_http() && username.len().max(password.len()) > 255 {
            let message = "a SOCKS5 user name or password has 255 bytes at most";
            return Err(Error::new(Code::INVALID_CONFIG, message));
        }
        self.credentials = Some((Bytes::copy_from_slice(username), Bytes::copy_from_slice(password)));
        (self.digest, self.flow) = (None, None);
        Ok(())
    }

    /// Has it answer the proxy's challenges, instead of showing credentials unasked.
    ///
    /// # Errors
    /// INVALID_CONFIG for a SOCKS proxy.
    pub fn set_digest(&mut self, username: &[u8], password: &[u8]) -> Result<(), Error> {
        if !self.speaks_http() {
            return Err(Error::new(Code::INVALID_CONFIG, "a SOCKS proxy knows no Digest"));
        }
        (self.credentials, self.flow) = (None, None);
        self.digest = Some(Arc::new(DigestAuth::new(username, password)));
        Ok(())
    }

    /// Has an authentication flow of the program's own make Proxy-Authorization, and answer challenges.
    ///
    /// # Errors
    /// INVALID_CONFIG for a SOCKS proxy, INVALID_ARGUMENT for what is no flow of the program's own: Basic and Digest have
    /// setters of their own.
    pub fn set_flow(&mut self, auth: Auth) -> Result<(), Error> {
        if !self.speaks_http() {
            return Err(Error::new(Code::INVALID_CONFIG, "a SOCKS proxy knows no authentication flows"));
        }
        if !matches!(auth, Auth::Custom(_)) {
            let message = "only credentials that are a function or a flow: a proxy has Basic and Digest by themselves";
            return Err(Error::new(Code::INVALID_ARGUMENT, message));
        }
        (self.credentials, self.digest) = (None, None);
        self.flow = Some(auth);
        Ok(())
    }

    /// The program's own flow.
    pub(super) fn flow(&self) -> Option<&Auth> {
        self.flow.as_ref()
    }

    /// Takes up the challenge of a 407: true if the request should be sent once more.
    ///
    /// # Errors
    /// ProtocolError for a challenge that cannot be answered.
    pub(super) fn challenged(&self, status: u16, headers: &RawHeaders) -> Result<bool, Error> {
        match &self.digest {
            Some(digest) if status == 407 => digest.challenged(headers.find_all(b"proxy-authenticate")),
            _ => Ok(false),
        }
    }

    /// What makes a Proxy-Authorization for each request, unless the user has set one.
    fn authorize(&self) -> Option<Arc<AuthorizeFn>> {
        let digest = self.digest.clone().filter(|_| !self.headers.contains(b"proxy-authorization"))?;
        Some(Arc::new(move |method, target, has_body| {
            digest.authorization(method, target, || {
                // A body is not to be read beforehand here.
                Ok((!has_body).then(Bytes::new))
            })
        }))
    }

    /// Adds a header that an HTTP proxy gets with what it forwards and with CONNECT.
    ///
    /// # Errors
    /// LocalProtocolError for what could not be sent, INVALID_CONFIG for a SOCKS proxy, which takes none.
    pub fn add_header(&mut self, name: &[u8], value: &[u8]) -> Result<(), Error> {
        if !self.speaks_http() {
            return Err(Error::new(Code::INVALID_CONFIG, "a SOCKS proxy takes no headers"));
        }
        self.headers.add(name, value)
    }

    /// Sets whom it trusts and how it speaks TLS with the proxy.
    ///
    /// # Errors
    /// INVALID_CONFIG for a proxy that TLS is not spoken to (checklist K07).
    pub fn set_tls(&mut self, tls: TlsSettings) -> Result<(), Error> {
        if self.url.scheme() != ProxyScheme::Https {
            return Err(Error::new(Code::INVALID_CONFIG, "TLS settings are for proxies with https URLs only"));
        }
        self.tls = tls;
        Ok(())
    }

    fn speaks_http(&self) -> bool {
        matches!(self.url.scheme(), ProxyScheme::Http | ProxyScheme::Https)
    }

    /// Its URL, without credentials.
    pub fn as_str(&self) -> &str {
        self.url.url().as_str()
    }

    /// The form in which it goes to the pool.
    pub(super) fn to_core(&self) -> httpcore::Proxy {
        let scheme = match self.url.scheme() {
            ProxyScheme::Https => Scheme::Https,
            ProxyScheme::Http | ProxyScheme::Socks5 | ProxyScheme::Socks5h => Scheme::Http,
        };
        let host = self.url.url().dial_host().into();
        let kind = match self.speaks_http() {
            true => ProxyKind::Http {
                headers: self.http_headers(),
                authorize: self.authorize(),
                share_forwarding: self.share_forwarding,
            },
            false => ProxyKind::Socks5 { credentials: self.credentials.clone(), remote_dns: !self.local_dns },
        };
        httpcore::Proxy {
            url: self.url.url().as_str().into(),
            origin: Arc::new(Origin { scheme, host, port: self.url.port(), server_name: None, websocket: false }),
            tls: TlsConfig::new(self.tls.clone()),
            kind,
        }
    }

    /// Proxy-Authorization, unless the user has set one, and what the user has set.
    fn http_headers(&self) -> Vec<(Bytes, Bytes)> {
        let credentials = self.credentials.as_ref().filter(|_| !self.headers.contains(b"proxy-authorization"));
        let authorization = credentials
            .map(|(username, password)| (Bytes::from_static(b"Proxy-Authorization"), basic(username, password)));
        authorization.into_iter().chain(self.headers.as_list().iter().cloned()).collect()
    }
}

/// Without what is secret.
impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Proxy").field(&format_args!("{}", self.url)).finish()
    }
}
