//! The media between an RTMP client and a telephone, without sockets: RTMP messages become RTP payloads, RTP packets become
//! RTMP messages.
//!
//! [`Bridge`] is driven like any machine: something goes in ([`Bridge::from_rtmp`], [`Bridge::from_rtp`],
//! [`Bridge::from_rtcp`], [`Bridge::dial`], the time with [`Bridge::handle_time`]), then [`Bridge::poll`] until `None`, then
//! wait for more or for [`Bridge::deadline`].
//!
//! | | to the telephone | to the client |
//! |---|---|---|
//! | video | H.264 as it is; all slices; parameter sets before each key frame; timestamps are those of presentation | H.264 as it is; sequence header before the key frame that needs it; damaged pictures are held back |
//! | audio | [`codecs::way`]: as it is or transcoded, in packets of 20 ms, sent evenly | the same, without gaps: losses concealed, silence filled in |
//! | clock | RTMP's timestamps drive those of RTP, gaps included | one time line for both streams, tied by sender reports |
//! | keys | [`Bridge::dial`] sends telephone events | [`Output::Digit`] |

mod clock;
pub mod codecs;
mod coder;
mod film;
mod listen;
mod resample;
mod show;
mod speak;
mod speex;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use bytes::Bytes;
use rfc3264::{Format, Stream};
use rfc3550::rtcp::{self, Compound};
use rfc3551::{h264, opus};
use rtmp::{Message, MessageType};
use wire::Instant;

use clock::TimeLine;
use codecs::Audio;
use film::Film;
pub use film::MAX_SINGLE;
use listen::Listen;
use show::Show;
use speak::Speak;

/// Which of the two streams of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Medium {
    /// Audio.
    Audio,
    /// Video.
    Video,
}

/// What comes out of a [`Bridge`].
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// A packet to send now.
    Rtp {
        /// In which session.
        medium: Medium,
        /// Its payload type.
        payload_type: u8,
        /// Its timestamp on a base of the bridge's own; only differences mean something.
        timestamp: u32,
        /// Its marker bit.
        marker: bool,
        /// Its payload.
        payload: Bytes,
    },
    /// A message for the client; its stream id is 0.
    Rtmp(Message),
    /// The telephone is to be asked for a key frame: at most twice a second.
    KeyFrameWanted,
    /// The other side pressed that key, and has released it.
    Digit(char),
}

/// What the description of a call came to, and what the client is to hear.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Agreed {
    /// The audio; `None` when there is none that can cross.
    pub audio: Option<AudioAgreed>,
    /// The video; `None` when there is none that can cross.
    pub video: Option<VideoAgreed>,
}

/// The audio that was agreed on.
#[derive(Clone, Debug, PartialEq)]
pub struct AudioAgreed {
    /// What the client hears. It may say what it likes.
    pub rtmp: Audio,
    /// What the telephone is sent.
    pub rtp: Audio,
    /// With which payload type.
    pub payload_type: u8,
    /// Ticks of the RTP clock a second.
    pub clock_rate: u32,
    /// What may come, by payload type.
    pub receive: Vec<(u8, Audio)>,
    /// The payload type to send telephone events with; without one, keys are not sent.
    pub event: Option<u8>,
    /// The payload type of telephone events that come.
    pub event_in: Option<u8>,
    /// What the telephone asks of Opus.
    pub opus: opus::Fmtp,
}

/// The video that was agreed on: always H.264.
#[derive(Clone, Debug, PartialEq)]
pub struct VideoAgreed {
    /// The payload type to send with.
    pub payload_type: u8,
    /// Payload types that may come.
    pub receive: Vec<u8>,
    /// What the telephone says of it: mode, profile, parameter sets.
    pub remote: h264::Fmtp,
}

/// How a [`Bridge`] works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Samples a second of AAC for the client, one of AAC's rates. Default 16,000.
    pub aac_rate: u32,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { aac_rate: 16_000 }
    }
}

impl Agreed {
    /// What these streams came to, when `spoken` says what the client hears if the telephone speaks that codec (see
    /// [`codecs::spoken`]); without it the audio cannot cross.
    pub fn of(streams: &[Stream], spoken: impl FnOnce(Audio) -> Option<Audio>) -> Agreed {
        let active = |kind: &str| streams.iter().find(|s| s.active && s.kind.eq_ignore_ascii_case(kind));
        Agreed {
            audio: active("audio").and_then(|stream| AudioAgreed::of(stream, spoken)),
            video: active("video").and_then(VideoAgreed::of),
        }
    }
}

