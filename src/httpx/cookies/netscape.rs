//! `cookies.txt`, the file that Netscape's browser had and that curl, wget and Python read and write: a line for each
//! cookie, with seven fields between tabs.

use std::time::SystemTime;

use super::cookie::{from_unix, invalid, Cookie};
use super::Cookies;
use crate::error::Error;

const HEADER: &str = "# Netscape HTTP Cookie File\n";
/// Hides a cookie from programs that take it for a comment.
const HTTP_ONLY: &[u8] = b"#HttpOnly_";

impl Cookies {
    /// Reads a `cookies.txt`. Cookies that have expired at `now` are left out. Empty lines and comments are skipped.
    ///
    /// Fails with `INVALID_ARGUMENT`, and a message that starts like `line 3:`, at the first line that is wrong.
    pub fn load(text: &[u8], now: SystemTime) -> Result<Cookies, Error> {
        let mut cookies = Cookies::default();
        let text = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text);
        for (number, line) in (1..).zip(text.split(|byte| *byte == b'\n')) {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let cookie = parse_line(line).map_err(|error| invalid(format!("line {number}: {}", error.message())))?;
            if let Some(cookie) = cookie.filter(|cookie| !cookie.is_expired(now)) {
                cookies.put(cookie);
            }
        }
        Ok(cookies)
    }

    /// Writes a `cookies.txt`, oldest cookie first, session cookies too. The SameSite attribute has no place in it; nor
    /// has a cookie with a value and a tab in its name, which is left out. [`Cookies::to_json`] keeps both.
    pub fn save(&self) -> Vec<u8> {
        let mut text = Vec::from(HEADER);
        for cookie in self.iter() {
            // As Python's MozillaCookieJar has it: a cookie without a value is one without a name.
            let (name, value) = match &cookie.value {
                Some(value) => (&cookie.name[..], &value[..]),
                None => (&b""[..], &cookie.name[..]),
            };
            if name.contains(&b'\t') {
                continue;
            }
            let for_subdomains = cookie.domain.is_empty() || cookie.domain.starts_with('.');
            let expires = cookie.expires_unix().unwrap_or(0).to_string();
            let fields = [
                cookie.domain.as_bytes(),
                flag(for_subdomains),
                cookie.path.as_bytes(),
                flag(cookie.secure),
                expires.as_bytes(),
                name,
                value,
            ];
            if cookie.http_only {
                text.extend_from_slice(HTTP_ONLY);
            }
            text.extend_from_slice(&fields.join(&b'\t'));
            text.push(b'\n');
        }
        text
    }
}

fn flag(flag: bool) -> &'static [u8] {
    if flag {
        b"TRUE"
    } else {
        b"FALSE"
    }
}

/// `None` for a line without a cookie.
fn parse_line(line: &[u8]) -> Result<Option<Cookie>, Error> {
    let (line, http_only) = match line.strip_prefix(HTTP_ONLY) {
        Some(line) => (line, true),
        None => (line, false),
    };
    if line.trim_ascii().is_empty() || (!http_only && line.starts_with(b"#")) {
        return Ok(None);
    }
    let mut fields: Vec<&[u8]> = line.splitn(7, |byte| *byte == b'\t').collect();
    if fields.len() == 6 {
        // Some editors remove blanks from the end of a line, and so an empty value with its tab.
        fields.push(b"");
    }
    let [domain, for_subdomains, path, secure, expires, name, value] = fields[..] else {
        let found = fields.len();
        return Err(invalid(format!("expected 7 fields with tabs between them, found {found}")));
    };
    let (name, value) = if name.is_empty() { (value, None) } else { (name, Some(value)) };
    let domain = text(domain, "domain")?;
    let domain = match (parse_flag(for_subdomains, "second")?, domain.strip_prefix('.').unwrap_or(domain)) {
        (true, name) if !name.is_empty() => format!(".{name}"),
        (_, name) => name.to_owned(),
    };
    let mut cookie = Cookie::new(name, value, &domain, text(path, "path")?)?;
    cookie.secure = parse_flag(secure, "fourth")?;
    cookie.http_only = http_only;
    cookie.expires = match text(expires, "expiry")? {
        "" | "0" => None,
        seconds => match seconds.parse::<f64>() {
            // Some write fractions of seconds. The cast saturates.
            Ok(seconds) if seconds.is_finite() => Some(from_unix(seconds as i64)),
            _ => return Err(invalid(format!("the expiry {seconds:?} is not a number of seconds"))),
        },
    };
    Ok(Some(cookie))
}

fn text<'a>(field: &'a [u8], name: &str) -> Result<&'a str, Error> {
    std::str::from_utf8(field).map_err(|_| invalid(format!("the {name} is not UTF-8")))
}

