//! Times of 32 bits that wrap after 49 days, 17 hours, 2 minutes and 47.3 seconds (section 4).

/// How far `to` is after `from` in milliseconds; negative when it is before. Of the two ways around it is the shorter.
///
/// ```
/// use rtmp::timestamp::difference;
/// assert_eq!(difference(u32::MAX, 9), 10);
/// assert_eq!(difference(9, u32::MAX), -10);
/// ```
//= rtmp#4/serial SHOULD
//# The difference modulo 2^32, taken as a signed number.
pub const fn difference(from: u32, to: u32) -> i32 {
    to.wrapping_sub(from).cast_signed()
}

/// Turns times that wrap into times that do not, in milliseconds. Each is taken to be less than 24 days from the one
/// before.
///
/// ```
/// use rtmp::timestamp::Unwrapped;
/// let mut times = Unwrapped::default();
/// assert_eq!(times.next(u32::MAX - 9), 4_294_967_286);
/// assert_eq!(times.next(10), 4_294_967_306);
/// assert_eq!(times.next(u32::MAX), 4_294_967_295);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unwrapped {
    last: Option<u64>,
}

impl Unwrapped {
    /// The time that `timestamp` stands for. The first stands for itself; none is before 0.
    pub const fn next(&mut self, timestamp: u32) -> u64 {
        let time = match self.last {
            None => timestamp as u64,
            Some(last) => last.saturating_add_signed(difference(last as u32, timestamp) as i64),
        };
        self.last = Some(time);
        time
    }
}
