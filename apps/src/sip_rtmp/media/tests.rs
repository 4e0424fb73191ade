//! Both directions with a made-up client and telephone, and a clock that only we move.

use std::f64::consts::TAU;
use std::time::Duration;

use bytes::Bytes;
use proptest::prelude::*;
use rfc3550::rtcp::{self, Compound, SenderInfo, SenderReport};
use rfc3550::{NtpTime, Packet};
use rfc3551::h264::{self, Mode, ProfileLevelId};
use rfc3551::{g711::Law, opus};
use rtmp::tag::{self, AudioCodec, AudioPacket, Video, VideoCodec, VideoPacket, avc};
use rtmp::{Message, MessageType};
use wire::Instant;

use super::codecs::Audio;
use super::*;

const SPS: &[u8] = &[0x67, 0x42, 0xc0, 0x1e, 0x95, 0xa0];
const PPS: &[u8] = &[0x68, 0xce, 0x3c, 0x80];
const EVENT: u8 = 101;

fn audio(rtmp: Audio, rtp: Audio) -> Agreed {
    let (payload_type, clock_rate) = match rtp {
        Audio::Pcmu => (0, 8_000),
        Audio::Pcma => (8, 8_000),
        Audio::G722 => (9, 8_000),
        Audio::Opus => (111, 48_000),
        _ => (96, 16_000),
    };
    let receive = vec![(payload_type, rtp)];
    let (event, event_in, opus) = (Some(EVENT), Some(EVENT), opus::Fmtp::default());
    let audio = AudioAgreed { rtmp, rtp, payload_type, clock_rate, receive, event, event_in, opus };
    Agreed { audio: Some(audio), video: None }
}

fn video() -> Agreed {
    let remote = h264::Fmtp::new(ProfileLevelId::CONSTRAINED_BASELINE_31, Mode::NonInterleaved);
    Agreed { audio: None, video: Some(VideoAgreed { payload_type: 99, receive: vec![99], remote }) }
}

fn at(ms: u64) -> Instant {
    Instant::from_millis(1_000 + ms)
}

/// Lets time pass up to `to` in steps of a millisecond; what came out, with its time.
fn run(bridge: &mut Bridge, from: u64, to: u64) -> Vec<(u64, Output)> {
    let mut all = Vec::new();
    for ms in from..to {
        bridge.handle_time(at(ms));
        while let Some(output) = bridge.poll() {
            all.push((ms, output));
        }
        assert!(bridge.deadline().is_none_or(|due| due > at(ms)), "nothing is due that was not done");
    }
    all
}

fn sound(codec: Audio, timestamp: u32, data: impl Into<Bytes>) -> Message {
    Message { kind: MessageType::Audio, timestamp, stream: 1, payload: coder::payload(codec, data.into()) }
}

fn tone(rate: u32, samples: usize) -> Vec<i16> {
    (0..samples).map(|n| (9000.0 * (n as f64 * 440.0 * TAU / f64::from(rate)).sin()) as i16).collect()
}

/// How much of the energy of `samples` is at 440 Hz.
fn share(samples: &[i16], rate: u32) -> f64 {
    let (mut re, mut im, mut all) = (0.0, 0.0, 1.0);
    for (n, sample) in samples.iter().enumerate() {
        let (sample, angle) = (f64::from(*sample), n as f64 * 440.0 * TAU / f64::from(rate));
        re += sample * angle.cos();
        im += sample * angle.sin();
        all += sample * sample;
    }
    2.0 * (re * re + im * im) / (all * samples.len() as f64)
}

/// RTP as it came out: time, timestamp, marker, payload type, payload.
fn rtp(all: &[(u64, Output)]) -> Vec<(u64, u32, bool, u8, Bytes)> {
    let one = |(ms, output): &(u64, Output)| match output {
        Output::Rtp { payload_type, timestamp, marker, payload, .. } => {
            Some((*ms, *timestamp, *marker, *payload_type, payload.clone()))
        }
        _ => None,
    };
    all.iter().filter_map(one).collect()
}

