//! The `rtmp-server` program; see [`apps::rtmp_server`].

use std::process::ExitCode;

use apps::common::{parse_args, run};
use apps::rtmp_server::{Options, main as serve};

fn main() -> ExitCode {
    run("rtmp-server", || serve(parse_args::<Options>(std::env::args_os())?.with_config()?))
}
