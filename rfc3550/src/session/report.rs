use bytes::Bytes;
use wire::Instant;

use super::{Event, Farewell, Leave, Session, Stimulus, lower_layers};
use crate::NtpTime;
use crate::ntp::to_units;
use crate::rtcp::{
    Chunk, Compound, Goodbye, Item, ItemType, Packet, ReceiverReport, ReportBlock, SenderReport, SourceDescription,
};

/// Above this many members a goodbye waits its turn: RFC 3550 section 6.3.7.
const BACKOFF_MEMBERS: usize = 50;

/// Bytes of a report block, and those of headers that a compound packet holds beside blocks and items: sender report
/// (28), second receiver report (8), description (8) and room for a goodbye.
const BLOCK: usize = 24;
const HEADERS: usize = 28 + 8 + 8 + 4;

impl Session {
    /// Leaves the session: the goodbye goes out at once, or in a group of more than 50 after a back-off, or not at all
    /// when nothing was ever sent. [`Event::Left`] tells when it is over. `reason` is cut to 255 bytes; it may be empty.
    //= rfc3550#6.3.7/never-sent MUST NOT
    //# Who sent neither data nor a report leaves without a word.
    //= rfc3550#6.3.7/small MAY
    //# In a group of 50 or less the goodbye goes out at once.
    //= rfc3550#6.6/reason MAY
    //# The text, unless it is empty.
    pub fn leave(&mut self, now: Instant, reason: &str) {
        let now = self.advance_to(now);
        let on = match self.group().members {
            _ if !self.own.spoke => Stimulus::LeaveUnheard,
            0..=BACKOFF_MEMBERS => Stimulus::Leave,
            _ => Stimulus::LeaveCrowd,
        };
        match (self.step(on), on) {
            (false, _) => {}
            (true, Stimulus::LeaveUnheard) => self.event(Event::Left),
            (true, Stimulus::Leave) => self.say_goodbye(now, reason),
            (true, _) => {
                let size = self.bye(reason).map_or(0, |data| data.len()) + lower_layers(self.config.local_rtcp);
                self.timer.leave(now, size);
                self.farewell = Some(Farewell { reason: reason.to_owned(), members: 1 });
            }
        }
    }

    fn say_goodbye(&mut self, now: Instant, reason: &str) {
        self.send_bye(now, reason);
        self.event(Event::Left);
    }

    pub(super) fn timer_expired(&mut self, now: Instant) {
        if self.takes_part() {
            self.expire(now);
        }
        let is_due = self.timer.expired(now, self.group());
        let on = if is_due { Stimulus::Due } else { Stimulus::TooEarly };
        if !self.step(on) || !is_due {
            return;
        }
        match self.farewell.take() {
            None => self.send_report(now),
            Some(Farewell { reason, .. }) => self.say_goodbye(now, &reason),
        }
    }

    /// Forgets who has been silent for too long.
    //= rfc3550#6.3.5/each-interval MUST
    //# Called at every expiry of the timer, which comes at least once an interval.
    //= rfc3550#6.3.5/timeout MUST
    //# The multiplier, five, times Td without a packet ends a membership.
    //= rfc3550#6.3.5/sender-timeout MUST
    //# Two intervals without data take a source out of the sender table.
    fn expire(&mut self, now: Instant) {
        let group = self.group();
        let interval = self.timer.timeout_interval(group);
        let before = now - interval * self.config.timeout_multiplier;
        let senders_before = now - 2 * interval;
        for (_, member) in self.members.iter_mut() {
            member.sender &= member.rtp_heard.is_some_and(|heard| heard >= senders_before);
        }
        let mut gone = Vec::new();
        let received = &mut self.stats.received;
        self.members.expire(before, |ssrc, member| {
            received.add(&member.received());
            if member.is_valid() {
                gone.push(ssrc);
            }
        });
        self.conflicts.expire(now - 10 * interval);
        for ssrc in gone {
            self.event(Event::SourceLeft { ssrc, leave: Leave::Timeout });
        }
        //= rfc3550#6.3.5/reverse SHOULD
        //# Timeouts bring the next report nearer, as goodbyes do.
        self.shrunk(now);
    }

