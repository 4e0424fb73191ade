//! Credentials: Authorization and Proxy-Authorization (RFC 7616 section 3.4).

use std::fmt;

use crate::challenge::token_only;
use crate::grammar::{Bag, Limits, List, Param, Scheme};
use crate::{Algorithm, BasicCredentials, Hex, ParseError, Qop, Request, hash};

/// The value of one Authorization or Proxy-Authorization header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credentials {
    /// RFC 7616.
    Digest(DigestCredentials),
    /// RFC 7617.
    Basic(BasicCredentials),
    /// A scheme that is not known here.
    Other(Scheme),
}

impl Credentials {
    /// Parses a header value.
    ///
    /// ```
    /// use rfc2617::{Credentials, Username};
    /// let text = r#"Digest username="bob", realm="r", nonce="n", uri="sip:x", response="""#;
    /// let Ok(Credentials::Digest(digest)) = Credentials::parse(text) else { panic!() };
    /// assert_eq!(digest.username, Username::Plain("bob".into()));
    /// ```
    ///
    /// # Errors
    /// When the grammar is broken, a parameter that the scheme needs is missing, one stands twice, or has a value that
    /// its definition does not allow. A server answers 400.
    //= rfc7616#3.4/improper-4xx MUST
    //# The error is the peer's fault by type; Server::verify turns what parses but does not fit into Malformed.
    pub fn parse(value: &str) -> Result<Credentials, ParseError> {
        Credentials::parse_within(value, &Limits::default())
    }

    /// [`Credentials::parse`] with other limits.
    ///
    /// # Errors
    /// The same.
    pub fn parse_within(value: &str, limits: &Limits) -> Result<Credentials, ParseError> {
        let scheme = Scheme::only(value, limits)?;
        if scheme.is("Digest") {
            DigestCredentials::from_params(scheme.params).map(Credentials::Digest)
        } else if scheme.is("Basic") {
            BasicCredentials::from_token(scheme.token.as_deref()).map(Credentials::Basic)
        } else {
            Ok(Credentials::Other(scheme))
        }
    }

    /// The digest in it, when it is one.
    pub fn digest(&self) -> Option<&DigestCredentials> {
        match self {
            Credentials::Digest(digest) => Some(digest),
            _ => None,
        }
    }
}

impl fmt::Display for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Credentials::Digest(digest) => digest.fmt(f),
            Credentials::Basic(basic) => basic.fmt(f),
            Credentials::Other(scheme) => scheme.fmt(f),
        }
    }
}

/// The user name in one of its three forms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Username {
    /// As it is, in quotes.
    Plain(String),
    //= rfc7616#3.4/extended-username MAY
    //# Chosen for names that quotes cannot hold.
    /// As it is, in the extended notation of `username*`, for characters that quotes do not allow.
    Extended(String),
    /// Hashed: [`userhash`](crate::userhash()) of name and realm, in hexadecimal digits.
    Hashed(String),
}

impl Default for Username {
    fn default() -> Username {
        Username::Plain(String::new())
    }
}

/// Digest credentials. Strings are without quotes and escapes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DigestCredentials {
    /// Who asks.
    pub username: Username,
    /// The realm of the challenge.
    pub realm: String,
    /// The nonce of the challenge.
    pub nonce: String,
    /// The request URI as the client wrote it.
    pub uri: String,
    /// The proof, in hexadecimal digits; empty before the first challenge.
    pub response: String,
    /// The algorithm of the challenge; `None` stands for MD5.
    pub algorithm: Option<Algorithm>,
    /// The client's own random text.
    pub cnonce: Option<String>,
    /// The opaque of the challenge.
    pub opaque: Option<String>,
    /// The quality of protection applied; `None` is the form of RFC 2069.
    pub qop: Option<Qop>,
    /// How often the nonce has been used, this time included: eight hexadecimal digits, kept as sent because they are
    /// hashed as sent.
    pub nc: Option<String>,
    /// Parameters that are not known here, in their order.
    pub extra: Vec<Param>,
}

impl DigestCredentials {
    /// The algorithm in use.
    pub fn algorithm(&self) -> &Algorithm {
        self.algorithm.as_ref().unwrap_or(&Algorithm::Md5)
    }

    /// The nonce count.
    pub fn count(&self) -> Option<u32> {
        self.nc.as_deref().and_then(|nc| u32::from_str_radix(nc, 16).ok())
    }

