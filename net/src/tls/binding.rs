//! What a login can be bound to: the exporter (RFC 9266) and the server's certificate (RFC 5929).
//!
//! rustls exports keying material from its buffered connections alone. Ours are not, so the secret behind it is taken
//! where rustls tells it, in a key log that knows one connection and keeps one secret, and the last step is done here
//! with the functions of the cipher suite that was agreed on. TLS 1.2 needs the server's random number for that, and
//! whether the master secret is the extended one, both of which stand in the clear at the start of its first flight.
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use ring::digest::{self, Algorithm};
use rustls::crypto::tls13::OkmBlock;
use rustls::{ClientConfig, CommonState, KeyLog, SupportedCipherSuite};
use wire::Secured;

/// What is needed, while a client's handshake goes on, to tell afterwards what both ends know.
pub(super) struct Binding {
    secret: Arc<Secret>,
    /// How the server's first flight begins.
    flight: Vec<u8>,
}

/// The exporter's secret and the client's random number; without TLS 1.3 that is the master secret.
#[derive(Default)]
struct Secret(Mutex<Option<(Vec<u8>, Vec<u8>)>>);

impl Binding {
    /// Has the secrets of the one connection that is made with the returned configuration.
    pub fn new(config: &ClientConfig) -> (Binding, Arc<ClientConfig>) {
        let secret = Arc::new(Secret::default());
        let mut config = config.clone();
        config.key_log = secret.clone();
        (Binding { secret, flight: Vec::new() }, Arc::new(config))
    }

    /// Looks at what the server sends.
    pub fn heard(&mut self, data: &[u8]) {
        let room = MAX_HELLO - self.flight.len();
        self.flight.extend_from_slice(&data[..data.len().min(room)]);
    }

    /// What both ends know, once the handshake is done.
    pub fn secured(self, connection: &CommonState) -> Secured {
        let suite = connection.negotiated_cipher_suite();
        let certificate = connection.peer_certificates().and_then(|chain| chain.first());
        Secured {
            tls13: matches!(suite, Some(SupportedCipherSuite::Tls13(_))),
            exporter: suite.and_then(|suite| self.exporter(suite)),
            end_point: certificate.and_then(|certificate| end_point(certificate)),
            unique: None, // rustls tells its Finished messages to nobody
            alpn: connection.alpn_protocol().map(Bytes::copy_from_slice),
        }
    }

    //= rfc9266#2/inputs MUST
    //# The context is empty: in TLS 1.3 its hash, in TLS 1.2 nothing at all. The length is that of the array.
    //= rfc9266#4.2/renegotiation MUST NOT skip
    //# rustls knows no renegotiation.
    fn exporter(&self, suite: SupportedCipherSuite) -> Option<[u8; 32]> {
        let (secret, client_random) = self.secret.0.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        let mut exporter = [0; 32];
        match suite {
            SupportedCipherSuite::Tls13(suite) => {
                let empty = suite.common.hash_provider.hash(&[]);
                let expand = |secret: &OkmBlock, label: &[u8], output: &mut [u8]| {
                    let expander = suite.hkdf_provider.expander_for_okm(secret);
                    let lengths = [(output.len() >> 8) as u8, output.len() as u8, (PREFIX.len() + label.len()) as u8];
                    let info = [&lengths[..], PREFIX, label, &[empty.as_ref().len() as u8], empty.as_ref()];
                    expander.expand_slice(&info, output)
                };
                let mut derived = vec![0; empty.as_ref().len()];
                expand(&OkmBlock::new(&secret), LABEL, &mut derived).ok()?;
                expand(&OkmBlock::new(&derived), b"exporter", &mut exporter).ok()?;
            }
            SupportedCipherSuite::Tls12(suite) => {
                //= rfc9266#2/unique-secrets MUST NOT
                //# The extension stands in the server's hello, or nothing is told.
                //= rfc7677#4/session-hash MUST
                //# Without that extension a connection of TLS 1.2 tells nothing of its secrets to be bound to.
                let hello = server_hello(&self.flight).filter(|hello| hello.extended_master_secret)?;
                let seed = [&client_random[..], &hello.random].concat();
                suite.prf_provider.for_secret(&mut exporter, &secret, LABEL, &seed);
            }
        }
        Some(exporter)
    }
}