/// The messages of that kind.
fn messages(all: &[(u64, Output)], kind: MessageType) -> Vec<Message> {
    let one = |(_, output): &(u64, Output)| match output {
        Output::Rtmp(message) if message.kind == kind => Some(message.clone()),
        _ => None,
    };
    all.iter().filter_map(one).collect()
}

fn packet(payload_type: u8, sequence: u16, timestamp: u32, marker: bool, payload: impl Into<Bytes>) -> Packet {
    Packet { marker, payload_type, sequence, timestamp, ssrc: 7, payload: payload.into(), ..Packet::default() }
}

/// The samples of audio messages, decoded; their timestamps checked to be without a gap.
fn heard(messages: &[Message]) -> (Vec<i16>, u32) {
    let (mut decoder, mut samples, mut rate, mut next) = (None, Vec::new(), 8_000, None::<f64>);
    for message in messages {
        let tag = tag::Audio::parse(&message.payload).unwrap();
        let codec = Audio::of_tag(tag.codec()).unwrap();
        if tag.packet == AudioPacket::SequenceStart {
            decoder = coder::Decoder::new(codec, Some(&tag.track.data));
            continue;
        }
        let decoder = decoder.get_or_insert_with(|| coder::Decoder::new(codec, None).unwrap());
        let before = samples.len();
        rate = decoder.decode(tag.sound, &tag.track.data, &mut samples).unwrap();
        if let Some(next) = next {
            assert!((f64::from(message.timestamp) - next).abs() <= 2.0, "{} {next}", message.timestamp);
        }
        next = (message.timestamp > 0)
            .then(|| f64::from(message.timestamp) + (samples.len() - before) as f64 * 1000.0 / f64::from(rate));
    }
    (samples, rate)
}

#[test]
fn g711_is_cut_into_packets_of_20_ms_sent_evenly() {
    let mut bridge = Bridge::new(at(0), audio(Audio::Pcmu, Audio::Pcmu));
    let mut codes = Vec::new();
    Law::Mu.encode(&tone(8_000, 8_000), &mut codes);
    let mut all = Vec::new();
    for n in 0..20_u64 {
        // messages of 50 ms, which come in pairs
        bridge.from_rtmp(
            at(n / 2 * 100),
            &sound(Audio::Pcmu, 7_000 + n as u32 * 50, codes[n as usize * 400..][..400].to_vec()),
        );
        if n % 2 == 1 {
            all.extend(run(&mut bridge, n / 2 * 100, n / 2 * 100 + 100));
        }
    }
    let packets = rtp(&all);
    assert_eq!(packets.len(), 50);
    assert!(packets[0].2 && packets[1..].iter().all(|p| !p.2), "a marker at the start");
    assert!(packets.windows(2).all(|w| w[1].1 - w[0].1 == 160 && w[1].0 - w[0].0 <= 21));
    assert!(packets[10..].windows(2).all(|w| w[1].0 - w[0].0 >= 19), "evenly");
    assert_eq!(packets.iter().flat_map(|p| p.4.clone()).collect::<Vec<u8>>(), codes);
}

#[test]
fn a_gap_of_the_client_is_a_gap_of_rtp() {
    let mut bridge = Bridge::new(at(0), audio(Audio::Pcmu, Audio::Pcmu));
    let mut all = Vec::new();
    for (time, timestamp) in [(0, u32::MAX - 9), (20, 10), (520, 510), (540, 530), (600, 5), (620, 25)] {
        bridge.from_rtmp(at(time), &sound(Audio::Pcmu, timestamp, vec![0xff; 160]));
        all.extend(run(&mut bridge, time, time + 20));
    }
    let seen: Vec<_> = rtp(&all).iter().map(|p| (p.1, p.2)).collect();
    // the last two begin anew: the client's clock went back
    assert_eq!(seen, [(0, true), (160, false), (4160, true), (4320, false), (4480, false), (4640, false)]);
}

