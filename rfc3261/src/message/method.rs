use std::fmt;

use bytestring::ByteString;

use super::scan;

/// The method of a request (RFC 3261 section 7.1 and its extensions). Methods are compared by case.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// Invites to a session.
    Invite,
    /// Acknowledges the final response to an INVITE.
    Ack,
    /// Ends a session.
    Bye,
    /// Gives up a pending request.
    Cancel,
    /// Asks for capabilities.
    Options,
    /// Registers an address.
    Register,
    /// An instant message (RFC 3428).
    Message,
    /// Acknowledges a provisional response (RFC 3262).
    Prack,
    /// Changes a session before it is answered (RFC 3311).
    Update,
    /// Carries information within a session (RFC 6086).
    Info,
    /// Asks for notifications (RFC 6665).
    Subscribe,
    /// Notifies (RFC 6665).
    Notify,
    /// Asks to contact a third party (RFC 3515).
    Refer,
    /// Publishes event state (RFC 3903).
    Publish,
    /// Any other token.
    Other(ByteString),
}

impl Method {
    /// The name as it stands on the wire.
    ///
    /// ```
    /// use rfc3261::message::Method;
    /// assert_eq!(Method::Invite.as_str(), "INVITE");
    /// assert_eq!(Method::from("FETCH").as_str(), "FETCH");
    /// assert_ne!(Method::from("invite"), Method::Invite); // case matters
    /// ```
    pub fn as_str(&self) -> &str {
        match self {
            Method::Invite => "INVITE",
            Method::Ack => "ACK",
            Method::Bye => "BYE",
            Method::Cancel => "CANCEL",
            Method::Options => "OPTIONS",
            Method::Register => "REGISTER",
            Method::Message => "MESSAGE",
            Method::Prack => "PRACK",
            Method::Update => "UPDATE",
            Method::Info => "INFO",
            Method::Subscribe => "SUBSCRIBE",
            Method::Notify => "NOTIFY",
            Method::Refer => "REFER",
            Method::Publish => "PUBLISH",
            Method::Other(name) => name,
        }
    }

    /// The method of that name, if it is one that this crate names.
    pub(crate) fn known(name: &[u8]) -> Option<Method> {
        Some(match name {
            b"INVITE" => Method::Invite,
            b"ACK" => Method::Ack,
            b"BYE" => Method::Bye,
            b"CANCEL" => Method::Cancel,
            b"OPTIONS" => Method::Options,
            b"REGISTER" => Method::Register,
            b"MESSAGE" => Method::Message,
            b"PRACK" => Method::Prack,
            b"UPDATE" => Method::Update,
            b"INFO" => Method::Info,
            b"SUBSCRIBE" => Method::Subscribe,
            b"NOTIFY" => Method::Notify,
            b"REFER" => Method::Refer,
            b"PUBLISH" => Method::Publish,
            _ => return None,
        })
    }

    /// Whether it is a token, as everything that was parsed is. Another one is written as `INVALID`.
    pub fn is_token(&self) -> bool {
        match self {
            Method::Other(name) => !name.is_empty() && scan::run(name.as_ref(), 0, scan::TOKEN) == name.len(),
            _ => true,
        }
    }

    /// What may go on the wire.
    pub(crate) fn wire_str(&self) -> &str {
        if self.is_token() { self.as_str() } else { "INVALID" }
    }
}

impl From<&str> for Method {
    fn from(name: &str) -> Method {
        Method::known(name.as_bytes()).unwrap_or_else(|| Method::Other(name.into()))
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.wire_str())
    }
}
