//! What users do with cookies: set, get, delete, clear, update (checklist D07, D08, D13).

use std::time::UNIX_EPOCH;

use super::*;

fn cookies(list: &[(&str, &str, &str, &str)]) -> Cookies {
    let mut cookies = Cookies::default();
    for (name, value, domain, path) in list {
        cookies.set(name, value, domain, path).unwrap();
    }
    cookies
}

fn get<'a>(cookies: &'a Cookies, name: &str, domain: Option<&str>, path: Option<&str>) -> Option<&'a [u8]> {
    cookies.get(name, domain, path).unwrap().map(|value| &value[..])
}

fn header(cookies: &Cookies, url: &str) -> String {
    let header = cookies.header(&Url::parse(url).unwrap(), UNIX_EPOCH);
    header.map_or_else(String::new, |header| String::from_utf8_lossy(&header).into_owned())
}

#[test]
fn d07_what_is_set_can_be_read() {
    let mut cookies = Cookies::default();
    assert_eq!((cookies.len(), cookies.is_empty()), (0, true));
    cookies.set("a", "1", "", "/").unwrap();
    cookies.set("b", "2", ".Example.com", "").unwrap();
    cookies.set("a", "3", "", "/").unwrap();
    assert_eq!((cookies.len(), cookies.is_empty()), (2, false));
    assert_eq!(get(&cookies, "a", None, None), Some(&b"3"[..]));
    assert_eq!(get(&cookies, "b", Some(".EXAMPLE.com"), Some("")), Some(&b"2"[..]));
    assert_eq!(get(&cookies, "A", None, None), None);
    let listed: Vec<_> = cookies.iter().map(|cookie| (&cookie.name()[..], cookie.domain(), cookie.path())).collect();
    assert_eq!(listed, [(&b"a"[..], "", "/"), (b"b", ".example.com", "/")]);
    let cookie = cookies.iter().nth(1).unwrap();
    assert_eq!(cookie.value().unwrap(), "2");
    assert_eq!((cookie.secure(), cookie.http_only(), cookie.same_site(), cookie.expires()), (false, false, None, None));
}

#[test]
fn d07_what_could_not_be_sent_is_refused() {
    let mut cookies = Cookies::default();
    for (name, value, domain, path) in [
        ("", "1", "", "/"),
        ("a=b", "1", "", "/"),
        ("a;b", "1", "", "/"),
        ("a\r\nX", "1", "", "/"),
        ("a", "1\r\nX: y", "", "/"),
        ("a", "1; b=2", "", "/"),
        ("a", "1\0", "", "/"),
        ("a", "1", "http://example.com", "/"),
        ("a", "1", "example.com", "p"),
    ] {
        let error = cookies.set(name, value, domain, path).unwrap_err();
        assert_eq!(error.code(), Code::INVALID_ARGUMENT, "{error}");
        assert!(!error.message().contains("X: y"), "{error}");
    }
    assert!(cookies.is_empty());
}

#[test]
fn d08_a_name_that_several_cookies_have_needs_a_domain_or_path() {
    let cookies =
        cookies(&[("a", "1", "x.example", "/"), ("a", "2", "x.example", "/p"), ("a", "3", ".x.example", "/")]);
    let error = cookies.get("a", None, None).unwrap_err();
    assert_eq!((error.code(), error.message()), (Code::COOKIE_CONFLICT, "Multiple cookies exist with name=a"));
    assert_eq!(cookies.get("a", Some("x.example"), None).unwrap_err().code(), Code::COOKIE_CONFLICT);
    assert_eq!(get(&cookies, "a", Some("X.example"), Some("/p")), Some(&b"2"[..]));
    assert_eq!(get(&cookies, "a", None, Some("/p")), Some(&b"2"[..]));
    assert_eq!(get(&cookies, "a", Some(".x.example"), None), Some(&b"3"[..]));
    assert_eq!(get(&cookies, "a", Some(""), None), None);
    assert_eq!(get(&cookies, "a", Some("not a host"), None), None);
    assert_eq!(get(&cookies, "b", None, None), None);
}

#[test]
fn d08_only_an_exact_delete_can_miss() {
    let list = [("a", "1", "x.example", "/"), ("a", "2", "y.example", "/"), ("b", "3", "x.example", "/")];
    let mut cookies = cookies(&list);
    let error = cookies.delete("a", Some("x.example"), Some("/p")).unwrap_err();
    assert_eq!(error.code(), Code::NOT_FOUND);
    assert_eq!(error.message(), "No cookie \"a\" for domain \"x.example\" and path \"/p\"");
    cookies.delete("c", None, None).unwrap();
    cookies.delete("c", Some("x.example"), None).unwrap();
    assert_eq!(cookies.len(), 3);
    cookies.delete("a", Some("x.example"), Some("/")).unwrap();
    assert_eq!(get(&cookies, "a", None, None), Some(&b"2"[..]));
    cookies.set("a", "1", "x.example", "/").unwrap();
    cookies.delete("a", None, None).unwrap();
    assert!(cookies.iter().map(Cookie::name).eq(["b"]));
}

