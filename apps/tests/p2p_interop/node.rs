//! A node of any of the three programs: started by kind, commanded and heard as JSON lines, killed with the test.
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// How long an answer or an event may take. The old programs poll once a second in places.
pub const LIMIT: Duration = Duration::from_secs(8);

/// Whose program a node runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Ours,
    Py2p,
    Js2p,
}

/// What all nodes of one network agree on.
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    /// `mesh`, `sync` or `chord`.
    pub family: &'static str,
    /// `Plaintext`, `SSL` or `ws`.
    pub enc: &'static str,
    /// How py2p writes ids: `native`, or `str` where js2p takes part too.
    pub ids: &'static str,
    /// The compression codes that every node offers, or `none`.
    pub compression: &'static str,
    /// How many links a node opens by itself.
    pub max_outgoing: &'static str,
}

/// A running node.
pub struct Node {
    pub kind: Kind,
    pub id: String,
    pub host: String,
    pub port: u16,
    child: Child,
    stdin: ChildStdin,
    lines: Receiver<Value>,
    heard: Vec<(Value, bool)>,
    asked: u64,
    complaints: Arc<Mutex<Vec<String>>>,
}

impl Node {
    /// Starts a node at an address of its own: js2p refuses a peer whose host or port it knows from another. It is to
    /// be `ready` before anything else.
    pub fn spawn(kind: Kind, setup: Setup) -> Result<Node, String> {
        let (host, port) = free_address();
        let mut command = program(kind);
        command.args(["--kind", setup.family, "--enc", setup.enc, "--compression", setup.compression]);
        command.args(["--host", &host, "--port", &port.to_string(), "--max-outgoing", setup.max_outgoing]);
        if kind == Kind::Py2p {
            command.args(["--ids", setup.ids]);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|e| format!("{kind:?} does not start ({e}): run peers/install"))?;
        let complaints = Arc::new(Mutex::new(Vec::new()));
        let lines = read_lines(&mut child, Arc::clone(&complaints))?;
        let stdin = child.stdin.take().ok_or("no stdin")?;
        let id = String::new();
        Ok(Node { kind, id, host, port, child, stdin, lines, heard: vec![], asked: 0, complaints })
    }

    /// Waits until the program runs.
    pub fn ready(&mut self) -> Result<(), String> {
        static MET: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
        let ready = self.wait_within(Duration::from_secs(30), "ready", |e| e["ev"] == "ready")?;
        self.id = text(&ready["id"]);
        let version = format!("{} {}", text(&ready["impl"]), text(&ready["version"]));
        if MET.lock().is_ok_and(|mut met| met.insert(version.clone())) {
            println!("peer: {version}");
        }
        Ok(())
    }

    /// Gives a command and returns the `result` of its answer.
    pub fn ask(&mut self, command: Value) -> Result<Value, String> {
        self.ask_within(LIMIT, command)
    }

    /// The same with a limit of its own.
    pub fn ask_within(&mut self, limit: Duration, mut command: Value) -> Result<Value, String> {
        self.asked += 1;
        let number = self.asked;
        command["n_"] = number.into();
        let line = format!("{command}\n");
        self.stdin.write_all(line.as_bytes()).map_err(|e| format!("{} takes no command: {e}", self.name()))?;
        let what = format!("answer to {}", &line[..line.len().min(120)]);
        let mut answer = self.wait_within(limit, &what, |e| e["re"] == number)?;
        match answer.get("error") {
            Some(error) => Err(format!("{} to {}: {error}", self.name(), command["op"])),
            None => Ok(answer["result"].take()),
        }
    }

    /// Waits for an event that was not waited for yet.
    pub fn wait(&mut self, what: &str, is: impl Fn(&Value) -> bool) -> Result<Value, String> {
        self.wait_within(LIMIT, what, is)
    }

