//! The virtual clock, deadlines, lookups, and the ways to run.
mod common;

use std::time::Duration;

use common::{Puppet, at, ms, network};
use sim::{Network, Node};
use wire::{Input, Instant, Machine, Output, QueryId, ResolveError};

#[test]
fn deadlines_are_told_at_their_very_time() {
    let (mut net, hosts) = network(1, 3);
    for (host, when) in [(0, 300), (1, 100), (2, 200)] {
        net.machine_mut(hosts[host]).deadline = Some(ms(when));
    }
    assert!(net.run_until_idle(Instant::FAR));
    let told: Vec<_> = net.events().iter().map(|h| (h.host, h.at)).collect();
    assert_eq!(told, [(hosts[1], ms(100)), (hosts[2], ms(200)), (hosts[0], ms(300))]);
}

#[test]
fn a_deadline_may_move_both_ways() {
    let (mut net, hosts) = network(2, 1);
    net.machine_mut(hosts[0]).deadline = Some(ms(100));
    net.run_until(ms(50));
    net.machine_mut(hosts[0]).deadline = Some(ms(1_000));
    net.run_until(ms(500));
    assert!(net.events().is_empty(), "it was put off");
    net.machine_mut(hosts[0]).deadline = Some(ms(600));
    net.run_until(ms(5_000));
    assert_eq!(net.events().iter().map(|h| h.at).collect::<Vec<_>>(), [ms(600)]);
    net.machine_mut(hosts[0]).deadline = Some(ms(1));
    net.run_until(ms(5_000));
    assert_eq!(net.events()[0].at, ms(5_000), "what is past comes at once");
}

#[test]
fn a_million_hours_cost_nothing() {
    let (mut net, _) = network(3, 2);
    net.run_for(Duration::from_secs(3_600_000_000));
    assert_eq!(net.stats().inputs, 0);
}

#[test]
#[should_panic(expected = "keeps a deadline that has come")]
fn a_machine_that_never_moves_its_deadline_is_found_out() {
    struct Stuck;
    impl Machine for Stuck {
        type Event = ();
        fn handle(&mut self, _: Instant, _: Input) {}
        fn poll(&mut self) -> Option<Output<()>> {
            None
        }
        fn deadline(&self) -> Option<Instant> {
            Some(Instant::ZERO)
        }
    }
    let mut net = Network::new(1);
    net.add(Stuck);
    net.run_for(Duration::from_secs(1));
}

#[test]
fn lookups_are_answered_from_the_table() {
    let (mut net, hosts) = network(4, 1);
    net.add_name("Proxy.Example", &["10.0.0.1".parse().unwrap(), "2001:db8::1".parse().unwrap()]);
    net.add_name("broken.example", &[]);
    for (n, name) in
        ["proxy.example.", "192.0.2.7", "[2001:db8::7]", "unknown.example", "broken.example"].iter().enumerate()
    {
        net.machine_mut(hosts[0]).resolve(n as u64, name);
    }
    assert!(net.run_until_idle(ms(1_000)));
    let mut answers: Vec<_> = net
        .events()
        .into_iter()
        .map(|h| match h.event {
            Input::Resolved { query: QueryId(n), answer } => (n, h.at, answer),
            other => panic!("{other:?}"),
        })
        .collect();
    answers.sort_by_key(|a| a.0);
    let address = |text: &str| text.parse().unwrap();
    assert_eq!(answers[0], (0, ms(20), Ok(vec![address("10.0.0.1:7"), address("[2001:db8::1]:7")])));
    assert_eq!(answers[1], (1, ms(0), Ok(vec![address("192.0.2.7:7")])));
    assert_eq!(answers[2], (2, ms(0), Ok(vec![address("[2001:db8::7]:7")])));
    assert_eq!(answers[3].2, Err(ResolveError::NotFound));
    assert_eq!(answers[4].2, Err(ResolveError::Unavailable));
}

#[test]
fn a_callback_may_command_every_machine() {
    let (mut net, hosts) = network(5, 3);
    net.machine_mut(hosts[0]).datagram(at(0), at(1), "0");
    let mut heard = 0;
    net.run_with(ms(1_000), |net, host, event| {
        let Input::Datagram { .. } = event else { return };
        heard += 1;
        let (from, to) = (host.index() as u8, (host.index() as u8 + 1) % 3);
        net.command(host, |puppet, _now| puppet.datagram(at(from), at(to), "next"));
    });
    assert_eq!((heard, net.now()), (100, ms(1_000)));
}

#[test]
fn next_stops_at_each_event_and_at_the_limit() {
    let (mut net, hosts) = network(6, 2);
    net.machine_mut(hosts[0]).datagram(at(0), at(1), "x");
    let happened = net.next(ms(1_000)).unwrap();
    assert_eq!((happened.at, happened.host, net.now()), (ms(10), hosts[1], ms(10)));
    assert!(net.next(ms(1_000)).is_none());
    assert_eq!(net.now(), ms(1_000));
}

/// Two types of machine in one network.
enum Told {
    Puppet(Input),
    Count(u32),
}

impl From<Input> for Told {
    fn from(input: Input) -> Told {
        Told::Puppet(input)
    }
}

impl From<u32> for Told {
    fn from(count: u32) -> Told {
        Told::Count(count)
    }
}

struct Counter(u32, Option<u32>);

impl Machine for Counter {
    type Event = u32;
    fn handle(&mut self, _: Instant, _: Input) {
        self.0 += 1;
        self.1 = Some(self.0);
    }
    fn poll(&mut self) -> Option<Output<u32>> {
        self.1.take().map(Output::Event)
    }
    fn deadline(&self) -> Option<Instant> {
        None
    }
}

#[test]
fn machines_of_different_types_share_a_network() {
    let mut net: Network<Node<Told>> = Network::new(7);
    let puppet = net.add_at(Node::new(Puppet::echo()), at(0));
    let counter = net.add_at(Node::new(Counter(0, None)), at(1));
    net.machine_mut(puppet).downcast_mut::<Puppet>().unwrap().datagram(at(0), at(1), "count me");
    net.machine_mut(puppet).downcast_mut::<Puppet>().unwrap().datagram(at(0), at(0), "echo me");
    net.run_until(ms(15));
    let (mut counted, mut heard) = (0, Vec::new());
    for happened in net.events() {
        match happened.event {
            Told::Count(n) => counted = n,
            Told::Puppet(input) => heard.push(input),
        }
    }
    assert_eq!(counted, 1);
    assert!(heard.len() > 1, "the echo talks to itself");
    assert_eq!(net.machine(counter).downcast_ref::<Counter>().unwrap().0, 1);
    assert!(net.machine(counter).downcast_ref::<Puppet>().is_none());
}
