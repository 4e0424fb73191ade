use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use crate::error::Invalid;
use crate::text::{Text, Word, Words, number};

/// Where media goes: network type, address type and address, as in the `c=` line (RFC 8866 section 5.7) and at the end
/// of the `o=` line.
///
/// It keeps its text, so that address families that nobody here knows pass through; [`Connection::address`] says what
/// the text means.
///
/// ```
/// use rfc4566::{Address, Connection};
/// let group: Connection = "IN IP4 233.252.0.1/127/3".parse()?;
/// assert_eq!(group.address()?, Address::Ip4 { ip: [233, 252, 0, 1].into(), ttl: Some(127), count: 3 });
/// assert!(group.is_multicast());
/// assert_eq!(Connection::ip([192, 0, 2, 1].into()).to_string(), "IN IP4 192.0.2.1");
/// # Ok::<(), rfc4566::Invalid>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
//= rfc8866#5.2/nettype-open MAY
//# Any word is kept.
//= rfc8866#5.2/addrtype-open MAY
//# Any word is kept.
//= rfc8866#5.7/nettype-open MAY
//# The same type.
//= rfc8866#5.7/addrtype-open MAY
//# The same type.
pub struct Connection {
    /// Network type, `IN` for the Internet.
    pub nettype: Word,
    /// Address type, `IP4` or `IP6`.
    pub addrtype: Word,
    /// The address with whatever is appended to it by slashes.
    pub address: Word,
}

/// What the address of a [`Connection`] means.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Address {
    /// An IPv4 host or multicast group.
    Ip4 {
        /// The (first) address.
        ip: Ipv4Addr,
        /// Scope of multicast packets, in hops. RFC 8866 wants it with every group.
        ttl: Option<u8>,
        /// How many addresses in a row are meant, 1 or more.
        count: u32,
    },
    /// An IPv6 host or multicast group.
    Ip6 {
        /// The (first) address.
        ip: Ipv6Addr,
        /// How many addresses in a row are meant, 1 or more.
        count: u32,
    },
    /// A host name, to be looked up in the address family of the address type.
    Name(Word),
    //= rfc8866#5.7/subfields MAY
    //# Whatever is appended stays with it.
    /// An address of another network or address type.
    Other(Word),
}

impl Connection {
    /// A unicast Internet address.
    //= rfc8866#5.2/address MAY
    //# The usual case: most hosts have no name that others could look up.
    pub fn ip(ip: IpAddr) -> Connection {
        let addrtype = if ip.is_ipv4() { "IP4" } else { "IP6" };
        Connection {
            nettype: Word::from_static("IN"),
            addrtype: Word::from_static(addrtype),
            address: Word::new(ip.to_string()).unwrap_or(Word::from_static("0.0.0.0")),
        }
    }

    /// An IPv4 multicast group with its scope in hops.
    ///
    /// ```
    /// # use rfc4566::Connection;
    /// let group = Connection::multicast([233, 252, 0, 1].into(), 127);
    /// assert_eq!(group.to_string(), "IN IP4 233.252.0.1/127");
    /// ```
    //= rfc8866#5.7/ttl MUST
    //# A group is built with its scope, whose type is a byte; on reading, address() refuses a larger number.
    pub fn multicast(group: Ipv4Addr, ttl: u8) -> Connection {
        let address = Word::new(format!("{group}/{ttl}")).unwrap_or(Word::from_static("0.0.0.0"));
        Connection { address, ..Connection::ip(group.into()) }
    }

    /// A host known by name, to be looked up as IPv4 address.
    ///
    /// # Errors
    /// [`Invalid`] when the name holds anything but ASCII letters, digits, `-` and `.`: an internationalized name
    /// is written in its ASCII form.
    pub fn name(host: &str) -> Result<Connection, Invalid> {
        if !is_host_name(host) {
            return Err(Invalid("not a host name in ASCII form"));
        }
        Ok(Connection { address: Word::new(host)?, ..Connection::ip(Ipv4Addr::UNSPECIFIED.into()) })
    }

    /// Reads the value of a `c=` line.
    pub(crate) fn parse(text: &Text) -> Result<Connection, Invalid> {
        let mut words = text.words();
        let connection = Connection::read(&mut words)?;
        words.end()?;
        Ok(connection)
    }

    /// Reads three subfields.
    pub(crate) fn read(words: &mut Words<'_>) -> Result<Connection, Invalid> {
        Ok(Connection {
            nettype: words.need("no network type")?,
            addrtype: words.need("no address type")?,
            address: words.need("no address")?,
        })
    }

