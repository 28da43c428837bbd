//! The routes by which tests read back what the byte server, the proxies and the HTTP/2 peer received, and give the
//! byte server scripts.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use base64::prelude::{Engine, BASE64_STANDARD};
use hyper::{Method, StatusCode};
use serde_json::{json, Value};
use tokio::time::{timeout_at, Instant};

use crate::exchange::{empty, json as json_reply, Exchange, Refusal, Reply};
use crate::script;
use crate::state::{locked, Recording, State};

const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// /recorded: a list of base64 strings.
pub async fn recorded(exchange: Exchange) -> Reply {
    let text = |bytes: &Vec<u8>| String::from_utf8_lossy(bytes).into_owned();
    shown(exchange, |state| &state.recorded, text, |bytes| Value::from(BASE64_STANDARD.encode(bytes))).await
}

/// /proxied: a list of request heads.
pub async fn proxied(exchange: Exchange) -> Reply {
    shown(exchange, |state| &state.proxied, Value::to_string, |record| record).await
}

/// /socks: a list of negotiations.
pub async fn socks(exchange: Exchange) -> Reply {
    shown(exchange, |state| &state.socks, Value::to_string, |record| record).await
}

/// /h2-recorded: a list of connections.
pub async fn http2(exchange: Exchange) -> Reply {
    shown(exchange, |state| &state.http2, |record| json!(record).to_string(), |record| json!(record)).await
}

/// The entries, oldest first. `?contains=TEXT` keeps those that have the text in them; `&until=TEXT` waits for at most
/// ten seconds until one of those has this text as well.
async fn shown<T: Clone>(
    exchange: Exchange,
    recording: fn(&State) -> &Recording<T>,
    text: impl Fn(&T) -> String,
    show: impl Fn(T) -> Value,
) -> Reply {
    let recording = recording(&exchange.connection.state);
    if exchange.head.method == Method::DELETE {
        recording.clear();
        return Ok(empty(StatusCode::NO_CONTENT));
    }
    let wanted = exchange.argument("contains").unwrap_or_default();
    let until = exchange.argument("until");
    let deadline = Instant::now() + LONGEST_WAIT;
    loop {
        let mut changed = pin!(recording.changed());
        changed.as_mut().enable();
        let mut list = recording.list();
        list.retain(|entry| text(entry).contains(&wanted));
        let complete = until.as_ref().is_none_or(|until| list.iter().any(|entry| text(entry).contains(until)));
        if complete || timeout_at(deadline, changed).await.is_err() {
            return Ok(json_reply(&list.into_iter().map(show).collect()));
        }
    }
}

/// POST /register: adds a map of name to script.
pub async fn register(mut exchange: Exchange) -> Reply {
    let body = exchange.read_body().await?;
    let scripts = script::named(&body).map_err(Refusal::bad)?;
    let names: Vec<&String> = scripts.keys().collect();
    let reply = json_reply(&json!({ "registered": names }));
    locked(&exchange.connection.state.scripts).extend(scripts);
    Ok(reply)
}

/// PUT /accept-script: what connections to `bytes_accept` get from now on.
pub async fn accept_script(mut exchange: Exchange) -> Reply {
    let body = exchange.read_body().await?;
    let script = script::parse(&body).map_err(Refusal::bad)?;
    *locked(&exchange.connection.state.accept_script) = Arc::new(script);
    Ok(empty(StatusCode::NO_CONTENT))
}