impl KeyLog for Secret {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        if self.will_log(label) {
            let kept = (secret.to_vec(), client_random.to_vec());
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(kept);
        }
    }

    fn will_log(&self, label: &str) -> bool {
        matches!(label, "EXPORTER_SECRET" | "CLIENT_RANDOM")
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

// ---- what TLS 1.2 says in the clear

struct ServerHello {
    random: [u8; 32],
    extended_master_secret: bool,
}

/// Reads the first message of a flight. What it says was confirmed by the handshake, if that got anywhere.
fn server_hello(mut flight: &[u8]) -> Option<ServerHello> {
    let mut message = Vec::new();
    while let Some((&[22, _, _, high, low], rest)) = flight.split_first_chunk() {
        let (fragment, rest) = rest.split_at_checked(usize::from(high) << 8 | usize::from(low)).unwrap_or((rest, &[]));
        message.extend_from_slice(fragment);
        flight = rest;
    }
    let (&[2, _, high, low], rest) = message.split_first_chunk()? else { return None };
    let mut rest = rest.get(..usize::from(high) << 8 | usize::from(low))?;
    take(&mut rest, 2)?; // the version
    let random = take(&mut rest, 32)?.try_into().ok()?;
    let session = *take(&mut rest, 1)?.first()?;
    take(&mut rest, usize::from(session) + 3)?; // cipher suite and compression
    let mut extensions = rest.get(2..).unwrap_or_default();
    let mut extended_master_secret = false;
    while let Some(&[high, low, more, less]) = take(&mut extensions, 4).and_then(|head| head.first_chunk()) {
        extended_master_secret |= [high, low] == [0, 23];
        take(&mut extensions, usize::from(more) << 8 | usize::from(less))?;
    }
    Some(ServerHello { random, extended_master_secret })
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, left) = rest.split_at_checked(length)?;
    *rest = left;
    Some(taken)
}

// ---- the certificate

//= rfc5929#4.1/certificate MUST
//# As rustls keeps it from the handshake.
/// `tls-server-end-point`: the hash of a certificate by the function that its signature uses, or SHA-256 for those that
/// are weaker; `None` when it uses none, or one that we do not have.
fn end_point(certificate: &[u8]) -> Option<Bytes> {
    Some(Bytes::copy_from_slice(digest::digest(signature_hash(certificate)?, certificate).as_ref()))
}

//= rfc5929#4.1/own-hash MUST
//# By the object identifiers of RSA and ECDSA with SHA-2.
//= rfc5929#4.1/weak-hash MUST
//# Those with MD5 and SHA-1 stand among SHA-256.
//= rfc5929#4.1/no-hash MUST NOT
//# Ed25519 is not on the list, and whatever else is not is taken for the same.
/// The hash function by which a certificate in DER is signed.
fn signature_hash(certificate: &[u8]) -> Option<&'static Algorithm> {
    let mut parts = element(&mut { certificate }, SEQUENCE)?;
    element(&mut parts, SEQUENCE)?; // what is signed
    let mut signature = element(&mut parts, SEQUENCE)?;
    match element(&mut signature, OBJECT_IDENTIFIER)?.split_last_chunk()? {
        (RSA, [1, 4 | 5 | 11]) | (ECDSA, [4, 1]) => Some(&digest::SHA256), // MD5 and SHA-1 among them
        (ECDSA_SHA2, [3, 2]) => Some(&digest::SHA256),
        (RSA, [1, 12]) | (ECDSA_SHA2, [3, 3]) => Some(&digest::SHA384),
        (RSA, [1, 13]) | (ECDSA_SHA2, [3, 4]) => Some(&digest::SHA512),
        (RSA, [1, 10]) => pss_hash(signature),
        _ => None,
    }
}

/// The same for RSASSA-PSS, which names it in its parameters, unless it is SHA-1.
fn pss_hash(mut parameters: &[u8]) -> Option<&'static Algorithm> {
    let mut parameters = element(&mut parameters, SEQUENCE)?;
    let Some(mut hash) = element(&mut parameters, FIRST) else { return Some(&digest::SHA256) };
    let mut hash = element(&mut hash, SEQUENCE)?;
    match element(&mut hash, OBJECT_IDENTIFIER)? {
        SHA1 | [0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1] => Some(&digest::SHA256),
        [0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 2] => Some(&digest::SHA384),
        [0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 3] => Some(&digest::SHA512),
        _ => None,
    }
}

