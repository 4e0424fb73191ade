//! From a connection to a session: stream headers, features, resource binding (RFC 6120, 4 and 7).

use std::time::Duration;

use super::features::Features;
use super::state::{State, Stimulus};
use super::{Client, DropReason, Error, Event, Kind, Online, Session, sm};
use crate::jid::Jid;
use crate::ns;
use crate::stanza::{Condition, StanzaError};
use crate::xml::{Element, Framing, Header};

impl Client {
    /// The connection is open.
    //= rfc6120#3.1/tcp MUST
    //# The first header goes out when the driver has said that the connection is open.
    pub(super) fn opened(&mut self) {
        let Some(link) = self.link.as_ref().filter(|_| self.state == State::Connecting) else { return };
        match link.target.kind {
            Kind::StartTls | Kind::InsecureWebSocket => self.open_stream(),
            Kind::DirectTls | Kind::WebSocket => self.go(Stimulus::Encrypt, self.config.timing.connect),
        }
    }

    /// Sends our stream header, the first one or another one on the same connection.
    //= rfc6120#4.3.3/new-header MUST
    //# After TLS and after SASL a header follows, on the same connection.
    //= rfc6120#4.3.3/no-end MUST NOT
    //# Nothing is written before it: the end of a stream is written where it is closed, and nowhere else.
    //= rfc6120#4.3.3/replaced MUST
    //# The reader and the features of the old stream are forgotten with all that they hold.
    //= rfc6120#4.7.3/no-id MUST NOT
    //# The header has no id; theirs is not kept, since nothing here needs it.
    //= rfc7395#3.4/open-first MUST
    //# Over WebSocket the same header goes out as an open element, the first message there is.
    //= rfc7395#3.7/no-close MUST NOT
    //# Neither there: a restart opens again, and closes nothing.
    //= rfc6120#4.3.3/connection-stays MUST NOT
    //# The new header is written to the connection of the old one.
    pub(super) fn open_stream(&mut self) {
        self.go(Stimulus::Open, self.config.timing.step);
        let Some(link) = &mut self.link else { return };
        link.reader.restart();
        link.features = Features::default();
        let framing = link.framing();
        //= xep-0484#4.1/from MUST
        //# Tokens are for SASL2 behind TLS alone, where every header names the account.
        //= rfc6120#4.7.1/from SHOULD
        //# The account is named once TLS hides it from those between, and not before.
        let from = link.secured.is_some().then(|| self.config.jid.bare().to_string());
        //= rfc6120#4.7.2/to MUST
        //# `to` is the domain of the account, whatever host the connection leads to.
        //= rfc6120#4.8.3/client-default MUST
        //# The content namespace is `jabber:client`, as the default one; nothing else is declared but the stream's.
        let to = Some(self.config.jid.domain().to_owned());
        //= rfc6120#4.7.4/language-tag MUST
        //# What has not the form of one is left out.
        let lang = self.config.lang.clone().filter(|lang| is_language_tag(lang));
        let header = Header { to, from, lang, ..Header::client() };
        //= rfc6120#4.7.4/lang SHOULD
        //# The configuration's language, `en` if nothing else was said.
        //= rfc6120#4.7.5/set MUST
        //# Header::client says 1.0, the only version that there is.
        if let Ok(bytes) = header.to_bytes(framing) {
            if self.config.raw {
                self.tell(Event::Raw { sent: true, text: String::from_utf8_lossy(&bytes).into_owned() });
            }
            self.transmit(bytes);
        }
    }

    /// Their stream header.
    pub(super) fn header(&mut self, header: Header) {
        self.trace_header(&header);
        if self.state == State::Closing {
            return; // the answer to ours, which was closed before it came
        }
        if self.state != State::Opening {
            return self.broken("bad-format", "a second stream header");
        }
        if let Some(link) = &mut self.link {
            link.heard = true;
            link.lang.clone_from(&header.lang);
        }
        //= rfc6120#4.8.2/same MUST
        //# Their content namespace is ours, or none at all where every element declares its own.
        //= rfc6120#4.8.3/no-others MAY
        //# Whatever is not for clients ends the stream here.
        if !matches!(header.ns.as_str(), ns::CLIENT | ns::STREAMS | "") {
            return self.broken("invalid-namespace", "another content namespace");
        }
        //= rfc6120#4.7.5/unsupported SHOULD
        //# No version counts as 0.9, which has neither features nor TLS nor SASL: the stream ends with unsupported-version.
        //= rfc6120#4.7.5/minor MUST
        //# The minor number is not looked at.
        if header.version.is_none_or(|(major, _)| major < 1) {
            return self.fail(Error::Version, "unsupported-version");
        }
        //= rfc6120#4.7.1/absent-from SHOULD
        //# Servers of old leave it out; the certificate says who they are.
        //= rfc6120#4.7.1/other-from MUST
        //# A `from` that is not the account's domain ends the stream, before and after each restart; none is accepted.
        //= rfc6120#4.7.2/absent-to SHOULD
        //# Whom their header is for is not asked.
        //= rfc6120#13.7.2/correlate SHOULD
        //# The certificate is that of the account's domain, so `from` is compared with the same.
        //= rfc6120#13.7.2/mismatch SHOULD
        //# Another `from` ends the connection before anything else is read of it.
        let domain = self.config.jid.domain();
        let from = header.from.as_deref().map(Jid::parse);
        if from.is_some_and(|from| from.map_or(true, |from| from.local().is_some() || from.domain() != domain)) {
            return self.fail(Error::WrongFrom, "invalid-from");
        }
        self.go(Stimulus::Expect, self.config.timing.step);
    }

