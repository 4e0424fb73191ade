//! TLS: whom a connection trusts, what silent, wrong and hostile peers can do, and every way to end.
#![cfg(feature = "tls")]
mod common;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use common::tls::{Certified, anyone, certify, roots, server, trusting};
use common::{Puppet, beside, dial, loopback, next, opened, pieces, read_all, reason};
use net::{Config, Driver, Fingerprint, Identity, Options, Tls, Trust, fingerprint};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, ServerConfig, ServerConnection, StreamOwned};
use wire::{CloseReason, ConnId, Input, Transport};

const CLIENT: ConnId = ConnId::outbound(0);
const SERVER: ConnId = ConnId::inbound(0);

/// What a client that trusts like this hears when it connects to `certified`, and what the server does.
async fn meet(certified: &Certified, client: Config) -> (Vec<Input>, Vec<Input>, [u64; 2]) {
    let mut server = Driver::with_config(Puppet::default(), certified.server());
    let address = server.listen(Transport::Tls, loopback()).unwrap();
    let mut client = Driver::with_config(Puppet::default(), client);
    client.machine_mut().connect_over(Transport::Tls, 0, address);
    let mut told = [Vec::new(), Vec::new()];
    let end = tokio::time::sleep(Duration::from_secs(5));
    tokio::pin!(end);
    while told[0].is_empty() || opened(&told[0], CLIENT) && told[1].is_empty() {
        tokio::select! {
            input = client.next() => told[0].push(input),
            input = server.next() => told[1].push(input),
            () = &mut end => panic!("nothing happened: {told:?}"),
        }
    }
    let late = tokio::time::timeout(Duration::from_millis(30), async {
        loop {
            told[1].push(server.next().await);
        }
    });
    let _ = late.await;
    let [client_told, server_told] = told;
    (client_told, server_told, [client.stats().tls_errors, server.stats().tls_errors])
}

async fn accepted(what: &str, certified: &Certified, client: Config) {
    let (client, server, errors) = meet(certified, client).await;
    assert!(opened(&client, CLIENT) && opened(&server, SERVER), "{what}: {client:?} {server:?}");
    assert_eq!(errors, [0, 0], "{what}");
}

async fn refused(what: &str, certified: &Certified, client: Config) {
    let (client, server, errors) = meet(certified, client).await;
    assert_eq!(reason(&client, CLIENT), Some(CloseReason::Untrusted), "{what}: {client:?}");
    assert!(!opened(&client, CLIENT) && server.is_empty(), "{what}: {client:?} {server:?}");
    assert_eq!(errors, [1, 1], "{what}: both count it");
}

fn named(mut config: Config, name: &str) -> Config {
    config.tls.server_name = Some(name.to_owned());
    config
}

fn leaf(certified: &Certified) -> Fingerprint {
    fingerprint(&CertificateDer::from_pem_slice(certified.chain.as_bytes()).unwrap())
}

//= rfc6120#13.6/own-anchors test
//= rfc6120#13.7.1.2.1/dns-id test
//= rfc6120#13.6/anchors test
#[tokio::test]
async fn trust_decides_who_may_answer() {
    let right = certify(&["127.0.0.1"]);
    let other = certify(&["127.0.0.1"]);
    let named_otherwise = certify(&["example.org"]);
    accepted("a known root", &right, trusting(Trust::roots(&right.root).unwrap())).await;
    refused("an unknown root", &right, trusting(Trust::roots(&other.root).unwrap())).await;
    let root = || trusting(Trust::roots(&named_otherwise.root).unwrap());
    refused("another name", &named_otherwise, root()).await;
    accepted("the name that is expected", &named_otherwise, named(root(), "example.org")).await;
    refused("a name that is not expected", &named_otherwise, named(root(), "example.com")).await;
    accepted("a pinned certificate", &right, trusting(Trust::Pinned(vec![leaf(&other), leaf(&right)]))).await;
    refused("a certificate not pinned", &right, trusting(Trust::Pinned(vec![leaf(&other)]))).await;
    refused("nothing is pinned", &right, trusting(Trust::Pinned(Vec::new()))).await;
    accepted("anyone", &right, anyone()).await;
}

