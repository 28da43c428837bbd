//! The routes that show, set and delete cookies.

use hyper::header::{COOKIE, SET_COOKIE};
use serde_json::{json, Map, Value};

use crate::exchange::{json as json_reply, with_header, Exchange, Reply};
use crate::redirects::found;

pub fn list(exchange: &Exchange) -> Reply {
    let mut cookies = Map::new();
    for field in exchange.head.headers.get_all(COOKIE) {
        let field = String::from_utf8_lossy(field.as_bytes());
        for (name, value) in field.split(';').filter_map(|pair| pair.trim().split_once('=')) {
            cookies.insert(name.to_owned(), Value::from(value));
        }
    }
    Ok(json_reply(&json!({ "cookies": cookies })))
}

/// /cookies/set?name=value&…
pub fn set(exchange: &Exchange) -> Reply {
    let pairs = exchange.arguments();
    let lines = pairs.iter().map(|(name, value)| set_line(exchange, name, value));
    shown_with(lines.collect())
}

/// /cookies/set/NAME/VALUE
pub fn set_one(exchange: &Exchange) -> Reply {
    shown_with(vec![set_line(exchange, exchange.segment(2), exchange.segment(3))])
}

/// /cookies/delete?name&…
pub fn delete(exchange: &Exchange) -> Reply {
    let gone = |name: &str| format!("{name}=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/");
    shown_with(exchange.arguments().iter().map(|(name, _)| gone(name)).collect())
}

fn set_line(exchange: &Exchange, name: &str, value: &str) -> String {
    let secure = if exchange.connection.scheme == "https" { "; Secure" } else { "" };
    format!("{name}={value}; Path=/{secure}")
}

fn shown_with(lines: Vec<String>) -> Reply {
    lines.iter().try_fold(found("/cookies")?, |response, line| with_header(response, SET_COOKIE, line))
}
