//! SIPp calls SIPp through sip-proxy; sipsak asks whether it lives.
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::peers::{Proc, free_port, free_port_in, peer_file, scratch, version};
use crate::programs::SipProxy;

const CALLS: u32 = 10_000;
const RATE: u32 = 300;
const USERS: u32 = 1000;

fn sipp(dir: &Path, scenario: &str, port: u16, transport: &str, stat: &str) -> Command {
    let mut c = Command::new("sipp");
    c.current_dir(dir).arg("-sf").arg(peer_file("sipp").join(scenario));
    c.args(["-i", "127.0.0.1", "-p", &port.to_string(), "-t", transport, "-nostdin", "-nd"]);
    c.args(["-default_behaviors", "all,-abortunexp", "-trace_stat", "-fd", "1", "-stf", stat]);
    c.args(["-max_socket", "1000", "-buff_size", "2097152", "-recv_timeout", "20000"]);
    c
}

/// The last value of a column in a statistics file of SIPp.
fn stat(path: &Path, column: &str) -> u64 {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let mut rows = text.lines().map(|l| l.split(';').collect::<Vec<_>>());
    let at = rows.next().and_then(|head| head.iter().position(|c| *c == column)).expect("the column");
    rows.filter_map(|r| r.get(at).and_then(|v| v.parse().ok())).next_back().expect("a row of statistics")
}

fn calls_through_the_proxy(transport: &str, name: &str) {
    println!("peer: {}", version("sipp", &["-v"], "SIPp v"));
    let dir = scratch(name);
    let proxy = SipProxy::start(&dir, &[]);
    let (caller, callee) = (free_port(), free_port());
    let mut csv = String::from("SEQUENTIAL\n");
    for i in (0..USERS).map(|i| i * 7919 % USERS) {
        let to = (i + 1) % USERS;
        csv += &format!("u{i:05};127.0.0.1:{callee};[authentication username=u{i:05} password=pw-u{i:05}];u{to:05}\n");
    }
    std::fs::write(dir.join("users.csv"), csv).expect("a file of users");

    let mut register = sipp(&dir, "register_digest.xml", caller, transport, "register.csv");
    register.args(["-inf", "users.csv", "-m", &USERS.to_string(), "-r", "200", &proxy.address]);
    Proc::start("sipp register", &mut register).exit_code(Duration::from_secs(60));
    assert_eq!(stat(&dir.join("register.csv"), "SuccessfulCall(C)"), u64::from(USERS), "registrations with digest");

    let mut uas = sipp(&dir, "uas_call.xml", callee, transport, "uas.csv");
    let _uas = Proc::start("sipp uas", uas.args(["-l", "20000"]));
    std::thread::sleep(Duration::from_millis(700));
    let mut uac = sipp(&dir, "uac_call_digest.xml", caller, transport, "uac.csv");
    uac.args(["-inf", "users.csv", "-m", &CALLS.to_string(), "-r", &RATE.to_string(), "-l", "20000", &proxy.address]);
    let mut uac = Proc::start("sipp uac", &mut uac);
    let code = uac.exit_code(Duration::from_secs(u64::from(CALLS / RATE) + 60));
    let (ok, failed) = (stat(&dir.join("uac.csv"), "SuccessfulCall(C)"), stat(&dir.join("uac.csv"), "FailedCall(C)"));
    println!("{transport}: {ok} calls at {RATE}/s, {failed} failed, exit code {code}");
    assert_eq!((ok, failed, code), (u64::from(CALLS), 0, 0), "{}", uac.output());
}

#[test]
fn ten_thousand_calls_over_udp_none_failed() {
    calls_through_the_proxy("u1", "sipp-udp");
}

#[test]
fn ten_thousand_calls_over_tcp_none_failed() {
    calls_through_the_proxy("t1", "sipp-tcp");
}

#[test]
fn sipsak_finds_the_proxy_healthy() {
    println!("peer: {}", version("sipsak", &["--version"], "sipsak"));
    // sipsak cuts a port of five digits to four
    let proxy = SipProxy::start_at(free_port_in(5060..9999), &scratch("sipsak"), &[]);
    let uri = format!("sip:{}", proxy.address);
    let mut up = Proc::start("sipsak", Command::new("sipsak").args(["-v", "-s", &uri]));
    assert_eq!(up.exit_code(Duration::from_secs(20)), 0, "{}", up.output());
    drop(proxy);
    let mut down = Proc::start("sipsak", Command::new("sipsak").args(["-v", "-s", &uri]));
    assert_ne!(down.exit_code(Duration::from_secs(60)), 0, "a dead proxy must not look healthy");
}
