use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use wire::Epoch;

use crate::rtcp::{Item, ItemType};

/// How a [`Session`](crate::Session) is set up. Every limit is here; what a session may hold never depends on the network.
#[derive(Clone, Debug)]
pub struct Config {
    /// The bound address of the socket for RTP.
    pub local_rtp: SocketAddr,
    /// The bound address of the socket for RTCP; the same as `local_rtp` when both share a port (RFC 5761).
    pub local_rtcp: SocketAddr,
    //= rfc3550#11/explicit-ports MAY
    //# The four addresses are set one by one where they are no pairs.
    //= rfc3550#11/same-pair MAY
    //# Nothing compares them.
    /// Where RTP goes, once known.
    pub remote_rtp: Option<SocketAddr>,
    /// Where RTCP goes, once known.
    pub remote_rtcp: Option<SocketAddr>,
    /// Whether the remote addresses follow the packets that arrive. Default [`Symmetric::Off`].
    pub symmetric: Symmetric,
    //= rfc3550#5.1/static-types MAY
    //# Those of the profile are the default.
    //= rfc3550#5.1/dynamic-types MAY
    //# Any other is bound by payload_type().
    //= rfc3550#5.1/dynamic-clock MAY
    //# The clock rate is given with it.
    /// Payload types that are understood, with their clock rates. Default: the static ones of RFC 3551.
    pub clock_rates: ClockRates,
    /// The SSRC to begin with, where signalling has to know it. Default: none, and a random one is drawn.
    pub ssrc: Option<u32>,
    //= rfc3550#6.5.1/configure MAY
    //# Any text of the program's.
    /// The canonical name: the same for all sessions of a participant. At most 255 bytes are sent.
    pub cname: String,
    //= rfc3550#6.1/other-items MAY
    //# As many as are given, one at a time.
    /// Other items to describe oneself with: one of them in every third report, the name seven times of eight. Default:
    /// none. Those longer than 255 bytes are not sent.
    pub items: Vec<Item>,
    //= rfc3550#6.2/bandwidth-default MAY
    //# That of one voice in G.711.
    /// The session's bandwidth for data in bits a second, of which RTCP gets 5 %. The same for all participants.
    /// Default 64,000.
    pub bandwidth: u32,
    //= rfc3550#6.2/reduced MAY
    //# Any value; the program knows its bandwidth.
    //= rfc3550#6.2/reduced-unicast MAY
    //# The interval alone: the first report keeps its delay.
    /// The shortest interval between reports before randomisation. Default 5 s; section 6.2 allows 360 s divided by the
    /// bandwidth in kbit/s in unicast sessions.
    pub report_interval: Duration,
    //= rfc3550#6.4.1/relative-ntp MAY
    //# By default the zero of the driver's clock is taken for that of the calendar.
    /// Ties the driver's clock to the calendar, for the NTP times in sender reports.
    pub epoch: Epoch,
    //= rfc3550#A.1/stored MAY
    //# They are kept until then.
    /// Packets in sequence before a source is believed, at least 1. Default 2. Kept meanwhile and delivered then.
    pub min_sequential: u8,
    //= rfc3550#6.2.1/inactive MAY
    //# It is deleted, believed or not.
    /// Report intervals of silence after which a participant is forgotten. Default 5.
    pub timeout_multiplier: u32,
    //= rfc3550#8.2/keep-one MAY
    //# Until then the packets of the first address are kept, and those of the other dropped.
    //= rfc3550#8.2/policy MAY
    //# The one that was there first wins.
    /// How long a source's address must be silent before packets from another address may take the source over.
    /// Default 2 s.
    pub address_timeout: Duration,
    /// Sources in the table, those not yet believed included. Default 64. Beyond it a new source takes the place of the
    /// one not yet believed that was heard longest ago, or is refused.
    pub max_sources: usize,
    /// Addresses in the list of those that sent our own SSRC. Default 8; the oldest makes room.
    pub max_conflicts: usize,
    /// Bytes of one RTP payload to send. Default 1,400.
    pub max_payload: usize,
    /// Bytes of one compound RTCP packet to send. Default 1,200. Sources that do not fit take turns.
    pub max_rtcp: usize,
    /// Outputs that wait to be drained. Default 1,024. What is beyond it is dropped and counted.
    pub max_queue: usize,
}

