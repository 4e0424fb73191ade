//! Certificates made for a test.
use net::{Config, Identity, Tls, Trust};

/// A certificate for the loopback addresses and its key, below an authority of its own.
pub struct Certified {
    pub root: String,
    pub chain: String,
    pub key: String,
}

pub fn certify(names: &[&str]) -> Certified {
    let mut root = rcgen::CertificateParams::new(Vec::new()).unwrap();
    root.distinguished_name.push(rcgen::DnType::CommonName, "Test authority");
    root.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let root_key = rcgen::KeyPair::generate().unwrap();
    let root_certificate = root.self_signed(&root_key).unwrap().pem();
    let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    let key = rcgen::KeyPair::generate().unwrap();
    let issuer = rcgen::Issuer::new(root, root_key);
    let leaf = rcgen::CertificateParams::new(names).unwrap().signed_by(&key, &issuer).unwrap();
    Certified { root: root_certificate, chain: leaf.pem(), key: key.serialize_pem() }
}

impl Certified {
    pub fn identity(&self) -> Identity {
        Identity::from_pem(&self.chain, &self.key).unwrap()
    }

    pub fn server(&self) -> Config {
        Config { tls: Tls { identity: Some(self.identity()), ..Tls::default() }, ..Config::default() }
    }
}

/// A server with a fresh certificate for the loopback addresses.
pub fn server() -> Config {
    certify(&["127.0.0.1", "::1", "localhost"]).server()
}

/// A client that trusts.
pub fn trusting(trust: Trust) -> Config {
    Config { tls: Tls { trust, ..Tls::default() }, ..Config::default() }
}

/// A client that trusts anyone.
pub fn anyone() -> Config {
    trusting(Trust::Anyone)
}

/// Believes everything, so that a test can be the other side.
#[derive(Debug)]
pub struct Blind;

mod blind {
    use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
    use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
    use rustls::{DigitallySignedStruct, Error, SignatureScheme};

    impl ServerCertVerifier for super::Blind {
        fn verify_server_cert(
            &self,
            _end_entity: &CertificateDer<'_>,
            _intermediates: &[CertificateDer<'_>],
            _server_name: &ServerName<'_>,
            _ocsp_response: &[u8],
            _now: UnixTime,
        ) -> Result<ServerCertVerified, Error> {
            Ok(ServerCertVerified::assertion())
        }

        fn verify_tls12_signature(
            &self,
            _message: &[u8],
            _cert: &CertificateDer<'_>,
            _dss: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            Ok(HandshakeSignatureValid::assertion())
        }

        fn verify_tls13_signature(
            &self,
            _message: &[u8],
            _cert: &CertificateDer<'_>,
            _dss: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            Ok(HandshakeSignatureValid::assertion())
        }

        fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
            vec![SignatureScheme::ECDSA_NISTP256_SHA256]
        }
    }
}
