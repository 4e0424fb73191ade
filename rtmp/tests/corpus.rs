//! Sessions recorded from programs: the messages in them, whatever pieces they come in, and once more after our writer.

#[path = "common/chunks.rs"]
mod common;

use bytes::Bytes;
use common::*;
use rtmp::Message;
use rtmp::chunk::{Limits, Reader};
use wire::Rng;

fn in_pieces(mut bytes: Bytes, mut size: impl FnMut() -> usize) -> Vec<Message> {
    let (mut reader, mut got) = (Reader::new(Limits::default()), Vec::new());
    while !bytes.is_empty() {
        reader.push(bytes.split_to(size().min(bytes.len())));
        got.extend(reader.by_ref().map(Result::unwrap));
    }
    assert_eq!(reader.unfinished(), 0);
    got
}

//= rtmp#5.3/whole test
//= rtmp#5.3.1.2/stream-order test
#[test]
fn every_session_has_the_stated_messages_in_pieces_of_every_size() {
    let all = recorded();
    assert_eq!(all.len(), 12);
    for session in all {
        let whole = in_pieces(session.chunks(), || usize::MAX);
        assert_eq!(listed(&whole), session.stated(), "{}", session.name);
        for size in [1, 2, 3, 7, 127, 128, 4096] {
            assert!(in_pieces(session.chunks(), || size) == whole, "{} in pieces of {size}", session.name);
        }
        for seed in 0..8 {
            let mut rng = Rng::from_u64(seed);
            let size = || 1 + rng.below([3, 20, 200, 9000][seed as usize % 4]) as usize;
            assert!(in_pieces(session.chunks(), size) == whole, "{} with seed {seed}", session.name);
        }
    }
}

#[test]
fn every_session_written_again_says_the_same() {
    for session in recorded() {
        let (messages, error) = read(session.chunks());
        assert_eq!(error, None);
        for chunk_size in [1, 128, 4096, 65_536] {
            let again = read(written(&messages, chunk_size));
            assert!(again == (messages.clone(), None), "{} with chunks of {chunk_size}", session.name);
        }
    }
}

#[test]
fn written_again_a_session_is_about_as_small() {
    for session in recorded() {
        let again = written(&read(session.chunks()).0, 4096).len();
        assert!(again <= session.chunks().len() + 32, "{}: {again}", session.name);
    }
}
