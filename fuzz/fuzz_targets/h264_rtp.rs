//! Payloads of H.264, Opus and G.722: the input is a list of packets, each with two bytes of length, one of flags.
#![no_main]

use bytes::{Buf, Bytes};
use libfuzzer_sys::fuzz_target;
use rfc3551::Codec;
use rfc3551::h264::{Depacketizer, Fmtp, Limits, Mode, Output, Packetizer, annex_b, length_prefixed};
use rfc3551::opus::Opus;

fuzz_target!(|data: &[u8]| {
    let limits = Limits { bytes: 1 << 16, nal_units: 64, outputs: 16 };
    let (mut depacketizer, mut opus) = (Depacketizer::new(limits), Opus::default());
    let (mut sequence, mut timestamp, mut samples) = (0_u16, 0_u32, Vec::new());
    let mut rest = Bytes::copy_from_slice(data);
    while rest.len() > 3 {
        let (len, flags) = (usize::from(rest.get_u16() & 0x7ff), rest.get_u8());
        let payload = rest.split_to(len.min(rest.len()));
        sequence = sequence.wrapping_add(1 + u16::from(flags & 0x80 != 0));
        timestamp = timestamp.wrapping_add(u32::from(flags & 0x40) * 50);
        depacketizer.push(sequence, timestamp, flags & 1 != 0, &payload);
        samples.clear();
        opus.decode(&payload, &mut samples);
        assert!(samples.len() <= 5760);
    }
    while let Some(output) = depacketizer.pop() {
        let Output::AccessUnit(unit) = output else { continue };
        assert!(unit.nal_units.iter().map(Bytes::len).sum::<usize>() <= 1 << 16);
        // what came out goes back in and comes out again
        let payloads = Packetizer::new(Mode::NonInterleaved, 100).packetize(&unit.nal_units).unwrap();
        let mut again = Depacketizer::new(Limits::default());
        for (n, payload) in payloads.iter().enumerate() {
            assert!(payload.payload.len() <= 100);
            again.push(n as u16, 0, payload.marker, &payload.payload);
        }
    }
    let stream = Bytes::copy_from_slice(data);
    let _ = (annex_b(&stream).count(), length_prefixed(&stream, 4).count());
    if let Some(Ok(fmtp)) = std::str::from_utf8(data).ok().map(str::parse::<Fmtp>) {
        assert_eq!(fmtp.to_string().parse::<Fmtp>().as_ref(), Ok(&fmtp));
        let _ = fmtp.answer(&Fmtp::default());
    }
});
