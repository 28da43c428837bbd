//! SOCKS5 proxies (RFC 1928, RFC 1929) that go to loopback only and record what they were asked. What they received can
//! be read at the origin's /socks.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use serde_json::{json, Value};
use tokio::io::{copy_bidirectional, AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::origin::accepted;
use crate::proxy::loopback;
use crate::state::{Entry, State};

const VERSION: u8 = 5;
const NO_AUTHENTICATION: u8 = 0;
const USERNAME_PASSWORD: u8 = 2;
const NONE_ACCEPTABLE: u8 = 0xff;
const PASSWORD_VERSION: u8 = 1;
const CONNECT: u8 = 1;
const IPV4: u8 = 1;
const DOMAIN: u8 = 3;
const IPV6: u8 = 4;

const SUCCEEDED: u8 = 0;
const NOT_ALLOWED: u8 = 2;
const CONNECTION_REFUSED: u8 = 5;
const COMMAND_NOT_SUPPORTED: u8 = 7;

/// What a SOCKS proxy needs to know.
pub struct Socks {
    pub name: &'static str,
    pub state: Arc<State>,
    /// `user:password` that clients must send.
    pub credentials: Option<String>,
}

/// Accepts forever.
pub async fn listen(listener: TcpListener, socks: Socks) {
    let socks = Arc::new(socks);
    loop {
        let Some((stream, _)) = accepted(listener.accept().await).await else { continue };
        let _ = stream.set_nodelay(true);
        let socks = socks.clone();
        // Errors are the client's or the target's; the client sees them as well.
        tokio::spawn(async move { drop(Negotiation::new(stream, socks).run().await) });
    }
}

/// One connection up to its tunnel.
struct Negotiation {
    client: TcpStream,
    socks: Arc<Socks>,
    entry: Entry,
}

struct Target {
    kind: u8,
    host: String,
    port: u16,
}

impl Negotiation {
    fn new(client: TcpStream, socks: Arc<Socks>) -> Self {
        let state = &socks.state;
        let entry = state.socks.push(json!({
            "accepted": null,
            "address_type": null,
            "command": null,
            "connection": state.next_connection(),
            "host": null,
            "listener": socks.name,
            "method": null,
            "methods": null,
            "password": null,
            "port": null,
            "reply": null,
            "username": null,
        }));
        Self { client, socks, entry }
    }

    async fn run(mut self) -> io::Result<()> {
        if !self.agree_on_method().await? {
            return self.client.shutdown().await;
        }
        if self.socks.credentials.is_some() && !self.check_password().await? {
            return self.client.shutdown().await;
        }
        let (command, target) = self.read_request().await?;
        if target.host == "hang.test" {
            return self.hang().await;
        }
        let (reply, origin) = match command {
            CONNECT => reach(&target).await,
            _ => (COMMAND_NOT_SUPPORTED, None),
        };
        self.note("reply", reply.into());
        self.client.write_all(&reply_bytes(reply, &target, origin.as_ref())).await?;
        match origin {
            Some(mut origin) => copy_bidirectional(&mut self.client, &mut origin).await.map(drop),
            None => self.client.shutdown().await,
        }
    }

    /// RFC 1928 §3
    async fn agree_on_method(&mut self) -> io::Result<bool> {
        if self.client.read_u8().await? != VERSION {
            return Ok(false);
        }
        let count = self.client.read_u8().await?;
        let methods = self.bytes(count.into()).await?;
        self.note("methods", json!(methods));
        let wanted = match self.socks.credentials {
            None => NO_AUTHENTICATION,
            Some(_) => USERNAME_PASSWORD,
        };
        let method = if methods.contains(&wanted) { wanted } else { NONE_ACCEPTABLE };
        self.note("method", method.into());
        self.client.write_all(&[VERSION, method]).await?;
        Ok(method != NONE_ACCEPTABLE)
    }

    /// RFC 1929 §2
    async fn check_password(&mut self) -> io::Result<bool> {
        if self.client.read_u8().await? != PASSWORD_VERSION {
            return Ok(false);
        }
        let username = self.text().await?;
        let password = self.text().await?;
        let accepted = self.socks.credentials.as_deref() == Some(format!("{username}:{password}").as_str());
        self.note("username", username.into());
        self.note("password", password.into());
        self.note("accepted", accepted.into());
        self.client.write_all(&[PASSWORD_VERSION, u8::from(!accepted)]).await?;
        Ok(accepted)
    }

    /// RFC 1928 §4, §5
    async fn read_request(&mut self) -> io::Result<(u8, Target)> {
        let head = self.bytes(4).await?;
        let (command, kind) = (head[1], head[3]);
        let (name, host) = match kind {
            IPV4 => ("ipv4", Ipv4Addr::from(self.client.read_u32().await?).to_string()),
            IPV6 => ("ipv6", Ipv6Addr::from(self.client.read_u128().await?).to_string()),
            DOMAIN => ("domain", self.text().await?),
            _ => return Err(io::ErrorKind::InvalidData.into()),
        };
        let port = self.client.read_u16().await?;
        self.note("command", command.into());
        self.note("address_type", name.into());
        self.note("host", host.as_str().into());
        self.note("port", port.into());
        Ok((command, Target { kind, host, port }))
    }

    /// Says nothing until the client leaves.
    async fn hang(&mut self) -> io::Result<()> {
        while self.client.read_u8().await.is_ok() {}
        Ok(())
    }

    async fn text(&mut self) -> io::Result<String> {
        let length = self.client.read_u8().await?;
        Ok(String::from_utf8_lossy(&self.bytes(length.into()).await?).into_owned())
    }

    async fn bytes(&mut self, length: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; length];
        self.client.read_exact(&mut bytes).await?;
        Ok(bytes)
    }

    fn note(&self, name: &str, value: Value) {
        self.socks.state.socks.update(self.entry, |record| record[name] = value);
    }
}

