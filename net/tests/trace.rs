//! The packet capture that drivers write.
mod common;

use std::io::{self, Read, Write};
use std::net::{TcpStream, UdpSocket};
use std::sync::{Arc, Mutex};

use common::{Puppet, during, loopback, next};
use net::{Driver, Trace};

#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(data)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The packets of a capture of raw IP: protocol, TCP flags or 0, payload.
fn packets(file: &[u8]) -> Vec<(u8, u8, Vec<u8>)> {
    let (mut rest, mut found) = (&file[24..], Vec::new());
    while !rest.is_empty() {
        let length = u32::from_le_bytes(rest[8..12].try_into().unwrap()) as usize;
        let ip = &rest[16..16 + length];
        let (flags, header) = if ip[9] == 6 { (ip[33], 40) } else { (0, 28) };
        found.push((ip[9], flags, ip[header..].to_vec()));
        rest = &rest[16 + length..];
    }
    found
}

#[tokio::test]
async fn datagrams_of_two_drivers_share_a_capture() {
    let file = Shared::default();
    let trace = Trace::new(file.clone()).unwrap();
    let (mut one, mut two) = (Driver::new(Puppet::echo()), Driver::new(Puppet::echo()));
    let client = UdpSocket::bind(loopback()).unwrap();
    for (driver, text) in [(&mut one, b"first "), (&mut two, b"second")] {
        driver.trace(Some(trace.clone()));
        client.send_to(text, driver.bind_udp(loopback()).unwrap()).unwrap();
        next(driver).await;
    }
    trace.finish().unwrap();
    let texts: Vec<_> = packets(&file.0.lock().unwrap()).into_iter().map(|p| (p.0, p.2)).collect();
    let wanted = [b"first ", b"first ", b"second", b"second"];
    assert_eq!(texts, wanted.map(|text| (17, text.to_vec())));
}

#[tokio::test]
async fn a_driver_that_ends_behind_an_event_leaves_its_packets_in_the_file() {
    let file = Shared::default();
    let trace = Trace::new(io::BufWriter::new(file.clone())).unwrap();
    let mut driver = Driver::new(Puppet::echo());
    driver.trace(Some(trace.clone()));
    UdpSocket::bind(loopback()).unwrap().send_to(b"last", driver.bind_udp(loopback()).unwrap()).unwrap();
    next(&mut driver).await;
    drop(driver);
    assert_eq!(packets(&file.0.lock().unwrap()).len(), 2, "in and out, while the capture goes on");
}

#[tokio::test]
async fn a_stream_shows_its_handshake_its_bytes_and_its_end() {
    let file = Shared::default();
    let trace = Trace::new(file.clone()).unwrap();
    let mut driver = Driver::new(Puppet::echo());
    driver.trace(Some(trace.clone()));
    let address = driver.bind_tcp(loopback()).unwrap();
    let client = tokio::task::spawn_blocking(move || {
        let mut client = TcpStream::connect(address).unwrap();
        client.write_all(b"hello").unwrap();
        client.read_exact(&mut [0; 5]).unwrap();
        client.shutdown(std::net::Shutdown::Write).unwrap();
        client.read_to_end(&mut Vec::new()).unwrap();
    });
    during(&mut driver, client).await.unwrap();
    driver.shutdown().await;
    trace.finish().unwrap();
    let (syn, ack, psh, fin) = (2, 16, 8, 1);
    let flags: Vec<_> = packets(&file.0.lock().unwrap()).into_iter().map(|p| (p.1, p.2.len())).collect();
    let wanted = [(syn, 0), (syn | ack, 0), (ack, 0), (psh | ack, 5), (psh | ack, 5), (fin | ack, 0), (fin | ack, 0)];
    assert_eq!(flags, wanted);
}

