//! The `sip-rtmp` program; see [`apps::sip_rtmp`].

use std::process::ExitCode;

use apps::common::{parse_args, run};
use apps::sip_rtmp::{Options, main as serve};

fn main() -> ExitCode {
    run("sip-rtmp", || serve(parse_args::<Options>(std::env::args_os())?.with_config()?))
}
