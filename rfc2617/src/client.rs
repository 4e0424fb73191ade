//! The client: chooses among challenges, answers them, counts nonces and checks the server's own proof.

use wire::Rng;

use crate::{
    Account, AnswerError, AuthenticationInfo, BasicCredentials, Challenge, Credentials, DigestChallenge,
    DigestCredentials, Hash, Hex, Party, Profile, Qop, Request, Secret, Username, userhash,
};

/// What a client may do.
#[derive(Clone, Debug)]
pub struct ClientConfig {
    /// Whose rules apply; SIP.
    pub profile: Profile,
    /// Which challenge of a realm to answer; the strongest.
    pub prefer: Prefer,
    /// The weakest hash that is answered; MD5. Raise it where every server is known to do better, against downgrades.
    pub weakest: Hash,
    /// Whether bodies are protected when the server offers the choice; false, because many a middlebox rewrites them.
    pub integrity: bool,
    /// Whether Basic is answered under the HTTP profile; false.
    pub basic: bool,
    /// How many challenges are remembered at most, the longest unused going first; 64.
    pub sessions: usize,
}

impl Default for ClientConfig {
    fn default() -> ClientConfig {
        ClientConfig {
            profile: Profile::Sip,
            prefer: Prefer::Strongest,
            weakest: Hash::Md5,
            integrity: false,
            basic: false,
            sessions: 64,
        }
    }
}

/// Which of several challenges for one realm to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prefer {
    /// The strongest hash; the first among equals.
    Strongest,
    /// The first that is supported: the server's own preference.
    Topmost,
}

/// Answers challenges for a set of accounts and remembers them, so that later requests carry credentials at once.
#[derive(Debug)]
pub struct Client {
    config: ClientConfig,
    rng: Rng,
    accounts: Vec<Account>,
    sessions: Vec<Session>,
}

/// A challenge in use.
#[derive(Debug)]
struct Session {
    party: Party,
    challenge: DigestChallenge,
    qop: Option<Qop>,
    count: u32,
    /// Lives as long as the nonce, because the `-sess` key is made of both.
    cnonce: String,
}

impl Client {
    /// A client without accounts.
    pub fn new(config: ClientConfig, rng: Rng) -> Client {
        Client { config, rng, accounts: Vec::new(), sessions: Vec::new() }
    }

    /// Adds an account; the first one that serves a realm is used.
    pub fn add(&mut self, account: Account) {
        self.accounts.push(account);
    }

    /// Answers the challenges of one 401 or 407 response: credentials for every realm among them, at least one.
    /// `tried` is what the rejected request carried in the same party's credentials header.
    ///
    /// # Errors
    /// When there is nothing to answer with. `Rejected` means that trying again is pointless: the credentials answered a
    /// challenge of this server just now, and it did not say that only its nonce was stale.
    //= rfc8760#2.4/realms SHOULD
    //# Every realm with an account is answered, its best challenge each.
    //= rfc8760#2.4/abandon SHOULD
    //# The error says that there is nothing to send.
    //= rfc3261#22.3/same-realm MAY
    //# Each challenge of a realm that can be answered has its credentials.
    //= rfc3261#22.3/by-realm SHOULD
    //# Every value that comes out names its realm.
    //= rfc3261#22.3/same-realm-same SHOULD
    //# The account is chosen by realm alone.
    pub fn answer(
        &mut self,
        party: Party,
        challenges: &[Challenge],
        tried: &[Credentials],
        request: &Request<'_>,
    ) -> Result<Vec<Credentials>, AnswerError> {
        let mut error = AnswerError::Unsupported;
        let mut answers = Vec::new();
        let mut realms: Vec<&str> = Vec::new();
        for challenge in challenges {
            let Some(realm) = challenge.realm().filter(|realm| !realms.contains(realm)) else { continue };
            realms.push(realm);
            match self.answer_realm(party, realm, challenges, tried, request) {
                Ok(credentials) => answers.extend(credentials),
                Err(AnswerError::Unsupported) => {}
                Err(e) => error = e,
            }
        }
        if answers.is_empty() { Err(error) } else { Ok(answers) }
    }

