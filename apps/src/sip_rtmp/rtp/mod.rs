//! The media of one call: the RTP sessions of its streams, and the bridge between them and RTMP.

mod flow;
mod group;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use rfc3264::Stream;
use rfc3550::rtcp::KeyFrameRequest;
use rtmp::{Message, MessageType};
use wire::{Epoch, Input, Instant, Machine, Output, Rng};

use super::media::{self, Bridge, Medium};
use super::offer::Plan;
use super::xflv::{Joiner, Splitter};
use crate::rtmp_server::hub::{Cache, CacheLimits};
use flow::Flow;
use group::Group;

/// What the media tells its line.
#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    /// For the client's played stream.
    Play(Message),
    /// The other side pressed a key.
    Digit(char),
    /// A key frame is to be asked for by SIP as well.
    FastUpdate,
    /// Nothing has come for [`MediaConfig::silence`], though something came before. Told once.
    Silent,
}

/// Settings of a call's media.
pub struct MediaConfig {
    /// Our name in RTCP.
    pub cname: String,
    /// What the clock's zero is on the calendar.
    pub epoch: Epoch,
    /// After how long without a packet, neither RTP nor RTCP, the other side counts as gone.
    pub silence: Duration,
}

/// The media of a call.
pub struct Media {
    audio: Option<Flow>,
    video: Option<Flow>,
    bridge: Option<Bridge>,
    /// Where x-flv was agreed on: its number, and both directions. It carries all, and the bridge rests.
    flv: Option<(u8, Splitter, Joiner)>,
    group: Group,
    queue: VecDeque<Output<Told>>,
    /// When a key frame was last asked for by RTCP, and by SIP.
    asked: Option<Instant>,
    asked_by_sip: Option<Instant>,
    silence: Duration,
    /// When the last packet came.
    heard: Option<Instant>,
    /// Whether the other side has sent RTP: it is ready for ours then.
    listens: bool,
}

impl Media {
    /// Media over sockets that were bound, RTP and RTCP of each stream.
    pub fn new(
        now: Instant,
        config: MediaConfig,
        audio: Option<[SocketAddr; 2]>,
        video: Option<[SocketAddr; 2]>,
        mut rng: Rng,
    ) -> Media {
        let mut flow = |local| Flow::new(now, &config, local, rng.split());
        let (audio, video) = (audio.map(&mut flow), video.map(&mut flow));
        let (group, queue) = (Group::default(), VecDeque::new());
        let silence = config.silence;
        Media {
            audio,
            video,
            bridge: None,
            flv: None,
            group,
            queue,
            asked: None,
            asked_by_sip: None,
            silence,
            heard: None,
            listens: false,
        }
    }

    /// Whether that socket is one of its own.
    pub fn owns(&self, local: SocketAddr) -> bool {
        self.flows().any(|flow| flow.local.contains(&local))
    }

    /// Whether there is audio both sides agreed on.
    pub fn has_audio(&self) -> bool {
        self.audio.as_ref().is_some_and(|flow| flow.remote[0].is_some())
    }

    /// Takes what the two descriptions came to, for the first time or anew. `published` is what the client has published
    /// before: its later messages mean nothing without the headers, and the other side needs a picture to begin with.
    pub fn agree(&mut self, now: Instant, plan: &Plan, streams: &[Stream], published: &Cache) {
        let (sends, had_flv) = (|video: &Option<Flow>| video.as_ref().is_some_and(|v| v.sends), self.flv.is_some());
        let sent = sends(&self.video);
        for (flow, kind) in [(&mut self.audio, "audio"), (&mut self.video, "video")] {
            let stream = streams.iter().find(|s| s.active && s.kind.eq_ignore_ascii_case(kind));
            if let Some(flow) = flow {
                flow.agree(stream);
            }
        }
        self.flv = match (plan.chosen(streams).flv, self.flv.take()) {
            (Some(number), Some((_, splitter, joiner))) => Some((number, splitter, joiner)),
            (Some(number), None) => Some((number, Splitter::default(), Joiner::default())),
            (None, _) => None,
        };
        let agreed = media::Agreed::of(streams, |rtp| plan.spoken_for(rtp));
        let bridge = self.bridge.get_or_insert_with(|| Bridge::new(now, media::Agreed::default()));
        let (new_audio, new_video) = (bridge.agreed().audio != agreed.audio, bridge.agreed().video != agreed.video);
        bridge.agree(now, agreed);
        self.drain(now);
        if self.flv.is_some() {
            if !had_flv {
                published.headers(0).chain(published.group().iter().cloned()).for_each(|m| self.from_rtmp(now, &m));
            }
            return;
        }
        if let (true, Some(header)) = (new_audio, published.codec_headers().1) {
            self.from_rtmp(now, header);
        }
        if sends(&self.video) && (new_video || !sent) {
            self.begin_video(now, published);
        }
    }

