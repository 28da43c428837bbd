//! Bodies of `multipart/form-data` (RFC 7578): fields and files in the order in which they were added. Nothing is read
//! before the body is sent, its length is known before, and it can be read any number of times, so a redirect or an
//! authentication can send it again (checklist B28); but for parts that foreign code makes, which may know neither their
//! length nor how to begin anew.

mod boundary;
mod part;
mod reader;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use bytes::Bytes;

pub use boundary::boundary_from_content_type;
pub use part::{check_header, FilePart, PartSource};
pub use reader::MultipartReader;

use self::part::Part;
use crate::error::{Code, Error};
use crate::httpcore::PullBody;

/// Longer bodies are refused, so that no sum of lengths overflows; it is also the largest offset in a file.
const MAX_LENGTH: u64 = i64::MAX as u64;

/// A body that is being put together. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct Multipart {
    boundary: String,
    /// The caller knows the boundary, and so may whoever made a part's content.
    is_chosen: bool,
    parts: Arc<Vec<Part>>,
    /// Of all parts, without what is between them.
    parts_length: u64,
}

impl Multipart {
    /// Without parts, and with a boundary of 32 random hex digits (checklist B27).
    ///
    /// # Errors
    /// OutOfResources if the system gives no random bytes.
    pub fn new() -> Result<Multipart, Error> {
        let boundary = boundary::random()?;
        Ok(Multipart { boundary, is_chosen: false, parts: Arc::default(), parts_length: 0 })
    }

    /// True if there are no parts: such a body counts as not given (checklist B22).
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// Puts a field at the end, which is a part without a file name and a type.
    ///
    /// # Errors
    /// LocalProtocolError for a name with CR, LF or NUL in it (checklist B40).
    pub fn add_field(&mut self, name: &str, value: &[u8]) -> Result<(), Error> {
        let source = PartSource::Bytes(Bytes::copy_from_slice(value));
        self.add_file(name, FilePart { filename: None, content_type: None, headers: Vec::new(), source })
    }

    /// Puts a file at the end.
    ///
    /// # Errors
    /// Nothing is added then. LocalProtocolError for a name with CR, LF or NUL in it, a header that could not be sent,
    /// or such a content type (checklist B40); InvalidArgument if the body, or the file to the end of its range, would
    /// be longer than 2⁶³-1 bytes.
    pub fn add_file(&mut self, name: &str, file: FilePart<'_>) -> Result<(), Error> {
        let part = Part::new(name, file)?;
        let length = self.parts_length.checked_add(part.length()).filter(|&length| length <= MAX_LENGTH);
        self.parts_length = length.ok_or_else(|| Error::new(Code::INVALID_ARGUMENT, "The body is too long"))?;
        Arc::make_mut(&mut self.parts).push(part);
        Ok(())
    }

    /// Replaces the boundary. A part's content with a line that begins like it is found while it is read, and ends the
    /// reading with an error: it would be taken for another part (RFC 2046 §5.1.1).
    ///
    /// # Errors
    /// LocalProtocolError if it is not 1 to 70 letters, digits, spaces and `'()+_,-./:=?`, or if it ends in a space;
    /// the boundary stays as it was then.
    pub fn boundary(&mut self, text: &str) -> Result<(), Error> {
        boundary::check(text)?;
        text.clone_into(&mut self.boundary);
        self.is_chosen = true;
        Ok(())
    }

    /// The request's Content-Type: `multipart/form-data; boundary=…`, the boundary in quotes where RFC 2045 §5.1 wants
    /// them.
    pub fn content_type(&self) -> Bytes {
        Bytes::from(format!("multipart/form-data; {}", boundary::parameter(&self.boundary)))
    }

    /// Brings this body and the Content-Type that the user has set together; returns the Content-Type to send. The
    /// body takes over a boundary that is in it; `multipart/form-data` without one gets the body's (checklist B27).
    /// Other types stay as they are.
    ///
    /// # Errors
    /// LocalProtocolError as for [`Multipart::boundary`].
    pub fn fit_content_type(&mut self, value: &Bytes) -> Result<Bytes, Error> {
        if !boundary::is_form_data(value) {
            return Ok(value.clone());
        }
        if let Some(text) = boundary_from_content_type(value) {
            self.boundary(&text)?;
            return Ok(value.clone());
        }
        let mut completed = boundary::without_open_end(value).to_vec();
        completed.extend_from_slice(b"; ");
        completed.extend_from_slice(boundary::parameter(&self.boundary).as_bytes());
        Ok(Bytes::from(completed))
    }

    /// The body's exact length in bytes; None if a part's is not known.
    pub fn length(&self) -> Option<u64> {
        if !self.parts.iter().all(|part| part.source.has_length()) {
            return None;
        }
        let delimiter = 2 + self.boundary.len() as u64;
        let delimiters = self.parts.len() as u64 * (2 + delimiter + 2);
        Some(self.parts_length + delimiters + delimiter + 4)
    }

    /// What is in it of foreign code.
    pub fn sources(&self) -> impl Iterator<Item = &Arc<PullBody>> {
        self.parts.iter().filter_map(|part| part.source.foreign())
    }

    /// Begins to read the body; what is added later is not in it.
    ///
    /// # Errors
    /// What [`PullBody::open`] says.
    pub fn open(&self) -> Result<MultipartReader, Error> {
        MultipartReader::new(Arc::clone(&self.parts), &self.boundary, self.is_chosen)
    }
}
