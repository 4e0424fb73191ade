//! TLS that begins in the middle of a connection: what is told, held, dropped and refused, and what a login can be bound
//! to.
#![cfg(feature = "tls")]
mod common;

use std::io::Write;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use common::starttls::{BOTH, config, provider, secure, serve};
use common::tls::{Certified, anyone, certify, certify_with, trusting};
use common::{Puppet, loopback, next, opened, pieces, reason};
use net::{Config, Driver, TlsVersion, Trust};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{RootCertStore, SupportedProtocolVersion};
use wire::{CloseReason, ConnId, Input, Output, Secured, Transport};

const CONN: ConnId = ConnId::outbound(0);

/// Asks for TLS, begins it at the answer, and writes a line at once.
fn starttls() -> Puppet {
    let react = |input: &Input| match input {
        Input::Opened { conn, .. } => write(*conn, "starttls"),
        Input::Stream { conn, data } if data.starts_with(b"proceed") => {
            let mut out = vec![Output::Upgrade { conn: *conn }];
            out.extend(write(*conn, "hello\n"));
            out
        }
        _ => Vec::new(),
    };
    Puppet { react, ..Puppet::default() }
}

fn write(conn: ConnId, data: &'static str) -> Vec<Output<Input>> {
    vec![Output::Transmit(wire::Transmit::Stream { conn, data: Bytes::from_static(data.as_bytes()) })]
}

/// Runs a client until its connection is closed or has said something when it is secure.
async fn run(config: Config, address: SocketAddr) -> (Driver<Puppet>, Vec<Input>) {
    let mut driver = Driver::with_config(starttls(), config);
    driver.machine_mut().connect(0, address);
    let mut told = Vec::new();
    loop {
        told.push(next(&mut driver).await);
        let over = match told.last() {
            Some(Input::Stream { data, .. }) => session(&told).is_some() && data.ends_with(b"\n"),
            Some(Input::Closed { .. }) => true,
            _ => false,
        };
        if over {
            return (driver, told);
        }
    }
}

fn session(told: &[Input]) -> Option<&Secured> {
    told.iter().find_map(|input| match input {
        Input::Secured { conn: CONN, session } => Some(&**session),
        _ => None,
    })
}

fn wonderland(certified: &Certified) -> Config {
    let mut config = trusting(Trust::roots(&certified.root).unwrap());
    config.tls.server_name = Some("wonderland.example".to_owned());
    config.tls.alpn = vec![b"xmpp-client".to_vec()];
    config
}

//= rfc6120#3.3/tls-resumption test
//= rfc7590#3.3/resumption test
#[tokio::test]
async fn the_next_connection_resumes_the_session() {
    let certified = certify(&["wonderland.example"]);
    for versions in [&BOTH[..1], &BOTH[1..]] {
        let server = config(&certified, versions, None);
        let mut driver = Driver::with_config(starttls(), wonderland(&certified));
        for (n, resumed) in [(0, false), (1, true)] {
            let (address, seen) = serve(server.clone(), &[b"proceed"]);
            driver.machine_mut().connect(n, address);
            let mut exporter = None;
            loop {
                match next(&mut driver).await {
                    Input::Secured { session, .. } => exporter = session.exporter,
                    Input::Stream { data, .. } if data.ends_with(b"hello\n") => break,
                    _ => {}
                }
            }
            let seen = seen.join().unwrap();
            assert_eq!((seen.resumed, Some(seen.exporter)), (resumed, exporter), "{versions:?}");
        }
    }
}

//= rfc6120#5.4.3.1/protected test
#[tokio::test]
async fn an_open_connection_becomes_secure() {
    let certified = certify(&["wonderland.example"]);
    for versions in [&BOTH[..1], &BOTH[1..]] {
        let (address, server) = serve(config(&certified, versions, None), &[b"proceed"]);
        let (driver, told) = run(wonderland(&certified), address).await;
        let kinds: Vec<_> = told.iter().map(std::mem::discriminant).collect();
        assert_eq!(kinds.len(), 4, "opened, proceed, secured, hello: {told:?}");
        let session = session(&told[2..3]).expect("told between the two pieces");
        assert_eq!(pieces(&told, CONN), [&b"proceed"[..], b"hello\n"]);
        let seen = server.join().unwrap();
        assert_eq!(session.exporter, Some(seen.exporter), "{versions:?}");
        assert_eq!(session.tls13, versions == &BOTH[..1]);
        let leaf = CertificateDer::from_pem_slice(certified.chain.as_bytes()).unwrap();
        assert_eq!(session.end_point.as_deref(), Some(&net::fingerprint(&leaf).0[..]), "ECDSA with SHA-256");
        assert_eq!((&session.unique, &session.alpn), (&None, &None));
        assert_eq!(seen.name.as_deref(), Some("wonderland.example"));
        assert_eq!((seen.alpn, seen.client_certificate), (None, None), "an upgrade offers no protocols");
        assert_eq!((driver.stats().connected, driver.stats().clear_bytes_dropped), (1, 0));
        assert_eq!(driver.failure(CONN), None);
    }
}

