use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::sync::atomic::{AtomicU32, Ordering};

use super::*;
use crate::httpcore::{Piece, PieceReader};

const PIECE: usize = 64 * 1024;

fn multipart() -> Multipart {
    let mut multipart = Multipart::new().unwrap();
    multipart.boundary("BOUNDARY").unwrap();
    multipart
}

fn part<'a>(filename: Option<&'a str>, content: &'static str) -> FilePart<'a> {
    let source = PartSource::Bytes(Bytes::from_static(content.as_bytes()));
    FilePart { filename, content_type: None, headers: Vec::new(), source }
}

/// A file with that content, which is gone when it is closed.
fn file(content: &[u8]) -> Arc<File> {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let name = format!("httpx-multipart-{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
    let path = std::env::temp_dir().join(name);
    let mut file = OpenOptions::new().read(true).write(true).create_new(true).open(&path).unwrap();
    fs::remove_file(&path).unwrap();
    file.write_all(content).unwrap();
    Arc::new(file)
}

fn file_part(file: &Arc<File>, start: u64, length: u64) -> FilePart<'static> {
    let source = PartSource::File { file: Arc::clone(file), start, length };
    FilePart { filename: Some("f.bin"), content_type: None, headers: Vec::new(), source }
}

/// No byte is like its neighbour, and no period divides a piece's size.
fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|index| (index % 251) as u8).collect()
}

fn reading(multipart: &Multipart) -> impl Iterator<Item = Result<Bytes, Error>> {
    let mut reader = multipart.open().unwrap();
    let bytes = |piece| match piece {
        Piece::Bytes(bytes) => bytes,
        Piece::From(_) => panic!("there is no foreign code"),
    };
    std::iter::from_fn(move || reader.next_piece()).map(move |piece| piece.map(bytes))
}

/// The body, whose length must be as announced.
fn body(multipart: &Multipart) -> Vec<u8> {
    let pieces: Result<Vec<Bytes>, Error> = reading(multipart).collect();
    let body = pieces.unwrap().concat();
    assert_eq!(Some(body.len() as u64), multipart.length());
    body
}

fn text(multipart: &Multipart) -> String {
    String::from_utf8(body(multipart)).unwrap()
}

/// The head of the only part, without its delimiter.
fn head(name: &str, file: FilePart<'_>) -> String {
    let mut multipart = multipart();
    multipart.add_file(name, file).unwrap();
    let text = text(&multipart);
    let (head, _) = text.split_once("\r\n\r\n").unwrap();
    head.strip_prefix("--BOUNDARY\r\n").unwrap().to_owned()
}

/// The error that ends the reading.
fn failure(multipart: &Multipart) -> Error {
    let mut reader = reading(multipart);
    let error = reader.find_map(Result::err).expect("the reading fails");
    assert!(reader.next().is_none(), "nothing comes after an error");
    error
}

#[test]
fn parts_are_sent_in_the_order_in_which_they_were_added() {
    let mut multipart = multipart();
    multipart.add_file("f", part(Some("a.txt"), "1")).unwrap();
    multipart.add_field("é", b"\0\xff\r\n").unwrap();
    multipart.add_file("f", part(Some("b.txt"), "")).unwrap();
    let expected = b"--BOUNDARY\r\n\
        Content-Disposition: form-data; name=\"f\"; filename=\"a.txt\"\r\nContent-Type: text/plain\r\n\r\n1\r\n\
        --BOUNDARY\r\nContent-Disposition: form-data; name=\"\xc3\xa9\"\r\n\r\n\0\xff\r\n\r\n\
        --BOUNDARY\r\n\
        Content-Disposition: form-data; name=\"f\"; filename=\"b.txt\"\r\nContent-Type: text/plain\r\n\r\n\r\n\
        --BOUNDARY--\r\n";
    assert_eq!(body(&multipart).escape_ascii().to_string(), expected.escape_ascii().to_string());
}

