use std::fmt;
use std::net::{IpAddr, SocketAddr};

/// What columns are called: labels for addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names(Vec<(Place, String)>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Ip(IpAddr),
    Socket(SocketAddr),
    /// The so many-th socket of an address, in the order in which they appear, from 1.
    Nth(IpAddr, usize),
}

/// What is wrong with a label for an address: it is not `IP=NAME`, `IP:PORT=NAME` or `IP#N=NAME`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameError(String);

impl Names {
    /// Reads labels: `192.0.2.1=alice` for all ports of an address, `[::1]:5060=proxy` for one, `192.0.2.1#2=phone` for the
    /// second port of an address that appears. The narrowest one wins; one label may stand for several addresses. Columns
    /// stand in the order of their labels, those without behind.
    ///
    /// ```
    /// use docs::ladder::Names;
    /// assert!(Names::parse(&["192.0.2.1=alice", "[::1]:5060=proxy", "192.0.2.2#1=bob"]).is_ok());
    /// assert!(Names::parse(&["alice"]).is_err());
    /// ```
    ///
    /// # Errors
    /// When one is not of this form.
    pub fn parse(labels: &[&str]) -> Result<Names, NameError> {
        let each = labels.iter().map(|text| one(text).ok_or_else(|| NameError((*text).to_owned())));
        each.collect::<Result<Vec<_>, _>>().map(Names)
    }

    /// The place of a label among all, if it is one.
    pub(super) fn rank(&self, label: &str) -> Option<usize> {
        self.0.iter().position(|(_, name)| name == label)
    }

    /// The label of a socket, which is the `nth` one of its address.
    pub(super) fn of(&self, socket: SocketAddr, nth: usize) -> Option<&str> {
        let is = |wanted: Place| self.0.iter().find(|(place, _)| *place == wanted).map(|(_, name)| name.as_str());
        is(Place::Socket(socket)).or_else(|| is(Place::Nth(socket.ip(), nth))).or_else(|| is(Place::Ip(socket.ip())))
    }
}

fn one(text: &str) -> Option<(Place, String)> {
    let (place, name) = text.split_once('=')?;
    if name.is_empty() || name.len() > LONGEST || name.chars().any(char::is_control) {
        return None;
    }
    let place = match place.rsplit_once('#') {
        Some((ip, nth)) => Place::Nth(ip.parse().ok()?, nth.parse().ok()?),
        None => place.parse().map(Place::Ip).or_else(|_| place.parse().map(Place::Socket)).ok()?,
    };
    Some((place, name.to_owned()))
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: expected ADDRESS=NAME such as 192.0.2.1=alice or 192.0.2.1:5060=proxy", self.0)
    }
}

impl std::error::Error for NameError {}

const LONGEST: usize = 60;
