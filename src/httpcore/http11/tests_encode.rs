//! What goes out, and what must not.

use super::*;
use crate::httpcore::headers::RawHeaders;

const HOST: Pair = (b"Host", b"example.org");

fn encode(method: &[u8], target: &[u8], headers: &[Pair]) -> Result<(String, SentHead), String> {
    let mut out = b"before".to_vec();
    let head = RequestHead { method, target, headers: headers.iter().copied() };
    match encode_head(&mut out, &head) {
        Ok(sent) => Ok((String::from_utf8(out[6..].to_vec()).unwrap(), sent)),
        Err(error) => {
            assert_eq!(error.code(), Code::LOCAL_PROTOCOL_ERROR);
            assert_eq!(out, b"before", "nothing is left of a refused head");
            Err(error.message().to_string())
        }
    }
}

fn encode_fields(fields: &[Pair]) -> Result<(String, SentHead), String> {
    encode(b"POST", b"/", &[&[HOST], fields].concat())
}

fn refusal(fields: &[Pair]) -> String {
    encode_fields(fields).unwrap_err()
}

#[test]
fn a_head_is_written_in_order_with_the_users_casing() {
    let headers: [Pair; 4] = [HOST, (b"ACCEPT", b"*/*"), (b"x-b", b""), (b"Accept", b"a\tb \xff\x01")];
    let mut out = Vec::new();
    encode_head(&mut out, &RequestHead { method: b"GET", target: b"/a?b=c", headers: headers.into_iter() }).unwrap();
    assert_eq!(
        out,
        b"GET /a?b=c HTTP/1.1\r\nHost: example.org\r\nACCEPT: */*\r\nx-b: \r\nAccept: a\tb \xff\x01\r\n\r\n"
    );
}

#[test]
fn the_buffer_is_grown_once() {
    let mut out = Vec::new();
    encode_head(&mut out, &RequestHead { method: b"GET", target: b"/", headers: [HOST].into_iter() }).unwrap();
    let mut exact = Vec::with_capacity(out.len() + 1);
    let (capacity, head) =
        (exact.capacity(), RequestHead { method: b"GET", target: b"/", headers: [HOST].into_iter() });
    encode_head(&mut exact, &head).unwrap();
    assert_eq!(exact.capacity(), capacity);
}

#[test]
fn host_is_first_wherever_it_was_given() {
    let (text, _) = encode(b"GET", b"/", &[(b"A", b"1"), (b"HOST", b"foo"), (b"B", b"2")]).unwrap();
    assert_eq!(text, "GET / HTTP/1.1\r\nHOST: foo\r\nA: 1\r\nB: 2\r\n\r\n");
}

#[test]
fn exactly_one_host_is_needed() {
    assert_eq!(encode(b"GET", b"/", &[]).unwrap_err(), "Missing mandatory Host: header");
    assert_eq!(encode(b"GET", b"/", &[(b"Hosts", b"x")]).unwrap_err(), "Missing mandatory Host: header");
    assert_eq!(refusal(&[(b"host", b"example.org")]), "Found multiple Host: headers");
}

#[test]
fn illegal_methods_are_refused() {
    for method in [&b""[..], b"GE T", b"GET\r\n", b"GET/", b"G\0", b"\xc3\x89"] {
        let message = encode(method, b"/", &[HOST]).unwrap_err();
        assert_eq!(message, format!("Illegal method characters in {}", quoted(method)));
    }
    assert!(encode(b"M-SEARCH!", b"*", &[HOST]).is_ok());
}

#[test]
fn illegal_targets_are_refused() {
    for target in [&b""[..], b"/a b", b"/a\tb", b"/a\r\nX: y", b"/\0", b"/\x7f", b"/\xc3\xa9"] {
        let message = encode(b"GET", target, &[HOST]).unwrap_err();
        assert_eq!(message, format!("Illegal target characters in {}", quoted(target)));
    }
    for target in ["*", "example.org:443", "http://example.org/", "/\"<>|{}"] {
        let (text, _) = encode(b"CONNECT", target.as_bytes(), &[HOST]).unwrap();
        assert!(text.starts_with(&format!("CONNECT {target} HTTP/1.1\r\n")));
    }
}

