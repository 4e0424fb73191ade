//! `sip-rtmp`: a gateway between RTMP clients and SIP telephones.
//!
//! `rtmp://host/sip/user@domain` is one telephone line: whoever connects there with a name and a password is registered,
//! calls and is called, publishes one stream to the other side and plays the other side's. Programs that only publish
//! and play get their calls from the [`dialplan`].
//!
//! Modules: [`line`] is one line as a machine, [`offer`] its codecs, [`commands`] what its client may say, [`rtp`] its
//! sessions, [`media`] and [`xflv`] what crosses them. `run` holds the only loop; `clients` and `lines` say what to do about what
//! comes in from either side.

mod clients;
pub mod commands;
pub mod dialplan;
pub mod line;
mod lines;
pub mod media;
pub mod offer;
mod options;
pub mod ports;
pub mod rtp;
mod run;
mod settings;
pub mod xflv;

pub use options::Options;
pub use run::serve;
pub use settings::Settings;

use crate::common::Failure;

/// The whole program, given its options.
///
/// # Errors
/// What keeps it from running.
pub fn main(options: Options) -> Result<(), Failure> {
    options.log.start()?;
    let is_json = options.json;
    let settings = Settings::new(options)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::runtime)?;
    runtime.block_on(serve(settings, is_json))
}
