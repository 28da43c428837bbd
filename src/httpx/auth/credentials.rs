//! Which credentials a request goes with, and how a server's challenge is met.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;

use super::{basic, CnonceFn, CustomAuth, Digest, Netrc};
use crate::error::{Code, Error};
use crate::httpcore::RawHeaders;
use crate::httpx::{Request, Url};
use crate::runtime::ForkCell;

/// Somebody's credentials, and the scheme in which they are shown. Clones share what a server has asked for.
#[derive(Clone)]
pub enum Auth {
    /// The value of the Authorization header.
    Basic(Bytes),
    /// Answers challenges, and later requests without being asked (checklist F04).
    Digest(Arc<DigestAuth>),
    /// Basic, with what the file has for the host (checklist F10).
    Netrc(Arc<Netrc>),
    /// As user code says (checklist F11).
    Custom(Arc<dyn CustomAuth>),
}

/// A user's name and password for Digest. A forked child learns its challenges itself.
pub struct DigestAuth {
    username: Bytes,
    password: Bytes,
    digest: ForkCell<Digest>,
    /// Where cnonces come from, if it is not the system's random numbers.
    cnonces: OnceLock<Arc<CnonceFn>>,
}

impl DigestAuth {
    pub(in crate::httpx) fn new(username: &[u8], password: &[u8]) -> DigestAuth {
        let (username, password) = (Bytes::copy_from_slice(username), Bytes::copy_from_slice(password));
        DigestAuth { username, password, digest: ForkCell::new(), cnonces: OnceLock::new() }
    }

    /// The answer to the last challenge, if there was one. `body` is asked where a challenge is about it, too; None is one
    /// that cannot be known beforehand.
    pub(in crate::httpx) fn authorization(
        &self,
        method: &[u8],
        target: &[u8],
        body: impl FnOnce() -> Result<Option<Bytes>, Error>,
    ) -> Result<Option<Bytes>, Error> {
        let digest = self.digest();
        let body = if digest.needs_body() { body()? } else { Some(Bytes::new()) };
        match self.cnonces.get() {
            Some(cnonces) => digest.authorization_with(method, target, body.as_deref(), &**cnonces),
            None => digest.authorization(method, target, body.as_deref()),
        }
    }

    /// Has `cnonces` give the client's nonces, for published examples to be checked.
    ///
    /// # Errors
    /// INVALID_STATE if that was said before.
    pub fn set_cnonces(&self, cnonces: Arc<CnonceFn>) -> Result<(), Error> {
        let set = self.cnonces.set(cnonces);
        set.map_err(|_| Error::new(Code::INVALID_STATE, "the credentials have a function for cnonces already"))
    }

    /// Takes a challenge up: true if the request should be sent once more.
    pub(in crate::httpx) fn challenged<'a>(&self, lines: impl IntoIterator<Item = &'a [u8]>) -> Result<bool, Error> {
        self.digest().challenge(lines)
    }

    fn digest(&self) -> &Digest {
        self.digest.get_or_init(|| Digest::new(self.username.clone(), self.password.clone()))
    }
}

impl std::fmt::Debug for Auth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Auth::Basic(_) => "Basic [secure]",
            Auth::Digest(_) => "Digest [secure]",
            Auth::Netrc(_) => "Netrc [secure]",
            Auth::Custom(_) => "Custom",
        })
    }
}

impl Auth {
    /// Basic (RFC 7617).
    pub fn basic(username: &[u8], password: &[u8]) -> Auth {
        Auth::Basic(basic(username, password))
    }

    /// Digest (RFC 7616).
    pub fn digest(username: &[u8], password: &[u8]) -> Auth {
        Auth::Digest(Arc::new(DigestAuth::new(username, password)))
    }

    /// What a URL says before its host (checklist F03).
    pub(in crate::httpx) fn of_url(url: &Url) -> Option<Auth> {
        if url.userinfo().is_empty() {
            return None;
        }
        let (username, password) = (url.username(), url.password());
        match username.is_empty() && password.is_empty() {
            true => None,
            false => Some(Auth::basic(username.as_bytes(), password.as_bytes())),
        }
    }

    /// The Authorization for `request`, if it goes with one from the start.
    pub(in crate::httpx) fn authorization(&self, request: &Request) -> Result<Option<Bytes>, Error> {
        match self {
            Auth::Basic(value) => Ok(Some(value.clone())),
            Auth::Digest(auth) => auth.authorization(request.method(), &request.target(), || request.collect_body()),
            Auth::Netrc(netrc) => {
                Ok(netrc.lookup(request.url().host().as_bytes()).map(|(login, password)| basic(login, password)))
            }
            // Its flow has put it in.
            Auth::Custom(_) => Ok(None),
        }
    }

    /// Whether foreign code has a part in the answer.
    pub(in crate::httpx) fn asks_foreign_code(&self) -> bool {
        matches!(self, Auth::Digest(auth) if auth.cnonces.get().is_some())
    }

    /// Whether responses have to be read before it sees them.
    pub fn requires_response_body(&self) -> bool {
        matches!(self, Auth::Custom(custom) if custom.requires_response_body())
    }

    /// Whether a request's body has to be in memory when it is asked.
    pub fn requires_request_body(&self) -> bool {
        matches!(self, Auth::Custom(custom) if custom.requires_request_body())
    }

    /// Takes a challenge up: true if the request should be sent once more.
    pub(in crate::httpx) fn challenged(&self, headers: &RawHeaders) -> Result<bool, Error> {
        match self {
            Auth::Digest(auth) => auth.challenged(headers.find_all(b"www-authenticate")),
            Auth::Basic(_) | Auth::Netrc(_) | Auth::Custom(_) => Ok(false),
        }
    }
}
