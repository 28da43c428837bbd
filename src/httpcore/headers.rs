//! The header list of a message as it came over the wire: order, case and duplicates are kept (checklist I09). All
//! names and values lie in one shared block, and a field is four numbers into it, so a list costs two allocations
//! however long it is.

use std::fmt;
use std::ops::Range;

use bytes::Bytes;

use crate::counters::Counter;
use crate::error::{Code, Error};

/// Where one field's name and value lie in the block of its list.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field {
    name_start: u32,
    name_len: u32,
    value_start: u32,
    value_len: u32,
}

impl Field {
    /// The block of a list is shorter than 4 GiB; who builds one has checked that.
    pub(crate) fn new(name: Range<usize>, value: Range<usize>) -> Field {
        Field {
            name_start: name.start as u32,
            name_len: name.len() as u32,
            value_start: value.start as u32,
            value_len: value.len() as u32,
        }
    }

    fn name(self, block: &[u8]) -> &[u8] {
        &block[self.name_start as usize..][..self.name_len as usize]
    }

    fn value(self, block: &[u8]) -> &[u8] {
        &block[self.value_start as usize..][..self.value_len as usize]
    }
}

/// An ordered list of header fields, as received. Names keep their case, values have no whitespace around them. Cloning
/// copies the list of positions and shares the text.
#[derive(Clone, Default)]
pub struct RawHeaders {
    block: Bytes,
    fields: Vec<Field>,
    /// A bit for each length that a name has, so that names that are not there are seldom looked for.
    lengths: u64,
}

/// Lengths above 63 share bits with others.
fn length_bit(length: usize) -> u64 {
    1 << (length % 64)
}

impl RawHeaders {
    /// `fields` point into `block`.
    pub(crate) fn new(block: Bytes, fields: Vec<Field>) -> RawHeaders {
        Counter::HeaderFields.add(fields.len());
        let lengths = fields.iter().fold(0, |lengths, field| lengths | length_bit(field.name_len as usize));
        RawHeaders { block, fields, lengths }
    }

    /// A list from names and values that never were on a wire, taken as they are.
    ///
    /// # Errors
    /// LocalProtocolError if all of it together is 4 GiB or more.
    pub fn from_pairs<N, V>(pairs: impl IntoIterator<Item = (N, V)>) -> Result<RawHeaders, Error>
    where
        N: AsRef<[u8]>,
        V: AsRef<[u8]>,
    {
        let mut block = Vec::new();
        let mut fields = Vec::new();
        for (name, value) in pairs {
            let name_start = block.len();
            block.extend_from_slice(name.as_ref());
            let value_start = block.len();
            block.extend_from_slice(value.as_ref());
            if u32::try_from(block.len()).is_err() {
                return Err(Error::new(Code::LOCAL_PROTOCOL_ERROR, "headers of 4 GiB or more are not supported"));
            }
            fields.push(Field::new(name_start..value_start, value_start..block.len()));
        }
        Ok(RawHeaders::new(block.into(), fields))
    }

    /// The same list without its first field.
    pub(super) fn without_first(mut self) -> RawHeaders {
        self.fields.remove(0);
        self
    }

    /// The text that the fields lie in.
    pub(crate) fn block(&self) -> &[u8] {
        &self.block
    }

    /// Number of field lines; a name that came twice counts twice.
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// Whether there is no field.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// Name and value of the field at `index`.
    pub fn get(&self, index: usize) -> Option<(&[u8], &[u8])> {
        let field = self.fields.get(index)?;
        Some((field.name(&self.block), field.value(&self.block)))
    }

    /// Names and values in the order in which they came.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&[u8], &[u8])> + Clone {
        self.fields.iter().map(|field| (field.name(&self.block), field.value(&self.block)))
    }

    /// The values of all fields called `name`, whatever the case.
    pub fn find_all<'a>(&'a self, name: &'a [u8]) -> impl Iterator<Item = &'a [u8]> + Clone {
        let may_be_there = self.lengths & length_bit(name.len()) != 0;
        let fields = if may_be_there { &self.fields[..] } else { &[] };
        fields
            .iter()
            .filter(move |field| field.name_len as usize == name.len())
            .filter(move |field| same_name(field.name(&self.block), name))
            .map(|field| field.value(&self.block))
    }

    /// Whether the comma-separated lists of all fields called `name` have the element `token`; case is ignored in both.
    /// (RFC 9110 §5.6.1; meant for lists of plain tokens such as Connection.)
    pub fn contains_token(&self, name: &[u8], token: &[u8]) -> bool {
        self.find_all(name).any(|value| list_has_token(value, token))
    }
}