    /// Credentials for a request in spaces that were challenged before, with the next count of each nonce. Empty when
    /// nothing was challenged yet.
    //= rfc7616#3.6/preemptive MAY
    //# Wherever a challenge has come before.
    //= rfc7616#3.6/remember SHOULD
    //# Nonce, count, opaque and the account's secret are at hand for the next request.
    //= rfc3261#22.2/authorization MAY
    //# For every request after a challenge.
    //= rfc3261#22.3/proxy-authorization MAY
    //# Likewise to a proxy.
    //= rfc3261#22.2/cache SHOULD
    //# One client a destination gives the reuse that SIP asks for; a user agent keeps one a dialog or a registration.
    pub fn authorize(&mut self, party: Party, request: &Request<'_>) -> Vec<Credentials> {
        let profile = self.config.profile;
        let due = |s: &Session| s.party == party && (profile == Profile::Sip || s.covers(request.uri));
        (0..self.sessions.len())
            .filter(|at| self.sessions.get(*at).is_some_and(due))
            .collect::<Vec<_>>()
            .into_iter()
            .filter_map(|at| self.credentials(at, request))
            .map(Credentials::Digest)
            .collect()
    }

    /// Takes the authentication information of a response whose request carried `sent`; `body` is that of the response.
    /// Says whether the server proved that it knows the user; `None` when it did not try. Only a server that proved it,
    /// or did not try, changes the nonce.
    pub fn confirm(
        &mut self,
        party: Party,
        sent: &DigestCredentials,
        info: &AuthenticationInfo,
        body: &[u8],
    ) -> Option<bool> {
        let proof = info.rspauth.as_ref().map(|rspauth| self.is_proof(sent, info, rspauth, body));
        if let (Some(next), None | Some(true)) = (&info.nextnonce, proof) {
            let cnonce = self.rng.token(CNONCE_LEN);
            let used = |s: &&mut Session| s.party == party && s.is_for(&sent.realm, &sent.nonce);
            //= rfc7616#3.5/use-nextnonce SHOULD
            //# The session goes on with it, counting from one.
            if let Some(session) = self.sessions.iter_mut().find(used) {
                session.challenge.nonce.clone_from(next);
                session.count = 0;
                session.cnonce = cnonce;
            }
        }
        proof
    }

    /// Forgets every challenge; the accounts stay.
    pub fn forget(&mut self) {
        self.sessions.clear();
    }

    fn is_proof(&self, sent: &DigestCredentials, info: &AuthenticationInfo, rspauth: &str, body: &[u8]) -> bool {
        //= rfc7616#3.5/echo MUST
        //# A proof over another request's cnonce or count is none.
        let echoed = sent.qop.is_none() || (info.cnonce == sent.cnonce && info.nc == sent.nc);
        let covered = DigestCredentials { qop: info.qop.clone().or_else(|| sent.qop.clone()), ..sent.clone() };
        let Some(hash) = sent.algorithm().hash() else { return false };
        echoed
            && self
                .account(&sent.realm)
                .and_then(|account| account.secret.ha1(hash, &account.user, &sent.realm))
                .and_then(|ha1| covered.prove(ha1, "", body))
                .is_some_and(|(_, response)| response.matches(rspauth))
    }

    fn account(&self, realm: &str) -> Option<&Account> {
        self.accounts.iter().find(|account| account.serves(realm))
    }

