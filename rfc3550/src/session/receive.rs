use std::net::SocketAddr;

use bytes::Bytes;
use wire::Instant;

use super::own::{Flow, Own};
use super::{DropReason, Event, Leave, Phase, Session, Stimulus, Symmetric, lower_layers};
use crate::rtcp::{self, Compound, ItemType, ReportBlock, SenderInfo};
use crate::{NtpTime, Packet, Source, Validity};

impl Session {
    pub(super) fn receive_rtp(&mut self, now: Instant, remote: SocketAddr, data: Bytes) {
        match self.try_rtp(now, remote, data) {
            Ok(()) => {}
            Err(reason) => self.dropped(remote, reason),
        }
    }

    fn try_rtp(&mut self, now: Instant, remote: SocketAddr, data: Bytes) -> Result<(), DropReason> {
        self.admit(Flow::Rtp, remote)?;
        let packet = Packet::parse(data).map_err(DropReason::Malformed)?;
        //= rfc3550#5.1/unknown-type MUST
        //# A payload type without a clock rate is dropped before its source is looked at.
        let unknown = DropReason::UnknownPayloadType(packet.payload_type);
        self.config.clock_rates.of(packet.payload_type).ok_or(unknown)?;
        if packet.ssrc == self.own.ssrc {
            return self.own_ssrc(now, Flow::Rtp, remote);
        }
        self.check_address(now, Flow::Rtp, packet.ssrc, remote)?;
        let min_sequential = self.config.min_sequential;
        let member = self.members.entry(packet.ssrc, now).ok_or(DropReason::TooManySources)?;
        // A source that RTCP has vouched for needs no more than two packets in sequence.
        let needed = if member.is_valid() { min_sequential.min(2) } else { min_sequential };
        let source = member.source.get_or_insert_with(|| Source::new(packet.sequence, needed));
        let (expected, lost) = (source.expected(), source.lost());
        match source.update(packet.sequence) {
            Validity::Jump => return Err(DropReason::SequenceJump),
            Validity::Probation => {
                let in_sequence = member.held.last().is_none_or(|(p, _)| p.sequence.wrapping_add(1) == packet.sequence);
                let lost_run = !in_sequence && !member.held.is_empty();
                if !in_sequence {
                    member.held.clear();
                }
                member.held.push((packet, now)); // as many as the probation is long
                return if lost_run { Err(DropReason::Unvalidated) } else { Ok(()) };
            }
            Validity::Valid { extended, first } => {
                if first {
                    member.heard_before.expected += expected;
                    member.heard_before.lost += lost;
                }
                self.deliver(now, remote, packet, extended);
            }
        }
        Ok(())
    }

    /// A packet of a validated source, after those that waited for it.
    fn deliver(&mut self, now: Instant, remote: SocketAddr, packet: Packet, extended: u32) {
        let ssrc = packet.ssrc;
        self.latch_rtp(remote);
        if self.members.validate(ssrc) {
            self.event(Event::SourceJoined { ssrc });
        }
        let csrcs = packet.csrcs.clone();
        let Some(member) = self.members.member_mut(ssrc) else { return };
        //= rfc3550#6.3.3/sender MUST
        //# A data packet of a believed source puts it into the sender table.
        member.sender = true;
        let held = std::mem::take(&mut member.held);
        member.heard_before.expected += held.len() as u64;
        let mut earlier = held.len() as u32;
        for (packet, arrived) in held {
            self.count(packet, extended.wrapping_sub(earlier), arrived);
            earlier -= 1;
        }
        self.count(packet, extended, now);
        //= rfc3550#6.3.3/csrc MUST
        //# Each contributing source of a valid packet gets an entry and counts as a member.
        for csrc in csrcs.as_slice() {
            let contributes = *csrc != self.own.ssrc && *csrc != ssrc;
            if let Some(member) = self.members.entry(*csrc, now).filter(|_| contributes) {
                member.heard = now;
                if self.members.validate(*csrc) {
                    self.event(Event::SourceJoined { ssrc: *csrc });
                }
            }
        }
    }

    fn count(&mut self, packet: Packet, extended: u32, arrived: Instant) {
        let clock_rate = self.config.clock_rates.of(packet.payload_type).unwrap_or(0);
        if let Some(member) = self.members.member_mut(packet.ssrc) {
            member.heard_before.packets += 1;
            member.heard_before.bytes += packet.payload.len() as u64;
            if let Some(source) = &mut member.source {
                source.arrival(packet.timestamp, clock_rate, arrived);
            }
        }
        self.event(Event::Rtp { packet, extended, arrived });
    }

    /// Whether a packet from that address may be looked at, while the session follows one address.
    fn admit(&self, flow: Flow, remote: SocketAddr) -> Result<(), DropReason> {
        let (latched, configured) = match flow {
            Flow::Rtp => (self.latched.rtp, self.config.remote_rtp),
            Flow::Rtcp => (self.latched.rtcp, self.config.remote_rtcp),
        };
        let admitted = match self.config.symmetric {
            Symmetric::Off => true,
            _ if latched => configured == Some(remote),
            // RTCP comes from the host that RTP was fixed to, or waits for that.
            Symmetric::AnyHost if flow == Flow::Rtcp && self.latched.rtp => same_host(self.config.remote_rtp, remote),
            Symmetric::AnyHost => true,
            Symmetric::SameHost => same_host(configured, remote),
        };
        if admitted { Ok(()) } else { Err(DropReason::ForeignAddress) }
    }

