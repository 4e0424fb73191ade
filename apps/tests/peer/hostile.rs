//! What strangers may throw at a running node, over every transport: only their own link closes, for a reason that is
//! counted, memory stays within the limits, and honest messages pass at the same time.

use std::time::Duration;

use net::Driver;
use ring::digest::{SHA256, digest};
use serde_json::{Value as Json, json};
use serializer::{Compression, Encryption, Id, MainFlag, Message, Value, frame, protocol_id};
use wire::{Rng, Transport};

use super::program::{Peer, with};
use super::raw::{Raw, Told, dial};

/// The frames that a link begins with, then what is thrown.
struct Attack {
    name: &'static str,
    greeted: bool,
    bytes: Vec<u8>,
    /// The counter that goes up, and whether the link is closed.
    counter: &'static str,
    closes: bool,
}

const MIB: u64 = 1 << 20;

/// A node with a limit of one MiB a frame, and an honest neighbour of it, over that transport.
fn pair(transport: Transport) -> (Peer, Peer) {
    let listen = format!("{transport}:127.0.0.1:0");
    let args = ["mesh", "--json", "-q", "--listen", &listen, "--max-frame", "1M", "--compression", "zlib"];
    let args: Vec<&str> = args.into_iter().chain(transport.is_secure().then_some("--insecure")).collect();
    let mut victim = with(&args);
    let seed = victim.listens(transport.name()).to_owned();
    let mut honest = with(&[&args[..], &["--seed", &seed]].concat());
    victim.has_peers(1);
    honest.has_peers(1);
    (victim, honest)
}

#[tokio::test]
async fn over_tcp() {
    attack(Transport::Tcp).await;
}

#[tokio::test]
async fn over_tls() {
    attack(Transport::Tls).await;
}

#[tokio::test]
async fn over_ws() {
    attack(Transport::Ws).await;
}

#[tokio::test]
async fn over_wss() {
    attack(Transport::Wss).await;
}

async fn attack(transport: Transport) {
    let (mut victim, mut honest) = pair(transport);
    let place = victim.listens(transport.name()).split_once(':').unwrap().1.parse().unwrap();
    exchange(&mut victim, &mut honest, "before");
    let memory = victim.peak_memory();

    // some say nothing, some say half of something; their links stay meanwhile
    let mut idle = Driver::with_config(Raw::default(), super::raw::config());
    for n in 0..40 {
        let conn = dial(&mut idle, transport, place).await;
        if n % 2 == 1 {
            idle.machine_mut().write(conn, &[&greeting(transport, n)[..], &[0, 0, 1, 0, 7, 7]].concat());
        }
    }
    for (n, attack) in attacks(transport).iter().enumerate() {
        let before = counter(&mut victim, attack.counter);
        let mut raw = Driver::with_config(Raw::default(), super::raw::config());
        let conn = dial(&mut raw, transport, place).await;
        let bytes = match attack.greeted {
            true => [&greeting(transport, 100 + n)[..], &attack.bytes].concat(),
            false => attack.bytes.clone(),
        };
        raw.machine_mut().write(conn, &bytes);
        let closed =
            tokio::time::timeout(Duration::from_millis(if attack.closes { 5000 } else { 150 }), closed(&mut raw));
        assert_eq!(closed.await.is_ok(), attack.closes, "{transport}, {}: closed or not", attack.name);
        let stats = victim.until(json!({"op": "stats"}), |stats| count(stats, attack.counter) > before);
        exchange(&mut victim, &mut honest, &format!("after {} over {transport}", attack.name));
        drop((raw, stats));
    }
    if transport != Transport::Tcp {
        // plain bytes at a port that expects a handshake of its own, and connections that never begin one
        let mut plain = Driver::with_config(Raw::default(), super::raw::config());
        for n in 0..20_usize {
            let conn = dial(&mut plain, Transport::Tcp, place).await;
            if n % 2 == 1 {
                plain.machine_mut().write(conn, &noise(5000, n as u64));
            }
        }
        exchange(&mut victim, &mut honest, "with plain bytes on a port of another transport");
    }
    drop(idle);
    let grown = victim.peak_memory().saturating_sub(memory);
    println!("{transport}: peak memory grew by {} KiB", grown / 1024);
    assert!(grown < 12 * MIB, "{transport}: memory grew by {grown} bytes");
    let status = victim.result(json!({"op": "status"}));
    assert!(status.as_array().is_some_and(|problems| !problems.is_empty()), "{status}");
    let peers = victim.result(json!({"op": "peers"}));
    assert!(peers.as_array().unwrap().iter().any(|peer| peer["id"] == honest.id()), "{peers}");
}

/// Messages pass both ways.
fn exchange(victim: &mut Peer, honest: &mut Peer, text: &str) {
    for (from, to) in [(0, 1), (1, 0)] {
        let text = format!("{text} {from}");
        let both = [&mut *victim, &mut *honest];
        both[from].result(json!({"op": "send", "args": [text.clone()]}));
        both[to].hear(&text);
    }
}

async fn closed(raw: &mut Driver<Raw>) {
    while !matches!(raw.next().await, Told::Closed(..)) {}
}

