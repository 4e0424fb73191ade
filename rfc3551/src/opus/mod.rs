//! Opus in RTP: RFC 7587.
//!
//! A payload is one Opus packet; the clock counts 48,000 Hz whatever is coded. [`duration`] and [`is_discontinuous`] read a
//! packet's first bytes, [`Fmtp`] is what `a=fmtp` says, and with feature `opus` [`Opus`] encodes and decodes.

#[cfg(feature = "opus")]
mod codec;
mod fmtp;

#[cfg(feature = "opus")]
pub use codec::{Opus, Settings};
pub use fmtp::{Fmtp, FmtpError};

/// Ticks of the RTP clock a second.
//= rfc7587#4.1/clock MUST
//# One constant, whatever bandwidth is coded.
pub const CLOCK_RATE: u32 = 48_000;

/// The channels that `a=rtpmap` states, whatever is coded.
//= rfc7587#7/rtpmap MUST
//# opus/48000/2 is all there is.
pub const CHANNELS: u8 = 2;

/// How long a packet plays, in ticks of the RTP clock: 120 to 5,760. `None` for what is no Opus packet.
///
/// ```
/// use rfc3551::opus::duration;
/// assert_eq!(duration(&[0x78]), Some(960)); // hybrid, 20 ms
/// assert_eq!(duration(&[0xe0, 0]), Some(120)); // CELT, 2.5 ms
/// assert_eq!(duration(&[0x79, 0, 0]), Some(1920)); // two frames
/// assert_eq!(duration(&[]), None);
/// ```
pub fn duration(packet: &[u8]) -> Option<u32> {
    let toc = *packet.first()?;
    let frames = match toc & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => u32::from(*packet.get(1)? & 0x3f),
    };
    let ticks = match toc >> 3 {
        config @ 0..=11 => [480, 960, 1920, 2880][usize::from(config & 3)],
        config @ 12..=15 => [480, 960][usize::from(config & 1)],
        config => 120 << (config & 3),
    };
    Some(frames * ticks).filter(|ticks| (1..=5760).contains(ticks))
}

/// Whether a packet only says that nothing is sent: during silence such packets need not be transmitted at all.
//= rfc7587#3.1.3/dtx MAY
//# What the encoder makes of silence is recognised by its length, and the sender leaves it out.
//= rfc7587#3.1.3/whole-frames MUST
//# A packet is left out whole or not at all.
pub fn is_discontinuous(packet: &[u8]) -> bool {
    packet.len() <= 2
}
