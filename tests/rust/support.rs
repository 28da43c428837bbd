//! Small servers for the tests of the runtime: what they see of a connection is what the tests assert.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;

/// What the peer saw.
#[derive(Debug, PartialEq, Eq)]
pub enum Seen {
    Accepted,
    /// The connection ended in order.
    Fin,
    /// The connection was reset.
    Reset,
}

/// A server that sends back each byte that it receives.
pub struct EchoServer {
    pub address: SocketAddr,
    pub seen: mpsc::Receiver<Seen>,
}

impl EchoServer {
    pub fn start() -> EchoServer {
        EchoServer::with(|mut stream, seen| {
            let mut buffer = [0; 4096];
            let end = loop {
                match stream.read(&mut buffer) {
                    Ok(0) => break Seen::Fin,
                    Ok(n) => {
                        if stream.write_all(&buffer[..n]).is_err() {
                            break Seen::Reset;
                        }
                    }
                    Err(_) => break Seen::Reset,
                }
            };
            let _ = seen.send(end);
        })
    }

    /// A server that accepts, says nothing, and tells how the connection ends.
    pub fn silent() -> EchoServer {
        EchoServer::with(|mut stream, seen| {
            let mut buffer = [0; 4096];
            let end = loop {
                match stream.read(&mut buffer) {
                    Ok(0) => break Seen::Fin,
                    Ok(_) => {}
                    Err(_) => break Seen::Reset,
                }
            };
            let _ = seen.send(end);
        })
    }

    fn with(serve: impl Fn(TcpStream, &mpsc::Sender<Seen>) + Send + Clone + 'static) -> EchoServer {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (tell, seen) = mpsc::channel();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (tell, serve) = (tell.clone(), serve.clone());
                if tell.send(Seen::Accepted).is_err() {
                    return;
                }
                thread::spawn(move || serve(stream.unwrap(), &tell));
            }
        });
        EchoServer { address, seen }
    }
}

/// A server that answers every request's head with 200 and two bytes.
pub fn ok_server() -> SocketAddr {
    let server = EchoServer::with(|mut stream, _| {
        let mut head = Vec::new();
        let mut byte = [0];
        while matches!(stream.read(&mut byte), Ok(1)) {
            head.push(byte[0]);
            if head.ends_with(b"\r\n\r\n") {
                head.clear();
                if stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").is_err() {
                    return;
                }
            }
        }
    });
    let address = server.address;
    // Nobody listens to what this one sees.
    std::mem::forget(server);
    address
}
