//! The server: challenges, and decides on the credentials that come back.

use std::fmt;
use std::time::Duration;

use wire::{Epoch, Instant, Rng};

use crate::nonce::{Mint, Replay};
use crate::{
    Account, Algorithm, AuthenticationInfo, BasicChallenge, BasicCredentials, Challenge, Credentials, DigestChallenge,
    DigestCredentials, Hash, Hex, Party, Profile, Qop, Request, Secret, Username, hash,
};

/// How a server challenges and what it accepts.
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// The realm; name a host or domain in it.
    pub realm: String,
    /// 401 or 407; server.
    pub party: Party,
    /// Whose rules apply; SIP.
    pub profile: Profile,
    /// The algorithms on offer, most preferred first, one challenge each; SHA-256, then MD5 for old peers.
    pub algorithms: Vec<Algorithm>,
    /// The qualities of protection on offer; `auth`, because old peers stumble over a list.
    pub qop: Vec<Qop>,
    /// Whether credentials without qop, as RFC 2069 has them, are accepted, once a nonce; true, as SIP asks.
    pub without_qop: bool,
    /// Whether Basic is offered and accepted too, under the HTTP profile; false.
    pub basic: bool,
    //= rfc7616#4/charset SHOULD
    //# In every challenge, unless turned off.
    /// Whether to ask for UTF-8; true.
    pub utf8: bool,
    //= rfc7616#3.4.4/server-userhash SHOULD
    //# One word turns it on where the account store can find a name by its hash.
    /// Whether user names may come hashed; false, because the lookup must be able to find them.
    pub userhash: bool,
    /// The protection space under the HTTP profile; empty: the whole server.
    pub domain: Vec<String>,
    /// An opaque for every challenge; none.
    pub opaque: Option<String>,
    //= rfc7616#5.4/bounded-nonce MAY
    //# Each is good for a time and, with its counts, for each request once.
    /// How long a nonce is good for; 5 minutes. From half of it on, the next one is offered with every confirmation.
    pub nonce_lifetime: Duration,
    /// How many used nonces are remembered against replay; 65536 (about 4 MB).
    pub replay_entries: usize,
    /// What the clock's zero is. Servers that share a key and the calendar accept one another's nonces.
    pub epoch: Epoch,
}

impl ServerConfig {
    /// The defaults for a realm.
    pub fn new(realm: impl Into<String>) -> ServerConfig {
        ServerConfig {
            realm: realm.into(),
            party: Party::Server,
            profile: Profile::Sip,
            algorithms: vec![Algorithm::Sha256, Algorithm::Md5],
            qop: vec![Qop::Auth],
            without_qop: true,
            basic: false,
            utf8: true,
            userhash: false,
            domain: Vec::new(),
            opaque: None,
            nonce_lifetime: Duration::from_secs(300),
            replay_entries: 65_536,
            epoch: Epoch::default(),
        }
    }
}

/// Whose secret is needed.
#[derive(Clone, Copy, Debug)]
pub struct Lookup<'a> {
    /// The name, or its [`userhash`](crate::userhash()) when the client hashed it.
    pub username: &'a Username,
    /// The realm, always the server's own.
    pub realm: &'a str,
    /// The hash that [`Secret::Ha1`] must be of, and that a hashed name was made with.
    pub hash: Hash,
}

/// What the server thinks of a request's credentials.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// They are right.
    Accepted(Accepted),
    /// There are none for this realm: challenge.
    Missing,
    /// The secret is right but the nonce is not usable: challenge with stale set, and the client tries again by itself.
    Stale(StaleCause),
    /// Unknown user or wrong secret: challenge again, or refuse with 403. Worth a log line, without the user name if
    /// people are known to type passwords there.
    Denied,
    /// They make no sense: answer 400.
    Malformed(Malformed),
}

/// Why a nonce is not usable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StaleCause {
    /// It was made with another key, or not by a server at all.
    Unknown,
    /// It is too old.
    Expired,
    /// It was used with that count before, or so long ago that nobody remembers.
    Replayed,
}

/// Why credentials make no sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// The algorithm is not one that was offered.
    Algorithm,
    /// The quality of protection is not one that was offered.
    Qop,
    /// The URI is not that of the request line (HTTP).
    Uri,
    /// A parameter that the algorithm needs is missing.
    Incomplete,
}

/// Credentials that were found right.
#[derive(Clone)]
pub struct Accepted {
    /// Who the client is: the name from the account.
    pub user: String,
    /// The URI that the client protected. Under the SIP profile it may differ from the request line, after a proxy
    /// changed that: then see whether it is one this server takes requests for.
    pub uri: String,
    /// Whether that URI is the one of the request line.
    pub uri_matches: bool,
    proof: Option<Box<Proof>>,
}

