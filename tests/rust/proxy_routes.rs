//! Which requests go through which proxy (checklist A13, K12 to K17): what the program has set, and what the environment
//! adds to it.

use std::ffi::OsString;
use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;

use httpx::error::Code;
use httpx::httpx::{Client, ClientBuilder, Proxy, Transport, UrlPattern};

use crate::support::{read_head, send, server};

/// A server, or a proxy, whose answers say its name.
fn named(name: &'static str) -> SocketAddr {
    server(move |mut stream, _| {
        while read_head(&mut stream).is_some() {
            let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{name}", name.len());
            stream.write_all(answer.as_bytes()).unwrap();
        }
    })
}

/// Who answers a request to a URL.
fn who(client: &Arc<Client>, url: &str) -> String {
    let response = send(client, client.build_request("GET", url).unwrap()).unwrap();
    response.text().unwrap().to_owned()
}

fn lookup(variables: &[(&'static str, String)]) -> impl Fn(&str) -> Option<OsString> {
    let variables = variables.to_vec();
    move |name| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into())
}

/// A client built by `options` where the environment has these variables.
fn client_in(options: &ClientBuilder, variables: &[(&'static str, String)]) -> Arc<Client> {
    options.in_environment(&lookup(variables)).unwrap().build().unwrap()
}

fn pattern(text: &str) -> UrlPattern {
    UrlPattern::parse(text).unwrap()
}

fn proxy(address: SocketAddr) -> Proxy {
    Proxy::parse(&format!("http://{address}")).unwrap()
}

/// A transport that does not go through the environment's proxies.
fn transport() -> Arc<Transport> {
    ClientBuilder::default().build_transport().unwrap()
}

#[test]
fn the_environments_proxy_is_used_but_for_its_exceptions() {
    let (origin, through) = (named("origin"), named("proxy"));
    let variables = [("http_proxy", through.to_string()), ("no_proxy", "127.0.0.0/8, .example".to_owned())];
    let client = client_in(&ClientBuilder::default(), &variables);
    assert_eq!(who(&client, "http://somewhere.invalid/"), "proxy");
    assert_eq!(who(&client, "http://example/"), "proxy");
    assert_eq!(who(&client, &format!("http://{origin}/")), "origin");
}

#[test]
fn an_untrusted_environment_has_no_say() {
    let (origin, through) = (named("origin"), named("proxy"));
    let options = ClientBuilder { trust_env: false, ..ClientBuilder::default() };
    let client = client_in(&options, &[("ALL_PROXY", format!("http://{through}"))]);
    assert_eq!(who(&client, &format!("http://{origin}/")), "origin");
}

#[test]
fn the_programs_proxy_comes_before_the_environments() {
    let (ours, through) = (named("ours"), named("environment's"));
    let options = ClientBuilder { proxy: Some(proxy(ours)), ..ClientBuilder::default() };
    let client = client_in(&options, &[("HTTP_PROXY", format!("http://{through}"))]);
    assert_eq!(who(&client, "http://somewhere.invalid/"), "ours");
}

#[test]
fn a_transport_of_the_programs_goes_by_no_proxy_of_the_environment() {
    let (origin, through) = (named("origin"), named("proxy"));
    let options = ClientBuilder { transport: Some(transport()), ..ClientBuilder::default() };
    let client = client_in(&options, &[("HTTP_PROXY", format!("http://{through}"))]);
    assert_eq!(who(&client, &format!("http://{origin}/")), "origin");
}

#[test]
fn a_pattern_of_the_programs_replaces_the_environments() {
    let (ours, through) = (named("ours"), named("environment's"));
    let mut options = ClientBuilder::default();
    options.set_proxy_for(pattern("http://"), Some(proxy(ours)));
    let client = client_in(&options, &[("HTTP_PROXY", format!("http://{through}"))]);
    assert_eq!(who(&client, "http://somewhere.invalid/"), "ours");
}

#[test]
fn a_mount_replaces_a_proxy_of_its_pattern() {
    let (origin, through) = (named("origin"), named("proxy"));
    let mut options = ClientBuilder::default();
    options.mount(pattern("http://"), Some(transport()));
    let client = client_in(&options, &[("HTTP_PROXY", format!("http://{through}"))]);
    assert_eq!(who(&client, &format!("http://{origin}/")), "origin");
}

#[test]
fn a_mount_to_nothing_is_a_way_around_the_proxy() {
    let (origin, through) = (named("origin"), named("proxy"));
    let mut options = ClientBuilder { proxy: Some(proxy(through)), ..ClientBuilder::default() };
    options.mount(pattern("all://127.0.0.1"), None);
    let client = options.build().unwrap();
    assert_eq!(who(&client, &format!("http://{origin}/")), "origin");
    assert_eq!(who(&client, "http://somewhere.invalid/"), "proxy");
}

#[test]
fn the_pattern_that_says_most_wins() {
    let [all, name, port] = ["all", "name", "port"].map(named);
    let mut options = ClientBuilder::default();
    options.set_proxy_for(pattern("all://"), Some(proxy(all)));
    options.set_proxy_for(pattern("http://*.invalid"), Some(proxy(name)));
    options.set_proxy_for(pattern("all://*:8080"), Some(proxy(port)));
    let client = options.build().unwrap();
    assert_eq!(who(&client, "http://a.test/"), "all");
    assert_eq!(who(&client, "http://a.invalid/"), "name");
    assert_eq!(who(&client, "http://a.invalid:8080/"), "port");
}

#[test]
fn a_proxy_of_an_unknown_scheme_in_the_environment_is_an_error() {
    let variables = [("http_proxy", "gopher://127.0.0.1:70".to_owned())];
    let error = ClientBuilder::default().in_environment(&lookup(&variables)).err().unwrap();
    assert_eq!(error.code(), Code::INVALID_CONFIG);
}
