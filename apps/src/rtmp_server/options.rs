use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Parser, ValueEnum};
use serde::Deserialize;

use super::listen::Place;
use crate::common::{Failure, LogOptions, read_config};

/// What `--second-publisher` may say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SecondPublisherName {
    /// The first one stays.
    Refuse,
    /// The new one stays.
    TakeOver,
}

/// The options of `rtmp-server`, from the command line or, with the same names, from a TOML file. An option that was
/// not given is `None` or empty: [`Settings`](super::Settings) knows the defaults.
#[derive(Parser, Clone, Debug, Default, Deserialize)]
#[command(name = "rtmp-server", version, about, long_about = None, max_term_width = 110, next_line_help = false)]
#[command(about = "RTMP server: publish, play, record, relay", after_help = EXAMPLES)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Options {
    /// Address to listen on, scheme rtmp, rtmps, rtmpt or rtmpts, may be repeated [default: rtmp:127.0.0.1:1935]
    #[arg(short, long, value_name = "SCHEME:IP:PORT", help_heading = "Network")]
    pub listen: Vec<Place>,
    /// Certificate chain for rtmps, in PEM [default: one of its own, made at each start]
    #[arg(long, value_name = "FILE", requires = "key", help_heading = "Network")]
    pub cert: Option<PathBuf>,
    /// Its private key, in PEM
    #[arg(long, value_name = "FILE", requires = "cert", help_heading = "Network")]
    pub key: Option<PathBuf>,
    /// Serve /metrics for Prometheus and /status as JSON over HTTP here, such as 127.0.0.1:9091
    #[arg(long, value_name = "IP:PORT", help_heading = "Network")]
    pub metrics: Option<SocketAddr>,
    /// Write all traffic, keys and what TLS hides included, to this capture file, readable by you alone
    #[arg(long, value_name = "FILE.pcap", help_heading = "Network")]
    pub trace: Option<PathBuf>,
    /// Connections at most [default: 10000]
    #[arg(long, value_name = "N", help_heading = "Network")]
    pub max_connections: Option<usize>,

    /// Application to serve, may be repeated [default: any]
    #[arg(short, long, value_name = "NAME", help_heading = "Streams")]
    pub app: Vec<String>,
    /// A second publisher of a name: `refuse` it while the first one is alive, or let it `take-over` [default: refuse]
    #[arg(long, value_enum, value_name = "RULE", hide_possible_values = true, help_heading = "Streams")]
    pub second_publisher: Option<SecondPublisherName>,
    /// A publisher that was silent for so long may be replaced in any case [default: 3]
    #[arg(long, value_name = "SECONDS", help_heading = "Streams")]
    pub idle_publisher: Option<u64>,
    /// MiB kept per stream so that a joiner starts with a key frame at once; 0 keeps none [default: 16]
    #[arg(long, value_name = "MIB", help_heading = "Streams")]
    pub gop_cache: Option<usize>,
    /// KiB that may wait for a player before it loses messages, up to the next key frame [default: 1024]
    #[arg(long, value_name = "KIB", help_heading = "Streams")]
    pub slow_reader: Option<usize>,
    /// Send sound at once instead of with the next picture, 40 ms later at most, and do not let anything wait for
    /// acknowledgements in streams with more than 50 players; costs up to twice the processor time
    #[arg(long, num_args = 0..=1, default_missing_value = "true", value_name = "BOOL", hide_possible_values = true, help_heading = "Streams")]
    pub low_delay: Option<bool>,
    /// Players of a stream that nobody publishes get an error instead of waiting for it
    #[arg(long, num_args = 0..=1, default_missing_value = "true", value_name = "BOOL", hide_possible_values = true, help_heading = "Streams")]
    pub no_wait: Option<bool>,

    /// Folder of FLV files, DIR/APP/NAME.flv: recordings go there, and files in it can be played
    #[arg(short, long, value_name = "DIR", help_heading = "Recording")]
    pub record_dir: Option<PathBuf>,
    /// Record live streams too, not only those that ask for it
    #[arg(long, num_args = 0..=1, default_missing_value = "true", value_name = "BOOL", hide_possible_values = true, help_heading = "Recording")]
    pub record_all: Option<bool>,
    /// Recordings under way at most; streams beyond are published without [default: 256]
    #[arg(long, value_name = "N", help_heading = "Recording")]
    pub max_recordings: Option<usize>,
    /// A recording ends when its file has so many MiB; its stream goes on; 0 is no end [default: 16384]
    #[arg(long, value_name = "MIB", help_heading = "Recording")]
    pub max_recording_size: Option<u64>,
    /// A recording ends after so many seconds; its stream goes on; 0 is no end [default: 86400]
    #[arg(long, value_name = "SECONDS", help_heading = "Recording")]
    pub max_recording_time: Option<u64>,

    /// Keys: lines of `publish|play APP/NAME KEY`; clients append ?key=KEY to the stream name
    #[arg(short, long, value_name = "FILE", help_heading = "Security")]
    pub keys: Option<PathBuf>,
    /// Ask here before somebody publishes: POST of a form, 2xx allows, 3xx redirects
    #[arg(long, value_name = "URL", help_heading = "Security")]
    pub on_publish: Option<String>,
    /// Ask here before somebody plays
    #[arg(long, value_name = "URL", help_heading = "Security")]
    pub on_play: Option<String>,
    /// Without keys or --on-publish, let anyone publish even if others than this machine can reach us
    #[arg(long, num_args = 0..=1, default_missing_value = "true", value_name = "BOOL", hide_possible_values = true, help_heading = "Security")]
    pub open_publishing: Option<bool>,

    /// Play APP/NAME from another server once somebody wants it, may be repeated
    #[arg(long, value_name = "APP/NAME=URL", help_heading = "Relay")]
    pub pull: Vec<String>,
    /// Publish APP/NAME (or APP/*) to another server too, may be repeated; `*` in the URL stands for the name
    #[arg(long, value_name = "APP/NAME=URL", help_heading = "Relay")]
    pub push: Vec<String>,
    /// Certificates in PEM of the authority that rtmps servers of --pull and --push are signed by [default: the system's]
    #[arg(long, value_name = "FILE", help_heading = "Relay")]
    pub ca: Option<PathBuf>,

    /// Read options from this TOML file; the command line wins
    #[arg(short, long, value_name = "FILE", help_heading = "Other")]
    #[serde(skip)]
    pub config: Option<PathBuf>,
    /// Print the ready line on standard output as JSON
    #[arg(long, help_heading = "Other")]
    #[serde(skip)]
    pub json: bool,
    /// About logging; on the command line only.
    #[command(flatten)]
    #[serde(skip)]
    pub log: LogOptions,
}

