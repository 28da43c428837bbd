//! The server that all tests, the demo and the benches talk to: an origin in httpbin's shapes, a byte server that follows
//! scripts, recording proxies, and an HTTP/2 peer that follows scripts, on loopback only. This file binds the listeners, prints where they are, and waits for
//! stdin to end.

mod auth;
mod body;
mod byte_server;
mod capture;
mod cli;
mod cookies;
mod digest;
mod echo;
mod encodings;
mod exchange;
mod http2_peer;
mod multipart;
mod origin;
mod pages;
mod proxy;
mod recordings;
mod redirects;
mod routes;
mod script;
mod socks;
mod state;
mod streams;
mod tls;
mod upgrade;
mod wire;

use std::error::Error;
use std::fs;
use std::io::{Read, Write};
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use serde_json::{json, Value};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use byte_server::Source;
use cli::{Command, Options};
use origin::Security;
use proxy::Proxy;
use socks::Socks;
use state::{locked, State};
use tls::Identity;

const WORKERS: usize = 2;
const USAGE: u8 = 2;
/// What the proxies want that ask for credentials, unless `--proxy-auth` says other ones.
const CREDENTIALS: &str = "user:pass";

fn main() -> ExitCode {
    let options = match cli::parse(std::env::args().skip(1)) {
        Ok(Command::Help) => return printed(cli::HELP),
        Ok(Command::Version) => return printed(concat!("httpx-test-server ", env!("CARGO_PKG_VERSION"), "\n")),
        Ok(Command::Serve(options)) => options,
        Err(problem) => {
            eprintln!("httpx-test-server: {problem}");
            return ExitCode::from(USAGE);
        }
    };
    match serve(options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("httpx-test-server: {error}");
            ExitCode::FAILURE
        }
    }
}

fn printed(text: &str) -> ExitCode {
    match std::io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn serve(options: Options) -> Result<(), Box<dyn Error>> {
    let folder = Folder::open(options.ca_dir.clone())?;
    let identity = Identity::generate()?;
    identity.write_to(&folder.path)?;
    let state = Arc::new(State::default());
    if let Some(file) = &options.script_file {
        *locked(&state.scripts) = script::named(&fs::read(file)?).map_err(|e| format!("{}: {e}", file.display()))?;
    }
    if let Some(script) = &options.accept_script {
        *locked(&state.accept_script) =
            Arc::new(script::parse(script.as_bytes()).map_err(|e| format!("--accept-script: {e}"))?);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(WORKERS).enable_all().build()?;
    runtime.block_on(async {
        let places = listen_everywhere(&options, &folder, &identity, &state).await?;
        announce(&places)?;
        if options.stay {
            std::future::pending::<()>().await;
        }
        end_of_stdin().await;
        Ok(())
    })
}

/// Binds and starts every listener; returns the line that tells where they are.
async fn listen_everywhere(
    options: &Options,
    folder: &Folder,
    identity: &Identity,
    state: &Arc<State>,
) -> Result<Value, Box<dyn Error>> {
    let secure = |protocols: &[&str]| identity.acceptor(protocols).map(Security::Tls);
    let mut places = json!({
        "ca": folder.path.join("ca.pem"),
        "pid": std::process::id(),
        "unix": null,
    });
    let origins =
        [("http", Security::Plain), ("https", secure(&["h2", "http/1.1"])?), ("https_h1", secure(&["http/1.1"])?)];
    for (name, security) in origins {
        let listener = bind(name, &mut places).await?;
        tokio::spawn(origin::listen(listener, security, state.clone()));
    }
    let byte_servers = [
        ("bytes", Security::Plain, Source::Target),
        ("bytes_tls", secure(&["http/1.1"])?, Source::Target),
        ("bytes_accept", Security::Plain, Source::Accept),
    ];
    for (name, security, source) in byte_servers {
        let listener = bind(name, &mut places).await?;
        tokio::spawn(byte_server::listen(listener, security, source, state.clone()));
    }
    let h2_security = secure(&["h2"])?;
    for (name, security) in [("h2_raw", Security::Plain), ("h2_raw_tls", h2_security.clone())] {
        let listener = bind(name, &mut places).await?;
        tokio::spawn(http2_peer::listen(listener, security, http2_peer::Source::Path, state.clone()));
    }
    state.h2_security.get_or_init(|| h2_security);
    let demanded = Some(options.proxy_auth.clone().unwrap_or_else(|| CREDENTIALS.to_owned()));
    let proxies = [
        ("proxy", Security::Plain, options.proxy_auth.clone()),
        ("proxy_auth", Security::Plain, demanded.clone()),
        ("proxy_tls", secure(&["http/1.1"])?, options.proxy_auth.clone()),
        ("proxy_tls_auth", secure(&["http/1.1"])?, demanded.clone()),
    ];
    for (name, security, credentials) in proxies {
        let proxy = Proxy { name, security, state: state.clone(), credentials };
        tokio::spawn(proxy::listen(bind(name, &mut places).await?, proxy));
    }
    for (name, credentials) in [("socks", None), ("socks_auth", demanded)] {
        let socks = Socks { name, state: state.clone(), credentials };
        tokio::spawn(socks::listen(bind(name, &mut places).await?, socks));
    }
    #[cfg(unix)]
    {
        let path = folder.socket();
        // A socket that an earlier, killed server left behind.
        let _ = fs::remove_file(&path);
        let listener = tokio::net::UnixListener::bind(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        places["unix"] = json!(path);
        tokio::spawn(origin::listen_unix(listener, state.clone()));
    }
    Ok(places)
}

async fn bind(name: &str, places: &mut Value) -> std::io::Result<TcpListener> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    places[name] = listener.local_addr()?.port().into();
    Ok(listener)
}

fn announce(places: &Value) -> std::io::Result<()> {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{places}")?;
    stdout.flush()
}

/// A thread of its own reads stdin, since a blocking read cannot be cancelled by the runtime.
async fn end_of_stdin() {
    let (ended, end) = oneshot::channel();
    std::thread::spawn(move || {
        let mut stdin = std::io::stdin().lock();
        let mut ignored = [0; 1024];
        while matches!(stdin.read(&mut ignored), Ok(count) if count > 0) {}
        // The receiver is gone only when the process is ending already.
        let _ = ended.send(());
    });
    // An error means that the thread died, which ends stdin as well.
    let _ = end.await;
}

/// The folder with the certificates and the socket; removed at the end if nobody asked for it.
struct Folder {
    path: PathBuf,
    temporary: bool,
}

impl Folder {
    fn open(asked: Option<PathBuf>) -> Result<Self, Box<dyn Error>> {
        let temporary = asked.is_none();
        let path =
            asked.unwrap_or_else(|| std::env::temp_dir().join(format!("httpx-test-server-{}", std::process::id())));
        fs::create_dir_all(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        // Clients have other working directories.
        Ok(Self { path: fs::canonicalize(path)?, temporary })
    }

    fn socket(&self) -> PathBuf {
        self.path.join("origin.sock")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Nothing is left to report to when the process ends; a leftover is cleared at the next start.
        let _ = fs::remove_file(self.socket());
        if self.temporary {
            remove_own_files(&self.path);
        }
    }
}

fn remove_own_files(folder: &Path) {
    for name in ["ca.pem", "server.pem", "server.key"] {
        let _ = fs::remove_file(folder.join(name));
    }
    let _ = fs::remove_dir(folder);
}
