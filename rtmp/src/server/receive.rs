//! What the client's messages do, once the chunks are put together.

use amf::amf0::Value;
use bytestring::ByteString;
use wire::Instant;

use super::connection::{Connection, Open, State, unknown_method, wants_answer};
use super::stream::{Stream, StreamStimulus};
use super::{ConnectRequest, Core, DropReason, Event, Role, Stimulus};
use crate::calls::outcome;
use crate::command::{Command, Encoding};
use crate::control::{Control, UserControl};
use crate::status::{self, Status};
use crate::{Capabilities, Message, MessageType, aggregate};

impl Connection {
    /// Takes one message.
    pub(super) fn receive(&mut self, core: &mut Core, now: Instant, message: Message) {
        use MessageType::*;
        match message.kind {
            CommandAmf0 | CommandAmf3 => self.command_message(core, now, message),
            UserControl if matches!(self.state, State::Asked { .. }) => _ = self.hold(core, message),
            UserControl => self.user_control(core, &message),
            SetChunkSize | Abort | Acknowledgement | WindowAckSize | SetPeerBandwidth => {} // the link's
            kind => match self.state {
                State::Accepted => self.media_message(core, kind, message),
                State::Asked { .. } => _ = self.hold(core, message),
                _ => core.dropped(self.id, DropReason::BeforeConnect),
            },
        }
    }

    fn media_message(&mut self, core: &mut Core, kind: MessageType, message: Message) {
        use MessageType::*;
        match kind {
            Audio | Video | DataAmf0 | DataAmf3 => self.media(core, message),
            Aggregate => match aggregate::split(&message) {
                Ok(parts) => parts.into_iter().for_each(|part| self.media(core, part)),
                Err(_) => core.dropped(self.id, DropReason::BadAggregate),
            },
            SharedObjectAmf0 | SharedObjectAmf3 => core.shared_objects.push(message), // other connections may hear of it
            other => core.dropped(self.id, DropReason::UnknownType(other.number())),
        }
    }

    //= rtmp#7.2.2.6/media MUST
    //# Told while published, kept while the application decides, dropped and counted otherwise.
    fn media(&mut self, core: &mut Core, message: Message) {
        let id = message.stream;
        let Some(stream) = self.stream(id) else { return core.dropped(self.id, DropReason::UnknownStream(id)) };
        match (stream.role(), stream.is_asked()) {
            (Some(Role::Publishing), false) => core.event(Event::Media { conn: self.id, stream: id, message }),
            (Some(Role::Publishing), true) => _ = self.hold(core, message),
            _ => core.dropped(self.id, DropReason::WrongRole(id)),
        }
    }

    //= rtmp#7.1.7/buffer-length MUST
    //# The client's wish is told to the application, which decides how far ahead it sends.
    fn user_control(&mut self, core: &mut Core, message: &Message) {
        let Ok(Some(Control::User(UserControl::SetBufferLength { stream, millis }))) = Control::parse(message) else {
            return; // pings are the link's; the others go from server to client only
        };
        if self.state == State::Accepted && self.stream(stream).is_some() {
            core.event(Event::BufferLength { conn: self.id, stream, millis });
        }
    }

    //= rtmp#7.2/before-connect MUST
    //# Commands are refused and all else is dropped until connect comes; from then on it waits for the application's answer.
    //= rtmp#7.2/once MUST
    //# A second connect is answered with `_error`; the first stays in force.
    fn command_message(&mut self, core: &mut Core, now: Instant, message: Message) {
        let command = match Command::parse(&message, &core.config.limits.amf) {
            Ok(command) => command,
            Err(error) => return core.dropped(self.id, DropReason::Malformed(error)),
        };
        let is_connect = &*command.name == "connect";
        match self.state {
            State::Waiting { .. } if is_connect => self.connect(core, now, command),
            State::Accepted | State::Asked { .. } if is_connect => {
                core.dropped(self.id, DropReason::ConnectedAlready);
                let info = Status::error(status::CALL_FAILED, "Connected already.").to_object();
                self.refuse(0, command.transaction, info);
            }
            State::Accepted => self.command(core, now, message, command),
            State::Asked { .. } => _ = self.hold(core, message),
            State::Handshake | State::Waiting { .. } => {
                core.dropped(self.id, DropReason::BeforeConnect);
                let info = Status::error(status::CALL_PROHIBITED, "Not connected.").to_object();
                self.refuse(message.stream, command.transaction, info);
            }
            State::Lingering { .. } => {}
        }
    }

