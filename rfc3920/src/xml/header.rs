//! The stream header, in both framings (RFC 6120, 4.2 and 4.7; RFC 7395, 3.3 and 3.4).

use bytes::Bytes;

use super::{Element, Error, write};
use crate::ns;

/// How first-level elements are told apart on the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// One long document, whose root element opens and closes the stream (RFC 6120).
    Stream,
    /// A WebSocket message for each element, `<open/>` and `<close/>` among them (RFC 7395).
    WebSocket,
}

/// What opens a stream: the attributes of `<stream:stream>`, or of `<open/>` (RFC 6120, 4.7).
///
/// ```
/// use rfc3920::xml::{Framing, Header};
/// let header = Header { to: Some("wonderland.example".into()), ..Header::client() };
/// assert_eq!(
///     header.to_bytes(Framing::WebSocket)?,
///     "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='wonderland.example' version='1.0'/>"
/// );
/// # Ok::<(), rfc3920::xml::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Header {
    /// Who the stream is for.
    pub to: Option<String>,
    /// Who sends the header.
    pub from: Option<String>,
    /// What the receiving entity calls the stream. Not to be guessed.
    pub id: Option<String>,
    /// Major and minor version; `None` before version 1.0, which could not negotiate anything.
    pub version: Option<(u32, u32)>,
    /// Default language of the text in the stream.
    pub lang: Option<String>,
    /// The content namespace: the default namespace of the stream's elements. Empty over WebSocket, whose elements
    /// declare their own.
    pub ns: String,
}

impl Header {
    /// A header for a stream of version 1.0 between client and server, otherwise empty.
    pub fn client() -> Self {
        //= rfc6120#4.8.2/not-the-stream MUST
        //# jabber:client; the namespace of streams has a prefix of its own.
        Self { version: Some((1, 0)), ns: ns::CLIENT.to_owned(), ..Self::default() }
    }

    /// The header as it is sent: with an XML declaration on a stream, as an empty `<open/>` on a WebSocket.
    ///
    /// # Errors
    /// A value has a character that XML forbids.
    pub fn to_bytes(&self, framing: Framing) -> Result<Bytes, Error> {
        let mut out = String::with_capacity(256);
        match framing {
            Framing::Stream => {
                //= rfc6120#11.5/declaration SHOULD
                //# Sent before each header, without encoding, which is UTF-8 by default, and without `standalone`.
                //= rfc6120#11.5/no-standalone MUST NOT
                //# Version alone.
                //= rfc6120#11.6/no-mark MUST NOT
                //# The declaration's `<` is the first byte.
                //= rfc6120#4.8.5/no-extensions MUST NOT
                //# Two namespaces are declared there, the content's and the stream's, and there is no way to add one.
                out.push_str("<?xml version='1.0'?><stream:stream xmlns='");
                write::escape(&self.ns, &mut out, true, write::Forbidden::Refuse)?;
                out.extend(["' xmlns:stream='", ns::STREAMS, "'"]);
            }
            //= rfc7395#3.3.3/no-declaration SHOULD NOT
            //# Only a stream over TCP gets one.
            //= rfc7395#3.4/open-first MUST
            //# An open element with the attributes that a stream header has.
            Framing::WebSocket => out.extend(["<open xmlns='", ns::FRAMING, "'"]),
        }
        //= rfc6120#4.7.5/no-zeros MUST NOT
        //# Numbers are written without any.
        let version = self.version.map(|(major, minor)| format!("{major}.{minor}"));
        let attributes =
            [("from", &self.from), ("to", &self.to), ("id", &self.id), ("version", &version), ("xml:lang", &self.lang)];
        for (name, value) in attributes {
            if let Some(value) = value {
                out.extend([" ", name, "='"]);
                write::escape(value, &mut out, true, write::Forbidden::Refuse)?;
                out.push('\'');
            }
        }
        out.push_str(match framing {
            Framing::Stream => ">",
            Framing::WebSocket => "/>",
        });
        Ok(out.into())
    }

    /// From the root element of a stream or an `<open/>`.
    pub(crate) fn from_element(element: &Element, ns: &str) -> Self {
        let owned = |value: Option<&str>| value.map(str::to_owned);
        Self {
            to: owned(element.get("to")),
            from: owned(element.get("from")),
            id: owned(element.get("id")),
            //= rfc6120#4.7.5/absent MUST
            //# None, which is below every version.
            version: element.get("version").and_then(version),
            lang: owned(element.lang()),
            ns: ns.to_owned(),
        }
    }
}

/// What closes a stream (RFC 6120, 4.4; RFC 7395, 3.6).
pub fn close(framing: Framing) -> Bytes {
    Bytes::from_static(match framing {
        Framing::Stream => b"</stream:stream>",
        Framing::WebSocket => b"<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>",
    })
}

/// Two numbers, with leading zeros or not.
fn version(text: &str) -> Option<(u32, u32)> {
    //= rfc6120#4.7.5/integers MUST
    //# Two numbers of 32 bits, so that tuples compare as versions do.
    //= rfc6120#4.7.5/leading-zeros MUST
    //# Parsing a number drops them.
    let number = |digits: &str| digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok()).flatten();
    let (major, minor) = text.split_once('.')?;
    Some((number(major)?, number(minor)?))
}

/// Checks what stands between `<?` and `?>` of an XML declaration (XML 1.0, 2.8).
pub(crate) fn check_declaration(inside: &str) -> Result<(), Error> {
    //= rfc6120#11.5/rules-of-xml MUST
    //# Version, encoding, standalone: in that order and nothing else; and only as the first markup of a stream.
    let inside = inside.strip_prefix("xml").ok_or(Error::restricted("a processing instruction"))?;
    // The same shape as the inside of a tag.
    let found = super::tag::pairs(inside)?;
    let mut left: &[(&str, &str)] = &found;
    match left {
        [("version", version), more @ ..] if is_version(version) => left = more,
        _ => return Err(Error::malformed("a declaration without version 1.x")),
    }
    if let [("encoding", encoding), more @ ..] = left {
        if !encoding.eq_ignore_ascii_case("utf-8") {
            return Err(Error::encoding("another encoding than UTF-8"));
        }
        left = more;
    }
    if let [("standalone", standalone), more @ ..] = left {
        //= rfc6120#11.5/standalone MUST
        //# Either value is accepted and means nothing, since nothing can be declared outside anyway.
        if !matches!(*standalone, "yes" | "no") {
            return Err(Error::malformed("a standalone declaration that is none"));
        }
        left = more;
    }
    if left.is_empty() { Ok(()) } else { Err(Error::malformed("a declaration of something else")) }
}

fn is_version(version: &str) -> bool {
    version.strip_prefix("1.").is_some_and(|minor| !minor.is_empty() && minor.bytes().all(|b| b.is_ascii_digit()))
}
