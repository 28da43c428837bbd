//! Answers with exactly the bytes, pauses, resets and closes that a script says, and records exactly the bytes that came.
//! The script is in the request target (`/b/<base64url>`) or has a name (`/s/NAME`).

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::server::TlsStream;

use crate::exchange::decoded;
use crate::origin::{accepted, Security};
use crate::script::{self, Pause, Script, Step};
use crate::state::{locked, Entry, State};

const LARGEST_HEAD: usize = 1 << 20;
const LARGEST_RECORD: usize = 2 << 20;
const LONGEST_PARTING: Duration = Duration::from_secs(2);
const PIECE: usize = 64 * 1024;

/// Where a listener takes its scripts from.
#[derive(Clone, Copy)]
pub enum Source {
    /// The first request head.
    Target,
    /// What `--accept-script` gave; nothing is read first.
    Accept,
}

/// Accepts forever.
pub async fn listen(listener: TcpListener, security: Security, source: Source, state: Arc<State>) {
    loop {
        let Some((stream, _)) = accepted(listener.accept().await).await else { continue };
        let _ = stream.set_nodelay(true);
        let (security, state) = (security.clone(), state.clone());
        tokio::spawn(async move {
            // Errors are what the scripts and the clients cause on purpose.
            match security {
                Security::Plain => drop(converse(stream, source, state).await),
                Security::Tls(acceptor) => {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        drop(converse(stream, source, state).await);
                    }
                }
            }
        });
    }
}

/// A stream of which the socket can be reached.
pub trait Wire: AsyncRead + AsyncWrite + Unpin + Send {
    fn socket(&self) -> &TcpStream;
}

impl Wire for TcpStream {
    fn socket(&self) -> &TcpStream {
        self
    }
}

impl Wire for TlsStream<TcpStream> {
    fn socket(&self) -> &TcpStream {
        self.get_ref().0
    }
}

async fn converse(stream: impl Wire, source: Source, state: Arc<State>) -> io::Result<()> {
    let mut conversation = Conversation { stream, state, unread: Vec::new(), record: None, moved: 0 };
    let script = match source {
        Source::Accept => locked(&conversation.state.accept_script).clone(),
        Source::Target => {
            let head = conversation.read_head().await?;
            match chosen(&head, &conversation.state) {
                Ok(script) => script,
                Err(problem) => Arc::new(vec![Step::Send(refusal(&problem))]),
            }
        }
    };
    conversation.run(&script).await?;
    conversation.part().await
}

fn refusal(problem: &str) -> String {
    let length = problem.len();
    format!("HTTP/1.1 400 Bad Script\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{problem}")
}

/// The script that a request's target names; an absolute target, as proxies get it, is fine too, and `host:port`, as they
/// get it with CONNECT, means the script with the host's name.
fn chosen(head: &[u8], state: &State) -> Result<Arc<Script>, String> {
    let line = head.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let target = String::from_utf8_lossy(line.split(|byte| *byte == b' ').nth(1).unwrap_or_default()).into_owned();
    let named =
        |name: &str| locked(&state.scripts).get(name).cloned().ok_or_else(|| format!("no script is named {name:?}"));
    if line.starts_with(b"CONNECT ") {
        return named(target.rsplit_once(':').map_or(target.as_str(), |(host, _)| host));
    }
    let path = match target.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("/", |slash| &rest[slash..]),
        None => target.as_str(),
    };
    let path = path.split(['?', '#']).next().unwrap_or_default();
    if let Some(encoded) = path.strip_prefix("/b/") {
        return script::from_path(&decoded(encoded)).map(Arc::new);
    }
    if let Some(name) = path.strip_prefix("/s/") {
        return named(&decoded(name));
    }
    Err(format!("{target:?} is neither /b/<base64url of a script> nor /s/<name of a script>"))
}

/// One connection: what it has read but not used, and the record of the current request.
struct Conversation<S> {
    stream: S,
    state: Arc<State>,
    unread: Vec<u8>,
    record: Option<Entry>,
    /// Bytes that were sent and bytes that a step took.
    moved: u64,
}

impl<S: Wire> Conversation<S> {
    async fn run(&mut self, script: &[Step]) -> io::Result<()> {
        for step in script {
            self.step(step).await?;
        }
        Ok(())
    }

