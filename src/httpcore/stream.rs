//! A byte stream to a peer: a socket, or TLS on one, or TLS in the TLS of a proxy.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::client::TlsStream;

use super::tls::read_error;
use crate::runtime::{Lane, Socket};

pub(super) enum Stream {
    Plain(Socket),
    Tls(Box<TlsStream<Stream>>),
}

impl Stream {
    pub(super) fn socket(&self) -> &Socket {
        match self {
            Stream::Plain(socket) => socket,
            Stream::Tls(tls) => tls.get_ref().0.socket(),
        }
    }

    /// True if TLS has taken something from the socket that nobody read yet: data, or the peer's goodbye.
    pub(super) fn holds_input(&self) -> bool {
        match self {
            Stream::Plain(_) => false,
            Stream::Tls(tls) => !tls.get_ref().1.wants_read() || tls.get_ref().0.holds_input(),
        }
    }

    /// Moves it to the lane on which the caller runs. True if it had to move.
    pub(super) fn attach(&mut self, lane: &Arc<Lane>) -> io::Result<bool> {
        match self {
            Stream::Plain(socket) => socket.attach(lane),
            Stream::Tls(tls) => tls.get_mut().0.attach(lane),
        }
    }

    /// Tells a TLS peer that nothing more comes, if that can be done without waiting.
    fn say_goodbye(&mut self) {
        if let Stream::Tls(tls) = self {
            if tls.get_ref().0.socket().is_inherited() {
                return;
            }
            tls.get_mut().1.send_close_notify();
            let mut cx = Context::from_waker(std::task::Waker::noop());
            let _ = Pin::new(tls).poll_flush(&mut cx);
        }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.say_goodbye();
    }
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(socket) => Pin::new(socket).poll_read(cx, buf),
            Stream::Tls(tls) => Pin::new(tls).poll_read(cx, buf).map_err(read_error),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Stream::Plain(socket) => Pin::new(socket).poll_write(cx, data),
            Stream::Tls(tls) => Pin::new(tls).poll_write(cx, data),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Stream::Plain(socket) => Pin::new(socket).poll_write_vectored(cx, slices),
            Stream::Tls(tls) => Pin::new(tls).poll_write_vectored(cx, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(_) => Poll::Ready(Ok(())),
            Stream::Tls(tls) => Pin::new(tls).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(socket) => Pin::new(socket).poll_shutdown(cx),
            Stream::Tls(tls) => Pin::new(tls).poll_shutdown(cx),
        }
    }
}
