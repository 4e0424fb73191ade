use std::cmp::Ordering;
use std::fmt;

use bytes::Bytes;

use crate::Key;

/// Which of two writes to a key is the later one: by time, and by writer among those of one millisecond.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Version {
    /// Unix time of the write in milliseconds, raised above that of the version it replaced.
    pub time: u64,
    /// The highest 64 bits of the id of the node that ordered the write.
    pub writer: u64,
}

/// One key with what was last written to it. A deletion is an entry without value (a tombstone), so that it wins over
/// older copies of the value wherever they turn up.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    /// Where it stands on the circle.
    pub key: Key,
    /// When and by whom it was written.
    pub version: Version,
    /// The value, opaque to the ring; `None` when it was deleted.
    pub value: Option<Bytes>,
}

impl Entry {
    /// Whether this entry replaces `other`. The order is total, so that copies which met in any order end up equal:
    /// values decide between entries of one version, which honest nodes never write.
    pub fn supersedes(&self, other: &Entry) -> bool {
        self.version.cmp(&other.version).then_with(|| self.value.cmp(&other.value)) == Ordering::Greater
    }

    /// What it counts against the limit of bytes held.
    pub fn size(&self) -> usize {
        ENTRY_OVERHEAD + self.value.as_ref().map_or(0, Bytes::len)
    }
}

impl fmt::Debug for Entry {
    /// Values may be private, so only their length is shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = self.value.as_ref().map(Bytes::len);
        write!(f, "{:?} at {}.{:x}: {length:?} bytes", self.key, self.version.time, self.version.writer)
    }
}

/// Key, version and the nodes of the map that holds them.
const ENTRY_OVERHEAD: usize = 96;
