use bytes::{BufMut, Bytes, BytesMut};

use super::extended::{MOD_EX, put_modifiers, put_track, take_fourcc, take_layout, take_modifiers, take_track};
use super::{AudioCodec, Error, FourCc, Layout, ModEx, Take, Video};

/// What an audio payload holds, for all of its tracks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AudioPacket {
    /// The decoder configuration.
    SequenceStart,
    /// Coded sound.
    CodedFrames,
    /// Nothing: the sequence is over. Enhanced form only.
    SequenceEnd,
    /// Which channel is which ([`Channels`](super::Channels)). Enhanced form only.
    MultichannelConfig,
}

const EX_HEADER: u8 = 9;
const MULTITRACK: u8 = 5;

impl AudioPacket {
    const fn number(self) -> u8 {
        match self {
            AudioPacket::SequenceStart => 0,
            AudioPacket::CodedFrames => 1,
            AudioPacket::SequenceEnd => 2,
            AudioPacket::MultichannelConfig => 4,
        }
    }

    //= e-rtmp#audio/packet-types MUST
    //# Numbers 0, 1, 2 and 4 are these packets, 5 and 7 are handled before, and what is reserved is an error.
    fn from_number(number: u8) -> Result<AudioPacket, Error> {
        Ok(match number {
            0 => AudioPacket::SequenceStart,
            1 => AudioPacket::CodedFrames,
            2 => AudioPacket::SequenceEnd,
            4 => AudioPacket::MultichannelConfig,
            other => return Err(Error::PacketType(other)),
        })
    }
}

/// What the old form says about the samples: FLV E.4.2.1. For AAC and Speex it is fixed and means nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Sound {
    /// 0 to 3: 5,512, 11,025, 22,050 or 44,100 Hz.
    pub rate: u8,
    /// Whether samples have 16 bits, not 8.
    pub wide: bool,
    /// Whether there are two channels.
    pub stereo: bool,
}

impl Sound {
    /// What every AAC payload says.
    pub const AAC: Sound = Sound { rate: 3, wide: true, stereo: true };

    /// Samples a second.
    ///
    /// ```
    /// use rtmp::tag::Sound;
    /// assert_eq!(Sound::AAC.hz(), 44_100);
    /// ```
    pub const fn hz(self) -> u32 {
        match self.rate {
            0 => 5_512,
            1 => 11_025,
            2 => 22_050,
            _ => 44_100,
        }
    }

    const fn bits(self) -> u8 {
        (self.rate & 3) << 2 | (self.wide as u8) << 1 | self.stereo as u8
    }

    const fn from_bits(bits: u8) -> Sound {
        Sound { rate: bits >> 2 & 3, wide: bits & 2 != 0, stereo: bits & 1 != 0 }
    }
}

/// The payload of an audio message or tag: FLV E.4.2, Enhanced RTMP's enhanced audio.
///
/// ```
/// use bytes::Bytes;
/// use rtmp::tag::{Audio, AudioCodec, AudioPacket};
/// let audio = Audio::parse(&Bytes::from_static(&[0xaf, 0, 0x12, 0x08]))?;
/// assert_eq!((audio.codec(), audio.packet), (AudioCodec::Aac, AudioPacket::SequenceStart));
/// let opus = Audio::frame(AudioCodec::Opus, Bytes::from_static(&[0xfc]));
/// assert_eq!(opus.to_bytes()[..], *b"\x91Opus\xfc");
/// # Ok::<(), rtmp::tag::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audio {
    /// What it holds.
    pub packet: AudioPacket,
    /// What the old form says about the samples; not printed in the enhanced form.
    pub sound: Sound,
    /// The first track, in most streams the only one.
    pub track: AudioTrack,
    /// The other tracks.
    pub more: Vec<AudioTrack>,
    /// Which form it has.
    pub layout: Layout,
    /// Modifiers: enhanced form only.
    pub modifiers: Vec<ModEx>,
}

/// One track of an audio payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AudioTrack {
    /// Its number; 0 where the layout gives none.
    pub id: u8,
    /// How it is coded.
    pub codec: AudioCodec,
    /// The configuration, the coded sound, or the channel configuration.
    pub data: Bytes,
}

impl Audio {
    /// A sequence header: old form for a codec that has a number, else enhanced.
    pub fn sequence_start(codec: AudioCodec, configuration: Bytes) -> Audio {
        Audio::new(AudioPacket::SequenceStart, codec, configuration)
    }

    /// Coded sound. For a codec whose old form says rate and width, set [`sound`](Audio::sound).
    pub fn frame(codec: AudioCodec, data: Bytes) -> Audio {
        Audio::new(AudioPacket::CodedFrames, codec, data)
    }

