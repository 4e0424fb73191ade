//! Which sources are worth a look: each has its own waker, which puts its slot on a list and wakes the driver.
//! So a turn costs what is ready, however many sockets and connections are idle.
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Wake, Waker};

/// The driver's end of the list.
#[derive(Default)]
pub(crate) struct Ready(Arc<Shared>);

struct Shared {
    slots: Mutex<Vec<usize>>,
    task: Mutex<Waker>,
}

/// A source's end of the list.
pub(crate) struct Flag {
    slot: usize,
    raised: AtomicBool,
    shared: Arc<Shared>,
}

impl Ready {
    /// Wakes `task` from now on.
    pub fn register(&self, task: &Waker) {
        lock(&self.0.task).clone_from(task);
    }

    /// A flag for the source in `slot`, raised, so that it gets its first look.
    pub fn flag(&self, slot: usize) -> Arc<Flag> {
        let flag = Arc::new(Flag { slot, raised: AtomicBool::new(false), shared: self.0.clone() });
        flag.raise();
        flag
    }

    /// Moves the slots of all raised flags into `into`, which is empty.
    pub fn take(&self, into: &mut Vec<usize>) {
        std::mem::swap(&mut *lock(&self.0.slots), into);
    }

    /// Puts slots back whose turn did not come.
    pub fn put_back(&self, slots: impl Iterator<Item = usize>) {
        lock(&self.0.slots).extend(slots);
    }

    pub fn is_empty(&self) -> bool {
        lock(&self.0.slots).is_empty()
    }
}

impl Flag {
    /// Takes the flag down; what happens from now on raises it again.
    pub fn lower(&self) {
        self.raised.store(false, Ordering::Release);
    }

    /// Asks for another look.
    pub fn raise(&self) {
        if !self.raised.swap(true, Ordering::AcqRel) {
            lock(&self.shared.slots).push(self.slot);
            lock(&self.shared.task).wake_by_ref();
        }
    }
}

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.raise();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.raise();
    }
}

impl Default for Shared {
    fn default() -> Shared {
        Shared { slots: Mutex::default(), task: Mutex::new(Waker::noop().clone()) }
    }
}

/// Nothing here panics while it holds a lock, so a poisoned one is as good as any.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
