//! Two dialers register with digest at Kamailio and talk through it.
use std::time::Duration;

use crate::audio::assert_tone;
use crate::peers::{kamailio, scratch, version};
use crate::programs::{dialer, wait_event};

#[test]
fn dialers_register_and_call_through_kamailio() {
    println!("peer: {}", version("kamailio", &["-v"], "version"));
    let dir = scratch("kamailio");
    let (_kamailio, proxy) = kamailio(&dir);
    let (ours, theirs) = (dir.join("a.wav"), dir.join("b.wav"));
    let args = ["--listen", "--auto-respond-after", "0", "--tone", "600", "--record", theirs.to_str().unwrap()];
    let mut bob = dialer(&dir, "bob", &proxy, &args);
    let args = ["--to", "sip:bob@127.0.0.1", "--tone", "440", "--duration", "3", "--dtmf", "42", "--record"];
    let mut alice = dialer(&dir, "alice", &proxy, &[&args[..], &[ours.to_str().unwrap()]].concat());
    wait_event(&mut bob, "answered");
    assert!(wait_event(&mut bob, "digit").contains("\"key\":\"4\""));
    assert!(wait_event(&mut bob, "digit").contains("\"key\":\"2\""));
    assert_eq!(alice.exit_code(Duration::from_secs(30)), 0, "{}", alice.output());
    wait_event(&mut bob, "report");
    assert_tone(&ours, 1, 600.0, 2.0);
    assert_tone(&theirs, 1, 440.0, 1.5);
}
