//! The client machine: from the connection to the bound resource, and on.
//!
//! [`Client`] goes by the table [`TRANSITIONS`]: where it is ([`State`]), what happens ([`Stimulus`]), where it is then.
//! In short: discover, look up, dial; open a stream, encrypt it, open it again; log in, open it again; resume the old
//! session or bind a new one; be online. Whatever fails on the way closes the connection in order and either waits for
//! another try or, where only a person can help, tells why and stays idle.
//!
//! | module | what of it |
//! |---|---|
//! | `state` | the table |
//! | [`discovery`] | SRV records into targets |
//! | `route` | targets and addresses in turn, waits between tries |
//! | `negotiation` | stream headers, features, binding |
//! | `starttls` | from the clear into TLS |
//! | `login` | SASL, SASL2 with Bind2 and FAST |
//! | `sm` | counters and queue of stream management |
//! | `iq` | who asked whom |
//! | `stanzas` | what goes in and out of a session |
//! | `keepalive` | signs of life |
//! | `ending` | errors, redirects, orderly ends |
//! | `trace` | what went over the wire, secrets hidden |

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use wire::{ConnId, Input, Instant, Machine, Output, Rng, Secured, Transmit};

use crate::jid::Jid;
use crate::ns;
use crate::sasl::{Binding, Mechanism};
use crate::stanza::StanzaError;
use crate::xml::{self, Element, Framing, Reader};

mod config;
pub mod discovery;
mod ending;
mod error;
mod event;
mod features;
mod iq;
mod keepalive;
mod login;
mod negotiation;
mod route;
mod sm;
mod stanzas;
mod starttls;
mod state;
mod trace;

pub use config::{Config, Kind, Limits, Target, Timing, UserAgent};
pub use error::{CommandError, Error};
pub use event::{DropReason, Event, Online, RequestError, RequestId, StanzaId};
pub use state::{State, Stimulus, TRANSITIONS, next};

/// One account's way to its server. Give one input (or call one command), then poll until `None`, then wait for the next
/// input or the deadline.
pub struct Client {
    config: Config,
    rng: Rng,
    now: Instant,
    state: State,
    /// When the patience with this state ends.
    until: Instant,
    outputs: VecDeque<Output<Event>>,
    route: route::Route,
    link: Option<Link>,
    login: Option<login::Exchange>,
    session: Option<Session>,
    requests: iq::Requests,
    /// Whether somebody looks at the program (XEP-0352).
    active: bool,
    stanzas: u64,
    #[cfg(debug_assertions)]
    taken: std::collections::BTreeSet<(State, Stimulus)>,
}

/// The connection below, from the moment it is asked for.
struct Link {
    conn: ConnId,
    target: Target,
    reader: Reader,
    secured: Option<Box<Secured>>,
    /// A stream header of the server was seen.
    heard: bool,
    /// The language that it names.
    lang: Option<String>,
    authenticated: bool,
    features: features::Features,
    /// How the login on this connection was done.
    by: Option<(Mechanism, Option<Binding>)>,
    /// The login brought the session with it, resumed or new, and only features are waited for.
    stands: Option<bool>,
    keepalive: keepalive::Keepalive,
    /// The id of the iq that asks for a resource, or for a session of old.
    binding: Option<String>,
    /// Stream management counts on this connection.
    managed: bool,
    /// An ack is owed.
    ack: bool,
}

/// What the server keeps for us, and may outlive a connection.
struct Session {
    jid: Jid,
    carbons: bool,
    management: Option<sm::Management>,
    /// Until when it is worth while to try to resume it, once the connection is gone.
    until: Instant,
}

impl Link {
    fn new(conn: ConnId, target: Target, limits: &Limits) -> Link {
        Link {
            conn,
            reader: Reader::new(limits.xml, framing(target.kind)),
            target,
            secured: None,
            heard: false,
            lang: None,
            authenticated: false,
            features: features::Features::default(),
            by: None,
            stands: None,
            keepalive: keepalive::Keepalive::new(Instant::ZERO),
            binding: None,
            managed: false,
            ack: false,
        }
    }

    fn framing(&self) -> Framing {
        framing(self.target.kind)
    }

    /// The namespace that an element on this link need not declare: over WebSocket every one stands alone.
    fn scope(&self) -> &'static str {
        if self.framing() == Framing::WebSocket { "" } else { ns::CLIENT }
    }
}

fn framing(kind: Kind) -> Framing {
    match kind {
        Kind::StartTls | Kind::DirectTls => Framing::Stream,
        Kind::WebSocket | Kind::InsecureWebSocket => Framing::WebSocket,
    }
}