    async fn step(&mut self, step: &Step) -> io::Result<()> {
        match step {
            Step::Send(text) => self.send(text.as_bytes()).await,
            Step::SendB64(bytes) => self.send(bytes).await,
            Step::SendBytewise(text) => {
                for byte in text.as_bytes() {
                    self.send(&[*byte]).await?;
                    tokio::task::yield_now().await;
                }
                Ok(())
            }
            Step::Repeat(repeat) => self.repeat(repeat.text.as_bytes(), repeat.count).await,
            Step::Pause(Pause::UntilMore) => {
                if self.unread.is_empty() && self.fill().await? == 0 {
                    return Err(ended());
                }
                let bytes = std::mem::take(&mut self.unread);
                self.note(&bytes);
                Ok(())
            }
            Step::Pause(Pause::UntilEof) => self.drain().await,
            Step::SleepMs(milliseconds) => {
                tokio::time::sleep(Duration::from_millis(*milliseconds)).await;
                Ok(())
            }
            Step::Reset(_) => {
                // Closing with zero linger sends RST instead of FIN.
                self.stream.socket().set_zero_linger()?;
                Err(ended())
            }
            Step::Close(_) => Err(ended()),
            Step::ShutdownWrite(_) => self.stream.shutdown().await,
            Step::ReadHead(_) => self.read_head().await.map(drop),
            Step::ReadBody(length) => self.read_body(*length).await,
            Step::ReadUntil(text) => self.read_until(text.as_bytes(), usize::MAX).await.map(drop),
            Step::Loop(steps) => self.repeat_while_moving(steps).await,
        }
    }

    /// A round without a byte would go on forever, also after the client has left.
    async fn repeat_while_moving(&mut self, steps: &[Step]) -> io::Result<()> {
        loop {
            let before = self.moved;
            Box::pin(self.run(steps)).await?;
            if self.moved == before {
                return Ok(());
            }
        }
    }

    async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.moved += bytes.len() as u64;
        self.stream.write_all(bytes).await?;
        self.stream.flush().await
    }

    async fn repeat(&mut self, text: &[u8], count: u64) -> io::Result<()> {
        if text.is_empty() {
            return Ok(());
        }
        let times = (PIECE / text.len()).max(1);
        let block = text.repeat(times);
        let mut left = count;
        while left > 0 {
            let now = left.min(times as u64);
            self.send(&block[..now as usize * text.len()]).await?;
            left -= now;
        }
        Ok(())
    }

    /// The next head, which begins a new record.
    async fn read_head(&mut self) -> io::Result<Vec<u8>> {
        self.record = None;
        self.read_until(b"\r\n\r\n", LARGEST_HEAD).await
    }

    async fn read_until(&mut self, wanted: &[u8], limit: usize) -> io::Result<Vec<u8>> {
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let mut searched = 0;
        loop {
            let found = self.unread[searched..].windows(wanted.len()).position(|window| window == wanted);
            if let Some(at) = found {
                let rest = self.unread.split_off(searched + at + wanted.len());
                let bytes = std::mem::replace(&mut self.unread, rest);
                self.note(&bytes);
                return Ok(bytes);
            }
            searched = self.unread.len().saturating_sub(wanted.len());
            if self.unread.len() > limit || self.fill().await? == 0 {
                // What came without its end is shown too: that is what a test wants to see then.
                let bytes = std::mem::take(&mut self.unread);
                self.note(&bytes);
                return Err(ended());
            }
        }
    }

    async fn read_body(&mut self, length: u64) -> io::Result<()> {
        let mut left = length;
        while left > 0 {
            if self.unread.is_empty() && self.fill().await? == 0 {
                return Err(ended());
            }
            let now = usize::try_from(left).unwrap_or(usize::MAX).min(self.unread.len());
            let rest = self.unread.split_off(now);
            let bytes = std::mem::replace(&mut self.unread, rest);
            self.note(&bytes);
            left -= now as u64;
        }
        Ok(())
    }

    async fn drain(&mut self) -> io::Result<()> {
        loop {
            let bytes = std::mem::take(&mut self.unread);
            self.note(&bytes);
            if self.fill().await? == 0 {
                return Ok(());
            }
        }
    }

    /// Closes so that the client sees the end and no reset: closing with unread bytes would send RST. RFC 9112 §9.6
    async fn part(&mut self) -> io::Result<()> {
        self.stream.shutdown().await?;
        let until_client_closes = async {
            while self.fill().await? > 0 {
                self.unread.clear();
            }
            Ok(())
        };
        tokio::time::timeout(LONGEST_PARTING, until_client_closes).await.unwrap_or(Ok(()))
    }

    async fn fill(&mut self) -> io::Result<usize> {
        self.unread.reserve(PIECE);
        self.stream.read_buf(&mut self.unread).await
    }

    /// Adds to the current request's record, before anything is answered to it.
    fn note(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        self.moved += bytes.len() as u64;
        let recorded = &self.state.recorded;
        let entry = *self.record.get_or_insert_with(|| recorded.push(Vec::new()));
        recorded.update(entry, |record| {
            let room = LARGEST_RECORD.saturating_sub(record.len()).min(bytes.len());
            record.extend_from_slice(&bytes[..room]);
        });
    }
}

/// Ends a script early; dropping the stream then closes it.
pub fn ended() -> io::Error {
    io::ErrorKind::ConnectionAborted.into()
}
