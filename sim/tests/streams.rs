//! Streams: opening, order, every way to end, through loss and partitions.
mod common;

use std::time::Duration;

use common::{Puppet, at, ms, network};
use proptest::prelude::*;
use sim::{HostId, Link, Network};
use wire::{CloseReason, ConnId, Input, Output, Transport};

const HOUR: wire::Instant = ms_const(3_600_000);

const fn ms_const(millis: u64) -> wire::Instant {
    wire::Instant::from_millis(millis)
}

/// What `host` heard on its streams: bytes joined, and how they ended.
fn heard(net: &mut Network<Puppet>, host: HostId) -> (Vec<u8>, Vec<CloseReason>, usize) {
    let (mut bytes, mut ends, mut opened) = (Vec::new(), Vec::new(), 0);
    for happened in net.events().into_iter().filter(|happened| happened.host == host) {
        match happened.event {
            Input::Stream { data, .. } => bytes.extend(data),
            Input::Closed { reason, .. } => ends.push(reason),
            Input::Opened { .. } => opened += 1,
            _ => {}
        }
    }
    (bytes, ends, opened)
}

#[test]
fn opening_takes_a_round_trip_and_half_of_one_more_for_the_server() {
    let (mut net, hosts) = network(1, 2);
    let conn = net.machine_mut(hosts[0]).connect(0, at(1));
    assert!(net.run_until_idle(HOUR));
    let told = net.events();
    assert_eq!((told[0].at, told[0].host, told[1].at, told[1].host), (ms(20), hosts[0], ms(30), hosts[1]));
    let Input::Opened { conn: ours, local: mine, remote: peer, .. } = told[0].event else { panic!() };
    let Input::Opened { conn: theirs, transport, local, remote } = told[1].event else { panic!() };
    assert_eq!((theirs, transport, local), (ConnId::inbound(0), Transport::Tcp, at(1)));
    assert_eq!((ours, mine, peer), (conn, remote, at(1)));
}

#[test]
fn bytes_arrive_in_order_and_the_fin_last() {
    let (mut net, hosts) = network(2, 2);
    net.set_default_link(Link { jitter: Duration::from_millis(50), ..Link::default() });
    let text: Vec<u8> = (0..100_000u32).flat_map(u32::to_be_bytes).collect();
    net.command(hosts[0], |puppet, _| {
        let conn = puppet.connect(0, at(1));
        text.chunks(7_777).for_each(|chunk| puppet.write(conn, chunk.to_vec()));
        puppet.close(conn);
    });
    assert!(net.run_until_idle(HOUR));
    let events = net.events();
    let pieces = events.iter().filter(|happened| matches!(happened.event, Input::Stream { .. })).count();
    assert!(pieces > 60, "the bytes were cut anew: {pieces} pieces");
    let last = events.last().unwrap();
    assert!(matches!((last.host, &last.event), (h, Input::Closed { reason: CloseReason::Peer, .. }) if h == hosts[1]));
    let joined: Vec<u8> = events
        .iter()
        .flat_map(|h| if let Input::Stream { data, .. } = &h.event { data.to_vec() } else { vec![] })
        .collect();
    assert!(joined == text);
    assert_eq!(net.stats().stream_bytes, 400_000);
}

#[test]
fn both_ways_at_once_and_the_closer_hears_local() {
    let (mut net, hosts) = network(3, 2);
    net.machine_mut(hosts[1]).react = common::answer;
    let conn = net.machine_mut(hosts[0]).connect(0, at(1));
    net.machine_mut(hosts[0]).write(conn, "hello");
    net.run_for(Duration::from_secs(1));
    net.machine_mut(hosts[0]).close(conn);
    assert!(net.run_until_idle(HOUR));
    assert_eq!(heard(&mut net, hosts[0]), (b"hello".to_vec(), vec![CloseReason::Local], 1));
}

#[test]
fn nobody_listening_refuses_and_nobody_there_times_out() {
    let (mut net, hosts) = network(4, 1);
    net.machine_mut(hosts[0]).connect(0, "10.0.0.0:9".parse().unwrap());
    net.machine_mut(hosts[0]).connect(1, at(99));
    net.machine_mut(hosts[0]).connect(2, "[2001:db8::1]:9".parse().unwrap());
    assert!(net.run_until_idle(HOUR));
    let mut ends: Vec<_> = net.events().into_iter().map(|h| (h.at, format!("{:?}", h.event))).collect();
    ends.sort();
    assert!(ends[0].1.contains("Refused") && ends[1].1.contains("Refused"), "{ends:?}");
    assert!(ends[2].1.contains("Timeout") && ends[2].0 == ms(10_000), "{ends:?}");
    assert_eq!(net.stats().streams_failed, 3);
}

#[test]
fn another_transport_is_refused() {
    let (mut net, hosts) = network(5, 2);
    let conn = ConnId::outbound(0);
    net.machine_mut(hosts[0]).out.push_back(Output::Connect { conn, transport: Transport::Tls, remote: at(1) });
    assert!(net.run_until_idle(HOUR));
    assert_eq!(heard(&mut net, hosts[0]).1, [CloseReason::Refused]);
}

