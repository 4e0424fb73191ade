//! The table that the client goes by, and limits that no other test reaches.

mod common;

use std::collections::BTreeSet;
use std::time::Duration;

use common::{Options, Rig, config};
use rfc3920::sasl;
use rfc3920::stream::{Client, Config, Error, Event, Kind, State, TRANSITIONS, Target, next};
use wire::{Machine, Output, Rng};

#[test]
fn no_state_has_two_ways_by_one_stimulus() {
    for (n, row) in TRANSITIONS.iter().enumerate() {
        for other in &TRANSITIONS[n + 1..] {
            assert!(row.on != other.on || row.from.iter().all(|state| !other.from.contains(state)), "{:?}", row.on);
        }
    }
}

/// The states that can follow, one step or many.
fn reachable(from: State) -> BTreeSet<State> {
    let mut found = BTreeSet::from([from]);
    loop {
        let before = found.len();
        for row in TRANSITIONS {
            let next: Vec<_> = row.from.iter().filter(|s| found.contains(s)).filter_map(|s| next(*s, row.on)).collect();
            found.extend(next);
        }
        if found.len() == before {
            return found;
        }
    }
}

#[test]
fn every_state_is_reached_and_none_is_the_last() {
    let all = reachable(State::Idle);
    assert_eq!(all.len(), 15);
    assert!(all.iter().all(|state| reachable(*state).contains(&State::Idle)));
}

//= rfc6120#4.3.5/not-before test
//= rfc6120#7.1/after-login test
//= rfc6120#13.3/layers test
#[test]
fn no_way_to_stanzas_leads_around_the_login_or_tls_around_its_answer() {
    let into = |to: State| -> Vec<State> {
        TRANSITIONS.iter().filter(|row| row.to == to).flat_map(|row| row.from.iter().copied()).collect()
    };
    assert_eq!(into(State::Online), [State::Features, State::Resuming, State::Binding, State::Enabling]);
    assert_eq!(into(State::Securing), [State::Connecting, State::StartTls]);
    assert_eq!(into(State::Login), [State::Features, State::Login]);
    assert_eq!(into(State::Binding), [State::Features, State::Resuming, State::Binding]);
}

#[test]
fn a_connection_that_never_opens_is_given_up() {
    let mut config = config();
    config.reconnect = false;
    let mut client = Client::new(config, Rng::from_u64(1));
    let now = wire::Instant::from_millis(1);
    client.connect(now).unwrap();
    let dialled = wire::drain(&mut client);
    assert!(matches!(dialled[..], [Output::Connect { .. }]));
    let at = client.deadline().expect("a deadline");
    assert_eq!(at - now, client.config().timing.connect);
    client.handle(at, wire::Input::Time);
    let over = wire::drain(&mut client);
    assert!(
        matches!(over[..], [Output::Close { .. }, Output::Event(Event::Offline { error: Error::Timeout(_), .. })]),
        "{over:?}"
    );
}

#[test]
fn challenges_are_bounded() {
    let mut config = config();
    config.limits.challenges = 0;
    let rig = Rig::connected(config, Options::default());
    assert_eq!(rig.final_error(), Some(&Error::Sasl(sasl::Error::Unexpected)));
}

#[test]
fn features_are_bounded() {
    let mut config = config();
    config.limits.features = 2;
    let rig = Rig::connected(config, Options::default());
    let online = rig.online().expect("a session");
    assert_eq!((online.features.len(), online.managed), (2, false), "binding is within the first two, sm is not");
}

#[test]
fn sessions_of_servers_that_do_not_say_how_long_are_kept_for_a_while() {
    let mut config = config();
    config.timing.backoff = Duration::from_secs(3_000);
    config.timing.backoff_limit = Duration::from_secs(3_000);
    let mut rig = Rig::connected(config, Options { enabled: "", ..Options::default() });
    rig.drop_connection();
    assert!(rig.client.jid().is_some());
    rig.pass(rig.client.config().timing.resume - Duration::from_millis(1));
    assert!(rig.client.jid().is_some());
    rig.pass(Duration::from_millis(1));
    assert!(rig.client.jid().is_none());
}

#[test]
fn time_that_goes_back_counts_as_no_time() {
    let mut rig = Rig::connected(config(), Options::default());
    let now = rig.now;
    rig.client.handle(wire::Instant::ZERO, wire::Input::Time);
    rig.client.send(wire::Instant::ZERO, common::message("back")).unwrap();
    rig.run();
    assert!(rig.client.deadline().is_some_and(|at| at > now));
}

/// The client panics in a debug build when it would leave the table, so that every other test keeps to it too.
#[cfg(debug_assertions)]
#[test]
fn the_client_takes_every_row() {
    let mut taken = BTreeSet::new();
    let mut see = |rig: &Rig| taken.extend(rig.client.taken());
    // Nobody knows a target; then one is a name, which is looked up.
    let mut rig = Rig::new(Config { targets: vec![], ..config() }, Options::default());
    rig.connect();
    let targets = vec![Target::new("xmpp.wonderland.example", 5222, Kind::StartTls)];
    rig.client.discovered(rig.now, targets).unwrap();
    rig.run();
    see(&rig);
    // A login, a session that is resumed, one that the server has forgotten, and the end.
    let mut rig = Rig::connected(config(), Options::default());
    rig.drop_connection();
    rig.pass(Duration::from_secs(3));
    rig.server.kept = None;
    rig.drop_connection();
    rig.pass(Duration::from_secs(3));
    rig.client.close(rig.now);
    rig.run();
    see(&rig);
    let missing: Vec<_> = TRANSITIONS.iter().filter(|row| !taken.iter().any(|(_, on)| *on == row.on)).collect();
    assert!(missing.is_empty(), "never taken: {missing:#?}");
    assert!(taken.iter().all(|(state, on)| next(*state, *on).is_some()));
}
