use std::fmt;

use bytes::{BufMut, Bytes, BytesMut};

use super::nal::kind_of;
use super::{Mode, NalHeader, NalType, ParameterSets};

/// Turns access units into payloads: RFC 6184 section 6.
///
/// It remembers the parameter sets that pass, and sends all of them before each IDR picture that comes without: whoever
/// joins late can decode from there. The payloads of a picture all have its timestamp.
#[derive(Clone, Debug)]
pub struct Packetizer {
    mode: Mode,
    max_payload: usize,
    sets: ParameterSets,
}

/// The payload of one packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payload {
    /// What goes after the RTP header.
    pub payload: Bytes,
    /// Whether it is the last of its access unit.
    //= rfc6184#5.1/marker MUST
    //# Set on the last payload of an access unit and no other.
    pub marker: bool,
}

/// A NAL unit does not fit into one payload, and the mode has no way to cut it. Nothing was made of its access unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong(
    /// Its length in bytes.
    pub usize,
);

impl fmt::Display for TooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a NAL unit of {} bytes does not fit into a payload, and mode 0 cuts none", self.0)
    }
}

impl std::error::Error for TooLong {}

impl Packetizer {
    /// A packetizer whose payloads have at most `max_payload` bytes, and no less than 16. In mode 0 that is the longest
    /// NAL unit too: give more than fits the path, up to 65,000, if rather than not at all it may go out as IP fragments.
    pub fn new(mode: Mode, max_payload: usize) -> Packetizer {
        Packetizer { mode, max_payload: max_payload.max(16), sets: ParameterSets::default() }
    }

    /// Takes parameter sets from elsewhere: a sequence header, or SDP. They are sent before the next IDR picture.
    pub fn add_parameter_sets(&mut self, sets: &ParameterSets) {
        self.sets.merge(sets);
    }

    /// The parameter sets known so far.
    pub fn parameter_sets(&self) -> &ParameterSets {
        &self.sets
    }

    /// Forgets the parameter sets: another stream begins.
    pub fn reset(&mut self) {
        self.sets = ParameterSets::default();
    }

    /// The payloads of one access unit, given as its NAL units in decoding order. Delimiters, filler, empty units, and
    /// those of types that only payloads have, are left out; without any other there is no payload.
    ///
    /// # Errors
    /// [`TooLong`] in mode 0.
    //= rfc6184#5.5/transmission-order MUST
    //# NAL units leave in the order in which they were given, which is the decoding order.
    //= rfc6184#5.6/order MUST
    //# Single NAL units too.
    //= rfc6184#6.2/order MUST
    //# In both modes.
    //= rfc6184#6.3/order MUST
    //# In both modes.
    //= rfc6184#5.5/order-in-aggregate MUST
    //# Neighbours are put together, never others.
    //= rfc6184#6.1/decoding-order SHOULD
    //# Nothing is sorted anew.
    pub fn packetize(&mut self, nals: &[Bytes]) -> Result<Vec<Payload>, TooLong> {
        let nals = self.with_parameter_sets(nals);
        let mut payloads = Vec::with_capacity(nals.len());
        let mut rest = &nals[..];
        while let Some(first) = rest.first() {
            let together = if self.mode == Mode::SingleNal { 1 } else { self.fitting(rest) };
            match together {
                2.. => payloads.push(aggregate(&rest[..together])),
                //= rfc6184#5.6/one MUST
                //# The unit itself is the payload, without a copy.
                //= rfc6184#6.3/kinds MAY
                //# STAP-A for neighbours that fit, FU-A for what does not, single units otherwise.
                //= rfc6184#6.3/no-others MUST NOT
                //# These three arms are all that makes payloads.
                _ if first.len() <= self.max_payload => payloads.push(first.clone()),
                //= rfc6184#6.2/no-others MUST NOT
                //# In mode 0 an access unit that would need a fragment is refused, and nothing is aggregated.
                _ if self.mode == Mode::SingleNal => return Err(TooLong(first.len())),
                _ => fragment(first, self.max_payload, &mut payloads),
            }
            rest = &rest[together.max(1)..];
        }
        let last = payloads.len().saturating_sub(1);
        let mark = |(n, payload)| Payload { payload, marker: n == last };
        Ok(payloads.into_iter().enumerate().map(mark).collect())
    }

