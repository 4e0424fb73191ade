//! What a broadcast costs a node in the middle of the network, and what an idle link keeps.
//!
//! `cargo bench -p mesh`. The frames arrive as they would from a socket and leave as they would to one; nothing is sent.
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use divan::{Bencher, black_box};
use mesh::{BASE, Config, Node};
use serializer::{Encryption, Flag, Id, MainFlag, Message, Value, frame, protocol_id};
use wire::{ConnId, Epoch, Input, Instant, Machine, Rng, Transport};

fn main() {
    idle_link();
    divan::main();
}

const UNIX: u64 = 1_700_000_000;

fn node(neighbours: u64) -> Node {
    let epoch = Epoch::from_unix(Duration::from_secs(UNIX));
    let mut node = Node::new(Config { epoch, max_incoming: 100_000, ..Config::default() }, Rng::from_u64(1));
    for n in 0..neighbours {
        join(&mut node, n);
    }
    node
}

fn join(node: &mut Node, n: u64) {
    let conn = ConnId::inbound(n);
    let [_, c, a, b] = (n as u32).to_be_bytes();
    let (local, remote) = (SocketAddr::from(([10, 0, 0, 1], 4444)), SocketAddr::from(([11, c, a, b], 4444)));
    node.handle(Instant::ZERO, Input::Opened { conn, transport: Transport::Tcp, local, remote });
    let id = name(n);
    let address = Value::Array(vec![remote.ip().to_string().into(), 4444.into()]);
    let codes = Value::Array(vec![u64::from(BASE).into()]);
    let protocol = protocol_id("mesh", Encryption::Plaintext).to_bin();
    let payload = vec![Flag::Handshake.into(), id.to_value(), protocol, address, codes];
    let data = frame::encode(&Message::new(MainFlag::Whisper, &id, UNIX, payload), None);
    node.handle(Instant::ZERO, Input::Stream { conn, data });
    while node.poll().is_some() {}
}

fn name(n: u64) -> Id {
    Id::new(format!("{n:066}")).unwrap()
}

fn flood(n: u64, size: usize) -> Bytes {
    let payload = vec![Flag::Broadcast.into(), n.into(), "x".repeat(size).into()];
    frame::encode(&Message::new(MainFlag::Broadcast, &name(0), UNIX, payload), None)
}

fn arrive(node: &mut Node, from: u64, data: Bytes) {
    node.handle(Instant::ZERO, Input::Stream { conn: ConnId::inbound(from), data });
    while let Some(output) = node.poll() {
        black_box(output);
    }
}

/// One broadcast arrives, is told, and goes on to the other neighbours, of which all but one send their copy too: what one
/// delivery costs a node with that many links.
#[divan::bench(args = [2, 4, 8, 16])]
fn deliver_among(bencher: Bencher, neighbours: u64) {
    let mut node = node(neighbours);
    let mut n = 0;
    let next = || {
        n += 1;
        flood(n, 64)
    };
    bencher.with_inputs(next).bench_local_values(|data| {
        for from in 1..neighbours {
            arrive(&mut node, from, data.clone());
        }
    });
}

/// The first copy alone, at three sizes.
#[divan::bench(args = [64, 1024, 65_536])]
fn first_copy_to_eight(bencher: Bencher, size: usize) {
    let mut node = node(8);
    let mut n = 0;
    let next = || {
        n += 1;
        flood(n, size)
    };
    bencher.with_inputs(next).bench_local_values(|data| arrive(&mut node, 1, data));
}

/// A repeat, which most frames of a well-connected network are.
#[divan::bench]
fn repeat(bencher: Bencher) {
    let mut node = node(8);
    let data = flood(1, 64);
    bencher.bench_local(|| arrive(&mut node, 1, data.clone()));
}

/// A broadcast of its own to eight neighbours.
#[divan::bench]
fn originate_to_eight(bencher: Bencher) {
    let mut node = node(8);
    let mut n = 0u64;
    bencher.bench_local(|| {
        n += 1;
        black_box(node.broadcast(Instant::ZERO, vec![n.into(), "x".repeat(64).into()]).unwrap());
        while let Some(output) = node.poll() {
            black_box(output);
        }
    });
}

/// Prints how much memory an idle link to a capable neighbour keeps in the machine, by the growth of the process.
fn idle_link() {
    const LINKS: u64 = 20_000;
    let mut node = node(1000);
    let Some(before) = resident() else { return };
    for n in 1000..1000 + LINKS {
        join(&mut node, n);
    }
    if let Some(after) = resident() {
        println!("idle link: {} bytes in the machine, mean of {LINKS}", after.saturating_sub(before) / LINKS);
    }
}

/// Bytes of this process in memory, where the system tells.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.trim().trim_end_matches(" kB").parse::<u64>().ok()? * 1024)
}
