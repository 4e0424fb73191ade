//! Streams: handshake, ordered delivery through a lossy and partitioned network, the ways to end.
//!
//! Loss and partitions show as delay, as they do to the user of TCP: a lost piece comes after a retransmission
//! timeout, and pieces behind it wait. An end that cannot get anything across for a minute gives up.
mod secure;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use wire::{CloseReason, ConnId, Input, Instant, Machine, Secured, Transport};

use crate::network::{HostId, Network};
use crate::queue::StreamStep;
pub(crate) use secure::Secrets;

#[derive(Default)]
pub(crate) struct Streams {
    slab: Vec<Option<Stream>>,
    free: Vec<u32>,
}

/// One connection. Of every pair, index 0 is the client's side and 1 the server's.
struct Stream {
    transport: Transport,
    started: Instant,
    attempts: u32,
    ends: [End; 2],
    /// What each side has sent and the other has not received.
    flows: [Flow; 2],
    /// What both ends of its encryption know.
    session: Option<Box<Secured>>,
    /// Steps in the network's queue; the slot is free again only when there is none.
    planned: u32,
}

struct End {
    host: HostId,
    conn: ConnId,
    address: SocketAddr,
    state: State,
}

enum State {
    /// Not open yet; what was written meanwhile, and whether it is to be closed after that.
    Opening {
        waiting: Vec<Bytes>,
        close: bool,
    },
    Open,
    /// Waiting for the other's word of encryption; since when, and as above.
    Upgrading {
        since: Instant,
        waiting: Vec<Bytes>,
        close: bool,
    },
    /// Closed in order by either side; its machine knows.
    Finished,
    /// Broken or abandoned; its machine knows, or is no more.
    Dead,
}

#[derive(Default)]
struct Flow {
    queue: VecDeque<(Instant, Piece)>,
    bytes: usize,
    last: Instant,
    stalled_since: Option<Instant>,
    retries: u32,
}

enum Piece {
    /// The client's last word of the handshake, at which the server's machine hears of the connection.
    Opened,
    Data(Bytes),
    /// The client's first word of encryption, and then what lets each end go on.
    Hello,
    Secured,
    Fin,
}

impl State {
    fn is_over(&self) -> bool {
        matches!(self, State::Finished | State::Dead)
    }
}

impl<M: Machine> Network<M> {
    pub(crate) fn connect(&mut self, host: HostId, conn: ConnId, transport: Transport, remote: SocketAddr) {
        let entry = &mut self.hosts[host.index()];
        if conn.is_inbound() || entry.streams.contains_key(&conn) {
            self.record.stats.late_writes += 1;
            return;
        }
        let Some(ip) = entry.address_for(remote.ip()) else {
            self.record.stats.streams_failed += 1;
            return self.tell(self.now, host, Input::Closed { conn, reason: CloseReason::Refused });
        };
        let address = SocketAddr::new(ip, entry.ephemeral_port());
        let client = End { host, conn, address, state: State::Opening { waiting: Vec::new(), close: false } };
        // Who the server is shows when the request arrives.
        let server = End { host, conn, address: remote, state: State::Dead };
        let stream = Stream {
            transport,
            started: self.now,
            attempts: 0,
            ends: [client, server],
            flows: [Flow::default(), Flow::default()],
            session: None,
            planned: 0,
        };
        let slot = self.streams.insert(stream);
        self.hosts[host.index()].streams.insert(conn, (slot, 0));
        let (at, epoch) = (self.now, self.epoch);
        self.record.write(|pcap| pcap.connecting(epoch.unix(at), address, remote));
        self.request(slot);
    }

    pub(crate) fn write(&mut self, host: HostId, conn: ConnId, data: Bytes) {
        let Some(&(slot, side)) = self.hosts[host.index()].streams.get(&conn) else {
            self.record.stats.late_writes += 1;
            return;
        };
        let Some(stream) = self.streams.at(slot) else { return };
        if data.is_empty() {
            return;
        }
        let queued = stream.flows[side].bytes + data.len();
        if let State::Opening { waiting, .. } | State::Upgrading { waiting, .. } = &mut stream.ends[side].state {
            stream.flows[side].bytes = queued;
            waiting.push(data);
        } else if queued <= MAX_QUEUED {
            self.transmit(slot, side, data);
        }
        if queued > MAX_QUEUED {
            self.break_off(slot, side, CloseReason::Overflow);
        }
    }

