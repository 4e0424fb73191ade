use std::fmt;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::chat::notify::Way;
use crate::common::{Failure, LogOptions, seconds};

/// The options of `xmpp`.
#[derive(Parser, Clone, Debug)]
#[command(name = "xmpp", version, max_term_width = 110, subcommand_required = true, after_help = AFTER)]
#[command(about = "Chat, and send and receive messages from scripts, over XMPP (Jabber)")]
pub struct Options {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Who we are and how to get there.
    #[command(flatten)]
    pub account: AccountOptions,
    /// About logging.
    #[command(flatten)]
    pub log: LogOptions,
}

const AFTER: &str = "\
Examples:
  xmpp chat                          the accounts of the configuration file
  xmpp send -a me@example.org bob@example.org 'The backup is done'
  df -h | xmpp send --room team@rooms.example.org
  xmpp listen --json | jq -r .body

The password comes from --password-file, --password-command, the
configuration file, XMPP_PASSWORD, or a question at the terminal. It is never
an argument, since everyone on the machine can read those.

Exit code:
  0    done; a message: the server has it
  1    something went wrong
  2    wrong usage or configuration
  4    no answer in time
  5    the server or the other side refuses
  6    wrong password, or no safe way to log in
  7    server not reachable, or no such recipient, room or contact
  8    not the right server: wrong certificate, or encryption taken away
  130  interrupted";

/// What `xmpp` can do.
#[derive(Subcommand, Clone, Debug)]
pub enum Command {
    /// Contacts, conversations and rooms on the screen of a terminal
    Chat(ChatOptions),
    /// Send one message, from the arguments or standard input, and wait until the server has it
    #[command(after_help = SEND_AFTER)]
    Send(SendOptions),
    /// Print messages as they come, until Ctrl-C
    #[command(after_help = LISTEN_AFTER)]
    Listen(ListenOptions),
    /// Show and change the list of contacts
    Roster(RosterOptions),
    /// Measure how long a server, a room or somebody's client takes to answer
    Ping(PingOptions),
    /// List rooms, join one, send to one, read what was said in one
    Room(RoomOptions),
    /// Give a file to the server and print its URL, or send that to somebody
    Upload(UploadOptions),
}

const SEND_AFTER: &str = "\
Done means: the server has confirmed the message, or has answered what was
sent behind it, and no error came back; in a room, the room has passed it on.
When the connection breaks meanwhile, it is resumed, or the archive tells
whether the message has to be sent again.";

const LISTEN_AFTER: &str = "\
A line each: time, sender, text. With --json an object each: event, time, from,
to, with, type, body, and where they apply id, stanza_id, subject, thread,
room, nick, own, carbon, delay, archived, replaces, replies_to, url.
What is missed while the connection is down comes when it is back, once.";

/// Who we are and how to get to our server. All of it can stand in the configuration file too.
#[derive(Args, Clone, Debug, Default)]
pub struct AccountOptions {
    /// Our address, such as me@example.org
    #[arg(short, long, value_name = "JID", global = true, help_heading = "Account")]
    pub account: Option<String>,
    /// An account of the configuration file, by its name there
    #[arg(short, long, value_name = "NAME", global = true, help_heading = "Account")]
    pub profile: Option<String>,
    /// The configuration file [default: ~/.config/wireworks/xmpp.toml]
    #[arg(long, value_name = "FILE", global = true, help_heading = "Account")]
    pub config: Option<PathBuf>,
    /// Read the password from the first line of a file; `-` asks for it
    #[arg(long, value_name = "FILE", global = true, help_heading = "Account")]
    pub password_file: Option<PathBuf>,
    /// Take the password from the first line that a command prints, such as 'secret-tool lookup xmpp me'
    #[arg(long, value_name = "COMMAND", conflicts_with = "password_file", global = true, help_heading = "Account")]
    pub password_command: Option<String>,
    /// The name of this device on our account [default: the server chooses]
    #[arg(long, value_name = "NAME", global = true, help_heading = "Account")]
    pub resource: Option<String>,

