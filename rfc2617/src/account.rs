//! What both sides know beforehand, and the request that is protected.

use std::fmt;

use crate::{Hash, Hex, ha1};

/// The parts of a request that credentials protect.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The method, as it stands in the request line.
    pub method: &'a str,
    /// The request URI, as it stands in the request line.
    pub uri: &'a str,
    /// The body without transfer coding; empty when there is none.
    pub body: &'a [u8],
}

/// What proves who a user is.
#[derive(Clone)]
pub enum Secret {
    /// The password itself; serves every algorithm and realm.
    Password(String),
    /// H(A1): fixes user, realm and hash. Protect it like a password: in its realm it is one.
    Ha1(Hash, Hex),
}

impl Secret {
    /// H(A1) from its hexadecimal digits, as password files hold it.
    ///
    /// ```
    /// use rfc2617::{Hash, Secret};
    /// assert!(Secret::from_hex(Hash::Md5, "939e7578ed9e3c518a452acee763bce9").is_some());
    /// assert!(Secret::from_hex(Hash::Sha256, "939e7578ed9e3c518a452acee763bce9").is_none());
    /// ```
    ///
    /// `None` when the digits do not fit the hash.
    pub fn from_hex(hash: Hash, digits: &str) -> Option<Secret> {
        Hex::parse(hash, digits).map(|hex| Secret::Ha1(hash, hex))
    }

    /// H(A1) for that hash; `None` when only that of another hash is known.
    //= rfc7616#3.6/h-a1-suffices SHOULD
    //# Everything past this point works on H(A1) alone.
    pub fn ha1(&self, hash: Hash, user: &str, realm: &str) -> Option<Hex> {
        match self {
            Secret::Password(password) => Some(ha1(hash, user, realm, password)),
            Secret::Ha1(of, hex) => (*of == hash).then_some(*hex),
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Secret::Password(_) => "Password(..)",
            Secret::Ha1(..) => "Ha1(..)",
        })
    }
}

/// A user with the secret that proves it.
#[derive(Clone, Debug)]
pub struct Account {
    /// The user name, UTF-8 in normalization form C when it is not ASCII.
    pub user: String,
    /// The realm it is for; `None` serves every realm, which [`Secret::Ha1`] cannot.
    pub realm: Option<String>,
    /// The secret.
    pub secret: Secret,
}

impl Account {
    /// An account that serves every realm.
    //= rfc7616#4/username-characters MUST
    //# Any string is taken and hashed as UTF-8; bringing it into normalization form C is the caller's part.
    //= rfc7616#4/password-characters MUST
    //# The same.
    pub fn new(user: impl Into<String>, password: impl Into<String>) -> Account {
        Account { user: user.into(), realm: None, secret: Secret::Password(password.into()) }
    }

    /// The same account for one realm alone.
    pub fn in_realm(mut self, realm: impl Into<String>) -> Account {
        self.realm = Some(realm.into());
        self
    }

    pub(crate) fn serves(&self, realm: &str) -> bool {
        self.realm.as_ref().is_none_or(|own| own == realm)
    }
}
