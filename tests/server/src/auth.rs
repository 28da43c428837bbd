//! Basic and Bearer authentication, and the challenges of all three schemes. Digest's arithmetic is in `digest`.

use std::collections::{HashMap, VecDeque};
use std::sync::Mutex;

use base64::prelude::{Engine, BASE64_STANDARD};
use hyper::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use hyper::StatusCode;
use serde_json::json;

use crate::digest::{hex, Algorithm, Credentials, Protection};
use crate::exchange::{empty, json as json_reply, with_header, Exchange, Refusal, Reply};
use crate::state::locked;

const REALM: &str = "httpx-test-server";
const OPAQUE: &str = "5ccc069c403ebaf9f0171e9517f40e41";

pub fn basic(exchange: &Exchange) -> Reply {
    let (user, password) = (exchange.segment(1), exchange.segment(2));
    if has_basic(exchange, user, password) {
        return authenticated(user);
    }
    challenge(&format!("Basic realm=\"{REALM}\""))
}

/// As [`basic`], but a stranger learns nothing: 404 instead of a challenge.
pub fn hidden_basic(exchange: &Exchange) -> Reply {
    let (user, password) = (exchange.segment(1), exchange.segment(2));
    if has_basic(exchange, user, password) {
        return authenticated(user);
    }
    Ok(empty(StatusCode::NOT_FOUND))
}

pub fn bearer(exchange: &Exchange) -> Reply {
    match scheme(exchange.header(AUTHORIZATION).unwrap_or_default(), "Bearer") {
        Some(token) => Ok(json_reply(&json!({ "authenticated": true, "token": token }))),
        None => challenge("Bearer"),
    }
}

/// /digest-auth/QOP/USER/PASSWORD[/ALGORITHM[/STALE_AFTER]]. RFC 7616
pub async fn digest(mut exchange: Exchange) -> Reply {
    let protection = Protection::parse(exchange.segment(1)).ok_or_else(|| {
        Refusal::bad(format!("{:?} is no qop: use auth, auth-int, auth,auth-int or none", exchange.segment(1)))
    })?;
    let algorithm = match exchange.segment(4) {
        "" => Algorithm::default(),
        name => Algorithm::parse(name).ok_or_else(|| {
            Refusal::bad(format!("{name:?} is no algorithm: use MD5, SHA-256, SHA-512, each also with -sess"))
        })?,
    };
    let stale_after = match exchange.segment(5) {
        "" | "never" => u64::MAX,
        _ => exchange.segment_as(5)?,
    };
    let (user, password) = (exchange.segment(2).to_owned(), exchange.segment(3).to_owned());
    let body = exchange.read_body().await?;

    let sent = exchange.header(AUTHORIZATION).and_then(|value| scheme(value, "Digest"));
    let nonces = &exchange.connection.state.nonces;
    let mut stale = false;
    if let Some(credentials) = sent.and_then(Credentials::parse) {
        let target = exchange.head.uri.path_and_query().map_or("/", |target| target.as_str());
        let genuine = credentials.get("username") == Some(user.as_str())
            && credentials.get("realm") == Some(REALM)
            && credentials.get("opaque") == Some(OPAQUE)
            && credentials.get("uri") == Some(target)
            && credentials.algorithm() == Some(algorithm)
            && credentials.proves(&password, protection, exchange.head.method.as_str(), &body);
        if genuine && nonces.spend(&credentials, stale_after) {
            return authenticated(&user);
        }
        // The password is right and only the nonce is not: the client may go on without asking its user. RFC 7616 §3.3
        stale = genuine;
    }
    let qop = protection.offer().map_or(String::new(), |offer| format!(", qop=\"{offer}\""));
    let (nonce, stale) = (nonces.issue(), if stale { "TRUE" } else { "FALSE" });
    challenge(&format!(
        "Digest realm=\"{REALM}\", nonce=\"{nonce}\"{qop}, opaque=\"{OPAQUE}\", algorithm={}, stale={stale}",
        algorithm.name()
    ))
}

/// The nonces that were issued, with the count last seen of each. RFC 7616 §3.3, §3.4
#[derive(Default)]
pub struct Nonces(Mutex<Issued>);

#[derive(Default)]
struct Issued {
    counts: HashMap<String, Use>,
    order: VecDeque<String>,
}

#[derive(Default)]
struct Use {
    last_count: u32,
    times: u64,
}

impl Nonces {
    const LIMIT: usize = 10_000;

    fn issue(&self) -> String {
        let nonce = hex(&random::<16>());
        let mut issued = locked(&self.0);
        if issued.order.len() == Self::LIMIT {
            if let Some(oldest) = issued.order.pop_front() {
                issued.counts.remove(&oldest);
            }
        }
        issued.order.push_back(nonce.clone());
        issued.counts.insert(nonce.clone(), Use::default());
        nonce
    }

    /// Whether the nonce is ours, used fewer than `stale_after` times, and its count higher than any before.
    fn spend(&self, credentials: &Credentials, stale_after: u64) -> bool {
        let mut issued = locked(&self.0);
        let Some(usage) = credentials.get("nonce").and_then(|nonce| issued.counts.get_mut(nonce)) else { return false };
        let fresh = match credentials.count() {
            Some(count) => count > usage.last_count,
            None => credentials.get("qop").is_none(),
        };
        if !fresh || usage.times >= stale_after {
            return false;
        }
        usage.last_count = credentials.count().unwrap_or(0);
        usage.times += 1;
        true
    }
}

/// Bytes from the provider's secure source.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    provider.secure_random.fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

fn authenticated(user: &str) -> Reply {
    Ok(json_reply(&json!({ "authenticated": true, "user": user })))
}

fn challenge(value: &str) -> Reply {
    with_header(empty(StatusCode::UNAUTHORIZED), WWW_AUTHENTICATE, value)
}

fn has_basic(exchange: &Exchange, user: &str, password: &str) -> bool {
    basic_matches(exchange.header(AUTHORIZATION), &format!("{user}:{password}"))
}

/// Whether a field's value is `Basic` with these credentials, `user:password`. RFC 7617 §2
pub fn basic_matches(field: Option<&str>, expected: &str) -> bool {
    let sent = field.and_then(|value| scheme(value, "Basic"));
    sent.and_then(|token| BASE64_STANDARD.decode(token).ok()).is_some_and(|sent| sent == expected.as_bytes())
}

/// What follows the scheme's name, which is compared without case. RFC 9110 §11.1
fn scheme<'a>(value: &'a str, name: &str) -> Option<&'a str> {
    let (found, rest) = value.split_once(' ')?;
    found.eq_ignore_ascii_case(name).then(|| rest.trim())
}
