//! The test server (`tests/server`) as a process of its own, shared by all tests that need its peers. Its README names
//! the listeners, routes and scripts.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;

pub struct TestServer {
    places: Value,
    /// Holds the standard input whose end ends the server.
    _process: Child,
}

/// Started by the first test that asks; ends with the tests' process.
pub fn test_server() -> &'static TestServer {
    static SERVER: OnceLock<TestServer> = OnceLock::new();
    SERVER.get_or_init(TestServer::start)
}

impl TestServer {
    fn start() -> TestServer {
        let mut process =
            Command::new(program()).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the server starts");
        let mut line = String::new();
        BufReader::new(process.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        TestServer { places: serde_json::from_str(&line).unwrap(), _process: process }
    }

    pub fn address(&self, listener: &str) -> SocketAddr {
        let port = self.places[listener].as_u64().and_then(|port| u16::try_from(port).ok());
        (Ipv4Addr::LOCALHOST, port.unwrap_or_else(|| panic!("no listener is named {listener}"))).into()
    }

    /// What the origin answers, without the library's help: recordings, and ports for scripts.
    pub fn ask(&self, method: &str, target: &str, body: &str) -> Value {
        let mut stream = TcpStream::connect(self.address("http")).unwrap();
        let length = body.len();
        let head =
            format!("{method} {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {length}");
        stream.write_all(format!("{head}\r\n\r\n{body}").as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (_, body) = answer.split_once("\r\n\r\n").expect("an answer has a head");
        serde_json::from_str(body).unwrap_or_else(|_| panic!("no JSON: {answer}"))
    }
}

/// Beside the tests in the target folder. There already when the whole workspace is tested; built when only the library is.
fn program() -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let folder = tests.ancestors().nth(2).expect("tests lie in target/PROFILE/deps");
    let program = folder.join(format!("httpx-test-server{}", std::env::consts::EXE_SUFFIX));
    if !program.exists() {
        let mut build = Command::new(env!("CARGO"));
        let built = build.args(["build", "--quiet", "--package", "httpx-test-server"]).status().unwrap();
        assert!(built.success() && program.exists(), "{}: it cannot be built", program.display());
    }
    program
}