    /// Connect here instead of where the domain's SRV records point
    #[arg(short = 'j', long, value_name = "HOST[:PORT]", global = true, help_heading = "Network")]
    pub server: Option<Server>,
    /// TLS from the first byte on, instead of STARTTLS
    #[arg(short = 't', long, global = true, help_heading = "Network")]
    pub direct_tls: bool,
    /// Connect over WebSocket, such as wss://example.org/xmpp-websocket
    #[arg(long, value_name = "URL", conflicts_with_all = ["server", "direct_tls"], global = true, help_heading = "Network")]
    pub websocket: Option<String>,
    /// Give up when login, or an answer, takes longer [default: 30]
    #[arg(long, value_name = "SECONDS", value_parser = seconds, global = true, help_heading = "Network")]
    pub timeout: Option<Duration>,
    /// Show what is sent and received on standard error, secrets hidden
    #[arg(long, global = true, help_heading = "Network")]
    pub raw: bool,
    /// Write the same into this capture file, for Wireshark and `make ladder`, as if nothing were encrypted
    #[arg(long, value_name = "FILE.pcap", global = true, help_heading = "Network")]
    pub trace: Option<PathBuf>,

    /// Certificates in PEM of the authority that signed the server's [default: those that the system trusts]
    #[arg(long, value_name = "FILE", global = true, help_heading = "Security")]
    pub ca: Option<PathBuf>,
    /// The oldest TLS to accept [default: 1.2]
    #[arg(
        long,
        value_enum,
        value_name = "1.2|1.3",
        hide_possible_values = true,
        global = true,
        help_heading = "Security"
    )]
    pub tls_min: Option<TlsVersion>,
    /// Log in with PLAIN, over TLS, when the server has nothing better: it then sees the password
    #[arg(long, global = true, help_heading = "Security")]
    pub allow_plain: bool,
}

/// Versions of TLS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, ValueEnum, serde::Deserialize)]
pub enum TlsVersion {
    /// RFC 5246.
    #[default]
    #[value(name = "1.2")]
    #[serde(rename = "1.2")]
    V12,
    /// RFC 8446.
    #[value(name = "1.3")]
    #[serde(rename = "1.3")]
    V13,
}

/// A host, or an address, and a port.
///
/// ```
/// use apps::xmpp::Server;
/// assert_eq!("chat.example.org:443".parse(), Ok(Server { host: "chat.example.org".into(), port: Some(443) }));
/// assert_eq!("[::1]:5222".parse(), Ok(Server { host: "::1".into(), port: Some(5222) }));
/// assert!("chat.example.org:https".parse::<Server>().is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(try_from = "String")]
pub struct Server {
    /// A name, or an address without brackets.
    pub host: String,
    /// Where nothing was written, the transport's own.
    pub port: Option<u16>,
}

impl FromStr for Server {
    type Err = String;

    fn from_str(text: &str) -> Result<Server, String> {
        let expected = || "expected HOST or HOST:PORT, such as chat.example.org:5222".to_owned();
        let (host, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (host, port) = rest.split_once(']').ok_or_else(expected)?;
                (host, if port.is_empty() { None } else { Some(port.strip_prefix(':').ok_or_else(expected)?) })
            }
            None if text.parse::<std::net::Ipv6Addr>().is_ok() => (text, None),
            None => text.rsplit_once(':').map_or((text, None), |(host, port)| (host, Some(port))),
        };
        if host.is_empty() || host.contains(['/', '@']) || host.contains(char::is_whitespace) {
            return Err(expected());
        }
        let port = port.map(|port| port.parse().map_err(|_| expected())).transpose()?;
        Ok(Server { host: host.to_owned(), port })
    }
}

impl TryFrom<String> for Server {
    type Error = String;
    fn try_from(text: String) -> Result<Server, String> {
        text.parse()
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        match self.port {
            Some(port) => write!(f, "{host}:{port}"),
            None => f.write_str(&host),
        }
    }
}

