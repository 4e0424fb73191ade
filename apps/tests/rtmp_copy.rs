//! `rtmp-copy` as its users meet it: the program against a server in this process, and files.
#![cfg(feature = "rtmp-copy")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use net::Driver;
use rtmp::Message;
use rtmp::flv::{self, Metadata, Reader, Tag, TagKind, Writer};
use rtmp::server::{self, Event, PublishMode, Server};
use rtmp::status;
use rtmp::tag::{Video, VideoCodec};
use serde_json::Value;
use wire::{Rng, Transport};

const PATIENCE: Duration = Duration::from_secs(60);

/// What the server does and has seen.
#[derive(Default)]
struct Seen {
    /// Messages of each publish, in order.
    published: Vec<Vec<Message>>,
    modes: Vec<PublishMode>,
    starts: Vec<f64>,
    /// Names with their queries.
    names: Vec<String>,
    ended: usize,
    /// What a player gets.
    film: Vec<Tag>,
    /// A player's stream is left open at its end.
    silent: bool,
    /// Connections are sent there.
    redirect: Option<String>,
    /// After so many messages a publisher is asked to connect anew, once.
    reconnect: Option<usize>,
    /// Publishing and playing are refused.
    refuse: bool,
}

struct Host {
    seen: Arc<Mutex<Seen>>,
    url: String,
}

