//! One call: its negotiation and its audio.

use std::future::pending;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use net::{Clock, Driver, Trace};
use rfc3261::message::Uri;
use rfc3261::ua::{Body, Call};
use rfc3264::{Capabilities, Format, LocalStream, Negotiation};
use rfc4566::{Direction, Media, Session};
use wire::{Instant, Rng};

use super::media::{Audio, AudioConfig, AudioReport, Told};
use super::options::{CodecName, Options};
use super::outcome::Outcome;
use super::recorder::Recorder;
use super::source::Source;
use super::timeline::Timeline;
use crate::common::read_sdp;

/// A call from its first message to its report.
pub struct Line {
    /// Its name at the user agent.
    pub call: Call,
    /// Who is at the other end.
    pub peer: Uri,
    /// Whether they called us.
    pub incoming: bool,
    /// When it began.
    pub began: Instant,
    /// Whether we have answered it, when they called us.
    pub taken: bool,
    /// Since when both sides know that it was answered.
    pub answered: Option<Instant>,
    /// What it comes to, when that is known before its end.
    pub verdict: Option<Outcome>,
    /// Whether the other side wants us silent.
    pub held_by_peer: bool,
    /// The offer that waits for our answer.
    pub offered: Option<Session>,
    /// Why the recording is not what it should be.
    pub trouble: Option<String>,
    speech: Option<Speech>,
}

/// Negotiation and audio of a call that has a description.
pub struct Speech {
    sdp: Negotiation,
    driver: Driver<Audio>,
}

/// Where and how the audio of a call is set up.
pub struct SpeechConfig<'a> {
    /// The options of the program.
    pub options: &'a Options,
    /// Our address, and the one to tell others.
    pub ip: IpAddr,
    /// The clock of all drivers.
    pub clock: Clock,
    /// The capture, if one is written.
    pub trace: Option<Trace>,
    /// Which call it is, from 1: recordings are numbered.
    pub number: u32,
}

impl Line {
    /// A call that has just begun.
    pub fn new(call: Call, peer: Uri, incoming: bool, began: Instant) -> Line {
        let (answered, verdict, offered, trouble, speech) = (None, None, None, None, None);
        let (taken, held_by_peer) = (false, false);
        Line { call, peer, incoming, began, taken, answered, verdict, held_by_peer, offered, trouble, speech }
    }

    /// Gives it its audio.
    pub fn speak_with(&mut self, speech: Option<Speech>) {
        self.speech = speech;
    }

    /// Whether it has audio.
    pub fn has_speech(&self) -> bool {
        self.speech.is_some()
    }

    /// What our answer to `self.offered`, or our offer if there is none, says.
    ///
    /// # Errors
    /// The status that refuses the offer.
    pub fn describe(&mut self) -> Result<Option<Body>, u16> {
        let Some(speech) = &mut self.speech else {
            // a call without description can be taken only if none was offered
            return if self.offered.is_some() { Err(488) } else { Ok(None) };
        };
        let session = match self.offered.take() {
            Some(offer) => speech.sdp.answer(offer).map_err(|error| match error {
                rfc3264::Error::Glare => 491u16,
                _ => 488,
            })?,
            None => speech.sdp.offer().map_err(|_| 491u16)?,
        };
        Ok(Some(Body::sdp(session.to_string())))
    }

    /// Takes the other side's answer.
    ///
    /// # Errors
    /// In words, when it fits no offer of ours.
    pub fn take_answer(&mut self, body: &Body) -> Result<(), String> {
        let Some(speech) = &mut self.speech else { return Ok(()) };
        let answer = read_sdp(body)?;
        speech.sdp.accept(answer).map_err(|e| e.to_string())?;
        Ok(())
    }

    /// Our offer was refused.
    pub fn drop_offer(&mut self) {
        if let Some(speech) = &mut self.speech {
            speech.sdp.reject();
        }
    }

    /// Brings the audio up to what was negotiated; the codec and where it goes when that is new.
    pub fn apply(&mut self, now: Instant) -> Option<(String, String)> {
        let speech = self.speech.as_mut()?;
        let stream = speech.sdp.streams().iter().find(|s| s.active)?.clone();
        self.held_by_peer = stream.held_by_peer;
        let audio = speech.driver.machine_mut();
        let before = audio.report();
        if !audio.agree(now, &stream) {
            return None;
        }
        let after = audio.report();
        let remote = after.remote.map(|r| r.to_string()).unwrap_or_default();
        (before.codec != after.codec || before.remote != after.remote).then_some((after.codec, remote))
    }

    /// The call was answered.
    pub fn answered(&mut self, now: Instant, options: &Options) {
        self.answered = Some(now);
        if let Some(speech) = self.speech.as_mut().filter(|_| !options.no_audio) {
            let audio = speech.driver.machine_mut();
            audio.answered();
            audio.dial(options.dtmf.as_deref().unwrap_or_default());
        }
    }

