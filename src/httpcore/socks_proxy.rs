//! SOCKS5: asking a proxy for a connection (RFC 1928), with a user name and a password if it wants them (RFC 1929). Its
//! answers are told in HTTPX's words (checklist K08).

use std::io;
use std::net::IpAddr;

use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::stream::Stream;
use crate::error::{Code, Error};

const VERSION: u8 = 5;
const NO_AUTHENTICATION: u8 = 0;
const USERNAME_PASSWORD: u8 = 2;
const CONNECT: u8 = 1;
const IPV4: u8 = 1;
const NAME: u8 = 3;
const IPV6: u8 = 4;

/// Has the proxy at the other end of `stream` connect to `host`, a name or an address.
///
/// # Errors
/// ProxyError if it does not want to or cannot; ConnectError if the network failed.
pub(super) async fn connect(
    stream: &mut Stream,
    host: &str,
    port: u16,
    credentials: Option<&(Bytes, Bytes)>,
) -> Result<(), Error> {
    // Whatever cannot be said is found out before anything is.
    let request = connect_request(host, port)?;
    let credentials = credentials.map(credentials_message).transpose()?;
    agree_on_method(stream, credentials.as_deref()).await?;
    send(stream, &request).await?;
    let [version, reply, _, kind] = receive(stream).await?;
    check_version(version)?;
    if reply != 0 {
        return Err(proxy_error(format!("Proxy Server could not connect: {}.", reply_text(reply))));
    }
    // The address at the proxy's other end: not of interest, but it has to be taken off the stream.
    let address = match kind {
        IPV4 => 4,
        IPV6 => 16,
        NAME => usize::from(receive::<1>(stream).await?[0]),
        other => return Err(proxy_error(format!("the proxy answered with an address of unknown type {other}"))),
    };
    let mut bound = vec![0; address + 2];
    stream.read_exact(&mut bound).await.map_err(|error| lost(&error))?;
    Ok(())
}

/// RFC 1928 §3. The one method that is wanted is offered, as in HTTPX.
async fn agree_on_method(stream: &mut Stream, credentials: Option<&[u8]>) -> Result<(), Error> {
    let wanted = if credentials.is_some() { USERNAME_PASSWORD } else { NO_AUTHENTICATION };
    send(stream, &[VERSION, 1, wanted]).await?;
    let [version, chosen] = receive(stream).await?;
    check_version(version)?;
    if chosen != wanted {
        let message = format!("Requested {} from proxy server, but got {}.", method_text(wanted), method_text(chosen));
        return Err(proxy_error(message));
    }
    let Some(credentials) = credentials else { return Ok(()) };
    send(stream, credentials).await?;
    match receive(stream).await? {
        [_, 0] => Ok(()),
        _ => Err(proxy_error("Invalid username/password")),
    }
}

/// RFC 1929 §2.
fn credentials_message((username, password): &(Bytes, Bytes)) -> Result<Vec<u8>, Error> {
    let mut message = vec![1];
    push_with_length(&mut message, username, "user name")?;
    push_with_length(&mut message, password, "password")?;
    Ok(message)
}

/// RFC 1928 §4.
fn connect_request(host: &str, port: u16) -> Result<Vec<u8>, Error> {
    let mut request = vec![VERSION, CONNECT, 0];
    match host.parse() {
        Ok(IpAddr::V4(address)) => {
            request.push(IPV4);
            request.extend_from_slice(&address.octets());
        }
        Ok(IpAddr::V6(address)) => {
            request.push(IPV6);
            request.extend_from_slice(&address.octets());
        }
        Err(_) => {
            request.push(NAME);
            push_with_length(&mut request, host.as_bytes(), "host name")?;
        }
    }
    request.extend_from_slice(&port.to_be_bytes());
    Ok(request)
}

fn push_with_length(message: &mut Vec<u8>, text: &[u8], what: &str) -> Result<(), Error> {
    let length = u8::try_from(text.len())
        .map_err(|_| proxy_error(format!("SOCKS5 has no room for a {what} of {} bytes", text.len())))?;
    message.push(length);
    message.extend_from_slice(text);
    Ok(())
}

async fn send(stream: &mut Stream, message: &[u8]) -> Result<(), Error> {
    let sent = async {
        stream.write_all(message).await?;
        stream.flush().await
    };
    sent.await.map_err(|error| lost(&error))
}

/// Not a byte more than that: what follows is the origin's.
async fn receive<const N: usize>(stream: &mut Stream) -> Result<[u8; N], Error> {
    let mut message = [0; N];
    stream.read_exact(&mut message).await.map_err(|error| lost(&error))?;
    Ok(message)
}

fn lost(error: &io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => {
            Error::new(Code::CONNECT_ERROR, "the proxy closed the connection during the SOCKS5 handshake")
        }
        _ => Error::from_io(Code::CONNECT_ERROR, error, "during the SOCKS5 handshake"),
    }
}

fn check_version(version: u8) -> Result<(), Error> {
    match version {
        VERSION => Ok(()),
        other => Err(proxy_error(format!("the proxy does not speak SOCKS5: its answer begins with the byte {other}"))),
    }
}

fn method_text(method: u8) -> &'static str {
    match method {
        NO_AUTHENTICATION => "NO AUTHENTICATION REQUIRED",
        1 => "GSSAPI",
        USERNAME_PASSWORD => "USERNAME/PASSWORD",
        0xff => "NO ACCEPTABLE METHODS",
        _ => "UNKNOWN",
    }
}

fn reply_text(reply: u8) -> &'static str {
    match reply {
        1 => "General SOCKS server failure",
        2 => "Connection not allowed by ruleset",
        3 => "Network unreachable",
        4 => "Host unreachable",
        5 => "Connection refused",
        6 => "TTL expired",
        7 => "Command not supported",
        8 => "Address type not supported",
        _ => "UNKNOWN",
    }
}

fn proxy_error(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(Code::PROXY_ERROR, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_sent_as_such_and_names_as_names() {
        assert_eq!(connect_request("127.0.0.1", 80).unwrap(), b"\x05\x01\x00\x01\x7f\x00\x00\x01\x00\x50");
        assert_eq!(connect_request("::1", 443).unwrap(), b"\x05\x01\x00\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x01\xbb");
        assert_eq!(connect_request("a.example", 8080).unwrap(), b"\x05\x01\x00\x03\x09a.example\x1f\x90");
    }

    #[test]
    fn what_is_longer_than_its_length_can_say_is_refused() {
        let long = "x".repeat(256);
        assert_eq!(connect_request(&long, 1).unwrap_err().code(), Code::PROXY_ERROR);
        let credentials = (Bytes::from_static(b"me"), Bytes::from(long));
        let error = credentials_message(&credentials).unwrap_err();
        assert_eq!(error.message(), "SOCKS5 has no room for a password of 256 bytes");
    }

    #[test]
    fn credentials_may_be_any_bytes() {
        let credentials = (Bytes::from_static(b"u\xff"), Bytes::new());
        assert_eq!(credentials_message(&credentials).unwrap(), b"\x01\x02u\xff\x00");
    }
}
