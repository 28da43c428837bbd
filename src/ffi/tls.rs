//! The TLS settings handle.

use std::ffi::c_char;
use std::path::Path;
use std::sync::Arc;

use super::client_builder::{change as change_builder, httpx_client_builder};
use super::codes::httpx_code;
use super::error::httpx_error;
use super::handle::{give, take_back, Handle, Inherited, Kind, Slot};
use super::kit::{borrow, bytes, guard_ok, guard_or, path, short_bytes, Out};
use crate::error::{Code, Error, Result};
use crate::httpcore::{RootStore, TlsSettings, TlsVersion};

/// The bundled root certificates, unless others were added: the default.
pub const HTTPX_ROOTS_DEFAULT: i32 = 0;
/// No root certificates but those that were added; without any, nobody is trusted.
pub const HTTPX_ROOTS_NONE: i32 = 1;
/// The bundled root certificates, Mozilla's, and those that were added.
pub const HTTPX_ROOTS_BUNDLED: i32 = 2;
/// The system's root certificates, and those that were added.
pub const HTTPX_ROOTS_SYSTEM: i32 = 3;

/// TLS 1.2, for httpx_tls_versions.
pub const HTTPX_TLS_1_2: i32 = 0x0303;
/// TLS 1.3.
pub const HTTPX_TLS_1_3: i32 = 0x0304;

/// Settings of TLS, for as many clients as wanted. One thread at a time.
pub struct httpx_tls {
    slot: Arc<Slot<TlsSettings>>,
}

impl Handle for httpx_tls {
    const KIND: Kind = Kind::Tls;
}

impl httpx_tls {
    /// What it says now.
    pub(super) fn copied(&self) -> Result<TlsSettings> {
        Ok(self.slot.lend()?.clone())
    }
}

impl Inherited for TlsSettings {
    fn is_only_memory(&self) -> bool {
        true
    }
}

/// # Safety
/// `t` is NULL or a live handle.
unsafe fn change(
    t: *mut httpx_tls,
    err: *mut *mut httpx_error,
    change: impl FnOnce(&mut TlsSettings) -> Result<()>,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for it.
        let mut settings = unsafe { borrow(t, "t") }?.slot.lend()?;
        // On a copy: a setting that fails leaves the others as they were.
        let mut changed = settings.clone();
        change(&mut changed)?;
        *settings = changed;
        Ok(())
    })
}

/// Makes settings with HTTPX's defaults: certificates and names are checked, against the bundled Mozilla root
/// certificates; TLS 1.2 and 1.3. `*out` is owned by the caller, who frees it with httpx_tls_free.
#[no_mangle]
pub unsafe extern "C" fn httpx_tls_new(out: *mut *mut httpx_tls, err: *mut *mut httpx_error) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for it.
        let out = unsafe { Out::new(out, "out") }?;
        out.set(give(httpx_tls { slot: Slot::new(TlsSettings::default()) }));
        Ok(())
    })
}

/// Frees settings. Builders that were given them have copies. NULL is fine.
#[no_mangle]
pub unsafe extern "C" fn httpx_tls_free(t: *mut httpx_tls) {
    // SAFETY: a live handle or NULL, not used again.
    guard_or((), || unsafe { take_back(t, |t| t.slot.generation()) });
}

/// Says whether peers' certificates and names are checked: 1 (the default), or 0, which gives up all protection
/// against an attacker in the middle.
#[no_mangle]
pub unsafe extern "C" fn httpx_tls_verify(t: *mut httpx_tls, verify: i32, err: *mut *mut httpx_error) -> httpx_code {
    let set = |settings: &mut TlsSettings| {
        settings.verify = verify != 0;
        Ok(())
    };
    // SAFETY: the caller vouches for `t`.
    unsafe { change(t, err, set) }
}

