//! Who is trusted. rustls decides; here is what it does not do by itself: trust in a certificate that is itself among
//! the roots, for itself alone unless it is an authority's, a word for one that vouches only for itself, and no check at
//! all for those who want that.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{
    verify_tls12_signature, verify_tls13_signature, verify_tls13_signature_with_raw_key, CryptoProvider,
    WebPkiSupportedAlgorithms,
};
use rustls::pki_types::{CertificateDer, ServerName, SubjectPublicKeyInfoDer, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, OtherError, RootCertStore, SignatureScheme};
use rustls_platform_verifier::Verifier as SystemVerifier;

use super::authority::may_issue;
use super::der::sequence;
use super::{invalid, RootStore, TlsSettings};
use crate::error::Error;

/// The verifier that settings ask for.
pub(super) fn of_settings(
    settings: &TlsSettings,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, Error> {
    if !settings.verify {
        return Ok(Arc::new(AnyCertificate(Arc::clone(provider))));
    }
    let inner: Arc<dyn ServerCertVerifier> = match settings.store {
        RootStore::System => {
            let extra = authorities(settings);
            Arc::new(SystemVerifier::new_with_extra_roots(extra, Arc::clone(provider)).map_err(|e| unusable(&e))?)
        }
        RootStore::Unset | RootStore::Nobody | RootStore::Bundled => {
            Arc::new(Anchored { roots: anchors(settings)?, algorithms: provider.signature_verification_algorithms })
        }
    };
    Ok(Arc::new(Verifier { inner, check_hostname: settings.check_hostname, roots: settings.roots.clone() }))
}

/// Those of the given certificates that may vouch for others.
fn authorities(settings: &TlsSettings) -> impl Iterator<Item = CertificateDer<'static>> + '_ {
    let authorities = settings.roots.iter().filter(|root| may_issue(root));
    authorities.map(|root| CertificateDer::from_slice(root).into_owned())
}

/// All who may vouch for others, but for the system's.
fn anchors(settings: &TlsSettings) -> Result<RootCertStore, Error> {
    let mut roots = RootCertStore::empty();
    if settings.store == RootStore::Bundled || (settings.store == RootStore::Unset && settings.roots.is_empty()) {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    for root in authorities(settings) {
        roots.add(root).map_err(|e| unusable(&e))?;
    }
    Ok(roots)
}

fn unusable(e: &dyn fmt::Display) -> Error {
    invalid(format!("the root certificates cannot be used: {e}"))
}

/// Trusts who is vouched for by one of these roots. rustls has the same, but not without any root.
#[derive(Debug)]
struct Anchored {
    roots: RootCertStore,
    algorithms: WebPkiSupportedAlgorithms,
}

impl ServerCertVerifier for Anchored {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let certificate = ParsedCertificate::try_from(end_entity)?;
        let algorithms = self.algorithms.all;
        verify_server_cert_signed_by_trust_anchor(&certificate, &self.roots, intermediates, now, algorithms)?;
        verify_server_name(&certificate, server_name)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// The certificate names itself as its issuer.
#[derive(Debug)]
pub(super) struct SelfSigned;

impl fmt::Display for SelfSigned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("self-signed certificate")
    }
}

impl std::error::Error for SelfSigned {}

#[derive(Debug)]
struct Verifier {
    inner: Arc<dyn ServerCertVerifier>,
    check_hostname: bool,
    /// Those that the program has given.
    roots: Vec<Bytes>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let verified = self.inner.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        let Err(rustls::Error::InvalidCertificate(reason)) = &verified else { return verified };
        // The name comes last, when everything else was in order.
        if !self.check_hostname && is_about_its_name(reason) {
            return Ok(ServerCertVerified::assertion());
        }
        if !is_about_its_issuer(reason) {
            return verified;
        }
        // Its time has been looked at by now: only who has issued it is in question.
        if self.roots.iter().any(|root| root[..] == end_entity[..]) {
            if self.check_hostname {
                verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
            }
            return Ok(ServerCertVerified::assertion());
        }
        match webpki::EndEntityCert::try_from(end_entity) {
            Ok(certificate) if certificate.issuer() == certificate.subject() => {
                Err(CertificateError::Other(OtherError(Arc::new(SelfSigned))).into())
            }
            _ => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

/// It is for others.
fn is_about_its_name(reason: &CertificateError) -> bool {
    matches!(reason, CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. })
}

/// Nobody who is trusted has issued it; or it is the certificate of an authority, as `openssl req -x509` makes them, and
/// rustls takes those only from issuers.
fn is_about_its_issuer(reason: &CertificateError) -> bool {
    match reason {
        CertificateError::UnknownIssuer => true,
        CertificateError::Other(other) => {
            matches!(other.0.downcast_ref::<webpki::Error>(), Some(webpki::Error::CaUsedAsEndEntity))
        }
        _ => false,
    }
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
        let algorithms = &self.0.signature_verification_algorithms;
        match key_of_odd_certificate(cert) {
            Some(key) => verify_by_any(message, &key, dss, algorithms),
            None => verify_tls12_signature(message, cert, dss, algorithms),
        }
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        match key_of_odd_certificate(cert) {
            Some(key) => verify_tls13_signature_with_raw_key(message, &key, dss, algorithms),
            None => verify_tls13_signature(message, cert, dss, algorithms),
        }
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// The key of a certificate that webpki does not take from a server, such as one of X.509's first version, which many
/// devices have.
fn key_of_odd_certificate(certificate: &CertificateDer<'_>) -> Option<SubjectPublicKeyInfoDer<'static>> {
    if webpki::EndEntityCert::try_from(certificate).is_ok() {
        return None;
    }
    let anchor = webpki::anchor_from_trusted_cert(certificate).ok()?;
    Some(sequence(&anchor.subject_public_key_info).into())
}

/// In TLS 1.2 a scheme stands for several algorithms.
fn verify_by_any(
    message: &[u8],
    key: &SubjectPublicKeyInfoDer<'_>,
    dss: &DigitallySignedStruct,
    algorithms: &WebPkiSupportedAlgorithms,
) -> Result<HandshakeSignatureValid, rustls::Error> {
    let key = webpki::RawPublicKeyEntity::try_from(key).map_err(|_| CertificateError::BadEncoding)?;
    let possible = algorithms.mapping.iter().filter(|(scheme, _)| *scheme == dss.scheme).flat_map(|(_, all)| *all);
    match possible.into_iter().any(|algorithm| key.verify_signature(*algorithm, message, dss.signature()).is_ok()) {
        true => Ok(HandshakeSignatureValid::assertion()),
        false => Err(CertificateError::BadSignature.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bundled_roots_are_not_there_for_those_who_want_none() {
        let count = |store| {
            let mut settings = TlsSettings::default();
            settings.store = store;
            anchors(&settings).unwrap().len()
        };
        assert_eq!(count(RootStore::Nobody), 0);
        assert!(count(RootStore::Unset) > 100 && count(RootStore::Bundled) > 100);
    }
}