    /// Their list of features.
    //= rfc6120#4.3.2/go-on MUST
    //# Each list leads to the next step that is mandatory at its stage: TLS, the login, a resource.
    pub(super) fn offered(&mut self, list: &Element) {
        if self.state != State::Features {
            return self.drop_noise(DropReason::Features);
        }
        let Some(link) = &mut self.link else { return };
        link.features = Features::new(list, self.config.limits.features);
        link.keepalive.idle = link.features.idle();
        match (link.authenticated, link.secured.is_some()) {
            (true, _) if link.stands.is_some() => self.ready(),
            (true, _) => self.after_login(),
            (false, true) => self.log_in(),
            (false, false) => self.offered_in_the_clear(),
        }
    }

    /// Features of a connection without TLS.
    //= rfc6120#5.3.1/mandatory MUST
    //# TLS is used whenever it is offered, required or not; nothing else is negotiated before it.
    //= rfc6120#5.3.4/order MUST
    //# No login without TLS, except where the configuration says that this is a test on the loopback.
    //= rfc6120#5.2/before-login SHOULD
    //# Always, except in tests that say so.
    fn offered_in_the_clear(&mut self) {
        let Some(link) = &self.link else { return };
        let (offered, websocket) = (link.features.starttls(), link.framing() == Framing::WebSocket);
        match (offered && !websocket, self.config.insecure) {
            (true, _) => self.start_tls(true),
            //= rfc7395#3.9/ignore-tls MUST
            //# An offer of STARTTLS over WebSocket is passed over; in the clear there is no login but in a test.
            (false, true) => self.log_in(),
            (false, false) if websocket => self.fail(Error::Insecure, "policy-violation"),
            //= rfc7590#3.1/attempt MUST NOT
            //# Somebody between may have taken the offer away: TLS is tried all the same, for a moment, and then given up.
            //= rfc7590#3.1/anyway SHOULD
            //# An answer is waited for, though not for long.
            (false, false) => self.start_tls(false),
        }
    }

    /// Whether the login brought the session with it.
    pub(super) fn session_stands(&self) -> bool {
        self.link.as_ref().is_some_and(|link| link.stands.is_some())
    }

    /// Logged in, with a fresh list of features: the old session, or a new one.
    //= rfc7395#3.10/resume MAY
    //# The session outlives its connection, whatever that was.
    pub(super) fn after_login(&mut self) {
        let Some(link) = &self.link else { return };
        let offered = self.config.management && link.features.find(ns::SM, "sm").is_some();
        let resume = self.session.as_ref().and_then(|s| s.management.as_ref()?.resume()).filter(|_| offered);
        match resume {
            Some(resume) => {
                self.go(Stimulus::Resume, self.config.timing.step);
                self.write(&resume);
            }
            None => self.bind(!self.route.any_resource),
        }
    }

    /// Asks for a resource: the wished one, or any.
    //= rfc6120#7.4/bind MUST
    //# The first thing on an authenticated stream, unless an old session is resumed or the login bound one.
    //= rfc6120#8.1.1.1/direct MUST NOT
    //# The request is for the server that one talks to, so it has no `to`.
    //= rfc6120#7.3.1/mandatory MUST
    //# Without an offer to bind there is no session: the connection ends with an error of its own.
    //= rfc6120#7.2/support MUST
    //# As RFC 6120 has it; Bind2 within a login.
    pub(super) fn bind(&mut self, wished: bool) {
        self.lose_session();
        let id = self.requests.id();
        let Some(link) = &mut self.link else { return };
        if link.features.find(ns::BIND, "bind").is_none() {
            return self.fail(Error::NoBind, "unsupported-feature");
        }
        link.binding = Some(id.clone());
        let resource = self.config.jid.resource().filter(|_| wished);
        //= rfc6120#7.7/wish MAY
        //# That of the configured address, if it has one.
        let resource = resource.map(|resource| Element::new(ns::BIND, "resource").with_text(resource.to_owned()));
        let bind = Element::new(ns::BIND, "bind").with(resource);
        self.go(Stimulus::Bind, self.config.timing.step);
        self.write(&Element::new(ns::CLIENT, "iq").attr("type", "set").attr("id", id).child(bind));
    }

