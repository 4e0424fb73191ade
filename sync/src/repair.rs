//! Repair: how two neighbours find out where their tables differ and make them equal (extension 0x42).
//!
//! ```text
//! one                                       the other
//!     root (one number) ------------------>  equal: done
//!     <------------------ buckets (256 numbers)
//!     summary (places and digests) -------->           of the buckets that differ
//!     entries (all) ----------------------->           of those that the other has nothing in
//!     <------------------ entries, want
//!     entries ----------------------------->
//! ```
//!
//! No step is remembered: each message is answered from the table as it is, so a lost or repeated one does no harm. What
//! a message may cost is bounded by a budget of bytes; what did not fit follows at the next root.

use std::collections::BTreeMap;

use bytes::Bytes;
use serializer::Value;

use crate::table::bucket;
use crate::{BUCKETS, Change, Entry, Table};

/// A message between two nodes that can repair: the items after sub flag 0x42.
#[derive(Clone, Debug, PartialEq)]
pub enum Repair {
    /// 0: the digest of the whole table.
    Root(u64),
    /// 1: the digests of its 256 parts.
    Buckets(Vec<u64>),
    /// 2: place and digest of every entry in these parts.
    Summary {
        /// Which parts. All of their entries are here, so what is not here is missing.
        buckets: Vec<u8>,
        /// Place and digest.
        entries: Vec<(u64, u64)>,
    },
    /// 3: places whose entries the sender asks for.
    Want(Vec<u64>),
    /// 4: keys with their entries.
    Entries(Vec<(Bytes, Entry)>),
}

/// What came of a repair message.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// To be sent back, in this order.
    pub answers: Vec<Repair>,
    /// Keys whose value changed here.
    pub changes: Vec<(Bytes, Change)>,
    /// Whether anything of the table changed, stamps included: then the neighbours have to hear of it.
    pub learnt: bool,
    /// Entries that the limits of the table refused.
    pub refused: usize,
    /// Bytes of entries that the budget kept back.
    pub kept_back: usize,
}

impl Repair {
    /// The first message of a repair.
    pub fn start(table: &Table) -> Repair {
        Repair::Root(table.digest())
    }

    /// The message as payload items, without the sub flag.
    //= wireworks#2.4/layout MUST
    //# A number that says which message it is, then lists packed into bytes: big-endian words of eight, one place or
    //# digest each.
    pub fn to_values(&self) -> Vec<Value> {
        let kind = |kind: u8| Value::from(u64::from(kind));
        match self {
            Repair::Root(digest) => vec![kind(0), packed([*digest])],
            Repair::Buckets(digests) => vec![kind(1), packed(digests.iter().copied())],
            Repair::Summary { buckets, entries } => {
                let entries = entries.iter().flat_map(|&(place, digest)| [place, digest]);
                vec![kind(2), Value::Bin(buckets.clone().into()), packed(entries)]
            }
            Repair::Want(places) => vec![kind(3), packed(places.iter().copied())],
            Repair::Entries(entries) => {
                let entries = entries.iter().map(|(key, entry)| vec![Value::Bin(key.clone()), entry.to_value()].into());
                vec![kind(4), Value::Array(entries.collect())]
            }
        }
    }

    /// Reads what [`Repair::to_values`] wrote; `None` for anything else. Entries that make no sense are left out.
    ///
    /// ```
    /// use sync::Repair;
    /// let summary = Repair::Summary { buckets: vec![0, 7], entries: vec![(1, 2), (7 << 56, 3)] };
    /// assert_eq!(Repair::from_values(&summary.to_values()), Some(summary));
    /// assert_eq!(Repair::from_values(&[]), None);
    /// ```
    pub fn from_values(values: &[Value]) -> Option<Repair> {
        let (kind, values) = values.split_first()?;
        match (kind.as_u64()?, values) {
            (0, [digest]) => Some(Repair::Root(*words(digest)?.first()?)),
            (1, [digests]) => Some(Repair::Buckets(words(digests)?)).filter(Repair::has_all_buckets),
            (2, [buckets, entries]) => {
                let pairs = words(entries)?;
                let entries = pairs.chunks_exact(2).filter_map(|pair| Some((*pair.first()?, *pair.last()?)));
                Some(Repair::Summary { buckets: buckets.as_bytes()?.to_vec(), entries: entries.collect() })
            }
            (3, [places]) => Some(Repair::Want(words(places)?)),
            (4, [entries]) => Some(Repair::Entries(entries.as_array()?.iter().filter_map(keyed).collect())),
            _ => None,
        }
    }

    fn has_all_buckets(&self) -> bool {
        matches!(self, Repair::Buckets(digests) if digests.len() == BUCKETS)
    }

    /// Does what the message asks, at time `now` (Unix seconds). `budget` is how many bytes of summaries and entries may
    /// go back; it is reduced by what does.
    pub fn answer(self, table: &mut Table, now: u64, budget: &mut usize) -> Outcome {
        let mut outcome = Outcome::default();
        let mut parcel = Parcel { budget, outcome: &mut outcome, entries: Vec::new(), bytes: 0 };
        match self {
            //= wireworks#2.4/quiet SHOULD
            //# Equal tables cost one message of one number.
            Repair::Root(digest) if digest == table.digest() => {}
            Repair::Root(_) => parcel.outcome.answers.push(Repair::Buckets(table.buckets().to_vec())),
            Repair::Buckets(theirs) => parcel.compare(table, &theirs, now as u8),
            Repair::Summary { buckets, entries } => parcel.complete(table, buckets, entries),
            Repair::Want(places) => places.iter().for_each(|&place| table.at(place).for_each(|at| parcel.add(at))),
            Repair::Entries(entries) => {
                for (key, entry) in entries {
                    take(table, key, entry, now, parcel.outcome);
                }
            }
        }
        parcel.close();
        outcome
    }
}

