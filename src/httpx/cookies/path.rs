//! The paths of cookies (RFC 6265bis §5.1.4).

use std::fmt::Write;

/// The path of a cookie that names none: the directory of the request's path, without the slash in the end (D10).
pub(super) fn default_for(request_path: &str) -> &str {
    match request_path.rfind('/') {
        None | Some(0) => "/",
        Some(index) => &request_path[..index],
    }
}

/// Whether a cookie with `cookie_path` is sent with a request for `request_path`.
pub(super) fn matches(request_path: &str, cookie_path: &str) -> bool {
    request_path
        .strip_prefix(cookie_path)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || cookie_path.ends_with('/'))
}

/// A path that the user gives, as it is kept.
pub(super) fn canonical(path: &str) -> String {
    encoded(if path.is_empty() { "/" } else { path }.as_bytes())
}

/// A path as it stands in URLs. The RFC compares bytes, so that a path with a space or an `é` would belong to no
/// request; browsers encode it, as they do in URLs.
pub(super) fn encoded(path: &[u8]) -> String {
    let mut encoded = String::with_capacity(path.len());
    for byte in path {
        if byte.is_ascii_graphic() {
            encoded.push(char::from(*byte));
        } else {
            // Writing to a String does not fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d10_the_default_path_is_the_directory() {
        for (path, default) in [("/", "/"), ("/a", "/"), ("/a/", "/a"), ("/a/b", "/a"), ("/a/b/c", "/a/b"), ("", "/")] {
            assert_eq!(default_for(path), default, "{path}");
        }
    }

    #[test]
    fn d10_a_path_matches_itself_and_what_lies_below() {
        for (request, cookie) in [("/", "/"), ("/a", "/"), ("/a", "/a"), ("/a/", "/a"), ("/a/b", "/a"), ("/a/b", "/a/")]
        {
            assert!(matches(request, cookie), "{request} {cookie}");
        }
        for (request, cookie) in [("/", "/a"), ("/ab", "/a"), ("/a", "/a/"), ("/A", "/a"), ("/b/a", "/a")] {
            assert!(!matches(request, cookie), "{request} {cookie}");
        }
    }

    #[test]
    fn bytes_that_urls_do_not_have_are_encoded() {
        assert_eq!(encoded("/é b%20".as_bytes()), "/%C3%A9%20b%20");
    }
}
