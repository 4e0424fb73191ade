//! The programs of this run: ours, Prosody, a client built on slixmpp, and a proxy that counts and cuts connections.
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::peers::{Proc, free_port, peer_file, scratch, version};

pub const PATIENCE: Duration = Duration::from_secs(30);

/// How a client gets to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    StartTls,
    Direct,
    WebSocket,
}

pub const WAYS: [Way; 3] = [Way::StartTls, Way::Direct, Way::WebSocket];

/// A Prosody of our own.
pub struct Server {
    pub dir: PathBuf,
    ports: [u16; 4],
    proc: Option<Proc>,
}

impl Server {
    pub fn start(test: &str) -> Server {
        Server::start_with(test, "server", "tlsv1_2+")
    }

    /// With another certificate, or other versions of TLS.
    pub fn start_with(test: &str, certificate: &str, tls: &str) -> Server {
        println!("peer: {}", version("dpkg-query", &["-W", "prosody"], "prosody"));
        let mut server = Server { dir: scratch(test), ports: [(); 4].map(|()| free_port()), proc: None };
        server.run(certificate, tls);
        server
    }

    fn run(&mut self, certificate: &str, tls: &str) {
        let mut command = Command::new(peer_file("prosody/start.sh"));
        command.arg(&self.dir).args(self.ports.map(|port| port.to_string())).args([certificate, tls]);
        self.proc = Some(Proc::start("prosody", &mut command));
        let until = Instant::now() + PATIENCE;
        for port in self.ports {
            while TcpStream::connect(("127.0.0.1", port)).is_err() {
                assert!(Instant::now() < until, "prosody does not listen: {}", self.log());
                std::thread::sleep(Duration::from_millis(50));
            }
        }
    }

    /// Ends it as a power failure would.
    pub fn kill(&mut self) {
        let Some(mut proc) = self.proc.take() else { return };
        proc.signal("KILL");
        proc.exit_code(PATIENCE);
    }

    /// Ends it in order.
    pub fn stop(&mut self) {
        let Some(mut proc) = self.proc.take() else { return };
        proc.signal("TERM");
        proc.exit_code(PATIENCE);
    }

    pub fn restart(&mut self) {
        self.run("server", "tlsv1_2+");
    }

    pub fn port(&self, way: Way) -> u16 {
        match way {
            Way::StartTls => self.ports[0],
            Way::Direct => self.ports[1],
            Way::WebSocket => self.ports[3],
        }
    }

    /// Where WebSocket is spoken in the clear.
    pub fn clear_port(&self) -> u16 {
        self.ports[2]
    }

    pub fn ca(&self) -> PathBuf {
        self.dir.join("certs/ca.pem")
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.dir.join("prosody/prosody.log")).unwrap_or_default()
    }

    /// Our program as a user of a host, whose part before the first dot is `host`.
    pub fn xmpp(&self, user: &str, host: &str, way: Way, args: &[&str]) -> Command {
        self.xmpp_by(user, host, way, self.port(way), args)
    }

    /// The same by another port, such as that of a proxy.
    pub fn xmpp_by(&self, user: &str, host: &str, way: Way, port: u16, args: &[&str]) -> Command {
        let password = self.dir.join(format!("password-{user}"));
        std::fs::write(&password, format!("secret-{user}\n")).expect("a password file");
        let mut command = xmpp();
        command.args(args).args(["--account", &format!("{user}@{host}.xmpp.test")]);
        command.arg("--password-file").arg(password).arg("--ca").arg(self.ca());
        match way {
            Way::StartTls => command.args(["--server", &format!("127.0.0.1:{port}")]),
            Way::Direct => command.args(["--direct-tls", "--server", &format!("127.0.0.1:{port}")]),
            Way::WebSocket => command.args(["--websocket", &format!("wss://localhost:{port}/xmpp-websocket")]),
        };
        command
    }

    /// A client built on slixmpp, online.
    pub fn peer(&self, user: &str, host: &str, args: &[&str]) -> Peer {
        let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/peers/slixmpp/bin/python");
        assert!(python.exists(), "{} is not there: run peers/prosody/install", python.display());
        let mut command = Command::new(python);
        command.arg(peer_file("prosody/slixmpp_peer.py")).arg(format!("{user}@{host}.xmpp.test"));
        command.args([&format!("secret-{user}"), "127.0.0.1", &self.port(Way::StartTls).to_string()]);
        command.arg(self.ca()).args(args);
        let mut peer = Peer(Proc::start(&format!("slixmpp as {user}"), &mut command));
        peer.event("online");
        peer
    }
}

/// Our program, without the configuration of whoever runs the tests.
pub fn xmpp() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xmpp"));
    for folder in ["XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"] {
        command.env(folder, "/dev/null"); // not even root makes a folder below it
    }
    command.env_remove("XMPP_PASSWORD");
    command
}

