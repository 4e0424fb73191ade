//! Our own programs, started as a user would.
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::peers::{Proc, free_port};

/// A running sip-proxy on one port, UDP and TCP, with the users `alice`, `bob`, `carol`, ... (password `pw-NAME`).
pub struct SipProxy {
    _proc: Proc,
    pub address: String,
}

impl SipProxy {
    pub fn start(dir: &Path, extra: &[&str]) -> SipProxy {
        SipProxy::start_at(free_port(), dir, extra)
    }

    pub fn start_at(port: u16, dir: &Path, extra: &[&str]) -> SipProxy {
        let users = dir.join("users");
        let mut text: String = ["alice", "bob", "carol", "dave"].map(|u| format!("{u}:pw-{u}\n")).concat();
        text.extend((0..1000).map(|i| format!("u{i:05}:pw-u{i:05}\n")));
        std::fs::write(&users, text).expect("a users file");
        let address = format!("127.0.0.1:{port}");
        let mut command = Command::new(env!("CARGO_BIN_EXE_sip-proxy"));
        command.args(["--listen", &format!("udp:{address}"), "--listen", &format!("tcp:{address}")]);
        command.args(["--domain", "127.0.0.1", "--record-route", "--users"]).arg(&users).args(extra);
        let proc = Proc::start("sip-proxy", &mut command);
        let end = std::time::Instant::now() + Duration::from_secs(10);
        while std::net::TcpStream::connect(&address).is_err() {
            assert!(std::time::Instant::now() < end, "sip-proxy does not listen on {address}");
            std::thread::sleep(Duration::from_millis(20));
        }
        SipProxy { _proc: proc, address }
    }
}

/// A dialer that registers `user` at `proxy`, with its events as JSON lines.
pub fn dialer(dir: &Path, user: &str, proxy: &str, args: &[&str]) -> Proc {
    let password = dir.join(format!("{user}.pass"));
    std::fs::write(&password, format!("pw-{user}\n")).expect("a password file");
    let mut command = Command::new(env!("CARGO_BIN_EXE_dialer"));
    command.args(["--json", "--int-ip", "127.0.0.1", "--register", "--domain", "127.0.0.1"]);
    command.args(["--user", user, "--proxy", proxy, "--authpass-file"]).arg(&password).args(args);
    let mut proc = Proc::start("dialer", &mut command);
    wait_event(&mut proc, "registered");
    proc
}

/// Waits for an event of a dialer and returns its line.
pub fn wait_event(dialer: &mut Proc, event: &str) -> String {
    dialer.wait_for(&format!("\"event\":\"{event}\""), Duration::from_secs(20))
}
