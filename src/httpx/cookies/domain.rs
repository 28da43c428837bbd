//! The domains of cookies: which hosts they are for (RFC 6265bis §5.1.3), and which of them belong to nobody in
//! particular, because they are public suffixes such as `com`, `co.uk` or `github.io`. The list of these is compiled
//! in, as old as the release of the crate `psl`.

use std::borrow::Cow;
use std::net::Ipv6Addr;

use super::cookie::invalid;
use crate::error::Error;
use crate::httpx::url::Url;

/// What Python's cookie jar, and so HTTPX, calls `localhost` (D12). Only the name is taken over: cookies of a machine
/// that is really named so must not be mixed up with those of this one.
const LOCALHOST: &str = "localhost.local";

/// What the user means by a domain: the opposite of [`shown`].
pub(super) fn meant(domain: &str) -> &str {
    match domain {
        LOCALHOST => "localhost",
        _ => domain,
    }
}

/// Brings a domain that is given into the form in which cookies are kept: lower case, ASCII, IPv6 addresses without
/// brackets.
pub(super) fn canonical(domain: &str) -> Result<String, Error> {
    if domain.is_empty() {
        return Ok(String::new());
    }
    let (dot, name) = match domain.strip_prefix('.') {
        Some(name) => (".", name),
        None => ("", domain),
    };
    let address = without_brackets(name);
    let (url, delimiters) = match address.contains(':') {
        true => (format!("http://[{address}]"), "/?#@\\"),
        false => (format!("http://{name}"), "/?#@\\%"),
    };
    // Only a host may be in there, so nothing may come before or behind it.
    let is_plain = !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || delimiters.contains(c));
    match Url::parse(&url) {
        Ok(url) if is_plain => {
            let host = canonical_host(url.raw_host());
            Ok(if is_address(&host) { host.into_owned() } else { format!("{dot}{host}") })
        }
        _ => Err(invalid(format!("The domain {domain:?} of a cookie is not a host"))),
    }
}

/// The host of a URL: names are canonical already, but IPv6 addresses have many spellings.
pub(super) fn canonical_host(host: &str) -> Cow<'_, str> {
    let (address, zone) = host.split_at(host.find('%').unwrap_or(host.len()));
    match address.parse::<Ipv6Addr>() {
        Ok(address) => format!("{address}{zone}").into(),
        Err(_) => host.into(),
    }
}

fn without_brackets(host: &str) -> &str {
    host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host)
}

/// As HTTPX writes it.
pub(super) fn shown(domain: &str) -> &str {
    match domain {
        "localhost" => LOCALHOST,
        _ => domain,
    }
}

/// Calls `visit` with every domain that a cookie for `host` may have.
pub(super) fn for_each_key(host: &str, mut visit: impl FnMut(&str)) {
    visit("");
    if host.is_empty() {
        return;
    }
    visit(host);
    if !is_address(host) {
        let dotted = format!(".{host}");
        dotted.match_indices('.').for_each(|(index, _)| visit(&dotted[index..]));
    }
}

/// The domain of a cookie that `host` sets with this Domain attribute; `None` if it may not (RFC 6265bis §5.7, D10,
/// D11).
pub(super) fn from_attribute(attribute: &[u8], host: &str) -> Option<String> {
    let attribute = std::str::from_utf8(attribute).ok().filter(|attribute| attribute.is_ascii())?;
    let attribute = attribute.strip_prefix('.').unwrap_or(attribute).to_ascii_lowercase();
    if attribute.is_empty() {
        return Some(host.to_owned());
    }
    if is_address(host) {
        return (canonical_host(without_brackets(&attribute)) == host).then(|| host.to_owned());
    }
    if is_public_suffix(&attribute) {
        return (attribute == host).then_some(attribute);
    }
    // A name without a dot may say that it is one of the local network's; Python's cookie jar reads it so. Others there do
    // not get what it sets.
    if attribute.strip_suffix(".local") == Some(host) {
        return Some(host.to_owned());
    }
    is_at_or_below(host, &attribute).then(|| format!(".{attribute}"))
}

