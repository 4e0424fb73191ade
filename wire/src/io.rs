use std::fmt;
use std::net::SocketAddr;

use bytes::Bytes;

/// How bytes travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transport {
    /// Datagrams over UDP.
    Udp,
    /// A stream over TCP.
    Tcp,
    /// A stream over TLS over TCP.
    Tls,
    /// Messages over WebSocket over TCP.
    Ws,
    /// Messages over WebSocket over TLS.
    Wss,
}

impl Transport {
    /// Whether the transport delivers in order and without loss, so that nothing is sent twice on purpose.
    pub const fn is_reliable(self) -> bool {
        !matches!(self, Transport::Udp)
    }

    /// Whether the peer's name was checked and the bytes are encrypted.
    pub const fn is_secure(self) -> bool {
        matches!(self, Transport::Tls | Transport::Wss)
    }

    /// The name in lower case, as URIs and options write it.
    pub const fn name(self) -> &'static str {
        match self {
            Transport::Udp => "udp",
            Transport::Tcp => "tcp",
            Transport::Tls => "tls",
            Transport::Ws => "ws",
            Transport::Wss => "wss",
        }
    }

    /// The transport of that name, in any case.
    ///
    /// ```
    /// use wire::Transport;
    /// assert_eq!(Transport::from_name("TCP"), Some(Transport::Tcp));
    /// assert_eq!(Transport::from_name("carrier-pigeon"), None);
    /// ```
    pub fn from_name(name: &str) -> Option<Transport> {
        use Transport::*;
        [Udp, Tcp, Tls, Ws, Wss].into_iter().find(|t| t.name().eq_ignore_ascii_case(name))
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Names one stream connection between a machine and its driver. The side that opens it chooses the number; the two
/// constructors keep the two sides' numbers apart. A number is never used twice in the life of a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnId(u64);

impl ConnId {
    /// The `n`-th connection that the machine asked for with [`Output::Connect`].
    pub const fn outbound(n: u64) -> ConnId {
        ConnId(n << 1)
    }

    /// The `n`-th connection that the driver accepted.
    pub const fn inbound(n: u64) -> ConnId {
        ConnId(n << 1 | 1)
    }

    /// Whether the driver accepted it.
    pub const fn is_inbound(self) -> bool {
        self.0 & 1 == 1
    }
}

/// Names one address lookup between a machine and its driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct QueryId(pub u64);

/// What goes into a machine, beside the commands that are its own methods.
#[derive(Clone, Debug)]
pub enum Input {
    /// One datagram arrived at the socket bound to `local`.
    Datagram {
        /// The address that the receiving socket is bound to.
        local: SocketAddr,
        /// Who sent it.
        remote: SocketAddr,
        /// The whole datagram.
        data: Bytes,
    },
    /// The next piece of a stream arrived. Pieces follow no message boundary, except over WebSocket, where a piece is
    /// one message.
    Stream {
        /// Which connection.
        conn: ConnId,
        /// At least one byte.
        data: Bytes,
    },
    /// A connection is open: one that was asked for, or one that was accepted.
    Opened {
        /// Which connection.
        conn: ConnId,
        /// What it runs over.
        transport: Transport,
        /// Our end.
        local: SocketAddr,
        /// Their end.
        remote: SocketAddr,
    },
    /// A connection is encrypted from here on and its peer's certificate was checked: the answer to
    /// [`Output::Upgrade`], or directly after [`Input::Opened`] of a connection asked for over TLS. What came in the
    /// clear and was not told before is dropped. The other end hears it from a simulation alone.
    Secured {
        /// Which connection.
        conn: ConnId,
        /// What both ends of the encryption know.
        session: Box<Secured>,
    },
    /// A connection is gone, or could not be opened. Nothing more comes from it, and its number is dead.
    Closed {
        /// Which connection.
        conn: ConnId,
        /// Why.
        reason: CloseReason,
    },
    /// A datagram could not be delivered, as far as the local host knows (ICMP port unreachable, no route).
    Unreachable {
        /// The socket it was sent from.
        local: SocketAddr,
        /// Where it should have gone.
        remote: SocketAddr,
    },
    /// The answer to [`Output::Resolve`].
    Resolved {
        /// Which lookup.
        query: QueryId,
        /// At least one address, in order of preference, or why there is none.
        answer: Result<Vec<SocketAddr>, ResolveError>,
    },
    /// Time passed: the deadline has been reached.
    Time,
}

/// What the two ends of a TLS connection, and nobody between them, know: that by which a login can be bound to it. What
/// the driver cannot tell is `None`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secured {
    /// Whether it is TLS 1.3 or later.
    pub tls13: bool,
    /// `tls-exporter` (RFC 9266): 32 bytes.
    pub exporter: Option<[u8; 32]>,
    /// `tls-server-end-point` (RFC 5929): the hash of the server's certificate.
    pub end_point: Option<Bytes>,
    /// `tls-unique` (RFC 5929), TLS 1.2 alone: the first Finished message.
    pub unique: Option<Bytes>,
    /// The application protocol agreed on (ALPN).
    pub alpn: Option<Bytes>,
}

