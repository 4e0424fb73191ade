//! Telephone events: what a sender sends, what a receiver makes of it, and both with loss between them.

use proptest::prelude::*;
use rfc3551::telephone_event::{Change, Event, EventSet, KeyError, Receiver, Report, Sender, Step};

/// A packet: timestamp, marker, and its report, or `None` for media.
type Packet = (u32, bool, Option<Report>);

/// Steps the sender until it is idle and media has come again, from timestamp 0 on.
fn packets(sender: &mut Sender) -> Vec<Packet> {
    let (mut timestamp, mut packets) = (0_u32, Vec::new());
    for _ in 0..10_000 {
        match sender.step() {
            Step::Report(step) => {
                timestamp = timestamp.wrapping_add(step.advance);
                packets.push((timestamp, step.marker, Some(Report::of_bytes(step.payload))));
            }
            Step::Media { advance } => {
                timestamp = timestamp.wrapping_add(advance);
                packets.push((timestamp, false, None));
                if sender.is_idle() {
                    return packets;
                }
            }
        }
    }
    panic!("the sender does not come to an end");
}

/// The reports among the packets.
fn reports(packets: &[Packet]) -> Vec<(u32, bool, Report)> {
    packets.iter().filter_map(|(timestamp, marker, report)| Some((*timestamp, *marker, (*report)?))).collect()
}

//= rfc4733#2.5.1.2/same-timestamp test
//= rfc4733#2.5.1.2/duration-grows test
//= rfc4733#2.5.1.2/marker-first test
//= rfc4733#2.5.1.2/end-last test
//= rfc4733#2.5.1.2/neither-between test
//= rfc4733#2.5.1.2/at-once test
//= rfc4733#2.5.1.4/three-times test
//= rfc4733#2.5.1.4/end-stays test
//= rfc4733#2.3.5/no-zero test
#[test]
fn a_key_is_a_run_of_reports_that_grow() {
    let mut sender = Sender::new(160).tone(480);
    sender.dial("7").unwrap();
    let seen: Vec<_> = reports(&packets(&mut sender)).iter().map(|(t, m, r)| (*t, *m, r.end, r.duration)).collect();
    let last = (160, false, true, 480);
    assert_eq!(seen, [(160, true, false, 160), (160, false, false, 320), last, last, last]);
}

//= rfc4733#2.5.1.2/same-base test
//= rfc4733#2.1/same-base test
#[test]
fn media_after_a_key_goes_on_where_the_clock_stands() {
    let mut sender = Sender::new(160).tone(320).pause(1600);
    sender.dial("12").unwrap();
    for (index, (timestamp, _, report)) in packets(&mut sender).iter().enumerate() {
        if report.is_none() {
            assert_eq!(*timestamp, 160 * (index as u32 + 1), "packet {index}");
        }
    }
}

//= rfc4733#2.5.1.3/segment-no-end test
//= rfc4733#2.5.1.3/long test
//= rfc4733#2.5.1.3/segment-timestamp test
//= rfc4733#2.5.1.3/segment-no-marker test
//= rfc4733#2.5.1.3/segments-repeat test
//= rfc4733#2.5.1.3/segment-end test
#[test]
fn a_long_event_falls_into_segments() {
    let mut sender = Sender::new(800).tone(150_000);
    sender.dial("5").unwrap();
    let reports = reports(&packets(&mut sender));
    let mut segments: Vec<u32> = reports.iter().map(|(timestamp, ..)| *timestamp).collect();
    segments.dedup();
    assert_eq!(segments, [800, 800 + 0xffff, 800 + 2 * 0xffff]);
    for (timestamp, marker, report) in &reports {
        let in_last = *timestamp == segments[2];
        assert_eq!(*marker, (*timestamp, *report) == (reports[0].0, reports[0].2));
        assert_eq!(report.end, in_last && u32::from(report.duration) == 150_000 - 2 * 0xffff);
    }
    for segment in &segments[..2] {
        let full = reports.iter().filter(|(timestamp, _, report)| timestamp == segment && report.duration == 0xffff);
        assert_eq!(full.count(), 3);
    }
}

