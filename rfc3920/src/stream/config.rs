use std::fmt;
use std::time::Duration;

use crate::jid::Jid;
use crate::sasl::{Credentials, Policy};

/// What a [`Client`](super::Client) is made with.
#[derive(Clone, Debug)]
pub struct Config {
    /// Who logs in: a bare address, or a full one to ask for that resource.
    pub jid: Jid,
    /// What proves it.
    pub credentials: Credentials,
    /// Which mechanisms may be used.
    pub policy: Policy,
    /// Where to connect, in order. Empty: [`Event::Discover`](super::Event::Discover) asks the application.
    pub targets: Vec<Target>,
    /// For tests on the loopback alone: a login without TLS on [`Kind::StartTls`] when the server offers none, and on
    /// WebSocket without TLS.
    pub insecure: bool,
    /// SASL2 with Bind2 (XEP-0388, XEP-0386) where offered.
    pub sasl2: bool,
    /// Stream management with resumption (XEP-0198) where offered.
    pub management: bool,
    /// Asks for carbons (XEP-0280) while binding, where Bind2 is offered; [`Online::carbons`](super::Online) tells.
    pub carbons: bool,
    /// Connects again after faults of the network.
    pub reconnect: bool,
    /// Tells what is sent and received as [`Event::Raw`](super::Event::Raw), secrets replaced.
    pub raw: bool,
    /// The language of the human-readable text that this side writes (`xml:lang` of the stream).
    pub lang: Option<String>,
    /// What SASL2 tells the server about this program.
    pub user_agent: Option<UserAgent>,
    /// How long anything may take.
    pub timing: Timing,
    /// How much of anything there may be.
    pub limits: Limits,
}

impl Config {
    /// For `jid` with `credentials`; all else as documented at its field's type: TLS required, stream management,
    /// SASL2 and reconnecting on, no raw events.
    //= rfc6120#13.6/strong MUST
    //# TLS with a validated certificate, and a login by which both sides prove themselves, are what there is without
    //# a setting.
    pub fn new(jid: Jid, credentials: Credentials) -> Config {
        Config {
            jid,
            credentials,
            policy: Policy::default(),
            targets: Vec::new(),
            insecure: false,
            sasl2: true,
            management: true,
            carbons: true,
            reconnect: true,
            raw: false,
            lang: Some("en".to_owned()),
            user_agent: None,
            timing: Timing::default(),
            limits: Limits::default(),
        }
    }
}

/// One place to connect to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Target {
    /// A host name or an IP address (IPv6 without brackets).
    pub host: String,
    /// The port.
    pub port: u16,
    /// How the stream begins there.
    pub kind: Kind,
}

impl Target {
    /// A target of that kind.
    pub fn new(host: impl Into<String>, port: u16, kind: Kind) -> Target {
        Target { host: host.into(), port, kind }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let brackets = self.host.contains(':');
        match brackets {
            true => write!(f, "[{}]:{} ({})", self.host, self.port, self.kind),
            false => write!(f, "{}:{} ({})", self.host, self.port, self.kind),
        }
    }
}

/// How a stream begins at a [`Target`]. Under TLS the certificate is always checked for the domain of the account, which
/// the driver is told by its own configuration, never for the target's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// TCP, then STARTTLS (RFC 6120, 5).
    StartTls,
    /// TLS at once (XEP-0368).
    DirectTls,
    /// WebSocket over TLS (RFC 7395); the path is the driver's.
    WebSocket,
    /// WebSocket in the clear: with [`Config::insecure`] alone.
    InsecureWebSocket,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::StartTls => "STARTTLS",
            Kind::DirectTls => "direct TLS",
            Kind::WebSocket => "WebSocket over TLS",
            Kind::InsecureWebSocket => "WebSocket",
        })
    }
}

/// What SASL2 tells the server about this program (XEP-0388).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserAgent {
    /// A UUID version 4 that stays the same for this installation and account: FAST tokens are bound to it.
    pub id: String,
    /// The program's name.
    pub software: Option<String>,
    /// The device's name.
    pub device: Option<String>,
}

/// How long anything may take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timing {
    /// A lookup, or an answer to [`Event::Discover`](super::Event::Discover): 15 s.
    pub discovery: Duration,
    /// Until a connection is open, TLS included: 15 s for each address.
    pub connect: Duration,
    /// Each step of the negotiation: 20 s.
    pub step: Duration,
    /// An iq's answer: 60 s.
    pub request: Duration,
    /// Until the application must have answered an iq; then it is `service-unavailable`: 30 s.
    pub answer: Duration,
    /// Until the server answers `</stream:stream>`: 5 s.
    pub close: Duration,
    /// Silence after which a space is sent (RFC 6120, 4.6.1): 5 min. Zero: never.
    pub whitespace: Duration,
    /// Silence of the server after which it is asked for a sign of life (XEP-0199, or an ack request): 5 min. Zero: never.
    pub ping: Duration,
    /// Until that sign must have come: 30 s.
    pub pong: Duration,
    /// An ack is asked for this long after a stanza went out: 3 s.
    pub ack: Duration,
    /// The first wait before connecting again; doubled for each further failure: 1 s.
    pub backoff: Duration,
    /// The longest such wait: 5 min.
    pub backoff_limit: Duration,
    /// A connection that was online for this long makes the waits begin anew: 60 s.
    pub stable: Duration,
    /// How long a session that the server keeps without saying for how long is tried to be resumed: 10 min.
    pub resume: Duration,
}

impl Default for Timing {
    fn default() -> Timing {
        Timing {
            discovery: Duration::from_secs(15),
            connect: Duration::from_secs(15),
            step: Duration::from_secs(20),
            request: Duration::from_secs(60),
            answer: Duration::from_secs(30),
            close: Duration::from_secs(5),
            whitespace: Duration::from_secs(300),
            ping: Duration::from_secs(300),
            pong: Duration::from_secs(30),
            ack: Duration::from_secs(3),
            backoff: Duration::from_secs(1),
            backoff_limit: Duration::from_secs(300),
            stable: Duration::from_secs(60),
            resume: Duration::from_secs(600),
        }
    }
}

/// How much of anything there may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// What the XML reader takes.
    pub xml: crate::xml::Limits,
    /// Bytes of one stanza that this side sends, unless the server said less (XEP-0478): 262,144.
    pub stanza: usize,
    /// Stanzas sent and not acknowledged, those that wait for a new connection among them: 1,000.
    pub unacked: usize,
    /// Stanzas after which an ack is asked for: 16.
    pub ack_every: u32,
    /// Requests without an answer: 256.
    pub requests: usize,
    /// Requests of others that the application has not answered: 64.
    pub inbound: usize,
    /// Targets of one discovery: 16.
    pub targets: usize,
    /// Addresses of one target: 8.
    pub addresses: usize,
    /// `see-other-host` in a row: 3.
    pub redirects: u32,
    /// Challenges of one login: 8.
    pub challenges: u32,
    /// Stream features in one list: 64.
    pub features: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            xml: crate::xml::Limits::default(),
            stanza: 262_144,
            unacked: 1_000,
            ack_every: 16,
            requests: 256,
            inbound: 64,
            targets: 16,
            addresses: 8,
            redirects: 3,
            challenges: 8,
            features: 64,
        }
    }
}
