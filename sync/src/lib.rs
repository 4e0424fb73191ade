//! A dictionary that all nodes of a p2p network share, with leases.
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

pub use config::{Config, LEASE, Limits};
pub use entry::Entry;
pub use error::Error;
pub use event::{Event, Stats};
pub use node::{Meta, Node, REPAIR};
pub use repair::{Outcome, Repair};
pub use rule::{Claim, Rule, Standing};
pub use stamp::{FIRST_SEQUENCE, Mark, SECOND, Stamp};
pub use table::{BUCKETS, Change, Place, Table, What, Write};
