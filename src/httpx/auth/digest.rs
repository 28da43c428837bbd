//! Digest credentials (RFC 7616 with its forebears RFC 2617 and RFC 2069, checklist F04 to F08): a challenge comes in with
//! a 401, and from then on every request gets an answer to it, the first as well as the next ones. How often a request is
//! sent again is for the client to say; HTTPX does it once.

use std::fmt::{self, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use md5::Md5;
use percent_encoding::{percent_encode, AsciiSet, NON_ALPHANUMERIC};
use sha1::Sha1;
use sha2::{Sha256, Sha512, Sha512_256};

use super::challenge::{challenges, Challenge};
use crate::error::{Code, Error};
use crate::httpcore::quoted;

/// RFC 8187 §3.2.1: what need not be percent-encoded in `username*`.
const ATTR_CHAR: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

/// Makes the client's nonce from how often a server's nonce was answered, this time included, and that nonce.
pub type CnonceFn = dyn Fn(u32, &[u8]) -> Result<String, Error> + Send + Sync;

/// A user's name and password, and the server's last challenge. Shared by all requests of the user, on any thread.
pub struct Digest {
    username: Bytes,
    password: Bytes,
    /// Where cnonces come from.
    pub(super) new_cnonce: fn() -> Result<String, Error>,
    session: Mutex<Option<Session>>,
}

/// The challenge that is answered, and how often it has been.
struct Session {
    algorithm: Algorithm,
    /// As the server wrote it, for it is sent back.
    algorithm_name: String,
    realm: Vec<u8>,
    nonce: Vec<u8>,
    opaque: Option<Vec<u8>>,
    qop: Option<Qop>,
    userhash: bool,
    /// The server has said that it reads names as UTF-8, so it knows `username*` (RFC 7616 §3.4).
    utf8: bool,
    /// How many requests have been answered with this nonce.
    count: u32,
    /// Of `-sess`, whose A1 has the first cnonce in it for as long as the nonce lives (RFC 7616 §3.4.2).
    session_cnonce: Option<String>,
}

/// How a challenge's answer is hashed.
#[derive(Clone, Copy)]
struct Algorithm {
    hash: fn(&[&[u8]]) -> String,
    per_session: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Qop {
    Auth,
    AuthInt,
}

impl Digest {
    /// Any bytes; text is UTF-8.
    pub fn new(username: impl Into<Bytes>, password: impl Into<Bytes>) -> Digest {
        Digest {
            username: username.into(),
            password: password.into(),
            new_cnonce: random_cnonce,
            session: Mutex::new(None),
        }
    }

    /// The value of the Authorization field for one request; `None` as long as no challenge is known. Every call counts
    /// as a request. `target` is what stands in the request line, query included. `body` is the request's content before
    /// any transfer coding, empty if it has none, and `None` if it cannot be known beforehand: then a challenge for which
    /// [`Digest::needs_body`] is true gives RequestNotRead.
    pub fn authorization(&self, method: &[u8], target: &[u8], body: Option<&[u8]>) -> Result<Option<Bytes>, Error> {
        let new_cnonce = self.new_cnonce;
        self.authorization_with(method, target, body, &move |_, _| new_cnonce())
    }

    /// The same, with cnonces from elsewhere.
    pub fn authorization_with(
        &self,
        method: &[u8],
        target: &[u8],
        body: Option<&[u8]>,
        cnonces: &CnonceFn,
    ) -> Result<Option<Bytes>, Error> {
        match self.session().as_mut() {
            Some(session) => self.answer(session, [method, target], body, cnonces).map(Some),
            None => Ok(None),
        }
    }

    /// Takes up a challenge from a 401's WWW-Authenticate lines: true if there is one, so that the request can be sent
    /// again. The first Digest challenge that can be answered is taken, for servers list them in the order of their
    /// preference (RFC 7616 §3.7); if none can be, the first one's ProtocolError says why.
    pub fn challenge<'a>(&self, www_authenticate: impl IntoIterator<Item = &'a [u8]>) -> Result<bool, Error> {
        let mut reason = None;
        for challenge in www_authenticate.into_iter().flat_map(challenges).filter(|challenge| challenge.is("Digest")) {
            match Session::new(&challenge) {
                Ok(session) => {
                    self.take_up(session);
                    return Ok(true);
                }
                Err(error) => reason = reason.or(Some(error)),
            }
        }
        reason.map_or(Ok(false), Err)
    }

    /// Whether the challenge is one for `auth-int`, which protects the request's body too.
    pub fn needs_body(&self) -> bool {
        self.session().as_ref().is_some_and(|session| session.qop == Some(Qop::AuthInt))
    }

    /// A new nonce, stale or not, is counted from 1 (checklist F04). One that is known already is counted on: it has
    /// come back to a second request in flight, and the server may have seen 1 (RFC 7616 §3.4).
    fn take_up(&self, mut new: Session) {
        let mut session = self.session();
        if let Some(old) = session.as_mut().filter(|old| old.continues(&new)) {
            new.count = old.count;
            new.session_cnonce = old.session_cnonce.take();
        }
        *session = Some(new);
    }

    fn answer(
        &self,
        session: &mut Session,
        [method, target]: [&[u8]; 2],
        body: Option<&[u8]>,
        cnonces: &CnonceFn,
    ) -> Result<Bytes, Error> {
        let Algorithm { hash, per_session } = session.algorithm;
        let entity = match (session.qop, body) {
            (Some(Qop::AuthInt), Some(body)) => Some(hash(&[body])),
            (Some(Qop::AuthInt), None) => {
                let message = "The server asks for digest auth with qop \"auth-int\", which needs the request's body \
                               in advance, but the body is a stream";
                return Err(Error::new(Code::REQUEST_NOT_READ, message));
            }
            (Some(Qop::Auth) | None, _) => None,
        };
        let cnonce = match session.session_cnonce.take() {
            Some(cnonce) => cnonce,
            None => cnonces(session.count.wrapping_add(1), &session.nonce)?,
        };
        session.session_cnonce = per_session.then(|| cnonce.clone());
        session.count = session.count.wrapping_add(1);
        let nc = format!("{:08x}", session.count);

        // RFC 7616 §3.4.1 to §3.4.3.
        let mut ha1 = hash(&[&self.username, &session.realm, &self.password]);
        if per_session {
            ha1 = hash(&[ha1.as_bytes(), &session.nonce, cnonce.as_bytes()]);
        }
        let ha2 = match &entity {
            Some(entity) => hash(&[method, target, entity.as_bytes()]),
            None => hash(&[method, target]),
        };
        let response = match session.qop {
            Some(qop) => {
                let qop = qop.as_str().as_bytes();
                hash(&[ha1.as_bytes(), &session.nonce, nc.as_bytes(), cnonce.as_bytes(), qop, ha2.as_bytes()])
            }
            // RFC 2069 §2.1.2.
            None => hash(&[ha1.as_bytes(), &session.nonce, ha2.as_bytes()]),
        };

        // The order and the quotes of HTTPX (checklist F07).
        let mut fields = Fields(Vec::with_capacity(256));
        fields.username(&self.username, session);
        fields.quoted("realm", &session.realm);
        fields.quoted("nonce", &session.nonce);
        fields.quoted("uri", target);
        fields.quoted("response", response.as_bytes());
        fields.bare("algorithm", &session.algorithm_name);
        if let Some(opaque) = &session.opaque {
            fields.quoted("opaque", opaque);
        }
        if let Some(qop) = session.qop {
            fields.bare("qop", qop.as_str());
            fields.bare("nc", &nc);
        }
        // Without a qop there is no cnonce (RFC 2617 §3.2.2), but the server cannot compute `-sess` without one.
        if session.qop.is_some() || per_session {
            fields.quoted("cnonce", cnonce.as_bytes());
        }
        if session.userhash {
            fields.bare("userhash", "true");
        }
        Ok(Bytes::from(fields.0))
    }

    fn session(&self) -> MutexGuard<'_, Option<Session>> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Without the password, and without what answers it.
impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Digest").field("username", &self.username).finish_non_exhaustive()
    }
}

