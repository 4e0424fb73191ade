#![no_main]
//! Stores, deltas, transfers and repair messages of any shape and order, to two tables: sums stay right, limits hold, and
//! afterwards a repair makes the tables equal. Then the same bytes as frames to a whole node.
use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use serializer::{Flag, Id, Limits as Format, MainFlag, Message, Value, frame};
use sync::{Config, Limits, Mark, Node, Repair, Table, What, Write};
use wire::{ConnId, Epoch, Input, Instant, Machine, Rng, Transport};

const NOW: u64 = 1_700_000_000;

fuzz_target!(|data: &[u8]| {
    let Ok(Value::Array(messages)) = Value::decode(Bytes::copy_from_slice(data), &Format::default()) else { return };
    tables(&messages);
    node(&messages);
});

fn limits() -> Limits {
    Limits {
        key: 8,
        value: 200,
        depth: 4,
        items: 50,
        entries: 8,
        bytes: 8000,
        fields: 5,
        tombstones: 4,
        ..Limits::default()
    }
}

fn tables(messages: &[Value]) {
    let leasing = messages.first() != Some(&Value::Bool(false));
    let mut small = Table::new(leasing, limits());
    let mut tables = [Table::new(leasing, Limits::default()), Table::new(leasing, Limits::default())];
    for message in messages.iter().filter_map(Value::as_array) {
        if let Some(write) = write(message) {
            let to = message.len() % 2;
            let (now, first) = (NOW + 5000, write.clone());
            let _ = tables[to].write(write.clone(), now);
            let _ = if message.len() > 6 { small.transferred(write, now) } else { small.write(first, now) };
        } else if let Some(repair) = Repair::from_values(message) {
            let _ = repair.clone().answer(&mut tables[message.len() % 2], NOW, &mut 100_000);
            let _ = repair.answer(&mut small, NOW, &mut 100_000);
        }
        assert!(small.len() <= 8 && small.tombstones() <= 4 && small.bytes() <= 8000 + 5 * 300, "{}", small.bytes());
    }
    for table in tables.iter().chain([&small]) {
        let mut anew = Table::new(leasing, Limits::default());
        for (key, entry) in table.entries() {
            anew.merge(key.clone(), entry.clone(), NOW + 5000).unwrap();
        }
        assert_eq!((anew.digest(), anew.bytes(), anew.len()), (table.digest(), table.bytes(), table.len()));
    }
    for _ in 0..2 {
        let mut queue = vec![(1, Repair::start(&tables[0]))];
        while let Some((to, message)) = queue.pop() {
            let message = Repair::from_values(&message.to_values()).unwrap();
            let outcome = message.answer(&mut tables[to], NOW + 5000, &mut usize::MAX.clone());
            queue.extend(outcome.answers.into_iter().map(|answer| (1 - to, answer)));
        }
    }
    assert_eq!(tables[0].digest(), tables[1].digest());
    assert!(tables[0].entries().eq(tables[1].entries()));
}

/// `[key, value, owner, seconds, delta?, mark?, ...]`
fn write(message: &[Value]) -> Option<Write> {
    let [key, value, owner, seconds, rest @ ..] = message else { return None };
    let what = match (value, rest.first()) {
        (Value::Map(fields), Some(Value::Bool(true))) => What::Delta(fields.clone()),
        (value, _) => What::Set(value.clone()),
    };
    let mark = rest.get(1).and_then(Mark::from_value);
    let time = NOW + seconds.as_u64()? % 5000;
    Some(Write { key: key.as_bytes()?.clone(), what, owner: Id::from_value(owner).ok()?, time, mark })
}

fn node(messages: &[Value]) {
    let mut config = Config { limits: limits(), ..Config::default() };
    config.mesh.epoch = Epoch::from_unix(std::time::Duration::from_secs(NOW));
    let mut node = Node::new(config, Rng::from_u64(1));
    let (local, remote) = ("192.0.2.1:4444".parse().unwrap(), "192.0.2.2:4444".parse().unwrap());
    let conn = ConnId::inbound(0);
    node.handle(Instant::ZERO, Input::Opened { conn, transport: Transport::Tcp, local, remote });
    let peer = Id::new("5R").unwrap();
    let protocol = serializer::protocol_id("sync1", serializer::Encryption::Plaintext);
    let address = Value::Array(vec!["192.0.2.2".into(), 4444.into()]);
    let codes = Value::Array(vec![0x41.into(), 0x42.into()]);
    let hello = vec![Flag::Handshake.into(), peer.to_value(), protocol.to_bin(), address, codes];
    let mut now = Instant::ZERO;
    let mut say = |node: &mut Node, main, payload| {
        now = now + std::time::Duration::from_millis(100);
        let message = Message::new(main, &peer, NOW + now.as_nanos() / 1_000_000_000, payload);
        node.handle(now, Input::Stream { conn, data: frame::encode(&message, None) });
        while node.poll().is_some() {}
    };
    say(&mut node, MainFlag::Whisper, hello);
    for (turn, message) in messages.iter().filter_map(Value::as_array).enumerate() {
        let flag = [Flag::Store, Flag::Delta, Flag::Other(0x42)][turn % 3];
        let main = if turn % 2 == 0 { MainFlag::Broadcast } else { MainFlag::Whisper };
        say(&mut node, main, std::iter::once(flag.into()).chain(message.iter().cloned()).collect());
        assert!(node.len() <= 8);
    }
}
