//! How it ends: errors of either side, redirects, orderly closes, and whether it is tried again.

use std::time::Duration;

use wire::{Instant, Output};

use super::stanzas::Fate;
use super::state::{State, Stimulus};
use super::{Client, Error, Event, RequestError, sm};
use crate::ns;
use crate::stanza::{StreamCondition, StreamError};
use crate::xml::{self, Element};

impl Client {
    /// The server broke the protocol: it is told so, and left.
    pub(super) fn broken(&mut self, condition: &'static str, what: &'static str) {
        self.fail(Error::Protocol { condition, what }, condition);
    }

    /// Bad XML: the reader says which condition it is.
    pub(super) fn refuse_xml(&mut self, error: xml::Error) {
        let mut told = StreamError::from(&error).to_element();
        //= rfc6120#4.9.2/text-lang SHOULD
        //# The reasons of the reader, which are the only words that are sent, are English.
        if let Some(text) = told.find_mut(ns::STREAM_ERRORS, "text") {
            text.set_ns(ns::XML, "lang", "en");
        }
        self.fail_with(Error::Xml(error), &told);
    }

    /// Tells the server a condition, and leaves.
    pub(super) fn fail(&mut self, error: Error, condition: &'static str) {
        self.fail_with(error, &StreamError::from(StreamCondition::from(condition)).to_element());
    }

    /// The server counts what was never sent (XEP-0198, 4).
    pub(super) fn miscounted(&mut self, wrong: sm::WrongCount) {
        let told = Element::new(ns::SM, "handled-count-too-high")
            .attr("h", wrong.h.to_string())
            .attr("send-count", wrong.sent.to_string());
        let mut error = StreamError::from(StreamCondition::UndefinedCondition);
        //= rfc6120#4.9.3.21/with-application SHOULD NOT
        //# The one use of it here comes with the counts of stream management.
        error.application = Some(told);
        let what = "it acknowledged more than was sent, or less than before";
        self.lose_later();
        self.fail_with(Error::Protocol { condition: "handled-count-too-high", what }, &error.to_element());
    }

    //= rfc6120#4.9.1.1/close MUST
    //# An error of ours is sent as <error/>, the end of the stream follows at once, and then the connection closes.
    fn fail_with(&mut self, error: Error, stream_error: &Element) {
        match self.state {
            State::Securing => self.end(error), // between two streams there is none to say it on
            State::Closing => self.end(Error::Closed),
            _ => {
                self.write(stream_error);
                self.end_in_order(error);
            }
        }
    }

    /// Ends the stream and the connection at once.
    pub(super) fn end_in_order(&mut self, error: Error) {
        if self.state == State::Closing {
            return self.end(Error::Closed); // ours has ended, and that was what the application wanted
        }
        self.write_close();
        self.end(error);
    }

    //= rfc7395#3.6/close-element MUST
    //# The framing decides between an end tag and a close element.
    fn write_close(&mut self) {
        let Some(link) = &self.link else { return };
        let bytes = xml::close(link.framing());
        if self.config.raw {
            self.tell(Event::Raw { sent: true, text: String::from_utf8_lossy(&bytes).into_owned() });
        }
        self.transmit(bytes);
    }

    /// The application closes.
    //= rfc6120#4.6.3/idle MAY skip
    //# Only the application ends a session: others may write to who has been silent for long.
    pub(super) fn close_stream(&mut self) {
        match self.state {
            State::Idle | State::Closing => {}
            State::Waiting | State::Discovering | State::Resolving | State::Connecting | State::Securing => {
                self.end(Error::Closed);
            }
            _ => {
                self.last_words();
                //= rfc6120#4.4/wait MUST
                //# The connection stays until their stream ends, and what still comes is taken.
                //= rfc6120#4.4/refrain MUST
                //# In the state Closing nothing is written any more.
                //= rfc6120#4.4/void MUST
                //# Timing::close later both streams are over, whatever the other side does.
                self.write_close();
                self.go(Stimulus::Close, self.config.timing.close);
            }
        }
    }

