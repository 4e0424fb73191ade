//! The same story over every transport with connections: opening, both directions, much at once, every orderly end.
#![cfg(all(feature = "tls", feature = "ws"))]
mod common;

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use common::tls::{anyone, server};
use common::{Puppet, loopback};
use net::{Config, Driver};
use wire::{CloseReason, ConnId, Input, Transport};

const ALL: [Transport; 4] = [Transport::Tcp, Transport::Tls, Transport::Ws, Transport::Wss];
const CLIENT: ConnId = ConnId::outbound(0);
const SERVER: ConnId = ConnId::inbound(0);

/// Two drivers, the second of which listens.
struct Pair {
    client: Driver<Puppet>,
    server: Driver<Puppet>,
    address: SocketAddr,
}

#[derive(Debug)]
enum At {
    Client(Input),
    Server(Input),
}

impl Pair {
    fn new(transport: Transport, listen: SocketAddr) -> Pair {
        Pair::with(transport, listen, anyone(), server())
    }

    fn with(transport: Transport, listen: SocketAddr, client: Config, server: Config) -> Pair {
        let mut server = Driver::with_config(Puppet::default(), server);
        let address = server.listen(transport, listen).unwrap();
        Pair { client: Driver::with_config(Puppet::default(), client), server, address }
    }

    async fn next(&mut self) -> At {
        let next = async {
            tokio::select! {
                input = self.client.next() => At::Client(input),
                input = self.server.next() => At::Server(input),
            }
        };
        tokio::time::timeout(Duration::from_secs(10), next).await.expect("no event within ten seconds")
    }

    /// Connects, and waits until both ends are open; where there is TLS, the client hears next that it is secure.
    async fn open(&mut self, transport: Transport) {
        self.client.machine_mut().connect_over(transport, 0, self.address);
        let mut open = [false; 2];
        let mut secured = false;
        while open != [true; 2] || secured != transport.is_secure() {
            match self.next().await {
                At::Client(Input::Opened { conn: CLIENT, transport: over, remote, local }) => {
                    assert_eq!((over, remote), (transport, self.address));
                    assert_ne!(local.port(), 0);
                    open[0] = true;
                }
                At::Server(Input::Opened { conn: SERVER, transport: over, local, .. }) => {
                    assert_eq!((over, local), (transport, self.address));
                    open[1] = true;
                }
                At::Client(Input::Secured { conn: CLIENT, session }) if open[0] && !secured => {
                    assert!(session.tls13 && session.exporter.is_some() && session.end_point.is_some());
                    secured = true;
                }
                other => panic!("{transport}: {other:?}"),
            }
        }
    }

    /// Hears until both ends are closed: what each has received, and why it closed.
    async fn until_closed(&mut self) -> [(Vec<Bytes>, CloseReason); 2] {
        let mut heard = [Vec::new(), Vec::new()];
        let mut reasons = [None; 2];
        while reasons.contains(&None) {
            let (who, input) = match self.next().await {
                At::Client(input) => (0, input),
                At::Server(input) => (1, input),
            };
            match input {
                Input::Stream { data, .. } => heard[who].push(data),
                Input::Closed { reason, .. } => reasons[who] = Some(reason),
                Input::Opened { .. } | Input::Secured { .. } => {}
                other => panic!("{other:?}"),
            }
        }
        let [client, server] = heard;
        [(client, reasons[0].unwrap()), (server, reasons[1].unwrap())]
    }
}

fn joined(pieces: &[Bytes]) -> Vec<u8> {
    pieces.concat()
}

#[tokio::test]
async fn both_sides_hear_each_other_and_the_client_closes() {
    for transport in ALL {
        for listen in [loopback(), "[::1]:0".parse().unwrap()] {
            let mut pair = Pair::new(transport, listen);
            pair.open(transport).await;
            pair.client.machine_mut().write(CLIENT, "question");
            pair.server.machine_mut().write(SERVER, "greeting");
            pair.client.machine_mut().close(CLIENT);
            let [client, server] = pair.until_closed().await;
            assert_eq!((joined(&server.0), server.1), (b"question".to_vec(), CloseReason::Peer), "{transport}");
            assert_eq!(client.1, CloseReason::Local, "{transport}");
        }
    }
}

