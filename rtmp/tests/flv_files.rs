//! Whole files: a recorded one in pieces of every size, what is written is read, appending, seeking.

use amf::amf0::Value;
use bytes::{Bytes, BytesMut};
use rtmp::flv::{Config, Header, Limits, Metadata, Patch, Reader, Scan, Summary, Tag, TagKind, Writer};
use rtmp::tag::{Audio, Video, VideoCodec, aac, avc};

/// Recorded with ffmpeg 5.1.9: test picture 320x180 at 15 frames a second, tone in mono, 3 s.
const RECORDED: &[u8] = include_bytes!("data/source_h264_aac_3s.flv");

fn tags(data: &[u8], piece: usize) -> (Vec<Tag>, Reader) {
    let mut reader = Reader::new(Limits::default());
    let mut tags = Vec::new();
    for piece in data.chunks(piece) {
        reader.push(Bytes::copy_from_slice(piece));
        tags.extend(std::iter::from_fn(|| reader.next()).map(Result::unwrap));
    }
    (tags, reader)
}

fn scan(data: &[u8]) -> Summary {
    let mut scan = Scan::new(Limits::default(), 1000);
    scan.push(Bytes::copy_from_slice(data)).unwrap();
    scan.finish()
}

fn patched(mut file: BytesMut, patches: Vec<Patch>) -> Bytes {
    for patch in patches {
        let at = usize::try_from(patch.offset).unwrap();
        file[at..at + patch.data.len()].copy_from_slice(&patch.data);
    }
    file.freeze()
}

fn picture(timestamp: u32, key: bool) -> Tag {
    let payload = Video::frame(VideoCodec::Avc, key, 0, Bytes::from_static(&[0, 0, 0, 1, 9])).to_bytes();
    Tag { kind: TagKind::Video, timestamp, payload }
}

fn sound(timestamp: u32) -> Tag {
    Tag { kind: TagKind::Audio, timestamp, payload: Bytes::from_static(&[0x72, 0xd5, 0xd5]) }
}

fn write(tags: &[Tag]) -> Bytes {
    let (mut writer, mut out) = (Writer::new(Config::default()), BytesMut::new());
    tags.iter().for_each(|tag| writer.write(tag, &mut out));
    let patches = writer.finish(&mut out);
    patched(out, patches)
}

//= flv#E.2/reader test
//= flv#E.4.1/reader test
#[test]
fn a_recorded_file_in_pieces_of_every_size() {
    let (whole, reader) = tags(RECORDED, RECORDED.len());
    assert_eq!((reader.pending(), reader.damaged()), (0, 0));
    assert_eq!(reader.header(), Some(Header { audio: true, video: true }));
    assert_eq!(reader.position(), RECORDED.len() as u64);
    let count = |kind| whole.iter().filter(|tag| tag.kind == kind).count();
    // 45 pictures, the configuration and the end of the sequence; 131 frames of sound and the configuration.
    assert_eq!((count(TagKind::Script), count(TagKind::Video)), (1, 47));
    assert!(count(TagKind::Audio) >= 129, "{}", count(TagKind::Audio));
    for piece in (1..20).chain([64, 333, 4096, 65_536]) {
        assert_eq!(tags(RECORDED, piece).0, whole, "pieces of {piece}");
    }
    let metadata = Metadata::parse(&whole[0].payload).unwrap();
    assert_eq!((metadata.number("width"), metadata.number("videocodecid")), (Some(320.0), Some(7.0)));
    assert_eq!(metadata.to_bytes(), whole[0].payload);
    for tag in &whole[1..] {
        match tag.kind {
            TagKind::Audio => assert_eq!(Audio::parse(&tag.payload).unwrap().to_bytes(), tag.payload),
            _ => assert_eq!(Video::parse(&tag.payload).unwrap().to_bytes(), tag.payload),
        }
    }
}

#[test]
fn the_configurations_of_a_recorded_file() {
    let summary = scan(RECORDED);
    let video = Video::parse(&summary.video_header.unwrap().payload).unwrap();
    let config = avc::DecoderConfiguration::parse(&video.track.data).unwrap();
    assert_eq!(config.to_bytes(), video.track.data);
    let audio = Audio::parse(&summary.audio_header.unwrap().payload).unwrap();
    assert_eq!(aac::AudioSpecificConfig::parse(&audio.track.data).unwrap().sample_rate, 44_100);
    for tag in tags(RECORDED, 1000).0.iter().filter(|tag| tag.kind == TagKind::Video) {
        let video = Video::parse(&tag.payload).unwrap();
        if video.packet.is_frames() {
            let units: Vec<_> = avc::nal_units(video.track.data.clone(), 4).collect::<Result<_, _>>().unwrap();
            assert_eq!(avc::join(&units), video.track.data);
        }
    }
}

