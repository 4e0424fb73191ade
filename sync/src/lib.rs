//! The synchronised dictionary of the p2p family: every node holds all of it, and what one writes all read.
//!
//! A [`Node`] is a [`wire::Machine`] that owns a [`mesh::Node`]: writes are flooded as py2p and js2p flood them, and a new
//! neighbour is told the table. A key is leased for an hour to whoever writes it. Where the tables of the old programs
//! part for ever, after a cut cable, a lost message or a deletion that somebody missed, these find each other again: all
//! writes have one order, so two copies of an entry merge to the same whichever came first, and neighbours that can
//! (extension 0x42) compare digests and exchange what differs. Old neighbours notice nothing of it.
//!
//! ```
//! use std::time::Duration;
//! use sim::Network;
//! use sync::{Config, Event, Node};
//! use wire::Transport;
//!
//! let mut net = Network::new(7);
//! let mut add = |address: &str| {
//!     let address = address.parse().unwrap();
//!     let mut config = Config::default();
//!     config.mesh.epoch = net.epoch();
//!     config.mesh.listen = vec![(Transport::Tcp, address)];
//!     config.mesh.seeds = vec!["10.0.0.1:4444".parse().unwrap()];
//!     let node = Node::new(config, net.rng());
//!     net.add_at(node, address)
//! };
//! let [ann, bob] = ["10.0.0.1:4444", "10.0.0.2:4444"].map(&mut add);
//! net.run_for(Duration::from_secs(2));
//!
//! net.command(ann, |node, now| node.set(now, "colour", "red")).unwrap();
//! net.run_for(Duration::from_secs(1));
//! assert_eq!(net.machine(bob).get("colour").unwrap().as_str(), Some("red"));
//! let refused = net.command(bob, |node, now| node.set(now, "colour", "blue"));
//! assert!(matches!(refused, Err(sync::Error::Leased { .. })));
//! assert_eq!(net.events().iter().filter(|h| matches!(h.event, Event::Update { .. })).count(), 2);
//! ```
//!
//! - [`Config`], [`Limits`]: what a node is told; [`Node`]: the machine and its commands; [`Event`], [`Stats`]: what it tells.
//! - [`Table`]: the dictionary without its network, [`Write`] and [`What`]: what happens to it, [`Change`]: what came of it.
//! - [`Rule`]: who may write; [`Stamp`]: the rank of a write; [`Mark`]: what a live message tells of it.
//! - [`Entry`]: what stands at a key, and how two copies become one; [`Repair`]: how two tables do.
#![forbid(unsafe_code)]

mod config;
mod entry;
mod error;
mod event;
mod node;
mod repair;
mod rule;
mod stamp;
mod table;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}

#[cfg(doctest)]
#[doc = include_str!("../../docs/guide/sync.md")]
mod guide {}

pub use config::{Config, LEASE, Limits};
pub use entry::Entry;
pub use error::Error;
pub use event::{Event, Stats};
pub use node::{Meta, Node, REPAIR};
pub use repair::{Outcome, Repair};
pub use rule::{Claim, Rule, Standing};
pub use stamp::{FIRST_SEQUENCE, Mark, SECOND, Stamp};
pub use table::{BUCKETS, Change, Place, Table, What, Write};
