//! One request of ours on its way: finding an address, sending, answering challenges, trying the next address or the
//! next URI (sections 8.1.2 and 8.1.3).

use std::collections::VecDeque;
use std::net::SocketAddr;

use bytestring::ByteString;
use rfc2617::{Challenge, Credentials, Limits, Party};
use wire::{Instant, Output, QueryId, ResolveError, Transport};

use super::locate::{self, Place};
use super::{Call, Error, Exchange, Registration, UserAgent, reply};
use crate::endpoint::{ClientId, Sent, Target};
use crate::message::{CSeq, Contact, Method, Name, Request, Response, Uri};

/// A request of ours, with what is needed to send it again another way.
#[derive(Debug)]
pub(super) struct Attempt {
    pub purpose: Purpose,
    /// The request without Via.
    pub request: Request,
    /// Where it goes.
    pub hop: Uri,
    pub transport: Transport,
    /// Addresses of the host that were not tried yet.
    pub addresses: VecDeque<SocketAddr>,
    /// Where it went last.
    pub target: Option<Target>,
    /// What its Contact says, and whether as a sips URI.
    pub contact: Presence,
    pub secure: bool,
    /// How many challenges it has answered.
    challenges: usize,
    /// The credentials that it carries.
    tried: Vec<(Party, Credentials)>,
    /// URIs that it was redirected to and has not tried; those it has tried.
    waiting: VecDeque<Uri>,
    visited: Vec<Uri>,
    /// A 2xx to an INVITE by To tag: its ACK, once that is sent.
    pub acks: Vec<(ByteString, Option<Sent>)>,
    /// A final response has been processed.
    pub over: bool,
}

/// What a request is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Begins a call.
    Invite(Call),
    /// Changes its session.
    ReInvite(Call),
    /// Ends it; nobody waits for the outcome.
    Bye,
    /// The ACK to a 2xx: the INVITE's transaction, and the To tag.
    Ack(ClientId, ByteString),
    /// Within a call, or without one.
    Exchange(Exchange, Option<Call>),
    Register(Registration),
}

/// Whether and how a request says where we are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Presence {
    /// No Contact.
    None,
    /// Where we can be reached.
    Contact,
    /// The same for so many seconds; and an older place that we are no longer at.
    Binding(u32, Option<Uri>),
}

impl Attempt {
    pub fn new(purpose: Purpose, request: Request, hop: Uri, transport: Transport) -> Attempt {
        let contact = match request.method {
            //= rfc3261#11.1/contact MAY
            //# OPTIONS has one as well.
            //= rfc3261#8.1.1.8/one MUST
            //# INVITE has one; it is made when the way is known, because the local address depends on it.
            Method::Invite | Method::Subscribe | Method::Update | Method::Refer | Method::Options => Presence::Contact,
            //= rfc3428#4/no-contact MUST NOT
            //# MESSAGE is not among them.
            _ => Presence::None,
        };
        let visited = vec![request.uri.clone()];
        let secure = request.uri.is_sips() || hop.is_sips();
        Attempt {
            secure,
            purpose,
            request,
            hop,
            transport,
            addresses: VecDeque::new(),
            target: None,
            contact,
            challenges: 0,
            tried: Vec::new(),
            waiting: VecDeque::new(),
            visited,
            acks: Vec::new(),
            over: false,
        }
    }
}

impl UserAgent {
    /// Sends a request of ours: at once when its destination is an address, else once that is known.
    pub(super) fn dispatch(&mut self, now: Instant, mut attempt: Attempt) -> Result<(), Error> {
        if self.attempts.len() + self.lookups.len() >= self.config.max_requests {
            return Err(Error::Busy);
        }
        //= rfc3261#8.1.2/lookup MUST
        //# Addresses and the transport of the URI; of the procedures of RFC 3263 only the lookup of the host.
        match locate::place(&attempt.hop, self.config.transport, attempt.request.uri.is_sips()) {
            //= rfc3261#19.1.5/refuse-unsupported SHOULD
            //# A transport that nobody knows is refused.
            None => Err(Error::Address),
            //= rfc3261#8.1.2/local-tls MUST
            //# The proxy of the configuration is reached by TLS as well, if the request is for a sips URI.
            Some(Place::Address(transport, address)) => {
                (attempt.transport, attempt.addresses) = (transport, VecDeque::from([address]));
                self.launch(now, attempt)
            }
            Some(Place::Name(transport, host, port)) => {
                attempt.transport = transport;
                let query = QueryId(self.number());
                self.lookups.insert(query, attempt);
                self.out.push_back(Output::Resolve { query, host, port });
                Ok(())
            }
        }
    }

