//! Documents and what belongs to documents: status codes, links, validators, caching, chosen response headers.

use std::io::Write;
use std::sync::LazyLock;

use bytes::Bytes;
use flate2::write::ZlibEncoder;
use flate2::{Compression, Crc};
use hyper::header::{
    HeaderName, CACHE_CONTROL, ETAG, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED, LINK, LOCATION,
    PROXY_AUTHENTICATE, WWW_AUTHENTICATE,
};
use hyper::StatusCode;
use serde_json::{json, Map, Value};

use crate::auth::random;
use crate::echo;
use crate::exchange::{content, empty, json as json_reply, with_header, with_status, Exchange, Refusal, Reply};
use crate::redirects::found;

const MOST_LINKS: u64 = 10_000;
const PAGES: u64 = 3;

/// /status/CODE, or one of CODE,CODE:WEIGHT,… by chance.
pub fn status(exchange: &Exchange) -> Reply {
    let choices = exchange.segment(1);
    let choices: Option<Vec<(u16, f64)>> = choices.split(',').map(weighted).collect();
    let choices =
        choices.ok_or_else(|| Refusal::bad("/status wants CODE or CODE:WEIGHT,…, with codes from 200 to 999"))?;
    let status = StatusCode::from_u16(chosen(&choices)).map_err(|_| Refusal::bad("no status"))?;
    let response = empty(status);
    match status.as_u16() {
        301 | 302 | 303 | 305 | 307 | 308 => with_header(response, LOCATION, "/redirect/1"),
        401 => with_header(response, WWW_AUTHENTICATE, "Basic realm=\"Fake Realm\""),
        407 => with_header(response, PROXY_AUTHENTICATE, "Basic realm=\"Fake Realm\""),
        418 => Ok(with_status(content("text/plain; charset=utf-8", "I'm a teapot\n"), status)),
        _ => Ok(response),
    }
}

/// A 1xx status is no final one, so it cannot be asked for. RFC 9110 §15.2
fn weighted(choice: &str) -> Option<(u16, f64)> {
    let (code, weight) = choice.split_once(':').unwrap_or((choice, "1"));
    let code = code.trim().parse().ok().filter(|code| (200..1000).contains(code))?;
    let weight = weight.trim().parse().ok().filter(|weight| *weight > 0.0 && f64::is_finite(*weight))?;
    Some((code, weight))
}

fn chosen(choices: &[(u16, f64)]) -> u16 {
    if let [(only, _)] = choices {
        return *only;
    }
    let total: f64 = choices.iter().map(|(_, weight)| weight).sum();
    let mut left = f64::from(u32::from_ne_bytes(random())) / f64::from(u32::MAX) * total;
    for (code, weight) in choices {
        left -= weight;
        if left <= 0.0 {
            return *code;
        }
    }
    choices[choices.len() - 1].0
}

pub fn links_start(exchange: &Exchange) -> Reply {
    found(&format!("/links/{}/0", exchange.segment_as::<u64>(1)?))
}

/// /links/N/OFFSET: a page with N links to its siblings.
pub fn links(exchange: &Exchange) -> Reply {
    let (count, offset): (u64, u64) = (exchange.segment_as(1)?, exchange.segment_as(2)?);
    if count > MOST_LINKS {
        return Err(Refusal::bad(format!("at most {MOST_LINKS} links")));
    }
    let link = |number: u64| match number == offset {
        true => format!("{number} "),
        false => format!("<a href='/links/{count}/{number}'>{number}</a> "),
    };
    let links: String = (0..count).map(link).collect();
    Ok(content(
        "text/html; charset=utf-8",
        format!("<html><head><title>Links</title></head><body>{links}</body></html>\n"),
    ))
}

/// /link-header?page=N: three pages that name their neighbours in a Link field. RFC 8288
pub fn link_header(exchange: &Exchange) -> Reply {
    let page: u64 = exchange.argument_or("page", 1)?;
    if !(1..=PAGES).contains(&page) {
        return Err(Refusal::new(StatusCode::NOT_FOUND, format!("there are pages 1 to {PAGES}")));
    }
    let link = |number: u64, relation: &str| {
        format!("<{}>; rel=\"{relation}\"", exchange.absolute(&format!("/link-header?page={number}")))
    };
    let mut links = vec![link(1, "first"), link(PAGES, "last")];
    if page > 1 {
        links.push(link(page - 1, "prev"));
    }
    if page < PAGES {
        links.push(link(page + 1, "next"));
    }
    with_header(json_reply(&json!({ "page": page, "pages": PAGES })), LINK, &links.join(", "))
}

pub fn html(_: &Exchange) -> Reply {
    let page = "<!DOCTYPE html>\n<html>\n<head><title>A page</title></head>\n<body>\n<h1>A page</h1>\n\
        <p>Somebody walked along the shore &amp; counted the waves.</p>\n</body>\n</html>\n";
    Ok(content("text/html; charset=utf-8", page))
}