    fn answer_realm(
        &mut self,
        party: Party,
        realm: &str,
        challenges: &[Challenge],
        tried: &[Credentials],
        request: &Request<'_>,
    ) -> Result<Vec<Credentials>, AnswerError> {
        let digests: Vec<&DigestChallenge> = challenges
            .iter()
            .filter_map(|c| match c {
                Challenge::Digest(d) if d.realm == realm && self.strength(d).is_some() => Some(d),
                _ => None,
            })
            .collect();
        let chosen = match self.config.prefer {
            //= rfc7616#5.8/strongest SHOULD
            //# An attacker who reorders challenges gains nothing; the topmost wins among equals.
            Prefer::Strongest => digests.iter().rev().max_by_key(|d| self.strength(d)),
            //= rfc8760#2.4/topmost SHOULD
            //# One word in the configuration; the default is the local policy that the section allows.
            //= rfc7616#3.7/first-supported SHOULD
            //# The same choice.
            Prefer::Topmost => digests.first(),
        };
        let Some(chosen) = chosen else { return self.answer_basic(realm, challenges, tried) };
        let account = self.account(realm).ok_or(AnswerError::NoAccount)?;
        if chosen.algorithm().hash().and_then(|h| account.secret.ha1(h, &account.user, realm)).is_none() {
            return Err(AnswerError::NoAccount);
        }
        //= rfc3261#22.1/rejected-not-again MUST NOT
        //# A count of one answered a challenge just received; its refusal without stale is about the secret itself.
        //= rfc7616#3.3/new-values-unless-stale MUST
        //# The account is not tried again; a nonce that was merely reused may have died of age.
        let fresh = |c: &Credentials| c.digest().is_some_and(|d| d.realm == realm && d.count().unwrap_or(1) == 1);
        if !chosen.stale && tried.iter().any(fresh) {
            return Err(AnswerError::Rejected);
        }
        // proxies of one realm that a fork reached each put their own nonce behind the same algorithm
        let mut answers = Vec::new();
        for challenge in digests.iter().filter(|d| d.algorithm() == chosen.algorithm()) {
            let at = self.open(party, challenge, realm, answers.is_empty());
            answers.extend(self.credentials(at, request).map(Credentials::Digest));
        }
        if answers.is_empty() { Err(AnswerError::NoAccount) } else { Ok(answers) }
    }

    fn answer_basic(
        &self,
        realm: &str,
        challenges: &[Challenge],
        tried: &[Credentials],
    ) -> Result<Vec<Credentials>, AnswerError> {
        let offered = challenges.iter().any(|c| matches!(c, Challenge::Basic(b) if b.realm == realm));
        //= rfc8760#2.6/no-basic MUST NOT
        //# Under the SIP profile no configuration brings it back.
        //= rfc7616#5.6/strongest-scheme MUST
        //# Basic is looked at only when no digest can be answered, and only where it was allowed.
        if !offered || !self.config.basic || self.config.profile == Profile::Sip {
            return Err(AnswerError::Unsupported);
        }
        let account = self.account(realm).ok_or(AnswerError::NoAccount)?;
        let Secret::Password(password) = &account.secret else { return Err(AnswerError::NoAccount) };
        let basic = BasicCredentials::new(&account.user, password).ok_or(AnswerError::NoAccount)?;
        match tried.iter().any(|c| matches!(c, Credentials::Basic(_))) {
            true => Err(AnswerError::Rejected),
            false => Ok(vec![Credentials::Basic(basic)]),
        }
    }

    /// How strong a challenge is; `None` when it cannot or may not be answered.
    fn strength(&self, challenge: &DigestChallenge) -> Option<Hash> {
        //= rfc7616#3.3/ignore-unknown-algorithm SHOULD
        //# An unknown algorithm has no hash and so no strength.
        let hash = challenge.algorithm().hash()?;
        let usable = match self.choose_qop(challenge) {
            Some(_) => true,
            // the key of a session needs a cnonce, which must not be sent without qop
            None => challenge.qop.is_empty() && !challenge.algorithm().is_session(),
        };
        (usable && hash >= self.config.weakest).then_some(hash)
    }

    //= rfc7616#3.3/ignore-unknown-qop MUST
    //# Only the two known ones are looked for in the list.
    //= rfc7616#3.4/qop-offered MUST
    //# What is chosen was in the list.
    fn choose_qop(&self, challenge: &DigestChallenge) -> Option<Qop> {
        let order = if self.config.integrity { [Qop::AuthInt, Qop::Auth] } else { [Qop::Auth, Qop::AuthInt] };
        order.into_iter().find(|qop| challenge.qop.contains(qop))
    }

    /// Starts a session, in place of those that the realm had when `first`, and says where it is.
    fn open(&mut self, party: Party, challenge: &DigestChallenge, realm: &str, first: bool) -> usize {
        // the same nonce offered again goes on being counted
        let same = |s: &Session| s.party == party && s.is_for(realm, &challenge.nonce);
        let known = self.sessions.iter().position(same).map(|at| self.sessions.remove(at));
        if first {
            self.sessions.retain(|s| s.party != party || s.challenge.realm != realm);
        }
        if self.sessions.len() >= self.config.sessions.max(1) {
            self.sessions.remove(0);
        }
        let (count, cnonce) = match known {
            Some(known) => (known.count, known.cnonce),
            None => (0, self.rng.token(CNONCE_LEN)),
        };
        let qop = self.choose_qop(challenge);
        self.sessions.push(Session { party, challenge: challenge.clone(), qop, count, cnonce });
        self.sessions.len() - 1
    }