    /// The same with a limit of its own.
    pub fn wait_within(&mut self, limit: Duration, what: &str, is: impl Fn(&Value) -> bool) -> Result<Value, String> {
        if let Some((event, taken)) = self.heard.iter_mut().find(|(e, taken)| !taken && is(e)) {
            *taken = true;
            return Ok(event.clone());
        }
        let end = Instant::now() + limit;
        while let Ok(event) = self.lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
            let found = is(&event);
            self.heard.push((event.clone(), found));
            if found {
                return Ok(event);
            }
        }
        Err(format!("{} shows no {what}{}", self.name(), self.last_words()))
    }

    /// Asks again and again until the answer is as wanted: for what no event tells.
    pub fn until(&mut self, what: &str, command: &Value, is: impl Fn(&Value) -> bool) -> Result<Value, String> {
        self.until_within(LIMIT, what, command, is)
    }

    /// The same with a limit of its own.
    pub fn until_within(
        &mut self,
        limit: Duration,
        what: &str,
        command: &Value,
        is: impl Fn(&Value) -> bool,
    ) -> Result<Value, String> {
        let end = Instant::now() + limit;
        loop {
            let answer = self.ask(command.clone())?;
            if is(&answer) {
                return Ok(answer);
            }
            if Instant::now() > end {
                return Err(format!("{}: not {what}, but {answer}{}", self.name(), self.last_words()));
            }
            std::thread::sleep(Duration::from_millis(40));
        }
    }

    /// All messages heard so far with such content.
    pub fn messages(&mut self, is: impl Fn(&Value) -> bool) -> Vec<Value> {
        self.heard.extend(self.lines.try_iter().map(|e| (e, false)));
        let messages = self.heard.iter().map(|(e, _)| e).filter(|e| e["ev"] == "message");
        messages.filter(|e| is(&e["packets"])).cloned().collect()
    }

    /// Waits for a link to each of these and to nobody else.
    pub fn linked_to(&mut self, others: &[&str]) -> Result<(), String> {
        let mut want: Vec<_> = others.iter().map(ToString::to_string).collect();
        want.sort();
        self.until("linked as wanted", &json!({"op": "peers"}), |peers| ids(peers) == want).map(drop)
    }

    /// Ends the program without a word to its peers.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Kind and port, for messages.
    pub fn name(&self) -> String {
        format!("{:?} {}:{}", self.kind, self.host, self.port)
    }

    fn last_words(&self) -> String {
        let tail = |all: &[String]| all[all.len().saturating_sub(6)..].join("\n    ");
        let events: Vec<_> = self.heard.iter().filter(|(e, _)| e["re"].is_null()).map(|(e, _)| short(e)).collect();
        let complaints = self.complaints.lock().map(|c| tail(&c)).unwrap_or_default();
        format!("; its last events:\n    {}\n    stderr: {complaints}", tail(&events))
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Ids of the answer to `peers`, in order.
pub fn ids(peers: &Value) -> Vec<String> {
    let mut ids: Vec<_> = peers.as_array().into_iter().flatten().map(|p| text(&p["id"])).collect();
    ids.sort();
    ids
}

/// Bytes as the line protocol writes them.
pub fn bytes(text: &str) -> Value {
    json!({"$bin": text.bytes().map(|b| format!("{b:02x}")).collect::<String>()})
}

/// The command that runs a kind of node.
pub fn program(kind: Kind) -> Command {
    match kind {
        Kind::Ours => {
            let mut command = Command::new(env!("CARGO_BIN_EXE_peer"));
            command.arg("--json");
            command
        }
        Kind::Py2p => {
            let mut command = Command::new(root("target/peers/py2p/bin/python"));
            command.arg(root("peers/p2p/py2p_peer.py"));
            command
        }
        Kind::Js2p => {
            let mut command = Command::new("node");
            command.env("JS2P", root("target/peers/js2p/node_modules/js2p")).arg(root("peers/p2p/js2p_peer.js"));
            command
        }
    }
}

/// A path of the repository.
pub fn root(path: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    std::path::absolute(&root).unwrap_or(root)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn short(event: &Value) -> String {
    event.to_string().chars().take(200).collect()
}

/// A loopback host that no other node of this network has, nor an earlier run (py2p cannot bind an address with
/// connections in TIME_WAIT), and a port likewise.
fn free_address() -> (String, u16) {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let run = std::process::id();
    loop {
        let n = NEXT.fetch_add(1, Ordering::Relaxed);
        let host = format!("127.{}.{}.{}", 16 + run % 200, run / 200 % 250, 1 + n % 250);
        let port = 21_000 + n % 10_000;
        if TcpListener::bind((host.as_str(), port)).is_ok() {
            return (host, port);
        }
    }
}

fn read_lines(child: &mut Child, complaints: Arc<Mutex<Vec<String>>>) -> Result<Receiver<Value>, String> {
    let (tx, lines) = channel();
    let (out, err) = child.stdout.take().zip(child.stderr.take()).ok_or("no pipes")?;
    let wrong = Arc::clone(&complaints);
    std::thread::spawn(move || {
        for line in BufReader::new(out).lines().map_while(Result::ok) {
            match serde_json::from_str(&line) {
                Ok(event) => drop(tx.send(event)),
                Err(_) => wrong.lock().expect("no panic").push(format!("not JSON: {line}")),
            }
        }
    });
    std::thread::spawn(move || {
        for line in BufReader::new(err).lines().map_while(Result::ok) {
            complaints.lock().expect("no panic").push(line);
        }
    });
    Ok(lines)
}
