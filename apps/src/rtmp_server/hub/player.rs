use wire::Instant;

use super::Spot;
use super::stream::Nature;

/// What a player wants to get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlayerState {
    /// Audio messages.
    pub audio: bool,
    /// Video messages.
    pub video: bool,
    /// Nothing at all for now.
    pub paused: bool,
}

/// One player of a stream.
#[derive(Clone, Debug)]
pub struct Player {
    /// Where it is.
    pub place: Spot,
    /// What it wants.
    pub state: PlayerState,
    /// Messages that it did not get because it read too slowly.
    pub dropped: u64,
    /// When it began.
    pub since: Instant,
    /// Video is held back until the next key frame: it joined without one, or lost some.
    pub(super) needs_key_frame: bool,
    /// It has had the headers of the codecs.
    pub(super) is_started: bool,
    /// Too much waited for it when the last message came.
    pub(super) is_behind: bool,
    /// Whether what is sent to it leaves at once.
    pub(super) at_once: bool,
    /// When something last went out to it.
    pub(super) reached: Instant,
}

impl Player {
    pub(super) fn new(now: Instant, place: Spot) -> Player {
        Player {
            place,
            state: PlayerState { audio: true, video: true, paused: false },
            dropped: 0,
            since: now,
            needs_key_frame: true,
            is_started: false,
            is_behind: false,
            at_once: true,
            reached: now,
        }
    }

    /// Whether it is to get such a message as things are.
    pub(super) fn wants(&self, nature: Nature) -> bool {
        match nature {
            Nature::KeyFrame => self.state.video,
            Nature::Frame => self.state.video && !self.needs_key_frame,
            Nature::Sound => self.state.audio,
            _ => true,
        }
    }
}
