//! What goes in and out of a session: stanzas, requests and their answers, acknowledgements.

use wire::Instant;

use super::keepalive::Due;
use super::login::FEATURES_AFTER_BIND;
use super::sm::{self, Queued};
use super::state::State;
use super::{Client, CommandError, DropReason, Error, Event, RequestError, RequestId, StanzaId};
use crate::jid::Jid;
use crate::ns;
use crate::stanza::{self, Condition, Kind, StanzaError};
use crate::xml::Element;

/// Who wants to know what becomes of a stanza.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// The application, by its id.
    Told,
    /// The application, by the answer.
    Request,
    /// Nobody.
    Silent,
}

impl Client {
    /// A first-level element came.
    pub(super) fn element(&mut self, element: Element) {
        if self.state == State::Features && self.session_stands() && element.ns() != ns::STREAMS {
            self.ready(); // the features that a login by SASL2 should have brought did not come
        }
        //= rfc6120#4.8.4/others MAY
        //# TLS, SASL and stream management come and go like this.
        match (element.ns(), element.name()) {
            (ns::STREAMS, "error") => self.stream_error(&element),
            (ns::STREAMS, "features") => self.offered(&element),
            (ns::CLIENT, "message" | "presence" | "iq") => self.stanza(element),
            (ns::TLS, _) if self.state == State::StartTls => self.tls_answer(&element),
            (ns::SASL | ns::SASL2, _) if self.state == State::Login => self.login_answer(&element),
            (ns::SM, _) => self.management(&element),
            //= rfc6120#4.8.3/unsupported MUST
            //# The other content namespace on a client's stream ends it with invalid-namespace.
            (ns::SERVER, _) => self.broken("invalid-namespace", "a stanza between servers"),
            _ => self.drop_noise(DropReason::Element),
        }
    }

    //= rfc6120#8.1.1.1/absent-to MUST
    //# The `to` of what comes is never looked at, so an absent one changes nothing.
    fn stanza(&mut self, stanza: Element) {
        let asked = self.link.as_ref().and_then(|link| link.binding.as_deref());
        if self.state == State::Binding && stanza.name() == "iq" && stanza.get("id") == asked {
            return match matches!(stanza.get("type"), Some("result" | "error")) {
                true => self.bound(&stanza),
                false => self.drop_noise(DropReason::Early),
            };
        }
        if !matches!(self.state, State::Online | State::Enabling | State::Closing) || self.session.is_none() {
            return self.drop_noise(DropReason::Early);
        }
        if let Some((_, management)) = self.managed() {
            management.received();
        }
        //= rfc6120#8.3.3.8/malformed MAY skip
        //# A wrong address of the sender leaves nobody to answer to.
        let from = stanza.get("from").map(Jid::parse).transpose();
        match (from, stanza.name()) {
            //= rfc7622#4/own SHOULD
            //# Senders are prepared here again, and a stanza from an address that is none goes no further.
            (Err(_), _) => self.drop_noise(DropReason::Address),
            (Ok(from), "iq") => self.iq(stanza, from.as_ref()),
            _ => self.tell(Event::Stanza(stanza)),
        }
    }

    fn iq(&mut self, iq: Element, from: Option<&Jid>) {
        match (iq.get("type"), iq.get("id")) {
            (Some("get" | "set"), Some(_)) if iq.children().count() == 1 => self.asked(iq),
            (Some("result" | "error"), Some(id)) => {
                let own = self.session.as_ref().map(|session| session.jid.clone());
                let request = own.and_then(|own| self.requests.answer(id, from, &own));
                match request {
                    Some(request) if iq.get("type") == Some("result") => self.answer(request, Ok(iq)),
                    Some(request) => {
                        //= rfc6120#8.3.1/not-relied-on MUST NOT
                        //# Which request it is about tells its id; of the rest only the error is read.
                        let error = StanzaError::of(&iq);
                        let error = error.unwrap_or_else(|| StanzaError::from(Condition::UndefinedCondition));
                        self.answer(request, Err(RequestError::Refused(Box::new(error))));
                    }
                    None => self.drop_noise(DropReason::Answer),
                }
            }
            //= rfc6120#8.2.3/one-child MUST
            //# More or fewer payloads in a request are bad-request as well.
            //= rfc6120#8.2.3/types MUST
            //# A request needs an id and one payload, and there are four types: others are told so, if they can be.
            _ => {
                self.refuse(&iq, Condition::BadRequest);
                self.drop_noise(DropReason::Iq);
            }
        }
    }

