//! What the server's messages do, once the chunks are put together.

use amf::amf0::{Object, Value};
use bytestring::ByteString;

use super::stream::Stream;
use super::{
    Client, ClosedReason, Config, DropReason, Event, Open, Purpose, State, Stimulus, StreamEvent, StreamState,
    StreamStimulus,
};
use crate::calls::outcome;
use crate::command::Command;
use crate::control::{Control, UserControl};
use crate::status::{self, Status};
use crate::{CallError, Capabilities, Message, MessageType, aggregate};

impl Client {
    /// Takes one message.
    pub(super) fn receive(&mut self, message: Message) {
        use MessageType::*;
        match message.kind {
            CommandAmf0 | CommandAmf3 => self.command_message(&message),
            UserControl => self.user_control(&message),
            SetChunkSize | Abort | Acknowledgement | WindowAckSize | SetPeerBandwidth => {} // the link's
            Audio | Video | DataAmf0 | DataAmf3 => self.media(message),
            Aggregate => match aggregate::split(&message) {
                Ok(parts) => parts.into_iter().for_each(|part| self.media(part)),
                Err(_) => self.dropped(DropReason::BadAggregate),
            },
            SharedObjectAmf0 | SharedObjectAmf3 => self.event(Event::SharedObject { message }),
            Other(number) => self.dropped(DropReason::UnknownType(number)),
        }
    }

    fn media(&mut self, message: Message) {
        let id = message.stream;
        match self.streams.iter().find(|stream| stream.id == id).map(Stream::state) {
            Some(StreamState::Playing) => self.event(Event::Media { stream: id, message }),
            Some(_) => self.dropped(DropReason::WrongRole(id)),
            None => self.dropped(DropReason::UnknownStream(id)),
        }
    }

    fn user_control(&mut self, message: &Message) {
        let Ok(Some(Control::User(control))) = Control::parse(message) else { return };
        let (stream, event) = match control {
            UserControl::StreamBegin(stream) => (stream, StreamEvent::Begin),
            UserControl::StreamEof(stream) => (stream, StreamEvent::Eof),
            UserControl::StreamDry(stream) => (stream, StreamEvent::Dry),
            UserControl::StreamIsRecorded(stream) => (stream, StreamEvent::IsRecorded),
            _ => return,
        };
        if stream != 0 {
            self.event(Event::Control { stream, event }); // stream 0 is the connection, whose beginning is no news
        }
    }

    fn command_message(&mut self, message: &Message) {
        let command = match Command::parse(message, &self.config.limits.amf) {
            Ok(command) => command,
            Err(error) => return self.dropped(DropReason::Malformed(error)),
        };
        match &*command.name {
            "_result" | "_error" => self.answered(command),
            "onStatus" => self.on_status(message.stream, &command),
            // What these tell, publish and play tell too.
            "onFCPublish" | "onFCUnpublish" | "onFCSubscribe" | "onFCUnsubscribe" => {}
            "onBWDone" if command.transaction == 0.0 => {
                // the old servers' measurement begins so, and they wait for the question
                let timeout = self.config.timing.call;
                let _ = self.request(Purpose::Ignored, timeout, "_checkbw", Value::Null, Vec::new()); // or not at all
            }
            "close" => self.end(ClosedReason::Transport(wire::CloseReason::Peer), true),
            _ => self.call_event(message.stream, command),
        }
    }

    fn call_event(&mut self, stream: u32, command: Command) {
        let wanted = command.transaction != 0.0 && !command.transaction.is_nan();
        let transaction = if wanted { command.transaction } else { 0.0 };
        if wanted {
            if self.commands.len() >= self.config.limits.commands {
                self.dropped(DropReason::TooManyCommands);
                return self.refuse(stream, transaction, "Too many calls.");
            }
            let until = self.now + self.config.timing.call;
            self.commands.push_back(Open { transaction, stream, until });
        }
        let (name, arguments) = (command.name, command.arguments);
        self.event(Event::Command { stream, transaction, name, arguments });
    }

    /// Answers a call with `_error`.
    pub(super) fn refuse(&mut self, stream: u32, transaction: f64, why: &str) {
        let info = Value::Object(Status::error(status::CALL_FAILED, why).to_object());
        let _ = self.write(stream, &Command::new("_error", transaction, Value::Null, vec![info])); // short
    }

    //= rtmp#7.2.1.2/pair MUST
    //# An answer belongs to the call with its number; any other is dropped and counted.
    fn answered(&mut self, command: Command) {
        let Some((transaction, purpose)) = self.calls.close(command.transaction) else {
            return self.dropped(DropReason::UnknownTransaction);
        };
        match purpose {
            Purpose::Connect => self.connect_answered(&command),
            Purpose::CreateStream => self.stream_answered(transaction, command),
            Purpose::Ignored => {}
            Purpose::Application => self.event(Event::Answer { transaction, result: outcome(command) }),
        }
    }

