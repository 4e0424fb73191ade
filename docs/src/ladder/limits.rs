/// What a ladder may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Arrows; reading ends there: 5,000.
    pub arrows: usize,
    /// Bytes of one message that are kept to be shown: 16,384; never more than 65,536.
    pub detail: usize,
    /// Bytes of all messages that are kept to be shown; later ones have their label only: 33,554,432.
    pub details: usize,
    /// Connections that are followed at a time; the oldest one is forgotten: 256.
    pub connections: usize,
    /// Columns; whoever comes later shares the last one: 24.
    pub columns: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { arrows: 5_000, detail: 16 << 10, details: 32 << 20, connections: 256, columns: 24 }
    }
}
