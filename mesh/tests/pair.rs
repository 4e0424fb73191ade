//! What two or a few nodes do together on the virtual network.
mod common;

use common::*;
use mesh::{Config, Event};
use serializer::Compression;
use sim::Network;

#[test]
fn two_nodes_meet_and_talk() {
    let mut net = Network::new(1);
    let hosts = star(&mut net, 2);
    net.run_for(secs(2));
    let events = net.events();
    for host in &hosts {
        let told: Vec<_> = events.iter().filter(|h| h.host == *host).map(|h| h.event.clone()).collect();
        assert!(matches!(&told[..], [Event::Connect, Event::Joined(_)]), "{told:?}");
    }
    broadcast(&mut net, hosts[0], "to all");
    let to = id(&net, hosts[0]);
    net.command(hosts[1], |node, now| node.whisper(now, &to, vec!["to one".into()]).unwrap());
    net.run_for(secs(1));
    let events = net.events();
    assert_eq!(heard(&events, "to all"), [hosts[1]]);
    assert_eq!(heard(&events, "to one"), [hosts[0]]);
}

#[test]
fn a_broadcast_reaches_everybody_once() {
    let mut net = Network::new(2);
    let hosts = star(&mut net, 30);
    net.run_for(secs(10));
    net.events();
    broadcast(&mut net, hosts[17], "hello");
    net.run_for(secs(2));
    let expected: Vec<_> = hosts.iter().copied().filter(|&host| host != hosts[17]).collect();
    assert_eq!(heard(&net.events(), "hello"), expected);
}

#[test]
fn every_method_of_compression_works() {
    for method in Compression::ALL {
        let mut net = Network::new(3);
        let hosts: Vec<_> = (1..=2)
            .map(|n| {
                let config = Config { compression: vec![method], ..config(&net, n, &[1]) };
                add(&mut net, config)
            })
            .collect();
        net.run_for(secs(2));
        assert_eq!(net.machine(hosts[0]).peers().next().unwrap().compression, Some(method));
        broadcast(&mut net, hosts[0], &"long ".repeat(1000));
        net.run_for(secs(1));
        assert_eq!(heard(&net.events(), &"long ".repeat(1000)), [hosts[1]]);
        let bytes = net.machine(hosts[0]).stats().bytes_out;
        assert!(bytes < 2000, "{method}: {bytes}");
    }
}
