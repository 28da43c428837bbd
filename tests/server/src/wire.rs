//! The routes that are about the connection and not about content: uploads that are hashed as they come, answers before
//! the body, expectations, closing, trailers, and what connection a request came on.

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Body as _;
use hyper::header::{
    HeaderMap, HeaderName, HeaderValue, CONNECTION, CONTENT_LENGTH, EXPECT, TRAILER, TRANSFER_ENCODING,
};
use hyper::{Response, StatusCode, Version};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::body::Body;
use crate::digest::hex;
use crate::echo::header_map;
use crate::exchange::{content, json as json_reply, streamed, with_header, with_status, Exchange, Refusal, Reply};
use crate::streams::Pieces;

/// /upload: size and SHA-256 of the body, which is never held as a whole.
pub async fn upload(mut exchange: Exchange) -> Reply {
    let (mut size, mut hash) = (0u64, Sha256::new());
    while let Some(frame) = exchange.body.frame().await {
        let frame = frame.map_err(|error| Refusal::bad(format!("the upload broke off after {size} bytes: {error}")))?;
        if let Some(data) = frame.data_ref() {
            size += data.len() as u64;
            hash.update(data);
        }
    }
    let chunked =
        exchange.header(TRANSFER_ENCODING).is_some_and(|codings| codings.to_ascii_lowercase().ends_with("chunked"));
    Ok(json_reply(&json!({
        "chunked": chunked,
        "content_length": exchange.header(CONTENT_LENGTH).and_then(|length| length.parse::<u64>().ok()),
        "headers": header_map(&exchange),
        "sha256": hex(&hash.finalize()),
        "size": size,
    })))
}

/// /early-413: refuses from the head alone, leaves the body unread and closes.
pub fn early_413(exchange: &Exchange) -> Reply {
    let response = content("text/plain; charset=utf-8", "the body is not wanted\n");
    last_of_connection(exchange, with_status(response, StatusCode::PAYLOAD_TOO_LARGE))
}

/// /early-200: answers before the body has come, and reads on, so that the connection can stay.
pub async fn early_200(exchange: Exchange) -> Reply {
    let mut body = exchange.body;
    if !body.is_end_stream() {
        tokio::spawn(async move { while let Some(Ok(_)) = body.frame().await {} });
    }
    Ok(content("text/plain; charset=utf-8", "answered early\n"))
}

/// /expect-continue: hyper sends the 100 when the body is read, which is here. RFC 9110 §10.1.1
pub async fn expect_continue(mut exchange: Exchange) -> Reply {
    let expected = exchange.header(EXPECT).is_some_and(|value| value.eq_ignore_ascii_case("100-continue"));
    let early = exchange.connection.capture.bytes_behind_head();
    let body = exchange.read_body().await?;
    Ok(json_reply(&json!({
        "data": String::from_utf8_lossy(&body),
        "early_bytes": early,
        "expected": expected,
    })))
}

/// /expect-417: refuses from the head alone, leaves the body unread and closes.
pub fn expect_417(exchange: &Exchange) -> Reply {
    let response = content("text/plain; charset=utf-8", "no expectation is met here\n");
    last_of_connection(exchange, with_status(response, StatusCode::EXPECTATION_FAILED))
}

/// /keep-alive-timeout/N: says that the connection may be idle for so many seconds; does not close it.
pub fn keep_alive_timeout(exchange: &Exchange) -> Reply {
    let seconds: u64 = exchange.segment_as(1)?;
    let response = content("text/plain; charset=utf-8", "kept alive\n");
    with_header(response, HeaderName::from_static("keep-alive"), &format!("timeout={seconds}"))
}

pub fn close(exchange: &Exchange) -> Reply {
    last_of_connection(exchange, content("text/plain; charset=utf-8", "closing\n"))
}

fn last_of_connection(exchange: &Exchange, response: Response<Body>) -> Reply {
    if exchange.head.version == Version::HTTP_2 {
        // GOAWAY stands for it. RFC 9113 §6.8, §8.2.2
        exchange.connection.closing.notify_one();
        return Ok(response);
    }
    with_header(response, CONNECTION, "close")
}

/// /trailers: a body with two trailer fields. On HTTP/1.1 they come only after `TE: trailers`. RFC 9110 §6.5.1, §10.1.4
pub fn trailers(_: &Exchange) -> Reply {
    let mut fields = HeaderMap::new();
    fields.insert("x-checksum", HeaderValue::from_static("d41d8cd9"));
    fields.insert("x-finished", HeaderValue::from_static("yes"));
    // Of unknown length, since only a chunked body can have trailers. RFC 9112 §7.1.2
    let mut text = Some(Bytes::from_static(b"a body with trailers\n"));
    let body = Pieces(move || text.take()).with_trailers(async move { Some(Ok(fields)) });
    with_header(streamed("text/plain", body), TRAILER, "x-checksum, x-finished")
}

/// /connection: which connection this is and how many requests it has carried, this one included.
pub fn connection(exchange: &Exchange) -> Reply {
    let connection = &exchange.connection;
    Ok(json_reply(&json!({
        "alpn": connection.alpn,
        "connection": connection.id,
        "protocol": format!("{:?}", exchange.head.version),
        "requests_on_connection": exchange.number,
        "tls_version": connection.tls_version,
    })))
}