#[test]
fn after_a_stall_the_oldest_is_dropped() {
    let mut bridge = Bridge::new(at(0), audio(Audio::Pcmu, Audio::Pcmu));
    for n in 0..150 {
        bridge.from_rtmp(at(0), &sound(Audio::Pcmu, n * 20, vec![0xff; 160]));
    }
    let packets = rtp(&run(&mut bridge, 0, 1000));
    assert_eq!(packets.len(), 20);
    assert_eq!((packets[0].1, packets[19].1), (130 * 160, 149 * 160));
}

#[test]
fn audio_is_transcoded_both_ways() {
    let mut ways = vec![
        (Audio::Pcmu, Audio::Opus),
        (Audio::Pcma, Audio::G722),
        (Audio::Opus, Audio::Pcma),
        (Audio::Opus, Audio::G722),
        (Audio::Pcma, Audio::Pcmu),
        (Audio::Opus, Audio::Opus),
    ];
    if cfg!(feature = "aac") {
        ways.extend([(Audio::Aac, Audio::Pcmu), (Audio::Aac, Audio::Opus)]);
    }
    for (client, phone) in ways {
        let agreed = audio(client, phone);
        let clock = agreed.audio.as_ref().unwrap().clock_rate;
        // what one bridge makes for the client goes to a second bridge as if the client published it
        let (mut one, mut two) = (Bridge::new(at(0), agreed.clone()), Bridge::new(at(0), agreed.clone()));
        let mut phone_codec = phone.open().unwrap();
        let rate = phone_codec.sample_rate();
        let (mut to_client, mut to_phone) = (Vec::new(), Vec::new());
        for (n, frame) in tone(rate, 2 * rate as usize).chunks(rate as usize / 50).enumerate() {
            let mut payload = Vec::new();
            phone_codec.encode(frame, &mut payload);
            let (n, number) = (n as u64, agreed.audio.as_ref().unwrap().payload_type);
            one.from_rtp(at(n * 20), Medium::Audio, &packet(number, n as u16, n as u32 * clock / 50, n == 0, payload));
            let out = run(&mut one, n * 20, n * 20 + 20);
            for message in messages(&out, MessageType::Audio) {
                two.from_rtmp(at(n * 20), &message);
            }
            to_client.extend(out);
            to_phone.extend(run(&mut two, n * 20, n * 20 + 20));
        }
        let (samples, rate_heard) = heard(&messages(&to_client, MessageType::Audio));
        let middle = &samples[rate_heard as usize / 2..rate_heard as usize * 3 / 2];
        assert!(share(middle, rate_heard) > 0.9, "{client:?} {phone:?}: {}", share(middle, rate_heard));
        let packets = rtp(&to_phone);
        assert!(
            packets.len() > 80 && packets.windows(2).all(|w| w[1].1 - w[0].1 == clock / 50),
            "{client:?} {phone:?}"
        );
        let mut samples = Vec::new();
        let mut codec = phone.open().unwrap();
        packets.iter().for_each(|p| codec.decode(&p.4, &mut samples));
        let middle = &samples[rate as usize / 2..rate as usize * 3 / 2];
        assert!(share(middle, rate) > 0.9, "{client:?} {phone:?}: {}", share(middle, rate));
    }
}

