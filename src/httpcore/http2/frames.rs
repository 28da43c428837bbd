//! A look at the frames that come in, on their way to h2, which keeps to itself what a GOAWAY says of the streams that it
//! leaves out (RFC 9113 §6.8). That tells which requests may be sent again.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;
use std::task::{ready, Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::Status;
use crate::httpcore::stream::Stream;

const HEADER: usize = 9;
const GOAWAY: u8 = 7;
/// A GOAWAY's last stream and error code.
const GOAWAY_FIELDS: usize = 8;

/// The stream below an HTTP/2 connection.
pub(super) struct Watched {
    stream: Stream,
    frames: Frames,
    status: Arc<Status>,
    /// How often something came.
    arrivals: Arc<AtomicU64>,
}

impl Watched {
    pub(super) fn new(stream: Stream, status: Arc<Status>, arrivals: Arc<AtomicU64>) -> Watched {
        Watched { stream, frames: Frames::default(), status, arrivals }
    }
}

/// Where in the sequence of frames the input is.
#[derive(Default)]
struct Frames {
    /// The part that is looked at, as far as it is here.
    gathered: [u8; HEADER],
    have: usize,
    part: Part,
}

#[derive(Clone, Copy, Default)]
enum Part {
    #[default]
    Header,
    /// A GOAWAY's fields, and how much debug data follows them.
    GoAway { debug_data: usize },
    /// So many bytes that are of no interest.
    Payload(usize),
}

impl Frames {
    /// Takes input. Returns last stream and error code of the last GOAWAY that is complete in it.
    fn take(&mut self, mut input: &[u8]) -> Option<(u32, u32)> {
        let mut found = None;
        while !input.is_empty() {
            let want = match self.part {
                Part::Header => HEADER,
                Part::GoAway { .. } => GOAWAY_FIELDS,
                Part::Payload(left) => {
                    let skipped = left.min(input.len());
                    input = &input[skipped..];
                    self.part = if skipped < left { Part::Payload(left - skipped) } else { Part::Header };
                    continue;
                }
            };
            let taken = (want - self.have).min(input.len());
            self.gathered[self.have..self.have + taken].copy_from_slice(&input[..taken]);
            self.have += taken;
            input = &input[taken..];
            if self.have < want {
                break;
            }
            self.have = 0;
            let [a, b, c, d, e, f, g, h, _] = self.gathered;
            self.part = match self.part {
                Part::GoAway { debug_data } => {
                    // The first bit is reserved.
                    found = Some((u32::from_be_bytes([a & 0x7f, b, c, d]), u32::from_be_bytes([e, f, g, h])));
                    Part::Payload(debug_data)
                }
                _ => match (u32::from_be_bytes([0, a, b, c]) as usize, d) {
                    (length, GOAWAY) if length >= GOAWAY_FIELDS => Part::GoAway { debug_data: length - GOAWAY_FIELDS },
                    (length, _) => Part::Payload(length),
                },
            };
        }
        found
    }
}

impl AsyncRead for Watched {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buf.filled().len();
        if let Err(error) = ready!(Pin::new(&mut this.stream).poll_read(cx, buf)) {
            this.status.remember(&error);
            return Poll::Ready(Err(error));
        }
        let arrived = &buf.filled()[before..];
        if !arrived.is_empty() {
            this.arrivals.fetch_add(1, Ordering::Relaxed);
        }
        if let Some((last_stream, code)) = this.frames.take(arrived) {
            this.status.go_away(last_stream, code);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Watched {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, data)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, payload: &[u8]) -> Vec<u8> {
        let length = (payload.len() as u32).to_be_bytes();
        [&length[1..], &[kind, 0, 0, 0, 0, 0], payload].concat()
    }

    #[test]
    fn a_goaway_is_found_however_the_input_is_cut() {
        let goaway = [&0x8000_0005u32.to_be_bytes()[..], &7u32.to_be_bytes(), b"go away"].concat();
        let input = [frame(4, &[0; 6]), frame(0, &[7; 300]), frame(6, b""), frame(7, &goaway), frame(0, b"x")].concat();
        for size in 1..input.len() {
            let mut frames = Frames::default();
            let found: Vec<_> = input.chunks(size).filter_map(|piece| frames.take(piece)).collect();
            assert_eq!(found, [(5, 7)], "in pieces of {size}");
        }
    }

    #[test]
    fn a_goaway_too_short_is_left_to_h2() {
        assert_eq!(Frames::default().take(&frame(7, &[0; 7])), None);
    }
}
