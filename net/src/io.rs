//! The driver's hands: everything that touches a socket, without the machine.
use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::Waker;

use wire::{ConnId, Input, Instant, Output, Transmit};

use crate::conn::Conn;
use crate::errors::Errors;
use crate::lookup::{Lookup, Lookups};
use crate::options::{Options, Prepared};
use crate::ready::{Flag, Ready};
use crate::tcp::Listener;
use crate::trace::Tracer;
use crate::udp::Udp;
use crate::{Config, Stats};

pub(crate) struct Io {
    pub config: Config,
    pub stats: Stats,
    pub trace: Tracer,
    pub ready: Ready,
    /// What the machine is to be told, once its present output is dealt with.
    pub pending: VecDeque<Input>,
    pub udp: HashMap<SocketAddr, usize>,
    pub listeners: HashMap<SocketAddr, usize>,
    pub conns: HashMap<ConnId, usize>,
    pub lookups: Lookups,
    pub next_inbound: u64,
    next_pair: u32,
    /// Connections of which a close is under way, in the order of the time at which patience ends.
    pub closing: VecDeque<(Instant, ConnId, usize)>,
    /// Handshakes under way, in the order of the time at which patience ends, and some that are over by now.
    pub handshakes: VecDeque<(Instant, ConnId, usize)>,
    /// How many of them are of accepted connections and not over.
    pub handshaking: usize,
    /// How connections are opened, and those to certain addresses.
    pub prepared: Prepared,
    pub options: HashMap<SocketAddr, Prepared>,
    /// Listeners that could not accept, and when they try again.
    pub retries: VecDeque<(Instant, usize)>,
    /// Why connections that were asked for failed, the latest first.
    pub failures: VecDeque<(ConnId, String)>,
    /// Slots of connections with something new to be written.
    pub gathered: Vec<usize>,
    pub scratch: Box<[u8]>,
    pub sources: Sources,
}

/// All sources, each at a slot of its own.
#[derive(Default)]
pub(crate) struct Sources {
    slots: Vec<Option<Source>>,
    free: Vec<usize>,
}

/// Something that becomes ready, and its end of the list of what is ready.
pub(crate) struct Source {
    pub flag: Arc<Flag>,
    pub waker: Waker,
    pub kind: Kind,
}

pub(crate) enum Kind {
    Udp(Udp),
    Listener(Listener),
    Conn(Box<Conn>),
    Lookup(Lookup),
    /// What the network says about datagrams sent before.
    Unreachable(Errors),
}

impl Io {
    pub fn new(config: Config) -> Io {
        Io {
            stats: Stats::default(),
            trace: Tracer::new(config.clock),
            ready: Ready::default(),
            pending: VecDeque::new(),
            udp: HashMap::new(),
            listeners: HashMap::new(),
            conns: HashMap::new(),
            lookups: Lookups::default(),
            next_inbound: 0,
            next_pair: 0,
            closing: VecDeque::new(),
            handshakes: VecDeque::new(),
            handshaking: 0,
            prepared: Prepared::new(Options::from(&config)),
            options: HashMap::new(),
            retries: VecDeque::new(),
            failures: VecDeque::new(),
            gathered: Vec::new(),
            scratch: vec![0; config.read_size.max(65_536)].into_boxed_slice(),
            sources: Sources::default(),
            config,
        }
    }

    pub fn now(&self) -> Instant {
        self.config.clock.now()
    }

    /// The place, of `count`, at which to look for the next pair of ports.
    pub fn next_pair(&mut self, count: u32) -> u32 {
        let place = self.next_pair % count;
        self.next_pair = place + 1;
        place
    }

    pub fn insert(&mut self, kind: Kind) -> usize {
        let sources = &mut self.sources;
        let slot = sources.free.pop().unwrap_or_else(|| {
            sources.slots.push(None);
            sources.slots.len() - 1
        });
        let flag = self.ready.flag(slot);
        sources.slots[slot] = Some(Source { waker: flag.clone().into(), flag, kind });
        slot
    }

