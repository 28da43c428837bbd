//! PEM text (RFC 7468), with the header lines that OpenSSL's own encrypted keys have (RFC 1421 §4.6).

use base64::engine::general_purpose::STANDARD;
use base64::Engine;

use super::invalid;
use crate::error::Error;

/// What stands between a BEGIN line and its END.
pub(super) struct Section {
    /// `CERTIFICATE`, `PRIVATE KEY`.
    pub(super) label: String,
    headers: Vec<(String, String)>,
    /// In DER, or encrypted.
    pub(super) data: Vec<u8>,
}

impl Section {
    pub(super) fn is_certificate(&self) -> bool {
        matches!(self.label.as_str(), "CERTIFICATE" | "X509 CERTIFICATE")
    }

    pub(super) fn is_private_key(&self) -> bool {
        self.label.ends_with("PRIVATE KEY")
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }
}

/// Whether it is PEM text and not DER.
pub(super) fn is_pem(data: &[u8]) -> bool {
    data.windows(BEGIN.len()).any(|window| window == BEGIN.as_bytes())
}

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";

/// All sections. What stands around them is a comment.
///
/// # Errors
/// INVALID_CONFIG for a section that does not end, or is not base64.
pub(super) fn sections(text: &[u8]) -> Result<Vec<Section>, Error> {
    // Comments may be in any encoding.
    let text = String::from_utf8_lossy(text);
    let mut lines = text.lines().map(str::trim);
    let mut found = Vec::new();
    while let Some(line) = lines.next() {
        if let Some(label) = line.strip_prefix(BEGIN).and_then(|rest| rest.strip_suffix("-----")) {
            found.push(section(label, &mut lines)?);
        }
    }
    Ok(found)
}

fn section<'a>(label: &str, lines: &mut impl Iterator<Item = &'a str>) -> Result<Section, Error> {
    let unreadable = |why: &str| invalid(format!("the PEM text cannot be read: its {label} {why}"));
    let mut headers = Vec::new();
    let mut encoded = String::new();
    for line in lines {
        if line.starts_with(END) {
            let data = STANDARD.decode(encoded).map_err(|_| unreadable("is not base64"))?;
            return Ok(Section { label: label.to_owned(), headers, data });
        }
        match line.split_once(':') {
            Some((name, value)) => headers.push((name.trim().to_owned(), value.trim().to_owned())),
            None => encoded.push_str(line),
        }
    }
    Err(unreadable("does not end"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_are_found_among_comments_and_keep_their_headers() {
        let text = b"Caf\xe9\n-----BEGIN CERTIFICATE-----\r\nAQ\r\nID\r\n-----END CERTIFICATE-----\r\nsubject: x\n\
            -----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nBA==\n\
            -----END RSA PRIVATE KEY-----";
        assert!(is_pem(text));
        let [certificate, key] = &sections(text).unwrap()[..] else { panic!("two sections") };
        assert!(certificate.is_certificate() && !certificate.is_private_key());
        assert_eq!((certificate.data.as_slice(), certificate.header("DEK-Info")), (&[1, 2, 3][..], None));
        assert!(key.is_private_key());
        assert_eq!((key.data.as_slice(), key.header("DEK-Info")), (&[4][..], Some("AES-128-CBC,00")));
    }

    #[test]
    fn a_section_that_is_cut_off_or_no_base64_is_an_error() {
        for text in ["-----BEGIN CERTIFICATE-----\nAQID\n", "-----BEGIN X-----\n?\n-----END X-----"] {
            assert!(sections(text.as_bytes()).is_err(), "{text}");
        }
        assert!(sections(b"\x30\x82\x01\x00").unwrap().is_empty());
    }
}
