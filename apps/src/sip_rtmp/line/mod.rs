//! One line: an RTMP client joined to a SIP user agent, and the RTP of its one call. A machine without sockets.
//!
//! | state | what the client or SIP brings | what follows |
//! |---|---|---|
//! | opening | registered, or no password | open: connect is accepted |
//! | opening | registration refused | gone: connect is rejected with the reason |
//! | open, no call | `invite` | ports asked for, INVITE: calling |
//! | open, no call | INVITE that can be carried | 180, `invited`: incoming |
//! | open, no call | INVITE that cannot | 488, nobody hears of it |
//! | open, a call | `invite` | `rejected` at once; the call goes on |
//! | open, a call | INVITE | 486 |
//! | calling | 180, 183 | `ringing` |
//! | calling | 2xx | `accepted`: talking |
//! | calling | 3xx to 6xx, nobody answers | `rejected` with code and reason |
//! | calling | `bye` | CANCEL, `rejected("487 …")`; a 2xx that meets it is ended |
//! | incoming | `accept` | ports asked for, 200: taken; 488 and `byed` if there is no common codec |
//! | incoming | `reject`, `bye` | the status, 603 if none is given |
//! | incoming | CANCEL, nobody answers | `cancelled` |
//! | taken | ACK | `accepted`: talking |
//! | taken, talking | BYE, or the dialog is lost | `byed` |
//! | talking | neither RTP nor RTCP for a minute | BYE, `byed` |
//! | taken, talking | `bye` | BYE |
//! | any | the client is gone | the call is ended, the registration given up, then gone |

mod call;
mod sip;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use rfc3261::endpoint::Listen;
use rfc3261::message::{NameAddr, Uri};
use rfc3261::ua::{self, Account, Exchange, Registration, UserAgent};
use rtmp::Message;
use wire::{Epoch, Input, Instant, Machine, Output, Rng, Transport};

use super::media::codecs::Audio;
use super::offer::{Ability, Plan, Word};
use super::rtp::{KEPT, Media};
use crate::rtmp_server::hub::Cache;
use call::Talk;

/// Who a line is, and what it may do.
#[derive(Clone)]
pub struct LineConfig {
    /// The address of record, with the name to show.
    pub from: NameAddr,
    /// The user name for digest authentication; that of the address when absent.
    pub login: Option<String>,
    /// The password; without one the line does not register and cannot be called.
    pub password: Option<String>,
    /// Whether a line with a password registers: true. Else it only answers challenges.
    pub registers: bool,
    /// Whether a registration that fails is tried again instead of ending the line: false.
    pub keeps_trying: bool,
    /// What the client speaks when it names no codecs.
    pub spoken: Audio,
    /// Whether Speex at 8 kHz goes before that at 16 kHz, for a client that names no codecs.
    pub narrowband: bool,
    /// What this build can transcode.
    pub ability: Ability,
    /// An outbound proxy.
    pub proxy: Option<Uri>,
    /// The address that RTP is received at.
    pub int_ip: IpAddr,
    /// The address that others are told, when that is another one.
    pub ext_ip: Option<IpAddr>,
    /// How the program calls itself.
    pub user_agent: String,
    /// What the clock's zero is on the calendar.
    pub epoch: Epoch,
    /// How long the goodbyes may take. Default 2 s.
    pub goodbye: Duration,
    /// After how long without a packet the other side of a call counts as gone. Default 60 s.
    pub silence: Duration,
}

impl LineConfig {
    /// A line for that address, without a password.
    pub fn new(from: NameAddr, int_ip: IpAddr, ability: Ability) -> LineConfig {
        LineConfig {
            from,
            login: None,
            password: None,
            registers: true,
            keeps_trying: false,
            spoken: Audio::Pcmu,
            narrowband: false,
            ability,
            proxy: None,
            int_ip,
            ext_ip: None,
            user_agent: concat!("sip-rtmp/", env!("CARGO_PKG_VERSION")).to_owned(),
            epoch: Epoch::default(),
            goodbye: Duration::from_secs(2),
            silence: Duration::from_secs(60),
        }
    }

    fn agent(&self) -> ua::Config {
        let mut config = ua::Config::new(self.from.clone());
        if let Some(password) = &self.password {
            let user = self.login.clone().or_else(|| self.from.uri().user().map(str::to_owned)).unwrap_or_default();
            config.credentials.push(rfc2617::Account::new(user, password.clone()));
        }
        config.proxy = self.proxy.clone();
        config.user_agent = Some(self.user_agent.clone());
        config.max_calls = MAX_CALLS;
        config.max_requests = MAX_REQUESTS;
        config
    }
}

impl fmt::Debug for LineConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LineConfig").field("from", &self.from.to_string()).finish_non_exhaustive()
    }
}

