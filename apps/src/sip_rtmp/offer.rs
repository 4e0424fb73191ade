//! What a call offers: the codec words of a client turned into the streams of a session description.
//!
//! A word names what the client speaks and what the telephone is to be offered for it:
//!
//! | word | the client speaks | the telephone is offered |
//! |---|---|---|
//! | `wideband`, `narrowband` | Speex | speex/16000, speex/8000 |
//! | `pcmu`, `pcma` | the same | PCMU, PCMA |
//! | `ulaw`, `alaw` | Speex | PCMU, PCMA, transcoded |
//! | `g722` | G.711 mu-law | G722, transcoded |
//! | `opus` | Opus (enhanced RTMP) | opus/48000/2 |
//! | `aac` | AAC | opus, G722, PCMU, PCMA, transcoded |
//! | `dtmf` | | telephone-event |
//! | `h264`, `h264*` | H.264 | H264, both packetization modes |
//! | `flv` | anything | x-flv: whole messages between two gateways |

use std::time::Duration;

use rfc3264::{Capabilities, Format, LocalStream, Stream};
use rfc4566::{Attribute, Session};

use super::media::codecs::Audio;

/// The word for what a client speaks, in the callback `accepted` and in the configuration.
pub fn word(spoken: Audio) -> &'static str {
    match spoken {
        Audio::Speex => "speex",
        Audio::Pcmu => "pcmu",
        Audio::Pcma => "pcma",
        Audio::G722 => "g722",
        Audio::Opus => "opus",
        Audio::Aac => "aac",
    }
}

/// What a client speaks by that word.
pub fn spoken(text: &str) -> Option<Audio> {
    let known = Audio::ALL.into_iter().filter(|audio| audio.is_for_rtmp());
    known.into_iter().find(|audio| word(*audio).eq_ignore_ascii_case(text))
}

/// What this build can encode and decode beside G.711.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ability {
    /// G.722, which only telephones speak.
    pub g722: bool,
    /// Opus.
    pub opus: bool,
    /// Speex can be transcoded; else it only passes through.
    pub speex: bool,
    /// AAC can be transcoded.
    pub aac: bool,
}

impl Ability {
    /// What this build can.
    pub const BUILT: Ability = Ability {
        g722: Audio::G722.is_transcoded(),
        opus: Audio::Opus.is_transcoded(),
        speex: Audio::Speex.is_transcoded(),
        aac: Audio::Aac.is_transcoded(),
    };

    /// Whether audio of that kind can be made of another kind, and another kind of it.
    pub fn transcodes(self, audio: Audio) -> bool {
        match audio {
            Audio::Speex => self.speex,
            Audio::Aac => self.aac,
            Audio::Opus => self.opus,
            Audio::G722 => self.g722,
            Audio::Pcmu | Audio::Pcma => true,
        }
    }
}

/// A codec word of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// Speex at 16 kHz.
    Wideband,
    /// Speex at 8 kHz.
    Narrowband,
    /// PCMU on both sides.
    Pcmu,
    /// PCMA on both sides.
    Pcma,
    /// Speex of the client as PCMU.
    Ulaw,
    /// Speex of the client as PCMA.
    Alaw,
    /// G.722 for the telephone.
    G722,
    /// Opus on both sides.
    Opus,
    /// AAC of the client as whatever the telephone has.
    Aac,
    /// Telephone events.
    Dtmf,
    /// H.264 without transcoding.
    H264,
    /// Whole RTMP messages between two gateways.
    Flv,
}

impl Word {
    /// Reads a word; `None` when it is unknown. Whatever begins with `h264` is H.264.
    ///
    /// ```
    /// use apps::sip_rtmp::offer::Word;
    /// assert_eq!(Word::read("h264*"), Some(Word::H264));
    /// assert_eq!(Word::read("g729"), None);
    /// ```
    pub fn read(text: &str) -> Option<Word> {
        let text = text.trim().to_ascii_lowercase();
        Some(match text.as_str() {
            "wideband" => Word::Wideband,
            "narrowband" => Word::Narrowband,
            "pcmu" => Word::Pcmu,
            "pcma" => Word::Pcma,
            "ulaw" => Word::Ulaw,
            "alaw" => Word::Alaw,
            "g722" => Word::G722,
            "opus" => Word::Opus,
            "aac" => Word::Aac,
            "dtmf" => Word::Dtmf,
            "flv" => Word::Flv,
            _ if text.starts_with("h264") => Word::H264,
            _ => return None,
        })
    }
}

