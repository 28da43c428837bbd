//! What a response head may look like. Every input here is parsed whole, cut in two at every byte, and byte by byte.

use super::*;

/// A parsed head and the bytes that were left behind it.
#[derive(Debug, PartialEq)]
struct Parsed {
    version: String,
    status: u16,
    reason: Vec<u8>,
    headers: Vec<(String, Vec<u8>)>,
    rest: Vec<u8>,
}

type Outcome = Result<Option<Parsed>, String>;

fn parse_pieces(input: &[u8], cuts: &[usize], limits: &HeadLimits) -> Outcome {
    let mut buf = BytesMut::new();
    let mut scan = ScanState::default();
    let mut fed = 0;
    for &cut in cuts.iter().chain([&input.len()]) {
        buf.extend_from_slice(&input[fed..cut]);
        fed = cut;
        let parsed = parse_head(&mut buf, limits, &mut scan).map_err(|error| {
            assert!(error.is_a(Code::REMOTE_PROTOCOL_ERROR));
            error.message().to_string()
        })?;
        if let Some(head) = parsed {
            buf.extend_from_slice(&input[fed..]);
            return Ok(Some(describe(&head, &buf)));
        }
    }
    assert_eq!(&buf[..], input, "an incomplete head stays in the buffer");
    Ok(None)
}

fn describe(head: &ResponseHead, rest: &[u8]) -> Parsed {
    let name = |name: &[u8]| String::from_utf8(name.to_vec()).unwrap();
    Parsed {
        version: head.version.as_str().to_string(),
        status: head.status,
        reason: head.reason().to_vec(),
        headers: head.headers.iter().map(|(n, v)| (name(n), v.to_vec())).collect(),
        rest: rest.to_vec(),
    }
}

fn parse_limited(input: &[u8], limits: &HeadLimits) -> Outcome {
    let whole = parse_pieces(input, &[], limits);
    for cut in 0..input.len() {
        assert_eq!(parse_pieces(input, &[cut], limits), whole, "{} cut at {cut}", quoted(input));
    }
    let every: Vec<usize> = (0..input.len()).collect();
    assert_eq!(parse_pieces(input, &every, limits), whole, "{} byte by byte", quoted(input));
    whole
}

fn parse(input: &[u8]) -> Outcome {
    parse_limited(input, &HeadLimits::default())
}

fn complete(input: &[u8]) -> Parsed {
    parse(input).unwrap().expect("a complete head")
}

fn error(input: &[u8]) -> String {
    match parse(input) {
        Err(message) => message,
        Ok(outcome) => panic!("{} gave {outcome:?}", quoted(input)),
    }
}

fn value(input: &[u8]) -> Vec<u8> {
    let head = complete(input);
    assert_eq!(head.headers.len(), 1, "{head:?}");
    head.headers[0].1.clone()
}

#[test]
fn a_head_keeps_case_order_and_duplicates_and_leaves_the_body() {
    let head = complete(b"HTTP/1.1 200 OK\r\nSERVER: a\r\nset-Cookie: b=1\r\nSet-Cookie:c=2 \r\nEmpty:\r\n\r\nbody");
    assert_eq!((head.version.as_str(), head.status, &head.reason[..]), ("HTTP/1.1", 200, &b"OK"[..]));
    let expected = [("SERVER", "a"), ("set-Cookie", "b=1"), ("Set-Cookie", "c=2"), ("Empty", "")];
    let expected = expected.map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()));
    assert_eq!(head.headers, expected);
    assert_eq!(head.rest, b"body");
}

