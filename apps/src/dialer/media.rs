//! The audio of one call as a machine: a frame out every 20 ms, whatever comes in put in order, keys both ways.

use std::collections::VecDeque;
use std::f64::consts::TAU;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use rfc3264::{Format, Stream};
use rfc3550::quality::{Impairment, estimate};
use rfc3550::{JitterBuffer, JitterConfig, Packet, Playout, Session, Symmetric};
use rfc3551::g711::Law;
use rfc3551::telephone_event::{Change, Event, Receiver, Sender, Step};
use wire::{Epoch, Input, Instant, Machine, Output, Rng};

use super::source::{RATE, Source};
use super::timeline::Timeline;

/// Samples of a frame, 20 ms.
pub const FRAME: usize = 160;

const FRAME_TIME: Duration = Duration::from_millis(20);

/// Frames that are made up for after the program was held up, a second of them: nothing is lost by a hiccup. What is
/// beyond is left out, and the timestamps show it.
const CATCH_UP: u32 = 50;

/// What the audio tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// The first audio has come in.
    Heard,
    /// The other side pressed a key.
    Digit {
        /// Which.
        key: char,
        /// For how long.
        duration: Duration,
    },
    /// We sent a key.
    DigitSent(char),
    /// All that was to be played and dialled has gone out.
    PlayedOut,
    /// The recording had to stop.
    RecordingFailed(String),
}

/// Audio both ways. Speaks PCMU and PCMA at 8 kHz.
pub struct Audio {
    session: Session,
    setup: (rfc3550::Config, Rng),
    jitter: JitterBuffer,
    source: Source,
    timeline: Option<Timeline>,
    agreed: Option<Agreed>,
    /// Whether the source plays: once the call is answered.
    speaking: bool,
    /// When the next frame is due; a grid, so that nothing drifts.
    next_frame: Option<Instant>,
    /// Ticks that passed since the packet sent last without one being sent.
    gap: u32,
    keys: VecDeque<char>,
    /// Frames to wait before the next key.
    pause: u32,
    sender: Sender,
    inband: Option<Inband>,
    receiver: Receiver,
    /// The key that is on, until it has ended.
    heard: bool,
    played_out: bool,
    queue: VecDeque<Output<Told>>,
    digits: (String, String),
}

/// What the descriptions came to.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Agreed {
    law: Law,
    name: String,
    payload_type: u8,
    event: Option<u8>,
    receive: Vec<(u8, Kind)>,
    remote: [Option<SocketAddr>; 2],
    sends: bool,
}

/// What an incoming payload type stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Audio(Law),
    Event,
}

/// A key as a tone, for a peer that knows no telephone events.
struct Inband {
    hz: (f64, f64),
    frame: u32,
}

/// How the audio of a call went.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub struct AudioReport {
    /// Codec and clock rate.
    pub codec: String,
    /// Where RTP went.
    pub remote: Option<SocketAddr>,
    /// RTP packets sent.
    pub packets_sent: u64,
    /// RTP packets received.
    pub packets_received: u64,
    /// Packets that did not come.
    pub packets_lost: i64,
    /// Parts of a hundred that a listener missed, late packets included.
    pub loss_percent: f64,
    /// Parts of a hundred that the other side missed, as it last said.
    pub remote_loss_percent: f64,
    /// Interarrival jitter.
    pub jitter_ms: f64,
    /// Time to the other side and back.
    pub round_trip_ms: Option<f64>,
    /// Delay of the jitter buffer.
    pub playout_ms: f64,
    /// Mean opinion score, 1 to 4.5, as the E-model estimates it; `None` when nothing was heard.
    pub mos: Option<f64>,
    /// Keys sent.
    pub digits_sent: String,
    /// Keys heard.
    pub digits_received: String,
}

/// What the audio of a call is made of.
pub struct AudioConfig {
    /// Our name in RTCP.
    pub cname: String,
    /// What the clock's zero is.
    pub epoch: Epoch,
    /// What to say once the call is answered.
    pub source: Source,
    /// Where to record.
    pub timeline: Option<Timeline>,
}

