//! A dictionary that all nodes of a p2p network share, with leases. So far its table: see [`Table`].
#![forbid(unsafe_code)]

mod config;
mod entry;
mod error;
mod repair;
mod rule;
mod stamp;
mod table;

pub use config::{LEASE, Limits};
pub use entry::Entry;
pub use error::Error;
pub use repair::{Outcome, Repair};
pub use rule::{Claim, Rule, Standing};
pub use stamp::{FIRST_SEQUENCE, Mark, SECOND, Stamp};
pub use table::{BUCKETS, Change, Place, Table, What, Write};
