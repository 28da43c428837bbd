//! Proxies from environment variables (checklist K12–K14): `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and the exceptions
//! in `NO_PROXY`, read as HTTPX and Python's `urllib` read them. Nothing here looks at the environment itself.

use std::ffi::OsString;

use super::ip_network::IpNetwork;
use super::url_pattern::{address_and_zone, UrlPattern};
use crate::error::{Code, Error};

/// A variable's value by its name.
type Lookup<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// Which requests go to which proxy by the environment; to none, where there is no URL. No pattern is there twice. What
/// is not understood in `NO_PROXY` is ignored (K14); the proxies' URLs are not looked at.
///
/// Fails with `INVALID_UTF8` if such a URL is not UTF-8.
pub fn proxy_environment(lookup: Lookup<'_>) -> Result<Vec<(UrlPattern, Option<String>)>, Error> {
    let exceptions = variable(lookup, "no").unwrap_or_default();
    let exceptions = exceptions.to_string_lossy();
    let exceptions = || exceptions.split(',').map(str::trim);
    if exceptions().any(|entry| entry == "*") {
        return Ok(Vec::new());
    }
    let mut routes = Vec::new();
    for scheme in ["http", "https", "all"] {
        if let Some(url) = proxy(lookup, scheme)? {
            routes.push((UrlPattern::parse(&format!("{scheme}://"))?, Some(url)));
        }
    }
    for pattern in exceptions().filter_map(exception) {
        match routes.iter_mut().find(|(known, _)| *known == pattern) {
            Some((_, url)) => *url = None,
            None => routes.push((pattern, None)),
        }
    }
    Ok(routes)
}

/// The URL of the proxy for a scheme; http's, if it does not say.
fn proxy(lookup: Lookup<'_>, scheme: &str) -> Result<Option<String>, Error> {
    let Some(value) = variable(lookup, scheme) else {
        return Ok(None);
    };
    let Ok(url) = value.into_string() else {
        let message = format!("The proxy in the environment for {scheme}:// is not valid UTF-8");
        return Err(Error::new(Code::INVALID_UTF8, message));
    };
    Ok(Some(if url.contains("://") { url } else { format!("http://{url}") }))
}

/// The lower-case variable counts where there is one, even if it is empty, which is as good as none.
fn variable(lookup: Lookup<'_>, scheme: &str) -> Option<OsString> {
    // A CGI script is given the field `Proxy` of a request in HTTP_PROXY (CVE-2016-1000110).
    let may_be_forged = scheme == "http" && lookup("REQUEST_METHOD").is_some();
    let lower = format!("{scheme}_proxy");
    let value = match may_be_forged {
        // There, names have no case, so neither variable is safe.
        true if cfg!(windows) => None,
        true => lookup(&lower),
        false => lookup(&lower).or_else(|| lookup(&lower.to_ascii_uppercase())),
    };
    value.filter(|value| !value.is_empty())
}

