//! TLS that begins in the middle of a connection: what is told, held, dropped and refused, and what a login can be bound
//! to.
#![cfg(feature = "tls")]
mod common;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use common::tls::{Certified, certify, trusting};
use common::{Puppet, loopback, next, pieces, reason};
use net::{Config, Driver, Trust};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned, SupportedProtocolVersion};
use wire::{CloseReason, ConnId, Input, Output, Secured};

const CONN: ConnId = ConnId::outbound(0);
const BOTH: &[&SupportedProtocolVersion] = &[&rustls::version::TLS13, &rustls::version::TLS12];

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// rustls's own server, which wants a certificate of ours below `client_root` if there is one.
fn config(
    certified: &Certified,
    versions: &[&'static SupportedProtocolVersion],
    client_root: Option<&str>,
) -> Arc<ServerConfig> {
    let builder = ServerConfig::builder_with_provider(provider()).with_protocol_versions(versions).unwrap();
    let builder = match client_root {
        Some(root) => {
            let mut roots = RootCertStore::empty();
            roots.add(CertificateDer::from_pem_slice(root.as_bytes()).unwrap()).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider()).build().unwrap();
            builder.with_client_cert_verifier(verifier)
        }
        None => builder.with_no_client_auth(),
    };
    let chain = CertificateDer::pem_slice_iter(certified.chain.as_bytes()).map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_slice(certified.key.as_bytes()).unwrap();
    let mut config = builder.with_single_cert(chain, key).unwrap();
    config.alpn_protocols = vec![b"xmpp-client".to_vec()];
    Arc::new(config)
}

/// What the server knows at the end.
#[derive(Debug, Default)]
struct Seen {
    exporter: [u8; 32],
    client_certificate: Option<Vec<u8>>,
    alpn: Option<Vec<u8>>,
    name: Option<String>,
    said: Vec<u8>,
    failed: Option<String>,
}

/// A server that says `proceed` and whatever follows when it is asked for TLS, and then echoes one line.
fn serve(config: Arc<ServerConfig>, proceed: &'static [&'static [u8]]) -> (SocketAddr, std::thread::JoinHandle<Seen>) {
    let listener = TcpListener::bind(loopback()).unwrap();
    let address = listener.local_addr().unwrap();
    let thread = std::thread::spawn(move || {
        let mut stream = listener.accept().unwrap().0;
        stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let mut asked = [0; 8];
        stream.read_exact(&mut asked).unwrap();
        assert_eq!(&asked, b"starttls");
        for piece in proceed {
            stream.write_all(piece).unwrap();
            std::thread::sleep(Duration::from_millis(20));
        }
        secure(config, stream)
    });
    (address, thread)
}

fn secure(config: Arc<ServerConfig>, stream: TcpStream) -> Seen {
    let mut stream = StreamOwned::new(ServerConnection::new(config).unwrap(), stream);
    let mut seen = Seen::default();
    let mut buffer = [0; 100];
    while !seen.said.ends_with(b"\n") {
        match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(length) => seen.said.extend(&buffer[..length]),
            Err(error) => {
                seen.failed = Some(error.to_string());
                return seen;
            }
        }
    }
    let said = seen.said.clone();
    stream.write_all(&said).unwrap();
    stream.conn.export_keying_material(&mut seen.exporter, b"EXPORTER-Channel-Binding", None).unwrap();
    seen.client_certificate = stream.conn.peer_certificates().map(|chain| chain[0].to_vec());
    seen.alpn = stream.conn.alpn_protocol().map(<[u8]>::to_vec);
    seen.name = stream.conn.server_name().map(str::to_owned);
    stream.conn.send_close_notify();
    stream.flush().unwrap();
    seen
}

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