    /// A lookup was answered.
    pub(super) fn resolved(&mut self, now: Instant, query: QueryId, answer: Result<Vec<SocketAddr>, ResolveError>) {
        let Some(mut attempt) = self.lookups.remove(&query) else { return };
        attempt.addresses = answer.unwrap_or_default().into_iter().take(self.config.max_addresses).collect();
        let purpose = attempt.purpose.clone();
        if attempt.addresses.is_empty() {
            return self.unreachable(now, attempt);
        }
        if self.launch(now, attempt).is_err() {
            self.failed(now, purpose, 503, None);
        }
    }

    /// Sends to the next address.
    //= rfc3261#8.1.2/try-each SHOULD
    //# Called again after a failure; the endpoint makes a new branch each time.
    fn launch(&mut self, now: Instant, mut attempt: Attempt) -> Result<(), Error> {
        let Some(remote) = attempt.addresses.pop_front() else { return Err(Error::NoListener) };
        let target = Target::new(attempt.transport, remote);
        (attempt.target, attempt.over) = (Some(target), false);
        //= rfc3261#12.2.1.1/contact SHOULD
        //# Made for each request that refreshes the target.
        let secure = attempt.secure;
        match &attempt.contact {
            Presence::None => {}
            Presence::Contact => {
                let contact = self.contact(&target, secure).ok_or(Error::NoListener)?;
                attempt.request.headers.set(Name::Contact, format!("<{contact}>"));
            }
            Presence::Binding(expires, old) => {
                let contact = self.contact(&target, secure).ok_or(Error::NoListener)?;
                attempt.request.headers.set(Name::Contact, format!("<{contact}>;expires={expires}"));
                if let Purpose::Register(registration) = attempt.purpose {
                    self.registering(registration, contact.clone(), target);
                }
                if let Some(old) = old.as_ref().filter(|old| !old.matches(&contact)) {
                    attempt.request.headers.push(Name::Contact, format!("<{old}>;expires=0"));
                }
            }
        }
        if let Purpose::Ack(invite, tag) = &attempt.purpose {
            let sent = self.endpoint.send(now, attempt.request.clone(), target)?;
            let acks = self.attempts.get_mut(invite).map(|a| &mut a.acks);
            if let Some((_, ack)) = acks.and_then(|acks| acks.iter_mut().find(|(t, _)| t == tag)) {
                *ack = Some(sent);
            }
            return Ok(());
        }
        let id = self.endpoint.request(now, attempt.request.clone(), target)?;
        if let Purpose::Invite(call) | Purpose::ReInvite(call) = &attempt.purpose {
            self.inviting(now, *call, id);
        }
        self.attempts.insert(id, attempt);
        Ok(())
    }

    /// A request could not be sent, or nobody answered: the next address, or the end.
    //= rfc3261#8.1.3.1/timeout-408 MUST
    //# The caller of this says 408.
    //= rfc3261#8.1.3.1/transport-503 MUST
    //# The caller of this says 503.
    pub(super) fn unanswered(&mut self, now: Instant, id: ClientId, status: u16) {
        let Some(attempt) = self.attempts.get_mut(&id) else { return };
        if std::mem::replace(&mut attempt.over, true) {
            return;
        }
        let again = !attempt.addresses.is_empty() && !self.given_up(id);
        let Some(attempt) = self.attempts.remove(&id) else { return };
        let purpose = attempt.purpose.clone();
        if again && self.launch(now, attempt).is_ok() {
            return;
        }
        self.failed(now, purpose, status, None);
    }

    fn unreachable(&mut self, now: Instant, mut attempt: Attempt) {
        let purpose = attempt.purpose.clone();
        if let Some(next) = attempt.waiting.pop_front()
            && self.redirect_to(now, attempt, next).is_ok()
        {
            return;
        }
        self.failed(now, purpose, 503, None);
    }

