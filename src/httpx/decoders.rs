//! Content decoding (RFC 9110 §8.4, checklist O01 to O05): undoes the codings that a response's Content-Encoding names.
//! Bytes are pushed in as they arrive and pulled out in pieces of bounded size, so that a small body that expands to a
//! huge one costs the memory of a few pieces. What the decoded bytes mean is left to the caller.

mod brotli;
mod gzip;
mod inflate;
#[cfg(test)]
mod tests;
mod zstandard;

use std::collections::VecDeque;

use bytes::Bytes;

use self::brotli::BrotliDecoder;
use self::gzip::GzipDecoder;
use self::inflate::DeflateDecoder;
use self::zstandard::ZstdDecoder;
use crate::counters::Counter;
use crate::error::{Code, Error};

/// A decoded piece has at most this many bytes. Bodies without a coding pass in the pieces in which they came.
pub const MAX_PIECE: usize = 64 * 1024;

/// No buffer for decoded bytes is smaller than this.
const MIN_ROOM: usize = 4096;

/// Before this many decoded bytes nobody is harmed, and honest bodies of little content have any ratio.
const RATIO_COUNTS_FROM: u64 = 16 * 1024 * 1024;

/// The value of the Accept-Encoding field that names what [`Decoder`] understands (checklist B06).
pub fn accept_encoding() -> &'static str {
    "gzip, deflate, br, zstd"
}

/// What a body may ask of its decoder (checklist O03, O04).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodeLimits {
    /// How many codings may have been applied on top of each other; `identity` and unknown ones don't count.
    /// Default 5.
    pub max_chain: usize,
    /// How many bytes may come out for each one that was received, at any coding of the chain. Counts from 16 MiB of
    /// output on. The default, 1032, is the most that deflate can do, so what it refuses are bombs of stacked codings,
    /// or of `br` and `zstd`, that go on and on; `None` is no limit.
    pub max_ratio: Option<u32>,
    /// How many bytes the body may have, decoded wholly or up to any coding of the chain; also where there is no
    /// coding. Default `None`, no limit.
    pub max_decoded: Option<u64>,
    /// Takes bodies of gzip, deflate and br that end too early as they are, as HTTPX does. Default false:
    /// DecodingError. A truncated zstd body is an error in HTTPX too, and always here.
    pub allow_truncated: bool,
}

impl Default for DecodeLimits {
    fn default() -> DecodeLimits {
        DecodeLimits { max_chain: 5, max_ratio: Some(1032), max_decoded: None, allow_truncated: false }
    }
}

/// Decodes one response's body: [`push`](Decoder::push) what has been received, [`pull`](Decoder::pull) until it is
/// used up; after the last byte call [`finish`](Decoder::finish) until it, too, gives nothing more.
pub struct Decoder {
    /// In the order in which the bytes pass them: the coding that was applied last comes first.
    stages: Vec<Stage>,
    received: VecDeque<Bytes>,
    ended: bool,
    /// An error stays: nothing after it can be trusted.
    failed: Option<Error>,
    accounts: Accounts,
}