    //= rfc3550#6.1/once SHOULD
    //# One compound packet each time the timer says so, and none in between but a goodbye.
    //= rfc3550#6.1/compound MUST
    //# A report and a description at least.
    fn send_report(&mut self, now: Instant) {
        let description = self.description();
        let packets = self.reports(now, &description);
        let compound = Compound { packets, padding: 0 };
        self.reports += 1;
        // Every part is within its limits, so that encoding cannot fail; if it did, the report would only be skipped.
        let data = compound.to_bytes().unwrap_or_default();
        let size = data.len() + lower_layers(self.config.local_rtcp);
        self.send_rtcp(data);
        self.reported = [Some(now), self.reported[0]];
        let group = self.group();
        self.timer.sent(now, size, group);
    }

    /// Sends feedback at once, in a compound of its own: a request for a key frame, for one. Whoever calls this keeps
    /// pauses between such packets. False when there is nobody to send it to.
    //= rfc3550#6.1/any-order MAY
    //# It follows the description.
    //= rfc4585#3.1/compound MUST
    //# After a report and the description, like everything else in RTCP.
    //= rfc4585#3.1/cname MUST
    //# The description always has it.
    //= rfc4585#3.1/behind MUST
    //# Pushed last.
    //= rfc4585#3.1/with-others MAY
    //# It brings the reports that a regular packet would.
    //= rfc4585#3.1/full-early MAY
    //# These packets are full ones.
    //= rfc5104#4.3.1.3/early MAY
    //# Whatever the feedback is.
    //= rfc4585#3.3/immediate SHOULD
    //# At once; the next regular report stays where it was, since the caller's pauses bound the rate.
    pub fn send_feedback(&mut self, now: Instant, feedback: Packet) -> bool {
        let now = self.advance_to(now);
        if !self.takes_part() || self.config.remote_rtcp.is_none() {
            return false;
        }
        let description = self.description();
        let mut packets = self.reports(now, &description);
        packets.push(feedback);
        let data = Compound { packets, padding: 0 }.to_bytes().unwrap_or_default();
        let has_data = !data.is_empty();
        self.send_rtcp(data);
        has_data
    }

    //= rfc3550#11/reports-to-peer MUST
    //# To remote_rtcp, which signalling sets.
    fn send_rtcp(&mut self, data: Bytes) {
        if let Some(remote) = self.config.remote_rtcp.filter(|_| !data.is_empty()) {
            self.own.spoke = true;
            self.stats.rtcp_sent += 1;
            self.transmit(self.config.local_rtcp, remote, data);
        }
    }

    /// The packets of a compound: one or two reports, then the description.
    //= rfc3550#6.1/report MUST
    //# There is no compound packet without this call.
    //= rfc3550#6.1/order MUST
    //# Reports first, then a description with our CNAME.
    //= rfc3550#12.1/starts-with-report MUST
    //# 200 or 201, by whether we sent.
    //= rfc3550#6.1/empty-report MUST
    //# Without blocks the report is still there.
    //= rfc3550#6.4.2/empty MUST
    //# As RR when we did not send.
    //= rfc3550#6.4/report-kind MUST
    //# SR when data went out since the report before last, RR otherwise.
    fn reports(&mut self, now: Instant, description: &SourceDescription) -> Vec<Packet> {
        let ssrc = self.own.ssrc;
        let mut blocks = self.blocks(now, description);
        //= rfc3550#6.1/more-reports SHOULD
        //# One more packet of blocks, which is all that fits into the largest compound packet.
        //= rfc3550#6.4/stack SHOULD
        //# Blocks beyond 31 go into a receiver report after the first.
        let more = if blocks.len() > 31 { blocks.split_off(31) } else { Vec::new() };
        let mut packets = Vec::with_capacity(3);
        packets.push(if self.we_sent() {
            let info = self.own.info(now, NtpTime::at(self.config.epoch, now));
            Packet::SenderReport(SenderReport { ssrc, info, reports: blocks, extension: Bytes::new() })
        } else {
            Packet::ReceiverReport(ReceiverReport { ssrc, reports: blocks, extension: Bytes::new() })
        });
        if !more.is_empty() {
            packets.push(Packet::ReceiverReport(ReceiverReport { ssrc, reports: more, extension: Bytes::new() }));
        }
        packets.push(Packet::SourceDescription(description.clone()));
        packets
    }

