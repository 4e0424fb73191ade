//! Listens in on a SIP machine: every message that it sends or receives is noted for the ladder of the report.

use std::fmt::Write;
use std::net::SocketAddr;

use wire::{ConnId, Input, Instant, Machine, Output, Transmit};

/// A machine, and the messages that went through it.
pub struct Tap<M> {
    machine: M,
    now: Instant,
    connections: Vec<(ConnId, SocketAddr)>,
    steps: Vec<Step>,
}

/// One message of the ladder.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Step {
    /// When, in seconds on the program's clock.
    #[serde(serialize_with = "as_seconds")]
    pub at: Instant,
    /// Whether we sent it.
    pub sent: bool,
    /// Who is at the other end.
    pub peer: SocketAddr,
    /// Method, or status and reason.
    pub what: String,
    /// The Call-ID: tells calls apart, and registrations from calls.
    #[serde(skip)]
    pub call_id: String,
}

fn as_seconds<S: serde::Serializer>(at: &Instant, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_f64(at.since_origin().as_secs_f64())
}

/// Messages kept; later ones are left out of the ladder.
const MOST: usize = 500;

/// Connections whose ends are remembered.
const CONNECTIONS: usize = 64;

impl<M: Machine> Tap<M> {
    /// Listens in on `machine`.
    pub fn new(machine: M) -> Tap<M> {
        Tap { machine, now: Instant::ZERO, connections: Vec::new(), steps: Vec::new() }
    }

    /// The machine, for its commands. `now` is when what it then puts out is noted.
    pub fn at(&mut self, now: Instant) -> &mut M {
        self.now = self.now.max(now);
        &mut self.machine
    }

    /// The machine, to look at.
    pub fn machine(&self) -> &M {
        &self.machine
    }

    /// Whether no request of ours waits for an answer, as far as the last message tells.
    pub fn is_answered(&self) -> bool {
        let waits =
            |step: &Step| step.sent && step.what != "ACK" && !step.what.starts_with(|c: char| c.is_ascii_digit());
        !self.steps.last().is_some_and(waits)
    }

    /// Forgets what does not belong to that call.
    pub fn keep(&mut self, call_id: &str) {
        self.steps.retain(|step| step.call_id == call_id);
    }

    /// Takes what was noted so far.
    pub fn take_steps(&mut self) -> Vec<Step> {
        std::mem::take(&mut self.steps)
    }

    fn note(&mut self, sent: bool, peer: SocketAddr, data: &[u8]) {
        if let Some(what) = summary(data).filter(|_| self.steps.len() < MOST) {
            self.steps.push(Step { at: self.now, sent, peer, what, call_id: call_id(data) });
        }
    }

    fn peer(&self, conn: ConnId) -> Option<SocketAddr> {
        self.connections.iter().find(|(id, _)| *id == conn).map(|(_, peer)| *peer)
    }

    fn remember(&mut self, conn: ConnId, peer: SocketAddr) {
        if self.connections.len() >= CONNECTIONS {
            self.connections.remove(0);
        }
        self.connections.push((conn, peer));
    }
}

impl<M: Machine> Machine for Tap<M> {
    type Event = M::Event;

    fn handle(&mut self, now: Instant, input: Input) {
        self.now = self.now.max(now);
        match &input {
            Input::Datagram { remote, data, .. } => self.note(false, *remote, data),
            Input::Opened { conn, remote, .. } => self.remember(*conn, *remote),
            Input::Stream { conn, data } => {
                if let Some(peer) = self.peer(*conn) {
                    self.note(false, peer, data);
                }
            }
            _ => {}
        }
        self.machine.handle(now, input);
    }

    fn poll(&mut self) -> Option<Output<M::Event>> {
        let output = self.machine.poll()?;
        match &output {
            Output::Transmit(Transmit::Datagram { remote, data, .. }) => self.note(true, *remote, data),
            Output::Connect { conn, remote, .. } => self.remember(*conn, *remote),
            Output::Transmit(Transmit::Stream { conn, data }) => {
                if let Some(peer) = self.peer(*conn) {
                    self.note(true, peer, data);
                }
            }
            _ => {}
        }
        Some(output)
    }

    fn deadline(&self) -> Option<Instant> {
        self.machine.deadline()
    }
}