#[test]
fn pieces_over_websocket_keep_their_bounds() {
    let (mut net, hosts) = network(6, 2);
    let address = "10.0.0.1:80".parse().unwrap();
    net.listen(hosts[1], Transport::Ws, address).unwrap();
    let conn = ConnId::outbound(0);
    net.command(hosts[0], |puppet, _| {
        puppet.out.push_back(Output::Connect { conn, transport: Transport::Ws, remote: address });
        (1..50).for_each(|n| puppet.write(conn, vec![n; usize::from(n)]));
    });
    assert!(net.run_until_idle(HOUR));
    let lengths: Vec<_> = net
        .events()
        .iter()
        .filter_map(|h| if let Input::Stream { data, .. } = &h.event { Some(data.len()) } else { None })
        .collect();
    assert_eq!(lengths, (1..50).collect::<Vec<_>>());
}

#[test]
fn a_close_while_opening_tells_local_and_still_sends_what_was_written() {
    for text in ["", "farewell"] {
        let (mut net, hosts) = network(7, 2);
        net.command(hosts[0], |puppet, _| {
            let conn = puppet.connect(0, at(1));
            puppet.write(conn, text);
            puppet.close(conn);
        });
        assert!(net.run_until_idle(HOUR));
        let events = net.events();
        let of =
            |host| events.iter().filter(move |h| h.host == host).map(|h| format!("{:?}", h.event)).collect::<Vec<_>>();
        assert!(of(hosts[0]).len() == 1 && of(hosts[0])[0].contains("Local"), "{:?}", of(hosts[0]));
        if text.is_empty() {
            assert_eq!(of(hosts[1]).len(), 0, "the handshake was never completed");
        } else {
            assert!(of(hosts[1]).join(" ").contains("Opened") && of(hosts[1]).last().unwrap().contains("Peer"));
        }
    }
}

#[test]
fn loss_only_delays() {
    let (mut net, hosts) = network(8, 2);
    net.set_default_link(Link { loss: 0.3, ..Link::default() });
    let conn = net.machine_mut(hosts[0]).connect(0, at(1));
    for n in 0..100u8 {
        net.machine_mut(hosts[0]).write(conn, vec![n; 50]);
    }
    assert!(net.run_until_idle(HOUR));
    assert!(net.now() > ms(200), "something was retransmitted");
    let wanted: Vec<u8> = (0..100u8).flat_map(|n| [n; 50]).collect();
    assert_eq!(heard(&mut net, hosts[1]).0, wanted);
}

#[test]
fn a_short_partition_delays_and_a_long_one_breaks() {
    for (length, broken) in [(20, false), (120, true)] {
        let (mut net, hosts) = network(9, 2);
        let conn = net.machine_mut(hosts[0]).connect(0, at(1));
        net.run_for(Duration::from_secs(1));
        net.cut(&hosts[..1], &hosts[1..]);
        net.machine_mut(hosts[0]).write(conn, "through");
        net.run_for(Duration::from_secs(length));
        net.heal_all();
        net.run_for(Duration::from_secs(60));
        let (bytes, ends, _) = {
            let events = net.events();
            let ends: Vec<_> = events
                .iter()
                .filter_map(|h| if let Input::Closed { reason, .. } = h.event { Some((h.host, reason)) } else { None })
                .collect();
            let bytes: Vec<u8> = events
                .iter()
                .flat_map(|h| if let Input::Stream { data, .. } = &h.event { data.to_vec() } else { vec![] })
                .collect();
            (bytes, ends, ())
        };
        if broken {
            assert_eq!(
                (bytes, ends),
                (vec![], vec![(hosts[0], CloseReason::Reset)]),
                "the other end knows nothing yet"
            );
            net.machine_mut(hosts[1]).write(ConnId::inbound(0), "hello?");
            assert!(net.run_until_idle(HOUR));
            assert_eq!(heard(&mut net, hosts[1]).1, [CloseReason::Reset], "now it does");
        } else {
            assert_eq!((bytes, ends), (b"through".to_vec(), vec![]));
        }
    }
}

#[test]
fn writing_more_than_a_partition_lets_through_overflows() {
    let (mut net, hosts) = network(10, 2);
    let conn = net.machine_mut(hosts[0]).connect(0, at(1));
    net.run_for(Duration::from_secs(1));
    net.cut(&hosts[..1], &hosts[1..]);
    for _ in 0..20 {
        net.machine_mut(hosts[0]).write(conn, vec![0; 100_000]);
    }
    net.run_for(Duration::from_secs(1));
    assert_eq!(heard(&mut net, hosts[0]).1, [CloseReason::Overflow]);
    assert!(net.stats().late_writes > 0);
}

