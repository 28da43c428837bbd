//! Changed and joined URLs, and what holds for any text.

use super::*;

fn url(text: &str) -> Url {
    Url::parse(text).unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

fn changed(text: &str, parts: UrlParts<'_>) -> String {
    url(text).copy_with(&parts).unwrap_or_else(|error| panic!("{text:?}, {parts:?}: {error}")).to_string()
}

fn refusal(text: &str, parts: UrlParts<'_>) -> String {
    let error = url(text).copy_with(&parts).expect_err("an invalid URL");
    assert_eq!(error.code(), Code::INVALID_URL);
    error.message().to_owned()
}

macro_rules! parts {
    ($($name:ident: $value:expr),*) => { UrlParts { $($name: $value,)* ..UrlParts::default() } };
}

use Change::{Remove, Set};

#[test]
fn c19_components_are_replaced() {
    let base = "https://www.example.com/";
    assert_eq!(changed(base, parts!()), base);
    assert_eq!(changed(base, parts!(scheme: Set("HTTP"))), "http://www.example.com/");
    assert_eq!(changed(base, parts!(netloc: Set("example.com:444"))), "https://example.com:444/");
    assert_eq!(changed(base, parts!(path: Set("/path to é"))), "https://www.example.com/path%20to%20%C3%A9");
    assert_eq!(changed(base, parts!(query: Set("a=b c"))), "https://www.example.com/?a=b%20c");
    assert_eq!(changed(base, parts!(fragment: Set("x y"))), "https://www.example.com/#x%20y");
    assert_eq!(changed(base, parts!(authority: Set("u:p@h:8"))), "https://u:p@h:8/");
    assert_eq!(changed(base, parts!(userinfo: Set("u:p/"))), "https://u:p%2F@www.example.com/");
    assert_eq!(
        changed("https://x", parts!(username: Set("u"), password: Set("p"), port: Set(444), host: Set("example.net"))),
        "https://u:p@example.net:444"
    );
}

#[test]
fn c19_components_are_removed() {
    let full = "https://u:p@h:8/p?q#f";
    assert_eq!(changed(full, parts!(scheme: Remove)), "//u:p@h:8/p?q#f");
    assert_eq!(changed(full, parts!(userinfo: Remove)), "https://h:8/p?q#f");
    assert_eq!(changed(full, parts!(username: Remove)), "https://h:8/p?q#f");
    assert_eq!(changed(full, parts!(host: Remove)), "https://u:p@:8/p?q#f");
    assert_eq!(changed(full, parts!(port: Remove)), "https://u:p@h/p?q#f");
    assert_eq!(changed(full, parts!(netloc: Remove, userinfo: Remove)), "https:/p?q#f");
    assert_eq!(changed(full, parts!(authority: Remove)), "https:/p?q#f");
    assert_eq!(changed(full, parts!(path: Remove)), "https://u:p@h:8?q#f");
    assert_eq!(changed(full, parts!(query: Remove)), "https://u:p@h:8/p#f");
    assert_eq!(changed(full, parts!(query: Set(""))), "https://u:p@h:8/p?#f");
    assert_eq!(changed(full, parts!(raw_path: Remove)), "https://u:p@h:8#f");
    assert_eq!(changed(full, parts!(params: Remove)), "https://u:p@h:8/p#f");
    assert_eq!(changed(full, parts!(fragment: Remove)), "https://u:p@h:8/p?q");
}

#[test]
fn c19_a_new_username_leaves_no_old_password() {
    assert_eq!(changed("https://u:p@h", parts!(username: Set("n"))), "https://n@h");
    assert_eq!(changed("https://u:p@h", parts!(password: Set("n"))), "https://:n@h");
    let new = url("https://example.org")
        .copy_with(&parts!(username: Set("tom:@example.org"), password: Set("abc123@ %")))
        .unwrap();
    assert_eq!(new.as_str(), "https://tom%3A%40example.org:abc123%40%20%@example.org");
    assert_eq!((&*new.username(), &*new.password()), ("tom:@example.org", "abc123@ %"));
}

#[test]
fn c19_hosts_with_colons_get_their_brackets() {
    for host in ["[::ffff:192.168.0.1]", "::ffff:192.168.0.1"] {
        for base in ["http://127.0.0.1:1234", "http://example.com:1234", "http://[::ffff:127.0.0.1]:1234"] {
            assert_eq!(changed(base, parts!(host: Set(host))), "http://[::ffff:192.168.0.1]:1234");
        }
        let built = parts!(scheme: Set("https"), host: Set(host), port: Set(443), path: Set("/"));
        assert_eq!(Url::parse_with("", &built).unwrap(), "https://[::ffff:192.168.0.1]/");
    }
    assert_eq!(refusal("http://h", parts!(host: Set("a:80"))), "Invalid IPv6 address: '[a:80]'");
}

#[test]
fn c19_no_component_breaks_out_of_its_place() {
    let base = "https://example.com/path?t=w#tw";
    let evil = "https://xxxx:xxxx@xxxxxxx/xxxxx/xxx?x=x#xxxxx";
    assert_eq!(refusal(base, parts!(scheme: Set(evil))), "Invalid URL component 'scheme'");
    assert_eq!(refusal(base, parts!(scheme: Set("~"))), "Invalid URL component 'scheme'");
    assert_eq!(refusal(base, parts!(authority: Set("h/x"))), "Invalid URL component 'authority'");
    assert_eq!(refusal(base, parts!(userinfo: Set("u@evil"))), "Invalid URL component 'userinfo'");
    assert_eq!(refusal(base, parts!(path: Set("/a?b"))), "Invalid URL component 'path'");
    assert_eq!(refusal(base, parts!(raw_path: Set("/a#b"))), "Invalid URL component 'path'");
    assert_eq!(refusal(base, parts!(query: Set("a#b"))), "Invalid URL component 'query'");
    assert_eq!(refusal(base, parts!(host: Set("a/b"))), "Invalid character '/' in hostname: 'a/b'");
    assert_eq!(refusal(base, parts!(netloc: Set("a@b:1"))), "Invalid character '@' in hostname: 'a@b'");
}

#[test]
fn c01_c02_components_are_checked_like_urls() {
    let long = "x".repeat(65_537);
    assert_eq!(refusal("http://h", parts!(query: Set(&long))), "URL component 'query' too long");
    assert_eq!(refusal("http://h", parts!(host: Set(&long))), "URL component 'host' too long");
    assert_eq!(
        refusal("http://h", parts!(path: Set("/\n"))),
        "Invalid non-printable ASCII character in URL path component, '\\n' at position 1."
    );
    assert_eq!(
        refusal("http://h", parts!(netloc: Set("h:\t"))),
        "Invalid non-printable ASCII character in URL port component, '\\t' at position 0."
    );
}

#[test]
fn c04_ports_are_checked_wherever_they_come_from() {
    for port in [-1, 65_536, i64::MAX] {
        assert_eq!(refusal("http://h", parts!(port: Set(port))), format!("Invalid port: '{port}'"));
    }
    assert_eq!(changed("http://h:8", parts!(port: Set(80))), "http://h");
    assert_eq!(changed("http://h:443", parts!(scheme: Set("https"))), "https://h");
}

#[test]
fn c20_raw_paths_split_at_the_first_question_mark_and_netlocs_behind_brackets() {
    assert_eq!(changed("http://h/?x", parts!(raw_path: Set("/some/path"))), "http://h/some/path");
    assert_eq!(changed("http://h", parts!(raw_path: Set("/some/path?"))), "http://h/some/path?");
    assert_eq!(changed("http://h", parts!(raw_path: Set("/p?a=1?b"))), "http://h/p?a=1?b");
    assert_eq!(changed("http://h", parts!(netloc: Set("[::1]:8"))), "http://[::1]:8");
    assert_eq!(changed("http://h:8", parts!(netloc: Set("i"))), "http://i");
}

#[test]
fn c21_parameters_are_changed_in_copies() {
    let base = url("https://example.org:123/?a=123");
    assert_eq!(base.copy_set_param("a", "456").unwrap(), "https://example.org:123/?a=456");
    assert_eq!(base.copy_add_param("a", "4 6").unwrap(), "https://example.org:123/?a=123&a=4+6");
    assert_eq!(base.copy_remove_param("a").unwrap(), "https://example.org:123/");
    let merged = base.copy_merge_params(&QueryParams::parse("b=456")).unwrap();
    assert_eq!(merged, "https://example.org:123/?a=123&b=456");
}

#[test]
fn c27_parameters_become_the_query() {
    let params = QueryParams::from_iter([("u", "http://example.com?q=foo%2Fa"), ("v", "with spaces")]);
    let with = |params| Url::parse_with("http://webservice?x", &parts!(params: Set(params))).unwrap().to_string();
    assert_eq!(with(&params), "http://webservice?u=http%3A%2F%2Fexample.com%3Fq%3Dfoo%252Fa&v=with+spaces");
    assert_eq!(with(&QueryParams::default()), "http://webservice");
}

#[test]
fn c22_references_resolve_as_in_rfc_3986() {
    let base = url("http://example.com/b/c/d;p?q");
    for (reference, target) in [
        ("g", "b/c/g"),
        ("./g", "b/c/g"),
        ("g/", "b/c/g/"),
        ("/g", "g"),
        ("?y", "b/c/d;p?y"),
        ("g?y", "b/c/g?y"),
        ("#s", "b/c/d;p?q#s"),
        ("g#s", "b/c/g#s"),
        ("g?y#s", "b/c/g?y#s"),
        (";x", "b/c/;x"),
        ("g;x", "b/c/g;x"),
        ("g;x?y#s", "b/c/g;x?y#s"),
        ("", "b/c/d;p?q"),
        (".", "b/c/"),
        ("./", "b/c/"),
        ("..", "b/"),
        ("../", "b/"),
        ("../g", "b/g"),
        ("../..", ""),
        ("../../", ""),
        ("../../g", "g"),
        ("../../../g", "g"),
        ("../../../../g", "g"),
        ("/./g", "g"),
        ("/../g", "g"),
        ("g.", "b/c/g."),
        (".g", "b/c/.g"),
        ("g..", "b/c/g.."),
        ("..g", "b/c/..g"),
        ("./../g", "b/g"),
        ("./g/.", "b/c/g/"),
        ("g/./h", "b/c/g/h"),
        ("g/../h", "b/c/h"),
        ("g;x=1/./y", "b/c/g;x=1/y"),
        ("g;x=1/../y", "b/c/y"),
        ("g?y/./x", "b/c/g?y/./x"),
        ("g?y/../x", "b/c/g?y/../x"),
        ("g#s/./x", "b/c/g#s/./x"),
        ("g#s/../x", "b/c/g#s/../x"),
        ("http:g", "b/c/g"),
        ("g?", "b/c/g?"),
        ("?", "b/c/d;p?"),
        ("/x//y/../z", "x//z"),
    ] {
        assert_eq!(base.join(reference).unwrap().as_str(), format!("http://example.com/{target}"), "{reference}");
    }
    assert_eq!(base.join("//g").unwrap(), "http://g");
    assert_eq!(base.join("https:g").unwrap(), "https:g");
    assert_eq!(base.join("HTTP://G:80/a/../b").unwrap(), "http://g/b");
    assert_eq!(base.join("http:////g").unwrap(), "http://example.com//g");
    assert_eq!(base.join("//[").unwrap_err().code(), Code::INVALID_URL);
}

#[test]
fn c22_joining_keeps_who_and_where() {
    assert_eq!(url("https://u:p@h:8").join("x y").unwrap(), "https://u:p@h:8/x%20y");
    assert_eq!(url("http://[::1]:8/a").join("?b").unwrap(), "http://[::1]:8/a?b");
    assert_eq!(url("https://example.com/?[]").join("/").unwrap(), "https://example.com/");
    assert_eq!(url("http+unix://%2Fx/a").join("b").unwrap(), "http+unix://%2fx/b");
    let relative = url("/path/to/somewhere");
    assert_eq!(relative.join("../else").unwrap(), "/path/else");
    assert_eq!(relative.join("../../../../else").unwrap(), "/else");
    assert_eq!(relative.join("http://h").unwrap(), "http://h");
    assert_eq!(url("a/b").join("..").unwrap(), "/");
    assert_eq!(url("").join("x").unwrap(), "x");
}

/// Marsaglia's xorshift: the same texts on every run.
struct XorShift(u64);

impl XorShift {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }

    fn text(&mut self, pieces: &[&str], longest: usize) -> String {
        (0..self.below(longest + 1)).map(|_| pieces[self.below(pieces.len())]).collect()
    }
}

