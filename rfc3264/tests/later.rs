//! Later offers: versions, streams that come and go, numbers that stay, offers that cross or fail.

mod common;

use common::*;
use rfc3264::*;
use rfc4566::*;

fn video(port: u16) -> LocalStream {
    LocalStream::video(port, vec![Format::fixed(31).unwrap()])
}

fn media(of: &Session) -> Vec<String> {
    of.media.iter().map(ToString::to_string).collect()
}

fn version(of: &Session) -> u64 {
    of.origin.version().unwrap()
}

//= rfc3264#8/version test
//= rfc3264#8/same-version test
//= rfc3264#8/origin test
//= rfc3264#5/session-number test
//= rfc3264#5/initial-version test
//= rfc3264#8/any-time test
//= rfc3264#8/identical test
//= rfc3264#8/different test
#[test]
fn versions() {
    let mut own = Capabilities::new([192, 0, 2, 1].into(), u64::MAX);
    own.streams.push(LocalStream::audio(4000, voice()));
    let (mut alice, mut bob) = (Negotiation::new(own), pair().1);
    let (first, _) = exchange(&mut alice, &mut bob);
    assert!(i64::try_from(first.origin.session_id().unwrap()).is_ok() && version(&first) < (1 << 62) - 1);
    let (same, _) = exchange(&mut alice, &mut bob);
    assert_eq!(same, first);
    alice.hold();
    let (held, answer) = exchange(&mut alice, &mut bob);
    assert_eq!(version(&held), version(&first) + 1);
    assert!(held.origin.same_session(&first.origin));
    // An answer counts on from the last description too, when it changes and only then.
    let (_, again) = exchange(&mut bob, &mut alice);
    assert_eq!(again, held);
    assert_eq!(version(&answer), 2001);
    alice.resume();
    let (_, resumed) = exchange(&mut bob, &mut alice);
    assert_eq!(version(&resumed), version(&held) + 1);
}

//= rfc3264#8/no-op test
//= rfc3264#8/no-op-answer test
//= rfc3264#8.3.1/answer-same test
#[test]
fn an_offer_that_changes_nothing() {
    let mut bob = pair().1;
    let offer = audio("m=audio 4000 RTP/AVP 0\r\n");
    let first = bob.answer(offer.clone()).unwrap();
    assert_eq!(bob.answer(offer).unwrap(), first);
}

//= rfc3264#8/stream-count test
//= rfc3264#8/not-removed test
//= rfc3264#8/streams-kept test
#[test]
fn places_are_kept_and_used_again() {
    let (mut alice, mut bob) = pair();
    let shown = alice.add(video(4002));
    bob.add(video(5002));
    exchange(&mut alice, &mut bob);
    alice.remove(shown);
    let (offer, _) = exchange(&mut alice, &mut bob);
    assert_eq!(media(&offer), ["audio 4000 RTP/AVP 0 8 101", "video 0 RTP/AVP 31"]);
    let (offer, _) = exchange(&mut alice, &mut bob);
    assert_eq!(offer.media.len(), 2);
    // A stream of the same type takes the free place, others come below.
    alice.add(LocalStream::text(4004, vec![format(98, "t140", 1000)]));
    alice.add(video(4006));
    let (offer, answer) = exchange(&mut alice, &mut bob);
    assert_eq!(media(&offer), ["audio 4000 RTP/AVP 0 8 101", "video 4006 RTP/AVP 31", "text 4004 RTP/AVP 98"]);
    assert_eq!(media(&answer), ["audio 5000 RTP/AVP 0 8 101", "video 5002 RTP/AVP 31", "text 0 RTP/AVP 98"]);
    assert_agree(&alice, &bob);
    // The same when the other side offers.
    let (offer, _) = exchange(&mut bob, &mut alice);
    assert_eq!(media(&offer), media(&answer));
}

#[test]
fn the_peer_uses_a_place_for_another_type() {
    let mut bob = pair().1;
    bob.add(video(5002));
    let offer = |tail: &str| audio(&format!("m=audio 4000 RTP/AVP 0\r\n{tail}"));
    bob.answer(offer("m=video 4002 RTP/AVP 31\r\n")).unwrap();
    bob.answer(offer("m=video 0 RTP/AVP 31\r\n")).unwrap();
    let answer = bob.answer(offer("m=text 4002 RTP/AVP 98\r\nm=video 4004 RTP/AVP 31\r\n")).unwrap();
    let expected = ["audio 5000 RTP/AVP 0", "text 0 RTP/AVP 98", "video 5002 RTP/AVP 31"];
    assert_eq!(media(&answer), expected);
    assert_eq!(media(&bob.offer().unwrap()), ["audio 5000 RTP/AVP 0 8 101", expected[1], expected[2]]);
}

