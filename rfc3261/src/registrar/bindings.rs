//! The location service of a domain, in memory: which contacts an address of record has (RFC 3261 section 10.3).

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use bytestring::ByteString;
use foldhash::fast::RandomState;
use wire::Instant;

use crate::endpoint::Target;
use crate::message::Uri;

/// One contact of an address of record.
#[derive(Clone, Debug)]
pub struct Binding {
    /// Where requests go, as registered.
    pub uri: Uri,
    /// The whole Contact value as registered, without its `expires`.
    pub contact: ByteString,
    /// The preference in thousandths, 0 to 1000.
    pub q: u16,
    /// When it ends.
    pub expires: Instant,
    /// The Call-ID of the REGISTER that made it.
    pub call_id: ByteString,
    /// The CSeq number of the REGISTER that made it.
    pub cseq: u32,
    /// Where that REGISTER came from.
    pub flow: Target,
    /// Whether the contact cannot be reached by its address, so that requests go where the REGISTER came from.
    pub behind_nat: bool,
}

/// The bindings of every address of record.
///
/// A read takes one hash. An address of record without bindings takes no memory: [`Bindings::expire`] at
/// [`Bindings::deadline`] sees to that.
#[derive(Debug, Default)]
pub struct Bindings {
    table: HashMap<Arc<str>, Vec<Binding>, RandomState>,
    ends: BTreeSet<(Instant, Arc<str>)>,
    total: usize,
}

impl Bindings {
    /// What is bound to `aor` at `now`, most preferred first, among equals the latest registered first.
    pub fn of(&self, aor: &str, now: Instant) -> impl Iterator<Item = &Binding> {
        self.table.get(aor).map_or(&[][..], Vec::as_slice).iter().filter(move |b| b.expires > now)
    }

    /// Replaces all that is bound to `aor`.
    pub fn set(&mut self, aor: &str, mut bindings: Vec<Binding>) {
        bindings.sort_by(|a, b| b.q.cmp(&a.q).then(b.expires.cmp(&a.expires)));
        let key = match self.table.remove_entry(aor) {
            Some((key, old)) => {
                self.total -= old.len();
                if let Some(end) = first_end(&old) {
                    self.ends.remove(&(end, key.clone()));
                }
                key
            }
            None => Arc::from(aor),
        };
        if let Some(end) = first_end(&bindings) {
            self.total += bindings.len();
            self.ends.insert((end, key.clone()));
            self.table.insert(key, bindings);
        }
    }

    /// Forgets the bindings that have ended by `now` and tells whose they were.
    pub fn expire(&mut self, now: Instant) -> Vec<Arc<str>> {
        let mut changed = Vec::new();
        while let Some((end, aor)) = self.ends.first().filter(|(end, _)| *end <= now).cloned() {
            let left = self.of(&aor, now.max(end)).cloned().collect();
            self.set(&aor, left);
            changed.push(aor);
        }
        changed
    }

    /// When the next binding ends.
    pub fn deadline(&self) -> Option<Instant> {
        self.ends.first().map(|(end, _)| *end)
    }

    /// How many bindings there are.
    pub fn len(&self) -> usize {
        self.total
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.total == 0
    }
}

fn first_end(bindings: &[Binding]) -> Option<Instant> {
    bindings.iter().map(|b| b.expires).min()
}