#[tokio::test]
async fn the_systems_roots_do_not_know_ours() {
    let ours = certify(&["127.0.0.1"]);
    let (client, server, _) = meet(&ours, trusting(Trust::System)).await;
    assert_eq!(reason(&client, CLIENT), Some(CloseReason::Untrusted));
    assert!(server.is_empty());
}

/// A blocking server that presents `chain` without having its key.
fn impostor(chain: &str, versions: &[&'static rustls::SupportedProtocolVersion]) -> SocketAddr {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let key = rcgen::KeyPair::generate().unwrap().serialize_pem();
    let key = provider.key_provider.load_private_key(PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap()).unwrap();
    let chain = CertificateDer::pem_slice_iter(chain.as_bytes()).map(Result::unwrap).collect();
    let stolen = rustls::sign::CertifiedKey::new(chain, key);
    let builder = ServerConfig::builder_with_provider(provider).with_protocol_versions(versions).unwrap();
    let resolver = Arc::new(rustls::sign::SingleCertAndKey::from(stolen));
    let config = Arc::new(builder.with_no_client_auth().with_cert_resolver(resolver));
    let listener = TcpListener::bind(loopback()).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let stream = listener.accept().unwrap().0;
        let _ = StreamOwned::new(ServerConnection::new(config).unwrap(), stream).read(&mut [0]);
    });
    address
}

#[tokio::test]
async fn a_pinned_certificate_is_worth_nothing_without_its_key() {
    let right = certify(&["127.0.0.1"]);
    for versions in [&[&rustls::version::TLS12], &[&rustls::version::TLS13]] {
        let address = impostor(&right.chain, versions);
        let mut driver = Driver::with_config(Puppet::default(), trusting(Trust::Pinned(vec![leaf(&right)])));
        driver.machine_mut().connect_over(Transport::Tls, 0, address);
        assert!(matches!(next(&mut driver).await, Input::Closed { reason: CloseReason::Untrusted, .. }));
        let address = impostor(&right.chain, versions);
        let mut driver = Driver::with_config(Puppet::default(), anyone());
        driver.machine_mut().connect_over(Transport::Tls, 0, address);
        assert!(matches!(next(&mut driver).await, Input::Opened { .. }), "anyone is anyone");
    }
}

//= rfc6455#4.1/sni test
#[tokio::test]
async fn the_servers_name_is_told_when_there_is_one() {
    for name in [Some("example.org"), None] {
        let listener = TcpListener::bind(loopback()).unwrap();
        let mut config = anyone();
        config.tls.server_name = name.map(str::to_owned);
        let mut driver = Driver::with_config(Puppet::default(), config);
        driver.machine_mut().connect_over(Transport::Tls, 0, listener.local_addr().unwrap());
        let work = move || {
            let mut acceptor = rustls::server::Acceptor::default();
            let mut stream = listener.accept().unwrap().0;
            loop {
                acceptor.read_tls(&mut stream).unwrap();
                if let Some(hello) = acceptor.accept().unwrap_or_else(|error| panic!("{:?}", error.0)) {
                    break hello.client_hello().server_name().map(str::to_owned);
                }
            }
        };
        assert_eq!(beside(&mut driver, work).await.0.as_deref(), name);
    }
}

