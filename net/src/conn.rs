//! A connection whose socket is connected: what is written and read, and every way to its end. What TLS and WebSocket
//! add is in `handshake.rs`.
use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::net::{Shutdown, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use socket2::SockRef;
use tokio::io::{AsyncRead as _, ReadBuf};
use tokio::net::TcpStream;
use wire::{CloseReason, ConnId, Input, Transport};

use crate::io::{Io, Kind, Source};
use crate::layers::{Layers, Tap};
use crate::tcp::Connecting;

/// One connection, from the request for it until the socket is closed.
pub(crate) struct Conn {
    pub id: ConnId,
    pub socket: Result<TcpStream, Connecting>,
    pub phase: Phase,
    pub transport: Transport,
    /// What stands between the socket and the machine, while it is of use.
    pub layers: Option<Box<Layers>>,
    pub local: SocketAddr,
    pub remote: SocketAddr,
    /// What is to be written to the socket; before that is connected, what the machine wrote.
    pub queue: VecDeque<Bytes>,
    pub queued: usize,
    /// Whether it is on the list of those with something new in the queue.
    pub gathered: bool,
    /// Whether the peer's FIN has come.
    pub ended: bool,
    /// Whether TLS began after the machine had heard of it.
    pub upgraded: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// The machine asked for it; whether it has asked to close it since.
    Connecting {
        close: bool,
    },
    /// The socket is connected, what is above it is not. A machine that has asked for it, or for its upgrade, may have
    /// closed it since; of one that was accepted it knows nothing.
    Handshaking {
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
    //= rfc6455#7.1.1/clean SHOULD
    //# FIN, then read and drop until the peer's; over TLS a close_notify before.
    /// Our last word is out and the machine knows. What comes is read and dropped, since closing a socket with unread
    /// bytes would reset the connection and destroy what the peer has not read.
    Lingering,
}

impl Conn {
    pub fn new(
        id: ConnId,
        socket: Result<TcpStream, Connecting>,
        transport: Transport,
        layers: Option<Box<Layers>>,
        local: SocketAddr,
        remote: SocketAddr,
    ) -> Box<Conn> {
        let phase = if socket.is_ok() { Phase::Accepted } else { Phase::Connecting { close: false } };
        Box::new(Conn {
            id,
            socket,
            phase,
            transport,
            layers,
            local,
            remote,
            queue: VecDeque::new(),
            queued: 0,
            gathered: false,
            ended: false,
            upgraded: false,
        })
    }

    pub fn has_unsent(&self) -> bool {
        let closing = matches!(
            self.phase,
            Phase::Connecting { close: true } | Phase::Handshaking { close: true } | Phase::ClosedHere { .. }
        );
        closing || self.phase == Phase::Lingering || !self.queue.is_empty()
    }

    /// Sends the FIN. Nothing that comes is of use from now on.
    pub fn shut(&mut self) {
        self.layers = None;
        if let Ok(stream) = &self.socket {
            let _ = SockRef::from(stream).shutdown(Shutdown::Write); // fails only if the peer is gone
        }
    }

    /// Whether the machine has heard of it.
    pub fn is_known(&self) -> bool {
        !(self.id.is_inbound() && matches!(self.phase, Phase::Handshaking { .. }))
    }

    /// Writes the front of the queue, as much as the socket takes.
    fn put(&mut self) -> io::Result<usize> {
        let Ok(stream) = &self.socket else { return Err(io::ErrorKind::NotConnected.into()) };
        let written = match self.queue.len() {
            0 => return Err(io::ErrorKind::InvalidInput.into()),
            1 => stream.try_write(&self.queue[0])?,
            length => {
                let mut slices = [IoSlice::new(&[]); SLICES];
                for (slice, data) in slices.iter_mut().zip(&self.queue) {
                    *slice = IoSlice::new(data);
                }
                stream.try_write_vectored(&slices[..length.min(SLICES)])?
            }
        };
        self.written(written);
        Ok(written)
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
        if self.queue.is_empty() {
            self.queue = VecDeque::new(); // what it stood in is given back
        }
    }
}

/// What a look at a socket found.
pub(crate) enum Read {
    /// That many bytes, at the start of the driver's buffer.
    Bytes(usize),
    /// The peer's end.
    End,
    /// Nothing yet, or the connection is gone.
    Nothing,
}

impl Io {
    pub fn conn_write(&mut self, id: ConnId, data: Bytes) {
        let slot = self.conns.get(&id).copied().unwrap_or(usize::MAX);
        let Some(Source { flag, kind: Kind::Conn(conn), .. }) = self.sources.at(slot) else {
            self.stats.late_writes += 1;
            return;
        };
        match (&conn.phase, &mut conn.layers) {
            _ if data.is_empty() => {}
            (Phase::Connecting { close: false }, _) => self.conn_queue(slot, data),
            (Phase::Handshaking { close: false }, Some(layers)) => {
                if layers.hold(data) > self.config.stream_queue {
                    self.conn_break(slot, CloseReason::Overflow);
                }
            }
            (Phase::Open, Some(layers)) => {
                let mut tap = Tap { trace: &mut self.trace, local: conn.local, remote: conn.remote };
                layers.send(data, &mut tap);
                let data = layers.output(&mut tap);
                if data.is_empty() {
                    flag.raise(); // it failed, which is told at the next look
                }
                self.conn_queue(slot, data);
            }
            (Phase::Accepted | Phase::Open, None) => {
                self.trace.stream(conn.local, conn.remote, &data);
                self.conn_queue(slot, data);
            }
            _ => self.stats.late_writes += 1,
        }
    }

    /// Queues what is to be written once the machine has said all that it has to say now; too much of it ends the
    /// connection.
    pub fn conn_queue(&mut self, slot: usize, data: Bytes) {
        let Some(Source { kind: Kind::Conn(conn), .. }) = self.sources.at(slot) else { return };
        if data.is_empty() {
            return;
        }
        conn.queued += data.len();
        conn.queue.push_back(data);
        if conn.socket.is_ok() && !std::mem::replace(&mut conn.gathered, true) {
            self.gathered.push(slot);
        }
        if conn.queued > GATHERED.min(self.config.stream_queue) {
            self.conn_put(slot);
            if self.unsent_in(slot) > self.config.stream_queue {
                self.conn_break(slot, CloseReason::Overflow);
            }
        }
    }

    /// Writes what was queued since the last time, all that is for one connection with one system call.
    pub fn write_gathered(&mut self) {
        let mut gathered = std::mem::take(&mut self.gathered);
        for slot in gathered.drain(..) {
            if let Some(Source { kind: Kind::Conn(conn), .. }) = self.sources.at(slot) {
                conn.gathered = false;
            }
            self.conn_put(slot);
        }
        self.gathered = gathered;
    }

    /// Writes what the socket takes at once. The rest, or an error, shows again at the next look.
    fn conn_put(&mut self, slot: usize) {
        let Some(Source { flag, kind: Kind::Conn(conn), .. }) = self.sources.at(slot) else { return };
        if let Ok(written) = conn.put() {
            self.stats.stream_writes += 1;
            self.stats.stream_bytes_out += written as u64;
        }
        if !conn.queue.is_empty() {
            flag.raise();
        }
    }

    fn unsent_in(&self, slot: usize) -> usize {
        match self.sources.get(slot) {
            Some(Source { kind: Kind::Conn(conn), .. }) => conn.queued,
            _ => 0,
        }
    }

    pub fn unsent(&self, id: ConnId) -> usize {
        self.conns.get(&id).map_or(0, |slot| self.unsent_in(*slot))
    }

    pub fn no_delay(&self, id: ConnId, is_on: bool) {
        let source = self.conns.get(&id).and_then(|slot| self.sources.get(*slot));
        if let Some(Source { kind: Kind::Conn(conn), .. }) = source
            && let Ok(socket) = &conn.socket
        {
            let _only_slower = socket.set_nodelay(is_on);
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
            Phase::Handshaking { .. } if !conn.layers.as_ref().is_some_and(|layers| layers.holds_any()) => {
                self.conn_break(slot, CloseReason::Local);
            }
            Phase::Handshaking { .. } => conn.phase = Phase::Handshaking { close: true },
            Phase::Accepted | Phase::Open => {
                conn.phase = Phase::ClosedHere { peer_finished: false };
                flag.raise();
                if let Some(layers) = &mut conn.layers {
                    layers.close(&mut Tap { trace: &mut self.trace, local: conn.local, remote: conn.remote });
                }
                self.closing.push_back((self.config.clock.now() + self.config.close_timeout, id, slot));
                self.layers_output(slot);
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
                let (transport, local, remote) = (conn.transport, conn.local, conn.remote);
                Some(Input::Opened { conn: conn.id, transport, local, remote })
            }
            Phase::ClosedHere { peer_finished: true } | Phase::ClosedThere | Phase::Connecting { .. } => None,
            _ if conn.layers.is_some() => self.layers_advance(slot),
            _ => self.conn_take(slot),
        }
    }

    /// The next piece of a connection without layers.
    fn conn_take(&mut self, slot: usize) -> Option<Input> {
        let read = self.conn_read(slot);
        let Some(Source { flag, kind: Kind::Conn(conn), .. }) = self.sources.at(slot) else { return None };
        match read {
            Read::Bytes(length) if conn.phase == Phase::Open => {
                let data = Bytes::copy_from_slice(&self.scratch[..length]);
                self.trace.stream(conn.remote, conn.local, &data);
                Some(Input::Stream { conn: conn.id, data })
            }
            Read::Bytes(_) => {
                flag.raise(); // closed on our side: dropped, one piece a look
                None
            }
            Read::End => self.peer_finished(slot),
            Read::Nothing => None,
        }
    }

    /// Reads into the buffer that all connections share.
    pub fn conn_read(&mut self, slot: usize) -> Read {
        let Some(Source { waker, kind: Kind::Conn(conn), .. }) = self.sources.at(slot) else { return Read::Nothing };
        let Ok(stream) = &mut conn.socket else { return Read::Nothing };
        let size = self.config.read_size.clamp(1, self.scratch.len());
        let mut buffer = ReadBuf::new(&mut self.scratch[..size]);
        // After a read that did not fill the buffer this waits for the next event without another system call.
        match Pin::new(stream).poll_read(&mut Context::from_waker(waker), &mut buffer) {
            Poll::Pending => Read::Nothing,
            Poll::Ready(Ok(())) if buffer.filled().is_empty() => {
                conn.ended = true;
                Read::End
            }
            Poll::Ready(Ok(())) => {
                let length = buffer.filled().len();
                if matches!(conn.phase, Phase::Open | Phase::Handshaking { .. }) {
                    self.stats.stream_bytes_in += length as u64;
                }
                Read::Bytes(length)
            }
            Poll::Ready(Err(_)) => {
                self.conn_broken(slot);
                Read::Nothing
            }
        }
    }

    /// The peer says no more. The number is dead for the machine, but what it has written still goes out.
    pub fn peer_finished(&mut self, slot: usize) -> Option<Input> {
        let Some(Source { kind: Kind::Conn(conn), .. }) = self.sources.at(slot) else { return None };
        let id = conn.id;
        match conn.phase {
            Phase::Open => {
                self.trace.finished(conn.remote, conn.local);
                conn.phase = Phase::ClosedThere;
                self.conns.remove(&id);
                self.closing.push_back((self.config.clock.now() + self.config.close_timeout, id, slot));
                self.layers_finish(slot);
                self.conn_flush(slot);
                return Some(Input::Closed { conn: id, reason: CloseReason::Peer });
            }
            Phase::ClosedHere { .. } => {
                self.trace.finished(conn.remote, conn.local);
                conn.phase = Phase::ClosedHere { peer_finished: true };
            }
            Phase::Handshaking { .. } => self.conn_broken(slot),
            Phase::Lingering if !conn.ended => self.goodbye(slot),
            _ => {
                self.trace.finished(conn.remote, conn.local);
                self.remove(slot);
            }
        }
        None
    }

    /// Writes what is queued, and then, if the connection is closing, the FIN.
    pub fn conn_flush(&mut self, slot: usize) {
        loop {
            let Some(Source { waker, kind: Kind::Conn(conn), .. }) = self.sources.at(slot) else { return };
            if conn.socket.is_err() {
                return;
            }
            if conn.queue.is_empty() {
                break;
            }
            match conn.put() {
                Ok(written) => {
                    self.stats.stream_writes += 1;
                    self.stats.stream_bytes_out += written as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    let Ok(stream) = &conn.socket else { return };
                    if stream.poll_write_ready(&mut Context::from_waker(waker)).is_pending() {
                        return;
                    }
                }
                Err(_) => return self.conn_broken(slot),
            }
        }
        self.conn_flushed(slot);
    }

    fn conn_flushed(&mut self, slot: usize) {
        let Some(Source { flag, kind: Kind::Conn(conn), .. }) = self.sources.at(slot) else { return };
        let layers = conn.layers.as_ref();
        //= rfc6455#5.5.1/then-tcp MUST
        //# Once both Close frames have crossed, what is left is the FIN.
        //= rfc6455#5.5.1/server-first MUST
        //# A server's FIN follows its Close, when that is the second.
        //= rfc6455#5.5.1/client-waits SHOULD
        //# `lets_peer_end` keeps a client's FIN back.
        //= rfc6455#5.5.1/client-leaves MAY
        //# Until `close_timeout`.
        //= rfc6455#7.1.1/server-first SHOULD
        //# By that order.
        //= rfc6455#7.1.1/server-at-once SHOULD
        //# With the last byte of what is queued.
        //= rfc6455#7.1.1/client-waits SHOULD
        //# As section 5.5.1 has it.
        //= rfc6455#7.1.1/client-first MAY
        //# After `close_timeout`.
        let waits = match conn.phase {
            Phase::ClosedHere { peer_finished: false } => layers.is_some_and(|layers| layers.awaits_goodbye()),
            Phase::ClosedHere { peer_finished: true } | Phase::ClosedThere => {
                conn.layers.take().is_some_and(|layers| layers.lets_peer_end())
            }
            _ => return,
        };
        if !waits {
            conn.shut();
        }
        self.trace.finished(conn.local, conn.remote);
        conn.phase = Phase::Lingering;
        flag.raise();
        let (id, ended) = (conn.id, conn.ended);
        if self.conns.remove(&id).is_some() {
            self.pending.push_back(Input::Closed { conn: id, reason: CloseReason::Local });
        }
        if ended {
            self.remove(slot);
        }
    }

    /// Ends a connection that the network or the peer has broken.
    fn conn_broken(&mut self, slot: usize) {
        let Some(Source { kind: Kind::Conn(conn), .. }) = self.sources.at(slot) else { return };
        let asked = matches!(conn.phase, Phase::Handshaking { .. }) && !conn.id.is_inbound() && !conn.upgraded;
        let reason = if asked { CloseReason::Refused } else { CloseReason::Reset };
        self.conn_break(slot, reason);
    }

    /// Ends a connection at once.
    pub fn conn_break(&mut self, slot: usize, reason: CloseReason) {
        let Some(Kind::Conn(conn)) = self.remove(slot) else { return };
        if conn.socket.is_ok() {
            self.trace.reset(conn.local, conn.remote);
        }
        self.handshake_over(&conn);
        self.stats.stream_overflows += u64::from(reason == CloseReason::Overflow);
        if self.conns.remove(&conn.id).is_some() && conn.is_known() {
            self.pending.push_back(Input::Closed { conn: conn.id, reason });
        }
    }

    //= rfc6455#7.1.1/any-means MAY
    //# Patience is limited.
    /// A connection has been closing for long enough, if the slot is still its own.
    pub fn conn_expire(&mut self, id: ConnId, slot: usize) {
        let Some(Source { kind: Kind::Conn(conn), .. }) = self.sources.at(slot) else { return };
        if conn.id == id {
            let reason = if conn.queue.is_empty() { CloseReason::Local } else { CloseReason::Overflow };
            self.conn_break(slot, reason);
        }
    }
}

/// What a connection may be given before it is written without waiting for more.
const GATHERED: usize = 64 << 10;
/// Pieces written at once.
const SLICES: usize = 32;