    pub(crate) fn close(&mut self, host: HostId, conn: ConnId) {
        let Some(&(slot, side)) = self.hosts[host.index()].streams.get(&conn) else {
            self.record.stats.late_writes += 1;
            return;
        };
        let Some(stream) = self.streams.at(slot) else { return };
        match &mut stream.ends[side].state {
            State::Opening { waiting, close } | State::Upgrading { waiting, close, .. } if !waiting.is_empty() => {
                *close = true;
            }
            State::Upgrading { .. } => self.break_off(slot, side, CloseReason::Local),
            State::Opening { .. } => {
                stream.ends[side].state = State::Dead;
                self.over(slot, side, CloseReason::Local);
            }
            _ => self.finish(slot, side),
        }
    }

    /// The ends at `host` die without a word.
    pub(crate) fn abandon_streams(&mut self, host: HostId) {
        let streams = std::mem::take(&mut self.hosts[host.index()].streams);
        let mut ends: Vec<_> = streams.into_values().collect();
        ends.sort_unstable();
        for (slot, side) in ends {
            if let Some(stream) = self.streams.at(slot) {
                stream.ends[side].state = State::Dead;
            }
            self.streams.release(slot);
        }
    }

    pub(crate) fn stream_step(&mut self, step: StreamStep) {
        let (StreamStep::Connect(slot)
        | StreamStep::Request(slot)
        | StreamStep::Accept(slot)
        | StreamStep::Flow(slot, _)
        | StreamStep::Reset(slot, _)) = step;
        if let Some(stream) = self.streams.at(slot) {
            stream.planned -= 1;
        }
        match step {
            StreamStep::Connect(slot) => self.request(slot),
            StreamStep::Request(slot) => self.requested(slot),
            StreamStep::Accept(slot) => self.accepted(slot),
            StreamStep::Flow(slot, side) => self.flow(slot, usize::from(side)),
            StreamStep::Reset(slot, side) => self.reset(slot, usize::from(side)),
        }
        self.streams.release(slot);
    }

    /// The client asks, again and again until it gives up.
    fn request(&mut self, slot: u32) {
        let Some(stream) = self.streams.at(slot) else { return };
        let [client, server] = &mut stream.ends;
        if client.state.is_over() {
            return;
        }
        let give_up = stream.started + CONNECT_TIMEOUT;
        if self.now >= give_up {
            client.state = State::Dead;
            return self.failed(slot, self.now, CloseReason::Timeout);
        }
        let again = (self.now + FIRST_RETRY * (1 << stream.attempts.min(6))).min(give_up);
        stream.attempts += 1;
        let reaches = self.owners.get(&server.address.ip()).filter(|to| self.hosts[to.index()].up);
        let reaches = reaches.filter(|&&to| !self.links.is_cut(client.host, to));
        let link = reaches.map(|&to| self.links.between(client.host, to));
        match link.filter(|link| !link.loses(&mut self.rng)) {
            Some(link) => {
                let at = self.now + link.transit(&mut self.rng);
                self.plan(slot, at, StreamStep::Request(slot));
            }
            None => self.plan(slot, again, StreamStep::Connect(slot)),
        }
    }

    /// The request arrives at the server's host.
    fn requested(&mut self, slot: u32) {
        let Some(stream) = self.streams.at(slot) else { return };
        let transport = stream.transport;
        let [client, server] = &mut stream.ends;
        let (address, asked_by) = (client.address, client.host);
        let owner = self.owners.get(&server.address.ip()).filter(|to| self.hosts[to.index()].up);
        let Some(&owner) = owner else { return self.request(slot) };
        let link = self.links.between(owner, asked_by);
        let mut back = self.now + link.transit(&mut self.rng);
        let local = server.address;
        let accepts = self.listeners.get(&local).filter(|l| l.1 == transport).map(|l| l.0);
        let (at, epoch) = (self.now, self.epoch);
        let Some(host) = accepts else {
            if !client.state.is_over() {
                client.state = State::Dead;
                self.record.write(|pcap| pcap.reset(epoch.unix(at), local, address));
                self.failed(slot, back, CloseReason::Refused);
            }
            return;
        };
        for _ in 0..MAX_LOSSES {
            if !link.loses(&mut self.rng) {
                break;
            }
            back += FIRST_RETRY;
        }
        server.host = host;
        server.state = State::Opening { waiting: Vec::new(), close: false };
        self.record.write(|pcap| pcap.connected(epoch.unix(at), address, local));
        self.plan(slot, back, StreamStep::Accept(slot));
    }

