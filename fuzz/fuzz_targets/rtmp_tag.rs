#![no_main]
//! Payloads of any content: what is read prints as something that reads the same, and configurations never panic.
use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use rtmp::tag::{Audio, Channels, Layout, Video, VideoPacket, aac, avc, hevc, opus};

fuzz_target!(|data: &[u8]| {
    let data = Bytes::copy_from_slice(data);
    if let Ok(video) = Video::parse(&data) {
        // A command's packet type, and what follows a command or an early end, are not kept.
        if !matches!(video.packet, VideoPacket::Command(_) | VideoPacket::SequenceEnd) {
            assert_eq!(video.to_bytes(), canonical(&video.layout, &data, video.to_bytes()));
            assert_eq!(Video::parse(&video.to_bytes()), Ok(video.clone()));
        }
        for track in video.tracks() {
            configurations(&track.data);
        }
    }
    if let Ok(audio) = Audio::parse(&data) {
        assert_eq!(Audio::parse(&audio.to_bytes()), Ok(audio.clone()));
        for track in audio.tracks() {
            configurations(&track.data);
        }
    }
    configurations(&data);
});

/// Only the length of a modifier can be said in two ways.
fn canonical(layout: &Layout, data: &Bytes, printed: Bytes) -> Bytes {
    let modified = layout.is_enhanced() && data.first().is_some_and(|first| first & 15 == 7);
    if modified { printed } else { data.clone() }
}

fn configurations(data: &Bytes) {
    if let Ok(config) = avc::DecoderConfiguration::parse(data) {
        assert_eq!(avc::DecoderConfiguration::parse(&config.to_bytes()), Ok(config));
    }
    if let Ok(config) = hevc::DecoderConfiguration::parse(data) {
        assert_eq!(hevc::DecoderConfiguration::parse(&config.to_bytes()), Ok(config));
    }
    if let Ok(config) = aac::AudioSpecificConfig::parse(data) {
        assert_eq!(aac::AudioSpecificConfig::parse(&config.to_bytes()), Ok(config));
    }
    if let Ok(header) = opus::Header::parse(data) {
        assert_eq!(opus::Header::parse(&header.to_bytes()), Ok(header));
    }
    if let Ok(channels) = Channels::parse(data) {
        assert_eq!(Channels::parse(&channels.to_bytes()), Ok(channels));
    }
    for size in [1, 2, 4] {
        let units: Vec<_> = avc::nal_units(data.clone(), size).map_while(Result::ok).collect();
        assert!(units.iter().all(|unit| !unit.is_empty()));
    }
}
