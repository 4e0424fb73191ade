//! Who may: digest authentication in front of a registrar or proxy (RFC 3261 section 22), with a limit to guessing.

use std::collections::HashMap;
use std::fmt;
use std::hash::BuildHasher;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use foldhash::fast::RandomState;
use rfc2617::{Account, Algorithm, Credentials, Lookup, Party, Server, ServerConfig, Username, Verdict};
use wire::{Epoch, Instant, Rng};

use crate::message::{Name, Request};

/// The users of a domain.
pub trait Users {
    /// The account that credentials are checked against; `None` when there is no such user.
    fn account(&self, lookup: Lookup<'_>) -> Option<Account>;

    /// Whether the domain has a user of that name.
    fn knows(&self, user: &str) -> bool;
}

/// What a guard asks for and when it loses patience.
#[derive(Clone, Debug)]
pub struct GuardConfig {
    /// The realm of the challenges.
    pub realm: String,
    /// The algorithms on offer, in this order. MD5 alone: many phones know nothing else, and some of them (libre of
    /// 2020) give up when they see a challenge for another algorithm, even behind one that they could answer.
    pub algorithms: Vec<Algorithm>,
    /// How long a nonce is good for; 5 minutes.
    pub nonce_lifetime: Duration,
    /// Wrong passwords for one user from one source within a minute before such credentials are no longer looked at;
    /// 100. A source is an IPv4 address or an IPv6 network of 64 bits; other users behind the same NAT are not affected.
    pub failures_a_minute: u32,
    /// Pairs of user and source whose failures are remembered; 10,000 (about 0.5 MB).
    pub max_guessers: usize,
    /// Ties the clock to the calendar.
    pub epoch: Epoch,
}

impl GuardConfig {
    /// The defaults for a realm.
    pub fn new(realm: impl Into<String>) -> GuardConfig {
        GuardConfig {
            realm: realm.into(),
            algorithms: vec![Algorithm::Md5],
            nonce_lifetime: Duration::from_secs(300),
            failures_a_minute: 100,
            max_guessers: 10_000,
            epoch: Epoch::default(),
        }
    }
}

/// What a guard decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admission {
    /// The credentials are those of this user.
    Admitted(String),
    /// Answer with the status and challenges of this party.
    Challenge(Vec<String>),
    /// The credentials make no sense: answer 400.
    Malformed,
    /// Too many wrong passwords came from there for that user: answer 403 and keep no state.
    Refused,
}

/// Checks the credentials of requests.
pub struct Guard {
    config: GuardConfig,
    registrar: Server,
    proxy: Server,
    users: Box<dyn Users + Send>,
    /// By a hash of user and source.
    failures: HashMap<u64, Failures, RandomState>,
    hasher: RandomState,
    denied: u64,
    refused: u64,
}

#[derive(Clone, Copy, Debug)]
struct Failures {
    since: Instant,
    count: u32,
}

impl Guard {
    /// A guard for those users.
    pub fn new(config: GuardConfig, users: Box<dyn Users + Send>, rng: &mut Rng) -> Guard {
        let server = |party, rng| {
            let defaults = ServerConfig::new(config.realm.clone());
            Server::new(
                ServerConfig {
                    party,
                    algorithms: config.algorithms.clone(),
                    nonce_lifetime: config.nonce_lifetime,
                    epoch: config.epoch,
                    utf8: false, // one parameter less for old parsers to stumble over
                    ..defaults
                },
                rng,
            )
        };
        let (registrar, proxy) = (server(Party::Server, rng.split()), server(Party::Proxy, rng.split()));
        Guard {
            config,
            registrar,
            proxy,
            users,
            failures: HashMap::default(),
            hasher: RandomState::default(),
            denied: 0,
            refused: 0,
        }
    }