    fn latch_rtp(&mut self, remote: SocketAddr) {
        if self.config.symmetric == Symmetric::Off || self.latched.rtp {
            return;
        }
        self.latched.rtp = true;
        let moved = self.config.remote_rtp.replace(remote) != Some(remote);
        if self.is_mux() {
            self.latched.rtcp = true;
            self.config.remote_rtcp = Some(remote);
        }
        if moved {
            self.event(Event::Latched { remote });
        }
    }

    fn latch_rtcp(&mut self, remote: SocketAddr) {
        if self.config.symmetric != Symmetric::Off && self.latched.rtp && !self.latched.rtcp {
            self.latched.rtcp = true;
            self.config.remote_rtcp = Some(remote);
        }
    }

    /// Compares the address a source was first heard from with that of a packet: section 8.2.
    //= rfc3550#8.2/detect MUST
    //# Every SSRC is looked up with its transport address, kept apart for RTP and RTCP; a mismatch drops the element.
    fn check_address(&mut self, now: Instant, flow: Flow, ssrc: u32, remote: SocketAddr) -> Result<(), DropReason> {
        let timeout = self.config.address_timeout;
        let member = self.members.entry(ssrc, now).ok_or(DropReason::TooManySources)?;
        if member.left.is_some() {
            return Err(DropReason::AfterBye);
        }
        let (address, heard) = match flow {
            Flow::Rtp => (&mut member.rtp_address, &mut member.rtp_heard),
            Flow::Rtcp => (&mut member.rtcp_address, &mut member.rtcp_heard),
        };
        //= rfc3550#8.2/address-change SHOULD
        //# A new address takes over a source whose old address has been silent for the address timeout.
        //= rfc3550#8.2/flip-flop SHOULD
        //# That silence is what keeps two live addresses from taking turns: the first one stays.
        let silent = heard.is_none_or(|heard| now - heard >= timeout);
        if *address.get_or_insert(remote) != remote && !silent {
            return Err(DropReason::ThirdParty);
        }
        *address = Some(remote);
        *heard = Some(now);
        member.heard = now;
        Ok(())
    }

    /// Somebody sent our own SSRC: a loop of our packets, or a collision.
    //= rfc3550#8.2/prepared MUST
    //# Every SSRC of data, reports, descriptions and goodbyes is compared with our own.
    //= rfc3550#8.2/collision MUST
    //# The first packet from an address says goodbye to the old SSRC and draws a new one; later ones are only marked.
    fn own_ssrc(&mut self, now: Instant, flow: Flow, remote: SocketAddr) -> Result<(), DropReason> {
        let own_address = match flow {
            Flow::Rtp => self.config.local_rtp,
            Flow::Rtcp => self.config.local_rtcp,
        };
        if remote == own_address || self.conflicts.heard(now, flow, remote) {
            return Err(DropReason::OwnLoop);
        }
        self.conflicts.add(now, flow, remote, self.config.max_conflicts);
        self.stats.collisions += 1;
        let old = self.own.ssrc;
        if self.own.spoke {
            self.send_bye(now, "SSRC collision");
        }
        //= rfc3550#8.2/look-up SHOULD
        //# Against the table and the number that collided.
        //= rfc3550#8.2/new-ssrc MUST
        //# Drawn again while the table holds it.
        //= rfc3550#6.4.1/reset-packets SHOULD
        //# A fresh stream begins: counts at zero, sequence number and timestamp drawn anew.
        //= rfc3550#6.4.1/reset-octets SHOULD
        //# As above; the statistics of the session go on.
        let members = &self.members;
        self.own = Own { spoke: self.own.spoke, ..Own::new(&mut self.rng, |n| n == old || members.contains(n)) };
        self.reported = [None; 2];
        if let Some(member) = self.members.entry(old, now) {
            match flow {
                Flow::Rtp => member.rtp_address = Some(remote),
                Flow::Rtcp => member.rtcp_address = Some(remote),
            }
        }
        self.event(Event::Collision { old, new: self.own.ssrc });
        Ok(())
    }

    pub(super) fn receive_rtcp(&mut self, now: Instant, remote: SocketAddr, data: Bytes) {
        if let Err(reason) = self.admit(Flow::Rtcp, remote) {
            return self.dropped(remote, reason);
        }
        let size = data.len() + lower_layers(remote);
        let compound = match Compound::parse(data) {
            Ok(compound) => compound,
            Err(error) => return self.dropped(remote, DropReason::Malformed(error)),
        };
        self.stats.rtcp_received += 1;
        self.latch_rtcp(remote);
        let is_bye = compound.packets.iter().any(|p| matches!(p, rtcp::Packet::Goodbye(_)));
        if is_bye || self.phase != Phase::Leaving {
            self.timer.average(size);
        }
        if let Err(reason) = self.take_compound(now, remote, &compound) {
            self.dropped(remote, reason);
        }
        self.event(Event::Rtcp { remote, compound });
    }

