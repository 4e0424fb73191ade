//! The one call of a line: what the client's commands do with it.

use std::net::SocketAddr;

use rfc3261::message::NameAddr;
use rfc3261::ua::{Body, Call, Invitation};
use rfc3264::Negotiation;
use rfc4566::Session;
use wire::Instant;

use super::{Callback, Command, Event, Line, State, Word};
use crate::common::{is_key, parse_address};
use crate::sip_rtmp::offer::Plan;
use crate::sip_rtmp::rtp::{Media, MediaConfig};

/// A call, from the wish for it to its end.
pub(super) struct Talk {
    /// Its name at the user agent; `None` until the INVITE has gone out.
    pub call: Option<Call>,
    pub phase: Phase,
    /// Who is at the other end.
    pub peer: NameAddr,
    pub plan: Plan,
    /// The offer of the INVITE that rings.
    pub offered: Option<Session>,
    /// Our negotiation as it was before any answer, until the final one: early answers may differ from it.
    pub before: Option<Negotiation>,
    pub sdp: Option<Negotiation>,
    pub media: Option<Media>,
    pub ports: Vec<SocketAddr>,
    pub held_by_peer: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Our call waits for its ports.
    Dialling,
    /// Our INVITE is out.
    Calling,
    /// Their INVITE rings at the client.
    Incoming,
    /// The client has taken it; the answer waits for its ports.
    Answering,
    /// Our 200 is out.
    Taken,
    /// Both sides know that it stands.
    Talking,
}

impl Talk {
    pub fn new(peer: NameAddr, plan: Plan, phase: Phase) -> Talk {
        let (call, offered, before, sdp, media) = (None, None, None, None, None);
        let (ports, held_by_peer) = (Vec::new(), false);
        Talk { call, phase, peer, plan, offered, before, sdp, media, ports, held_by_peer }
    }

    /// Whether the dialog stands, so that requests may go within it.
    pub fn is_up(&self) -> bool {
        matches!(self.phase, Phase::Taken | Phase::Talking)
    }
}

impl Line {
    /// Carries out a command of the client. `Ok` brings the ticket of a text that is under way.
    ///
    /// # Errors
    /// In words, what is wrong with the command. Calls that fail are told by their callbacks instead.
    pub fn command(&mut self, now: Instant, command: Command) -> Result<Option<u64>, String> {
        self.now = self.now.max(now);
        let done = match command {
            Command::Invite { to, words } => self.invite(&to, &words),
            Command::Accept(words) => self.accept(now, &words),
            Command::Reject(reason) => self.reject(now, &reason),
            Command::Bye => {
                self.bye(now);
                Ok(())
            }
            Command::Hold(hold) => self.hold(now, hold),
            Command::SendDtmf(keys) => self.send_keys(now, &keys),
            Command::SendText { to, text } => return self.send_text(now, to.as_deref(), text).map(Some),
        };
        done.map(|()| None)
    }

    /// Takes the RTP ports that [`Event::Ports`] asked for, a pair for each stream, or why there are none.
    pub fn ports(&mut self, now: Instant, ports: Result<Vec<[SocketAddr; 2]>, String>) {
        self.now = self.now.max(now);
        let Some(talk) = &mut self.talk else {
            let unused = ports.unwrap_or_default().concat();
            return self.tell(Event::Release(unused));
        };
        let dialling = talk.phase == Phase::Dialling;
        let result = match ports {
            Ok(ports) => {
                talk.ports = ports.concat();
                self.begin_media(now, &ports);
                if dialling { self.send_invite(now) } else { self.send_answer(now) }
            }
            Err(why) => {
                tracing::error!("no RTP ports: {why}");
                Err((500, "Internal server error".to_owned()))
            }
        };
        if let Err((status, why)) = result {
            match dialling {
                true => self.end_with(Callback::Rejected(why)),
                false => self.turn_away(now, status),
            }
        }
    }

    /// Ends the call without a word to the client.
    pub(super) fn drop_call(&mut self, now: Instant) {
        let Some(talk) = self.end_talk() else { return };
        if let Some(call) = talk.call {
            let _over_already = match talk.phase {
                Phase::Incoming | Phase::Answering => self.agent.reject(now, call, 480),
                _ => self.agent.hang_up(now, call),
            };
        }
    }