impl AudioAgreed {
    fn of(stream: &Stream, spoken: impl FnOnce(Audio) -> Option<Audio>) -> Option<AudioAgreed> {
        let audio = |format: &Format| Audio::of_name(&format.name);
        let (format, rtp) = stream.send.iter().find_map(|format| Some((format, audio(format)?)))?;
        let event = |format: &&Format| format.is_telephone_event() && format.clock_rate == ticks(rtp, format);
        let parameters = format.parameters.as_ref().map(ToString::to_string).unwrap_or_default();
        Some(AudioAgreed {
            rtmp: spoken(rtp)?,
            rtp,
            payload_type: format.payload_type,
            clock_rate: format.clock_rate,
            receive: stream.receive.iter().filter_map(|format| Some((format.payload_type, audio(format)?))).collect(),
            event: stream.telephone_event,
            event_in: stream.receive.iter().find(event).map(|format| format.payload_type),
            opus: parameters.parse().unwrap_or_default(),
        })
    }

    /// What comes with that payload type.
    fn receives(&self, payload_type: u8) -> Option<Audio> {
        self.receive.iter().find(|(number, _)| *number == payload_type).map(|(_, audio)| *audio)
    }
}

impl VideoAgreed {
    fn of(stream: &Stream) -> Option<VideoAgreed> {
        let is_h264 = |format: &&Format| format.name.eq_ignore_ascii_case("H264");
        let parameters = |format: &Format| format.parameters.as_ref().map(ToString::to_string).unwrap_or_default();
        // mode 1 before mode 0, whatever the order: only it can carry pictures of any size
        let formats = stream.send.iter().filter(is_h264).filter_map(|f| Some((f, parameters(f).parse().ok()?)));
        let (format, remote) = formats.max_by_key(|(_, fmtp): &(_, h264::Fmtp)| fmtp.mode)?;
        let receive = stream.receive.iter().filter(is_h264).map(|format| format.payload_type).collect();
        Some(VideoAgreed { payload_type: format.payload_type, receive, remote })
    }
}

/// The media of one call between an RTMP client and a telephone.
pub struct Bridge {
    settings: Settings,
    agreed: Agreed,
    now: Instant,
    line: TimeLine,
    speak: Option<Speak>,
    listen: Option<Listen>,
    film: Option<Film>,
    show: Option<Show>,
    queue: VecDeque<Output>,
}

/// What a [`Bridge`] counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// The client's messages that could not cross.
    pub dropped: u64,
}

impl Bridge {
    /// A bridge for what was agreed, with the default settings. Its RTMP time line begins at `now`.
    pub fn new(now: Instant, agreed: Agreed) -> Bridge {
        Bridge::with_settings(now, agreed, Settings::default())
    }

    /// The same with other settings.
    pub fn with_settings(now: Instant, agreed: Agreed, settings: Settings) -> Bridge {
        let mut bridge = Bridge {
            settings,
            agreed: Agreed::default(),
            now,
            line: TimeLine::new(now),
            speak: None,
            listen: None,
            film: None,
            show: None,
            queue: VecDeque::new(),
        };
        bridge.agree(now, agreed);
        bridge
    }

    /// Takes what another exchange of descriptions came to. A stream for which nothing changed goes on undisturbed.
    pub fn agree(&mut self, now: Instant, agreed: Agreed) {
        self.now = self.now.max(now);
        if self.agreed.audio != agreed.audio {
            self.speak = agreed.audio.clone().map(Speak::new);
            let audio = agreed.audio.clone();
            self.listen = audio.map(|audio| Listen::new(self.now, audio, &self.settings, &mut self.line));
        }
        if self.agreed.video != agreed.video {
            self.film = agreed.video.clone().map(Film::new);
            self.show = agreed.video.clone().map(|video| Show::new(video, &mut self.line));
        }
        self.agreed = agreed;
    }

    /// What was agreed last.
    pub fn agreed(&self) -> &Agreed {
        &self.agreed
    }

