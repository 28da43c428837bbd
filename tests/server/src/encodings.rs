//! Content codings (gzip, deflate, br, zstd and chains of them) and character encodings.

use std::io::{self, Read, Write};

use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use flate2::Compression;
use hyper::header::CONTENT_ENCODING;
use hyper::{Response, StatusCode};
use serde_json::{json, Value};

use crate::body::Body;
use crate::echo::header_map;
use crate::exchange::{content, with_header, Exchange, Refusal, Reply};
use crate::streams::Pattern;

const BROTLI_QUALITY: u32 = 5;
const BROTLI_WINDOW: u32 = 22;
const LARGEST_ENCODED: u64 = 4 << 30;

#[derive(Clone, Copy)]
enum Coding {
    Gzip,
    Deflate,
    /// What some servers send as "deflate": no zlib wrapper around it.
    DeflateRaw,
    Brotli,
    Zstd,
    Identity,
}

impl Coding {
    fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "gzip" | "x-gzip" => Self::Gzip,
            "deflate" => Self::Deflate,
            "deflate-raw" => Self::DeflateRaw,
            "br" | "brotli" => Self::Brotli,
            "zstd" => Self::Zstd,
            "identity" => Self::Identity,
            _ => return None,
        })
    }

    /// The token of Content-Encoding. RFC 9110 §8.4.1
    fn token(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Deflate | Self::DeflateRaw => "deflate",
            Self::Brotli => "br",
            Self::Zstd => "zstd",
            Self::Identity => "identity",
        }
    }

    fn encode(self, mut source: impl Read) -> io::Result<Vec<u8>> {
        let mut encoded = Vec::new();
        match self {
            Self::Gzip => {
                let mut encoder = GzEncoder::new(&mut encoded, Compression::default());
                io::copy(&mut source, &mut encoder)?;
                encoder.finish()?;
            }
            Self::Deflate => {
                let mut encoder = ZlibEncoder::new(&mut encoded, Compression::default());
                io::copy(&mut source, &mut encoder)?;
                encoder.finish()?;
            }
            Self::DeflateRaw => {
                let mut encoder = DeflateEncoder::new(&mut encoded, Compression::default());
                io::copy(&mut source, &mut encoder)?;
                encoder.finish()?;
            }
            Self::Brotli => {
                let mut encoder = brotli::CompressorWriter::new(&mut encoded, 1 << 16, BROTLI_QUALITY, BROTLI_WINDOW);
                io::copy(&mut source, &mut encoder)?;
                encoder.flush()?;
                drop(encoder);
            }
            Self::Zstd => zstd::stream::copy_encode(source, &mut encoded, 0)?,
            Self::Identity => {
                source.read_to_end(&mut encoded)?;
            }
        }
        Ok(encoded)
    }
}

pub fn gzip(exchange: &Exchange) -> Reply {
    encoded_json(exchange, Coding::Gzip, "gzipped")
}

pub fn deflate(exchange: &Exchange) -> Reply {
    encoded_json(exchange, Coding::Deflate, "deflated")
}

pub fn deflate_raw(exchange: &Exchange) -> Reply {
    encoded_json(exchange, Coding::DeflateRaw, "deflated")
}

pub fn brotli(exchange: &Exchange) -> Reply {
    encoded_json(exchange, Coding::Brotli, "brotli")
}

pub fn zstd(exchange: &Exchange) -> Reply {
    encoded_json(exchange, Coding::Zstd, "zstd")
}

fn encoded_json(exchange: &Exchange, coding: Coding, flag: &str) -> Reply {
    let mut fields = json!({
        "headers": header_map(exchange),
        "method": exchange.head.method.as_str(),
        "origin": exchange.connection.peer,
    });
    fields[flag] = Value::Bool(true);
    let body = coding.encode(format!("{fields:#}\n").as_bytes()).map_err(failed)?;
    with_header(content("application/json", body), CONTENT_ENCODING, coding.token())
}

/// /encode/CHAIN?size=N&seed=S: pattern bytes under several codings, applied in the order of the chain ("gzip,br").
/// RFC 9110 §8.4
pub async fn chain(exchange: Exchange) -> Reply {
    let names = exchange.segment(1);
    let codings = names.split(',').map(|name| Coding::parse(name.trim())).collect::<Option<Vec<_>>>();
    let codings = codings.ok_or_else(|| Refusal::bad(format!("{names:?} holds an unknown coding")))?;
    let size: u64 = exchange.argument_or("size", 1024)?;
    if size > LARGEST_ENCODED {
        return Err(Refusal::bad(format!("size is at most {LARGEST_ENCODED}")));
    }
    let seed = exchange.argument_or("seed", 0)?;
    let tokens = codings.iter().map(|coding| coding.token()).collect::<Vec<_>>().join(", ");
    // A gigabyte keeps a core busy for seconds, which is not the place for it where sockets wait.
    let encoding = tokio::task::spawn_blocking(move || {
        let (first, rest) = codings.split_first().expect("split gives one coding at least");
        rest.iter().try_fold(first.encode(Pattern::new(seed, size))?, |bytes, coding| coding.encode(&bytes[..]))
    });
    let body = encoding.await.map_err(failed)?.map_err(failed)?;
    with_header(content("application/octet-stream", body), CONTENT_ENCODING, &tokens)
}

