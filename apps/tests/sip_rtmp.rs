//! The gateway as its users meet it: `sip-rtmp` with our RTMP client on one side, `sip-proxy` and `dialer` on the other,
//! on loopback.
#![cfg(all(feature = "sip-rtmp", feature = "sip-proxy", feature = "dialer"))]

use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use amf::amf0::Value;
use net::Driver;
use rfc3551::g711::Law;
use rtmp::client::{Client, Config, Event};
use rtmp::server::PublishMode;
use rtmp::url::Url;
use rtmp::{Message, MessageType};
use wire::Rng;

/// Longer than anything here takes, even on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(40);

// ---- programs

/// A program whose lines are read, standard output and error alike; killed at the end of the test.
struct Program {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
    seen: Vec<String>,
    read: usize,
}

impl Program {
    fn start(command: &mut Command) -> Program {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (sender, lines) = channel();
        let out: Box<dyn std::io::Read + Send> = Box::new(child.stdout.take().unwrap());
        for stream in [out, Box::new(child.stderr.take().unwrap())] {
            let sender = sender.clone();
            std::thread::spawn(move || {
                let lines = BufReader::new(stream).lines().map_while(Result::ok);
                lines.for_each(|line| drop(sender.send(line)));
            });
        }
        let stdin = child.stdin.take();
        Program { child, stdin, lines, seen: Vec::new(), read: 0 }
    }

    /// Takes what has been printed; the first line not asked for yet that holds all of this.
    fn find(&mut self, needles: &[&str]) -> Option<String> {
        self.seen.extend(self.lines.try_iter());
        while self.read < self.seen.len() {
            self.read += 1;
            let line = &self.seen[self.read - 1];
            if needles.iter().all(|needle| line.contains(needle)) {
                return Some(line.clone());
            }
        }
        None
    }

