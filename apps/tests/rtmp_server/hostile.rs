use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use rtmp::server::PublishMode::Live;

use super::program::*;

#[tokio::test]
async fn a_player_that_never_reads_costs_bounded_memory_and_harms_nobody() {
    let server = start(&["--slow-reader", "256", "--gop-cache", "1"]);
    let mut publisher = Peer::publish(&server.url("live/cam"), Live).await;
    publisher.send(&[key_frame(0, '1')]).await;
    let stuck = Peer::play(&server.url("live/cam")).await; // nobody awaits its driver from here on
    let mut player = Peer::play(&server.url("live/cam")).await;
    assert_eq!(player.names(1).await, "1");
    let before = server.memory();
    for n in 1..=100 {
        publisher.send(&[big_frame(n * 40, 200_000)]).await;
        player.hear(1).await;
    }
    let grown = server.memory().saturating_sub(before);
    assert!(grown < 16 << 10, "{grown} KiB");
    drop(stuck);
}

#[tokio::test]
async fn noise_on_the_port_closes_only_itself() {
    let server = start(&[]);
    let mut publisher = Peer::publish(&server.url("live/cam"), Live).await;
    let address = server.address("rtmp");
    let noises: [&[u8]; 6] = [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x06",
        b"\x16\x03\x01\x02\x00",
        &[0xFF; 4096],
        b"POST /open/1 HTTP/1.1\r\n\r\n",
        b"<policy-file-request/>\0",
    ];
    for noise in noises {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.write_all(noise).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut answer = Vec::new();
        let _reset = stream.read_to_end(&mut answer);
    }
    // Handshake bytes, then nonsense where chunks should be.
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.write_all(&[&[3][..], &[0; 1536]].concat()).unwrap();
    let mut answer = vec![0; 1 + 1536 + 1536];
    stream.read_exact(&mut answer).unwrap();
    let _closed_meanwhile = stream.write_all(&[0xC1; 8192]);
    publisher.send(&[key_frame(0, '1')]).await;
    let mut player = Peer::play(&server.url("live/cam")).await;
    assert_eq!(player.names(1).await, "1");
}

#[tokio::test]
async fn a_client_calls_nothing_but_what_is_documented() {
    use rtmp::client::Event;
    let server = start(&[]);
    let mut client = Peer::connect(&server.url("live/cam")).await;
    for name in ["shutdown", "onConnect", "rtmp_data", "__init__", "disconnect"] {
        let now = client.driver.now();
        let asked = client.driver.machine_mut().call(now, name, Vec::new(), None).unwrap();
        let refused = client
            .until("an answer", |event| match event {
                Event::Answer { transaction, result } if *transaction == asked => Some(result.is_err()),
                _ => None,
            })
            .await;
        assert!(refused, "{name}");
    }
}

#[tokio::test]
async fn a_crowd_of_silent_connections_is_no_obstacle() {
    let server = start(&["--max-connections", "64"]);
    let crowd: Vec<TcpStream> = (0..60).map(|_| TcpStream::connect(server.address("rtmp")).unwrap()).collect();
    let mut publisher = Peer::publish(&server.url("live/cam"), Live).await;
    publisher.send(&[key_frame(0, '1')]).await;
    let mut player = Peer::play(&server.url("live/cam")).await;
    assert_eq!(player.names(1).await, "1");
    drop(crowd);
}