//= flv#E.2/header test
//= flv#E.3/previous-size test
//= flv#E.4.1/header test
#[test]
fn what_is_written_is_read() {
    let given = [picture(0, true), sound(3), picture(0x0123_4567, false), picture(0x0123_4590, true)];
    let file = write(&given);
    assert_eq!(file[..13], *b"FLV\x01\x05\0\0\0\x09\0\0\0\0");
    let (read, reader) = tags(&file, 7);
    assert_eq!((&read[1..], reader.damaged(), reader.pending()), (&given[..], 0, 0));
    let metadata = Metadata::parse(&read[0].payload).unwrap();
    assert_eq!(metadata.number("duration"), Some(f64::from(0x0123_4590) / 1000.0));
    assert_eq!(metadata.number("filesize"), Some(file.len() as f64));
    let frames = metadata.values().get("keyframes").unwrap();
    assert_eq!(frames.get("times").unwrap().as_array().unwrap().len(), 2);
    let at = frames.get("filepositions").unwrap().as_array().unwrap()[1].as_f64().unwrap() as usize;
    assert_eq!(file[at], 9, "a key frame stands where the metadata says");
}

#[test]
fn a_copied_file_keeps_its_metadata_and_media() {
    let (recorded, _) = tags(RECORDED, 5000);
    let (copied, _) = tags(&write(&recorded), 5000);
    assert_eq!(copied[1..], recorded[1..]);
    let metadata = Metadata::parse(&copied[0].payload).unwrap();
    assert_eq!(metadata.number("height"), Some(180.0));
    assert!(metadata.number("duration").is_some_and(|seconds| (3.0..3.2).contains(&seconds)));
}

//= flv#E.3/first-zero test
//= flv#E.5/duration test
#[test]
fn times_begin_at_zero() {
    let header = Tag { payload: Video::sequence_start(VideoCodec::Avc, Bytes::new()).to_bytes(), ..picture(0, true) };
    let late = [header, picture(5_000_000, true), picture(5_000_040, false), picture(4_999_999, false)];
    let times: Vec<u32> = tags(&write(&late), 99).0[1..].iter().map(|tag| tag.timestamp).collect();
    assert_eq!(times, [0, 0, 40, 0]);
    let around_the_wrap = [picture(u32::MAX - 9, true), picture(30, false)];
    assert_eq!(tags(&write(&around_the_wrap), 99).0[2].timestamp, 40);
    let config = Config { rebase: false, ..Config::default() };
    let (mut writer, mut out) = (Writer::new(config), BytesMut::new());
    writer.write(&picture(77, true), &mut out);
    assert_eq!(tags(&out, 99).0[1].timestamp, 77);
}

#[test]
fn appending_goes_on_20_ms_later_and_describes_all() {
    let first = write(&[picture(0, true), picture(40, false)]);
    let summary = scan(&first);
    assert_eq!((summary.end, summary.last, summary.torn), (first.len() as u64, Some(40), 0));
    let (mut writer, mut file) = (Writer::append(Config::default(), &summary), BytesMut::from(&first[..]));
    writer.write(&picture(900_000, true), &mut file);
    writer.write(&picture(900_040, false), &mut file);
    let patches = writer.finish(&mut file);
    let file = patched(file, patches);
    let (read, reader) = tags(&file, 333);
    assert_eq!(reader.damaged(), 0);
    assert_eq!(read[1..].iter().map(|tag| tag.timestamp).collect::<Vec<_>>(), [0, 40, 60, 100]);
    let metadata = Metadata::parse(&read[0].payload).unwrap();
    assert_eq!(metadata.number("duration"), Some(0.1));
    let frames = metadata.values().get("keyframes").unwrap();
    assert_eq!(frames.get("times").unwrap().as_array().unwrap().len(), 2);
}