#[test]
fn an_incomplete_head_needs_more() {
    for input in
        ["", "H", "HTTP/1.1 200 OK", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nA: b\r\n", "HTTP/1.1 200 OK\r\n\r"]
    {
        assert_eq!(parse(input.as_bytes()), Ok(None), "{input:?}");
    }
}

#[test]
fn the_same_scan_state_serves_the_next_head() {
    let mut buf = BytesMut::from(&b"HTTP/1.1 100 Continue\r\n"[..]);
    let (limits, mut scan) = (HeadLimits::default(), ScanState::default());
    assert!(parse_head(&mut buf, &limits, &mut scan).unwrap().is_none());
    buf.extend_from_slice(b"\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.0 204\r\n\r\n");
    for status in [100, 103, 204] {
        assert_eq!(parse_head(&mut buf, &limits, &mut scan).unwrap().unwrap().status, status);
    }
    assert!(buf.is_empty());
}

#[test]
fn statuses_from_100_to_999_are_accepted() {
    for status in [100, 199, 200, 600, 999] {
        assert_eq!(complete(format!("HTTP/1.1 {status} X\r\n\r\n").as_bytes()).status, status);
    }
}

#[test]
fn the_version_is_kept_as_it_came() {
    for version in ["HTTP/0.9", "HTTP/1.0", "HTTP/1.1", "HTTP/1.2", "HTTP/2.0"] {
        let head = complete(format!("{version} 200 OK\r\nA: b\r\n\r\n").as_bytes());
        assert_eq!(head.version, *version);
        assert_eq!(head.headers, [("A".to_string(), b"b".to_vec())]);
    }
}

#[test]
fn the_reason_may_be_missing_or_anything() {
    let cases: [(&[u8], &[u8]); 7] = [
        (b"HTTP/1.1 200", b""),
        (b"HTTP/1.1 200 ", b""),
        (b"HTTP/1.1 200  two  spaces ", b" two  spaces "),
        (b"HTTP/1.1 404 Not\tFound", b"Not\tFound"),
        (b"HTTP/1.1 200 \xc3\xa9\xff", b"\xc3\xa9\xff"),
        (b"HTTP/1.1 200 \x01\x7f", b"\x01\x7f"),
        (b"HTTP/2.0 200 OK", b"OK"),
    ];
    for (line, reason) in cases {
        assert_eq!(complete(&[line, b"\r\n\r\n"].concat()).reason, reason);
        assert_eq!(complete(&[line, b"\nA: b\n\n"].concat()).reason, reason);
    }
}

#[test]
fn illegal_status_lines_are_named() {
    let lines: [&[u8]; 18] = [
        b"HTTP/1.1 99 X",
        b"HTTP/1.1 099 X",
        b"HTTP/1.1 000 X",
        b"HTTP/1.1 1000 X",
        b"HTTP/1.1 20x OK",
        b"HTTP/1.1 +20 OK",
        b"HTTP/1.1  200 OK",
        b"HTTP/1.1\t200 OK",
        b"HTTP/1.1 200\tOK",
        b"HTTP/1.1 200OK",
        b"HTTP/1.1 ",
        b"HTTP/1.1",
        b"HTTP/11 200 OK",
        b"HTTP/1.1.1 200 OK",
        b"http/1.1 200 OK",
        b"HTTPS/1.1 200 OK",
        b"ICY 200 OK",
        b"SSH-2.0-OpenSSH_9.7",
    ];
    for line in lines {
        let expected = format!("illegal status line: {}", quoted(line));
        assert_eq!(error(&[line, b"\r\n\r\n"].concat()), expected);
        assert_eq!(error(&[line, b"\r\nA: b\r\n\r\n"].concat()), expected);
    }
    for reason in [&b"a\0b"[..], b"a\rb", b"a\x0bb", b"a\x0cb", b"a\r"] {
        let line = [b"HTTP/1.1 200 ", reason].concat();
        assert_eq!(error(&[&line, &b"\r\n\r\n"[..]].concat()), format!("illegal status line: {}", quoted(&line)));
    }
}

#[test]
fn another_protocol_is_told_without_waiting_for_a_blank_line() {
    assert_eq!(error(b"SSH-2.0-OpenSSH_9.7\r\n"), r"illegal status line: b'SSH-2.0-OpenSSH_9.7'");
    assert_eq!(error(b"\x15\x03\x01\x00\x02\x02\x46"), "illegal status line: the response starts with byte 0x15");
    assert_eq!(error(b" HTTP/1.1 200 OK\r\n\r\n"), "illegal status line: the response starts with byte 0x20");
}

#[test]
fn an_empty_line_before_the_status_line_is_an_error() {
    for input in [&b"\r\nHTTP/1.1 200 OK\r\n\r\n"[..], b"\nHTTP/1.1 200 OK\r\n\r\n", b"\r\n", b"\n", b"\r"] {
        assert_eq!(error(input), "no response line received");
    }
}

#[test]
fn bare_lf_ends_lines_in_heads() {
    for input in [
        "HTTP/1.1 200 OK\nA: b\nC: d\n\nrest",
        "HTTP/1.1 200 OK\r\nA: b\nC: d\r\n\nrest",
        "HTTP/1.1 200 OK\nA: b\nC: d\n\r\nrest",
    ] {
        let head = complete(input.as_bytes());
        assert_eq!(head.headers, [("A".to_string(), b"b".to_vec()), ("C".to_string(), b"d".to_vec())]);
        assert_eq!(head.rest, b"rest");
    }
}

#[test]
fn folded_lines_are_joined_with_one_space() {
    let cases: [(&str, &str); 8] = [
        ("A: b\r\n c\r\n", "b c"),
        ("A: b\r\n\t \tc \t\r\n", "b c"),
        ("A: b \r\n c\r\n  d\n", "b c d"),
        ("A:\r\n b\r\n", "b"),
        ("A: b\r\n \r\n", "b"),
        ("A: b\r\n \r\n c\r\n", "b c"),
        ("A:\r\n \r\n", ""),
        ("A: b\n c: d\n", "b c: d"),
    ];
    for (lines, expected) in cases {
        let input = format!("HTTP/1.1 200 OK\r\n{lines}\r\n");
        assert_eq!(value(input.as_bytes()), expected.as_bytes(), "{lines:?}");
    }
    let head = complete(b"HTTP/1.1 200 OK\r\nA: 1\r\nB: 2\r\n 3\r\nC: 4\r\nD: 5\r\n\t6\r\n\r\n");
    let expected = [("A", "1"), ("B", "2 3"), ("C", "4"), ("D", "5 6")];
    assert_eq!(head.headers, expected.map(|(name, value)| (name.to_string(), value.as_bytes().to_vec())));
    assert_eq!(head.reason, b"OK");
}

#[test]
fn a_folded_line_cannot_be_the_first() {
    for line in [" A: b", "\tA: b", " "] {
        let input = format!("HTTP/1.1 200 OK\r\n{line}\r\nC: d\r\n\r\n");
        assert_eq!(error(input.as_bytes()), "continuation line at start of headers");
    }
}

#[test]
fn control_bytes_pass_in_values_where_they_cannot_end_a_line() {
    for byte in (1..=8).chain(14..=31).chain([b'\t', 0x7f, 0x80, 0xff]) {
        let text = [b'a', byte, b'b'];
        assert_eq!(value(&[b"HTTP/1.1 200 OK\r\nA: ", &text[..], b"\r\n\r\n"].concat()), text, "{byte:#04x}");
    }
    for byte in [0, 0x0b, 0x0c, b'\r'] {
        let line = [b'A', b':', b' ', b'a', byte, b'b'];
        let expected = format!("illegal header line: {}", quoted(&line));
        assert_eq!(error(&[b"HTTP/1.1 200 OK\r\n", &line[..], b"\r\n\r\n"].concat()), expected);
        let folded = [b'a', byte, b'b'];
        let expected = format!("illegal header line: {}", quoted(&folded));
        assert_eq!(error(&[b"HTTP/1.1 200 OK\r\nA: x\r\n ", &folded[..], b"\r\n\r\n"].concat()), expected);
    }
}

#[test]
fn illegal_header_lines_are_named() {
    let lines: [&[u8]; 14] = [
        b"A : b",
        b"A\t: b",
        b"A",
        b": b",
        b":",
        b"A b: c",
        b"A\0: b",
        b"A\x01: b",
        b"\xc3\xa9: b",
        b"A(: b",
        b"A\r: b",
        b"A: b\r",
        b"\r",
        b"\"A\": b",
    ];
    for line in lines {
        let expected = format!("illegal header line: {}", quoted(line));
        for (before, after) in [("", ""), ("X: y\r\n", "Z: z\r\n")] {
            let input = [b"HTTP/1.1 200 OK\r\n", before.as_bytes(), line, b"\r\n", after.as_bytes(), b"\r\n"].concat();
            assert_eq!(error(&input), expected);
        }
    }
}

#[test]
fn a_long_line_is_cut_off_in_the_message() {
    let message = error(format!("HTTP/1.1 200 OK\r\n{}\r\n\r\n", "x".repeat(1000)).as_bytes());
    assert_eq!(message, format!("illegal header line: b'{}'...", "x".repeat(200)));
}

#[test]
fn heads_over_the_byte_limit_are_refused() {
    let limits = HeadLimits { max_bytes: 64, max_headers: 10 };
    let head = |size: usize| format!("HTTP/1.1 200 OK\r\nA: {}\r\n\r\n", "x".repeat(size - 24)).into_bytes();
    assert_eq!(head(64).len(), 64);
    assert_eq!(parse_limited(&head(64), &limits).unwrap().unwrap().headers[0].1.len(), 40);
    let too_long = Err("Receive buffer too long".to_string());
    for size in [65, 66, 67, 200] {
        assert_eq!(parse_limited(&head(size), &limits), too_long, "{size}");
    }
    assert_eq!(parse_limited(&[b'H'; 65], &limits), too_long);
    assert_eq!(parse_limited(&[b'H'; 64], &limits), Ok(None));
}

#[test]
fn the_default_limit_takes_90_kb_and_refuses_150_kb() {
    let head = |size: usize| format!("HTTP/1.1 200 OK\r\nA: {}\r\n\r\n", "x".repeat(size)).into_bytes();
    let limits = HeadLimits::default();
    for cuts in [&[][..], &[65536][..]] {
        assert_eq!(parse_pieces(&head(90_000), cuts, &limits).unwrap().unwrap().headers[0].1.len(), 90_000);
        assert_eq!(parse_pieces(&head(150_000), cuts, &limits), Err("Receive buffer too long".to_string()));
    }
}

#[test]
fn heads_with_many_fields_are_parsed_up_to_the_limit() {
    let head = |count: usize| format!("HTTP/1.1 200 OK\r\n{}\r\n", "A: b\r\n".repeat(count)).into_bytes();
    let limits = HeadLimits { max_headers: 70, ..HeadLimits::default() };
    for count in [0, 1, 63, 64, 65, 70] {
        assert_eq!(parse_limited(&head(count), &limits).unwrap().unwrap().headers.len(), count);
    }
    let expected = Err("too many header fields: more than 70".to_string());
    assert_eq!(parse_limited(&head(71), &limits), expected);
    let few = HeadLimits { max_headers: 2, ..limits };
    assert_eq!(parse_limited(&head(3), &few), Err("too many header fields: more than 2".to_string()));
}

#[test]
fn a_head_that_comes_byte_by_byte_is_searched_once() {
    let head = format!("HTTP/1.1 200 OK\r\n{}", "Name: value\r\n".repeat(50));
    let mut buf = BytesMut::new();
    let mut scan = ScanState::default();
    for &byte in head.as_bytes() {
        let before = scan.searched;
        buf.extend_from_slice(&[byte]);
        assert!(parse_head(&mut buf, &HeadLimits::default(), &mut scan).unwrap().is_none());
        assert!(scan.searched + 2 >= buf.len() && scan.searched >= before, "{} of {}", scan.searched, buf.len());
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

/// Mutated heads: the one-pass answer and the line-by-line answer are the same where there is one of the first, and cuts make no
/// difference.
#[test]
fn both_parsers_agree_and_cuts_make_no_difference() {
    const PIECES: [&[u8]; 20] = [
        b"\r\n",
        b"\n",
        b"\r",
        b" ",
        b"\t",
        b":",
        b"\0",
        b"\x01",
        b"\x7f",
        b"\xff",
        b"A",
        b"A: b\r\n",
        b"\r\n ",
        b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/2.0",
        b"999",
        b"Content-Length: 5\r\n",
        b"A:\r\n",
        b"A: \x80 \t\r\n",
    ];
    let mut random = Xorshift(0x9e37_79b9_7f4a_7c15);
    let (mut both, mut errors, mut complete) = (0, 0, 0);
    for _ in 0..20_000 {
        let mut input = b"HTTP/1.1 200 OK\r\nServer: x\r\nA: b c\r\n\r\n".to_vec();
        for _ in 0..random.below(4) {
            let (at, piece) = (random.below(input.len()), PIECES[random.below(PIECES.len())]);
            let removed = random.below(3).min(input.len() - at);
            input.splice(at..at + removed, piece.iter().copied());
        }
        let limits = HeadLimits { max_bytes: 40 + random.below(60), max_headers: 1 + random.below(5) };
        if let Some((usual, end)) = parse_usual(&input, &limits).filter(|_| check_first_byte(input[0]).is_ok()) {
            let unusual = parse_unusual(&input[..end], &limits).unwrap();
            assert_eq!(describe(&usual, b""), describe(&unusual, b""), "{}", quoted(&input));
            both += 1;
        }
        let whole = parse_pieces(&input, &[], &limits);
        let mut cuts = [random.below(input.len()), random.below(input.len()), random.below(input.len())];
        cuts.sort_unstable();
        assert_eq!(parse_pieces(&input, &cuts, &limits), whole, "{} cut at {cuts:?}", quoted(&input));
        match whole {
            Ok(Some(_)) => complete += 1,
            Ok(None) => {}
            Err(_) => errors += 1,
        }
    }
    assert!(both > 2000 && errors > 2000 && complete > both, "{both} {errors} {complete}");
}
