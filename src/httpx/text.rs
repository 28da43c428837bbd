//! A body's text: which encoding it is in, and what it says (checklist O06, O07, O10). Bytes that mean nothing in the
//! encoding become U+FFFD.

use encoding_rs::{Decoder, Encoding, UTF_16BE, UTF_16LE, UTF_8};

use crate::counters::Counter;
use crate::error::{Code, Error};

/// The encoding that a label means: WHATWG's labels, and Python's names of the same codecs (checklist O10).
pub(super) fn encoding_for(label: &str) -> Option<&'static Encoding> {
    let known = |label: &str| Encoding::for_label_no_replacement(label.as_bytes());
    let label = label.trim();
    known(label).or_else(|| {
        let python = python_name(label);
        known(whatwg_label(&python))
            .or_else(|| known(&format!("iso-8859-{}", iso_8859_part(&python)?)))
            .or_else(|| known(&format!("windows-{}", windows_page(&python)?)))
    })
}

/// The encoding that a program names.
///
/// # Errors
/// INVALID_ARGUMENT for a label that is not known.
pub(super) fn known_encoding(label: &str) -> Result<&'static Encoding, Error> {
    encoding_for(label).ok_or_else(|| Error::new(Code::INVALID_ARGUMENT, format!("'{label}' is no encoding")))
}

/// In lower case, with a hyphen for whatever Python takes for a separator.
fn python_name(label: &str) -> String {
    let parts = label.split(|c: char| !c.is_ascii_alphanumeric() && c != '.');
    parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-").to_ascii_lowercase()
}

/// What the web calls a codec of Python; most of them it calls the same.
fn whatwg_label(python: &str) -> &str {
    match python {
        "646" | "us" | "cp367" | "ibm367" | "csascii" | "iso-ir-6" | "ansi-x3.4-1968" | "iso646-us"
        | "iso-646.irv-1991" | "ansi-x3-4-1968" | "ansi-x3.4-1986" => "ascii",
        "u8" | "utf" | "utf8-ucs2" | "utf8-ucs4" | "cp65001" | "utf-8-sig" => "utf-8",
        "u16" | "utf16" => "utf-16",
        "utf-16-le" | "unicodelittleunmarked" => "utf-16le",
        "utf-16-be" | "unicodebigunmarked" => "utf-16be",
        "latin" | "latin-1" | "8859" | "iso8859" => "latin1",
        "latin7" | "l7" => "iso-8859-13",
        "latin8" | "l8" | "iso-celtic" | "iso-ir-199" => "iso-8859-14",
        "latin9" | "l9" => "iso-8859-15",
        "latin10" | "l10" | "iso-ir-226" => "iso-8859-16",
        "thai" | "iso-ir-166" | "tis620" | "tis-620-0" | "tis-620-2529-0" | "tis-620-2529-1" => "iso-8859-11",
        "932" | "cp932" | "ms932" | "ms-kanji" | "mskanji" | "s-jis" | "shiftjis" => "shift_jis",
        "936" | "cp936" | "ms936" => "gbk",
        "949" | "cp949" | "ms949" | "uhc" | "euckr" | "ks-x-1001" | "ksx1001" | "ks-c-5601" | "ks-c-5601-1987" => {
            "euc-kr"
        }
        "950" | "cp950" | "ms950" | "big5-tw" | "big5hkscs" | "hkscs" => "big5",
        "eucjp" | "ujis" | "u-jis" => "euc-jp",
        "euc-cn" | "euccn" | "eucgb2312-cn" | "gb2312-1980" | "gb2312-80" => "gb2312",
        "gb18030-2000" => "gb18030",
        "iso2022jp" | "iso2022-jp" => "iso-2022-jp",
        "elot-928" => "greek",
        "866" => "ibm866",
        "macroman" | "mac-roman" => "macintosh",
        "maccyrillic" | "mac-cyrillic" => "x-mac-cyrillic",
        same => same,
    }
}

/// The 15 of `iso8859-15` and of `iso-8859-15-1998`.
fn iso_8859_part(python: &str) -> Option<&str> {
    let part = python.strip_prefix("iso8859-").or_else(|| python.strip_prefix("iso-8859-"))?;
    Some(part.split_once('-').map_or(part, |(part, _year)| part))
}

