//! Patterns of URLs (checklist K15–K17): the keys by which requests are given to proxies and mounted transports. A
//! pattern is a URL in which the scheme `all`, the host `*` and an absent port stand for any. Nothing but scheme, host
//! and port counts, and the prefix of a network.

#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::net::IpAddr;

use super::ip_network::IpNetwork;
use super::url::Url;
use crate::error::{Code, Error};

/// Two patterns are equal if their texts are, so that a mount takes the place of another with the same key.
#[derive(Clone)]
pub struct UrlPattern {
    text: Box<str>,
    /// Empty for any.
    scheme: Box<str>,
    host: Host,
    /// In characters, with the wildcard; 0 for any host.
    host_length: usize,
    port: Option<u16>,
}

#[derive(Clone, Debug)]
enum Host {
    Any,
    Name {
        name: Box<str>,
        reach: Reach,
    },
    /// An address by itself is a network of one. Without a zone, the zone of a URL's address does not matter.
    Network {
        network: IpNetwork,
        zone: Option<Box<str>>,
    },
}

/// Which hosts a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    /// `example.com`
    Itself,
    /// `*.example.com`
    Subdomains,
    /// `*example.com`
    ItselfAndSubdomains,
}

impl UrlPattern {
    /// Reads patterns such as `all://`, `https://example.com`, `all://*.example.com:8080` and, beyond HTTPX,
    /// `all://10.0.0.0/8` and `all://[fd00::]/8` (K14). An empty one matches every URL, as `all://` does.
    ///
    /// Fails with `INVALID_ARGUMENT` for a scheme without a colon, else with `INVALID_URL`.
    pub fn parse(pattern: &str) -> Result<UrlPattern, Error> {
        if !pattern.is_empty() && !pattern.contains(':') {
            let message = format!(
                "Proxy keys should use proper URL forms rather than plain scheme strings. \
                 Instead of \"{pattern}\", use \"{pattern}://\""
            );
            return Err(Error::new(Code::INVALID_ARGUMENT, message));
        }
        let (before_host, rest) = pattern.split_at(host_position(pattern).unwrap_or(pattern.len()));
        // The wildcard is no part of a name: IDNA knows no asterisk.
        let (reach, rest) = split_wildcard(rest);
        let url = match reach {
            Reach::Itself => Url::parse(pattern)?,
            Reach::Subdomains | Reach::ItselfAndSubdomains => Url::parse(&[before_host, rest].concat())?,
        };
        if is_mere_path(pattern, &url) {
            let message = "URL patterns start with a scheme, such as 'all://' or 'https://example.org'.";
            return Err(Error::new(Code::INVALID_URL, message));
        }
        let wildcard_length = pattern.len() - before_host.len() - rest.len();
        let host = Host::new(&url, reach);
        Ok(UrlPattern {
            text: pattern.into(),
            scheme: if url.scheme() == "all" { "" } else { url.scheme() }.into(),
            host_length: match host {
                Host::Any => 0,
                Host::Name { .. } | Host::Network { .. } => wildcard_length + url.host().chars().count(),
            },
            host,
            // A default port that is written down counts too (K16).
            port: if has_port(rest) { url.effective_port() } else { None },
        })
    }

    /// Whether a request for `url` goes the way that this pattern stands for.
    pub fn matches(&self, url: &Url) -> bool {
        (self.scheme.is_empty() || *self.scheme == *url.scheme())
            && (self.port.is_none() || self.port == url.effective_port())
            && self.host.matches(url.raw_host())
    }

    /// What to sort patterns by, stably, so that the first one that matches is the one to follow (K16): those with a
    /// port come first, then longer hosts, then longer schemes. A network comes after any address, and after networks
    /// within it.
    pub fn priority(&self) -> impl Ord {
        let prefix = match &self.host {
            Host::Network { network, .. } => network.prefix(),
            Host::Any | Host::Name { .. } => None,
        };
        // No address is as short as 1.
        let host = prefix.map_or((self.host_length, 0), |prefix| (1, prefix));
        Reverse((self.port.is_some(), host, self.scheme.len()))
    }

    /// As it was given.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether there is no URL that does not match.
    pub(super) fn matches_all(&self) -> bool {
        self.scheme.is_empty() && self.port.is_none() && matches!(self.host, Host::Any)
    }
}