#[tokio::test]
async fn what_comes_in_the_clear_after_the_answer_is_not_taken_for_secure() {
    let certified = certify(&["wonderland.example"]);
    // What has arrived by then is dropped and counted.
    let (address, server) = serve(config(&certified, BOTH, None), &[b"proceed<injected/>"]);
    let mut narrow = wonderland(&certified);
    narrow.read_size = 7;
    let (driver, told) = run(narrow, address).await;
    assert_eq!(pieces(&told, CONN).concat(), b"proceedhello\n");
    assert_eq!(driver.stats().clear_bytes_dropped, 11);
    assert!(server.join().unwrap().failed.is_none());
    // What comes later cannot be told from TLS that is broken.
    let (address, _server) = serve(config(&certified, BOTH, None), &[b"proceed", b"<injected/>"]);
    let (driver, told) = run(wonderland(&certified), address).await;
    assert_eq!(pieces(&told, CONN), [&b"proceed"[..]]);
    assert_eq!(reason(&told, CONN), Some(CloseReason::Untrusted));
    assert_eq!(driver.failure(CONN), Some("what the peer sends is not TLS"));
}

// ---- whom to trust, and what the user hears of it

/// Why an upgrade fails, as the machine and the user hear it.
async fn refused(certified: &Certified, versions: &[&'static SupportedProtocolVersion], client: Config) -> String {
    let (address, server) = serve(config(certified, versions, None), &[b"proceed"]);
    let (driver, told) = run(client, address).await;
    assert_eq!(reason(&told, CONN), Some(CloseReason::Untrusted), "{told:?}");
    assert!(session(&told).is_none() && driver.stats().tls_errors == 1, "{told:?}");
    assert!(server.join().unwrap().failed.is_some());
    driver.failure(CONN).unwrap().to_owned()
}

#[tokio::test]
async fn the_user_hears_why_a_server_is_not_trusted() {
    let right = certify(&["wonderland.example"]);
    let other = certify(&["looking-glass.example", "a.example", "b.example", "c.example"]);
    let expired = certify_with(&["wonderland.example"], |params| params.not_after = rcgen::date_time_ymd(2001, 1, 1));
    let future = certify_with(&["wonderland.example"], |params| params.not_before = rcgen::date_time_ymd(2999, 1, 1));
    let not_a_server = certify_with(&["wonderland.example"], |params| {
        params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ClientAuth];
    });
    let mut stranger = wonderland(&right);
    stranger.tls.trust = Trust::roots(&other.root).unwrap();
    let mut pinned = wonderland(&right);
    pinned.tls.trust = Trust::Pinned(vec![other.identity().fingerprint()]);
    let mut strict = wonderland(&right);
    strict.tls.minimum = TlsVersion::V1_3;
    let cases = [
        (
            refused(&other, BOTH, wonderland(&other)).await,
            "the server's certificate is for looking-glass.example, a.example, b.example, others, not for \
             wonderland.example",
        ),
        (refused(&expired, BOTH, wonderland(&expired)).await, "the server's certificate expired "),
        (refused(&future, BOTH, wonderland(&future)).await, "the server's certificate is not valid yet"),
        (refused(&not_a_server, BOTH, wonderland(&not_a_server)).await, "the server's certificate is not meant for"),
        (refused(&right, BOTH, stranger).await, "the server's certificate comes from an authority that is not trusted"),
        (refused(&right, BOTH, pinned).await, "the server's certificate is not one of those that are pinned"),
        (refused(&right, &BOTH[1..], strict.clone()).await, "no version of TLS in common, says the peer"),
    ];
    for (heard, words) in cases {
        assert!(heard.starts_with(words), "{heard:?} does not begin with {words:?}");
        assert!(heard.len() < 200 && heard.chars().all(|c| !c.is_control()), "{heard:?}");
    }
    let (address, _server) = serve(config(&right, BOTH, None), &[b"proceed"]);
    assert!(session(&run(strict, address).await.1).is_some_and(|session| session.tls13));
}