#[test]
fn illegal_header_names_are_refused() {
    for name in [&b""[..], b"a b", b"a:", b"a\r\n", b" a", b"a ", b"a\0", b"\xc3\xa9"] {
        assert_eq!(refusal(&[(name, b"x")]), format!("Illegal header name {}", quoted(name)));
    }
}

#[test]
fn illegal_header_values_are_refused_wherever_the_byte_stands() {
    for length in 1..20 {
        for at in 0..length {
            for byte in [0, b'\n', 0x0b, 0x0c, b'\r'] {
                let mut value = vec![b'\xe9'; length];
                value[at] = byte;
                assert_eq!(refusal(&[(b"X", &value)]), format!("Illegal header value {} of X", quoted(&value)));
                assert!(encode(b"GET", b"/", &[(b"Host", &value)]).is_err(), "Host is checked too");
            }
            for byte in [1, b'\t', 0x1f, b' ', 0x7f, 0x80, 0xff] {
                let mut value = vec![b'x'; length + 2];
                value[at + 1] = byte;
                let mut out = Vec::new();
                let headers = [HOST, (b"X", &value)].into_iter();
                assert!(
                    encode_head(&mut out, &RequestHead { method: b"GET", target: b"/", headers }).is_ok(),
                    "{byte}"
                );
            }
        }
    }
    for value in [" a", "a ", "\ta", "a\t", " "] {
        assert!(refusal(&[(b"X", value.as_bytes())]).starts_with("Illegal header value b'"));
    }
}

#[test]
fn credentials_are_not_shown_in_messages() {
    for name in ["Authorization", "proxy-authorization", "COOKIE"] {
        let message = refusal(&[(name.as_bytes(), b"s3cret\n")]);
        assert_eq!(message, format!("Illegal header value [secure] of {name}"));
    }
}

#[test]
fn framing_is_read_from_the_fields() {
    let framing = |fields: &[Pair]| encode_fields(fields).unwrap().1.framing;
    assert_eq!(framing(&[]), BodyFraming::None);
    assert_eq!(framing(&[(b"content-length", b"0")]), BodyFraming::Length(0));
    assert_eq!(framing(&[(b"Content-Length", b"18446744073709551615")]), BodyFraming::Length(u64::MAX));
    assert_eq!(framing(&[(b"TRANSFER-ENCODING", b"Chunked")]), BodyFraming::Chunked);
}

#[test]
fn a_repeated_content_length_is_written_once() {
    let (text, sent) = encode_fields(&[(b"Content-Length", b"5"), (b"A", b"b"), (b"content-length", b"5")]).unwrap();
    assert_eq!(text, "POST / HTTP/1.1\r\nHost: example.org\r\nContent-Length: 5\r\nA: b\r\n\r\n");
    assert_eq!(sent.framing, BodyFraming::Length(5));
}

#[test]
fn framing_that_could_be_misread_is_refused() {
    let length: Pair = (b"Content-Length", b"5");
    let chunked: Pair = (b"Transfer-Encoding", b"chunked");
    assert_eq!(refusal(&[length, (b"content-length", b"6")]), "conflicting Content-Length headers");
    assert_eq!(refusal(&[length, (b"content-length", b"05")]), "conflicting Content-Length headers");
    for value in ["", "a", "+5", "-5", "5 5", "5,5", "0x5", "5.0", "18446744073709551616"] {
        let expected = format!("bad Content-Length: b'{value}'");
        assert_eq!(refusal(&[(b"Content-Length", value.as_bytes())]), expected);
    }
    for value in ["", "gzip", "gzip, chunked", "chunked, chunked", "identity", "xchunked", "chunked;q=1"] {
        let message = refusal(&[(b"Transfer-Encoding", value.as_bytes())]);
        assert_eq!(message, "Only Transfer-Encoding: chunked is supported");
    }
    assert_eq!(refusal(&[chunked, chunked]), "multiple Transfer-Encoding headers");
    let both = "Content-Length and Transfer-Encoding cannot be sent together";
    assert_eq!(refusal(&[length, chunked]), both);
    assert_eq!(refusal(&[chunked, length]), both);
}

