use std::net::SocketAddr;

use bytes::Bytes;
use wire::{Instant, Rng};

use crate::source::ticks;
use crate::{NtpTime, Packet, rtcp::SenderInfo};

/// One's own stream: RFC 3550 section 5.1.
#[derive(Debug)]
pub(super) struct Own {
    pub ssrc: u32,
    pub sequence: u16,
    pub timestamp: u32,
    pub clock_rate: u32,
    pub packets: u32,
    pub octets: u32,
    pub first: bool,
    /// When the last data packet went out.
    pub sent: Option<Instant>,
    /// Whether data or a report ever went out under any SSRC.
    pub spoke: bool,
}

impl Own {
    //= rfc3550#5.1/random-sequence SHOULD
    //# Sequence numbers start at random.
    //= rfc3550#5.1/random-timestamp SHOULD
    //# Timestamps start at random.
    //= rfc3550#5.1/random-ssrc SHOULD
    //# From the same generator.
    //= rfc3550#3/stream-ssrc MUST
    //# A session sends one stream under an SSRC of its own; further streams are further sessions.
    //= rfc3550#8/random MUST
    //# The SSRC is drawn from the session's seeded generator, again while `taken` says that another source has it.
    pub fn new(rng: &mut Rng, taken: impl Fn(u32) -> bool) -> Own {
        let mut ssrc = rng.u32();
        while taken(ssrc) {
            ssrc = rng.u32();
        }
        Own {
            ssrc,
            sequence: rng.u32() as u16,
            timestamp: rng.u32(),
            clock_rate: 0,
            packets: 0,
            octets: 0,
            first: true,
            sent: None,
            spoke: false,
        }
    }

    /// The next packet.
    //= rfc3550#5.1/sequence MUST
    //# One more for each packet, whatever its timestamp.
    //= rfc3550#5.1/timestamp MUST
    //# The caller says how far its sampling clock moved since the packet before; wallclock plays no part.
    pub fn packet(&mut self, now: Instant, payload: Bytes, payload_type: u8, advance: u32, marker: bool) -> Packet {
        if !std::mem::take(&mut self.first) {
            self.sequence = self.sequence.wrapping_add(1);
            self.timestamp = self.timestamp.wrapping_add(advance);
        }
        self.packets = self.packets.wrapping_add(1);
        self.octets = self.octets.wrapping_add(payload.len() as u32);
        self.sent = Some(now);
        self.spoke = true;
        let (sequence, timestamp, ssrc) = (self.sequence, self.timestamp, self.ssrc);
        Packet { marker, payload_type, sequence, timestamp, ssrc, payload, ..Packet::default() }
    }

    /// What a sender report of now says.
    //= rfc3550#6.4.1/rtp-timestamp MUST
    //# The last packet's timestamp plus the time since, on its clock: the instant that the NTP time names.
    pub fn info(&self, now: Instant, ntp: NtpTime) -> SenderInfo {
        let since = self.sent.map_or(0, |sent| {
            ticks(Instant::ZERO + (now - sent), self.clock_rate) // a duration as ticks
        });
        SenderInfo { ntp, rtp: self.timestamp.wrapping_add(since), packets: self.packets, octets: self.octets }
    }
}

/// On which of the two flows something arrived.
//= rfc3550#8.2/two-addresses MUST
//# Part of the key of each conflicting address, and each source has an address for either.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    Rtp,
    Rtcp,
}

/// The addresses that sent our own SSRC: RFC 3550 section 8.2. Short, and usually empty.
#[derive(Debug, Default)]
pub(super) struct Conflicts(Vec<(Flow, SocketAddr, Instant)>);

impl Conflicts {
    /// Whether that address is known; it is marked as heard now.
    pub fn heard(&mut self, now: Instant, flow: Flow, address: SocketAddr) -> bool {
        match self.0.iter_mut().find(|(f, a, _)| (*f, *a) == (flow, address)) {
            Some((_, _, last)) => {
                *last = now;
                true
            }
            None => false,
        }
    }

    //= rfc3550#8.2/conflict-list MUST
    //# Addresses are kept apart for RTP and RTCP; the list is bounded, the entry heard longest ago makes room.
    pub fn add(&mut self, now: Instant, flow: Flow, address: SocketAddr, max: usize) {
        if self.0.len() >= max
            && let Some(oldest) = (0..self.0.len()).min_by_key(|i| self.0.get(*i).map(|c| c.2))
        {
            self.0.swap_remove(oldest);
        }
        if max > 0 {
            self.0.push((flow, address, now));
        }
    }

    //= rfc3550#8.2/conflict-expiry MAY
    //# Called with the reports.
    /// Forgets what was not heard since `before`.
    pub fn expire(&mut self, before: Instant) {
        self.0.retain(|(_, _, last)| *last >= before);
    }
}
