//! Bodies that are made while they are sent: pattern bytes of any size, JSON lines, events, and bytes that drip.
//!
//! The pattern is one that any language can check without a table: byte `i` is `(i + seed) mod 251`.

use std::convert::Infallible;
use std::io::{self, Read};
use std::pin::Pin;
use std::sync::LazyLock;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::channel::Channel;
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use hyper::header::{ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, ETAG, IF_RANGE, RANGE};
use hyper::StatusCode;
use serde_json::{json, Value};

use crate::echo::described;
use crate::exchange::{empty, streamed, with_header, with_status, Exchange, Refusal, Reply};

const PERIOD: usize = 251;
const CHUNK: usize = 128 * 1024;
const LONGEST_DRIP: f64 = 600.0;

/// One chunk from every phase of the pattern can be cut out of this without copying.
static BLOCK: LazyLock<Bytes> = LazyLock::new(|| (0..CHUNK + PERIOD).map(|i| (i % PERIOD) as u8).collect());

/// Pattern bytes that are left to send.
pub struct Pattern {
    phase: usize,
    left: u64,
}

impl Pattern {
    pub fn new(seed: u64, length: u64) -> Self {
        Self { phase: (seed % PERIOD as u64) as usize, left: length }
    }

    /// The next piece, of at most `limit` bytes; None at the end.
    fn piece(&mut self, limit: usize) -> Option<Bytes> {
        if self.left == 0 {
            return None;
        }
        let length = usize::try_from(self.left).unwrap_or(usize::MAX).min(limit).min(CHUNK);
        let piece = BLOCK.slice(self.phase..self.phase + length);
        self.phase = (self.phase + length) % PERIOD;
        self.left -= length as u64;
        Some(piece)
    }
}

impl Read for Pattern {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let piece = self.piece(buffer.len()).unwrap_or_default();
        buffer[..piece.len()].copy_from_slice(&piece);
        Ok(piece.len())
    }
}

