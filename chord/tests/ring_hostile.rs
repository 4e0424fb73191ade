//! Liars: lists of nonsense, answers to no question, floods, versions from the future.
mod ring_support;

use std::time::Duration;

use bytes::Bytes;
use chord::Key;
use chord::ring::{Claim, Config, Contact, Entry, Event, Failure, Message, Output, Reason, Ring, Version};
use wire::{Instant, Rng};

const LIAR: Contact<u32> = Contact::new(Key::ZERO, 7);

/// A node at 100 whose successor is at 200 and whose predecessor is at 50.
fn node(config: Config) -> Ring<u32> {
    let known = [50, 200].map(|id| Contact::new(Key::from(id), id as u32));
    let own = Contact::new(Key::from(100), 100);
    let mut node = Ring::resume(Instant::ZERO, own, config, Rng::from_u64(1), known.to_vec());
    while node.poll().is_some() {}
    node
}

fn outputs(node: &mut Ring<u32>) -> Vec<Output<u32>> {
    std::iter::from_fn(|| node.poll()).collect()
}

fn dropped(outputs: &[Output<u32>]) -> Vec<Reason> {
    let reason = |output: &Output<u32>| match output {
        Output::Event(Event::Dropped { reason, .. }) => Some(*reason),
        _ => None,
    };
    outputs.iter().filter_map(reason).collect()
}

//= wireworks#3.5/asked-only test
#[test]
fn an_answer_that_nobody_asked_for_changes_nothing() {
    let mut node = node(Config::default());
    let before = format!("{:?}", node.routes());
    let nearer = Contact::new(Key::from(101), 1);
    let lie = |number| Message::Neighbours { number, predecessor: Some(nearer), successors: vec![nearer] };
    node.handle(Instant::ZERO, &LIAR, lie(0));
    assert_eq!(dropped(&outputs(&mut node)), [Reason::Unsolicited]);
    // The right number from the wrong node is no better.
    node.handle_time(Instant::from_millis(45_000));
    let number = outputs(&mut node).iter().find_map(|output| match output {
        Output::Send { message: Message::Stabilize { number, .. }, .. } => Some(*number),
        _ => None,
    });
    node.handle(Instant::from_millis(45_001), &LIAR, lie(number.expect("a round of stabilisation")));
    assert_eq!(dropped(&outputs(&mut node)), [Reason::Unsolicited]);
    assert_eq!(format!("{:?}", node.routes()), before);
    node.handle(Instant::from_millis(45_002), &Contact::new(Key::from(100), 9), Message::Ping { number: 1 });
    assert_eq!(dropped(&outputs(&mut node)), [Reason::OwnId]);
}

//= wireworks#3.5/hearsay test
#[test]
fn a_successor_list_of_lies_is_cut_to_what_leads_on() {
    let mut node = node(Config::default());
    node.handle_time(Instant::from_millis(45_000));
    let (to, number) = outputs(&mut node)
        .iter()
        .find_map(|output| match output {
            Output::Send { to, message: Message::Stabilize { number, .. } } => Some((*to, *number)),
            _ => None,
        })
        .unwrap();
    let at = |id: u64| Contact::new(Key::from(id), id as u32);
    // Itself, the asker, a duplicate, one behind: the list ends where it comes around to the asker.
    let successors = vec![at(300), at(300), at(400), at(100), at(500)];
    node.handle(
        Instant::from_millis(45_001),
        &to,
        Message::Neighbours { number, predecessor: Some(at(150)), successors },
    );
    let ids: Vec<Key> = node.routes().successors().iter().map(|c| c.id).collect();
    assert!(ids.iter().all(|id| *id != Key::from(100) && *id != Key::from(150)), "{ids:?}");
    assert!(ids.windows(2).all(|pair| pair[0] < pair[1]), "{ids:?}");
    // The one said to stand between is asked, and believed only when it answers.
    let asked = outputs(&mut node);
    assert!(
        asked
            .iter()
            .any(|o| matches!(o, Output::Send { to, message: Message::Stabilize { .. } } if to.id == Key::from(150)))
    );
}

//= wireworks#3.5/flood test
#[test]
fn a_flood_of_questions_is_cut_off_and_others_are_still_answered() {
    let mut node = node(Config { max_questions: 10, ..Config::default() });
    for number in 0..50 {
        node.handle(Instant::from_millis(number), &LIAR, Message::Ping { number });
    }
    let all = outputs(&mut node);
    assert_eq!(dropped(&all).len(), 40);
    node.handle(Instant::from_millis(60), &Contact::new(Key::from(3), 3), Message::Ping { number: 1 });
    assert!(dropped(&outputs(&mut node)).is_empty());
    node.handle(Instant::from_millis(1_000), &LIAR, Message::Ping { number: 1 });
    assert!(dropped(&outputs(&mut node)).is_empty(), "a new second");
}

//= wireworks#3.5/hop-limit test
#[test]
fn a_lookup_led_around_in_circles_ends() {
    let mut node = node(Config { hops: 12, successors: 1, ..Config::default() });
    node.lookup(Instant::ZERO, Key::from(1).ahead(380));
    let (mut asked, mut now, mut failed) = (0u64, Instant::ZERO, false);
    loop {
        let mut next = None;
        for output in outputs(&mut node) {
            match output {
                Output::Send { to, message: Message::Find { number, .. } } => next = Some((to, number)),
                Output::Event(Event::Answer { outcome, .. }) => failed = outcome == Err(Failure::Unreachable),
                _ => (),
            }
        }
        let Some((to, number)) = next else { break };
        asked += 1;
        assert!(asked < 100, "no end");
        now += Duration::from_millis(1);
        // Every node names one that is a little nearer.
        let nearer = Contact::new(Key::from(1_000 + asked), 1);
        let (preceding, following) = (vec![nearer], Vec::new());
        let found = Message::Found { number, owner: false, covered: false, preceding, following, predecessor: None };
        node.handle(now, &to, found);
    }
    assert!(failed);
    assert_eq!(asked, 12);
}

#[test]
fn entries_that_break_the_limits_are_refused() {
    let mut node = node(Config { max_value: 10, ..Config::default() });
    let entry = |time, length| Entry {
        key: Key::from(77),
        version: Version { time, writer: 1 },
        value: Some(Bytes::from(vec![0; length])),
    };
    let mut number = 0;
    let mut offer = |entry: Entry| {
        number += 1;
        node.handle(Instant::ZERO, &LIAR, Message::Replicate { number, entries: vec![entry] });
        outputs(&mut node)
            .iter()
            .any(|o| matches!(o, Output::Send { message: Message::Stored { accepted: true, .. }, .. }))
    };
    assert!(!offer(entry(u64::MAX, 1)), "from the future");
    assert!(!offer(entry(1, 11)), "too large");
    assert!(offer(entry(1, 10)));
}

#[test]
fn a_claim_from_far_does_not_displace_a_living_neighbour() {
    let mut node = node(Config::default());
    let far = Contact::new(Key::from(90).ahead(383), 1);
    for claim in [Claim::Predecessor, Claim::Successor] {
        node.handle(Instant::ZERO, &far, Message::Stabilize { number: 1, claim });
    }
    assert_eq!(node.routes().predecessor().map(|c| c.id), Some(Key::from(50)));
    assert_eq!(node.routes().successors()[0].id, Key::from(200));
}
