//! Connections with layers between the socket and the machine: from the handshake, which is bounded in number and time,
//! to the last word.
use std::io::Read as _;

use bytes::BytesMut;
use socket2::SockRef;
use wire::{CloseReason, ConnId, Input, Transport};

use crate::conn::{Conn, Phase, Read};
use crate::io::{Io, Kind, Source};
use crate::layers::{Failure, Happened, Protocol, Tap};

impl Io {
    /// TLS begins in the middle of a connection. What the machine wrote before is on its way or queued, what it writes
    /// from now on is held until the handshake is done.
    pub fn upgrade(&mut self, id: ConnId) {
        let slot = self.conns.get(&id).copied().unwrap_or(usize::MAX);
        let Some(Source { flag, kind: Kind::Conn(conn), .. }) = self.sources.at(slot) else {
            self.stats.late_writes += 1;
            return;
        };
        if matches!(conn.phase, Phase::ClosedHere { .. }) {
            self.stats.late_writes += 1;
            return;
        }
        let plain = conn.phase == Phase::Open && conn.transport == Transport::Tcp && conn.layers.is_none();
        if !plain || id.is_inbound() {
            return self.not_upgraded(slot, "only an open connection over TCP that was asked for can be upgraded");
        }
        let remote = conn.remote;
        let prepared = self.options.get_mut(&remote).unwrap_or(&mut self.prepared);
        match prepared.upgrading(remote) {
            Ok(layers) => conn.layers = Some(layers),
            Err(error) => return self.not_upgraded(slot, &error.to_string()),
        }
        flag.raise();
        conn.phase = Phase::Handshaking { close: false };
        conn.upgraded = true;
        if !self.drop_clear(slot) {
            return self.not_upgraded(slot, "the peer goes on in the clear");
        }
        let due = self.now() + self.config.handshake_timeout;
        self.handshakes.push_back((due, id, slot));
        let Some(Source { kind: Kind::Conn(conn), .. }) = self.sources.at(slot) else { return };
        if let Some(layers) = &mut conn.layers {
            layers.start(&mut Tap { trace: &mut self.trace, local: conn.local, remote });
        }
        self.layers_output(slot);
    }

    /// Before our first word of TLS the peer cannot have said its own: what is there by now is in the clear, whoever
    /// wrote it, and nobody is to take it for secure. False when there is no end of it.
    fn drop_clear(&mut self, slot: usize) -> bool {
        let Some(Source { kind: Kind::Conn(conn), .. }) = self.sources.at(slot) else { return false };
        let Ok(stream) = &conn.socket else { return false };
        let socket = SockRef::from(stream);
        for _ in 0..MAX_STEPS {
            match (&*socket).read(&mut self.scratch) {
                Ok(length) if length > 0 => self.stats.clear_bytes_dropped += length as u64,
                _ => return true, // an end or an error is seen again
            }
        }
        false
    }

    fn not_upgraded(&mut self, slot: usize, reason: &str) {
        let Some(Source { kind: Kind::Conn(conn), .. }) = self.sources.at(slot) else { return };
        let id = conn.id;
        tracing::debug!(remote = %conn.remote, reason, "connection not upgraded");
        self.stats.tls_errors += 1;
        self.remember(id, reason);
        self.conn_break(slot, CloseReason::Untrusted);
    }

    /// Keeps why a connection that was asked for has failed. Peers that connect to us cannot make others be forgotten.
    pub fn remember(&mut self, id: ConnId, reason: &str) {
        if !id.is_inbound() {
            self.failures.truncate(MAX_FAILURES - 1);
            self.failures.push_front((id, reason.to_owned()));
        }
    }

    /// The socket is connected: the layers begin. `close` says whether the machine has closed it already.
    pub fn handshake_start(&mut self, slot: usize, close: bool) {
        let due = self.now() + self.config.handshake_timeout;
        let Some(Source { flag, kind: Kind::Conn(conn), .. }) = self.sources.at(slot) else { return };
        conn.phase = Phase::Handshaking { close };
        let Some(layers) = &mut conn.layers else { return };
        for data in std::mem::take(&mut conn.queue) {
            layers.hold(data);
        }
        conn.queued = 0;
        layers.start(&mut Tap { trace: &mut self.trace, local: conn.local, remote: conn.remote });
        flag.raise();
        let id = conn.id;
        if id.is_inbound() {
            self.handshaking += 1;
            self.make_room();
        }
        self.handshakes.push_back((due, id, slot));
        self.layers_output(slot);
    }

