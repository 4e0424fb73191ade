//! What a password becomes, and what a server stores of it (RFC 5802 section 3).

use std::fmt;
use std::num::NonZeroU32;

use ring::pbkdf2;

use crate::sasl::{Hash, Secret};

/// The keys that a client derives from a password, a salt and a number of rounds. Deriving is slow on purpose; keeping
/// them makes the next login cheap. They are as good as the password for this account, and treated like one.
#[derive(Clone, PartialEq, Eq)]
pub struct Keys {
    hash: Hash,
    salt: Vec<u8>,
    iterations: NonZeroU32,
    client_key: Secret,
    server_key: Secret,
}

impl Keys {
    /// Derives the keys; takes about a second for a million rounds. The password is taken as it is: prepare it first.
    ///
    /// ```
    /// use rfc3920::sasl::{Hash, Secret, scram::Keys};
    /// let rounds = std::num::NonZeroU32::new(4096).unwrap();
    /// let keys = Keys::derive(Hash::Sha1, &Secret::from("pencil"), b"A%\xC2G\xE4:\xB1\xE9<m\xFFv", rounds);
    /// assert_eq!(format!("{keys:?}"), "Keys(Sha1, 4096 rounds, ..)");
    /// ```
    //= rfc5802#2.2/hi MUST
    //# PBKDF2 with the HMAC of the hash and an output of its length.
    //= rfc7677#3/example MUST
    //# The hash is a parameter of all; nothing else changes from SHA-1 to the others.
    pub fn derive(hash: Hash, password: &Secret, salt: &[u8], iterations: NonZeroU32) -> Keys {
        let mut salted = Secret::from(vec![0; hash.size()]);
        pbkdf2::derive(hash.pbkdf2(), iterations, salt, password.expose(), salted.expose_mut());
        Keys {
            hash,
            salt: salt.to_vec(),
            iterations,
            client_key: Secret::from(hash.hmac(salted.expose(), b"Client Key").as_ref()),
            server_key: Secret::from(hash.hmac(salted.expose(), b"Server Key").as_ref()),
        }
    }

    /// The hash they are for.
    pub fn hash(&self) -> Hash {
        self.hash
    }

    /// Whether they are those that a server's salt and rounds ask for.
    pub fn fit(&self, hash: Hash, salt: &[u8], iterations: NonZeroU32) -> bool {
        self.hash == hash && self.salt == salt && self.iterations == iterations
    }

    /// What a server stores, with which nobody can log in.
    pub fn verifier(&self) -> Verifier {
        Verifier {
            hash: self.hash,
            salt: self.salt.clone(),
            iterations: self.iterations,
            stored_key: Secret::from(self.hash.digest(self.client_key.expose()).as_ref()),
            server_key: self.server_key.clone(),
        }
    }

    /// The proof for these messages.
    pub(super) fn proof(&self, auth_message: &[u8]) -> Vec<u8> {
        let stored_key = self.hash.digest(self.client_key.expose());
        let signature = self.hash.hmac(stored_key.as_ref(), auth_message);
        self.client_key.expose().iter().zip(signature.as_ref()).map(|(key, sign)| key ^ sign).collect()
    }

    /// Whether this is the server's signature of these messages, in constant time.
    pub(super) fn verify_server(&self, auth_message: &[u8], signature: &[u8]) -> bool {
        ring::hmac::verify(&self.hash.key(self.server_key.expose()), auth_message, signature).is_ok()
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keys({:?}, {} rounds, ..)", self.hash, self.iterations)
    }
}

/// What a server stores of a password.
#[derive(Clone, PartialEq, Eq)]
pub struct Verifier {
    pub(super) hash: Hash,
    pub(super) salt: Vec<u8>,
    pub(super) iterations: NonZeroU32,
    stored_key: Secret,
    server_key: Secret,
}

impl Verifier {
    /// Whether a client's proof of these messages is right.
    pub(super) fn verify_client(&self, auth_message: &[u8], proof: &[u8]) -> bool {
        let signature = self.hash.hmac(self.stored_key.expose(), auth_message);
        if proof.len() != signature.as_ref().len() {
            return false;
        }
        let key =
            Secret::from(proof.iter().zip(signature.as_ref()).map(|(proof, sign)| proof ^ sign).collect::<Vec<_>>());
        let stored = self.hash.digest(key.expose());
        // Both sides are hashed once more, so that the time of the comparison tells nothing.
        self.hash.digest(stored.as_ref()).as_ref() == self.hash.digest(self.stored_key.expose()).as_ref()
    }

    /// The server's signature of these messages.
    pub(super) fn signature(&self, auth_message: &[u8]) -> ring::hmac::Tag {
        self.hash.hmac(self.server_key.expose(), auth_message)
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Verifier({:?}, {} rounds, ..)", self.hash, self.iterations)
    }
}