    /// What the text of the address means.
    ///
    /// ```
    /// # use rfc4566::{Address, Connection};
    /// let layers: Connection = "IN IP6 FF15::101/3".parse()?;
    /// assert_eq!(layers.address()?, Address::Ip6 { ip: "ff15::101".parse().unwrap(), count: 3 });
    /// assert!("IN IP4 233.252.0.1/256".parse::<Connection>()?.address().is_err());
    /// # Ok::<(), rfc4566::Invalid>(())
    /// ```
    ///
    /// # Errors
    /// [`Invalid`] when it is neither an address of its type nor a name: a time to live above 255, several unicast
    /// addresses, an IPv6 group with a time to live.
    pub fn address(&self) -> Result<Address, Invalid> {
        if !self.nettype.eq_ignore_ascii_case("IN") {
            return Ok(Address::Other(self.address.clone()));
        }
        if self.addrtype.eq_ignore_ascii_case("IP4") {
            self.ip4()
        } else if self.addrtype.eq_ignore_ascii_case("IP6") {
            self.ip6()
        } else {
            Ok(Address::Other(self.address.clone()))
        }
    }

    fn ip4(&self) -> Result<Address, Invalid> {
        let mut parts = self.address.split('/');
        let host = parts.next().unwrap_or_default();
        let Ok(ip) = host.parse::<Ipv4Addr>() else {
            return self.host_name();
        };
        //= rfc8866#5.7/ttl-range MUST
        //# A number that does not fit a byte is refused.
        let ttl = parts.next().map(|ttl| number(ttl, "time to live is not 0 to 255")).transpose()?;
        let count = parts.next().map(count).transpose()?;
        //= rfc8866#5.7/unicast-slash MUST NOT
        //# Slashes after a unicast address make it invalid, for IPv4 here and for IPv6 below.
        if parts.next().is_some() || (ttl.is_some() && !ip.is_multicast()) {
            return Err(Invalid("slash after a unicast address, or too many slashes"));
        }
        Ok(Address::Ip4 { ip, ttl, count: count.unwrap_or(1) })
    }

    fn ip6(&self) -> Result<Address, Invalid> {
        let mut parts = self.address.split('/');
        let host = parts.next().unwrap_or_default();
        let Ok(ip) = host.parse::<Ipv6Addr>() else {
            return self.host_name();
        };
        let count = parts.next().map(count).transpose()?;
        //= rfc8866#5.7/ip6-ttl MUST NOT
        //# One slash is the count of addresses; a second one, which would make the first a time to live, is refused.
        if parts.next().is_some() || (count.is_some() && !ip.is_multicast()) {
            return Err(Invalid("slash after a unicast address, or a time to live with IPv6"));
        }
        Ok(Address::Ip6 { ip, count: count.unwrap_or(1) })
    }

    fn host_name(&self) -> Result<Address, Invalid> {
        let numeric = self.address.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        if numeric || !is_host_name(&self.address) {
            return Err(Invalid("neither an address nor a host name"));
        }
        Ok(Address::Name(self.address.clone()))
    }

    /// The (first) IP address, when there is one and no name.
    pub fn ip_addr(&self) -> Option<IpAddr> {
        match self.address().ok()? {
            Address::Ip4 { ip, .. } => Some(ip.into()),
            Address::Ip6 { ip, .. } => Some(ip.into()),
            Address::Name(_) | Address::Other(_) => None,
        }
    }

    /// Whether it is a multicast group.
    pub fn is_multicast(&self) -> bool {
        self.ip_addr().is_some_and(|ip| ip.is_multicast())
    }

    /// Whether it is 0.0.0.0 or `::`, which names no host: not yet known, or an old way of putting on hold.
    pub fn is_unspecified(&self) -> bool {
        self.ip_addr().is_some_and(|ip| ip.is_unspecified())
    }
}

impl FromStr for Connection {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Connection, Invalid> {
        Connection::parse(&Text::new(text)?)
    }
}

impl From<IpAddr> for Connection {
    fn from(ip: IpAddr) -> Connection {
        Connection::ip(ip)
    }
}

impl fmt::Display for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.nettype, self.addrtype, self.address)
    }
}

//= rfc8866#5/idn-ace MUST
//# A name that is built or understood has only letters, digits, hyphens and dots, so it can only be in ASCII form.
//= rfc8866#5/domain-names MUST
//# Only the DNS's letters, digits, hyphens and dots, and the underscore that real zones have.
//= rfc8866#5/idn-utf8 MUST NOT
//# A name with any other character cannot be built.
fn is_host_name(host: &str) -> bool {
    !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.' || b == b'_')
}

fn count(text: &str) -> Result<u32, Invalid> {
    match number(text, "count of addresses is no number")? {
        0 => Err(Invalid("count of addresses is 0")),
        n => Ok(n),
    }
}
