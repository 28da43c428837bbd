//! TLS against servers in the same process: what is agreed on, who is trusted, what is said when it fails.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use httpx::error::{Code, Error};
use httpx::httpcore::{RootStore, TlsInfo, TlsVersion};
use httpx::httpx::{Client, ClientBuilder, Response, Timeout};
use rcgen::{CertificateParams, DnType, IsCa};
use rustls::ProtocolVersion;

use crate::support::{read_head, read_to_end, send, server, EchoServer};
use crate::tls_support::{
    der, expired, get, get_local, naming, not_yet_valid, trusting, Authority, Identity, Options, TlsServer,
};

fn info(response: &Response) -> &TlsInfo {
    response.head().connection().tls.as_ref().expect("a response over TLS")
}

fn refused(client: &Arc<Client>, host: &str, server: &TlsServer) -> Error {
    let error = get(client, host, server.address).err().expect("a refusal");
    assert!(error.is_a(Code::CONNECT_ERROR), "{error:?}");
    error
}

#[test]
fn a_response_tells_what_the_handshake_has_agreed_on() {
    let authority = Authority::new();
    let identity = authority.local();
    let der = identity.chain[0].to_vec();
    let server = TlsServer::start(identity);
    let response = get_local(&trusting(&authority).build().unwrap(), server.address).unwrap();
    let tls = info(&response);
    assert_eq!((tls.version, tls.group.as_str()), ("TLSv1.3", "X25519MLKEM768"));
    assert!(["TLS_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256"].contains(&tls.cipher.as_str()), "{}", tls.cipher);
    assert_eq!(tls.alpn.as_deref(), Some(&b"http/1.1"[..]));
    assert_eq!(tls.certificates.iter().map(|der| &der[..]).collect::<Vec<_>>(), [&der[..]]);
    assert!(!tls.resumed);
    let connection = response.head().connection();
    assert_eq!(connection.peer, Some(server.address));
    assert!(connection.local.unwrap().ip().is_loopback());
}

#[test]
fn tls_1_2_is_spoken_to_those_who_have_nothing_newer() {
    let authority = Authority::new();
    let options = Options { versions: &[&rustls::version::TLS12], ..Options::default() };
    let server = TlsServer::with(authority.local(), &options);
    let response = get_local(&trusting(&authority).build().unwrap(), server.address).unwrap();
    let tls = info(&response);
    assert_eq!(tls.version, "TLSv1.2");
    assert!(tls.cipher.starts_with("TLS_ECDHE_ECDSA_WITH_"), "{}", tls.cipher);
    assert!(!tls.group.is_empty());
}

#[test]
fn only_the_versions_that_were_asked_for_are_spoken() {
    let authority = Authority::new();
    let server = TlsServer::start(authority.local());
    let mut builder = trusting(&authority);
    builder.tls.set_versions(TlsVersion::V1_2, TlsVersion::V1_2).unwrap();
    assert_eq!(info(&get_local(&builder.build().unwrap(), server.address).unwrap()).version, "TLSv1.2");
    assert_eq!(server.seen.recv().unwrap().version, Some(ProtocolVersion::TLSv1_2));

    let newer = Options { versions: &[&rustls::version::TLS13], ..Options::default() };
    let newer = TlsServer::with(authority.local(), &newer);
    let error = refused(&builder.build().unwrap(), "127.0.0.1", &newer);
    assert!(error.is_a(Code::TLS_ALERT) && error.tls_alert() == Some(70), "{error:?}");

    let wrong_way_round = builder.tls.set_versions(TlsVersion::V1_3, TlsVersion::V1_2);
    assert_eq!(wrong_way_round.unwrap_err().code(), Code::INVALID_CONFIG);
}

#[test]
fn clients_with_equal_settings_resume_each_others_sessions() {
    for versions in [[&rustls::version::TLS13], [&rustls::version::TLS12]] {
        let authority = Authority::new();
        let server = TlsServer::with(authority.local(), &Options { versions: &versions, ..Options::default() });
        let resumed = |builder: &ClientBuilder| {
            let response = get_local(&builder.build().unwrap(), server.address).unwrap();
            assert_eq!(info(&response).certificates.len(), 1);
            info(&response).resumed
        };
        let first = trusting(&authority);
        assert!(!resumed(&first));
        assert!(resumed(&first));
        assert!(resumed(&trusting(&authority)), "equal settings made anew");
        let mut other = trusting(&authority);
        other.tls.add_roots(&Authority::new().der).unwrap();
        assert!(!resumed(&other), "who trusts others has sessions of its own");
    }
}

