//! Redirects (checklist E): which response asks for one, and the request that follows it. Whether it is followed is the
//! client's business.

use std::borrow::Cow;
use std::sync::Arc;

use super::response::Head;
use super::{Change, Given, Headers, Request, Url, UrlParts};
use crate::error::{Code, Error};

/// The target of a response that a client may follow: a status that redirects, and a Location (checklist E02, N03).
pub(super) fn location(head: &Head) -> Option<&[u8]> {
    match head.status() {
        301 | 302 | 303 | 307 | 308 => head.headers().find_all(b"location").next(),
        _ => None,
    }
}

/// The request that follows a redirect to `location`. One that becomes a GET may keep the type of its body.
///
/// # Errors
/// RemoteProtocolError for a location that is no URL; what `Request` says of one that cannot be sent to.
pub(super) fn follow(head: &Head, location: &[u8], keeps_content_type: bool) -> Result<Request, Error> {
    let request = head.request()?;
    let url = target(request.url(), location)?;
    // M07: only one's own kind leads to other schemes than HTTP's. A server does not get at a mounted file:// that way. What
    // goes by a transport of its own stays with it.
    let stays = url.scheme() == request.url().scheme() || request.transport.is_some();
    let sendable = if stays { Ok(()) } else { url.check_sendable() };
    let mut next = moved(request, url)?;
    if becomes_get(request.method(), head.status()) {
        next.become_get(keeps_content_type);
    }
    match sendable {
        Ok(()) => Ok(next),
        // Q02: the error is about the request that cannot be sent, not about the one that was.
        Err(error) => Err(Arc::new(next).blamed(error)),
    }
}

/// The headers of the request that follows a redirect to `url` and has that method then (checklist E04 to E06).
///
/// # Errors
/// LocalProtocolError for a host that cannot be sent.
pub fn redirect_headers(request: &Request, url: &Url, method: &str) -> Result<Headers, Error> {
    let mut next = moved(request, url.clone())?;
    if method == "GET" && request.method() != b"GET" {
        next.become_get(true);
    }
    Ok(next.headers)
}

/// The same request, sent elsewhere.
fn moved(request: &Request, url: Url) -> Result<Request, Error> {
    let mut next = Request::clone(request);
    let same_origin = url.same_origin(request.url());
    if !same_origin {
        // E05: the credentials were for another origin, but for one that only added TLS.
        if !upgrades_to_https(request.url(), &url) {
            next.headers.remove(b"authorization");
            // Nor the client's, should the program send it by itself.
            next.auth = Given::Nothing;
        }
        next.headers.remove(b"proxy-authorization");
    }
    // E06: cookies are chosen anew for the new URL.
    next.headers.remove(b"cookie");
    next.cookies = None;
    next.join_client();
    next.set_url(url, !same_origin)?;
    Ok(next)
}

/// E03, RFC 9110 §15.4.
fn becomes_get(method: &[u8], status: u16) -> bool {
    match status {
        302 | 303 => method != b"HEAD" && method != b"GET",
        301 => method == b"POST",
        _ => false,
    }
}

fn upgrades_to_https(from: &Url, to: &Url) -> bool {
    from.scheme() == "http"
        && to.scheme() == "https"
        && from.raw_host() == to.raw_host()
        && (from.effective_port(), to.effective_port()) == (Some(80), Some(443))
}

/// E07, E08.
fn target(from: &Url, location: &[u8]) -> Result<Url, Error> {
    // UTF-8 where it is that, else Latin-1: the URL's parser escapes either (checklist D04).
    let text = match std::str::from_utf8(location) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(location.iter().copied().map(char::from).collect()),
    };
    let invalid = |error: Error| {
        let message = format!("Invalid URL in location header: {}.", error.message().trim_end_matches('.'));
        Error::new(Code::REMOTE_PROTOCOL_ERROR, message).with_cause(error)
    };
    let mut url = Url::parse(&text).map_err(invalid)?;
    if !url.scheme().is_empty() && url.raw_host().is_empty() {
        let host = UrlParts { host: Change::Set(from.raw_host()), ..UrlParts::default() };
        url = url.copy_with(&host).map_err(invalid)?;
    }
    if url.is_relative() {
        url = from.join(&text).map_err(invalid)?;
    }
    let fragment = from.fragment();
    if !fragment.is_empty() && url.fragment().is_empty() {
        let kept = UrlParts { fragment: Change::Set(&fragment), ..UrlParts::default() };
        url = url.copy_with(&kept).map_err(invalid)?;
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(from: &str, location: &[u8]) -> String {
        target(&Url::parse(from).unwrap(), location).unwrap().as_str().to_owned()
    }

    #[test]
    fn a_location_is_resolved_against_the_requests_url() {
        let from = "http://user@host/a/b?c#d";
        assert_eq!(resolved(from, b"/x"), "http://user@host/x#d");
        assert_eq!(resolved(from, b"?q"), "http://user@host/a/b?q#d");
        assert_eq!(resolved(from, b"//other/x"), "http://other/x#d");
        assert_eq!(resolved(from, b"https://other/x#y"), "https://other/x#y");
        assert_eq!(resolved(from, b"http:///x"), "http://host/x#d");
    }

    #[test]
    fn raw_bytes_in_a_location_are_escaped() {
        assert_eq!(resolved("http://host/", "/caf\u{e9}".as_bytes()), "http://host/caf%C3%A9");
        assert_eq!(resolved("http://host/", b"/caf\xe9"), "http://host/caf%C3%A9");
    }

    #[test]
    fn a_location_that_is_no_url_is_the_servers_fault() {
        let error = target(&Url::parse("http://host/").unwrap(), b"https://host:port/").unwrap_err();
        assert_eq!(error.code(), Code::REMOTE_PROTOCOL_ERROR);
        assert!(error.message().starts_with("Invalid URL in location header: Invalid port"), "{error}");
    }

    #[test]
    fn methods_change_as_browsers_change_them() {
        let becomes: Vec<_> = [(b"POST", 301), (b"POST", 302), (b"POST", 303), (b"POST", 307), (b"POST", 308)]
            .iter()
            .map(|(method, status)| becomes_get(&method[..], *status))
            .collect();
        assert_eq!(becomes, [true, true, true, false, false]);
        assert!(becomes_get(b"PUT", 302) && becomes_get(b"DELETE", 303));
        assert!(!becomes_get(b"PUT", 301) && !becomes_get(b"HEAD", 303) && !becomes_get(b"HEAD", 302));
    }
}
