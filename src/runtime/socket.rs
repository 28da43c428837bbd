//! A stream socket, TCP or unix, that can move between lanes. Its writes never raise SIGPIPE, and dropping it closes
//! the connection at once, whoever drives and whatever a forked child still holds.

use std::io::{self, IoSlice};
use std::net::{IpAddr, Shutdown, SocketAddr};
use std::os::fd::{AsFd, AsRawFd};
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{ready, Context, Poll};

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::{TcpSocket, TcpStream, UnixStream};

use super::lane::Lane;
use super::sys::{generation, set_socket_option, FileId, OwnedMark};
use crate::error::{Code, Error};

#[cfg(any(target_os = "linux", target_os = "android"))]
const SEND_FLAGS: i32 = libc::MSG_NOSIGNAL;
/// Elsewhere SO_NOSIGPIPE is set on the socket.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const SEND_FLAGS: i32 = 0;

/// See the module.
pub struct Socket {
    // First, so that it is dropped before the descriptor is closed.
    mark: Option<OwnedMark>,
    io: Option<Io>,
    lane: Arc<Lane>,
    generation: u64,
}

/// How TCP sockets are made (checklist H12).
#[derive(Clone, Debug, Default)]
pub struct TcpSettings {
    /// The address at this end; the unspecified one of a family asks for that family alone.
    pub local_address: Option<IpAddr>,
    /// Set before the socket connects, in this order.
    pub options: Vec<SocketOption>,
}

/// An option as setsockopt(2) takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SocketOption {
    /// SOL_SOCKET, IPPROTO_TCP and the like.
    pub level: i32,
    /// SO_RCVBUF, TCP_KEEPIDLE and the like.
    pub option: i32,
    /// An int's bytes, most often.
    pub value: Vec<u8>,
}

impl SocketOption {
    fn apply(&self, socket: &TcpSocket) -> io::Result<()> {
        set_socket_option(socket.as_fd(), self.level, self.option, &self.value).map_err(|error| {
            let which = format!("setting socket option {} of level {}", self.option, self.level);
            io::Error::other(Error::from_io(Code::CONNECT_ERROR, &error, &which))
        })
    }
}

enum Io {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Socket {
    /// Connects to `address`, without delay for small writes unless the settings' options want it. To be polled on
    /// `lane`.
    pub async fn connect_tcp(lane: Arc<Lane>, address: SocketAddr, settings: &TcpSettings) -> io::Result<Socket> {
        let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        socket.set_nodelay(true)?;
        no_sigpipe(SockRef::from(&socket))?;
        for option in &settings.options {
            option.apply(&socket)?;
        }
        if let Some(local) = settings.local_address.filter(|local| !local.is_unspecified()) {
            leave_port_to_connect(&socket);
            socket.bind(SocketAddr::new(local, 0)).map_err(|error| {
                io::Error::other(Error::from_io(Code::CONNECT_ERROR, &error, &format!("binding to {local}")))
            })?;
        }
        Ok(Socket::new(lane, Io::Tcp(socket.connect(address).await?)))
    }

    /// Connects to a unix socket. To be polled on `lane`.
    pub async fn connect_unix(lane: Arc<Lane>, path: &Path) -> io::Result<Socket> {
        let stream = UnixStream::connect(path).await?;
        no_sigpipe(SockRef::from(&stream))?;
        Ok(Socket::new(lane, Io::Unix(stream)))
    }

    fn new(lane: Arc<Lane>, io: Io) -> Socket {
        Socket { mark: Some(OwnedMark::new(io.raw_fd())), io: Some(io), lane, generation: generation() }
    }

    /// The lane that it is registered with.
    pub fn lane(&self) -> &Arc<Lane> {
        &self.lane
    }

    /// Moves it to `lane`, on which the caller runs. True if it had to move.
    pub fn attach(&mut self, lane: &Arc<Lane>) -> io::Result<bool> {
        if self.lane.id() == lane.id() {
            return Ok(false);
        }
        let moved = self.move_to(lane);
        if moved.is_err() {
            // The descriptor is closed.
            self.mark = None;
        }
        moved.map(|()| true)
    }

    fn move_to(&mut self, lane: &Arc<Lane>) -> io::Result<()> {
        let io = match self.io.take() {
            Some(Io::Tcp(stream)) => {
                let stream = stream.into_std()?;
                let _inside = lane.enter();
                Io::Tcp(TcpStream::from_std(stream)?)
            }
            Some(Io::Unix(stream)) => {
                let stream = stream.into_std()?;
                let _inside = lane.enter();
                Io::Unix(UnixStream::from_std(stream)?)
            }
            None => return Err(gone()),
        };
        self.io = Some(io);
        self.lane = Arc::clone(lane);
        Ok(())
    }

