//! One connection of the server: from its first byte to its last.
//!
//! A connection that is new is looked at first: `<` may become a request for the policy file, `P` is HTTP, which the tunnel
//! answers, and all else is for the handshake to judge. From there on [`TRANSITIONS`](super::TRANSITIONS) holds. While the
//! application is asked, messages wait; whatever comes while a refused connection lingers is passed over.

use std::collections::VecDeque;
use std::net::SocketAddr;

use amf::amf0::{Object, Value};
use bytes::Bytes;
use bytestring::ByteString;
use wire::{ConnId, Instant, Output, Transmit};

use super::stream::{Stream, StreamStimulus, Usage};
use super::{ClosedReason, Core, DropReason, Error, Event, Role, Stimulus};
use crate::calls::Calls;
use crate::command::{Command, Encoding};
use crate::control::{Control, UserControl};
use crate::link::{self, Link};
use crate::status::{CALL_FAILED, CONNECT_REJECTED, Status};
use crate::{CallError, Capabilities, Message, MessageType};

/// One connection.
pub(super) struct Connection {
    pub(super) id: ConnId,
    pub(super) remote: SocketAddr,
    pub(super) secure: bool,
    /// The application, once it was asked for.
    pub(super) app: ByteString,
    pub(super) state: State,
    pub(super) link: Link,
    pub(super) encoding: Encoding,
    pub(super) capabilities: Capabilities,
    pub(super) streams: Vec<Stream>,
    /// The next number that createStream gives out. None is given out twice, so that a late answer of the application
    /// cannot mean another stream.
    pub(super) next_stream: u32,
    /// What waits for the application's answer to Connect, Publish or Play, in the order it came.
    pub(super) held: VecDeque<Message>,
    pub(super) held_bytes: usize,
    /// Commands that the application has not answered, oldest first.
    pub(super) commands: VecDeque<Open>,
    pub(super) calls: Calls<()>,
}

/// Where a connection is; until when it may be there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum State {
    Handshake,
    Waiting { until: Instant },
    Asked { transaction: f64, until: Instant },
    Accepted,
    Lingering { until: Instant },
}

/// A command that waits for the application's answer.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) transaction: f64,
    pub(super) stream: u32,
    pub(super) name: ByteString,
    pub(super) until: Instant,
}

impl Connection {
    pub(super) fn new(id: ConnId, remote: SocketAddr, secure: bool, link: Link) -> Connection {
        Connection {
            id,
            remote,
            secure,
            app: ByteString::new(),
            state: State::Handshake,
            link,
            encoding: Encoding::Amf0,
            capabilities: Capabilities::default(),
            streams: Vec::new(),
            next_stream: 1,
            held: VecDeque::new(),
            held_bytes: 0,
            commands: VecDeque::new(),
            calls: Calls::new(1),
        }
    }

    /// Takes the next bytes from the client. `Err` is the end of the connection.
    pub(super) fn push(&mut self, core: &mut Core, now: Instant, data: Bytes) -> Result<(), ClosedReason> {
        core.stats.received += data.len() as u64;
        if matches!(self.state, State::Lingering { .. }) {
            return Ok(()); // whatever comes now is of no interest
        }
        self.link.handle(now, data);
        self.drain(core, now)
    }

    /// Takes what the link has.
    fn drain(&mut self, core: &mut Core, now: Instant) -> Result<(), ClosedReason> {
        while let Some(event) = self.link.next() {
            match event {
                Ok(link::Event::Ready) => {
                    let until = now + core.config.timing.connect;
                    self.enter(Stimulus::Shaken, State::Waiting { until });
                }
                Ok(link::Event::Message(message)) => self.receive(core, now, message),
                Ok(link::Event::Dropped(dropped)) => {
                    core.dropped(self.id, DropReason::Control(dropped.reason()));
                }
                Ok(link::Event::Pong(_)) => {}
                Err(link::Error::Silent | link::Error::HandshakeTimeout) => return Err(ClosedReason::Idle),
                Err(error) => return Err(ClosedReason::Protocol(error.reason())),
            }
            if matches!(self.state, State::Lingering { .. }) {
                break;
            }
        }
        Ok(())
    }

