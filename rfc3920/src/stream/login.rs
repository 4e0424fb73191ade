//! Logging in: SASL as in RFC 6120, and SASL2 (XEP-0388) with all that fits into its round trip: tokens (XEP-0484 FAST),
//! resumption (XEP-0198), binding (XEP-0386), carbons.

use std::time::Duration;

use super::features::Features;
use super::state::Stimulus;
use super::{Client, DropReason, Error, Event, UserAgent, sm};
use crate::jid::Jid;
use crate::ns;
use crate::sasl::{self, Authenticated, Binding, Condition, Failure, Login, Mechanism, Offer, Secret, Token};
use crate::xml::Element;

/// A login under way.
pub(super) struct Exchange {
    login: Login,
    sasl2: bool,
    challenges: u32,
    /// Carbons were asked for together with binding.
    carbons: bool,
    /// The mechanism of a token that was asked for.
    token: Option<Mechanism>,
}

impl Exchange {
    fn ns(&self) -> &'static str {
        if self.sasl2 { ns::SASL2 } else { ns::SASL }
    }
}

impl Client {
    /// Begins the best login that the features allow, or none.
    //= rfc6120#6.3.1/mandatory MUST
    //# Nothing but a login follows features without one; no mechanism in common ends the stream with its own error.
    //= rfc6120#6.2/support MUST
    //# As RFC 6120 has it, and as SASL2.
    pub(super) fn log_in(&mut self) {
        let Some(link) = &self.link else { return };
        let agent = self.config.user_agent.is_some();
        let sasl2 = link.features.sasl2().filter(|_| self.config.sasl2);
        let offer = Offer {
            mechanisms: match &sasl2 {
                Some(sasl2) => sasl2.mechanisms(),
                None => link.features.mechanisms().unwrap_or_default(),
            },
            bindings: link.features.bindings(),
            //= xep-0484#4.1/user-agent MUST
            //# Without one no token is used, and none is asked for: to us the server offers nothing of the kind.
            fast: sasl2.as_ref().filter(|_| agent).and_then(|sasl2| sasl2.fast()).unwrap_or_default(),
        };
        let mut policy = self.config.policy.clone();
        policy.unencrypted |= self.config.insecure;
        let secured = link.secured.as_deref();
        let login = sasl::choose(&offer, secured, &self.config.credentials, &policy, &mut self.rng);
        let (login, begin) = match login {
            Err(error) => return self.end_in_order(Error::Sasl(error)),
            Ok(login) if sasl2.is_some() => self.authenticate(login, &offer),
            Ok(login) => self.auth(login),
        };
        self.login = Some(login);
        self.go(Stimulus::LogIn, self.config.timing.step);
        self.write(&begin);
    }

    /// `<auth/>` of RFC 6120.
    //= rfc6120#6.4.2/empty MUST
    //# An initial response of no bytes is written as one equals sign.
    fn auth(&self, login: Login) -> (Exchange, Element) {
        let initial = sasl::encode(&login.initial());
        let auth = Element::new(ns::SASL, "auth").attr("mechanism", login.mechanism().name()).with_text(initial);
        (Exchange { login, sasl2: false, challenges: 0, carbons: false, token: None }, auth)
    }

    /// `<authenticate/>` of SASL2.
    //= xep-0386#1/inline MUST
    //# Each wish within goes out only if its feature stands in the inline list.
    fn authenticate(&self, login: Login, offer: &Offer) -> (Exchange, Element) {
        let mechanism = login.mechanism();
        let initial = Element::new(ns::SASL2, "initial-response").with_text(sasl::base64(&login.initial()));
        let mut begin = Element::new(ns::SASL2, "authenticate").attr("mechanism", mechanism.name()).child(initial);
        if let Some(agent) = &self.config.user_agent {
            begin.push(user_agent(agent));
        }
        let Some(inline) = self.link.as_ref().and_then(|link| link.features.sasl2()) else {
            return (Exchange { login, sasl2: true, challenges: 0, carbons: false, token: None }, begin);
        };
        //= xep-0388#1/resume-and-bind SHOULD
        //# Where both are possible the old session is asked for together with a new one, which the server makes if the old is gone.
        let resume = self.session.as_ref().and_then(|s| s.management.as_ref()?.resume());
        let resume = resume.filter(|_| inline.resumes() && self.config.management);
        begin = begin.with(resume);
        let carbons = inline.binds() && self.config.carbons && inline.enables("urn:xmpp:carbons:2");
        if inline.binds() {
            let tag = self.config.jid.resource().unwrap_or("wireworks").to_owned();
            let bind = Element::new(ns::BIND2, "bind").child(Element::new(ns::BIND2, "tag").with_text(tag));
            let managed = self.config.management && inline.enables(ns::SM);
            let inactive = !self.active && inline.enables(ns::CLIENT_STATE);
            let wishes = [
                managed.then(sm::Management::enable),
                carbons.then(|| Element::new("urn:xmpp:carbons:2", "enable")),
                inactive.then(|| Element::new(ns::CLIENT_STATE, "inactive")),
            ];
            begin.push(bind.with(wishes.into_iter().flatten()));
        }
        let token = match mechanism {
            Mechanism::Token(_) => {
                //= xep-0484#3.4/element MUST
                //# Beside the first message; without a count, since nothing here is sent before TLS stands.
                begin.push(Element::new(ns::FAST, "fast"));
                None // the server sends another one when it is time
            }
            _ => self.best_token(offer),
        };
        begin = begin.with(token.map(|m| Element::new(ns::FAST, "request-token").attr("mechanism", m.name())));
        (Exchange { login, sasl2: true, challenges: 0, carbons, token }, begin)
    }

