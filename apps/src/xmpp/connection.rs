//! One account on real sockets: the driver, the answers of DNS, the way into TLS, and what an end means for the user.

use std::future::{Future, pending};
use std::pin::Pin;
use std::time::Duration;

use net::{Driver, Tls, Trace, Trust, Ws};
use rfc3920::jid::Jid;
use rfc3920::sasl::{self, Credentials};
use rfc3920::stanza::{Condition, StanzaError, StreamCondition};
use rfc3920::stream::{self, Error, Kind, RequestError, RequestId, Target};
use rfc3921::session::{self, Answer, CommandError, Event, Policy, Saved, Session};
use wire::{CloseReason, ConnId, Instant, Rng};

use super::account::{Account, Password};
use super::options::TlsVersion;
use super::{Ending, Outcome, dns, pin};
use crate::common::{self, Failure, clean};

/// An account made ready: what the machine and the driver need to know.
pub struct Setup {
    /// For the machine.
    pub stream: stream::Config,
    /// For the driver.
    pub net: net::Config,
    /// For the machine, and for others.
    pub rng: Rng,
    /// Whether the stream is shown.
    pub raw: bool,
    /// Where it is written down.
    pub trace: Option<Trace>,
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
        stream.policy.pinned = pin::load(&pin::path(&stream.jid));
        stream.raw = account.raw || account.trace.is_some();
        stream.timing.request = account.timeout;
        stream.timing.connect = stream.timing.connect.min(account.timeout);
        if let Some(url) = &account.websocket {
            websocket(url, &mut stream, &mut net)?;
        } else if let Some(server) = &account.server {
            let (kind, port) = if account.direct_tls { (Kind::DirectTls, 5223) } else { (Kind::StartTls, 5222) };
            stream.targets = vec![Target::new(&server.host, server.port.unwrap_or(port), kind)];
        }
        let rng = Rng::from_seed(common::seed()?);
        Ok(Setup { stream, net, rng, raw: account.raw, trace: account.trace.clone() })
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
        //= rfc7395#3.1/subprotocol MUST
        //# It and no other.
        subprotocols: vec!["xmpp".to_owned()],
        text: true,
        ..Ws::default()
    };
    Ok(())
}

/// One account on real sockets.
pub struct Connection {
    driver: Driver<Session>,
    lookup: Option<Pin<Box<dyn Future<Output = Vec<Target>>>>>,
    rng: Rng,
    jid: Jid,
    domain: String,
    /// Where we connect to, and who must prove to be there, for the words of a failure.
    place: String,
    host: String,
    /// The connection that failed last, and why the one that is gone now did.
    failed: Option<ConnId>,
    failure: Option<String>,
    own_authority: bool,
    timeout: Duration,
    was_online: bool,
    raw: bool,
}

impl Connection {
    /// Begins to connect. `adjust` says how the session differs from one that sends and asks, and else keeps to itself.
    pub fn begin(setup: Setup, saved: Saved, adjust: impl FnOnce(&mut session::Config)) -> Connection {
        let Setup { stream, net, mut rng, raw, trace } = setup;
        let (jid, domain) = (stream.jid.bare(), stream.jid.domain_ascii().into_owned());
        let place =
            stream.targets.first().map_or_else(|| domain.clone(), |target| format!("{}:{}", target.host, target.port));
        let host = net.tls.server_name.clone().unwrap_or_else(|| domain.clone());
        let (timeout, own_authority) = (stream.timing.request, matches!(net.tls.trust, Trust::Roots(_)));
        let mut config = session::Config::new(stream, net.clock.epoch());
        (config.availability, config.carbons, config.bookmarks) = (None, false, false);
        (config.receipts, config.markers, config.states) = (Policy::Nobody, Policy::Nobody, Policy::Nobody);
        adjust(&mut config);
        let mut driver = Driver::with_config(Session::new(config, saved, rng.split()), net);
        driver.trace_told(trace);
        let now = driver.now();
        let _first_time = driver.machine_mut().connect(now);
        let (lookup, failed, failure, was_online) = (None, None, None, false);
        Connection {
            driver,
            lookup,
            rng,
            jid,
            domain,
            place,
            host,
            failed,
            failure,
            own_authority,
            timeout,
            was_online,
            raw,
        }
    }

    /// The session.
    pub fn session(&self) -> &Session {
        self.driver.machine()
    }

    /// The session and the time, to give it commands.
    pub fn command(&mut self) -> (&mut Session, Instant) {
        let now = self.driver.now();
        (self.driver.machine_mut(), now)
    }

    /// The time since 1970.
    pub fn unix(&self) -> Duration {
        self.driver.epoch().unix(self.driver.now())
    }

    /// How long login and answers may take.
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Whether the login has gone well once.
    pub fn was_online(&self) -> bool {
        self.was_online
    }