/// What a client may ask for.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Call somebody.
    Invite {
        /// Whom, as a URI or a name and address; a scheme that is missing is `sip`.
        to: String,
        /// The codecs; all that can work when empty.
        words: Vec<Word>,
    },
    /// Take the call that rings.
    Accept(Vec<Word>),
    /// Refuse the call that rings, with a status such as `486 Busy Here`.
    Reject(String),
    /// End the call, or the attempt.
    Bye,
    /// Put the other side on hold, or take it back.
    Hold(bool),
    /// Press keys.
    SendDtmf(String),
    /// Send a text to that address, or to the other side of the call.
    SendText {
        /// To whom, when not to the other side.
        to: Option<String>,
        /// What it says.
        text: String,
    },
}

/// What a client is told, by the name of the method that is called on it.
#[derive(Clone, Debug, PartialEq)]
pub enum Callback {
    /// Somebody calls.
    Invited {
        /// Who.
        from: String,
        /// Whom: this line.
        to: String,
    },
    /// The other side rings, or something else came before the answer: code and text.
    Ringing(String),
    /// The call stands. Audio and video that the client is to send, when it named its codecs.
    Accepted(Option<[Option<&'static str>; 2]>),
    /// Our call was refused: code and text, or only a text.
    Rejected(String),
    /// The caller gave up.
    Cancelled {
        /// Who called.
        from: String,
        /// Whom: this line.
        to: String,
    },
    /// The call is over.
    Byed,
    /// The other side has put us on hold, or taken us back.
    Holded(bool),
    /// The other side pressed a key.
    ReceivedDtmf(char),
    /// A text came.
    ReceivedText {
        /// From whom.
        from: String,
        /// What it says.
        text: String,
    },
}

/// What a line tells the program.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The client's connect is to be accepted.
    Opened,
    /// The client's connect is to be rejected, for that reason. [`Event::Gone`] follows.
    Refused(String),
    /// To be told to the client.
    Tell(Callback),
    /// A call needs RTP ports, for audio and perhaps for video: to be answered by [`Line::ports`].
    Ports {
        /// For how many streams.
        streams: usize,
    },
    /// These RTP sockets are no longer needed.
    Release(Vec<SocketAddr>),
    /// Media for the client's played stream.
    Play(Message),
    /// What came of a text: its ticket, and the reason when it failed.
    Text(u64, Result<(), String>),
    /// The goodbyes are done, or took too long. Nothing more comes of this line.
    Gone,
}

/// A telephone line.
pub struct Line {
    config: LineConfig,
    agent: UserAgent,
    rng: Rng,
    state: State,
    registration: Option<Registration>,
    talk: Option<Talk>,
    /// What the client's stream needs at the beginning of a call, when it is older than the call.
    published: Cache,
    texts: BTreeMap<Exchange, u64>,
    tickets: u64,
    events: VecDeque<Output<Event>>,
    now: Instant,
}

/// What a line is doing, calls aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The registration is under way.
    Opening,
    /// Ready.
    Open,
    /// The goodbyes are under way, until then at the latest.
    Leaving(Instant),
    /// It is over.
    Gone,
}

impl Line {
    /// A line that has not begun.
    pub fn new(config: LineConfig, mut rng: Rng) -> Line {
        let agent = UserAgent::new(config.agent(), rng.split());
        Line {
            config,
            agent,
            rng,
            state: State::Opening,
            registration: None,
            talk: None,
            published: Cache::default(),
            texts: BTreeMap::new(),
            tickets: 0,
            events: VecDeque::new(),
            now: Instant::ZERO,
        }
    }

    /// Begins, with the SIP socket that the driver has bound: registers, if there is a password.
    pub fn open(&mut self, now: Instant, local: SocketAddr) {
        self.now = self.now.max(now);
        let mut listen = Listen::new(Transport::Udp, local);
        if let Some(ip) = self.config.ext_ip {
            listen = listen.named(SocketAddr::new(ip, local.port()).to_string());
        }
        self.agent.listen(listen);
        if self.config.password.is_none() || !self.config.registers {
            self.state = State::Open;
            return self.tell(Event::Opened);
        }
        match self.agent.register(now, Account::new(self.config.from.uri().clone())) {
            Ok(registration) => self.registration = Some(registration),
            Err(error) => self.refuse(error.to_string()),
        }
    }

    /// The client is gone: ends what there is, then tells [`Event::Gone`].
    pub fn close(&mut self, now: Instant) {
        self.now = self.now.max(now);
        if matches!(self.state, State::Leaving(_) | State::Gone) {
            return;
        }
        self.drop_call(now);
        if let Some(registration) = self.registration {
            let _over_already = self.agent.unregister(now, registration);
        }
        self.agent.shutdown(now);
        self.state = State::Leaving(now + self.config.goodbye);
    }

    /// Whether there is a call, or an attempt at one.
    pub fn has_call(&self) -> bool {
        self.talk.is_some()
    }

    /// Another stream is published for it from now on, or none.
    pub fn publisher_changed(&mut self) {
        self.published = Cache::default();
    }

