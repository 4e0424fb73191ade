//! What was sent, received and acknowledged.
use crate::control::{Control, LimitType};

/// The bytes that come in.
#[derive(Debug, Default)]
pub(super) struct In {
    pub received: u64,
    /// How many were received at the last acknowledgement.
    acknowledged: u64,
    /// After how many the peer wants one.
    pub window: Option<u32>,
}

/// The bytes that go out.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Out {
    pub sent: u64,
    pub acknowledged: u64,
    /// What the latest acknowledgement said.
    last: u32,
    /// The peer's limit, and whether it was set as a hard one.
    pub window: Option<u32>,
    hard: bool,
    /// What we have last told the peer about it.
    pub announced: Option<u32>,
}

impl In {
    /// Counts bytes; the total to be acknowledged, when it is time to.
    //= rtmp#5.4.3/total MUST
    //# All bytes of the chunk stream so far, modulo 2^32.
    pub fn receive(&mut self, bytes: u64) -> Option<u32> {
        self.received += bytes;
        let window = u64::from(self.window?);
        if self.received - self.acknowledged < window {
            return None;
        }
        self.acknowledged = self.received;
        Some(self.received as u32)
    }
}

impl Out {
    /// Takes an acknowledgement. Peers count from different bytes on, so more than was sent counts as all.
    ///
    /// # Errors
    /// When it goes back.
    pub fn acknowledge(&mut self, total: u32) -> Result<(), ()> {
        let Ok(more) = u64::try_from(total.wrapping_sub(self.last).cast_signed()) else { return Err(()) };
        self.last = total;
        self.acknowledged = self.sent.min(self.acknowledged + more);
        Ok(())
    }

    /// Takes a peer bandwidth; what to tell the peer, if it is new.
    //= rtmp#5.4.5/types MUST
    //# Hard replaces, soft lowers, dynamic is hard after hard and else nothing.
    //= rtmp#5.4.5/answer SHOULD
    //# A Window Acknowledgement Size goes back when it differs from what was told last.
    pub fn bandwidth(&mut self, size: u32, limit: LimitType) -> Option<Control> {
        let window = match limit {
            LimitType::Hard => size,
            LimitType::Soft => self.window.map_or(size, |window| window.min(size)),
            LimitType::Dynamic if self.hard => size,
            LimitType::Dynamic | LimitType::Other(_) => return None,
        };
        self.hard = limit != LimitType::Soft;
        self.window = Some(window);
        (self.announced != self.window).then_some(Control::WindowAckSize(window))
    }
}
