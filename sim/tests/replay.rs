//! One seed, one run: everything random is drawn from the seed, in the same order.
mod common;

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::{Puppet, at, ms};
use sim::{Link, Network};
use wire::{Input, Instant, Output, Transmit};

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

/// Passes every datagram and stream on to the next of ten hosts.
fn pass_on(input: &Input) -> Vec<Output<Input>> {
    match input {
        Input::Datagram { local, data, .. } => {
            let std::net::IpAddr::V4(ip) = local.ip() else { return vec![] };
            let remote = at((ip.octets()[3] + 1) % 10);
            vec![Output::Transmit(Transmit::Datagram { local: *local, remote, data: data.clone() })]
        }
        Input::Stream { conn, data } if conn.is_inbound() => {
            vec![Output::Transmit(Transmit::Stream { conn: *conn, data: data.clone() })]
        }
        _ => vec![],
    }
}

/// A lively ten seconds; returns hash, capture, transcript and last events.
fn run(seed: u64) -> (u64, Vec<u8>, String, Vec<(Instant, String)>) {
    let mut net = Network::new(seed);
    let hosts: Vec<_> = (0..10).map(|n| net.add_at(Puppet { react: pass_on, ..Puppet::default() }, at(n))).collect();
    let file = Shared::default();
    net.capture(file.clone()).unwrap();
    net.keep_transcript(1_000);
    net.set_default_link(Link { loss: 0.001, ..Link::rough() });
    net.link(hosts[0], hosts[1], Link { bandwidth: Some(1_000_000), mtu: 600, ..Link::default() });
    for (n, &host) in hosts.iter().enumerate() {
        let token = net.rng().token(50 * n);
        let conn = net.machine_mut(host).connect(0, at((n as u8 + 3) % 10));
        net.machine_mut(host).write(conn, token.clone());
        net.machine_mut(host).datagram(at(n as u8), at((n as u8 + 1) % 10), token);
    }
    net.run_until(ms(4_000));
    net.cut(&hosts[..5], &hosts[5..]);
    net.run_until(ms(6_000));
    net.heal_all();
    net.restart(hosts[3], Puppet { react: pass_on, ..Puppet::default() });
    net.run_until(ms(10_000));
    net.finish_capture().unwrap();
    let events = net.events().into_iter().map(|h| (h.at, format!("{:?}", h.event))).collect();
    let file = file.0.lock().unwrap().clone();
    (net.trace_hash(), file, net.transcript(), events)
}

#[test]
fn equal_seeds_give_equal_runs_and_others_do_not() {
    let (one, two, other) = (run(1), run(1), run(2));
    assert_eq!(one.0, two.0);
    assert!(one == two, "hash equal, but capture, transcript or events are not");
    assert_ne!(one.0, other.0);
    assert!(one.1 != other.1 && one.3 != other.3);
    assert!(one.3.len() > 500, "the run was too quiet to prove much: {} events", one.3.len());
}

#[test]
fn the_hash_changes_with_a_single_byte_or_nanosecond() {
    let hash = |text: &'static str, delay: Duration| {
        let (mut net, hosts) = common::network(1, 2);
        net.link(hosts[0], hosts[1], Link::with_delay(delay));
        net.machine_mut(hosts[0]).datagram(at(0), at(1), text);
        net.run_until(ms(1_000));
        net.trace_hash()
    };
    let delay = Duration::from_millis(10);
    assert_eq!(hash("text", delay), hash("text", delay));
    assert_ne!(hash("text", delay), hash("texs", delay));
    assert_ne!(hash("text", delay), hash("text", delay + Duration::from_nanos(1)));
}

#[test]
fn a_transcript_reads_well_and_is_bounded() {
    let (mut net, hosts) = common::network(1, 2);
    net.keep_transcript(2);
    for text in ["old", "OPTIONS sip:b SIP/2.0\r\nVia: x", "\x01binary"] {
        net.machine_mut(hosts[0]).datagram(at(0), at(1), text);
    }
    net.run_until(ms(1_000));
    let wanted = "0.010000s #1 10.0.0.0:5060 > 10.0.0.1:5060 29 bytes: OPTIONS sip:b SIP/2.0\n\
                  0.010000s #1 10.0.0.0:5060 > 10.0.0.1:5060 7 bytes: .binary\n";
    assert_eq!(net.transcript(), wanted);
}
