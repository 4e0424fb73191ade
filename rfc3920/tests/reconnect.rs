//! Ends that are tried again, and how often; ends that are not; redirects; signs of life.

mod common;

use std::time::Duration;

use common::{Options, Rig, config};
use rfc3920::ns;
use rfc3920::stream::{Error, Event, Kind, State, Target};
use wire::{CloseReason, Transport};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3_600);

fn waits(rig: &Rig) -> Vec<wire::Instant> {
    rig.events.iter().filter_map(|e| if let Event::Offline { again, .. } = e { *again } else { None }).collect()
}

fn stream_error(condition: &str) -> String {
    format!(
        "<stream:error xmlns:stream='{}'><{condition} xmlns='{}'/></stream:error></stream:stream>",
        ns::STREAMS,
        ns::STREAM_ERRORS
    )
}

//= rfc6120#3.3/backoff test
//= rfc6120#3.3/random test
#[test]
fn waits_double_up_to_a_limit_and_differ_between_clients() {
    let first = |seed| {
        let mut rig = Rig::seeded(config(), Options::default(), seed);
        rig.refuse = vec![CloseReason::Refused; 20];
        rig.connect();
        rig.pass(HOUR);
        let starts: Vec<_> = waits(&rig).windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert_eq!(rig.dials.len(), 21, "seed {seed}: after an hour and 20 failures it is there");
        assert_eq!(rig.client.state(), State::Online);
        for (n, wait) in starts.iter().enumerate() {
            let most = SECOND.saturating_mul(1 << (n + 1).min(20)).min(SECOND * 300);
            assert!(*wait <= most && *wait >= most / 2, "seed {seed}, wait {n}: {wait:?} of {most:?}");
        }
        starts
    };
    assert_ne!(first(1), first(2), "jitter");
}

#[test]
fn a_stable_connection_makes_the_waits_begin_anew() {
    for (online, again) in [(SECOND * 61, 1), (SECOND, 64)] {
        let mut rig = Rig::new(config(), Options::default());
        rig.refuse = vec![CloseReason::Refused; 6];
        rig.connect();
        while rig.online().is_none() {
            rig.pass(SECOND);
        }
        rig.pass(online);
        rig.drop_connection();
        let wait = *waits(&rig).last().unwrap() - rig.now;
        assert!(wait <= SECOND * again && wait >= SECOND * again / 2, "{wait:?} after {online:?}");
    }
}

//= rfc6120#4.9.1.1/received test
//= rfc6120#4.9.3.3/conflict test
#[test]
fn what_a_person_must_mend_is_told_once() {
    let conditions = [
        ("policy-violation", true),
        ("conflict", true),
        ("not-authorized", true),
        ("host-unknown", true),
        ("host-gone", true),
        ("unsupported-version", true),
        ("system-shutdown", false),
        ("reset", false),
        ("resource-constraint", false),
        ("connection-timeout", false),
        ("internal-server-error", false),
    ];
    for (condition, over) in conditions {
        let mut rig = Rig::connected(config(), Options::default());
        rig.say(&stream_error(condition));
        assert!(rig.server.ended, "{condition}: our stream is closed as well");
        let (error, again) = rig.offline().unwrap_or_else(|| panic!("{condition}"));
        assert!(matches!(error, Error::Stream(error) if error.condition.name() == condition), "{error:?}");
        assert!(error.to_string().contains(condition), "{error}");
        assert_eq!(again.is_none(), over, "{condition}");
        let dials = rig.dials.len();
        rig.pass(HOUR);
        assert_eq!(rig.dials.len() == dials, over, "{condition}");
        assert_eq!(rig.client.state(), if over { State::Idle } else { State::Online }, "{condition}");
    }
}

//= rfc6120#4.4/reciprocal test
#[test]
fn the_servers_end_is_answered() {
    let mut rig = Rig::connected(config(), Options::default());
    rig.say("</stream:stream>");
    assert!(rig.server.ended && !rig.is_connected());
    assert_eq!(rig.offline().unwrap().0, &Error::Ended);
    rig.pass(SECOND * 2);
    assert_eq!(rig.client.state(), State::Online);
}

