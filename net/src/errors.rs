//! What the network says about datagrams sent before: ICMP errors, from the error queue that Linux keeps for a socket.
//!
//! A socket that is not tied to one peer hears nothing of them otherwise, and a machine would wait for its timeouts.
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Context;

use tokio::net::UdpSocket;
use wire::Input;

use crate::io::{Io, Kind, Source};

/// The error queue of one socket.
pub(crate) struct Errors {
    socket: Arc<UdpSocket>,
    local: SocketAddr,
    ready: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl Errors {
    /// Asks for errors to be queued; `None` where the operating system cannot.
    pub fn of(socket: Arc<UdpSocket>, local: SocketAddr) -> Option<Errors> {
        queue::enable(&socket, local).ok()?;
        Some(Errors { socket, local, ready: None })
    }
}

impl Io {
    pub fn unreachable(&mut self, slot: usize) -> Option<Input> {
        let Some(Source { flag, waker, kind: Kind::Unreachable(errors) }) = self.sources.at(slot) else { return None };
        for _ in 0..MAX_REPORTS {
            match queue::next(&errors.socket) {
                Ok(Some(remote)) => {
                    self.stats.udp_unreachable += 1;
                    return Some(Input::Unreachable { local: errors.local, remote });
                }
                Ok(None) => {} // about something else, like the size of a path's packets
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    let socket = errors.socket.clone();
                    let ready = errors.ready.get_or_insert_with(|| Box::pin(queue::ready(socket)));
                    if ready.as_mut().poll(&mut Context::from_waker(waker)).is_pending() {
                        return None;
                    }
                    errors.ready = None;
                }
                Err(error) => {
                    tracing::debug!(%error, "error queue unreadable");
                    return None;
                }
            }
        }
        flag.raise();
        None
    }
}

/// Reports taken from one queue before others get their turn.
const MAX_REPORTS: usize = 16;

#[cfg(target_os = "linux")]
mod queue {
    use std::io::{self, IoSliceMut};
    use std::net::SocketAddr;
    use std::os::fd::AsRawFd;
    use std::sync::Arc;

    use nix::errno::Errno;
    use nix::sys::socket::{self, ControlMessageOwned, MsgFlags, SockaddrStorage, sockopt};
    use tokio::io::Interest;
    use tokio::net::UdpSocket;

    pub fn enable(socket: &UdpSocket, local: SocketAddr) -> io::Result<()> {
        let enabled = match local {
            SocketAddr::V4(_) => socket::setsockopt(socket, sockopt::Ipv4RecvErr, &true),
            SocketAddr::V6(_) => socket::setsockopt(socket, sockopt::Ipv6RecvErr, &true),
        };
        Ok(enabled?)
    }

    pub async fn ready(socket: Arc<UdpSocket>) {
        let _ = socket.ready(Interest::ERROR).await; // fails only when the runtime ends
    }

    /// The next report: to whom the datagram went that did not arrive, or nothing if the report is about another matter.
    pub fn next(socket: &UdpSocket) -> io::Result<Option<SocketAddr>> {
        socket.try_io(Interest::ERROR, || {
            let mut start = [0; 64]; // of the datagram meant, which nobody needs
            let mut parts = [IoSliceMut::new(&mut start)];
            let mut control = vec![0; 512];
            let flags = MsgFlags::MSG_ERRQUEUE | MsgFlags::MSG_DONTWAIT;
            let report = socket::recvmsg::<SockaddrStorage>(socket.as_raw_fd(), &mut parts, Some(&mut control), flags)?;
            let undeliverable = report.cmsgs()?.any(|message| match message {
                ControlMessageOwned::Ipv4RecvErr(error, _) | ControlMessageOwned::Ipv6RecvErr(error, _) => {
                    let number = Errno::from_raw(i32::try_from(error.ee_errno).unwrap_or(0));
                    matches!(number, Errno::ECONNREFUSED | Errno::EHOSTUNREACH | Errno::ENETUNREACH | Errno::EACCES)
                }
                _ => false,
            });
            Ok(report.address.filter(|_| undeliverable).and_then(|address| socket_address(&address)))
        })
    }

    fn socket_address(address: &SockaddrStorage) -> Option<SocketAddr> {
        let v4 = address.as_sockaddr_in().map(|&address| SocketAddr::V4(address.into()));
        v4.or_else(|| address.as_sockaddr_in6().map(|&address| SocketAddr::V6(address.into())))
    }
}

#[cfg(not(target_os = "linux"))]
mod queue {
    use std::io;
    use std::net::SocketAddr;
    use std::sync::Arc;

    use tokio::net::UdpSocket;

    pub fn enable(_: &UdpSocket, _: SocketAddr) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub async fn ready(_: Arc<UdpSocket>) {}

    pub fn next(_: &UdpSocket) -> io::Result<Option<SocketAddr>> {
        Err(io::ErrorKind::Unsupported.into())
    }
}
