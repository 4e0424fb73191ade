//! Sets the program up, and its one loop.

use std::net::IpAddr;
use std::time::Duration;

use net::{Clock, Driver, Trace};
use rfc3261::ua::{Account, Registration, UserAgent};
use tokio::sync::mpsc;
use tokio::time::{Instant as Wake, sleep_until};
use wire::{Instant, Rng};

use super::console::Console;
use super::line::{Line, source};
use super::media::Told;
use super::options::Options;
use super::outcome::Outcome;
use super::password;
use super::report::Report;
use super::setup::{bind, config, local_addresses, parse_uri};
use super::tap::Tap;
use super::typed::Typed;
use crate::common::{Failure, Signals, seed, trace};

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
    /// The report of the call that has just ended, until the last answer has come in or this moment.
    pub report: Option<(Report, Wake)>,
    /// Set when the program shall end; it does once the call and the registration are gone.
    pub leaving: Option<End>,
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

const LOOK_AGAIN: Duration = Duration::from_millis(20);

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
    let trace = trace(options.trace.as_ref())?;
    let agent = UserAgent::new(config(&options, &ips, password)?, rng.split());
    let limits = net::Config { clock, ..net::Config::default() };
    let mut sip = Driver::with_config(Tap::new(agent), limits);
    sip.trace(trace.clone());
    let bound = bind(&mut sip, &options, &ips)?;
    let shown: Vec<String> = bound.iter().map(|(transport, address)| format!("{transport}:{address}")).collect();
    console.event(
        sip.now(),
        "listening",
        &format!("listening on {}", shown.join(" ")),
        &[("on", shown.clone().into())],
    );

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
        report: None,
        leaving: None,
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
            self.print_report(false);
            let idle = self.line.is_none() && self.registration.is_none() && self.report.is_none();
            if let Some(end) = self.leaving.as_ref().filter(|_| idle) {
                return Ok(end.clone());
            }
            // the answer to a BYE is no event, so a report that waits for it looks again and again
            let look_again = self.report.as_ref().map(|_| Wake::now() + LOOK_AGAIN);
            let wake = self.alarms.iter().map(|(at, _)| *at).chain(look_again).min();
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

    async fn close(mut self) {
        self.print_report(true);
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

/// Seconds on the program's clock between two moments, to the millisecond.
pub(super) fn seconds(from: Instant, to: Instant) -> f64 {
    ((to - from).as_secs_f64() * 1000.0).round() / 1000.0
}
