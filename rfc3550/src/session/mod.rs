//! One participant of one RTP session as a machine.

mod event;
mod members;
mod own;
mod phase;
mod receive;
mod report;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use wire::{Input, Instant, Machine, Output, Rng, Transmit};

pub use event::{DropReason, Event, Leave};
use members::Members;
use own::{Conflicts, Flow, Own};
pub use phase::{Phase, Stimulus, TRANSITIONS};

use crate::{Config, Group, Kind, Schedule, SendError, Sent, SessionStats, SourceStats, Symmetric, Timer};

/// One participant of one RTP session: sends and receives data, reports on it, and knows who else is there.
///
/// The drain contract: give one input or call one command, then [`poll`](Machine::poll) until `None`, then wait for the
/// next input or the [`deadline`](Machine::deadline). Datagrams are told apart by the local address they came in on:
/// [`Config::local_rtp`] or [`Config::local_rtcp`], or by their second byte when both are the same.
///
/// See the crate documentation for an example.
#[derive(Debug)]
pub struct Session {
    config: Config,
    rng: Rng,
    now: Instant,
    own: Own,
    members: Members,
    conflicts: Conflicts,
    timer: Timer,
    /// When the last two reports went out, newest first.
    reported: [Option<Instant>; 2],
    /// How many reports went out: paces the optional items.
    reports: u64,
    /// The source whose turn it is in reports that cannot hold all.
    turn: u32,
    phase: Phase,
    /// What to say in the phase [`Phase::Leaving`].
    farewell: Option<Farewell>,
    latched: Latched,
    queue: VecDeque<Output<Event>>,
    /// Counters, and what sources that are gone had sent.
    stats: SessionStats,
}

/// A goodbye that waits in a large group; counts the goodbyes of others.
#[derive(Debug)]
struct Farewell {
    reason: String,
    members: usize,
}

/// Which of the remote addresses have been fixed to where packets come from.
#[derive(Debug, Default)]
struct Latched {
    rtp: bool,
    rtcp: bool,
}

impl Session {
    /// Joins a session at `now`. Nothing is sent until the first report is due or [`Session::send`] is called.
    pub fn new(now: Instant, config: Config, mut rng: Rng) -> Session {
        let mut own = Own::new(&mut rng, |_| false);
        own.ssrc = config.ssrc.unwrap_or(own.ssrc);
        let schedule = Schedule {
            //= rfc3550#6.2/same-constants MUST
            //# The recommended constants are fixed here and in Schedule; only the minimum and the bandwidth are settings.
            //= rfc3550#6.2/rtcp-fraction SHOULD
            //# RTCP gets 5 % of the session bandwidth, in bytes a second.
            rtcp_bandwidth: f64::from(config.bandwidth) / 8.0 * 0.05,
            sender_share: 0.25,
            minimum: config.report_interval.max(Duration::from_millis(10)), // a driver must not spin
        };
        // An empty receiver report and a description with our name.
        let size = 8 + 8 + 2 + config.cname_item().value.len() + 1 + lower_layers(config.local_rtcp);
        let timer = Timer::new(now, schedule, size, rng.split());
        Session {
            members: Members::new(config.max_sources),
            own,
            rng,
            now,
            conflicts: Conflicts::default(),
            timer,
            reported: [None; 2],
            reports: 0,
            turn: 0,
            phase: Phase::Initial,
            farewell: None,
            latched: Latched::default(),
            queue: VecDeque::new(),
            stats: SessionStats::default(),
            config,
        }
    }