    /// The server's answer arrives at the client, which may write from now on.
    fn accepted(&mut self, slot: u32) {
        let Some(stream) = self.streams.at(slot) else { return };
        let transport = stream.transport;
        let [client, server] = &mut stream.ends;
        let (host, conn, local, remote) = (client.host, client.conn, client.address, server.address);
        let before = std::mem::replace(&mut client.state, State::Open);
        let State::Opening { waiting, close } = before else {
            client.state = before;
            server.state = State::Dead; // before its machine heard of it
            return;
        };
        let path = (host, server.host);
        stream.flows[0].bytes = 0;
        if transport.is_secure() {
            if self.distrusted.contains(&remote) {
                (client.state, server.state) = (State::Dead, State::Dead);
                return self.failed(slot, self.now, CloseReason::Untrusted);
            }
            stream.session = Some(Box::new(self.secrets.session()));
        }
        self.dispatch(slot, 0, path, Duration::ZERO, Piece::Opened);
        for data in waiting {
            self.transmit(slot, 0, data);
        }
        if close {
            self.finish(slot, 0);
        } else {
            self.feed(host, Input::Opened { conn, transport, local, remote });
            self.tell_secured(slot, 0);
        }
    }

    /// The handshake is complete at the server, if it still listens.
    fn opened(&mut self, slot: u32) {
        let Some(stream) = self.streams.at(slot) else { return };
        let transport = stream.transport;
        let [client, server] = &mut stream.ends;
        let (host, local, remote) = (server.host, server.address, client.address);
        if self.listeners.get(&local).is_none_or(|&(owner, _)| owner != host) {
            server.state = State::Dead;
            return self.send_reset(slot, 0);
        }
        let entry = &mut self.hosts[host.index()];
        let conn = ConnId::inbound(entry.next_inbound);
        entry.next_inbound += 1;
        entry.streams.insert(conn, (slot, 1));
        (server.conn, server.state) = (conn, State::Open);
        self.record.stats.streams_opened += 1;
        self.feed(host, Input::Opened { conn, transport, local, remote });
        self.tell_secured(slot, 1);
    }

    /// Puts written bytes on their way.
    fn transmit(&mut self, slot: u32, side: usize, data: Bytes) {
        let Some(stream) = self.streams.at(slot) else { return };
        let (from, to) = (stream.ends[side].address, stream.ends[1 - side].address);
        let path = (stream.ends[side].host, stream.ends[1 - side].host);
        let whole = matches!(stream.transport, Transport::Ws | Transport::Wss);
        let (at, epoch) = (self.now, self.epoch);
        self.record.write(|pcap| pcap.stream(epoch.unix(at), from, to, &data));
        let line = self.links.serialise(self.now, path, data.len(), true).unwrap_or_default();
        let recut = self.links.between(path.0, path.1).recut && !whole;
        let mut rest = data;
        while !rest.is_empty() {
            let length = if recut && self.rng.chance(0.75) {
                1 + self.rng.below(rest.len() as u64) as usize
            } else {
                rest.len()
            };
            let piece = rest.split_to(length);
            self.dispatch(slot, side, path, line, Piece::Data(piece));
        }
    }

    fn dispatch(&mut self, slot: u32, side: usize, path: (HostId, HostId), line: Duration, piece: Piece) {
        let Some(stream) = self.streams.at(slot) else { return };
        let link = self.links.between(path.0, path.1);
        let mut at = self.now + line + link.transit(&mut self.rng);
        for round in 0..MAX_LOSSES {
            if !link.loses(&mut self.rng) {
                break;
            }
            at += RETRANSMIT * (1 << round);
        }
        let flow = &mut stream.flows[side];
        flow.last = flow.last.max(at);
        if let Piece::Data(data) = &piece {
            flow.bytes += data.len();
        }
        let (at, idle) = (flow.last, flow.queue.is_empty());
        flow.queue.push_back((at, piece));
        if idle {
            self.plan(slot, at, StreamStep::Flow(slot, side == 1));
        }
    }

