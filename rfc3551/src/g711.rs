//! G.711: A-law and mu-law, 8 bits a sample at 8,000 Hz. ITU-T G.711 tables 1 and 2, RFC 3551 section 4.5.14.
//!
//! Samples are 16-bit linear. A-law keeps their upper 13 bits, mu-law their upper 14; each code decodes to the middle of
//! the interval that it stands for.

use crate::Codec;

/// Which of the two companding laws.
///
/// ```
/// use rfc3551::g711::Law;
/// assert_eq!(Law::Mu.encode_sample(0), 0xff);
/// assert_eq!(Law::A.encode_sample(0), 0xd5);
/// assert_eq!(Law::Mu.decode_sample(0x80), 32124);
/// assert_eq!(Law::A.decode_sample(0xaa), 32256);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Law {
    /// A-law: payload type 8, `PCMA`.
    A,
    /// mu-law: payload type 0, `PCMU`.
    Mu,
}

impl Law {
    /// The code of one sample.
    #[inline]
    //= rfc3551#4.5.14/octets MUST
    //# A code is a u8 with the sign in its top bit.
    //= rfc3551#4.5.14/eight-bits MUST
    //# There is no form of fewer bits.
    pub const fn encode_sample(self, sample: i16) -> u8 {
        match self {
            Law::A => encode_a(sample),
            Law::Mu => encode_mu(sample),
        }
    }

    /// The sample of one code.
    #[inline]
    pub const fn decode_sample(self, code: u8) -> i16 {
        self.table()[code as usize]
    }

    /// The code of silence.
    pub const fn silence(self) -> u8 {
        self.encode_sample(0)
    }

    /// Appends the codes of `samples` to `out`.
    ///
    /// ```
    /// use rfc3551::g711::Law;
    /// let mut codes = Vec::new();
    /// Law::Mu.encode(&[0, -32768, 32767], &mut codes);
    /// assert_eq!(codes, [0xff, 0x00, 0x80]);
    /// ```
    pub fn encode(self, samples: &[i16], out: &mut Vec<u8>) {
        match self {
            Law::A => out.extend(samples.iter().map(|s| encode_a(*s))),
            Law::Mu => out.extend(samples.iter().map(|s| encode_mu(*s))),
        }
    }

    /// Appends the samples of `codes` to `out`.
    ///
    /// ```
    /// use rfc3551::g711::Law;
    /// let mut samples = Vec::new();
    /// Law::A.decode(&[0xd5, 0x55], &mut samples);
    /// assert_eq!(samples, [8, -8]);
    /// ```
    pub fn decode(self, codes: &[u8], out: &mut Vec<i16>) {
        let table = self.table();
        out.extend(codes.iter().map(|code| table[*code as usize]));
    }

    const fn table(self) -> &'static [i16; 256] {
        match self {
            Law::A => &A_TABLE,
            Law::Mu => &MU_TABLE,
        }
    }
}

impl Codec for Law {
    fn encode(&mut self, samples: &[i16], out: &mut Vec<u8>) {
        Law::encode(*self, samples, out);
    }

    fn decode(&mut self, payload: &[u8], out: &mut Vec<i16>) {
        Law::decode(*self, payload, out);
    }

    fn sample_rate(&self) -> u32 {
        8_000
    }
}

static A_TABLE: [i16; 256] = table(Law::A);
static MU_TABLE: [i16; 256] = table(Law::Mu);

const fn table(law: Law) -> [i16; 256] {
    let mut table = [0; 256];
    let mut code = 0;
    while code < 256 {
        table[code] = match law {
            Law::A => decode_a(code as u8),
            Law::Mu => decode_mu(code as u8),
        };
        code += 1;
    }
    table
}

/// Sign, segment and four bits of the 13-bit magnitude; even bits inverted on the wire.
//= rfc3551#4.5.14/a-law MUST
//# Intervals of G.711 table 1 on the one's complement of negative samples; the inversion of even bits is the last step.
const fn encode_a(sample: i16) -> u8 {
    let magnitude = (sample ^ (sample >> 15)) as u16 >> 4; // 0 to 2047
    let bits = 16 - magnitude.leading_zeros();
    let code = if bits <= 5 {
        magnitude // segments 0 and 1 are linear: their bits stand as they are
    } else {
        ((bits - 4) << 4) as u16 | magnitude >> (bits - 5) & 0x0f
    };
    let sign = if sample < 0 { 0 } else { 0x80 };
    (code as u8 | sign) ^ 0x55
}

const fn decode_a(code: u8) -> i16 {
    let code = code ^ 0x55;
    let (segment, step) = ((code >> 4 & 7) as i16, (code & 0x0f) as i16);
    let magnitude = match segment {
        0 => step << 4 | 8,
        s => (step << 4 | 0x108) << (s - 1),
    };
    if code & 0x80 == 0 { -magnitude } else { magnitude }
}

/// Sign, segment and four bits of the 14-bit magnitude plus 33; all bits inverted on the wire.
//= rfc3551#4.5.14/mu-law MUST
//# Intervals of G.711 table 2 on the one's complement of negative samples, clipped at 8158; all bits are inverted.
const fn encode_mu(sample: i16) -> u8 {
    let linear = ((sample ^ (sample >> 15)) as u16 >> 2) + 33;
    let biased = if linear > 0x1fff { 0x1fff } else { linear };
    let segment = 10 - biased.leading_zeros(); // 33 has 6 bits, 0x1fff has 13
    let code = (segment << 4) as u16 | biased >> (segment + 1) & 0x0f;
    let sign = if sample < 0 { 0x80 } else { 0 };
    !(code as u8 | sign)
}

const fn decode_mu(code: u8) -> i16 {
    let code = !code;
    let (segment, step) = ((code >> 4 & 7) as i16, (code & 0x0f) as i16);
    let magnitude = (((step << 3) + 0x84) << segment) - 0x84;
    if code & 0x80 == 0 { magnitude } else { -magnitude }
}
