//! The machine: its state, its commands, and how inputs reach the parts that deal with them.
mod extension;
mod flood;
mod greet;
mod heal;
mod links;
mod reply;
mod tree;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::SocketAddr;
use std::time::Duration;

use serializer::{Compression, Encryption, Flag, Id, MainFlag, Message, MessageId, Value, frame, node_id, protocol_id};
use wire::{ConnId, Input, Instant, Machine, Output, Rng, Transport};

use crate::book::{Book, Place};
use crate::link::{BASE, Link, Purpose, Stage};
use crate::recent::Recent;
use crate::routes::Routes;
use crate::seen::{Key, Seen, key};
use crate::timers::{Timer, Timers};
use crate::{Address, Config, Error, Event, Handled, Incoming, Reason, Seed, Sizes, Stats};

/// A node of the unorganized network. See [`wire::Machine`] for how to drive it: one input or command, then poll until
/// there is nothing more, then wait for the next input or for the deadline.
pub struct Node {
    config: Config,
    rng: Rng,
    id: Id,
    protocols: [Id; 4],
    now: Instant,
    /// Unix time of the first input: broadcasts from before are not for this node's user.
    started: Option<u64>,
    /// Broadcasts from before that were asked for, to hand them on.
    untold: BTreeSet<Key>,
    links: BTreeMap<ConnId, Link>,
    /// The neighbours: each by one link.
    table: BTreeMap<Id, ConnId>,
    /// Second links to a neighbour that wait for the side that opened them to choose.
    spare: BTreeMap<Id, ConnId>,
    outgoing: BTreeSet<ConnId>,
    next_conn: u64,
    lookups: BTreeMap<u64, (Place, Purpose)>,
    next_query: u64,
    book: Book,
    seen: Seen,
    /// The second before which everything is forgotten.
    purged: u64,
    recent: Recent,
    tree: tree::Tree,
    routes: Routes,
    pending: BTreeMap<Id, reply::Pending>,
    pinned: BTreeMap<Id, Place>,
    island: Option<(Id, Instant)>,
    /// Bytes of incomplete frames.
    partial: usize,
    /// Links to another part of the network that may still be opened beyond `max_outgoing` this time.
    bridges: u32,
    /// The second in which surveys were answered, and how many.
    surveyed: (u64, u32),
    state: Value,
    handlers: Vec<Handler>,
    timers: Timers,
    out: VecDeque<Output<Event>>,
    stats: Stats,
}

type Handler = Box<dyn FnMut(&Incoming) -> Handled + Send>;

/// A neighbour.
#[derive(Clone, Copy, Debug)]
pub struct Peer<'a> {
    /// Its id.
    pub id: &'a Id,
    /// Where it says that it listens.
    pub address: &'a Address,
    /// The other end of the connection.
    pub remote: SocketAddr,
    /// Whether this side opened it.
    pub outgoing: bool,
    /// What it runs over.
    pub transport: Transport,
    /// How frames to it are compressed.
    pub compression: Option<Compression>,
    /// The capability codes that it announced.
    pub features: &'a [u8],
    /// The time between the last ping and its answer.
    pub rtt: Option<Duration>,
}

impl Node {
    /// A node that has done nothing yet. It begins with its first input, for which it asks at once.
    pub fn new(config: Config, mut rng: Rng) -> Node {
        let config = Config { timing: config.timing.clone().usable(), ..config };
        let transports = [Encryption::Plaintext, Encryption::Ssl, Encryption::Ws, Encryption::Wss];
        let protocols = transports.map(|encryption| protocol_id(&config.subnet, encryption));
        let id = config.id.clone().unwrap_or_else(|| random_id(&config, &protocols[0], &mut rng));
        let backoff = (config.timing.backoff, config.timing.backoff_max);
        let mut timers = Timers::default();
        timers.arm(Timer::Dial, Instant::ZERO);
        let seen = Seen::new(config.limits.seen, &mut rng);
        Node {
            id,
            protocols,
            now: Instant::ZERO,
            started: None,
            untold: BTreeSet::new(),
            links: BTreeMap::new(),
            table: BTreeMap::new(),
            spare: BTreeMap::new(),
            outgoing: BTreeSet::new(),
            next_conn: 0,
            lookups: BTreeMap::new(),
            next_query: 0,
            book: Book::new(&config.seeds, config.limits.addresses, backoff),
            recent: Recent::new(config.limits.recent, config.limits.recent_bytes, seen.state()),
            seen,
            purged: 0,
            tree: tree::Tree::default(),
            routes: Routes::new(config.limits.routes, &mut rng),
            pending: BTreeMap::new(),
            pinned: BTreeMap::new(),
            island: None,
            partial: 0,
            bridges: 0,
            surveyed: (0, 0),
            state: Value::Nil,
            handlers: Vec::new(),
            timers,
            out: VecDeque::new(),
            stats: Stats::default(),
            rng,
            config,
        }
    }

