/// How much an input may ask of us. The default of each field stands at the field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Objects, arrays and the like inside each other. 64, and never more than [`Limits::MAX_DEPTH`].
    pub depth: usize,
    /// Values in one input, counting every element and member of every object and array. 65,536: a value of one byte on
    /// the wire takes 64 in memory.
    pub items: usize,
    /// Bytes of one input. 16 MiB, the longest message that RTMP can carry.
    pub bytes: usize,
}

impl Limits {
    /// The depth beyond which [`Limits::depth`] has no effect, so that no configuration exhausts the stack.
    pub const MAX_DEPTH: usize = 256;
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { depth: 64, items: 1 << 16, bytes: 16 << 20 }
    }
}
