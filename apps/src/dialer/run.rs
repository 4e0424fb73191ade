//! Sets the program up, and its one loop.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use net::{Clock, Driver, Trace};
use rfc3261::endpoint::Listen;
use rfc3261::message::{NameAddr, Uri, host_text};
use rfc3261::ua::{Account, Config, Registration, UserAgent};
use tokio::sync::mpsc;
use tokio::time::{Instant as Wake, sleep_until};
use wire::{Instant, Rng, Transport};

use super::console::Console;
use super::line::{Line, source};
use super::media::Told;
use super::options::Options;
use super::outcome::Outcome;
use super::tap::Tap;
use super::typed::Typed;
use super::{password, route};
use crate::common::{Failure, Signals, seed};

/// How the program ended, with a line about it if that is not plain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    /// The exit status stands for it.
    pub outcome: Outcome,
    /// What to tell the user on standard error.
    pub why: Option<String>,
}

/// The running program. Its handlers are in [`super::signalling`] and [`super::commands`].
pub(super) struct Program {
    pub options: Options,
    pub console: Console,
    pub clock: Clock,
    pub rng: Rng,
    pub sip: Driver<Tap<UserAgent>>,
    pub trace: Option<Trace>,
    /// The addresses that we listen on.
    pub ips: Vec<IpAddr>,
    /// The one call.
    pub line: Option<Line>,
    /// How many calls there were.
    pub calls: u32,
    pub registration: Option<Registration>,
    /// Whether the call or message of the command line is still to be made.
    pub to_do: bool,
    pub alarms: Vec<(Wake, Alarm)>,
    /// Set when the program shall end; it does once the call and the registration are gone.
    pub leaving: Option<End>,
    /// What the command line asked for came to.
    pub result: Option<End>,
}

/// What happens at a set time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Alarm {
    /// Answer the call that rings as the options say.
    Respond,
    /// Nobody answered our call.
    RingTimeout,
    /// The call has lasted long enough.
    HangUp,
    /// Hold and resume.
    Hold(bool),
    /// Listening has lasted long enough.
    Stop,
    /// The goodbye took too long.
    GiveUp,
}

/// How long the goodbyes may take at the end.
const LAST_WORDS: Duration = Duration::from_secs(3);

/// Runs the program.
///
/// # Errors
/// What keeps it from running: a port in use, a file that cannot be read.
pub async fn run(options: Options) -> Result<End, Failure> {
    if !options.has_task() {
        return Err(Failure::usage("nothing to do: give --to, --listen or --register; see --help"));
    }
    if !options.no_sdp {
        source(&options).map_err(Failure::runtime)?; // a bad file is told before anybody is called
    }
    let console = Console::new(options.json);
    let password = password::password(&options)?;
    let ips = match local_addresses(&options).await {
        Ok(ips) => ips,
        Err(why) => return Ok(End { outcome: Outcome::NotFound, why: Some(why) }),
    };
    let clock = Clock::start();
    let mut rng = Rng::from_seed(seed()?);
    let trace = match &options.trace {
        Some(path) => Some(Trace::to_file(path).map_err(|e| cannot("write", &path.display(), &e))?),
        None => None,
    };
    let agent = UserAgent::new(config(&options, &ips, password)?, rng.split());
    let limits = net::Config { clock, ..net::Config::default() };
    let mut sip = Driver::with_config(Tap::new(agent), limits);
    sip.trace(trace.clone());
    let bound = bind(&mut sip, &options, &ips)?;
    let shown: Vec<String> = bound.iter().map(|(transport, address)| format!("{transport}:{address}")).collect();
    console.event(sip.now(), "listening", &format!("listening on {}", shown.join(" ")), &[("on", shown.clone().into())]);

    let to_do = options.to.is_some();
    let mut program = Program {
        options,
        console,
        clock,
        rng,
        sip,
        trace,
        ips,
        line: None,
        calls: 0,
        registration: None,
        to_do,
        alarms: Vec::new(),
        leaving: None,
        result: None,
    };
    program.begin().await?;
    let end = program.serve().await?;
    program.close().await;
    Ok(end)
}

impl Program {
    /// Does the first thing that the command line asks for.
    async fn begin(&mut self) -> Result<(), Failure> {
        if let Some(seconds) = self.options.duration.filter(|_| self.options.to.is_none()) {
            self.alarm(seconds, Alarm::Stop);
        }
        match self.options.register {
            true => self.register(),
            false => {
                self.do_task().await;
                Ok(())
            }
        }
    }

    fn register(&mut self) -> Result<(), Failure> {
        let domain = self.options.domain.clone().unwrap_or_default();
        let aor = parse_uri(&format!("sip:{}@{domain}", self.options.user))?;
        let account = Account { expires: self.options.register_interval, ..Account::new(aor) };
        let now = self.sip.now();
        let registration = self.sip.machine_mut().at(now).register(now, account).map_err(Failure::runtime)?;
        self.registration = Some(registration);
        Ok(())
    }

