//! A connection over any transport that carries whatever bytes a test wants.

use std::net::SocketAddr;

use net::Driver;
use wire::{CloseReason, ConnId, Input, Instant, Machine, Output, Transmit, Transport};

/// Says what it is told to, and tells what comes back.
#[derive(Default)]
pub struct Raw {
    out: std::collections::VecDeque<Output<Told>>,
    dialled: u64,
}

/// What happened to a connection.
#[derive(Debug)]
pub enum Told {
    Opened(ConnId),
    Data,
    Closed(ConnId, CloseReason),
}

impl Raw {
    pub fn connect(&mut self, transport: Transport, remote: SocketAddr) -> ConnId {
        let conn = ConnId::outbound(self.dialled);
        self.dialled += 1;
        self.out.push_back(Output::Connect { conn, transport, remote });
        conn
    }

    pub fn write(&mut self, conn: ConnId, data: &[u8]) {
        // over WebSocket a piece is a message, and one of many MiB would be refused before anybody looks into it
        for piece in data.chunks(32 << 10) {
            let data = bytes::Bytes::copy_from_slice(piece);
            self.out.push_back(Output::Transmit(Transmit::Stream { conn, data }));
        }
    }
}

impl Machine for Raw {
    type Event = Told;

    fn handle(&mut self, _now: Instant, input: Input) {
        match input {
            Input::Opened { conn, .. } => self.out.push_back(Output::Event(Told::Opened(conn))),
            Input::Stream { .. } => self.out.push_back(Output::Event(Told::Data)),
            Input::Closed { conn, reason } => self.out.push_back(Output::Event(Told::Closed(conn, reason))),
            _ => {}
        }
    }

    fn poll(&mut self) -> Option<Output<Told>> {
        self.out.pop_front()
    }

    fn deadline(&self) -> Option<Instant> {
        None
    }
}

/// Trusts everybody, and keeps what cannot be written yet.
pub fn config() -> net::Config {
    let tls = net::Tls { trust: net::Trust::Anyone, ..net::Tls::default() };
    net::Config { stream_queue: 64 << 20, tls, ..net::Config::default() }
}

/// Opens a connection and waits until it is open.
pub async fn dial(driver: &mut Driver<Raw>, transport: Transport, remote: SocketAddr) -> ConnId {
    let conn = driver.machine_mut().connect(transport, remote);
    loop {
        match driver.next().await {
            Told::Opened(opened) if opened == conn => return conn,
            Told::Closed(closed, reason) if closed == conn => panic!("{transport} {remote}: {reason:?}"),
            _ => {}
        }
    }
}
