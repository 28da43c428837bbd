//! Answers to Digest challenges: the RFCs' own vectors, with their errata, and how a server sees a session go on.

use super::digest::Digest;
use crate::error::Code;

const SHA_256_THEN_MD5: [&str; 2] = [
    "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm=SHA-256, \
     nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"",
    "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm=MD5, \
     nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"",
];

/// A user who has been challenged by `lines`.
fn challenged(lines: &[&str]) -> Digest {
    let digest = Digest::new("user", "password");
    take(&digest, lines);
    digest
}

fn take(digest: &Digest, lines: &[&str]) {
    assert!(digest.challenge(lines.iter().map(|line| line.as_bytes())).unwrap());
}

fn refusal(lines: &[&str]) -> String {
    let digest = Digest::new("user", "password");
    let error = digest.challenge(lines.iter().map(|line| line.as_bytes())).unwrap_err();
    assert_eq!(error.code(), Code::PROTOCOL_ERROR);
    assert!(digest.authorization(b"GET", b"/", Some(b"")).unwrap().is_none());
    error.message().to_owned()
}

fn get(digest: &Digest, target: &str) -> String {
    let value = digest.authorization(b"GET", target.as_bytes(), None).unwrap().unwrap();
    String::from_utf8(value.to_vec()).unwrap()
}

/// The value of one of the fields, quotes and all.
fn field<'a>(value: &'a str, name: &str) -> &'a str {
    let fields = value.strip_prefix("Digest ").unwrap();
    fields.split(", ").find_map(|field| field.strip_prefix(name)?.strip_prefix('=')).unwrap_or("-")
}

#[test]
fn rfc_7616_mufasa_in_sha_256() {
    let mut digest = Digest::new("Mufasa", "Circle of Life");
    digest.new_cnonce = || Ok("f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ".into());
    take(&digest, &SHA_256_THEN_MD5);
    assert_eq!(
        get(&digest, "/dir/index.html"),
        "Digest username=\"Mufasa\", realm=\"http-auth@example.org\", \
         nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", uri=\"/dir/index.html\", \
         response=\"753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1\", algorithm=SHA-256, \
         opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\", qop=auth, nc=00000001, \
         cnonce=\"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ\""
    );
}

#[test]
fn rfc_7616_mufasa_in_md5() {
    let mut digest = Digest::new("Mufasa", "Circle of Life");
    digest.new_cnonce = || Ok("f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ".into());
    take(&digest, &SHA_256_THEN_MD5[1..]);
    let value = get(&digest, "/dir/index.html");
    assert_eq!(field(&value, "response"), "\"8ca523f5e9506fed4657c9700eebdbec\"");
    assert_eq!(field(&value, "algorithm"), "MD5");
}

/// RFC 7616 §3.9.2 as its errata have it: the numbers printed there are of a SHA-512 that was cut off.
#[test]
fn rfc_7616_jason_doe_in_sha_512_256_with_a_hashed_name() {
    let mut digest = Digest::new("J\u{e4}s\u{f8}n Doe", "Secret, or not?");
    digest.new_cnonce = || Ok("NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v".into());
    take(
        &digest,
        &["Digest realm=\"api@example.org\", qop=\"auth\", algorithm=SHA-512-256, \
           nonce=\"5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK\", \
           opaque=\"HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS\", charset=UTF-8, userhash=true"],
    );
    let value = get(&digest, "/doe.json");
    assert_eq!(field(&value, "username"), "\"793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b\"");
    assert_eq!(field(&value, "response"), "\"3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5\"");
    assert!(value.ends_with(", cnonce=\"NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v\", userhash=true"), "{value}");
}

/// RFC 2617 §3.5.
#[test]
fn rfc_2617_mufasa() {
    let mut digest = Digest::new("Mufasa", "Circle Of Life");
    digest.new_cnonce = || Ok("0a4f113b".into());
    take(
        &digest,
        &["Digest realm=\"testrealm@host.com\", qop=\"auth,auth-int\", \
           nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", opaque=\"5ccc069c403ebaf9f0171e9517f40e41\""],
    );
    let value = get(&digest, "/dir/index.html");
    assert_eq!(field(&value, "response"), "\"6629fae49393a05397450978507c4ef1\"");
    assert_eq!(field(&value, "algorithm"), "MD5");
}

/// RFC 2069 §2.4 as its errata have it.
#[test]
fn rfc_2069_mufasa_without_qop() {
    let digest = Digest::new("Mufasa", "CircleOfLife");
    take(
        &digest,
        &["Digest realm=\"testrealm@host.com\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", \
           opaque=\"5ccc069c403ebaf9f0171e9517f40e41\""],
    );
    assert_eq!(
        get(&digest, "/dir/index.html"),
        "Digest username=\"Mufasa\", realm=\"testrealm@host.com\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", \
         uri=\"/dir/index.html\", response=\"1949323746fe6a43ef61f9606e7febea\", algorithm=MD5, \
         opaque=\"5ccc069c403ebaf9f0171e9517f40e41\""
    );
}

