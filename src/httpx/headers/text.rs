//! Headers as text: which encoding they are in (checklist D04), what they say in it (D02), and how they are shown to those
//! who read logs (D06).

use std::collections::HashSet;
use std::fmt;

use bytes::Bytes;
use encoding_rs::{Encoding, UTF_8};

use super::Headers;
use crate::error::{Code, Error};
use crate::httpcore::{is_secret, same_name};
use crate::httpx::text;
use crate::httpx::url::Quoted;

/// What names and values are in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeaderEncoding {
    /// Seven bits.
    Ascii,
    /// UTF-8.
    Utf8,
    /// ISO 8859-1: every byte is a character. WHATWG has no such encoding, but Python has.
    Latin1,
    /// Another one of WHATWG's.
    Other(&'static Encoding),
}

impl HeaderEncoding {
    /// What a label means: WHATWG's labels and Python's spellings, but ISO 8859-1 is what its name says.
    fn for_label(label: &str) -> Option<HeaderEncoding> {
        match label.trim().to_ascii_lowercase().replace('_', "-").as_str() {
            "ascii" | "us-ascii" => Some(HeaderEncoding::Ascii),
            "iso-8859-1" | "iso8859-1" | "latin-1" | "latin1" | "l1" => Some(HeaderEncoding::Latin1),
            _ => match text::encoding_for(label)? {
                known if known == UTF_8 => Some(HeaderEncoding::Utf8),
                known => Some(HeaderEncoding::Other(known)),
            },
        }
    }

    /// `ascii`, `utf-8`, `iso-8859-1`, or WHATWG's name.
    pub fn name(self) -> &'static str {
        match self {
            HeaderEncoding::Ascii => "ascii",
            HeaderEncoding::Utf8 => "utf-8",
            HeaderEncoding::Latin1 => "iso-8859-1",
            HeaderEncoding::Other(encoding) => encoding.name(),
        }
    }

    /// Bytes that mean nothing become U+FFFD.
    fn decode(self, bytes: &[u8]) -> String {
        match self {
            HeaderEncoding::Ascii => bytes.iter().map(|&byte| ascii(byte)).collect(),
            HeaderEncoding::Utf8 => String::from_utf8_lossy(bytes).into_owned(),
            HeaderEncoding::Latin1 => bytes.iter().copied().map(char::from).collect(),
            HeaderEncoding::Other(encoding) => text::decode(bytes, encoding),
        }
    }
}

fn ascii(byte: u8) -> char {
    match byte.is_ascii() {
        true => char::from(byte),
        false => char::REPLACEMENT_CHARACTER,
    }
}

impl Headers {
    /// What the text is in: what was set, or the first of ASCII, UTF-8 and ISO 8859-1 that fits all lines.
    pub fn encoding(&self) -> HeaderEncoding {
        let fits = |holds: fn(&[u8]) -> bool| self.as_list().iter().all(|(name, value)| holds(name) && holds(value));
        match self.encoding {
            Some(encoding) => encoding,
            None if fits(<[u8]>::is_ascii) => HeaderEncoding::Ascii,
            None if fits(|bytes| std::str::from_utf8(bytes).is_ok()) => HeaderEncoding::Utf8,
            None => HeaderEncoding::Latin1,
        }
    }

    /// Says what the text is in; None: whatever fits.
    ///
    /// # Errors
    /// INVALID_ARGUMENT for a label that is not known.
    pub fn set_encoding(&mut self, label: Option<&str>) -> Result<(), Error> {
        let unknown = |label| Error::new(Code::INVALID_ARGUMENT, format!("'{label}' is no encoding"));
        self.encoding =
            label.map(|label| HeaderEncoding::for_label(label).ok_or_else(|| unknown(label))).transpose()?;
        Ok(())
    }

    /// What the lines of a name say, put together with commas.
    pub fn text(&self, name: &[u8]) -> Option<String> {
        let lines = self.text_list(name, false);
        (!lines.is_empty()).then(|| lines.join(", "))
    }

    /// What each line of a name says; with `split_commas`, what stands between its commas.
    pub fn text_list(&self, name: &[u8], split_commas: bool) -> Vec<String> {
        let encoding = self.encoding();
        let lines = self.as_list().iter().filter(|(other, _)| same_name(other, name));
        let texts = lines.map(|(_, value)| encoding.decode(value));
        match split_commas {
            false => texts.collect(),
            true => {
                texts.flat_map(|text| text.split(',').map(|part| part.trim().to_owned()).collect::<Vec<_>>()).collect()
            }
        }
    }

    /// Each name once, in lower case.
    pub fn keys(&self) -> impl Iterator<Item = String> + '_ {
        let encoding = self.encoding();
        let mut seen = HashSet::new();
        let keys = self.as_list().iter().map(|(name, _)| name.to_ascii_lowercase());
        keys.filter(move |key| seen.insert(key.clone())).map(move |key| encoding.decode(&key))
    }

    /// The line at `index`: its name in lower case, and its value.
    pub fn item(&self, index: usize) -> Option<(String, String)> {
        Some(item(self.encoding(), self.as_list().get(index)?))
    }
}

