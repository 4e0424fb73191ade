//! Stream management (XEP-0198): who has which stanza, and how a session outlives its connection.

use std::collections::VecDeque;
use std::time::Duration;

use wire::Instant;

use super::stanzas::Fate;
use super::{Kind, StanzaId, Target};
use crate::ns;
use crate::xml::Element;

/// A session's counters and the stanzas that the server has not acknowledged.
pub(super) struct Management {
    /// By which the session is resumed; `None`: it cannot be.
    pub id: Option<String>,
    /// For how long the server keeps it.
    pub max: Option<Duration>,
    /// Where the server would like to have it resumed.
    pub location: Option<String>,
    /// Stanzas that came in, modulo 2^32.
    handled: u32,
    /// Stanzas that the server acknowledged, modulo 2^32.
    acked: u32,
    /// Given and not acknowledged, oldest first.
    queue: VecDeque<Queued>,
    /// How many at the front of the queue were written to a connection.
    written: usize,
    /// Stanzas written since an ack was asked for.
    unasked: u32,
    /// When an ack is asked for at the latest.
    pub ask_at: Option<Instant>,
}

/// A stanza that the server has not acknowledged.
pub(super) struct Queued {
    pub id: StanzaId,
    pub stanza: Element,
    pub fate: Fate,
}

/// The server counts stanzas that were never sent, or fewer than before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct WrongCount {
    pub h: u32,
    pub sent: u32,
}

impl Management {
    /// Counters at zero: what `<enable/>` begins.
    pub fn new() -> Management {
        Management {
            id: None,
            max: None,
            location: None,
            handled: 0,
            acked: 0,
            queue: VecDeque::new(),
            written: 0,
            unasked: 0,
            ask_at: None,
        }
    }

    /// What `<enabled/>` says.
    pub fn enabled(&mut self, enabled: &Element) {
        let resume = matches!(enabled.get("resume"), Some("true" | "1"));
        //= xep-0198#3/resume-offered MUST
        //# An id counts only together with resume='true'; without either the session ends with its connection.
        self.id = enabled.get("id").filter(|id| resume && !id.is_empty()).map(str::to_owned);
        self.max = enabled.get("max").and_then(|max| max.parse().ok()).map(Duration::from_secs);
        self.location = enabled.get("location").map(str::to_owned);
    }

    /// Whether the session may go on over another connection.
    pub fn resumable(&self) -> bool {
        self.id.is_some()
    }

    /// How many stanzas wait for their acknowledgement.
    pub fn unacked(&self) -> usize {
        self.queue.len()
    }

    /// A stanza came in.
    //= xep-0198#4/wrap MUST
    //# Counters are 32 bits wide and wrap to zero; differences are taken modulo 2^32 as well.
    pub fn received(&mut self) {
        self.handled = self.handled.wrapping_add(1);
    }

    /// A stanza is given, and written if there is a connection.
    pub fn push(&mut self, queued: Queued, written: bool, now: Instant, patience: Duration) {
        self.queue.push_back(queued);
        if written {
            self.written += 1;
            self.count(now, patience);
        }
    }

    fn count(&mut self, now: Instant, patience: Duration) {
        self.unasked = self.unasked.saturating_add(1);
        self.ask_at.get_or_insert(now + patience);
    }

    /// Whether `every` stanzas were written since an ack was asked for.
    pub fn wants_ack(&self, every: u32) -> bool {
        self.unasked >= every
    }

    /// An ack was asked for.
    pub fn asked(&mut self) {
        (self.unasked, self.ask_at) = (0, None);
    }

    /// The server has handled `h` stanzas: those are taken out of the queue.
    ///
    /// # Errors
    /// When it can not have.
    //= xep-0198#4/too-high SHOULD
    //# An h above what was written on this session, or below an earlier one, shows as a difference too large.
    pub fn acknowledge(&mut self, h: u32, now: Instant, patience: Duration) -> Result<Vec<Queued>, WrongCount> {
        let newly = h.wrapping_sub(self.acked) as usize;
        if newly > self.written {
            return Err(WrongCount { h, sent: self.acked.wrapping_add(self.written as u32) });
        }
        (self.acked, self.written) = (h, self.written - newly);
        match self.written {
            0 => self.asked(),
            _ => self.ask_at = Some(self.ask_at.unwrap_or(now + patience)), // it will be asked again
        }
        Ok(self.queue.drain(..newly).collect())
    }

