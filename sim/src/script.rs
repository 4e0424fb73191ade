//! A server that plays a part.
use std::collections::VecDeque;
use std::convert::Infallible;
use std::fmt;
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use wire::{ConnId, Input, Instant, Machine, Output, Secured, Transmit};

/// A server of any protocol over streams, as a list of what it expects and what it answers, for tests and examples of
/// the client: [`Script::expect`] waits until something has come, [`Script::answer`] says something, and so on in the
/// order in which they are written down. What comes for nobody's expectation waits for the next one.
///
/// It plays on the connection that was opened last; after that is closed the next step waits for another. A step that
/// is never reached shows in [`Script::waits_for`].
///
/// ```
/// use bytes::Bytes;
/// use sim::{Link, Network, Node, Script};
/// use wire::{ConnId, Input, Instant, Machine, Output, Transmit, Transport};
///
/// /// Asks for TLS, and says who it is when it has it.
/// #[derive(Default)]
/// struct Client(Vec<Output<Event>>);
/// # #[derive(Debug, PartialEq)]
/// struct Event(Bytes);
/// # impl From<std::convert::Infallible> for Event { fn from(never: std::convert::Infallible) -> Event { match never {} } }
///
/// impl Machine for Client {
///     type Event = Event;
///     fn handle(&mut self, _now: Instant, input: Input) {
///         let write = |conn, text: &'static str| Output::Transmit(Transmit::Stream { conn, data: Bytes::from(text) });
///         match input {
///             Input::Opened { conn, .. } => self.0.push(write(conn, "STARTTLS\n")),
///             Input::Stream { conn, data } if data == "OK\n" => self.0.push(Output::Upgrade { conn }),
///             Input::Secured { conn, .. } => self.0.push(write(conn, "I am Alice\n")),
///             Input::Stream { data, .. } => self.0.push(Output::Event(Event(data))),
///             _ => {}
///         }
///     }
///     fn poll(&mut self) -> Option<Output<Event>> { self.0.pop() }
///     fn deadline(&self) -> Option<Instant> { None }
/// }
///
/// let server = Script::new()
///     .expect("STARTTLS\n")
///     .answer("OK\n")
///     .secure()
///     .expect("\n")
///     .answer_with(|came| format!("Hello, {}!", came.text().trim().trim_start_matches("I am ")));
///
/// let (here, there) = ("10.0.0.1:1".parse().unwrap(), "10.0.0.2:7".parse().unwrap());
/// let mut net = Network::new(1);
/// net.set_default_link(Link { recut: false, ..Link::default() }); // whole lines, for the example's sake
/// let alice = net.add_at(Node::new(Client::default()), here);
/// let server = net.add_at(Node::<Event>::new(server), there);
/// net.command(alice, |node, _now| {
///     let client: &mut Client = node.downcast_mut().unwrap();
///     client.0.push(Output::Connect { conn: ConnId::outbound(0), transport: Transport::Tcp, remote: there });
/// });
/// let greeting = net.next(Instant::from_millis(10_000)).expect("an event");
/// assert_eq!(greeting.event, Event(Bytes::from("Hello, Alice!")));
/// let script: &Script = net.machine(server).downcast_ref().unwrap();
/// assert_eq!(script.waits_for(), None);
/// ```
#[derive(Default)]
pub struct Script {
    steps: VecDeque<Step>,
    /// How many steps are over.
    over: usize,
    conn: Option<ConnId>,
    session: Option<Box<Secured>>,
    came: BytesMut,
    taken: Bytes,
    resumes: Option<Instant>,
    out: VecDeque<Output<Infallible>>,
}

enum Step {
    Expect(String),
    ExpectWith(Found),
    AnswerWith(Answer),
    Secure,
    Restart,
    Wait(Duration),
    Close,
    Closed,
}

type Found = Box<dyn FnMut(&[u8]) -> Option<usize> + Send>;
type Answer = Box<dyn FnOnce(&Came) -> Bytes + Send>;

/// What an answer is made from.
pub struct Came<'a> {
    /// What the last expectation took: all that had come, up to and with its end.
    pub data: &'a [u8],
    /// What both ends of the encryption know, if there is any.
    pub session: Option<&'a Secured>,
    /// The time.
    pub now: Instant,
}

impl Came<'_> {
    /// What came as text; nothing when it is none.
    pub fn text(&self) -> &str {
        std::str::from_utf8(self.data).unwrap_or_default()
    }

    /// What stands between the first `before` and the next `after` in the text; nothing when they are not there.
    ///
    /// ```
    /// let came = sim::Came { data: b"<iq id='7'/>", session: None, now: wire::Instant::ZERO };
    /// assert_eq!(came.between("id='", "'"), "7");
    /// ```
    pub fn between(&self, before: &str, after: &str) -> &str {
        let rest = self.text().split_once(before).map(|split| split.1);
        rest.and_then(|rest| rest.split_once(after)).map(|split| split.0).unwrap_or_default()
    }
}

impl Script {
    /// One without any step.
    pub fn new() -> Script {
        Script::default()
    }

    /// Waits until `text` has come, and takes everything up to its end.
    pub fn expect(self, text: impl Into<String>) -> Script {
        self.then(Step::Expect(text.into()))
    }