    /// Asks the system, not the lane, whether anything has arrived: data, the peer's end, or an error.
    pub fn has_input(&self) -> bool {
        let Some(io) = &self.io else { return true };
        let mut byte = [std::mem::MaybeUninit::uninit()];
        match io.sock_ref().peek(&mut byte) {
            Err(e) => e.kind() != io::ErrorKind::WouldBlock,
            Ok(_) => true,
        }
    }

    /// True in a forked child, for a socket of its parent: it must be left alone.
    pub fn is_inherited(&self) -> bool {
        self.generation != generation()
    }

    /// Both ends' addresses; None for a unix socket.
    pub fn addresses(&self) -> Option<(SocketAddr, SocketAddr)> {
        match &self.io {
            Some(Io::Tcp(stream)) => Some((stream.local_addr().ok()?, stream.peer_addr().ok()?)),
            _ => None,
        }
    }

    /// Which socket it is.
    pub fn id(&self) -> Option<FileId> {
        self.io.as_ref().map(|io| FileId::of(io.raw_fd()))
    }

    fn io(&self) -> io::Result<&Io> {
        self.io.as_ref().ok_or_else(gone)
    }
}

impl Io {
    fn sock_ref(&self) -> SockRef<'_> {
        match self {
            Io::Tcp(stream) => SockRef::from(stream),
            Io::Unix(stream) => SockRef::from(stream),
        }
    }

    fn raw_fd(&self) -> i32 {
        match self {
            Io::Tcp(stream) => stream.as_raw_fd(),
            Io::Unix(stream) => stream.as_raw_fd(),
        }
    }

    /// Runs `send` whenever the socket may be writable, until it does not answer "would block".
    fn poll_send(
        &self,
        cx: &mut Context<'_>,
        send: impl Fn(SockRef<'_>) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        loop {
            let sent = match self {
                Io::Tcp(stream) => {
                    ready!(stream.poll_write_ready(cx))?;
                    stream.try_io(Interest::WRITABLE, || send(self.sock_ref()))
                }
                Io::Unix(stream) => {
                    ready!(stream.poll_write_ready(cx))?;
                    stream.try_io(Interest::WRITABLE, || send(self.sock_ref()))
                }
            };
            match sent {
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => {}
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                other => return Poll::Ready(other),
            }
        }
    }
}

/// Has connect choose the port, not bind: else two connections from one address could not share a port although they are
/// to different peers. A kernel that does not know it goes on as ever.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn leave_port_to_connect(socket: &TcpSocket) {
    let _ = set_socket_option(socket.as_fd(), libc::IPPROTO_IP, libc::IP_BIND_ADDRESS_NO_PORT, &1i32.to_ne_bytes());
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn leave_port_to_connect(_socket: &TcpSocket) {}

#[cfg(any(target_os = "macos", target_os = "ios"))]
fn no_sigpipe(socket: SockRef<'_>) -> io::Result<()> {
    socket.set_nosigpipe(true)
}

#[cfg(not(any(target_os = "macos", target_os = "ios")))]
fn no_sigpipe(_socket: SockRef<'_>) -> io::Result<()> {
    Ok(())
}

fn gone() -> io::Error {
    io::Error::new(io::ErrorKind::NotConnected, "the connection was lost while it moved to another thread")
}

impl AsyncRead for Socket {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match &mut self.io {
            Some(Io::Tcp(stream)) => Pin::new(stream).poll_read(cx, buf),
            Some(Io::Unix(stream)) => Pin::new(stream).poll_read(cx, buf),
            None => Poll::Ready(Err(gone())),
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        self.io()?.poll_send(cx, |socket| socket.send_with_flags(data, SEND_FLAGS))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut filled = slices.iter().filter(|slice| !slice.is_empty());
        match (filled.next(), filled.next()) {
            // The cheaper call.
            (Some(only), None) => self.poll_write(cx, only),
            _ => self.io()?.poll_send(cx, |socket| socket.send_vectored_with_flags(slices, SEND_FLAGS)),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.io()?.sock_ref().shutdown(Shutdown::Write))
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        if self.generation != generation() {
            // The parent's socket: this process closed its copy of the descriptor already, and the rest is not ours.
            std::mem::forget(self.io.take());
            return;
        }
        if let Some(io) = &self.io {
            // The peer hears of it even if a forked child still has a copy of the descriptor.
            let _ = io.sock_ref().shutdown(Shutdown::Both);
        }
    }
}
