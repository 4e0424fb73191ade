//! A node of a peer-to-peer network: a mesh, a shared dictionary or a distributed hash table.

use std::process::ExitCode;

fn main() -> ExitCode {
    apps::peer::main()
}
