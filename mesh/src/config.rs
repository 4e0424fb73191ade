//! What a node is told before it starts, and the limits that keep it small.
use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;
use std::time::Duration;

use bytestring::ByteString;
use serializer::{Compression, Id};
use wire::{Epoch, Transport};

use crate::Error;

/// How a node takes part.
#[derive(Clone, Debug)]
pub struct Config {
    /// The name of the network. Only nodes with the same name talk to each other. Default `mesh`.
    pub subnet: String,
    /// Ties the driver's clock to the calendar: messages carry Unix time. Default 1970, which other nodes refuse.
    pub epoch: Epoch,
    /// The node's id; `None`, the default, makes one of the first `listen` address and random salt.
    pub id: Option<Id>,
    /// What people call the node, told in surveys; cut to 64 bytes. Default empty.
    pub name: String,
    /// Where others reach this node, at most one address for each transport: it is told in handshakes. The driver does the
    /// listening. An unspecified IP (0.0.0.0) stands for the one that the link uses. Without an address for a transport
    /// the node tells port 0 there and is never dialled. Default empty.
    pub listen: Vec<(Transport, SocketAddr)>,
    /// Nodes to begin with, and to come back to when all others are gone. Default empty.
    pub seeds: Vec<Seed>,
    /// Links that the node opens by itself. Default 4.
    pub max_outgoing: usize,
    /// Links that it accepts; further ones are told where else to go and closed. Default 256.
    pub max_incoming: usize,
    /// Methods of compression to announce and use, best first. Default none: py2p's networks collapse under compression.
    pub compression: Vec<Compression>,
    /// Whether to announce the extensions (code 0x41) to other nodes. Default true.
    pub extensions: bool,
    /// Whether broadcasts go along a tree between nodes that have the extensions and this switched on; otherwise every
    /// neighbour is sent every broadcast. Default true.
    pub tree: bool,
    /// Further capability codes (0x42 and up) to announce for machines on top. Default empty.
    pub features: Vec<u8>,
    /// Sends the protocol id as a string, which py2p 0.7.870 insists on, in place of bytes, which py2p 0.7.878 insists on.
    /// Default false.
    pub text_protocol_id: bool,
    /// How long things take.
    pub timing: Timing,
    /// How much is kept.
    pub limits: Limits,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            subnet: "mesh".to_owned(),
            epoch: Epoch::default(),
            id: None,
            name: String::new(),
            listen: Vec::new(),
            seeds: Vec::new(),
            max_outgoing: 4,
            max_incoming: 256,
            compression: Vec::new(),
            extensions: true,
            tree: true,
            features: Vec::new(),
            text_protocol_id: false,
            timing: Timing::default(),
            limits: Limits::default(),
        }
    }
}

/// How long a node waits, and how often it does what it does unasked.
#[derive(Clone, Debug)]
pub struct Timing {
    /// Broadcasts older than this are dropped, as old nodes do. Default 60 s, the protocol's own number.
    pub window: Duration,
    /// The same for broadcasts that come over a link to a capable node, which may hand on what we missed while the
    /// network was parted. Never less than `window`. Default 180 s.
    pub recovery: Duration,
    /// Broadcasts from further ahead in the future are dropped. Default 60 s.
    pub future: Duration,
    /// A link that has not shaken hands by then is closed. Default 60 s: py2p may be busy for as long with dead addresses.
    pub handshake: Duration,
    /// A frame that is not complete by then closes its link. Default 60 s, as py2p.
    pub frame: Duration,
    /// After this much silence a capable node is sent a ping. Default 10 s.
    pub ping: Duration,
    /// A capable node that says nothing for this long after a ping is given up. Default 10 s.
    pub pong: Duration,
    /// Between two frames to a node that is not capable: py2p loses the link when they come too close. Default 4 ms.
    pub pace: Duration,
    /// An address that could not be reached is tried again after this, then after twice that and so on, each time
    /// between half and one and a half of it. Default 1 s.
    pub backoff: Duration,
    /// The longest wait for an address. Default 60 s.
    pub backoff_max: Duration,
    /// A dialled connection that is not open by then is given up. Default 12 s.
    pub dial: Duration,
    /// How often one neighbour is asked for addresses. Default 60 s.
    pub refresh: Duration,
    /// How often the node that speaks for its part of the network looks whether a seed or a remembered node is in another
    /// part; all others do it ten times less often. Default 30 s.
    pub touch: Duration,
    /// How often that node tells who speaks for this part. Default 20 s.
    pub beacon: Duration,
    /// How long a reply waits for a way to its receiver. Default 10 s.
    pub request: Duration,
    /// The ids of broadcasts that are told of, not sent, wait for each other for between half of this and all of it.
    /// Default 250 ms.
    pub news: Duration,
    /// How long a broadcast that was told of may take to come along the tree before it is asked for. Default 150 ms.
    pub grace: Duration,
    /// How long a neighbour that was asked for one may take before another is asked. Default 500 ms.
    pub chase: Duration,
}

