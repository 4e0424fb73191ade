use std::collections::BTreeMap;

use bytes::Bytes;

use super::nal::kind_of;
use super::{NalType, ProfileLevelId};

/// The sequence and picture parameter sets of a stream, the newest of each id: without them no picture can be decoded.
///
/// ```
/// use bytes::Bytes;
/// use rfc3551::h264::ParameterSets;
/// let mut sets = ParameterSets::default();
/// assert!(sets.insert(&Bytes::from_static(b"\x67\x42\xc0\x1e\x80")));
/// assert!(!sets.insert(&Bytes::from_static(b"\x67\x42\xc0\x1e\x80"))); // nothing new
/// assert!(!sets.is_complete());
/// assert!(sets.insert(&Bytes::from_static(b"\x68\x80")));
/// assert!(sets.is_complete());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ParameterSets {
    sps: BTreeMap<u32, Bytes>,
    pps: BTreeMap<u32, Bytes>,
}

/// Ids of sequence parameter sets are below this; those of picture parameter sets below eight times as many.
const MAX_SPS: u32 = 32;
const MAX_PPS: u32 = 256;

/// The longest parameter set that is kept, in bytes: real ones have 10 to 100, so that all that fit into the ids are a
/// bounded burden.
const MAX_LEN: usize = 1024;

impl ParameterSets {
    /// Those among `nals`, anything else ignored.
    pub fn new<'a>(nals: impl IntoIterator<Item = &'a Bytes>) -> ParameterSets {
        let mut sets = ParameterSets::default();
        for nal in nals {
            sets.insert(nal);
        }
        sets
    }

    /// Takes a NAL unit if it is a parameter set with a valid id of at most 1,024 bytes. Whether that changed anything.
    pub fn insert(&mut self, nal: &Bytes) -> bool {
        let (sets, id) = match kind_of(nal) {
            NalType::Sps => (&mut self.sps, exp_golomb(nal.get(4..)).filter(|id| *id < MAX_SPS)),
            NalType::Pps => (&mut self.pps, exp_golomb(nal.get(1..)).filter(|id| *id < MAX_PPS)),
            _ => return false,
        };
        let Some(id) = id.filter(|_| nal.len() <= MAX_LEN) else { return false };
        if sets.get(&id) == Some(nal) {
            return false;
        }
        // a copy, so that a few bytes do not hold on to the datagram or message that they came in
        sets.insert(id, Bytes::copy_from_slice(nal));
        true
    }

    /// Takes all of `other`. Whether that changed anything.
    pub fn merge(&mut self, other: &ParameterSets) -> bool {
        other.iter().fold(false, |changed, nal| self.insert(nal) | changed)
    }

    /// Whether there is at least one of each kind.
    pub fn is_complete(&self) -> bool {
        !self.sps.is_empty() && !self.pps.is_empty()
    }

    /// The sequence parameter sets by id.
    pub fn sps(&self) -> impl Iterator<Item = &Bytes> {
        self.sps.values()
    }

    /// The picture parameter sets by id.
    pub fn pps(&self) -> impl Iterator<Item = &Bytes> {
        self.pps.values()
    }

    /// All of them, sequence parameter sets first, as a decoder wants them.
    pub fn iter(&self) -> impl Iterator<Item = &Bytes> {
        self.sps().chain(self.pps())
    }

    /// Profile and level of the first sequence parameter set.
    pub fn profile_level_id(&self) -> Option<ProfileLevelId> {
        self.sps().next()?.get(1..4)?.try_into().ok().map(ProfileLevelId)
    }
}

/// The unsigned Exp-Golomb number at the start of `bytes`, up to 16 bits; the ids here are all below that.
fn exp_golomb(bytes: Option<&[u8]>) -> Option<u32> {
    let mut word = [0; 8];
    let bytes = bytes?;
    let len = bytes.len().min(8);
    word[..len].copy_from_slice(&bytes[..len]);
    let word = u64::from_be_bytes(word);
    let zeros = word.leading_zeros();
    if zeros > 15 || bytes.len() * 8 < 2 * zeros as usize + 1 {
        return None;
    }
    Some((word >> (63 - 2 * zeros)) as u32 - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_any_length_and_their_ends() {
        for (bytes, expected) in [
            (&[0x80][..], Some(0)),
            (&[0x40], Some(1)),
            (&[0x60], Some(2)),
            (&[0x20], Some(3)),
            (&[0x08, 0x00], Some(15)),
            (&[0x00, 0x80, 0x40], Some(255)),
            (&[], None),
            (&[0x00], None),
            (&[0x08], None),
            (&[0, 0, 0, 0], None),
        ] {
            assert_eq!(exp_golomb(Some(bytes)), expected, "{bytes:x?}");
        }
        assert_eq!(exp_golomb(None), None);
    }
}
