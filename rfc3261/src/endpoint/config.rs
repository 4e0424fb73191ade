use std::net::SocketAddr;
use std::time::Duration;

use wire::Transport;

use crate::message::Limits;
use crate::transaction::Timing;

/// An address that the driver has bound, and how we call ourselves there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listen {
    /// What is spoken there.
    pub transport: Transport,
    /// The bound address, as the driver reports it with what it receives.
    pub local: SocketAddr,
    /// The sent-by of our Via: `host` or `host:port`. The bound address when absent; give one when that is a wildcard.
    pub sent_by: Option<String>,
}

impl Listen {
    /// That address under its own name.
    pub fn new(transport: Transport, local: SocketAddr) -> Listen {
        Listen { transport, local, sent_by: None }
    }

    /// Under another name: `sip.example.com`, or `192.0.2.1:5060`.
    pub fn named(mut self, sent_by: impl Into<String>) -> Listen {
        self.sent_by = Some(sent_by.into());
        self
    }
}

/// The settings and limits of an [`Endpoint`](super::Endpoint).
#[derive(Clone, Debug)]
pub struct Config {
    /// The bound addresses. More can be added with [`Endpoint::listen`](super::Endpoint::listen).
    pub listen: Vec<Listen>,
    /// The transaction timers.
    pub timing: Timing,
    /// Client transactions alive at once: 100,000. Beyond, requests fail with [`Error::Busy`](super::Error::Busy).
    pub max_clients: usize,
    /// Server transactions alive at once: 100,000. Beyond, requests are answered 503 without state.
    pub max_servers: usize,
    /// Connections open at once: 10,000. Beyond, accepted ones are closed, and none is opened.
    pub max_connections: usize,
    /// How large a message may be, and so the buffer of a stream: 65,535 bytes.
    pub limits: Limits,
    /// How long a peer may take to complete a message on a stream: 10 s. Then the stream is closed.
    pub read_deadline: Duration,
    /// How long a connection stays open without traffic: 10 min. Never less than 64 T1.
    pub idle_close: Duration,
    /// Path MTU in bytes: 1500. A larger request than this less 200 goes by TCP instead of UDP. 0 turns this off.
    pub mtu: usize,
    /// Whether a response over UDP goes to the `maddr` of the Via, as section 18.2.2 asks: true. A server that is open
    /// to the world may want to turn it off, lest it be used to send packets to third parties.
    pub honor_maddr: bool,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            listen: Vec::new(),
            timing: Timing::default(),
            max_clients: 100_000,
            max_servers: 100_000,
            max_connections: 10_000,
            limits: Limits::default(),
            read_deadline: Duration::from_secs(10),
            idle_close: Duration::from_secs(600),
            mtu: 1500,
            honor_maddr: true,
        }
    }
}

/// What an [`Endpoint`](super::Endpoint) has seen and holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Client transactions alive now.
    pub clients: usize,
    /// Server transactions alive now.
    pub servers: usize,
    /// Connections open or opening now.
    pub connections: usize,
    /// Requests received, repeated ones included.
    pub requests_in: u64,
    /// Responses received, repeated ones included.
    pub responses_in: u64,
    /// Requests of the core sent, ACK and CANCEL included, repetitions not.
    pub requests_out: u64,
    /// Responses sent, repetitions not.
    pub responses_out: u64,
    /// Messages sent once more because no answer came.
    pub retransmitted: u64,
    /// Repeated requests and ACKs that a transaction absorbed or answered itself.
    pub absorbed: u64,
    /// Transactions that ended for want of an answer.
    pub timeouts: u64,
    /// Messages that the transport failed to deliver.
    pub transport_failures: u64,
    /// Messages that were no SIP and got no answer.
    pub malformed: u64,
    /// Broken requests that were answered with an error.
    pub refused: u64,
    /// Responses whose top Via was not ours.
    pub foreign_via: u64,
    /// Responses that matched no transaction.
    pub stray: u64,
    /// Requests answered 503 because of `max_servers`.
    pub overload: u64,
    /// Connections closed or not opened because of `max_connections`.
    pub connections_refused: u64,
    /// Streams closed because their framing was lost, or a message was too large.
    pub bad_framing: u64,
    /// Streams closed by `read_deadline`.
    pub slow_peers: u64,
    /// Streams closed by `idle_close`.
    pub idle_closed: u64,
    /// Requests that went by TCP because they were too large for UDP.
    pub too_large_for_udp: u64,
    /// Responses of the core that RFC 4320 forbids for requests other than INVITE: 408, and 1xx except 100.
    pub suppressed: u64,
}
