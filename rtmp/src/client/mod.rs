//! The client's side: one connection.
//!
//! [`TRANSITIONS`] is the table of the connection, [`STREAM_TRANSITIONS`] that of each message stream.

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use amf::amf0::{Object, Value};
use bytes::Bytes;
use wire::{CloseReason, ConnId, Input, Instant, Machine, Output, QueryId, Rng, Transmit};

use crate::calls::Calls;
use crate::command::{Command, Data};
use crate::control::{Control, UserControl};
use crate::link::{self, Link};
use crate::server::PublishMode;
use crate::{Message, MessageType};
use stream::Stream;
use tunnelled::Tunnel;

mod config;
mod error;
mod event;
mod receive;
mod state;
mod stream;
mod tunnelled;

pub use config::{Config, Limits, Timing};
pub use error::Error;
pub use event::{ClosedReason, DropReason, Event, StreamEvent};
pub use state::{State, Stimulus, TRANSITIONS};
pub use stream::{STREAM_TRANSITIONS, StreamState, StreamStimulus};

/// One connection to a server. Give one input (or call one command), then poll until `None`, then wait for the next
/// input or the deadline.
pub struct Client {
    config: Config,
    rng: Rng,
    state: State,
    /// When connecting has to be done.
    until: Instant,
    now: Instant,
    outputs: VecDeque<Output<Event>>,
    /// Addresses not tried yet, the next one last.
    addresses: Vec<SocketAddr>,
    attempts: u64,
    /// The connection below, from the moment it was asked for.
    conn: Option<ConnId>,
    link: Option<Box<Link>>,
    tunnel: Option<Box<Tunnel>>,
    streams: Vec<Stream>,
    calls: Calls<Purpose>,
    /// Commands of the server that the application has not answered, oldest first.
    commands: VecDeque<Open>,
}

/// What a call is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    Connect,
    CreateStream,
    /// The answer is of no interest: releaseStream and its like.
    Ignored,
    Application,
}

/// A command that waits for the application's answer.
#[derive(Debug)]
struct Open {
    transaction: f64,
    stream: u32,
    until: Instant,
}

impl Client {
    /// A client that has not connected.
    pub fn new(config: Config, rng: Rng) -> Client {
        Client {
            config,
            rng,
            state: State::Idle,
            until: Instant::FAR,
            now: Instant::ZERO,
            outputs: VecDeque::new(),
            addresses: Vec::new(),
            attempts: 0,
            conn: None,
            link: None,
            tunnel: None,
            streams: Vec::new(),
            calls: Calls::new(1),
            commands: VecDeque::new(),
        }
    }

    /// What it was made with.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Looks up the address, connects, shakes hands and sends connect. `Connected`, `Rejected` or `Closed` tell the outcome.
    ///
    /// # Errors
    /// [`Error::ConnectedAlready`].
    pub fn connect(&mut self, now: Instant) -> Result<(), Error> {
        self.tick(now);
        if self.state != State::Idle {
            return Err(Error::ConnectedAlready);
        }
        self.until = self.now + self.config.timing.connect;
        let url = &self.config.url;
        match url.host.parse::<IpAddr>() {
            Ok(ip) => {
                self.addresses = vec![SocketAddr::new(ip, url.port)];
                self.open(Stimulus::ConnectAddress);
            }
            Err(_) => {
                let (host, port) = (url.host.clone(), url.port);
                self.step(Stimulus::ConnectName);
                self.outputs.push_back(Output::Resolve { query: QueryId(0), host, port });
            }
        }
        Ok(())
    }

    /// Asks for a message stream: `StreamCreated` or `StreamRefused` tell the outcome. Returns the transaction.
    ///
    /// # Errors
    /// [`Error::NotConnected`] or [`Error::TooMany`].
    pub fn create_stream(&mut self, now: Instant) -> Result<u64, Error> {
        self.connected(now)?;
        let asked = self.calls.count(|purpose| *purpose == Purpose::CreateStream);
        if self.streams.len() + asked >= self.config.limits.streams {
            return Err(Error::TooMany);
        }
        self.request(Purpose::CreateStream, self.config.timing.call, "createStream", Value::Null, Vec::new())
    }

