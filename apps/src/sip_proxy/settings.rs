use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use clap::ValueEnum;
use serde::Deserialize;
use wire::Transport;

use super::Options;
use crate::common::{Failure, Listen, Users};

/// A digest algorithm to offer in challenges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DigestAlgorithm {
    /// What every SIP phone can do.
    Md5,
    /// What a phone should do.
    #[value(name = "sha-256")]
    #[serde(rename = "sha-256")]
    Sha256,
    /// The truncated SHA-512 of RFC 7616.
    #[value(name = "sha-512-256")]
    #[serde(rename = "sha-512-256")]
    Sha512Trunc256,
}

/// What `sip-proxy` was asked to do, with every default filled in and every contradiction refused.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where to listen, at least one.
    pub listen: Vec<Listen>,
    /// Our name in Via and Record-Route: `host` or `host:port`; the address listened on when absent.
    pub advertise: Option<String>,
    /// The capture file.
    pub trace: Option<PathBuf>,
    /// Where to serve metrics.
    pub metrics: Option<SocketAddr>,
    /// The domains to be responsible for, at least one, in lower case.
    pub domains: Vec<String>,
    /// Whether to stay on the path of dialogs.
    pub record_route: bool,
    /// Whether to redirect instead of forwarding.
    pub redirect: bool,
    /// Timer C.
    pub timer_c: Duration,
    /// Live transactions at most.
    pub max_transactions: usize,
    /// How long to drain.
    pub drain: Duration,
    /// The file of bindings; `None` keeps them in memory.
    pub location: Option<PathBuf>,
    /// The shortest binding, in seconds.
    pub min_expires: u32,
    /// The longest and the default binding, in seconds.
    pub max_expires: u32,
    /// Bindings of one user at most.
    pub max_contacts: usize,
    /// Who may register and call; `None` lets anyone.
    pub users: Option<Users>,
    /// The realm of challenges.
    pub realm: String,
    /// The algorithms to offer, in order, at least one.
    pub digest: Vec<DigestAlgorithm>,
}

impl Settings {
    /// Fills in the defaults and reads the file of users.
    ///
    /// # Errors
    /// [`Failure::Usage`] when options contradict each other or the file of users is wrong.
    pub fn new(options: Options) -> Result<Settings, Failure> {
        let listen = if options.listen.is_empty() {
            let addr = SocketAddr::from(([127, 0, 0, 1], 5060));
            vec![Listen { transport: Transport::Udp, addr }, Listen { transport: Transport::Tcp, addr }]
        } else {
            options.listen
        };
        let users = match &options.users {
            Some(path) => {
                Some(Users::read(path).map_err(|e| Failure::usage(format!("users file {}: {e}", path.display())))?)
            }
            None => None,
        };
        let reachable = listen.iter().find(|l| !l.addr.ip().is_loopback());
        if let (None, Some(listen), false) = (&users, reachable, options.open_registration.unwrap_or(false)) {
            return Err(Failure::usage(format!(
                "anyone could register at {listen}; give --users FILE, or --open-registration to allow it"
            )));
        }
        let min_expires = options.min_expires.unwrap_or(60);
        let max_expires = options.max_expires.unwrap_or(3600);
        if min_expires > max_expires {
            return Err(Failure::usage(format!("--min-expires {min_expires} is above --max-expires {max_expires}")));
        }
        let domains = domains(options.domain, &listen)?;
        let realm = options.realm.or_else(|| domains.first().cloned()).unwrap_or_default();
        if realm.contains(|c: char| c.is_control() || matches!(c, '"' | '\\')) {
            return Err(Failure::usage("--realm must have no quotes, backslashes or control characters"));
        }
        if let Some(name) = options.advertise.as_ref().filter(|name| !is_host(name)) {
            return Err(Failure::usage(format!("--advertise {name:?} is no host name")));
        }
        if let (None, Some(any)) = (&options.advertise, listen.iter().find(|l| l.addr.ip().is_unspecified())) {
            return Err(Failure::usage(format!("give --advertise HOST when listening on every address ({any})")));
        }
        Ok(Settings {
            advertise: options.advertise,
            trace: options.trace,
            metrics: options.metrics,
            record_route: options.record_route.unwrap_or(false),
            redirect: options.redirect.unwrap_or(false),
            timer_c: Duration::from_secs(options.timer_c.unwrap_or(181).max(1)),
            max_transactions: options.max_transactions.unwrap_or(100_000).max(1),
            drain: Duration::from_secs(options.drain.unwrap_or(32)),
            location: options.location.filter(|l| l != "memory").map(PathBuf::from),
            max_contacts: options.max_contacts.unwrap_or(10).max(1),
            digest: if options.digest.is_empty() {
                vec![DigestAlgorithm::Md5] // see the manual: some phones give up when they see another one beside it
            } else {
                options.digest
            },
            listen,
            domains,
            min_expires,
            max_expires,
            users,
            realm,
        })
    }
}

/// The domains given, else the addresses that we listen on.
fn domains(given: Vec<String>, listen: &[Listen]) -> Result<Vec<String>, Failure> {
    let mut domains: Vec<String> = Vec::new();
    if given.is_empty() {
        for listen in listen {
            let host = match listen.addr.ip() {
                ip if ip.is_unspecified() => continue,
                IpAddr::V4(ip) => ip.to_string(),
                IpAddr::V6(ip) => format!("[{ip}]"),
            };
            if !domains.contains(&host) {
                domains.push(host);
            }
        }
        if domains.is_empty() {
            return Err(Failure::usage("give --domain when listening on every address"));
        }
        return Ok(domains);
    }
    for domain in given {
        if !is_host(&domain) {
            return Err(Failure::usage(format!("--domain {domain:?} is no host name")));
        }
        domains.push(domain.to_ascii_lowercase());
    }
    Ok(domains)
}

fn is_host(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._:[]".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(change: impl FnOnce(&mut Options)) -> Result<Settings, Failure> {
        let mut options = Options::default();
        change(&mut options);
        Settings::new(options)
    }

    #[test]
    fn alone_it_serves_this_machine_only() {
        let settings = settings(|_| ()).unwrap();
        assert!(settings.listen.iter().all(|l| l.addr.ip().is_loopback()));
        assert_eq!((settings.domains, settings.realm.as_str()), (vec!["127.0.0.1".to_string()], "127.0.0.1"));
    }

    #[test]
    fn open_registration_beyond_loopback_must_be_asked_for() {
        let public = |o: &mut Options| o.listen = vec!["udp:0.0.0.0:5060".parse().unwrap()];
        assert_eq!(settings(public).unwrap_err().code(), 2);
        let asked = |o: &mut Options| {
            public(o);
            o.open_registration = Some(true);
        };
        assert!(settings(asked).unwrap_err().to_string().contains("--domain"));
        let named = |o: &mut Options| {
            asked(o);
            o.domain = vec!["Example.COM".into()];
            o.advertise = Some("sip.example.com".into());
        };
        assert_eq!(settings(named).unwrap().domains, ["example.com"]);
    }

    #[test]
    fn contradictions_are_refused() {
        assert!(settings(|o| o.min_expires = Some(4000)).is_err());
        assert!(settings(|o| o.domain = vec!["a b".into()]).is_err());
        assert!(settings(|o| o.realm = Some("a\"b".into())).is_err());
        assert!(settings(|o| o.users = Some("/nonexistent/users".into())).is_err());
    }
}
