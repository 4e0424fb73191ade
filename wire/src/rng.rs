use std::fmt;

use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng};

/// The random generator that a machine gets in its constructor: ChaCha with 12 rounds, so that tags, branches and
/// nonces cannot be guessed when the seed is secret, and a run can be replayed when the seed is known.
///
/// ```
/// use wire::Rng;
/// let (mut a, mut b) = (Rng::from_u64(7), Rng::from_u64(7));
/// assert_eq!(a.token(16), b.token(16));
/// assert!(a.below(6) < 6);
/// ```
pub struct Rng(ChaCha12Rng);

impl Rng {
    /// A generator from 32 bytes: draw them from the operating system in a program.
    pub fn from_seed(seed: [u8; 32]) -> Rng {
        Rng(ChaCha12Rng::from_seed(seed))
    }

    /// A generator for a test or a simulation whose seed is printed.
    pub fn from_u64(seed: u64) -> Rng {
        Rng(ChaCha12Rng::seed_from_u64(seed))
    }

    /// An independent generator, for a part of the machine.
    pub fn split(&mut self) -> Rng {
        let mut seed = [0; 32];
        self.fill(&mut seed);
        Rng::from_seed(seed)
    }

    /// 32 random bits.
    pub fn u32(&mut self) -> u32 {
        self.0.next_u32()
    }

    /// 64 random bits.
    pub fn u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number from 0 to `n - 1`, without noticeable bias for `n` below 2^48; 0 when `n` is 0.
    pub fn below(&mut self, n: u64) -> u64 {
        ((u128::from(self.u64()) * u128::from(n)) >> 64) as u64
    }

    /// A number from 0 (included) to 1 (excluded).
    pub fn unit(&mut self) -> f64 {
        (self.u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// True with probability `p`.
    pub fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }

    /// Fills `buf` with random bytes.
    pub fn fill(&mut self, buf: &mut [u8]) {
        self.0.fill_bytes(buf);
    }

    /// `len` random characters from a to z, 2 to 7 (5 bits each), a token in every grammar here.
    pub fn token(&mut self, len: usize) -> String {
        const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
        let mut out = String::with_capacity(len);
        while out.len() < len {
            let mut bits = self.u64();
            for _ in 0..12.min(len - out.len()) {
                out.push(char::from(ALPHABET[(bits & 31) as usize]));
                bits >>= 5;
            }
        }
        out
    }
}

impl fmt::Debug for Rng {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Rng(..)") // the state would tell every future nonce
    }
}