/// What a call may use, in order of preference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Audio formats, and what the client speaks when one is chosen.
    audio: Vec<(Format, Audio)>,
    dtmf: bool,
    video: bool,
    flv: bool,
    /// Whether the client named its codecs: it is then told what was chosen.
    named: bool,
}

/// What came of a plan: what the client is to send, and how that crosses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// The audio that the client speaks; `None` when there is none.
    pub audio: Option<Audio>,
    /// Whether H.264 passes.
    pub video: bool,
    /// The payload type of x-flv, when that carries everything.
    pub flv: Option<u8>,
    named: bool,
}

impl Chosen {
    /// Whether nothing passes.
    pub fn is_empty(&self) -> bool {
        self.audio.is_none() && !self.video && self.flv.is_none()
    }

    /// The two arguments of the callback `accepted`, audio and video; none when the client named no codecs.
    pub fn words(&self) -> Option<[Option<&'static str>; 2]> {
        if !self.named {
            return None;
        }
        match self.flv {
            Some(_) => Some([Some("default"), Some("default")]),
            None => Some([self.audio.map(word), self.video.then_some("h264")]),
        }
    }
}

impl Plan {
    /// What the words of a client allow. Words that this build cannot serve are left out, and so are repetitions.
    pub fn of_words(words: &[Word], ability: Ability) -> Plan {
        let mut plan = Plan { audio: Vec::new(), dtmf: false, video: false, flv: false, named: true };
        for word in words {
            match word {
                Word::Wideband => plan.add(speex(16_000), Audio::Speex),
                Word::Narrowband => plan.add(speex(8_000), Audio::Speex),
                Word::Pcmu => plan.add(Format::fixed(0), Audio::Pcmu),
                Word::Pcma => plan.add(Format::fixed(8), Audio::Pcma),
                Word::Ulaw if ability.speex => plan.add(Format::fixed(0), Audio::Speex),
                Word::Alaw if ability.speex => plan.add(Format::fixed(8), Audio::Speex),
                Word::G722 if ability.g722 => plan.add(Format::fixed(9), Audio::Pcmu),
                Word::Opus if ability.opus => plan.add(opus(), Audio::Opus),
                Word::Aac if ability.aac => {
                    for format in transcoded(ability) {
                        plan.add(format, Audio::Aac);
                    }
                }
                Word::Ulaw | Word::Alaw | Word::Aac | Word::G722 | Word::Opus => {}
                Word::Dtmf => plan.dtmf = true,
                Word::H264 => plan.video = true,
                Word::Flv => plan.flv = true,
            }
        }
        plan
    }

    /// For a client that names no codecs: all that a telephone may have, turned into what the client speaks.
    ///
    /// A client of the old kind speaks Speex, at 16 kHz or `narrowband`, and knows G.711 beside it; it may meet another
    /// gateway, and so is offered x-flv too.
    pub fn without_words(spoken: Audio, narrowband: bool, ability: Ability) -> Plan {
        let old = spoken == Audio::Speex;
        let mut plan = Plan { audio: Vec::new(), dtmf: true, video: true, flv: old, named: false };
        let transcodes = ability.transcodes(spoken);
        if old {
            plan.add(speex(if narrowband { 8_000 } else { 16_000 }), spoken);
        }
        if old && transcodes {
            plan.add(speex(if narrowband { 16_000 } else { 8_000 }), spoken);
        }
        for format in transcoded(ability) {
            let own = match format.as_ref().map(|f| f.payload_type) {
                _ if transcodes => Some(spoken),
                Some(0) => Some(Audio::Pcmu),
                Some(8) => Some(Audio::Pcma),
                _ => None,
            };
            if let Some(spoken) = own {
                plan.add(format, spoken);
            }
        }
        plan
    }

