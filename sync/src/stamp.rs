//! The rank of a write: which of two writes of a key stays, in one total order that every node computes alike.

use std::cmp::Ordering;

use bytes::Bytes;
use serializer::{Id, Value};

/// Ranks one write. Of two writes of a key the one with the greater stamp stays, wherever and in whatever order they
/// arrive; this is what lets two halves of a network agree again (extension 0x42).
///
/// Compared by `term`, then the *earlier* `since`, then the *smaller* `owner`, then `time`, `sequence` and `check`:
///
/// * with leases a term is one life of a lease that nobody could dispute. Whoever takes over a lapsed or deleted key
///   opens the next term; within a term the earlier claim wins, a same-second claim goes to the smaller id, and of one
///   owner's writes the later stays;
/// * without leases the term is the message's second, so that the later write wins, and a same-second tie goes to the
///   smaller id.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Stamp {
    /// Counts the undisputed takeovers of the key; without leases the Unix second of the write.
    pub term: u64,
    /// The Unix second in which the owner claimed the key; without leases [`SECOND`] less the times that a write of
    /// the same second was overruled.
    pub since: u64,
    /// Who wrote.
    pub owner: Id,
    /// When, in Unix seconds: the time of the message.
    pub time: u64,
    /// Orders one owner's writes within one second.
    pub sequence: u32,
    /// The start of the SHA-256 of what was written, which settles what the rest leaves open.
    pub check: u64,
}

impl Ord for Stamp {
    //= wireworks#2.1/rank MUST
    //# One comparison chain over fields that every node holds alike, so the winner does not depend on who compares.
    fn cmp(&self, other: &Stamp) -> Ordering {
        (self.term.cmp(&other.term))
            .then_with(|| other.since.cmp(&self.since))
            .then_with(|| other.owner.cmp(&self.owner))
            .then_with(|| self.time.cmp(&other.time))
            .then_with(|| self.sequence.cmp(&other.sequence))
            .then_with(|| self.check.cmp(&other.check))
    }
}

impl PartialOrd for Stamp {
    fn partial_cmp(&self, other: &Stamp) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Stamp {
    /// The part that a live message may carry after its value.
    pub fn mark(&self) -> Mark {
        Mark { term: self.term, since: self.since, sequence: self.sequence }
    }

    /// The stamp as it travels in a repair: `[owner, time, term, since, sequence, check]`.
    pub fn to_value(&self) -> Value {
        Value::Array(vec![
            self.owner.to_value(),
            Value::from(self.time),
            Value::from(self.term),
            Value::from(self.since),
            Value::from(u64::from(self.sequence)),
            Value::Bin(Bytes::copy_from_slice(&self.check.to_be_bytes())),
        ])
    }

    /// Reads what [`Stamp::to_value`] wrote; `None` for anything else.
    ///
    /// ```
    /// use serializer::Id;
    /// use sync::Stamp;
    /// let stamp = Stamp { term: 1, since: 90, owner: Id::new("2ab").unwrap(), time: 100, sequence: 0, check: 7 };
    /// assert_eq!(Stamp::from_value(&stamp.to_value()), Some(stamp));
    /// assert_eq!(Stamp::from_value(&serializer::Value::Nil), None);
    /// ```
    pub fn from_value(value: &Value) -> Option<Stamp> {
        let [owner, time, term, since, sequence, check] = value.as_array()? else { return None };
        Some(Stamp {
            owner: Id::from_value(owner).ok()?.detached(),
            time: time.as_u64()?,
            term: term.as_u64()?,
            since: since.as_u64()?,
            sequence: u32::try_from(sequence.as_u64()?).ok()?,
            check: u64::from_be_bytes(check.as_bytes()?.as_ref().try_into().ok()?),
        })
    }

    /// Appends the bytes that a digest is taken over.
    pub(crate) fn put(&self, out: &mut Vec<u8>) {
        for number in [self.term, self.since, self.time, u64::from(self.sequence), self.check] {
            out.extend_from_slice(&number.to_be_bytes());
        }
        out.extend_from_slice(self.owner.as_bytes());
        out.push(0); // no base58 digit, so it ends the id
    }
}

/// What a live `store` or `delta` of ours carries after its value, as `[term, since, sequence]`, unless the write is
/// the first of a key. Programs that read two items only do not see it; a node that missed the writes before this one
/// ranks it right nevertheless, and the same value set again within the second is another message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// See [`Stamp::term`].
    pub term: u64,
    /// See [`Stamp::since`].
    pub since: u64,
    /// See [`Stamp::sequence`].
    pub sequence: u32,
}

impl Mark {
    /// The mark as a payload item.
    pub fn to_value(self) -> Value {
        Value::Array(vec![Value::from(self.term), Value::from(self.since), Value::from(u64::from(self.sequence))])
    }

    /// Reads what [`Mark::to_value`] wrote; `None` for anything else.
    ///
    /// ```
    /// use sync::Mark;
    /// let mark = Mark { term: 3, since: 90, sequence: 65_536 };
    /// assert_eq!(Mark::from_value(&mark.to_value()), Some(mark));
    /// ```
    pub fn from_value(value: &Value) -> Option<Mark> {
        let [term, since, sequence] = value.as_array()? else { return None };
        let sequence = u32::try_from(sequence.as_u64()?).ok()?;
        Some(Mark { term: term.as_u64()?, since: since.as_u64()?, sequence })
    }
}

/// What [`Stamp::since`] starts from without leases: each overruling of a write within its second counts one down.
pub const SECOND: u64 = u32::MAX as u64;

/// The first sequence number that a node gives to a repeated write of its own. Smaller ones are counted by receivers,
/// for the programs that send none: of two such writes in one second the one that arrives later counts as later.
pub const FIRST_SEQUENCE: u32 = 1 << 16;