/// The 1252 of `cp1252` and of `1252`.
fn windows_page(python: &str) -> Option<&str> {
    let page = python.strip_prefix("cp").unwrap_or(python);
    (page.len() == 4 && page.starts_with("125")).then_some(page)
}

/// The charset parameter of a Content-Type, without quotes.
pub(super) fn charset(content_type: &[u8]) -> Option<String> {
    let content_type = std::str::from_utf8(content_type).ok()?;
    content_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let value = value.trim().trim_matches('"').trim_matches('\'');
        (name.trim().eq_ignore_ascii_case("charset") && !value.is_empty()).then(|| value.to_ascii_lowercase())
    })
}

/// The text. A byte order mark is kept in UTF-8, as HTTPX does, and decides in UTF-16.
pub(super) fn decode(content: &[u8], encoding: &'static Encoding) -> String {
    Counter::TextsDecoded.count();
    match is_utf_16(encoding) {
        true => encoding.decode(content).0.into_owned(),
        false => encoding.decode_without_bom_handling(content).0.into_owned(),
    }
}

/// Decodes as [`decode`] does, piece by piece.
pub(super) fn decoder(encoding: &'static Encoding) -> Decoder {
    match is_utf_16(encoding) {
        true => encoding.new_decoder(),
        false => encoding.new_decoder_without_bom_handling(),
    }
}

fn is_utf_16(encoding: &'static Encoding) -> bool {
    encoding == UTF_16LE || encoding == UTF_16BE
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
            // Names and aliases of Python's codecs.
            ("646", "windows-1252"),
            ("us_ascii", "windows-1252"),
            ("8859", "windows-1252"),
            ("L1", "windows-1252"),
            ("iso_8859_1_1987", "windows-1252"),
            ("iso-8859-2", "ISO-8859-2"),
            ("iso8859-7", "ISO-8859-7"),
            ("ISO_8859_15", "ISO-8859-15"),
            ("iso-8859-16-2001", "ISO-8859-16"),
            ("iso8859_11", "windows-874"),
            ("latin7", "ISO-8859-13"),
            ("l8", "ISO-8859-14"),
            ("latin10", "ISO-8859-16"),
            ("thai", "windows-874"),
            ("1251", "windows-1251"),
            ("windows_1254", "windows-1254"),
            ("cp1258", "windows-1258"),
            ("866", "IBM866"),
            ("cp866", "IBM866"),
            ("koi8_r", "KOI8-R"),
            ("koi8_u", "KOI8-U"),
            ("mac_roman", "macintosh"),
            ("maccyrillic", "x-mac-cyrillic"),
            ("cp932", "Shift_JIS"),
            ("ms_kanji", "Shift_JIS"),
            ("windows-31j", "Shift_JIS"),
            ("s_jis", "Shift_JIS"),
            ("ujis", "EUC-JP"),
            ("iso2022jp", "ISO-2022-JP"),
            ("iso2022_jp", "ISO-2022-JP"),
            ("cp949", "EUC-KR"),
            ("ks_c_5601_1987", "EUC-KR"),
            ("cp936", "GBK"),
            ("gb2312", "GBK"),
            ("euc_cn", "GBK"),
            ("gb18030_2000", "gb18030"),
            ("cp950", "Big5"),
            ("big5_hkscs", "Big5"),
            ("utf_8_sig", "UTF-8"),
            ("U8", "UTF-8"),
            ("cp65001", "UTF-8"),
            ("utf_16", "UTF-16LE"),
            ("u16", "UTF-16LE"),
        ] {
            assert_eq!(encoding_for(label).map(Encoding::name), Some(name), "{label}");
        }
        for unknown in ["bogus", "", "hz-gb-2312", "iso-2022-kr", "cp1", "125x", "iso8859-99"] {
            assert!(encoding_for(unknown).is_none(), "{unknown}");
        }
    }

    #[test]
    fn the_charset_is_found_among_parameters_with_or_without_quotes() {
        assert_eq!(charset(b"text/html; charset=iso-8859-1").as_deref(), Some("iso-8859-1"));
        assert_eq!(charset(b"text/html;a=b; Charset=\"UTF-8\" ; c=d").as_deref(), Some("utf-8"));
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
