use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use wire::Instant;

use super::http::{self, Piece, Reader, Sizes};
use super::{HttpError, INTERVALS, Reason};

/// What a [`Client`] needs to know. The default of each limit stands at the field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientConfig {
    /// The server's name, and its port where it is not 80, as the `Host` of each request says it.
    pub host: String,
    /// Bytes of an answer's head. 8 KiB.
    pub head: usize,
    /// Bytes of an answer's body. 4 MiB.
    pub body: usize,
    /// Bytes of ours in one request. 64 KiB.
    pub post: usize,
    /// Bytes of ours that may wait; more ends the session. 4 MiB.
    pub unsent: usize,
    /// How long an answer may take. 30 s.
    pub timeout: Duration,
    /// How often a request without an answer is made again on a new connection. 2.
    pub retries: u32,
}

impl ClientConfig {
    /// The default for that host, which must be fit for a header: no line breaks.
    pub fn new(host: impl Into<String>) -> ClientConfig {
        ClientConfig {
            host: host.into(),
            head: 8 << 10,
            body: 4 << 20,
            post: 64 << 10,
            unsent: 4 << 20,
            timeout: Duration::from_secs(30),
            retries: 2,
        }
    }
}

/// What comes out of a [`Client`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientOutput {
    /// Write to the connection of HTTP.
    Send(Bytes),
    /// The session began.
    Opened,
    /// The next bytes of the server: at least one.
    Data(Bytes),
    /// The connection is of no more use, but the session lives: close it, open another to the same server and call
    /// [`Client::opened`].
    Reconnect,
    /// The session ended, told exactly once: close the connection.
    Closed(Reason),
}

/// The client's end of one tunnel, over one connection at a time.
pub struct Client {
    config: ClientConfig,
    reader: Reader,
    state: State,
    /// What the server calls the session.
    secret: Option<String>,
    /// The number of the next request.
    number: u32,
    /// The request that has no answer yet, for another try.
    asked: Option<(Ask, Bytes)>,
    retries: u32,
    unsent: VecDeque<Bytes>,
    unsent_bytes: usize,
    ending: bool,
    outputs: VecDeque<ClientOutput>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// No connection.
    Down,
    /// Between an answer and the next request, which is due at the latest then.
    Idle(Instant),
    /// The answer is due at the latest then.
    Asked(Instant),
    Over,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Ask {
    Open,
    Bytes,
    Close,
}

impl Client {
    /// A client that waits for its connection.
    pub fn new(config: ClientConfig) -> Client {
        Client {
            config,
            reader: Reader::default(),
            state: State::Down,
            secret: None,
            number: 0,
            asked: None,
            retries: 0,
            unsent: VecDeque::new(),
            unsent_bytes: 0,
            ending: false,
            outputs: VecDeque::new(),
        }
    }

    /// The connection is there: the first, or one after [`ClientOutput::Reconnect`].
    pub fn opened(&mut self, now: Instant) {
        if self.state != State::Down {
            return;
        }
        self.reader = Reader::default();
        match self.asked.clone() {
            Some((_, request)) => {
                self.outputs.push_back(ClientOutput::Send(request));
                self.state = State::Asked(now + self.config.timeout);
            }
            None if self.secret.is_none() => self.ask(now, Ask::Open, "/open/1".into(), &[&[0]]),
            None => {
                self.state = State::Idle(now);
                self.go_on(now);
            }
        }
    }

    /// The next bytes of the connection, in pieces of any size.
    pub fn receive(&mut self, now: Instant, data: Bytes) {
        if matches!(self.state, State::Down | State::Over) {
            return;
        }
        self.reader.push(&data);
        let sizes = Sizes { head: self.config.head, body: self.config.body };
        while matches!(self.state, State::Idle(_) | State::Asked(_)) {
            match self.reader.next(sizes) {
                None => return,
                Some(Err(error)) => return self.end(Reason::Http(error)),
                Some(Ok(piece)) => self.answer(now, piece),
            }
        }
    }

    /// The connection is gone.
    //= rtmpt#2/retry MAY
    //# The same request with the same number on a new connection: a server that had it gives the same answer.
    pub fn closed(&mut self, _now: Instant) {
        match self.state {
            State::Down | State::Over => {}
            State::Asked(_) if self.secret.is_none() || self.retries >= self.config.retries => {
                self.end(Reason::Connection);
            }
            State::Asked(_) => {
                self.retries += 1;
                self.state = State::Down;
                self.outputs.push_back(ClientOutput::Reconnect);
            }
            State::Idle(_) => {
                self.state = State::Down;
                self.outputs.push_back(ClientOutput::Reconnect);
            }
        }
    }

    /// Bytes for the server. They wait for a connection and for the answers before them.
    pub fn send(&mut self, now: Instant, data: Bytes) {
        if self.state == State::Over || self.ending || data.is_empty() {
            return;
        }
        self.unsent_bytes += data.len();
        self.unsent.push_back(data);
        if self.unsent_bytes > self.config.unsent {
            return self.end(Reason::Overflow);
        }
        self.go_on(now);
    }