pub fn json_document(_: &Exchange) -> Reply {
    Ok(json_reply(&json!({
        "slideshow": {
            "author": "Yours Truly",
            "date": "date of publication",
            "slides": [
                { "title": "Wake up", "type": "all" },
                { "items": ["Why it is great", "Who uses it"], "title": "Overview", "type": "all" },
            ],
            "title": "Sample Slide Show",
        }
    })))
}

pub fn xml(_: &Exchange) -> Reply {
    let document = "<?xml version='1.0' encoding='us-ascii'?>\n<slideshow title=\"Sample Slide Show\">\n  \
        <slide type=\"all\"><title>Wake up</title></slide>\n</slideshow>\n";
    Ok(content("application/xml", document))
}

pub fn robots(_: &Exchange) -> Reply {
    Ok(content("text/plain", "User-agent: *\nDisallow: /deny\n"))
}

pub fn png(_: &Exchange) -> Reply {
    static IMAGE: LazyLock<Bytes> = LazyLock::new(|| grey_gradient(16).into());
    Ok(content("image/png", IMAGE.clone()))
}

/// A square PNG of eight-bit greys.
fn grey_gradient(side: u8) -> Vec<u8> {
    let size = u32::from(side).to_be_bytes();
    // Bit depth 8, greyscale, deflate, no filter, no interlace; each row begins with its filter's number.
    let header = [&size[..], &size, &[8, 0, 0, 0, 0]].concat();
    let row = |y: u8| std::iter::once(0).chain((0..side).map(move |x| x * y));
    let pixels: Vec<u8> = (0..side).flat_map(row).collect();
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    let data = encoder.write_all(&pixels).and_then(|()| encoder.finish()).expect("a vector takes every write");
    let mut image = b"\x89PNG\r\n\x1a\n".to_vec();
    for (kind, data) in [(b"IHDR", header), (b"IDAT", data), (b"IEND", Vec::new())] {
        let mut sum = Crc::new();
        sum.update(kind);
        sum.update(&data);
        image.extend((data.len() as u32).to_be_bytes());
        image.extend(kind);
        image.extend(&data);
        image.extend(sum.sum().to_be_bytes());
    }
    image
}

/// /cache: 304 to any conditional request, else /get with validators.
pub fn cache(exchange: &Exchange) -> Reply {
    if exchange.header(IF_MODIFIED_SINCE).is_some() || exchange.header(IF_NONE_MATCH).is_some() {
        return Ok(empty(StatusCode::NOT_MODIFIED));
    }
    let response = with_header(echo::get(exchange)?, LAST_MODIFIED, "Sun, 06 Nov 1994 08:49:37 GMT")?;
    with_header(response, ETAG, "\"a-tag\"")
}

pub fn cache_control(exchange: &Exchange) -> Reply {
    let seconds: u64 = exchange.segment_as(1)?;
    with_header(echo::get(exchange)?, CACHE_CONTROL, &format!("public, max-age={seconds}"))
}

/// /etag/E: answers If-None-Match with 304 and If-Match with 412. RFC 9110 §13.1
pub fn etag(exchange: &Exchange) -> Reply {
    let tag = format!("\"{}\"", exchange.segment(1));
    let lists = |field: &str| {
        field.split(',').any(|item| matches!(item.trim(), "*") || item.trim().trim_start_matches("W/") == tag)
    };
    let response = if exchange.header(IF_NONE_MATCH).is_some_and(lists) {
        empty(StatusCode::NOT_MODIFIED)
    } else if exchange.header(IF_MATCH).is_some_and(|field| !lists(field)) {
        empty(StatusCode::PRECONDITION_FAILED)
    } else {
        echo::get(exchange)?
    };
    with_header(response, ETAG, &tag)
}

/// /response-headers?name=value&…: the response has these fields, and shows them.
pub fn response_headers(exchange: &Exchange) -> Reply {
    let mut shown = Map::new();
    for (name, value) in exchange.arguments() {
        match shown.get_mut(&name) {
            None => drop(shown.insert(name, value.into())),
            Some(Value::Array(values)) => values.push(value.into()),
            Some(first) => *first = json!([first.take(), value]),
        }
    }
    let mut response = json_reply(&Value::Object(shown));
    for (name, value) in exchange.arguments() {
        let field = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| Refusal::bad(format!("{name:?} cannot be the name of a header")))?;
        if field == hyper::header::CONTENT_TYPE {
            response.headers_mut().remove(&field);
        }
        response = with_header(response, field, &value)?;
    }
    Ok(response)
}

pub fn uuid(_: &Exchange) -> Reply {
    let mut bytes: [u8; 16] = random();
    // Version 4, variant 1. RFC 9562 §5.4
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = crate::digest::hex(&bytes);
    let uuid = format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]);
    Ok(json_reply(&json!({ "uuid": uuid })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_kept_and_nonsense_is_refused() {
        assert_eq!(weighted("503:0.5"), Some((503, 0.5)));
        assert_eq!(weighted(" 204"), Some((204, 1.0)));
        for bad in ["99", "101", "1000", "200:0", "200:-1", "200:NaN", "x", ""] {
            assert_eq!(weighted(bad), None, "{bad}");
        }
        assert!((0..100).all(|_| [200, 500].contains(&chosen(&[(200, 1.0), (500, 3.0)]))));
    }
}