impl fmt::Debug for Secured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secured").field("tls13", &self.tls13).field("alpn", &self.alpn).finish_non_exhaustive()
    }
}

/// Why a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CloseReason {
    /// The peer closed it in order.
    Peer,
    /// The machine asked for it.
    Local,
    /// Nobody accepted it.
    Refused,
    /// It could not be opened in time.
    Timeout,
    /// The peer or the network broke it.
    Reset,
    /// The peer read too slowly and the bounded send queue was full.
    Overflow,
    /// Encryption could not be agreed on, or the peer's certificate is not to be trusted.
    Untrusted,
}

/// Why a name has no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ResolveError {
    /// The name does not exist or has no address.
    NotFound,
    /// The lookup failed or timed out; another try may do better.
    Unavailable,
}

/// Bytes to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transmit {
    /// One datagram.
    Datagram {
        /// The bound address of the socket to send from.
        local: SocketAddr,
        /// Where it goes.
        remote: SocketAddr,
        /// The whole datagram.
        data: Bytes,
    },
    /// The next bytes of a stream. Before [`Input::Opened`] the driver keeps them until the connection is open.
    Stream {
        /// Which connection.
        conn: ConnId,
        /// What to write; over WebSocket one message.
        data: Bytes,
    },
}

/// What comes out of a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output<E> {
    /// Send bytes.
    Transmit(Transmit),
    /// Open a connection; the driver answers with [`Input::Opened`] or [`Input::Closed`].
    Connect {
        /// The machine's own number for it: [`ConnId::outbound`].
        conn: ConnId,
        /// What to run over.
        transport: Transport,
        /// Where to.
        remote: SocketAddr,
    },
    /// Close a connection once what was written has gone out. The driver confirms with [`Input::Closed`].
    Close {
        /// Which connection.
        conn: ConnId,
    },
    /// Begin TLS, as its client, on an open connection over TCP that was asked for; the driver answers with
    /// [`Input::Secured`] or [`Input::Closed`]. What was written before goes out in the clear, what is written after is
    /// kept until it can be encrypted.
    Upgrade {
        /// Which connection.
        conn: ConnId,
    },
    /// Look up the addresses of a host; the driver answers with [`Input::Resolved`].
    Resolve {
        /// The machine's own number for it.
        query: QueryId,
        /// A host name.
        host: String,
        /// The port to put into the addresses.
        port: u16,
    },
    /// Something for the application.
    Event(E),
}

impl<E> Output<E> {
    /// The same output with its event, if it is one, turned into another: for a machine made of machines.
    ///
    /// ```
    /// use wire::Output;
    /// assert_eq!(Output::Event(2).map(|n| n * 2), Output::Event(4));
    /// ```
    pub fn map<F>(self, f: impl FnOnce(E) -> F) -> Output<F> {
        self.event().map_or_else(|output| output, |event| Output::Event(f(event)))
    }

    /// The event, or else the output as one of a machine with whatever events.
    ///
    /// # Errors
    /// All but an event.
    pub fn event<F>(self) -> Result<E, Output<F>> {
        Err(match self {
            Output::Event(event) => return Ok(event),
            Output::Transmit(transmit) => Output::Transmit(transmit),
            Output::Connect { conn, transport, remote } => Output::Connect { conn, transport, remote },
            Output::Close { conn } => Output::Close { conn },
            Output::Upgrade { conn } => Output::Upgrade { conn },
            Output::Resolve { query, host, port } => Output::Resolve { query, host, port },
        })
    }
}