    /// The strongest mechanism for tokens that this connection has the data for.
    //= xep-0484#3.2/offered MUST
    //# The first of our order that is in the server's list.
    fn best_token(&self, offer: &Offer) -> Option<Mechanism> {
        let secured = self.link.as_ref()?.secured.as_deref()?;
        let offered = |mechanism: &Mechanism| offer.fast.iter().any(|name| name == mechanism.name());
        let bound = Binding::ALL.into_iter().filter(|binding| binding.data(secured).is_some());
        bound.map(|binding| Mechanism::Token(Some(binding))).chain([Mechanism::Token(None)]).find(offered)
    }

    /// The next element of the exchange came.
    pub(super) fn login_answer(&mut self, answer: &Element) {
        let Some(exchange) = self.login.as_mut().filter(|exchange| exchange.ns() == answer.ns()) else {
            return self.drop_noise(DropReason::Element);
        };
        match answer.name() {
            "challenge" => {
                exchange.challenges += 1;
                if exchange.challenges > self.config.limits.challenges {
                    return self.abort(sasl::Error::Unexpected);
                }
                let ns = exchange.ns();
                let reply = sasl::decode(&answer.text()).and_then(|challenge| exchange.login.challenge(&challenge));
                match reply {
                    Ok(reply) => {
                        self.until = self.now + self.config.timing.step;
                        //= rfc6120#6.4.3/no-data MAY
                        //# An empty answer is an element without text.
                        self.write(&Element::named(ns.into(), "response".into()).with_text(sasl::base64(&reply)));
                    }
                    Err(error) => self.abort(error),
                }
            }
            "success" => self.succeeded(answer),
            "failure" => self.refused(answer),
            // "continue" asks for a task that nobody here can do
            _ => self.abort(sasl::Error::Unexpected),
        }
    }

    /// The server does not behave as it must.
    //= rfc6120#6.4.4/abort SHOULD
    //# <abort/> goes out, the stream and the connection end at once, and no other login is tried by itself.
    fn abort(&mut self, error: sasl::Error) {
        if let Some(exchange) = &self.login {
            let abort = Element::named(exchange.ns().into(), "abort".into());
            self.write(&abort);
        }
        self.end_in_order(Error::Sasl(error));
    }

    fn refused(&mut self, failure: &Element) {
        let Some(exchange) = self.login.take() else { return };
        let token = matches!(exchange.login.mechanism(), Mechanism::Token(_));
        let condition = failure.children().find(|c| c.ns() == ns::SASL && c.name() != "text");
        let condition = Condition::from_name(condition.map_or("", Element::name));
        //= xep-0484#4.1/fallback SHOULD
        //# A token that is not accepted is forgotten, and the password is next, on the same stream.
        //= rfc6120#6.4.5/next MAY
        //# From a token to the password; where a password is wrong, no other mechanism makes it right.
        //= rfc9266#4.1/once MUST NOT skip
        //# A token that is refused is followed by the password on the same connection, as XEP-0484 has it, and both
        //# are bound.
        if token && !condition.is_temporary() {
            self.config.credentials.set_token(None);
            return self.log_in();
        }
        let text = failure.child_text(exchange.ns(), "text").map(|text| text.into_owned());
        //= rfc6120#6.4.5/close SHOULD
        //# At once.
        self.end_in_order(Error::Refused(Failure { condition, text }));
    }

