use bytes::{BufMut, Bytes, BytesMut};

use super::extended::{MOD_EX, put_modifiers, put_track, take_fourcc, take_layout, take_modifiers, take_track};
use super::{Error, FourCc, Layout, ModEx, Take, VideoCodec};

/// What a picture needs: FLV E.4.3.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FrameType {
    /// Nothing that came before: decoding can start here.
    Key,
    /// Pictures that came before.
    Inter,
    /// Pictures before, and nothing needs it: it may be left out.
    Disposable,
    /// A key frame that a server made.
    Generated,
    /// No picture, a command to the player.
    Command,
    /// Another number, 0 to 7 in the enhanced form, 0 to 15 in the old one.
    Other(u8),
}

impl FrameType {
    const fn number(self) -> u8 {
        match self {
            FrameType::Key => 1,
            FrameType::Inter => 2,
            FrameType::Disposable => 3,
            FrameType::Generated => 4,
            FrameType::Command => 5,
            FrameType::Other(number) => number,
        }
    }

    const fn from_number(number: u8) -> FrameType {
        match number {
            1 => FrameType::Key,
            2 => FrameType::Inter,
            3 => FrameType::Disposable,
            4 => FrameType::Generated,
            5 => FrameType::Command,
            other => FrameType::Other(other),
        }
    }
}

/// What a video payload holds, for all of its tracks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum VideoPacket {
    /// The decoder configuration.
    SequenceStart,
    /// Coded pictures, with a composition time where the codec reorders.
    CodedFrames,
    /// Nothing: the sequence is over.
    SequenceEnd,
    /// Coded pictures whose composition time is zero and left out: enhanced form only.
    CodedFramesX,
    /// Values in AMF about the pictures, such as their colours: enhanced form only.
    Metadata,
    /// The decoder configuration as MPEG-2 TS has it: enhanced form only.
    Mpeg2TsSequenceStart,
    /// A command to the player: 0 when a seek begins on the client's side, 1 when it is over.
    Command(u8),
}

const MULTITRACK: u8 = 6;

impl VideoPacket {
    /// Whether it holds coded pictures.
    pub const fn is_frames(self) -> bool {
        matches!(self, VideoPacket::CodedFrames | VideoPacket::CodedFramesX)
    }

    const fn number(self) -> u8 {
        match self {
            VideoPacket::SequenceStart | VideoPacket::Command(_) => 0,
            VideoPacket::CodedFrames => 1,
            VideoPacket::SequenceEnd => 2,
            VideoPacket::CodedFramesX => 3,
            VideoPacket::Metadata => 4,
            VideoPacket::Mpeg2TsSequenceStart => 5,
        }
    }

    //= e-rtmp#video/packet-types MUST
    //# Numbers 0 to 5 are these six packets, 6 and 7 are handled before, and what is reserved is an error, told by its number.
    fn from_number(number: u8) -> Result<VideoPacket, Error> {
        Ok(match number {
            0 => VideoPacket::SequenceStart,
            1 => VideoPacket::CodedFrames,
            2 => VideoPacket::SequenceEnd,
            3 => VideoPacket::CodedFramesX,
            4 => VideoPacket::Metadata,
            5 => VideoPacket::Mpeg2TsSequenceStart,
            other => return Err(Error::PacketType(other)),
        })
    }
}

/// The payload of a video message or tag: FLV E.4.3, Enhanced RTMP's enhanced video.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Video {
    /// What a picture needs.
    pub frame: FrameType,
    /// What it holds.
    pub packet: VideoPacket,
    /// The first track, in most streams the only one.
    pub track: VideoTrack,
    /// The other tracks.
    pub more: Vec<VideoTrack>,
    /// Which form it has.
    pub layout: Layout,
    /// Modifiers: enhanced form only.
    pub modifiers: Vec<ModEx>,
}

/// One track of a video payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VideoTrack {
    /// Its number; 0 where the layout gives none.
    pub id: u8,
    /// How it is coded. Of a command in the enhanced form, `Number(0)`.
    pub codec: VideoCodec,
    /// Milliseconds from decoding to showing, -8,388,608 to 8,388,607; 0 where the codec does not reorder.
    pub composition: i32,
    /// The configuration, the coded picture (of H.264 and H.265: NAL units behind their lengths), or the metadata.
    pub data: Bytes,
}

impl Video {
    /// The most tracks that one payload may carry here.
    pub const TRACKS: usize = 64;

    /// A sequence header: old form for H.264, as every program knows it, else enhanced.
    ///
    /// ```
    /// use bytes::Bytes;
    /// use rtmp::tag::{Video, VideoCodec};
    /// let av1 = Video::sequence_start(VideoCodec::Av1, Bytes::from_static(&[0x81, 0, 0, 0]));
    /// assert_eq!(av1.to_bytes()[..], *b"\x90av01\x81\0\0\0");
    /// ```
    pub fn sequence_start(codec: VideoCodec, configuration: Bytes) -> Video {
        Video::new(FrameType::Key, VideoPacket::SequenceStart, codec, 0, configuration)
    }

