use bytes::BytesMut;
use rtmp::chunk::Shared;
use rtmp::flv::Tag;
use rtmp::{Message, MessageType};
use wire::{ConnId, Instant};

use super::cache::Cache;
use super::{HubConfig, Player, Sink, Spot};

/// Who publishes a stream.
#[derive(Clone, Copy, Debug)]
pub struct Source {
    /// Where it is.
    pub place: Spot,
    /// When it began.
    pub since: Instant,
    /// When its last message came.
    pub heard: Instant,
}

/// What went through a stream, or through all of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StreamStats {
    /// Messages published.
    pub messages_in: u64,
    /// Their bytes.
    pub bytes_in: u64,
    /// Messages sent to players.
    pub messages_out: u64,
    /// Their bytes.
    pub bytes_out: u64,
    /// Messages that players did not get because they read too slowly.
    pub dropped: u64,
    /// Players that were disconnected because nothing got through to them any more.
    pub stalled: u64,
}

/// What a message means to somebody who joins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Nature {
    Metadata,
    VideoHeader,
    AudioHeader,
    KeyFrame,
    /// Video that needs what came before it.
    Frame,
    Sound,
    Other,
}

impl Nature {
    /// By the first bytes of the payload, which tell codec and frame type in the old as in the enhanced form.
    fn of(message: &Message) -> Nature {
        let (first, second) = match message.payload[..] {
            [first, second, ..] => (first, second),
            [first] => (first, 0xFF),
            [] => (0, 0xFF),
        };
        match message.kind {
            MessageType::Video if first & 0x80 != 0 => match (first >> 4 & 7, first & 15) {
                (_, 0) => Nature::VideoHeader,
                (1, _) => Nature::KeyFrame,
                _ => Nature::Frame,
            },
            MessageType::Video => match (first >> 4, first & 15, second) {
                (_, 7 | 12, 0) => Nature::VideoHeader,
                (1, ..) => Nature::KeyFrame,
                _ => Nature::Frame,
            },
            MessageType::Audio if (first >> 4 == 10 && second == 0) || (first >> 4 == 9 && first & 15 == 0) => {
                Nature::AudioHeader
            }
            MessageType::Audio => Nature::Sound,
            MessageType::DataAmf0 if message.payload.starts_with(b"\x02\0\x0AonMetaData") => Nature::Metadata,
            _ => Nature::Other,
        }
    }
}

/// The message as players get it: without the command that a publisher puts ahead of metadata.
fn as_played(message: &Message) -> Message {
    match message.kind {
        MessageType::DataAmf0 | MessageType::DataAmf3 => Tag::from_message(message).map_or_else(
            || message.clone(),
            |tag| Message { timestamp: message.timestamp, ..tag.to_message(message.stream) },
        ),
        _ => message.clone(),
    }
}

/// One stream: its publisher, its players, and what joiners need.
#[derive(Debug, Default)]
pub struct Stream {
    source: Option<Source>,
    players: Vec<Player>,
    cache: Cache,
    stats: StreamStats,
    /// Added to the publisher's times, so that the players' time goes on when a publisher comes back and counts anew.
    shift: u32,
    /// The last time sent.
    last: u32,
    is_first: bool,
}

impl Stream {
    /// Who publishes it now.
    pub fn source(&self) -> Option<&Source> {
        self.source.as_ref()
    }

    /// Who plays it.
    pub fn players(&self) -> &[Player] {
        &self.players
    }

    /// What went through it.
    pub fn stats(&self) -> &StreamStats {
        &self.stats
    }

    /// Bytes kept for joiners.
    pub fn cached(&self) -> usize {
        self.cache.bytes()
    }

    /// The metadata that the publisher gave, and the headers of its video and audio.
    pub fn described(&self) -> (Option<&Message>, Option<&Message>, Option<&Message>) {
        let (video, audio) = self.cache.codec_headers();
        (self.cache.metadata(), video, audio)
    }

