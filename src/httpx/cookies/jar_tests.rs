//! What servers do with cookies, and what they get back (checklist B33, D09–D14, E06, F09).

use std::time::{Duration, UNIX_EPOCH};

use super::cookie::SameSite;
use super::*;

const START: u64 = 1_700_000_000;

fn after(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(START + seconds)
}

/// The jar of a client at the time 0.
#[derive(Default)]
struct Jar(Cookies);

impl Jar {
    fn receive(&mut self, url: &str, lines: &[&[u8]]) {
        self.0.extract(&Url::parse(url).unwrap(), lines.iter().copied(), after(0));
    }

    fn header_bytes(&self, url: &str, seconds: u64) -> Vec<u8> {
        self.0.header(&Url::parse(url).unwrap(), after(seconds)).map(Vec::from).unwrap_or_default()
    }

    fn header(&self, url: &str) -> String {
        String::from_utf8(self.header_bytes(url, 0)).unwrap()
    }
}

fn received(url: &str, lines: &[&str]) -> Jar {
    let mut jar = Jar::default();
    jar.receive(url, &lines.iter().map(|line| line.as_bytes()).collect::<Vec<_>>());
    jar
}

/// What one host sends and gets back at the same URL.
fn echo(url: &str, lines: &[&str]) -> String {
    received(url, lines).header(url)
}

/// How long a cookie lives, in seconds.
fn lifetime(line: &str) -> Option<u64> {
    let jar = received("http://example.com/", &[line]);
    let cookie = jar.0.iter().next().expect(line).clone();
    cookie.expires_unix().map(|expires| expires - START)
}

#[test]
fn b33_cookies_go_back_in_one_header() {
    assert_eq!(echo("http://example.com/", &["a=1", "b=2; HttpOnly", " c = 3 ; x"]), "a=1; b=2; c=3");
    assert_eq!(echo("http://example.com/", &[]), "");
    assert_eq!(Jar::default().0.header(&Url::parse("http://example.com/").unwrap(), after(0)), None);
}

#[test]
fn d09_a_jar_lives_on_and_a_responses_cookies_are_its_own() {
    // E06, F09: what a redirect or a 401 sets is there for the next request.
    let mut jar = received("http://example.com/login", &["a=1; Path=/", "b=2; Path=/"]);
    jar.receive("http://example.com/next", &[b"a=3; Path=/"]);
    assert_eq!(jar.header("http://example.com/"), "a=3; b=2");
    assert_eq!(jar.0.len(), 2);
    assert_eq!(received("http://example.com/next", &["a=3"]).0.len(), 1);
}

#[test]
fn d09_attributes_are_kept() {
    let jar = received("https://example.com/", &["a=1; secure; HTTPONLY=x; samesite=STRICT", "b=2; SameSite=what"]);
    let attributes = jar.0.iter().map(|cookie| (cookie.secure(), cookie.http_only(), cookie.same_site()));
    assert!(attributes.eq([(true, true, Some(SameSite::Strict)), (false, false, None)]));
}

#[test]
fn d09_secure_cookies_come_from_and_go_to_secure_origins_only() {
    let mut jar = received("https://example.com/", &["a=1; Secure"]);
    assert_eq!(jar.header("https://example.com/"), "a=1");
    assert_eq!(jar.header("wss://example.com:8443/"), "a=1");
    assert_eq!(jar.header("http://example.com/"), "");
    assert_eq!(jar.header("ws://example.com/"), "");
    jar.receive("http://example.com/", &[b"b=1; Secure"]);
    assert_eq!(jar.0.len(), 1);
}