//= rfc4733#2.5.1.3.1/segment-limit test
#[test]
fn segments_of_redundant_packets_are_shorter() {
    let mut sender = Sender::new(800).tone(40_000).segment_limit(0x3fff - 1600);
    sender.dial("5").unwrap();
    let reports = reports(&packets(&mut sender));
    assert!(reports.iter().all(|(.., report)| report.duration <= 0x3fff - 1600));
    assert_eq!(reports.iter().filter(|(_, marker, _)| *marker).count(), 1);
}

//= rfc4733#2.5.1.1/restrict test
#[test]
fn keys_that_the_peer_does_not_list_are_refused() {
    let mut sender = Sender::new(160).allowed("0-9".parse().unwrap());
    assert_eq!(sender.dial("12#"), Err(KeyError::NotAllowed(Event(11))));
    assert!(sender.is_idle(), "none of them is queued");
    assert_eq!(sender.press(Event::FLASH), Err(KeyError::NotAllowed(Event::FLASH)));
    assert_eq!(sender.dial("12"), Ok(()));
}

#[test]
fn the_queue_has_a_limit() {
    let mut sender = Sender::new(160).max_queue(2);
    assert_eq!(sender.dial("123"), Err(KeyError::QueueFull));
    assert_eq!(sender.dial("12"), Ok(()));
    assert_eq!(sender.dial("3"), Err(KeyError::QueueFull));
}

//= rfc4733#2.3.4/no-volume test
#[test]
fn an_event_that_is_no_key_has_no_volume() {
    let mut sender = Sender::new(160).volume(30).allowed("0-16".parse().unwrap());
    sender.queue_all(&[Event(3), Event::FLASH]).unwrap();
    for (.., report) in reports(&packets(&mut sender)) {
        assert_eq!(report.volume, if report.event == Event::FLASH { 0 } else { 30 });
    }
}

//= rfc4733#2.3.3/reserved-zero test
//= rfc4733#2.3.3/reserved-ignored test
#[test]
fn the_reserved_bit_is_sent_as_zero_and_ignored() {
    for volume in 0..=255 {
        let report = Report { event: Event(1), end: true, volume, duration: 7 };
        let bytes = report.to_bytes();
        assert_eq!(bytes[1] & 0x40, 0);
        assert_eq!(Report::of_bytes([bytes[0], bytes[1] | 0x40, bytes[2], bytes[3]]), Report::of_bytes(bytes));
    }
}

//= rfc4733#2.5.2.2/true-duration test
#[test]
fn a_pressed_key_reports_what_has_passed() {
    let mut sender = Sender::new(160);
    sender.press(Event(9)).unwrap();
    for n in 1..=4_u16 {
        let Step::Report(step) = sender.step() else { panic!("media while a key is pressed") };
        let report = Report::of_bytes(step.payload);
        assert_eq!((report.duration, report.end), (160 * n, false));
    }
    sender.release();
    let Step::Report(step) = sender.step() else { panic!("media instead of the last report") };
    let report = Report::of_bytes(step.payload);
    assert_eq!((report.duration, report.end), (800, true));
}

fn changes(receiver: &mut Receiver, list: &[(u32, bool, [u8; 4])]) -> Vec<Change> {
    list.iter().flat_map(|(timestamp, marker, payload)| receiver.report(*timestamp, *marker, payload)).collect()
}

const BEGAN: Change = Change::Began { event: Event(5), volume: 10, timestamp: 800 };

//= rfc4733#2.5.2.2/ended-ignored test
//= rfc4733#2.5.2.2/no-restart test
#[test]
fn late_reports_of_an_ended_event_do_nothing() {
    let mut receiver = Receiver::default();
    let list = [(800, true, [5, 10, 0, 160]), (800, false, [5, 0x8a, 1, 64]), (800, false, [5, 10, 0, 240])];
    assert_eq!(changes(&mut receiver, &list), [BEGAN, Change::Ended { event: Event(5), duration: 320 }]);
    assert_eq!(receiver.current(), None);
}

//= rfc4733#2.5.2.2/timing test
//= rfc4733#2.5.2.2/no-spacing test
#[test]
fn the_longest_duration_counts_in_whatever_order_it_comes() {
    let mut receiver = Receiver::default();
    let list = [(800, true, [5, 10, 3, 0]), (800, false, [5, 10, 1, 0]), (800, false, [5, 0x8a, 2, 0])];
    assert_eq!(changes(&mut receiver, &list), [BEGAN, Change::Ended { event: Event(5), duration: 0x300 }]);
}

