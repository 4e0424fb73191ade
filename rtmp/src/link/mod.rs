//! One connection below the sessions: handshake, chunks, acknowledgements both ways, bandwidth and ping.
//!
//! A [`Link`] takes the bytes of a connection and gives its messages; sessions stand on it. It answers pings,
//! acknowledges what it receives, keeps account of what the peer has acknowledged, and notices when the peer is gone.
//!
//! ```
//! use bytes::Bytes;
//! use rtmp::handshake::Kind;
//! use rtmp::link::{Config, Event, Link};
//! use rtmp::{Message, MessageType};
//! use wire::{Instant, Rng};
//!
//! let now = Instant::ZERO;
//! let mut client = Link::client(now, Config::default(), Kind::Simple, &mut Rng::from_u64(1));
//! let mut server = Link::server(now, Config::default(), &mut Rng::from_u64(2));
//! let hello = Message { kind: MessageType::Audio, timestamp: 0, stream: 1, payload: Bytes::from_static(b"hello") };
//! client.send(&hello)?; // kept until the handshake is over
//!
//! let mut events = Vec::new();
//! loop {
//!     let (to_server, to_client) = (client.transmit(), server.transmit());
//!     if to_server.is_none() && to_client.is_none() {
//!         break;
//!     }
//!     to_server.into_iter().for_each(|bytes| server.handle(now, bytes));
//!     to_client.into_iter().for_each(|bytes| client.handle(now, bytes));
//!     events.extend(server.by_ref());
//! }
//! assert_eq!(events, [Ok(Event::Ready), Ok(Event::Message(hello))]);
//! # Ok::<(), rtmp::chunk::Error>(())
//! ```
mod account;

use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use wire::{Instant, Rng};

use crate::chunk::{self, Limits, Reader, Writer, csid};
use crate::control::{self, Control, LimitType, UserControl};
use crate::handshake::{self, Kind, Progress};
use crate::{Message, MessageType};
use account::{In, Out};

/// What a link keeps to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// What its chunk reader puts up with.
    pub limits: Limits,
    /// The handshake must be over by then, however slowly its bytes come: 10 s.
    pub handshake: Duration,
    /// After so long without a byte from the peer it is asked for a sign of life: 30 s.
    pub ping: Duration,
    /// After so long without a byte it is gone: 60 s. `Duration::MAX` waits for ever.
    pub silence: Duration,
}

impl Default for Config {
    fn default() -> Config {
        let [handshake, ping, silence] = [10, 30, 60].map(Duration::from_secs);
        Config { limits: Limits::default(), handshake, ping, silence }
    }
}

/// One connection's handshake, chunk streams and bookkeeping.
///
/// As an iterator it gives events, and `None` until more bytes are handled. An error is the last that it gives: the
/// connection is to be closed then.
#[derive(Debug)]
pub struct Link {
    config: Config,
    state: State,
    /// When the link began, when the peer was last heard, and the time of the last input.
    began: Instant,
    heard: Instant,
    now: Instant,
    reader: Reader,
    writer: Writer,
    inward: In,
    outward: Out,
    /// The number of a ping that is not answered yet, and when it was sent.
    ping: Option<(u32, Instant)>,
    /// Bytes of the handshake to be sent; and of the chunk stream, the latter kept until the handshake is over.
    hello: BytesMut,
    queue: VecDeque<Bytes>,
    out: BytesMut,
    ready: bool,
    failed: Option<Error>,
}

#[derive(Debug)]
enum State {
    Client(Box<handshake::Client>),
    Server(Box<handshake::Server>),
    Open,
    Failed,
}

/// What a link tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The handshake is over. Comes first and once.
    Ready,
    /// A message that the link does not deal with itself.
    Message(Message),
    /// The peer answered a ping after so long.
    Pong(Duration),
    /// Something was ignored.
    Dropped(Dropped),
}

