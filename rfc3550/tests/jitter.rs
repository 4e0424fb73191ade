//! The jitter buffer: order, rhythm, adaptation, bounds.

mod common;

use std::time::Duration;

use common::ms;
use proptest::prelude::*;
use rfc3550::{Inserted, JitterBuffer, JitterConfig, Packet, Playout};
use wire::{Instant, Rng};

fn packet(n: u64) -> Packet {
    Packet { sequence: n as u16, timestamp: (n * 160) as u32, ..Packet::default() }
}

fn buffer() -> JitterBuffer {
    JitterBuffer::new(JitterConfig::new(8000))
}

/// Plays a stream of 20 ms packets, each late by what `delay` says (`None`: lost), with one look every 20 ms.
/// Tells for each tick what came out.
fn play(buffer: &mut JitterBuffer, packets: u64, delay: impl FnMut(u64) -> Option<u64>) -> Vec<Vec<Option<u16>>> {
    let mut arrivals: Vec<(u64, u64)> = (0..packets)
        .zip(std::iter::from_fn({
            let (mut n, mut delay) = (0, delay);
            move || {
                n += 1;
                Some(delay(n - 1))
            }
        }))
        .filter_map(|(n, d)| Some((n * 20 + d?, n)))
        .collect();
    arrivals.sort();
    let mut arrivals = arrivals.into_iter().peekable();
    let mut ticks = Vec::new();
    for tick in 0..packets + 50 {
        let now = tick * 20 + 5;
        while let Some((at, n)) = arrivals.next_if(|(at, _)| *at <= now) {
            buffer.push(ms(at), packet(n));
        }
        let mut out = Vec::new();
        while let Some(playout) = buffer.pop(ms(now)) {
            out.push(match playout {
                Playout::Packet(p) => Some(p.sequence),
                Playout::Lost(_) => None,
            });
        }
        ticks.push(out);
    }
    ticks
}

#[test]
fn a_steady_stream_comes_out_one_a_tick() {
    let mut buffer = buffer();
    let ticks = play(&mut buffer, 1000, |_| Some(0));
    let start = ticks.iter().position(|t| !t.is_empty()).unwrap();
    assert_eq!(start, 3, "60 ms at first");
    let flat: Vec<_> = ticks.iter().flatten().map(|s| s.unwrap()).collect();
    assert!(flat.iter().copied().eq(0..1000));
    let stats = buffer.stats();
    assert_eq!((stats.played, stats.lost, stats.late), (1000, 0, 0));
    assert_eq!(stats.delay, Duration::from_millis(20), "shrinks to the minimum when there is no jitter");
    assert!(ticks.iter().filter(|t| t.len() > 1).count() <= 2, "by 40 ms: two ticks yield two");
}

#[test]
fn jitter_is_covered_and_order_restored() {
    let mut rng = Rng::from_u64(5);
    let mut buffer = buffer();
    let ticks = play(&mut buffer, 3000, |_| Some(rng.below(60)));
    let flat: Vec<_> = ticks.iter().flatten().flatten().copied().collect();
    assert!(flat.is_sorted(), "in order");
    let stats = buffer.stats();
    assert!(stats.reordered > 100);
    assert!(stats.loss() < 0.002, "{stats:?}");
    assert!((50..=160).contains(&stats.delay.as_millis()), "{stats:?}");
}

#[test]
fn a_lost_packet_is_told_in_its_place() {
    let mut buffer = buffer();
    let ticks = play(&mut buffer, 50, |n| (n != 20 && n != 21).then_some(0));
    let flat: Vec<_> = ticks.iter().flatten().copied().collect();
    assert_eq!(flat.len(), 50);
    assert_eq!(&flat[19..23], [Some(19), None, None, Some(22)]);
    assert_eq!(buffer.stats().lost, 2);
    let lost = ticks.iter().position(|t| t.contains(&None)).unwrap();
    assert_eq!(ticks[lost].len(), 1, "one a tick, as if they were there");
}

