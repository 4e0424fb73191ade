use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use wire::{ConnId, Instant, Rng};

use super::http::{self, Piece, Reader, Sizes};
use super::{HttpError, INTERVALS, Reason, SessionId};

/// What clients may ask of a [`Server`]. The default of each field stands at the field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Connections of HTTP at once; one more is answered 503 and closed. 4,096.
    pub connections: usize,
    /// Sessions at once; an open beyond is answered 503. 1,024.
    pub sessions: usize,
    /// Sessions at once from one address. 64.
    pub sessions_per_address: usize,
    /// Bytes of a request's head. 8 KiB.
    pub head: usize,
    /// Bytes of a request's body. 1 MiB.
    pub body: usize,
    /// Bytes of all requests together that are not whole yet; the connection that brings more is closed. 64 MiB.
    pub buffered: usize,
    /// Requests that may wait for an earlier one of their session. 16.
    pub reorder: u32,
    /// How long they wait before the session ends. 10 s.
    pub gap: Duration,
    /// How long a request waits for bytes to answer with. 20 ms.
    pub wait: Duration,
    /// Bytes of the server in one answer. 64 KiB.
    pub answer: usize,
    /// Bytes that may wait for a client to fetch them; more ends the session. 4 MiB.
    pub unsent: usize,
    /// Without a request for so long, a session ends. 30 s.
    pub idle: Duration,
    /// A connection without a whole request for so long is closed. 60 s.
    pub request: Duration,
    /// Empty answers after which a client is told to ask less often. 10.
    pub patience: u32,
    /// Whether requests of a session must come from the address that opened it. True; a server behind a balancer that
    /// hides addresses may as well leave it.
    pub same_address: bool,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            connections: 4096,
            sessions: 1024,
            sessions_per_address: 64,
            head: 8 << 10,
            body: 1 << 20,
            buffered: 64 << 20,
            reorder: 16,
            gap: Duration::from_secs(10),
            wait: Duration::from_millis(20),
            answer: 64 << 10,
            unsent: 4 << 20,
            idle: Duration::from_secs(30),
            request: Duration::from_secs(60),
            patience: 10,
            same_address: true,
        }
    }
}

/// What comes out of a [`Server`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Write to a connection of HTTP.
    Send {
        /// Which.
        conn: ConnId,
        /// What.
        data: Bytes,
    },
    /// Close a connection of HTTP once what was written has gone out.
    Close {
        /// Which.
        conn: ConnId,
    },
    /// A session began.
    Opened {
        /// Its name here.
        session: SessionId,
        /// Who opened it.
        remote: SocketAddr,
    },
    /// The next bytes of the client, in the order of its requests.
    Data {
        /// Which session.
        session: SessionId,
        /// At least one byte.
        data: Bytes,
    },
    /// A session ended, told exactly once.
    Closed {
        /// Which.
        session: SessionId,
        /// Why.
        reason: Reason,
    },
}

/// The server's end of all tunnels of a listener.
pub struct Server {
    config: Config,
    rng: Rng,
    conns: BTreeMap<ConnId, Conn>,
    /// By what the client knows: the key of the session.
    secrets: BTreeMap<String, SessionId>,
    sessions: BTreeMap<SessionId, Session>,
    opened: u64,
    /// Bytes of requests that are not whole or not taken yet.
    buffered: usize,
    /// Sessions that have a request waiting and bytes for it.
    ready: VecDeque<SessionId>,
    /// When to look at what; each connection and session is in here once, at its deadline or before.
    timers: BTreeSet<(Instant, Due)>,
    now: Instant,
    outputs: VecDeque<Output>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    Conn(ConnId),
    Session(SessionId),
}

struct Conn {
    remote: SocketAddr,
    reader: Reader,
    /// The request that is being answered keeps the ones behind it waiting.
    busy: bool,
    keep_alive: bool,
    /// When a whole request must have come.
    deadline: Instant,
    timer: Instant,
}

struct Session {
    secret: String,
    address: IpAddr,
    /// The number of the next request; none before the first.
    next: Option<u32>,
    /// Requests that came too early, by their number.
    early: BTreeMap<u32, Request>,
    /// When the oldest of them has waited too long.
    gap: Instant,
    /// The request that waits for bytes to answer with.
    waiting: Option<Waiting>,
    unsent: VecDeque<Bytes>,
    unsent_bytes: usize,
    /// What the last request was answered, in case its answer was lost.
    last: Bytes,
    step: usize,
    empty: u32,
    idle: Instant,
    timer: Instant,
    /// We want to close it when everything has been fetched.
    ending: bool,
}

