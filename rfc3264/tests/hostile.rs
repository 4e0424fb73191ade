//! Any two parties agree on the same, and no description of a peer brings a negotiation down.

mod common;

use common::*;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use rfc3264::*;
use rfc4566::*;

fn a_format() -> impl Strategy<Value = Format> {
    let fixed = select(&[0u8, 3, 8, 9, 18][..]).prop_map(|number| Format::fixed(number).unwrap());
    let names = select(&["opus", "iLBC", "speex", "telephone-event", "CN", "red", "H264"][..]);
    let dynamic = (96u8..104, names, select(&[8000u32, 16000, 48000][..]), 1u8..3)
        .prop_map(|(number, name, rate, channels)| Format::new(number, name, rate, channels).unwrap());
    prop_oneof![fixed, dynamic]
}

fn a_stream() -> impl Strategy<Value = LocalStream> {
    let kinds = select(&["audio", "audio", "video"][..]);
    let direction = select(&[Direction::SendRecv, Direction::SendOnly, Direction::RecvOnly, Direction::Inactive][..]);
    (kinds, direction, 0u16..6, vec(a_format(), 0..6), any::<bool>()).prop_map(
        |(kind, direction, port, formats, mux)| {
            let port = if port == 0 { 0 } else { 4000 + 2 * port };
            LocalStream { direction, rtcp_mux: mux, ..LocalStream::new(word(kind), port, formats) }
        },
    )
}

#[derive(Clone, Debug)]
enum Step {
    Offer,
    Hold(bool),
    Add(LocalStream),
    Remove(Index),
    Restore(Index),
    Change(Index, LocalStream),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => Just(Step::Offer),
        1 => any::<bool>().prop_map(Step::Hold),
        1 => a_stream().prop_map(Step::Add),
        1 => any::<Index>().prop_map(Step::Remove),
        1 => any::<Index>().prop_map(Step::Restore),
        1 => (any::<Index>(), a_stream()).prop_map(|(index, stream)| Step::Change(index, stream)),
    ]
}

/// What RFC 3264 asks of two descriptions of one side, one after the other.
fn assert_follows(before: Option<&Session>, after: &Session) {
    let Some(before) = before else { return };
    assert!(after.media.len() >= before.media.len() && after.origin.same_session(&before.origin));
    let (old, new) = (before.origin.version().unwrap(), after.origin.version().unwrap());
    assert!(new > old || after == before);
}

fn exchanged(a: &mut Negotiation, b: &mut Negotiation) {
    let offer = a.offer().unwrap();
    assert_follows(a.local(), &offer);
    let last = b.local().cloned();
    let read: Session = offer.to_string().parse().unwrap();
    assert_eq!(read, offer);
    match b.answer(read) {
        Err(error) => {
            assert_eq!(error, Error::NotAcceptable);
            a.reject();
        }
        Ok(answer) => {
            assert_follows(last.as_ref(), &answer);
            a.accept(answer.to_string().parse().unwrap()).unwrap();
            assert_agree(a, b);
        }
    }
}

/// One step of `a`, who talks to `b`.
fn play(a: &mut Negotiation, b: &mut Negotiation, step: Step) {
    let ids: Vec<_> = a.locals().map(|(id, _)| id).collect();
    let pick = |index: Index| (!ids.is_empty()).then(|| *index.get(&ids));
    match step {
        Step::Offer => exchanged(a, b),
        Step::Hold(true) => a.hold(),
        Step::Hold(false) => a.resume(),
        Step::Add(stream) => drop(a.add(stream)),
        Step::Remove(index) => pick(index).into_iter().for_each(|id| a.remove(id)),
        Step::Restore(index) => pick(index).into_iter().for_each(|id| a.restore(id)),
        Step::Change(index, stream) => {
            pick(index).into_iter().for_each(|id| *a.local_mut(id).unwrap() = stream.clone())
        }
    }
}

const PEER: [&str; 4] = [
    "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0 8 97 98\r\n\
     a=rtpmap:97 opus/48000/2\r\na=fmtp:97 useinbandfec=1\r\na=rtpmap:98 telephone-event/8000\r\na=fmtp:98 0-15\r\na=ptime:20\r\n",
    "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nt=0 0\r\na=group:LS 1 2\r\nm=audio 4000 RTP/AVP 0\r\nc=IN IP4 0.0.0.0\r\na=mid:1\r\n\
     m=video 4002 RTP/AVP 96\r\nc=IN IP4 192.0.2.9\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 profile-level-id=42e01f\r\na=mid:2\r\n",
    "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nt=0 0\r\nm=audio 65535 RTP/AVP 0 99\r\nc=IN IP4 233.252.0.1/1\r\n\
     a=rtpmap:99 red/8000\r\na=fmtp:99 0/0/0\r\na=rtcp:65535 IN IP6 ::1\r\na=rtcp-mux\r\n",
    "v=0\r\no=- 99999999999999999999 18446744073709551615 IN IP4 x\r\ns=-\r\nt=0 0\r\nm=audio 0 RTP/AVP 0\r\n",
];

const PIECES: [&str; 10] =
    ["\r\n", "0", "/", " ", "99999999999", "ü", "m=audio 9 RTP/AVP 0\r\n", "a=", "-", "events=0-255"];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    //= rfc3264#8/version test
    //= rfc3264#8/stream-count test
    #[test]
    fn any_two_parties_agree(
        streams in (vec(a_stream(), 0..4), vec(a_stream(), 0..4)),
        steps in vec((any::<bool>(), step()), 1..24),
    ) {
        let (mut alice, mut bob) = (party(1, streams.0), party(2, streams.1));
        for (side, step) in steps {
            match side {
                true => play(&mut alice, &mut bob, step),
                false => play(&mut bob, &mut alice, step),
            }
        }
    }

    #[test]
    fn descriptions_with_wounds(
        seed in select(&PEER[..]),
        cuts in vec((any::<Index>(), 0usize..12, select(&PIECES[..])), 0..5),
        later in select(&PEER[..]),
    ) {
        let mut data = seed.as_bytes().to_vec();
        for (at, length, piece) in cuts {
            let from = at.index(data.len() + 1);
            data.splice(from..data.len().min(from + length), piece.bytes());
        }
        if let Ok(wounded) = Session::parse(data) {
            let video = || LocalStream::video(5002, vec![format(96, "H264", 90000)]);
            let mut bob = party(2, vec![LocalStream::audio(5000, voice()), video()]);
            let answered = bob.answer(wounded.clone()).map(|answer| {
                assert_eq!(answer.media.len(), wounded.media.len());
                assert!(answer.to_string().parse::<Session>().is_ok());
            });
            prop_assert!(!matches!(answered, Err(Error::Glare | Error::NoOffer | Error::OfferPending)));
            let _ = bob.answer(later.parse().unwrap());
            let _ = bob.offer();
            let _ = bob.accept(wounded.clone());
            let mut alice = party(1, vec![LocalStream::audio(5000, voice()), video()]);
            alice.offer().unwrap();
            let _ = alice.accept(wounded);
            let _ = alice.offer();
        }
    }
}
