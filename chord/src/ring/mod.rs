//! The ring of the Chord paper: one node as a machine that knows neither connections nor addresses.
//!
//! [`Ring`] is the node: [`Message`]s, the time and commands go in, [`Output`]s come out. Whoever owns it carries the
//! messages; [`Contact`] names a node by its point on the circle and an address that only the owner understands.
//! [`preceding`] and [`covering`] are the routing decision, usable without a node.
//!
//! Beyond the paper: a node found by a lookup is asked for the last word before it counts as the answer; a new node
//! introduces itself to both neighbours; values are versioned, replicated on the successors and compared by digest;
//! two rings merge when a contact of the other one is offered.
mod answer;
mod config;
mod contact;
mod entry;
mod event;
mod lookup;
mod machine;
mod message;
mod phase;
mod query;
mod question;
mod repair;
mod route;
mod routes;
mod stabilize;
mod store;
mod write;

pub use config::Config;
pub use contact::{Address, Contact};
pub use entry::{Entry, Version};
pub use event::{Event, Failure, LookupId, Outcome, Output, Reason};
pub use machine::Ring;
pub use message::{Change, Claim, Difference, Message, Refusal, Summary};
pub use phase::{Phase, Stimulus, TRANSITIONS};
pub use route::{Preceding, covering, preceding};
pub use routes::Routes;
