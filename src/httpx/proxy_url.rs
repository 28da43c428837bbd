//! Where a proxy is and how to talk to it (checklist K01).

use std::fmt;

use super::url::{Change, Url, UrlParts};
use crate::error::{Code, Error};

/// A proxy's protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProxyScheme {
    /// HTTP, unencrypted.
    Http,
    /// HTTP over TLS.
    Https,
    /// SOCKS5 (RFC 1928).
    Socks5,
    /// SOCKS5 too; by this name users ask the proxy to resolve the names of hosts.
    Socks5h,
}

impl ProxyScheme {
    fn of(url: &Url) -> Option<ProxyScheme> {
        match url.scheme() {
            "http" => Some(ProxyScheme::Http),
            "https" => Some(ProxyScheme::Https),
            "socks5" => Some(ProxyScheme::Socks5),
            "socks5h" => Some(ProxyScheme::Socks5h),
            _ => None,
        }
    }

    fn default_port(self) -> u16 {
        match self {
            ProxyScheme::Http => 80,
            ProxyScheme::Https => 443,
            ProxyScheme::Socks5 | ProxyScheme::Socks5h => 1080,
        }
    }
}

/// A proxy's URL, taken apart. Shown, it has `[secure]` for its password.
#[derive(Clone)]
pub struct ProxyUrl {
    scheme: ProxyScheme,
    /// Without the userinfo.
    url: Url,
    /// The decoded username and password.
    credentials: Option<(String, String)>,
    /// The URL as it was given, but for the password.
    masked: String,
}

impl ProxyUrl {
    /// Reads an http, https, socks5 or socks5h URL. Only its scheme, userinfo, host and port count.
    ///
    /// Fails with `INVALID_CONFIG` for other schemes, else with `INVALID_URL`.
    pub fn parse(proxy: &str) -> Result<ProxyUrl, Error> {
        let url = Url::parse(proxy)?;
        let masked = masked(&url);
        let Some(scheme) = ProxyScheme::of(&url) else {
            return Err(Error::new(Code::INVALID_CONFIG, format!("Unknown scheme for proxy URL URL('{masked}')")));
        };
        if !url.is_absolute() {
            return Err(Error::new(Code::INVALID_URL, format!("Missing host in proxy URL URL('{masked}')")));
        }
        let (username, password) = (url.username().into_owned(), url.password().into_owned());
        let without_userinfo = UrlParts { userinfo: Change::Remove, ..UrlParts::default() };
        Ok(ProxyUrl {
            scheme,
            url: url.copy_with(&without_userinfo)?,
            credentials: (!username.is_empty() || !password.is_empty()).then_some((username, password)),
            masked,
        })
    }

    /// The protocol to speak to the proxy.
    pub fn scheme(&self) -> ProxyScheme {
        self.scheme
    }

    /// The URL without username and password.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The given port, or the default one: 80 for http, 443 for https, 1080 for SOCKS.
    pub fn port(&self) -> u16 {
        self.url.port().unwrap_or(self.scheme.default_port())
    }

    /// The username and the password, percent-decoded; either may be empty.
    pub fn credentials(&self) -> Option<(&str, &str)> {
        self.credentials.as_ref().map(|(username, password)| (username.as_str(), password.as_str()))
    }
}

/// Without a scheme, `user:password@host` is a URL with the scheme `user` and no userinfo.
fn masked(url: &Url) -> String {
    match url.as_str().rsplit_once('@') {
        Some((_, rest)) if url.authority().is_empty() => format!("[secure]@{rest}"),
        _ => url.masked().into_owned(),
    }
}

impl fmt::Display for ProxyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked)
    }
}

impl fmt::Debug for ProxyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ProxyUrl").field(&self.masked).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxy(text: &str) -> ProxyUrl {
        ProxyUrl::parse(text).unwrap_or_else(|error| panic!("{text:?}: {error}"))
    }

    fn refusal(text: &str) -> (Code, String) {
        let error = ProxyUrl::parse(text).expect_err(text);
        (error.code(), error.message().to_owned())
    }

    #[test]
    fn k01_four_schemes_have_proxies_and_default_ports() {
        let cases = [
            ("http://proxy.example", ProxyScheme::Http, 80),
            ("https://proxy.example", ProxyScheme::Https, 443),
            ("socks5://proxy.example", ProxyScheme::Socks5, 1080),
            ("SOCKS5H://Proxy.Example/", ProxyScheme::Socks5h, 1080),
        ];
        for (text, scheme, port) in cases {
            let proxy = proxy(text);
            assert_eq!((proxy.scheme(), proxy.url().raw_host(), proxy.port()), (scheme, "proxy.example", port));
        }
        assert_eq!(proxy("http://[::1]:3128").port(), 3128);
        assert_eq!(proxy("https://h:80").port(), 80);
        assert_eq!(proxy("socks5://h:0").port(), 0);
    }

    #[test]
    fn k01_other_schemes_are_refused() {
        let message = |text: &str| {
            let (code, message) = refusal(text);
            assert_eq!(code, Code::INVALID_CONFIG);
            message
        };
        assert_eq!(message("invalid://h"), "Unknown scheme for proxy URL URL('invalid://h')");
        assert_eq!(message("proxy.example"), "Unknown scheme for proxy URL URL('proxy.example')");
        assert_eq!(message("localhost:8080"), "Unknown scheme for proxy URL URL('localhost:8080')");
        assert_eq!(message("socks4://u:secret@h"), "Unknown scheme for proxy URL URL('socks4://u:[secure]@h')");
        assert_eq!(message(""), "Unknown scheme for proxy URL URL('')");
    }

    #[test]
    fn k01_credentials_leave_the_url_decoded() {
        let full = proxy("http://jo%40email.com:a%20%3Asecret@proxy.example:8080/path");
        assert_eq!(full.credentials(), Some(("jo@email.com", "a :secret")));
        assert_eq!(full.url().as_str(), "http://proxy.example:8080/path");
        assert_eq!(proxy("http://user@h").credentials(), Some(("user", "")));
        assert_eq!(proxy("http://:secret@h").credentials(), Some(("", "secret")));
        assert_eq!(proxy("http://a:b:c@h").credentials(), Some(("a", "b:c")));
        for none in ["http://h", "http://@h", "http://:@h"] {
            assert_eq!((proxy(none).credentials(), proxy(none).url().as_str()), (None, "http://h"), "{none}");
        }
    }

    #[test]
    fn k01_a_password_is_never_shown() {
        let secret = proxy("socks5://user:hunter2@h:1080");
        assert_eq!(secret.to_string(), "socks5://user:[secure]@h:1080");
        assert_eq!(format!("{secret:?}"), "ProxyUrl(\"socks5://user:[secure]@h:1080\")");
        assert_eq!(proxy("http://h").to_string(), "http://h");
        assert_eq!(refusal("user:hunter2@h:80").1, "Unknown scheme for proxy URL URL('[secure]@h:80')");
        assert_eq!(refusal("http:user:hunter2@h").1, "Missing host in proxy URL URL('[secure]@h')");
        assert_eq!(refusal("http://user:hunter2@").1, "Missing host in proxy URL URL('http://user:[secure]@')");
    }

    #[test]
    fn a_proxy_has_a_host_and_a_good_url() {
        assert_eq!(refusal("http://"), (Code::INVALID_URL, "Missing host in proxy URL URL('http:')".to_owned()));
        assert_eq!(refusal("socks5:h:1080").0, Code::INVALID_URL);
        assert_eq!(refusal("http://h:port"), (Code::INVALID_URL, "Invalid port: 'port'".to_owned()));
    }
}