    /// Decides on `request`, which came from `source`.
    //= rfc3261#22/challenge MAY
    //# Every request but those of 22.1, as far as the router wants it.
    //= rfc3261#22.1/401 MAY
    //# As registrar.
    //= rfc3261#22.1/407 MAY
    //# As proxy.
    //= rfc3261#22.2/authenticate MAY
    //# As registrar.
    //= rfc3261#22.3/authenticate MAY
    //# As proxy.
    //= rfc3261#16.3/authenticate MUST
    //# The credentials of the party that asks are looked at before anything is forwarded.
    //= rfc3261#10.3/authenticate SHOULD
    //# The registrar asks here as a server, the proxy as a proxy.
    pub fn admit(&mut self, now: Instant, party: Party, request: &Request, source: IpAddr) -> Admission {
        let header = match party {
            Party::Server => Name::Authorization,
            Party::Proxy => Name::ProxyAuthorization,
        };
        let credentials: Vec<Credentials> =
            request.headers.raw_all(header).take(MAX_CREDENTIALS).filter_map(|v| Credentials::parse(v).ok()).collect();
        let claimed = credentials.iter().find_map(claim);
        let guesser = self.hasher.hash_one((network(source), claimed));
        if !credentials.is_empty() && self.is_guessing(now, guesser) {
            self.refused += 1;
            return Admission::Refused;
        }
        let uri = request.uri.to_string();
        let protected = rfc2617::Request { method: request.method.as_str(), uri: &uri, body: &request.body };
        let users = &self.users;
        let server = match party {
            Party::Server => &mut self.registrar,
            Party::Proxy => &mut self.proxy,
        };
        let stale = match server.verify(now, &credentials, &protected, |lookup| users.account(lookup)) {
            Verdict::Accepted(accepted) => return Admission::Admitted(accepted.user),
            Verdict::Malformed(_) => return Admission::Malformed,
            Verdict::Missing => false,
            Verdict::Stale(_) => true,
            Verdict::Denied => {
                // A user who does not exist has no password to be guessed, and takes no place in the table.
                let is_user = claimed.is_some_and(|user| self.users.knows(user));
                self.denied += 1;
                if is_user {
                    self.note_failure(now, guesser);
                }
                false
            }
        };
        let server = match party {
            Party::Server => &mut self.registrar,
            Party::Proxy => &mut self.proxy,
        };
        Admission::Challenge(server.challenges(now, stale).iter().map(ToString::to_string).collect())
    }

    /// Whether the domain has a user of that name.
    pub fn knows(&self, user: &str) -> bool {
        self.users.knows(user)
    }

    /// How many requests came with a wrong password.
    pub fn denied(&self) -> u64 {
        self.denied
    }

    /// How many requests were refused unseen, because too many wrong passwords had come for that user from there.
    pub fn refused(&self) -> u64 {
        self.refused
    }

    /// How many pairs of user and source have failures that are remembered.
    pub fn guessers(&self) -> usize {
        self.failures.len()
    }

    fn is_guessing(&self, now: Instant, guesser: u64) -> bool {
        match self.failures.get(&guesser) {
            Some(seen) if now - seen.since < MINUTE => seen.count >= self.config.failures_a_minute,
            _ => false,
        }
    }

    fn note_failure(&mut self, now: Instant, guesser: u64) {
        if self.failures.len() >= self.config.max_guessers && !self.failures.contains_key(&guesser) {
            self.failures.retain(|_, seen| now - seen.since < MINUTE);
            if self.failures.len() >= self.config.max_guessers {
                return; // many at once: no guess at one password gets far from any of them
            }
        }
        let seen = self.failures.entry(guesser).or_insert(Failures { since: now, count: 0 });
        if now - seen.since >= MINUTE {
            *seen = Failures { since: now, count: 0 };
        }
        seen.count = seen.count.saturating_add(1);
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard").field("config", &self.config).field("denied", &self.denied).finish_non_exhaustive()
    }
}

/// Who the credentials are said to be of.
fn claim(credentials: &Credentials) -> Option<&str> {
    match &credentials.digest()?.username {
        Username::Plain(user) | Username::Extended(user) | Username::Hashed(user) => Some(user),
    }
}

/// What counts as one source: whoever has one IPv6 address has 2^64 of them.
fn network(source: IpAddr) -> IpAddr {
    match source {
        IpAddr::V4(_) => source,
        IpAddr::V6(ip) => match ip.to_ipv4_mapped() {
            Some(ip) => ip.into(),
            None => Ipv6Addr::from_bits(ip.to_bits() & !u128::from(u64::MAX)).into(),
        },
    }
}

const MINUTE: Duration = Duration::from_secs(60);
const MAX_CREDENTIALS: usize = 8;
