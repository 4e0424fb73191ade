//! Payloads of audio and video in every form: known bytes, and everything that can be built comes back as it was.

use bytes::Bytes;
use proptest::prelude::*;
use rtmp::tag::{
    Audio, AudioCodec, AudioPacket, AudioTrack, ChannelOrder, Channels, FourCc, FrameType, Layout, ModEx, Sound, Video,
    VideoCodec, VideoPacket, VideoTrack, aac, avc, hevc, opus,
};

fn video(bytes: &[u8]) -> Video {
    let payload = Bytes::copy_from_slice(bytes);
    let video = Video::parse(&payload).unwrap();
    assert_eq!(video.to_bytes(), payload, "prints back as it was");
    video
}

fn audio(bytes: &[u8]) -> Audio {
    let payload = Bytes::copy_from_slice(bytes);
    let audio = Audio::parse(&payload).unwrap();
    assert_eq!(audio.to_bytes(), payload, "prints back as it was");
    audio
}

//= flv#E.4.3.1/header test
#[test]
fn old_video() {
    let key = video(&[0x17, 1, 0xff, 0xff, 0xd8, 9]);
    assert_eq!((key.codec(), key.frame, key.track.composition), (VideoCodec::Avc, FrameType::Key, -40));
    assert!(key.is_key_frame() && !key.is_sequence_header());
    assert!(video(&[0x17, 0, 0, 0, 0, 1]).is_sequence_header());
    assert_eq!(video(&[0x17, 2, 0, 0, 0]).packet, VideoPacket::SequenceEnd);
    let sorenson = video(&[0x32, 1, 2]);
    assert_eq!((sorenson.codec(), sorenson.frame), (VideoCodec::Sorenson, FrameType::Disposable));
    assert_eq!(video(&[0x57, 1]).packet, VideoPacket::Command(1));
    assert_eq!(video(&[0x1c, 1, 0, 0, 3, 9]).codec(), VideoCodec::Hevc);
    assert_eq!(video(&[0x1e, 1]).codec(), VideoCodec::Number(14));
}

//= flv#E.4.2.1/header test
#[test]
fn old_audio() {
    let aac = audio(&[0xaf, 1, 0x21]);
    assert_eq!((aac.codec(), aac.packet, aac.sound), (AudioCodec::Aac, AudioPacket::CodedFrames, Sound::AAC));
    let speex = audio(&[0xb2, 0x36]);
    assert_eq!((speex.codec(), speex.sound.stereo, speex.sound.wide), (AudioCodec::Speex, false, true));
    assert_eq!(Audio::frame(AudioCodec::Pcma, Bytes::from_static(&[0xd5])).to_bytes()[..], [0x72, 0xd5]);
    assert_eq!(audio(&[0x26, 0xff]).sound.hz(), 11_025);
    assert_eq!(audio(&[0xd0]).codec(), AudioCodec::Number(13));
}

//= e-rtmp#video/ex-header test
//= e-rtmp#video/packet-types test
//= e-rtmp#video/composition test
#[test]
fn enhanced_video() {
    let start = video(b"\x90hvc1\x01\x02");
    assert!(start.is_sequence_header() && start.codec() == VideoCodec::Hevc);
    let frame = video(b"\x91hvc1\0\0\x28nal");
    assert_eq!((frame.track.composition, &frame.track.data[..], frame.is_key_frame()), (40, &b"nal"[..], true));
    let x = video(b"\xa3hvc1nal");
    assert_eq!((x.track.composition, &x.track.data[..], x.frame), (0, &b"nal"[..], FrameType::Inter));
    // No time is in front of codecs that do not reorder.
    assert_eq!(video(b"\x91av01\x12\0").track.data[..], *b"\x12\0");
    assert_eq!(video(b"\x92vp09").packet, VideoPacket::SequenceEnd);
    assert_eq!(video(b"\x94av01amf").packet, VideoPacket::Metadata);
    assert_eq!(video(b"\x95av01ts").packet, VideoPacket::Mpeg2TsSequenceStart);
    for reserved in 8..16 {
        let payload = Bytes::from(vec![0x90 | reserved, b'a', b'v', b'c', b'1']);
        assert_eq!(Video::parse(&payload), Err(rtmp::tag::Error::PacketType(reserved)));
    }
    let zero = Video::frame(VideoCodec::Hevc, true, 0, Bytes::new()).enhanced();
    assert_eq!(zero.to_bytes()[0], 0x91, "built enhanced at once, its packet type is left as asked");
    let avc = Video::frame(VideoCodec::Avc, true, 0, Bytes::new()).enhanced();
    assert_eq!(avc.to_bytes()[..], *b"\x93avc1");
}