    //= rtmp#7.2.1.1/outcome MUST
    //# `_result` makes the connection usable; `_error` ends it, with the address of a redirect where there is one.
    fn connect_answered(&mut self, command: &Command) {
        if self.state != State::Connecting {
            return;
        }
        let info = command.arguments.first().and_then(Value::as_object).cloned().unwrap_or_default();
        let properties = command.object.as_object().cloned().unwrap_or_default();
        let status = Status::from_object(&info);
        if &*command.name == "_result" && !status.is_error() {
            self.step(Stimulus::Accepted);
            let mut capabilities = Capabilities::read(&properties);
            if capabilities.is_empty() {
                capabilities = Capabilities::read(&info); // where some servers put them
            }
            return self.event(Event::Connected { info, properties, capabilities });
        }
        let ex = status.extra.get("ex").and_then(Value::as_object);
        let found = ex.filter(|ex| ex.get("code").and_then(Value::as_f64) == Some(302.0));
        let redirect = found.and_then(|ex| ex.get("redirect")).and_then(Value::as_str).map(ByteString::from);
        self.event(Event::Rejected { code: status.code, description: status.description, redirect });
        self.end(ClosedReason::Rejected, true);
    }

    fn stream_answered(&mut self, transaction: u64, command: Command) {
        let number = command.arguments.first().and_then(Value::as_f64);
        let values = match outcome(command) {
            Ok(values) => values,
            Err(error) => return self.event(Event::StreamRefused { transaction, error }),
        };
        let id = number.filter(|id| *id >= 1.0 && *id <= f64::from(u32::MAX) && id.fract() == 0.0).map(|id| id as u32);
        match id.filter(|id| self.streams.iter().all(|stream| stream.id != *id)) {
            Some(id) => {
                self.streams.push(Stream::new(id));
                self.event(Event::StreamCreated { transaction, stream: id });
            }
            None => {
                self.dropped(DropReason::BadStream);
                self.event(Event::StreamRefused { transaction, error: CallError::Refused(values) });
            }
        }
    }

    //= e-rtmp#reconnect/client MUST
    //# Told as an event with the tcUrl or without; the connection stays until the application leaves it.
    fn on_status(&mut self, id: u32, command: &Command) {
        let Some(info) = command.arguments.first().and_then(Value::as_object) else {
            return self.dropped(DropReason::BadStatus);
        };
        let status = Status::from_object(info);
        if &*status.code == status::CONNECT_RECONNECT_REQUEST {
            let tc_url = status.extra.get("tcUrl").and_then(Value::as_str).map(ByteString::from);
            return self.event(Event::ReconnectRequest { tc_url, description: status.description });
        }
        // Some servers answer on stream 0 what concerns the only stream there is.
        let only = match self.streams.as_slice() {
            [stream] if status.code.starts_with("NetStream.") => stream.id,
            _ => id,
        };
        let id = if id == 0 { only } else { id };
        let code = status.code.clone();
        self.event(Event::Status { stream: id, status });
        if let Some(stream) = self.streams.iter_mut().find(|stream| stream.id == id)
            && stream.ends(&code)
        {
            self.stop(id, StreamStimulus::Ended);
        }
    }

    /// What a call without an answer means.
    pub(super) fn unanswered(&mut self, transaction: u64, purpose: Purpose, error: CallError) {
        match purpose {
            Purpose::Connect | Purpose::Ignored => {}
            Purpose::CreateStream => self.event(Event::StreamRefused { transaction, error }),
            Purpose::Application => self.event(Event::Answer { transaction, result: Err(error) }),
        }
    }
}

impl Config {
    /// The object of connect: what Flash told, then what the application adds or puts in its place.
    pub(super) fn connect_object(&self) -> Object {
        let tc_url = self.tc_url.clone().unwrap_or_else(|| self.url.tc_url().into());
        let mut object = Object::new()
            .with("app", self.url.app.as_str())
            .with("flashVer", self.flash_ver.clone())
            .with("tcUrl", tc_url)
            .with("fpad", false)
            .with("capabilities", 239.0)
            .with("audioCodecs", 3191.0)
            .with("videoCodecs", 252.0)
            .with("videoFunction", 1.0)
            .with("objectEncoding", self.encoding.number());
        self.capabilities.write(&mut object);
        for (key, value) in self.object.iter() {
            object.insert(key, value.clone());
        }
        object
    }
}
