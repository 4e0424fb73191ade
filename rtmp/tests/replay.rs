//! Recorded sessions, written again by our writer, are accepted by the real programs: `make interop`. Needs nginx with
//! its RTMP module, rtmpdump and ffmpeg (peers/install).
//!
//! What was recorded is read, cut into chunks of other sizes, and played to nginx-rtmp as its publisher and to players
//! as their server. What the players write to a file must be what was recorded, byte by byte.

#[path = "common/chunks.rs"]
mod common;

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant as Clock};
use std::{fs, thread};

use common::*;
use rtmp::control::Control;
use rtmp::flv;
use rtmp::handshake::{Kind, Scheme};
use rtmp::link::{Config, Event, Link};
use rtmp::{Message, MessageType};
use wire::{Instant, Rng};

const NGINX_PORT: u16 = 11936;
const CHUNK_SIZES: [u32; 3] = [128, 4096, 65_536];

/// A link on a socket.
struct Connection {
    link: Link,
    socket: TcpStream,
    began: Clock,
}

impl Connection {
    fn new(socket: TcpStream, link: impl FnOnce(&mut Rng) -> Link) -> Connection {
        socket.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        Connection { link: link(&mut Rng::from_u64(7)), socket, began: Clock::now() }
    }

    fn send(&mut self, message: &Message) {
        self.link.send(message).unwrap();
    }

    /// Sends what waits and takes what comes within a moment; `None` once the other side has closed.
    fn turn(&mut self) -> Option<Vec<Message>> {
        while let Some(bytes) = self.link.transmit() {
            self.socket.write_all(&bytes).ok()?;
        }
        let mut buffer = [0; 65_536];
        match self.socket.read(&mut buffer) {
            Ok(0) => return None,
            Ok(n) => {
                let now = Instant::from_millis(self.began.elapsed().as_millis() as u64);
                self.link.handle(now, buffer[..n].to_vec().into());
            }
            Err(_) => {}
        }
        let told: Vec<Event> = self.link.by_ref().map(Result::unwrap).collect();
        Some(told.into_iter().filter_map(|event| if let Event::Message(m) = event { Some(m) } else { None }).collect())
    }

    /// Turns until a message holds these words.
    fn until(&mut self, words: &[u8]) {
        let start = Clock::now();
        while start.elapsed() < Duration::from_secs(10) {
            let messages = self.turn().expect("the other side is there");
            if messages.iter().any(|message| message.payload.windows(words.len()).any(|window| window == words)) {
                return;
            }
        }
        panic!("{:?} did not come", String::from_utf8_lossy(words));
    }
}

struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = (self.0.kill(), self.0.wait());
    }
}

impl Killed {
    /// As Ctrl-C does, so that the program writes what it holds back.
    fn interrupt(&mut self) {
        let _ = Command::new("kill").args(["-INT", &self.0.id().to_string()]).status();
        let start = Clock::now();
        while !self.finished() && start.elapsed() < Duration::from_secs(5) {
            thread::sleep(Duration::from_millis(10));
        }
    }

    fn finished(&mut self) -> bool {
        self.0.try_wait().unwrap().is_some()
    }
}

fn spawn(program: &str, args: &[&str]) -> Killed {
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    Killed(command.spawn().unwrap_or_else(|error| panic!("{program}: {error}; see peers/install")))
}

struct Nginx(String);

impl Nginx {
    fn start(dir: &Path) -> Nginx {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../peers/nginx-rtmp/start.sh");
        let _ = fs::remove_file(dir.join("nginx.pid"));
        let done = Command::new(script).arg(dir).arg(NGINX_PORT.to_string()).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        Nginx(fs::read_to_string(dir.join("nginx.pid")).unwrap().trim().to_owned())
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(&self.0).status();
    }
}

fn scratch(name: &str) -> PathBuf {
    let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&dir).unwrap();
    dir
}

fn session(name: &str) -> Vec<Message> {
    let all = recorded();
    let session = all.iter().find(|session| session.name == name).unwrap();
    read(session.chunks()).0
}

/// Type and payload of audio and video.
fn media(messages: &[Message]) -> Vec<(MessageType, Vec<u8>)> {
    let media = messages.iter().filter(|m| matches!(m.kind, MessageType::Audio | MessageType::Video));
    media.map(|m| (m.kind, m.payload.to_vec())).collect()
}

fn media_of_file(path: &Path) -> Vec<(MessageType, Vec<u8>)> {
    let mut reader = flv::Reader::new(flv::Limits::default());
    reader.push(fs::read(path).unwrap().into());
    let mut messages = Vec::new();
    while let Some(tag) = reader.next() {
        messages.push(tag.unwrap().to_message(1));
    }
    messages.extend(reader.finish().map(|tag| tag.to_message(1)));
    media(&messages)
}

fn is_word(message: &Message, word: &[u8]) -> bool {
    message.kind == MessageType::CommandAmf0 && message.payload.windows(word.len()).any(|window| window == word)
}

