//! Sequence numbers, loss and jitter of one source: appendices A.1, A.3 and A.8.

use rfc3550::{Source, Validity};
use wire::Instant;

fn valid(source: &mut Source, sequences: &[u16]) {
    for sequence in sequences {
        assert!(matches!(source.update(*sequence), Validity::Valid { .. }), "{sequence}");
    }
}

//= rfc3550#A.1/probation test
#[test]
fn two_in_sequence_end_the_probation() {
    let mut source = Source::new(10, 2);
    assert_eq!(source.update(10), Validity::Probation);
    assert_eq!(source.update(12), Validity::Probation, "a gap starts the count over");
    assert_eq!(source.update(13), Validity::Valid { extended: 13, first: true });
    assert_eq!((source.received(), source.expected(), source.highest()), (1, 1, 13));
    for needed in 0..6u8 {
        let mut source = Source::new(100, needed);
        let before = (100..).take_while(|n| source.update(*n) == Validity::Probation).count();
        assert_eq!(before, usize::from(needed.max(1)) - 1);
    }
}

//= rfc3550#A.1/restart test
#[test]
fn a_far_number_restarts_only_with_its_successor() {
    let mut source = Source::new(1, 1);
    valid(&mut source, &[1, 2, 3, 5]);
    assert_eq!(source.update(20_000), Validity::Jump);
    assert_eq!(source.update(30_000), Validity::Jump, "not the successor");
    assert_eq!(source.update(6), Validity::Valid { extended: 6, first: false }, "the stream goes on");
    assert_eq!(source.update(40_000), Validity::Jump);
    assert_eq!(source.update(40_001), Validity::Valid { extended: 40_001, first: true });
    assert_eq!((source.received(), source.expected(), source.lost()), (1, 1, 0));
}

#[test]
fn numbers_wrap_forward_and_back() {
    let mut source = Source::new(65_534, 1);
    valid(&mut source, &[65_534, 65_535]);
    assert_eq!(source.update(0), Validity::Valid { extended: 0x1_0000, first: false });
    assert_eq!(source.update(2), Validity::Valid { extended: 0x1_0002, first: false });
    assert_eq!(source.update(65_533), Validity::Valid { extended: 0xfffd, first: false }, "late, of the cycle before");
    assert_eq!(source.highest(), 0x1_0002);
    assert_eq!((source.expected(), source.received()), (5, 5));
}

#[test]
fn the_limits_of_gaps_and_disorder() {
    let fresh = || {
        let mut source = Source::new(10_000, 1);
        valid(&mut source, &[10_000]);
        source
    };
    assert!(matches!(fresh().update(12_999), Validity::Valid { .. }), "2,999 ahead");
    assert_eq!(fresh().update(13_000), Validity::Jump, "3,000 ahead");
    assert!(matches!(fresh().update(9_901), Validity::Valid { .. }), "99 behind");
    assert_eq!(fresh().update(9_900), Validity::Jump, "100 behind");
}

//= rfc3550#A.3/expected test
//= rfc3550#6.4.1/fraction test
//= rfc3550#6.4.1/cumulative test
#[test]
fn loss_of_an_interval_and_of_all() {
    let mut source = Source::new(11, 2);
    source.update(11);
    valid(&mut source, &[12, 14]);
    let report = source.report(7);
    assert_eq!((report.ssrc, report.fraction_lost, report.lost, report.highest), (7, 85, 1, 14));
    valid(&mut source, &[15, 16]);
    let report = source.report(7);
    assert_eq!((report.fraction_lost, report.lost), (0, 1), "nothing lost since");
    // Three duplicates: the loss turns negative, the fraction does not.
    valid(&mut source, &[16, 16, 16]);
    let report = source.report(7);
    assert_eq!((report.fraction_lost, report.lost), (0, -2));
    // Nothing but losses of a whole interval: the fraction's last step.
    valid(&mut source, &[2_500]);
    assert_eq!(source.report(7).fraction_lost, 255);
}

//= rfc3550#6.4.1/jitter test
//= rfc3550#6.4.1/jitter-formula test
#[test]
fn jitter_follows_the_formula() {
    let mut source = Source::new(1, 1);
    let mut expected = 0.0f64;
    let mut previous: Option<(f64, f64)> = None;
    let delays = [0, 5, 3, 40, 0, 0, 12, 7, 90, 1, 2, 3, 4, 0, 33];
    for (n, delay) in delays.iter().cycle().take(600).enumerate() {
        let (sent, arrived) = (n as u64 * 20, n as u64 * 20 + delay);
        source.arrival((sent * 8) as u32, 8000, Instant::from_millis(arrived));
        let (s, r) = (sent as f64 * 8.0, arrived as f64 * 8.0);
        if let Some((s0, r0)) = previous.replace((s, r)) {
            expected += (((r - r0) - (s - s0)).abs() - expected) / 16.0;
        }
    }
    let ticks = f64::from(source.jitter());
    assert!((ticks - expected).abs() < 2.0, "{ticks} is not {expected}");
    assert!((source.jitter_time().as_secs_f64() * 8000.0 - expected).abs() < 2.0);
}

#[test]
fn a_jump_of_the_timestamp_base_costs_one_step() {
    let mut source = Source::new(1, 1);
    source.arrival(1000, 8000, Instant::ZERO);
    source.arrival(1160, 8000, Instant::from_millis(170));
    source.arrival(1320, 8000, Instant::from_millis(330));
    // |D| is 1,200 and 1,120 ticks: 75 after the first, 75 - 75/16 + 70 after the second.
    assert_eq!(source.jitter(), 140);
}

#[test]
fn another_clock_rate_keeps_the_time() {
    let mut source = Source::new(1, 1);
    for n in 0..100u64 {
        source.arrival(n as u32 * 160, 8000, Instant::from_millis(20 * n + (n % 2) * 10));
    }
    let before = source.jitter_time();
    source.arrival(77, 48_000, Instant::from_millis(2_000));
    assert!(before.as_millis() > 5);
    assert_eq!(source.jitter_time().as_millis(), before.as_millis());
    source.arrival(88, 0, Instant::from_millis(3_000)); // a rate of zero is ignored
    assert_eq!(source.jitter_time().as_millis(), before.as_millis());
}
