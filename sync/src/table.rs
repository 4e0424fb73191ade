//! The table: entries by key, its limits, and the digests by which two tables find where they differ.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use serializer::{Id, Value};

use crate::entry::{check, encode, hash};
use crate::{Claim, Entry, Error, Limits, Mark, Rule, Stamp, Standing};

/// The dictionary without its network: what the key holds, who may write, what stays when two tables meet. Pure: all
/// times are Unix seconds that the caller gives.
///
/// ```
/// use serializer::{Id, Value};
/// use sync::{Error, Limits, Table, Write};
///
/// let (ann, bob) = (Id::new("2nn").unwrap(), Id::new("3ob").unwrap());
/// let mut table = Table::new(true, Limits::default());
/// let write = |owner: &Id, time, value: Value| Write::set("colour", value, owner.clone(), time);
/// table.write(write(&ann, 1_000_000, "red".into()), 1_000_000).unwrap();
/// let refused = table.write(write(&bob, 1_000_060, "blue".into()), 1_000_060);
/// assert_eq!(refused, Err(Error::Leased { owner: ann, until: 1_003_600 }));
/// assert_eq!(table.get(b"colour"), Some(&Value::from("red")));
/// ```
#[derive(Clone, Debug)]
pub struct Table {
    rule: Rule,
    limits: Limits,
    slots: BTreeMap<Bytes, Slot>,
    /// All keys by their place, so that a bucket is a range.
    places: BTreeSet<(u64, Bytes)>,
    /// Deleted keys by the time of their deletion.
    tombstones: BTreeSet<(u64, Bytes)>,
    buckets: [u64; BUCKETS],
    bytes: usize,
}

#[derive(Clone, Debug)]
struct Slot {
    entry: Entry,
    place: u64,
    digest: u64,
    size: usize,
}

/// A live write, as a message tells it.
#[derive(Clone, Debug, PartialEq)]
pub struct Write {
    /// Where.
    pub key: Bytes,
    /// What: the new value (nil deletes), or the fields to merge.
    pub what: What,
    /// Who: the sender of the message.
    pub owner: Id,
    /// When, in Unix seconds: the time of the message.
    pub time: u64,
    /// Its rank, when the writer told it.
    pub mark: Option<Mark>,
}

/// What is written.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// A whole value; nil deletes.
    Set(Value),
    /// Fields to merge into the map at the key.
    Delta(Vec<(Value, Value)>),
}

/// What a write or a repair did to a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Nothing, or nothing that can be seen.
    None,
    /// The key has a value that was written now.
    Updated,
    /// The key has no value any more.
    Deleted,
}

/// An entry as the digests see it.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The start of the SHA-256 of the key.
    pub place: u64,
    /// The start of the SHA-256 of the key and all stamps of the entry.
    pub digest: u64,
    /// What the entry counts towards [`Limits::bytes`].
    pub size: usize,
    /// The key.
    pub key: &'a Bytes,
    /// What stands there.
    pub entry: &'a Entry,
}

impl Write {
    /// A whole value, without a mark.
    pub fn set(key: impl Into<Bytes>, value: impl Into<Value>, owner: Id, time: u64) -> Write {
        Write { key: key.into(), what: What::Set(value.into()), owner, time, mark: None }
    }

    /// Fields, without a mark.
    pub fn delta(key: impl Into<Bytes>, fields: Vec<(Value, Value)>, owner: Id, time: u64) -> Write {
        Write { key: key.into(), what: What::Delta(fields), owner, time, mark: None }
    }
}

impl What {
    fn check(&self) -> u64 {
        match self {
            What::Set(value) => check(value),
            What::Delta(fields) => check(&Value::Map(fields.clone())),
        }
    }

    fn entry(self, stamp: Stamp) -> Entry {
        match self {
            What::Set(value) => Entry::set(stamp, value),
            What::Delta(fields) => Entry::delta(stamp, &fields),
        }
    }
}

impl Table {
    /// An empty table, with or without leases: all nodes of a network must choose alike.
    pub fn new(leasing: bool, limits: Limits) -> Table {
        Table {
            rule: Rule { leasing },
            limits,
            slots: BTreeMap::new(),
            places: BTreeSet::new(),
            tombstones: BTreeSet::new(),
            buckets: [0; BUCKETS],
            bytes: 0,
        }
    }

    // ---- reading

    /// The value at `key`.
    pub fn get(&self, key: &[u8]) -> Option<&Value> {
        self.slots.get(key)?.entry.value()
    }

    /// All that is known of `key`, also when it was deleted.
    pub fn entry(&self, key: &[u8]) -> Option<&Entry> {
        self.slots.get(key).map(|slot| &slot.entry)
    }

    /// The keys that have a value, in order, with their entries.
    pub fn iter(&self) -> impl Iterator<Item = (&Bytes, &Entry)> {
        self.entries().filter(|(_, entry)| entry.value().is_some())
    }

