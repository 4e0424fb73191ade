//! `rtmp-server`, `rtmp-copy` and `sip-rtmp`.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use rtmp::flv::{Config, Tag, TagKind, Writer};
use rtmp::tag::{Video, VideoCodec};

use crate::program::{Folder, Program};
use crate::record::check;

const COPY: &str = env!("CARGO_BIN_EXE_rtmp-copy");

fn flv(tags: impl IntoIterator<Item = Tag>) -> Vec<u8> {
    let (mut writer, mut out) = (Writer::new(Config::default()), BytesMut::new());
    tags.into_iter().for_each(|tag| writer.write(&tag, &mut out));
    for patch in writer.finish(&mut out) {
        let at = usize::try_from(patch.offset).unwrap();
        out[at..at + patch.data.len()].copy_from_slice(&patch.data);
    }
    out.to_vec()
}

fn video(timestamp: u32, video: &Video) -> Tag {
    Tag { kind: TagKind::Video, timestamp, payload: video.to_bytes() }
}

/// Sound in G.711 mu-law, 20 ms at a time.
fn sound(timestamp: u32) -> Tag {
    let mut payload = vec![0x82; 161];
    payload[1..].iter_mut().enumerate().for_each(|(n, sample)| *sample = (n * 7) as u8);
    Tag { kind: TagKind::Audio, timestamp, payload: payload.into() }
}

#[test]
fn publish_and_play() {
    let folder = Folder::new("rtmp");
    let picture =
        |n: u32| video(n * 40, &Video::frame(VideoCodec::Avc, n == 0, 0, Bytes::from_static(&[0, 0, 0, 1, 9])));
    let configuration = video(0, &Video::sequence_start(VideoCodec::Avc, Bytes::from_static(&[1, 77, 0, 30])));
    let media = (0..10).flat_map(|n| [picture(n), sound(n * 40)]);
    let film = folder.write("film.flv", flv(std::iter::once(configuration).chain(media)));
    let trace = folder.file("server.pcap");
    let args = ["--json", "--listen", "rtmp:127.0.0.2:0", "--trace", &trace];
    let mut server = Program::start(env!("CARGO_BIN_EXE_rtmp-server"), &args);
    let url = format!("rtmp://127.0.0.2:{}/live/film", server.port("rtmp:127.0.0.2:"));
    let copy = folder.file("copy.flv");
    let player = Program::start(COPY, &[&url, &copy, "--timeout", "3"]);
    std::thread::sleep(Duration::from_millis(500)); // it waits for the stream
    Program::start(COPY, &[&film, &url]).end();
    player.end();
    check("rtmp-publish", &[trace], |_| true);
}

#[test]
fn a_publisher_becomes_a_call() {
    let folder = Folder::new("gateway");
    let talk = folder.write("talk.flv", flv((0..25).map(|n| sound(n * 20))));
    let listen = ["--json", "--quiet", "--int-ip", "127.0.0.4", "--transport", "udp", "--listen"];
    let listen = [&listen[..], &["--auto-respond-after", "0", "--user", "bob"]].concat();
    let mut bob = Program::start(env!("CARGO_BIN_EXE_dialer"), &listen);
    let bob_at = bob.port("udp:127.0.0.4:");
    let config = folder.write("sip-rtmp.toml", "[dial-plan]\nfrom = 'sip:studio@127.0.0.3'\ncodecs = ['pcmu']\n");
    let trace = folder.file("gateway.pcap");
    let args =
        ["--json", "--listen", "rtmp:127.0.0.3:0", "--int-ip", "127.0.0.3", "--config", &config, "--trace", &trace];
    let mut gateway = Program::start(env!("CARGO_BIN_EXE_sip-rtmp"), &args);
    let port = gateway.port("rtmp:127.0.0.3:");
    let url = format!("rtmp://127.0.0.3:{port}/call/sip:bob@127.0.0.4:{bob_at}");
    Program::start(COPY, &[&talk, &url]).end();
    bob.wait(&["\"report\""]);
    check("gateway", &[trace], |_| true);
}
