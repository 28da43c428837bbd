//! Faults that the way to the wire once had, each with what brought it to light: what TLS holds beside a response, time
//! limits of what always flows, pipes and connections that nobody lets go.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{mpsc, Arc};
use std::thread;
use std::time::Duration;

use flate2::{Compress, Compression, FlushCompress};
use httpx::error::{Code, Error};
use httpx::httpx::{BodyStream, Client, ClientBuilder, Request, Response, SendOptions, Timeout, Unit};
use httpx::runtime::pipe;
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::support::{answering, ends, read_head, read_to_end, request, send, server, OK};

type Tls = StreamOwned<ServerConnection, TcpStream>;

/// Serves each connection with `serve`, over TLS.
fn tls_server(serve: impl Fn(Tls, usize) + Send + Sync + 'static) -> SocketAddr {
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".into()]).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let config = Arc::new(config);
    server(move |stream, number| {
        let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
        serve(StreamOwned::new(connection, stream), number)
    })
}

/// Puts all that the server's TLS has to send into one segment.
fn send_at_once(stream: &mut Tls) {
    let mut records = Vec::new();
    while stream.conn.wants_write() {
        stream.conn.write_tls(&mut records).unwrap();
    }
    stream.sock.write_all(&records).unwrap();
}

/// A client that takes the server's certificate as it is.
fn trusting() -> Arc<Client> {
    let mut builder = ClientBuilder::default();
    builder.tls.verify = false;
    builder.build().unwrap()
}

fn secure_request(client: &Client, method: &str, address: SocketAddr) -> Request {
    client.build_request(method, &format!("https://{address}/")).unwrap()
}

fn stream(client: &Arc<Client>, request: Request) -> Response {
    let how = SendOptions { stream: true, ..SendOptions::default() };
    let sending = client.send(Arc::new(request), how).unwrap();
    client.block_on(|call| sending.run(call)).unwrap()
}

/// Reads a stream to its end.
fn drain(client: &Client, stream: &mut BodyStream) -> Result<(), Error> {
    while client
        .block_on(|call| {
            let stream = &mut *stream;
            async move { stream.next(&call).await }
        })?
        .is_some()
    {}
    Ok(())
}

/// The end of a request that is sent on a thread of its own.
fn end_of_sending(client: &Arc<Client>, request: Request) -> Code {
    let client = Arc::clone(client);
    ends(move || send(&client, request).err().expect("an end with an error").code())
}

/// A file of which no network sends all in a test's time; it takes no room.
struct EndlessFile {
    path: PathBuf,
}

impl EndlessFile {
    fn new(name: &str) -> EndlessFile {
        let path = std::env::temp_dir().join(format!("libhttpx-{}-{name}", std::process::id()));
        File::create(&path).unwrap().set_len(1 << 40).unwrap();
        EndlessFile { path }
    }
}

impl Drop for EndlessFile {
    fn drop(&mut self) {
        std::fs::remove_file(&self.path).unwrap();
    }
}

/// Takes whatever comes, and answers nothing.
fn swallowing() -> SocketAddr {
    server(|mut stream, _| read_to_end(&mut stream))
}

#[test]
fn a_second_tls_record_is_not_taken_for_the_next_response() {
    let address = tls_server(|mut stream, number| {
        read_head(&mut stream).unwrap();
        if number == 0 {
            // Fills the client's first block to the last byte; in the same segment a record that nobody asked for.
            let mut first = b"HTTP/1.1 200 OK\r\nContent-Length: 8151\r\n\r\n".to_vec();
            first.resize(first.len() + 8151, b'1');
            assert_eq!(first.len(), 8192);
            stream.conn.writer().write_all(&first).unwrap();
            stream.conn.writer().write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nEVIL").unwrap();
            send_at_once(&mut stream);
        } else {
            stream.write_all(OK.as_bytes()).unwrap();
        }
        while read_head(&mut stream).is_some() {}
    });
    let client = trusting();
    let first = send(&client, secure_request(&client, "GET", address)).unwrap();
    assert_eq!(first.content().unwrap().len(), 8151);
    let second = send(&client, secure_request(&client, "GET", address)).unwrap();
    assert_eq!(&second.content().unwrap()[..], b"ok");
}

#[test]
fn no_request_is_sent_to_a_tls_peer_that_said_goodbye() {
    let address = tls_server(|mut stream, _| {
        while read_head(&mut stream).is_some() {
            stream.conn.writer().write_all(OK.as_bytes()).unwrap();
            stream.conn.send_close_notify();
            send_at_once(&mut stream);
        }
    });
    let client = trusting();
    for _ in 0..3 {
        // Not one that could be sent again.
        let response = send(&client, secure_request(&client, "POST", address)).unwrap();
        assert_eq!(&response.content().unwrap()[..], b"ok");
    }
}

