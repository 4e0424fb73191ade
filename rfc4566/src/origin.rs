use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use crate::connection::Connection;
use crate::error::Invalid;
use crate::text::{Text, Word, number};

/// Who made the description, and which version of which session it is: the `o=` line (RFC 8866 section 5.2).
///
/// ```
/// use rfc4566::Origin;
/// let origin: Origin = "jdoe 3724394400 3724394405 IN IP4 198.51.100.1".parse()?;
/// assert_eq!((origin.session_id(), origin.version()), (Some(3724394400), Some(3724394405)));
/// assert_eq!(origin.to_string(), "jdoe 3724394400 3724394405 IN IP4 198.51.100.1");
/// # Ok::<(), rfc4566::Invalid>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin {
    //= rfc8866#5.2/private MAY
    //# Both parts are the caller's; the user is `-` unless told otherwise.
    /// The user's login, or `-`.
    //= rfc8866#5.2/username-spaces MUST NOT
    //# A Word holds no space.
    pub username: Word,
    id: Word,
    version: Word,
    /// Network type (`IN`), address type (`IP4`, `IP6`) and address of the host.
    pub address: Connection,
}

impl Origin {
    /// An origin on an Internet host, with `-` for the user.
    pub fn new(session_id: u64, version: u64, host: IpAddr) -> Origin {
        Origin {
            username: Word::from_static("-"),
            id: session_id.into(),
            version: version.into(),
            address: Connection::ip(host),
        }
    }

    /// Reads the value of an `o=` line.
    pub(crate) fn parse(text: &Text) -> Result<Origin, Invalid> {
        let mut words = text.words();
        let username = words.need("no username")?;
        let (id, version) = (words.need("no session id")?, words.need("no session version")?);
        if !id.bytes().chain(version.bytes()).all(|b| b.is_ascii_digit()) {
            return Err(Invalid("session id or version is no number"));
        }
        let address = Connection::read(&mut words)?;
        words.end()?;
        Ok(Origin { username, id, version, address })
    }

    /// The number of the session; `None` when it is larger than 64 bits.
    pub fn session_id(&self) -> Option<u64> {
        number(&self.id, "").ok()
    }

    /// The version of the description; `None` when it is larger than 64 bits.
    pub fn version(&self) -> Option<u64> {
        number(&self.version, "").ok()
    }

    /// The session's number as written: digits of any count.
    pub fn session_id_text(&self) -> &Word {
        &self.id
    }

    /// The version as written: digits of any count.
    pub fn version_text(&self) -> &Word {
        &self.version
    }

    /// Replaces the version.
    pub fn set_version(&mut self, version: u64) {
        self.version = version.into();
    }

    /// Whether both name the same session, whatever the version.
    ///
    /// ```
    /// # use rfc4566::Origin;
    /// let host = [192, 0, 2, 1].into();
    /// assert!(Origin::new(7, 1, host).same_session(&Origin::new(7, 2, host)));
    /// assert!(!Origin::new(7, 1, host).same_session(&Origin::new(8, 1, host)));
    /// ```
    pub fn same_session(&self, other: &Origin) -> bool {
        (&self.username, &self.id, &self.address) == (&other.username, &other.id, &other.address)
    }
}

impl FromStr for Origin {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Origin, Invalid> {
        Origin::parse(&Text::new(text)?)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {} {}", self.username, self.id, self.version, self.address)
    }
}
