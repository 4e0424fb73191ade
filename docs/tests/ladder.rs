//! Captures to ladders: what is understood, and what bad ones do.

use std::net::SocketAddr;
use std::time::Duration;

use docs::ladder::{Error, Ladder, Limits, Names, Protocol, capture, command, html, recorded, svg, text};
use proptest::prelude::*;
use wire::pcap::{Link, Pcap, Resolution};

const START: Duration = Duration::new(1_000_000_000, 5);

fn socket(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn read(file: &[u8]) -> Ladder {
    Ladder::read(file, &Names::default(), &Limits::default()).unwrap()
}

fn labels(ladder: &Ladder) -> Vec<&str> {
    ladder.arrows.iter().map(|arrow| arrow.label.as_str()).collect()
}

fn request(method: &str, to: &str, more: &str, body: &str) -> String {
    format!(
        "{method} sip:bob@192.0.2.2 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\nFrom: <sip:alice@192.0.2.1>;tag=1\r\n\
         To: <sip:bob@192.0.2.2>{to}\r\nCall-ID: 7\r\nCSeq: 1 {method}\r\nMax-Forwards: 70\r\n{more}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn response(status: &str, method: &str) -> String {
    format!(
        "SIP/2.0 {status}\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\nFrom: <sip:alice@192.0.2.1>;tag=1\r\n\
         To: <sip:bob@192.0.2.2>;tag=2\r\nCall-ID: 7\r\nCSeq: 1 {method}\r\nContent-Length: 0\r\n\r\n"
    )
}

fn sdp(ip: &str, port: u16, direction: &str) -> String {
    format!(
        "v=0\r\no=- 1 1 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=audio {port} RTP/AVP 0 101\r\n\
         a=rtpmap:101 telephone-event/8000\r\na={direction}\r\n"
    )
}

const SDP: &str = "Content-Type: application/sdp\r\n";

/// A call with media between two programs on one machine.
fn call(link: Link, resolution: Resolution, ips: [&str; 2]) -> Vec<u8> {
    let mut pcap = Pcap::with_format(Vec::new(), link, resolution).unwrap();
    let [a, b] = [0, 1].map(|n| SocketAddr::new(ips[n].parse().unwrap(), 5060 + n as u16));
    let media = [0, 1].map(|n| SocketAddr::new(ips[n].parse().unwrap(), 4000 + 2 * n as u16));
    let at = |ms: u64| START + Duration::from_millis(ms);
    let invite = request("INVITE", "", SDP, &sdp(ips[0], 4000, "sendrecv"));
    pcap.datagram(at(0), a, b, invite.as_bytes()).unwrap();
    pcap.datagram(at(500), a, b, invite.as_bytes()).unwrap();
    pcap.datagram(at(510), b, a, response("200 OK", "INVITE").as_bytes()).unwrap();
    for n in 0..50u8 {
        let mut rtp = vec![0x80, 0, 0, n, 0, 0, 0, n, 1, 2, 3, 4];
        rtp.extend([0xff; 160]);
        pcap.datagram(at(520 + 20 * u64::from(n)), media[0], media[1], &rtp).unwrap();
    }
    pcap.datagram(at(1600), media[1], media[0], &[0x80, 101, 0, 1, 0, 0, 0, 1, 1, 2, 3, 4, 11, 0x0a, 0, 160]).unwrap();
    let hold = request("INVITE", ";tag=2", SDP, &sdp(ips[0], 4000, "sendonly"));
    pcap.datagram(at(1700), a, b, hold.as_bytes()).unwrap();
    pcap.datagram(at(1800), b, a, request("BYE", ";tag=1", "", "").as_bytes()).unwrap();
    pcap.into_inner()
}

const CALL: [&str; 6] = [
    "INVITE bob, SDP",
    "INVITE bob, SDP (again)",
    "200 OK",
    "RTP PCMU",
    "RTP telephone-event, key #",
    "re-INVITE bob, SDP sendonly",
];

#[test]
fn a_call_with_media_over_every_link_and_address_family() {
    for link in [Link::RawIp, Link::Ethernet] {
        for resolution in [Resolution::Micros, Resolution::Nanos] {
            let ladder = read(&call(link, resolution, ["192.0.2.1", "192.0.2.2"]));
            assert_eq!(ladder.columns, ["192.0.2.1", "192.0.2.2"]);
            assert_eq!(labels(&ladder)[..6], CALL);
            assert_eq!(labels(&ladder)[6..], ["BYE bob"]);
            let run = ladder.arrows[3].run.unwrap();
            assert_eq!((run.packets, run.bytes, run.lasts), (50, 50 * 172, Duration::from_millis(980)));
            assert_eq!((ladder.arrows[2].at, ladder.arrows[2].from), (Duration::from_millis(510), 1));
            assert!(ladder.notes.is_empty(), "{:?}", ladder.notes);
        }
    }
    let ladder = read(&call(Link::RawIp, Resolution::Nanos, ["2001:db8::1", "2001:db8::2"]));
    assert_eq!(ladder.columns, ["2001:db8::1", "2001:db8::2"]);
}

#[test]
fn on_one_machine_ports_are_columns_and_media_belong_to_who_announced_them() {
    let mut file = call(Link::RawIp, Resolution::Nanos, ["127.0.0.1", "127.0.0.1"]);
    let ladder = read(&file);
    // Nobody announced 4002, for the answer has no description.
    assert_eq!(ladder.columns, ["127.0.0.1:5060", "127.0.0.1:5061", "127.0.0.1:4002"]);
    let names = Names::parse(&["127.0.0.1:5060=alice", "127.0.0.1:5061=bob", "127.0.0.1#3=bob"]).unwrap();
    let ladder = Ladder::read(&file[..], &names, &Limits::default()).unwrap();
    assert_eq!(ladder.columns, ["alice", "bob"]);
    let wanted = [
        "alice -> bob: INVITE bob, SDP",
        "alice -> bob: re-INVITE bob, SDP sendonly",
        "alice -> bob: RTP PCMU",
        "bob -> alice: 200 OK",
        "bob -> alice: BYE bob",
        "bob -> alice: RTP telephone-event, key #",
    ];
    assert_eq!(ladder.flow(), wanted);
    file.truncate(file.len() - 3);
    assert_eq!(read(&file).notes, ["not all was read: the file ends in the middle of a packet"]);
}

#[test]
fn a_stream_is_put_together_whatever_its_segments() {
    let (a, b) = (socket("192.0.2.1:40000"), socket("192.0.2.2:5060"));
    let mut pcap = Pcap::new(Vec::new()).unwrap();
    pcap.connecting(START, a, b).unwrap();
    pcap.connected(START, a, b).unwrap();
    let text = request("OPTIONS", "", "", "") + &request("MESSAGE", "", "Content-Type: text/plain\r\n", "hello");
    for piece in text.as_bytes().chunks(50) {
        pcap.stream(START, a, b, piece).unwrap();
    }
    pcap.stream(START, b, a, response("200 OK", "OPTIONS").as_bytes()).unwrap();
    pcap.reset(START, b, a).unwrap();
    pcap.connecting(START, a, b).unwrap();
    pcap.reset(START, b, a).unwrap();
    let ladder = read(&pcap.into_inner());
    let wanted = ["OPTIONS bob", "MESSAGE bob", "200 OK (OPTIONS)", "connection reset", "connection refused"];
    assert_eq!(labels(&ladder), wanted);
    assert!(ladder.arrows[1].detail.ends_with("\n\nhello"), "{}", ladder.arrows[1].detail);
}

#[test]
fn limits_hold() {
    let (a, b) = (socket("192.0.2.1:40000"), socket("192.0.2.2:5060"));
    let mut pcap = Pcap::new(Vec::new()).unwrap();
    for n in 0..20u8 {
        let from = SocketAddr::new([192, 0, 2, n + 3].into(), 9);
        pcap.datagram(START, from, b, &[n; 2000]).unwrap();
        pcap.stream(START, a, b, &[n; 20]).unwrap();
    }
    let file = pcap.into_inner();
    let limits = Limits { arrows: 10, detail: 30, details: 100, connections: 1, columns: 3 };
    let ladder = Ladder::read(&file[..], &Names::default(), &limits).unwrap();
    assert_eq!((ladder.arrows.len(), ladder.columns.len()), (10, 3));
    assert!(ladder.arrows.iter().map(|arrow| arrow.detail.len()).sum::<usize>() <= 100 + 10 * "…".len());
    let wanted = ["more than 3 talk: the last column stands for several", "only the first 10 messages are shown"];
    assert_eq!(ladder.notes, wanted);
}

#[test]
fn a_message_is_bounded_before_limits_apply() {
    let (a, b) = (socket("192.0.2.1:40000"), socket("192.0.2.2:5222"));
    let mut pcap = Pcap::new(Vec::new()).unwrap();
    let header = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>";
    let text = format!("{header}<message><body>{}</body></message>", "x".repeat(100_000));
    text.as_bytes().chunks(50_000).for_each(|piece| pcap.stream(START, a, b, piece).unwrap());
    let limits = Limits { detail: usize::MAX, details: usize::MAX, ..Limits::default() };
    let ladder = Ladder::read(&pcap.into_inner()[..], &Names::default(), &limits).unwrap();
    assert_eq!(ladder.arrows[1].protocol, Protocol::Xmpp);
    assert_eq!(ladder.arrows[1].detail.len(), 65_536 + "…".len());
}

#[test]
fn what_is_no_capture_is_told_in_a_line() {
    let read = |file: &[u8]| Ladder::read(file, &Names::default(), &Limits::default()).map(|_| ());
    assert_eq!(read(b""), Err(Error::Empty));
    assert_eq!(read(b"GIF89a and so on, for more than one header"), Err(Error::NoCapture));
    assert_eq!(read(&Pcap::new(Vec::new()).unwrap().into_inner()), Err(Error::NoMessages));
    assert_eq!(Error::NoCapture.to_string(), "it is neither pcap nor pcapng");
}

#[test]
fn pcapng_is_read_with_its_own_units_of_time() {
    let mut file = Vec::new();
    let mut block = |kind: u32, body: &[u8]| {
        let length = (body.len() + 12) as u32;
        file.extend(kind.to_le_bytes());
        file.extend(length.to_le_bytes());
        file.extend(body);
        file.extend(length.to_le_bytes());
    };
    block(0x0a0d_0d0a, &[0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255]);
    // Raw IP, times in milliseconds
    block(1, &[101, 0, 0, 0, 0, 0, 0, 0, 9, 0, 1, 0, 3, 0, 0, 0, 0, 0, 0, 0]);
    let classic = call(Link::RawIp, Resolution::Nanos, ["192.0.2.1", "192.0.2.2"]);
    let length = u32::from_le_bytes(classic[32..36].try_into().unwrap()) as usize;
    for ms in [1000u32, 1250] {
        let mut body = [0, 0, ms, length as u32, length as u32].map(u32::to_le_bytes).concat();
        body.extend(&classic[40..40 + length]);
        body.resize(body.len().next_multiple_of(4), 0);
        block(6, &body);
    }
    let ladder = read(&file);
    assert_eq!(labels(&ladder), CALL[..2]);
    assert_eq!(ladder.arrows[1].at, Duration::from_millis(250));
}

#[test]
fn pages_hold_the_messages_and_nothing_that_could_run() {
    let (a, b) = (socket("192.0.2.1:9"), socket("192.0.2.2:9"));
    let mut pcap = Pcap::new(Vec::new()).unwrap();
    pcap.datagram(START, a, b, b"</pre><script>alert(1)</script>").unwrap();
    let names = Names::parse(&["192.0.2.1=<b>"]).unwrap();
    let ladder = Ladder::read(&pcap.into_inner()[..], &names, &Limits::default()).unwrap();
    assert_eq!(ladder.arrows[0].protocol, Protocol::Other);
    let page = html::page(&ladder, "<title>");
    assert!(page.contains("&lt;script&gt;alert(1)") && !page.contains("<script>alert"));
    assert!(page.contains("href=\"#m1\"") && page.contains("<section id=\"m1\""));
    assert!(!page.contains("://"), "it loads nothing");
    let picture = svg::draw(&ladder, "a < b");
    assert!(picture.contains("&lt;b&gt;") && picture.contains("a &lt; b"));
    let drawn = text::draw(&ladder, 60);
    assert!(drawn.lines().nth(1).unwrap().contains("|--UDP, 31 bytes->|"), "{drawn}");
}

#[cfg(unix)]
#[test]
fn a_page_is_as_private_as_its_capture() {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;
    let folder = std::env::temp_dir().join(format!("wireworks-ladder-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let (capture, new, old) = (folder.join("a.pcap"), folder.join("new.html"), folder.join("old.svg"));
    fs::write(&capture, call(Link::RawIp, Resolution::Micros, ["192.0.2.1", "192.0.2.2"])).unwrap();
    fs::set_permissions(&capture, Permissions::from_mode(0o600)).unwrap();
    fs::write(&old, "of another day").unwrap();
    fs::set_permissions(&old, Permissions::from_mode(0o644)).unwrap();
    for out in [&new, &old] {
        let (file, names) = (capture.clone(), Vec::new());
        command::run(&command::Options { file, out: Some(out.clone()), text: false, names }).unwrap();
        assert_eq!(fs::metadata(out).unwrap().permissions().mode() & 0o777, 0o600, "{}", out.display());
        assert!(fs::read_to_string(out).unwrap().contains("INVITE bob"));
    }
    fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn labels_hold_nothing_that_a_picture_may_not() {
    let mut pcap = Pcap::new(Vec::new()).unwrap();
    let line = "GET /\u{fffe}a\u{ffff} HTTP/1.1\r\n\r\n";
    pcap.stream(START, socket("192.0.2.1:9"), socket("192.0.2.2:80"), line.as_bytes()).unwrap();
    assert_eq!(labels(&read(&pcap.into_inner())), ["HTTP GET /a"]);
}

#[test]
fn recorded_runs_have_pages_and_current_pictures() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let read = |path: &str| std::fs::read(root.join(path)).ok();
    let pages = recorded::pages(read).unwrap();
    assert_eq!(pages.len(), 1 + recorded::ALL.len(), "every one has its capture");
    for recorded in recorded::ALL {
        let capture = read(&recorded.file()).unwrap();
        assert!(capture.len() < 40_000, "{} is too large to keep", recorded.file());
        let ladder = recorded.ladder(&capture).unwrap();
        assert!(ladder.notes.is_empty(), "{}: {:?}", recorded.name, ladder.notes);
        let understood = ladder.arrows.iter().all(|arrow| arrow.protocol != Protocol::Other);
        assert!(understood, "{}: {:?}", recorded.name, ladder.flow());
        let nameless = ladder.columns.iter().find(|name| name.contains("127."));
        assert_eq!(nameless, None, "{} has a column without a name", recorded.name);
        assert!(pages[0].body.contains(recorded.name));
        let picture = read(&recorded.picture()).unwrap_or_default();
        let is_current = picture == recorded.draw(&capture).unwrap().as_bytes();
        assert!(is_current, "{} is not current: cargo run -p docs -- ladders --write", recorded.picture());
    }
}

/// A capture with a call and streams in it.
fn rich() -> Vec<u8> {
    let mut file = call(Link::RawIp, Resolution::Nanos, ["127.0.0.1", "127.0.0.1"]);
    let mut pcap = Pcap::new(Vec::new()).unwrap();
    let server = socket("127.0.0.1:9");
    let message =
        serializer::Message::new(serializer::MainFlag::Whisper, &serializer::Id::new("me").unwrap(), 1, vec![]);
    let command = rtmp::command::Command::new("connect", 1.0, amf::amf0::Value::Null, vec!["live".into()]);
    let mut chunks = bytes::BytesMut::zeroed(1 + 2 * 1536);
    chunks[0] = 3;
    let command = command.to_message(rtmp::command::Encoding::Amf0, 0);
    rtmp::chunk::Writer::new().write(&command, 3, &mut chunks).unwrap();
    let xml = "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>\
               <message><body>hello</body></message></stream:stream>";
    let says: [&[u8]; 4] =
        [&serializer::frame::encode(&message, None), &chunks, xml.as_bytes(), b"GET / HTTP/1.1\r\n\r\n"];
    for (n, data) in says.into_iter().enumerate() {
        let client = SocketAddr::new(server.ip(), 50_000 + n as u16);
        pcap.connecting(START, client, server).unwrap();
        pcap.connected(START, client, server).unwrap();
        data.chunks(700).for_each(|piece| pcap.stream(START, client, server, piece).unwrap());
    }
    file.extend(&pcap.into_inner()[24..]);
    file
}

#[test]
fn streams_are_told_apart_by_what_they_say() {
    let ladder = read(&rich());
    let labels = labels(&ladder);
    let wanted =
        ["handshake C0, C1", "handshake C2", "connect", "stream", "message \u{201c}hello\u{201d}", "stream ends"];
    assert_eq!(labels[8..14], wanted, "{labels:?}");
    assert_eq!((labels[7], labels[14]), ("message", "HTTP GET /"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn broken_captures_are_read_as_far_as_they_go(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..20),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut file = rich();
        for (at, byte) in changes {
            let at = at.index(file.len());
            file[at] = byte;
        }
        file.truncate(cut.index(file.len()) + 1);
        if let Ok(ladder) = Ladder::read(&file[..], &Names::default(), &Limits::default()) {
            prop_assert!(ladder.arrows.iter().all(|arrow| arrow.from.max(arrow.to) < ladder.columns.len()));
            html::page(&ladder, "x");
            svg::draw(&ladder, "x");
            text::draw(&ladder, 80);
        }
    }

    #[test]
    fn noise_is_no_capture(noise in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = capture::read(&noise[..], |_| std::ops::ControlFlow::Continue(()));
    }
}
