use std::fmt;
use std::io;
use std::str::FromStr;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

use super::{PROVIDER, invalid};

/// A certificate, those that lead from it to a root, and its private key. Cheap to clone; the key is never shown.
#[derive(Clone)]
pub struct Identity(Arc<CertifiedKey>);

/// The SHA-256 hash of a certificate: written as 64 hexadecimal digits, read with or without colons between bytes.
///
/// ```
/// let print = net::fingerprint(b"a certificate in DER");
/// assert_eq!(print.to_string().parse(), Ok(print));
/// assert!("AA:BB".parse::<net::Fingerprint>().is_err());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(pub [u8; 32]);

/// The fingerprint of a certificate in DER.
pub fn fingerprint(certificate: &[u8]) -> Fingerprint {
    let mut print = [0; 32];
    print.copy_from_slice(ring::digest::digest(&ring::digest::SHA256, certificate).as_ref());
    Fingerprint(print)
}

impl Identity {
    /// Takes certificates in PEM, our own first, and a key in PEM (PKCS #8, PKCS #1 or SEC 1).
    ///
    /// # Errors
    /// `InvalidInput` when there is none, or the key is of no known kind or not that of the first certificate.
    pub fn from_pem(chain: impl AsRef<[u8]>, key: impl AsRef<[u8]>) -> io::Result<Identity> {
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(chain.as_ref()).collect();
        let key = PrivateKeyDer::from_pem_slice(key.as_ref()).map_err(invalid)?;
        Identity::new(chain.map_err(invalid)?, key)
    }

    /// Takes certificates in DER, our own first, and a key in DER (PKCS #8, PKCS #1 or SEC 1).
    ///
    /// # Errors
    /// As [`Identity::from_pem`].
    pub fn from_der(chain: impl IntoIterator<Item = Vec<u8>>, key: Vec<u8>) -> io::Result<Identity> {
        let unknown = |text: &'static str| io::Error::new(io::ErrorKind::InvalidInput, text);
        let key = PrivateKeyDer::try_from(key).map_err(unknown)?;
        Identity::new(chain.into_iter().map(CertificateDer::from).collect(), key)
    }

    fn new(chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> io::Result<Identity> {
        if chain.is_empty() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "no certificate"));
        }
        Ok(Identity(Arc::new(CertifiedKey::from_der(chain, key, &PROVIDER).map_err(invalid)?)))
    }

    /// The fingerprint of our own certificate, for peers that pin it.
    pub fn fingerprint(&self) -> Fingerprint {
        fingerprint(self.0.cert.first().map(AsRef::as_ref).unwrap_or_default())
    }

    pub(super) fn key(&self) -> Arc<CertifiedKey> {
        self.0.clone()
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Identity").field(&self.fingerprint()).finish()
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Fingerprint {
    type Err = InvalidFingerprint;

    fn from_str(text: &str) -> Result<Fingerprint, InvalidFingerprint> {
        let mut digits = text.chars().filter(|&c| c != ':').map(|c| c.to_digit(16));
        let mut print = [0; 32];
        for byte in &mut print {
            let (Some(Some(high)), Some(Some(low))) = (digits.next(), digits.next()) else {
                return Err(InvalidFingerprint);
            };
            *byte = (high << 4 | low) as u8;
        }
        if digits.next().is_some() { Err(InvalidFingerprint) } else { Ok(Fingerprint(print)) }
    }
}

/// A text is not 64 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidFingerprint;

impl fmt::Display for InvalidFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a fingerprint is 64 hexadecimal digits")
    }
}

impl std::error::Error for InvalidFingerprint {}