#[test]
fn d08_clearing_a_path_needs_its_domain() {
    let list = [("a", "1", "x.example", "/"), ("a", "2", "x.example", "/p"), ("b", "3", "y.example", "/")];
    let mut cookies = cookies(&list);
    assert_eq!(cookies.clear(None, Some("/")).unwrap_err().code(), Code::INVALID_ARGUMENT);
    assert_eq!(cookies.clear(Some("z.example"), None).unwrap_err().code(), Code::NOT_FOUND);
    assert_eq!(cookies.clear(Some("y.example"), Some("/p")).unwrap_err().code(), Code::NOT_FOUND);
    assert_eq!(cookies.len(), 3);
    cookies.clear(Some("x.example"), Some("/p")).unwrap();
    assert_eq!(cookies.len(), 2);
    cookies.clear(Some("x.example"), None).unwrap();
    assert_eq!(cookies.len(), 1);
    cookies.clear(None, None).unwrap();
    assert!(cookies.is_empty());
    cookies.clear(None, None).unwrap();
}

#[test]
fn a09_an_update_wins_and_keeps_the_place() {
    let mut first = cookies(&[("a", "1", "", "/"), ("b", "2", "", "/")]);
    let copy = first.clone();
    first.update(&cookies(&[("c", "3", "", "/"), ("b", "4", "", "/"), ("b", "5", "", "/p"), ("c", "6", "", "/")]));
    assert_eq!(header(&first, "http://x.example/p"), "b=5; a=1; b=4; c=6");
    first.set("c", "7", "", "/").unwrap();
    assert_eq!(header(&first, "http://x.example/"), "a=1; b=4; c=7");
    assert!(first.iter().map(Cookie::path).eq(["/", "/", "/", "/p"]));
    assert_eq!(header(&copy, "http://x.example/p"), "a=1; b=2");
}

#[test]
fn d13_a_cookie_without_a_domain_goes_to_every_host() {
    let cookies = cookies(&[("a", "1", "", "/"), ("b", "2", "", "/p")]);
    for url in ["http://a.example/", "https://b.example:8080/?q", "http://127.0.0.1/x", "http://[::1]/", "/relative"] {
        assert_eq!(header(&cookies, url), "a=1", "{url}");
    }
    assert_eq!(header(&cookies, "ws://a.example/p/"), "b=2; a=1");
    assert_eq!(header(&Cookies::default(), "http://a.example/"), "");
}

#[test]
fn d11_a_cookie_for_a_host_is_for_that_host_only() {
    let cookies = cookies(&[("a", "1", "x.example", "/"), ("b", "2", ".x.example", "/"), ("c", "3", ".10.0.0.1", "/")]);
    assert_eq!(header(&cookies, "http://X.example/"), "a=1; b=2");
    assert_eq!(header(&cookies, "http://www.x.example/"), "b=2");
    assert_eq!(header(&cookies, "http://ax.example/"), "");
    assert_eq!(header(&cookies, "http://example/"), "");
    assert_eq!(header(&cookies, "http://10.0.0.1/"), "c=3");
}

#[test]
fn b33_blanks_around_the_users_values_make_no_invalid_header() {
    let cookies = cookies(&[("a", " 1 ", "", "/"), ("b", "2\t ", "", "/")]);
    assert_eq!(get(&cookies, "b", None, None), Some(&b"2\t "[..]));
    assert_eq!(header(&cookies, "http://x.example/"), "a= 1 ; b=2");
}

#[test]
fn d06_values_are_not_shown() {
    let cookies = cookies(&[("a", "s3cret", "x.example", "/")]);
    assert_eq!(format!("{cookies:?}"), "Cookies[<Cookie a=[secure] for x.example />]");
}

#[test]
fn d07_cookies_are_found_by_their_place_in_the_list() {
    let cookies = cookies(&[("c", "1", "h", "/"), ("a", "2", "", "/"), ("b", "3", "h", "/"), ("c", "4", "h", "/")]);
    let at = |index| cookies.get_at(index).map(|cookie: &Cookie| cookie.name().clone());
    for (index, cookie) in cookies.iter().enumerate() {
        assert_eq!(at(index).as_ref(), Some(cookie.name()));
    }
    assert_eq!((at(0), at(3)), (Some(Bytes::from("c")), None));
}