//= e-rtmp#video/command test
#[test]
fn enhanced_command() {
    let seek = video(&[0xd0, 1]);
    assert_eq!((seek.packet, seek.layout), (VideoPacket::Command(1), Layout::Enhanced));
    assert_eq!(video(b"\xd4av01amf").packet, VideoPacket::Metadata, "metadata may stand in a command frame");
}

//= e-rtmp#audio/ex-header test
//= e-rtmp#audio/packet-types test
//= e-rtmp#audio/channels test
#[test]
fn enhanced_audio() {
    assert!(audio(b"\x90OpusOpusHead").is_sequence_header());
    assert_eq!(audio(b"\x91Opus\xfc").codec(), AudioCodec::Opus);
    assert_eq!(audio(b"\x92fLaC").packet, AudioPacket::SequenceEnd);
    let channels = audio(b"\x94ec-3\x01\x06\0\0\x00\x3f");
    assert_eq!(channels.packet, AudioPacket::MultichannelConfig);
    let expected = Channels { count: 6, order: ChannelOrder::Native(0x3f) };
    assert_eq!(Channels::parse(&channels.track.data), Ok(expected));
    let custom = Channels { count: 2, order: ChannelOrder::Custom(Bytes::from_static(&[1, 0])) };
    assert_eq!(Channels::parse(&custom.to_bytes()), Ok(custom));
    assert!(Channels::parse(&Bytes::from_static(&[2, 3, 0, 1])).is_err());
    assert!(Channels::parse(&Bytes::from_static(&[3, 1])).is_err());
    for reserved in [3, 6, 8, 15] {
        let payload = Bytes::from(vec![0x90 | reserved, b'O', b'p', b'u', b's']);
        assert_eq!(Audio::parse(&payload), Err(rtmp::tag::Error::PacketType(reserved)));
    }
}

//= e-rtmp#modex/modex test
//= e-rtmp#modex/modex-size test
#[test]
fn modifiers() {
    let frame = audio(&[0x97, 2, 0, 0, 100, 0x01, b'm', b'p', b'4', b'a', 7]);
    assert_eq!((frame.nanos(), frame.packet, &frame.track.data[..]), (100, AudioPacket::CodedFrames, &[7][..]));
    // Two of them, the second of a kind that nobody knows, 256 bytes long.
    let mut bytes = vec![0x97, 2, 0, 0, 9, 0x07, 255, 0, 255];
    bytes.extend([1; 256]);
    bytes.extend(b"\x31hvc1");
    bytes[0] = 0x97;
    let known = audio(&bytes);
    assert_eq!((known.modifiers.len(), known.modifiers[1].kind, known.modifiers[1].data.len()), (2, 3, 256));
    let timed = Video { modifiers: vec![ModEx::nanos(999_999)], ..video(b"\xa3hvc1nal") };
    assert_eq!(video(&timed.to_bytes()).nanos(), 999_999);
}

//= e-rtmp#multitrack/tracks test
#[test]
fn many_tracks() {
    let one = video(b"\x96\x01avc1\x07\0\0\0nal");
    assert_eq!((one.layout, one.track.id, &one.track.data[..]), (Layout::OneTrack, 7, &b"nal"[..]));
    let many = audio(b"\x95\x11Opus\x00\0\0\x02ab\x01\0\0\x01c");
    let tracks: Vec<_> = many.tracks().map(|track| (track.id, &track.data[..])).collect();
    assert_eq!((many.layout, tracks), (Layout::ManyTracks, vec![(0, &b"ab"[..]), (1, &b"c"[..])]));
    let codecs = video(b"\x96\x21avc1\x00\0\0\x04\0\0\x05nvp09\x01\0\0\x01n");
    let tracks: Vec<_> = codecs.tracks().map(|track| (track.codec, track.composition)).collect();
    assert_eq!(tracks, [(VideoCodec::Avc, 5), (VideoCodec::Vp9, 0)]);
}

