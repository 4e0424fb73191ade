//! Which way media flows after each exchange, and hold in its new and old form.

mod common;

use common::*;
use rfc3264::*;
use rfc4566::Direction::{self, *};

fn with(direction: Direction) -> LocalStream {
    LocalStream { direction, ..LocalStream::audio(4000, voice()) }
}

const ALL: [Direction; 4] = [SendRecv, SendOnly, RecvOnly, Inactive];

//= rfc3264#6.1/direction-sendonly test
//= rfc3264#6.1/direction-recvonly test
//= rfc3264#6.1/direction-inactive test
//= rfc3264#6.1/direction-sendrecv test
#[test]
fn answers_to_every_direction() {
    for offered in ALL {
        for wanted in ALL {
            let (mut alice, mut bob) = (party(1, vec![with(offered)]), party(2, vec![with(wanted)]));
            let (_, answer) = exchange(&mut alice, &mut bob);
            let answered = answer.direction(&answer.media[0]);
            let allowed: &[Direction] = match offered {
                SendRecv => &ALL,
                SendOnly => &[RecvOnly, Inactive],
                RecvOnly => &[SendOnly, Inactive],
                Inactive => &[Inactive],
            };
            assert!(allowed.contains(&answered), "{offered} answered by {answered}");
            assert_eq!(answered.sends(), wanted.sends() && offered.receives());
            assert_eq!(answered.receives(), wanted.receives() && offered.sends());
            assert_agree(&alice, &bob);
            // Port, address and formats are there in any case, for RTCP goes on.
            assert_ne!(answer.media[0].port, 0);
            assert!(alice.streams()[0].remote_rtcp.is_some());
        }
    }
}

//= rfc3264#8.4/hold test
//= rfc3264#8.4/zero-port test
#[test]
fn hold_and_resume() {
    for (wanted, held) in [(SendRecv, SendOnly), (RecvOnly, Inactive), (SendOnly, SendOnly), (Inactive, Inactive)] {
        let (mut alice, mut bob) = (party(1, vec![with(wanted)]), pair().1);
        exchange(&mut alice, &mut bob);
        alice.hold();
        let (offer, _) = exchange(&mut alice, &mut bob);
        assert_eq!(offer.direction(&offer.media[0]), held);
        assert_eq!((offer.media[0].port, &offer.connection), (4000, &alice.local().unwrap().connection));
        assert!(bob.streams()[0].held_by_peer && !bob.streams()[0].sends());
        assert!(!alice.streams()[0].receives() && alice.streams()[0].active);
        assert_agree(&alice, &bob);
        alice.resume();
        let (offer, _) = exchange(&mut alice, &mut bob);
        assert_eq!(offer.direction(&offer.media[0]), wanted);
    }
}

#[test]
fn both_hold_each_other() {
    let (mut alice, mut bob) = pair();
    exchange(&mut alice, &mut bob);
    alice.hold();
    exchange(&mut alice, &mut bob);
    bob.hold();
    exchange(&mut bob, &mut alice);
    assert_eq!((alice.streams()[0].direction, bob.streams()[0].direction), (Inactive, Inactive));
    alice.resume();
    exchange(&mut alice, &mut bob);
    assert_eq!((alice.streams()[0].direction, bob.streams()[0].direction), (RecvOnly, SendOnly));
    bob.resume();
    exchange(&mut bob, &mut alice);
    assert_eq!((alice.streams()[0].direction, bob.streams()[0].direction), (SendRecv, SendRecv));
}

//= rfc3264#8.4/no-echo test
#[test]
fn a_hold_is_not_echoed() {
    let mut bob = pair().1;
    let answer = bob.answer(audio("m=audio 4000 RTP/AVP 0\r\na=sendonly\r\n")).unwrap();
    assert_eq!(answer.direction(&answer.media[0]), RecvOnly);
    // And once it has ended, nothing of it is left.
    let answer = bob.answer(audio("m=audio 4000 RTP/AVP 0\r\n")).unwrap();
    assert_eq!(answer.direction(&answer.media[0]), SendRecv);
}

//= rfc3264#8.4/independent test
#[test]
fn streams_are_held_one_by_one() {
    let streams =
        |port| vec![LocalStream::audio(port, voice()), LocalStream::video(port + 2, vec![Format::fixed(31).unwrap()])];
    let (mut alice, mut bob) = (party(1, streams(4000)), party(2, streams(5000)));
    exchange(&mut alice, &mut bob);
    alice.set_held(alice.streams()[1].id.unwrap(), true);
    exchange(&mut alice, &mut bob);
    let directions: Vec<_> = bob.streams().iter().map(|stream| stream.direction).collect();
    assert_eq!(directions, [SendRecv, RecvOnly]);
}

//= rfc3264#8.4/zero-address test
#[test]
fn the_old_hold() {
    let mut bob = pair().1;
    for zero in ["IN IP4 0.0.0.0", "IN IP6 ::"] {
        let held = audio(&format!("m=audio 4000 RTP/AVP 0\r\nc={zero}\r\n"));
        let answer = bob.answer(held).unwrap();
        assert_ne!(answer.media[0].port, 0);
        let stream = &bob.streams()[0];
        assert!(stream.active && stream.held_by_peer && !stream.sends() && stream.receives());
        assert_eq!((&stream.remote_rtp, &stream.remote_rtcp), (&None, &None));
        bob.answer(audio("m=audio 4000 RTP/AVP 0\r\n")).unwrap();
        assert!(!bob.streams()[0].held_by_peer && bob.streams()[0].sends());
        assert!(bob.streams()[0].remote_rtp.is_some());
    }
}

#[test]
fn a_direction_of_the_session_counts() {
    let mut bob = pair().1;
    let mut offer = audio("m=audio 4000 RTP/AVP 0\r\n");
    offer.attributes.set_direction(RecvOnly);
    let answer = bob.answer(offer).unwrap();
    assert_eq!(answer.direction(&answer.media[0]), SendOnly);
}

#[test]
fn an_impossible_answer_leaves_what_both_allow() {
    let mut alice = party(1, vec![with(SendOnly)]);
    alice.offer().unwrap();
    let streams = alice.accept(audio("m=audio 5000 RTP/AVP 0\r\na=sendrecv\r\n")).unwrap();
    assert_eq!(streams[0].direction, SendOnly);
    let mut alice = party(1, vec![with(SendOnly)]);
    alice.offer().unwrap();
    let streams = alice.accept(audio("m=audio 5000 RTP/AVP 0\r\na=sendonly\r\n")).unwrap();
    assert_eq!(streams[0].direction, Inactive);
}
