//! Where a domain's servers are.

mod common;

use std::collections::BTreeMap;
use std::time::Duration;

use common::{Options, Rig, config};
use rfc3920::jid::Jid;
use rfc3920::stream::discovery::{Answer, Srv, targets};
use rfc3920::stream::{CommandError, Error, Event, Kind, State, Target};
use wire::{Input, Machine, Output, QueryId, ResolveError, Rng};

fn srv(priority: u16, weight: u16, port: u16, target: &str) -> Srv {
    Srv { priority, weight, port, target: target.into() }
}

fn order(starttls: &Answer, direct: &Answer, seed: u64) -> Vec<String> {
    let targets = targets("wonderland.example", starttls, direct, &mut Rng::from_u64(seed));
    targets.iter().map(|t| format!("{}:{}", t.host, t.port)).collect()
}

//= rfc2782#priority/lowest-first test
//= xep-0368#2/mix test
#[test]
fn both_services_are_mixed_by_priority() {
    let tcp = Answer::Records(vec![srv(30, 0, 3, "c.example."), srv(10, 0, 1, "a.example.")]);
    let tls = Answer::Records(vec![srv(20, 0, 2, "b.example."), srv(40, 0, 4, "d.example")]);
    assert_eq!(order(&tcp, &tls, 1), ["a.example:1", "b.example:2", "c.example:3", "d.example:4"]);
    let kinds: Vec<_> =
        targets("wonderland.example", &tcp, &tls, &mut Rng::from_u64(1)).iter().map(|t| t.kind).collect();
    assert_eq!(kinds, [Kind::StartTls, Kind::DirectTls, Kind::StartTls, Kind::DirectTls]);
}

//= rfc2782#weight/draw test
#[test]
fn weights_share_the_clients() {
    let tcp = Answer::Records(vec![srv(1, 10, 1, "a"), srv(1, 0, 2, "b"), srv(1, 30, 3, "c")]);
    let tls = Answer::Records(vec![srv(1, 60, 4, "d")]);
    let mut first: BTreeMap<String, u32> = BTreeMap::new();
    for seed in 0..10_000 {
        let order = order(&tcp, &tls, seed);
        assert_eq!(order.len(), 4);
        *first.entry(order[0].clone()).or_default() += 1;
    }
    let share = |name: &str| f64::from(first.get(name).copied().unwrap_or(0)) / 10_000.0;
    for (name, expected) in [("a:1", 0.10), ("b:2", 0.01), ("c:3", 0.30), ("d:4", 0.59)] {
        assert!((share(name) - expected).abs() < 0.02, "{name}: {}", share(name));
    }
    assert!(first.contains_key("b:2"), "weight 0 has a small chance");
}

//= rfc2782#target/none test
//= rfc6120#3.2.1/refusal test
//= rfc6120#3.2.1/fallback test
//= rfc6120#3.2.1/no-fallback test
//= rfc6120#3.2.2/origin test
#[test]
fn no_service_and_no_records() {
    let none = Answer::Records(vec![srv(0, 0, 0, ".")]);
    assert!(none.is_refusal());
    let tls = Answer::Records(vec![srv(0, 0, 443, "tls.example.")]);
    assert_eq!(order(&none, &none, 1), [""; 0]);
    assert_eq!(order(&none, &Answer::None, 1), [""; 0], "a refusal is no reason to fall back");
    assert_eq!(order(&none, &tls, 1), ["tls.example:443"]);
    assert_eq!(order(&Answer::None, &tls, 1), ["tls.example:443"]);
    assert_eq!(order(&Answer::None, &none, 1), ["wonderland.example:5222"]);
    assert_eq!(order(&Answer::None, &Answer::None, 1), ["wonderland.example:5222"]);
    assert_eq!(order(&Answer::Records(Vec::new()), &Answer::None, 1), ["wonderland.example:5222"]);
}

#[test]
fn the_application_is_asked_for_targets_each_time() {
    let mut config = config();
    config.targets.clear();
    let mut rig = Rig::new(config, Options::default());
    rig.connect();
    assert_eq!(rig.take(), [Event::Discover { domain: "wonderland.example".into() }]);
    rig.client.discovered(rig.now, vec![Target::new("192.0.2.5", 5222, Kind::StartTls)]).unwrap();
    assert_eq!(rig.client.discovered(rig.now, Vec::new()), Err(CommandError::NotAsked));
    rig.run();
    assert!(rig.online().is_some());
    rig.take();
    rig.drop_connection();
    rig.pass(Duration::from_secs(2));
    assert!(rig.events.contains(&Event::Discover { domain: "wonderland.example".into() }), "{:?}", rig.events);
    rig.client.discovered(rig.now, Vec::new()).unwrap();
    rig.run();
    assert_eq!(rig.final_error(), Some(&Error::NoTarget));
}

#[test]
fn an_answer_that_does_not_come_is_a_failure_to_try_again() {
    let mut config = config();
    config.targets.clear();
    let mut rig = Rig::new(config, Options::default());
    rig.connect();
    rig.pass(rig.client.config().timing.discovery);
    assert!(matches!(rig.offline(), Some((Error::Timeout(_), Some(_)))), "{:?}", rig.events);
}

#[test]
fn a_domain_that_is_an_address_is_its_own_target() {
    for (domain, remote) in [("192.0.2.9", "192.0.2.9:5222"), ("[2001:db8::9]", "[2001:db8::9]:5222")] {
        let mut config = config();
        config.targets.clear();
        config.jid = Jid::parse(&format!("alice@{domain}")).unwrap();
        let rig = Rig::connected(config, Options { mute: true, ..Options::default() });
        assert_eq!(rig.dials[0].1, remote);
    }
}

//= rfc6120#13.9.2/resolve-first test
#[test]
fn targets_and_addresses_are_bounded() {
    let mut config = config();
    config.reconnect = false;
    config.targets = (0..100).map(|n| Target::new(format!("{n}.example"), 5222, Kind::StartTls)).collect();
    let mut client = rfc3920::stream::Client::new(config, Rng::from_u64(1));
    let now = wire::Instant::ZERO;
    client.connect(now).unwrap();
    let (mut lookups, mut dials) = (0, 0);
    while let Some(output) = client.poll() {
        match output {
            Output::Resolve { query, port, .. } => {
                lookups += 1;
                let answer = match lookups {
                    1 => Ok((0..100).map(|n| ([192, 0, 2, n], port).into()).collect()),
                    _ => Err(ResolveError::NotFound),
                };
                client.handle(now, Input::Resolved { query: QueryId(9_999), answer: Ok(Vec::new()) }); // not ours
                client.handle(now, Input::Resolved { query, answer });
            }
            Output::Connect { conn, .. } => {
                dials += 1;
                client.handle(now, Input::Closed { conn, reason: wire::CloseReason::Refused });
            }
            _ => {}
        }
    }
    let limits = &client.config().limits;
    assert_eq!((lookups, dials), (limits.targets, limits.addresses));
    assert_eq!(client.state(), State::Idle);
}

#[test]
fn the_dns_is_asked_in_its_own_letters() {
    let mut config = config();
    config.jid = Jid::parse("alice@wörter.example").unwrap();
    config.targets.clear();
    let mut rig = Rig::new(config, Options { mute: true, ..Options::default() });
    rig.connect();
    assert_eq!(rig.take()[..], [Event::Discover { domain: "xn--wrter-jua.example".into() }]);
    rig.client.discovered(rig.now, vec![Target::new("192.0.2.1", 5222, Kind::StartTls)]).unwrap();
    rig.run();
    assert_eq!(rig.server.headers[0].to.as_deref(), Some("wörter.example"));
}
