//! Our RTP payloads decoded by ffmpeg, and ffmpeg's by us: H.264 in both packetization modes, Opus, G.722, G.711.
use std::net::UdpSocket;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use bytes::Bytes;
use rfc3550::{Csrcs, Packet};
use rfc3551::h264::{Depacketizer, Limits, Mode, Output, Packetizer, annex_b};

use crate::peers::{Proc, free_port, scratch};
use crate::programs::Film;

/// What ffmpeg sends, until it is silent.
fn packets_of(input: &[&str], coding: &[&str]) -> Vec<Packet> {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    socket.set_read_timeout(Some(Duration::from_secs(4))).expect("a limit");
    let url = format!("rtp://{}", socket.local_addr().expect("an address"));
    let mut command = Command::new("ffmpeg");
    let _sender =
        Proc::start("ffmpeg", command.args(["-v", "error", "-re"]).args(input).args(coding).args(["-f", "rtp", &url]));
    let mut found = Vec::new();
    let mut buffer = vec![0; 65_536];
    while let Ok(length) = socket.recv(&mut buffer) {
        found.extend(Packet::parse(Bytes::copy_from_slice(&buffer[..length])));
    }
    found
}

/// An ffmpeg that decodes what comes, and the socket to send it from.
fn decoder(dir: &Path, media: &str, output: &[&str]) -> (Proc, UdpSocket) {
    let port = free_port();
    let sdp = dir.join("in.sdp");
    let media = media.replace("PORT", &port.to_string());
    let text = format!("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n{media}");
    std::fs::write(&sdp, text).expect("a file");
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-nostdin", "-y", "-protocol_whitelist", "file,udp,rtp", "-i"]).arg(&sdp).args(output);
    let proc = Proc::start("ffmpeg", &mut command);
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    let _nobody_yet = socket.connect(("127.0.0.1", port));
    std::thread::sleep(Duration::from_secs(1));
    (proc, socket)
}

/// Sends payloads, each at its time; a payload type beside each.
fn send(socket: &UdpSocket, payload_type: u8, payloads: impl IntoIterator<Item = (Duration, u32, bool, Bytes)>) {
    let start = Instant::now();
    for (sequence, (at, timestamp, marker, payload)) in payloads.into_iter().enumerate() {
        std::thread::sleep((start + at).saturating_duration_since(Instant::now()));
        let (csrcs, sequence) = (Csrcs::default(), sequence as u16);
        let packet =
            Packet { marker, payload_type, sequence, timestamp, ssrc: 7, csrcs, extension: None, payload, padding: 0 };
        let _it_has_enough = socket.send(&packet.to_bytes());
    }
}

/// The share of a tone among samples, 0 to 1.
fn share(samples: &[i16], rate: u32, hz: f64) -> f64 {
    let c = 2.0 * (std::f64::consts::TAU * hz / f64::from(rate)).cos();
    let (mut a, mut b, mut power) = (0.0, 0.0, 0.0);
    for &sample in samples {
        (a, b) = (f64::from(sample) + c * a - b, a);
        power += f64::from(sample).powi(2);
    }
    let tone = (a * a + b * b - c * a * b).max(0.0) * 2.0 / samples.len() as f64;
    tone / power.max(1.0)
}

const AUDIO: [(&str, &[&str], u8, &str); 3] = [
    ("opus", &["-c:a", "libopus"], 111, "opus/48000/2"),
    ("G722", &["-c:a", "g722", "-ar", "16000"], 9, "G722/8000"),
    ("PCMA", &["-c:a", "pcm_alaw", "-ar", "8000"], 8, "PCMA/8000"),
];

#[test]
fn audio_of_ffmpeg_is_decoded_by_us() {
    for (name, coding, _, _) in AUDIO {
        let packets = packets_of(&["-f", "lavfi", "-i", "sine=frequency=600:sample_rate=48000", "-t", "2"], coding);
        let mut codec = rfc3551::open(name).expect("a codec");
        let mut samples = Vec::new();
        packets.iter().for_each(|packet| codec.decode(&packet.payload, &mut samples));
        let seconds = samples.len() as f64 / f64::from(codec.sample_rate());
        let share = share(&samples, codec.sample_rate(), 600.0);
        println!("{name}: {} packets of ffmpeg, {seconds:.2} s, {:.1} % tone", packets.len(), share * 100.0);
        assert!((1.9..2.2).contains(&seconds) && share > 0.9, "{name}");
    }
}

