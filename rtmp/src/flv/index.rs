/// Where a player can start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Milliseconds from the start of the file.
    pub time: u32,
    /// Offset of the tag in the file, in bytes.
    pub position: u64,
}

/// The key frames of a file, or every second of one without video: what a seek looks up.
///
/// ```
/// use rtmp::flv::Index;
/// let mut index = Index::new(1000);
/// for n in 0..10 {
///     index.insert(n * 2000, 13 + u64::from(n) * 50_000);
/// }
/// assert_eq!(index.seek(5_500).unwrap().time, 4_000);
/// assert_eq!(index.seek(99_000).unwrap().time, 18_000);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    entries: Vec<Entry>,
    capacity: usize,
    /// How close two entries may stand, in milliseconds: grows when the index is thinned.
    gap: u32,
}

impl Index {
    /// An index of at most `capacity` entries (at least 2). When it is full, every second one goes.
    pub fn new(capacity: usize) -> Index {
        Index { entries: Vec::new(), capacity: capacity.max(2), gap: 0 }
    }

    /// Adds an entry. One that does not come after the last one in both time and position is left out, and one too
    /// close to it where the index has been thinned.
    pub fn insert(&mut self, time: u32, position: u64) {
        if let Some(last) = self.entries.last()
            && (position <= last.position || time < last.time.saturating_add(self.gap))
        {
            return;
        }
        if self.entries.len() == self.capacity {
            let mut n = 0;
            self.entries.retain(|_| {
                n += 1;
                n % 2 == 1
            });
            let span = self.entries.last().map_or(0, |last| last.time) - self.entries.first().map_or(0, |e| e.time);
            self.gap = self.gap.max(span / self.capacity as u32).max(1);
        }
        self.entries.push(Entry { time, position });
    }

    /// The last entry at or before `time`; the first one when there is none so early; `None` when the index is empty.
    pub fn seek(&self, time: u32) -> Option<Entry> {
        let after = self.entries.partition_point(|entry| entry.time <= time);
        self.entries.get(after.saturating_sub(1)).copied()
    }

    /// The most entries it holds.
    pub const fn capacity(&self) -> usize {
        self.capacity
    }

    /// All entries, in order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }
}