    /// The one loop.
    async fn serve(&mut self) -> Result<End, Failure> {
        let mut signals = Signals::new().map_err(Failure::runtime)?;
        let mut typed = keyboard();
        loop {
            if let Some(end) = self.leaving.as_ref().filter(|_| self.line.is_none() && self.registration.is_none()) {
                return Ok(end.clone());
            }
            let wake = self.alarms.iter().map(|(at, _)| *at).min();
            tokio::select! {
                event = self.sip.next() => self.on_event(event).await,
                told = told(&mut self.line) => self.on_audio(told),
                Some(line) = typed.recv() => self.on_typed(line).await,
                name = signals.next() => {
                    if self.leaving.is_some() {
                        return Ok(End { outcome: Outcome::Interrupted, why: Some(format!("stopped by {name}")) });
                    }
                    self.leave(End { outcome: Outcome::Interrupted, why: None });
                }
                () = asleep(wake) => {
                    if let Some(end) = self.on_time().await {
                        return Ok(end);
                    }
                }
            }
        }
    }

    /// Carries out what is due; the end, when the goodbyes took too long.
    async fn on_time(&mut self) -> Option<End> {
        let now = Wake::now();
        let due: Vec<Alarm> = self.alarms.iter().filter(|(at, _)| *at <= now).map(|(_, alarm)| *alarm).collect();
        self.alarms.retain(|(at, _)| *at > now);
        for alarm in due {
            match alarm {
                Alarm::Respond => self.respond(self.options.auto_respond).await,
                Alarm::RingTimeout => {
                    if let Some(line) = &mut self.line {
                        line.verdict = Some(Outcome::NoAnswer);
                    }
                    self.hang_up();
                }
                Alarm::HangUp => self.hang_up(),
                Alarm::Hold(hold) => self.hold(hold),
                Alarm::Stop => self.leave(End { outcome: Outcome::Done, why: None }),
                Alarm::GiveUp => return self.leaving.clone(),
            }
        }
        None
    }

    /// Ends the program in order: hang up, unregister, then stop.
    pub fn leave(&mut self, end: End) {
        if self.leaving.is_some() {
            return;
        }
        self.leaving = Some(end);
        self.hang_up();
        let now = self.sip.now();
        if let Some(registration) = self.registration
            && self.sip.machine_mut().at(now).unregister(now, registration).is_err()
        {
            self.registration = None;
        }
        self.alarms.clear();
        self.alarms.push((Wake::now() + LAST_WORDS, Alarm::GiveUp));
    }

    /// Sets an alarm that many seconds from now.
    pub fn alarm(&mut self, seconds: f64, alarm: Alarm) {
        self.alarms.push((Wake::now() + Duration::from_secs_f64(seconds), alarm));
    }

    /// Takes back the alarms of a call.
    pub fn calm(&mut self) {
        self.alarms.retain(|(_, alarm)| matches!(alarm, Alarm::Stop | Alarm::GiveUp));
    }

    async fn close(self) {
        let now = self.sip.now();
        if let Some(mut line) = self.line {
            line.hang_up(now).await;
        }
        self.sip.shutdown().await;
        if let Some(Err(error)) = self.trace.map(|trace| trace.finish()) {
            eprintln!("dialer: the capture is not complete: {error}");
        }
    }
}

/// What the audio of the call tells next.
async fn told(line: &mut Option<Line>) -> Told {
    match line {
        Some(line) => line.told().await,
        None => std::future::pending().await,
    }
}

