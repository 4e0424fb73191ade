//! Algorithms and qualities of protection: the two open registries of the scheme.

use std::fmt;

use crate::Hash;

/// The algorithm parameter of RFC 7616 section 3.3: a hash, and whether the key is bound to the session.
///
/// ```
/// use rfc2617::{Algorithm, Hash};
/// assert_eq!(Algorithm::from_name("sha-512-256-SESS"), Algorithm::Sha512t256Sess);
/// assert_eq!(Algorithm::Sha256.hash(), Some(Hash::Sha256));
/// assert_eq!(Algorithm::from_name("SHA3-512").to_string(), "SHA3-512");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// `MD5`, for old peers.
    Md5,
    /// `MD5-sess`.
    Md5Sess,
    /// `SHA-256`.
    Sha256,
    /// `SHA-256-sess`.
    Sha256Sess,
    /// `SHA-512-256`: SHA-512/256 of FIPS 180-4.
    Sha512t256,
    /// `SHA-512-256-sess`.
    Sha512t256Sess,
    /// One that is not known here; a challenge with it cannot be answered.
    Other(String),
}

impl Algorithm {
    /// The algorithm of that name, in any case.
    pub fn from_name(name: &str) -> Algorithm {
        use Algorithm::*;
        [Md5, Md5Sess, Sha256, Sha256Sess, Sha512t256, Sha512t256Sess]
            .into_iter()
            .find(|a| a.name().eq_ignore_ascii_case(name))
            .unwrap_or_else(|| Other(name.to_owned()))
    }

    /// The name as the registry writes it.
    pub fn name(&self) -> &str {
        match self {
            Algorithm::Md5 => "MD5",
            Algorithm::Md5Sess => "MD5-sess",
            Algorithm::Sha256 => "SHA-256",
            Algorithm::Sha256Sess => "SHA-256-sess",
            Algorithm::Sha512t256 => "SHA-512-256",
            Algorithm::Sha512t256Sess => "SHA-512-256-sess",
            Algorithm::Other(name) => name,
        }
    }

    /// The hash behind it; `None` when it is not known here.
    pub fn hash(&self) -> Option<Hash> {
        match self {
            Algorithm::Md5 | Algorithm::Md5Sess => Some(Hash::Md5),
            Algorithm::Sha256 | Algorithm::Sha256Sess => Some(Hash::Sha256),
            Algorithm::Sha512t256 | Algorithm::Sha512t256Sess => Some(Hash::Sha512t256),
            Algorithm::Other(_) => None,
        }
    }

    /// Whether the key is bound to nonce and cnonce (the `-sess` variants).
    pub fn is_session(&self) -> bool {
        matches!(self, Algorithm::Md5Sess | Algorithm::Sha256Sess | Algorithm::Sha512t256Sess)
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Quality of protection: what the response covers (RFC 7616 section 3.3).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Qop {
    /// `auth`: method and URI.
    Auth,
    /// `auth-int`: the body too.
    AuthInt,
    /// One that is not known here; ignored where a list of them is offered.
    Other(String),
}

impl Qop {
    /// The quality of that name, in any case.
    pub fn from_name(name: &str) -> Qop {
        match name {
            n if n.eq_ignore_ascii_case("auth") => Qop::Auth,
            n if n.eq_ignore_ascii_case("auth-int") => Qop::AuthInt,
            n => Qop::Other(n.to_owned()),
        }
    }

    /// The name as the RFC writes it.
    pub fn name(&self) -> &str {
        match self {
            Qop::Auth => "auth",
            Qop::AuthInt => "auth-int",
            Qop::Other(name) => name,
        }
    }
}

impl fmt::Display for Qop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Whose rules apply where SIP and HTTP differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Profile {
    /// RFC 3261 section 22 with RFC 8760: the realm alone is the protection space, Basic does not exist, the URI in the
    /// credentials may differ from the one in the request line.
    #[default]
    Sip,
    /// RFC 7616: the URIs must agree, `domain` bounds the protection space, Basic is possible.
    Http,
}

/// Who asks for the credentials: it decides which headers and status carry them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Party {
    /// The origin server, user agent server or registrar: 401.
    Server,
    /// A proxy on the way: 407.
    Proxy,
}

impl Party {
    /// The status of the response that carries the challenges.
    ///
    /// ```
    /// use rfc2617::Party;
    /// assert_eq!((Party::Proxy.status(), Party::Proxy.credentials_header()), (407, "Proxy-Authorization"));
    /// assert_eq!(Party::from_status(401), Some(Party::Server));
    /// ```
    //= rfc3261#22.1/proxy-not-401 MUST NOT
    //# A proxy that goes by its party cannot say it.
    //= rfc3261#22.2/challenge MUST
    //# Status and header name come from one value.
    //= rfc3261#22.3/challenge MUST
    //# The same.
    //= rfc7616#3.8/status-407 MUST
    //# The status and the three header names hang together on one value, so that they cannot be mixed up.
    pub const fn status(self) -> u16 {
        match self {
            Party::Server => 401,
            Party::Proxy => 407,
        }
    }

    /// Who sent a response with that status, when it is one that carries challenges.
    pub const fn from_status(status: u16) -> Option<Party> {
        match status {
            401 => Some(Party::Server),
            407 => Some(Party::Proxy),
            _ => None,
        }
    }

    /// The header that carries challenges.
    pub const fn challenge_header(self) -> &'static str {
        match self {
            Party::Server => "WWW-Authenticate",
            Party::Proxy => "Proxy-Authenticate",
        }
    }

    /// The header that carries credentials.
    pub const fn credentials_header(self) -> &'static str {
        match self {
            Party::Server => "Authorization",
            Party::Proxy => "Proxy-Authorization",
        }
    }

    /// The header that carries [`AuthenticationInfo`](crate::AuthenticationInfo).
    pub const fn info_header(self) -> &'static str {
        match self {
            Party::Server => "Authentication-Info",
            Party::Proxy => "Proxy-Authentication-Info",
        }
    }
}
