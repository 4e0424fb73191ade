//! WebSocket: frames, messages and closing, against the other side by hand.
#![cfg(feature = "ws")]
mod common;

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use bytes::Bytes;
use common::ws::{Frame, accept, close, frame, open, read_frame, read_frames};
use common::{Puppet, beside, loopback, next, opened, pieces, read_all, reason};
use net::{Config, Driver, Stats, Ws};
use wire::{CloseReason, ConnId, Input, Transport};

const CLIENT: ConnId = ConnId::outbound(0);
const SERVER: ConnId = ConnId::inbound(0);

fn limited(message: usize) -> Config {
    Config { ws: Ws { message, ..Ws::default() }, ..Config::default() }
}

/// What a client by hand gets out of a server, and what the server's machine hears.
async fn serve<T: Send + 'static>(
    puppet: Puppet,
    config: Config,
    client: impl FnOnce(TcpStream) -> T + Send + 'static,
) -> (T, Vec<Input>, Stats) {
    let mut driver = Driver::with_config(puppet, config);
    let address = driver.listen(Transport::Ws, loopback()).unwrap();
    let (result, told) = beside(&mut driver, move || client(open(address))).await;
    (result, told, driver.stats().clone())
}

/// What a server by hand gets out of a client, whose machine has written `first` before anything happened.
async fn visit<T: Send + 'static>(
    config: Config,
    first: &'static [&'static [u8]],
    server: impl FnOnce(TcpStream) -> T + Send + 'static,
) -> (T, Vec<Input>, Stats) {
    let listener = TcpListener::bind(loopback()).unwrap();
    let mut driver = Driver::with_config(Puppet::default(), config);
    driver.machine_mut().connect_over(Transport::Ws, 0, listener.local_addr().unwrap());
    first.iter().for_each(|text| driver.machine_mut().write(CLIENT, *text));
    let (result, told) = beside(&mut driver, move || server(accept(&listener))).await;
    (result, told, driver.stats().clone())
}

// ---- frames and messages

//= rfc6455#5.1/server-masks test
//= rfc6455#5.2/reserved test
//= rfc6455#5.3/xor test
//= rfc6455#5.4/both test
//= rfc6455#5.2/one-frame test
#[tokio::test]
async fn a_server_takes_masked_frames_and_sends_plain_ones() {
    let work = |mut client: TcpStream| {
        // The masked "Hello" of the specification's examples.
        client.write_all(&[0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58]).unwrap();
        client.write_all(&frame(0x82, b"bytes", true)).unwrap();
        client.write_all(&close(1000, true)).unwrap();
        read_frames(&mut client)
    };
    let (frames, told, stats) = serve(Puppet::echo(), Config::default(), work).await;
    let wanted = [Frame::plain(0x82, "Hello"), Frame::plain(0x82, "bytes"), Frame::plain(0x88, 1000u16.to_be_bytes())];
    assert_eq!(frames, wanted);
    assert_eq!(pieces(&told, SERVER), ["Hello", "bytes"]);
    assert_eq!(reason(&told, SERVER), Some(CloseReason::Peer));
    assert_eq!(stats.ws_errors, 0);
}

//= rfc6455#5.1/client-masks test
//= rfc6455#5.3/bit test
//= rfc6455#5.3/fresh test
//= rfc6455#5.3/entropy test
//= rfc6455#5.3/predictable test
//= rfc6455#5.5.2/pong test
//= rfc6455#5.5.3/same-data test
#[tokio::test]
async fn a_client_masks_every_frame_with_a_key_of_its_own() {
    let work = |mut server: TcpStream| {
        let frames: Vec<Frame> = (0..4).map(|_| read_frame(&mut server).unwrap()).collect();
        // The plain "Hello" of the specification's examples.
        server.write_all(&[0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f]).unwrap();
        server.write_all(&frame(0x89, b"still there?", false)).unwrap();
        let pong = read_frame(&mut server).unwrap();
        (frames, pong)
    };
    let ((frames, pong), told, _) = visit(Config::default(), &[b"same", b"same", b"same", b"same"], work).await;
    assert!(frames.iter().all(|frame| (frame.first, &frame.payload[..]) == (0x82, &b"same"[..])), "{frames:?}");
    let mut keys: Vec<_> = frames.iter().chain([&pong]).map(|frame| frame.key.expect("a mask")).collect();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), 5, "keys differ");
    assert_eq!((pong.first, &pong.payload[..]), (0x8A, &b"still there?"[..]));
    assert_eq!(pieces(&told, CLIENT), ["Hello"]);
}