fn counter(peer: &mut Peer, name: &str) -> u64 {
    count(&peer.result(json!({"op": "stats"})), name)
}

fn count(stats: &Json, name: &str) -> u64 {
    stats[name].as_u64().unwrap_or(0)
}

// ---- what is thrown

fn attacks(transport: Transport) -> Vec<Attack> {
    let closing = |name, counter, greeted, bytes| Attack { name, greeted, bytes, counter, closes: true };
    let lasting = |name, counter, bytes| Attack { name, greeted: true, bytes, counter, closes: false };
    let whisper = |payload: Vec<Value>| message(MainFlag::Whisper, now(), payload);
    let broadcast = |time| message(MainFlag::Broadcast, time, vec![0.into(), "not now".into()]);
    let mut wrong = frame::encode(&whisper(vec![2.into(), "x".into()]), None).to_vec();
    wrong[10] ^= 1;
    let bomb = whisper(vec![2.into(), Value::Bin(vec![0; 48 << 20].into())]);
    let strange = Message::new(MainFlag::Broadcast, &id(9), now(), vec![0.into(), "from a stranger".into()]);
    let mut endless = u32::MAX.to_be_bytes().to_vec();
    endless.extend(vec![7; 1 << 20]);
    let mut attacks = vec![
        closing("random bytes", "closed_junk", false, noise(4096, 1)),
        closing("random bytes after a handshake", "closed_junk", true, noise(4096, 2)),
        closing("a message before the handshake", "closed_stranger", false, frame::encode(&strange, None).to_vec()),
        closing("a handshake of another network", "closed_network", false, other_network()),
        closing("a wrong checksum", "closed_junk", true, wrong),
        closing("an empty frame", "closed_junk", true, vec![0; 4]),
        closing("a frame of five bytes", "closed_junk", true, vec![0, 0, 0, 5, 1, 2, 3, 4, 5]),
        closing("no msgpack", "closed_junk", true, framed(&[0xc1])),
        closing("no array", "closed_junk", true, framed(&[7])),
        closing("a header of 4 GiB", "closed_junk", true, endless),
        closing("a bomb", "closed_junk", true, frame::encode(&bomb, Some(Compression::Zlib)).to_vec()),
        closing(
            "nested arrays",
            "closed_junk",
            true,
            framed(&[&[0x94, 2, 0xa1, b'x', 7][..], &vec![0x91; 100_000], &[7]].concat()),
        ),
        closing("an array longer than the message", "closed_junk", true, framed(&[0xdd, 255, 255, 255, 255])),
        closing("a time that is none", "closed_junk", true, framed(&[0x94, 2, 0xa1, b'x', 0xa1, b'y', 2])),
        closing(
            "peers that are no list",
            "closed_malformed",
            true,
            frame::encode(&whisper(vec![7.into(), 7.into()]), None).to_vec(),
        ),
        lasting("a stale broadcast", "dropped_stale", frame::encode(&broadcast(now() - 3600), None).to_vec()),
        lasting("a broadcast of the future", "dropped_future", frame::encode(&broadcast(now() + 3600), None).to_vec()),
    ];
    if transport == Transport::Ws {
        attacks.retain(|attack| attack.name != "a header of 4 GiB"); // the WebSocket message is too long by itself
    }
    attacks
}

fn id(n: usize) -> Id {
    Id::new(format!("2Stranger{n}")).unwrap()
}

fn message(main: MainFlag, time: u64, payload: Vec<Value>) -> Message {
    Message::new(main, &id(0), time, payload)
}

/// The handshake of stranger `n`, who accepts no links.
fn greeting(transport: Transport, n: usize) -> Vec<u8> {
    handshake(n, "mesh", transport)
}

fn other_network() -> Vec<u8> {
    handshake(8, "elsewhere", Transport::Tcp)
}

fn handshake(n: usize, subnet: &str, transport: Transport) -> Vec<u8> {
    let encryption = match transport {
        Transport::Tls => Encryption::Ssl,
        Transport::Ws => Encryption::Ws,
        Transport::Wss => Encryption::Wss,
        _ => Encryption::Plaintext,
    };
    let network = protocol_id(subnet, encryption);
    let address = Value::Array(vec!["127.0.0.1".into(), 0.into()]);
    let methods = Value::Array(vec![Compression::Zlib.code().into()]);
    let payload = vec![5.into(), (&id(n)).into(), network.to_bin(), address, methods];
    frame::encode(&Message::new(MainFlag::Whisper, &id(n), now(), payload), None).to_vec()
}

/// A frame with a right checksum around whatever it is.
fn framed(message: &[u8]) -> Vec<u8> {
    let length = (32 + message.len()) as u32;
    [&length.to_be_bytes()[..], digest(&SHA256, message).as_ref(), message].concat()
}

fn noise(length: usize, seed: u64) -> Vec<u8> {
    let mut bytes = vec![0; length];
    Rng::from_u64(seed).fill(&mut bytes);
    bytes[0] = 0x80; // else it might announce a length that has to be waited for
    bytes
}

fn now() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
}