impl Decoder {
    /// `values` are the Content-Encoding lines in the order in which they came. A coding that is not known is ignored,
    /// and its bytes are passed on raw.
    ///
    /// # Errors
    /// TooManyEncodings.
    pub fn for_encodings<'a>(values: impl Iterator<Item = &'a [u8]>, limits: DecodeLimits) -> Result<Decoder, Error> {
        let codings: Vec<Coding> =
            values.flat_map(|line| line.split(|&b| b == b',')).filter_map(Coding::named).collect();
        if codings.len() > limits.max_chain {
            let message = format!(
                "the body has {} content encodings on top of each other, {} are allowed",
                codings.len(),
                limits.max_chain
            );
            return Err(Error::new(Code::TOO_MANY_ENCODINGS, message));
        }
        Ok(Decoder {
            // RFC 9110 §8.4: codings are listed in the order in which they were applied.
            stages: codings.into_iter().rev().map(Stage::new).collect(),
            received: VecDeque::new(),
            ended: false,
            failed: None,
            accounts: Accounts { limits, received: 0, passed: 0 },
        })
    }

    /// Whether bytes come out as they go in.
    pub fn is_identity(&self) -> bool {
        self.stages.is_empty()
    }

    /// Gives bytes of the body as they were received. They are kept until they are pulled; after an error they are
    /// dropped.
    pub fn push(&mut self, data: Bytes) {
        debug_assert!(!self.ended, "nothing follows the end of a body");
        if !data.is_empty() && self.failed.is_none() {
            self.accounts.received += data.len() as u64;
            self.received.push_back(data);
        }
    }

    /// The next decoded piece, never empty; `None` when more input is needed.
    ///
    /// # Errors
    /// DecodingError, DecodedTooLarge or RatioExceeded, and then the same one again at every call.
    pub fn pull(&mut self) -> Result<Option<Bytes>, Error> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let pulled = if self.is_identity() { self.pass() } else { self.decode() };
        if let Err(error) = &pulled {
            self.failed = Some(error.clone());
            self.received.clear();
        }
        pulled
    }

    /// Says that the body has ended, and gives the next piece of what there still is; `None` when all of it has been
    /// given and the body was complete.
    ///
    /// # Errors
    /// As for [`pull`](Decoder::pull); DecodingError for a body that ends too early.
    pub fn finish(&mut self) -> Result<Option<Bytes>, Error> {
        self.ended = true;
        self.pull()
    }

    fn pass(&mut self) -> Result<Option<Bytes>, Error> {
        let Some(data) = self.received.pop_front() else { return Ok(None) };
        self.accounts.passed += data.len() as u64;
        self.accounts.check(self.accounts.passed)?;
        Ok(Some(data))
    }

    /// Asks the last stage for a piece. A stage that wants input sends the question up the chain, a piece goes down;
    /// so no more than one piece waits in front of any stage.
    fn decode(&mut self) -> Result<Option<Bytes>, Error> {
        let last = self.stages.len() - 1;
        let mut at = last;
        loop {
            if let Some(piece) = self.stages[at].decode()? {
                self.accounts.check(self.stages[at].produced)?;
                if at == last {
                    Counter::BytesDecoded.add(piece.len());
                    return Ok(Some(piece));
                }
                at += 1;
                self.stages[at].input = piece;
            } else if at > 0 && !self.stages[at - 1].finished {
                at -= 1;
            } else if let (0, Some(data)) = (at, self.received.pop_front()) {
                self.stages[0].input = data;
            } else if at == 0 && !self.ended {
                return Ok(None);
            } else {
                self.stages[at].finish(&self.accounts.limits)?;
                if at == last {
                    return Ok(None);
                }
                at += 1;
            }
        }
    }
}

/// What came in and what that entitles to.
struct Accounts {
    limits: DecodeLimits,
    received: u64,
    /// Bytes that had no coding.
    passed: u64,
}

impl Accounts {
    /// `produced` may be an inner coding's output: without that, a bomb could keep a thread busy and never hand
    /// anything out.
    fn check(&self, produced: u64) -> Result<(), Error> {
        if let Some(max) = self.limits.max_decoded.filter(|&max| produced > max) {
            let message = format!("the decoded body is larger than the limit of {max} bytes");
            return Err(Error::new(Code::DECODED_TOO_LARGE, message));
        }
        let over = |max: &u32| produced > RATIO_COUNTS_FROM && produced > self.received.saturating_mul((*max).into());
        if let Some(max) = self.limits.max_ratio.filter(over) {
            let message = format!("the body expands to more than {max} times its size when it is decoded");
            return Err(Error::new(Code::RATIO_EXCEEDED, message));
        }
        Ok(())
    }
}

/// The codings that can be undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coding {
    Gzip,
    Deflate,
    Brotli,
    Zstd,
}