impl fmt::Debug for RawHeaders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(|(name, value)| (quoted(name), shown_value(name, value)))).finish()
    }
}

/// Whether the comma-separated list `value` has the element `token`, whatever the case.
pub(crate) fn list_has_token(value: &[u8], token: &[u8]) -> bool {
    value.len() >= token.len()
        && value.split(|&byte| byte == b',').any(|element| trim_ows(element).eq_ignore_ascii_case(token))
}

/// Optional whitespace (RFC 9110 §5.6.3) is spaces and tabs, nothing else.
pub(crate) fn is_ows(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

/// `text` without the optional whitespace around it.
pub(crate) fn trim_ows(text: &[u8]) -> &[u8] {
    let Some(start) = text.iter().position(|&byte| !is_ows(byte)) else {
        return &[];
    };
    let end = text.iter().rposition(|&byte| !is_ows(byte)).map_or(start, |last| last + 1);
    &text[start..end]
}

/// Whether `text` is a token (RFC 9110 §5.6.2): what methods and field names are made of.
pub(crate) fn is_token(text: &[u8]) -> bool {
    !text.is_empty() && all_bytes(text, is_name_word, |byte| TOKEN[byte as usize])
}

/// Where the first byte below 0x20 stands, from `from` on.
pub(crate) fn first_control(text: &[u8], from: usize) -> Option<usize> {
    // A borrow goes upwards only: the lowest bit is right.
    let controls = |word: u64| word.wrapping_sub(ONES * 0x20) & !word & TOPS;
    first_of(text, from, controls, |byte| byte < 0x20)
}

/// Where the token ends that begins at `from`; None if it may go on behind the end of `text`.
pub(crate) fn token_end(text: &[u8], from: usize) -> Option<usize> {
    let others = |word| !letters_and_hyphens(word) & TOPS;
    let end = first_of(text, from, others, |byte| !TOKEN[byte as usize])?;
    match text[end] {
        b':' => Some(end),
        _ => text[end..].iter().position(|&byte| !TOKEN[byte as usize]).map(|rest| end + rest),
    }
}

/// The first position from `from` on that is wanted: by its top bit in what `find` gives for eight bytes, of which the
/// first is the lowest, or, in what is left in the end, by `is_it`.
#[inline(always)]
fn first_of(text: &[u8], from: usize, find: impl Fn(u64) -> u64, is_it: impl Fn(u8) -> bool) -> Option<usize> {
    let mut rest = text.get(from..)?;
    let mut position = from;
    while let Some((chunk, behind)) = rest.split_first_chunk::<8>() {
        let found = find(u64::from_le_bytes(*chunk));
        if found != 0 {
            return Some(position + found.trailing_zeros() as usize / 8);
        }
        rest = behind;
        position += 8;
    }
    rest.iter().position(|&byte| is_it(byte)).map(|rest| position + rest)
}

/// Whether `text` may stand inside a field value: no NUL, no LF, VT, FF, CR. The other control bytes pass as they do in
/// h11 (I04); they cannot end a line.
pub(crate) fn is_field_text(text: &[u8]) -> bool {
    all_bytes(text, has_no_control, |byte| byte != 0 && !(b'\n'..=b'\r').contains(&byte))
}

/// Whether `accepts` holds for all bytes of `text`. `accepts_word` looks at eight of them at once; it may say no too
/// often. The last eight are looked at together too, even if some of them were before.
fn all_bytes(text: &[u8], accepts_word: impl Fn(u64) -> bool, accepts: impl Fn(u8) -> bool) -> bool {
    let accepts_chunk =
        |chunk: &[u8; 8]| accepts_word(u64::from_ne_bytes(*chunk)) || chunk.iter().all(|&byte| accepts(byte));
    let Some(last) = text.last_chunk::<8>() else {
        return text.iter().all(|&byte| accepts(byte));
    };
    let mut rest = text;
    while let Some((chunk, behind)) = rest.split_first_chunk::<8>() {
        if !accepts_chunk(chunk) {
            return false;
        }
        rest = behind;
    }
    accepts_chunk(last)
}

const ONES: u64 = u64::from_ne_bytes([1; 8]);
const TOPS: u64 = u64::from_ne_bytes([0x80; 8]);

/// The subtraction borrows into a byte's top bit if the byte is below 0x20.
fn has_no_control(word: u64) -> bool {
    word.wrapping_sub(ONES * 0x20) & !word & TOPS == 0
}

/// Whether there are only letters and hyphens, of which nearly all field names are made.
fn is_name_word(word: u64) -> bool {
    letters_and_hyphens(word) == TOPS
}

/// The top bits of those bytes that are letters and hyphens, counted from the lowest byte, up to the first that is neither;
/// nothing to rely on above it. The sum reaches a byte's top bit if the byte is not a hyphen; only a byte above 0x7f makes
/// it overflow.
fn letters_and_hyphens(word: u64) -> u64 {
    let no_hyphen = (word ^ (ONES * b'-' as u64)).wrapping_add(ONES * 0x7f);
    (letters(word) | !no_hyphen) & !word & TOPS
}

/// The top bits of those bytes of `word` that are ASCII letters; nothing to rely on if there is a byte above 0x7f.
fn letters(word: u64) -> u64 {
    let lower = word | (ONES * 0x20);
    let from_a = lower.wrapping_add(ONES * (0x80 - b'a' as u64));
    let above_z = lower.wrapping_add(ONES * (0x7f - b'z' as u64));
    from_a & !above_z & TOPS
}

/// Whether two names are the same but for the case of their letters. The standard library's answer, eight bytes at a
/// time.
pub(crate) fn same_name(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let (Some(last_a), Some(last_b)) = (a.last_chunk::<8>(), b.last_chunk::<8>()) else {
        return a.eq_ignore_ascii_case(b);
    };
    a.chunks_exact(8).zip(b.chunks_exact(8)).all(|(a, b)| match (a.first_chunk(), b.first_chunk()) {
        (Some(a), Some(b)) => same_word(a, b),
        _ => false,
    }) && same_word(last_a, last_b)
}

/// Two words that differ only in case bits, and only in those of letters; a case bit moved up by two is a top bit.
fn same_word(a: &[u8; 8], b: &[u8; 8]) -> bool {
    let (word, other) = (u64::from_ne_bytes(*a), u64::from_ne_bytes(*b));
    if word & TOPS != 0 {
        return a.eq_ignore_ascii_case(b);
    }
    let different = word ^ other;
    different & !(ONES * 0x20) == 0 && (different << 2) & !letters(word) == 0
}

static TOKEN: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = (byte as u8).is_ascii_alphanumeric();
        byte += 1;
    }
    let marks = b"!#$%&'*+-.^_`|~";
    let mut mark = 0;
    while mark < marks.len() {
        table[marks[mark] as usize] = true;
        mark += 1;
    }
    table
};