    /// What came is acknowledged, and the server is asked to say what it has.
    fn last_words(&mut self) {
        let managed = self.link.as_ref().is_some_and(|link| link.managed) && self.state == State::Online;
        let management = self.session.as_ref().and_then(|session| session.management.as_ref());
        if let Some(management) = management.filter(|_| managed) {
            let (answer, ask) = (management.answer(), management.unacked() > 0);
            self.write(&answer);
            if ask {
                self.write(&sm::Management::ask());
            }
        }
    }

    /// The server's stream ended.
    pub(super) fn stream_ended(&mut self) {
        if self.config.raw {
            self.tell(Event::Raw { sent: false, text: "</stream:stream>".to_owned() });
        }
        if self.state == State::Closing {
            return self.end(Error::Closed);
        }
        let elsewhere = self.link.as_ref().and_then(|link| link.reader.see_other_uri()).map(str::to_owned);
        //= rfc7395#3.6.1/lower MUST NOT
        //# None is followed: where a WebSocket leads is the driver's to know, so the application is told.
        match elsewhere {
            Some(_) => self.end_in_order(Error::Elsewhere),
            //= rfc6120#4.4/reciprocal MUST
            //# Their end is answered with ours before the connection closes.
            None => self.end_in_order(Error::Ended),
        }
    }

    /// `<stream:error/>`.
    //= rfc6120#4.9.1.1/received MUST
    //# The end of our stream is sent, and the connection closes.
    pub(super) fn stream_error(&mut self, element: &Element) {
        let Some(error) = StreamError::from_element(element) else { return };
        if self.state == State::Closing {
            return self.end(Error::Closed);
        }
        self.route.conflict |= error.condition == StreamCondition::Conflict;
        match &error.see_other_host {
            Some(_) => self.redirected(error),
            None => self.end_in_order(Error::Stream(error)),
        }
    }

    //= rfc6120#4.9.3.19/bounded SHOULD
    //# No more in a row than the limit; a session that lasted, or a wait, begins another row.
    //= rfc6120#4.9.3.19/same-rules MUST
    //# `to` is the account's domain as before, TLS is asked for as before, and the driver checks the same certificate's name.
    //= rfc6120#4.9.3.19/resolve MUST
    //# A name without a port is looked up like a domain: the application is asked for its targets, unless it configured some.
    //= rfc6120#4.9.3.19/redirect SHOULD
    //# Another connection is made there at once, a few in a row at most. The certificate is still the account's domain's, since
    //# no target's name ever reaches the check.
    //= rfc6120#4.9.3.19/authenticated MAY skip
    //# Followed before the login too: the next server has to prove the same domain.
    fn redirected(&mut self, error: StreamError) {
        let host = error.see_other_host.clone().unwrap_or_default();
        let target = self.link.as_ref().and_then(|link| sm::location(&host, &link.target));
        let Some(target) = target else {
            return self.end_in_order(Error::Stream(error));
        };
        let online = self.route.online.take();
        if online.is_some_and(|since| self.now - since >= self.config.timing.stable) {
            self.route.redirects = 0;
        }
        self.route.redirects += 1;
        if self.route.redirects > self.config.limits.redirects {
            return self.end_in_order(Error::Redirects);
        }
        self.write_close();
        self.drop_link();
        self.go(Stimulus::Retry, Duration::MAX);
        if online.is_some() {
            self.tell(Event::Offline { error: Error::Stream(error), again: Some(self.now) });
        }
        self.keep_session();
        let by_name = !host.contains(':') && target.host.parse::<std::net::IpAddr>().is_err();
        self.route.elsewhere = by_name.then(|| target.host.clone());
        self.route.hint = Some(target);
        self.begin();
    }