fn failed(error: impl std::fmt::Display) -> Refusal {
    Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, format!("encoding failed: {error}"))
}

/// /encoding/CHARSET?text=…&declare=…: text in a character encoding, which Content-Type names unless `declare` gives
/// another name, or none (`declare=`).
pub fn charset(exchange: &Exchange) -> Reply {
    let name = exchange.segment(1);
    let text = exchange.argument("text").unwrap_or_else(|| sample(name).to_owned());
    let bytes = encode_text(name, &text).ok_or_else(|| Refusal::bad(format!("{name:?} is no known charset")))?;
    let declared = exchange.argument("declare").unwrap_or_else(|| name.to_owned());
    Ok(declared_as(&declared, bytes))
}

fn declared_as(charset: &str, bytes: Vec<u8>) -> Response<Body> {
    if charset.is_empty() {
        return content("text/plain", bytes);
    }
    content(&format!("text/plain; charset={charset}"), bytes)
}

fn sample(charset: &str) -> &'static str {
    match charset.to_ascii_lowercase().as_str() {
        "utf8" | "utf-8" | "utf-16" | "utf-16le" | "utf-16be" | "gb18030" => "Grüße, Мир, 世界, שלום, 🎉\n",
        "shift_jis" | "shift-jis" | "sjis" | "euc-jp" | "iso-2022-jp" => "こんにちは、世界\n",
        "gbk" | "gb2312" | "big5" => "你好\n",
        "euc-kr" => "안녕하세요\n",
        "koi8-r" | "windows-1251" | "iso-8859-5" => "Привет, мир\n",
        _ => "Grüße aus Köln, déjà vu\n",
    }
}

fn encode_text(charset: &str, text: &str) -> Option<Vec<u8>> {
    let units = |order: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(order).collect::<Vec<u8>>();
    Some(match charset.to_ascii_lowercase().as_str() {
        // With a mark, since nothing else tells the order. RFC 2781 §3.3
        "utf-16" | "utf16" => [vec![0xff, 0xfe], units(u16::to_le_bytes)].concat(),
        "utf-16le" => units(u16::to_le_bytes),
        "utf-16be" => units(u16::to_be_bytes),
        "latin-1" | "latin1" | "iso-8859-1" => text.chars().map(|c| u8::try_from(c).unwrap_or(b'?')).collect(),
        other => encoding_rs::Encoding::for_label(other.as_bytes())?.encode(text).0.into_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_coding_is_undone_by_its_decoder() {
        let text = b"the same text again and again and again".repeat(100);
        let mut plain = Vec::new();
        let gzip = Coding::Gzip.encode(&text[..]).unwrap();
        flate2::read::GzDecoder::new(&gzip[..]).read_to_end(&mut plain).unwrap();
        let zlib = Coding::Deflate.encode(&text[..]).unwrap();
        flate2::read::ZlibDecoder::new(&zlib[..]).read_to_end(&mut plain).unwrap();
        let raw = Coding::DeflateRaw.encode(&text[..]).unwrap();
        flate2::read::DeflateDecoder::new(&raw[..]).read_to_end(&mut plain).unwrap();
        let brotli = Coding::Brotli.encode(&text[..]).unwrap();
        brotli::Decompressor::new(&brotli[..], 4096).read_to_end(&mut plain).unwrap();
        plain.extend(zstd::decode_all(&Coding::Zstd.encode(&text[..]).unwrap()[..]).unwrap());
        assert_eq!(plain, text.repeat(5));
    }

    #[test]
    fn text_comes_in_the_asked_charset() {
        assert_eq!(encode_text("latin-1", "é").unwrap(), [0xe9]);
        assert_eq!(encode_text("shift_jis", "こ").unwrap(), [0x82, 0xb1]);
        assert_eq!(encode_text("utf-16", "é").unwrap(), [0xff, 0xfe, 0xe9, 0x00]);
        assert_eq!(encode_text("utf8", "é").unwrap(), "é".as_bytes());
        assert!(encode_text("no-such-charset", "x").is_none());
    }
}
