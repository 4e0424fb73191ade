use std::time::Duration;

use super::Bounds;

/// Times and bounds of [`Tables`].
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Whether to store entries of others from the start. Default true.
    pub joined: bool,
    /// How much to store.
    pub bounds: Bounds,
    /// How long a hop may stay silent before the next best is asked. Default 2 s.
    pub hop_timeout: Duration,
    /// How long nothing counts as "nothing yet" when a neighbour answers so, because old peers answer that before they
    /// ask on. Default 1 s.
    pub second_answer: Duration,
    /// Questions under way at once, own and others'. Default 4,096; more are answered with nothing.
    pub lookups: usize,
    /// Entries handed over in one go; the next go comes [`Config::pace`] later. Default 32.
    pub batch: usize,
    /// The pause between goes of a hand-over, which spares the old peers' buffers. Default 20 ms.
    pub pace: Duration,
    /// Whether a peer's question for something that should be here and is not is told as [`Output::Miss`] instead of
    /// being answered with nothing. Default false.
    pub ask_owner: bool,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            joined: true,
            bounds: Bounds::default(),
            hop_timeout: Duration::from_secs(2),
            second_answer: Duration::from_secs(1),
            lookups: 4096,
            batch: 32,
            pace: Duration::from_millis(20),
            ask_owner: false,
        }
    }
}