const EXAMPLES: &str = "\
Examples:
  rtmp-server                                     try it out, this machine only
  rtmp-server -l rtmp:0.0.0.0:1935 --keys keys.txt --record-dir recordings
  ffmpeg -re -i film.mp4 -c copy -f flv 'rtmp://127.0.0.1/live/film?key=KEY'
  ffplay rtmp://127.0.0.1/live/film

URLs of --push that hold a secret belong into the file of --config, where others cannot see them.
SIGTERM ends all connections in order and exits with 0; a second one exits at once.";

impl Options {
    /// The options of the file named by `--config`, if any, below those of the command line.
    ///
    /// # Errors
    /// [`Failure::Usage`] when the file cannot be read, with the line.
    pub fn with_config(self) -> Result<Options, Failure> {
        match self.config.clone() {
            Some(path) => Ok(self.over(read_config(&path)?)),
            None => Ok(self),
        }
    }

    fn over(self, file: Options) -> Options {
        fn list<T>(own: Vec<T>, file: Vec<T>) -> Vec<T> {
            if own.is_empty() { file } else { own }
        }
        Options {
            listen: list(self.listen, file.listen),
            cert: self.cert.or(file.cert),
            key: self.key.or(file.key),
            metrics: self.metrics.or(file.metrics),
            trace: self.trace.or(file.trace),
            max_connections: self.max_connections.or(file.max_connections),
            app: list(self.app, file.app),
            second_publisher: self.second_publisher.or(file.second_publisher),
            idle_publisher: self.idle_publisher.or(file.idle_publisher),
            gop_cache: self.gop_cache.or(file.gop_cache),
            slow_reader: self.slow_reader.or(file.slow_reader),
            low_delay: self.low_delay.or(file.low_delay),
            no_wait: self.no_wait.or(file.no_wait),
            record_dir: self.record_dir.or(file.record_dir),
            record_all: self.record_all.or(file.record_all),
            max_recordings: self.max_recordings.or(file.max_recordings),
            max_recording_size: self.max_recording_size.or(file.max_recording_size),
            max_recording_time: self.max_recording_time.or(file.max_recording_time),
            keys: self.keys.or(file.keys),
            on_publish: self.on_publish.or(file.on_publish),
            on_play: self.on_play.or(file.on_play),
            open_publishing: self.open_publishing.or(file.open_publishing),
            pull: list(self.pull, file.pull),
            push: list(self.push, file.push),
            ca: self.ca.or(file.ca),
            config: self.config,
            json: self.json,
            log: self.log,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::common::parse_args;

    fn parse(args: &[&str]) -> Result<Options, Failure> {
        parse_args(std::iter::once("rtmp-server").chain(args.iter().copied()).map(Into::into))
    }

    #[test]
    fn the_command_line_wins_over_the_file() {
        let file: Options =
            toml::from_str("listen = ['rtmp:127.0.0.1:0']\nsecond-publisher = 'take-over'\ngop-cache = 3").unwrap();
        let both = parse(&["--gop-cache", "0", "--app", "live"]).unwrap().over(file);
        assert_eq!(both.listen[0].to_string(), "rtmp:127.0.0.1:0");
        assert_eq!(both.second_publisher, Some(SecondPublisherName::TakeOver));
        assert_eq!((both.gop_cache, both.app), (Some(0), vec!["live".to_owned()]));
    }

    #[test]
    fn every_option_has_the_same_name_in_the_file() {
        use clap::CommandFactory;
        let only_on_command_line = ["config", "json", "verbose", "quiet", "log-format", "log-filter"];
        for arg in Options::command().get_arguments() {
            let name = arg.get_long().unwrap();
            if only_on_command_line.contains(&name) {
                continue;
            }
            let error = toml::from_str::<Options>(&format!("{name} = {{}}")).unwrap_err().to_string();
            assert!(!error.contains("unknown field"), "{error}");
        }
    }
}
