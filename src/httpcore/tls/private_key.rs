//! Private keys as they are found in files: PKCS#8, PKCS#1 or SEC1, perhaps encrypted, by PKCS#8 (RFC 8018 PBES2) or in
//! the way of OpenSSL's own PEM (checklist L02).

use bytes::Bytes;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt, KeyIvInit};
use md5::{Digest, Md5};
use pkcs8::{pkcs5, EncryptedPrivateKeyInfoRef};

use super::der::{content, split_sequence, SEQUENCE};
use super::invalid;
use super::pem::Section;
use crate::error::{Code, Error};

/// The key of a PEM section, in DER, decrypted.
///
/// # Errors
/// KEY_PASSWORD without the right password; INVALID_CONFIG for a cipher that is not supported.
pub(super) fn of_section(section: &Section, password: Option<&[u8]>) -> Result<Bytes, Error> {
    match section.header("DEK-Info") {
        Some(cipher) => decrypt_legacy(cipher, &section.data, password),
        None => of_der(&section.data, password),
    }
}

/// The key in DER, decrypted if it is an encrypted PKCS#8 key.
///
/// # Errors
/// As for `of_section`.
pub(super) fn of_der(der: &[u8], password: Option<&[u8]>) -> Result<Bytes, Error> {
    let encrypted = match EncryptedPrivateKeyInfoRef::try_from(der) {
        Ok(encrypted) => encrypted,
        // Where others begin with a version, these have their cipher: RFC 5958 §3.
        Err(e) if content(der).is_some_and(|content| content.first() == Some(&SEQUENCE)) => {
            return Err(invalid(format!("the private key is encrypted in a way that is not supported: {e}")));
        }
        Err(_) => return Ok(Bytes::copy_from_slice(der)),
    };
    let decrypted = encrypted.decrypt(wanted(password)?).map_err(|e| match e {
        pkcs8::Error::EncryptedPrivateKey(
            e @ (pkcs5::Error::UnsupportedAlgorithm { .. }
            | pkcs5::Error::AlgorithmParametersInvalid { .. }
            | pkcs5::Error::NoPbes1CryptSupport),
        ) => invalid(format!("the private key is encrypted in a way that is not supported: {e}")),
        _ => wrong_password(),
    })?;
    Ok(Bytes::copy_from_slice(decrypted.as_bytes()))
}

fn wanted(password: Option<&[u8]>) -> Result<&[u8], Error> {
    password.ok_or_else(|| Error::new(Code::KEY_PASSWORD, "the private key is encrypted, and no password was given"))
}

fn wrong_password() -> Error {
    Error::new(Code::KEY_PASSWORD, "the private key could not be decrypted: the password is wrong")
}

/// `DEK-Info: AES-128-CBC,<iv in hex>`.
fn decrypt_legacy(info: &str, data: &[u8], password: Option<&[u8]>) -> Result<Bytes, Error> {
    let unsupported = || invalid(format!("the private key is encrypted in a way that is not supported: {info}"));
    let (cipher, iv) = info.split_once(',').ok_or_else(unsupported)?;
    let iv = hex(iv.trim()).ok_or_else(unsupported)?;
    let (key_len, iv_len) = match cipher.trim() {
        "AES-128-CBC" => (16, 16),
        "AES-192-CBC" => (24, 16),
        "AES-256-CBC" => (32, 16),
        "DES-EDE3-CBC" => (24, 8),
        _ => return Err(unsupported()),
    };
    if iv.len() != iv_len {
        return Err(unsupported());
    }
    let key = derive(wanted(password)?, &iv[..8], key_len);
    let plain = match cipher.trim() {
        "AES-128-CBC" => decrypt::<cbc::Decryptor<aes::Aes128>>(&key, &iv, data),
        "AES-192-CBC" => decrypt::<cbc::Decryptor<aes::Aes192>>(&key, &iv, data),
        "AES-256-CBC" => decrypt::<cbc::Decryptor<aes::Aes256>>(&key, &iv, data),
        _ => decrypt::<cbc::Decryptor<des::TdesEde3>>(&key, &iv, data),
    };
    // The padding alone would let one wrong password in 256 pass.
    plain.filter(|plain| is_one_sequence(plain)).map(Bytes::from).ok_or_else(wrong_password)
}

fn decrypt<C: BlockModeDecrypt + KeyIvInit>(key: &[u8], iv: &[u8], data: &[u8]) -> Option<Vec<u8>> {
    C::new_from_slices(key, iv).ok()?.decrypt_padded_vec::<Pkcs7>(data).ok()
}

/// OpenSSL's EVP_BytesToKey, with MD5 and one round; the beginning of the IV is the salt.
fn derive(password: &[u8], salt: &[u8], len: usize) -> Vec<u8> {
    let mut key = Vec::new();
    let mut block = Vec::new();
    while key.len() < len {
        block = Md5::new().chain_update(&block).chain_update(password).chain_update(salt).finalize().to_vec();
        key.extend_from_slice(&block);
    }
    key.truncate(len);
    key
}

fn is_one_sequence(der: &[u8]) -> bool {
    matches!(split_sequence(der), Some((_, [])))
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> =
        text.chars().map(|c| c.to_digit(16).and_then(|digit| digit.try_into().ok())).collect();
    let digits = digits?;
    (digits.len() % 2 == 0).then(|| digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hexadecimal_digits_come_in_pairs() {
        assert_eq!(hex("00fFa1"), Some(vec![0, 0xff, 0xa1]));
        assert_eq!((hex("0"), hex("0g")), (None, None));
    }
}