    /// Ends the session once what was sent has gone out. [`ClientOutput::Closed`] confirms.
    pub fn close(&mut self, now: Instant) {
        self.ending = true;
        if self.state == State::Down {
            return self.end(Reason::Local);
        }
        self.go_on(now);
    }

    /// Bytes that wait for a request.
    pub fn unsent(&self) -> usize {
        self.unsent_bytes
    }

    /// Time passed.
    //= rtmpt#3/poll MUST
    //# When nothing is to be sent, an `idle` goes out when the time that the last answer told is over.
    pub fn time(&mut self, now: Instant) {
        match self.state {
            State::Asked(until) if until <= now => self.end(Reason::Timeout),
            State::Idle(until) if until <= now => self.numbered(now, "idle", Ask::Bytes, &[&[0]]),
            _ => {}
        }
    }

    /// When [`Client::time`] is wanted at the latest.
    pub fn deadline(&self) -> Option<Instant> {
        match self.state {
            State::Asked(until) | State::Idle(until) => Some(until),
            State::Down | State::Over => None,
        }
    }

    /// The next output.
    pub fn poll(&mut self) -> Option<ClientOutput> {
        self.outputs.pop_front()
    }

    //= rtmpt#2/one MUST
    //# Nothing is asked while an answer is due, so requests arrive in the order of their numbers.
    fn go_on(&mut self, now: Instant) {
        if !matches!(self.state, State::Idle(_)) {
            return;
        }
        if self.unsent.is_empty() {
            if self.ending {
                self.numbered(now, "close", Ask::Close, &[&[0]]);
            }
            return;
        }
        let (mut parts, mut room) = (Vec::new(), self.config.post.max(1));
        while let Some(piece) = self.unsent.front_mut().filter(|_| room > 0) {
            let part = piece.split_to(piece.len().min(room));
            room -= part.len();
            self.unsent_bytes -= part.len();
            parts.push(part);
            if piece.is_empty() {
                self.unsent.pop_front();
            }
        }
        let parts: Vec<&[u8]> = parts.iter().map(|part| &part[..]).collect();
        self.numbered(now, "send", Ask::Bytes, &parts);
    }

    fn numbered(&mut self, now: Instant, command: &str, ask: Ask, body: &[&[u8]]) {
        let target = format!("/{command}/{}/{}", self.secret.as_deref().unwrap_or_default(), self.number);
        self.number = self.number.wrapping_add(1);
        self.ask(now, ask, target, body);
    }

    fn ask(&mut self, now: Instant, ask: Ask, target: String, body: &[&[u8]]) {
        let request = http::request(&target, &self.config.host, body);
        self.asked = Some((ask, request.clone()));
        self.state = State::Asked(now + self.config.timeout);
        self.outputs.push_back(ClientOutput::Send(request));
    }

    fn answer(&mut self, now: Instant, piece: Piece) {
        let Some((ask, _)) = self.asked.take() else {
            return self.end(Reason::Http(HttpError::Syntax)); // nobody asked
        };
        self.retries = 0;
        match piece.first[1].parse() {
            Ok(200) => {}
            Ok(_) if ask == Ask::Close => {}
            Ok(status) => return self.end(Reason::Status(status)),
            Err(_) => return self.end(Reason::Http(HttpError::Syntax)),
        }
        match ask {
            Ask::Close => return self.end(Reason::Local),
            Ask::Open => {
                let Some(secret) = session_name(&piece.body) else {
                    return self.end(Reason::Http(HttpError::Syntax));
                };
                self.secret = Some(secret);
                self.state = State::Idle(now);
                self.outputs.push_back(ClientOutput::Opened);
            }
            Ask::Bytes => {
                let mut body = piece.body;
                if body.is_empty() {
                    return self.end(Reason::Http(HttpError::Length));
                }
                let interval = body.split_to(1);
                //= rtmpt#3/unit MUST
                //# Any byte is understood, but none makes us ask without a pause or hardly ever.
                let steps = interval.first().copied().unwrap_or(1).clamp(INTERVALS[0], MAX_STEPS);
                self.state = State::Idle(now + UNIT * u32::from(steps));
                if !body.is_empty() {
                    self.outputs.push_back(ClientOutput::Data(body));
                }
            }
        }
        if !piece.keep_alive {
            self.state = State::Down;
            self.outputs.push_back(ClientOutput::Reconnect);
        }
        self.go_on(now);
    }

    fn end(&mut self, reason: Reason) {
        if self.state != State::Over {
            self.state = State::Over;
            self.outputs.push_back(ClientOutput::Closed(reason));
        }
    }
}

/// The id in the answer to an open: one line of characters that can stand in a path.
fn session_name(body: &[u8]) -> Option<String> {
    let name = std::str::from_utf8(body).ok()?.trim_end();
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~+=".contains(&byte);
    ((1..=128).contains(&name.len()) && name.bytes().all(fits)).then(|| name.into())
}

/// What one step of the interval byte is.
const UNIT: Duration = Duration::from_millis(16);
/// The longest pause: 1 s.
const MAX_STEPS: u8 = 64;
