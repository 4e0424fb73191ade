use std::fmt;

use bytestring::ByteString;

use super::{HeaderError, Name, TypedHeader, scan};

/// Makes headers that hold one number.
macro_rules! scalars {
    ($($(#[$doc:meta])* $header:ident, $number:ty;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $header(pub $number);

        impl TypedHeader for $header {
            const NAME: Name = Name::$header;
            fn parse(text: ByteString) -> Result<$header, HeaderError> {
                let number = scan::number(text.as_bytes()).and_then(|number| number.try_into().ok());
                number.map($header).ok_or_else(|| HeaderError::new(Self::NAME, "no number in range"))
            }
        }

        impl fmt::Display for $header {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

scalars! {
    /// How many hops a request may still take (section 20.22), 0 to 255.
    //= rfc3261#20.22/range MUST
    //# The type holds this range, and reading a larger number fails.
    MaxForwards, u8;
    /// The size of the body in bytes (section 20.14). Written messages get theirs without this.
    ContentLength, u32;
    /// Seconds that something stays valid (section 20.19).
    //= rfc3261#20.19/range MUST
    //# The type holds this range; a larger number is an error, which its reader may treat as it likes.
    Expires, u32;
    /// The shortest time in seconds that a registrar takes (section 20.23).
    MinExpires, u32;
    /// The shortest session interval in seconds (RFC 4028).
    MinSe, u32;
    /// The number of a reliable provisional response (RFC 3262).
    RSeq, u32;
    /// How many branches a request may still fork into (RFC 5393).
    MaxBreadth, u32;
}
