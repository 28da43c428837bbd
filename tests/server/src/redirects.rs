//! The routes that send a client somewhere else.

use hyper::header::LOCATION;
use hyper::{Response, StatusCode};

use crate::body::Body;
use crate::exchange::{content, with_header, with_status, Exchange, Refusal, Reply};

/// /redirect/N: N hops, relative ones unless `?absolute=true`.
pub fn redirect(exchange: &Exchange) -> Reply {
    if exchange.argument("absolute").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
        return absolute(exchange);
    }
    hop(exchange, "redirect", |target| target)
}

pub fn relative(exchange: &Exchange) -> Reply {
    hop(exchange, "relative-redirect", |target| target)
}

pub fn absolute(exchange: &Exchange) -> Reply {
    hop(exchange, "absolute-redirect", |target| exchange.absolute(&target))
}

/// /redirect-to?url=…&status_code=…: any 3xx, 302 unless told.
pub fn redirect_to(exchange: &Exchange) -> Reply {
    let url = exchange.argument("url").ok_or_else(|| Refusal::bad("/redirect-to wants ?url="))?;
    let code: u16 = exchange.argument_or("status_code", 302)?;
    match StatusCode::from_u16(code) {
        Ok(status) if status.is_redirection() => {
            with_header(with_status(content("text/html", ""), status), LOCATION, &url)
        }
        _ => Err(Refusal::bad(format!("{code} is not a status of redirection"))),
    }
}

fn hop(exchange: &Exchange, route: &str, place: impl Fn(String) -> String) -> Reply {
    let target = match exchange.segment_as::<u64>(1)? {
        0 => return Err(Refusal::bad("a redirect has one hop at least")),
        1 => "/get".to_owned(),
        more => format!("/{route}/{}", more - 1),
    };
    found(&place(target))
}

/// 302 with a short page, as browsers' servers send it.
pub fn found(location: &str) -> Reply {
    let page =
        format!("<!doctype html><title>Redirecting</title><p>Go to <a href=\"{location}\">{location}</a>.</p>\n");
    let response: Response<Body> = content("text/html; charset=utf-8", page);
    with_header(with_status(response, StatusCode::FOUND), LOCATION, location)
}