#[test]
fn our_audio_is_decoded_by_ffmpeg() {
    let dir = scratch("rtp-audio");
    for (name, _, number, map) in AUDIO {
        let raw = dir.join(format!("{name}.raw"));
        let media = format!("m=audio PORT RTP/AVP {number}\r\na=rtpmap:{number} {map}\r\n");
        let path = raw.to_string_lossy();
        let (mut ffmpeg, socket) = decoder(&dir, &media, &["-t", "2", "-ar", "8000", "-ac", "1", "-f", "s16le", &path]);
        let mut codec = rfc3551::open(name).expect("a codec");
        let (rate, frame) = (codec.sample_rate(), codec.sample_rate() / 50);
        let ticks = codec.clock_rate() / 50;
        let payloads = (0..300u32).map(|n| {
            let angle = |at: u32| std::f64::consts::TAU * 600.0 * f64::from(at) / f64::from(rate);
            let samples: Vec<i16> = (0..frame).map(|at| (9000.0 * angle(n * frame + at).sin()) as i16).collect();
            let mut payload = Vec::new();
            codec.encode(&samples, &mut payload);
            (Duration::from_millis(20) * n, n * ticks, n == 0, payload.into())
        });
        send(&socket, number, payloads);
        assert_eq!(ffmpeg.exit_code(Duration::from_secs(20)), 0, "{name}: {}", ffmpeg.output());
        let bytes = std::fs::read(&raw).expect("samples");
        let samples: Vec<i16> = bytes.chunks_exact(2).map(|two| i16::from_le_bytes([two[0], two[1]])).collect();
        let share = share(&samples[800..], 8000, 600.0);
        println!("{name}: {} of our samples decoded by ffmpeg, {:.1} % tone", samples.len(), share * 100.0);
        assert!(samples.len() >= 15_000 && share > 0.9, "{name}");
    }
}

#[test]
fn pictures_of_ffmpeg_are_put_together_by_us() {
    let dir = scratch("rtp-film-in");
    let film = Film::h264(&dir);
    let path = film.path.to_string_lossy();
    let packets = packets_of(&["-i", &path], &["-an", "-c:v", "copy", "-bsf:v", "h264_mp4toannexb"]);
    let mut depacketizer = Depacketizer::new(Limits::default());
    let mut stream = Vec::new();
    let mut pictures = 0;
    for packet in &packets {
        depacketizer.push(packet.sequence, packet.timestamp, packet.marker, &packet.payload);
        while let Some(output) = depacketizer.pop() {
            if let Output::AccessUnit(unit) = output {
                assert!(!unit.after_loss);
                pictures += 1;
                unit.nal_units.iter().for_each(|nal| stream.extend([&[0, 0, 0, 1], &nal[..]].concat()));
            }
        }
    }
    let file = dir.join("out.h264");
    std::fs::write(&file, stream).expect("a file");
    println!("{} packets of ffmpeg, {pictures} pictures", packets.len());
    assert_eq!(decoded(&file), decoded(&film.path), "every picture, decoded, is the one of the film");
}

/// The checksum of every picture.
fn decoded(file: &Path) -> Vec<String> {
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-i"]).arg(file).args(["-map", "0:v", "-f", "framecrc", "-"]);
    sums(&String::from_utf8_lossy(&command.output().expect("ffmpeg runs").stdout))
}

fn sums(text: &str) -> Vec<String> {
    let lines = text.lines().filter(|line| line.starts_with("0,"));
    lines.filter_map(|line| Some(line.rsplit(',').next()?.trim().to_owned())).collect()
}

#[test]
fn our_pictures_are_decoded_by_ffmpeg() {
    let dir = scratch("rtp-film-out");
    let film = Film::h264(&dir);
    let file = dir.join("film.h264");
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-y", "-i"]).arg(&film.path).args(["-an", "-c:v", "libx264", "-bf", "0", "-g", "15"]);
    assert!(command.args(["-x264-params", "aud=1"]).arg(&file).status().expect("ffmpeg runs").success());
    let expected = decoded(&file);
    let stream = Bytes::from(std::fs::read(&file).expect("a film"));
    let mut pictures: Vec<Vec<Bytes>> = Vec::new();
    for nal in annex_b(&stream) {
        if nal[0] & 31 == 9 {
            pictures.push(Vec::new()); // the delimiter
        } else if let Some(picture) = pictures.last_mut() {
            picture.push(nal);
        }
    }
    assert_eq!(pictures.len(), expected.len());
    for (mode, number, largest) in [(Mode::NonInterleaved, 1, 1200), (Mode::SingleNal, 0, 60_000)] {
        let media =
            format!("m=video PORT RTP/AVP 99\r\na=rtpmap:99 H264/90000\r\na=fmtp:99 packetization-mode={number}\r\n");
        let sums_file = dir.join("sums");
        let path = sums_file.to_string_lossy();
        let output = ["-fps_mode", "passthrough", "-frames:v", "60", "-f", "framecrc", &*path];
        let (mut ffmpeg, socket) = decoder(&dir, &media, &output);
        let mut packetizer = Packetizer::new(mode, largest);
        let payloads = pictures.iter().enumerate().flat_map(|(n, picture)| {
            let (at, timestamp) = (Duration::from_millis(66) * n as u32, n as u32 * 6000);
            let payloads = packetizer.packetize(picture).expect("short enough");
            payloads
                .into_iter()
                .map(move |payload| (at, timestamp, payload.marker, payload.payload))
                .collect::<Vec<_>>()
        });
        let payloads: Vec<_> = payloads.collect();
        println!("mode {number}: {} packets of {} pictures", payloads.len(), pictures.len());
        send(&socket, 99, payloads);
        assert_eq!(ffmpeg.exit_code(Duration::from_secs(20)), 0, "{}", ffmpeg.output());
        assert!(!ffmpeg.output().contains("h264"), "{}", ffmpeg.output());
        let got = sums(&std::fs::read_to_string(&sums_file).expect("checksums"));
        assert_eq!(got.len(), 60);
        assert_eq!(got, expected[..60], "every picture, decoded, is the one of the film");
    }
}
