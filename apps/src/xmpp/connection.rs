//! One account on real sockets: the driver, the answers of DNS, the way into TLS, and what an end means for the user.

use std::future::{Future, pending};
use std::pin::Pin;

use net::{Driver, Tls, Trust, Ws};
use rfc3920::jid::Jid;
use rfc3920::sasl::{self, Credentials};
use rfc3920::stanza::StreamCondition;
use rfc3920::stream::{self, Client, Error, Kind, Target};
use wire::{Instant, Machine, Rng};

use super::account::{Account, Password};
use super::options::TlsVersion;
use super::{Ending, Outcome, dns};
use crate::common::{self, Failure, clean};

/// A machine that gets an account online.
pub trait Core: Machine {
    /// Begins to connect.
    ///
    /// # Errors
    /// In words.
    fn connect(&mut self, now: Instant) -> Result<(), String>;

    /// Answers the question where to connect.
    fn discovered(&mut self, now: Instant, targets: Vec<Target>);

    /// Ends in order.
    fn close(&mut self, now: Instant);

    /// Whether it says that there is no connection.
    fn is_offline(event: &Self::Event) -> bool;

    /// Takes out what [`Connection`] looks after.
    fn sort(event: Self::Event) -> Told<Self::Event>;
}

/// An event, by who looks after it.
#[derive(Debug)]
pub enum Told<E> {
    /// The connection does: where are the servers of this domain?
    Discover(String),
    /// The connection does: what went over the wire, and whether we sent it.
    Raw(bool, String),
    /// The program does.
    Event(E),
}

impl Core for Client {
    fn connect(&mut self, now: Instant) -> Result<(), String> {
        Client::connect(self, now).map_err(|why| why.to_string())
    }

    fn discovered(&mut self, now: Instant, targets: Vec<Target>) {
        let _nobody_asks_any_more = Client::discovered(self, now, targets);
    }

    fn close(&mut self, now: Instant) {
        Client::close(self, now);
    }

    fn is_offline(event: &stream::Event) -> bool {
        matches!(event, stream::Event::Offline { .. })
    }

    fn sort(event: stream::Event) -> Told<stream::Event> {
        match event {
            stream::Event::Discover { domain } => Told::Discover(domain),
            stream::Event::Raw { sent, text } => Told::Raw(sent, text),
            event => Told::Event(event),
        }
    }
}

/// An account made ready: what the machine and the driver need to know.
pub struct Setup {
    /// For the machine.
    pub stream: stream::Config,
    /// For the driver.
    pub net: net::Config,
    /// For the machine, and for others.
    pub rng: Rng,
}

impl Setup {
    /// From an account and its password.
    ///
    /// # Errors
    /// [`Failure::Usage`] when the account cannot be used as it is.
    pub fn new(account: &Account, password: &Password) -> Result<Setup, Failure> {
        let jid = address(&account.jid)?;
        let Some(local) = jid.local() else {
            return Err(Failure::usage(format!(
                "{:?} names no user: an account looks like me@example.org",
                account.jid
            )));
        };
        let credentials = Credentials::new(local, &password.0).map_err(Failure::usage)?;
        let jid = match &account.resource {
            Some(resource) => {
                jid.with_resource(resource).map_err(|why| Failure::usage(format!("--resource: {why}")))?
            }
            None => jid,
        };
        let (server_name, alpn) = (Some(jid.domain_ascii().into_owned()), vec![b"xmpp-client".to_vec()]);
        let mut net = net::Config { tls: Tls { server_name, alpn, ..tls(account)? }, ..net::Config::default() };
        let mut stream = stream::Config::new(jid, credentials);
        stream.policy.allow_plain = account.allow_plain;
        stream.raw = account.raw;
        stream.timing.request = account.timeout;
        stream.timing.connect = stream.timing.connect.min(account.timeout);
        if let Some(url) = &account.websocket {
            websocket(url, &mut stream, &mut net)?;
        } else if let Some(server) = &account.server {
            let (kind, port) = if account.direct_tls { (Kind::DirectTls, 5223) } else { (Kind::StartTls, 5222) };
            stream.targets = vec![Target::new(&server.host, server.port.unwrap_or(port), kind)];
        }
        Ok(Setup { stream, net, rng: Rng::from_seed(common::seed()?) })
    }
}

