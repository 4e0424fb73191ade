//! Writes what two hosts say to each other into a packet capture: `cargo run -p sim --example capture FILE.pcap`.
//!
//! Open the file with any analyser: it dissects SIP over UDP and over TCP, IPv4 and IPv6.
use std::fs::File;
use std::io::BufWriter;
use std::net::SocketAddr;

use sim::Network;
use wire::{ConnId, Input, Instant, Machine, Output, Transmit, Transport};

/// Says what it is told to say, and hears without a word.
#[derive(Default)]
struct Phone(std::collections::VecDeque<Output<()>>);

impl Machine for Phone {
    type Event = ();
    fn handle(&mut self, _now: Instant, _input: Input) {}
    fn poll(&mut self) -> Option<Output<()>> {
        self.0.pop_front()
    }
    fn deadline(&self) -> Option<Instant> {
        None
    }
}

fn options(transport: &str, from: SocketAddr, to: SocketAddr) -> String {
    format!(
        "OPTIONS sip:{to} SIP/2.0\r\nVia: SIP/2.0/{transport} {from};branch=z9hG4bKcapture\r\nMax-Forwards: 70\r\n\
         From: <sip:a@{from}>;tag=1\r\nTo: <sip:b@{to}>\r\nCall-ID: capture\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
    )
}

fn main() -> std::io::Result<()> {
    let path = std::env::args().nth(1).unwrap_or_else(|| "capture.pcap".to_owned());
    let mut net = Network::new(1);
    net.capture(BufWriter::new(File::create(&path)?))?;
    let pairs = [("192.0.2.1:5060", "192.0.2.2:5060"), ("[2001:db8::1]:5060", "[2001:db8::2]:5060")];
    for (from, to) in pairs {
        let (from, to): (SocketAddr, SocketAddr) = (from.parse().unwrap(), to.parse().unwrap());
        let phone = net.add_at(Phone::default(), from);
        net.add_at(Phone::default(), to);
        net.command(phone, |phone, _now| {
            let conn = ConnId::outbound(0);
            phone.0.extend([
                Output::Transmit(Transmit::Datagram { local: from, remote: to, data: options("UDP", from, to).into() }),
                Output::Connect { conn, transport: Transport::Tcp, remote: to },
                Output::Transmit(Transmit::Stream { conn, data: options("TCP", from, to).into() }),
                Output::Close { conn },
            ]);
        });
    }
    assert!(net.run_until_idle(Instant::from_millis(10_000)));
    net.finish_capture()?;
    println!("{path}");
    Ok(())
}
