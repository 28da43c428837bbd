//! Headers that can be changed: an ordered list of names and values that keeps case, order and duplicates, looked up
//! without regard to case (checklist D01 to D03). What they say as text is in `headers/text.rs`.

mod text;

use std::sync::Arc;

use bytes::Bytes;

use crate::counters::Counter;
use crate::error::{Code, Error};
use crate::httpcore::{is_field_text, is_token, quoted, same_name, HeaderLine, HeaderLines, HeaderSheet, RawHeaders};
pub use text::HeaderEncoding;

/// See the module. Two are equal if they have the same lines in any order; names are compared without regard to case
/// (D05).
#[derive(Clone, Default)]
pub struct Headers {
    /// Unless they are on a sheet.
    own: Vec<HeaderLine>,
    /// Shared with others until they are changed.
    sheet: Option<Arc<HeaderSheet>>,
    /// What the text is in; None: whatever fits (D04).
    encoding: Option<HeaderEncoding>,
    /// Names and values may be any bytes: what cannot be sent is refused when it is sent.
    lenient: bool,
}

impl Headers {
    /// How many lines there are.
    pub fn len(&self) -> usize {
        self.as_list().len()
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.as_list().is_empty()
    }

    /// The lines in their order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Bytes, &Bytes)> + Clone {
        self.as_list().iter().map(|(name, value)| (name, value))
    }

    /// The line at `index`.
    pub fn get(&self, index: usize) -> Option<(&Bytes, &Bytes)> {
        self.as_list().get(index).map(|(name, value)| (name, value))
    }

    /// True if there is a line of that name.
    pub fn contains(&self, name: &[u8]) -> bool {
        self.as_list().iter().any(|(other, _)| same_name(other, name))
    }

    /// Puts a line at the end.
    ///
    /// # Errors
    /// LocalProtocolError for a name or value that could not be sent (checklist B11).
    pub fn add(&mut self, name: &[u8], value: &[u8]) -> Result<(), Error> {
        self.check(name, value)?;
        self.push(Bytes::copy_from_slice(name), Bytes::copy_from_slice(value));
        Ok(())
    }

    /// Replaces the first line of that name in its place and removes the others; puts a line at the end if there is
    /// none.
    ///
    /// # Errors
    /// LocalProtocolError as for `add`; nothing is changed then.
    pub fn set(&mut self, name: &[u8], value: &[u8]) -> Result<(), Error> {
        self.check(name, value)?;
        let Some(first) = self.as_list().iter().position(|(other, _)| same_name(other, name)) else {
            self.push(Bytes::copy_from_slice(name), Bytes::copy_from_slice(value));
            return Ok(());
        };
        let lines = self.own();
        lines[first] = (Bytes::copy_from_slice(name), Bytes::copy_from_slice(value));
        let mut index = 0;
        lines.retain(|(other, _)| {
            index += 1;
            index - 1 <= first || !same_name(other, name)
        });
        Ok(())
    }

    /// Removes every line of that name, and puts one at the end: how a user's header takes the place of a default
    /// (checklist B07).
    ///
    /// # Errors
    /// LocalProtocolError as for `add`; nothing is changed then.
    pub fn override_with(&mut self, name: &[u8], value: &[u8]) -> Result<(), Error> {
        self.check(name, value)?;
        self.remove(name);
        self.push(Bytes::copy_from_slice(name), Bytes::copy_from_slice(value));
        Ok(())
    }

    /// Puts a line at the end, unless there is one of that name.
    ///
    /// # Errors
    /// LocalProtocolError as for `add`.
    pub fn set_default(&mut self, name: &[u8], value: &[u8]) -> Result<(), Error> {
        match self.contains(name) {
            true => self.check(name, value),
            false => self.add(name, value),
        }
    }

    /// Removes every line whose name `other` has, and puts all lines of `other` at the end (D03).
    pub fn update(&mut self, other: &Headers) {
        let lines = self.own();
        lines.retain(|(name, _)| !other.contains(name));
        lines.extend_from_slice(other.as_list());
    }

    /// Removes every line of that name; returns how many.
    pub fn remove(&mut self, name: &[u8]) -> usize {
        if !self.contains(name) {
            return 0;
        }
        let lines = self.own();
        let before = lines.len();
        lines.retain(|(other, _)| !same_name(other, name));
        before - lines.len()
    }

    /// Puts a line at the end that is known to be right.
    pub(super) fn push(&mut self, name: Bytes, value: Bytes) {
        self.own().push((name, value));
    }

    /// Puts a line in front of the one at `index` that is known to be right.
    pub(super) fn insert(&mut self, index: usize, line: (Bytes, Bytes)) {
        self.own().insert(index, line);
    }

    /// Removes the first line that is this very one.
    pub(super) fn remove_line(&mut self, line: &(Bytes, Bytes)) {
        if let Some(index) = self.as_list().iter().position(|other| other == line) {
            self.own().remove(index);
        }
    }

    /// Whether it has the same lines in the same order.
    pub fn is_same(&self, other: &Headers) -> bool {
        self.as_list() == other.as_list()
    }

    /// A copy with a line in front that is known to be right. Its copies share the lines.
    pub(super) fn behind(&self, first: Option<HeaderLine>) -> Headers {
        let lines = first.into_iter().chain(self.as_list().iter().cloned()).collect();
        Headers { sheet: Some(Arc::new(HeaderSheet::new(lines))), ..Headers::default() }
    }

    /// Has names and values be any bytes, or no longer.
    pub fn set_lenient(&mut self, lenient: bool) {
        self.lenient = lenient;
    }

    fn check(&self, name: &[u8], value: &[u8]) -> Result<(), Error> {
        Counter::HeaderFields.count();
        if self.lenient {
            return Ok(());
        }
        check(name, value)
    }

    /// The list itself.
    pub(super) fn as_list(&self) -> &[HeaderLine] {
        self.to_core().list()
    }

    /// The list, as it goes to the pool.
    pub(super) fn to_core(&self) -> HeaderLines<'_> {
        self.sheet.as_ref().map_or(HeaderLines::Own(&self.own), |sheet| HeaderLines::Shared(sheet))
    }

    /// The list, to be changed: from now on it is shared no longer.
    fn own(&mut self) -> &mut Vec<HeaderLine> {
        if let Some(sheet) = self.sheet.take() {
            self.own = sheet.lines().to_vec();
        }
        &mut self.own
    }

    fn sorted(&self) -> Vec<(Vec<u8>, &Bytes)> {
        let mut lines: Vec<_> = self.as_list().iter().map(|(name, value)| (name.to_ascii_lowercase(), value)).collect();
        lines.sort_unstable();
        lines
    }
}