    /// Takes media that the client published.
    pub fn published(&mut self, now: Instant, message: &Message) {
        self.now = self.now.max(now);
        self.published.take(message, &KEPT);
        if let Some(media) = self.talk.as_mut().and_then(|talk| talk.media.as_mut()) {
            media.from_rtmp(now, message);
        }
        self.drain_media(now);
    }

    /// Somebody began to play the stream: a key frame is asked for.
    pub fn playing(&mut self, now: Instant) {
        self.now = self.now.max(now);
        if let Some(media) = self.talk.as_mut().and_then(|talk| talk.media.as_mut()) {
            media.want_key_frame(now);
        }
        self.drain_media(now);
    }

    /// What a call may use when the client names no codecs.
    fn default_plan(&self) -> Plan {
        Plan::without_words(self.config.spoken, self.config.narrowband, self.config.ability)
    }

    fn plan(&self, words: &[Word]) -> Plan {
        if words.is_empty() { self.default_plan() } else { Plan::of_words(words, self.config.ability) }
    }

    fn tell(&mut self, event: Event) {
        self.events.push_back(Output::Event(event));
    }

    fn call_back(&mut self, callback: Callback) {
        self.tell(Event::Tell(callback));
    }

    /// Connect cannot be accepted.
    fn refuse(&mut self, why: String) {
        self.tell(Event::Refused(why));
        self.close(self.now);
    }

    /// Tells the end when the goodbyes are through.
    fn check_gone(&mut self, now: Instant) {
        let State::Leaving(until) = self.state else { return };
        let load = self.agent.load();
        if now >= until || (load.calls, load.registrations, load.requests) == (0, 0, 0) {
            self.state = State::Gone;
            self.tell(Event::Gone);
        }
    }

    /// Takes what the media of the call puts out.
    fn drain_media(&mut self, now: Instant) {
        let Some(talk) = &mut self.talk else { return };
        let (call, up) = (talk.call, talk.is_up());
        let Some(media) = &mut talk.media else { return };
        let (mut fast_update, mut silent) = (false, false);
        while let Some(output) = media.poll(now) {
            let event = match output {
                Output::Event(super::rtp::Told::Play(message)) => Event::Play(message),
                Output::Event(super::rtp::Told::Digit(key)) => Event::Tell(Callback::ReceivedDtmf(key)),
                Output::Event(super::rtp::Told::FastUpdate) => {
                    fast_update = true;
                    continue;
                }
                Output::Event(super::rtp::Told::Silent) => {
                    silent = true;
                    continue;
                }
                Output::Transmit(transmit) => {
                    self.events.push_back(Output::Transmit(transmit));
                    continue;
                }
                _ => continue,
            };
            self.events.push_back(Output::Event(event));
        }
        if let Some(call) = call.filter(|_| fast_update && up) {
            let _call_over = self.agent.info(now, call, sip::fast_update());
        }
        if let Some(call) = call.filter(|_| silent && up) {
            tracing::info!(line = %self.config.from.uri(), "the other side of the call has vanished");
            let _over_already = self.agent.hang_up(now, call);
            self.end_with(Callback::Byed);
        }
    }

    fn drain_agent(&mut self) {
        while let Some(output) = self.agent.poll() {
            match output.event() {
                Ok(event) => self.on_sip(event),
                Err(output) => self.events.push_back(output),
            }
        }
    }

    fn media(&mut self) -> Option<&mut Media> {
        self.talk.as_mut()?.media.as_mut()
    }
}

/// The drain contract of [`wire`] holds: one input or command, then `poll` until it is idle.
impl Machine for Line {
    type Event = Event;

    fn handle(&mut self, now: Instant, input: Input) {
        self.now = self.now.max(now);
        let rtp = match &input {
            Input::Datagram { local, .. } | Input::Unreachable { local, .. } => {
                self.media().filter(|media| media.owns(*local))
            }
            Input::Time => {
                if let Some(media) = self.media() {
                    media.handle(now, Input::Time);
                }
                None
            }
            _ => None,
        };
        match rtp {
            Some(media) => media.handle(now, input),
            None => self.agent.handle(now, input),
        }
        self.drain_agent();
        self.drain_media(now);
        self.check_gone(now);
    }

    fn poll(&mut self) -> Option<Output<Event>> {
        loop {
            if let Some(output) = self.events.pop_front() {
                return Some(output);
            }
            self.drain_agent(); // commands leave their output there
            if self.events.is_empty() {
                self.check_gone(self.now);
            }
            if self.events.is_empty() {
                return None;
            }
        }
    }

    fn deadline(&self) -> Option<Instant> {
        let media = self.talk.as_ref().and_then(|talk| talk.media.as_ref()).and_then(Media::deadline);
        let goodbye = match self.state {
            State::Leaving(until) => Some(until),
            State::Gone => return None,
            _ => None,
        };
        [self.agent.deadline(), media, goodbye].into_iter().flatten().min()
    }
}

/// Calls of one user agent: the one that goes on, and those that are being ended or turned away.
const MAX_CALLS: usize = 16;

/// Requests of one user agent under way.
const MAX_REQUESTS: usize = 256;