#[test]
fn a_crash_is_noticed_when_something_is_sent() {
    let (mut net, hosts) = network(11, 2);
    let conn = net.machine_mut(hosts[0]).connect(0, at(1));
    net.run_for(Duration::from_secs(1));
    net.restart(hosts[1], Puppet::default());
    net.run_for(Duration::from_secs(100));
    assert_eq!(heard(&mut net, hosts[0]).1, []);
    net.machine_mut(hosts[0]).write(conn, "are you there?");
    net.run_for(Duration::from_secs(1));
    assert_eq!(heard(&mut net, hosts[0]).1, [CloseReason::Reset]);
    net.machine_mut(hosts[0]).connect(1, at(1));
    net.run_for(Duration::from_secs(1));
    assert_eq!(heard(&mut net, hosts[1]).2, 1, "the new machine accepts");
}

#[test]
fn both_closing_at_once_hear_local_each() {
    let (mut net, hosts) = network(12, 2);
    let conn = net.machine_mut(hosts[0]).connect(0, at(1));
    net.run_for(Duration::from_secs(1));
    net.machine_mut(hosts[0]).close(conn);
    net.machine_mut(hosts[1]).close(ConnId::inbound(0));
    assert!(net.run_until_idle(HOUR));
    let ends: Vec<_> = net
        .events()
        .iter()
        .filter_map(|h| if let Input::Closed { reason, .. } = h.event { Some(reason) } else { None })
        .collect();
    assert_eq!(ends, [CloseReason::Local, CloseReason::Local]);
}

#[test]
fn misuse_is_counted() {
    let (mut net, hosts) = network(13, 2);
    net.machine_mut(hosts[0]).write(ConnId::outbound(5), "nobody");
    net.machine_mut(hosts[0]).close(ConnId::outbound(5));
    net.machine_mut(hosts[0]).connect(0, at(1));
    net.machine_mut(hosts[0]).connect(0, at(1));
    assert!(net.run_until_idle(HOUR));
    assert_eq!(net.stats().late_writes, 3);
    assert_eq!(net.stats().streams_opened, 1);
}

/// One thing that a test does to a pair of hosts.
#[derive(Clone, Debug)]
enum Act {
    Connect(usize),
    Write(usize, u64, u16),
    Close(usize, u64),
    Cut,
    Heal,
    Crash(usize),
    Wait(u64),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        3 => (0..2usize).prop_map(Act::Connect),
        6 => (0..2usize, 0..12u64, 1..3000u16).prop_map(|(host, n, length)| Act::Write(host, n, length)),
        2 => (0..2usize, 0..12u64).prop_map(|(host, n)| Act::Close(host, n)),
        1 => Just(Act::Cut),
        1 => Just(Act::Heal),
        1 => (0..2usize).prop_map(Act::Crash),
        6 => (0..30_000u64).prop_map(Act::Wait),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Whatever happens: every connection that was asked for ends or opens, ends at most once, and says nothing
    /// before its opening or after its end.
    #[test]
    fn every_connection_lives_once(seed: u64, acts in proptest::collection::vec(act(), 1..60)) {
        let (mut net, hosts) = network(seed, 2);
        net.set_default_link(Link { loss: 0.1, jitter: Duration::from_millis(20), ..Link::default() });
        let mut next = 0;
        for act in acts {
            match act {
                Act::Connect(host) => {
                    net.machine_mut(hosts[host]).connect(next, at(1 - host as u8));
                    next += 1;
                }
                Act::Write(host, n, length) => {
                    let conn = if n % 2 == 0 { ConnId::outbound(n / 2) } else { ConnId::inbound(n / 2) };
                    net.machine_mut(hosts[host]).write(conn, vec![n as u8; usize::from(length)]);
                }
                Act::Close(host, n) => {
                    let conn = if n % 2 == 0 { ConnId::outbound(n / 2) } else { ConnId::inbound(n / 2) };
                    net.machine_mut(hosts[host]).close(conn);
                }
                Act::Cut => drop(net.cut(&hosts[..1], &hosts[1..])),
                Act::Heal => net.heal_all(),
                Act::Crash(host) => drop(net.restart(hosts[host], Puppet::default())),
                Act::Wait(millis) => net.run_for(Duration::from_millis(millis)),
            }
        }
        net.heal_all();
        prop_assert!(net.run_until_idle(HOUR), "streams come to rest");
        for n in 0..next {
            for host in &hosts {
                net.machine_mut(*host).close(ConnId::outbound(n));
                net.machine_mut(*host).close(ConnId::inbound(n));
            }
        }
        prop_assert!(net.run_until_idle(HOUR));
        net.run_for(Duration::from_secs(1));
        let stats = net.stats().clone();
        let asked = stats.streams_opened + stats.streams_failed;
        prop_assert!(net.streams() == 0, "{} of {asked} streams linger", net.streams());
        let mut state = std::collections::HashMap::new();
        for happened in net.events() {
            let (conn, step) = match happened.event {
                Input::Opened { conn, .. } => (conn, 1),
                Input::Stream { conn, data } => { prop_assert!(!data.is_empty()); (conn, 2) }
                Input::Closed { conn, .. } => (conn, 3),
                _ => continue,
            };
            let before = state.insert((happened.host, conn), step).unwrap_or(0);
            match step {
                1 => prop_assert_eq!(before, 0),
                2 => prop_assert!(before == 1 || before == 2),
                _ => prop_assert!(before < 3),
            }
        }
    }
}