//= rfc6455#5.2/minimal test
//= rfc6455#5.2/network-order test
//= rfc6455#5.2/top-bit test
//= rfc6455#5.3/key-length test
#[tokio::test]
async fn lengths_take_as_many_bytes_as_they_need() {
    const SIZES: [usize; 7] = [1, 125, 126, 127, 65_535, 65_536, 70_000];
    let work = |mut client: TcpStream| {
        let mut heads = Vec::new();
        for size in SIZES {
            client.write_all(&frame(0x82, &vec![9; size], true)).unwrap();
            let mut head = [0; 2];
            client.read_exact(&mut head).unwrap();
            let mut rest = vec![0; size + if size > 65_535 { 8 } else { 2 * usize::from(size > 125) }];
            client.read_exact(&mut rest).unwrap();
            heads.push(head);
        }
        heads
    };
    let (heads, told, _) = serve(Puppet::echo(), Config::default(), work).await;
    assert!(heads.iter().map(|head| head[1]).eq([1, 125, 126, 126, 126, 127, 127]), "{heads:?}");
    assert!(pieces(&told, SERVER).iter().map(Bytes::len).eq(SIZES));
}

//= rfc6455#5.4/handle-control test
//= rfc6455#5.4/both test
//= rfc6455#5.4/order test
//= rfc6455#5.4/one-type test
//= rfc6455#5.5.2/soon test
#[tokio::test]
async fn fragments_make_one_message_and_control_frames_may_stand_between() {
    let work = |mut client: TcpStream| {
        let mut bytes = frame(0x01, "grü".as_bytes().split_last().unwrap().1, true); // cut within a character
        bytes.extend(frame(0x89, b"between", true));
        bytes.extend(frame(0x00, b"", true));
        bytes.extend(frame(0x8A, b"unasked", true));
        bytes.extend(frame(0x80, &["grü".as_bytes().last().copied().unwrap(), b'n'], true));
        bytes.extend(frame(0x02, b"an", true));
        bytes.extend(frame(0x80, b"other", true));
        for byte in bytes {
            client.write_all(&[byte]).unwrap(); // however it is cut
        }
        let pong = read_frame(&mut client).unwrap();
        client.write_all(&close(1001, true)).unwrap();
        (pong, read_frames(&mut client))
    };
    let ((pong, rest), told, _) = serve(Puppet::default(), Config::default(), work).await;
    assert_eq!(pong, Frame::plain(0x8A, "between"));
    assert_eq!(rest, [Frame::plain(0x88, 1001u16.to_be_bytes())]);
    assert_eq!(pieces(&told, SERVER), ["grün", "another"]);
}

//= rfc6455#5.6/utf-8 test
//= rfc7395#3.2/text test
#[tokio::test]
async fn text_is_sent_where_it_is_wanted_and_possible() {
    let config = Config { ws: Ws { text: true, ..Ws::default() }, ..Config::default() };
    let work = |mut client: TcpStream| {
        client.write_all(&frame(0x82, "größe".as_bytes(), true)).unwrap();
        client.write_all(&frame(0x82, &[0xFF, 0xFE], true)).unwrap();
        [read_frame(&mut client).unwrap().first, read_frame(&mut client).unwrap().first]
    };
    assert_eq!(serve(Puppet::echo(), config, work).await.0, [0x81, 0x82]);
}

#[tokio::test]
async fn empty_messages_and_unasked_pongs_are_nobodys_business() {
    let work = |mut client: TcpStream| {
        for first in [0x82, 0x81, 0x8A] {
            client.write_all(&frame(first, b"", true)).unwrap();
        }
        client.write_all(&frame(0x02, b"", true)).unwrap();
        client.write_all(&frame(0x80, b"x", true)).unwrap();
        client.write_all(&close(1000, true)).unwrap();
        read_all(&mut client);
    };
    let (_, told, stats) = serve(Puppet::default(), Config::default(), work).await;
    assert_eq!(pieces(&told, SERVER), ["x"]);
    assert_eq!(stats.ws_errors, 0);
}

// ---- the rules

