//! Where bodies end. Every input here is decoded whole, cut in two at every byte, and byte by byte, with the
//! connection's end after it.

use super::*;
use crate::error::Code;
use crate::httpcore::http11::head::{parse_head, HeadLimits, ScanState};

/// What a user would see of one response, and what was left for the next.
#[derive(Clone, Debug, PartialEq)]
struct Read {
    status: u16,
    data: Vec<u8>,
    /// `Ok`: the body is complete.
    end: Result<(), String>,
    trailers: Vec<(Vec<u8>, Vec<u8>)>,
    rest: Vec<u8>,
}

/// Reads one response of which `cuts` say where the pieces end; then the connection ends. `Err`: the head was refused.
fn read_pieces(method: &[u8], input: &[u8], cuts: &[usize], max: usize) -> Result<Read, String> {
    let mut buf = BytesMut::new();
    let mut scan = ScanState::default();
    let mut response: Option<(BodyDecoder, Read)> = None;
    let mut fed = 0;
    for &cut in cuts.iter().chain([&input.len()]) {
        buf.extend_from_slice(&input[fed..cut]);
        fed = cut;
        if response.is_none() {
            let Some(head) = parse_head(&mut buf, &HeadLimits::default(), &mut scan).map_err(message)? else {
                continue;
            };
            let decoder = BodyDecoder::for_response(method, &head).map_err(message)?;
            response = Some((
                decoder,
                Read { status: head.status, data: vec![], end: Ok(()), trailers: vec![], rest: vec![] },
            ));
        }
        let (decoder, read) = response.as_mut().expect("a head");
        if drain(decoder, read, &mut buf, max) {
            break;
        }
    }
    let (mut decoder, mut read) = response.ok_or("incomplete head")?;
    if read.end.is_ok() {
        read.end = decoder.on_eof().map_err(message);
    }
    if read.end.is_ok() {
        assert!(drain(&mut decoder, &mut read, &mut buf, max), "Ok from on_eof means that the body is complete");
    }
    if let Some(trailers) = decoder.trailers() {
        read.trailers = trailers.iter().map(|(name, value)| (name.to_vec(), value.to_vec())).collect();
    }
    if read.end.is_ok() {
        read.rest = [&buf, &input[fed..]].concat();
    }
    Ok(read)
}

/// Whether the body has ended, well or not.
fn drain(decoder: &mut BodyDecoder, read: &mut Read, buf: &mut BytesMut, max: usize) -> bool {
    loop {
        match decoder.decode(buf, max) {
            Ok(Decoded::Data(data)) => {
                assert!(!data.is_empty() && data.len() <= max);
                read.data.extend_from_slice(&data);
            }
            Ok(Decoded::NeedMore) => return false,
            Ok(Decoded::Done) => return true,
            Err(error) => {
                read.end = Err(message(error));
                return true;
            }
        }
    }
}

fn message(error: Error) -> String {
    assert!(error.is_a(Code::REMOTE_PROTOCOL_ERROR));
    error.message().to_string()
}

fn read_response(method: &[u8], input: &[u8]) -> Result<Read, String> {
    let whole = read_pieces(method, input, &[], usize::MAX);
    for cut in 0..input.len() {
        assert_eq!(read_pieces(method, input, &[cut], usize::MAX), whole, "{} cut at {cut}", quoted(input));
        assert_eq!(read_pieces(method, input, &[cut], 3), whole, "{} cut at {cut}, 3 at a time", quoted(input));
    }
    let every: Vec<usize> = (0..input.len()).collect();
    assert_eq!(read_pieces(method, input, &every, 1), whole, "{} byte by byte", quoted(input));
    whole
}

fn get(fields: &str, body: &[u8]) -> Result<Read, String> {
    read_response(b"GET", &[b"HTTP/1.1 200 OK\r\n", fields.as_bytes(), b"\r\n", body].concat())
}

fn chunked(body: &[u8]) -> Read {
    get("Transfer-Encoding: chunked\r\n", body).unwrap()
}

/// The data of a complete chunked body.
fn chunked_data(body: &[u8]) -> Vec<u8> {
    let read = chunked(body);
    assert_eq!(read.end, Ok(()), "{}", quoted(body));
    read.data
}

