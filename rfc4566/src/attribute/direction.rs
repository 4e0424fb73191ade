use std::fmt;

use super::{Attribute, Attributes};
use crate::text::Text;

/// Which way media flows, as seen by whoever wrote the description (RFC 8866 section 6.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Direction {
    /// Both ways, which is also what silence means.
    #[default]
    SendRecv,
    /// From the writer only.
    SendOnly,
    /// To the writer only.
    RecvOnly,
    /// Neither way.
    Inactive,
}

impl Direction {
    /// From the two halves.
    ///
    /// ```
    /// use rfc4566::Direction;
    /// assert_eq!(Direction::new(true, false), Direction::SendOnly);
    /// ```
    pub const fn new(sends: bool, receives: bool) -> Direction {
        match (sends, receives) {
            (true, true) => Direction::SendRecv,
            (true, false) => Direction::SendOnly,
            (false, true) => Direction::RecvOnly,
            (false, false) => Direction::Inactive,
        }
    }

    /// Whether the writer sends.
    pub const fn sends(self) -> bool {
        matches!(self, Direction::SendRecv | Direction::SendOnly)
    }

    /// Whether the writer receives.
    pub const fn receives(self) -> bool {
        matches!(self, Direction::SendRecv | Direction::RecvOnly)
    }

    /// The same flow seen from the other side.
    ///
    /// ```
    /// use rfc4566::Direction;
    /// assert_eq!(Direction::SendOnly.reversed(), Direction::RecvOnly);
    /// assert_eq!(Direction::SendRecv.reversed(), Direction::SendRecv);
    /// ```
    pub const fn reversed(self) -> Direction {
        Direction::new(self.receives(), self.sends())
    }

    /// What both allow, seen from the same side.
    ///
    /// ```
    /// use rfc4566::Direction;
    /// assert_eq!(Direction::SendRecv.and(Direction::RecvOnly), Direction::RecvOnly);
    /// assert_eq!(Direction::SendOnly.and(Direction::RecvOnly), Direction::Inactive);
    /// ```
    pub const fn and(self, other: Direction) -> Direction {
        Direction::new(self.sends() && other.sends(), self.receives() && other.receives())
    }

    /// The attribute's name.
    pub const fn name(self) -> &'static str {
        match self {
            Direction::SendRecv => "sendrecv",
            Direction::SendOnly => "sendonly",
            Direction::RecvOnly => "recvonly",
            Direction::Inactive => "inactive",
        }
    }

    /// The direction of that name.
    pub fn from_name(name: &str) -> Option<Direction> {
        ALL.into_iter().find(|d| d.name() == name)
    }
}

const ALL: [Direction; 4] = [Direction::SendRecv, Direction::SendOnly, Direction::RecvOnly, Direction::Inactive];

impl Attributes {
    /// The direction written here; the first counts.
    pub fn direction(&self) -> Option<Direction> {
        self.iter().find_map(|a| Direction::from_name(a.name()))
    }

    /// Writes a direction in place of the one that is there.
    //= rfc8866#6.7/at-most-one MAY
    //# All others are dropped before the new one is written, so that never two stand in one section.
    pub fn set_direction(&mut self, direction: Direction) {
        let at = self.0.iter().position(|a| Direction::from_name(a.name()).is_some()).unwrap_or(self.0.len());
        self.retain(|a| Direction::from_name(a.name()).is_none());
        let name = direction.name();
        self.0.insert(at.min(self.0.len()), Attribute { text: Text::from_static(name), colon: name.len() });
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