//= rfc6120#4.4/wait test
//= rfc6120#4.4/refrain test
#[test]
fn nothing_is_sent_after_the_end_of_our_stream_and_what_comes_is_taken() {
    let mut rig = Rig::connected(config(), Options::default());
    rig.server.options.mute = true;
    rig.client.close(rig.now);
    rig.run();
    rig.server.seen.clear();
    rig.take();
    rig.say("<message from='bob@wonderland.example'><body>last words</body></message>");
    rig.say("<iq type='get' id='1' from='bob@wonderland.example'><ping xmlns='urn:xmpp:ping'/></iq>");
    assert!(matches!(rig.take()[..], [Event::Stanza(_)]));
    assert!(rig.client.send(rig.now, common::message("too late")).is_err());
    rig.say("</stream:stream>");
    assert!(rig.server.seen.is_empty());
    assert_eq!(rig.final_error(), Some(&Error::Closed));
}

#[test]
fn without_reconnecting_each_end_is_the_last() {
    let mut config = config();
    config.reconnect = false;
    let mut rig = Rig::connected(config, Options::default());
    rig.drop_connection();
    assert_eq!(rig.final_error(), Some(&Error::Connection(CloseReason::Reset)));
    rig.pass(HOUR);
    assert_eq!(rig.dials.len(), 1);
    rig.take();
    rig.connect(); // by hand, and as a new session
    assert!(rig.online().is_some_and(|online| !online.resumed));
}

#[test]
fn connecting_by_hand_ends_a_wait() {
    let mut rig = Rig::connected(config(), Options::default());
    rig.drop_connection();
    assert_eq!(rig.client.state(), State::Waiting);
    rig.connect();
    assert_eq!(rig.client.state(), State::Online);
}

#[test]
fn closing_ends_a_wait() {
    let mut rig = Rig::connected(config(), Options::default());
    rig.drop_connection();
    rig.client.close(rig.now);
    rig.run();
    assert_eq!(rig.final_error(), Some(&Error::Closed));
    rig.pass(HOUR);
    assert_eq!(rig.dials.len(), 1);
}

//= rfc6120#4.9.3.3/another test
#[test]
fn after_a_conflict_another_resource_is_asked_for() {
    let mut wishful = config();
    wishful.jid = rfc3920::jid::Jid::parse("alice@wonderland.example/garden").unwrap();
    let mut rig = Rig::connected(wishful, Options::default());
    let resource = |rig: &Rig| rig.online().and_then(|online| online.jid.resource()).map(str::to_owned);
    assert_eq!(resource(&rig).as_deref(), Some("garden"));
    rig.say(&stream_error("conflict"));
    assert_eq!(rig.client.state(), State::Idle);
    rig.take();
    rig.connect();
    assert!(resource(&rig).is_some_and(|resource| resource != "garden"), "{:?}", rig.events);
    // once it stands, the next one may have the name again
    rig.drop_connection();
    rig.client.close(rig.now);
    rig.run();
    rig.take();
    rig.connect();
    assert_eq!(resource(&rig).as_deref(), Some("garden"));
}

fn see_other(host: &str) -> String {
    let (streams, errors) = (ns::STREAMS, ns::STREAM_ERRORS);
    format!(
        "<stream:error xmlns:stream='{streams}'><see-other-host xmlns='{errors}'>{host}</see-other-host></stream:error>"
    )
}

//= rfc6120#4.9.3.19/redirect test
//= rfc6120#4.9.3.19/same-rules test
//= rfc6120#4.9.3.19/ipv6 test
#[test]
fn see_other_host_is_followed_at_once() {
    for (host, to) in [
        ("192.0.2.77:5299", "192.0.2.77:5299"),
        ("192.0.2.77", "192.0.2.77:5222"),
        ("[2001:db8::7]:5299", "[2001:db8::7]:5299"),
        ("[2001:db8::7]", "[2001:db8::7]:5222"),
        ("other.example:5299", "192.0.2.7:5299"),
    ] {
        let mut rig = Rig::connected(config(), Options::default());
        rig.say(&see_other(host));
        assert_eq!(rig.dials[1..], [(Transport::Tcp, to.to_owned())], "{host}");
        // our stream to the first one was closed, so this is another session
        assert!(rig.online().is_some_and(|online| !online.resumed), "{host}: {:?}", rig.events);
        let offline = rig.offline().map(|(error, again)| (matches!(error, Error::Stream(_)), again));
        assert_eq!(
            offline,
            Some((true, Some(rig.now))),
            "{host}: the session is gone, and the next one begins at once"
        );
        assert!(rig.server.headers.iter().all(|header| header.to.as_deref() == Some("wonderland.example")));
        assert!(rig.server.seen.iter().any(|element| element.is(ns::TLS, "starttls")));
    }
}