#[test]
fn one_client_resumes_when_it_keeps_no_connection() {
    let authority = Authority::new();
    let server = TlsServer::start(authority.local());
    let mut builder = trusting(&authority);
    builder.limits.max_keepalive = Some(0);
    let client = builder.build().unwrap();
    let resumed: Vec<_> = (0..3).map(|_| info(&get_local(&client, server.address).unwrap()).resumed).collect();
    assert_eq!(resumed, [false, true, true]);
}

#[test]
fn a_certificate_that_is_out_of_its_time_is_refused() {
    let authority = Authority::new();
    let client = trusting(&authority).build().unwrap();
    let error = refused(&client, "127.0.0.1", &TlsServer::start(authority.issue(&["127.0.0.1"], expired)));
    assert_eq!(error.code(), Code::CERTIFICATE_EXPIRED);
    assert_eq!(error.message(), "certificate verify failed: certificate has expired");
    let error = refused(&client, "127.0.0.1", &TlsServer::start(authority.issue(&["127.0.0.1"], not_yet_valid)));
    assert_eq!(error.code(), Code::CERTIFICATE_NOT_YET_VALID);
    assert_eq!(error.message(), "certificate verify failed: certificate is not yet valid");
}

#[test]
fn a_certificate_must_be_for_the_host() {
    let authority = Authority::new();
    let named = |names: &[&str]| TlsServer::start(authority.issue(names, |_| ()));
    let by = |name, server: &TlsServer| naming(trusting(&authority), name, server.address).build().unwrap();

    let server = named(&["one.example", "*.wild.example", "127.0.0.2"]);
    for name in ["one.example", "ONE.example", "a.wild.example"] {
        assert!(get(&by(name, &server), name, server.address).is_ok(), "{name}");
    }
    for name in ["two.example", "wild.example", "a.b.wild.example"] {
        let error = refused(&by(name, &server), name, &server);
        assert_eq!(error.code(), Code::CERTIFICATE_HOSTNAME_MISMATCH);
        let why = format!("Hostname mismatch, certificate is not valid for '{name}'.");
        assert_eq!(error.message(), format!("certificate verify failed: {why}"));
    }
    let error = refused(&trusting(&authority).build().unwrap(), "127.0.0.1", &server);
    assert_eq!(error.code(), Code::CERTIFICATE_HOSTNAME_MISMATCH);
    let why = "IP address mismatch, certificate is not valid for '127.0.0.1'.";
    assert_eq!(error.message(), format!("certificate verify failed: {why}"));
}

#[test]
fn the_common_name_does_not_count() {
    let authority = Authority::new();
    let common_name = |params: &mut CertificateParams| params.distinguished_name.push(DnType::CommonName, "cn.example");
    let server = TlsServer::start(authority.issue(&[], common_name));
    let client = naming(trusting(&authority), "cn.example", server.address).build().unwrap();
    assert_eq!(refused(&client, "cn.example", &server).code(), Code::CERTIFICATE_HOSTNAME_MISMATCH);
}

#[test]
fn a_certificate_by_a_stranger_is_untrusted() {
    let (known, stranger) = (Authority::new(), Authority::new());
    // As in life: another name. With the name of one that is known, it is a forgery.
    let forged = TlsServer::start(stranger.local());
    let error = refused(&trusting(&known).build().unwrap(), "127.0.0.1", &forged);
    assert_eq!(error.code(), Code::CERTIFICATE_SIGNATURE);
    for builder in [ClientBuilder::default(), {
        let mut builder = ClientBuilder::default();
        builder.tls.store = RootStore::Bundled;
        builder.tls.add_roots(Identity::self_signed(&["x"], true).pem.as_bytes()).unwrap();
        builder
    }] {
        let error = refused(&builder.build().unwrap(), "127.0.0.1", &forged);
        assert_eq!(error.code(), Code::CERTIFICATE_UNTRUSTED);
        assert_eq!(error.message(), "certificate verify failed: unable to get local issuer certificate");
    }
}