#[test]
fn appending_to_a_torn_file_of_another_program() {
    let torn = &RECORDED[..RECORDED.len() - 3];
    let summary = scan(torn);
    assert!(summary.torn > 0 && summary.end < torn.len() as u64);
    let mut file = BytesMut::from(&torn[..summary.end as usize]);
    let mut writer = Writer::append(Config::default(), &summary);
    writer.write(&picture(0, true), &mut file);
    let last = summary.last.unwrap() + 20;
    assert_eq!(writer.last(), Some(last));
    let patches = writer.finish(&mut file);
    let (read, reader) = tags(&patched(file, patches), 4096);
    assert_eq!(reader.damaged(), 0);
    let metadata = Metadata::parse(&read[0].payload).unwrap();
    assert_eq!(metadata.number("duration"), Some(f64::from(last) / 1000.0));
    // An empty file is one that begins.
    let mut out = BytesMut::new();
    Writer::append(Config::default(), &scan(b"")).write(&sound(9), &mut out);
    assert!(out.starts_with(b"FLV"));
}

#[test]
fn seeking_starts_at_a_key_frame() {
    let many: Vec<Tag> = (0..500).map(|n| picture(n * 40, n % 50 == 0)).collect();
    let file = write(&many);
    let entry = scan(&file).index.seek(7_999).unwrap();
    assert_eq!(entry.time, 6_000);
    let mut reader = Reader::from_tag(Limits::default(), entry.position);
    reader.push(Bytes::copy_from_slice(&file[entry.position as usize..]));
    let tag = reader.next().unwrap().unwrap();
    assert!(tag.is_key_frame() && tag.timestamp == 6_000);
    // Sound alone can start at every second.
    let sounds: Vec<Tag> = (0..500).map(|n| sound(n * 20)).collect();
    let index = scan(&write(&sounds)).index;
    assert_eq!((index.entries().len(), index.seek(5_500).unwrap().time), (10, 5_000));
    assert_eq!(scan(b"").index.seek(0), None);
}

#[test]
fn an_index_of_many_key_frames_is_thinned() {
    let many: Vec<Tag> = (0..5_000).map(|n| picture(n * 40, true)).collect();
    let file = write(&many);
    let metadata = Metadata::parse(&tags(&file, 65_536).0[0].payload).unwrap();
    let times = metadata.values().get("keyframes").unwrap().get("times").unwrap().as_array().unwrap().len();
    assert!((100..=256).contains(&times), "{times}");
    let mut scan = Scan::new(Limits::default(), 64);
    scan.push(file).unwrap();
    let index = scan.finish().index;
    assert!((16..=64).contains(&index.entries().len()), "{}", index.entries().len());
    assert!(index.seek(100_000).unwrap().time > 90_000);
}

//= flv#E.5/metadata test
#[test]
fn metadata_in_both_forms() {
    for marker in [8, 3] {
        let mut payload = b"\x02\0\x0aonMetaData".to_vec();
        payload.push(marker);
        payload.extend(if marker == 8 { &[0, 0, 0, 1][..] } else { &[] });
        payload.extend(b"\0\x05width\0\x40\x74\0\0\0\0\0\0\0\0\x09");
        let payload = Bytes::from(payload);
        let metadata = Metadata::parse(&payload).unwrap();
        assert_eq!((metadata.number("width"), metadata.to_bytes()), (Some(320.0), payload));
    }
    assert!(Metadata::parse(&Bytes::from_static(b"\x02\0\x0aonMetaData\x05")).is_none());
    assert!(Metadata::parse(&Bytes::from_static(b"\x02\0\x0aonCuePoint")).is_none());
}

/// ffmpeg reads metadata up to the first string of 1,024 bytes, and no further.
#[test]
fn the_room_for_key_frames_holds_no_long_string() {
    fn longest(value: &Value) -> usize {
        match value {
            Value::String(text) => text.len(),
            Value::StrictArray(values) => values.iter().map(longest).max().unwrap_or(0),
            Value::Object(values) | Value::EcmaArray(values) => {
                values.iter().map(|(_, v)| longest(v)).max().unwrap_or(0)
            }
            _ => 0,
        }
    }
    for key_frames in (0..300).chain([3000]) {
        let mut writer = Writer::new(Config { key_frames, ..Config::default() });
        let mut file = BytesMut::new();
        writer.write(&picture(0, true), &mut file);
        writer.write(&picture(40, true), &mut file);
        let patches = writer.finish(&mut file);
        let file = patched(file, patches);
        let (tags, reader) = tags(&file, file.len());
        assert_eq!((tags.len(), reader.damaged()), (3, 0));
        let values = amf::amf0::decode_all(tags[0].payload.clone(), &amf::Limits::default()).unwrap();
        assert!(longest(&values[1]) < 1024, "{key_frames}");
        assert_eq!(values[1].get("duration").and_then(Value::as_f64), Some(0.04), "{key_frames}");
    }
}
