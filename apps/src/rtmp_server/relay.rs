//! Streams from other servers, once somebody here wants them, and streams that go on to other servers.

use std::collections::BTreeMap;
use std::time::Duration;

use net::{Clock, Config, Driver, Drivers, Tls};
use rtmp::client::{self, Client, Event};
use rtmp::flv::Tag;
use rtmp::server::PublishMode;
use rtmp::url::Url;
use rtmp::{Message, status};
use serde_json::{Value, json};
use wire::{ConnId, Instant, Rng};

use super::hub::{Hub, Spot, StreamKey};
use super::server::Server;
use super::settings::{Relay, Settings};

/// One stream and the other server that it comes from or goes to.
#[derive(Debug)]
struct Line {
    key: StreamKey,
    url: Url,
    is_pull: bool,
    /// The message stream there, once media flow.
    stream: Option<u32>,
    is_ready: bool,
    /// When to connect again, and how long to wait after the next failure.
    retry_at: Option<Instant>,
    backoff: Duration,
    /// Since when nobody here wants what is pulled.
    unwanted: Option<Instant>,
    /// Video is left out up to the next key frame.
    needs_key_frame: bool,
    sent: u64,
}

/// All of them.
pub(super) struct Relays {
    drivers: Drivers<u64, Client>,
    lines: BTreeMap<u64, Line>,
    next: u64,
    pull: Vec<Relay>,
    push: Vec<Relay>,
    clock: Clock,
    tls: Tls,
    rng: Rng,
    slow: usize,
}

impl Relays {
    pub fn new(settings: &Settings, clock: Clock, rng: Rng) -> Relays {
        Relays {
            drivers: Drivers::new(),
            lines: BTreeMap::new(),
            next: 0,
            pull: settings.pull.clone(),
            push: settings.push.clone(),
            clock,
            tls: settings.tls.clone(),
            rng,
            slow: settings.hub.slow_reader,
        }
    }

    pub async fn next(&mut self) -> (u64, Event) {
        self.drivers.next().await
    }

    pub fn pushes_any(&self) -> bool {
        !self.lines.is_empty()
    }

    pub fn may_pull(&self, key: &StreamKey) -> bool {
        self.pull.iter().any(|relay| relay.url_for(key).is_some())
    }

    /// Somebody plays `key`: it is fetched, unless it is here or on its way.
    pub fn wanted(&mut self, now: Instant, key: &StreamKey, hub: &Hub) {
        let is_here = hub.stream(key).is_some_and(|stream| stream.source().is_some());
        if is_here || self.lines.values().any(|line| line.is_pull && line.key == *key) {
            return;
        }
        if let Some(url) = self.pull.iter().find_map(|relay| relay.url_for(key)) {
            self.begin(now, key, url, true);
        }
    }

    /// `key` began to be published here: it goes on to whoever is to have it.
    pub fn published(&mut self, now: Instant, key: &StreamKey) {
        self.unpublished(key);
        let urls: Vec<Url> = self.push.iter().filter_map(|relay| relay.url_for(key)).collect();
        for url in urls {
            self.begin(now, key, url, false);
        }
    }

    pub fn unpublished(&mut self, key: &StreamKey) {
        let over: Vec<u64> =
            self.lines.iter().filter(|(_, line)| !line.is_pull && line.key == *key).map(|(id, _)| *id).collect();
        for id in over {
            self.end(id);
        }
    }

    /// Somebody else publishes here what this one fetched.
    pub fn stop_pull(&mut self, conn: ConnId) {
        let pulled =
            self.lines.iter().find(|(id, line)| line.is_pull && Spot::apart(**id).conn == conn).map(|(id, _)| *id);
        if let Some(id) = pulled {
            self.end(id);
        }
    }