/// Bytes that end a connection, with the status that tells why.
fn violations(masked: bool) -> Vec<(&'static str, Vec<u8>, u16)> {
    let frame = |first, payload: &[u8]| frame(first, payload, masked);
    let joined = |frames: &[Vec<u8>]| frames.concat();
    let mask = if masked { 0x80 } else { 0 };
    vec![
        ("a first reserved bit", frame(0xC2, b"x"), 1002),
        ("a second reserved bit", frame(0xA2, b"x"), 1002),
        ("a third reserved bit", frame(0x92, b"x"), 1002),
        ("an unknown data opcode", frame(0x83, b"x"), 1002),
        ("an unknown control opcode", frame(0x8B, b"x"), 1002),
        ("a fragmented ping", frame(0x09, b"x"), 1002),
        ("a long ping", frame(0x89, &[0; 126]), 1002),
        ("a continuation of nothing", frame(0x80, b"x"), 1002),
        ("a message within another", joined(&[frame(0x01, b"x"), frame(0x81, b"y")]), 1002),
        ("a length in too many bytes", vec![0x82, mask | 126, 0, 125], 1002),
        ("a length in far too many bytes", vec![0x82, mask | 127, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF], 1002),
        ("a length with the highest bit", vec![0x82, mask | 127, 0x80, 0, 0, 0, 0, 0, 0, 0], 1002),
        ("a close of one byte", frame(0x88, b"x"), 1002),
        ("a status that is never sent", frame(0x88, &1005u16.to_be_bytes()), 1002),
        ("a status below all others", frame(0x88, &999u16.to_be_bytes()), 1002),
        ("a status above all others", frame(0x88, &5000u16.to_be_bytes()), 1002),
        ("a status reserved for later", frame(0x88, &2000u16.to_be_bytes()), 1002),
        ("a reason that is no text", frame(0x88, &[3, 0xE8, 0xFF]), 1007),
        ("text that is none", frame(0x81, &[0xC0, 0xAF]), 1007),
        ("text that ends within a character", joined(&[frame(0x01, b"gr"), frame(0x80, &[0xC3])]), 1007),
        ("a message over the limit", frame(0x82, &[0; 1001]), 1009),
        ("fragments over the limit", joined(&[frame(0x02, &[0; 600]), frame(0x80, &[0; 401])]), 1009),
        ("an announced exabyte", vec![0x82, mask | 127, 0x10, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4], 1009),
        ("a mask where none belongs, or none", common::ws::frame(0x82, b"x", !masked), 1002),
    ]
}

//= rfc6455#5.1/unmasked test
//= rfc6455#5.1/unmasked-status test
//= rfc6455#5.2/reserved-set test
//= rfc6455#5.2/opcode test
//= rfc6455#5.4/control-whole test
//= rfc6455#5.4/interleaved test
//= rfc6455#5.5/size test
//= rfc6455#5.5.1/status test
//= rfc6455#7.1.7/server-closes test
//= rfc6455#7.1.7/status test
//= rfc6455#7.1.7/no-more test
//= rfc6455#7.4.1/no-1005 test
//= rfc6455#7.4.1/no-1006 test
//= rfc6455#7.4.1/no-1015 test
//= rfc6455#8.1/utf-8 test
//= rfc6455#10.4/protect test
//= rfc6455#10.4/limits test
//= rfc6455#10.7/validate test
//= rfc6455#10.7/drop test
#[tokio::test]
async fn a_client_that_breaks_a_rule_is_told_and_closed() {
    for (what, bytes, status) in violations(true) {
        let work = move |mut client: TcpStream| {
            client.write_all(&frame(0x82, b"before", true)).unwrap();
            client.write_all(&bytes).unwrap();
            client.write_all(&frame(0x82, b"after", true)).unwrap();
            read_frames(&mut client)
        };
        let (frames, told, stats) = serve(Puppet::default(), limited(1000), work).await;
        assert_eq!(frames, [Frame::plain(0x88, status.to_be_bytes())], "{what}");
        assert_eq!(pieces(&told, SERVER), ["before"], "{what}");
        assert_eq!(reason(&told, SERVER), Some(CloseReason::Reset), "{what}");
        assert_eq!(stats.ws_errors, 1, "{what}");
    }
}

//= rfc6455#5.1/masked test
//= rfc6455#5.1/masked-status test
//= rfc6455#7.1.7/client-closes test
//= rfc6455#7.2.1/fail test
#[tokio::test]
async fn a_server_that_breaks_a_rule_is_told_and_closed() {
    for (what, bytes, status) in violations(false) {
        let work = move |mut server: TcpStream| {
            server.write_all(&bytes).unwrap();
            let frames = read_frames(&mut server);
            frames.into_iter().map(|frame| (frame.first, frame.payload)).collect::<Vec<_>>()
        };
        let (frames, told, stats) = visit(limited(1000), &[], work).await;
        assert_eq!(frames, [(0x88, status.to_be_bytes().to_vec())], "{what}");
        assert_eq!(reason(&told, CLIENT), Some(CloseReason::Reset), "{what}");
        assert_eq!(stats.ws_errors, 1, "{what}");
    }
}

