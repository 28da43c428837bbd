//! A client's base URL: what relative URLs of requests are appended to (checklist A10 to A12). Appended, not resolved: a
//! leading slash does not lead back to the root.

use super::{Change, Url, UrlParts};
use crate::error::{Code, Error};

/// See the module.
#[derive(Clone, Debug)]
pub struct BaseUrl {
    /// Its path ends in a slash.
    url: Url,
}

impl BaseUrl {
    /// # Errors
    /// InvalidURL for what is none, or is not absolute.
    pub fn parse(text: &str) -> Result<BaseUrl, Error> {
        let url = Url::parse(text)?;
        if !url.is_absolute() {
            return Err(Error::new(Code::INVALID_URL, "a base URL must have a scheme and a host"));
        }
        let path = url.encoded_path();
        if path.ends_with('/') {
            return Ok(BaseUrl { url });
        }
        let path = format!("{path}/");
        Ok(BaseUrl { url: url.copy_with(&UrlParts { path: Change::Set(&path), ..UrlParts::default() })? })
    }

    /// As a text.
    pub fn as_str(&self) -> &str {
        self.url.as_str()
    }

    /// The URL that `url` means: itself if it is absolute.
    pub(super) fn merge(&self, url: Url) -> Result<Url, Error> {
        // M07: a mounted scheme's URLs need no host: `file:///etc/hosts`.
        let has_own_scheme = !matches!(url.scheme(), "" | "http" | "https" | "ws" | "wss");
        if !url.is_relative() || has_own_scheme {
            return Ok(url);
        }
        // A12: it names a host, so it is no path.
        if !url.authority().is_empty() {
            return self.url.join(url.as_str());
        }
        let raw_path = url.raw_path();
        let (path, query) = raw_path.split_once('?').map_or((&*raw_path, None), |(path, query)| (path, Some(query)));
        let path = format!("{}{}", self.url.encoded_path(), path.trim_start_matches('/'));
        let query = query.map_or(Change::Keep, Change::Set);
        self.url.copy_with(&UrlParts { path: Change::Set(&path), query, ..UrlParts::default() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merged(base: &str, url: &str) -> String {
        let base = BaseUrl::parse(base).unwrap();
        base.merge(Url::parse(url).unwrap()).unwrap().as_str().to_owned()
    }

    #[test]
    fn relative_urls_are_appended() {
        assert_eq!(merged("https://www.example.com/subpath", "/path"), "https://www.example.com/subpath/path");
        assert_eq!(merged("https://www.example.com/subpath/", "path?a=b"), "https://www.example.com/subpath/path?a=b");
        assert_eq!(merged("http://h", "a%20b"), "http://h/a%20b");
        assert_eq!(merged("http://h/a", "../b"), "http://h/b");
    }

    #[test]
    fn an_empty_url_is_the_base_itself() {
        assert_eq!(merged("http://h/base", ""), "http://h/base/");
    }

    #[test]
    fn an_absolute_url_is_itself_and_a_fragment_is_dropped() {
        assert_eq!(merged("http://h/a", "https://o/b"), "https://o/b");
        assert_eq!(merged("http://h/a", "b#c"), "http://h/a/b");
    }

    #[test]
    fn the_slash_goes_to_the_path_and_not_to_the_query() {
        assert_eq!(merged("http://h/a?x=1", ""), "http://h/a/?x=1");
        assert_eq!(merged("http://h/a?x=1", "b?y=2"), "http://h/a/b?y=2");
    }

    #[test]
    fn a_url_with_a_host_keeps_its_host() {
        assert_eq!(merged("http://h/a", "//o/b"), "http://o/b");
    }

    #[test]
    fn a_base_must_be_absolute() {
        for bad in ["", "/path", "//host/path", "http://"] {
            assert_eq!(BaseUrl::parse(bad).unwrap_err().code(), Code::INVALID_URL, "{bad}");
        }
    }
}
