//! Datagrams: delay, every fault of a link, partitions, scripts, taps.
mod common;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use common::{Puppet, at, datagrams, ms, network};
use sim::{Link, Network, Verdict};
use wire::{Input, Instant};

const SECOND: Instant = Instant::from_millis(1_000);

/// Sends `count` numbered datagrams from host 0 to host 1 at once, and returns what arrived, in order of arrival.
fn send(net: &mut Network<Puppet>, count: u32) -> Vec<(Instant, u32)> {
    let first = net.hosts().next().unwrap();
    net.command(first, |puppet, _| {
        for n in 0..count {
            puppet.datagram(at(0), at(1), n.to_be_bytes().to_vec());
        }
    });
    net.run_for(Duration::from_secs(10));
    let number = |data: Bytes| u32::from_be_bytes(data[..].try_into().unwrap());
    datagrams(net).into_iter().map(|(_, at, data)| (at, number(data))).collect()
}

#[test]
fn a_flawless_link_delivers_everything_in_order_after_its_delay() {
    let (mut net, hosts) = network(1, 2);
    net.link(hosts[0], hosts[1], Link::with_delay(Duration::from_millis(25)));
    let wanted: Vec<_> = (0..100).map(|n| (ms(25), n)).collect();
    assert_eq!(send(&mut net, 100), wanted);
}

#[test]
fn each_direction_may_have_its_own_link() {
    let (mut net, hosts) = network(1, 2);
    net.link_one_way(hosts[0], hosts[1], Link::with_delay(Duration::from_millis(1)));
    net.link_one_way(hosts[1], hosts[0], Link::with_delay(Duration::from_millis(500)));
    net.machine_mut(hosts[1]).react = common::answer;
    net.machine_mut(hosts[0]).datagram(at(0), at(1), "x");
    net.run_until(SECOND);
    let times: Vec<_> = datagrams(&mut net).iter().map(|d| (d.0, d.1)).collect();
    assert_eq!(times, [(hosts[1], ms(1)), (hosts[0], ms(501))]);
}

#[test]
fn jitter_spreads_arrivals_over_its_whole_range() {
    let (mut net, _) = network(2, 2);
    net.set_default_link(Link { jitter: Duration::from_millis(100), ..Link::with_delay(Duration::from_millis(10)) });
    let arrived = send(&mut net, 1000);
    assert_eq!(arrived.len(), 1000);
    let (first, last) = (arrived[0].0, arrived[999].0);
    assert!(first >= ms(10) && first < ms(12) && last <= ms(110) && last > ms(108), "{first:?} to {last:?}");
    assert!(arrived.windows(2).any(|pair| pair[0].1 > pair[1].1), "some overtake");
}

#[test]
fn loss_and_duplicates_come_at_their_rates() {
    let (mut net, _) = network(3, 2);
    net.set_default_link(Link { loss: 0.2, duplicate: 0.1, ..Link::default() });
    let arrived = send(&mut net, 10_000);
    let stats = net.stats().clone();
    assert_eq!(arrived.len() as u64, 10_000 - stats.lost + stats.duplicated);
    assert!((1_850..2_150).contains(&stats.lost), "{}", stats.lost);
    assert!((700..900).contains(&stats.duplicated), "{}", stats.duplicated);
}

#[test]
fn reordering_keeps_everything_but_the_order() {
    let (mut net, _) = network(4, 2);
    net.set_default_link(Link { reorder: 0.1, ..Link::default() });
    let mut numbers: Vec<_> = send(&mut net, 1000).into_iter().map(|arrived| arrived.1).collect();
    assert!(numbers.windows(2).any(|pair| pair[0] > pair[1]));
    numbers.sort_unstable();
    assert_eq!(numbers, (0..1000).collect::<Vec<_>>());
    assert!((50..200).contains(&net.stats().reordered));
}

#[test]
fn only_what_fits_passes() {
    let (mut net, hosts) = network(5, 2);
    net.set_default_link(Link { mtu: 1200, ..Link::default() });
    net.machine_mut(hosts[0]).datagram(at(0), at(1), vec![0; 1201]);
    net.machine_mut(hosts[0]).datagram(at(0), at(1), vec![0; 1200]);
    net.run_until(SECOND);
    assert_eq!(datagrams(&mut net).len(), 1);
    assert_eq!(net.stats().oversize, 1);
}

#[test]
fn a_slow_line_takes_its_time_and_then_drops() {
    let (mut net, hosts) = network(6, 2);
    let link = Link { bandwidth: Some(80_000), ..Link::with_delay(Duration::ZERO) };
    net.set_default_link(link); // 10 kB/s: 100 ms a kilobyte, and room for 200 ms of waiting
    for _ in 0..10 {
        net.machine_mut(hosts[0]).datagram(at(0), at(1), vec![0; 1000]);
    }
    net.run_until(SECOND);
    let times: Vec<_> = datagrams(&mut net).iter().map(|d| d.1).collect();
    assert_eq!(times, [ms(100), ms(200), ms(300)]);
    assert_eq!(net.stats().congested, 7);
}

