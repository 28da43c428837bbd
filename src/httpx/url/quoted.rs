//! Quotes a text as Python's `repr` does, because HTTPX's messages do: `Invalid port: 'abc'`.

use std::fmt::{self, Write};

use icu_properties::props::GeneralCategory;
use icu_properties::CodePointMapData;

/// Shows its text in quotes, escaped so that nothing invisible or misleading gets into a message.
pub(in crate::httpx) struct Quoted<'a>(pub(in crate::httpx) &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quote = if self.0.contains('\'') && !self.0.contains('"') { '"' } else { '\'' };
        f.write_char(quote)?;
        for c in self.0.chars() {
            match c {
                '\\' => f.write_str("\\\\")?,
                '\n' => f.write_str("\\n")?,
                '\r' => f.write_str("\\r")?,
                '\t' => f.write_str("\\t")?,
                c if c == quote => write!(f, "\\{c}")?,
                c if is_printable(c) => f.write_char(c)?,
                c if u32::from(c) <= 0xff => write!(f, "\\x{:02x}", u32::from(c))?,
                c if u32::from(c) <= 0xffff => write!(f, "\\u{:04x}", u32::from(c))?,
                c => write!(f, "\\U{:08x}", u32::from(c))?,
            }
        }
        f.write_char(quote)
    }
}

/// As Python's `str.isprintable`.
fn is_printable(c: char) -> bool {
    use GeneralCategory as Category;
    if c.is_ascii() {
        return matches!(c, ' '..='~');
    }
    !matches!(
        CodePointMapData::<GeneralCategory>::new().get(c),
        Category::Control
            | Category::Format
            | Category::Surrogate
            | Category::PrivateUse
            | Category::Unassigned
            | Category::LineSeparator
            | Category::ParagraphSeparator
            | Category::SpaceSeparator
    )
}
