//! The table of calls against the user agent that goes by it: every row, and every stimulus without one.

#[path = "common/desk.rs"]
mod desk;

use std::time::Duration;

use desk::*;
use rfc3261::message::{Message, Method, Name, Request, Response, Uri};
use rfc3261::ua::{Body, Call, Event, Invitation, Phase, Stimulus, TRANSITIONS};
use wire::Walk;

const CONTACT: (Name, &str) = (Name::Contact, "<sip:carol@192.0.2.2>");

/// Bob, who calls Carol or is called by Alice.
struct Bob {
    desk: Desk,
    call: Option<Call>,
    /// His INVITE.
    invite: Option<Request>,
    /// His latest response to hers.
    response: Option<Response>,
}

impl Bob {
    fn new() -> Bob {
        Bob { desk: Desk::new(), call: None, invite: None, response: None }
    }

    fn phase(&self) -> Phase {
        self.call.map_or(Phase::Idle, |call| self.desk.ua.phase(call))
    }

    /// A request of the other side within the dialog.
    fn inside(&self, method: &str, branch: &str, number: u32) -> Option<String> {
        let (from, to, id) = match (&self.invite, &self.response) {
            (Some(invite), _) => {
                let from = invite.headers.from().unwrap().unwrap();
                let id = invite.headers.call_id().unwrap().to_owned();
                ("<sip:carol@192.0.2.2>;tag=t".to_owned(), from.0.to_string(), id)
            }
            (None, Some(response)) => {
                let to = response.headers.to().unwrap().unwrap();
                ("<sip:alice@192.0.2.2>;tag=a".to_owned(), to.0.to_string(), "c-1".to_owned())
            }
            (None, None) => return None,
        };
        let text = text(method, branch, "", "").replace(&format!("c-{branch}"), &id);
        let text =
            text.replace("<sip:alice@192.0.2.2>;tag=a", &from).replace("<sip:bob@192.0.2.1>\r\n", &format!("{to}\r\n"));
        Some(text.replace("CSeq: 1 ", &format!("CSeq: {number} ")))
    }

    fn replies(&mut self, status: u16) -> Option<()> {
        let invite = self.invite.clone()?;
        self.desk.udp(reply(&invite, status, "t", &[CONTACT]));
        Some(())
    }

    fn apply(&mut self, on: Stimulus) -> Option<Phase> {
        let before = self.phase();
        let call = match (on, self.call) {
            (Stimulus::Invite, None) => {
                let to = Uri::parse("sip:carol@192.0.2.2").unwrap();
                self.call = self.desk.run(|ua, now| ua.invite(now, to, Invitation::sdp("offer"))).ok();
                self.invite = Some(self.desk.request(Method::Invite));
                return Some(self.phase());
            }
            (Stimulus::Incoming, None) => {
                self.desk.udp(text("INVITE", "1", "", ""));
                let Some(Event::Incoming { call, .. }) = self.desk.events().pop() else { panic!("no call") };
                self.call = Some(call);
                self.desk.sent();
                self.desk.run(|ua, now| ua.ring(now, call)).unwrap();
                self.response = Some(self.desk.response());
                return Some(self.phase());
            }
            (_, call) => call?,
        };
        self.desk.sent();
        match on {
            Stimulus::Provisional => self.replies(180)?,
            Stimulus::Success => self.replies(200)?,
            Stimulus::Failure => self.replies(486)?,
            Stimulus::Accept => {
                if self.desk.run(|ua, now| ua.accept(now, call, Some(Body::sdp("offer")))).is_ok() {
                    self.response = Some(self.desk.response());
                }
            }
            Stimulus::Reject => _ = self.desk.run(|ua, now| ua.reject(now, call, 486)),
            Stimulus::Cancel if self.invite.is_none() => self.desk.udp(text("CANCEL", "1", "", "")),
            // To hang up on who has not been answered is to reject.
            Stimulus::HangUp if before != Phase::Incoming => _ = self.desk.run(|ua, now| ua.hang_up(now, call)),
            Stimulus::Ack if self.invite.is_none() => {
                let ack = self.inside("ACK", "ack", 1)?;
                self.desk.udp(ack);
            }
            Stimulus::LateAck if before == Phase::Accepted => {
                self.desk.run(|ua, now| ua.hang_up(now, call)).unwrap();
                let ack = self.inside("ACK", "ack", 1)?;
                self.desk.udp(ack);
            }
            Stimulus::NoAck if before == Phase::Accepted => self.desk.pass(Duration::from_secs(33)),
            // Of a change of the session.
            Stimulus::NoAck if before == Phase::Confirmed => {
                let change = self.inside("INVITE", "again", 2)?;
                self.desk.udp(change);
                self.desk.run(|ua, now| ua.accept(now, call, Some(Body::sdp("offer")))).unwrap();
                self.desk.pass(Duration::from_secs(33));
            }
            Stimulus::Bye => {
                let bye = self.inside("BYE", "bye", 3)?;
                self.desk.udp(bye);
            }
            Stimulus::Lost => {
                let _not_up = self.desk.run(|ua, now| ua.info(now, call, Body::sdp("x")));
                for (_, message) in self.desk.sent() {
                    if let Message::Request(request) = message {
                        self.desk.udp(reply(&request, 481, "t", &[]));
                    }
                }
            }
            _ => return None,
        }
        Some(self.phase())
    }
}

//= rfc3261#13.2.2.4/confirm test
//= rfc3261#15/callee-after-ack test
#[test]
fn a_call_is_its_table() {
    use Stimulus::*;
    let mut walk = Walk::new(TRANSITIONS);
    let all = [
        Invite,
        Incoming,
        Provisional,
        Success,
        Failure,
        Accept,
        Reject,
        Cancel,
        Ack,
        LateAck,
        NoAck,
        HangUp,
        Bye,
        Lost,
    ];
    walk.run(Phase::Idle, &all, Bob::new, Bob::apply);
    walk.finish();
}