#[tokio::test]
async fn the_server_closes_after_its_last_word() {
    for transport in ALL {
        let mut pair = Pair::new(transport, loopback());
        pair.open(transport).await;
        pair.server.machine_mut().write(SERVER, "farewell");
        pair.server.machine_mut().close(SERVER);
        let [client, server] = pair.until_closed().await;
        assert_eq!((joined(&client.0), client.1), (b"farewell".to_vec(), CloseReason::Peer), "{transport}");
        assert_eq!(server.1, CloseReason::Local, "{transport}");
    }
}

#[tokio::test]
async fn what_is_written_and_closed_before_opening_arrives() {
    for transport in ALL {
        let mut pair = Pair::new(transport, loopback());
        let client = pair.client.machine_mut();
        client.connect_over(transport, 0, pair.address);
        client.write(CLIENT, "one ");
        client.write(CLIENT, "two");
        client.close(CLIENT);
        let [client, server] = pair.until_closed().await;
        assert_eq!((joined(&server.0), server.1), (b"one two".to_vec(), CloseReason::Peer), "{transport}");
        assert_eq!((client.0.len(), client.1), (0, CloseReason::Local), "{transport}");
    }
}

#[tokio::test]
async fn much_goes_both_ways_at_once() {
    for transport in ALL {
        let big = |config: Config| {
            let mut config = Config { stream_queue: 16 << 20, ..config };
            config.ws.message = 4 << 20;
            config
        };
        let mut pair = Pair::with(transport, loopback(), big(anyone()), big(server()));
        pair.open(transport).await;
        let message =
            |seed: usize| -> Vec<u8> { (0..3 << 20).map(|n: usize| (n * 7 + n / 251 + seed) as u8).collect() };
        for seed in 0..2 {
            pair.client.machine_mut().write(CLIENT, message(seed));
            pair.server.machine_mut().write(SERVER, message(seed + 10));
        }
        let mut heard = [Vec::new(), Vec::new()];
        while heard.iter().any(|all: &Vec<u8>| all.len() < 6 << 20) {
            match pair.next().await {
                At::Client(Input::Stream { data, .. }) => heard[0].extend(data),
                At::Server(Input::Stream { data, .. }) => heard[1].extend(data),
                other => panic!("{other:?}"),
            }
        }
        assert!(heard[0] == [message(10), message(11)].concat(), "{transport}");
        assert!(heard[1] == [message(0), message(1)].concat(), "{transport}");
    }
}

#[tokio::test]
async fn websocket_keeps_messages_apart() {
    for transport in [Transport::Ws, Transport::Wss] {
        let mut pair = Pair::new(transport, loopback());
        let texts: Vec<Bytes> = (0..200usize).map(|n| Bytes::from(vec![n as u8; n * n % 3_000 + 1])).collect();
        let client = pair.client.machine_mut();
        client.connect_over(transport, 0, pair.address);
        texts.iter().for_each(|text| client.write(CLIENT, text.clone()));
        client.close(CLIENT);
        assert_eq!(pair.until_closed().await[1].0, texts, "{transport}");
    }
}

//= rfc6455#4.1/no-connection test
#[tokio::test]
async fn nobody_listening_is_refused() {
    for transport in ALL {
        let free = std::net::TcpListener::bind(loopback()).unwrap().local_addr().unwrap();
        let mut driver = Driver::with_config(Puppet::default(), anyone());
        driver.machine_mut().connect_over(transport, 0, free);
        driver.machine_mut().write(CLIENT, "in vain");
        let told = common::next(&mut driver).await;
        assert!(matches!(told, Input::Closed { reason: CloseReason::Refused, .. }), "{transport}: {told:?}");
    }
}

