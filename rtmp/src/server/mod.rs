//! The server's side: all connections of a listener in one machine.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::net::SocketAddr;
use std::time::Duration;

use amf::amf0::{Object, Value};
use bytes::Bytes;
use foldhash::fast::FixedState;
use wire::{ConnId, Input, Instant, Machine, Output, Rng};

use crate::Message;
use crate::command::Command;
use crate::control::UserControl;
use crate::link::{self, Link};
use crate::shared_object;
use crate::status::{self, Status};
use crate::tunnel::{self, SessionId};
use connection::{Connection, State};

mod application;
mod config;
mod connection;
mod error;
mod event;
mod netstream;
mod receive;
mod shared;
mod state;
mod stream;
mod tunnelled;

pub use config::{Config, Limits, Timing};
pub use error::Error;
pub use event::{ClosedReason, ConnectRequest, DropReason, Event, PublishMode, Role, Track};
pub use state::{ConnectionState, Stimulus, TRANSITIONS};
pub use stream::{STREAM_TRANSITIONS, StreamState, StreamStimulus};

/// What a server counted since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Connections that are open now, tunnelled sessions included.
    pub connections: usize,
    /// Connections that were opened.
    pub opened: u64,
    /// Connections whose connect was accepted.
    pub accepted: u64,
    /// Messages of audio, video and data that were told.
    pub media: u64,
    /// Bytes that came.
    pub received: u64,
    /// Bytes that were sent.
    pub sent: u64,
    /// Things dropped: every `Dropped` event counts.
    pub dropped: u64,
}

/// All connections of a listener. Give one input (or call one command), then poll until `None`, then wait for the next
/// input or the deadline.
pub struct Server {
    core: Core,
    rng: Rng,
    slots: HashMap<ConnId, Slot, FixedState>,
    /// When each connection wants the time, at the latest. An entry may be too early: it is put right when it is reached.
    timers: BTreeSet<(Instant, ConnId)>,
    tunnel: tunnel::Server,
    /// The tunnel's sessions, and the numbers that they have as connections: outbound ones, which the driver never uses.
    sessions: BTreeMap<SessionId, ConnId>,
    carried: BTreeMap<ConnId, SessionId>,
    /// How many sessions were opened.
    tunnelled: u64,
    store: Option<shared_object::Store<ConnId>>,
}

/// What all connections share.
struct Core {
    config: Config,
    outputs: VecDeque<Output<Event>>,
    stats: Stats,
    /// The latest time that was told.
    now: Instant,
    /// Messages about shared objects that the connection at hand has just sent.
    shared_objects: Vec<Message>,
}

/// A transport connection, and its entry in the table of timers.
struct Slot {
    armed: Instant,
    carrier: Carrier,
}

/// What speaks on a transport connection.
enum Carrier {
    /// Nobody knows yet.
    New(New),
    /// RTMP.
    Rtmp(Box<Connection>),
    /// HTTP, which the tunnel reads.
    Http { secure: bool },
}

/// A connection whose first bytes are awaited.
struct New {
    remote: SocketAddr,
    secure: bool,
    opened: Instant,
    /// What may become a policy request.
    text: Vec<u8>,
}

impl Server {
    /// A server without connections.
    pub fn new(config: Config, mut rng: Rng) -> Server {
        let tunnel = tunnel::Server::new(config.tunnel.clone().unwrap_or_default(), rng.split());
        let store = config.shared_objects.clone().map(shared_object::Store::new);
        let core = Core {
            config,
            outputs: VecDeque::new(),
            stats: Stats::default(),
            now: Instant::ZERO,
            shared_objects: Vec::new(),
        };
        let slots = HashMap::with_hasher(FixedState::default());
        Server {
            core,
            rng,
            slots,
            timers: BTreeSet::new(),
            tunnel,
            sessions: BTreeMap::new(),
            carried: BTreeMap::new(),
            tunnelled: 0,
            store,
        }
    }

    /// Accepts a connect. The entries of `info` are added to the information object of the answer.
    ///
    /// # Errors
    /// [`Error::UnknownConnection`], or [`Error::NotAsked`] when it was answered already.
    pub fn accept(&mut self, now: Instant, conn: ConnId, info: Option<Object>) -> Result<(), Error> {
        self.asked(now, conn, |connection, core, transaction| {
            connection.accept(core, now, transaction, info);
        })
    }