/// Takes the contents of the next element of DER, if it has that tag.
fn element<'a>(rest: &mut &'a [u8], tag: u8) -> Option<&'a [u8]> {
    let (&[found, first], mut after) = rest.split_first_chunk()?;
    if found != tag {
        return None;
    }
    let length = match first {
        0..=0x7F => usize::from(first),
        0x81..=0x83 => {
            take(&mut after, usize::from(first & 3))?.iter().fold(0, |sum, &byte| sum << 8 | usize::from(byte))
        }
        _ => return None,
    };
    let contents = take(&mut after, length)?;
    *rest = after;
    Some(contents)
}

const LABEL: &[u8] = b"EXPORTER-Channel-Binding";
const PREFIX: &[u8] = b"tls13 ";
/// Bytes of the server's flight that are kept; its first message has about a hundred.
const MAX_HELLO: usize = 1024;

const SEQUENCE: u8 = 0x30;
const OBJECT_IDENTIFIER: u8 = 0x06;
/// The first of the optional parts.
const FIRST: u8 = 0xA0;
/// 1.2.840.113549.1, 1.2.840.10045 and .4 below it: the two last numbers stand apart.
const RSA: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1];
const ECDSA: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D];
const ECDSA_SHA2: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 4];
const SHA1: &[u8] = &[0x2B, 0x0E, 3, 2, 0x1A];

#[cfg(test)]
mod tests {
    use wire::Rng;

    use super::*;

    /// A server's hello without and with the extension, cut into records of one byte or as one.
    fn flight(extended: bool, piece: usize) -> Vec<u8> {
        let mut body = vec![3, 3];
        body.extend([7; 32]);
        body.extend([1, 9, 0xC0, 0x2B, 0]);
        if extended {
            body.extend([0, 9, 0xFF, 1, 0, 1, 0, 0, 23, 0, 0]);
        }
        let mut message = vec![2, 0, 0, body.len() as u8];
        message.extend(body);
        message.extend([11, 0, 0, 0]); // another message behind it
        let record = |part: &[u8]| [&[22, 3, 3, 0, part.len() as u8], part].concat();
        message.chunks(piece).flat_map(record).collect()
    }

    #[test]
    fn a_servers_hello_is_read_however_it_is_cut() {
        for extended in [false, true] {
            for piece in [1, 5, 100] {
                let whole = flight(extended, piece);
                let hello = server_hello(&whole).unwrap();
                assert_eq!((hello.random, hello.extended_master_secret), ([7; 32], extended));
                let found = (0..whole.len()).filter_map(|length| server_hello(&whole[..length]));
                assert!(
                    found.into_iter().all(|hello| hello.extended_master_secret == extended),
                    "half of it is nothing"
                );
            }
        }
    }

    #[test]
    fn a_kept_flight_is_bounded() {
        let trust = super::super::Trust::Anyone;
        let config = super::super::Tls { trust, ..Default::default() }.client().unwrap();
        let (mut binding, _) = Binding::new(&config);
        (0..10).for_each(|_| binding.heard(&[22; 1_000]));
        assert_eq!(binding.flight.len(), MAX_HELLO);
    }

    #[test]
    fn nothing_that_a_server_sends_makes_reading_panic() {
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = rcgen::CertificateParams::new(["a".to_owned()]).unwrap().self_signed(&key).unwrap();
        let der = certificate.der().to_vec();
        assert!(signature_hash(&der) == Some(&digest::SHA256));
        for seed in 0..20_000 {
            let mut rng = Rng::from_u64(seed);
            let mut data = if rng.chance(0.5) { der.clone() } else { flight(true, 100) };
            for _ in 0..1 + rng.below(4) {
                let at = rng.below(data.len() as u64) as usize;
                data[at] = rng.below(256) as u8;
            }
            data.truncate(rng.below(data.len() as u64 * 2) as usize);
            let run = std::panic::catch_unwind(|| (end_point(&data).is_some(), server_hello(&data).is_some()));
            assert!(run.is_ok(), "seed {seed}");
        }
    }
}