impl Audio {
    /// Audio that waits for its sockets and for an agreement.
    pub fn new(config: AudioConfig, mut rng: Rng) -> Audio {
        let nowhere = SocketAddr::from(([0, 0, 0, 0], 0));
        let mut session = rfc3550::Config::new(nowhere, nowhere, config.cname);
        (session.remote_rtp, session.remote_rtcp) = (None, None);
        session.symmetric = Symmetric::AnyHost;
        session.epoch = config.epoch;
        Audio {
            session: Session::new(Instant::ZERO, session.clone(), rng.split()),
            setup: (session, rng),
            jitter: JitterBuffer::new(JitterConfig::new(RATE)),
            source: config.source,
            timeline: config.timeline,
            agreed: None,
            speaking: false,
            next_frame: None,
            gap: 0,
            keys: VecDeque::new(),
            pause: 0,
            sender: Sender::new(FRAME as u32),
            inband: None,
            receiver: Receiver::default(),
            heard: false,
            played_out: false,
            queue: VecDeque::new(),
            digits: Default::default(),
        }
    }

    /// Takes the bound sockets for RTP and RTCP. Before the first agreement.
    pub fn bound(&mut self, now: Instant, [rtp, rtcp]: [SocketAddr; 2]) {
        (self.setup.0.local_rtp, self.setup.0.local_rtcp) = (rtp, rtcp);
        self.session = Session::new(now, self.setup.0.clone(), self.setup.1.split());
    }

    /// Takes what the two descriptions came to, for the first time or anew. False when there is nothing in it that this
    /// audio can speak.
    pub fn agree(&mut self, now: Instant, stream: &Stream) -> bool {
        let law = |format: &Format| match &*format.name.to_ascii_uppercase() {
            "PCMU" if format.clock_rate == RATE => Some(Law::Mu),
            "PCMA" if format.clock_rate == RATE => Some(Law::A),
            _ => None,
        };
        let kind = |format: &Format| match law(format) {
            Some(law) => Some(Kind::Audio(law)),
            None if format.is_telephone_event() => Some(Kind::Event),
            None => None,
        };
        let Some((format, law)) = stream.send.iter().find_map(|f| Some((f, law(f)?))) else { return false };
        let receive: Vec<_> = stream.receive.iter().filter_map(|f| Some((f.payload_type, kind(f)?))).collect();
        for payload_type in receive.iter().map(|r| r.0).chain(stream.telephone_event).chain([format.payload_type]) {
            self.session.set_payload_type(payload_type, Some(RATE));
        }
        let address = |end: &Option<rfc3264::Endpoint>| end.as_ref().and_then(rfc3264::Endpoint::socket_addr);
        let agreed = Agreed {
            law,
            name: format!("{}/{}", format.name, format.clock_rate),
            payload_type: format.payload_type,
            event: stream.telephone_event,
            receive,
            remote: [address(&stream.remote_rtp), address(&stream.remote_rtcp)],
            sends: stream.sends(),
        };
        // the same addresses again must not open the choice of a peer that was found behind a translator
        if self.agreed.as_ref().is_none_or(|before| before.remote != agreed.remote) && agreed.remote[0].is_some() {
            self.session.set_remote(agreed.remote[0], agreed.remote[1]);
        }
        self.agreed = Some(agreed);
        self.next_frame.get_or_insert(now);
        true
    }

    /// The call was answered: start to speak.
    pub fn answered(&mut self) {
        self.speaking = true;
    }

    /// Dials keys, in order, after those that wait. A comma waits a second. Anything else is left out.
    pub fn dial(&mut self, keys: &str) {
        const WAITING: usize = 256;
        let room = WAITING.saturating_sub(self.keys.len());
        self.keys.extend(keys.chars().filter(|c| *c == ',' || Event::from_key(*c).is_some()).take(room));
    }

    /// Says goodbye to the other side's RTCP.
    pub fn leave(&mut self, now: Instant) {
        self.session.leave(now, "");
        self.next_frame = None;
        self.drain(now);
    }

