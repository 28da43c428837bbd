//! Root certificates that the program names: in files, directories and memory, as PEM or DER.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use bytes::Bytes;
use rustls::pki_types::CertificateDer;
use rustls::RootCertStore;

use super::der::split_sequence;
use super::{file_error, invalid, pem};
use crate::error::Error;
use crate::runtime::ForkCell;

/// What was read, so that clients that trust the same bundle do not parse it again.
static READ: ForkCell<Mutex<Vec<Bundle>>> = ForkCell::new();
/// More of them are not kept.
const MAX_KEPT: usize = 16;

/// A file or a directory as it was read.
struct Bundle {
    path: PathBuf,
    files: Vec<File>,
    certificates: Vec<Bytes>,
}

/// What tells whether a file is still the same.
#[derive(PartialEq)]
struct File {
    path: PathBuf,
    modified: SystemTime,
    size: u64,
}

impl File {
    fn new(path: PathBuf) -> io::Result<File> {
        let about = fs::metadata(&path)?;
        Ok(File { path, modified: about.modified()?, size: about.len() })
    }
}

/// The certificates of PEM text, or of DER ones in a row.
///
/// # Errors
/// INVALID_CONFIG if there is none that can be used. A bundle may have some: rustls is stricter than those who made it.
pub(super) fn of_data(data: &[u8]) -> Result<Vec<Bytes>, Error> {
    let mut unusable = None;
    let mut certificates = certificates(data)?;
    certificates.retain(|certificate| usable(certificate).map_err(|e| unusable = Some(e)).is_ok());
    match (certificates.is_empty(), unusable) {
        (true, Some(e)) => Err(invalid(format!("the certificate cannot be used as a root: {e}"))),
        _ => Ok(certificates),
    }
}

fn usable(certificate: &Bytes) -> Result<(), rustls::Error> {
    RootCertStore::empty().add(CertificateDer::from_slice(certificate))
}

/// What is a certificate in PEM text, or in DER; at least one.
pub(super) fn certificates(data: &[u8]) -> Result<Vec<Bytes>, Error> {
    let mut found = Vec::new();
    if pem::is_pem(data) {
        let sections = pem::sections(data)?;
        found.extend(sections.into_iter().filter(pem::Section::is_certificate).map(|section| section.data.into()));
    } else {
        let mut rest = data;
        while let Some((certificate, others)) = split_sequence(rest) {
            found.push(Bytes::copy_from_slice(certificate));
            rest = others;
        }
    }
    match found.is_empty() {
        true => Err(invalid("there is no certificate in it, neither as PEM nor as DER".to_owned())),
        false => Ok(found),
    }
}

/// The certificates of a file or of a directory (checklist L01).
///
/// # Errors
/// IO_ERROR or a code below it, INVALID_CONFIG.
pub(super) fn of_path(path: &Path) -> Result<Vec<Bytes>, Error> {
    let failed = |e: io::Error| not_found(&e, path);
    let is_directory = fs::metadata(path).map_err(failed)?.is_dir();
    let files = match is_directory {
        true => files_of(path).map_err(failed)?,
        false => vec![File::new(path.to_owned()).map_err(failed)?],
    };
    let read = READ.get_or_init(Mutex::default);
    let mut kept = read.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(bundle) = kept.iter().find(|bundle| bundle.path == path && bundle.files == files) {
        return Ok(bundle.certificates.clone());
    }
    let certificates = match is_directory {
        true => of_directory(path, &files)?,
        false => of_data(&fs::read(path).map_err(failed)?)
            .map_err(|e| invalid(format!("{}: {}", path.display(), e.message())))?,
    };
    kept.retain(|bundle| bundle.path != path);
    if kept.len() >= MAX_KEPT {
        kept.remove(0);
    }
    kept.push(Bundle { path: path.to_owned(), files, certificates: certificates.clone() });
    Ok(certificates)
}

fn not_found(error: &io::Error, path: &Path) -> Error {
    file_error(error, &no_bundle(path))
}

fn no_bundle(path: &Path) -> String {
    format!("Could not find a suitable TLS CA certificate bundle, invalid path: {}", path.display())
}

/// The files of a directory in which certificates are looked for, in an order that does not change, so that equal
/// settings are found equal.
fn files_of(directory: &Path) -> io::Result<Vec<File>> {
    let paths = fs::read_dir(directory)?.filter_map(|entry| Some(entry.ok()?.path()));
    let mut files: Vec<_> = paths.filter(|path| is_wanted(path)).filter_map(|path| File::new(path).ok()).collect();
    files.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(files)
}

/// A directory as `openssl rehash` leaves it, or one of plain PEM files. As in OpenSSL, files that cannot be used are
/// passed over.
fn of_directory(path: &Path, files: &[File]) -> Result<Vec<Bytes>, Error> {
    let mut known = HashSet::new();
    let data = files.iter().filter_map(|file| fs::read(&file.path).ok());
    let found: Vec<_> = data
        .filter_map(|data| certificates(&data).ok())
        .flatten()
        .filter(|certificate| known.insert(certificate.clone()) && usable(certificate).is_ok())
        .collect();
    match found.is_empty() {
        true => Err(invalid(format!("{}: there is no certificate in it", no_bundle(path)))),
        false => Ok(found),
    }
}

/// `5ed36f99.0`, as OpenSSL looks it up, or a name that says what it is.
fn is_wanted(file: &Path) -> bool {
    let (Some(stem), Some(extension)) = (file.file_stem(), file.extension()) else { return false };
    let all = |text: &std::ffi::OsStr, is: fn(&u8) -> bool| text.as_encoded_bytes().iter().all(is);
    let hashed = stem.len() == 8 && all(stem, u8::is_ascii_hexdigit) && all(extension, u8::is_ascii_digit);
    hashed || ["pem", "crt", "cer"].into_iter().any(|known| extension.eq_ignore_ascii_case(known))
}

/// The certificates in the directories of a list such as `SSL_CERT_DIR`, those that are not there passed over.
///
/// # Errors
/// As for `of_path`, if there is none in all of them.
pub(super) fn of_directories(list: &std::ffi::OsStr) -> Result<Vec<Bytes>, Error> {
    let mut found = Vec::new();
    let mut failed = None;
    for directory in std::env::split_paths(list) {
        match of_path(&directory) {
            Ok(certificates) => found.extend(certificates),
            Err(error) => failed = Some(error),
        }
    }
    match (found.is_empty(), failed) {
        (true, Some(error)) => Err(error),
        _ => Ok(found),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_directory_only_files_of_certificates_are_read() {
        for name in ["5ed36f99.0", "ABCDEF01.12", "root.pem", "root.CRT", "a.b.cer"] {
            assert!(is_wanted(Path::new(name)), "{name}");
        }
        for name in ["5ed36f9.0", "5ed36f99.r0", "5ed36f9g.0", "README", ".pem", "key.txt"] {
            assert!(!is_wanted(Path::new(name)), "{name}");
        }
    }
}
