//! What a client says about how the bodies of its responses are read.

use std::sync::Arc;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::Encoding;

use super::decoders::DecodeLimits;
use super::text;
use crate::error::Error;

/// The longest line of a stream of lines, in bytes of UTF-8, unless a client says otherwise.
const MAX_LINE: usize = 64 << 20;

/// Asked for the label of the encoding that a body is in; None if that cannot be told.
pub type AskEncodingFn = dyn Fn(&[u8]) -> Option<String> + Send + Sync;

/// See the module.
#[derive(Clone, Debug)]
pub struct Reading {
    /// Of content encodings.
    pub limits: DecodeLimits,
    /// What text is in that says nothing of it (checklist O06).
    pub default_encoding: DefaultEncoding,
    /// The longest line of a stream of lines, in bytes of UTF-8.
    pub max_line: usize,
}

impl Default for Reading {
    fn default() -> Reading {
        let default_encoding = DefaultEncoding::Named(text::DEFAULT);
        Reading { limits: DecodeLimits::default(), default_encoding, max_line: MAX_LINE }
    }
}

/// What text is in that says nothing of it.
#[derive(Clone)]
pub enum DefaultEncoding {
    /// Always the same.
    Named(&'static Encoding),
    /// What the bytes look like.
    Detected,
    /// What a function of the program says, which gets the whole body.
    Asked(Arc<AskEncodingFn>),
}

impl DefaultEncoding {
    /// By a label of the web or of Python; `detect` is the detector.
    ///
    /// # Errors
    /// INVALID_ARGUMENT for a label that is not known.
    pub fn named(label: &str) -> Result<DefaultEncoding, Error> {
        match label {
            "detect" => Ok(DefaultEncoding::Detected),
            _ => text::known_encoding(label).map(DefaultEncoding::Named),
        }
    }

    /// What a body is in. An answer that names no encoding is as good as none, and then it is UTF-8 (checklist O07).
    pub(super) fn of(&self, content: &[u8]) -> &'static Encoding {
        match self {
            DefaultEncoding::Named(encoding) => encoding,
            DefaultEncoding::Detected => detect(content),
            DefaultEncoding::Asked(ask) => {
                ask(content).and_then(|label| text::encoding_for(&label)).unwrap_or(text::DEFAULT)
            }
        }
    }

    /// What a body is in that is still to come (checklist O08).
    pub(super) fn of_unseen(&self) -> &'static Encoding {
        match self {
            DefaultEncoding::Named(encoding) => encoding,
            DefaultEncoding::Detected | DefaultEncoding::Asked(_) => text::DEFAULT,
        }
    }
}

impl std::fmt::Debug for DefaultEncoding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            DefaultEncoding::Named(encoding) => encoding.name(),
            DefaultEncoding::Detected => "detected",
            DefaultEncoding::Asked(_) => "asked",
        })
    }
}

/// A byte order mark decides, else the detector that browsers have.
fn detect(content: &[u8]) -> &'static Encoding {
    if let Some((encoding, _)) = Encoding::for_bom(content) {
        return encoding;
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    detector.feed(content, true);
    // Without a byte above 127 any answer is right, and UTF-8 is the one that HTTPX users expect.
    match content.is_ascii() && !content.contains(&0x1b) {
        true => text::DEFAULT,
        false => detector.guess(None, Utf8Detection::Allow),
    }
}

#[cfg(test)]
mod tests {
    use encoding_rs::{SHIFT_JIS, UTF_16LE, UTF_8, WINDOWS_1251};

    use super::*;

    /// In text that is long enough to tell.
    #[test]
    fn the_detector_finds_what_text_is_in() {
        let russian = "Съешь же ещё этих мягких французских булок, да выпей чаю.";
        let japanese = "いろはにほへと ちりぬるを わかよたれそ つねならむ";
        let (cyrillic, ..) = WINDOWS_1251.encode(russian);
        let (shift_jis, ..) = SHIFT_JIS.encode(japanese);
        let detect = |content: &[u8]| DefaultEncoding::named("detect").unwrap().of(content);
        assert_eq!(detect(&cyrillic), WINDOWS_1251);
        assert_eq!(detect(&shift_jis), SHIFT_JIS);
        assert_eq!(detect(russian.as_bytes()), UTF_8);
        assert_eq!(detect(b"plain"), UTF_8);
        assert_eq!(detect(b""), UTF_8);
        assert_eq!(detect(b"\xff\xfea\0"), UTF_16LE);
    }

    /// Checklist O07.
    #[test]
    fn a_function_without_an_answer_means_utf_8() {
        for answer in [None, Some("bogus"), Some("")] {
            let ask = DefaultEncoding::Asked(Arc::new(move |_: &[u8]| answer.map(str::to_owned)));
            assert_eq!(ask.of(b"\xe9"), UTF_8, "{answer:?}");
        }
        let ask = DefaultEncoding::Asked(Arc::new(|_: &[u8]| Some("cp1251".to_owned())));
        assert_eq!(ask.of(b"\xe9"), WINDOWS_1251);
        assert_eq!(ask.of_unseen(), UTF_8);
    }
}
