use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use wire::Transport;

use super::address::Place;
use crate::common::LogOptions;

/// The options of `peer`.
#[derive(Parser, Clone, Debug)]
#[command(name = "peer", version, max_term_width = 110, subcommand_required = true, after_help = AFTER)]
#[command(about = "A node of a peer-to-peer network: a mesh, a shared dictionary or a distributed hash table")]
pub struct Options {
    /// What to be.
    #[command(subcommand)]
    pub command: Command,
    /// About logging.
    #[command(flatten)]
    pub log: LogOptions,
}

/// What `peer` can be.
#[derive(Subcommand, Clone, Debug)]
pub enum Command {
    /// A node of an unorganized network: broadcasts reach everyone, whispers one
    #[command(after_help = NODE_AFTER)]
    Mesh(NodeOptions),
    /// A node that shares a dictionary with all others: everyone holds all of it
    #[command(after_help = NODE_AFTER)]
    Sync(NodeOptions),
    /// A node of a distributed hash table: everyone holds a part
    #[command(after_help = NODE_AFTER)]
    Chord(NodeOptions),
    /// Run a simulated network in this process and draw it
    Sim(SimOptions),
}

/// The three kinds of nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// Messages only.
    Mesh,
    /// A dictionary that every node holds.
    Sync,
    /// A dictionary spread over the nodes.
    Chord,
}

impl Kind {
    /// The name, which is the default subnet too.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Mesh => "mesh",
            Kind::Sync => "sync",
            Kind::Chord => "chord",
        }
    }
}