    /// The oldest piece from `side` may have arrived at the other.
    fn flow(&mut self, slot: u32, side: usize) {
        let Some(stream) = self.streams.at(slot) else { return };
        let (from, to) = (stream.ends[side].host, stream.ends[1 - side].host);
        let flow = &mut stream.flows[side];
        if self.links.is_cut(from, to) || !self.hosts[to.index()].up {
            let since = *flow.stalled_since.get_or_insert(self.now);
            if self.now - since >= PATIENCE {
                return self.break_off(slot, side, CloseReason::Reset);
            }
            let again = self.now + (RETRANSMIT * (1 << flow.retries.min(6))).min(PATIENCE);
            flow.retries += 1;
            return self.plan(slot, again, StreamStep::Flow(slot, side == 1));
        }
        (flow.stalled_since, flow.retries) = (None, 0);
        let Some((_, mut piece)) = flow.queue.pop_front() else { return };
        let whole = matches!(stream.transport, Transport::Ws | Transport::Wss);
        if let Piece::Data(data) = &mut piece {
            if self.links.between(from, to).recut && !whole {
                flow.join_due(self.now, data, &mut self.rng);
            }
            flow.bytes -= data.len();
        }
        if let Some(&(at, _)) = flow.queue.front() {
            let at = at.max(self.now);
            self.plan(slot, at, StreamStep::Flow(slot, side == 1));
        }
        self.deliver(slot, 1 - side, piece);
    }

    fn deliver(&mut self, slot: u32, side: usize, piece: Piece) {
        let Some(stream) = self.streams.at(slot) else { return };
        let end = &mut stream.ends[side];
        let (host, conn) = (end.host, end.conn);
        match (&end.state, piece) {
            (State::Opening { .. }, Piece::Opened) => self.opened(slot),
            (State::Upgrading { .. }, piece) => self.upgrading(slot, side, piece),
            (State::Open, Piece::Hello) => self.hello(slot),
            (State::Open, Piece::Data(data)) => self.feed(host, Input::Stream { conn, data }),
            (State::Open, Piece::Fin) => {
                end.state = State::Finished;
                let (from, to) = (end.address, stream.ends[1 - side].address);
                let (at, epoch) = (self.now, self.epoch);
                self.record.write(|pcap| pcap.finished(epoch.unix(at), from, to));
                self.hosts[host.index()].streams.remove(&conn);
                self.feed(host, Input::Closed { conn, reason: CloseReason::Peer });
            }
            (State::Dead, _) => self.send_reset(slot, 1 - side),
            _ => {} // it closed and does not listen any more; its FIN is under way
        }
    }

    /// News of the other end's death arrives at `side`.
    fn reset(&mut self, slot: u32, side: usize) {
        let Some(stream) = self.streams.at(slot) else { return };
        let end = &mut stream.ends[side];
        let before = std::mem::replace(&mut end.state, State::Dead);
        let (host, conn) = (end.host, end.conn);
        match before {
            State::Finished => return end.state = before,
            State::Dead => return,
            State::Opening { .. } if side == 1 => return, // its machine has not heard of it
            State::Opening { .. } | State::Open | State::Upgrading { .. } => {}
        }
        self.hosts[host.index()].streams.remove(&conn);
        self.feed(host, Input::Closed { conn, reason: CloseReason::Reset });
    }

    /// Closes `side` in order: the FIN follows what was written.
    fn finish(&mut self, slot: u32, side: usize) {
        let Some(stream) = self.streams.at(slot) else { return };
        stream.ends[side].state = State::Finished;
        let (from, to) = (stream.ends[side].address, stream.ends[1 - side].address);
        let path = (stream.ends[side].host, stream.ends[1 - side].host);
        let (at, epoch) = (self.now, self.epoch);
        self.record.write(|pcap| pcap.finished(epoch.unix(at), from, to));
        self.dispatch(slot, side, path, Duration::ZERO, Piece::Fin);
        self.over(slot, side, CloseReason::Local);
    }

