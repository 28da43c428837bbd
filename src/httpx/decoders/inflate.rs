//! `deflate` (RFC 1950, RFC 1951), and the algorithm itself for `gzip`. Errors read as Python's zlib words them, which
//! is how HTTPX users know them (checklist O02).

use bytes::{Buf, Bytes};
use flate2::{Decompress, FlushDecompress, Status};

use super::{decoding_error, ContentDecoder};
use crate::error::Error;

/// The zlib format or, as some servers understood the name, bare deflate data (RFC 9110 §8.4.1.2).
pub(super) struct DeflateDecoder(Format);

enum Format {
    /// Not known before the second byte, unless the first one (kept here) rules zlib out.
    Unknown(Option<u8>),
    Known(Decompress),
    /// Complete. Like HTTPX, takes no notice of what follows.
    Ended,
}

impl DeflateDecoder {
    pub(super) fn new() -> DeflateDecoder {
        DeflateDecoder(Format::Unknown(None))
    }
}

impl ContentDecoder for DeflateDecoder {
    fn decode(&mut self, input: &mut Bytes, output: &mut [u8]) -> Result<usize, Error> {
        loop {
            match &mut self.0 {
                Format::Unknown(first) => {
                    let Some(&next) = input.first() else { return Ok(0) };
                    match *first {
                        None if may_begin_zlib(next) => {
                            *first = Some(next);
                            input.advance(1);
                        }
                        None => self.0 = Format::Known(Decompress::new(false)),
                        Some(before) => {
                            let mut inner = Decompress::new(is_zlib_header(before, next));
                            // Half a header, or less than the header of a block: nothing can come of it yet.
                            inflate(&mut inner, &mut Bytes::copy_from_slice(&[before]), output)?;
                            self.0 = Format::Known(inner);
                        }
                    }
                }
                Format::Known(inner) => {
                    let (filled, ended) = inflate(inner, input, output)?;
                    if ended {
                        self.0 = Format::Ended;
                    }
                    return Ok(filled);
                }
                Format::Ended => {
                    input.clear();
                    return Ok(0);
                }
            }
        }
    }

    fn finish(&self) -> Result<(), Error> {
        match self.0 {
            Format::Ended => Ok(()),
            Format::Unknown(_) | Format::Known(_) => Err(truncated()),
        }
    }
}

/// RFC 1950 §2.2: the method is 8, deflate, with a window of at most 32 KiB. Bare deflate data that begins like this
/// would be a stored block with set padding bits, which nobody writes.
fn may_begin_zlib(cmf: u8) -> bool {
    cmf & 0x0f == 8 && cmf >> 4 <= 7
}

/// RFC 1950 §2.2: FCHECK makes the two bytes a multiple of 31.
fn is_zlib_header(cmf: u8, flg: u8) -> bool {
    may_begin_zlib(cmf) && u16::from_be_bytes([cmf, flg]) % 31 == 0
}

/// How much of `output` was filled, and whether the stream is complete; if not, the input or the output is used up.
pub(super) fn inflate(inner: &mut Decompress, input: &mut Bytes, output: &mut [u8]) -> Result<(usize, bool), Error> {
    let (total_in, total_out) = (inner.total_in(), inner.total_out());
    let result = inner.decompress(input, output, FlushDecompress::None);
    input.advance((inner.total_in() - total_in) as usize);
    let filled = (inner.total_out() - total_out) as usize;
    match result {
        Ok(status) => Ok((filled, status == Status::StreamEnd)),
        // A dictionary that nobody has agreed on: Z_NEED_DICT is 2.
        Err(error) if error.needs_dictionary().is_some() => Err(decoding_error("Error 2 while decompressing data")),
        Err(error) => Err(data_error(error.message().unwrap_or("invalid data"))),
    }
}

/// Z_DATA_ERROR is -3.
pub(super) fn data_error(message: &str) -> Error {
    decoding_error(format!("Error -3 while decompressing data: {message}"))
}

/// Z_BUF_ERROR is -5.
pub(super) fn truncated() -> Error {
    decoding_error("Error -5 while decompressing data: incomplete or truncated stream")
}
