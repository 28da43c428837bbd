//! What a client wants of TLS: a description, that can be compared, so that what is costly is made once for all who
//! want the same.

use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::SupportedProtocolVersion;

use super::key_log::KeyLogFile;
use super::{file_error, invalid, pem, private_key, roots};
use crate::error::{Code, Error};

/// See the module. Files are read when they are named.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TlsSettings {
    /// Whether the peer's certificate and name are checked.
    pub verify: bool,
    /// Whether the certificate has to be for the peer's name.
    pub check_hostname: bool,
    /// Whose root certificates are trusted beside those that were added.
    pub store: RootStore,
    /// Certificates that were added, in DER.
    pub(super) roots: Vec<Bytes>,
    pub(super) client_certificate: Option<ClientCertificate>,
    min_version: TlsVersion,
    max_version: TlsVersion,
    pub(super) key_log: Option<PathBuf>,
}

impl Default for TlsSettings {
    fn default() -> TlsSettings {
        TlsSettings {
            verify: true,
            check_hostname: true,
            store: RootStore::Unset,
            roots: Vec::new(),
            client_certificate: None,
            min_version: TlsVersion::V1_2,
            max_version: TlsVersion::V1_3,
            key_log: None,
        }
    }
}

/// A set of root certificates that nobody has to name (checklist L03).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum RootStore {
    /// The bundled ones, unless others were added.
    #[default]
    Unset,
    /// None but those that were added.
    Nobody,
    /// Mozilla's, as they came with the library.
    Bundled,
    /// The system's.
    System,
}

/// A version of TLS. There are no older ones here (checklist L05).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TlsVersion {
    /// RFC 5246.
    V1_2,
    /// RFC 8446.
    V1_3,
}

/// What the client shows to peers that ask for it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct ClientCertificate {
    /// In DER, its own first.
    chain: Vec<Bytes>,
    /// In DER.
    key: Bytes,
}

impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientCertificate").field("chain", &self.chain.len()).finish_non_exhaustive()
    }
}

impl ClientCertificate {
    pub(super) fn certified_key(&self) -> Result<CertifiedKey, Error> {
        let chain = self.chain.iter().map(|der| CertificateDer::from_slice(der).into_owned()).collect();
        let key = PrivateKeyDer::try_from(&self.key[..])
            .map_err(|_| invalid("the private key is neither PKCS#8 nor PKCS#1 nor SEC1".to_owned()))?
            .clone_key();
        CertifiedKey::from_der(chain, key, &aws_lc_rs::default_provider()).map_err(|e| match e {
            rustls::Error::InconsistentKeys(_) => {
                Error::new(Code::KEY_MISMATCH, "the private key is not the certificate's: key values mismatch")
            }
            other => invalid(format!("the client certificate or its private key cannot be used: {other}")),
        })
    }
}

impl TlsSettings {
    /// Trusts the certificates in PEM text or in DER, in addition to those added before.
    ///
    /// # Errors
    /// INVALID_CONFIG if there is none in it that can be used.
    pub fn add_roots(&mut self, data: &[u8]) -> Result<(), Error> {
        self.roots.extend(roots::of_data(data)?);
        Ok(())
    }

    /// The same for a file, or for a directory such as `openssl rehash` makes (checklist L01).
    ///
    /// # Errors
    /// IO_ERROR or a code below it if it cannot be read; INVALID_CONFIG.
    pub fn add_roots_from(&mut self, path: &Path) -> Result<(), Error> {
        self.roots.extend(roots::of_path(path)?);
        Ok(())
    }