//= flv#E.4.3.2/avc-config test
//= flv#E.4.2.2/aac-config test
//= flv#E.4.3.2/units test
#[test]
fn configurations_of_a_recorded_file() {
    // Those of ffmpeg in the recorded file: main profile with one SPS and one PPS, AAC-LC in mono with SBR denied.
    let avc: &[u8] = &[
        0x01, 0x4d, 0x40, 0x0c, 0xff, 0xe1, 0x00, 0x19, 0x67, 0x4d, 0x40, 0x0c, 0xec, 0xa0, 0xa0, 0xcf, 0xcf, 0x80,
        0x88, 0x00, 0x00, 0x03, 0x00, 0x08, 0x00, 0x00, 0x03, 0x00, 0xf0, 0x78, 0xa1, 0x4c, 0xb0, 0x01, 0x00, 0x04,
        0x68, 0xef, 0xbc, 0x80,
    ];
    let config = avc::DecoderConfiguration::parse(&Bytes::from_static(avc)).unwrap();
    assert_eq!((config.mime(), config.length_size), ("avc1.4d400c".into(), 4));
    assert_eq!((config.sps[0].len(), config.pps[0].len()), (25, 4));
    assert_eq!(config.to_bytes()[..], *avc);
    assert_eq!(avc::DecoderConfiguration::new(config.sps.clone(), config.pps.clone()), Ok(config));
    let aac = Bytes::from_static(&[0x12, 0x08, 0x56, 0xe5, 0x00]);
    let config = aac::AudioSpecificConfig::parse(&aac).unwrap();
    assert_eq!((config.object_type, config.output_rate(), config.channels()), (2, 44_100, Some(1)));
    let units: Vec<_> = avc::nal_units(Bytes::from_static(&[0, 1, 9, 0, 2, 8, 7]), 2).map(Result::unwrap).collect();
    assert_eq!(units, [&[9][..], &[8, 7]]);
}

#[test]
fn high_efficiency_aac() {
    // Both announcements of 24 kHz doubled to 48 kHz.
    for ahead in [true, false] {
        for object_type in [5, 29] {
            let extension = Some(aac::Extension { object_type, sample_rate: 48_000, ahead });
            let config = aac::AudioSpecificConfig { extension, ..aac::AudioSpecificConfig::new(24_000, 1) };
            let parsed = aac::AudioSpecificConfig::parse(&config.to_bytes()).unwrap();
            assert_eq!((parsed, parsed.output_rate()), (config, 48_000));
        }
    }
    let odd = aac::AudioSpecificConfig { frame_samples: 960, ..aac::AudioSpecificConfig::new(12_345, 8) };
    assert_eq!(aac::AudioSpecificConfig::parse(&odd.to_bytes()), Ok(odd));
}

//= e-rtmp#video/hevc-config test
#[test]
fn hevc_configuration() {
    let array =
        |nal_type, unit: &'static [u8]| hevc::Array { complete: true, nal_type, units: vec![Bytes::from_static(unit)] };
    let mut general = [0; 20];
    (general[0], general[11]) = (0x01, 93);
    let arrays = vec![array(32, &[0x40, 1]), array(33, &[0x42, 1, 1]), array(34, &[0x44])];
    let config = hevc::DecoderConfiguration { general, length_size: 2, flags: 0x0c, arrays };
    let parsed = hevc::DecoderConfiguration::parse(&config.to_bytes()).unwrap();
    assert_eq!(parsed, config);
    assert_eq!((parsed.profile(), parsed.level()), (1, 93));
    assert_eq!(parsed.units(33).next().unwrap()[..], [0x42, 1, 1]);
}

