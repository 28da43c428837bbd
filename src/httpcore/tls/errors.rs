//! What TLS says when it fails, in the words that HTTPX users know from OpenSSL, with a code for each reason (checklist
//! L06).

use std::io;
use std::net::IpAddr;

use rustls::{AlertDescription, CertificateError, InvalidMessage};

use super::verifier::SelfSigned;
use crate::error::{Code, Error};

/// A handshake with `host` that failed.
pub(super) fn handshake_error(error: &io::Error, host: &str) -> Error {
    let Some(tls) = tls_error(error) else {
        return match error.kind() {
            io::ErrorKind::UnexpectedEof => {
                let message = "the peer closed the connection during the TLS handshake; perhaps it does not speak TLS";
                Error::new(Code::TLS_ERROR, message)
            }
            _ => Error::from_io(Code::CONNECT_ERROR, error, "during the TLS handshake"),
        };
    };
    match tls {
        rustls::Error::InvalidCertificate(reason) => {
            let (code, why) = refusal(reason, host);
            Error::new(code, format!("certificate verify failed: {why}"))
        }
        rustls::Error::AlertReceived(alert) => alert_error(*alert, "the peer refused the TLS handshake"),
        rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType | InvalidMessage::UnknownProtocolVersion) => {
            Error::new(
                Code::TLS_ERROR,
                "wrong version number: the peer does not speak TLS; is it a port for plain http?",
            )
        }
        other => Error::new(Code::TLS_ERROR, format!("TLS handshake failed: {other}")),
    }
}

fn tls_error(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref().and_then(|inner| inner.downcast_ref())
}

fn refusal(reason: &CertificateError, host: &str) -> (Code, String) {
    match reason {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            (Code::CERTIFICATE_EXPIRED, "certificate has expired".to_owned())
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            (Code::CERTIFICATE_NOT_YET_VALID, "certificate is not yet valid".to_owned())
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            let kind = if host.parse::<IpAddr>().is_ok() { "IP address" } else { "Hostname" };
            let why = format!("{kind} mismatch, certificate is not valid for '{host}'.");
            (Code::CERTIFICATE_HOSTNAME_MISMATCH, why)
        }
        CertificateError::UnknownIssuer => {
            (Code::CERTIFICATE_UNTRUSTED, "unable to get local issuer certificate".to_owned())
        }
        CertificateError::Revoked => (Code::CERTIFICATE_REVOKED, "certificate revoked".to_owned()),
        CertificateError::BadSignature => {
            (Code::CERTIFICATE_SIGNATURE, "certificate signature failure, or a key that is too weak".to_owned())
        }
        CertificateError::UnsupportedSignatureAlgorithmContext { .. }
        | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            (Code::CERTIFICATE_SIGNATURE, "the certificate's signature algorithm is weak or not supported".to_owned())
        }
        CertificateError::Other(other) if other.0.is::<SelfSigned>() => {
            (Code::CERTIFICATE_SELF_SIGNED, SelfSigned.to_string())
        }
        other => (Code::CERTIFICATE_ERROR, other.to_string()),
    }
}

/// What a connection's reads say. In TLS 1.3 the peer's judgement of our side of the handshake comes only there, after
/// the handshake is over for us, and is still about making the connection (RFC 8446 §4.4.2.4, §6.2).
pub(in super::super) fn read_error(error: io::Error) -> io::Error {
    let Some(rustls::Error::AlertReceived(alert)) = tls_error(&error) else { return error };
    io::Error::other(match alert {
        AlertDescription::CertificateRequired
        | AlertDescription::HandshakeFailure
        | AlertDescription::BadCertificate
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::CertificateRevoked
        | AlertDescription::CertificateExpired
        | AlertDescription::CertificateUnknown
        | AlertDescription::UnknownCA
        | AlertDescription::AccessDenied => {
            alert_error(*alert, "the peer refused the connection after the TLS handshake")
        }
        other => with_alert(Code::READ_ERROR, *other, "the peer ended the connection"),
    })
}

fn alert_error(alert: AlertDescription, what: &str) -> Error {
    match alert {
        AlertDescription::CertificateRequired => {
            with_alert(Code::CLIENT_CERTIFICATE_REQUIRED, alert, "the peer asks for a client certificate")
        }
        _ => with_alert(Code::TLS_ALERT, alert, what),
    }
}

fn with_alert(code: Code, alert: AlertDescription, what: &str) -> Error {
    let number = u8::from(alert);
    let name = alert.as_str().map_or_else(|| format!("alert {number}"), str::to_owned);
    Error::new(code, format!("{what}: {name}")).with_tls_alert(number)
}