fn parse_flag(field: &[u8], which: &str) -> Result<bool, Error> {
    match field {
        _ if field.eq_ignore_ascii_case(b"TRUE") => Ok(true),
        _ if field.eq_ignore_ascii_case(b"FALSE") => Ok(false),
        _ => Err(invalid(format!("the {which} field is neither TRUE nor FALSE"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;

    fn now() -> SystemTime {
        from_unix(1_700_000_000)
    }

    fn saved(text: &[u8]) -> String {
        String::from_utf8_lossy(&Cookies::load(text, now()).unwrap().save()).into_owned()
    }

    #[test]
    fn what_is_written_is_read_again() {
        let text = "# Netscape HTTP Cookie File\n\
            example.com\tFALSE\t/\tFALSE\t0\ta\t\"1\"\n\
            .example.com\tTRUE\t/p\tTRUE\t1800000000\tb\t\n\
            #HttpOnly_localhost\tFALSE\t/\tFALSE\t0\tc\tx\ty=z\n\
            \tTRUE\t/\tFALSE\t0\teverywhere\té\n\
            ::1\tFALSE\t/\tFALSE\t0\t\tnoeq\n";
        assert_eq!(saved(text.as_bytes()), text);
        let bytes = b"# Netscape HTTP Cookie File\na.example\tFALSE\t/\tFALSE\t0\t\xe9\t\xff\n";
        assert_eq!(Cookies::load(bytes, now()).unwrap().save(), bytes);
    }

    #[test]
    fn files_of_other_programs_are_read() {
        let text = "\u{feff}# HTTP Cookie File\r\n\r\n# a comment\r\n   \r\n\
            .Example.com\ttrue\t/\tfalse\t1800000000.5\ta\t1\r\n\
            .host.example\tFALSE\t/\tFALSE\t\tb\r\n\
            .127.0.0.1\tTRUE\t/\tFALSE\t99999999999999999999\tc\t1\n\
            old.example\tFALSE\t/\tFALSE\t1600000000\tgone\t1";
        assert_eq!(
            saved(text.as_bytes()),
            "# Netscape HTTP Cookie File\n\
            .example.com\tTRUE\t/\tFALSE\t1800000000\ta\t1\n\
            host.example\tFALSE\t/\tFALSE\t0\tb\t\n\
            127.0.0.1\tFALSE\t/\tFALSE\t253402300799\tc\t1\n"
        );
    }

    #[test]
    fn an_error_names_its_line_and_no_value() {
        for (line, message) in [
            ("a.example FALSE / FALSE 0 a b", "line 3: expected 7 fields with tabs between them, found 1"),
            ("a.example\tFALSE\t/\tFALSE\t0", "line 3: expected 7 fields with tabs between them, found 5"),
            ("a.example\tYES\t/\tFALSE\t0\ta\ts3cret", "line 3: the second field is neither TRUE nor FALSE"),
            ("a.example\tFALSE\t/\t1\t0\ta\ts3cret", "line 3: the fourth field is neither TRUE nor FALSE"),
            ("a.example\tFALSE\t/\tFALSE\tnever\ta\ts3cret", "line 3: the expiry \"never\" is not a number of seconds"),
            ("a.example\tFALSE\t/\tFALSE\tinf\ta\ts3cret", "line 3: the expiry \"inf\" is not a number of seconds"),
            ("a b\tFALSE\t/\tFALSE\t0\ta\ts3cret", "line 3: The domain \"a b\" of a cookie is not a host"),
            ("a.example\tFALSE\tp\tFALSE\t0\ta\ts", "line 3: The path \"p\" of cookie \"a\" does not start with '/'"),
            ("a.example\tFALSE\t/\tFALSE\t0\ta\ts3;cret", "line 3: Invalid character in the value of cookie \"a\""),
            ("a.example\tFALSE\t/\tFALSE\t0\ta\ts3\0cret", "line 3: Invalid character in the value of cookie \"a\""),
            ("a.example\tFALSE\t/\tFALSE\t0\t\t", "line 3: A cookie needs a name"),
        ] {
            let error = Cookies::load(format!("# x\n\n{line}\n").as_bytes(), now()).unwrap_err();
            assert_eq!((error.code(), error.message()), (Code::INVALID_ARGUMENT, message));
        }
    }

    #[test]
    fn a_tab_in_a_name_spoils_nothing() {
        let mut cookies = Cookies::default();
        cookies.set("a\tb", "1", "a.example", "/").unwrap();
        cookies.set("c", "2", "a.example", "/").unwrap();
        let loaded = Cookies::load(&cookies.save(), now()).unwrap();
        assert!(loaded.iter().map(Cookie::name).eq(["c"]));
    }
}