//= rfc6120#13.9.5/no-ssl test
//= rfc7590#1/practices test
#[tokio::test]
async fn versions_before_1_2_are_not_offered() {
    let listener = TcpListener::bind(loopback()).unwrap();
    let mut driver = Driver::with_config(Puppet::default(), anyone());
    driver.machine_mut().connect_over(Transport::Tls, 0, listener.local_addr().unwrap());
    let work = move || {
        let mut hello = vec![0; 5];
        let mut stream = listener.accept().unwrap().0;
        stream.read_exact(&mut hello).unwrap();
        let length = u16::from_be_bytes([hello[3], hello[4]]);
        hello.resize(5 + usize::from(length), 0);
        stream.read_exact(&mut hello[5..]).unwrap();
        hello
    };
    let hello = beside(&mut driver, work).await.0;
    assert_eq!((&hello[..2], &hello[9..11]), ([22, 3].as_slice(), [3, 3].as_slice()), "a handshake of TLS, up to 1.2");
    let versions = [0, 43, 0, 5, 4, 3, 4, 3, 3]; // supported_versions: 1.3 and 1.2
    assert!(hello.windows(9).any(|extension| extension == versions), "{hello:?}");
}

#[tokio::test]
async fn connections_to_one_address_may_trust_otherwise() {
    let certified = certify(&["127.0.0.1"]);
    let mut server = Driver::with_config(Puppet::default(), certified.server());
    let address = server.listen(Transport::Tls, loopback()).unwrap();
    let mut client = Driver::with_config(Puppet::default(), trusting(Trust::Pinned(Vec::new())));
    let pinned = Tls { trust: Trust::Pinned(vec![certified.identity().fingerprint()]), ..Tls::default() };
    let options = Options {
        tls: pinned,
        #[cfg(feature = "ws")]
        ws: net::Ws::default(),
    };
    client.options_for(address, Some(options));
    client.machine_mut().connect_over(Transport::Tls, 0, address);
    let server = tokio::spawn(async move {
        loop {
            server.next().await;
        }
    });
    assert!(matches!(next(&mut client).await, Input::Opened { conn: CLIENT, .. }));
    assert!(matches!(next(&mut client).await, Input::Secured { conn: CLIENT, .. }));
    client.options_for(address, None);
    client.machine_mut().connect_over(Transport::Tls, 1, address);
    assert!(matches!(next(&mut client).await, Input::Closed { reason: CloseReason::Untrusted, .. }));
    server.abort();
}

#[tokio::test]
async fn a_listener_needs_a_certificate_and_its_own_key() {
    let mut driver = Driver::new(Puppet::default());
    let error = driver.listen(Transport::Tls, loopback()).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
    let (one, two) = (certify(&["a"]), certify(&["b"]));
    for (chain, key) in [(&one.chain, &two.key), (&one.chain, &one.chain), (&one.key, &one.key)] {
        assert_eq!(Identity::from_pem(chain, key).unwrap_err().kind(), std::io::ErrorKind::InvalidInput);
    }
    assert!(Trust::roots("").is_err());
    let der = CertificateDer::from_pem_slice(one.chain.as_bytes()).unwrap().to_vec();
    let key = PrivateKeyDer::from_pem_slice(one.key.as_bytes()).unwrap().secret_der().to_vec();
    let identity = Identity::from_der([der], key.clone()).unwrap();
    assert_eq!(identity.fingerprint(), leaf(&one));
    assert!(Identity::from_der([], key).is_err());
}

#[tokio::test]
async fn keys_are_never_shown() {
    let certified = certify(&["127.0.0.1"]);
    let shown = format!("{:?}", certified.server());
    assert!(shown.contains(&certified.identity().fingerprint().to_string()), "{shown}");
    let key = PrivateKeyDer::from_pem_slice(certified.key.as_bytes()).unwrap();
    let secret = key.secret_der();
    let bytes = format!("{:?}", &secret[secret.len() / 2..][..8]);
    assert!(!shown.contains(bytes.trim_matches(['[', ']'])) && !shown.contains("PRIVATE"), "{shown}");
}

// ---- peers that do not speak TLS, or not to the end

