//! Any number of drivers awaited as one.
mod common;

use std::net::UdpSocket;
use std::time::Duration;

use common::{Puppet, loopback};
use net::{Driver, Drivers};
use wire::Input;

#[tokio::test]
async fn events_come_with_the_key_of_their_driver() {
    let mut drivers = Drivers::new();
    let client = UdpSocket::bind(loopback()).unwrap();
    for n in 0..50u8 {
        let mut driver = Driver::new(Puppet::echo());
        let address = driver.bind_udp(loopback()).unwrap();
        assert!(drivers.insert(n, driver).is_none());
        client.send_to(&[n], address).unwrap();
    }
    let mut heard = Vec::new();
    while heard.len() < 50 {
        let (key, event) = drivers.next().await;
        assert!(matches!(event, Input::Datagram { data, .. } if data[..] == [key]));
        heard.push(key);
    }
    heard.sort_unstable();
    assert_eq!(heard, (0..50).collect::<Vec<_>>());
    assert_eq!((drivers.len(), drivers.keys().count()), (50, 50));
}

#[tokio::test]
async fn commands_are_carried_out_without_anything_else_happening() {
    let mut drivers = Drivers::new();
    let mut driver = Driver::new(Puppet::default());
    let local = driver.bind_udp(loopback()).unwrap();
    drivers.insert("only", driver);
    assert!(tokio::time::timeout(Duration::from_millis(20), drivers.next()).await.is_err());
    let client = UdpSocket::bind(loopback()).unwrap();
    let machine = drivers.at(&"only").unwrap().machine_mut();
    machine.datagram(local, client.local_addr().unwrap(), "out");
    assert!(tokio::time::timeout(Duration::from_millis(20), drivers.next()).await.is_err());
    client.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
    assert_eq!(client.recv(&mut [0; 5]).unwrap(), 3);
}

#[tokio::test]
async fn drivers_come_and_go() {
    let mut drivers: Drivers<u8, Puppet> = Drivers::default();
    assert!(tokio::time::timeout(Duration::from_millis(5), drivers.next()).await.is_err(), "none, so nothing");
    let alarm = |millis| {
        let mut driver = Driver::new(Puppet::default());
        driver.machine_mut().deadline = Some(driver.now() + Duration::from_millis(millis));
        driver
    };
    drivers.insert(1, alarm(5));
    drivers.insert(2, alarm(10));
    assert!(drivers.insert(1, alarm(30)).is_some(), "replaced");
    assert_eq!(drivers.next().await.0, 2);
    assert!(drivers.remove(&2).is_some() && drivers.remove(&2).is_none() && drivers.at(&2).is_none());
    assert_eq!(drivers.next().await.0, 1);
    drivers.insert(3, alarm(1));
    assert_eq!(drivers.next().await.0, 3, "the slot of a removed one serves again");
    assert_eq!(drivers.len(), 2);
}

#[tokio::test]
async fn a_talkative_driver_does_not_silence_the_others() {
    let mut drivers = Drivers::new();
    let mut talker = Driver::new(Puppet::echo());
    let address = talker.bind_udp(loopback()).unwrap();
    talker.machine_mut().datagram(address, address, "to myself");
    drivers.insert("talker", talker);
    let mut calm = Driver::new(Puppet::default());
    calm.machine_mut().deadline = Some(calm.now() + Duration::from_millis(20));
    drivers.insert("calm", calm);
    let heard = async { while drivers.next().await.0 != "calm" {} };
    tokio::time::timeout(Duration::from_secs(5), heard).await.unwrap();
}
