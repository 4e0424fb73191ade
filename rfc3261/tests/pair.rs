//! Two user agents on the virtual network: how calls begin, change and end.

#[path = "common/pair.rs"]
mod pair;

use pair::*;
use rfc3261::message::Uri;
use rfc3261::ua::{Body, Ended, Error, Event, Invitation};

//= rfc3261#13.2.1/both-exchanges test
//= rfc3261#13.2.2.4/ack test
#[test]
fn a_call_rings_is_answered_and_ended_by_the_caller() {
    let mut pair = Pair::new();
    let (a, b) = pair.ringing();
    pair.at(pair.bob, |ua, now| ua.ring(now, b)).unwrap();
    pair.ms(50);
    assert!(matches!(pair.one(pair.alice), Event::Ringing { call, body: None } if call == a));
    pair.at(pair.bob, |ua, now| ua.progress(now, b, 183, Some(Body::sdp("early")))).unwrap();
    pair.ms(50);
    assert!(
        matches!(pair.one(pair.alice), Event::Progress { status: 183, body: Some(body), .. } if body.data == "early")
    );
    pair.at(pair.bob, |ua, now| ua.accept(now, b, Some(Body::sdp("answer")))).unwrap();
    pair.ms(50);
    assert!(matches!(pair.one(pair.alice), Event::Answered { body: Some(body), .. } if body.data == "answer"));
    assert!(matches!(pair.one(pair.bob), Event::Confirmed { call, body: None } if call == b));
    pair.at(pair.alice, |ua, now| ua.hang_up(now, a)).unwrap();
    pair.ms(50);
    assert!(matches!(pair.one(pair.alice), Event::Ended { reason: Ended::Local, .. }));
    assert!(matches!(pair.one(pair.bob), Event::Ended { reason: Ended::Remote, .. }));
    pair.is_empty();
}

//= rfc3261#15/callee-after-ack test
#[test]
fn the_callee_can_hang_up_but_not_before_the_ack() {
    let mut pair = Pair::new();
    let (_, b) = pair.ringing();
    pair.at(pair.bob, |ua, now| {
        ua.accept(now, b, Some(Body::sdp("answer"))).unwrap();
        ua.hang_up(now, b).unwrap();
    });
    pair.ms(100);
    let told = pair.told(pair.bob);
    assert!(matches!(told[..], [Event::Confirmed { .. }, Event::Ended { reason: Ended::Local, .. }]), "{told:?}");
    assert!(matches!(pair.told(pair.alice).last(), Some(Event::Ended { reason: Ended::Remote, .. })));
    pair.is_empty();
}

#[test]
fn a_call_is_rejected_with_its_status() {
    let mut pair = Pair::new();
    let (_, b) = pair.ringing();
    pair.at(pair.bob, |ua, now| ua.reject(now, b, 486)).unwrap();
    pair.ms(50);
    let want = Ended::Rejected { status: 486, reason: "Busy Here".into() };
    assert!(matches!(pair.one(pair.alice), Event::Ended { reason, .. } if reason == want));
    assert!(matches!(pair.one(pair.bob), Event::Ended { reason: Ended::Local, .. }));
    pair.is_empty();
}

#[test]
fn a_call_is_cancelled_before_it_is_answered() {
    let mut pair = Pair::new();
    let (a, b) = pair.ringing();
    pair.at(pair.bob, |ua, now| ua.ring(now, b)).unwrap();
    pair.ms(50);
    pair.told(pair.alice);
    pair.at(pair.alice, |ua, now| ua.hang_up(now, a)).unwrap();
    pair.ms(50);
    assert!(matches!(pair.one(pair.alice), Event::Ended { reason: Ended::Local, .. }));
    assert!(matches!(pair.one(pair.bob), Event::Ended { reason: Ended::Cancelled, .. }));
    pair.is_empty();
}

