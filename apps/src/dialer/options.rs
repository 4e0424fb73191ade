use std::net::IpAddr;
use std::path::PathBuf;

use clap::{ArgAction, Parser, ValueEnum};
use wire::Transport;

use crate::common::LogOptions;

/// The options of `dialer`, named as users of command-line callers know them.
#[derive(Parser, Clone, Debug)]
#[command(name = "dialer", version, max_term_width = 110, disable_help_flag = true)]
#[command(about = "Call, answer, register and send messages over SIP from the command line", after_help = AFTER)]
pub struct Options {
    /// Our own address [default: the one that leads to the other side]
    #[arg(long, value_name = "IP", help_heading = "Network")]
    pub int_ip: Option<IpAddr>,
    /// Address to tell others, when a translator stands between [default: our own]
    #[arg(long, value_name = "IP", help_heading = "Network")]
    pub ext_ip: Option<IpAddr>,
    /// How to send; what others may send to us with, may be repeated
    #[arg(long, value_name = "NAME", value_parser = transport, value_delimiter = ',', default_value = "udp,tcp",
          help_heading = "Network")]
    pub transport: Vec<Transport>,
    /// SIP port to listen on; 0 takes a free one
    #[arg(long, value_name = "PORT", default_value_t = 0, help_heading = "Network")]
    pub port: u16,
    /// Write every SIP, RTP and RTCP packet to this capture file, readable by you alone
    #[arg(long, value_name = "FILE.pcap", help_heading = "Network")]
    pub trace: Option<PathBuf>,

    /// Our user name
    #[arg(long, value_name = "NAME", default_value = "dialer", help_heading = "SIP")]
    pub user: String,
    /// Our domain, where --register registers [default: our address]
    #[arg(long, value_name = "HOST", help_heading = "SIP")]
    pub domain: Option<String>,
    /// Send every request through this proxy
    #[arg(long, value_name = "HOST[:PORT]", help_heading = "SIP")]
    pub proxy: Option<String>,
    /// User name for authentication [default: --user]
    #[arg(long, value_name = "NAME", help_heading = "SIP")]
    pub authuser: Option<String>,
    /// Password. Everyone on this machine can see it in the list of processes: prefer one of the next two
    #[arg(long, value_name = "TEXT", help_heading = "SIP")]
    pub authpass: Option<String>,
    /// Read the password from the first line of a file; `-` asks for it. Without it, DIALER_AUTHPASS in the environment
    #[arg(long, value_name = "FILE", conflicts_with = "authpass", help_heading = "SIP")]
    pub authpass_file: Option<PathBuf>,
    /// Whom to call, or to send --send to: sip:bob@example.com
    #[arg(long, value_name = "URI", help_heading = "SIP")]
    pub to: Option<String>,
    /// Whom the request asks for, when that is not --to
    #[arg(long, value_name = "URI", requires = "to", help_heading = "SIP")]
    pub uri: Option<String>,
    /// Wait for calls and messages
    #[arg(long, help_heading = "SIP")]
    pub listen: bool,
    /// Register at --domain first, and keep the registration alive
    #[arg(long, requires = "domain", help_heading = "SIP")]
    pub register: bool,
    /// How long a registration lasts
    #[arg(long, value_name = "SECONDS", default_value_t = 3600, help_heading = "SIP",
          value_parser = clap::value_parser!(u32).range(10..))]
    pub register_interval: u32,
    /// How long to wait after a failed registration
    #[arg(long, value_name = "SECONDS", default_value_t = 60, help_heading = "SIP",
          value_parser = clap::value_parser!(u32).range(1..))]
    pub retry_interval: u32,
    /// Send a text message to --to instead of calling
    #[arg(long, value_name = "TEXT", requires = "to", help_heading = "SIP")]
    pub send: Option<String>,
    /// Answer calls with this status, 200 to take them; 0 waits for /answer or /reject
    #[arg(long, value_name = "CODE", default_value_t = 200, help_heading = "SIP", value_parser = status)]
    pub auto_respond: u16,
    /// How long to ring before that
    #[arg(long, value_name = "SECONDS", default_value_t = 3.0, help_heading = "SIP", value_parser = seconds)]
    pub auto_respond_after: f64,
    /// Hang up calls that were taken after this time; 0 never does
    #[arg(long, value_name = "SECONDS", default_value_t = 0.0, help_heading = "SIP", value_parser = seconds)]
    pub auto_terminate_after: f64,
    /// Give up a call that nobody answers after this time
    #[arg(long, value_name = "SECONDS", default_value_t = 60.0, help_heading = "SIP", value_parser = seconds)]
    pub ring_timeout: f64,
    /// Hang up any call after this time; without a call, stop listening after it
    #[arg(long, value_name = "SECONDS", help_heading = "SIP", value_parser = seconds)]
    pub duration: Option<f64>,
    /// Put the other side on hold this long after the call was answered
    #[arg(long, value_name = "SECONDS", help_heading = "SIP", value_parser = seconds)]
    pub hold: Option<f64>,
    /// Take it off hold again, also counted from the answer
    #[arg(long, value_name = "SECONDS", requires = "hold", help_heading = "SIP", value_parser = seconds)]
    pub resume: Option<f64>,
    /// What we call ourselves in User-Agent
    #[arg(long, value_name = "TEXT", default_value = concat!("dialer/", env!("CARGO_PKG_VERSION")), help_heading = "SIP")]
    pub user_agent: String,
    /// Subject of the call
    #[arg(long, value_name = "TEXT", help_heading = "SIP")]
    pub subject: Option<String>,
    /// Take --proxy for a strict router of RFC 2543: put it into the request line and the target into Route
    #[arg(long, requires = "proxy", help_heading = "SIP")]
    pub strict_route: bool,

    /// Call without a session description
    #[arg(long, help_heading = "Media")]
    pub no_sdp: bool,
    /// Describe an audio stream but neither send nor record it
    #[arg(long, conflicts_with_all = ["play", "tone", "voice", "record", "dtmf"], help_heading = "Media")]
    pub no_audio: bool,
    /// Send back what we hear
    #[arg(long, conflicts_with_all = ["play", "tone"], help_heading = "Media")]
    pub audio_loopback: bool,
    /// Play this WAV file, of any rate and channels, once the call is answered
    #[arg(long, value_name = "FILE.wav", conflicts_with = "tone", help_heading = "Media")]
    pub play: Option<PathBuf>,
    /// Play it again and again
    #[arg(long, requires = "play", help_heading = "Media")]
    pub repeat: bool,
    /// Hang up when the file and the digits have been played
    #[arg(long, conflicts_with = "repeat", help_heading = "Media")]
    pub hang_up_after: bool,
    /// Send a sine tone
    #[arg(long, value_name = "HZ", value_parser = hertz, help_heading = "Media")]
    pub tone: Option<f64>,
    /// Send a signal like a voice: syllables and pauses
    #[arg(long, conflicts_with_all = ["play", "tone", "audio_loopback"], help_heading = "Media")]
    pub voice: bool,
    /// Record both sides into a stereo WAV file: left what we sent, right what we received
    #[arg(long, value_name = "FILE.wav", help_heading = "Media")]
    pub record: Option<PathBuf>,
    /// Send these digits after the answer: 0-9, A-D, * and #; a comma waits a second
    #[arg(long, value_name = "DIGITS", value_parser = digits, help_heading = "Media")]
    pub dtmf: Option<String>,
    /// Codecs in order of preference
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        value_name = "NAME,..",
        default_value = "pcmu,pcma",
        help_heading = "Media"
    )]
    pub codec: Vec<CodecName>,
    /// First RTP port to try; 0 takes any free pair
    #[arg(long, value_name = "PORT", default_value_t = 0, help_heading = "Media")]
    pub media_port: u16,

    /// Print events and the report as JSON, one object a line
    #[arg(long, help_heading = "Other")]
    pub json: bool,
    /// Print this help
    #[arg(short, long, action = ArgAction::HelpShort, help_heading = "Other")]
    pub help: Option<bool>,
    /// About logging.
    #[command(flatten)]
    pub log: LogOptions,
}

