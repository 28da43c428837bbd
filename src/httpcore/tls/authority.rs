//! Whether a certificate is an authority's. rustls takes every root for one that may issue others; but a server's own
//! certificate, trusted for itself, must not let whoever has its key play all other servers.

use super::der::{content, element};

const BOOLEAN: u8 = 0x01;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const VERSION: u8 = 0xa0;
const EXTENSIONS: u8 = 0xa3;
const KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x0f];
const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 0x13];
/// The sixth bit (RFC 5280 §4.2.1.3).
const KEY_CERT_SIGN: u8 = 0x80 >> 5;

/// Whether the certificate may issue others, as OpenSSL sees it: it says so (RFC 5280 §6.1.4 k, n), or it is too old to
/// say anything and vouches for itself. What cannot be read may not.
pub(super) fn may_issue(certificate: &[u8]) -> bool {
    judge(certificate).unwrap_or(false)
}

fn judge(certificate: &[u8]) -> Option<bool> {
    let body = content(content(certificate)?)?;
    let (has_version, mut rest) = match element(body)? {
        (VERSION, _, rest) => (true, rest),
        _ => (false, body),
    };
    let mut fields: [&[u8]; 5] = Default::default();
    for field in &mut fields {
        (_, *field, rest) = element(rest)?;
    }
    let [_serial, _algorithm, issuer, _validity, subject] = fields;
    if !has_version {
        return Some(issuer == subject);
    }
    while let Some((tag, inner, behind)) = element(rest) {
        if tag == EXTENSIONS {
            return allows(content(inner)?);
        }
        rest = behind;
    }
    Some(false)
}

/// What a list of extensions says.
fn allows(mut extensions: &[u8]) -> Option<bool> {
    let (mut constraints, mut usage) = (None, None);
    while let Some((_, extension, behind)) = element(extensions) {
        extensions = behind;
        let (_, id, mut rest) = element(extension)?;
        if let (BOOLEAN, _critical, value) = element(rest)? {
            rest = value;
        }
        let (OCTET_STRING, value, _) = element(rest)? else { return None };
        match id {
            BASIC_CONSTRAINTS => constraints = Some(is_authority(content(value)?)),
            KEY_USAGE => usage = Some(signs_certificates(value)?),
            _ => {}
        }
    }
    Some(match (constraints, usage) {
        (_, Some(false)) => false,
        (Some(is_authority), _) => is_authority,
        (None, usage) => usage.is_some(),
    })
}

fn is_authority(constraints: &[u8]) -> bool {
    matches!(element(constraints), Some((BOOLEAN, [said], _)) if *said != 0)
}

fn signs_certificates(usage: &[u8]) -> Option<bool> {
    match element(usage)? {
        (BIT_STRING, [_unused, bits, ..], _) => Some(bits & KEY_CERT_SIGN != 0),
        (BIT_STRING, ..) => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair, KeyUsagePurpose};

    use super::*;

    fn made(is_ca: IsCa, usages: &[KeyUsagePurpose]) -> bool {
        let mut params = CertificateParams::new(["a.example".to_owned()]).unwrap();
        (params.is_ca, params.key_usages) = (is_ca, usages.to_vec());
        may_issue(params.self_signed(&KeyPair::generate().unwrap()).unwrap().der())
    }

    #[test]
    fn an_authority_is_one_that_says_so() {
        use KeyUsagePurpose::{DigitalSignature, KeyCertSign};
        let ca = || IsCa::Ca(BasicConstraints::Unconstrained);
        assert!(made(ca(), &[]) && made(ca(), &[DigitalSignature, KeyCertSign]) && made(IsCa::NoCa, &[KeyCertSign]));
        assert!(made(IsCa::Ca(BasicConstraints::Constrained(0)), &[]));
        assert!(!made(ca(), &[DigitalSignature]));
        assert!(!made(IsCa::NoCa, &[]) && !made(IsCa::NoCa, &[DigitalSignature]));
        assert!(!made(IsCa::ExplicitNoCa, &[]) && !made(IsCa::ExplicitNoCa, &[KeyCertSign]));
    }

    #[test]
    fn what_is_cut_off_is_no_authority() {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let der = params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec();
        assert!(may_issue(&der));
        for end in 0..der.len() {
            assert!(!may_issue(&der[..end]), "{end}");
        }
    }
}
