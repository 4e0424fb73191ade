//! Whole numbers in base58 as the p2p ids write them (p2p section 3.4): the digits of Bitcoin's alphabet, most significant
//! first. Unlike Bitcoin's addresses a leading zero byte leaves no trace: the text is the number, and 0 is `1`.

use crate::Error;

/// The 58 digits in the order of their values.
//= p2p#3.4/digits MUST
//# In the order of their values.
pub const ALPHABET: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/// The longest text that [`decode`] takes: the work grows with the square of it. A number of 512 bits has 88 digits.
pub const MAX_DIGITS: usize = 1024;

/// The digits of the number whose big-endian bytes are `number`; leading zero bytes change nothing.
///
/// ```
/// use serializer::base58;
/// assert_eq!(base58::encode(&[255]), "5Q");
/// assert_eq!(base58::encode(&[0, 0, 255]), "5Q");
/// assert_eq!(base58::encode(&[]), "1");
/// ```
//= p2p#3.4/whole-number MUST
//# Digits of zeros in front are cut off, and an empty text becomes the digit of 0.
pub fn encode(number: &[u8]) -> String {
    // Groups of five digits, least significant first: 58^5 and a remainder times 2^32 fit a u64 with room to spare.
    let mut groups: Vec<u32> = Vec::with_capacity(number.len() / 3 + 1);
    for &byte in number {
        let mut carry = u64::from(byte);
        for group in &mut groups {
            carry += u64::from(*group) << 8;
            *group = (carry % GROUP) as u32;
            carry /= GROUP;
        }
        if carry > 0 {
            groups.push(carry as u32);
        }
    }
    let mut digits: Vec<u8> = Vec::with_capacity(groups.len() * 5 + 1);
    for mut group in groups {
        for _ in 0..5 {
            digits.push(ALPHABET[group as usize % 58]);
            group /= 58;
        }
    }
    let length = digits.iter().rposition(|&digit| digit != ALPHABET[0]).map_or(0, |last| last + 1);
    if length == 0 {
        return "1".into();
    }
    digits.iter().take(length).rev().map(|&digit| char::from(digit)).collect()
}

/// The big-endian bytes of the number that `text` writes, without leading zeros: none at all for 0.
///
/// ```
/// use serializer::{Error, base58};
/// assert_eq!(base58::decode("5R"), Ok(vec![1, 0]));
/// assert_eq!(base58::decode("1"), Ok(vec![]));
/// assert_eq!(base58::decode("115R"), Ok(vec![1, 0]));
/// assert_eq!(base58::decode("l"), Err(Error::Digit('l')));
/// ```
///
/// # Errors
/// [`Error::Digit`] for a character outside the alphabet, [`Error::IdTooLong`] beyond [`MAX_DIGITS`].
pub fn decode(text: &str) -> Result<Vec<u8>, Error> {
    if text.len() > MAX_DIGITS {
        return Err(Error::IdTooLong);
    }
    let mut words: Vec<u32> = Vec::with_capacity(text.len() * 3 / 16 + 1); // least significant first
    for c in text.chars() {
        let mut carry = u64::from(digit(c).ok_or(Error::Digit(c))?);
        for word in &mut words {
            carry += u64::from(*word) * 58;
            *word = carry as u32;
            carry >>= 32;
        }
        if carry > 0 {
            words.push(carry as u32);
        }
    }
    let mut bytes: Vec<u8> = words.iter().rev().flat_map(|word| word.to_be_bytes()).collect();
    let zeros = bytes.iter().take_while(|&&byte| byte == 0).count();
    bytes.drain(..zeros);
    Ok(bytes)
}

const GROUP: u64 = 58 * 58 * 58 * 58 * 58;

/// The value of a digit, by its place in the alphabet.
fn digit(c: char) -> Option<u8> {
    let value = VALUES.get(usize::try_from(u32::from(c)).ok()?)?;
    (*value < 58).then_some(*value)
}

const VALUES: [u8; 128] = {
    let mut values = [u8::MAX; 128];
    let mut at = 0;
    while at < ALPHABET.len() {
        values[ALPHABET[at] as usize] = at as u8;
        at += 1;
    }
    values
};
