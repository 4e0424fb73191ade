//! Messages as the character data of XML: base64, strictly read (RFC 6120 sections 6.3.5, 6.4.2 and 13.9.1).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::Error;

/// A message as text; an empty message is `=`, because no text would mean no message.
///
/// ```
/// use rfc3920::sasl::{decode, encode};
/// assert_eq!((encode(b"n,,").as_str(), encode(b"").as_str()), ("biws", "="));
/// assert_eq!(decode("="), Ok(vec![]));
/// ```
//= rfc6120#6.4.2/empty MUST
//# A single equals sign.
pub fn encode(message: &[u8]) -> String {
    if message.is_empty() { "=".to_owned() } else { base64(message) }
}

/// A message where an element without text is an empty message: all but the first one, and every one of SASL2.
pub(crate) fn base64(message: &[u8]) -> String {
    STANDARD.encode(message)
}

/// The message of a text; no text is an empty message, too.
///
/// # Errors
/// [`Error::Malformed`] when it is not base64 to the letter.
//= rfc6120#6.3.5/base64 MUST
//# The alphabet of RFC 4648 section 4 with padding; written with zero padding bits, read only with them.
//= rfc6120#13.9.1/reject MUST
//# White space and every other foreign character is an error, never skipped.
//= rfc6120#13.9.1/pad-inside MUST
//# Padding that is not the end is an error.
//= rfc6120#13.9.1/verify MUST
//# Everything of the server's comes through here.
//= rfc6120#13.9.1/survive MUST NOT
//# What is not base64 is an error, which ends the login.
pub fn decode(text: &str) -> Result<Vec<u8>, Error> {
    match text {
        "" | "=" => Ok(Vec::new()),
        text => STANDARD.decode(text).map_err(|_| Error::Malformed("not base64")),
    }
}
