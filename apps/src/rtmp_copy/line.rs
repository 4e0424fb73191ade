//! A connection to a server, by which a stream is played or published. It follows redirects and requests to reconnect.

use std::time::Duration;

use bytestring::ByteString;
use net::{Config, Driver, Tls, Trace, Trust};
use rtmp::client::{self, Client, Event};
use rtmp::flv::Tag;
use rtmp::server::PublishMode;
use rtmp::url::Url;
use rtmp::{Capabilities, Message, status};
use wire::{ConnId, Instant, Rng};

use super::Options;
use crate::common::{self, Failure};

/// What the stream of a line is used for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Use {
    /// It is played from so many milliseconds on; -2 is live, or recorded when nothing is live.
    Play(f64),
    /// It is published.
    Publish(PublishMode),
}

/// What happened on a line.
#[derive(Debug)]
pub enum Told {
    /// Media flow, or may be sent, from now on; again after every reconnect.
    Ready,
    /// Audio, video or data.
    Media(Message),
    /// The stream is over, in order.
    Over(String),
    /// It cannot go on.
    Failed(String),
}

/// One stream of a server.
pub struct Line {
    driver: Driver<Client>,
    url: Url,
    purpose: Use,
    tls: Tls,
    rng: Rng,
    trace: Option<Trace>,
    stream: Option<u32>,
    /// When media could be sent on the present connection.
    ready: Instant,
    /// Redirects and reconnects since media flowed last.
    hops: u32,
    /// Old connections being closed.
    closing: tokio::task::JoinSet<()>,
    pub reconnects: u32,
}

const MAX_HOPS: u32 = 8;
/// For how long a publisher stays with a server that did not only pass it on.
const STAY: Duration = Duration::from_secs(5);
/// Bytes kept for a server that does not take them, beyond which the connection is given up.
const QUEUE: usize = 64 << 20;

impl Line {
    /// Begins to connect.
    pub fn open(url: &Url, purpose: Use, options: &Options, trace: Option<&Trace>) -> Result<Line, Failure> {
        let trust = match &options.ca {
            _ if options.insecure => Trust::Anyone,
            Some(path) => {
                let named = |why: String| Failure::usage(format!("--ca {}: {why}", path.display()));
                let pem = std::fs::read(path).map_err(|why| named(why.to_string()))?;
                Trust::roots(&pem).map_err(|why| named(why.to_string()))?
            }
            None => Trust::System,
        };
        let tls = Tls { trust, ..Tls::default() };
        let mut rng = Rng::from_seed(common::seed()?);
        let trace = trace.cloned();
        let driver = connect(url, &tls, &mut rng, trace.clone());
        Ok(Line {
            driver,
            url: url.clone(),
            purpose,
            tls,
            rng,
            trace,
            stream: None,
            ready: Instant::FAR,
            hops: 0,
            closing: tokio::task::JoinSet::new(),
            reconnects: 0,
        })
    }

    /// Waits for the next thing that happens. May be cancelled without losing one.
    pub async fn next(&mut self) -> Told {
        loop {
            let event = self.driver.next().await;
            if let Some(told) = self.on_event(event) {
                return told;
            }
        }
    }

    /// Whether the stream may be sent on.
    pub fn is_ready(&self) -> bool {
        self.stream.is_some()
    }

    /// Bytes that the server has not taken.
    pub fn unsent(&self) -> usize {
        self.driver.unsent(ConnId::outbound(0)) + self.driver.machine().unsent()
    }

    /// Sends a tag as a publisher does. Nothing is sent while the line is not ready.
    pub fn send(&mut self, tag: &Tag) {
        let Some(stream) = self.stream else { return };
        let now = self.driver.now();
        if now > self.ready + STAY {
            self.hops = 0;
        }
        let _told_as_closed = self.driver.machine_mut().send(now, stream, &tag.to_publish(stream));
    }

    /// Ends the stream and the connection, and waits until what was sent has gone out, within reason.
    pub async fn close(mut self, patience: Duration) {
        let drained = async {
            while self.unsent() > 0 {
                tokio::select! {
                    told = self.next() => if let Told::Failed(_) | Told::Over(_) = told { return },
                    () = tokio::time::sleep(Duration::from_millis(5)) => {}
                }
            }
        };
        let _ = tokio::time::timeout(patience, drained).await;
        let now = self.driver.now();
        self.driver.machine_mut().close(now);
        self.driver.shutdown().await;
        self.closing.join_all().await;
    }