#[test]
fn a_late_packet_is_refused_and_the_delay_grows() {
    let mut buffer = buffer();
    play(&mut buffer, 500, |n| Some(if n == 400 { 150 } else { 0 }));
    let stats = buffer.stats();
    assert_eq!((stats.late, stats.lost), (1, 1));
    let mut late = JitterBuffer::new(JitterConfig::new(8000));
    for n in 0..10 {
        late.push(ms(20 * n), packet(n));
    }
    late.push(ms(220), packet(11));
    while late.pop(ms(300)).is_some() {}
    let before = late.stats().delay;
    assert_eq!(late.push(ms(300), packet(10)), Inserted::Late);
    assert!(late.stats().delay >= before + Duration::from_millis(30), "{:?}", late.stats());
}

#[test]
fn duplicates_are_known_before_and_after_playing() {
    let mut buffer = buffer();
    assert_eq!(buffer.push(ms(0), packet(0)), Inserted::Queued);
    assert_eq!(buffer.push(ms(1), packet(0)), Inserted::Duplicate);
    buffer.push(ms(20), packet(1));
    while buffer.pop(ms(200)).is_some() {}
    assert_eq!(buffer.push(ms(201), packet(1)), Inserted::Duplicate);
    assert_eq!(buffer.stats().duplicates, 2);
}

#[test]
fn numbers_and_timestamps_wrap() {
    let mut buffer = buffer();
    let mut out = Vec::new();
    for n in 0..200u64 {
        let sequence = 65_500u16.wrapping_add(n as u16);
        let timestamp = (u32::MAX - 4000).wrapping_add(n as u32 * 160);
        buffer.push(ms(n * 20), Packet { sequence, timestamp, ..Packet::default() });
        while let Some(Playout::Packet(p)) = buffer.pop(ms(n * 20)) {
            out.push(p.sequence);
        }
    }
    assert!(out.iter().copied().eq((0..out.len()).map(|n| 65_500u16.wrapping_add(n as u16))));
    assert!(out.len() > 190);
    assert_eq!(buffer.stats().resets, 0);
}

#[test]
fn a_silence_is_no_loss_and_a_spurt_adapts() {
    let mut buffer = buffer();
    let mut at = 0;
    for n in 0..100u64 {
        // Ten packets, then a second of silence: the numbers go on, the timestamps jump with the clock.
        at = n * 20 + n / 10 * 1000;
        let marker = n % 10 == 0;
        buffer.push(ms(at), Packet { sequence: n as u16, timestamp: (at * 8) as u32, marker, ..Packet::default() });
        while buffer.pop(ms(at)).is_some() {}
    }
    while buffer.pop(ms(at + 1000)).is_some() {}
    let stats = buffer.stats();
    assert_eq!((stats.played, stats.lost, stats.late, stats.resets), (100, 0, 0, 0));
    assert_eq!(stats.delay, Duration::from_millis(20));
}

#[test]
fn events_of_one_instant_share_the_numbers() {
    let mut buffer = buffer();
    for n in 0..10u64 {
        let timestamp = if (3..8).contains(&n) { 3 * 160 } else { n as u32 * 160 };
        buffer.push(ms(n * 20), Packet { sequence: n as u16, timestamp, marker: n == 3, ..Packet::default() });
    }
    let mut played = Vec::new();
    while let Some(playout) = buffer.pop(ms(500)) {
        played.push(playout);
    }
    assert_eq!(played.len(), 10);
    assert!(played.iter().all(|p| matches!(p, Playout::Packet(_))));
}

