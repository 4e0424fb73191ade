use std::collections::HashMap;
use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use net::{Clock, Config, Driver};
use rtmp::server::{ClosedReason, Event, Role, Server as Rtmp, Track};
use rtmp::status::{self, Status};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::sync::mpsc::{Receiver, UnboundedReceiver, UnboundedSender, channel, unbounded_channel};
use wire::{ConnId, Instant, Rng};

use super::callback::Verdict;
use super::files::FilePlay;
use super::hub::{Hub, Spot, StreamKey};
use super::record::{Recorded, Recorder};
use super::relay::Relays;
use super::wires::Wires;
use super::{Action, Options, Settings, listen};
use crate::common::metrics::{Page, Scrape, render, serve};
use crate::common::{Failure, Signals, seed, trace};

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
        let server = Server::start(settings, is_json).await?;
        // As a task of its own: the runtime wakes the outermost future by a system call, and a task without.
        tokio::spawn(server.run()).await.map_err(|e| Failure::runtime(format!("stopped by a mistake of its own: {e}")))
    })
}

/// What is known of a connection.
#[derive(Debug)]
pub(super) struct Client {
    pub remote: SocketAddr,
    pub secure: bool,
    pub app: String,
    /// The queries of the application and of the whole address: a key may stand there.
    pub queries: [String; 2],
    pub tc_url: String,
    pub program: String,
}

/// A question that was put to a web server, or to a file, and its answer.
#[derive(Debug)]
pub(super) enum Answered {
    Verdict { spot: Spot, action: Action, ticket: u64, verdict: Verdict },
    Opened { spot: Spot, ticket: u64, file: Box<std::io::Result<FilePlay>>, is_seek: Option<f64> },
}

/// A publish or play that waits for its answer, or that was allowed.
#[derive(Clone, Debug)]
pub(super) struct Wish {
    pub ticket: u64,
    pub key: StreamKey,
    pub action: Action,
    /// For a publisher: record or append; for a player: from where.
    pub mode: rtmp::server::PublishMode,
    pub start: f64,
    pub duration: f64,
    /// How much the player buffers, if it has said so.
    pub buffer: Option<Duration>,
}

/// The running program: the only place where events, signals, metrics, files and other servers meet.
pub(super) struct Server {
    pub settings: Settings,
    pub driver: Driver<Rtmp>,
    pub hub: Hub,
    pub clients: HashMap<ConnId, Client>,
    pub wishes: HashMap<Spot, Wish>,
    pub next_ticket: u64,
    pub recorders: HashMap<Spot, Recorder>,
    /// Those, and recordings whose streams are over but whose files are not finished.
    pub recordings_open: usize,
    pub files: HashMap<Spot, FilePlay>,
    /// When files are looked at next.
    pub next_step: Instant,
    pub relays: Relays,
    pub answers: UnboundedSender<Answered>,
    /// For the questions to web servers: so many are under way at a time, however many clients want something.
    pub turns: Arc<Semaphore>,
    pub recorded: UnboundedSender<Recorded>,
    pub counts: Counts,
}

/// What the program counts beside what its machines count.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub published: u64,
    pub played: u64,
    pub denied: u64,
    pub name_taken: u64,
    pub not_found: u64,
    pub recordings: u64,
    pub recordings_broken: u64,
    pub recordings_full: u64,
    pub recordings_refused: u64,
}

/// The other ends of what the loop listens to.
struct Ears {
    signals: Signals,
    scrapes: Receiver<Scrape>,
    answers: UnboundedReceiver<Answered>,
    recorded: UnboundedReceiver<Recorded>,
}

struct Running {
    server: Server,
    ears: Ears,
}