/// What a link ignores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dropped {
    /// A control message shorter than its type asks.
    Control(control::Error),
    /// An acknowledgement of fewer bytes than the one before.
    Acknowledgement(u32),
    /// A peer bandwidth with an unknown limit type.
    LimitType(u8),
    /// An answer to a ping that was not sent.
    Pong(u32),
}

/// Why a link is at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Error {
    /// The handshake failed.
    Handshake(handshake::Error),
    /// The handshake took too long.
    HandshakeTimeout,
    /// The chunk stream cannot be read.
    Chunk(chunk::Error),
    /// The peer has been silent for too long.
    Silent,
}

/// What a link has counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Bytes received since the handshake.
    pub received: u64,
    /// Bytes written since the handshake.
    pub sent: u64,
    /// Of these, how many the peer has acknowledged; 0 for the many that never do.
    pub acknowledged: u64,
    /// What the chunk reader has counted.
    pub chunks: chunk::Stats,
}

impl Link {
    /// The client's side of a new connection. Its first bytes wait to be sent.
    pub fn client(now: Instant, config: Config, kind: Kind, rng: &mut Rng) -> Link {
        let client = handshake::Client::new(rng, kind);
        let hello = BytesMut::from(&client.hello()[..]);
        Link { hello, ..Link::new(now, config, State::Client(Box::new(client))) }
    }

    /// The server's side of a new connection.
    pub fn server(now: Instant, config: Config, rng: &mut Rng) -> Link {
        Link::new(now, config, State::Server(Box::new(handshake::Server::new(rng))))
    }

    fn new(now: Instant, config: Config, state: State) -> Link {
        Link {
            config,
            state,
            began: now,
            heard: now,
            now,
            reader: Reader::new(config.limits),
            writer: Writer::new(),
            inward: In::default(),
            outward: Out::default(),
            ping: None,
            hello: BytesMut::new(),
            queue: VecDeque::new(),
            out: BytesMut::new(),
            ready: false,
            failed: None,
        }
    }

    /// Takes a piece of the connection's bytes, of any size. Take the events, then what is to be sent.
    pub fn handle(&mut self, now: Instant, bytes: Bytes) {
        self.now = self.now.max(now);
        self.heard = self.now;
        let progress = match &mut self.state {
            State::Open => return self.take_chunks(bytes),
            State::Failed => return,
            State::Client(client) => client.push(&bytes),
            State::Server(server) => server.push(&bytes),
        };
        match progress {
            Ok(Progress { output, rest }) => {
                self.hello.extend_from_slice(&output);
                if let Some(rest) = rest {
                    self.state = State::Open;
                    self.ready = true;
                    self.take_chunks(rest);
                }
            }
            Err(error) => self.fail(Error::Handshake(error)),
        }
    }

    fn take_chunks(&mut self, bytes: Bytes) {
        let received = bytes.len() as u64;
        self.reader.push(bytes);
        //= rtmp#5.4.3/when MUST
        //# Looked at once a piece, so that a tiny window costs one message a piece and not one a byte.
        if let Some(total) = self.inward.receive(received) {
            self.control(&Control::Acknowledgement(total));
        }
    }

    /// Tells the time: at the latest at the deadline.
    pub fn time(&mut self, now: Instant) {
        self.now = self.now.max(now);
        let late = |since: Instant, limit: Duration| self.now >= since + limit;
        match self.state {
            State::Failed => {}
            State::Open if late(self.heard, self.config.silence) => self.fail(Error::Silent),
            State::Open if late(self.heard, self.config.ping) && !self.asked() => self.ping(self.now),
            State::Open => {}
            _ if late(self.began, self.config.handshake) => self.fail(Error::HandshakeTimeout),
            _ => {}
        }
    }

    /// When the link wants to be told the time.
    pub fn deadline(&self) -> Option<Instant> {
        let at = match self.state {
            State::Failed => return None,
            State::Open if self.asked() => self.heard + self.config.silence,
            State::Open => self.heard + self.config.ping.min(self.config.silence),
            _ => self.began + self.config.handshake,
        };
        (at != Instant::FAR).then_some(at)
    }

