//! Digest authentication over the wire, with the response computed here.

use md5::{Digest, Md5};
use sha2::{Sha256, Sha512};

use crate::server::{shared, Answer};

fn hash(algorithm: &str, text: &str) -> String {
    let bytes = match algorithm.trim_end_matches("-sess") {
        "MD5" => Md5::digest(text).to_vec(),
        "SHA-256" => Sha256::digest(text).to_vec(),
        "SHA-512" => Sha512::digest(text).to_vec(),
        other => panic!("no algorithm {other}"),
    };
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn parameter(challenge: &str, name: &str) -> String {
    let value = challenge.split_once(&format!("{name}=\"")).expect("the challenge has the parameter").1;
    value.split('"').next().expect("split gives one part at least").to_owned()
}

struct Login<'a> {
    target: &'a str,
    qop: &'a str,
    algorithm: &'a str,
    password: &'a str,
    body: &'a str,
}

impl Login<'_> {
    fn challenge(&self) -> String {
        let answer = self.ask("");
        assert_eq!(answer.status, 401);
        answer.header("www-authenticate").expect("401 has a challenge").to_owned()
    }

    fn ask(&self, more: &str) -> Answer {
        let length = self.body.len();
        let head = format!("PUT {} HTTP/1.1\r\nHost: h\r\nContent-Length: {length}\r\n{more}\r\n", self.target);
        shared().ask(&(head + self.body))
    }

    /// RFC 7616 §3.4.1
    fn answer(&self, challenge: &str, count: u32) -> Answer {
        let (realm, nonce) = (parameter(challenge, "realm"), parameter(challenge, "nonce"));
        let opaque = parameter(challenge, "opaque");
        let h = |text: &str| hash(self.algorithm, text);
        let mut secret = h(&format!("user:{realm}:{}", self.password));
        if self.algorithm.ends_with("-sess") {
            secret = h(&format!("{secret}:{nonce}:c0ffee"));
        }
        let what = match self.qop {
            "auth-int" => h(&format!("PUT:{}:{}", self.target, h(self.body))),
            _ => h(&format!("PUT:{}", self.target)),
        };
        let (response, extra) = match self.qop {
            "none" => (h(&format!("{secret}:{nonce}:{what}")), String::new()),
            qop => (
                h(&format!("{secret}:{nonce}:{count:08x}:c0ffee:{qop}:{what}")),
                format!(", qop={qop}, nc={count:08x}, cnonce=\"c0ffee\""),
            ),
        };
        self.ask(&format!(
            "Authorization: Digest username=\"user\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{}\", \
             response=\"{response}\", opaque=\"{opaque}\", algorithm={}{extra}\r\n",
            self.target, self.algorithm
        ))
    }
}

#[test]
fn every_algorithm_and_qop_lets_the_right_password_in_and_no_other() {
    for algorithm in ["MD5", "SHA-256", "SHA-512", "MD5-sess", "SHA-256-sess", "SHA-512-sess"] {
        for qop in ["auth", "auth-int", "none"] {
            if qop == "none" && algorithm.ends_with("-sess") {
                continue;
            }
            let target = format!("/digest-auth/{qop}/user/secret/{algorithm}");
            let login = Login { target: &target, qop, algorithm, password: "secret", body: "x=1" };
            let challenge = login.challenge();
            assert!(challenge.contains(&format!("algorithm={algorithm}, stale=FALSE")), "{challenge}");
            assert_eq!(login.answer(&challenge, 1).status, 200, "{target}");
            assert_eq!(Login { password: "guess", ..login }.answer(&challenge, 2).status, 401, "{target}");
        }
    }
}

#[test]
fn a_count_that_came_before_and_a_nonce_of_nobody_are_stale() {
    let login =
        Login { target: "/digest-auth/auth/user/secret", qop: "auth", algorithm: "MD5", password: "secret", body: "" };
    let challenge = login.challenge();
    assert_eq!(login.answer(&challenge, 1).status, 200);
    assert_eq!(login.answer(&challenge, 2).status, 200);
    let replayed = login.answer(&challenge, 2);
    assert_eq!(replayed.status, 401);
    assert!(replayed.header("www-authenticate").is_some_and(|value| value.contains("stale=TRUE")));
    let foreign = challenge.replace(&parameter(&challenge, "nonce"), "0123456789abcdef");
    assert!(login.answer(&foreign, 1).header("www-authenticate").is_some_and(|value| value.contains("stale=TRUE")));
}

#[test]
fn a_nonce_grows_stale_after_the_asked_number_of_uses() {
    let login = Login {
        target: "/digest-auth/auth/user/secret/MD5/1",
        qop: "auth",
        algorithm: "MD5",
        password: "secret",
        body: "",
    };
    let challenge = login.challenge();
    assert_eq!(login.answer(&challenge, 1).status, 200);
    assert_eq!(login.answer(&challenge, 2).status, 401);
}