impl Client {
    /// A client that has not connected.
    pub fn new(config: Config, mut rng: Rng) -> Client {
        let requests = iq::Requests::new(&mut rng);
        Client {
            config,
            rng,
            now: Instant::ZERO,
            state: State::Idle,
            until: Instant::FAR,
            outputs: VecDeque::new(),
            route: route::Route::default(),
            link: None,
            login: None,
            session: None,
            requests,
            active: true,
            stanzas: 0,
            #[cfg(debug_assertions)]
            taken: std::collections::BTreeSet::new(),
        }
    }

    /// What it was made with; the pin of [`Config::policy`] and the keys of [`Config::credentials`] are those of the last
    /// login.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Where it is.
    pub fn state(&self) -> State {
        self.state
    }

    /// The full address, while there is a session, be it one that waits to be resumed.
    pub fn jid(&self) -> Option<&Jid> {
        self.session.as_ref().map(|session| &session.jid)
    }

    /// Whether stanzas flow.
    pub fn is_online(&self) -> bool {
        self.state == State::Online
    }

    /// Stanzas that the server has not acknowledged, those that wait for a connection among them. 0 without stream
    /// management.
    pub fn unacked(&self) -> usize {
        self.session.as_ref().and_then(|s| s.management.as_ref()).map_or(0, sm::Management::unacked)
    }

    /// What the server offers for the features of this stream.
    pub fn features(&self) -> Arc<[Element]> {
        self.link.as_ref().map(|link| link.features.elements.clone()).unwrap_or_default()
    }

    /// The language of text that comes without one of its own (`xml:lang`), if the server names one for this stream.
    //= rfc6120#8.1.5/default MUST
    //# That of the server's last header, kept with the connection; an element's own language is its attribute.
    pub fn lang(&self) -> Option<&str> {
        self.link.as_ref()?.lang.as_deref()
    }

    /// Begins to connect, at once where a wait was on; [`Event::Online`] or [`Event::Offline`] tell the outcome.
    ///
    /// # Errors
    /// [`CommandError::Connected`].
    pub fn connect(&mut self, now: Instant) -> Result<(), CommandError> {
        self.tick(now);
        match self.state {
            State::Idle | State::Waiting => {
                self.begin();
                Ok(())
            }
            _ => Err(CommandError::Connected),
        }
    }

    /// Answers [`Event::Discover`]: where to connect, in order; nothing when the domain has no such service.
    ///
    /// # Errors
    /// [`CommandError::NotAsked`].
    pub fn discovered(&mut self, now: Instant, targets: Vec<Target>) -> Result<(), CommandError> {
        self.tick(now);
        if self.state != State::Discovering {
            return Err(CommandError::NotAsked);
        }
        self.found(targets);
        Ok(())
    }

    /// Sends a stanza, or keeps it for the connection to come when the session may be resumed. With stream management
    /// [`Event::Delivered`] or [`Event::Lost`] tell what became of it.
    ///
    /// # Errors
    /// [`CommandError`], all but `Connected` and `NotAsked`.
    pub fn send(&mut self, now: Instant, stanza: Element) -> Result<StanzaId, CommandError> {
        self.tick(now);
        let id = self.submit(stanza, stanzas::Fate::Told)?;
        Ok(id)
    }

    /// Sends an iq of type `get` or `set`, with an id of the client's making; [`Event::Answer`] follows, always.
    ///
    /// # Errors
    /// [`CommandError`], all but `Connected` and `NotAsked`.
    pub fn request(&mut self, now: Instant, iq: Element) -> Result<RequestId, CommandError> {
        self.tick(now);
        self.ask(iq)
    }

    /// Answers a request that came as [`Event::Stanza`]: with a payload, with nothing, or with an error.
    ///
    /// # Errors
    /// As [`Client::send`]; [`CommandError::NotAStanza`] when the request is none.
    //= rfc6120#8.2.3/result-child MUST
    //# The type of `answer` allows no more.
    pub fn reply(
        &mut self,
        now: Instant,
        request: &Element,
        answer: Result<Option<Element>, StanzaError>,
    ) -> Result<StanzaId, CommandError> {
        self.tick(now);
        let reply = stanzas::reply(request, answer).ok_or(CommandError::NotAStanza)?;
        self.submit(reply, stanzas::Fate::Told)
    }

    /// Tells whether somebody looks at the program, so that the server may hold back what can wait (XEP-0352). Kept over
    /// connections; nothing happens with a server that does not offer it.
    pub fn set_active(&mut self, now: Instant, active: bool) {
        self.tick(now);
        if std::mem::replace(&mut self.active, active) != active && self.state == State::Online {
            self.indicate();
        }
    }

    /// Asks the server to acknowledge what it has by now, without waiting for [`Timing::ack`].
    pub fn flush(&mut self, now: Instant) {
        self.tick(now);
        self.ask_ack();
    }