    //= rtmp#7.2.1.1/object MUST
    //# The application's name is required; all else has a default, and the whole object goes to the application.
    fn connect(&mut self, core: &mut Core, now: Instant, command: Command) {
        let transaction = command.transaction;
        let object = command.object.as_object().cloned().unwrap_or_default();
        let text = |key: &str| ByteString::from(object.get(key).and_then(Value::as_str).unwrap_or_default());
        let encoding = match object.get("objectEncoding").and_then(Value::as_f64) {
            None | Some(0.0) => Some(Encoding::Amf0),
            Some(3.0) => Some(Encoding::Amf3),
            Some(_) => None,
        };
        let (Some(encoding), Some(_)) = (encoding, object.get("app").and_then(Value::as_str)) else {
            core.dropped(self.id, DropReason::BadConnect);
            let why = "connect needs an app, and an objectEncoding of 0 or 3.";
            self.refuse(0, transaction, Status::new(status::CONNECT_REJECTED, why).to_object());
            let until = now + core.config.timing.linger;
            return self.enter(Stimulus::BadConnect, State::Lingering { until });
        };
        let until = now + core.config.timing.answer;
        self.enter(Stimulus::Connect, State::Asked { transaction, until });
        self.encoding = encoding;
        self.app = text("app");
        self.capabilities = Capabilities::read(&object);
        let request = Box::new(ConnectRequest {
            app: text("app"),
            tc_url: text("tcUrl"),
            flash_ver: text("flashVer"),
            encoding,
            capabilities: self.capabilities.clone(),
            arguments: command.arguments,
            object,
        });
        core.event(Event::Connect { conn: self.id, remote: self.remote, secure: self.secure, request });
    }

    //= rtmp#7.2/dispatch MUST
    //# The names below are all that a client can call inside the server; any other is an event, answered `_error` unless
    //# the application answers it.
    fn command(&mut self, core: &mut Core, now: Instant, message: Message, command: Command) {
        let id = message.stream;
        if self.waits(&message, &command) {
            // An end that there is no room for takes effect at once: better early than never.
            let ends = matches!(&*command.name, "closeStream" | "deleteStream");
            if self.hold(core, message) || !ends {
                return;
            }
        }
        match &*command.name {
            "_result" | "_error" => self.answered(core, command),
            "createStream" => self.create_stream(core, &command),
            "deleteStream" => self.delete_stream(core, &command),
            "closeStream" => self.close_stream(core, id),
            "publish" => self.publish(core, now, id, command),
            "play" => self.play(core, now, id, command),
            "play2" | "pause" | "pauseRaw" | "seek" | "receiveAudio" | "receiveVideo" => {
                self.of_player(core, id, &command);
            }
            "releaseStream" | "FCPublish" | "FCUnpublish" | "FCSubscribe" | "FCUnsubscribe" => self.fc(&command),
            // Only the application knows how long a recording is; 0 stands for a stream without an end.
            "getStreamLength" => self.succeed(&command, vec![Value::Number(0.0)]),
            "_checkbw" | "checkBandwidth" => self.succeed(&command, Vec::new()),
            _ => self.call_event(core, now, id, command),
        }
    }

    /// Whether a command concerns a stream about which the application has not decided: then it keeps its place behind
    /// the request and the media. Only deleteStream acts at once, where nothing waits before it.
    fn waits(&mut self, message: &Message, command: &Command) -> bool {
        let deletes = &*command.name == "deleteStream";
        let id = if deletes { deleted(command) } else { message.stream };
        let asked = self.stream(id).is_some_and(|stream| stream.is_asked());
        asked && !(deletes && self.held.iter().all(|held| held.stream != id))
    }

