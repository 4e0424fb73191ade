//! What every program here does the same way: errors in one line, exit codes, logs, signals, addresses to listen on,
//! and the file of users.

#[cfg(any(feature = "peer", feature = "rtmp-server"))]
mod certificate;
mod exit;
mod listen;
mod log;
#[cfg(any(feature = "sip-proxy", feature = "rtmp-server"))]
pub mod metrics;
mod seed;
mod signals;
mod sip;
mod users;

#[cfg(any(feature = "peer", feature = "rtmp-server"))]
pub use certificate::self_signed;
pub use exit::{Failure, parse_args, read_config, run};
pub use listen::Listen;
pub use log::{LogFormat, LogOptions};
pub use seed::seed;
pub use signals::Signals;
pub use sip::{info_key, is_key, parse_address, read_sdp};
pub use users::{Secret, Users, UsersError};