    /// Forgets the call; its RTP says goodbye and its sockets are given back.
    pub(super) fn end_talk(&mut self) -> Option<Talk> {
        let now = self.now;
        if let Some(media) = self.media() {
            media.leave(now);
        }
        self.drain_media(now);
        let talk = self.talk.take()?;
        if !talk.ports.is_empty() {
            self.tell(Event::Release(talk.ports.clone()));
        }
        Some(talk)
    }

    pub(super) fn end_with(&mut self, callback: Callback) {
        self.end_talk();
        self.call_back(callback);
    }

    fn invite(&mut self, to: &str, words: &[Word]) -> Result<(), String> {
        let to = parse_address(to)?;
        let why = match self.state {
            State::Open if self.talk.is_some() => "Already in an active or pending call",
            State::Open => {
                let plan = self.plan(words);
                if plan.is_empty() {
                    self.call_back(Callback::Rejected("488 Not Acceptable Here".to_owned()));
                    return Ok(());
                }
                let streams = usize::from(plan.has_audio()) + usize::from(plan.has_video());
                self.talk = Some(Talk::new(to, plan, Phase::Dialling));
                self.tell(Event::Ports { streams });
                return Ok(());
            }
            _ => "Registration required before making a call",
        };
        self.call_back(Callback::Rejected(why.to_owned()));
        Ok(())
    }

    fn begin_media(&mut self, now: Instant, ports: &[[SocketAddr; 2]]) {
        let shown = self.config.ext_ip.unwrap_or(self.config.int_ip);
        let user = self.config.from.uri().user().unwrap_or("anonymous");
        let (epoch, silence) = (self.config.epoch, self.config.silence);
        let config = MediaConfig { cname: format!("{user}@{shown}"), epoch, silence };
        let rng = self.rng.split();
        let session = self.rng.u64() >> 16;
        let Some(talk) = &mut self.talk else { return };
        let mut pairs = ports.iter().copied();
        let audio = if talk.plan.has_audio() { pairs.next() } else { None };
        let video = if talk.plan.has_video() { pairs.next() } else { None };
        let port = |pair: Option<[SocketAddr; 2]>| pair.map_or(0, |[rtp, _]| rtp.port());
        let mut own = talk.plan.capabilities(shown, session, port(audio), port(video));
        if let Some(offer) = &talk.offered {
            talk.plan.adapt(&mut own, offer);
        }
        talk.sdp = Some(Negotiation::new(own));
        talk.media = Some(Media::new(now, config, audio, video, rng));
    }

    fn send_invite(&mut self, now: Instant) -> Result<(), (u16, String)> {
        let broken = || (500, "Internal server error".to_owned());
        let talk = self.talk.as_mut().ok_or_else(broken)?;
        let offer = talk.sdp.as_mut().and_then(|sdp| sdp.offer().ok()).ok_or_else(broken)?;
        talk.before = talk.sdp.clone();
        let named = talk.peer.display().is_some().then(|| talk.peer.clone());
        let invitation = Invitation { to: named, ..Invitation::sdp(offer.to_string()) };
        let call = self.agent.invite(now, talk.peer.uri().clone(), invitation).map_err(|e| (500, e.to_string()))?;
        (talk.call, talk.phase) = (Some(call), Phase::Calling);
        Ok(())
    }

    fn accept(&mut self, now: Instant, words: &[Word]) -> Result<(), String> {
        let plan = self.plan(words);
        let talk = self.talk.as_mut().filter(|t| t.phase == Phase::Incoming).ok_or("there is no call to accept")?;
        let suits = !plan.is_empty() && talk.offered.as_ref().is_none_or(|offer| plan.suits(offer));
        if !suits {
            self.turn_away(now, 488);
            return Ok(());
        }
        let streams = usize::from(plan.has_audio()) + usize::from(plan.has_video());
        (talk.plan, talk.phase) = (plan, Phase::Answering);
        self.tell(Event::Ports { streams });
        Ok(())
    }

