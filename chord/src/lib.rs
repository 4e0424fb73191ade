//! A distributed hash table used as a dictionary: any node sets, any node gets, and values outlive the nodes that hold
//! them. Two ways to spread the entries in one room, because two kinds of peers are in one network:
//!
//! - [`ring`]: the Chord paper. Successor lists, fingers, stabilisation, copies and repair: the default among our nodes.
//! - [`tables`]: what py2p and js2p call chord. Five hashes of each key, each entry at the storing neighbour just before it.
//!
//! [`Node`] is the [`wire::Machine`] that composes both over a [`mesh::Node`]. Nodes that announce code 0x43 form the
//! ring; a node with an old storing neighbour speaks to it in tables and keeps both sides alike, so there is one
//! dictionary. `docs/guide/chord.md` is the tutorial.
//!
//! ```
//! use std::time::Duration;
//! use chord::{Config, Event, Node, Outcome};
//! use sim::Network;
//! use wire::Transport;
//!
//! let mut net = Network::new(7);
//! let mut add = |address: &str, seeds: &[&str]| {
//!     let at = address.parse().unwrap();
//!     let mut config = Config::default();
//!     config.mesh.epoch = net.epoch();
//!     config.mesh.listen = vec![(Transport::Tcp, at)];
//!     config.mesh.seeds = seeds.iter().map(|seed| seed.parse().unwrap()).collect();
//!     let node = Node::new(config, net.rng());
//!     net.add_at(node, at)
//! };
//! let first = add("10.0.0.1:4444", &[]);
//! let others = [add("10.0.0.2:4444", &["10.0.0.1:4444"]), add("10.0.0.3:4444", &["10.0.0.1:4444"])];
//! net.run_for(Duration::from_secs(5));
//!
//! net.command(others[0], |node, now| node.set(now, b"colour", "green").unwrap());
//! net.run_for(Duration::from_secs(1));
//! let query = net.command(others[1], |node, now| node.get(now, b"colour").unwrap());
//! net.run_for(Duration::from_secs(1));
//!
//! let answered = |event: &Event| match event {
//!     Event::Answer { query: of, result, .. } if *of == query => Some(result.clone()),
//!     _ => None,
//! };
//! let result = net.events().iter().filter(|h| h.host == others[1]).find_map(|h| answered(&h.event));
//! assert_eq!(result, Some(Ok(Outcome::Value("green".into()))));
//! assert!(net.machine(first).keys().eq(["colour"])); // every node hears of every key
//! ```
//!
//! - [`Config`], [`Mode`]: what a node is told; [`Event`], [`Outcome`], [`Failure`]: what it tells.
//! - [`Key`], [`point_of`], [`place_of`]: the circle of 2^384 points, and where nodes and keys stand on it.
//! - [`Stored`], [`Place`]: what a node keeps for others; [`Contact`], [`Peer`]: nodes as the ring knows them.
#![forbid(unsafe_code)]

mod key;
mod node;
pub mod ring;
pub mod tables;

pub use key::{Key, KeyError, point_of};
pub use node::{
    Config, Contact, Error, Event, FEATURE, Failure, Mode, Node, Outcome, Peer, Place, Query, Stored, place_of,
};

#[cfg(doctest)]
#[doc = include_str!("../../docs/guide/chord.md")]
mod guide {}

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