async fn asleep(until: Option<Wake>) {
    match until {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// The lines that are typed, until the keyboard is closed. A thread of its own reads them, since that cannot be stopped.
fn keyboard() -> mpsc::Receiver<Typed> {
    let (sender, receiver) = mpsc::channel(16);
    std::thread::spawn(move || {
        for line in std::io::stdin().lines().map_while(Result::ok) {
            if let Some(typed) = Typed::read(&line)
                && sender.blocking_send(typed).is_err()
            {
                return;
            }
        }
    });
    receiver
}

/// Where to listen: where the options say, else the address that leads to the next hop, else everywhere.
async fn local_addresses(options: &Options) -> Result<Vec<IpAddr>, String> {
    let target = options.uri.as_ref().or(options.to.as_ref());
    let hop = match (&options.proxy, target, &options.domain) {
        (Some(proxy), ..) => Some(format!("sip:{proxy}")),
        (None, Some(to), _) => Some(to.clone()),
        (None, None, Some(domain)) if options.register => Some(format!("sip:{domain}")),
        _ => None,
    };
    let Some(hop) = hop else {
        return Ok(options.int_ip.map_or_else(route::everywhere, |ip| vec![ip]));
    };
    let uri = parse_address(&hop)?.uri().clone();
    let host = uri.host().ok_or_else(|| format!("{hop}: there is no host in it"))?;
    let remote = match host.ip() {
        Some(ip) => ip,
        None => {
            let found = tokio::net::lookup_host((host.as_str(), uri.port().unwrap_or(5060))).await;
            let mut found = found.map_err(|e| format!("cannot resolve {}: {e}", host.as_str()))?;
            found.next().map(|address| address.ip()).ok_or_else(|| format!("{} has no address", host.as_str()))?
        }
    };
    if let Some(ip) = options.int_ip {
        return Ok(vec![ip]);
    }
    route::towards(remote).map(|ip| vec![ip]).ok_or_else(|| format!("there is no way to {remote}"))
}

fn config(options: &Options, ips: &[IpAddr], password: Option<String>) -> Result<Config, Failure> {
    let ip = options.ext_ip.or(ips.first().copied()).unwrap_or(IpAddr::from([127, 0, 0, 1]));
    let domain = options.domain.clone().unwrap_or_else(|| host_text(ip));
    let from = NameAddr::new(&parse_uri(&format!("sip:{}@{domain}", options.user))?);
    let mut config = Config::new(from);
    if let Some(password) = password {
        let user = options.authuser.as_ref().unwrap_or(&options.user);
        config.credentials.push(rfc2617::Account::new(user, password));
    }
    if let Some(proxy) = &options.proxy {
        let loose = if options.strict_route { "" } else { ";lr" };
        config.proxy = Some(parse_uri(&format!("sip:{proxy}{loose}"))?);
    }
    config.transport = options.transport.first().copied().unwrap_or(Transport::Udp);
    config.user_agent = Some(options.user_agent.clone());
    config.subject = options.subject.clone();
    config.retry_min = Duration::from_secs(options.retry_interval.into());
    Ok(config)
}

/// Opens the SIP sockets: one port for all addresses and transports.
fn bind(
    sip: &mut Driver<Tap<UserAgent>>,
    options: &Options,
    ips: &[IpAddr],
) -> Result<Vec<(Transport, SocketAddr)>, Failure> {
    const TRIES: usize = 20;
    let mut error = None;
    for _ in 0..if options.port == 0 { TRIES } else { 1 } {
        match try_bind(sip, options, ips) {
            Ok(bound) => {
                let now = sip.now();
                for (transport, local) in &bound {
                    let mut listen = Listen::new(*transport, *local);
                    if let Some(ip) = options.ext_ip {
                        listen = listen.named(SocketAddr::new(ip, local.port()).to_string());
                    }
                    sip.machine_mut().at(now).listen(listen);
                }
                return Ok(bound);
            }
            Err(e) => error = Some(e),
        }
    }
    Err(error.unwrap_or_else(|| Failure::runtime("no port to listen on")))
}

fn try_bind(
    sip: &mut Driver<Tap<UserAgent>>,
    options: &Options,
    ips: &[IpAddr],
) -> Result<Vec<(Transport, SocketAddr)>, Failure> {
    let mut bound: Vec<(Transport, SocketAddr)> = Vec::new();
    for ip in ips {
        for transport in &options.transport {
            let port = bound.first().map_or(options.port, |(_, first)| first.port());
            let address = SocketAddr::new(*ip, port);
            let opened = match transport {
                Transport::Tcp => sip.bind_tcp(address),
                _ => sip.bind_udp(address),
            };
            match opened {
                Ok(local) => bound.push((*transport, local)),
                Err(e) => {
                    for (transport, local) in bound {
                        match transport {
                            Transport::Tcp => sip.unbind_tcp(local),
                            _ => sip.unbind_udp(local),
                        };
                    }
                    return Err(cannot("listen on", &format!("{transport}:{address}"), &e));
                }
            }
        }
    }
    Ok(bound)
}

fn cannot(what: &str, which: &dyn std::fmt::Display, error: &std::io::Error) -> Failure {
    Failure::runtime(format!("cannot {what} {which}: {error}"))
}

/// Reads who to call: a URI, one without its scheme, or one with a name.
pub(super) fn parse_address(text: &str) -> Result<NameAddr, String> {
    let text = text.trim();
    let known = ["sip:", "sips:", "tel:"].iter().any(|scheme| {
        text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    });
    let full = if known || text.contains('<') { text.to_owned() } else { format!("sip:{text}") };
    let address = NameAddr::parse(full).map_err(|_| format!("{text:?} is not a SIP address"))?;
    match address.uri().host() {
        Some(_) => Ok(address),
        None => Err(format!("{text:?} is not a SIP address")),
    }
}

fn parse_uri(text: &str) -> Result<Uri, Failure> {
    Uri::parse(text.to_owned()).map_err(|_| Failure::usage(format!("{text:?} is not a SIP address")))
}

/// Seconds on the program's clock between two moments, to the millisecond.
pub(super) fn seconds(from: Instant, to: Instant) -> f64 {
    ((to - from).as_secs_f64() * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whom_to_call_is_written_in_many_ways() {
        for text in ["sip:bob@h", "bob@h", "SIPS:bob@h", "\"Bob\" <sip:bob@h>", "h", "127.0.0.1:5080", "sip:[::1]:5060"] {
            assert!(parse_address(text).is_ok(), "{text}");
        }
        for text in ["", "sip:", "bob@", "<", "sip:bob@h\r\nX: y", "http://h"] {
            assert!(parse_address(text).is_err(), "{text}");
        }
    }
}
