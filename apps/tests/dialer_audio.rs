//! The audio of the dialer on a virtual network: two machines, no sockets, no waiting.
#![cfg(feature = "dialer")]

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use apps::dialer::media::{Audio, AudioConfig, AudioReport, Told};
use apps::dialer::recorder::Recorder;
use apps::dialer::source::Source;
use apps::dialer::timeline::Timeline;
use rfc3264::{Capabilities, Format, LocalStream, Negotiation};
use rfc3551::g711::Law;
use sim::{HostId, Link, Network};
use wire::{Epoch, Rng};

struct Side {
    host: HostId,
    sdp: Negotiation,
    record: PathBuf,
    told: Vec<Told>,
}

struct Call {
    net: Network<Audio>,
    sides: [Side; 2],
}

impl Call {
    fn new(name: &str, link: Link, formats: [&[u8]; 2], sources: [Source; 2]) -> Call {
        let mut net = Network::new(11);
        let mut n = 0u8;
        let sides = sources.map(|source| {
            n += 1;
            let record = std::env::temp_dir().join(format!("wireworks-{}-{name}-{n}.wav", std::process::id()));
            let local: [SocketAddr; 2] = [4000, 4001].map(|port| ([10, 0, 0, n], port).into());
            let mut own = Capabilities::new([10, 0, 0, n].into(), u64::from(n));
            let mut known = Vec::new();
            for number in formats[usize::from(n) - 1] {
                known.push(Format::fixed(*number).unwrap_or_else(|| Format::telephone_event(101, 8000).unwrap()));
            }
            own.streams.push(LocalStream::audio(4000, known));
            let timeline = Some(Timeline::new(Recorder::create(&record).unwrap()));
            let cname = format!("side{n}");
            let config = AudioConfig { cname, epoch: Epoch::default(), source, timeline };
            let host = net.add_at(Audio::new(config, Rng::from_u64(u64::from(n))), local[0]);
            net.bind_udp(host, local[1]).unwrap();
            net.command(host, |audio, now| audio.bound(now, local));
            Side { host, sdp: Negotiation::new(own), record, told: Vec::new() }
        });
        net.link(sides[0].host, sides[1].host, link);
        let mut call = Call { net, sides };
        call.exchange(0);
        for side in 0..2 {
            call.command(side, Audio::answered);
        }
        call
    }

    /// Offer and answer, both ways applied.
    fn exchange(&mut self, offerer: usize) {
        let offer = self.sides[offerer].sdp.offer().unwrap();
        let answer = self.sides[1 - offerer].sdp.answer(offer).unwrap();
        self.sides[offerer].sdp.accept(answer).unwrap();
        for side in &self.sides {
            let stream = side.sdp.streams()[0].clone();
            assert!(self.net.command(side.host, |audio, now| audio.agree(now, &stream)));
        }
    }

    fn command<R>(&mut self, side: usize, f: impl FnOnce(&mut Audio) -> R) -> R {
        self.net.command(self.sides[side].host, |audio, _| f(audio))
    }

    fn run(&mut self, millis: u64) {
        let until = self.net.now() + Duration::from_millis(millis);
        self.net.run_until(until);
        for happened in self.net.events() {
            let side = self.sides.iter_mut().find(|side| side.host == happened.host).unwrap();
            side.told.push(happened.event);
        }
    }

    fn report(&mut self, side: usize) -> AudioReport {
        self.command(side, |audio| audio.report())
    }

    /// What each side recorded: said and heard.
    fn recordings(mut self) -> [[Vec<i16>; 2]; 2] {
        [0, 1].map(|side| {
            self.command(side, Audio::finish).unwrap();
            let path = &self.sides[side].record;
            let all: Vec<i16> = hound::WavReader::open(path).unwrap().samples().map(Result::unwrap).collect();
            std::fs::remove_file(path).unwrap();
            [0, 1].map(|left| all.iter().copied().skip(left).step_by(2).collect())
        })
    }
}

