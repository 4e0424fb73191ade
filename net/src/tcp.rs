//! TCP: connections asked for and accepted, bounded in number, in what is read at a time and in what is kept to write.
use std::collections::VecDeque;
use std::future::Future;
use std::io::{self, IoSlice};
use std::net::{Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Buf, Bytes};
use socket2::{Domain, Protocol, SockRef, Socket, Type};
use tokio::net::{TcpListener, TcpStream};
use wire::{CloseReason, ConnId, Input, Transport};

use crate::Config;
use crate::io::{Io, Kind, Source};

pub(crate) struct Listener {
    listener: TcpListener,
    pub local: SocketAddr,
}

/// One connection, from the request for it until the socket is closed.
pub(crate) struct Conn {
    id: ConnId,
    socket: Result<TcpStream, Connecting>,
    phase: Phase,
    local: SocketAddr,
    remote: SocketAddr,
    queue: VecDeque<Bytes>,
    queued: usize,
}

type Connecting = Pin<Box<dyn Future<Output = io::Result<TcpStream>> + Send>>;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// The machine asked for it; whether it has asked to close it since.
    Connecting {
        close: bool,
    },
    /// Accepted, but the machine has not heard of it yet.
    Accepted,
    Open,
    /// The machine has closed it: what is queued still goes out, what comes is dropped.
    ClosedHere {
        peer_finished: bool,
    },
    /// The peer has finished and the machine knows: what is queued still goes out.
    ClosedThere,
    /// Our FIN is out and the machine knows. What comes is read and dropped, since closing a socket with unread bytes
    /// would reset the connection and destroy what the peer has not read.
    Lingering,
}

impl Listener {
    pub fn bind(address: SocketAddr, config: &Config) -> io::Result<Listener> {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
        if address.is_ipv6() {
            socket.set_only_v6(true)?;
        }
        #[cfg(unix)]
        {
            socket.set_reuse_address(true)?; // an old connection in TIME-WAIT does not keep the port
            socket.set_reuse_port(config.share_ports)?;
        }
        socket.set_nonblocking(true)?;
        socket.bind(&address.into())?;
        socket.listen(BACKLOG)?;
        let listener = TcpListener::from_std(socket.into())?;
        Ok(Listener { local: listener.local_addr()?, listener })
    }
}

impl Conn {
    fn new(id: ConnId, socket: Result<TcpStream, Connecting>, local: SocketAddr, remote: SocketAddr) -> Box<Conn> {
        let phase = if socket.is_ok() { Phase::Accepted } else { Phase::Connecting { close: false } };
        Box::new(Conn { id, socket, phase, local, remote, queue: VecDeque::new(), queued: 0 })
    }

    pub fn has_unsent(&self) -> bool {
        let closing = matches!(self.phase, Phase::Connecting { close: true } | Phase::ClosedHere { .. });
        closing || self.phase == Phase::Lingering || !self.queue.is_empty()
    }

    fn written(&mut self, mut length: usize) {
        self.queued -= length;
        while let Some(front) = self.queue.front_mut() {
            if length < front.len() {
                front.advance(length);
                break;
            }
            length -= front.len();
            self.queue.pop_front();
        }
    }
}

impl Io {
    pub fn accept(&mut self, slot: usize) -> Option<Input> {
        for _ in 0..MAX_ACCEPTS {
            let Some(Source { waker, kind: Kind::Listener(listener), .. }) = self.sources.at(slot) else { return None };
            let accepted = listener.listener.poll_accept(&mut Context::from_waker(waker));
            let Poll::Ready(accepted) = accepted else { return None };
            let local = listener.local;
            match accepted {
                Ok(_) if self.conns.len() >= self.config.connections => self.stats.connections_refused += 1,
                Ok((stream, remote)) => {
                    let _ = stream.set_nodelay(true);
                    let local = stream.local_addr().unwrap_or(local);
                    let id = ConnId::inbound(self.next_inbound);
                    self.next_inbound += 1;
                    let slot = self.insert(Kind::Conn(Conn::new(id, Ok(stream), local, remote)));
                    self.conns.insert(id, slot);
                    self.stats.accepted += 1;
                    self.trace.connected(remote, local);
                }
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => self.stats.connect_errors += 1,
                Err(error) => {
                    // No descriptors left, most likely: the next try can wait until some are closed.
                    self.stats.connect_errors += 1;
                    tracing::warn!(%local, %error, "accept failed");
                    self.retries.push_back((self.now() + ACCEPT_PAUSE, slot));
                    return None;
                }
            }
        }
        self.raise(slot);
        None
    }