    /// All that any client could ask for: what an incoming call must suit, before its client is asked.
    pub fn everything(ability: Ability) -> Plan {
        use Word::*;
        Plan::of_words(&[Opus, G722, Wideband, Narrowband, Pcmu, Pcma, Dtmf, H264, Flv], ability)
    }

    /// Whether a call by this plan could carry anything but keys.
    pub fn is_empty(&self) -> bool {
        self.audio.is_empty() && !self.video && !self.flv
    }

    /// Whether it has audio.
    pub fn has_audio(&self) -> bool {
        !self.audio.is_empty()
    }

    /// Whether it has video of either kind.
    pub fn has_video(&self) -> bool {
        self.video || self.flv
    }

    /// The streams of an offer that receives at these ports; 0 for a stream that there is not.
    pub fn capabilities(&self, host: std::net::IpAddr, session: u64, audio: u16, video: u16) -> Capabilities {
        let mut own = Capabilities::new(host, session);
        if self.has_audio() {
            let mut stream = LocalStream::audio(audio, self.audio_formats());
            stream.ptime = Some(Duration::from_millis(20));
            own.streams.push(stream);
        }
        if self.has_video() {
            let mut stream = LocalStream::video(video, self.video_formats());
            stream.attributes.extend(
                ["* nack pli", "* ccm fir"].into_iter().filter_map(|way| Attribute::value("rtcp-fb", way).ok()),
            );
            own.streams.push(stream);
        }
        own
    }

    /// Fits the plan to an offer before it is answered: profiles of H.264 that pass through like any other, and the
    /// transport profile with feedback, which means the same packets.
    pub fn adapt(&self, own: &mut Capabilities, offer: &Session) {
        for stream in &mut own.streams {
            for theirs in offer.media.iter().filter(|m| m.kind.eq_ignore_ascii_case(&stream.kind)) {
                if theirs.proto.eq_ignore_ascii_case("RTP/AVPF") {
                    stream.proto = theirs.proto.clone();
                }
                let h264 = Format::read(theirs).into_iter().filter(|f| self.video && is_h264(f));
                for format in h264 {
                    if !stream.formats.iter().any(|own| own.matches(&format)) {
                        stream.formats.push(format);
                    }
                }
            }
        }
    }

    /// Whether an offer has a stream that this plan can carry.
    pub fn suits(&self, offer: &Session) -> bool {
        let mut own = self.capabilities([127, 0, 0, 1].into(), 1, 9, 11);
        self.adapt(&mut own, offer);
        match rfc3264::answer(offer.clone(), &own) {
            Ok((_, streams)) => !self.chosen(&streams).is_empty(),
            Err(_) => false,
        }
    }

    /// What the two descriptions come to.
    pub fn chosen(&self, streams: &[Stream]) -> Chosen {
        let active = |kind: &str| streams.iter().find(|s| s.active && s.kind.eq_ignore_ascii_case(kind));
        let audio = active("audio").and_then(Stream::format).filter(|format| !format.is_auxiliary());
        let video = active("video").and_then(Stream::format);
        Chosen {
            audio: audio.and_then(|f| self.spoken(f)),
            video: video.is_some_and(is_h264),
            flv: video.filter(|f| f.name.eq_ignore_ascii_case("x-flv")).map(|f| f.payload_type),
            named: self.named,
        }
    }

    /// What the client speaks when that format goes to the telephone.
    pub fn spoken(&self, format: &Format) -> Option<Audio> {
        self.audio.iter().find(|(own, _)| own.matches(format)).map(|(_, spoken)| *spoken)
    }

    /// The same by the codec of the telephone.
    pub fn spoken_for(&self, rtp: Audio) -> Option<Audio> {
        self.audio.iter().find(|(own, _)| Audio::of_name(&own.name) == Some(rtp)).map(|(_, spoken)| *spoken)
    }

