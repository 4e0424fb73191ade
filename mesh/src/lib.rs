//! The unorganized peer-to-peer network that py2p and js2p call mesh: every node floods to its neighbours, and every
//! broadcast reaches every node once.
//!
//! A [`Node`] is a [`wire::Machine`] over stream connections. It shakes hands, exchanges addresses, keeps a few links
//! open, floods broadcasts, whispers to neighbours and replies to any node. Where the old programs lose links or parts of
//! the network, it heals: addresses are remembered and tried again, silent neighbours are noticed, a new link makes up for
//! what either side missed, and parts of the network that a seed could join find each other. Those additions are spoken
//! among nodes that announced them; old nodes do not see them.
//!
//! ```
//! use std::time::Duration;
//! use mesh::{Config, Event, Node};
//! use sim::Network;
//! use wire::Transport;
//!
//! let mut net = Network::new(7);
//! let mut add = |address: &str, seeds: &[&str]| {
//!     let address = address.parse().unwrap();
//!     let config = Config {
//!         epoch: net.epoch(),
//!         listen: vec![(Transport::Tcp, address)],
//!         seeds: seeds.iter().map(|seed| seed.parse().unwrap()).collect(),
//!         ..Config::default()
//!     };
//!     let node = Node::new(config, net.rng());
//!     net.add_at(node, address)
//! };
//! let hub = add("10.0.0.1:4444", &[]);
//! let spokes = [add("10.0.0.2:4444", &["10.0.0.1:4444"]), add("10.0.0.3:4444", &["10.0.0.1:4444"])];
//! net.run_for(Duration::from_secs(2));
//!
//! net.command(spokes[0], |node, now| node.broadcast(now, vec!["hello".into()]).unwrap());
//! net.run_for(Duration::from_secs(1));
//! let heard: Vec<_> = net.events().into_iter().filter(|h| matches!(h.event, Event::Message(_))).collect();
//! assert_eq!(heard.len(), 2); // the hub and the other spoke, once each
//! # assert!(heard.iter().any(|h| h.host == hub) && heard.iter().any(|h| h.host == spokes[1]));
//! ```
//!
//! - [`Config`], [`Timing`], [`Limits`]: what a node is told; [`Seed`] and [`Address`]: where nodes are.
//! - [`Node`]: the machine and its commands; [`Peer`]: a neighbour; [`Stats`]: its counters.
//! - [`Event`], [`Incoming`], [`Report`]: what it tells; [`Reason`]: why links end and messages are dropped.
//! - [`Handled`]: what a handler given to [`Node::register`] did with a message.
#![forbid(unsafe_code)]

mod book;
mod config;
mod error;
mod event;
mod link;
mod node;
mod recent;
mod routes;
mod seen;
mod stats;
mod timers;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}

#[cfg(doctest)]
#[doc = include_str!("../../docs/guide/mesh.md")]
mod guide {}

pub use config::{Address, Config, Limits, Seed, Timing};
pub use error::{Error, Reason};
pub use event::{Event, Handled, Incoming, Neighbour, Report};
pub use link::BASE;
pub use node::{Node, Peer};
pub use stats::{Sizes, Stats};