#[tokio::test]
async fn a_silent_client_costs_its_own_slot_until_the_timeout() {
    let config = Config { handshake_timeout: Duration::from_secs(1), ..server() };
    let mut driver = Driver::with_config(Puppet::echo(), config);
    let address = driver.listen(Transport::Tls, loopback()).unwrap();
    let work = move || {
        let mut silent = dial(address);
        let start = Instant::now();
        let mut honest = blocking(address, &[&rustls::version::TLS13]);
        honest.write_all(b"hello").unwrap();
        honest.read_exact(&mut [0; 5]).unwrap();
        assert!(start.elapsed() < Duration::from_millis(950), "nobody waits for the silent one");
        assert!(read_all(&mut silent).is_empty());
        start.elapsed()
    };
    let (waited, told) = beside(&mut driver, work).await;
    assert!(waited >= Duration::from_millis(950) && waited < Duration::from_secs(5), "{waited:?}");
    assert!(!told.iter().any(|input| matches!(input, Input::Closed { conn: SERVER, .. })), "nobody heard of it");
    assert_eq!((driver.stats().handshake_timeouts, driver.stats().tls_errors), (1, 1), "the honest one just leaves");
}

#[tokio::test]
async fn the_oldest_of_too_many_handshakes_is_given_up() {
    let config = Config { handshakes: 2, handshake_timeout: Duration::from_secs(60), ..server() };
    let mut driver = Driver::with_config(Puppet::echo(), config);
    let address = driver.listen(Transport::Tls, loopback()).unwrap();
    let work = move || {
        let mut silent: Vec<TcpStream> = Vec::new();
        for _ in 0..3 {
            silent.push(dial(address));
            std::thread::sleep(Duration::from_millis(20));
        }
        assert!(read_all(&mut silent[0]).is_empty());
        let mut honest = blocking(address, &[&rustls::version::TLS13]);
        honest.write_all(b"hello").unwrap();
        honest.read_exact(&mut [0; 5]).unwrap();
        assert!(read_all(&mut silent[1]).is_empty());
        silent[2].set_nonblocking(true).unwrap();
        let still = silent[2].read(&mut [0]).unwrap_err();
        assert_eq!(still.kind(), std::io::ErrorKind::WouldBlock);
        honest.conn.send_close_notify();
        honest.flush().unwrap();
    };
    let (_, told) = beside(&mut driver, work).await;
    assert_eq!(driver.stats().connections_refused, 2);
    assert_eq!(told.iter().filter(|input| matches!(input, Input::Opened { .. })).count(), 1);
}

#[tokio::test]
async fn garbage_ends_a_connection_and_nothing_else() {
    let mut driver = Driver::with_config(Puppet::echo(), server());
    let address = driver.listen(Transport::Tls, loopback()).unwrap();
    let work = move || {
        let mut honest = blocking(address, &[&rustls::version::TLS13]);
        let mut seed = 1u64;
        for length in [1, 5, 100, 20_000] {
            let mut garbage = dial(address);
            let noise: Vec<u8> = (0..length).map(|_| noise(&mut seed)).collect();
            let _ = garbage.write_all(&noise);
            let _ = garbage.shutdown(std::net::Shutdown::Write);
            read_all(&mut garbage);
        }
        let mut alert = dial(address);
        alert.write_all(b"GET / HTTP/1.1\r\nHost: example.org\r\n\r\n").unwrap();
        let answer = read_all(&mut alert);
        assert_eq!(answer.first(), Some(&21), "it hears an alert: {answer:?}");
        honest.write_all(b"alive").unwrap();
        honest.read_exact(&mut [0; 5]).unwrap();
    };
    let (_, told) = beside(&mut driver, work).await;
    assert_eq!(told.iter().filter(|input| matches!(input, Input::Opened { .. })).count(), 1, "{told:?}");
    assert_eq!(driver.stats().tls_errors, 6, "five of garbage, and the end without notice");
}

fn noise(seed: &mut u64) -> u8 {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*seed >> 56) as u8
}

