//! Payloads and decoder configurations made to break a reader: an error each, and nothing worse.

use bytes::Bytes;
use rtmp::tag::{Audio, Error, Video, VideoCodec, aac, avc, hevc, opus};
use wire::Rng;

//= flv#E.4.3.2/avc-config test
#[test]
fn avc_sets_past_the_end() {
    let mut bytes = vec![1, 0x42, 0, 30, 0xff, 0xe0 | 31];
    assert_eq!(avc::DecoderConfiguration::parse(&bytes.clone().into()), Err(Error::Truncated));
    for _ in 0..31 {
        bytes.extend([0, 1, 0x67]);
    }
    assert_eq!(avc::DecoderConfiguration::parse(&bytes.clone().into()), Err(Error::Truncated), "no picture sets");
    bytes.push(0);
    assert_eq!(avc::DecoderConfiguration::parse(&bytes.clone().into()).unwrap().sps.len(), 31);
    (bytes[6], bytes[7]) = (0xff, 0xff);
    assert_eq!(avc::DecoderConfiguration::parse(&bytes.clone().into()), Err(Error::Truncated));
    bytes[4] = 0xfe;
    assert_eq!(avc::DecoderConfiguration::parse(&bytes.clone().into()), Err(Error::LengthSize(3)));
    bytes[0] = 2;
    assert_eq!(avc::DecoderConfiguration::parse(&bytes.into()), Err(Error::Version(2)));
    assert_eq!(avc::DecoderConfiguration::new([Bytes::from_static(&[0x67])], []), Err(Error::Truncated));
    let long = Bytes::from(vec![0x67; 65_536]);
    assert_eq!(avc::DecoderConfiguration::new([long], []), Err(Error::TooMany));
}

#[test]
fn nal_units_of_nothing_and_past_the_end() {
    for (bytes, error) in [
        (&[0, 0, 0, 0, 0x65][..], Error::EmptyNal),
        (&[0, 0, 0, 2, 0x65], Error::Truncated),
        (&[0xff, 0xff, 0xff, 0xff, 0x65], Error::Truncated),
        (&[0, 0, 0], Error::Truncated),
    ] {
        let units: Vec<_> = avc::nal_units(Bytes::copy_from_slice(bytes), 4).collect();
        assert_eq!(units, [Err(error)], "{bytes:?}");
    }
    // A length size out of range is one that can be read.
    assert_eq!(avc::nal_units(Bytes::from_static(&[1, 9]), 0).count(), 1);
    assert_eq!(avc::nal_units(Bytes::from_static(&[1, 9]), usize::MAX).count(), 1);
}

#[test]
fn aac_configuration_of_one_byte() {
    assert_eq!(aac::AudioSpecificConfig::parse(&Bytes::from_static(&[0x12])), Err(Error::Truncated));
    assert_eq!(aac::AudioSpecificConfig::parse(&Bytes::new()), Err(Error::Truncated));
    assert_eq!(aac::AudioSpecificConfig::parse(&Bytes::from_static(&[0x16, 0x90])), Err(Error::Format), "rate 13");
    let zero = Bytes::from_static(&[0x17, 0x80, 0, 0, 0x10]);
    assert_eq!(aac::AudioSpecificConfig::parse(&zero), Err(Error::Format), "0 Hz");
}

#[test]
fn unknown_fourcc_is_kept() {
    let video = Video::parse(&Bytes::from_static(b"\x91zzzz\x01\x02")).unwrap();
    assert_eq!((video.codec().to_string(), video.codec().has_sequence_header()), ("zzzz".into(), false));
    assert_eq!(video.track.data[..], [1, 2]);
    assert!(Audio::parse(&Bytes::from_static(b"\x91\0\xff\n\"x")).is_ok());
}

//= e-rtmp#multitrack/no-nesting test
#[test]
fn tracks_within_tracks() {
    assert_eq!(Video::parse(&Bytes::from_static(b"\x96\x06avc1\0")), Err(Error::NestedMultitrack));
    assert_eq!(Audio::parse(&Bytes::from_static(b"\x95\x15Opus\0")), Err(Error::NestedMultitrack));
    assert_eq!(Video::parse(&Bytes::from_static(b"\x96\x07avc1\0")), Err(Error::PacketType(7)));
    assert_eq!(Video::parse(&Bytes::from_static(b"\x96\x31avc1\0")), Err(Error::MultitrackType(3)));
    assert_eq!(Video::parse(&Bytes::from_static(b"\x96\x11avc1")), Err(Error::Truncated), "not one track");
    assert_eq!(Video::parse(&Bytes::from_static(b"\x96\x11vp09\0\xff\xff\xff")), Err(Error::Truncated));
}

#[test]
fn tracks_and_modifiers_are_counted() {
    let mut tracks = b"\x95\x11Opus".to_vec();
    for id in 0..Video::TRACKS {
        tracks.extend([id as u8, 0, 0, 0]);
    }
    assert_eq!(Audio::parse(&tracks.clone().into()).unwrap().tracks().count(), Video::TRACKS);
    tracks.extend([99, 0, 0, 0]);
    assert_eq!(Audio::parse(&tracks.into()), Err(Error::TooMany));
    let mut modifiers = vec![0x97];
    modifiers.extend([0, 0, 0x07].repeat(10_000));
    assert_eq!(Audio::parse(&modifiers.into()), Err(Error::TooMany));
}

#[test]
fn every_cut_is_an_error_or_a_shorter_payload() {
    for whole in [
        &b"\x17\x01\0\0\x50\0\0\0\x01\x65"[..],
        b"\x97\x02\0\0\x09\x06\x21avc1\x00\0\0\x04\0\0\x05nvp09\x01\0\0\x01n",
        b"\xaf\0\x12\x10",
        b"\x95\x11Opus\x00\0\0\x02ab\x01\0\0\x01c",
    ] {
        for len in 0..whole.len() {
            let cut = Bytes::copy_from_slice(&whole[..len]);
            let _ = (Video::parse(&cut), Audio::parse(&cut));
        }
    }
    assert_eq!(Video::parse(&Bytes::new()), Err(Error::Truncated));
    assert_eq!(Audio::parse(&Bytes::new()), Err(Error::Truncated));
}

#[test]
fn noise() {
    let seed = 0x7461_6773;
    println!("seed {seed}");
    let mut rng = Rng::from_u64(seed);
    for _ in 0..20_000 {
        let mut bytes = vec![0; rng.below(60) as usize];
        rng.fill(&mut bytes);
        let bytes = Bytes::from(bytes);
        if let Ok(video) = Video::parse(&bytes) {
            let _ = (video.to_bytes(), Video::frame(VideoCodec::Av1, true, i32::MIN, bytes.clone()).to_bytes());
        }
        let _ = Audio::parse(&bytes).map(|audio| audio.to_bytes());
        let _ = avc::DecoderConfiguration::parse(&bytes).map(|config| config.to_bytes());
        let _ = hevc::DecoderConfiguration::parse(&bytes).map(|config| config.to_bytes());
        let _ = aac::AudioSpecificConfig::parse(&bytes).map(|config| config.to_bytes());
        let _ = opus::Header::parse(&bytes).map(|header| header.to_bytes());
        let _ = avc::nal_units(bytes, 4).count();
    }
}
