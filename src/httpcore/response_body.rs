//! A response's body on its way from a connection.

use bytes::Bytes;

use super::connection_pool::Place;
use super::http11::Exchange;
use super::{NetworkStream, RawHeaders};
use crate::error::{Code, Error};
use crate::runtime::Call;

/// A response's body on its way. Dropped before its end, it closes the connection (checklist H07).
pub struct ResponseBody {
    state: BodyState,
    bytes_received: u64,
    trailers: Option<RawHeaders>,
}

enum BodyState {
    Open(Box<Open>),
    Ended,
    /// An error, or a read that was given up, has closed it.
    Broken,
}

struct Open {
    place: Place,
    exchange: Exchange,
}

impl ResponseBody {
    pub(super) fn new(place: Place, exchange: Exchange) -> ResponseBody {
        ResponseBody { state: BodyState::Open(Box::new(Open { place, exchange })), bytes_received: 0, trailers: None }
    }

    /// The next piece as it arrives, at most `max` bytes, never empty; None at the end.
    ///
    /// # Errors
    /// What the network gave, after which the body is closed; StreamClosed from then on.
    pub async fn next(&mut self, call: &Call, max: usize) -> Result<Option<Bytes>, Error> {
        // Taken, so that a read that is given up closes the connection: what it had read would be lost.
        let mut open = match std::mem::replace(&mut self.state, BodyState::Broken) {
            BodyState::Open(open) => open,
            BodyState::Ended => {
                self.state = BodyState::Ended;
                return Ok(None);
            }
            BodyState::Broken => {
                let message = "Attempted to read or stream content, but the stream has been closed.";
                return Err(Error::new(Code::STREAM_CLOSED, message));
            }
        };
        match open.next(call, max).await? {
            Some(data) => {
                self.bytes_received += data.len() as u64;
                self.state = BodyState::Open(open);
                Ok(Some(data))
            }
            None => {
                let Open { mut place, mut exchange } = *open;
                self.trailers = exchange.trailers();
                place.settle(exchange.may_carry_another());
                self.state = BodyState::Ended;
                Ok(None)
            }
        }
    }

    /// The connection, if the response has made it another protocol's: after a 101, or a successful CONNECT.
    pub(crate) fn take_network_stream(&mut self) -> Option<Box<NetworkStream>> {
        match std::mem::replace(&mut self.state, BodyState::Ended) {
            BodyState::Open(open) if open.exchange.is_tunnel() => {
                let Open { place, exchange } = *open;
                NetworkStream::new(place, exchange.into_closed()).map(Box::new)
            }
            other => {
                self.state = other;
                None
            }
        }
    }

    /// The fields that came after the body, if there were any, once it was read to its end.
    pub fn take_trailers(&mut self) -> Option<RawHeaders> {
        self.trailers.take()
    }

    /// Body bytes received so far, as on the wire but for the framing.
    pub fn bytes_received(&self) -> u64 {
        self.bytes_received
    }
}

impl Open {
    async fn next(&mut self, call: &Call, max: usize) -> Result<Option<Bytes>, Error> {
        let Some(connection) = self.place.connection() else {
            return Err(Error::new(Code::INTERNAL, "a response without a connection"));
        };
        self.exchange.next(call, connection, max).await
    }
}
