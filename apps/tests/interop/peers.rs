//! Starts the real programs, reads what they print, and ends them with the test.
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// A scratch folder for one test, emptied first.
pub fn scratch(test: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
    let _ = std::fs::remove_dir_all(&dir);
    std::fs::create_dir_all(&dir).expect("a scratch folder");
    dir
}

/// A port that is free on 127.0.0.1 for UDP and TCP now. The real programs cannot be given port 0.
pub fn free_port() -> u16 {
    free_port_in(20_000..32_000)
}

/// The same within a range. No two calls in this process return the same port or a neighbour: baresip takes the port
/// after its SIP port for TLS.
pub fn free_port_in(range: std::ops::Range<u16>) -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = std::process::id() as u16; // runs beside each other begin elsewhere
    (0..range.len())
        .map(|_| {
            range.start + start.wrapping_mul(7).wrapping_add(NEXT.fetch_add(4, Ordering::Relaxed)) % range.len() as u16
        })
        .find(|&port| UdpSocket::bind(("127.0.0.1", port)).is_ok() && TcpListener::bind(("127.0.0.1", port)).is_ok())
        .expect("a free port")
}

/// A file of the `peers` room.
pub fn peer_file(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../peers").join(path)
}

/// The first line that `program` prints about its version, for the test output.
pub fn version(program: &str, args: &[&str], word: &str) -> String {
    let path = format!("{}:/usr/sbin", std::env::var("PATH").unwrap_or_default());
    let out = Command::new(program)
        .args(args)
        .env("PATH", path)
        .output()
        .unwrap_or_else(|e| panic!("{program} is not installed ({e}): run peers/install"));
    let text = [out.stdout, out.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    text.lines().find(|l| l.contains(word)).unwrap_or("?").trim().to_owned()
}

/// A running program whose output lines are collected; killed when dropped.
pub struct Proc {
    name: String,
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
    seen: Vec<String>,
    unread: usize,
}

impl Proc {
    pub fn start(name: &str, command: &mut Command) -> Proc {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|e| panic!("cannot start {name} ({e}): run peers/install"));
        let (tx, lines) = channel();
        let out = child.stdout.take().map(|o| Box::new(o) as Box<dyn Read + Send>);
        let err = child.stderr.take().map(|o| Box::new(o) as Box<dyn Read + Send>);
        for stream in [out, err].into_iter().flatten() {
            let tx = tx.clone();
            std::thread::spawn(move || {
                let mut reader = BufReader::new(stream);
                let mut line = Vec::new();
                while reader.read_until(b'\n', &mut line).is_ok_and(|n| n > 0) {
                    let _ = tx.send(String::from_utf8_lossy(&line).trim_end().to_owned());
                    line.clear();
                }
            });
        }
        let stdin = child.stdin.take();
        Proc { name: name.to_owned(), child, stdin, lines, seen: Vec::new(), unread: 0 }
    }

    /// Waits until a line that was not waited for yet holds `needle`, and returns it.
    pub fn wait_for(&mut self, needle: &str, limit: Duration) -> String {
        let end = Instant::now() + limit;
        loop {
            while self.unread < self.seen.len() {
                self.unread += 1;
                if self.seen[self.unread - 1].contains(needle) {
                    return self.seen[self.unread - 1].clone();
                }
            }
            match self.lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(line) => self.seen.push(line),
                Err(_) => panic!("{} did not print {needle:?} in {limit:?}; it printed:\n{}", self.name, self.tail(60)),
            }
        }
    }

    /// Types a line.
    pub fn type_line(&mut self, line: &str) {
        let stdin = self.stdin.as_mut().expect("an open stdin");
        writeln!(stdin, "{line}").and_then(|()| stdin.flush()).expect("the program reads its input");
    }

    /// Sends SIGTERM or SIGINT.
    pub fn signal(&self, name: &str) {
        let _ = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status();
    }

    /// Waits for the end and returns the exit code (-1: a signal).
    pub fn exit_code(&mut self, limit: Duration) -> i32 {
        let end = Instant::now() + limit;
        loop {
            if let Some(status) = self.child.try_wait().expect("a child") {
                std::thread::sleep(Duration::from_millis(50)); // the readers end with the pipes
                self.seen.extend(self.lines.try_iter());
                return status.code().unwrap_or(-1);
            }
            self.seen.extend(self.lines.try_iter());
            assert!(Instant::now() < end, "{} still runs after {limit:?}; it printed:\n{}", self.name, self.tail(60));
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Whether it has not ended yet.
    #[allow(dead_code, reason = "rtmp_interop asks")]
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Everything printed so far.
    pub fn output(&mut self) -> String {
        self.seen.extend(self.lines.try_iter());
        self.seen.join("\n")
    }

    fn tail(&self, n: usize) -> String {
        self.seen[self.seen.len().saturating_sub(n)..].join("\n")
    }
}

impl Drop for Proc {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.signal("TERM"); // kamailio ends its workers on it
            for _ in 0..50 {
                if !matches!(self.child.try_wait(), Ok(None)) {
                    return;
                }
                std::thread::sleep(Duration::from_millis(20));
            }
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// A headless baresip and its control connection (netstrings of JSON).
pub struct Baresip {
    pub proc: Proc,
    pub dir: PathBuf,
    control: TcpStream,
}

impl Baresip {
    /// Starts a phone that registers `user` at `proxy`, speaks a tone of `hz`, and writes messages to `contact`.
    pub fn start(dir: &Path, user: &str, proxy: &str, answer: &str, hz: u32, contact: &str) -> Baresip {
        Baresip::start_with(&[], dir, user, proxy, answer, hz, contact)
    }

    /// The same with H.264: it sends back every picture that it has decoded, coded anew.
    #[allow(dead_code, reason = "video is tested with SIP only")]
    pub fn mirror(dir: &Path, user: &str, proxy: &str, answer: &str) -> Baresip {
        Baresip::start_with(&["mirror"], dir, user, proxy, answer, 440, "sip:nobody@127.0.0.1")
    }

    fn start_with(more: &[&str], dir: &Path, user: &str, proxy: &str, answer: &str, hz: u32, contact: &str) -> Baresip {
        let dir = dir.join(format!("baresip-{user}"));
        let (port, control) = (free_port(), free_port());
        let mut command = Command::new(peer_file("baresip/start.sh"));
        command.arg(&dir).args([user, &port.to_string(), &control.to_string(), proxy, answer]);
        command.arg(hz.to_string()).arg(contact).args(more);
        let proc = Proc::start("baresip", &mut command);
        let end = Instant::now() + Duration::from_secs(10);
        let control = loop {
            match TcpStream::connect(("127.0.0.1", control)) {
                Ok(c) => break c,
                Err(e) => assert!(Instant::now() < end, "baresip opens no control port: {e}"),
            }
            std::thread::sleep(Duration::from_millis(50));
        };
        Baresip { proc, dir, control }
    }

    pub fn command(&mut self, name: &str, params: &str) {
        let text = serde_json::json!({"command": name, "params": params, "token": "t"}).to_string();
        // in one piece: baresip takes no netstring that comes in several
        let netstring = format!("{}:{text},", text.len());
        self.control.write_all(netstring.as_bytes()).expect("baresip takes commands");
        self.proc.wait_for(&format!("cmd='{name}'"), Duration::from_secs(5));
    }

    /// The newest recording of what baresip heard.
    pub fn heard(&self) -> PathBuf {
        let mut files: Vec<_> = std::fs::read_dir(self.dir.join("rec"))
            .expect("the folder of recordings")
            .filter_map(|e| e.ok().map(|e| e.path()))
            .filter(|p| p.to_string_lossy().ends_with("-dec.wav"))
            .collect();
        files.sort();
        files.pop().expect("baresip recorded what it heard")
    }
}

/// Kamailio as registrar and proxy with digest; returns it with its `host:port`.
pub fn kamailio(dir: &Path) -> (Proc, String) {
    let port = free_port();
    let mut command = Command::new(peer_file("kamailio/start.sh"));
    command.arg(dir.join("kamailio")).args([&port.to_string(), "1", "-A", "WITH_AUTH"]);
    let proc = Proc::start("kamailio", &mut command);
    let end = Instant::now() + Duration::from_secs(15);
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(Instant::now() < end, "kamailio does not listen");
        std::thread::sleep(Duration::from_millis(50));
    }
    (proc, format!("127.0.0.1:{port}"))
}
