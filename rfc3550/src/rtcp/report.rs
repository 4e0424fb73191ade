use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};

use super::{count_of, take_u32};
use crate::ntp::from_units;
use crate::{EncodeError, NtpTime, ParseError};

/// A sender report: RFC 3550 section 6.4.1.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SenderReport {
    /// Who reports.
    pub ssrc: u32,
    /// What it sent.
    pub info: SenderInfo,
    /// What it heard, at most 31 blocks.
    pub reports: Vec<ReportBlock>,
    /// The profile's extension after the blocks: a multiple of 4 bytes. Section 6.4.3.
    pub extension: Bytes,
}

/// What a sender says about its own stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SenderInfo {
    /// When the report was sent.
    pub ntp: NtpTime,
    /// The same instant on the clock of the sender's RTP timestamps.
    pub rtp: u32,
    /// RTP packets sent since the start.
    pub packets: u32,
    /// Payload bytes sent since the start, without headers and padding.
    pub octets: u32,
}

impl SenderReport {
    pub(super) fn parse(count: u8, mut body: Bytes) -> Result<SenderReport, ParseError> {
        let fixed = body.first_chunk::<24>().ok_or(ParseError::Truncated)?;
        let word = |at: usize| u32::from_be_bytes([fixed[at], fixed[at + 1], fixed[at + 2], fixed[at + 3]]);
        let info = SenderInfo {
            ntp: NtpTime(u64::from(word(4)) << 32 | u64::from(word(8))),
            rtp: word(12),
            packets: word(16),
            octets: word(20),
        };
        let ssrc = word(0);
        bytes::Buf::advance(&mut body, 24);
        let reports = ReportBlock::parse_list(count, &mut body)?;
        Ok(SenderReport { ssrc, info, reports, extension: body })
    }

    pub(super) fn write(&self, out: &mut BytesMut) -> Result<u8, EncodeError> {
        out.put_u32(self.ssrc);
        out.put_u64(self.info.ntp.0);
        out.put_u32(self.info.rtp);
        out.put_u32(self.info.packets);
        out.put_u32(self.info.octets);
        write_blocks(&self.reports, &self.extension, out)
    }
}

/// A receiver report: RFC 3550 section 6.4.2.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReceiverReport {
    /// Who reports.
    pub ssrc: u32,
    /// What it heard, at most 31 blocks.
    pub reports: Vec<ReportBlock>,
    /// The profile's extension after the blocks: a multiple of 4 bytes.
    pub extension: Bytes,
}

impl ReceiverReport {
    pub(super) fn parse(count: u8, mut body: Bytes) -> Result<ReceiverReport, ParseError> {
        let ssrc = take_u32(&mut body).ok_or(ParseError::Truncated)?;
        let reports = ReportBlock::parse_list(count, &mut body)?;
        Ok(ReceiverReport { ssrc, reports, extension: body })
    }

    pub(super) fn write(&self, out: &mut BytesMut) -> Result<u8, EncodeError> {
        out.put_u32(self.ssrc);
        write_blocks(&self.reports, &self.extension, out)
    }
}

/// What a participant heard from one source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReportBlock {
    /// The source that was heard.
    pub ssrc: u32,
    /// Packets lost since the previous report, in 1/256 of those expected.
    pub fraction_lost: u8,
    /// Packets lost since the first one heard; negative when duplicates outnumber losses. 24 bits on the wire, clamped.
    pub lost: i32,
    /// The highest sequence number heard, with the count of its cycles in the upper 16 bits.
    pub highest: u32,
    /// The interarrival jitter in ticks of the source's RTP clock.
    pub jitter: u32,
    /// The middle 32 bits of the NTP time in the source's last sender report; 0 for none.
    pub last_sr: u32,
    /// Time from that report's arrival to this one's departure, in 1/65536 s; 0 for none.
    pub delay_since_last_sr: u32,
}

impl ReportBlock {
    /// The time to the reporter and back, when this block arrives at `now`; `None` when it answers no report, or when
    /// the numbers make no sense. Section 6.4.1.
    ///
    /// ```
    /// use rfc3550::{NtpTime, rtcp::ReportBlock};
    /// use std::time::Duration;
    /// let block = ReportBlock { last_sr: 0xb705_2000, delay_since_last_sr: 0x0005_4000, ..Default::default() };
    /// let now = NtpTime(0xb44d_b710_8000_0000);
    /// assert_eq!(block.round_trip(now), Some(Duration::from_millis(6125)));
    /// ```
    //= rfc3550#6.4.1/rtt MAY
    //# Arrival minus LSR minus DLSR in units of 2^-16 s; a difference in the upper half of the range is no delay.
    pub fn round_trip(&self, now: NtpTime) -> Option<Duration> {
        if self.last_sr == 0 {
            return None;
        }
        let units = now.middle().wrapping_sub(self.last_sr).wrapping_sub(self.delay_since_last_sr);
        // A little below zero is rounding on both sides, not a broken peer.
        match units as i32 {
            n if n >= 0 => Some(from_units(units)),
            -66..0 => Some(Duration::ZERO),
            _ => None,
        }
    }

    fn parse_list(count: u8, body: &mut Bytes) -> Result<Vec<ReportBlock>, ParseError> {
        let len = usize::from(count) * 24;
        if len > body.len() {
            return Err(ParseError::Count);
        }
        let list = body.split_to(len);
        Ok(list.as_chunks::<24>().0.iter().map(ReportBlock::of_bytes).collect())
    }

    fn of_bytes(bytes: &[u8; 24]) -> ReportBlock {
        let word = |at: usize| u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        ReportBlock {
            ssrc: word(0),
            fraction_lost: bytes[4],
            lost: (word(4) << 8) as i32 >> 8, // 24 bits with sign
            highest: word(8),
            jitter: word(12),
            last_sr: word(16),
            delay_since_last_sr: word(20),
        }
    }

    fn write(&self, out: &mut BytesMut) {
        out.put_u32(self.ssrc);
        //= rfc3550#A.3/clamp SHOULD
        //# A loss beyond 24 bits stays at the largest or smallest number instead of changing its sign.
        let lost = self.lost.clamp(-0x80_0000, 0x7f_ffff);
        out.put_u32(u32::from(self.fraction_lost) << 24 | lost as u32 & 0xff_ffff);
        out.put_u32(self.highest);
        out.put_u32(self.jitter);
        out.put_u32(self.last_sr);
        out.put_u32(self.delay_since_last_sr);
    }
}

fn write_blocks(reports: &[ReportBlock], extension: &Bytes, out: &mut BytesMut) -> Result<u8, EncodeError> {
    let count = count_of(reports)?;
    if !extension.len().is_multiple_of(4) {
        return Err(EncodeError::Unaligned);
    }
    reports.iter().for_each(|block| block.write(out));
    out.put_slice(extension);
    Ok(count)
}
