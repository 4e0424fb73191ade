use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use hyper::Uri;
use net::{Tls, Trust};
use rtmp::url::{Scheme, Url};

use super::access::Keys;
use super::callback;
use super::hub::{CacheLimits, HubConfig, SecondPublisher, StreamKey};
use super::listen::{Place, identity, read};
use super::options::{Options, SecondPublisherName};
use super::record::Bounds;
use crate::common::Failure;

/// The options, checked and with every default filled in.
#[derive(Debug)]
pub struct Settings {
    /// Where to listen.
    pub listen: Vec<Place>,
    /// How rtmps is secured, ours and that of the servers we relay with.
    pub tls: Tls,
    /// Where metrics are served.
    pub metrics: Option<SocketAddr>,
    /// The capture file.
    pub trace: Option<PathBuf>,
    /// Connections at most.
    pub max_connections: usize,
    /// Applications that are served; empty means any.
    pub apps: Vec<String>,
    /// The rules of the hub.
    pub hub: HubConfig,
    /// Whether players wait for a publisher.
    pub waits: bool,
    /// The folder of recordings.
    pub record_dir: Option<PathBuf>,
    /// Whether live streams are recorded.
    pub record_all: bool,
    /// How many recordings there may be, and how long.
    pub recording: Bounds,
    /// Keys for publishing and playing.
    pub keys: Keys,
    /// Whom to ask before publishing.
    pub on_publish: Option<Uri>,
    /// Whom to ask before playing.
    pub on_play: Option<Uri>,
    /// Streams that come from other servers.
    pub pull: Vec<Relay>,
    /// Streams that go to other servers.
    pub push: Vec<Relay>,
}

/// One stream, or all of an application, and another server.
#[derive(Clone, Debug)]
pub struct Relay {
    /// The application here.
    pub app: String,
    /// The name here; none means every name.
    pub name: Option<String>,
    /// The address there; `*` in its stream name stands for the name here.
    pub url: String,
}

impl Relay {
    fn parse(text: &str, option: &str, any: bool) -> Result<Relay, Failure> {
        let wrong = |why: String| Failure::usage(format!("{option}: {why}; expected APP/NAME=rtmp://HOST/APP/NAME"));
        let (here, url) = text.split_once('=').ok_or_else(|| wrong("no = in it".into()))?;
        let (app, name) = here.rsplit_once('/').ok_or_else(|| wrong(format!("{here:?} has no application")))?;
        if name == "*" && !any {
            return Err(wrong("it takes one stream".into()));
        }
        let parsed = Url::parse(&url.replace('*', "x")).map_err(|e| wrong(e.to_string()))?;
        if parsed.stream.is_none() {
            return Err(wrong("the address names no stream".into()));
        }
        Ok(Relay { app: app.into(), name: Some(name.into()).filter(|name: &String| name != "*"), url: url.into() })
    }

    /// The address there for a stream here, if it is meant.
    pub fn url_for(&self, key: &StreamKey) -> Option<Url> {
        let is_meant = self.app == key.app && self.name.as_ref().is_none_or(|name| *name == key.name);
        is_meant.then(|| Url::parse(&self.url.replace('*', &key.name)).ok()).flatten()
    }
}

