use std::io::Write;
use std::net::SocketAddr;
use std::time::Duration;

use net::Driver;
use rfc3261::endpoint::DropReason;
use rfc3261::proxy::{Decision, Event, Held, Home, Proxy};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::build::build;
use super::figures::figures;
use super::location::{Location, LocationFile, Saver};
use super::record::{binding, records};
use super::{Options, Settings};
use crate::common::metrics::{Page, Scrape, render, serve};
use crate::common::{Failure, Listen, Signals};

/// Runs the program until a signal ends it.
///
/// # Errors
/// What keeps it from starting.
pub fn main(options: Options) -> Result<(), Failure> {
    options.log.start()?;
    let is_json = options.json;
    let settings = Settings::new(options)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|e| Failure::runtime(format!("cannot start: {e}")))?;
    runtime.block_on(async {
        let server = Server::start(&settings, is_json).await?;
        // As a task of its own: the runtime wakes the outermost future by a system call, and a task without.
        tokio::spawn(server.run()).await.map_err(|e| Failure::runtime(format!("stopped by a mistake of its own: {e}")))
    })
}

/// The running program: the only place where events, signals, metrics and storage meet.
struct Server {
    driver: Driver<Proxy<Home>>,
    saver: Option<Saver>,
    /// REGISTER requests whose bindings are being stored, with their tickets.
    storing: std::collections::HashMap<u64, Held>,
    next_ticket: u64,
    signals: Signals,
    scrapes: mpsc::Receiver<Scrape>,
    drain: Duration,
}

impl Server {
    async fn start(settings: &Settings, is_json: bool) -> Result<Server, Failure> {
        let signals = Signals::new().map_err(|e| Failure::runtime(format!("cannot take signals: {e}")))?;
        let mut location = match &settings.location {
            Some(path) => Some(LocationFile::open(path)?),
            None => None,
        };
        let key = match &mut location {
            Some(location) => location.key()?,
            None => None,
        };
        let (mut driver, bound) = build(settings, key)?;
        let saver = match location {
            Some(location) => Some(Saver::start(restore(&mut driver, Box::new(location))?)),
            None => None,
        };
        let (ask, scrapes) = mpsc::channel(4);
        let metrics = match settings.metrics {
            Some(addr) => {
                let failed = |e| Failure::runtime(format!("cannot bind {addr}: {e}; choose another with --metrics"));
                let listener = TcpListener::bind(addr).await.map_err(failed)?;
                let addr = listener.local_addr().map_err(failed)?;
                tokio::spawn(serve(listener, &[Page::Metrics], ask));
                Some(addr)
            }
            None => None,
        };
        announce(settings, &bound, metrics, is_json);
        let drain = settings.drain;
        Ok(Server { driver, saver, storing: Default::default(), next_ticket: 0, signals, scrapes, drain })
    }

    async fn run(mut self) {
        let mut sweep = tokio::time::interval(Duration::from_secs(1));
        let mut stop_at: Option<tokio::time::Instant> = None;
        loop {
            let ended = stop_at.unwrap_or_else(|| tokio::time::Instant::now() + Duration::from_secs(3600));
            tokio::select! {
                event = self.driver.next() => self.on_event(event),
                (ticket, result) = saved(&mut self.saver) => self.on_saved(ticket, result),
                _ = sweep.tick(), if stop_at.is_none() => self.sweep(),
                Some(scrape) = self.scrapes.recv() => {
                    let text = render("sip_proxy", figures(&self.driver, self.driver.now().since_origin()));
                    let _asker_gone = scrape.reply.send(text);
                }
                signal = self.signals.next() => {
                    if stop_at.is_some() {
                        tracing::info!("{signal} again: stopping at once");
                        return;
                    }
                    tracing::info!("{signal}: finishing {} requests", self.driver.machine().waiting());
                    self.driver.machine_mut().drain();
                    stop_at = Some(tokio::time::Instant::now() + self.drain);
                }
                () = tokio::time::sleep(DRAIN_STEP), if stop_at.is_some() => {}
                () = tokio::time::sleep_until(ended), if stop_at.is_some() => {
                    tracing::warn!("{} requests were not finished in time", self.driver.machine().waiting());
                    break;
                }
            }
            if stop_at.is_some() && self.driver.machine().waiting() == 0 && self.storing.is_empty() {
                break;
            }
        }
        self.driver.shutdown().await;
        tracing::info!("stopped");
    }

