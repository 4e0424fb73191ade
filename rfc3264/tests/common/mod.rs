//! Parties, and descriptions in a form that can be compared.
#![allow(dead_code)] // each test file uses its part

use rfc3264::*;
use rfc4566::*;

pub fn word(word: &str) -> Word {
    Word::new(word).unwrap()
}

pub fn format(number: u8, name: &str, rate: u32) -> Format {
    Format::new(number, name, rate, 1).unwrap()
}

/// PCMU, PCMA and telephone events.
pub fn voice() -> Vec<Format> {
    vec![Format::fixed(0).unwrap(), Format::fixed(8).unwrap(), Format::telephone_event(101, 8000).unwrap()]
}

/// A party on 192.0.2.`host` with these streams.
pub fn party(host: u8, streams: Vec<LocalStream>) -> Negotiation {
    let mut own = Capabilities::new([192, 0, 2, host].into(), u64::from(host) * 1000);
    own.streams = streams;
    Negotiation::new(own)
}

/// Two parties with one audio stream each.
pub fn pair() -> (Negotiation, Negotiation) {
    (party(1, vec![LocalStream::audio(4000, voice())]), party(2, vec![LocalStream::audio(5000, voice())]))
}

/// One exchange: `a` offers.
pub fn exchange(a: &mut Negotiation, b: &mut Negotiation) -> (Session, Session) {
    let offer = a.offer().unwrap();
    let answer = b.answer(offer.to_string().parse().unwrap()).unwrap();
    a.accept(answer.to_string().parse().unwrap()).unwrap();
    (offer, answer)
}

pub fn audio(offer: &str) -> Session {
    format!("v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n{offer}").parse().unwrap()
}

pub fn numbers(formats: &[Format]) -> Vec<u8> {
    formats.iter().map(|format| format.payload_type).collect()
}

/// What both sides hold of each stream fits together.
pub fn assert_agree(a: &Negotiation, b: &Negotiation) {
    assert_eq!(a.streams().len(), b.streams().len());
    for side in [a, b] {
        let mut ids: Vec<_> =
            side.streams().iter().filter(|s| s.active).map(|s| format!("{:?}", s.id.unwrap())).collect();
        ids.sort();
        assert!(ids.windows(2).all(|two| two[0] != two[1]), "one stream in two places");
    }
    for (a, b) in a.streams().iter().zip(b.streams()) {
        assert_eq!((a.active, a.direction), (b.active, b.direction.reversed()));
        if a.active {
            assert_eq!((numbers(&a.send), numbers(&b.send)), (numbers(&b.receive), numbers(&a.receive)));
            for (a, b) in [(a, b), (b, a)] {
                if let Some(remote) = &a.remote_rtp {
                    assert_eq!((remote, a.remote_rtcp.as_ref()), (&b.local_rtp, Some(&b.local_rtcp)));
                }
            }
        }
    }
}
