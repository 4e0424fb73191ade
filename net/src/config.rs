use std::time::Duration;

use crate::Clock;
#[cfg(feature = "tls")]
use crate::Tls;
#[cfg(feature = "ws")]
use crate::Ws;

/// The limits of a driver. Every one bounds memory or the time of one turn.
#[derive(Clone, Debug)]
pub struct Config {
    /// The clock; a fresh one by default. Give several drivers the same one when their machines compare times.
    pub clock: Clock,
    /// Inputs taken from all sources before other tasks get their turn. Default 256.
    pub inputs_per_turn: usize,
    /// Datagrams taken from one socket, or pieces from one stream, before the next source gets its turn. Default 64.
    pub inputs_per_source: usize,
    /// Datagrams kept for a socket whose send buffer is full; the oldest goes first. Default 256.
    pub udp_queue: usize,
    /// Size asked of the operating system for the receive and send buffer of each UDP socket, in bytes; it may grant
    /// less. 0 leaves the system's default. Default 1 MiB.
    pub udp_buffer: usize,
    /// Whether the machine hears of datagrams that the network reports as undeliverable (ICMP). Such reports can be
    /// forged by who knows both addresses. Only Linux says which datagram was meant. Default true.
    pub udp_errors: bool,
    /// The most bytes taken from a stream at once. Default 16 KiB.
    pub read_size: usize,
    /// Bytes kept for a connection that cannot be written, encrypted and framed as they will be, or as the machine wrote
    /// them while the handshake goes on; more closes it with `Overflow`. Default 1 MiB.
    pub stream_queue: usize,
    /// Connections open or being opened at a time; accepted ones above it are dropped, asked-for ones refused.
    /// Default 16,384.
    pub connections: usize,
    /// How long an asked-for connection may take to open. Default 10 s.
    pub connect_timeout: Duration,
    /// How long the handshakes of TLS and WebSocket may take together, once the socket is connected. Default 10 s.
    pub handshake_timeout: Duration,
    /// Handshakes of accepted connections under way at a time; for one more the oldest is given up. Default 1,024.
    pub handshakes: usize,
    /// How long a closing connection may take to get its last bytes out, and then to hear the peer close. Default 5 s.
    pub close_timeout: Duration,
    /// Lookups under way at a time. Default 16.
    pub lookups: usize,
    /// Lookups waiting for their turn; more are answered with `Unavailable`. Default 1,024.
    pub lookup_queue: usize,
    /// How long a lookup may take. Default 5 s.
    pub lookup_timeout: Duration,
    /// Whether several sockets may share one UDP or TCP port, so that several drivers share its load. Default false.
    pub share_ports: bool,
    /// Whether a small write to a stream leaves at once (TCP_NODELAY) instead of waiting, up to the peer's delayed
    /// acknowledgement, for more to go with it. Default true.
    pub no_delay: bool,
    /// How TLS connections, and those that are upgraded, are secured.
    #[cfg(feature = "tls")]
    pub tls: Tls,
    /// How WebSocket connections are used.
    #[cfg(feature = "ws")]
    pub ws: Ws,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            clock: Clock::start(),
            inputs_per_turn: 256,
            inputs_per_source: 64,
            udp_queue: 256,
            udp_buffer: 1 << 20,
            udp_errors: true,
            read_size: 16 << 10,
            stream_queue: 1 << 20,
            connections: 16_384,
            connect_timeout: Duration::from_secs(10),
            handshake_timeout: Duration::from_secs(10),
            handshakes: 1_024,
            close_timeout: Duration::from_secs(5),
            lookups: 16,
            lookup_queue: 1_024,
            lookup_timeout: Duration::from_secs(5),
            share_ports: false,
            no_delay: true,
            #[cfg(feature = "tls")]
            tls: Tls::default(),
            #[cfg(feature = "ws")]
            ws: Ws::default(),
        }
    }
}

/// What a driver has counted since it was made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Datagrams received.
    pub datagrams_in: u64,
    /// Datagrams sent.
    pub datagrams_out: u64,
    /// Bytes received in datagrams.
    pub datagram_bytes_in: u64,
    /// Bytes sent in datagrams.
    pub datagram_bytes_out: u64,
    /// Datagrams dropped because the socket's queue was full.
    pub udp_overflows: u64,
    /// Datagrams that the operating system would not send: no route, too long, not permitted.
    pub udp_send_errors: u64,
    /// Errors from receiving on a UDP socket, which tell nothing about who caused them.
    pub udp_receive_errors: u64,
    /// Datagrams that the network reported as undeliverable.
    pub udp_unreachable: u64,
    /// Datagrams from an address that no socket is bound to.
    pub unbound: u64,
    /// Connections accepted.
    pub accepted: u64,
    /// Connections opened.
    pub connected: u64,
    /// Connections that could not be opened.
    pub connect_errors: u64,
    /// Connections dropped or refused because there were too many of them or of handshakes, or since their transport is
    /// not available.
    pub connections_refused: u64,
    /// Connections closed because their queue was full or did not empty in time.
    pub stream_overflows: u64,
    /// Handshakes of TLS or WebSocket that took too long.
    pub handshake_timeouts: u64,
    /// Connections that ended because of TLS: no trust, nothing in common, broken rules, or an end without notice.
    pub tls_errors: u64,
    /// Connections that ended because of WebSocket: a handshake refused, broken rules, too long a message, or an end
    /// without notice.
    pub ws_errors: u64,
    /// Bytes that came in the clear when a connection was upgraded, and were dropped.
    pub clear_bytes_dropped: u64,
    /// Bytes received in streams.
    pub stream_bytes_in: u64,
    /// Bytes written to streams.
    pub stream_bytes_out: u64,
    /// Times that something was written to a connection; what a machine writes in one go is written at once.
    pub stream_writes: u64,
    /// Writes to, and closes of, connections that are gone or never were.
    pub late_writes: u64,
    /// Lookups answered with addresses.
    pub lookups: u64,
    /// Lookups answered without.
    pub lookup_errors: u64,
    /// Times that a machine's deadline had still not moved after it was told the time: a mistake of the machine.
    pub overdue: u64,
}
