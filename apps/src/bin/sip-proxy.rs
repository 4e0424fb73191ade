//! The `sip-proxy` program; see [`apps::sip_proxy`].

use std::process::ExitCode;

use apps::common::{parse_args, run};
use apps::sip_proxy::{Options, main as serve};

fn main() -> ExitCode {
    run("sip-proxy", || serve(parse_args::<Options>(std::env::args_os())?.with_config()?))
}