    /// Dials keys; false when there is no audio to carry them.
    pub fn dial(&mut self, keys: &str) -> bool {
        let Some(speech) = &mut self.speech else { return false };
        speech.driver.machine_mut().dial(keys);
        true
    }

    /// Marks the other side as held or not; [`Line::describe`] then makes the offer that says so.
    pub fn hold(&mut self, hold: bool) {
        match &mut self.speech {
            Some(speech) if hold => speech.sdp.hold(),
            Some(speech) => speech.sdp.resume(),
            None => {}
        }
    }

    /// What the audio tells next; never, when there is none.
    pub async fn told(&mut self) -> Told {
        match &mut self.speech {
            Some(speech) => speech.driver.next().await,
            None => pending().await,
        }
    }

    /// Ends the audio, and says how it went.
    pub async fn hang_up(&mut self, now: Instant) -> Option<AudioReport> {
        let mut speech = self.speech.take()?;
        speech.driver.machine_mut().leave(now);
        let mut audio = speech.driver.shutdown().await;
        if let Err(why) = audio.finish() {
            self.trouble = Some(format!("the recording is not complete: {why}"));
        }
        Some(audio.report())
    }
}

impl Speech {
    /// Our offer.
    pub fn offer(&mut self) -> Option<Body> {
        self.sdp.offer().ok().map(|session| Body::sdp(session.to_string()))
    }

    /// Opens sockets and files for the audio of a call.
    ///
    /// # Errors
    /// In words: no free port, a file that cannot be read or written.
    pub fn open(config: &SpeechConfig<'_>, rng: &mut Rng) -> Result<Speech, String> {
        let options = config.options;
        let timeline = match &options.record {
            Some(path) => Some(Timeline::new(Recorder::create(&numbered(path, config.number))?)),
            None => None,
        };
        let shown = options.ext_ip.unwrap_or(config.ip);
        let audio = AudioConfig {
            cname: format!("{}@{shown}", options.user),
            epoch: config.clock.epoch(),
            source: source(options)?,
            timeline,
        };
        let limits = net::Config { clock: config.clock, ..net::Config::default() };
        let mut driver = Driver::with_config(Audio::new(audio, rng.split()), limits);
        driver.trace(config.trace.clone());
        let first = if options.media_port == 0 { 10_000 } else { options.media_port };
        let ports = driver.bind_udp_pair(config.ip, first..=65_534);
        let ports = ports.map_err(|e| format!("no free pair of RTP ports on {}: {e}", config.ip))?;
        let now = driver.now();
        driver.machine_mut().bound(now, ports);
        let mut own = Capabilities::new(shown, rng.u64() >> 16);
        let mut stream = LocalStream::audio(ports[0].port(), formats(options)?);
        stream.ptime = Some(std::time::Duration::from_millis(20));
        if options.no_audio {
            stream.direction = Direction::Inactive;
        }
        own.streams.push(stream);
        Ok(Speech { sdp: Negotiation::new(own), driver })
    }
}

/// What the options ask us to say.
///
/// # Errors
/// In words, when the file cannot be played.
pub fn source(options: &Options) -> Result<Source, String> {
    match (&options.play, options.tone) {
        (Some(path), _) => Source::wav(path, options.repeat).map_err(|e| e.to_string()),
        (None, Some(hz)) => Ok(Source::tone(hz)),
        (None, None) if options.voice => Ok(Source::voice()),
        (None, None) if options.audio_loopback => Ok(Source::loopback()),
        (None, None) => Ok(Source::Silence),
    }
}

/// An answer that takes nothing of an offer.
pub fn refuse_all(offer: &Session) -> Body {
    let mut answer = Session::new(offer.origin.clone());
    answer.times = offer.times.clone();
    for theirs in &offer.media {
        let mut media = Media::with(theirs.kind.clone(), 0, theirs.proto.clone());
        media.formats = theirs.formats.clone();
        answer.media.push(media);
    }
    Body::sdp(answer.to_string())
}

fn formats(options: &Options) -> Result<Vec<Format>, String> {
    let number = |codec: &CodecName| match codec {
        CodecName::Pcmu => 0,
        CodecName::Pcma => 8,
    };
    let mut formats: Vec<Format> = options.codec.iter().filter_map(|c| Format::fixed(number(c))).collect();
    formats.dedup();
    formats.push(Format::telephone_event(101, super::source::RATE).map_err(|e| e.to_string())?);
    Ok(formats)
}

/// `call.wav` for the first call, `call-2.wav` for the second.
fn numbered(path: &Path, number: u32) -> PathBuf {
    if number <= 1 {
        return path.to_owned();
    }
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let name = match path.extension() {
        Some(extension) => format!("{stem}-{number}.{}", extension.to_string_lossy()),
        None => format!("{stem}-{number}"),
    };
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_has_a_recording_of_its_own() {
        let path = Path::new("/tmp/a.b/call.wav");
        assert_eq!(numbered(path, 1), path);
        assert_eq!(numbered(path, 3), Path::new("/tmp/a.b/call-3.wav"));
        assert_eq!(numbered(Path::new("call"), 2), Path::new("call-2"));
    }
}
