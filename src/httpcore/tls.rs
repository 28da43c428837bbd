//! TLS by rustls. A configuration is a description ([`TlsSettings`]); the costly thing made from it is built at its first
//! use and shared by all clients of the process that describe the same (checklist A17, J13).

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use bytes::Bytes;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{aws_lc_rs, verify_tls12_signature, verify_tls13_signature, CryptoProvider};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{AlertDescription, CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio_rustls::client::TlsStream;
use tokio_rustls::TlsConnector;

use super::stream::Stream;
use crate::error::{Code, Error};
use crate::runtime::ForkCell;

/// What a client wants of TLS.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TlsSettings {
    /// Whether the peer's certificate and name are checked.
    pub verify: bool,
    /// Certificates to trust, in DER, instead of the bundled Mozilla roots; empty for those.
    pub roots: Vec<Bytes>,
}

impl Default for TlsSettings {
    fn default() -> TlsSettings {
        TlsSettings { verify: true, roots: Vec::new() }
    }
}

impl TlsSettings {
    /// Trusts the certificates of a PEM file's text, in addition to those added before.
    ///
    /// # Errors
    /// INVALID_CONFIG if there is no certificate in it, or one that cannot be read.
    pub fn add_pem(&mut self, pem: &[u8]) -> Result<(), Error> {
        let mut store = RootCertStore::empty();
        let mut found = Vec::new();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(|e| invalid(format!("the PEM text cannot be read: {e}")))?;
            store
                .add(certificate.clone())
                .map_err(|e| invalid(format!("certificate {} cannot be used as a root: {e}", found.len() + 1)))?;
            found.push(Bytes::copy_from_slice(&certificate));
        }
        if found.is_empty() {
            return Err(invalid("there is no certificate in the PEM text".to_owned()));
        }
        self.roots.append(&mut found);
        Ok(())
    }
}

fn invalid(message: String) -> Error {
    Error::new(Code::INVALID_CONFIG, message)
}

/// The configurations that were built in this process.
static BUILT: ForkCell<Mutex<HashMap<TlsSettings, Arc<ClientConfig>>>> = ForkCell::new();

/// See the module.
pub struct TlsConfig {
    settings: TlsSettings,
    /// This client's entry of `BUILT`, once it was needed.
    built: ForkCell<OnceLock<Arc<ClientConfig>>>,
}

impl std::fmt::Debug for TlsConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TlsConfig").field("verify", &self.settings.verify).finish_non_exhaustive()
    }
}

impl TlsConfig {
    /// Costs nothing until the first connection.
    pub fn new(settings: TlsSettings) -> TlsConfig {
        TlsConfig { settings, built: ForkCell::new() }
    }

    /// Speaks TLS on `stream` with the peer of that name, and offers it the protocols of `alpn`, best first.
    pub(super) async fn handshake(
        &self,
        stream: Stream,
        host: &str,
        alpn: &[&[u8]],
    ) -> Result<TlsStream<Stream>, Error> {
        let name = ServerName::try_from(host)
            .map_err(|_| Error::new(Code::TLS_ERROR, format!("{host} cannot be the name in a certificate")))?
            .to_owned();
        let config = Arc::clone(self.config()?);
        let alpn = alpn.iter().map(|protocol| protocol.to_vec()).collect();
        TlsConnector::from(config).with_alpn(alpn).connect(name, stream).await.map_err(|e| handshake_error(&e, host))
    }

    fn config(&self) -> Result<&Arc<ClientConfig>, Error> {
        let cell = self.built.get_or_init(OnceLock::new);
        if let Some(config) = cell.get() {
            return Ok(config);
        }
        let mut built = BUILT.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
        let config = match built.get(&self.settings) {
            Some(config) => Arc::clone(config),
            None => {
                let config = Arc::new(build(&self.settings)?);
                built.insert(self.settings.clone(), Arc::clone(&config));
                config
            }
        };
        drop(built);
        Ok(cell.get_or_init(|| config))
    }
}

fn build(settings: &TlsSettings) -> Result<ClientConfig, Error> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|e| invalid(format!("TLS cannot be set up: {e}")))?;
    let builder = if settings.verify {
        let mut roots = RootCertStore::empty();
        if settings.roots.is_empty() {
            roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        }
        for root in &settings.roots {
            roots
                .add(CertificateDer::from_slice(root).into_owned())
                .map_err(|e| invalid(format!("a root certificate cannot be used: {e}")))?;
        }
        builder.with_root_certificates(roots)
    } else {
        builder.dangerous().with_custom_certificate_verifier(Arc::new(AnyCertificate(provider)))
    };
    Ok(builder.with_no_client_auth())
}

/// Checks that the peer holds its certificate's key, and nothing else: `verify=False` (checklist L01).
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// L06: a ConnectError with OpenSSL-like words and a structured reason.
fn handshake_error(error: &io::Error, host: &str) -> Error {
    let Some(tls) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) else {
        return match error.kind() {
            io::ErrorKind::UnexpectedEof => {
                Error::new(Code::TLS_ERROR, "the peer closed the connection during the TLS handshake")
            }
            _ => Error::from_io(Code::CONNECT_ERROR, error, "during the TLS handshake"),
        };
    };
    let verify = |code, why: String| Error::new(code, format!("certificate verify failed: {why}"));
    match tls {
        rustls::Error::InvalidCertificate(reason) => match reason {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                verify(Code::CERTIFICATE_EXPIRED, "certificate has expired".to_owned())
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                verify(Code::CERTIFICATE_NOT_YET_VALID, "certificate is not yet valid".to_owned())
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                let kind = if host.parse::<std::net::IpAddr>().is_ok() { "IP address" } else { "Hostname" };
                let why = format!("{kind} mismatch, certificate is not valid for '{host}'.");
                verify(Code::CERTIFICATE_HOSTNAME_MISMATCH, why)
            }
            CertificateError::UnknownIssuer => {
                verify(Code::CERTIFICATE_UNTRUSTED, "unable to get local issuer certificate".to_owned())
            }
            CertificateError::Revoked => verify(Code::CERTIFICATE_REVOKED, "certificate revoked".to_owned()),
            other => verify(Code::CERTIFICATE_ERROR, format!("{other:?}")),
        },
        rustls::Error::AlertReceived(alert) => {
            Error::new(Code::TLS_ALERT, format!("the peer refused the TLS handshake: {}", alert_name(*alert)))
                .with_tls_alert(u8::from(*alert))
        }
        other => Error::new(Code::TLS_ERROR, format!("TLS handshake failed: {other}")),
    }
}

fn alert_name(alert: AlertDescription) -> String {
    alert.as_str().map_or_else(|| format!("alert {}", u8::from(alert)), str::to_owned)
}
