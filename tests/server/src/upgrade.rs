//! /upgrade: leaves HTTP for a protocol that sends back what it receives. RFC 9110 §7.8

use bytes::Bytes;
use hyper::header::{HeaderValue, CONNECTION, UPGRADE};
use hyper::upgrade::OnUpgrade;
use hyper::StatusCode;
use hyper_util::rt::TokioIo;
use tokio::io::{copy, split, AsyncWriteExt};

use crate::exchange::{content, empty, with_header, with_status, Exchange, Reply};

const PROTOCOL: &str = "echo";
const GREETING: &[u8] = b"hello from the upgraded side\n";

/// The greeting goes out in one write with the 101, so that it reaches the client together with the head.
pub async fn upgrade(mut exchange: Exchange) -> Reply {
    let asked = exchange.header(UPGRADE).is_some_and(|protocol| protocol.eq_ignore_ascii_case(PROTOCOL));
    // HTTP/2 has no upgrade. RFC 9113 §8.6
    let Some(upgrading) = exchange.head.extensions.remove::<OnUpgrade>().filter(|_| asked) else {
        let response = content("text/plain; charset=utf-8", "this resource is for \"Upgrade: echo\" on HTTP/1.1\n");
        return with_header(with_status(response, StatusCode::UPGRADE_REQUIRED), UPGRADE, PROTOCOL);
    };
    exchange.connection.capture.send_behind_next_head(Bytes::from_static(GREETING));
    tokio::spawn(async move {
        // The client may break off.
        let Ok(upgraded) = upgrading.await else { return };
        let (mut reader, mut writer) = split(TokioIo::new(upgraded));
        if copy(&mut reader, &mut writer).await.is_ok() {
            let _ = writer.shutdown().await;
        }
    });
    let mut response = empty(StatusCode::SWITCHING_PROTOCOLS);
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("upgrade"));
    with_header(response, UPGRADE, PROTOCOL)
}