#[test]
fn a_new_time_base_starts_over() {
    let mut buffer = buffer();
    for n in 0..20 {
        buffer.push(ms(20 * n), packet(n));
        buffer.pop(ms(20 * n));
    }
    // The sender restarts its timestamps far ahead: what it sends now must not wait for an hour.
    let ahead = |n: u64| Packet { sequence: n as u16, timestamp: 1 << 30 | (n * 160) as u32, ..Packet::default() };
    for n in 20..40 {
        buffer.push(ms(20 * n), ahead(n));
    }
    assert_eq!(buffer.stats().resets, 1);
    let mut last = None;
    while let Some(playout) = buffer.pop(ms(40 * 20 + 300)) {
        last = Some(playout);
    }
    assert!(matches!(last, Some(Playout::Packet(p)) if p.sequence == 39));
    // And far behind: after a few packets that look too late it follows.
    let mut heard = 0;
    for n in 40..80 {
        buffer.push(ms(20 * n), packet(n));
        while let Some(Playout::Packet(_)) = buffer.pop(ms(20 * n)) {
            heard += 1;
        }
    }
    assert!(heard >= 20, "{heard}: {:?}", buffer.stats());
}

#[test]
fn the_sequence_restarts() {
    let mut buffer = buffer();
    for n in (0..10).chain(30_000..30_010) {
        buffer.push(ms(20 * (n % 1000)), packet(n));
    }
    assert_eq!(buffer.stats().resets, 1);
    assert!(matches!(buffer.pop(ms(1_000)), Some(Playout::Packet(p)) if p.sequence == 30_000));
}

#[test]
fn capacity_and_delay_are_bounded() {
    let config = JitterConfig { capacity: 10, max_delay: Duration::from_millis(100), ..JitterConfig::new(8000) };
    let mut buffer = JitterBuffer::new(config);
    for n in 0..1000 {
        buffer.push(ms(20 * n), packet(n)); // nobody plays
        assert!(buffer.len() <= 10);
    }
    assert_eq!(buffer.stats().overflowed, 990);
    let mut rng = Rng::from_u64(1);
    let mut buffer = JitterBuffer::new(config);
    play(&mut buffer, 2000, |_| Some(rng.below(400)));
    assert!(buffer.stats().delay <= Duration::from_millis(100));
}

#[test]
fn a_long_gap_is_skipped() {
    let mut buffer = buffer();
    buffer.push(ms(0), packet(0));
    assert!(buffer.pop(ms(60)).is_some());
    buffer.push(ms(20 * 500), packet(500));
    assert_eq!(buffer.pop(ms(20 * 500)), None);
    let at = buffer.deadline().unwrap();
    assert!(matches!(buffer.pop(at), Some(Playout::Packet(p)) if p.sequence == 500));
    assert_eq!(buffer.stats().lost, 499);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn whatever_arrives_it_stays_bounded_and_in_order(
        steps in proptest::collection::vec((any::<u16>(), any::<u32>(), any::<bool>(), 0..u64::MAX / 1000, 0..4u8), 1..200),
        near in any::<bool>(),
    ) {
        let mut buffer = JitterBuffer::new(JitterConfig { capacity: 16, ..JitterConfig::new(8000) });
        let mut now = Instant::ZERO;
        let mut played = 0u64;
        for (sequence, timestamp, marker, time, what) in steps {
            let (sequence, timestamp, time) = match near {
                true => (sequence % 64, timestamp % 20_000, time % 50_000_000),
                false => (sequence, timestamp, time),
            };
            now += Duration::from_nanos(time);
            match what {
                0 => while let Some(playout) = buffer.pop(now) {
                    played += u64::from(matches!(playout, Playout::Packet(_)));
                },
                _ => { buffer.push(now, Packet { sequence, timestamp, marker, ..Packet::default() }); }
            }
            prop_assert!(buffer.len() <= 16);
            let _ = buffer.deadline();
            prop_assert_eq!(buffer.stats().played, played);
        }
        let stats = buffer.stats();
        prop_assert_eq!(stats.received, stats.played + stats.late + stats.duplicates + stats.overflowed + buffer.len() as u64);
    }
}
