//! Datagrams through a driver.
mod common;

use std::net::UdpSocket;
use std::time::Duration;

use bytes::Bytes;
use common::{Puppet, loopback, next};
use net::{Config, Driver};
use wire::Input;

#[tokio::test]
async fn a_datagram_goes_in_and_its_answer_comes_out() {
    let mut driver = Driver::new(Puppet::echo());
    let address = driver.bind_udp(loopback()).unwrap();
    let client = UdpSocket::bind(loopback()).unwrap();
    client.send_to(b"hello", address).unwrap();
    let Input::Datagram { local, remote, data } = next(&mut driver).await else { panic!() };
    assert_eq!((local, remote, &data[..]), (address, client.local_addr().unwrap(), &b"hello"[..]));
    let mut buffer = [0; 10];
    assert_eq!(client.recv_from(&mut buffer).unwrap(), (5, address));
    assert_eq!((driver.stats().datagrams_in, driver.stats().datagrams_out), (1, 1));
}

#[tokio::test]
async fn the_longest_and_the_empty_datagram_pass() {
    let mut driver = Driver::new(Puppet::echo());
    let address = driver.bind_udp(loopback()).unwrap();
    let client = UdpSocket::bind(loopback()).unwrap();
    for length in [65_507, 0] {
        client.send_to(&vec![b'x'; length], address).unwrap();
        let Input::Datagram { data, .. } = next(&mut driver).await else { panic!() };
        assert_eq!(data.len(), length);
        assert_eq!(client.recv_from(&mut [0; 65_536]).unwrap(), (length, address));
    }
}

#[tokio::test]
async fn both_families_share_a_port() {
    let mut driver = Driver::new(Puppet::default());
    let v4 = driver.bind_udp("0.0.0.0:0".parse().unwrap()).unwrap();
    match driver.bind_udp(format!("[::]:{}", v4.port()).parse().unwrap()) {
        Ok(v6) => assert_eq!(v6.port(), v4.port()),
        Err(error) => println!("skipped: no IPv6 here: {error}"),
    }
}

#[tokio::test]
async fn sockets_come_and_go() {
    let mut driver = Driver::new(Puppet::default());
    let address = driver.bind_udp(loopback()).unwrap();
    assert!(driver.bind_udp(address).is_err(), "taken");
    assert!(driver.unbind_udp(address));
    assert!(!driver.unbind_udp(address));
    assert_eq!(driver.bind_udp(address).unwrap(), address);
    let client = UdpSocket::bind(loopback()).unwrap();
    client.send_to(b"still here", address).unwrap();
    assert!(matches!(next(&mut driver).await, Input::Datagram { .. }));
}

#[tokio::test]
async fn a_pair_is_even_and_odd_and_within_its_range() {
    let mut driver = Driver::new(Puppet::default());
    let ip = loopback().ip();
    let mut seen = Vec::new();
    for _ in 0..20 {
        let [rtp, rtcp] = driver.bind_udp_pair(ip, 20_001..=40_000).unwrap();
        assert_eq!((rtp.port() % 2, rtcp.port()), (0, rtp.port() + 1));
        assert!((20_002..=40_000).contains(&rtp.port()));
        assert!(!seen.contains(&rtp));
        seen.push(rtp);
    }
    let taken = seen[0].port();
    assert!(driver.bind_udp_pair(ip, taken..=taken + 1).is_err());
    assert!(driver.bind_udp_pair(ip, 5_001..=5_002).is_err(), "no even port with its odd neighbour");
    assert!(driver.bind_udp_pair(ip, 65_535..=65_535).is_err());
}

#[tokio::test]
async fn a_datagram_from_an_unbound_address_is_counted() {
    let mut driver = Driver::new(Puppet::default());
    driver.machine_mut().datagram("127.0.0.1:9".parse().unwrap(), loopback(), "lost");
    assert!(tokio::time::timeout(Duration::from_millis(20), driver.next()).await.is_err());
    assert_eq!(driver.stats().unbound, 1);
}

#[tokio::test]
async fn the_machine_hears_of_a_missing_route() {
    let mut driver = Driver::new(Puppet::default());
    let local = driver.bind_udp(loopback()).unwrap();
    // From a loopback address nothing can leave the host.
    let elsewhere = "198.51.100.1:9".parse().unwrap();
    driver.machine_mut().datagram(local, elsewhere, "lost");
    let heard = tokio::time::timeout(Duration::from_millis(200), driver.next()).await;
    match heard {
        Ok(Input::Unreachable { local: from, remote }) => assert_eq!((from, remote), (local, elsewhere)),
        Ok(other) => panic!("{other:?}"),
        Err(_) => assert_eq!(driver.stats().udp_send_errors, 1),
    }
    assert_eq!(driver.stats().datagrams_out, 0);
}

