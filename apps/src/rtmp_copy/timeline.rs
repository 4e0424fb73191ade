/// The times of a stream that is sent on: from zero, and without a gap where another source goes on.
///
/// ```ignore
/// let mut timeline = Timeline::default();
/// assert_eq!((timeline.place(700, false), timeline.place(740, false)), (0, 40));
/// timeline.splice();
/// assert_eq!(timeline.place(5, false), 60);
/// ```
#[derive(Debug, Default)]
pub struct Timeline {
    base: u32,
    origin: Option<u32>,
    last: Option<u32>,
}

impl Timeline {
    /// What follows has times of its own: it goes on 20 ms later.
    pub fn splice(&mut self) {
        self.base = self.last.map_or(0, |last| last.wrapping_add(20));
        self.origin = None;
    }

    /// The time of a tag. What only describes (`is_header`) takes the time of what is around it.
    pub fn place(&mut self, timestamp: u32, is_header: bool) -> u32 {
        if is_header {
            return self.last.map_or(self.base, |last| last.max(self.base));
        }
        let origin = *self.origin.get_or_insert(timestamp);
        let past = timestamp.wrapping_sub(origin);
        let time = if past >= 1 << 31 { self.base } else { self.base.wrapping_add(past) };
        self.last = self.last.max(Some(time));
        time
    }

    /// The largest time so far.
    pub fn last(&self) -> Option<u32> {
        self.last
    }
}

#[cfg(test)]
mod tests {
    use super::Timeline;

    #[test]
    fn from_zero_and_on_after_a_splice() {
        let mut timeline = Timeline::default();
        assert_eq!(timeline.place(123, true), 0);
        assert_eq!([700, 740, 690].map(|at| timeline.place(at, false)), [0, 40, 0]);
        timeline.splice();
        assert_eq!(timeline.place(0, true), 60);
        assert_eq!([5, 45].map(|at| timeline.place(at, false)), [60, 100]);
        assert_eq!(timeline.last(), Some(100));
    }
}