    pub fn connect(&mut self, id: ConnId, transport: Transport, remote: SocketAddr) {
        if id.is_inbound() || self.conns.contains_key(&id) {
            self.stats.late_writes += 1;
            return;
        }
        if transport != Transport::Tcp || self.conns.len() >= self.config.connections {
            self.stats.connections_refused += 1;
            self.pending.push_back(Input::Closed { conn: id, reason: CloseReason::Refused });
            return;
        }
        let timeout = self.config.connect_timeout;
        let connecting: Connecting = Box::pin(async move {
            let result = tokio::time::timeout(timeout, TcpStream::connect(remote)).await;
            result.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
        });
        let unspecified = if remote.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
        let conn = Conn::new(id, Err(connecting), SocketAddr::new(unspecified, 0), remote);
        let slot = self.insert(Kind::Conn(conn));
        self.conns.insert(id, slot);
    }

    pub fn conn_write(&mut self, id: ConnId, mut data: Bytes) {
        let slot = self.conns.get(&id).copied().unwrap_or(usize::MAX);
        let Some(Source { flag, kind: Kind::Conn(conn), .. }) = self.sources.at(slot) else {
            self.stats.late_writes += 1;
            return;
        };
        match &conn.socket {
            Err(_) if conn.phase == (Phase::Connecting { close: false }) => {}
            Ok(stream) if matches!(conn.phase, Phase::Accepted | Phase::Open) => {
                self.trace.stream(conn.local, conn.remote, &data);
                if conn.queue.is_empty()
                    && let Ok(written) = stream.try_write(&data)
                {
                    self.stats.stream_bytes_out += written as u64;
                    data.advance(written);
                } // an error shows again at the next write or read
            }
            _ => {
                self.stats.late_writes += 1;
                return;
            }
        }
        if conn.queued + data.len() > self.config.stream_queue {
            return self.conn_break(slot, CloseReason::Overflow);
        }
        if !data.is_empty() {
            conn.queued += data.len();
            conn.queue.push_back(data);
            flag.raise();
        }
    }

    pub fn conn_close(&mut self, id: ConnId) {
        let slot = self.conns.get(&id).copied().unwrap_or(usize::MAX);
        let Some(Source { flag, kind: Kind::Conn(conn), .. }) = self.sources.at(slot) else {
            self.stats.late_writes += 1;
            return;
        };
        match conn.phase {
            Phase::Connecting { .. } if conn.queue.is_empty() => self.conn_break(slot, CloseReason::Local),
            Phase::Connecting { .. } => conn.phase = Phase::Connecting { close: true },
            Phase::Accepted | Phase::Open => {
                conn.phase = Phase::ClosedHere { peer_finished: false };
                flag.raise();
                self.closing.push_back((self.config.clock.now() + self.config.close_timeout, id, slot));
            }
            _ => self.stats.late_writes += 1,
        }
    }

    /// Lets a connection go on by one step and tells what came of it.
    pub fn conn_advance(&mut self, slot: usize) -> Option<Input> {
        let Some(Source { waker, kind: Kind::Conn(conn), .. }) = self.sources.at(slot) else { return None };
        if let Err(connecting) = &mut conn.socket {
            let Poll::Ready(result) = connecting.as_mut().poll(&mut Context::from_waker(waker)) else { return None };
            return self.connected(slot, result);
        }
        match conn.phase {
            Phase::Accepted => {
                conn.phase = Phase::Open;
                let (conn, local, remote) = (conn.id, conn.local, conn.remote);
                Some(Input::Opened { conn, transport: Transport::Tcp, local, remote })
            }
            Phase::Open | Phase::Lingering | Phase::ClosedHere { peer_finished: false } => self.conn_read(slot),
            _ => None,
        }
    }

    fn connected(&mut self, slot: usize, result: io::Result<TcpStream>) -> Option<Input> {
        let Some(Source { flag, kind: Kind::Conn(conn), .. }) = self.sources.at(slot) else { return None };
        let (id, remote) = (conn.id, conn.remote);
        match result {
            Ok(stream) => {
                let _ = stream.set_nodelay(true);
                conn.local = stream.local_addr().unwrap_or(conn.local);
                conn.socket = Ok(stream);
            }
            Err(error) => {
                self.stats.connect_errors += 1;
                tracing::debug!(%remote, %error, "connection not opened");
                self.conns.remove(&id);
                self.remove(slot);
                let reason = match error.kind() {
                    io::ErrorKind::TimedOut => CloseReason::Timeout,
                    io::ErrorKind::ConnectionReset => CloseReason::Reset,
                    _ => CloseReason::Refused,
                };
                return Some(Input::Closed { conn: id, reason });
            }
        }
        self.stats.connected += 1;
        self.trace.connected(conn.local, remote);
        for data in &conn.queue {
            self.trace.stream(conn.local, remote, data);
        }
        let close = conn.phase == Phase::Connecting { close: true };
        conn.phase = Phase::Open;
        flag.raise(); // to write what was queued
        let local = conn.local;
        if close {
            self.conn_close(id);
            return None;
        }
        Some(Input::Opened { conn: id, transport: Transport::Tcp, local, remote })
    }