impl PartialEq for Headers {
    fn eq(&self, other: &Headers) -> bool {
        self.len() == other.len() && self.sorted() == other.sorted()
    }
}

impl Eq for Headers {}

/// A copy that can be changed.
impl From<&RawHeaders> for Headers {
    fn from(raw: &RawHeaders) -> Headers {
        let copy = |(name, value)| (Bytes::copy_from_slice(name), Bytes::copy_from_slice(value));
        Headers { own: raw.iter().map(copy).collect(), ..Headers::default() }
    }
}

fn check(name: &[u8], value: &[u8]) -> Result<(), Error> {
    if !is_token(name) {
        return Err(Error::new(Code::LOCAL_PROTOCOL_ERROR, format!("Illegal header name {}", quoted(name))));
    }
    if !is_field_text(value) || value.first().is_some_and(is_space) || value.last().is_some_and(is_space) {
        // The value may be a secret: its name has to do.
        let message = format!("Illegal header value for {}", quoted(name));
        return Err(Error::new(Code::LOCAL_PROTOCOL_ERROR, message));
    }
    Ok(())
}

fn is_space(byte: &u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(headers: &Headers) -> String {
        let line = |(name, value): (&Bytes, &Bytes)| format!("{name:?}={value:?}").replace(['b', '"'], "");
        headers.iter().map(line).collect::<Vec<_>>().join(" ")
    }

    fn headers() -> Headers {
        let mut headers = Headers::default();
        for (name, value) in [("A", "1"), ("x", "2"), ("a", "3")] {
            headers.add(name.as_bytes(), value.as_bytes()).unwrap();
        }
        headers
    }

    #[test]
    fn adding_keeps_case_order_and_duplicates() {
        assert_eq!(lines(&headers()), "A=1 x=2 a=3");
    }

    #[test]
    fn setting_replaces_the_first_line_in_place_and_removes_the_others() {
        let mut headers = headers();
        headers.set(b"a", b"4").unwrap();
        headers.set(b"new", b"5").unwrap();
        assert_eq!(lines(&headers), "a=4 x=2 new=5");
    }

    #[test]
    fn overriding_moves_the_line_to_the_end() {
        let mut headers = headers();
        headers.override_with(b"a", b"4").unwrap();
        assert_eq!(lines(&headers), "x=2 a=4");
    }

    #[test]
    fn removing_disregards_case() {
        let mut headers = headers();
        assert_eq!((headers.remove(b"a"), headers.remove(b"a")), (2, 0));
        assert_eq!(lines(&headers), "x=2");
    }

    #[test]
    fn d03_updating_removes_what_the_other_has_and_appends_all_of_it() {
        let mut headers = headers();
        let mut other = Headers::default();
        for (name, value) in [("A", "4"), ("y", "5"), ("a", "6")] {
            other.add(name.as_bytes(), value.as_bytes()).unwrap();
        }
        headers.update(&other);
        assert_eq!(lines(&headers), "x=2 A=4 y=5 a=6");
        headers.update(&Headers::default());
        assert_eq!(lines(&headers), "x=2 A=4 y=5 a=6");
    }

    #[test]
    fn d03_a_default_is_set_only_where_there_is_nothing() {
        let mut headers = headers();
        headers.set_default(b"a", b"4").unwrap();
        headers.set_default(b"new", b"5").unwrap();
        assert_eq!(lines(&headers), "A=1 x=2 a=3 new=5");
        assert_eq!(headers.set_default(b"a", b"\r\n").unwrap_err().code(), Code::LOCAL_PROTOCOL_ERROR);
    }

    #[test]
    fn d05_the_order_and_the_case_of_names_do_not_matter_for_equality() {
        let raw = |lines: [(&str, &str); 3]| Headers::from(&RawHeaders::from_pairs(lines).unwrap());
        assert_eq!(headers(), raw([("X", "2"), ("a", "3"), ("a", "1")]));
        assert_ne!(headers(), raw([("X", "2"), ("a", "3"), ("a", "2")]));
        assert_ne!(headers(), raw([("X", "2"), ("a", "1"), ("a", "1")]));
        assert_ne!(headers(), Headers::default());
    }

    #[test]
    fn d01_a_copy_of_what_was_received_keeps_case_order_and_duplicates() {
        let raw = RawHeaders::from_pairs([("B", "1"), ("A", "\u{e9}"), ("b", "")]).unwrap();
        let copy = Headers::from(&raw);
        assert!(copy.iter().map(|(name, value)| (&name[..], &value[..])).eq(raw.iter()));
    }

    #[test]
    fn what_could_not_be_sent_is_refused_and_changes_nothing() {
        let mut headers = headers();
        for (name, value) in
            [("", "v"), ("a b", "v"), ("a:", "v"), ("a", "v\r\nX: y"), ("a", "v\0"), ("a", " v"), ("a", "v ")]
        {
            let error = headers.set(name.as_bytes(), value.as_bytes()).unwrap_err();
            assert_eq!(error.code(), Code::LOCAL_PROTOCOL_ERROR, "{name:?}: {value:?}");
        }
        assert_eq!(lines(&headers), "A=1 x=2 a=3");
    }
}