    /// Sends one data packet. `advance` is how many ticks of the payload's clock lie between the first sample of the
    /// packet before and that of this one: the samples in that packet while the stream runs, more after a silence, 0
    /// for a packet of the same instant (the next update of a telephone event). The first packet ignores it.
    ///
    /// # Errors
    /// [`SendError`]; nothing was sent and no number used up.
    //= rfc3550#5.1/change-type MAY
    //# Each packet has its own, one of those that are bound.
    pub fn send(
        &mut self,
        now: Instant,
        payload: Bytes,
        payload_type: u8,
        advance: u32,
        marker: bool,
    ) -> Result<(), SendError> {
        let now = self.advance_to(now);
        if !self.takes_part() {
            return Err(SendError::Left);
        }
        let allowed = !self.is_mux() || Kind::allows(payload_type);
        let Some(clock_rate) = self.config.clock_rates.of(payload_type).filter(|_| allowed) else {
            return Err(SendError::UnknownPayloadType(payload_type));
        };
        let remote = self.config.remote_rtp.ok_or(SendError::NoRemote)?;
        if payload.len() > self.config.max_payload {
            return Err(SendError::TooLong);
        }
        if self.queue.len() >= self.config.max_queue {
            return Err(SendError::NotDrained);
        }
        self.stats.sent.packets += 1;
        self.stats.sent.bytes += payload.len() as u64;
        self.own.clock_rate = clock_rate;
        let packet = self.own.packet(now, payload, payload_type, advance, marker);
        self.transmit(self.config.local_rtp, remote, packet.to_bytes());
        Ok(())
    }

    /// Sets where to send to, as an answer or a re-offer says. With [`Symmetric`] the choice is open again: the next
    /// source that proves itself fixes it.
    pub fn set_remote(&mut self, rtp: Option<SocketAddr>, rtcp: Option<SocketAddr>) {
        self.config.remote_rtp = rtp;
        self.config.remote_rtcp = rtcp;
        self.latched = Latched::default();
    }

    /// Sets or forgets the clock rate in Hz of a payload type.
    pub fn set_payload_type(&mut self, payload_type: u8, clock_rate: Option<u32>) {
        self.config.clock_rates.set(payload_type, clock_rate);
    }

    /// Our SSRC. It changes with [`Event::Collision`].
    pub fn ssrc(&self) -> u32 {
        self.own.ssrc
    }

    /// The timestamp of the packet sent last, or that of the first one to come.
    pub fn timestamp(&self) -> u32 {
        self.own.timestamp
    }

    /// Where RTP goes.
    pub fn remote_rtp(&self) -> Option<SocketAddr> {
        self.config.remote_rtp
    }

    /// Where RTCP goes.
    pub fn remote_rtcp(&self) -> Option<SocketAddr> {
        self.config.remote_rtcp
    }

    /// Participants that are believed to exist, oneself included while joined, and how many of them sent data lately.
    pub fn group(&self) -> Group {
        if let Some(Farewell { members, .. }) = self.farewell {
            return Group { members, senders: 0, we_sent: false };
        }
        let we_sent = self.we_sent();
        Group { members: self.members.count() + 1, senders: self.members.senders() + usize::from(we_sent), we_sent }
    }

    /// What was counted so far.
    pub fn stats(&self) -> SessionStats {
        let mut stats = SessionStats { ssrc: self.own.ssrc, ..self.stats.clone() };
        for (ssrc, member) in self.members.iter() {
            let received = member.received();
            stats.received.add(&received);
            if member.is_valid() || member.left.is_some() {
                let (cname, round_trip) = (member.cname.clone(), member.round_trip);
                stats.sources.push(SourceStats { ssrc, cname, received, round_trip });
            }
            if let Some(report) = &member.report {
                add_report(&mut stats.sent, report, self.own.clock_rate);
            }
            stats.sent.round_trip = stats.sent.round_trip.max(member.round_trip);
        }
        stats
    }

    /// How far it is in the timing of RTCP.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// Whether it has not begun to leave.
    fn takes_part(&self) -> bool {
        matches!(self.phase, Phase::Initial | Phase::Regular)
    }

    /// Whether RTP and RTCP share a port.
    fn is_mux(&self) -> bool {
        self.config.local_rtp == self.config.local_rtcp
    }