    /// The pictures since the last key frame go out at once: the other side has missed them.
    fn begin_video(&mut self, now: Instant, published: &Cache) {
        let pictures = published.group().iter().filter(|message| message.kind == MessageType::Video);
        self.group.start();
        for message in published.codec_headers().0.into_iter().chain(pictures) {
            if let Some(bridge) = &mut self.bridge {
                bridge.from_rtmp(now, message);
            }
            self.drain_bridge(now, true);
        }
        self.group.replayed = None;
        self.key_frame_asked(now);
    }

    /// Takes a message that the client published.
    pub fn from_rtmp(&mut self, now: Instant, message: &Message) {
        if let (Some((number, splitter, _)), Some(flow)) = (&mut self.flv, &mut self.video) {
            let timestamp = message.timestamp.wrapping_mul(FLV_CLOCK / 1000);
            for payload in splitter.split(message) {
                flow.forward(now, payload, *number, timestamp, false);
            }
            return self.drain(now);
        }
        if message.kind == MessageType::Video && is_key_frame(&message.payload) {
            self.group.start();
        }
        if let Some(bridge) = &mut self.bridge {
            bridge.from_rtmp(now, message);
        }
        self.drain(now);
    }

    /// Takes a datagram that came to one of the sockets, or the time.
    pub fn handle(&mut self, now: Instant, input: Input) {
        let local = match &input {
            Input::Datagram { local, .. } | Input::Unreachable { local, .. } => Some(*local),
            _ => None,
        };
        for flow in [&mut self.audio, &mut self.video].into_iter().flatten() {
            if local.is_none_or(|local| flow.local.contains(&local)) {
                flow.session.handle(now, input.clone());
            }
        }
        if let Input::Datagram { .. } = &input {
            self.heard = Some(now);
        }
        if let (Input::Time, Some(bridge)) = (&input, &mut self.bridge) {
            bridge.handle_time(now);
        }
        if self.heard.is_some_and(|heard| now >= heard + self.silence) {
            self.heard = None;
            self.queue.push_back(Output::Event(Told::Silent));
        }
        self.drain(now);
    }

    /// Presses keys.
    pub fn dial(&mut self, now: Instant, keys: &str) {
        if let Some(bridge) = &mut self.bridge {
            bridge.dial(keys);
            bridge.handle_time(now);
        }
        self.drain(now);
    }

    /// Asks the other side for a key frame, if there is video: by RTCP at most every half second, by SIP every five.
    pub fn want_key_frame(&mut self, now: Instant) {
        let Some(flow) = self.video.as_mut().filter(|flow| flow.receives) else { return };
        let due = |last: Option<Instant>, pause| last.is_none_or(|last| now >= last + pause);
        if due(self.asked, RTCP_PAUSE) {
            self.asked = Some(now);
            flow.ask(now);
        }
        if due(self.asked_by_sip, SIP_PAUSE) {
            self.asked_by_sip = Some(now);
            self.queue.push_back(Output::Event(Told::FastUpdate));
        }
        self.drain(now);
    }

    /// The other side asks for a key frame: what was sent since the last one goes out again at once.
    pub fn key_frame_asked(&mut self, now: Instant) {
        let Some(flow) = self.video.as_mut().filter(|flow| flow.sends) else { return };
        let just_sent = self.group.replayed.is_some_and(|last| now < last + REPLAY_PAUSE);
        if just_sent || self.group.packets.is_empty() {
            return;
        }
        self.group.replayed = Some(now);
        let mut advance = 1; // each picture a tick after the one before: later than all that was sent, before what comes
        for (payload_type, payload, marker) in &self.group.packets {
            flow.send(now, payload.clone(), *payload_type, advance, *marker);
            flow.timestamp = flow.timestamp.map(|t| t.wrapping_add(advance));
            advance = u32::from(*marker);
        }
        self.drain(now);
    }

    /// Says goodbye to the other side's RTCP.
    pub fn leave(&mut self, now: Instant) {
        for flow in [&mut self.audio, &mut self.video].into_iter().flatten() {
            flow.session.leave(now, "");
        }
        self.bridge = None;
        self.drain(now);
    }

