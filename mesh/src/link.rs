//! What a node knows of one connection.
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use serializer::{Compression, Id, Message, MessageId, Value, frame};
use wire::{Instant, Transport};

use crate::Address;
use crate::book::Place;

/// The code of the base extensions, in handshakes and as the sub flag of their messages.
pub const BASE: u8 = 0x41;

pub(crate) struct Link {
    pub transport: Transport,
    pub outgoing: bool,
    pub purpose: Purpose,
    pub stage: Stage,
    /// Our end and theirs, once open.
    pub ends: Option<(SocketAddr, SocketAddr)>,
    /// The node at the other end, after its handshake.
    pub id: Option<Id>,
    /// Where that node says that it listens.
    pub address: Address,
    /// Entries of the address book that this link occupies.
    pub places: Vec<Place>,
    pub decoder: frame::Decoder,
    /// Methods that both sides announced, or agreed on later.
    pub agreed: Vec<Compression>,
    /// Methods that what arrives may be compressed with: whatever was ever agreed on.
    pub inflate: Vec<Compression>,
    /// The method that we use.
    pub deflate: Option<Compression>,
    /// Capability codes that it announced.
    pub features: Vec<u8>,
    /// The last handshake, to tell a mere repeat from news.
    pub greeting: Option<MessageId>,
    /// When the connection was asked for, then when it opened.
    pub since: Instant,
    pub heard: Instant,
    pub pinged: Option<Instant>,
    pub rtt: Option<Duration>,
    /// When the frame that is incomplete was begun.
    pub partial: Option<Instant>,
    /// How much of it is there.
    pub buffered: usize,
    /// Bytes received before the handshake.
    pub received: usize,
    pub queue: Queue,
    /// Lists of broadcasts that we offered and that it has not chosen from.
    pub offers: u32,
    /// Its part in the tree of broadcasts.
    pub branch: Branch,
    /// What it said of its table before it shook hands.
    pub early: Option<Message>,
    /// It takes lists of peers with one entry only.
    pub singly: bool,
    /// Entries that it is still to be told, one each time.
    pub untold: Vec<Value>,
    /// When the next of them may go.
    pub tell_next: Instant,
    /// What a touched node said of its neighbours, in case that it belongs to another part of the network.
    pub told: Vec<Place>,
    /// It is in another part of the network than we are.
    pub elsewhere: bool,
}

/// Why a link was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To have enough of them, or the other side did.
    Fill,
    /// The user asked for it.
    Asked,
    /// A machine on top wants to keep it.
    Pinned,
    /// To see whether the network is whole.
    Touch,
    /// For a reply.
    Reply,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// The driver is opening it.
    Dialling,
    /// It is open; no handshake has come.
    Greeting,
    /// It is in the table, or waits behind an older link to the same node.
    Routed,
}

/// Frames that wait for their turn on a link to a node that must not be hurried.
#[derive(Default)]
pub(crate) struct Queue {
    pub frames: VecDeque<Bytes>,
    pub bytes: usize,
    /// When the next frame may go.
    pub free: Instant,
}

/// How broadcasts go over one link to a capable node; the other way round is for the other end to say.
#[derive(Default)]
pub(crate) struct Branch {
    /// The other end wants to be told of broadcasts, not to be sent them.
    pub lazy: bool,
    /// When we wanted the same, if we still do.
    pub pruned: Option<Instant>,
    /// Until then we do not, since we were glad of it.
    pub held: Instant,
    /// Broadcasts that we miss and heard of here first.
    pub missing: usize,
    /// Broadcasts that it told of and did not send, since it last sent one.
    pub broken: u32,
    /// What it tells is no longer believed.
    pub distrusted: bool,
}

impl Link {
    pub fn new(now: Instant, transport: Transport, outgoing: bool, limits: &serializer::Limits) -> Link {
        Link {
            transport,
            outgoing,
            purpose: Purpose::Fill,
            stage: Stage::Dialling,
            ends: None,
            id: None,
            address: Address::new("", 0),
            places: Vec::new(),
            decoder: frame::Decoder::new(limits.clone()),
            agreed: Vec::new(),
            inflate: Vec::new(),
            deflate: None,
            features: Vec::new(),
            greeting: None,
            since: now,
            heard: now,
            pinged: None,
            rtt: None,
            partial: None,
            buffered: 0,
            received: 0,
            queue: Queue::default(),
            offers: 0,
            branch: Branch::default(),
            early: None,
            singly: false,
            untold: Vec::new(),
            tell_next: now,
            told: Vec::new(),
            elsewhere: false,
        }
    }

    /// Whether the node at the other end understands the base extensions.
    pub fn is_capable(&self) -> bool {
        self.features.contains(&BASE)
    }

    /// Whether it may be sent a message with that sub flag.
    pub fn takes(&self, feature: Option<u8>) -> bool {
        feature.is_none_or(|code| self.features.contains(&code))
    }

    pub fn remote(&self) -> Option<SocketAddr> {
        self.ends.map(|(_, remote)| remote)
    }
}

impl Queue {
    pub fn pop(&mut self) -> Option<Bytes> {
        let frame = self.frames.pop_front()?;
        self.bytes -= frame.len();
        Some(frame)
    }
}
