//! What a message costs in a session: in, out with stream management, and a login from nothing.

use bytes::Bytes;
use rfc3920::jid::Jid;
use rfc3920::ns;
use rfc3920::sasl::Credentials;
use rfc3920::stream::{Client, Config, Kind, Target};
use rfc3920::xml::Element;
use wire::{ConnId, Input, Instant, Machine, Output, Rng, Secured, Transport, drain};

fn main() {
    divan::main();
}

const NOW: Instant = Instant::from_millis(1);
const MESSAGE: &str = "<message from='bob@wonderland.example/desk' to='alice@wonderland.example/garden' type='chat' \
                       id='m1'><body>See you at the station around six</body><request xmlns='urn:xmpp:receipts'/></message>";

struct Session {
    client: Client,
    conn: ConnId,
    acked: u32,
}

impl Session {
    fn say(&mut self, text: &str) {
        let data = Bytes::copy_from_slice(text.as_bytes());
        self.client.handle(NOW, Input::Stream { conn: self.conn, data });
    }

    /// Online with stream management, by a certificate, so that no hashing stands in the way.
    fn new() -> Session {
        let mut config = Config::new(Jid::parse("alice@wonderland.example").unwrap(), Credentials::certificate());
        config.targets = vec![Target::new("192.0.2.1", 5223, Kind::DirectTls)];
        let mut client = Client::new(config, Rng::from_u64(1));
        client.connect(NOW).unwrap();
        let dialled = drain(&mut client);
        let Some(Output::Connect { conn, .. }) = dialled.first().cloned() else { panic!("{dialled:?}") };
        let (local, remote) = (([192, 0, 2, 9], 9).into(), ([192, 0, 2, 1], 5223).into());
        client.handle(NOW, Input::Opened { conn, transport: Transport::Tls, local, remote });
        client.handle(NOW, Input::Secured { conn, session: Box::new(Secured { tls13: true, ..Secured::default() }) });
        let mut session = Session { client, conn, acked: 0 };
        let header =
            "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>";
        let open = |features: &str| format!("{header}<stream:features>{features}</stream:features>");
        session.say(&open(&format!("<mechanisms xmlns='{}'><mechanism>EXTERNAL</mechanism></mechanisms>", ns::SASL)));
        session.say(&format!("<success xmlns='{}'/>", ns::SASL));
        session.say(&open(&format!("<bind xmlns='{}'/><sm xmlns='{}'/>", ns::BIND, ns::SM)));
        let bind = drain(&mut session.client).into_iter().rev().find_map(|output| match output {
            Output::Transmit(wire::Transmit::Stream { data, .. }) => String::from_utf8(data.to_vec()).ok(),
            _ => None,
        });
        let bind = bind.unwrap();
        let id = bind.split("id='").nth(1).and_then(|rest| rest.split('\'').next()).unwrap();
        let jid = "<jid>alice@wonderland.example/garden</jid>";
        session.say(&format!("<iq type='result' id='{id}'><bind xmlns='{}'>{jid}</bind></iq>", ns::BIND));
        session.say(&format!("<enabled xmlns='{}' id='7' resume='true'/>", ns::SM));
        drain(&mut session.client);
        assert!(session.client.is_online());
        session
    }
}

#[divan::bench]
fn login_by_certificate(bencher: divan::Bencher) {
    bencher.bench(Session::new);
}

#[divan::bench]
fn message_in(bencher: divan::Bencher) {
    let mut session = Session::new();
    bencher.bench_local(|| {
        session.say(MESSAGE);
        drain(&mut session.client)
    });
}

#[divan::bench]
fn message_out(bencher: divan::Bencher) {
    let mut session = Session::new();
    bencher.bench_local(|| {
        let body = Element::new(ns::CLIENT, "body").with_text("See you at the station around six");
        let message = Element::new(ns::CLIENT, "message").attr("to", "bob@wonderland.example").attr("type", "chat");
        session.client.send(NOW, message.child(body)).unwrap();
        session.acked += 1;
        if session.acked.is_multiple_of(16) {
            let ack = format!("<a xmlns='urn:xmpp:sm:3' h='{}'/>", session.acked);
            session.say(&ack);
        }
        drain(&mut session.client)
    });
}
