#![no_main]
//! An RTCP datagram that parses can be read to its end; a session takes any on its RTCP port.
use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use rfc3550::{Config, Session, rtcp::Compound};
use wire::{Input, Instant, Machine, Rng};

fuzz_target!(|data: &[u8]| {
    let bytes = Bytes::copy_from_slice(data);
    if let Ok(compound) = Compound::parse(bytes.clone()) {
        let _ = format!("{compound:?}");
    }
    let (local, remote) = ("192.0.2.1:4000".parse().unwrap(), "192.0.2.2:4000".parse().unwrap());
    let mut session = Session::new(Instant::ZERO, Config::new(local, remote, "fuzz@192.0.2.1"), Rng::from_u64(1));
    let (local, remote) = ("192.0.2.1:4001".parse().unwrap(), "192.0.2.2:4001".parse().unwrap());
    for n in 0..3 {
        session.handle(Instant::from_millis(20 * n), Input::Datagram { local, remote, data: bytes.clone() });
        while session.poll().is_some() {}
    }
});
