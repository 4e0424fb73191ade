//! WebSocket frames arrive whole or in pieces: both are read alike, nothing is kept beyond the limit, and what was read
//! can be written and read again.
#![no_main]
use bytes::{Bytes, BytesMut};
use libfuzzer_sys::fuzz_target;
use net::frame::{Opcode, Reader, Received, Role, Violation, write};

const MAX_CONTROL: usize = 125;
const MAX_HEADER: usize = 14;

fuzz_target!(|data: &[u8]| {
    let [roles, limit, cut, stream @ ..] = data else { return };
    let role = if roles & 1 == 0 { Role::Server } else { Role::Client };
    let limit = 1 << (limit % 18);

    let whole = read(role, limit, [stream]);
    let step = usize::from(*cut) + 1;
    let pieces = read(role, limit, stream.chunks(step));
    assert_eq!(whole, pieces, "in pieces of {step}");
    // first one piece of that size, then byte by byte
    let (first, rest) = stream.split_at(step.min(stream.len()));
    assert_eq!(whole, read(role, limit, std::iter::once(first).chain(rest.chunks(1))));

    for received in whole.0 {
        again(role, limit, &received, roles & 2 == 0);
    }
});

/// What the pieces bring, and what was wrong in the end.
fn read<'a>(
    role: Role,
    limit: usize,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> (Vec<Received>, Option<Violation>) {
    let mut reader = Reader::new(role, limit);
    let mut all = Vec::new();
    for piece in pieces {
        reader.push(BytesMut::from(piece));
        loop {
            match reader.received() {
                Ok(Some(Received::Message(message))) => {
                    assert!(message.len() <= limit);
                    all.push(Received::Message(message));
                }
                Ok(Some(Received::Ping(data))) => {
                    assert!(data.len() <= MAX_CONTROL);
                    all.push(Received::Ping(data));
                }
                Ok(Some(received)) => all.push(received),
                Ok(None) => break,
                Err(violation) => return (all, Some(violation)),
            }
        }
        assert!(reader.held() <= limit.max(MAX_CONTROL) + limit + MAX_HEADER, "{} bytes held", reader.held());
    }
    (all, None)
}

/// Writes what was read as the other side would, and reads it.
fn again(role: Role, limit: usize, received: &Received, text: bool) {
    let (opcode, payload) = match received {
        Received::Message(message) if text && std::str::from_utf8(message).is_ok() => (Opcode::Text, message.clone()),
        Received::Message(message) => (Opcode::Binary, message.clone()),
        Received::Ping(data) => (Opcode::Ping, data.clone()),
        Received::Pong => (Opcode::Pong, Bytes::new()),
        Received::Close(status) => {
            (Opcode::Close, status.map_or_else(Bytes::new, |status| Bytes::copy_from_slice(&status.to_be_bytes())))
        }
    };
    let key = (role == Role::Server).then_some([1, 0x80, 0, 0xff]);
    let mut out = BytesMut::new();
    write(&mut out, opcode, &payload, key);
    assert_eq!(read(role, limit, [&out[..]]), (vec![reread(received)], None));
}

fn reread(received: &Received) -> Received {
    match received {
        Received::Message(message) => Received::Message(message.clone()),
        Received::Ping(data) => Received::Ping(data.clone()),
        Received::Pong => Received::Pong,
        Received::Close(status) => Received::Close(*status),
    }
}