    /// Gives up the oldest of too many handshakes: an honest one is over soon.
    fn make_room(&mut self) {
        while self.handshaking > self.config.handshakes.max(1) {
            let oldest = self.handshakes.iter().position(|&(_, id, _)| id.is_inbound());
            let Some((_, id, slot)) = oldest.and_then(|at| self.handshakes.remove(at)) else { return };
            if self.is_handshaking(id, slot) {
                self.stats.connections_refused += 1;
                self.conn_break(slot, CloseReason::Refused);
            }
        }
    }

    fn is_handshaking(&mut self, id: ConnId, slot: usize) -> bool {
        let Some(Source { kind: Kind::Conn(conn), .. }) = self.sources.at(slot) else { return false };
        conn.id == id && matches!(conn.phase, Phase::Handshaking { .. })
    }

    /// A handshake has taken long enough, if it still goes on.
    pub fn handshake_expire(&mut self, id: ConnId, slot: usize) {
        if self.is_handshaking(id, slot) {
            self.stats.handshake_timeouts += 1;
            tracing::debug!(inbound = id.is_inbound(), "handshake not done in time");
            self.conn_break(slot, CloseReason::Timeout);
        }
    }

    /// Keeps count when a connection leaves its handshake, whichever way.
    pub fn handshake_over(&mut self, conn: &Conn) {
        if conn.id.is_inbound() && matches!(conn.phase, Phase::Handshaking { .. }) {
            self.handshaking -= 1;
        }
    }

    /// The machine hears of the connection, and what it has written meanwhile leaves.
    fn handshake_done(&mut self, slot: usize) -> Option<Input> {
        let Some(Source { kind: Kind::Conn(conn), .. }) = self.sources.at(slot) else { return None };
        let Phase::Handshaking { close } = conn.phase else { return None };
        let (id, transport, local, remote) = (conn.id, conn.transport, conn.local, conn.remote);
        let upgraded = conn.upgraded;
        if id.is_inbound() {
            self.handshaking -= 1;
        } else if !upgraded {
            self.stats.connected += 1;
        }
        conn.phase = Phase::Open;
        let mut session = None;
        if let Some(layers) = &mut conn.layers {
            session = layers.secured();
            layers.release(&mut Tap { trace: &mut self.trace, local, remote });
        }
        self.layers_output(slot);
        if close {
            self.conn_close(id);
            return None;
        }
        if !self.conns.contains_key(&id) {
            return None;
        }
        let secured = session.map(|session| Input::Secured { conn: id, session });
        if upgraded {
            return secured;
        }
        if let Some(secured) = secured {
            self.pending.push_front(secured); // told next
        }
        Some(Input::Opened { conn: id, transport, local, remote })
    }

    /// Lets the layers work until something comes of it for the machine.
    pub fn layers_advance(&mut self, slot: usize) -> Option<Input> {
        let mut ended = false;
        for _ in 0..MAX_STEPS {
            let Some(Source { kind: Kind::Conn(conn), .. }) = self.sources.at(slot) else { return None };
            let (id, phase, local, remote) = (conn.id, conn.phase, conn.local, conn.remote);
            let happened = conn.layers.as_mut()?.next(&mut Tap { trace: &mut self.trace, local, remote });
            if !self.layers_output(slot) {
                return None;
            }
            match happened {
                Some(Happened::Opened) => {
                    if let Some(input) = self.handshake_done(slot) {
                        return Some(input);
                    }
                }
                Some(Happened::Data(data)) if phase == Phase::Open => return Some(Input::Stream { conn: id, data }),
                Some(Happened::Data(_)) => {} // closed on our side
                Some(Happened::Finished) => return self.peer_finished(slot),
                Some(Happened::Failed(failure)) => return self.layers_failed(slot, &failure),
                None if ended => return self.peer_finished(slot),
                None => ended = self.layers_read(slot)?,
            }
        }
        self.raise(slot);
        None
    }

    /// Gives the layers what the socket has; whether that was the end. `None` when it has nothing now.
    fn layers_read(&mut self, slot: usize) -> Option<bool> {
        let read = self.conn_read(slot);
        let Some(Source { kind: Kind::Conn(conn), .. }) = self.sources.at(slot) else { return None };
        let layers = conn.layers.as_mut()?;
        match read {
            Read::Bytes(length) => {
                let data = BytesMut::from(&self.scratch[..length]);
                layers.receive(data, &mut Tap { trace: &mut self.trace, local: conn.local, remote: conn.remote });
                Some(false)
            }
            Read::End => {
                layers.end();
                Some(true)
            }
            Read::Nothing => None,
        }
    }