    /// Sends a message of `key` to the servers that it goes to.
    pub fn push(&mut self, now: Instant, key: &StreamKey, message: &Message) {
        for (id, line) in &mut self.lines {
            if line.is_pull || line.key != *key || !line.is_ready {
                continue;
            }
            let (Some(stream), Some(driver)) = (line.stream, self.drivers.at(id)) else { continue };
            let tag = Tag::from_message(message);
            let is_key = tag.as_ref().is_some_and(Tag::is_key_frame);
            let is_header = tag.as_ref().is_some_and(|tag| tag.is_sequence_header() || tag.is_metadata());
            if driver.unsent(client_conn()) + driver.machine().unsent() > self.slow && !is_header {
                line.needs_key_frame = true;
                continue;
            }
            let is_video = message.kind == rtmp::MessageType::Video;
            if line.needs_key_frame && is_video && !is_key && !is_header {
                continue;
            }
            line.needs_key_frame &= !is_key;
            let message = tag.map_or_else(|| message.clone(), |tag| tag.to_publish(stream));
            line.sent += 1;
            let _server_gone = driver.machine_mut().send(now, stream, &message);
        }
    }

    pub fn close(&mut self) {
        let now = self.clock.now();
        for id in self.lines.keys() {
            if let Some(driver) = self.drivers.at(id) {
                driver.machine_mut().close(now);
            }
        }
        self.lines.clear();
    }

    pub fn describe(&self) -> Vec<Value> {
        let line = |line: &Line| {
            json!({
                "app": line.key.app,
                "name": line.key.name,
                "direction": if line.is_pull { "pull" } else { "push" },
                "url": line.url.to_string(),
                "connected": line.is_ready,
                "messages_sent": line.sent,
            })
        };
        self.lines.values().map(line).collect()
    }

    fn begin(&mut self, now: Instant, key: &StreamKey, url: Url, is_pull: bool) {
        self.next += 1;
        let id = self.next;
        let line = Line {
            key: key.clone(),
            url,
            is_pull,
            stream: None,
            is_ready: false,
            retry_at: None,
            backoff: FIRST_RETRY,
            unwanted: None,
            needs_key_frame: true,
            sent: 0,
        };
        self.lines.insert(id, line);
        self.connect(now, id);
    }

    fn connect(&mut self, now: Instant, id: u64) {
        let Some(line) = self.lines.get_mut(&id) else { return };
        (line.stream, line.is_ready, line.retry_at) = (None, false, None);
        tracing::info!(stream = %line.key, url = %line.url, pull = line.is_pull, "relay connects");
        let mut tls = self.tls.clone();
        tls.server_name = Some(line.url.host.clone());
        let config = Config { clock: self.clock, tls, stream_queue: 4 * self.slow, ..Config::default() };
        let client = Client::new(client::Config::new(line.url.clone()), self.rng.split());
        let mut driver = Driver::with_config(client, config);
        let _first_time = driver.machine_mut().connect(now);
        self.drivers.insert(id, driver);
    }

    fn end(&mut self, id: u64) {
        if let Some(line) = self.lines.remove(&id) {
            tracing::info!(stream = %line.key, url = %line.url, "relay ends");
        }
        if let Some(mut driver) = self.drivers.remove(&id) {
            driver.machine_mut().close(self.clock.now());
            tokio::spawn(driver.shutdown()); // gets out what is queued
        }
    }

    fn fail(&mut self, now: Instant, id: u64, why: &str) {
        self.drivers.remove(&id);
        let Some(line) = self.lines.get_mut(&id) else { return };
        tracing::warn!(stream = %line.key, url = %line.url, "relay failed: {why}; next try in {:?}", line.backoff);
        line.retry_at = Some(now + line.backoff);
        line.backoff = (line.backoff * 2).min(LAST_RETRY);
        (line.stream, line.is_ready) = (None, false);
    }
}