#[test]
fn opus_header_with_a_mapping() {
    let table = Bytes::from_static(&[0, 4, 1, 2, 3, 5]);
    let mapping = Some(opus::Mapping { family: 1, streams: 4, coupled: 2, table });
    let header = opus::Header { mapping, gain: -256, ..opus::Header::new(6, 48_000) };
    assert_eq!(opus::Header::parse(&header.to_bytes()), Ok(header));
    assert!(opus::Header::parse(&opus::Header::new(3, 48_000).to_bytes()).is_err());
    assert!(opus::Header::parse(&opus::Header::new(0, 48_000).to_bytes()).is_err());
}

fn data() -> impl Strategy<Value = Bytes> {
    proptest::collection::vec(any::<u8>(), 0..40).prop_map(Bytes::from)
}

fn layout() -> impl Strategy<Value = Layout> {
    use Layout::*;
    proptest::sample::select(vec![Legacy, Enhanced, OneTrack, ManyTracks, ManyCodecs])
}

fn modifiers_of(layout: Layout) -> impl Strategy<Value = Vec<ModEx>> {
    let one = (0..16u8, proptest::collection::vec(any::<u8>(), 1..400))
        .prop_map(|(kind, data)| ModEx { kind, data: data.into() });
    proptest::collection::vec(one, if layout.is_enhanced() { 0..3 } else { 0..1 })
}

prop_compose! {
    fn any_video()(layout in layout())(
        layout in Just(layout), modifiers in modifiers_of(layout), x in any::<bool>(),
        frame in 1..4u8, tracks in proptest::collection::vec((any::<u8>(), 0..5usize, -0x80_0000..0x80_0000i32, data()), 1..5),
    ) -> Video {
        let codecs = [VideoCodec::Avc, VideoCodec::Hevc, VideoCodec::Av1, VideoCodec::Vp9, VideoCodec::FourCc(FourCc(*b"rust"))];
        let packet = if x && layout.is_enhanced() { VideoPacket::CodedFramesX } else { VideoPacket::CodedFrames };
        let common = if layout == Layout::Legacy { VideoCodec::Avc } else { codecs[tracks[0].1] };
        let many = matches!(layout, Layout::ManyTracks | Layout::ManyCodecs);
        let mut tracks = tracks.into_iter().take(if many { 5 } else { 1 }).map(|(id, codec, composition, data)| {
            let codec = if layout == Layout::ManyCodecs { codecs[codec] } else { common };
            let timed = codec.reorders() && packet == VideoPacket::CodedFrames;
            let id = if layout.is_enhanced() && layout != Layout::Enhanced { id } else { 0 };
            VideoTrack { id, codec, composition: if timed { composition } else { 0 }, data }
        });
        let frame = [FrameType::Key, FrameType::Inter, FrameType::Disposable][usize::from(frame) - 1];
        Video { frame, packet, track: tracks.next().unwrap(), more: tracks.collect(), layout, modifiers }
    }
}

proptest! {
    #[test]
    fn every_video_comes_back(video in any_video()) {
        prop_assert_eq!(Video::parse(&video.to_bytes()), Ok(video));
    }

    #[test]
    fn every_enhanced_audio_comes_back(
        modifiers in modifiers_of(Layout::Enhanced),
        many in any::<bool>(),
        tracks in proptest::collection::vec((any::<u8>(), data()), 1..5),
    ) {
        let layout = if many { Layout::ManyTracks } else { Layout::Enhanced };
        let mut tracks = tracks.into_iter().take(if many { 5 } else { 1 })
            .map(|(id, data)| AudioTrack { id: if many { id } else { 0 }, codec: AudioCodec::Opus, data });
        let audio = Audio {
            packet: AudioPacket::CodedFrames, sound: Sound::AAC,
            track: tracks.next().unwrap(), more: tracks.collect(), layout, modifiers,
        };
        prop_assert_eq!(Audio::parse(&audio.to_bytes()), Ok(audio));
    }

    #[test]
    fn whatever_parses_prints_the_same_meaning(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        let payload = Bytes::from(bytes);
        if let Ok(video) = Video::parse(&payload) {
            prop_assert_eq!(Video::parse(&video.to_bytes()).map(|again| again.codec()), Ok(video.codec()));
        }
        if let Ok(audio) = Audio::parse(&payload) {
            prop_assert_eq!(Audio::parse(&audio.to_bytes()).map(|again| again.codec()), Ok(audio.codec()));
        }
    }
}