    /// Asks to publish: releaseStream and FCPublish go ahead of it, as old servers want. `Status` tells the outcome; send
    /// media once it says `NetStream.Publish.Start`. The name may carry a query.
    ///
    /// # Errors
    /// [`Error::NotConnected`], [`Error::UnknownStream`], [`Error::WrongRole`] when it is in use, or [`Error::TooLong`].
    pub fn publish(&mut self, now: Instant, stream: u32, name: &str, mode: PublishMode) -> Result<(), Error> {
        let own = self.known(now, stream)?;
        if own.is_used() {
            return Err(Error::WrongRole);
        }
        if name.len() > usize::from(u16::MAX) {
            return Err(Error::TooLong);
        }
        own.step(StreamStimulus::Publish);
        let timeout = self.config.timing.call;
        for method in ["releaseStream", "FCPublish"] {
            // when too many calls are open, it goes without
            let _ = self.request(Purpose::Ignored, timeout, method, Value::Null, vec![name.into()]);
        }
        self.command(stream, "publish", vec![name.into(), mode.name().into()])
    }

    /// Asks to play. `start`: -2 live, else recorded; -1 live only; from 0 recorded, from so many milliseconds on.
    /// `duration`: for how many milliseconds; -1: to the end. Without `reset` it waits until what is on has ended.
    ///
    /// # Errors
    /// [`Error::NotConnected`], [`Error::UnknownStream`], [`Error::WrongRole`] when it publishes, or [`Error::TooLong`].
    pub fn play(
        &mut self,
        now: Instant,
        stream: u32,
        name: &str,
        start: f64,
        duration: f64,
        reset: bool,
    ) -> Result<(), Error> {
        let own = self.known(now, stream)?;
        if own.state() == StreamState::Publishing {
            return Err(Error::WrongRole);
        }
        if name.len() > usize::from(u16::MAX) {
            return Err(Error::TooLong);
        }
        own.plays = if reset { 1 } else { own.plays.saturating_add(1) };
        own.step(StreamStimulus::Play);
        // on the wire the two words are written as if they were seconds
        let start = if start < 0.0 { start.max(-2.0) * 1000.0 } else { start };
        let arguments = vec![name.into(), start.into(), duration.into(), reset.into()];
        self.command(stream, "play", arguments)
    }

    /// Asks to go over to another stream without a break. `parameters` are those of play2: `streamName`, `transition`….
    ///
    /// # Errors
    /// [`Error::NotConnected`], [`Error::UnknownStream`], [`Error::WrongRole`], or [`Error::TooLong`].
    pub fn play2(&mut self, now: Instant, stream: u32, parameters: Object) -> Result<(), Error> {
        self.player(now, stream)?;
        self.command(stream, "play2", vec![Value::Object(parameters)])
    }

    /// Pauses at a place (ms) what is played, or goes on from there.
    ///
    /// # Errors
    /// [`Error::NotConnected`], [`Error::UnknownStream`], or [`Error::WrongRole`].
    pub fn pause(&mut self, now: Instant, stream: u32, pause: bool, at: f64) -> Result<(), Error> {
        self.player(now, stream)?;
        self.command(stream, "pause", vec![pause.into(), at.into()])
    }

    /// Goes to another place (ms) of what is played.
    ///
    /// # Errors
    /// As [`pause`](Self::pause).
    pub fn seek(&mut self, now: Instant, stream: u32, to: f64) -> Result<(), Error> {
        self.player(now, stream)?;
        self.command(stream, "seek", vec![to.into()])
    }

    /// Wants audio, or wants it no longer.
    ///
    /// # Errors
    /// [`Error::NotConnected`] or [`Error::UnknownStream`].
    pub fn receive_audio(&mut self, now: Instant, stream: u32, on: bool) -> Result<(), Error> {
        self.known(now, stream)?;
        self.command(stream, "receiveAudio", vec![on.into()])
    }

    /// Wants video, or wants it no longer.
    ///
    /// # Errors
    /// As [`receive_audio`](Self::receive_audio).
    pub fn receive_video(&mut self, now: Instant, stream: u32, on: bool) -> Result<(), Error> {
        self.known(now, stream)?;
        self.command(stream, "receiveVideo", vec![on.into()])
    }

