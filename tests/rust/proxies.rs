//! Through proxies (checklist K): what they are told byte by byte, what their refusals become, and what goes on inside a
//! tunnel. The proxies are scripted, and play the origin behind them as well.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{mpsc, Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use httpx::error::{Code, Error};
use httpx::httpcore::{TlsSettings, TraceEvent, Value};
use httpx::httpx::{Client, ClientBuilder, Proxy, Request, Response, Timeout};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::support::{answering, ends, read_head, read_to_end, refusing, send, server, OK, PATIENCE};

const ESTABLISHED: &str = "HTTP/1.1 200 Connection established\r\n\r\n";

/// What a server may speak TLS on.
trait ReadAndWrite: Read + Write {}
impl<S: Read + Write> ReadAndWrite for S {}

/// TLS at a server's side of any stream.
pub type Secured<S> = StreamOwned<ServerConnection, S>;

pub fn tls_config() -> Arc<ServerConfig> {
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".into(), "localhost".into()]).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    Arc::new(config)
}

pub fn secured<S: Read + Write>(config: &Arc<ServerConfig>, stream: S) -> Secured<S> {
    StreamOwned::new(ServerConnection::new(Arc::clone(config)).unwrap(), stream)
}

fn proxy(url: &str) -> Proxy {
    Proxy::parse(url).unwrap()
}

/// A client that trusts everybody and goes through `proxy`.
fn through(proxy: Proxy) -> Arc<Client> {
    let mut builder = ClientBuilder { proxy: Some(proxy), ..ClientBuilder::default() };
    builder.tls.verify = false;
    builder.build().unwrap()
}

fn trusting() -> TlsSettings {
    let mut settings = TlsSettings::default();
    settings.verify = false;
    settings
}

fn get(client: &Arc<Client>, url: &str) -> Result<Response, Error> {
    send(client, client.build_request("GET", url).unwrap())
}

fn failure(client: &Arc<Client>, url: &str) -> Error {
    get(client, url).err().expect("an error")
}

/// Notes the steps of a request.
fn traced(request: &mut Request) -> Arc<Mutex<Vec<TraceEvent>>> {
    let events = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&events);
    request.observer.trace = Some(Arc::new(move |event: &TraceEvent| {
        noted.lock().unwrap().push(event.clone());
        Poll::Ready(Ok(()))
    }));
    events
}

/// The names of the steps that dialling has taken, without HTTP's.
fn dialled(events: &Mutex<Vec<TraceEvent>>) -> Vec<String> {
    let events = events.lock().unwrap();
    let ours = events.iter().filter(|event| !event.step.starts_with("http11."));
    ours.map(|event| format!("{}.{:?}", event.step, event.phase).to_lowercase()).collect()
}