fn take(table: &mut Table, key: Bytes, entry: Entry, now: u64, outcome: &mut Outcome) {
    let before = table.digest();
    match table.merge(key.clone(), entry, now) {
        Ok(Change::None) => {}
        Ok(change) => outcome.changes.push((key, change)),
        Err(_) => outcome.refused += 1,
    }
    outcome.learnt |= table.digest() != before;
}

/// Collects entries into messages of moderate size, as far as the budget goes.
struct Parcel<'a> {
    budget: &'a mut usize,
    outcome: &'a mut Outcome,
    entries: Vec<(Bytes, Entry)>,
    bytes: usize,
}

impl Parcel<'_> {
    /// For each part that differs: everything when the other side has nothing there, else what it takes to compare.
    /// It starts at another part each second, so that what a neighbour keeps refusing does not use up every budget.
    fn compare(&mut self, table: &Table, theirs: &[u64], first: u8) {
        let (mut buckets, mut entries) = (Vec::new(), Vec::new());
        let pairs = (0..=u8::MAX).zip(table.buckets()).zip(theirs);
        let (early, late): (Vec<_>, Vec<_>) = pairs.partition(|((number, _), _)| *number < first);
        for ((number, ours), theirs) in late.into_iter().chain(early) {
            match (ours == theirs, theirs) {
                (true, _) => {}
                (false, 0) => table.bucket(number).for_each(|at| self.add(at)),
                (false, _) => {
                    let listed = entries.len();
                    entries.extend(table.bucket(number).map(|at| (at.place, at.digest)));
                    if !self.spend(1 + 16 * (entries.len() - listed)) {
                        entries.truncate(listed);
                        continue;
                    }
                    buckets.push(number);
                }
            }
            if entries.len() >= SUMMARY {
                let (buckets, entries) = (std::mem::take(&mut buckets), std::mem::take(&mut entries));
                self.outcome.answers.push(Repair::Summary { buckets, entries });
            }
        }
        if !buckets.is_empty() {
            self.outcome.answers.push(Repair::Summary { buckets, entries });
        }
    }

    /// What the other side lacks or has otherwise goes there; what it alone has, or has otherwise, is asked for.
    fn complete(&mut self, table: &Table, mut buckets: Vec<u8>, theirs: Vec<(u64, u64)>) {
        buckets.sort_unstable();
        buckets.dedup();
        let mut theirs: BTreeMap<u64, u64> = theirs.into_iter().collect();
        theirs.retain(|&place, _| buckets.binary_search(&bucket(place)).is_ok());
        for at in buckets.into_iter().flat_map(|number| table.bucket(number)) {
            match theirs.get(&at.place) {
                Some(&digest) if digest == at.digest => {
                    theirs.remove(&at.place);
                }
                _ => self.add(at),
            }
        }
        let places: Vec<u64> = theirs.into_keys().collect();
        for places in places.chunks(2 * SUMMARY) {
            if self.spend(8 * places.len()) {
                self.outcome.answers.push(Repair::Want(places.to_vec()));
            }
        }
    }

    //= wireworks#2.4/budget MUST
    //# Summaries and entries are paid from the neighbour's budget of bytes; an empty one ends the answer.
    fn spend(&mut self, bytes: usize) -> bool {
        match self.budget.checked_sub(bytes) {
            Some(left) => *self.budget = left,
            None => self.outcome.kept_back += bytes,
        }
        self.outcome.kept_back == 0
    }

    fn add(&mut self, at: crate::Place<'_>) {
        if !self.spend(at.size) {
            return;
        }
        if self.bytes + at.size > PARCEL {
            self.close();
        }
        self.bytes += at.size;
        self.entries.push((at.key.clone(), at.entry.clone()));
    }

    fn close(&mut self) {
        self.bytes = 0;
        if !self.entries.is_empty() {
            self.outcome.answers.push(Repair::Entries(std::mem::take(&mut self.entries)));
        }
    }
}

fn packed(words: impl IntoIterator<Item = u64>) -> Value {
    Value::Bin(words.into_iter().flat_map(u64::to_be_bytes).collect())
}

fn words(value: &Value) -> Option<Vec<u64>> {
    let bytes = value.as_bytes()?;
    let words = bytes.chunks_exact(8);
    let whole = words.remainder().is_empty();
    whole.then(|| words.map(|word| word.iter().fold(0, |number, &byte| number << 8 | u64::from(byte))).collect())
}

fn keyed(item: &Value) -> Option<(Bytes, Entry)> {
    let [key, entry] = item.as_array()? else { return None };
    Some((key.as_bytes()?.clone(), Entry::from_value(entry)?))
}

/// Bytes of entries in one message.
const PARCEL: usize = 64 << 10;
/// Entries in one summary, unless a single part has more.
const SUMMARY: usize = 4096;