//= rfc4733#2.5.2.2/lost-beginning test
//= rfc4733#2.5.2.2/extension test
#[test]
fn an_event_lives_without_its_first_and_last_report() {
    let mut receiver = Receiver::new(1200);
    assert_eq!(changes(&mut receiver, &[(800, false, [5, 10, 1, 64])]), [BEGAN]);
    assert_eq!(receiver.pass(1199), None);
    assert_eq!(receiver.pass(1), Some(Change::Ended { event: Event(5), duration: 320 }));
}

//= rfc4733#2.5.2.3/adjacent test
#[test]
fn adjacent_segments_are_one_event_and_others_are_two() {
    let full = [(800, true, [5, 10, 0xff, 0xff])];
    let next = |timestamp: u32, marker| [(timestamp, marker, [5, 0x8a, 0, 160])];
    let end = |duration| Change::Ended { event: Event(5), duration };
    for (timestamp, marker, is_one) in
        [(800 + 0xffff, false, true), (800 + 0xffff, true, false), (70_000, false, false)]
    {
        let mut receiver = Receiver::default();
        assert_eq!(changes(&mut receiver, &full), [BEGAN]);
        let seen = changes(&mut receiver, &next(timestamp, marker));
        match is_one {
            true => assert_eq!(seen, [end(0xffff + 160)]),
            false => {
                assert_eq!(seen, [end(0xffff), Change::Began { event: Event(5), volume: 10, timestamp }, end(160)])
            }
        }
    }
}

//= rfc4733#2.5.2.4/contiguous test
#[test]
fn further_events_of_a_packet_begin_where_the_one_before_ends() {
    let mut receiver = Receiver::default();
    let seen: Vec<_> = receiver.report(800, true, &[5, 0x8a, 1, 64, 6, 0x8a, 0, 160]).collect();
    let second = Change::Began { event: Event(6), volume: 10, timestamp: 800 + 320 };
    let ends = [(5, 320), (6, 160)].map(|(event, duration)| Change::Ended { event: Event(event), duration });
    assert_eq!(seen, [BEGAN, ends[0], second, ends[1]]);
}

//= rfc4733#2.3.5/zero-duration test
#[test]
fn a_key_of_no_duration_is_ignored() {
    let mut receiver = Receiver::default();
    assert!(changes(&mut receiver, &[(800, true, [5, 10, 0, 0])]).is_empty());
}

//= rfc4733#2.5.1.1/default-events test
#[test]
fn a_peer_that_lists_nothing_understands_keys() {
    let understood: Vec<u8> = (0..=255).filter(|n| EventSet::default().contains(Event(*n))).collect();
    assert_eq!(understood, (0..16).collect::<Vec<u8>>());
}

proptest! {
    #[test]
    fn keys_survive_loss_of_all_but_one_report_each(keys in "[0-9A-D*#]{1,12}", seed in any::<u64>(), tone in 1_u32..4000) {
        let mut sender = Sender::new(160).tone(tone).pause(800);
        sender.dial(&keys).unwrap();
        let reports = reports(&packets(&mut sender));
        let mut receiver = Receiver::default();
        let mut heard = String::new();
        let mut random = seed | 1;
        for chunk in reports.chunk_by(|a, b| a.0 == b.0) {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let (timestamp, marker, report) = chunk[(random >> 33) as usize % chunk.len()];
            for change in receiver.report(timestamp, marker, &report.to_bytes()) {
                if let Change::Began { event, .. } = change {
                    heard.extend(event.key());
                }
            }
        }
        prop_assert_eq!(heard, keys);
    }

    #[test]
    fn any_reports_at_any_time_are_taken(packets in prop::collection::vec((any::<u32>(), any::<bool>(), prop::collection::vec(any::<u8>(), 0..40)), 0..40)) {
        let mut receiver = Receiver::default();
        let mut on = 0_i32;
        for (timestamp, marker, payload) in packets {
            for change in receiver.report(timestamp, marker, &payload) {
                on += if matches!(change, Change::Began { .. }) { 1 } else { -1 };
                prop_assert!((0..=1).contains(&on), "beginnings and ends alternate");
            }
        }
    }
}