    /// As `iter`, from the first key after `key`.
    pub fn iter_after(&self, key: Option<&Bytes>) -> impl Iterator<Item = (&Bytes, &Entry)> {
        use std::ops::Bound::{Excluded, Unbounded};
        let range = self.slots.range::<Bytes, _>((key.map_or(Unbounded, Excluded), Unbounded));
        range.map(|(key, slot)| (key, &slot.entry)).filter(|(_, entry)| entry.value().is_some())
    }

    /// Every entry, those of deleted keys among them.
    pub fn entries(&self) -> impl Iterator<Item = (&Bytes, &Entry)> {
        self.slots.iter().map(|(key, slot)| (key, &slot.entry))
    }

    /// How many keys have a value.
    pub fn len(&self) -> usize {
        self.slots.len() - self.tombstones.len()
    }

    /// Whether no key has a value.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many deleted keys are remembered.
    pub fn tombstones(&self) -> usize {
        self.tombstones.len()
    }

    /// What counts towards [`Limits::bytes`].
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether keys are leased.
    pub fn leasing(&self) -> bool {
        self.rule.leasing
    }

    // ---- writing

    /// Does what a message of another node tells, at time `now`.
    ///
    /// # Errors
    /// Why it is refused: [`Error::Leased`], [`Error::Stale`], [`Error::NotMap`], [`Error::Implausible`] or a limit.
    pub fn write(&mut self, write: Write, now: u64) -> Result<Change, Error> {
        self.fits_key(&write.key)?;
        let slot = self.slots.get(&write.key);
        let is_delta = matches!(write.what, What::Delta(_));
        if is_delta && slot.is_some_and(|slot| !slot.entry.takes_delta()) {
            return Err(Error::NotMap);
        }
        let (what, owner) = (write.what.detached(), write.owner.detached());
        let claim = Claim { owner: &owner, time: write.time, delta: is_delta, check: what.check() };
        let stamp = match write.mark {
            //= wireworks#2.2/mark SHOULD
            //# A marked write is ranked by its mark, whatever stands here, as long as the mark can be right at all.
            Some(Mark { term, since, sequence }) => {
                Stamp { term, since, owner: owner.clone(), time: write.time, sequence, check: claim.check }
            }
            None => self.rule.stamp(claim, slot.map(Slot::standing))?,
        };
        let superseded = slot.is_some_and(|slot| {
            let floor = slot.entry.base();
            Some(&stamp) <= floor
        });
        if superseded {
            return Err(Error::Stale);
        }
        self.merge_live(write.key, what.entry(stamp), now)
    }

    /// Takes over what a state transfer of an old program tells: the value, its owner and time.
    ///
    /// # Errors
    /// As `write`.
    //= p2p#3.9/transfer-receive MUST
    //# A value transferred is ranked like a write of its owner's, so that it fills what is missing, mends what is older
    //# and neither replaces a later write nor brings a deleted key back.
    pub fn transferred(&mut self, write: Write, now: u64) -> Result<Change, Error> {
        self.fits_key(&write.key)?;
        let what = write.what.detached();
        let slot = self.slots.get(&write.key);
        let claim = Claim { owner: &write.owner, time: write.time, delta: false, check: what.check() };
        let stamp = self.rule.transferred(claim, slot.map(Slot::standing));
        let entry = what.entry(stamp);
        if slot.is_some_and(|slot| entry.stamp() <= slot.entry.stamp()) {
            return Err(Error::Stale);
        }
        self.merge_live(write.key, entry, now)
    }

    /// The entry that a write of this node's own makes, without doing it: `put` does. In between the message is sent.
    ///
    /// # Errors
    /// [`Error::Leased`], [`Error::Stale`], [`Error::NotMap`] or a limit.
    pub fn claim(&self, key: &Bytes, what: What, owner: &Id, time: u64) -> Result<Entry, Error> {
        self.fits_key(key)?;
        let is_delta = matches!(what, What::Delta(_));
        let slot = self.slots.get(key);
        if is_delta && slot.is_some_and(|slot| !slot.entry.takes_delta()) {
            return Err(Error::NotMap);
        }
        let claim = Claim { owner, time, delta: is_delta, check: what.check() };
        let stamp = self.rule.own(claim, slot.map(Slot::standing))?;
        let entry = what.entry(stamp);
        self.fits(key, &self.merged(key, entry.clone()))?;
        Ok(entry)
    }

    /// Does what `claim` made.
    ///
    /// # Errors
    /// A limit, when the table changed since.
    pub fn put(&mut self, key: Bytes, entry: Entry) -> Result<Change, Error> {
        let updated = self.merged(&key, entry);
        self.fits(&key, &updated)?;
        Ok(self.replace(key, updated))
    }