#[tokio::test]
async fn a_farewell_instead_of_a_handshake_leaves_nothing_behind() {
    const CLOSE_NOTIFY: &[u8] = &[21, 3, 3, 0, 2, 1, 0];
    let patience = Duration::from_millis(500); // it is passed over, and the handshake does not go on
    let config = Config { connections: 4, handshake_timeout: patience, ..server() };
    let mut driver = Driver::with_config(Puppet::echo(), config);
    let address = driver.listen(Transport::Tls, loopback()).unwrap();
    let work = move || {
        for _ in 0..5 {
            let mut client = dial(address);
            client.write_all(CLOSE_NOTIFY).unwrap();
            read_all(&mut client);
        }
        let mut honest = blocking(address, &[&rustls::version::TLS13]);
        honest.write_all(b"alive").unwrap();
        honest.read_exact(&mut [0; 5]).unwrap();
    };
    let (_, told) = beside(&mut driver, work).await;
    assert_eq!(told.iter().filter(|input| matches!(input, Input::Opened { .. })).count(), 1, "{told:?}");

    let listener = TcpListener::bind(loopback()).unwrap();
    let config = Config { handshake_timeout: patience, ..anyone() };
    let mut driver = Driver::with_config(Puppet::default(), config);
    driver.machine_mut().connect_over(Transport::Tls, 0, listener.local_addr().unwrap());
    let work = move || {
        let mut server = listener.accept().unwrap().0;
        server.write_all(CLOSE_NOTIFY).unwrap();
        read_all(&mut server)
    };
    let (_, told) = beside(&mut driver, work).await;
    assert_eq!(reason(&told, CLIENT), Some(CloseReason::Timeout), "{told:?}");
}

#[tokio::test]
async fn servers_that_do_not_speak_tls_are_refused_or_time_out() {
    let config = Config { handshake_timeout: Duration::from_millis(100), ..anyone() };
    let mut driver = Driver::with_config(Puppet::default(), config);
    let silent = TcpListener::bind(loopback()).unwrap();
    driver.machine_mut().connect_over(Transport::Tls, 0, silent.local_addr().unwrap());
    driver.machine_mut().write(CLIENT, "in vain");
    assert!(matches!(next(&mut driver).await, Input::Closed { conn: CLIENT, reason: CloseReason::Timeout }));
    assert_eq!(driver.stats().handshake_timeouts, 1);

    let talker = TcpListener::bind(loopback()).unwrap();
    driver.machine_mut().connect_over(Transport::Tls, 1, talker.local_addr().unwrap());
    let talking = std::thread::spawn(move || {
        let mut stream = talker.accept().unwrap().0;
        stream.write_all(b"220 mail.example.org ESMTP\r\n").unwrap();
        read_all(&mut stream)
    });
    assert!(matches!(next(&mut driver).await, Input::Closed { reason: CloseReason::Untrusted, .. }));
    talking.join().unwrap();

    let leaver = TcpListener::bind(loopback()).unwrap();
    driver.machine_mut().connect_over(Transport::Tls, 2, leaver.local_addr().unwrap());
    let leaving = std::thread::spawn(move || drop(leaver.accept().unwrap()));
    assert!(matches!(next(&mut driver).await, Input::Closed { reason: CloseReason::Refused, .. }));
    leaving.join().unwrap();
    assert!(driver.stats().tls_errors >= 1 && driver.stats().connected == 0);
}

#[tokio::test]
async fn giving_up_during_the_handshake_ends_at_once() {
    let silent = TcpListener::bind(loopback()).unwrap();
    let mut driver = Driver::with_config(Puppet::default(), anyone());
    driver.machine_mut().connect_over(Transport::Tls, 0, silent.local_addr().unwrap());
    let early = tokio::time::timeout(Duration::from_millis(50), driver.next()).await;
    assert!(early.is_err(), "{early:?}");
    driver.machine_mut().close(CLIENT);
    assert!(matches!(next(&mut driver).await, Input::Closed { reason: CloseReason::Local, .. }));
}

