/// How much a peer may ask of us. The default of each field stands at the field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one frame's body, as announced by its header. 16 MiB.
    pub frame: usize,
    /// Bytes of a body after inflation. 16 MiB: no more than a frame, so that every message that arrives compressed can
    /// be relayed to a peer without compression.
    pub inflated: usize,
    /// Arrays and maps inside each other; a message itself is the first. 64, and never more than
    /// [`Limits::MAX_DEPTH`].
    pub depth: usize,
    /// Values in one message, counting every element, key and value of every array and map. 262,144: a value of one byte
    /// on the wire takes 40 in memory.
    pub items: usize,
}

impl Limits {
    /// The depth beyond which [`Limits::depth`] has no effect, so that no configuration exhausts the stack.
    pub const MAX_DEPTH: usize = 256;
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { frame: 16 << 20, inflated: 16 << 20, depth: 64, items: 1 << 18 }
    }
}