/// The numbers are Python hashlib's.
#[test]
fn every_algorithm_with_and_without_a_session() {
    for (algorithm, response) in [
        ("MD5", "5d107af1feb8750bd0065daae1bb8306"),
        ("md5-sess", "ed3b92a382359702ad626d4be149d515"),
        ("SHA", "e8ecdf7a7085bf1a69cad924f8443002ad0c109d"),
        ("SHA-SESS", "501e703e8695e35cbad99dfcb653a308822658f0"),
        ("sha-256", "65b82e94b554b93687343eac1586c3192894f4579cea914c3215f70b31b21e6f"),
        ("SHA-256-sess", "66cb7ea6d48a0b04e73dbacb0214eb6959d979e99f4040329902e239894e3283"),
        ("SHA-512", "157094333bf7730f29cd5637a12d54e1f182aa5708269a53bd2f0a8b50e8cadac23845778c40c150493170a07a20d5e4fe5236d9c41ce5394653cc1203e338b1"),
        ("SHA-512-SESS", "ae3b6fab94e04dba82ef4786e27604110c3a3a314194358b61b58c801b27ab683847abd065d4c9d325ef0e3d905c763e7899b7fe19bd7ac71e164c17fa0124bc"),
        ("Sha-512-256", "795f6176da6186e0159be08c1ff92b7a6f473e625b571e2f143ff5d3c45eaa19"),
        ("SHA-512-256-sess", "9eb50501da03bcf7bc61512d096c6150b7c3d2e083fa0fc47ea880bddeb028ae"),
    ] {
        let mut digest = Digest::new("user", "password");
        digest.new_cnonce = || Ok("0123456789abcdef".into());
        take(&digest, &[&format!("Digest realm=r, nonce=n, qop=auth, algorithm={algorithm}")]);
        let value = get(&digest, "/path?query");
        assert_eq!(field(&value, "response"), format!("\"{response}\""), "{algorithm}");
        assert_eq!(field(&value, "algorithm"), algorithm);
    }
}

#[test]
fn nothing_is_known_before_the_first_challenge() {
    let digest = Digest::new("user", "password");
    assert!(digest.authorization(b"GET", b"/", Some(b"")).unwrap().is_none());
    assert!(!digest.needs_body());
    assert!(!digest.challenge([]).unwrap());
    assert!(!digest.challenge([&b"Basic realm=\"a\""[..], b"Negotiate"]).unwrap());
    assert!(digest.authorization(b"GET", b"/", Some(b"")).unwrap().is_none());
}

