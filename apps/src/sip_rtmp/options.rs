use std::net::IpAddr;
use std::path::PathBuf;

use clap::Parser;
use serde::Deserialize;

use super::dialplan::DialPlan;
use crate::common::{Failure, LogOptions, read_config};
use crate::rtmp_server::Place;

/// The options of `sip-rtmp`, from the command line or, with the same names, from a TOML file. An option that was not
/// given is `None` or empty: [`Settings`](super::Settings) knows the defaults.
#[derive(Parser, Clone, Debug, Default, Deserialize)]
#[command(name = "sip-rtmp", version, about, long_about = None, max_term_width = 110, next_line_help = false)]
#[command(about = "Gateway between RTMP clients and SIP telephones", after_help = EXAMPLES)]
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
    /// Our address for SIP and RTP [default: 127.0.0.1]
    #[arg(long, value_name = "IP", help_heading = "Network")]
    pub int_ip: Option<IpAddr>,
    /// The address that others are told, when a translator stands between
    #[arg(long, value_name = "IP", help_heading = "Network")]
    pub ext_ip: Option<IpAddr>,
    /// First UDP port for RTP; pairs from here on are taken [default: 10000]
    #[arg(long, value_name = "PORT", help_heading = "Network")]
    pub media_port: Option<u16>,
    /// Write SIP, RTP and RTMP, keys included, to this capture file, readable by you alone
    #[arg(long, value_name = "FILE.pcap", help_heading = "Network")]
    pub trace: Option<PathBuf>,

    /// Send all SIP requests through this proxy
    #[arg(long, value_name = "HOST[:PORT]", help_heading = "Protocol")]
    pub proxy: Option<String>,
    /// Lines at most, one for each client [default: 1000]
    #[arg(long, value_name = "N", help_heading = "Protocol")]
    pub max_lines: Option<usize>,
    /// Calls of plain publishers at most [default: 200]
    #[arg(long, value_name = "N", help_heading = "Protocol")]
    pub max_calls: Option<usize>,
    /// How long the goodbyes of a line may take, in milliseconds [default: 2000]
    #[arg(long, value_name = "MS", help_heading = "Protocol")]
    pub goodbye: Option<u64>,

    /// Keys: lines of `publish|play APP/NAME KEY`; clients append ?key=KEY to the stream name, or to the address of a line
    #[arg(short, long, value_name = "FILE", help_heading = "Security")]
    pub keys: Option<PathBuf>,
    /// Without keys, let anyone call even if others than this machine can reach us
    #[arg(long, num_args = 0..=1, default_missing_value = "true", value_name = "BOOL", hide_possible_values = true, help_heading = "Security")]
    pub open_calls: Option<bool>,

    /// Audio that a client hears which names no codecs: pcmu, pcma, opus, and speex or aac where built in [default: pcmu]
    #[arg(long, value_name = "CODEC", help_heading = "Media")]
    pub audio: Option<String>,

    /// Calls of programs that send no commands; in the file only.
    #[arg(skip)]
    pub dial_plan: DialPlan,

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
  sip-rtmp                                        try it out, this machine only
  sip-rtmp -l rtmps:0.0.0.0:443 --keys keys.txt --int-ip 192.0.2.1 --proxy 192.0.2.10
  ffmpeg -re -i talk.wav -c:a pcm_mulaw -ar 8000 -ac 1 -f flv 'rtmp://127.0.0.1/call/sip:bob@192.0.2.10'
  ffplay 'rtmp://127.0.0.1/call/sip:bob@192.0.2.10'

A client that sends commands connects to rtmp://HOST/sip/USER@DOMAIN with user name and password; see the manual.
SIGTERM ends all calls and registrations and exits with 0; a second one exits at once.";

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
        Options {
            listen: if self.listen.is_empty() { file.listen } else { self.listen },
            cert: self.cert.or(file.cert),
            key: self.key.or(file.key),
            keys: self.keys.or(file.keys),
            open_calls: self.open_calls.or(file.open_calls),
            int_ip: self.int_ip.or(file.int_ip),
            ext_ip: self.ext_ip.or(file.ext_ip),
            media_port: self.media_port.or(file.media_port),
            trace: self.trace.or(file.trace),
            proxy: self.proxy.or(file.proxy),
            max_lines: self.max_lines.or(file.max_lines),
            max_calls: self.max_calls.or(file.max_calls),
            goodbye: self.goodbye.or(file.goodbye),
            audio: self.audio.or(file.audio),
            dial_plan: file.dial_plan,
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

    #[test]
    fn the_command_line_wins_over_the_file() {
        let file: Options = toml::from_str(
            "listen = ['rtmp:127.0.0.1:0']\nproxy = 'a.test'\nmax-lines = 7\n[dial-plan]\nfrom = 'sip:studio@a.test'\n",
        )
        .unwrap();
        let args = ["sip-rtmp", "--proxy", "b.test:5070", "--int-ip", "127.0.0.1"].map(Into::into);
        let both = parse_args::<Options>(args).unwrap().over(file);
        assert_eq!((both.proxy.as_deref(), both.max_lines), (Some("b.test:5070"), Some(7)));
        assert_eq!(both.listen[0].to_string(), "rtmp:127.0.0.1:0");
        assert_eq!(both.dial_plan.from.as_deref(), Some("sip:studio@a.test"));
        assert!(toml::from_str::<Options>("nonsense = 1").is_err());
    }
}
