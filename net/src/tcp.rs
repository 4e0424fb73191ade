//! TCP: connections accepted and asked for, bounded in number, up to the moment when their socket is connected.
use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, TcpStream};
use wire::{CloseReason, ConnId, Input, Transport};

use crate::Config;
use crate::conn::{Conn, Phase};
use crate::io::{Io, Kind, Source};
use crate::options::{Options, Prepared};

pub(crate) struct Listener {
    listener: TcpListener,
    pub local: SocketAddr,
    transport: Transport,
    prepared: Prepared,
}

pub(crate) type Connecting = Pin<Box<dyn Future<Output = io::Result<TcpStream>> + Send>>;

impl Listener {
    pub fn bind(transport: Transport, address: SocketAddr, options: Options, config: &Config) -> io::Result<Listener> {
        let mut prepared = Prepared::new(options);
        prepared.accepting(transport)?; // what can be wrong with it is told now
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
        Ok(Listener { local: listener.local_addr()?, listener, transport, prepared })
    }
}

impl Io {
    pub fn accept(&mut self, slot: usize) -> Option<Input> {
        for _ in 0..MAX_ACCEPTS {
            let Some(Source { waker, kind: Kind::Listener(listener), .. }) = self.sources.at(slot) else { return None };
            let accepted = listener.listener.poll_accept(&mut Context::from_waker(waker));
            let Poll::Ready(accepted) = accepted else { return None };
            match accepted {
                Ok(_) if self.conns.len() >= self.config.connections => self.stats.connections_refused += 1,
                Ok((stream, remote)) => self.accepted(slot, stream, remote),
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => self.stats.connect_errors += 1,
                Err(error) => {
                    // No descriptors left, most likely: the next try can wait until some are closed.
                    self.stats.connect_errors += 1;
                    tracing::warn!(local = %listener.local, %error, "accept failed");
                    self.retries.push_back((self.now() + ACCEPT_PAUSE, slot));
                    return None;
                }
            }
        }
        self.raise(slot);
        None
    }

    fn accepted(&mut self, listener: usize, stream: TcpStream, remote: SocketAddr) {
        let Some(Source { kind: Kind::Listener(listener), .. }) = self.sources.at(listener) else { return };
        let transport = listener.transport;
        let local = stream.local_addr().unwrap_or(listener.local);
        let layers = match listener.prepared.accepting(transport) {
            Ok(layers) => layers,
            Err(error) => {
                self.stats.connect_errors += 1;
                return tracing::warn!(%local, %remote, %error, "connection not accepted");
            }
        };
        let _ = stream.set_nodelay(self.config.no_delay);
        let id = ConnId::inbound(self.next_inbound);
        self.next_inbound += 1;
        self.stats.accepted += 1;
        self.trace.connected(remote, local);
        let layered = layers.is_some();
        let slot = self.insert(Kind::Conn(Conn::new(id, Ok(stream), transport, layers, local, remote)));
        self.conns.insert(id, slot);
        if layered {
            self.handshake_start(slot, false);
        }
    }

    //= rfc6455#4.1/direct SHOULD
    //# There are no proxies here.
    pub fn connect(&mut self, id: ConnId, transport: Transport, remote: SocketAddr) {
        if id.is_inbound() || self.conns.contains_key(&id) {
            self.stats.late_writes += 1;
            return;
        }
        let prepared = self.options.get_mut(&remote).unwrap_or(&mut self.prepared);
        let layers = match prepared.asking(transport, remote) {
            Ok(layers) if self.conns.len() < self.config.connections => layers,
            result => {
                if let Err(error) = result {
                    tracing::debug!(%remote, %transport, %error, "connection not asked for");
                    self.remember(id, &error.to_string());
                }
                self.stats.connections_refused += 1;
                self.pending.push_back(Input::Closed { conn: id, reason: CloseReason::Refused });
                return;
            }
        };
        let timeout = self.config.connect_timeout;
        let connecting: Connecting = Box::pin(async move {
            let result = tokio::time::timeout(timeout, TcpStream::connect(remote)).await;
            result.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
        });
        let unspecified = if remote.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
        let conn = Conn::new(id, Err(connecting), transport, layers, SocketAddr::new(unspecified, 0), remote);
        let slot = self.insert(Kind::Conn(conn));
        self.conns.insert(id, slot);
    }

    pub fn connected(&mut self, slot: usize, result: io::Result<TcpStream>) -> Option<Input> {
        let Some(Source { flag, kind: Kind::Conn(conn), .. }) = self.sources.at(slot) else { return None };
        let (id, remote) = (conn.id, conn.remote);
        match result {
            Ok(stream) => {
                let _ = stream.set_nodelay(self.config.no_delay);
                conn.local = stream.local_addr().unwrap_or(conn.local);
                conn.socket = Ok(stream);
            }
            //= rfc6455#4.1/no-connection MUST
            //# The layers are gone with the connection.
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
        self.trace.connected(conn.local, remote);
        let close = conn.phase == Phase::Connecting { close: true };
        if conn.layers.is_some() {
            self.handshake_start(slot, close);
            return None;
        }
        self.stats.connected += 1;
        for data in &conn.queue {
            self.trace.stream(conn.local, remote, data);
        }
        conn.phase = Phase::Open;
        flag.raise(); // to write what was queued
        let (transport, local) = (conn.transport, conn.local);
        if close {
            self.conn_close(id);
            return None;
        }
        Some(Input::Opened { conn: id, transport, local, remote })
    }
}

const BACKLOG: i32 = 1024;
/// Connections accepted before other sources get their turn.
const MAX_ACCEPTS: usize = 32;
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
