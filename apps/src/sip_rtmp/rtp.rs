//! The media of one call: the RTP sessions of its streams, and the bridge between them and RTMP.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use rfc3264::{Endpoint, Stream};
use rfc3550::rtcp::KeyFrameRequest;
use rfc3550::{Session, Symmetric};
use rtmp::{Message, MessageType};
use wire::{Epoch, Input, Instant, Machine, Output, Rng};

use super::media::{self, Bridge, Medium};
use super::offer::Plan;
use super::xflv::{Joiner, Splitter};

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
}

/// The RTP session of one stream.
struct Flow {
    session: Session,
    local: [SocketAddr; 2],
    remote: [Option<SocketAddr>; 2],
    sends: bool,
    receives: bool,
    /// The timestamp that the bridge gave to the packet sent last.
    timestamp: Option<u32>,
    /// The source that is heard.
    source: Option<u32>,
    /// Numbers the key frames that are asked for by FIR.
    requests: u8,
}

/// The packets since the last key frame that the client published, to be sent again when the other side asks for one.
#[derive(Default)]
struct Group {
    packets: Vec<(u8, Bytes, bool)>,
    bytes: usize,
    replayed: Option<Instant>,
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

    /// Takes what the two descriptions came to, for the first time or anew.
    pub fn agree(&mut self, now: Instant, plan: &Plan, streams: &[Stream]) {
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
        match &mut self.bridge {
            Some(bridge) => bridge.agree(now, agreed),
            None => self.bridge = Some(Bridge::new(now, agreed)),
        }
        self.drain(now);
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
        if self.group.replayed.is_some_and(|last| now < last + REPLAY_PAUSE) {
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
        let mut asked = false;
        for (medium, flow) in [(Medium::Audio, &mut self.audio), (Medium::Video, &mut self.video)] {
            let Some(flow) = flow else { continue };
            while let Some(output) = flow.session.poll() {
                match output {
                    Output::Transmit(transmit) => self.queue.push_back(Output::Transmit(transmit)),
                    Output::Event(rfc3550::Event::Rtp { packet, arrived, .. }) => {
                        flow.source = Some(packet.ssrc);
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
        if asked {
            self.key_frame_asked(now);
        }
        self.drain_bridge(now);
    }

    fn drain_bridge(&mut self, now: Instant) {
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

impl Flow {
    fn new(now: Instant, config: &MediaConfig, local: [SocketAddr; 2], rng: Rng) -> Flow {
        let mut session = rfc3550::Config::new(local[0], local[0], config.cname.clone());
        (session.local_rtcp, session.remote_rtp, session.remote_rtcp) = (local[1], None, None);
        session.symmetric = Symmetric::AnyHost;
        session.epoch = config.epoch;
        (session.max_queue, session.max_payload) = (QUEUE, MAX_PAYLOAD);
        let session = Session::new(now, session, rng);
        let (sends, receives) = (false, false);
        Flow { session, local, remote: [None; 2], sends, receives, timestamp: None, source: None, requests: 0 }
    }

    fn agree(&mut self, stream: Option<&Stream>) {
        let Some(stream) = stream else {
            (self.sends, self.receives) = (false, false);
            return;
        };
        for format in stream.receive.iter().chain(&stream.send) {
            self.session.set_payload_type(format.payload_type, Some(format.clock_rate));
        }
        let address = |end: &Option<Endpoint>| end.as_ref().and_then(Endpoint::socket_addr);
        let remote = [address(&stream.remote_rtp), address(&stream.remote_rtcp)];
        // the same addresses again must not open the choice of a peer that was found behind a translator
        if remote[0].is_some() && remote != self.remote {
            self.session.set_remote(remote[0], remote[1]);
            self.remote = remote;
        }
        (self.sends, self.receives) = (stream.sends() && remote[0].is_some(), stream.receives());
    }

    /// Sends a packet whose timestamp is on a base of its maker.
    fn forward(&mut self, now: Instant, payload: Bytes, payload_type: u8, timestamp: u32, marker: bool) {
        let advance = self.timestamp.map_or(0, |last| timestamp.wrapping_sub(last));
        self.timestamp = Some(timestamp);
        if self.sends {
            self.send(now, payload, payload_type, advance, marker);
        }
    }

    fn send(&mut self, now: Instant, payload: Bytes, payload_type: u8, advance: u32, marker: bool) {
        if let Err(error) = self.session.send(now, payload, payload_type, advance, marker) {
            tracing::debug!(%error, "packet not sent");
        }
    }

    /// Asks for a key frame, both ways that there are: some phones know only one.
    fn ask(&mut self, now: Instant) {
        let Some(media) = self.source else { return };
        self.requests = self.requests.wrapping_add(1);
        let sender = self.session.ssrc();
        for request in [
            KeyFrameRequest::PictureLoss { sender, media },
            KeyFrameRequest::FullIntra { sender, media, number: self.requests },
        ] {
            self.session.send_feedback(now, request.into());
        }
    }
}

impl Group {
    /// A key frame begins.
    fn start(&mut self) {
        self.packets.clear();
        self.bytes = 0;
    }

    fn add(&mut self, payload_type: u8, payload: &Bytes, marker: bool) {
        if self.bytes + payload.len() > GROUP_BYTES {
            return self.start(); // half a group is of no use
        }
        // what follows a group that was given up is not kept either: only a key frame may come first
        if self.packets.is_empty() && !is_start(payload) {
            return;
        }
        self.bytes += payload.len();
        self.packets.push((payload_type, payload.clone(), marker));
    }
}

/// Whether a packet begins with what a decoder can start with: parameter sets, or a key frame.
fn is_start(payload: &[u8]) -> bool {
    let kind = |byte: Option<&u8>| byte.map_or(0, |b| b & 0x1f);
    match kind(payload.first()) {
        5 | 7 | 8 => true,
        24 => matches!(kind(payload.get(3)), 5 | 7 | 8 | 9),
        28 => kind(payload.get(1)) == 5,
        9 => true,
        _ => false,
    }
}

/// Whether a published video message is a key frame.
fn is_key_frame(payload: &[u8]) -> bool {
    payload.first().is_some_and(|first| first >> 4 & 7 == 1)
}

/// RTP packets that a session holds until they are drained: a big picture.
const QUEUE: usize = 1024;

/// The longest payload, in bytes: a picture without fragments, for phones that know only packetization mode 0.
const MAX_PAYLOAD: usize = 60_100;

/// Ticks of x-flv a second.
const FLV_CLOCK: u32 = 90_000;

/// The longest group of pictures that is sent again on request.
const GROUP_BYTES: usize = 512 << 10;

const RTCP_PAUSE: Duration = Duration::from_millis(500);
const SIP_PAUSE: Duration = Duration::from_secs(5);
const REPLAY_PAUSE: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;
    use rfc3550::rtcp::Compound;
    use wire::Transmit;

    fn media() -> Media {
        let pair = |port: u16| [port, port + 1].map(|port| SocketAddr::from(([192, 0, 2, 1], port)));
        let config =
            MediaConfig { cname: "alice@192.0.2.1".into(), epoch: Epoch::default(), silence: Duration::from_secs(60) };
        let mut media = Media::new(Instant::ZERO, config, Some(pair(4000)), Some(pair(4002)), Rng::from_u64(1));
        let flow = media.video.as_mut().unwrap();
        flow.session.set_payload_type(99, Some(90_000));
        flow.session.set_remote(Some(([192, 0, 2, 2], 6002).into()), Some(([192, 0, 2, 2], 6003).into()));
        (flow.sends, flow.receives) = (true, true);
        media
    }

    fn datagrams(media: &mut Media, now: Instant, port: u16) -> Vec<Bytes> {
        let mut found = Vec::new();
        while let Some(output) = media.poll(now) {
            match output {
                Output::Transmit(Transmit::Datagram { remote, data, .. }) if remote.port() == port => found.push(data),
                _ => {}
            }
        }
        found
    }

    #[test]
    fn a_key_frame_that_is_asked_for_is_sent_again() {
        let mut media = media();
        media.group.start();
        media.group.add(99, &Bytes::from_static(b"\x61 lost"), true); // what no decoder could begin with
        for (payload, marker) in [(&b"\x67sps"[..], false), (b"\x68pps", false), (b"\x65idr", true), (b"\x61p", true)] {
            media.group.add(99, &Bytes::copy_from_slice(payload), marker);
        }
        let now = Instant::from_millis(1000);
        media.key_frame_asked(now);
        media.key_frame_asked(now);
        let sent: Vec<_> =
            datagrams(&mut media, now, 6002).into_iter().map(|d| rfc3550::Packet::parse(d).unwrap()).collect();
        let payloads: Vec<&[u8]> = sent.iter().map(|packet| &packet.payload[..]).collect();
        assert_eq!(payloads, [&b"\x67sps"[..], b"\x68pps", b"\x65idr", b"\x61p"], "once, in order");
        assert_eq!(sent[0].timestamp, sent[2].timestamp);
        assert_eq!(sent[2].timestamp.wrapping_add(1), sent[3].timestamp, "each picture has its time");
    }

    #[test]
    fn a_group_that_is_too_long_is_not_kept_in_part() {
        let mut group = Group::default();
        let big = Bytes::from(vec![0x61; 1000]);
        group.add(99, &Bytes::from_static(b"\x65idr"), true);
        for _ in 0..1000 {
            group.add(99, &big, true);
            assert!(group.bytes <= GROUP_BYTES);
        }
        assert!(group.packets.is_empty());
    }

    #[test]
    fn key_frames_are_asked_for_in_every_way_but_not_all_the_time() {
        let mut media = media();
        media.video.as_mut().unwrap().source = Some(77);
        let mut asked = Vec::new();
        let mut by_sip = 0;
        for ms in (0..6000).step_by(100) {
            let now = Instant::from_millis(ms);
            media.want_key_frame(now);
            while let Some(output) = media.poll(now) {
                match output {
                    Output::Transmit(Transmit::Datagram { remote, data, .. }) if remote.port() == 6003 => {
                        asked.extend(KeyFrameRequest::in_compound(&Compound::parse(data).unwrap()));
                    }
                    Output::Event(Told::FastUpdate) => by_sip += 1,
                    _ => {}
                }
            }
        }
        assert_eq!((asked.len(), by_sip), (24, 2));
        assert!(matches!(asked[0], KeyFrameRequest::PictureLoss { media: 77, .. }));
        assert!(matches!(asked[1], KeyFrameRequest::FullIntra { media: 77, number: 1, .. }));
    }
}