    /// Answers with `_result` if an answer is wanted.
    fn succeed(&mut self, command: &Command, values: Vec<Value>) {
        if wants_answer(command.transaction) {
            let _ = self.result(0, command.transaction, values); // a few bytes always fit
        }
    }

    //= rtmp#7.2.1.2/answer MUST
    //# Hands the command on with its transaction; `answer` writes `_result` or `_error`, and a clock the `_error` otherwise.
    fn call_event(&mut self, core: &mut Core, now: Instant, stream: u32, command: Command) {
        let wanted = wants_answer(command.transaction);
        let transaction = if wanted { command.transaction } else { 0.0 };
        if wanted {
            if self.commands.len() >= core.config.limits.commands {
                core.dropped(self.id, DropReason::TooManyCommands);
                return self.refuse(stream, transaction, unknown_method(&command.name));
            }
            // cut short, and copied so that it does not keep the message alive
            let name: String = command.name.chars().take(64).collect();
            let until = now + core.config.timing.answer;
            self.commands.push_back(Open { transaction, stream, name: name.into(), until });
        }
        let (name, arguments) = (command.name, command.arguments);
        core.event(Event::Command { conn: self.id, stream, transaction, name, arguments });
    }

    fn answered(&mut self, core: &mut Core, command: Command) {
        let Some((transaction, ())) = self.calls.close(command.transaction) else {
            return core.dropped(self.id, DropReason::UnknownTransaction);
        };
        let result = outcome(command);
        core.event(Event::Answer { conn: self.id, transaction, result });
    }

    //= rtmp#7.2.1.3/answer MUST
    //# The number of the new message stream, or `_error` beyond the limit.
    fn create_stream(&mut self, core: &mut Core, command: &Command) {
        if self.streams.len() >= core.config.limits.streams || self.next_stream >= MAX_STREAM {
            core.dropped(self.id, DropReason::TooManyStreams);
            let info = Status::error(status::CALL_FAILED, "Too many streams.").to_object();
            return self.refuse(0, command.transaction, info);
        }
        let id = self.next_stream;
        self.next_stream += 1;
        self.streams.push(Stream::new(id));
        self.succeed(command, vec![Value::Number(f64::from(id))]);
    }

    //= rtmp#7.2.2.3/silent MUST
    //# Stops the stream and forgets its number; nothing is answered.
    fn delete_stream(&mut self, core: &mut Core, command: &Command) {
        let id = deleted(command);
        match self.streams.iter().position(|stream| stream.id == id) {
            Some(index) => {
                self.stop(core, index, StreamStimulus::Deleted);
                self.streams.remove(index);
            }
            None => core.dropped(self.id, DropReason::UnknownStream(id)),
        }
    }

    /// releaseStream and the FC family: programs wait for the answers, and the application learns from publish and play.
    fn fc(&mut self, command: &Command) {
        self.succeed(command, Vec::new());
        let (method, code) = match &*command.name {
            "FCPublish" => ("onFCPublish", status::PUBLISH_START),
            "FCUnpublish" => ("onFCUnpublish", status::UNPUBLISH_SUCCESS),
            "FCSubscribe" => ("onFCSubscribe", status::PLAY_START),
            "FCUnsubscribe" => ("onFCUnsubscribe", status::PLAY_STOP),
            _ => return,
        };
        let name = command.arguments.first().and_then(Value::as_str).unwrap_or_default();
        let name: String = name.chars().take(256).collect();
        let info = Value::Object(Status::new(code, &name).to_object());
        let _ = self.write(0, &Command::new(method, 0.0, Value::Null, vec![info])); // short by now
    }
}

/// The stream that deleteStream names; 0, which none has, when it names none.
fn deleted(command: &Command) -> u32 {
    let number = command.arguments.first().and_then(Value::as_f64).unwrap_or(0.0);
    let id = number as u32; // saturates; NaN becomes 0
    if f64::from(id) == number { id } else { 0 }
}

/// A message stream's number has 32 bits; Flash took it for a signed one.
const MAX_STREAM: u32 = i32::MAX as u32;
