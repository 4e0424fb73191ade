//! Certificates made for a test.
use std::sync::LazyLock;

use net::{Config, Identity, Tls, Trust};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

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

/// A server with a certificate for the loopback addresses, the same throughout the test program.
pub fn server() -> Config {
    LOCAL.server()
}

/// The authority of such servers, for a test that is the other side itself.
pub fn roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(LOCAL.root.as_bytes()).unwrap()).unwrap();
    roots
}

static LOCAL: LazyLock<Certified> = LazyLock::new(|| certify(&["127.0.0.1", "::1", "localhost"]));

/// A client that trusts.
pub fn trusting(trust: Trust) -> Config {
    Config { tls: Tls { trust, ..Tls::default() }, ..Config::default() }
}

/// A client that trusts anyone.
pub fn anyone() -> Config {
    trusting(Trust::Anyone)
}