    fn succeeded(&mut self, success: &Element) {
        let Some(mut exchange) = self.login.take() else { return };
        //= rfc6120#6.4.6/additional-data MAY
        //# Handed to the mechanism, which may need it.
        let data = match exchange.sasl2 {
            true => success.child_text(ns::SASL2, "additional-data").map(|text| sasl::decode(&text)),
            false => Some(success.text()).filter(|text| !text.is_empty()).map(|text| sasl::decode(&text)),
        };
        let done = data.transpose().and_then(|data| exchange.login.success(data.as_deref()));
        let done = match done {
            Ok(done) => done,
            // it calls itself authenticated, so there is nothing left to abort
            Err(error) => return self.end_in_order(Error::Sasl(error)),
        };
        self.remember(done);
        if let Some(link) = &mut self.link {
            link.authenticated = true;
        }
        match exchange.sasl2 {
            //= rfc6120#6.4.6/restart MUST
            //# A new stream over the same connection, whose features are all that counts from then on.
            false => self.open_stream(),
            true => self.succeeded_inline(&exchange, success),
        }
    }

    /// What is remembered of a login for the next one.
    fn remember(&mut self, done: Authenticated) {
        self.config.policy.pinned = done.pin;
        if done.keys.is_some() {
            self.config.credentials.set_keys(done.keys);
        }
        if let Some(link) = &mut self.link {
            link.by = Some((done.mechanism, done.binding));
        }
    }

    /// What SASL2 did in the same round trip.
    //= xep-0388#1/features-follow MUST
    //# From Login straight to Features, without another header.
    fn succeeded_inline(&mut self, exchange: &Exchange, success: &Element) {
        self.keep_token(exchange, success);
        if let Some(link) = &mut self.link {
            link.features = Features::default(); // those that follow are the session's
        }
        self.go(Stimulus::Expect, self.config.timing.step);
        if let Some(resumed) = success.find(ns::SM, "resumed") {
            return self.resumed(resumed);
        }
        let bound = success.find(ns::BIND2, "bound");
        let failed = success.find(ns::SM, "failed");
        if let Some(failed) = failed {
            match self.not_resumed(failed) {
                Ok(()) => self.lose_session(), // and it is not asked for again
                Err(wrong) => return self.miscounted(wrong),
            }
        }
        let Some(bound) = bound else { return }; // the features that follow tell what is next
        self.lose_session();
        // its document uses both names, the second once
        let jid = success.child_text(ns::SASL2, "authorization-identifier");
        let jid = jid.or_else(|| success.child_text(ns::SASL2, "authorization-identity"));
        let jid = jid.and_then(|jid| Jid::parse(&jid).ok()).filter(|jid| jid.resource().is_some());
        let Some(jid) = jid else {
            return self.broken("bad-format", "a bound address that is none");
        };
        self.new_session(jid);
        if let Some(enabled) = bound.find(ns::SM, "enabled") {
            self.enabled(enabled);
        }
        if let Some((link, session)) = self.link.as_mut().zip(self.session.as_mut()) {
            session.carbons = exchange.carbons && bound.find("urn:xmpp:carbons:2", "failed").is_none();
            link.stands = Some(false);
        }
        self.until = self.now + self.config.timing.step.min(FEATURES_AFTER_BIND);
    }

    fn keep_token(&mut self, exchange: &Exchange, success: &Element) {
        let mechanism = exchange.token.unwrap_or(exchange.login.mechanism());
        let token = success.find(ns::FAST, "token");
        let Some((token, secret)) = token.and_then(|token| Some((token, token.get("token")?))) else { return };
        if !matches!(mechanism, Mechanism::Token(_)) {
            return; // not asked for
        }
        let expiry = token.get("expiry").map(str::to_owned);
        let token = Token { mechanism, secret: Secret::from(secret), expiry };
        self.config.credentials.set_token(Some(token.clone()));
        self.tell(Event::Token(token));
    }
}

/// How long the features may take that follow a login with everything in it: then stanzas flow without them.
pub(super) const FEATURES_AFTER_BIND: Duration = Duration::from_secs(2);

fn user_agent(agent: &UserAgent) -> Element {
    let part = |name, text: &Option<String>| text.clone().map(|text| Element::new(ns::SASL2, name).with_text(text));
    let parts = [part("software", &agent.software), part("device", &agent.device)];
    Element::new(ns::SASL2, "user-agent").attr("id", agent.id.clone()).with(parts.into_iter().flatten())
}
