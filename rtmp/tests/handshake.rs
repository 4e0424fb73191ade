//! Both kinds of handshake, both sides, and what recorded programs sent.

#[path = "common/chunks.rs"]
mod common;

use common::*;
use rtmp::handshake::digest::{self, DIGEST, Side};
use rtmp::handshake::{Client, Error, Kind, PACKET, Scheme, Server};
use wire::Rng;

const KINDS: [Kind; 3] = [Kind::Simple, Kind::Digest(Scheme::Zero), Kind::Digest(Scheme::One)];

fn pair(kind: Kind) -> (Client, Server) {
    (Client::new(&mut Rng::from_u64(1), kind), Server::new(&mut Rng::from_u64(2)))
}

//= rtmp#5.2.1/first test
//= rtmp#5.2.1/wait-s1 test
//= rtmp#5.2.1/wait-s2 test
//= rtmp#5.2.1/wait-c1 test
//= rtmp#5.2.1/wait-c2 test
//= digest-handshake#3/same-scheme test
#[test]
fn every_kind_byte_by_byte() {
    for kind in KINDS {
        let (mut client, mut server) = pair(kind);
        let hello = client.hello();
        assert_eq!(hello.len(), 1 + PACKET);
        let mut answer = Vec::new();
        for (at, byte) in hello.chunks(1).enumerate() {
            let progress = server.push(byte).unwrap();
            assert_eq!(progress.output.is_empty(), at < PACKET);
            assert_eq!(progress.rest, None);
            answer.extend(progress.output);
        }
        assert_eq!(answer.len(), 1 + 2 * PACKET);
        assert_eq!(server.kind(), Some(kind));
        if let Kind::Digest(scheme) = kind {
            let s1 = answer[1..].first_chunk().unwrap();
            assert_eq!(digest::find(s1, Side::Server).unwrap().0, scheme);
        }
        answer.extend(b"chunks");
        let (mut second, mut rest) = (Vec::new(), None);
        for (at, byte) in answer[..1 + 2 * PACKET].chunks(1).enumerate() {
            let progress = client.push(byte).unwrap();
            assert_eq!(progress.output.is_empty(), at != PACKET);
            second.extend(progress.output);
            rest = progress.rest;
            assert_eq!(rest.is_some(), at == 2 * PACKET);
        }
        assert!(rest.unwrap().is_empty());
        second.extend(b"chunks");
        assert_eq!(server.push(&second[..PACKET - 1]).unwrap(), Default::default());
        assert_eq!(server.push(&second[PACKET - 1..]).unwrap().rest.unwrap(), "chunks");
        assert!(client.verified() && server.verified(), "{kind:?}");
        assert_eq!(client.push(b"x"), Err(Error::Over));
        assert_eq!(server.push(b"x"), Err(Error::Over));
    }
}

//= rtmp#5.2.2/version test
#[test]
fn other_versions_are_refused_at_the_first_byte() {
    for (first, error) in [
        (6, Error::Encrypted(6)),
        (8, Error::Encrypted(8)),
        (9, Error::Encrypted(9)),
        (0, Error::Version(0)),
        (4, Error::Version(4)),
        (b'G', Error::Version(b'G')),
        (0xff, Error::Version(0xff)),
    ] {
        let (mut client, mut server) = pair(Kind::Simple);
        assert_eq!(server.push(&[first]), Err(error));
        assert_eq!(client.push(&[first, 0, 0]), Err(error));
        assert_eq!(server.push(&[3]), Err(Error::Over), "refused for good");
    }
    assert_eq!(pair(Kind::Simple).0.hello()[0], 3);
}

//= rtmp#5.2.3/fields test
//= rtmp#5.2.4/echo test
//= digest-handshake#1/old-client test
#[test]
fn an_old_client_gets_its_packet_back() {
    for filled in [0, 0x55] {
        let (_, mut server) = pair(Kind::Simple);
        let mut c1 = [filled; PACKET];
        c1[4..8].fill(0);
        // Even with a right digest: version 0 is version 0.
        digest::sign(&mut c1, Scheme::Zero, Side::Client);
        let answer = server.push(&[&[3], &c1[..]].concat()).unwrap().output;
        assert_eq!(server.kind(), Some(Kind::Simple));
        assert_eq!(answer[5..9], [0; 4]);
        assert_eq!(answer[1 + PACKET..], c1);
        // A C2 of anything ends the handshake.
        assert!(server.push(&[7; PACKET]).unwrap().rest.is_some());
        assert!(!server.verified());
    }
}

