use std::collections::BTreeMap;
use std::sync::Arc;

use bytestring::ByteString;

use super::Traits;

/// Numbers for what was written, in the order of writing.
///
/// Short things are the same when they are equal. Long ones are the same only when they are in the same place, as what
/// was read from a reference is: a short message can repeat a long string thousands of times, and comparing that would
/// take far longer than reading it. What is in the table stays alive, so a place has one meaning.
pub(super) struct Table<K> {
    short: BTreeMap<K, u32>,
    long: BTreeMap<(usize, usize), (K, u32)>,
}

/// Something that was read once and is meant many times.
pub(super) trait Shared: Ord {
    /// Bytes that a comparison looks at.
    fn weight(&self) -> usize;
    /// Where it is and how long.
    fn place(&self) -> (usize, usize);
}

/// A class, as the table of traits has them.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Class {
    Sealed(Arc<Traits>),
    External(ByteString),
}

impl<K: Shared> Table<K> {
    /// The number of `key`, and whether it is new.
    pub(super) fn number(&mut self, key: K) -> (u32, bool) {
        let next = (self.short.len() + self.long.len()) as u32;
        let number = match key.weight() {
            0..=COMPARED => *self.short.entry(key).or_insert(next),
            _ => self.long.entry(key.place()).or_insert((key, next)).1,
        };
        (number, number == next)
    }
}

impl<K> Default for Table<K> {
    fn default() -> Table<K> {
        Table { short: BTreeMap::new(), long: BTreeMap::new() }
    }
}

impl Shared for ByteString {
    fn weight(&self) -> usize {
        self.len()
    }

    fn place(&self) -> (usize, usize) {
        (self.as_ptr() as usize, self.len())
    }
}

impl Shared for Class {
    fn weight(&self) -> usize {
        match self {
            Class::Sealed(traits) => traits.class.len() + traits.sealed.iter().map(|name| name.len()).sum::<usize>(),
            Class::External(class) => class.len(),
        }
    }

    fn place(&self) -> (usize, usize) {
        match self {
            Class::Sealed(traits) => (Arc::as_ptr(traits) as usize, 0),
            Class::External(class) => class.place(),
        }
    }
}

/// The weight up to which things are compared.
const COMPARED: usize = 1024;