/// A voice-like signal that never repeats, so that it can be found again.
fn clip(seed: u64, samples: usize) -> Vec<i16> {
    let mut rng = Rng::from_u64(seed);
    let noise = |rng: &mut Rng| rng.below(2000) as i16 - 1000;
    (0..samples).map(|n| (8000.0 * (n as f64 * 0.11).sin()) as i16 + noise(&mut rng)).collect()
}

fn play(samples: &[i16]) -> Source {
    Source::Clip { samples: samples.to_vec(), next: 0, repeat: false }
}

fn coded(law: Law, samples: &[i16]) -> Vec<i16> {
    samples.iter().map(|s| law.decode_sample(law.encode_sample(*s))).collect()
}

/// Where `part` stands in `whole`.
fn find(whole: &[i16], part: &[i16]) -> Option<usize> {
    whole.windows(part.len()).position(|window| window == part)
}

const BOTH: &[u8] = &[0, 8, 101];

#[test]
fn what_was_played_is_what_was_recorded_sample_for_sample() {
    let jittery = Link { jitter: Duration::from_millis(35), ..Link::with_delay(Duration::from_millis(40)) };
    for (name, link, formats, law) in [
        ("plain", Link::with_delay(Duration::from_millis(10)), [BOTH, BOTH], Law::Mu),
        ("alaw", Link::with_delay(Duration::from_millis(10)), [&[8u8, 101][..], BOTH], Law::A),
        ("jitter", jittery, [BOTH, BOTH], Law::Mu),
    ] {
        let clips = [clip(1, 16_000), clip(2, 12_345)];
        let mut call = Call::new(name, link, formats, [play(&clips[0]), play(&clips[1])]);
        call.run(3_000);
        let report = call.report(0);
        assert_eq!(
            (report.packets_lost, report.codec.as_str()),
            (0, if law == Law::A { "PCMA/8000" } else { "PCMU/8000" })
        );
        let recordings = call.recordings();
        for side in 0..2 {
            let [said, heard] = &recordings[side];
            assert!(find(said, &coded(law, &clips[side])).is_some(), "{name}: said {side}");
            assert!(find(heard, &coded(law, &clips[1 - side])).is_some(), "{name}: heard {side}");
        }
    }
}

#[test]
fn the_pace_does_not_drift() {
    let mut call = Call::new("pace", Link::default(), [BOTH, BOTH], [Source::Silence, Source::tone(440.0)]);
    call.run(60_000);
    for side in 0..2 {
        let sent = call.report(side).packets_sent;
        assert!((3000..=3001).contains(&sent), "{sent}");
    }
    let report = call.report(0);
    assert!(report.mos.unwrap() > 4.3 && report.jitter_ms < 0.1, "{report:?}");
    assert!(report.round_trip_ms.is_some());
    call.recordings();
}

#[test]
fn keys_arrive_both_ways_whatever_is_lost() {
    for loss in [0.0, 0.2] {
        let link = Link { loss, ..Link::with_delay(Duration::from_millis(20)) };
        let mut call = Call::new("keys", link, [BOTH, BOTH], [Source::tone(300.0), Source::Silence]);
        call.command(0, |audio| audio.dial("12,#A"));
        call.command(1, |audio| audio.dial("*09"));
        call.run(4_000);
        let keys = |side: &Side| -> String {
            side.told.iter().filter_map(|t| if let Told::Digit { key, .. } = t { Some(*key) } else { None }).collect()
        };
        assert_eq!((keys(&call.sides[1]), keys(&call.sides[0])), ("12#A".into(), "*09".into()), "loss {loss}");
        assert_eq!(call.report(0).digits_sent, "12#A");
        assert_eq!(call.report(1).digits_received, "12#A");
        let seconds = |told: &Told| matches!(told, Told::Digit { duration, .. } if duration.as_millis() == 100);
        if loss == 0.0 {
            assert_eq!(call.sides[1].told.iter().filter(|t| seconds(t)).count(), 4);
        }
        call.recordings();
    }
}

