//! A peer that speaks HTTP/2 in bare frames, for what no library would do.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;

use httpx::error::Error;
use httpx::httpcore::Timeouts;
use httpx::httpx::{BodyStream, Client, ClientBuilder, Request, Response, SendOptions, Unit};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::support::{server, PATIENCE};

pub const DATA: u8 = 0;
pub const HEADERS: u8 = 1;
pub const PRIORITY: u8 = 2;
pub const RST_STREAM: u8 = 3;
pub const SETTINGS: u8 = 4;
pub const PUSH_PROMISE: u8 = 5;
pub const PING: u8 = 6;
pub const GOAWAY: u8 = 7;
pub const WINDOW_UPDATE: u8 = 8;
pub const CONTINUATION: u8 = 9;

pub const END_STREAM: u8 = 1;
pub const ACK: u8 = 1;
pub const END_HEADERS: u8 = 4;

pub const MAX_CONCURRENT_STREAMS: u16 = 3;
pub const INITIAL_WINDOW_SIZE: u16 = 4;

/// What a peer reads from and writes to.
pub trait Wire: Read + Write + Send {
    /// Says that nothing more comes.
    fn hang_up(&mut self);
}

impl Wire for TcpStream {
    fn hang_up(&mut self) {
        let _ = self.shutdown(Shutdown::Write);
    }
}

impl Wire for Tls {
    /// Without a word of TLS.
    fn hang_up(&mut self) {
        let _ = self.sock.shutdown(Shutdown::Write);
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    pub kind: u8,
    pub flags: u8,
    pub stream: u32,
    pub payload: Vec<u8>,
}

impl Frame {
    pub fn ends_stream(&self) -> bool {
        matches!(self.kind, DATA | HEADERS) && self.flags & END_STREAM != 0
    }