    /// Hands what was written to the driver.
    pub(super) fn flush(&mut self, core: &mut Core) {
        while let Some(data) = self.link.transmit() {
            core.transmit(self.id, data);
        }
    }

    /// Writes a command in the client's encoding.
    pub(super) fn write(&mut self, stream: u32, command: &Command) -> Result<(), Error> {
        self.link.send(&command.to_message(self.encoding, stream)).map_err(|_| Error::TooLong)
    }

    pub(super) fn user(&mut self, event: UserControl) {
        self.link.control(&Control::User(event));
    }

    //= rtmp#7.2.2/on-status MUST
    //# Transaction 0, a null object and the information object, on the stream that it tells of.
    /// onStatus; too long a description is the caller's fault and tells so.
    pub(super) fn status(&mut self, stream: u32, status: &Status) -> Result<(), Error> {
        let arguments = vec![Value::Object(status.to_object())];
        self.write(stream, &Command::new("onStatus", 0.0, Value::Null, arguments))
    }

    /// Answers a call with `_result`.
    pub(super) fn result(&mut self, stream: u32, transaction: f64, values: Vec<Value>) -> Result<(), Error> {
        self.write(stream, &Command::new("_result", transaction, Value::Null, values))
    }

    /// Answers a call with `_error`, unless no answer is wanted.
    pub(super) fn refuse(&mut self, stream: u32, transaction: f64, info: Object) {
        if wants_answer(transaction) {
            let command = Command::new("_error", transaction, Value::Null, vec![Value::Object(info)]);
            let _ = self.write(stream, &command); // an answer that is too long for the format has no other form
        }
    }

    pub(super) fn stream(&mut self, id: u32) -> Option<&mut Stream> {
        self.streams.iter_mut().find(|stream| stream.id == id)
    }

    /// Ends what the stream at `index` is used for, and tells so.
    pub(super) fn stop(&mut self, core: &mut Core, index: usize, on: StreamStimulus) {
        let Some(stream) = self.streams.get_mut(index) else { return };
        let was = stream.role();
        match on {
            StreamStimulus::Deleted | StreamStimulus::Lost => stream.enter(on, Usage::Gone),
            _ if was.is_none() => return, // an idle stream has nothing to end
            _ => stream.enter(on, Usage::Idle),
        }
        self.tell_stopped(core, index, was);
    }

    /// Tells the application that what a stream was used for is over.
    pub(super) fn tell_stopped(&mut self, core: &mut Core, index: usize, was: Option<Role>) {
        let Some(was) = was else { return };
        let Some(id) = self.streams.get(index).map(|stream| stream.id) else { return };
        self.forget_media(id);
        core.event(Event::Stopped { conn: self.id, stream: id, was });
    }

    /// Keeps a message until the application has decided; false when there is no room.
    pub(super) fn hold(&mut self, core: &mut Core, message: Message) -> bool {
        let limits = &core.config.limits;
        let bytes = self.held_bytes.saturating_add(message.payload.len());
        if self.held.len() >= limits.held_messages || bytes > limits.held_bytes {
            core.dropped(self.id, DropReason::HeldTooMuch);
            return false;
        }
        self.held_bytes = bytes;
        self.held.push_back(message);
        true
    }

    /// Handles what has waited; what still has to wait does.
    pub(super) fn replay(&mut self, core: &mut Core, now: Instant) {
        self.held_bytes = 0;
        for message in std::mem::take(&mut self.held) {
            self.receive(core, now, message);
        }
    }

    /// Drops the media that has waited for a stream which was refused or ended; commands still count.
    pub(super) fn forget_media(&mut self, stream: u32) {
        let media = |kind: MessageType| kind.is_media() || kind == MessageType::Aggregate;
        self.held.retain(|message| message.stream != stream || !media(message.kind));
        self.held_bytes = self.held.iter().map(|message| message.payload.len()).sum();
    }

