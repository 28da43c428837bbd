//! What TLS is told: where roots, keys and certificates come from, and what is said when they cannot be used.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use httpx::error::Code;
use httpx::httpcore::{RootStore, TlsSettings};
use httpx::httpx::ClientBuilder;

use crate::tls_support::{der, get_local, Authority, Identity, Options, TlsServer};

/// A folder of one test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("libhttpx-tls-{}-{name}", std::process::id()));
        fs::create_dir(&path).unwrap();
        Folder(path)
    }

    fn write(&self, name: &str, data: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, data).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

fn with(settings: &TlsSettings) -> ClientBuilder {
    ClientBuilder { tls: settings.clone(), ..ClientBuilder::default() }
}

fn accepts(settings: &TlsSettings, server: &TlsServer) -> bool {
    get_local(&with(settings).build().unwrap(), server.address).is_ok()
}

/// Settings made by `set`.
fn settings(set: impl FnOnce(&mut TlsSettings)) -> TlsSettings {
    let mut settings = TlsSettings::default();
    set(&mut settings);
    settings
}

#[test]
fn roots_come_from_pem_and_der_and_add_up() {
    let (one, two) = (Authority::new(), Identity::self_signed(&["127.0.0.1"], true));
    let first = TlsServer::start(one.local());
    let both = format!("a comment\n{}{}", two.pem, one.pem);
    assert!(accepts(&settings(|tls| tls.add_roots(both.as_bytes()).unwrap()), &first));
    let row = [&two.chain[0][..], &one.der].concat();
    assert!(accepts(&settings(|tls| tls.add_roots(&row).unwrap()), &first));
    let mut added = settings(|tls| tls.add_roots(&two.chain[0]).unwrap());
    assert!(!accepts(&added, &first));
    added.add_roots(one.pem.as_bytes()).unwrap();
    assert!(accepts(&added, &first));
    assert!(accepts(&added, &TlsServer::start(two)));
}

#[test]
fn a_file_of_roots_is_read_anew_when_it_has_changed() {
    let folder = Folder::new("file");
    let (one, two) = (Authority::new(), Authority::new());
    let ca = folder.write("ca.pem", &one.pem);
    let before = settings(|tls| tls.add_roots_from(&ca).unwrap());
    assert_eq!(before, settings(|tls| tls.add_roots_from(&ca).unwrap()));
    folder.write("ca.pem", format!("{}{}", two.pem, one.pem));
    let after = settings(|tls| tls.add_roots_from(&ca).unwrap());
    let server = TlsServer::start(two.local());
    assert!(accepts(&after, &server) && !accepts(&before, &server));
}