impl Settings {
    /// Checks the options.
    ///
    /// # Errors
    /// [`Failure::Usage`] saying which option is wrong and what to give instead.
    pub fn new(options: Options) -> Result<Settings, Failure> {
        let listen = if options.listen.is_empty() {
            vec![Place { scheme: Scheme::Rtmp, addr: SocketAddr::from(([127, 0, 0, 1], 1935)) }]
        } else {
            options.listen.clone()
        };
        let keys = options.keys.as_deref().map(Keys::read).transpose()?;
        let asked = |url: &Option<String>, name: &str| {
            let parse = |url: &String| callback::parse_url(url).map_err(|e| Failure::usage(format!("{name}: {e}")));
            url.as_ref().map(parse).transpose()
        };
        let (on_publish, on_play) =
            (asked(&options.on_publish, "--on-publish")?, asked(&options.on_play, "--on-play")?);
        let reachable = listen.iter().find(|place| !place.addr.ip().is_loopback());
        let open = keys.is_none() && on_publish.is_none() && !options.open_publishing.unwrap_or(false);
        if let (Some(place), true) = (reachable, open) {
            return Err(Failure::usage(format!(
                "anyone could publish at {place}; give --keys FILE or --on-publish URL, or --open-publishing to allow it"
            )));
        }
        if options.record_all.unwrap_or(false) && options.record_dir.is_none() {
            return Err(Failure::usage("--record-all needs --record-dir"));
        }
        if let Some(dir) = options.record_dir.as_ref().filter(|dir| !dir.is_dir()) {
            return Err(Failure::usage(format!("--record-dir {}: there is no such folder", dir.display())));
        }
        let relays = |list: &[String], option: &str, any| {
            list.iter().map(|text| Relay::parse(text, option, any)).collect::<Result<Vec<_>, _>>()
        };
        let (gather, crowd) =
            if options.low_delay.unwrap_or(false) { (Duration::ZERO, usize::MAX) } else { (GATHER, CROWD) };
        let hub = HubConfig {
            gather,
            crowd,
            second_publisher: match options.second_publisher {
                Some(SecondPublisherName::TakeOver) => SecondPublisher::TakeOver,
                _ => SecondPublisher::Refuse,
            },
            idle_publisher: Duration::from_secs(options.idle_publisher.unwrap_or(3)),
            cache: CacheLimits {
                bytes: options.gop_cache.map_or(CacheLimits::default().bytes, |mib| mib.saturating_mul(1 << 20)),
                ..CacheLimits::default()
            },
            slow_reader: options.slow_reader.unwrap_or(1024).clamp(16, 1 << 20) << 10,
            ..HubConfig::default()
        };
        let usual = Bounds::default();
        let recording = Bounds {
            open: options.max_recordings.unwrap_or(usual.open),
            bytes: options.max_recording_size.map_or(usual.bytes, |mib| mib.saturating_mul(1 << 20)),
            time: options.max_recording_time.map_or(usual.time, Duration::from_secs),
        };
        Ok(Settings {
            tls: tls(&options, &listen)?,
            pull: relays(&options.pull, "--pull", false)?,
            push: relays(&options.push, "--push", true)?,
            metrics: options.metrics,
            trace: options.trace,
            max_connections: options.max_connections.unwrap_or(10_000).max(1),
            apps: options.app,
            hub,
            waits: !options.no_wait.unwrap_or(false),
            record_dir: options.record_dir,
            record_all: options.record_all.unwrap_or(false),
            recording,
            keys: keys.unwrap_or_default(),
            on_publish,
            on_play,
            listen,
        })
    }
}

/// How our TLS and that of the servers we relay with is secured.
fn tls(options: &Options, listen: &[Place]) -> Result<Tls, Failure> {
    let identity = identity(options.cert.as_deref(), options.key.as_deref(), listen)?;
    let trust = match &options.ca {
        Some(path) => Trust::roots(read(path, "--ca")?)
            .map_err(|e| Failure::usage(format!("--ca {}: {e}; it takes certificates in PEM", path.display())))?,
        None => Trust::System,
    };
    Ok(Tls { identity, trust, ..Tls::default() })
}

/// For how long sound waits for the picture that it can share a packet with: one at 25 pictures a second.
const GATHER: Duration = Duration::from_millis(40);
/// From how many players on the processor counts for more than up to 40 ms.
const CROWD: usize = 50;

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(change: impl FnOnce(&mut Options)) -> Result<Settings, Failure> {
        let mut options = Options::default();
        change(&mut options);
        Settings::new(options)
    }

    #[test]
    fn alone_it_serves_this_machine_only() {
        let settings = settings(|_| ()).unwrap();
        assert!(settings.listen.iter().all(|place| place.addr.ip().is_loopback()));
        assert!(settings.waits && settings.tls.identity.is_none());
    }

    #[test]
    fn open_publishing_beyond_loopback_must_be_asked_for() {
        let public = |o: &mut Options| o.listen = vec!["rtmp:0.0.0.0:1935".parse().unwrap()];
        let failure = settings(public).unwrap_err();
        assert!(failure.code() == 2 && failure.to_string().contains("--keys"), "{failure}");
        let asked = |o: &mut Options| {
            public(o);
            o.open_publishing = Some(true);
        };
        assert!(settings(asked).is_ok());
    }

    #[test]
    fn contradictions_are_refused() {
        assert!(settings(|o| o.record_all = Some(true)).is_err());
        assert!(settings(|o| o.record_dir = Some("/nonexistent/dir".into())).is_err());
        assert!(settings(|o| o.on_play = Some("nonsense".into())).is_err());
        for wrong in
            ["live/cam", "live=rtmp://h/a/b", "live/*=rtmp://h/a/b", "live/cam=rtmp://h", "live/cam=http://h/a/b"]
        {
            assert!(settings(|o| o.pull = vec![wrong.into()]).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_relay_knows_its_streams() {
        let all = settings(|o| o.push = vec!["live/*=rtmp://h/there/*?key=1".into()]).unwrap().push.remove(0);
        let url = all.url_for(&StreamKey::new("live", "cam")).unwrap();
        assert_eq!(url.stream.as_deref(), Some("cam?key=1"));
        assert!(all.url_for(&StreamKey::new("other", "cam")).is_none());
    }

    #[test]
    fn rtmps_has_a_certificate_of_its_own() {
        let settings = settings(|o| o.listen = vec!["rtmps:127.0.0.1:0".parse().unwrap()]).unwrap();
        assert!(settings.tls.identity.is_some());
    }
}