#[tokio::test]
async fn too_much_written_before_the_handshake_is_done_overflows() {
    let silent = TcpListener::bind(loopback()).unwrap();
    let config = Config { stream_queue: 50_000, ..anyone() };
    let mut driver = Driver::with_config(Puppet::default(), config);
    driver.machine_mut().connect_over(Transport::Tls, 0, silent.local_addr().unwrap());
    let _ = tokio::time::timeout(Duration::from_millis(50), driver.next()).await;
    (0..6).for_each(|_| driver.machine_mut().write(CLIENT, vec![0; 10_000]));
    assert!(matches!(next(&mut driver).await, Input::Closed { reason: CloseReason::Overflow, .. }));
}

// ---- ends

/// A blocking client: rustls itself is the other side here.
fn blocking(
    address: SocketAddr,
    versions: &[&'static rustls::SupportedProtocolVersion],
) -> StreamOwned<ClientConnection, TcpStream> {
    let mut stream = StreamOwned::new(client(versions), dial(address));
    while stream.conn.is_handshaking() {
        stream.conn.complete_io(&mut stream.sock).unwrap();
    }
    stream
}

fn client(versions: &[&'static rustls::SupportedProtocolVersion]) -> ClientConnection {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_protocol_versions(versions).unwrap();
    let config = builder.with_root_certificates(roots()).with_no_client_auth();
    ClientConnection::new(Arc::new(config), ServerName::try_from("localhost").unwrap()).unwrap()
}

//= rfc6120#5.4.3.1/tls test
#[tokio::test]
async fn both_versions_of_the_protocol_are_spoken_and_closed_with_notice() {
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let mut driver = Driver::with_config(Puppet::echo(), server());
        let address = driver.listen(Transport::Tls, loopback()).unwrap();
        let work = move || {
            let mut client = blocking(address, &[version]);
            assert_eq!(client.conn.protocol_version(), Some(version.version));
            client.write_all(b"question").unwrap();
            client.conn.send_close_notify();
            client.flush().unwrap();
            let mut answer = Vec::new();
            client.read_to_end(&mut answer).unwrap(); // fails without close_notify
            answer
        };
        let (answer, told) = beside(&mut driver, work).await;
        assert_eq!(answer, b"question", "the answer to who has finished still arrives");
        assert_eq!(reason(&told, SERVER), Some(CloseReason::Peer));
        assert_eq!(driver.stats().tls_errors, 0);
    }
}

//= rfc6120#4.4/close-notify test
#[tokio::test]
async fn our_close_is_announced() {
    let mut driver = Driver::with_config(Puppet::default(), server());
    let address = driver.listen(Transport::Tls, loopback()).unwrap();
    let client = std::thread::spawn(move || {
        let mut client = blocking(address, &[&rustls::version::TLS13]);
        let mut all = Vec::new();
        client.read_to_end(&mut all).map(|_| all.len())
    });
    assert!(matches!(next(&mut driver).await, Input::Opened { conn: SERVER, .. }));
    driver.machine_mut().write(SERVER, vec![1; 300_000]);
    driver.machine_mut().close(SERVER);
    assert!(matches!(next(&mut driver).await, Input::Closed { reason: CloseReason::Local, .. }));
    driver.shutdown().await;
    assert_eq!(client.join().unwrap().unwrap(), 300_000);
}

#[tokio::test]
async fn an_end_without_notice_is_told_as_one() {
    let mut driver = Driver::with_config(Puppet::default(), server());
    let address = driver.listen(Transport::Tls, loopback()).unwrap();
    let work = move || {
        let mut client = blocking(address, &[&rustls::version::TLS13]);
        client.write_all(b"cut h").unwrap();
        client.sock.shutdown(std::net::Shutdown::Write).unwrap();
        read_all(&mut client.sock);
    };
    let (_, told) = beside(&mut driver, work).await;
    assert_eq!(pieces(&told, SERVER).concat(), b"cut h");
    assert_eq!(reason(&told, SERVER), Some(CloseReason::Reset));
    assert_eq!(driver.stats().tls_errors, 1);
}

#[tokio::test]
async fn bytes_that_were_tampered_with_end_the_connection() {
    let mut driver = Driver::with_config(Puppet::default(), server());
    let address = driver.listen(Transport::Tls, loopback()).unwrap();
    let work = move || {
        let mut client = blocking(address, &[&rustls::version::TLS13]);
        client.write_all(b"good").unwrap();
        client.flush().unwrap();
        client.sock.write_all(&[23, 3, 3, 0, 30]).unwrap();
        client.sock.write_all(&[7; 30]).unwrap();
        let _ = client.write_all(b"never read");
        let mut rest = Vec::new();
        let alert = client.read_to_end(&mut rest).unwrap_err().to_string();
        assert!(alert.contains("alert"), "{alert}");
    };
    let (_, told) = beside(&mut driver, work).await;
    assert_eq!(pieces(&told, SERVER).concat(), b"good");
    assert_eq!(reason(&told, SERVER), Some(CloseReason::Reset));
    assert_eq!(driver.stats().tls_errors, 1);
}

#[tokio::test]
async fn a_peer_that_does_not_read_overflows() {
    let config = Config { stream_queue: 100_000, ..server() };
    let mut driver = Driver::with_config(Puppet::default(), config);
    let address = driver.listen(Transport::Tls, loopback()).unwrap();
    let client = std::thread::spawn(move || blocking(address, &[&rustls::version::TLS13]));
    assert!(matches!(next(&mut driver).await, Input::Opened { conn: SERVER, .. }));
    let client = client.join().unwrap();
    (0..2_000).for_each(|_| driver.machine_mut().write(SERVER, vec![0; 10_000]));
    assert!(matches!(next(&mut driver).await, Input::Closed { reason: CloseReason::Overflow, .. }));
    assert_eq!(driver.stats().stream_overflows, 1);
    drop(client);
}

#[cfg(feature = "ws")]
#[tokio::test]
async fn a_websocket_that_fails_ends_its_tls_in_order() {
    let mut driver = Driver::with_config(Puppet::default(), server());
    let address = driver.listen(Transport::Wss, loopback()).unwrap();
    let work = move || {
        let [mut open, mut refused] = [(); 2].map(|()| blocking(address, &[&rustls::version::TLS13]));
        open.write_all(common::ws::request("GET / HTTP/1.1", &[]).as_bytes()).unwrap();
        let (mut head, mut byte) = (Vec::new(), [0]);
        while !head.ends_with(b"\r\n\r\n") {
            open.read_exact(&mut byte).unwrap();
            head.extend(byte);
        }
        open.write_all(&common::ws::frame(0x82, b"without a mask", false)).unwrap();
        refused.write_all(common::ws::request("GET /nowhere HTTP/1.1", &[]).as_bytes()).unwrap();
        [open, refused].map(|mut stream| {
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).unwrap(); // fails without close_notify
            answer
        })
    };
    let ([open, refused], _) = beside(&mut driver, work).await;
    assert_eq!(open, [0x88, 2, 3, 0xEA]);
    assert!(refused.starts_with(b"HTTP/1.1 404 "), "{refused:?}");
    assert_eq!((driver.stats().ws_errors, driver.stats().tls_errors), (2, 0));
}

#[tokio::test]
async fn application_protocols_are_agreed_on() {
    let with = |config: Config, protocols: &[&str]| {
        let mut config = config;
        config.tls.alpn = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        config
    };
    for (theirs, works) in [(&["b", "c"][..], true), (&[], true), (&["d"], false)] {
        let mut server = Driver::with_config(Puppet::default(), with(server(), &["a", "b"]));
        let address = server.listen(Transport::Tls, loopback()).unwrap();
        let mut client = Driver::with_config(Puppet::default(), with(anyone(), theirs));
        client.machine_mut().connect_over(Transport::Tls, 0, address);
        let told = tokio::select! {
            told = next(&mut client) => told,
            () = async { loop { server.next().await; } } => unreachable!(),
        };
        assert_eq!(matches!(told, Input::Opened { .. }), works, "{theirs:?}: {told:?}");
    }
}