    /// Looks at a final response, not a 2xx to an INVITE: sends the request another way if it can go on, else says what
    /// it was for.
    //= rfc3261#21.4/no-same-retry SHOULD NOT
    //# The same address gets it again only with credentials.
    //= rfc3261#21.4.4/no-repeat SHOULD NOT
    //# 403 is the end.
    pub(super) fn next(&mut self, now: Instant, id: ClientId, response: &Response) -> Option<Purpose> {
        let given_up = self.given_up(id);
        let attempt = self.attempts.remove(&id)?;
        let status = response.status.0;
        //= rfc3261#8.1.3.2/final-x00 MUST
        //# Apart from the numbers named here, only the class counts.
        match status {
            _ if given_up => {}
            401 | 407 => return self.challenged(now, attempt, response),
            //= rfc3261#21.5.4/elsewhere SHOULD
            //# The next address of the name.
            408 | 503 if !attempt.addresses.is_empty() => {
                let spare = attempt.addresses.clone();
                let mut again = attempt;
                self.renumber(&mut again);
                again.addresses = spare;
                let purpose = again.purpose.clone();
                if self.launch(now, again).is_err() {
                    self.failed(now, purpose, status, Some(response));
                }
                return None;
            }
            // 305 and 380 are for the application.
            300..=302 => return self.redirected(now, attempt, response),
            400.. if !attempt.waiting.is_empty() => {
                //= rfc3261#8.1.3.4/failure-codes SHOULD
                //# A failure of one Contact leads to the next.
                //= rfc3261#8.1.3.4/try-next SHOULD
                //# In their order.
                let mut attempt = attempt;
                let Some(next) = attempt.waiting.pop_front() else { return Some(attempt.purpose) };
                let purpose = attempt.purpose.clone();
                if self.redirect_to(now, attempt, next).is_err() {
                    self.failed(now, purpose, status, Some(response));
                }
                return None;
            }
            _ => {}
        }
        Some(attempt.purpose)
    }

    /// 401 and 407 (section 22.2).
    //= rfc3261#8.1.3.5/401-407 SHOULD
    //# The same request with credentials, if there are any for it.
    //= rfc3261#8.1.3.5/same-ids SHOULD
    //# To, From and Call-ID stay, the number grows.
    //= rfc3261#22.2/retry SHOULD
    //# With the account for the realm, if there is one.
    //= rfc3261#22.3/retry SHOULD
    //# With the account for the realm, if there is one.
    //= rfc3261#21.4.8/authenticate MUST
    //# The request goes no other way.
    //= rfc3261#26.3.1/digest MUST
    //# By room rfc2617, for both kinds of challenge.
    fn challenged(&mut self, now: Instant, mut attempt: Attempt, response: &Response) -> Option<Purpose> {
        if attempt.challenges >= self.config.max_challenges {
            return Some(attempt.purpose);
        }
        attempt.challenges += 1;
        let mut any = false;
        for (party, challenge, answer) in [
            (Party::Server, Name::WwwAuthenticate, Name::Authorization),
            (Party::Proxy, Name::ProxyAuthenticate, Name::ProxyAuthorization),
        ] {
            let limits = Limits::default();
            let values = response.headers.raw_all(challenge);
            let challenges: Vec<Challenge> =
                values.filter_map(|v| Challenge::parse_all(v, &limits).ok()).flatten().take(16).collect();
            if challenges.is_empty() {
                continue;
            }
            let of_party = |(p, _): &&(Party, Credentials)| *p == party;
            let tried: Vec<Credentials> = attempt.tried.iter().filter(of_party).map(|(_, c)| c.clone()).collect();
            let uri = attempt.request.uri.to_string();
            let method = attempt.request.method.clone();
            let request = rfc2617::Request { method: method.as_str(), uri: &uri, body: &attempt.request.body };
            let Some(auth) = self.auth(&attempt.purpose) else { continue };
            let Ok(credentials) = auth.answer(party, &challenges, &tried, &request) else { continue };
            any = true;
            // Credentials of other realms stay: each proxy on the way looks for its own.
            let realm = |c: &Credentials| c.digest().map(|d| d.realm.clone());
            attempt.tried.retain(|(p, c)| *p != party || !credentials.iter().any(|new| realm(new) == realm(c)));
            attempt.tried.extend(credentials.into_iter().map(|c| (party, c)));
            attempt.request.headers.remove(answer.clone());
            for (_, c) in attempt.tried.iter().filter(of_party) {
                attempt.request.headers.push(answer.clone(), c);
            }
        }
        if !any {
            return Some(attempt.purpose);
        }
        self.renumber(&mut attempt);
        let purpose = attempt.purpose.clone();
        if let Some(target) = attempt.target {
            attempt.addresses.push_front(target.remote);
        }
        match self.launch(now, attempt) {
            Ok(()) => {}
            Err(_) => self.failed(now, purpose, 503, Some(response)),
        }
        None
    }