    /// Somebody asks us something.
    //= rfc6120#8.2.3/reply MUST
    //# Every request gets one answer: of the client itself, of the application, or service-unavailable when its time is over.
    fn asked(&mut self, iq: Element) {
        let ping = iq.get("type") == Some("get") && iq.find(ns::PING, "ping").is_some();
        if ping {
            //= xep-0199#4/pong MUST
            //# An empty result at once, whoever asks.
            return self.submit_silently(reply(&iq, Ok(None)));
        }
        let (from, id) = (iq.get("from").unwrap_or_default(), iq.get("id").unwrap_or_default());
        let until = self.now + self.config.timing.answer;
        match self.requests.asked(from, id, until, self.config.limits.inbound) {
            true => self.tell(Event::Stanza(iq)),
            false => {
                self.refuse(&iq, Condition::ResourceConstraint);
                self.drop_noise(DropReason::Inbound);
            }
        }
    }

    //= rfc6120#8.2.3/no-reply MUST NOT
    //# error_reply makes nothing of a result or an error.
    fn refuse(&mut self, iq: &Element, condition: Condition) {
        self.submit_silently(stanza::error_reply(iq, &StanzaError::from(condition)));
    }

    fn submit_silently(&mut self, stanza: Option<Element>) {
        if let Some(stanza) = stanza {
            let _ = self.submit(stanza, Fate::Silent); // who floods us while our queue is full gets nothing
        }
    }

    /// Tells the application an answer, unless the client asked for itself.
    pub(super) fn answer(&mut self, request: RequestId, result: Result<Element, RequestError>) {
        if request != OWN {
            self.tell(Event::Answer { request, result });
        }
    }

    /// Sends an iq that wants an answer.
    pub(super) fn ask(&mut self, mut iq: Element) -> Result<RequestId, CommandError> {
        let request = Kind::of(&iq) == Some(Kind::Iq) && matches!(iq.get("type"), Some("get" | "set"));
        if !request || iq.children().count() != 1 {
            return Err(CommandError::NotAStanza);
        }
        let to = iq.get("to").map(Jid::parse).transpose().map_err(|_| CommandError::NotAStanza)?;
        if self.requests.waiting() >= self.config.limits.requests {
            return Err(CommandError::TooManyRequests);
        }
        let id = self.requests.id();
        iq.set("id", id.clone());
        self.submit(iq, Fate::Request)?;
        Ok(self.requests.ask(id, to, self.now + self.config.timing.request))
    }

    /// Writes a stanza, or keeps it for the connection to come.
    pub(super) fn submit(&mut self, stanza: Element, fate: Fate) -> Result<StanzaId, CommandError> {
        //= rfc6120#4.8.3/no-server MUST NOT
        //# Only stanzas of jabber:client are taken from the application.
        Kind::of(&stanza).filter(|_| stanza.ns() == ns::CLIENT).ok_or(CommandError::NotAStanza)?;
        let online = self.state == State::Online;
        let limit = self.stanza_limit();
        let management = self.session.as_mut().ok_or(CommandError::NotOnline)?.management.as_mut();
        let room = management.as_ref().map(|m| (m.resumable(), m.unacked() < self.config.limits.unacked));
        match room {
            Some((_, false)) => return Err(CommandError::QueueFull),
            Some((true, true)) if self.state != State::Closing => {}
            _ if online => {}
            _ => return Err(CommandError::NotOnline),
        }
        let scope = self.link.as_ref().map_or(ns::CLIENT, super::Link::scope);
        let bytes = stanza.to_bytes(scope).map_err(CommandError::Xml)?;
        //= xep-0478#3/max-bytes MUST
        //# What is longer than the server takes is given back to the caller instead of risking the stream.
        if bytes.len() > limit {
            return Err(CommandError::TooLong { limit });
        }
        self.requests.answered(&stanza);
        self.stanzas += 1;
        let id = StanzaId(self.stanzas);
        if online {
            self.trace(true, &stanza);
            self.transmit(bytes);
        }
        let (now, patience) = (self.now, self.config.timing.ack);
        if let Some(management) = self.session.as_mut().and_then(|session| session.management.as_mut()) {
            management.push(Queued { id, stanza, fate }, online, now, patience);
            if online && management.wants_ack(self.config.limits.ack_every) {
                self.ask_ack();
            }
        }
        Ok(id)
    }

    fn stanza_limit(&self) -> usize {
        let told = self.link.as_ref().and_then(|link| link.features.max_bytes());
        self.config.limits.stanza.min(told.unwrap_or(usize::MAX))
    }

