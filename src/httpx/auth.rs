//! Who the user is, as HTTP is told (checklist F): Basic and Digest credentials, and a netrc file to find them in. Bytes
//! in, bytes out. When to authenticate, and with which of the user's credentials, is for the client to say.

mod basic;
mod challenge;
mod credentials;
mod digest;
mod flow;
mod netrc;
mod proxy_flow;
#[cfg(test)]
mod tests_challenge;
#[cfg(test)]
mod tests_digest;
#[cfg(test)]
mod tests_netrc;

pub(super) use self::basic::basic;
pub use self::credentials::Auth;
pub(super) use self::credentials::DigestAuth;
pub use self::digest::CnonceFn;
use self::digest::Digest;
pub(super) use self::flow::{authorized, Flow};
pub use self::flow::{AuthFlow, Beginning, CustomAuth, HandFlow};
pub use self::netrc::Netrc;
pub(super) use self::proxy_flow::ThroughProxy;