    /// Our bare address.
    pub fn jid(&self) -> &Jid {
        &self.jid
    }

    /// Waits for the next event that is the program's. May be cancelled without losing one.
    pub async fn next(&mut self) -> Event {
        loop {
            let event = tokio::select! {
                targets = look_up(&mut self.lookup) => {
                    self.lookup = None;
                    let (session, now) = self.command();
                    let _nobody_asks_any_more = session.discovered(now, targets);
                    continue;
                }
                event = self.driver.next() => event,
            };
            match event {
                Event::Discover { domain } => {
                    self.lookup = Some(Box::pin(dns::targets(domain, self.rng.split())));
                }
                Event::Raw { sent, text } => {
                    self.driver.tell_trace(sent, text.as_bytes());
                    if self.raw {
                        eprintln!("{} {}", if sent { "->" } else { "<-" }, clean(&text));
                    }
                }
                Event::Online(online) => {
                    self.was_online = true;
                    tracing::debug!("logged in as {} by {}", online.jid, online.mechanism);
                    pin::remember(&pin::path(&self.jid), online.mechanism);
                    return Event::Online(online);
                }
                Event::Offline { error, again } => {
                    let (failed, failure) = self.driver.last_failure().unzip();
                    self.failure = failure.filter(|_| failed != self.failed).map(str::to_owned);
                    self.failed = failed;
                    return Event::Offline { error, again };
                }
                event => return event,
            }
        }
    }

    /// Waits for an event that `pick` takes, and gives what it makes of it.
    ///
    /// # Errors
    /// What `pick` ends with; that there is no connection, or, once there was, that none comes again; that the account's
    /// patience is over, which names what was waited for.
    pub async fn wait<T>(
        &mut self,
        what: &str,
        mut pick: impl FnMut(&mut Connection, Event) -> Option<Result<T, Ending>>,
    ) -> Result<T, Ending> {
        let timeout = self.timeout;
        let waiting = async {
            loop {
                let event = self.next().await;
                if let Some(end) = self.is_over(&event) {
                    return Err(end);
                }
                if let Some(found) = pick(self, event) {
                    return found;
                }
            }
        };
        let late =
            || Outcome::Timeout.because(format!("{what} took longer than {} s: see --timeout", timeout.as_secs_f32()));
        tokio::time::timeout(timeout, waiting).await.unwrap_or_else(|_| Err(late()))
    }

    /// The end that an event is: no connection at first, or none any more.
    pub fn is_over(&self, event: &Event) -> Option<Ending> {
        match event {
            Event::Offline { error, again } if again.is_none() || !self.was_online => Some(self.explain(error)),
            _ => None,
        }
    }

