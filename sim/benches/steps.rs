//! How fast the network carries datagrams between two machines that do nothing else.
use bytes::Bytes;
use divan::counter::ItemsCount;
use sim::{Link, Network};
use wire::{Input, Instant, Machine, Output, Transmit};

fn main() {
    divan::main();
}

/// Returns every datagram to its sender.
#[derive(Default)]
struct Echo(Option<Transmit>);

impl Machine for Echo {
    type Event = ();
    fn handle(&mut self, _now: Instant, input: Input) {
        if let Input::Datagram { local, remote, data } = input {
            self.0 = Some(Transmit::Datagram { local, remote, data });
        }
    }
    fn poll(&mut self) -> Option<Output<()>> {
        self.0.take().map(Output::Transmit)
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

fn ring(pairs: u16) -> Network<Echo> {
    let mut net = Network::new(1);
    net.set_default_link(Link { jitter: std::time::Duration::from_millis(5), ..Link::default() });
    for n in 0..pairs {
        let [high, low] = n.to_be_bytes();
        let (local, remote) = (([10, 1, high, low], 5060).into(), ([10, 2, high, low], 5060).into());
        let a = net.add_at(Echo::default(), local);
        net.add_at(Echo::default(), remote);
        net.command(a, |echo, _| {
            echo.0 = Some(Transmit::Datagram { local, remote, data: Bytes::from_static(&[7; 500]) });
        });
    }
    net
}
