//! What the driver costs: an echo machine behind it against a bare loop on a blocking socket.
//!
//! A client thread keeps `window` datagrams of 200 bytes under way and counts the answers for a second. With a window
//! of 1 the figure is dominated by the way into and out of the kernel's scheduler; with 32 by the work per datagram.
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use net::Driver;
use wire::{Input, Machine, Output, Transmit};

const ROUND: Duration = Duration::from_secs(1);
const ROUNDS: usize = 3;

fn main() {
    println!("window  bare/s  driver/s  ratio");
    for window in [1, 32] {
        let mut rounds: Vec<(f64, f64)> =
            (0..ROUNDS).map(|_| (measure(window, bare), measure(window, driven))).collect();
        rounds.sort_by(|a, b| (a.1 / a.0).total_cmp(&(b.1 / b.0)));
        let (bare, driven) = rounds[ROUNDS / 2];
        println!("{window:6}  {bare:6.0}  {driven:8.0}  {:.2}", driven / bare);
    }
}

/// Echoes a second against `server`, which says where it is, runs until told to stop and is then sent one more.
fn measure(window: usize, server: fn(UdpSocket, Arc<AtomicBool>)) -> f64 {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let running = thread::spawn({
        let stop = stop.clone();
        move || server(socket, stop)
    });
    let client = UdpSocket::bind("127.0.0.1:0").unwrap();
    client.connect(address).unwrap();
    client.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    thread::sleep(Duration::from_millis(50));
    for _ in 0..window {
        client.send(&[7; 200]).unwrap();
    }
    let (start, mut answers, mut buffer) = (Instant::now(), 0u32, [0; 2048]);
    while start.elapsed() < ROUND {
        answers += u32::from(client.recv(&mut buffer).is_ok());
        client.send(&[7; 200]).unwrap();
    }
    let rate = f64::from(answers) / start.elapsed().as_secs_f64();
    stop.store(true, Ordering::Relaxed);
    let _ = client.send(b"stop");
    running.join().unwrap();
    rate
}

fn bare(socket: UdpSocket, stop: Arc<AtomicBool>) {
    let mut buffer = [0; 65_536];
    while !stop.load(Ordering::Relaxed) {
        let (length, remote) = socket.recv_from(&mut buffer).unwrap();
        let _ = socket.send_to(&buffer[..length], remote);
    }
}

fn driven(socket: UdpSocket, stop: Arc<AtomicBool>) {
    let address: SocketAddr = socket.local_addr().unwrap();
    drop(socket);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut driver = Driver::new(Echo { out: None, stop });
        driver.bind_udp(address).unwrap();
        driver.next().await;
    });
}

/// Returns every datagram, and tells when it is to stop.
struct Echo {
    out: Option<Output<()>>,
    stop: Arc<AtomicBool>,
}

impl Machine for Echo {
    type Event = ();
    fn handle(&mut self, _now: wire::Instant, input: Input) {
        if let Input::Datagram { local, remote, data } = input {
            let stop = self.stop.load(Ordering::Relaxed);
            let answer = Output::Transmit(Transmit::Datagram { local, remote, data });
            self.out = Some(if stop { Output::Event(()) } else { answer });
        }
    }
    fn poll(&mut self) -> Option<Output<()>> {
        self.out.take()
    }
    fn deadline(&self) -> Option<wire::Instant> {
        None
    }
}
