//! The server's word that a login failed (RFC 6120 section 6.5).

use std::fmt;

use crate::stanza::shown;

/// Why the server refused, in its words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The defined condition.
    pub condition: Condition,
    /// What the server's operator adds for the user.
    pub text: Option<String>,
}

//= rfc6120#6.5/text MAY
//# Behind the condition's own words.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.condition)?;
        match &self.text {
            Some(text) => write!(f, " ({})", shown(text)),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Failure {}

/// The condition of a [`Failure`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Condition {
    /// The answer to our own abort.
    Aborted,
    /// The account is closed for now.
    AccountDisabled,
    /// The password or token is too old.
    CredentialsExpired,
    /// The mechanism is for encrypted connections alone.
    EncryptionRequired,
    /// Our base64 could not be read.
    IncorrectEncoding,
    /// We may not act as the account that we asked for.
    InvalidAuthzid,
    /// The mechanism is none of the offered ones.
    InvalidMechanism,
    /// Our message could not be read.
    MalformedRequest,
    /// The server wants a stronger mechanism.
    MechanismTooWeak,
    /// Wrong user or password.
    NotAuthorized,
    /// The server is not able to check at the moment.
    TemporaryAuthFailure,
    /// Another element name.
    Other(String),
}

impl Condition {
    /// The element's name.
    pub fn name(&self) -> &str {
        match self {
            Condition::Other(name) => name,
            known => NAMES.iter().find(|(condition, _)| condition == known).map_or("", |(_, name)| name),
        }
    }

    /// The condition of an element's name.
    ///
    /// ```
    /// use rfc3920::sasl::Condition;
    /// assert_eq!(Condition::from_name("not-authorized"), Condition::NotAuthorized);
    /// assert_eq!(Condition::from_name("tea-time").name(), "tea-time");
    /// ```
    pub fn from_name(name: &str) -> Condition {
        match NAMES.iter().find(|(_, known)| *known == name) {
            Some((condition, _)) => condition.clone(),
            None => Condition::Other(name.to_owned()),
        }
    }

    /// Whether the same login may go well later without anybody changing anything.
    //= rfc6120#6.5/unknown-condition MUST
    //# What is not known here is as final as not-authorized.
    pub fn is_temporary(&self) -> bool {
        *self == Condition::TemporaryAuthFailure
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Condition::Aborted => "the login was given up",
            Condition::AccountDisabled => "the account is disabled",
            Condition::CredentialsExpired => "the password or token has expired",
            Condition::EncryptionRequired => "the server wants an encrypted connection",
            Condition::IncorrectEncoding => "the server could not decode the login",
            Condition::InvalidAuthzid => "the server does not let this user act as that account",
            Condition::InvalidMechanism => "the server does not accept the login method",
            Condition::MalformedRequest => "the server could not read the login",
            Condition::MechanismTooWeak => "the server wants a stronger login method",
            Condition::NotAuthorized => "wrong user name or password",
            Condition::TemporaryAuthFailure => "the server cannot check logins at the moment",
            Condition::Other(name) => return write!(f, "the server refused the login: {}", name.escape_debug()),
        })
    }
}

const NAMES: [(Condition, &str); 11] = [
    (Condition::Aborted, "aborted"),
    (Condition::AccountDisabled, "account-disabled"),
    (Condition::CredentialsExpired, "credentials-expired"),
    (Condition::EncryptionRequired, "encryption-required"),
    (Condition::IncorrectEncoding, "incorrect-encoding"),
    (Condition::InvalidAuthzid, "invalid-authzid"),
    (Condition::InvalidMechanism, "invalid-mechanism"),
    (Condition::MalformedRequest, "malformed-request"),
    (Condition::MechanismTooWeak, "mechanism-too-weak"),
    (Condition::NotAuthorized, "not-authorized"),
    (Condition::TemporaryAuthFailure, "temporary-auth-failure"),
];