    /// The counters, while they count on this connection.
    fn managed(&mut self) -> Option<(&mut super::Link, &mut sm::Management)> {
        let link = self.link.as_mut().filter(|link| link.managed)?;
        Some((link, self.session.as_mut()?.management.as_mut()?))
    }

    /// An element of stream management came.
    fn management(&mut self, element: &Element) {
        match (element.name(), self.state) {
            ("r", State::Online) => {
                if let Some((link, _)) = self.managed() {
                    link.ack = true;
                }
            }
            ("a", State::Online | State::Closing) => self.acknowledged(element),
            ("enabled", State::Enabling) => self.enabled(element),
            ("failed", State::Enabling) => self.ready(),
            ("resumed", State::Resuming) => self.resumed(element),
            ("failed", State::Resuming) => match self.not_resumed(element) {
                Ok(()) => self.bind(!self.route.any_resource),
                Err(wrong) => self.miscounted(wrong),
            },
            _ => self.drop_noise(DropReason::Element),
        }
    }

    /// `<failed/>` came instead of `<resumed/>`: maybe with what the server has.
    pub(super) fn not_resumed(&mut self, failed: &Element) -> Result<(), sm::WrongCount> {
        sm::h(failed).map_or(Ok(()), |h| self.delivered(h))
    }

    /// `<enabled/>` came, on its own or with a login: both sides count from zero.
    pub(super) fn enabled(&mut self, element: &Element) {
        let mut management = sm::Management::new();
        management.enabled(element);
        if let Some((link, session)) = self.link.as_mut().zip(self.session.as_mut()) {
            link.managed = true;
            session.management = Some(management);
        }
        if self.state == State::Enabling {
            self.ready();
        }
    }

    /// `<resumed/>` came: the session goes on where it was.
    pub(super) fn resumed(&mut self, element: &Element) {
        let ours = self.session.as_ref().and_then(|s| s.management.as_ref()?.id.as_deref());
        let known = ours.is_some() && element.get("previd") == ours;
        //= xep-0198#5/previd MUST
        //# A session that was not asked for, or no count, ends the stream.
        let (true, Some(h)) = (known, sm::h(element)) else {
            return self.broken("bad-format", "another session was resumed");
        };
        if let Some(link) = &mut self.link {
            link.managed = true;
        }
        if let Err(wrong) = self.delivered(h) {
            return self.miscounted(wrong);
        }
        if let Some(link) = &mut self.link {
            link.stands = Some(true);
        }
        match self.state {
            State::Resuming => self.ready(),
            _ => self.until = self.now + self.config.timing.step.min(FEATURES_AFTER_BIND),
        }
    }

    /// Writes what the server does not have.
    pub(super) fn write_again(&mut self) {
        let (now, patience) = (self.now, self.config.timing.ack);
        let management = self.session.as_mut().and_then(|session| session.management.as_mut());
        let again: Vec<Element> =
            management.map(|management| management.resumed(now, patience).cloned().collect()).unwrap_or_default();
        again.iter().for_each(|stanza| self.write(stanza));
    }

    fn acknowledged(&mut self, element: &Element) {
        let Some(h) = sm::h(element) else {
            return self.broken("bad-format", "an acknowledgement without a count");
        };
        if self.managed().is_none() {
            return self.drop_noise(DropReason::Element);
        }
        if let Err(wrong) = self.delivered(h) {
            self.miscounted(wrong);
        }
    }

    /// The server has so many: tells which those are.
    fn delivered(&mut self, h: u32) -> Result<(), sm::WrongCount> {
        let management = self.session.as_mut().and_then(|session| session.management.as_mut());
        let Some(management) = management else { return Ok(()) };
        let acked = management.acknowledge(h, self.now, self.config.timing.ack)?;
        let ids: Vec<_> = acked.iter().filter(|q| q.fate == Fate::Told).map(|q| q.id).collect();
        if !ids.is_empty() {
            self.tell(Event::Delivered { ids });
        }
        Ok(())
    }

    /// Asks for an ack now, if there is anything to acknowledge.
    pub(super) fn ask_ack(&mut self) {
        if self.state != State::Online {
            return;
        }
        let Some((_, management)) = self.managed().filter(|(_, m)| m.unacked() > 0) else { return };
        management.asked();
        self.ask_life(true);
    }

