//! SIP, the Session Initiation Protocol: grammar, transactions, dialogs, user agent and proxy cores (RFC 3261, 3581, 5393, 6026)
#![forbid(unsafe_code)]

pub mod dialog;
pub mod endpoint;
pub mod message;
pub mod proxy;
pub mod registrar;
mod scope;
pub mod transaction;
pub mod ua;
