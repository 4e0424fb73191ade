//! The running program, and a client to talk to it.

use std::future::Future;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use bytes::Bytes;
use net::{Config, Driver, Trust};
use rtmp::client::{self, Client, Event};
use rtmp::server::PublishMode;
use rtmp::url::Url;
use rtmp::{Message, MessageType};
use wire::Rng;

/// How long a test waits for what has to come.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// The program; killed at the end of the test.
pub struct Program {
    pub child: Child,
    pub ready: serde_json::Value,
}

pub fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rtmp-server"));
    command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

pub fn output(args: &[&str]) -> Output {
    command(args).output().unwrap()
}

/// The program on a free port.
pub fn start(args: &[&str]) -> Program {
    with(&[&["-l", "rtmp:127.0.0.1:0"], args].concat())
}

pub fn with(args: &[&str]) -> Program {
    let mut child = command(&["--json"]).args(args).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let ready = serde_json::from_str(&line).unwrap_or_else(|_| {
        let mut why = String::new();
        child.stderr.as_mut().unwrap().read_to_string(&mut why).unwrap();
        panic!("not ready: {line:?} {why}")
    });
    let stderr = child.stderr.take().unwrap();
    std::thread::spawn(move || {
        BufReader::new(stderr).lines().map_while(Result::ok).for_each(|line| println!("{line}"))
    });
    Program { child, ready }
}

impl Program {
    pub fn address(&self, scheme: &str) -> SocketAddr {
        let listen = self.ready["listen"].as_array().unwrap().iter().map(|l| l.as_str().unwrap());
        let mut of = listen.filter_map(|l| l.strip_prefix(scheme)?.strip_prefix(':'));
        of.next().unwrap().parse().unwrap()
    }

    /// The address of a stream.
    pub fn url(&self, path: &str) -> String {
        format!("rtmp://{}/{path}", self.address("rtmp"))
    }

