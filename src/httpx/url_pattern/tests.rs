//! What proxies and mounts are chosen by.

use std::collections::HashSet;

use super::*;

fn pattern(text: &str) -> UrlPattern {
    UrlPattern::parse(text).unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

/// Those of the URLs that match.
fn matching<'a>(text: &str, urls: &[&'a str]) -> Vec<&'a str> {
    let pattern = pattern(text);
    urls.iter().copied().filter(|url| pattern.matches(&Url::parse(url).unwrap())).collect()
}

fn assert_matches(text: &str, yes: &[&str], no: &[&str]) {
    assert_eq!(matching(text, yes), yes, "{text}");
    assert_eq!(matching(text, no), [""; 0], "{text}");
}

fn refusal(text: &str) -> (Code, String) {
    let error = UrlPattern::parse(text).expect_err(text);
    (error.code(), error.message().to_owned())
}

/// From the most specific to the least specific one.
fn sorted<'a>(texts: &[&'a str]) -> Vec<&'a str> {
    let mut sorted = texts.to_vec();
    sorted.sort_by_key(|text| pattern(text).priority());
    sorted
}

#[test]
fn k15_all_is_any_scheme() {
    for all in ["all://", "ALL://", "all://*", "", "://", "://*", "://*/8", "//:"] {
        assert_matches(all, &["http://example.com", "https://h:1/x", "custom://h", "file:///etc/hosts", "/x"], &[]);
        assert!(pattern(all).matches_all(), "{all}");
    }
    assert!(!pattern("http://").matches_all() && !pattern("all://*:80").matches_all());
}

#[test]
fn k15_a_scheme_matches_itself() {
    assert_matches("http://", &["http://example.com", "HTTP://h:8080"], &["https://example.com", "ws://example.com"]);
    assert_matches("custom://", &["custom://example.com", "custom:x"], &["http://example.com", "customs://h"]);
    assert_matches("file://", &["file:///etc/hosts"], &["http://etc/hosts"]);
}

#[test]
fn k15_a_host_matches_itself() {
    let others = ["http://www.example.com", "http://example.com.org", "http://notexample.com", "/example.com"];
    assert_matches("all://example.com", &["http://example.com", "https://example.com:1/x"], &others);
    assert_matches("http://example.com", &["http://u:p@example.com?x"], &["https://example.com"]);
    assert_matches("all://localhost", &["http://localhost:8000"], &["http://www.localhost"]);
}

#[test]
fn k15_an_asterisk_and_a_dot_match_strict_subdomains() {
    let yes = ["http://www.example.com", "https://a.b.example.com"];
    let no = ["http://example.com", "http://wwwexample.com", "http://.example.com", "http://example.com.www", "/x"];
    assert_matches("all://*.example.com", &yes, &no);
}

#[test]
fn k15_an_asterisk_matches_a_name_and_its_subdomains() {
    let yes = ["http://example.com", "http://www.example.com", "https://a.b.example.com"];
    assert_matches("all://*example.com", &yes, &["http://wwwexample.com", "http://.example.com", "http://com"]);
    assert_matches("https://*example.com", &["https://www.example.com"], &["http://www.example.com"]);
}

#[test]
fn k15_hosts_have_no_case() {
    assert_matches("ALL://*.Example.COM", &["http://WWW.eXample.com"], &[]);
    assert_matches("all://LOCALHOST", &["http://LocalHost"], &[]);
}

#[test]
fn k15_international_names_match_in_both_forms() {
    let forms = ["http://MÜLLER.de", "http://xn--mller-kva.de"];
    assert_matches("all://müller.de", &forms, &["http://www.müller.de", "http://muller.de"]);
    assert_matches("all://xn--mller-kva.de", &forms, &[]);
    let below = ["http://www.müller.de", "http://www.xn--mller-kva.de"];
    assert_matches("all://*.müller.de", &below, &forms);
    assert_matches("all://*müller.de", &[forms, below].concat(), &[]);
    assert_matches("all://*xn--mller-kva.de", &[forms, below].concat(), &[]);
}