/// A codec that the program can speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CodecName {
    /// G.711 mu-law.
    Pcmu,
    /// G.711 A-law.
    Pcma,
}

const AFTER: &str = "\
While it runs, typed lines go to the other side: digits as DTMF, other text as a message, and
  /hold /resume /bye /answer /reject [CODE] /help

Exit status:
  0 done: the call was answered and ended well, the message was accepted
  1 failed while running        2 wrong usage
  3 busy                        4 nobody answered in time
  5 rejected                    6 not authorized
  7 no such user, or not reachable
  130 stopped by Ctrl-C, after saying goodbye

Examples:
  dialer --listen --port 5060 --audio-loopback             an echo to call
  dialer --to sip:echo@127.0.0.1 --tone 440 --record call.wav --duration 5
  dialer --register --domain example.com --user alice --authpass-file pass.txt --listen
  dialer --to sip:bob@example.com --send 'see you at 8'";

impl Options {
    /// Whether there is anything to do.
    pub fn has_task(&self) -> bool {
        self.to.is_some() || self.listen || self.register
    }
}

fn transport(text: &str) -> Result<Transport, String> {
    match Transport::from_name(text) {
        Some(transport @ (Transport::Udp | Transport::Tcp)) => Ok(transport),
        Some(other) => Err(format!("{other} is not supported yet; use udp or tcp")),
        None => Err("expected udp or tcp".into()),
    }
}