    pub fn remove(&mut self, slot: usize) -> Option<Kind> {
        let source = self.sources.slots.get_mut(slot)?.take()?;
        self.sources.free.push(slot);
        Some(source.kind)
    }

    pub fn raise(&mut self, slot: usize) {
        if let Some(source) = self.sources.at(slot) {
            source.flag.raise();
        }
    }

    /// Before the inputs of one look at a source: what is queued goes out if it can.
    pub fn begin(&mut self, slot: usize) {
        let Some(source) = self.sources.at(slot) else { return };
        source.flag.lower();
        match source.kind {
            Kind::Udp(_) => self.udp_flush(slot),
            Kind::Conn(_) => self.conn_flush(slot),
            Kind::Listener(_) | Kind::Lookup(_) | Kind::Unreachable(_) => {}
        }
    }

    /// The next input from a source; `None` when there is none now and its waker is set.
    pub fn next_input(&mut self, slot: usize) -> Option<Input> {
        match self.sources.at(slot)?.kind {
            Kind::Udp(_) => self.udp_receive(slot),
            Kind::Listener(_) => self.accept(slot),
            Kind::Conn(_) => self.conn_advance(slot),
            Kind::Lookup(_) => self.lookup_advance(slot),
            Kind::Unreachable(_) => self.unreachable(slot),
        }
    }

    /// Does what the machine said, events excepted.
    pub fn output<E>(&mut self, output: Output<E>) -> Option<E> {
        match output {
            Output::Transmit(Transmit::Datagram { local, remote, data }) => self.udp_send(local, remote, data),
            Output::Transmit(Transmit::Stream { conn, data }) => self.conn_write(conn, data),
            Output::Connect { conn, transport, remote } => self.connect(conn, transport, remote),
            Output::Close { conn } => self.conn_close(conn),
            Output::Upgrade { conn } => self.upgrade(conn),
            Output::Resolve { query, host, port } => self.look_up(query, host, port),
            Output::Event(event) => return Some(event),
        }
        None
    }

    /// When `expire` has something to do.
    pub fn deadline(&self) -> Option<Instant> {
        let (closing, handshake) = (self.closing.front(), self.handshakes.front());
        let retry = self.retries.front().map(|r| r.0);
        closing.into_iter().chain(handshake).map(|c| c.0).chain(retry).min()
    }

    /// Drops connections that have been opening or closing for too long, and lets listeners try again.
    pub fn expire(&mut self, now: Instant) {
        while let Some(&(_, conn, slot)) = self.closing.front().filter(|closing| closing.0 <= now) {
            self.closing.pop_front();
            self.conn_expire(conn, slot);
        }
        while let Some(&(_, conn, slot)) = self.handshakes.front().filter(|handshake| handshake.0 <= now) {
            self.handshakes.pop_front();
            self.handshake_expire(conn, slot);
        }
        while let Some(&(_, slot)) = self.retries.front().filter(|retry| retry.0 <= now) {
            self.retries.pop_front();
            self.raise(slot);
        }
    }

    /// Whether something is still queued to be sent.
    pub fn has_unsent(&self) -> bool {
        self.sources.slots.iter().flatten().any(|source| match &source.kind {
            Kind::Udp(udp) => udp.has_unsent(),
            Kind::Conn(conn) => conn.has_unsent(),
            Kind::Listener(_) | Kind::Lookup(_) | Kind::Unreachable(_) => false,
        })
    }

    /// Asks every connection to close, and takes in nothing new.
    pub fn close_all(&mut self) {
        for slot in std::mem::take(&mut self.listeners).into_values() {
            self.remove(slot);
        }
        let conns: Vec<ConnId> = self.conns.keys().copied().collect();
        for conn in conns {
            self.conn_close(conn);
        }
    }
}

impl Sources {
    pub fn get(&self, slot: usize) -> Option<&Source> {
        self.slots.get(slot)?.as_ref()
    }

    pub fn at(&mut self, slot: usize) -> Option<&mut Source> {
        self.slots.get_mut(slot)?.as_mut()
    }
}
