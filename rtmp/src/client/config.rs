//! What a client is told before it starts, and the limits that keep it small.

use std::fmt;
use std::time::Duration;

use amf::amf0::{Object, Value};
use bytestring::ByteString;

use crate::command::Encoding;
use crate::url::Url;
use crate::{Capabilities, chunk, handshake};

/// How a client connects. `Debug` shows neither the object nor the arguments, where passwords tend to be.
#[derive(Clone)]
pub struct Config {
    /// Where to: scheme, host, port and application. The stream's name is for `publish` and `play`.
    pub url: Url,
    /// What is told as `tcUrl`; [`Url::tc_url`] when it is `None`, the default.
    pub tc_url: Option<ByteString>,
    /// What the client calls itself; `LNX 9,0,124,2`, since old servers look at the number. Programs that publish tend to
    /// say `FMLE/3.0 (compatible; …)`.
    pub flash_ver: ByteString,
    /// How the handshake begins; simple, which every server takes.
    pub handshake: handshake::Kind,
    /// How values are written; AMF0.
    pub encoding: Encoding,
    /// What the client says of enhanced RTMP; nothing.
    pub capabilities: Capabilities,
    /// Further entries of the connect object, or other values for those that it has by itself; none.
    pub object: Object,
    /// What follows the connect object: user, password and whatever else the application wants; none.
    pub arguments: Vec<Value>,
    /// The size of the chunks that the client sends; 4,096 bytes.
    pub chunk_size: u32,
    /// After how many bytes the server is to acknowledge; 2,500,000.
    pub window: u32,
    /// How long things may take.
    pub timing: Timing,
    /// How much is kept.
    pub limits: Limits,
}

/// How long a client waits.
#[derive(Clone, Debug)]
pub struct Timing {
    /// For the address, the connection, the handshake and the answer to connect together; 30 s. A server may have to ask
    /// others before it answers.
    pub connect: Duration,
    /// For the answer to any other request or call, unless the call says otherwise; 10 s.
    pub call: Duration,
    /// Without any byte from the server, after which a ping is sent; `Duration::MAX`, which sends none: a ping is the
    /// server's to send, and some servers do not answer one.
    pub ping: Duration,
    /// Without any byte from the server, after which the connection is closed; `Duration::MAX`, which waits for ever: a
    /// publisher hears little.
    pub idle: Duration,
}

/// How much a client keeps.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Message streams; 32.
    pub streams: usize,
    /// Calls that the server has not answered; 256.
    pub calls: usize,
    /// Commands of the server that the application has not answered; 64. Further ones are answered with an error.
    pub commands: usize,
    /// What the chunk reader puts up with.
    pub chunk: chunk::Limits,
    /// Depth, items and bytes of the values in a command or data message.
    pub amf: amf::Limits,
}

impl Config {
    /// The defaults for a URL.
    pub fn new(url: Url) -> Config {
        Config {
            url,
            tc_url: None,
            flash_ver: ByteString::from_static("LNX 9,0,124,2"),
            handshake: handshake::Kind::Simple,
            encoding: Encoding::Amf0,
            capabilities: Capabilities::default(),
            object: Object::new(),
            arguments: Vec::new(),
            chunk_size: 4096,
            window: 2_500_000,
            timing: Timing::default(),
            limits: Limits::default(),
        }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config").field("url", &self.url).field("timing", &self.timing).finish_non_exhaustive()
    }
}

impl Default for Timing {
    fn default() -> Timing {
        Timing {
            connect: Duration::from_secs(30),
            call: Duration::from_secs(10),
            ping: Duration::MAX,
            idle: Duration::MAX,
        }
    }
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { streams: 32, calls: 256, commands: 64, chunk: chunk::Limits::default(), amf: amf::Limits::default() }
    }
}
