//! What the user agent and the audio tell, and what the program does about it.

use std::time::Duration;

use rfc3261::message::{Name, NameAddr, Request, Uri};
use rfc3261::ua::{Body, Call, Event, Invitation};
use serde_json::{Value, json};

use super::line::{Line, Speech, SpeechConfig};
use super::media::Told;
use super::outcome::Outcome;
use super::route;
use super::run::{Alarm, End, Program, seconds};
use crate::common::{info_key, parse_address, read_sdp};

impl Program {
    pub async fn on_event(&mut self, event: Event) {
        match event {
            Event::Incoming { call, from, body, request, .. } => self.on_incoming(call, &from, body, &request),
            Event::Trying { .. } => self.tell("trying", "trying", &[]),
            Event::Ringing { body, .. } => {
                self.tell("ringing", "ringing", &[]);
                self.early(body);
            }
            Event::Progress { status, body, .. } => {
                self.tell("progress", &format!("progress {status}"), &[("status", status.into())]);
                self.early(body);
            }
            Event::Answered { call, body } => self.on_answered(call, body),
            Event::Confirmed { body, .. } => self.on_confirmed(body),
            Event::ReInvite { call, body } => self.on_change(call, body),
            Event::Modified { body, .. } => {
                self.take_answer(body.as_ref());
                self.tell("modified", "the other side agreed to the change", &[]);
            }
            Event::ModifyFailed { status, .. } => {
                if let Some(line) = &mut self.line {
                    line.drop_offer();
                }
                let words = format!("the other side refused the change: {status}");
                self.tell("modify-failed", &words, &[("status", status.into())]);
            }
            Event::Ended { call, reason } => self.on_ended(call, reason).await,
            Event::Message { from, body, .. } => self.on_message(&from, &body),
            Event::Finished { status, .. } => self.on_sent(status),
            Event::Registered { expires, .. } => self.on_registered(expires).await,
            Event::RegistrationFailed { status, retry, .. } => self.on_refused(status, retry),
            Event::Unregistered { .. } => {
                self.registration = None;
                self.tell("unregistered", "unregistered", &[]);
            }
            Event::PublicAddress { address } => {
                let fields = [("address", address.to_string().into())];
                self.tell("public-address", &format!("others see us as {address}"), &fields);
            }
            Event::Info { body, .. } => self.on_info(body),
            Event::Request { .. } => {}
            Event::Dropped { reason, from } => tracing::debug!(?reason, %from, "dropped"),
        }
    }

    pub fn on_audio(&mut self, told: Told) {
        match told {
            Told::Heard => self.tell("heard", "audio comes in", &[]),
            Told::Digit { key, duration } => {
                let ms = duration.as_millis() as u64;
                let fields = [("key", key.to_string().into()), ("ms", ms.into())];
                self.tell("digit", &format!("digit {key}"), &fields);
            }
            Told::DigitSent(key) => {
                self.tell("digit-sent", &format!("sent digit {key}"), &[("key", key.to_string().into())])
            }
            Told::PlayedOut => {
                if self.options.play.is_some() || self.options.dtmf.is_some() {
                    self.tell("played-out", "all has been played", &[]);
                }
                if self.options.hang_up_after {
                    self.alarm(0.1, Alarm::HangUp);
                }
            }
            Told::RecordingFailed(why) => {
                self.tell("recording-failed", &format!("recording stopped: {why}"), &[("why", why.clone().into())]);
            }
        }
    }

    /// Makes the call, or sends the message, of the command line.
    pub async fn do_task(&mut self) {
        if !std::mem::take(&mut self.to_do) {
            return;
        }
        let (to, uri) = match self.target() {
            Ok(both) => both,
            Err(why) => return self.leave(End { outcome: Outcome::NotFound, why: Some(why) }),
        };
        match self.options.send.clone() {
            Some(text) => self.send_text(&uri, &text, true),
            None => self.call(to, uri),
        }
    }

    fn target(&self) -> Result<(NameAddr, Uri), String> {
        let to = parse_address(self.options.to.as_deref().unwrap_or_default())?;
        let uri = match &self.options.uri {
            Some(uri) => parse_address(uri)?.uri().clone(),
            None => to.uri().clone(),
        };
        Ok((to, uri))
    }

    fn call(&mut self, to: NameAddr, uri: Uri) {
        let speech = match self.open_speech(uri.host().and_then(|host| host.ip())) {
            Ok(speech) => speech,
            Err(why) => return self.leave(End { outcome: Outcome::Failed, why: Some(why) }),
        };
        let mut speech = speech;
        let now = self.sip.now();
        let named = self.options.uri.is_some().then(|| to.clone());
        let offer = speech.as_mut().and_then(Speech::offer);
        let invitation = Invitation { offer, to: named, ..Invitation::default() };
        self.sip.machine_mut().take_steps();
        let made = self.sip.machine_mut().at(now).invite(now, uri, invitation);
        let call = match made {
            Ok(call) => call,
            Err(error) => return self.leave(End { outcome: Outcome::NotFound, why: Some(error.to_string()) }),
        };
        let mut line = Line::new(call, to.uri().clone(), false, now);
        line.speak_with(speech);
        let peer = line.peer.to_string();
        self.line = Some(line);
        self.tell("calling", &format!("calling {peer}"), &[("to", peer.clone().into())]);
        self.alarm(self.options.ring_timeout, Alarm::RingTimeout);
    }

