//! A point of the identifier circle: a number of 384 bits, as SHA-384 makes it.
use std::fmt;
use std::str::FromStr;

use serializer::Id;

//= chord#4.2/circle MUST
//# Nodes and keys are the same type of 384 bits, and every comparison is made clockwise.
/// A point of the identifier circle, 0 to 2^384 - 1. Nodes and keys of values share this space (paper section 4.2,
/// p2p wire format section 3.10).
///
/// The order is that of the numbers; on the circle only [`Key::distance`] and the interval tests mean something.
///
/// ```
/// use chord::Key;
/// let (a, b) = (Key::from(10), Key::from(250));
/// assert_eq!(a.distance(&b), Key::from(240));
/// assert_eq!(b.distance(&a).distance(&Key::ZERO), Key::from(240)); // the way back closes the circle
/// assert!(Key::from(3).is_between(&b, &a)); // past zero
/// assert_eq!(Key::from(58).to_string(), "21"); // base58, as on the wire
/// assert_eq!("21".parse(), Ok(Key::from(58)));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Key([u64; LIMBS]);

impl Key {
    /// The number of bits of a key, the paper's m.
    pub const BITS: u16 = 384;
    /// The number of bytes of a key.
    pub const BYTES: usize = 48;
    /// The point 0.
    pub const ZERO: Key = Key([0; LIMBS]);
    /// The last point before 0.
    pub const MAX: Key = Key([u64::MAX; LIMBS]);

    /// The key with these bytes, highest first.
    ///
    /// ```
    /// let bytes: [u8; 48] = std::array::from_fn(|i| i as u8);
    /// assert_eq!(chord::Key::from_bytes(&bytes).to_bytes(), bytes);
    /// ```
    pub fn from_bytes(bytes: &[u8; Key::BYTES]) -> Key {
        Key::reduce(bytes)
    }

    /// A number of any length, highest byte first, modulo 2^384: how the 512-bit keys of the old tables meet the circle.
    ///
    /// ```
    /// use chord::Key;
    /// assert_eq!(Key::reduce(&[2, 1]), Key::from(513));
    /// let mut long = [0xff; 64];
    /// long[63] = 7;
    /// assert_eq!(Key::reduce(&long).to_bytes()[..], long[16..]);
    /// ```
    pub fn reduce(bytes: &[u8]) -> Key {
        let mut limbs = [0; LIMBS];
        for (limb, chunk) in limbs.iter_mut().rev().zip(bytes.rchunks(8)) {
            *limb = chunk.iter().fold(0, |n, &b| n << 8 | u64::from(b));
        }
        Key(limbs)
    }

    /// The bytes of the key, highest first.
    pub fn to_bytes(&self) -> [u8; Key::BYTES] {
        let mut bytes = [0; Key::BYTES];
        for (to, limb) in bytes.chunks_exact_mut(8).zip(self.0) {
            to.copy_from_slice(&limb.to_be_bytes());
        }
        bytes
    }

    /// The highest 64 bits: enough to draw the circle, and a short name in logs.
    pub fn high(&self) -> u64 {
        self.0[0]
    }

    /// How far `to` lies ahead of this point, clockwise: `to - self` modulo 2^384.
    //= p2p#3.10/distance MUST
    //# Subtraction limb by limb; what is borrowed beyond the highest limb is dropped, which is the modulus.
    pub fn distance(&self, to: &Key) -> Key {
        let mut out = [0; LIMBS];
        let mut borrow = false;
        for ((out, a), b) in out.iter_mut().zip(to.0).zip(self.0).rev() {
            let (difference, first) = a.overflowing_sub(b);
            let (difference, second) = difference.overflowing_sub(u64::from(borrow));
            *out = difference;
            borrow = first || second;
        }
        Key(out)
    }

    /// The point `2^bit` ahead of this one, where the finger of that bit starts; from bit 384 on the point itself.
    ///
    /// ```
    /// use chord::Key;
    /// assert_eq!(Key::MAX.ahead(0), Key::ZERO);
    /// assert_eq!(Key::from(1).ahead(100).distance(&Key::from(1)), Key::ZERO.ahead(100).distance(&Key::ZERO));
    /// ```
    pub fn ahead(&self, bit: u16) -> Key {
        let mut out = self.0;
        let limb = LIMBS.checked_sub(1 + usize::from(bit / 64));
        let mut add = 1u64 << (bit % 64);
        for to in limb.and_then(|limb| out.get_mut(..=limb)).into_iter().flatten().rev() {
            let (sum, carry) = to.overflowing_add(add);
            *to = sum;
            add = u64::from(carry);
        }
        Key(out)
    }

    /// The point `part` sixteenths of the way from here to `to`, clockwise; the whole circle when they are equal.
    /// `part` is at most 16.
    pub(crate) fn toward(&self, to: &Key, part: u16) -> Key {
        let distance = self.distance(to);
        let mut sixteenth = distance.0;
        let mut carry = u64::from(*self == *to); // the circle itself is 1 followed by 384 zeros
        for limb in &mut sixteenth {
            let rest = *limb & 15;
            *limb = *limb >> 4 | carry << 60;
            carry = rest;
        }
        let mut point = *self;
        for _ in 0..part {
            point = point.plus(&sixteenth);
        }
        point
    }

    fn plus(&self, other: &[u64; LIMBS]) -> Key {
        let mut out = [0; LIMBS];
        let mut carry = 0u128;
        for ((out, a), b) in out.iter_mut().zip(self.0).zip(other).rev() {
            carry += u128::from(a) + u128::from(*b);
            *out = carry as u64;
            carry >>= 64;
        }
        Key(out)
    }

