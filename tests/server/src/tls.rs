//! The certificate authority of one run and the TLS listeners' settings. A fresh CA is made at every start and written
//! where clients find it: `ca.pem` to trust, `server.pem` and `server.key` for programs that want to serve with it.

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use rcgen::{
    date_time_ymd, BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::ServerConfig;
use tokio_rustls::TlsAcceptor;

/// `a.`, `b.` and `www.localhost` stand by themselves because strict verifiers (webpki) take no wildcard right under a
/// top-level name.
const NAMES: [&str; 7] =
    ["localhost", "*.localhost", "a.localhost", "b.localhost", "www.localhost", "127.0.0.1", "::1"];

/// A server certificate and its key, signed by a CA that nobody but this run knows.
pub struct Identity {
    ca_pem: String,
    certificate_pem: String,
    key_pem: String,
    certificate: CertificateDer<'static>,
    key: PrivatePkcs8KeyDer<'static>,
}

impl Identity {
    pub fn generate() -> Result<Self, rcgen::Error> {
        let ca_key = KeyPair::generate()?;
        let mut ca = CertificateParams::new(Vec::<String>::new())?;
        ca.distinguished_name.push(DnType::CommonName, "httpx-test-server CA");
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        set_validity(&mut ca);
        let ca_pem = ca.self_signed(&ca_key)?.pem();
        let issuer = Issuer::new(ca, ca_key);

        let key = KeyPair::generate()?;
        let mut leaf = CertificateParams::new(NAMES.map(str::to_owned))?;
        leaf.distinguished_name.push(DnType::CommonName, "localhost");
        leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        // OpenSSL's strict mode (Python 3.13's default) asks for it. RFC 5280 §4.2.1.1
        leaf.use_authority_key_identifier_extension = true;
        set_validity(&mut leaf);
        let leaf = leaf.signed_by(&key, &issuer)?;

        Ok(Self {
            ca_pem,
            certificate_pem: leaf.pem(),
            key_pem: key.serialize_pem(),
            certificate: leaf.into(),
            key: PrivatePkcs8KeyDer::from(key.serialize_der()),
        })
    }

    /// Writes the three PEM files; the key is readable by its owner only.
    pub fn write_to(&self, folder: &Path) -> io::Result<()> {
        fs::write(folder.join("ca.pem"), &self.ca_pem)?;
        fs::write(folder.join("server.pem"), &self.certificate_pem)?;
        private_file(&folder.join("server.key"))?.write_all(self.key_pem.as_bytes())
    }

    /// An acceptor that offers `protocols` by ALPN, the server's preference first.
    pub fn acceptor(&self, protocols: &[&str]) -> Result<TlsAcceptor, rustls::Error> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![self.certificate.clone()], PrivateKeyDer::Pkcs8(self.key.clone_key()))?;
        config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

/// Fixed dates, so that a machine with a wrong clock can run the tests; 2049 is the last year of UTCTime. RFC 5280
/// §4.1.2.5
fn set_validity(certificate: &mut CertificateParams) {
    certificate.not_before = date_time_ymd(2020, 1, 1);
    certificate.not_after = date_time_ymd(2049, 12, 31);
}

fn private_file(path: &Path) -> io::Result<fs::File> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
