//! What an idle connection costs: resident memory of two processes with many connections between them.
//!
//! `cargo run --release -p net --all-features --example idle -- [CONNECTIONS]` prints, for each transport, KiB a
//! connection on the side that connects and on the side that listens: once all are open, and after a message of 32 KiB
//! has gone both ways on each. What the operating system keeps for a socket is not in it. Linux only.
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use bytes::Bytes;
use net::{Config, Driver};
use wire::{ConnId, Input, Instant, Machine, Output, Transmit, Transport};

fn main() {
    let mut words = std::env::args().skip(1);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let transport = |name: Option<String>| name.and_then(|name| Transport::from_name(&name)).expect("a transport");
    match words.next().as_deref() {
        Some("serve") => runtime.block_on(serve(transport(words.next()))),
        Some("ask") => {
            let (over, count) = (transport(words.next()), words.next().and_then(|n| n.parse().ok()));
            runtime.block_on(ask(over, count.expect("a number of connections")));
        }
        count => {
            println!("KiB a connection   opened: asking  accepting   used: asking  accepting");
            for transport in ["tcp", "tls", "ws", "wss"] {
                // Each in a process of its own, so that none finds memory that another has given back.
                let mut again = Command::new(std::env::current_exe().unwrap());
                again.args(["ask", transport, count.unwrap_or("2000")]).status().unwrap();
            }
        }
    }
}

/// The side that connects.
async fn ask(transport: Transport, count: u64) {
    if Driver::with_config(Idle::default(), config()).listen(transport, "127.0.0.1:0".parse().unwrap()).is_err() {
        return println!("{:16} not in this build", transport.name());
    }
    let mut server = Server::start(transport);
    let mut driver = Driver::with_config(Idle::default(), config());
    driver.machine_mut().out.push(connect(u64::MAX >> 2, transport, server.address));
    until(&mut driver, 1).await; // what the first one brings with it is not counted
    let before = [resident(), server.resident()];
    for n in 0..count {
        driver.machine_mut().out.push(connect(n, transport, server.address));
        if n % 50 == 49 {
            until(&mut driver, n + 2).await;
        }
    }
    until(&mut driver, count + 1).await;
    let opened = [resident(), server.resident()];
    for n in 0..count {
        let data = Bytes::from(vec![7; 32 << 10]);
        driver.machine_mut().out.push(Output::Transmit(Transmit::Stream { conn: ConnId::outbound(n), data }));
        while driver.machine().bytes < (n + 1) * (32 << 10) {
            driver.next().await;
        }
    }
    let used = [resident(), server.resident()];
    let each = |now: u64, then: u64| now.saturating_sub(then) as f64 / count as f64;
    let [a, b] = [0, 1].map(|side| each(opened[side], before[side]));
    let [c, d] = [0, 1].map(|side| each(used[side], before[side]));
    println!("{:16} {a:16.2} {b:10.2} {c:14.2} {d:10.2}", transport.name());
}

async fn until(driver: &mut Driver<Idle>, open: u64) {
    while driver.machine().open < open {
        driver.next().await;
    }
}

fn connect(n: u64, transport: Transport, remote: SocketAddr) -> Output<()> {
    Output::Connect { conn: ConnId::outbound(n), transport, remote }
}

/// The side that listens: says where, and answers every line with its memory.
async fn serve(transport: Transport) {
    let mut driver = Driver::with_config(Idle { echo: true, ..Idle::default() }, config());
    let address = driver.listen(transport, "127.0.0.1:0".parse().unwrap()).unwrap();
    println!("{address}");
    let (lines, mut asked) = tokio::sync::mpsc::channel(1);
    std::thread::spawn(move || {
        for line in std::io::stdin().lines() {
            lines.blocking_send(line).unwrap();
        }
    });
    loop {
        tokio::select! {
            () = driver.next() => {}
            line = asked.recv() => match line {
                Some(_) => println!("{}", resident()),
                None => return,
            }
        }
    }
}

/// The other process.
struct Server {
    child: Child,
    lines: BufReader<std::process::ChildStdout>,
    address: SocketAddr,
}

impl Server {
    fn start(transport: Transport) -> Server {
        let mut command = Command::new(std::env::current_exe().unwrap());
        let command = command.args(["serve", transport.name()]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let address = read(&mut lines).parse().unwrap();
        Server { child, lines, address }
    }

    fn resident(&mut self) -> u64 {
        writeln!(self.child.stdin.as_mut().unwrap()).unwrap();
        read(&mut self.lines).parse().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

fn read(lines: &mut impl BufRead) -> String {
    let mut line = String::new();
    lines.read_line(&mut line).unwrap();
    line.trim().to_owned()
}

/// Resident memory of this process, in KiB.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("this needs Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// Counts what is open, and answers if it is to.
#[derive(Default)]
struct Idle {
    echo: bool,
    open: u64,
    bytes: u64,
    out: Vec<Output<()>>,
}

impl Machine for Idle {
    type Event = ();

    fn handle(&mut self, _now: Instant, input: Input) {
        match input {
            Input::Opened { .. } => self.open += 1,
            Input::Closed { reason, .. } if !self.echo => panic!("closed: {reason:?}"),
            Input::Stream { conn, data } => {
                self.bytes += data.len() as u64;
                if self.echo {
                    self.out.push(Output::Transmit(Transmit::Stream { conn, data }));
                }
            }
            _ => {}
        }
        self.out.push(Output::Event(()));
    }

    fn poll(&mut self) -> Option<Output<()>> {
        (!self.out.is_empty()).then(|| self.out.remove(0))
    }

    fn deadline(&self) -> Option<Instant> {
        None
    }
}

#[cfg(not(feature = "tls"))]
fn config() -> Config {
    Config::default()
}

#[cfg(feature = "tls")]
fn config() -> Config {
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
    let identity = net::Identity::from_pem(certificate.pem(), key.serialize_pem()).unwrap();
    let tls = net::Tls { identity: Some(identity), trust: net::Trust::Anyone, ..net::Tls::default() };
    Config { tls, ..Config::default() }
}
