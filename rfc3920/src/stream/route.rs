//! The way to a connection: targets and their addresses in turn, and the waits between tries.

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use wire::{CloseReason, ConnId, Instant, Output, QueryId, ResolveError, Rng, Transport};

use super::config::Timing;
use super::state::{State, Stimulus};
use super::{Client, Error, Event, Kind, Link, Target};
use crate::jid::Jid;

/// What is left to try.
#[derive(Default)]
pub(super) struct Route {
    targets: VecDeque<Target>,
    /// The one whose addresses are tried.
    pub target: Option<Target>,
    addresses: VecDeque<SocketAddr>,
    /// Lookups so far; the last one is the one that counts.
    queries: u64,
    /// Connections so far.
    conns: u64,
    /// Why a try of this round failed: the first one that only a person can mend, or else the last.
    error: Option<Error>,
    /// `see-other-host` in a row.
    pub redirects: u32,
    /// Where the next round begins: `see-other-host`, or where the server would like to resume.
    pub hint: Option<Target>,
    /// The host of a `see-other-host` without a port, whose own records say where it is.
    pub elsewhere: Option<String>,
    /// This round began at a hint, and nobody was asked for the domain's targets.
    hint_alone: bool,
    /// `<starttls/>` was sent though nothing offered it.
    pub not_offered: bool,
    /// The wished resource was not to be had on this connection.
    pub any_resource: bool,
    /// The last session ended with a conflict, which was about its resource.
    pub conflict: bool,
    /// Rounds that failed, in a row.
    pub failures: u32,
    /// Since when there is a session on the connection.
    pub online: Option<Instant>,
}

impl Route {
    fn note(&mut self, error: Error) {
        if !self.error.as_ref().is_some_and(Error::is_final) {
            self.error = Some(error);
        }
    }

    /// How long to wait before the next round: doubled for each failure, and at random between half and all of that.
    //= rfc6120#3.3/backoff SHOULD
    //# Doubled for each failure, up to a limit.
    //= rfc6120#3.3/random SHOULD
    //# Drawn from the upper half of that, so that a thousand clients of one server do not come back at once.
    pub fn wait(&mut self, timing: &Timing, rng: &mut Rng) -> Duration {
        let doubled = timing.backoff.saturating_mul(1 << self.failures.min(20));
        self.failures = self.failures.saturating_add(1);
        doubled.min(timing.backoff_limit).mul_f64(0.5 + rng.unit() / 2.0)
    }
}

impl Client {
    /// Begins a round of tries.
    pub(super) fn begin(&mut self) {
        //= rfc6120#4.9.3.3/another MUST
        //# After a conflict the server chooses a resource, until a session stands again.
        (self.route.error, self.route.any_resource) = (None, self.route.conflict);
        self.route.addresses.clear();
        let domain = self.config.jid.domain().to_owned();
        if let Some(host) = self.route.elsewhere.take().filter(|_| self.config.targets.is_empty()) {
            return self.discover(host);
        }
        let known = match &self.config.targets {
            targets if !targets.is_empty() => targets.clone(),
            _ if domain.trim_matches(['[', ']']).parse::<IpAddr>().is_ok() => {
                vec![Target::new(domain.trim_matches(['[', ']']), 5222, Kind::StartTls)]
            }
            _ => Vec::new(),
        };
        self.route.hint_alone = self.route.hint.is_some() && known.is_empty();
        self.route.targets = self.route.hint.take().into_iter().chain(known).take(self.config.limits.targets).collect();
        match self.route.targets.is_empty() {
            true => self.discover(domain),
            false => self.next_target(),
        }
    }

    fn discover(&mut self, domain: String) {
        let domain = Jid::parse(&domain).map_or(domain, |jid| jid.domain_ascii().into_owned());
        self.go(Stimulus::Discover, self.config.timing.discovery);
        self.outputs.push_back(Output::Event(Event::Discover { domain }));
    }

    /// The application found these.
    pub(super) fn found(&mut self, targets: Vec<Target>) {
        self.route.targets = targets.into_iter().take(self.config.limits.targets).collect();
        self.next_target();
    }

    /// Tries the next target, or gives up this round.
    //= rfc6120#13.9.2/resolve-first MUST NOT
    //# A name is looked up, and its addresses are connected to, never the name.
    pub(super) fn next_target(&mut self) {
        while let Some(target) = self.route.targets.pop_front() {
            if target.kind == Kind::InsecureWebSocket && !self.config.insecure {
                self.route.note(Error::Insecure);
                continue;
            }
            self.route.target = Some(target.clone());
            match target.host.parse::<IpAddr>() {
                Ok(ip) => {
                    self.route.addresses = VecDeque::from([SocketAddr::new(ip, target.port)]);
                    return self.next_address();
                }
                Err(_) => {
                    self.route.queries += 1;
                    self.go(Stimulus::Lookup, self.config.timing.discovery);
                    let query = QueryId(self.route.queries);
                    self.outputs.push_back(Output::Resolve { query, host: target.host, port: target.port });
                    return;
                }
            }
        }
        if std::mem::take(&mut self.route.hint_alone) {
            return self.discover(self.config.jid.domain().to_owned());
        }
        let error = self.route.error.take().unwrap_or(Error::NoTarget);
        self.end(error);
    }

    /// Tries the next address of the target, or the next target.
    fn next_address(&mut self) {
        let (Some(remote), Some(target)) = (self.route.addresses.pop_front(), self.route.target.clone()) else {
            return self.next_target();
        };
        self.route.conns += 1;
        let conn = ConnId::outbound(self.route.conns);
        self.go(Stimulus::Dial, self.config.timing.connect);
        //= rfc7395#3.9/wss MUST
        //# WebSocket is asked for over TLS; in the clear it is for tests that say so.
        let transport = match target.kind {
            Kind::StartTls => Transport::Tcp,
            Kind::DirectTls => Transport::Tls,
            Kind::WebSocket => Transport::Wss,
            Kind::InsecureWebSocket => Transport::Ws,
        };
        self.link = Some(Link::new(conn, target, &self.config.limits));
        self.outputs.push_back(Output::Connect { conn, transport, remote });
    }

    /// The answer of a lookup.
    pub(super) fn resolved(&mut self, query: QueryId, answer: Result<Vec<SocketAddr>, ResolveError>) {
        if self.state != State::Resolving || query.0 != self.route.queries {
            return; // of an earlier round
        }
        match answer {
            Ok(addresses) if !addresses.is_empty() => {
                self.route.addresses = addresses.into_iter().take(self.config.limits.addresses).collect();
                self.next_address();
            }
            _ => {
                let target = self.route.target.take();
                self.route.note(target.map_or(Error::NoTarget, Error::NotFound));
                self.next_target();
            }
        }
    }

    /// A connection did not come to a stream: the next one.
    //= rfc6120#3.2.1/next-address SHOULD
    //# Every address of a target, then every further target, is tried before the round counts as failed.
    pub(super) fn try_next(&mut self, error: Error) {
        self.route.note(error);
        self.drop_link();
        self.next_address();
    }

    /// A connection is gone.
    pub(super) fn closed(&mut self, reason: CloseReason) {
        let error = match reason {
            CloseReason::Untrusted => Error::Untrusted,
            reason => Error::Connection(reason),
        };
        let heard = self.link.take().is_some_and(|link| link.heard);
        match self.state {
            State::Closing => self.end(Error::Closed),
            _ if !heard => self.try_next(error),
            State::Online if reason == CloseReason::Peer => self.end(Error::Ended),
            _ => self.end(error),
        }
    }
}
