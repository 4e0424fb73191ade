//! The client inside HTTP: the tunnel stands between the link and the driver.

use std::net::SocketAddr;
use std::ops::{Deref, DerefMut};

use wire::{CloseReason, Output, Transmit};

use super::{Client, ClosedReason, State};
use crate::tunnel::{self, ClientConfig, ClientOutput, Reason};

/// A tunnel, and what it needs to be told.
pub(super) struct Tunnel {
    client: tunnel::Client,
    /// Where its connections go.
    remote: SocketAddr,
    /// Whether the present connection is open.
    up: bool,
}

impl Client {
    /// A connection for the tunnel is open: the first, or one more.
    pub(super) fn tunnel_opened(&mut self, remote: SocketAddr) {
        let host = self.config.url.place();
        let tunnel = self.tunnel.get_or_insert_with(|| {
            let client = tunnel::Client::new(ClientConfig::new(host));
            Box::new(Tunnel { client, remote, up: false })
        });
        tunnel.up = true;
        tunnel.client.opened(self.now);
        self.drain_tunnel();
    }

    /// A connection of the tunnel is gone, which the session may survive.
    pub(super) fn tunnel_closed(&mut self, reason: CloseReason) {
        self.conn = None;
        let Some(tunnel) = &mut self.tunnel else { return };
        if !std::mem::take(&mut tunnel.up) {
            self.tunnel = None; // the next one could not be opened
            return self.end(ClosedReason::Transport(reason), false);
        }
        tunnel.client.closed(self.now);
        self.drain_tunnel();
    }

    /// Takes what the tunnel has.
    pub(super) fn drain_tunnel(&mut self) {
        while let Some(output) = self.tunnel.as_mut().and_then(|tunnel| tunnel.client.poll()) {
            match output {
                ClientOutput::Send(data) => {
                    if let Some(conn) = self.conn {
                        self.outputs.push_back(Output::Transmit(Transmit::Stream { conn, data }));
                    }
                }
                ClientOutput::Opened => self.shake_hands(),
                ClientOutput::Data(data) => self.chunks(data),
                ClientOutput::Reconnect => self.reconnect_tunnel(),
                ClientOutput::Closed(reason) => {
                    self.tunnel = None;
                    if let Some(conn) = self.conn.take() {
                        self.outputs.push_back(Output::Close { conn });
                    }
                    self.end(ClosedReason::Transport(close_reason(reason)), false);
                }
            }
        }
    }

    fn reconnect_tunnel(&mut self) {
        if let Some(conn) = self.conn.take() {
            self.outputs.push_back(Output::Close { conn });
        }
        let Some(tunnel) = &mut self.tunnel else { return };
        if self.state == State::Over {
            self.tunnel = None; // a farewell is not worth another connection
            return;
        }
        tunnel.up = false;
        let remote = tunnel.remote;
        self.dial(remote);
    }
}

impl Deref for Tunnel {
    type Target = tunnel::Client;

    fn deref(&self) -> &tunnel::Client {
        &self.client
    }
}

impl DerefMut for Tunnel {
    fn deref_mut(&mut self) -> &mut tunnel::Client {
        &mut self.client
    }
}

/// The tunnel's reason in the words of a transport.
fn close_reason(reason: Reason) -> CloseReason {
    match reason {
        Reason::Peer => CloseReason::Peer,
        Reason::Local => CloseReason::Local,
        Reason::Timeout | Reason::Gap => CloseReason::Timeout,
        Reason::Overflow => CloseReason::Overflow,
        Reason::Status(_) => CloseReason::Refused,
        Reason::Http(_) | Reason::Connection => CloseReason::Reset,
    }
}
