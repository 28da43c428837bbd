//! `gzip` (RFC 1952): a file of one or more members, of which HTTPX gives only the first one (checklist O03). Headers
//! and checksums are read here, and one inflater serves all members: a new one for each would let a few kilobytes,
//! which a second coding expands to millions of empty members, keep a thread busy for minutes.

use bytes::{Buf, Bytes};
use flate2::{Crc, Decompress};

use super::inflate::{data_error, inflate, truncated};
use super::ContentDecoder;
use crate::error::Error;

/// The two bytes with which every member begins (RFC 1952 §2.3.1).
const MAGIC: [u8; 2] = [0x1f, 0x8b];
const DEFLATE: u8 = 8;

/// The optional fields of a header, and the bits that no header has (RFC 1952 §2.3.1).
const FHCRC: u8 = 1 << 1;
const FEXTRA: u8 = 1 << 2;
const FNAME: u8 = 1 << 3;
const FCOMMENT: u8 = 1 << 4;
const RESERVED: u8 = 0b1110_0000;

/// The decoder of `gzip`.
pub(super) struct GzipDecoder {
    inflate: Decompress,
    part: Part,
    /// The flags of those optional fields that are still to come.
    flags: u8,
    /// The beginning of a field of fixed length.
    field: [u8; 8],
    have: usize,
    /// Of the header, then of the data.
    crc: Crc,
    any_member: bool,
}

/// What the next byte belongs to.
#[derive(Clone, Copy)]
enum Part {
    Magic,
    /// What follows the magic and has a fixed length.
    Fixed,
    ExtraLength,
    Extra(u16),
    /// The name or the comment.
    Text,
    HeaderCrc,
    Data,
    Trailer,
    /// What is no member after a complete one is ignored, as by zlib, gzip(1), browsers and HTTPX.
    Trailing,
}

impl GzipDecoder {
    pub(super) fn new() -> GzipDecoder {
        GzipDecoder {
            inflate: Decompress::new(false),
            part: Part::Magic,
            flags: 0,
            field: [0; 8],
            have: 0,
            crc: Crc::new(),
            any_member: false,
        }
    }

    /// A field of `N` bytes, however they were cut.
    fn field<const N: usize>(&mut self, input: &mut Bytes) -> Option<[u8; N]> {
        let taken = input.len().min(N - self.have);
        self.field[self.have..self.have + taken].copy_from_slice(&input[..taken]);
        self.have += taken;
        input.advance(taken);
        if self.have < N {
            return None;
        }
        self.have = 0;
        self.field.first_chunk().copied()
    }

    /// A field of `N` bytes that the header's checksum covers.
    fn header_field<const N: usize>(&mut self, input: &mut Bytes) -> Option<[u8; N]> {
        let field = self.field(input);
        self.crc.update(field.as_ref().map_or(&[], |bytes: &[u8; N]| bytes));
        field
    }

    /// Skips bytes that the header's checksum covers.
    fn skip(&mut self, input: &mut Bytes, count: usize) {
        self.crc.update(&input.split_to(count));
    }

    /// Reads what frames the data; gives what follows it, or `None` when `input` is used up before that.
    fn frame(&mut self, input: &mut Bytes) -> Result<Option<Part>, Error> {
        Ok(match self.part {
            Part::Magic => self.magic(input)?,
            Part::Fixed => self.fixed(input)?,
            Part::ExtraLength => self.header_field(input).map(|length| Part::Extra(u16::from_le_bytes(length))),
            Part::Extra(left) => {
                let skipped = input.len().min(left.into());
                self.skip(input, skipped);
                match left - skipped as u16 {
                    0 => Some(self.next_field()),
                    left => {
                        self.part = Part::Extra(left);
                        None
                    }
                }
            }
            Part::Text => {
                let end = input.iter().position(|&byte| byte == 0);
                self.skip(input, end.map_or(input.len(), |end| end + 1));
                end.map(|_| self.next_field())
            }
            Part::HeaderCrc => self.header_crc(input)?,
            Part::Trailer => self.trailer(input)?,
            Part::Trailing => {
                input.clear();
                None
            }
            // Not of the frame: `decode` reads it itself.
            Part::Data => None,
        })
    }

    fn magic(&mut self, input: &mut Bytes) -> Result<Option<Part>, Error> {
        if self.any_member && self.have == 0 {
            // Zeros after a member are padding for Python's gzip module and gzip(1).
            let zeros = input.iter().take_while(|&&byte| byte == 0).count();
            input.advance(zeros);
        }
        match self.header_field(input) {
            None => Ok(None),
            Some(MAGIC) => Ok(Some(Part::Fixed)),
            Some(_) if self.any_member => Ok(Some(Part::Trailing)),
            Some(_) => Err(data_error("incorrect header check")),
        }
    }

    fn fixed(&mut self, input: &mut Bytes) -> Result<Option<Part>, Error> {
        let Some([method, flags, _mtime @ .., _extra_flags, _os]) = self.header_field::<8>(input) else {
            return Ok(None);
        };
        if method != DEFLATE {
            return Err(data_error("unknown compression method"));
        }
        if flags & RESERVED != 0 {
            return Err(data_error("unknown header flags set"));
        }
        self.flags = flags;
        Ok(Some(self.next_field()))
    }

    /// The optional fields come in this order (RFC 1952 §2.3), and then the data.
    fn next_field(&mut self) -> Part {
        let fields =
            [(FEXTRA, Part::ExtraLength), (FNAME, Part::Text), (FCOMMENT, Part::Text), (FHCRC, Part::HeaderCrc)];
        for (flag, part) in fields {
            if self.flags & flag != 0 {
                self.flags &= !flag;
                return part;
            }
        }
        self.crc.reset();
        Part::Data
    }

    fn header_crc(&mut self, input: &mut Bytes) -> Result<Option<Part>, Error> {
        let Some(expected) = self.field(input) else { return Ok(None) };
        if u32::from(u16::from_le_bytes(expected)) != self.crc.sum() & 0xffff {
            return Err(data_error("header crc mismatch"));
        }
        Ok(Some(self.next_field()))
    }

    fn trailer(&mut self, input: &mut Bytes) -> Result<Option<Part>, Error> {
        let Some([c0, c1, c2, c3, l0, l1, l2, l3]) = self.field(input) else { return Ok(None) };
        if u32::from_le_bytes([c0, c1, c2, c3]) != self.crc.sum() {
            return Err(data_error("incorrect data check"));
        }
        if u32::from_le_bytes([l0, l1, l2, l3]) != self.crc.amount() {
            return Err(data_error("incorrect length check"));
        }
        self.any_member = true;
        self.crc.reset();
        self.inflate.reset(false);
        Ok(Some(Part::Magic))
    }
}

impl ContentDecoder for GzipDecoder {
    fn decode(&mut self, input: &mut Bytes, output: &mut [u8]) -> Result<usize, Error> {
        let mut filled = 0;
        loop {
            let next = if let Part::Data = self.part {
                let (written, ended) = inflate(&mut self.inflate, input, &mut output[filled..])?;
                self.crc.update(&output[filled..filled + written]);
                filled += written;
                ended.then_some(Part::Trailer)
            } else {
                self.frame(input)?
            };
            match next {
                Some(part) => self.part = part,
                None => return Ok(filled),
            }
        }
    }

    fn finish(&self) -> Result<(), Error> {
        match self.part {
            Part::Magic | Part::Trailing if self.any_member => Ok(()),
            _ => Err(truncated()),
        }
    }
}
