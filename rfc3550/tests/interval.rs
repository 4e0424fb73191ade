//! When RTCP packets go out: sections 6.2 and 6.3, appendix A.7.

mod common;

use std::time::Duration;

use common::*;
use rfc3550::{Config, Group, Schedule, Timer};
use wire::{Instant, Rng};

fn schedule() -> Schedule {
    Schedule { rtcp_bandwidth: 400.0, sender_share: 0.25, minimum: Duration::from_secs(5) }
}

fn group(members: usize, senders: usize, we_sent: bool) -> Group {
    Group { members, senders, we_sent }
}

//= rfc3550#6.2/bandwidth-share test
//= rfc3550#6.2/minimum test
//= rfc3550#6.2/initial-delay test
//= rfc3550#6.3.1/zero-bandwidth test
#[test]
fn the_deterministic_interval() {
    let td = |members, senders, we_sent, initial| {
        schedule().deterministic(group(members, senders, we_sent), 100.0, initial).as_secs_f64()
    };
    assert_eq!(td(2, 1, true, false), 5.0, "small groups wait the minimum");
    assert_eq!(td(2, 1, true, true), 2.5, "half of it before the first packet");
    // Few senders: they share a quarter of the bandwidth, the receivers three quarters.
    assert_eq!(td(1000, 100, true, false), 100.0 * 100.0 / 100.0);
    assert_eq!(td(1000, 100, false, false), 900.0 * 100.0 / 300.0);
    // Many senders: all share all.
    assert_eq!(td(1000, 251, true, false), 1000.0 * 100.0 / 400.0);
    assert_eq!(td(1000, 251, false, false), td(1000, 251, true, false));
    let none = Schedule { rtcp_bandwidth: 0.0, ..schedule() };
    assert_eq!(none.deterministic(group(2, 0, false), 100.0, false), Duration::from_secs(86_400));
    let silent = Schedule { sender_share: 1.0, ..schedule() };
    assert_eq!(silent.deterministic(group(2, 0, false), 100.0, false), Duration::from_secs(86_400));
}

//= rfc3550#6.3.1/randomize test
#[test]
fn the_random_factor() {
    let mut rng = Rng::from_u64(3);
    let draws: Vec<f64> =
        (0..10_000).map(|_| schedule().randomized(group(2, 0, false), 100.0, false, &mut rng).as_secs_f64()).collect();
    let (least, most) = (2.5 / 1.21828, 7.5 / 1.21828);
    assert!(draws.iter().all(|t| (least..most).contains(t)));
    let mean = draws.iter().sum::<f64>() / draws.len() as f64;
    assert!((mean - 5.0 / 1.21828).abs() < 0.05, "{mean}");
    for tenth in 0..10 {
        let (low, width) = (least + (most - least) * f64::from(tenth) / 10.0, (most - least) / 10.0);
        let share = draws.iter().filter(|t| (low..low + width).contains(t)).count();
        assert!((850..1150).contains(&share), "{share} of 10,000 in tenth {tenth}");
    }
}

//= rfc3550#6.3.2/initialization test
#[test]
fn the_first_look_is_after_a_random_part_of_the_initial_interval() {
    for seed in 0..50 {
        let timer = Timer::new(ms(1_000), schedule(), 100, Rng::from_u64(seed));
        assert!(timer.is_initial());
        let delay = (timer.deadline() - ms(1_000)).as_secs_f64();
        assert!((1.25 / 1.21828..3.75 / 1.21828).contains(&delay), "{delay} with seed {seed}");
    }
}

//= rfc3550#6.3/multicast-rules test
//= rfc3550#6.3.6/reconsider test
//= rfc3550#6.3.6/sent test
#[test]
fn a_grown_group_puts_the_packet_off() {
    let mut timer = Timer::new(ms(0), schedule(), 100, Rng::from_u64(1));
    let first = timer.deadline();
    assert!(!timer.expired(first, group(1000, 0, false)), "far more members than thought");
    let later = timer.deadline();
    assert!(later > first + Duration::from_secs(60));
    assert!(timer.expired(later + Duration::from_secs(1000), group(1000, 0, false)));
    timer.sent(later, 100, group(2, 0, false));
    assert!(!timer.is_initial());
    let next = (timer.deadline() - later).as_secs_f64();
    assert!((2.5 / 1.21828..7.5 / 1.21828).contains(&next));
}

