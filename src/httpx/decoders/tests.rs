//! What comes out of bodies, whole ones, broken ones and hostile ones. Every body is decoded in one push, in pieces of
//! seven bytes and byte by byte, and all of that must come to the same.

use std::io::Write;
use std::sync::LazyLock;

use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use flate2::Compression;

use super::*;

const TEXT: &[u8] = b"test 123";
/// `TEXT` as others encode it: Python's gzip, gzip(1) with a file name, zlib, bare deflate as a fixed and as a stored
/// block, brotli, zstd(1) with and without a checksum.
const BY_OTHERS: [(&str, &[u8]); 8] = [
    ("gzip", b"\x1f\x8b\x08\0\0\0\0\0\x02\x03\x2b\x49\x2d\x2e\x51\x30\x34\x32\x06\0\xdf\x0f\x69\xc2\x08\0\0\0"),
    (
        "gzip",
        b"\x1f\x8b\x08\x08\x7b\x54\0\x6b\x02\x03t.txt\0\
        \x2b\x49\x2d\x2e\x51\x30\x34\x32\x06\0\xdf\x0f\x69\xc2\x08\0\0\0",
    ),
    ("deflate", b"\x78\x9c\x2b\x49\x2d\x2e\x51\x30\x34\x32\x06\0\x0d\x0b\x02\x77"),
    ("deflate", b"\x2b\x49\x2d\x2e\x51\x30\x34\x32\x06\0"),
    ("deflate", b"\x01\x08\0\xf7\xfftest 123"),
    ("br", b"\x8b\x03\x80test 123\x03"),
    ("zstd", b"\x28\xb5\x2f\xfd\x24\x08\x41\0\0test 123\x23\xc3\x01\x04"),
    ("zstd", b"\x28\xb5\x2f\xfd\x20\x08\x41\0\0test 123"),
];

/// `lines(3000)` in brotli.
const BROTLI_LINES: &[u8] = b"\
    \x1b\xb7\x0b\x00\x8c\xd4\x56\x77\xe2\x4c\xe7\xc6\xf6\x3b\xab\x31\x01\x41\x35\x41\xcc\xde\x40\x3e\xef\xd1\x7b\
    \x8f\x87\xdc\x58\x62\x9d\xe9\xf4\x23\x0e\x64\xc3\x22\x6e\x2c\x2d\x99\x05\x6f\xfa\x67\xfb\x05\xff\xe0\xcd\xe2\
    \x70\x69\xb4\x6a\x6a\x79\xbc\x32\x59\x3d\xbd\x66\xb0\x76\xb8\x6e\xf4\x30\x7c\xea\xa1\xf1\x43\x93\x87\xa6\x2f\
    \xfa\xe1\xdf\xb8\xd8\xe7\x31\xd8\xfd\x2c\x58\xb4\x64\x95\x65\x2b\x51\x63\xb0\xfb\xb9\xe0\xa2\x4b\xae\x72\xd9\
    \x95\x54\x63\xb0\xfb\xd9\xb0\x69\xcb\x2e\xdb\x76\xe2\xc6\x60\xf7\x73\xe0\xd0\x91\x53\x8e\x9d\x24\x8d\xc1\xee\
    \xe7\x86\x9b\x6e\xb9\xcb\x6d\x77\xd2\x8d\xc1\xee\xe7\x81\x87\x1e\x79\xca\x63\x4f\x32\x8d\xc1\xee\xe7\x85\x97\
    \x5e\x79\xcb\x6b\x6f\xb2\x8d\xc1\xee\xe7\x83\x8f\x3e\xf9\xca\x67\x5f\x72\x8d\xc1\xfe\x5d\x8f\x5c\x80\x0b\x74\
    \x41\x2e\x54\x4d\x5d\xb0\x0b\x71\xa3\x53\x38\x5c\x5c\x88\x90\xa1\xc2\x0a\x1d\xa6\x6c\x0e\x17\x17\x21\x62\xa4\
    \xa8\x22\x47\xa9\x9a\xc3\xc5\xa5\x90\x62\x4a\xa9\x4a\x39\x95\x56\x73\xb8\xb8\x18\x31\x63\xc5\x15\x3b\x4e\xdd\
    \x1c\x2e\x2e\x41\xc2\x44\x49\x25\x4e\xd2\x34\x87\x8b\x4b\x23\xcd\xb4\xd2\x95\x76\x3a\xed\xe6\x70\x71\x19\x64\
    \x98\x51\xa6\x32\xce\xa4\xd3\x1c\x2e\x2e\x8b\x2c\xb3\xca\x56\xd6\xd9\x74\x9b\xc3\xc5\xe5\x90\x63\x4e\xb9\xca\
    \x39\x97\x5e\x73\xb8\xfb\x9d\x02\x4e\x81\xa7\xa0\x53\xa8\x53\xf0\x29\xe4\x5d\x68\x0e\x17\x17\x22\x64\xa8\xb0\
    \x42\x87\x29\x9b\xc3\xc5\x45\x78\x89\
";

