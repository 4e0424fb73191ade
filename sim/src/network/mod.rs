//! The network: hosts with their machines, the clock, and the loop that carries everything between them.
mod carry;

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::io::{self, Write};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use foldhash::fast::FixedState;
use wire::pcap::Pcap;
use wire::{ConnId, Epoch, Instant, Machine, Rng, Transport};

use crate::link::{CutId, Link, Links, Packet, Verdict};
use crate::queue::{Happening, Queue};
use crate::record::{Record, Stats};
use crate::stream::{Secrets, Streams};

/// Names one host of a network: a machine and its addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostId(pub(crate) u32);

impl HostId {
    /// The hosts of a network are numbered from 0 in the order in which they were added.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// An event that a machine told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happened<E> {
    /// When.
    pub at: Instant,
    /// Whose machine.
    pub host: HostId,
    /// What it told.
    pub event: E,
}

/// A virtual network of machines of type `M`: see the crate documentation.
pub struct Network<M: Machine> {
    pub(crate) now: Instant,
    pub(crate) epoch: Epoch,
    pub(crate) rng: Rng,
    seeds: Rng,
    pub(crate) queue: Queue,
    pub(crate) hosts: Vec<Host<M>>,
    sockets: HashMap<SocketAddr, HostId, FixedState>,
    pub(crate) listeners: HashMap<SocketAddr, (HostId, Transport), FixedState>,
    pub(crate) owners: HashMap<IpAddr, HostId, FixedState>,
    pub(crate) links: Links,
    pub(crate) streams: Streams,
    pub(crate) secrets: Secrets,
    /// Servers with a wrong certificate.
    pub(crate) distrusted: BTreeSet<SocketAddr>,
    names: HashMap<String, Vec<IpAddr>>,
    lookup_delay: Duration,
    events: VecDeque<Happened<M::Event>>,
    commanded: Vec<HostId>,
    tap: Option<Tap>,
    pub(crate) record: Record,
}