#[derive(Clone)]
struct Proof {
    key: Hex,
    sent: DigestCredentials,
    made: Duration,
}

impl fmt::Debug for Accepted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Accepted {{ user: {:?}, uri: {:?}, uri_matches: {} }}", self.user, self.uri, self.uri_matches)
    }
}

/// Issues challenges for one realm and verifies credentials. Holds no state for a challenge given out.
pub struct Server {
    config: ServerConfig,
    mint: Mint,
    replay: Replay,
    rng: Rng,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("config", &self.config).field("used", &self.replay.len()).finish_non_exhaustive()
    }
}

impl Server {
    /// A server with a key of its own, drawn from `rng`.
    pub fn new(config: ServerConfig, mut rng: Rng) -> Server {
        let mut key = [0; 32];
        rng.fill(&mut key);
        Server::with_key(config, &key, rng)
    }

    /// A server with a key that outlives it or that others share.
    pub fn with_key(config: ServerConfig, key: &[u8; 32], rng: Rng) -> Server {
        let mint = Mint::new(key, config.party, &config.realm);
        let replay = Replay::new(config.replay_entries);
        Server { config, mint, replay, rng }
    }

    /// What it was made with.
    pub fn config(&self) -> &ServerConfig {
        &self.config
    }

    /// Whether a SIP request of that method may be challenged at all.
    //= rfc3261#22.1/ack-not-challenged MUST NOT
    //# Whoever guards requests asks here first.
    //= rfc3261#22.1/cancel-not-challenged MUST NOT
    //# Whoever guards requests asks here first.
    pub fn may_challenge(method: &str) -> bool {
        method != "ACK" && method != "CANCEL"
    }

    /// The challenges for a 401 or 407, one header each, most preferred first. Set `stale` after [`Verdict::Stale`].
    //= rfc7616#3.7/distinct-algorithms MUST
    //# An algorithm that the configuration repeats is offered once.
    //= rfc7616#3.7/preference-order MUST
    //# In the order of the configuration.
    //= rfc8760#2.3/several MAY
    //# One for each algorithm of the configuration.
    //= rfc7616#5.6/several MAY
    //# Basic too, under the HTTP profile and when it is turned on.
    //= rfc8760#2.3/distinct MUST
    //# The same.
    //= rfc8760#2.3/order MUST
    //# The same order.
    //= rfc3261#22.4/qop-offered MUST
    //# As below.
    //= rfc8760#2.6/qop-always MUST
    //# An empty list in the configuration counts as auth.
    pub fn challenges(&mut self, now: Instant, stale: bool) -> Vec<Challenge> {
        let nonce = self.mint.issue(self.millis(now), &mut self.rng);
        let config = &self.config;
        let mut algorithms: Vec<&Algorithm> = Vec::new();
        for algorithm in config.algorithms.iter().filter(|a| a.hash().is_some()) {
            if !algorithms.contains(&algorithm) {
                algorithms.push(algorithm);
            }
        }
        let digest = |algorithm: &&Algorithm| {
            Challenge::Digest(DigestChallenge {
                realm: config.realm.clone(),
                domain: config.domain.clone(),
                nonce: nonce.clone(),
                opaque: config.opaque.clone(),
                stale,
                algorithm: Some((*algorithm).clone()),
                qop: if config.qop.is_empty() { vec![Qop::Auth] } else { config.qop.clone() },
                utf8: config.utf8,
                userhash: config.userhash,
                extra: Vec::new(),
            })
        };
        let mut challenges: Vec<Challenge> = algorithms.iter().map(digest).collect();
        if self.takes_basic() {
            let (realm, utf8) = (config.realm.clone(), config.utf8);
            challenges.push(Challenge::Basic(BasicChallenge { realm, utf8, extra: Vec::new() }));
        }
        challenges
    }