#[test]
fn a_body_without_parts_is_its_last_delimiter() {
    let mut multipart = multipart();
    assert!(multipart.is_empty());
    assert_eq!(text(&multipart), "--BOUNDARY--\r\n");
    multipart.add_field("", b"").unwrap();
    assert!(!multipart.is_empty());
}

#[test]
fn b24_the_content_type_is_given_or_guessed_or_octet_stream_and_absent_without_a_file_name() {
    let with = |filename, content_type| {
        let head = head("n", FilePart { content_type, ..part(filename, "") });
        head.strip_prefix("Content-Disposition: form-data; name=\"n\"").unwrap().to_owned()
    };
    assert_eq!(with(None, None), "");
    assert_eq!(with(Some(""), None), "");
    assert_eq!(with(None, Some("a/b")), "\r\nContent-Type: a/b");
    assert_eq!(with(Some("x.PNG"), None), "; filename=\"x.PNG\"\r\nContent-Type: image/png");
    assert_eq!(with(Some("x.PNG"), Some("a/b; c=d")), "; filename=\"x.PNG\"\r\nContent-Type: a/b; c=d");
    for unknown in ["x.nobody-knows", "x", ".png", "x."] {
        let expected = format!("; filename=\"{unknown}\"\r\nContent-Type: application/octet-stream");
        assert_eq!(with(Some(unknown), None), expected);
    }
}

#[test]
fn b25_headers_stand_between_disposition_and_type_and_may_be_the_type() {
    let with = |headers: &[(&'static str, &'static str)]| {
        let headers = headers.iter().map(|(name, value)| (Bytes::from(*name), Bytes::from(*value))).collect();
        let head = head("n", FilePart { content_type: Some("a/b"), headers, ..part(Some("x"), "") });
        head.split("\r\n").skip(1).collect::<Vec<_>>().join("|")
    };
    assert_eq!(with(&[("X-B", "1"), ("x-a", ""), ("X-B", " 2 ")]), "X-B: 1|x-a: |X-B:  2 |Content-Type: a/b");
    assert_eq!(with(&[("content-TYPE", "c/d"), ("X", "1")]), "content-TYPE: c/d|X: 1");
    assert_eq!(with(&[("X-Content-Type", "c/d")]), "X-Content-Type: c/d|Content-Type: a/b");
}

#[test]
fn b26_names_are_escaped() {
    let all: String = (0..=0x7f).map(char::from).filter(|letter| !letter.is_alphanumeric()).collect();
    let escaped = "%00%01%02%03%04%05%06%07%08%09%0A%0B%0C%0D%0E%0F\
        %10%11%12%13%14%15%16%17%18%19%1A\x1b%1C%1D%1E%1F !%22#$%&'()*+,-./:;<=>?@[\\\\]^_`{|}~\x7f";
    let line = head("n", part(Some(&all), ""));
    assert_eq!(
        line.lines().next().unwrap(),
        format!("Content-Disposition: form-data; name=\"n\"; filename=\"{escaped}\"")
    );
    assert_eq!(head("a\"b\\c\td", part(None, "")), "Content-Disposition: form-data; name=\"a%22b\\\\c%09d\"");
}

