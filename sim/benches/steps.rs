//! How fast the network carries datagrams between two machines that do nothing else.
use std::time::Duration;

use bytes::Bytes;
use divan::counter::{BytesCount, ItemsCount};
use sim::{Link, Network};
use wire::{ConnId, Input, Instant, Machine, Output, Transmit, Transport};

fn main() {
    divan::main();
}

/// Returns every datagram to its sender.
#[derive(Default)]
struct Echo(Option<Output<()>>);

impl Machine for Echo {
    type Event = ();
    fn handle(&mut self, _now: Instant, input: Input) {
        if let Input::Datagram { local, remote, data } = input {
            self.0 = Some(Output::Transmit(Transmit::Datagram { local, remote, data }));
        }
    }
    fn poll(&mut self) -> Option<Output<()>> {
        self.0.take()
    }
    fn deadline(&self) -> Option<Instant> {
        None
    }
}

/// A million deliveries among `pairs` pairs of hosts, each with one datagram of 500 bytes under way.
#[divan::bench(args = [1, 100, 5_000], sample_count = 3, sample_size = 1)]
fn deliveries(bencher: divan::Bencher, pairs: u16) {
    const STEPS: u64 = 1_000_000;
    bencher.counter(ItemsCount::new(STEPS)).with_inputs(|| ring(pairs)).bench_values(|mut net| {
        for _ in 0..STEPS {
            net.step();
        }
        net
    });
}

/// A million turns of timers of 20 ms on `hosts` hosts.
#[divan::bench(args = [1, 100, 10_000], sample_count = 3, sample_size = 1)]
fn timers(bencher: divan::Bencher, hosts: u16) {
    const STEPS: u64 = 1_000_000;
    let clocks = || {
        let mut net = Network::new(1);
        for n in 0..hosts {
            net.add(Clock(Instant::ZERO + Duration::from_micros(u64::from(n))));
        }
        net
    };
    bencher.counter(ItemsCount::new(STEPS)).with_inputs(clocks).bench_values(|mut net| {
        for _ in 0..STEPS {
            net.step();
        }
        net
    });
}

/// A hundred megabytes over one stream, in writes of 1,000 bytes, cut anew.
#[divan::bench(sample_count = 3, sample_size = 1)]
fn stream(bencher: divan::Bencher) {
    const WRITES: usize = 100_000;
    bencher.counter(BytesCount::new(WRITES * 1000)).with_inputs(|| ring(1)).bench_values(|mut net| {
        let conn = ConnId::outbound(0);
        let first = net.hosts().next().unwrap();
        let remote = ([10, 2, 0, 0], 5060).into();
        let connect = Output::Connect { conn, transport: Transport::Tcp, remote };
        net.command(first, |echo, _| echo.0 = Some(connect));
        for _ in 0..WRITES {
            let data = Bytes::from_static(&[7; 1000]);
            net.command(first, |echo, _| echo.0 = Some(Output::Transmit(Transmit::Stream { conn, data })));
            net.run_for(Duration::from_micros(100));
        }
        net
    });
}

/// Wants to know the time every 20 ms.
struct Clock(Instant);

impl Machine for Clock {
    type Event = ();
    fn handle(&mut self, now: Instant, _input: Input) {
        self.0 = now + Duration::from_millis(20);
    }
    fn poll(&mut self) -> Option<Output<()>> {
        None
    }
    fn deadline(&self) -> Option<Instant> {
        Some(self.0)
    }
}

fn ring(pairs: u16) -> Network<Echo> {
    let mut net = Network::new(1);
    net.set_default_link(Link { jitter: Duration::from_millis(5), ..Link::default() });
    for n in 0..pairs {
        let [high, low] = n.to_be_bytes();
        let (local, remote) = (([10, 1, high, low], 5060).into(), ([10, 2, high, low], 5060).into());
        let a = net.add_at(Echo::default(), local);
        net.add_at(Echo::default(), remote);
        net.command(a, |echo, _| {
            let data = Bytes::from_static(&[7; 500]);
            echo.0 = Some(Output::Transmit(Transmit::Datagram { local, remote, data }));
        });
    }
    net
}
