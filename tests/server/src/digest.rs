//! Digest access authentication (RFC 7616), the verifier's half: reading the Authorization field and computing the
//! response that it should hold. MD5 without qop is RFC 2069's form, which old servers still ask for.

use md5::{Digest, Md5};
use sha2::{Sha256, Sha512};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Hash {
    Md5,
    Sha256,
    Sha512,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Algorithm {
    hash: Hash,
    session: bool,
}

impl Default for Algorithm {
    fn default() -> Self {
        Self { hash: Hash::Md5, session: false }
    }
}

impl Algorithm {
    pub fn parse(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let (hash, session) = match name.strip_suffix("-sess") {
            Some(hash) => (hash, true),
            None => (name.as_str(), false),
        };
        let hash = match hash {
            "md5" => Hash::Md5,
            "sha-256" => Hash::Sha256,
            "sha-512" => Hash::Sha512,
            _ => return None,
        };
        Some(Self { hash, session })
    }

    pub fn name(self) -> String {
        let hash = match self.hash {
            Hash::Md5 => "MD5",
            Hash::Sha256 => "SHA-256",
            Hash::Sha512 => "SHA-512",
        };
        format!("{hash}{}", if self.session { "-sess" } else { "" })
    }

    fn hex(self, bytes: &[u8]) -> String {
        let digest = match self.hash {
            Hash::Md5 => Md5::digest(bytes).to_vec(),
            Hash::Sha256 => Sha256::digest(bytes).to_vec(),
            Hash::Sha512 => Sha512::digest(bytes).to_vec(),
        };
        hex(&digest)
    }
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The qualities of protection that a challenge offers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Protection {
    None,
    Auth,
    AuthInt,
    Either,
}

impl Protection {
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text.replace(' ', "").as_str() {
            "none" => Self::None,
            "auth" => Self::Auth,
            "auth-int" => Self::AuthInt,
            "auth,auth-int" => Self::Either,
            _ => return None,
        })
    }

    pub fn offer(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Auth => Some("auth"),
            Self::AuthInt => Some("auth-int"),
            Self::Either => Some("auth, auth-int"),
        }
    }

    fn allows(self, chosen: Option<&str>) -> bool {
        match chosen {
            None => self == Self::None,
            Some("auth") => matches!(self, Self::Auth | Self::Either),
            Some("auth-int") => matches!(self, Self::AuthInt | Self::Either),
            Some(_) => false,
        }
    }
}

/// The parameters of an `Authorization: Digest` field.
pub struct Credentials(Vec<(String, String)>);

impl Credentials {
    /// Reads `name=token` and `name="quoted"` pairs; None where they are not well formed or a name comes twice.
    pub fn parse(text: &str) -> Option<Self> {
        let mut pairs: Vec<(String, String)> = Vec::new();
        let mut rest = text.trim();
        while !rest.is_empty() {
            let (name, after) = rest.split_once('=')?;
            let name = name.trim().to_ascii_lowercase();
            let (value, remaining) = match after.trim_start().strip_prefix('"') {
                Some(quoted) => quoted_string(quoted)?,
                None => {
                    let end = after.find(',').unwrap_or(after.len());
                    (after[..end].trim().to_owned(), &after[end..])
                }
            };
            if pairs.iter().any(|(earlier, _)| *earlier == name) {
                return None;
            }
            pairs.push((name, value));
            let remaining = remaining.trim_start();
            rest = match remaining.strip_prefix(',') {
                Some(more) => more.trim_start(),
                None if remaining.is_empty() => remaining,
                None => return None,
            };
        }
        Some(Self(pairs))
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    pub fn algorithm(&self) -> Option<Algorithm> {
        self.get("algorithm").map_or(Some(Algorithm::default()), Algorithm::parse)
    }

    /// The nonce count: eight hexadecimal digits. RFC 7616 §3.4
    pub fn count(&self) -> Option<u32> {
        let digits = self.get("nc")?;
        (digits.len() == 8).then(|| u32::from_str_radix(digits, 16).ok()).flatten()
    }

    /// Whether the response was computed with this password, over this request. RFC 7616 §3.4.1
    pub fn proves(&self, password: &str, protection: Protection, method: &str, body: &[u8]) -> bool {
        self.expected(password, protection, method, body)
            .is_some_and(|response| self.get("response") == Some(&response))
    }

    fn expected(&self, password: &str, protection: Protection, method: &str, body: &[u8]) -> Option<String> {
        let (algorithm, qop) = (self.algorithm()?, self.get("qop"));
        if !protection.allows(qop) {
            return None;
        }
        let nonce = self.get("nonce")?;
        let mut a1 = format!("{}:{}:{password}", self.get("username")?, self.get("realm")?);
        if algorithm.session {
            a1 = format!("{}:{nonce}:{}", algorithm.hex(a1.as_bytes()), self.get("cnonce")?);
        }
        let mut a2 = format!("{method}:{}", self.get("uri")?);
        if qop == Some("auth-int") {
            a2 = format!("{a2}:{}", algorithm.hex(body));
        }
        let (secret, a2) = (algorithm.hex(a1.as_bytes()), algorithm.hex(a2.as_bytes()));
        let data = match qop {
            None => format!("{secret}:{nonce}:{a2}"),
            Some(qop) => {
                self.count()?;
                format!("{secret}:{nonce}:{}:{}:{qop}:{a2}", self.get("nc")?, self.get("cnonce")?)
            }
        };
        Some(algorithm.hex(data.as_bytes()))
    }
}

fn quoted_string(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => value.push(characters.next()?.1),
            _ => value.push(character),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 7616 §3.9.1.
    fn example(algorithm: &str, response: &str) -> Credentials {
        Credentials::parse(&format!(
            "username=\"Mufasa\", realm=\"http-auth@example.org\", uri=\"/dir/index.html\", algorithm={algorithm}, \
             nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", nc=00000001, \
             cnonce=\"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ\", qop=auth, response=\"{response}\", \
             opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\""
        ))
        .expect("the example is well formed")
    }

    #[test]
    fn the_examples_of_rfc_7616_are_proved() {
        let md5 = example("MD5", "8ca523f5e9506fed4657c9700eebdbec");
        assert!(md5.proves("Circle of Life", Protection::Auth, "GET", b""));
        assert!(!md5.proves("Circle of Death", Protection::Auth, "GET", b""));
        assert!(!md5.proves("Circle of Life", Protection::AuthInt, "GET", b""));
        assert!(!md5.proves("Circle of Life", Protection::Auth, "POST", b""));
        let sha256 = example("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1");
        assert!(sha256.proves("Circle of Life", Protection::Either, "GET", b""));
    }

    #[test]
    fn parameters_are_read_strictly() {
        let read = Credentials::parse(r#"a="x\"y, z" , B=c"#).expect("well formed");
        assert_eq!((read.get("a"), read.get("b")), (Some("x\"y, z"), Some("c")));
        for bad in ["a", "a=\"x", "a=\"x\" b=c", "a=1, a=2"] {
            assert!(Credentials::parse(bad).is_none(), "{bad}");
        }
    }
}
