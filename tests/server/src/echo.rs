//! The routes that say what they received, in httpbin's JSON: args, data, files, form, headers, json, method, origin,
//! url, and besides `raw_headers`, the pairs in their order and, on HTTP/1.1, in their case.

use std::time::Duration;

use base64::prelude::{Engine, BASE64_STANDARD};
use hyper::header::{CONTENT_TYPE, HOST, USER_AGENT};
use serde_json::{json, Map, Value};

use crate::exchange::{json as json_reply, Exchange, Refusal, Reply};
use crate::multipart;

/// The longest wait that /delay grants, in seconds.
const LONGEST_DELAY: f64 = 600.0;

pub fn get(exchange: &Exchange) -> Reply {
    Ok(json_reply(&Value::Object(described(exchange))))
}

pub async fn with_body(mut exchange: Exchange) -> Reply {
    Ok(json_reply(&Value::Object(described_with_body(&mut exchange).await?)))
}

pub async fn anything(mut exchange: Exchange) -> Reply {
    let mut fields = described_with_body(&mut exchange).await?;
    fields.insert("method".to_owned(), exchange.head.method.as_str().into());
    Ok(json_reply(&Value::Object(fields)))
}

pub async fn delayed(exchange: Exchange) -> Reply {
    let seconds: f64 = exchange.segment_as(1)?;
    if !(0.0..=LONGEST_DELAY).contains(&seconds) {
        return Err(Refusal::bad(format!("a delay is from 0 to {LONGEST_DELAY} seconds")));
    }
    tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
    with_body(exchange).await
}

pub fn headers(exchange: &Exchange) -> Reply {
    Ok(json_reply(&json!({ "headers": header_map(exchange), "raw_headers": raw_headers(exchange) })))
}

pub fn user_agent(exchange: &Exchange) -> Reply {
    Ok(json_reply(&json!({ "user-agent": exchange.header(USER_AGENT) })))
}

pub fn ip(exchange: &Exchange) -> Reply {
    Ok(json_reply(&json!({ "origin": exchange.connection.peer })))
}

/// What httpbin's GET routes say of a request.
pub fn described(exchange: &Exchange) -> Map<String, Value> {
    Map::from_iter([
        ("args".to_owned(), Value::Object(pairs(exchange.arguments()))),
        ("headers".to_owned(), header_map(exchange)),
        ("origin".to_owned(), exchange.connection.peer.as_str().into()),
        ("raw_headers".to_owned(), raw_headers(exchange)),
        ("url".to_owned(), exchange.url().into()),
    ])
}

async fn described_with_body(exchange: &mut Exchange) -> Result<Map<String, Value>, Refusal> {
    let body = exchange.read_body().await?;
    let content_type = exchange.header(CONTENT_TYPE).unwrap_or_default().to_owned();
    let mut data = Value::String(String::new());
    let mut form = Map::new();
    let mut files = Map::new();
    match content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
        "application/x-www-form-urlencoded" => form = pairs(form_urlencoded::parse(&body).into_owned().collect()),
        "multipart/form-data" => (form, files) = multipart_fields(&content_type, &body)?,
        _ => data = text_or_data_uri("application/octet-stream", &body),
    }
    let json = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let mut fields = described(exchange);
    fields.extend([
        ("data".to_owned(), data),
        ("files".to_owned(), Value::Object(files)),
        ("form".to_owned(), Value::Object(form)),
        ("json".to_owned(), json),
    ]);
    Ok(fields)
}

type Fields = Map<String, Value>;

fn multipart_fields(content_type: &str, body: &[u8]) -> Result<(Fields, Fields), Refusal> {
    let (mut form, mut files) = (Map::new(), Map::new());
    for part in multipart::parse(content_type, body).map_err(Refusal::bad)? {
        if part.filename.is_some() {
            let value = text_or_data_uri(part.content_type.as_deref().unwrap_or("text/plain"), part.body);
            add(&mut files, part.name, value);
        } else {
            add(&mut form, part.name, String::from_utf8_lossy(part.body).into());
        }
    }
    Ok((form, files))
}

/// One value stands for itself, several of a name become a list.
fn pairs(pairs: Vec<(String, String)>) -> Map<String, Value> {
    let mut map = Map::new();
    for (name, value) in pairs {
        add(&mut map, name, value.into());
    }
    map
}

fn add(map: &mut Map<String, Value>, name: String, value: Value) {
    match map.get_mut(&name) {
        None => {
            map.insert(name, value);
        }
        Some(Value::Array(values)) => values.push(value),
        Some(first) => *first = json!([first.take(), value]),
    }
}

fn text_or_data_uri(content_type: &str, bytes: &[u8]) -> Value {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.into(),
        Err(_) => format!("data:{content_type};base64,{}", BASE64_STANDARD.encode(bytes)).into(),
    }
}

/// Names in httpbin's spelling (`User-Agent`), several values of a name joined by commas.
pub fn header_map(exchange: &Exchange) -> Value {
    let mut map = Map::new();
    for name in exchange.head.headers.keys() {
        let values = exchange.head.headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
        map.insert(title_case(name.as_str()), values.collect::<Vec<_>>().join(",").into());
    }
    // HTTP/2 says it in :authority. RFC 9113 §8.3.1
    if !exchange.head.headers.contains_key(HOST) {
        if let Some(authority) = exchange.head.uri.authority() {
            map.insert("Host".to_owned(), authority.as_str().into());
        }
    }
    Value::Object(map)
}

fn raw_headers(exchange: &Exchange) -> Value {
    match &exchange.raw {
        Some(raw) => json!(raw.headers),
        None => exchange
            .head
            .headers
            .iter()
            .map(|(name, value)| json!([name.as_str(), String::from_utf8_lossy(value.as_bytes())]))
            .collect(),
    }
}

fn title_case(name: &str) -> String {
    let word = |word: &str| match word.split_at_checked(1) {
        Some((first, rest)) => first.to_ascii_uppercase() + rest,
        None => String::new(),
    };
    name.split('-').map(word).collect::<Vec<_>>().join("-")
}
