//! `zstd` (RFC 8878): any number of frames, skippable ones among them. Errors read as HTTPX users know them
//! (checklist O02).

use bytes::{Buf, Bytes};
use zstd::stream::raw::{DParameter, Decoder, InBuffer, Operation, OutBuffer};

use super::{decoding_error, ContentDecoder};
use crate::error::{Code, Error};

/// RFC 9659: in HTTP, windows of up to 8 MiB are to be supported and larger ones are not to be sent. To allow more
/// would let a few bytes of a frame's header ask for that memory.
const WINDOW_LOG_MAX: u32 = 23;

/// A sequence of frames.
pub(super) struct ZstdDecoder {
    inner: Decoder<'static>,
    in_frame: bool,
}

impl ZstdDecoder {
    pub(super) fn new() -> Result<ZstdDecoder, Error> {
        let failed = |error| Error::from_io(Code::RESOURCES, &error, "");
        let mut inner = Decoder::new().map_err(failed)?;
        inner.set_parameter(DParameter::WindowLogMax(WINDOW_LOG_MAX)).map_err(failed)?;
        Ok(ZstdDecoder { inner, in_frame: false })
    }
}

impl ContentDecoder for ZstdDecoder {
    fn decode(&mut self, input: &mut Bytes, output: &mut [u8]) -> Result<usize, Error> {
        let mut from = InBuffer::around(input);
        let mut to = OutBuffer::around(output);
        // A frame that has ended has given all its output; without input, the next one must not be begun.
        while to.pos() < to.capacity() && (self.in_frame || from.pos() < from.src.len()) {
            let wanted = self
                .inner
                .run(&mut from, &mut to)
                .map_err(|error| decoding_error(format!("zstd decompressor error: {error}")))?;
            self.in_frame = wanted != 0;
            if self.in_frame && from.pos() == from.src.len() {
                break;
            }
        }
        let (taken, filled) = (from.pos(), to.pos());
        input.advance(taken);
        Ok(filled)
    }

    fn finish(&self) -> Result<(), Error> {
        if self.in_frame {
            Err(decoding_error("Zstandard data is incomplete"))
        } else {
            Ok(())
        }
    }
}
