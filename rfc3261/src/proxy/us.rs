use std::collections::HashSet;
use std::net::IpAddr;

use crate::endpoint::Listen;
use crate::message::{Host, Uri};
use foldhash::fast::RandomState;

/// What means this proxy: names, and addresses that it listens on.
#[derive(Clone, Debug, Default)]
pub(super) struct Us {
    names: HashSet<String, RandomState>,
    hosts: HashSet<IpAddr, RandomState>,
    ports: HashSet<u16, RandomState>,
}

impl Us {
    pub fn new(names: &[String]) -> Us {
        let mut us = Us::default();
        for name in names {
            us.name(name);
        }
        us
    }

    /// Takes note of an address that we listen on.
    pub fn listen(&mut self, listen: &Listen) {
        self.ports.insert(listen.local.port());
        if !listen.local.ip().is_unspecified() {
            self.hosts.insert(listen.local.ip());
        }
        if let Some(name) = &listen.sent_by {
            let (host, port) = match name.rsplit_once(':').map(|(host, port)| (host, port.parse())) {
                Some((host, Ok(port))) => (host, port),
                _ => (name.as_str(), 5060),
            };
            self.name(host);
            self.ports.insert(port);
        }
    }

    fn name(&mut self, name: &str) {
        match name.trim_matches(['[', ']']).parse() {
            Ok(ip) => drop(self.hosts.insert(ip)),
            Err(_) => drop(self.names.insert(name.to_ascii_lowercase())),
        }
    }

    /// Whether host and port of a Via are ones that we put there.
    pub fn is_sent_by(&self, host: Host<'_>, port: Option<u16>) -> bool {
        let is_ours = match host.ip() {
            Some(ip) => self.is_host(ip),
            None => self.is_name(host.as_str()),
        };
        is_ours && self.ports.contains(&port.unwrap_or(5060))
    }

    /// Whether host and port of a URI mean us. A domain is meant without port, or with one that we listen on.
    pub fn is(&self, uri: &Uri) -> bool {
        uri.host().is_some_and(|host| match host.ip() {
            Some(ip) => self.is_host(ip) && self.is_port(uri),
            None => self.is_name(host.as_str()) && self.is_port(uri),
        })
    }

    /// Whether text, as in maddr, means us.
    pub fn is_named(&self, host: &str) -> bool {
        match host.trim_matches(['[', ']']).parse() {
            Ok(ip) => self.is_host(ip),
            Err(_) => self.is_name(host),
        }
    }

    fn is_host(&self, ip: IpAddr) -> bool {
        self.hosts.contains(&ip)
    }

    fn is_name(&self, host: &str) -> bool {
        if host.bytes().any(|b| b.is_ascii_uppercase()) {
            self.names.contains(&host.to_ascii_lowercase())
        } else {
            self.names.contains(host)
        }
    }

    fn is_port(&self, uri: &Uri) -> bool {
        match uri.port() {
            Some(port) => self.ports.contains(&port),
            None => true,
        }
    }
}