    /// The next output.
    pub fn poll(&mut self, now: Instant) -> Option<Output<Told>> {
        if self.queue.is_empty() {
            self.drain(now);
        }
        self.queue.pop_front()
    }

    /// When the time is next wanted.
    pub fn deadline(&self) -> Option<Instant> {
        let sessions = self.flows().filter_map(|flow| flow.session.deadline()).min();
        let silence = self.heard.map(|heard| heard + self.silence);
        [sessions, self.bridge.as_ref().and_then(Bridge::deadline), silence].into_iter().flatten().min()
    }

    fn flows(&self) -> impl Iterator<Item = &Flow> {
        self.audio.iter().chain(&self.video)
    }

    /// Takes what sessions and bridge put out, until nothing is left.
    fn drain(&mut self, now: Instant) {
        let (mut asked, mut begins) = (false, false);
        for (medium, flow) in [(Medium::Audio, &mut self.audio), (Medium::Video, &mut self.video)] {
            let Some(flow) = flow else { continue };
            while let Some(output) = flow.session.poll() {
                match output {
                    Output::Transmit(transmit) => self.queue.push_back(Output::Transmit(transmit)),
                    Output::Event(rfc3550::Event::Rtp { packet, arrived, .. }) => {
                        flow.source = Some(packet.ssrc);
                        begins |= !std::mem::replace(&mut self.listens, true);
                        let flv = self.flv.as_mut().filter(|(number, ..)| *number == packet.payload_type);
                        if let Some((_, _, joiner)) = flv {
                            let message = joiner.push(&packet.payload).filter(|_| flow.receives);
                            self.queue.extend(message.map(|message| Output::Event(Told::Play(message))));
                        } else if let Some(bridge) = self.bridge.as_mut().filter(|_| flow.receives) {
                            bridge.from_rtp(arrived, medium, &packet);
                        }
                    }
                    Output::Event(rfc3550::Event::Rtcp { compound, .. }) => {
                        asked |= medium == Medium::Video && KeyFrameRequest::in_compound(&compound).is_some();
                        if let Some(bridge) = &mut self.bridge {
                            bridge.from_rtcp(now, medium, &compound);
                        }
                    }
                    _ => {}
                }
            }
        }
        if begins {
            self.group.replayed = None; // what was sent before may have come too early for it
        }
        if asked || begins {
            self.key_frame_asked(now);
        }
        self.drain_bridge(now, false);
    }

    /// What the bridge puts out. Video that is `past` is only kept for the group.
    fn drain_bridge(&mut self, now: Instant, past: bool) {
        let mut wanted = false;
        while let Some(output) = self.bridge.as_mut().and_then(Bridge::poll) {
            match output {
                media::Output::Rtp { medium, payload_type, timestamp, marker, payload } => {
                    let flow = match medium {
                        Medium::Audio => &mut self.audio,
                        Medium::Video => &mut self.video,
                    };
                    let Some(flow) = flow.as_mut().filter(|flow| flow.sends) else { continue };
                    if medium == Medium::Video {
                        self.group.add(payload_type, &payload, marker);
                        if past {
                            flow.timestamp = Some(timestamp);
                            continue;
                        }
                    }
                    flow.forward(now, payload, payload_type, timestamp, marker);
                    while let Some(output) = flow.session.poll() {
                        if let Output::Transmit(transmit) = output {
                            self.queue.push_back(Output::Transmit(transmit));
                        }
                    }
                }
                media::Output::Rtmp(message) => self.queue.push_back(Output::Event(Told::Play(message))),
                media::Output::KeyFrameWanted => wanted = true,
                media::Output::Digit(key) => self.queue.push_back(Output::Event(Told::Digit(key))),
            }
        }
        if wanted {
            self.want_key_frame(now);
        }
    }
}

/// Whether a published video message is a key frame.
fn is_key_frame(payload: &[u8]) -> bool {
    payload.first().is_some_and(|first| first >> 4 & 7 == 1)
}

/// What of a published stream is kept for calls that begin later: what [`Media`] sends again on request at most, and
/// messages likewise.
pub const KEPT: CacheLimits = CacheLimits { bytes: group::GROUP_BYTES / 8 * 7, messages: 4096 };

/// Ticks of x-flv a second.
const FLV_CLOCK: u32 = 90_000;

const RTCP_PAUSE: Duration = Duration::from_millis(500);
const SIP_PAUSE: Duration = Duration::from_secs(5);
const REPLAY_PAUSE: Duration = Duration::from_secs(1);
