//! What HTTPX users rely on, one checklist line after the other.

use std::collections::HashSet;

use super::*;

fn url(text: &str) -> Url {
    Url::parse(text).unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

fn message(result: Result<Url, Error>) -> String {
    let error = result.expect_err("an invalid URL");
    assert_eq!(error.code(), Code::INVALID_URL, "{error:?}");
    error.message().to_owned()
}

fn refusal(text: &str) -> String {
    message(Url::parse(text))
}

#[test]
fn a_url_falls_into_its_components() {
    let url = url("HTTPS://jo%40email.com:a%20secret@Müller.de:1234/pa%20th?search=ab#anchor%20link");
    assert_eq!(url.as_str(), "https://jo%40email.com:a%20secret@xn--mller-kva.de:1234/pa%20th?search=ab#anchor%20link");
    assert_eq!(url.scheme(), "https");
    assert_eq!(url.authority(), "jo%40email.com:a%20secret@xn--mller-kva.de:1234");
    assert_eq!(url.userinfo(), "jo%40email.com:a%20secret");
    assert_eq!(url.username(), "jo@email.com");
    assert_eq!(url.password(), "a secret");
    assert_eq!(url.host(), "müller.de");
    assert_eq!(url.raw_host(), "xn--mller-kva.de");
    assert_eq!(url.port(), Some(1234));
    assert_eq!(url.netloc(), "xn--mller-kva.de:1234");
    assert_eq!(url.host_header(), "xn--mller-kva.de:1234");
    assert_eq!(url.path(), "/pa th");
    assert_eq!(url.query(), "search=ab");
    assert_eq!(url.raw_path(), "/pa%20th?search=ab");
    assert_eq!(url.fragment(), "anchor link");
    assert_eq!(url.params().get("search"), Some("ab"));
}

#[test]
fn c01_a_url_has_at_most_65536_characters() {
    let longest = format!("http://h/{}", "x".repeat(65_536 - 9));
    assert_eq!(url(&longest).as_str().len(), 65_536);
    assert_eq!(refusal(&format!("{longest}x")), "URL too long");
    // Characters count, not bytes.
    let wide = format!("http://h/{}", "é".repeat(65_536 - 9));
    assert_eq!(url(&wide).raw_path().len(), 1 + 6 * (65_536 - 9));
    assert_eq!(refusal(&format!("{wide}é")), "URL too long");
}

#[test]
fn c02_control_characters_are_refused_with_their_position() {
    let prefix = "Invalid non-printable ASCII character in URL,";
    assert_eq!(refusal("https://www.example.com/\n"), format!("{prefix} '\\n' at position 24."));
    assert_eq!(refusal("http://é\x7f/"), format!("{prefix} '\\x7f' at position 8."));
    assert_eq!(refusal("\thttp://h"), format!("{prefix} '\\t' at position 0."));
    assert_eq!(refusal("http://h:\0/"), format!("{prefix} '\\x00' at position 9."));
    assert_eq!(refusal("http://h/?a\r#"), format!("{prefix} '\\r' at position 11."));
}

#[test]
fn c03_scheme_and_host_are_lower_case_and_default_ports_go() {
    assert_eq!(url("HTTP://EXAMPLE.Org/A").as_str(), "http://example.org/A");
    for (scheme, port) in [("http", 80), ("https", 443), ("ws", 80), ("wss", 443), ("ftp", 21)] {
        for text in [format!("{scheme}://h:{port}"), format!("{}://h:0{port}", scheme.to_uppercase())] {
            let url = url(&text);
            assert_eq!((url.as_str(), url.port()), (format!("{scheme}://h").as_str(), None));
            assert_eq!(url.effective_port(), Some(port));
        }
    }
    assert_eq!(url("http://h:443").port(), Some(443));
    assert_eq!(url("http://h:").as_str(), "http://h");
    assert_eq!(url("http://h:080/").as_str(), "http://h/");
    assert_eq!(url("other://h").effective_port(), None);
}

#[test]
fn c04_a_port_is_a_number_up_to_65535() {
    assert_eq!(refusal("https://example.com:abc/"), "Invalid port: 'abc'");
    assert_eq!(refusal("http://h:-1"), "Invalid port: '-1'");
    assert_eq!(refusal("http://h: 80"), "Invalid port: ' 80'");
    assert_eq!(refusal("http://h:65536"), "Invalid port: '65536'");
    assert_eq!(refusal("http://h:99999999999999999999999"), "Invalid port: '99999999999999999999999'");
    assert_eq!(refusal("http://h:8_0"), "Invalid port: '8_0'");
    assert_eq!(refusal("http://h:８０"), "Invalid port: '８０'");
    assert_eq!(refusal("http://h:80:81"), "Invalid port: '80:81'");
    assert_eq!(refusal("http://h:it's"), "Invalid port: \"it's\"");
    assert_eq!(url("http://h:0").port(), Some(0));
    assert_eq!(url("http://h:65535").port(), Some(65535));
    assert_eq!(url("http://h:00000000000000000000081").as_str(), "http://h:81");
    assert_eq!(url("http://h:000").as_str(), "http://h:0");
}

#[test]
fn c06_https_and_wss_are_encrypted() {
    let is_ssl = ["https://h", "wss://h", "http://h", "ws://h", "/"].map(|text| url(text).is_ssl());
    assert_eq!(is_ssl, [true, true, false, false, false]);
}

#[test]
fn c07_absolute_is_what_has_scheme_and_host() {
    assert!(url("http://h").is_absolute() && url("other://h/x").is_absolute());
    for text in ["//host/x", "mailto:a@b", "file:///x", "http:path", "/path", "", "?q", "http://"] {
        assert!(url(text).is_relative(), "{text}");
    }
}

#[test]
fn c07_a_scheme_may_be_empty_and_so_may_an_authority() {
    let schemeless = url("://example.com");
    assert_eq!((schemeless.scheme(), schemeless.raw_host(), &*schemeless.path()), ("", "example.com", "/"));
    let hostless = url("http://");
    assert_eq!((hostless.scheme(), hostless.raw_host(), &*hostless.path()), ("http", "", "/"));
    assert_eq!(url("1x://h").scheme(), "");
}

#[test]
fn c08_names_are_encoded_by_idna_2008() {
    for (given, raw_host, host) in [
        ("http://中国.icom.museum:80/", "xn--fiqs8s.icom.museum", "中国.icom.museum"),
        ("http://Königsgäßchen.de", "xn--knigsgchen-b4a3dun.de", "königsgäßchen.de"),
        ("https://faß.de", "xn--fa-hia.de", "faß.de"),
        ("https://βόλος.com:443", "xn--nxasmm1c.com", "βόλος.com"),
        ("http://ශ්\u{200d}රී.com:444", "xn--10cl1a0b660p.com", "ශ්\u{200d}රී.com"),
        ("https://نامه\u{200c}ای.com:4433", "xn--mgba3gch31f060k.com", "نامه\u{200c}ای.com"),
        ("http://a.é。fr/", "a.xn--9ca.fr", "a.é.fr"),
        ("http://l·l.cat", "xn--ll-0ea.cat", "l·l.cat"),
    ] {
        let url = url(given);
        assert_eq!((url.raw_host(), &*url.host()), (raw_host, host));
        assert_eq!(super::tests::url(&format!("//{raw_host}")).host(), host);
    }
}

#[test]
fn c08_what_is_no_letter_is_no_name() {
    assert_eq!(refusal("https://☃.com/"), "Invalid IDNA hostname: '☃.com'");
    assert_eq!(refusal("https://😇/"), "Invalid IDNA hostname: '😇'");
    assert_eq!(refusal("http://a\u{ad}b"), "Invalid IDNA hostname: 'a\\xadb'");
    assert_eq!(refusal("http://a\u{2028}b"), "Invalid IDNA hostname: 'a\\u2028b'");
    assert_eq!(refusal("http://\u{e0001}"), "Invalid IDNA hostname: '\\U000e0001'");
    // Compatibility characters, marks first, hyphens and contexts: RFC 5891 §4.2.3.
    for host in
        ["１２.com", "ﬁ.com", "e\u{301}.com", "\u{301}é.com", "-é.com", "é-.com", "ab--é.com", "a·b.cat", "é..com"]
    {
        assert!(refusal(&format!("http://{host}")).starts_with("Invalid IDNA hostname"), "{host}");
    }
    for host in [
        "\u{660}\u{6f0}.ايران",
        "・.é",
        "a\u{200d}é",
        "a\u{375}b.gr",
        "\u{5f3}é",
        "a_é",
        &"é".repeat(64),
        &"é.".repeat(128),
    ] {
        assert!(refusal(&format!("http://{host}")).starts_with("Invalid IDNA hostname"), "{host}");
    }
}

#[test]
fn c09_every_label_is_decoded_for_people() {
    assert_eq!(url("http://www.xn--fa-hia.de").host(), "www.faß.de");
    assert_eq!(url("http://xn--fiqs8s.icom.museum").host(), "中国.icom.museum");
    // Valid to browsers, but not in IDNA 2008: the snowman stays wrapped.
    assert_eq!(url("http://xn--n3h.xn--fa-hia.de").host(), "xn--n3h.faß.de");
}

#[test]
fn c10_addresses_are_checked() {
    assert_eq!(url("https://1.2.3.4/").host(), "1.2.3.4");
    assert_eq!(refusal("https://999.999.999.999/"), "Invalid IPv4 address: '999.999.999.999'");
    assert_eq!(refusal("https://01.2.3.4/"), "Invalid IPv4 address: '01.2.3.4'");
    assert_eq!(refusal("x://1.2.3.256/"), "Invalid IPv4 address: '1.2.3.256'");
    assert_eq!(refusal("https://[2001]/"), "Invalid IPv6 address: '[2001]'");
    assert_eq!(refusal("https://[]/"), "Invalid IPv6 address: '[]'");
    assert_eq!(refusal("https://[v1.x]/"), "Invalid IPv6 address: '[v1.x]'");
    assert_eq!(refusal("https://u:p@[invalid!]//evilHost/path?t=w#tw"), "Invalid IPv6 address: '[invalid!]'");
}

#[test]
fn c10_ipv6_addresses_keep_their_text() {
    let mapped = url("http://[::ffff:192.168.0.1]:5678/");
    assert_eq!((&*mapped.host(), mapped.netloc()), ("::ffff:192.168.0.1", "[::ffff:192.168.0.1]:5678"));
    assert_eq!(mapped.host_header(), "[::ffff:192.168.0.1]:5678");
    assert_eq!(url("http://[2001:DB8:0:0::1]").raw_host(), "2001:DB8:0:0::1");
}

#[test]
fn c10_a_zone_stays_in_the_url_and_is_of_no_concern_to_the_server() {
    let escaped = url("http://[fe80::1%25eth0]:8080/");
    assert_eq!(escaped.as_str(), "http://[fe80::1%25eth0]:8080/");
    assert_eq!((escaped.raw_host(), &*escaped.dial_host()), ("fe80::1%25eth0", "fe80::1%eth0"));
    assert_eq!(escaped.host_header(), "[fe80::1]:8080");
    let plain = url("http://[fe80::1%eth0]/");
    assert_eq!((&*plain.dial_host(), &*plain.host_header()), ("fe80::1%eth0", "[fe80::1]"));
    for host in ["[::1%]", "[::1%25]", "[::%31]", "[fe80::1%a b]", "[fe80::1%x%y]", "[fe80::1%é]"] {
        assert_eq!(refusal(&format!("http://{host}")), format!("Invalid IPv6 address: '{host}'"));
    }
}

#[test]
fn c11_names_may_be_odd_but_a_space_is_escaped() {
    assert_eq!(url("https://exam le.com/").host(), "exam%20le.com");
    assert_eq!(url("https://exam%20le.com/").host(), "exam%20le.com");
    assert_eq!(url("http://A!\"$&'()*+,-.;=_`{}~/").raw_host(), "a!\"$&'()*+,-.;=_`{}~");
    assert_eq!(url("http://a_b-.c/").raw_host(), "a_b-.c");
    assert_eq!(url("http://ex%41mple.com/").raw_host(), "ex%41mple.com".to_lowercase());
}

#[test]
fn c12_each_component_escapes_its_own_characters() {
    let all = " !\"$%&'()*+,-.09:;<=>@AZ[\\]^_`az{|}~";
    let url = url(&format!("http://{all}@h/{all}?{all}/?#{all}/?#"));
    assert_eq!(url.userinfo(), "%20!%22$%&'()*+,-.09:%3B%3C%3D%3E%40AZ%5B%5C%5D%5E_%60az%7B%7C%7D~");
    assert_eq!(url.encoded_path(), "/%20!%22$%&'()*+,-.09:;%3C=%3E@AZ[\\]^_%60az%7B|%7D~");
    assert_eq!(url.query(), "%20!%22$%&'()*+,-.09:;%3C=%3E@AZ[\\]^_`az{|}~/?");
    assert_eq!(url.fragment_component(), Some("%20!%22$%&'()*+,-.09:;%3C=%3E@AZ[\\]^_%60az{|}~/?#"));
}

#[test]
fn c13_escapes_stay_and_everything_else_becomes_utf8() {
    assert_eq!(url("http://h/%7e%7E%zz%/é%2f").raw_path(), "/%7e%7E%zz%/%C3%A9%2f");
    assert_eq!(url("https://example.com/ /🌟/").raw_path(), "/%20/%F0%9F%8C%9F/");
    assert_eq!(url("http://webservice?u=phrase%20with spaces").query(), "u=phrase%20with%20spaces");
    assert_eq!(url("http://h/%C3%A9%ff%").path(), "/é\u{fffd}%");
}

#[test]
fn c14_quotes_and_slashes_are_safe_in_queries() {
    assert_eq!(url("https://www.example.com/?a=b c&d=e/f'").raw_path(), "/?a=b%20c&d=e/f'");
    assert_eq!(url("https://www.example.com/?a=b+c").raw_path(), "/?a=b+c");
}

#[test]
fn c15_dot_segments_go_where_a_url_has_a_scheme_or_an_authority() {
    for (given, normalised) in [
        ("https://example.com/abc/def/../ghi/./jkl", "https://example.com/abc/ghi/jkl"),
        ("https://example.com/../abc", "https://example.com/abc"),
        ("http://h/a//b/../c/", "http://h/a//c/"),
        ("http://h/..", "http://h"),
        ("http://h/a/..", "http://h"),
        ("http://h/a/b/.", "http://h/a/b"),
        ("http://h/...", "http://h/..."),
        ("http://h/%2e%2e/a", "http://h/%2e%2e/a"),
        ("//h/a/../b", "//h/b"),
        ("mailto:a/../b", "mailto:b"),
        ("../abc", "../abc"),
        ("/a/../b", "/a/../b"),
    ] {
        assert_eq!(url(given).as_str(), normalised);
    }
}

#[test]
fn c16_an_empty_query_is_not_no_query() {
    let empty = url("http://host/a?#");
    assert_eq!(empty.as_str(), "http://host/a?#");
    assert_eq!((&*empty.raw_path(), empty.query(), &*empty.fragment()), ("/a?", "", ""));
    assert_eq!(url("http://host/a").raw_path(), "/a");
    assert_eq!(url("http://host?").raw_path(), "/?");
    assert_ne!(empty, url("http://host/a"));
}

#[test]
fn c17_the_last_at_sign_ends_the_userinfo() {
    let user = url("https://username@gmail.com:pa ssword@example.com");
    assert_eq!(user.userinfo(), "username%40gmail.com:pa%20ssword");
    assert_eq!((&*user.username(), &*user.password()), ("username@gmail.com", "pa ssword"));
    let user = url("http://a:b:c@h");
    assert_eq!((&*user.username(), &*user.password()), ("a", "b:c"));
    assert_eq!(url("http://@h").as_str(), "http://h");
    assert_eq!(url("http://:p@h").password(), "p");
}

#[test]
fn c17_passwords_are_masked_for_logs_only() {
    let url = url("https://user:secret@host:8/p?q#f");
    assert_eq!(format!("{url:?}"), "Url(\"https://user:[secure]@host:8/p?q#f\")");
    assert_eq!(url.masked(), "https://user:[secure]@host:8/p?q#f");
    assert_eq!(url.to_string(), "https://user:secret@host:8/p?q#f");
    assert_eq!(super::tests::url("https://user@host/").masked(), "https://user@host/");
}

#[test]
fn c18_a_path_fits_its_authority() {
    let absolute = "For absolute URLs, path must be empty or begin with '/'";
    let parts = UrlParts { host: Change::Set("www.example.com"), path: Change::Set("abc"), ..UrlParts::default() };
    assert_eq!(message(url("https:").copy_with(&parts)), absolute);
    let with_path = |path| Url::parse_with("", &UrlParts { path: Change::Set(path), ..UrlParts::default() });
    assert_eq!(message(with_path("//abc")), "Relative URLs cannot have a path starting with '//'");
    assert_eq!(message(with_path(":abc")), "Relative URLs cannot have a path starting with ':'");
    assert_eq!(message(with_path("javascript:x")), "Relative URLs cannot have a path starting with a scheme");
    assert_eq!(refusal(":javascript:x"), "Relative URLs cannot have a path starting with a scheme");
    assert_eq!(with_path("abc").unwrap().path(), "abc");
    assert_eq!(with_path("1a:b").unwrap().as_str(), "1a:b");
}

#[test]
fn c18_a_path_with_two_slashes_never_becomes_a_host() {
    for text in ["http:////evil/x", "http://:80//evil/x", "http:/.//evil/x"] {
        let url = url(text);
        assert_eq!((url.raw_host(), &*url.path(), url.as_str()), ("", "//evil/x", "http:////evil/x"));
        assert_eq!(super::tests::url(url.as_str()), url);
    }
}

#[test]
fn c23_urls_are_equal_if_their_normalised_texts_are() {
    assert_eq!(url("HTTP://H:80/%7e"), url("http://h/%7e"));
    assert_eq!(url("http://h/a b"), "http://h/a%20b");
    assert_eq!(url("http://h/a b"), "HTTP://H/a b");
    assert_ne!(url("http://h"), url("http://h/"));
    assert_ne!(url("http://h"), "http://h:x");
    let set = HashSet::from([url("http://h:80"), url("HTTP://h"), url("http://h:81")]);
    assert_eq!(set.len(), 2);
    assert_eq!("http://H".parse::<Url>().unwrap(), url("http://h"));
}

#[test]
fn c24_no_path_is_a_slash_on_the_wire_only() {
    let url = url("http://h");
    assert_eq!((url.as_str(), &*url.raw_path(), &*url.path()), ("http://h", "/", "/"));
    assert_eq!(super::tests::url("http://h?a").raw_path(), "/?a");
}

#[test]
fn c28_forbidden_characters_make_no_host() {
    for c in ["<", ">", "[", "\\", "]", "^", "|"] {
        let expected =
            format!("Invalid character {} in hostname: {}", quoted::Quoted(c), quoted::Quoted(&format!("a{c}b")));
        assert_eq!(refusal(&format!("http://a{c}b/")), expected);
        assert_eq!(refusal(&format!("x://a{c}b/")), expected);
    }
    for escape in
        ["%00", "%0a", "%23", "%25", "%2F", "%3a", "%3C", "%3e", "%3f", "%40", "%5B", "%5c", "%5D", "%5e", "%7C", "%7f"]
    {
        assert!(refusal(&format!("http://a{escape}b/")).starts_with("Invalid character '"), "{escape}");
    }
    assert_eq!(refusal("http://a%2Fb/"), "Invalid character '/' in hostname: 'a%2Fb'");
    assert_eq!(refusal("http://%zz/"), "Invalid character '%' in hostname: '%zz'");
    assert_eq!(refusal("//a%40b/"), "Invalid character '@' in hostname: 'a%40b'");
    assert!(refusal("http://a%ffb/").starts_with("Invalid IDNA hostname"));
}

#[test]
fn c28_numbers_that_are_no_address_are_no_name() {
    for host in [
        "1.2.3.4.5",
        "1.2.3.4.5.",
        "4294967296",
        "256.256",
        "0x100000000",
        "foo.0x4",
        "foo.09",
        "1.2.3.08",
        "a.1",
        "0xz.1",
    ] {
        assert_eq!(refusal(&format!("http://{host}/")), format!("Invalid IPv4 address: '{host}'"));
    }
    assert!(refusal("http://1.2.3。256/").starts_with("Invalid IPv4 address"));
    assert!(refusal("http://中国.1/").starts_with("Invalid IPv4 address"));
    // The old ways to write an address, and names that only look like one.
    for host in [
        "2130706433",
        "0x7f.1",
        "1.2.3",
        "127.0.0.1.",
        "023b76x43144",
        "256.com",
        "10000000000.com",
        "foo.09..",
        "0x7f.0.0.0x7g",
    ] {
        assert_eq!(url(&format!("http://{host}/")).raw_host(), host);
    }
}

#[test]
fn c28_labels_in_punycode_must_mean_something() {
    for host in ["xn--", "xn--a", "xn--zn7c.com", "www.XN--A.com", "%78n--a", "xn--a%20b"] {
        assert_eq!(refusal(&format!("http://{host}/")), format!("Invalid IDNA hostname: '{host}'"));
    }
    // HTTPX's tests have this one: valid in UTS #46.
    assert_eq!(url("http://xn--n3h/").raw_host(), "xn--n3h");
}

#[test]
fn c28_a_host_that_names_no_place_on_the_network_may_be_opaque() {
    for host in ["%", "%43%7c", "h%4fst", "1.2.3.4.5", "%2fvar%2frun%2fx.sock", "%01%7f!\"$"] {
        assert_eq!(url(&format!("http+unix://{host}/x")).raw_host(), host);
        assert!(Url::parse(&format!("socks5://{host}:1080")).is_err() || host == "h%4fst", "{host}");
    }
    // It is looked at again when it becomes one.
    let parts = UrlParts { scheme: Change::Set("http"), ..UrlParts::default() };
    assert!(message(url("x://%00/").copy_with(&parts)).starts_with("Invalid character '\\x00'"));
}

#[test]
fn h11_requests_go_to_http_urls() {
    for text in ["http://h", "https://h", "ws://h", "wss://h/x?y"] {
        assert!(url(text).check_sendable().is_ok());
    }
    let refuse = |text| url(text).check_sendable().unwrap_err();
    let missing = refuse("//h/path");
    assert_eq!(missing.code(), Code::UNSUPPORTED_PROTOCOL);
    assert_eq!(missing.message(), "Request URL is missing an 'http://' or 'https://' protocol.");
    assert_eq!(refuse("ftp://h").message(), "Request URL has an unsupported protocol 'ftp://'.");
    assert_eq!(refuse("http:///path").code(), Code::UNSUPPORTED_PROTOCOL);
    assert_eq!(refuse("https://user:p@/").message(), missing.message());
}

#[test]
fn q07_a_lone_bracket_is_no_host() {
    assert_eq!(refusal("https://["), "Invalid character '[' in hostname: '['");
    assert_eq!(refusal("https://::1]/"), "Invalid port: ':1]'");
    assert_eq!(refusal("https://[::1]x/"), "Invalid port: 'x'");
}

#[test]
fn an_origin_is_scheme_host_and_port() {
    let origin = url("https://example.com");
    assert!(origin.same_origin(&url("https://u:p@EXAMPLE.com:443/x?y#z")));
    for other in ["http://example.com", "https://example.com:444", "https://www.example.com", "/"] {
        assert!(!origin.same_origin(&url(other)), "{other}");
    }
}

#[test]
fn a_url_that_begins_like_a_known_one_is_read_as_any_other() {
    let knowns =
        ["http://h", "https://u:p@h:1/x?y#z", "http://[::1]:8", "HTTP://H", "http://h%20x/", "/x", "//h/", "mailto:a"];
    let rests = [
        "",
        "/",
        "/a b/../c/./d",
        "?q#f",
        "#f",
        "?",
        "#",
        "//x",
        "/%zz?é#ü",
        ":1/",
        "0/",
        "@x/",
        "\\x",
        "/\n",
        "/a?b?c#d#e",
    ];
    for known in knowns.map(url) {
        let beginning = &known.as_str()[..known.as_str().len() - known.raw_path().len().min(known.as_str().len())];
        for rest in rests {
            for text in [format!("{beginning}{rest}"), format!("{}{rest}", known.as_str()), rest.to_owned()] {
                let (like, alone) = (Url::parse_like(Some(&known), &text), Url::parse(&text));
                assert_eq!(format!("{:?}", like.map(parts)), format!("{:?}", alone.map(parts)), "{text:?}");
            }
        }
    }
}

fn parts(url: Url) -> Vec<String> {
    let parts =
        [url.as_str(), url.scheme(), url.authority(), url.userinfo(), url.raw_host(), url.netloc(), url.query()];
    let mut parts: Vec<_> = parts.into_iter().map(str::to_owned).collect();
    parts.extend([url.raw_path().into_owned(), url.fragment().into_owned(), format!("{:?}", url.port())]);
    parts
}
