//! What a login and a message cost a client of tokio-xmpp: `apps/examples/xmpp_echo.rs` with its means. The authority is
//! told by SSL_CERT_FILE.
//!
//!     tokio_xmpp_echo HOST PORT DOMAIN MESSAGES
use std::time::Duration;

use futures::StreamExt;
use tokio_xmpp::connect::DnsConfig;
use tokio_xmpp::jid::Jid;
use tokio_xmpp::parsers::message::{Lang, Message, MessageType};
use tokio_xmpp::parsers::presence::{Presence, Type};
use tokio_xmpp::xmlstream::Timeouts;
use tokio_xmpp::{Client, Event, Stanza};

const WINDOW: u32 = 50;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let _first = tokio_xmpp::rustls::crypto::ring::default_provider().install_default();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [host, port, domain, count] = &arguments[..] else { panic!("HOST PORT DOMAIN MESSAGES") };
    let count: u32 = count.parse().expect("a number");
    let client = |user: &str| {
        let jid: Jid = format!("{user}@{domain}/t").parse().expect("an address");
        let place = DnsConfig::addr(&format!("{host}:{port}"));
        Client::new_starttls(jid, format!("secret-{user}"), place, Timeouts::tight())
    };
    let before = cpu();
    let (mut alice, mut bob) = (client("alice"), client("bob"));
    online(&mut alice).await;
    let to = online(&mut bob).await;
    let login = (cpu() - before) / 2;

    let before = cpu();
    let (mut sent, mut got) = (0, 0);
    while got < count {
        while sent < count && sent - got < WINDOW {
            say(&mut alice, to.clone(), format!("message number {sent} with some text")).await;
            sent += 1;
        }
        tokio::select! {
            event = alice.next() => got += u32::from(body(event).is_some()),
            event = bob.next() => if let Some((from, text)) = body(event) { say(&mut bob, from, text).await },
            () = tokio::time::sleep(Duration::from_secs(20)) => panic!("only {got} came back"),
        }
    }
    let each = (cpu() - before).as_nanos() as f64 / f64::from(count) / 1e3;
    println!("tokio-xmpp: login {:.0} us, round trip {each:.1} us", login.as_secs_f64() * 1e6);
}

/// Gets a client online and available, and tells where.
async fn online(client: &mut Client) -> Jid {
    let place = loop {
        match client.next().await {
            Some(Event::Online { bound_jid, .. }) => break bound_jid,
            Some(Event::Disconnected(why)) => panic!("{why}"),
            None => panic!("no connection"),
            Some(_) => {}
        }
    };
    client.send_stanza(Presence::new(Type::None).into()).await.expect("sent");
    place
}

async fn say(client: &mut Client, to: Jid, text: String) {
    let mut message = Message::new(Some(to));
    message.type_ = MessageType::Chat;
    message.bodies.insert(Lang::default(), text);
    client.send_stanza(message.into()).await.expect("sent");
}

fn body(event: Option<Event>) -> Option<(Jid, String)> {
    match event {
        Some(Event::Stanza(Stanza::Message(message))) => message.from.zip(message.bodies.into_values().next()),
        Some(Event::Disconnected(why)) => panic!("{why}"),
        _ => None,
    }
}

fn cpu() -> Duration {
    let threads = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let of = |path: std::path::PathBuf| std::fs::read_to_string(path.join("schedstat")).ok();
    let nanos = |text: String| text.split(' ').next().and_then(|first| first.parse::<u64>().ok());
    Duration::from_nanos(threads.filter_map(|thread| of(thread.path()).and_then(nanos)).sum())
}