    fn add(&mut self, format: Option<Format>, spoken: Audio) {
        if let Some(format) = format.filter(|format| !self.audio.iter().any(|(own, _)| own.matches(format))) {
            self.audio.push((format, spoken));
        }
    }

    /// The audio formats, then the events: one for each clock rate, since events tick like the audio beside them.
    fn audio_formats(&self) -> Vec<Format> {
        let mut formats: Vec<Format> = self.audio.iter().map(|(format, _)| format.clone()).collect();
        if self.dtmf {
            let uses = |rate| self.audio.iter().any(|(format, _)| format.clock_rate == rate);
            let rates = [(101, 8_000), (102, 16_000), (103, 48_000)].into_iter().filter(|(_, rate)| uses(*rate));
            formats.extend(rates.filter_map(|(number, rate)| Format::telephone_event(number, rate).ok()));
        }
        formats
    }

    fn video_formats(&self) -> Vec<Format> {
        let h264 = |number, parameters| Format::new(number, "H264", 90_000, 1).ok()?.with_parameters(parameters).ok();
        let mut formats = Vec::new();
        if self.video {
            formats.extend(h264(99, "profile-level-id=420014;packetization-mode=1"));
            formats.extend(h264(100, "profile-level-id=420014;packetization-mode=0"));
        }
        if self.flv {
            formats.extend(Format::new(97, "x-flv", 90_000, 1));
        }
        formats
    }
}

/// Whether it is H.264.
pub fn is_h264(format: &Format) -> bool {
    format.name.eq_ignore_ascii_case("H264")
}

fn speex(rate: u32) -> Option<Format> {
    Format::new(if rate == 16_000 { 96 } else { 98 }, "speex", rate, 1).ok()
}

fn opus() -> Option<Format> {
    Format::new(111, "opus", 48_000, 2).ok()?.with_parameters("useinbandfec=1").ok()
}