#[test]
fn a_directory_of_roots_may_be_hashed_or_plain() {
    for name in ["5ed36f99.0", "root.pem", "root.crt"] {
        let folder = Folder::new(name);
        let authority = Authority::new();
        folder.write(name, &authority.pem);
        // Passed over, as OpenSSL does.
        folder.write("00000000.0", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
        folder.write("broken.pem", "-----BEGIN CERTIFICATE-----\n?");
        folder.write("README", "not a certificate");
        fs::create_dir(folder.0.join("folder.pem")).unwrap();
        let settings = settings(|tls| tls.add_roots_from(&folder.0).unwrap());
        assert!(accepts(&settings, &TlsServer::start(authority.local())), "{name}");
    }
}

#[test]
fn what_has_no_roots_is_an_error_in_the_words_of_httpx() {
    let folder = Folder::new("none");
    let nowhere = folder.0.join("nowhere");
    let text =
        |path: &Path| format!("Could not find a suitable TLS CA certificate bundle, invalid path: {}", path.display());
    let mut tls = TlsSettings::default();
    let missing = tls.add_roots_from(&nowhere).unwrap_err();
    assert_eq!((missing.code(), missing.os_errno()), (Code::FILE_NOT_FOUND, Some(2)));
    assert!(missing.message().contains(&text(&nowhere)), "{missing}");
    let empty = tls.add_roots_from(&folder.0).unwrap_err();
    assert_eq!(empty.code(), Code::INVALID_CONFIG);
    assert!(empty.message().contains(&text(&folder.0)), "{empty}");
    let file = folder.write("text.pem", "no certificate");
    for error in [tls.add_roots_from(&file).unwrap_err(), tls.add_roots(b"").unwrap_err()] {
        assert_eq!(error.code(), Code::INVALID_CONFIG);
    }
    assert_eq!(tls, TlsSettings::default());
}

#[test]
fn the_stores_are_what_they_are_called() {
    let authority = Authority::new();
    let server = TlsServer::start(authority.local());
    for store in [RootStore::Nobody, RootStore::Unset, RootStore::Bundled] {
        let mut tls = settings(|tls| tls.store = store);
        let error = get_local(&with(&tls).build().unwrap(), server.address).err().unwrap();
        assert_eq!(error.code(), Code::CERTIFICATE_UNTRUSTED, "{store:?}: {error:?}");
        tls.add_roots(&authority.der).unwrap();
        assert!(accepts(&tls, &server), "{store:?}");
    }
    // What the machine has beside it is the machine's business.
    let system = settings(|tls| {
        tls.store = RootStore::System;
        tls.add_roots(&authority.der).unwrap();
    });
    assert!(accepts(&system, &server));
}

/// A key of the folder `data`, with its certificate.
macro_rules! data {
    ($name:literal) => {
        include_bytes!(concat!("data/tls/", $name))
    };
}

#[test]
fn keys_of_all_kinds_are_read() {
    let secret = Some(&b"secret"[..]);
    let ec: [(&[u8], _); 11] = [
        (data!("ec.sec1.key"), None),
        (data!("ec.pkcs8.key"), None),
        (data!("ec.pkcs8.key"), secret),
        (data!("ec.pbes2-aes256.key"), secret),
        (data!("ec.pbes2-aes128-sha1.key"), secret),
        (data!("ec.pbes2-des3.key"), secret),
        (data!("ec.pbes2-scrypt.key"), secret),
        (data!("ec.legacy-aes128.key"), secret),
        (data!("ec.legacy-aes192.key"), secret),
        (data!("ec.legacy-aes256.key"), secret),
        (data!("ec.legacy-des3.key"), secret),
    ];
    for (index, (key, password)) in ec.into_iter().enumerate() {
        let set = TlsSettings::default().set_client_certificate(data!("ec.pem"), Some(key), password);
        assert!(set.is_ok(), "{index}: {set:?}");
        // In one text with its certificate, in either order.
        for parts in [[&data!("ec.pem")[..], key], [key, data!("ec.pem")]] {
            let set = TlsSettings::default().set_client_certificate(&parts.concat(), None, password);
            assert!(set.is_ok(), "{index}: {set:?}");
        }
    }
    for (key, password) in [(&data!("rsa.pkcs1.key")[..], None), (data!("rsa.legacy-aes256.key"), secret)] {
        let set = TlsSettings::default().set_client_certificate(data!("rsa.pem"), Some(key), password);
        assert!(set.is_ok(), "{set:?}");
    }
    // In DER, encrypted or not.
    for (key, password) in [(&data!("ec.pkcs8.key")[..], None), (data!("ec.pbes2-aes256.key"), secret)] {
        let set = TlsSettings::default().set_client_certificate(&der(data!("ec.pem")), Some(&der(key)), password);
        assert!(set.is_ok(), "{set:?}");
    }
}

#[test]
fn a_server_accepts_a_certificate_whose_key_was_encrypted() {
    let authority = Authority::new();
    let root = der(data!("rsa.pem"));
    let server = TlsServer::with(authority.local(), &Options { clients_by: Some(&root), ..Options::default() });
    let folder = Folder::new("client");
    let (cert, key) = (folder.write("c.pem", data!("rsa.pem")), folder.write("k.pem", data!("rsa.legacy-aes256.key")));
    let both = folder.write("both.pem", [&data!("rsa.legacy-aes256.key")[..], data!("rsa.pem")].concat());
    for (cert, key) in [(&cert, Some(key.as_path())), (&both, None)] {
        let mut tls = settings(|tls| tls.add_roots(&authority.der).unwrap());
        tls.set_client_certificate_from(cert, key, Some(b"secret")).unwrap();
        assert!(accepts(&tls, &server));
        assert_eq!(server.seen.recv().unwrap().client_certificate, Some(root.clone()));
    }
}

#[test]
fn a_key_that_cannot_be_used_says_why() {
    let set = |cert: &[u8], key: &[u8], password: Option<&[u8]>| {
        let mut tls = TlsSettings::default();
        let error = tls.set_client_certificate(cert, Some(key), password).unwrap_err();
        assert!(error.is_a(Code::INVALID_CONFIG), "{error:?}");
        assert_eq!(tls, TlsSettings::default());
        error
    };
    for key in [&data!("ec.pbes2-aes256.key")[..], data!("ec.legacy-aes256.key")] {
        let missing = set(data!("ec.pem"), key, None);
        assert_eq!(missing.code(), Code::KEY_PASSWORD);
        assert!(missing.message().contains("no password"), "{missing}");
        for wrong in [&b"wrong"[..], b""] {
            let wrong = set(data!("ec.pem"), key, Some(wrong));
            assert_eq!(wrong.code(), Code::KEY_PASSWORD);
            assert!(wrong.message().contains("password is wrong"), "{wrong}");
        }
    }
    let other = set(data!("rsa.pem"), data!("ec.pkcs8.key"), None);
    assert_eq!(other.code(), Code::KEY_MISMATCH);
    let unsupported = set(data!("ec.pem"), data!("ec.pbes1.key"), Some(b"secret"));
    assert!(unsupported.message().contains("not supported"), "{unsupported}");
    assert!(set(data!("ec.pem"), data!("ec.pem"), None).message().contains("no private key"));
    assert!(set(data!("ec.pkcs8.key"), data!("ec.pkcs8.key"), None).message().contains("no certificate"));
    assert!(set(b"", b"", None).message().contains("no certificate"));
    set(data!("ec.pem"), b"\x30\x03\x02\x01\x00", None);

    let nowhere = Path::new("/does/not/exist.pem");
    let error = TlsSettings::default().set_client_certificate_from(nowhere, None, None).unwrap_err();
    assert_eq!(error.code(), Code::FILE_NOT_FOUND);
    assert!(error.message().contains("/does/not/exist.pem"), "{error}");
}

#[test]
fn private_keys_are_not_in_what_is_printed() {
    let mut tls = TlsSettings::default();
    tls.set_client_certificate(data!("ec.pem"), Some(data!("ec.pkcs8.key")), None).unwrap();
    let printed = format!("{tls:?}");
    assert!(printed.contains("ClientCertificate") && !printed.contains("key:"), "{printed}");
}

#[test]
fn secrets_are_added_to_the_key_log() {
    let folder = Folder::new("keylog");
    let log = folder.write("keys", "# before\n");
    let authority = Authority::new();
    let server = TlsServer::with(authority.local(), &Options { resumes: false, ..Options::default() });
    let mut tls = settings(|tls| tls.add_roots(&authority.der).unwrap());
    tls.set_key_log(&log).unwrap();
    assert!(accepts(&tls, &server) && accepts(&tls, &server));
    let text = fs::read_to_string(&log).unwrap();
    assert!(text.starts_with("# before\n"));
    for label in ["CLIENT_HANDSHAKE_TRAFFIC_SECRET ", "SERVER_TRAFFIC_SECRET_0 "] {
        let lines: Vec<_> = text.lines().filter_map(|line| line.strip_prefix(label)).collect();
        assert_eq!(lines.len(), 2, "{text}");
        let (random, secret) = lines[0].split_once(' ').unwrap();
        assert!(random.len() == 64 && secret.len() >= 64 && random.bytes().all(|b| b.is_ascii_hexdigit()));
    }
    let error = tls.set_key_log(&folder.0.join("nowhere/keys")).unwrap_err();
    assert_eq!(error.code(), Code::FILE_NOT_FOUND);
}

/// What `apply_environment` makes of an environment.
fn in_environment(settings: &TlsSettings, variables: &[(&str, &Path)]) -> Result<TlsSettings, httpx::error::Error> {
    let mut settings = settings.clone();
    let lookup = |name: &str| {
        let found = variables.iter().find(|(other, _)| *other == name);
        found.map(|(_, value)| OsString::from(value))
    };
    settings.apply_environment(&lookup).map(|()| settings)
}

#[test]
fn the_environment_names_roots_for_those_who_named_none() {
    let folder = Folder::new("environment");
    let (one, two) = (Authority::new(), Authority::new());
    let file = folder.write("bundle", &one.pem);
    let directory = folder.0.join("directory");
    fs::create_dir(&directory).unwrap();
    fs::write(directory.join("two.pem"), &two.pem).unwrap();
    let by_file = settings(|tls| tls.add_roots(&one.der).unwrap());
    let by_directory = settings(|tls| tls.add_roots(&two.der).unwrap());

    let unset = TlsSettings::default();
    assert_eq!(in_environment(&unset, &[("SSL_CERT_FILE", &file)]).unwrap(), by_file);
    assert_eq!(in_environment(&unset, &[("SSL_CERT_DIR", &directory)]).unwrap(), by_directory);
    let both = [("SSL_CERT_DIR", directory.as_path()), ("SSL_CERT_FILE", &file)];
    assert_eq!(in_environment(&unset, &both).unwrap(), by_file);
    let list = PathBuf::from(std::env::join_paths([&folder.0.join("nowhere"), &directory]).unwrap());
    assert_eq!(in_environment(&unset, &[("SSL_CERT_DIR", &list)]).unwrap(), by_directory);
    assert_eq!(in_environment(&unset, &[("SSL_CERT_FILE", Path::new(""))]).unwrap(), unset);

    let told = [
        settings(|tls| tls.verify = false),
        settings(|tls| tls.store = RootStore::Bundled),
        settings(|tls| tls.add_roots(&two.der).unwrap()),
    ];
    for told in told {
        assert_eq!(in_environment(&told, &both).unwrap(), told);
    }
    for name in ["SSL_CERT_FILE", "SSL_CERT_DIR"] {
        let error = in_environment(&unset, &[(name, &folder.0.join("nowhere"))]).unwrap_err();
        assert_eq!(error.code(), Code::FILE_NOT_FOUND);
    }
}

#[test]
fn the_environment_names_a_key_log_also_without_verification() {
    let folder = Folder::new("environment-keylog");
    let (log, other) = (folder.0.join("keys"), folder.0.join("other"));
    let unverified = settings(|tls| tls.verify = false);
    let logging = in_environment(&unverified, &[("SSLKEYLOGFILE", &log)]).unwrap();
    assert!(log.exists());
    assert_ne!(logging, unverified);
    let own = settings(|tls| tls.set_key_log(&other).unwrap());
    assert_eq!(in_environment(&own, &[("SSLKEYLOGFILE", &log)]).unwrap(), own);
}

#[test]
fn a_builder_asks_the_environment_only_if_it_is_trusted() {
    let nowhere = |name: &str| (name == "SSL_CERT_FILE").then(|| OsString::from("/does/not/exist"));
    let trusting = ClientBuilder::default();
    assert_eq!(trusting.in_environment(&nowhere).err().unwrap().code(), Code::FILE_NOT_FOUND);
    assert!(ClientBuilder { trust_env: false, ..trusting }.in_environment(&nowhere).is_ok());
}
