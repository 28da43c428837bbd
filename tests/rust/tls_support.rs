//! Certificates made on the spot, and servers that show them.

use std::net::{SocketAddr, TcpStream};
use std::sync::{mpsc, Arc, Mutex};

use base64::Engine;
use bytes::Bytes;
use httpx::error::Error;
use httpx::httpx::{Client, ClientBuilder, Response};
use rcgen::{date_time_ymd, BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ProtocolVersion, RootCertStore, ServerConfig, ServerConnection, StreamOwned, SupportedProtocolVersion};

use crate::support::{read_head, send, server, OK};

/// Who issues certificates.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub pem: String,
    pub der: Bytes,
}

impl Authority {
    pub fn new() -> Authority {
        Authority::of(&[], IsCa::Ca(BasicConstraints::Unconstrained))
    }

    /// One that issues without being an authority, perhaps.
    pub fn of(names: &[&str], is_ca: IsCa) -> Authority {
        let key = KeyPair::generate().unwrap();
        let mut params =
            CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).unwrap();
        params.distinguished_name.push(DnType::CommonName, "the tests' authority");
        params.is_ca = is_ca;
        let certificate = params.self_signed(&key).unwrap();
        let (pem, der) = (certificate.pem(), Bytes::copy_from_slice(certificate.der()));
        Authority { issuer: Issuer::new(params, key), pem, der }
    }

    /// A certificate for `names`, which may be addresses, with changes.
    pub fn issue(&self, names: &[&str], change: impl FnOnce(&mut CertificateParams)) -> Identity {
        let mut params =
            CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).unwrap();
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Identity { chain: vec![certificate.der().clone()], key: key.serialize_der(), pem: certificate.pem() }
    }

    /// One for 127.0.0.1.
    pub fn local(&self) -> Identity {
        self.issue(&["127.0.0.1"], |_| ())
    }
}

/// A certificate with its key.
pub struct Identity {
    pub chain: Vec<CertificateDer<'static>>,
    pub key: Vec<u8>,
    pub pem: String,
}

impl Identity {
    /// One that vouches for itself, as an authority or not.
    pub fn self_signed(names: &[&str], is_ca: bool) -> Identity {
        let mut params =
            CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).unwrap();
        if is_ca {
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        }
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        Identity { chain: vec![certificate.der().clone()], key: key.serialize_der(), pem: certificate.pem() }
    }
}

/// What PEM text has between its lines.
pub fn der(pem: &[u8]) -> Vec<u8> {
    let lines = std::str::from_utf8(pem).unwrap().lines().filter(|line| !line.starts_with('-'));
    base64::engine::general_purpose::STANDARD.decode(lines.collect::<String>()).unwrap()
}

pub fn expired(params: &mut CertificateParams) {
    (params.not_before, params.not_after) = (date_time_ymd(2001, 1, 1), date_time_ymd(2002, 1, 1));
}

pub fn not_yet_valid(params: &mut CertificateParams) {
    (params.not_before, params.not_after) = (date_time_ymd(4001, 1, 1), date_time_ymd(4002, 1, 1));
}

pub const ALL: &[&SupportedProtocolVersion] = &[&rustls::version::TLS13, &rustls::version::TLS12];

/// What a server saw of a handshake.
#[derive(Debug, PartialEq, Eq)]
pub struct Seen {
    pub server_name: Option<String>,
    pub version: Option<ProtocolVersion>,
    pub client_certificate: Option<Vec<u8>>,
}

/// A server that answers every request with 200 and "ok".
pub struct TlsServer {
    pub address: SocketAddr,
    pub seen: mpsc::Receiver<Seen>,
}

/// How a server speaks.
pub struct Options<'a> {
    pub versions: &'a [&'static SupportedProtocolVersion],
    /// Who issues the certificates that clients have to show.
    pub clients_by: Option<&'a [u8]>,
    /// Whether sessions can be resumed.
    pub resumes: bool,
    /// The protocol that it speaks; empty if it knows no ALPN.
    pub alpn: &'a str,
}

impl Default for Options<'_> {
    fn default() -> Self {
        Options { versions: ALL, clients_by: None, resumes: true, alpn: "http/1.1" }
    }
}

impl TlsServer {
    pub fn start(identity: Identity) -> TlsServer {
        TlsServer::with(identity, &Options::default())
    }

    pub fn with(identity: Identity, options: &Options<'_>) -> TlsServer {
        let builder = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_protocol_versions(options.versions)
            .unwrap();
        let builder = match options.clients_by {
            Some(root) => {
                let mut roots = RootCertStore::empty();
                roots.add(CertificateDer::from_slice(root).into_owned()).unwrap();
                let provider = Arc::new(default_provider());
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
                builder.with_client_cert_verifier(verifier.unwrap())
            }
            None => builder.with_no_client_auth(),
        };
        let key = PrivateKeyDer::try_from(identity.key).unwrap();
        let key = default_provider().key_provider.load_private_key(key).unwrap();
        // Not looked at: a server may have any certificate.
        let shown = SingleCertAndKey::from(CertifiedKey::new(identity.chain, key));
        let mut config = builder.with_cert_resolver(Arc::new(shown));
        if !options.alpn.is_empty() {
            config.alpn_protocols = vec![options.alpn.into()];
        }
        if !options.resumes {
            config.session_storage = Arc::new(NoServerSessionStorage {});
            config.send_tls13_tickets = 0;
        }
        let config = Arc::new(config);
        let (tell, seen) = mpsc::channel();
        let tell = Mutex::new(tell);
        let address = server(move |stream, _| {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            let seen = serve(StreamOwned::new(connection, stream));
            let _ = seen.map(|seen| tell.lock().unwrap().send(seen));
        });
        TlsServer { address, seen }
    }
}

/// Serves a connection to its end; None if there was no handshake.
fn serve(mut stream: StreamOwned<ServerConnection, TcpStream>) -> Option<Seen> {
    use std::io::Write;
    while stream.conn.is_handshaking() {
        stream.conn.complete_io(&mut stream.sock).ok()?;
    }
    while read_head(&mut stream).is_some() {
        stream.write_all(OK.as_bytes()).ok()?;
    }
    Some(Seen {
        server_name: stream.conn.server_name().map(str::to_owned),
        version: stream.conn.protocol_version(),
        client_certificate: stream.conn.peer_certificates().map(|chain| chain[0].to_vec()),
    })
}

pub fn trusting(authority: &Authority) -> ClientBuilder {
    let mut builder = ClientBuilder::default();
    builder.tls.add_roots(&authority.der).unwrap();
    builder
}

/// A builder in whose clients the name stands for the server.
pub fn naming(mut builder: ClientBuilder, name: &str, server: SocketAddr) -> ClientBuilder {
    builder.add_override(name, server.port().into(), "127.0.0.1").unwrap();
    builder
}

/// One request to a server by its address or by a name.
pub fn get(client: &Arc<Client>, host: &str, server: SocketAddr) -> Result<Response, Error> {
    send(client, client.build_request("GET", &format!("https://{host}:{}/", server.port())).unwrap())
}

pub fn get_local(client: &Arc<Client>, server: SocketAddr) -> Result<Response, Error> {
    get(client, "127.0.0.1", server)
}
