//! Challenges: WWW-Authenticate and Proxy-Authenticate (RFC 7616 section 3.3).

use std::fmt;

use crate::grammar::{Bag, Limits, List, Param, Scheme, schemes};
use crate::{Algorithm, ParseError, Qop};

/// One challenge of a WWW-Authenticate or Proxy-Authenticate header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Challenge {
    /// RFC 7616.
    Digest(DigestChallenge),
    /// RFC 7617.
    Basic(BasicChallenge),
    /// A scheme that is not known here.
    Other(Scheme),
}

impl Challenge {
    /// Parses a header value that holds one challenge, as SIP demands.
    ///
    /// ```
    /// use rfc2617::{Challenge, Qop};
    /// let text = r#"Digest realm="a, b", nonce="n", qop="auth,auth-int", algorithm=MD5"#;
    /// let Ok(Challenge::Digest(digest)) = Challenge::parse(text) else { panic!() };
    /// assert_eq!((digest.realm.as_str(), digest.qop.len()), ("a, b", 2));
    /// ```
    ///
    /// # Errors
    /// When the grammar is broken, a digest challenge has no realm or nonce, or a parameter stands twice.
    pub fn parse(value: &str) -> Result<Challenge, ParseError> {
        Scheme::only(value, &Limits::default()).and_then(Challenge::from_scheme)
    }

    /// Parses a header value that may hold several challenges, as HTTP allows. Challenges that are broken in themselves
    /// are left out, so that one bad neighbour does not hide the good ones.
    ///
    /// ```
    /// use rfc2617::{Challenge, Limits};
    /// let all = Challenge::parse_all(r#"Basic realm="x", Digest realm="x", nonce="n""#, &Limits::default());
    /// assert_eq!(all.unwrap().len(), 2);
    /// ```
    ///
    /// # Errors
    /// When the value as a whole cannot be split into schemes.
    //= rfc8760#2.4/ignore-unknown MUST
    //# Unknown schemes become Other, which no client answers; broken ones are left out.
    pub fn parse_all(value: &str, limits: &Limits) -> Result<Vec<Challenge>, ParseError> {
        Ok(schemes(value, limits)?.into_iter().filter_map(|s| Challenge::from_scheme(s).ok()).collect())
    }

    /// The realm, when there is one.
    pub fn realm(&self) -> Option<&str> {
        match self {
            Challenge::Digest(digest) => Some(&digest.realm),
            Challenge::Basic(basic) => Some(&basic.realm),
            Challenge::Other(scheme) => {
                scheme.params.iter().find(|p| p.name.eq_ignore_ascii_case("realm")).map(|p| p.value.as_str())
            }
        }
    }

    fn from_scheme(scheme: Scheme) -> Result<Challenge, ParseError> {
        if scheme.is("Digest") {
            DigestChallenge::from_params(scheme.params).map(Challenge::Digest)
        } else if scheme.is("Basic") {
            BasicChallenge::from_params(scheme.params).map(Challenge::Basic)
        } else {
            Ok(Challenge::Other(scheme))
        }
    }
}

impl fmt::Display for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Challenge::Digest(digest) => digest.fmt(f),
            Challenge::Basic(basic) => basic.fmt(f),
            Challenge::Other(scheme) => scheme.fmt(f),
        }
    }
}

/// A digest challenge. Strings are without quotes and escapes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DigestChallenge {
    /// Which accounts are meant; shown to the user.
    pub realm: String,
    /// URIs of the protection space; empty means the whole server. Without meaning from a proxy.
    pub domain: Vec<String>,
    /// The server's number used once.
    pub nonce: String,
    /// To be sent back as it is.
    pub opaque: Option<String>,
    /// The password may be right: only the nonce is too old.
    pub stale: bool,
    /// The algorithm; `None` stands for MD5 and is sent back as nothing.
    pub algorithm: Option<Algorithm>,
    /// The qualities of protection on offer; empty from a peer of RFC 2069.
    pub qop: Vec<Qop>,
    //= rfc7616#3.3/charset-utf8 MUST
    //# A flag: no other value can be said.
    //= rfc7617#2.1/charset-utf8 MUST
    //# Likewise in a basic challenge.
    /// Whether user and password are to be taken as UTF-8 in normalization form C.
    pub utf8: bool,
    /// Whether the user name may be sent hashed.
    pub userhash: bool,
    /// Parameters that are not known here, in their order.
    pub extra: Vec<Param>,
}