#[tokio::test]
async fn a_listener_speaks_no_older_version_than_it_should() {
    let certified = certify(&["127.0.0.1"]);
    for (minimum, works) in [(TlsVersion::V1_2, true), (TlsVersion::V1_3, false)] {
        let mut ours = certified.server();
        ours.tls.minimum = minimum;
        let mut server = Driver::with_config(Puppet::default(), ours);
        let address = server.listen(Transport::Tls, loopback()).unwrap();
        let versions = &[&rustls::version::TLS12];
        let builder = rustls::ClientConfig::builder_with_provider(provider()).with_protocol_versions(versions).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(certified.root.as_bytes()).unwrap()).unwrap();
        let old = Arc::new(builder.with_root_certificates(roots).with_no_client_auth());
        let work = move || {
            let name = "127.0.0.1".try_into().unwrap();
            let mut stream =
                rustls::StreamOwned::new(rustls::ClientConnection::new(old, name).unwrap(), common::dial(address));
            stream.write_all(b"hello").is_ok()
        };
        assert_eq!(common::beside(&mut server, work).await.0, works, "{minimum:?}");
    }
}

#[tokio::test]
async fn a_connection_over_tls_hears_what_an_upgrade_hears_and_offers_its_protocol() {
    let certified = certify(&["wonderland.example"]);
    let listener = TcpListener::bind(loopback()).unwrap();
    let address = listener.local_addr().unwrap();
    let config = config(&certified, BOTH, None);
    let server = std::thread::spawn(move || secure(config, listener.accept().unwrap().0));
    let mut driver = Driver::with_config(Puppet::default(), wonderland(&certified));
    driver.machine_mut().connect_over(Transport::Tls, 0, address);
    driver.machine_mut().write(CONN, "hello\n");
    assert!(matches!(next(&mut driver).await, Input::Opened { transport: Transport::Tls, .. }));
    let Input::Secured { conn: CONN, session } = next(&mut driver).await else { panic!() };
    assert!(matches!(next(&mut driver).await, Input::Stream { data, .. } if data == "hello\n"));
    let seen = server.join().unwrap();
    assert_eq!((session.exporter, session.alpn), (Some(seen.exporter), Some(Bytes::from("xmpp-client"))));
    assert_eq!(seen.alpn.as_deref(), Some(&b"xmpp-client"[..]));
    // Once it is closed there is nothing to upgrade, and while it is open there is nothing to add.
    driver.machine_mut().out.push_back(Output::Upgrade { conn: CONN });
    let closed = next(&mut driver).await;
    assert!(matches!(closed, Input::Closed { .. }), "{closed:?}");
}

// ---- certificates of ours

//= rfc6120#5.4.3.1/client-certificate test
#[tokio::test]
async fn a_client_shows_its_certificate_to_servers_that_ask() {
    let (server, alice, other) = (certify(&["wonderland.example"]), certify(&["alice"]), certify(&["alice"]));
    for versions in [&BOTH[..1], &BOTH[1..]] {
        let mut config_of_alice = wonderland(&server);
        config_of_alice.tls.client_identity = Some(alice.identity());
        let (address, thread) = serve(config(&server, versions, Some(&alice.root)), &[b"proceed"]);
        let (_, told) = run(config_of_alice.clone(), address).await;
        assert!(session(&told).is_some() && reason(&told, CONN).is_none(), "{told:?}");
        let leaf = CertificateDer::from_pem_slice(alice.chain.as_bytes()).unwrap();
        assert_eq!(thread.join().unwrap().client_certificate.as_deref(), Some(leaf.as_ref()));
        for (identity, words) in [
            (None, "the peer wants a certificate of ours"),
            (Some(other.identity()), "the peer does not trust our certificate"),
        ] {
            let mut config_of_other = config_of_alice.clone();
            config_of_other.tls.client_identity = identity;
            let (address, thread) = serve(config(&server, versions, Some(&alice.root)), &[b"proceed"]);
            let (driver, told) = run(config_of_other, address).await;
            // In TLS 1.3 the server looks at it when we think that all is done.
            assert_eq!(reason(&told, CONN), Some(CloseReason::Untrusted), "{versions:?}: {told:?}");
            let heard = driver.failure(CONN).unwrap();
            let old = versions != &BOTH[..1] && heard == "nothing in common, says the peer";
            assert!(heard == words || old, "{versions:?}: {heard}");
            assert!(thread.join().unwrap().failed.is_some());
        }
    }
}