#[test]
fn a_signature_by_sha1_is_too_weak() {
    let identity = Identity {
        chain: vec![der(include_bytes!("data/tls/sha1.pem")).into()],
        key: der(include_bytes!("data/tls/sha1.key")),
        pem: String::new(),
    };
    let server = TlsServer::start(identity);
    let mut builder = ClientBuilder::default();
    builder.tls.add_roots(include_bytes!("data/tls/sha1-ca.pem")).unwrap();
    let error = refused(&builder.build().unwrap(), "127.0.0.1", &server);
    assert_eq!(error.code(), Code::CERTIFICATE_SIGNATURE, "{error:?}");
}

#[test]
fn a_self_signed_certificate_is_refused_until_it_is_trusted_itself() {
    // `openssl req -x509` makes certificates of authorities.
    for is_ca in [false, true] {
        let identity = Identity::self_signed(&["127.0.0.1"], is_ca);
        let pem = identity.pem.clone();
        let server = TlsServer::start(identity);
        let error = refused(&ClientBuilder::default().build().unwrap(), "127.0.0.1", &server);
        assert_eq!(error.code(), Code::CERTIFICATE_SELF_SIGNED, "{error:?}");
        assert_eq!(error.message(), "certificate verify failed: self-signed certificate");

        let mut builder = ClientBuilder::default();
        builder.tls.add_roots(pem.as_bytes()).unwrap();
        assert!(get_local(&builder.build().unwrap(), server.address).is_ok(), "is_ca: {is_ca}");
        let elsewhere = naming(builder, "else.example", server.address).build().unwrap();
        assert_eq!(refused(&elsewhere, "else.example", &server).code(), Code::CERTIFICATE_HOSTNAME_MISMATCH);
    }
}

#[test]
fn a_certificate_among_the_roots_needs_no_issuer_but_has_to_be_in_time() {
    let authority = Authority::new();
    let identity = authority.local();
    let mut builder = ClientBuilder::default();
    builder.tls.add_roots(identity.pem.as_bytes()).unwrap();
    let server = TlsServer::start(identity);
    assert!(get_local(&builder.build().unwrap(), server.address).is_ok());

    let identity = authority.issue(&["127.0.0.1"], expired);
    let mut builder = ClientBuilder::default();
    builder.tls.add_roots(identity.pem.as_bytes()).unwrap();
    let error = refused(&builder.build().unwrap(), "127.0.0.1", &TlsServer::start(identity));
    assert_eq!(error.code(), Code::CERTIFICATE_EXPIRED);
}

#[test]
fn a_servers_certificate_among_the_roots_vouches_for_nobody_else() {
    // Who has the key of a server that is trusted for itself must not be able to play the others (RFC 5280 §6.1.4 k).
    for is_ca in [IsCa::NoCa, IsCa::ExplicitNoCa] {
        let trusted = Authority::of(&["127.0.0.1"], is_ca);
        let server = TlsServer::start(trusted.issue(&["else.example"], |_| ()));
        for store in [RootStore::Unset, RootStore::Nobody, RootStore::Bundled, RootStore::System] {
            let mut builder = trusting(&trusted);
            builder.tls.store = store;
            let client = naming(builder, "else.example", server.address).build().unwrap();
            assert_eq!(refused(&client, "else.example", &server).code(), Code::CERTIFICATE_UNTRUSTED, "{store:?}");
        }
    }
}

#[test]
fn a_server_without_alpn_is_not_spoken_to_in_a_version_that_is_off() {
    let authority = Authority::new();
    let server = TlsServer::with(authority.local(), &Options { alpn: "", ..Options::default() });
    assert!(get_local(&trusting(&authority).build().unwrap(), server.address).is_ok());
    let only_http2 = ClientBuilder { http1: false, http2: true, ..trusting(&authority) };
    // The server takes the preface for a request, and its answer is no HTTP/2.
    let error = get_local(&only_http2.build().unwrap(), server.address).err().expect("no HTTP/1.1");
    assert!(error.is_a(Code::PROTOCOL_ERROR), "{error:?}");
}