impl Host {
    fn new(url: &Url, reach: Reach) -> Host {
        let name = url.raw_host();
        if name.is_empty() && reach != Reach::Subdomains {
            return Host::Any;
        }
        match address_and_zone(name) {
            Some((address, zone)) if reach == Reach::Itself => {
                let prefix = url.encoded_path().strip_prefix('/').unwrap_or_default();
                let network = IpNetwork::new(address, prefix).unwrap_or(IpNetwork::of_one(address));
                Host::Network { network, zone: zone.map(Box::from) }
            }
            _ => Host::Name { name: name.into(), reach },
        }
    }

    /// `host` is normalised, as the pattern's own is.
    fn matches(&self, host: &str) -> bool {
        match self {
            Host::Any => true,
            Host::Name { name, reach: Reach::Itself } => **name == *host,
            Host::Name { name, reach: Reach::Subdomains } => is_subdomain(host, name),
            Host::Name { name, reach: Reach::ItselfAndSubdomains } => **name == *host || is_subdomain(host, name),
            Host::Network { network, zone } => address_and_zone(host).is_some_and(|(address, other_zone)| {
                network.contains(address) && (zone.is_none() || zone.as_deref() == other_zone)
            }),
        }
    }
}

fn is_subdomain(host: &str, name: &str) -> bool {
    host.strip_suffix(name).and_then(|rest| rest.strip_suffix('.')).is_some_and(|label| !label.is_empty())
}

/// The address that a host without brackets is, and the zone of a link-local one, which is `%25eth0` in URLs and
/// `%eth0` elsewhere (RFC 6874 §2).
pub(super) fn address_and_zone(host: &str) -> Option<(IpAddr, Option<&str>)> {
    match host.split_once('%') {
        Some((address, zone)) => {
            Some((IpAddr::V6(address.parse().ok()?), Some(zone.strip_prefix("25").unwrap_or(zone))))
        }
        None => Some((host.parse().ok()?, None)),
    }
}

/// Where the host starts, if the pattern has an authority.
fn host_position(pattern: &str) -> Option<usize> {
    let (before, rest) = pattern.split_once("//")?;
    let scheme = if before.is_empty() { before } else { before.strip_suffix(':')? };
    if scheme.contains([':', '/', '?', '#']) {
        return None;
    }
    let userinfo_length = authority(rest).rfind('@').map_or(0, |at| at + 1);
    Some(before.len() + "//".len() + userinfo_length)
}

fn authority(rest: &str) -> &str {
    rest.split(['/', '?', '#']).next().unwrap_or_default()
}

/// IPv6 addresses have no subdomains: what stands before a bracket is left to be refused.
fn split_wildcard(host: &str) -> (Reach, &str) {
    let (reach, rest) = match (host.strip_prefix("*."), host.strip_prefix('*')) {
        (Some(rest), _) => (Reach::Subdomains, rest),
        (None, Some(rest)) => (Reach::ItselfAndSubdomains, rest),
        (None, None) => (Reach::Itself, host),
    };
    if rest.starts_with('[') {
        return (Reach::Itself, host);
    }
    (reach, rest)
}

/// Whether there is a port behind the host, with which `rest` starts.
fn has_port(rest: &str) -> bool {
    let behind_brackets = authority(rest).rsplit(']').next().unwrap_or_default();
    behind_brackets.split_once(':').is_some_and(|(_, port)| !port.is_empty())
}

/// HTTPX takes `*://host` and `my_scheme://host` for paths, as no scheme has such characters; every URL would match.
fn is_mere_path(pattern: &str, url: &Url) -> bool {
    let has_authority = pattern.starts_with("//") || pattern.starts_with("://");
    url.scheme().is_empty() && !has_authority && !pattern.is_empty()
}

/// Without the userinfo, which may have a password in it.
impl fmt::Debug for UrlPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UrlPattern")
            .field("scheme", &self.scheme)
            .field("host", &self.host)
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}

impl PartialEq for UrlPattern {
    fn eq(&self, other: &UrlPattern) -> bool {
        self.text == other.text
    }
}

impl Eq for UrlPattern {}

impl Hash for UrlPattern {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}