#[test]
fn what_was_refused_is_not_offered_again_until_asked() {
    let (mut alice, mut bob) = pair();
    let shown = alice.add(video(4002));
    exchange(&mut alice, &mut bob);
    assert!(!alice.streams()[1].active);
    let (offer, _) = exchange(&mut alice, &mut bob);
    assert_eq!(offer.media[1].port, 0);
    bob.add(video(5002));
    alice.restore(shown);
    let (offer, _) = exchange(&mut alice, &mut bob);
    assert_eq!(offer.media[1].port, 4002);
    assert!(alice.streams()[1].active && bob.streams()[1].active);
    assert_agree(&alice, &bob);
}

#[test]
fn what_the_peer_never_offered_is_not_offered_by_a_hold() {
    let (mut alice, mut bob) = pair();
    let shown = bob.add(video(5002));
    exchange(&mut alice, &mut bob);
    bob.hold();
    assert_eq!(bob.offer().unwrap().media.len(), 1);
    bob.reject();
    bob.restore(shown);
    assert_eq!(bob.offer().unwrap().media.len(), 2);
}

#[test]
fn the_peer_switches_a_stream_off_and_on() {
    let (mut alice, mut bob) = pair();
    let (shown, seen) = (alice.add(video(4002)), bob.add(video(5002)));
    exchange(&mut alice, &mut bob);
    alice.remove(shown);
    exchange(&mut alice, &mut bob);
    assert!(!bob.streams()[1].active);
    alice.restore(shown);
    let (_, answer) = exchange(&mut alice, &mut bob);
    assert_eq!((answer.media[1].port, bob.streams()[1].id), (5002, Some(seen)));
}

//= rfc3264#8.3.2/mapping-fixed test
//= rfc3264#8.3.2/mapping-later test
#[test]
fn numbers_keep_their_meaning() {
    // Alice calls opus 96; Bob has another format under that number and calls opus 111 himself.
    let opus = |number| Format::new(number, "opus", 48000, 2).unwrap();
    let mut alice = party(1, vec![LocalStream::audio(4000, vec![opus(96)])]);
    let mut bob = party(2, vec![LocalStream::audio(5000, vec![opus(111), format(96, "speex", 16000)])]);
    exchange(&mut alice, &mut bob);
    let (offer, _) = exchange(&mut bob, &mut alice);
    let names: Vec<_> = Format::read(&offer.media[0]).iter().map(|format| format.to_string()).collect();
    assert_eq!(names, ["opus/48000/2 (96)", "speex/16000 (97)"]);
    // Once given away, a number stays so even when its format goes.
    let id = bob.streams()[0].id.unwrap();
    bob.local_mut(id).unwrap().formats = vec![format(96, "iLBC", 8000), opus(97)];
    let offer = bob.offer().unwrap();
    let names: Vec<_> = Format::read(&offer.media[0]).iter().map(|format| format.to_string()).collect();
    assert_eq!(names, ["iLBC/8000 (98)", "opus/48000/2 (96)"]);
}

#[test]
fn too_many_formats_leave_some_out() {
    let many = |prefix: &str| (0..60).map(|n| format(96 + n % 32, &format!("{prefix}{n}"), 8000)).collect::<Vec<_>>();
    let mut alice = party(1, vec![LocalStream::audio(4000, many("a"))]);
    let offer = alice.offer().unwrap();
    let mut seen = numbers(&Format::read(&offer.media[0]));
    seen.sort_unstable();
    seen.dedup();
    assert_eq!((seen.len(), offer.media[0].formats.len()), (60, 60));
    alice.accept(audio("m=audio 5000 RTP/AVP 96\r\na=rtpmap:96 a0/8000\r\n")).unwrap();
    let id = alice.streams()[0].id.unwrap();
    alice.local_mut(id).unwrap().formats.extend(many("b"));
    assert!(alice.offer().unwrap().media[0].formats.len() >= 61);
}