/// What the three kinds of nodes have in common.
#[derive(Args, Clone, Debug, Default)]
pub struct NodeOptions {
    /// Where to accept links, may be repeated: a node with several transports joins their peers into one network.
    /// HOST:PORT alone means tcp; port 0 takes a free one [default: 127.0.0.1:4444, or a free port when that is taken]
    #[arg(short, long, value_name = "[TRANSPORT:]HOST:PORT", help_heading = "Network")]
    pub listen: Vec<Place>,
    /// A node to join through, may be repeated; also tried again whenever the network seems lost
    #[arg(short, long, visible_alias = "connect", value_name = "[TRANSPORT:]HOST:PORT", help_heading = "Network")]
    pub seed: Vec<Place>,
    /// Short for --listen HOST:… with --port
    #[arg(long, value_name = "HOST", conflicts_with = "listen", help_heading = "Network")]
    pub host: Option<String>,
    /// Short for --listen …:PORT with --host
    #[arg(long, value_name = "PORT", conflicts_with = "listen", help_heading = "Network")]
    pub port: Option<u16>,
    /// Host name or address to tell others, when it is not the one we listen on
    #[arg(long, value_name = "HOST[:PORT]", help_heading = "Network")]
    pub announce: Option<String>,
    /// Take tls where no transport is written
    #[arg(long, conflicts_with = "enc", help_heading = "Network")]
    pub tls: bool,
    /// Take ws where no transport is written; with --tls, wss
    #[arg(long, conflicts_with = "enc", help_heading = "Network")]
    pub ws: bool,
    /// The same in the words of the old programs; SSL and wss include --insecure unless --pin or --ca is given
    #[arg(
        long,
        value_enum,
        value_name = "Plaintext|SSL|ws|wss",
        hide_possible_values = true,
        help_heading = "Network"
    )]
    pub enc: Option<Encryption>,
    /// Serve a live page about this node over HTTP here, such as 127.0.0.1:8080
    #[arg(long, value_name = "IP:PORT", help_heading = "Network")]
    pub http: Option<SocketAddr>,
    /// Write everything sent and received, what TLS hides included, into this capture file, readable by you alone
    #[arg(long, value_name = "FILE.pcap", help_heading = "Network")]
    pub trace: Option<PathBuf>,

    /// Name of the network: nodes of another do not link to us [default: mesh, sync or chord]
    #[arg(long, value_name = "NAME", help_heading = "Protocol")]
    pub subnet: Option<String>,
    /// Compression to offer, best first: snappy, zlib, gzip, bz2, lzma, or their numbers. Nodes of the old py2p lose
    /// links when frames are compressed [default: none]
    #[arg(long, value_name = "NAME,..|none", help_heading = "Protocol")]
    pub compression: Option<String>,
    /// sync: let anyone overwrite what another wrote within the last hour
    #[arg(long, help_heading = "Protocol")]
    pub no_leasing: bool,
    /// chord: hold nothing for others until told to join
    #[arg(long, help_heading = "Protocol")]
    pub leeching: bool,
    /// chord: speak the ring among our own nodes and the old protocol with others (auto), or one of them alone
    #[arg(
        long,
        value_enum,
        default_value_t,
        value_name = "auto|ring|tables",
        hide_possible_values = true,
        help_heading = "Protocol"
    )]
    pub mode: Mode,
    /// Links to open by ourselves [default: 4]
    #[arg(long, value_name = "N", help_heading = "Protocol")]
    pub max_outgoing: Option<usize>,
    /// Links to accept at most [default: see docs/guide/peer.md]
    #[arg(long, value_name = "N", help_heading = "Protocol")]
    pub max_incoming: Option<usize>,
    /// Longest frame to take, in bytes; K and M are understood [default: 16M]
    #[arg(long, value_name = "BYTES", value_parser = bytes, help_heading = "Protocol")]
    pub max_frame: Option<usize>,
    /// Types of ids on the wire, as the drivers of the old programs call them: `strall` is for py2p 0.7.870
    #[arg(
        long,
        value_enum,
        default_value_t,
        value_name = "native|dual|str|strall",
        hide_possible_values = true,
        help_heading = "Protocol"
    )]
    pub ids: Ids,
    /// Derive everything random from this number instead of the system's randomness, for tests: the id can be guessed
    #[arg(long, value_name = "N", help_heading = "Protocol")]
    pub random_seed: Option<u64>,

    /// Certificate for tls and wss, in PEM [default: a self-signed one made at start]
    #[arg(long, value_name = "FILE", requires = "key", help_heading = "Security")]
    pub cert: Option<PathBuf>,
    /// Its private key, in PEM
    #[arg(long, value_name = "FILE", requires = "cert", help_heading = "Security")]
    pub key: Option<PathBuf>,
    /// Trust certificates that an authority in this PEM file signed, for the name or address that we dialled [default: the
    /// authorities that the operating system trusts]
    #[arg(long, value_name = "FILE", conflicts_with = "pin", help_heading = "Security")]
    pub ca: Option<PathBuf>,
    /// Trust the certificate with this SHA-256, may be repeated; a node tells its own when it starts
    #[arg(long, value_name = "SHA256", value_parser = fingerprint, help_heading = "Security")]
    pub pin: Vec<[u8; 32]>,
    /// Trust any certificate, as py2p and js2p do: hides what is said from listeners, but not from impostors
    #[arg(long, conflicts_with_all = ["ca", "pin"], help_heading = "Security")]
    pub insecure: bool,

    /// What to call this node on pages and in surveys
    #[arg(long, value_name = "TEXT", help_heading = "Other")]
    pub name: Option<String>,
    /// Speak JSON, one object a line, on standard input and output
    #[arg(long, help_heading = "Other")]
    pub json: bool,
    /// Append every frame as a line of JSON to this file
    #[arg(long, value_name = "FILE", help_heading = "Other")]
    pub capture: Option<PathBuf>,
    /// Taken and ignored, for the sake of scripts written for the old programs
    #[arg(long, value_name = "N", hide = true)]
    pub debug: Option<u32>,
    /// Taken and ignored likewise
    #[arg(long, hide = true)]
    pub fix_self: bool,
}

impl NodeOptions {
    /// The transport of places that name none.
    pub fn transport(&self) -> Transport {
        match (self.enc, self.tls, self.ws) {
            (Some(encryption), ..) => encryption.transport(),
            (None, false, false) => Transport::Tcp,
            (None, true, false) => Transport::Tls,
            (None, false, true) => Transport::Ws,
            (None, true, true) => Transport::Wss,
        }
    }
}

/// A transport in the words of py2p and js2p.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Encryption {
    /// TCP.
    #[value(name = "Plaintext")]
    Plaintext,
    /// TLS.
    #[value(name = "SSL")]
    Ssl,
    /// WebSocket.
    #[value(name = "ws")]
    Ws,
    /// WebSocket over TLS.
    #[value(name = "wss")]
    Wss,
}

