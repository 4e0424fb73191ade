//! RTMP: handshake, commands and control messages; media in runs.

use std::fmt::Write;

use amf::amf0::Value;
use bytes::{Buf, Bytes};
use rtmp::chunk::{Limits, Reader};
use rtmp::command::{Command, Data};
use rtmp::control::{Control, UserControl};
use rtmp::tag::{Audio, Video};
use rtmp::{Message, MessageType};

use super::{Said, shown};
use crate::ladder::Protocol;

/// One direction of a connection, from its first byte on.
pub(super) struct Chunks {
    is_client: bool,
    /// Bytes of the packet of the handshake that is coming in.
    missing: usize,
    /// Packets of the handshake that are complete: the second one ends it.
    packets: u8,
    reader: Reader,
}

impl Chunks {
    /// The client speaks first.
    pub fn new(is_client: bool) -> Chunks {
        let limits = Limits { message: LARGEST, unfinished: LARGEST, streams: 64 };
        Chunks { is_client, missing: 1 + PACKET, packets: 0, reader: Reader::new(limits) }
    }

    /// Takes the next bytes; false when they make no sense any more.
    pub fn take(&mut self, mut data: Bytes, said: &mut Vec<Said>) -> bool {
        while self.packets < 2 && !data.is_empty() {
            let taken = self.missing.min(data.len());
            data.advance(taken);
            self.missing -= taken;
            if self.missing == 0 {
                said.push(self.handshake());
                (self.missing, self.packets) = (PACKET, self.packets + 1);
            }
        }
        self.reader.push(data);
        for message in &mut self.reader {
            match message {
                Ok(message) => said.push(of(&message)),
                Err(error) => {
                    said.push(Said::new(Protocol::Rtmp, "broken chunk stream", error.to_string()));
                    return false;
                }
            }
        }
        true
    }

    fn handshake(&self) -> Said {
        let (label, detail) = match (self.is_client, self.packets) {
            (true, 0) => ("handshake C0, C1", "The version, and 1,536 bytes: a time and random numbers."),
            (false, 0) => ("handshake S0, S1", "The version, and 1,536 bytes: a time and random numbers."),
            (true, _) => ("handshake C2", "1,536 bytes that show that S1 was read."),
            (false, _) => ("handshake S2", "1,536 bytes that show that C1 was read."),
        };
        Said::new(Protocol::Rtmp, label, detail)
    }
}

fn of(message: &Message) -> Said {
    use MessageType::*;
    match message.kind {
        CommandAmf0 | CommandAmf3 => match Command::parse(message, &amf::Limits::default()) {
            Ok(command) => self::command(&command, message),
            Err(error) => Said::new(Protocol::Rtmp, "broken command", error.to_string()),
        },
        DataAmf0 | DataAmf3 => match Data::parse(message, &amf::Limits::default()) {
            Ok(data) => self::data(&data, message),
            Err(error) => Said::new(Protocol::Rtmp, "broken data", error.to_string()),
        },
        Audio => {
            let codec = self::Audio::parse(&message.payload).ok();
            let codec = codec.and_then(|audio| audio.tracks().next().map(|track| track.codec.to_string()));
            media("audio", codec, message)
        }
        Video => {
            let codec = self::Video::parse(&message.payload).ok();
            let codec = codec.and_then(|video| video.tracks().next().map(|track| track.codec.to_string()));
            media("video", codec, message)
        }
        _ => control(message),
    }
}

fn media(kind: &str, codec: Option<String>, message: &Message) -> Said {
    let label = codec.map_or_else(|| kind.to_owned(), |codec| format!("{kind} {codec}"));
    let first = "The first message of the run";
    let detail = format!("{first}\n\n{}\n{}", head(message), shown::hex(&message.payload));
    Said::new(Protocol::Rtmp, label, detail).media(message.payload.len())
}

fn command(command: &Command, message: &Message) -> Said {
    let about = match &*command.name {
        // What follows a question mark tends to be a key.
        "connect" => command.object.get("app").and_then(Value::as_str).map(without_query),
        "onStatus" => command.arguments.first().and_then(|info| info.get("code")?.as_str()).map(str::to_owned),
        "_result" | "_error" => {
            let code = command.arguments.first().and_then(|info| info.get("code")?.as_str()).map(str::to_owned);
            code.or_else(|| command.arguments.first()?.as_f64().map(|number| format!("stream {number}")))
        }
        _ => command.arguments.first().and_then(Value::as_str).map(without_query),
    };
    let label = about.map_or_else(|| command.name.to_string(), |about| format!("{} {about}", command.name));
    let mut detail = format!("{}\n{} {}\n", head(message), command.name, command.transaction);
    for value in std::iter::once(&command.object).chain(&command.arguments) {
        print(&mut detail, value, 1);
    }
    Said::new(Protocol::Rtmp, label, detail)
}

