//! TLS with the CA that the server wrote, and what ALPN chooses.

use std::net::TcpStream;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::json;

use crate::server::{shared, socket, Client};

pub fn connected(listener: &str, name: &str, protocols: &[&str]) -> Client<StreamOwned<ClientConnection, TcpStream>> {
    let server = shared();
    let mut roots = RootCertStore::empty();
    let ca = CertificateDer::from_pem_file(server.places["ca"].as_str().expect("a path")).expect("a certificate");
    roots.add(ca).expect("a CA");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let mut config = config.expect("versions fit").with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    let name = ServerName::try_from(name.to_owned()).expect("a name");
    let connection = ClientConnection::new(Arc::new(config), name).expect("a connection");
    Client::new(StreamOwned::new(connection, socket(server.port(listener))))
}

#[test]
fn every_name_of_the_certificate_is_trusted_by_the_ca() {
    for name in ["localhost", "a.localhost", "127.0.0.1", "::1"] {
        let mut client = connected("https", name, &["http/1.1"]);
        client.send("GET /connection HTTP/1.1\r\nHost: localhost\r\n\r\n");
        let body = client.answer().json();
        assert_eq!(body["alpn"], "http/1.1");
        assert_eq!(body["tls_version"], "TLSv1.3");
    }
}

#[test]
fn the_server_prefers_h2_where_it_has_it() {
    for (listener, chosen) in [("https", "h2"), ("https_h1", "http/1.1")] {
        let mut client = connected(listener, "localhost", &["http/1.1", "h2"]);
        // The handshake is driven by what is sent: a preface for one, a request for the other.
        match chosen {
            "h2" => client.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0"),
            _ => client.send("GET /get HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        }
        client.exactly(9);
        assert_eq!(client.stream().conn.alpn_protocol(), Some(chosen.as_bytes()));
    }
}

#[test]
fn no_protocol_in_common_means_http_1_and_urls_are_https() {
    let mut client = connected("https", "localhost", &[]);
    client.send("GET /cookies/set?a=1 HTTP/1.1\r\nHost: localhost\r\n\r\nGET /get HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(client.answer().header("set-cookie"), Some("a=1; Path=/; Secure"));
    assert_eq!(client.answer().json()["url"], json!("https://localhost/get"));
}

#[test]
fn the_byte_server_can_cut_a_tls_stream_without_a_farewell() {
    let mut client = connected("bytes_tls", "localhost", &[]);
    let script = base64::Engine::encode(&base64::prelude::BASE64_URL_SAFE_NO_PAD, r#"[{"send":"x"},{"close":true}]"#);
    client.send(format!("GET /b/{script} HTTP/1.1\r\n\r\n"));
    assert_eq!(client.exactly(1), b"x");
    assert_eq!(client.rest().expect_err("no close_notify").kind(), std::io::ErrorKind::UnexpectedEof);

    let mut client = connected("bytes_tls", "localhost", &[]);
    let script = base64::Engine::encode(&base64::prelude::BASE64_URL_SAFE_NO_PAD, r#"[{"send":"x"}]"#);
    client.send(format!("GET /b/{script} HTTP/1.1\r\n\r\n"));
    assert_eq!(client.rest().expect("a close_notify"), b"x");
}
