//! Starts the binary, and a small HTTP/1.1 client that hides nothing.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use serde_json::Value;

/// No answer within this time is a failure and not a hang.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A running test server with a temporary folder; ends with its value.
pub struct Server {
    pub child: Child,
    pub places: Value,
}

impl Server {
    pub fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_httpx-test-server"))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let mut line = String::new();
        let stdout = child.stdout.as_mut().expect("stdout is a pipe");
        BufReader::new(stdout).read_line(&mut line).expect("the server prints a line");
        let places = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{line:?} is not JSON: {error}"));
        Self { child, places }
    }

    pub fn port(&self, listener: &str) -> u16 {
        let port = self.places[listener].as_u64().and_then(|port| u16::try_from(port).ok());
        port.unwrap_or_else(|| panic!("no port of {listener} in {}", self.places))
    }

    pub fn connect(&self, listener: &str) -> Client<TcpStream> {
        Client::new(socket(self.port(listener)))
    }

    /// One request on a connection of its own, to the origin.
    pub fn ask(&self, request: &str) -> Answer {
        let mut client = self.connect("http");
        client.send(request);
        client.answer()
    }

    pub fn get(&self, target: &str) -> Answer {
        self.ask(&format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        self.child.wait().expect("the server ends when its stdin does");
    }
}

/// The server that tests share which need no options; it ends when the tests' process does.
pub fn shared() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| Server::start(&[]))
}

pub fn socket(port: u16) -> TcpStream {
    let socket = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("the server listens");
    socket.set_read_timeout(Some(PATIENCE)).expect("a timeout can be set");
    socket.set_nodelay(true).expect("TCP_NODELAY can be set");
    socket
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// What followed the last chunk.
    pub trailers: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("the body is UTF-8")
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {:?}", self.text()))
    }
}

pub struct Client<S> {
    stream: BufReader<S>,
}

impl<S: Read + Write> Client<S> {
    pub fn new(stream: S) -> Self {
        Self { stream: BufReader::new(stream) }
    }

    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.get_mut().write_all(bytes.as_ref()).expect("the server reads");
        self.stream.get_mut().flush().expect("the server reads");
    }

    pub fn stream(&self) -> &S {
        self.stream.get_ref()
    }

    /// Everything until the server closes.
    pub fn rest(&mut self) -> std::io::Result<Vec<u8>> {
        let mut rest = Vec::new();
        self.stream.read_to_end(&mut rest).map(|_| rest)
    }

    pub fn exactly(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.stream.read_exact(&mut bytes).expect("as many bytes come");
        bytes
    }

    pub fn answer(&mut self) -> Answer {
        self.answer_to("GET")
    }

    pub fn answer_to(&mut self, method: &str) -> Answer {
        let (status, headers) = self.head();
        let mut answer = Answer { status, headers, body: Vec::new(), trailers: String::new() };
        if method == "HEAD" || method == "CONNECT" || matches!(status, 204 | 304) {
            return answer;
        }
        if answer.header("transfer-encoding").is_some() {
            self.chunks(&mut answer);
        } else if let Some(length) = answer.header("content-length") {
            answer.body = self.exactly(length.parse().expect("the length is a number"));
        } else {
            answer.body = self.rest().expect("the server closes");
        }
        answer
    }

    fn head(&mut self) -> (u16, Vec<(String, String)>) {
        let status = self.line();
        let status = status.split(' ').nth(1).and_then(|code| code.parse().ok());
        let mut headers = Vec::new();
        loop {
            let line = self.line();
            match line.split_once(": ") {
                Some((name, value)) => headers.push((name.to_owned(), value.to_owned())),
                None => return (status.expect("a status line comes first"), headers),
            }
        }
    }

    fn chunks(&mut self, answer: &mut Answer) {
        loop {
            let line = self.line();
            let size = usize::from_str_radix(&line, 16).unwrap_or_else(|_| panic!("{line:?} is no chunk size"));
            if size == 0 {
                break;
            }
            let chunk = self.exactly(size);
            answer.body.extend(chunk);
            assert_eq!(self.line(), "");
        }
        loop {
            let line = self.line();
            if line.is_empty() {
                return;
            }
            answer.trailers += &(line + "\n");
        }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stream.read_line(&mut line).expect("a line comes");
        line.trim_end_matches("\r\n").to_owned()
    }
}