#[test]
fn a_wish_to_close_or_to_upgrade_is_reported() {
    let wishes =
        |fields: &[Pair]| encode_fields(fields).map(|(_, sent)| (sent.wants_close, sent.wants_upgrade)).unwrap();
    assert_eq!(wishes(&[(b"Connection", b"keep-alive")]), (false, false));
    assert_eq!(wishes(&[(b"Connection", b"keep-alive"), (b"connection", b"x , Close")]), (true, false));
    assert_eq!(wishes(&[(b"Connection", b"upgrade"), (b"Upgrade", b"websocket")]), (false, true));
    assert_eq!(wishes(&[(b"Connection", b"enclosed"), (b"Upgrade", b"")]), (false, false));
}

#[test]
fn a_header_list_can_be_sent() {
    let list = RawHeaders::from_pairs([("host", "h"), ("A", "b")]).unwrap();
    let mut out = Vec::new();
    encode_head(&mut out, &RequestHead { method: b"GET", target: b"/", headers: list.iter() }).unwrap();
    assert_eq!(out, b"GET / HTTP/1.1\r\nhost: h\r\nA: b\r\n\r\n");
}

fn write_body(framing: BodyFraming, pieces: &[&[u8]]) -> Result<Vec<u8>, String> {
    let mut encoder = BodyEncoder::new(framing);
    let mut out = Vec::new();
    let text = |error: Error| {
        assert_eq!(error.code(), Code::LOCAL_PROTOCOL_ERROR);
        error.message().to_string()
    };
    for piece in pieces {
        let frame = encoder.frame(piece.len()).map_err(text)?;
        out.extend([frame.head(), piece, frame.tail()].concat());
    }
    out.extend_from_slice(encoder.finish().map_err(text)?);
    assert!(encoder.frame(1).is_err() && encoder.finish().is_err(), "nothing follows the end");
    Ok(out)
}

#[test]
fn a_body_of_declared_length_is_written_as_it_is() {
    assert_eq!(write_body(BodyFraming::Length(5), &[b"ab", b"", b"cde"]).unwrap(), b"abcde");
    assert_eq!(write_body(BodyFraming::None, &[b""]).unwrap(), b"");
}

#[test]
fn a_body_must_have_the_declared_length() {
    let too_little = Err("Too little data for declared Content-Length".to_string());
    let too_much = Err("Too much data for declared Content-Length".to_string());
    assert_eq!(write_body(BodyFraming::Length(5), &[b"abcd"]), too_little);
    assert_eq!(write_body(BodyFraming::Length(5), &[]), too_little);
    assert_eq!(write_body(BodyFraming::Length(5), &[b"abc", b"def"]), too_much);
    assert_eq!(write_body(BodyFraming::None, &[b"a"]), too_much);
}

#[test]
fn chunks_have_their_size_in_hex_and_empty_ones_are_skipped() {
    let long = [b'x'; 0x1a2b];
    let expected = [b"3\r\nabc\r\n1a2b\r\n", &long[..], b"\r\n0\r\n\r\n"].concat();
    assert_eq!(write_body(BodyFraming::Chunked, &[b"abc", b"", &long]).unwrap(), expected);
    assert_eq!(write_body(BodyFraming::Chunked, &[]).unwrap(), b"0\r\n\r\n");
    let frame = BodyEncoder::new(BodyFraming::Chunked).frame(usize::MAX).unwrap();
    assert_eq!(frame.head(), format!("{:x}\r\n", usize::MAX).as_bytes());
}