    /// The session goes on: what is left in the queue is to be written, in order.
    //= xep-0198#5/resend MUST
    //# What the server has not handled is written again, and what was given meanwhile for the first time, each once.
    pub fn resumed(&mut self, now: Instant, patience: Duration) -> impl Iterator<Item = &Element> {
        self.written = self.queue.len();
        self.asked();
        if self.written > 0 {
            self.unasked = u32::try_from(self.written).unwrap_or(u32::MAX);
            self.ask_at = Some(now + patience);
        }
        self.queue.iter().map(|q| &q.stanza)
    }

    /// The session is lost: what the server had not acknowledged.
    pub fn lost(self) -> VecDeque<Queued> {
        self.queue
    }

    /// `<enable/>`, asking to be able to resume.
    pub fn enable() -> Element {
        Element::new(ns::SM, "enable").attr("resume", "true")
    }

    /// `<resume/>`, if the session may be.
    pub fn resume(&self) -> Option<Element> {
        let id = self.id.as_ref()?;
        Some(Element::new(ns::SM, "resume").attr("h", self.handled.to_string()).attr("previd", id.as_str()))
    }

    /// `<a/>`: how many stanzas came in.
    pub fn answer(&self) -> Element {
        Element::new(ns::SM, "a").attr("h", self.handled.to_string())
    }

    /// `<r/>`.
    pub fn ask() -> Element {
        Element::new(ns::SM, "r")
    }
}

/// The `h` of an element.
pub(super) fn h(element: &Element) -> Option<u32> {
    element.get("h")?.parse().ok()
}

/// The target that a location (`host`, `host:port`, `[v6]:port`) or `see-other-host` names; its kind is `like`'s.
pub(super) fn location(text: &str, like: &Target) -> Option<Target> {
    let text = text.trim();
    //= rfc6120#4.9.3.19/ipv6 MUST
    //# Read in brackets; without them too where nothing else can be meant.
    let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((v6, "")) => (v6, None),
        Some((v6, port)) => (v6, Some(port.strip_prefix(':')?)),
        None if text.matches(':').count() > 1 => (text, None), // a bare IPv6 address
        None => text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port))),
    };
    let usual = if like.kind == Kind::StartTls { 5222 } else { like.port };
    let port = port.map_or(Some(usual), |port| port.parse().ok().filter(|p| *p != 0))?;
    let valid = |c: char| c.is_alphanumeric() || matches!(c, '-' | '.' | ':' | '_');
    let named = !host.is_empty() && host.len() <= 255 && host.chars().all(valid);
    named.then(|| Target::new(host, port, like.kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    //= xep-0198#4/wrap test
    #[test]
    fn counters_wrap() {
        let mut management = Management { handled: u32::MAX, acked: u32::MAX - 1, ..Management::new() };
        management.received();
        assert_eq!(management.answer().get("h"), Some("0"));
        let (now, patience) = (Instant::ZERO, Duration::from_secs(1));
        for n in 0..4 {
            let stanza = Element::new(ns::CLIENT, "message");
            management.push(Queued { id: StanzaId(n), stanza, fate: Fate::Told }, true, now, patience);
        }
        let ids = |acked: Vec<Queued>| acked.iter().map(|q| q.id.0).collect::<Vec<_>>();
        assert_eq!(management.acknowledge(1, now, patience).map(ids), Ok(vec![0, 1, 2]));
        let back = WrongCount { h: u32::MAX, sent: 2 };
        assert_eq!(management.acknowledge(u32::MAX, now, patience).map(ids), Err(back));
        assert_eq!(management.acknowledge(3, now, patience).map(ids), Err(WrongCount { h: 3, sent: 2 }));
        assert_eq!(management.acknowledge(2, now, patience).map(ids), Ok(vec![3]));
    }
}
