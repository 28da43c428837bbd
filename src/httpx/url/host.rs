//! Hosts: names, IPv4 and IPv6 addresses (C08–C11). A host that the rest of the world would read differently, or not at
//! all, is refused (C28), because checks on it would then speak about another host than the one that is connected to.
//!
//! HTTPX's own tests ask for exceptions: a space in a name becomes `%20` and stays; `023b76x43144` and IPv4 addresses in
//! old notations are names; a label that is valid in UTS #46 only, such as `xn--n3h`, may be given in ASCII; and in
//! schemes that name no place on the network a host is opaque, so that `sc://%/` and `asdf://%43%7C/` are URLs.

use std::net::Ipv6Addr;

use super::percent::{encode_into, FORM, HOST, PLAIN_NAME};
use super::quoted::Quoted;
use super::{idna2008, invalid_url};
use crate::error::Error;

/// Appends the normalised host to a text that starts with its scheme, and tells where it lies, without brackets.
pub(super) fn append(text: &mut String, scheme_end: usize, host: &str) -> Result<(u32, u32), Error> {
    let start = text.len();
    if host.len() >= 2 && host.starts_with('[') && host.ends_with(']') {
        check_ipv6(host)?;
        text.push_str(host);
        return Ok((start as u32 + 1, text.len() as u32 - 1));
    }
    if PLAIN_NAME.contains_all(host) {
        text.push_str(host);
        if !may_end_in_number(host) {
            return Ok((start as u32, text.len() as u32));
        }
    } else if host.is_ascii() {
        append_ascii(text, host)?;
    } else {
        let encoded =
            idna2008::to_ascii(host).ok_or_else(|| invalid_url(format!("Invalid IDNA hostname: {}", Quoted(host))))?;
        text.push_str(&encoded);
    }
    check_name(&text[start..], host, &text[..scheme_end])?;
    Ok((start as u32, text.len() as u32))
}

/// C10: the text of the address stays as it is, zone included.
fn check_ipv6(host: &str) -> Result<(), Error> {
    let (address, zone) = match host[1..host.len() - 1].split_once('%') {
        Some((address, zone)) => (address, Some(zone)),
        None => (&host[1..host.len() - 1], None),
    };
    if address.parse::<Ipv6Addr>().is_ok() && zone.is_none_or(is_zone) {
        return Ok(());
    }
    Err(invalid_url(format!("Invalid IPv6 address: {}", Quoted(host))))
}

/// RFC 6874: `%25` and a name, or, as in §3, a lone `%` and a name that does not make an escape of it.
fn is_zone(zone: &str) -> bool {
    let name = match zone.strip_prefix("25") {
        Some(name) => name,
        None if zone.len() >= 2 && zone.bytes().take(2).all(|byte| byte.is_ascii_hexdigit()) => return false,
        None => zone,
    };
    !name.is_empty() && name.bytes().all(|byte| FORM.contains(byte))
}

fn append_ascii(text: &mut String, host: &str) -> Result<(), Error> {
    if let Some(index) = host.bytes().position(|byte| byte != b' ' && !HOST.contains(byte)) {
        return Err(forbidden(&host[index..=index], host));
    }
    let start = text.len();
    encode_into(text, host, HOST);
    // Escapes too, as in HTTPX: `%2F` is written `%2f`.
    text[start..].make_ascii_lowercase();
    Ok(())
}

/// URLs without a scheme are as strict as http's: they will be joined to one.
fn is_opaque(scheme: &str) -> bool {
    !matches!(scheme, "" | "http" | "https" | "ws" | "wss" | "ftp" | "file" | "socks5" | "socks5h")
}

/// Refuses names that are no names to others. The message shows the host as it was given.
fn check_name(name: &str, given: &str, scheme: &str) -> Result<(), Error> {
    match is_ipv4(name) {
        Some(true) => return Ok(()),
        Some(false) => return Err(invalid_ipv4(given)),
        None => {}
    }
    if !needs_a_closer_look(name) || is_opaque(scheme) {
        return Ok(());
    }
    // The one forbidden character that HTTPX's tests allow becomes one that is nothing special anywhere.
    match ::url::Host::parse(&name.replace("%20", "_")) {
        Ok(_) => Ok(()),
        Err(::url::ParseError::InvalidIpv4Address) => Err(invalid_ipv4(given)),
        Err(_) => match escaped_forbidden(name) {
            Some(c) => Err(forbidden(&c, given)),
            None => Err(invalid_url(format!("Invalid IDNA hostname: {}", Quoted(given)))),
        },
    }
}

/// Whether four decimal numbers are an address; `None` if they are not that. Leading zeros are not allowed, because some
/// read them as octal (C10).
fn is_ipv4(name: &str) -> Option<bool> {
    let is_octet = |digits: u32, number: u32| match digits {
        1 => true,
        2 => number >= 10,
        3 => (100..=255).contains(&number),
        _ => false,
    };
    let mut is_address = true;
    let (mut dots, mut digits, mut number) = (0, 0, 0_u32);
    for byte in name.bytes() {
        if byte.is_ascii_digit() {
            number = number.wrapping_mul(10).wrapping_add(u32::from(byte - b'0'));
            digits += 1;
        } else if byte == b'.' && digits > 0 {
            is_address &= is_octet(digits, number);
            (dots, digits, number) = (dots + 1, 0, 0);
        } else {
            return None;
        }
    }
    (dots == 3 && digits > 0).then_some(is_address && is_octet(digits, number))
}

/// Whether a name has escapes or labels in Punycode, or ends in what might be a number.
fn needs_a_closer_look(name: &str) -> bool {
    may_end_in_number(name) || name.contains('%') || name.contains("xn--")
}

/// A number in the end makes a name an IPv4 address, also 0x7f.1
/// (<https://url.spec.whatwg.org/#ends-in-a-number-checker>).
fn may_end_in_number(name: &str) -> bool {
    let name = name.as_bytes();
    let name = name.strip_suffix(b".").unwrap_or(name);
    let last_label = name.iter().rposition(|byte| *byte == b'.').map_or(0, |dot| dot + 1);
    name.get(last_label).is_some_and(u8::is_ascii_digit)
}

fn invalid_ipv4(host: &str) -> Error {
    invalid_url(format!("Invalid IPv4 address: {}", Quoted(host)))
}

/// The first character that must not be in a host and is hidden there by an escape.
fn escaped_forbidden(name: &str) -> Option<String> {
    let decoded = super::lossy_decode(name);
    decoded.chars().find(|c| c.is_ascii() && (*c == '%' || !HOST.contains(*c as u8)) && *c != ' ').map(String::from)
}

fn forbidden(character: &str, host: &str) -> Error {
    invalid_url(format!("Invalid character {} in hostname: {}", Quoted(character), Quoted(host)))
}
