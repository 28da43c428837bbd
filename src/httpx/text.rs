//! A body's text: which encoding it is in, and what it says (checklist O06, O07, O10). Bytes that mean nothing in the
//! encoding become U+FFFD.

use encoding_rs::{Encoding, UTF_16BE, UTF_16LE, UTF_8};

/// The encoding that a label means: WHATWG's labels, and Python's spellings of them.
pub(super) fn encoding_for(label: &str) -> Option<&'static Encoding> {
    let label = label.trim();
    Encoding::for_label_no_replacement(label.as_bytes()).or_else(|| {
        let python = label.to_ascii_lowercase().replace('_', "-");
        let known = match python.as_str() {
            "latin-1" | "l1" => "iso-8859-1",
            "utf-8-sig" | "u8" => "utf-8",
            "utf16" => "utf-16",
            "ms-kanji" => "shift_jis",
            "eucjp" | "ujis" => "euc-jp",
            "euckr" => "euc-kr",
            "utf-16-le" => "utf-16le",
            "utf-16-be" => "utf-16be",
            other => other,
        };
        // Python writes "iso8859-15" and "cp1250" where the labels have another hyphen or none.
        Encoding::for_label_no_replacement(known.as_bytes())
            .or_else(|| Encoding::for_label_no_replacement(known.replacen("iso8859-", "iso-8859-", 1).as_bytes()))
            .or_else(|| Encoding::for_label_no_replacement(known.replacen("cp", "windows-", 1).as_bytes()))
    })
}

/// The charset parameter of a Content-Type, without quotes.
pub(super) fn charset(content_type: &[u8]) -> Option<String> {
    let content_type = std::str::from_utf8(content_type).ok()?;
    content_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let value = value.trim().trim_matches('"').trim_matches('\'');
        (name.trim().eq_ignore_ascii_case("charset") && !value.is_empty()).then(|| value.to_owned())
    })
}

/// The text. A byte order mark is kept in UTF-8, as HTTPX does, and decides in UTF-16.
pub(super) fn decode(content: &[u8], encoding: &'static Encoding) -> String {
    match encoding == UTF_16LE || encoding == UTF_16BE {
        true => encoding.decode(content).0.into_owned(),
        false => encoding.decode_without_bom_handling(content).0.into_owned(),
    }
}

/// What a body is in that says nothing.
pub(super) const DEFAULT: &Encoding = UTF_8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_of_the_web_and_of_python_are_known() {
        for (label, name) in [
            ("utf-8", "UTF-8"),
            ("UTF8", "UTF-8"),
            ("utf_8", "UTF-8"),
            ("latin1", "windows-1252"),
            ("latin-1", "windows-1252"),
            ("iso8859_15", "ISO-8859-15"),
            ("cp1252", "windows-1252"),
            ("cp1250", "windows-1250"),
            ("shift-jis", "Shift_JIS"),
            ("shift_jis", "Shift_JIS"),
            ("euc_jp", "EUC-JP"),
            ("utf-16", "UTF-16LE"),
            ("utf_16_le", "UTF-16LE"),
            ("utf_16_be", "UTF-16BE"),
            ("big5", "Big5"),
        ] {
            assert_eq!(encoding_for(label).map(Encoding::name), Some(name), "{label}");
        }
        for unknown in ["bogus", "", "hz-gb-2312", "iso-2022-kr"] {
            assert!(encoding_for(unknown).is_none(), "{unknown}");
        }
    }

    #[test]
    fn the_charset_is_found_among_parameters_with_or_without_quotes() {
        assert_eq!(charset(b"text/html; charset=iso-8859-1").as_deref(), Some("iso-8859-1"));
        assert_eq!(charset(b"text/html;a=b; Charset=\"utf-8\" ; c=d").as_deref(), Some("utf-8"));
        assert_eq!(charset(b"text/html; charset="), None);
        assert_eq!(charset(b"text/html"), None);
        assert_eq!(charset(b"charset=utf-8"), None);
    }

    #[test]
    fn bytes_without_meaning_become_replacement_characters() {
        assert_eq!(decode(b"a\xffb", UTF_8), "a\u{fffd}b");
        assert_eq!(decode(b"\xef\xbb\xbfa", UTF_8), "\u{feff}a");
        assert_eq!(decode(b"\xfe\xff\0a", UTF_16LE), "a");
    }
}
