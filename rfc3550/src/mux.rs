/// What a datagram on a port that carries RTP and RTCP together claims to be: RFC 5761 section 4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// An RTP data packet.
    Rtp,
    /// A compound RTCP packet.
    Rtcp,
    /// Neither: not version 2, or too short to tell.
    Other,
}

impl Kind {
    /// Looks at the first two bytes only; whether the packet is valid is for its parser to say.
    ///
    /// ```
    /// use rfc3550::Kind;
    /// assert_eq!(Kind::of(&[0x80, 0]), Kind::Rtp);
    /// assert_eq!(Kind::of(&[0x80, 200]), Kind::Rtcp);
    /// assert_eq!(Kind::of(&[0, 1]), Kind::Other); // STUN, for one
    /// ```
    //= rfc5761#4/range MUST
    //# RTCP is 192 to 223 in the second byte: types 64 to 95 with the marker set, which muxed RTP must not use.
    #[inline]
    pub const fn of(datagram: &[u8]) -> Kind {
        match datagram {
            [first, 192..=223, ..] if *first >> 6 == 2 => Kind::Rtcp,
            [first, _, ..] if *first >> 6 == 2 => Kind::Rtp,
            _ => Kind::Other,
        }
    }

    /// Whether RTP may use that payload type on a port shared with RTCP.
    ///
    /// ```
    /// use rfc3550::Kind;
    /// assert!(Kind::allows(96) && Kind::allows(0));
    /// assert!(!Kind::allows(72));
    /// ```
    //= rfc5761#4/below-64 MAY
    //# Allowed; room rfc3264 takes 96 to 127 first.
    //= rfc5761#4/payload-types MUST NOT
    //# The session refuses to send types 64 to 95 on a shared port.
    pub const fn allows(payload_type: u8) -> bool {
        payload_type < 64 || (payload_type > 95 && payload_type < 128)
    }
}