impl Config {
    /// A session between two RTP addresses, with RTCP on the next higher ports.
    //= rfc3550#6.2/five-seconds SHOULD
    //# The default of report_interval.
    //= rfc3550#6.2.1/five-intervals SHOULD
    //# The default of timeout_multiplier.
    //= rfc3550#11/different-ports MUST NOT
    //# Two ports, unless mux says otherwise: RFC 5761 lifts the ban where the types tell the packets apart.
    //= rfc3550#11/port-pair SHOULD
    //# RTCP defaults to the port above RTP on both ends; explicit ports are set in the fields.
    pub fn new(local: SocketAddr, remote: SocketAddr, cname: impl Into<String>) -> Config {
        Config {
            local_rtp: local,
            local_rtcp: next_port(local),
            remote_rtp: Some(remote),
            remote_rtcp: Some(next_port(remote)),
            symmetric: Symmetric::Off,
            clock_rates: ClockRates::default(),
            ssrc: None,
            cname: cname.into(),
            items: Vec::new(),
            bandwidth: 64_000,
            report_interval: Duration::from_secs(5),
            epoch: Epoch::default(),
            min_sequential: 2,
            timeout_multiplier: 5,
            address_timeout: Duration::from_secs(2),
            max_sources: 64,
            max_conflicts: 8,
            max_payload: 1_400,
            max_rtcp: 1_200,
            max_queue: 1_024,
        }
    }

    /// RTP and RTCP on one port, on both ends: RFC 5761.
    pub fn mux(mut self) -> Config {
        self.local_rtcp = self.local_rtp;
        self.remote_rtcp = self.remote_rtp;
        self
    }

    /// Adds the payload type `payload_type` with its clock rate in Hz.
    pub fn payload_type(mut self, payload_type: u8, clock_rate: u32) -> Config {
        self.clock_rates.set(payload_type, Some(clock_rate));
        self
    }

    /// The canonical name as an item, cut to what fits.
    pub(crate) fn cname_item(&self) -> Item {
        let mut end = self.cname.len().min(255);
        while !self.cname.is_char_boundary(end) {
            end -= 1;
        }
        let value = Bytes::copy_from_slice(self.cname.get(..end).unwrap_or_default().as_bytes());
        Item { kind: ItemType::Cname, value }
    }
}

fn next_port(mut address: SocketAddr) -> SocketAddr {
    address.set_port(address.port().saturating_add(1));
    address
}

/// Whether outgoing media follows incoming media: symmetric RTP (RFC 4961) for peers behind address translators.
///
/// The policy when it does: the first source that ends its probation fixes the RTP address, once. From then on packets
/// from elsewhere are dropped, so that nobody can pull a running stream away; [`Session::set_remote`] opens the choice
/// again, as an answer or a re-offer would. RTCP follows on the first valid compound packet from the host that RTP was
/// fixed to.
///
/// [`Session::set_remote`]: crate::Session::set_remote
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Symmetric {
    /// Media goes to the configured addresses and nowhere else.
    //= rfc3550#11/no-source-port MUST NOT
    //# The default: where packets come from changes nothing. Following them is for peers that are known to be symmetric.
    #[default]
    Off,
    /// Only the port may differ from the configured address.
    SameHost,
    /// Any address may be the peer's. Anyone who knows the local port and guesses the first moment can attract the media.
    AnyHost,
}

/// The clock rate in Hz of each payload type that a session understands.
///
/// ```
/// use rfc3550::ClockRates;
/// let mut rates = ClockRates::default();
/// assert_eq!((rates.of(0), rates.of(26), rates.of(96)), (Some(8_000), Some(90_000), None));
/// rates.set(96, Some(48_000));
/// assert_eq!(rates.of(96), Some(48_000));
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct ClockRates([u32; 128]);

impl ClockRates {
    /// No payload type at all.
    pub const fn none() -> ClockRates {
        ClockRates([0; 128])
    }

    /// The clock rate of that payload type, when it is understood.
    #[inline]
    pub fn of(&self, payload_type: u8) -> Option<u32> {
        self.0.get(usize::from(payload_type)).copied().filter(|rate| *rate > 0)
    }

    /// Sets or forgets the clock rate in Hz of a payload type; 0 forgets it too. Types above 127 do not exist.
    pub fn set(&mut self, payload_type: u8, clock_rate: Option<u32>) {
        if let Some(place) = self.0.get_mut(usize::from(payload_type)) {
            *place = clock_rate.unwrap_or(0);
        }
    }
}

impl Default for ClockRates {
    /// The static assignments of RFC 3551, tables 4 and 5.
    fn default() -> ClockRates {
        let mut rates = ClockRates::none();
        for payload_type in [0, 3, 4, 5, 7, 8, 9, 12, 13, 15, 18] {
            rates.set(payload_type, Some(8_000));
        }
        for (payload_type, rate) in [(6, 16_000), (10, 44_100), (11, 44_100), (16, 11_025), (17, 22_050)] {
            rates.set(payload_type, Some(rate));
        }
        for payload_type in [14, 25, 26, 28, 31, 32, 33, 34] {
            rates.set(payload_type, Some(90_000));
        }
        rates
    }
}

impl fmt::Debug for ClockRates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.0.iter().enumerate().filter(|(_, rate)| **rate > 0)).finish()
    }
}