//= rfc6120#4.9.3.19/resolve test
#[test]
fn a_host_without_a_port_is_looked_up_as_a_domain_is() {
    let mut config = config();
    config.targets.clear();
    let mut rig = Rig::new(config, Options::default());
    rig.connect();
    rig.client.discovered(rig.now, vec![Target::new("192.0.2.1", 5222, Kind::StartTls)]).unwrap();
    rig.run();
    rig.take();
    rig.say(&see_other("other.example"));
    let events = rig.take();
    assert!(matches!(events[..], [Event::Offline { again: Some(_), .. }, Event::Discover { .. }]), "{events:?}");
    assert_eq!(events[1], Event::Discover { domain: "other.example".into() });
    rig.client.discovered(rig.now, vec![Target::new("192.0.2.2", 5223, Kind::DirectTls)]).unwrap();
    rig.run();
    assert_eq!(rig.dials[1], (Transport::Tls, "192.0.2.2:5223".to_owned()));
    assert!(rig.server.headers.iter().all(|header| header.to.as_deref() == Some("wonderland.example")));
    assert!(rig.online().is_some());
}

//= rfc6120#4.9.3.19/bounded test
//= rfc6120#4.7.1/absent-from test
#[test]
fn redirects_in_a_circle_end() {
    let mut rig = Rig::connected(config(), Options { mute: true, ..Options::default() });
    let header = "<stream:stream xmlns='jabber:client' version='1.0' id='1' \
                  xmlns:stream='http://etherx.jabber.org/streams'>";
    for _ in 0..3 {
        rig.say(&format!("{header}{}", see_other("192.0.2.1")));
        assert!(rig.is_connected());
    }
    rig.say(&format!("{header}{}", see_other("192.0.2.1")));
    assert_eq!(rig.final_error(), Some(&Error::Redirects));
    assert_eq!(rig.dials.len(), 4);
}

//= rfc6120#4.9.3.19/bounded test
#[test]
fn a_server_that_sends_every_session_away_is_left() {
    let mut rig = Rig::connected(config(), Options::default());
    for n in 1..=3 {
        rig.say(&see_other("192.0.2.1"));
        assert_eq!((rig.client.state(), rig.dials.len()), (State::Online, n + 1));
        let offline = rig.events.iter().filter(|e| matches!(e, Event::Offline { again: Some(_), .. })).count();
        assert_eq!(offline, n, "a session that is gone is told as such");
    }
    rig.say(&see_other("192.0.2.1"));
    assert_eq!(rig.final_error(), Some(&Error::Redirects));
    // those that are far apart are none in a row
    let mut rig = Rig::connected(config(), Options::default());
    for n in 1..=9 {
        rig.pass(SECOND * 61);
        rig.say(&see_other("192.0.2.1"));
        assert_eq!((rig.client.state(), rig.dials.len()), (State::Online, n + 1));
    }
}

#[test]
fn redirects_to_nowhere_are_ends() {
    for host in ["", "a b", "192.0.2.1:0", "192.0.2.1:99999", "[::1", "x/y", "host:port", "'"] {
        let mut rig = Rig::connected(config(), Options::default());
        rig.say(&see_other(host));
        assert!(matches!(rig.final_error(), Some(Error::Stream(_))), "{host}: {:?}", rig.events);
        assert_eq!(rig.dials.len(), 1);
    }
}