#[test]
fn a_body_without_length_is_not_complete_when_tls_is_torn() {
    for goodbye in [true, false] {
        let address = tls_server(move |mut stream, _| {
            read_head(&mut stream).unwrap();
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\nhalf of the bo").unwrap();
            if goodbye {
                stream.conn.send_close_notify();
                send_at_once(&mut stream);
            }
            // Without it, a FIN that anybody on the way could have sent (RFC 9112 §9.8).
            stream.sock.shutdown(std::net::Shutdown::Write).unwrap();
            read_to_end(&mut stream.sock);
        });
        let client = trusting();
        let read = send(&client, secure_request(&client, "GET", address));
        match goodbye {
            true => assert_eq!(read.unwrap().content().unwrap().len(), 14),
            false => assert_eq!(read.err().unwrap().code(), Code::INCOMPLETE_BODY),
        }
    }
}

#[test]
fn the_read_timeout_counts_once_a_tls_upload_is_out() {
    let address = tls_server(|mut stream, _| {
        socket2::SockRef::from(&stream.sock).set_recv_buffer_size(1 << 16).unwrap();
        let head = read_head(&mut stream).unwrap();
        let length: usize =
            head.lines().find_map(|line| line.strip_prefix("Content-Length: ")).unwrap().parse().unwrap();
        // In such small bites that the client is always ahead, and has to wait for room to the very end.
        let mut left = length;
        while left > 0 {
            left -= stream.read(&mut [0; 4]).unwrap();
        }
        // No answer.
        read_to_end(&mut stream);
    });
    let client = trusting();
    let mut upload = secure_request(&client, "POST", address);
    let never = Timeout::Set(None);
    let [read, write] = [200, 3_600_000].map(|millis| Timeout::Set(Some(Duration::from_millis(millis))));
    upload.set_timeouts([never, read, write, never]);
    // More than the buffers on the way hold.
    upload.set_bytes(vec![0; 8 << 20].into());
    assert_eq!(end_of_sending(&client, upload), Code::READ_TIMEOUT);
}

#[test]
fn the_deadline_ends_an_upload_that_always_flows() {
    let file = EndlessFile::new("deadline");
    let client = ClientBuilder::default().build().unwrap();
    let mut upload = request(&client, "POST", swallowing());
    upload.set_file(&file.path).unwrap();
    upload.set_total(Some(Duration::from_millis(200)));
    assert_eq!(end_of_sending(&client, upload), Code::DEADLINE_EXCEEDED);
}

#[test]
fn an_upload_that_always_flows_is_interrupted() {
    let file = EndlessFile::new("interrupt");
    let client = ClientBuilder { interrupt: Some(Arc::new(|| true)), ..ClientBuilder::default() }.build().unwrap();
    let mut upload = request(&client, "POST", swallowing());
    upload.set_file(&file.path).unwrap();
    assert_eq!(end_of_sending(&client, upload), Code::INTERRUPTED);
}

/// A server that answers with `head` and then with `block`, again and again.
fn flowing(head: &'static str, block: Vec<u8>) -> SocketAddr {
    server(move |mut stream, _| {
        read_head(&mut stream).unwrap();
        stream.write_all(head.as_bytes()).unwrap();
        while stream.write_all(&block).is_ok() {}
    })
}

/// What ends a stream that would not end by itself.
fn end_of_stream(client: &Arc<Client>, request: Request, unit: Unit) -> Code {
    let client = Arc::clone(client);
    ends(move || {
        let mut body = stream(&client, request).stream(unit, 0).unwrap();
        drain(&client, &mut body).unwrap_err().code()
    })
}

#[test]
fn the_deadline_and_the_interrupt_end_a_download_that_always_flows() {
    let address = flowing("HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n", vec![0; 1 << 20]);
    let client = ClientBuilder::default().build().unwrap();
    let mut download = request(&client, "GET", address);
    download.set_total(Some(Duration::from_millis(200)));
    assert_eq!(end_of_stream(&client, download, Unit::Raw), Code::DEADLINE_EXCEEDED);

    let client = ClientBuilder { interrupt: Some(Arc::new(|| true)), ..ClientBuilder::default() }.build().unwrap();
    let download = request(&client, "GET", address);
    // Read in one call, which has to be interrupted while pieces come and come.
    let code = ends(move || {
        let mut body = stream(&client, download).stream(Unit::Raw, usize::MAX).unwrap();
        drain(&client, &mut body).unwrap_err().code()
    });
    assert_eq!(code, Code::INTERRUPTED);
}

#[test]
fn the_deadline_ends_the_decoding_of_a_body_that_was_received() {
    // One gzip member of a million zeros at a time, each in a block that needs nothing of those before.
    let mut block = Vec::with_capacity(1 << 16);
    Compress::new(Compression::best(), false).compress_vec(&[0; 1 << 20], &mut block, FlushCompress::Full).unwrap();
    let mut bomb = b"\x1f\x8b\x08\0\0\0\0\0\0\xff".to_vec();
    bomb.extend(block.repeat(4_000));
    let address = server(move |mut stream, _| {
        read_head(&mut stream).unwrap();
        let head = format!("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n", bomb.len());
        if stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&bomb)).is_ok() {
            read_to_end(&mut stream);
        }
    });
    let client = ClientBuilder::default().build().unwrap();
    let mut download = request(&client, "GET", address);
    download.set_total(Some(Duration::from_millis(200)));
    assert_eq!(end_of_stream(&client, download, Unit::Bytes), Code::DEADLINE_EXCEEDED);
}

