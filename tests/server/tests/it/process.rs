//! Starting and ending: the line of JSON, the files, EOF on stdin.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::server::{shared, Server};

const LISTENERS: [&str; 14] = [
    "http",
    "https",
    "https_h1",
    "bytes",
    "bytes_tls",
    "bytes_accept",
    "h2_raw",
    "h2_raw_tls",
    "proxy",
    "proxy_auth",
    "proxy_tls",
    "proxy_tls_auth",
    "socks",
    "socks_auth",
];

#[test]
fn one_line_of_json_tells_every_place() {
    let server = shared();
    for listener in LISTENERS {
        assert_ne!(server.port(listener), 0);
    }
    assert_eq!(server.places["pid"], server.child.id());
    let ca = Path::new(server.places["ca"].as_str().expect("ca is a path"));
    for file in ["ca.pem", "server.pem", "server.key"] {
        let text = std::fs::read_to_string(ca.with_file_name(file)).expect("the file is there");
        assert!(text.starts_with("-----BEGIN "), "{file}");
    }
}

/// A folder that no other test uses.
struct Folder(PathBuf);

impl Folder {
    fn new(purpose: &str) -> Self {
        Self(std::env::temp_dir().join(format!("httpx-test-server-{purpose}-{}", std::process::id())))
    }

    fn name(&self) -> &str {
        self.0.to_str().expect("the folder's name is UTF-8")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).expect("the server made the folder");
    }
}

#[test]
fn an_asked_folder_is_made_and_stays_a_temporary_one_goes() {
    let asked = Folder::new("asked");
    let server = Server::start(&["--ca-dir", &format!("{}/with/parents", asked.name())]);
    let ca = PathBuf::from(server.places["ca"].as_str().expect("ca is a path"));
    drop(server);
    assert!(ca.ends_with("with/parents/ca.pem") && ca.exists());

    let server = Server::start(&[]);
    let ca = PathBuf::from(server.places["ca"].as_str().expect("ca is a path"));
    assert!(ca.exists());
    drop(server);
    assert!(!ca.parent().expect("a file is in a folder").exists());
}

#[test]
fn the_end_of_stdin_ends_the_server() {
    let mut server = Server::start(&[]);
    assert!(server.child.try_wait().expect("it can be asked").is_none());
    drop(server.child.stdin.take());
    assert!(server.child.wait().expect("it ends").success());
}

#[cfg(unix)]
#[test]
fn the_unix_socket_speaks_http_and_goes_with_the_server() {
    use crate::server::Client;
    let server = Server::start(&[]);
    let path = server.places["unix"].as_str().expect("unix is a path").to_owned();
    let mut client = Client::new(std::os::unix::net::UnixStream::connect(&path).expect("it listens"));
    client.send("GET /ip HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(client.answer().json()["origin"], "unix");
    let mut server = server;
    drop(server.child.stdin.take());
    server.child.wait().expect("it ends");
    assert!(!Path::new(&path).exists());
}

#[test]
fn with_stay_the_end_of_stdin_means_nothing() {
    let folder = Folder::new("stay");
    let mut server = Server::start(&["--stay", "--ca-dir", folder.name()]);
    drop(server.child.stdin.take());
    assert_eq!(server.get("/plain").text(), "Hello, world!");
    assert!(server.child.try_wait().expect("it can be asked").is_none());
    server.child.kill().expect("it runs");
}

#[test]
fn help_names_every_flag_and_a_wrong_flag_is_an_error() {
    let run = |flag: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_httpx-test-server"));
        command.arg(flag).stdin(Stdio::null()).output().expect("the binary starts")
    };
    let help = run("--help");
    let text = String::from_utf8(help.stdout).expect("help is text");
    assert!(help.status.success());
    for flag in ["--ca-dir", "--stay", "--script-file", "--accept-script", "--proxy-auth"] {
        assert!(text.contains(flag), "{flag}");
    }
    let wrong = run("--sty");
    assert_eq!(wrong.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("--sty"));
}