impl Server {
    pub(super) fn on_relay(&mut self, id: u64, event: Event) {
        let now = self.driver.now();
        match event {
            Event::Media { message, .. } => self.on_media(Spot::apart(id), &message),
            Event::Connected { .. } => {
                if let Some(driver) = self.relays.drivers.at(&id) {
                    let _answered_below = driver.machine_mut().create_stream(now);
                }
            }
            Event::StreamCreated { stream, .. } => self.relay_stream(now, id, stream),
            Event::Status { status, .. } => self.relay_status(now, id, &status),
            Event::Rejected { description, .. } => self.relay_failed(now, id, &description),
            Event::StreamRefused { .. } => self.relay_failed(now, id, "it gives no stream"),
            Event::Stopped { .. } => self.relay_failed(now, id, "the stream ended there"),
            Event::Closed { reason } => self.relay_failed(now, id, &reason.to_string()),
            _ => {}
        }
    }

    fn relay_stream(&mut self, now: Instant, id: u64, stream: u32) {
        let (Some(line), Some(driver)) = (self.relays.lines.get_mut(&id), self.relays.drivers.at(&id)) else { return };
        line.stream = Some(stream);
        let name = line.url.stream.clone().unwrap_or_default();
        let machine = driver.machine_mut();
        let _told_by_status = match line.is_pull {
            true => machine.play(now, stream, &name, -1.0, -1.0, true),
            false => machine.publish(now, stream, &name, PublishMode::Live),
        };
    }

    fn relay_status(&mut self, now: Instant, id: u64, told: &status::Status) {
        if told.is_error() {
            let why = told.description.to_string();
            return self.relay_failed(now, id, &why);
        }
        let Some(line) = self.relays.lines.get_mut(&id) else { return };
        let (key, is_pull) = (line.key.clone(), line.is_pull);
        match (&*told.code, is_pull) {
            (status::PLAY_START | status::PLAY_PUBLISH_NOTIFY, true) if !line.is_ready => {
                (line.is_ready, line.backoff) = (true, FIRST_RETRY);
                let (hub, mut wires) = self.hub();
                if hub.publish(now, &key, Spot::apart(id), &mut wires).is_err() {
                    self.relays.end(id); // published here meanwhile
                } else {
                    self.relays.published(now, &key);
                }
            }
            (status::PLAY_UNPUBLISH_NOTIFY, true) => self.relay_failed(now, id, "the stream ended there"),
            (status::PUBLISH_START, false) => {
                (line.is_ready, line.backoff, line.needs_key_frame) = (true, FIRST_RETRY, true);
                let Some(stream) = self.hub.stream(&key) else { return };
                let first: Vec<Message> = stream.for_joiner().collect();
                for message in first {
                    self.relays.push(now, &key, &message);
                }
            }
            _ => {}
        }
    }

    fn relay_failed(&mut self, now: Instant, id: u64, why: &str) {
        self.relays.fail(now, id, why);
        self.end_publishing(Spot::apart(id));
    }

    /// Connects again where that is due, and ends what nobody wants any more.
    pub(super) fn tend_relays(&mut self) {
        let now = self.driver.now();
        let mut due = Vec::new();
        let mut over = Vec::new();
        for (id, line) in &mut self.relays.lines {
            let stream = self.hub.stream(&line.key);
            let is_wanted = match line.is_pull {
                true => stream.is_some_and(|stream| !stream.players().is_empty()),
                false => stream.is_some_and(|stream| stream.source().is_some()),
            };
            match (is_wanted, line.unwanted) {
                (true, _) => line.unwanted = None,
                (false, None) => line.unwanted = Some(now),
                (false, Some(since)) if now - since >= UNWANTED => over.push(*id),
                (false, Some(_)) => {}
            }
            if is_wanted && line.retry_at.is_some_and(|at| at <= now) {
                due.push(*id);
            }
        }
        for id in over {
            self.relays.end(id);
            self.end_publishing(Spot::apart(id));
        }
        for id in due {
            self.relays.connect(now, id);
        }
    }
}

/// The number that a client gives its one connection.
fn client_conn() -> ConnId {
    ConnId::outbound(0)
}

const FIRST_RETRY: Duration = Duration::from_secs(1);
const LAST_RETRY: Duration = Duration::from_secs(30);
/// How long a stream is still fetched when its last player has left.
const UNWANTED: Duration = Duration::from_secs(10);
