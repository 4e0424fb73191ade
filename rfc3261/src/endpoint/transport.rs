//! The transport layer: which socket or connection a message takes, and what happens to connections (section 18).

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;

use bytes::Bytes;
use foldhash::quality::FixedState;
use wire::{ConnId, Instant, Output, Transmit, Transport};

use super::{ClientId, Config, DropReason, Error, Event, Listen, Source, Stats, Target};
use crate::message::StreamDecoder;

/// The way that one transaction's messages take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Route {
    pub transport: Transport,
    pub local: SocketAddr,
    pub remote: SocketAddr,
    pub conn: Option<ConnId>,
}

/// One connection.
#[derive(Debug)]
pub(crate) struct Conn {
    pub transport: Transport,
    pub local: SocketAddr,
    pub remote: SocketAddr,
    pub decoder: StreamDecoder,
    /// When bytes last went either way.
    pub used: Instant,
    /// Since when a message is incomplete.
    pub partial: Option<Instant>,
    /// The time of the alarm that is set for it.
    pub alarm: Instant,
    /// Client transactions that sent by it, some of them over, and how many there may be before those are forgotten.
    pub users: Vec<ClientId>,
    pub room: usize,
}

/// Sockets, connections and what waits to be polled.
#[derive(Debug)]
pub(crate) struct Net {
    pub config: Config,
    pub stats: Stats,
    pub out: VecDeque<Output<Event>>,
    pub conns: HashMap<ConnId, Conn, FixedState>,
    by_remote: HashMap<(Transport, SocketAddr), ConnId, FixedState>,
    asked: u64,
    /// Connections whose alarm has to be set.
    pub touched: Vec<ConnId>,
}

impl Net {
    pub fn new(config: Config, seed: u64) -> Net {
        let state = FixedState::with_seed(seed);
        Net {
            config,
            stats: Stats::default(),
            out: VecDeque::new(),
            conns: HashMap::with_hasher(state.clone()),
            by_remote: HashMap::with_hasher(state.clone()),
            asked: 0,
            touched: Vec::new(),
        }
    }

    pub fn event(&mut self, event: Event) {
        self.out.push_back(Output::Event(event));
    }

    pub fn dropped(&mut self, reason: DropReason, from: SocketAddr) {
        self.event(Event::Dropped { reason, from });
    }

    /// The bound address that suits a target, and the name we have there. A stream has no address before it is open:
    /// there, any address of the family names us.
    pub fn listener(&self, target: &Target) -> Option<&Listen> {
        let of = |transport| {
            let family = move |l: &&Listen| l.transport == transport && l.local.is_ipv4() == target.remote.is_ipv4();
            let mut suit = self.config.listen.iter().filter(family);
            let first = suit.clone().next();
            match target.local {
                Some(local) => suit.find(|l| l.local == local),
                None => suit.find(|l| l.local.ip().is_loopback() == target.remote.ip().is_loopback()).or(first),
            }
        };
        let found = of(target.transport);
        if target.transport == Transport::Udp {
            return found;
        }
        found.or_else(|| {
            let target = Target { local: None, ..*target };
            [target.transport, Transport::Tcp, Transport::Udp].into_iter().find_map(|transport| {
                self.config
                    .listen
                    .iter()
                    .find(|l| l.transport == transport && l.local.is_ipv4() == target.remote.is_ipv4())
            })
        })
    }

    /// Sends bytes, over the connection of the route, over another one to that address, or over a new one.
    //= rfc3261#18.1.1/reuse-connection SHOULD
    //# An open connection to the address is taken before a new one is asked for.
    pub fn send(&mut self, now: Instant, route: &mut Route, data: Bytes, user: Option<ClientId>) -> Result<(), Error> {
        if route.transport == Transport::Udp {
            let Route { local, remote, .. } = *route;
            self.out.push_back(Output::Transmit(Transmit::Datagram { local, remote, data }));
            return Ok(());
        }
        let conn = match route.conn.filter(|c| self.conns.contains_key(c)) {
            Some(conn) => conn,
            None => match self.by_remote.get(&(route.transport, route.remote)) {
                Some(conn) => *conn,
                None => self.connect(now, route)?,
            },
        };
        route.conn = Some(conn);
        if let Some(state) = self.conns.get_mut(&conn) {
            state.used = now;
            if let Some(user) = user.filter(|u| state.users.last() != Some(u)) {
                state.users.push(user);
            }
        }
        self.out.push_back(Output::Transmit(Transmit::Stream { conn, data }));
        Ok(())
    }