#[test]
fn nothing_is_checked_without_verification() {
    let server = TlsServer::start(Authority::new().issue(&["else.example"], expired));
    let mut builder = ClientBuilder::default();
    builder.tls.verify = false;
    assert!(get_local(&builder.build().unwrap(), server.address).is_ok());
}

#[test]
fn nor_the_version_of_x509() {
    // What `openssl x509 -req` made of a request for a long time; an RSA key as devices have it.
    for versions in [[&rustls::version::TLS13], [&rustls::version::TLS12]] {
        let identity = Identity {
            chain: vec![der(include_bytes!("data/tls/v1.pem")).into()],
            key: der(include_bytes!("data/tls/rsa.pkcs1.key")),
            pem: String::new(),
        };
        let server = TlsServer::with(identity, &Options { versions: &versions, ..Options::default() });
        let mut builder = ClientBuilder::default();
        assert_eq!(refused(&builder.build().unwrap(), "127.0.0.1", &server).code(), Code::CERTIFICATE_ERROR);
        builder.tls.verify = false;
        assert_eq!(info(&get_local(&builder.build().unwrap(), server.address).unwrap()).certificates.len(), 1);
    }
}

#[test]
fn the_servers_name_is_said_and_addresses_are_not() {
    let authority = Authority::new();
    let server = TlsServer::start(authority.issue(&["one.example", "127.0.0.1"], |_| ()));
    for (host, said) in [("one.example", Some("one.example")), ("127.0.0.1", None)] {
        let client = naming(trusting(&authority), "one.example", server.address).build().unwrap();
        get(&client, host, server.address).unwrap();
        drop(client);
        assert_eq!(server.seen.recv().unwrap().server_name.as_deref(), said);
    }
}

#[test]
fn a_name_of_the_requests_own_is_said_and_checked() {
    let authority = Authority::new();
    let server = TlsServer::start(authority.issue(&["one.example"], |_| ()));
    let client = trusting(&authority).build().unwrap();
    let request = |name: &str| {
        let mut request = client.build_request("GET", &format!("https://{}/", server.address)).unwrap();
        request.set_server_name(name);
        send(&client, request)
    };
    assert!(request("one.example").is_ok());
    for wrong in ["two.example", ""] {
        assert_eq!(request(wrong).err().unwrap().code(), Code::CERTIFICATE_HOSTNAME_MISMATCH, "'{wrong}'");
    }
    drop(client);
    assert_eq!(server.seen.recv().unwrap().server_name.as_deref(), Some("one.example"));
}

#[test]
fn a_client_shows_its_certificate_also_where_it_checks_the_server() {
    let (servers, clients) = (Authority::new(), Authority::new());
    let own = clients.issue(&["client"], |_| ());
    for versions in [[&rustls::version::TLS13], [&rustls::version::TLS12]] {
        let options = Options { versions: &versions, clients_by: Some(&clients.der), ..Options::default() };
        let server = TlsServer::with(servers.local(), &options);
        for verify in [true, false] {
            let mut builder = trusting(&servers);
            builder.tls.verify = verify;
            builder.tls.set_client_certificate(own.pem.as_bytes(), Some(&own.key), None).unwrap();
            get_local(&builder.build().unwrap(), server.address).unwrap();
            assert_eq!(server.seen.recv().unwrap().client_certificate.as_deref(), Some(&own.chain[0][..]));
        }
    }
}