#[test]
fn a_partition_parts_until_it_heals() {
    let (mut net, hosts) = network(7, 2);
    let cut = net.cut(&hosts[..1], &hosts[1..]);
    assert!(send(&mut net, 3).is_empty());
    assert_eq!(net.stats().cut, 3);
    net.heal(cut);
    assert_eq!(send(&mut net, 3).len(), 3);
}

#[test]
fn a_partition_leaves_others_alone_and_several_add_up() {
    let (mut net, hosts) = network(8, 3);
    net.cut(&hosts[..1], &hosts[1..2]);
    net.cut(&hosts[1..2], &hosts[2..]);
    for to in 1..3 {
        net.machine_mut(hosts[0]).datagram(at(0), at(to), "x");
        net.machine_mut(hosts[2]).datagram(at(2), at(to - 1), "x");
    }
    net.run_until(SECOND);
    assert_eq!(datagrams(&mut net).len(), 2, "between 0 and 2, both ways");
    net.heal_all();
    assert_eq!(send(&mut net, 1).len(), 1);
}

#[test]
fn the_nth_datagram_of_a_path_meets_its_script() {
    let (mut net, hosts) = network(9, 2);
    net.fault(hosts[0], hosts[1], 3, Verdict::Drop);
    net.fault(hosts[0], hosts[1], 4, Verdict::Duplicate);
    net.fault(hosts[0], hosts[1], 1, Verdict::Delay(Duration::from_millis(5)));
    net.fault(hosts[0], hosts[1], 2, Verdict::Replace(Bytes::from_static(&[0, 0, 0, 99])));
    net.fault(hosts[1], hosts[0], 1, Verdict::Drop);
    let wanted = [(ms(10), 99), (ms(10), 3), (ms(10), 3), (ms(10), 4), (ms(15), 0)];
    assert_eq!(send(&mut net, 5), wanted);
    assert_eq!(net.stats().scripted, 1);
    assert_eq!(send(&mut net, 5).len(), 5, "scripts are used up");
}

#[test]
fn a_tap_sees_everything_and_decides() {
    let (mut net, hosts) = network(10, 2);
    let seen = Arc::new(Mutex::new(Vec::new()));
    net.tap({
        let seen = seen.clone();
        move |packet| {
            seen.lock().unwrap().push((packet.from_host, packet.to_host, packet.from, packet.to, packet.at));
            if packet.data[3] % 2 == 0 { Verdict::Drop } else { Verdict::Pass }
        }
    });
    let numbers: Vec<_> = send(&mut net, 5).into_iter().map(|arrived| arrived.1).collect();
    assert_eq!(numbers, [1, 3]);
    assert_eq!(seen.lock().unwrap()[..], vec![(hosts[0], Some(hosts[1]), at(0), at(1), Instant::ZERO); 5]);
}

#[test]
fn a_closed_port_is_told_and_a_missing_host_is_not() {
    let (mut net, hosts) = network(11, 2);
    let closed = "10.0.0.1:9".parse().unwrap();
    net.machine_mut(hosts[0]).datagram(at(0), closed, "x");
    net.machine_mut(hosts[0]).datagram(at(0), at(77), "x");
    net.run_until(SECOND);
    let told = net.events();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].at, ms(20));
    assert!(matches!(told[0].event, Input::Unreachable { local, remote } if (local, remote) == (at(0), closed)));
    assert_eq!((net.stats().unreachable, net.stats().no_route), (1, 1));
}

#[test]
fn nobody_sends_from_a_socket_that_is_not_theirs() {
    let (mut net, hosts) = network(12, 2);
    net.machine_mut(hosts[0]).datagram(at(1), at(0), "forged");
    net.run_until(SECOND);
    assert!(net.events().is_empty());
    assert_eq!(net.stats().unbound, 1);
}

#[test]
fn addresses_have_one_owner_and_ports_one_socket() {
    let (mut net, hosts) = network(13, 2);
    assert!(net.bind_udp(hosts[0], at(0)).is_err(), "taken");
    assert!(net.bind_udp(hosts[1], "10.0.0.0:9".parse().unwrap()).is_err(), "another host's");
    assert!(net.bind_udp(hosts[0], "0.0.0.0:9".parse().unwrap()).is_err(), "unspecified");
    assert!(net.bind_tcp(hosts[0], at(0)).is_err(), "taken");
    let any = "10.0.0.0:0".parse().unwrap();
    let (a, b) = (net.bind_udp(hosts[0], any).unwrap(), net.bind_udp(hosts[0], any).unwrap());
    assert!(a != b && a.port() >= 49_152);
    assert!(net.unbind_udp(a) && !net.unbind_udp(a));
    assert!(net.bind_udp(hosts[0], a).is_ok());
}

#[test]
fn a_stopped_host_is_deaf_and_mute_until_it_restarts() {
    let (mut net, hosts) = network(14, 2);
    net.stop(hosts[1]);
    net.machine_mut(hosts[1]).datagram(at(1), at(0), "mute");
    assert!(send(&mut net, 3).is_empty());
    let old = net.restart(hosts[1], Puppet::echo());
    assert_eq!(old.out.len(), 1, "what it wanted to say stayed inside");
    assert_eq!(send(&mut net, 1).len(), 2, "the question and its echo");
}
