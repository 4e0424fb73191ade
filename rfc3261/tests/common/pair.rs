//! User agents on the virtual network.
#![allow(dead_code)]

use std::time::Duration;

use rfc3261::endpoint::Listen;
use rfc3261::message::{NameAddr, Uri};
use rfc3261::ua::{Body, Call, Config, Event, UserAgent};
use sim::{HostId, Link, Network};
use wire::{Instant, Rng, Transport};

pub const ALICE: &str = "10.0.0.1:5060";
pub const BOB: &str = "10.0.0.2:5060";

pub fn agent(user: &str, address: &str, change: impl FnOnce(&mut Config)) -> UserAgent {
    let ip = address.rsplit_once(':').unwrap().0;
    let mut config = Config::new(NameAddr::parse(format!("<sip:{user}@{ip}>")).unwrap());
    change(&mut config);
    let mut agent = UserAgent::new(config, Rng::from_u64(user.bytes().map(u64::from).sum()));
    agent.listen(Listen::new(Transport::Udp, address.parse().unwrap()));
    agent.listen(Listen::new(Transport::Tcp, address.parse().unwrap()));
    agent
}

/// Alice and Bob, 10 ms apart, and all that they told so far.
pub struct Pair {
    pub net: Network<UserAgent>,
    pub alice: HostId,
    pub bob: HostId,
    pub told: Vec<(HostId, Event)>,
}

impl Pair {
    pub fn new() -> Pair {
        Pair::with(|_| {}, |_| {})
    }

    pub fn with(alice: impl FnOnce(&mut Config), bob: impl FnOnce(&mut Config)) -> Pair {
        let mut net = Network::new(7);
        let a = net.add_at(agent("alice", ALICE, alice), ALICE.parse().unwrap());
        let b = net.add_at(agent("bob", BOB, bob), BOB.parse().unwrap());
        net.link(a, b, Link::with_delay(Duration::from_millis(10)));
        Pair { net, alice: a, bob: b, told: Vec::new() }
    }

    pub fn ms(&mut self, ms: u64) {
        let until = self.net.now() + Duration::from_millis(ms);
        let told = &mut self.told;
        self.net.run_with(until, |_, host, event| told.push((host, event)));
    }

    pub fn at<R>(&mut self, host: HostId, f: impl FnOnce(&mut UserAgent, Instant) -> R) -> R {
        self.net.command(host, f)
    }

    /// What one of them told since the last call.
    pub fn told(&mut self, host: HostId) -> Vec<Event> {
        let (out, rest) = std::mem::take(&mut self.told).into_iter().partition(|(h, _)| *h == host);
        self.told = rest;
        let out: Vec<(HostId, Event)> = out;
        out.into_iter().map(|(_, event)| event).collect()
    }

    pub fn one(&mut self, host: HostId) -> Event {
        let mut told = self.told(host);
        assert_eq!(told.len(), 1, "{told:?}");
        told.remove(0)
    }

    /// Alice calls; Bob's call once it has arrived.
    pub fn ringing(&mut self) -> (Call, Call) {
        self.ringing_with(rfc3261::ua::Invitation::sdp("offer"))
    }

    pub fn ringing_with(&mut self, invitation: rfc3261::ua::Invitation) -> (Call, Call) {
        let to = Uri::parse(format!("sip:bob@{BOB}")).unwrap();
        let alice = self.alice;
        let call = self.at(alice, |ua, now| ua.invite(now, to, invitation)).unwrap();
        self.ms(50);
        match self.told(self.bob).pop() {
            Some(Event::Incoming { call: theirs, .. }) => (call, theirs),
            other => panic!("not incoming: {other:?}"),
        }
    }

    /// A call that is up, with nothing left to tell.
    pub fn up(&mut self) -> (Call, Call) {
        let (a, b) = self.ringing();
        let bob = self.bob;
        self.at(bob, |ua, now| ua.accept(now, b, Some(Body::sdp("answer")))).unwrap();
        self.ms(100);
        self.told.clear();
        (a, b)
    }

    /// After the longest timer nothing is left on either side.
    pub fn is_empty(&mut self) {
        self.ms(70_000);
        for host in [self.alice, self.bob] {
            let ua = self.net.machine(host);
            let stats = ua.endpoint().stats();
            assert_eq!((stats.clients, stats.servers), (0, 0), "transactions are left");
            let load = ua.load();
            assert_eq!((load.calls, load.requests, load.dialogs), (0, 0, 0), "state is left");
        }
    }
}