fn chunked_error(body: &[u8]) -> String {
    match chunked(body) {
        Read { end: Err(message), .. } => message,
        read => panic!("{} gave {read:?}", quoted(body)),
    }
}

#[test]
fn content_length_ends_the_body() {
    let read = get("content-length: 5\r\n", b"helloHTTP/1.1").unwrap();
    assert_eq!((&read.data[..], &read.rest[..]), (&b"hello"[..], &b"HTTP/1.1"[..]));
    assert_eq!(get("Content-Length: 0\r\n", b"x").unwrap().rest, b"x");
    assert_eq!(get("Content-Length: 0005\r\n", b"hello!").unwrap().rest, b"!");
}

#[test]
fn the_same_content_length_may_be_repeated() {
    for fields in
        ["Content-Length: 2\r\nContent-Length: 2\r\n", "Content-Length: 2, 2,2\r\n", "Content-Length:\r\n 2\r\n"]
    {
        assert_eq!(get(fields, b"abc").unwrap().data, b"ab");
    }
}

#[test]
fn different_content_lengths_are_refused() {
    let cases = [
        "Content-Length: 2\r\nContent-Length: 3\r\n",
        "Content-Length: 2, 3\r\n",
        "Content-Length: 2, 02\r\n",
        "Content-Length: 2\r\nContent-Length: 02\r\n",
        "Content-Length: 2,\r\n",
    ];
    for fields in cases {
        for method in ["GET", "HEAD"] {
            let input = format!("HTTP/1.1 200 OK\r\n{fields}\r\nabc");
            let outcome = read_response(method.as_bytes(), input.as_bytes());
            assert_eq!(outcome, Err("conflicting Content-Length headers".to_string()));
        }
    }
}

#[test]
fn bad_content_lengths_are_refused() {
    for value in ["", "a", "-1", "+1", "1 1", "0x1", "1.0", "1e2", "18446744073709551616", "99999999999999999999999"] {
        let expected = Err(format!("bad Content-Length: b'{value}'"));
        assert_eq!(get(&format!("Content-Length: {value}\r\n"), b"abc"), expected);
    }
    let read = get("Content-Length: 18446744073709551615\r\n", b"abc").unwrap();
    assert_eq!(read.data, b"abc");
}

#[test]
fn a_truncated_body_is_an_error_that_counts() {
    let expected =
        "peer closed connection without sending complete message body (received 3 bytes, expected 10)".to_string();
    let read = get("Content-Length: 10\r\n", b"abc").unwrap();
    assert_eq!((&read.data[..], read.end), (&b"abc"[..], Err(expected)));
    let expected = "peer closed connection without sending complete message body (incomplete chunked read)";
    for body in ["", "5", "5\r\n", "5\r\nabc", "5\r\nhello", "5\r\nhello\r\n", "0\r\n", "0\r\n\r", "0\r\nA: b\r\n"] {
        assert_eq!(chunked_error(body.as_bytes()), expected, "{body:?}");
    }
}

#[test]
fn without_framing_the_body_ends_with_the_connection() {
    let read = get("", b"all of it\r\n0\r\n\r\n").unwrap();
    assert_eq!((&read.data[..], read.end), (&b"all of it\r\n0\r\n\r\n"[..], Ok(())));
    assert_eq!(get("", b"").unwrap().end, Ok(()));
}