const PIECES: &[&str] = &[
    "http",
    "https:",
    "//",
    "/",
    "/",
    "?",
    "#",
    "@",
    ":",
    "[",
    "]",
    "::",
    "%",
    "%2",
    "%2F",
    "%00",
    "%41",
    "a",
    "b.c",
    "EX",
    "0",
    "1.2.3.4",
    "255",
    ".",
    "..",
    "/./",
    "/../",
    "80",
    "xn--",
    "xn--fa-hia",
    "-",
    "_",
    "é",
    "中",
    "ß",
    "☃",
    "\u{200d}",
    "א",
    "٠",
    "。",
    "１",
    " ",
    "\\",
    "|",
    "^",
    "<",
    "{",
    "`",
    "\"",
    "'",
    "&",
    "=",
    ";",
    "+",
    "\n",
    "\u{7f}",
    "\u{a0}",
    "\u{fffd}",
];

#[test]
fn what_is_written_down_reads_back_as_the_same_url() {
    let mut random = XorShift(0x9e37_79b9_7f4a_7c15);
    let mut parsed = 0;
    for _ in 0..20_000 {
        let prefix = ["", "http://", "http://h", "//", "x:", "https://u:p@"][random.below(6)];
        let text = format!("{prefix}{}", random.text(PIECES, 8));
        let Ok(first) = Url::parse(&text) else { continue };
        parsed += 1;
        let second = url(first.as_str());
        assert_eq!(first.as_str(), second.as_str(), "{text:?}");
        assert!(first.as_str().bytes().all(|byte| byte.is_ascii_graphic()), "{text:?}");
        let components = |url: &Url| {
            [url.scheme(), url.userinfo(), url.raw_host(), url.netloc(), url.query(), &url.raw_path(), &url.fragment()]
                .map(String::from)
        };
        assert_eq!((components(&first), first.port()), (components(&second), second.port()), "{text:?}");
        assert_eq!(first.copy_with(&UrlParts::default()).unwrap().as_str(), first.as_str(), "{text:?}");
    }
    assert!(parsed > 5_000, "{parsed}");
}

