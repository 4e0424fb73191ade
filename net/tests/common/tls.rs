//! Certificates made for a test.
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

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
    certify_with(names, |_| {})
}

/// One that is not as it should be.
pub fn certify_with(names: &[&str], spoil: impl FnOnce(&mut rcgen::CertificateParams)) -> Certified {
    let mut root = rcgen::CertificateParams::new(Vec::new()).unwrap();
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let name = format!("Test authority {}", COUNT.fetch_add(1, Ordering::Relaxed));
    root.distinguished_name.push(rcgen::DnType::CommonName, name);
    root.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let root_key = rcgen::KeyPair::generate().unwrap();
    let root_certificate = root.self_signed(&root_key).unwrap().pem();
    let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    let key = rcgen::KeyPair::generate().unwrap();
    let issuer = rcgen::Issuer::new(root, root_key);
    let mut leaf = rcgen::CertificateParams::new(names).unwrap();
    spoil(&mut leaf);
    let leaf = leaf.signed_by(&key, &issuer).unwrap();
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
