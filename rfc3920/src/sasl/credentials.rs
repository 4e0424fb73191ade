//! What a user knows or has.

use precis_core::profile::PrecisFastInvocation;
use precis_profiles::{OpaqueString, UsernameCaseMapped};

use super::scram::Keys;
use super::{Error, Mechanism, Secret};
use crate::jid::Jid;

/// By what a user logs in. Several ways may be there at once; [`choose`](super::choose) takes the strongest that the
/// server has, too. `Debug` shows no secret.
///
/// ```
/// use rfc3920::sasl::Credentials;
/// let alice = Credentials::new("Alice", "looking-glass")?;
/// assert_eq!(alice.username(), Some("alice"));
/// assert!(!format!("{alice:?}").contains("looking-glass"));
/// # Ok::<(), rfc3920::sasl::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Credentials {
    pub(super) username: Option<String>,
    pub(super) password: Option<Secret>,
    pub(super) authzid: Option<Jid>,
    pub(super) keys: Option<Keys>,
    pub(super) token: Option<Token>,
    pub(super) certificate: bool,
    pub(super) anonymous: bool,
}

impl Credentials {
    /// A user name, which is the localpart of the account's address, and its password; both are prepared here.
    ///
    /// # Errors
    /// [`Error::Username`] or [`Error::Password`]: it is empty or holds characters that no server accepts.
    //= rfc6120#6.3.7/localpart SHOULD
    //# The name asked for here; the stream gives the localpart of its address.
    //= rfc5802#5.1/prepare-username SHOULD
    //# By the profile that succeeds SASLprep for user names, RFC 8265 section 3.3; nothing is sent when that fails.
    //= rfc5802#2.2/normalize MUST
    //# Passwords by OpaqueString, which is what SASLprep became (RFC 8265 section 4.2).
    //= rfc5802#3/utf-8 MUST
    //# Texts are UTF-8, and go into messages and hashes as they are.
    //= rfc4616#2/prepare SHOULD
    //# By the profiles of RFC 8265, which have taken the place of SASLprep.
    pub fn new(username: &str, password: &str) -> Result<Credentials, Error> {
        let username = UsernameCaseMapped::enforce(username).map_err(|_| Error::Username)?.into_owned();
        let password = OpaqueString::enforce(password).map_err(|_| Error::Password)?;
        Ok(Credentials {
            username: Some(username),
            password: Some(Secret::from(password.into_owned())),
            ..Credentials::default()
        })
    }

    /// A user name and keys of an earlier login in place of the password: enough as long as the server keeps its hash,
    /// salt and rounds.
    ///
    /// # Errors
    /// [`Error::Username`].
    pub fn keys(username: &str, keys: Keys) -> Result<Credentials, Error> {
        let username = UsernameCaseMapped::enforce(username).map_err(|_| Error::Username)?.into_owned();
        Ok(Credentials { username: Some(username), keys: Some(keys), ..Credentials::default() })
    }

    /// No account at all: a guest. Only such credentials ever lead to ANONYMOUS.
    pub fn anonymous() -> Credentials {
        Credentials { anonymous: true, ..Credentials::default() }
    }

    /// A certificate that the driver shows to the server when TLS begins; the server knows the account from it.
    pub fn certificate() -> Credentials {
        Credentials { certificate: true, ..Credentials::default() }
    }

    /// The same, when such a certificate is there besides the password.
    pub fn with_certificate(mut self) -> Credentials {
        self.certificate = true;
        self
    }

    /// Asks to act as this account, when it is another one than that which is logged in.
    //= rfc6120#6.3.8/bare-jid MUST
    //# A resource is cut off.
    pub fn with_authzid(mut self, account: Jid) -> Credentials {
        self.authzid = Some(account.bare());
        self
    }

    /// Keys of an earlier login: as long as the server's salt and rounds are the same, they save the work.
    pub fn with_keys(mut self, keys: Option<Keys>) -> Credentials {
        self.set_keys(keys);
        self
    }

    /// As [`Credentials::with_keys`], in place.
    pub fn set_keys(&mut self, keys: Option<Keys>) {
        self.keys = keys;
    }

    /// A token of an earlier login (XEP-0484), tried before anything else.
    pub fn with_token(mut self, token: Option<Token>) -> Credentials {
        self.set_token(token);
        self
    }

    /// As [`Credentials::with_token`], in place; `None` after the server refused it.
    pub fn set_token(&mut self, token: Option<Token>) {
        self.token = token;
    }

    /// The prepared user name.
    pub fn username(&self) -> Option<&str> {
        self.username.as_deref()
    }

    /// The token, when there is one.
    pub fn token(&self) -> Option<&Token> {
        self.token.as_ref()
    }
}

/// A token that a server gave out for fast logins (XEP-0484).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// The mechanism that it is for: one of [`Mechanism::Token`].
    pub mechanism: Mechanism,
    /// What it is made of.
    pub secret: Secret,
    /// When it ends, as the server wrote it.
    pub expiry: Option<String>,
}
