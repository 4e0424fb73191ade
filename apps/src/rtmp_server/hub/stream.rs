use std::time::Duration;

use bytes::{Bytes, BytesMut};
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
    pub(super) fn of(message: &Message) -> Nature {
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
    /// Sound that waits for the next picture, so that both go out in one piece.
    held: Vec<(Message, Nature)>,
    /// Since when.
    held_at: Instant,
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

    pub(super) fn begin(
        &mut self,
        now: Instant,
        place: Spot,
        config: &HubConfig,
        total: &mut StreamStats,
        sink: &mut impl Sink,
    ) {
        self.flush(now, config, total, sink);
        self.source = Some(Source { place, since: now, heard: now });
        self.cache = Cache::default();
        self.is_first = true;
        for player in &mut self.players {
            (player.is_started, player.needs_key_frame) = (false, true);
        }
    }

    pub(super) fn end(&mut self, config: &HubConfig, total: &mut StreamStats, sink: &mut impl Sink) {
        let now = self.source.as_ref().map_or(Instant::ZERO, |source| source.heard);
        self.flush(now, config, total, sink);
        self.source = None;
        self.cache = Cache::default();
    }

    pub(super) fn join(
        &mut self,
        now: Instant,
        place: Spot,
        config: &HubConfig,
        total: &mut StreamStats,
        sink: &mut impl Sink,
    ) {
        self.flush(now, config, total, sink);
        if config.crowd < usize::MAX {
            sink.at_once(place.conn, true); // it may have been one of a crowd before
        }
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

    /// Sends a message on to everybody, sound perhaps a little later, and gives it as it goes out, with its shifted time.
    /// Also whether something waits now, and nothing did before.
    pub(super) fn media(
        &mut self,
        now: Instant,
        message: &Message,
        config: &HubConfig,
        total: &mut StreamStats,
        sink: &mut impl Sink,
    ) -> (Message, bool) {
        if let Some(source) = &mut self.source {
            source.heard = now;
        }
        let message = as_played(message);
        let nature = Nature::of(&message);
        let message = self.shifted(message, nature);
        self.stats.messages_in += 1;
        self.stats.bytes_in += message.payload.len() as u64;
        total.messages_in += 1;
        total.bytes_in += message.payload.len() as u64;
        let may_wait = nature == Nature::Sound
            && message.payload.len() <= SMALL
            && !config.gather.is_zero()
            && self.cache.has_video()
            && self.held.len() < MAX_HELD;
        let begins = may_wait && self.held.is_empty();
        if begins {
            self.held_at = now;
        }
        self.held.push((message.clone(), nature));
        if !may_wait {
            self.flush(now, config, total, sink);
        }
        (message, begins)
    }

    pub(super) fn tend(&mut self, now: Instant, config: &HubConfig, sink: &mut impl Sink) {
        let is_crowded = self.players.len() > config.crowd;
        for player in &mut self.players {
            let at_once = !is_crowded || now - player.since < SETTLING;
            if at_once != player.at_once {
                player.at_once = at_once;
                sink.at_once(player.place.conn, at_once);
            }
        }
    }

    /// Since when something waits.
    pub(super) fn held_since(&self) -> Option<Instant> {
        (!self.held.is_empty()).then_some(self.held_at)
    }

    /// Sends what waits.
    pub(super) fn flush(&mut self, now: Instant, config: &HubConfig, total: &mut StreamStats, sink: &mut impl Sink) {
        if self.held.is_empty() {
            return;
        }
        let before = self.stats;
        let mut batch = std::mem::take(&mut self.held);
        self.send_on(now, &batch, config, sink);
        for (message, nature) in batch.drain(..) {
            self.cache.note(&message, nature, &config.cache);
        }
        self.held = batch; // with its room
        total.messages_out += self.stats.messages_out - before.messages_out;
        total.bytes_out += self.stats.bytes_out - before.bytes_out;
        total.dropped += self.stats.dropped - before.dropped;
        total.stalled += self.stats.stalled - before.stalled;
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

    fn send_on(&mut self, now: Instant, batch: &[(Message, Nature)], config: &HubConfig, sink: &mut impl Sink) {
        let has_video = self.cache.has_video() || batch.iter().any(|(message, _)| message.kind == MessageType::Video);
        let mut pieces = Pieces::new(batch);
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
            let unsent = sink.unsent(player.place.conn);
            // Once behind, it gets nothing until half of what made it so has gone out, and video from a key frame on.
            let limit = if player.is_behind { config.slow_reader / 2 } else { config.slow_reader };
            let mut wanted = 0;
            for (at, (_, nature)) in batch.iter().enumerate() {
                if !player.wants(*nature) {
                    continue;
                }
                let is_header = matches!(nature, Nature::VideoHeader | Nature::AudioHeader | Nature::Metadata);
                if unsent > limit && !is_header || unsent > 2 * config.slow_reader {
                    player.dropped += 1;
                    self.stats.dropped += 1;
                    player.is_behind = true;
                    player.needs_key_frame |= has_video;
                    if now - player.reached >= config.stalled_reader && stalled.last() != Some(&player.place.conn) {
                        stalled.push(player.place.conn);
                    }
                    continue;
                }
                (player.is_behind, player.reached) = (false, now);
                player.needs_key_frame &= *nature != Nature::KeyFrame;
                self.stats.messages_out += 1;
                wanted |= 1 << at;
            }
            if wanted != 0 {
                let chunks = pieces.bytes(wanted, sink.chunk_size(player.place.conn), player.place.stream);
                self.stats.bytes_out += chunks.len() as u64;
                sink.send(player.place, chunks);
            }
        }
        self.players = players;
        for conn in stalled {
            self.stats.stalled += 1;
            sink.disconnect(conn, "it did not read what it plays");
        }
    }
}

/// Messages on their way to many, cut into chunks once for all who want the same of them in the same way.
struct Pieces {
    messages: Vec<Option<Shared>>,
    /// Which messages, in chunks of which size, on which message stream.
    made: Vec<((u32, u32, u32), Bytes)>,
}

impl Pieces {
    fn new(batch: &[(Message, Nature)]) -> Pieces {
        // None is longer than any message that chunks can carry: what came in chunks is not.
        let messages = batch.iter().map(|(message, _)| Shared::new(message.clone()).ok()).collect();
        Pieces { messages, made: Vec::new() }
    }

    /// `wanted` has a bit for each message.
    fn bytes(&mut self, wanted: u32, size: u32, stream: u32) -> Bytes {
        let key = (wanted, size, stream);
        if let Some((_, bytes)) = self.made.iter().find(|(made, _)| *made == key) {
            return bytes.clone();
        }
        let messages = self.messages.iter_mut().enumerate();
        let mut parts = messages.filter(|(at, _)| wanted & 1 << at != 0).filter_map(|(_, message)| message.as_mut());
        let bytes = match wanted.is_power_of_two() {
            true => parts.next().map(|message| message.bytes(size, stream)).unwrap_or_default(),
            false => {
                let mut all = BytesMut::new();
                parts.for_each(|message| all.extend_from_slice(&message.bytes(size, stream)));
                all.freeze()
            }
        };
        if self.made.len() < MAX_MADE {
            self.made.push((key, bytes.clone()));
        }
        bytes
    }
}

/// How long a player of a crowd counts as new. It got much at once, and the next few seconds are when somebody notices.
const SETTLING: Duration = Duration::from_secs(5);
/// Milliseconds between the last message of one publisher and the first of the next.
const GAP: u32 = 40;
/// The longest sound, in bytes, that may wait; and how many may: with what ends their wait they fit the bits of a word.
const SMALL: usize = 4096;
const MAX_HELD: usize = 31;
/// How many kinds of players are remembered while a message goes out.
const MAX_MADE: usize = 8;