    /// Ends `side` at once; the other learns of it if it can be reached.
    fn break_off(&mut self, slot: u32, side: usize, reason: CloseReason) {
        let Some(stream) = self.streams.at(slot) else { return };
        let was_over = stream.ends[side].state.is_over();
        stream.ends[side].state = State::Dead;
        stream.flows[side] = Flow::default(); // a step planned for it finds nothing
        if let State::Opening { .. } = stream.ends[1].state {
            stream.ends[1].state = State::Dead; // the handshake is never completed
        }
        let (from, to) = (stream.ends[side].address, stream.ends[1 - side].address);
        let (at, epoch) = (self.now, self.epoch);
        self.record.write(|pcap| pcap.reset(epoch.unix(at), from, to));
        self.send_reset(slot, 1 - side);
        if !was_over {
            self.over(slot, side, reason);
        }
    }

    /// Lets the end at `side` know that the other is dead, unless the network is cut.
    fn send_reset(&mut self, slot: u32, side: usize) {
        let Some(stream) = self.streams.at(slot) else { return };
        let (from, to) = (stream.ends[1 - side].host, stream.ends[side].host);
        if !stream.ends[side].state.is_over() && !self.links.is_cut(from, to) {
            let at = self.now + self.links.between(from, to).transit(&mut self.rng);
            self.plan(slot, at, StreamStep::Reset(slot, side == 1));
        }
    }

    fn failed(&mut self, slot: u32, at: Instant, reason: CloseReason) {
        self.record.stats.streams_failed += 1;
        self.over_at(slot, 0, at, reason);
    }

    fn over(&mut self, slot: u32, side: usize, reason: CloseReason) {
        self.over_at(slot, side, self.now, reason);
    }

    /// Tells the machine at `side` that its connection is gone. The one place from which `Closed` comes late.
    fn over_at(&mut self, slot: u32, side: usize, at: Instant, reason: CloseReason) {
        let Some(stream) = self.streams.at(slot) else { return };
        let (host, conn) = (stream.ends[side].host, stream.ends[side].conn);
        self.hosts[host.index()].streams.remove(&conn);
        self.tell(at, host, Input::Closed { conn, reason });
        self.streams.release(slot);
    }

    fn plan(&mut self, slot: u32, at: Instant, step: StreamStep) {
        if let Some(stream) = self.streams.at(slot) {
            stream.planned += 1;
            self.plan_stream(at, step);
        }
    }
}

impl Streams {
    pub fn alive(&self) -> usize {
        self.slab.len() - self.free.len()
    }

    fn insert(&mut self, stream: Stream) -> u32 {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slab.push(None);
            (self.slab.len() - 1) as u32
        });
        self.slab[slot as usize] = Some(stream);
        slot
    }

    fn at(&mut self, slot: u32) -> Option<&mut Stream> {
        self.slab[slot as usize].as_mut()
    }

    /// Frees the slot of a stream that is over at both ends and of which no step is left.
    fn release(&mut self, slot: u32) {
        let entry = &mut self.slab[slot as usize];
        if entry.as_ref().is_some_and(|s| s.planned == 0 && s.ends.iter().all(|end| end.state.is_over())) {
            *entry = None;
            self.free.push(slot);
        }
    }
}

impl Flow {
    /// Joins pieces that have arrived together into one, sometimes: a receiver cannot count on either.
    fn join_due(&mut self, now: Instant, data: &mut Bytes, rng: &mut wire::Rng) {
        while let Some((at, Piece::Data(_))) = self.queue.front()
            && *at <= now
            && rng.chance(0.5)
        {
            if let Some((_, Piece::Data(next))) = self.queue.pop_front() {
                let mut joined = BytesMut::from(&data[..]);
                joined.extend_from_slice(&next);
                *data = joined.freeze();
            }
        }
    }
}

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const FIRST_RETRY: Duration = Duration::from_secs(1);
const RETRANSMIT: Duration = Duration::from_millis(200);
/// A piece is lost at most this often in a row.
const MAX_LOSSES: u32 = 5;
const PATIENCE: Duration = Duration::from_secs(60);
const MAX_QUEUED: usize = 1 << 20;