/// The options of `xmpp chat`.
#[derive(Args, Clone, Debug, Default)]
pub struct ChatOptions {
    /// Lines instead of a screen, as when there is no terminal
    #[arg(long)]
    pub plain: bool,
    /// Where conversations are kept [default: ~/.local/share/wireworks/xmpp]
    #[arg(long, value_name = "FOLDER")]
    pub history: Option<PathBuf>,
    /// Keep nothing on this machine
    #[arg(long, conflicts_with = "history")]
    pub no_history: bool,
    /// What the terminal does when a message comes that nobody looks at [default: bell]
    #[arg(long, value_enum, value_name = "none|bell|osc9|osc777", hide_possible_values = true)]
    pub notify: Option<Way>,
    /// Run this in a shell then; who and what are in its XMPP_FROM and XMPP_TEXT
    #[arg(long, value_name = "CMD")]
    pub notify_command: Option<String>,
}

/// The options of `xmpp send`.
#[derive(Args, Clone, Debug)]
pub struct SendOptions {
    /// To whom: a contact, or with --room a room
    #[arg(value_name = "TO")]
    pub to: String,
    /// What to say [default: standard input, to its end]
    #[arg(value_name = "TEXT")]
    pub text: Vec<String>,
    /// TO is a room: join it, say it, leave
    #[arg(short = 'c', long, help_heading = "Message")]
    pub room: bool,
    /// Our name in the room [default: the user part of our address]
    #[arg(long, value_name = "NAME", requires = "room", help_heading = "Message")]
    pub nick: Option<String>,
    /// The room's password, from the first line of a file
    #[arg(long, value_name = "FILE", requires = "room", help_heading = "Message")]
    pub room_password_file: Option<PathBuf>,
    /// Send each line of standard input as a message of its own, as it comes
    #[arg(short, long, conflicts_with_all = ["text", "message_file"], help_heading = "Message")]
    pub interactive: bool,
    /// Take the text from a file
    #[arg(short, long, value_name = "FILE", conflicts_with = "text", help_heading = "Message")]
    pub message_file: Option<PathBuf>,
    /// A subject, as normal messages have
    #[arg(long, value_name = "TEXT", help_heading = "Message")]
    pub subject: Option<String>,
    /// Print what came of it as an object of JSON
    #[arg(long, help_heading = "Output")]
    pub json: bool,
}

/// The options of `xmpp listen`.
#[derive(Args, Clone, Debug, Default)]
pub struct ListenOptions {
    /// An object of JSON a line
    #[arg(long, help_heading = "Output")]
    pub json: bool,
    /// Join this room too, may be repeated; ROOM/NICK chooses our name there
    #[arg(short = 'c', long, value_name = "ROOM[/NICK]", help_heading = "Message")]
    pub room: Vec<String>,
    /// Only messages from this contact, server or room, may be repeated
    #[arg(long, value_name = "JID", help_heading = "Message")]
    pub from: Vec<String>,
    /// Tell who comes and goes too
    #[arg(long, help_heading = "Message")]
    pub presence: bool,
    /// Acknowledge messages to those who ask for it
    #[arg(long, help_heading = "Message")]
    pub receipts: bool,
    /// Keep in this file what was told, so that the next run goes on where this one ends
    #[arg(long, value_name = "FILE", help_heading = "Message")]
    pub state: Option<PathBuf>,
    /// End after so many messages
    #[arg(short = 'n', long, value_name = "N", conflicts_with = "state", help_heading = "Message")]
    pub count: Option<u64>,
}

/// The options of `xmpp roster`.
#[derive(Args, Clone, Debug)]
pub struct RosterOptions {
    /// What to do with it [default: list].
    #[command(subcommand)]
    pub action: Option<RosterAction>,
    /// Print JSON
    #[arg(long, global = true, help_heading = "Output")]
    pub json: bool,
}