    /// The number of the highest bit that is set: the finger that a node at this distance belongs to. `None` for 0.
    ///
    /// ```
    /// use chord::Key;
    /// assert_eq!(Key::from(1).magnitude(), Some(0));
    /// assert_eq!(Key::MAX.magnitude(), Some(383));
    /// assert_eq!(Key::ZERO.magnitude(), None);
    /// ```
    pub fn magnitude(&self) -> Option<u16> {
        let limb = self.0.iter().position(|&limb| limb != 0)?;
        let zeros = 64 * limb as u16 + self.0[limb].leading_zeros() as u16;
        Some(Key::BITS - 1 - zeros)
    }

    /// Whether this point lies strictly between `from` and `to`, walking clockwise. From a point to itself is the
    /// whole circle without that point.
    ///
    /// ```
    /// use chord::Key;
    /// let (a, b) = (Key::from(1), Key::from(5));
    /// assert!(Key::from(3).is_between(&a, &b) && !Key::from(7).is_between(&a, &b));
    /// assert!(Key::from(7).is_between(&b, &a) && !b.is_between(&a, &b));
    /// assert!(b.is_between(&a, &a) && !a.is_between(&a, &a));
    /// ```
    pub fn is_between(&self, from: &Key, to: &Key) -> bool {
        if from < to { from < self && self < to } else { from < self || self < to && self != from }
    }

    /// Whether this point lies after `from` and not after `to`: whether the node `to` whose predecessor is `from` is
    /// responsible for it. From a point to itself is the whole circle.
    ///
    /// ```
    /// use chord::Key;
    /// let (a, b) = (Key::from(1), Key::from(5));
    /// assert!(b.is_within(&a, &b) && !a.is_within(&a, &b) && a.is_within(&b, &a) && a.is_within(&a, &a));
    /// ```
    pub fn is_within(&self, from: &Key, to: &Key) -> bool {
        if from < to { from < self && self <= to } else { from < self || self <= to }
    }
}

impl From<u64> for Key {
    fn from(n: u64) -> Key {
        Key([0, 0, 0, 0, 0, n])
    }
}

impl From<[u8; Key::BYTES]> for Key {
    fn from(bytes: [u8; Key::BYTES]) -> Key {
        Key::from_bytes(&bytes)
    }
}

/// The text is not a base58 number below 2^384.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyError;

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a base58 number of at most 384 bits")
    }
}

impl std::error::Error for KeyError {}

impl FromStr for Key {
    type Err = KeyError;

    /// Reads base58, as ids and keys stand on the wire (p2p wire format section 3.4).
    fn from_str(text: &str) -> Result<Key, KeyError> {
        if text.is_empty() || text.len() > MAX_TEXT {
            return Err(KeyError);
        }
        let mut limbs = [0; LIMBS];
        for c in text.bytes() {
            let digit = ALPHABET.iter().position(|&a| a == c).ok_or(KeyError)?;
            let mut carry = digit as u128;
            for limb in limbs.iter_mut().rev() {
                carry += u128::from(*limb) * 58;
                *limb = carry as u64;
                carry >>= 64;
            }
            if carry != 0 {
                return Err(KeyError);
            }
        }
        Ok(Key(limbs))
    }
}

impl fmt::Display for Key {
    /// Writes base58, as ids and keys stand on the wire.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut limbs = self.0;
        let mut digits = Vec::with_capacity(MAX_TEXT);
        while limbs != [0; LIMBS] || digits.is_empty() {
            let mut rest = 0;
            for limb in &mut limbs {
                let n = rest << 64 | u128::from(*limb);
                *limb = (n / 58) as u64;
                rest = n % 58;
            }
            digits.push(ALPHABET[rest as usize]);
        }
        digits.iter().rev().try_for_each(|&d| fmt::Write::write_char(f, char::from(d)))
    }
}

impl fmt::Debug for Key {
    /// The highest 48 bits, which is how logs tell keys apart.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:012x}..", self.high() >> 16)
    }
}

/// The point of the circle that belongs to a mesh id; `None` when the id is not a base58 number.
///
/// ```
/// use serializer::Id;
/// assert_eq!(chord::point_of(&Id::new("21").unwrap()), Some(chord::Key::from(58)));
/// assert_eq!(chord::point_of(&Id::new("no number").unwrap()), None);
/// ```
pub fn point_of(id: &Id) -> Option<Key> {
    Some(Key::reduce(&id.number()?.to_be_bytes()))
}

const LIMBS: usize = 6;
const ALPHABET: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
/// 58^66 is the first power above 2^384; more digits could only be leading zeros.
const MAX_TEXT: usize = 66;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_the_ends_and_nothing_else() {
        assert_eq!(Key::ZERO.to_string(), "1");
        assert_eq!("1".parse(), Ok(Key::ZERO));
        assert_eq!(Key::MAX.to_string().len(), MAX_TEXT);
        assert_eq!(Key::MAX.to_string().parse(), Ok(Key::MAX));
        for bad in ["", "0", "O", "a b", &"z".repeat(66), &"1".repeat(67)] {
            assert_eq!(bad.parse::<Key>(), Err(KeyError), "{bad}");
        }
    }

    //= chord#4.2/circle test
    //= p2p#3.10/distance test
    #[test]
    fn distance_borrows_across_limbs_and_around_zero() {
        let big = Key::ZERO.ahead(128);
        assert_eq!(Key::from(1).distance(&big).to_bytes()[31..], [&[0][..], &[0xff; 16]].concat());
        assert_eq!(big.distance(&Key::ZERO).distance(&Key::ZERO), big);
        assert_eq!(Key::MAX.distance(&Key::ZERO), Key::from(1));
    }
}
