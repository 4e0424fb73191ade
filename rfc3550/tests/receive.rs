//! What a session makes of the data that arrives.

mod common;

use std::time::Duration;

use bytes::Bytes;
use common::*;
use rfc3550::{Config, Csrcs, DropReason, Event, Leave, Packet, ParseError, Symmetric};

fn drop_reason(events: &[Event]) -> Option<DropReason> {
    events.iter().find_map(|e| if let Event::Dropped { reason, .. } = e { Some(*reason) } else { None })
}

//= rfc3550#A.1/probation test
#[test]
fn packets_of_the_probation_are_delivered_after_it() {
    let mut bench = Bench::new(Config { min_sequential: 4, ..config() });
    for n in 1..4 {
        bench.now = ms(20 * u64::from(n));
        assert_eq!(bench.rtp(9, n), []);
    }
    bench.now = ms(80);
    let events = bench.rtp(9, 4);
    assert_eq!(events[0], Event::SourceJoined { ssrc: 9 });
    assert_eq!(sequences(&events), [1, 2, 3, 4]);
    let arrived = |e: &Event| if let Event::Rtp { arrived, .. } = e { Some(*arrived) } else { None };
    assert_eq!(events.iter().filter_map(arrived).collect::<Vec<_>>(), [ms(20), ms(40), ms(60), ms(80)]);
    let stats = bench.session.stats();
    assert_eq!((stats.received.packets, stats.received.expected, stats.received.lost), (4, 4, 0));
}

#[test]
fn rtcp_vouches_for_a_source() {
    for before in [false, true] {
        let mut bench = Bench::new(Config { min_sequential: 5, ..config() });
        if !before {
            bench.rtp(9, 1);
        }
        bench.rtcp(vec![rr(9, vec![]), cname(9, "peer")]);
        bench.rtp(9, 2);
        assert_eq!(sequences(&bench.rtp(9, 3)).last(), Some(&3), "two packets suffice");
    }
}

#[test]
fn a_broken_run_is_dropped_and_told() {
    let mut bench = Bench::new(config());
    assert_eq!(bench.rtp(9, 1), []);
    assert_eq!(drop_reason(&bench.rtp(9, 5)), Some(DropReason::Unvalidated));
    assert_eq!(sequences(&bench.rtp(9, 6)), [5, 6]);
}

//= rfc3550#5.1/unknown-type test
#[test]
fn what_is_dropped_and_why() {
    let mut bench = Bench::new(config());
    let mut reason = |data: Bytes| drop_reason(&events(bench.input(local(), remote(), data)));
    assert_eq!(reason(Bytes::from_static(b"hello")), Some(DropReason::Malformed(ParseError::Truncated)));
    let unknown = Packet { payload_type: 96, ..Packet::default() };
    assert_eq!(reason(unknown.to_bytes()), Some(DropReason::UnknownPayloadType(96)));
    let (here, there) = (address("192.0.2.1:9"), remote());
    assert_eq!(drop_reason(&events(bench.input(here, there, rtp(1, 1)))), Some(DropReason::NotOurs));
    assert_eq!(bench.session.stats().dropped, 3);
    assert_eq!(bench.session.stats().sources, [], "nothing of it made an entry");
    bench.session.set_payload_type(96, Some(48_000));
    assert_eq!(drop_reason(&events(bench.input(local(), remote(), unknown.to_bytes()))), None);
}

#[test]
fn a_restart_keeps_the_totals() {
    let mut bench = Bench::new(config());
    for n in [1, 2, 3, 5] {
        bench.rtp(9, n);
    }
    assert_eq!(drop_reason(&bench.rtp(9, 30_000)), Some(DropReason::SequenceJump));
    assert_eq!(sequences(&bench.rtp(9, 30_001)), [30_001]);
    bench.rtp(9, 30_002);
    let received = bench.session.stats().received;
    assert_eq!((received.packets, received.expected, received.lost), (6, 7, 1));
    assert_eq!(received.bytes, 6 * 160);
}

//= rfc3550#6.3.3/csrc test
#[test]
fn contributing_sources_are_members() {
    let mut bench = Bench::new(config());
    let own = bench.session.ssrc();
    for sequence in [1, 2] {
        let csrcs = Csrcs::new(&[100, 200, own]).unwrap();
        let packet = Packet { ssrc: 9, sequence, csrcs, payload_type: 0, ..Packet::default() };
        bench.input(local(), remote(), packet.to_bytes());
    }
    assert_eq!(bench.session.group().members, 4, "we, the mixer and two others");
    assert_eq!(bench.session.group().senders, 1, "contributing sources are no senders here");
}