    /// Refuses the call that the client has taken, and tells it.
    fn turn_away(&mut self, now: Instant, status: u16) {
        if let Some(call) = self.talk.as_ref().and_then(|talk| talk.call) {
            let _gone_already = self.agent.reject(now, call, status);
        }
        self.end_with(Callback::Byed);
    }

    fn send_answer(&mut self, now: Instant) -> Result<(), (u16, String)> {
        let broken = || (500, String::new());
        let talk = self.talk.as_mut().ok_or_else(broken)?;
        let sdp = talk.sdp.as_mut().ok_or_else(broken)?;
        let session = match talk.offered.take() {
            Some(offer) => sdp.answer(offer).map_err(|_| (488, String::new()))?,
            None => sdp.offer().map_err(|_| broken())?,
        };
        let call = talk.call.ok_or_else(broken)?;
        let body = Body::sdp(session.to_string());
        self.agent.accept(now, call, Some(body)).map_err(|_| broken())?;
        talk.phase = Phase::Taken;
        self.apply(now);
        Ok(())
    }

    fn reject(&mut self, now: Instant, reason: &str) -> Result<(), String> {
        let status = reason.trim().get(..3).and_then(|code| code.parse().ok()).filter(|s| (400..700).contains(s));
        let talk = self.talk.as_ref().filter(|t| t.phase == Phase::Incoming).ok_or("there is no call to reject")?;
        if let Some(call) = talk.call {
            let _gone_already = self.agent.reject(now, call, status.unwrap_or(603));
        }
        self.end_talk();
        Ok(())
    }

    fn bye(&mut self, now: Instant) {
        let Some(talk) = self.end_talk() else { return };
        if let Some(call) = talk.call {
            let _over_already = self.agent.hang_up(now, call);
        }
        if matches!(talk.phase, Phase::Dialling | Phase::Calling) {
            self.call_back(Callback::Rejected("487 Request Terminated".to_owned()));
        }
    }

    fn hold(&mut self, now: Instant, hold: bool) -> Result<(), String> {
        let talk = self.talk.as_mut().filter(|t| t.phase == Phase::Talking).ok_or("there is no call to hold")?;
        let (Some(call), Some(sdp)) = (talk.call, talk.sdp.as_mut()) else {
            return Err("the call has no media".into());
        };
        if hold {
            sdp.hold();
        } else {
            sdp.resume();
        }
        let offer = sdp.offer().map_err(|_| "a change of the call is under way")?;
        if self.agent.modify(now, call, Body::sdp(offer.to_string())).is_err() {
            sdp.reject();
            return Err("a change of the call is under way".to_owned());
        }
        Ok(())
    }

    fn send_keys(&mut self, now: Instant, keys: &str) -> Result<(), String> {
        if keys.is_empty() || keys.len() > MOST_KEYS || !keys.chars().all(is_key) {
            return Err(format!("keys are 0 to 9, *, # and A to D, at most {MOST_KEYS} at once"));
        }
        let talk = self.talk.as_mut().filter(|talk| talk.is_up()).ok_or("there is no call to send keys in")?;
        let media = talk.media.as_mut().filter(|media| media.has_audio()).ok_or("the call has no audio")?;
        media.dial(now, keys);
        self.drain_media(now);
        Ok(())
    }

    fn send_text(&mut self, now: Instant, to: Option<&str>, text: String) -> Result<u64, String> {
        if self.state != State::Open {
            return Err("the line is not open".to_owned());
        }
        let to = match to {
            Some(to) => parse_address(to)?,
            None => self.talk.as_ref().map(|talk| talk.peer.clone()).ok_or("there is nobody to send it to")?,
        };
        if self.texts.len() >= MOST_TEXTS {
            return Err("too many texts are under way".to_owned());
        }
        let sent = self.agent.message(now, to.uri().clone(), Body::text(text));
        let exchange = sent.map_err(|error| error.to_string())?;
        self.tickets += 1;
        self.texts.insert(exchange, self.tickets);
        Ok(self.tickets)
    }
}

/// Keys in one command.
const MOST_KEYS: usize = 64;

/// Texts under way at a time.
const MOST_TEXTS: usize = 32;