#[test]
fn d14_an_insecure_origin_leaves_secure_cookies_alone() {
    let mut jar = received("https://www.example.com/", &["a=1; Secure; Path=/p; Domain=example.com"]);
    jar.receive(
        "http://www.example.com/",
        &[b"a=2; Path=/p; Domain=example.com", b"a=3; Path=/p/q", b"a=4; Path=/p; Max-Age=0; Domain=example.com"],
    );
    assert_eq!(jar.header("https://www.example.com/p/q"), "a=1");
    jar.receive("http://www.example.com/", &[b"a=5; Path=/", b"b=6; Path=/p"]);
    jar.receive("http://example.org/", &[b"a=7; Path=/p"]);
    assert_eq!(jar.header("https://www.example.com/p"), "a=1; b=6; a=5");
    assert_eq!(jar.header("https://example.org/p"), "a=7");
    jar.receive("https://example.com/", &[b"a=8; Path=/p; Domain=example.com"]);
    assert_eq!(jar.header("https://www.example.com/p"), "a=8; b=6; a=5");
}

#[test]
fn d09_max_age_beats_expires() {
    let soon = "Expires=Tue, 14 Nov 2023 22:13:30 GMT";
    assert_eq!(lifetime("a=1"), None);
    assert_eq!(lifetime(&format!("a=1; {soon}")), Some(10));
    assert_eq!(lifetime(&format!("a=1; Max-Age=60; {soon}")), Some(60));
    assert_eq!(lifetime(&format!("a=1; {soon}; Max-Age=60")), Some(60));
    assert_eq!(lifetime(&format!("a=1; {soon}; Max-Age=x")), Some(10));
    assert_eq!(lifetime("a=1; Max-Age=60; Max-Age=30"), Some(30));
    assert_eq!(lifetime("a=1; Max-Age=60; Max-Age=; Max-Age=+5; Max-Age=1.5; Max-Age=-"), Some(60));
    assert_eq!(lifetime(&format!("a=1; {soon}; Expires=never")), Some(10));
    assert_eq!(lifetime("a=1; Expires=never"), None);
}

#[test]
fn d14_no_cookie_lives_longer_than_400_days() {
    let limit = Some(400 * 24 * 60 * 60);
    assert_eq!(lifetime("a=1; Max-Age=99999999999999999999999999"), limit);
    assert_eq!(lifetime("a=1; Expires=31 Dec 9999 23:59:59"), limit);
}

#[test]
fn d09_an_expired_cookie_is_not_sent_and_goes() {
    let mut jar = received("http://example.com/", &["a=1; Max-Age=10", "b=2"]);
    assert_eq!(jar.header_bytes("http://example.com/", 9), b"a=1; b=2");
    assert_eq!(jar.header_bytes("http://example.com/", 10), b"b=2");
    jar.0.remove_expired(after(10));
    assert_eq!(jar.0.len(), 1);
    let mut jar = received("http://example.com/", &["a=1; Max-Age=10"]);
    jar.0.extract(&Url::parse("http://example.org/").unwrap(), [&b"b=2"[..]], after(10));
    assert!(jar.0.iter().map(Cookie::name).eq(["b"]));
}

#[test]
fn d14_max_age_zero_deletes_within_the_same_response() {
    for end in ["Max-Age=0", "Max-Age=-1", "Expires=Thu, 01-Jan-1970 00:00:00 GMT", "Expires=1 Jan 1601 00:00:00"] {
        let end = format!("a=; {end}");
        assert_eq!(echo("http://example.com/", &["a=1", "b=2", &end]), "b=2", "{end}");
        assert_eq!(echo("http://example.com/", &["a=1", &end, "a=3"]), "a=3", "{end}");
        let other_path = format!("{end}; Path=/p");
        assert_eq!(echo("http://example.com/", &["a=1", &other_path]), "a=1", "{end}");
    }
}

#[test]
fn d10_a_domain_is_for_the_hosts_below_it() {
    for attribute in
        ["Domain=example.com", "Domain=.Example.COM", "domain=\texample.com ", "Domain=x.y; Domain=example.com"]
    {
        let jar = received("http://www.example.com/", &[&format!("a=1; {attribute}")]);
        assert_eq!(jar.0.iter().next().expect(attribute).domain(), ".example.com");
        for url in ["http://example.com/", "http://www.example.com/", "https://a.b.example.com:8080/"] {
            assert_eq!(jar.header(url), "a=1", "{url}");
        }
        for url in ["http://badexample.com/", "http://example.com.evil.example/", "http://com/", "http://example.org/"]
        {
            assert_eq!(jar.header(url), "", "{url}");
        }
    }
}

