use std::fmt;

use bytestring::ByteString;

use super::{HeaderError, Method, Name, TypedHeader, scan};

/// Makes headers whose values are single tokens in comma lists.
macro_rules! tokens {
    ($($(#[$doc:meta])* $header:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub struct $header(pub ByteString);

        impl TypedHeader for $header {
            const NAME: Name = Name::$header;
            const LIST: bool = true;
            fn parse(text: ByteString) -> Result<$header, HeaderError> {
                token(Self::NAME, text).map($header)
            }
        }

        impl fmt::Display for $header {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

tokens! {
    /// An extension that has to be understood (section 20.32).
    Require;
    /// An extension that proxies have to understand (section 20.29).
    ProxyRequire;
    /// An extension that the sender understands (section 20.37).
    Supported;
    /// An extension that is not understood (section 20.40).
    Unsupported;
    /// How the body is encoded (section 20.12).
    ContentEncoding;
    /// A language of the body (section 20.13).
    ContentLanguage;
    /// An event package that is understood (RFC 6665).
    AllowEvents;
}

/// A method that is understood (section 20.5).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Allow(pub Method);

impl TypedHeader for Allow {
    const NAME: Name = Name::Allow;
    const LIST: bool = true;
    fn parse(text: ByteString) -> Result<Allow, HeaderError> {
        let name = token(Name::Allow, text)?;
        Ok(Allow(Method::known(name.as_bytes()).unwrap_or(Method::Other(name))))
    }
}

impl fmt::Display for Allow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

fn token(name: Name, text: ByteString) -> Result<ByteString, HeaderError> {
    if text.is_empty() || scan::run(text.as_bytes(), 0, scan::TOKEN) < text.len() {
        return Err(HeaderError::new(name, "no token"));
    }
    Ok(text)
}
