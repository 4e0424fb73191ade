//! The three hashes, and the values of RFC 7616 section 3.4 computed with them.

use std::fmt;

use md5::Digest as _;
use ring::digest;

use crate::{Algorithm, Qop, Request};

/// A hash of RFC 7616 section 3.2, weakest first, so that it can be compared for strength.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Hash {
    /// MD5, 128 bits.
    Md5,
    /// SHA-256, 256 bits.
    //= rfc7616#3.7/sha-256 MUST
    //# The first on offer by default.
    Sha256,
    /// SHA-512/256 of FIPS 180-4, 256 bits. The values that RFC 7616 section 3.9.2 prints were made with SHA-512 cut
    /// to 256 bits, which starts from other constants; peers in the field use the FIPS hash, and so does this room.
    Sha512t256,
}

impl Hash {
    /// The hash of the parts put together, as lower-case hexadecimal digits.
    ///
    /// ```
    /// use rfc2617::Hash;
    /// assert_eq!(Hash::Md5.of(&[b"a", b"bc"]).to_string(), "900150983cd24fb0d6963f7d28e17f72");
    /// ```
    //= rfc7616#3.2/hex MUST
    //# Every value that is hashed again or sent passes through this one function, in lower case.
    pub fn of(self, parts: &[&[u8]]) -> Hex {
        match self {
            Hash::Md5 => {
                let mut hash = md5::Md5::new();
                for part in parts {
                    hash.update(part);
                }
                Hex::from_bytes(&hash.finalize())
            }
            Hash::Sha256 => ring_hash(&digest::SHA256, parts),
            Hash::Sha512t256 => ring_hash(&digest::SHA512_256, parts),
        }
    }
}

fn ring_hash(algorithm: &'static digest::Algorithm, parts: &[&[u8]]) -> Hex {
    let mut context = digest::Context::new(algorithm);
    for part in parts {
        context.update(part);
    }
    Hex::from_bytes(context.finish().as_ref())
}

/// Up to 32 bytes as lower-case hexadecimal digits, without an allocation. Two of them are compared in constant time.
#[derive(Clone, Copy)]
pub struct Hex {
    digits: [u8; 64],
    len: u8,
}

impl Hex {
    fn from_bytes(bytes: &[u8]) -> Hex {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut digits = [0; 64];
        let mut len = 0;
        for (pair, byte) in digits.chunks_exact_mut(2).zip(bytes) {
            pair.copy_from_slice(&[DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
            len += 2;
        }
        Hex { digits, len }
    }

    /// Reads back hexadecimal digits of either case; `None` when it is not what `hash` produces.
    pub fn parse(hash: Hash, text: &str) -> Option<Hex> {
        let len = if hash == Hash::Md5 { 32 } else { 64 };
        if text.len() != len || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        let mut digits = [0; 64];
        for (to, from) in digits.iter_mut().zip(text.bytes()) {
            *to = from.to_ascii_lowercase();
        }
        Some(Hex { digits, len: len as u8 })
    }

    /// The digits.
    pub fn as_bytes(&self) -> &[u8] {
        self.digits.get(..usize::from(self.len)).unwrap_or_default()
    }

    /// Whether `text` is the same digits in either case. Takes the same time wherever they differ.
    pub fn matches(&self, text: &str) -> bool {
        same(self.as_bytes(), text.to_ascii_lowercase().as_bytes())
    }
}

impl PartialEq for Hex {
    fn eq(&self, other: &Hex) -> bool {
        same(self.as_bytes(), other.as_bytes())
    }
}

impl Eq for Hex {}

impl fmt::Display for Hex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_bytes().iter().try_for_each(|b| fmt::Write::write_char(f, char::from(*b)))
    }
}

impl fmt::Debug for Hex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hex(..)") // it may be a key
    }
}

