//! One message stream of a client, and the table that it goes by.

use std::fmt;

use wire::Transition;

use crate::status;
use StreamState::*;

/// A message stream.
#[derive(Debug)]
pub(super) struct Stream {
    pub(super) id: u32,
    state: StreamState,
    /// Plays that were asked for and are not over: more than one when they were added without reset.
    pub(super) plays: u32,
}

/// What a message stream of a [`Client`](super::Client) is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamState {
    /// Nothing.
    Idle,
    /// It publishes, or has asked to.
    Publishing,
    /// It plays, or has asked to.
    Playing,
    /// There is no such stream, or no longer.
    Gone,
}

/// What takes a message stream from use to use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamStimulus {
    /// [`Client::publish`](super::Client::publish).
    Publish,
    /// [`Client::play`](super::Client::play).
    Play,
    /// onStatus tells that publishing or the last play failed or is over.
    Ended,
    /// [`Client::close_stream`](super::Client::close_stream).
    Close,
    /// [`Client::delete_stream`](super::Client::delete_stream).
    Delete,
    /// The connection ended.
    Lost,
}

/// A client's message stream: it moves by this table alone.
pub const STREAM_TRANSITIONS: &[Transition<StreamState, StreamStimulus>] = &[
    Transition::new(&[Idle], StreamStimulus::Publish, "send releaseStream, FCPublish, publish", Publishing),
    Transition::new(&[Idle], StreamStimulus::Play, "send play", Playing),
    Transition::new(&[Playing], StreamStimulus::Play, "send play", Playing),
    Transition::new(&[Publishing, Playing], StreamStimulus::Ended, "tell Stopped", Idle),
    Transition::new(&[Idle], StreamStimulus::Close, "send closeStream", Idle),
    Transition::new(&[Publishing, Playing], StreamStimulus::Close, "tell Stopped, send closeStream", Idle),
    Transition::new(&[Idle], StreamStimulus::Delete, "send deleteStream", Gone),
    Transition::new(&[Publishing, Playing], StreamStimulus::Delete, "tell Stopped, send deleteStream", Gone),
    Transition::new(&[Idle], StreamStimulus::Lost, "", Gone),
    Transition::new(&[Publishing, Playing], StreamStimulus::Lost, "tell Stopped", Gone),
];

impl Stream {
    pub(super) fn new(id: u32) -> Stream {
        Stream { id, state: Idle, plays: 0 }
    }

    pub(super) fn state(&self) -> StreamState {
        self.state
    }

    pub(super) fn is_used(&self) -> bool {
        matches!(self.state, Publishing | Playing)
    }

    /// Goes where the table leads; false where it has no row.
    pub(super) fn step(&mut self, on: StreamStimulus) -> bool {
        let next = wire::next(STREAM_TRANSITIONS, self.state, on);
        self.state = next.unwrap_or(self.state);
        next.is_some()
    }

    /// Whether a status of that code ends what the stream is used for.
    pub(super) fn ends(&mut self, code: &str) -> bool {
        match self.state {
            Idle | Gone => false,
            Publishing => matches!(
                code,
                status::PUBLISH_BAD_NAME
                    | status::PUBLISH_DENIED
                    | status::UNPUBLISH_SUCCESS
                    | status::STREAM_FAILED
                    | status::RECORD_NO_ACCESS
                    | status::PUBLISH_FAILED
            ),
            Playing => {
                let over = matches!(
                    code,
                    status::PLAY_STOP
                        | status::PLAY_FAILED
                        | status::PLAY_STREAM_NOT_FOUND
                        | status::PLAY_FILE_STRUCTURE_INVALID
                        | status::PLAY_NO_SUPPORTED_TRACK
                        | status::STREAM_FAILED
                );
                self.plays = self.plays.saturating_sub(u32::from(over));
                over && self.plays == 0
            }
        }
    }
}

/// In words, as the digest's table and the diagram have it.
impl fmt::Display for StreamStimulus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            StreamStimulus::Publish => "publish",
            StreamStimulus::Play => "play",
            StreamStimulus::Ended => "status of failure or end",
            StreamStimulus::Close => "close",
            StreamStimulus::Delete => "delete",
            StreamStimulus::Lost => "connection ends",
        })
    }
}