/// What an entry of `NO_PROXY` means; `None` if that is not clear.
fn exception(entry: &str) -> Option<UrlPattern> {
    if entry.contains("://") {
        return UrlPattern::parse(entry).ok();
    }
    let (host, prefix) = entry.split_once('/').unwrap_or((entry, ""));
    let name = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let pattern = match address_and_zone(name) {
        Some((address, _)) if !prefix.is_empty() && IpNetwork::new(address, prefix).is_none() => return None,
        Some((address, _)) if address.is_ipv6() => format!("all://[{name}]{}", &entry[host.len()..]),
        Some(_) => format!("all://{entry}"),
        None if entry.starts_with('[') || entry.eq_ignore_ascii_case("localhost") => format!("all://{entry}"),
        // `*.example.com` is `.example.com`, `*example.com` is `example.com`.
        None => format!("all://*{}", entry.strip_prefix('*').unwrap_or(entry)),
    };
    // Such as `/path`, in which no host is named.
    UrlPattern::parse(&pattern).ok().filter(|pattern| !pattern.matches_all())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::httpx::Url;

    fn environment(variables: &[(&str, &str)]) -> Vec<(String, Option<String>)> {
        let lookup = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into());
        let routes = proxy_environment(&lookup).unwrap();
        routes.into_iter().map(|(pattern, url)| (pattern.as_str().to_owned(), url)).collect()
    }

    /// The proxies by scheme.
    fn proxies(variables: &[(&str, &str)]) -> Vec<(String, String)> {
        environment(variables).into_iter().map(|(pattern, url)| (pattern, url.expect("a proxy"))).collect()
    }

    /// The patterns of what goes to no proxy.
    fn exceptions(no_proxy: &str) -> Vec<String> {
        environment(&[("NO_PROXY", no_proxy)]).into_iter().map(|(pattern, _)| pattern).collect()
    }

    /// Whether `NO_PROXY` keeps a URL from the proxy.
    fn is_direct(no_proxy: &str, url: &str) -> bool {
        let url = Url::parse(url).unwrap();
        let lookup = |name: &str| (name == "NO_PROXY").then(|| OsString::from(no_proxy));
        proxy_environment(&lookup).unwrap().iter().any(|(pattern, _)| pattern.matches(&url))
    }

    fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        expected.iter().map(|(pattern, url)| (pattern.to_string(), url.to_string())).collect()
    }

    #[test]
    fn k12_three_variables_name_proxies() {
        let variables = [("ALL_PROXY", "http://a:1"), ("HTTPS_PROXY", "socks5://b"), ("HTTP_PROXY", "https://u:p@c/x")];
        let expected = [("http://", "https://u:p@c/x"), ("https://", "socks5://b"), ("all://", "http://a:1")];
        assert_eq!(proxies(&variables), pairs(&expected));
        assert_eq!(proxies(&[("all_proxy", "http://a")]), pairs(&[("all://", "http://a")]));
        assert_eq!(environment(&[]), []);
    }

    #[test]
    fn k12_the_lower_case_variable_wins() {
        for order in
            [[("https_proxy", "http://l"), ("HTTPS_PROXY", "http://u")], [("HTTPS_PROXY", "u"), ("https_proxy", "l")]]
        {
            assert_eq!(proxies(&order), pairs(&[("https://", "http://l")]));
        }
        assert_eq!(environment(&[("NO_PROXY", "upper"), ("no_proxy", "lower")]), [("all://*lower".to_owned(), None)]);
    }

    #[test]
    fn k12_an_empty_variable_is_no_proxy() {
        assert_eq!(environment(&[("HTTP_PROXY", ""), ("https_proxy", "")]), []);
        assert_eq!(environment(&[("HTTP_PROXY", "http://u"), ("http_proxy", "")]), []);
        assert_eq!(environment(&[("NO_PROXY", "*"), ("no_proxy", "")]), []);
        let kept = [("NO_PROXY", "*"), ("no_proxy", ""), ("ALL_PROXY", "http://a")];
        assert_eq!(proxies(&kept), pairs(&[("all://", "http://a")]));
    }

    #[test]
    fn k12_a_proxy_without_a_scheme_is_an_http_proxy() {
        assert_eq!(proxies(&[("HTTP_PROXY", "h:8080")]), pairs(&[("http://", "http://h:8080")]));
        assert_eq!(proxies(&[("ALL_PROXY", "u:p@h")]), pairs(&[("all://", "http://u:p@h")]));
    }

    #[test]
    fn k12_what_is_no_proxy_url_is_passed_on_to_be_refused() {
        let variables = [("HTTP_PROXY", "gopher://h"), ("HTTPS_PROXY", "http://h:port")];
        assert_eq!(proxies(&variables), pairs(&[("http://", "gopher://h"), ("https://", "http://h:port")]));
    }

    #[test]
    #[cfg(unix)]
    fn k12_a_proxy_url_is_utf8() {
        use std::os::unix::ffi::OsStringExt;
        let latin1 = |name: &str| (name == "HTTPS_PROXY").then(|| OsString::from_vec(b"http://u:\xe4@h".to_vec()));
        let error = proxy_environment(&latin1).unwrap_err();
        assert_eq!(error.code(), Code::INVALID_UTF8);
        assert_eq!(error.message(), "The proxy in the environment for https:// is not valid UTF-8");
        let exceptions = |name: &str| (name == "NO_PROXY").then(|| OsString::from_vec(b"\xe4.example,h".to_vec()));
        let routes = proxy_environment(&exceptions).unwrap();
        assert_eq!(routes, [(UrlPattern::parse("all://*h").unwrap(), None)]);
    }

    #[test]
    #[cfg(not(windows))]
    fn k12_a_cgi_script_takes_no_proxy_from_a_request() {
        let forged = ("HTTP_PROXY", "http://evil");
        for method in ["GET", ""] {
            assert_eq!(environment(&[forged, ("REQUEST_METHOD", method)]), []);
        }
        let own = [forged, ("http_proxy", "http://own"), ("REQUEST_METHOD", "GET")];
        assert_eq!(proxies(&own), pairs(&[("http://", "http://own")]));
        let others = [("HTTPS_PROXY", "http://s"), ("ALL_PROXY", "http://a"), ("REQUEST_METHOD", "GET")];
        assert_eq!(proxies(&others), pairs(&[("https://", "http://s"), ("all://", "http://a")]));
    }

    #[test]
    fn k13_exceptions_go_to_no_proxy() {
        let variables = [("NO_PROXY", "example.com"), ("HTTP_PROXY", "http://h")];
        let expected = [("http://".to_owned(), Some("http://h".to_owned())), ("all://*example.com".to_owned(), None)];
        assert_eq!(environment(&variables), expected);
    }

    #[test]
    fn k13_the_forms_of_an_exception() {
        let forms = [
            ("google.com", "all://*google.com"),
            (".google.com", "all://*.google.com"),
            ("google.com:8080", "all://*google.com:8080"),
            (":8080", "all://*:8080"),
            ("127.0.0.1", "all://127.0.0.1"),
            ("127.0.0.1:8080", "all://*127.0.0.1:8080"),
            ("192.168.0.0/16", "all://192.168.0.0/16"),
            ("::1", "all://[::1]"),
            ("fe80::1%eth0", "all://[fe80::1%eth0]"),
            ("localhost", "all://localhost"),
            ("LocalHost", "all://LocalHost"),
            ("localhost:8080", "all://*localhost:8080"),
            ("http://x.com", "http://x.com"),
            ("https://*.x.com:8443", "https://*.x.com:8443"),
            ("müller.de", "all://*müller.de"),
        ];
        for (entry, pattern) in forms {
            assert_eq!(exceptions(entry), [pattern], "{entry}");
        }
    }

    #[test]
    fn k13_exceptions_are_separated_by_commas() {
        let list = " a.com ,, .b.com,\t127.0.0.1, a.com,http://c.com,";
        assert_eq!(exceptions(list), ["all://*a.com", "all://*.b.com", "all://127.0.0.1", "http://c.com"]);
    }

    #[test]
    fn k13_an_asterisk_anywhere_means_no_proxies_at_all() {
        for no_proxy in ["*", "a.com, * ,b.com", "b.com,*"] {
            assert_eq!(environment(&[("NO_PROXY", no_proxy), ("HTTP_PROXY", "http://h")]), [], "{no_proxy}");
        }
    }

    #[test]
    fn k13_an_exception_can_take_a_proxys_place() {
        let variables = [("HTTP_PROXY", "http://h"), ("ALL_PROXY", "http://a"), ("NO_PROXY", "http://")];
        assert_eq!(
            environment(&variables),
            [("http://".to_owned(), None), ("all://".to_owned(), Some("http://a".to_owned()))]
        );
    }

    #[test]
    fn k13_a_name_is_for_its_subdomains_too_and_a_dot_for_them_only() {
        assert!(is_direct("google.com", "http://google.com") && is_direct("google.com", "http://www.google.com"));
        assert!(!is_direct("google.com", "http://wwwgoogle.com"));
        assert!(is_direct(".google.com", "http://www.google.com") && !is_direct(".google.com", "http://google.com"));
        assert!(is_direct("localhost", "http://LOCALHOST:1") && !is_direct("localhost", "http://www.localhost"));
        assert!(is_direct("a.com:443", "https://a.com") && !is_direct("a.com:443", "http://a.com"));
        assert!(is_direct("http://x.com", "http://x.com") && !is_direct("http://x.com", "https://x.com"));
        assert!(is_direct("müller.de", "http://www.xn--mller-kva.de"));
    }

    #[test]
    fn k14_networks_are_for_their_addresses() {
        assert!(is_direct("10.0.0.0/8", "http://10.1.2.3:8000") && !is_direct("10.0.0.0/8", "http://11.1.2.3"));
        assert!(is_direct("fd00::/8", "https://[fd12::1]") && !is_direct("fd00::/8", "https://[fe80::1]"));
        assert!(is_direct("[fd00::]/8", "https://[fd12::1]") && is_direct("[::1]/128", "https://[0::1]"));
        assert_eq!(exceptions("fd00::/8,[fd00::]/8"), ["all://[fd00::]/8"]);
    }

    #[test]
    fn k14_ipv6_addresses_may_have_brackets_and_then_a_port() {
        assert_eq!(exceptions("[::1],::1,[::1]:8080"), ["all://[::1]", "all://[::1]:8080"]);
        assert!(is_direct("[::1]:8080", "http://[::1]:8080") && !is_direct("[::1]:8080", "http://[::1]"));
    }

    #[test]
    fn k14_an_asterisk_before_a_name_changes_nothing() {
        assert_eq!(exceptions("*.bar.com,*bar.com,*:81"), ["all://*.bar.com", "all://*bar.com", "all://*:81"]);
        assert!(is_direct("*.bar.com", "http://foo.bar.com") && !is_direct("*.bar.com", "http://bar.com"));
    }

    #[test]
    fn k14_entries_that_cannot_be_understood_are_ignored() {
        let bad = [
            "10.0.0.0/33",
            "10.0.0.0/255.0.0.0",
            "10.0.0.0/x",
            "fd00::/129",
            "[fd00::]/x",
            "[::1",
            "[1.2.3.4]",
            "[]",
            "a.com:port",
            "a.com:99999",
            "http://a:port",
            "1.2.3.256",
            "☃.com",
            "a b://c",
            "my_scheme://",
            "/",
            "/path",
            "?",
            "#",
            "@",
            "user@",
            "a\u{7f}b",
            "a<b>",
        ];
        for entry in bad {
            assert_eq!(exceptions(&format!("{entry},good.com")), ["all://*good.com"], "{entry:?}");
        }
    }
}
