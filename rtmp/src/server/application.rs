//! What the application decides about one connection.

use amf::amf0::{Object, Value};
use wire::Instant;

use super::connection::{Connection, State, wants_answer};
use super::{Core, Error, Role, Stimulus};
use crate::MessageType;
use crate::command::{Command, Encoding};
use crate::control::{Control, LimitType, UserControl};
use crate::status::{self, Status};

impl Connection {
    /// Whether the application knows of it.
    pub(super) fn is_told(&self) -> bool {
        matches!(self.state, State::Asked { .. } | State::Accepted)
    }

    //= rtmp#7.2.1.1/answer MUST
    //# Window, bandwidth and chunk size go first, then StreamBegin and `_result` with properties and information.
    //= e-rtmp#connect/answer MUST
    //# The server's own capabilities stand in the properties, for every client: old ones pass them over.
    pub(super) fn accept(&mut self, core: &mut Core, now: Instant, transaction: f64, info: Option<Object>) {
        let window = core.config.window;
        self.link.control(&Control::WindowAckSize(window));
        self.link.control(&Control::SetPeerBandwidth { size: window, limit: LimitType::Dynamic });
        self.link.control(&Control::SetChunkSize(core.config.chunk_size));
        self.user(UserControl::StreamBegin(0));
        let mut properties = Object::new().with("fmsVer", core.config.version.clone()).with("capabilities", 31.0);
        core.config.capabilities.write(&mut properties);
        let mut status = Status::new(status::CONNECT_SUCCESS, "Connection succeeded.");
        status.extra.insert("objectEncoding", self.encoding.number());
        status.extra.extend(info.unwrap_or_default());
        let values = vec![Value::Object(status.to_object())];
        let answer = Command::new("_result", transaction, Value::Object(properties), values);
        // connect and its answer are AMF0 whatever was agreed on for the rest
        let _ = self.link.send(&answer.to_message(Encoding::Amf0, 0)); // the application's own object is its own limit
        if core.config.bw_done {
            let _ = self.write(0, &Command::new("onBWDone", 0.0, Value::Null, Vec::new())); // a fixed size
        }
        self.enter(Stimulus::Accept, State::Accepted);
        core.stats.accepted += 1;
        self.replay(core, now);
    }

    //= rtmp#7.2.2.7/answer MUST
    //# The application answers, as only it knows the length: with this, or with a status of an error.
    /// Seek.Notify and a new start, once the application has gone to the place.
    pub(super) fn accept_seek(&mut self, id: u32, to: f64) -> Result<(), Error> {
        let stream = self.stream(id).ok_or(Error::UnknownStream)?;
        if stream.used() != Some(Role::Playing) {
            return Err(Error::NotPlaying);
        }
        let name = stream.name();
        self.user(UserControl::StreamBegin(id));
        let text = format!("Seeking {to} (stream ID: {id}).");
        self.status(id, &Status::new(status::SEEK_NOTIFY, &text).with("details", &*name))?;
        let text = format!("Started playing {name}.");
        self.status(id, &Status::new(status::PLAY_START, &text).with("details", &*name))
    }

    /// Answers a command that was told.
    pub(super) fn answer(&mut self, transaction: f64, result: Result<Vec<Value>, Object>) -> Result<(), Error> {
        let same = |number: f64| number.to_bits() == transaction.to_bits();
        let at = self.commands.iter().position(|open| same(open.transaction)).ok_or(Error::NotAsked)?;
        let open = self.commands.remove(at).ok_or(Error::NotAsked)?;
        debug_assert!(wants_answer(open.transaction), "others are not kept");
        match result {
            Ok(values) => self.result(open.stream, transaction, values),
            Err(info) => {
                self.refuse(open.stream, transaction, info);
                Ok(())
            }
        }
    }

    /// Sends a message that the application made.
    pub(super) fn send(&mut self, stream: u32, message: &crate::Message) -> Result<(), Error> {
        if matches!(message.kind, MessageType::SetChunkSize | MessageType::Abort) {
            return Err(Error::Control);
        }
        let message = crate::Message { stream, ..message.clone() };
        self.link.send(&message).map_err(|_| Error::TooLong)
    }
}