    /// Takes a message that the client published; those that are neither audio nor video are ignored.
    pub fn from_rtmp(&mut self, now: Instant, message: &Message) {
        self.now = self.now.max(now);
        match message.kind {
            MessageType::Audio => {
                if let Some(speak) = &mut self.speak {
                    speak.message(self.now, message.timestamp, &message.payload);
                }
            }
            MessageType::Video => {
                if let Some(film) = &mut self.film {
                    film.message(message.timestamp, &message.payload, &mut self.queue);
                }
            }
            _ => {}
        }
    }

    /// Takes a packet that the telephone sent, which arrived at `arrived`.
    pub fn from_rtp(&mut self, arrived: Instant, medium: Medium, packet: &rfc3550::Packet) {
        match medium {
            Medium::Audio => {
                if let Some(listen) = &mut self.listen {
                    listen.packet(arrived, packet, &mut self.line);
                }
            }
            Medium::Video => {
                if let Some(show) = &mut self.show {
                    show.packet(arrived, packet, &mut self.line);
                }
            }
        }
    }

    /// Takes a report of the telephone: it ties the clocks of audio and video together.
    pub fn from_rtcp(&mut self, now: Instant, medium: Medium, compound: &Compound) {
        self.now = self.now.max(now);
        for packet in &compound.packets {
            if let rtcp::Packet::SenderReport(report) = packet {
                self.line.report(medium, report.info.ntp, report.info.rtp);
            }
        }
    }

    /// Presses keys, one after the other: 0 to 9, `*`, `#`, A to D. Others are left out, and all of them when the telephone
    /// understands no telephone events.
    pub fn dial(&mut self, keys: &str) {
        if let Some(speak) = &mut self.speak {
            speak.dial(keys);
        }
    }

    /// The sequence headers that a player needs first, as far as they are known: for a client that begins to play late.
    pub fn headers(&self) -> Vec<Message> {
        let timestamp = self.line.at(self.now) as u64 as u32;
        let message = |kind, payload| Message { kind, timestamp, stream: 0, payload };
        let audio = self.listen.as_ref().and_then(Listen::header).map(|payload| message(MessageType::Audio, payload));
        let video = self.show.as_ref().and_then(Show::header).map(|payload| message(MessageType::Video, payload));
        audio.into_iter().chain(video).collect()
    }

    /// Profile and level of the client's video, once its sequence header came: whether it is what the telephone agreed to is
    /// for the caller to say, since it is sent in any case.
    pub fn published_profile(&self) -> Option<h264::ProfileLevelId> {
        self.film.as_ref().and_then(Film::profile_level_id)
    }

    /// What was counted so far.
    pub fn stats(&self) -> Stats {
        let audio = self.speak.as_ref().map_or(0, Speak::dropped);
        Stats { dropped: audio + self.film.as_ref().map_or(0, Film::dropped) }
    }

    /// Takes the time.
    pub fn handle_time(&mut self, now: Instant) {
        self.now = self.now.max(now);
    }

    /// The next output, up to the time given last.
    pub fn poll(&mut self) -> Option<Output> {
        if self.queue.is_empty() {
            let now = self.now;
            if let Some(speak) = &mut self.speak {
                speak.poll(now, &mut self.queue);
            }
            if let Some(listen) = &mut self.listen {
                listen.poll(now, &mut self.line, &mut self.queue);
            }
            if let Some(show) = &mut self.show {
                show.poll(now, &mut self.line, &mut self.queue);
            }
        }
        self.queue.pop_front()
    }

    /// When the time is next wanted; valid after [`Bridge::poll`] said `None`.
    pub fn deadline(&self) -> Option<Instant> {
        let speak = self.speak.as_ref().and_then(Speak::deadline);
        let listen = self.listen.as_ref().and_then(|listen| listen.deadline(&self.line, self.now));
        let show = self.show.as_ref().and_then(Show::deadline);
        [speak, listen, show].into_iter().flatten().min()
    }
}

/// The clock that events beside that audio have.
fn ticks(audio: Audio, event: &Format) -> u32 {
    match audio {
        Audio::Pcmu | Audio::Pcma | Audio::G722 => 8_000,
        Audio::Opus => opus::CLOCK_RATE,
        Audio::Aac | Audio::Speex => event.clock_rate,
    }
}
