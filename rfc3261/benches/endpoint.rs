//! What a call costs the transaction and transport layers, without parsing of what the other side would do.

use bytes::Bytes;
use divan::Bencher;
use rfc3261::endpoint::{Config, Endpoint, Event, Listen, Target};
use rfc3261::message::{Message, Name, Request, Response};
use wire::{Input, Instant, Machine, Output, Rng, Transmit, Transport};

fn main() {
    divan::main();
}

const HERE: &str = "192.0.2.1:5060";
const THERE: &str = "192.0.2.2:5060";

fn endpoint() -> Endpoint {
    let listen = vec![Listen::new(Transport::Udp, HERE.parse().unwrap())];
    Endpoint::new(Config { listen, ..Config::default() }, Rng::from_u64(1))
}

fn text(method: &str, branch: u64) -> Bytes {
    format!(
        "{method} sip:bob@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.2:5060;rport;branch=z9hG4bK{branch}\r\n\
         Max-Forwards: 70\r\nFrom: \"Alice\" <sip:alice@192.0.2.2>;tag=a{branch}\r\nTo: <sip:bob@192.0.2.1>\r\n\
         Call-ID: c{branch}@192.0.2.2\r\nCSeq: 1 {method}\r\nContact: <sip:alice@192.0.2.2:5060>\r\n\
         User-Agent: bench\r\nAllow: INVITE, ACK, CANCEL, BYE, OPTIONS\r\nContent-Length: 0\r\n\r\n"
    )
    .into()
}

fn answer(request: &Request, status: u16) -> Response {
    let mut response = Response::to_request(request, status.into());
    let to = request.headers.to().unwrap().unwrap();
    if to.tag().is_none() {
        response.headers.set(Name::To, to.with_tag("here"));
    }
    response
}

fn take(endpoint: &mut Endpoint, now: Instant, data: Bytes) {
    let (local, remote) = (HERE.parse().unwrap(), THERE.parse().unwrap());
    endpoint.handle(now, Input::Datagram { local, remote, data });
}

/// Five packets in, four out: INVITE, 180, 200, ACK; BYE, 200, each with its transaction.
#[divan::bench]
fn server_side_of_a_call(bencher: Bencher) {
    let mut endpoint = endpoint();
    let mut n = 0;
    bencher
        .with_inputs(|| {
            n += 1;
            (n, [text("INVITE", n), text("ACK", n), text("BYE", n)])
        })
        .bench_local_values(|(n, packets)| {
            let now = Instant::from_millis(n);
            for packet in packets {
                take(&mut endpoint, now, packet);
                while let Some(output) = endpoint.poll() {
                    let Output::Event(Event::Request { id, request, .. }) = output else { continue };
                    for status in if n % 2 == 0 { [180, 200] } else { [183, 200] } {
                        let _ = endpoint.respond(now, id, answer(&request, status));
                    }
                }
            }
        });
}

/// Two requests out, three responses in: INVITE, 180, 200; BYE, 200.
#[divan::bench]
fn client_side_of_a_call(bencher: Bencher) {
    let mut endpoint = endpoint();
    let Ok(Message::Request(mut invite)) = Message::parse(text("INVITE", 1)) else { unreachable!() };
    invite.headers.remove(Name::Via);
    let target = Target::udp(THERE.parse().unwrap());
    let mut n = 0;
    bencher.bench_local(|| {
        n += 1;
        let now = Instant::from_millis(n);
        endpoint.request(now, invite.clone(), target).unwrap();
        let sent = loop {
            if let Some(Output::Transmit(Transmit::Datagram { data, .. })) = endpoint.poll() {
                break data;
            }
        };
        let Ok(Message::Request(sent)) = Message::parse(sent) else { unreachable!() };
        for status in [180, 200] {
            take(&mut endpoint, now, answer(&sent, status).to_bytes());
        }
        while endpoint.poll().is_some() {}
    });
}

/// One packet that is absorbed.
#[divan::bench]
fn repeated_request(bencher: Bencher) {
    let mut endpoint = endpoint();
    let packet = text("INVITE", 1);
    take(&mut endpoint, Instant::ZERO, packet.clone());
    bencher.bench_local(|| {
        take(&mut endpoint, Instant::ZERO, packet.clone());
        while endpoint.poll().is_some() {}
    });
}

/// Setting and going off of the timers of ten thousand calls that nobody answers.
#[divan::bench(sample_count = 5)]
fn ten_thousand_unanswered_calls(bencher: Bencher) {
    let Ok(Message::Request(mut invite)) = Message::parse(text("INVITE", 1)) else { unreachable!() };
    invite.headers.remove(Name::Via);
    let target = Target::udp(THERE.parse().unwrap());
    bencher.with_inputs(endpoint).bench_local_values(|mut endpoint| {
        for n in 0..10_000 {
            endpoint.request(Instant::from_millis(n), invite.clone(), target).unwrap();
        }
        while endpoint.poll().is_some() {}
        while let Some(at) = endpoint.deadline() {
            endpoint.handle(at, Input::Time);
            while endpoint.poll().is_some() {}
        }
    });
}