    /// What is hashed beside key and message; `None` when the algorithm is not known here or a part is missing.
    pub(crate) fn terms(&self) -> Option<hash::Terms<'_>> {
        let count = match (&self.qop, &self.nc, &self.cnonce) {
            (Some(qop), Some(nc), Some(cnonce)) => Some((qop, nc.as_str(), cnonce.as_str())),
            (None, ..) => None,
            _ => return None,
        };
        Some(hash::Terms { hash: self.algorithm().hash()?, nonce: &self.nonce, count })
    }

    /// The key of the session and the response that goes with it, from H(A1); `None` like [`Self::terms`].
    pub(crate) fn prove(&self, ha1: Hex, method: &str, body: &[u8]) -> Option<(Hex, Hex)> {
        let terms = self.terms()?;
        let key = terms.session_key(self.algorithm(), ha1, self.cnonce.as_deref().unwrap_or_default());
        Some((key, terms.response(&key, &Request { method, uri: &self.uri, body })))
    }

    fn from_params(params: Vec<Param>) -> Result<DigestCredentials, ParseError> {
        let mut bag = Bag(params);
        let hashed = bag.flag("userhash")?;
        //= rfc7616#3.4/both-usernames MUST
        //# The pair is an error before either is looked at.
        let username = match (bag.take("username")?, bag.take("username*")?) {
            (Some(name), None) if hashed => Username::Hashed(name),
            (Some(name), None) => Username::Plain(name),
            (None, Some(name)) if !hashed => {
                Username::Extended(from_extended(&name).ok_or(ParseError::Invalid("username*"))?)
            }
            (None, None) => return Err(ParseError::Missing("username")),
            _ => return Err(ParseError::Invalid("username*")),
        };
        let qop = bag.take("qop")?.map(|name| Qop::from_name(&name));
        let cnonce = bag.take("cnonce")?;
        let nc = bag.take("nc")?;
        if nc.as_ref().is_some_and(|nc| nc.len() != 8 || !nc.bytes().all(|b| b.is_ascii_hexdigit())) {
            return Err(ParseError::Invalid("nc"));
        }
        if qop.is_some() && cnonce.is_none() {
            return Err(ParseError::Missing("cnonce"));
        }
        if qop.is_some() && nc.is_none() {
            return Err(ParseError::Missing("nc"));
        }
        Ok(DigestCredentials {
            username,
            realm: bag.need("realm")?,
            nonce: bag.need("nonce")?,
            uri: bag.need("uri")?,
            response: bag.need("response")?,
            algorithm: bag.take("algorithm")?.map(|name| Algorithm::from_name(&name)),
            opaque: bag.take("opaque")?,
            cnonce,
            qop,
            nc,
            extra: bag.0,
        })
    }
}

impl fmt::Display for DigestCredentials {
    //= rfc7616#3.4/quoted MUST
    //# All seven go through quoted().
    //= rfc7616#3.4/not-quoted MUST NOT
    //# algorithm, qop and nc go through bare().
    //= rfc3261#22.4/uri-quoted MUST
    //# There is no other way to print it.
    //= rfc8760#2.6/uri-quoted MUST
    //# There is no other way to print it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digest")?;
        let mut list = List::new(f, " ");
        match &self.username {
            Username::Plain(name) | Username::Hashed(name) => list.quoted("username", name)?,
            Username::Extended(name) => list.bare("username*", to_extended(name))?,
        }
        list.quoted("realm", &self.realm)?;
        list.quoted("nonce", &self.nonce)?;
        list.quoted("uri", &self.uri)?;
        list.quoted("response", &self.response)?;
        if let Some(algorithm) = &self.algorithm {
            list.bare("algorithm", token_only(algorithm.name()))?;
        }
        if let Some(cnonce) = &self.cnonce {
            list.quoted("cnonce", cnonce)?;
        }
        if let Some(opaque) = &self.opaque {
            list.quoted("opaque", opaque)?;
        }
        if let Some(qop) = &self.qop {
            list.bare("qop", token_only(qop.name()))?;
        }
        if let Some(nc) = &self.nc {
            list.bare("nc", token_only(nc))?;
        }
        if matches!(self.username, Username::Hashed(_)) {
            list.bare("userhash", "true")?;
        }
        self.extra.iter().try_for_each(|p| list.param(p))
    }
}

/// The extended notation of RFC 5987: `UTF-8''` and the octets, those of no token percent-encoded.
fn to_extended(text: &str) -> String {
    let mut out = String::from("UTF-8''");
    for b in text.bytes() {
        match b.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&b) {
            true => out.push(char::from(b)),
            false => out.push_str(&format!("%{b:02X}")),
        }
    }
    out
}

fn from_extended(text: &str) -> Option<String> {
    let (charset, rest) = text.split_once('\'')?;
    let (_language, encoded) = rest.split_once('\'')?;
    if !charset.eq_ignore_ascii_case("UTF-8") {
        return None;
    }
    let mut out = Vec::with_capacity(encoded.len());
    let mut bytes = encoded.bytes();
    while let Some(b) = bytes.next() {
        out.push(match b {
            b'%' => hex_digit(bytes.next()?)? << 4 | hex_digit(bytes.next()?)?,
            b => b,
        });
    }
    String::from_utf8(out).ok()
}

fn hex_digit(b: u8) -> Option<u8> {
    char::from(b).to_digit(16).map(|d| d as u8)
}
