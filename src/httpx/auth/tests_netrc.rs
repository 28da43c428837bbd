//! netrc files as Python's own tests have them, broken ones, and where they are looked for.

use std::fs;
use std::path::PathBuf;

use super::netrc::Netrc;
use crate::error::Code;

/// Login and password for a host, with a colon between; `-` for none.
fn lookup(text: &str, host: &str) -> String {
    let netrc = Netrc::parse(text.as_bytes()).unwrap();
    let found = netrc.lookup(host.as_bytes());
    found.map_or("-".into(), |(login, password)| format!("{}:{}", login.escape_ascii(), password.escape_ascii()))
}

fn refusal(text: &str) -> String {
    let error = Netrc::parse(text.as_bytes()).unwrap_err();
    assert_eq!(error.code(), Code::INVALID_CONFIG);
    error.message().to_owned()
}

/// A file of one test, gone at its end.
struct TempFile(PathBuf);

impl TempFile {
    fn new(name: &str, text: &str) -> TempFile {
        let path = std::env::temp_dir().join(format!("libhttpx-{}-{name}", std::process::id()));
        fs::write(&path, text).unwrap();
        TempFile(path)
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

#[test]
fn machines_are_found_by_name_and_all_others_get_the_default() {
    let text = "machine one.example login me password secret\n\
                machine two.example\n  login you\n  account none\n  password other\n\
                default login anonymous password me@example.org";
    assert_eq!(lookup(text, "one.example"), "me:secret");
    assert_eq!(lookup(text, "two.example"), "you:other");
    assert_eq!(lookup(text, "ONE.example"), "anonymous:me@example.org");
    assert_eq!(lookup(text, "three.example"), "anonymous:me@example.org");
    assert_eq!(lookup("machine a login b password c", "d"), "-");
    assert_eq!(lookup("", "a"), "-");
}

#[test]
fn an_entry_without_password_is_none_also_beside_a_default() {
    let text = "machine a login b\nmachine c login d password \"\"\ndefault login e password f";
    assert_eq!(lookup(text, "a"), "-");
    assert_eq!(lookup(text, "c"), "-");
    assert_eq!(lookup(text, "x"), "e:f");
}

#[test]
fn the_login_may_be_missing_or_be_called_user() {
    assert_eq!(lookup("machine a password b", "a"), ":b");
    assert_eq!(lookup("machine a user b password c", "a"), "b:c");
}

#[test]
fn the_last_entry_of_a_machine_counts() {
    assert_eq!(lookup("machine a login b password c machine a login d password e", "a"), "d:e");
}

#[test]
fn quotes_and_backslashes_make_any_value() {
    assert_eq!(lookup(r#"machine a login "b c" password "d\"e\\f#""#, "a"), r#"b c:d\"e\\f#"#);
    assert_eq!(lookup(r"machine a login b\ c password \#d\", "a"), "b c:#d");
    assert_eq!(lookup("machine a login \"b\nc\" password d\"e\"", "a"), "b\\nc:d\\\"e\\\"");
    assert_eq!(lookup("machine a login p\u{e4} password \"b", "a"), r"p\xc3\xa4:b");
}

#[test]
fn a_value_is_whatever_follows_its_keyword() {
    assert_eq!(lookup("machine a login machine password #b", "a"), "machine:#b");
    assert_eq!(lookup("machine a login #b password default", "a"), "#b:default");
    assert_eq!(lookup("machine a login", "a"), "-");
}

/// As in Python.
#[test]
fn an_empty_word_in_place_of_a_keyword_ends_the_file() {
    let text = "machine a login b password c \"\" machine d login e password f";
    assert_eq!(lookup(text, "a"), "b:c");
    assert_eq!(lookup(text, "d"), "-");
}

#[test]
fn comments_go_to_the_end_of_their_line() {
    let text = "# a file, of mine\n#\n\n\n# with empty lines machine x login y password z\n\
                machine a # login no\n#login no\n  login b #password no\n password c\n#end\n\
                #machine d login e password f";
    assert_eq!(lookup(text, "a"), "b:c");
    assert_eq!(lookup(text, "x"), "-");
    assert_eq!(lookup(text, "d"), "-");
}

#[test]
fn macros_are_skipped_up_to_an_empty_line() {
    let text = "macdef init\nmachine a login no password no\n\nmachine a login b password c\n\
                macdef two cd /pub\n  bye\n\ndefault login d password e\n";
    assert_eq!(lookup(text, "a"), "b:c");
    assert_eq!(lookup(text, "x"), "d:e");
    assert_eq!(lookup("macdef m\n\nmachine a login b password c", "a"), "b:c");
}

#[test]
fn lines_may_end_as_on_windows() {
    let text = "# mine\r\nmacdef m\r\nx\r\n\r\nmachine a\r\nlogin b\r\npassword c\r\n";
    assert_eq!(lookup(text, "a"), "b:c");
    assert_eq!(lookup("machine a\rlogin b\rpassword c\r", "a"), "b:c");
    assert_eq!(refusal("#\r\n\r\nmachin"), "bad toplevel token (line 3)");
}

#[test]
fn errors_name_the_line_and_keep_what_it_says() {
    assert_eq!(refusal("machin a"), "bad toplevel token (line 1)");
    assert_eq!(refusal("\n# c\nmachine a login b password my secret\n"), "bad follower token (line 3)");
    assert_eq!(refusal("machine a\nlogin b\nsecret\n"), "bad follower token (line 3)");
    assert_eq!(refusal("\n\nmachine"), "missing 'machine' name (line 3)");
    assert_eq!(refusal("\nmachine \"\" login b"), "missing 'machine' name (line 2)");
    assert_eq!(refusal("#\nmacdef m\nx\ny\n"), "macro without an empty line at its end (line 2)");
    assert_eq!(refusal("macdef"), "macro without an empty line at its end (line 1)");
}

#[test]
fn a_file_is_named_in_its_errors() {
    let file = TempFile::new("bad-netrc", "machine a\nlogin b\npasword c\n");
    let error = Netrc::load(Some(&file.0)).unwrap_err();
    assert_eq!(error.message(), format!("bad follower token ({}, line 3)", file.0.display()));
}

#[test]
fn a_file_is_read_from_where_the_user_says() {
    let file = TempFile::new("good-netrc", "machine a login b password c");
    let netrc = Netrc::load(Some(&file.0)).unwrap();
    assert_eq!(netrc.lookup(b"a"), Some((&b"b"[..], &b"c"[..])));
    assert_eq!(format!("{netrc:?}"), "Netrc { entries: 1, .. }");
}

#[test]
fn a_missing_file_is_file_not_found() {
    let path = std::env::temp_dir().join("libhttpx-no-such-netrc");
    let error = Netrc::load(Some(&path)).unwrap_err();
    assert_eq!(error.code(), Code::FILE_NOT_FOUND);
    assert!(error.message().ends_with(&format!(": {}", path.display())), "{}", error.message());
    assert_eq!(Netrc::load(Some(&std::env::temp_dir())).unwrap_err().code(), Code::IO_ERROR);
}

#[cfg(unix)]
#[test]
fn the_default_file_must_be_private_if_it_has_secrets() {
    use std::os::unix::fs::PermissionsExt;
    let secret = TempFile::new("secret-netrc", "machine a login b password c");
    let public = TempFile::new("public-netrc", "default login anonymous password c");
    for (mode, is_private) in [(0o600, true), (0o400, true), (0o640, false), (0o604, false), (0o644, false)] {
        for file in [&secret, &public] {
            fs::set_permissions(&file.0, fs::Permissions::from_mode(mode)).unwrap();
        }
        assert_eq!(Netrc::open(&secret.0, true).is_ok(), is_private, "{mode:o}");
        assert!(Netrc::open(&public.0, true).is_ok(), "{mode:o}");
        assert!(Netrc::load(Some(&secret.0)).is_ok(), "{mode:o}");
    }
    let error = Netrc::open(&secret.0, true).unwrap_err();
    assert_eq!(error.code(), Code::INVALID_CONFIG);
    assert!(error.message().starts_with("~/.netrc access too permissive"), "{}", error.message());
}

#[test]
fn the_default_file_is_in_the_home_directory() {
    let Some(home) = std::env::var_os(if cfg!(windows) { "USERPROFILE" } else { "HOME" }) else {
        assert_eq!(Netrc::load(None).unwrap_err().code(), Code::FILE_NOT_FOUND);
        return;
    };
    let expected = Netrc::open(&PathBuf::from(home).join(".netrc"), true).map(|netrc| format!("{netrc:?}"));
    let found = Netrc::load(None).map(|netrc| format!("{netrc:?}"));
    assert_eq!(found.map_err(|error| error.to_string()), expected.map_err(|error| error.to_string()));
}