#[test]
fn nginx_takes_written_sessions_from_a_publisher() {
    let dir = scratch("replay-nginx");
    let nginx = Nginx::start(&dir);
    let name = "ffmpeg_publish_h264_aac.c2s.bin";
    let messages = session(name);
    let started = 1 + messages.iter().position(|m| is_word(m, b"\x07publish")).unwrap();
    let ended = started + messages[started..].iter().position(|m| m.kind == MessageType::CommandAmf0).unwrap();
    let kinds = [Kind::Simple, Kind::Digest(Scheme::Zero), Kind::Digest(Scheme::One)];
    for (size, kind) in CHUNK_SIZES.into_iter().zip(kinds) {
        let socket = TcpStream::connect(("127.0.0.1", NGINX_PORT)).unwrap();
        let mut publisher = Connection::new(socket, |rng| Link::client(Instant::ZERO, Config::default(), kind, rng));
        publisher.link.control(&Control::SetChunkSize(size));
        messages[..started].iter().for_each(|message| publisher.send(message));
        publisher.until(b"NetStream.Publish.Start");

        let out = dir.join(format!("{size}.flv"));
        let url = format!("rtmp://127.0.0.1:{NGINX_PORT}/live/{}", published(&messages[started - 1]));
        let mut player = spawn("rtmpdump", &["-q", "-v", "-r", &url, "-o", out.to_str().unwrap()]);
        thread::sleep(Duration::from_millis(1500));
        for message in &messages[started..ended] {
            publisher.send(message);
            publisher.turn().expect("nginx keeps the publisher");
        }
        messages[ended..].iter().for_each(|message| publisher.send(message));
        let start = Clock::now();
        while !player.finished() && start.elapsed() < Duration::from_secs(1) {
            let _ = publisher.turn();
            thread::sleep(Duration::from_millis(10));
        }
        player.interrupt();
        drop(publisher);
        // Sequence headers go to players ahead of the rest, and rtmpdump keeps no mark of a sequence's end.
        let (got, mut expected) = (media_of_file(&out), media(&messages));
        expected.retain(|(_, payload)| payload.len() > 5);
        assert_eq!(got.len(), expected.len(), "chunks of {size}, {kind:?}");
        assert!(by_kind(got) == by_kind(expected), "chunks of {size}, {kind:?}");
    }
    drop(nginx);
}

fn by_kind(mut all: Vec<(MessageType, Vec<u8>)>) -> Vec<(MessageType, Vec<u8>)> {
    all.sort_by_key(|(kind, _)| kind.number());
    all
}

/// The name in a publish command: the last string but one.
fn published(command: &Message) -> String {
    let parts = amf::amf0::decode_all(command.payload.clone(), &amf::Limits::default()).unwrap();
    parts[3].as_str().unwrap().to_owned()
}

/// Serves one player: the recorded answers go out in the three steps that its commands ask for.
fn serve(listener: &TcpListener, size: u32, answers: Vec<Message>) {
    let (socket, _) = listener.accept().unwrap();
    let mut server = Connection::new(socket, |rng| Link::server(Instant::ZERO, Config::default(), rng));
    server.link.control(&Control::SetChunkSize(size));
    let mut answers = VecDeque::from(answers);
    let start = Clock::now();
    while start.elapsed() < Duration::from_secs(20) {
        let Some(messages) = server.turn() else { return };
        for word in [&b"connect"[..], b"createStream", b"\x04play"] {
            if messages.iter().any(|message| is_word(message, word)) {
                let last = word == b"\x04play";
                while let Some(message) = answers.pop_front() {
                    server.send(&message);
                    if !last && message.kind == MessageType::CommandAmf0 {
                        break;
                    }
                }
            }
        }
        if answers.is_empty() {
            thread::sleep(Duration::from_millis(300));
            let _ = server.turn();
            return;
        }
    }
}

#[test]
fn rtmpdump_and_ffmpeg_play_written_sessions() {
    let dir = scratch("replay-players");
    for size in CHUNK_SIZES {
        let answers = session("rtmpdump_play_h264_aac.s2c.bin");
        let expected = media(&answers);
        let out = dir.join(format!("rtmpdump-{size}.flv"));
        play(size, answers, "rtmpdump", &["-q", "-v", "-o", out.to_str().unwrap(), "-r"]);
        assert!(media_of_file(&out) == expected, "rtmpdump, chunks of {size}");

        let answers = session("ffmpeg_play_h264_aac.s2c.bin");
        let out = dir.join(format!("ffmpeg-{size}.flv"));
        let expected = media(&answers);
        play(size, answers, "ffmpeg", &["-y", "-c", "copy", out.to_str().unwrap(), "-i"]);
        // ffmpeg writes headers of its own; its frames are the recorded ones.
        let got = media_of_file(&out);
        let frames = |all: &[(MessageType, Vec<u8>)]| {
            by_kind(all.iter().filter(|(_, payload)| payload.get(1) == Some(&1)).cloned().collect())
        };
        assert!(frames(&got) == frames(&expected), "ffmpeg, chunks of {size}: {} and {}", got.len(), expected.len());
    }
}

/// Runs a player, whose arguments end with `-r` or `-i` for the address, against the recorded answers.
fn play(size: u32, answers: Vec<Message>, program: &str, args: &[&str]) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("rtmp://127.0.0.1:{}/live/p1", listener.local_addr().unwrap().port());
    let (before, option) = args.split_at(args.len() - 1);
    // ffmpeg wants its input before its output, rtmpdump does not mind.
    let args: Vec<&str> = [&[option[0], &url][..], before].concat();
    let mut player = spawn(program, &args);
    serve(&listener, size, answers);
    let start = Clock::now();
    while !player.finished() {
        assert!(start.elapsed() < Duration::from_secs(20), "{program} does not end");
        thread::sleep(Duration::from_millis(20));
    }
}
