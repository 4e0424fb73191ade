//! The messages of RFC 4475 that a proxy or registrar has to judge.

use wire::Input;

use crate::bench::{Bench, PROXY};
use crate::registrar::guarded;

/// The status that a message is answered with; `None` when nothing is answered. What is forwarded does not count.
fn status(bench: &mut Bench, name: &str) -> Option<u16> {
    let path = format!("{}/tests/torture/rfc4475/{name}.dat", env!("CARGO_MANIFEST_DIR"));
    let data = std::fs::read(&path).unwrap_or_else(|e| panic!("{path}: {e}")).into();
    bench.input(Input::Datagram { local: PROXY.parse().unwrap(), remote: "192.0.2.7:5060".parse().unwrap(), data });
    let answer = bench.sent.drain(..).find_map(|(_, text)| text.strip_prefix("SIP/2.0 ").map(str::to_owned));
    answer.map(|text| text[..3].parse().expect("a status"))
}

#[test]
fn registrations_with_odd_contacts_are_taken() {
    for name in ["cparam01", "cparam02", "regescrt"] {
        assert_eq!(status(&mut Bench::new(), name), Some(200), "{name}");
    }
    let unknown_schemes = status(&mut Bench::new(), "unksm2");
    assert!(matches!(unknown_schemes, Some(200 | 400 | 404)), "{unknown_schemes:?}");
}

#[test]
fn an_unknown_scheme_of_authorization_is_challenged() {
    assert_eq!(status(&mut guarded(), "regaut01"), Some(401));
}

#[test]
fn max_forwards_zero_is_answered_here() {
    // an OPTIONS may be answered by the one whom it reached, which the proxy does
    assert_eq!(status(&mut Bench::new(), "zeromf"), Some(200));
}

#[test]
fn what_only_the_proxy_must_understand_is_refused() {
    assert_eq!(status(&mut Bench::new(), "bext01"), Some(420));
    assert_eq!(status(&mut Bench::new(), "unkscm"), Some(416));
    assert_eq!(status(&mut Bench::new(), "novelsc"), Some(416));
}

#[test]
fn a_response_is_never_sent_to_a_broadcast_address() {
    let mut bench = Bench::new();
    assert_eq!(status(&mut bench, "bcast"), None);
    assert!(bench.sent.is_empty());
}