#[test]
fn no_text_and_no_change_panics_and_every_result_is_a_url() {
    let mut random = XorShift(0x2545_f491_4f6c_dd1d);
    let mut results = 0;
    for _ in 0..10_000 {
        let texts: Vec<String> = (0..8).map(|_| random.text(PIECES, 4)).collect();
        let mut change = |index: usize| match random.below(5) {
            0 => Set(texts[index].as_str()),
            1 => Remove,
            _ => Change::Keep,
        };
        let parts = UrlParts {
            scheme: change(0),
            authority: change(1),
            username: change(2),
            netloc: change(3),
            host: change(4),
            path: change(5),
            raw_path: change(6),
            query: change(7),
            ..UrlParts::default()
        };
        let Ok(base) = Url::parse(&format!("http://h/{}", texts[0])) else { continue };
        for result in [base.copy_with(&parts), base.join(&texts[1]), Url::parse_with(&texts[2], &parts)] {
            match result {
                Ok(result) => assert_eq!(url(result.as_str()).as_str(), result.as_str()),
                Err(error) => assert_eq!(error.code(), Code::INVALID_URL),
            }
            results += 1;
        }
        let _ = (base.host(), base.masked(), base.params(), base.host_header(), base.dial_host());
    }
    assert!(results > 10_000, "{results}");
}