impl Server {
    async fn start(settings: Settings, is_json: bool) -> Result<Running, Failure> {
        let signals = Signals::new().map_err(|e| Failure::runtime(format!("cannot take signals: {e}")))?;
        let clock = Clock::start();
        let limits = rtmp::server::Limits { connections: settings.max_connections, ..Default::default() };
        let mut rng = Rng::from_seed(seed()?);
        let machine = Rtmp::new(rtmp::server::Config { limits, ..Default::default() }, rng.split());
        let config = Config {
            clock,
            connections: settings.max_connections,
            // Above the point where messages are dropped: one group of pictures may go to a joiner at once.
            stream_queue: 2 * settings.hub.slow_reader + settings.hub.cache.bytes + (1 << 20),
            tls: settings.tls.clone(),
            ..Config::default()
        };
        let mut driver = Driver::with_config(machine, config);
        driver.trace(trace(settings.trace.as_ref())?);
        let mut bound = Vec::new();
        for place in &settings.listen {
            let failed = |e| Failure::runtime(format!("cannot listen on {place}: {e}; choose another with --listen"));
            let addr = driver.listen(place.scheme.transport(), place.addr).map_err(failed)?;
            bound.push(listen::Place { addr, ..*place });
        }
        let (ask, scrapes) = channel(4);
        let metrics = match settings.metrics {
            Some(addr) => {
                let failed = |e| Failure::runtime(format!("cannot bind {addr}: {e}; choose another with --metrics"));
                let listener = TcpListener::bind(addr).await.map_err(failed)?;
                let addr = listener.local_addr().map_err(failed)?;
                tokio::spawn(serve(listener, &[Page::Metrics, Page::Status], ask));
                Some(addr)
            }
            None => None,
        };
        announce(&bound, metrics, is_json);
        let (answers, answered) = unbounded_channel();
        let (recorded, ended) = unbounded_channel();
        let relays = Relays::new(&settings, clock, rng);
        let server = Server {
            hub: Hub::new(settings.hub.clone()),
            settings,
            driver,
            clients: HashMap::new(),
            wishes: HashMap::new(),
            next_ticket: 0,
            recorders: HashMap::new(),
            recordings_open: 0,
            files: HashMap::new(),
            next_step: Instant::ZERO,
            relays,
            answers,
            turns: Arc::new(Semaphore::new(QUESTIONS)),
            recorded,
            counts: Counts::default(),
        };
        Ok(Running { server, ears: Ears { signals, scrapes, answers: answered, recorded: ended } })
    }

    /// The hub with the sockets that it sends to.
    pub fn hub(&mut self) -> (&mut Hub, Wires<'_>) {
        let now = self.driver.now();
        (&mut self.hub, Wires { now, driver: &mut self.driver })
    }

    pub fn on_event(&mut self, event: Event) {
        let now = self.driver.now();
        match event {
            Event::Media { conn, stream, message } => self.on_media(Spot { conn, stream }, &message),
            Event::Connect { conn, remote, secure, request } => self.on_connect(now, conn, remote, secure, &request),
            Event::Publish { conn, stream, name, query, mode } => {
                self.on_publish(Spot { conn, stream }, &name, &query, mode);
            }
            Event::Play { conn, stream, name, query, start, duration, .. } => {
                self.on_play(Spot { conn, stream }, &name, &query, start, duration);
            }
            Event::Switch { conn, stream, name, query, .. } => self.on_switch(Spot { conn, stream }, &name, &query),
            Event::Stopped { conn, stream, was } => self.on_stopped(Spot { conn, stream }, was),
            Event::Pause { conn, stream, pause, at } => self.on_pause(Spot { conn, stream }, pause, at),
            Event::Seek { conn, stream, to } => self.on_seek(Spot { conn, stream }, to),
            Event::Receive { conn, stream, track, on } => self.hub.set(Spot { conn, stream }, |state| match track {
                Track::Audio => state.audio = on,
                Track::Video => state.video = on,
            }),
            Event::BufferLength { conn, stream, millis } => {
                let (spot, length) = (Spot { conn, stream }, Duration::from_millis(millis.into()));
                if let Some(wish) = self.wishes.get_mut(&spot) {
                    wish.buffer = Some(length);
                }
                if let Some(file) = self.files.get_mut(&spot) {
                    file.buffer(length);
                }
            }
            Event::Command { conn, transaction, name, .. } => {
                tracing::debug!(%name, "unknown command");
                let info = Status::error(status::CALL_FAILED, &format!("Method not found ({name}).")).to_object();
                let _client_gone = self.driver.machine_mut().answer(now, conn, transaction, Err(info));
            }
            Event::Closed { conn, reason } => self.on_closed(conn, reason),
            Event::Dropped { conn, reason } => {
                let remote = self.clients.get(&conn).map(|client| client.remote);
                tracing::debug!(?remote, ?reason, "dropped");
            }
            Event::Answer { .. } | Event::SharedObject { .. } => {}
        }
    }

