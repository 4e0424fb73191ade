//! Tokio drivers that run any Wireworks machine on real sockets.
//!
//! A [`Driver`] owns one [`wire::Machine`] and its sockets. Receiving, processing and sending happen on one thread, in
//! the task that awaits [`Driver::next`]: no task is started, no channel crossed and no lock contended for.
//!
//! ```
//! use net::Driver;
//! use wire::{Input, Instant, Machine, Output, Transmit};
//!
//! /// Answers every datagram and tells its length.
//! #[derive(Default)]
//! struct Echo(Vec<Output<usize>>);
//!
//! impl Machine for Echo {
//!     type Event = usize;
//!     fn handle(&mut self, _now: Instant, input: Input) {
//!         if let Input::Datagram { local, remote, data } = input {
//!             self.0.push(Output::Event(data.len()));
//!             self.0.push(Output::Transmit(Transmit::Datagram { local, remote, data }));
//!         }
//!     }
//!     fn poll(&mut self) -> Option<Output<usize>> { self.0.pop() }
//!     fn deadline(&self) -> Option<Instant> { None }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! let mut driver = Driver::new(Echo::default());
//! let address = driver.bind_udp("127.0.0.1:0".parse().unwrap())?;
//!
//! let client = std::net::UdpSocket::bind("127.0.0.1:0")?;
//! client.send_to(b"hello", address)?;
//! assert_eq!(driver.next().await, 5);
//! let mut answer = [0; 16];
//! assert_eq!(client.recv(&mut answer)?, 5);
//! # Ok(())
//! # }
//! ```
//!
//! Several drivers stand in one `select!`, or in [`Drivers`] when their number changes; give them the same [`Clock`] and
//! [`Trace`] when their machines belong together. Limits live in [`Config`], counters in [`Stats`].
//!
//! [`Driver::listen`] takes connections over each transport that the build has: TCP always, TLS with the feature `tls`,
//! WebSocket with `ws`, both together with both; machines connect over the same. What they are to know of certificates,
//! paths and subprotocols stands in `Config::tls` and `Config::ws`, or in [`Options`] for one listener or peer.
//!
//! Modules: `driver` and `drivers` take turns; `io` holds the sources, `ready` tells which are worth a look; `udp`, `tcp`
//! (until connected), `conn` (from then on), `lookup` and `errors` are the sources; `layers` stacks `tls` and `ws` upon a
//! connection, `handshake` runs them.
#![forbid(unsafe_code)]

mod address;
mod clock;
mod config;
mod conn;
mod driver;
mod drivers;
mod errors;
mod handshake;
mod io;
#[cfg_attr(not(all(feature = "tls", feature = "ws")), allow(dead_code))] // without them, there are no layers
mod layers;
mod lookup;
mod options;
mod ready;
mod tcp;
#[cfg(feature = "tls")]
mod tls;
mod trace;
mod udp;
#[cfg(feature = "ws")]
mod ws;

pub use address::local_address;
pub use clock::Clock;
pub use config::{Config, Stats};
pub use driver::Driver;
pub use drivers::Drivers;
pub use options::Options;
#[cfg(feature = "tls")]
pub use tls::{Fingerprint, Identity, InvalidFingerprint, Roots, Tls, TlsVersion, Trust, fingerprint};
pub use trace::Trace;
#[cfg(feature = "ws")]
pub use ws::Ws;
#[cfg(feature = "ws")]
#[doc(hidden)] // to be fuzzed alone; `Driver` is how connections are made
pub use ws::frame;