    /// Rejects a connect; the connection is closed.
    ///
    /// # Errors
    /// As [`accept`](Self::accept).
    pub fn reject(&mut self, now: Instant, conn: ConnId, description: &str) -> Result<(), Error> {
        let status = Status::new(status::CONNECT_REJECTED, description);
        self.asked(now, conn, |connection, core, _| connection.reject(core, now, &status, ClosedReason::Application))
    }

    /// Sends a client elsewhere: rejects its connect with code 302 and the URL; the connection is closed.
    ///
    /// # Errors
    /// As [`accept`](Self::accept).
    pub fn redirect(&mut self, now: Instant, conn: ConnId, url: &str) -> Result<(), Error> {
        let ex = Object::new().with("code", 302.0).with("redirect", url);
        let status = Status::new(status::CONNECT_REJECTED, "Connect elsewhere.").with("ex", ex);
        self.asked(now, conn, |connection, core, _| connection.reject(core, now, &status, ClosedReason::Application))
    }

    //= e-rtmp#reconnect/request MUST
    //# Sent on stream 0, and to nobody whose capsEx lacks the bit.
    /// Asks a client that said it can ([`Capabilities::reconnects`](crate::Capabilities::reconnects)) to connect anew, to
    /// `tc_url` if there is one. Returns false, and sends nothing, to a client that cannot.
    ///
    /// # Errors
    /// [`Error::UnknownConnection`] or [`Error::NotAccepted`].
    pub fn request_reconnect(
        &mut self,
        now: Instant,
        conn: ConnId,
        tc_url: Option<&str>,
        description: &str,
    ) -> Result<bool, Error> {
        self.accepted(now, conn, |connection, _| {
            if !connection.reconnects() {
                return Ok(false);
            }
            let mut status = Status::new(status::CONNECT_RECONNECT_REQUEST, description);
            if let Some(tc_url) = tc_url {
                status = status.with("tcUrl", tc_url);
            }
            connection.status(0, &status).map(|()| true)
        })
    }

    /// Lets a client publish; what it has sent meanwhile is told next.
    ///
    /// # Errors
    /// [`Error::UnknownConnection`], [`Error::UnknownStream`], or [`Error::NotAsked`].
    pub fn accept_publish(&mut self, now: Instant, conn: ConnId, stream: u32) -> Result<(), Error> {
        self.accepted(now, conn, |connection, core| connection.accept_usage(core, now, stream, Role::Publishing))
    }

    /// Refuses to let a client publish, with a code such as [`PUBLISH_BAD_NAME`](crate::status::PUBLISH_BAD_NAME).
    ///
    /// # Errors
    /// As [`accept_publish`](Self::accept_publish).
    pub fn reject_publish(
        &mut self,
        now: Instant,
        conn: ConnId,
        stream: u32,
        code: &str,
        description: &str,
    ) -> Result<(), Error> {
        let status = Status::error(code, description);
        self.accepted(now, conn, |connection, core| {
            connection.reject_usage(core, now, stream, Role::Publishing, &status)
        })
    }

    /// Lets a client play: StreamBegin, Play.Reset where it asked for it, and Play.Start are sent. Media may follow.
    ///
    /// # Errors
    /// As [`accept_publish`](Self::accept_publish).
    pub fn accept_play(&mut self, now: Instant, conn: ConnId, stream: u32) -> Result<(), Error> {
        self.accepted(now, conn, |connection, core| connection.accept_usage(core, now, stream, Role::Playing))
    }

    /// Refuses to let a client play, with a code such as
    /// [`PLAY_STREAM_NOT_FOUND`](crate::status::PLAY_STREAM_NOT_FOUND).
    ///
    /// # Errors
    /// As [`accept_publish`](Self::accept_publish).
    pub fn reject_play(
        &mut self,
        now: Instant,
        conn: ConnId,
        stream: u32,
        code: &str,
        description: &str,
    ) -> Result<(), Error> {
        let status = Status::error(code, description);
        self.accepted(now, conn, |connection, core| connection.reject_usage(core, now, stream, Role::Playing, &status))
    }

    /// Tells a player that the seek it asked for was done: StreamEOF is not sent, StreamBegin, Seek.Notify and Play.Start are.
    ///
    /// # Errors
    /// [`Error::UnknownConnection`], [`Error::UnknownStream`], or [`Error::NotPlaying`].
    pub fn accept_seek(&mut self, now: Instant, conn: ConnId, stream: u32, to: f64) -> Result<(), Error> {
        self.accepted(now, conn, |connection, _| connection.accept_seek(stream, to))
    }

