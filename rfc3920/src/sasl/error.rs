//! Why we broke a login off. Each is a sentence for the user.

use std::fmt;

use super::Mechanism;

/// Why a login was not begun, or was broken off by us. Trying again changes nothing without the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The user name is empty or holds characters that none may hold.
    Username,
    /// The password is empty or holds characters that none may hold.
    Password,
    /// The connection is not encrypted.
    NotEncrypted,
    /// No mechanism in common that our credentials serve; these were offered.
    NoMechanism(Vec<String>),
    /// The server wants the password itself, and the policy does not allow that.
    OnlyPlain,
    /// The policy wants a login bound to the connection, and there is none in common.
    BindingRequired,
    /// Somebody hides that the server can bind a login to the connection.
    BindingStripped,
    /// The server used to offer something stronger.
    Downgraded {
        /// The strongest of earlier logins.
        pinned: Mechanism,
        /// The best that could be used now.
        best: Option<Mechanism>,
    },
    /// A message out of its turn, for example a challenge where there should be none.
    Unexpected,
    /// A message that is none of the mechanism; what was wrong with it.
    Malformed(&'static str),
    /// The server's nonce does not begin with ours: its message belongs to another login.
    NonceMismatch,
    /// The server added too little to our nonce.
    NonceShort,
    /// The server's nonce is one that it used before.
    NonceReused,
    /// The salt is empty.
    EmptySalt,
    /// The number of rounds is outside the policy.
    Iterations(u32),
    /// The server wants an extension of SCRAM that nobody has defined.
    Extension,
    /// The lists of mechanisms and bindings that we saw are not those that the server sent (XEP-0474).
    DowngradeHash,
    /// The server says within SCRAM why it refuses.
    Rejected(ServerError),
    /// The server's signature is wrong: it does not know the password.
    BadServerSignature,
    /// The server calls the login a success without its signature.
    NoServerSignature,
    /// There are keys of an earlier login alone, the server changed salt or rounds, and no password is there.
    KeysStale,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Error::Username => "the user name is empty or holds characters that are not allowed in one",
            Error::Password => "the password is empty or holds characters that are not allowed in one",
            Error::NotEncrypted => "the connection is not encrypted, so no login was tried",
            Error::NoMechanism(offered) => return no_mechanism(f, offered),
            Error::OnlyPlain => "the server asks for the password itself, and that is not allowed by the settings",
            Error::BindingRequired => {
                "the settings ask for a login bound to the connection, and the server does not offer one that fits"
            }
            Error::BindingStripped => {
                "somebody between here and the server hides that logins can be bound to the connection"
            }
            Error::Downgraded { pinned, best } => return downgraded(f, *pinned, *best),
            Error::Unexpected => "the server broke the order of the login's messages",
            Error::Malformed(what) => return write!(f, "the server sent a broken login message ({what})"),
            Error::NonceMismatch => "the server answered another login than this one",
            Error::NonceShort => "the server added too little randomness to the login",
            Error::NonceReused => "the server used the same random value as in an earlier login",
            Error::EmptySalt => "the server stores the password without a salt, which is not safe",
            Error::Iterations(count) => {
                return write!(f, "the server asks for {count} rounds of hashing, which is outside the allowed range");
            }
            Error::Extension => "the server asks for an extension of the login that is not known here",
            Error::DowngradeHash => {
                "somebody between here and the server changed the list of login methods; the login was given up"
            }
            Error::Rejected(why) => return write!(f, "the server refused the login: {why}"),
            Error::BadServerSignature => "the server could not prove that it knows the account; it may be an impostor",
            Error::NoServerSignature => "the server did not prove that it knows the account; it may be an impostor",
            Error::KeysStale => "the server changed how it stores the password, so the password is needed again",
        })
    }
}

impl std::error::Error for Error {}