    /// How it went so far.
    pub fn report(&self) -> AudioReport {
        let (stats, jitter) = (self.session.stats(), self.jitter.stats());
        let loss = jitter.loss();
        let playout = jitter.delay + FRAME_TIME;
        let ms = |d: Duration| (d.as_secs_f64() * 1e5).round() / 100.0;
        let percent = |part: f64| (part * 1e4).round() / 100.0;
        let mos = estimate(stats.sent.round_trip, playout, loss, Impairment::G711_PLAIN);
        AudioReport {
            codec: self.agreed.as_ref().map(|a| a.name.clone()).unwrap_or_default(),
            remote: self.session.remote_rtp(),
            packets_sent: stats.sent.packets,
            packets_received: stats.received.packets,
            packets_lost: stats.received.lost,
            loss_percent: percent(loss),
            remote_loss_percent: percent(stats.sent.fraction_lost),
            jitter_ms: ms(stats.received.jitter),
            round_trip_ms: stats.sent.round_trip.map(ms),
            playout_ms: ms(playout),
            mos: (stats.received.packets > 0).then_some((mos * 100.0).round() / 100.0),
            digits_sent: self.digits.0.clone(),
            digits_received: self.digits.1.clone(),
        }
    }

    /// Completes the recording.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn finish(&mut self) -> Result<(), String> {
        // what still waits was received: it belongs into the recording
        self.play(Instant::FAR);
        self.timeline.take().map_or(Ok(()), Timeline::finish)
    }

    fn tell(&mut self, told: Told) {
        self.queue.push_back(Output::Event(told));
    }

    /// Takes what the RTP session puts out.
    fn drain(&mut self, now: Instant) {
        while let Some(output) = self.session.poll() {
            match output {
                Output::Transmit(transmit) => self.queue.push_back(Output::Transmit(transmit)),
                Output::Event(rfc3550::Event::Rtp { packet, arrived, .. }) => {
                    self.jitter.push(arrived, packet);
                }
                Output::Event(event) => tracing::trace!(?event, ?now, "rtp"),
                _ => {}
            }
        }
    }

    /// One frame time: what is due comes in, one frame goes out.
    fn frame(&mut self, now: Instant) {
        self.play(now);
        if let Some(change) = self.receiver.pass(FRAME as u32) {
            self.key(change);
        }
        let said = self.say(now);
        self.record(&said);
    }

    fn record(&mut self, said: &[i16; FRAME]) {
        let written = self.timeline.as_mut().map_or(Ok(()), |timeline| timeline.said(said));
        if let Err(why) = written {
            self.timeline = None;
            self.tell(Told::RecordingFailed(why));
        }
    }

    /// Plays what is due at `now`.
    fn play(&mut self, now: Instant) {
        while let Some(item) = self.jitter.pop(now) {
            if let Playout::Packet(packet) = item {
                self.packet(&packet);
            }
        }
    }

    fn packet(&mut self, packet: &Packet) {
        let receive = self.agreed.iter().flat_map(|a| &a.receive);
        match receive.copied().find(|(number, _)| *number == packet.payload_type) {
            Some((_, Kind::Audio(law))) => {
                let mut samples = Vec::with_capacity(packet.payload.len());
                law.decode(&packet.payload, &mut samples);
                if !std::mem::replace(&mut self.heard, true) {
                    self.tell(Told::Heard);
                }
                self.source.heard(&samples);
                if let Some(timeline) = &mut self.timeline {
                    timeline.heard(packet.timestamp, &samples);
                }
                if let Some(change) = self.receiver.media(packet.timestamp) {
                    self.key(change);
                }
            }
            Some((_, Kind::Event)) => {
                for change in self.receiver.report(packet.timestamp, packet.marker, &packet.payload) {
                    self.key(change);
                }
            }
            None => {}
        }
    }

    fn key(&mut self, change: Change) {
        if let Change::Ended { event, duration } = change
            && let Some(key) = event.key()
        {
            const MOST: usize = 1000;
            if self.digits.1.len() < MOST {
                self.digits.1.push(key);
            }
            let duration = Duration::from_secs_f64(duration as f64 / f64::from(RATE));
            self.tell(Told::Digit { key, duration });
        }
    }

    /// Sends one frame, if one is to be sent, and returns what the other side hears of it.
    fn say(&mut self, now: Instant) -> [i16; FRAME] {
        let silence = [0; FRAME];
        let Some(agreed) = self.agreed.clone().filter(|a| self.speaking && a.sends && a.remote[0].is_some()) else {
            self.gap = self.gap.saturating_add(FRAME as u32);
            return silence;
        };
        self.next_key(&agreed);
        let fresh = self.gap > 0 || self.session.stats().sent.packets == 0;
        match self.sender.step() {
            Step::Report(report) => {
                let payload = Bytes::copy_from_slice(&report.payload);
                let payload_type = agreed.event.unwrap_or(agreed.payload_type);
                let advance = report.advance.saturating_add(std::mem::take(&mut self.gap));
                self.send(now, payload, payload_type, advance, report.marker);
                silence
            }
            Step::Media { advance } => {
                let mut frame = silence;
                if !self.inband_tone(&mut frame) {
                    self.source.fill(&mut frame);
                }
                let mut codes = Vec::with_capacity(FRAME);
                agreed.law.encode(&frame, &mut codes);
                let mut coded = Vec::with_capacity(FRAME);
                agreed.law.decode(&codes, &mut coded);
                let advance = advance.saturating_add(std::mem::take(&mut self.gap));
                self.send(now, Bytes::from(codes), agreed.payload_type, advance, fresh);
                self.check_played_out();
                coded.try_into().unwrap_or(silence)
            }
        }
    }

    fn send(&mut self, now: Instant, payload: Bytes, payload_type: u8, advance: u32, marker: bool) {
        if let Err(error) = self.session.send(now, payload, payload_type, advance, marker) {
            tracing::debug!(%error, "frame not sent");
        }
    }

    /// Takes the next key up when the one before is done.
    fn next_key(&mut self, agreed: &Agreed) {
        if self.pause > 0 {
            self.pause -= 1;
            return;
        }
        if !self.sender.is_idle() || self.inband.is_some() {
            return;
        }
        let Some(key) = self.keys.pop_front() else { return };
        if key == ',' {
            self.pause = (1000 / FRAME_TIME.as_millis()) as u32;
            return;
        }
        match (agreed.event, Event::from_key(key).and_then(Event::frequencies)) {
            (None, Some((low, high))) => {
                self.inband = Some(Inband { hz: (f64::from(low), f64::from(high)), frame: 0 });
            }
            _ if self.sender.dial(key.encode_utf8(&mut [0; 4])).is_err() => return,
            _ => {}
        }
        self.digits.0.push(key.to_ascii_uppercase());
        self.tell(Told::DigitSent(key.to_ascii_uppercase()));
    }

    /// Fills a frame with the tone of a key, or the silence after it; false when there is none.
    fn inband_tone(&mut self, frame: &mut [i16; FRAME]) -> bool {
        let Some(inband) = &mut self.inband else { return false };
        if inband.frame < 5 {
            for (n, sample) in frame.iter_mut().enumerate() {
                let t = TAU * (inband.frame as usize * FRAME + n) as f64 / f64::from(RATE);
                *sample = (6000.0 * ((t * inband.hz.0).sin() + (t * inband.hz.1).sin())) as i16;
            }
        }
        inband.frame += 1;
        if inband.frame >= 10 {
            self.inband = None;
        }
        true
    }

    fn check_played_out(&mut self) {
        let keys_done = self.keys.is_empty() && self.pause == 0 && self.sender.is_idle() && self.inband.is_none();
        let said = self.source.is_finished() || matches!(self.source, Source::Silence);
        if keys_done && said && !std::mem::replace(&mut self.played_out, true) {
            self.tell(Told::PlayedOut);
        }
    }
}

impl Machine for Audio {
    type Event = Told;

    fn handle(&mut self, now: Instant, input: Input) {
        self.session.handle(now, input);
        self.drain(now);
        let mut made_up = 0;
        while let Some(due) = self.next_frame.filter(|due| *due <= now) {
            self.next_frame = Some(due + FRAME_TIME);
            if made_up < CATCH_UP {
                self.frame(now);
                self.drain(now);
            } else {
                self.gap = self.gap.saturating_add(FRAME as u32);
                self.record(&[0; FRAME]);
            }
            made_up += 1;
        }
    }

    fn poll(&mut self) -> Option<Output<Told>> {
        self.queue.pop_front()
    }

    fn deadline(&self) -> Option<Instant> {
        [self.session.deadline(), self.next_frame].into_iter().flatten().min()
    }
}
