//! `xmpp`: chat, send, listen and more over XMPP.
//!
//! [`account`] says who we are, from the options and the configuration file.

pub mod account;
mod options;
mod outcome;

pub use options::{
    AccountOptions, ChatOptions, Command, ListenOptions, Options, PingOptions, RoomAction, RoomOptions, RosterAction,
    RosterOptions, SendOptions, Server, TlsVersion, UploadOptions,
};
pub use outcome::{Ending, Outcome};

use std::process::ExitCode;

use crate::common::{self, Failure};

/// The whole program: arguments, run, exit status.
pub fn main() -> ExitCode {
    let mut outcome = Outcome::Done;
    let failed = common::run("xmpp", || {
        let options: Options = common::parse_args(std::env::args_os())?;
        options.log.start()?;
        options.check()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::runtime)?;
        let ended = runtime.block_on(run(&options));
        runtime.shutdown_background();
        if let Err(ending) = ended {
            if !ending.why.is_empty() {
                eprintln!("xmpp: {}", common::clean(&ending.why));
            }
            outcome = ending.outcome;
        }
        Ok(())
    });
    if outcome == Outcome::Done { failed } else { ExitCode::from(outcome.code()) }
}

/// Does what the options say.
///
/// # Errors
/// An end without success.
pub async fn run(options: &Options) -> Result<(), Ending> {
    let account = account::account(&options.account)?;
    let _password = account.password()?;
    Err(Outcome::Failed.because("this build cannot connect yet"))
}
