use std::fmt;

use bytestring::ByteString;

use super::error::Fault;
use super::{HeaderError, Method, Name, TypedHeader, scan};

/// Number and method of a request, repeated in its responses (RFC 3261 section 20.16).
///
/// ```
/// use rfc3261::message::{CSeq, Method, TypedHeader};
/// let cseq = CSeq::parse("0009  INVITE".into()).unwrap();
/// assert_eq!((cseq.number, &cseq.method), (9, &Method::Invite));
/// assert_eq!(cseq.to_string(), "9 INVITE");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CSeq {
    /// The number; below 2^31 when it is chosen (section 8.1.1.5), but any 32 bits are read.
    pub number: u32,
    /// The method.
    pub method: Method,
}

impl CSeq {
    /// Both parts.
    pub fn new(number: u32, method: Method) -> CSeq {
        CSeq { number, method }
    }
}

impl TypedHeader for CSeq {
    const NAME: Name = Name::CSeq;

    fn parse(text: ByteString) -> Result<CSeq, HeaderError> {
        let (number, at) = split(text.as_bytes()).map_err(|what| HeaderError::new(Name::CSeq, what))?;
        let name = text.get(at..).unwrap_or_default();
        let method = Method::known(name.as_bytes()).unwrap_or_else(|| Method::Other(text.slice_ref(name)));
        Ok(CSeq { number, method })
    }
}

impl fmt::Display for CSeq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.number, self.method)
    }
}

/// The number, and where the method begins, which takes up the rest.
//= rfc3261#20.16/32-bit MUST
//# A larger number is refused, and the field cannot hold one.
pub(crate) fn split(text: &[u8]) -> Result<(u32, usize), Fault> {
    let end = memchr::memchr2(b' ', b'\t', text).ok_or("no method behind the number")?;
    let number = scan::number(text.get(..end).unwrap_or_default()).ok_or("no number")?;
    let number = u32::try_from(number).map_err(|_| "number above 2^32 - 1")?;
    let method = scan::skip_space(text, end);
    if method == text.len() || scan::run(text, method, scan::TOKEN) < text.len() {
        return Err("method is no token");
    }
    Ok((number, method))
}
