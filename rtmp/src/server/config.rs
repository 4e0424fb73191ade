//! What a server is told before it starts, and the limits that keep it small.

use std::time::Duration;

use bytes::Bytes;
use bytestring::ByteString;

use crate::{Capabilities, chunk, shared_object, tunnel};

/// How a server behaves. Every limit is one connection's unless it says otherwise.
#[derive(Clone, Debug)]
pub struct Config {
    /// What the server calls itself in the answer to connect; `FMS/3,5,7,7009`, since old clients look at the number.
    pub version: ByteString,
    /// The size of the chunks that the server sends, told before the answer to connect; 4,096 bytes.
    pub chunk_size: u32,
    /// After how many bytes the client is to acknowledge, and the limit told as its peer bandwidth; 5,000,000.
    pub window: u32,
    /// What the server says of enhanced RTMP; [`Capabilities::forward_all`].
    pub capabilities: Capabilities,
    /// The answer to a Flash policy-file request; `None`, the default, closes the connection. [`Config::open_policy`]
    /// is the answer that allows all.
    pub policy: Option<Bytes>,
    /// What RTMPT clients may ask; `None` closes connections that begin with a POST. Taken by default.
    pub tunnel: Option<tunnel::Config>,
    /// What clients may ask of shared objects that the server keeps; `None`, the default, tells the messages as events.
    pub shared_objects: Option<shared_object::Config>,
    /// Whether onBWDone is sent after the answer to connect; false.
    pub bw_done: bool,
    /// How long things may take.
    pub timing: Timing,
    /// How much is kept.
    pub limits: Limits,
}

/// How long a server waits.
#[derive(Clone, Debug)]
pub struct Timing {
    /// For the handshake, from the first moment; 10 s.
    pub handshake: Duration,
    /// For connect once the handshake is over; 10 s.
    pub connect: Duration,
    /// For the application's answer to Connect, Publish, Play or Command: then the request is refused; 30 s.
    pub answer: Duration,
    /// For the client's answer to a call, unless the call says otherwise; 10 s.
    pub call: Duration,
    /// Without any byte from the client, after which a ping is sent; 30 s.
    pub ping: Duration,
    /// Without any byte from the client, after which the connection is closed; 90 s. `Duration::MAX` waits for ever.
    pub idle: Duration,
    /// For the client to close once a reject or a redirect was sent; 2 s.
    pub linger: Duration,
}

/// How much a server keeps.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Connections in all; 65,536. Further ones are closed at once.
    pub connections: usize,
    /// Message streams; 32. createStream is answered with an error beyond it.
    pub streams: usize,
    /// Entries of the playlist that play without reset makes, in one stream; 16.
    pub playlist: usize,
    /// Commands that the application has not answered; 64. Further ones are answered with an error.
    pub commands: usize,
    /// Calls that the client has not answered; 256. Further ones are refused to the application.
    pub calls: usize,
    /// Messages that wait for the application's answer to Connect, Publish or Play; 512. Further ones are dropped.
    pub held_messages: usize,
    /// Their bytes; 2 MiB.
    pub held_bytes: usize,
    /// The length of a stream's name with its query, in bytes; 4,096.
    pub name: usize,
    /// What the chunk reader puts up with.
    pub chunk: chunk::Limits,
    /// Depth, items and bytes of the values in a command or data message.
    pub amf: amf::Limits,
}

impl Config {
    /// A policy that lets every Flash program connect to every port.
    pub const fn open_policy() -> Bytes {
        Bytes::from_static(
            b"<?xml version=\"1.0\"?><cross-domain-policy>\
              <allow-access-from domain=\"*\" to-ports=\"*\"/></cross-domain-policy>\0",
        )
    }
}

impl Default for Config {
    fn default() -> Config {
        Config {
            version: ByteString::from_static("FMS/3,5,7,7009"),
            chunk_size: 4096,
            window: 5_000_000,
            capabilities: Capabilities::forward_all(),
            policy: None,
            tunnel: Some(tunnel::Config::default()),
            shared_objects: None,
            bw_done: false,
            timing: Timing::default(),
            limits: Limits::default(),
        }
    }
}

impl Default for Timing {
    fn default() -> Timing {
        let seconds = Duration::from_secs;
        Timing {
            handshake: seconds(10),
            connect: seconds(10),
            answer: seconds(30),
            call: seconds(10),
            ping: seconds(30),
            idle: seconds(90),
            linger: seconds(2),
        }
    }
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            connections: 65_536,
            streams: 32,
            playlist: 16,
            commands: 64,
            calls: 256,
            held_messages: 512,
            held_bytes: 2 << 20,
            name: 4096,
            chunk: chunk::Limits::default(),
            amf: amf::Limits::default(),
        }
    }
}