/// An address that the user wrote.
///
/// # Errors
/// [`Failure::Usage`].
pub fn address(text: &str) -> Result<Jid, Failure> {
    Jid::parse(text).map_err(|why| {
        Failure::usage(format!(
            "{text:?} is no address: {why}; addresses look like bob@example.org or bob@example.org/desk"
        ))
    })
}

/// Whom the account trusts.
///
/// # Errors
/// [`Failure::Usage`] when the file of authorities cannot be used.
pub fn tls(account: &Account) -> Result<Tls, Failure> {
    let trust = match &account.ca {
        Some(path) => {
            let named = |why: std::io::Error| Failure::usage(format!("--ca {}: {why}", path.display()));
            Trust::roots(std::fs::read(path).map_err(named)?).map_err(named)?
        }
        None => Trust::System,
    };
    let minimum = match account.tls_min {
        TlsVersion::V12 => net::TlsVersion::V1_2,
        TlsVersion::V13 => net::TlsVersion::V1_3,
    };
    Ok(Tls { trust, minimum, ..Tls::default() })
}

/// Takes a URL apart: one over TLS, or one on this very machine.
fn websocket(url: &str, stream: &mut stream::Config, net: &mut net::Config) -> Result<(), Failure> {
    let wrong = |why: &str| Failure::usage(format!("--websocket {url}: {why}"));
    let expected = || wrong("expected a URL such as wss://chat.example.org/xmpp-websocket");
    let (scheme, rest) = url.split_once("://").ok_or_else(expected)?;
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let server: super::Server = authority.parse().map_err(|_| expected())?;
    let is_loopback =
        server.host == "localhost" || server.host.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback());
    let (kind, port) = match scheme.to_ascii_lowercase().as_str() {
        "wss" => (Kind::WebSocket, 443),
        "ws" if is_loopback => (Kind::InsecureWebSocket, 80),
        "ws" => return Err(wrong("without TLS everybody on the way could read and change it; use wss://")),
        _ => return Err(expected()),
    };
    stream.insecure = kind == Kind::InsecureWebSocket;
    stream.policy.unencrypted = stream.insecure;
    stream.targets = vec![Target::new(&server.host, server.port.unwrap_or(port), kind)];
    net.tls.server_name = Some(server.host.clone());
    net.ws = Ws {
        path: format!("/{path}"),
        host: Some(authority.to_owned()),
        subprotocols: vec!["xmpp".to_owned()],
        text: true,
        ..Ws::default()
    };
    Ok(())
}

/// One account on real sockets.
pub struct Connection<M: Core> {
    driver: Driver<M>,
    lookup: Option<Pin<Box<dyn Future<Output = Vec<Target>>>>>,
    rng: Rng,
    jid: Jid,
    domain: String,
    /// For the words of a failure.
    place: String,
    own_authority: bool,
}

impl Connection<Client> {
    /// The bare stream of an account, which begins to connect.
    pub fn stream(setup: Setup) -> Connection<Client> {
        Connection::begin(setup, Client::new)
    }
}

impl<M: Core> Connection<M> {
    /// Begins to connect with a machine that `make` makes.
    pub fn begin(setup: Setup, make: impl FnOnce(stream::Config, Rng) -> M) -> Connection<M> {
        let Setup { stream, net, mut rng } = setup;
        let (jid, domain) = (stream.jid.bare(), stream.jid.domain_ascii().into_owned());
        let place =
            stream.targets.first().map_or_else(|| domain.clone(), |target| format!("{}:{}", target.host, target.port));
        let own_authority = matches!(net.tls.trust, Trust::Roots(_));
        let machine = make(stream, rng.split());
        let mut connection = Connection {
            driver: Driver::with_config(machine, net),
            lookup: None,
            rng,
            jid,
            domain,
            place,
            own_authority,
        };
        let now = connection.driver.now();
        let _first_time = connection.driver.machine_mut().connect(now);
        connection
    }

    /// The machine.
    pub fn machine(&self) -> &M {
        self.driver.machine()
    }

    /// The machine and the time, to give it commands.
    pub fn command(&mut self) -> (&mut M, Instant) {
        let now = self.driver.now();
        (self.driver.machine_mut(), now)
    }