#[test]
fn d10_foreign_domains_and_public_suffixes_are_refused() {
    for (host, domain) in [
        ("example.com", "example.org"),
        ("example.com", "www.example.com"),
        ("example.com", "com"),
        ("example.com", ".com"),
        ("example.com", "com."),
        ("example.com", "xample.com"),
        ("example.com", "example.com."),
        ("example.com", "example.com:80"),
        ("example.com", "..example.com"),
        ("example.com", "éxample.com"),
        ("shop.example.co.uk", "co.uk"),
        ("me.github.io", "github.io"),
        ("a.intranet", "intranet"),
        ("a.localhost", "localhost"),
    ] {
        let jar = received(&format!("http://{host}/"), &[&format!("a=1; Domain={domain}")]);
        assert!(jar.0.is_empty(), "{host} {domain}");
    }
}

#[test]
fn d11_without_a_domain_a_cookie_is_for_its_host_only() {
    for line in ["a=1", "a=1; Domain=", "a=1; Domain=example.com; Domain=", "a=1; Domain=."] {
        let jar = received("http://example.com/", &[line]);
        assert_eq!(jar.0.iter().next().expect(line).domain(), "example.com");
        assert_eq!(jar.header("http://example.com/"), "a=1");
        assert_eq!(jar.header("http://www.example.com/"), "");
    }
    // A public suffix may keep cookies for itself.
    let jar = received("http://github.io/", &["a=1; Domain=github.io"]);
    assert_eq!((jar.header("http://github.io/"), jar.header("http://me.github.io/")), ("a=1".into(), String::new()));
    // One name and path, but two domains: two cookies.
    assert_eq!(echo("http://example.com/", &["a=1", "a=2; Domain=example.com"]), "a=1; a=2");
}

#[test]
fn d12_addresses_are_exact_and_ports_do_not_matter() {
    assert_eq!(echo("http://127.0.0.1/", &["a=1; Domain=127.0.0.1", "b=2"]), "a=1; b=2");
    assert_eq!(echo("http://127.0.0.1/", &["a=1; Domain=0.0.1", "b=1; Domain=.1", "c=1; Domain=1"]), "");
    assert_eq!(
        echo("http://[::1]:8080/", &["a=1", "b=2; Domain=::1", "c=3; Domain=[::1]", "d=4; Domain=1"]),
        "a=1; b=2; c=3"
    );
    assert_eq!(received("http://[::a]/", &["a=1"]).header("http://[0:0::A]/"), "a=1");
    let jar = received("http://127.0.0.1:8080/", &["a=1; Domain=127.0.0.1"]);
    assert_eq!(jar.0.iter().next().unwrap().domain(), "127.0.0.1");
    assert_eq!(jar.header("http://127.0.0.1:9090/"), "a=1");
    assert_eq!(jar.header("http://1.127.0.0.1.example/"), "");
}

#[test]
fn a_name_without_a_dot_may_say_that_it_is_local() {
    let jar = received("http://server/", &["a=1; Domain=server.local", "b=2; Domain=other.local"]);
    assert_eq!(jar.header("http://server/"), "a=1");
    assert_eq!(jar.header("http://server.local/"), "");
}

#[test]
fn d12_localhost_reads_localhost_local() {
    let mut jar = received("http://localhost:8000/", &["a=1; Domain=localhost"]);
    assert_eq!(jar.0.iter().next().unwrap().domain(), "localhost.local");
    for domain in ["localhost", "localhost.local"] {
        assert_eq!(jar.0.get("a", Some(domain), None).unwrap().unwrap(), "1");
    }
    assert_eq!(jar.header("http://localhost/"), "a=1");
    assert_eq!(jar.header("http://localhost.local/"), "");
    assert_eq!(jar.header("http://a.localhost/"), "");
    jar.0.set("a", "2", "localhost.local", "/").unwrap();
    assert_eq!(jar.header("http://localhost/"), "a=2");
}

