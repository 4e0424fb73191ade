//! A machine that does what the test says and tells all that it hears.
#![allow(dead_code)] // no test file uses all of it
#[cfg(feature = "tls")]
pub mod starttls;
#[cfg(feature = "tls")]
pub mod tls;
#[cfg(feature = "ws")]
pub mod ws;

use std::collections::VecDeque;
use std::io::Read;
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use bytes::Bytes;
use net::Driver;
use wire::{CloseReason, ConnId, Input, Instant, Machine, Output, QueryId, Transmit, Transport};

/// Tells every input as its event; puts out what `push` was given, and what `react` answers.
pub struct Puppet {
    pub out: VecDeque<Output<Input>>,
    pub deadline: Option<Instant>,
    /// What to say to an input, besides telling it.
    pub react: fn(&Input) -> Vec<Output<Input>>,
    /// Inputs that are not told, only counted.
    pub mute: bool,
    pub heard: u64,
}

impl Default for Puppet {
    fn default() -> Puppet {
        Puppet { out: VecDeque::new(), deadline: None, react: |_| Vec::new(), mute: false, heard: 0 }
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
        self.connect_over(Transport::Tcp, n, remote)
    }

    pub fn connect_over(&mut self, transport: Transport, n: u64, remote: SocketAddr) -> ConnId {
        let conn = ConnId::outbound(n);
        self.out.push_back(Output::Connect { conn, transport, remote });
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
        self.heard += 1;
        if matches!(input, Input::Time) && self.deadline.is_some_and(|deadline| deadline <= now) {
            self.deadline = None;
        }
        self.out.extend((self.react)(&input));
        if !self.mute {
            self.out.push_back(Output::Event(input));
        }
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

pub fn loopback() -> SocketAddr {
    "127.0.0.1:0".parse().unwrap()
}

/// The next event, which must come soon.
pub async fn next<M: Machine>(driver: &mut Driver<M>) -> M::Event {
    tokio::time::timeout(Duration::from_secs(5), driver.next()).await.expect("no event within five seconds")
}

/// Runs `driver` in the background of `f`.
pub async fn during<M: Machine, T>(driver: &mut Driver<M>, f: impl Future<Output = T>) -> T {
    tokio::pin!(f);
    loop {
        tokio::select! {
            result = &mut f => return result,
            _ = driver.next() => {}
        }
    }
}

/// Runs `driver` while `f`, which may block, has a thread of its own; what the driver told meanwhile, and a little later.
pub async fn beside<M: Machine, T: Send + 'static>(
    driver: &mut Driver<M>,
    f: impl FnOnce() -> T + Send + 'static,
) -> (T, Vec<M::Event>) {
    let mut task = tokio::task::spawn_blocking(f);
    let mut told = Vec::new();
    let result = loop {
        tokio::select! {
            result = &mut task => break result.unwrap(),
            event = driver.next() => told.push(event),
        }
    };
    while let Ok(event) = tokio::time::timeout(Duration::from_millis(30), driver.next()).await {
        told.push(event);
    }
    (result, told)
}

/// Why `conn` was closed, as far as it was told.
pub fn reason(told: &[Input], conn: ConnId) -> Option<CloseReason> {
    told.iter().find_map(|input| match input {
        Input::Closed { conn: closed, reason } if *closed == conn => Some(*reason),
        _ => None,
    })
}

/// The pieces that came over `conn`.
pub fn pieces(told: &[Input], conn: ConnId) -> Vec<Bytes> {
    let piece = |input: &Input| match input {
        Input::Stream { conn: from, data } if *from == conn => Some(data.clone()),
        _ => None,
    };
    told.iter().filter_map(piece).collect()
}

/// Whether the machine heard that `conn` is open.
pub fn opened(told: &[Input], conn: ConnId) -> bool {
    told.iter().any(|input| matches!(input, Input::Opened { conn: opened, .. } if *opened == conn))
}

/// Reads until the peer ends the connection in order or resets it; what came before.
pub fn read_all(stream: &mut impl Read) -> Vec<u8> {
    let (mut all, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => return all,
            Ok(length) => all.extend_from_slice(&buffer[..length]),
        }
    }
}

/// A blocking connection that gives up after five seconds of silence.
pub fn dial(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    stream
}
