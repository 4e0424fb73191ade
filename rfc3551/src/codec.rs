use crate::g711::Law;

/// Turns samples into the payload of a packet and back. Samples are 16-bit linear, mono, at [`Codec::sample_rate`].
pub trait Codec: Send {
    /// Appends the payload of `samples` to `out`.
    fn encode(&mut self, samples: &[i16], out: &mut Vec<u8>);

    /// Appends the samples of `payload` to `out`. Any payload decodes to something.
    fn decode(&mut self, payload: &[u8], out: &mut Vec<i16>);

    /// Samples a second, which need not be the RTP clock rate.
    fn sample_rate(&self) -> u32;

    /// Ticks of the RTP clock a second.
    fn clock_rate(&self) -> u32 {
        self.sample_rate()
    }

    /// Appends `samples` that stand in for a packet that was lost, when the codec knows how; false when it does not, and a
    /// [`Concealment`](crate::Concealment) has to.
    fn conceal(&mut self, samples: usize, out: &mut Vec<i16>) -> bool {
        let _ = (samples, out);
        false
    }
}

/// A codec of the telephone's side for that encoding name (in any case): `PCMU`, `PCMA`, `G722`, and with its
/// feature `opus`. `None` for any other.
///
/// ```
/// let mut codec = rfc3551::open("pcmu").unwrap();
/// let mut payload = Vec::new();
/// codec.encode(&[0; 160], &mut payload);
/// assert_eq!((payload.len(), codec.clock_rate()), (160, 8000));
/// assert!(rfc3551::open("G729").is_none());
/// ```
pub fn open(name: &str) -> Option<Box<dyn Codec>> {
    match &*name.to_ascii_uppercase() {
        "PCMU" => Some(Box::new(Law::Mu)),
        "PCMA" => Some(Box::new(Law::A)),
        "G722" => Some(Box::new(crate::g722::G722::default())),
        #[cfg(feature = "opus")]
        "OPUS" => Some(Box::new(crate::opus::Opus::default())),
        _ => None,
    }
}