    fn wait(&mut self, needles: &[&str]) -> String {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(line) = self.find(needles) {
                return line;
            }
            assert!(Instant::now() < end, "no line with {needles:?} in\n{}", self.seen.join("\n"));
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn type_line(&mut self, line: &str) {
        writeln!(self.stdin.as_mut().unwrap(), "{line}").unwrap();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _gone_already = self.child.kill();
        let _ = self.child.wait();
    }
}

fn scratch(test: &str) -> PathBuf {
    let dir = std::env::temp_dir().join(format!("wireworks-sip-rtmp-{}-{test}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    dir
}

/// `sip-proxy` with the users alice and bob, and `sip-rtmp` that sends all through it.
struct House {
    dir: PathBuf,
    _proxy: Program,
    proxy: String,
    gateway: Program,
    address: SocketAddr,
    /// Where it listens for rtmps, if it does.
    secure: Option<String>,
}

impl House {
    fn start(test: &str, config: &str) -> House {
        House::start_with(test, config, &["--listen", "rtmp:127.0.0.1:0"])
    }

    fn start_with(test: &str, config: &str, args: &[&str]) -> House {
        let dir = scratch(test);
        let users = dir.join("users");
        std::fs::write(&users, "alice:pw-alice\nbob:pw-bob\nstudio:pw-studio\n").unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_sip-proxy"));
        command.args(["--json", "-l", "udp:127.0.0.1:0", "--domain", "127.0.0.1", "--record-route", "--users"]);
        let mut proxy = Program::start(command.arg(&users));
        let address = ready(&mut proxy, "udp:");
        let file = dir.join("sip-rtmp.toml");
        std::fs::write(&file, config).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_sip-rtmp"));
        command.args(args).args(["--json", "-v", "--int-ip", "127.0.0.1", "--config"]).arg(&file);
        let mut gateway = Program::start(command.args(["--proxy", &address]));
        let bound = places(&mut gateway);
        let at = |scheme: &str| bound.iter().find_map(|place| place.strip_prefix(scheme).map(str::to_owned));
        let (listen, secure) = (at("rtmp:").unwrap().parse().unwrap(), at("rtmps:"));
        House { dir, _proxy: proxy, proxy: address, gateway, address: listen, secure }
    }

    /// A dialer for that user, registered.
    fn dialer(&self, user: &str, args: &[&str]) -> Program {
        let password = self.dir.join(format!("{user}.pass"));
        std::fs::write(&password, format!("pw-{user}\n")).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_dialer"));
        command.args(["--json", "--quiet", "--int-ip", "127.0.0.1", "--register", "--domain", "127.0.0.1"]);
        command.args(["--user", user, "--proxy", &self.proxy, "--authpass-file"]).arg(&password).args(args);
        let mut dialer = Program::start(&mut command);
        dialer.wait(&["\"registered\""]);
        dialer
    }

    fn connect(&self, app: &str, arguments: &[&str]) -> Phone {
        Phone::new(&format!("rtmp://{}/{app}", self.address), arguments)
    }

    /// The line of alice, open.
    fn alice(&self) -> Phone {
        let mut phone = self.connect("sip/alice@127.0.0.1", &["alice", "pw-alice"]);
        phone.connected();
        phone
    }
}

impl Drop for House {
    fn drop(&mut self) {
        let _left_behind = std::fs::remove_dir_all(&self.dir);
    }
}

/// The address with that transport in the ready line.
fn ready(program: &mut Program, transport: &str) -> String {
    places(program).iter().find_map(|place| place.strip_prefix(transport)).unwrap().to_owned()
}

/// Where a program says that it listens.
fn places(program: &mut Program) -> Vec<String> {
    let line = program.wait(&["\"ready\":true"]);
    let value: serde_json::Value = serde_json::from_str(&line).unwrap();
    value["listen"].as_array().unwrap().iter().map(|place| place.as_str().unwrap().to_owned()).collect()
}

// ---- the client

/// An RTMP client, with what it was told.
struct Phone {
    runtime: tokio::runtime::Runtime,
    driver: Driver<Client>,
    /// Callbacks that were not asked for yet.
    callbacks: Vec<(String, Vec<Value>)>,
    events: Vec<Event>,
    /// Samples that were played to us.
    heard: Vec<i16>,
    /// Message streams: published and played.
    streams: Vec<u32>,
    sent: u32,
    tone: f64,
}

impl Phone {
    fn new(url: &str, arguments: &[&str]) -> Phone {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let driver = runtime.block_on(async {
            let mut config = Config::new(Url::parse_app(url).unwrap());
            config.arguments = arguments.iter().map(|text| Value::from(*text)).collect();
            let mut limits = net::Config::default();
            limits.tls.trust = net::Trust::Anyone;
            let mut driver = Driver::with_config(Client::new(config, Rng::from_u64(5)), limits);
            let now = driver.now();
            driver.machine_mut().connect(now).unwrap();
            driver
        });
        let (callbacks, events, heard, streams) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Phone { runtime, driver, callbacks, events, heard, streams, sent: 0, tone: 440.0 }
    }

    /// Serves the connection for a while, or until something has come.
    fn serve(&mut self, time: Duration) {
        let Phone { runtime, driver, callbacks, events, heard, .. } = self;
        let next = runtime.block_on(async { tokio::time::timeout(time, driver.next()).await });
        match next {
            Ok(Event::Command { name, arguments, .. }) => callbacks.push((name.to_string(), arguments)),
            Ok(Event::Media { message, .. }) => {
                if let Some((0x82, codes)) = message.payload.split_first().map(|(first, rest)| (*first, rest))
                    && message.kind == MessageType::Audio
                {
                    Law::Mu.decode(codes, heard);
                }
            }
            Ok(event) => events.push(event),
            Err(_) => {}
        }
    }

    /// Waits until `found` finds something among the events.
    fn event<R>(&mut self, what: &str, found: impl Fn(&Event) -> Option<R>) -> R {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(at) = self.events.iter().position(|event| found(event).is_some()) {
                return found(&self.events.remove(at)).unwrap();
            }
            assert!(Instant::now() < end, "no {what} in {:?}, {:?}", self.events, self.callbacks);
            self.serve(Duration::from_millis(50));
        }
    }

    fn connected(&mut self) {
        self.event("connected", |event| matches!(event, Event::Connected { .. }).then_some(()));
    }

    /// Why connect was rejected.
    fn rejected(&mut self) -> String {
        self.event("rejected", |event| match event {
            Event::Rejected { description, .. } => Some(description.to_string()),
            _ => None,
        })
    }

    /// Waits for that callback; earlier ones are passed over.
    fn callback(&mut self, name: &str) -> Vec<Value> {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(at) = self.callbacks.iter().position(|(n, _)| n == name) {
                return self.callbacks.drain(..=at).next_back().unwrap().1;
            }
            assert!(Instant::now() < end, "no {name} among {:?} {:?}", self.callbacks, self.events);
            self.serve(Duration::from_millis(50));
        }
    }

    /// Calls a command, and waits for its answer: whether it was good, and the text of an error.
    fn call(&mut self, name: &str, arguments: &[Value]) -> Result<(), String> {
        let now = self.driver.now();
        let machine = self.driver.machine_mut();
        let asked = machine.call(now, name, arguments.to_vec(), None).unwrap();
        self.event(name, |event| match event {
            Event::Answer { transaction, result } if *transaction == asked => Some(match result {
                Ok(_) => Ok(()),
                Err(error) => Err(format!("{error:?}")),
            }),
            _ => None,
        })
    }

    fn stream(&mut self) -> u32 {
        let now = self.driver.now();
        self.driver.machine_mut().create_stream(now).unwrap();
        self.event("stream", |event| match event {
            Event::StreamCreated { stream, .. } => Some(*stream),
            _ => None,
        })
    }

    /// Publishes one stream and plays another.
    fn open_streams(&mut self, publish: Option<&str>, play: Option<&str>) {
        if let Some(name) = publish {
            let (stream, now) = (self.stream(), self.driver.now());
            self.driver.machine_mut().publish(now, stream, name, PublishMode::Live).unwrap();
            self.streams.push(stream);
        }
        if let Some(name) = play {
            let (stream, now) = (self.stream(), self.driver.now());
            self.driver.machine_mut().play(now, stream, name, -2.0, -1.0, true).unwrap();
        }
        self.serve(Duration::from_millis(100)); // what was asked for leaves only while the connection is served
    }

    /// Speaks a tone into the published stream, in real time.
    fn talk(&mut self, seconds: f64) {
        let start = Instant::now();
        for frame in 0..(seconds * 50.0) as u32 {
            let due = start + Duration::from_millis(20) * frame;
            loop {
                let left = due.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    break;
                }
                self.serve(left);
            }
            let Some(&stream) = self.streams.first() else { continue };
            let samples: Vec<i16> = (0..160).map(|n| tone(self.tone, self.sent * 160 + n)).collect();
            let mut codes = vec![0x82];
            Law::Mu.encode(&samples, &mut codes);
            let timestamp = self.sent * 20;
            let message = Message { kind: MessageType::Audio, timestamp, stream, payload: codes.into() };
            let now = self.driver.now();
            self.driver.machine_mut().send(now, stream, &message).unwrap();
            self.sent += 1;
        }
    }

