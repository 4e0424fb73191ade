use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

use serde::Deserialize;
use wire::Transport;

/// A transport and an address to listen on, written `udp:127.0.0.1:5060` or `tcp:[::1]:5060`. Port 0 lets the system
/// choose one.
///
/// ```
/// use apps::common::Listen;
/// let listen: Listen = "tcp:[::1]:5060".parse().unwrap();
/// assert_eq!(listen.to_string(), "tcp:[::1]:5060");
/// assert!("127.0.0.1:5060".parse::<Listen>().is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct Listen {
    /// How bytes travel.
    pub transport: Transport,
    /// The local address.
    pub addr: SocketAddr,
}

impl FromStr for Listen {
    type Err = String;

    fn from_str(text: &str) -> Result<Listen, String> {
        let expected = || "expected TRANSPORT:IP:PORT like udp:127.0.0.1:5060".to_string();
        let (transport, addr) = text.split_once(':').ok_or_else(expected)?;
        let transport = Transport::from_name(transport).ok_or_else(expected)?;
        if !matches!(transport, Transport::Udp | Transport::Tcp) {
            return Err(format!("{transport} is not supported yet; use udp or tcp"));
        }
        Ok(Listen { transport, addr: addr.parse().map_err(|_| expected())? })
    }
}

impl TryFrom<String> for Listen {
    type Error = String;
    fn try_from(text: String) -> Result<Listen, String> {
        text.parse().map_err(|why| format!("{text:?}: {why}"))
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.transport, self.addr)
    }
}