#[test]
fn a_server_that_misses_the_clients_certificate_is_a_connect_error() {
    let (servers, clients) = (Authority::new(), Authority::new());
    for versions in [[&rustls::version::TLS13], [&rustls::version::TLS12]] {
        let options = Options { versions: &versions, clients_by: Some(&clients.der), ..Options::default() };
        let server = TlsServer::with(servers.local(), &options);
        let error = refused(&trusting(&servers).build().unwrap(), "127.0.0.1", &server);
        assert!(error.is_a(Code::TLS_ALERT), "{error:?}");
        assert!(error.tls_alert().is_some());
        assert!(!error.is_retryable());
        if versions == [&rustls::version::TLS13] {
            // It comes when the handshake is over on this side.
            assert_eq!((error.code(), error.tls_alert()), (Code::CLIENT_CERTIFICATE_REQUIRED, Some(116)));
        }

        let options = Options { alpn: "h2", ..options };
        let http2 = ClientBuilder { http2: true, ..trusting(&servers) };
        let over_http2 = TlsServer::with(servers.local(), &options);
        assert_eq!(refused(&http2.build().unwrap(), "127.0.0.1", &over_http2).code(), error.code());

        let stranger = Identity::self_signed(&["client"], false);
        let mut builder = trusting(&servers);
        builder.tls.set_client_certificate(stranger.pem.as_bytes(), Some(&stranger.key), None).unwrap();
        let error = refused(&builder.build().unwrap(), "127.0.0.1", &server);
        assert_eq!((error.code(), error.tls_alert()), (Code::TLS_ALERT, Some(48)), "{error:?}");
    }
}

#[test]
fn a_port_for_plain_http_is_named_as_the_reason() {
    let plain = server(|mut stream, _| {
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
        read_to_end(&mut stream);
    });
    let error = get_local(&ClientBuilder::default().build().unwrap(), plain).err().unwrap();
    assert_eq!(error.code(), Code::TLS_ERROR);
    assert!(error.is_a(Code::CONNECT_ERROR) && error.message().contains("plain http"), "{error:?}");

    let hanging_up = server(|mut stream, _| drop(std::io::Read::read(&mut stream, &mut [0; 4096])));
    let error = get_local(&ClientBuilder::default().build().unwrap(), hanging_up).err().unwrap();
    assert!(error.is_a(Code::CONNECT_ERROR) && error.message().contains("TLS"), "{error:?}");
}

#[test]
fn plain_http_to_a_port_for_tls_is_the_peers_fault() {
    let server = TlsServer::start(Authority::new().local());
    let client = ClientBuilder::default().build().unwrap();
    let request = client.build_request("GET", &format!("http://{}/", server.address)).unwrap();
    let error = send(&client, request).err().unwrap();
    assert!(error.is_a(Code::REMOTE_PROTOCOL_ERROR) || error.is_a(Code::READ_ERROR), "{error:?}");
}

#[test]
fn a_handshake_that_takes_too_long_is_a_connect_timeout() {
    let silent = EchoServer::silent();
    let client = ClientBuilder::default().build().unwrap();
    let mut request = client.build_request("GET", &format!("https://{}/", silent.address)).unwrap();
    let connect = Timeout::Set(Some(Duration::from_millis(50)));
    request.set_timeouts([connect, Timeout::Set(None), Timeout::Set(None), Timeout::Set(None)]);
    let error = send(&client, request).err().unwrap();
    assert_eq!((error.code(), error.message()), (Code::CONNECT_TIMEOUT, "The handshake operation timed out"));
}

#[test]
fn an_alert_in_the_middle_is_a_read_error_that_names_it() {
    let identity = Identity::self_signed(&["127.0.0.1"], false);
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(identity.chain, identity.key.try_into().unwrap())
        .unwrap();
    let config = Arc::new(config);
    let server = server(move |mut socket, _| {
        let mut tls = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
        read_head(&mut rustls::Stream::new(&mut tls, &mut socket)).unwrap();
        // What is no record makes our rustls complain to the client.
        tls.read_tls(&mut &b"\x17\x03\x03\x00\x20_this_is_no_record_of_this_key_."[..]).unwrap();
        assert!(tls.process_new_packets().is_err());
        while tls.wants_write() {
            tls.write_tls(&mut socket).unwrap();
        }
        read_to_end(&mut socket);
    });
    let mut builder = ClientBuilder::default();
    builder.tls.verify = false;
    let client = builder.build().unwrap();
    let request = client.build_request("POST", &format!("https://{server}/")).unwrap();
    let error = send(&client, request).err().unwrap();
    assert_eq!((error.code(), error.tls_alert()), (Code::READ_ERROR, Some(20)), "{error:?}");
}
