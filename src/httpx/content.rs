//! A response's body with its content codings undone, piece by piece as it arrives.

use std::future::poll_fn;
use std::task::Poll;
use std::time::Instant;

use bytes::Bytes;

use super::decoders::{DecodeLimits, Decoder, MAX_PIECE};
use crate::error::Error;
use crate::httpcore::{RawHeaders, ResponseBody};
use crate::runtime::Call;

/// See the module.
pub(super) struct Content {
    body: ResponseBody,
    /// None where bytes pass as they are.
    decoder: Option<Box<Decoder>>,
    /// The body has been received to its end.
    received: bool,
    pieces: usize,
}

/// How much is decoded before others get their turn, and the caller's interrupt function is asked.
const PIECES_BEFORE_A_YIELD: usize = 32;

async fn give_way() {
    let mut given = false;
    poll_fn(|cx| match std::mem::replace(&mut given, true) {
        true => Poll::Ready(()),
        false => {
            cx.waker().wake_by_ref();
            Poll::Pending
        }
    })
    .await;
}

impl Content {
    /// The body as it came over the wire, but for the framing.
    pub(super) fn raw(body: ResponseBody) -> Content {
        Content { body, decoder: None, received: false, pieces: 0 }
    }

    /// The body, decoded as `headers` say, within limits.
    ///
    /// # Errors
    /// TooManyEncodings.
    pub(super) fn decoded(body: ResponseBody, headers: &RawHeaders, limits: &DecodeLimits) -> Result<Content, Error> {
        let mut encodings = headers.find_all(b"content-encoding").peekable();
        if encodings.peek().is_none() {
            return Ok(Content::raw(body));
        }
        let decoder = Decoder::for_encodings(encodings, limits.clone())?;
        let decoder = (!decoder.is_identity()).then(|| Box::new(decoder));
        Ok(Content { body, decoder, received: false, pieces: 0 })
    }

    /// The next piece, never empty, if it is here already and needs no decoding. None says nothing of the end.
    ///
    /// # Errors
    /// As for `next`.
    pub(super) fn next_at_hand(&mut self, max: usize) -> Result<Option<Bytes>, Error> {
        match self.decoder {
            None => self.body.next_at_hand(max),
            Some(_) => Ok(None),
        }
    }

    /// The next piece, never empty; None at the end. `max` bounds what is taken from the network at once.
    ///
    /// # Errors
    /// What the network gave; DecodingError and what lies below it.
    pub(super) async fn next(&mut self, call: &Call, max: usize) -> Result<Option<Bytes>, Error> {
        let Some(decoder) = &mut self.decoder else { return self.body.next(call, max).await };
        self.pieces += 1;
        if self.pieces % PIECES_BEFORE_A_YIELD == 0 {
            give_way().await;
        }
        loop {
            let piece = if self.received { decoder.finish()? } else { decoder.pull()? };
            if piece.is_some() || self.received {
                return Ok(piece);
            }
            match self.body.next(call, MAX_PIECE).await? {
                Some(data) => decoder.push(data),
                None => self.received = true,
            }
        }
    }

    /// True if the last piece was read, for sure.
    pub(super) fn has_ended(&self) -> bool {
        self.decoder.is_none() && self.body.has_ended()
    }

    /// How many bytes of body came over the wire.
    pub(super) fn bytes_received(&self) -> u64 {
        self.body.bytes_received()
    }

    /// When the body was there, if it has come to its end over a connection.
    pub(super) fn ended_at(&self) -> Option<Instant> {
        self.body.ended_at()
    }

    /// The fields that came after the body.
    pub(super) fn take_trailers(&mut self) -> Option<Box<RawHeaders>> {
        self.body.take_trailers()
    }
}