#[tokio::test]
async fn a_message_of_just_the_limit_is_taken() {
    let work = |mut client: TcpStream| {
        client.write_all(&frame(0x82, &[1; 1000], true)).unwrap();
        client.write_all(&frame(0x02, &[2; 999], true)).unwrap();
        client.write_all(&frame(0x80, &[2; 1], true)).unwrap();
        client.write_all(&close(1000, true)).unwrap();
        read_all(&mut client);
    };
    let (_, told, _) = serve(Puppet::default(), limited(1000), work).await;
    assert!(pieces(&told, SERVER).iter().map(Bytes::len).eq([1000, 1000]));
}

#[tokio::test]
async fn a_flood_of_pings_without_reading_overflows() {
    let config = Config { stream_queue: 50_000, ..Config::default() };
    let work = |mut client: TcpStream| {
        let flood = frame(0x89, &[0; 125], true).repeat(500);
        while client.write_all(&flood).is_ok() {}
    };
    let (_, told, stats) = serve(Puppet::default(), config, work).await;
    assert_eq!(reason(&told, SERVER), Some(CloseReason::Overflow));
    assert_eq!(stats.stream_overflows, 1);
}

// ---- closing

//= rfc6455#5.5.1/answer test
//= rfc6455#5.5.1/soon test
//= rfc6455#5.5.1/then-tcp test
//= rfc6455#5.5.1/server-first test
//= rfc6455#7.1.1/server-first test
//= rfc6455#7.1.1/server-at-once test
//= rfc6455#7.1.2/then-close test
#[tokio::test]
async fn a_close_is_answered_with_its_status_and_then_the_server_ends() {
    for (body, wanted) in
        [(&b""[..], &b""[..]), (&[0x0B, 0xB8, b'w', b'h', b'y'], &[0x0B, 0xB8]), (&[3, 0xE9], &[3, 0xE9])]
    {
        let work = move |mut client: TcpStream| {
            client.write_all(&frame(0x88, body, true)).unwrap();
            client.write_all(&frame(0x82, b"too late", true)).unwrap();
            read_frames(&mut client) // to the end, which the server brings about
        };
        let (frames, told, stats) = serve(Puppet::default(), Config::default(), work).await;
        assert_eq!(frames, [Frame::plain(0x88, wanted)]);
        assert_eq!((reason(&told, SERVER), pieces(&told, SERVER).len()), (Some(CloseReason::Peer), 0));
        assert_eq!(stats.ws_errors, 0);
    }
}

/// Closes when it hears "close".
fn closer() -> Puppet {
    Puppet {
        react: |input| match input {
            Input::Stream { conn, data } if data == "close" => vec![
                wire::Output::Transmit(wire::Transmit::Stream { conn: *conn, data: Bytes::from_static(b"last") }),
                wire::Output::Close { conn: *conn },
                wire::Output::Transmit(wire::Transmit::Stream { conn: *conn, data: Bytes::from_static(b"too late") }),
            ],
            _ => Vec::new(),
        },
        ..Puppet::default()
    }
}

//= rfc6455#5.5.1/no-data test
//= rfc6455#7.1.2/frame test
//= rfc6455#7.1.1/clean test
//= rfc6455#7.4/reason test
//= rfc7395#3.6/handshake test
#[tokio::test]
async fn our_close_waits_for_the_peers() {
    let work = |mut client: TcpStream| {
        client.write_all(&frame(0x82, b"close", true)).unwrap();
        let last = [read_frame(&mut client).unwrap(), read_frame(&mut client).unwrap()];
        // It still answers, but nobody hears of what comes.
        client.write_all(&frame(0x82, b"unheard", true)).unwrap();
        client.write_all(&frame(0x89, b"ping", true)).unwrap();
        let pong = read_frame(&mut client).unwrap();
        client.write_all(&close(1000, true)).unwrap();
        (last, pong, read_frames(&mut client))
    };
    let ((last, pong, rest), told, stats) = serve(closer(), Config::default(), work).await;
    assert_eq!(last, [Frame::plain(0x82, "last"), Frame::plain(0x88, 1000u16.to_be_bytes())]);
    assert_eq!(pong, Frame::plain(0x8A, "ping"));
    assert_eq!(rest, []);
    assert_eq!(reason(&told, SERVER), Some(CloseReason::Local));
    assert_eq!((pieces(&told, SERVER).len(), stats.ws_errors, stats.late_writes), (1, 0, 1));
}

