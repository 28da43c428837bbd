//! One part: what it says about itself in its head, and where its content comes from.

use std::fs::File;
use std::io;
use std::sync::Arc;

use bytes::Bytes;

use super::MAX_LENGTH;
use crate::error::{Code, Error};
use crate::httpcore::{is_field_text, is_token, quoted, same_name, PullBody};

/// What is known of a file beside its field's name.
#[derive(Clone, Debug)]
pub struct FilePart<'a> {
    /// Without it, or if it is empty, the part has no file name, and no type but for a given one (checklist B24).
    pub filename: Option<&'a str>,
    /// If None, it is guessed from the file name; what cannot be guessed is `application/octet-stream`.
    pub content_type: Option<&'a str>,
    /// These stand between Content-Disposition and Content-Type (checklist B25); a Content-Type among them takes the
    /// place of `content_type` (checklist B24).
    pub headers: Vec<(Bytes, Bytes)>,
    /// The content.
    pub source: PartSource,
}

/// Where the content of a part comes from.
#[derive(Clone, Debug)]
pub enum PartSource {
    /// From memory.
    Bytes(Bytes),
    /// From a file that can be read at any position, so not from a pipe. Its own position is neither used nor (but on
    /// Windows) changed.
    File {
        /// It must not change until the request has been sent.
        file: Arc<File>,
        /// The position of the first byte.
        start: u64,
        /// How many bytes are sent; a file that turns out to be shorter is an error.
        length: u64,
    },
    /// Made by foreign code when it is wanted.
    Foreign {
        /// Who makes it.
        body: Arc<PullBody>,
        /// How many bytes it will be, if that is known.
        length: Option<u64>,
    },
}

impl PartSource {
    /// 0 if that is not known.
    pub(super) fn length(&self) -> u64 {
        match self {
            PartSource::Bytes(bytes) => bytes.len() as u64,
            PartSource::File { length, .. } => *length,
            PartSource::Foreign { length, .. } => length.unwrap_or(0),
        }
    }

    pub(super) fn has_length(&self) -> bool {
        !matches!(self, PartSource::Foreign { length: None, .. })
    }

    pub(super) fn foreign(&self) -> Option<&Arc<PullBody>> {
        match self {
            PartSource::Foreign { body, .. } => Some(body),
            PartSource::Bytes(_) | PartSource::File { .. } => None,
        }
    }
}

/// See the module.
#[derive(Clone, Debug)]
pub(super) struct Part {
    /// Of the field.
    pub(super) name: String,
    /// With the empty line at its end.
    pub(super) head: Bytes,
    pub(super) source: PartSource,
}

impl Part {
    pub(super) fn new(name: &str, file: FilePart<'_>) -> Result<Part, Error> {
        if let PartSource::File { start, length, .. } = &file.source {
            if start.checked_add(*length).is_none_or(|end| end > MAX_LENGTH) {
                return Err(Error::new(Code::INVALID_ARGUMENT, format!("No file has {length} bytes at {start}")));
            }
        }
        let head = Bytes::from(head(name, &file)?);
        Ok(Part { name: name.to_owned(), head, source: file.source })
    }

    pub(super) fn length(&self) -> u64 {
        self.source.length().saturating_add(self.head.len() as u64)
    }
}

fn head(name: &str, file: &FilePart<'_>) -> Result<Vec<u8>, Error> {
    // B40: escaped they would do no harm, but no form has such a name, and somebody else has made it up then. File
    // names are other people's by nature, so they are escaped only.
    if name.contains(['\r', '\n', '\0']) {
        return Err(illegal("field name", name.as_bytes()));
    }
    let filename = file.filename.filter(|filename| !filename.is_empty());
    let mut head = b"Content-Disposition: form-data".to_vec();
    push_parameter(&mut head, "name", name);
    if let Some(filename) = filename {
        push_parameter(&mut head, "filename", filename);
    }
    head.extend_from_slice(b"\r\n");
    for (name, value) in &file.headers {
        push_line(&mut head, name, value)?;
    }
    let content_type = file.content_type.or_else(|| filename.map(guess_content_type));
    if let Some(content_type) = content_type {
        if !file.headers.iter().any(|(name, _)| same_name(name, b"content-type")) {
            push_line(&mut head, b"Content-Type", content_type.as_bytes())?;
        }
    }
    head.extend_from_slice(b"\r\n");
    Ok(head)
}

/// Whether a part can have this header.
///
/// # Errors
/// LocalProtocolError if not.
pub fn check_header(name: &[u8], value: &[u8]) -> Result<(), Error> {
    if !is_token(name) {
        return Err(illegal("header name", name));
    }
    match is_field_text(value) {
        true => Ok(()),
        false => Err(illegal("header value for", name)),
    }
}

fn push_line(head: &mut Vec<u8>, name: &[u8], value: &[u8]) -> Result<(), Error> {
    check_header(name, value)?;
    for piece in [name, b": ", value, b"\r\n"] {
        head.extend_from_slice(piece);
    }
    Ok(())
}

fn illegal(what: &str, text: &[u8]) -> Error {
    Error::new(Code::LOCAL_PROTOCOL_ERROR, format!("Illegal multipart {what} {}", quoted(text)))
}

/// The escapes are those of HTML for form data, with HTTPX's additions: a backslash is doubled, and all control
/// characters but ESC are escaped (checklist B26).
fn push_parameter(head: &mut Vec<u8>, parameter: &str, text: &str) {
    head.extend_from_slice(format!("; {parameter}=\"").as_bytes());
    for byte in text.bytes() {
        match byte {
            b'"' | ..=0x1a | 0x1c..=0x1f => head.extend_from_slice(format!("%{byte:02X}").as_bytes()),
            b'\\' => head.extend_from_slice(b"\\\\"),
            byte => head.push(byte),
        }
    }
    head.push(b'"');
}

fn guess_content_type(filename: &str) -> &'static str {
    mime_guess::from_path(filename).first_raw().unwrap_or("application/octet-stream")
}

/// Reads at a position, once: fewer bytes than asked for may come, and none at the file's end.
pub(super) fn read_at(file: &File, buffer: &mut [u8], position: u64) -> io::Result<usize> {
    loop {
        #[cfg(unix)]
        let result = std::os::unix::fs::FileExt::read_at(file, buffer, position);
        #[cfg(windows)]
        let result = std::os::windows::fs::FileExt::seek_read(file, buffer, position);
        match result {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}
