//! The body as it goes over the wire, piece by piece. What is small is joined; what is large in memory is not copied.

use std::collections::VecDeque;
use std::mem;
use std::sync::Arc;

use bytes::{BufMut, Bytes, BytesMut};

use super::part::{read_at, Part, PartSource};
use crate::error::{Code, Error};
use crate::httpcore::{quoted, Piece, PieceReader, PullBody, PullReader};

/// How much is joined, and how much is read from a file at once (checklist B28).
const PIECE: usize = 64 * 1024;

/// The encoded body; gives pieces that are never empty, and nothing more after an error. Reading from a file blocks.
///
/// Errors are IOError for a file that cannot be read, and LocalProtocolError for one that has become shorter (as for
/// any body that is shorter than announced, checklist B18), for a source that gives more or less than announced, or for
/// content that has a chosen boundary in it.
#[derive(Debug)]
pub struct MultipartReader {
    parts: Arc<Vec<Part>>,
    /// Two hyphens and the boundary.
    delimiter: String,
    step: Step,
    /// None where the boundary is random: nobody can have put it into a part.
    search: Option<Search>,
    /// Of the parts that foreign code makes, those that are still to come.
    sources: VecDeque<PullReader>,
}

/// What comes next.
#[derive(Debug)]
enum Step {
    /// The delimiter before the part of that index, and its head.
    Head(usize),
    /// The rest of the content of the part of that index.
    Content(usize, PartSource),
    /// Foreign code makes the content of the part of that index; so much of what it has announced is missing.
    Source(usize, Option<u64>),
    End,
}

impl MultipartReader {
    pub(super) fn new(parts: Arc<Vec<Part>>, boundary: &str, is_chosen: bool) -> Result<MultipartReader, Error> {
        let search = is_chosen.then(Search::default);
        let sources = parts.iter().filter_map(|part| part.source.foreign()).map(PullBody::open);
        let sources = sources.collect::<Result<_, _>>()?;
        Ok(MultipartReader { parts, delimiter: format!("--{boundary}"), step: Step::Head(0), search, sources })
    }

    /// None at the end only.
    fn piece(&mut self) -> Result<Option<Piece>, Error> {
        let joined = self.joined()?;
        match (&self.step, joined.is_empty()) {
            (_, false) => Ok(Some(Piece::Bytes(joined))),
            (Step::Content(index, PartSource::Foreign { length, .. }), true) => {
                self.step = Step::Source(*index, *length);
                Ok(self.sources.pop_front().map(Piece::From))
            }
            (_, true) => Ok(None),
        }
    }

    /// Empty before a source, and at the end.
    fn joined(&mut self) -> Result<Bytes, Error> {
        let mut joined = BytesMut::new();
        while joined.len() < PIECE {
            match &mut self.step {
                Step::Head(index) => {
                    let index = *index;
                    self.step = self.begin(index, &mut joined);
                }
                Step::Content(_, PartSource::Foreign { .. }) => break,
                Step::Source(index, Some(missing)) if *missing > 0 => {
                    return Err(misdeclared("less", &self.parts[*index].name));
                }
                Step::Source(index, _) => {
                    joined.put_slice(b"\r\n");
                    self.step = Step::Head(*index + 1);
                }
                Step::Content(index, rest) if rest.length() == 0 => {
                    joined.put_slice(b"\r\n");
                    self.step = Step::Head(*index + 1);
                }
                Step::Content(_, rest) if !joined.is_empty() && rest.length() > (PIECE - joined.len()) as u64 => break,
                Step::Content(index, rest) => {
                    let begin = joined.len();
                    let whole = take(rest, &mut joined, &self.parts[*index].name)?;
                    let content = whole.as_deref().unwrap_or(&joined[begin..]);
                    if let Some(search) = &mut self.search {
                        search.check(content, &self.delimiter, &self.parts[*index].name)?;
                    }
                    if let Some(whole) = whole {
                        return Ok(whole);
                    }
                }
                Step::End => break,
            }
        }
        Ok(joined.freeze())
    }

    fn begin(&mut self, index: usize, joined: &mut BytesMut) -> Step {
        joined.put_slice(self.delimiter.as_bytes());
        let Some(part) = self.parts.get(index) else {
            joined.put_slice(b"--\r\n");
            return Step::End;
        };
        joined.put_slice(b"\r\n");
        joined.put_slice(&part.head);
        self.search = self.search.take().map(|_| Search::default());
        Step::Content(index, part.source.clone())
    }
}

impl PieceReader for MultipartReader {
    fn next_piece(&mut self) -> Option<Result<Piece, Error>> {
        let piece = self.piece();
        if piece.is_err() {
            self.step = Step::End;
        }
        piece.transpose()
    }

