//! What a login and a message cost the client: two clients on one thread, one of which echoes what the other sends.
//! Run by `peers/bench/xmpp_table.sh`, beside others that do the same.
//!
//!     xmpp_echo HOST PORT DOMAIN MESSAGES CA.pem
use std::time::Duration;

use net::{Driver, Tls, Trust};
use rfc3920::jid::Jid;
use rfc3920::ns;
use rfc3920::sasl::Credentials;
use rfc3920::stanza::Kind;
use rfc3920::stream::{self, Client, Config, Event, Target};
use rfc3920::xml::Element;
use wire::Rng;

/// Messages that may be under way.
const WINDOW: u32 = 50;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [host, port, domain, count, ca] = &arguments[..] else { return Err("HOST PORT DOMAIN MESSAGES CA.pem".into()) };
    let (port, count): (u16, u32) = (port.parse()?, count.parse()?);
    let trust = Trust::roots(std::fs::read(ca)?)?;
    let client = |user: &str, seed| -> Result<Driver<Client>, Box<dyn std::error::Error>> {
        let jid = Jid::parse(&format!("{user}@{domain}/t"))?;
        let mut config = Config::new(jid, Credentials::new(user, &format!("secret-{user}"))?);
        config.targets = vec![Target::new(host.as_str(), port, stream::Kind::StartTls)];
        let tls = Tls { trust: trust.clone(), server_name: Some(domain.clone()), ..Tls::default() };
        let net = net::Config { tls, ..net::Config::default() };
        Ok(Driver::with_config(Client::new(config, Rng::from_u64(seed)), net))
    };

    let before = cpu();
    let (mut alice, mut bob) = (client("alice", 1)?, client("bob", 2)?);
    let mechanism = online(&mut alice).await?;
    online(&mut bob).await?;
    let login = (cpu() - before) / 2;

    let before = cpu();
    let (mut sent, mut got) = (0, 0);
    while got < count {
        while sent < count && sent - got < WINDOW {
            say(&mut alice, &format!("bob@{domain}/t"), &format!("message number {sent} with some text"))?;
            sent += 1;
        }
        tokio::select! {
            event = alice.next() => got += u32::from(body(&event).is_some()),
            event = bob.next() => if let (Some(text), Event::Stanza(message)) = (body(&event), &event) {
                say(&mut bob, message.get("from").unwrap_or_default(), &text)?;
            },
            () = tokio::time::sleep(Duration::from_secs(20)) => return Err(format!("only {got} came back").into()),
        }
    }
    let each = (cpu() - before).as_nanos() as f64 / f64::from(count) / 1e3;
    println!("wireworks {mechanism}: login {:.0} us, round trip {each:.1} us", login.as_secs_f64() * 1e6);
    Ok(())
}

/// Gets a client online and available, and tells how it logged in.
async fn online(driver: &mut Driver<Client>) -> Result<String, Box<dyn std::error::Error>> {
    let now = driver.now();
    driver.machine_mut().connect(now)?;
    loop {
        match driver.next().await {
            Event::Online(online) => {
                let now = driver.now();
                driver.machine_mut().send(now, Element::new(ns::CLIENT, "presence"))?;
                return Ok(online.mechanism.to_string());
            }
            Event::Offline { error, .. } => return Err(error.into()),
            _ => {}
        }
    }
}

fn say(driver: &mut Driver<Client>, to: &str, text: &str) -> Result<(), stream::CommandError> {
    let body = Element::new(ns::CLIENT, "body").with_text(text.to_owned());
    let message = Element::new(ns::CLIENT, "message").attr("to", to.to_owned()).attr("type", "chat").child(body);
    let now = driver.now();
    driver.machine_mut().send(now, message).map(|_| ())
}

fn body(event: &Event) -> Option<String> {
    let Event::Stanza(stanza) = event else { return None };
    if Kind::of(stanza) != Some(Kind::Message) {
        return None;
    }
    stanza.child_text(ns::CLIENT, "body").map(|body| body.into_owned())
}

/// What this process has run by now, in all its threads.
fn cpu() -> Duration {
    let threads = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let of = |path: std::path::PathBuf| std::fs::read_to_string(path.join("schedstat")).ok();
    let nanos = |text: String| text.split(' ').next().and_then(|first| first.parse::<u64>().ok());
    Duration::from_nanos(threads.filter_map(|thread| of(thread.path()).and_then(nanos)).sum())
}
