//! What a session sends: data, reports, goodbyes.

mod common;

use std::time::Duration;

use bytes::Bytes;
use common::*;
use rfc3550::rtcp::{self, Compound, Item, ItemType, ReportBlock, SenderInfo, SenderReport};
use rfc3550::{Config, DropReason, Event, NtpTime, Packet, SendError};
use wire::{Epoch, Instant, Output};

fn parsed(out: &[Output<Event>]) -> Vec<Packet> {
    datagrams(out).into_iter().map(|(_, _, data)| Packet::parse(data).unwrap()).collect()
}

//= rfc3550#5.1/sequence test
//= rfc3550#5.1/timestamp test
#[test]
fn numbers_and_timestamps_move_as_told() {
    let mut bench = Bench::new(config());
    let mut sent = Vec::new();
    for (advance, marker) in [(160, true), (160, false), (0, false), (4_000_000_000, true)] {
        bench.session.send(bench.now, Bytes::from_static(&[1]), 8, advance, marker).unwrap();
        sent.extend(parsed(&wire::drain(&mut bench.session)));
    }
    let first = sent[0].clone();
    assert_eq!(first.ssrc, bench.session.ssrc());
    let steps =
        |p: &Packet| (p.sequence.wrapping_sub(first.sequence), p.timestamp.wrapping_sub(first.timestamp), p.marker);
    let all: Vec<_> = sent.iter().map(steps).collect();
    assert_eq!(all, [(0, 0, true), (1, 160, false), (2, 160, false), (3, 4_000_000_160, true)]);
}

//= rfc3550#3/stream-ssrc test
//= rfc3550#8/random test
//= rfc3550#5.1/random-sequence test
//= rfc3550#5.1/random-timestamp test
#[test]
fn two_sessions_start_at_different_numbers() {
    let start = |seed| {
        let mut session = rfc3550::Session::new(Instant::ZERO, config(), wire::Rng::from_u64(seed));
        session.send(Instant::ZERO, Bytes::new(), 0, 0, false).unwrap();
        let packet = parsed(&wire::drain(&mut session)).remove(0);
        (packet.ssrc, packet.sequence, packet.timestamp)
    };
    let (a, b) = (start(1), start(2));
    assert!(a.0 != b.0 && a.1 != b.1 && a.2 != b.2);
    assert_eq!(a, start(1), "and a seed replays");
}

//= rfc5761#4/payload-types test
#[test]
fn what_cannot_be_sent() {
    let mut bench = Bench::new(Config { max_payload: 10, max_queue: 4, ..config().payload_type(77, 8000) });
    let mut send = |payload: &'static [u8], pt| bench.session.send(ms(0), Bytes::from_static(payload), pt, 1, false);
    assert_eq!(send(b"01234567890", 0), Err(SendError::TooLong));
    assert_eq!(send(b"", 96), Err(SendError::UnknownPayloadType(96)));
    for _ in 0..4 {
        assert_eq!(send(b"0123456789", 0), Ok(()));
    }
    assert_eq!(send(b"", 0), Err(SendError::NotDrained));
    let sent = parsed(&wire::drain(&mut bench.session));
    assert_eq!(sent.len(), 4);
    assert_eq!(sent[3].sequence, sent[0].sequence.wrapping_add(3), "a refused packet uses up no number");
    bench.session.set_remote(None, None);
    assert_eq!(bench.session.send(ms(0), Bytes::new(), 0, 1, false), Err(SendError::NoRemote));
    let mut mux = Bench::new(config().mux().payload_type(77, 8000));
    assert_eq!(mux.session.send(ms(0), Bytes::new(), 77, 1, false), Err(SendError::UnknownPayloadType(77)));
}