impl Host {
    fn start(seen: Seen) -> Host {
        let seen = Arc::new(Mutex::new(seen));
        let (sender, address) = std::sync::mpsc::channel();
        let shared = seen.clone();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let mut driver = Driver::new(Server::new(server::Config::default(), Rng::from_u64(1)));
                sender.send(driver.listen(Transport::Tcp, "127.0.0.1:0".parse().unwrap()).unwrap()).unwrap();
                loop {
                    let event = driver.next().await;
                    handle(&mut driver, event, &mut shared.lock().unwrap());
                }
            });
        });
        let address = address.recv_timeout(PATIENCE).unwrap();
        Host { seen, url: format!("rtmp://{address}/live/cam?key=7") }
    }

    /// Waits until what was seen is as it should be.
    fn until(&self, what: &str, is: impl Fn(&Seen) -> bool) {
        let since = Instant::now();
        while !is(&self.seen.lock().unwrap()) {
            assert!(since.elapsed() < PATIENCE, "never {what}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

fn handle(driver: &mut Driver<Server>, event: Event, seen: &mut Seen) {
    let now = driver.now();
    let server = driver.machine_mut();
    match event {
        Event::Connect { conn, .. } => match seen.redirect.take() {
            Some(url) => server.redirect(now, conn, &url).unwrap(),
            None => server.accept(now, conn, None).unwrap(),
        },
        Event::Publish { conn, stream, .. } if seen.refuse => {
            server.reject_publish(now, conn, stream, status::PUBLISH_BAD_NAME, "taken").unwrap();
        }
        Event::Publish { conn, stream, name, query, mode } => {
            seen.names.push(format!("{name}?{query}"));
            seen.modes.push(mode);
            seen.published.push(Vec::new());
            server.accept_publish(now, conn, stream).unwrap();
        }
        Event::Play { conn, stream, start, .. } => {
            seen.starts.push(start);
            server.accept_play(now, conn, stream).unwrap();
            for tag in &seen.film {
                server.send(now, conn, stream, &tag.to_message(stream)).unwrap();
            }
            if !seen.silent {
                server.end_play(now, conn, stream, status::PLAY_STOP).unwrap();
            }
        }
        Event::Media { conn, message, .. } => {
            let Some(last) = seen.published.last_mut() else { return };
            last.push(message);
            if seen.reconnect.is_some_and(|after| last.len() >= after) {
                seen.reconnect = None;
                server.request_reconnect(now, conn, None, "maintenance").unwrap();
            }
        }
        Event::Stopped { .. } => seen.ended += 1,
        _ => {}
    }
}

fn picture(timestamp: u32, key: bool) -> Tag {
    let payload = Video::frame(VideoCodec::Avc, key, 0, Bytes::from_static(&[0, 0, 0, 1, 9])).to_bytes();
    Tag { kind: TagKind::Video, timestamp, payload }
}

fn configuration() -> Tag {
    let payload = Video::sequence_start(VideoCodec::Avc, Bytes::from_static(&[1, 77, 0, 30])).to_bytes();
    Tag { kind: TagKind::Video, timestamp: 0, payload }
}

fn sound(timestamp: u32) -> Tag {
    Tag { kind: TagKind::Audio, timestamp, payload: Bytes::from_static(&[0x72, 0xd5, 0xd5]) }
}

/// Configuration, then pictures every 40 ms, a key frame every 10, with sound beside.
fn film(pictures: u32) -> Vec<Tag> {
    let media = (0..pictures).flat_map(|n| [picture(n * 40, n.is_multiple_of(10)), sound(n * 40)]);
    std::iter::once(configuration()).chain(media).collect()
}

fn bytes_of(tags: &[Tag]) -> Vec<u8> {
    let (mut writer, mut out) = (Writer::new(flv::Config::default()), BytesMut::new());
    tags.iter().for_each(|tag| writer.write(tag, &mut out));
    for patch in writer.finish(&mut out) {
        let at = usize::try_from(patch.offset).unwrap();
        out[at..at + patch.data.len()].copy_from_slice(&patch.data);
    }
    out.to_vec()
}

/// The tags of a file that has no damage, without its metadata, and these.
fn read(data: &[u8]) -> (Metadata, Vec<Tag>) {
    let mut reader = Reader::new(flv::Limits::default());
    reader.push(Bytes::copy_from_slice(data));
    let mut tags: Vec<Tag> = std::iter::from_fn(|| reader.next()).map(Result::unwrap).collect();
    assert_eq!((reader.damaged(), reader.pending()), (0, 0));
    (Metadata::parse(&tags.remove(0).payload).unwrap(), tags)
}

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("rtmp-copy-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    fn file(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().into()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rtmp-copy"));
    command.args(args).stdin(Stdio::null());
    command
}

fn run(args: &[&str]) -> (Output, Value) {
    let output = command(args).arg("--json").output().unwrap();
    let line = if output.stdout.starts_with(b"{") { &output.stdout } else { &output.stderr };
    let line = String::from_utf8_lossy(line);
    let json = line.lines().find(|line| line.starts_with('{')).and_then(|line| serde_json::from_str(line).ok());
    (output, json.unwrap_or_default())
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap_or_else(|| panic!("{}", String::from_utf8_lossy(&output.stderr)))
}

fn media(messages: &[Message]) -> Vec<(u32, Bytes)> {
    let tags = messages.iter().filter_map(Tag::from_message).filter(|tag| tag.kind != TagKind::Script);
    tags.map(|tag| (tag.timestamp, tag.payload)).collect()
}

fn plain(tags: &[Tag]) -> Vec<(u32, Bytes)> {
    tags.iter().map(|tag| (tag.timestamp, tag.payload.clone())).collect()
}

#[test]
fn a_file_is_published_whole() {
    let (host, folder) = (Host::start(Seen::default()), Folder::new("publish"));
    let (file, tags) = (folder.file("a.flv"), film(200));
    std::fs::write(&file, bytes_of(&tags)).unwrap();
    let (output, json) = run(&[&file, &host.url, "--fast"]);
    assert_eq!(code(&output), 0, "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!((&json["video"], &json["audio"], &json["key_frames"]), (&201.into(), &200.into(), &20.into()));
    host.until("all is there", |seen| seen.ended == 1);
    let seen = host.seen.lock().unwrap();
    assert_eq!(media(&seen.published[0]), plain(&tags));
    assert_eq!((seen.names[0].as_str(), seen.modes[0]), ("cam?key=7", PublishMode::Live));
    assert!(seen.published[0][0].payload.starts_with(b"\x02\0\x0d@setDataFrame"));
}

#[test]
fn a_file_is_sent_as_fast_as_it_plays() {
    let (host, folder) = (Host::start(Seen::default()), Folder::new("pace"));
    let file = folder.file("a.flv");
    std::fs::write(&file, bytes_of(&film(26))).unwrap();
    let since = Instant::now();
    let (output, _) = run(&[&file, &host.url, "--append"]);
    assert_eq!(code(&output), 0);
    assert!(since.elapsed() >= Duration::from_secs(1), "{:?}", since.elapsed());
    assert_eq!(host.seen.lock().unwrap().modes[0], PublishMode::Append);
}

#[test]
fn a_stream_is_recorded_and_appended() {
    let host = Host::start(Seen { film: film(20), ..Seen::default() });
    let folder = Folder::new("record");
    let file = folder.file("a.flv");
    let (output, json) = run(&[&host.url, &file]);
    assert_eq!((code(&output), &json["end"]), (0, &"done".into()), "{json}");
    let (metadata, tags) = read(&std::fs::read(&file).unwrap());
    assert_eq!((plain(&tags), metadata.number("duration")), (plain(&film(20)), Some(0.76)));
    assert_eq!(code(&run(&[&host.url, &file]).0), 2, "an existing file is not touched");
    assert_eq!(code(&run(&[&host.url, &file, "--append"]).0), 0);
    let (metadata, tags) = read(&std::fs::read(&file).unwrap());
    assert_eq!((tags.len(), metadata.number("duration")), (82, Some(1.54)));
    assert_eq!(tags[42].timestamp, 780, "20 ms behind the last one");
    assert_eq!(code(&run(&[&host.url, &file, "--overwrite", "--start", "1.5"]).0), 0);
    assert_eq!(read(&std::fs::read(&file).unwrap()).1.len(), 41);
    assert_eq!(host.seen.lock().unwrap().starts, [-2.0, -2.0, 1500.0]);
}

#[test]
fn a_relay_passes_all_on() {
    let from = Host::start(Seen { film: film(100), ..Seen::default() });
    let to = Host::start(Seen::default());
    let (output, json) = run(&[&from.url, &to.url]);
    assert_eq!(code(&output), 0, "{json}");
    to.until("all is there", |seen| seen.ended == 1);
    let passed = media(&to.seen.lock().unwrap().published[0]);
    // The first server is asked when the second is ready, so nothing is lost.
    assert_eq!((passed.len(), passed.last()), (201, Some(&(99 * 40, sound(0).payload))), "{json}");
}

#[test]
fn files_are_repaired_cut_and_piped() {
    let folder = Folder::new("files");
    let (torn, whole, cut) = (folder.file("torn.flv"), folder.file("whole.flv"), folder.file("cut.flv"));
    let data = bytes_of(&film(100));
    std::fs::write(&torn, &data[..data.len() - 5]).unwrap();
    assert_eq!(code(&run(&[&torn, &whole]).0), 0);
    let (metadata, tags) = read(&std::fs::read(&whole).unwrap());
    assert_eq!((tags.len(), metadata.number("duration")), (200, Some(3.96)));
    let (output, json) = run(&[&whole, &cut, "--start", "1.0", "--duration", "0.5"]);
    assert_eq!((code(&output), json["seconds"].as_f64()), (0, Some(0.48)));
    let (_, tags) = read(&std::fs::read(&cut).unwrap());
    assert_eq!((tags.len(), tags[0].is_sequence_header(), tags[1].is_key_frame()), (27, true, true));
    let piped = command(&["-", "-"]).stdin(std::fs::File::open(&whole).unwrap()).output().unwrap();
    assert_eq!(code(&piped), 0);
    assert_eq!(read(&piped.stdout).1.len(), 200);
    assert_eq!(code(&run(&[&cut, &whole, "--overwrite", "--loop=3"]).0), 0);
    assert_eq!(read(&std::fs::read(&whole).unwrap()).1.len(), 81);
    assert!(!Path::new(&folder.file("nothing.flv")).exists());
}

#[test]
fn a_redirect_is_followed() {
    let (to, folder) = (Host::start(Seen::default()), Folder::new("redirect"));
    let target = to.url.split("/cam").next().unwrap().to_owned();
    let from = Host::start(Seen { redirect: Some(target), ..Seen::default() });
    let file = folder.file("a.flv");
    std::fs::write(&file, bytes_of(&film(10))).unwrap();
    let (output, json) = run(&[&file, &from.url, "--fast"]);
    assert_eq!((code(&output), &json["reconnects"]), (0, &1.into()), "{}", String::from_utf8_lossy(&output.stderr));
    to.until("all is there", |seen| seen.ended == 1);
    assert_eq!(media(&to.seen.lock().unwrap().published[0]).len(), 21);
}

#[test]
fn an_address_with_a_key_comes_from_a_file_and_what_is_sent_is_captured() {
    let (host, folder) = (Host::start(Seen::default()), Folder::new("secret"));
    let (file, to, capture) = (folder.file("a.flv"), folder.file("to"), folder.file("a.pcap"));
    std::fs::write(&file, bytes_of(&film(10))).unwrap();
    std::fs::write(&to, format!("{}\n", host.url)).unwrap();
    let (output, _) = run(&[&file, &format!("@{to}"), "--fast", "--trace", &capture]);
    assert_eq!(code(&output), 0, "{}", String::from_utf8_lossy(&output.stderr));
    host.until("all is there", |seen| seen.ended == 1);
    assert_eq!(host.seen.lock().unwrap().names, ["cam?key=7"]);
    let captured = std::fs::read(&capture).unwrap();
    assert!(captured.windows(7).any(|w| w == b"publish"), "{} bytes captured", captured.len());
    std::fs::write(&to, "\n").unwrap();
    let output = command(&[&file, &format!("@{to}")]).output().unwrap();
    assert_eq!(code(&output), 2);
    assert!(String::from_utf8_lossy(&output.stderr).contains("its first line is no address"));
}

#[test]
fn a_reconnect_request_is_followed() {
    let host = Host::start(Seen { reconnect: Some(30), ..Seen::default() });
    let folder = Folder::new("reconnect");
    let file = folder.file("a.flv");
    std::fs::write(&file, bytes_of(&film(60))).unwrap();
    let (output, json) = run(&[&file, &host.url]);
    assert_eq!((code(&output), &json["reconnects"]), (0, &1.into()), "{}", String::from_utf8_lossy(&output.stderr));
    host.until("both streams are over", |seen| seen.ended == 2);
    let seen = host.seen.lock().unwrap();
    let again: Vec<Tag> = seen.published[1].iter().filter_map(Tag::from_message).collect();
    assert!(again[0].is_metadata() && again[1].is_sequence_header(), "the new server hears how to decode");
    let first = again.iter().find(|tag| tag.kind == TagKind::Video && !tag.is_sequence_header()).unwrap();
    assert!(first.is_key_frame());
}

#[test]
fn refusals_and_silence_are_told() {
    let folder = Folder::new("refuse");
    let (file, out) = (folder.file("a.flv"), folder.file("b.flv"));
    std::fs::write(&file, bytes_of(&film(10))).unwrap();
    let refusing = Host::start(Seen { refuse: true, ..Seen::default() });
    let (output, json) = run(&[&file, &refusing.url]);
    assert_eq!((code(&output), &json["end"]), (1, &"failed".into()));
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("taken") && !told.contains("key=7"), "{told}");
    let silent = Host::start(Seen { silent: true, ..Seen::default() });
    assert_eq!(code(&run(&[&silent.url, &out, "--timeout", "0.3"]).0), 1, "nothing ever came");
    let quiet = Host::start(Seen { silent: true, film: film(5), ..Seen::default() });
    assert_eq!(code(&run(&[&quiet.url, &out, "--timeout", "0.3", "--overwrite"]).0), 0, "something came");
    assert_eq!(read(&std::fs::read(&out).unwrap()).1.len(), 11);
    assert_eq!(code(&run(&["rtmp://127.0.0.1:1/live/cam", &out, "--overwrite"]).0), 1);
}

#[test]
fn an_interrupt_leaves_a_whole_file() {
    let host = Host::start(Seen { silent: true, film: film(30), ..Seen::default() });
    let folder = Folder::new("interrupt");
    let file = folder.file("a.flv");
    let child = command(&[&host.url, &file, "--timeout", "0"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let child = child.unwrap();
    let since = Instant::now();
    while std::fs::metadata(&file).map_or(0, |found| found.len()) < 100 {
        assert!(since.elapsed() < PATIENCE);
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    assert_eq!(code(&child.wait_with_output().unwrap()), 0);
    let (metadata, tags) = read(&std::fs::read(&file).unwrap());
    assert_eq!((tags.len(), metadata.number("duration")), (61, Some(1.16)));
}

#[test]
fn wrong_usage_is_refused() {
    let folder = Folder::new("usage");
    let file = folder.file("a.flv");
    std::fs::write(&file, bytes_of(&film(1))).unwrap();
    for args in [
        &["one"][..],
        &[&file, &file],
        &["http://host/a", "b"],
        &["rtmp://host/app", "b"],
        &["-", "b", "--start", "1"],
        &["-", "b", "--loop"],
        &["a", "b", "--fast", "--realtime"],
    ] {
        assert_eq!(code(&command(args).output().unwrap()), 2, "{args:?}");
    }
    assert_eq!(code(&command(&["nothing-there.flv", "-"]).output().unwrap()), 1);
    let text = folder.file("text");
    std::fs::write(&text, "this is no film").unwrap();
    let output = command(&[&text, "-"]).output().unwrap();
    assert_eq!(code(&output), 1);
    assert!(String::from_utf8_lossy(&output.stderr).contains("no FLV file"));
    for args in [["--help"], ["--version"]] {
        assert_eq!(code(&command(&args).output().unwrap()), 0);
    }
}