    fn on_event(&mut self, event: Event) -> Option<Told> {
        let now = self.driver.now();
        match event {
            Event::Connected { .. } => {
                let _told_as_closed = self.driver.machine_mut().create_stream(now);
            }
            Event::StreamCreated { stream, .. } => {
                let name = self.url.stream.clone().unwrap_or_default();
                let machine = self.driver.machine_mut();
                let done = match self.purpose {
                    Use::Play(start) => machine.play(now, stream, &name, start, -1.0, true),
                    Use::Publish(mode) => machine.publish(now, stream, &name, mode),
                };
                if let Err(why) = done {
                    return Some(Told::Failed(why.to_string()));
                }
                if let Use::Play(_) = self.purpose {
                    // What players commonly ask for, so that a file comes somewhat ahead of its time.
                    let _told_as_closed = machine.buffer_length(now, stream, 3_000);
                }
            }
            Event::StreamRefused { error, .. } => {
                return Some(Told::Failed(format!("the server gives no stream: {error:?}")));
            }
            Event::Status { stream, status } => return self.on_status(stream, &status),
            Event::Media { message, .. } => {
                self.hops = 0;
                return Some(Told::Media(message));
            }
            Event::Rejected { redirect: Some(url), .. } => return self.redirect(&url, "redirect"),
            Event::Rejected { code, description, .. } => {
                let text = if description.is_empty() { code } else { description };
                return Some(Told::Failed(format!("the server refuses: {text}")));
            }
            Event::ReconnectRequest { tc_url, description } => {
                tracing::info!("the server asks to connect anew: {description}");
                let url = tc_url.unwrap_or_else(|| self.url.tc_url().into());
                return self.redirect(&url, "reconnect request");
            }
            Event::Stopped { .. } if self.stream.take().is_some() => {
                return Some(Told::Over("the server ended the stream".into()));
            }
            Event::Closed { reason } => return Some(self.on_closed(&reason)),
            Event::Dropped { reason } => tracing::debug!("dropped {reason:?}"),
            _ => {}
        }
        None
    }

    fn on_closed(&mut self, reason: &client::ClosedReason) -> Told {
        use wire::CloseReason::Peer;
        match reason {
            client::ClosedReason::Transport(Peer) if matches!(self.purpose, Use::Play(_)) => {
                Told::Over(reason.to_string())
            }
            _ => Told::Failed(reason.to_string()),
        }
    }

    fn on_status(&mut self, stream: u32, status: &status::Status) -> Option<Told> {
        tracing::debug!("status {} {}", status.code, status.description);
        if status.is_error() {
            let text = if status.description.is_empty() { &status.code } else { &status.description };
            return Some(Told::Failed(format!("the server refuses: {text}")));
        }
        match (self.purpose, &*status.code) {
            (Use::Play(_), status::PLAY_START) | (Use::Publish(_), status::PUBLISH_START) if self.stream.is_none() => {
                self.stream = Some(stream);
                self.ready = self.driver.now();
                Some(Told::Ready)
            }
            (Use::Play(_), status::PLAY_STOP | status::PLAY_COMPLETE) => {
                Some(Told::Over("the stream is at its end".into()))
            }
            (Use::Play(_), status::PLAY_UNPUBLISH_NOTIFY) => Some(Told::Over("nobody publishes any more".into())),
            _ => None,
        }
    }

    /// Connects anew, and closes the connection that was.
    //= e-rtmp#reconnect/client MUST
    //# Without a tcUrl the same place is taken again; the stream keeps its name, and goes on there.
    fn redirect(&mut self, to: &ByteString, why: &str) -> Option<Told> {
        self.hops += 1;
        if self.hops > MAX_HOPS {
            return Some(Told::Failed("the server sends us from place to place".into()));
        }
        let mut url = match Url::parse_app(to) {
            Ok(url) => url,
            Err(error) => return Some(Told::Failed(format!("a {why} to a URL that cannot be read: {error}"))),
        };
        // Some servers name the stream too.
        if let Some(name) = &self.url.stream
            && let Some(app) = url.app.strip_suffix(name.as_str())
        {
            url.app = app.trim_end_matches('/').to_owned();
        }
        url.stream.clone_from(&self.url.stream);
        tracing::info!("{why} to {url}");
        self.url = url;
        self.stream = None;
        self.reconnects += 1;
        let mut old =
            std::mem::replace(&mut self.driver, connect(&self.url, &self.tls, &mut self.rng, self.trace.clone()));
        let now = old.now();
        old.machine_mut().close(now);
        self.closing.spawn(async move {
            old.shutdown().await;
        });
        None
    }
}

fn connect(url: &Url, tls: &Tls, rng: &mut Rng, trace: Option<Trace>) -> Driver<Client> {
    let tls = Tls { server_name: Some(url.host.clone()), ..tls.clone() };
    let net = Config { tls, stream_queue: QUEUE, ..Config::default() };
    let mut config = client::Config::new(url.clone());
    config.capabilities = Capabilities::forward_all();
    let mut driver = Driver::with_config(Client::new(config, rng.split()), net);
    driver.trace(trace);
    let now = driver.now();
    let _first_time = driver.machine_mut().connect(now);
    driver
}