//= rfc3261#9.1/wait test
#[test]
fn a_cancel_waits_for_a_provisional_response() {
    let mut pair = Pair::new();
    let to = Uri::parse(format!("sip:bob@{BOB}")).unwrap();
    let a = pair.at(pair.alice, |ua, now| ua.invite(now, to, Invitation::sdp("offer"))).unwrap();
    pair.at(pair.alice, |ua, now| ua.hang_up(now, a)).unwrap();
    pair.ms(150);
    assert!(matches!(pair.one(pair.bob), Event::Incoming { .. }), "no CANCEL yet");
    pair.ms(200); // 100 Trying sets it free
    assert!(matches!(pair.one(pair.bob), Event::Ended { reason: Ended::Cancelled, .. }));
    assert!(matches!(pair.one(pair.alice), Event::Ended { reason: Ended::Local, .. }));
    pair.is_empty();
}

//= rfc3261#13.2.2.4/unwanted test
//= rfc3261#15/late-2xx test
#[test]
fn a_2xx_that_meets_the_cancel_is_acknowledged_and_ended() {
    let mut pair = Pair::new();
    let (a, b) = pair.ringing();
    pair.at(pair.bob, |ua, now| ua.ring(now, b)).unwrap();
    pair.ms(50);
    pair.told.clear();
    pair.at(pair.bob, |ua, now| ua.accept(now, b, Some(Body::sdp("answer")))).unwrap();
    pair.at(pair.alice, |ua, now| ua.hang_up(now, a)).unwrap();
    pair.ms(100);
    assert!(matches!(pair.one(pair.alice), Event::Ended { reason: Ended::Local, .. }));
    let told = pair.told(pair.bob);
    assert!(matches!(told[..], [Event::Confirmed { .. }, Event::Ended { reason: Ended::Remote, .. }]), "{told:?}");
    pair.is_empty();
}

//= rfc3261#13.2.1/both-exchanges test
//= rfc3261#13.2.1/answer-in-ack test
//= rfc3261#13.2.2.4/ack-answer test
#[test]
fn an_invite_without_offer_is_answered_in_the_ack() {
    let mut pair = Pair::new();
    let (a, b) = pair.ringing_with(Invitation::default());
    pair.at(pair.bob, |ua, now| ua.accept(now, b, Some(Body::sdp("offer")))).unwrap();
    pair.ms(50);
    assert!(matches!(pair.one(pair.alice), Event::Answered { body: Some(body), .. } if body.data == "offer"));
    assert!(pair.told(pair.bob).is_empty(), "no ACK yet");
    pair.at(pair.alice, |ua, now| ua.answer(now, a, Body::sdp("answer"))).unwrap();
    pair.ms(50);
    assert!(matches!(pair.one(pair.bob), Event::Confirmed { body: Some(body), .. } if body.data == "answer"));
    pair.at(pair.bob, |ua, now| ua.hang_up(now, b)).unwrap();
    pair.is_empty();
}

//= rfc3261#14.1/failed-unchanged test
//= rfc3261#12.2/either-side test
#[test]
fn a_session_is_changed_by_either_side() {
    let mut pair = Pair::new();
    let (a, b) = pair.up();
    for (from, to, call, theirs) in [(pair.alice, pair.bob, a, b), (pair.bob, pair.alice, b, a)] {
        pair.at(from, |ua, now| ua.modify(now, call, Body::sdp("hold"))).unwrap();
        assert_eq!(pair.at(from, |ua, now| ua.modify(now, call, Body::sdp("again"))), Err(Error::WrongState));
        pair.ms(50);
        assert!(matches!(pair.one(to), Event::ReInvite { body: Some(body), .. } if body.data == "hold"));
        pair.at(to, |ua, now| ua.accept(now, theirs, Some(Body::sdp("held")))).unwrap();
        pair.ms(50);
        assert!(matches!(pair.one(from), Event::Modified { body: Some(body), .. } if body.data == "held"));
        pair.at(from, |ua, now| ua.modify(now, call, Body::sdp("video"))).unwrap();
        pair.ms(50);
        pair.told(to);
        pair.at(to, |ua, now| ua.reject(now, theirs, 488)).unwrap();
        pair.ms(50);
        assert!(matches!(pair.one(from), Event::ModifyFailed { status: 488, .. }));
        assert_eq!((pair.net.machine(from).load().calls, pair.net.machine(to).load().calls), (1, 1), "the call stands");
    }
    pair.at(pair.bob, |ua, now| ua.hang_up(now, b)).unwrap();
    pair.is_empty();
}