impl Default for Timing {
    fn default() -> Timing {
        Timing {
            window: Duration::from_secs(60),
            recovery: Duration::from_secs(180),
            future: Duration::from_secs(60),
            handshake: Duration::from_secs(60),
            frame: Duration::from_secs(60),
            ping: Duration::from_secs(10),
            pong: Duration::from_secs(10),
            pace: Duration::from_millis(4),
            backoff: Duration::from_secs(1),
            backoff_max: Duration::from_secs(60),
            dial: Duration::from_secs(12),
            refresh: Duration::from_secs(60),
            touch: Duration::from_secs(30),
            beacon: Duration::from_secs(20),
            request: Duration::from_secs(10),
            news: Duration::from_millis(250),
            grace: Duration::from_millis(150),
            chase: Duration::from_millis(500),
        }
    }
}

impl Timing {
    /// The same with no wait shorter than a millisecond, so that no timer is due again at once. Frames may follow each
    /// other without a pause.
    pub(crate) fn usable(self) -> Timing {
        let wait = |time: Duration| time.max(Duration::from_millis(1));
        Timing {
            handshake: wait(self.handshake),
            frame: wait(self.frame),
            ping: wait(self.ping),
            pong: wait(self.pong),
            backoff: wait(self.backoff),
            backoff_max: wait(self.backoff_max),
            dial: wait(self.dial),
            refresh: wait(self.refresh),
            touch: wait(self.touch),
            beacon: wait(self.beacon),
            request: wait(self.request),
            news: wait(self.news),
            chase: wait(self.chase),
            ..self
        }
    }
}

//= p2p#5/bounded MUST
//# One field for each table, queue and buffer; each is enforced where the table is written.
/// How much a node keeps, whatever others send.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Of one frame and the message in it.
    pub message: serializer::Limits,
    /// Bytes that a link may send before its handshake is complete. Default 64 KiB.
    pub greeting: usize,
    /// Bytes of incomplete frames on all links together; beyond, the link with the longest is closed. Default 64 MiB.
    pub partial: usize,
    /// Broadcasts remembered to tell repeats apart; beyond, the oldest are forgotten. Default 131,072.
    pub seen: usize,
    /// Broadcasts kept whole for nodes that missed them. Default 1,024.
    pub recent: usize,
    /// Bytes of those. Default 768 KiB: all of them may go out at once, and must fit into a driver's queue of 1 MiB.
    pub recent_bytes: usize,
    /// Broadcasts that neighbours told of and that have not come; a quarter of them for one neighbour. Default 1,024.
    pub missing: usize,
    /// Addresses told in one list; of a larger table a random part. Default 64.
    pub peers_told: usize,
    /// Addresses read of one list; the rest is not looked at. Default 256.
    pub peers_read: usize,
    /// Addresses remembered, seeds not counted. Default 1,024.
    pub addresses: usize,
    /// Replies that wait for a way to their receivers. Default 256.
    pub requests: usize,
    /// Senders whose direction is remembered. Default 4,096.
    pub routes: usize,
    /// Bytes that wait for one link to a node that is not capable; further frames for it are dropped. Default 4 MiB.
    pub queue: usize,
    /// Connections being opened at one time. Default 16.
    pub dials: usize,
    /// Surveys answered in a second. Default 4.
    pub surveys: u32,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            message: serializer::Limits::default(),
            greeting: 64 << 10,
            partial: 64 << 20,
            seen: 131_072,
            recent: 1024,
            recent_bytes: 768 << 10,
            missing: 1024,
            peers_told: 64,
            peers_read: 256,
            addresses: 1024,
            requests: 256,
            routes: 4096,
            queue: 4 << 20,
            dials: 16,
            surveys: 4,
        }
    }
}