    /// Shows a certificate, with the chain that follows it, to peers that ask for one (checklist L02). Both parts are in
    /// PEM or DER; without `key`, the key is in the first one's PEM text.
    ///
    /// # Errors
    /// KEY_PASSWORD, KEY_MISMATCH; INVALID_CONFIG for what cannot be read.
    pub fn set_client_certificate(
        &mut self,
        certificate: &[u8],
        key: Option<&[u8]>,
        password: Option<&[u8]>,
    ) -> Result<(), Error> {
        let chain = roots::certificates(certificate)?;
        let certificate = ClientCertificate { chain, key: key_of(key.unwrap_or(certificate), password)? };
        certificate.certified_key()?;
        self.client_certificate = Some(certificate);
        Ok(())
    }

    /// The same for files.
    ///
    /// # Errors
    /// As there; IO_ERROR or a code below it if they cannot be read.
    pub fn set_client_certificate_from(
        &mut self,
        certificate: &Path,
        key: Option<&Path>,
        password: Option<&[u8]>,
    ) -> Result<(), Error> {
        let read = |path: &Path| fs::read(path).map_err(|e| file_error(&e, &path.display().to_string()));
        let key = key.map(read).transpose()?;
        self.set_client_certificate(&read(certificate)?, key.as_deref(), password)
    }

    /// Speaks no older and no newer version.
    ///
    /// # Errors
    /// INVALID_CONFIG if that leaves none.
    pub fn set_versions(&mut self, min: TlsVersion, max: TlsVersion) -> Result<(), Error> {
        if min > max {
            return Err(invalid("the oldest version of TLS is newer than the newest".to_owned()));
        }
        (self.min_version, self.max_version) = (min, max);
        Ok(())
    }

    pub(super) fn versions(&self) -> Vec<&'static SupportedProtocolVersion> {
        [(TlsVersion::V1_3, &rustls::version::TLS13), (TlsVersion::V1_2, &rustls::version::TLS12)]
            .into_iter()
            .filter(|(version, _)| (self.min_version..=self.max_version).contains(version))
            .map(|(_, supported)| supported)
            .collect()
    }

    /// Adds the secrets of all connections to a file, which is made if it is not there. Who has them can read what was
    /// sent.
    ///
    /// # Errors
    /// IO_ERROR or a code below it if it cannot be written.
    pub fn set_key_log(&mut self, file: &Path) -> Result<(), Error> {
        KeyLogFile::open(file).map_err(|e| file_error(&e, &file.display().to_string()))?;
        self.key_log = Some(file.to_owned());
        Ok(())
    }

    /// Takes from the environment what the program has not said: `SSL_CERT_FILE`, else `SSL_CERT_DIR`, instead of the
    /// bundled roots, and `SSLKEYLOGFILE` (checklist L04).
    ///
    /// # Errors
    /// As for `add_roots_from` and `set_key_log`.
    pub fn apply_environment(&mut self, lookup: &dyn Fn(&str) -> Option<OsString>) -> Result<(), Error> {
        let given = |name| lookup(name).filter(|value| !value.is_empty());
        if self.verify && self.store == RootStore::Unset && self.roots.is_empty() {
            if let Some(file) = given("SSL_CERT_FILE") {
                self.add_roots_from(Path::new(&file))?;
            } else if let Some(list) = given("SSL_CERT_DIR") {
                self.roots = roots::of_directories(&list)?;
            }
        }
        match (&self.key_log, given("SSLKEYLOGFILE")) {
            (None, Some(file)) => self.set_key_log(Path::new(&file)),
            _ => Ok(()),
        }
    }
}

fn key_of(data: &[u8], password: Option<&[u8]>) -> Result<Bytes, Error> {
    if !pem::is_pem(data) {
        return private_key::of_der(data, password);
    }
    let sections = pem::sections(data)?;
    let section = sections.iter().find(|section| section.is_private_key());
    private_key::of_section(section.ok_or_else(|| invalid("there is no private key in it".to_owned()))?, password)
}

/// The key that a configuration shows, for rustls.
pub(super) fn resolver(certificate: &ClientCertificate) -> Result<Arc<rustls::sign::SingleCertAndKey>, Error> {
    Ok(Arc::new(certificate.certified_key()?.into()))
}