//= rfc3261#14.1/491-timer test
//= rfc3261#14.1/491-again test
#[test]
fn changes_that_meet_are_tried_again_and_both_succeed() {
    let mut pair = Pair::new();
    let (a, b) = pair.up();
    pair.at(pair.alice, |ua, now| ua.modify(now, a, Body::sdp("from alice"))).unwrap();
    pair.at(pair.bob, |ua, now| ua.modify(now, b, Body::sdp("from bob"))).unwrap();
    let mut modified = 0;
    for _ in 0..100 {
        pair.ms(100);
        for (host, event) in std::mem::take(&mut pair.told) {
            match event {
                Event::ReInvite { call, .. } => {
                    pair.at(host, |ua, now| ua.accept(now, call, Some(Body::sdp("yes")))).unwrap();
                }
                Event::Modified { .. } => modified += 1,
                other => panic!("{other:?}"),
            }
        }
    }
    assert_eq!(modified, 2);
    pair.at(pair.alice, |ua, now| ua.hang_up(now, a)).unwrap();
    pair.is_empty();
}

#[test]
fn info_and_messages_are_delivered() {
    let mut pair = Pair::new();
    let (a, _) = pair.up();
    let digit = Body { content_type: "application/dtmf-relay".into(), data: "Signal=5".into() };
    let exchange = pair.at(pair.alice, |ua, now| ua.info(now, a, digit.clone())).unwrap();
    pair.ms(50);
    assert!(matches!(pair.one(pair.bob), Event::Info { body: Some(body), .. } if body == digit));
    assert!(matches!(pair.one(pair.alice), Event::Finished { exchange: e, status: 200, .. } if e == exchange));
    let to = Uri::parse(format!("sip:alice@{ALICE}")).unwrap();
    pair.at(pair.bob, |ua, now| ua.message(now, to.clone(), Body::text("hello"))).unwrap();
    pair.ms(50);
    assert!(matches!(pair.one(pair.alice), Event::Message { body, .. } if body == Body::text("hello")));
    assert!(matches!(pair.one(pair.bob), Event::Finished { status: 200, .. }));
    pair.at(pair.bob, |ua, now| ua.options(now, to)).unwrap();
    pair.ms(50);
    let Event::Finished { status: 200, response: Some(response), .. } = pair.one(pair.bob) else { panic!("no answer") };
    assert!(response.headers.raw(rfc3261::message::Name::Allow).unwrap().contains("INVITE"));
    pair.at(pair.alice, |ua, now| ua.hang_up(now, a)).unwrap();
    pair.is_empty();
}

#[test]
fn nobody_there_ends_the_call() {
    let mut pair = Pair::new();
    let to = Uri::parse("sip:carol@10.0.0.9").unwrap();
    pair.at(pair.alice, |ua, now| ua.invite(now, to, Invitation::default())).unwrap();
    pair.ms(33_000);
    let told = pair.told(pair.alice);
    assert!(matches!(told.last(), Some(Event::Ended { reason: Ended::NoAnswer | Ended::Unreachable, .. })), "{told:?}");
    pair.is_empty();
}

//= rfc3261#13.3.1.4/no-ack test
#[test]
fn a_2xx_that_nobody_acknowledges_ends_the_call() {
    let mut pair = Pair::new();
    let (_, b) = pair.ringing();
    let cut = pair.net.cut(&[pair.alice], &[pair.bob]);
    pair.at(pair.bob, |ua, now| ua.accept(now, b, Some(Body::sdp("answer")))).unwrap();
    pair.ms(33_000);
    assert!(matches!(pair.one(pair.bob), Event::Ended { reason: Ended::NoAck, .. }));
    pair.net.heal(cut);
    pair.is_empty();
}