    /// Audio for the next call, towards `peer` if its address is known; `None` when the options want none.
    fn open_speech(&mut self, peer: Option<std::net::IpAddr>) -> Result<Option<Speech>, String> {
        if self.options.no_sdp {
            return Ok(None);
        }
        self.calls += 1;
        let known = |ip: &std::net::IpAddr| self.ips.contains(ip);
        let ip = peer.and_then(route::towards).filter(known).or(self.ips.first().copied()).ok_or("no address")?;
        let config = SpeechConfig {
            options: &self.options,
            ip,
            clock: self.clock,
            trace: self.trace.clone(),
            number: self.calls,
        };
        Speech::open(&config, &mut self.rng).map(Some)
    }

    fn on_incoming(&mut self, call: Call, from: &NameAddr, body: Option<Body>, request: &Request) {
        let now = self.sip.now();
        let caller = from.uri().to_string();
        if self.line.is_some() || self.leaving.is_some() || !self.options.listen {
            let status = if self.options.listen { 486 } else { 480 };
            let _ = self.sip.machine_mut().at(now).reject(now, call, status); // it may be gone already
            self.tell("turned-away", &format!("turned away a call from {caller}"), &[("from", caller.clone().into())]);
            return;
        }
        self.print_report(true);
        self.sip.machine_mut().keep(request.headers.raw(Name::CallId).unwrap_or_default());
        let mut line = Line::new(call, from.uri().clone(), true, now);
        match body.as_ref().map(read_sdp).transpose() {
            Ok(offer) => line.offered = offer,
            Err(why) => {
                let _ = self.sip.machine_mut().at(now).reject(now, call, 400);
                return self.tell("turned-away", &why, &[("from", caller.into())]);
            }
        }
        self.line = Some(line);
        self.tell("incoming", &format!("call from {caller}"), &[("from", caller.clone().into())]);
        let _ = self.sip.machine_mut().at(now).ring(now, call);
        if self.options.auto_respond != 0 {
            self.alarm(self.options.auto_respond_after, Alarm::Respond);
        }
    }

    /// Answers the call that rings.
    pub async fn respond(&mut self, status: u16) {
        let waits = self.line.as_ref().is_some_and(|line| line.incoming && !line.taken);
        let Some(call) = self.line.as_ref().filter(|_| waits).map(|line| line.call) else { return };
        let now = self.sip.now();
        if status != 200 {
            if let Some(line) = &mut self.line {
                line.verdict = Some(Outcome::Rejected);
            }
            let _ = self.sip.machine_mut().at(now).reject(now, call, status);
            return;
        }
        let refused = match self.take() {
            Ok(body) => match self.sip.machine_mut().at(now).accept(now, call, body) {
                Ok(()) => return self.apply(),
                Err(error) => (500, error.to_string()),
            },
            Err(refused) => refused,
        };
        self.fail(&refused.1);
        let _ = self.sip.machine_mut().at(now).reject(now, call, refused.0);
    }

    /// Opens the audio of an incoming call and describes it; else the status that refuses the call, and why.
    fn take(&mut self) -> Result<Option<Body>, (u16, String)> {
        let offer = self.line.as_ref().and_then(|line| line.offered.as_ref());
        let peer = offer.and_then(|o| o.connection.as_ref()).and_then(|c| c.ip_addr());
        let speech = self.open_speech(peer).map_err(|why| (500, why))?;
        let line = self.line.as_mut().ok_or((481, String::new()))?;
        line.speak_with(speech);
        line.taken = true;
        line.describe().map_err(|status| (status, "no stream of the offer can be used".to_owned()))
    }

    fn early(&mut self, body: Option<Body>) {
        if body.is_some() {
            self.take_answer(body.as_ref());
        }
    }

    fn on_answered(&mut self, call: Call, body: Option<Body>) {
        self.calm();
        let now = self.sip.now();
        let offered_nothing = self.line.as_ref().is_some_and(|line| !line.has_speech());
        match body {
            // we made no offer, so this is theirs: without a description of ours nothing of it can be taken
            Some(body) if offered_nothing => {
                let refusal = read_sdp(&body).map(|offer| super::line::refuse_all(&offer));
                let _ = self.sip.machine_mut().at(now).answer(now, call, refusal.unwrap_or_else(|_| Body::sdp("")));
            }
            body => self.take_answer(body.as_ref()),
        }
        self.stands();
    }