#[test]
fn d10_paths_are_directories_and_the_longest_comes_first() {
    let jar = received(
        "http://example.com/a/b?q=/x/",
        &["z=1; Path=/", "y=2", "x=3; Path=/a/b", "w=4; Path=/a", "v=5; Path=/c"],
    );
    assert!(jar.0.iter().map(Cookie::path).eq(["/", "/a", "/a/b", "/a", "/c"]));
    assert_eq!(jar.header("http://example.com/a/b/c"), "x=3; y=2; w=4; z=1");
    assert_eq!(jar.header("http://example.com/a?/b"), "y=2; w=4; z=1");
    assert_eq!(jar.header("http://example.com/ab"), "z=1");
    assert_eq!(jar.header("http://example.com"), "z=1");
    assert_eq!(jar.header("http://example.com?q"), "z=1");
    assert_eq!(jar.header("http://example.com/c/%2e"), "v=5; z=1");
}

#[test]
fn d14_the_last_path_wins() {
    for (line, path) in [
        ("a=1; Path=/x; Path=/y", "/y"),
        ("a=1; Path=/x; Path=y", "/p"),
        ("a=1; Path=/x; Path", "/p"),
        ("a=1; Path=\"/x\"", "/p"),
        ("a=1; Path=/é x", "/%C3%A9%20x"),
    ] {
        assert_eq!(received("http://example.com/p/q", &[line]).0.iter().next().unwrap().path(), path, "{line}");
    }
    let jar = received("http://example.com/", &["a=1; Path=/é x"]);
    assert_eq!(jar.header("http://example.com/é x/y"), "a=1");
}

#[test]
fn d12_a_name_alone_is_sent_bare_and_a_value_alone_is_none() {
    let jar = received("http://example.com/", &["noeq", "=v", "=", "", ";Secure", " ; a=1", "b=", "noeq; Path=/p"]);
    assert_eq!(jar.header("http://example.com/"), "noeq; b=");
    assert_eq!(jar.0.get("noeq", None, None).unwrap(), None);
    assert_eq!(jar.0.get("b", None, None).unwrap().unwrap(), "");
    assert_eq!(jar.header("http://example.com/p"), "noeq; noeq; b=");
}

#[test]
fn d12_quotes_and_equals_signs_belong_to_the_value() {
    assert_eq!(
        echo("http://example.com/", &["a=\"1; 2\"", "b=\"x\"", "c=1=2==", "d=1,2"]),
        "a=\"1; b=\"x\"; c=1=2==; d=1,2"
    );
}

#[test]
fn d14_bytes_survive_the_round_trip() {
    let mut jar = Jar::default();
    jar.receive("http://example.com/", &[b"caf\xc3\xa9=\xe4\xb8\x96", b"\xff=\xfe\x80", b"tab=1\t2"]);
    assert_eq!(jar.header_bytes("http://example.com/", 0), b"caf\xc3\xa9=\xe4\xb8\x96; \xff=\xfe\x80; tab=1\t2");
}

#[test]
fn d14_control_characters_refuse_the_cookie() {
    for control in (0..=0x1f).chain([0x7f]).filter(|byte| *byte != b'\t') {
        let control = char::from(control);
        for line in [format!("a{control}=1"), format!("a=1{control}2"), format!("a=1; Path=/{control}")] {
            assert_eq!(echo("http://example.com/", &[&line, "b=2"]), "b=2", "{line:?}");
        }
    }
}

