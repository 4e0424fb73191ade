//! `rtmp-copy`: from an RTMP server or an FLV file to another.
//!
//! A source gives tags, a sink takes them, and `copy` holds the loop between them. Of either there are two: a file
//! (or pipe), and a `line`, which is a connection to a server that follows redirects and requests to reconnect.

mod copy;
mod file;
mod line;
mod options;
mod place;
mod progress;
mod timeline;

pub use copy::{End, Summary, copy};
pub use options::Options;
pub use place::Place;

use std::process::ExitCode;

use crate::common::{self, Failure};

/// The whole program: arguments, copy, exit status.
pub fn main() -> ExitCode {
    common::run("rtmp-copy", || {
        let options: Options = common::parse_args(std::env::args_os())?;
        options.log.start()?;
        options.check()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::runtime)?;
        let result = runtime.block_on(copy(&options));
        runtime.shutdown_background();
        let summary = result?;
        summary.print(&options);
        match summary.end {
            End::Failed(why) => Err(Failure::Runtime(why)),
            _ => Ok(()),
        }
    })
}
