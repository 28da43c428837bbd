//! Which of a name's addresses is connected to: the families take turns, the next address is tried beside one that takes
//! its time, and the first connection that is made is taken (RFC 8305).

use std::future::{poll_fn, Future};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use crate::error::{Code, Error};
use crate::runtime::{Lane, Socket, TcpSettings};

/// How long an attempt has before the next address is tried beside it (RFC 8305 §5).
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

type Attempt<'a> = Pin<Box<dyn Future<Output = io::Result<Socket>> + Send + 'a>>;

/// Tries one address after the other, the next one as soon as one has failed or has taken too long, and takes the first
/// connection that is made (RFC 8305 §5). Fails when all have failed.
pub(super) async fn happy_eyeballs(
    lane: &Arc<Lane>,
    addresses: Vec<SocketAddr>,
    settings: &TcpSettings,
) -> Result<Socket, Error> {
    let mut waiting = interleave(addresses).into_iter();
    let mut running: Vec<(SocketAddr, Attempt<'_>)> = Vec::new();
    let mut failed: Vec<(SocketAddr, Error)> = Vec::new();
    let mut next_at = Box::pin(tokio::time::sleep(Duration::ZERO));
    let mut start_next = true;
    poll_fn(|cx| loop {
        if start_next {
            start_next = false;
            if let Some(address) = waiting.next() {
                running.push((address, Box::pin(Socket::connect_tcp(Arc::clone(lane), address, settings))));
                if !waiting.as_slice().is_empty() {
                    next_at.as_mut().reset(tokio::time::Instant::now() + ATTEMPT_DELAY);
                }
            }
        }
        let mut index = 0;
        while index < running.len() {
            match running[index].1.as_mut().poll(cx) {
                Poll::Ready(Ok(socket)) => return Poll::Ready(Ok(socket)),
                Poll::Ready(Err(error)) => {
                    failed.push((running.remove(index).0, connect_error(&error)));
                    start_next = true;
                }
                Poll::Pending => index += 1,
            }
        }
        if waiting.as_slice().is_empty() {
            return match running.is_empty() {
                true => Poll::Ready(Err(all_failed(std::mem::take(&mut failed)))),
                false => Poll::Pending,
            };
        }
        start_next |= next_at.as_mut().poll(cx).is_ready();
        if !start_next {
            return Poll::Pending;
        }
    })
    .await
}

/// One error for all addresses: the first one's code, and what each of them said.
fn all_failed(mut failed: Vec<(SocketAddr, Error)>) -> Error {
    if failed.len() == 1 {
        return failed.remove(0).1;
    }
    let each: Vec<_> = failed.iter().map(|(address, error)| format!("{address}: {}", error.message())).collect();
    let same = |code| failed.iter().all(|(_, error)| error.is_a(code));
    let code = [Code::CONNECTION_REFUSED, Code::UNREACHABLE].into_iter().find(|code| same(*code));
    let error = Error::new(code.unwrap_or(Code::CONNECT_ERROR), format!("all addresses failed: {}", each.join(", ")));
    match failed.first().and_then(|(_, first)| first.os_errno()) {
        Some(errno) => error.with_os_errno(errno),
        None => error,
    }
}

/// The families in turn, beginning with the resolver's first (RFC 8305 §4).
fn interleave(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let first_is_v6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (first, second): (Vec<_>, Vec<_>) = addresses.into_iter().partition(|a| a.is_ipv6() == first_is_v6);
    let (mut first, mut second) = (first.into_iter(), second.into_iter());
    let mut all = Vec::new();
    loop {
        let pair = [first.next(), second.next()];
        if pair == [None, None] {
            return all;
        }
        all.extend(pair.into_iter().flatten());
    }
}

/// An error of a socket that was to be connected (checklist Q03).
pub(super) fn connect_error(error: &io::Error) -> Error {
    let code = match error.kind() {
        io::ErrorKind::ConnectionRefused => Code::CONNECTION_REFUSED,
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => Code::UNREACHABLE,
        _ => Code::CONNECT_ERROR,
    };
    Error::from_io(code, error, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(texts: &[&str]) -> Vec<SocketAddr> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn families_take_turns_from_the_resolvers_first() {
        let given = addresses(&["[::1]:1", "[::2]:1", "[::3]:1", "127.0.0.1:1", "127.0.0.2:1"]);
        let wanted = addresses(&["[::1]:1", "127.0.0.1:1", "[::2]:1", "127.0.0.2:1", "[::3]:1"]);
        assert_eq!(interleave(given), wanted);
        assert_eq!(interleave(Vec::new()), []);
    }

    #[test]
    fn the_error_of_several_addresses_names_them_all() {
        let refused = || connect_error(&io::Error::from_raw_os_error(111));
        let [one, two] = addresses(&["[::1]:9", "127.0.0.1:9"])[..] else { unreachable!() };
        let error = all_failed(vec![(one, refused()), (two, refused())]);
        assert_eq!(error.code(), Code::CONNECTION_REFUSED);
        assert_eq!(
            error.message(),
            "all addresses failed: [::1]:9: [Errno 111] Connection refused, 127.0.0.1:9: [Errno 111] Connection refused"
        );
        assert_eq!(error.os_errno(), Some(111));
    }
}