    /// Ends what a stream plays with this code: [`PLAY_STOP`](crate::status::PLAY_STOP) with StreamEOF for a file that is
    /// over, or [`PLAY_UNPUBLISH_NOTIFY`](crate::status::PLAY_UNPUBLISH_NOTIFY) for a publisher that left. `Stopped`
    /// follows, and `Play` when the playlist has more.
    ///
    /// # Errors
    /// As [`accept_seek`](Self::accept_seek).
    pub fn end_play(&mut self, now: Instant, conn: ConnId, stream: u32, code: &str) -> Result<(), Error> {
        self.accepted(now, conn, |connection, core| connection.end_play(core, now, stream, code))
    }

    /// Ends what a client publishes, with a code such as [`PUBLISH_IDLE`](crate::status::PUBLISH_IDLE). `Stopped` follows.
    ///
    /// # Errors
    /// As [`accept_publish`](Self::accept_publish).
    pub fn end_publish(
        &mut self,
        now: Instant,
        conn: ConnId,
        stream: u32,
        code: &str,
        description: &str,
    ) -> Result<(), Error> {
        let status = Status::new(code, description);
        self.accepted(now, conn, |connection, core| connection.end_publish(core, stream, &status))
    }

    /// Sends a message on a message stream of the client, whatever stream the message itself names.
    ///
    /// # Errors
    /// [`Error::UnknownConnection`], [`Error::NotAccepted`], or [`Error::TooLong`].
    pub fn send(&mut self, now: Instant, conn: ConnId, stream: u32, message: &Message) -> Result<(), Error> {
        self.accepted(now, conn, |connection, _| connection.send(stream, message))
    }

    /// Sends chunks that [`chunk::Shared`](crate::chunk) made for this connection's chunk size and message stream. Nothing
    /// is copied: the fan-out of a stream encodes once.
    ///
    /// # Errors
    /// [`Error::UnknownConnection`] or [`Error::NotAccepted`].
    pub fn send_shared(&mut self, now: Instant, conn: ConnId, chunks: Bytes) -> Result<(), Error> {
        self.core.tick(now);
        let Some(Slot { carrier: Carrier::Rtmp(connection), .. }) = self.slots.get_mut(&conn) else {
            return Err(Error::UnknownConnection);
        };
        if connection.state != State::Accepted {
            return Err(Error::NotAccepted);
        }
        connection.link.send_shared(chunks);
        connection.flush(&mut self.core);
        Ok(())
    }

    /// The size of the chunks that go to this client, in bytes; [`Config::chunk_size`] for every connection that was
    /// accepted. `None` for a connection that does not exist.
    pub fn chunk_size(&self, conn: ConnId) -> Option<u32> {
        match &self.slots.get(&conn)?.carrier {
            Carrier::Rtmp(connection) => Some(connection.link.chunk_size()),
            Carrier::New(_) | Carrier::Http { .. } => None,
        }
    }