//= rfc3550#6.2.1/table test
#[test]
fn the_table_is_bounded_and_keeps_who_is_believed() {
    let mut bench = Bench::new(Config { max_sources: 3, ..config() });
    for ssrc in [1, 2] {
        bench.rtp(ssrc, 1);
        bench.rtp(ssrc, 2);
    }
    for (n, ssrc) in (1_000..1_100).enumerate() {
        bench.now = ms(n as u64);
        assert_eq!(drop_reason(&bench.rtp(ssrc, 1)), None, "takes the place of the one before");
    }
    assert_eq!(sequences(&bench.rtp(1_099, 2)), [1, 2], "the last one is still there");
    assert_eq!(drop_reason(&bench.rtp(7, 1)), Some(DropReason::TooManySources));
    assert_eq!(bench.session.group().members, 4);
    assert_eq!(sequences(&bench.rtp(1, 3)), [3]);
}

//= rfc3550#8.2/detect test
#[test]
fn another_address_with_the_same_source_is_ignored_while_the_first_lives() {
    let mut bench = Bench::new(config());
    let other = address("198.51.100.9:7000");
    bench.rtp(9, 1);
    bench.rtp(9, 2);
    assert_eq!(drop_reason(&bench.rtp_from(other, 9, 3)), Some(DropReason::ThirdParty));
    assert_eq!(sequences(&bench.rtp(9, 3)), [3]);
    // RTCP has an address of its own.
    let packets = vec![rr(9, vec![]), cname(9, "a")];
    assert_eq!(drop_reason(&bench.rtcp(packets.clone())), None);
    assert_eq!(drop_reason(&bench.rtcp_from(other, packets)), Some(DropReason::ThirdParty));
}

//= rfc3550#8.2/address-change test
//= rfc3550#8.2/flip-flop test
#[test]
fn a_source_may_move_once_its_old_address_is_silent() {
    let mut bench = Bench::new(config());
    let moved = address("198.51.100.9:7000");
    bench.rtp(9, 1);
    bench.rtp(9, 2);
    bench.now = ms(1_999);
    assert_eq!(drop_reason(&bench.rtp_from(moved, 9, 3)), Some(DropReason::ThirdParty));
    bench.now = ms(2_000);
    assert_eq!(sequences(&bench.rtp_from(moved, 9, 4)), [4]);
    assert_eq!(drop_reason(&bench.rtp(9, 5)), Some(DropReason::ThirdParty), "no way back while the new one lives");
}

//= rfc3550#6.2.1/bye-mark test
//= rfc3550#6.3.4/bye test
#[test]
fn a_goodbye_ends_a_source_and_stragglers_do_not_revive_it() {
    let mut bench = Bench::new(config());
    bench.rtp(9, 1);
    bench.rtp(9, 2);
    bench.rtcp(vec![rr(9, vec![]), cname(9, "peer")]);
    let events = bench.rtcp_from(address("203.0.113.1:1"), vec![rr(5, vec![]), bye(&[9])]);
    assert_eq!(drop_reason(&events), Some(DropReason::ThirdParty), "a goodbye from elsewhere does not count");
    assert_eq!(bench.session.group().members, 2);
    let events = bench.rtcp(vec![rr(9, vec![]), cname(9, "peer"), bye(&[9, 77])]);
    assert_eq!(
        events[..2],
        [Event::Bye { ssrc: 9, reason: Some("gone".into()) }, Event::SourceLeft { ssrc: 9, leave: Leave::Bye },]
    );
    assert_eq!((bench.session.group().members, bench.session.group().senders), (1, 0));
    assert_eq!(drop_reason(&bench.rtp(9, 3)), Some(DropReason::AfterBye));
    assert_eq!(bench.session.stats().received.packets, 2, "what it sent still counts");
    // Much later the mark is gone, and the number may be used again.
    bench.wait(Duration::from_secs(60));
    bench.rtp(9, 10);
    assert_eq!(sequences(&bench.rtp(9, 11)), [10, 11]);
    assert_eq!(bench.session.stats().received.packets, 4);
}

//= rfc3550#6.2.1/validity test
//= rfc3550#6.3.3/members test
#[test]
fn a_name_is_enough_to_be_a_member() {
    let mut bench = Bench::new(config());
    let events = bench.rtcp(vec![rr(9, vec![]), cname(9, "listener")]);
    assert!(events.contains(&Event::SourceJoined { ssrc: 9 }));
    assert_eq!((bench.session.group().members, bench.session.group().senders), (2, 0));
    assert_eq!(bench.session.stats().sources[0].cname.as_deref(), Some(&b"listener"[..]));
    bench.rtcp(vec![rr(10, vec![])]);
    assert_eq!(bench.session.group().members, 2, "a report alone is not");
}