impl Session {
    fn deadline(&self) -> Instant {
        let gap = if self.early.is_empty() { Instant::FAR } else { self.gap };
        let waiting = self.waiting.as_ref().map_or(Instant::FAR, |waiting| waiting.until);
        self.idle.min(gap).min(waiting)
    }
}

struct Request {
    conn: ConnId,
    kind: Kind,
    body: Bytes,
}

struct Waiting {
    conn: ConnId,
    until: Instant,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Send,
    Idle,
    Close,
}

/// What a request asks for.
enum Target<'a> {
    Open,
    Session(Kind, &'a str, u32),
    Unknown,
}

impl Server {
    /// A server without sessions. The generator makes the ids of the sessions, so its seed must be secret.
    pub fn new(config: Config, rng: Rng) -> Server {
        Server {
            config,
            rng,
            conns: BTreeMap::new(),
            secrets: BTreeMap::new(),
            sessions: BTreeMap::new(),
            opened: 0,
            buffered: 0,
            ready: VecDeque::new(),
            timers: BTreeSet::new(),
            now: Instant::ZERO,
            outputs: VecDeque::new(),
        }
    }

    /// A connection of HTTP is there.
    //= rtmpt#4/bounded MUST
    //# Connections, sessions, sessions of one address, heads, bodies, early requests and unfetched bytes: each has its
    //# limit in the configuration, and what exceeds one ends that connection or session alone.
    pub fn opened(&mut self, now: Instant, conn: ConnId, remote: SocketAddr) {
        if self.conns.len() >= self.config.connections {
            self.outputs.push_back(Output::Send { conn, data: http::answer(503, false, &[]) });
            self.outputs.push_back(Output::Close { conn });
            return;
        }
        self.now = self.now.max(now);
        let deadline = self.now + self.config.request;
        let reader = Reader::default();
        self.conns.insert(conn, Conn { remote, reader, busy: false, keep_alive: true, deadline, timer: deadline });
        self.timers.insert((deadline, Due::Conn(conn)));
    }

    /// The next bytes of a connection, in pieces of any size.
    pub fn receive(&mut self, now: Instant, conn: ConnId, data: Bytes) {
        self.now = self.now.max(now);
        let Some(state) = self.conns.get_mut(&conn) else { return };
        state.reader.push(&data);
        self.buffered += data.len();
        // A client may send the next request before the answer, but not without end.
        let most = self.config.head.saturating_add(self.config.body).saturating_mul(2);
        if state.reader.buffered() > most || self.buffered > self.config.buffered {
            return self.refuse(conn, HttpError::BodyTooLong.status());
        }
        self.requests(conn);
    }

    /// A connection of HTTP is gone. Sessions outlive their connections.
    pub fn closed(&mut self, _now: Instant, conn: ConnId) {
        self.forget(conn);
    }

    /// Bytes for a client. Nothing happens when the session has ended.
    pub fn send(&mut self, now: Instant, session: SessionId, data: Bytes) {
        self.now = self.now.max(now);
        let Some(state) = self.sessions.get_mut(&session).filter(|state| !state.ending && !data.is_empty()) else {
            return;
        };
        state.unsent_bytes += data.len();
        state.unsent.push_back(data);
        if state.waiting.is_some() {
            self.ready.push_back(session);
        }
        if state.unsent_bytes > self.config.unsent {
            self.end(session, Reason::Overflow);
        }
    }

    /// Ends a session once the client has fetched what waits for it. [`Output::Closed`] confirms.
    pub fn close(&mut self, session: SessionId) {
        if let Some(state) = self.sessions.get_mut(&session) {
            state.ending = true;
            if state.unsent.is_empty() {
                self.end(session, Reason::Local);
            }
        }
    }

    /// Bytes that wait for the client of a session to fetch them.
    pub fn unsent(&self, session: SessionId) -> usize {
        self.sessions.get(&session).map_or(0, |state| state.unsent_bytes)
    }

    /// How many sessions there are.
    pub fn sessions(&self) -> usize {
        self.sessions.len()
    }