    /// A coded picture, shown `composition` ms after its timestamp.
    pub fn frame(codec: VideoCodec, key: bool, composition: i32, data: Bytes) -> Video {
        let frame = if key { FrameType::Key } else { FrameType::Inter };
        Video::new(frame, VideoPacket::CodedFrames, codec, composition, data)
    }

    /// The end of a sequence.
    pub fn sequence_end(codec: VideoCodec) -> Video {
        Video::new(FrameType::Key, VideoPacket::SequenceEnd, codec, 0, Bytes::new())
    }

    fn new(frame: FrameType, packet: VideoPacket, codec: VideoCodec, composition: i32, data: Bytes) -> Video {
        // H.265 has a number by custom only: what can read it at all reads the FourCC today.
        let legacy = codec.number().is_some() && codec != VideoCodec::Hevc;
        let layout = if legacy { Layout::Legacy } else { Layout::Enhanced };
        let track = VideoTrack { id: 0, codec, composition, data };
        Video { frame, packet, track, more: Vec::new(), layout, modifiers: Vec::new() }
    }

    /// The same in the enhanced form, when its codec has a FourCC. A composition time of zero is left out.
    #[must_use]
    pub fn enhanced(mut self) -> Video {
        if self.layout == Layout::Legacy && self.codec().fourcc().is_some() {
            self.layout = Layout::Enhanced;
            if self.packet == VideoPacket::CodedFrames && self.codec().reorders() && self.track.composition == 0 {
                self.packet = VideoPacket::CodedFramesX;
            }
        }
        self
    }

    /// Parses a payload. The tracks' bytes share its memory.
    ///
    /// # Errors
    /// When it ends too early, or has a packet type or layout that is not defined. An unknown codec is no error.
    #[inline]
    pub fn parse(payload: &Bytes) -> Result<Video, Error> {
        let mut rest = payload.clone();
        let first = rest.take_u8()?;
        //= e-rtmp#video/ex-header MUST
        //# The highest bit of the first byte chooses the form; without it the payload reads as FLV always had it.
        if first & 0x80 == 0 { legacy(first, rest) } else { enhanced(first, rest) }
    }

    /// The codec of the first track.
    pub const fn codec(&self) -> VideoCodec {
        self.track.codec
    }

    /// Whether decoding can start at this picture: a key frame, and no sequence header.
    pub const fn is_key_frame(&self) -> bool {
        matches!(self.frame, FrameType::Key | FrameType::Generated) && self.packet.is_frames()
    }

    /// Whether it holds a decoder configuration.
    pub const fn is_sequence_header(&self) -> bool {
        matches!(self.packet, VideoPacket::SequenceStart | VideoPacket::Mpeg2TsSequenceStart)
    }

    /// All tracks, the first one first.
    pub fn tracks(&self) -> impl Iterator<Item = &VideoTrack> {
        std::iter::once(&self.track).chain(&self.more)
    }

    /// Nanoseconds to add to the message's timestamp.
    pub fn nanos(&self) -> u32 {
        self.modifiers.iter().find_map(ModEx::as_nanos).unwrap_or(0)
    }

    /// Prints it as a payload. A codec that has no name in the payload's form is printed in the other form.
    pub fn to_bytes(&self) -> Bytes {
        let mut out = BytesMut::with_capacity(16 + self.track.data.len());
        self.encode(&mut out);
        out.freeze()
    }

    /// Appends it to `out` as a payload.
    pub fn encode(&self, out: &mut BytesMut) {
        let enhanced = self.layout.is_enhanced() || self.codec().number().is_none();
        match self.codec().fourcc() {
            _ if enhanced && matches!(self.packet, VideoPacket::Command(_)) => {
                self.encode_enhanced(FourCc([0; 4]), out)
            }
            Some(codec) if enhanced => self.encode_enhanced(codec, out),
            _ => self.encode_legacy(out),
        }
    }

    fn encode_legacy(&self, out: &mut BytesMut) {
        out.put_u8(self.frame.number() << 4 | self.codec().number().unwrap_or(0));
        if let VideoPacket::Command(command) = self.packet {
            return out.put_u8(command);
        }
        if self.codec().reorders() {
            let packet = if self.packet.is_frames() { 1 } else { self.packet.number().min(2) };
            out.put_u8(packet);
            put_composition(self.track.composition, out);
        }
        out.put_slice(&self.track.data);
    }

    fn encode_enhanced(&self, codec: FourCc, out: &mut BytesMut) {
        let high = 8 | self.frame.number() & 7;
        let Some(layout) = self.layout.number() else {
            put_modifiers(high, &self.modifiers, self.packet.number(), out);
            if let VideoPacket::Command(command) = self.packet {
                return out.put_u8(command);
            }
            out.put_slice(&codec.0);
            return self.track.encode_body(self.packet, out);
        };
        put_modifiers(high, &self.modifiers, MULTITRACK, out);
        out.put_u8(layout << 4 | self.packet.number());
        if self.layout != Layout::ManyCodecs {
            out.put_slice(&codec.0);
        }
        for track in self.tracks() {
            let codec = track.codec.fourcc().unwrap_or(codec);
            put_track(self.layout, codec, track.id, out, |out| track.encode_body(self.packet, out));
            if self.layout == Layout::OneTrack {
                break; // nothing would end it before the next
            }
        }
    }
}

