use std::fmt;
use std::io;
use std::sync::{Arc, OnceLock};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

use super::{Fingerprint, PROVIDER, fingerprint, invalid};

/// Which servers a connection accepts.
#[derive(Clone, Debug, Default)]
pub enum Trust {
    /// Those with a certificate for the expected name, below a root that the operating system trusts.
    #[default]
    System,
    /// Those with a certificate for the expected name, below one of these roots.
    Roots(Roots),
    /// Those that prove to own a certificate with one of these fingerprints, whatever name and dates stand in it.
    Pinned(Vec<Fingerprint>),
    /// All of them. Nothing tells who answers: the bytes are hidden from those who only listen, and from nobody who
    /// can stand in between. For peers whose protocol asks for no more; certificates that are too weak to be checked
    /// (RSA of 1,024 bits, SHA-1) are no obstacle.
    Anyone,
}

/// The certificates of authorities. Cheap to clone.
#[derive(Clone)]
pub struct Roots(Arc<RootCertStore>);

pub(super) enum Verifier {
    Roots(Arc<RootCertStore>),
    Own(Arc<dyn ServerCertVerifier>),
}

impl Trust {
    /// Trust in the authorities whose certificates these are, in PEM.
    ///
    /// # Errors
    /// `InvalidInput` when there is none, or one cannot be used.
    //= rfc6120#13.6/anchors SHOULD
    //# `xmpp --ca`, and each account in its configuration.
    pub fn roots(pem: impl AsRef<[u8]>) -> io::Result<Trust> {
        let mut store = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(pem.as_ref()) {
            store.add(certificate.map_err(invalid)?).map_err(invalid)?;
        }
        if store.is_empty() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "no certificate"));
        }
        Ok(Trust::Roots(Roots(Arc::new(store))))
    }

    pub(super) fn verifier(&self) -> io::Result<Verifier> {
        Ok(match self {
            Trust::System => Verifier::Roots(system_roots()?),
            //= rfc6120#13.6/own-anchors MUST NOT
            //# The given roots are all there is; the system's are not read then.
            Trust::Roots(roots) => Verifier::Roots(roots.0.clone()),
            Trust::Pinned(prints) => Verifier::Own(Arc::new(Pinned(prints.clone()))),
            Trust::Anyone => Verifier::Own(Arc::new(Anyone)),
        })
    }
}

impl fmt::Debug for Roots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Roots({})", self.0.len())
    }
}

/// Read once in the life of the process, and again as long as there were none.
fn system_roots() -> io::Result<Arc<RootCertStore>> {
    static ROOTS: OnceLock<Arc<RootCertStore>> = OnceLock::new();
    if let Some(roots) = ROOTS.get() {
        return Ok(roots.clone());
    }
    let mut found = rustls_native_certs::load_native_certs();
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(found.certs);
    if store.is_empty() {
        let error = found.errors.pop().map_or_else(|| "no root certificates found".to_owned(), |e| e.to_string());
        return Err(io::Error::new(io::ErrorKind::NotFound, error));
    }
    Ok(ROOTS.get_or_init(|| Arc::new(store)).clone())
}

/// Trust in known certificates.
#[derive(Debug)]
struct Pinned(Vec<Fingerprint>);

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if self.0.contains(&fingerprint(end_entity)) {
            return Ok(ServerCertVerified::assertion());
        }
        Err(Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &PROVIDER.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &PROVIDER.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        PROVIDER.signature_verification_algorithms.supported_schemes()
    }
}

/// Trust in whoever answers. A signature would prove possession of a certificate that nobody has looked at, so that
/// checking it proves nothing; and keys too short to be checked are in use.
#[derive(Debug)]
struct Anyone;

impl ServerCertVerifier for Anyone {
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
        use SignatureScheme::*;
        vec![
            ECDSA_NISTP256_SHA256,
            ECDSA_NISTP384_SHA384,
            ECDSA_NISTP521_SHA512,
            ED25519,
            RSA_PSS_SHA256,
            RSA_PSS_SHA384,
            RSA_PSS_SHA512,
            RSA_PKCS1_SHA256,
            RSA_PKCS1_SHA384,
            RSA_PKCS1_SHA512,
            ECDSA_SHA1_Legacy,
            RSA_PKCS1_SHA1,
        ]
    }
}
