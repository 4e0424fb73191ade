//! baresip and dialer call each other through sip-proxy.
use std::path::Path;
use std::time::Duration;

use crate::audio::assert_tone;
use crate::peers::{Baresip, Proc, scratch, version};
use crate::programs::{SipProxy, dialer, wait_event};

const LIMIT: Duration = Duration::from_secs(15);

fn seconds(s: f64) {
    std::thread::sleep(Duration::from_secs_f64(s));
}

fn setup(test: &str) -> (std::path::PathBuf, SipProxy) {
    println!("peer: {}", version("baresip", &["-h"], "baresip v"));
    let dir = scratch(test);
    let proxy = SipProxy::start(&dir, &[]);
    (dir, proxy)
}

/// A registered baresip; the tone it speaks is 440 Hz.
fn alice(dir: &Path, proxy: &SipProxy, answer: &str) -> Baresip {
    let mut alice = Baresip::start(dir, "alice", &proxy.address, answer, 440, "sip:bob@127.0.0.1");
    alice.proc.wait_for("200 OK", LIMIT);
    alice
}

/// What both do in a call that is up: keys, hold and resume from either side, voice.
fn talk(alice: &mut Baresip, bob: &mut Proc) {
    seconds(3.0);
    alice.command("sndcode", "5");
    assert!(wait_event(bob, "digit").contains("\"key\":\"5\""));
    bob.type_line("7#");
    alice.proc.wait_for("received event: '7' (end=1)", LIMIT);
    alice.proc.wait_for("received event: '#' (end=1)", LIMIT);
    alice.command("hold", "");
    wait_event(bob, "held");
    alice.command("resume", "");
    wait_event(bob, "unheld");
    seconds(0.5); // until baresip's ACK has arrived
    bob.type_line("/hold");
    wait_event(bob, "modified");
    seconds(0.5);
    bob.type_line("/resume");
    wait_event(bob, "modified");
    seconds(3.0);
}

#[test]
fn baresip_calls_a_dialer() {
    let (dir, proxy) = setup("baresip-calls");
    let record = dir.join("bob.wav");
    let args = ["--listen", "--auto-respond-after", "0.2", "--tone", "600", "--record", record.to_str().unwrap()];
    let mut bob = dialer(&dir, "bob", &proxy.address, &args);
    let mut alice = alice(&dir, &proxy, "manual");
    alice.command("dial", "sip:bob@127.0.0.1");
    wait_event(&mut bob, "answered");
    talk(&mut alice, &mut bob);
    alice.command("hangup", "");
    wait_event(&mut bob, "ended");
    wait_event(&mut bob, "report");
    bob.type_line("/quit");
    assert_eq!(bob.exit_code(LIMIT), 0);
    assert_tone(&record, 1, 440.0, 4.0);
    assert_tone(&alice.heard(), 0, 600.0, 2.5); // baresip writes a part of what it plays
}

#[test]
fn a_dialer_calls_baresip() {
    let (dir, proxy) = setup("baresip-called");
    let mut alice = alice(&dir, &proxy, "auto");
    let record = dir.join("bob.wav");
    let args = ["--to", "sip:alice@127.0.0.1", "--tone", "600", "--record", record.to_str().unwrap()];
    let mut bob = dialer(&dir, "bob", &proxy.address, &args);
    wait_event(&mut bob, "answered");
    talk(&mut alice, &mut bob);
    bob.type_line("/bye");
    let report = wait_event(&mut bob, "report");
    assert!(report.contains("\"packets_lost\":0"), "{report}");
    assert_eq!(bob.exit_code(LIMIT), 0, "{}", bob.output());
    assert_tone(&record, 1, 440.0, 4.0);
    seconds(0.5); // baresip completes its file
    assert_tone(&alice.heard(), 0, 600.0, 2.5); // baresip writes a part of what it plays
}

#[test]
fn calls_are_cancelled_from_either_side() {
    let (dir, proxy) = setup("baresip-cancel");
    let mut alice = alice(&dir, &proxy, "manual");
    let mut bob = dialer(&dir, "bob", &proxy.address, &["--to", "sip:alice@127.0.0.1", "--ring-timeout", "2"]);
    wait_event(&mut bob, "ringing");
    alice.proc.wait_for("Incoming call", LIMIT);
    assert_eq!(bob.exit_code(LIMIT), 4, "{}", bob.output());
    alice.proc.wait_for("session closed", LIMIT);

    let mut bob = dialer(&dir, "bob", &proxy.address, &["--listen", "--auto-respond", "0"]);
    alice.command("dial", "sip:bob@127.0.0.1");
    wait_event(&mut bob, "incoming");
    alice.proc.wait_for("180 Ringing", LIMIT);
    alice.command("hangup", "");
    assert!(wait_event(&mut bob, "ended").contains("the caller gave up"));
}

#[test]
fn calls_are_rejected_from_either_side() {
    let (dir, proxy) = setup("baresip-reject");
    let mut alice = alice(&dir, &proxy, "manual");
    let mut bob = dialer(&dir, "bob", &proxy.address, &["--to", "sip:alice@127.0.0.1"]);
    alice.proc.wait_for("Incoming call", LIMIT);
    alice.command("hangup", ""); // 486
    assert_eq!(bob.exit_code(LIMIT), 3, "{}", bob.output());

    let _bob = dialer(&dir, "bob", &proxy.address, &["--listen", "--auto-respond", "603", "--auto-respond-after", "0"]);
    alice.command("dial", "sip:bob@127.0.0.1");
    alice.proc.wait_for("session closed: 603", LIMIT);
}

#[test]
fn messages_go_both_ways() {
    let (dir, proxy) = setup("baresip-message");
    let mut alice = alice(&dir, &proxy, "manual");
    let mut bob = dialer(&dir, "bob", &proxy.address, &["--to", "sip:alice@127.0.0.1", "--send", "see you at 8"]);
    assert_eq!(bob.exit_code(LIMIT), 0, "{}", bob.output());
    alice.proc.wait_for("message.wav", LIMIT); // the only trace that baresip leaves: it wants to play its chime

    let mut bob = dialer(&dir, "bob", &proxy.address, &["--listen"]);
    alice.command("message", "hi there");
    let message = wait_event(&mut bob, "message");
    assert!(message.contains("\"text\":\"hi there\""), "{message}");
}
