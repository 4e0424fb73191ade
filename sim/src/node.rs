//! Machines of different types in one network.
use std::any::Any;

use wire::{Input, Instant, Machine, Output};

/// A machine of any type whose events turn into `E`, so that one network can hold, say, a proxy and two phones:
/// `Network<Node<Event>>` with an `Event` of yours that is `From` each machine's own.
///
/// ```
/// use wire::{Input, Instant, Machine, Output};
/// # #[derive(Default)] struct Phone(u32);
/// # impl Machine for Phone {
/// #     type Event = &'static str;
/// #     fn handle(&mut self, _: Instant, _: Input) { self.0 += 1 }
/// #     fn poll(&mut self) -> Option<Output<&'static str>> { None }
/// #     fn deadline(&self) -> Option<Instant> { None }
/// # }
/// enum Event { Phone(&'static str) }
/// impl From<&'static str> for Event {
///     fn from(event: &'static str) -> Event { Event::Phone(event) }
/// }
/// let mut node: sim::Node<Event> = sim::Node::new(Phone::default());
/// node.handle(Instant::ZERO, Input::Time);
/// assert_eq!(node.downcast_ref::<Phone>().unwrap().0, 1);
/// ```
pub struct Node<E>(Box<dyn Erased<E>>);

impl<E: 'static> Node<E> {
    /// Wraps `machine`.
    pub fn new<M>(machine: M) -> Node<E>
    where
        M: Machine + Send + 'static,
        E: From<M::Event>,
    {
        Node(Box::new(machine))
    }

    /// The machine, if it is an `M`.
    pub fn downcast_ref<M: 'static>(&self) -> Option<&M> {
        let any: &dyn Any = &*self.0;
        any.downcast_ref()
    }

    /// The machine, if it is an `M`, to give it a command.
    pub fn downcast_mut<M: 'static>(&mut self) -> Option<&mut M> {
        let any: &mut dyn Any = &mut *self.0;
        any.downcast_mut()
    }
}

impl<E: 'static> Machine for Node<E> {
    type Event = E;

    fn handle(&mut self, now: Instant, input: Input) {
        self.0.handle_input(now, input);
    }

    fn poll(&mut self) -> Option<Output<E>> {
        self.0.poll_output()
    }

    fn deadline(&self) -> Option<Instant> {
        self.0.next_deadline()
    }
}

/// `Machine` with its own event type forgotten.
trait Erased<E>: Any + Send {
    fn handle_input(&mut self, now: Instant, input: Input);
    fn poll_output(&mut self) -> Option<Output<E>>;
    fn next_deadline(&self) -> Option<Instant>;
}

impl<M, E> Erased<E> for M
where
    M: Machine + Send + 'static,
    E: From<M::Event>,
{
    fn handle_input(&mut self, now: Instant, input: Input) {
        self.handle(now, input);
    }

    fn poll_output(&mut self) -> Option<Output<E>> {
        Some(self.poll()?.map(E::from))
    }

    fn next_deadline(&self) -> Option<Instant> {
        self.deadline()
    }
}