/// A host, by name or IP address, and a port: how nodes tell each other where they are.
///
/// ```
/// use mesh::Address;
/// let address: Address = "[::1]:4444".parse()?;
/// assert_eq!((address.host.as_ref(), address.port), ("::1", 4444));
/// assert_eq!(address.socket(), Some("[::1]:4444".parse().unwrap()));
/// assert_eq!("node.example:4444".parse::<Address>()?.to_string(), "node.example:4444");
/// # Ok::<(), mesh::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    /// A name, or an IP address without brackets.
    pub host: ByteString,
    /// A TCP port; 0 when the node accepts nothing.
    pub port: u16,
}

impl Address {
    /// That host and port.
    pub fn new(host: impl Into<ByteString>, port: u16) -> Address {
        Address { host: host.into(), port }
    }

    /// The same as numbers; `None` when the host is a name.
    pub fn socket(&self) -> Option<SocketAddr> {
        self.host.parse().ok().map(|ip| SocketAddr::new(ip, self.port))
    }

    /// Whether somebody may be reached there, as far as the address shows.
    pub(crate) fn is_dialable(&self) -> bool {
        let nowhere = self.socket().is_some_and(|at| at.ip().is_unspecified());
        self.port != 0 && !nowhere && !self.host.is_empty() && self.host.len() <= MAX_HOST
    }
}

impl From<SocketAddr> for Address {
    fn from(at: SocketAddr) -> Address {
        Address::new(at.ip().to_string(), at.port())
    }
}

impl FromStr for Address {
    type Err = Error;

    fn from_str(text: &str) -> Result<Address, Error> {
        let (host, port) = text.rsplit_once(':').ok_or(Error::Address)?;
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let port = port.parse().map_err(|_| Error::Address)?;
        if host.is_empty() || host.len() > MAX_HOST { Err(Error::Address) } else { Ok(Address::new(host, port)) }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// Where to find a node that is usually there.
///
/// ```
/// use mesh::Seed;
/// use wire::Transport;
/// let seed: Seed = "ws://seed.example:4445".parse()?;
/// assert_eq!((seed.transport, seed.address.port), (Transport::Ws, 4445));
/// assert_eq!("192.0.2.1:4444".parse::<Seed>()?.to_string(), "tcp://192.0.2.1:4444");
/// # Ok::<(), mesh::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seed {
    /// What the link runs over.
    pub transport: Transport,
    /// Where.
    pub address: Address,
}

impl Seed {
    /// The node there.
    pub fn new(transport: Transport, address: impl Into<Address>) -> Seed {
        Seed { transport, address: address.into() }
    }
}

impl FromStr for Seed {
    type Err = Error;

    /// `transport://host:port`; `host:port` is TCP.
    fn from_str(text: &str) -> Result<Seed, Error> {
        let (transport, address) = text.split_once("://").unwrap_or(("tcp", text));
        let transport = Transport::from_name(transport).filter(|&t| t != Transport::Udp).ok_or(Error::Address)?;
        Ok(Seed { transport, address: address.trim_end_matches('/').parse()? })
    }
}

impl fmt::Display for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.transport, self.address)
    }
}

/// The longest host name of the DNS.
const MAX_HOST: usize = 255;
