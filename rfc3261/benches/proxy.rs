//! What the proxy machine takes for a whole call and for a registration, sockets not included.

use bytes::Bytes;
use divan::Bencher;
use divan::counter::ItemsCount;
use rfc3261::endpoint::Listen;
use rfc3261::proxy::{Config, Home, HomeConfig, Proxy};
use wire::{Input, Instant, Machine, Output, Rng, Transmit, Transport};

fn main() {
    divan::main();
}

const PROXY: &str = "192.0.2.1:5060";
const CALLER: &str = "192.0.2.2:5060";
const CALLEE: &str = "192.0.2.3:5060";
const USERS: u64 = 1000;
/// One call in so many milliseconds of virtual time, so that old transactions end as they do in life.
const EVERY: u64 = 1;

const SDP: &str = "v=0\r\no=load 1 1 IN IP4 192.0.2.2\r\ns=-\r\nc=IN IP4 192.0.2.2\r\nt=0 0\r\nm=audio 6000 RTP/AVP 0 8 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\na=sendrecv\r\n";

struct Rig {
    proxy: Proxy<Home>,
    n: u64,
}

impl Rig {
    fn new() -> Rig {
        let config = Config { names: vec!["example.com".into()], record_route: true, ..Config::default() };
        let home = Home::new(HomeConfig { open_relay: true, ..HomeConfig::default() }, None);
        let mut proxy = Proxy::new(config, home, Rng::from_u64(1));
        proxy.listen(Listen::new(Transport::Udp, PROXY.parse().unwrap()));
        let mut rig = Rig { proxy, n: 1000 };
        for user in 0..USERS {
            let sent = rig.feed(CALLEE, rig.register(user));
            assert!(sent[0].starts_with(b"SIP/2.0 200"));
        }
        rig
    }

    fn register(&self, user: u64) -> Bytes {
        let n = self.n;
        format!(
            "REGISTER sip:example.com SIP/2.0\r\nVia: SIP/2.0/UDP {CALLEE};branch=z9hG4bKr{user}-{n}\r\nMax-Forwards: 70\r\n\
             From: <sip:u{user}@example.com>;tag=r{n}\r\nTo: <sip:u{user}@example.com>\r\nCall-ID: r{user}\r\n\
             CSeq: {n} REGISTER\r\nContact: <sip:u{user}@{CALLEE}>;expires=3600\r\nContent-Length: 0\r\n\r\n"
        )
        .into()
    }

    fn feed(&mut self, from: &str, data: Bytes) -> Vec<Bytes> {
        let now = Instant::from_millis(self.n * EVERY);
        self.proxy.handle(now, Input::Datagram { local: PROXY.parse().unwrap(), remote: from.parse().unwrap(), data });
        let mut sent = Vec::new();
        while let Some(output) = self.proxy.poll() {
            if let Output::Transmit(Transmit::Datagram { data, .. }) = output {
                sent.push(data);
            }
        }
        sent
    }

    fn request(&self, method: &str, uri: &str, tag: &str, more: &str, body: &str) -> Bytes {
        let (n, user) = (self.n, self.n * 7919 % USERS);
        let cseq = if method == "BYE" { 2 } else { 1 };
        format!(
            "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {CALLER};branch=z9hG4bK{method}{n}\r\nMax-Forwards: 70\r\n{more}\
             From: \"Load\" <sip:caller@example.com>;tag=c{n}\r\nTo: <sip:u{user}@example.com>{tag}\r\nCall-ID: call-{n}\r\n\
             CSeq: {cseq} {method}\r\nContact: <sip:caller@{CALLER};transport=udp>\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .into()
    }

    /// The six messages of a call, made before the clock runs; what the callee answers needs the proxy's Via.
    fn call(&mut self) {
        self.n += 1;
        let user = self.n * 7919 % USERS;
        let invite =
            self.request("INVITE", &format!("sip:u{user}@example.com"), "", "Content-Type: application/sdp\r\n", SDP);
        let copy = self.feed(CALLER, invite).remove(0);
        let ringing = response(&copy, "180 Ringing", "");
        let ok = response(&copy, "200 OK", SDP);
        self.feed(CALLEE, ringing);
        let ok = self.feed(CALLEE, ok).remove(0);
        let text = std::str::from_utf8(&ok).unwrap();
        let record = text.lines().find_map(|line| line.strip_prefix("Record-Route: ")).unwrap();
        let (uri, route) = (format!("sip:callee@{CALLEE}"), format!("Route: {record}\r\n"));
        let ack = self.request("ACK", &uri, ";tag=callee", &route, "");
        let bye = self.request("BYE", &uri, ";tag=callee", &route, "");
        self.feed(CALLER, ack);
        let copy = self.feed(CALLER, bye).remove(0);
        let sent = self.feed(CALLEE, response(&copy, "200 OK", ""));
        assert!(sent[0].starts_with(b"SIP/2.0 200"));
    }
}

fn response(request: &[u8], status: &str, body: &str) -> Bytes {
    let text = std::str::from_utf8(request).unwrap();
    let mut out = String::with_capacity(1024);
    out += "SIP/2.0 ";
    out += status;
    out += "\r\n";
    for line in text.lines().skip(1) {
        if line.starts_with("To:") && !line.contains("tag=") {
            out += line;
            out += ";tag=callee\r\n";
        } else if ["Via:", "From:", "To:", "Call-ID:", "CSeq:", "Record-Route:"]
            .iter()
            .any(|name| line.starts_with(name))
        {
            out += line;
            out += "\r\n";
        }
    }
    out += "Contact: <sip:callee@192.0.2.3:5060>\r\n";
    (out + &format!("Content-Length: {}\r\n\r\n{body}", body.len())).into()
}

/// INVITE, 180, 200, ACK, BYE, 200 by way of the proxy, about 2 µs of it for making the messages.
#[divan::bench]
fn call(bencher: Bencher) {
    let mut rig = Rig::new();
    bencher.counter(ItemsCount::new(1u64)).bench_local(|| rig.call());
}

/// Making the messages alone: take this off.
#[divan::bench]
fn messages_of_a_call(bencher: Bencher) {
    let rig = Rig::new();
    let invite = rig.request("INVITE", "sip:u1@example.com", "", "Content-Type: application/sdp\r\n", SDP);
    bencher.bench_local(|| {
        let one = rig.request("INVITE", "sip:u1@example.com", "", "Content-Type: application/sdp\r\n", SDP);
        let two =
            [response(&invite, "180 Ringing", ""), response(&invite, "200 OK", SDP), response(&invite, "200 OK", "")];
        let three = [
            rig.request("ACK", "sip:u1@example.com", "", "", ""),
            rig.request("BYE", "sip:u1@example.com", "", "", ""),
        ];
        (one, two, three)
    });
}

/// A binding is refreshed.
#[divan::bench]
fn register(bencher: Bencher) {
    let mut rig = Rig::new();
    bencher.counter(ItemsCount::new(1u64)).bench_local(|| {
        rig.n += 1;
        let data = rig.register(rig.n % USERS);
        rig.feed(CALLEE, data)
    });
}
