//! What every program here does the same way: errors in one line, exit codes, logs, signals, addresses to listen on,
//! the file of users, asking for a password, and text of others made harmless.

#[cfg(any(feature = "peer", feature = "rtmp-server"))]
mod certificate;
mod clean;
mod exit;
mod listen;
mod log;
#[cfg(any(feature = "sip-proxy", feature = "rtmp-server"))]
pub mod metrics;
#[cfg(any(feature = "dialer", feature = "xmpp"))]
mod password;
mod seconds;
mod seed;
mod signals;
mod sip;
mod suggest;
mod trace;
mod users;

#[cfg(any(feature = "peer", feature = "rtmp-server"))]
pub use certificate::self_signed;
pub use clean::{clean, clean_json};
pub use exit::{Failure, parse_args, read_config, run};
pub use listen::Listen;
pub use log::{LogFormat, LogOptions};
#[cfg(any(feature = "dialer", feature = "xmpp"))]
pub use password::{ask, first_line, password_file};
pub use seconds::seconds;
pub use seed::seed;
pub use signals::Signals;
pub use sip::{info_key, is_key, parse_address, read_sdp};
pub use suggest::suggest;
pub use trace::trace;
pub use users::{Secret, Users, UsersError};
