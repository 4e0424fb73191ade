//! The `sip-proxy` program itself: started, talked to, stopped, killed.
#![cfg(feature = "sip-proxy")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use rfc2617::{Account, Challenge, Client, ClientConfig, Party};
use wire::Rng;

/// A program that is killed at the end of the test.
struct Program {
    child: Child,
    ready: serde_json::Value,
}

fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sip-proxy"));
    command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn start(args: &[&str]) -> Program {
    start_at("127.0.0.1:0", args)
}

fn start_at(address: &str, args: &[&str]) -> Program {
    let (udp, tcp) = (format!("udp:{address}"), format!("tcp:{address}"));
    let mut child = command(&["--json", "-l", &udp, "-l", &tcp]).args(args).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let ready = serde_json::from_str(&line).unwrap_or_else(|_| {
        let mut why = String::new();
        child.stderr.as_mut().unwrap().read_to_string(&mut why).unwrap();
        panic!("not ready: {line:?} {why}")
    });
    Program { child, ready }
}

impl Program {
    fn address(&self, transport: &str) -> SocketAddr {
        let listen = self.ready["listen"].as_array().unwrap().iter().map(|l| l.as_str().unwrap());
        listen.filter_map(|l| l.strip_prefix(transport)).next().unwrap().trim_start_matches(':').parse().unwrap()
    }

