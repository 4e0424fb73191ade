//! The dialer as its users meet it: two processes on loopback.
#![cfg(all(feature = "dialer", feature = "sip-proxy"))]

use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use rfc3551::g711::Law;
use serde_json::Value;

/// Longer than anything here takes, even on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(30);

struct Dialer {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<Value>,
    seen: Vec<Value>,
}

impl Dialer {
    fn start(args: &[&str]) -> Dialer {
        let mut child = command(args)
            .arg("--json")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, lines) = channel();
        let out = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                let value = serde_json::from_str(&line).unwrap_or_else(|e| panic!("{e}: {line}"));
                if sender.send(value).is_err() {
                    return;
                }
            }
        });
        let stdin = child.stdin.take();
        Dialer { child, stdin, lines, seen: Vec::new() }
    }

    /// Waits for an event, passing over others.
    fn wait(&mut self, event: &str) -> Value {
        let until = Instant::now() + PATIENCE;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let Ok(value) = self.lines.recv_timeout(left) else {
                let mut stderr = String::new();
                let _ = self.child.kill();
                let _ = self.child.stderr.take().unwrap().read_to_string(&mut stderr);
                panic!("no {event} after {:#?}\n{stderr}", self.seen);
            };
            self.seen.push(value.clone());
            if value["event"] == event {
                return value;
            }
        }
    }

    /// `sip:test@ADDRESS` of the first address that it listens on with that transport.
    fn uri(&mut self, transport: &str) -> String {
        let on = self.wait("listening")["on"].clone();
        let mut all = on.as_array().unwrap().iter().map(|v| v.as_str().unwrap());
        let address = all.find_map(|a| a.strip_prefix(transport)?.strip_prefix(':')).unwrap();
        format!("sip:test@{address}")
    }

    fn type_line(&mut self, line: &str) {
        writeln!(self.stdin.as_mut().unwrap(), "{line}").unwrap();
    }

    fn interrupt(&self) {
        assert!(Command::new("kill").args(["-INT", &self.child.id().to_string()]).status().unwrap().success());
    }

    /// Waits for the end: exit status, and all that was told.
    fn end(mut self) -> (i32, Vec<Value>, String) {
        let until = Instant::now() + PATIENCE;
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(Instant::now() < until, "it does not end: {:#?}", self.seen);
            std::thread::sleep(Duration::from_millis(10));
        };
        self.seen.extend(self.lines.iter());
        let mut stderr = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        (status.code().unwrap(), std::mem::take(&mut self.seen), stderr)
    }

    fn quit(mut self) -> Vec<Value> {
        self.type_line("/quit");
        let (code, seen, stderr) = self.end();
        assert_eq!(code, 0, "{stderr}\n{seen:#?}");
        seen
    }
}

fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dialer"));
    command.args(args).arg("--quiet").env_remove("DIALER_AUTHPASS");
    command
}

fn run(args: &[&str]) -> Output {
    command(args).stdin(Stdio::null()).output().unwrap()
}

fn listener(more: &[&str]) -> Dialer {
    Dialer::start(&[&["--listen", "--int-ip", "127.0.0.1", "--auto-respond-after", "0"], more].concat())
}

fn find<'a>(seen: &'a [Value], event: &str) -> &'a Value {
    seen.iter().find(|v| v["event"] == event).unwrap_or_else(|| panic!("no {event} in {seen:#?}"))
}

fn keys(seen: &[Value], event: &str) -> String {
    seen.iter().filter(|v| v["event"] == event).map(|v| v["key"].as_str().unwrap()).collect()
}

fn path(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("wireworks-dialer-{}-{name}", std::process::id()))
}

/// A file to play, and what is left of it after coding.
fn clip(name: &str, seed: u64, samples: usize) -> (PathBuf, Vec<i16>) {
    let mut rng = wire::Rng::from_u64(seed);
    let path = path(name);
    let spec =
        hound::WavSpec { channels: 1, sample_rate: 8000, bits_per_sample: 16, sample_format: hound::SampleFormat::Int };
    let mut wav = hound::WavWriter::create(&path, spec).unwrap();
    let mut coded = Vec::new();
    for n in 0..samples {
        let sample = (9000.0 * (n as f64 * 0.2).sin()) as i16 + rng.below(3000) as i16;
        wav.write_sample(sample).unwrap();
        coded.push(Law::Mu.decode_sample(Law::Mu.encode_sample(sample)));
    }
    wav.finalize().unwrap();
    (path, coded)
}