#[test]
fn k15_addresses_match_in_every_spelling() {
    assert_matches("all://127.0.0.1", &["http://127.0.0.1:8000"], &["http://127.0.0.2", "http://[::ffff:127.0.0.1]"]);
    let yes = ["http://[2001:db8::1]", "http://[2001:DB8:0:0::1]:80/"];
    assert_matches("all://[2001:db8:0::1]", &yes, &["http://[2001:db8::2]", "http://2001"]);
    assert_matches("all://[::1]:8080", &["http://[::1]:8080"], &["http://[::1]"]);
}

#[test]
fn a_zone_counts_if_the_pattern_has_one() {
    let (eth0, eth1) = ("http://[fe80::1%25eth0]", "http://[fe80::1%25eth1]");
    assert_matches("all://[fe80::1%eth0]", &[eth0, "http://[fe80:0::1%eth0]"], &[eth1, "http://[fe80::1]"]);
    assert_matches("all://[fe80::1%25eth1]", &[eth1], &[eth0]);
    assert_matches("all://[fe80::1]", &[eth0, eth1, "http://[fe80::1]"], &["http://[fe80::2%25eth0]"]);
}

#[test]
fn k14_a_network_matches_its_addresses() {
    let no = ["http://11.0.0.1", "http://ten.0.0.1.example", "http://[a::1]", "http://www.10.0.0.1.nip.io"];
    assert_matches("all://10.0.0.0/8", &["http://10.0.0.0", "https://10.255.1.2:8443/x"], &no);
    assert_matches("https://10.1.2.3/8", &["https://10.9.9.9"], &["http://10.9.9.9"]);
    assert_matches("all://10.0.0.0:8080/8", &["http://10.1.1.1:8080"], &["http://10.1.1.1"]);
    assert_matches("all://[fd00::]/8", &["http://[fd12::1]", "http://[FDFF::]"], &["http://[fe80::1]", "http://fd00"]);
    assert_matches("all://[fe80::]/10", &["http://[fe80::1%25eth0]"], &["http://[fec0::1]"]);
    assert_matches("all://0.0.0.0/0", &["http://1.2.3.4"], &["http://[::]", "http://example.com"]);
}

#[test]
fn a_path_that_is_no_prefix_of_an_address_means_nothing() {
    assert_matches("all://10.0.0.0/33", &["http://10.0.0.0"], &["http://10.0.0.1"]);
    assert_matches("all://127.0.0.1/index", &["http://127.0.0.1"], &["http://127.0.0.2"]);
    assert_matches("http://example.com/8?q#f", &["http://example.com/9"], &[]);
    assert_matches("http://user:pass@example.com", &["http://example.com"], &[]);
    assert_matches("all://u:p@*.h:1/@*x", &["http://a.h:1"], &["http://h:1", "http://x"]);
}

#[test]
fn k15_a_port_matches_itself() {
    assert_matches(
        "https://example.com:1234",
        &["https://example.com:1234"],
        &["https://example.com", "https://h:1234"],
    );
    assert_matches("all://*:1234", &["http://h:1234", "https://[::1]:1234"], &["http://h", "http://h:12345"]);
    assert_matches("all://*.example.com:1234", &["http://www.example.com:1234"], &["http://example.com:1234"]);
    assert_matches("all://h:", &["http://h", "http://h:1"], &[]);
    assert_matches("all://[::1]:", &["http://[::1]", "http://[::1]:1"], &[]);
}

#[test]
fn k16_a_default_port_is_a_port() {
    assert_matches("http://*:80", &["http://h", "http://h:80"], &["http://h:8080", "https://h:80"]);
    assert_matches("https://h:443", &["https://h", "https://h:0443"], &["https://h:8443"]);
    assert_matches(
        "all://*:443",
        &["https://h", "wss://h", "http://h:443"],
        &["http://h", "custom://h", "https://h:80"],
    );
    assert_matches("ws://u:p@[::1]:80", &["ws://[::1]"], &["ws://[::1]:81"]);
    assert_matches("custom://h:80", &["custom://h:80"], &["custom://h"]);
}

