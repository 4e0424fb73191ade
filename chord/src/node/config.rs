//! How a node takes part in the dictionary.
use std::time::Duration;

use serializer::Value;

use crate::{ring, tables};

/// Which of the two chords a node speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Mode {
    /// The ring among nodes that know it, the five tables with all others, and one dictionary over both.
    #[default]
    Auto,
    /// The five tables alone, with everybody: this node is then an old peer to all others.
    Tables,
    /// The ring alone: peers that do not know it are in the mesh, but not in the dictionary.
    Ring,
}

/// The configuration of a [`Node`](crate::Node).
#[derive(Clone, Debug)]
pub struct Config {
    /// The mesh below. Its subnet defaults to `chord`; the capability 0x43 is added as [`Config::mode`] asks.
    pub mesh: mesh::Config,
    /// Default [`Mode::Auto`].
    pub mode: Mode,
    /// Whether the node stores for others from the start; false is what the old peers call leeching. Default true.
    pub joined: bool,
    /// The ring. Defaults as there, but with 2 s for an answer and 6 s for a write, since an answer may need a new link
    /// first, a round of stabilisation every 5 s and of repair every 20 s. The epoch is taken from the mesh.
    pub ring: ring::Config,
    /// The five tables. `joined` and `ask_owner` are set by the node.
    pub tables: tables::Config,
    /// How long a question or change may take. Default 10 s.
    pub timeout: Duration,
    /// Questions and changes of this node under way at once. Default 1,024.
    pub queries: usize,
    /// Known keys. Default 65,536; further ones still work, but are not listed, and old peers cannot reach them in the ring.
    pub keys: usize,
    /// Bytes of a key. Default 1,024.
    pub key_length: usize,
    /// Whether changes are told to everybody, which old peers do and `keys()` needs. Default true.
    pub announce: bool,
    /// Fields that surveys are told beside the node's own, such as a name. Default none.
    pub state: Vec<(Value, Value)>,
    /// How long a link that was opened for the ring stays unused. Default 60 s.
    pub idle: Duration,
    /// Links opened for the ring at once. Default 64; the least recently used one goes first.
    pub links: usize,
    /// How long a message waits for its link. Default 3 s; then the ring hears that the node cannot be reached.
    pub dial: Duration,
    /// Messages that wait for one link. Default 64.
    pub waiting: usize,
    /// How long after news of a key a gateway compares ring and tables, so that the old peers' messages have arrived.
    /// Default 300 ms.
    pub settle: Duration,
    /// Keys that a gateway compares at once. Default 8.
    pub comparisons: usize,
    /// How often a gateway looks at the next keys without being told of news, because old peers do not announce changes
    /// of known keys. Default 1 s, and [`Config::comparisons`] keys each time.
    pub audit: Duration,
}

impl Default for Config {
    fn default() -> Config {
        let ring = ring::Config {
            timeout: Duration::from_secs(2),
            write_timeout: Duration::from_secs(6),
            stabilize: Duration::from_secs(5),
            repair: Duration::from_secs(20),
            ..ring::Config::default()
        };
        Config {
            mesh: mesh::Config { subnet: "chord".to_owned(), ..mesh::Config::default() },
            mode: Mode::default(),
            joined: true,
            ring,
            tables: tables::Config::default(),
            timeout: Duration::from_secs(10),
            queries: 1024,
            keys: 65_536,
            key_length: 1024,
            announce: true,
            state: Vec::new(),
            idle: Duration::from_secs(60),
            links: 64,
            dial: Duration::from_secs(3),
            waiting: 64,
            settle: Duration::from_millis(300),
            comparisons: 8,
            audit: Duration::from_secs(1),
        }
    }
}

/// The capability code that nodes of the ring announce, and the sub flag of their messages.
pub const FEATURE: u8 = 0x43;
