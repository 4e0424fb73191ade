//! The ring of the Chord paper: one node as a machine that knows neither connections nor addresses.
mod config;
mod contact;
mod entry;
mod event;
mod message;

pub use config::Config;
pub use contact::{Address, Contact};
pub use entry::{Entry, Version};
pub use event::{Event, Failure, LookupId, Outcome, Output, Reason};
pub use message::{Change, Difference, Message, Refusal, Summary};
