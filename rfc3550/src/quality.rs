//! How good a call sounded, estimated from what was measured: the E-model of ITU-T G.107 with its default values, so
//! that only delay, loss and the codec remain.

use std::time::Duration;

/// What a codec adds to the E-model: ITU-T G.113 appendix I.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Impairment {
    /// Equipment impairment factor without loss (Ie).
    pub equipment: f64,
    /// Packet-loss robustness factor (Bpl): larger is more robust.
    pub robustness: f64,
}

impl Impairment {
    /// G.711 with a decoder that conceals losses.
    pub const G711: Impairment = Impairment { equipment: 0.0, robustness: 25.1 };
    /// G.711 with silence in place of lost packets.
    pub const G711_PLAIN: Impairment = Impairment { equipment: 0.0, robustness: 4.3 };
    /// G.729 annex A with voice activity detection.
    pub const G729A: Impairment = Impairment { equipment: 11.0, robustness: 19.0 };
    /// G.723.1 at 6.3 kbit/s with voice activity detection.
    pub const G723: Impairment = Impairment { equipment: 15.0, robustness: 16.1 };
    /// GSM enhanced full rate.
    pub const GSM_EFR: Impairment = Impairment { equipment: 5.0, robustness: 10.0 };
}

/// The rating R for a one-way delay from mouth to ear and a random loss of 0 to 1: 93.2 at best, 0 at worst.
///
/// ```
/// use rfc3550::quality::{Impairment, rating};
/// use std::time::Duration;
/// assert_eq!(rating(Duration::ZERO, 0.0, Impairment::G711), 93.2);
/// assert!(rating(Duration::from_millis(400), 0.05, Impairment::G711) < 75.0);
/// ```
pub fn rating(delay: Duration, loss: f64, codec: Impairment) -> f64 {
    let ms = delay.as_secs_f64() * 1000.0;
    let delay_impairment = 0.024 * ms + 0.11 * (ms - 177.3).max(0.0);
    let percent = 100.0 * loss.clamp(0.0, 1.0);
    let equipment = codec.equipment + (95.0 - codec.equipment) * percent / (percent + codec.robustness);
    (93.2 - delay_impairment - equipment).clamp(0.0, 100.0)
}

/// The mean opinion score that listeners would give for a rating: 1 (bad) to 4.5.
///
/// ```
/// use rfc3550::quality::mos;
/// assert_eq!((mos(93.2) * 100.0).round(), 441.0);
/// assert_eq!(mos(-5.0), 1.0);
/// assert_eq!(mos(100.0), 4.5);
/// ```
pub fn mos(rating: f64) -> f64 {
    match rating {
        r if r <= 0.0 => 1.0,
        r if r >= 100.0 => 4.5,
        r => (1.0 + 0.035 * r + r * (r - 60.0) * (100.0 - r) * 7e-6).max(1.0),
    }
}

/// The mean opinion score from what a session measured: half of the round trip, the delay of the playout (jitter buffer
/// and packet length), and the loss after the jitter buffer, 0 to 1.
///
/// ```
/// use rfc3550::quality::{Impairment, estimate};
/// use std::time::Duration;
/// let ms = Duration::from_millis;
/// let good = estimate(Some(ms(40)), ms(60), 0.0, Impairment::G711);
/// let poor = estimate(Some(ms(600)), ms(200), 0.08, Impairment::G711_PLAIN);
/// assert!(good > 4.3 && poor < 1.5);
/// ```
pub fn estimate(round_trip: Option<Duration>, playout: Duration, loss: f64, codec: Impairment) -> f64 {
    mos(rating(round_trip.unwrap_or_default() / 2 + playout, loss, codec))
}