#[test]
fn requests_of_one_nonce_are_counted_and_have_cnonces_of_their_own() {
    let digest = challenged(&["Digest realm=r, nonce=n, qop=auth"]);
    let values = [get(&digest, "/1"), get(&digest, "/2"), get(&digest, "/3")];
    assert!(values.iter().map(|value| field(value, "nc")).eq(["00000001", "00000002", "00000003"]));
    let cnonces: Vec<&str> = values.iter().map(|value| field(value, "cnonce")).collect();
    assert!(cnonces[0] != cnonces[1] && cnonces[1] != cnonces[2], "{cnonces:?}");
    for cnonce in cnonces {
        let hex = cnonce.trim_matches('"');
        assert!(hex.len() == 16 && hex.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')), "{cnonce}");
    }
}

#[test]
fn a_new_nonce_is_counted_from_one() {
    let digest = challenged(&["Digest realm=r, nonce=n, qop=auth"]);
    assert_eq!(field(&get(&digest, "/"), "nc"), "00000001");
    assert_eq!(field(&get(&digest, "/"), "nc"), "00000002");
    take(&digest, &["Digest realm=r, nonce=m, qop=auth, stale=true"]);
    let value = get(&digest, "/");
    assert_eq!((field(&value, "nonce"), field(&value, "nc")), ("\"m\"", "00000001"));
}

/// Two requests in flight that are challenged with one nonce must not both be its first: that is a replay.
#[test]
fn a_nonce_that_comes_again_is_counted_on() {
    let digest = challenged(&["Digest realm=r, nonce=n, qop=auth"]);
    assert_eq!(field(&get(&digest, "/1"), "nc"), "00000001");
    take(&digest, &["Digest realm=r, nonce=n, qop=auth"]);
    assert_eq!(field(&get(&digest, "/2"), "nc"), "00000002");
    take(&digest, &["Digest realm=other, nonce=n, qop=auth"]);
    assert_eq!(field(&get(&digest, "/3"), "nc"), "00000001");
}

/// RFC 7616 §3.4.2: A1 is computed once. A server that computes it from every request's cnonce agrees too.
#[test]
fn a_session_keeps_its_first_cnonce() {
    let digest = challenged(&["Digest realm=r, nonce=n, qop=auth, algorithm=MD5-sess"]);
    let first = get(&digest, "/");
    let second = get(&digest, "/");
    take(&digest, &["Digest realm=r, nonce=n, qop=auth, algorithm=MD5-sess"]);
    let third = get(&digest, "/");
    assert_eq!(field(&first, "cnonce"), field(&second, "cnonce"));
    assert_eq!(field(&first, "cnonce"), field(&third, "cnonce"));
    assert!([&first, &second, &third].map(|value| field(value, "nc")).iter().eq(&["00000001", "00000002", "00000003"]));
    take(&digest, &["Digest realm=r, nonce=m, qop=auth, algorithm=MD5-sess"]);
    assert_ne!(field(&get(&digest, "/"), "cnonce"), field(&first, "cnonce"));
}

#[test]
fn a_session_without_qop_still_says_its_cnonce() {
    let digest = challenged(&["Digest realm=r, nonce=n, algorithm=MD5-sess"]);
    let value = get(&digest, "/");
    assert_eq!((field(&value, "qop"), field(&value, "nc")), ("-", "-"));
    assert_ne!(field(&value, "cnonce"), "-");
}

#[test]
fn the_first_challenge_that_can_be_answered_is_taken() {
    let digest = challenged(&[
        "Basic realm=\"b\", Digest realm=r, nonce=1, algorithm=SHA-3",
        "Digest realm=r, nonce=2, qop=token, Digest realm=r",
        "Digest realm=r, nonce=3, qop=auth, algorithm=MD5, Digest realm=r, nonce=4, qop=auth, algorithm=SHA-512-256",
    ]);
    assert_eq!(field(&get(&digest, "/"), "nonce"), "\"3\"");
}

#[test]
fn a_challenge_that_cannot_be_answered_is_an_error_that_says_why() {
    const MALFORMED: &str = "Malformed Digest WWW-Authenticate header";
    assert_eq!(refusal(&["Digest"]), MALFORMED);
    assert_eq!(refusal(&["Digest realm=\"r\""]), MALFORMED);
    assert_eq!(refusal(&["Digest nonce=\"n\""]), MALFORMED);
    assert_eq!(refusal(&["Digest realm=\"r\", nonce=\"n"]), MALFORMED);
    assert_eq!(
        refusal(&["Digest realm=r, nonce=n, algorithm=SHA-3"]),
        "Unexpected algorithm value \"SHA-3\" in digest auth"
    );
    assert_eq!(refusal(&["Digest realm=r, nonce=n, qop=\"a,b\""]), "Unexpected qop value \"b'a,b'\" in digest auth");
    assert_eq!(refusal(&["Digest realm=r, nonce=n, qop=\"\""]), "Unexpected qop value \"b''\" in digest auth");
    assert_eq!(
        refusal(&["Basic realm=r, Digest realm=r, nonce=n, qop=x", "Digest nonce=n"]),
        "Unexpected qop value \"b'x'\" in digest auth"
    );
}

#[test]
fn a_refused_challenge_leaves_the_one_before_in_place() {
    let digest = challenged(&["Digest realm=r, nonce=n, qop=auth"]);
    assert_eq!(field(&get(&digest, "/"), "nc"), "00000001");
    digest.challenge([&b"Digest realm=r"[..]]).unwrap_err();
    let value = get(&digest, "/");
    assert_eq!((field(&value, "nonce"), field(&value, "nc")), ("\"n\"", "00000002"));
}

#[test]
fn auth_int_is_taken_only_where_there_is_no_auth() {
    for (qop, expected) in [
        ("auth", "auth"),
        ("\"auth-int,auth\"", "auth"),
        ("\"auth-int , AUTH\"", "auth"),
        ("\"token,auth-int\"", "auth-int"),
        ("Auth-Int", "auth-int"),
    ] {
        let digest = challenged(&[&format!("Digest realm=r, nonce=n, qop={qop}")]);
        assert_eq!(digest.needs_body(), expected == "auth-int", "{qop}");
        let value = digest.authorization(b"GET", b"/", Some(b"")).unwrap().unwrap();
        assert_eq!(field(std::str::from_utf8(&value).unwrap(), "qop"), expected, "{qop}");
    }
}

/// RFC 7616 §3.4.3. The numbers are Python hashlib's.
#[test]
fn auth_int_protects_the_body() {
    let mut digest = Digest::new("user", "password");
    digest.new_cnonce = || Ok("0123456789abcdef".into());
    take(&digest, &["Digest realm=r, nonce=n, qop=auth-int"]);
    for (body, response) in
        [("", "e8298c4e084c9e4fadcd0e042e7b908e"), ("Hello, world!", "00ad496440b395f92da39b762c53447c")]
    {
        let value = digest.authorization(b"POST", b"/", Some(body.as_bytes())).unwrap().unwrap();
        let value = std::str::from_utf8(&value).unwrap();
        assert_eq!(field(value, "response"), format!("\"{response}\""));
    }
}

#[test]
fn auth_int_of_a_stream_is_an_error_and_no_request() {
    let digest = challenged(&["Digest realm=r, nonce=n, qop=auth-int"]);
    let error = digest.authorization(b"POST", b"/", None).unwrap_err();
    assert_eq!(error.code(), Code::REQUEST_NOT_READ);
    let value = digest.authorization(b"POST", b"/", Some(b"x")).unwrap().unwrap();
    assert_eq!(field(std::str::from_utf8(&value).unwrap(), "nc"), "00000001");
}

/// The numbers of a hash are of the text without escapes, as curl and browsers have it.
#[test]
fn quotes_and_backslashes_are_escaped_again() {
    let mut digest = Digest::new("a\"b\\c", "password");
    digest.new_cnonce = || Ok("0123456789abcdef".into());
    take(&digest, &[r#"Digest realm="r\"s", nonce="n\\m", qop=auth, opaque="o\p""#]);
    let value = get(&digest, "/");
    assert_eq!(field(&value, "username"), r#""a\"b\\c""#);
    assert_eq!(field(&value, "realm"), r#""r\"s""#);
    assert_eq!(field(&value, "nonce"), r#""n\\m""#);
    assert_eq!(field(&value, "opaque"), r#""op""#);
    assert_eq!(field(&value, "response"), "\"16b8433a1d0a4cb4a0d84621759aedf8\"");
}

#[test]
fn an_empty_realm_or_opaque_is_sent_back() {
    let value = get(&challenged(&["Digest realm=\"\", nonce=\"\", opaque=\"\", qop=auth"]), "/");
    assert!(value.starts_with("Digest username=\"user\", realm=\"\", nonce=\"\", uri=\"/\", response=\""), "{value}");
    assert_eq!(field(&value, "opaque"), "\"\"");
}

/// RFC 7616 §3.4: in quotes as HTTPX sends it, unless the server says that it reads UTF-8.
#[test]
fn a_name_beyond_ascii_is_extended_for_servers_that_read_utf_8() {
    for (charset, name) in
        [("", "username=\"J\u{e4}s\u{f8}n Doe\""), (", charset=\"utf-8\"", "username*=UTF-8''J%C3%A4s%C3%B8n%20Doe")]
    {
        let digest = Digest::new("J\u{e4}s\u{f8}n Doe", "password");
        take(&digest, &[&format!("Digest realm=r, nonce=n, qop=auth{charset}")]);
        let value = get(&digest, "/");
        assert!(value.starts_with(&format!("Digest {name}, realm=\"r\"")), "{value}");
    }
    assert!(get(&challenged(&["Digest realm=r, nonce=n, charset=UTF-8"]), "/").starts_with("Digest username=\"user\""));
}

#[test]
fn a_name_cannot_end_its_header_line() {
    let digest = Digest::new("a\r\nX: b\0", "password");
    take(&digest, &["Digest realm=r, nonce=n"]);
    assert!(get(&digest, "/").starts_with("Digest username*=UTF-8''a%0D%0AX%3A%20b%00, realm="));
}

#[test]
fn any_bytes_can_be_credentials() {
    let digest = Digest::new(&b"\xff"[..], &b"\xfe"[..]);
    take(&digest, &["Digest realm=r, nonce=n"]);
    let value = digest.authorization(b"GET", b"/", None).unwrap().unwrap();
    assert!(value.starts_with(b"Digest username=\"\xff\", realm="), "{}", value.escape_ascii());
}

#[test]
fn threads_never_share_a_count() {
    let digest = challenged(&["Digest realm=r, nonce=n, qop=auth"]);
    let mut counts: Vec<String> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| (0..50).map(|_| field(&get(&digest, "/"), "nc").to_owned()).collect::<Vec<_>>()))
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    counts.sort();
    assert!(counts.iter().map(String::as_str).eq((1..=200).map(|count| format!("{count:08x}")).collect::<Vec<_>>()));
}

#[test]
fn the_password_is_not_shown() {
    let text = format!("{:?}", challenged(&["Digest realm=r, nonce=n"]));
    assert!(text.contains("user") && !text.contains("password"), "{text}");
}
