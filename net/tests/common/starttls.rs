//! rustls's own server, which begins TLS in the middle of a connection.
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{HandshakeKind, RootCertStore, ServerConfig, ServerConnection, StreamOwned, SupportedProtocolVersion};

use super::loopback;
use super::tls::Certified;

pub const BOTH: &[&SupportedProtocolVersion] = &[&rustls::version::TLS13, &rustls::version::TLS12];

pub fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// rustls's own server, which wants a certificate of ours below `client_root` if there is one.
pub fn config(
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
pub struct Seen {
    pub exporter: [u8; 32],
    pub client_certificate: Option<Vec<u8>>,
    pub alpn: Option<Vec<u8>>,
    pub name: Option<String>,
    pub resumed: bool,
    pub said: Vec<u8>,
    pub failed: Option<String>,
}

/// A server that says `proceed` and whatever follows when it is asked for TLS, and then echoes one line.
pub fn serve(
    config: Arc<ServerConfig>,
    proceed: &'static [&'static [u8]],
) -> (SocketAddr, std::thread::JoinHandle<Seen>) {
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

pub fn secure(config: Arc<ServerConfig>, stream: TcpStream) -> Seen {
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
    seen.resumed = stream.conn.handshake_kind() == Some(HandshakeKind::Resumed);
    stream.conn.send_close_notify();
    stream.flush().unwrap();
    seen
}