    /// Forgets the connection, which the driver is to close once all is written.
    //= rfc7395#3.4/one-stream MUST NOT
    //# A connection is made for a stream and dropped with it.
    //= rfc9266#4.1/close MUST
    //# Every end of a stream comes through here, and closes the connection below.
    pub(super) fn drop_link(&mut self) {
        self.login = None;
        if let Some(link) = self.link.take() {
            self.outputs.push_back(Output::Close { conn: link.conn });
        }
    }

    /// It is over, for now or for good.
    pub(super) fn end(&mut self, mut error: Error) {
        let not_offered = std::mem::take(&mut self.route.not_offered) && self.state == State::StartTls;
        if not_offered && !matches!(error, Error::Injected | Error::Closed) {
            error = Error::NoStartTls; // whatever came instead of <proceed/>
        }
        self.drop_link();
        let online = self.route.online.take();
        if online.is_some_and(|since| self.now - since >= self.config.timing.stable) {
            self.route.failures = 0;
        }
        // What broke a session that stood may be a stranger's stanza, which is not to keep us away for good: a new
        // session is tried, since in the old one that stanza would come again.
        let by_stanza = online.is_some() && matches!(error, Error::Xml(_));
        if by_stanza {
            self.lose_later();
        }
        if !self.config.reconnect || (error.is_final() && !by_stanza) {
            self.go(Stimulus::End, Duration::MAX);
            (self.route.failures, self.route.redirects, self.route.hint) = (0, 0, None);
            self.tell(Event::Offline { error, again: None });
            return self.lose_session();
        }
        self.route.redirects = 0;
        let wait = self.route.wait(&self.config.timing, &mut self.rng);
        self.go(Stimulus::Retry, wait);
        self.tell(Event::Offline { error, again: Some(self.until) });
        self.keep_session();
        self.hint();
    }

    /// Where the server would like to have its session resumed.
    fn hint(&mut self) {
        let location = self.session.as_ref().and_then(|s| s.management.as_ref()?.location.as_deref());
        let like = self.route.target.as_ref();
        self.route.hint = location.zip(like).and_then(|(location, like)| sm::location(location, like));
    }

    /// Keeps a session that may be resumed, for as long as the server does; loses another.
    fn keep_session(&mut self) {
        let Some(session) = &mut self.session else { return };
        let resumable = session.management.as_ref().filter(|management| management.resumable());
        let Some(management) = resumable else {
            return self.lose_session();
        };
        if session.until == Instant::FAR {
            session.until = self.now + management.max.unwrap_or(self.config.timing.resume);
            self.requests.postpone(self.now, self.config.timing.answer);
        }
    }

    /// What cannot be counted cannot be resumed.
    fn lose_later(&mut self) {
        if let Some(management) = self.session.as_mut().and_then(|session| session.management.as_mut()) {
            management.id = None;
        }
    }

    /// The session is over: tells what may not have arrived, and that nobody will answer.
    //= xep-0198#5/lost SHOULD
    //# What was not acknowledged goes back to the application once, which knows better whether to send it again.
    pub(super) fn lose_session(&mut self) {
        let Some(session) = self.session.take() else { return };
        for request in self.requests.clear() {
            self.answer(request, Err(RequestError::Disconnected));
        }
        let queue = session.management.map(sm::Management::lost).into_iter().flatten();
        let stanzas: Vec<_> = queue.filter(|q| q.fate == Fate::Told).map(|q| (q.id, q.stanza)).collect();
        if !stanzas.is_empty() {
            self.tell(Event::Lost { stanzas });
        }
    }
}

/// Whether a stream error says that coming back by itself is wrong.
//= rfc6120#4.9.3.3/conflict MUST NOT
//# A conflict is final: only the application connects again, and it decides which resource to wish for.
pub(super) fn is_final(error: &StreamError) -> bool {
    !matches!(
        error.condition,
        StreamCondition::ConnectionTimeout
            | StreamCondition::InternalServerError
            | StreamCondition::RemoteConnectionFailed
            | StreamCondition::Reset
            | StreamCondition::ResourceConstraint
            | StreamCondition::SystemShutdown
    )
}
