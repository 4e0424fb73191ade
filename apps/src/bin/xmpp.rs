//! Chats, sends, listens and more over XMPP.

use std::process::ExitCode;

fn main() -> ExitCode {
    apps::xmpp::main()
}
