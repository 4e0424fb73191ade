//! One message stream of a client.
//!
//! | from | what happens | to | what is told |
//! |---|---|---|---|
//! | idle | `publish` | publishing | |
//! | idle, playing | `play` | playing | |
//! | publishing, playing | `close_stream` | idle | `Stopped` |
//! | publishing, playing | onStatus of a failure of publish or play, Unpublish.Success | idle | `Status`, `Stopped` |
//! | playing | onStatus Play.Stop | idle | `Status`, `Stopped` |
//! | any | `delete_stream`, end of the connection | gone | `Stopped` unless idle |

use crate::status;

/// A message stream.
#[derive(Debug)]
pub(super) struct Stream {
    pub(super) id: u32,
    pub(super) role: Option<Role>,
    /// Plays that were asked for and are not over: more than one when they were added without reset.
    pub(super) plays: u32,
}

/// What a message stream is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Publishing,
    Playing,
}

impl Stream {
    pub(super) fn new(id: u32) -> Stream {
        Stream { id, role: None, plays: 0 }
    }

    /// Whether a status of that code ends what the stream is used for.
    pub(super) fn ends(&mut self, code: &str) -> bool {
        match self.role {
            None => false,
            Some(Role::Publishing) => matches!(
                code,
                status::PUBLISH_BAD_NAME
                    | status::PUBLISH_DENIED
                    | status::UNPUBLISH_SUCCESS
                    | status::STREAM_FAILED
                    | status::RECORD_NO_ACCESS
                    | status::PUBLISH_FAILED
            ),
            Some(Role::Playing) => {
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