/// The method, or status and reason, of a SIP message; `None` for anything else, such as a keep-alive.
fn summary(data: &[u8]) -> Option<String> {
    let line = data.split(|b| matches!(b, b'\r' | b'\n')).next()?;
    let line = str::from_utf8(line).ok()?;
    let mut text = match line.strip_prefix("SIP/2.0 ") {
        Some(status) => status.to_owned(),
        None => line.strip_suffix(" SIP/2.0")?.split(' ').next()?.to_owned(),
    };
    text.retain(|c| !c.is_control());
    text.truncate(text.char_indices().nth(40).map_or(text.len(), |(at, _)| at));
    (!text.is_empty()).then_some(text)
}

/// The Call-ID of a message; empty when there is none.
fn call_id(data: &[u8]) -> String {
    const LONGEST: usize = 256;
    let head = data.split(|b| *b == b'\n').take(100).map_while(|line| str::from_utf8(line).ok());
    let mut values = head.filter_map(|line| {
        let (name, value) = line.split_once(':')?;
        ["call-id", "i"].iter().any(|n| name.trim().eq_ignore_ascii_case(n)).then(|| value.trim())
    });
    values.next().filter(|value| value.len() <= LONGEST).unwrap_or_default().to_owned()
}

/// Columns between the two sides of the ladder, less the arrow's head.
const WIDTH: usize = 35;

/// Draws the ladder: time, arrow and message a line, other sides told apart by their address.
pub fn ladder(steps: &[Step]) -> String {
    let mut out = String::new();
    let start = steps.first().map_or(Instant::ZERO, |step| step.at);
    let mut peer = None;
    for step in steps {
        if peer != Some(step.peer) {
            peer = Some(step.peer);
            let _ = writeln!(out, "{:>9}  us {:^34} {}", "", "", step.peer);
        }
        let since = (step.at - start).as_secs_f64();
        let label = format!(" {} ", step.what.chars().take(WIDTH - 4).collect::<String>());
        let arrow = match step.sent {
            true => format!("|{label:-^WIDTH$}>|"),
            false => format!("|<{label:-^WIDTH$}|"),
        };
        let _ = writeln!(out, "{since:>8.3}s  {arrow}");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_messages_are_noted_and_nothing_harms_the_terminal() {
        assert_eq!(summary(b"INVITE sip:bob@h SIP/2.0\r\nVia: x").as_deref(), Some("INVITE"));
        assert_eq!(summary(b"SIP/2.0 180 Ringing\r\n").as_deref(), Some("180 Ringing"));
        assert_eq!(summary(b"SIP/2.0 200 \x1b[31mOK\r\n").as_deref(), Some("200 [31mOK"));
        assert_eq!(call_id(b"BYE sip:x SIP/2.0\r\nVia: v\r\ncall-id : a@b\r\n\r\n"), "a@b");
        assert_eq!((call_id(b"x\r\ni:7\r\n").as_str(), call_id(b"\xff\ni:7").as_str()), ("7", ""));
        assert_eq!(summary(&[b'x'; 99]), None);
        assert_eq!(summary(b"\r\n\r\n"), None);
        assert_eq!(summary(b"SIP/2.0 \xff\r\n"), None);
        let long = format!("SIP/2.0 200 {}\r\n", "ä".repeat(99));
        assert_eq!(summary(long.as_bytes()).unwrap().chars().count(), 40);
    }

    #[test]
    fn the_ladder_shows_who_said_what_when() {
        let peer = "192.0.2.2:5060".parse().unwrap();
        let step = |ms: u64, sent, what: &str| Step {
            at: Instant::from_millis(1000 + ms),
            sent,
            peer,
            what: what.into(),
            call_id: String::new(),
        };
        let text = ladder(&[step(0, true, "INVITE"), step(40, false, "180 Ringing"), step(1500, false, "200 OK")]);
        let lines: Vec<_> = text.lines().collect();
        assert!(lines[0].ends_with("192.0.2.2:5060"));
        assert!(lines[1].contains("0.000s  |-") && lines[1].contains("- INVITE -") && lines[1].ends_with(">|"));
        assert!(lines[3].contains("1.500s  |<-") && lines[3].contains(" 200 OK "));
    }
}
