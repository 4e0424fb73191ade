//! Authentication-Info and Proxy-Authentication-Info (RFC 7616 section 3.5).

use std::fmt;

use crate::challenge::token_only;
use crate::grammar::{Bag, Limits, List, Param, params};
use crate::{ParseError, Qop};

/// What a server tells after credentials were accepted: the next nonce, and the proof that it knows the user too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuthenticationInfo {
    /// The nonce for the next request.
    pub nextnonce: Option<String>,
    /// The quality of protection of the proof.
    pub qop: Option<Qop>,
    /// The proof, in hexadecimal digits.
    pub rspauth: Option<String>,
    /// The cnonce of the request.
    pub cnonce: Option<String>,
    /// The nonce count of the request, eight hexadecimal digits.
    pub nc: Option<String>,
    /// Parameters that are not known here, in their order.
    pub extra: Vec<Param>,
}

impl AuthenticationInfo {
    /// Parses a header value.
    ///
    /// ```
    /// use rfc2617::AuthenticationInfo;
    /// let info = AuthenticationInfo::parse(r#"nextnonce="abc", qop=auth, nc=00000001, cnonce="x", rspauth="0f""#);
    /// assert_eq!(info.unwrap().nextnonce.as_deref(), Some("abc"));
    /// ```
    ///
    /// # Errors
    /// When the grammar is broken, a parameter stands twice, or the count is not eight digits.
    pub fn parse(value: &str) -> Result<AuthenticationInfo, ParseError> {
        let mut bag = Bag(params(value, &Limits::default())?);
        let nc = bag.take("nc")?;
        //= rfc7616#3.5/nc-digits MUST
        //# Checked here, and what is printed was parsed or counted by this room.
        if nc.as_ref().is_some_and(|nc| nc.len() != 8 || !nc.bytes().all(|b| b.is_ascii_hexdigit())) {
            return Err(ParseError::Invalid("nc"));
        }
        Ok(AuthenticationInfo {
            nextnonce: bag.take("nextnonce")?,
            qop: bag.take("qop")?.map(|name| Qop::from_name(&name)),
            rspauth: bag.take("rspauth")?,
            cnonce: bag.take("cnonce")?,
            nc,
            extra: bag.0,
        })
    }
}

impl fmt::Display for AuthenticationInfo {
    //= rfc7616#3.5/quoted MUST
    //# nextnonce, rspauth and cnonce go through quoted().
    //= rfc7616#3.5/not-quoted MUST NOT
    //# qop and nc go through bare().
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut list = List::new(f, "");
        if let Some(nextnonce) = &self.nextnonce {
            list.quoted("nextnonce", nextnonce)?;
        }
        if let Some(qop) = &self.qop {
            list.bare("qop", token_only(qop.name()))?;
        }
        if let Some(rspauth) = &self.rspauth {
            list.quoted("rspauth", rspauth)?;
        }
        if let Some(cnonce) = &self.cnonce {
            list.quoted("cnonce", cnonce)?;
        }
        if let Some(nc) = &self.nc {
            list.bare("nc", token_only(nc))?;
        }
        self.extra.iter().try_for_each(|p| list.param(p))
    }
}