    /// Sends onStatus on a message stream; 0 is the connection.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub fn status(&mut self, now: Instant, conn: ConnId, stream: u32, status: &Status) -> Result<(), Error> {
        self.accepted(now, conn, |connection, _| connection.status(stream, status))
    }

    /// Calls a method of the client. Its `Answer` comes within `timeout`, [`Timing::call`] when that is `None`. Returns the
    /// transaction.
    ///
    /// # Errors
    /// [`Error::UnknownConnection`], [`Error::NotAccepted`], [`Error::TooManyCalls`], or [`Error::TooLong`].
    pub fn call(
        &mut self,
        now: Instant,
        conn: ConnId,
        name: &str,
        arguments: Vec<Value>,
        timeout: Option<Duration>,
    ) -> Result<u64, Error> {
        let limit = self.core.config.limits.calls;
        let timeout = timeout.unwrap_or(self.core.config.timing.call);
        self.accepted(now, conn, |connection, _| {
            if connection.calls.len() >= limit {
                return Err(Error::TooManyCalls);
            }
            let transaction = connection.calls.open(now, timeout, ());
            let written = connection.write(0, &Command::new(name, transaction as f64, Value::Null, arguments));
            if written.is_err() {
                connection.calls.close(transaction as f64);
            }
            written.map(|()| transaction)
        })
    }

    /// Calls a method of the client and wants no answer.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub fn notify(&mut self, now: Instant, conn: ConnId, name: &str, arguments: Vec<Value>) -> Result<(), Error> {
        let command = Command::new(name, 0.0, Value::Null, arguments);
        self.accepted(now, conn, |connection, _| connection.write(0, &command))
    }

    /// Answers a `Command`: `_result` with these values, or `_error` with this information object.
    ///
    /// # Errors
    /// [`Error::UnknownConnection`], or [`Error::NotAsked`].
    pub fn answer(
        &mut self,
        now: Instant,
        conn: ConnId,
        transaction: f64,
        result: Result<Vec<Value>, Object>,
    ) -> Result<(), Error> {
        self.accepted(now, conn, |connection, _| connection.answer(transaction, result))
    }

    /// Tells a client that a message stream begins, so that it may show what comes.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub fn stream_begin(&mut self, now: Instant, conn: ConnId, stream: u32) -> Result<(), Error> {
        self.user(now, conn, UserControl::StreamBegin(stream))
    }

    /// Tells a client that what it plays on a message stream is over.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub fn stream_eof(&mut self, now: Instant, conn: ConnId, stream: u32) -> Result<(), Error> {
        self.user(now, conn, UserControl::StreamEof(stream))
    }

    /// Tells a client that a message stream has nothing more for the time being.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub fn stream_dry(&mut self, now: Instant, conn: ConnId, stream: u32) -> Result<(), Error> {
        self.user(now, conn, UserControl::StreamDry(stream))
    }

    /// Tells a client that what it plays on a message stream is recorded: before [`accept_play`](Self::accept_play).
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub fn stream_is_recorded(&mut self, now: Instant, conn: ConnId, stream: u32) -> Result<(), Error> {
        self.user(now, conn, UserControl::StreamIsRecorded(stream))
    }

    /// Closes a connection: `Stopped` of its streams and `Closed` follow at once. Unknown connections are left alone.
    pub fn disconnect(&mut self, now: Instant, conn: ConnId) {
        self.core.tick(now);
        let known = matches!(self.slots.get(&conn), Some(Slot { carrier: Carrier::Rtmp(c), .. }) if c.is_told());
        if known {
            self.end(conn, ClosedReason::Application, true);
        }
    }

    /// Where a connection is. One whose first byte has not come is in the handshake; one that speaks HTTP is none.
    pub fn state(&self, conn: ConnId) -> ConnectionState {
        match self.slots.get(&conn).map(|slot| &slot.carrier) {
            Some(Carrier::Rtmp(connection)) => connection.state.name(),
            Some(Carrier::New(_)) => ConnectionState::Handshake,
            Some(Carrier::Http { .. }) | None => ConnectionState::Gone,
        }
    }

    /// What a message stream of a connection is used for.
    pub fn stream_state(&self, conn: ConnId, stream: u32) -> StreamState {
        let Some(Slot { carrier: Carrier::Rtmp(connection), .. }) = self.slots.get(&conn) else {
            return StreamState::Gone;
        };
        connection.streams.iter().find(|own| own.id == stream).map_or(StreamState::Gone, |own| own.state())
    }

    /// The connections whose connect was accepted, in the order of their numbers.
    pub fn connections(&self) -> Vec<ConnId> {
        let accepted = |slot: &Slot| matches!(&slot.carrier, Carrier::Rtmp(c) if c.state == State::Accepted);
        let mut conns: Vec<ConnId> = self.slots.iter().filter(|(_, slot)| accepted(slot)).map(|(id, _)| *id).collect();
        conns.sort_unstable();
        conns
    }

    /// Bytes that a tunnelled session has not fetched; 0 for all others, whose bytes the driver counts.
    pub fn unsent(&self, conn: ConnId) -> usize {
        self.session(conn).map_or(0, |session| self.tunnel.unsent(session))
    }

    /// Sets a property of a shared object, or removes it, and tells whoever uses the object. Nothing happens where the
    /// server keeps none: [`Config::shared_objects`].
    pub fn set_shared(&mut self, now: Instant, app: &str, object: &str, name: &str, value: Option<Value>) {
        self.core.tick(now);
        let told = self.store.as_mut().map(|store| store.set(app, object, name, value));
        self.tell_shared(told.unwrap_or_default());
    }

    /// The shared objects that the server keeps.
    pub fn shared_objects(&self) -> Option<&shared_object::Store<ConnId>> {
        self.store.as_ref()
    }

    /// What was counted so far.
    pub fn stats(&self) -> Stats {
        Stats { connections: self.slots.len(), ..self.core.stats }
    }

    /// Carries out a command on a connection that told `Connect` and has not told `Closed`.
    fn told<R>(
        &mut self,
        now: Instant,
        conn: ConnId,
        command: impl FnOnce(&mut Connection, &mut Core) -> Result<R, Error>,
    ) -> Result<R, Error> {
        self.core.tick(now);
        let slot = self.slots.get_mut(&conn).ok_or(Error::UnknownConnection)?;
        let Carrier::Rtmp(connection) = &mut slot.carrier else { return Err(Error::UnknownConnection) };
        if !connection.is_told() {
            return Err(Error::UnknownConnection);
        }
        let done = command(connection, &mut self.core);
        connection.flush(&mut self.core);
        let deadline = connection.deadline();
        arm(&mut self.timers, slot, conn, deadline);
        self.take_shared(conn);
        done
    }

    /// Carries out a command on a connection whose connect was accepted.
    fn accepted<R>(
        &mut self,
        now: Instant,
        conn: ConnId,
        command: impl FnOnce(&mut Connection, &mut Core) -> Result<R, Error>,
    ) -> Result<R, Error> {
        self.told(now, conn, |connection, core| match connection.state {
            State::Accepted => command(connection, core),
            _ => Err(Error::NotAccepted),
        })
    }

    /// Answers a connect, which has this transaction.
    fn asked(
        &mut self,
        now: Instant,
        conn: ConnId,
        answer: impl FnOnce(&mut Connection, &mut Core, f64),
    ) -> Result<(), Error> {
        self.told(now, conn, |connection, core| match connection.state {
            State::Asked { transaction, .. } => {
                answer(connection, core, transaction);
                Ok(())
            }
            _ => Err(Error::NotAsked),
        })
    }

    fn user(&mut self, now: Instant, conn: ConnId, event: UserControl) -> Result<(), Error> {
        self.accepted(now, conn, |connection, _| {
            connection.user(event);
            Ok(())
        })
    }

    fn opened(&mut self, now: Instant, conn: ConnId, secure: bool, remote: SocketAddr) {
        self.core.stats.opened += 1;
        if self.slots.len() >= self.core.config.limits.connections {
            self.core.dropped(conn, DropReason::TooManyConnections);
            return self.core.outputs.push_back(Output::Close { conn });
        }
        let new = New { remote, secure, opened: now, text: Vec::new() };
        let mut slot = Slot { armed: Instant::FAR, carrier: Carrier::New(new) };
        arm(&mut self.timers, &mut slot, conn, now + self.core.config.timing.handshake);
        self.slots.insert(conn, slot);
    }

    fn bytes(&mut self, now: Instant, conn: ConnId, data: Bytes) {
        let Some(slot) = self.slots.get_mut(&conn) else { return };
        if let Carrier::New(new) = &mut slot.carrier {
            match new.sniff(&data) {
                Sniffed::Rtmp => {
                    let link = Link::server(new.opened, self.core.config.link(), &mut self.rng);
                    let connection = Connection::new(conn, new.remote, new.secure, link);
                    slot.carrier = Carrier::Rtmp(Box::new(connection));
                }
                Sniffed::More => return,
                Sniffed::Http if self.core.config.tunnel.is_some() && conn.is_inbound() => self.begin_http(now, conn),
                Sniffed::Policy => {
                    match self.core.config.policy.clone() {
                        Some(policy) => self.core.transmit(conn, policy),
                        None => self.core.dropped(conn, DropReason::UnknownProtocol),
                    }
                    return self.end(conn, ClosedReason::Application, true);
                }
                Sniffed::Unknown | Sniffed::Http => {
                    self.core.dropped(conn, DropReason::UnknownProtocol);
                    return self.end(conn, ClosedReason::Application, true);
                }
            }
        }
        let Some(slot) = self.slots.get_mut(&conn) else { return };
        let connection = match &mut slot.carrier {
            Carrier::Rtmp(connection) => connection,
            Carrier::Http { secure } => {
                let secure = *secure;
                return self.http(now, conn, data, secure);
            }
            Carrier::New(_) => return,
        };
        let done = connection.push(&mut self.core, now, data);
        connection.flush(&mut self.core);
        let deadline = connection.deadline();
        arm(&mut self.timers, slot, conn, deadline);
        self.take_shared(conn);
        if let Err(reason) = done {
            self.end(conn, reason, true);
        }
    }

    /// Forgets a connection, after it told its ends; `close` tells the driver too.
    fn end(&mut self, conn: ConnId, reason: ClosedReason, close: bool) {
        let Some(slot) = self.slots.remove(&conn) else { return };
        self.timers.remove(&(slot.armed, conn));
        match slot.carrier {
            Carrier::Rtmp(mut connection) => {
                connection.gone(&reason);
                connection.finish(&mut self.core, reason);
                connection.flush(&mut self.core);
            }
            Carrier::Http { .. } => self.tunnel.closed(self.core.now, conn),
            Carrier::New(_) => {}
        }
        if let Some(store) = &mut self.store {
            store.leave(conn);
        }
        if close {
            self.core.outputs.push_back(Output::Close { conn });
        }
    }

    fn time(&mut self, now: Instant) {
        self.tunnel.time(now);
        self.drain_tunnel(now, false); // nothing opens by time alone
        while let Some(&(at, conn)) = self.timers.first()
            && at <= now
        {
            self.timers.pop_first();
            let Some(slot) = self.slots.get_mut(&conn) else { continue };
            slot.armed = Instant::FAR;
            let connection = match &mut slot.carrier {
                Carrier::Rtmp(connection) => connection,
                Carrier::Http { .. } => continue,
                Carrier::New(_) => {
                    self.core.dropped(conn, DropReason::Timeout);
                    self.end(conn, ClosedReason::Idle, true);
                    continue;
                }
            };
            let done = connection.time(&mut self.core, now);
            connection.flush(&mut self.core);
            let deadline = connection.deadline().max(now + Duration::from_millis(1)); // time goes on, whatever comes
            arm(&mut self.timers, slot, conn, deadline);
            if let Err(reason) = done {
                self.end(conn, reason, true);
            }
        }
    }
}

