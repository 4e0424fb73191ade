use std::collections::HashMap;
use std::future::poll_fn;
use std::hash::Hash;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use wire::Machine;

use crate::Driver;
use crate::ready::{Flag, Ready};

/// Any number of drivers awaited as one, each under a key: the media sessions of a phone, one a call. Waiting costs
/// what is ready, however many are idle.
///
/// ```
/// use std::time::Duration;
/// use net::{Driver, Drivers};
/// # use wire::{Input, Instant, Machine, Output};
/// # struct Alarm(Option<Instant>, bool);
/// # impl Machine for Alarm {
/// #     type Event = &'static str;
/// #     fn handle(&mut self, _: Instant, _: Input) { self.1 = self.0.take().is_some() }
/// #     fn poll(&mut self) -> Option<Output<&'static str>> {
/// #         std::mem::take(&mut self.1).then_some(Output::Event("ring"))
/// #     }
/// #     fn deadline(&self) -> Option<Instant> { self.0 }
/// # }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let mut alarms = Drivers::new();
/// for (name, millis) in [("late", 20), ("early", 10)] {
///     alarms.insert(name, Driver::new(Alarm(Some(Instant::from_millis(millis)), false)));
/// }
/// assert_eq!(alarms.next().await, ("early", "ring"));
/// assert_eq!(alarms.next().await, ("late", "ring"));
/// # }
/// ```
pub struct Drivers<K, M: Machine> {
    ready: Ready,
    slots: HashMap<K, usize>,
    entries: Vec<Option<Entry<K, M>>>,
    free: Vec<usize>,
    /// Slots whose turn it is, the next one last.
    turn: Vec<usize>,
}

struct Entry<K, M: Machine> {
    key: K,
    driver: Driver<M>,
    flag: Arc<Flag>,
    waker: Waker,
}

impl<K: Hash + Eq + Clone, M: Machine> Drivers<K, M> {
    /// None yet.
    pub fn new() -> Drivers<K, M> {
        Drivers {
            ready: Ready::default(),
            slots: HashMap::new(),
            entries: Vec::new(),
            free: Vec::new(),
            turn: Vec::new(),
        }
    }

    /// Adds `driver` under `key`, and returns the one that was there.
    pub fn insert(&mut self, key: K, driver: Driver<M>) -> Option<Driver<M>> {
        let before = self.remove(&key);
        let slot = self.free.pop().unwrap_or_else(|| {
            self.entries.push(None);
            self.entries.len() - 1
        });
        let flag = self.ready.flag(slot);
        let waker = flag.clone().into();
        self.slots.insert(key.clone(), slot);
        self.entries[slot] = Some(Entry { key, driver, flag, waker });
        before
    }

    /// Takes the driver under `key` out, usually to shut it down.
    pub fn remove(&mut self, key: &K) -> Option<Driver<M>> {
        let slot = self.slots.remove(key)?;
        self.free.push(slot);
        Some(self.entries.get_mut(slot)?.take()?.driver)
    }

    /// The driver under `key`, to give its machine commands, which are carried out while `next` is awaited.
    pub fn at(&mut self, key: &K) -> Option<&mut Driver<M>> {
        let slot = *self.slots.get(key)?;
        let entry = self.entries.get_mut(slot)?.as_mut()?;
        entry.flag.raise();
        Some(&mut entry.driver)
    }

    /// The keys, in no order.
    pub fn keys(&self) -> impl Iterator<Item = &K> {
        self.slots.keys()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// Serves every driver until a machine tells an event; waits for ever while there is none. Cancel-safe.
    pub async fn next(&mut self) -> (K, M::Event) {
        poll_fn(|context| self.poll_next(context)).await
    }

    /// What [`Drivers::next`] awaits, for those who write their own future.
    pub fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<(K, M::Event)> {
        self.ready.register(context.waker());
        if self.turn.is_empty() {
            self.ready.take(&mut self.turn);
            self.turn.reverse();
        }
        while let Some(slot) = self.turn.pop() {
            let Some(Some(entry)) = self.entries.get_mut(slot) else { continue };
            entry.flag.lower();
            if let Poll::Ready(event) = entry.driver.poll_next(&mut Context::from_waker(&entry.waker)) {
                entry.flag.raise(); // there may be more; after the others
                return Poll::Ready((entry.key.clone(), event));
            }
        }
        if !self.ready.is_empty() {
            context.waker().wake_by_ref();
        }
        Poll::Pending
    }
}

impl<K: Hash + Eq + Clone, M: Machine> Default for Drivers<K, M> {
    fn default() -> Drivers<K, M> {
        Drivers::new()
    }
}