/// What can be done with the list of contacts.
#[derive(Subcommand, Clone, Debug, PartialEq, Eq)]
pub enum RosterAction {
    /// Print the contacts: address, name, groups, subscription, and with --presence who is there
    List {
        /// Wait a moment for presence and print it too
        #[arg(long)]
        presence: bool,
    },
    /// Add a contact and ask to see when they are there
    Add {
        /// Whom
        #[arg(value_name = "JID")]
        jid: String,
        /// What to call them
        #[arg(long, value_name = "TEXT")]
        name: Option<String>,
        /// A group to put them in, may be repeated
        #[arg(long, value_name = "TEXT")]
        group: Vec<String>,
    },
    /// Remove a contact, and end all subscriptions between us
    Remove {
        /// Whom
        #[arg(value_name = "JID")]
        jid: String,
    },
    /// Call a contact something else
    Rename {
        /// Whom
        #[arg(value_name = "JID")]
        jid: String,
        /// What to call them
        #[arg(value_name = "NAME")]
        name: String,
    },
    /// Allow somebody to see when we are there, now or when they ask
    Approve {
        /// Whom
        #[arg(value_name = "JID")]
        jid: String,
    },
}

/// The options of `xmpp ping`.
#[derive(Args, Clone, Debug)]
pub struct PingOptions {
    /// Whom to ask [default: our server]
    #[arg(value_name = "JID")]
    pub to: Option<String>,
    /// How often
    #[arg(short = 'n', long, value_name = "N", default_value_t = 1)]
    pub count: u32,
    /// How long to wait between two
    #[arg(short, long, value_name = "SECONDS", value_parser = seconds, default_value = "1")]
    pub interval: Duration,
    /// An object of JSON a line
    #[arg(long, help_heading = "Output")]
    pub json: bool,
}

/// The options of `xmpp room`.
#[derive(Args, Clone, Debug)]
pub struct RoomOptions {
    /// What to do.
    #[command(subcommand)]
    pub action: RoomAction,
    /// Our name in the room [default: the user part of our address]
    #[arg(long, value_name = "NAME", global = true, help_heading = "Room")]
    pub nick: Option<String>,
    /// The room's password, from the first line of a file
    #[arg(long, value_name = "FILE", global = true, help_heading = "Room")]
    pub room_password_file: Option<PathBuf>,
    /// Print JSON, an object a line
    #[arg(long, global = true, help_heading = "Output")]
    pub json: bool,
}

/// What can be done with rooms.
#[derive(Subcommand, Clone, Debug, PartialEq, Eq)]
pub enum RoomAction {
    /// Print the rooms of a service
    List {
        /// The service [default: the one that our server names]
        #[arg(value_name = "SERVICE")]
        service: Option<String>,
    },
    /// Print what is said in a room, and say each line of standard input, until Ctrl-C
    Join {
        /// Which
        #[arg(value_name = "ROOM")]
        room: String,
    },
    /// Say something in a room
    Send {
        /// Which
        #[arg(value_name = "ROOM")]
        room: String,
        /// What to say [default: standard input, to its end]
        #[arg(value_name = "TEXT")]
        text: Vec<String>,
    },
    /// Print what was said in a room
    History {
        /// Which
        #[arg(value_name = "ROOM")]
        room: String,
        /// How many of the last messages
        #[arg(short = 'n', long, value_name = "N", default_value_t = 50)]
        last: u32,
    },
}

/// The options of `xmpp upload`.
#[derive(Args, Clone, Debug)]
pub struct UploadOptions {
    /// What to upload
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Send the URL to this contact, or with --room to this room
    #[arg(value_name = "TO")]
    pub to: Option<String>,
    /// TO is a room
    #[arg(short = 'c', long, requires = "to", help_heading = "Message")]
    pub room: bool,
    /// Our name in the room [default: the user part of our address]
    #[arg(long, value_name = "NAME", requires = "room", help_heading = "Message")]
    pub nick: Option<String>,
    /// What kind of file it is, such as image/png [default: by its name]
    #[arg(long = "type", value_name = "TYPE", help_heading = "Message")]
    pub content_type: Option<String>,
    /// Print JSON
    #[arg(long, help_heading = "Output")]
    pub json: bool,
}

impl Options {
    /// Whether the program draws on the whole screen, where nothing else may write.
    pub fn has_screen(&self) -> bool {
        matches!(&self.command, Command::Chat(chat) if super::chat::run::has_screen(chat))
    }

