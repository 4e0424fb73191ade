//! One running `peer`, and how to talk to it.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// A node that is killed at the end of the test.
pub struct Peer {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<Value>,
    /// Events that came while something else was waited for.
    events: Vec<Value>,
    asked: u64,
    pub ready: Value,
}

/// How long a test waits for what has to come.
pub const PATIENCE: Duration = Duration::from_secs(20);

pub fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_peer"));
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs a `peer` that ends by itself.
pub fn output(args: &[&str]) -> Output {
    command(args).stdin(Stdio::null()).output().unwrap()
}

/// A node on a free port, called as the drivers of py2p and js2p are.
pub fn start(kind: &str, args: &[&str]) -> Peer {
    let args = [&["--json", "--kind", kind, "--port", "0", "-q"], args].concat();
    with(&args)
}

/// A node with exactly these arguments, `--json` among them.
pub fn with(args: &[&str]) -> Peer {
    let mut child = command(args).stderr(Stdio::inherit()).spawn().unwrap();
    let (sender, lines) = channel();
    let stdout = BufReader::new(child.stdout.take().unwrap());
    std::thread::spawn(move || {
        for line in stdout.lines().map_while(Result::ok) {
            let value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("no JSON: {line}"));
            if sender.send(value).is_err() {
                return;
            }
        }
    });
    let stdin = child.stdin.take();
    let mut peer = Peer { child, stdin, lines, events: Vec::new(), asked: 0, ready: Value::Null };
    peer.ready = peer.event("ready");
    peer
}

/// So many nodes of a kind, each of which joins through the first.
pub fn network(kind: &str, count: usize, args: &[&str]) -> Vec<Peer> {
    let first = start(kind, args);
    let seed = first.address();
    let joined = [args, &["--connect", &seed]].concat();
    let mut peers = vec![first];
    peers.extend((1..count).map(|_| start(kind, &joined)));
    peers
}

impl Peer {
    pub fn id(&self) -> &str {
        self.ready["id"].as_str().unwrap()
    }

    /// Host and port that it listens on first.
    pub fn address(&self) -> String {
        format!("{}:{}", self.ready["addr"][0].as_str().unwrap(), self.ready["addr"][1])
    }

    /// Where it listens over that transport, in the form that `--seed` takes.
    pub fn listens(&self, transport: &str) -> &str {
        let places = self.ready["listen"].as_array().unwrap().iter().map(|place| place.as_str().unwrap());
        places.into_iter().find(|place| place.starts_with(&format!("{transport}:"))).unwrap()
    }

    /// Gives an operation and waits for its answer.
    pub fn ask(&mut self, op: Value) -> Value {
        let tag = self.say(op);
        self.answer(tag)
    }

    /// Gives an operation, whose answer `answer` waits for.
    pub fn say(&mut self, mut op: Value) -> u64 {
        self.asked += 1;
        op["n_"] = self.asked.into();
        self.line(&op.to_string());
        self.asked
    }

    pub fn line(&mut self, line: &str) {
        writeln!(self.stdin.as_mut().unwrap(), "{line}").unwrap();
    }

    pub fn answer(&mut self, tag: u64) -> Value {
        let end = Instant::now() + PATIENCE;
        loop {
            let line = self.next(end).unwrap_or_else(|| panic!("no answer to {tag}"));
            if line["re"] == tag {
                return line;
            }
            self.events.push(line);
        }
    }

    /// The result of an operation that has to work.
    pub fn result(&mut self, op: Value) -> Value {
        let mut answer = self.ask(op.clone());
        assert!(answer["error"].is_null(), "{op}: {answer}");
        answer["result"].take()
    }

    /// Waits for an event of that name.
    pub fn event(&mut self, name: &str) -> Value {
        self.event_where(name, |event| event["ev"] == name)
    }

    /// Waits for an event that is `right`; earlier ones stay for others to wait for.
    pub fn event_where(&mut self, what: &str, right: impl Fn(&Value) -> bool) -> Value {
        if let Some(at) = self.events.iter().position(&right) {
            return self.events.remove(at);
        }
        let end = Instant::now() + PATIENCE;
        loop {
            let line = self.next(end).unwrap_or_else(|| panic!("no {what} came, but {:?}", self.events));
            if right(&line) {
                return line;
            }
            self.events.push(line);
        }
    }

    /// Waits for a message that says just `text`.
    pub fn hear(&mut self, text: &str) -> Value {
        self.event_where(text, |event| event["ev"] == "message" && event["packets"] == json!([text]))
    }

    /// How many messages that say `text` have come, after everything told so far was read.
    pub fn heard(&mut self, text: &str) -> usize {
        self.result(json!({"op": "status"}));
        self.events.iter().filter(|event| event["ev"] == "message" && event["packets"] == json!([text])).count()
    }

    fn next(&mut self, end: Instant) -> Option<Value> {
        self.lines.recv_timeout(end.saturating_duration_since(Instant::now())).ok()
    }

    /// Asks until the result is `right`.
    pub fn until(&mut self, op: Value, right: impl Fn(&Value) -> bool) -> Value {
        let end = Instant::now() + PATIENCE;
        loop {
            let result = self.result(op.clone());
            if right(&result) {
                return result;
            }
            assert!(Instant::now() < end, "{op} stays at {result}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits until it has at least so many neighbours.
    pub fn has_peers(&mut self, count: usize) {
        self.until(json!({"op": "peers"}), |peers| peers.as_array().is_some_and(|peers| peers.len() >= count));
    }

    /// The most memory that it ever had, in bytes.
    pub fn peak_memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.split_whitespace().next().unwrap().parse::<u64>().unwrap() * 1024
    }

    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub fn signal(&self, name: &str) {
        let status = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    /// Closes its standard input.
    pub fn close(&mut self) {
        self.stdin = None;
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
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _already_gone = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A `peer` for people: what is typed goes in, and what it prints comes out at the end.
pub fn type_at(args: &[&str], lines: &[&str]) -> String {
    let mut child = command(args).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    for line in lines {
        writeln!(stdin, "{line}").unwrap();
    }
    drop(stdin);
    let mut text = String::new();
    child.stdout.take().unwrap().read_to_string(&mut text).unwrap();
    assert!(child.wait().unwrap().success());
    text
}