    /// This node's id.
    pub fn id(&self) -> &Id {
        &self.id
    }

    /// What it was told.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Its neighbours, in the order of their ids.
    pub fn peers(&self) -> impl Iterator<Item = Peer<'_>> {
        self.table.keys().filter_map(|id| self.peer(id))
    }

    /// The neighbour of that id.
    pub fn peer(&self, id: &Id) -> Option<Peer<'_>> {
        let link = self.links.get(self.table.get(id)?)?;
        Some(Peer {
            id: link.id.as_ref()?,
            address: &link.address,
            remote: link.remote()?,
            outgoing: link.outgoing,
            transport: link.transport,
            compression: link.deflate,
            features: &link.features,
            rtt: link.rtt,
        })
    }

    /// What it counted, and the sizes of its tables.
    pub fn stats(&self) -> Stats {
        let sizes = Sizes {
            links: self.links.len(),
            peers: self.table.len(),
            seen: self.seen.len(),
            recent: self.recent.len(),
            recent_bytes: self.recent.bytes(),
            addresses: self.book.len(),
            routes: self.routes.len(),
            pending: self.pending.len(),
            missing: self.tree.missing(),
            partial: self.partial,
            queued: self.links.values().map(|link| link.queue.bytes).sum(),
        };
        Stats { sizes, ..self.stats.clone() }
    }

    /// Sends `values` to every node of the network.
    ///
    /// # Errors
    /// [`Error::Repeated`] when the same was broadcast in this second, [`Error::TooLong`].
    pub fn broadcast(&mut self, now: Instant, values: Vec<Value>) -> Result<MessageId, Error> {
        self.broadcast_as(now, Flag::Broadcast, values).map(|message| *message.id())
    }

    /// Sends `values` to every node under a sub flag of the caller's choice. From 0x40 on the flag is a capability code:
    /// only nodes that announced it get the message.
    ///
    /// # Errors
    /// As [`Node::broadcast`].
    pub fn broadcast_as(&mut self, now: Instant, flag: Flag, values: Vec<Value>) -> Result<Message, Error> {
        self.advance(now);
        let message = self.message(MainFlag::Broadcast, flag, values);
        self.check_length(&message)?;
        self.originate(&message)?;
        Ok(message)
    }

    /// Sends `values` to a neighbour.
    ///
    /// # Errors
    /// [`Error::NotConnected`] when it is none, [`Error::TooLong`].
    pub fn whisper(&mut self, now: Instant, to: &Id, values: Vec<Value>) -> Result<(), Error> {
        self.whisper_as(now, to, Flag::Whisper, values).map(|_| ())
    }

    /// Sends `values` to a neighbour under a sub flag of the caller's choice, from 0x40 on a capability code.
    ///
    /// # Errors
    /// As [`Node::whisper`]; [`Error::NotCapable`] when the neighbour did not announce that code.
    pub fn whisper_as(&mut self, now: Instant, to: &Id, flag: Flag, values: Vec<Value>) -> Result<Message, Error> {
        self.advance(now);
        let conn = *self.table.get(to).ok_or_else(|| Error::NotConnected(to.clone()))?;
        if !self.links.get(&conn).is_some_and(|link| link.takes(feature(flag))) {
            return Err(Error::NotCapable(to.clone()));
        }
        let message = self.message(MainFlag::Whisper, flag, values);
        self.check_length(&message)?;
        self.send(conn, &message);
        Ok(message)
    }

    /// Sends a payload, sub flag included, under any main flag to a neighbour, and asks nothing about its sense: for
    /// trying out what other programs make of it.
    ///
    /// # Errors
    /// As [`Node::whisper`].
    pub fn raw(&mut self, now: Instant, to: &Id, main: MainFlag, payload: Vec<Value>) -> Result<(), Error> {
        self.advance(now);
        let conn = *self.table.get(to).ok_or_else(|| Error::NotConnected(to.clone()))?;
        let message = Message::new(main, &self.id, self.unix(), payload);
        self.check_length(&message)?;
        self.send(conn, &message);
        Ok(())
    }

    /// Sends `values` to any node: over the link to it, or over one that is opened after asking the network for its
    /// address, or by way of other nodes. [`Event::Undelivered`] tells when none of that leads to it.
    ///
    /// # Errors
    /// [`Error::Busy`] when too many replies wait already, [`Error::TooLong`].
    pub fn reply(&mut self, now: Instant, to: &Id, values: Vec<Value>) -> Result<(), Error> {
        self.advance(now);
        self.reply_to(to, values)
    }

    /// Opens a link, beyond `max_outgoing` if need be. What becomes of it is told by [`Event::Joined`] or
    /// [`Event::Refused`].
    ///
    /// # Errors
    /// [`Error::Busy`] when too many connections are being opened.
    pub fn connect(&mut self, now: Instant, transport: Transport, address: impl Into<Address>) -> Result<(), Error> {
        self.advance(now);
        self.dial(Seed::new(transport, address), Purpose::Asked)
    }

    /// Closes the link to a neighbour and lets its address rest for a while.
    ///
    /// # Errors
    /// [`Error::NotConnected`].
    pub fn disconnect(&mut self, now: Instant, id: &Id) -> Result<(), Error> {
        self.advance(now);
        self.pinned.remove(id);
        if let Some(conn) = self.spare.remove(id) {
            self.close(conn, Reason::Asked);
        }
        let conn = *self.table.get(id).ok_or_else(|| Error::NotConnected(id.clone()))?;
        self.close(conn, Reason::Asked);
        Ok(())
    }

    /// Keeps a link to that node open, beyond `max_outgoing`, until [`Node::unlink`]: for a machine on top.
    pub fn link(&mut self, now: Instant, id: &Id, transport: Transport, address: impl Into<Address>) {
        self.advance(now);
        let place = Seed::new(transport, address);
        self.pinned.insert(id.clone(), place.clone());
        match self.table.get(id).and_then(|conn| self.links.get_mut(conn)) {
            Some(link) if link.outgoing => link.purpose = Purpose::Pinned,
            Some(_) => {}
            None => {
                if self.dial(place, Purpose::Pinned).is_err() {
                    self.timers.arm_by(Timer::Refresh, self.now + self.config.timing.backoff);
                }
            }
        }
    }

    /// No longer keeps a link to that node open on purpose: it becomes one like any other.
    pub fn unlink(&mut self, now: Instant, id: &Id) {
        self.advance(now);
        self.pinned.remove(id);
        if let Some(link) = self.table.get(id).and_then(|conn| self.links.get_mut(conn))
            && link.purpose == Purpose::Pinned
        {
            link.purpose = Purpose::Reply; // may go when there are enough without it
            link.heard = self.now;
        }
    }

    /// Shows every message that is not for this machine itself to `handler`, after those registered before, and before it
    /// becomes an event.
    pub fn register(&mut self, handler: impl FnMut(&Incoming) -> Handled + Send + 'static) {
        self.handlers.push(Box::new(handler));
    }

    /// Asks every capable node of the network for its links and state. Each answer, this node's own at once, is an
    /// [`Event::Surveyed`] with the number that this returns.
    pub fn survey(&mut self, now: Instant) -> u64 {
        self.advance(now);
        self.ask_survey()
    }

    /// What this node tells of itself when it is surveyed; up to 16 KiB encoded, else nothing.
    pub fn set_state(&mut self, state: Value) {
        self.state = state;
    }

    // ---- for all parts

    /// Takes note of the time.
    fn advance(&mut self, now: Instant) {
        self.now = self.now.max(now);
        if self.started.is_none() {
            self.started = Some(self.unix());
            self.start_timers();
        }
    }

    /// Unix time in whole seconds, as messages carry it.
    fn unix(&self) -> u64 {
        self.config.epoch.unix(self.now).as_secs()
    }

    fn message(&self, main: MainFlag, flag: Flag, values: Vec<Value>) -> Message {
        let mut payload = Vec::with_capacity(values.len() + 1);
        payload.push(Value::from(flag));
        payload.extend(values);
        Message::new(main, &self.id, self.unix(), payload)
    }

    fn check_length(&self, message: &Message) -> Result<(), Error> {
        let longest = self.config.limits.message.frame.saturating_sub(32); // the checksum
        if message.bytes().len() > longest { Err(Error::TooLong) } else { Ok(()) }
    }

    fn protocol(&self, transport: Transport) -> &Id {
        let [plaintext, ssl, ws, wss] = &self.protocols;
        match transport {
            Transport::Tcp | Transport::Udp => plaintext,
            Transport::Tls => ssl,
            Transport::Ws => ws,
            Transport::Wss => wss,
        }
    }

    /// Where we listen for links like that one; port 0 when we do not.
    fn own_address(&self, transport: Transport, local: Option<SocketAddr>) -> Address {
        let listen = self.config.listen.iter().find(|(of, _)| *of == transport).map(|&(_, at)| at);
        match (listen, local) {
            (Some(at), Some(local)) if at.ip().is_unspecified() => SocketAddr::new(local.ip(), at.port()).into(),
            (Some(at), _) => at.into(),
            (None, Some(local)) => SocketAddr::new(local.ip(), 0).into(),
            (None, None) => Address::new("0.0.0.0", 0),
        }
    }

    fn tell(&mut self, event: Event) {
        self.out.push_back(Output::Event(event));
    }

    fn drop_message(&mut self, sender: Id, reason: Reason) {
        *self.stats.dropped.entry(reason.name()).or_default() += 1;
        self.tell(Event::Dropped(sender, reason));
    }

    fn work(&mut self, timer: Timer) {
        match timer {
            Timer::Dial => self.fill(),
            Timer::Refresh => self.refresh(),
            Timer::Touch => self.touch(),
            Timer::Beacon => self.beacon(),
            Timer::Expire => self.expire(),
            Timer::News => self.tell_news(),
            Timer::Chase => self.chase(),
            Timer::Link(conn) => self.look_after(conn),
        }
    }
}

