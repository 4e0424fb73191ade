//! The digest handshake. No document of the protocol's owners describes it; what stands here is what programs do.
use ring::hmac;
use wire::Rng;

use super::{PACKET, Packet};

/// Length of a digest in bytes.
pub const DIGEST: usize = 32;

/// Where a first packet carries its digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Scheme {
    /// In the first half, at an offset that bytes 8 to 11 tell.
    #[default]
    Zero,
    /// In the second half, at an offset that bytes 772 to 775 tell.
    One,
}

/// Whose packet it is: the two have keys of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// C1 and C2.
    Client,
    /// S1 and S2.
    Server,
}

impl Scheme {
    /// The offset of the digest in that packet, in bytes.
    ///
    /// ```
    /// use rtmp::handshake::digest::Scheme;
    /// let mut packet = [0; 1536];
    /// assert_eq!(Scheme::One.offset(&packet), 776);
    /// packet[8..12].fill(255);
    /// assert_eq!(Scheme::Zero.offset(&packet), 12 + 255 * 4 % 728);
    /// ```
    //= digest-handshake#2/offset MUST
    //# The sum of four bytes, modulo 728, plus 12 in the first half and 776 in the second: the digest never leaves its half.
    pub fn offset(self, packet: &[u8; PACKET]) -> usize {
        let at = match self {
            Scheme::Zero => 8,
            Scheme::One => 772,
        };
        let sum: usize = packet[at..at + 4].iter().map(|byte| usize::from(*byte)).sum();
        at + 4 + sum % 728
    }
}

/// The digest that a first packet carries and where, if it is the right one in either scheme.
//= digest-handshake#2/either MUST
//# Both places are tried; a packet with neither is one of the simple handshake.
pub fn find(packet: &[u8; PACKET], side: Side) -> Option<(Scheme, [u8; DIGEST])> {
    [Scheme::Zero, Scheme::One].into_iter().find_map(|scheme| {
        let expected = digest_at(packet, scheme.offset(packet), side);
        let digest = packet[scheme.offset(packet)..].first_chunk()?;
        (expected == *digest).then_some((scheme, expected))
    })
}

/// Writes the digest into a first packet, and returns it.
pub fn sign(packet: &mut [u8; PACKET], scheme: Scheme, side: Side) -> [u8; DIGEST] {
    let offset = scheme.offset(packet);
    let digest = digest_at(packet, offset, side);
    packet[offset..offset + DIGEST].copy_from_slice(&digest);
    digest
}

/// A second packet: random bytes, and at their end a digest that answers the other side's.
pub fn answer(digest: &[u8; DIGEST], side: Side, rng: &mut Rng) -> [u8; PACKET] {
    let mut packet = [0; PACKET];
    let (random, end) = packet.split_at_mut(PACKET - DIGEST);
    rng.fill(random);
    end.copy_from_slice(&answer_of(random, digest, side));
    packet
}

/// Whether a second packet answers the digest that we sent.
pub fn answers(packet: &[u8; PACKET], digest: &[u8; DIGEST], side: Side) -> bool {
    let (random, end) = packet.split_at(PACKET - DIGEST);
    end == answer_of(random, digest, side)
}

//= digest-handshake#2/digest MUST
//# HMAC-SHA256 over the packet without the 32 bytes of the digest, under the readable part of the side's key.
fn digest_at(packet: &Packet, offset: usize, side: Side) -> [u8; DIGEST] {
    let key = match side {
        Side::Client => CLIENT,
        Side::Server => SERVER,
    };
    hmac(key, &[&packet[..offset], &packet[offset + DIGEST..]])
}

//= digest-handshake#3/answer MUST
//# Two steps: the whole key over the other side's digest makes the key for the random bytes.
fn answer_of(random: &[u8], digest: &[u8; DIGEST], side: Side) -> [u8; DIGEST] {
    let key = match side {
        Side::Client => [CLIENT, &TAIL].concat(),
        Side::Server => [SERVER, &TAIL].concat(),
    };
    hmac(&hmac(&key, &[digest]), &[random])
}

fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; DIGEST] {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key));
    for part in parts {
        context.update(part);
    }
    let mut digest = [0; DIGEST];
    digest.copy_from_slice(context.sign().as_ref());
    digest
}

const CLIENT: &[u8] = b"Genuine Adobe Flash Player 001";
const SERVER: &[u8] = b"Genuine Adobe Flash Media Server 001";
/// What follows either of them in the whole key.
const TAIL: [u8; 32] = [
    0xf0, 0xee, 0xc2, 0x4a, 0x80, 0x68, 0xbe, 0xe8, 0x2e, 0x00, 0xd0, 0xd1, 0x02, 0x9e, 0x7e, 0x57, 0x6e, 0xec, 0x5d,
    0x2d, 0x29, 0x80, 0x6f, 0xab, 0x93, 0xb8, 0xe6, 0x36, 0xcf, 0xeb, 0x31, 0xae,
];