//= rfc3550#6.1/order test
//= rfc3550#6.1/report test
//= rfc3550#6.1/empty-report test
//= rfc3550#12.1/starts-with-report test
//= rfc3550#6.4.1/rtp-timestamp test
//= rfc3550#6.1/compound test
//= rfc3550#6.4/report-kind test
//= rfc3550#6.4.2/empty test
//= rfc3550#6.5.1/cname test
#[test]
fn a_report_says_what_was_sent_and_heard() {
    let epoch = Epoch::from_unix(Duration::from_secs(1_000_000_000));
    let mut bench = Bench::new(Config { epoch, ..config() });
    let own = bench.session.ssrc();
    let first = bench.report();
    assert!(matches!(&first.packets[0], rtcp::Packet::ReceiverReport(r) if r.reports.is_empty() && r.ssrc == own));
    assert!(matches!(&first.packets[1], rtcp::Packet::SourceDescription(d) if d.chunks[0].item(ItemType::Cname)
        .is_some_and(|name| name == "us@192.0.2.1")));

    let sent = parsed(&bench.send());
    let sent_at = bench.now;
    for n in [1, 2, 4] {
        bench.rtp(9, n);
    }
    let report = bench.report();
    let rtcp::Packet::SenderReport(sr) = &report.packets[0] else { panic!("{report:?}") };
    assert_eq!((sr.ssrc, sr.info.packets, sr.info.octets), (own, 1, 160));
    assert_eq!(sr.info.ntp, NtpTime::at(epoch, bench.now));
    let elapsed = (bench.now - sent_at).as_secs_f64() * 8000.0;
    assert!((f64::from(sr.info.rtp.wrapping_sub(sent[0].timestamp)) - elapsed).abs() <= 1.0);
    assert_eq!(sr.reports.len(), 1);
    assert_eq!((sr.reports[0].ssrc, sr.reports[0].lost, sr.reports[0].highest), (9, 1, 4));
    assert_eq!((sr.reports[0].last_sr, sr.reports[0].delay_since_last_sr), (0, 0));

    // Nothing heard since: no block. Still a sender for two intervals, then no more.
    assert!(matches!(&bench.report().packets[0], rtcp::Packet::SenderReport(r) if r.reports.is_empty()));
    assert!(matches!(&bench.report().packets[0], rtcp::Packet::ReceiverReport(r) if r.reports.is_empty()));
}

#[test]
fn a_block_answers_the_last_sender_report() {
    let mut bench = Bench::new(config());
    bench.rtp(9, 1);
    bench.rtp(9, 2);
    let info = SenderInfo { ntp: NtpTime(0x1111_2222_3333_4444), ..SenderInfo::default() };
    let sr = rtcp::Packet::SenderReport(SenderReport { ssrc: 9, info, ..SenderReport::default() });
    bench.now = ms(500);
    bench.rtcp(vec![sr, cname(9, "peer")]);
    let report = bench.report();
    let rtcp::Packet::ReceiverReport(rr) = &report.packets[0] else { panic!("{report:?}") };
    assert_eq!(rr.reports[0].last_sr, 0x2222_3333);
    let held = (bench.now - ms(500)).as_secs_f64() * 65_536.0;
    assert!((f64::from(rr.reports[0].delay_since_last_sr) - held).abs() <= 1.0);
}

//= rfc3550#6/separate test
//= rfc3550#11/different-ports test
//= rfc3550#11/no-source-port test
//= rfc3550#11/reports-to-peer test
#[test]
fn data_and_control_go_where_signalling_says() {
    let mut bench = Bench::new(config());
    assert_ne!(config().local_rtp, config().local_rtcp);
    let elsewhere = address("192.0.2.2:7777");
    for sequence in [1, 2, 3] {
        bench.rtp_from(elsewhere, 9, sequence);
    }
    bench.rtcp_from(elsewhere, vec![rr(10, vec![]), cname(10, "x")]);
    let data = datagrams(&bench.send());
    assert_eq!((data[0].0, data[0].1), (local(), remote()));
    let control = datagrams(&bench.run(ms(10_000)));
    assert_eq!((control[0].0, control[0].1), (rtcp(local()), rtcp(remote())));
    let moved = address("198.51.100.7:30");
    bench.session.set_remote(Some(moved), None);
    assert_eq!(datagrams(&bench.send())[0].1, moved);
    assert_eq!(datagrams(&bench.run(ms(40_000))), [], "no report without an address for it");
}

#[test]
fn what_peers_report_is_in_the_statistics() {
    let mut bench = Bench::new(config());
    let own = bench.session.ssrc();
    bench.send();
    bench.now = ms(10_000);
    let block = ReportBlock {
        ssrc: own,
        fraction_lost: 64,
        lost: 3,
        jitter: 80,
        last_sr: NtpTime::at(Epoch::default(), ms(9_000)).middle(),
        delay_since_last_sr: 65_536 * 9 / 10,
        ..ReportBlock::default()
    };
    let foreign = ReportBlock { ssrc: 12_345, lost: 99, ..ReportBlock::default() };
    bench.rtcp(vec![rr(9, vec![foreign, block]), cname(9, "peer")]);
    let sent = bench.session.stats().sent;
    assert_eq!((sent.packets, sent.bytes, sent.lost, sent.fraction_lost), (1, 160, 3, 0.25));
    assert_eq!(sent.jitter, Duration::from_millis(10));
    assert!((sent.round_trip.unwrap().as_secs_f64() - 0.1).abs() < 0.001);
}