impl Machine for Node {
    type Event = Event;

    fn handle(&mut self, now: Instant, input: Input) {
        self.advance(now);
        match input {
            Input::Opened { conn, transport, local, remote } => self.opened(conn, transport, local, remote),
            Input::Stream { conn, data } => self.received(conn, data),
            Input::Closed { conn, reason } => self.end(conn, Reason::Closed(reason), false),
            Input::Resolved { query, answer } => self.resolved(query.0, answer),
            Input::Secured { .. } | Input::Time | Input::Datagram { .. } | Input::Unreachable { .. } => {}
        }
        while let Some(timer) = self.timers.pop_due(self.now) {
            self.work(timer);
        }
    }

    fn poll(&mut self) -> Option<Output<Event>> {
        self.out.pop_front()
    }

    fn deadline(&self) -> Option<Instant> {
        self.timers.next()
    }
}

/// The capability that the receiver of a message with that sub flag must have announced.
fn feature(flag: Flag) -> Option<u8> {
    u8::try_from(flag.code()).ok().filter(|&code| code >= 0x40)
}

/// An id that no other node has: salted with 128 random bits.
fn random_id(config: &Config, protocol: &Id, rng: &mut Rng) -> Id {
    let mut salt = [0; 16];
    rng.fill(&mut salt);
    let listen = config.listen.first().map(|&(_, at)| at);
    let host = listen.map_or_else(|| "0.0.0.0".to_owned(), |at| at.ip().to_string());
    node_id(&host, listen.map_or(0, |at| at.port()), protocol, &salt)
}
