//! What is read from WWW-Authenticate lines, those of the RFCs and those that servers really send.

use super::challenge::{challenges, Challenge};

/// Scheme, `realm` and `nonce` of each challenge, `-` for none, and whether it is malformed.
fn read(line: &str) -> Vec<String> {
    challenges(line.as_bytes())
        .iter()
        .map(|challenge| {
            let scheme = ["Basic", "Digest", "Negotiate", "Newauth"].into_iter().find(|name| challenge.is(name));
            let realm = text(challenge, "realm");
            let mark = if challenge.malformed { " malformed" } else { "" };
            format!("{} {realm} {}{mark}", scheme.unwrap_or("?"), text(challenge, "nonce"))
        })
        .collect()
}

fn text(challenge: &Challenge<'_>, name: &str) -> String {
    challenge.param(name).map_or("-".into(), |value| value.escape_ascii().to_string())
}

#[test]
fn one_line_has_as_many_challenges_as_it_has_schemes() {
    assert_eq!(read("Digest realm=\"a\", nonce=\"b\""), ["Digest a b"]);
    assert_eq!(read("Basic realm=\"x\", Digest realm=\"a\", nonce=\"b\""), ["Basic x -", "Digest a b"]);
    assert_eq!(read("Digest nonce=b,realm=a,Basic realm=x"), ["Digest a b", "Basic x -"]);
    assert_eq!(read("Negotiate, Digest realm=a, nonce=b, Negotiate"), ["Negotiate - -", "Digest a b", "Negotiate - -"]);
    // RFC 9110 §11.6.1.
    assert_eq!(
        read("Basic realm=\"simple\", Newauth realm=\"apps\", type=1, title=\"Login to \\\"apps\\\"\""),
        ["Basic simple -", "Newauth apps -"]
    );
    assert!(read("").is_empty());
    assert!(read(" , ,, ").is_empty());
}

#[test]
fn a_token68_is_no_parameter() {
    assert_eq!(read("Negotiate YII/+.~_-==, Digest realm=a, nonce=b"), ["Negotiate - -", "Digest a b"]);
    assert_eq!(read("Negotiate nonce"), ["Negotiate - -"]);
    assert_eq!(read("Digest nonce"), ["Digest - -"]);
}

#[test]
fn names_have_no_case_and_equals_signs_may_stand_in_whitespace() {
    assert_eq!(read("dIGEST REALM = \"a\",\tNonce\t=\tb"), ["Digest a b"]);
    assert_eq!(read("  Digest   realm= a ,, nonce =\"b\" , "), ["Digest a b"]);
    assert_eq!(read("Digest, realm=a, nonce=b"), ["Digest a b"]);
}

#[test]
fn commas_and_escapes_in_quotes_belong_to_the_value() {
    assert_eq!(read(r#"Digest realm="a, Basic realm=c", nonce="b""#), ["Digest a, Basic realm=c b"]);
    assert_eq!(challenges(br#"Digest realm="a\", \\\b""#)[0].param("realm"), Some(&b"a\", \\b"[..]));
    assert_eq!(challenges(b"Digest realm=\"\"")[0].param("realm"), Some(&b""[..]));
    assert_eq!(challenges(b"Digest realm=")[0].param("realm"), Some(&b""[..]));
    assert_eq!(challenges(b"Digest realm=\"caf\xe9\"")[0].param("realm"), Some(&b"caf\xe9"[..]));
    // Outside of quotes a backslash is only itself.
    assert_eq!(read(r"Digest realm=a\, nonce=b"), [r"Digest a\\ b"]);
    // No token, yet sent without quotes.
    assert_eq!(challenges(b"Digest nonce=a/b+c==, realm=x")[0].param("nonce"), Some(&b"a/b+c=="[..]));
}

#[test]
fn the_last_of_several_parameters_of_one_name_wins() {
    assert_eq!(read("Digest realm=a, nonce=b, NONCE=c"), ["Digest a c"]);
}

#[test]
fn flags_are_true_or_false() {
    let flag = |line: &str| challenges(line.as_bytes())[0].flag("userhash");
    assert!(flag("Digest userhash=true"));
    assert!(flag("Digest userhash=\"TRUE\""));
    assert!(!flag("Digest userhash=false"));
    assert!(!flag("Digest userhash=truely"));
    assert!(!flag("Digest realm=true"));
}

#[test]
fn what_is_no_parameter_marks_its_challenge_only() {
    assert_eq!(read("Digest realm=\"a, nonce=\"b\""), ["Digest - - malformed"]);
    assert_eq!(read("Digest realm=a, nonce=\"b"), ["Digest a - malformed"]);
    assert_eq!(read("Digest realm=a, nonce=\"b\\"), ["Digest a - malformed"]);
    assert_eq!(read("Digest realm=a, nonce=\"b\"c"), ["Digest a - malformed"]);
    assert_eq!(read("Digest realm=a, nonce=b\"c\""), ["Digest a - malformed"]);
    assert_eq!(read(r#"Digest realm=a\"b, nonce=c"#), ["Digest - - malformed"]);
    assert_eq!(read("Digest realm=a, \"b\""), ["Digest a - malformed"]);
    assert_eq!(read("Digest realm=a, =b, Basic realm=c"), ["Digest a - malformed", "Basic c -"]);
    assert_eq!(read("Digest realm=a, b/c"), ["Digest a - malformed"]);
    assert_eq!(read("Basic \"a\", Digest realm=a, nonce=b"), ["Basic - - malformed", "Digest a b"]);
    assert_eq!(read("Digest realm=a, nonce=\"b\r\nc\""), ["Digest a - malformed"]);
}

#[test]
fn parameters_before_any_scheme_are_nobodys() {
    assert!(read("realm=a, nonce=b").is_empty());
    assert!(read("\"Digest realm=a").is_empty());
    assert_eq!(read("realm=x, Digest nonce=b"), ["Digest - b"]);
}

/// Every short text of the bytes that matter: nothing panics, and what is read was there.
#[test]
fn any_text_can_be_read() {
    const BYTES: &[u8] = b"aD=\", \\\t/";
    for number in 0..BYTES.len().pow(6) {
        let line: Vec<u8> = (0..6).map(|place| BYTES[number / BYTES.len().pow(place) % BYTES.len()]).collect();
        for challenge in challenges(&line) {
            let value = challenge.param("a").unwrap_or_default();
            assert!(value.len() < 5 && value.iter().all(|byte| line.contains(byte)), "{}", line.escape_ascii());
        }
    }
}
