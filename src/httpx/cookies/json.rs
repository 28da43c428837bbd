//! Cookies as JSON: nothing gets lost, whatever bytes they have.

use std::time::SystemTime;

use serde_json::{json, Map, Value};

use super::cookie::{from_unix, Cookie, SameSite};
use super::Cookies;
use crate::error::{Code, Error};

impl Cookies {
    /// A list of cookies, oldest first, each like `{"domain": ".example.com", "expires": 1800000000, "http_only":
    /// false, "name": "a", "path": "/", "same_site": "Lax", "secure": true, "value": "1"}`.
    ///
    /// `expires` is in seconds since 1970, or null for a session's cookie; `same_site` may be null too. A `value` of
    /// null is that of a cookie without one. A name or value that is not UTF-8 is a list of its bytes.
    pub fn to_json(&self) -> String {
        let cookies = self.iter().map(|cookie| {
            json!({
                "name": from_bytes(&cookie.name),
                "value": cookie.value().map(|value| from_bytes(value)),
                "domain": cookie.domain,
                "path": cookie.path,
                "expires": cookie.expires_unix(),
                "secure": cookie.secure,
                "http_only": cookie.http_only,
                "same_site": cookie.same_site.map(SameSite::as_str),
            })
        });
        Value::Array(cookies.collect()).to_string()
    }

    /// Reads what [`Cookies::to_json`] writes. Only `name` and `value` have to be there. Cookies that have expired at
    /// `now` are left out.
    ///
    /// Fails with `INVALID_JSON`, and a message that starts like `cookie 3:` if the text is JSON.
    pub fn from_json(text: &[u8], now: SystemTime) -> Result<Cookies, Error> {
        let list = serde_json::from_slice(text).map_err(|error| invalid(format!("Invalid JSON: {error}")))?;
        let Value::Array(list) = list else {
            return Err(invalid("Cookies are a list in JSON".to_owned()));
        };
        let mut cookies = Cookies::default();
        for (number, value) in (1..).zip(&list) {
            let cookie = parse(value).map_err(|message| invalid(format!("cookie {number}: {message}")))?;
            if !cookie.is_expired(now) {
                cookies.put(cookie);
            }
        }
        Ok(cookies)
    }
}

fn from_bytes(bytes: &[u8]) -> Value {
    std::str::from_utf8(bytes).map_or_else(|_| json!(bytes), |text| json!(text))
}

fn parse(value: &Value) -> Result<Cookie, String> {
    let Value::Object(fields) = value else {
        return Err("not an object".to_owned());
    };
    let name = to_bytes(fields, "name")?;
    let value = match fields.get("value") {
        Some(Value::Null) => None,
        _ => Some(to_bytes(fields, "value")?),
    };
    let text = |field, default| match fields.get(field) {
        None | Some(Value::Null) => Ok(default),
        Some(Value::String(text)) => Ok(text.as_str()),
        Some(_) => Err(wrong(field, "a string")),
    };
    let flag = |field| match fields.get(field) {
        None | Some(Value::Null) => Ok(false),
        Some(value) => value.as_bool().ok_or_else(|| wrong(field, "true or false")),
    };
    let mut cookie = Cookie::new(&name, value.as_deref(), text("domain", "")?, text("path", "/")?)
        .map_err(|error| error.message().to_owned())?;
    cookie.secure = flag("secure")?;
    cookie.http_only = flag("http_only")?;
    cookie.same_site = match text("same_site", "")? {
        "" => None,
        name => Some(SameSite::parse(name.as_bytes()).ok_or_else(|| wrong("same_site", "Strict, Lax or None"))?),
    };
    cookie.expires = match fields.get("expires") {
        None | Some(Value::Null) => None,
        // The cast saturates.
        Some(seconds) => Some(from_unix(seconds.as_f64().ok_or_else(|| wrong("expires", "a number"))? as i64)),
    };
    Ok(cookie)
}