    /// Puts the credentials of earlier challenges on a request, so that it is not challenged again.
    pub(super) fn authorize(&mut self, attempt: &mut Attempt) {
        let uri = attempt.request.uri.to_string();
        let method = attempt.request.method.clone();
        for (party, name) in [(Party::Server, Name::Authorization), (Party::Proxy, Name::ProxyAuthorization)] {
            let request = rfc2617::Request { method: method.as_str(), uri: &uri, body: &attempt.request.body };
            let Some(auth) = self.auth(&attempt.purpose) else { return };
            for credentials in auth.authorize(party, &request) {
                attempt.request.headers.push(name.clone(), &credentials);
                attempt.tried.push((party, credentials));
            }
        }
    }

    /// 3xx (section 8.1.3.4).
    //= rfc3261#8.1.3.4/follow SHOULD
    //# Unless switched off, for requests that begin something.
    //= rfc3261#21.3.2/retry SHOULD
    //# At the Contacts, in order of preference.
    //= rfc3261#21.3.3/retry SHOULD
    //# At the Contacts, in order of preference.
    //= rfc3261#21.3.3/no-cache MUST NOT
    //# Contacts are remembered with the request and forgotten with it.
    fn redirected(&mut self, now: Instant, mut attempt: Attempt, response: &Response) -> Option<Purpose> {
        let outside = attempt.request.headers.to().ok().flatten().is_none_or(|to| to.tag().is_none());
        let may = matches!(attempt.request.method, Method::Invite | Method::Message | Method::Options) && outside;
        if !may || !self.config.follow_redirects {
            return Some(attempt.purpose);
        }
        let mut contacts: Vec<(u16, Uri)> = response
            .headers
            .list::<Contact>()
            .filter_map(Result::ok)
            .filter(|c| c.uri().is_sip_or_sips())
            .map(|c| (c.q().unwrap_or(1000), c.uri().without_headers().without_param("method")))
            .take(32)
            .collect();
        contacts.sort_by_key(|(q, _)| std::cmp::Reverse(*q));
        for (_, uri) in contacts {
            //= rfc3261#8.1.3.4/once MUST NOT
            //# Compared with those tried and those that wait.
            let known = attempt.visited.iter().chain(&attempt.waiting).any(|v| v.matches(&uri));
            if !known && attempt.visited.len() + attempt.waiting.len() < self.config.max_redirects {
                attempt.waiting.push_back(uri);
            }
        }
        let Some(next) = attempt.waiting.pop_front() else { return Some(attempt.purpose) };
        let purpose = attempt.purpose.clone();
        if self.redirect_to(now, attempt, next).is_err() {
            self.failed(now, purpose, response.status.0, Some(response));
        }
        None
    }

    //= rfc3261#8.1.3.4/uri-copied MUST
    //# The URI came here without method and headers.
    //= rfc3261#8.1.3.4/same-ids SHOULD
    //# Only Request-URI, CSeq and Via change.
    //= rfc3261#8.1.3.4/new-branch MUST
    //# The endpoint makes one.
    //= rfc3261#8.1.3.4/rest-same SHOULD
    //# All else stays, credentials apart, which belong to the URI.
    fn redirect_to(&mut self, now: Instant, mut attempt: Attempt, uri: Uri) -> Result<(), Error> {
        attempt.visited.push(uri.clone());
        attempt.request.uri = uri;
        attempt.request.headers.remove(Name::Authorization);
        attempt.request.headers.remove(Name::ProxyAuthorization);
        attempt.tried.clear();
        attempt.request.headers.remove(Name::Route);
        attempt.hop = reply::preload(&mut attempt.request, self.config.proxy.as_ref());
        self.renumber(&mut attempt);
        self.dispatch(now, attempt)
    }

    /// Gives a request that is sent again the next number: that of its dialog, if it has one.
    //= rfc3261#22.2/cseq MUST
    //# One more than before.
    fn renumber(&mut self, attempt: &mut Attempt) {
        let own = attempt.request.headers.cseq().ok().flatten().map_or(0, |c| c.number).saturating_add(1);
        let dialog = match attempt.purpose {
            Purpose::ReInvite(call) | Purpose::Exchange(_, Some(call)) => self.dialog_mut(call),
            _ => None,
        };
        let number = dialog.map_or(own, |d| d.next_number());
        let method = attempt.request.method.clone();
        attempt.request.headers.set(Name::CSeq, CSeq::new(number, method));
        if let Purpose::Register(registration) = attempt.purpose {
            self.registered_number(registration, number);
        }
    }
}