    /// Whether a ping went out since the peer was last heard.
    fn asked(&self) -> bool {
        self.ping.is_some_and(|(_, at)| at >= self.heard + self.config.ping)
    }

    /// Writes a message, on the chunk stream that is usual for its type.
    ///
    /// # Errors
    /// When its payload is longer than 16,777,215 bytes; nothing is written then.
    pub fn send(&mut self, message: &Message) -> Result<(), chunk::Error> {
        self.send_on(csid::of(message.kind), message)
    }

    /// Writes a message on that chunk stream.
    ///
    /// # Errors
    /// When its payload is longer than 16,777,215 bytes or `csid` is outside 2 to 65,599; nothing is written then.
    pub fn send_on(&mut self, csid: u32, message: &Message) -> Result<(), chunk::Error> {
        let before = self.out.len();
        self.writer.write(message, csid, &mut self.out)?;
        self.outward.sent += (self.out.len() - before) as u64;
        Ok(())
    }

    /// Writes the bytes of a [`chunk::Shared`] that was cut for this link's chunk size, without a copy.
    pub fn send_shared(&mut self, bytes: Bytes) {
        self.outward.sent += bytes.len() as u64;
        if !self.out.is_empty() {
            self.queue.push_back(self.out.split().freeze());
        }
        self.queue.push_back(bytes);
    }

    /// Writes a control message. Set Chunk Size takes effect for what is written after it.
    //= rtmp#5.4/csid MUST
    //# They all go out on chunk stream 2, in message stream 0.
    pub fn control(&mut self, control: &Control) {
        let before = self.out.len();
        match *control {
            Control::SetChunkSize(size) => self.writer.set_chunk_size(size, &mut self.out),
            // Ten bytes at most, or a user control event that someone made up: too long a one is not worth an error.
            _ => _ = self.writer.write(&control.to_message(), csid::CONTROL, &mut self.out),
        }
        if let Control::WindowAckSize(size) = *control {
            self.outward.announced = Some(size);
        }
        self.outward.sent += (self.out.len() - before) as u64;
    }

    /// Asks the peer for a sign of life: [`Event::Pong`] tells how long it took. A ping sent before is forgotten.
    pub fn ping(&mut self, now: Instant) {
        self.now = self.now.max(now);
        let number = (self.now.as_nanos() / 1_000_000) as u32;
        self.ping = Some((number, self.now));
        self.control(&Control::User(UserControl::PingRequest(number)));
    }

    /// The next bytes to be sent, in order.
    pub fn transmit(&mut self) -> Option<Bytes> {
        if !self.hello.is_empty() {
            return Some(self.hello.split().freeze());
        }
        if !matches!(self.state, State::Open) {
            return None;
        }
        self.queue.pop_front().or_else(|| (!self.out.is_empty()).then(|| self.out.split().freeze()))
    }

    /// The size of the chunks that it writes, in bytes.
    pub fn chunk_size(&self) -> u32 {
        self.writer.chunk_size()
    }

    /// Bytes written and not acknowledged.
    pub fn unacknowledged(&self) -> u64 {
        self.outward.sent - self.outward.acknowledged
    }

    /// How many bytes the peer wants to be sent at most without acknowledgement, if it has said so. The link does not
    /// hold anything back: most peers that say it never acknowledge.
    //= rtmp#5.4.5/limit SHOULD skip
    //# Told, not enforced: ffmpeg, librtmp and nginx-rtmp announce 5,000,000 or less and do not wait for, or never send, what would lift the limit.
    pub fn window(&self) -> Option<u32> {
        self.outward.window
    }

    /// What was counted so far.
    pub fn stats(&self) -> Stats {
        let (received, Out { sent, acknowledged, .. }) = (self.inward.received, self.outward);
        Stats { received, sent, acknowledged, chunks: self.reader.stats() }
    }