#[test]
fn speex_passes_as_it_is_and_nowhere_else() {
    let mut bridge = Bridge::new(at(0), audio(Audio::Speex, Audio::Speex));
    bridge.from_rtmp(at(0), &sound(Audio::Speex, 0, vec![1, 2, 3]));
    let out = run(&mut bridge, 0, 50);
    assert_eq!(rtp(&out)[0].4, [1, 2, 3][..]);
    bridge.from_rtp(at(50), Medium::Audio, &packet(96, 1, 0, true, vec![4, 5]));
    let out = messages(&run(&mut bridge, 50, 200), MessageType::Audio);
    assert!(out.iter().any(|m| m.payload == [0xb2, 4, 5][..]), "with the first byte that there always was");
    let mut other = Bridge::new(at(0), audio(Audio::Pcmu, Audio::Pcmu));
    other.from_rtmp(at(0), &sound(Audio::Speex, 0, vec![1, 2, 3]));
    assert!(rtp(&run(&mut other, 0, 50)).is_empty());
    assert_eq!(other.stats().dropped, 1);
}

#[test]
fn silence_of_the_telephone_does_not_stall_the_player() {
    let mut clients = vec![Audio::Pcmu, Audio::Opus];
    if cfg!(feature = "aac") {
        clients.push(Audio::Aac);
    }
    for client in clients {
        let mut bridge = Bridge::new(at(0), audio(client, Audio::Pcmu));
        let mut all = run(&mut bridge, 0, 1000);
        for n in 0..25_u64 {
            bridge.from_rtp(
                at(1000 + n * 20),
                Medium::Audio,
                &packet(0, n as u16, n as u32 * 160, n == 0, vec![0xff; 160]),
            );
            all.extend(run(&mut bridge, 1000 + n * 20, 1020 + n * 20));
        }
        all.extend(run(&mut bridge, 1500, 3000)); // DTX
        let out = messages(&all, MessageType::Audio);
        let (samples, rate) = heard(&out);
        let ms = samples.len() * 1000 / rate as usize;
        assert!((2500..3000).contains(&ms), "{client:?} {ms}");
        let late = all.iter().filter_map(|(now, output)| match output {
            Output::Rtmp(message) => Some(*now as i64 - i64::from(message.timestamp)),
            _ => None,
        });
        assert!(late.clone().all(|late| (-80..700).contains(&late)), "{client:?} {:?}", late.max());
    }
}

#[test]
fn a_lost_packet_is_made_up() {
    let mut bridge = Bridge::new(at(0), audio(Audio::Pcmu, Audio::Pcmu));
    let mut all = Vec::new();
    let samples = tone(8_000, 16_000);
    for n in (0..100_u64).filter(|n| n % 10 != 5) {
        let mut codes = Vec::new();
        Law::Mu.encode(&samples[n as usize * 160..][..160], &mut codes);
        bridge.from_rtp(at(n * 20), Medium::Audio, &packet(0, n as u16, n as u32 * 160, n == 0, codes));
        all.extend(run(&mut bridge, n * 20, n * 20 + 20));
    }
    let (samples, rate) = heard(&messages(&all, MessageType::Audio));
    assert!(share(&samples[2000..14_000], rate) > 0.9);
    let quiet = samples[2000..14_000].chunks(160).filter(|c| c.iter().all(|s| s.abs() < 1000)).count();
    assert_eq!(quiet, 0, "no hole");
}

#[test]
fn another_source_goes_on_where_the_first_was() {
    let mut bridge = Bridge::new(at(0), audio(Audio::Pcmu, Audio::Pcmu));
    let mut all = Vec::new();
    for n in 0..100_u64 {
        let mut packet = packet(0, n as u16, n as u32 * 160, n == 0, vec![0xff; 160]);
        if n >= 50 {
            (packet.ssrc, packet.sequence, packet.timestamp) =
                (8, 60_000 + n as u16, 0xffff_f000_u32.wrapping_add(n as u32 * 160));
        }
        bridge.from_rtp(at(n * 20), Medium::Audio, &packet);
        all.extend(run(&mut bridge, n * 20, n * 20 + 20));
    }
    let (samples, _) = heard(&messages(&all, MessageType::Audio));
    assert!((14_000..16_500).contains(&samples.len()), "{}", samples.len());
}

