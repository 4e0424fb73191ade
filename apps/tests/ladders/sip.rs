//! `dialer` and `sip-proxy`.

use docs::ladder::capture::{self, Carried};
use std::ops::ControlFlow;
use std::time::Duration;

use crate::program::{Folder, Program};
use crate::record::check;

const DIALER: &str = env!("CARGO_BIN_EXE_dialer");

/// A proxy at 127.0.0.1 that knows alice and bob.
struct House {
    folder: Folder,
    proxy: String,
    _program: Program,
}

impl House {
    fn start(test: &str) -> House {
        let folder = Folder::new(test);
        let users = folder.write("users", "alice:wonderland\nbob:builder\n");
        let trace = folder.file("proxy.pcap");
        let args = ["--json", "--quiet", "-l", "udp:127.0.0.1:0", "-d", "example.test", "--record-route"];
        let args = [&args[..], &["-u", &users, "--trace", &trace]].concat();
        let mut program = Program::start(env!("CARGO_BIN_EXE_sip-proxy"), &args);
        let port = program.port("udp:127.0.0.1:");
        House { folder, proxy: format!("127.0.0.1:{port}"), _program: program }
    }

    fn dialer(&self, user: &str, ip: &str, password: &str, more: &[&str]) -> Program {
        let trace = self.folder.file(&format!("{user}.pcap"));
        let password = self.folder.write(&format!("{user}.pass"), password);
        let args =
            ["--json", "--quiet", "--int-ip", ip, "--transport", "udp", "--domain", "example.test", "--trace", &trace];
        let args = [&args[..], &["--user", user, "--proxy", &self.proxy, "--authpass-file", &password], more].concat();
        Program::start(DIALER, &args)
    }

    /// Bob, who has registered.
    fn bob(&self, more: &[&str]) -> Program {
        let listen = ["--register", "--listen", "--auto-respond-after", "0"];
        let mut bob = self.dialer("bob", "127.0.0.3", "builder", &[&listen[..], more].concat());
        bob.wait(&["\"registered\""]);
        bob
    }

    /// The captures of all three, from alice's first packet to her last.
    fn check(&self, name: &str) {
        std::thread::sleep(Duration::from_millis(100)); // for the last lines of the proxy's capture
        let files = ["alice", "proxy", "bob"].map(|who| self.folder.file(&format!("{who}.pcap")));
        let mut times = Vec::new();
        let alice = std::fs::read(&files[0]).unwrap();
        capture::read(&alice[..], |packet| {
            times.push(packet.at);
            ControlFlow::Continue(())
        })
        .unwrap();
        let (from, to) = (times[0], *times.last().unwrap());
        // Bob's registration comes before and goes after; clocks of two programs differ by less than this.
        let slack = Duration::from_millis(20);
        check(name, &files, |packet| {
            let is_register = matches!(&packet.carried, Carried::Datagram(data) if is_register(data));
            !is_register && packet.at + slack >= from && packet.at <= to + slack
        });
    }
}

fn is_register(data: &[u8]) -> bool {
    data.windows(12).any(|text| text == b" REGISTER\r\nC") || String::from_utf8_lossy(data).contains(" REGISTER\r\n")
}

#[test]
fn a_call_through_a_proxy() {
    let house = House::start("call");
    let bob = house.bob(&["--audio-loopback"]);
    let call = ["--to", "sip:bob@example.test", "--voice", "--dtmf", "5", "--hold", "0.3", "--resume", "0.5"];
    house.dialer("alice", "127.0.0.2", "wonderland", &[&call[..], &["--duration", "0.7"]].concat()).end();
    house.check("call");
    drop(bob);
}

#[test]
fn a_call_that_is_refused() {
    let house = House::start("refused");
    let _bob = house.bob(&["--auto-respond", "486"]);
    let mut alice = house.dialer("alice", "127.0.0.2", "wonderland", &["--to", "sip:bob@example.test"]);
    alice.wait(&["\"report\""]);
    std::thread::sleep(Duration::from_millis(200));
    house.check("refused");
}

#[test]
fn a_registration() {
    let house = House::start("register");
    let mut alice = house.dialer("alice", "127.0.0.2", "wonderland", &["--register", "--listen"]);
    alice.wait(&["\"registered\""]);
    alice.type_line("/quit");
    alice.end();
    check("register", &[house.folder.file("alice.pcap")], |_| true);
}