    /// Whether the first write of a key would get this stamp from every receiver, so that no mark need tell it.
    pub fn is_plain(&self, stamp: &Stamp) -> bool {
        let claim = Claim { owner: &stamp.owner, time: stamp.time, delta: false, check: stamp.check };
        self.rule.stamp(claim, None).as_ref() == Ok(stamp)
    }

    /// Takes over every part of `entry` that ranks higher than what stands at `key`, at time `now`.
    ///
    /// # Errors
    /// [`Error::Implausible`] or a limit.
    pub fn merge(&mut self, key: Bytes, entry: Entry, now: u64) -> Result<Change, Error> {
        self.fits_key(&key)?;
        self.is_plausible(&entry, now)?;
        let expired = entry.value().is_none() && self.is_expired(entry.time(), now);
        if expired && !self.slots.contains_key(&key) {
            return Ok(Change::None); // forgotten here already
        }
        let before = self.slots.get(&key).map(|slot| (slot.entry.stamp().clone(), slot.entry.value().cloned()));
        let change = self.put(key.clone(), entry)?;
        let Some((stamp, value)) = before else {
            return Ok(if change == Change::Deleted { Change::None } else { change });
        };
        let Some(slot) = self.slots.get(&key) else { return Ok(change) };
        let same = (&stamp.owner, stamp.time) == (slot.entry.owner(), slot.entry.time());
        let unseen = slot.entry.value() == value.as_ref() && (same || value.is_none());
        Ok(if unseen { Change::None } else { change })
    }

    /// Forgets the deleted keys whose time has come. To be called now and then.
    //= wireworks#2.3/forget SHOULD
    //# By the time of the deletion, which is the same everywhere, so all nodes forget within the error of their clocks.
    pub fn expire(&mut self, now: u64) {
        while let Some((time, key)) = self.tombstones.first().cloned() {
            if !self.is_expired(time, now) {
                return;
            }
            self.remove(&key);
        }
    }

    fn merge_live(&mut self, key: Bytes, entry: Entry, now: u64) -> Result<Change, Error> {
        self.is_plausible(&entry, now)?;
        let had = self.slots.get(&key).is_some_and(|slot| slot.entry.value().is_some());
        let change = self.put(key, entry)?;
        Ok(if change == Change::Deleted && !had { Change::None } else { change })
    }

    fn merged(&self, key: &Bytes, entry: Entry) -> Entry {
        let Some(slot) = self.slots.get(key) else { return entry };
        let mut merged = slot.entry.clone();
        merged.merge(entry);
        merged
    }

    fn is_plausible(&self, entry: &Entry, now: u64) -> Result<(), Error> {
        let horizon = now.saturating_add(self.limits.ahead.as_secs());
        let plausible = entry.stamps().all(|stamp| self.rule.plausible(stamp, horizon));
        if plausible { Ok(()) } else { Err(Error::Implausible) }
    }

    fn is_expired(&self, time: u64, now: u64) -> bool {
        time.saturating_add(self.limits.tombstone_life.as_secs()) < now
    }

    fn fits_key(&self, key: &Bytes) -> Result<(), Error> {
        if key.len() > self.limits.key { Err(Error::KeyTooLong(key.len())) } else { Ok(()) }
    }

    /// Whether the table may hold `entry` at `key` instead of what is there.
    fn fits(&self, key: &Bytes, entry: &Entry) -> Result<(), Error> {
        let Some(value) = entry.value() else { return Ok(()) };
        let len = encode(value).len();
        if len > self.limits.value {
            return Err(Error::ValueTooLong(len));
        }
        let mut items = self.limits.items;
        if !fits_shape(value, self.limits.depth, &mut items) {
            return Err(Error::ValueTooComplex);
        }
        if entry.fields() > self.limits.fields {
            return Err(Error::TooManyFields);
        }
        let slot = self.slots.get(key);
        let new = slot.is_none_or(|slot| slot.entry.value().is_none());
        let bytes = self.bytes - slot.map_or(0, |slot| slot.size) + size(key, entry, len);
        let full = (new && self.len() >= self.limits.entries) || bytes > self.limits.bytes;
        if full { Err(Error::Full) } else { Ok(()) }
    }