    /// Takes in every element; the last reason why one was left out, if one was.
    fn take_compound(&mut self, now: Instant, remote: SocketAddr, compound: &Compound) -> Result<(), DropReason> {
        let mut result = Ok(());
        for packet in &compound.packets {
            let taken = match packet {
                rtcp::Packet::SenderReport(r) => self.take_report(now, remote, r.ssrc, Some(&r.info), &r.reports),
                rtcp::Packet::ReceiverReport(r) => self.take_report(now, remote, r.ssrc, None, &r.reports),
                rtcp::Packet::SourceDescription(description) => self.take_description(now, remote, description),
                rtcp::Packet::Goodbye(bye) => self.take_bye(now, remote, bye),
                rtcp::Packet::App(app) => self.touch(now, remote, app.ssrc),
                rtcp::Packet::Other(_) => Ok(()),
            };
            result = result.and(taken);
        }
        result
    }

    /// An RTCP element of that source came from that address.
    fn touch(&mut self, now: Instant, remote: SocketAddr, ssrc: u32) -> Result<(), DropReason> {
        if ssrc == self.own.ssrc {
            return self.own_ssrc(now, Flow::Rtcp, remote);
        }
        self.check_address(now, Flow::Rtcp, ssrc, remote)
    }

    fn take_report(
        &mut self,
        now: Instant,
        remote: SocketAddr,
        ssrc: u32,
        info: Option<&SenderInfo>,
        blocks: &[ReportBlock],
    ) -> Result<(), DropReason> {
        self.touch(now, remote, ssrc)?;
        let own = self.own.ssrc;
        let ntp = NtpTime::at(self.config.epoch, now);
        let Some(member) = self.members.member_mut(ssrc) else { return Ok(()) };
        if let Some(info) = info {
            member.last_sr = Some((info.ntp.middle(), now, *info));
        }
        for block in blocks.iter().filter(|block| block.ssrc == own) {
            member.report = Some(*block);
            member.round_trip = block.round_trip(ntp).or(member.round_trip);
        }
        Ok(())
    }

    fn take_description(
        &mut self,
        now: Instant,
        remote: SocketAddr,
        description: &rtcp::SourceDescription,
    ) -> Result<(), DropReason> {
        let mut result = Ok(());
        for chunk in &description.chunks {
            let taken = self.take_chunk(now, remote, chunk);
            result = result.and(taken);
        }
        result
    }

    fn take_chunk(&mut self, now: Instant, remote: SocketAddr, chunk: &rtcp::Chunk) -> Result<(), DropReason> {
        self.touch(now, remote, chunk.ssrc)?;
        let Some(cname) = chunk.item(ItemType::Cname) else { return Ok(()) };
        let Some(member) = self.members.member_mut(chunk.ssrc) else { return Ok(()) };
        member.cname = Some(cname.clone());
        if let Some(source) = &mut member.source {
            source.vouch();
        }
        if self.members.validate(chunk.ssrc) {
            self.event(Event::SourceJoined { ssrc: chunk.ssrc });
        }
        Ok(())
    }

    //= rfc3550#6.3.4/bye MUST
    //# Each listed source leaves the member and sender counts, if the goodbye came from that source's own address.
    fn take_bye(&mut self, now: Instant, remote: SocketAddr, bye: &rtcp::Goodbye) -> Result<(), DropReason> {
        if self.step(Stimulus::Goodbye)
            && let Some(farewell) = &mut self.farewell
        {
            //= rfc3550#6.3.7/count-byes MUST NOT
            //# While waiting to leave, members counts received goodbyes and nothing else.
            farewell.members = farewell.members.saturating_add(1);
        }
        let mut result = Ok(());
        for ssrc in &bye.sources {
            if *ssrc != self.own.ssrc && !self.members.contains(*ssrc) {
                continue; // nothing to remove: no entry is made for a goodbye
            }
            let taken = self.touch(now, remote, *ssrc);
            if taken.is_ok() && *ssrc != self.own.ssrc && self.members.mark_left(*ssrc, now) {
                self.event(Event::Bye { ssrc: *ssrc, reason: bye.reason.clone() });
                self.event(Event::SourceLeft { ssrc: *ssrc, leave: Leave::Bye });
            }
            result = result.and(taken);
        }
        self.shrunk(now);
        result
    }

    /// Brings the next report nearer after members went.
    pub(super) fn shrunk(&mut self, now: Instant) {
        if self.step(Stimulus::Shrunk) {
            self.timer.shrunk(now, self.group().members);
        }
    }
}

fn same_host(configured: Option<SocketAddr>, remote: SocketAddr) -> bool {
    configured.is_some_and(|address| address.ip() == remote.ip())
}
