/// Turns samples into the payload of a packet and back. Samples are 16-bit linear, mono, at [`Codec::sample_rate`].
pub trait Codec {
    /// Appends the payload of `samples` to `out`.
    fn encode(&mut self, samples: &[i16], out: &mut Vec<u8>);

    /// Appends the samples of `payload` to `out`. Any payload decodes to something.
    fn decode(&mut self, payload: &[u8], out: &mut Vec<i16>);

    /// Samples a second, which need not be the RTP clock rate.
    fn sample_rate(&self) -> u32;
}
