use std::fmt;

use crate::{Error, base58};

/// A whole number of up to 512 bits: a node's id (384 bits) or the key of a table (up to 512) as a number, for distances.
/// Ordered by value; arithmetic is modulo 2^512.
///
/// ```
/// use serializer::Number;
/// let (a, b) = (Number::from(3), Number::from(5));
/// assert_eq!(b.wrapping_sub(a), Number::from(2));
/// assert_eq!(a.wrapping_sub(b).low_bits(384).to_be_bytes()[16..], { // 2^384 - 2
///     let mut bytes = [0xff; 48];
///     bytes[47] = 0xfe;
///     bytes
/// });
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Number([u64; 8]); // most significant first, so that the derived order is that of the values

impl Number {
    /// Zero.
    pub const ZERO: Number = Number([0; 8]);
    /// 2^512 - 1.
    pub const MAX: Number = Number([u64::MAX; 8]);

    /// The number of those big-endian bytes; `None` when it needs more than 512 bits.
    ///
    /// ```
    /// use serializer::Number;
    /// assert_eq!(Number::from_be_bytes(&[1, 0]), Some(Number::from(256)));
    /// assert_eq!(Number::from_be_bytes(&[1; 65]), None);
    /// ```
    pub fn from_be_bytes(bytes: &[u8]) -> Option<Number> {
        let zeros = bytes.iter().take_while(|&&byte| byte == 0).count();
        let bytes = bytes.get(zeros..)?;
        let mut padded = [0; 64];
        let start = padded.len().checked_sub(bytes.len())?;
        padded.get_mut(start..)?.copy_from_slice(bytes);
        let mut limbs = [0; 8];
        for (limb, chunk) in limbs.iter_mut().zip(padded.chunks_exact(8)) {
            *limb = chunk.iter().fold(0, |limb, &byte| limb << 8 | u64::from(byte));
        }
        Some(Number(limbs))
    }

    /// The 64 big-endian bytes.
    ///
    /// ```
    /// assert_eq!(serializer::Number::from(258).to_be_bytes()[62..], [1, 2]);
    /// ```
    pub fn to_be_bytes(&self) -> [u8; 64] {
        let mut bytes = [0; 64];
        for (chunk, limb) in bytes.chunks_exact_mut(8).zip(self.0) {
            chunk.copy_from_slice(&limb.to_be_bytes());
        }
        bytes
    }

    /// The number that `text` writes in base58.
    ///
    /// ```
    /// use serializer::Number;
    /// let number = Number::from_base58("jpXCZedGfVQ").unwrap();
    /// assert_eq!(number, Number::from(u64::MAX));
    /// assert_eq!(number.to_base58(), "jpXCZedGfVQ");
    /// ```
    ///
    /// # Errors
    /// As [`base58::decode`], and [`Error::NumberTooLarge`] beyond 512 bits.
    pub fn from_base58(text: &str) -> Result<Number, Error> {
        Number::from_be_bytes(&base58::decode(text)?).ok_or(Error::NumberTooLarge)
    }

    /// The digits of the number in base58; `1` for 0.
    ///
    /// ```
    /// assert_eq!(serializer::Number::from(256).to_base58(), "5R");
    /// ```
    pub fn to_base58(&self) -> String {
        base58::encode(&self.to_be_bytes())
    }

    /// `self + other` modulo 2^512.
    ///
    /// ```
    /// use serializer::Number;
    /// assert_eq!(Number::MAX.wrapping_add(Number::from(3)), Number::from(2));
    /// ```
    pub fn wrapping_add(self, other: Number) -> Number {
        let mut sum = Number::ZERO;
        let mut carry = false;
        for ((out, a), b) in sum.0.iter_mut().zip(self.0).zip(other.0).rev() {
            let (partial, over) = a.overflowing_add(b);
            let (limb, over_again) = partial.overflowing_add(u64::from(carry));
            *out = limb;
            carry = over || over_again;
        }
        sum
    }

    /// `self - other` modulo 2^512.
    ///
    /// ```
    /// use serializer::Number;
    /// assert_eq!(Number::ZERO.wrapping_sub(Number::from(1)), Number::MAX);
    /// ```
    pub fn wrapping_sub(self, other: Number) -> Number {
        let mut difference = Number::ZERO;
        let mut borrow = false;
        for ((out, a), b) in difference.0.iter_mut().zip(self.0).zip(other.0).rev() {
            let (partial, under) = a.overflowing_sub(b);
            let (limb, under_again) = partial.overflowing_sub(u64::from(borrow));
            *out = limb;
            borrow = under || under_again;
        }
        difference
    }

    /// The number modulo 2^`bits`.
    ///
    /// ```
    /// use serializer::Number;
    /// assert_eq!(Number::from(0x1234).low_bits(8), Number::from(0x34));
    /// assert_eq!(Number::MAX.low_bits(512), Number::MAX);
    /// ```
    pub fn low_bits(self, bits: u32) -> Number {
        let mut low = self;
        for (limb, above) in low.0.iter_mut().rev().zip((0u32..).step_by(64)) {
            let keep = bits.saturating_sub(above).min(64);
            *limb &= u64::MAX.checked_shr(64 - keep).unwrap_or(0);
        }
        low
    }

    /// 2^`exponent`, or 0 from 2^512 on.
    ///
    /// ```
    /// use serializer::Number;
    /// assert_eq!(Number::power_of_two(10), Number::from(1024));
    /// assert_eq!(Number::power_of_two(512), Number::ZERO);
    /// ```
    pub fn power_of_two(exponent: u32) -> Number {
        let mut power = Number::ZERO;
        for (limb, above) in power.0.iter_mut().rev().zip((0u32..).step_by(64)) {
            *limb = exponent.checked_sub(above).and_then(|shift| 1u64.checked_shl(shift)).unwrap_or(0);
        }
        power
    }

    fn shifted_left(self, bits: u32) -> Number {
        let (limbs, rest) = (usize::try_from(bits / 64).unwrap_or(usize::MAX), bits % 64);
        let mut shifted = Number::ZERO;
        for (at, out) in shifted.0.iter_mut().enumerate() {
            let limb = |extra: usize| {
                at.checked_add(limbs).and_then(|at| at.checked_add(extra)).and_then(|at| self.0.get(at)).copied()
            };
            let low = limb(1).unwrap_or(0).checked_shr(64 - rest).unwrap_or(0);
            *out = limb(0).unwrap_or(0) << rest | low;
        }
        shifted
    }
}

impl std::ops::Shl<u32> for Number {
    type Output = Number;

    /// `self` times 2^`bits`, modulo 2^512.
    ///
    /// ```
    /// use serializer::Number;
    /// assert_eq!(Number::from(3) << 70, Number::power_of_two(70).wrapping_add(Number::power_of_two(71)));
    /// ```
    fn shl(self, bits: u32) -> Number {
        self.shifted_left(bits)
    }
}

impl From<u64> for Number {
    fn from(number: u64) -> Number {
        Number([0, 0, 0, 0, 0, 0, 0, number])
    }
}

impl fmt::Display for Number {
    /// In base58.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.to_base58())
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Number({})", self.to_base58())
    }
}
