//! The node: a table on top of a mesh.

mod neighbours;
mod receive;

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;
use serializer::{Flag, Id, Value};
use wire::{Epoch, Input, Instant, Machine, Output, Rng};

use crate::{Change, Config, Entry, Error, Event, Stats, Table, What};
use neighbours::{Account, Transfer};

/// A node that shares a dictionary with all others of its network. See [`wire::Machine`] for how to drive it: one input
/// or command, then poll until there is nothing more, then wait for the next input or for the deadline.
pub struct Node {
    mesh: mesh::Node,
    table: Table,
    config: Config,
    epoch: Epoch,
    now: Instant,
    rng: Rng,
    out: VecDeque<Event>,
    /// When to ask a random neighbour next; `None` before the first input and without repair.
    round: Option<Instant>,
    /// Neighbours to ask at a time of their own, because something new is here or may be there.
    due: BTreeMap<Id, Instant>,
    /// What repairs may still cost, by neighbour.
    accounts: BTreeMap<Id, Account>,
    /// Neighbours that cannot repair and are being told the table.
    transfers: BTreeMap<Id, Transfer>,
    stats: Stats,
}

impl Node {
    /// A node with an empty table. It begins with its first input, for which it asks at once.
    //= p2p#3.9/subnet MUST
    //# Done to the configuration before the mesh sees it, so that the protocol id of every transport has it.
    pub fn new(config: Config, mut rng: Rng) -> Node {
        let mut below = config.mesh.clone();
        below.subnet.push(if config.leasing { '1' } else { '0' });
        //= wireworks#2.4/invisible MUST
        //# Announced as a number that older programs skip; the mesh lets 0x42 pass only to those that announced it too.
        if config.repair.is_some() && !below.features.contains(&REPAIR) {
            below.features.push(REPAIR);
        }
        Node {
            mesh: mesh::Node::new(below, rng.split()),
            table: Table::new(config.leasing, config.limits.clone()),
            epoch: config.mesh.epoch,
            now: Instant::ZERO,
            rng,
            out: VecDeque::new(),
            round: None,
            due: BTreeMap::new(),
            accounts: BTreeMap::new(),
            transfers: BTreeMap::new(),
            stats: Stats::default(),
            config,
        }
    }

    // ---- reading

    /// This node's id: the owner of what it writes.
    pub fn id(&self) -> &Id {
        self.mesh.id()
    }

    /// The value at `key`.
    pub fn get(&self, key: impl AsRef<[u8]>) -> Option<&Value> {
        self.table.get(key.as_ref())
    }

    /// Whether there is a value at `key`.
    pub fn contains(&self, key: impl AsRef<[u8]>) -> bool {
        self.get(key).is_some()
    }