impl Encryption {
    /// The transport.
    pub fn transport(self) -> Transport {
        match self {
            Encryption::Plaintext => Transport::Tcp,
            Encryption::Ssl => Transport::Tls,
            Encryption::Ws => Transport::Ws,
            Encryption::Wss => Transport::Wss,
        }
    }
}

/// How ids are typed on the wire. Only `strall` differs for us: what we send otherwise suits both old programs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Ids {
    /// The default.
    #[default]
    Native,
    /// The same.
    Dual,
    /// The same.
    Str,
    /// The protocol id as text too.
    Strall,
}

/// Which of the two protocols of the hash table is spoken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// Both, joined into one dictionary.
    #[default]
    Auto,
    /// The ring of the Chord paper alone.
    Ring,
    /// The five tables of py2p and js2p alone.
    Tables,
}

/// The options of `peer sim`.
#[derive(Args, Clone, Debug)]
pub struct SimOptions {
    /// What the nodes are
    #[arg(value_enum, default_value = "chord", hide_possible_values = true, value_name = "mesh|sync|chord")]
    pub kind: SimKind,
    /// How many there are
    #[arg(short, long, value_name = "N", default_value_t = 32, value_parser = clap::value_parser!(u32).range(2..=1000))]
    pub nodes: u32,
    /// What everything random comes from: the same number gives the same picture
    #[arg(short, long, value_name = "S", default_value_t = 1)]
    pub seed: u64,
    /// The picture [default: peer-sim-KIND-N.svg]
    #[arg(short, long, value_name = "FILE.svg")]
    pub out: Option<PathBuf>,
    /// Print what was found as JSON instead of a table
    #[arg(long)]
    pub json: bool,
}

/// What `peer sim` simulates.
pub type SimKind = Kind;

/// The arguments in the form that [`Options`] reads: `peer --json --kind sync …`, which is how the drivers of py2p and
/// js2p are called, becomes `peer sync --json …`. What makes no sense is left as it is, for clap to complain about.
///
/// ```
/// let args = ["peer", "--json", "--kind", "sync", "--port", "0"].map(Into::into);
/// assert_eq!(apps::peer::rewritten(args), ["peer", "sync", "--json", "--port", "0"]);
/// ```
pub fn rewritten(args: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut args: Vec<OsString> = args.into_iter().collect();
    let is_option = args.get(1).is_some_and(|first| first.to_str().is_some_and(|first| first.starts_with("--")));
    if !is_option || !args.iter().any(|arg| arg == "--json" || arg == "--kind") {
        return args;
    }
    let mut kind = OsString::from(Kind::Mesh.name());
    if let Some(at) = args.iter().position(|arg| arg == "--kind") {
        if at + 1 < args.len() {
            kind = args.remove(at + 1);
            args.remove(at);
        }
    } else if let Some(at) = args.iter().position(|arg| arg.to_str().is_some_and(|arg| arg.starts_with("--kind="))) {
        let text = args.remove(at);
        kind = text.to_str().and_then(|text| text.strip_prefix("--kind=")).unwrap_or_default().into();
    }
    args.insert(1, kind);
    args
}

/// A number of bytes: `65536`, `64K`, `16M`.
fn bytes(text: &str) -> Result<usize, String> {
    let (digits, unit) = match text.trim_end_matches(['B', 'b', 'i']) {
        text if text.ends_with(['k', 'K']) => (&text[..text.len() - 1], 1 << 10),
        text if text.ends_with(['m', 'M']) => (&text[..text.len() - 1], 1 << 20),
        text => (text, 1),
    };
    let count = digits.parse::<usize>().ok().and_then(|n| n.checked_mul(unit));
    let count = count.filter(|n| (1 << 10..=1 << 30).contains(n));
    count.ok_or_else(|| "expected 1K to 1024M".into())
}

/// 64 hexadecimal digits, with colons or without.
fn fingerprint(text: &str) -> Result<[u8; 32], String> {
    let digits: Vec<u8> = text.chars().filter(|c| *c != ':').map_while(|c| c.to_digit(16).map(|d| d as u8)).collect();
    let clean = text.chars().filter(|c| *c != ':').count();
    if digits.len() != 64 || clean != 64 {
        return Err("expected the 64 hexadecimal digits that the other node prints when it starts".into());
    }
    let mut pin = [0; 32];
    for (byte, pair) in pin.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = pair[0] << 4 | pair[1];
    }
    Ok(pin)
}