/// 0, or a final status, or 180 to go on ringing.
fn status(text: &str) -> Result<u16, String> {
    match text.parse() {
        Ok(code @ (0 | 200 | 300..=699)) => Ok(code),
        _ => Err("expected 0, 200, or a status from 300 to 699".into()),
    }
}

fn seconds(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|s| (0.0..=1e6).contains(s)).ok_or_else(|| "expected seconds from 0 to 1000000".into())
}

fn hertz(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|hz| (20.0..=3800.0).contains(hz)).ok_or_else(|| "expected 20 to 3800 Hz".into())
}

fn digits(text: &str) -> Result<String, String> {
    match text.chars().all(is_digit) && text.chars().any(|c| c != ',') {
        true => Ok(text.to_ascii_uppercase()),
        false => Err("expected digits 0-9, A-D, * and #, with commas for pauses".into()),
    }
}

/// Whether it is a key of a telephone, or the comma for a pause.
pub(super) fn is_digit(c: char) -> bool {
    c == ',' || crate::common::is_key(c)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::common::{Failure, parse_args};

    fn parse(args: &str) -> Result<Options, Failure> {
        parse_args(["dialer"].into_iter().chain(args.split_whitespace()).map(Into::into))
    }

    #[test]
    fn what_is_said_and_what_is_not() {
        let o = parse("--to sip:b@h --transport tcp --tone 440 --dtmf 12,#a --duration 1.5 --int-ip ::1").unwrap();
        assert_eq!((o.transport, o.tone, o.dtmf.as_deref()), (vec![Transport::Tcp], Some(440.0), Some("12,#A")));
        assert_eq!((o.duration, o.auto_respond, o.port), (Some(1.5), 200, 0));
        assert_eq!(parse("--listen").unwrap().transport, [Transport::Udp, Transport::Tcp]);
        assert!(!parse("").unwrap().has_task());
    }

    #[test]
    fn mistakes_are_one_line() {
        for args in [
            "--transport sctp",
            "--transport tls",
            "--tone 9000",
            "--dtmf 12x",
            "--dtmf ,",
            "--auto-respond 100",
            "--duration -1",
            "--play a --tone 440",
            "--resume 3",
            "--register",
            "--send hi",
            "--port 65536",
            "--nonsense",
            "--authpass a --authpass-file b",
            "--register-interval 0",
            "--no-audio --record x",
            "--uri sip:x",
        ] {
            let failure = parse(args).unwrap_err();
            assert_eq!(failure.code(), 2, "{args}");
            assert!(!failure.to_string().contains('\n'), "{failure}");
        }
    }

    #[test]
    fn the_help_is_a_manual() {
        let Err(Failure::Answered(help)) = parse("--help") else { panic!() };
        for part in ["Network:", "SIP:", "Media:", "Exit status:", "Examples:", "/hold", "processes", "DIALER_AUTHPASS"]
        {
            assert!(help.contains(part), "{part} in {help}");
        }
    }
}
