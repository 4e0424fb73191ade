use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use wire::Instant;

use crate::rtcp::{ReportBlock, SenderInfo};
use crate::{Packet, Received, Source};

/// The sources that were heard, oneself not included: RFC 3550 section 6.2.1. Ordered, so that a run can be replayed.
#[derive(Debug, Default)]
pub(super) struct Members {
    table: BTreeMap<u32, Member>,
    max: usize,
    valid: usize,
}

/// One source.
//= rfc3550#6.4.1/no-carry-over SHOULD NOT
//# Everything measured is kept by SSRC, so that a source under a new one starts from nothing.
#[derive(Debug)]
pub(super) struct Member {
    pub rtp_address: Option<SocketAddr>,
    pub rtcp_address: Option<SocketAddr>,
    /// Present once a data packet was heard.
    pub source: Option<Source>,
    /// Data packets that wait for the end of the probation, with their arrival.
    pub held: Vec<(Packet, Instant)>,
    valid: bool,
    pub heard: Instant,
    pub rtp_heard: Option<Instant>,
    pub rtcp_heard: Option<Instant>,
    /// In the sender table.
    pub sender: bool,
    pub cname: Option<Bytes>,
    /// The last sender report: middle of its NTP time, arrival, and all it said.
    pub last_sr: Option<(u32, Instant, SenderInfo)>,
    /// What it last reported about us, and the time to it and back.
    pub report: Option<ReportBlock>,
    pub round_trip: Option<Duration>,
    /// When it said goodbye: kept for a while so that stragglers do not bring it back.
    pub left: Option<Instant>,
    /// What was heard, with the expected and lost packets of streams before a restart only.
    pub heard_before: Received,
}

impl Member {
    /// What was heard from the source so far.
    pub fn received(&self) -> Received {
        let mut received = self.heard_before;
        if let Some(source) = &self.source {
            received.expected += source.expected();
            received.lost += source.lost();
            received.jitter = source.jitter_time();
        }
        received
    }

    fn new(now: Instant) -> Member {
        Member {
            rtp_address: None,
            rtcp_address: None,
            source: None,
            held: Vec::new(),
            valid: false,
            heard: now,
            rtp_heard: None,
            rtcp_heard: None,
            sender: false,
            cname: None,
            last_sr: None,
            report: None,
            round_trip: None,
            left: None,
            heard_before: Received::default(),
        }
    }

    /// Whether the source counts as a member.
    pub fn is_valid(&self) -> bool {
        self.valid
    }
}

impl Members {
    pub fn new(max: usize) -> Members {
        Members { table: BTreeMap::new(), max, valid: 0 }
    }

    /// The entry of `ssrc`, new if need be; `None` when the table is full of believed sources.
    //= rfc3550#6.2.1/table SHOULD
    //# One entry a source; a full table gives up the unbelieved entry heard longest ago, never a believed one.
    pub fn entry(&mut self, ssrc: u32, now: Instant) -> Option<&mut Member> {
        if !self.table.contains_key(&ssrc) && self.table.len() >= self.max {
            let (victim, _) = self.table.iter().filter(|(_, m)| !m.valid).min_by_key(|(_, m)| m.heard)?;
            let victim = *victim;
            self.table.remove(&victim);
        }
        Some(self.table.entry(ssrc).or_insert_with(|| Member::new(now)))
    }

    pub fn member_mut(&mut self, ssrc: u32) -> Option<&mut Member> {
        self.table.get_mut(&ssrc)
    }

    /// Believes the source from now on; whether that is news.
    //= rfc3550#6.3.3/members MUST
    //# An entry is made with the first packet; members counts it from here on.
    //= rfc3550#6.2.1/validity MAY
    //# A source counts after its probation in data packets, or once a CNAME came.
    pub fn validate(&mut self, ssrc: u32) -> bool {
        match self.table.get_mut(&ssrc) {
            Some(member) if !member.valid && member.left.is_none() => {
                member.valid = true;
                self.valid += 1;
                true
            }
            _ => false,
        }
    }

    /// Takes a source out of the count and leaves a mark in its place. Whether it counted.
    //= rfc3550#6.2.1/bye-mark SHOULD
    //# A goodbye marks the entry; it is deleted with the next timeout check that finds the mark old enough.
    pub fn mark_left(&mut self, ssrc: u32, now: Instant) -> bool {
        let Some(member) = self.table.get_mut(&ssrc) else { return false };
        member.left = Some(now);
        member.sender = false;
        member.held.clear();
        let counted = std::mem::take(&mut member.valid);
        self.valid -= usize::from(counted);
        counted
    }

    /// Deletes what has been silent since `before`; calls `gone` for each, with whether it counted.
    pub fn expire(&mut self, before: Instant, mut gone: impl FnMut(u32, &Member)) {
        let valid = &mut self.valid;
        self.table.retain(|ssrc, member| {
            let keep = member.left.unwrap_or(member.heard) >= before;
            if !keep {
                *valid -= usize::from(member.valid);
                gone(*ssrc, member);
            }
            keep
        });
    }

    /// Believed sources.
    pub fn count(&self) -> usize {
        self.valid
    }

    /// Sources in the sender table.
    pub fn senders(&self) -> usize {
        self.table.values().filter(|m| m.sender && m.valid).count()
    }

    pub fn iter(&self) -> impl Iterator<Item = (u32, &Member)> {
        self.table.iter().map(|(ssrc, member)| (*ssrc, member))
    }

    pub fn iter_mut(&mut self) -> impl Iterator<Item = (u32, &mut Member)> {
        self.table.iter_mut().map(|(ssrc, member)| (*ssrc, member))
    }

    /// Every source once, starting at `first`, the lower ones after the higher.
    pub fn in_turn(&self, first: u32) -> Vec<u32> {
        self.table.range(first..).chain(self.table.range(..first)).map(|(ssrc, _)| *ssrc).collect()
    }

    pub fn contains(&self, ssrc: u32) -> bool {
        self.table.contains_key(&ssrc)
    }
}
