//! The mechanisms that are spoken here, and the hashes under them.

use std::fmt;

use ring::{digest, hmac, pbkdf2};

use super::Binding;

/// A hash function that SCRAM is used with.
//= rfc5802#4/sha-1 MUST
//# With its larger sisters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Hash {
    /// SHA-1 (RFC 5802).
    Sha1,
    /// SHA-256 (RFC 7677).
    Sha256,
    /// SHA-512.
    Sha512,
}

impl Hash {
    /// Every one of them, the weakest first.
    pub const ALL: [Hash; 3] = [Hash::Sha1, Hash::Sha256, Hash::Sha512];

    /// The bytes of its output.
    pub fn size(self) -> usize {
        self.digest_algorithm().output_len()
    }

    pub(crate) fn digest(self, data: &[u8]) -> digest::Digest {
        digest::digest(self.digest_algorithm(), data)
    }

    pub(crate) fn hmac(self, key: &[u8], data: &[u8]) -> hmac::Tag {
        hmac::sign(&self.key(key), data)
    }

    pub(crate) fn key(self, key: &[u8]) -> hmac::Key {
        hmac::Key::new(
            match self {
                Hash::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
                Hash::Sha256 => hmac::HMAC_SHA256,
                Hash::Sha512 => hmac::HMAC_SHA512,
            },
            key,
        )
    }

    pub(crate) fn pbkdf2(self) -> pbkdf2::Algorithm {
        match self {
            Hash::Sha1 => pbkdf2::PBKDF2_HMAC_SHA1,
            Hash::Sha256 => pbkdf2::PBKDF2_HMAC_SHA256,
            Hash::Sha512 => pbkdf2::PBKDF2_HMAC_SHA512,
        }
    }

    fn digest_algorithm(self) -> &'static digest::Algorithm {
        match self {
            Hash::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            Hash::Sha256 => &digest::SHA256,
            Hash::Sha512 => &digest::SHA512,
        }
    }
}

/// A SASL mechanism. Their order is their strength, the weakest first: that is what a [`Pin`](super::Pin) compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mechanism {
    /// ANONYMOUS (RFC 4505): no account.
    Anonymous,
    /// PLAIN (RFC 4616): the password itself.
    Plain,
    /// HT-SHA-256-NONE and its kin with a channel binding (XEP-0484): a token of an earlier login.
    Token(Option<Binding>),
    /// SCRAM-SHA-1, -256, -512 (RFC 5802, RFC 7677): proofs of the password, both ways.
    Scram(Hash),
    /// The same with -PLUS: proofs that hold for this connection alone.
    ScramPlus(Hash),
    /// EXTERNAL (RFC 4422 appendix A): the certificate that was shown when TLS began.
    External,
}

impl Mechanism {
    /// Every mechanism that is spoken here, the weakest first.
    pub const ALL: [Mechanism; 13] = [
        Mechanism::Anonymous,
        Mechanism::Plain,
        Mechanism::Token(None),
        Mechanism::Token(Some(Binding::EndPoint)),
        Mechanism::Token(Some(Binding::Unique)),
        Mechanism::Token(Some(Binding::Exporter)),
        Mechanism::Scram(Hash::Sha1),
        Mechanism::Scram(Hash::Sha256),
        Mechanism::Scram(Hash::Sha512),
        Mechanism::ScramPlus(Hash::Sha1),
        Mechanism::ScramPlus(Hash::Sha256),
        Mechanism::ScramPlus(Hash::Sha512),
        Mechanism::External,
    ];

    /// The registered name.
    ///
    /// ```
    /// use rfc3920::sasl::{Hash, Mechanism};
    /// assert_eq!(Mechanism::ScramPlus(Hash::Sha256).name(), "SCRAM-SHA-256-PLUS");
    /// assert!(Mechanism::ALL.iter().all(|one| Mechanism::from_name(one.name()) == Some(*one)));
    /// assert!(Mechanism::Scram(Hash::Sha512) < Mechanism::ScramPlus(Hash::Sha1));
    /// ```
    pub fn name(self) -> &'static str {
        match self {
            Mechanism::Anonymous => "ANONYMOUS",
            Mechanism::Plain => "PLAIN",
            Mechanism::Token(None) => "HT-SHA-256-NONE",
            Mechanism::Token(Some(Binding::Exporter)) => "HT-SHA-256-EXPR",
            Mechanism::Token(Some(Binding::Unique)) => "HT-SHA-256-UNIQ",
            Mechanism::Token(Some(Binding::EndPoint)) => "HT-SHA-256-ENDP",
            Mechanism::Scram(Hash::Sha1) => "SCRAM-SHA-1",
            Mechanism::Scram(Hash::Sha256) => "SCRAM-SHA-256",
            Mechanism::Scram(Hash::Sha512) => "SCRAM-SHA-512",
            Mechanism::ScramPlus(Hash::Sha1) => "SCRAM-SHA-1-PLUS",
            Mechanism::ScramPlus(Hash::Sha256) => "SCRAM-SHA-256-PLUS",
            Mechanism::ScramPlus(Hash::Sha512) => "SCRAM-SHA-512-PLUS",
            Mechanism::External => "EXTERNAL",
        }
    }

    /// The mechanism of this registered name, which is written in capitals; `None` when it is not spoken here.
    pub fn from_name(name: &str) -> Option<Mechanism> {
        Mechanism::ALL.into_iter().find(|mechanism| mechanism.name() == name)
    }
}

impl fmt::Display for Mechanism {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