/// The reply code and, if it is success, the connection.
async fn reach(target: &Target) -> (u8, Option<TcpStream>) {
    if let Some(code) = asked_reply(&target.host) {
        return (code, None);
    }
    let Some(address) = loopback(&target.host) else { return (NOT_ALLOWED, None) };
    match TcpStream::connect((address, target.port)).await {
        Ok(stream) => {
            let _ = stream.set_nodelay(true);
            (SUCCEEDED, Some(stream))
        }
        Err(_) => (CONNECTION_REFUSED, None),
    }
}

/// The code of `reply-N.test`.
fn asked_reply(host: &str) -> Option<u8> {
    host.strip_prefix("reply-")?.strip_suffix(".test")?.parse().ok()
}

/// RFC 1928 §6. The bound address is the tunnel's own; a client that asked for a name under `bound-domain.localhost` or
/// `bound-ipv6.localhost` gets it in that form.
fn reply_bytes(reply: u8, target: &Target, origin: Option<&TcpStream>) -> Vec<u8> {
    let unspecified = SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), 0);
    let bound = origin.and_then(|stream| stream.local_addr().ok()).unwrap_or(unspecified);
    let mut bytes = vec![VERSION, reply, 0];
    match bound.ip() {
        _ if target.kind == DOMAIN && target.host == "bound-domain.localhost" => {
            bytes.extend([DOMAIN, target.host.len() as u8]);
            bytes.extend(target.host.as_bytes());
        }
        _ if target.kind == DOMAIN && target.host == "bound-ipv6.localhost" => {
            bytes.push(IPV6);
            bytes.extend(Ipv6Addr::LOCALHOST.octets());
        }
        IpAddr::V4(address) => {
            bytes.push(IPV4);
            bytes.extend(address.octets());
        }
        IpAddr::V6(address) => {
            bytes.push(IPV6);
            bytes.extend(address.octets());
        }
    }
    bytes.extend(bound.port().to_be_bytes());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_ask_for_replies() {
        assert_eq!(asked_reply("reply-5.test"), Some(5));
        assert_eq!(asked_reply("reply-255.test"), Some(255));
        assert_eq!(asked_reply("reply-256.test"), None);
        assert_eq!(asked_reply("localhost"), None);
    }
}
