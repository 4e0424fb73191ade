//! Whether the other side is still there (RFC 6120, 4.6; XEP-0199), and that this side is.

use wire::Instant;

use super::config::Timing;

/// When something was sent and heard last.
pub(super) struct Keepalive {
    sent: Instant,
    heard: Instant,
    /// A sign of life was asked for, and must come until then.
    pong: Option<Instant>,
    /// After how much silence of ours the server closes (XEP-0478), if it said so.
    pub idle: Option<std::time::Duration>,
}

/// What silence asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// A space.
    Space,
    /// A sign of life of the server.
    Ping,
    /// Giving up: it is dead.
    Dead,
}

impl Keepalive {
    pub fn new(now: Instant) -> Keepalive {
        Keepalive { sent: now, heard: now, pong: None, idle: None }
    }

    pub fn sent(&mut self, now: Instant) {
        self.sent = now;
    }

    pub fn heard(&mut self, now: Instant) {
        self.heard = now;
        self.pong = None;
    }

    /// A sign of life was asked for.
    pub fn asked(&mut self, now: Instant, timing: &Timing) {
        self.pong.get_or_insert(now + timing.pong);
    }

    fn space_at(&self, timing: &Timing) -> Instant {
        let idle = self.idle.map_or(timing.whitespace, |idle| match timing.whitespace.is_zero() {
            true => idle / 2,
            false => timing.whitespace.min(idle / 2),
        });
        if idle.is_zero() { Instant::FAR } else { self.sent + idle }
    }

    fn ping_at(&self, timing: &Timing) -> Instant {
        if timing.ping.is_zero() || self.pong.is_some() { Instant::FAR } else { self.heard + timing.ping }
    }

    //= rfc6120#4.9.3.4/no-answer SHOULD
    //# Silence asks for a sign of life first; dead is who does not give it.
    pub fn due(&self, now: Instant, timing: &Timing) -> Option<Due> {
        match () {
            () if self.pong.is_some_and(|pong| pong <= now) => Some(Due::Dead),
            () if self.ping_at(timing) <= now => Some(Due::Ping),
            () if self.space_at(timing) <= now => Some(Due::Space),
            () => None,
        }
    }

    pub fn deadline(&self, timing: &Timing) -> Instant {
        self.pong.unwrap_or(Instant::FAR).min(self.ping_at(timing)).min(self.space_at(timing))
    }
}