impl Session {
    fn new(challenge: &Challenge<'_>) -> Result<Session, Error> {
        let (false, Some(realm), Some(nonce)) =
            (challenge.malformed, challenge.param("realm"), challenge.param("nonce"))
        else {
            return Err(Error::new(Code::PROTOCOL_ERROR, "Malformed Digest WWW-Authenticate header"));
        };
        let algorithm_name = challenge.param("algorithm").unwrap_or(b"MD5").escape_ascii().to_string();
        Ok(Session {
            algorithm: Algorithm::of(&algorithm_name)?,
            algorithm_name,
            realm: realm.to_vec(),
            nonce: nonce.to_vec(),
            opaque: challenge.param("opaque").map(<[u8]>::to_vec),
            qop: challenge.param("qop").map(Qop::choose).transpose()?,
            userhash: challenge.flag("userhash"),
            utf8: challenge.param("charset").is_some_and(|charset| charset.eq_ignore_ascii_case(b"UTF-8")),
            count: 0,
            session_cnonce: None,
        })
    }

    fn continues(&self, new: &Session) -> bool {
        self.nonce == new.nonce && self.realm == new.realm && self.algorithm_name == new.algorithm_name
    }
}

impl Algorithm {
    /// Checklist F05; names are case-insensitive.
    fn of(name: &str) -> Result<Algorithm, Error> {
        let upper = name.to_ascii_uppercase();
        let (family, per_session) = match upper.strip_suffix("-SESS") {
            Some(family) => (family, true),
            None => (upper.as_str(), false),
        };
        let hash = match family {
            "MD5" => hash::<Md5>,
            "SHA" => hash::<Sha1>,
            "SHA-256" => hash::<Sha256>,
            "SHA-512" => hash::<Sha512>,
            "SHA-512-256" => hash::<Sha512_256>,
            _ => {
                let message = format!("Unexpected algorithm value \"{name}\" in digest auth");
                return Err(Error::new(Code::PROTOCOL_ERROR, message));
            }
        };
        Ok(Algorithm { hash, per_session })
    }
}

