//! Calls, answers, registers and sends messages from the command line.

use std::process::ExitCode;

fn main() -> ExitCode {
    apps::dialer::main()
}