/// Left or right of a recording.
fn side(path: &PathBuf, side: usize) -> Vec<i16> {
    let all: Vec<i16> = hound::WavReader::open(path).unwrap().samples().map(Result::unwrap).collect();
    all.into_iter().skip(side).step_by(2).collect()
}

fn holds(whole: &[i16], part: &[i16]) -> bool {
    whole.windows(part.len()).any(|window| window == part)
}

#[test]
fn what_one_plays_the_other_records_sample_for_sample() {
    let (ours, our_samples) = clip("ours.wav", 1, 8_000);
    let (theirs, their_samples) = clip("theirs.wav", 2, 7_000);
    let (our_record, their_record, trace) = (path("a.wav"), path("b.wav"), path("t.pcap"));
    let mut b = listener(&["--play", theirs.to_str().unwrap(), "--record", their_record.to_str().unwrap()]);
    let uri = b.uri("udp");
    let args = ["--to", &uri, "--play", ours.to_str().unwrap(), "--record", our_record.to_str().unwrap()];
    let a = Dialer::start(&[&args[..], &["--duration", "1.5", "--trace", trace.to_str().unwrap()]].concat());
    let (code, seen, stderr) = a.end();
    assert_eq!((code, stderr.as_str()), (0, ""), "{seen:#?}");
    b.wait("report");
    let told = b.quit();
    for (record, said, heard) in
        [(&our_record, &our_samples, &their_samples), (&their_record, &their_samples, &our_samples)]
    {
        assert!(holds(&side(record, 0), said), "said: {record:?}");
        assert!(holds(&side(record, 1), heard), "heard: {record:?}");
    }
    let report = &find(&seen, "report")["report"];
    assert_eq!((&report["outcome"], &report["audio"]["codec"]), (&"done".into(), &"PCMU/8000".into()));
    assert_eq!(report["audio"]["packets_lost"], 0);
    assert!(report["audio"]["mos"].as_f64().unwrap() > 4.0, "{report:#}");
    let ladder: Vec<&str> = report["ladder"].as_array().unwrap().iter().map(|s| s["what"].as_str().unwrap()).collect();
    for what in ["INVITE", "180 Ringing", "200 OK", "ACK", "BYE"] {
        assert!(ladder.contains(&what), "{what} in {ladder:?}");
    }
    assert_eq!(find(&told, "ended")["reason"], "the other side hung up");
    let capture = std::fs::read(&trace).unwrap();
    assert!(capture.windows(6).any(|w| w == b"INVITE") && capture.len() > 100 * 172);
    for file in [ours, theirs, our_record, their_record, trace] {
        std::fs::remove_file(file).unwrap();
    }
}

#[test]
fn keys_go_both_ways() {
    let mut b = listener(&["--dtmf", "9*"]);
    let uri = b.uri("udp");
    let mut a = Dialer::start(&["--to", &uri, "--dtmf", "12"]);
    a.wait("answered");
    a.type_line("#");
    b.wait("digit");
    b.wait("digit");
    b.wait("digit");
    a.wait("digit");
    a.wait("digit");
    a.type_line("/bye");
    let (code, seen, _) = a.end();
    assert_eq!((code, keys(&seen, "digit"), keys(&seen, "digit-sent")), (0, "9*".into(), "12#".into()));
    let told = b.quit();
    assert_eq!(keys(&told, "digit"), "12#");
}

#[test]
fn refusals_have_a_status_each() {
    for (status, code) in [("486", 3), ("480", 4), ("603", 5), ("488", 5), ("404", 7)] {
        let mut b = listener(&["--auto-respond", status]);
        let uri = b.uri("udp");
        let (got, seen, stderr) = Dialer::start(&["--to", &uri]).end();
        assert_eq!(got, code, "{status}: {seen:#?}");
        assert!(stderr.contains(status) && stderr.lines().count() == 1, "{stderr}");
        b.wait("report");
        b.quit();
    }
}

