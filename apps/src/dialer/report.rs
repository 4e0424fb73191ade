//! What the program tells at the end of a call.

use std::fmt;

use serde::Serialize;

use super::media::AudioReport;
use super::outcome::Outcome;
use super::tap::{Step, ladder};

/// How a call went.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Who was at the other end.
    pub peer: String,
    /// Whether they called us.
    pub incoming: bool,
    /// What it comes to.
    pub outcome: Outcome,
    /// How it ended, in words.
    pub ended: String,
    /// Seconds from the call to its answer; `None` when there was none.
    pub answered_after: Option<f64>,
    /// Seconds from the answer to the end.
    pub duration: Option<f64>,
    /// The audio, if there was any.
    pub audio: Option<AudioReport>,
    /// Every SIP message since the call began.
    pub ladder: Vec<Step>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let direction = if self.incoming { "from" } else { "to" };
        write!(f, "\ncall     {direction} {}", self.peer)?;
        if let Some(after) = self.answered_after {
            write!(f, ", answered after {after:.3} s")?;
        }
        if let Some(duration) = self.duration {
            write!(f, ", lasted {duration:.3} s")?;
        }
        writeln!(f, "\nend      {}: {}", self.ended, self.outcome)?;
        if let Some(audio) = &self.audio {
            audio.fmt(f)?;
        }
        write!(f, "\n{}", ladder(&self.ladder))
    }
}

impl fmt::Display for AudioReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let remote = self.remote.map(|r| format!(", to {r}")).unwrap_or_default();
        let ms = |value: Option<f64>| value.map_or("unknown".to_owned(), |ms| format!("{ms:.2} ms"));
        writeln!(f, "codec    {}{remote}", if self.codec.is_empty() { "none" } else { &self.codec })?;
        writeln!(
            f,
            "packets  {} sent, {} received, {} lost; missed {:.2} % here, {:.2} % there",
            self.packets_sent, self.packets_received, self.packets_lost, self.loss_percent, self.remote_loss_percent
        )?;
        let mos = self.mos.map_or("unknown".to_owned(), |mos| format!("{mos:.2}"));
        writeln!(
            f,
            "quality  jitter {:.2} ms, round trip {}, playout delay {:.0} ms, estimated MOS {mos}",
            self.jitter_ms,
            ms(self.round_trip_ms),
            self.playout_ms
        )?;
        if !self.digits_sent.is_empty() || !self.digits_received.is_empty() {
            let or_none = |digits: &str| if digits.is_empty() { "none".to_owned() } else { digits.to_owned() };
            writeln!(f, "digits   sent {}, received {}", or_none(&self.digits_sent), or_none(&self.digits_received))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_reads_like_a_report_and_like_json() {
        let audio =
            AudioReport { codec: "PCMU/8000".into(), packets_sent: 250, mos: Some(4.38), ..AudioReport::default() };
        let report = Report {
            peer: "sip:bob@h".into(),
            incoming: false,
            outcome: Outcome::Done,
            ended: "we hung up".into(),
            answered_after: Some(0.25),
            duration: Some(5.0),
            audio: Some(audio),
            ladder: Vec::new(),
        };
        let text = report.to_string();
        assert!(text.contains("to sip:bob@h, answered after 0.250 s, lasted 5.000 s"), "{text}");
        assert!(
            text.contains("250 sent") && text.contains("MOS 4.38") && text.contains("round trip unknown"),
            "{text}"
        );
        let json = serde_json::to_value(&report).unwrap();
        assert_eq!((&json["outcome"], &json["audio"]["packets_sent"]), (&"done".into(), &250.into()));
    }
}