    /// Deals with a message, or passes it on.
    fn take(&mut self, message: Message) -> Option<Event> {
        use MessageType::{Acknowledgement, SetPeerBandwidth, UserControl as User, WindowAckSize};
        if !matches!(message.kind, Acknowledgement | SetPeerBandwidth | User | WindowAckSize) {
            return Some(Event::Message(message));
        }
        match Control::parse(&message) {
            Ok(Some(control)) => match self.obey(&control) {
                Ok(true) => None,
                Ok(false) => Some(Event::Message(message)),
                Err(event) => Some(event),
            },
            Ok(None) => Some(Event::Message(message)),
            Err(error) => Some(Event::Dropped(Dropped::Control(error))),
        }
    }

    /// Whether that control message is the link's affair; an event, if there is one to tell.
    fn obey(&mut self, control: &Control) -> Result<bool, Event> {
        match *control {
            Control::Acknowledgement(total) => {
                self.outward.acknowledge(total).map_err(|()| Event::Dropped(Dropped::Acknowledgement(total)))?;
            }
            //= rtmp#5.4.4/obey MUST
            //# A window of 0 means that no acknowledgement is wanted.
            Control::WindowAckSize(size) => self.inward.window = Some(size).filter(|size| *size > 0),
            Control::SetPeerBandwidth { limit: LimitType::Other(number), .. } => {
                return Err(Event::Dropped(Dropped::LimitType(number)));
            }
            Control::SetPeerBandwidth { size, limit } => {
                if let Some(answer) = self.outward.bandwidth(size, limit) {
                    self.control(&answer);
                }
            }
            //= rtmp#6.2/ping MUST
            //# The answer carries the number of the request.
            Control::User(UserControl::PingRequest(number)) => {
                self.control(&Control::User(UserControl::PingResponse(number)));
            }
            Control::User(UserControl::PingResponse(number)) => {
                let Some((_, sent)) = self.ping.take_if(|(asked, _)| *asked == number) else {
                    return Err(Event::Dropped(Dropped::Pong(number)));
                };
                return Err(Event::Pong(self.now - sent));
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn fail(&mut self, error: Error) {
        self.state = State::Failed;
        self.failed = Some(error);
        self.reader = Reader::new(self.config.limits);
        self.queue.clear();
        self.out = BytesMut::new();
    }
}

impl Iterator for Link {
    type Item = Result<Event, Error>;

    fn next(&mut self) -> Option<Result<Event, Error>> {
        if std::mem::take(&mut self.ready) {
            return Some(Ok(Event::Ready));
        }
        loop {
            if let Some(error) = self.failed.take() {
                return Some(Err(error));
            }
            match self.reader.next()? {
                Ok(message) => match self.take(message) {
                    Some(event) => return Some(Ok(event)),
                    None => continue,
                },
                Err(error) => self.fail(Error::Chunk(error)),
            }
        }
    }
}

impl Error {
    /// One word for counters and logs, the same for every error of a kind.
    pub const fn reason(&self) -> &'static str {
        match self {
            Error::Handshake(error) => error.reason(),
            Error::HandshakeTimeout => "handshake-timeout",
            Error::Chunk(error) => error.reason(),
            Error::Silent => "silent",
        }
    }
}

impl Dropped {
    /// One word for counters and logs, the same for everything of a kind.
    pub const fn reason(&self) -> &'static str {
        match self {
            Dropped::Control(_) => "control-short",
            Dropped::Acknowledgement(_) => "acknowledgement-back",
            Dropped::LimitType(_) => "limit-type",
            Dropped::Pong(_) => "pong-unasked",
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Handshake(error) => error.fmt(f),
            Error::HandshakeTimeout => write!(f, "the handshake took too long"),
            Error::Chunk(error) => error.fmt(f),
            Error::Silent => write!(f, "the peer has been silent for too long"),
        }
    }
}

impl std::error::Error for Error {}

impl fmt::Display for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Dropped::Control(error) => error.fmt(f),
            Dropped::Acknowledgement(total) => write!(f, "an acknowledgement went back to {total}"),
            Dropped::LimitType(number) => write!(f, "a peer bandwidth of unknown limit type {number}"),
            Dropped::Pong(number) => write!(f, "an answer to a ping {number} that was not sent"),
        }
    }
}