#[test]
fn a_call_that_nobody_answers_is_cancelled() {
    let mut b = listener(&["--auto-respond", "0"]);
    let uri = b.uri("udp");
    let (code, seen, _) = Dialer::start(&["--to", &uri, "--ring-timeout", "0.5"]).end();
    assert_eq!(code, 4, "{seen:#?}");
    assert_eq!(b.wait("ended")["reason"], "the caller gave up");
    // the next one is cancelled by Ctrl-C
    let mut a = Dialer::start(&["--to", &uri]);
    a.wait("ringing");
    a.interrupt();
    let (code, ..) = a.end();
    assert_eq!(code, 130);
    assert_eq!(b.wait("ended")["reason"], "the caller gave up");
    // and the one after that is taken by hand
    let mut a = Dialer::start(&["--to", &uri]);
    b.wait("incoming");
    b.type_line("/answer");
    a.wait("answered");
    a.interrupt();
    let (code, ..) = a.end();
    assert_eq!(code, 130);
    assert_eq!(b.wait("ended")["reason"], "the other side hung up");
    b.quit();
}

#[test]
fn messages_go_both_ways() {
    let mut b = listener(&[]);
    let uri = b.uri("udp");
    let (code, seen, stderr) = Dialer::start(&["--to", &uri, "--user", "alice", "--send", "see you at 8 ä"]).end();
    assert_eq!(code, 0, "{stderr} {seen:#?}");
    assert_eq!(find(&seen, "message-sent")["status"], 200);
    let message = b.wait("message");
    assert_eq!(message["text"], "see you at 8 ä");
    assert!(message["from"].as_str().unwrap().starts_with("sip:alice@"));
    // and within a call, typed
    let mut a = Dialer::start(&["--to", &uri, "--listen"]);
    a.wait("answered");
    a.type_line("hello there");
    assert_eq!(b.wait("message")["text"], "hello there");
    b.type_line("hello yourself");
    assert_eq!(a.wait("message")["text"], "hello yourself");
    a.quit();
    b.quit();
}

#[test]
fn hold_and_resume() {
    let mut b = listener(&["--tone", "440"]);
    let uri = b.uri("udp");
    let mut a = Dialer::start(&["--to", &uri, "--hold", "0.3", "--resume", "0.8"]);
    b.wait("held");
    b.wait("unheld");
    a.wait("modified");
    a.type_line("/bye");
    assert_eq!(a.end().0, 0);
    b.wait("report");
    b.quit();
}

#[test]
fn one_call_at_a_time() {
    let mut b = listener(&[]);
    let uri = b.uri("udp");
    let mut first = Dialer::start(&["--to", &uri]);
    first.wait("answered");
    assert_eq!(Dialer::start(&["--to", &uri]).end().0, 3);
    b.wait("turned-away");
    b.type_line("/bye");
    assert_eq!(first.end().0, 0);
    b.wait("report");
    // the line is free again
    let again = Dialer::start(&["--to", &uri, "--duration", "0.2"]);
    assert_eq!(again.end().0, 0);
    b.quit();
}

#[test]
fn tcp_ipv6_and_calls_without_description() {
    let mut b = listener(&["--transport", "tcp"]);
    let uri = b.uri("tcp");
    let a = Dialer::start(&["--to", &uri, "--transport", "tcp", "--duration", "0.3", "--audio-loopback"]);
    let (code, seen, stderr) = a.end();
    assert_eq!(code, 0, "{stderr} {seen:#?}");
    b.quit();

    if std::net::UdpSocket::bind("[::1]:0").is_ok() {
        let mut b = Dialer::start(&["--listen", "--int-ip", "::1", "--auto-respond-after", "0"]);
        let uri = b.uri("udp");
        let (code, seen, stderr) = Dialer::start(&["--to", &uri, "--duration", "0.3"]).end();
        assert_eq!(code, 0, "{stderr} {seen:#?}");
        b.quit();
    } else {
        println!("skipped: this machine has no IPv6");
    }

    let mut b = listener(&[]);
    let uri = b.uri("udp");
    let (code, seen, _) = Dialer::start(&["--to", &uri, "--no-sdp", "--duration", "0.3"]).end();
    assert_eq!(code, 0, "{seen:#?}");
    assert!(find(&seen, "report")["report"]["audio"].is_null());
    b.quit();
}

