//! Headers of the shape `value;name=value;name`: media types, languages, packages, durations.

use std::fmt;
use std::ops::Deref;

use bytestring::ByteString;

use super::error::Fault;
use super::name_addr::q_value;
use super::params::{self, Params};
use super::{HeaderError, Name, TypedHeader, scan};

/// A value with parameters behind it. It prints as it was written.
///
/// ```
/// use rfc3261::message::{Accept, ContentType, TypedHeader};
/// let accept = Accept::parse("application/sdp;level=1;q=0.7".into()).unwrap();
/// assert_eq!((accept.value(), accept.param("level"), accept.q()), ("application/sdp", Some("1"), Some(700)));
/// let body = ContentType::parse("Application / SDP ; charset=\"utf-8\"".into()).unwrap();
/// assert!(body.is_media("application/sdp"));
/// assert_eq!(body.param("charset"), Some("\"utf-8\""));
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Item {
    text: ByteString,
    value_end: u32,
}

impl Item {
    /// The value in front of the parameters, as written.
    pub fn value(&self) -> &str {
        scan::part(&self.text, 0, self.value_end)
    }

    /// The value of a parameter as written (a quoted string with its quotes); the empty text if it is there without value.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.params().value(name)
    }

    /// All parameters.
    pub fn params(&self) -> Params<'_> {
        Params::new(scan::part(&self.text, self.value_end, self.text.len() as u32))
    }

    /// The `q` parameter in thousandths, 0 to 1000; `None` if it is absent or malformed.
    pub fn q(&self) -> Option<u16> {
        self.param("q").and_then(q_value)
    }

    /// Whether the value is this one, without case.
    pub fn is(&self, value: &str) -> bool {
        self.value().eq_ignore_ascii_case(value)
    }

    /// Whether the value is this media type, without case and white space around the slash.
    pub fn is_media(&self, media: &str) -> bool {
        let parts = |text: &str| text.split_once('/').map(|(a, b)| [a, b].map(|part| part.trim().to_ascii_lowercase()));
        parts(media).is_some() && parts(self.value()) == parts(media)
    }

    fn read(text: ByteString, value_end: fn(&[u8]) -> Option<usize>) -> Result<Item, Fault> {
        let bytes = text.as_bytes();
        let end = value_end(bytes).ok_or("no value of this header")?;
        if params::end(bytes, end)? != bytes.len() {
            return Err("something behind the value that is no parameter");
        }
        Ok(Item { value_end: u32::try_from(end).map_err(|_| "too long")?, text })
    }
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Item({})", self.text)
    }
}

/// Makes headers that are an [`Item`]; each names the scanner of its value.
macro_rules! items {
    ($($(#[$doc:meta])* $header:ident, $list:literal, $value:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub struct $header(pub Item);

        impl TypedHeader for $header {
            const NAME: Name = Name::$header;
            const LIST: bool = $list;
            fn parse(text: ByteString) -> Result<$header, HeaderError> {
                Item::read(text, $value).map($header).map_err(|what| HeaderError::new(Self::NAME, what))
            }
        }

        impl Deref for $header {
            type Target = Item;
            fn deref(&self) -> &Item {
                &self.0
            }
        }

        impl fmt::Display for $header {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

items! {
    /// A media type that is understood in a response (section 20.1).
    Accept, true, media;
    /// A coding that is understood in a response (section 20.2).
    AcceptEncoding, true, token;
    /// A language that is welcome in a response (section 20.3).
    AcceptLanguage, true, token;
    /// What a body is for (section 20.11).
    ContentDisposition, false, token;
    /// What a body is (section 20.15).
    ContentType, false, media;
    /// How urgent the request is (section 20.26).
    Priority, false, token;
    /// An event package (RFC 6665).
    Event, false, token;
    /// How a subscription stands (RFC 6665).
    SubscriptionState, false, token;
    /// How long a session lives without refresh, in seconds (RFC 4028).
    SessionExpires, false, digits;
    /// The dialog to take the place of: its Call-ID, `to-tag` and `from-tag` (RFC 3891).
    Replaces, false, call_id;
    /// The dialog to join: its Call-ID, `to-tag` and `from-tag` (RFC 3911).
    Join, false, call_id;
    /// The dialog that gives leave: its Call-ID, `local-tag` and `remote-tag` (RFC 4538).
    TargetDialog, false, call_id;
    /// Why something was sent: a protocol, `cause` and `text` (RFC 3326).
    Reason, true, token;
}

fn token(text: &[u8]) -> Option<usize> {
    Some(scan::run(text, 0, scan::TOKEN)).filter(|end| *end > 0)
}

fn digits(text: &[u8]) -> Option<usize> {
    Some(text.iter().take_while(|b| b.is_ascii_digit()).count()).filter(|end| *end > 0)
}

fn media(text: &[u8]) -> Option<usize> {
    let slash = scan::skip_space(text, token(text)?);
    if scan::peek(text, slash) != b'/' {
        return None;
    }
    let subtype = scan::skip_space(text, slash + 1);
    Some(scan::run(text, subtype, scan::TOKEN)).filter(|end| *end > subtype)
}

/// The end of a Call-ID: one word, or two with `@` between them.
pub(crate) fn call_id(text: &[u8]) -> Option<usize> {
    let end = scan::run(text, 0, scan::WORD);
    if end == 0 || scan::peek(text, end) != b'@' {
        return Some(end).filter(|end| *end > 0);
    }
    Some(scan::run(text, end + 1, scan::WORD)).filter(|second| *second > end + 1)
}