impl DigestChallenge {
    /// The algorithm to use.
    //= rfc7616#3.3/default-md5 MUST
    //# The field keeps the absence, because it must be repeated in the credentials.
    pub fn algorithm(&self) -> &Algorithm {
        self.algorithm.as_ref().unwrap_or(&Algorithm::Md5)
    }

    fn from_params(params: Vec<Param>) -> Result<DigestChallenge, ParseError> {
        let mut bag = Bag(params);
        Ok(DigestChallenge {
            realm: bag.need("realm")?,
            nonce: bag.need("nonce")?,
            domain: words(bag.take("domain")?, char::is_whitespace),
            opaque: bag.take("opaque")?,
            //= rfc7616#3.3/stale-other-false MUST
            //# Whatever is not the word true, in any case, asks for another password.
            stale: bag.flag("stale")?,
            algorithm: bag.take("algorithm")?.map(|name| Algorithm::from_name(&name)),
            qop: words(bag.take("qop")?, |c| c == ',' || c.is_whitespace())
                .iter()
                .map(|name| Qop::from_name(name))
                .collect(),
            utf8: bag.take("charset")?.is_some_and(|v| v.eq_ignore_ascii_case("UTF-8")),
            userhash: bag.flag("userhash")?,
            extra: bag.0,
        })
    }
}

fn words(value: Option<String>, separator: impl Fn(char) -> bool) -> Vec<String> {
    let value = value.unwrap_or_default();
    // a control character cannot be printed, and what is left of its word would be another word
    value.split(separator).filter(|w| !w.is_empty() && !w.contains(char::is_control)).map(str::to_owned).collect()
}

impl fmt::Display for DigestChallenge {
    /// Prints in the order that the peers of RFC 2617 printed: some scan for a parameter behind another.
    //= rfc7616#3.3/quoted MUST
    //# realm, domain, nonce, opaque and qop go through quoted().
    //= rfc7616#3.3/not-quoted MUST NOT
    //# stale and algorithm go through bare().
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digest")?;
        let mut list = List::new(f, " ");
        list.quoted("realm", &self.realm)?;
        if !self.domain.is_empty() {
            list.quoted("domain", &self.domain.join(" "))?;
        }
        if !self.qop.is_empty() {
            list.quoted("qop", &self.qop.iter().map(Qop::name).collect::<Vec<_>>().join(","))?;
        }
        list.quoted("nonce", &self.nonce)?;
        if let Some(opaque) = &self.opaque {
            list.quoted("opaque", opaque)?;
        }
        if self.stale {
            list.bare("stale", "true")?;
        }
        if let Some(algorithm) = &self.algorithm {
            list.bare("algorithm", token_only(algorithm.name()))?;
        }
        if self.utf8 {
            list.bare("charset", "UTF-8")?;
        }
        if self.userhash {
            list.bare("userhash", "true")?;
        }
        self.extra.iter().try_for_each(|p| list.param(p))
    }
}

/// The characters of an unknown name that a token may hold.
pub(crate) fn token_only(name: &str) -> String {
    name.chars().filter(|c| c.is_ascii_graphic() && !"\",;=\\()<>@[]{}?/:".contains(*c)).collect()
}

/// A basic challenge.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BasicChallenge {
    /// Which accounts are meant.
    pub realm: String,
    /// Whether user and password are to be sent as UTF-8.
    pub utf8: bool,
    /// Parameters that are not known here, in their order.
    pub extra: Vec<Param>,
}

impl BasicChallenge {
    //= rfc7617#2/realm-required MUST
    //# Without it the challenge is an error; and it is always printed.
    //= rfc7617#2/unknown-parameters MUST
    //# They are kept and have no effect.
    fn from_params(params: Vec<Param>) -> Result<BasicChallenge, ParseError> {
        let mut bag = Bag(params);
        Ok(BasicChallenge {
            realm: bag.need("realm")?,
            utf8: bag.take("charset")?.is_some_and(|v| v.eq_ignore_ascii_case("UTF-8")),
            extra: bag.0,
        })
    }
}

impl fmt::Display for BasicChallenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Basic")?;
        let mut list = List::new(f, " ");
        list.quoted("realm", &self.realm)?;
        if self.utf8 {
            list.quoted("charset", "UTF-8")?;
        }
        self.extra.iter().try_for_each(|p| list.param(p))
    }
}
