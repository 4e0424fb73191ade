//! What the user types, and the commands that options and alarms give.

use rfc3261::message::{Method, Uri};
use rfc3261::ua::Body;

use super::outcome::Outcome;
use super::run::{End, Program};
use super::typed::{HELP, Typed};
use crate::common::parse_address;

impl Program {
    pub async fn on_typed(&mut self, typed: Typed) {
        match typed {
            Typed::Keys(keys) => {
                if !self.line.as_mut().is_some_and(|line| line.dial(&keys)) {
                    self.fail("no call to send digits to");
                }
            }
            Typed::Text(text) => match self.talking_to() {
                Some(uri) => self.send_text(&uri, &text, false),
                None => self.fail("nobody to send a message to"),
            },
            Typed::Answer => self.respond(200).await,
            Typed::Reject(status) => self.respond(status).await,
            Typed::Hold => self.hold(true),
            Typed::Resume => self.hold(false),
            Typed::Bye => self.hang_up(),
            Typed::Quit => self.leave(End { outcome: Outcome::Done, why: None }),
            Typed::Help => self.tell("help", HELP, &[("text", HELP.into())]),
            Typed::Unknown(what) => {
                let words = format!("unknown command {what}; /help tells what there is");
                self.tell("error", &words, &[("what", what.into())]);
            }
        }
    }

    /// Who gets a typed message: the other side of the call, else --to.
    fn talking_to(&self) -> Option<Uri> {
        let called = || parse_address(self.options.to.as_deref()?).ok().map(|to| to.uri().clone());
        self.line.as_ref().map(|line| line.peer.clone()).or_else(called)
    }

    pub fn send_text(&mut self, uri: &Uri, text: &str, is_task: bool) {
        let now = self.sip.now();
        let in_call = self.line.as_ref().filter(|line| line.answered.is_some()).map(|line| line.call);
        let agent = self.sip.machine_mut().at(now);
        let sent = match in_call {
            // within the call it finds the way that the call has found
            Some(call) => agent.request(now, call, Method::Message, Some(Body::text(text))),
            None => agent.message(now, uri.clone(), Body::text(text)),
        };
        if let Err(error) = sent {
            let why = format!("cannot send a message to {uri}: {error}");
            match is_task {
                true => self.leave(End { outcome: Outcome::NotFound, why: Some(why) }),
                false => self.fail(&why),
            }
        }
    }

    /// Ends the call, in whatever state it is.
    pub fn hang_up(&mut self) {
        let now = self.sip.now();
        let Some(line) = &self.line else { return };
        if self.sip.machine_mut().at(now).hang_up(now, line.call).is_err() {
            tracing::debug!("the call is over already");
        }
    }

    pub fn hold(&mut self, hold: bool) {
        let now = self.sip.now();
        let Some(line) = self.line.as_mut().filter(|line| line.answered.is_some() && line.has_speech()) else {
            return self.fail("no call to put on hold");
        };
        line.hold(hold);
        let call = line.call;
        let offer = match line.describe() {
            Ok(Some(offer)) => offer,
            _ => return self.fail("a change of the session is under way; try again"),
        };
        if let Err(error) = self.sip.machine_mut().at(now).modify(now, call, offer) {
            if let Some(line) = &mut self.line {
                line.drop_offer();
            }
            return self.fail(&format!("cannot change the session: {error}"));
        }
        match hold {
            true => self.tell("holding", "putting the other side on hold", &[]),
            false => self.tell("resuming", "taking the other side off hold", &[]),
        }
    }
}
