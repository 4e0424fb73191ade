//! Sessions inside HTTP: each is one more connection, whose bytes go through the tunnel in place of the driver.

use bytes::Bytes;
use wire::{CloseReason, ConnId, Instant, Output, Transmit};

use super::{Carrier, ClosedReason, Event, Server};
use crate::tunnel::{self, Reason, SessionId};

impl Server {
    /// A connection speaks HTTP: the tunnel has it from now on.
    pub(super) fn begin_http(&mut self, now: Instant, conn: ConnId) {
        let Some(slot) = self.slots.get_mut(&conn) else { return };
        let Carrier::New(new) = &slot.carrier else { return };
        let (remote, secure) = (new.remote, new.secure);
        self.timers.remove(&(slot.armed, conn)); // the tunnel keeps the time of its connections
        slot.armed = Instant::FAR;
        slot.carrier = Carrier::Http { secure };
        self.tunnel.opened(now, conn, remote);
        self.drain_tunnel(now, secure);
    }

    pub(super) fn http(&mut self, now: Instant, conn: ConnId, data: Bytes, secure: bool) {
        self.tunnel.receive(now, conn, data);
        self.drain_tunnel(now, secure);
    }

    /// Takes what the tunnel has. A session that opens is as secure as the connection that brought it.
    pub(super) fn drain_tunnel(&mut self, now: Instant, secure: bool) {
        while let Some(output) = self.tunnel.poll() {
            match output {
                tunnel::Output::Send { conn, data } => self.core.transmit(conn, data),
                tunnel::Output::Close { conn } => self.end(conn, ClosedReason::Application, true),
                tunnel::Output::Opened { session, remote } => {
                    let conn = ConnId::outbound(self.tunnelled);
                    self.tunnelled += 1;
                    self.sessions.insert(session, conn);
                    self.carried.insert(conn, session);
                    self.opened(now, conn, secure, remote);
                }
                tunnel::Output::Data { session, data } => {
                    if let Some(&conn) = self.sessions.get(&session) {
                        self.bytes(now, conn, data);
                    }
                }
                tunnel::Output::Closed { session, reason } => {
                    if let Some(conn) = self.sessions.remove(&session) {
                        self.carried.remove(&conn);
                        self.end(conn, ClosedReason::Transport(close_reason(reason)), false);
                    }
                }
            }
        }
    }

    /// The next output for the driver: what is meant for a session goes into the tunnel first.
    pub(super) fn next_output(&mut self) -> Option<Output<Event>> {
        loop {
            let now = self.core.now;
            let (conn, data) = match self.core.outputs.pop_front() {
                Some(Output::Transmit(Transmit::Stream { conn, data })) if !conn.is_inbound() => (conn, Some(data)),
                Some(Output::Close { conn }) if !conn.is_inbound() => (conn, None),
                Some(output) => return Some(output),
                None => {
                    self.drain_tunnel(now, false); // nothing opens here
                    if self.core.outputs.is_empty() {
                        return None;
                    }
                    continue;
                }
            };
            if let Some(&session) = self.carried.get(&conn) {
                match data {
                    Some(data) => self.tunnel.send(now, session, data),
                    None => self.tunnel.close(session),
                }
            }
        }
    }

    /// The session that a connection is, if it is one.
    pub(super) fn session(&self, conn: ConnId) -> Option<SessionId> {
        self.carried.get(&conn).copied()
    }
}

/// The tunnel's reason in the words of a transport.
fn close_reason(reason: Reason) -> CloseReason {
    match reason {
        Reason::Peer => CloseReason::Peer,
        Reason::Local => CloseReason::Local,
        Reason::Timeout | Reason::Gap => CloseReason::Timeout,
        Reason::Overflow => CloseReason::Overflow,
        Reason::Status(_) | Reason::Http(_) | Reason::Connection => CloseReason::Reset,
    }
}