/// 64 MiB of zeros in brotli.
const BROTLI_ZEROS: &[u8] = b"\
    \xcb\xff\xff\x3f\x00\x24\x00\xe2\xb1\x40\x72\xef\xff\xf8\xff\xff\x07\x80\x04\x40\x1c\x16\x80\xee\xfd\x1f\xff\
    \xff\xff\x00\x90\x00\x88\xc3\x02\xd0\xbd\xff\xe3\xff\xff\x1f\x00\x12\x00\x71\x58\x00\xba\xf7\x7f\xfc\xff\xff\
    \x03\x40\x02\x20\x0e\x0b\x40\xf7\xfe\x8f\xff\xff\x7f\x00\x48\x00\xc4\x61\x01\xe8\xde\xff\xf1\xff\xff\x0f\x00\
    \x09\x80\x38\x2c\x00\xdd\xfb\x3f\xfe\xff\xff\x01\x20\x01\x10\x87\x05\xa0\x7b\xff\x37\
";

/// "a large window" in a stream of the large window extension.
const BROTLI_LARGE_WINDOW: &[u8] = b"\x11\x5c\x34\x00\xe0\x97\x00\x28\x42\x0a\x29\x31\xbc\xe3\x27";

/// 64 MiB of zeros in gzip.
static GZIP_ZEROS: LazyLock<Vec<u8>> = LazyLock::new(|| gzip(&vec![0; 64 << 20]));

fn lines(len: usize) -> Vec<u8> {
    let mut text: Vec<u8> = (0..len / 10).flat_map(|n| format!("line {n} of {}\n", n % 7).into_bytes()).collect();
    text.truncate(len);
    text
}

