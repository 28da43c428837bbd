//! An HTTP/2 peer that does exactly what a script says, right or wrong, and records what the client did. Scripts are in
//! the paths of requests (`/[{"rst":"CANCEL"}]`), or belong to a port (`POST /h2-listen`).
//!
//! Beside the script it only keeps the connection going: it answers PINGs, acknowledges SETTINGS and gives back the
//! windows that uploads use up, unless told not to.

mod connection;
mod frames;
mod record;
mod script;

use std::io;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;

use serde_json::json;
use tokio::net::TcpListener;

use crate::byte_server::Wire;
use crate::exchange::{json as json_reply, Exchange, Refusal, Reply};
use crate::origin::{accepted, Security};
use crate::state::State;

use connection::Connection;
pub use record::Record;
use script::Scripts;

/// Where a listener takes its scripts from.
#[derive(Clone)]
pub enum Source {
    /// The requests' paths; nothing is sent before the first request.
    Path,
    /// A script of its own, which runs as soon as a connection is accepted.
    Own(Arc<Own>),
}

pub struct Own {
    scripts: Scripts,
    connections: AtomicUsize,
}

/// Accepts forever.
pub async fn listen(listener: TcpListener, security: Security, source: Source, state: Arc<State>) {
    loop {
        let Some((stream, _)) = accepted(listener.accept().await).await else { continue };
        let _ = stream.set_nodelay(true);
        let (security, source, state) = (security.clone(), source.clone(), state.clone());
        tokio::spawn(async move {
            match security {
                Security::Plain => converse(stream, source, state).await,
                Security::Tls(acceptor) => {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        converse(stream, source, state).await;
                    }
                }
            }
        });
    }
}

async fn converse(stream: impl Wire, source: Source, state: Arc<State>) {
    let port = stream.socket().local_addr().map_or(0, |address| address.port());
    let number = state.next_connection();
    let entry = state.http2.push(Record { connection: number, port, ..Record::default() });
    let mut connection = Connection::new(stream, state.clone(), number, entry);
    let result = match source {
        Source::Path => connection.serve().await,
        Source::Own(own) => {
            let script = own.scripts.get(own.connections.fetch_add(1, Ordering::Relaxed));
            connection.run_and_serve(script).await
        }
    };
    let ended = match result.map_err(|error| error.kind()) {
        Ok(()) | Err(io::ErrorKind::ConnectionAborted) => "server",
        Err(io::ErrorKind::UnexpectedEof) => "eof",
        Err(_) => "reset",
    };
    state.http2.update(entry, |record| record.ended = Some(ended));
}

/// POST /h2-listen?tls=: a port that runs the script of the body on each connection, from its start.
pub async fn open(mut exchange: Exchange) -> Reply {
    let body = exchange.read_body().await?;
    let scripts = Scripts::parse(&body).map_err(Refusal::bad)?;
    let state = &exchange.connection.state;
    let security = match exchange.argument_or("tls", false)? {
        false => Security::Plain,
        true => state.h2_security.get().cloned().ok_or_else(|| Refusal::bad("this server has no TLS"))?,
    };
    let failed = |error: io::Error| Refusal::bad(format!("no port can be had: {error}"));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(failed)?;
    let port = listener.local_addr().map_err(failed)?.port();
    let source = Source::Own(Arc::new(Own { scripts, connections: AtomicUsize::new(0) }));
    tokio::spawn(listen(listener, security, source, state.clone()));
    Ok(json_reply(&json!({ "port": port })))
}