    /// Puts `entry` at `key` and keeps sums and indexes.
    fn replace(&mut self, key: Bytes, entry: Entry) -> Change {
        let place = match self.slots.get(&key) {
            Some(slot) if slot.entry == entry => return Change::None,
            Some(slot) => slot.place,
            None => hash(&key),
        };
        let key = match self.slots.get_key_value(&key) {
            Some((known, _)) => known.clone(),
            None => Bytes::copy_from_slice(&key), // not the message that it came in
        };
        self.unlink(&key);
        let mut canonical = Vec::with_capacity(256);
        canonical.extend_from_slice(&(key.len() as u64).to_be_bytes());
        canonical.extend_from_slice(&key);
        entry.put(&mut canonical);
        let len = entry.value().map_or(0, |value| encode(value).len());
        let slot = Slot { place, digest: hash(&canonical), size: size(&key, &entry, len), entry };
        let deleted = slot.entry.value().is_none();
        self.bytes += slot.size;
        self.add_digest(slot.place, slot.digest);
        self.places.insert((slot.place, key.clone()));
        if deleted {
            self.tombstones.insert((slot.entry.time(), key.clone()));
        }
        self.slots.insert(key, slot);
        self.bound_tombstones();
        if deleted { Change::Deleted } else { Change::Updated }
    }

    //= wireworks#2.3/bound MUST
    //# A set ordered by the time of deletion: beyond the limit the first goes.
    fn bound_tombstones(&mut self) {
        while self.tombstones.len() > self.limits.tombstones {
            let Some((_, key)) = self.tombstones.first().cloned() else { return };
            self.remove(&key);
        }
    }

    fn remove(&mut self, key: &Bytes) {
        self.unlink(key);
        if let Some(slot) = self.slots.remove(key) {
            self.places.remove(&(slot.place, key.clone()));
        }
    }

    /// Takes the slot at `key` out of the sums.
    fn unlink(&mut self, key: &Bytes) {
        let Some(slot) = self.slots.get(key) else { return };
        let (place, digest, size, time) = (slot.place, slot.digest, slot.size, slot.entry.time());
        self.bytes -= size;
        self.add_digest(place, 0u64.wrapping_sub(digest));
        self.tombstones.remove(&(time, key.clone()));
    }

    fn add_digest(&mut self, place: u64, digest: u64) {
        if let Some(bucket) = self.buckets.get_mut(usize::from(bucket(place))) {
            *bucket = bucket.wrapping_add(digest);
        }
    }

    // ---- digests

    /// One number for the whole table: equal tables have equal ones.
    pub fn digest(&self) -> u64 {
        self.buckets.iter().fold(0, |sum, &bucket| sum.wrapping_mul(31).wrapping_add(bucket))
    }

    /// One number for each 256th part of the table; 0 for an empty one. A key belongs to the part that the first byte
    /// of its SHA-256 names.
    pub fn buckets(&self) -> &[u64; BUCKETS] {
        &self.buckets
    }

    /// The entries of one part, in the order of their places.
    pub fn bucket(&self, number: u8) -> impl Iterator<Item = Place<'_>> {
        let first = u64::from(number) << 56;
        self.between(first, first | (u64::MAX >> 8))
    }

    /// The entry at a place, or all of them should two keys ever share one.
    pub fn at(&self, place: u64) -> impl Iterator<Item = Place<'_>> {
        self.between(place, place)
    }

    fn between(&self, first: u64, last: u64) -> impl Iterator<Item = Place<'_>> {
        let keys = self.places.range((first, Bytes::new())..).take_while(move |(place, _)| *place <= last);
        keys.filter_map(|(place, key)| {
            let Slot { entry, digest, size, .. } = self.slots.get(key)?;
            Some(Place { place: *place, digest: *digest, size: *size, key, entry })
        })
    }
}

impl Slot {
    fn standing(&self) -> Standing<'_> {
        Standing { top: self.entry.stamp(), base: self.entry.base(), deleted: self.entry.value().is_none() }
    }
}

impl What {
    /// The same in memory of its own: a value out of a message would keep the whole frame in memory.
    fn detached(self) -> What {
        match self {
            What::Set(value) => What::Set(value.detached()),
            What::Delta(fields) => {
                What::Delta(fields.iter().map(|(name, value)| (name.detached(), value.detached())).collect())
            }
        }
    }
}

/// Which part of the table a place belongs to.
pub(crate) fn bucket(place: u64) -> u8 {
    (place >> 56) as u8
}

/// Whether `value` nests no deeper than `depth` and has no more than `items` values in all, of which it takes its own.
fn fits_shape(value: &Value, depth: usize, items: &mut usize) -> bool {
    let Some(left) = items.checked_sub(1) else { return false };
    *items = left;
    match (value, depth.checked_sub(1)) {
        (Value::Array(_) | Value::Map(_), None) => false,
        (Value::Array(values), Some(depth)) => values.iter().all(|value| fits_shape(value, depth, items)),
        (Value::Map(fields), Some(depth)) => {
            fields.iter().all(|(name, value)| fits_shape(name, depth, items) && fits_shape(value, depth, items))
        }
        _ => true,
    }
}

fn size(key: &Bytes, entry: &Entry, value: usize) -> usize {
    key.len() + value + 256 + 128 * entry.fields()
}

/// How many parts of the table have a digest of their own.
pub const BUCKETS: usize = 256;
