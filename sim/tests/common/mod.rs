//! A machine that does what the test says and tells all that it hears.
#![allow(dead_code)] // no test file uses all of it
use std::collections::VecDeque;
use std::net::SocketAddr;

use bytes::Bytes;
use sim::{HostId, Network};
use wire::{ConnId, Input, Instant, Machine, Output, QueryId, Transmit, Transport};

/// Tells every input as its event; puts out what it was given, and what `react` answers.
pub struct Puppet {
    pub out: VecDeque<Output<Input>>,
    pub deadline: Option<Instant>,
    /// What to say to an input, besides telling it.
    pub react: fn(&Input) -> Vec<Output<Input>>,
}

impl Default for Puppet {
    fn default() -> Puppet {
        Puppet { out: VecDeque::new(), deadline: None, react: |_| Vec::new() }
    }
}

impl Puppet {
    pub fn echo() -> Puppet {
        Puppet { react: answer, ..Puppet::default() }
    }

    pub fn datagram(&mut self, local: SocketAddr, remote: SocketAddr, data: impl Into<Bytes>) {
        let data = data.into();
        self.out.push_back(Output::Transmit(Transmit::Datagram { local, remote, data }));
    }

    pub fn connect(&mut self, n: u64, remote: SocketAddr) -> ConnId {
        let conn = ConnId::outbound(n);
        self.out.push_back(Output::Connect { conn, transport: Transport::Tcp, remote });
        conn
    }

    pub fn write(&mut self, conn: ConnId, data: impl Into<Bytes>) {
        self.out.push_back(Output::Transmit(Transmit::Stream { conn, data: data.into() }));
    }

    pub fn close(&mut self, conn: ConnId) {
        self.out.push_back(Output::Close { conn });
    }

    pub fn resolve(&mut self, n: u64, host: &str) {
        self.out.push_back(Output::Resolve { query: QueryId(n), host: host.to_owned(), port: 7 });
    }
}

impl Machine for Puppet {
    type Event = Input;

    fn handle(&mut self, now: Instant, input: Input) {
        if matches!(input, Input::Time) && self.deadline.is_some_and(|deadline| deadline <= now) {
            self.deadline = None;
        }
        self.out.extend((self.react)(&input));
        self.out.push_back(Output::Event(input));
    }

    fn poll(&mut self) -> Option<Output<Input>> {
        self.out.pop_front()
    }

    fn deadline(&self) -> Option<Instant> {
        self.deadline
    }
}

/// Sends back whatever comes.
pub fn answer(input: &Input) -> Vec<Output<Input>> {
    match input.clone() {
        Input::Datagram { local, remote, data } => vec![Output::Transmit(Transmit::Datagram { local, remote, data })],
        Input::Stream { conn, data } => vec![Output::Transmit(Transmit::Stream { conn, data })],
        _ => Vec::new(),
    }
}

/// The address of the `n`-th host.
pub fn at(n: u8) -> SocketAddr {
    ([10, 0, 0, n], 5060).into()
}

/// `n` hosts that only tell what they hear.
pub fn network(seed: u64, n: u8) -> (Network<Puppet>, Vec<HostId>) {
    let mut net = Network::new(seed);
    let hosts = (0..n).map(|n| net.add_at(Puppet::default(), at(n))).collect();
    (net, hosts)
}

/// Milliseconds as a time.
pub fn ms(millis: u64) -> Instant {
    Instant::from_millis(millis)
}

/// The payloads of all datagrams among the events, with their host and time.
pub fn datagrams(net: &mut Network<Puppet>) -> Vec<(HostId, Instant, Bytes)> {
    let events = net.events().into_iter();
    let data = events.filter_map(|happened| match happened.event {
        Input::Datagram { data, .. } => Some((happened.host, happened.at, data)),
        _ => None,
    });
    data.collect()
}