//= rfc3264#4/one-offer test
//= rfc3264#4/own-pending test
//= rfc3264#4/atomic test
#[test]
fn offers_that_cross_or_fail() {
    let (mut alice, mut bob) = pair();
    exchange(&mut alice, &mut bob);
    let before = (alice.streams().to_vec(), alice.local().cloned());
    alice.hold();
    let held = alice.offer().unwrap();
    assert_eq!(alice.offer(), Err(Error::OfferPending));
    assert_eq!(alice.answer(audio("m=audio 4000 RTP/AVP 0\r\n")), Err(Error::Glare));
    assert_eq!((alice.streams().to_vec(), alice.local().cloned()), before);
    alice.reject();
    alice.resume();
    assert!(!alice.is_pending());
    // The refused offer went out, so the next one, though it equals the one before, has a version of its own.
    let (offer, _) = exchange(&mut alice, &mut bob);
    assert_eq!(version(&offer), version(&held) + 1);

    let stray = Session::new(Origin::new(1, 1, [192, 0, 2, 9].into()));
    assert_eq!(alice.accept(stray.clone()).unwrap_err(), Error::NoOffer);
    let last = bob.local().unwrap().clone();
    assert!(alice.accept(last).is_ok()); // the same answer in a later response
    let before = alice.streams().to_vec();
    alice.offer().unwrap();
    assert_eq!(alice.accept(stray).unwrap_err(), Error::AnswerMismatch);
    assert_eq!((alice.streams(), alice.is_pending()), (&before[..], false));
    alice.offer().unwrap();
    assert_eq!(alice.accept(audio("m=video 5000 RTP/AVP 31\r\n")).unwrap_err(), Error::AnswerMismatch);

    assert_eq!(bob.answer(audio("")), Err(Error::StreamsMissing { before: 1, offered: 0 }));
    assert_eq!(bob.answer(audio("m=audio 4000 RTP/AVP 3\r\n")), Err(Error::NotAcceptable));
    assert!(bob.streams()[0].active);
}

//= rfc3264#8.3.2/send-format test
//= rfc3264#8.3.2/old-formats test
//= rfc3264#8.3.2/offerer-format test
//= rfc3264#8.3.2/offerer-old-formats test
//= rfc3264#8.3.4/new-parameters test
#[test]
fn only_the_last_descriptions_count() {
    let (mut alice, mut bob) = pair();
    exchange(&mut alice, &mut bob);
    assert_eq!(numbers(&alice.streams()[0].send), [0, 8, 101]);
    let id = alice.streams()[0].id.unwrap();
    let stream = alice.local_mut(id).unwrap();
    stream.formats = vec![Format::fixed(8).unwrap()];
    (stream.port, stream.ptime) = (4444, Some(std::time::Duration::from_millis(40)));
    exchange(&mut alice, &mut bob);
    for side in [&alice, &bob] {
        assert_eq!((numbers(&side.streams()[0].send), numbers(&side.streams()[0].receive)), (vec![8], vec![8]));
        assert_eq!(side.streams()[0].telephone_event, None);
    }
    let seen = &bob.streams()[0];
    assert_eq!(seen.remote_rtp.as_ref().unwrap().port, 4444);
    assert_eq!(seen.ptime, Some(std::time::Duration::from_millis(40)));
}

//= rfc3264#8.3.3/type test
#[test]
fn a_stream_changes_its_type() {
    let (mut alice, mut bob) = pair();
    let fax = |port| {
        let mut stream = LocalStream::new(word("image"), port, Vec::new());
        (stream.proto, stream.tokens) = (word("udptl"), vec![word("t38")]);
        stream
    };
    bob.add(fax(5002));
    exchange(&mut alice, &mut bob);
    let id = alice.streams()[0].id.unwrap();
    *alice.local_mut(id).unwrap() = fax(4000);
    let (offer, answer) = exchange(&mut alice, &mut bob);
    assert_eq!(
        (media(&offer), media(&answer)),
        (vec!["image 4000 udptl t38".to_owned()], vec!["image 5002 udptl t38".to_owned()])
    );
    *alice.local_mut(id).unwrap() = LocalStream::audio(4000, voice());
    let (_, answer) = exchange(&mut alice, &mut bob);
    assert_eq!(answer.media[0].port, 5000);
    assert_agree(&alice, &bob);
}

#[test]
fn an_offer_without_streams() {
    let (mut alice, mut bob) = (party(1, vec![]), pair().1);
    let (_, answer) = exchange(&mut alice, &mut bob);
    assert!(answer.media.is_empty() && bob.streams().is_empty());
    alice.add(LocalStream::audio(4000, voice()));
    exchange(&mut alice, &mut bob);
    assert!(bob.streams()[0].active);
}
