//! UDP sockets: received and sent in the driver's own turn, as many datagrams at a time as fairness allows.
use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::UdpSocket;
use wire::Input;

use crate::Config;
use crate::errors::Errors;
use crate::io::{Io, Kind, Source};

pub(crate) struct Udp {
    socket: Arc<UdpSocket>,
    local: SocketAddr,
    /// What the socket would not take at once.
    queue: VecDeque<(SocketAddr, Bytes)>,
    /// The slot of the source that reads the socket's error queue.
    errors: Option<usize>,
}

impl Udp {
    pub fn bind(address: SocketAddr, config: &Config) -> io::Result<Udp> {
        let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
        if address.is_ipv6() {
            socket.set_only_v6(true)?;
        }
        #[cfg(unix)]
        socket.set_reuse_port(config.share_ports)?;
        if config.udp_buffer > 0 {
            // Refusal leaves the system's size, with which everything works, only sooner full.
            let _ = socket.set_recv_buffer_size(config.udp_buffer);
            let _ = socket.set_send_buffer_size(config.udp_buffer);
        }
        socket.set_nonblocking(true)?;
        socket.bind(&address.into())?;
        let socket = UdpSocket::from_std(socket.into())?;
        Ok(Udp { local: socket.local_addr()?, socket: Arc::new(socket), queue: VecDeque::new(), errors: None })
    }

    fn socket(&self) -> Arc<UdpSocket> {
        self.socket.clone()
    }

    pub fn has_unsent(&self) -> bool {
        !self.queue.is_empty()
    }

    fn try_send(&self, data: &[u8], remote: SocketAddr) -> io::Result<usize> {
        match self.socket.try_send_to(data, remote) {
            // It may be what the network said about an earlier datagram, in which case it is said only once.
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => self.socket.try_send_to(data, remote),
            result => result,
        }
    }
}

impl Io {
    pub fn add_udp(&mut self, mut udp: Udp) -> SocketAddr {
        let local = udp.local;
        if self.config.udp_errors
            && let Some(errors) = Errors::of(udp.socket(), local)
        {
            udp.errors = Some(self.insert(Kind::Unreachable(errors)));
        }
        let slot = self.insert(Kind::Udp(udp));
        self.udp.insert(local, slot);
        local
    }

    pub fn remove_udp(&mut self, local: SocketAddr) -> bool {
        let slot = self.udp.remove(&local);
        let Some(Kind::Udp(udp)) = slot.and_then(|slot| self.remove(slot)) else { return false };
        if let Some(errors) = udp.errors {
            self.remove(errors);
        }
        true
    }

    pub fn udp_receive(&mut self, slot: usize) -> Option<Input> {
        let Some(Source { waker, kind: Kind::Udp(udp), .. }) = self.sources.at(slot) else { return None };
        let mut context = Context::from_waker(waker);
        for _ in 0..MAX_ERRORS {
            match udp.socket.try_recv_from(&mut self.scratch) {
                Ok((length, remote)) => {
                    let (data, local) = (Bytes::copy_from_slice(&self.scratch[..length]), udp.local);
                    self.stats.datagrams_in += 1;
                    self.stats.datagram_bytes_in += length as u64;
                    self.trace.datagram(remote, local, &data);
                    return Some(Input::Datagram { local, remote, data });
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if udp.socket.poll_recv_ready(&mut context).is_pending() {
                        return None;
                    }
                }
                // What the network said about some datagram sent before; on an unbound peer it names nobody.
                Err(_) => self.stats.udp_receive_errors += 1,
            }
        }
        self.raise(slot);
        None
    }

    pub fn udp_send(&mut self, local: SocketAddr, remote: SocketAddr, data: Bytes) {
        let Some(&slot) = self.udp.get(&local) else {
            self.stats.unbound += 1;
            return;
        };
        let Some(Source { flag, kind: Kind::Udp(udp), .. }) = self.sources.at(slot) else { return };
        self.trace.datagram(local, remote, &data);
        if udp.queue.is_empty() {
            match udp.try_send(&data, remote) {
                Ok(length) => return self.stats.sent(length),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return self.udp_failed(local, remote, &error),
            }
        }
        flag.raise();
        if udp.queue.len() >= self.config.udp_queue.max(1) {
            udp.queue.pop_front();
            self.stats.udp_overflows += 1;
        }
        udp.queue.push_back((remote, data));
    }

    pub fn udp_flush(&mut self, slot: usize) {
        loop {
            let Some(Source { waker, kind: Kind::Udp(udp), .. }) = self.sources.at(slot) else { return };
            let Some((remote, data)) = udp.queue.front() else { return };
            let (local, remote) = (udp.local, *remote);
            match udp.try_send(data, remote) {
                Ok(length) => self.stats.sent(length),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    match udp.socket.poll_send_ready(&mut Context::from_waker(waker)) {
                        Poll::Pending => return,
                        Poll::Ready(_) => continue,
                    }
                }
                Err(error) => self.udp_failed(local, remote, &error),
            }
            if let Some(Source { kind: Kind::Udp(udp), .. }) = self.sources.at(slot) {
                udp.queue.pop_front();
            }
        }
    }

    fn udp_failed(&mut self, local: SocketAddr, remote: SocketAddr, error: &io::Error) {
        use io::ErrorKind::{HostUnreachable, NetworkUnreachable, PermissionDenied};
        self.stats.udp_send_errors += 1;
        tracing::debug!(%local, %remote, %error, "datagram not sent");
        if matches!(error.kind(), HostUnreachable | NetworkUnreachable | PermissionDenied) {
            self.pending.push_back(Input::Unreachable { local, remote });
        }
    }
}

impl crate::Stats {
    fn sent(&mut self, length: usize) {
        self.datagrams_out += 1;
        self.datagram_bytes_out += length as u64;
    }
}

/// Errors taken from one socket in a row before others get their turn.
const MAX_ERRORS: usize = 16;
