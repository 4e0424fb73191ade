//! Where a key stands in each of the five tables, as the old peers compute it.
use std::fmt;

use sha2::{Digest, Sha224};

use crate::Key;

/// One of the five tables, named by the hash that places its keys (p2p 3.10).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    /// SHA-1, moved up by 224 bits.
    Sha1,
    /// SHA-224, moved up by 160 bits.
    Sha224,
    /// SHA-256, moved up by 128 bits.
    Sha256,
    /// SHA-384 as it is: also the place of a key on the ring of the paper.
    Sha384,
    /// SHA-512 as it is, 128 bits wider than the ring; only distances are taken modulo the ring.
    Sha512,
}

impl Table {
    /// All five, in the order in which the old peers use them.
    pub const ALL: [Table; 5] = [Table::Sha1, Table::Sha224, Table::Sha256, Table::Sha384, Table::Sha512];

    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Table::Sha1 => "sha1",
            Table::Sha224 => "sha224",
            Table::Sha256 => "sha256",
            Table::Sha384 => "sha384",
            Table::Sha512 => "sha512",
        }
    }

    /// The table of that name; `None` for any other text.
    ///
    /// ```
    /// use chord::tables::Table;
    /// assert_eq!(Table::from_name(b"sha224"), Some(Table::Sha224));
    /// assert_eq!(Table::from_name(b"SHA224"), None);
    /// ```
    pub fn from_name(name: &[u8]) -> Option<Table> {
        Table::ALL.into_iter().find(|table| table.name().as_bytes() == name)
    }
}

/// A place in one table: the number that the old peers write as base58 text, at most 512 bits (p2p 3.10).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    table: Table,
    number: [u8; WIDTH],
}

impl Position {
    /// Where `key` stands in `table`.
    //= p2p#3.10/five-tables MUST
    //# The shorter hashes are moved up to 384 bits by writing them at that byte; SHA-512 keeps all its 64 bytes.
    pub fn of(table: Table, key: &[u8]) -> Position {
        let mut number = [0; WIDTH];
        let mut put = |at: usize, hash: &[u8]| number[at..at + hash.len()].copy_from_slice(hash);
        let digest = |algorithm| ::ring::digest::digest(algorithm, key);
        match table {
            Table::Sha1 => put(RING_AT, digest(&::ring::digest::SHA1_FOR_LEGACY_USE_ONLY).as_ref()),
            Table::Sha224 => put(RING_AT, &Sha224::digest(key)),
            Table::Sha256 => put(RING_AT, digest(&::ring::digest::SHA256).as_ref()),
            Table::Sha384 => put(RING_AT, digest(&::ring::digest::SHA384).as_ref()),
            Table::Sha512 => put(0, digest(&::ring::digest::SHA512).as_ref()),
        }
        Position { table, number }
    }

    /// The five places of `key`, in the order of [`Table::ALL`].
    ///
    /// ```
    /// use chord::tables::{Position, Table};
    /// let places = Position::all(b"foo");
    /// assert_eq!(places[1].table(), Table::Sha224);
    /// assert_eq!(places[3].ring().to_bytes(), places[3].number()[16..]);
    /// ```
    pub fn all(key: &[u8]) -> [Position; 5] {
        Table::ALL.map(|table| Position::of(table, key))
    }

    /// A place read from the wire: `number` is big-endian, without or with leading zeros. `None` above 512 bits.
    pub fn from_number(table: Table, number: &[u8]) -> Option<Position> {
        let start = number.iter().position(|&byte| byte != 0).unwrap_or(number.len());
        let digits = number.get(start..)?;
        let mut padded = [0; WIDTH];
        padded.get_mut(WIDTH.checked_sub(digits.len())?..)?.copy_from_slice(digits);
        Some(Position { table, number: padded })
    }

    /// The table.
    pub const fn table(&self) -> Table {
        self.table
    }

    /// The whole number, 64 bytes big-endian.
    pub const fn number(&self) -> &[u8; WIDTH] {
        &self.number
    }

    /// The number modulo 2^384: what distances are measured with.
    pub fn ring(&self) -> Key {
        Key::reduce(&self.number)
    }

    /// How far this place lies ahead of `node`, clockwise.
    pub fn distance_from(&self, node: &Key) -> Key {
        node.distance(&self.ring())
    }
}

impl fmt::Debug for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{:?}", self.table.name(), self.ring())
    }
}

/// Bytes of a SHA-512, the widest place.
const WIDTH: usize = 64;
/// The ring has 2^384 places.
const RING_AT: usize = WIDTH - Key::BYTES;