fn item(encoding: HeaderEncoding, (name, value): &(Bytes, Bytes)) -> (String, String) {
    (encoding.decode(&name.to_ascii_lowercase()), encoding.decode(value))
}

/// As HTTPX shows them, with the values of secrets replaced: `Headers({'host': 'h', 'cookie': '[secure]'})`.
impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let encoding = self.encoding();
        let is_mapping = self.keys().count() == self.len();
        let (open, middle, close) = if is_mapping { ("{", ": ", "}") } else { ("[", ", ", "]") };
        write!(f, "Headers({open}")?;
        for (index, line) in self.as_list().iter().enumerate() {
            let (name, mut value) = item(encoding, line);
            if is_secret(name.as_bytes()) {
                value = "[secure]".to_owned();
            }
            let comma = if index > 0 { ", " } else { "" };
            let pair = format!("{}{middle}{}", Quoted(&name), Quoted(&value));
            match is_mapping {
                true => write!(f, "{comma}{pair}")?,
                false => write!(f, "{comma}({pair})")?,
            }
        }
        f.write_str(close)?;
        if encoding != HeaderEncoding::Ascii {
            write!(f, ", encoding={}", Quoted(encoding.name()))?;
        }
        f.write_str(")")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::httpcore::RawHeaders;

    fn headers(lines: &[(&str, &[u8])]) -> Headers {
        Headers::from(&RawHeaders::from_pairs(lines.iter().copied()).unwrap())
    }

    #[test]
    fn d02_the_lines_of_a_name_are_put_together_or_listed_or_split() {
        let headers = headers(&[("Accept", b"a, b"), ("X", b"1"), ("accept", b",c ")]);
        assert_eq!(headers.text(b"ACCEPT").as_deref(), Some("a, b, ,c "));
        assert_eq!(headers.text(b"none"), None);
        assert_eq!(headers.text_list(b"accept", false), ["a, b", ",c "]);
        assert_eq!(headers.text_list(b"accept", true), ["a", "b", "", "c"]);
        assert!(headers.text_list(b"none", true).is_empty());
    }

    #[test]
    fn d02_keys_are_in_lower_case_and_come_once() {
        let headers = headers(&[("B", b"1"), ("A", b"2"), ("b", b"3")]);
        assert!(headers.keys().eq(["b", "a"]));
        assert_eq!(headers.len(), 3);
        assert_eq!(headers.item(2), Some(("b".to_owned(), "3".to_owned())));
        assert_eq!(headers.item(3), None);
    }

    #[test]
    fn d04_the_encoding_is_the_first_that_fits_all_lines() {
        for (line, encoding, text) in
            [(&b"plain"[..], "ascii", "plain"), ("é".as_bytes(), "utf-8", "é"), (b"\xe9\x80", "iso-8859-1", "é\u{80}")]
        {
            let headers = headers(&[("a", b"ascii"), ("b", line)]);
            assert_eq!(headers.encoding().name(), encoding);
            assert_eq!(headers.text(b"b").as_deref(), Some(text));
        }
        // One line decides about the others.
        assert_eq!(headers(&[("a", "é".as_bytes()), ("b", b"\xff")]).text(b"a").as_deref(), Some("Ã©"));
    }

    #[test]
    fn d04_an_encoding_can_be_set_and_taken_back() {
        let mut headers = headers(&[("a", b"\x93\xe9")]);
        for (label, name, text) in [
            ("windows-1252", "windows-1252", "“é"),
            ("latin_1", "iso-8859-1", "\u{93}é"),
            ("US-ASCII", "ascii", "\u{fffd}\u{fffd}"),
            ("UTF8", "utf-8", "\u{fffd}\u{fffd}"),
        ] {
            headers.set_encoding(Some(label)).unwrap();
            assert_eq!((headers.encoding().name(), headers.text(b"a").as_deref()), (name, Some(text)));
        }
        assert_eq!(headers.set_encoding(Some("bogus")).unwrap_err().code(), Code::INVALID_ARGUMENT);
        assert_eq!(headers.encoding().name(), "utf-8");
        headers.set_encoding(None).unwrap();
        assert_eq!(headers.encoding().name(), "iso-8859-1");
    }

    #[test]
    fn d06_secrets_are_not_shown() {
        let shown = |lines: &[(&str, &[u8])]| format!("{:?}", headers(lines));
        assert_eq!(shown(&[]), "Headers({})");
        assert_eq!(
            shown(&[
                ("Authorization", b"s3"),
                ("Proxy-Authorization", b"s3"),
                ("COOKIE", b"s3"),
                ("Set-Cookie", b"s3")
            ]),
            "Headers({'authorization': '[secure]', 'proxy-authorization': '[secure]', 'cookie': '[secure]', \
             'set-cookie': '[secure]'})"
        );
        assert_eq!(shown(&[("A", b"1"), ("a", b"it's")]), "Headers([('a', '1'), ('a', \"it's\")])");
        assert_eq!(shown(&[("A", "é".as_bytes())]), "Headers({'a': 'é'}, encoding='utf-8')");
        assert_eq!(shown(&[("A", b"\xe9\xad")]), "Headers({'a': 'é\\xad'}, encoding='iso-8859-1')");
    }
}