impl VideoTrack {
    fn encode_body(&self, packet: VideoPacket, out: &mut BytesMut) {
        if packet == VideoPacket::CodedFrames && self.codec.reorders() {
            put_composition(self.composition, out);
        }
        out.put_slice(&self.data);
    }

    fn of_body(packet: VideoPacket, codec: VideoCodec, id: u8, mut data: Bytes) -> Result<VideoTrack, Error> {
        //= e-rtmp#video/composition MUST
        //# Coded frames of codecs that reorder begin with 24 signed bits; all other packets have no such field.
        let composition = match packet {
            VideoPacket::CodedFrames if codec.reorders() => take_composition(&mut data)?,
            _ => 0,
        };
        Ok(VideoTrack { id, codec, composition, data })
    }
}

fn take_composition(rest: &mut Bytes) -> Result<i32, Error> {
    Ok((rest.take_u24()? << 8) as i32 >> 8) // the shift back spreads the sign
}

fn put_composition(composition: i32, out: &mut BytesMut) {
    let composition = composition.clamp(-0x80_0000, 0x7f_ffff);
    out.put_slice(&composition.to_be_bytes()[1..]);
}

//= flv#E.4.3.1/header MUST
//# One byte holds frame type and codec; H.264 adds packet type and composition time before its data.
fn legacy(first: u8, mut rest: Bytes) -> Result<Video, Error> {
    let frame = FrameType::from_number(first >> 4);
    let codec = VideoCodec::from_number(first & 15);
    let mut composition = 0;
    let packet = if frame == FrameType::Command {
        VideoPacket::Command(rest.take_u8()?)
    } else if codec.reorders() {
        let packet = match rest.take_u8()? {
            0 => VideoPacket::SequenceStart,
            1 => VideoPacket::CodedFrames,
            2 => VideoPacket::SequenceEnd,
            other => return Err(Error::PacketType(other)),
        };
        // Some encoders end a sequence with two bytes only.
        if !(packet == VideoPacket::SequenceEnd && rest.is_empty()) {
            composition = take_composition(&mut rest)?;
        }
        packet
    } else {
        VideoPacket::CodedFrames
    };
    let track = VideoTrack { id: 0, codec, composition, data: rest };
    Ok(Video { frame, packet, track, more: Vec::new(), layout: Layout::Legacy, modifiers: Vec::new() })
}

fn enhanced(first: u8, mut rest: Bytes) -> Result<Video, Error> {
    let frame = FrameType::from_number(first >> 4 & 7);
    let (modifiers, number) = match first & 15 {
        MOD_EX => take_modifiers(MOD_EX, &mut rest)?,
        packet => (Vec::new(), packet),
    };
    //= e-rtmp#video/command MUST
    //# A command frame that is no metadata has one byte behind its header, and neither codec nor tracks.
    if frame == FrameType::Command && number != VideoPacket::Metadata.number() {
        let packet = VideoPacket::Command(rest.take_u8()?);
        let track = VideoTrack { id: 0, codec: VideoCodec::Number(0), composition: 0, data: rest };
        return Ok(Video { frame, packet, track, more: Vec::new(), layout: Layout::Enhanced, modifiers });
    }
    if number != MULTITRACK {
        let packet = VideoPacket::from_number(number)?;
        let codec = VideoCodec::from_fourcc(take_fourcc(&mut rest)?);
        let track = VideoTrack::of_body(packet, codec, 0, rest)?;
        return Ok(Video { frame, packet, track, more: Vec::new(), layout: Layout::Enhanced, modifiers });
    }
    let (layout, number) = take_layout(MULTITRACK, &mut rest)?;
    let packet = VideoPacket::from_number(number)?;
    let common = if layout == Layout::ManyCodecs { None } else { Some(take_fourcc(&mut rest)?) };
    let mut next = || {
        let (codec, id, data) = take_track(layout, common, &mut rest)?;
        let track = VideoTrack::of_body(packet, VideoCodec::from_fourcc(codec), id, data)?;
        Ok((track, rest.is_empty()))
    };
    //= e-rtmp#multitrack/tracks MUST
    //# Tracks are read one behind the other, each with its length, until the payload ends; the first must be there.
    let (track, mut last) = next()?;
    let mut more = Vec::new();
    while !last {
        if more.len() + 1 == Video::TRACKS {
            return Err(Error::TooMany);
        }
        let (track, end) = next()?;
        more.push(track);
        last = end;
    }
    Ok(Video { frame, packet, track, more, layout, modifiers })
}