    /// The NAL units to send: with parameter sets before an IDR picture that has none.
    fn with_parameter_sets(&mut self, nals: &[Bytes]) -> Vec<Bytes> {
        //= rfc6184#5.4/reserved-sent SHOULD NOT
        //# Units of types that are none are left out.
        //= rfc6184#5.7/no-fragments MUST NOT
        //# What comes in with the type of a payload is no unit, and goes into none.
        let sent = |nal: &&Bytes| {
            let kind = kind_of(nal);
            kind.is_nal_unit() && !matches!(kind, NalType::Delimiter | NalType::Filler)
        };
        let nals: Vec<Bytes> = nals.iter().filter(sent).cloned().collect();
        for nal in &nals {
            self.sets.insert(nal);
        }
        let has = |kind| nals.iter().any(|nal| kind_of(nal) == kind);
        //= rfc6184#6.1/duplicates MAY
        //# All parameter sets are repeated before each IDR picture that brings none.
        //= rfc6184#6.1/duplicates-harmless MUST NOT
        //# What is repeated is the newest of each id, byte for byte.
        //= rfc6184#8.4/in-band-first SHOULD
        //# Parameter sets stand before the picture that needs them, in the packets right before it.
        //= rfc6184#8.2.2/in-band MUST
        //# They always are in the stream, whatever the description has.
        //= rfc6184#8.2.2/additional MAY
        //# They always are in the stream.
        if has(NalType::Idr) && !(has(NalType::Sps) && has(NalType::Pps)) {
            let others = nals.iter().filter(|nal| !matches!(kind_of(nal), NalType::Sps | NalType::Pps));
            return self.sets.iter().chain(others).cloned().collect();
        }
        nals
    }

    /// How many of the first NAL units fit into one payload together.
    //= rfc6184#5.7/fits MUST
    //# A unit joins only as long as all fit the largest payload.
    //= rfc6184#5.7/mtu SHOULD
    //# The largest payload is the caller's knowledge of the path.
    fn fitting(&self, nals: &[Bytes]) -> usize {
        let mut len = 1;
        let fits = |nal: &&Bytes| {
            len += 2 + nal.len();
            len <= self.max_payload && nal.len() <= usize::from(u16::MAX)
        };
        nals.iter().take_while(fits).count()
    }
}

/// One STAP-A of several NAL units.
//= rfc6184#5.7/type MUST
//# Type 24.
//= rfc6184#5.7/f-bit MUST
//# The F bits are or-ed together.
//= rfc6184#5.7/nri MUST
//# The greatest of the units'.
//= rfc6184#5.7/one-time MUST
//# All units are of one access unit and so of one time.
//= rfc6184#5.7/not-nested MUST NOT
//# What goes in has types below 24.
//= rfc6184#5.7.1/use SHOULD
//# Neighbours that fit one payload together share it.
fn aggregate(nals: &[Bytes]) -> Bytes {
    let mut payload = BytesMut::with_capacity(1 + nals.iter().map(|nal| 2 + nal.len()).sum::<usize>());
    let headers = || nals.iter().filter_map(|nal| nal.first().copied());
    let damaged = headers().fold(0, |f, header| f | header & 0x80);
    let importance = headers().map(|header| header & 0x60).max().unwrap_or(0);
    payload.put_u8(damaged | importance | NalType::StapA.number());
    for nal in nals {
        payload.put_u16(nal.len() as u16); // what is longer was not taken in
        payload.put_slice(nal);
    }
    payload.freeze()
}

/// The FU-As of one NAL unit that is longer than `max_payload`, of nearly equal sizes.
//= rfc6184#5.8/consecutive MUST
//# The fragments follow each other in one list.
//= rfc6184#5.8/whole MUST
//# The pieces are chunks of the body: each byte is in one of them.
//= rfc6184#5.8/nri MUST
//# F and NRI of the unit are those of each indicator.
//= rfc6184#5.8/not-alone MUST NOT
//# A unit that fits is never fragmented, so that there are two pieces or more.
//= rfc6184#5.8/reserved MUST
//# The header has only start, end and type.
//= rfc6184#5.8/not-nested MUST NOT
//# What is cut is a NAL unit, never a payload.
//= rfc6184#5.8/fu-b MUST NOT
//# The only type of fragment here is FU-A.
//= rfc6184#5.8/sizes MAY
//# All pieces but the last have the same size.
fn fragment(nal: &Bytes, max_payload: usize, payloads: &mut Vec<Bytes>) {
    let header = NalHeader(nal[0]);
    let indicator = header.0 & 0xe0 | NalType::FuA.number();
    let body = &nal[1..];
    let pieces = body.len().div_ceil(max_payload - 2);
    let size = body.len().div_ceil(pieces);
    for (n, piece) in body.chunks(size).enumerate() {
        let start = u8::from(n == 0) << 7;
        let end = u8::from((n + 1) * size >= body.len()) << 6;
        let mut payload = BytesMut::with_capacity(2 + piece.len());
        payload.put_slice(&[indicator, start | end | header.kind().number()]);
        payload.put_slice(piece);
        payloads.push(payload.freeze());
    }
}
