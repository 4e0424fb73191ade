//! Copies between RTMP servers and FLV files.

use std::process::ExitCode;

fn main() -> ExitCode {
    apps::rtmp_copy::main()
}