//= rfc6455#4.1/tls-first test
//= rfc6455#10.6/tls test
//= rfc6455#4.1/tunnel test
#[tokio::test]
async fn a_secure_websocket_shows_nothing_but_tls() {
    let mut pair = Pair::new(Transport::Wss, loopback());
    let (proxy, seen) = proxy(pair.address);
    pair.address = proxy;
    pair.client.machine_mut().connect_over(Transport::Wss, 0, proxy);
    pair.client.machine_mut().write(CLIENT, "a secret");
    pair.client.machine_mut().close(CLIENT);
    assert_eq!(pair.until_closed().await[1].0, ["a secret"]);
    drop(pair); // nobody would serve its sockets while this thread waits
    let seen = seen.join().unwrap();
    let mut rest = &seen[..];
    assert_eq!(rest.first(), Some(&22), "a handshake comes first");
    while let [20..=23, 3, _, high, low, after @ ..] = rest {
        rest = &after[usize::from(*high) << 8 | usize::from(*low)..];
    }
    assert!(rest.is_empty(), "nothing but records");
    assert!(!seen.windows(4).any(|bytes| bytes == b"GET " || bytes == b"a se"));
}

/// Passes one connection on to `server`, and tells what the client has said.
fn proxy(server: SocketAddr) -> (SocketAddr, std::thread::JoinHandle<Vec<u8>>) {
    use std::io::{Read, Write};
    let listener = std::net::TcpListener::bind(loopback()).unwrap();
    let address = listener.local_addr().unwrap();
    let passing = std::thread::spawn(move || {
        let (mut client, mut server) = (listener.accept().unwrap().0, common::dial(server));
        let (mut back, mut from) = (client.try_clone().unwrap(), server.try_clone().unwrap());
        std::thread::spawn(move || {
            let _ = std::io::copy(&mut from, &mut back);
            let _ = back.shutdown(std::net::Shutdown::Write);
        });
        let (mut all, mut buffer) = (Vec::new(), [0; 1000]);
        while let Ok(length @ 1..) = client.read(&mut buffer) {
            all.extend_from_slice(&buffer[..length]);
            let _ = server.write_all(&buffer[..length]);
        }
        let _ = server.shutdown(std::net::Shutdown::Write);
        all
    });
    (address, passing)
}

//= rfc6455#4.1/tls-fails test
#[tokio::test]
async fn a_secure_websocket_without_trust_is_refused() {
    let nobody = common::tls::trusting(net::Trust::Pinned(Vec::new()));
    let mut pair = Pair::with(Transport::Wss, loopback(), nobody, server());
    pair.client.machine_mut().connect_over(Transport::Wss, 0, pair.address);
    let told = pair.next().await;
    assert!(matches!(told, At::Client(Input::Closed { reason: CloseReason::Untrusted, .. })), "{told:?}");
    assert_eq!((pair.client.stats().tls_errors, pair.client.stats().ws_errors), (1, 0));
}

//= rfc6455#4.2.2/tunnel test
#[tokio::test]
async fn a_secure_listener_answers_nobody_in_the_clear() {
    use std::io::Write;
    let mut driver = Driver::with_config(Puppet::default(), server());
    let address = driver.listen(Transport::Wss, loopback()).unwrap();
    let work = move || {
        let mut client = common::dial(address);
        client.write_all(common::ws::request("GET / HTTP/1.1", &[]).as_bytes()).unwrap();
        common::read_all(&mut client)
    };
    let (answer, told) = common::beside(&mut driver, work).await;
    assert_eq!((answer.first(), told.len()), (Some(&21), 0), "an alert: {answer:?}");
}

#[tokio::test]
async fn shutdown_gets_out_what_is_queued() {
    for transport in ALL {
        let mut pair = Pair::new(transport, loopback());
        pair.open(transport).await;
        pair.server.machine_mut().write(SERVER, vec![7; 900_000]);
        let server = pair.server;
        let ending = tokio::spawn(server.shutdown());
        let mut heard = 0;
        loop {
            match common::next(&mut pair.client).await {
                Input::Stream { data, .. } => heard += data.len(),
                Input::Closed { reason, .. } => break assert_eq!(reason, CloseReason::Peer, "{transport}"),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(heard, 900_000, "{transport}");
        let lingering = async {
            while !ending.is_finished() {
                let _ = tokio::time::timeout(Duration::from_millis(5), pair.client.next()).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(2), lingering).await.expect("it ends before its patience");
    }
}