    /// Refuses what cannot work together.
    ///
    /// # Errors
    /// [`Failure::Usage`].
    pub fn check(&self) -> Result<(), Failure> {
        if let Command::Ping(ping) = &self.command
            && ping.count == 0
        {
            return Err(Failure::usage("--count 0 asks nobody"));
        }
        if self.has_screen() && self.account.raw && std::io::stderr().is_terminal() {
            return Err(Failure::usage("--raw would write across the screen: add 2>FILE, or --plain"));
        }
        let Some(url) = &self.account.websocket else { return Ok(()) };
        if self.account.tls_min.is_some() && url.starts_with("ws:") {
            return Err(Failure::usage("--tls-min makes no sense without TLS: use a wss:// URL"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::common::parse_args;

    fn parse(line: &str) -> Result<Options, Failure> {
        parse_args(["xmpp"].into_iter().chain(line.split_whitespace()).map(Into::into))
    }

    #[test]
    fn the_interface_for_scripts() {
        let line = "send --account alice@wonderland.example --password-file pw --server 127.0.0.1:5222 --direct-tls \
                    --ca ca.pem --json bob@wonderland.example off with his head";
        let options = parse(line).unwrap();
        assert_eq!(options.account.account.as_deref(), Some("alice@wonderland.example"));
        assert_eq!(options.account.server, Some(Server { host: "127.0.0.1".into(), port: Some(5222) }));
        assert!(options.account.direct_tls);
        let Command::Send(send) = options.command else { panic!("{:?}", options.command) };
        assert_eq!((send.to.as_str(), send.text.join(" ").as_str()), ("bob@wonderland.example", "off with his head"));
        assert!(send.json);
        assert!(
            parse("listen --account a@b.example --password-file pw --server h:1 --direct-tls --ca c --json").is_ok()
        );
        assert!(parse("--account a@b.example --raw listen").is_ok());
    }

    #[test]
    fn mistakes_come_with_what_was_meant() {
        for (line, hint) in [
            ("sned bob@wonderland.example hi", "send"),
            ("send --acount a@b.example c@b.example", "--account"),
            ("roster aprove a@b.example", "approve"),
            ("send --server host:port b@c.example", "HOST:PORT"),
            ("listen --tls-min 1.1", "1.2"),
            ("ping --timeout soon", "such as 2.5"),
            ("", "send"),
        ] {
            let failure = parse(line).unwrap_err();
            assert_eq!(failure.code(), 2, "{line}: {failure}");
            assert!(failure.to_string().contains(hint), "{line}: {failure}");
        }
    }

    #[test]
    fn a_password_is_no_argument() {
        for line in ["send --password x b@c.example", "listen --password=x"] {
            let failure = parse(line).unwrap_err();
            assert!(failure.to_string().contains("--password"), "{failure}");
        }
        assert!(parse("send --websocket wss://c.example/ws --direct-tls b@c.example").is_err());
        assert!(parse("listen --password-file a --password-command b").is_err());
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        assert!(parse("ping -n 0").unwrap().check().is_err());
        assert!(parse("listen --websocket ws://127.0.0.1/ws --tls-min 1.3").unwrap().check().is_err());
        assert!(parse("listen --websocket wss://c.example/ws --tls-min 1.3").unwrap().check().is_ok());
    }

    #[test]
    fn addresses_of_servers() {
        for (text, host, port) in
            [("h.example", "h.example", None), ("::1", "::1", None), ("[::1]", "::1", None), ("h:80", "h", Some(80))]
        {
            assert_eq!(text.parse(), Ok(Server { host: host.into(), port }), "{text}");
        }
        for text in ["", ":5222", "h:", "h:99999", "[::1", "[::1]x", "a@b", "a b", "http://h"] {
            assert!(text.parse::<Server>().is_err(), "{text}");
        }
        assert_eq!(Server { host: "::1".into(), port: Some(1) }.to_string(), "[::1]:1");
    }
}