/// Says whether a peer's certificate has to be for its name: 1 (the default), or 0: then any certificate that a trusted
/// authority has signed will do, whoever it is for. Where the system's own verifier does the checking (macOS, Windows), 0
/// may hide other faults that it finds after the name.
#[no_mangle]
pub unsafe extern "C" fn httpx_tls_check_hostname(
    t: *mut httpx_tls,
    check: i32,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let set = |settings: &mut TlsSettings| {
        settings.check_hostname = check != 0;
        Ok(())
    };
    // SAFETY: the caller vouches for `t`.
    unsafe { change(t, err, set) }
}

/// Says which root certificates are trusted: HTTPX_ROOTS_DEFAULT, HTTPX_ROOTS_NONE, HTTPX_ROOTS_BUNDLED or
/// HTTPX_ROOTS_SYSTEM, and in addition those that were added. The system's are asked for at the first connection;
/// where they are files, SSL_CERT_FILE and SSL_CERT_DIR say which.
#[no_mangle]
pub unsafe extern "C" fn httpx_tls_roots(t: *mut httpx_tls, roots: i32, err: *mut *mut httpx_error) -> httpx_code {
    let set = |settings: &mut TlsSettings| {
        settings.store = match roots {
            HTTPX_ROOTS_DEFAULT => RootStore::Unset,
            HTTPX_ROOTS_NONE => RootStore::Nobody,
            HTTPX_ROOTS_BUNDLED => RootStore::Bundled,
            HTTPX_ROOTS_SYSTEM => RootStore::System,
            other => return Err(Error::new(Code::INVALID_ARGUMENT, format!("{other} is no set of root certificates"))),
        };
        Ok(())
    };
    // SAFETY: the caller vouches for `t`.
    unsafe { change(t, err, set) }
}

/// Adds root certificates: PEM text, or DER (copied). A certificate that is no authority's is trusted for itself alone.
///
/// HTTPX_E_INVALID_CONFIG if there is none in it that can be used.
#[no_mangle]
pub unsafe extern "C" fn httpx_tls_ca_data(
    t: *mut httpx_tls,
    data: *const u8,
    len: usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    // SAFETY: the caller vouches for pointer and length.
    let set = |settings: &mut TlsSettings| settings.add_roots(unsafe { bytes(data, len, "data") }?);
    // SAFETY: the caller vouches for `t`.
    unsafe { change(t, err, set) }
}

/// Adds the root certificates in a file, PEM or DER, or in a directory, as `openssl rehash` leaves it or with names
/// that end in .pem, .crt or .cer, where files that cannot be used are passed over. Read now.
///
/// HTTPX_E_IO or a code below it if it cannot be read, HTTPX_E_INVALID_CONFIG if there is no certificate in it that
/// can be used.
#[no_mangle]
pub unsafe extern "C" fn httpx_tls_ca_path(
    t: *mut httpx_tls,
    ca: *const c_char,
    len: usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    // SAFETY: the caller vouches for pointer and length.
    let set = |settings: &mut TlsSettings| settings.add_roots_from(unsafe { path(ca, len, "ca") }?);
    // SAFETY: the caller vouches for `t`.
    unsafe { change(t, err, set) }
}

/// Shows a client certificate, with the chain that follows it, to servers that ask for one. Both parts are PEM text or
/// DER (copied); without `key`, (NULL, 0), the key is in the PEM text `cert`. Keys are PKCS#8, PKCS#1 or SEC1,
/// encrypted ones PKCS#8 or OpenSSL's own PEM (AES or triple DES); `password`, which may be (NULL, 0), is for these.
///
/// HTTPX_E_KEY_PASSWORD without the right password, HTTPX_E_KEY_MISMATCH for another certificate's key,
/// HTTPX_E_INVALID_CONFIG for what cannot be read.
#[no_mangle]
pub unsafe extern "C" fn httpx_tls_cert_data(
    t: *mut httpx_tls,
    cert: *const u8,
    cert_len: usize,
    key: *const u8,
    key_len: usize,
    password: *const u8,
    password_len: usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let set = |settings: &mut TlsSettings| {
        // SAFETY: the caller vouches for pointers and lengths.
        let (cert, key, password) = unsafe {
            let key = given(key, key_len).then(|| bytes(key, key_len, "key")).transpose()?;
            (bytes(cert, cert_len, "cert")?, key, optional_password(password, password_len)?)
        };
        settings.set_client_certificate(cert, key, password)
    };
    // SAFETY: the caller vouches for `t`.
    unsafe { change(t, err, set) }
}

