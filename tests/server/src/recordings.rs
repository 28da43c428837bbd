//! The routes by which tests read back what the byte server and the proxy received, and give the byte server scripts.

use std::sync::Arc;

use base64::prelude::{Engine, BASE64_STANDARD};
use hyper::{Method, StatusCode};
use serde_json::{json, Value};

use crate::exchange::{empty, json as json_reply, Exchange, Refusal, Reply};
use crate::script;
use crate::state::locked;

/// /recorded: a list of base64 strings, oldest first; `?contains=TEXT` keeps those that have the text in them.
pub fn recorded(exchange: &Exchange) -> Reply {
    let recorded = &exchange.connection.state.recorded;
    if exchange.head.method == Method::DELETE {
        recorded.clear();
        return Ok(empty(StatusCode::NO_CONTENT));
    }
    let wanted = exchange.argument("contains").unwrap_or_default();
    let list = recorded.list().into_iter().filter(|bytes| String::from_utf8_lossy(bytes).contains(&wanted));
    Ok(json_reply(&list.map(|bytes| Value::from(BASE64_STANDARD.encode(bytes))).collect()))
}

/// /proxied: a list of request heads, oldest first; `?contains=TEXT` keeps those whose target has the text in it.
pub fn proxied(exchange: &Exchange) -> Reply {
    let proxied = &exchange.connection.state.proxied;
    if exchange.head.method == Method::DELETE {
        proxied.clear();
        return Ok(empty(StatusCode::NO_CONTENT));
    }
    let wanted = exchange.argument("contains").unwrap_or_default();
    let fits = |request: &Value| request["target"].as_str().is_some_and(|target| target.contains(&wanted));
    Ok(json_reply(&proxied.list().into_iter().filter(fits).collect()))
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
