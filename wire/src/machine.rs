use crate::{Input, Instant, Output};

/// A protocol without I/O. See the crate documentation for the drain contract.
pub trait Machine {
    /// What the machine tells its application.
    type Event;

    /// Takes one input at time `now`. Time never runs backwards: a `now` earlier than one already seen counts as that
    /// one. Noise from the network is never an error; it is dropped, counted and, where useful, told as an event.
    fn handle(&mut self, now: Instant, input: Input);

    /// Takes the next output, or `None` when the machine is idle until its next input or deadline.
    fn poll(&mut self) -> Option<Output<Self::Event>>;

    /// When the machine wants [`Input::Time`] at the latest; `None` when it waits for input alone. Valid after a drain.
    fn deadline(&self) -> Option<Instant>;
}

impl<M: Machine + ?Sized> Machine for Box<M> {
    type Event = M::Event;

    fn handle(&mut self, now: Instant, input: Input) {
        (**self).handle(now, input);
    }

    fn poll(&mut self) -> Option<Output<M::Event>> {
        (**self).poll()
    }

    fn deadline(&self) -> Option<Instant> {
        (**self).deadline()
    }
}

/// Polls `machine` until it is idle and collects what came out. For tests and simple loops.
pub fn drain<M: Machine + ?Sized>(machine: &mut M) -> Vec<Output<M::Event>> {
    std::iter::from_fn(|| machine.poll()).collect()
}