/// Compares in a time that depends on the lengths alone.
pub(crate) fn same(a: &[u8], b: &[u8]) -> bool {
    let differences = a.iter().zip(b).fold(0, |acc, (x, y)| std::hint::black_box(acc | (x ^ y)));
    a.len() == b.len() && differences == 0
}

/// H(A1) of the plain variants: what a password file may hold instead of the password. It fixes user, realm and hash.
///
/// ```
/// use rfc2617::{Hash, ha1};
/// assert_eq!(ha1(Hash::Md5, "Mufasa", "testrealm@host.com", "Circle Of Life").to_string(),
///            "939e7578ed9e3c518a452acee763bce9");
/// ```
//= rfc7616#3.4.5/unquoted MUST
//# Every string here was freed of quotes and escapes by the parser, or never had any.
//= rfc7616#3.4.2/a1 MUST
//# Takes the values without their quotes, joined by colons and nothing else.
pub fn ha1(hash: Hash, user: &str, realm: &str, password: &str) -> Hex {
    hash.of(&[user.as_bytes(), b":", realm.as_bytes(), b":", password.as_bytes()])
}

/// The hashed user name of RFC 7616 section 3.4.4.
//= rfc7616#3.4.4/hashed-form MUST
//# With the hash of the algorithm in use; server and client share this function.
pub fn userhash(hash: Hash, user: &str, realm: &str) -> Hex {
    hash.of(&[user.as_bytes(), b":", realm.as_bytes()])
}

/// What response and rspauth are computed over, beside the key and the message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms<'a> {
    pub hash: Hash,
    pub nonce: &'a str,
    /// Quality of protection, nonce count as sent, cnonce; `None` is the form of RFC 2069.
    pub count: Option<(&'a Qop, &'a str, &'a str)>,
}

impl Terms<'_> {
    /// The key of the session: H(A1) of the plain variant, or bound to nonce and cnonce.
    //= rfc7616#3.4.2/a1-sess MUST
    //# The nonce and cnonce are those of the credentials at hand; a client keeps its cnonce as long as the nonce.
    pub fn session_key(&self, algorithm: &Algorithm, ha1: Hex, cnonce: &str) -> Hex {
        match algorithm.is_session() {
            true => self.hash.of(&[ha1.as_bytes(), b":", self.nonce.as_bytes(), b":", cnonce.as_bytes()]),
            false => ha1,
        }
    }

    /// The response of RFC 7616 section 3.4.1; with an empty method it is the rspauth of section 3.5.
    //= rfc7616#3.5/rspauth MUST
    //# Called with an empty method by the server and by the client that checks it.
    //= rfc7616#3.4.1/response MUST
    //# One function for request and confirmation: they differ in the method alone.
    //= rfc2617#3.2.2.1/no-qop MUST
    //# Without qop neither count nor cnonce enter the hash.
    pub fn response(&self, key: &Hex, request: &Request<'_>) -> Hex {
        let a2 = self.a2(request);
        match self.count {
            Some((qop, nc, cnonce)) => self.hash.of(&[
                key.as_bytes(),
                b":",
                self.nonce.as_bytes(),
                b":",
                nc.as_bytes(),
                b":",
                cnonce.as_bytes(),
                b":",
                qop.name().as_bytes(),
                b":",
                a2.as_bytes(),
            ]),
            None => self.hash.of(&[key.as_bytes(), b":", self.nonce.as_bytes(), b":", a2.as_bytes()]),
        }
    }

    //= rfc7616#3.4.3/a2 MUST
    //# The body counts with auth-int only.
    //= rfc8760#2.6/empty-body SHOULD
    //# An absent body is the empty slice, whose hash is that of the empty string.
    fn a2(&self, request: &Request<'_>) -> Hex {
        let (method, uri) = (request.method.as_bytes(), request.uri.as_bytes());
        match self.count {
            Some((Qop::AuthInt, ..)) => {
                self.hash.of(&[method, b":", uri, b":", self.hash.of(&[request.body]).as_bytes()])
            }
            _ => self.hash.of(&[method, b":", uri]),
        }
    }
}