//= rfc3261#13.3.1.1/every-minute test
#[test]
fn an_unanswered_call_is_given_up_by_the_callee_too() {
    let mut pair = Pair::new();
    let (_, b) = pair.ringing();
    pair.at(pair.bob, |ua, now| ua.ring(now, b)).unwrap();
    pair.ms(181_000);
    let told = pair.told(pair.alice);
    let rings = told.iter().filter(|e| matches!(e, Event::Ringing { .. })).count();
    assert_eq!(rings, 3, "180, and again each minute");
    assert!(matches!(told.last(), Some(Event::Ended { reason: Ended::Rejected { status: 480, .. }, .. })));
    pair.is_empty();
}

//= rfc3261#13.3.1.2/contact test
//= rfc3261#8.1.3.4/follow test
#[test]
fn a_redirected_call_reaches_the_other_place() {
    let mut pair = Pair::new();
    let (a, b) = pair.ringing();
    let there = [Uri::parse(format!("sip:robert@{BOB}")).unwrap()];
    pair.at(pair.bob, |ua, now| ua.redirect(now, b, &there)).unwrap();
    pair.ms(50);
    let told = pair.told(pair.bob);
    let [Event::Ended { .. }, Event::Incoming { call, request, .. }] = &told[..] else { panic!("{told:?}") };
    assert_eq!(request.uri.user(), Some("robert"));
    let call = *call;
    pair.at(pair.bob, |ua, now| ua.accept(now, call, None)).unwrap();
    pair.ms(50);
    assert!(matches!(pair.told(pair.alice).last(), Some(Event::Answered { .. })));
    pair.at(pair.alice, |ua, now| ua.hang_up(now, a)).unwrap();
    pair.is_empty();
}

#[test]
fn a_call_over_tcp_and_by_a_name() {
    let mut pair = Pair::new();
    pair.net.add_name("bob.example", &["10.0.0.2".parse().unwrap()]);
    let to = Uri::parse("sip:bob@bob.example;transport=tcp").unwrap();
    let a = pair.at(pair.alice, |ua, now| ua.invite(now, to, Invitation::sdp("offer"))).unwrap();
    pair.ms(200);
    let Some(Event::Incoming { call, .. }) = pair.told(pair.bob).pop() else { panic!("not incoming") };
    pair.at(pair.bob, |ua, now| ua.accept(now, call, None)).unwrap();
    pair.ms(200);
    assert!(matches!(pair.told(pair.alice).last(), Some(Event::Answered { .. })));
    pair.at(pair.bob, |ua, now| ua.hang_up(now, call)).unwrap();
    pair.ms(200);
    assert!(matches!(pair.told(pair.alice).last(), Some(Event::Ended { call, reason: Ended::Remote }) if *call == a));
    pair.is_empty();
}

#[test]
fn a_name_without_address_is_unreachable() {
    let mut pair = Pair::new();
    let to = Uri::parse("sip:bob@nowhere.example").unwrap();
    pair.at(pair.alice, |ua, now| ua.invite(now, to, Invitation::default())).unwrap();
    pair.ms(5000);
    assert!(matches!(pair.one(pair.alice), Event::Ended { reason: Ended::Unreachable, .. }));
    pair.is_empty();
}

#[test]
fn the_limit_of_calls_holds_on_both_sides() {
    let mut pair = Pair::with(|c| c.max_calls = 1, |c| c.max_calls = 0);
    let to = Uri::parse(format!("sip:bob@{BOB}")).unwrap();
    pair.at(pair.alice, |ua, now| {
        ua.invite(now, to.clone(), Invitation::default()).unwrap();
        assert_eq!(ua.invite(now, to, Invitation::default()), Err(Error::Busy));
    });
    pair.ms(100);
    assert!(matches!(pair.one(pair.alice), Event::Ended { reason: Ended::Rejected { status: 486, .. }, .. }));
    pair.is_empty();
}
