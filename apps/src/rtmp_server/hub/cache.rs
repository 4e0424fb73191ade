use rtmp::{Message, MessageType};

use super::stream::Nature;

/// How much of a stream is kept for joiners.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheLimits {
    /// Bytes since the last key frame; a longer group of pictures is not kept. 0 keeps none, only metadata and codec
    /// headers. Default 16 MiB.
    pub bytes: usize,
    /// Messages likewise. Default 16,384.
    pub messages: usize,
}

impl Default for CacheLimits {
    fn default() -> CacheLimits {
        CacheLimits { bytes: 16 << 20, messages: 16_384 }
    }
}

/// What a joiner gets first: metadata, the headers of the codecs, and everything since the last key frame.
#[derive(Debug, Default)]
pub struct Cache {
    metadata: Option<Message>,
    video_header: Option<Message>,
    audio_header: Option<Message>,
    group: Vec<Message>,
    group_bytes: usize,
}

impl Cache {
    /// Takes the next message of a publisher.
    pub fn take(&mut self, message: &Message, limits: &CacheLimits) {
        self.note(message, Nature::of(message), limits);
    }

    pub(super) fn note(&mut self, message: &Message, nature: Nature, limits: &CacheLimits) {
        match nature {
            Nature::Metadata => self.metadata = Some(message.clone()),
            Nature::VideoHeader => self.video_header = Some(message.clone()),
            Nature::AudioHeader => self.audio_header = Some(message.clone()),
            Nature::KeyFrame => {
                self.drop_group();
                self.keep(message, limits);
            }
            // A group begins with its key frame; sound alone is not kept, it can be joined anywhere.
            _ if self.group.is_empty() => {}
            _ => self.keep(message, limits),
        }
    }

    fn keep(&mut self, message: &Message, limits: &CacheLimits) {
        self.group_bytes += message.payload.len();
        if self.group_bytes > limits.bytes || self.group.len() >= limits.messages {
            return self.drop_group();
        }
        self.group.push(message.clone());
    }

    fn drop_group(&mut self) {
        self.group = Vec::new();
        self.group_bytes = 0;
    }

    /// Metadata and headers, stamped with the time of what follows.
    pub fn headers(&self, timestamp: u32) -> impl Iterator<Item = Message> + '_ {
        [&self.metadata, &self.video_header, &self.audio_header]
            .into_iter()
            .flatten()
            .map(move |message| Message { timestamp, ..message.clone() })
    }

    /// The messages since the last key frame, oldest first.
    pub fn group(&self) -> &[Message] {
        &self.group
    }

    /// Bytes of them.
    pub fn bytes(&self) -> usize {
        self.group_bytes
    }

    /// The metadata that the publisher gave.
    pub fn metadata(&self) -> Option<&Message> {
        self.metadata.as_ref()
    }

    /// The headers of video and audio.
    pub fn codec_headers(&self) -> (Option<&Message>, Option<&Message>) {
        (self.video_header.as_ref(), self.audio_header.as_ref())
    }

    /// Whether video is known to be part of the stream.
    pub fn has_video(&self) -> bool {
        self.video_header.is_some() || self.group.iter().any(|message| message.kind == MessageType::Video)
    }
}
