use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Parser;
use serde::Deserialize;

use super::settings::DigestAlgorithm;
use crate::common::{Failure, Listen, LogOptions, read_config};

/// The options of `sip-proxy`, from the command line or, with the same names, from a TOML file. An option that was not
/// given is `None` or empty: [`Settings`](super::Settings) knows the defaults.
#[derive(Parser, Clone, Debug, Default, Deserialize)]
#[command(name = "sip-proxy", version, about, long_about = None, max_term_width = 110, next_line_help = false)]
#[command(about = "SIP registrar, proxy and redirect server", after_help = EXAMPLES)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Options {
    /// Address to listen on, may be repeated [default: udp and tcp on 127.0.0.1:5060]
    #[arg(short, long, value_name = "TRANSPORT:IP:PORT", help_heading = "Network")]
    pub listen: Vec<Listen>,
    /// Name or address that others reach us by, when that is not the one we listen on
    #[arg(long, value_name = "HOST[:PORT]", help_heading = "Network")]
    pub advertise: Option<String>,
    /// Write every SIP message, what TLS hides included, to this capture file, readable by you alone
    #[arg(long, value_name = "FILE.pcap", help_heading = "Network")]
    pub trace: Option<PathBuf>,
    /// Serve metrics for Prometheus over HTTP here, such as 127.0.0.1:9090
    #[arg(long, value_name = "IP:PORT", help_heading = "Network")]
    pub metrics: Option<SocketAddr>,

    /// Domain to be responsible for, may be repeated [default: the addresses to listen on]
    #[arg(short, long, value_name = "HOST", help_heading = "Protocol")]
    pub domain: Vec<String>,
    /// Stay on the path of the whole call, not only of its first request
    #[arg(long, num_args = 0..=1, default_missing_value = "true", value_name = "BOOL", hide_possible_values = true, help_heading = "Protocol")]
    pub record_route: Option<bool>,
    /// Answer with the contacts (302) instead of forwarding to them
    #[arg(long, num_args = 0..=1, default_missing_value = "true", value_name = "BOOL", hide_possible_values = true, help_heading = "Protocol")]
    pub redirect: Option<bool>,
    /// How long a call may ring before it is cancelled (timer C) [default: 181]
    #[arg(long, value_name = "SECONDS", help_heading = "Protocol")]
    pub timer_c: Option<u64>,
    /// Live transactions at most; requests beyond get 503 [default: 100000]
    #[arg(long, value_name = "N", help_heading = "Protocol")]
    pub max_transactions: Option<usize>,
    /// How long to finish transactions after SIGTERM [default: 32]
    #[arg(long, value_name = "SECONDS", help_heading = "Protocol")]
    pub drain: Option<u64>,

    /// Where bindings are kept: `memory`, or a file that survives a restart [default: memory]
    #[arg(long, value_name = "memory|FILE", help_heading = "Registrar")]
    pub location: Option<String>,
    /// Shortest binding to accept; shorter ones get 423 [default: 60]
    #[arg(long, value_name = "SECONDS", help_heading = "Registrar")]
    pub min_expires: Option<u32>,
    /// Longest binding to give, and how long one lasts that says nothing [default: 3600]
    #[arg(long, value_name = "SECONDS", help_heading = "Registrar")]
    pub max_expires: Option<u32>,
    /// Bindings of one user at most [default: 10]
    #[arg(long, value_name = "N", help_heading = "Registrar")]
    pub max_contacts: Option<usize>,

    /// Users and passwords: lines of user:password or user:realm:HA1
    #[arg(short, long, value_name = "FILE", help_heading = "Security")]
    pub users: Option<PathBuf>,
    /// Realm of the digest challenge [default: the first domain]
    #[arg(long, value_name = "TEXT", help_heading = "Security")]
    pub realm: Option<String>,
    /// Digest algorithms to offer, in this order: md5, sha-256, sha-512-256 [default: md5]
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        value_name = "NAME,..",
        hide_possible_values = true,
        help_heading = "Security"
    )]
    pub digest: Vec<DigestAlgorithm>,
    /// Without --users, let anyone register even if others than this machine can reach us
    #[arg(long, num_args = 0..=1, default_missing_value = "true", value_name = "BOOL", hide_possible_values = true, help_heading = "Security")]
    pub open_registration: Option<bool>,

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
  sip-proxy                                   try it out: open registration, this machine only
  sip-proxy -l udp:192.0.2.1:5060 -l tcp:192.0.2.1:5060 -d example.com -u users.txt
  sip-proxy --config /etc/sip-proxy.toml --metrics 127.0.0.1:9090

SIGTERM finishes what is under way and exits with 0; a second one exits at once.";

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

    /// These options where given, else those of `file`.
    fn over(self, file: Options) -> Options {
        fn list<T>(ours: Vec<T>, file: Vec<T>) -> Vec<T> {
            if ours.is_empty() { file } else { ours }
        }
        Options {
            listen: list(self.listen, file.listen),
            advertise: self.advertise.or(file.advertise),
            trace: self.trace.or(file.trace),
            metrics: self.metrics.or(file.metrics),
            domain: list(self.domain, file.domain),
            record_route: self.record_route.or(file.record_route),
            redirect: self.redirect.or(file.redirect),
            timer_c: self.timer_c.or(file.timer_c),
            max_transactions: self.max_transactions.or(file.max_transactions),
            drain: self.drain.or(file.drain),
            location: self.location.or(file.location),
            min_expires: self.min_expires.or(file.min_expires),
            max_expires: self.max_expires.or(file.max_expires),
            max_contacts: self.max_contacts.or(file.max_contacts),
            users: self.users.or(file.users),
            realm: self.realm.or(file.realm),
            digest: list(self.digest, file.digest),
            open_registration: self.open_registration.or(file.open_registration),
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
        parse_args(std::iter::once("sip-proxy").chain(args.iter().copied()).map(Into::into))
    }

    #[test]
    fn the_command_line_wins_over_the_file() {
        let file: Options =
            toml::from_str("listen = ['udp:127.0.0.1:0']\ndomain = ['a.test']\nrecord-route = true\ntimer-c = 7")
                .unwrap();
        let both = parse(&["--domain", "b.test", "--record-route=false"]).unwrap().over(file);
        assert_eq!(both.domain, ["b.test"]);
        assert_eq!(both.listen[0].to_string(), "udp:127.0.0.1:0");
        assert_eq!((both.record_route, both.timer_c), (Some(false), Some(7)));
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
        let error = toml::from_str::<Options>("nonsense = 1").unwrap_err().to_string();
        assert!(error.contains("unknown field"), "{error}");
    }

    #[test]
    fn flags_may_stand_alone() {
        assert_eq!(parse(&["--redirect"]).unwrap().redirect, Some(true));
        assert_eq!(parse(&[]).unwrap().redirect, None);
    }
}