    fn new(packet: AudioPacket, codec: AudioCodec, data: Bytes) -> Audio {
        let layout = if codec.number().is_some() { Layout::Legacy } else { Layout::Enhanced };
        // What gateways and players write for the codecs of telephony: no rate, 16 bits, one channel.
        let sound = match codec {
            AudioCodec::Speex | AudioCodec::Pcma | AudioCodec::Pcmu => Sound { rate: 0, wide: true, stereo: false },
            _ => Sound::AAC,
        };
        let track = AudioTrack { id: 0, codec, data };
        Audio { packet, sound, track, more: Vec::new(), layout, modifiers: Vec::new() }
    }

    /// The same in the enhanced form, when its codec has a FourCC.
    #[must_use]
    pub fn enhanced(mut self) -> Audio {
        if self.layout == Layout::Legacy && self.codec().fourcc().is_some() {
            self.layout = Layout::Enhanced;
        }
        self
    }

    /// Parses a payload. The tracks' bytes share its memory.
    ///
    /// # Errors
    /// When it ends too early, or has a packet type or layout that is not defined. An unknown codec is no error.
    #[inline]
    pub fn parse(payload: &Bytes) -> Result<Audio, Error> {
        let mut rest = payload.clone();
        let first = rest.take_u8()?;
        //= e-rtmp#audio/ex-header MUST
        //# Sound format 9, which FLV had reserved, opens the enhanced form; its low half is then the packet type.
        if first >> 4 == EX_HEADER { enhanced(first, rest) } else { legacy(first, rest) }
    }

    /// The codec of the first track.
    pub const fn codec(&self) -> AudioCodec {
        self.track.codec
    }

    /// Whether it holds a decoder configuration.
    pub const fn is_sequence_header(&self) -> bool {
        matches!(self.packet, AudioPacket::SequenceStart)
    }

    /// All tracks, the first one first.
    pub fn tracks(&self) -> impl Iterator<Item = &AudioTrack> {
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
            Some(codec) if enhanced => self.encode_enhanced(codec, out),
            _ => self.encode_legacy(out),
        }
    }

    fn encode_legacy(&self, out: &mut BytesMut) {
        out.put_u8(self.codec().number().unwrap_or(0) << 4 | self.sound.bits());
        if self.codec() == AudioCodec::Aac {
            out.put_u8(u8::from(self.packet != AudioPacket::SequenceStart));
        }
        out.put_slice(&self.track.data);
    }

    fn encode_enhanced(&self, codec: FourCc, out: &mut BytesMut) {
        let Some(layout) = self.layout.number() else {
            put_modifiers(EX_HEADER, &self.modifiers, self.packet.number(), out);
            out.put_slice(&codec.0);
            return out.put_slice(&self.track.data);
        };
        put_modifiers(EX_HEADER, &self.modifiers, MULTITRACK, out);
        out.put_u8(layout << 4 | self.packet.number());
        if self.layout != Layout::ManyCodecs {
            out.put_slice(&codec.0);
        }
        for track in self.tracks() {
            let codec = track.codec.fourcc().unwrap_or(codec);
            put_track(self.layout, codec, track.id, out, |out| out.put_slice(&track.data));
            if self.layout == Layout::OneTrack {
                break; // nothing would end it before the next
            }
        }
    }
}

//= flv#E.4.2.1/header MUST
//# One byte holds format, rate, width and channels; AAC adds a byte that tells the configuration from sound.
fn legacy(first: u8, mut rest: Bytes) -> Result<Audio, Error> {
    let codec = AudioCodec::from_number(first >> 4);
    let packet = match codec {
        AudioCodec::Aac => match rest.take_u8()? {
            0 => AudioPacket::SequenceStart,
            1 => AudioPacket::CodedFrames,
            other => return Err(Error::PacketType(other)),
        },
        _ => AudioPacket::CodedFrames,
    };
    let track = AudioTrack { id: 0, codec, data: rest };
    let (sound, layout) = (Sound::from_bits(first & 15), Layout::Legacy);
    Ok(Audio { packet, sound, track, more: Vec::new(), layout, modifiers: Vec::new() })
}

fn enhanced(first: u8, mut rest: Bytes) -> Result<Audio, Error> {
    let (modifiers, number) = match first & 15 {
        MOD_EX => take_modifiers(MOD_EX, &mut rest)?,
        packet => (Vec::new(), packet),
    };
    let sound = Sound::AAC;
    if number != MULTITRACK {
        let packet = AudioPacket::from_number(number)?;
        let codec = AudioCodec::from_fourcc(take_fourcc(&mut rest)?);
        let track = AudioTrack { id: 0, codec, data: rest };
        return Ok(Audio { packet, sound, track, more: Vec::new(), layout: Layout::Enhanced, modifiers });
    }
    let (layout, number) = take_layout(MULTITRACK, &mut rest)?;
    let packet = AudioPacket::from_number(number)?;
    let common = if layout == Layout::ManyCodecs { None } else { Some(take_fourcc(&mut rest)?) };
    let mut next = || {
        let (codec, id, data) = take_track(layout, common, &mut rest)?;
        Ok((AudioTrack { id, codec: AudioCodec::from_fourcc(codec), data }, rest.is_empty()))
    };
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
    Ok(Audio { packet, sound, track, more, layout, modifiers })
}