    /// The number in a RST_STREAM or a WINDOW_UPDATE.
    pub fn number(&self) -> u32 {
        u32::from_be_bytes(self.payload[..4].try_into().unwrap())
    }
}

pub struct Peer {
    pub wire: Box<dyn Wire>,
    /// What came while something else was wanted.
    skipped: VecDeque<Frame>,
}

impl Peer {
    /// Reads the client's preface.
    pub fn new(wire: impl Wire + 'static) -> Peer {
        let mut wire: Box<dyn Wire> = Box::new(wire);
        let mut preface = [0; 24];
        wire.read_exact(&mut preface).unwrap();
        assert_eq!(&preface, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
        Peer { wire, skipped: VecDeque::new() }
    }

    /// The same, and sends settings that leave everything at its default.
    pub fn greeted(wire: impl Wire + 'static) -> Peer {
        let mut peer = Peer::new(wire);
        peer.settings(&[]);
        peer
    }

    pub fn send(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
        // Who sends to a client that has gone will read that it has.
        let _ = self.wire.write_all(&frame(kind, flags, stream, payload));
        let _ = self.wire.flush();
    }

    pub fn settings(&mut self, settings: &[(u16, u32)]) {
        let of = |(id, value): &(u16, u32)| [&id.to_be_bytes()[..], &value.to_be_bytes()].concat();
        let payload: Vec<u8> = settings.iter().flat_map(of).collect();
        self.send(SETTINGS, 0, 0, &payload);
    }

    pub fn window(&mut self, stream: u32, increment: u32) {
        self.send(WINDOW_UPDATE, 0, stream, &increment.to_be_bytes());
    }

    pub fn reset(&mut self, stream: u32, code: u32) {
        self.send(RST_STREAM, 0, stream, &code.to_be_bytes());
    }

    pub fn goaway(&mut self, last_stream: u32, code: u32) {
        self.send(GOAWAY, 0, 0, &[last_stream.to_be_bytes(), code.to_be_bytes()].concat());
    }

    pub fn headers(&mut self, stream: u32, fields: &[(&str, &str)], flags: u8) {
        self.send(HEADERS, END_HEADERS | flags, stream, &block(fields));
    }

    pub fn data(&mut self, stream: u32, data: &[u8], flags: u8) {
        self.send(DATA, flags, stream, data);
    }

    /// A whole response.
    pub fn answer(&mut self, stream: u32, body: &[u8]) {
        self.headers(stream, &[(":status", "200")], 0);
        self.data(stream, body, END_STREAM);
    }

    /// The next frame; None at the end.
    pub fn receive(&mut self) -> Option<Frame> {
        let mut head = [0; 9];
        self.wire.read_exact(&mut head).ok()?;
        let [a, b, c, kind, flags, s, t, u, v] = head;
        let mut payload = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
        self.wire.read_exact(&mut payload).ok()?;
        Some(Frame { kind, flags, stream: u32::from_be_bytes([s, t, u, v]), payload })
    }

    /// The next frame of a kind, the others waiting until they are wanted; settings are acknowledged. None at the end.
    pub fn next(&mut self, kind: u8) -> Option<Frame> {
        if let Some(index) = self.skipped.iter().position(|frame| frame.kind == kind) {
            return self.skipped.remove(index);
        }
        loop {
            let frame = self.receive()?;
            if frame.kind == SETTINGS && frame.flags & ACK == 0 {
                self.send(SETTINGS, ACK, 0, b"");
            }
            if frame.kind == kind {
                return Some(frame);
            }
            self.skipped.push_back(frame);
        }
    }

    /// The stream of the next request, whose head is here.
    pub fn request(&mut self) -> u32 {
        self.next(HEADERS).expect("a request").stream
    }

    /// Waits until the client has seen all that was sent so far, and asserts that no request and no body has come
    /// meanwhile. What has, and was not wanted yet, is returned.
    pub fn settle(&mut self) -> Vec<Frame> {
        self.send(PING, 0, 0, b"settle!!");
        while self.next(PING).expect("an answer to a PING").payload != b"settle!!" {}
        assert!(!self.skipped.iter().any(|frame| matches!(frame.kind, DATA | HEADERS)), "{:?}", self.skipped);
        self.skipped.drain(..).collect()
    }

    /// Ends the connection, and waits for the client to do so, too.
    pub fn hang_up(&mut self) {
        self.wire.hang_up();
        self.end();
    }

    /// Reads until the client has closed the connection. The code of its GOAWAY, if it sent one.
    pub fn end(&mut self) -> Option<u32> {
        let mut code = None;
        while let Some(frame) = self.receive() {
            if frame.kind == GOAWAY {
                code = Some(u32::from_be_bytes(frame.payload[4..8].try_into().unwrap()));
            }
        }
        code
    }
}

pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() as u32).to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// Literal fields that are not indexed (RFC 7541 §6.2.2).
pub fn block(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in fields {
        block.push(0);
        for text in [name, value] {
            put_length(&mut block, text.len());
            block.extend_from_slice(text.as_bytes());
        }
    }
    block
}

/// RFC 7541 §5.1, with a prefix of seven bits.
fn put_length(block: &mut Vec<u8>, length: usize) {
    if length < 127 {
        return block.push(length as u8);
    }
    block.push(127);
    let mut rest = length - 127;
    while rest >= 128 {
        block.push((rest % 128) as u8 | 128);
        rest /= 128;
    }
    block.push(rest as u8);
}

/// A server that serves each connection with `serve`, which gets its number, from 0.
pub fn peer(serve: impl Fn(Peer, usize) + Send + Sync + 'static) -> SocketAddr {
    rude_peer(move |mut peer, number| {
        peer.settings(&[]);
        serve(peer, number);
    })
}

/// The same, for peers that do not even greet as others do.
pub fn rude_peer(serve: impl Fn(Peer, usize) + Send + Sync + 'static) -> SocketAddr {
    server(move |stream, number| {
        stream.set_nodelay(true).unwrap();
        serve(Peer::new(stream), number);
    })
}

pub type Tls = StreamOwned<ServerConnection, TcpStream>;

/// Serves each connection with `serve`, over TLS, for which the server offers `protocols`.
pub fn tls_server(protocols: &[&str], serve: impl Fn(Tls, usize) + Send + Sync + 'static) -> SocketAddr {
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".into()]).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let chain = vec![made.cert.der().clone()];
    let mut config = builder.with_no_client_auth().with_single_cert(chain, key).unwrap();
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    let config = Arc::new(config);
    server(move |stream, number| {
        let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
        serve(StreamOwned::new(connection, stream), number)
    })
}

/// A client that speaks HTTP/2 to whomever.
pub fn prior_knowledge() -> ClientBuilder {
    ClientBuilder { http1: false, http2: true, timeouts: patient(), ..ClientBuilder::default() }
}

fn patient() -> Timeouts {
    let long = Some(PATIENCE / 2);
    Timeouts { connect: long, read: long, write: long, pool: long }
}

/// A client that speaks HTTP/2 to those who choose it, and takes any certificate.
pub fn by_alpn() -> ClientBuilder {
    let mut builder = ClientBuilder { http2: true, timeouts: patient(), ..ClientBuilder::default() };
    builder.tls.verify = false;
    builder
}

/// Sends a request whose response's body is left unread.
pub fn begin(client: &Arc<Client>, request: Request) -> Result<Response, Error> {
    let how = SendOptions { stream: true, ..SendOptions::default() };
    let sending = client.send(Arc::new(request), how)?;
    client.block_on(|call| sending.run(call))
}

/// The body of a response that was left unread, as it came.
pub fn raw(response: &mut Response) -> BodyStream {
    response.stream(Unit::Raw, 0).unwrap()
}

/// The next piece of a body.
pub fn piece(client: &Client, body: &mut BodyStream) -> Result<Option<Vec<u8>>, Error> {
    let next = client.block_on(|call| {
        let body = &mut *body;
        async move { body.next(&call).await }
    });
    next.map(|piece| piece.map(|piece| piece.to_vec()))
}

/// All that is left of a body.
pub fn rest(client: &Client, body: &mut BodyStream) -> Result<Vec<u8>, Error> {
    let mut all = Vec::new();
    while let Some(piece) = piece(client, body)? {
        all.extend_from_slice(&piece);
    }
    Ok(all)
}