fn gzip(data: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(vec![], Compression::new(6));
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

fn zlib(data: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(vec![], Compression::new(6));
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

fn bare_deflate(data: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(vec![], Compression::new(6));
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

fn zstd(data: &[u8]) -> Vec<u8> {
    ::zstd::stream::encode_all(data, 3).unwrap()
}

/// A frame with this window descriptor and one byte of data (RFC 8878 §3.1.1.1.2).
fn zstd_frame_with_window(descriptor: u8) -> Vec<u8> {
    [&b"\x28\xb5\x2f\xfd\0"[..], &[descriptor], b"\x09\0\0x"].concat()
}

/// RFC 8878 §3.1.2.
fn zstd_skippable(content: &[u8]) -> Vec<u8> {
    [&b"\x5a\x2a\x4d\x18"[..], &(content.len() as u32).to_le_bytes(), content].concat()
}

fn decoder(encodings: &str, limits: DecodeLimits) -> Decoder {
    Decoder::for_encodings([encodings.as_bytes()].into_iter(), limits).expect("few codings")
}

fn unlimited() -> DecodeLimits {
    DecodeLimits { max_ratio: None, ..DecodeLimits::default() }
}

/// Takes what there is.
fn drain(
    decoder: &mut Decoder,
    next: impl Fn(&mut Decoder) -> Result<Option<Bytes>, Error>,
    out: &mut Vec<u8>,
) -> Result<(), Error> {
    while let Some(piece) = next(decoder)? {
        assert!(!piece.is_empty() && (decoder.is_identity() || piece.len() <= MAX_PIECE), "{} bytes", piece.len());
        out.extend_from_slice(&piece);
    }
    Ok(())
}

/// What came out before the end or the error.
fn decode_cut(encodings: &str, limits: &DecodeLimits, body: &[u8], cut: usize) -> (Vec<u8>, Result<(), Error>) {
    let mut decoder = decoder(encodings, limits.clone());
    let mut out = vec![];
    let mut result = Ok(());
    for chunk in body.chunks(cut) {
        decoder.push(Bytes::copy_from_slice(chunk));
        result = result.and_then(|()| drain(&mut decoder, Decoder::pull, &mut out));
    }
    result = result.and_then(|()| drain(&mut decoder, Decoder::finish, &mut out));
    let again = decoder.finish().map(|piece| assert!(piece.is_none(), "nothing follows the end"));
    assert_eq!(said(&again), said(&result), "the end is the same when it is asked for again");
    (out, result)
}

fn said(result: &Result<(), Error>) -> Result<(), (Code, String)> {
    result.clone().map_err(|error| (error.code(), error.message().to_owned()))
}

fn decode_limited(encodings: &str, limits: DecodeLimits, body: &[u8]) -> Result<Vec<u8>, (Code, String)> {
    let (out, result) = decode_cut(encodings, &limits, body, body.len().max(1));
    for cut in [7, 1] {
        let (cut_out, cut_result) = decode_cut(encodings, &limits, body, cut);
        assert_eq!(said(&cut_result), said(&result), "{encodings} in pieces of {cut}");
        assert!(result.is_err() || cut_out == out, "{encodings} in pieces of {cut} gives something else");
    }
    said(&result).map(|()| out)
}

fn decode(encodings: &str, body: &[u8]) -> Result<Vec<u8>, (Code, String)> {
    decode_limited(encodings, DecodeLimits::default(), body)
}

/// The message of the DecodingError.
fn decoding_message(encodings: &str, body: &[u8]) -> String {
    let (code, message) = decode(encodings, body).expect_err("a body that is not valid");
    assert_eq!(code, Code::DECODING_ERROR, "{message}");
    message
}

#[test]
fn what_others_encoded_is_decoded() {
    for (encoding, body) in BY_OTHERS {
        assert_eq!(decode(encoding, body).as_deref(), Ok(TEXT), "{encoding} {body:x?}");
    }
    assert_eq!(decode("br", BROTLI_LINES), Ok(lines(3000)));
}

#[test]
fn a_body_of_many_pieces_comes_out_as_it_was() {
    let text = lines(300_000);
    let bodies = [
        ("gzip", gzip(&text)),
        ("deflate", zlib(&text)),
        ("deflate", bare_deflate(&text)),
        ("zstd", zstd(&text)),
        ("zstd", ::zstd::stream::encode_all(&text[..], 19).unwrap()),
    ];
    for (encoding, body) in bodies {
        assert_eq!(decode(encoding, &body), Ok(text.clone()), "{encoding}");
    }
    let (zeros, result) = decode_cut("br", &unlimited(), BROTLI_ZEROS, BROTLI_ZEROS.len());
    assert!(result.is_ok() && zeros.len() == 64 << 20 && zeros.iter().all(|&byte| byte == 0));
}

#[test]
fn codings_are_undone_in_reverse_order() {
    let text = lines(100_000);
    let body = gzip(&zlib(&zstd(&text)));
    assert_eq!(decode("zstd, deflate,gzip", &body), Ok(text.clone()));
    assert_eq!(decoding_message("gzip, deflate, zstd", &body), "zstd decompressor error: Unknown frame descriptor");

    let fields = [&b"zstd, deflate"[..], b"gzip"];
    let mut decoder = Decoder::for_encodings(fields.into_iter(), DecodeLimits::default()).unwrap();
    decoder.push(Bytes::from(body));
    let mut out = vec![];
    drain(&mut decoder, Decoder::finish, &mut out).unwrap();
    assert!(out == text, "the lines of the field are one list");
}

#[test]
fn names_are_case_insensitive_and_unknown_ones_are_ignored() {
    let body = gzip(TEXT);
    for encodings in
        ["GZip", "x-gzip", "X-GZIP", " gzip\t", "identity, gzip", ",, gzip ,", "gzip, bogus", "\u{fc}, gzip"]
    {
        assert_eq!(decode(encodings, &body).as_deref(), Ok(TEXT), "{encodings:?}");
    }
    for encodings in ["", "identity", "bogus", "compress, x-bogus", "gzip;q=1"] {
        assert!(decoder(encodings, DecodeLimits::default()).is_identity());
        assert_eq!(decode(encodings, &body).as_ref(), Ok(&body), "{encodings:?}");
    }
}

#[test]
fn what_accept_encoding_asks_for_is_understood() {
    assert_eq!(accept_encoding(), "gzip, deflate, br, zstd");
    for name in accept_encoding().split(", ") {
        assert!(!decoder(name, DecodeLimits::default()).is_identity(), "{name}");
    }
}

#[test]
fn without_a_coding_the_bytes_themselves_are_passed_on() {
    let body = Bytes::from(vec![7; 3 * MAX_PIECE]);
    let mut decoder = decoder("identity", DecodeLimits::default());
    decoder.push(body.clone());
    decoder.push(Bytes::new());
    decoder.push(body.slice(..10));
    let whole = decoder.pull().unwrap().unwrap();
    assert_eq!((whole.as_ptr(), whole.len()), (body.as_ptr(), body.len()));
    assert_eq!(decoder.pull().unwrap().unwrap().as_ptr(), body.as_ptr());
    assert_eq!(decoder.pull().unwrap(), None);
    assert_eq!(decoder.finish().unwrap(), None);
}

#[test]
fn what_has_been_flushed_comes_out_before_the_end() {
    let mut encoder = GzEncoder::new(vec![], Compression::new(6));
    encoder.write_all(b"data: 1\n\n").unwrap();
    encoder.flush().unwrap();
    let gzipped = encoder.get_ref().clone();
    let mut encoder = ::zstd::stream::write::Encoder::new(vec![], 3).unwrap();
    encoder.write_all(b"data: 1\n\n").unwrap();
    encoder.flush().unwrap();
    let zstandard = encoder.get_ref().clone();

    for (encoding, body) in [("gzip", gzipped), ("zstd", zstandard)] {
        let mut decoder = decoder(encoding, DecodeLimits::default());
        decoder.push(Bytes::from(body));
        assert_eq!(decoder.pull().unwrap().as_deref(), Some(&b"data: 1\n\n"[..]), "{encoding}");
        assert_eq!(decoder.pull().unwrap(), None);
    }
}

#[test]
fn an_empty_body_is_fine_in_every_coding() {
    for encodings in ["gzip", "deflate", "br", "zstd", "gzip, br, zstd", "identity"] {
        assert_eq!(decode(encodings, b""), Ok(vec![]), "{encodings}");
    }
    for (encodings, body) in
        [("deflate", zlib(b"")), ("gzip", gzip(b"")), ("zstd", zstd(b"")), ("br", b"\x06".to_vec())]
    {
        assert_eq!(decode(encodings, &body), Ok(vec![]), "{encodings}");
    }
}

#[test]
fn data_of_another_kind_is_a_decoding_error() {
    let body = b"test_decode_error";
    assert_eq!(decoding_message("gzip", body), "Error -3 while decompressing data: incorrect header check");
    assert_eq!(decoding_message("gzip", b"bad"), "Error -3 while decompressing data: incorrect header check");
    assert_eq!(decoding_message("deflate", body), "Error -3 while decompressing data: invalid code lengths set");
    assert_eq!(decoding_message("br", body), "Brotli data is not valid");
    assert_eq!(decoding_message("zstd", body), "zstd decompressor error: Unknown frame descriptor");
}

#[test]
fn an_error_stays() {
    let mut decoder = decoder("gzip", DecodeLimits::default());
    decoder.push(Bytes::from_static(b"bad"));
    assert!(decoder.pull().is_err());
    decoder.push(Bytes::from(gzip(TEXT)));
    assert!(decoder.received.is_empty() && !decoder.is_identity());
    assert_eq!(decoder.pull().unwrap_err().message(), decoder.finish().unwrap_err().message());
}

#[test]
fn a_body_cut_anywhere_is_a_decoding_error_unless_that_is_allowed() {
    let limits = DecodeLimits { allow_truncated: true, ..DecodeLimits::default() };
    for (encoding, body) in BY_OTHERS {
        for length in 1..body.len() {
            let expected = match encoding {
                "br" => "Brotli data is incomplete",
                "zstd" => "Zstandard data is incomplete",
                _ => "Error -5 while decompressing data: incomplete or truncated stream",
            };
            assert_eq!(decoding_message(encoding, &body[..length]), expected, "{encoding}: {length} bytes");
            let allowed = decode_limited(encoding, limits.clone(), &body[..length]);
            match encoding {
                "zstd" => assert_eq!(allowed, Err((Code::DECODING_ERROR, expected.to_owned()))),
                _ => assert!(TEXT.starts_with(&allowed.unwrap()), "{encoding}: {length} bytes"),
            }
        }
    }
    let inner = gzip(&lines(1000));
    assert!(decode("gzip, zstd", &zstd(&inner[..inner.len() - 1])).is_err(), "an inner coding");
    assert_eq!(decode_limited("gzip, zstd", limits, &zstd(&inner[..inner.len() - 1])), Ok(lines(1000)));
}

#[test]
fn every_member_of_a_gzip_body_counts() {
    let text = lines(200_000);
    let members: Vec<u8> = text.chunks(9999).flat_map(gzip).collect();
    assert_eq!(decode("gzip", &members), Ok(text));
    assert_eq!(decode("gzip", &[gzip(b""), gzip(b"a"), gzip(b""), gzip(b"b"), gzip(b"")].concat()), Ok(b"ab".to_vec()));
    let padded = [gzip(b"a"), vec![0; 513], gzip(b"b"), vec![0; 3]].concat();
    assert_eq!(decode("gzip", &padded), Ok(b"ab".to_vec()));

    let second = gzip(b"b");
    for length in 2..second.len() {
        let message = decoding_message("gzip", &[&gzip(b"a"), &second[..length]].concat());
        assert_eq!(message, "Error -5 while decompressing data: incomplete or truncated stream", "{length} bytes");
    }
    let mut broken = [gzip(b"a"), second].concat();
    *broken.last_mut().unwrap() ^= 1;
    assert_eq!(decoding_message("gzip", &broken), "Error -3 while decompressing data: incorrect length check");
}

#[test]
fn what_follows_a_complete_body_is_ignored() {
    for garbage in [&b"garbage"[..], b"\x1f", b"\x1f\x1f\x8b\x08", b"\0\0garbage", b"\xff"] {
        for (encoding, body) in BY_OTHERS.into_iter().filter(|(encoding, _)| *encoding != "zstd") {
            assert_eq!(decode(encoding, &[body, garbage].concat()).as_deref(), Ok(TEXT), "{encoding} {garbage:x?}");
        }
    }
}

#[test]
fn a_gzip_header_may_have_all_its_fields() {
    let plain = gzip(TEXT);
    let mut body = b"\x1f\x8b\x08\x1e\x11\x22\x33\x44\0\x03\x05\0extraa name\0a comment\0".to_vec();
    let mut crc = flate2::Crc::new();
    crc.update(&body);
    body.extend_from_slice(&(crc.sum() as u16).to_le_bytes());
    let header = body.len();
    body.extend_from_slice(&plain[10..]);
    assert_eq!(decode("gzip", &body).as_deref(), Ok(TEXT));
    assert_eq!(decode("gzip", &[&body[..], &body].concat()), Ok([TEXT, TEXT].concat()));

    body[header - 1] ^= 1;
    assert_eq!(decoding_message("gzip", &body), "Error -3 while decompressing data: header crc mismatch");
    let no_extra = [&b"\x1f\x8b\x08\x04\0\0\0\0\0\x03\0\0"[..], &plain[10..]].concat();
    assert_eq!(decode("gzip", &no_extra).as_deref(), Ok(TEXT));
}

#[test]
fn damage_to_a_gzip_body_is_found() {
    let good = gzip(TEXT);
    for (at, bit, expected) in [
        (2, 1, "unknown compression method"),
        (3, 0x20, "unknown header flags set"),
        (good.len() - 8, 1, "incorrect data check"),
        (good.len() - 4, 1, "incorrect length check"),
    ] {
        let mut body = good.clone();
        body[at] ^= bit;
        assert_eq!(decoding_message("gzip", &body), format!("Error -3 while decompressing data: {expected}"));
    }
}

#[test]
fn a_deflate_body_with_a_dictionary_or_a_wrong_checksum_is_an_error() {
    let body = b"\x78\xf9\x04\x5d\x01\xc1\x2b\x01\x62\x05\x43\x23\x63\0\x0d\x0b\x02\x77";
    assert_eq!(decoding_message("deflate", body), "Error 2 while decompressing data");
    let mut body = zlib(TEXT);
    *body.last_mut().unwrap() ^= 1;
    assert_eq!(decoding_message("deflate", &body), "Error -3 while decompressing data: incorrect data check");
}

#[test]
fn bare_deflate_data_is_known_from_its_first_bytes() {
    for level in 0..=9 {
        for text in [&b""[..], b"a", TEXT, &lines(5000)] {
            let mut encoder = DeflateEncoder::new(vec![], Compression::new(level));
            encoder.write_all(text).unwrap();
            assert_eq!(decode("deflate", &encoder.finish().unwrap()).as_deref(), Ok(text), "level {level}");
        }
    }
}

#[test]
fn a_zstd_body_may_have_many_frames_and_skippable_ones() {
    let frames =
        [zstd_skippable(b""), zstd(b"a"), zstd_skippable(&[9; 70_000]), zstd(b""), zstd(b"b"), zstd_skippable(b"c")];
    assert_eq!(decode("zstd", &frames.concat()), Ok(b"ab".to_vec()));
    assert_eq!(decode("zstd", &frames[0]), Ok(vec![]));
    let cut = frames[..3].concat();
    assert_eq!(decoding_message("zstd", &cut[..cut.len() - 1]), "Zstandard data is incomplete");

    let text = lines(200_000);
    let many: Vec<u8> = text.chunks(999).flat_map(zstd).collect();
    assert_eq!(decode("zstd", &many), Ok(text));
    let garbage = [&zstd(b"a")[..], b"garbage"].concat();
    assert_eq!(decoding_message("zstd", &garbage), "zstd decompressor error: Unknown frame descriptor");
}

#[test]
fn a_wrong_zstd_checksum_is_an_error() {
    let mut body = BY_OTHERS[6].1.to_vec();
    *body.last_mut().unwrap() ^= 1;
    assert_eq!(decoding_message("zstd", &body), "zstd decompressor error: Restored data doesn't match checksum");
}

#[test]
fn windows_are_as_large_as_http_allows() {
    let (eight_mib, nine_mib) = (13 << 3, 13 << 3 | 1);
    assert_eq!(decode("zstd", &zstd_frame_with_window(eight_mib)), Ok(b"x".to_vec()));
    let message = decoding_message("zstd", &zstd_frame_with_window(nine_mib));
    assert_eq!(message, "zstd decompressor error: Frame requires too much memory for decoding");
    assert_eq!(decoding_message("br", BROTLI_LARGE_WINDOW), "Brotli data is not valid");
}

#[test]
fn more_codings_than_allowed_are_refused_before_any_byte() {
    let five = "gzip, identity, gzip, gzip, unknown, gzip, gzip";
    let body = gzip(&gzip(&gzip(&gzip(&gzip(TEXT)))));
    assert_eq!(decode(five, &body).as_deref(), Ok(TEXT));
    let six = [five.as_bytes(), b"x-gzip"];
    let error = Decoder::for_encodings(six.into_iter(), DecodeLimits::default()).err().unwrap();
    assert_eq!(error.code(), Code::TOO_MANY_ENCODINGS);
    assert_eq!(error.message(), "the body has 6 content encodings on top of each other, 5 are allowed");
    let limits = DecodeLimits { max_chain: 6, ..DecodeLimits::default() };
    assert!(Decoder::for_encodings(six.into_iter(), limits).is_ok());
}

#[test]
fn a_decoded_body_may_have_the_allowed_size_and_no_byte_more() {
    let text = lines(100_000);
    let limits = |max| DecodeLimits { max_decoded: Some(max), ..DecodeLimits::default() };
    for (encoding, body) in [("gzip", gzip(&text)), ("identity", text.clone()), ("gzip, zstd", zstd(&gzip(&text)))] {
        assert_eq!(decode_limited(encoding, limits(100_000), &body).as_ref(), Ok(&text), "{encoding}");
        let (code, message) = decode_limited(encoding, limits(99_999), &body).unwrap_err();
        assert_eq!(code, Code::DECODED_TOO_LARGE, "{encoding}");
        assert_eq!(message, "the decoded body is larger than the limit of 99999 bytes");
    }
}

#[test]
fn stacked_bombs_exceed_the_ratio_and_what_deflate_does_alone_never() {
    let (out, result) = decode_cut("gzip", &DecodeLimits::default(), &GZIP_ZEROS, usize::MAX);
    assert!(result.is_ok() && out.len() == 64 << 20);
    for (encodings, body) in [("gzip, gzip", gzip(&GZIP_ZEROS)), ("br", BROTLI_ZEROS.to_vec())] {
        let (out, result) = decode_cut(encodings, &DecodeLimits::default(), &body, usize::MAX);
        let piece = MAX_PIECE as u64;
        assert!((RATIO_COUNTS_FROM - piece..=RATIO_COUNTS_FROM).contains(&(out.len() as u64)), "{encodings}");
        let (code, message) = said(&result).unwrap_err();
        assert_eq!(code, Code::RATIO_EXCEEDED);
        assert_eq!(message, "the body expands to more than 1032 times its size when it is decoded");
    }
}

#[test]
fn a_bomb_inside_of_which_there_is_nothing_is_found_too() {
    let body = zstd(&zstd_skippable(&vec![0; 32 << 20]));
    assert!(decode_cut("zstd, zstd", &unlimited(), &body, usize::MAX).0.is_empty());
    let (out, result) = decode_cut("zstd, zstd", &DecodeLimits::default(), &body, usize::MAX);
    assert_eq!((out.len(), said(&result).unwrap_err().0), (0, Code::RATIO_EXCEEDED));
}

#[test]
fn a_bomb_costs_the_memory_of_a_few_pieces() {
    let bomb = gzip(&GZIP_ZEROS);
    assert!(bomb.len() < 1000, "{} bytes", bomb.len());
    let mut decoder = decoder("gzip, gzip", unlimited());
    decoder.push(Bytes::from(bomb));
    let mut total = 0;
    while let Some(piece) = decoder.finish().unwrap() {
        assert!(piece.len() <= MAX_PIECE);
        total += piece.len();
        for stage in &decoder.stages {
            assert!(stage.input.len() <= MAX_PIECE && stage.output.capacity() <= MAX_PIECE);
        }
    }
    assert_eq!(total, 64 << 20);
}

#[test]
fn small_pieces_do_not_keep_large_buffers() {
    let mut decoder = decoder("gzip", DecodeLimits::default());
    decoder.push(Bytes::from(gzip(&lines(65_000)[..1000])));
    let piece = decoder.finish().unwrap().unwrap();
    let room = decoder.stages[0].output.len();
    assert_eq!((piece.len(), room), (1000, MIN_ROOM), "the room stays with the decoder");
}

#[test]
fn a_decoder_goes_to_any_thread() {
    fn to_any_thread<T: Send + Sync + 'static>() {}
    to_any_thread::<Decoder>();
}

/// Damages a body in one of the ways in which bodies are damaged, and worse.
fn mutate(body: &mut Vec<u8>, random: &mut impl FnMut(usize) -> usize) {
    let at = random(body.len());
    match random(5) {
        0 => body[at] ^= 1 << random(8),
        1 => body[at] = random(256) as u8,
        2 => body.insert(at, random(256) as u8),
        3 => body.truncate(at + 1),
        _ => body.extend_from_within(at..),
    }
}

#[test]
fn damaged_bodies_end_in_data_or_an_error() {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below as u64) as usize
    };
    let text = lines(3000);
    let bodies = [
        ("gzip", [gzip(&text[..1000]), gzip(&text[1000..])].concat()),
        ("deflate", zlib(&text)),
        ("deflate", bare_deflate(&text)),
        ("br", BROTLI_LINES.to_vec()),
        ("zstd", [zstd(&text[..1000]), zstd_skippable(b"skipped"), zstd(&text[1000..])].concat()),
        ("deflate, gzip", gzip(&zlib(&text))),
    ];
    let limits = DecodeLimits { max_decoded: Some(1 << 20), ..DecodeLimits::default() };
    let mut errors = 0;
    for round in 0..3000 {
        let (encodings, good) = &bodies[round % bodies.len()];
        let mut body = good.clone();
        for _ in 0..=random(3) {
            mutate(&mut body, &mut random);
        }
        let cut = 1 + random(body.len());
        let (out, result) = decode_cut(encodings, &limits, &body, cut);
        assert!(out.len() <= 1 << 20);
        if let Err(error) = result {
            assert!(error.is_a(Code::DECODING_ERROR), "{error}");
            errors += 1;
        }
    }
    assert!((1000..3000).contains(&errors), "{errors} errors of 3000: the damage should be found, and some survived");
}
