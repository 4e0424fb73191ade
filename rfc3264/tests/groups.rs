//! Names of streams and groups of them (RFC 5888).

mod common;

use common::*;
use rfc3264::*;
use rfc4566::*;

fn bob() -> Negotiation {
    let mut own = Capabilities::new([192, 0, 2, 2].into(), 1);
    own.groups = vec![word("LS"), word("BUNDLE")];
    own.streams = vec![LocalStream::audio(5000, voice()), LocalStream::video(5002, vec![Format::fixed(31).unwrap()])];
    Negotiation::new(own)
}

fn offer(groups: &str, streams: &str) -> Session {
    let mut offer = audio(streams);
    for group in groups.lines() {
        offer.attributes.push(Attribute::value("group", group).unwrap());
    }
    offer
}

fn groups(of: &Session) -> Vec<String> {
    of.attributes.groups().map(|group| group.to_string()).collect()
}

const NAMED: &str =
    "m=audio 4000 RTP/AVP 0\r\na=mid:a\r\nm=video 4002 RTP/AVP 31\r\na=mid:v\r\nm=audio 4004 RTP/AVP 0\r\na=mid:x\r\n";

//= rfc5888#9.1/same-mid test
//= rfc5888#9.2/unknown-semantics test
//= rfc5888#9.2/known-semantics test
//= rfc5888#9.2/subset test
//= rfc5888#9.2/refused-mid test
//= rfc5888#9.2/offerer-asks test
//= rfc5888#9.2/mid-anyway test
//= rfc5888#6/all-named test
#[test]
fn names_and_groups_in_answers() {
    let mut bob = bob();
    let answer = bob.answer(offer("LS a v x\nFID a x\nBUNDLE a v x", NAMED)).unwrap();
    assert_eq!(groups(&answer), ["LS a v"]);
    let mids: Vec<_> = answer.media.iter().map(|media| media.mid().unwrap()).collect();
    assert_eq!((mids[0].as_str(), mids[2].as_str(), answer.media[2].port), ("a", "x", 0));
    assert_eq!(bob.streams()[1].mid.as_ref().unwrap(), &"v");
    assert!(groups(&bob.answer(offer("", NAMED)).unwrap()).is_empty());
}

//= rfc5888#9.2/answer-counts test
#[test]
fn names_and_groups_in_later_offers() {
    let mut bob = bob();
    bob.answer(offer("LS a v", NAMED)).unwrap();
    bob.hold();
    let later = bob.offer().unwrap();
    assert_eq!(groups(&later), ["LS a v"]);
    assert_eq!(later.media.iter().map(|media| media.mid().unwrap()).collect::<Vec<_>>(), ["a", "v", "x"]);
    let mut answer = audio(
        "m=audio 4000 RTP/AVP 0\r\na=mid:a\r\nm=video 0 RTP/AVP 31\r\na=mid:v\r\nm=audio 0 RTP/AVP 0\r\na=mid:x\r\n",
    );
    answer.attributes.push(Attribute::value("group", "LS a").unwrap());
    bob.accept(answer).unwrap();
    assert_eq!(groups(&bob.offer().unwrap()), ["LS a"]);
    bob.accept(audio("m=audio 4000 RTP/AVP 0\r\na=mid:a\r\nm=video 0 RTP/AVP 31\r\nm=audio 0 RTP/AVP 0\r\n")).unwrap();
    assert!(groups(&bob.offer().unwrap()).is_empty());
}

//= rfc5888#6/several test
//= rfc5888#6/in-several test
#[test]
fn several_groups_of_one_kind() {
    let mut bob = bob();
    let answer = bob.answer(offer("LS a v\nLS v x\nLS v", NAMED)).unwrap();
    assert_eq!(groups(&answer), ["LS a v", "LS v", "LS v"]);
    bob.hold();
    assert_eq!(groups(&bob.offer().unwrap()), ["LS a v", "LS v", "LS v"]);
}

//= rfc5888#6/no-mid test
//= rfc5888#6/unknown-mid test
#[test]
fn groups_that_make_no_sense() {
    let nameless = "m=audio 4000 RTP/AVP 0\r\na=mid:a\r\nm=video 4002 RTP/AVP 31\r\n";
    assert!(groups(&bob().answer(offer("LS a", nameless)).unwrap()).is_empty());
    assert!(groups(&bob().answer(offer("LS a nobody", NAMED)).unwrap()).is_empty());
}

//= rfc5888#9.3/capabilities test
#[test]
fn empty_groups_ask_what_we_know() {
    assert_eq!(groups(&bob().answer(offer("FID", NAMED)).unwrap()), ["LS"]);
}

//= rfc5888#9.1/alignment test
//= rfc5888#9.1/changed-mid test
#[test]
fn an_answer_with_other_names() {
    let mut alice = bob();
    for (id, mid) in alice.locals().map(|(id, _)| id).collect::<Vec<_>>().into_iter().zip(["1", "2"]) {
        alice.local_mut(id).unwrap().mid = Some(word(mid));
    }
    assert_eq!(alice.offer().unwrap().media[1].mid().unwrap(), "2");
    let swapped = "m=audio 4000 RTP/AVP 0\r\na=mid:2\r\nm=video 4002 RTP/AVP 31\r\na=mid:1\r\n";
    let streams = alice.accept(audio(swapped)).unwrap();
    assert_eq!(
        streams.iter().map(|s| (s.kind.as_str(), s.mid.clone())).collect::<Vec<_>>(),
        [("audio", None), ("video", None)]
    );
    assert_eq!(streams[0].remote_rtp.as_ref().unwrap().port, 4000);
}