#[test]
fn d14_name_and_value_have_4096_bytes_at_most() {
    let long = "x".repeat(4095);
    assert_eq!(received("http://example.com/", &[&format!("a={long}; Path=/")]).0.len(), 1);
    assert_eq!(received("http://example.com/", &[&format!("ab={long}"), &format!("{long}yz")]).0.len(), 0);
    // An attribute has 1024; a longer one is as if it were not there.
    let path = "x".repeat(1023);
    let paths = [format!("a=1; Path=/{path}"), format!("b=1; Path=/{path}x")];
    let jar = received("http://example.com/", &[&paths[0], &paths[1]]);
    assert!(jar.0.iter().map(|cookie| cookie.path().len()).eq([1024, 1]));
}

#[test]
fn d14_prefixes_keep_their_promise() {
    let origin = "https://www.example.com/p/q";
    for line in [
        "__Secure-a=1; Secure; Domain=example.com",
        "__secure-a=1; Secure",
        "__Host-a=1; Secure; Path=/",
        "__HOST-a=1; Path=/; Secure; Domain=",
        "__Hosta=1",
        "__Secur=1",
    ] {
        assert_eq!(received(origin, &[line]).0.len(), 1, "{line}");
    }
    for line in [
        "__Secure-a=1",
        "__SECURE-a=1; HttpOnly",
        "__Host-a=1; Path=/",
        "__Host-a=1; Secure",
        "__Host-a=1; Secure; Path=/p",
        "__host-a=1; Secure; Path=/; Domain=www.example.com",
        "__Host-a; Secure; Path=/",
        "__Secure-a; Secure",
    ] {
        assert!(received(origin, &[line]).0.is_empty(), "{line}");
    }
    // Without the Path attribute, not even the right default is enough.
    assert!(received("https://www.example.com/", &["__Host-a=1; Secure"]).0.is_empty());
    assert!(received("http://www.example.com/", &["__Host-a=1; Secure; Path=/"]).0.is_empty());
}

#[test]
fn a_flood_of_one_site_stays_within_it() {
    let mut jar = received("https://other.example/", &["a=1"]);
    jar.receive("https://flood.example/", &[b"kept=1; Secure"]);
    for host in 0..4 {
        let lines: Vec<String> = (0..100).map(|number| format!("{host}-{number}=1")).collect();
        jar.receive(
            &format!("https://h{host}.flood.example/"),
            &lines.iter().map(|line| line.as_bytes()).collect::<Vec<_>>(),
        );
    }
    assert_eq!(jar.0.len(), 1 + 180);
    assert_eq!(jar.header("https://other.example/"), "a=1");
    assert_eq!(jar.header("https://flood.example/"), "kept=1");
    // The newest remain.
    assert!(jar.header("https://h2.flood.example/").starts_with("2-21=1; 2-22=1"));
    assert_eq!(jar.header("https://h3.flood.example/").split("; ").count(), 100);
}

#[test]
fn a_flood_of_many_sites_stays_below_3000_and_leaves_the_users_cookies() {
    let mut jar = Jar::default();
    jar.0.set("everywhere", "1", "", "/").unwrap();
    jar.receive("http://first.example/", &[b"a=1"]);
    let lines: Vec<String> = (0..100).map(|number| format!("{number}=1")).collect();
    let lines: Vec<&[u8]> = lines.iter().map(|line| line.as_bytes()).collect();
    for site in 0..31 {
        jar.receive(&format!("http://s{site}.example/"), &lines);
    }
    assert_eq!(jar.0.len(), 1 + 3000);
    assert_eq!(jar.header("http://first.example/"), "everywhere=1");
    jar.0.set("late", "2", "", "/p").unwrap();
    jar.receive("http://last.example/", &[b"a=1"]);
    assert_eq!(jar.0.len(), 2 + 3000);
    assert_eq!(jar.header("http://s0.example/"), "everywhere=1");
    assert_eq!(jar.header("http://s30.example/").split("; ").count(), 101);
}

#[test]
fn a_url_without_a_host_sets_nothing() {
    assert!(received("/path", &["a=1"]).0.is_empty());
}