/// Passes what each connection's first head was.
fn noting_heads(answer: &'static str) -> (SocketAddr, mpsc::Receiver<String>) {
    let (tell, told) = mpsc::channel();
    let address = server(move |mut stream, _| {
        while let Some(head) = read_head(&mut stream) {
            tell.send(head).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    (address, told)
}

/// A proxy that opens tunnels to itself and plays an origin in them.
fn tunnelling() -> (SocketAddr, mpsc::Receiver<String>) {
    let (tell, told) = mpsc::channel();
    let config = tls_config();
    let address = server(move |mut stream, _| {
        tell.send(read_head(&mut stream).unwrap()).unwrap();
        stream.write_all(ESTABLISHED.as_bytes()).unwrap();
        let mut stream = secured(&config, stream);
        while let Some(head) = read_head(&mut stream) {
            tell.send(head).unwrap();
            stream.write_all(OK.as_bytes()).unwrap();
        }
    });
    (address, told)
}

#[test]
fn a_forwarded_request_says_where_to_and_has_the_proxys_headers_behind_host() {
    let (address, told) = noting_heads(OK);
    let mut proxy = proxy(&format!("http://user:pass@{address}"));
    proxy.add_header(b"X-Proxy", b"1").unwrap();
    proxy.add_header(b"Accept", b"of the proxy").unwrap();
    let client = through(proxy);
    get(&client, "http://example.invalid/path?q=1#part").unwrap();
    let head = told.recv_timeout(PATIENCE).unwrap();
    let wanted = "GET http://example.invalid/path?q=1 HTTP/1.1\r\nHost: example.invalid\r\n\
                  Proxy-Authorization: Basic dXNlcjpwYXNz\r\nX-Proxy: 1\r\nAccept: */*\r\n";
    assert!(head.starts_with(wanted), "{head}");
    assert!(!head.contains("of the proxy"), "a request's own header wins: {head}");
}

#[test]
fn a_forwarded_request_without_a_body_says_so_behind_the_proxys_headers() {
    let (address, told) = noting_heads(OK);
    let client = through(proxy(&format!("http://user:pass@{address}")));
    send(&client, client.build_request("POST", "http://example.invalid:8080/").unwrap()).unwrap();
    let head = told.recv_timeout(PATIENCE).unwrap();
    let wanted = "POST http://example.invalid:8080/ HTTP/1.1\r\nHost: example.invalid:8080\r\n\
                  Proxy-Authorization: Basic dXNlcjpwYXNz\r\nContent-Length: 0\r\nAccept: */*\r\n";
    assert!(head.starts_with(wanted), "{head}");
}

#[test]
fn the_body_of_a_forwarded_request_is_framed_as_ever() {
    let (tell, told) = mpsc::channel();
    let address = server(move |mut stream, _| {
        let head = read_head(&mut stream).unwrap();
        let mut body = [0; 5];
        stream.read_exact(&mut body).unwrap();
        tell.send((head, body)).unwrap();
        stream.write_all(OK.as_bytes()).unwrap();
        read_to_end(&mut stream);
    });
    let client = through(proxy(&format!("http://{address}")));
    let mut request = client.build_request("POST", "http://example.invalid/").unwrap();
    request.set_bytes("hello".into());
    send(&client, request).unwrap();
    let (head, body) = told.recv_timeout(PATIENCE).unwrap();
    assert!(head.ends_with("Content-Length: 5\r\n\r\n"), "{head}");
    assert_eq!(&body, b"hello");
}

#[test]
fn a_target_of_the_users_own_is_completed_if_it_is_a_path() {
    let (address, told) = noting_heads(OK);
    let client = through(proxy(&format!("http://{address}")));
    for (target, wanted) in [
        ("/x//y", "GET http://example.invalid/x//y HTTP/1.1\r\n"),
        ("*", "GET http://example.invalid HTTP/1.1\r\n"),
        ("http://other.invalid/", "GET http://other.invalid/ HTTP/1.1\r\n"),
    ] {
        let mut request = client.build_request("GET", "http://example.invalid/").unwrap();
        request.set_target(target.as_bytes()).unwrap();
        send(&client, request).unwrap();
        let head = told.recv_timeout(PATIENCE).unwrap();
        assert!(head.starts_with(wanted), "{head}");
    }
}

#[test]
fn a_proxys_refusal_to_forward_is_a_response() {
    let address = answering("HTTP/1.1 407 Proxy Thing\r\nContent-Length: 2\r\n\r\nno");
    let client = through(proxy(&format!("http://{address}")));
    let response = get(&client, "http://example.invalid/").unwrap();
    assert_eq!((response.head().status(), &response.content().unwrap()[..]), (407, &b"no"[..]));
    assert_eq!(response.head().connection().proxy.as_deref(), Some(&*format!("http://{address}")));
}

#[test]
fn a_tunnel_is_asked_for_once_and_the_origin_sees_nothing_of_the_proxy() {
    let (address, told) = tunnelling();
    let mut proxy = proxy(&format!("http://user:pass@{address}"));
    proxy.add_header(b"X-Proxy", b"1").unwrap();
    let client = through(proxy);
    for _ in 0..2 {
        // K11: a target of the user's own is for the origin.
        let mut request = client.build_request("GET", "https://localhost/path?q=1").unwrap();
        request.set_target(b"/own").unwrap();
        let response = send(&client, request).unwrap();
        let connection = response.head().connection();
        assert_eq!(connection.peer, Some(address));
        assert!(connection.dialling.proxy.is_some() && connection.dialling.tls.is_some());
        assert_eq!(connection.tls.as_ref().map(|tls| tls.version), Some("TLSv1.3"));
    }
    let asked = "CONNECT localhost:443 HTTP/1.1\r\nHost: localhost:443\r\nAccept: */*\r\n\
                 Proxy-Authorization: Basic dXNlcjpwYXNz\r\nX-Proxy: 1\r\n\r\n";
    assert_eq!(told.recv_timeout(PATIENCE).unwrap(), asked);
    for _ in 0..2 {
        let inside = told.recv_timeout(PATIENCE).unwrap();
        assert!(inside.starts_with("GET /own HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n"), "{inside}");
        assert!(!inside.to_lowercase().contains("proxy"), "{inside}");
    }
    assert!(told.try_recv().is_err());
}

#[test]
fn each_origin_has_a_tunnel_of_its_own() {
    let (address, told) = tunnelling();
    let client = through(proxy(&format!("http://{address}")));
    for origin in ["localhost", "127.0.0.1", "localhost:8443", "localhost"] {
        get(&client, &format!("https://{origin}/")).unwrap();
    }
    let asked: Vec<_> = told.try_iter().filter(|head| head.starts_with("CONNECT ")).collect();
    let targets: Vec<_> = asked.iter().map(|head| head.split(' ').nth(1).unwrap()).collect();
    assert_eq!(targets, ["localhost:443", "127.0.0.1:443", "localhost:8443"]);
    let mut texts: Vec<_> = client.connections().iter().map(ToString::to_string).collect();
    texts.sort();
    let of =
        |origin, count| format!("<TunnelHTTPConnection ['https://{origin}', HTTP/1.1, IDLE, Request Count: {count}]>");
    assert_eq!(texts, [of("127.0.0.1:443", 1), of("localhost:443", 2), of("localhost:8443", 1)]);
}

#[test]
fn a_tunnel_to_an_ipv6_address_is_asked_for_in_brackets() {
    let (address, told) = tunnelling();
    get(&through(proxy(&format!("http://{address}"))), "https://[::1]:8443/").unwrap();
    let asked = told.recv_timeout(PATIENCE).unwrap();
    assert!(asked.starts_with("CONNECT [::1]:8443 HTTP/1.1\r\nHost: [::1]:8443\r\n"), "{asked}");
}

#[test]
fn inside_a_tunnel_the_users_server_name_is_asked_for() {
    let (tell, told) = mpsc::channel();
    let config = tls_config();
    let address = server(move |mut stream, _| {
        tell.send(read_head(&mut stream).unwrap()).unwrap();
        stream.write_all(ESTABLISHED.as_bytes()).unwrap();
        let mut stream = secured(&config, stream);
        while read_head(&mut stream).is_some() {
            tell.send(stream.conn.server_name().unwrap_or_default().to_owned()).unwrap();
            stream.write_all(OK.as_bytes()).unwrap();
        }
    });
    let client = through(proxy(&format!("http://{address}")));
    let mut request = client.build_request("GET", "https://127.0.0.1:444/").unwrap();
    request.set_server_name("named.example");
    send(&client, request).unwrap();
    assert!(told.recv_timeout(PATIENCE).unwrap().starts_with("CONNECT 127.0.0.1:444 HTTP/1.1\r\n"));
    assert_eq!(told.recv_timeout(PATIENCE).unwrap(), "named.example");
}

#[test]
fn a_proxy_that_opens_no_tunnel_is_an_error_with_its_answer() {
    let address = answering(
        "HTTP/1.1 407 Proxy Thing\r\nProxy-Authenticate: Basic realm=\"x\"\r\nContent-Length: 9\r\n\r\nno tunnel",
    );
    let error = failure(&through(proxy(&format!("http://{address}"))), "https://example.invalid/");
    assert_eq!((error.code(), error.message()), (Code::PROXY_ERROR, "407 Proxy Thing"));
    assert_eq!(error.request().unwrap().url, "https://example.invalid/");
    let response = error.response::<Response>().expect("the proxy's answer");
    assert_eq!((response.head().status(), response.head().reason()), (407, &b"Proxy Thing"[..]));
    assert_eq!(response.head().headers().find_all(b"proxy-authenticate").next(), Some(&b"Basic realm=\"x\""[..]));
    assert_eq!(&response.content().unwrap()[..], b"no tunnel");
}

#[test]
fn of_a_refusals_body_the_beginning_is_kept() {
    let address = server(|mut stream, number| {
        read_head(&mut stream).unwrap();
        // Neither of the bodies comes to an end.
        let length = if number == 0 { 100_000 } else { 3 };
        let head = "HTTP/1.0 503 Busy\r\nContent-Length: 1000000\r\n\r\n";
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(&vec![b'x'; length]).unwrap();
        read_to_end(&mut stream);
    });
    let client = through(proxy(&format!("http://{address}")));
    let body = |error: &Error| error.response::<Response>().unwrap().content().unwrap().len();
    let error = failure(&client, "https://example.invalid/");
    assert_eq!((error.message(), body(&error)), ("503 Busy", 65_536));
    let mut request = client.build_request("GET", "https://example.invalid/").unwrap();
    request.set_timeouts([
        Timeout::Set(Some(Duration::from_millis(300))),
        Timeout::Unset,
        Timeout::Unset,
        Timeout::Unset,
    ]);
    let error = send(&client, request).err().unwrap();
    assert_eq!((error.message(), body(&error)), ("503 Busy", 3));
}

#[test]
fn a_proxy_that_speaks_before_it_is_spoken_through_is_not_trusted() {
    let address = answering("HTTP/1.1 200 OK\r\n\r\nsurprise");
    let error = failure(&through(proxy(&format!("http://{address}"))), "https://example.invalid/");
    assert_eq!(error.code(), Code::REMOTE_PROTOCOL_ERROR);
}

#[test]
fn a_proxy_that_does_not_answer_has_the_connect_timeout() {
    let address = server(|mut stream, _| read_to_end(&mut stream));
    for scheme in ["http", "https", "socks5"] {
        let client = through(proxy(&format!("{scheme}://{address}")));
        let mut request = client.build_request("GET", "https://example.invalid/").unwrap();
        let short = Timeout::Set(Some(Duration::from_millis(100)));
        request.set_timeouts([short, Timeout::Set(None), Timeout::Set(None), Timeout::Unset]);
        let error = ends(move || send(&client, request).err().unwrap());
        assert_eq!(error.code(), Code::CONNECT_TIMEOUT, "{scheme}");
    }
}

#[test]
fn a_proxy_that_is_not_there_is_a_connect_error() {
    let (_kept, address) = refusing();
    for scheme in ["http", "https", "socks5", "socks5h"] {
        for url in ["http://example.invalid/", "https://example.invalid/"] {
            let error = failure(&through(proxy(&format!("{scheme}://{address}"))), url);
            assert_eq!(error.code(), Code::CONNECTION_REFUSED, "{scheme} {url}");
            assert_eq!(error.message(), "[Errno 111] Connection refused");
        }
    }
}

#[test]
fn tls_goes_through_tls_and_both_end_in_order() {
    const SIZE: usize = 3_000_000;
    let (tell, told) = mpsc::channel();
    let config = tls_config();
    let address = server(move |stream, _| {
        let mut outer = secured(&config, stream);
        tell.send(read_head(&mut outer).unwrap()).unwrap();
        outer.write_all(ESTABLISHED.as_bytes()).unwrap();
        let mut inner = secured(&config, outer);
        tell.send(read_head(&mut inner).unwrap()).unwrap();
        let mut body = vec![0; SIZE];
        inner.read_exact(&mut body).unwrap();
        inner.write_all(format!("HTTP/1.1 200 OK\r\nContent-Length: {SIZE}\r\n\r\n").as_bytes()).unwrap();
        inner.write_all(&body).unwrap();
        // Without a goodbye, rustls says UnexpectedEof.
        let inner_end = inner.read(&mut [0]).map_err(|error| error.kind());
        let outer_end = inner.sock.read(&mut [0]).map_err(|error| error.kind());
        tell.send(format!("{inner_end:?} {outer_end:?}")).unwrap();
    });
    let mut proxy = proxy(&format!("https://{address}"));
    proxy.set_tls(trusting()).unwrap();
    let client = through(proxy);
    let mut request = client.build_request("POST", "https://localhost/").unwrap();
    let body: Vec<u8> = (0..SIZE).map(|i| (i % 251) as u8).collect();
    request.set_bytes(body.clone().into());
    let response = send(&client, request).unwrap();
    assert!(response.content().unwrap()[..] == body[..]);
    assert!(told.recv_timeout(PATIENCE).unwrap().starts_with("CONNECT localhost:443 HTTP/1.1\r\n"));
    assert!(told.recv_timeout(PATIENCE).unwrap().starts_with("POST / HTTP/1.1\r\n"));
    drop((response, client));
    assert_eq!(told.recv_timeout(PATIENCE).unwrap(), "Ok(0) Ok(0)");
}

#[test]
fn a_tunnel_through_an_https_proxy_is_used_again() {
    let config = tls_config();
    let address = server(move |stream, number| {
        let mut outer = secured(&config, stream);
        read_head(&mut outer).unwrap();
        outer.write_all(ESTABLISHED.as_bytes()).unwrap();
        let mut inner = secured(&config, outer);
        while read_head(&mut inner).is_some() {
            let body = format!("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{number}");
            inner.write_all(body.as_bytes()).unwrap();
        }
    });
    let mut proxy = proxy(&format!("https://{address}"));
    proxy.set_tls(trusting()).unwrap();
    let client = through(proxy);
    for reused in [false, true, true] {
        let response = get(&client, "https://localhost/").unwrap();
        assert_eq!(&response.content().unwrap()[..], b"0");
        assert_eq!(response.head().timings().reused, reused);
    }
}

#[test]
fn an_https_proxy_forwards_over_tls_and_speaks_http_1_only() {
    let (tell, told) = mpsc::channel();
    let mut config = ServerConfig::clone(&tls_config());
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let config = Arc::new(config);
    let address = server(move |stream, _| {
        let mut stream = secured(&config, stream);
        while let Some(head) = read_head(&mut stream) {
            let alpn = stream.conn.alpn_protocol().map(|alpn| String::from_utf8_lossy(alpn).into_owned());
            tell.send((head, alpn)).unwrap();
            stream.write_all(OK.as_bytes()).unwrap();
        }
    });
    let mut proxy = proxy(&format!("https://{address}"));
    proxy.set_tls(trusting()).unwrap();
    let builder = ClientBuilder { proxy: Some(proxy), http2: true, ..ClientBuilder::default() };
    let response = get(&builder.build().unwrap(), "http://example.invalid/").unwrap();
    let connection = response.head().connection();
    assert!(connection.dialling.tls.is_some() && connection.dialling.proxy.is_none());
    assert_eq!(connection.tls.as_ref().and_then(|tls| tls.alpn.as_deref()), Some(&b"http/1.1"[..]));
    let (head, alpn) = told.recv_timeout(PATIENCE).unwrap();
    assert!(head.starts_with("GET http://example.invalid/ HTTP/1.1\r\n"), "{head}");
    assert_eq!(alpn.as_deref(), Some("http/1.1"));
}

#[test]
fn an_https_proxys_certificate_is_checked() {
    let config = tls_config();
    let address = server(move |stream, _| {
        let _ = read_head(&mut secured(&config, stream));
    });
    // That the client trusts everybody is about origins.
    let error = failure(&through(proxy(&format!("https://{address}"))), "http://example.invalid/");
    assert!(error.is_a(Code::CERTIFICATE_ERROR), "{error:?}");
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    assert_eq!(Proxy::parse("ftp://localhost").unwrap_err().code(), Code::INVALID_CONFIG);
    assert_eq!(proxy("http://localhost").set_tls(trusting()).unwrap_err().code(), Code::INVALID_CONFIG);
    let mut socks = proxy("socks5://localhost");
    assert_eq!(socks.set_credentials(&[b'u'; 256], b"").unwrap_err().code(), Code::INVALID_CONFIG);
    assert_eq!(socks.add_header(b"a", b"b").unwrap_err().code(), Code::INVALID_CONFIG);
    assert_eq!(format!("{:?}", proxy("http://user:secret@localhost")), "Proxy(http://user:[secure]@localhost)");
}

/// What a SOCKS proxy expects, and what it answers.
type Exchange<'a> = (&'a [u8], &'a [u8]);

/// A SOCKS proxy that goes by `script`, and then on as `then`.
fn socks(script: &[Exchange], then: impl Fn(TcpStream) + Send + Sync + 'static) -> SocketAddr {
    let script: Vec<_> = script.iter().map(|(wanted, answer)| (wanted.to_vec(), answer.to_vec())).collect();
    server(move |mut stream, _| {
        for (wanted, answer) in &script {
            let mut got = vec![0; wanted.len()];
            stream.read_exact(&mut got).unwrap();
            if got != *wanted {
                // Seen by the client as a failure of its own.
                stream.write_all(format!("expected {wanted:?}, got {got:?}").as_bytes()).unwrap();
                return;
            }
            stream.write_all(answer).unwrap();
        }
        then(stream);
    })
}

fn plain_origin(mut stream: TcpStream) {
    while let Some(head) = read_head(&mut stream) {
        assert!(head.starts_with("GET / HTTP/1.1\r\n"), "{head}");
        stream.write_all(OK.as_bytes()).unwrap();
    }
}

const NAMED: &[u8] = b"\x05\x01\x00\x03\x0fexample.invalid\x00\x50";
const DONE: &[u8] = b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00";

#[test]
fn a_socks_proxy_gets_names_by_either_scheme() {
    for (scheme, done) in [("socks5", DONE), ("socks5h", &b"\x05\x00\x00\x03\x04abcd\x00\x00"[..])] {
        let address = socks(&[(b"\x05\x01\x00", b"\x05\x00"), (NAMED, done)], plain_origin);
        let client = through(proxy(&format!("{scheme}://{address}")));
        for _ in 0..2 {
            let response = get(&client, "http://example.invalid/").unwrap();
            assert_eq!(&response.content().unwrap()[..], b"ok");
            assert!(response.head().connection().dialling.proxy.is_some());
        }
    }
}

#[test]
fn a_socks_proxy_gets_user_name_and_password() {
    let script: [Exchange; 3] = [(b"\x05\x01\x02", b"\x05\x02"), (b"\x01\x02me\x03p@w", b"\x01\x00"), (NAMED, DONE)];
    let address = socks(&script, plain_origin);
    get(&through(proxy(&format!("socks5://me:p%40w@{address}"))), "http://example.invalid/").unwrap();
}

#[test]
fn a_socks_proxy_gets_addresses_when_names_are_looked_up_here() {
    let request = b"\x05\x01\x00\x01\x7f\x00\x00\x09\x00\x50";
    let address = socks(&[(b"\x05\x01\x00", b"\x05\x00"), (request, DONE)], plain_origin);
    let mut proxy = proxy(&format!("socks5://{address}"));
    proxy.local_dns = true;
    let mut builder = ClientBuilder { proxy: Some(proxy), ..ClientBuilder::default() };
    builder.add_override("example.invalid", 80, "127.0.0.9").unwrap();
    get(&builder.build().unwrap(), "http://example.invalid/").unwrap();
}

#[test]
fn what_a_socks_proxy_refuses_is_told_in_httpxs_words() {
    let plain: Exchange = (b"\x05\x01\x00", b"\x05\x00");
    let cases: [(&str, &[Exchange], &str); 7] = [
        (
            "",
            &[(b"\x05\x01\x00", b"\x05\x02")],
            "Requested NO AUTHENTICATION REQUIRED from proxy server, but got USERNAME/PASSWORD.",
        ),
        (
            "me:pw@",
            &[(b"\x05\x01\x02", b"\x05\xff")],
            "Requested USERNAME/PASSWORD from proxy server, but got NO ACCEPTABLE METHODS.",
        ),
        ("me:pw@", &[(b"\x05\x01\x02", b"\x05\x02"), (b"\x01\x02me\x02pw", b"\x01\x01")], "Invalid username/password"),
        (
            "",
            &[plain, (NAMED, b"\x05\x05\x00\x01\x00\x00\x00\x00\x00\x00")],
            "Proxy Server could not connect: Connection refused.",
        ),
        ("", &[plain, (NAMED, b"\x05\x63\x00\x01")], "Proxy Server could not connect: UNKNOWN."),
        ("", &[plain, (NAMED, b"\x05\x00\x00\x09")], "the proxy answered with an address of unknown type 9"),
        (
            "",
            &[(b"\x05\x01\x00", b"HTTP/1.1 400 Bad Request\r\n\r\n")],
            "the proxy does not speak SOCKS5: its answer begins with the byte 72",
        ),
    ];
    for (userinfo, script, wanted) in cases {
        let address = socks(script, |mut stream| read_to_end(&mut stream));
        let error = failure(&through(proxy(&format!("socks5://{userinfo}{address}"))), "http://example.invalid/");
        assert_eq!((error.code(), error.message()), (Code::PROXY_ERROR, wanted));
    }
}

#[test]
fn secure_schemes_are_secure_behind_a_socks_proxy() {
    let config = tls_config();
    let request = b"\x05\x01\x00\x03\x09localhost\x01\xbb";
    let address = socks(&[(b"\x05\x01\x00", b"\x05\x00"), (request, DONE)], move |stream| {
        let mut stream = secured(&config, stream);
        while read_head(&mut stream).is_some() {
            stream.write_all(OK.as_bytes()).unwrap();
        }
    });
    let client = through(proxy(&format!("socks5://{address}")));
    for url in ["https://localhost/", "wss://localhost/"] {
        assert_eq!(&get(&client, url).unwrap().content().unwrap()[..], b"ok", "{url}");
    }
}

#[test]
fn a_connection_through_a_proxy_that_cannot_be_made_is_tried_again() {
    // The proxy is at a loss once for each client.
    let address = server(|mut stream, number| {
        let mut hello = [0; 3];
        stream.read_exact(&mut hello).unwrap();
        if number < 2 {
            return;
        }
        stream.write_all(b"\x05\x00").unwrap();
        stream.read_exact(&mut [0; 22]).unwrap();
        stream.write_all(DONE).unwrap();
        plain_origin(stream);
    });
    let proxy = proxy(&format!("socks5://{address}"));
    let error = failure(&through(proxy.clone()), "http://example.invalid/");
    assert_eq!(error.message(), "the proxy closed the connection during the SOCKS5 handshake");
    assert_eq!(error.code(), Code::CONNECT_ERROR);
    let patient = ClientBuilder { proxy: Some(proxy), retries: 1, ..ClientBuilder::default() }.build().unwrap();
    get(&patient, "http://example.invalid/").unwrap();
}

#[test]
fn the_steps_through_a_tunnel_are_told() {
    let (address, _told) = tunnelling();
    let client = through(proxy(&format!("http://{address}")));
    let mut request = client.build_request("GET", "https://localhost/").unwrap();
    let events = traced(&mut request);
    send(&client, request).unwrap();
    let wanted = [
        "connection.connect_tcp.started",
        "connection.connect_tcp.complete",
        "proxy.start_tls.started",
        "proxy.start_tls.complete",
    ];
    assert_eq!(dialled(&events), wanted);
    let events = events.lock().unwrap();
    let info = &events[0].info;
    assert_eq!(info[0], ("host", Value::Text("127.0.0.1".into())));
    assert_eq!(info[1], ("port", Value::Int(address.port().into())));
    let hostname = events.iter().find(|event| event.step == "proxy.start_tls").unwrap().info[1].clone();
    assert_eq!(hostname, ("server_hostname", Value::Text("localhost".into())));
}

#[test]
fn the_steps_of_tls_are_named_after_what_it_goes_through() {
    let config = tls_config();
    let serve = move |stream: &mut dyn ReadAndWrite| {
        let mut stream = secured(&config, stream);
        while read_head(&mut stream).is_some() {
            stream.write_all(OK.as_bytes()).unwrap();
        }
    };
    let direct = server({
        let serve = serve.clone();
        move |mut stream, _| serve(&mut stream)
    });
    let request = b"\x05\x01\x00\x03\x09localhost\x01\xbb";
    let behind_socks = socks(&[(b"\x05\x01\x00", b"\x05\x00"), (request, DONE)], {
        let serve = serve.clone();
        move |mut stream| serve(&mut stream)
    });
    let outer = tls_config();
    let behind_tls = server(move |stream, _| {
        let mut stream = secured(&outer, stream);
        read_head(&mut stream).unwrap();
        stream.write_all(ESTABLISHED.as_bytes()).unwrap();
        serve(&mut stream);
    });
    let mut secure_proxy = proxy(&format!("https://{behind_tls}"));
    secure_proxy.set_tls(trusting()).unwrap();
    for (proxy, url, wanted) in [
        (None, format!("https://{direct}/"), &["connection.connect_tcp", "connection.start_tls"][..]),
        (
            Some(proxy(&format!("socks5://{behind_socks}"))),
            "https://localhost/".to_owned(),
            &["socks.connect_tcp", "socks.setup_socks5_connection", "socks.start_tls"],
        ),
        (
            Some(secure_proxy),
            "https://localhost/".to_owned(),
            &["connection.connect_tcp", "connection.start_tls", "proxy.start_tls"],
        ),
    ] {
        let mut builder = ClientBuilder { proxy, ..ClientBuilder::default() };
        builder.tls.verify = false;
        let client = builder.build().unwrap();
        let mut request = client.build_request("GET", &url).unwrap();
        let events = traced(&mut request);
        send(&client, request).unwrap();
        let wanted: Vec<_> =
            wanted.iter().flat_map(|step| [format!("{step}.started"), format!("{step}.complete")]).collect();
        assert_eq!(dialled(&events), wanted);
        let events = events.lock().unwrap();
        let handshake = events.iter().rfind(|event| event.name().ends_with("start_tls.started")).unwrap();
        let names: Vec<_> = handshake.info.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["ssl_context", "server_hostname", "timeout"]);
    }
}

#[test]
fn the_steps_through_a_socks_proxy_are_told_without_secrets() {
    let script: [Exchange; 3] =
        [(b"\x05\x01\x02", b"\x05\x02"), (b"\x01\x02me\x02pw", b"\x01\x00"), (NAMED, b"\x05\x05\x00\x01")];
    let address = socks(&script, |mut stream| read_to_end(&mut stream));
    let client = through(proxy(&format!("socks5://me:pw@{address}")));
    let mut request = client.build_request("GET", "http://example.invalid/").unwrap();
    let events = traced(&mut request);
    send(&client, request).err().unwrap();
    let wanted = [
        "socks.connect_tcp.started",
        "socks.connect_tcp.complete",
        "socks.setup_socks5_connection.started",
        "socks.setup_socks5_connection.failed",
    ];
    assert_eq!(dialled(&events), wanted);
    let told = format!("{:?}", events.lock().unwrap());
    assert!(
        told.contains(r#"("host", Text("example.invalid")), ("port", Int(80)), ("auth", Opaque("[secure]"))"#),
        "{told}"
    );
    assert!(told.contains("Proxy Server could not connect: Connection refused."), "{told}");
    assert!(!told.contains("pw"), "{told}");
}

#[test]
fn what_is_forwarded_shares_a_connection_unless_that_is_not_wanted() {
    for (share, wanted) in [(true, 1), (false, 2)] {
        let (tell, told) = mpsc::channel();
        let address = server(move |mut stream, number| {
            while read_head(&mut stream).is_some() {
                tell.send(number).unwrap();
                stream.write_all(OK.as_bytes()).unwrap();
            }
        });
        let mut proxy = proxy(&format!("http://{address}"));
        proxy.share_forwarding = share;
        let client = through(proxy);
        for url in ["http://one.invalid/", "http://two.invalid/", "http://one.invalid/", "http://two.invalid/"] {
            get(&client, url).unwrap();
        }
        let used: std::collections::BTreeSet<usize> = told.try_iter().collect();
        assert_eq!(used.len(), wanted, "share: {share}");
        assert_eq!(client.counts().idle, wanted);
    }
}

#[test]
fn a_tunnel_to_an_origin_at_the_proxys_own_address_is_not_taken_for_the_proxy() {
    let (tell, told) = mpsc::channel();
    let config = tls_config();
    let address = server(move |stream, _| {
        let mut outer = secured(&config, stream);
        let head = read_head(&mut outer).unwrap();
        tell.send(head.clone()).unwrap();
        if head.starts_with("CONNECT") {
            outer.write_all(ESTABLISHED.as_bytes()).unwrap();
            let mut inner = secured(&config, outer);
            tell.send(read_head(&mut inner).unwrap()).unwrap();
            inner.write_all(OK.as_bytes()).unwrap();
            read_to_end(&mut inner);
        } else {
            outer.write_all(OK.as_bytes()).unwrap();
            read_to_end(&mut outer);
        }
    });
    let mut proxy = proxy(&format!("https://user:pass@{address}"));
    proxy.set_tls(trusting()).unwrap();
    let client = through(proxy);
    get(&client, "http://example.invalid/").unwrap();
    get(&client, &format!("https://{address}/")).unwrap();
    let heads: Vec<_> = (0..3).map(|_| told.recv_timeout(PATIENCE).unwrap()).collect();
    assert!(heads[0].starts_with("GET http://example.invalid/ "), "{heads:?}");
    assert!(heads[1].starts_with("CONNECT "), "{heads:?}");
    assert!(heads[2].starts_with("GET / ") && !heads[2].contains("Proxy-"), "{heads:?}");
}

#[test]
fn a_proxy_may_be_behind_a_unix_socket() {
    let path = std::env::temp_dir().join(format!("libhttpx-{}-proxy.sock", std::process::id()));
    let listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
    let serving = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let head = read_head(&mut stream).unwrap();
        stream.write_all(OK.as_bytes()).unwrap();
        head
    });
    let builder = ClientBuilder {
        proxy: Some(proxy("http://proxy.invalid")),
        unix_socket: Some(path.clone()),
        ..ClientBuilder::default()
    };
    get(&builder.build().unwrap(), "http://example.invalid/").unwrap();
    std::fs::remove_file(&path).unwrap();
    assert!(serving.join().unwrap().starts_with("GET http://example.invalid/ "));
}

#[test]
fn a_websocket_goes_through_a_tunnel_even_without_tls() {
    let (address, told) = noting_heads(ESTABLISHED);
    let client = through(proxy(&format!("http://{address}")));
    let mut request = client.build_request("GET", "ws://example.invalid/chat").unwrap();
    request.set_timeouts([Timeout::Unset, Timeout::Set(Some(Duration::ZERO)), Timeout::Unset, Timeout::Unset]);
    // What the tunnel leads to answers with a second 200, and no switch of protocols: what is asked is what counts.
    let _ = send(&client, request);
    assert!(told.recv_timeout(PATIENCE).unwrap().starts_with("CONNECT example.invalid:80 HTTP/1.1\r\n"));
}

#[test]
fn a_refusal_whose_body_does_not_come_is_a_refusal_all_the_same() {
    let address = server(|mut stream, _| {
        read_head(&mut stream).unwrap();
        stream.write_all(b"HTTP/1.1 403 No\r\nContent-Length: 10\r\n\r\nwhy").unwrap();
        read_to_end(&mut stream);
    });
    let mut builder = ClientBuilder { proxy: Some(proxy(&format!("http://{address}"))), ..ClientBuilder::default() };
    builder.timeouts.connect = None;
    let client = builder.build().unwrap();
    let error = ends(move || failure(&client, "https://example.invalid/"));
    assert_eq!((error.code(), error.message()), (Code::PROXY_ERROR, "403 No"));
}
