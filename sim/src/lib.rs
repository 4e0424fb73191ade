//! A virtual network and clock that runs any Wireworks machine, reproducibly, from one seed.
//!
//! A [`Network`] holds hosts, each a [`wire::Machine`] with its addresses, and carries what they send over [`Link`]s
//! with delay, jitter, loss, duplicates, reordering, a size limit and a bandwidth; it parts and heals groups of hosts,
//! opens, cuts up and breaks streams, and answers lookups from a table. Time is virtual: it jumps to whatever happens
//! next, so an hour of timeouts takes milliseconds. Two runs from one seed are equal, bit for bit.
//!
//! ```
//! use std::time::Duration;
//! use bytes::Bytes;
//! use sim::{Link, Network};
//! use wire::{Input, Instant, Machine, Output, Transmit};
//!
//! /// Counts the datagrams that it gets and answers each until there were ten.
//! #[derive(Default)]
//! struct Player { got: u32, out: Vec<Output<u32>> }
//!
//! impl Machine for Player {
//!     type Event = u32;
//!     fn handle(&mut self, _now: Instant, input: Input) {
//!         let Input::Datagram { local, remote, data } = input else { return };
//!         self.got += 1;
//!         self.out.push(Output::Event(self.got));
//!         if self.got < 10 {
//!             self.out.push(Output::Transmit(Transmit::Datagram { local: local, remote, data }));
//!         }
//!     }
//!     fn poll(&mut self) -> Option<Output<u32>> { self.out.pop() }
//!     fn deadline(&self) -> Option<Instant> { None }
//! }
//!
//! let (local, remote) = ("10.0.0.1:7".parse().unwrap(), "10.0.0.2:7".parse().unwrap());
//! let mut net = Network::new(42);
//! let (a, b) = (net.add_at(Player::default(), local), net.add_at(Player::default(), remote));
//! net.link(a, b, Link::with_delay(Duration::from_millis(50)));
//! net.command(a, |player, _now| {
//!     let data = Bytes::from_static(b"serve");
//!     player.out.push(Output::Transmit(Transmit::Datagram { local, remote, data }));
//! });
//! assert!(net.run_until_idle(Instant::from_millis(60_000)));
//! assert_eq!(net.now(), Instant::from_millis(19 * 50));
//! assert_eq!((net.machine(a).got, net.machine(b).got), (9, 10));
//! ```
//!
//! Machines of different types share a network as an enum of yours or as [`Node`]s. A server that need not think is a
//! [`Script`].
#![forbid(unsafe_code)]

mod link;
mod network;
mod node;
mod queue;
mod record;
mod script;
mod stream;

pub use link::{CutId, Link, Packet, Verdict};
pub use network::{Happened, HostId, Network};
pub use node::Node;
pub use record::Stats;
pub use script::{Came, Script};

#[cfg(doctest)]
#[doc = include_str!("../../docs/guide/new-protocol.md")]
mod guide {}