    fn look_at(&mut self, piece: &[u8]) -> Result<(), Error> {
        let Step::Source(index, missing) = &mut self.step else { return Ok(()) };
        let name = &self.parts[*index].name;
        if let Some(missing) = missing {
            *missing = missing.checked_sub(piece.len() as u64).ok_or_else(|| misdeclared("more", name))?;
        }
        match &mut self.search {
            Some(search) => search.check(piece, &self.delimiter, name),
            None => Ok(()),
        }
    }
}

/// Moves content from `rest` to the end of `joined`, or returns it if it is too large for that.
fn take(rest: &mut PartSource, joined: &mut BytesMut, name: &str) -> Result<Option<Bytes>, Error> {
    let room = PIECE - joined.len();
    match rest {
        PartSource::Bytes(bytes) if bytes.len() > room => return Ok(Some(mem::take(bytes))),
        PartSource::Bytes(bytes) => joined.put_slice(&mem::take(bytes)),
        PartSource::File { file, start, length } => {
            let begin = joined.len();
            let wanted = usize::try_from(*length).map_or(room, |length| length.min(room));
            joined.resize(begin + wanted, 0);
            let read = read_at(file, &mut joined[begin..], *start).map_err(|error| {
                Error::from_io(Code::IO_ERROR, &error, &format!("file of {}", quoted(name.as_bytes())))
            })?;
            if read == 0 {
                return Err(too_short(name, *length));
            }
            joined.truncate(begin + read);
            *start += read as u64;
            *length -= read as u64;
        }
        // Its pieces come by themselves.
        PartSource::Foreign { .. } => {}
    }
    Ok(None)
}

fn misdeclared(how: &str, name: &str) -> Error {
    let message = format!("The content of {} is {how} than was announced", quoted(name.as_bytes()));
    Error::new(Code::LOCAL_PROTOCOL_ERROR, message)
}

fn too_short(name: &str, missing: u64) -> Error {
    let name = quoted(name.as_bytes());
    let message = format!("The file of {name} has become shorter while it was read: {missing} bytes are missing");
    Error::new(Code::LOCAL_PROTOCOL_ERROR, message)
}

/// Looks for the delimiter at the beginnings of a content's lines, also where it is cut into pieces. Lines may end in LF
/// alone, because some servers take them so.
#[derive(Debug)]
struct Search {
    /// The end of what came before, shorter than the line end and the delimiter.
    tail: Vec<u8>,
}

impl Default for Search {
    /// The content's first line begins where it begins.
    fn default() -> Search {
        Search { tail: b"\n".to_vec() }
    }
}

impl Search {
    fn check(&mut self, piece: &[u8], delimiter: &str, name: &str) -> Result<(), Error> {
        let delimiter = delimiter.as_bytes();
        let kept = delimiter.len();
        self.tail.extend_from_slice(&piece[..piece.len().min(kept)]);
        if has_line(&self.tail, delimiter) || has_line(piece, delimiter) {
            let (boundary, name) = (quoted(&delimiter[2..]), quoted(name.as_bytes()));
            let message = format!("The content of {name} has the multipart boundary {boundary} in it");
            return Err(Error::new(Code::LOCAL_PROTOCOL_ERROR, message));
        }
        if piece.len() > kept {
            self.tail.clear();
            self.tail.extend_from_slice(&piece[piece.len() - kept..]);
        } else {
            self.tail.drain(..self.tail.len().saturating_sub(kept));
        }
        Ok(())
    }
}

/// Whether a line but the first begins with `delimiter`.
fn has_line(text: &[u8], delimiter: &[u8]) -> bool {
    text.split(|&byte| byte == b'\n').skip(1).any(|line| line.starts_with(delimiter))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finds(content: &[u8], read_at_once: usize) -> bool {
        let mut search = Search::default();
        content.chunks(read_at_once).any(|piece| search.check(piece, "--b--x", "n").is_err())
    }

    #[test]
    fn the_delimiter_is_found_however_short_the_reads_are() {
        for read_at_once in 1..20 {
            for found in [&b"--b--x"[..], b"\r\n--b--x\r\n", b"12345\n--b\n--b--xyz", b"-\n\n--b--x"] {
                assert!(finds(found, read_at_once), "{} {read_at_once}", found.escape_ascii());
            }
            for clean in [&b"-\n-b--x"[..], b"1\n--b-\n-x", b"1--b--x", b"1\n\r--b--x", b""] {
                assert!(!finds(clean, read_at_once), "{} {read_at_once}", clean.escape_ascii());
            }
        }
    }
}