impl Qop {
    /// `auth` if the server offers it, for any body can be sent with it (checklist F06).
    fn choose(offered: &[u8]) -> Result<Qop, Error> {
        let offers = |qop: Qop| {
            offered
                .split(|&byte| byte == b',')
                .any(|one| one.trim_ascii().eq_ignore_ascii_case(qop.as_str().as_bytes()))
        };
        [Qop::Auth, Qop::AuthInt].into_iter().find(|&qop| offers(qop)).ok_or_else(|| {
            let message = format!("Unexpected qop value \"{}\" in digest auth", quoted(offered));
            Error::new(Code::PROTOCOL_ERROR, message)
        })
    }

    fn as_str(self) -> &'static str {
        match self {
            Qop::Auth => "auth",
            Qop::AuthInt => "auth-int",
        }
    }
}

/// H of RFC 7616 §3.3: of the parts with colons between, in lower-case hex.
fn hash<D: md5::Digest>(parts: &[&[u8]]) -> String {
    let mut digest = D::new();
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            digest.update(b":");
        }
        digest.update(part);
    }
    hex(&digest.finalize())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// 16 hex digits, as HTTPX sends them (checklist F07). From the system each time, so that a fork repeats nothing.
fn random_cnonce() -> Result<String, Error> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(|error| Error::new(Code::RESOURCES, format!("No random numbers: {error}")))?;
    Ok(hex(&bytes))
}

/// The field's value as it grows.
struct Fields(Vec<u8>);

impl Fields {
    /// RFC 7616 §3.4 and §3.4.4. Where a quoted string cannot hold the name, or the server might misread it there,
    /// `username*` takes its place.
    fn username(&mut self, name: &[u8], session: &Session) {
        let must_extend = name.iter().any(|&byte| byte.is_ascii_control() && byte != b'\t');
        if session.userhash {
            self.quoted("username", (session.algorithm.hash)(&[name, &session.realm]).as_bytes());
        } else if must_extend || session.utf8 && !name.is_ascii() {
            self.bare("username*", &format!("UTF-8''{}", percent_encode(name, ATTR_CHAR)));
        } else {
            self.quoted("username", name);
        }
    }

    fn quoted(&mut self, name: &str, value: &[u8]) {
        self.name(name);
        self.0.push(b'"');
        for &byte in value {
            if matches!(byte, b'"' | b'\\') {
                self.0.push(b'\\');
            }
            self.0.push(byte);
        }
        self.0.push(b'"');
    }

    fn bare(&mut self, name: &str, value: &str) {
        self.name(name);
        self.0.extend_from_slice(value.as_bytes());
    }

    fn name(&mut self, name: &str) {
        self.0.extend_from_slice(if self.0.is_empty() { b"Digest " } else { b", " });
        self.0.extend_from_slice(name.as_bytes());
        self.0.push(b'=');
    }
}