//= digest-handshake#3/fall-back test
#[test]
fn a_server_without_digests_is_answered_in_the_simple_kind() {
    let (mut client, _) = pair(Kind::Digest(Scheme::One));
    let s1 = [9; PACKET];
    let c1 = client.hello().slice(1..);
    let progress = client.push(&[&[3], &s1[..], &c1].concat()).unwrap();
    assert_eq!(progress.output[..], s1);
    assert!(progress.rest.is_some() && client.verified());
}

#[test]
fn a_wrong_digest_is_no_digest() {
    for scheme in [Scheme::Zero, Scheme::One] {
        let mut c1 = [3; PACKET];
        digest::sign(&mut c1, scheme, Side::Client);
        assert!(digest::find(&c1, Side::Client).is_some());
        assert_eq!(digest::find(&c1, Side::Server), None, "the other side's key");
        c1[PACKET - 1] ^= 1;
        assert_eq!(digest::find(&c1, Side::Client), None);
        let (_, mut server) = pair(Kind::Simple);
        server.push(&[&[3], &c1[..]].concat()).unwrap();
        assert_eq!(server.kind(), Some(Kind::Simple));
    }
}

//= digest-handshake#2/offset test
#[test]
fn digests_stay_in_their_half_at_every_offset() {
    for (scheme, from) in [(Scheme::Zero, 8), (Scheme::One, 772)] {
        let mut offsets = std::collections::BTreeSet::new();
        for sum in 0..=4 * 255usize {
            let mut packet = [1; PACKET];
            let four = [sum.min(255), sum.saturating_sub(255).min(255), sum.saturating_sub(510).min(255)];
            for (at, byte) in four.into_iter().chain([sum.saturating_sub(765)]).enumerate() {
                packet[from + at] = byte as u8;
            }
            let offset = scheme.offset(&packet);
            assert_eq!(offset, from + 4 + sum % 728);
            assert!(offset + DIGEST <= from + 764);
            let digest = digest::sign(&mut packet, scheme, Side::Client);
            assert_eq!(packet[offset..][..DIGEST], digest);
            if sum % 90 == 0 || sum % 728 > 725 {
                assert_eq!(digest::find(&packet, Side::Client), Some((scheme, digest)));
            }
            offsets.insert(offset);
        }
        assert_eq!(offsets.len(), 728);
    }
}

//= digest-handshake#1/version test
//= digest-handshake#2/either test
//= digest-handshake#2/digest test
//= digest-handshake#3/answer test
#[test]
fn the_digests_of_ffmpeg_and_nginx_are_right() {
    let all = recorded();
    let (mut with, mut without) = (0, 0);
    for sides in all.chunks(2) {
        let [client, server] = sides else { panic!("a session has two sides") };
        let Some((scheme, c1)) = digest::find(client.first(), Side::Client) else {
            assert!(client.name.starts_with("rtmpdump"), "{}", client.name);
            assert_eq!(client.first()[4..8], [0; 4]);
            assert_eq!(server.second(), client.first(), "nginx gives it back");
            without += 1;
            continue;
        };
        assert_ne!(client.first()[4..8], [0; 4]);
        let (answered, s1) = digest::find(server.first(), Side::Server).unwrap();
        assert_eq!(answered, scheme);
        assert!(digest::answers(server.second(), &c1, Side::Server), "S2 of {}", server.name);
        assert!(!digest::answers(server.second(), &s1, Side::Server), "the check can fail");
        // ffmpeg answers by digest when it plays, and by giving S1 back when it publishes.
        let by_digest = digest::answers(client.second(), &s1, Side::Client);
        assert_eq!(by_digest, client.name.contains("_play_"), "C2 of {}", client.name);
        assert!(by_digest || client.second() == server.first());
        with += 1;
    }
    assert_eq!((with, without), (5, 1));
}

#[test]
fn recorded_clients_are_answered() {
    for session in recorded().into_iter().filter(|session| session.name.ends_with("c2s.bin")) {
        let mut server = Server::new(&mut Rng::from_u64(5));
        let progress = server.push(&session.bytes).unwrap();
        assert_eq!(progress.rest.unwrap(), session.chunks(), "{}", session.name);
        let kind = server.kind().unwrap();
        assert_eq!(kind == Kind::Simple, session.name.starts_with("rtmpdump"));
    }
}
