//! Basic credentials (RFC 7617, checklist F02). They need no challenge, so they go out with the first request. The same
//! value is good for Proxy-Authorization.

use base64::prelude::{Engine, BASE64_STANDARD};
use bytes::Bytes;

/// The value of the Authorization field. A `username` with a colon is the server's to misread (RFC 7617 §2), as in HTTPX.
pub fn basic(username: &[u8], password: &[u8]) -> Bytes {
    let mut value = String::from("Basic ");
    BASE64_STANDARD.encode_string([username, b":", password].concat(), &mut value);
    Bytes::from(value)
}

#[cfg(test)]
mod tests {
    use super::basic;

    #[test]
    fn credentials_are_joined_by_a_colon_and_encoded() {
        // RFC 7617 §2 and §2.1.
        assert_eq!(basic(b"Aladdin", b"open sesame"), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        assert_eq!(basic(b"test", "123\u{a3}".as_bytes()), "Basic dGVzdDoxMjPCow==");
    }

    #[test]
    fn either_part_may_be_empty_or_any_bytes() {
        assert_eq!(basic(b"", b""), "Basic Og==");
        assert_eq!(basic(b"user", b""), "Basic dXNlcjo=");
        assert_eq!(basic(b"\xff\xfe", b":\0"), "Basic //46OgA=");
    }
}