/// The payloads of the capture that a server writes when a client says "hello" over `transport` and it answers.
#[cfg(all(feature = "tls", feature = "ws"))]
async fn payloads(transport: wire::Transport) -> Vec<Vec<u8>> {
    let file = Shared::default();
    let trace = Trace::new(file.clone()).unwrap();
    let mut server = Driver::with_config(Puppet::echo(), common::tls::server());
    server.trace(Some(trace.clone()));
    let address = server.listen(transport, loopback()).unwrap();
    let mut client = Driver::with_config(Puppet::default(), common::tls::anyone());
    let conn = client.machine_mut().connect_over(transport, 0, address);
    client.machine_mut().write(conn, "hello");
    let answered = async { while !matches!(next(&mut client).await, wire::Input::Stream { .. }) {} };
    during(&mut server, answered).await;
    trace.finish().unwrap();
    let found = packets(&file.0.lock().unwrap());
    found.into_iter().map(|packet| packet.2).filter(|payload| !payload.is_empty()).collect()
}

#[cfg(all(feature = "tls", feature = "ws"))]
#[tokio::test]
async fn captures_show_what_tls_hides_and_frames_as_they_are() {
    assert_eq!(payloads(wire::Transport::Tls).await, [b"hello", b"hello"]);
    for transport in [wire::Transport::Ws, wire::Transport::Wss] {
        let payloads = payloads(transport).await;
        assert!(payloads[0].starts_with(b"GET / HTTP/1.1\r\n"), "{transport}");
        assert!(payloads[1].starts_with(b"HTTP/1.1 101 "), "{transport}");
        assert_eq!(payloads[2][..2], [0x82, 0x85], "{transport}: a masked frame");
        assert_eq!(payloads[3], b"\x82\x05hello", "{transport}");
    }
}

#[tokio::test]
async fn a_full_disk_ends_the_capture_and_nothing_else() {
    struct Full(usize);
    impl Write for Full {
        fn write(&mut self, data: &[u8]) -> io::Result<usize> {
            self.0 = self.0.checked_sub(data.len()).ok_or(io::ErrorKind::StorageFull)?;
            Ok(data.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let trace = Trace::new(Full(100)).unwrap();
    let mut driver = Driver::new(Puppet::echo());
    driver.trace(Some(trace.clone()));
    let address = driver.bind_udp(loopback()).unwrap();
    let client = UdpSocket::bind(loopback()).unwrap();
    for _ in 0..3 {
        client.send_to(b"hello", address).unwrap();
        next(&mut driver).await;
        client.recv(&mut [0; 5]).unwrap();
    }
    assert_eq!(trace.finish().unwrap_err().kind(), io::ErrorKind::StorageFull);
}

#[tokio::test]
async fn an_application_tells_what_connections_carry_in_its_own_words() {
    let file = Shared::default();
    let trace = Trace::new(file.clone()).unwrap();
    let mut server = Driver::new(Puppet::echo());
    let address = server.bind_tcp(loopback()).unwrap();
    let mut client = Driver::new(Puppet::default());
    client.trace_told(Some(trace.clone()));
    client.tell_trace(true, b"nowhere to put it");
    let conn = client.machine_mut().connect_over(wire::Transport::Tcp, 0, address);
    client.machine_mut().write(conn, "password");
    let answered = async { while !matches!(next(&mut client).await, wire::Input::Stream { .. }) {} };
    during(&mut server, answered).await;
    client.tell_trace(true, b"********");
    client.tell_trace(false, b"welcome");
    client.shutdown().await;
    trace.finish().unwrap();
    let payloads: Vec<_> = packets(&file.0.lock().unwrap()).into_iter().map(|packet| packet.2).collect();
    let wanted: [&[u8]; 5] = [b"", b"", b"", b"********", b"welcome"];
    assert_eq!(payloads, wanted);
}

#[cfg(unix)]
#[test]
fn only_the_owner_reads_a_capture() {
    use std::os::unix::fs::PermissionsExt;
    let path = std::env::temp_dir().join(format!("wireworks-net-trace-{}", std::process::id()));
    std::fs::write(&path, [0; 100]).unwrap();
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
    for _ in 0..2 {
        Trace::to_file(&path).unwrap().finish().unwrap();
        let file = std::fs::metadata(&path).unwrap();
        assert_eq!((file.permissions().mode() & 0o777, file.len()), (0o600, 24));
        std::fs::remove_file(&path).unwrap();
    }
}
