//! The messages of SCRAM as text (RFC 5802 section 7), read strictly: attributes in their order, each once.

use std::num::NonZeroU32;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::sasl::{Error, ServerError};

/// The most bytes of a message that are looked at.
pub(super) const MAX_MESSAGE: usize = 16 * 1024;

/// The server's first message.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ServerFirst<'a> {
    /// Ours and the server's nonce.
    pub(super) nonce: &'a str,
    /// At least one byte.
    pub(super) salt: Vec<u8>,
    /// As asked for, not yet compared with any policy.
    pub(super) iterations: NonZeroU32,
    /// The hash of XEP-0474, in base64.
    pub(super) list_hash: Option<&'a str>,
}

impl<'a> ServerFirst<'a> {
    //= rfc5802#5.1/extension-fails MUST
    //# m= is an error of its own wherever it stands.
    //= rfc5802#5.1/ignore-optional MUST
    //# Other attributes after the count are read over.
    pub(super) fn parse(text: &'a str) -> Result<ServerFirst<'a>, Error> {
        let mut fields = Fields::new(text)?;
        if let Some(error) = text.strip_prefix("e=") {
            return Err(refusal(error));
        }
        let nonce = fields.next('r')?;
        if nonce.is_empty() || !nonce.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Error::Malformed("nonce"));
        }
        let salt = STANDARD.decode(fields.next('s')?).map_err(|_| Error::Malformed("salt"))?;
        if salt.is_empty() {
            return Err(Error::EmptySalt);
        }
        let iterations = count(fields.next('i')?)?;
        let mut list_hash = None;
        for (name, value) in fields.rest() {
            match name {
                'h' if list_hash.is_none() => list_hash = Some(value),
                'h' | 'r' | 's' | 'i' => return Err(Error::Malformed("an attribute twice")),
                _ => {}
            }
        }
        Ok(ServerFirst { nonce, salt, iterations, list_hash })
    }
}

/// Reads the server's last message: its signature.
//= rfc5802#5.1/server-error SHOULD
//# e= ends the login with what it says; values that are not registered are other errors.
pub(super) fn server_final(text: &str) -> Result<Vec<u8>, Error> {
    if let Some(error) = text.strip_prefix("e=") {
        return Err(refusal(error));
    }
    let mut fields = Fields::new(text)?;
    let signature = STANDARD.decode(fields.next('v')?).map_err(|_| Error::Malformed("signature"))?;
    Ok(signature)
}

/// A message as text, when it is not too long.
pub(super) fn text(message: &[u8]) -> Result<&str, Error> {
    if message.len() > MAX_MESSAGE {
        return Err(Error::Malformed("too long"));
    }
    std::str::from_utf8(message).map_err(|_| Error::Malformed("not UTF-8"))
}

/// The attributes of a message.
pub(super) struct Fields<'a> {
    fields: std::vec::IntoIter<(char, &'a str)>,
}

impl<'a> Fields<'a> {
    /// Splits a message into attributes; `m=` among them is an error.
    pub(super) fn new(text: &'a str) -> Result<Fields<'a>, Error> {
        let mut fields = Vec::new();
        for field in text.split(',') {
            let (name, value) = field.split_once('=').ok_or(Error::Malformed("no attribute"))?;
            let mut letters = name.chars();
            let letter = letters.next().filter(char::is_ascii_alphabetic).ok_or(Error::Malformed("no attribute"))?;
            if letters.next().is_some() || value.contains('\0') {
                return Err(Error::Malformed("no attribute"));
            }
            if letter == 'm' {
                return Err(Error::Extension);
            }
            fields.push((letter, value));
        }
        Ok(Fields { fields: fields.into_iter() })
    }

    /// The value of the next attribute, which must be this one.
    pub(super) fn next(&mut self, name: char) -> Result<&'a str, Error> {
        match self.fields.next() {
            Some((found, value)) if found == name => Ok(value),
            _ => Err(Error::Malformed("attributes missing or out of order")),
        }
    }

    /// What is left.
    pub(super) fn rest(self) -> impl DoubleEndedIterator<Item = (char, &'a str)> {
        self.fields
    }
}

/// A user name within a message.
//= rfc5802#5.1/quote MUST
//# The two characters that a message is built with, and nothing else.
pub(super) fn quoted(name: &str) -> String {
    name.replace('=', "=3D").replace(',', "=2C")
}

/// The user name of a quoted one; `None` when an equals sign begins none of the two.
//= rfc5802#5.1/bad-quote MUST
//# Every equals sign must begin one of the two escapes; the server side refuses the rest.
pub(super) fn unquoted(text: &str) -> Option<String> {
    let mut pieces = text.split('=');
    let mut out = pieces.next()?.to_owned();
    for piece in pieces {
        let (letter, rest) = match (piece.strip_prefix("2C"), piece.strip_prefix("3D")) {
            (Some(rest), _) => (',', rest),
            (_, Some(rest)) => ('=', rest),
            _ => return None,
        };
        out.push(letter);
        out.push_str(rest);
    }
    Some(out).filter(|name| !name.is_empty())
}

/// A positive number without leading zeros; one that is too large for us is outside every policy.
fn count(text: &str) -> Result<NonZeroU32, Error> {
    if text.starts_with('0') || text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return if text == "0" { Err(Error::Iterations(0)) } else { Err(Error::Malformed("iteration count")) };
    }
    text.parse().map_err(|_| Error::Iterations(u32::MAX))
}

/// What an `e=` stands for.
//= rfc5802#6/stripped MUST
//# A server that does bind although no -PLUS reached us proves that its list was cut.
fn refusal(value: &str) -> Error {
    match ServerError::from_value(value.split(',').next().unwrap_or_default()) {
        ServerError::ServerDoesSupportChannelBinding => Error::BindingStripped,
        error => Error::Rejected(error),
    }
}