const AFTER: &str = "\
Quick start, in two terminals:
  peer mesh
  peer mesh --seed 127.0.0.1:4444

`peer COMMAND --help` tells the options. `peer --json --kind mesh --port 0 …` takes the options of the drivers of py2p
and js2p and speaks their lines.";

const NODE_AFTER: &str = "\
Typed lines go to everyone; /help lists the commands. The end of input, /quit or Ctrl-C leaves in order, a second Ctrl-C
at once.

Examples:
  peer mesh --seed 192.0.2.7:4444                      join through a node
  peer mesh --listen 0.0.0.0:4444 --announce me.example
  peer sync --tls --seed 192.0.2.7:4444 --pin 3f0a…    encrypted, and sure of whom we dial
  peer mesh -l tcp:127.0.0.1:4444 -l tls:127.0.0.1:4445 -l ws:127.0.0.1:4446 --insecure
                                                       a bridge between three kinds of peers
  peer chord --http 127.0.0.1:8080                     with a live page

Exit status: 0 when it left, 1 when something failed, 2 when the options are wrong.";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::common::{Failure, parse_args};

    fn parse(args: &str) -> Result<Options, Failure> {
        parse_args(rewritten(["peer"].into_iter().chain(args.split_whitespace()).map(Into::into)))
    }

    fn node(args: &str) -> NodeOptions {
        match parse(args).unwrap().command {
            Command::Mesh(node) | Command::Sync(node) | Command::Chord(node) => node,
            Command::Sim(_) => panic!(),
        }
    }

    #[test]
    fn the_options_of_the_old_drivers_are_taken() {
        let line = "--json --kind chord --host 127.0.0.11 --port 24101 --subnet s --enc SSL --connect 127.0.0.1:1 \
                    --no-leasing --ids strall --compression 19,17 --capture f --debug 0";
        assert!(matches!(parse(line).unwrap().command, Command::Chord(_)));
        let options = node(line);
        assert_eq!((options.port, options.ids, options.transport()), (Some(24101), Ids::Strall, Transport::Tls));
        assert_eq!((options.seed.len(), options.no_leasing, options.json), (1, true, true));
        assert!(matches!(parse("--kind=sync --json --port 0").unwrap().command, Command::Sync(_)));
        assert!(matches!(parse("--json --port 0").unwrap().command, Command::Mesh(_)));
        assert!(matches!(parse("sync --json").unwrap().command, Command::Sync(_)));
    }

    #[test]
    fn transports_and_trust() {
        let pin = "ab".repeat(32);
        let options = node(&format!("mesh --tls --ws -l tcp:127.0.0.1:0 -s h:1 --pin {pin}"));
        assert_eq!((options.transport(), options.pin), (Transport::Wss, vec![[0xab; 32]]));
        assert_eq!(node("mesh").transport(), Transport::Tcp);
        assert_eq!(node("mesh --max-frame 64K").max_frame, Some(65_536));
    }

    #[test]
    fn mistakes_are_one_line() {
        for args in [
            "",
            "mesch",
            "mesh --listen 4444",
            "mesh --seed udp:h:1",
            "mesh --port 65536",
            "mesh --pin abc",
            "mesh --pin xyz",
            "mesh --insecure --ca f",
            "mesh --cert f",
            "mesh --tls --enc SSL",
            "mesh --max-frame 3",
            "mesh --max-frame 9999999999999999999M",
            "--json --kind",
            "--json --kind mush --port 0",
            "sim --nodes 1",
            "sim ring",
        ] {
            let failure = parse(args).unwrap_err();
            assert_eq!(failure.code(), 2, "{args}");
            assert!(!failure.to_string().contains('\n'), "{failure}");
        }
    }

    #[test]
    fn the_help_is_a_manual() {
        let Err(Failure::Answered(help)) = parse("mesh --help") else { panic!() };
        for part in ["Network:", "Protocol:", "Security:", "Other:", "Logging:", "Examples:", "--pin", "/help"] {
            assert!(help.contains(part), "{part} in {help}");
        }
        let Err(Failure::Answered(help)) = parse("--help") else { panic!() };
        assert!(help.contains("sim") && help.contains("Quick start"), "{help}");
    }
}