    /// Tells how much is buffered (ms) of what is played on a message stream.
    ///
    /// # Errors
    /// As [`receive_audio`](Self::receive_audio).
    pub fn buffer_length(&mut self, now: Instant, stream: u32, millis: u32) -> Result<(), Error> {
        self.known(now, stream)?;
        self.connected(now)?.control(&Control::User(UserControl::SetBufferLength { stream, millis }));
        self.flush();
        Ok(())
    }

    /// Ends publishing or playing; the message stream can be used again.
    ///
    /// # Errors
    /// As [`receive_audio`](Self::receive_audio).
    pub fn close_stream(&mut self, now: Instant, stream: u32) -> Result<(), Error> {
        self.known(now, stream)?;
        self.stop(stream, StreamStimulus::Close);
        self.command(stream, "closeStream", Vec::new())
    }

    /// Ends publishing or playing, and the message stream.
    ///
    /// # Errors
    /// As [`receive_audio`](Self::receive_audio).
    pub fn delete_stream(&mut self, now: Instant, stream: u32) -> Result<(), Error> {
        self.known(now, stream)?;
        self.stop(stream, StreamStimulus::Delete);
        self.streams.retain(|own| own.id != stream);
        self.command(0, "deleteStream", vec![stream.into()])
    }

    /// Sends a message on a message stream, whatever stream the message itself names.
    ///
    /// # Errors
    /// [`Error::NotConnected`], [`Error::UnknownStream`], or [`Error::TooLong`].
    pub fn send(&mut self, now: Instant, stream: u32, message: &Message) -> Result<(), Error> {
        self.known(now, stream)?;
        if matches!(message.kind, MessageType::SetChunkSize | MessageType::Abort) {
            return Err(Error::WrongRole);
        }
        self.write_message(&Message { stream, ..message.clone() })
    }

