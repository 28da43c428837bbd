//! URLs (checklist C).

use crate::error::{Code, Error};

const MAX_LENGTH: usize = 65_536;

/// A URL, parsed and normalised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url(::url::Url);

impl Url {
    /// Parses an absolute URL.
    pub fn parse(text: &str) -> Result<Url, Error> {
        if text.len() > MAX_LENGTH {
            return Err(Error::new(Code::INVALID_URL, "URL too long"));
        }
        if let Some(position) = text.bytes().position(|byte| byte.is_ascii_control()) {
            let message = format!(
                "Invalid non-printable ASCII character in URL, {:?} at position {position}.",
                char::from(text.as_bytes()[position])
            );
            return Err(Error::new(Code::INVALID_URL, message));
        }
        match ::url::Url::parse(text) {
            Ok(url) => Ok(Url(url)),
            Err(::url::ParseError::RelativeUrlWithoutBase) => Err(Error::new(
                Code::UNSUPPORTED_PROTOCOL,
                "Request URL is missing an 'http://' or 'https://' protocol.",
            )),
            Err(error) => Err(Error::new(Code::INVALID_URL, format!("Invalid URL: {error}"))),
        }
    }

    /// All of it.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// In lower case.
    pub fn scheme(&self) -> &str {
        self.0.scheme()
    }

    /// Without brackets.
    pub fn raw_host(&self) -> &str {
        self.0.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']')
    }

    /// The port, or the scheme's.
    pub fn effective_port(&self) -> Option<u16> {
        self.0.port_or_known_default()
    }

    /// Path and query.
    pub fn raw_path(&self) -> &str {
        &self.0[::url::Position::BeforePath..::url::Position::AfterQuery]
    }

    /// The value of the Host header.
    pub fn host_header(&self) -> &str {
        &self.0[::url::Position::BeforeHost..::url::Position::AfterPort]
    }
}