#[tokio::test]
async fn an_overlong_datagram_is_counted_and_harms_nobody() {
    let mut driver = Driver::new(Puppet::default());
    let local = driver.bind_udp(loopback()).unwrap();
    let client = UdpSocket::bind(loopback()).unwrap();
    driver.machine_mut().datagram(local, client.local_addr().unwrap(), vec![0; 70_000]);
    driver.machine_mut().datagram(local, client.local_addr().unwrap(), "fits");
    assert!(tokio::time::timeout(Duration::from_millis(20), driver.next()).await.is_err());
    assert_eq!((driver.stats().udp_send_errors, driver.stats().datagrams_out), (1, 1));
    assert_eq!(client.recv(&mut [0; 10]).unwrap(), 4);
}

#[tokio::test]
async fn one_busy_socket_does_not_starve_another() {
    let mut driver = Driver::with_config(Puppet::default(), Config { inputs_per_source: 8, ..Config::default() });
    let (busy, calm) = (driver.bind_udp(loopback()).unwrap(), driver.bind_udp(loopback()).unwrap());
    let client = UdpSocket::bind(loopback()).unwrap();
    for _ in 0..100 {
        client.send_to(&[0; 100], busy).unwrap();
    }
    client.send_to(b"calm", calm).unwrap();
    let mut before = 0;
    loop {
        match next(&mut driver).await {
            Input::Datagram { local, .. } if local == calm => break,
            _ => before += 1,
        }
    }
    assert!(before <= 16, "{before} datagrams came before the one on the calm socket");
}

#[tokio::test]
async fn what_the_socket_will_not_take_waits_and_then_the_oldest_goes() {
    // A datagram socket on loopback hardly ever blocks, so only the sum is certain: sent, dropped or refused.
    let mut driver = Driver::with_config(Puppet::default(), Config { udp_queue: 4, ..Config::default() });
    let local = driver.bind_udp(loopback()).unwrap();
    let sink = UdpSocket::bind(loopback()).unwrap();
    for _ in 0..500 {
        driver.machine_mut().datagram(local, sink.local_addr().unwrap(), Bytes::from(vec![0; 60_000]));
    }
    let _ = tokio::time::timeout(Duration::from_millis(50), driver.next()).await;
    let stats = driver.stats();
    assert_eq!(stats.datagrams_out + stats.udp_overflows + stats.udp_send_errors, 500, "{stats:?}");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_closed_port_is_told_with_its_address_and_harms_no_other_peer() {
    for ip in ["127.0.0.1", "::1"] {
        let address = |port| std::net::SocketAddr::new(ip.parse().unwrap(), port);
        let Ok(friend) = UdpSocket::bind(address(0)) else {
            println!("skipped: no {ip} here");
            continue;
        };
        let (first, second) = (UdpSocket::bind(address(0)).unwrap(), UdpSocket::bind(address(0)).unwrap());
        let closed = [first.local_addr().unwrap(), second.local_addr().unwrap()];
        drop((first, second));
        let mut driver = Driver::new(Puppet::default());
        let local = driver.bind_udp(address(0)).unwrap();
        for remote in closed {
            driver.machine_mut().datagram(local, remote, "anybody?");
            driver.machine_mut().datagram(local, friend.local_addr().unwrap(), "hello");
        }
        for closed in closed {
            match next(&mut driver).await {
                Input::Unreachable { local: from, remote } => assert_eq!((from, remote), (local, closed)),
                other => panic!("{other:?}"),
            }
        }
        let stats = driver.stats();
        assert_eq!((stats.datagrams_out, stats.udp_send_errors, stats.udp_unreachable), (4, 0, 2), "{stats:?}");
        for _ in 0..2 {
            assert_eq!(friend.recv(&mut [0; 10]).unwrap(), 5);
        }
        friend.send_to(b"still there?", local).unwrap();
        assert!(matches!(next(&mut driver).await, Input::Datagram { .. }), "receiving goes on");
    }
}

#[tokio::test]
async fn reports_of_the_network_can_be_ignored() {
    let closed = UdpSocket::bind(loopback()).unwrap().local_addr().unwrap();
    let mut driver = Driver::with_config(Puppet::default(), Config { udp_errors: false, ..Config::default() });
    let local = driver.bind_udp(loopback()).unwrap();
    driver.machine_mut().datagram(local, closed, "anybody?");
    assert!(tokio::time::timeout(Duration::from_millis(50), driver.next()).await.is_err());
    assert_eq!(driver.stats().udp_unreachable, 0);
}