#[test]
fn closing_a_client_ends_a_handshake_that_goes_on() {
    let client = trusting();
    let mut handshake = secure_request(&client, "GET", swallowing());
    handshake.set_timeouts([Timeout::Set(None); 4]);
    let sender = Arc::clone(&client);
    let sending = thread::spawn(move || end_of_sending(&sender, handshake));
    while client.counts().active == 0 {
        thread::yield_now();
    }
    client.close(Some(Duration::ZERO)).unwrap();
    assert_eq!(sending.join().unwrap(), Code::CLIENT_CLOSED);
    assert_eq!(client.counts().active, 0);
}

#[test]
fn a_pipe_is_let_go_when_its_request_fails_before_the_body() {
    // A port that is taken, and where nobody listens.
    let taken = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    taken.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    let address = taken.local_addr().unwrap().as_socket().unwrap();
    let client = ClientBuilder::default().build().unwrap();
    let mut upload = request(&client, "POST", address);
    let (writer, reader) = pipe(4);
    upload.set_pipe(reader, None);
    assert_eq!(writer.write(b"four").unwrap(), 4);
    // The error has the request, and that its body's pipe.
    let error = send(&client, upload).err().unwrap();
    assert_eq!(error.code(), Code::CONNECTION_REFUSED);
    assert_eq!(writer.write(b"x").unwrap_err().code(), Code::STREAM_CLOSED);
    drop(error);
}

#[test]
fn a_pipe_with_a_length_is_complete_when_all_of_it_was_sent() {
    let address = server(|mut stream, _| {
        while read_head(&mut stream).is_some() {
            stream.read_exact(&mut [0; 4]).unwrap();
            stream.write_all(OK.as_bytes()).unwrap();
        }
    });
    let client = ClientBuilder::default().build().unwrap();
    let mut upload = request(&client, "POST", address);
    let (writer, reader) = pipe(1024);
    upload.set_pipe(reader, Some(4));
    assert_eq!(writer.write(b"four").unwrap(), 4);
    assert_eq!(send(&client, upload).unwrap().head().status(), 200);
    // The writer comes late, and is told that all is well; the connection was kept meanwhile.
    writer.finish().unwrap();
    assert_eq!(client.counts().idle, 1);
}

#[test]
fn an_empty_body_says_its_length_where_a_body_is_expected() {
    let (tell, heads) = mpsc::channel();
    let address = server(move |mut stream, _| {
        while let Some(head) = read_head(&mut stream) {
            tell.send(head).unwrap();
            stream.write_all(OK.as_bytes()).unwrap();
        }
    });
    let client = ClientBuilder::default().build().unwrap();
    for (method, says) in [("GET", false), ("POST", true)] {
        let mut request = request(&client, method, address);
        request.set_bytes(bytes::Bytes::new());
        send(&client, request).unwrap();
        let head = heads.recv().unwrap();
        assert_eq!(head.contains("Content-Length: 0\r\n"), says, "{head}");
        assert!(!head.contains("Transfer-Encoding"), "{head}");
    }
}

#[test]
fn a_response_that_was_streamed_knows_how_much_and_how_long_it_was() {
    let address = answering(OK);
    let client = ClientBuilder::default().build().unwrap();
    let mut response = stream(&client, request(&client, "GET", address));
    let mut body = response.stream(Unit::Raw, 0).unwrap();
    drain(&client, &mut body).unwrap();
    body.close();
    response.close();
    assert!(response.elapsed().is_ok());
    assert_eq!((body.bytes_downloaded(), response.bytes_downloaded()), (2, 2));
}

#[test]
fn those_who_wait_for_two_origins_never_get_each_others_connection() {
    let (a, b) = (
        answering("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na"),
        answering("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nb"),
    );
    let mut builder = ClientBuilder::default();
    builder.limits.max_connections = Some(1);
    let client = builder.build().unwrap();
    let answered = Arc::new(AtomicUsize::new(0));
    let threads: Vec<_> = (0..8u64)
        .map(|number| {
            let (client, answered) = (Arc::clone(&client), Arc::clone(&answered));
            thread::spawn(move || {
                let (address, name) = if number % 2 == 0 { (a, b"a") } else { (b, b"b") };
                // Half of them give up while a place is on its way to them.
                let hasty = Duration::from_micros(30 + 20 * number);
                let pool = Timeout::Set(if number < 4 { Some(hasty) } else { None });
                for _ in 0..300 {
                    let mut asked = request(&client, "GET", address);
                    asked.set_timeouts([Timeout::Set(None), Timeout::Set(None), Timeout::Set(None), pool]);
                    match send(&client, asked) {
                        Ok(response) => assert_eq!(&response.content().unwrap()[..], name),
                        Err(error) => assert_eq!(error.code(), Code::POOL_TIMEOUT, "{error}"),
                    }
                    answered.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    assert_eq!(answered.load(Ordering::Relaxed), 8 * 300);
    let counts = client.counts();
    assert_eq!((counts.active, counts.waiting), (0, 0));
}