impl Coding {
    /// RFC 9110 §8.4.1: names are case-insensitive, and `x-gzip` is `gzip`. `None` for `identity` and unknown ones.
    fn named(name: &[u8]) -> Option<Coding> {
        match name.trim_ascii().to_ascii_lowercase().as_slice() {
            b"gzip" | b"x-gzip" => Some(Coding::Gzip),
            b"deflate" => Some(Coding::Deflate),
            b"br" => Some(Coding::Brotli),
            b"zstd" => Some(Coding::Zstd),
            _ => None,
        }
    }

    fn decoder(self) -> Result<Box<dyn ContentDecoder>, Error> {
        Ok(match self {
            Coding::Gzip => Box::new(GzipDecoder::new()),
            Coding::Deflate => Box::new(DeflateDecoder::new()),
            Coding::Brotli => Box::new(BrotliDecoder::new()),
            Coding::Zstd => Box::new(ZstdDecoder::new()?),
        })
    }
}

/// One coding's decoder. It is given input until it has taken all of it, and room for output.
trait ContentDecoder: Send + Sync {
    /// Takes from the front of `input` and fills the front of `output` until one of them is used up; gives how much was
    /// filled.
    fn decode(&mut self, input: &mut Bytes, output: &mut [u8]) -> Result<usize, Error>;

    /// Whether the data may end here.
    fn finish(&self) -> Result<(), Error>;
}

/// A decoder between its input and its output.
struct Stage {
    coding: Coding,
    /// Made when the first byte arrives: a body without any is complete whatever its coding, which is what answers to
    /// HEAD, 204 and 304 look like (checklist O02, O05).
    decoder: Option<Box<dyn ContentDecoder>>,
    input: Bytes,
    /// Room for output, all of it initialised.
    output: Vec<u8>,
    /// The last call filled the output, so there may be more without any input.
    more: bool,
    produced: u64,
    finished: bool,
}

impl Stage {
    fn new(coding: Coding) -> Stage {
        Stage {
            coding,
            decoder: None,
            input: Bytes::new(),
            output: Vec::new(),
            more: false,
            produced: 0,
            finished: false,
        }
    }

    /// The next piece of output; `None` when the input is used up.
    fn decode(&mut self) -> Result<Option<Bytes>, Error> {
        while self.more || !self.input.is_empty() {
            self.make_room();
            let decoder = match &mut self.decoder {
                Some(decoder) => decoder,
                none => none.insert(self.coding.decoder()?),
            };
            let filled = decoder.decode(&mut self.input, &mut self.output)?;
            self.more = filled == self.output.len();
            if filled > 0 {
                self.produced += filled as u64;
                return Ok(Some(self.take_output(filled)));
            }
        }
        Ok(None)
    }

    /// A little body needs no large buffer; but where the last one was too small, the next one is not.
    fn make_room(&mut self) {
        let wanted = if self.more { MAX_PIECE } else { self.input.len().saturating_mul(8).clamp(MIN_ROOM, MAX_PIECE) };
        if self.output.len() < wanted {
            // What it held is not needed any more.
            self.output = vec![0; wanted];
        }
    }

    /// A piece that fills the buffer takes it along, a small one is copied out of it: who keeps pieces should not keep
    /// what is mostly empty.
    fn take_output(&mut self, filled: usize) -> Bytes {
        if filled < self.output.len() / 2 {
            return Bytes::copy_from_slice(&self.output[..filled]);
        }
        let mut piece = std::mem::take(&mut self.output);
        piece.truncate(filled);
        Bytes::from(piece)
    }

    fn finish(&mut self, limits: &DecodeLimits) -> Result<(), Error> {
        self.finished = true;
        match &self.decoder {
            Some(_) if limits.allow_truncated && self.coding != Coding::Zstd => Ok(()),
            Some(decoder) => decoder.finish(),
            None => Ok(()),
        }
    }
}

fn decoding_error(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(Code::DECODING_ERROR, message)
}