//= rfc3550#6.4/stack test
//= rfc3550#6.4/round-robin test
#[test]
fn many_sources_take_turns() {
    let mut bench = Bench::new(Config { max_sources: 100, ..config() });
    let mut sequence = 1;
    let mut seen = std::collections::BTreeMap::new();
    for round in 0..4 {
        for ssrc in 1..=80 {
            bench.rtp(ssrc, sequence);
            bench.rtp(ssrc, sequence + 1);
        }
        sequence += 2;
        let report = bench.report();
        assert!(report.to_bytes().unwrap().len() <= 1_200, "round {round}");
        let blocks: Vec<usize> = report
            .packets
            .iter()
            .filter_map(|p| match p {
                rtcp::Packet::ReceiverReport(r) => {
                    r.reports.iter().for_each(|b| *seen.entry(b.ssrc).or_insert(0) += 1);
                    Some(r.reports.len())
                }
                _ => None,
            })
            .collect();
        assert_eq!(blocks.len(), 2, "a second report behind the first");
        assert_eq!(blocks[0], 31);
    }
    assert_eq!(seen.len(), 80);
    assert!(seen.values().all(|n| (2..=3).contains(n)), "{seen:?}");
}

//= rfc3550#6.3.9/item-bandwidth test
#[test]
fn other_items_come_in_every_third_report() {
    let items = vec![Item::text(ItemType::Tool, "test"), Item::text(ItemType::Name, "Us")];
    let mut bench = Bench::new(Config { items, ..config() });
    let kinds = |compound: Compound| match &compound.packets[1] {
        rtcp::Packet::SourceDescription(d) => d.chunks[0].items.iter().skip(1).map(|i| i.kind).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    let all: Vec<_> = (0..48).map(|_| kinds(bench.report())).collect();
    for (n, kinds) in all.iter().enumerate() {
        match n {
            21 | 45 => assert_eq!(*kinds, [ItemType::Tool], "report {}", n + 1),
            n if n % 3 == 0 => assert_eq!(*kinds, [ItemType::Name], "report {}", n + 1),
            _ => assert_eq!(*kinds, [], "report {}", n + 1),
        }
    }
}

#[test]
fn a_name_too_long_is_cut_between_characters() {
    let mut bench = Bench::new(Config { cname: "ä".repeat(200), ..config() });
    let report = bench.report();
    assert!(matches!(&report.packets[1], rtcp::Packet::SourceDescription(d)
        if d.chunks[0].items[0].value.len() == 254));
}

//= rfc3550#6.3.7/never-sent test
#[test]
fn who_never_spoke_leaves_in_silence() {
    let mut bench = Bench::new(config());
    bench.session.leave(ms(0), "done");
    assert_eq!(wire::drain(&mut bench.session), [Output::Event(Event::Left)]);
    assert_eq!(wire::Machine::deadline(&bench.session), None);
    assert_eq!(bench.session.send(ms(0), Bytes::new(), 0, 0, false), Err(SendError::Left));
    bench.rtp(9, 1);
    assert_eq!(bench.session.stats().dropped, 1);
}

#[test]
fn a_goodbye_is_a_compound_that_ends_it() {
    let mut bench = Bench::new(config());
    bench.send();
    bench.session.leave(ms(0), "done");
    let out = wire::drain(&mut bench.session);
    let goodbye = compounds(&out).remove(0);
    assert!(matches!(&goodbye.packets[0], rtcp::Packet::ReceiverReport(_)));
    assert!(matches!(&goodbye.packets[1], rtcp::Packet::SourceDescription(_)));
    let rtcp::Packet::Goodbye(bye) = &goodbye.packets[2] else { panic!("{goodbye:?}") };
    assert_eq!((bye.sources[0], bye.reason.as_deref()), (bench.session.ssrc(), Some(&b"done"[..])));
    assert_eq!(out.last(), Some(&Output::Event(Event::Left)));
}

//= rfc3550#6.3.7/backoff test
//= rfc3550#6.3.7/count-byes test
#[test]
fn in_a_crowd_the_goodbye_waits_and_others_push_it_back() {
    let crowd = |byes: u32| {
        let mut bench = Bench::new(Config { max_sources: 200, ..config() });
        for ssrc in 1..=60 {
            bench.rtcp(vec![rr(ssrc, vec![]), cname(ssrc, "x")]);
        }
        bench.send();
        let start = bench.now;
        bench.session.leave(start, "done");
        assert_eq!(wire::drain(&mut bench.session), [], "not at once");
        assert_eq!(bench.session.group().members, 1);
        for ssrc in 1..=byes {
            bench.rtcp(vec![rr(ssrc, vec![]), cname(ssrc, "x"), bye(&[ssrc])]);
        }
        assert_eq!(bench.session.group().members, 1 + byes as usize);
        for ssrc in 61..=70 {
            bench.rtcp(vec![rr(ssrc, vec![]), cname(ssrc, "x")]); // others do not count
        }
        assert_eq!(bench.session.group().members, 1 + byes as usize);
        let goodbye = bench.report();
        assert!(matches!(goodbye.packets.last(), Some(rtcp::Packet::Goodbye(_))));
        assert_eq!(wire::Machine::deadline(&bench.session), None);
        bench.now - start
    };
    let (alone, crowded) = (crowd(0), crowd(60));
    assert!(alone < Duration::from_secs(4), "{alone:?}");
    assert!(crowded > 2 * alone, "{crowded:?} is not much more than {alone:?}");
}

//= rfc3550#8.2/collision test
//= rfc3550#8.2/prepared test
//= rfc3550#8.2/two-addresses test
//= rfc3550#8.2/conflict-list test
//= rfc3550#8.2/new-ssrc test
#[test]
fn a_collision_changes_our_number_once_an_address() {
    let mut bench = Bench::new(Config { max_conflicts: 2, ..config() });
    let sent = parsed(&bench.send()).remove(0);
    let old = bench.session.ssrc();
    let out = bench.input(local(), remote(), rtp(old, 1));
    let goodbye = compounds(&out).remove(0);
    assert!(matches!(goodbye.packets.last(), Some(rtcp::Packet::Goodbye(b)) if b.sources == [old]));
    let new = bench.session.ssrc();
    assert_ne!(new, old);
    assert!(events(out).contains(&Event::Collision { old, new }));
    let next = parsed(&bench.send()).remove(0);
    assert_eq!(next.ssrc, new);
    assert_ne!((next.sequence, next.timestamp), (sent.sequence.wrapping_add(1), sent.timestamp.wrapping_add(160)));
    assert_eq!(bench.session.stats().sent.packets, 2, "the statistics go on");
    assert!(
        matches!(&bench.report().packets[0], rtcp::Packet::SenderReport(r) if r.info.packets == 1 && r.ssrc == new)
    );

    // Our new packets come back from the same address: a loop. The number stays.
    let looped = bench.rtp(new, 5);
    assert_eq!(looped, [Event::Dropped { remote: remote(), reason: DropReason::OwnLoop }]);
    assert_eq!(bench.session.ssrc(), new);
    // Control packets are told apart from data.
    bench.rtcp(vec![rr(new, vec![]), cname(new, "us@192.0.2.1")]);
    assert_ne!(bench.session.ssrc(), new);
    assert_eq!(bench.session.stats().collisions, 2);
    // The one who has the old number now is an ordinary source.
    bench.now = ms(60_000);
    assert_eq!(sequences(&[bench.rtp(old, 7), bench.rtp(old, 8)].concat()), [7, 8]);
}

#[test]
fn the_list_of_conflicts_is_bounded() {
    let mut bench = Bench::new(Config { max_conflicts: 2, ..config() });
    for n in 0..50u16 {
        bench.now = ms(u64::from(n));
        let from = address(&format!("198.51.100.1:{}", 1000 + n));
        let own = bench.session.ssrc();
        bench.rtp_from(from, own, 1);
    }
    assert_eq!(bench.session.stats().collisions, 50, "each address once");
    let own = bench.session.ssrc();
    let again = bench.rtp_from(address("198.51.100.1:1049"), own, 1);
    assert!(matches!(again[0], Event::Dropped { reason: DropReason::OwnLoop, .. }));
    let forgotten = bench.rtp_from(address("198.51.100.1:1000"), own, 1);
    assert!(matches!(forgotten.last(), Some(Event::Collision { .. })), "the oldest made room");
}

#[test]
fn our_own_packets_from_our_own_address_are_no_collision() {
    let mut bench = Bench::new(config());
    let own = bench.session.ssrc();
    let echo = bench.rtp_from(local(), own, 1);
    assert!(matches!(echo[0], Event::Dropped { reason: DropReason::OwnLoop, .. }));
    assert_eq!(bench.session.ssrc(), own);
}

#[test]
fn an_undrained_machine_stays_bounded() {
    let mut bench = Bench::new(Config { max_queue: 10, ..config() });
    for n in 0..1000 {
        let data = rtp(9, n);
        bench.session.handle(ms(0), wire::Input::Datagram { local: local(), remote: remote(), data });
    }
    assert_eq!(wire::drain(&mut bench.session).len(), 10);
    assert_eq!(bench.session.stats().outputs_dropped, 991, "a join, a thousand packets, ten places");
}

use wire::Machine as _;