    /// Whether a stream leads to the end of a route.
    pub fn is_connected(&self, route: &Route) -> bool {
        let there = self.by_remote.contains_key(&(route.transport, route.remote));
        there || route.conn.is_some_and(|conn| self.conns.contains_key(&conn))
    }

    fn connect(&mut self, now: Instant, route: &Route) -> Result<ConnId, Error> {
        if self.conns.len() >= self.config.max_connections {
            self.stats.connections_refused += 1;
            return Err(Error::Busy);
        }
        let conn = ConnId::outbound(self.asked);
        self.asked += 1;
        let Route { transport, local, remote, .. } = *route;
        self.out.push_back(Output::Connect { conn, transport, remote });
        self.insert(now, conn, transport, local, remote);
        Ok(conn)
    }

    fn insert(&mut self, now: Instant, conn: ConnId, transport: Transport, local: SocketAddr, remote: SocketAddr) {
        let decoder = StreamDecoder::new(self.config.limits);
        let (alarm, users, room) = (Instant::FAR, Vec::new(), 64);
        let state = Conn { transport, local, remote, decoder, used: now, partial: None, alarm, users, room };
        self.conns.insert(conn, state);
        self.by_remote.insert((transport, remote), conn);
        self.touched.push(conn);
    }

    /// A connection is open: one that was asked for, or a new one of the peer's.
    //= rfc3261#18.1.1/response-new-connection MUST
    //# Connections are accepted at every listener, and are read as our own are.
    pub fn opened(&mut self, now: Instant, conn: ConnId, transport: Transport, local: SocketAddr, remote: SocketAddr) {
        if let Some(state) = self.conns.get_mut(&conn) {
            (state.local, state.used) = (local, now);
        } else if !conn.is_inbound() {
            self.out.push_back(Output::Close { conn }); // one that was given up while it was being opened
        } else if self.conns.len() >= self.config.max_connections {
            self.stats.connections_refused += 1;
            self.out.push_back(Output::Close { conn });
            self.dropped(DropReason::TooManyConnections, remote);
        } else {
            self.insert(now, conn, transport, local, remote);
        }
    }

    /// Forgets a connection and says whose requests it carried.
    pub fn forget(&mut self, conn: ConnId) -> Option<Conn> {
        let state = self.conns.remove(&conn)?;
        let key = (state.transport, state.remote);
        if self.by_remote.get(&key) == Some(&conn) {
            self.by_remote.remove(&key);
        }
        Some(state)
    }

    /// Closes a connection from our side.
    pub fn close(&mut self, conn: ConnId) -> Option<Conn> {
        let state = self.forget(conn)?;
        self.out.push_back(Output::Close { conn });
        Some(state)
    }

    pub fn source(&self, conn: ConnId) -> Option<Source> {
        let state = self.conns.get(&conn)?;
        Some(Source { transport: state.transport, remote: state.remote, local: state.local, conn: Some(conn) })
    }

    /// What the clock asks of a connection: how long until it must be looked at, or that it has to go.
    pub fn inspect(&mut self, now: Instant, conn: ConnId) -> Inspection {
        let Some(state) = self.conns.get_mut(&conn) else { return Inspection::Gone };
        //= rfc3261#18/keep-open SHOULD
        //# A connection without traffic stays for `Config::idle_close`.
        //= rfc3261#18/keep-open-long SHOULD
        //# However it is configured, never shorter than 64 T1.
        let idle = state.used + self.config.idle_close.max(self.config.timing.give_up());
        let slow = state.partial.map_or(Instant::FAR, |since| since + self.config.read_deadline);
        if slow <= now {
            return Inspection::Slow;
        }
        if idle <= now {
            return Inspection::Idle;
        }
        let next = idle.min(slow);
        if next < state.alarm {
            state.alarm = next;
            return Inspection::Alarm(next);
        }
        Inspection::Fine
    }

    /// The alarm of a connection has gone off.
    pub fn alarmed(&mut self, conn: ConnId) {
        if let Some(state) = self.conns.get_mut(&conn) {
            state.alarm = Instant::FAR;
        }
    }
}

/// What to do about a connection.
pub(crate) enum Inspection {
    Gone,
    Fine,
    Alarm(Instant),
    Slow,
    Idle,
}