    fn on_connect(
        &mut self,
        now: Instant,
        conn: ConnId,
        remote: SocketAddr,
        secure: bool,
        request: &rtmp::server::ConnectRequest,
    ) {
        let (app, query) = rtmp::url::split_query(&request.app);
        let app = app.trim_matches('/');
        let first = app.split('/').next().unwrap_or_default();
        let machine = self.driver.machine_mut();
        if !self.settings.apps.is_empty() && !self.settings.apps.iter().any(|served| served == first) {
            self.counts.not_found += 1;
            tracing::info!(%remote, app, "rejected: no such application");
            let _client_gone = machine.reject(now, conn, &format!("There is no application {first:?} here."));
            return;
        }
        let client = Client {
            remote,
            secure,
            app: app.to_owned(),
            queries: [query.to_owned(), rtmp::url::split_query(&request.tc_url).1.to_owned()],
            tc_url: request.tc_url.to_string(),
            program: request.flash_ver.to_string(),
        };
        tracing::info!(%remote, app, program = client.program, "connected");
        self.clients.insert(conn, client);
        let _client_gone = machine.accept(now, conn, None);
    }

    fn on_closed(&mut self, conn: ConnId, reason: ClosedReason) {
        let (hub, mut wires) = self.hub();
        hub.gone(conn, &mut wires);
        if let Some(client) = self.clients.remove(&conn) {
            tracing::info!(remote = %client.remote, ?reason, "disconnected");
        }
    }

    fn on_stopped(&mut self, spot: Spot, was: Role) {
        self.wishes.remove(&spot);
        match was {
            Role::Publishing => self.end_publishing(spot),
            Role::Playing => {
                self.files.remove(&spot);
                self.hub.stop(spot);
            }
        }
    }

    /// Ends all connections in order.
    fn disconnect_all(&mut self) {
        let now = self.driver.now();
        for conn in self.driver.machine().connections() {
            self.driver.machine_mut().disconnect(now, conn);
        }
        self.relays.close();
        self.recorders.clear();
    }
}

impl Running {
    async fn run(self) {
        let Running { mut server, mut ears } = self;
        let mut tick = tokio::time::interval(Duration::from_secs(1));
        loop {
            let wake = server.wake();
            tokio::select! {
                event = server.driver.next() => server.on_event(event),
                (id, event) = server.relays.next() => server.on_relay(id, event),
                () = tokio::time::sleep(wake.unwrap_or_default()), if wake.is_some() => server.on_time(),
                Some(answer) = ears.answers.recv() => server.on_answer(answer),
                Some(recorded) = ears.recorded.recv() => server.on_recorded(recorded),
                _ = tick.tick() => server.tend(),
                Some(scrape) = ears.scrapes.recv() => {
                    let text = match scrape.page {
                        Page::Metrics => render("rtmp_server", server.figures()),
                        Page::Status => server.status().to_string(),
                    };
                    let _asker_gone = scrape.reply.send(text);
                }
                signal = ears.signals.next() => {
                    tracing::info!("{signal}: ending {} connections", server.clients.len());
                    break;
                }
            }
        }
        let recordings = server.recordings_open;
        server.disconnect_all();
        let Server { driver, recorded, .. } = server;
        drop(recorded); // the channel ends when the last recording has
        let finished = async {
            driver.shutdown().await;
            for _ in 0..recordings {
                let Some(recorded) = ears.recorded.recv().await else { break };
                log(&recorded);
            }
        };
        tokio::select! {
            () = finished => {}
            signal = ears.signals.next() => tracing::info!("{signal} again: stopping at once"),
        }
        tracing::info!("stopped");
    }
}

/// Says how a recording ended.
pub(super) fn log(recorded: &Recorded) {
    let path = recorded.path.display();
    match &recorded.outcome {
        Ok(length) => tracing::info!(%path, length, "recorded"),
        Err(why) => tracing::error!(%path, "recording broke off: {why}"),
    }
}

/// Says that the program is ready, and where: one line on standard output.
fn announce(bound: &[listen::Place], metrics: Option<SocketAddr>, is_json: bool) {
    let listen: Vec<String> = bound.iter().map(ToString::to_string).collect();
    let line = match is_json {
        true => serde_json::json!({
            "ready": true,
            "listen": listen,
            "metrics": metrics.map(|addr| format!("http://{addr}/metrics")),
            "status": metrics.map(|addr| format!("http://{addr}/status")),
        })
        .to_string(),
        false => {
            let metrics = metrics.map_or(String::new(), |addr| format!(", metrics at http://{addr}/metrics"));
            format!("rtmp-server {} ready on {}{metrics}", env!("CARGO_PKG_VERSION"), listen.join(" "))
        }
    };
    let mut out = std::io::stdout().lock();
    let _nobody_reads = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// Questions to web servers at a time.
const QUESTIONS: usize = 64;