/// Whether there are hosts that both domains may be for.
pub(super) fn overlap(one: &str, other: &str) -> bool {
    let (one, other) = (one.trim_start_matches('.'), other.trim_start_matches('.'));
    is_at_or_below(one, other) || is_at_or_below(other, one)
}

/// Whose cookies count together: those of one registrable domain, so that a flood from ever new hosts below it stays
/// within its own limit.
pub(super) fn site(domain: &str) -> &str {
    let domain = domain.strip_prefix('.').unwrap_or(domain);
    if is_address(domain) {
        return domain;
    }
    psl::domain_str(domain).unwrap_or(domain)
}

fn is_public_suffix(domain: &str) -> bool {
    psl::suffix(domain.as_bytes()).is_some_and(|suffix| suffix == domain)
}

fn is_at_or_below(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// Whether a host is an IP address. What ends in a number is one to somebody (`127.1`, `0x7f.0x1`), and no name does.
fn is_address(host: &str) -> bool {
    let name = host.strip_suffix('.').unwrap_or(host);
    let last_label = name.rsplit_once('.').map_or(name, |(_, label)| label);
    let digits: Cow<'_, str> = match last_label.strip_prefix("0x") {
        Some(hex) => hex.replace(|c: char| c.is_ascii_hexdigit(), "0").into(),
        None => last_label.into(),
    };
    host.contains(':') || (!last_label.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;

    #[test]
    fn a_users_domain_becomes_the_host_that_urls_have() {
        for (given, kept) in [
            ("", ""),
            ("example.com", "example.com"),
            (".Example.COM", ".example.com"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("127.0.0.1", "127.0.0.1"),
            (".127.0.0.1", "127.0.0.1"),
            ("::1", "::1"),
            ("[0:0::1]", "::1"),
            ("fe80::A%25eth0", "fe80::a%25eth0"),
            ("localhost", "localhost"),
            ("localhost.local", "localhost.local"),
            ("com", "com"),
        ] {
            assert_eq!(canonical(given).ok().as_deref(), Some(kept), "{given}");
        }
        for given in [
            ".",
            "a b",
            "a:80",
            "[::1]:8080",
            "http://a",
            "a/b",
            "u@a",
            "a?b",
            "a#b",
            "[::1]/x",
            "a%41",
            "a\nb",
            "[a]",
            "a/",
            "a:",
        ] {
            assert_eq!(canonical(given).map_err(|error| error.code()), Err(Code::INVALID_ARGUMENT), "{given}");
        }
    }

    #[test]
    fn d11_public_suffixes_are_known() {
        for suffix in ["com", "co.uk", "github.io", "unknown-tld", "foo.ck", "com.", "xn--55qx5d.cn", "localhost"] {
            assert!(is_public_suffix(suffix), "{suffix}");
        }
        for name in ["example.com", "www.ck", "me.github.io", "a.unknown-tld", "example.com."] {
            assert!(!is_public_suffix(name), "{name}");
        }
    }

    #[test]
    fn what_ends_in_a_number_is_an_address() {
        for address in ["127.0.0.1", "::1", "127.1", "0x7f.0x1", "127.0.0.1.", "fe80::1%25eth0"] {
            assert!(is_address(address), "{address}");
        }
        for name in ["example.com", "1.example", "a.0xg", "localhost", "a1", ""] {
            assert!(!is_address(name), "{name}");
        }
    }

    #[test]
    fn a_site_is_a_registrable_domain() {
        assert_eq!(site(".example.co.uk"), "example.co.uk");
        assert_eq!(site("a.b.example.co.uk"), "example.co.uk");
        assert_eq!(site("co.uk"), "co.uk");
        assert_eq!(site("10.0.0.1"), "10.0.0.1");
        assert_eq!(site("localhost"), "localhost");
    }
}
