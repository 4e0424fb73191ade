use bytes::{BufMut, Bytes, BytesMut};

use super::{Error, Take};

/// Which loudspeaker each channel of a track belongs to: the data of [`AudioPacket::MultichannelConfig`].
///
/// ```
/// use rtmp::tag::{ChannelOrder, Channels};
/// let surround = Channels { count: 6, order: ChannelOrder::Native(0x3f) };
/// assert_eq!(Channels::parse(&surround.to_bytes()), Ok(surround));
/// ```
///
/// [`AudioPacket::MultichannelConfig`]: super::AudioPacket::MultichannelConfig
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Channels {
    /// How many there are.
    pub count: u8,
    /// In which order they come.
    pub order: ChannelOrder,
}

/// The order of channels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChannelOrder {
    /// Nobody says.
    Unspecified,
    /// That of the bits, from the lowest: front left, front right, front centre, low frequency, back left, back right...
    Native(u32),
    /// For each channel the number of its loudspeaker.
    Custom(Bytes),
}

impl Channels {
    /// Parses the data of such a packet; what follows it is left alone.
    ///
    /// # Errors
    /// When it ends too early ([`Error::Truncated`]) or has an order that is not defined ([`Error::Format`]).
    //= e-rtmp#audio/channels MUST
    //# Order and count come first; a custom order has a byte for each channel, the native one 32 flags.
    pub fn parse(data: &Bytes) -> Result<Channels, Error> {
        let mut rest = data.clone();
        let (order, count) = (rest.take_u8()?, rest.take_u8()?);
        let order = match order {
            0 => ChannelOrder::Unspecified,
            1 => ChannelOrder::Native(rest.take_u32()?),
            2 => ChannelOrder::Custom(rest.take_bytes(usize::from(count))?),
            _ => return Err(Error::Format),
        };
        Ok(Channels { count, order })
    }

    /// Prints it. A custom order must have as many bytes as there are channels: it is cut or filled with 254 (unused).
    pub fn to_bytes(&self) -> Bytes {
        let mut out = BytesMut::new();
        match &self.order {
            ChannelOrder::Unspecified => out.put_slice(&[0, self.count]),
            ChannelOrder::Native(flags) => {
                out.put_slice(&[1, self.count]);
                out.put_u32(*flags);
            }
            ChannelOrder::Custom(map) => {
                out.put_slice(&[2, self.count]);
                out.extend(map.iter().copied().chain(std::iter::repeat(254)).take(usize::from(self.count)));
            }
        }
        out.freeze()
    }
}
