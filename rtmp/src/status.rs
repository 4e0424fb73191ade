//! What became of a request: the information object of onStatus, `_result` and `_error`, and its code words.

use amf::amf0::{Object, Value};
use bytestring::ByteString;

/// How bad it is: the `level` of an information object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Level {
    /// All is well.
    Status,
    /// Something failed.
    Error,
    /// Something may fail.
    Warning,
}

impl Level {
    /// The word on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Level::Status => "status",
            Level::Error => "error",
            Level::Warning => "warning",
        }
    }
}

//= rtmp#7.2/information MUST
//# Level, code and description are fields, so an object without one of the three cannot be built; anything else is `extra`.
/// An information object: level, code and description, and whatever else belongs to the code.
///
/// ```
/// use rtmp::status::{Level, PLAY_START, Status};
/// let status = Status::new(PLAY_START, "Started playing cam1.").with("details", "cam1");
/// assert_eq!(status.level, Level::Status);
/// assert_eq!(Status::from_object(&status.to_object()), status);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Status {
    /// How bad it is.
    pub level: Level,
    /// What happened, such as `NetStream.Play.Start`.
    pub code: ByteString,
    /// The same for people.
    pub description: ByteString,
    /// Further entries, in order.
    pub extra: Object,
}

impl Status {
    /// A status of a code of this module, whose level is known; of any other code the level is `Status`.
    pub fn new(code: &str, description: &str) -> Status {
        let level = if is_error(code) { Level::Error } else { Level::Status };
        Status { level, code: code.into(), description: description.into(), extra: Object::default() }
    }

    /// A status of level `Error`, whatever the code.
    pub fn error(code: &str, description: &str) -> Status {
        Status { level: Level::Error, ..Status::new(code, description) }
    }

    /// The same with another entry.
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Status {
        self.extra.insert(key, value.into());
        self
    }

    /// Whether the level is `Error`.
    pub fn is_error(&self) -> bool {
        self.level == Level::Error
    }

    /// The object on the wire.
    pub fn to_object(&self) -> Object {
        let mut object = Object::default();
        object.insert("level", Value::from(self.level.name()));
        object.insert("code", Value::String(self.code.clone()));
        object.insert("description", Value::String(self.description.clone()));
        for (key, value) in self.extra.iter() {
            object.insert(key, value.clone());
        }
        object
    }

    /// Reads an object. What is missing is empty; a missing or unknown level is taken from the code.
    pub fn from_object(object: &Object) -> Status {
        let text = |key: &str| object.get(key).and_then(Value::as_str).unwrap_or_default();
        let mut status = Status::new(text("code"), text("description"));
        match text("level") {
            "error" => status.level = Level::Error,
            "warning" => status.level = Level::Warning,
            "status" => status.level = Level::Status,
            _ => {}
        }
        for (key, value) in object.iter() {
            if !matches!(key, "level" | "code" | "description") {
                status.extra.insert(key, value.clone());
            }
        }
        status
    }
}

/// Whether a code of this module tells of a failure.
///
/// ```
/// use rtmp::status;
/// assert!(status::is_error(status::PUBLISH_BAD_NAME) && !status::is_error(status::PUBLISH_START));
/// ```
pub fn is_error(code: &str) -> bool {
    const END: [&str; 10] = [
        ".Denied",
        ".Failed",
        ".Rejected",
        ".BadName",
        ".BadVersion",
        ".InvalidApp",
        ".AppShutdown",
        ".StreamNotFound",
        ".InvalidArg",
        ".NoAccess",
    ];
    const WHOLE: [&str; 4] = [SEEK_INVALID_TIME, CALL_PROHIBITED, PLAY_FILE_STRUCTURE_INVALID, PLAY_NO_SUPPORTED_TRACK];
    END.iter().any(|end| code.ends_with(end)) || WHOLE.contains(&code)
}