    fn hears(&self, hz: f64, seconds: f64) {
        assert_tone(&self.heard, hz, seconds);
    }
}

fn tone(hz: f64, at: u32) -> i16 {
    (9000.0 * (std::f64::consts::TAU * hz * f64::from(at) / 8000.0).sin()) as i16
}

/// The amplitude of a frequency (Goertzel).
fn level(samples: &[i16], hz: f64) -> f64 {
    let c = 2.0 * (std::f64::consts::TAU * hz / 8000.0).cos();
    let (mut a, mut b) = (0.0, 0.0);
    for &s in samples {
        (a, b) = (f64::from(s) + c * a - b, a);
    }
    (a * a + b * b - c * a * b).max(0.0).sqrt() * 2.0 / samples.len().max(1) as f64
}

fn assert_tone(samples: &[i16], hz: f64, seconds: f64) {
    let blocks = samples.chunks_exact(800).filter(|block| (7500.0..10_500.0).contains(&level(block, hz))).count();
    let found = blocks as f64 / 10.0;
    assert!(found >= seconds, "{found} s of {hz} Hz in {} s", samples.len() as f64 / 8000.0);
}

/// What a dialer received.
fn recorded(path: &PathBuf) -> Vec<i16> {
    let mut wav = hound::WavReader::open(path).unwrap();
    wav.samples::<i16>().map(Result::unwrap).skip(1).step_by(2).collect()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn texts(texts: &[&str]) -> Vec<Value> {
    texts.iter().map(|t| Value::from(*t)).collect()
}

// ---- what is told and done

#[test]
fn every_command_and_callback_of_a_call_that_goes_out() {
    let mut house = House::start("out", "");
    let record = house.dir.join("bob.wav");
    let args = ["--listen", "--auto-respond-after", "0.5", "--tone", "600", "--record", record.to_str().unwrap()];
    let mut bob = house.dialer("bob", &args);
    let mut alice = house.alice();
    alice.open_streams(Some("local"), Some("remote"));
    alice.call("invite", &texts(&["sip:bob@127.0.0.1", "pcmu", "dtmf"])).unwrap();
    assert!(text(&alice.callback("ringing")[0]).starts_with("180 "));
    let accepted = alice.callback("accepted");
    assert_eq!((text(&accepted[0]), &accepted[1]), ("pcmu", &Value::Null));
    alice.call("invite", &texts(&["sip:bob@127.0.0.1"])).unwrap();
    assert!(text(&alice.callback("rejected")[0]).contains("active or pending"));
    alice.talk(3.0);
    alice.call("sendDTMF", &texts(&["5"])).unwrap();
    alice.talk(0.5);
    assert!(bob.wait(&["\"digit\""]).contains("\"key\":\"5\""));
    bob.type_line("7");
    assert_eq!(text(&alice.callback("receivedDTMF")[0]), "7");
    alice.call("hold", &[Value::from(true)]).unwrap();
    bob.wait(&["\"held\""]);
    alice.call("hold", &[Value::from(false)]).unwrap();
    bob.wait(&["\"unheld\""]);
    alice.talk(0.5);
    bob.type_line("/hold");
    assert_eq!(alice.callback("holded"), [Value::from(true)]);
    alice.talk(1.0); // a dialer changes a call again once its last change is through
    bob.type_line("/resume");
    assert_eq!(alice.callback("holded"), [Value::from(false)]);
    alice.call("sendText", &texts(&["see you at 8"])).unwrap();
    bob.wait(&["\"message\"", "see you at 8"]);
    bob.type_line("a table for 2");
    let received = alice.callback("receivedText");
    assert!(text(&received[0]).contains("bob@") && text(&received[1]) == "a table for 2", "{received:?}");
    alice.call("bye", &[]).unwrap();
    bob.wait(&["\"report\""]);
    alice.hears(600.0, 2.0);
    assert_tone(&recorded(&record), 440.0, 2.0);
    house.gateway.find(&["nothing of the kind"]);
    assert!(!house.gateway.seen.join("\n").contains("pw-alice"), "the password is in the log");
}

#[test]
fn only_the_documented_commands_can_be_called() {
    let house = House::start("guard", "");
    let mut alice = house.alice();
    for name in ["rtmp_data", "rtmp_register", "rtmp_unregister", "register", "published", "close"] {
        assert!(alice.call(name, &texts(&["x"])).is_err(), "{name}");
    }
    let error = alice.call("hold", &texts(&["maybe"])).unwrap_err();
    assert!(error.contains("true or false"), "{error}");
    assert!(alice.call("invite", &[]).is_err());
    assert!(alice.call("accept", &[]).unwrap_err().contains("no call"));
    let mut other = house.connect("live", &[]);
    other.connected();
    assert!(other.call("invite", &texts(&["sip:bob@127.0.0.1"])).is_err(), "no telephone there");
}

#[test]
fn a_wrong_password_rejects_the_connect_with_the_reason() {
    let house = House::start("password", "");
    let why = house.connect("sip/alice@127.0.0.1", &["alice", "pw-bob"]).rejected();
    assert!(why.starts_with("40"), "{why}");
    for (app, what) in [("sip", "sip/USER@DOMAIN"), ("sip/alice", "USER@DOMAIN"), ("sip/a@b/../c", "USER@DOMAIN")] {
        let why = house.connect(app, &[]).rejected();
        assert!(why.contains(what), "{app}: {why}");
    }
}

#[test]
fn a_call_that_comes_is_taken_refused_or_given_up() {
    let house = House::start("in", "");
    let mut alice = house.alice();
    alice.open_streams(Some("local"), Some("remote"));
    let record = house.dir.join("bob.wav");
    let args = ["--to", "sip:alice@127.0.0.1", "--tone", "600", "--record", record.to_str().unwrap()];
    let mut bob = house.dialer("bob", &args);
    let invited = alice.callback("invited");
    assert!(text(&invited[0]).contains("sip:bob@127.0.0.1") && text(&invited[1]).contains("sip:alice@127.0.0.1"));
    alice.call("accept", &texts(&["pcmu", "dtmf"])).unwrap();
    assert_eq!(text(&alice.callback("accepted")[0]), "pcmu");
    bob.wait(&["\"answered\""]);
    alice.talk(3.0);
    bob.type_line("/bye");
    alice.callback("byed");
    bob.wait(&["\"report\""]);
    alice.hears(600.0, 1.5);
    assert_tone(&recorded(&record), 440.0, 1.5);
    drop(bob);

    let mut bob = house.dialer("bob", &["--to", "sip:alice@127.0.0.1"]);
    alice.callback("invited");
    alice.call("reject", &texts(&["486 Busy Here"])).unwrap();
    bob.wait(&["486"]);
    drop(bob);

    let _bob = house.dialer("bob", &["--to", "sip:alice@127.0.0.1", "--ring-timeout", "1"]);
    alice.callback("invited");
    let cancelled = alice.callback("cancelled");
    assert!(text(&cancelled[0]).contains("sip:bob@127.0.0.1"));
}

#[test]
fn a_call_that_nobody_takes_is_told_with_its_reason() {
    let house = House::start("refused", "");
    let mut alice = house.alice();
    alice.call("invite", &texts(&["sip:bob@127.0.0.1"])).unwrap();
    let why = alice.callback("rejected");
    assert!(text(&why[0]).starts_with("480 ") || text(&why[0]).starts_with("404 "), "{why:?}");
    let mut bob = house.dialer("bob", &["--listen", "--auto-respond", "603", "--auto-respond-after", "0"]);
    alice.call("invite", &texts(&["sip:bob@127.0.0.1"])).unwrap();
    assert!(text(&alice.callback("rejected")[0]).starts_with("603 "));
    bob.type_line("/quit");
    drop(bob);
    let mut bob = house.dialer("bob", &["--listen", "--auto-respond", "0"]);
    alice.call("invite", &texts(&["sip:bob@127.0.0.1"])).unwrap();
    alice.callback("ringing");
    alice.call("bye", &[]).unwrap();
    assert_eq!(text(&alice.callback("rejected")[0]), "487 Request Terminated");
    bob.wait(&["\"ended\"", "gave up"]);
    alice.call("invite", &texts(&["sip:bob@127.0.0.1", "ulaw"])).unwrap();
    assert!(text(&alice.callback("rejected")[0]).starts_with("488 "), "Speex is not transcoded");
}

#[test]
fn a_newer_connection_takes_the_line_over_and_keeps_its_port() {
    let mut house = House::start("again", "");
    let mut first = house.alice();
    let port = |line: &str| line.split("local=127.0.0.1:").nth(1).unwrap()[..5].to_owned();
    let before = port(&house.gateway.wait(&["line opened"]));
    let mut second = house.alice();
    first.event("closed", |event| matches!(event, Event::Closed { .. }).then_some(()));
    assert_eq!(port(&house.gateway.wait(&["line opened"])), before);
    let _bob = house.dialer("bob", &["--to", "sip:alice@127.0.0.1"]);
    second.callback("invited");
}

#[test]
fn either_side_may_vanish() {
    let mut house = House::start("vanish", "");
    let mut bob = house.dialer("bob", &["--listen", "--auto-respond-after", "0"]);
    let mut alice = house.alice();
    alice.call("invite", &texts(&["sip:bob@127.0.0.1"])).unwrap();
    alice.callback("accepted");
    drop(alice);
    bob.wait(&["\"ended\"", "hung up"]);
    house.gateway.wait(&["line closed"]);
    let mut alice = house.alice();
    alice.call("invite", &texts(&["sip:bob@127.0.0.1"])).unwrap();
    alice.callback("accepted");
    bob.type_line("/quit");
    alice.callback("byed");
}

#[test]
fn who_has_no_password_calls_and_is_not_called() {
    let house = House::start("anonymous", "");
    let mut nobody = house.connect("sip/anonymous@invalid", &["", "", "Nobody", "narrowband"]);
    nobody.connected();
    nobody.call("invite", &texts(&["sip:carol@127.0.0.1", "pcma"])).unwrap();
    // the proxy lets only its users call: that is an answer, and so the gateway's call went out
    let why = nobody.callback("rejected");
    assert!(text(&why[0]).starts_with("40"), "{why:?}");
}

#[test]
fn a_plain_publisher_is_a_call() {
    let config = "[dial-plan]\nfrom = 'sip:studio@127.0.0.1'\npassword = 'pw-studio'\ncodecs = ['pcmu', 'dtmf']\n";
    let mut house = House::start("plain", config);
    let record = house.dir.join("bob.wav");
    let args = ["--listen", "--auto-respond-after", "0", "--tone", "600", "--record", record.to_str().unwrap()];
    let mut bob = house.dialer("bob", &args);
    let mut player = house.connect("call", &[]);
    player.connected();
    player.open_streams(None, Some("sip:bob@127.0.0.1"));
    let mut publisher = house.connect("call", &[]);
    publisher.connected();
    publisher.open_streams(Some("sip:bob@127.0.0.1"), None);
    bob.wait(&["\"answered\""]);
    publisher.talk(3.0);
    let mut second = house.connect("call", &[]);
    second.connected();
    second.open_streams(Some("sip:bob@127.0.0.1"), None);
    second.event("refusal", |event| match event {
        Event::Status { status, .. } if status.code.contains("BadName") => Some(()),
        _ => None,
    });
    drop(publisher);
    bob.wait(&["\"ended\""]);
    bob.wait(&["\"report\""]);
    player.event("the end", |event| match event {
        Event::Status { status, .. } if status.code.contains("Unpublish") => Some(()),
        _ => None,
    });
    player.hears(600.0, 1.5);
    assert_tone(&recorded(&record), 440.0, 1.5);
    house.gateway.wait(&["line closed"]);
}

#[test]
fn an_extension_is_answered_while_its_stream_is_published() {
    let config = "[dial-plan]\ncodecs = ['pcmu']\n[[dial-plan.extension]]\naor = 'sip:studio@127.0.0.1'\n\
        password = 'pw-studio'\nstream = 'desk'\n";
    let mut house = House::start("extension", config);
    house.gateway.wait(&["extension registered"]);
    let mut bob = house.dialer("bob", &["--to", "sip:studio@127.0.0.1"]);
    bob.wait(&["480"]);
    drop(bob);
    let mut publisher = house.connect("call", &[]);
    publisher.connected();
    publisher.open_streams(Some("desk"), None);
    publisher.event("publishing", |event| match event {
        Event::Status { status, .. } if status.code.contains("Publish.Start") => Some(()),
        _ => None,
    });
    let record = house.dir.join("bob.wav");
    let mut bob = house.dialer("bob", &["--to", "sip:studio@127.0.0.1", "--record", record.to_str().unwrap()]);
    bob.wait(&["\"answered\""]);
    publisher.talk(2.0);
    bob.type_line("/bye");
    bob.wait(&["\"report\""]);
    assert_tone(&recorded(&record), 440.0, 1.0);
}

#[test]
fn who_has_no_key_neither_calls_nor_listens_and_rtmps_is_served() {
    let keys = scratch("keys").join("keys.txt");
    std::fs::write(&keys, "publish sip/* line-key\npublish call/* call-key\nplay call/* ear-key\n").unwrap();
    let config = format!("listen = ['rtmp:127.0.0.1:0', 'rtmps:127.0.0.1:0']\nkeys = {keys:?}\n");
    let house = House::start_with("access", &config, &[]);
    let url = |app: &str| format!("rtmps://{}/{app}", house.secure.as_ref().unwrap());
    let mut stranger = Phone::new(&url("sip/alice@127.0.0.1?key=guess"), &["alice", "pw-alice"]);
    assert!(stranger.rejected().contains("key"));
    let mut alice = Phone::new(&url("sip/alice@127.0.0.1?key=line-key"), &["alice", "pw-alice"]);
    alice.connected();
    let outcome = |phone: &mut Phone| {
        phone.event("status", |event| match event {
            Event::Status { status, .. } => Some(status.code.to_string()),
            _ => None,
        })
    };
    let mut plain = house.connect("call", &[]);
    plain.connected();
    plain.open_streams(Some("sip:nobody@127.0.0.1"), None);
    assert_eq!(outcome(&mut plain), "NetStream.Publish.Denied");
    plain.open_streams(None, Some("sip:nobody@127.0.0.1?key=call-key"));
    assert_eq!(outcome(&mut plain), "NetStream.Play.Failed", "that is the key to something else");
    // in this order: nobody answers under that address, and then the gateway closes the line
    for (publish, play, expected) in
        [(None, Some("ear-key"), "NetStream.Play.Start"), (Some("call-key"), None, "NetStream.Publish.Start")]
    {
        let name = |key| format!("sip:nobody@127.0.0.1?key={key}");
        plain.open_streams(publish.map(name).as_deref(), play.map(name).as_deref());
        plain.event(expected, |event| match event {
            Event::Status { status, .. } => (status.code == expected).then_some(()),
            _ => None,
        });
    }
}