    fn on_event(&mut self, event: Event) {
        match event {
            Event::Undecided(_) => self.store(),
            Event::Dropped { reason, from } => match reason {
                DropReason::Overload | DropReason::TooManyConnections => tracing::debug!(%from, ?reason, "refused"),
                _ => tracing::debug!(%from, ?reason, "dropped"),
            },
        }
    }

    /// Hands the bindings of new REGISTER requests to the storage.
    fn store(&mut self) {
        let epoch = self.driver.epoch();
        while let Some(held) = self.driver.machine_mut().router_mut().take_held() {
            let ticket = self.next_ticket;
            self.next_ticket += 1;
            let change = (held.aor.clone(), records(&held.bindings, epoch));
            let is_queued = self.saver.as_ref().is_none_or(|saver| saver.save(ticket, change));
            self.storing.insert(ticket, held);
            if !is_queued {
                self.on_saved(ticket, Err(Failure::runtime("too many changes wait to be stored")));
            }
        }
    }

    fn on_saved(&mut self, ticket: u64, result: Result<(), Failure>) {
        let Some(held) = self.storing.remove(&ticket) else { return };
        let (now, id) = (self.driver.now(), held.id);
        let proxy = self.driver.machine_mut();
        let response = match result {
            Ok(()) => held.response,
            Err(failure) => {
                tracing::error!(aor = held.aor, "{failure}");
                proxy.router_mut().undo(held)
            }
        };
        proxy.decide(now, id, Decision::Reply(response));
    }

    /// Takes bindings whose time was up out of the storage.
    fn sweep(&mut self) {
        let (now, epoch) = (self.driver.now(), self.driver.epoch());
        for aor in self.driver.machine_mut().router_mut().take_expired() {
            let left: Vec<_> = self.driver.machine().router().registrar().bindings().of(&aor, now).cloned().collect();
            if let Some(saver) = &self.saver {
                let ticket = self.next_ticket;
                self.next_ticket += 1;
                saver.save(ticket, (aor.to_string(), records(&left, epoch)));
            }
        }
    }
}

async fn saved(saver: &mut Option<Saver>) -> super::location::Saved {
    match saver {
        Some(saver) => saver.next().await,
        None => std::future::pending().await,
    }
}

/// Puts the bindings of an earlier run back, as far as they are still good.
fn restore(driver: &mut Driver<Proxy<Home>>, mut location: Box<dyn Location>) -> Result<Box<dyn Location>, Failure> {
    let (now, epoch) = (driver.now(), driver.epoch());
    let (mut restored, mut ended) = (0, Vec::new());
    for (aor, kept) in location.load()? {
        let bindings: Vec<_> = kept.iter().filter_map(|record| binding(record, now, epoch)).collect();
        if bindings.is_empty() {
            ended.push((aor, Vec::new()));
            continue;
        }
        restored += bindings.len();
        driver.machine_mut().router_mut().registrar_mut().bindings_mut().set(&aor, bindings);
    }
    location.save(&ended)?;
    tracing::info!("{restored} bindings restored");
    Ok(location)
}

/// Says that the program is ready, and where: one line on standard output.
fn announce(settings: &Settings, bound: &[Listen], metrics: Option<SocketAddr>, is_json: bool) {
    let listen: Vec<String> = bound.iter().map(ToString::to_string).collect();
    let users = settings.users.as_ref().map(|users| users.len());
    let line = match is_json {
        true => serde_json::json!({
            "ready": true,
            "listen": listen,
            "domains": settings.domains,
            "users": users,
            "metrics": metrics.map(|addr| format!("http://{addr}/metrics")),
        })
        .to_string(),
        false => {
            let who = users.map_or("open registration".to_string(), |n| format!("{n} users"));
            let metrics = metrics.map_or(String::new(), |addr| format!(", metrics at http://{addr}/metrics"));
            let (listen, domains) = (listen.join(" "), settings.domains.join(" "));
            format!("sip-proxy {} ready on {listen} for {domains}, {who}{metrics}", env!("CARGO_PKG_VERSION"))
        }
    };
    let mut out = std::io::stdout().lock();
    let _nobody_reads = writeln!(out, "{line}").and_then(|()| out.flush());
}

const DRAIN_STEP: Duration = Duration::from_millis(50);