//= rfc6120#3.2.1/next-address test
#[test]
fn targets_are_tried_in_turn() {
    let mut config = config();
    config.targets = vec![
        Target::new("192.0.2.1", 5223, Kind::DirectTls),
        Target::new("two.example", 5222, Kind::StartTls),
        Target::new("192.0.2.3", 5222, Kind::StartTls),
    ];
    let mut rig = Rig::new(config, Options::default());
    rig.refuse = vec![CloseReason::Untrusted, CloseReason::Timeout];
    rig.connect();
    let dials: Vec<_> = rig.dials.iter().map(|(_, remote)| remote.as_str()).collect();
    assert_eq!(dials, ["192.0.2.1:5223", "192.0.2.7:5222", "192.0.2.3:5222"]);
    assert!(rig.online().is_some());
    // when none is left, the failure that a person can mend is the one to tell
    let mut rig = Rig::new(rig.client.config().clone(), Options::default());
    rig.refuse = vec![CloseReason::Untrusted, CloseReason::Timeout, CloseReason::Refused];
    rig.connect();
    assert_eq!(rig.final_error(), Some(&Error::Untrusted));
}

//= rfc6120#4.6.1/space test
#[test]
fn silence_of_ours_is_broken_by_spaces() {
    let mut config = config();
    config.timing.ping = Duration::ZERO;
    let mut rig = Rig::connected(config, Options::default());
    let before = rig.passed[1];
    rig.pass(rig.client.config().timing.whitespace * 3);
    assert_eq!(rig.passed[1] - before, 3);
}

//= xep-0478#3/idle test
#[test]
fn the_servers_patience_is_kept() {
    let limits = "<limits xmlns='urn:xmpp:stream-limits:0'><idle-seconds>60</idle-seconds></limits>";
    let mut config = config();
    config.timing.ping = Duration::ZERO;
    let mut rig = Rig::connected(config, Options { features: limits, ..Options::default() });
    let before = rig.passed[1];
    rig.pass(SECOND * 180);
    assert_eq!(rig.passed[1] - before, 6);
}

//= rfc6120#4.6.2/broken test
//= rfc6120#4.9.3.4/no-answer test
#[test]
fn a_dead_server_is_noticed_and_a_quiet_one_is_not_bothered() {
    for management in [true, false] {
        let options = Options { management, ..Options::default() };
        let mut rig = Rig::connected(config(), options);
        rig.pass(HOUR);
        assert_eq!(rig.client.state(), State::Online);
        let signs = rig.server.seen.iter().filter(|e| e.name() == "r" || e.find(ns::PING, "ping").is_some()).count();
        assert!((10..=12).contains(&signs), "{signs} in an hour");
        assert!(!rig.events.iter().any(|e| matches!(e, Event::Answer { .. } | Event::Dropped { .. })));
        rig.server.options.mute = true;
        rig.take();
        rig.pass(rig.client.config().timing.ping + rig.client.config().timing.pong);
        assert_eq!(rig.offline().map(|(e, again)| (e.clone(), again.is_some())), Some((Error::Dead, true)));
        // the session that may go on is not closed; the other stream is, in order
        assert_eq!(rig.server.ended, !management);
    }
}

#[test]
fn a_server_that_takes_stanzas_and_says_nothing_is_dead() {
    let mut rig = Rig::connected(config(), Options::default());
    rig.server.options.mute = true;
    rig.send(common::message("anybody?"));
    let timing = rig.client.config().timing.clone();
    rig.pass(timing.ack + timing.pong);
    assert_eq!(rig.offline().map(|(e, _)| e.clone()), Some(Error::Dead));
}

//= xep-0352#1/offered test
//= xep-0352#1/again test
#[test]
fn the_server_is_told_whether_somebody_looks() {
    let csi = "<csi xmlns='urn:xmpp:csi:0'/>";
    let told = |rig: &Rig| -> Vec<_> {
        let states = rig.server.seen.iter().filter(|e| e.ns() == ns::CLIENT_STATE);
        states.map(|e| e.name().to_owned()).collect()
    };
    let mut rig = Rig::connected(config(), Options { features: csi, ..Options::default() });
    for active in [true, false, false, true, false] {
        rig.client.set_active(rig.now, active);
        rig.run();
    }
    assert_eq!(told(&rig), ["inactive", "active", "inactive"]);
    rig.drop_connection();
    rig.pass(SECOND * 2);
    assert_eq!(told(&rig), ["inactive"], "again, since every stream begins as active");
    let mut rig = Rig::connected(config(), Options::default());
    rig.client.set_active(rig.now, false);
    rig.run();
    assert!(told(&rig).is_empty(), "not to a server that does not offer it");
}