    fn signal(&self, name: &str) {
        let status = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    /// The exit code, if it ends within that time.
    fn ends_within(&mut self, time: Duration) -> Option<Option<i32>> {
        let end = Instant::now() + time;
        loop {
            match self.child.try_wait().unwrap() {
                Some(status) => return Some(status.code()),
                None if Instant::now() > end => return None,
                None => std::thread::sleep(Duration::from_millis(10)),
            }
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _already_gone = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A SIP client of few words.
struct Phone {
    socket: UdpSocket,
    proxy: SocketAddr,
    from: &'static str,
    count: u32,
}

impl Phone {
    fn new(proxy: SocketAddr) -> Phone {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        Phone { socket, proxy, from: "sip:alice@127.0.0.1", count: 0 }
    }

    fn local(&self) -> SocketAddr {
        self.socket.local_addr().unwrap()
    }

    fn request(&mut self, method: &str, uri: &str, to: &str, more: &str) -> String {
        self.count += 1;
        let (n, local, from) = (self.count, self.local(), self.from);
        let text = format!(
            "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {local};branch=z9hG4bK{n}-{}\r\nMax-Forwards: 70\r\n\
             From: <{from}>;tag=f{n}\r\nTo: <{to}>\r\nCall-ID: {n}-{local}\r\nCSeq: {n} {method}\r\n{more}\
             Content-Length: 0\r\n\r\n",
            local.port()
        );
        self.send(&text);
        text
    }

    fn send(&self, text: &str) {
        self.socket.send_to(text.as_bytes(), self.proxy).unwrap();
    }

    fn hear(&self) -> String {
        let mut buffer = [0; 65_535];
        let length = self.socket.recv(&mut buffer).expect("no message in 5 seconds");
        String::from_utf8_lossy(&buffer[..length]).into_owned()
    }

    fn register(&mut self, user: &str, more: &str) -> String {
        let contact = format!("Contact: <sip:{user}@{}>\r\n{more}", self.local());
        self.request("REGISTER", "sip:127.0.0.1", &format!("sip:{user}@127.0.0.1"), &contact);
        self.hear()
    }

    fn register_digest(&mut self, user: &str, password: &str) -> String {
        let challenged = self.register(user, "");
        assert!(challenged.starts_with("SIP/2.0 401 "), "{challenged}");
        let values = challenged.lines().filter_map(|line| line.strip_prefix("WWW-Authenticate: "));
        let challenges: Vec<Challenge> = values.map(|value| Challenge::parse(value).unwrap()).collect();
        let mut client = Client::new(ClientConfig::default(), Rng::from_u64(1));
        client.add(Account::new(user, password));
        let request = rfc2617::Request { method: "REGISTER", uri: "sip:127.0.0.1", body: b"" };
        client.answer(Party::Server, &challenges, &[], &request).unwrap();
        let credentials = client.authorize(Party::Server, &request);
        self.register(user, &format!("Authorization: {}\r\n", credentials[0]))
    }
}

/// A response to a request that was heard.
fn response(request: &str, status: u16) -> String {
    let kept = ["via", "from", "to", "call-id", "cseq", "record-route"];
    let lines =
        request.lines().skip(1).filter(|l| kept.contains(&l.split(':').next().unwrap().to_lowercase().as_str()));
    let headers: String = lines
        .map(
            |l| if l.starts_with("To:") && !l.contains("tag=") { format!("{l};tag=x\r\n") } else { format!("{l}\r\n") },
        )
        .collect();
    format!("SIP/2.0 {status} Answer\r\n{headers}Content-Length: 0\r\n\r\n")
}

fn temporary(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("sip-proxy-test-{}-{name}", std::process::id()))
}

fn users() -> PathBuf {
    use std::sync::atomic::{AtomicU32, Ordering};
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let path = temporary(&format!("users{}", COUNT.fetch_add(1, Ordering::Relaxed)));
    std::fs::write(&path, "# two of them\nalice:wonderland\nbob:127.0.0.1:00112233445566778899aabbccddeeff\n").unwrap();
    path
}

/// The program ends by itself, with one line on standard error.
fn fails(args: &[&str], code: i32) -> String {
    let Output { status, stderr, stdout } = command(args).output().unwrap();
    let text = String::from_utf8(stderr).unwrap();
    assert_eq!(status.code(), Some(code), "{args:?}: {text}");
    assert_eq!(text.lines().count(), 1, "{args:?}: {text}");
    assert!(text.starts_with("sip-proxy: ") && stdout.is_empty(), "{text}");
    text
}

#[test]
fn wrong_options_are_one_line_and_exit_code_2() {
    assert!(fails(&["--nonsense"], 2).contains("--nonsense"));
    assert!(fails(&["--listen", "udp:nowhere"], 2).contains("TRANSPORT:IP:PORT"));
    assert!(fails(&["--listen", "udp:0.0.0.0:0", "--domain", "x"], 2).contains("--open-registration"));
    assert!(fails(&["--users", "/nonexistent/file"], 2).contains("/nonexistent/file"));
    assert!(fails(&["--config", "/nonexistent/file"], 2).contains("/nonexistent/file"));
    let config = temporary("config");
    std::fs::write(&config, "record-route = true\ncolour = \"red\"\n").unwrap();
    let why = fails(&["--config", config.to_str().unwrap()], 2);
    assert!(why.contains("line 2") && why.contains("colour"), "{why}");
    std::fs::write(&config, "alice:a\nbroken\n").unwrap();
    assert!(fails(&["--users", config.to_str().unwrap()], 2).contains("line 2"));
    std::fs::remove_file(config).unwrap();
}

#[test]
fn a_port_in_use_is_one_line_and_exit_code_1() {
    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    let listen = format!("udp:{}", udp.local_addr().unwrap());
    let why = fails(&["--listen", &listen], 1);
    assert_eq!(why.trim(), format!("sip-proxy: cannot bind {listen}: address in use; choose another with --listen"));
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    assert!(fails(&["--listen", &format!("tcp:{}", tcp.local_addr().unwrap())], 1).contains("address in use"));
    let free = ["--listen", "udp:127.0.0.1:0"];
    let metrics = tcp.local_addr().unwrap().to_string();
    assert!(fails(&[free[0], free[1], "--metrics", &metrics], 1).contains("--metrics"));
    assert!(fails(&[free[0], free[1], "--location", "/nonexistent/x.redb"], 1).contains("--location"));
}

#[test]
fn help_and_version_are_on_standard_output() {
    for (args, expected) in [(["--help"], "Examples:"), (["--version"], "sip-proxy ")] {
        let output = command(&args).output().unwrap();
        assert!(output.status.success() && output.stderr.is_empty());
        assert!(String::from_utf8(output.stdout).unwrap().contains(expected));
    }
}

#[test]
fn a_registered_phone_is_called_over_udp_and_asked_over_tcp() {
    let users = users();
    let program = start(&["--users", users.to_str().unwrap(), "--metrics", "127.0.0.1:0"]);
    let proxy = program.address("udp");
    let mut alice = Phone::new(proxy);
    let answer = alice.register_digest("alice", "wonderland");
    assert!(answer.starts_with("SIP/2.0 200 ") && answer.contains("Contact: <sip:alice@"), "{answer}");

    let mut other = Phone::new(proxy);
    let wrong = other.register_digest("alice", "guess");
    assert!(wrong.starts_with("SIP/2.0 401 "), "{wrong}");
    let ours = other.request("MESSAGE", "sip:alice@127.0.0.1", "sip:alice@127.0.0.1", "");
    assert!(other.hear().starts_with("SIP/2.0 407 "), "who claims to be alice has to prove it");
    other.send(&ours.replace("sip:alice@127.0.0.1>;tag", "sip:x@elsewhere.test>;tag").replace("z9hG4bK", "z9hG4bKx"));
    let heard = alice.hear();
    assert!(heard.starts_with("MESSAGE sip:alice@"), "{heard}");
    alice.send(&response(&heard, 200));
    assert!(other.hear().starts_with("SIP/2.0 200 "));

    let mut tcp = TcpStream::connect(program.address("tcp")).unwrap();
    tcp.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    tcp.write_all(b"OPTIONS sip:127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1;branch=z9hG4bKt\r\nFrom: <sip:a@b.test>;tag=1\r\nTo: <sip:127.0.0.1>\r\nCall-ID: t\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n").unwrap();
    let mut buffer = [0; 4096];
    let length = tcp.read(&mut buffer).unwrap();
    assert!(buffer[..length].starts_with(b"SIP/2.0 200 OK\r\n"));

    let url = program.ready["metrics"].as_str().unwrap().strip_prefix("http://").unwrap();
    let mut http = TcpStream::connect(url.strip_suffix("/metrics").unwrap()).unwrap();
    http.write_all(b"GET /metrics HTTP/1.1\r\n\r\n").unwrap();
    let mut text = String::new();
    http.read_to_string(&mut text).unwrap();
    for line in ["sip_proxy_registered_total 1", "sip_proxy_denied_total 1", "sip_proxy_bindings 1"] {
        assert!(text.contains(line), "{line}: {text}");
    }
    std::fs::remove_file(users).ok();
}

#[test]
fn bindings_survive_kill_9() {
    let file = temporary("bindings.redb");
    let args = ["--location", file.to_str().unwrap()];
    let mut program = start(&args);
    let mut phone = Phone::new(program.address("udp"));
    for user in ["alice", "carol", "dave"] {
        assert!(phone.register(user, "").starts_with("SIP/2.0 200 "));
    }
    let gone = phone.register("dave", "Expires: 0\r\n");
    assert!(gone.starts_with("SIP/2.0 200 ") && !gone.contains("Contact:"), "{gone}");
    program.signal("KILL");
    assert_eq!(program.ends_within(Duration::from_secs(5)), Some(None), "killed");

    let program = start(&args);
    let mut other = Phone::new(program.address("udp"));
    for (user, is_known) in [("alice", true), ("carol", true), ("dave", false)] {
        let uri = format!("sip:{user}@127.0.0.1");
        other.request("MESSAGE", &uri, &uri, "");
        match is_known {
            true => {
                let heard = phone.hear();
                assert!(heard.starts_with(&format!("MESSAGE sip:{user}@{}", phone.local())), "{heard}");
            }
            false => assert!(other.hear().starts_with("SIP/2.0 480 ")),
        }
    }
    drop(program);
    std::fs::remove_file(file).unwrap();
}

#[test]
fn it_speaks_ipv6() {
    if UdpSocket::bind("[::1]:0").is_err() {
        println!("skipped: this machine has no IPv6");
        return;
    }
    let program = start_at("[::1]:0", &["--record-route"]);
    assert_eq!(program.ready["domains"][0], "[::1]");
    let phone = || {
        let mut phone = Phone::new(program.address("udp"));
        phone.socket = UdpSocket::bind("[::1]:0").unwrap();
        phone.socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        phone
    };
    let (mut bob, mut alice) = (phone(), phone());
    let contact = format!("Contact: <sip:bob@{}>\r\n", bob.local());
    bob.request("REGISTER", "sip:[::1]", "sip:bob@[0::1]", &contact);
    assert!(bob.hear().starts_with("SIP/2.0 200 "));
    alice.request("INVITE", "sip:bob@[::1]", "sip:bob@[::1]", "");
    let invite = bob.hear();
    assert!(invite.contains(&format!("Via: SIP/2.0/UDP {};", program.address("udp"))), "{invite}");
    assert!(invite.contains(&format!("@{};lr>", program.address("udp"))), "{invite}");
    bob.send(&response(&invite, 200));
    assert!(alice.hear().starts_with("SIP/2.0 200 "));
}

/// The proxy keeps no dialogs; the route that it recorded proves itself to the next run.
#[test]
fn a_call_can_be_hung_up_after_a_crash() {
    let (file, users) = (temporary("dialogs.redb"), users());
    let args = ["--record-route", "--location", file.to_str().unwrap(), "--users", users.to_str().unwrap()];
    let mut program = start(&args);
    let address = program.address("udp");
    let mut alice = Phone::new(address);
    assert!(alice.register_digest("alice", "wonderland").starts_with("SIP/2.0 200 "));
    let mut stranger = Phone::new(address);
    stranger.from = "sip:stranger@elsewhere.test";
    stranger.request("INVITE", "sip:alice@127.0.0.1", "sip:alice@127.0.0.1", "");
    let invite = alice.hear();
    alice.send(&response(&invite, 200));
    let ok = stranger.hear();
    assert!(ok.starts_with("SIP/2.0 200 "), "{ok}");
    program.signal("KILL");
    program.ends_within(Duration::from_secs(5)).unwrap();

    let _program = start_at(&address.to_string(), &args);
    let line = |name: &str| ok.lines().find(|l| l.starts_with(name)).unwrap().to_string();
    let route = line("Record-Route:").replace("Record-Route", "Route");
    let (local, contact) = (stranger.local(), format!("sip:alice@{}", alice.local()));
    let bye = format!(
        "BYE {contact} SIP/2.0\r\nVia: SIP/2.0/UDP {local};branch=z9hG4bKbye\r\nMax-Forwards: 70\r\n{route}\r\n{}\r\n{}\r\n{}\r\n\
         CSeq: 2 BYE\r\nContent-Length: 0\r\n\r\n",
        line("From:"),
        line("To:"),
        line("Call-ID:")
    );
    stranger.send(&bye);
    let heard = alice.hear();
    assert!(heard.starts_with(&format!("BYE {contact}")), "{heard}");
    stranger.send(&bye.replace("z9hG4bK", "z9hG4bKother").replace("Call-ID: ", "Call-ID: other"));
    assert!(stranger.hear().starts_with("SIP/2.0 403 "), "but not another one");
    std::fs::remove_file(file).unwrap();
    std::fs::remove_file(users).ok();
}

#[test]
fn sigterm_finishes_what_is_under_way_and_refuses_what_is_new() {
    let mut program = start(&[]);
    let mut callee = Phone::new(program.address("udp"));
    assert!(callee.register("bob", "").starts_with("SIP/2.0 200 "));
    let mut caller = Phone::new(program.address("udp"));
    caller.request("INVITE", "sip:bob@127.0.0.1", "sip:bob@127.0.0.1", "");
    let invite = callee.hear();
    callee.proxy = caller.proxy;
    callee.send(&response(&invite, 180));
    assert!(caller.hear().starts_with("SIP/2.0 180 "));
    program.signal("TERM");
    assert_eq!(program.ends_within(Duration::from_millis(300)), None, "the call still rings");
    let mut late = Phone::new(program.address("udp"));
    late.request("MESSAGE", "sip:bob@127.0.0.1", "sip:bob@127.0.0.1", "");
    let refused = late.hear();
    assert!(refused.starts_with("SIP/2.0 503 ") && refused.contains("Retry-After: "), "{refused}");
    callee.send(&response(&invite, 486));
    assert!(caller.hear().starts_with("SIP/2.0 486 "));
    assert_eq!(program.ends_within(Duration::from_secs(5)), Some(Some(0)));
}

#[test]
fn a_second_signal_ends_it_at_once_and_an_idle_one_ends_by_the_first() {
    let mut program = start(&[]);
    program.signal("INT");
    assert_eq!(program.ends_within(Duration::from_secs(5)), Some(Some(0)));
    let mut program = start(&[]);
    let mut callee = Phone::new(program.address("udp"));
    callee.register("bob", "");
    let mut caller = Phone::new(program.address("udp"));
    caller.request("INVITE", "sip:bob@127.0.0.1", "sip:bob@127.0.0.1", "");
    callee.hear();
    program.signal("TERM");
    assert_eq!(program.ends_within(Duration::from_millis(300)), None);
    program.signal("TERM");
    assert!(program.ends_within(Duration::from_secs(5)).is_some());
}