impl Machine for Server {
    type Event = Event;

    fn handle(&mut self, now: Instant, input: Input) {
        let now = self.core.tick(now);
        match input {
            Input::Opened { conn, transport, remote, .. } => self.opened(now, conn, transport.is_secure(), remote),
            Input::Stream { conn, data } => self.bytes(now, conn, data),
            Input::Closed { conn, reason } => self.end(conn, ClosedReason::Transport(reason), false),
            Input::Time => self.time(now),
            Input::Secured { .. } | Input::Datagram { .. } | Input::Unreachable { .. } | Input::Resolved { .. } => {} // none is asked for
        }
    }

    fn poll(&mut self) -> Option<Output<Event>> {
        self.next_output()
    }

    fn deadline(&self) -> Option<Instant> {
        let own = self.timers.first().map(|(at, _)| *at);
        own.into_iter().chain(self.tunnel.deadline()).min()
    }
}

/// What the first bytes of a connection say.
enum Sniffed {
    Rtmp,
    Policy,
    Http,
    More,
    Unknown,
}

impl New {
    /// Flash asks for the policy in 22 characters and a NUL; the link finds fault with all that is not RTMP.
    fn sniff(&mut self, data: &[u8]) -> Sniffed {
        match data.first() {
            _ if !self.text.is_empty() => {}
            Some(b'<') => {}
            Some(b'P') => return Sniffed::Http, // POST
            _ => return Sniffed::Rtmp,
        }
        const REQUEST: &[u8] = b"<policy-file-request/>";
        let missing = REQUEST.len() - self.text.len().min(REQUEST.len());
        self.text.extend(data.iter().take(missing));
        match (REQUEST.starts_with(&self.text), self.text.len() == REQUEST.len()) {
            (true, true) => Sniffed::Policy,
            (true, false) => Sniffed::More,
            (false, _) => Sniffed::Unknown,
        }
    }
}

impl Config {
    fn link(&self) -> link::Config {
        let Timing { handshake, ping, idle, .. } = self.timing;
        link::Config { limits: self.limits.chunk, handshake, ping, silence: idle }
    }
}

/// Moves a connection's entry in the table of timers, if it is wanted earlier.
fn arm(timers: &mut BTreeSet<(Instant, ConnId)>, slot: &mut Slot, conn: ConnId, deadline: Instant) {
    if deadline < slot.armed {
        timers.remove(&(slot.armed, conn));
        timers.insert((deadline, conn));
        slot.armed = deadline;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_idle_connection_is_small() {
        let own = size_of::<Connection>() + size_of::<Slot>();
        assert!(own < 2048, "{own} bytes beside the reader's and the writer's chunk streams");
    }
}