#[test]
fn keys_become_tones_for_a_peer_without_events() {
    let mut call = Call::new("inband", Link::default(), [&[0], &[0]], [Source::Silence, Source::Silence]);
    call.command(0, |audio| audio.dial("5"));
    call.run(1_000);
    let [_, [_, heard]] = call.recordings();
    let level = |hz: f64| {
        let (mut i, mut q) = (0.0, 0.0);
        for (n, s) in heard.iter().enumerate() {
            let a = std::f64::consts::TAU * hz * n as f64 / 8000.0;
            (i, q) = (i + f64::from(*s) * a.cos(), q + f64::from(*s) * a.sin());
        }
        (i * i + q * q).sqrt()
    };
    assert!(level(770.0) > 20.0 * level(941.0) && level(1336.0) > 20.0 * level(1633.0));
}

#[test]
fn a_held_side_falls_silent_and_comes_back() {
    let mut call = Call::new("hold", Link::default(), [BOTH, BOTH], [Source::tone(440.0), Source::tone(300.0)]);
    call.run(1_000);
    call.sides[0].sdp.hold();
    call.exchange(0);
    call.run(200);
    let before = call.report(1).packets_sent;
    call.run(2_000);
    assert_eq!(call.report(1).packets_sent, before, "the held side sends nothing");
    call.sides[0].sdp.resume();
    call.exchange(0);
    call.run(1_000);
    let after = call.report(1).packets_sent;
    assert!((49..=51).contains(&(after - before)), "{after} {before}");
    let [[_, heard], _] = call.recordings();
    // the silence of the hold is as long in the recording as it was: tone, 2.2 s of nothing, tone
    let quiet = heard[9_000..25_000].iter().filter(|s| s.abs() < 50).count();
    assert!(quiet > 15_000, "{quiet}");
    assert!(heard[28_000..30_000].iter().any(|s| s.abs() > 5_000));
}

#[test]
fn loss_shows_in_the_report() {
    let link = Link { loss: 0.1, ..Link::with_delay(Duration::from_millis(20)) };
    let mut call = Call::new("loss", link, [BOTH, BOTH], [Source::tone(440.0), Source::tone(440.0)]);
    call.run(30_000);
    let report = call.report(0);
    assert!((5.0..15.0).contains(&report.loss_percent), "{report:?}");
    assert!(report.remote_loss_percent > 0.0 && report.mos.unwrap() < 3.5, "{report:?}");
    call.recordings();
}

/// The amplitude of `hz` in samples at 8 kHz.
fn level(samples: &[i16], hz: f64) -> f64 {
    let (mut i, mut q) = (0.0, 0.0);
    for (n, &s) in samples.iter().enumerate() {
        let angle = std::f64::consts::TAU * hz * n as f64 / 8000.0;
        (i, q) = (i + f64::from(s) * angle.cos(), q + f64::from(s) * angle.sin());
    }
    2.0 * (i * i + q * q).sqrt() / samples.len() as f64
}

#[test]
fn tones_keep_their_frequency_and_level_whatever_is_lost() {
    let link = Link { loss: 0.1, jitter: Duration::from_millis(15), ..Link::with_delay(Duration::from_millis(20)) };
    let mut call = Call::new("tones", link, [BOTH, BOTH], [Source::tone(440.0), Source::tone(880.0)]);
    call.run(20_000);
    let [[_, first], [_, second]] = call.recordings();
    for (heard, hz, other) in [(first, 880.0, 440.0), (second, 440.0, 880.0)] {
        // a frame that arrived is the whole tone, one that was lost is silent
        let frames: Vec<f64> = heard.chunks_exact(200).map(|frame| level(frame, hz)).collect();
        let whole = frames.iter().filter(|l| (8_800.0..9_200.0).contains(*l)).count();
        let share = whole as f64 / frames.len() as f64;
        assert!((0.6..0.95).contains(&share), "{hz} Hz is whole in {share:.2} of the time");
        assert!(level(&heard, other) < 300.0, "{other} Hz was spoken by the other side");
    }
}

#[test]
fn loopback_sends_back_what_it_hears() {
    let voice = clip(5, 8_000);
    let mut call = Call::new(
        "echo",
        Link::with_delay(Duration::from_millis(15)),
        [BOTH, BOTH],
        [play(&voice), Source::loopback()],
    );
    call.run(2_500);
    let [[_, heard], _] = call.recordings();
    assert!(find(&heard, &coded(Law::Mu, &voice)).is_some());
}
