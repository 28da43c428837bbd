//! A look at the frames that come in, on their way to h2. It tells what h2 keeps to itself: that settings have come, and
//! what a GOAWAY says of the streams that it leaves out (RFC 9113 §6.8), which tells which requests may be sent again.
//! And it takes out empty DATA frames, which say nothing: h2 ends a connection after a hundred of them in all its life.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;
use std::task::{ready, Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::Status;
use crate::error::Code;
use crate::httpcore::stream::Stream;

const HEADER: usize = 9;
/// A GOAWAY's last stream and error code.
const GOAWAY_FIELDS: usize = 8;
/// The most that is held back of a frame.
const MOST_HELD: usize = HEADER + GOAWAY_FIELDS - 1;
/// A smaller buffer is not read into: what is held back needs room before what comes.
const LEAST_ROOM: usize = 64;
/// So many empty DATA frames with nothing between them are a flood, which is left to h2 to end.
const EMPTY_IN_A_ROW: usize = 1000;

mod kind {
    pub(super) const DATA: u8 = 0;
    pub(super) const HEADERS: u8 = 1;
    pub(super) const SETTINGS: u8 = 4;
    pub(super) const PUSH_PROMISE: u8 = 5;
    pub(super) const GOAWAY: u8 = 7;
    pub(super) const CONTINUATION: u8 = 9;
}

mod flag {
    pub(super) const ACK: u8 = 1;
    pub(super) const END_STREAM: u8 = 1;
    pub(super) const END_HEADERS: u8 = 4;
    pub(super) const PADDED: u8 = 8;
}

/// The stream below an HTTP/2 connection.
pub(super) struct Watched {
    stream: Stream,
    frames: Frames,
    /// What came and did not fit into the reader's buffer.
    waiting: Vec<u8>,
    /// The peer takes nothing any more. What it has said before is still read (checklist I08).
    deaf: bool,
    status: Arc<Status>,
    /// How often something came.
    arrivals: Arc<AtomicU64>,
}

impl Watched {
    pub(super) fn new(stream: Stream, status: Arc<Status>, arrivals: Arc<AtomicU64>) -> Watched {
        Watched { stream, frames: Frames::default(), waiting: Vec::new(), deaf: false, status, arrivals }
    }

    /// Reads something into `buf`, which has room; nothing at the peer's end.
    fn poll_frames(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        loop {
            let before = buf.filled().len();
            buf.put_slice(self.frames.held());
            let with_held = buf.filled().len();
            let polled = Pin::new(&mut self.stream).poll_read(cx, buf);
            if polled.is_pending() {
                buf.set_filled(before);
                return Poll::Pending;
            }
            let ended = match ready!(polled) {
                Ok(()) => buf.filled().len() == with_held,
                // A peer that closes TLS without saying so (checklist J12): what matters is in the frames.
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => true,
                Err(error) => {
                    self.status.transport_failed(Code::READ_ERROR, &error);
                    return Poll::Ready(Err(error));
                }
            };
            if ended {
                // A frame's beginning without its end, if anything.
                self.frames.held_len = 0;
                return Poll::Ready(Ok(()));
            }
            self.arrivals.fetch_add(1, Ordering::Relaxed);
            let (kept, seen) = self.frames.take(&mut buf.filled_mut()[before..]);
            buf.set_filled(before + kept);
            if seen.settings {
                self.status.settings_came();
            }
            if let Some((last_stream, code)) = seen.goaway {
                self.status.go_away(last_stream, code);
            }
            if kept > 0 {
                return Poll::Ready(Ok(()));
            }
        }
    }

    /// Notes that the peer takes nothing any more, and goes on as if it did.
    fn deafened(&mut self, error: &io::Error, length: usize) -> usize {
        self.status.transport_failed(Code::WRITE_ERROR, error);
        self.status.deafened();
        self.deaf = true;
        length
    }
}

/// Where in the sequence of frames the input is.
#[derive(Default)]
struct Frames {
    /// The beginning of a frame of which more has to be seen.
    held: [u8; MOST_HELD],
    held_len: usize,
    /// How much of the current frame is still to be handed on.
    left: usize,
    /// A header block goes on: nothing but its continuation may come.
    in_headers: bool,
    empty_in_a_row: usize,
}

/// What was seen in some input.
#[derive(Debug, Default, PartialEq)]
struct Seen {
    settings: bool,
    /// The least last stream of the GOAWAYs, and the last one's error code.
    goaway: Option<(u32, u32)>,
}

/// What is to be done with a frame.
enum Verdict {
    /// To be handed on; it has so many bytes.
    Pass(usize),
    /// To be left out: it is but a header.
    Drop,
    /// More has to be seen.
    Hold,
}

impl Frames {
    fn held(&self) -> &[u8] {
        &self.held[..self.held_len]
    }

    /// Takes input, which begins with what was held. Returns how much of it is to be handed on, all at its beginning.
    fn take(&mut self, input: &mut [u8]) -> (usize, Seen) {
        let (mut read, mut kept, mut seen) = (0, 0, Seen::default());
        self.held_len = 0;
        while read < input.len() {
            if self.left == 0 {
                match self.judge(&input[read..], &mut seen) {
                    Verdict::Pass(length) => self.left = length,
                    Verdict::Drop => {
                        read += HEADER;
                        continue;
                    }
                    Verdict::Hold => {
                        self.held_len = input.len() - read;
                        self.held[..self.held_len].copy_from_slice(&input[read..]);
                        break;
                    }
                }
            }
            let piece = self.left.min(input.len() - read);
            if kept < read {
                input.copy_within(read..read + piece, kept);
            }
            self.left -= piece;
            read += piece;
            kept += piece;
        }
        (kept, seen)
    }

    /// Looks at a frame's beginning.
    fn judge(&mut self, input: &[u8], seen: &mut Seen) -> Verdict {
        let Some((&[a, b, c, kind, flags, s, t, u, v], payload)) = input.split_first_chunk::<HEADER>() else {
            return Verdict::Hold;
        };
        let length = u32::from_be_bytes([0, a, b, c]) as usize;
        let has = |flag: u8| flags & flag != 0;
        let on_stream = [s & 0x7f, t, u, v] != [0; 4];
        let empty = kind == kind::DATA && length == 0 && !has(flag::END_STREAM | flag::PADDED);
        if empty && on_stream && !self.in_headers && self.empty_in_a_row < EMPTY_IN_A_ROW {
            self.empty_in_a_row += 1;
            return Verdict::Drop;
        }
        if kind == kind::GOAWAY && length >= GOAWAY_FIELDS {
            let Some(&[a, b, c, d, e, f, g, h]) = payload.first_chunk::<GOAWAY_FIELDS>() else { return Verdict::Hold };
            // The first bit is reserved.
            let last_stream = u32::from_be_bytes([a & 0x7f, b, c, d]);
            let least = seen.goaway.map_or(last_stream, |(before, _)| before.min(last_stream));
            seen.goaway = Some((least, u32::from_be_bytes([e, f, g, h])));
        }
        match kind {
            kind::SETTINGS => seen.settings |= !has(flag::ACK),
            kind::HEADERS | kind::PUSH_PROMISE | kind::CONTINUATION => self.in_headers = !has(flag::END_HEADERS),
            _ => {}
        }
        if !empty {
            self.empty_in_a_row = 0;
        }
        Verdict::Pass(HEADER + length)
    }
}

impl AsyncRead for Watched {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.waiting.is_empty() {
            if buf.remaining() >= LEAST_ROOM {
                return this.poll_frames(cx, buf);
            }
            let mut room = [0; LEAST_ROOM];
            let mut own = ReadBuf::new(&mut room);
            ready!(this.poll_frames(cx, &mut own))?;
            this.waiting.extend_from_slice(own.filled());
        }
        let piece = buf.remaining().min(this.waiting.len());
        buf.put_slice(&this.waiting[..piece]);
        this.waiting.drain(..piece);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Watched {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        if self.deaf {
            return Poll::Ready(Ok(data.len()));
        }
        let written = ready!(Pin::new(&mut self.stream).poll_write(cx, data));
        Poll::Ready(Ok(written.unwrap_or_else(|error| self.deafened(&error, data.len()))))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let length = slices.iter().map(|slice| slice.len()).sum();
        if self.deaf {
            return Poll::Ready(Ok(length));
        }
        let written = ready!(Pin::new(&mut self.stream).poll_write_vectored(cx, slices));
        Poll::Ready(Ok(written.unwrap_or_else(|error| self.deafened(&error, length))))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.deaf {
            if let Err(error) = ready!(Pin::new(&mut self.stream).poll_flush(cx)) {
                self.deafened(&error, 0);
            }
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, flags: u8, payload: &[u8]) -> Vec<u8> {
        let length = (payload.len() as u32).to_be_bytes();
        [&length[1..], &[kind, flags, 0, 0, 0, 1], payload].concat()
    }

    /// What is handed on of `input` in pieces of `size`, and what was seen.
    fn hand_on(frames: &mut Frames, input: &[u8], size: usize) -> (Vec<u8>, Vec<(u32, u32)>, usize) {
        let (mut handed_on, mut goaways, mut settings) = (Vec::new(), Vec::new(), 0);
        for piece in input.chunks(size) {
            let mut piece = [frames.held(), piece].concat();
            let (kept, seen) = frames.take(&mut piece);
            handed_on.extend_from_slice(&piece[..kept]);
            goaways.extend(seen.goaway);
            settings += usize::from(seen.settings);
        }
        (handed_on, goaways, settings)
    }

    #[test]
    fn goaways_and_settings_are_found_however_the_input_is_cut() {
        let goaway = [&0x8000_0005u32.to_be_bytes()[..], &7u32.to_be_bytes(), b"go away"].concat();
        let (settings, ack) = (frame(kind::SETTINGS, 0, &[0; 6]), frame(kind::SETTINGS, flag::ACK, b""));
        let (data, bye) = (frame(kind::DATA, 0, &[7; 300]), frame(kind::GOAWAY, 0, &goaway));
        let input = [settings, ack, data, frame(6, 0, &[0; 8]), bye, frame(kind::DATA, 0, b"x")].concat();
        for size in 1..input.len() {
            let handed_on = hand_on(&mut Frames::default(), &input, size);
            assert_eq!(handed_on, (input.clone(), vec![(5, 7)], 1), "in pieces of {size}");
        }
    }

    #[test]
    fn empty_data_is_taken_out_however_the_input_is_cut() {
        let (empty, end) = (frame(kind::DATA, 0, b""), frame(kind::DATA, flag::END_STREAM, b""));
        let head = frame(kind::HEADERS, flag::END_HEADERS, &[0x88]);
        let (padded, data) = (frame(kind::DATA, flag::PADDED, &[0]), frame(kind::DATA, 0, b"data"));
        let with = [&empty, &head, &empty, &empty, &data, &padded, &empty, &end, &empty].map(Vec::as_slice).concat();
        let without = [&head, &data, &padded, &end].map(|frame| frame.as_slice()).concat();
        for size in 1..=with.len() {
            assert_eq!(hand_on(&mut Frames::default(), &with, size).0, without, "in pieces of {size}");
        }
    }

    #[test]
    fn what_breaks_the_rules_is_left_to_h2() {
        let short = frame(kind::GOAWAY, 0, &[0; 7]);
        assert_eq!(hand_on(&mut Frames::default(), &short, 64), (short.clone(), vec![], 0));
        let in_a_block = [frame(kind::HEADERS, 0, &[0x88]), frame(kind::DATA, 0, b"")].concat();
        assert_eq!(hand_on(&mut Frames::default(), &in_a_block, 64).0, in_a_block);
        let on_no_stream = [0, 0, 0, kind::DATA, 0, 0, 0, 0, 0];
        assert_eq!(hand_on(&mut Frames::default(), &on_no_stream, 64).0, on_no_stream);
    }

    #[test]
    fn a_flood_of_empty_data_is_left_to_h2() {
        let (empty, ping) = (frame(kind::DATA, 0, b""), frame(6, 0, &[0; 8]));
        let mut frames = Frames::default();
        assert_eq!(hand_on(&mut frames, &empty.repeat(EMPTY_IN_A_ROW), 64).0, b"");
        assert_eq!(hand_on(&mut frames, &empty.repeat(3), 64).0, empty.repeat(3));
        assert_eq!(hand_on(&mut frames, &[ping.clone(), empty].concat(), 64).0, ping);
    }
}