type Tap = Box<dyn FnMut(&Packet<'_>) -> Verdict + Send>;

pub(crate) struct Host<M> {
    machine: M,
    pub up: bool,
    /// Counts restarts, so that what was meant for the old machine does not reach the new one.
    generation: u32,
    /// The earliest planned look at the machine's deadline.
    wake: Option<Instant>,
    overdue: u32,
    commanded: bool,
    addresses: Vec<IpAddr>,
    next_port: u16,
    pub next_inbound: u64,
    pub streams: HashMap<ConnId, (u32, usize), FixedState>,
}

impl<M: Machine> Network<M> {
    /// An empty network, everything random about which comes from `seed`.
    pub fn new(seed: u64) -> Network<M> {
        let mut seeds = Rng::from_u64(seed);
        Network {
            now: Instant::ZERO,
            epoch: Epoch::from_unix(Duration::from_secs(1_577_836_800)), // 2020-01-01
            rng: seeds.split(),
            seeds,
            queue: Queue::default(),
            hosts: Vec::new(),
            sockets: HashMap::default(),
            listeners: HashMap::default(),
            owners: HashMap::default(),
            links: Links::new(),
            streams: Streams::default(),
            secrets: Secrets::new(seed),
            distrusted: BTreeSet::new(),
            names: HashMap::new(),
            lookup_delay: Duration::from_millis(20),
            events: VecDeque::new(),
            commanded: Vec::new(),
            tap: None,
            record: Record::default(),
        }
    }

    /// The virtual time. It starts at `Instant::ZERO` and moves only while the network runs.
    pub fn now(&self) -> Instant {
        self.now
    }

    /// What the virtual clock's origin is on the calendar: 2020-01-01 unless it was set.
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// Puts the clock's origin elsewhere on the calendar.
    pub fn set_epoch(&mut self, epoch: Epoch) {
        self.epoch = epoch;
    }

    /// A fresh generator for a machine's constructor, derived from the network's seed.
    pub fn rng(&mut self) -> Rng {
        self.seeds.split()
    }

    // ---- hosts and addresses

    /// Adds a host without any address.
    pub fn add(&mut self, machine: M) -> HostId {
        let id = HostId(self.hosts.len() as u32);
        self.hosts.push(Host {
            machine,
            up: true,
            generation: 0,
            wake: None,
            overdue: 0,
            commanded: false,
            addresses: Vec::new(),
            next_port: FIRST_PORT,
            next_inbound: 0,
            streams: HashMap::default(),
        });
        self.command_next(id);
        id
    }

    /// Adds a host that receives datagrams and accepts TCP connections at `address`.
    ///
    /// # Panics
    /// When the address is taken or unspecified.
    pub fn add_at(&mut self, machine: M, address: SocketAddr) -> HostId {
        let host = self.add(machine);
        let bound = self.bind_udp(host, address).and_then(|address| self.bind_tcp(host, address));
        bound.unwrap_or_else(|error| panic!("{address}: {error}"));
        host
    }

    /// Gives `host` a UDP socket. The host owns the IP address from then on; port 0 takes a free one.
    ///
    /// # Errors
    /// `AddrInUse` when the address is taken, `AddrNotAvailable` when it is unspecified or another host's.
    pub fn bind_udp(&mut self, host: HostId, address: SocketAddr) -> io::Result<SocketAddr> {
        let address = self.own(host, address)?;
        self.sockets.insert(address, host);
        Ok(address)
    }

    /// Closes the socket bound to `address`; false when there is none.
    pub fn unbind_udp(&mut self, address: SocketAddr) -> bool {
        self.sockets.remove(&address).is_some()
    }

    /// Lets `host` accept TCP connections at `address`.
    ///
    /// # Errors
    /// As `bind_udp`.
    pub fn bind_tcp(&mut self, host: HostId, address: SocketAddr) -> io::Result<SocketAddr> {
        self.listen(host, Transport::Tcp, address)
    }

    /// Lets `host` accept connections of any stream transport at `address`. TLS and WebSocket are names only: nothing
    /// is encrypted or framed, except that pieces over WebSocket keep their bounds. Of what is secure, from its start or
    /// by an upgrade, both ends hear `Secured`, with the same numbers, so that servers can be played too.
    ///
    /// # Errors
    /// As `bind_udp`.
    pub fn listen(&mut self, host: HostId, transport: Transport, address: SocketAddr) -> io::Result<SocketAddr> {
        let mut address = address;
        if address.port() == 0 {
            address.set_port(self.hosts[host.index()].ephemeral_port());
        }
        if self.listeners.contains_key(&address) {
            return Err(io::ErrorKind::AddrInUse.into());
        }
        self.own_ip(host, address.ip())?;
        self.listeners.insert(address, (host, transport));
        Ok(address)
    }

    /// From now on the server at `address` has a certificate that nobody trusts, or a good one again: connections to it
    /// that are to be secure end as `Untrusted`.
    pub fn distrust(&mut self, address: SocketAddr, distrust: bool) {
        if distrust {
            self.distrusted.insert(address);
        } else {
            self.distrusted.remove(&address);
        }
    }

    /// Accepts no more connections at `address`; false when nobody did.
    pub fn unlisten(&mut self, address: SocketAddr) -> bool {
        self.listeners.remove(&address).is_some()
    }

    fn own(&mut self, host: HostId, mut address: SocketAddr) -> io::Result<SocketAddr> {
        let any = address.port() == 0;
        for _ in 0..=u16::MAX {
            if any {
                address.set_port(self.hosts[host.index()].ephemeral_port());
            }
            if !self.sockets.contains_key(&address) {
                self.own_ip(host, address.ip())?;
                return Ok(address);
            }
            if !any {
                break;
            }
        }
        Err(io::ErrorKind::AddrInUse.into())
    }

    fn own_ip(&mut self, host: HostId, ip: IpAddr) -> io::Result<()> {
        if ip.is_unspecified() || *self.owners.entry(ip).or_insert(host) != host {
            return Err(io::ErrorKind::AddrNotAvailable.into());
        }
        let addresses = &mut self.hosts[host.index()].addresses;
        if !addresses.contains(&ip) {
            addresses.push(ip);
        }
        Ok(())
    }

    /// Lets `name` be looked up; an empty list makes the lookup fail as unavailable, an unknown name is not found.
    pub fn add_name(&mut self, name: &str, addresses: &[IpAddr]) {
        self.names.insert(name.to_ascii_lowercase(), addresses.to_vec());
    }

    /// How long a lookup takes; 20 ms unless set.
    pub fn set_lookup_delay(&mut self, delay: Duration) {
        self.lookup_delay = delay;
    }

    /// The machine of `host`.
    pub fn machine(&self, host: HostId) -> &M {
        &self.hosts[host.index()].machine
    }

    /// The machine of `host`, to give it commands; what it then puts out leaves when the network runs on.
    pub fn machine_mut(&mut self, host: HostId) -> &mut M {
        self.command_next(host);
        &mut self.hosts[host.index()].machine
    }

    /// Gives the machine of `host` a command, which usually wants to know the time, and carries out what it says.
    pub fn command<R>(&mut self, host: HostId, f: impl FnOnce(&mut M, Instant) -> R) -> R {
        let now = self.now;
        let result = f(&mut self.hosts[host.index()].machine, now);
        self.drain(host);
        result
    }

    /// The hosts, in the order in which they were added.
    pub fn hosts(&self) -> impl Iterator<Item = HostId> + use<M> {
        (0..self.hosts.len() as u32).map(HostId)
    }

    /// Switches `host` off: it hears and says nothing, its streams are dead without a word to anybody.
    pub fn stop(&mut self, host: HostId) {
        let entry = &mut self.hosts[host.index()];
        entry.up = false;
        entry.generation += 1;
        self.abandon_streams(host);
    }

    /// Switches `host` on with a new machine at the old addresses, and returns the old machine.
    pub fn restart(&mut self, host: HostId, machine: M) -> M {
        self.stop(host);
        let entry = &mut self.hosts[host.index()];
        entry.up = true;
        let old = std::mem::replace(&mut entry.machine, machine);
        self.command_next(host);
        old
    }

    // ---- links and faults

    /// The path between every two hosts that `link` said nothing else about.
    pub fn set_default_link(&mut self, link: Link) {
        self.links.default = link;
    }

    /// The path between `a` and `b`, both ways.
    pub fn link(&mut self, a: HostId, b: HostId, link: Link) {
        self.links.set(b, a, link.clone());
        self.links.set(a, b, link);
    }

    /// The path from `from` to `to` alone.
    pub fn link_one_way(&mut self, from: HostId, to: HostId, link: Link) {
        self.links.set(from, to, link);
    }

    /// Parts the hosts `a` from the hosts `b`, both ways, until healed. What is under way still arrives, except that
    /// streams wait.
    pub fn cut(&mut self, a: &[HostId], b: &[HostId]) -> CutId {
        self.links.cut(a, b)
    }

    /// Ends one partition.
    pub fn heal(&mut self, cut: CutId) {
        self.links.heal(cut);
    }

    /// Ends every partition.
    pub fn heal_all(&mut self) {
        self.links.heal_all();
    }

    /// Does `verdict` to the `nth` datagram from `from` to `to`, counted from now; 1 is the next one.
    pub fn fault(&mut self, from: HostId, to: HostId, nth: u64, verdict: Verdict) {
        self.links.script(from, to, nth, verdict);
    }

    /// Shows every datagram to `tap` as it is sent, and does what it says. Scripted faults come first.
    pub fn tap(&mut self, tap: impl FnMut(&Packet<'_>) -> Verdict + Send + 'static) {
        self.tap = Some(Box::new(tap));
    }

    // ---- running

    /// Lets the next thing happen, at whatever time that is; false when nothing is left.
    pub fn step(&mut self) -> bool {
        self.settle();
        let Some((at, what)) = self.queue.pop() else { return false };
        self.now = at;
        match what {
            Happening::Wake(host) => self.wake(host),
            Happening::Datagram { host, from, to, data } => self.arrive(host, from, to, data),
            Happening::Tell { host, generation, input } => {
                if self.hosts[host.index()].generation == generation {
                    self.feed(host, input);
                }
            }
            Happening::Stream(step) => self.stream_step(step),
        }
        true
    }

    /// Runs until nothing is left to happen by `until`, then sets the clock to it. Events are kept for `events`.
    pub fn run_until(&mut self, until: Instant) {
        while self.is_due(until) {
            self.step();
        }
        self.now = self.now.max(until);
    }

    /// Runs for that long.
    pub fn run_for(&mut self, time: Duration) {
        self.run_until(self.now + time);
    }

    /// Runs until nothing at all is left to happen, or until `limit`; tells whether it came to rest. A machine that
    /// keeps a timer running never does.
    pub fn run_until_idle(&mut self, limit: Instant) -> bool {
        while self.is_due(limit) {
            self.step();
        }
        self.queue.next_at().is_none()
    }

    /// Runs as `run_until` and hands every event to `on`, which may give commands to any machine.
    pub fn run_with(&mut self, until: Instant, mut on: impl FnMut(&mut Network<M>, HostId, M::Event)) {
        loop {
            let due = self.is_due(until);
            if let Some(happened) = self.events.pop_front() {
                on(self, happened.host, happened.event);
            } else if due {
                self.step();
            } else {
                break;
            }
        }
        self.now = self.now.max(until);
    }

    /// Runs until a machine tells an event and returns the first; `None` when none comes by `until`.
    pub fn next(&mut self, until: Instant) -> Option<Happened<M::Event>> {
        loop {
            let due = self.is_due(until);
            if let Some(happened) = self.events.pop_front() {
                return Some(happened);
            }
            if !due {
                self.now = self.now.max(until);
                return None;
            }
            self.step();
        }
    }

    /// Takes the events that were told so far.
    pub fn events(&mut self) -> Vec<Happened<M::Event>> {
        self.settle();
        self.events.drain(..).collect()
    }

    fn is_due(&mut self, until: Instant) -> bool {
        self.settle();
        self.queue.next_at().is_some_and(|at| at <= until)
    }

    // ---- what is kept of the run

    /// What was counted so far.
    pub fn stats(&self) -> &Stats {
        &self.record.stats
    }

    /// Streams of which an end or a byte is still alive.
    pub fn streams(&self) -> usize {
        self.streams.alive()
    }

    /// A hash over every input of every machine and its time: equal for two runs that went the same way.
    pub fn trace_hash(&self) -> u64 {
        self.record.hash()
    }

    /// Keeps the last `lines` inputs as text from now on, the mere passing of time left out.
    pub fn keep_transcript(&mut self, lines: usize) {
        self.record.keep(lines);
    }

    /// The kept inputs, a line each: time, host, what arrived and how it begins.
    pub fn transcript(&self) -> String {
        self.record.transcript()
    }

    /// Writes every datagram and stream as its sender sends it, lost ones included, into a packet capture.
    ///
    /// # Errors
    /// When `out` cannot be written.
    pub fn capture(&mut self, out: impl Write + Send + 'static) -> io::Result<()> {
        let out: Box<dyn Write + Send> = Box::new(out);
        self.record.capture(Pcap::new(out)?);
        Ok(())
    }

    /// Ends the capture.
    ///
    /// # Errors
    /// The first error met while writing it.
    pub fn finish_capture(&mut self) -> io::Result<()> {
        self.record.finish_capture()
    }
}

impl<M> Host<M> {
    pub fn ephemeral_port(&mut self) -> u16 {
        let port = self.next_port;
        self.next_port = if port == u16::MAX { FIRST_PORT } else { port + 1 };
        port
    }

    /// Our address for talking to `remote`.
    pub fn address_for(&self, remote: IpAddr) -> Option<IpAddr> {
        self.addresses.iter().copied().find(|ip| ip.is_ipv4() == remote.is_ipv4())
    }
}

const FIRST_PORT: u16 = 49_152;
