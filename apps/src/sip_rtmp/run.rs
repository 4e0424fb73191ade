//! Sets the gateway up, and its one loop.

use std::collections::BTreeMap;
use std::io::Write;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use net::{Clock, Driver, Drivers, Tls, Trace};
use rtmp::server::Server;
use tokio::time::{Instant as Wake, sleep_until};
use wire::{ConnId, Rng};

use super::Settings;
use super::line::{Line, LineConfig};
use super::ports::Ports;
use crate::common::{Failure, Signals, seed, trace};
use crate::rtmp_server::Wires;
use crate::rtmp_server::hub::{Hub, HubConfig, Sink, Spot, StreamKey};

/// Names a line for as long as the program runs.
pub(super) type LineId = u64;

/// The running gateway. Its handlers are in [`super::clients`] and [`super::lines`].
pub(super) struct Program {
    pub settings: Settings,
    pub clock: Clock,
    pub rng: Rng,
    pub trace: Option<Trace>,
    pub server: Driver<Server>,
    pub lines: Drivers<LineId, Line>,
    pub seats: BTreeMap<LineId, Seat>,
    /// The line of a path; it is still there while the line says its goodbyes.
    pub paths: BTreeMap<String, LineId>,
    /// Clients whose path belongs to a line that is on its way out.
    pub waiting: BTreeMap<String, Waiting>,
    pub clients: BTreeMap<ConnId, Client>,
    /// The queries of what each client connected to: application and whole address. A key may stand there.
    pub queries: BTreeMap<ConnId, [String; 2]>,
    /// Which line a published stream goes to.
    pub publishers: BTreeMap<Spot, LineId>,
    pub ports: Ports,
    pub hub: Hub,
    pub next_line: LineId,
    pub listening: Vec<SocketAddr>,
}

/// What a connection is for.
pub(super) enum Client {
    /// The line of that path.
    Line(String),
    /// Calls by the dial plan.
    Plain,
    /// Another application.
    Other(String),
}

/// Why there is a line.
#[derive(Clone, Debug)]
pub(super) enum Origin {
    /// A client connected.
    Client(ConnId),
    /// A plain publisher calls that address.
    Call(String),
    /// An extension of the dial plan.
    Extension,
}

/// Who belongs to a line.
pub(super) struct Seat {
    pub path: String,
    pub origin: Origin,
    /// What the other side says, under this name.
    pub key: StreamKey,
    /// Who gives commands and hears callbacks.
    pub control: Option<ConnId>,
    pub publisher: Option<Spot>,
    pub player: Option<Spot>,
    /// Texts under way: ticket and transaction.
    pub texts: BTreeMap<u64, f64>,
}

/// A client that waits for a line.
pub(super) struct Waiting {
    pub conn: ConnId,
    pub config: LineConfig,
}

/// Runs the gateway until a signal ends it.
///
/// # Errors
/// What keeps it from running: an address in use, a capture file that cannot be written.
pub async fn serve(settings: Settings, is_json: bool) -> Result<(), Failure> {
    let clock = Clock::start();
    let mut rng = Rng::from_seed(seed()?);
    let trace = trace(settings.trace.as_ref())?;
    let mut config = rtmp::server::Config::default();
    config.timing.answer = REGISTRATION; // connect is answered when the registration is through
    let tls = Tls { identity: settings.identity.clone(), ..Tls::default() };
    let limits = net::Config { clock, tls, ..net::Config::default() };
    let mut server = Driver::with_config(Server::new(config, rng.split()), limits);
    server.trace(trace.clone());
    let (mut bound, mut listening) = (Vec::new(), Vec::new());
    for place in &settings.listen {
        let local = server.listen(place.scheme.transport(), place.addr);
        let local = local.map_err(|e| Failure::runtime(format!("cannot listen on {place}: {e}")))?;
        bound.push(format!("{}:{local}", place.scheme.name()));
        listening.push(local);
    }
    announce(&bound, &settings, is_json);
    let ports = Ports::new(settings.max_lines.saturating_mul(10));
    let mut program = Program {
        settings,
        clock,
        rng,
        trace,
        server,
        lines: Drivers::new(),
        seats: BTreeMap::new(),
        paths: BTreeMap::new(),
        waiting: BTreeMap::new(),
        clients: BTreeMap::new(),
        queries: BTreeMap::new(),
        publishers: BTreeMap::new(),
        ports,
        hub: Hub::new(HubConfig { slow_reader: SLOW_READER, ..HubConfig::default() }),
        next_line: 0,
        listening,
    };
    program.open_extensions();
    program.run().await?;
    program.server.shutdown().await;
    tracing::info!("stopped");
    Ok(())
}

