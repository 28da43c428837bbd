//! TLS by rustls. A configuration is a description ([`TlsSettings`]); the costly thing made from it is built at its first
//! use and shared by all clients of the process that describe the same, with the sessions that can be resumed (checklist
//! A17, J13).

mod authority;
mod der;
mod errors;
mod key_log;
mod pem;
mod private_key;
mod roots;
mod settings;
mod verifier;

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use bytes::Bytes;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, HandshakeKind, ProtocolVersion};
use tokio_rustls::client::TlsStream;
use tokio_rustls::TlsConnector;

use super::connection_info::TlsInfo;
use super::stream::Stream;
use crate::error::{Code, Error};
use crate::runtime::ForkCell;
pub(super) use errors::read_error;
use key_log::KeyLogFile;
pub use settings::{RootStore, TlsSettings, TlsVersion};

fn invalid(message: String) -> Error {
    Error::new(Code::INVALID_CONFIG, message)
}

/// The error of a file that the program has named.
fn file_error(error: &io::Error, context: &str) -> Error {
    let code = match error.kind() {
        io::ErrorKind::NotFound => Code::FILE_NOT_FOUND,
        io::ErrorKind::PermissionDenied => Code::PERMISSION_DENIED,
        _ => Code::IO_ERROR,
    };
    Error::from_io(code, error, context)
}

/// The configurations that were built in this process.
static BUILT: ForkCell<Mutex<HashMap<TlsSettings, Arc<ClientConfig>>>> = ForkCell::new();
/// When there are more, those that no client has are let go.
const MAX_UNUSED: usize = 64;

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
        let connecting = TlsConnector::from(config).with_alpn(alpn).connect(name, stream);
        connecting.await.map_err(|e| errors::handshake_error(&e, host))
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
                if built.len() >= MAX_UNUSED {
                    built.retain(|_, config| Arc::strong_count(config) > 1);
                }
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
    let verifier = verifier::of_settings(settings, &provider)?;
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&settings.versions())
        .map_err(|e| invalid(format!("TLS cannot be set up: {e}")))?
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let mut config = match &settings.client_certificate {
        Some(certificate) => builder.with_client_cert_resolver(settings::resolver(certificate)?),
        None => builder.with_no_client_auth(),
    };
    if let Some(file) = &settings.key_log {
        let log = KeyLogFile::open(file).map_err(|e| file_error(&e, &file.display().to_string()))?;
        config.key_log = Arc::new(log);
    }
    Ok(config)
}

/// What a handshake has agreed on (checklist L11).
pub(super) fn info_of(stream: &TlsStream<Stream>) -> TlsInfo {
    let tls = stream.get_ref().1;
    // rustls has its own names for the suites of TLS 1.3.
    let cipher = tls.negotiated_cipher_suite().and_then(|suite| suite.suite().as_str()).unwrap_or_default();
    let group = tls.negotiated_key_exchange_group().and_then(|group| group.name().as_str()).unwrap_or_default();
    TlsInfo {
        version: match tls.protocol_version() {
            Some(ProtocolVersion::TLSv1_2) => "TLSv1.2",
            Some(ProtocolVersion::TLSv1_3) => "TLSv1.3",
            _ => "",
        },
        cipher: cipher.replacen("TLS13_", "TLS_", 1),
        group: group.to_owned(),
        alpn: tls.alpn_protocol().map(Bytes::copy_from_slice),
        certificates: tls
            .peer_certificates()
            .unwrap_or_default()
            .iter()
            .map(|der| Bytes::copy_from_slice(der))
            .collect(),
        resumed: tls.handshake_kind() == Some(HandshakeKind::Resumed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trusting(certificate: &[u8]) -> TlsConfig {
        let mut settings = TlsSettings::default();
        settings.add_roots(certificate).unwrap();
        TlsConfig::new(settings)
    }

    #[test]
    fn what_is_described_alike_is_built_once_and_at_its_first_use() {
        let (one, other) = (
            include_bytes!("../../../tests/rust/data/tls/ec.pem"),
            include_bytes!("../../../tests/rust/data/tls/rsa.pem"),
        );
        let [first, second, different] = [trusting(one), trusting(one), trusting(other)];
        let is_built =
            |config: &TlsConfig| BUILT.get_or_init(Mutex::default).lock().unwrap().contains_key(&config.settings);
        assert!(!is_built(&first));
        let built = Arc::clone(first.config().unwrap());
        assert!(is_built(&second) && !is_built(&different));
        assert!(Arc::ptr_eq(&built, second.config().unwrap()));
        assert!(Arc::ptr_eq(&built, first.config().unwrap()), "never built anew");
        assert!(!Arc::ptr_eq(&built, different.config().unwrap()));
    }
}
