//! Internationalised names by IDNA 2008 (RFC 5890–5893), as HTTPX has them (C08, C09): `faß.de` is not `fass.de`, and
//! emoji are no letters. The `idna` crate maps, checks and encodes by UTS #46, which lets more pass; what is too much is
//! refused here.

use std::borrow::Cow;

use icu_properties::props::{GeneralCategory, GeneralCategoryGroup, Script};
use icu_properties::CodePointMapData;
use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};

/// What the DNS can carry, with the dot of the root; an ASCII form is never shorter than its Unicode form.
const MAX_LENGTH: usize = 254;

/// The name in ASCII; `None` if it is not one.
pub(super) fn to_ascii(name: &str) -> Option<String> {
    if name.chars().nth(MAX_LENGTH).is_some() {
        return None;
    }
    let lower = name.to_lowercase().replace(['\u{3002}', '\u{ff0e}', '\u{ff61}'], ".");
    let (unicode, valid) = Uts46::new().to_unicode(lower.as_bytes(), AsciiDenyList::STD3, Hyphens::Check);
    valid.ok()?;
    // UTS #46 would replace compatibility characters by what they stand for; IDNA 2008 knows no mapping.
    let is_unmapped = |(given, decoded): (&str, &str)| given.starts_with("xn--") || given == decoded;
    if !lower.split('.').zip(unicode.split('.')).all(is_unmapped) || !unicode.split('.').all(is_label) {
        return None;
    }
    let ascii =
        Uts46::new().to_ascii(lower.as_bytes(), AsciiDenyList::STD3, Hyphens::Check, DnsLength::VerifyAllowRootDot);
    Some(ascii.ok()?.into_owned())
}

/// Decodes each label that is valid; others stay as they are.
pub(super) fn to_unicode(name: &str) -> Cow<'_, str> {
    if !name.contains("xn--") {
        return Cow::Borrowed(name);
    }
    let labels: Vec<Cow<'_, str>> = name.split('.').map(label_to_unicode).collect();
    Cow::Owned(labels.join("."))
}

fn label_to_unicode(label: &str) -> Cow<'_, str> {
    if !label.starts_with("xn--") {
        return Cow::Borrowed(label);
    }
    match Uts46::new().to_unicode(label.as_bytes(), AsciiDenyList::STD3, Hyphens::Check) {
        (decoded, Ok(())) if is_label(&decoded) => decoded,
        _ => Cow::Borrowed(label),
    }
}

/// RFC 5892 §2.6–2.8, appendix A.3–A.9, for a label that UTS #46 has already found valid.
fn is_label(label: &str) -> bool {
    let mut before = None;
    let mut rest = label.chars();
    while let Some(c) = rest.next() {
        if !is_letter_or_digit(c) && !is_allowed_here(c, before, rest.clone().next(), label) {
            return false;
        }
        before = Some(c);
    }
    true
}

/// PVALID, but for stability under normalisation, which UTS #46 has checked.
fn is_letter_or_digit(c: char) -> bool {
    match c {
        'a'..='z' | '0'..='9' | '-' => true,
        // RFC 5892 §2.6, exceptions.
        'ß' | 'ς' | '\u{6fd}' | '\u{6fe}' | '\u{f0b}' | '\u{3007}' => true,
        '\u{640}' | '\u{7fa}' | '\u{302e}' | '\u{302f}' | '\u{3031}'..='\u{3035}' | '\u{303b}' => false,
        // Allowed in a context only.
        '\u{660}'..='\u{669}' | '\u{6f0}'..='\u{6f9}' => false,
        // §2.9, old Hangul.
        '\u{1100}'..='\u{11ff}' | '\u{a960}'..='\u{a97c}' | '\u{d7b0}'..='\u{d7fb}' => false,
        // §2.4, blocks of symbols and of notes.
        '\u{20d0}'..='\u{20ff}' | '\u{1d100}'..='\u{1d24f}' => false,
        // §2.1.
        c => GeneralCategoryGroup::Letter
            .union(GeneralCategoryGroup::DecimalNumber)
            .union(GeneralCategoryGroup::NonspacingMark)
            .union(GeneralCategoryGroup::SpacingMark)
            .contains(CodePointMapData::<GeneralCategory>::new().get(c)),
    }
}

/// CONTEXTJ and CONTEXTO.
fn is_allowed_here(c: char, before: Option<char>, after: Option<char>, label: &str) -> bool {
    match c {
        // Joiners: UTS #46 has checked them by the same rules.
        '\u{200c}' | '\u{200d}' => true,
        '·' => before == Some('l') && after == Some('l'),
        '\u{375}' => after.is_some_and(|c| script(c) == Script::Greek),
        '\u{5f3}' | '\u{5f4}' => before.is_some_and(|c| script(c) == Script::Hebrew),
        '・' => label.chars().any(|c| matches!(script(c), Script::Hiragana | Script::Katakana | Script::Han)),
        '\u{660}'..='\u{669}' => !label.contains(|c| matches!(c, '\u{6f0}'..='\u{6f9}')),
        '\u{6f0}'..='\u{6f9}' => !label.contains(|c| matches!(c, '\u{660}'..='\u{669}')),
        _ => false,
    }
}

fn script(c: char) -> Script {
    CodePointMapData::<Script>::new().get(c)
}