    /// Time passed.
    //= rtmpt#4/timeouts MUST
    //# Sessions without requests, gaps that nobody fills and requests without end each have a time, and end when it is
    //# over.
    pub fn time(&mut self, now: Instant) {
        self.now = self.now.max(now);
        while let Some((_, due)) = self.timers.first().copied().filter(|(at, _)| *at <= self.now) {
            self.timers.pop_first();
            match due {
                Due::Conn(conn) => self.conn_due(conn),
                Due::Session(session) => self.session_due(session),
            }
        }
    }

    /// When [`Server::time`] is wanted at the latest.
    pub fn deadline(&self) -> Option<Instant> {
        self.timers.first().map(|(at, _)| *at)
    }

    /// The next output. Requests are answered when everything else has been taken, so that what their bytes cause is in
    /// the answer.
    pub fn poll(&mut self) -> Option<Output> {
        while self.outputs.is_empty() {
            let session = self.ready.pop_front()?;
            if self.sessions.get(&session).is_some_and(|state| !state.unsent.is_empty()) {
                self.fulfil(session);
            }
        }
        self.outputs.pop_front()
    }

    fn conn_due(&mut self, conn: ConnId) {
        let Some(state) = self.conns.get_mut(&conn) else { return };
        if !state.busy && state.deadline <= self.now {
            return self.shut(conn);
        }
        // A request that waits for others has the time of its session; look again later.
        let request = self.now + self.config.request;
        state.timer = if state.busy { request } else { state.deadline };
        self.timers.insert((state.timer, Due::Conn(conn)));
    }

    fn session_due(&mut self, session: SessionId) {
        let Some(state) = self.sessions.get_mut(&session) else { return };
        if state.waiting.as_ref().is_some_and(|waiting| waiting.until <= self.now) {
            self.fulfil(session);
        }
        let Some(state) = self.sessions.get_mut(&session) else { return };
        if state.idle <= self.now {
            self.end(session, Reason::Timeout);
        } else if !state.early.is_empty() && state.gap <= self.now {
            self.end(session, Reason::Gap);
        } else {
            // What came in the meantime may have set the timer again, earlier.
            self.timers.remove(&(state.timer, Due::Session(session)));
            state.timer = state.deadline();
            self.timers.insert((state.timer, Due::Session(session)));
        }
    }

    /// Wakes up for a session earlier, if it has become necessary.
    fn hasten(&mut self, session: SessionId) {
        let Some(state) = self.sessions.get_mut(&session).filter(|state| state.deadline() < state.timer) else {
            return;
        };
        self.timers.remove(&(state.timer, Due::Session(session)));
        state.timer = state.deadline();
        self.timers.insert((state.timer, Due::Session(session)));
    }

    /// Takes whole requests off a connection until one must wait for its answer.
    fn requests(&mut self, conn: ConnId) {
        let sizes = Sizes { head: self.config.head, body: self.config.body };
        while let Some(state) = self.conns.get_mut(&conn).filter(|state| !state.busy && state.keep_alive) {
            let before = state.reader.buffered();
            let next = state.reader.next(sizes);
            self.buffered -= before - state.reader.buffered();
            match next {
                None => return,
                Some(Err(error)) => return self.refuse(conn, error.status()),
                Some(Ok(piece)) => {
                    state.busy = true;
                    state.keep_alive = piece.keep_alive;
                    state.deadline = self.now + self.config.request;
                    self.request(conn, piece);
                }
            }
        }
    }

    //= rtmpt#1/post MUST
    //# Any other method is answered 405, and any other path 404.
    fn request(&mut self, conn: ConnId, piece: Piece) {
        let [method, target, _] = &piece.first;
        if method != "POST" {
            return self.refuse(conn, 405);
        }
        match Target::of(target) {
            Target::Open => self.open(conn),
            //= rtmpt#1/ident2 MUST
            //# It falls to the paths that do not exist.
            Target::Unknown => self.reply(conn, http_status(404)),
            Target::Session(kind, secret, number) => {
                let request = Request { conn, kind, body: piece.body };
                match self.session_of(conn, secret) {
                    None => self.reply(conn, http_status(404)),
                    Some(session) => self.numbered(session, number, request),
                }
            }
        }
    }

