#![no_main]
//! A tunnel's server with any bytes on two connections: nothing panics, every session ends, nothing is kept. What a client
//! makes of the same bytes is no panic either.
use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use rtmp::tunnel::{Client, ClientConfig, Config, Output, Server};
use wire::{ConnId, Instant, Rng};

fuzz_target!(|data: &[u8]| {
    let config = Config { head: 512, body: 1024, buffered: 4096, unsent: 4096, sessions: 4, ..Config::default() };
    let mut server = Server::new(config, Rng::from_u64(1));
    let mut client = Client::new(ClientConfig::new("h"));
    let remote = "192.0.2.1:1".parse().unwrap();
    let (mut now, mut sessions, mut secret) = (Instant::ZERO, 0i64, String::new());
    client.opened(now);
    for (at, piece) in data.split(|byte| *byte == 0xff).enumerate() {
        let conn = ConnId::inbound(at as u64 % 2);
        if at < 2 {
            server.opened(now, conn, remote);
        }
        // `$` stands for the secret of the last session, which cannot be guessed.
        let text = String::from_utf8_lossy(piece).replace('$', &secret);
        server.receive(now, conn, text.into_bytes().into());
        client.receive(now, Bytes::copy_from_slice(piece));
        while let Some(output) = server.poll() {
            match output {
                Output::Opened { .. } => sessions += 1,
                Output::Closed { .. } => sessions -= 1,
                Output::Data { session, data } => server.send(now, session, data),
                Output::Send { data, .. } if data.len() > 27 => {
                    let tail = &data[data.len() - 27..];
                    if tail.iter().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'\n') {
                        secret = String::from_utf8_lossy(tail).trim_end().into();
                    }
                }
                _ => {}
            }
        }
        while client.poll().is_some() {}
        now += std::time::Duration::from_millis(7);
        server.time(now);
        client.time(now);
    }
    // From here on nothing comes any more, and everything ends by itself.
    while let Some(deadline) = server.deadline() {
        server.time(deadline);
        while let Some(output) = server.poll() {
            match output {
                Output::Opened { .. } => sessions += 1,
                Output::Closed { .. } => sessions -= 1,
                _ => {}
            }
        }
    }
    assert_eq!((server.sessions(), sessions), (0, 0));
});