//= rfc3550#6.3.3/sender test
//= rfc3550#6.3.5/timeout test
//= rfc3550#6.3.5/each-interval test
//= rfc3550#6.3.5/sender-timeout test
#[test]
fn silence_ends_sending_and_then_membership() {
    let mut bench = Bench::new(config());
    bench.rtp(9, 1);
    bench.rtp(9, 2);
    assert_eq!((bench.session.group().members, bench.session.group().senders), (2, 1));
    bench.wait(Duration::from_secs(20));
    assert_eq!((bench.session.group().members, bench.session.group().senders), (2, 0), "two intervals");
    let out = events(bench.wait(Duration::from_secs(20)));
    assert!(out.contains(&Event::SourceLeft { ssrc: 9, leave: Leave::Timeout }), "five intervals");
    assert_eq!(bench.session.group().members, 1);
    let stats = bench.session.stats();
    assert_eq!((stats.received.packets, stats.sources.len()), (2, 0));
}

#[test]
fn symmetric_media_follows_the_first_source_that_proves_itself() {
    let mut bench = Bench::new(Config { symmetric: Symmetric::AnyHost, ..config() });
    let (translated, stranger) = (address("203.0.113.5:61000"), address("198.51.100.1:1234"));
    bench.rtp_from(stranger, 666, 1);
    bench.rtp_from(translated, 9, 1);
    assert_eq!(bench.session.remote_rtp(), Some(remote()), "one packet proves nothing");
    let events = bench.rtp_from(translated, 9, 2);
    assert_eq!(events[0], Event::Latched { remote: translated });
    assert_eq!(datagrams(&bench.send())[0].1, translated);
    // From now on nobody else is heard, whatever they send.
    assert_eq!(drop_reason(&bench.rtp_from(stranger, 666, 2)), Some(DropReason::ForeignAddress));
    bench.now = ms(10_000);
    assert_eq!(drop_reason(&bench.rtp_from(stranger, 9, 3)), Some(DropReason::ForeignAddress));
    // RTCP follows to the same host, once.
    let packets = || vec![rr(9, vec![]), cname(9, "peer")];
    assert_eq!(drop_reason(&bench.rtcp_from(stranger, packets())), Some(DropReason::ForeignAddress));
    let control = address("203.0.113.5:61007");
    bench.rtcp_from(control, packets());
    assert_eq!(bench.session.remote_rtcp(), Some(control));
    assert_eq!(drop_reason(&bench.rtcp_from(rtcp(translated), packets())), Some(DropReason::ForeignAddress));
    // A new answer opens the choice again.
    bench.session.set_remote(Some(remote()), Some(rtcp(remote())));
    bench.rtp_from(stranger, 667, 1);
    bench.rtp_from(stranger, 667, 2);
    assert_eq!(bench.session.remote_rtp(), Some(stranger));
}

#[test]
fn symmetric_media_may_be_held_to_the_host() {
    let mut bench = Bench::new(Config { symmetric: Symmetric::SameHost, ..config() });
    let (port, stranger) = (address("192.0.2.2:61000"), address("198.51.100.1:5000"));
    for sequence in [1, 2] {
        assert_eq!(drop_reason(&bench.rtp_from(stranger, 5, sequence)), Some(DropReason::ForeignAddress));
        bench.rtp_from(port, 9, sequence);
    }
    assert_eq!(bench.session.remote_rtp(), Some(port));
}

//= rfc5761#5.1/demultiplex test
#[test]
fn one_port_carries_both() {
    let mut bench = Bench::new(config().mux());
    bench.rtp(9, 1);
    assert_eq!(sequences(&bench.rtp(9, 2)), [1, 2]);
    let compound = rfc3550::rtcp::Compound { packets: vec![rr(9, vec![]), cname(9, "peer")], padding: 0 };
    let events = events(bench.input(local(), remote(), compound.to_bytes().unwrap()));
    assert!(matches!(&events[0], Event::Rtcp { .. }));
    let events = common::events(bench.input(local(), remote(), Bytes::from_static(&[0, 1, 0, 0])));
    assert_eq!(drop_reason(&events), Some(DropReason::NotOurs), "STUN is for another machine");
    let report = bench.run(ms(10_000));
    assert_eq!(datagrams(&report)[0].0, local());
    assert_eq!(datagrams(&report)[0].1, remote());
}