fn data(data: &Data, message: &Message) -> Said {
    let about = data.arguments.first().and_then(Value::as_str);
    let label = about.map_or_else(|| data.name.to_string(), |about| format!("{} {about}", data.name));
    let mut detail = format!("{}\n{}\n", head(message), data.name);
    for value in &data.arguments {
        print(&mut detail, value, 1);
    }
    Said::new(Protocol::Rtmp, label, detail)
}

fn control(message: &Message) -> Said {
    let detail = format!("{}\n{}", head(message), shown::hex(&message.payload));
    let mut is_count = false;
    let label = match Control::parse(message) {
        Ok(Some(control)) => match control {
            Control::SetChunkSize(size) => format!("Set Chunk Size {size}"),
            Control::Abort(csid) => format!("Abort {csid}"),
            Control::Acknowledgement(_) => {
                is_count = true;
                "Acknowledgement".to_owned()
            }
            Control::WindowAckSize(size) => format!("Window Acknowledgement Size {size}"),
            Control::SetPeerBandwidth { size, .. } => format!("Set Peer Bandwidth {size}"),
            Control::User(event) => user(&event),
        },
        _ => format!("{:?}", message.kind),
    };
    let said = Said::new(Protocol::Rtmp, label, detail);
    if is_count { said.media(message.payload.len()) } else { said }
}

fn user(event: &UserControl) -> String {
    match event {
        UserControl::StreamBegin(stream) => format!("Stream Begin {stream}"),
        UserControl::StreamEof(stream) => format!("Stream EOF {stream}"),
        UserControl::StreamDry(stream) => format!("Stream Dry {stream}"),
        UserControl::SetBufferLength { millis, .. } => format!("Set Buffer Length {millis} ms"),
        UserControl::StreamIsRecorded(stream) => format!("Stream Is Recorded {stream}"),
        UserControl::PingRequest(_) => "Ping Request".to_owned(),
        UserControl::PingResponse(_) => "Ping Response".to_owned(),
        UserControl::BufferEmpty(stream) => format!("Buffer Empty {stream}"),
        UserControl::BufferReady(stream) => format!("Buffer Ready {stream}"),
        UserControl::Other { event, .. } => format!("User Control {event}"),
    }
}

fn head(message: &Message) -> String {
    format!(
        "type {} ({:?}), message stream {}, time {} ms, {} bytes\n",
        message.kind.number(),
        message.kind,
        message.stream,
        message.timestamp,
        message.payload.len()
    )
}

/// A value on lines of its own, `depth` deep.
fn print(out: &mut String, value: &Value, depth: usize) {
    if out.len() > MOST_TEXT || depth > DEEPEST {
        return;
    }
    let indent = 2 * depth;
    match value {
        Value::Object(members) | Value::EcmaArray(members) | Value::TypedObject(_, members) => {
            for (name, value) in members.iter() {
                let _ = write!(out, "{:indent$}{name}:", "");
                if matches!(value, Value::Object(_) | Value::EcmaArray(_) | Value::TypedObject(..)) {
                    out.push('\n');
                    print(out, value, depth + 1);
                } else {
                    print_one(out, value, 1);
                }
            }
        }
        value => print_one(out, value, indent),
    }
}

fn print_one(out: &mut String, value: &Value, indent: usize) {
    let _ = match value {
        Value::Number(number) => writeln!(out, "{:indent$}{number}", ""),
        Value::Boolean(is) => writeln!(out, "{:indent$}{is}", ""),
        Value::String(text) => writeln!(out, "{:indent$}\"{}\"", "", text.escape_debug()),
        Value::Null => writeln!(out, "{:indent$}null", ""),
        Value::StrictArray(values) => writeln!(out, "{:indent$}{} values", "", values.len()),
        other => writeln!(out, "{:indent$}{other:?}", ""),
    };
}

fn without_query(name: &str) -> String {
    name.split('?').next().unwrap_or_default().to_owned()
}

const PACKET: usize = 1536;
/// Bytes of a message, and of all that are not complete.
const LARGEST: usize = 4 << 20;
/// Characters printed of one message, more or less, and objects inside each other.
const MOST_TEXT: usize = 64 << 10;
const DEEPEST: usize = 16;