/// What a telephone may have, the best first.
fn transcoded(ability: Ability) -> [Option<Format>; 4] {
    let (opus, g722) = (opus().filter(|_| ability.opus), Format::fixed(9).filter(|_| ability.g722));
    [opus, g722, Format::fixed(0), Format::fixed(8)]
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Ability = Ability { g722: true, opus: true, speex: false, aac: false };
    const ALL: Ability = Ability { g722: true, opus: true, speex: true, aac: true };

    fn names(plan: &Plan) -> Vec<String> {
        let own = plan.capabilities([192, 0, 2, 1].into(), 1, 4000, 4002);
        own.streams.iter().flat_map(|s| &s.formats).map(|f| f.to_string()).collect()
    }

    fn offer(media: &str) -> Session {
        format!("v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n{media}").parse().unwrap()
    }

    fn words(text: &str) -> Vec<Word> {
        text.split(' ').map(|w| Word::read(w).unwrap()).collect()
    }

    #[test]
    fn the_order_of_the_words_is_that_of_the_offer() {
        let plan = Plan::of_words(&words("pcma narrowband pcmu wideband dtmf h264 flv pcma"), PLAIN);
        let audio = ["PCMA/8000 (8)", "speex/8000 (98)", "PCMU/8000 (0)", "speex/16000 (96)"];
        let events = ["telephone-event/8000 (101)", "telephone-event/16000 (102)"];
        let video = ["H264/90000 (99)", "H264/90000 (100)", "x-flv/90000 (97)"];
        assert_eq!(names(&plan), audio.into_iter().chain(events).chain(video).collect::<Vec<_>>());
    }

    #[test]
    fn words_that_this_build_cannot_serve_are_left_out() {
        assert!(Plan::of_words(&words("ulaw alaw aac"), PLAIN).is_empty());
        let least = Ability { g722: false, opus: false, speex: false, aac: false };
        assert!(Plan::of_words(&words("opus g722"), least).is_empty());
        assert_eq!(names(&Plan::without_words(Audio::Pcmu, false, least))[..2], ["PCMU/8000 (0)", "PCMA/8000 (8)"]);
        let plan = Plan::of_words(&words("ulaw alaw"), ALL);
        assert_eq!(names(&plan), ["PCMU/8000 (0)", "PCMA/8000 (8)"]);
        assert_eq!(plan.spoken(&Format::fixed(0).unwrap()), Some(Audio::Speex));
        let plan = Plan::of_words(&words("aac"), ALL);
        assert_eq!(plan.spoken(&Format::fixed(9).unwrap()), Some(Audio::Aac));
    }

    #[test]
    fn without_words_all_that_can_work_is_offered() {
        let old = names(&Plan::without_words(Audio::Speex, true, PLAIN));
        assert_eq!(old[..3], ["speex/8000 (98)", "PCMU/8000 (0)", "PCMA/8000 (8)"]);
        assert!(old.contains(&"x-flv/90000 (97)".to_owned()));
        let old = names(&Plan::without_words(Audio::Speex, false, ALL));
        assert_eq!(old[..3], ["speex/16000 (96)", "speex/8000 (98)", "opus/48000/2 (111)"]);
        let new = names(&Plan::without_words(Audio::Pcmu, false, PLAIN));
        assert_eq!(new[..4], ["opus/48000/2 (111)", "G722/8000 (9)", "PCMU/8000 (0)", "PCMA/8000 (8)"]);
        assert!(!new.contains(&"x-flv/90000 (97)".to_owned()));
    }

    #[test]
    fn an_offer_that_can_carry_nothing_does_not_suit() {
        let plan = Plan::without_words(Audio::Pcmu, false, PLAIN);
        assert!(plan.suits(&offer("m=audio 4000 RTP/AVP 0\r\n")));
        assert!(plan.suits(&offer("m=audio 4000 RTP/AVPF 8 101\r\na=rtpmap:101 telephone-event/8000\r\n")));
        assert!(!plan.suits(&offer("m=audio 4000 RTP/AVP 18\r\n")), "G.729");
        assert!(!plan.suits(&offer("m=audio 4000 RTP/AVP 101\r\na=rtpmap:101 telephone-event/8000\r\n")), "keys only");
        assert!(!plan.suits(&offer("m=audio 0 RTP/AVP 0\r\n")), "no stream at all");
        let high = "m=video 4000 RTP/AVP 97\r\na=rtpmap:97 H264/90000\r\na=fmtp:97 profile-level-id=64001f\r\n";
        assert!(plan.suits(&offer(high)), "whatever profile passes through");
    }

    #[test]
    fn the_client_that_named_its_codecs_is_told_what_was_chosen() {
        let told = |plan: &Plan, media: &str| {
            let mut own = plan.capabilities([192, 0, 2, 1].into(), 1, 4000, 4002);
            let offer = offer(media);
            plan.adapt(&mut own, &offer);
            plan.chosen(&rfc3264::answer(offer, &own).unwrap().1).words()
        };
        let plan = Plan::of_words(&words("wideband pcmu pcma h264 flv"), PLAIN);
        let video = "m=video 5000 RTP/AVP 34 99\r\na=rtpmap:99 H264/90000\r\na=fmtp:99 profile-level-id=42801f\r\n";
        assert_eq!(told(&plan, &format!("m=audio 4000 RTP/AVP 0\r\n{video}")), Some([Some("pcmu"), Some("h264")]));
        assert_eq!(told(&plan, "m=audio 4000 RTP/AVP 8\r\n"), Some([Some("pcma"), None]));
        assert_eq!(told(&plan, "m=audio 9 RTP/AVP 96\r\na=rtpmap:96 SPEEX/16000\r\n"), Some([Some("speex"), None]));
        assert_eq!(told(&plan, video), Some([None, Some("h264")]));
        let flv = "m=video 5000 RTP/AVP 97\r\na=rtpmap:97 x-flv/90000\r\n";
        assert_eq!(told(&plan, flv), Some([Some("default"), Some("default")]));
        assert_eq!(told(&Plan::without_words(Audio::Pcmu, false, PLAIN), "m=audio 4000 RTP/AVP 0\r\n"), None);
    }
}
