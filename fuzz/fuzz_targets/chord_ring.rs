//! A node in a small ring hears arbitrary messages from arbitrary nodes at arbitrary times: it must not panic, loop or
//! outgrow its limits, and must never take itself for a neighbour.
#![no_main]
use std::time::Duration;

use bytes::Bytes;
use chord::Key;
use chord::ring::{Change, Claim, Config, Contact, Difference, Entry, Message, Refusal, Ring, Summary, Version};
use libfuzzer_sys::fuzz_target;
use wire::{Instant, Rng};

/// Reads values out of the fuzzer's bytes; past the end everything is zero.
struct Source<'a>(&'a [u8]);

impl Source<'_> {
    fn byte(&mut self) -> u8 {
        let byte = self.0.first().copied().unwrap_or(0);
        self.0 = self.0.get(1..).unwrap_or(&[]);
        byte
    }

    fn flag(&mut self) -> bool {
        self.byte() & 1 == 1
    }

    /// Few different keys, so that they meet.
    fn key(&mut self) -> Key {
        Key::from(u64::from(self.byte()) * 3).ahead(u16::from(self.byte() & 7) * 50)
    }

    fn contact(&mut self) -> Contact<u8> {
        Contact::new(self.key(), self.byte())
    }

    fn list<T>(&mut self, mut item: impl FnMut(&mut Self) -> T) -> Vec<T> {
        (0..self.byte() & 31).map(|_| item(self)).collect()
    }

    fn version(&mut self) -> Version {
        Version {
            time: if self.byte() == 255 { u64::MAX } else { u64::from(self.byte()) },
            writer: u64::from(self.byte()),
        }
    }

    fn value(&mut self) -> Bytes {
        vec![0; usize::from(self.byte())].into()
    }

    fn entry(&mut self) -> Entry {
        Entry { key: self.key(), version: self.version(), value: if self.flag() { Some(self.value()) } else { None } }
    }

    fn optional<T>(&mut self, item: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.flag() { Some(item(self)) } else { None }
    }

    fn message(&mut self) -> Message<u8> {
        let number = u64::from(self.byte());
        match self.byte() % 18 {
            0 => Message::Find { number, key: self.key() },
            1 => Message::Found {
                number,
                owner: self.flag(),
                covered: self.flag(),
                preceding: self.list(Source::contact),
                following: self.list(Source::contact),
                predecessor: self.optional(Source::contact),
            },
            2 => {
                let claim = [Claim::Nothing, Claim::Predecessor, Claim::Successor][usize::from(self.byte() % 3)];
                Message::Stabilize { number, claim }
            }
            3 => Message::Neighbours {
                number,
                predecessor: self.optional(Source::contact),
                successors: self.list(Source::contact),
            },
            4 => Message::Ping { number },
            5 => Message::Pong { number },
            6 => {
                Message::Leaving { predecessor: self.optional(Source::contact), successors: self.list(Source::contact) }
            }
            7 => Message::Merge { contact: self.contact() },
            8 => Message::Fetch { number, key: self.key() },
            9 => Message::Fetched { number, settled: self.flag(), entry: self.optional(Source::entry) },
            10 => {
                let change = match self.byte() % 3 {
                    0 => Change::Set(self.value()),
                    1 => Change::Delete,
                    _ => Change::Update(self.value()),
                };
                Message::Write { number, key: self.key(), change }
            }
            11 => {
                let outcome = if self.flag() { Ok(self.version()) } else { Err(Refusal::Busy) };
                Message::Written { number, outcome }
            }
            12 => Message::Replicate { number, entries: self.list(Source::entry) },
            13 => Message::Stored { number, accepted: self.flag() },
            14 => Message::Compare {
                number,
                ranges: self.list(|s| Summary { from: s.key(), to: s.key(), digest: [s.byte(); 16] }),
            },
            15 => Message::Differ {
                number,
                ranges: self.list(|s| match s.byte() % 3 {
                    0 => Difference::Same,
                    1 => Difference::Many,
                    _ => Difference::Keys(s.list(|s| (s.key(), s.version()))),
                }),
            },
            16 => Message::Want { number, keys: self.list(Source::key) },
            _ => Message::Entries { number, entries: self.list(Source::entry) },
        }
    }
}

fuzz_target!(|data: &[u8]| {
    let mut source = Source(data);
    let config = Config { max_entries: 50, max_bytes: 20_000, max_value: 200, max_lookups: 20, ..Config::default() };
    let own = Contact::new(source.key(), 0);
    let mut node: Ring<u8> = Ring::new(own, config, Rng::from_u64(1));
    let mut now = Instant::ZERO;
    match source.byte() % 3 {
        0 => node.create(now),
        1 => {
            let via = source.contact();
            node.join(now, via);
        }
        _ => {
            let known = source.list(Source::contact);
            node = Ring::resume(
                now,
                own,
                Config { max_entries: 50, max_bytes: 20_000, ..Config::default() },
                Rng::from_u64(1),
                known,
            );
        }
    }
    for _ in 0..200 {
        if source.0.is_empty() {
            break;
        }
        now += Duration::from_millis(u64::from(source.byte()) * 20);
        match source.byte() % 12 {
            0 => node.handle_time(now),
            1 => _ = node.lookup(now, source.key()),
            2 => _ = node.put(now, source.key(), source.value()),
            3 => _ = node.get(now, source.key()),
            4 => node.offer(now, source.contact()),
            5 => node.unreachable(now, &source.contact()),
            6 if source.byte() < 8 => node.leave(now),
            _ => {
                let from = source.contact();
                node.handle(now, &from, source.message());
            }
        }
        let outputs = std::iter::from_fn(|| node.poll()).count();
        assert!(outputs < 20_000, "one input, {outputs} outputs");
        check(&node);
    }
});

fn check(node: &Ring<u8>) {
    let (own, routes) = (node.own().id, node.routes());
    let (entries, bytes) = node.load();
    assert!(entries <= 50 && bytes <= 20_000);
    assert!(routes.successors().len() <= 20 && routes.fingers().len() <= 384);
    for list in [routes.successors(), routes.fingers()] {
        assert!(list.iter().all(|c| c.id != own));
        assert!(list.windows(2).all(|pair| pair[0].id.is_between(&own, &pair[1].id)), "not clockwise");
    }
    assert!(routes.predecessor().is_none_or(|p| p.id != own));
}