    /// The time on the driver's clock.
    pub fn now(&self) -> Instant {
        self.driver.now()
    }

    /// What the clock's origin is on the calendar.
    pub fn epoch(&self) -> wire::Epoch {
        self.driver.epoch()
    }

    /// Waits for the next event that is the program's. May be cancelled without losing one.
    pub async fn next(&mut self) -> M::Event {
        loop {
            let event = tokio::select! {
                targets = look_up(&mut self.lookup) => {
                    self.lookup = None;
                    let now = self.driver.now();
                    self.driver.machine_mut().discovered(now, targets);
                    continue;
                }
                event = self.driver.next() => event,
            };
            match M::sort(event) {
                Told::Discover(_) => {
                    self.lookup = Some(Box::pin(dns::targets(self.domain.clone(), self.rng.split())));
                }
                Told::Raw(sent, text) => eprintln!("{} {}", if sent { "->" } else { "<-" }, clean(&text)),
                Told::Event(event) => return event,
            }
        }
    }

    /// Ends the stream in order, and gets out what is still to be sent, within reason.
    pub async fn close(mut self) {
        let now = self.driver.now();
        self.driver.machine_mut().close(now);
        let gone = async {
            while !matches!(M::sort(self.driver.next().await), Told::Event(event) if M::is_offline(&event)) {}
        };
        let _nobody_answers = tokio::time::timeout(PATIENCE, gone).await;
        self.driver.shutdown().await;
    }

    /// What an end comes to, in words for the user, with what to do next.
    pub fn explain(&self, error: &Error) -> Ending {
        let (jid, domain, place) = (&self.jid, &self.domain, &self.place);
        let failure = self.driver.last_failure();
        match error {
            Error::Refused(why) => {
                let hint = match why.condition {
                    sasl::Condition::NotAuthorized => "; check the password and the user part of the address",
                    _ => "",
                };
                Outcome::Unauthorized.because(format!("{jid} cannot log in: {why}{hint}"))
            }
            Error::Sasl(sasl::Error::OnlyPlain) => Outcome::Unauthorized
                .because(format!("{jid} cannot log in safely: {error}; --allow-plain allows it, under TLS alone")),
            Error::Sasl(why) => Outcome::Unauthorized.because(format!("{jid} cannot log in: {why}")),
            Error::Untrusted => {
                let why = failure.unwrap_or("TLS could not be agreed on");
                let hint = match self.own_authority {
                    true => "is --ca the authority that signed it?",
                    false => "--ca FILE trusts an authority of your own",
                };
                Outcome::Untrusted
                    .because(format!("{place} does not prove to be {domain}: {why}; nothing was sent; {hint}"))
            }
            Error::NoStartTls | Error::StartTlsRefused | Error::Injected | Error::Insecure | Error::WrongFrom => {
                Outcome::Untrusted.because(format!("no safe connection to {place}: {error}; no password was sent"))
            }
            Error::NoTarget => Outcome::NotFound
                .because(format!("{domain} offers no XMPP service; check the address, or give --server HOST:PORT")),
            Error::NotFound(_) | Error::Connection(_) => {
                let why = failure.map_or_else(|| error.to_string(), str::to_owned);
                Outcome::NotFound.because(format!(
                    "cannot reach {place}: {why}; check the network and the address, or give --server HOST:PORT"
                ))
            }
            Error::Timeout(_) | Error::Dead => Outcome::Timeout.because(format!("{place}: {error}")),
            Error::Stream(why) if why.condition == StreamCondition::HostUnknown => {
                Outcome::NotFound.because(format!("{place} does not serve {domain}: {why}"))
            }
            Error::Bind(_) | Error::Stream(_) => Outcome::Refused.because(format!("{place}: {error}")),
            _ => Outcome::Failed.because(format!("{place}: {error}")),
        }
    }
}

/// The lookup under way, or nothing for ever.
async fn look_up(lookup: &mut Option<Pin<Box<dyn Future<Output = Vec<Target>>>>>) -> Vec<Target> {
    match lookup {
        Some(lookup) => lookup.await,
        None => pending().await,
    }
}

/// How long an orderly end may take.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(3);