    /// Who wrote the value at `key` and when; `None` when there is no value.
    pub fn meta(&self, key: impl AsRef<[u8]>) -> Option<Meta<'_>> {
        let entry = self.table.entry(key.as_ref()).filter(|entry| entry.value().is_some())?;
        Some(Meta { owner: entry.owner(), time: entry.time() })
    }

    /// All keys with their values, in the order of the keys.
    pub fn iter(&self) -> impl Iterator<Item = (&Bytes, &Value)> {
        self.table.iter().filter_map(|(key, entry)| Some((key, entry.value()?)))
    }

    /// How many keys have a value.
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether no key has a value.
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// The table itself, with ranks, deleted keys and digests.
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// What this node counted.
    pub fn stats(&self) -> Stats {
        self.stats
    }

    /// The mesh below: neighbours, messages to users, surveys.
    pub fn mesh(&self) -> &mesh::Node {
        &self.mesh
    }

    /// The mesh below, for its commands.
    pub fn mesh_mut(&mut self) -> &mut mesh::Node {
        &mut self.mesh
    }

    // ---- writing

    /// Sets the value at `key` everywhere; nil deletes.
    ///
    /// # Errors
    /// [`Error::Leased`] when another node holds the key, [`Error::Stale`] when another node wrote it in this second
    /// and no leases are in use, a limit, or the mesh's error: then nothing was done.
    pub fn set(&mut self, now: Instant, key: impl Into<Bytes>, value: impl Into<Value>) -> Result<(), Error> {
        self.write(now, key.into(), What::Set(value.into()))
    }

    /// Deletes what is at `key` everywhere.
    ///
    /// # Errors
    /// [`Error::Missing`] when there is no value, else as [`Node::set`].
    pub fn delete(&mut self, now: Instant, key: impl Into<Bytes>) -> Result<(), Error> {
        self.write(now, key.into(), What::Set(Value::Nil))
    }

    /// Merges `fields` into the map at `key` everywhere; there it becomes a map of these alone when there was none.
    ///
    /// # Errors
    /// [`Error::NotMap`] when the value is something else, else as [`Node::set`].
    pub fn update(
        &mut self,
        now: Instant,
        key: impl Into<Bytes>,
        fields: impl Into<Vec<(Value, Value)>>,
    ) -> Result<(), Error> {
        self.write(now, key.into(), What::Delta(fields.into()))
    }

    fn write(&mut self, now: Instant, key: Bytes, what: What) -> Result<(), Error> {
        self.advance(now);
        let deletes = what == What::Set(Value::Nil);
        if deletes && self.table.get(&key).is_none() {
            return Err(Error::Missing);
        }
        let entry = self.table.claim(&key, what.clone(), self.mesh.id(), self.seconds())?;
        self.tell(&key, what, &entry)?;
        let change = self.table.put(key.clone(), entry)?;
        self.stats.written += 1;
        self.changed(key, change);
        Ok(())
    }

    /// Floods a write of this node's own.
    //= p2p#3.9/store MUST
    //# The mesh puts this node's id and the second of the clock into the message: the owner and time of the claim.
    //= p2p#3.9/delta MUST
    //# A map of the fields alone, under its own sub flag; the merge is each table's.
    //= p2p#3.9/delete MUST
    //# Nil as the value.
    fn tell(&mut self, key: &Bytes, what: What, entry: &Entry) -> Result<(), Error> {
        let (flag, value) = match what {
            What::Set(value) => (Flag::Store, value),
            What::Delta(fields) => (Flag::Delta, Value::Map(fields)),
        };
        let mut values = vec![Value::Bin(key.clone()), value];
        if !self.table.is_plain(entry.stamp()) || self.table.entry(key).is_some() {
            values.push(entry.stamp().mark().to_value());
        }
        self.mesh.broadcast_as(self.now, flag, values)?;
        Ok(())
    }

    /// Tells the application of a change at `key`.
    //= p2p#3.9/events MUST
    //# Every way in which the table changes ends here: own writes, messages, transfers and repairs.
    fn changed(&mut self, key: Bytes, change: Change) {
        let event = match (change, self.table.entry(&key)) {
            (Change::Updated, Some(entry)) => {
                let Some(value) = entry.value().cloned() else { return };
                let (owner, time) = (entry.owner().clone(), entry.time());
                Event::Update { key, value, owner, time }
            }
            (Change::Deleted, _) => Event::Delete { key },
            _ => return,
        };
        self.out.push_back(event);
    }

    fn advance(&mut self, now: Instant) {
        self.now = self.now.max(now);
    }

    /// Unix time.
    fn seconds(&self) -> u64 {
        self.epoch.unix(self.now).as_secs()
    }
}

impl Machine for Node {
    type Event = Event;

    fn handle(&mut self, now: Instant, input: Input) {
        self.advance(now);
        self.mesh.handle(now, input);
        self.run_timers();
    }

    fn poll(&mut self) -> Option<Output<Event>> {
        loop {
            if let Some(event) = self.out.pop_front() {
                return Some(Output::Event(event));
            }
            match self.mesh.poll()? {
                Output::Event(event) => self.digest(event),
                output => return Some(output.map(Event::Mesh)),
            }
        }
    }

    fn deadline(&self) -> Option<Instant> {
        let own = (self.due.values().copied())
            .chain(self.transfers.values().map(|transfer| transfer.next))
            .chain(self.round)
            .min();
        match (own, self.mesh.deadline()) {
            (Some(own), Some(below)) => Some(own.min(below)),
            (own, below) => own.or(below),
        }
    }
}

/// Who wrote a value, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meta<'a> {
    /// Who.
    pub owner: &'a Id,
    /// When, in Unix seconds.
    pub time: u64,
}

/// The capability code of the repair, and the sub flag of its messages.
pub const REPAIR: u8 = 0x42;