    /// Tells the application of every end that it was promised. Nothing is told of the connection after this.
    pub(super) fn finish(&mut self, core: &mut Core, reason: ClosedReason) {
        for index in 0..self.streams.len() {
            self.stop(core, index, StreamStimulus::Lost);
        }
        self.streams = Vec::new();
        while let Some((transaction, ())) = self.calls.pop() {
            core.event(Event::Answer { conn: self.id, transaction, result: Err(CallError::Closed) });
        }
        self.held = VecDeque::new();
        self.commands = VecDeque::new();
        match self.state {
            State::Asked { .. } | State::Accepted => core.event(Event::Closed { conn: self.id, reason }),
            State::Handshake | State::Waiting { .. } => match reason {
                ClosedReason::Protocol(word) => core.dropped(self.id, DropReason::Protocol(word)),
                ClosedReason::Idle | ClosedReason::Unanswered => core.dropped(self.id, DropReason::Timeout),
                ClosedReason::Transport(_) | ClosedReason::Application => {}
            },
            State::Lingering { .. } => {}
        }
    }

    /// When something has to be done at the latest.
    pub(super) fn deadline(&self) -> Instant {
        let state = match self.state {
            State::Lingering { until } => return until,
            State::Waiting { until } | State::Asked { until, .. } => until,
            State::Handshake | State::Accepted => Instant::FAR,
        };
        let asked = self.streams.iter().filter_map(|stream| match stream.usage {
            Usage::Asked(_, until) => Some(until),
            _ => None,
        });
        let command = self.commands.front().map(|open| open.until);
        asked.chain(command).chain(self.calls.deadline()).chain(self.link.deadline()).fold(state, Instant::min)
    }

    /// Does what is due. `Err` is the end of the connection.
    pub(super) fn time(&mut self, core: &mut Core, now: Instant) -> Result<(), ClosedReason> {
        match self.state {
            State::Lingering { until } if until <= now => return Err(ClosedReason::Application),
            State::Lingering { .. } => return Ok(()),
            State::Waiting { until } if until <= now => return Err(ClosedReason::Idle),
            State::Asked { until, .. } if until <= now => {
                let status = Status::new(CONNECT_REJECTED, "The application did not answer.");
                self.reject(core, now, &status, ClosedReason::Unanswered);
                return Ok(());
            }
            _ => {}
        }
        while let Some((transaction, ())) = self.calls.expired(now) {
            core.event(Event::Answer { conn: self.id, transaction, result: Err(CallError::Timeout) });
        }
        while self.commands.front().is_some_and(|open| open.until <= now) {
            let Some(open) = self.commands.pop_front() else { break };
            core.dropped(self.id, DropReason::Unanswered);
            self.refuse(open.stream, open.transaction, unknown_method(&open.name));
        }
        self.refuse_unanswered(core, now);
        self.link.time(now);
        self.drain(core, now)
    }

    /// Answers connect with `_error`, tells the end to the application, and waits a little before the connection is closed,
    /// so that the client reads the answer first.
    pub(super) fn reject(&mut self, core: &mut Core, now: Instant, status: &Status, reason: ClosedReason) {
        if let State::Asked { transaction, .. } = self.state {
            self.refuse(0, transaction, status.to_object());
        }
        self.finish(core, reason);
        let until = now + core.config.timing.linger;
        self.enter(Stimulus::Reject, State::Lingering { until });
    }
}

impl Core {
    /// Time never runs backwards: an earlier time counts as the latest.
    pub(super) fn tick(&mut self, now: Instant) -> Instant {
        self.now = self.now.max(now);
        self.now
    }

    pub(super) fn event(&mut self, event: Event) {
        if let Event::Media { .. } = event {
            self.stats.media += 1;
        }
        self.outputs.push_back(Output::Event(event));
    }

    pub(super) fn dropped(&mut self, conn: ConnId, reason: DropReason) {
        self.stats.dropped += 1;
        self.event(Event::Dropped { conn, reason });
    }

    pub(super) fn transmit(&mut self, conn: ConnId, data: Bytes) {
        if conn.is_inbound() {
            self.stats.sent += data.len() as u64; // a session's bytes count when their answer goes out
        }
        self.outputs.push_back(Output::Transmit(Transmit::Stream { conn, data }));
    }
}

/// Whether the caller of a command listens for an answer: 0 says no, and NaN can be paired with nothing.
pub(super) fn wants_answer(transaction: f64) -> bool {
    transaction != 0.0 && !transaction.is_nan()
}

/// The information object for a call that nobody answers.
pub(super) fn unknown_method(name: &str) -> Object {
    let name: String = name.chars().take(64).collect();
    Status::error(CALL_FAILED, &format!("Method not found ({name}).")).to_object()
}