#[test]
fn b40_injection_is_refused_and_adds_nothing() {
    let with = |name: &str, header: (&[u8], &[u8]), content_type: &str| {
        let headers = vec![(Bytes::copy_from_slice(header.0), Bytes::copy_from_slice(header.1))];
        let file = FilePart { content_type: Some(content_type), headers, ..part(Some("x\r\n\0"), "") };
        let mut multipart = multipart();
        let code = multipart.add_file(name, file).map_err(|error| error.code());
        assert_eq!(code.is_err(), multipart.is_empty());
        code
    };
    assert_eq!(with("n", (b"X", b"v\t\xff"), "a/b"), Ok(()));
    let refused = Err(Code::LOCAL_PROTOCOL_ERROR);
    for bad in ["\r", "\n", "\0", "a\r\nX: y"] {
        assert_eq!(with(bad, (b"X", b"v"), "a/b"), refused, "name {bad:?}");
        assert_eq!(with("n", (bad.as_bytes(), b"v"), "a/b"), refused, "header name {bad:?}");
        assert_eq!(with("n", (b"X", bad.as_bytes()), "a/b"), refused, "header value {bad:?}");
        assert_eq!(with("n", (b"X", b"v"), bad), refused, "content type {bad:?}");
        let field = multipart().add_field(bad, b"").map_err(|error| error.code());
        assert_eq!(field, refused, "field {bad:?}");
    }
    for bad in ["", "a b", "a:", "é"] {
        assert_eq!(with("n", (bad.as_bytes(), b"v"), "a/b"), refused, "header name {bad:?}");
    }
}

