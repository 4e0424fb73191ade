//! Who publishes what and who plays it: streams by name, the messages that a joiner gets first, and what happens to a
//! player that reads too slowly. No sockets, no clock: what is to be sent goes to a [`Sink`].
//!
//! A message is cut into chunks once for all players that have the same chunk size and stream number; each of them then
//! costs one look at its queue and one counted reference.

mod cache;
mod player;
mod stream;

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use bytes::Bytes;
use rtmp::Message;
use wire::{ConnId, Instant};

pub use cache::{Cache, CacheLimits};
pub use player::{Player, PlayerState};
pub use stream::{Source, Stream, StreamStats};

/// Application and name of a stream.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamKey {
    /// The application that the connection asked for, without its query.
    pub app: String,
    /// The name that was published, without its query.
    pub name: String,
}

impl StreamKey {
    /// Both parts.
    pub fn new(app: impl Into<String>, name: impl Into<String>) -> StreamKey {
        StreamKey { app: app.into(), name: name.into() }
    }
}

impl std::fmt::Display for StreamKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.app, self.name)
    }
}

/// One end of a message stream: a connection and the number of the stream in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Spot {
    /// The connection.
    pub conn: ConnId,
    /// The message stream.
    pub stream: u32,
}

impl Spot {
    /// The place of something that publishes without a connection of the server, such as a relay or a telephone. Neither
    /// the driver's connections nor the sessions in HTTP, which count up from 0, ever have its number.
    pub fn apart(n: u64) -> Spot {
        Spot { conn: ConnId::outbound((1 << 48) + n), stream: 0 }
    }
}

/// Where the hub's words go: the server machine and its driver.
pub trait Sink {
    /// Bytes that wait for this connection because its peer does not read them.
    fn unsent(&self, conn: ConnId) -> usize;
    /// The size of the chunks that this connection was told.
    fn chunk_size(&self, conn: ConnId) -> u32;
    /// Sends chunks that were made for this chunk size and this stream.
    fn send(&mut self, place: Spot, chunks: Bytes);
    /// Says whether small pieces leave for a connection at once, or may wait until it has acknowledged what went before.
    /// New connections have it on.
    fn at_once(&mut self, conn: ConnId, is_on: bool);
    /// Tells a player that its stream begins to be published, or that it ended.
    fn published(&mut self, place: Spot, key: &StreamKey, is_on: bool);
    /// Ends a connection, and says why in the log.
    fn disconnect(&mut self, conn: ConnId, why: &'static str);
}

/// What to do when somebody publishes a name that is being published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum SecondPublisher {
    /// The first one stays, unless nothing has come from it for [`HubConfig::idle_publisher`].
    #[default]
    Refuse,
    /// The new one takes the name over; the old connection is closed.
    TakeOver,
}

/// The limits and rules of a hub.
#[derive(Clone, Debug)]
pub struct HubConfig {
    /// See [`SecondPublisher`].
    pub second_publisher: SecondPublisher,
    /// After so long without a message a publisher may be replaced whatever the rule. Default 3 s.
    pub idle_publisher: Duration,
    /// What of a stream is kept for joiners.
    pub cache: CacheLimits,
    /// Bytes waiting for one player from which on messages are dropped, up to the next key frame. Default 1 MiB.
    pub slow_reader: usize,
    /// For how long sound at most waits for the next picture, to go out in one piece with it. Each piece costs the
    /// operating system much more than its bytes. Default 0: nothing waits.
    pub gather: Duration,
    /// With more players than so many a stream counts the cost: once somebody has settled in, what is small waits for
    /// acknowledgements. Default: none does, however many.
    pub crowd: usize,
    /// A player that got nothing through for so long is disconnected. Default 30 s.
    pub stalled_reader: Duration,
    /// Streams at a time, published or waited for. Default 10,000.
    pub streams: usize,
}

impl Default for HubConfig {
    fn default() -> HubConfig {
        HubConfig {
            second_publisher: SecondPublisher::Refuse,
            idle_publisher: Duration::from_secs(3),
            cache: CacheLimits::default(),
            slow_reader: 1 << 20,
            gather: Duration::ZERO,
            crowd: usize::MAX,
            stalled_reader: Duration::from_secs(30),
            streams: 10_000,
        }
    }
}

/// Why the hub says no.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Somebody else publishes that name.
    Taken,
    /// The limit of streams is reached.
    TooMany,
    /// That message stream publishes or plays already.
    Busy,
}

/// All streams of a server.
#[derive(Debug, Default)]
pub struct Hub {
    config: HubConfig,
    streams: HashMap<StreamKey, Stream>,
    publishing: HashMap<Spot, StreamKey>,
    playing: HashMap<Spot, StreamKey>,
    /// Streams with sound that waits, and until when; some have sent it by now.
    waiting: VecDeque<(Instant, StreamKey)>,
    /// Totals that outlive their streams.
    stats: StreamStats,
}

impl Hub {
    /// An empty hub.
    pub fn new(config: HubConfig) -> Hub {
        Hub { config, ..Hub::default() }
    }