impl Program {
    /// The one loop.
    async fn run(&mut self) -> Result<(), Failure> {
        let mut signals = Signals::new().map_err(Failure::runtime)?;
        let mut stop_at: Option<Wake> = None;
        loop {
            if stop_at.is_some() && self.lines.is_empty() {
                return Ok(());
            }
            let ended = stop_at.unwrap_or_else(|| Wake::now() + FAR);
            tokio::select! {
                event = self.server.next() => self.on_rtmp(event),
                (id, event) = self.lines.next() => self.on_line(id, event),
                signal = signals.next() => {
                    if stop_at.is_some() {
                        tracing::info!("{signal} again: stopping at once");
                        return Ok(());
                    }
                    tracing::info!("{signal}: {} lines say goodbye", self.lines.len());
                    self.leave();
                    stop_at = Some(Wake::now() + self.settings.goodbye + GRACE);
                }
                () = sleep_until(ended), if stop_at.is_some() => return Ok(()),
            }
        }
    }

    /// Sends everybody away and closes every line.
    fn leave(&mut self) {
        let now = self.server.now();
        for address in std::mem::take(&mut self.listening) {
            self.server.unbind_tcp(address);
        }
        self.waiting.clear();
        for conn in self.server.machine().connections() {
            self.server.machine_mut().disconnect(now, conn);
        }
        let lines: Vec<LineId> = self.lines.keys().copied().collect();
        for line in lines {
            self.close_line(line);
        }
    }

    /// The hub, and where its words go.
    pub fn with_hub<R>(&mut self, act: impl FnOnce(&mut Hub, &mut Outlet<'_>) -> R) -> R {
        let now = self.server.now();
        act(&mut self.hub, &mut Outlet(Wires { now, driver: &mut self.server }))
    }
}

/// The server as the hub sees it.
pub(super) struct Outlet<'a>(Wires<'a>);

impl Sink for Outlet<'_> {
    fn unsent(&self, conn: ConnId) -> usize {
        self.0.unsent(conn)
    }

    fn chunk_size(&self, conn: ConnId) -> u32 {
        self.0.chunk_size(conn)
    }

    fn at_once(&mut self, conn: ConnId, is_on: bool) {
        self.0.at_once(conn, is_on);
    }

    fn send(&mut self, spot: Spot, chunks: Bytes) {
        self.0.send(spot, chunks);
    }

    fn published(&mut self, spot: Spot, key: &StreamKey, is_on: bool) {
        // who commands a line hears of its calls by callbacks, and plays on from one to the next
        if !key.app.starts_with(LINE) {
            self.0.published(spot, key, is_on);
        }
    }

    fn disconnect(&mut self, conn: ConnId, why: &'static str) {
        self.0.disconnect(conn, why);
    }
}

/// Says that the program is ready, and where: one line on standard output.
fn announce(bound: &[String], settings: &Settings, is_json: bool) {
    let line = match is_json {
        true => serde_json::json!({
            "ready": true,
            "listen": bound,
            "int-ip": settings.int_ip,
            "extensions": settings.dial_plan.extension.len(),
        })
        .to_string(),
        false => {
            let (version, ip) = (env!("CARGO_PKG_VERSION"), settings.int_ip);
            format!("sip-rtmp {version} ready on {}, SIP and RTP on {ip}", bound.join(" "))
        }
    };
    let mut out = std::io::stdout().lock();
    let _nobody_reads = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// What the applications begin with that stand for the calls of lines. No client can ask for them: slashes at the ends of
/// what it asks for are taken off.
pub(super) const LINE: &str = "/line/";

/// How long connect may wait for the registrar: longer than a transaction of SIP.
const REGISTRATION: Duration = Duration::from_secs(40);

/// Bytes that wait for one player before it loses messages: some seconds of a call.
const SLOW_READER: usize = 512 << 10;

/// What the goodbyes get beyond their own limit.
const GRACE: Duration = Duration::from_millis(500);

const FAR: Duration = Duration::from_secs(3600);