    /// Ends the session and the stream in order, and stays offline. [`Event::Offline`] follows.
    pub fn close(&mut self, now: Instant) {
        self.tick(now);
        self.close_stream();
    }

    /// What of the table was used so far, in a debug build: for tests that want to see all of it used.
    #[cfg(debug_assertions)]
    pub fn taken(&self) -> impl Iterator<Item = (State, Stimulus)> {
        self.taken.iter().copied()
    }

    fn tick(&mut self, now: Instant) {
        self.now = self.now.max(now);
    }

    /// Goes where the table leads, with this much patience there.
    fn go(&mut self, stimulus: Stimulus, patience: Duration) {
        let to = next(self.state, stimulus);
        debug_assert!(to.is_some(), "no way from {:?} by {stimulus:?}", self.state);
        #[cfg(debug_assertions)]
        self.taken.insert((self.state, stimulus));
        self.state = to.unwrap_or(self.state);
        self.until = self.now + patience;
    }

    fn tell(&mut self, event: Event) {
        self.outputs.push_back(Output::Event(event));
    }

    fn drop_noise(&mut self, reason: DropReason) {
        self.tell(Event::Dropped { reason });
    }

    /// Writes one element, which is known to be writable.
    fn write(&mut self, element: &Element) {
        let Some(link) = &self.link else { return };
        if let Ok(bytes) = element.to_bytes(link.scope()) {
            self.trace(true, element);
            self.transmit(bytes);
        }
    }

    fn transmit(&mut self, data: Bytes) {
        let Some(link) = &mut self.link else { return };
        link.keepalive.sent(self.now);
        self.outputs.push_back(Output::Transmit(Transmit::Stream { conn: link.conn, data }));
    }

    /// A piece of the stream came.
    fn received(&mut self, data: Bytes) {
        let Some(link) = &mut self.link else { return };
        if matches!(self.state, State::Connecting | State::Securing) {
            return; // not ours to read: before the stream, or in the clear before TLS
        }
        link.keepalive.heard(self.now);
        link.reader.push(data);
        while let Some(event) = self.link.as_mut().and_then(|link| link.reader.next()) {
            match event {
                Ok(event) => self.take(event),
                Err(error) => return self.refuse_xml(error),
            }
        }
        self.pay_ack();
    }

    fn take(&mut self, event: xml::Event) {
        match event {
            xml::Event::Open(header) => self.header(header),
            xml::Event::Element(element) => {
                self.trace(false, &element);
                self.element(element);
            }
            xml::Event::Close => self.stream_ended(),
        }
    }

    fn on_time(&mut self) {
        if self.until <= self.now {
            match self.state {
                State::Waiting => self.begin(),
                State::Closing => self.end(Error::Closed),
                State::Connecting | State::Resolving => self.try_next(Error::Timeout(self.state.doing())),
                State::Securing | State::Opening if !self.heard() => self.try_next(Error::Timeout(self.state.doing())),
                State::Features if self.session_stands() => self.ready(),
                State::Idle | State::Online => self.until = Instant::FAR,
                _ => self.fail(Error::Timeout(self.state.doing()), "connection-timeout"),
            }
        }
        self.expire();
        if self.state == State::Online {
            self.keep_alive();
        }
    }

    fn heard(&self) -> bool {
        self.link.as_ref().is_some_and(|link| link.heard)
    }
}

impl Machine for Client {
    type Event = Event;

    fn handle(&mut self, now: Instant, input: Input) {
        self.tick(now);
        let ours = |conn: ConnId| self.link.as_ref().is_some_and(|link| link.conn == conn);
        match input {
            Input::Resolved { query, answer } => self.resolved(query, answer),
            Input::Opened { conn, .. } if ours(conn) => self.opened(),
            Input::Secured { conn, session } if ours(conn) => self.secured(session),
            Input::Stream { conn, data } if ours(conn) => self.received(data),
            Input::Closed { conn, reason } if ours(conn) => self.closed(reason),
            _ => {} // of a connection that is dead to us, or nothing of ours
        }
        self.on_time();
    }

    fn poll(&mut self) -> Option<Output<Event>> {
        self.outputs.pop_front()
    }

    fn deadline(&self) -> Option<Instant> {
        let mut first = self.until;
        first = first.min(self.requests.deadline().unwrap_or(Instant::FAR));
        if let Some(session) = &self.session {
            first = first.min(self.session_deadline());
            let ask = session.management.as_ref().and_then(|m| m.ask_at);
            first = first.min(ask.filter(|_| self.state == State::Online).unwrap_or(Instant::FAR));
        }
        if let Some(link) = self.link.as_ref().filter(|_| self.state == State::Online) {
            first = first.min(link.keepalive.deadline(&self.config.timing));
        }
        Some(first).filter(|first| *first != Instant::FAR)
    }
}
