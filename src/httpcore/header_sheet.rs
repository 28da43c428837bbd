//! Header lines that many requests have in common. They are checked and written out once, and not for each request.

use bytes::Bytes;

use super::http11::WrittenLines;

/// A name and a value.
pub type HeaderLine = (Bytes, Bytes);

/// See the module.
pub struct HeaderSheet {
    lines: Vec<HeaderLine>,
    /// None if there is something wrong with them, which each request finds out by itself.
    written: Option<WrittenLines>,
}

impl HeaderSheet {
    /// A sheet with these lines.
    pub fn new(lines: Vec<HeaderLine>) -> HeaderSheet {
        let written = WrittenLines::of(lines.iter().map(|(name, value)| (&name[..], &value[..]))).ok();
        HeaderSheet { lines, written }
    }

    /// The lines in their order.
    pub fn lines(&self) -> &[HeaderLine] {
        &self.lines
    }
}

/// The header lines of one request.
#[derive(Clone, Copy)]
pub enum HeaderLines<'a> {
    /// Its own.
    Own(&'a [HeaderLine]),
    /// Those that others have, too.
    Shared(&'a HeaderSheet),
}

impl<'a> HeaderLines<'a> {
    /// The lines in their order.
    pub fn list(self) -> &'a [HeaderLine] {
        match self {
            HeaderLines::Own(lines) => lines,
            HeaderLines::Shared(sheet) => sheet.lines(),
        }
    }

    /// What they look like on the wire, if that is known.
    pub(super) fn written(self) -> Option<&'a WrittenLines> {
        match self {
            HeaderLines::Own(_) => None,
            HeaderLines::Shared(sheet) => sheet.written.as_ref(),
        }
    }
}