    /// Serves the connection while something else is done, and gives what comes of that.
    ///
    /// # Errors
    /// That there is no connection any more.
    pub async fn during<T>(&mut self, work: impl Future<Output = T>) -> Result<T, Ending> {
        tokio::pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return Ok(done),
                event = self.next() => if let Some(end) = self.is_over(&event) {
                    return Err(end);
                }
            }
        }
    }

    /// Waits until messages can be sent.
    ///
    /// # Errors
    /// As [`Connection::wait`].
    pub async fn online(&mut self) -> Result<(), Ending> {
        self.wait(&format!("login at {}", self.place), |_, event| matches!(event, Event::Online(_)).then_some(Ok(())))
            .await
    }

    /// Waits until the roster is there and the server's abilities are known.
    ///
    /// # Errors
    /// As [`Connection::wait`].
    pub async fn ready(&mut self) -> Result<(), Ending> {
        self.wait(&format!("login at {}", self.place), |_, event| matches!(event, Event::Ready).then_some(Ok(()))).await
    }

    /// Gives a command, and waits for its answer.
    ///
    /// # Errors
    /// As [`Connection::wait`], and what the session or the other side says to it.
    pub async fn ask(
        &mut self,
        what: &str,
        command: impl FnOnce(&mut Session, Instant) -> Result<RequestId, CommandError>,
    ) -> Result<Answer, Ending> {
        let (session, now) = self.command();
        let asked = command(session, now).map_err(|why| Outcome::Refused.because(format!("{what}: {why}")))?;
        self.wait(what, |_, event| match event {
            Event::Answer { request, result } if request == asked => Some(result.map_err(|why| refused(what, &why))),
            _ => None,
        })
        .await
    }

    /// Waits until it is known who takes files, or for a moment if nobody does.
    ///
    /// # Errors
    /// As [`Connection::wait`].
    pub async fn services(&mut self) -> Result<(), Ending> {
        // What the server asks of its services is answered in order with what is asked now, or a little later.
        for _ in 0..SERVICE_ROUNDS {
            if self.session().upload_service().is_some() {
                return Ok(());
            }
            self.flush().await?;
            self.during(tokio::time::sleep(SERVICE_PAUSE)).await?;
        }
        Ok(())
    }

    /// Waits until the server has read everything that was sent.
    ///
    /// # Errors
    /// As [`Connection::ask`].
    pub async fn flush(&mut self) -> Result<(), Ending> {
        let domain = self.jid.to_domain();
        match self.ask("the server's answer", |session, now| session.ping(now, &domain)).await {
            Err(end) if end.outcome != Outcome::Refused => Err(end),
            _ => Ok(()), // a refusal, too, comes after all before it was read
        }
    }

    /// Ends the stream in order, and gets out what is still to be sent, within reason.
    pub async fn close(mut self) {
        if !self.session().is_online() {
            return;
        }
        let (session, now) = self.command();
        session.close(now);
        let gone = async { while !matches!(self.next().await, Event::Offline { .. }) {} };
        let _nobody_answers = tokio::time::timeout(PATIENCE, gone).await;
        self.driver.shutdown().await;
    }

    /// What an end comes to, in words for the user, with what to do next.
    pub fn explain(&self, error: &Error) -> Ending {
        let Connection { jid, domain, place, host, .. } = self;
        let failure = self.failure.as_deref();
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
            Error::Sasl(sasl::Error::Downgraded { .. } | sasl::Error::BindingStripped) => {
                let path = pin::path(jid);
                let hint = format!("if its administrators really took it away, remove {}", path.display());
                Outcome::Unauthorized.because(format!("{jid} cannot log in safely: {error}; {hint}"))
            }
            Error::Sasl(why) => Outcome::Unauthorized.because(format!("{jid} cannot log in: {why}")),
            Error::Untrusted => {
                let why = failure.unwrap_or("TLS could not be agreed on");
                let hint = match self.own_authority {
                    _ if why.contains("not TLS") => "; check the port, and --direct-tls",
                    _ if !why.contains("authority") => "",
                    true => "; is --ca the authority that signed it?",
                    false => "; --ca FILE trusts an authority of your own",
                };
                Outcome::Untrusted.because(format!("{place} does not prove to be {host}: {why}; nothing was sent{hint}"))
            }
            Error::NoStartTls | Error::StartTlsRefused | Error::Injected | Error::Insecure | Error::WrongFrom => {
                Outcome::Untrusted.because(format!("no safe connection to {place}: {error}; no password was sent"))
            }
            Error::NoTarget => Outcome::NotFound
                .because(format!("{domain} offers no XMPP service; check the address, or give --server HOST:PORT")),
            Error::NotFound(_) => Outcome::NotFound.because(format!(
                "cannot reach {place}: its name has no address; check the address and the network, or give --server HOST:PORT"
            )),
            Error::Connection(reason) => {
                let why = failure.unwrap_or(match reason {
                    CloseReason::Refused => "nobody accepts connections there",
                    CloseReason::Timeout => "no answer",
                    CloseReason::Peer | CloseReason::Reset => "it closed the connection",
                    CloseReason::Local | CloseReason::Overflow | CloseReason::Untrusted => "the connection failed",
                });
                Outcome::NotFound.because(format!("cannot reach {place}: {why}; check the network, and host and port"))
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

/// What it comes to that somebody gives no answer, or another than was hoped for.
pub fn refused(what: &str, why: &RequestError) -> Ending {
    let outcome = match why {
        RequestError::Refused(error) => return bounced(what, error),
        RequestError::Timeout => Outcome::Timeout,
        RequestError::Disconnected => Outcome::Failed,
    };
    outcome.because(format!("{what}: {why}"))
}

/// What an error that came back comes to.
pub fn bounced(what: &str, error: &StanzaError) -> Ending {
    let outcome = match error.condition {
        Condition::ItemNotFound | Condition::Gone | Condition::RemoteServerNotFound | Condition::JidMalformed => {
            Outcome::NotFound
        }
        Condition::RemoteServerTimeout => Outcome::Timeout,
        _ => Outcome::Refused,
    };
    let hint = match error.condition {
        Condition::ServiceUnavailable => "; there may be nobody of that name, or nobody there",
        Condition::RemoteServerNotFound => "; check the part behind the @",
        _ => "",
    };
    outcome.because(format!("{what}: {error}{hint}"))
}

/// The lookup under way, or nothing for ever.
async fn look_up(lookup: &mut Option<Pin<Box<dyn Future<Output = Vec<Target>>>>>) -> Vec<Target> {
    match lookup {
        Some(lookup) => lookup.await,
        None => pending().await,
    }
}

/// How long an orderly end may take.
const PATIENCE: Duration = Duration::from_secs(3);
/// How often, and how long after each other, to look whether the services have answered.
const SERVICE_ROUNDS: u32 = 20;
const SERVICE_PAUSE: Duration = Duration::from_millis(50);

#[cfg(test)]
#[path = "connection_tests.rs"]
mod tests;
