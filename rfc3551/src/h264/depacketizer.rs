use std::collections::VecDeque;

use bytes::{Buf, Bytes, BytesMut};

use super::nal::{begins_picture, kind_of};
use super::{NalHeader, NalType, ParameterSets};

/// What a [`Depacketizer`] keeps at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one access unit. Default 4 MiB.
    pub bytes: usize,
    /// NAL units of one access unit. Default 1,024.
    pub nal_units: usize,
    /// Outputs that wait to be taken; beyond it the oldest is dropped. Default 64.
    pub outputs: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { bytes: 4 << 20, nal_units: 1024, outputs: 64 }
    }
}

/// Turns payloads back into access units: RFC 6184 section 7. Payloads go in in the order of their sequence numbers, as a
/// jitter buffer gives them out; a number that is missing is a loss.
///
/// An access unit that lost a part is dropped, and a key frame is asked for. What follows is given out marked
/// [`after_loss`](AccessUnit::after_loss) until a key frame has come.
#[derive(Clone, Debug)]
pub struct Depacketizer {
    limits: Limits,
    /// The sequence number that is next.
    expected: Option<u16>,
    unit: Option<Unit>,
    /// A NAL unit of which fragments have come: all so far, its first byte made up.
    fragments: Option<BytesMut>,
    sets: ParameterSets,
    after_loss: bool,
    queue: VecDeque<Output>,
    stats: DepacketizerStats,
}

/// The access unit that is being put together.
#[derive(Clone, Debug)]
struct Unit {
    timestamp: u32,
    nal_units: Vec<Bytes>,
    bytes: usize,
    /// A part is missing or invalid.
    damaged: bool,
    /// Packets are missing right before its first: perhaps its own.
    beginning_unsure: bool,
}

/// What comes out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// A whole access unit, with a picture in it.
    AccessUnit(AccessUnit),
    /// Something is missing: only a key frame makes the picture whole again.
    KeyFrameNeeded,
}

/// All NAL units of one time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessUnit {
    /// The RTP timestamp.
    pub timestamp: u32,
    /// The NAL units in decoding order, parameter sets included when they came along.
    pub nal_units: Vec<Bytes>,
    /// Whether it has an IDR picture.
    pub key_frame: bool,
    /// Whether something before it was lost, and no key frame has come since: it may refer to what is missing.
    pub after_loss: bool,
}

/// What a [`Depacketizer`] counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DepacketizerStats {
    /// Access units given out.
    pub access_units: u64,
    /// Access units dropped because a part of them was missing, invalid or beyond the limits.
    pub damaged: u64,
    /// Payloads dropped: of a type of other modes or of none, or malformed.
    pub invalid: u64,
    /// Packets that did not come.
    pub lost: u64,
    /// Packets that came again, or too late.
    pub late: u64,
}

impl Depacketizer {
    /// A depacketizer that has seen nothing.
    pub fn new(limits: Limits) -> Depacketizer {
        Depacketizer {
            limits,
            expected: None,
            unit: None,
            fragments: None,
            sets: ParameterSets::default(),
            after_loss: true,
            queue: VecDeque::new(),
            stats: DepacketizerStats::default(),
        }
    }

    /// Takes the payload of the packet with that sequence number, timestamp and marker.
    //= rfc6184#7.1/order MUST
    //# NAL units are passed on in the order of sequence numbers; a packet behind it is dropped.
    pub fn push(&mut self, sequence: u16, timestamp: u32, marker: bool, payload: &Bytes) {
        let gap = self.expected.map_or(0, |expected| sequence.wrapping_sub(expected));
        if gap >= 0x8000 {
            self.stats.late += 1;
            return;
        }
        let beginning_unsure = gap > 0 || self.expected.is_none();
        self.expected = Some(sequence.wrapping_add(1));
        if gap > 0 {
            self.lose(u64::from(gap), timestamp);
        }
        if self.unit.as_ref().is_some_and(|unit| unit.timestamp != timestamp) {
            self.finish();
        }
        self.unit.get_or_insert_with(|| Unit {
            timestamp,
            nal_units: Vec::new(),
            bytes: 0,
            damaged: false,
            beginning_unsure,
        });
        if !self.payload(payload) {
            self.stats.invalid += 1;
            self.damage();
        }
        //= rfc6184#5.1/marker-early MAY
        //# The marker ends an access unit without waiting for the next.
        //= rfc6184#5.1/marker-unsure MUST NOT
        //# An access unit also ends where the timestamp changes.
        if marker {
            self.finish();
        }
    }

    /// Takes the next output.
    pub fn pop(&mut self) -> Option<Output> {
        self.queue.pop_front()
    }

    /// Another source begins: what is incomplete is dropped, and the parameter sets with it.
    //= rfc6184#8.2.2/per-source MUST
    //# Nothing of one source remains for the next.
    //= rfc6184#8.4/per-source MUST
    //# One depacketizer a source, or a reset between them.
    pub fn reset(&mut self) {
        let (queue, stats) = (std::mem::take(&mut self.queue), self.stats);
        *self = Depacketizer { queue, stats, ..Depacketizer::new(self.limits) };
    }

    /// The parameter sets that came, for a sequence header.
    pub fn parameter_sets(&self) -> &ParameterSets {
        &self.sets
    }

    /// Takes parameter sets that came by other ways, as in `sprop-parameter-sets`.
    //= rfc6184#8.2.2/out-of-band MUST
    //# Parameter sets of the description are taken as if they had come in the stream.
    pub fn add_parameter_sets(&mut self, sets: &ParameterSets) {
        self.sets.merge(sets);
    }