/// What a program that ended by itself has to say.
#[derive(Debug)]
pub struct Ended {
    pub code: i32,
    pub out: String,
    pub err: String,
    pub took: Duration,
}

/// Runs a command to its end.
pub fn run(command: &mut Command) -> Ended {
    run_with(command, "")
}

/// The same with something on standard input.
pub fn run_with(command: &mut Command, input: &str) -> Ended {
    let began = Instant::now();
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("xmpp runs");
    let mut stdin = child.stdin.take().expect("standard input");
    stdin.write_all(input.as_bytes()).expect("it reads its input");
    drop(stdin);
    let Output { status, stdout, stderr } = child.wait_with_output().expect("xmpp ends");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    let ended =
        Ended { code: status.code().unwrap_or(-1), out: text(stdout), err: text(stderr), took: began.elapsed() };
    assert!(!format!("{ended:?}").contains("secret-"), "a password is shown: {ended:?}");
    ended
}

impl Ended {
    /// It has this exit code, and names these on standard error.
    pub fn fails(&self, code: i32, words: &[&str]) -> &Ended {
        assert_eq!(self.code, code, "{self:?}");
        for word in words {
            assert!(self.err.contains(word), "no {word:?} in {self:?}");
        }
        self
    }

    pub fn succeeds(&self) -> &Ended {
        self.fails(0, &[])
    }
}

/// `xmpp listen --json`, or another command that prints JSON lines.
pub struct Listener(pub Proc);

impl Listener {
    pub fn start(command: &mut Command) -> Listener {
        Listener(Proc::start("xmpp", command))
    }

    /// The next line with this text.
    pub fn line(&mut self, needle: &str) -> Value {
        let line = self.0.wait_for(needle, PATIENCE);
        serde_json::from_str(&line).unwrap_or_else(|e| panic!("{line:?} is no JSON: {e}"))
    }

    /// How many lines of what was printed so far have this text.
    pub fn count(&mut self, needle: &str) -> usize {
        self.0.output().lines().filter(|line| line.contains(needle)).count()
    }
}

/// A client built on slixmpp.
pub struct Peer(Proc);

impl Peer {
    /// Waits for an event of this name.
    pub fn event(&mut self, name: &str) -> Value {
        let line = self.0.wait_for(&format!("{{\"ev\": \"{name}\""), PATIENCE);
        serde_json::from_str(&line).expect("an event is JSON")
    }

    /// Waits for an event of this name with this text.
    pub fn event_with(&mut self, name: &str, needle: &str) -> Value {
        loop {
            let event = self.event(name);
            if event.to_string().contains(needle) {
                return event;
            }
        }
    }

    pub fn command(&mut self, command: Value) {
        self.0.type_line(&command.to_string());
    }
}

/// Between a client and the server: counts connections, and cuts them.
pub struct Proxy {
    pub port: u16,
    accepted: Arc<AtomicUsize>,
    open: Arc<Mutex<Vec<TcpStream>>>,
    closed: Arc<AtomicBool>,
}

impl Proxy {
    pub fn start(to: u16) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let proxy = Proxy {
            port: listener.local_addr().expect("an address").port(),
            accepted: Arc::default(),
            open: Arc::default(),
            closed: Arc::default(),
        };
        let (accepted, open, closed) = (proxy.accepted.clone(), proxy.open.clone(), proxy.closed.clone());
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                accepted.fetch_add(1, Ordering::SeqCst);
                if closed.load(Ordering::SeqCst) {
                    continue;
                }
                let Ok(server) = TcpStream::connect(("127.0.0.1", to)) else { continue };
                let copies = [client.try_clone().expect("a socket"), server.try_clone().expect("a socket")];
                open.lock().expect("a lock").extend(copies);
                for (from, to) in [(client.try_clone(), server.try_clone()), (server.try_clone(), client.try_clone())] {
                    let (from, to) = (from.expect("a socket"), to.expect("a socket"));
                    std::thread::spawn(move || pipe(from, to));
                }
            }
        });
        proxy
    }

    /// Connections so far.
    pub fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }

    /// Cuts what is open, and with `stay` whatever comes, until [`Proxy::heal`].
    pub fn cut(&self, stay: bool) {
        self.closed.store(stay, Ordering::SeqCst);
        for socket in self.open.lock().expect("a lock").drain(..) {
            let _gone_already = socket.shutdown(Shutdown::Both);
        }
    }

    pub fn heal(&self) {
        self.closed.store(false, Ordering::SeqCst);
    }
}

fn pipe(mut from: TcpStream, mut to: TcpStream) {
    let mut buffer = [0; 16 << 10];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        if to.write_all(&buffer[..length]).is_err() {
            break;
        }
    }
    let _gone_already = to.shutdown(Shutdown::Both);
    let _gone_already = from.shutdown(Shutdown::Both);
}