    /// Makes `place` the publisher of `key`. Players that wait hear of it; a publisher that gives way is named, its
    /// connection is for the caller to close.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub fn publish(
        &mut self,
        now: Instant,
        key: &StreamKey,
        place: Spot,
        sink: &mut impl Sink,
    ) -> Result<Option<Spot>, Refusal> {
        if self.publishing.contains_key(&place) || self.playing.contains_key(&place) {
            return Err(Refusal::Busy);
        }
        let room = self.streams.len() < self.config.streams;
        let stream = match self.streams.get_mut(key) {
            Some(stream) => stream,
            None if room => self.streams.entry(key.clone()).or_default(),
            None => return Err(Refusal::TooMany),
        };
        let mut replaced = None;
        if let Some(first) = stream.source() {
            let silent = now - first.heard >= self.config.idle_publisher;
            if self.config.second_publisher == SecondPublisher::Refuse && !silent {
                return Err(Refusal::Taken);
            }
            self.publishing.remove(&first.place);
            replaced = Some(first.place);
        }
        let is_new = replaced.is_none();
        stream.begin(now, place, &self.config, &mut self.stats, sink);
        self.publishing.insert(place, key.clone());
        if is_new {
            for player in stream.players() {
                sink.published(player.place, key, true);
            }
        }
        Ok(replaced)
    }

    /// Ends what `place` publishes; its players hear of it and stay.
    pub fn unpublish(&mut self, place: Spot, sink: &mut impl Sink) -> Option<StreamKey> {
        let key = self.publishing.remove(&place)?;
        let stream = self.streams.get_mut(&key)?;
        stream.end(&self.config, &mut self.stats, sink);
        for player in stream.players() {
            sink.published(player.place, &key, false);
        }
        self.forget_if_idle(&key);
        Some(key)
    }

    /// Lets `place` play `key`: what a joiner needs goes out at once, or, while nobody publishes, as soon as it exists.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub fn play(&mut self, now: Instant, key: &StreamKey, place: Spot, sink: &mut impl Sink) -> Result<(), Refusal> {
        if self.publishing.contains_key(&place) {
            return Err(Refusal::Busy);
        }
        self.stop(place);
        let room = self.streams.len() < self.config.streams;
        let stream = match self.streams.get_mut(key) {
            Some(stream) => stream,
            None if room => self.streams.entry(key.clone()).or_default(),
            None => return Err(Refusal::TooMany),
        };
        stream.join(now, place, &self.config, &mut self.stats, sink);
        self.playing.insert(place, key.clone());
        Ok(())
    }

    /// Ends what `place` plays, without a word to it.
    pub fn stop(&mut self, place: Spot) -> Option<StreamKey> {
        let key = self.playing.remove(&place)?;
        if let Some(stream) = self.streams.get_mut(&key) {
            stream.leave(place);
        }
        self.forget_if_idle(&key);
        Some(key)
    }

    /// Takes a message that `place` published to everybody who plays it. Gives the stream it belongs to and the message
    /// as it went out; none if `place` publishes nothing.
    pub fn media(
        &mut self,
        now: Instant,
        place: Spot,
        message: &Message,
        sink: &mut impl Sink,
    ) -> Option<(&StreamKey, Message)> {
        let key = self.publishing.get(&place)?;
        let stream = self.streams.get_mut(key)?;
        let (sent, begins) = stream.media(now, message, &self.config, &mut self.stats, sink);
        if begins {
            self.waiting.push_back((now + self.config.gather, key.clone()));
        }
        Some((key, sent))
    }

    /// When [`Hub::flush`] has something to do.
    pub fn deadline(&self) -> Option<Instant> {
        self.waiting.front().map(|(until, _)| *until)
    }

    /// Sends the sound that has waited for long enough.
    pub fn flush(&mut self, now: Instant, sink: &mut impl Sink) {
        while self.deadline().is_some_and(|until| until <= now) {
            if let Some((_, key)) = self.waiting.pop_front()
                && let Some(stream) = self.streams.get_mut(&key)
                && stream.held_since().is_some_and(|since| since + self.config.gather <= now)
            {
                stream.flush(now, &self.config, &mut self.stats, sink);
            }
        }
    }

    /// Looks, every second or so, whether streams have become crowded or are so no more.
    pub fn tend(&mut self, now: Instant, sink: &mut impl Sink) {
        for stream in self.streams.values_mut() {
            stream.tend(now, &self.config, sink);
        }
    }

    /// What a player wants to get: all, no audio, no video, or nothing while it pauses.
    pub fn set(&mut self, place: Spot, change: impl FnOnce(&mut PlayerState)) {
        if let Some(player) =
            self.playing.get(&place).and_then(|key| self.streams.get_mut(key)).and_then(|stream| stream.player(place))
        {
            change(&mut player.state);
        }
    }

    /// Forgets a connection: what it published ends, what it played stops.
    pub fn gone(&mut self, conn: ConnId, sink: &mut impl Sink) {
        let of = |map: &HashMap<Spot, StreamKey>| map.keys().filter(|p| p.conn == conn).copied().collect::<Vec<_>>();
        for place in of(&self.playing) {
            self.stop(place);
        }
        for place in of(&self.publishing) {
            self.unpublish(place, sink);
        }
    }

    /// The stream of that name, published or waited for.
    pub fn stream(&self, key: &StreamKey) -> Option<&Stream> {
        self.streams.get(key)
    }

    /// All streams, in no order.
    pub fn streams(&self) -> impl Iterator<Item = (&StreamKey, &Stream)> {
        self.streams.iter()
    }

    /// What `place` publishes.
    pub fn published_by(&self, place: Spot) -> Option<&StreamKey> {
        self.publishing.get(&place)
    }

    /// What `place` plays.
    pub fn played_by(&self, place: Spot) -> Option<&StreamKey> {
        self.playing.get(&place)
    }

    /// Totals since the start.
    pub fn stats(&self) -> &StreamStats {
        &self.stats
    }

    fn forget_if_idle(&mut self, key: &StreamKey) {
        if self.streams.get(key).is_some_and(Stream::is_idle) {
            self.streams.remove(key);
        }
    }
}

#[cfg(test)]
mod tests;