#[test]
fn k15_a_scheme_alone_is_refused() {
    let message = "Proxy keys should use proper URL forms rather than plain scheme strings. \
                   Instead of \"http\", use \"http://\"";
    assert_eq!(refusal("http"), (Code::INVALID_ARGUMENT, message.to_owned()));
    assert_eq!(refusal("example.com").0, Code::INVALID_ARGUMENT);
}

#[test]
fn a_pattern_is_a_url() {
    assert_eq!(refusal("all://h:port"), (Code::INVALID_URL, "Invalid port: 'port'".to_owned()));
    assert_eq!(refusal("all://[fd00::/8]").0, Code::INVALID_URL);
    assert_eq!(refusal("all://1.2.3.256").1, "Invalid IPv4 address: '1.2.3.256'");
    assert_eq!(refusal("all://*.☃.com").1, "Invalid IDNA hostname: '☃.com'");
    assert_eq!(refusal("http://h\n").0, Code::INVALID_URL);
    for no_subdomains in ["all://*[::1]", "all://*.[::1]"] {
        assert_eq!(refusal(no_subdomains).0, Code::INVALID_URL, "{no_subdomains}");
    }
}

#[test]
fn a_pattern_that_would_match_everything_by_mistake_is_refused() {
    for path in ["my_scheme://h", "*://h", "1a://*.h", "a b://*", ":", "/path:x", "?q=a:b", "#a:b"] {
        assert_eq!(refusal(path).0, Code::INVALID_URL, "{path}");
    }
}

#[test]
fn k16_ports_come_first_then_longer_hosts_then_longer_schemes() {
    let order = [
        "http://example.com:80",
        "all://example.com:8080",
        "all://*:8080",
        "https://www.example.com",
        "http://www.example.com",
        "all://www.example.com",
        "all://*.example.com",
        "all://*example.com",
        "http://example.com",
        "all://müller.de",
        "https://",
        "http://",
        "all://",
    ];
    assert_eq!(sorted(&order), order);
    let mut reversed = order;
    reversed.reverse();
    assert_eq!(sorted(&reversed), order);
}

#[test]
fn k16_patterns_of_the_same_priority_stay_in_order() {
    assert_eq!(sorted(&["http://a.com", "http://b.com"]), ["http://a.com", "http://b.com"]);
    assert_eq!(sorted(&["http://b.com", "http://a.com"]), ["http://b.com", "http://a.com"]);
    assert_eq!(sorted(&["all://*", "all://", ""]), ["all://*", "all://", ""]);
}

#[test]
fn narrower_networks_come_first_and_addresses_before_them() {
    let order = ["all://10.1.1.1", "all://[fd::1]", "all://10.0.0.1/32", "all://10.1.0.0/16"];
    let wider = ["http://110.100.100.100/8", "all://100.0.0.0/8", "all://10.0.0.0/0", "http://"];
    let mixed: Vec<&str> = wider.into_iter().rev().chain(order.into_iter().rev()).collect();
    let expected = ["all://10.0.0.1/32", "all://10.1.1.1", "all://[fd::1]", "all://10.1.0.0/16"];
    assert_eq!(sorted(&mixed), [&expected[..], &wider[..]].concat());
}

#[test]
fn k16_patterns_are_equal_if_their_texts_are() {
    assert_eq!(pattern("all://example.com"), pattern("all://example.com"));
    assert_ne!(pattern("all://example.com"), pattern("all://EXAMPLE.com"));
    assert_ne!(pattern("all://"), pattern("all://*"));
    let known: HashSet<UrlPattern> = ["all://", "http://", "all://"].map(pattern).into();
    assert_eq!(known.len(), 2);
    assert_eq!(pattern("ALL://*.Example.com:80/x").as_str(), "ALL://*.Example.com:80/x");
}

#[test]
fn a_pattern_shown_has_no_password() {
    assert!(!format!("{:?}", pattern("http://user:hunter2@h:1")).contains("hunter2"));
}
