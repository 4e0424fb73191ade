//! The timing of RTCP against its table: every row, and every stimulus without one.

mod common;

use common::*;
use rfc3550::{Config, Phase, Stimulus, TRANSITIONS};
use wire::{Input, Machine, Output, Transmit, Walk};

fn apply(bench: &mut Bench, on: Stimulus) -> Option<Phase> {
    let before = bench.session.phase();
    let now = bench.now;
    match on {
        Stimulus::TooEarly => {
            // The group grows after the interval was drawn, so that a longer one is drawn when it is over.
            crowd(bench, if before == Phase::Leaving { 0 } else { 400 });
            if before == Phase::Leaving {
                (1..=400).for_each(|ssrc| goes(bench, ssrc));
            }
            let at = bench.session.deadline()?;
            bench.now = bench.now.max(at);
            bench.session.handle(bench.now, Input::Time);
            assert_eq!(sent(bench), 0, "nothing goes out");
            assert!(bench.session.deadline() > Some(at), "and the timer is set again");
        }
        Stimulus::Due => {
            let mut packets = 0;
            while packets == 0 {
                bench.now = bench.now.max(bench.session.deadline()?);
                bench.session.handle(bench.now, Input::Time);
                packets = sent(bench);
            }
        }
        Stimulus::Shrunk => {
            crowd(bench, 400);
            let takes_part = matches!(before, Phase::Initial | Phase::Regular);
            if takes_part {
                bench.now = bench.now.max(bench.session.deadline()?);
                bench.session.handle(bench.now, Input::Time); // with the crowd in mind, the next look is far off
                assert_eq!(bench.session.phase(), before);
            }
            let deadline = bench.session.deadline();
            (1..=390).for_each(|ssrc| goes(bench, ssrc));
            assert_eq!(bench.session.deadline() < deadline, takes_part, "the next report comes nearer");
        }
        // Who has spoken in the phase cannot be unheard, nor a member of a crowd alone.
        Stimulus::LeaveUnheard if matches!(before, Phase::Initial | Phase::Regular) => {
            if before == Phase::Regular {
                *bench = unheard();
            }
            bench.session.leave(now, "");
            assert_eq!(sent(bench), 0);
        }
        Stimulus::Leave => {
            bench.session.send(now, vec![0; 160].into(), 0, 160, false).ok();
            wire::drain(&mut bench.session);
            bench.session.leave(now, "");
            assert_eq!(sent(bench) > 0, matches!(before, Phase::Initial | Phase::Regular), "the goodbye goes out");
        }
        Stimulus::LeaveCrowd => {
            bench.session.send(now, vec![0; 160].into(), 0, 160, false).ok();
            wire::drain(&mut bench.session);
            crowd(bench, 60);
            bench.session.leave(now, "");
            assert_eq!(sent(bench), 0, "it waits");
        }
        Stimulus::Goodbye => {
            let members = bench.session.group().members;
            goes(bench, 99_999);
            let counted = bench.session.group().members.saturating_sub(members);
            assert_eq!(counted, usize::from(before == Phase::Leaving), "only a leaver counts who goes");
        }
        Stimulus::LeaveUnheard => return None,
    }
    Some(bench.session.phase())
}

/// A session in the phase of regular reports that had nowhere to send them.
fn unheard() -> Bench {
    let mut bench = new();
    bench.session.set_remote(None, None);
    while bench.session.phase() == Phase::Initial {
        bench.now = bench.now.max(bench.session.deadline().unwrap());
        bench.session.handle(bench.now, Input::Time);
    }
    bench
}

fn new() -> Bench {
    Bench::new(Config { max_sources: 1_000, ..config() })
}

/// So many more take part.
fn crowd(bench: &mut Bench, members: u32) {
    for ssrc in 1..=members {
        bench.rtcp(vec![rr(ssrc, vec![]), cname(ssrc, "x")]);
    }
}

/// One of them says goodbye.
fn goes(bench: &mut Bench, ssrc: u32) {
    bench.rtcp(vec![rr(ssrc, vec![]), cname(ssrc, "x"), bye(&[ssrc])]);
}

/// The packets that went out.
fn sent(bench: &mut Bench) -> usize {
    let outputs = wire::drain(&mut bench.session);
    outputs.iter().filter(|output| matches!(output, Output::Transmit(Transmit::Datagram { .. }))).count()
}

//= rfc3550#6.3.6/reconsider test
//= rfc3550#6.3.7/backoff test
//= rfc3550#6.3.7/never-sent test
#[test]
fn the_timing_of_rtcp_is_its_table() {
    use Stimulus::*;
    let mut walk = Walk::new(TRANSITIONS);
    let all = [Due, TooEarly, Shrunk, LeaveUnheard, LeaveCrowd, Leave, Goodbye];
    walk.run(Phase::Initial, &all, new, apply);
    walk.finish();
}
