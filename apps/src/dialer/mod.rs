//! `dialer`: calls, answers, registers and sends messages from the command line.
//!
//! Three machines make a call: [`rfc3261::ua`] speaks SIP, [`rfc3264`] agrees on the audio, [`media`] carries it.
//! `run` sets them up and holds the only loop; `signalling` and `commands` say what to do about what comes in.

mod commands;
pub mod console;
mod ending;
mod line;
pub mod media;
mod options;
mod outcome;
mod password;
pub mod recorder;
pub mod report;
mod route;
mod run;
mod setup;
mod signalling;
pub mod source;
pub mod tap;
pub mod timeline;
mod typed;

pub use options::{CodecName, Options};
pub use outcome::Outcome;
pub use run::{End, run};
pub use typed::{HELP, Typed};

use std::process::ExitCode;

use crate::common::{self, Failure};

/// The whole program: arguments, run, exit status.
pub fn main() -> ExitCode {
    let mut outcome = Outcome::Done;
    let failed = common::run("dialer", || {
        let options: Options = common::parse_args(std::env::args_os())?;
        options.log.start()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::runtime)?;
        let end = runtime.block_on(run(options))?;
        if let Some(why) = end.why {
            eprintln!("dialer: {}", common::clean(&why));
        }
        outcome = end.outcome;
        Ok(())
    });
    if outcome == Outcome::Done { failed } else { ExitCode::from(outcome.code()) }
}