    /// Waits until `found`, which is shown everything that has come and was not taken, says how much of it to take.
    pub fn expect_with(self, found: impl FnMut(&[u8]) -> Option<usize> + Send + 'static) -> Script {
        self.then(Step::ExpectWith(Box::new(found)))
    }

    /// Says `data`.
    pub fn answer(self, data: impl Into<Bytes>) -> Script {
        let data = data.into();
        self.then(Step::AnswerWith(Box::new(|_| data)))
    }

    /// Says what `answer` makes of that which was expected last.
    pub fn answer_with<T: Into<Bytes>>(self, answer: impl FnOnce(&Came) -> T + Send + 'static) -> Script {
        self.then(Step::AnswerWith(Box::new(|came| answer(came).into())))
    }

    /// Waits until the connection is secure, and drops what came before.
    pub fn secure(self) -> Script {
        self.then(Step::Secure)
    }

    /// Drops what has come and was not taken, as a protocol does that begins anew.
    pub fn restart(self) -> Script {
        self.then(Step::Restart)
    }

    /// Waits for that long.
    pub fn wait(self, time: Duration) -> Script {
        self.then(Step::Wait(time))
    }

    /// Closes the connection.
    pub fn close(self) -> Script {
        self.then(Step::Close)
    }

    /// Waits until the connection is gone, whoever ends it.
    pub fn closed(self) -> Script {
        self.then(Step::Closed)
    }

    /// The steps of `other` after these.
    pub fn and(mut self, other: Script) -> Script {
        self.steps.extend(other.steps);
        self
    }

    /// Says `data` now, whichever step it is at. False when there is no connection.
    pub fn say(&mut self, data: impl Into<Bytes>) -> bool {
        let Some(conn) = self.conn else { return false };
        self.out.push_back(Output::Transmit(Transmit::Stream { conn, data: data.into() }));
        true
    }

    /// Whether every step is over.
    pub fn is_done(&self) -> bool {
        self.steps.is_empty()
    }

    /// For a test that fails: which step, counted from 1, waits for what, and what has come instead. `None` when every
    /// step is over.
    pub fn waits_for(&self) -> Option<String> {
        let step = self.steps.front()?;
        let came = String::from_utf8_lossy(&self.came);
        let on = if self.conn.is_some() { "" } else { " on another connection" };
        Some(format!("step {}, {step:?}{on}; came: {came:?}", self.over + 1))
    }

    fn then(mut self, step: Step) -> Script {
        self.steps.push_back(step);
        self
    }

    /// Goes on as far as possible.
    fn play(&mut self, now: Instant) {
        while let Some(mut step) = self.steps.pop_front() {
            if !self.step(now, &mut step) {
                return self.steps.push_front(step);
            }
            self.over += 1;
        }
    }

    /// Whether the step is over.
    fn step(&mut self, now: Instant, step: &mut Step) -> bool {
        let Some(conn) = self.conn else { return matches!(step, Step::Closed) };
        match step {
            Step::Expect(text) => {
                let at = self.came.windows(text.len().max(1)).position(|window| window == text.as_bytes());
                at.is_some_and(|at| self.take(at + text.len()))
            }
            Step::ExpectWith(found) => found(&self.came).is_some_and(|length| self.take(length)),
            Step::AnswerWith(answer) => {
                let came = Came { data: &self.taken, session: self.session.as_deref(), now };
                let answer = std::mem::replace(answer, Box::new(|_| Bytes::new()));
                self.say(answer(&came))
            }
            Step::Secure => self.session.is_some(),
            Step::Restart => {
                self.came.clear();
                true
            }
            Step::Wait(time) => {
                let until = *self.resumes.get_or_insert(now + *time);
                now >= until && self.resumes.take().is_some()
            }
            Step::Close => {
                self.out.push_back(Output::Close { conn });
                true
            }
            Step::Closed => false,
        }
    }

    fn take(&mut self, length: usize) -> bool {
        self.taken = Bytes::copy_from_slice(&self.came[..length.min(self.came.len())]);
        self.came.advance(self.taken.len());
        true
    }
}

impl Machine for Script {
    type Event = Infallible;

    fn handle(&mut self, now: Instant, input: Input) {
        match input {
            Input::Opened { conn, .. } => {
                (self.conn, self.session, self.resumes) = (Some(conn), None, None);
                self.came.clear();
            }
            Input::Stream { conn, data } if self.conn == Some(conn) => self.came.extend_from_slice(&data),
            Input::Secured { conn, session } if self.conn == Some(conn) => {
                self.session = Some(session);
                self.came.clear();
            }
            Input::Closed { conn, .. } if self.conn == Some(conn) => self.conn = None,
            _ => {}
        }
        self.play(now);
    }

    fn poll(&mut self) -> Option<Output<Infallible>> {
        self.out.pop_front()
    }

    fn deadline(&self) -> Option<Instant> {
        self.resumes
    }
}

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Step::Expect(text) => write!(f, "expect {text:?}"),
            Step::ExpectWith(_) => f.write_str("expect something"),
            Step::AnswerWith(_) => f.write_str("answer"),
            Step::Secure => f.write_str("secure"),
            Step::Restart => f.write_str("restart"),
            Step::Wait(time) => write!(f, "wait for {time:?}"),
            Step::Close => f.write_str("close"),
            Step::Closed => f.write_str("the end of the connection"),
        }
    }
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Script").field("waits_for", &self.waits_for()).finish_non_exhaustive()
    }
}