fn no_mechanism(f: &mut fmt::Formatter<'_>, offered: &[String]) -> fmt::Result {
    f.write_str("the server offers no login method that can be used here (it offers")?;
    for name in offered.iter().take(16) {
        write!(f, " {}", name.escape_debug())?;
    }
    f.write_str(if offered.is_empty() { " none)" } else { ")" })
}

fn downgraded(f: &mut fmt::Formatter<'_>, pinned: Mechanism, best: Option<Mechanism>) -> fmt::Result {
    write!(f, "the server used to offer {pinned} and now offers ")?;
    match best {
        Some(best) => write!(f, "only {best}")?,
        None => f.write_str("nothing as good")?,
    }
    f.write_str("; the login was given up, since somebody may be hiding the better one")
}

/// What a server says within SCRAM (RFC 5802 section 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ServerError {
    /// `invalid-encoding`
    InvalidEncoding,
    /// `extensions-not-supported`
    ExtensionsNotSupported,
    /// `invalid-proof`: a wrong password.
    InvalidProof,
    /// `channel-bindings-dont-match`: somebody may sit between us and the server.
    ChannelBindingsDontMatch,
    /// `server-does-support-channel-binding`: a client hears it as [`Error::BindingStripped`].
    ServerDoesSupportChannelBinding,
    /// `channel-binding-not-supported`
    ChannelBindingNotSupported,
    /// `unsupported-channel-binding-type`
    UnsupportedChannelBindingType,
    /// `unknown-user`
    UnknownUser,
    /// `invalid-username-encoding`
    InvalidUsernameEncoding,
    /// `no-resources`
    NoResources,
    /// `other-error`, and everything that is not registered.
    Other,
}

impl ServerError {
    /// The registered value.
    pub fn value(self) -> &'static str {
        VALUES.iter().find(|(error, _)| *error == self).map_or("other-error", |(_, value)| value)
    }

    /// The error of this value.
    ///
    /// ```
    /// use rfc3920::sasl::ServerError;
    /// assert_eq!(ServerError::from_value("unknown-user"), ServerError::UnknownUser);
    /// assert_eq!(ServerError::from_value("bad-hair-day"), ServerError::Other);
    /// ```
    pub fn from_value(value: &str) -> ServerError {
        VALUES.iter().find(|(_, known)| *known == value).map_or(ServerError::Other, |(error, _)| *error)
    }
}

impl fmt::Display for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ServerError::InvalidEncoding => "it could not decode the login",
            ServerError::ExtensionsNotSupported => "it does not know an extension",
            ServerError::InvalidProof => "wrong user name or password",
            ServerError::ChannelBindingsDontMatch => "somebody may sit between here and the server",
            ServerError::ServerDoesSupportChannelBinding => "its list of login methods was cut on the way",
            ServerError::ChannelBindingNotSupported => "it cannot bind logins to the connection",
            ServerError::UnsupportedChannelBindingType => "it cannot bind logins to the connection in this way",
            ServerError::UnknownUser => "there is no such user",
            ServerError::InvalidUsernameEncoding => "it does not accept the user name",
            ServerError::NoResources => "it is too busy",
            ServerError::Other => "no reason given",
        })
    }
}

const VALUES: [(ServerError, &str); 11] = [
    (ServerError::InvalidEncoding, "invalid-encoding"),
    (ServerError::ExtensionsNotSupported, "extensions-not-supported"),
    (ServerError::InvalidProof, "invalid-proof"),
    (ServerError::ChannelBindingsDontMatch, "channel-bindings-dont-match"),
    (ServerError::ServerDoesSupportChannelBinding, "server-does-support-channel-binding"),
    (ServerError::ChannelBindingNotSupported, "channel-binding-not-supported"),
    (ServerError::UnsupportedChannelBindingType, "unsupported-channel-binding-type"),
    (ServerError::UnknownUser, "unknown-user"),
    (ServerError::InvalidUsernameEncoding, "invalid-username-encoding"),
    (ServerError::NoResources, "no-resources"),
    (ServerError::Other, "other-error"),
];