#[test]
fn some_responses_never_have_a_body() {
    for fields in ["Content-Length: 3\r\n", "Transfer-Encoding: chunked\r\n", ""] {
        for (method, status) in [("HEAD", 200), ("GET", 204), ("GET", 304), ("HEAD", 404), ("GET", 100), ("GET", 103)] {
            let input = format!("HTTP/1.1 {status} X\r\n{fields}\r\nabc");
            let read = read_response(method.as_bytes(), input.as_bytes()).unwrap();
            assert_eq!((&read.data[..], &read.rest[..], read.end), (&b""[..], &b"abc"[..], Ok(())));
        }
    }
    let read = read_response(b"head", b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc").unwrap();
    assert_eq!(read.data, b"abc", "methods are case-sensitive");
}

#[test]
fn an_upgrade_or_a_connected_tunnel_leaves_the_bytes_to_the_other_protocol() {
    let heads = [
        ("GET", "101 Switching Protocols\r\nUpgrade: x"),
        ("CONNECT", "200 OK"),
        ("CONNECT", "299 X\r\nContent-Length: 2, 3\r\nTransfer-Encoding: gzip"),
    ];
    for (method, head) in heads {
        let input = format!("HTTP/1.1 {head}\r\n\r\n\x16\x03");
        let read = read_response(method.as_bytes(), input.as_bytes()).unwrap();
        assert_eq!((&read.data[..], &read.rest[..]), (&b""[..], &b"\x16\x03"[..]));
    }
    let read = read_response(b"CONNECT", b"HTTP/1.1 407 X\r\nContent-Length: 2\r\n\r\nno").unwrap();
    assert_eq!(read.data, b"no");
}

#[test]
fn chunks_win_over_content_length() {
    let read = get("Content-Length: 3\r\ntransfer-encoding: CHUNKED\r\n", b"5\r\nhello\r\n0\r\n\r\nrest").unwrap();
    assert_eq!((&read.data[..], &read.rest[..]), (&b"hello"[..], &b"rest"[..]));
    let read = get("Transfer-Encoding:\r\n chunked\r\nContent-Length: 3\r\n", b"0\r\n\r\n").unwrap();
    assert_eq!((&read.data[..], read.end), (&b""[..], Ok(())));
}

#[test]
fn other_transfer_codings_are_refused() {
    for value in ["", "gzip", "identity", "gzip, chunked", "chunked, chunked", "chunked, gzip", "chunked;x", "xchunked"]
    {
        let expected = Err(format!("Only Transfer-Encoding: chunked is supported, not b'{value}'"));
        assert_eq!(get(&format!("Transfer-Encoding: {value}\r\n"), b"0\r\n\r\n"), expected);
    }
    let outcome = get("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n");
    assert_eq!(outcome, Err("multiple Transfer-Encoding headers".to_string()));
    assert!(get("Transfer-Encoding: x\x0bchunked\r\n", b"").is_err());
}

#[test]
fn chunks_are_joined() {
    let read = chunked(b"5\r\nhello\r\n00000000000000000007\r\n, world\r\nA\r\n0123456789\r\n0\r\n\r\nnext");
    assert_eq!((&read.data[..], read.end, &read.rest[..]), (&b"hello, world0123456789"[..], Ok(()), &b"next"[..]));
    assert_eq!(chunked_data(b"000\r\n\r\n"), b"");
    assert_eq!(chunked_data(b"1f\r\n0123456789abcdef0123456789abcde\r\n0\r\n\r\n").len(), 31);
}

#[test]
fn space_after_the_size_and_extensions_are_skipped() {
    for line in ["2 ", "2\t \t", "2;a", "2;a=b;c=\"d e\"", "2; a = b ", "2 ;a=\u{e9}\x01", "2;"] {
        let body = [line.as_bytes(), b"\r\nab\r\n0;last\r\n\r\n"].concat();
        assert_eq!(chunked_data(&body), b"ab", "{line:?}");
    }
}

#[test]
fn malformed_chunk_sizes_are_refused() {
    let lines: [&[u8]; 20] = [
        b"",
        b" 2",
        b"0x2",
        b"+2",
        b"-2",
        b"g",
        b"2g",
        b"2 2",
        b"2,",
        b";a",
        b"\t2",
        b"2\r",
        b"2\x0b",
        b"2;a\rb",
        b"2;a\0b",
        b"000000000000000000002",
        b"10000000000000000",
        b"\xb2",
        b"2 \r",
        b"2=a",
    ];
    for line in lines {
        let expected = format!("illegal chunk header: {}", quoted(&[line, b"\r"].concat()));
        assert_eq!(chunked_error(&[line, b"\r\nab\r\n0\r\n\r\n"].concat()), expected);
    }
    assert_eq!(chunked(b"ffffffffffffffff\r\nab").data, b"ab");
}

#[test]
fn bare_lf_does_not_end_lines_in_chunked_bodies() {
    assert_eq!(chunked_error(b"2\nab\r\n0\r\n\r\n"), "illegal chunk header: b'2'");
    assert_eq!(chunked_error(b"2;a\nb\r\nab\r\n0\r\n\r\n"), "illegal chunk header: b'2;a'");
    assert_eq!(chunked_error(b"0\n\n"), "illegal chunk header: b'0'");
    assert_eq!(chunked_error(b"0\r\n\n"), "illegal chunk header: the last chunk ends with a bare LF");
    assert_eq!(chunked_error(b"0\r\nA: b\n\r\n"), "illegal header line: b'A: b' ends with a bare LF");
    assert_eq!(chunked_error(b"0\r\nA: b\r\n\n"), "illegal header line: b'' ends with a bare LF");
}

#[test]
fn chunk_data_must_end_with_crlf() {
    for (end, shown) in
        [("XX", "b'X' (expected b'\\r')"), ("\n", "b'\\n' (expected b'\\r')"), ("\rX", "b'X' (expected b'\\n')")]
    {
        let body = format!("2\r\nab{end}0\r\n\r\n");
        let read = chunked(body.as_bytes());
        assert_eq!((&read.data[..], read.end), (&b"ab"[..], Err(format!("malformed chunk footer: {shown}"))));
    }
    assert!(chunked_error(b"2\r\nabc\r\n0\r\n\r\n").starts_with("malformed chunk footer"));
    assert!(chunked_error(b"3\r\nab\r\n0\r\n\r\n").starts_with("malformed chunk footer"));
}

#[test]
fn trailers_are_parsed() {
    let read = chunked(b"1\r\nx\r\n0\r\nX-Sum: 1 \r\nY:\r\nz: a\r\n b\r\n\r\nrest");
    let pairs = [("X-Sum", "1"), ("Y", ""), ("z", "a b")];
    assert_eq!(read.trailers, pairs.map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec())));
    assert_eq!((&read.data[..], &read.rest[..]), (&b"x"[..], &b"rest"[..]));
    assert_eq!(chunked(b"0\r\n\r\n").trailers, []);
}