    fn on_confirmed(&mut self, body: Option<Body>) {
        if body.is_some() {
            self.take_answer(body.as_ref());
        }
        // a change of the session is confirmed too; only the first time the call begins to stand
        if self.line.as_ref().is_some_and(|line| line.incoming && line.answered.is_none()) {
            self.stands();
        }
    }

    /// The call has been answered, and the other side knows.
    fn stands(&mut self) {
        let now = self.sip.now();
        let options = self.options.clone();
        let Some(line) = &mut self.line else { return };
        line.answered(now, &options);
        let after = seconds(line.began, now);
        let incoming = line.incoming;
        self.tell("answered", &format!("answered after {after:.3} s"), &[("after", after.into())]);
        let limit =
            if incoming && options.auto_terminate_after > 0.0 { Some(options.auto_terminate_after) } else { None };
        for limit in [limit, options.duration].into_iter().flatten() {
            self.alarm(limit, Alarm::HangUp);
        }
        for (at, hold) in [(options.hold, true), (options.resume, false)] {
            if let Some(at) = at {
                self.alarm(at, Alarm::Hold(hold));
            }
        }
        if self.leaving.is_some() {
            self.hang_up();
        }
    }

    fn take_answer(&mut self, body: Option<&Body>) {
        let (Some(line), Some(body)) = (&mut self.line, body) else { return };
        if let Err(why) = line.take_answer(body) {
            tracing::warn!(why, "answer not taken");
        }
        self.apply();
    }

    /// Brings the audio up to what was negotiated, and tells what changed.
    fn apply(&mut self) {
        let now = self.sip.now();
        let Some(line) = &mut self.line else { return };
        let before = line.held_by_peer;
        let news = line.apply(now);
        let held = line.held_by_peer;
        if let Some((codec, remote)) = news {
            let fields = [("codec", codec.clone().into()), ("remote", remote.clone().into())];
            self.tell("media", &format!("audio {codec} to {remote}"), &fields);
        }
        match (before, held) {
            (false, true) => self.tell("held", "the other side put us on hold", &[]),
            (true, false) => self.tell("unheld", "the other side took us off hold", &[]),
            _ => {}
        }
    }

    /// The other side wants to change the session.
    fn on_change(&mut self, call: Call, body: Option<Body>) {
        let now = self.sip.now();
        let Some(line) = &mut self.line else { return };
        let described = match body.as_ref().map(read_sdp).transpose() {
            Ok(offer) => {
                line.offered = offer;
                line.describe()
            }
            Err(_) => Err(400),
        };
        let agent = self.sip.machine_mut().at(now);
        match described {
            Ok(body) => {
                let _ = agent.accept(now, call, body);
                self.apply();
            }
            Err(status) => {
                let _ = agent.reject(now, call, status);
            }
        }
    }

    fn on_message(&mut self, from: &NameAddr, body: &Body) {
        let text = String::from_utf8_lossy(&body.data).into_owned();
        let from = from.uri().to_string();
        let fields = [
            ("from", from.clone().into()),
            ("text", text.clone().into()),
            ("type", body.content_type.to_string().into()),
        ];
        self.tell("message", &format!("<<< {from}: {text}"), &fields);
    }

    fn on_info(&mut self, body: Option<Body>) {
        if let Some((key, ms)) = body.as_ref().and_then(info_key) {
            self.on_audio(Told::Digit { key, duration: Duration::from_millis(ms) });
        }
    }

    fn on_sent(&mut self, status: u16) {
        self.tell("message-sent", &format!("message answered with {status}"), &[("status", status.into())]);
        if self.options.send.is_some() {
            let outcome = Outcome::of_status(status);
            let why = (outcome != Outcome::Done).then(|| format!("the message was answered with {status} ({outcome})"));
            self.task_done(End { outcome, why }, false);
        }
    }

    async fn on_registered(&mut self, expires: u32) {
        self.tell("registered", &format!("registered for {expires} s"), &[("expires", expires.into())]);
        self.do_task().await;
    }

    fn on_refused(&mut self, status: u16, retry: Option<u32>) {
        let again = retry.map(|s| format!(", next try in {s} s")).unwrap_or_default();
        let fields = [("status", status.into()), ("retry", json!(retry))];
        self.tell("registration-failed", &format!("registration failed: {status}{again}"), &fields);
        let outcome = Outcome::of_status(status);
        if retry.is_none() || self.to_do || matches!(outcome, Outcome::Unauthorized) || status == 403 {
            let outcome = if status == 403 { Outcome::Unauthorized } else { outcome };
            self.registration = self.registration.filter(|_| retry.is_some());
            self.leave(End { outcome, why: Some(format!("registration failed: {status} ({outcome})")) });
        }
    }

    /// Tells why something that was asked for cannot be done.
    pub fn fail(&self, why: &str) {
        self.tell("error", why, &[("why", why.into())]);
    }

    pub fn tell(&self, name: &str, words: &str, fields: &[(&str, Value)]) {
        self.console.event(self.sip.now(), name, words, fields);
    }
}
