//! The contract that every Wireworks protocol machine keeps.
//!
//! A protocol here is a [`Machine`]: bytes, commands and the time go in; bytes, events and the next deadline come
//! out. It opens no socket, reads no clock, spawns no thread and draws no global random number, so the same machine
//! runs on real sockets (room `net`), on a virtual network (room `sim`), under a fuzzer, or inside your own loop.
//!
//! **The drain contract**: give one input (or call one command method), then call [`Machine::poll`] until it returns
//! `None`, then wait for the next input or for [`Machine::deadline`], whichever comes first.
//!
//! ```
//! use bytes::Bytes;
//! use wire::{Input, Instant, Machine, Output, Transmit};
//!
//! /// Sends every datagram back to where it came from.
//! #[derive(Default)]
//! struct Echo(Vec<Transmit>);
//!
//! impl Machine for Echo {
//!     type Event = ();
//!     fn handle(&mut self, _now: Instant, input: Input) {
//!         if let Input::Datagram { local, remote, data } = input {
//!             self.0.push(Transmit::Datagram { local, remote, data });
//!         }
//!     }
//!     fn poll(&mut self) -> Option<Output<()>> {
//!         self.0.pop().map(Output::Transmit)
//!     }
//!     fn deadline(&self) -> Option<Instant> {
//!         None
//!     }
//! }
//!
//! let mut echo = Echo::default();
//! let (local, remote) = ("127.0.0.1:7".parse().unwrap(), "127.0.0.1:4000".parse().unwrap());
//! echo.handle(Instant::ZERO, Input::Datagram { local, remote, data: Bytes::from_static(b"hi") });
//! assert!(matches!(echo.poll(), Some(Output::Transmit(Transmit::Datagram { data, .. })) if data == "hi"));
//! assert!(echo.poll().is_none());
//! ```
#![forbid(unsafe_code)]

mod io;
mod machine;
pub mod pcap;
mod rng;
mod time;
mod transition;

pub use io::{CloseReason, ConnId, Input, Output, QueryId, ResolveError, Secured, Transmit, Transport};
pub use machine::{Machine, drain};
pub use rng::Rng;
pub use time::{Epoch, Instant};
pub use transition::{Transition, Walk, next};