#[test]
fn mistakes_are_one_line_and_a_status() {
    let taken = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let gone = format!("sip:x@127.0.0.1:{port}");
    let rows: [(&[&str], i32, &str); 9] = [
        (&[], 2, "--to"),
        (&["--nonsense"], 2, "--nonsense"),
        (&["--to", "sip:x@h", "--tone", "1"], 2, "20 to 3800"),
        (&["--listen", "--int-ip", "127.0.0.1", "--port", &port], 1, &port),
        (&["--to", "sip:x@127.0.0.1", "--play", "/nonexistent.wav"], 1, "/nonexistent.wav"),
        (&["--to", "sip:x@127.0.0.1", "--record", "/nonexistent/x.wav"], 1, "/nonexistent/x.wav"),
        (&["--to", "sip:x@127.0.0.1", "--authpass-file", "/nonexistent"], 2, "/nonexistent"),
        (&["--to", "sip:x@no-such-host.invalid"], 7, "no-such-host.invalid"),
        (&["--to", "http://h"], 7, "not a SIP address"),
    ];
    for (args, code, part) in rows {
        let output = run(args);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{args:?}: {stderr}");
        assert!(stderr.starts_with("dialer: ") && stderr.lines().count() == 1 && stderr.contains(part), "{stderr}");
    }
    drop(taken);
    // nobody listens there: the machine says so, and so do we
    let output = run(&["--to", &gone]);
    assert_eq!(output.status.code(), Some(7), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn the_human_report_reads_well_and_shows_no_password() {
    let mut b = listener(&[]);
    let uri = b.uri("udp");
    let args = ["--to", &uri, "--duration", "0.5", "--authpass", "hunter2", "-vv"];
    let output = Command::new(env!("CARGO_BIN_EXE_dialer")).args(args).stdin(Stdio::null()).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    for part in [
        "answered after",
        "codec    PCMU/8000",
        "packets  ",
        "quality  ",
        "->|",
        "|<-",
        "INVITE",
        "BYE",
        "end      we hung up: done",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert!(!text.contains("hunter2") && !String::from_utf8_lossy(&output.stderr).contains("hunter2"));
    b.quit();
}

/// A proxy with two users, on a free port.
struct Proxy {
    child: Child,
    address: String,
    users: PathBuf,
}

impl Proxy {
    fn start(name: &str) -> Proxy {
        let users = path(name);
        std::fs::write(&users, "alice:wonderland\nbob:builder\n").unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_sip-proxy"))
            .args(["--json", "--quiet", "-l", "udp:127.0.0.1:0", "-d", "example.test", "-u", users.to_str().unwrap()])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ready: Value = serde_json::from_str(&line).unwrap();
        let address = ready["listen"][0].as_str().unwrap().strip_prefix("udp:").unwrap().to_owned();
        Proxy { child, address, users }
    }

    /// The options of one of its users.
    fn user<'a>(&'a self, user: &'a str, password: &'a str) -> Vec<&'a str> {
        let proxy = ["--register", "--domain", "example.test", "--proxy", &self.address, "--int-ip", "127.0.0.1"];
        [&proxy[..], &["--user", user, "--authpass", password]].concat()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_file(&self.users);
    }
}

#[test]
fn registered_users_call_each_other_through_a_proxy() {
    let proxy = Proxy::start("users");
    let listen = ["--listen", "--auto-respond-after", "0", "--audio-loopback"];
    let mut bob = Dialer::start(&[&proxy.user("bob", "builder")[..], &listen].concat());
    bob.wait("registered");
    let alice = |more: &[&str]| Dialer::start(&[&proxy.user("alice", "wonderland")[..], more].concat());
    let (code, seen, stderr) =
        alice(&["--to", "sip:bob@example.test", "--voice", "--duration", "1", "--dtmf", "7"]).end();
    assert_eq!(code, 0, "{stderr} {seen:#?}");
    for event in ["registered", "ringing", "answered", "heard", "unregistered"] {
        find(&seen, event);
    }
    assert_eq!(bob.wait("digit")["key"], "7");
    let (code, ..) = alice(&["--to", "sip:bob@example.test", "--send", "hello"]).end();
    assert_eq!((code, bob.wait("message")["text"].as_str()), (0, Some("hello")));
    // the request asks for bob, whatever was dialled
    let (code, ..) =
        alice(&["--to", "sip:555@example.test", "--uri", "sip:bob@example.test", "--duration", "0.2"]).end();
    assert_eq!(code, 0);
    let (code, ..) = alice(&["--to", "sip:555@example.test"]).end();
    assert_eq!(code, 7);
    let (code, seen, stderr) = Dialer::start(&proxy.user("alice", "wrong")).end();
    assert_eq!(code, 6, "{seen:#?}");
    assert!(stderr.contains("not authorized") && !stderr.contains("wrong"), "{stderr}");
    bob.type_line("/quit");
    let (code, seen, _) = bob.end();
    assert_eq!(code, 0);
    find(&seen, "unregistered");
}
