//! `xmpp`: chat, send, listen and more over XMPP.
//!
//! [`account`] says who we are, from the options and the configuration file; [`connection`] runs the session of an account
//! on sockets; [`show`] makes lines and JSON of what comes. Each command is a module.

pub mod account;
pub mod chat;
pub mod connection;
mod dns;
mod listen;
mod options;
mod outcome;
mod pin;
mod ping;
mod put;
mod room;
mod roster;
mod send;
pub mod show;
mod stay;
mod upload;

pub use options::{
    AccountOptions, ChatOptions, Command, ListenOptions, Options, PingOptions, RoomAction, RoomOptions, RosterAction,
    RosterOptions, SendOptions, Server, TlsVersion, UploadOptions,
};
pub use outcome::{Ending, Outcome};

use std::io::IsTerminal;
use std::process::ExitCode;

use net::Trace;

use crate::common::{self, Failure, Signals};

/// The whole program: arguments, run, exit status.
pub fn main() -> ExitCode {
    let mut outcome = Outcome::Done;
    let failed = common::run("xmpp", || {
        let options: Options = common::parse_args(std::env::args_os())?;
        if !(options.has_screen() && std::io::stderr().is_terminal()) {
            options.log.start()?;
        }
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
    let trace = common::trace(options.account.trace.as_ref())?;
    let ended = work(options, trace.as_ref()).await;
    let traced = trace.map_or(Ok(()), |trace| trace.finish());
    ended.and_then(|()| traced.map_err(|why| Outcome::Failed.because(format!("the capture is not whole: {why}"))))
}

async fn work(options: &Options, trace: Option<&Trace>) -> Result<(), Ending> {
    let mut signals = Signals::new().map_err(Failure::runtime)?;
    if let Command::Chat(chat) = &options.command {
        let (mut accounts, file) = (account::accounts(&options.account)?, account::chat(&options.account)?);
        accounts.iter_mut().for_each(|account| account.trace = trace.cloned());
        return chat::chat(accounts, file, chat, &mut signals).await;
    }
    let mut account = account::account(&options.account)?;
    account.trace = trace.cloned();
    // These two end by a signal as they end by themselves; for the others it is an end before the work is done.
    match &options.command {
        Command::Listen(listen) => return listen::listen(&account, listen, &mut signals).await,
        Command::Room(room) if matches!(room.action, RoomAction::Join { .. }) => {
            return room::room(&account, room, &mut signals).await;
        }
        _ => {}
    }
    let mut unused = Signals::new().map_err(Failure::runtime)?;
    let work = async {
        match &options.command {
            Command::Send(send) => send::send(&account, send).await,
            Command::Roster(roster) => roster::roster(&account, roster).await,
            Command::Ping(ping) => ping::ping(&account, ping).await,
            Command::Room(room) => room::room(&account, room, &mut unused).await,
            Command::Upload(upload) => upload::upload(&account, upload, options.log.quiet).await,
            Command::Chat(_) | Command::Listen(_) => Err(Outcome::Failed.because("not in this build")),
        }
    };
    tokio::select! {
        ended = work => ended,
        _ = signals.next() => Err(Outcome::Interrupted.because("interrupted")),
    }
}