    fn conn_read(&mut self, slot: usize) -> Option<Input> {
        loop {
            let Some(Source { flag, waker, kind: Kind::Conn(conn), .. }) = self.sources.at(slot) else { return None };
            let Ok(stream) = &conn.socket else { return None };
            let size = self.config.read_size.clamp(1, self.scratch.len());
            match stream.try_read(&mut self.scratch[..size]) {
                Ok(0) => return self.peer_finished(slot),
                Ok(length) if conn.phase == Phase::Open => {
                    self.stats.stream_bytes_in += length as u64;
                    let data = Bytes::copy_from_slice(&self.scratch[..length]);
                    self.trace.stream(conn.remote, conn.local, &data);
                    return Some(Input::Stream { conn: conn.id, data });
                }
                Ok(_) => {
                    flag.raise(); // closed on our side: dropped, one piece a look
                    return None;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if stream.poll_read_ready(&mut Context::from_waker(waker)).is_pending() {
                        return None;
                    }
                }
                Err(_) => {
                    self.conn_break(slot, CloseReason::Reset);
                    return None;
                }
            }
        }
    }

    /// The peer sends no more. The number is dead for the machine, but what it has written still goes out.
    fn peer_finished(&mut self, slot: usize) -> Option<Input> {
        let Some(Source { kind: Kind::Conn(conn), .. }) = self.sources.at(slot) else { return None };
        let id = conn.id;
        self.trace.finished(conn.remote, conn.local);
        match conn.phase {
            Phase::Open => {
                conn.phase = Phase::ClosedThere;
                self.conns.remove(&id);
                self.closing.push_back((self.config.clock.now() + self.config.close_timeout, id, slot));
                self.conn_flush(slot);
                Some(Input::Closed { conn: id, reason: CloseReason::Peer })
            }
            Phase::ClosedHere { .. } => {
                conn.phase = Phase::ClosedHere { peer_finished: true };
                None
            }
            _ => {
                self.remove(slot);
                None
            }
        }
    }

    /// Writes what is queued, and then, if the connection is closing, the FIN.
    pub fn conn_flush(&mut self, slot: usize) {
        loop {
            let Some(Source { waker, kind: Kind::Conn(conn), .. }) = self.sources.at(slot) else { return };
            let Ok(stream) = &conn.socket else { return };
            if conn.queue.is_empty() {
                break;
            }
            let mut slices = [IoSlice::new(&[]); 16];
            for (slice, data) in slices.iter_mut().zip(&conn.queue) {
                *slice = IoSlice::new(data);
            }
            match stream.try_write_vectored(&slices[..conn.queue.len().min(16)]) {
                Ok(written) => {
                    self.stats.stream_bytes_out += written as u64;
                    conn.written(written);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if stream.poll_write_ready(&mut Context::from_waker(waker)).is_pending() {
                        return;
                    }
                }
                Err(_) => return self.conn_break(slot, CloseReason::Reset),
            }
        }
        self.conn_flushed(slot);
    }

    fn conn_flushed(&mut self, slot: usize) {
        let Some(Source { flag, kind: Kind::Conn(conn), .. }) = self.sources.at(slot) else { return };
        let peer_finished = match conn.phase {
            Phase::ClosedHere { peer_finished } => peer_finished,
            Phase::ClosedThere => true,
            _ => return,
        };
        if let Ok(stream) = &conn.socket {
            let _ = SockRef::from(stream).shutdown(Shutdown::Write); // fails only if the peer is gone
        }
        self.trace.finished(conn.local, conn.remote);
        conn.phase = Phase::Lingering;
        flag.raise();
        let id = conn.id;
        if self.conns.remove(&id).is_some() {
            self.pending.push_back(Input::Closed { conn: id, reason: CloseReason::Local });
        }
        if peer_finished {
            self.remove(slot);
        }
    }

    /// Ends a connection at once.
    fn conn_break(&mut self, slot: usize, reason: CloseReason) {
        let Some(Kind::Conn(conn)) = self.remove(slot) else { return };
        if conn.socket.is_ok() {
            self.trace.reset(conn.local, conn.remote);
        }
        self.stats.stream_overflows += u64::from(reason == CloseReason::Overflow);
        if self.conns.remove(&conn.id).is_some() {
            self.pending.push_back(Input::Closed { conn: conn.id, reason });
        }
    }

    /// A connection has been closing for long enough, if the slot is still its own.
    pub fn conn_expire(&mut self, id: ConnId, slot: usize) {
        let Some(Source { kind: Kind::Conn(conn), .. }) = self.sources.at(slot) else { return };
        if conn.id == id {
            let reason = if conn.queue.is_empty() { CloseReason::Local } else { CloseReason::Overflow };
            self.conn_break(slot, reason);
        }
    }
}

const BACKLOG: i32 = 1024;
/// Connections accepted before other sources get their turn.
const MAX_ACCEPTS: usize = 32;
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