    //= rtmpt#2/unguessable MUST
    //# 130 random bits; the number by which the application knows the session is another.
    fn open(&mut self, conn: ConnId) {
        let Some(remote) = self.conns.get(&conn).map(|state| state.remote) else { return };
        let own = self.sessions.values().filter(|session| session.address == remote.ip()).count();
        if self.sessions.len() >= self.config.sessions || own >= self.config.sessions_per_address {
            return self.reply(conn, http_status(503));
        }
        let (session, secret) = (SessionId(self.opened), self.rng.token(26));
        self.opened += 1;
        let idle = self.now + self.config.idle;
        let state = Session {
            secret: secret.clone(),
            address: remote.ip(),
            next: None,
            early: BTreeMap::new(),
            gap: Instant::FAR,
            waiting: None,
            unsent: VecDeque::new(),
            unsent_bytes: 0,
            last: Bytes::new(),
            step: 0,
            empty: 0,
            idle,
            timer: idle,
            ending: false,
        };
        self.sessions.insert(session, state);
        self.timers.insert((idle, Due::Session(session)));
        self.outputs.push_back(Output::Opened { session, remote });
        let body = format!("{secret}\n");
        self.secrets.insert(secret, session);
        self.reply(conn, (200, Bytes::from(body)));
    }

    /// The session of that secret, where the connection may use it.
    //= rtmpt#2/foreign MUST
    //# An id from another address is answered like one that does not exist, and changes nothing.
    fn session_of(&self, conn: ConnId, secret: &str) -> Option<SessionId> {
        let session = *self.secrets.get(secret)?;
        let (address, remote) = (self.sessions.get(&session)?.address, self.conns.get(&conn)?.remote.ip());
        (!self.config.same_address || address == remote).then_some(session)
    }

    //= rtmpt#2/order MUST
    //# A request is taken when its number is next. Programs begin at 0 or at 1, so the first of either sets the count.
    //= rtmpt#2/replay MUST
    //# The last request again gets the same answer again, older ones are refused, and neither gives its bytes out.
    //= rtmpt#2/early MUST
    //# Kept up to so many numbers ahead; the connection waits, and so does what comes after on it.
    fn numbered(&mut self, session: SessionId, number: u32, request: Request) {
        let conn = request.conn;
        let Some(state) = self.sessions.get_mut(&session) else { return };
        let next = state.next.unwrap_or(number.min(1));
        let ahead = number.wrapping_sub(next);
        if ahead == u32::MAX && state.next.is_some() {
            return self.again(session, conn);
        }
        if ahead > self.config.reorder || state.early.contains_key(&number) {
            return self.reply(conn, http_status(400));
        }
        state.idle = self.now + self.config.idle;
        if ahead == 0 {
            return self.take(session, number, request);
        }
        if self.buffered + request.body.len() > self.config.buffered {
            return self.refuse(conn, 503);
        }
        if state.early.is_empty() {
            state.gap = self.now + self.config.gap;
        }
        self.buffered += request.body.len();
        state.early.insert(number, request);
        self.hasten(session);
    }

    /// The last request once more: its answer again, or in the place of the one that still waits.
    fn again(&mut self, session: SessionId, conn: ConnId) {
        let Some(state) = self.sessions.get_mut(&session) else { return };
        let last = state.last.clone();
        match state.waiting.as_mut() {
            None => self.reply(conn, (200, last)),
            Some(waiting) => {
                let old = std::mem::replace(&mut waiting.conn, conn);
                self.refuse(old, 400);
            }
        }
    }

    /// The request whose turn it is, and those that came before their turn and follow it.
    fn take(&mut self, session: SessionId, mut number: u32, mut request: Request) {
        let mut free = Vec::new();
        loop {
            // A request that came while its forerunner waits for bytes: no more waiting for that one.
            free.extend(self.answer(session));
            let Some(state) = self.sessions.get_mut(&session) else {
                self.refuse(request.conn, 404);
                break;
            };
            number = number.wrapping_add(1);
            state.next = Some(number);
            if request.kind == Kind::Close {
                self.reply(request.conn, (200, Bytes::from_static(&[INTERVALS[0]])));
                self.end(session, Reason::Peer);
                break;
            }
            state.waiting = Some(Waiting { conn: request.conn, until: self.now + self.config.wait });
            state.gap = self.now + self.config.gap;
            let early = state.early.remove(&number);
            self.ready.push_back(session);
            if request.kind == Kind::Send && !request.body.is_empty() {
                self.outputs.push_back(Output::Data { session, data: request.body });
            }
            let Some(early) = early else { break };
            self.buffered -= early.body.len();
            request = early;
        }
        self.hasten(session);
        for conn in free {
            self.requests(conn);
        }
    }

    /// Answers the waiting request of a session, with or without bytes, and goes on with its connection.
    fn fulfil(&mut self, session: SessionId) {
        if let Some(conn) = self.answer(session) {
            self.requests(conn);
        }
    }