#[test]
fn b27_a_boundary_is_random_unless_it_is_chosen() {
    let (one, other) = (Multipart::new().unwrap(), Multipart::new().unwrap());
    let text = one.content_type();
    let boundary = text.strip_prefix(b"multipart/form-data; boundary=").unwrap();
    assert_eq!(boundary.len(), 32);
    assert!(boundary.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')));
    assert_ne!(one.content_type(), other.content_type());
    assert_eq!(body(&one), [b"--", boundary, b"--\r\n"].concat());
}

#[test]
fn rfc_2046_boundaries_are_1_to_70_of_its_characters_and_end_in_no_space() {
    let mut multipart = multipart();
    let longest = "x".repeat(70);
    for good in ["a", &longest, "'()+_,-./:=?", "a b"] {
        multipart.boundary(good).unwrap();
        assert!(text(&multipart).starts_with(&format!("--{good}--")));
    }
    let too_long = "x".repeat(71);
    for bad in ["", &too_long, "a ", " ", "a\r\nb", "a\0", "a\"b", "a;b", "a\\b", "é", "a@b"] {
        assert_eq!(multipart.boundary(bad).unwrap_err().code(), Code::LOCAL_PROTOCOL_ERROR, "{bad:?}");
        assert_eq!(multipart.content_type(), "multipart/form-data; boundary=\"a b\"");
    }
}

#[test]
fn b27_a_boundary_is_found_in_a_content_type() {
    for (value, expected) in [
        ("multipart/form-data; boundary=abc", Some("abc")),
        ("multipart/form-data;boundary=\"a b\"", Some("a b")),
        ("Multipart/Form-Data ; charset=utf-8; BOUNDARY=abc ;x=y", Some("abc")),
        ("multipart/form-data; x=\"; boundary=no\"; boundary=abc", Some("abc")),
        ("multipart/form-data; x=\"\\\"; boundary=no\"; boundary=abc", Some("abc")),
        ("multipart/form-data; boundary=a; boundary=b", Some("a")),
        ("multipart/form-data; boundary=", Some("")),
        ("multipart/form-data; boundary=\"a;b\"", Some("a;b")),
        ("multipart/form-data; xboundary=abc", None),
        ("multipart/form-data", None),
        ("multipart/form-data-x; boundary=abc", None),
        ("multipart/mixed; boundary=abc", None),
        ("", None),
    ] {
        assert_eq!(boundary_from_content_type(value.as_bytes()).as_deref(), expected, "{value}");
    }
    assert_eq!(boundary_from_content_type(b"multipart/form-data; boundary=\xff").as_deref(), Some("\u{fffd}"));
}

#[test]
fn b27_a_users_content_type_and_the_body_get_the_same_boundary() {
    for (value, sent, boundary) in [
        ("multipart/form-data; boundary=\"abc\"", "multipart/form-data; boundary=\"abc\"", "abc"),
        ("multipart/form-data", "multipart/form-data; boundary=BOUNDARY", "BOUNDARY"),
        ("Multipart/form-data; a=b; ", "Multipart/form-data; a=b; boundary=BOUNDARY", "BOUNDARY"),
        ("multipart/mixed; boundary=abc", "multipart/mixed; boundary=abc", "BOUNDARY"),
        ("text/plain", "text/plain", "BOUNDARY"),
    ] {
        let mut multipart = multipart();
        assert_eq!(multipart.fit_content_type(&Bytes::from(value)).unwrap(), sent);
        assert_eq!(text(&multipart), format!("--{boundary}--\r\n"));
    }
    for bad in ["multipart/form-data; boundary=", "multipart/form-data; boundary=a@b"] {
        let error = multipart().fit_content_type(&Bytes::from(bad)).unwrap_err();
        assert_eq!(error.code(), Code::LOCAL_PROTOCOL_ERROR, "{bad}");
    }
}

#[test]
fn b28_a_file_is_read_in_pieces_and_again_without_moving_its_cursor() {
    let content = pattern(3 * PIECE + 100);
    let mut file = file(&content);
    Arc::get_mut(&mut file).unwrap().seek(SeekFrom::Start(7)).unwrap();
    let mut multipart = multipart();
    multipart.add_field("a", b"1").unwrap();
    multipart.add_file("f", file_part(&file, 10, (3 * PIECE + 20) as u64)).unwrap();
    multipart.add_field("b", b"2").unwrap();

    let pieces: Vec<usize> = reading(&multipart).map(|piece| piece.unwrap().len()).collect();
    assert_eq!(pieces.len(), 5, "{pieces:?}");
    assert_eq!(pieces[1..4], [PIECE; 3]);

    let first = body(&multipart);
    assert_eq!(first, body(&multipart));
    assert!(first.windows(3 * PIECE + 20).any(|window| window == &content[10..][..3 * PIECE + 20]));
    let mut next = [0];
    (&*file).read_exact(&mut next).unwrap();
    assert_eq!(next[0], content[7]);
}

#[test]
fn two_readers_of_one_body_do_not_disturb_each_other() {
    let mut multipart = multipart();
    multipart.add_file("f", file_part(&file(&pattern(5 * PIECE)), 0, 5 * PIECE as u64)).unwrap();
    let expected = body(&multipart);
    let (mut one, mut other) = (reading(&multipart), reading(&multipart));
    let mut bodies = (Vec::new(), Vec::new());
    multipart.add_field("later", b"not for them").unwrap();
    while let (Some(a), Some(b)) = (one.next(), other.next()) {
        bodies.0.extend_from_slice(&a.unwrap());
        bodies.1.extend_from_slice(&b.unwrap());
    }
    assert!(bodies.0 == expected && bodies.1 == expected);
}

#[test]
fn small_things_are_joined_and_large_bytes_are_not_copied() {
    let mut multipart = multipart();
    for _ in 0..50 {
        multipart.add_field("n", b"v").unwrap();
    }
    multipart.add_file("f", file_part(&file(b"small"), 0, 5)).unwrap();
    let large = Bytes::from(pattern(PIECE + 1));
    let source = PartSource::Bytes(large.clone());
    multipart.add_file("l", FilePart { source, ..part(None, "") }).unwrap();
    multipart.add_field("n", b"v").unwrap();
    let pieces: Vec<Bytes> = reading(&multipart).map(Result::unwrap).collect();
    assert_eq!(pieces.len(), 3);
    assert_eq!(pieces[1].as_ptr(), large.as_ptr());
    assert_eq!(pieces.concat(), body(&multipart));
}

#[test]
fn pieces_stay_small_however_many_fields_there_are() {
    let mut multipart = multipart();
    for _ in 0..20_000 {
        multipart.add_field("name", b"value").unwrap();
    }
    assert_eq!(text(&multipart).matches("name=\"name\"\r\n\r\nvalue\r\n").count(), 20_000);
    assert!(reading(&multipart).all(|piece| piece.unwrap().len() < PIECE + 1024));
}

#[test]
fn a_file_that_becomes_shorter_is_an_error_before_and_while_it_is_read() {
    let file = file(&pattern(4 * PIECE));
    let mut multipart = multipart();
    multipart.add_file("f", file_part(&file, 0, 4 * PIECE as u64)).unwrap();
    let mut reader = reading(&multipart);
    for _ in 0..3 {
        reader.next().unwrap().unwrap();
    }
    file.set_len(3 * PIECE as u64).unwrap();
    reader.next().unwrap().unwrap();
    let error = reader.next().unwrap().unwrap_err();
    assert_eq!(error.code(), Code::LOCAL_PROTOCOL_ERROR);
    assert_eq!(error.message(), "The file of b'f' has become shorter while it was read: 65536 bytes are missing");
    assert!(reader.next().is_none());

    file.set_len(0).unwrap();
    assert_eq!(failure(&multipart).code(), Code::LOCAL_PROTOCOL_ERROR);
}

#[test]
fn a_file_that_grows_is_sent_as_long_as_announced() {
    let file = file(b"12345");
    let mut multipart = multipart();
    multipart.add_file("f", file_part(&file, 1, 4)).unwrap();
    let before = body(&multipart);
    (&*file).write_all(b"6789").unwrap();
    assert_eq!(body(&multipart), before);
}

#[cfg(unix)]
#[test]
fn a_file_that_cannot_be_read_is_an_io_error() {
    let file = Arc::new(File::open(std::env::temp_dir()).unwrap());
    let mut multipart = multipart();
    multipart.add_file("f", file_part(&file, 0, 10)).unwrap();
    let error = failure(&multipart);
    assert_eq!(error.code(), Code::IO_ERROR);
    assert!(error.os_errno().is_some() && error.message().ends_with(": file of b'f'"), "{error}");
}

#[test]
fn bodies_and_files_longer_than_any_are_refused() {
    let file = file(b"");
    let mut multipart = multipart();
    let most = i64::MAX as u64;
    for (start, length) in [(0, most), (0, u64::MAX), (u64::MAX, 1), (most, 1)] {
        let error = multipart.add_file("f", file_part(&file, start, length)).unwrap_err();
        assert_eq!(error.code(), Code::INVALID_ARGUMENT, "{length} at {start}");
    }
    multipart.add_file("f", file_part(&file, 0, most / 2)).unwrap();
    let length = multipart.length();
    multipart.add_file("f", file_part(&file, 0, most / 2)).unwrap_err();
    assert_eq!(multipart.length(), length);
}

#[test]
fn content_with_a_chosen_boundary_in_it_is_refused() {
    for (content, is_refused) in [
        ("--BOUNDARY", true),
        ("a\r\n--BOUNDARY\r\nb", true),
        ("a\n--BOUNDARYX", true),
        ("a--BOUNDARY", false),
        ("\r\n-BOUNDARY", false),
        ("\r\n--BOUNDAR", false),
    ] {
        let mut multipart = multipart();
        multipart.add_field("a", b"x").unwrap();
        multipart.add_file("f", part(None, content)).unwrap();
        let result: Result<Vec<Bytes>, Error> = reading(&multipart).collect();
        assert_eq!(
            result.map_err(|error| error.code()).err(),
            is_refused.then_some(Code::LOCAL_PROTOCOL_ERROR),
            "{content}"
        );
    }
}

#[test]
fn a_chosen_boundary_is_also_found_between_two_pieces_of_a_file() {
    let found = b"\n--BOUNDARY";
    for cut in 0..=found.len() {
        let mut content = vec![b'x'; 2 * PIECE];
        content[PIECE - cut..][..found.len()].copy_from_slice(found);
        let mut multipart = multipart();
        multipart.add_file("f", file_part(&file(&content), 0, content.len() as u64)).unwrap();
        let error = failure(&multipart);
        assert_eq!(error.message(), "The content of b'f' has the multipart boundary b'BOUNDARY' in it", "cut at {cut}");
    }
}
