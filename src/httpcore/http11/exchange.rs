//! The reading side of an exchange, once the response's head is here.

use std::future::{poll_fn, Future};
use std::pin::Pin;
use std::task::Poll;

use bytes::Bytes;

use super::body::{BodyDecoder, Decoded};
use super::steps::{self, Steps};
use crate::error::{Code, Error};
use crate::httpcore::connection::{Block, Connection, Limit};
use crate::httpcore::trace::{Telling, Value};
use crate::httpcore::RawHeaders;
use crate::runtime::{Call, Foreign};

/// How often a body is read before the lane's other connections get their turn.
const READS_BEFORE_A_YIELD: usize = 32;

/// The reading side of an exchange after the head.
pub(in crate::httpcore) struct Exchange {
    decoder: BodyDecoder,
    limit: Limit,
    /// The most bytes of body that there may be, and how many more there may be.
    most: u64,
    room: u64,
    reusable: bool,
    reads: usize,
    /// The peer has closed.
    ended: bool,
    steps: Option<Box<Steps>>,
}

impl Exchange {
    /// Of a body that may have `most` bytes.
    pub(super) fn new(decoder: BodyDecoder, limit: Limit, most: u64, reusable: bool) -> Exchange {
        Exchange { decoder, limit, most, room: most, reusable, reads: 0, ended: false, steps: None }
    }

    /// Tells of what is still to come.
    pub(super) fn tell(&mut self, steps: Box<Steps>) {
        self.steps = Some(steps);
    }

    /// True if the connection may carry another request, the body having been read to its end.
    pub(in crate::httpcore) fn may_carry_another(&self) -> bool {
        self.reusable && !self.ended
    }

    /// True if nothing is left to be read, nor to be told.
    pub(in crate::httpcore) fn is_over(&self) -> bool {
        self.decoder.is_done() && self.steps.is_none() && !self.is_tunnel()
    }

    /// The fields that came after a chunked body, once.
    pub(in crate::httpcore) fn trailers(&mut self) -> Option<Box<RawHeaders>> {
        self.decoder.trailers()
    }

    /// True after a 101 or a successful CONNECT: the connection is another protocol's now.
    pub(in crate::httpcore) fn is_tunnel(&self) -> bool {
        matches!(self.decoder, BodyDecoder::Tunnel)
    }

    /// What tells of its end, if anybody listens.
    pub(in crate::httpcore) fn into_closed(self) -> Option<Foreign<Telling>> {
        self.steps.map(|steps| steps.into_closed())
    }

    /// The next piece, never empty, if it is here already and nobody listens.
    pub(in crate::httpcore) fn next_at_hand(
        &mut self,
        connection: &mut Connection,
        max: usize,
    ) -> Result<Option<Bytes>, Error> {
        if self.steps.is_some() {
            return Ok(None);
        }
        connection.check(&self.limit)?;
        Ok(self.buffered(connection, max)?.flatten())
    }

    /// The next piece, never empty; None at the end. The connection comes to the call's lane if it has to be read from.
    pub(in crate::httpcore) async fn next(
        &mut self,
        call: &Call,
        connection: &mut Connection,
        max: usize,
    ) -> Result<Option<Bytes>, Error> {
        if let Some(steps) = self.steps.take() {
            return self.next_told(steps, call, connection, max).await;
        }
        connection.check(&self.limit)?;
        if let Some(data) = self.buffered(connection, max)? {
            return Ok(data);
        }
        connection.move_to(call).await?;
        self.read(connection, max).await
    }

    /// The same, with its steps told.
    fn next_told<'a>(
        &'a mut self,
        mut steps: Box<Steps>,
        call: &'a Call,
        connection: &'a mut Connection,
        max: usize,
    ) -> Pin<Box<dyn Future<Output = Result<Option<Bytes>, Error>> + Send + 'a>> {
        Box::pin(async move {
            let call = &call.until(self.limit.deadline);
            if !steps.has_begun(steps::RECEIVE_BODY) {
                steps.begin(call, steps::RECEIVE_BODY).await?;
            }
            let received = self.next(call, connection, max).await;
            let told = match &received {
                Ok(Some(_)) => {
                    self.steps = Some(steps);
                    return received;
                }
                Ok(None) => steps.complete(call, Value::None).await,
                Err(error) => steps.fail(call, error).await,
            };
            steps.close(call).await;
            received.and_then(|end| told.map(|()| end))
        })
    }

    /// The next piece if it is here already; `Some(None)` is the end.
    #[allow(clippy::option_option)]
    fn buffered(&mut self, connection: &mut Connection, max: usize) -> Result<Option<Option<Bytes>>, Error> {
        let decoded = self.decoder.decode(&mut connection.received, max)?;
        if self.decoder.is_done() {
            // Bytes that nobody asked for: the next response could not be trusted.
            self.reusable &= connection.received.is_empty();
        }
        if let Decoded::Data(data) = &decoded {
            // A body without a declared length shows only now that it is too long.
            let room = self.room.checked_sub(data.len() as u64);
            self.room = room.ok_or_else(|| body_too_large(self.most))?;
        }
        Ok(match decoded {
            Decoded::Data(data) => Some(Some(data)),
            Decoded::Done => Some(None),
            Decoded::NeedMore => None,
        })
    }

    /// The next piece, never empty; None at the end.
    async fn read(&mut self, connection: &mut Connection, max: usize) -> Result<Option<Bytes>, Error> {
        poll_fn(|cx| loop {
            if let Some(data) = self.buffered(connection, max)? {
                return Poll::Ready(Ok(data));
            }
            self.reads += 1;
            if self.reads % READS_BEFORE_A_YIELD == 0 {
                cx.waker().wake_by_ref();
                // A body that always flows has its time limit, too.
                connection.check(&self.limit)?;
                return Poll::Pending;
            }
            match connection.poll_receive(cx, Block::Body) {
                Poll::Ready(Ok(0)) => {
                    self.ended = true;
                    if connection.torn && matches!(self.decoder, BodyDecoder::UntilClose { .. }) {
                        // RFC 9112 §9.8: without close_notify nobody knows whether this was all.
                        let message =
                            "peer closed connection without sending complete message body (no TLS close_notify)";
                        return Poll::Ready(Err(Error::new(Code::INCOMPLETE_BODY, message)));
                    }
                    self.decoder.on_eof().map_err(incomplete)?;
                }
                Poll::Ready(Ok(_)) => {}
                Poll::Ready(Err(error)) => return Poll::Ready(Err(Error::from_io(Code::READ_ERROR, &error, ""))),
                Poll::Pending => return connection.poll_limit(cx, &self.limit).map(Err),
            }
        })
        .await
    }
}

/// The error of a body with more bytes on the wire than are allowed.
pub(crate) fn body_too_large(most: u64) -> Error {
    Error::new(Code::BODY_TOO_LARGE, format!("the response's body has more than the {most} bytes that are allowed"))
}

/// The codec knows only that a protocol was broken; that it was by ending too soon is known here.
fn incomplete(error: Error) -> Error {
    Error::new(Code::INCOMPLETE_BODY, error.message().to_owned())
}