    /// What somebody needs who joins now: metadata, codec headers, and everything since the last key frame.
    pub fn for_joiner(&self) -> impl Iterator<Item = Message> + '_ {
        let group = self.cache.group();
        let begin = group.first().map_or(self.last, |message| message.timestamp);
        self.cache.headers(begin).chain(group.iter().cloned())
    }

    pub(super) fn is_idle(&self) -> bool {
        self.source.is_none() && self.players.is_empty()
    }

    pub(super) fn begin(&mut self, now: Instant, place: Spot) {
        self.source = Some(Source { place, since: now, heard: now });
        self.cache = Cache::default();
        self.is_first = true;
        for player in &mut self.players {
            (player.is_started, player.needs_key_frame) = (false, true);
        }
    }

    pub(super) fn end(&mut self) {
        self.source = None;
        self.cache = Cache::default();
    }

    pub(super) fn join(&mut self, now: Instant, place: Spot, sink: &mut impl Sink) {
        let mut player = Player::new(now, place);
        if self.source.is_some() && !self.is_first {
            self.start(&mut player, sink);
        }
        self.players.push(player);
    }

    pub(super) fn leave(&mut self, place: Spot) {
        self.players.retain(|player| player.place != place);
    }

    pub(super) fn player(&mut self, place: Spot) -> Option<&mut Player> {
        self.players.iter_mut().find(|player| player.place == place)
    }

    /// Headers and the last group of pictures, in one piece.
    fn start(&self, player: &mut Player, sink: &mut impl Sink) {
        let size = sink.chunk_size(player.place.conn);
        let mut chunks = BytesMut::with_capacity(self.cache.bytes() + 1024);
        for message in self.for_joiner() {
            if let Ok(mut shared) = Shared::new(message) {
                chunks.extend_from_slice(&shared.bytes(size, player.place.stream));
            }
        }
        player.is_started = true;
        player.needs_key_frame = self.cache.group().is_empty();
        if !chunks.is_empty() {
            sink.send(player.place, chunks.freeze());
        }
    }

    /// Sends a message on to everybody and gives it as it went out, with its shifted time.
    pub(super) fn media(
        &mut self,
        now: Instant,
        message: &Message,
        config: &HubConfig,
        total: &mut StreamStats,
        sink: &mut impl Sink,
    ) -> Message {
        if let Some(source) = &mut self.source {
            source.heard = now;
        }
        let message = as_played(message);
        let nature = Nature::of(&message);
        let message = self.shifted(message, nature);
        let before = self.stats;
        self.stats.messages_in += 1;
        self.stats.bytes_in += message.payload.len() as u64;
        self.send_on(now, &message, nature, config, sink);
        self.cache.note(&message, nature, &config.cache);
        let now_at = self.stats;
        total.messages_in += 1;
        total.bytes_in += message.payload.len() as u64;
        total.messages_out += now_at.messages_out - before.messages_out;
        total.bytes_out += now_at.bytes_out - before.bytes_out;
        total.dropped += now_at.dropped - before.dropped;
        total.stalled += now_at.stalled - before.stalled;
        message
    }

    fn shifted(&mut self, message: Message, nature: Nature) -> Message {
        let is_timed = matches!(message.kind, MessageType::Audio | MessageType::Video);
        if self.is_first {
            // The first message of a publisher follows the last of the one before by one frame.
            let is_later = self.stats.messages_in > 0;
            self.shift = if is_later { self.last.wrapping_add(GAP).wrapping_sub(message.timestamp) } else { 0 };
            self.is_first = false;
        }
        let timestamp = message.timestamp.wrapping_add(self.shift);
        if is_timed && nature != Nature::VideoHeader && nature != Nature::AudioHeader {
            self.last = timestamp;
        }
        Message { timestamp, ..message }
    }

    fn send_on(&mut self, now: Instant, message: &Message, nature: Nature, config: &HubConfig, sink: &mut impl Sink) {
        let has_video = self.cache.has_video() || message.kind == MessageType::Video;
        // Longer than any message that chunks can carry: nothing that came in chunks is.
        let Ok(mut shared) = Shared::new(message.clone()) else { return };
        let mut players = std::mem::take(&mut self.players);
        let mut stalled: Vec<ConnId> = Vec::new();
        for player in &mut players {
            if player.state.paused {
                player.needs_key_frame = true;
                continue;
            }
            if !player.is_started {
                self.start(player, sink);
            }
            let is_wanted = match nature {
                Nature::KeyFrame => player.state.video,
                Nature::Frame => player.state.video && !player.needs_key_frame,
                Nature::Sound => player.state.audio,
                _ => true,
            };
            if !is_wanted {
                continue;
            }
            let unsent = sink.unsent(player.place.conn);
            // Once behind, it gets nothing until half of what made it so has gone out, and video from a key frame on.
            let limit = if player.is_behind { config.slow_reader / 2 } else { config.slow_reader };
            let is_header = matches!(nature, Nature::VideoHeader | Nature::AudioHeader | Nature::Metadata);
            if unsent > limit && !is_header || unsent > 2 * config.slow_reader {
                player.dropped += 1;
                self.stats.dropped += 1;
                player.is_behind = true;
                player.needs_key_frame |= has_video;
                if now - player.reached >= config.stalled_reader {
                    stalled.push(player.place.conn);
                }
                continue;
            }
            (player.is_behind, player.reached) = (false, now);
            if nature == Nature::KeyFrame {
                player.needs_key_frame = false;
            }
            let chunks = shared.bytes(sink.chunk_size(player.place.conn), player.place.stream);
            self.stats.messages_out += 1;
            self.stats.bytes_out += chunks.len() as u64;
            sink.send(player.place, chunks);
        }
        self.players = players;
        for conn in stalled {
            self.stats.stalled += 1;
            sink.disconnect(conn, "it did not read what it plays");
        }
    }
}

/// Milliseconds between the last message of one publisher and the first of the next.
const GAP: u32 = 40;