    /// Asks for a sign of life: an ack, or an answer to a ping.
    //= rfc7395#3.8/stanzas MAY
    //# Over WebSocket as over TCP.
    //= rfc7395#3.8/frames MAY skip
    //# What asks the stream's other end asks more than a frame does.
    fn ask_life(&mut self, managed: bool) {
        if managed {
            self.write(&sm::Management::ask());
        } else {
            let id = self.requests.id();
            let to = self.config.jid.domain().to_owned();
            let ping = Element::new(ns::CLIENT, "iq").attr("type", "get").attr("id", id.clone()).attr("to", to);
            self.write(&ping.child(Element::new(ns::PING, "ping")));
            let server = Jid::parse(self.config.jid.domain()).ok();
            self.requests.ask_for_itself(id, server, self.now + self.config.timing.request);
        }
        let (now, timing) = (self.now, &self.config.timing);
        if let Some(link) = &mut self.link {
            link.keepalive.asked(now, timing);
        }
    }

    /// One `<a/>` for however many `<r/>` came at once.
    //= xep-0198#4/answer MUST
    //# Every piece of input with requests for an ack in it is answered with the count as it is then.
    pub(super) fn pay_ack(&mut self) {
        if let Some((link, management)) = self.managed()
            && std::mem::take(&mut link.ack)
        {
            let answer = management.answer();
            self.write(&answer);
        }
    }

    /// Whose time is over: requests both ways, a session that nobody keeps any longer, acks not asked for.
    pub(super) fn expire(&mut self) {
        for request in self.requests.expired(self.now) {
            self.answer(request, Err(RequestError::Timeout));
        }
        for (from, id) in self.requests.unanswered(self.now) {
            let mut iq = Element::new(ns::CLIENT, "iq").attr("type", "get").attr("id", id);
            if !from.is_empty() {
                iq.set("from", from);
            }
            self.refuse(&iq, Condition::ServiceUnavailable);
        }
        if self.session_deadline() <= self.now {
            self.lose_session();
        }
        let ask = self.session.as_ref().and_then(|s| s.management.as_ref()?.ask_at);
        if ask.is_some_and(|at| at <= self.now) {
            self.ask_ack();
        }
    }

    /// Until when the session is kept, where it may be given up: not while the server may be about to resume it, or has.
    pub(super) fn session_deadline(&self) -> Instant {
        let asked = matches!(self.state, State::Login | State::Resuming) || self.session_stands();
        let kept = self.session.as_ref().filter(|_| !asked);
        kept.map_or(Instant::FAR, |session| session.until)
    }

    /// What silence asks for.
    //= rfc6120#6.3.5/no-space MUST NOT
    //# Only a session is kept alive, and it begins when the login is over.
    //= rfc6120#4.6.1/space MAY
    //# Between stanzas of a session, after Timing::whitespace without any word of ours.
    //= rfc6120#4.6.2/broken MAY
    //# Who does not answer a sign of life in time is told connection-timeout, or just left where a session is to be resumed.
    //= rfc6120#4.6.4/rare SHOULD
    //# Five minutes of silence by default, both for spaces and for pings.
    //= xep-0478#3/idle MUST
    //# Where the server names its patience a space goes out at half of it.
    pub(super) fn keep_alive(&mut self) {
        let Some(link) = &mut self.link else { return };
        let websocket = link.framing() == crate::xml::Framing::WebSocket;
        let managed = link.managed;
        match link.keepalive.due(self.now, &self.config.timing) {
            // a stream of a session that may go on is not closed, since that would end the session
            Some(Due::Dead) if managed => self.end(Error::Dead),
            Some(Due::Dead) => self.fail(Error::Dead, "connection-timeout"),
            Some(Due::Ping) => self.ask_life(managed),
            //= rfc7395#3.8/whitespace MUST NOT
            //# Over WebSocket a ping does what a space does over TCP: there is no place between messages.
            Some(Due::Space) if websocket => self.ask_life(managed),
            Some(Due::Space) => self.transmit(bytes::Bytes::from_static(b" ")),
            None => {}
        }
    }
}

/// The answer to a request, if it is one.
pub(super) fn reply(request: &Element, answer: Result<Option<Element>, StanzaError>) -> Option<Element> {
    let asks = Kind::of(request) == Some(Kind::Iq) && matches!(request.get("type"), Some("get" | "set"));
    match answer {
        Ok(payload) => asks.then(|| stanza::iq_result(request, payload)),
        Err(error) => stanza::error_reply(request, &error).filter(|_| asks),
    }
}

/// What the client asked for itself.
pub(super) const OWN: RequestId = RequestId(0);
