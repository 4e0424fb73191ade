use std::collections::BTreeMap;

/// What a node counted since it was made, and how much it keeps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Frames that arrived whole.
    pub frames_in: u64,
    /// Bytes that arrived.
    pub bytes_in: u64,
    /// Frames handed to the driver.
    pub frames_out: u64,
    /// Their bytes.
    pub bytes_out: u64,
    /// Messages for users and for machines on top.
    pub delivered: u64,
    /// Broadcasts of others that were forwarded.
    pub relayed: u64,
    /// Broadcasts that had been seen before.
    pub duplicates: u64,
    /// Broadcasts that came late because a neighbour found that we had missed them.
    pub recovered: u64,
    /// Times that a neighbour which sent a repeat was asked to tell of broadcasts only.
    pub pruned: u64,
    /// Times that a neighbour was asked to send broadcasts again.
    pub grafted: u64,
    /// Connections asked for.
    pub dialled: u64,
    /// Links to another part of the network that was found by touching it.
    pub bridged: u64,
    /// Why links ended, by the reason's name.
    pub closed: BTreeMap<&'static str, u64>,
    /// Why messages were dropped, by the reason's name.
    pub dropped: BTreeMap<&'static str, u64>,
    /// How much is kept now.
    pub sizes: Sizes,
}

/// How many entries a node's tables have: each is bounded by the configuration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    /// Connections, whatever their state.
    pub links: usize,
    /// Neighbours.
    pub peers: usize,
    /// Broadcasts remembered to tell repeats apart.
    pub seen: usize,
    /// Broadcasts kept whole.
    pub recent: usize,
    /// Bytes of those.
    pub recent_bytes: usize,
    /// Addresses remembered.
    pub addresses: usize,
    /// Senders whose direction is known.
    pub routes: usize,
    /// Replies that wait.
    pub pending: usize,
    /// Broadcasts that neighbours told of and that have not come.
    pub missing: usize,
    /// Bytes of frames that are not complete.
    pub partial: usize,
    /// Bytes that wait for slow links.
    pub queued: usize,
}