    /// Decides on the credentials of a request: those of the header that belongs to this server's party. `lookup` finds
    /// the account; an [`Account::user`] that it returns becomes [`Accepted::user`].
    pub fn verify(
        &mut self,
        now: Instant,
        credentials: &[Credentials],
        request: &Request<'_>,
        mut lookup: impl FnMut(Lookup<'_>) -> Option<Account>,
    ) -> Verdict {
        let mut verdict = Verdict::Missing;
        //= rfc3261#22.3/own-realm-only MUST NOT
        //# What names another realm is not looked at and counts as nothing.
        let own: Vec<&Credentials> = credentials.iter().filter(|c| self.is_own(c)).take(TRIES).collect();
        for credentials in own {
            let next = match credentials {
                Credentials::Digest(digest) => self.verify_digest(now, digest, request, &mut lookup),
                Credentials::Basic(basic) => self.verify_basic(basic, request, &mut lookup),
                Credentials::Other(_) => continue,
            };
            match next {
                Verdict::Accepted(_) => return next,
                next if next.rank() > verdict.rank() => verdict = next,
                _ => {}
            }
        }
        verdict
    }

    /// The authentication information for the response to an accepted request; `body` is that of the response. `None`
    /// for Basic, which has none.
    //= rfc7616#3.5/information MAY
    //# For every accepted request with Digest; whether it is sent is the caller's choice.
    //= rfc7616#3.5/same-qop SHOULD
    //# qop, cnonce and count are those of the request.
    //= rfc7616#3.5/present-with-qop MUST
    //# All three are there whenever the request had qop.
    pub fn info(&mut self, now: Instant, accepted: &Accepted, body: &[u8]) -> Option<AuthenticationInfo> {
        let proof = accepted.proof.as_ref()?;
        let request = Request { method: "", uri: &proof.sent.uri, body };
        let rspauth = proof.sent.terms()?.response(&proof.key, &request);
        let age = self.config.epoch.unix(now).saturating_sub(proof.made);
        //= rfc7616#3.5/nextnonce MAY
        //# In the second half of the old one's life.
        //= rfc7616#3.5/nextnonce-with-care SHOULD
        //# Only when the nonce is half way to its end, so that pipelined requests go on with the old one.
        let nextnonce =
            (age >= self.config.nonce_lifetime / 2).then(|| self.mint.issue(self.millis(now), &mut self.rng));
        let with_qop = proof.sent.qop.is_some();
        Some(AuthenticationInfo {
            nextnonce,
            qop: proof.sent.qop.clone(),
            rspauth: Some(rspauth.to_string()),
            cnonce: proof.sent.cnonce.clone().filter(|_| with_qop),
            nc: proof.sent.nc.clone().filter(|_| with_qop),
            extra: Vec::new(),
        })
    }

    /// How many used nonces are remembered.
    pub fn used_nonces(&self) -> usize {
        self.replay.len()
    }

    fn is_own(&self, credentials: &Credentials) -> bool {
        match credentials {
            Credentials::Digest(digest) => digest.realm == self.config.realm,
            //= rfc3261#22.4/no-basic MUST NOT
            //# As below.
            //= rfc3261#22/basic-not-accepted MUST NOT
            //# Under the SIP profile no configuration brings it back; such credentials count as none.
            //= rfc3261#22/basic-not-offered MUST NOT
            //# Under the SIP profile no configuration brings it back; such credentials count as none.
            Credentials::Basic(_) => self.takes_basic(),
            Credentials::Other(_) => false,
        }
    }

    fn takes_basic(&self) -> bool {
        self.config.basic && self.config.profile == Profile::Http
    }

    fn verify_digest(
        &mut self,
        now: Instant,
        sent: &DigestCredentials,
        request: &Request<'_>,
        lookup: &mut impl FnMut(Lookup<'_>) -> Option<Account>,
    ) -> Verdict {
        let hash = match self.check_form(sent, request) {
            Ok(hash) => hash,
            Err(malformed) => return Verdict::Malformed(malformed),
        };
        let realm = &self.config.realm;
        //= rfc7616#3.6/look-up MAY
        //# The program's accounts are asked by name.
        let account = lookup(Lookup { username: &sent.username, realm, hash });
        let ha1 = account.as_ref().and_then(|a| a.secret.ha1(hash, &a.user, realm));
        // an unknown user costs as much time as a wrong password
        let known = ha1.is_some();
        let ha1 = ha1.unwrap_or_else(|| hash::ha1(hash, "", realm, ""));
        //= rfc7616#3.6/same-digest MUST
        //# The client's own computation, over the URI that the client sent.
        let Some((key, response)) = sent.prove(ha1, request.method, request.body) else {
            return Verdict::Malformed(Malformed::Incomplete);
        };
        let (true, true, Some(account)) = (response.matches(&sent.response), known, account) else {
            return Verdict::Denied;
        };
        //= rfc7616#3.3/stale-nonce-only SHOULD
        //# The nonce is judged after the response, so that a wrong password is never called stale.
        let made = match self.judge_nonce(now, sent) {
            Ok(made) => made,
            Err(cause) => return Verdict::Stale(cause),
        };
        Verdict::Accepted(Accepted {
            user: account.user,
            uri: sent.uri.clone(),
            uri_matches: sent.uri == request.uri,
            proof: Some(Box::new(Proof { key, sent: sent.clone(), made })),
        })
    }

    /// Whether the credentials fit what was offered; if so, with which hash.
    fn check_form(&self, sent: &DigestCredentials, request: &Request<'_>) -> Result<Hash, Malformed> {
        let algorithm = sent.algorithm();
        let offered = self.config.algorithms.contains(algorithm);
        let hash = algorithm.hash().filter(|_| offered).ok_or(Malformed::Algorithm)?;
        match &sent.qop {
            //= rfc3261#22.4/rfc2069 MUST
            //# As below.
            //= rfc3261#22.4/body-integrity MUST
            //# The absence of qop is what tells the old client; no count is asked of it.
            //= rfc2617#3.2.1/qop-backward MUST
            //# A peer of RFC 2069 gets in once a nonce, since it has no count.
            //= rfc8760#2.6/qop-received MUST
            //# With qop or, where allowed, without.
            None if !self.config.without_qop => return Err(Malformed::Qop),
            None if algorithm.is_session() && sent.cnonce.is_none() => return Err(Malformed::Incomplete),
            Some(Qop::Auth) if self.config.qop.is_empty() => {}
            Some(qop) if !self.config.qop.contains(qop) => return Err(Malformed::Qop),
            _ => {}
        }
        //= rfc7616#3.4.6/uri-400 SHOULD
        //# Malformed is the verdict that asks for 400.
        //= rfc7616#3.4.6/uri-same MUST
        //# Byte for byte under the HTTP profile.
        //= rfc8760#2.6/uri-other MAY
        //# Another URI alone is no reason to refuse.
        //= rfc3261#22.4/uri-checked MAY
        //# As below.
        //= rfc8760#2.6/uri-may-differ MUST
        //# Under the SIP profile the caller gets both URIs and judges, because only it knows whom it serves.
        match self.config.profile == Profile::Http && sent.uri != request.uri {
            true => Err(Malformed::Uri),
            false => Ok(hash),
        }
    }

    //= rfc7616#3.6/accept-old MAY
    //# Until its lifetime ends, whatever nonces were given out since.
    //= rfc7616#3.6/ask-anew MAY
    //# After that: stale.
    //= rfc7616#5.4/single-use MAY
    //# One without count serves once.
    /// When the nonce was made, if it may be used with its count.
    fn judge_nonce(&mut self, now: Instant, sent: &DigestCredentials) -> Result<Duration, StaleCause> {
        let id = self.mint.recognize(&sent.nonce).ok_or(StaleCause::Unknown)?;
        let millis = self.millis(now);
        let lifetime = u64::try_from(self.config.nonce_lifetime.as_millis()).unwrap_or(u64::MAX);
        self.replay.expire(millis.saturating_sub(lifetime));
        // a nonce from the future is one from before the clock was set back
        if id.millis.saturating_add(lifetime) < millis || id.millis > millis.saturating_add(SKEW_MILLIS) {
            return Err(StaleCause::Expired);
        }
        // without a count the nonce is good for once; and a later count on it is none
        let count = if sent.qop.is_some() { sent.count().unwrap_or(0) } else { u32::MAX };
        match self.replay.note(id, count) {
            true => Ok(Duration::from_millis(id.millis)),
            false => Err(StaleCause::Replayed),
        }
    }

    fn verify_basic(
        &self,
        sent: &BasicCredentials,
        request: &Request<'_>,
        lookup: &mut impl FnMut(Lookup<'_>) -> Option<Account>,
    ) -> Verdict {
        let realm = &self.config.realm;
        let hash = self.config.algorithms.iter().find_map(Algorithm::hash).unwrap_or(Hash::Sha256);
        let account = lookup(Lookup { username: &Username::Plain(sent.user.clone()), realm, hash });
        let hash = match account.as_ref().map(|a| &a.secret) {
            Some(Secret::Ha1(of, _)) => *of,
            _ => hash,
        };
        let presented = hash::ha1(hash, &sent.user, realm, &sent.password);
        let right = account.as_ref().and_then(|a| a.secret.ha1(hash, &a.user, realm)).is_some_and(|h| h == presented);
        match account {
            Some(account) if right => Verdict::Accepted(Accepted {
                user: account.user,
                uri: request.uri.to_owned(),
                uri_matches: true,
                proof: None,
            }),
            _ => Verdict::Denied,
        }
    }

    fn millis(&self, now: Instant) -> u64 {
        u64::try_from(self.config.epoch.unix(now).as_millis()).unwrap_or(u64::MAX)
    }
}

/// Credentials for one realm that are tried at most, so that a header list is no lever on the processor.
const TRIES: usize = 4;

/// How far another server's clock may run ahead.
const SKEW_MILLIS: u64 = 10_000;

impl Verdict {
    /// Which of several verdicts says most about the client.
    fn rank(&self) -> u8 {
        match self {
            Verdict::Accepted(_) => 4,
            Verdict::Stale(_) => 3,
            Verdict::Denied => 2,
            Verdict::Malformed(_) => 1,
            Verdict::Missing => 0,
        }
    }
}
