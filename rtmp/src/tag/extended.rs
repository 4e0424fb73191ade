//! What the enhanced headers of audio and video have in common: modifiers, and layouts of several tracks.

use bytes::{BufMut, Bytes, BytesMut};

use super::{Error, FourCc, Take};

/// Which form a payload has, and how many tracks it carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Layout {
    /// The old form: a codec number, one track.
    Legacy,
    /// The enhanced form with one track, which has no number.
    Enhanced,
    /// One track with a number.
    OneTrack,
    /// Several tracks of one codec.
    ManyTracks,
    /// Several tracks, each with a codec of its own.
    ManyCodecs,
}

impl Layout {
    /// Whether codecs are named by FourCC.
    pub const fn is_enhanced(self) -> bool {
        !matches!(self, Layout::Legacy)
    }

    pub(super) fn from_number(number: u8) -> Result<Layout, Error> {
        match number {
            0 => Ok(Layout::OneTrack),
            1 => Ok(Layout::ManyTracks),
            2 => Ok(Layout::ManyCodecs),
            other => Err(Error::MultitrackType(other)),
        }
    }

    /// The number of a multitrack layout; `None` for the two others.
    pub(super) const fn number(self) -> Option<u8> {
        match self {
            Layout::Legacy | Layout::Enhanced => None,
            Layout::OneTrack => Some(0),
            Layout::ManyTracks => Some(1),
            Layout::ManyCodecs => Some(2),
        }
    }
}

/// A modifier ahead of an enhanced payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModEx {
    /// 0 is a time offset in nanoseconds; the other numbers, up to 15, mean nothing yet.
    pub kind: u8,
    /// 1 to 65,536 bytes.
    pub data: Bytes,
}

impl ModEx {
    /// The most modifiers that one payload may carry here.
    pub const MAX: usize = 16;

    /// A time offset, in nanoseconds after the message's timestamp; at most 999,999.
    pub fn nanos(nanos: u32) -> ModEx {
        ModEx { kind: 0, data: Bytes::copy_from_slice(&nanos.min(999_999).to_be_bytes()[1..]) }
    }

    /// The time offset, if this is one.
    ///
    /// ```
    /// use rtmp::tag::ModEx;
    /// assert_eq!(ModEx::nanos(250_000).as_nanos(), Some(250_000));
    /// ```
    pub fn as_nanos(&self) -> Option<u32> {
        let nanos = self.data.clone().take_u24().ok()?;
        (self.kind == 0).then_some(nanos)
    }
}

/// The number that stands for a modifier in place of a packet type, for audio and for video.
pub(super) const MOD_EX: u8 = 7;

/// Reads modifiers as long as `packet` says that one follows; gives them and the packet type at last.
///
/// # Errors
/// When the payload ends, or with more of them than [`ModEx::MAX`].
//= e-rtmp#modex/modex MUST
//# Modifiers are read until another packet type stands behind one; kinds that mean nothing are kept as they are.
pub(super) fn take_modifiers(mut packet: u8, rest: &mut Bytes) -> Result<(Vec<ModEx>, u8), Error> {
    let mut modifiers = Vec::new();
    while packet == MOD_EX {
        if modifiers.len() == ModEx::MAX {
            return Err(Error::TooMany);
        }
        //= e-rtmp#modex/modex-size MUST
        //# 255 in the byte means that two more bytes hold the length; each length counts from one.
        let size = match rest.take_u8()? {
            255 => usize::from(rest.take_u16()?) + 1,
            size => usize::from(size) + 1,
        };
        let data = rest.take_bytes(size)?;
        let byte = rest.take_u8()?;
        modifiers.push(ModEx { kind: byte >> 4, data });
        packet = byte & 15;
    }
    Ok((modifiers, packet))
}

/// Writes the first byte with `high` in its upper half, the modifiers, and `packet` where the reader looks for it.
pub(super) fn put_modifiers(high: u8, modifiers: &[ModEx], packet: u8, out: &mut BytesMut) {
    let mut upper = high << 4;
    for modifier in modifiers.iter().filter(|m| !m.data.is_empty()) {
        out.put_u8(upper | MOD_EX);
        let data = &modifier.data[..modifier.data.len().min(65_536)];
        let size = data.len() - 1;
        if size < 255 {
            out.put_u8(size as u8);
        } else {
            out.put_u8(255);
            out.put_u16(size as u16);
        }
        out.put_slice(data);
        upper = modifier.kind << 4;
    }
    out.put_u8(upper | packet);
}

/// Reads the header of a multitrack payload: how its tracks lie, and the packet type of all of them.
pub(super) fn take_layout(multitrack: u8, rest: &mut Bytes) -> Result<(Layout, u8), Error> {
    let byte = rest.take_u8()?;
    let packet = byte & 15;
    //= e-rtmp#multitrack/no-nesting MUST NOT
    //# A multitrack packet type within a multitrack payload is refused, so nothing recurses; so is a modifier there.
    if packet == multitrack {
        return Err(Error::NestedMultitrack);
    }
    if packet == MOD_EX {
        return Err(Error::PacketType(packet));
    }
    Ok((Layout::from_number(byte >> 4)?, packet))
}

pub(super) fn take_fourcc(rest: &mut Bytes) -> Result<FourCc, Error> {
    Ok(FourCc(rest.take_u32()?.to_be_bytes()))
}

/// Reads one track: its codec, its number and its bytes. `common` is the codec of all tracks, when they have one.
pub(super) fn take_track(
    layout: Layout,
    common: Option<FourCc>,
    rest: &mut Bytes,
) -> Result<(FourCc, u8, Bytes), Error> {
    let codec = match common {
        Some(codec) => codec,
        None => take_fourcc(rest)?,
    };
    let id = rest.take_u8()?;
    let data = match layout {
        Layout::ManyTracks | Layout::ManyCodecs => {
            let size = rest.take_u24()?;
            rest.take_bytes(size as usize)?
        }
        _ => std::mem::take(rest),
    };
    Ok((codec, id, data))
}

/// Writes one track, whose bytes `body` appends.
pub(super) fn put_track(layout: Layout, codec: FourCc, id: u8, out: &mut BytesMut, body: impl FnOnce(&mut BytesMut)) {
    if layout == Layout::ManyCodecs {
        out.put_slice(&codec.0);
    }
    out.put_u8(id);
    if layout == Layout::OneTrack {
        return body(out);
    }
    let mut data = BytesMut::new();
    body(&mut data);
    data.truncate(0xff_ffff);
    out.put_uint(data.len() as u64, 3);
    out.put_slice(&data);
}