fn to_bytes(fields: &Map<String, Value>, field: &str) -> Result<Vec<u8>, String> {
    let byte = |value: &Value| u8::try_from(value.as_u64()?).ok();
    match fields.get(field) {
        Some(Value::String(text)) => Some(text.as_bytes().to_vec()),
        Some(Value::Array(bytes)) => bytes.iter().map(byte).collect(),
        _ => None,
    }
    .ok_or_else(|| wrong(field, "a string or a list of bytes"))
}

fn wrong(field: &str, expected: &str) -> String {
    format!("{field:?} is not {expected}")
}

fn invalid(message: String) -> Error {
    Error::new(Code::INVALID_JSON, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::httpx::url::Url;

    #[test]
    fn nothing_gets_lost() {
        let now = from_unix(1_700_000_000);
        let mut cookies = Cookies::default();
        cookies.set("everywhere", "1", "", "/").unwrap();
        let lines: [&[u8]; 3] =
            [b"a=\"1\"; Domain=example.com; Secure; HttpOnly; SameSite=Lax; Max-Age=10", b"noeq", b"\xe9=\xff\t1"];
        cookies.extract(&Url::parse("https://example.com/p/q").unwrap(), lines, now);
        let text = cookies.to_json();
        assert_eq!(
            serde_json::from_str::<Value>(&text).unwrap(),
            json!([
                {"name": "everywhere", "value": "1", "domain": "", "path": "/", "expires": null, "secure": false,
                 "http_only": false, "same_site": null},
                {"name": "a", "value": "\"1\"", "domain": ".example.com", "path": "/p", "expires": 1_700_000_010,
                 "secure": true, "http_only": true, "same_site": "Lax"},
                {"name": "noeq", "value": null, "domain": "example.com", "path": "/p", "expires": null,
                 "secure": false, "http_only": false, "same_site": null},
                {"name": [0xe9], "value": [0xff, 9, 0x31], "domain": "example.com", "path": "/p", "expires": null,
                 "secure": false, "http_only": false, "same_site": null},
            ])
        );
        assert_eq!(Cookies::from_json(text.as_bytes(), now).unwrap().to_json(), text);
        assert_eq!(Cookies::from_json(text.as_bytes(), from_unix(1_700_000_010)).unwrap().len(), 3);
    }

    #[test]
    fn a_name_and_a_value_are_enough() {
        let cookies = Cookies::from_json(br#"[{"name": "a", "value": "1"}]"#, from_unix(0)).unwrap();
        let cookie = cookies.iter().next().unwrap();
        assert_eq!((cookie.domain(), cookie.path(), cookie.expires(), cookie.secure()), ("", "/", None, false));
    }

    #[test]
    fn an_error_names_its_cookie() {
        for (text, message) in [
            ("{}", "Cookies are a list in JSON"),
            ("[1]", "cookie 1: not an object"),
            (
                r#"[{"name": "a", "value": ""}, {"name": "b"}]"#,
                "cookie 2: \"value\" is not a string or a list of bytes",
            ),
            (r#"[{"name": [256], "value": ""}]"#, "cookie 1: \"name\" is not a string or a list of bytes"),
            (r#"[{"name": "a", "value": "", "secure": 1}]"#, "cookie 1: \"secure\" is not true or false"),
            (r#"[{"name": "a", "value": "", "expires": "1"}]"#, "cookie 1: \"expires\" is not a number"),
            (r#"[{"name": "a", "value": "", "path": 1}]"#, "cookie 1: \"path\" is not a string"),
            (r#"[{"name": "a", "value": "", "same_site": "x"}]"#, "cookie 1: \"same_site\" is not Strict, Lax or None"),
            (r#"[{"name": "a", "value": "\n"}]"#, "cookie 1: Invalid character in the value of cookie \"a\""),
        ] {
            let error = Cookies::from_json(text.as_bytes(), from_unix(0)).unwrap_err();
            assert_eq!((error.code(), error.message()), (Code::INVALID_JSON, message));
        }
        let error = Cookies::from_json(b"[", from_unix(0)).unwrap_err();
        assert!(error.message().starts_with("Invalid JSON: ") && error.message().ends_with("at line 1 column 1"));
    }
}