    /// What was counted so far.
    pub fn stats(&self) -> DepacketizerStats {
        self.stats
    }

    /// Packets are missing before one of that timestamp.
    fn lose(&mut self, packets: u64, timestamp: u32) {
        self.stats.lost += packets;
        self.fragments = None;
        // The unit at hand has no marker yet: its end, or something in its middle, is among what is missing.
        if let Some(unit) = &mut self.unit {
            unit.damaged = true;
            if unit.timestamp != timestamp {
                self.finish();
            }
        }
        self.need_key_frame();
    }

    fn damage(&mut self) {
        self.fragments = None;
        if let Some(unit) = &mut self.unit {
            unit.damaged = true;
            // it is dropped in the end: nothing of it need be kept
            unit.nal_units = Vec::new();
        }
    }

    fn need_key_frame(&mut self) {
        self.after_loss = true;
        if self.queue.back() != Some(&Output::KeyFrameNeeded) {
            self.output(Output::KeyFrameNeeded);
        }
    }

    fn output(&mut self, output: Output) {
        if self.queue.len() >= self.limits.outputs.max(1) {
            self.queue.pop_front();
        }
        self.queue.push_back(output);
    }

    /// The access unit is complete.
    fn finish(&mut self) {
        let open_fragments = self.fragments.take().is_some();
        let Some(unit) = self.unit.take() else { return };
        let first = unit.nal_units.iter().find(|nal| kind_of(nal).is_coded_slice());
        //= rfc6184#5.8/lost SHOULD
        //# A unit of which a fragment is missing is dropped, with its whole picture.
        let damaged = unit.damaged
            || open_fragments
            || unit.beginning_unsure && first.is_some_and(|slice| !begins_picture(slice));
        if damaged {
            self.stats.damaged += 1;
            self.need_key_frame();
            return;
        }
        let only_sets = first.is_none();
        for nal in &unit.nal_units {
            self.sets.insert(nal);
        }
        if only_sets {
            return; // parameter sets that came alone are kept, and stand before the next key frame
        }
        let key_frame = unit.nal_units.iter().any(|nal| kind_of(nal) == NalType::Idr);
        self.after_loss &= !key_frame;
        self.stats.access_units += 1;
        self.output(Output::AccessUnit(AccessUnit {
            timestamp: unit.timestamp,
            nal_units: unit.nal_units,
            key_frame,
            after_loss: self.after_loss,
        }));
    }

    /// Takes one payload; false when it is invalid.
    //= rfc6184#6.2/receive MUST
    //# Single NAL units are taken in whatever mode.
    //= rfc6184#6.3/receive SHOULD
    //# So are the payloads of mode 1.
    fn payload(&mut self, payload: &Bytes) -> bool {
        let Some(header) = payload.first().map(|byte| NalHeader(*byte)) else { return false };
        if header.kind() != NalType::FuA && self.fragments.take().is_some() {
            return false; // the NAL unit before never ended
        }
        match header.kind() {
            NalType::StapA => self.aggregate(payload.slice(1..)),
            NalType::FuA => self.fragment(header, payload),
            kind if kind.is_nal_unit() => self.nal_unit(payload.clone()),
            //= rfc6184#5.4/reserved MUST
            //# Types 0, 30 and 31, and those of the interleaved mode, are ignored, and spoil their picture.
            _ => false,
        }
    }

    /// The NAL units of a STAP-A, after its first byte.
    fn aggregate(&mut self, mut rest: Bytes) -> bool {
        while rest.len() > 2 {
            let size = usize::from(rest.get_u16());
            if size > rest.len() {
                return false;
            }
            let nal = rest.split_to(size);
            if !nal.is_empty() && (!kind_of(&nal).is_nal_unit() || !self.nal_unit(nal)) {
                return false;
            }
        }
        true // one or two bytes at the end are somebody's padding
    }

    /// One FU-A, its first byte already looked at.
    //= rfc6184#5.8/receive-order MUST
    //# Fragments are joined in the order of sequence numbers; a gap or anything else between them ends that.
    //= rfc6184#5.8/reserved-ignored MUST
    //# The reserved bit is masked away.
    fn fragment(&mut self, indicator: NalHeader, payload: &Bytes) -> bool {
        let Some(&header) = payload.get(1) else { return false };
        let (start, end, kind) = (header & 0x80 != 0, header & 0x40 != 0, NalType::from_number(header & 0x1f));
        if !kind.is_nal_unit() || start == self.fragments.is_some() {
            return false;
        }
        let body = &payload[2..];
        let first = indicator.0 & 0xe0 | kind.number();
        let so_far = self.fragments.get_or_insert_with(|| BytesMut::from(&[first][..]));
        let known = self.unit.as_ref().map_or(0, |unit| unit.bytes);
        if so_far[0] & 0x1f != kind.number() || known + so_far.len() + body.len() > self.limits.bytes {
            return false;
        }
        so_far.extend_from_slice(body);
        match self.fragments.take_if(|_| end) {
            Some(nal) => self.nal_unit(nal.freeze()),
            None => true,
        }
    }

    /// One whole NAL unit; false when there are too many, or too many bytes of them.
    fn nal_unit(&mut self, nal: Bytes) -> bool {
        let Some(unit) = &mut self.unit else { return false };
        if unit.damaged {
            return true; // not worth keeping
        }
        unit.bytes += nal.len();
        if unit.bytes > self.limits.bytes || unit.nal_units.len() >= self.limits.nal_units {
            return false;
        }
        unit.nal_units.push(nal);
        true
    }
}