#[test]
fn keys_go_both_ways() {
    for with_audio in [false, true] {
        let (mut one, mut two) =
            (Bridge::new(at(0), audio(Audio::Pcmu, Audio::Opus)), Bridge::new(at(0), audio(Audio::Pcmu, Audio::Opus)));
        one.dial("1x9#");
        let (mut sequence, mut digits, mut ends) = (0, String::new(), 0);
        for ms in 0..1500 {
            if with_audio && ms % 20 == 0 {
                one.from_rtmp(at(ms), &sound(Audio::Pcmu, ms as u32, vec![0xff; 160]));
            }
            for (_, timestamp, marker, payload_type, payload) in rtp(&run(&mut one, ms, ms + 1)) {
                ends += usize::from(payload_type == EVENT && payload[1] & 0x80 != 0);
                two.from_rtp(at(ms), Medium::Audio, &packet(payload_type, sequence, timestamp, marker, payload));
                sequence += 1;
            }
            for (_, output) in run(&mut two, ms, ms + 1) {
                if let Output::Digit(key) = output {
                    digits.push(key);
                }
            }
        }
        assert_eq!((&*digits, ends), ("19#", 9), "{with_audio}");
    }
}

fn frame(key: bool, timestamp: u32, composition: i32, nals: &[Bytes]) -> Message {
    let payload = Video::frame(VideoCodec::Avc, key, composition, avc::join(nals)).to_bytes();
    Message { kind: MessageType::Video, timestamp, stream: 1, payload }
}

fn header() -> Message {
    let config = avc::DecoderConfiguration::new([Bytes::from_static(SPS)], [Bytes::from_static(PPS)]).unwrap();
    let payload = Video::sequence_start(VideoCodec::Avc, config.to_bytes()).to_bytes();
    Message { kind: MessageType::Video, timestamp: 0, stream: 1, payload }
}

fn slices(header: u8, len: usize) -> Vec<Bytes> {
    [0x88, 0x40].map(|second| [&[header, second][..], &vec![0x55; len]].concat().into()).to_vec()
}

/// What one bridge makes of `published` comes to another, but for what `lost` says of the packets' numbers.
fn across(published: &[(u64, Message)], to: u64, lost: impl Fn(u16) -> bool) -> Vec<(u64, Output)> {
    let (mut one, mut two) = (Bridge::new(at(0), video()), Bridge::new(at(0), video()));
    let (mut sequence, mut all) = (0, Vec::new());
    for ms in 0..to {
        for (_, message) in published.iter().filter(|(time, _)| *time == ms) {
            one.from_rtmp(at(ms), message);
        }
        for (_, timestamp, marker, payload_type, payload) in rtp(&run(&mut one, ms, ms + 1)) {
            if !lost(sequence) {
                let packet = packet(payload_type, sequence, timestamp, marker, payload);
                two.from_rtp(at(ms), Medium::Video, &packet);
            }
            sequence += 1;
        }
        all.extend(run(&mut two, ms, ms + 1));
    }
    all
}

#[test]
fn video_crosses_whole_with_its_header_first() {
    let nals = [slices(0x65, 4000), slices(0x41, 500), slices(0x41, 20)];
    let mut published = vec![(0, frame(false, 0, 0, &nals[1])), (0, header())];
    for (n, nals) in nals.iter().enumerate() {
        published.push((n as u64 * 40, frame(n == 0, n as u32 * 40, 0, nals)));
    }
    let out = messages(&across(&published, 400, |_| false), MessageType::Video);
    let tags: Vec<_> = out.iter().map(|m| Video::parse(&m.payload).unwrap()).collect();
    assert_eq!(tags[0].packet, VideoPacket::SequenceStart);
    let config = avc::DecoderConfiguration::parse(&tags[0].track.data).unwrap();
    assert_eq!((config.sps, config.pps), (vec![Bytes::from_static(SPS)], vec![Bytes::from_static(PPS)]));
    let seen: Vec<Vec<Bytes>> =
        tags[1..].iter().map(|t| avc::nal_units(t.track.data.clone(), 4).map(Result::unwrap).collect()).collect();
    assert_eq!(seen, nals);
    assert!(tags[1].is_key_frame() && !tags[2].is_key_frame());
    assert!(out[1..].windows(2).all(|w| w[1].timestamp - w[0].timestamp == 40));
}