    //= rtmpt#3/interval MUST
    //# Bytes in the answer set it back to the shortest; so many empty answers in a row make it one step longer.
    fn answer(&mut self, session: SessionId) -> Option<ConnId> {
        let state = self.sessions.get_mut(&session)?;
        let waiting = state.waiting.take()?;
        let mut body = vec![0];
        while let Some(piece) = state.unsent.front_mut() {
            let room = (self.config.answer.max(1) + 1).saturating_sub(body.len());
            if room == 0 {
                break;
            }
            let part = piece.split_to(piece.len().min(room));
            body.extend_from_slice(&part);
            if piece.is_empty() {
                state.unsent.pop_front();
            }
        }
        state.unsent_bytes -= body.len() - 1;
        if body.len() > 1 {
            (state.step, state.empty) = (0, 0);
        } else {
            state.empty += 1;
            if state.empty >= self.config.patience {
                (state.step, state.empty) = ((state.step + 1).min(INTERVALS.len() - 1), 0);
            }
        }
        body[0] = INTERVALS[state.step];
        state.last = body.into();
        let (last, done) = (state.last.clone(), state.ending && state.unsent.is_empty());
        self.write(waiting.conn, 200, &last);
        if done {
            self.end(session, Reason::Local);
        }
        Some(waiting.conn)
    }

    /// Ends a session: requests that wait are told that it is unknown.
    fn end(&mut self, session: SessionId, reason: Reason) {
        let Some(state) = self.sessions.remove(&session) else { return };
        self.secrets.remove(&state.secret);
        let waiting = state.waiting.map(|waiting| waiting.conn);
        self.timers.remove(&(state.timer, Due::Session(session)));
        self.buffered -= state.early.values().map(|request| request.body.len()).sum::<usize>();
        for conn in waiting.into_iter().chain(state.early.into_values().map(|request| request.conn)) {
            self.refuse(conn, 404);
        }
        self.outputs.push_back(Output::Closed { session, reason });
    }

    /// Answers, and goes on with the connection.
    fn reply(&mut self, conn: ConnId, (status, body): (u16, Bytes)) {
        self.write(conn, status, &body);
        // What is behind it in the buffer is taken by whoever called: `requests` loops while the connection is free.
        if let Some(state) = self.conns.get_mut(&conn) {
            state.deadline = self.now + self.config.request;
        }
    }

    fn write(&mut self, conn: ConnId, status: u16, body: &[u8]) {
        let Some(state) = self.conns.get_mut(&conn) else { return };
        state.busy = false;
        let keep_alive = state.keep_alive;
        self.outputs.push_back(Output::Send { conn, data: http::answer(status, keep_alive, &[body]) });
        //= rtmpt#1/close MUST
        //# The answer says so too, and the connection is closed behind it.
        if !keep_alive {
            self.shut(conn);
        }
    }

    /// Answers for the last time on this connection.
    fn refuse(&mut self, conn: ConnId, status: u16) {
        if let Some(state) = self.conns.get_mut(&conn) {
            state.keep_alive = false;
            self.write(conn, status, &[]);
        }
    }

    fn shut(&mut self, conn: ConnId) {
        if self.forget(conn) {
            self.outputs.push_back(Output::Close { conn });
        }
    }

    fn forget(&mut self, conn: ConnId) -> bool {
        let state = self.conns.remove(&conn);
        if let Some(state) = &state {
            self.buffered -= state.reader.buffered();
            self.timers.remove(&(state.timer, Due::Conn(conn)));
        }
        state.is_some()
    }
}

impl Target<'_> {
    fn of(target: &str) -> Target<'_> {
        let mut parts = target.strip_prefix('/').unwrap_or(target).split('/');
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some("open"), Some("1"), None, None) => Target::Open,
            (Some(command), Some(secret), Some(number), None) => {
                let kind = match command {
                    "send" => Kind::Send,
                    "idle" => Kind::Idle,
                    "close" => Kind::Close,
                    _ => return Target::Unknown,
                };
                let digits = number.bytes().all(|byte| byte.is_ascii_digit());
                match number.parse().ok().filter(|_| digits) {
                    Some(number) => Target::Session(kind, secret, number),
                    None => Target::Unknown,
                }
            }
            _ => Target::Unknown,
        }
    }
}

fn http_status(status: u16) -> (u16, Bytes) {
    (status, Bytes::new())
}