    fn advance_to(&mut self, now: Instant) -> Instant {
        self.now = self.now.max(now);
        self.now
    }

    fn transmit(&mut self, local: SocketAddr, remote: SocketAddr, data: Bytes) {
        if self.queue.len() < self.config.max_queue {
            self.queue.push_back(Output::Transmit(Transmit::Datagram { local, remote, data }));
        } else {
            self.stats.outputs_dropped += 1;
        }
    }

    fn event(&mut self, event: Event) {
        if self.queue.len() < self.config.max_queue {
            self.queue.push_back(Output::Event(event));
        } else {
            self.stats.outputs_dropped += 1;
        }
    }

    fn dropped(&mut self, remote: SocketAddr, reason: DropReason) {
        self.stats.dropped += 1;
        self.event(Event::Dropped { remote, reason });
    }

    /// Whether data went out within the last two report intervals.
    //= rfc3550#6.3.8/we-sent MUST
    //# True from a data packet until two calculated intervals have passed without one.
    fn we_sent(&self) -> bool {
        self.own.sent.is_some_and(|sent| match self.reported[1] {
            Some(before_last) => sent >= before_last,
            None => true,
        })
    }

    /// Which socket a datagram came in on, and what it therefore is.
    //= rfc3550#6/separate MUST
    //# Two sockets, or one whose packets are told apart by type.
    //= rfc5761#5.1/demultiplex MUST
    //# With one port for both the second byte decides; with two ports the socket does.
    fn flow(&self, local: SocketAddr, data: &[u8]) -> Option<Flow> {
        if self.is_mux() && local == self.config.local_rtp {
            return match Kind::of(data) {
                Kind::Rtp => Some(Flow::Rtp),
                Kind::Rtcp => Some(Flow::Rtcp),
                Kind::Other => None,
            };
        }
        match local {
            l if l == self.config.local_rtp => Some(Flow::Rtp),
            l if l == self.config.local_rtcp => Some(Flow::Rtcp),
            _ => None,
        }
    }
}

impl Machine for Session {
    type Event = Event;

    fn handle(&mut self, now: Instant, input: Input) {
        let now = self.advance_to(now);
        match input {
            Input::Datagram { local, remote, data } => match self.flow(local, &data) {
                _ if self.phase == Phase::Left => self.stats.dropped += 1,
                Some(Flow::Rtp) => self.receive_rtp(now, remote, data),
                Some(Flow::Rtcp) => self.receive_rtcp(now, remote, data),
                None => self.dropped(remote, DropReason::NotOurs),
            },
            Input::Time => {}
            // Streams, lookups and ICMP errors mean nothing here: losses are what reports are for.
            _ => {}
        }
        if self.deadline().is_some_and(|deadline| deadline <= now) {
            self.timer_expired(now);
        }
    }

    fn poll(&mut self) -> Option<Output<Event>> {
        self.queue.pop_front()
    }

    fn deadline(&self) -> Option<Instant> {
        (self.phase != Phase::Left).then(|| self.timer.deadline())
    }
}

/// Takes what a peer reported about us into what we know about our sending.
fn add_report(sent: &mut Sent, report: &crate::rtcp::ReportBlock, clock_rate: u32) {
    sent.lost += i64::from(report.lost);
    sent.fraction_lost = sent.fraction_lost.max(f64::from(report.fraction_lost) / 256.0);
    let nanos = u64::from(report.jitter).saturating_mul(1_000_000_000).checked_div(u64::from(clock_rate));
    sent.jitter = sent.jitter.max(Duration::from_nanos(nanos.unwrap_or(0)));
}

/// Bytes of UDP and IP headers, which count as RTCP bandwidth.
//= rfc3550#6.2/lower-layers MUST
//# Sizes in the average include 8 bytes of UDP and 20 of IPv4 or 40 of IPv6.
fn lower_layers(address: SocketAddr) -> usize {
    if address.is_ipv6() { 48 } else { 28 }
}