#[test]
fn pictures_out_of_order_keep_their_times() {
    let mut published = vec![(0, header())];
    // decoding order I P B B P B B; each 40 ms after the other
    let shown = [80, 200, 120, 160, 320, 240, 280];
    for (n, shown) in shown.into_iter().enumerate() {
        let decoded = n as u32 * 40;
        let nals = slices(if n == 0 { 0x65 } else { 0x41 }, 30);
        published.push((u64::from(decoded), frame(n == 0, decoded, shown - decoded as i32, &nals)));
    }
    let out = messages(&across(&published, 600, |_| false), MessageType::Video);
    let times: Vec<_> = out[1..]
        .iter()
        .map(|m| (m.timestamp, i64::from(m.timestamp) + i64::from(Video::parse(&m.payload).unwrap().track.composition)))
        .collect();
    assert_eq!(times.len(), 7);
    assert!(times.windows(2).all(|w| w[0].0 <= w[1].0) && times.iter().all(|t| t.1 >= i64::from(t.0)));
    let order = |n: usize| times[n].1 - times[3].1;
    assert_eq!([3, 4, 5, 6].map(order), [0, 160, 80, 120]);
}

#[test]
fn a_loss_holds_the_picture_back_until_a_key_frame() {
    let mut published = vec![(0, header())];
    for n in 0..30_u32 {
        let key = n == 0 || n == 20;
        published.push((u64::from(n) * 40, frame(key, n * 40, 0, &slices(if key { 0x65 } else { 0x41 }, 200))));
    }
    let all = across(&published, 1600, |sequence| sequence == 5);
    let frames = messages(&all, MessageType::Video);
    let keys = frames.iter().filter(|m| Video::parse(&m.payload).unwrap().is_key_frame()).count();
    // the header once: nothing changed; both key frames; 5 before the loss or less, and those after the second key frame
    assert!((1 + 12..=1 + 16).contains(&frames.len()), "{}", frames.len());
    assert!(keys >= 2);
    let wanted: Vec<u64> = all.iter().filter(|(_, o)| *o == Output::KeyFrameWanted).map(|(ms, _)| *ms).collect();
    assert!(!wanted.is_empty() && wanted.windows(2).all(|w| w[1] - w[0] >= 500), "{wanted:?}");
}

#[test]
fn without_a_key_frame_nothing_is_shown_and_one_is_asked_for() {
    let mut bridge = Bridge::new(at(0), video());
    let mut all = Vec::new();
    for n in 0..100_u16 {
        let ms = u64::from(n) * 40;
        bridge.from_rtp(at(ms), Medium::Video, &packet(99, n, u32::from(n) * 3600, true, vec![0x41, 0x88, 1]));
        all.extend(run(&mut bridge, ms, ms + 40));
    }
    assert!(messages(&all, MessageType::Video).is_empty());
    let wanted = all.iter().filter(|(_, o)| *o == Output::KeyFrameWanted).count();
    assert!((2..=3).contains(&wanted), "{wanted}");
}