    /// The answer to that, or to the request for a session of old.
    pub(super) fn bound(&mut self, answer: &Element) {
        if answer.get("type") != Some("result") {
            return self.not_bound(StanzaError::of(answer).unwrap_or_else(undefined));
        }
        if self.session.is_some() {
            return self.enable();
        }
        let jid = answer.find(ns::BIND, "bind").and_then(|bind| bind.child_text(ns::BIND, "jid"));
        //= rfc6120#4.3.6/no-guess MUST NOT
        //# Nowhere else does a session get its address from.
        //= rfc6120#7.6.1/server-chooses MUST
        //# The address is what the server says, whatever was asked for; an answer without a full one ends the stream.
        //= rfc6120#4.3.6/as-told MUST
        //# The session's address is the answer's, and is told with Online.
        let jid = jid.and_then(|jid| Jid::parse(&jid).ok()).filter(|jid| jid.resource().is_some());
        let Some(jid) = jid else {
            return self.broken("bad-format", "a bound address that is none");
        };
        self.new_session(jid);
        match self.link.as_ref().is_some_and(|link| link.features.session_required()) {
            true => self.ask_session(),
            false => self.enable(),
        }
    }

    fn not_bound(&mut self, error: StanzaError) {
        let wished = self.config.jid.resource().is_some() && !self.route.any_resource;
        let another = matches!(error.condition, Condition::Conflict | Condition::BadRequest | Condition::NotAllowed);
        //= rfc6120#7.7.3/retries SHOULD
        //# A wished resource that is taken or not allowed is given up once for one of the server's choice.
        match wished && another && self.session.is_none() {
            true => {
                self.route.any_resource = true;
                self.bind(false);
            }
            false => self.end_in_order(Error::Bind(error)),
        }
    }

    fn ask_session(&mut self) {
        let id = self.requests.id();
        if let Some(link) = &mut self.link {
            link.binding = Some(id.clone());
        }
        self.go(Stimulus::Bind, self.config.timing.step);
        let session = Element::new(ns::SESSION, "session");
        self.write(&Element::new(ns::CLIENT, "iq").attr("type", "set").attr("id", id).child(session));
    }

    /// Keeps what is known of the session that was just bound.
    pub(super) fn new_session(&mut self, jid: Jid) {
        self.session = Some(Session { jid, carbons: false, management: None, until: wire::Instant::FAR });
    }

    //= rfc6120#4.3.2/voluntary MAY
    //# Stream management, once a resource is bound; what else is offered is told to the application.
    //= rfc7395#3.10/management MAY
    //# Over WebSocket as over TCP.
    fn enable(&mut self) {
        let offered = self.link.as_ref().is_some_and(|link| link.features.find(ns::SM, "sm").is_some());
        //= xep-0198#3/after-bind MUST
        //# <enable/> follows the bound resource and nothing else; after a failed resumption too the binding comes first.
        match offered && self.config.management {
            true => {
                self.go(Stimulus::Enable, self.config.timing.step);
                self.write(&sm::Management::enable());
            }
            false => self.ready(),
        }
    }

    /// The session stands on this connection.
    //= rfc6120#7.3.2/no-restart MUST NOT
    //# Stanzas follow at once; the table has no way from here to a new header.
    //= rfc6120#4.3.5/not-before MUST NOT
    //# Only here does the state become Online, and only then does `submit` write.
    pub(super) fn ready(&mut self) {
        self.go(Stimulus::Ready, Duration::MAX);
        self.route.online = Some(self.now);
        (self.route.any_resource, self.route.conflict) = (false, false);
        let Some((link, session)) = self.link.as_mut().zip(self.session.as_mut()) else { return };
        session.until = wire::Instant::FAR;
        let resumed = link.stands.take().unwrap_or(false);
        let idle = link.features.idle();
        link.keepalive = super::keepalive::Keepalive::new(self.now);
        link.keepalive.idle = idle;
        link.binding = None;
        let Some((mechanism, binding)) = link.by else { return };
        let online = Online {
            jid: session.jid.clone(),
            resumed,
            managed: link.managed,
            carbons: session.carbons,
            features: link.features.elements.clone(),
            mechanism,
            binding,
        };
        self.tell(Event::Online(Box::new(online)));
        self.write_again(); // of a new session, what was given since the login brought it
        if !self.active {
            self.indicate();
        }
    }

    /// Tells the server whether somebody looks (XEP-0352).
    //= xep-0352#1/offered MUST NOT
    //# Nothing is told to a server without the feature.
    //= xep-0352#1/again MUST
    //# A new stream counts as active, so what is not is told once more.
    pub(super) fn indicate(&mut self) {
        let offered = self.link.as_ref().is_some_and(|link| link.features.find(ns::CLIENT_STATE, "csi").is_some());
        if offered {
            self.write(&Element::new(ns::CLIENT_STATE, if self.active { "active" } else { "inactive" }));
        }
    }
}

/// Whether a text has the form of a language tag (BCP 47): letters, then letters and digits, in parts of one to eight.
fn is_language_tag(text: &str) -> bool {
    let fits = |(n, part): (usize, &str)| {
        let known = |b: u8| b.is_ascii_alphabetic() || n > 0 && b.is_ascii_digit();
        (1..=8).contains(&part.len()) && part.bytes().all(known)
    };
    text.split('-').enumerate().all(fits)
}

/// An error without a word of what it is.
fn undefined() -> StanzaError {
    StanzaError::from(Condition::UndefinedCondition)
}