    /// A block for each source heard since its last one, as many as fit.
    //= rfc3550#6.1/subset SHOULD
    //# Config::max_rtcp is the MTU less lower headers.
    //= rfc3550#6.1/round-robin SHOULD
    //# Starting where the last report ended.
    //= rfc3550#6.4/subset SHOULD
    //# The number of blocks is what that leaves beside headers and items.
    //= rfc3550#6.4/round-robin SHOULD
    //# Sources that do not fit into the largest packet keep their turn for the next report.
    fn blocks(&mut self, now: Instant, description: &SourceDescription) -> Vec<ReportBlock> {
        let items: usize = description.chunks.iter().flat_map(|c| &c.items).map(|item| 2 + item.value.len()).sum();
        let room = self.config.max_rtcp.saturating_sub(HEADERS + items) / BLOCK;
        let mut blocks = Vec::new();
        for ssrc in self.members.in_turn(self.turn) {
            let Some(member) = self.members.member_mut(ssrc).filter(|m| m.left.is_none()) else { continue };
            let last_sr = member.last_sr;
            let Some(source) = member.source.as_mut().filter(|s| s.heard_since_report()) else { continue };
            if blocks.len() == room.min(62) {
                self.turn = ssrc;
                break;
            }
            let mut block = source.report(ssrc);
            if let Some((middle, at, _)) = last_sr {
                block.last_sr = middle;
                block.delay_since_last_sr = to_units(now - at);
            }
            blocks.push(block);
        }
        blocks
    }

    /// Our CNAME, and in every third report one of the other items.
    //= rfc3550#6.5.1/cname MUST
    //# Every compound packet carries it, the one with a goodbye included.
    fn description(&self) -> SourceDescription {
        let mut items = vec![self.config.cname_item()];
        if self.reports.is_multiple_of(3) {
            items.extend(self.other_item(self.reports / 3).cloned());
        }
        SourceDescription { chunks: vec![Chunk { ssrc: self.own.ssrc, items }] }
    }

    /// The optional item whose turn it is.
    //= rfc3550#6.3.9/twenty-percent SHOULD
    //# A short item in one report of three stays below a fifth; long ones are the caller's choice.
    //= rfc3550#6.3.9/item-bandwidth SHOULD
    //# One optional item in every third report: the name seven times of eight, the others in turn at the eighth.
    fn other_item(&self, slot: u64) -> Option<&Item> {
        let fits = |item: &&Item| item.kind != ItemType::Cname && item.value.len() <= 255;
        let name = self.config.items.iter().filter(fits).find(|item| item.kind == ItemType::Name);
        let others: Vec<&Item> = self.config.items.iter().filter(fits).filter(|i| i.kind != ItemType::Name).collect();
        let turn = match name {
            Some(name) if slot % 8 != 7 || others.is_empty() => return Some(name),
            Some(_) => slot / 8,
            None => slot,
        };
        others.get((turn % (others.len().max(1) as u64)) as usize).copied()
    }

    /// Sends a goodbye for the SSRC of now.
    pub(super) fn send_bye(&mut self, _now: Instant, reason: &str) {
        if let Some(data) = self.bye(reason) {
            self.send_rtcp(data);
        }
    }

    //= rfc3550#6.1/bye-last SHOULD
    //# Last in its compound, after an empty report and the description.
    fn bye(&self, reason: &str) -> Option<Bytes> {
        let ssrc = self.own.ssrc;
        let mut end = reason.len().min(255);
        while !reason.is_char_boundary(end) {
            end -= 1;
        }
        let reason = reason.get(..end).filter(|r| !r.is_empty()).map(|r| Bytes::copy_from_slice(r.as_bytes()));
        let cname = SourceDescription { chunks: vec![Chunk { ssrc, items: vec![self.config.cname_item()] }] };
        let packets = vec![
            Packet::ReceiverReport(ReceiverReport { ssrc, ..ReceiverReport::default() }),
            Packet::SourceDescription(cname),
            Packet::Goodbye(Goodbye { sources: vec![ssrc], reason }),
        ];
        Compound { packets, padding: 0 }.to_bytes().ok()
    }
}