//= rfc3550#6.3.4/reverse-reconsideration test
//= rfc3550#6.3.5/reverse test
#[test]
fn a_shrunk_group_brings_the_packet_nearer() {
    let mut timer = Timer::new(ms(0), schedule(), 100, Rng::from_u64(1));
    timer.sent(ms(0), 100, group(1000, 0, false));
    let before = timer.deadline();
    let now = ms(10_000);
    timer.shrunk(now, 250);
    let expected = (before - now).mul_f64(0.25);
    assert_eq!(timer.deadline() - now, expected);
    timer.shrunk(now, 500);
    assert_eq!(timer.deadline() - now, expected, "growth changes nothing here");
}

//= rfc3550#6.3.3/average-size test
#[test]
fn the_average_moves_by_a_sixteenth() {
    let mut timer = Timer::new(ms(0), schedule(), 100, Rng::from_u64(1));
    let interval = |timer: &Timer| timer.send_interval(group(1000, 0, false)).as_secs_f64();
    assert!((interval(&timer) - 100.0 * 1000.0 / 300.0).abs() < 1e-6);
    timer.average(260);
    assert!((interval(&timer) - 110.0 * 1000.0 / 300.0).abs() < 1e-6);
}

//= rfc3550#6.2/timeout-minimum test
#[test]
fn timeouts_keep_the_full_minimum() {
    let fast = Schedule { minimum: Duration::from_millis(500), ..schedule() };
    let mut timer = Timer::new(ms(0), fast, 100, Rng::from_u64(1));
    timer.sent(ms(0), 100, group(2, 1, true));
    assert_eq!(timer.send_interval(group(2, 1, true)), Duration::from_millis(500));
    assert_eq!(timer.timeout_interval(group(2, 1, true)), Duration::from_secs(5));
}

//= rfc3550#6.2/same-constants test
//= rfc3550#6.2/rtcp-fraction test
//= rfc3550#6.2/lower-layers test
#[test]
fn rtcp_takes_five_percent_headers_included() {
    // 100 members, all of them senders: the interval is members times size by bandwidth, far above the minimum.
    let mut bench = Bench::new(Config { bandwidth: 16_000, max_sources: 200, ..config() });
    let (mut bytes, mut start) = (0, Instant::ZERO);
    let mut sequence = 0;
    for n in 0..400 {
        for ssrc in 1..100 {
            sequence += 1;
            bench.rtcp(vec![rr(ssrc, vec![]), cname(ssrc, "a name of some length")]);
        }
        bench.send();
        let report = bench.report();
        if n == 50 {
            (bytes, start) = (0, bench.now);
        }
        bytes += report.to_bytes().unwrap().len() + 28;
    }
    assert!(sequence > 0);
    let rate = bytes as f64 / (bench.now - start).as_secs_f64();
    // One of 100 members; as the only sender it has a quarter of 5 % of 2,000 bytes a second, or the minimum interval.
    let own = (bench.report().to_bytes().unwrap().len() + 28) as f64;
    assert!(rate <= own / 5.0 * 1.3, "{rate} bytes a second");
}

//= rfc3550#6.3.8/we-sent test
#[test]
fn a_sender_is_one_for_two_intervals() {
    let mut bench = Bench::new(config());
    assert!(!bench.session.group().we_sent);
    bench.send();
    assert!(bench.session.group().we_sent);
    bench.report();
    assert!(bench.session.group().we_sent, "sent since the report before the last one");
    bench.report();
    assert!(!bench.session.group().we_sent);
    bench.send();
    assert_eq!((bench.session.group().senders, bench.session.group().we_sent), (1, true));
}

#[test]
fn the_shortest_interval_cannot_make_a_driver_spin() {
    let mut bench = Bench::new(Config { report_interval: Duration::ZERO, bandwidth: u32::MAX, ..config() });
    let sent = compounds(&bench.run(ms(1_000))).len();
    assert!((50..400).contains(&sent), "{sent} in a second");
}
