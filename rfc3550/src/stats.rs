use std::time::Duration;

use bytes::Bytes;

/// What a session counted so far: enough for a call report.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SessionStats {
    /// Our SSRC.
    pub ssrc: u32,
    /// What we sent, and how the peers say it arrived.
    pub sent: Sent,
    /// What we heard, from all sources, those that left included.
    pub received: Received,
    /// The sources in the table.
    pub sources: Vec<SourceStats>,
    /// Datagrams dropped, for whatever reason.
    pub dropped: u64,
    /// Events and datagrams to send that were dropped because the application did not drain the machine.
    pub outputs_dropped: u64,
    /// Compound RTCP packets sent.
    pub rtcp_sent: u64,
    /// Valid compound RTCP packets received.
    pub rtcp_received: u64,
    /// How often our SSRC had to change.
    pub collisions: u64,
}

/// What was sent since the start, under every SSRC we had.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sent {
    /// RTP packets.
    pub packets: u64,
    /// Payload bytes.
    pub bytes: u64,
    /// Packets that the peers' last reports call lost, together.
    pub lost: i64,
    /// The worst fraction lost in the peers' last reports, 0 to 1.
    pub fraction_lost: f64,
    /// The worst jitter in the peers' last reports.
    pub jitter: Duration,
    /// The longest time to a peer and back, from the last reports; `None` before the first.
    pub round_trip: Option<Duration>,
}

/// What was received.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Received {
    /// RTP packets, late and repeated ones included.
    pub packets: u64,
    /// Payload bytes.
    pub bytes: u64,
    /// Packets that should have come.
    pub expected: u64,
    /// Packets that did not come; negative when duplicates outnumber losses.
    pub lost: i64,
    /// The interarrival jitter; over several sources the largest.
    pub jitter: Duration,
}

impl Received {
    /// Lost packets as a part of the expected ones, 0 to 1.
    ///
    /// ```
    /// use rfc3550::Received;
    /// assert_eq!(Received { expected: 200, lost: 3, ..Received::default() }.loss(), 0.015);
    /// ```
    pub fn loss(&self) -> f64 {
        if self.expected == 0 { 0.0 } else { self.lost.max(0) as f64 / self.expected as f64 }
    }

    pub(crate) fn add(&mut self, other: &Received) {
        self.packets += other.packets;
        self.bytes += other.bytes;
        self.expected += other.expected;
        self.lost += other.lost;
        self.jitter = self.jitter.max(other.jitter);
    }
}

/// One source.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SourceStats {
    /// The source.
    pub ssrc: u32,
    /// Its canonical name, once known.
    pub cname: Option<Bytes>,
    /// What was received from it.
    pub received: Received,
    /// The time to it and back, from its last report about us.
    pub round_trip: Option<Duration>,
}
