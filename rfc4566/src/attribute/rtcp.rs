use std::fmt;

use super::TypedAttribute;
use crate::connection::Connection;
use crate::error::Invalid;
use crate::text::{Text, number};

/// Where RTCP goes when not to the port after RTP's: `a=rtcp` (RFC 3605 section 2.1).
///
/// ```
/// use rfc4566::{Rtcp, TypedAttribute};
/// let rtcp = Rtcp::parse(&"53020 IN IP4 126.16.64.4".parse()?)?;
/// assert_eq!((rtcp.port, rtcp.to_string().as_str()), (53020, "53020 IN IP4 126.16.64.4"));
/// # Ok::<(), rfc4566::Invalid>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Rtcp {
    /// The port.
    pub port: u16,
    /// The address, when it differs from RTP's.
    pub connection: Option<Connection>,
}

impl TypedAttribute for Rtcp {
    const NAME: &'static str = "rtcp";

    fn parse(value: &Text) -> Result<Rtcp, Invalid> {
        let mut words = value.words();
        let port = number(&words.need("no port")?, "port is not 0 to 65535")?;
        let connection = match words.rest().is_empty() {
            true => None,
            false => Some(Connection::read(&mut words)?),
        };
        words.end()?;
        Ok(Rtcp { port, connection })
    }
}

impl fmt::Display for Rtcp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.port)?;
        match &self.connection {
            Some(connection) => write!(f, " {connection}"),
            None => Ok(()),
        }
    }
}