#[test]
fn malformed_trailers_are_refused() {
    for line in [&b"no colon"[..], b"A : b", b": b", b"A: \0", b"A: b\rc", b"HTTP/1.1 200 OK", b"\rA: b"] {
        let expected = format!("illegal header line: {}", quoted(line));
        assert_eq!(chunked_error(&[b"0\r\n", line, b"\r\n\r\n"].concat()), expected);
    }
    assert_eq!(chunked_error(b"0\r\n A: b\r\n\r\n"), "continuation line at start of headers");
}

/// Feeds a chunked body in large pieces; such inputs are too long to be cut everywhere.
fn long_chunked(body: &[u8]) -> Result<(), String> {
    let input = [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", body].concat();
    let whole = read_pieces(b"GET", &input, &[], usize::MAX).unwrap().end;
    let cuts: Vec<usize> = (0..input.len()).step_by(4093).collect();
    assert_eq!(read_pieces(b"GET", &input, &cuts, usize::MAX).unwrap().end, whole);
    whole
}

#[test]
fn chunk_lines_and_trailers_have_limits() {
    let line = |length: usize| format!("1;{}\r\nx\r\n0\r\n\r\n", "e".repeat(length - 4)).into_bytes();
    assert_eq!(long_chunked(&line(MAX_CHUNK_LINE)), Ok(()));
    let expected = "illegal chunk header: no line end within 16384 bytes".to_string();
    assert_eq!(long_chunked(&line(MAX_CHUNK_LINE + 1)), Err(expected.clone()));
    assert_eq!(long_chunked(&[b'0'; 2 * MAX_CHUNK_LINE]), Err(expected));
    let trailer = |length: usize| format!("0\r\nA: {}\r\n\r\n", "v".repeat(length - 7)).into_bytes();
    assert_eq!(long_chunked(&trailer(MAX_TRAILER_BYTES)), Ok(()));
    let expected = "Receive buffer too long".to_string();
    assert_eq!(long_chunked(&trailer(MAX_TRAILER_BYTES + 1)), Err(expected.clone()));
    assert_eq!(long_chunked(&trailer(2 * MAX_TRAILER_BYTES)), Err(expected));
    let many = format!("0\r\n{}\r\n", "A: b\r\n".repeat(MAX_TRAILER_FIELDS + 1));
    assert_eq!(long_chunked(many.as_bytes()), Err("too many header fields: more than 1000".to_string()));
}

#[test]
fn only_small_pieces_are_copied() {
    for (length, is_copied) in [(COPY_UP_TO, true), (COPY_UP_TO + 1, false)] {
        let data = vec![b'x'; length];
        let head = format!("{length:x}\r\n");
        let mut buf = BytesMut::from(&[head.as_bytes(), &data, b"\r\n0\r\n\r\n"].concat()[..]);
        let start = buf[head.len()..].as_ptr();
        let mut decoder = BodyDecoder::Chunked(ChunkedDecoder::default());
        let Decoded::Data(piece) = decoder.decode(&mut buf, 2 * length).unwrap() else { panic!("no data") };
        assert_eq!((piece.as_ptr() != start, &piece[..]), (is_copied, &data[..]));
    }
}

#[test]
fn a_connection_is_kept_only_if_both_sides_can_know_where_the_response_ended() {
    let cases = [
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n", true),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n", true),
        ("HTTP/1.1 204 No\r\n", true),
        ("HTTP/1.9 204 No\r\n", true),
        ("HTTP/1.1 200 OK\r\n", false),
        ("HTTP/1.1 101 Up\r\n", false),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n", false),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: x, CLOSE\r\n", false),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\nConnection: close\r\n", false),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: not-close\r\n", true),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n", false),
        ("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n", false),
        ("HTTP/1.0 200 OK\r\nContent-Length: 2\r\nConnection: Keep-Alive\r\n", true),
        ("HTTP/1.0 200 OK\r\nContent-Length: 2\r\nConnection: Keep-Alive, close\r\n", false),
        ("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: keep-alive\r\n", false),
        ("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n", false),
        ("HTTP/0.9 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n", false),
        ("HTTP/2.0 200 OK\r\nContent-Length: 2\r\n", false),
    ];
    for (text, expected) in cases {
        let mut buf = BytesMut::from(format!("{text}\r\n").as_bytes());
        let head = parse_head(&mut buf, &HeadLimits::default(), &mut ScanState::default()).unwrap().unwrap();
        let decoder = BodyDecoder::for_response(b"GET", &head).unwrap();
        assert_eq!(decoder.keep_alive(false, &head), expected, "{text}");
        assert!(!decoder.keep_alive(true, &head), "{text}");
    }
}