// ---- ends

/// A connection to a server that says nothing, in the middle of its upgrade.
async fn waiting(config: Config) -> (Driver<Puppet>, TcpStream) {
    let listener = TcpListener::bind(loopback()).unwrap();
    let mut driver = Driver::with_config(Puppet::default(), config);
    driver.machine_mut().connect(0, listener.local_addr().unwrap());
    assert!(matches!(next(&mut driver).await, Input::Opened { .. }));
    driver.machine_mut().out.push_back(Output::Upgrade { conn: CONN });
    (driver, listener.accept().unwrap().0)
}

async fn end(mut driver: Driver<Puppet>) -> CloseReason {
    match next(&mut driver).await {
        Input::Closed { conn: CONN, reason } => reason,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_upgrade_that_gets_nowhere_ends() {
    let (driver, stream) = waiting(anyone()).await;
    drop(stream);
    assert_eq!(end(driver).await, CloseReason::Reset, "left alone");
    let quick = Config { handshake_timeout: Duration::from_millis(50), ..anyone() };
    let (driver, _stream) = waiting(quick).await;
    assert_eq!(end(driver).await, CloseReason::Timeout, "silence");
    let (mut driver, _stream) = waiting(anyone()).await;
    driver.machine_mut().close(CONN);
    assert_eq!(end(driver).await, CloseReason::Local, "given up");
    let (mut driver, _stream) = waiting(Config { stream_queue: 4_000, ..anyone() }).await;
    driver.machine_mut().write(CONN, vec![0; 4_001]);
    assert_eq!(end(driver).await, CloseReason::Overflow, "too much is held");
    let mut nowhere = anyone();
    nowhere.tls.server_name = Some("not a name".to_owned());
    let (mut driver, _stream) = waiting(nowhere).await;
    assert!(matches!(next(&mut driver).await, Input::Closed { reason: CloseReason::Untrusted, .. }));
    assert!(driver.failure(CONN).is_some_and(|words| words.contains("name")), "{:?}", driver.failure(CONN));
}

#[tokio::test]
async fn only_an_open_connection_of_ours_is_upgraded() {
    let mut driver = Driver::with_config(Puppet::default(), anyone());
    let address = driver.bind_tcp(loopback()).unwrap();
    let inbound = ConnId::inbound(0);
    driver.machine_mut().connect(0, address);
    driver.machine_mut().out.push_back(Output::Upgrade { conn: CONN });
    assert!(matches!(next(&mut driver).await, Input::Closed { conn: CONN, reason: CloseReason::Untrusted }));
    driver.machine_mut().connect(1, address);
    let mut told = Vec::new();
    while !(opened(&told, ConnId::outbound(1)) && told.iter().filter(|i| matches!(i, Input::Opened { .. })).count() > 1)
    {
        told.push(next(&mut driver).await);
    }
    let accepted = told.iter().find_map(|input| match input {
        Input::Opened { conn, .. } if conn.is_inbound() => Some(*conn),
        _ => None,
    });
    driver.machine_mut().out.push_back(Output::Upgrade { conn: accepted.unwrap_or(inbound) });
    driver.machine_mut().out.push_back(Output::Upgrade { conn: ConnId::outbound(9) });
    let closed = next(&mut driver).await;
    assert!(
        matches!(closed, Input::Closed { conn, reason: CloseReason::Untrusted } if conn.is_inbound()),
        "{closed:?}"
    );
    assert_eq!(driver.stats().late_writes, 1);
}

#[tokio::test]
async fn the_reasons_of_the_last_failures_are_kept() {
    let mut nowhere = anyone();
    nowhere.tls.server_name = Some("not a name".to_owned());
    let mut driver = Driver::with_config(Puppet::default(), nowhere);
    for n in 0..100 {
        let conn = driver.machine_mut().connect_over(Transport::Tls, n, "127.0.0.1:9".parse().unwrap());
        assert!(matches!(next(&mut driver).await, Input::Closed { reason: CloseReason::Refused, .. }));
        assert!(driver.failure(conn).is_some());
    }
    let kept = (0..100).filter(|&n| driver.failure(ConnId::outbound(n)).is_some());
    assert_eq!(kept.collect::<Vec<_>>(), (36..100).collect::<Vec<_>>());
}