#[test]
fn reports_tie_both_streams_together() {
    let agreed = Agreed { video: video().video, ..audio(Audio::Pcmu, Audio::Pcmu) };
    let mut bridge = Bridge::new(at(0), agreed);
    let wall = |ms: u64| NtpTime::from_unix(Duration::from_millis(1_700_000_000_000 + ms));
    let mut all = Vec::new();
    for n in 0..100_u64 {
        let ms = n * 20;
        bridge.from_rtp(at(ms), Medium::Audio, &packet(0, n as u16, n as u32 * 160, n == 0, vec![0xff; 160]));
        // the picture of the same moment comes 100 ms later
        if n >= 5 {
            let picture = [&[0x78, 0, 6][..], SPS, &[0, 4], PPS, &[0, 3, 0x65, 0x88, n as u8]].concat();
            bridge.from_rtp(at(ms), Medium::Video, &packet(99, n as u16, (n as u32 - 5) * 1800, true, picture));
        }
        if n == 20 {
            for (medium, rtp) in [(Medium::Audio, 20 * 160), (Medium::Video, 20 * 1800)] {
                let info = SenderInfo { ntp: wall(400), rtp, packets: 1, octets: 1 };
                let report = SenderReport { ssrc: 7, info, reports: Vec::new(), extension: Bytes::new() };
                let compound = Compound { packets: vec![rtcp::Packet::SenderReport(report)], padding: 0 };
                bridge.from_rtcp(at(ms), medium, &compound);
            }
        }
        all.extend(run(&mut bridge, ms, ms + 20));
    }
    // the moment of the last picture, 94 x 20 ms, on the line of the audio
    let last = messages(&all, MessageType::Video).last().unwrap().clone();
    let number = i64::from(*last.payload.last().unwrap()) - 5;
    let first_sound = 60; // its playout delay
    let off = i64::from(last.timestamp) - (number * 20 + first_sound);
    assert!(off.abs() <= 30, "{off}");
}

#[test]
fn a_renewed_agreement_leaves_alone_what_did_not_change() {
    let mut bridge = Bridge::new(at(0), audio(Audio::Pcmu, Audio::Pcmu));
    bridge.from_rtmp(at(0), &sound(Audio::Pcmu, 0, vec![0xff; 160]));
    bridge.agree(at(0), audio(Audio::Pcmu, Audio::Pcmu));
    assert_eq!(rtp(&run(&mut bridge, 0, 5)).len(), 1);
    bridge.agree(at(5), audio(Audio::Pcmu, Audio::Opus));
    bridge.from_rtmp(at(5), &sound(Audio::Pcmu, 20, vec![0xff; 800]));
    assert!(rtp(&run(&mut bridge, 5, 50)).iter().all(|p| p.3 == 111));
    assert_eq!(bridge.headers().len(), 0);
    bridge.agree(at(50), audio(Audio::Opus, Audio::Opus));
    assert_eq!(tag::Audio::parse(&bridge.headers()[0].payload).unwrap().codec(), AudioCodec::Opus);
    bridge.agree(at(60), Agreed::default());
    assert_eq!(bridge.deadline(), None);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn nothing_that_comes_in_breaks_it(
        messages in prop::collection::vec(
            (any::<bool>(), any::<u32>(), prop::collection::vec(any::<u8>(), 0..60), any::<u16>(), any::<bool>()), 0..40),
        first in prop::sample::select(vec![0x17_u8, 0x27, 0xaf, 0x72, 0x82, 0xb2, 0x90, 0x91]),
    ) {
        let agreed = Agreed { video: video().video, ..audio(Audio::Opus, Audio::Pcmu) };
        let mut bridge = Bridge::new(at(0), agreed);
        for (n, (is_audio, timestamp, mut bytes, sequence, marker)) in messages.into_iter().enumerate() {
            let now = at(n as u64 * 10);
            let (kind, medium, number) =
                if is_audio { (MessageType::Audio, Medium::Audio, 0) } else { (MessageType::Video, Medium::Video, 99) };
            bridge.from_rtp(now, medium, &packet(number, sequence, timestamp, marker, bytes.clone()));
            if let Some(byte) = bytes.first_mut() {
                *byte = first;
            }
            bridge.from_rtmp(now, &Message { kind, timestamp, stream: 1, payload: bytes.into() });
            bridge.handle_time(now);
            let mut outputs = 0;
            while bridge.poll().is_some() {
                outputs += 1;
                prop_assert!(outputs < 5_000);
            }
        }
    }
}