impl HttpBody for Pattern {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.piece(CHUNK).map(|piece| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

/// A chunked body from a function that is asked for piece after piece.
pub struct Pieces<F>(pub F);

impl<F: FnMut() -> Option<Bytes> + Unpin> HttpBody for Pieces<F> {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready((self.0)().map(|piece| Ok(Frame::data(piece))))
    }
}

/// /bytes/N?seed=S, with Content-Length.
pub fn bytes(exchange: &Exchange) -> Reply {
    let pattern = Pattern::new(exchange.argument_or("seed", 0)?, exchange.segment_as(1)?);
    Ok(streamed("application/octet-stream", pattern))
}

/// /stream-bytes/N?chunk_size=C&seed=S, chunked.
pub fn stream_bytes(exchange: &Exchange) -> Reply {
    let mut pattern = Pattern::new(exchange.argument_or("seed", 0)?, exchange.segment_as(1)?);
    let size: usize = exchange.argument_or("chunk_size", 10 * 1024)?;
    if !(1..=CHUNK).contains(&size) {
        return Err(Refusal::bad(format!("chunk_size is from 1 to {CHUNK}")));
    }
    Ok(streamed("application/octet-stream", Pieces(move || pattern.piece(size))))
}

/// /range/N?seed=S: one byte range of the pattern, with If-Range on a strong tag. RFC 9110 §14
pub fn range(exchange: &Exchange) -> Reply {
    let size: u64 = exchange.segment_as(1)?;
    let seed: u64 = exchange.argument_or("seed", 0)?;
    let tag = format!("\"range-{size}-{seed}\"");
    let whole_wanted = exchange.header(IF_RANGE).is_some_and(|wanted| wanted != tag);
    let asked = exchange.header(RANGE).filter(|_| !whole_wanted).and_then(|field| asked_range(field, size));
    let response = match asked {
        None => streamed("application/octet-stream", Pattern::new(seed, size)),
        Some(None) => {
            let response = empty(StatusCode::RANGE_NOT_SATISFIABLE);
            with_header(response, CONTENT_RANGE, &format!("bytes */{size}"))?
        }
        Some(Some((first, last))) => {
            let pattern = Pattern::new(seed % PERIOD as u64 + first, last - first + 1);
            let response = with_status(streamed("application/octet-stream", pattern), StatusCode::PARTIAL_CONTENT);
            with_header(response, CONTENT_RANGE, &format!("bytes {first}-{last}/{size}"))?
        }
    };
    with_header(with_header(response, ETAG, &tag)?, ACCEPT_RANGES, "bytes")
}

/// None: no range that we understand, so all is sent. Some(None): nothing of it is there.
fn asked_range(field: &str, size: u64) -> Option<Option<(u64, u64)>> {
    let (first, last) = field.strip_prefix("bytes=")?.split_once('-')?;
    let inside = |first: u64, last: u64| (first < size && first <= last).then(|| (first, last.min(size - 1)));
    Some(match (first, last) {
        ("", suffix) => match suffix.parse().ok()? {
            0 => None,
            length => inside(size.saturating_sub(length), u64::MAX),
        },
        (first, "") => inside(first.parse().ok()?, u64::MAX),
        (first, last) => {
            let (first, last): (u64, u64) = (first.parse().ok()?, last.parse().ok()?);
            // An invalid range is ignored. RFC 9110 §14.1.1
            if first > last {
                return None;
            }
            inside(first, last)
        }
    })
}

/// /stream/N: N lines of JSON, chunked.
pub fn lines(exchange: &Exchange) -> Reply {
    let fields = Value::Object(described(exchange));
    numbered(exchange, "application/json", move |number| {
        let mut line = fields.clone();
        line["id"] = number.into();
        line
    })
}

/// /ndjson/N: N small objects, one a line.
pub fn ndjson(exchange: &Exchange) -> Reply {
    numbered(exchange, "application/x-ndjson", |number| json!({ "id": number, "square": number.wrapping_mul(number) }))
}

fn numbered(
    exchange: &Exchange,
    content_type: &'static str,
    line: impl Fn(u64) -> Value + Send + Unpin + 'static,
) -> Reply {
    let mut numbers = 0..exchange.segment_as::<u64>(1)?;
    let next = move || numbers.next().map(|number| Bytes::from(format!("{}\n", line(number))));
    Ok(streamed(content_type, Pieces(next)))
}

/// /drip?numbytes=&duration=&delay=&code=: asterisks, evenly over the duration, after the delay.
pub async fn drip(exchange: Exchange) -> Reply {
    let count: u64 = exchange.argument_or("numbytes", 10)?;
    let duration: f64 = exchange.argument_or("duration", 2.0)?;
    let delay: f64 = exchange.argument_or("delay", 0.0)?;
    let status = StatusCode::from_u16(exchange.argument_or("code", 200)?);
    let status =
        status.ok().filter(|status| status.as_u16() >= 200).ok_or_else(|| Refusal::bad("code is no status"))?;
    let allowed = 0.0..=LONGEST_DRIP;
    if count == 0 || !allowed.contains(&duration) || !allowed.contains(&delay) {
        return Err(Refusal::bad(format!("numbytes is positive, duration and delay are from 0 to {LONGEST_DRIP}")));
    }
    tokio::time::sleep(Duration::from_secs_f64(delay)).await;
    let pause = Duration::from_secs_f64(duration / count as f64);
    let pieces = (0..count).map(|_| Bytes::from_static(b"*"));
    let response = with_status(streamed("application/octet-stream", paced(pieces, pause)), status);
    with_header(response, CONTENT_LENGTH, &count.to_string())
}

/// /sse?count=N&delay=S&retry=MS: server-sent events `ping` with an id and JSON data; N is 10 unless told.
pub fn sse(exchange: &Exchange) -> Reply {
    let count: u64 = exchange.argument_or("count", 10)?;
    let delay: f64 = exchange.argument_or("delay", 0.0)?;
    if !(0.0..=LONGEST_DRIP).contains(&delay) {
        return Err(Refusal::bad(format!("delay is from 0 to {LONGEST_DRIP} seconds")));
    }
    let retry = exchange.argument("retry").map(|milliseconds| format!("retry: {milliseconds}\n\n"));
    let event = |id: u64| format!("id: {id}\nevent: ping\ndata: {}\n\n", json!({ "id": id }));
    let events = retry.into_iter().chain((0..count).map(event)).map(Bytes::from);
    Ok(streamed("text/event-stream", paced(events, Duration::from_secs_f64(delay))))
}

/// A body whose pieces come with a pause after each; ends early when nobody reads any more.
fn paced(pieces: impl Iterator<Item = Bytes> + Send + 'static, pause: Duration) -> Channel<Bytes, Infallible> {
    let (mut sender, channel) = Channel::new(1);
    tokio::spawn(async move {
        for piece in pieces {
            if sender.send_data(piece).await.is_err() {
                return;
            }
            if !pause.is_zero() {
                tokio::time::sleep(pause).await;
            }
        }
    });
    channel
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pattern_goes_on_over_the_borders_of_its_pieces() {
        let length = 3 * CHUNK + 17;
        let mut read = Vec::new();
        Pattern::new(300, length as u64).read_to_end(&mut read).unwrap();
        assert_eq!(read.len(), length);
        assert!(read.iter().enumerate().all(|(i, byte)| *byte as usize == (i + 300) % PERIOD));
    }

    #[test]
    fn ranges_are_those_of_rfc_9110() {
        assert_eq!(asked_range("bytes=0-4", 10), Some(Some((0, 4))));
        assert_eq!(asked_range("bytes=8-99", 10), Some(Some((8, 9))));
        assert_eq!(asked_range("bytes=-3", 10), Some(Some((7, 9))));
        assert_eq!(asked_range("bytes=7-", 10), Some(Some((7, 9))));
        assert_eq!(asked_range("bytes=10-", 10), Some(None));
        assert_eq!(asked_range("bytes=-0", 10), Some(None));
        assert_eq!(asked_range("bytes=4-2", 10), None);
        assert_eq!(asked_range("lines=1-2", 10), None);
    }
}
