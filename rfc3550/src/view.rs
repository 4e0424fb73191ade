use crate::ParseError;

/// An RTP data packet that was checked and stays where it is: every accessor reads the borrowed bytes.
///
/// The checks are those of RFC 3550 appendix A.1 that need no state: version, lengths, padding, and a payload type that
/// is not an RTCP report's. Costs no allocation; [`Packet`](crate::Packet) is the owned twin.
///
/// ```
/// use rfc3550::View;
/// let bytes = [0x80, 0x88, 0, 12, 0, 0, 0, 13, 0, 0, 0, 14, 0xaa, 0xbb];
/// let view = View::parse(&bytes).unwrap();
/// assert_eq!((view.payload_type(), view.marker(), view.sequence()), (8, true, 12));
/// assert_eq!((view.timestamp(), view.ssrc(), view.payload()), (13, 14, &[0xaa, 0xbb][..]));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View<'a> {
    bytes: &'a [u8],
    fixed: &'a [u8; FIXED],
    payload_start: u32,
    payload_end: u32,
}

/// Length in bytes of the header without contributing sources and extension.
pub(crate) const FIXED: usize = 12;

impl<'a> View<'a> {
    /// Checks one datagram.
    ///
    /// # Errors
    /// [`ParseError::Truncated`], [`ParseError::Version`], [`ParseError::ReservedPayloadType`] or
    /// [`ParseError::Padding`]: drop the datagram.
    //= rfc3550#A.1/header-checks SHOULD
    //# Version, report type, padding count and both variable lengths are checked here; a known payload type by Session.
    //= rfc3550#5.1/version MUST
    //# Any other version is an error, so that older protocols on the port are not mistaken for RTP.
    #[inline]
    pub fn parse(bytes: &'a [u8]) -> Result<View<'a>, ParseError> {
        let (fixed, rest) = bytes.split_first_chunk::<FIXED>().ok_or(ParseError::Truncated)?;
        let first = fixed[0];
        if first >> 6 != 2 {
            return Err(ParseError::Version(first >> 6));
        }
        //= rfc3550#12/reserved-types MUST
        //# 200 and 201 in the second byte (types 72 and 73 with marker) are refused: they are RTCP reports.
        if fixed[1] & 0xfe == 200 {
            return Err(ParseError::ReservedPayloadType);
        }
        let mut start = FIXED;
        let mut end = bytes.len();
        if first & 0x3f != 0 {
            // Rare in telephony: contributing sources, extension or padding.
            (start, end) = variable(bytes, rest, first)?;
        }
        Ok(View { bytes, fixed, payload_start: start as u32, payload_end: end as u32 })
    }

    /// The marker bit; the profile says what it means.
    #[inline]
    pub fn marker(&self) -> bool {
        self.fixed[1] & 0x80 != 0
    }

    /// The payload type, 0 to 127.
    #[inline]
    pub fn payload_type(&self) -> u8 {
        self.fixed[1] & 0x7f
    }

    /// The sequence number: one more for each packet sent, modulo 2^16.
    #[inline]
    pub fn sequence(&self) -> u16 {
        u16::from_be_bytes([self.fixed[2], self.fixed[3]])
    }

    /// The sampling instant of the payload's first sample, in ticks of the payload type's clock, from a random offset.
    #[inline]
    pub fn timestamp(&self) -> u32 {
        u32::from_be_bytes([self.fixed[4], self.fixed[5], self.fixed[6], self.fixed[7]])
    }

    /// The synchronization source.
    #[inline]
    pub fn ssrc(&self) -> u32 {
        u32::from_be_bytes([self.fixed[8], self.fixed[9], self.fixed[10], self.fixed[11]])
    }

    /// The contributing sources, at most 15.
    pub fn csrcs(&self) -> impl ExactSizeIterator<Item = u32> + 'a {
        let count = usize::from(self.fixed[0] & 0x0f);
        let list = self.bytes.get(FIXED..FIXED + 4 * count).unwrap_or_default();
        list.as_chunks::<4>().0.iter().map(|word| u32::from_be_bytes(*word))
    }

    /// The header extension: the profile's 16 bits and the data, a multiple of 4 bytes. Section 5.3.1.
    pub fn extension(&self) -> Option<(u16, &'a [u8])> {
        if self.fixed[0] & 0x10 == 0 {
            return None;
        }
        let at = FIXED + 4 * usize::from(self.fixed[0] & 0x0f);
        let head = self.bytes.get(at..at + 4)?;
        let data = self.bytes.get(at + 4..self.payload_start as usize)?;
        Some((u16::from_be_bytes([head[0], head[1]]), data))
    }

    /// The payload without padding.
    #[inline]
    pub fn payload(&self) -> &'a [u8] {
        self.bytes.get(self.payload_start as usize..self.payload_end as usize).unwrap_or_default()
    }

    /// How many bytes of padding follow the payload, its count byte included; 0 when the padding bit is clear.
    #[inline]
    pub fn padding(&self) -> u8 {
        (self.bytes.len() - self.payload_end as usize) as u8
    }

    /// The whole datagram.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    pub(crate) fn payload_range(&self) -> std::ops::Range<usize> {
        self.payload_start as usize..self.payload_end as usize
    }
}

/// Where the payload of a packet with contributing sources, extension or padding starts and ends.
fn variable(bytes: &[u8], rest: &[u8], first: u8) -> Result<(usize, usize), ParseError> {
    let mut start = FIXED + 4 * usize::from(first & 0x0f);
    if first & 0x10 != 0 {
        //= rfc3550#5.3.1/length MUST
        //# The length counts words after the four-byte extension header, so zero is a valid length.
        let head = rest.get(start - FIXED..).and_then(<[u8]>::first_chunk::<4>).ok_or(ParseError::Truncated)?;
        start += 4 + 4 * usize::from(u16::from_be_bytes([head[2], head[3]]));
    }
    if start > bytes.len() {
        return Err(ParseError::Truncated);
    }
    let mut end = bytes.len();
    if first & 0x20 != 0 {
        //= rfc3550#5.1/padding MUST
        //# The last byte counts the padding and itself; a count of zero or one that eats into the header is an error.
        let count = usize::from(*bytes.last().unwrap_or(&0));
        if count == 0 || count > end - start {
            return Err(ParseError::Padding);
        }
        end -= count;
    }
    Ok((start, end))
}
