//! What several tests need: small servers, of which what they see of a connection is what the tests assert, and short
//! ways to run a request, an operation or a child.

pub mod test_server;

use std::future::Future;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{mpsc, Arc};
use std::thread;
use std::time::Duration;

use httpx::error::{Code, Error};
use httpx::httpx::{Client, Request, Response, SendOptions};
use httpx::runtime::{Call, Operation, Queue, Socket, TcpSettings};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

pub const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// How long to wait for what comes soon, or never.
pub const PATIENCE: Duration = Duration::from_secs(60);

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

/// Serves each connection with `serve`, which gets its number, from 0.
pub fn server(serve: impl Fn(TcpStream, usize) + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let serve = Arc::new(serve);
    thread::spawn(move || {
        for (number, stream) in listener.incoming().enumerate() {
            let serve = Arc::clone(&serve);
            thread::spawn(move || serve(stream.unwrap(), number));
        }
    });
    address
}

/// An address where connections are refused as long as its socket is kept: it belongs to nobody else.
pub fn refusing() -> (socket2::Socket, SocketAddr) {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    (socket, address)
}

/// Reads up to the end of a request's head; None at the connection's end.
pub fn read_head(stream: &mut impl Read) -> Option<String> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte).ok()? == 0 {
            return None;
        }
        head.push(byte[0]);
    }
    String::from_utf8(head).ok()
}

/// Reads until the peer ends the connection.
pub fn read_to_end(stream: &mut impl Read) {
    let mut buffer = vec![0; 1 << 16];
    while !matches!(stream.read(&mut buffer), Ok(0) | Err(_)) {}
}

/// Answers every request on a connection with `answer`.
pub fn answering(answer: &'static str) -> SocketAddr {
    server(move |mut stream, _| {
        while read_head(&mut stream).is_some() {
            stream.write_all(answer.as_bytes()).unwrap();
        }
    })
}

pub fn request(client: &Client, method: &str, address: SocketAddr) -> Request {
    client.build_request(method, &format!("http://{address}/")).unwrap()
}

pub fn send(client: &Arc<Client>, request: Request) -> Result<Response, Error> {
    let sending = client.send(Arc::new(request), SendOptions::default())?;
    client.block_on(|call| sending.run(call))
}

/// Runs `work` on a thread of its own, and fails if it does not end.
pub fn ends<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let (tell, ended) = mpsc::channel();
    let thread = thread::spawn(move || tell.send(work()).unwrap());
    match ended.recv_timeout(PATIENCE) {
        Ok(value) => value,
        Err(mpsc::RecvTimeoutError::Timeout) => panic!("it does not end"),
        Err(mpsc::RecvTimeoutError::Disconnected) => {
            std::panic::resume_unwind(thread.join().expect_err("it ended without a value"))
        }
    }
}

pub type Done = Box<dyn FnOnce(Result<Vec<u8>, Error>) + Send>;
pub type TestQueue = Queue<Vec<u8>, Done>;

pub fn io_error(e: io::Error) -> Error {
    Error::from_io(Code::READ_ERROR, &e, "test")
}

pub async fn connect(call: &Call, server: SocketAddr) -> Result<Socket, Error> {
    let lane = call.lane(None).await;
    Socket::connect_tcp(lane, server, &TcpSettings::default()).await.map_err(io_error)
}

pub async fn echo(socket: &mut Socket, text: &[u8]) -> Result<Vec<u8>, Error> {
    socket.write_all(text).await.map_err(io_error)?;
    let mut answer = vec![0; text.len()];
    socket.read_exact(&mut answer).await.map_err(io_error)?;
    Ok(answer)
}

pub fn submit<F>(queue: &TestQueue, done: Done, make: impl FnOnce(Call) -> F) -> Option<Arc<Operation<Vec<u8>, Done>>>
where
    F: Future<Output = Result<Vec<u8>, Error>> + Send + 'static,
{
    let mut operation = None;
    let taken = queue.submit(done, |announced| operation = Some(Arc::clone(announced)), make);
    taken.is_ok().then_some(operation).flatten()
}

pub fn dispatch_all(queue: &TestQueue, until: impl Fn() -> bool) {
    while !until() {
        queue.dispatch(Some(Duration::from_secs(10)), usize::MAX, tell).unwrap();
    }
}

pub fn tell(operation: Arc<Operation<Vec<u8>, Done>>) {
    let result = operation.take().expect("an operation that was told has ended");
    if let Some(done) = operation.take_context() {
        done(result);
    }
}

/// Runs `child` in a forked child and returns its exit status: 0 if it ran to its end.
#[allow(unsafe_code)]
pub fn in_child(child: impl FnOnce()) -> i32 {
    // SAFETY: the child only runs `child` and leaves with _exit.
    unsafe {
        match libc::fork() {
            0 => {
                let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(child));
                libc::_exit(i32::from(ended.is_err()))
            }
            pid => {
                let mut status = 0;
                assert_eq!(libc::waitpid(pid, &mut status, 0), pid);
                status
            }
        }
    }
}

/// Handles as C has them.
pub mod abi {
    #![allow(unsafe_code)]

    use std::ptr::null_mut;

    use httpx::ffi::client::httpx_client;
    use httpx::ffi::client_builder::{httpx_client_builder_build, httpx_client_builder_free, httpx_client_builder_new};
    use httpx::ffi::request::{httpx_request, httpx_request_new};

    pub unsafe fn client() -> *mut httpx_client {
        let (mut builder, mut client) = (null_mut(), null_mut());
        unsafe {
            assert_eq!(httpx_client_builder_new(&mut builder, null_mut()), 0);
            assert_eq!(httpx_client_builder_build(builder, &mut client, null_mut()), 0);
            httpx_client_builder_free(builder);
        }
        client
    }

    pub unsafe fn request(client: *mut httpx_client, method: &str, url: &str) -> *mut httpx_request {
        let mut request = null_mut();
        let code = unsafe {
            httpx_request_new(
                client,
                method.as_ptr().cast(),
                method.len(),
                url.as_ptr().cast(),
                url.len(),
                &mut request,
                null_mut(),
            )
        };
        assert_eq!(code, 0);
        request
    }
}