/// The same for files, read now. HTTPX_E_IO or a code below it if one cannot be read.
#[no_mangle]
pub unsafe extern "C" fn httpx_tls_cert_file(
    t: *mut httpx_tls,
    cert: *const c_char,
    cert_len: usize,
    key: *const c_char,
    key_len: usize,
    password: *const u8,
    password_len: usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let set = |settings: &mut TlsSettings| {
        // SAFETY: the caller vouches for pointers and lengths.
        let (cert, key, password): (&Path, _, _) = unsafe {
            let key = given(key.cast(), key_len).then(|| path(key, key_len, "key")).transpose()?;
            (path(cert, cert_len, "cert")?, key, optional_password(password, password_len)?)
        };
        settings.set_client_certificate_from(cert, key, password)
    };
    // SAFETY: the caller vouches for `t`.
    unsafe { change(t, err, set) }
}

fn given(pointer: *const u8, len: usize) -> bool {
    !pointer.is_null() || len > 0
}

/// # Safety
/// As for `bytes`.
unsafe fn optional_password<'a>(password: *const u8, len: usize) -> Result<Option<&'a [u8]>> {
    // SAFETY: the caller vouches for it.
    given(password, len).then(|| unsafe { short_bytes(password, len, "password") }).transpose()
}

/// Says which versions of TLS are spoken: the oldest and the newest, HTTPX_TLS_1_2 or HTTPX_TLS_1_3. Both are, unless
/// told otherwise. HTTPX_E_INVALID_ARGUMENT for others, HTTPX_E_INVALID_CONFIG if that leaves none.
#[no_mangle]
pub unsafe extern "C" fn httpx_tls_versions(
    t: *mut httpx_tls,
    min: i32,
    max: i32,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let version = |number| match number {
        HTTPX_TLS_1_2 => Ok(TlsVersion::V1_2),
        HTTPX_TLS_1_3 => Ok(TlsVersion::V1_3),
        other => Err(Error::new(Code::INVALID_ARGUMENT, format!("{other:#06x} is no version of TLS that is spoken"))),
    };
    let set = |settings: &mut TlsSettings| settings.set_versions(version(min)?, version(max)?);
    // SAFETY: the caller vouches for `t`.
    unsafe { change(t, err, set) }
}

/// Adds the secrets of all connections to a file, in NSS's format, for programs that decrypt captured traffic. The
/// file is made now if it is not there; HTTPX_E_IO or a code below it if that fails.
#[no_mangle]
pub unsafe extern "C" fn httpx_tls_key_log(
    t: *mut httpx_tls,
    file: *const c_char,
    len: usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    // SAFETY: the caller vouches for pointer and length.
    let set = |settings: &mut TlsSettings| settings.set_key_log(unsafe { path(file, len, "file") }?);
    // SAFETY: the caller vouches for `t`.
    unsafe { change(t, err, set) }
}

/// Gives a client's builder these settings, as they are now, in the place of all that it had of TLS. Clients with
/// equal settings share what is made from them, and can resume each other's sessions.
#[no_mangle]
pub unsafe extern "C" fn httpx_client_builder_tls(
    b: *mut httpx_client_builder,
    t: *const httpx_tls,
    err: *mut *mut httpx_error,
) -> httpx_code {
    // SAFETY: the caller vouches for the pointers.
    unsafe {
        change_builder(b, err, |builder| {
            builder.tls = borrow(t, "t")?.copied()?;
            Ok(())
        })
    }
}
