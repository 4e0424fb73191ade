/// How large a message may be. Whatever exceeds a limit is refused with the status named there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a whole message, 65,535: 513 (Message Too Large).
    //= rfc3261#18.1.1/datagram-size MUST
    //# The default is the largest datagram there can be.
    pub message: usize,
    /// Header lines, 256: 513.
    pub headers: usize,
    /// Bytes of one header with its continuation lines, 8,192: 513.
    pub line: usize,
    /// Bytes of a Request-URI, 2,048: 414 (Request-URI Too Long).
    pub uri: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { message: 65_535, headers: 256, line: 8_192, uri: 2_048 }
    }
}
