//! `br` (RFC 7932), with windows of at most 16 MiB: the large ones are no part of the content coding.

use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};
use bytes::{Buf, Bytes};

use super::{decoding_error, ContentDecoder};
use crate::error::Error;

type State = BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>;

/// One brotli stream. What follows it is ignored, as browsers do.
pub(super) struct BrotliDecoder {
    state: Box<State>,
    ended: bool,
}

impl BrotliDecoder {
    pub(super) fn new() -> BrotliDecoder {
        let alloc = StandardAlloc::default;
        let state = Box::new(BrotliState::new_strict(alloc(), alloc(), alloc()));
        BrotliDecoder { state, ended: false }
    }
}

impl ContentDecoder for BrotliDecoder {
    fn decode(&mut self, input: &mut Bytes, output: &mut [u8]) -> Result<usize, Error> {
        if self.ended {
            input.clear();
            return Ok(0);
        }
        let (mut left, mut taken) = (input.len(), 0);
        let (mut room, mut filled, mut total) = (output.len(), 0, 0);
        let state = &mut self.state;
        let result =
            BrotliDecompressStream(&mut left, &mut taken, input, &mut room, &mut filled, output, &mut total, state);
        input.advance(taken);
        match result {
            BrotliResult::ResultFailure => return Err(decoding_error("Brotli data is not valid")),
            BrotliResult::ResultSuccess => self.ended = true,
            BrotliResult::NeedsMoreInput | BrotliResult::NeedsMoreOutput => {}
        }
        Ok(filled)
    }

    fn finish(&self) -> Result<(), Error> {
        if self.ended {
            Ok(())
        } else {
            Err(decoding_error("Brotli data is incomplete"))
        }
    }
}