    /// Sends a data message at `timestamp` (ms), such as `@setDataFrame` with `onMetaData` and its values.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub fn data(
        &mut self,
        now: Instant,
        stream: u32,
        timestamp: u32,
        name: &str,
        arguments: Vec<Value>,
    ) -> Result<(), Error> {
        self.known(now, stream)?;
        let message = Data::new(name, arguments).to_message(self.config.encoding, stream, timestamp);
        self.write_message(&message)
    }

    /// Sends a message about a shared object: see [`shared_object`](crate::shared_object).
    ///
    /// # Errors
    /// [`Error::NotConnected`], [`Error::WrongRole`] for a message of another type, or [`Error::TooLong`].
    pub fn shared_object(&mut self, now: Instant, message: &Message) -> Result<(), Error> {
        self.connected(now)?;
        if !matches!(message.kind, MessageType::SharedObjectAmf0 | MessageType::SharedObjectAmf3) {
            return Err(Error::WrongRole);
        }
        self.write_message(&Message { stream: 0, ..message.clone() })
    }

    /// Calls a method of the server. Its `Answer` comes within `timeout`, [`Timing::call`] when that is `None`. Returns the
    /// transaction.
    ///
    /// # Errors
    /// [`Error::NotConnected`], [`Error::TooMany`], or [`Error::TooLong`].
    pub fn call(
        &mut self,
        now: Instant,
        name: &str,
        arguments: Vec<Value>,
        timeout: Option<Duration>,
    ) -> Result<u64, Error> {
        self.connected(now)?;
        let timeout = timeout.unwrap_or(self.config.timing.call);
        self.request(Purpose::Application, timeout, name, Value::Null, arguments)
    }

    /// Calls a method of the server and wants no answer.
    ///
    /// # Errors
    /// [`Error::NotConnected`] or [`Error::TooLong`].
    pub fn notify(&mut self, now: Instant, name: &str, arguments: Vec<Value>) -> Result<(), Error> {
        self.connected(now)?;
        self.command(0, name, arguments)
    }

    /// Answers a `Command`: `_result` with these values, or `_error` with this information object.
    ///
    /// # Errors
    /// [`Error::NotConnected`], or [`Error::NotAsked`].
    pub fn answer(&mut self, now: Instant, transaction: f64, result: Result<Vec<Value>, Object>) -> Result<(), Error> {
        self.connected(now)?;
        let same = |open: &Open| open.transaction.to_bits() == transaction.to_bits();
        let at = self.commands.iter().position(same).ok_or(Error::NotAsked)?;
        let open = self.commands.remove(at).ok_or(Error::NotAsked)?;
        let (name, values) = match result {
            Ok(values) => ("_result", values),
            Err(info) => ("_error", vec![Value::Object(info)]),
        };
        self.write(open.stream, &Command::new(name, transaction, Value::Null, values))
    }

    /// Bytes that a tunnelled client has not sent; 0 for all others, whose bytes the driver counts.
    pub fn unsent(&self) -> usize {
        self.tunnel.as_ref().map_or(0, |tunnel| tunnel.unsent())
    }

    /// Ends every stream and closes the connection. `Closed` follows at once.
    pub fn close(&mut self, now: Instant) {
        self.tick(now);
        let used: Vec<u32> = self.streams.iter().map(|stream| stream.id).collect();
        for stream in used {
            let _ = self.command(0, "deleteStream", vec![stream.into()]); // a courtesy
        }
        self.end(ClosedReason::Application, true);
    }

    /// Where the connection is.
    pub fn state(&self) -> State {
        self.state
    }

    /// What a message stream is used for.
    pub fn stream_state(&self, stream: u32) -> StreamState {
        self.streams.iter().find(|own| own.id == stream).map_or(StreamState::Gone, Stream::state)
    }

    /// Whether connecting has begun and is not done.
    fn is_on_the_way(&self) -> bool {
        matches!(self.state, State::Resolving | State::Opening | State::Handshake | State::Connecting)
    }

    /// Ends what a stream is used for, and tells so.
    fn stop(&mut self, id: u32, on: StreamStimulus) {
        let Some(stream) = self.streams.iter_mut().find(|stream| stream.id == id) else { return };
        let was_used = stream.is_used();
        if stream.step(on) && was_used {
            stream.plays = 0;
            self.event(Event::Stopped { stream: id });
        }
    }

    /// The link and the time, once the server has accepted connect.
    fn connected(&mut self, now: Instant) -> Result<&mut Link, Error> {
        self.tick(now);
        match (self.state, &mut self.link) {
            (State::Connected, Some(link)) => Ok(link),
            _ => Err(Error::NotConnected),
        }
    }

    fn known(&mut self, now: Instant, stream: u32) -> Result<&mut Stream, Error> {
        self.connected(now)?;
        self.streams.iter_mut().find(|own| own.id == stream).ok_or(Error::UnknownStream)
    }

    /// A stream that plays, or has asked to.
    fn player(&mut self, now: Instant, stream: u32) -> Result<(), Error> {
        match self.known(now, stream)?.state() {
            StreamState::Playing => Ok(()),
            _ => Err(Error::WrongRole),
        }
    }

    /// Writes a command and hands it to the driver.
    fn write(&mut self, stream: u32, command: &Command) -> Result<(), Error> {
        let message = command.to_message(self.config.encoding, stream);
        self.write_message(&message)
    }

    fn write_message(&mut self, message: &Message) -> Result<(), Error> {
        let link = self.link.as_deref_mut().ok_or(Error::NotConnected)?;
        link.send(message).map_err(|_| Error::TooLong)?;
        self.flush();
        Ok(())
    }

    /// A command of a message stream, to which no answer but onStatus is expected.
    fn command(&mut self, stream: u32, name: &str, arguments: Vec<Value>) -> Result<(), Error> {
        self.write(stream, &Command::new(name, 0.0, Value::Null, arguments))
    }

    /// A call whose answer means `purpose`.
    fn request(
        &mut self,
        purpose: Purpose,
        timeout: Duration,
        name: &str,
        object: Value,
        arguments: Vec<Value>,
    ) -> Result<u64, Error> {
        if self.calls.len() >= self.config.limits.calls {
            return Err(Error::TooMany);
        }
        let transaction = self.calls.open(self.now, timeout, purpose);
        let written = self.write(0, &Command::new(name, transaction as f64, object, arguments));
        if written.is_err() {
            self.calls.close(transaction as f64);
        }
        written.map(|()| transaction)
    }

    fn flush(&mut self) {
        let Some(conn) = self.conn else { return };
        let Some(link) = &mut self.link else { return };
        while let Some(data) = link.transmit() {
            match &mut self.tunnel {
                Some(tunnel) => tunnel.send(self.now, data),
                None => self.outputs.push_back(Output::Transmit(Transmit::Stream { conn, data })),
            }
        }
        self.drain_tunnel();
    }

    fn event(&mut self, event: Event) {
        self.outputs.push_back(Output::Event(event));
    }

    fn dropped(&mut self, reason: DropReason) {
        self.event(Event::Dropped { reason });
    }

    /// Time never runs backwards: an earlier time counts as the latest.
    fn tick(&mut self, now: Instant) -> Instant {
        self.now = self.now.max(now);
        self.now
    }

    /// Opens a connection to the next address; false when there is none.
    fn open(&mut self, on: Stimulus) -> bool {
        let Some(remote) = self.addresses.pop() else { return false };
        self.step(on);
        self.dial(remote);
        true
    }

    fn dial(&mut self, remote: SocketAddr) {
        let conn = ConnId::outbound(self.attempts);
        self.attempts += 1;
        self.conn = Some(conn);
        self.outputs.push_back(Output::Connect { conn, transport: self.config.url.scheme.transport(), remote });
    }

    fn opened(&mut self, conn: ConnId, remote: SocketAddr) {
        if self.conn != Some(conn) {
            return;
        }
        if self.config.url.scheme.is_tunnelled() {
            self.tunnel_opened(remote);
        } else {
            self.shake_hands();
        }
    }

    /// Begins the chunk stream's handshake.
    fn shake_hands(&mut self) {
        if !self.step(Stimulus::Opened) {
            return;
        }
        let Timing { connect, ping, idle, .. } = self.config.timing;
        let config = link::Config { limits: self.config.limits.chunk, handshake: connect, ping, silence: idle };
        self.link = Some(Box::new(Link::client(self.now, config, self.config.handshake, &mut self.rng)));
        self.flush();
    }

    fn bytes(&mut self, conn: ConnId, data: Bytes) {
        if self.conn != Some(conn) {
            return;
        }
        match &mut self.tunnel {
            Some(tunnel) => tunnel.receive(self.now, data),
            None => self.chunks(data),
        }
        self.drain_tunnel();
    }

    /// The next bytes of the chunk stream.
    fn chunks(&mut self, data: Bytes) {
        if let Some(link) = &mut self.link {
            link.handle(self.now, data);
        }
        self.drain();
        self.flush();
    }

    /// Takes what the link has.
    fn drain(&mut self) {
        while let Some(event) = self.link.as_deref_mut().and_then(Iterator::next) {
            match event {
                Ok(link::Event::Ready) => self.say_connect(),
                Ok(link::Event::Message(message)) => self.receive(message),
                Ok(link::Event::Dropped(dropped)) => self.dropped(DropReason::Control(dropped.reason())),
                Ok(link::Event::Pong(_)) => {}
                Err(link::Error::Silent) => self.end(ClosedReason::Idle, true),
                Err(link::Error::HandshakeTimeout) => self.end(ClosedReason::Timeout, true),
                Err(error) => self.end(ClosedReason::Protocol(error.reason()), true),
            }
        }
    }

    //= rtmp#7.2.1.1/send MUST
    //# The first command after the handshake, with the object that the configuration makes.
    fn say_connect(&mut self) {
        if !self.step(Stimulus::Shaken) {
            return;
        }
        let (window, chunk_size) = (self.config.window, self.config.chunk_size);
        if let Some(link) = &mut self.link {
            link.control(&Control::SetChunkSize(chunk_size));
            link.control(&Control::WindowAckSize(window));
        }
        let transaction = self.calls.open(self.now, self.until - self.now, Purpose::Connect);
        let object = Value::Object(self.config.connect_object());
        let command = Command::new("connect", transaction as f64, object, self.config.arguments.clone());
        // connect is AMF0 whatever it asks for the rest
        if self.write_message(&command.to_message(crate::command::Encoding::Amf0, 0)).is_err() {
            self.end(ClosedReason::Protocol("connect-too-long"), true);
        }
    }

    fn resolved(&mut self, answer: Result<Vec<SocketAddr>, wire::ResolveError>) {
        if self.state != State::Resolving {
            return;
        }
        match answer {
            Ok(mut addresses) => {
                addresses.truncate(MAX_ADDRESSES);
                addresses.reverse();
                self.addresses = addresses;
                if !self.open(Stimulus::Addresses) {
                    self.end(ClosedReason::Resolve(wire::ResolveError::NotFound), false);
                }
            }
            Err(error) => self.end(ClosedReason::Resolve(error), false),
        }
    }

    fn closed(&mut self, conn: ConnId, reason: CloseReason) {
        if self.conn != Some(conn) {
            return;
        }
        if self.tunnel.is_some() {
            return self.tunnel_closed(reason);
        }
        self.conn = None;
        if self.state == State::Opening && self.open(Stimulus::NextAddress) {
            return;
        }
        self.end(ClosedReason::Transport(reason), false);
    }

    /// Tells every end that was promised, `Closed` last. A tunnel says farewell on its own.
    fn end(&mut self, reason: ClosedReason, close: bool) {
        if matches!(self.state, State::Idle | State::Over) {
            return;
        }
        self.flush();
        let known = self.step(Stimulus::of(&reason));
        debug_assert!(known, "{:?} ends by {reason:?}", self.state);
        self.link = None;
        for at in 0..self.streams.len() {
            self.stop(self.streams[at].id, StreamStimulus::Lost);
        }
        self.streams = Vec::new();
        while let Some((transaction, purpose)) = self.calls.pop() {
            self.unanswered(transaction, purpose, crate::CallError::Closed);
        }
        self.commands.clear();
        self.event(Event::Closed { reason });
        if !close {
            self.tunnel = None;
        } else if let Some(tunnel) = &mut self.tunnel {
            tunnel.close(self.now);
            self.drain_tunnel();
        } else if let Some(conn) = self.conn.take() {
            self.outputs.push_back(Output::Close { conn });
        }
    }

    fn time(&mut self) {
        let now = self.now;
        if self.state == State::Idle {
            return;
        }
        if self.is_on_the_way() && self.until <= now {
            return self.end(ClosedReason::Timeout, true);
        }
        if let Some(tunnel) = &mut self.tunnel {
            tunnel.time(now);
            self.drain_tunnel();
        }
        while let Some((transaction, purpose)) = self.calls.expired(now) {
            self.unanswered(transaction, purpose, crate::CallError::Timeout);
        }
        while self.commands.front().is_some_and(|open| open.until <= now) {
            let Some(open) = self.commands.pop_front() else { break };
            self.dropped(DropReason::Unanswered);
            self.refuse(open.stream, open.transaction, "The application did not answer.");
        }
        if let Some(link) = &mut self.link {
            link.time(now);
        }
        self.drain();
        self.flush();
    }
}

impl Machine for Client {
    type Event = Event;

    fn handle(&mut self, now: Instant, input: Input) {
        self.tick(now);
        match input {
            Input::Opened { conn, remote, .. } => self.opened(conn, remote),
            Input::Stream { conn, data } => self.bytes(conn, data),
            Input::Closed { conn, reason } => self.closed(conn, reason),
            Input::Resolved { query: QueryId(0), answer } => self.resolved(answer),
            Input::Time => self.time(),
            Input::Secured { .. } | Input::Resolved { .. } | Input::Datagram { .. } | Input::Unreachable { .. } => {} // none is asked for
        }
    }

    fn poll(&mut self) -> Option<Output<Event>> {
        self.outputs.pop_front()
    }

    fn deadline(&self) -> Option<Instant> {
        let state = self.is_on_the_way().then_some(self.until);
        let tunnel = self.tunnel.as_ref().and_then(|tunnel| tunnel.deadline());
        let command = self.commands.front().map(|open| open.until);
        let link = self.link.as_ref().and_then(|link| link.deadline());
        [state, command, link, tunnel, self.calls.deadline()].into_iter().flatten().min()
    }
}

/// Addresses of a host that are tried, one after the other.
const MAX_ADDRESSES: usize = 8;