    /// The next credentials of a session.
    //= rfc7616#3.3/qop-used MUST
    //# Whenever it was offered.
    //= rfc7616#3.4.6/uri-agrees MUST
    //# Copied from the request at hand.
    //= rfc3261#22.4/cnonce-with-qop MUST NOT
    //# Both stand or fall with the session's qop.
    //= rfc3261#22.4/qop-used MUST
    //# As below.
    //= rfc8760#2.6/qop-handled MUST
    //# With a list or without one.
    //= rfc7616#3.4/nc-counts MUST
    //# Counts before it prints, so that the first request of a nonce says one.
    //= rfc7616#3.4/cnonce-always MUST
    //# There whenever qop is; and so is the count.
    //= rfc8760#2.6/qop-answered MUST
    //# A challenge with qop is answered with qop.
    //= rfc7616#3.3/opaque SHOULD
    //# Cloned, never looked into.
    //= rfc7616#3.4/echo MUST
    //# opaque and algorithm are cloned from the challenge, absence included.
    fn credentials(&mut self, at: usize, request: &Request<'_>) -> Option<DigestCredentials> {
        let session = self.sessions.get_mut(at)?;
        let account = self.accounts.iter().find(|account| account.serves(&session.challenge.realm))?;
        let hash = session.challenge.algorithm().hash()?;
        session.count = session.count.checked_add(1)?;
        let challenge = &session.challenge;
        let with_qop = session.qop.is_some();
        let mut credentials = DigestCredentials {
            username: username(account, challenge, hash, self.config.profile),
            realm: challenge.realm.clone(),
            nonce: challenge.nonce.clone(),
            uri: request.uri.to_owned(),
            algorithm: challenge.algorithm.clone(),
            opaque: challenge.opaque.clone(),
            qop: session.qop.clone(),
            cnonce: with_qop.then(|| session.cnonce.clone()),
            nc: with_qop.then(|| format!("{:08x}", session.count)),
            ..DigestCredentials::default()
        };
        let ha1: Hex = account.secret.ha1(hash, &account.user, &challenge.realm)?;
        let (_, response) = credentials.prove(ha1, request.method, request.body)?;
        credentials.response = response.to_string();
        Some(credentials)
    }
}

/// 26 characters of 5 bits: 130 bits.
const CNONCE_LEN: usize = 26;

//= rfc7616#3.4.4/client-userhash MUST
//# The plain name still goes into A1: only what is sent is hashed.
fn username(account: &Account, challenge: &DigestChallenge, hash: Hash, profile: Profile) -> Username {
    let user = &account.user;
    if challenge.userhash {
        return Username::Hashed(userhash(hash, user, &challenge.realm).to_string());
    }
    // SIP allows UTF-8 in quotes, and its older peers do not know the extended form
    let unquotable = |c: char| c.is_control() || (profile == Profile::Http && !c.is_ascii());
    match user.chars().any(unquotable) {
        true => Username::Extended(user.clone()),
        false => Username::Plain(user.clone()),
    }
}

impl Session {
    fn is_for(&self, realm: &str, nonce: &str) -> bool {
        self.challenge.realm == realm && self.challenge.nonce == nonce
    }

    /// Whether the URI lies in the protection space of RFC 7616 section 3.3.
    //= rfc7616#3.3/prefix-space MAY
    //# Whatever starts with a path or URI of the list.
    //= rfc7616#3.3/no-domain SHOULD
    //# An empty list covers everything.
    //= rfc7616#3.3/proxy-domain MUST
    //# Not looked at when a proxy asked.
    fn covers(&self, uri: &str) -> bool {
        let path = |uri: &str| -> String {
            let after = uri.split_once("://").map_or(uri, |(_, rest)| rest.find('/').map_or("/", |at| &rest[at..]));
            after.to_owned()
        };
        let domain = &self.challenge.domain;
        self.party == Party::Proxy
            || domain.is_empty()
            || domain.iter().any(|d| match d.contains("://") && uri.contains("://") {
                true => uri.starts_with(d.as_str()),
                false => path(uri).starts_with(&path(d)),
            })
    }
}
