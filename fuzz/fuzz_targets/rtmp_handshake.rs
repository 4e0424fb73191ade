#![no_main]
//! Any bytes as a handshake and what follows it, to servers, clients and links, in any pieces.
use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use rtmp::handshake::{Client, Kind, Scheme, Server};
use rtmp::link::{Config, Link};
use wire::{Instant, Rng};

fuzz_target!(|data: &[u8]| {
    let Some((&size, data)) = data.split_first() else { return };
    let pieces = || data.chunks(1 + usize::from(size) * 8);
    let mut server = Server::new(&mut Rng::from_u64(1));
    let mut out = 0;
    for piece in pieces() {
        let Ok(progress) = server.push(piece) else { break };
        out += progress.output.len();
        if let Some(rest) = progress.rest {
            assert!(piece.ends_with(&rest), "what is left is of the last piece");
        }
    }
    assert!(out == 0 || out == 3073);
    for kind in [Kind::Simple, Kind::Digest(Scheme::Zero), Kind::Digest(Scheme::One)] {
        let mut client = Client::new(&mut Rng::from_u64(1), kind);
        let mut out = 0;
        for piece in pieces() {
            let Ok(progress) = client.push(piece) else { break };
            out += progress.output.len();
        }
        assert!(out == 0 || out == 1536);
        run(Link::client(Instant::ZERO, Config::default(), kind, &mut Rng::from_u64(1)), pieces());
    }
    run(Link::server(Instant::ZERO, Config::default(), &mut Rng::from_u64(1)), pieces());
});

fn run<'a>(mut link: Link, pieces: impl Iterator<Item = &'a [u8]>) {
    for (n, piece) in pieces.enumerate() {
        let now = Instant::from_millis(40 * n as u64);
        link.handle(now, Bytes::copy_from_slice(piece));
        while let Some(item) = link.next() {
            if item.is_err() {
                assert!(link.next().is_none() && link.deadline().is_none());
            }
        }
        while link.transmit().is_some() {}
        link.time(now);
    }
}
