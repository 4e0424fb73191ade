//! What the user agent tells, and what becomes of it.

use bytestring::ByteString;
use rfc3261::message::{NameAddr, Status};
use rfc3261::ua::{Body, Call, Ended, Event as Sip};
use wire::Instant;

use super::call::{Phase, Talk};
use super::{Callback, Event, Line, State};
use crate::common::{info_key, read_sdp};
use crate::sip_rtmp::offer::Plan;

impl Line {
    pub(super) fn on_sip(&mut self, event: Sip) {
        let now = self.now;
        match event {
            Sip::Incoming { call, from, body, .. } => self.on_incoming(now, call, &from, body),
            Sip::Ringing { call, body } => self.on_progress(now, call, 180, body),
            Sip::Progress { call, status, body } => self.on_progress(now, call, status, body),
            Sip::Answered { call, body } => self.on_answered(now, call, body),
            Sip::Confirmed { call, body } => self.on_confirmed(now, call, body),
            Sip::ReInvite { call, body } => self.on_change(now, call, body),
            Sip::Modified { call, body } => {
                if self.is_ours(call) {
                    self.take_answer(now, body.as_ref());
                }
            }
            Sip::ModifyFailed { call, status } => {
                if let Some(sdp) = self.talk.as_mut().filter(|t| t.call == Some(call)).and_then(|t| t.sdp.as_mut()) {
                    tracing::info!(status, "the other side refused a change of the call");
                    sdp.reject();
                }
            }
            Sip::Info { call, body } => self.on_info(now, call, body),
            Sip::Ended { call, reason } => self.on_ended(call, reason),
            Sip::Message { from, body, .. } => {
                let text = String::from_utf8_lossy(&body.data).into_owned();
                self.call_back(Callback::ReceivedText { from: shown(&from), text });
            }
            Sip::Finished { exchange, status, response } => {
                if let Some(ticket) = self.texts.remove(&exchange) {
                    let phrase = response.map(|response| response.reason);
                    let failed = || reason(status, phrase.as_ref());
                    let outcome = if (200..300).contains(&status) { Ok(()) } else { Err(failed()) };
                    self.tell(Event::Text(ticket, outcome));
                }
            }
            Sip::Registered { .. } => {
                if self.state == State::Opening {
                    self.state = State::Open;
                    self.tell(Event::Opened);
                }
            }
            Sip::RegistrationFailed { status, .. } => {
                tracing::warn!(line = %self.config.from.uri(), status, "not registered");
                if self.state == State::Opening && !self.config.keeps_trying {
                    self.refuse(reason(status, None));
                }
            }
            Sip::Trying { .. } | Sip::Unregistered { .. } | Sip::PublicAddress { .. } | Sip::Request { .. } => {}
            Sip::Dropped { reason, from } => tracing::debug!(?reason, %from, "dropped"),
        }
    }

    fn is_ours(&self, call: Call) -> bool {
        self.talk.as_ref().is_some_and(|talk| talk.call == Some(call))
    }

    fn on_incoming(&mut self, now: Instant, call: Call, from: &NameAddr, body: Option<Body>) {
        let plan = Plan::everything(self.config.ability);
        let offer = body.as_ref().map(read_sdp).transpose();
        let refusal = match &offer {
            _ if self.state != State::Open || self.registration.is_none() => Some(480),
            _ if self.talk.is_some() => Some(486),
            Err(_) => Some(400),
            Ok(Some(offer)) if !plan.suits(offer) => Some(488),
            Ok(_) => None,
        };
        if let Some(status) = refusal {
            tracing::info!(from = %from.uri(), status, "turned a call away");
            let _gone_already = self.agent.reject(now, call, status);
            return;
        }
        let mut talk = Talk::new(from.without_param("tag"), plan, Phase::Incoming);
        talk.call = Some(call);
        talk.offered = offer.ok().flatten();
        self.talk = Some(talk);
        let _gone_already = self.agent.ring(now, call);
        let (from, to) = (shown(from), self.config.from.to_string());
        self.call_back(Callback::Invited { from, to });
    }

    fn on_progress(&mut self, now: Instant, call: Call, status: u16, body: Option<Body>) {
        if !self.is_ours(call) {
            return;
        }
        self.call_back(Callback::Ringing(reason(status, None)));
        if body.is_some() {
            self.take_answer(now, body.as_ref()); // early media
        }
    }

    fn on_answered(&mut self, now: Instant, call: Call, body: Option<Body>) {
        if !self.is_ours(call) {
            return;
        }
        if body.is_some() {
            self.take_answer(now, body.as_ref());
        }
        let Some(talk) = &mut self.talk else { return };
        talk.before = None;
        talk.phase = Phase::Talking;
        self.stands(now, call, Callback::Rejected(reason(488, None)));
    }

    fn on_confirmed(&mut self, now: Instant, call: Call, body: Option<Body>) {
        if !self.is_ours(call) {
            return;
        }
        if body.is_some() {
            self.take_answer(now, body.as_ref());
        }
        let Some(talk) = self.talk.as_mut().filter(|talk| talk.phase == Phase::Taken) else { return };
        talk.phase = Phase::Talking;
        self.stands(now, call, Callback::Byed);
    }