//= rfc6455#7.1.1/any-means test
#[tokio::test]
async fn a_peer_that_never_answers_our_close_is_left_after_a_while() {
    let config = Config { close_timeout: Duration::from_millis(100), ..Config::default() };
    let work = |mut client: TcpStream| {
        client.write_all(&frame(0x82, b"close", true)).unwrap();
        let start = std::time::Instant::now();
        (read_frames(&mut client).len(), start.elapsed())
    };
    let ((frames, waited), told, _) = serve(closer(), config, work).await;
    assert_eq!(frames, 2);
    assert!(waited >= Duration::from_millis(90) && waited < Duration::from_secs(3), "{waited:?}");
    assert_eq!(reason(&told, SERVER), Some(CloseReason::Local));
}

//= rfc6455#5.5.1/client-waits test
//= rfc6455#7.1.1/client-waits test
#[tokio::test]
async fn a_client_lets_the_server_end_the_connection() {
    let work = |mut server: TcpStream| {
        server.write_all(&close(1000, false)).unwrap();
        let answer = read_frame(&mut server).unwrap();
        server.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
        let waits = server.read(&mut [0]).unwrap_err().kind();
        drop(server);
        (answer, waits)
    };
    let ((answer, waits), told, _) = visit(Config::default(), &[], work).await;
    assert_eq!((answer.first, answer.payload), (0x88, 1000u16.to_be_bytes().to_vec()));
    assert!(answer.key.is_some());
    assert_eq!(waits, std::io::ErrorKind::WouldBlock, "it does not end first");
    assert_eq!(reason(&told, CLIENT), Some(CloseReason::Peer));
}

//= rfc6455#7.2.1/lost test
#[tokio::test]
async fn an_end_without_a_close_frame_is_told_as_a_reset() {
    let work = |mut client: TcpStream| {
        client.write_all(&frame(0x82, b"whole", true)).unwrap();
        client.write_all(&frame(0x82, b"half", true)[..7]).unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        read_all(&mut client)
    };
    let (rest, told, stats) = serve(Puppet::default(), Config::default(), work).await;
    assert!(rest.is_empty());
    assert_eq!((pieces(&told, SERVER), reason(&told, SERVER)), (vec![Bytes::from("whole")], Some(CloseReason::Reset)));
    assert_eq!(stats.ws_errors, 1);
}

#[tokio::test]
async fn a_peer_that_does_not_read_overflows() {
    let mut driver = Driver::with_config(Puppet::default(), Config { stream_queue: 100_000, ..Config::default() });
    let address: SocketAddr = driver.listen(Transport::Ws, loopback()).unwrap();
    let client = std::thread::spawn(move || open(address));
    assert!(opened(&[next(&mut driver).await], SERVER));
    let client = client.join().unwrap();
    (0..2_000).for_each(|_| driver.machine_mut().write(SERVER, vec![0; 10_000]));
    assert!(matches!(next(&mut driver).await, Input::Closed { reason: CloseReason::Overflow, .. }));
    drop(client);
}

#[tokio::test]
async fn random_bytes_never_do_more_than_end_a_connection() {
    let mut driver = Driver::with_config(Puppet::echo(), limited(10_000));
    let address = driver.listen(Transport::Ws, loopback()).unwrap();
    let work = move || {
        let mut rng = wire::Rng::from_u64(6455);
        for _ in 0..100 {
            let mut client = open(address);
            for _ in 0..rng.below(20) {
                let mut noise = vec![0; rng.below(60) as usize];
                rng.fill(&mut noise);
                let mut bytes = frame(noise.first().copied().unwrap_or(0x82), &noise, true);
                if rng.chance(0.3) {
                    let at = rng.below(bytes.len() as u64) as usize;
                    bytes[at] ^= 1 << rng.below(8);
                }
                let _ = client.write_all(&bytes);
            }
            let _ = client.shutdown(Shutdown::Write);
            read_all(&mut client);
        }
    };
    let (_, told) = beside(&mut driver, work).await;
    let closed = told.iter().filter(|input| matches!(input, Input::Closed { .. })).count();
    assert_eq!((driver.stats().accepted, closed), (100, 100));
}
