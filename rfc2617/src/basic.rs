//! Basic credentials (RFC 7617), for HTTP alone: SIP forbids them.

use std::fmt;

use crate::ParseError;

/// User and password, for everyone on the way to read.
#[derive(Clone, PartialEq, Eq)]
pub struct BasicCredentials {
    /// The user; holds no colon.
    pub user: String,
    /// The password.
    pub password: String,
}

impl BasicCredentials {
    /// Puts user and password together.
    ///
    /// ```
    /// use rfc2617::BasicCredentials;
    /// let basic = BasicCredentials::new("Aladdin", "open sesame").unwrap();
    /// assert_eq!(basic.to_string(), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    /// assert!(BasicCredentials::new("a:b", "c").is_none());
    /// ```
    ///
    /// `None` when the user holds a colon or either holds a control character.
    //= rfc7617#2/no-colon MUST
    //# The first colon ends the user, so one inside would move the border.
    //= rfc7617#2/no-control MUST NOT
    //# Refused when made and when parsed.
    pub fn new(user: impl Into<String>, password: impl Into<String>) -> Option<BasicCredentials> {
        let (user, password) = (user.into(), password.into());
        let clean = |text: &str| !text.chars().any(|c| c.is_ascii_control());
        (!user.contains(':') && clean(&user) && clean(&password)).then_some(BasicCredentials { user, password })
    }

    pub(crate) fn from_token(token: Option<&str>) -> Result<BasicCredentials, ParseError> {
        let text = token.and_then(base64::decode).and_then(|bytes| String::from_utf8(bytes).ok());
        text.as_deref()
            .and_then(|text| text.split_once(':'))
            .and_then(|(user, password)| BasicCredentials::new(user, password))
            .ok_or(ParseError::Invalid("user-pass"))
    }
}

impl fmt::Display for BasicCredentials {
    //= rfc7617#2/base64 MUST
    //# With padding, as every peer expects.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Basic {}", base64::encode(format!("{}:{}", self.user, self.password).as_bytes()))
    }
}

impl fmt::Debug for BasicCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BasicCredentials {{ user: {:?}, .. }}", self.user)
    }
}

/// Base64 of RFC 4648 section 4.
pub(crate) mod base64 {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    pub fn encode(bytes: &[u8]) -> String {
        let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
        for chunk in bytes.chunks(3) {
            let word = (0..3).fold(0u32, |w, i| w << 8 | u32::from(chunk.get(i).copied().unwrap_or(0)));
            for i in 0..4 {
                match i <= chunk.len() {
                    true => out.push(char::from(DIGITS[(word >> (18 - 6 * i) & 63) as usize])),
                    false => out.push('='),
                }
            }
        }
        out
    }

    /// Padding may be missing; bits left over must be zero, so that every text has one spelling.
    pub fn decode(text: &str) -> Option<Vec<u8>> {
        let digits = text.trim_end_matches('=');
        if text.len() - digits.len() > 2 {
            return None;
        }
        let mut out = Vec::with_capacity(digits.len() * 3 / 4);
        let (mut word, mut bits) = (0u32, 0);
        for b in digits.bytes() {
            let value = DIGITS.iter().position(|d| *d == b)? as u32;
            word = (word << 6 | value) & 0xFFFF;
            bits += 6;
            if bits >= 8 {
                bits -= 8;
                out.push((word >> bits) as u8);
            }
        }
        (bits < 6 && word & ((1 << bits) - 1) == 0).then_some(out)
    }

    #[cfg(test)]
    mod tests {
        #[test]
        fn reads_what_it_writes() {
            for len in 0..70u8 {
                let bytes: Vec<u8> = (0..len).map(|i| i.wrapping_mul(37)).collect();
                assert_eq!(super::decode(&super::encode(&bytes)), Some(bytes));
            }
            assert_eq!(super::decode("QQ"), Some(b"A".to_vec()));
            for bad in ["Q", "QR==", "Q!==", "QQ==="] {
                assert_eq!(super::decode(bad), None, "{bad}");
            }
        }
    }
}
