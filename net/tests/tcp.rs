//! Streams through a driver: opening, bytes both ways, every way to end, limits.
mod common;

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::time::Duration;

use bytes::Bytes;
use common::{Puppet, during, loopback, next};
use net::{Config, Driver};
use wire::{CloseReason, ConnId, Input, Machine, Output, Transport};

/// Hears until the connection is closed and returns what came before that, and why it closed.
async fn until_closed(driver: &mut Driver<Puppet>, conn: ConnId) -> (Vec<u8>, CloseReason) {
    let mut all = Vec::new();
    loop {
        match next(driver).await {
            Input::Stream { conn: from, data } if from == conn => all.extend(data),
            Input::Closed { conn: closed, reason } if closed == conn => return (all, reason),
            _ => {}
        }
    }
}

async fn opened(driver: &mut Driver<Puppet>) -> ConnId {
    match next(driver).await {
        Input::Opened { conn, transport: Transport::Tcp, .. } => conn,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_accepted_stream_carries_bytes_both_ways_until_the_peer_closes() {
    let mut driver = Driver::new(Puppet::echo());
    let address = driver.bind_tcp(loopback()).unwrap();
    let mut client = TcpStream::connect(address).unwrap();
    let Input::Opened { conn, local, remote, .. } = next(&mut driver).await else { panic!() };
    assert_eq!((conn, local, remote), (ConnId::inbound(0), address, client.local_addr().unwrap()));
    client.write_all(b"hello").unwrap();
    assert!(matches!(next(&mut driver).await, Input::Stream { data, .. } if data == "hello"));
    let mut answer = [0; 5];
    client.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"hello");
    drop(client);
    assert_eq!(until_closed(&mut driver, conn).await, (vec![], CloseReason::Peer));
}

#[tokio::test]
async fn what_is_written_before_opening_arrives_first() {
    let listener = TcpListener::bind(loopback()).unwrap();
    let mut driver = Driver::new(Puppet::default());
    let conn = driver.machine_mut().connect(0, listener.local_addr().unwrap());
    driver.machine_mut().write(conn, "one ");
    driver.machine_mut().write(conn, "two ");
    assert_eq!(opened(&mut driver).await, conn);
    driver.machine_mut().write(conn, "three");
    driver.machine_mut().close(conn);
    assert_eq!(until_closed(&mut driver, conn).await.1, CloseReason::Local);
    let mut text = String::new();
    listener.accept().unwrap().0.read_to_string(&mut text).unwrap();
    assert_eq!(text, "one two three");
}

#[tokio::test]
async fn what_is_said_in_one_go_is_one_write() {
    let mut driver = Driver::new(Puppet::default());
    let mut client = TcpStream::connect(driver.bind_tcp(loopback()).unwrap()).unwrap();
    let conn = opened(&mut driver).await;
    for _ in 0..30 {
        driver.machine_mut().write(conn, "piece ");
    }
    driver.machine_mut().close(conn);
    assert_eq!(until_closed(&mut driver, conn).await.1, CloseReason::Local);
    assert_eq!((driver.stats().stream_writes, driver.stats().stream_bytes_out), (1, 180));
    let mut text = String::new();
    client.read_to_string(&mut text).unwrap();
    assert_eq!(text, "piece ".repeat(30));
}

#[tokio::test]
async fn closing_while_opening_still_sends_what_was_written() {
    let listener = TcpListener::bind(loopback()).unwrap();
    let mut driver = Driver::new(Puppet::default());
    let conn = driver.machine_mut().connect(0, listener.local_addr().unwrap());
    driver.machine_mut().write(conn, "farewell");
    driver.machine_mut().close(conn);
    assert!(
        matches!(next(&mut driver).await, Input::Closed { reason: CloseReason::Local, .. }),
        "and no Opened before"
    );
    let mut text = String::new();
    listener.accept().unwrap().0.read_to_string(&mut text).unwrap();
    assert_eq!(text, "farewell");
}

#[tokio::test]
async fn closing_while_opening_with_nothing_written_ends_at_once() {
    let listener = TcpListener::bind(loopback()).unwrap();
    let mut driver = Driver::new(Puppet::default());
    let conn = driver.machine_mut().connect(0, listener.local_addr().unwrap());
    driver.machine_mut().close(conn);
    assert!(matches!(next(&mut driver).await, Input::Closed { reason: CloseReason::Local, .. }));
}

#[tokio::test]
async fn nobody_listening_is_refused() {
    let free = TcpListener::bind(loopback()).unwrap().local_addr().unwrap();
    let mut driver = Driver::new(Puppet::default());
    let conn = driver.machine_mut().connect(0, free);
    assert_eq!(until_closed(&mut driver, conn).await.1, CloseReason::Refused);
    assert_eq!(driver.stats().connect_errors, 1);
}

#[tokio::test]
async fn a_listener_that_never_answers_times_out() {
    // A full backlog keeps further requests waiting.
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.bind(&loopback().into()).unwrap();
    socket.listen(0).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    let _first: Vec<_> = (0..3).map(|_| TcpStream::connect_timeout(&address, Duration::from_millis(50))).collect();
    let config = Config { connect_timeout: Duration::from_millis(100), ..Config::default() };
    let mut driver = Driver::with_config(Puppet::default(), config);
    let conn = driver.machine_mut().connect(0, address);
    assert_eq!(until_closed(&mut driver, conn).await.1, CloseReason::Timeout);
}

#[tokio::test]
async fn a_reset_is_told_as_one() {
    let mut driver = Driver::new(Puppet::default());
    let address = driver.bind_tcp(loopback()).unwrap();
    let client = socket2::Socket::from(TcpStream::connect(address).unwrap());
    let conn = opened(&mut driver).await;
    client.set_linger(Some(Duration::ZERO)).unwrap();
    drop(client);
    assert_eq!(until_closed(&mut driver, conn).await.1, CloseReason::Reset);
}

#[tokio::test]
async fn an_answer_given_at_the_peers_half_close_still_arrives() {
    let mut driver = Driver::new(Puppet::echo());
    let address = driver.bind_tcp(loopback()).unwrap();
    let mut client = TcpStream::connect(address).unwrap();
    let question = vec![b'q'; 300_000];
    let wanted = question.len();
    let reader = tokio::task::spawn_blocking(move || {
        let mut writer = client.try_clone().unwrap();
        std::thread::spawn(move || {
            writer.write_all(&question).unwrap();
            writer.shutdown(Shutdown::Write).unwrap();
        });
        std::thread::sleep(Duration::from_millis(50));
        let mut answer = Vec::new();
        client.read_to_end(&mut answer).unwrap();
        answer.len()
    });
    assert_eq!(during(&mut driver, reader).await.unwrap(), wanted);
}

#[tokio::test]
async fn unread_bytes_of_the_peer_do_not_destroy_our_last_words() {
    let mut driver = Driver::new(Puppet {
        react: |input| match input {
            Input::Opened { conn, .. } => vec![
                Output::Transmit(wire::Transmit::Stream { conn: *conn, data: Bytes::from(vec![b'x'; 200_000]) }),
                Output::Close { conn: *conn },
            ],
            _ => vec![],
        },
        ..Puppet::default()
    });
    let address = driver.bind_tcp(loopback()).unwrap();
    let reader = tokio::task::spawn_blocking(move || {
        let mut client = TcpStream::connect(address).unwrap();
        client.write_all(&[0; 10_000]).unwrap();
        std::thread::sleep(Duration::from_millis(100));
        let mut all = Vec::new();
        client.read_to_end(&mut all).map(|_| all.len())
    });
    assert_eq!(during(&mut driver, reader).await.unwrap().unwrap(), 200_000);
}

#[tokio::test]
async fn a_peer_that_does_not_read_overflows() {
    let mut driver = Driver::with_config(Puppet::default(), Config { stream_queue: 100_000, ..Config::default() });
    let address = driver.bind_tcp(loopback()).unwrap();
    let _client = TcpStream::connect(address).unwrap();
    let conn = opened(&mut driver).await;
    for _ in 0..2_000 {
        driver.machine_mut().write(conn, vec![0; 10_000]);
    }
    assert_eq!(until_closed(&mut driver, conn).await.1, CloseReason::Overflow);
    assert_eq!(driver.stats().stream_overflows, 1);
    assert!(driver.stats().late_writes > 0, "what came after was dropped");
}

#[tokio::test]
async fn a_peer_that_does_not_read_cannot_delay_the_close_for_long() {
    let config = Config { close_timeout: Duration::from_millis(100), stream_queue: 100 << 20, ..Config::default() };
    let mut driver = Driver::with_config(Puppet::default(), config);
    let address = driver.bind_tcp(loopback()).unwrap();
    let _client = TcpStream::connect(address).unwrap();
    let conn = opened(&mut driver).await;
    driver.machine_mut().write(conn, vec![0; 50 << 20]);
    driver.machine_mut().close(conn);
    assert_eq!(until_closed(&mut driver, conn).await.1, CloseReason::Overflow);
}

#[tokio::test]
async fn too_many_connections_are_dropped() {
    let mut driver = Driver::with_config(Puppet::default(), Config { connections: 2, ..Config::default() });
    let address = driver.bind_tcp(loopback()).unwrap();
    let clients: Vec<_> = (0..3).map(|_| TcpStream::connect(address).unwrap()).collect();
    opened(&mut driver).await;
    opened(&mut driver).await;
    let conn = driver.machine_mut().connect(7, address);
    assert_eq!(until_closed(&mut driver, conn).await.1, CloseReason::Refused);
    assert_eq!(driver.stats().connections_refused, 2);
    drop(clients);
}

#[tokio::test]
async fn misuse_is_counted_and_does_no_harm() {
    let mut driver = Driver::new(Puppet::default());
    let never = ConnId::outbound(99);
    driver.machine_mut().write(never, "nobody");
    driver.machine_mut().close(never);
    driver.machine_mut().out.push_back(Output::Connect {
        conn: ConnId::inbound(0),
        transport: Transport::Tcp,
        remote: loopback(),
    });
    assert!(tokio::time::timeout(Duration::from_millis(20), driver.next()).await.is_err());
    assert_eq!(driver.stats().late_writes, 3);
}

#[tokio::test]
async fn transports_without_connections_are_refused() {
    let mut driver = Driver::new(Puppet::default());
    let conn = ConnId::outbound(0);
    driver.machine_mut().out.push_back(Output::Connect { conn, transport: Transport::Udp, remote: loopback() });
    assert_eq!(until_closed(&mut driver, conn).await.1, CloseReason::Refused);
}

#[tokio::test]
async fn a_stopped_listener_refuses_and_its_connections_live_on() {
    let mut driver = Driver::new(Puppet::echo());
    let address = driver.bind_tcp(loopback()).unwrap();
    let mut client = TcpStream::connect(address).unwrap();
    opened(&mut driver).await;
    assert!(driver.unbind_tcp(address));
    assert!(!driver.unbind_tcp(address));
    assert!(TcpStream::connect(address).is_err());
    client.write_all(b"alive").unwrap();
    assert!(matches!(next(&mut driver).await, Input::Stream { .. }));
}

#[tokio::test]
async fn shutdown_sends_what_is_queued_and_closes() {
    let mut driver = Driver::new(Puppet::default());
    let address = driver.bind_tcp(loopback()).unwrap();
    let mut client = TcpStream::connect(address).unwrap();
    let conn = opened(&mut driver).await;
    let reader = tokio::task::spawn_blocking(move || {
        std::thread::sleep(Duration::from_millis(50));
        let mut all = Vec::new();
        client.read_to_end(&mut all).unwrap();
        all.len()
    });
    driver.machine_mut().write(conn, vec![0; 900_000]);
    let mut machine = driver.shutdown().await;
    assert_eq!(reader.await.unwrap(), 900_000);
    assert!(machine.poll().is_none());
}

#[tokio::test]
async fn a_hundred_connections_echo_at_once() {
    let mut driver = Driver::new(Puppet { mute: true, ..Puppet::echo() });
    let address = driver.bind_tcp(loopback()).unwrap();
    let clients = tokio::task::spawn_blocking(move || {
        let mut clients: Vec<_> = (0..100).map(|_| TcpStream::connect(address).unwrap()).collect();
        for round in 0..5u8 {
            for client in &mut clients {
                client.write_all(&[round; 1000]).unwrap();
            }
            for client in &mut clients {
                let mut answer = [0; 1000];
                client.read_exact(&mut answer).unwrap();
                assert_eq!(answer, [round; 1000]);
            }
        }
    });
    during(&mut driver, clients).await.unwrap();
    assert_eq!(driver.stats().accepted, 100);
    assert_eq!(driver.stats().stream_bytes_out, 500_000);
}

#[tokio::test]
async fn a_read_takes_no_more_than_its_size() {
    let mut driver = Driver::with_config(Puppet::default(), Config { read_size: 100, ..Config::default() });
    let address = driver.bind_tcp(loopback()).unwrap();
    let mut client = TcpStream::connect(address).unwrap();
    let conn = opened(&mut driver).await;
    client.write_all(&[7; 1050]).unwrap();
    drop(client);
    let mut sizes = Vec::new();
    loop {
        match next(&mut driver).await {
            Input::Stream { data, .. } => sizes.push(data.len()),
            Input::Closed { conn: closed, .. } if closed == conn => break,
            other => panic!("{other:?}"),
        }
    }
    assert!(sizes.iter().all(|&size| size <= 100), "{sizes:?}");
    assert_eq!(sizes.iter().sum::<usize>(), 1050);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn several_drivers_share_a_port_if_they_want_to() {
    let config = Config { share_ports: true, ..Config::default() };
    let mut one = Driver::with_config(Puppet::default(), config.clone());
    let mut two = Driver::with_config(Puppet::default(), config);
    let (udp, tcp) = (one.bind_udp(loopback()).unwrap(), one.bind_tcp(loopback()).unwrap());
    assert_eq!((two.bind_udp(udp).unwrap(), two.bind_tcp(tcp).unwrap()), (udp, tcp));
    let mut alone = Driver::new(Puppet::default());
    assert!(alone.bind_udp(udp).is_err() && alone.bind_tcp(tcp).is_err());
}