/// Deterministic, so that a failure can be repeated.
struct Xorshift(u64);

impl Xorshift {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }
}

#[test]
fn mutated_responses_never_panic_and_cuts_make_no_difference() {
    const SEEDS: [&[u8]; 4] = [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n10\r\n\
          0123456789abcdef\r\n0\r\nT: 1\r\n\r\nX",
        b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\nConnection: close\r\n\r\nhello, world",
        b"HTTP/1.0 200 OK\r\nServer: x\r\n folded\r\n\r\nuntil the end",
        b"HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\nabc",
    ];
    const PIECES: [&[u8]; 16] = [
        b"\r\n",
        b"\n",
        b"\r",
        b" ",
        b";",
        b"0",
        b"1",
        b"f",
        b"\0",
        b"\xff",
        b"0\r\n\r\n",
        b"Content-Length: 3\r\n",
        b": ",
        b"Transfer-Encoding: chunked\r\n",
        b"5\r\n",
        b"\r\n\r\n",
    ];
    let mut random = Xorshift(0x2545_f491_4f6c_dd1d);
    let mut seen = [0; 3];
    for _ in 0..20_000 {
        let mut input = SEEDS[random.below(SEEDS.len())].to_vec();
        for _ in 0..random.below(4) {
            let from_the_end = 1 + random.below(input.len());
            let at = input.len() - 1 - random.below(from_the_end);
            let piece = PIECES[random.below(PIECES.len())];
            let removed = random.below(3).min(input.len() - at);
            input.splice(at..at + removed, piece.iter().copied());
        }
        let method = [&b"GET"[..], b"HEAD", b"CONNECT"][random.below(8).saturating_sub(5)];
        let whole = read_pieces(method, &input, &[], usize::MAX);
        let mut cuts = [0; 5].map(|_| random.below(input.len()));
        cuts.sort_unstable();
        let cut = read_pieces(method, &input, &cuts, 1 + random.below(20));
        assert_eq!(cut, whole, "{} cut at {cuts:?}", quoted(&input));
        seen[match whole {
            Ok(Read { end: Ok(()), .. }) => 0,
            Ok(_) => 1,
            Err(_) => 2,
        }] += 1;
    }
    assert!(seen.iter().all(|&count| count > 1000), "complete, broken body, broken head: {seen:?}");
}
