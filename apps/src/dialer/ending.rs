//! The end of a call: what it comes to, and the report.

use std::time::Duration;

use rfc3261::ua::{Call, Ended};
use serde_json::Value;
use tokio::time::Instant as Wake;

use super::outcome::Outcome;
use super::report::Report;
use super::run::{End, Program, seconds};
use crate::common::clean;

impl Program {
    pub async fn on_ended(&mut self, call: Call, reason: Ended) {
        if self.line.as_ref().is_none_or(|line| line.call != call) {
            return;
        }
        let Some(mut line) = self.line.take() else { return };
        self.calm();
        let now = self.sip.now();
        let audio = line.hang_up(now).await;
        if let Some(why) = line.trouble.take() {
            self.tell("recording-failed", &why, &[("why", why.clone().into())]);
        }
        let (of_reason, ended) = judge(&reason, line.incoming);
        let outcome = line.verdict.unwrap_or(of_reason);
        let report = Report {
            peer: line.peer.to_string(),
            incoming: line.incoming,
            outcome,
            ended: clean(&ended),
            answered_after: line.answered.map(|at| seconds(line.began, at)),
            duration: line.answered.map(|at| seconds(at, now)),
            audio: audio.filter(|audio| !audio.codec.is_empty()),
            ladder: Vec::new(),
        };
        self.tell("ended", &format!("ended: {}", report.ended), &[("reason", report.ended.clone().into())]);
        let why = (outcome != Outcome::Done).then(|| format!("{}: {} ({outcome})", report.peer, report.ended));
        self.report = Some((report, Wake::now() + LAST_ANSWER));
        self.task_done(End { outcome, why }, line.incoming);
    }

    /// Prints the report that waits, once the goodbye has its answer, or `now`.
    pub fn print_report(&mut self, now: bool) {
        let due = |(_, until): &mut (Report, Wake)| now || *until <= Wake::now() || self.sip.machine().is_answered();
        let Some((mut report, _)) = self.report.take_if(due) else { return };
        report.ladder = self.sip.machine_mut().take_steps();
        let first = report.ladder.iter().find(|step| step.what == "INVITE" && step.sent != report.incoming);
        if let Some(call_id) = first.map(|step| step.call_id.clone()) {
            report.ladder.retain(|step| step.call_id == call_id);
        }
        let value = serde_json::to_value(&report).unwrap_or(Value::Null);
        self.tell("report", "", &[("report", value)]);
        self.console.words(&report.to_string());
    }

    /// A call or message came to its end; unless we go on listening, so does the program.
    pub fn task_done(&mut self, end: End, incoming: bool) {
        let interrupted = self.leaving.is_some();
        if !self.options.listen && !incoming && !interrupted {
            self.leave(end);
        }
    }
}

/// How long the report waits for the answer to our BYE.
const LAST_ANSWER: Duration = Duration::from_secs(1);

/// What the end of a call comes to, and in words.
fn judge(reason: &Ended, incoming: bool) -> (Outcome, String) {
    match reason {
        Ended::Local => (Outcome::Done, "we hung up".into()),
        Ended::Remote => (Outcome::Done, "the other side hung up".into()),
        Ended::Cancelled => (Outcome::NoAnswer, "the caller gave up".into()),
        Ended::Rejected { status, reason } => (Outcome::of_status(*status), format!("{status} {reason}")),
        Ended::NoAnswer => (Outcome::NoAnswer, if incoming { "not answered" } else { "nobody answered" }.into()),
        Ended::NoAck => (Outcome::NotFound, "our answer was never acknowledged".into()),
        Ended::Unreachable => (Outcome::NotFound, "not reachable".into()),
        Ended::Lost => (Outcome::NotFound, "the other side is gone".into()),
        Ended::Protocol => (Outcome::Rejected, "the other side broke the protocol".into()),
    }
}