    /// Writes what the layers want written; false when the connection did not survive that.
    pub fn layers_output(&mut self, slot: usize) -> bool {
        let Some(Source { kind: Kind::Conn(conn), .. }) = self.sources.at(slot) else { return false };
        let Some(layers) = &mut conn.layers else { return true };
        let data = layers.output(&mut Tap { trace: &mut self.trace, local: conn.local, remote: conn.remote });
        if !data.is_empty() {
            self.conn_queue(slot, data);
        }
        self.sources.at(slot).is_some()
    }

    /// Lets every layer say its last word.
    pub fn layers_finish(&mut self, slot: usize) {
        let Some(Source { kind: Kind::Conn(conn), .. }) = self.sources.at(slot) else { return };
        if let Some(layers) = &mut conn.layers {
            layers.close_all(&mut Tap { trace: &mut self.trace, local: conn.local, remote: conn.remote });
            self.layers_output(slot);
        }
    }

    /// The peer has answered our close.
    pub fn goodbye(&mut self, slot: usize) {
        self.layers_finish(slot);
        let Some(Source { flag, kind: Kind::Conn(conn), .. }) = self.sources.at(slot) else { return };
        if !conn.layers.take().is_some_and(|layers| layers.lets_peer_end()) {
            conn.shut();
        }
        flag.raise(); // what still comes is read and dropped
    }

    /// The peer broke the rules, or we cannot accept it. What tells it so has been written as far as possible.
    fn layers_failed(&mut self, slot: usize, failure: &Failure) -> Option<Input> {
        let Some(Source { kind: Kind::Conn(conn), .. }) = self.sources.at(slot) else { return None };
        let (id, phase, local, remote) = (conn.id, conn.phase, conn.local, conn.remote);
        if phase == Phase::Lingering {
            self.remove(slot);
            return None;
        }
        //= rfc6455#7.1.7/report MAY
        //# Counted and logged, whichever the role.
        //= rfc6455#7.1.7/log SHOULD
        //# One line at level debug.
        match failure.at {
            Protocol::Tls => self.stats.tls_errors += 1,
            Protocol::WebSocket => self.stats.ws_errors += 1,
        }
        let (transport, upgraded) = (conn.transport, conn.upgraded);
        tracing::debug!(%local, %remote, %transport, reason = %failure, "connection failed");
        self.remember(id, &failure.reason);
        let reason = match phase {
            _ if id.is_inbound() => CloseReason::Reset,
            _ if failure.untrusted => CloseReason::Untrusted,
            Phase::Handshaking { .. } if !upgraded => CloseReason::Refused,
            _ => CloseReason::Reset,
        };
        //= rfc6455#7.2.2/abort MUST
        //# The status of HTTP is out as far as the socket took it; then the connection is closed.
        //= rfc6455#7.1.7/omit MAY
        //# During the handshake, or when a Close was sent before.
        self.layers_finish(slot);
        if phase != Phase::Open {
            self.last_words(slot);
            self.conn_break(slot, reason);
            return None;
        }
        //= rfc6455#7.1.7/client-closes MUST
        //# FIN behind the Close frame.
        //= rfc6455#7.1.7/server-closes MUST
        //# The same.
        //= rfc6455#7.2.1/fail MUST
        //# The same.
        // As after a close of ours: what is queued goes out, and what comes is read until the peer has heard.
        let Some(Source { kind: Kind::Conn(conn), .. }) = self.sources.at(slot) else { return None };
        conn.phase = Phase::ClosedHere { peer_finished: false };
        conn.layers = None;
        self.conns.remove(&id);
        self.closing.push_back((self.config.clock.now() + self.config.close_timeout, id, slot));
        self.conn_flush(slot);
        Some(Input::Closed { conn: id, reason })
    }

    /// Gets out what the socket takes now; nobody waits for more.
    fn last_words(&mut self, slot: usize) {
        self.conn_flush(slot);
        if let Some(Source { kind: Kind::Conn(conn), .. }) = self.sources.at(slot) {
            conn.shut();
            let stream = conn.socket.as_ref().ok();
            let _ = stream.map(|stream| stream.try_read(&mut self.scratch)); // unread bytes would make a reset of it
        }
    }
}

/// Times that one connection's layers are looked at before other sources get their turn.
const MAX_STEPS: usize = 32;
/// Failures whose reasons are kept.
const MAX_FAILURES: usize = 64;