    pub fn signal(&self, name: &str) {
        let status = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    /// The exit code, once it has ended.
    pub fn ends(&mut self) -> Option<i32> {
        let end = Instant::now() + PATIENCE;
        loop {
            match self.child.try_wait().unwrap() {
                Some(status) => return status.code(),
                None => assert!(Instant::now() < end, "it does not end"),
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// A line of its memory figures in KiB.
    pub fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// What `/status` says.
    pub async fn status(&self) -> serde_json::Value {
        serde_json::from_str(&self.page("status").await).unwrap()
    }

    /// What `/metrics` says.
    pub async fn metrics(&self) -> String {
        self.page("metrics").await
    }

    async fn page(&self, name: &str) -> String {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let url = self.ready["status"].as_str().unwrap();
        let host = url.strip_prefix("http://").unwrap().strip_suffix("/status").unwrap();
        let mut stream = tokio::net::TcpStream::connect(host).await.unwrap();
        stream.write_all(format!("GET /{name} HTTP/1.1\r\n\r\n").as_bytes()).await.unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        text.split_once("\r\n\r\n").unwrap().1.to_owned()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _already_gone = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits for what has to come.
pub async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.unwrap_or_else(|_| panic!("in vain: {what}"))
}

/// A client with one message stream.
pub struct Peer {
    pub driver: Driver<Client>,
    pub stream: u32,
    name: String,
}

impl Peer {
    /// Connects and creates a stream.
    pub async fn connect(url: &str) -> Peer {
        let url = Url::parse(url).unwrap();
        let name = url.stream.clone().unwrap_or_default();
        let mut config = Config::default();
        config.tls.trust = Trust::Anyone;
        let mut driver = Driver::with_config(Client::new(client::Config::new(url), Rng::from_u64(1)), config);
        let now = driver.now();
        driver.machine_mut().connect(now).unwrap();
        let mut peer = Peer { driver, stream: 0, name };
        peer.until("connected", |event| matches!(event, Event::Connected { .. }).then_some(())).await;
        let now = peer.driver.now();
        peer.driver.machine_mut().create_stream(now).unwrap();
        peer.stream = peer
            .until("a stream", |event| match event {
                Event::StreamCreated { stream, .. } => Some(*stream),
                _ => None,
            })
            .await;
        peer
    }

    /// A publisher that was accepted.
    pub async fn publish(url: &str, mode: PublishMode) -> Peer {
        let mut peer = Peer::connect(url).await;
        assert_eq!(peer.ask_to_publish(mode).await, "NetStream.Publish.Start");
        peer
    }

    pub async fn ask_to_publish(&mut self, mode: PublishMode) -> String {
        let (now, stream, name) = (self.driver.now(), self.stream, self.name.clone());
        self.driver.machine_mut().publish(now, stream, &name, mode).unwrap();
        self.code(|code| code.starts_with("NetStream.")).await
    }

    /// A player that was accepted.
    pub async fn play(url: &str) -> Peer {
        let mut peer = Peer::connect(url).await;
        assert_eq!(peer.ask_to_play(-2.0).await, "NetStream.Play.Start");
        peer
    }

    pub async fn ask_to_play(&mut self, start: f64) -> String {
        let (now, stream, name) = (self.driver.now(), self.stream, self.name.clone());
        self.driver.machine_mut().play(now, stream, &name, start, -1.0, true).unwrap();
        self.code(|code| code != "NetStream.Play.Reset").await
    }

    /// The next status code that fits.
    pub async fn code(&mut self, fits: impl Fn(&str) -> bool) -> String {
        self.until("a status", |event| match event {
            Event::Status { status, .. } if fits(&status.code) => Some(status.code.to_string()),
            _ => None,
        })
        .await
    }

    /// The first event that `pick` takes; those before it are dropped.
    pub async fn until<T>(&mut self, what: &str, mut pick: impl FnMut(&Event) -> Option<T>) -> T {
        soon(what, async {
            loop {
                let event = self.driver.next().await;
                if let Some(found) = pick(&event) {
                    return found;
                }
                assert!(!matches!(event, Event::Closed { .. }), "closed while waiting for {what}: {event:?}");
            }
        })
        .await
    }

    /// The next so many messages, as the last byte of each and its time.
    pub async fn hear(&mut self, count: usize) -> Vec<(char, u32)> {
        let mut heard = Vec::new();
        while heard.len() < count {
            let message = self
                .until("media", |event| match event {
                    Event::Media { message, .. } => Some(message.clone()),
                    _ => None,
                })
                .await;
            if message.kind != MessageType::DataAmf0 {
                heard.push((char::from(*message.payload.last().unwrap()), message.timestamp));
            }
        }
        heard
    }

    /// The same without the times.
    pub async fn names(&mut self, count: usize) -> String {
        self.hear(count).await.into_iter().map(|(name, _)| name).collect()
    }

    /// Sends media.
    pub async fn send(&mut self, messages: &[Message]) {
        for message in messages {
            let (now, stream) = (self.driver.now(), self.stream);
            self.driver.machine_mut().send(now, stream, message).unwrap();
        }
        self.flush().await;
    }

    /// Lets out what was said, and hears what there is to hear.
    pub async fn flush(&mut self) {
        let idle = tokio::time::sleep(Duration::from_millis(5));
        tokio::pin!(idle);
        loop {
            tokio::select! {
                () = &mut idle => return,
                _ = self.driver.next() => {}
            }
        }
    }
}

fn message(kind: MessageType, timestamp: u32, payload: &[u8]) -> Message {
    Message { kind, timestamp, stream: 0, payload: Bytes::copy_from_slice(payload) }
}

/// Video whose last byte is a name.
pub fn header(name: char) -> Message {
    message(MessageType::Video, 0, &[0x17, 0, 0, 0, 0, name as u8])
}
pub fn key_frame(at: u32, name: char) -> Message {
    message(MessageType::Video, at, &[0x17, 1, 0, 0, 0, name as u8])
}
pub fn frame(at: u32, name: char) -> Message {
    message(MessageType::Video, at, &[0x27, 1, 0, 0, 0, name as u8])
}
pub fn sound(at: u32, name: char) -> Message {
    message(MessageType::Audio, at, &[0xAF, 1, name as u8])
}

/// A key frame of that many bytes.
pub fn big_frame(at: u32, length: usize) -> Message {
    let mut payload = vec![0; length];
    payload[..2].copy_from_slice(&[0x17, 1]);
    message(MessageType::Video, at, &payload)
}

/// A folder that is gone at the end of the test.
pub struct Folder(pub std::path::PathBuf);

impl Folder {
    pub fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("rtmp-server-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    pub fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }

    pub fn file(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