/// Whether the values of fields of this name are nobody's business but the peers': credentials, and the cookies that are as
/// good as those. They are not shown in messages and logs (checklist P06).
pub(crate) fn is_secret(name: &[u8]) -> bool {
    const SECRET: [&[u8]; 4] = [b"authorization", b"proxy-authorization", b"cookie", b"set-cookie"];
    SECRET.iter().any(|secret| same_name(name, secret))
}

/// The value of a field as it is shown in messages.
pub(crate) fn shown_value(name: &[u8], value: &[u8]) -> String {
    match is_secret(name) {
        true => "[secure]".to_owned(),
        false => quoted(value),
    }
}

/// `bytes` as it is shown in messages: `b'GET \r\n'`, cut off when it is long.
pub(crate) fn quoted(bytes: &[u8]) -> String {
    const SHOWN: usize = 200;
    match bytes.get(..SHOWN) {
        Some(start) if bytes.len() > SHOWN => format!("b'{}'...", start.escape_ascii()),
        _ => format!("b'{}'", bytes.escape_ascii()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list() -> RawHeaders {
        RawHeaders::from_pairs([
            ("Host", "a"),
            ("CONNECTION", "x, Keep-Alive ,,"),
            ("host", ""),
            ("connection", "\tclose"),
        ])
        .unwrap()
    }

    #[test]
    fn order_case_and_duplicates_are_kept() {
        let list = list();
        assert_eq!((list.len(), list.is_empty()), (4, false));
        let names: Vec<_> = list.iter().map(|(name, _)| name.to_vec()).collect();
        assert_eq!(names, [&b"Host"[..], b"CONNECTION", b"host", b"connection"]);
        assert_eq!(list.get(2), Some((&b"host"[..], &b""[..])));
        assert_eq!(list.get(4), None);
        assert!(RawHeaders::default().is_empty());
    }

    #[test]
    fn names_are_found_whatever_their_case() {
        let list = list();
        assert_eq!(list.find_all(b"HOST").collect::<Vec<_>>(), [&b"a"[..], b""]);
        assert_eq!(list.find_all(b"hos").count(), 0);
        assert_eq!(list.find_all(b"").count(), 0);
    }

    #[test]
    fn names_are_compared_as_the_standard_library_does() {
        let names = [&b"Content-Length"[..], b"connection", b"host", b"", b"etag-etag", b"a@[`{\x80\xe9zZ-"];
        for name in names {
            for at in 0..name.len() {
                for byte in 0..=255 {
                    let mut other = name.to_vec();
                    other[at] = byte;
                    assert_eq!(same_name(name, &other), name.eq_ignore_ascii_case(&other), "{byte:#04x} at {at}");
                    assert_eq!(same_name(&other, name), name.eq_ignore_ascii_case(&other), "{byte:#04x} at {at}");
                }
            }
            assert!(same_name(name, &name.to_ascii_uppercase()) && !same_name(name, &[name, b"x"].concat()));
        }
    }

    #[test]
    fn long_names_are_found_and_not_taken_for_others() {
        let (long, longer) = ("x".repeat(64), "x".repeat(128));
        let list = RawHeaders::from_pairs([(&*long, "1"), (&*longer, "2")]).unwrap();
        assert_eq!(list.find_all(long.as_bytes()).collect::<Vec<_>>(), [b"1"]);
        assert_eq!(list.find_all(longer.as_bytes()).collect::<Vec<_>>(), [b"2"]);
        assert_eq!((list.find_all(b"").count(), list.find_all(&[b'x'; 192]).count()), (0, 0));
    }

    #[test]
    fn ends_of_tokens_and_control_bytes_are_found_wherever_they_stand() {
        for byte in 0..=255 {
            for at in 0..20 {
                let mut text = *b"Content-Type-Abc-xyz";
                text[at] = byte;
                let is_end = |byte: &u8| !is_token(&[*byte]);
                for from in 0..=20 {
                    let rest = &text[from..];
                    let end = rest.iter().position(is_end).map(|end| from + end);
                    assert_eq!(token_end(&text, from), end, "{byte:#04x} at {at} from {from}");
                    let control = rest.iter().position(|byte| *byte < 0x20).map(|control| from + control);
                    assert_eq!(first_control(&text, from), control, "{byte:#04x} at {at} from {from}");
                }
            }
        }
        assert_eq!((token_end(b"a", 2), first_control(b"a", 2)), (None, None));
    }

    #[test]
    fn tokens_are_found_in_every_line_and_only_whole() {
        let list = list();
        for token in ["x", "keep-alive", "CLOSE"] {
            assert!(list.contains_token(b"Connection", token.as_bytes()), "{token}");
        }
        for token in ["keep", "los", "x, Keep-Alive", "a"] {
            assert!(!list.contains_token(b"Connection", token.as_bytes()), "{token}");
        }
    }

    #[test]
    fn a_clone_outlives_its_list() {
        let copy = list().clone();
        assert_eq!(format!("{:?}", copy.get(0)), format!("{:?}", Some((b"Host", b"a"))));
        assert!(format!("{copy:?}").contains(r#"("b'CONNECTION'", "b'x, Keep-Alive ,,'")"#));
    }

    #[test]
    fn tokens_are_the_77_characters_of_rfc_9110() {
        let count = (0..=255).filter(|&byte| is_token(&[byte])).count();
        assert_eq!(count, 77);
        for byte in 0..=255 {
            for at in 0..8 {
                let mut word = *b"Etag-AzZ";
                word[at] = byte;
                assert_eq!(is_token(&word), is_token(&[byte]), "{byte:#04x} at {at}");
            }
        }
        assert!(!is_token(b"") && !is_token(b"a b") && is_token(b"x-Y_z.1~"));
    }

    #[test]
    fn whitespace_is_trimmed_at_both_ends_only() {
        let cases = [("", ""), (" \t", ""), ("a", "a"), (" a b\t", "a b"), ("\u{b}a", "\u{b}a")];
        for (text, trimmed) in cases {
            assert_eq!(trim_ows(text.as_bytes()), trimmed.as_bytes());
        }
    }
}