/// connect was accepted.
pub const CONNECT_SUCCESS: &str = "NetConnection.Connect.Success";
/// connect was rejected, or answered with another address (entry `ex` with code 302 and redirect).
pub const CONNECT_REJECTED: &str = "NetConnection.Connect.Rejected";
/// connect failed for want of the application or a resource.
pub const CONNECT_FAILED: &str = "NetConnection.Connect.Failed";
/// The connection is closed in order.
pub const CONNECT_CLOSED: &str = "NetConnection.Connect.Closed";
/// connect names no application that exists.
pub const CONNECT_INVALID_APP: &str = "NetConnection.Connect.InvalidApp";
/// The application is being shut down.
pub const CONNECT_APP_SHUTDOWN: &str = "NetConnection.Connect.AppShutdown";
/// Enhanced RTMP: connect anew, to `tcUrl` where the object has one.
pub const CONNECT_RECONNECT_REQUEST: &str = "NetConnection.Connect.ReconnectRequest";
/// The method is unknown or failed.
pub const CALL_FAILED: &str = "NetConnection.Call.Failed";
/// The call is not allowed here.
pub const CALL_PROHIBITED: &str = "NetConnection.Call.Prohibited";
/// A value could not be read.
pub const CALL_BAD_VERSION: &str = "NetConnection.Call.BadVersion";
/// Anything else that went wrong with a stream.
pub const STREAM_FAILED: &str = "NetStream.Failed";
/// The publisher may send.
pub const PUBLISH_START: &str = "NetStream.Publish.Start";
/// The name is taken, or cannot be published.
pub const PUBLISH_BAD_NAME: &str = "NetStream.Publish.BadName";
/// The stream cannot be published, for another reason.
pub const PUBLISH_FAILED: &str = "NetStream.Publish.Failed";
/// The publisher is not allowed to.
pub const PUBLISH_DENIED: &str = "NetStream.Publish.Denied";
/// The publisher has been silent for long.
pub const PUBLISH_IDLE: &str = "NetStream.Publish.Idle";
/// The stream is published no longer.
pub const UNPUBLISH_SUCCESS: &str = "NetStream.Unpublish.Success";
/// Recording has begun.
pub const RECORD_START: &str = "NetStream.Record.Start";
/// Recording has ended.
pub const RECORD_STOP: &str = "NetStream.Record.Stop";
/// Recording failed.
pub const RECORD_FAILED: &str = "NetStream.Record.Failed";
/// The name cannot be recorded, or the file is in use.
pub const RECORD_NO_ACCESS: &str = "NetStream.Record.NoAccess";
/// The playlist was emptied.
pub const PLAY_RESET: &str = "NetStream.Play.Reset";
/// Playing has begun.
pub const PLAY_START: &str = "NetStream.Play.Start";
/// Playing has ended.
pub const PLAY_STOP: &str = "NetStream.Play.Stop";
/// Playing failed.
pub const PLAY_FAILED: &str = "NetStream.Play.Failed";
/// There is no such stream.
pub const PLAY_STREAM_NOT_FOUND: &str = "NetStream.Play.StreamNotFound";
/// The whole stream was sent; goes in an onPlayStatus data message.
pub const PLAY_COMPLETE: &str = "NetStream.Play.Complete";
/// The next of the playlist is on; goes in an onPlayStatus data message.
pub const PLAY_SWITCH: &str = "NetStream.Play.Switch";
/// A play2 was obeyed.
pub const PLAY_TRANSITION: &str = "NetStream.Play.Transition";
/// The stream that is played has a publisher again.
pub const PLAY_PUBLISH_NOTIFY: &str = "NetStream.Play.PublishNotify";
/// The publisher of the stream that is played has gone.
pub const PLAY_UNPUBLISH_NOTIFY: &str = "NetStream.Play.UnpublishNotify";
/// The player reads too slowly for the stream.
pub const PLAY_INSUFFICIENT_BW: &str = "NetStream.Play.InsufficientBW";
/// The file cannot be read.
pub const PLAY_FILE_STRUCTURE_INVALID: &str = "NetStream.Play.FileStructureInvalid";
/// The file holds nothing that can be played.
pub const PLAY_NO_SUPPORTED_TRACK: &str = "NetStream.Play.NoSupportedTrackFound";
/// Playing pauses.
pub const PAUSE_NOTIFY: &str = "NetStream.Pause.Notify";
/// Playing goes on.
pub const UNPAUSE_NOTIFY: &str = "NetStream.Unpause.Notify";
/// Playing goes on at the place that was asked for.
pub const SEEK_NOTIFY: &str = "NetStream.Seek.Notify";
/// The stream cannot seek.
pub const SEEK_FAILED: &str = "NetStream.Seek.Failed";
/// The place is outside of the stream.
pub const SEEK_INVALID_TIME: &str = "NetStream.Seek.InvalidTime";
/// Media follows.
pub const DATA_START: &str = "NetStream.Data.Start";

#[cfg(test)]
mod tests {
    use super::*;

    //= rtmp#7.2/information test
    #[test]
    fn an_information_object_begins_with_level_code_and_description() {
        let status = Status::new(PLAY_FAILED, "no").with("clientid", 7.0);
        let object = status.to_object();
        let names: Vec<&str> = object.iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["level", "code", "description", "clientid"]);
        assert_eq!(object.get("level").and_then(Value::as_str), Some("error"));
        assert_eq!(Status::from_object(&object), status);
        let empty = Status::from_object(&Object::new());
        assert_eq!((empty.level, &*empty.code), (Level::Status, ""));
    }

    #[test]
    fn codes_tell_their_level() {
        for code in [CONNECT_REJECTED, PUBLISH_BAD_NAME, PUBLISH_DENIED, PLAY_STREAM_NOT_FOUND, SEEK_INVALID_TIME] {
            assert!(is_error(code), "{code}");
        }
        for code in [CONNECT_SUCCESS, PUBLISH_START, UNPUBLISH_SUCCESS, PLAY_RESET, PLAY_STOP, SEEK_NOTIFY] {
            assert!(!is_error(code), "{code}");
        }
    }
}
