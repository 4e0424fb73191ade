use std::fmt;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::str::FromStr;

use wire::Transport;

/// A host and port with an optional transport before them: `tls:192.0.2.7:4444`, `ws:[::1]:80`, `seed.example:4444`.
///
/// ```
/// use apps::peer::Place;
/// use wire::Transport;
/// let place: Place = "tls:[::1]:4444".parse().unwrap();
/// assert_eq!((place.transport, place.host.as_str(), place.port), (Some(Transport::Tls), "::1", 4444));
/// assert_eq!(place.to_string(), "tls:[::1]:4444");
/// assert_eq!("seed.example:4444".parse::<Place>().unwrap().transport, None);
/// assert!("seed.example".parse::<Place>().is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// How to get there; `None` when the text does not say.
    pub transport: Option<Transport>,
    /// A name or an address, without brackets.
    pub host: String,
    /// The port; 0 lets the system choose one to listen on.
    pub port: u16,
}

impl Place {
    /// The same place with `default` where no transport was given.
    pub fn or(self, default: Transport) -> Place {
        Place { transport: Some(self.transport.unwrap_or(default)), ..self }
    }

    /// The host as an address, without asking anybody.
    pub fn ip(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }

    /// The first address of the host, looked up if it is a name.
    ///
    /// # Errors
    /// One line about why there is none.
    pub fn resolve(&self) -> Result<SocketAddr, String> {
        self.all()?.first().copied().ok_or_else(|| format!("{}: no address", self.host))
    }

    /// All addresses of the host.
    ///
    /// # Errors
    /// One line about why there is none.
    pub fn all(&self) -> Result<Vec<SocketAddr>, String> {
        let found = (self.host.as_str(), self.port).to_socket_addrs();
        Ok(found.map_err(|e| format!("{}: {e}", self.host))?.collect())
    }
}

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Place, String> {
        let (transport, rest) = match text.split_once(':').map(|(name, rest)| (Transport::from_name(name), rest)) {
            // a host may be called tcp; it is a transport when a host follows
            Some((Some(Transport::Udp), rest)) if rest.contains(':') => {
                return Err(format!("udp is no transport of this network; use tcp:{rest}, tls, ws or wss"));
            }
            Some((Some(transport), rest)) if rest.contains(':') => (Some(transport), rest),
            _ => (None, text),
        };
        let expected = || "expected [tcp:|tls:|ws:|wss:]HOST:PORT like 127.0.0.1:4444".to_string();
        let (host, port) = rest.rsplit_once(':').ok_or_else(expected)?;
        let port = port.parse().map_err(|_| match port.parse::<u64>() {
            Ok(_) => format!("port {port} is too high: 65535 is the last"),
            Err(_) => expected(),
        })?;
        let host = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
            Some(inner) if inner.parse::<IpAddr>().is_ok_and(|ip| ip.is_ipv6()) => inner,
            Some(_) => return Err(format!("{host} is no IPv6 address")),
            None if host.contains(':') => {
                return Err(match Transport::from_name(host.split(':').next().unwrap_or_default()) {
                    None => {
                        format!("write an IPv6 address in brackets: [{host}]:{port}; transports are tcp, tls, ws, wss")
                    }
                    Some(_) => expected(),
                });
            }
            None => host,
        };
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '%');
        if host.is_empty() || host.len() > 255 || !host.chars().all(is_name) {
            return Err(expected());
        }
        Ok(Place { transport, host: host.to_owned(), port })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(transport) = self.transport {
            write!(f, "{transport}:")?;
        }
        match self.host.contains(':') {
            true => write!(f, "[{}]:{}", self.host, self.port),
            false => write!(f, "{}:{}", self.host, self.port),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        for text in ["tcp:127.0.0.1:0", "wss:a.example:443", "[::1]:4444", "tls:[fe80::1]:1", "ws:h:65535", "tcp:80"] {
            assert_eq!(text.parse::<Place>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn mistakes_say_what_to_write() {
        for (text, part) in [
            ("4444", "HOST:PORT"),
            ("h:", "HOST:PORT"),
            ("h:70000", "65535"),
            ("::1:4444", "brackets"),
            ("sctp:h:1", "transports are"),
            ("udp:h:1", "no transport"),
            ("tcp:h h:1", "HOST:PORT"),
            ("[h]:1", "IPv6"),
            ("http://h:1", "transports are"),
        ] {
            let why = text.parse::<Place>().unwrap_err();
            assert!(why.contains(part), "{text}: {why}");
        }
    }
}
