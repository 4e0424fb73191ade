//! What a message costs: read as a value, written as one, and through a whole session from bytes to event.

use std::time::Duration;

use bytes::Bytes;
use rfc3920::jid::Jid;
use rfc3920::sasl::Credentials;
use rfc3920::stream::{self, Kind, Target};
use rfc3920::xml::{Element, Limits};
use rfc3921::message::Message;
use rfc3921::session::{Config, Event, Saved, Session};
use wire::{ConnId, Epoch, Input, Instant, Machine, Output, Rng, Secured, Transmit, Transport, drain};

fn main() {
    divan::main();
}

const MESSAGE: &str = "<message xmlns='jabber:client' from='bob@wonderland.example/desk' to='alice@wonderland.example/1' \
    type='chat' id='m-0001' xml:lang='en'><body>See you at the station around six &amp; bring the map</body>\
    <active xmlns='http://jabber.org/protocol/chatstates'/><request xmlns='urn:xmpp:receipts'/>\
    <markable xmlns='urn:xmpp:chat-markers:0'/><origin-id xmlns='urn:xmpp:sid:0' id='m-0001'/>\
    <stanza-id xmlns='urn:xmpp:sid:0' by='alice@wonderland.example' id='ARCHIVED'/></message>";

#[divan::bench]
fn message_read(bencher: divan::Bencher) {
    let element = Element::parse(MESSAGE, &Limits::default()).unwrap();
    bencher.bench(|| Message::from_element(&element).unwrap());
}

#[divan::bench]
fn message_write(bencher: divan::Bencher) {
    let element = Element::parse(MESSAGE, &Limits::default()).unwrap();
    let message = Message::from_element(&element).unwrap();
    bencher.bench(|| message.to_element());
}

/// From bytes to the event, each message a new one: XML, trust, marks.
#[divan::bench(sample_count = 200, sample_size = 10)]
fn message_through_a_session(bencher: divan::Bencher) {
    let (mut session, conn) = online();
    let mut n = 0u32;
    bencher.bench_local(|| {
        n += 1;
        let data = Bytes::from(MESSAGE.replace("ARCHIVED", &n.to_string()));
        session.handle(Instant::from_millis(u64::from(n)), Input::Stream { conn, data });
        let told = drain(&mut session);
        assert!(told.iter().any(|output| matches!(output, Output::Event(Event::Message(_)))));
    });
}

/// A session whose server says yes to everything.
fn online() -> (Session, ConnId) {
    let alice = Jid::parse("alice@wonderland.example").unwrap();
    let mut stream = stream::Config::new(alice, Credentials::new("alice", "looking-glass").unwrap());
    stream.targets = vec![Target::new("192.0.2.1", 5223, Kind::DirectTls)];
    stream.policy.allow_plain = true;
    let config = Config::new(stream, Epoch::from_unix(Duration::from_secs(1_600_000_000)));
    let mut session = Session::new(config, Saved::default(), Rng::from_u64(1));
    let now = Instant::from_millis(1);
    session.connect(now).unwrap();
    let (local, remote) = (([192, 0, 2, 9], 9).into(), ([192, 0, 2, 1], 5223).into());
    let conn = ConnId::outbound(0);
    let dialled = drain(&mut session);
    let conn = dialled
        .iter()
        .find_map(|o| if let Output::Connect { conn, .. } = o { Some(*conn) } else { None })
        .unwrap_or(conn);
    session.handle(now, Input::Opened { conn, transport: Transport::Tls, local, remote });
    session.handle(now, Input::Secured { conn, session: Box::new(Secured { tls13: true, ..Secured::default() }) });
    let open = |features: &str| {
        format!(
            "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' id='1' version='1.0' \
            from='wonderland.example'><stream:features>{features}</stream:features>"
        )
    };
    let sasl = "urn:ietf:params:xml:ns:xmpp-sasl";
    let bind = "urn:ietf:params:xml:ns:xmpp-bind";
    let mut says = vec![
        open(&format!("<bind xmlns='{bind}'/>")),
        format!("<success xmlns='{sasl}'/>"),
        open(&format!("<mechanisms xmlns='{sasl}'><mechanism>PLAIN</mechanism></mechanisms>")),
    ];
    drain(&mut session);
    for _ in 0..20 {
        let say = says.pop();
        let Some(text) = say else { break };
        session.handle(now, Input::Stream { conn, data: Bytes::from(text) });
        for output in drain(&mut session) {
            let Output::Transmit(Transmit::Stream { data, .. }) = output else { continue };
            let text = String::from_utf8(data.to_vec()).unwrap();
            let Some(id) = text.split_once(" id='").and_then(|split| split.1.split_once('\'')).map(|split| split.0)
            else {
                continue;
            };
            let info = "<query xmlns='http://jabber.org/protocol/disco#info'><feature var='urn:xmpp:sid:0'/></query>";
            let inner = match (text.contains(bind), text.contains("disco#info")) {
                (true, _) => format!("<bind xmlns='{bind}'><jid>alice@wonderland.example/1</jid></bind>"),
                (false, true) => info.to_owned(),
                _ => String::new(),
            };
            if text.starts_with("<iq") {
                says.push(format!("<iq type='result' id='{id}'>{inner}</iq>"));
            }
        }
    }
    assert!(session.is_ready());
    (session, conn)
}
