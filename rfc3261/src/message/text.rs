//! Headers whose value is one text: names, subjects, identifiers, challenges.

use std::fmt;
use std::ops::Deref;

use bytestring::ByteString;

use super::{HeaderError, Name, TypedHeader, item, name_addr};

/// Makes headers that hold a text; each names the check that the text has to pass.
macro_rules! texts {
    ($($(#[$doc:meta])* $header:ident, $list:literal, $check:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub struct $header(pub ByteString);

        impl TypedHeader for $header {
            const NAME: Name = Name::$header;
            const LIST: bool = $list;
            fn parse(text: ByteString) -> Result<$header, HeaderError> {
                let check: fn(&str) -> bool = $check;
                if is_line(&text) && check(&text) { Ok($header(text)) } else { Err(HeaderError::new(Self::NAME, MALFORMED)) }
            }
        }

        impl Deref for $header {
            type Target = str;
            fn deref(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $header {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

texts! {
    /// What tells calls apart (section 20.8). Compared by case.
    CallId, false, is_call_id;
    /// The calls that this one answers (section 20.21).
    InReplyTo, true, is_call_id;
    /// What the call is about (section 20.36); may be empty.
    Subject, false, |_| true;
    /// Whom the sender belongs to (section 20.25); may be empty.
    Organization, false, |_| true;
    /// The software of a server (section 20.35).
    Server, false, |text| !text.is_empty();
    /// The software of a client (section 20.41).
    UserAgent, false, |text| !text.is_empty();
    /// The version of MIME (section 20.24), 1.0.
    MimeVersion, false, is_version;
    /// A challenge of a proxy (section 20.27): one whole line, which room `rfc2617` reads.
    ProxyAuthenticate, false, has_scheme;
    /// A challenge (section 20.44): one whole line, which room `rfc2617` reads.
    WwwAuthenticate, false, has_scheme;
    /// What a server proves in return (section 20.6).
    AuthenticationInfo, false, |text| !text.is_empty();
    /// The version of published state (RFC 3903).
    SipEtag, false, name_addr::is_token;
    /// The version of published state that is to be changed (RFC 3903).
    SipIfMatch, false, name_addr::is_token;
}

/// Makes headers that hold credentials, which no log shows.
macro_rules! credentials {
    ($($(#[$doc:meta])* $header:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq)]
        pub struct $header(pub ByteString);

        impl TypedHeader for $header {
            const NAME: Name = Name::$header;
            fn parse(text: ByteString) -> Result<$header, HeaderError> {
                let is_right = is_line(&text) && has_scheme(&text);
                if is_right { Ok($header(text)) } else { Err(HeaderError::new(Self::NAME, MALFORMED)) }
            }
        }

        impl Deref for $header {
            type Target = str;
            fn deref(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $header {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $header {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($header), "(***)"))
            }
        }
    )*};
}

credentials! {
    /// Credentials for the other user agent (section 20.7): one whole line, which room `rfc2617` reads.
    Authorization;
    /// Credentials for a proxy (section 20.28): one whole line, which room `rfc2617` reads.
    ProxyAuthorization;
}

fn is_line(text: &str) -> bool {
    memchr::memchr3(b'\r', b'\n', 0, text.as_bytes()).is_none()
}

fn is_call_id(text: &str) -> bool {
    item::call_id(text.as_bytes()) == Some(text.len())
}

fn is_version(text: &str) -> bool {
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    text.split_once('.').is_some_and(|(major, minor)| is_number(major) && is_number(minor))
}

fn has_scheme(text: &str) -> bool {
    name_addr::is_token(text.split([' ', '\t']).next().unwrap_or_default())
}

const MALFORMED: &str = "not of this header's form";
