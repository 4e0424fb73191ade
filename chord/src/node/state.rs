//! What a node shows of itself: its place in the ring, what it stores, and the same for surveys of the network.
use serializer::{Id, Value};

use super::event::{Place, Stored};
use super::frame::Contact;
use super::{Mode, Node, record};
use crate::ring::{Phase, Ring};
use crate::tables::Tables;

impl Node {
    /// Whether this node is a member of the ring.
    pub fn is_member(&self) -> bool {
        self.ring.as_ref().is_some_and(|ring| ring.phase() == Phase::Member)
    }

    /// The node before this one in the ring.
    pub fn predecessor(&self) -> Option<&Id> {
        self.ring.as_ref()?.routes().predecessor().map(id)
    }

    /// The nodes after this one in the ring, nearest first.
    pub fn successors(&self) -> impl Iterator<Item = &Id> {
        self.ring.iter().flat_map(|ring| ring.routes().successors()).map(id)
    }

    /// The nodes that this one knows far around the ring, in order.
    pub fn fingers(&self) -> impl Iterator<Item = &Id> {
        self.ring.iter().flat_map(|ring| ring.routes().fingers()).map(id)
    }

    /// Neighbours of the old protocol that store.
    pub fn old_holders(&self) -> impl Iterator<Item = &Id> {
        self.tables.iter().flat_map(Tables::holders).map(|(id, _)| id)
    }

    /// What this node stores: its part of the ring with copies of others' parts, then the five tables.
    pub fn data(&self) -> impl Iterator<Item = Stored> {
        let ring = self.ring.iter().flat_map(Ring::values).filter_map(|(point, value)| {
            let (key, value) = record::read(value)?;
            Some(Stored { place: Place::Ring(*point), key: Some(key), value })
        });
        let tables = self.tables.iter().flat_map(Tables::entries).map(|(position, value)| {
            let (key, value) = (self.keys.at(position).cloned(), value.clone());
            Stored { place: Place::Table(*position), key, value }
        });
        ring.chain(tables)
    }

    /// How many entries this node stores, deletions that it remembers included.
    pub fn load(&self) -> usize {
        let ring = self.ring.as_ref().map_or(0, |ring| ring.load().0);
        ring + self.tables.as_ref().map_or(0, |tables| tables.entries().count())
    }

    /// Sets what surveys are told, when it changed.
    //= wireworks#3.6/survey MAY
    //# A map under text keys, for the picture: mode, membership, neighbours in the ring, counts.
    pub(super) fn refresh_state(&mut self) {
        let ids = |ids: &mut dyn Iterator<Item = &Id>| Value::Array(ids.take(MAX_SHOWN).map(Id::to_value).collect());
        let mode = match self.config.mode {
            Mode::Auto => "auto",
            Mode::Tables => "tables",
            Mode::Ring => "ring",
        };
        let fields: [(&str, Value); 8] = [
            ("kind", "chord".into()),
            ("mode", mode.into()),
            ("joined", self.joined.into()),
            ("member", self.is_member().into()),
            ("predecessor", self.predecessor().map(Id::to_value).into()),
            ("successors", ids(&mut self.successors())),
            ("fingers", ids(&mut self.fingers())),
            ("keys", self.keys.len().into()),
        ];
        let mut fields: Vec<(Value, Value)> = fields.into_iter().map(|(name, value)| (name.into(), value)).collect();
        fields.push(("data".into(), self.load().into()));
        fields.extend(self.config.state.iter().cloned());
        let state = Value::Map(fields);
        if state != self.told_state {
            self.told_state = state.clone();
            self.mesh.set_state(state);
        }
    }
}

fn id(contact: &Contact) -> &Id {
    &contact.address.id
}

/// Nodes of one kind that a survey is told.
const MAX_SHOWN: usize = 64;
