//! Transactions and calls over a bad network: they end as the RFC says, and nothing is left over.

#[path = "common/pair.rs"]
mod pair;

use std::time::Duration;

use pair::*;
use rfc3261::message::Uri;
use rfc3261::ua::{Body, Ended, Event, Invitation};
use sim::Link;

/// Each of `calls` is answered after a second and hung up by the caller three seconds later, on a network that loses,
/// repeats and reorders. Returns how many were answered.
fn calls(seed: u64, loss: f64, calls: u64) -> usize {
    println!("seed {seed}");
    let mut pair = Pair::new();
    pair.net = {
        let mut net = sim::Network::new(seed);
        pair.alice = net.add_at(agent("alice", ALICE, |_| {}), ALICE.parse().unwrap());
        pair.bob = net.add_at(agent("bob", BOB, |_| {}), BOB.parse().unwrap());
        let mut link = Link::with_delay(Duration::from_millis(30));
        link.jitter = Duration::from_millis(60);
        link.loss = loss;
        link.duplicate = loss / 2.0;
        link.reorder = loss;
        net.link(pair.alice, pair.bob, link);
        net
    };
    let to = Uri::parse(format!("sip:bob@{BOB}")).unwrap();
    let (mut answered, mut ended, mut bobs) = (0, 0, 0);
    for n in 0..calls + 1200 {
        if n < calls {
            pair.at(pair.alice, |ua, now| ua.invite(now, to.clone(), Invitation::sdp("offer"))).unwrap();
        }
        pair.ms(100);
        for (host, event) in std::mem::take(&mut pair.told) {
            match event {
                Event::Incoming { call, .. } => {
                    bobs += 1;
                    let _cancelled = pair.at(host, |ua, now| ua.accept(now, call, Some(Body::sdp("answer"))));
                }
                Event::Answered { call, .. } => {
                    answered += 1;
                    pair.at(host, |ua, now| ua.hang_up(now, call)).unwrap();
                }
                Event::Ended { reason, .. } => {
                    ended += usize::from(host == pair.alice);
                    bobs -= i32::from(host == pair.bob);
                    let expected = [Ended::Local, Ended::Remote, Ended::NoAnswer, Ended::NoAck];
                    assert!(expected.contains(&reason), "{reason:?}");
                }
                _ => {}
            }
        }
    }
    assert_eq!((ended, bobs), (calls as usize, 0), "every call has ended on both sides");
    pair.is_empty();
    answered
}

#[test]
fn without_loss_every_call_is_answered() {
    assert_eq!(calls(1, 0.0, 100), 100);
}

#[test]
fn with_a_tenth_lost_repeated_and_reordered_nearly_every_call_is_answered() {
    for seed in 2..6 {
        assert!(calls(seed, 0.1, 100) >= 99);
    }
}

#[test]
fn with_half_lost_most_calls_are_answered_and_all_end() {
    for seed in 6..10 {
        assert!(calls(seed, 0.5, 60) >= 50);
    }
}