    /// Both sides know that the call was answered: the client hears of it, unless nothing can be carried.
    fn stands(&mut self, now: Instant, call: Call, otherwise: Callback) {
        let Some(talk) = &self.talk else { return };
        let chosen = talk.plan.chosen(talk.sdp.as_ref().map_or(&[], |sdp| sdp.streams()));
        if chosen.is_empty() {
            let _over_already = self.agent.hang_up(now, call);
            return self.end_with(otherwise);
        }
        self.call_back(Callback::Accepted(chosen.words()));
    }

    fn take_answer(&mut self, now: Instant, body: Option<&Body>) {
        let Some(talk) = &mut self.talk else { return };
        let answer = body.ok_or_else(|| "no description".to_owned()).and_then(read_sdp);
        let Some(mut sdp) = talk.before.clone().or_else(|| talk.sdp.clone()) else { return };
        match answer.and_then(|answer| sdp.accept(answer).map(drop).map_err(|e| e.to_string())) {
            Ok(()) => {
                talk.sdp = Some(sdp);
                self.apply(now);
            }
            Err(why) => {
                talk.sdp = Some(sdp);
                tracing::warn!(why, "answer not taken");
            }
        }
    }

    /// The other side wants to change the session.
    fn on_change(&mut self, now: Instant, call: Call, body: Option<Body>) {
        if !self.is_ours(call) {
            return;
        }
        let Some(sdp) = self.talk.as_mut().and_then(|talk| talk.sdp.as_mut()) else { return };
        let ours = match body.as_ref().map(read_sdp).transpose() {
            Err(_) => Err(400),
            Ok(None) => sdp.offer().map_err(|_| 491),
            Ok(Some(offer)) => sdp.answer(offer).map_err(|e| if e == rfc3264::Error::Glare { 491 } else { 488 }),
        };
        let _over_already = match ours {
            Ok(session) => {
                let agreed = self.agent.accept(now, call, Some(Body::sdp(session.to_string())));
                self.apply(now);
                agreed
            }
            Err(status) => self.agent.reject(now, call, status),
        };
    }

    /// Brings the media up to what was negotiated, and tells whether the other side holds us.
    pub(super) fn apply(&mut self, now: Instant) {
        let Some(talk) = &mut self.talk else { return };
        let (Some(sdp), Some(media)) = (&talk.sdp, &mut talk.media) else { return };
        let streams = sdp.streams();
        media.agree(now, &talk.plan, streams, &self.published);
        let mut active = streams.iter().filter(|s| s.active).peekable();
        let held = active.peek().is_some() && active.all(|s| s.held_by_peer);
        if held != std::mem::replace(&mut talk.held_by_peer, held) {
            self.call_back(Callback::Holded(held));
        }
        self.drain_media(now);
    }

    fn on_info(&mut self, now: Instant, call: Call, body: Option<Body>) {
        let Some(body) = body.filter(|_| self.is_ours(call)) else { return };
        if let Some((key, _)) = info_key(&body) {
            self.call_back(Callback::ReceivedDtmf(key.to_ascii_uppercase()));
        } else if wants_key_frame(&body)
            && let Some(media) = self.media()
        {
            media.key_frame_asked(now);
            self.drain_media(now);
        }
    }

    fn on_ended(&mut self, call: Call, why: Ended) {
        let Some(talk) = self.talk.as_ref().filter(|talk| talk.call == Some(call)) else { return };
        let callback = match talk.phase {
            Phase::Dialling | Phase::Calling => Callback::Rejected(match why {
                Ended::Rejected { status, reason: phrase } => reason(status, Some(&phrase)),
                Ended::NoAnswer => reason(408, None),
                Ended::Unreachable => reason(503, None),
                Ended::Local | Ended::Cancelled => reason(487, None),
                Ended::Remote | Ended::NoAck | Ended::Lost | Ended::Protocol => reason(500, None),
            }),
            Phase::Incoming | Phase::Answering => {
                Callback::Cancelled { from: shown(&talk.peer), to: self.config.from.to_string() }
            }
            Phase::Taken | Phase::Talking => Callback::Byed,
        };
        self.end_with(callback);
    }
}

/// Code and text, the way clients are told: `486 Busy Here`.
fn reason(status: u16, phrase: Option<&ByteString>) -> String {
    let phrase = phrase.filter(|phrase| !phrase.is_empty()).map(ByteString::to_string);
    format!("{status} {}", phrase.unwrap_or_else(|| Status(status).reason().to_owned()))
}

/// An address as clients are told it.
fn shown(address: &NameAddr) -> String {
    address.without_param("tag").to_string()
}

/// Whether it asks for a key frame (RFC 5168).
fn wants_key_frame(body: &Body) -> bool {
    let is_control = body.content_type.to_ascii_lowercase().starts_with("application/media_control");
    is_control && String::from_utf8_lossy(&body.data).contains("picture_fast_update")
}

/// Asks for a key frame (RFC 5168).
pub(super) fn fast_update() -> Body {
    let text = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n<media_control><vc_primitive><to_encoder>\
        <picture_fast_update/></to_encoder></vc_primitive></media_control>\r\n";
    Body { content_type: ByteString::from_static("application/media_control+xml"), data: text.into() }
}
