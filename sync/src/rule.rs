//! Who may write: the rule of the old programs, and the stamp that a write gets under it.

use serializer::Id;

use crate::{Error, FIRST_SEQUENCE, LEASE, SECOND, Stamp};

/// Whether a key belongs, for a while, to whoever wrote it: the one choice that all nodes of a network share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// With leases: a key can be written by another node only an hour after its owner's last write.
    pub leasing: bool,
}

/// A write that looks for its stamp.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    /// Who writes.
    pub owner: &'a Id,
    /// When, in Unix seconds.
    pub time: u64,
    /// Whether only some fields are written.
    pub delta: bool,
    /// The start of the SHA-256 of what is written.
    pub check: u64,
}

/// What stands at a key already, as far as the rule looks at it.
#[derive(Clone, Copy, Debug)]
pub struct Standing<'a> {
    /// Of the last write.
    pub top: &'a Stamp,
    /// Of the last whole value.
    pub base: Option<&'a Stamp>,
    /// Whether there is no value any more.
    pub deleted: bool,
}

impl Rule {
    /// The stamp for a live write without a mark, or why it is refused. It is accepted when the total order says so,
    /// and also when the old rule does: those programs decide in the order of arrival, so a write that all of them
    /// accept here and now has to outrank what stands.
    ///
    /// # Errors
    /// [`Error::Leased`] or [`Error::Stale`].
    //= p2p#3.9/accept MUST
    //# The natural stamp decides; where the old rule accepts a write that it would not, the write outranks what stands.
    pub fn stamp(self, claim: Claim<'_>, standing: Option<Standing<'_>>) -> Result<Stamp, Error> {
        let natural = self.natural(claim, standing, true);
        let Some(standing) = standing else { return Ok(natural) };
        let top = standing.top;
        let mine = top.owner == *claim.owner;
        if mine && (top.time, top.check) == (claim.time, claim.check) {
            return Err(Error::Stale); // this very write, which a repair was faster to bring
        }
        if natural > *top {
            return Ok(natural);
        }
        if self.accepts(claim, standing) {
            return Ok(self.outranking(natural, standing));
        }
        // A late delta: each of its fields has a rank of its own. Under a lease only the holder's are late.
        if claim.delta && (mine || !self.leasing) && Some(&natural) > standing.base {
            return Ok(natural);
        }
        Err(self.refusal(claim, standing))
    }

    /// The stamp of a write that a state transfer tells of. Nothing is known about its order of arrival, so only the
    /// total order counts, and it is not taken for a second write of its second.
    pub fn transferred(self, claim: Claim<'_>, standing: Option<Standing<'_>>) -> Stamp {
        self.natural(claim, standing, false)
    }

    /// The stamp for a write of this node's own, which outranks what stands, or why the old rule refuses it.
    ///
    /// # Errors
    /// [`Error::Leased`] or [`Error::Stale`].
    //= p2p#3.9/local-refusal MUST
    //# A writer here learns who holds the lease and until when; nothing is sent.
    pub fn own(self, claim: Claim<'_>, standing: Option<Standing<'_>>) -> Result<Stamp, Error> {
        let mut natural = self.natural(claim, standing, false);
        let Some(standing) = standing else { return Ok(natural) };
        let top = standing.top;
        let mine = top.owner == *claim.owner;
        let always = mine || (claim.delta && !self.leasing);
        if !always && !self.accepts(claim, standing) {
            return Err(self.refusal(claim, standing));
        }
        //= wireworks#2.2/sequence MUST
        //# The second write of a second carries the next number, so it differs from the first even with the same value.
        if mine && top.time == claim.time && natural.term == top.term {
            natural.sequence = top.sequence.max(FIRST_SEQUENCE - 1).saturating_add(1);
        }
        Ok(if natural > *top { natural } else { self.outranking(natural, standing) })
    }

    /// The old rule of acceptance, between different owners and for an owner's later writes.
    fn accepts(self, claim: Claim<'_>, standing: Standing<'_>) -> bool {
        let top = standing.top;
        if claim.time < top.time {
            return false; // late: an owner's earlier write is not to replace its later one
        }
        //= p2p#3.9/tie MUST
        //# A write of the same second is accepted from the smaller id, whoever holds the lease.
        standing.deleted // the old programs forget the owner together with the value
            || top.owner == *claim.owner
            || claim.time > top.time.saturating_add(LEASE)
            || (claim.time == top.time && top.owner > *claim.owner)
            || (!self.leasing && (claim.time > top.time || claim.delta))
    }

    /// What the write is when nothing disputes it.
    fn natural(self, claim: Claim<'_>, standing: Option<Standing<'_>>, count: bool) -> Stamp {
        let fresh = |term, since| {
            let (owner, time, check) = (claim.owner.clone(), claim.time, claim.check);
            Stamp { term, since, owner, time, sequence: 0, check }
        };
        let Some(Standing { top, deleted, .. }) = standing else {
            return if self.leasing { fresh(0, claim.time) } else { fresh(claim.time, SECOND) };
        };
        let mine = top.owner == *claim.owner;
        let lapsed = claim.time > top.time.saturating_add(LEASE);
        let mut stamp = match self.leasing {
            //= p2p#3.9/lapse MUST
            //# An hour after the last write the next one opens a new term, which outranks everything in the old one.
            true if lapsed || (deleted && !mine && claim.time > top.time) => {
                fresh(top.term.saturating_add(1), claim.time)
            }
            true if mine => fresh(top.term, top.since),
            true => fresh(top.term, claim.time),
            false if mine && claim.time == top.time => fresh(top.term, top.since),
            false => fresh(claim.time, SECOND),
        };
        // A write without a number, after others of its owner in the same second: an old program's later write, unless
        // those had numbers, so that this one is the first and merely late.
        if count && mine && claim.time == top.time && stamp.term == top.term && top.sequence < FIRST_SEQUENCE - 1 {
            stamp.sequence = top.sequence + 1;
        }
        stamp
    }

    /// The same write with a rank above everything that stands.
    fn outranking(self, mut stamp: Stamp, standing: Standing<'_>) -> Stamp {
        let top = standing.top;
        if self.leasing {
            (stamp.term, stamp.since) = (top.term.saturating_add(1), stamp.time);
        } else if let Some(since) = top.since.checked_sub(1) {
            (stamp.term, stamp.since) = (top.term, since);
        } else {
            (stamp.term, stamp.since) = (top.term.saturating_add(1), SECOND);
        }
        stamp
    }

    fn refusal(self, claim: Claim<'_>, standing: Standing<'_>) -> Error {
        if !self.leasing || standing.deleted || standing.top.owner == *claim.owner {
            return Error::Stale;
        }
        Error::Leased { owner: standing.top.owner.clone(), until: standing.top.time.saturating_add(LEASE) }
    }

    /// Whether a stamp that came with a repair or a mark can be right at all, `horizon` being the latest time believed.
    pub fn plausible(self, stamp: &Stamp, horizon: u64) -> bool {
        let since = if self.leasing { stamp.since <= horizon } else { stamp.since <= SECOND };
        stamp.time <= horizon && stamp.term <= horizon && since
    }
}
